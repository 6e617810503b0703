"""What a session in words holds: a run, a position in it, and how what is found is told.

Every command makes a View as the screen does, and says of it what is new. It computes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from backprop_tui.explain.provenance import Provenance
from backprop_tui.explain.published import Beside
from backprop_tui.learn.effect import RightRun
from backprop_tui.maths.words import sentence
from backprop_tui.messages import short
from backprop_tui.model.experiment import Experiment
from backprop_tui.plain.telling import WORDS, arrival, beginning
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.question import Asking
from backprop_tui.maths.numbers import number
from backprop_tui.session.view import View


class CannotError(ValueError):
    """What was typed cannot be done; its text says why, and what to do."""


def advised(refusal: object, advice: str) -> str:
    """A refusal of the engine's with what to do behind it, where it does not say that itself: as
    in "L is no condition: compare it" or "Did you mean dZ1?"."""
    said = str(refusal).rstrip(".")
    return said if ": " in said or said.endswith("?") else f"{said}. {advice}"


def quoted(typed: str) -> str:
    """What was typed, as an answer repeats it: its beginning, and nothing that a terminal obeys."""
    return repr(short(typed))


class Run:
    """One experiment at a time, and where it stands."""

    def __init__(self, experiment: Experiment, decimals: int, tell: Callable[[str], None]) -> None:
        """`tell` takes a line of what is said."""
        self.tell = tell
        self.decimals = decimals
        self.spelling = WORDS  # of formulas
        self.example = 0  # the column of the batch that is explained, from 0
        self.past: list[Experiment] = []  # what undo goes back to
        self.future: list[Experiment] = []
        self.asking: Asking | None = None
        self.mode = experiment.look.ask or experiment.asks
        self.begin(experiment)

    def begin(self, experiment: Experiment) -> None:
        """At its start, or where it was saved."""
        self._take(Timeline(experiment))
        self.position, self.asking = self.timeline.start, None
        if experiment.saved is not None:
            from backprop_tui.files.saving import resume

            self.position = resume(self.timeline)
        self.farthest = self.position.iteration

    def _take(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.provenance = Provenance(timeline)
        self.beside = Beside(timeline)
        mistaken = timeline.experiment.mistake is not None
        self.right = RightRun(timeline) if mistaken else None
        self.before: Timeline | None = None  # the run before an edit, until the next move

    def retell(self, experiment: Experiment, to: Position | None = None) -> None:
        """Another run in place of this one, at the same position or at `to`."""
        before, here = self.timeline, to or self.position
        self._take(before.retold(experiment))
        last = self.timeline.iteration(here.iteration).number
        self.move(here if last == here.iteration else self.timeline.end_of(last))
        self.farthest = self.position.iteration
        self.before = before

    # Saying

    def say(self, *sentences: str) -> None:
        """Sentences, each on a line of its own, with their signs said in words."""
        self.tell_all(map(sentence, sentences))

    def tell_all(self, lines: Iterable[str]) -> None:
        """Lines that are in words already."""
        for line in lines:
            self.tell(line)

    def write(self, value: float) -> str:
        """A number with the decimals asked for."""
        return number(value, self.decimals)

    # Where we are

    @property
    def view(self) -> View:
        asked = self.asking is not None and self.asking.is_open
        at = self.timeline.announced if asked else self.timeline.state
        return View(
            state=at(self.position),
            provenance=self.provenance,
            beside=self.beside,
            decimals=self.decimals,
            example=self.example,
            asking=self.asking,
            right=self.right,
            before=None if self.before is None else self.before.state(self.position),
        )

    def move(self, position: Position) -> None:
        """Stand there; nothing is said of it."""
        self.position, self.asking, self.before = position, None, None
        self.farthest = max(self.farthest, position.iteration)
        if self.right is not None and self.right.is_behind(position.iteration):
            for _ in self.right.run(position.iteration):
                pass

    def go(self, position: Position) -> None:
        """Move there, and tell what is there."""
        self.move(position)
        self.describe()

    def describe(self) -> None:
        view = self.view
        begins = view.step is None
        self.tell_all(beginning(view) if begins else arrival(view, self.spelling))
