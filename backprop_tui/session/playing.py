"""Running by itself: the speeds, and how far the run goes at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backprop_tui.run.timeline import Position, Timeline


@dataclass(frozen=True)
class Speed:
    """A speed: `move` is made every `every` seconds."""

    label: str
    every: float
    move: Callable[[Timeline, Position], Position]


def _iterations(count: int) -> Callable[[Timeline, Position], Position]:
    def move(timeline: Timeline, position: Position) -> Position:
        steps = position.steps or len(timeline.program.steps)
        ahead = Position(position.iteration + count, steps)
        last = timeline.iteration(ahead.iteration).number  # a diverged run ends before it
        return ahead if last == ahead.iteration else timeline.end_of(last)

    return move


SPEEDS = (
    Speed("an operation every 4 s", 4.0, Timeline.forward),
    Speed("an operation every 2 s", 2.0, Timeline.forward),
    Speed("an operation a second", 1.0, Timeline.forward),
    Speed("3 operations a second", 1 / 3, Timeline.forward),
    Speed("a phase a second", 1.0, Timeline.phase_end),
    Speed("3 phases a second", 1 / 3, Timeline.phase_end),
    Speed("an iteration a second", 1.0, _iterations(1)),
    Speed("5 iterations a second", 1 / 5, _iterations(1)),
    Speed("20 iterations a second", 1 / 20, _iterations(1)),
    Speed("200 iterations a second", 1 / 20, _iterations(10)),
    Speed("2,000 iterations a second", 1 / 20, _iterations(100)),
)
