"""Moving in time: step, phase, iteration, restart, go to, and running by itself when asked.

Nothing moves unless it is asked to; while it runs by itself, a stepping command only pauses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from backprop_tui.maths.functions import Array
from backprop_tui.run.history import GIVEN_ONCE
from backprop_tui.run.keyframes import LOSSES
from backprop_tui.run.timeline import Position
from backprop_tui.session import lazy
from backprop_tui.session.playing import SPEEDS
from backprop_tui.session.prompts import Prompt, Sheet
from backprop_tui.session.state import CannotError, SessionState

PLACES = "500  +500  epoch 2  dW1  end  loss < 0.01  abs(dW1).max() < 1e-3"
COMPARED = (
    (re.compile(r"\b(?:is )?less than\b"), "<"),
    (re.compile(r"\b(?:is )?(?:more|greater) than\b"), ">"),
    (re.compile(r"\b(?:is )?at most\b"), "≤"),
    (re.compile(r"\b(?:is )?at least\b"), "≥"),
)
"""Conditions may be typed as they are said."""


def move(s: SessionState, to: Callable[[Position], Position]) -> None:
    """Move, unless it runs by itself: then only pause. A move that leads nowhere says why."""
    if s.playing:
        s.pause()
        return
    here, position = s.position, to(s.position)
    if position != here or s.asking or s.writing:
        s.go(position)  # a question that is open is left
    if position == here:
        raise CannotError(_why_not(s, position))


def _why_not(s: SessionState, position: Position) -> str:
    if s.timeline.diverged(position.iteration):
        return f"The run has diverged and ends here: {s.named('back')} goes back."
    if position == s.timeline.end_of(1) and s.timeline.ends(1):
        return f"This is the end: {GIVEN_ONCE}. {s.named('back')} goes back."
    if position == s.timeline.start:
        return "This is the start."
    return f"No operation is open: {s.named('into')} opens the next one."


def back(s: SessionState, rest: str) -> None:
    """One operation back, or one element; a question that is open is left."""
    move(s, s.timeline.back)


def into(s: SessionState, rest: str) -> None:
    """One element of the next operation."""
    move(s, s.timeline.into)


def out(s: SessionState, rest: str) -> None:
    """The open operation finished."""
    move(s, s.timeline.out)


def phase(s: SessionState, rest: str) -> None:
    """To the end of this phase, or of the next."""
    move(s, s.timeline.phase_end)


def phase_start(s: SessionState, rest: str) -> None:
    """To the start of this phase, or of the one before."""
    move(s, s.timeline.phase_start)


def iteration(s: SessionState, rest: str) -> None:
    """The same step of the next iteration, or of the one that is named."""
    if rest:
        goto(s, f"iteration {rest}")
    else:
        move(s, s.timeline.later)


def iteration_back(s: SessionState, rest: str) -> None:
    """The same step of the previous iteration."""
    move(s, s.timeline.earlier)


def restart(s: SessionState, rest: str) -> None:
    """The start, with the same weights."""
    if s.playing:
        s.pause()
    else:
        s.go(s.timeline.start)


# Go to


def goto(s: SessionState, rest: str) -> None:
    """Go to what is named; where nothing is, ask for it."""
    s.pause()
    if not rest:
        s.open(Prompt("goto", "go to", PLACES, goto_typed))
        return
    for said, sign in COMPARED:
        rest = said.sub(sign, rest)
    farthest = max(s.farthest, s.position.iteration)
    try:
        asked = lazy.goals.read_goal(rest, s.timeline, s.position, farthest)
    except lazy.goals.GoalError as error:
        raise CannotError(str(error)) from None
    if asked == s.position:
        s.go(asked)
        s.say("This is where you are.")
        return
    s.start(s.replayed(asked) if isinstance(asked, Position) else _searched(s, asked))


def goto_typed(s: SessionState, typed: str) -> None:
    """Go to what was typed; an empty line is asked again."""
    if not typed.strip():
        raise CannotError("type an iteration, a step such as dW1, or a condition")
    goto(s, typed)


def _searched(s: SessionState, condition: lazy.goals.Condition) -> Iterator[str]:
    """Go where the condition next holds; a CannotError where it does not."""
    at_first = (s.position.iteration, s.position.steps) < (1, condition.steps)
    progress = lazy.goals.Progress(s.position.iteration)
    history = s.timeline.history
    most = history.most if condition.about_the_loss(s.timeline) else history.most_whole
    for progress in lazy.goals.search(s.timeline, condition, s.position, most):
        if progress.found:
            s.go(progress.found)
            at = s.timeline.iteration(progress.found.iteration)
            is_ = condition.in_numbers(s.timeline, at, s.decimals)
            numbers = f": {is_}" if is_ else ""
            first = "first" if at_first else "next"
            s.say(f"{condition.text} {first} holds in iteration {at.number:,}{numbers}.")
            return
        yield f"{condition.text}: not by iteration {progress.iteration:,}"
    if not progress.ended:
        not_yet = f"not by iteration {progress.iteration:,}. Go there to search on."
        raise CannotError(f"{condition.text}: {not_yet}")
    never = "never holds" if at_first else "does not hold later"
    raise CannotError(f"{condition.text} {never}: {s.timeline.end(progress.iteration)}")


# The losses so far


def known_losses(s: SessionState) -> Array:
    """The loss of every iteration that was shown, from the first one on; of a saved run those
    that were replayed so far."""
    if s.behind is not None:
        return s.timeline.history.losses(1, s.behind + 1)
    reached, here = s.farthest, s.position
    if reached > LOSSES:  # those behind are not kept
        return s.timeline.history.losses(1, LOSSES + 1)
    untold = here.steps <= s.timeline.program.phase_bounds("loss")[1] - 1
    return s.timeline.history.losses(
        1, reached + (0 if here.iteration == reached and untold else 1)
    )


def curve(s: SessionState, rest: str) -> None:
    """The loss curve, once all losses are known; what there is too little for is said."""
    s.start(_curve(s))


def _curve(s: SessionState) -> Iterator[str]:
    if s.behind is not None:
        yield from s.catch_up()
    losses, name = known_losses(s), s.timeline.program.objective
    if missing := s.timeline.program.missing(name):
        raise CannotError(missing)
    if not losses.size:
        raise CannotError("No loss is known yet: go on to the step L.")
    if losses.size == 1:
        raise CannotError(f"Only one loss so far ({name} {s.write(losses[0])}). A curve needs two.")
    s.open(Sheet("curve", closes="l", keys=_curve_keys))


def _curve_keys(s: SessionState, key: str) -> bool:
    marks = {"g": "log", "e": "epochs"}
    if key in marks and isinstance(s.top, Sheet):
        s.mark(s.top, marks[key])
    return key in marks


# Running by itself


def run(s: SessionState, rest: str) -> None:
    """Run by itself, or pause."""
    s.close_all()
    s.playing = not s.playing


def tick(s: SessionState) -> None:
    """One beat of running by itself; at the end of the run it stops."""
    before = s.position
    s.go(SPEEDS[s.speed].move(s.timeline, s.position))
    if s.position == before:
        s.pause()


def faster(s: SessionState, rest: str) -> None:
    """The next speed."""
    _set_speed(s, s.speed + 1)


def slower(s: SessionState, rest: str) -> None:
    """The speed before."""
    _set_speed(s, s.speed - 1)


def _set_speed(s: SessionState, speed: int) -> None:
    s.speed = max(0, min(len(SPEEDS) - 1, speed))
    if not s.playing:
        s.say(f"Speed: {SPEEDS[s.speed].label}. {s.named('run')} runs.")
