"""The commands that move in time: step, phase, iteration, goto, and the losses on the way.

Long ways are gone in stretches, and now and then it is said how far it has come; ctrl-c stops.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from time import monotonic

from backprop_tui.exports.figures import heading
from backprop_tui.maths.words import figure_in_words
from backprop_tui.plain.run import CannotError, Run, advised
from backprop_tui.plain.telling import spot
from backprop_tui.run.goals import (
    Condition,
    GoalError,
    Progress,
    read_goal,
    search,
)
from backprop_tui.run.timeline import Position

MOST_SEARCHED = 10_000_000
"""Iterations after which a search gives up."""
PATIENCE = 3.0
"""Seconds of silence on a long way."""
MOST_LOSSES = 6
"""Losses that are said, from the first on to the last."""
PLACES = "Go to 500, epoch 2, step 3, dW1, end, or loss is less than 0.01."
COMPARED = (
    (re.compile(r"\b(?:is )?less than\b"), "<"),
    (re.compile(r"\b(?:is )?(?:more|greater) than\b"), ">"),
    (re.compile(r"\b(?:is )?at most\b"), "≤"),
    (re.compile(r"\b(?:is )?at least\b"), "≥"),
)
"""Conditions may be typed as they are said."""


class Travel(Run):
    """Moving in time."""

    def _step(self, move: Callable[[Position], Position]) -> None:
        """Move there and tell; where that leads nowhere, say so."""
        position = move(self.position)
        if position != self.position:
            self.go(position)
        elif self.timeline.diverged(self.position.iteration):
            self.say("The run has diverged and ends here: back goes back.")
        elif position == self.timeline.start:
            self.move(position)  # a question that is open is left
            self.say("This is the start.")
        else:
            self.say("No operation is open: into opens the next one.")

    def do_next(self, rest: str) -> None:
        self._step(self.timeline.forward)

    def do_back(self, rest: str) -> None:
        self._step(self.timeline.back)

    def do_into(self, rest: str) -> None:
        self._step(self.timeline.into)

    def do_out(self, rest: str) -> None:
        self._step(self.timeline.out)

    def do_phase(self, rest: str) -> None:
        self._step(self.timeline.phase_end)

    def do_phase_start(self, rest: str) -> None:
        self._step(self.timeline.phase_start)

    def do_iteration(self, rest: str) -> None:
        if rest:
            self.do_goto(f"iteration {rest}")
        else:
            self._step(self.timeline.later)

    def do_iteration_back(self, rest: str) -> None:
        self._step(self.timeline.earlier)

    def do_restart(self, rest: str) -> None:
        self.go(self.timeline.start)

    # Go to

    def do_goto(self, rest: str) -> None:
        if not rest:
            raise CannotError(PLACES)
        farthest = max(self.farthest, self.position.iteration)
        for said, sign in COMPARED:
            rest = said.sub(sign, rest)
        try:
            asked = read_goal(rest, self.timeline, self.position, farthest)
        except GoalError as error:
            raise CannotError(advised(error, PLACES)) from None
        if isinstance(asked, Condition):
            found = self._searched(asked)
            self.say(f"{asked.text}: that first holds in iteration {found.iteration:,}.")
            self.go(found)
        else:
            self.go(self._reached(asked))

    def _reached(self, asked: Position) -> Position:
        """That position, or the end of a run that diverges before it."""
        since = monotonic()
        history = self.timeline.history
        for stretch in history.run(history.reached + 1, asked.iteration):
            since = self._patient(since, stretch.last)
        last = self.timeline.iteration(asked.iteration).number
        if last == asked.iteration:
            return asked
        self.say(f"The run diverges in iteration {last:,}: it ends there.")
        return self.timeline.end_of(last)

    def _searched(self, condition: Condition) -> Position:
        since, progress = monotonic(), Progress(self.position.iteration)
        for progress in search(self.timeline, condition, self.position, MOST_SEARCHED):
            if progress.found:
                return progress.found
            since = self._patient(since, progress.iteration)
        ended = (
            f"the run diverges in iteration {progress.iteration:,}"
            if progress.diverged
            else f"{MOST_SEARCHED:,} iterations were searched"
        )
        raise CannotError(f"{condition.text} never holds: {ended}.")

    def _patient(self, since: float, iteration: int) -> float:
        """Say how far it has come, after a silence."""
        if monotonic() - since < PATIENCE:
            return since
        self.say(f"Iteration {iteration:,} so far; control C stops.")
        return monotonic()

    # Where we are

    def do_where(self, rest: str) -> None:
        view, ahead = self.view, self.timeline.forward(self.position)
        self.tell(spot(view))
        self.say(f"{heading(self.timeline, view.state.iteration)}.")
        if ahead != self.position:
            step = self.timeline.program.steps[ahead.steps - 1]
            again = f" of iteration {ahead.iteration:,}" * (ahead.iteration > view.iteration)
            self.say(f"Next comes {step.symbol}, step {ahead.steps}{again}, {step.phase}.")

    def do_loss(self, rest: str) -> None:
        """How the loss went: where it began, what it is now, and some on the way."""
        here, program = self.position, self.timeline.program
        _, told = program.phase_bounds("loss")
        reached = self.farthest - (self.farthest == here.iteration and here.steps < told)
        losses, name = self.timeline.history.losses(1, reached + 1), program.objective
        if not losses.size:
            raise CannotError("No loss is known yet: go on to the step L.")

        def said(k: int) -> str:
            return figure_in_words(self.write(float(losses[k])))

        if losses.size == 1:
            self.say(f"{name} is {said(0)} in iteration 1, the only one so far.")
            return
        lowest = int(losses.argmin())
        self.say(f"{name} over iterations 1 to {losses.size:,}: it began at {said(0)}.")
        self.say(f"It is now {said(losses.size - 1)}, in iteration {losses.size:,}.")
        self.say(f"The lowest was {said(lowest)}, in iteration {lowest + 1:,}.")
        gaps = min(MOST_LOSSES, losses.size - 1)
        some = dict.fromkeys(k * (losses.size - 1) // gaps for k in range(gaps + 1))
        self.say(f"On the way: {'; '.join(f'iteration {k + 1:,}, {said(k)}' for k in some)}.")
