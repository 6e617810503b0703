"""The history of a run: any of its iterations, its losses, and the way through very many.

An iteration is replayed from the nearest parameters that are kept; those on the way run as many at
once. What is kept only saves time: everything known of an iteration follows from the experiment.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import prod
from threading import RLock

import numpy as np

from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.maths.functions import Array
from backprop_tui.model.experiment import Experiment, Kept, read_only
from backprop_tui.model.program import Program
from backprop_tui.model.saved import Edit
from backprop_tui.run import lazy
from backprop_tui.run.edits import Edits, differ_only_in_edits, first_difference
from backprop_tui.run.iterations import Iteration, beginning, computed, not_finite
from backprop_tui.run.keyframes import EVERY, Keyframes, KnownLosses

RECENT, RECENT_ROOM = 64, 64 * 2**20
"""Whole iterations that are kept for the next key, and in how many bytes: but always three."""
SETTINGS = 4
"""Of how many stretches between edits X, Y and α are kept as they are there."""
GIVEN_ONCE = "values are given in the file, so the run has one iteration"
"""Why a run with [given] is not trained."""
AT_A_TIME, PER_STEP, PER_WHOLE_STEP = 10**8, 600, 10_000
"""Multiplications that take a moment, a tenth of a second or so, and those that take as long as a
step takes to be called: among many iterations, and in one whose numbers are all kept."""
MOMENTS = 1000
"""How many of them one jump, one search or one opening may take."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """Iterations that were run through: from `first` to `last`, with the loss of each."""

    first: int
    last: int
    losses: Array
    """One for each iteration: J, or the L of its one example."""
    diverged: bool
    """Whether the run ends here, as a parameter is no longer finite after `last`."""


def moment(program: Program, examples: int, per_step: int = PER_STEP) -> int:
    """How many iterations with so many examples each take no more than a moment."""
    shapes = program.shapes(examples)
    numbers = sum(prod(shapes[symbol]) for symbol in program.parameters)
    return max(1, AT_A_TIME // max(1, numbers * examples + per_step * len(program.steps)))


class History:
    """The iterations of an experiment. Every method is a pure function.

    It may be asked from several threads: what is kept is read and changed under a lock, and the
    iterations themselves are computed outside of it.
    """

    def __init__(self, experiment: Experiment, program: Program | None = None) -> None:
        """`program` is that of the experiment, where it has been made already."""
        self.experiment = experiment
        self.program = program or experiment.program
        self._edits = Edits(experiment)
        self._setting = lru_cache(SETTINGS)(self._edits.setting)
        self._saved: tuple[int, Kept] | None = None
        """An iteration, and what it begins with whatever those before it lead to."""
        self._resumed = False
        self._keyframes, self._losses = Keyframes(), KnownLosses()
        self._keyframes.keep(1, self._begun(1, beginning(experiment, self.program)))
        self._recent: OrderedDict[int, Iteration] = OrderedDict()
        self._last: int | None = 1 if self.program.cached else None
        """The iteration in which the run ends: it diverges, or values are given and it is alone."""
        self._reached = 0
        self._lock = RLock()

    def retold(self, experiment: Experiment) -> History:
        """The run of another experiment.

        Where only edits differ, what is kept of the iterations before the first that does is taken
        over.
        """
        if not differ_only_in_edits(self.experiment, experiment):
            other = History(experiment)
            other._resume_saved()
            return other
        other = History(experiment, self.program)
        with self._lock:
            first = first_difference(self.experiment.edits, experiment.edits)
            first = self._reached + 2 if first is None else first
            if first > 1:
                other._keyframes = self._keyframes.before(first)
            other._losses = self._losses.before(first)
            # The iteration before hands on what is edited.
            other._recent |= {k: done for k, done in self._recent.items() if k < first - 1}
            other._reached = min(self._reached, first - 1)
            if self._last is not None and self._last < first:
                other._last = self._last
        if self._resumed:
            other._resume_saved()
        return other

    def is_far(self, iteration: int) -> bool:
        """Whether more has to be computed on the way to that iteration than takes a moment."""
        return iteration - self._reached > self._moment

    @property
    def most(self) -> int:
        """How many iterations at most one jump, one search or one opening computes."""
        return MOMENTS * self._moment

    @property
    def most_whole(self) -> int:
        """How many iterations at most one search computes that looks at all numbers of each."""
        return MOMENTS * moment(self.program, self.experiment.training.batch, PER_WHOLE_STEP)

    def setting(self, iteration: int) -> Experiment:
        """The experiment with X, Y and α as they are in that iteration."""
        return self._setting(self._edits.since(iteration))

    def last_edit(self, of: Cell | Name, iteration: int) -> Edit | None:
        """The last edit, up to that iteration, of what the cell is in it, or of α."""
        return self._edits.last(of, iteration)

    def iteration(self, number: int) -> Iteration:
        """The iteration of that number, from 1, replayed from the nearest one that is kept.

        Where the run ends before it, the last iteration that there is. Raises ValueError below 1.
        """
        with self._lock:
            number = min(number, self._last or number)
            if number in self._recent:
                self._recent.move_to_end(number)
                return self._recent[number]
        if number < 1:
            raise ValueError(f"there is no iteration {number}: they count from 1")
        number, kept = self._frame(number)
        done = computed(self.setting(number), self.program, number, kept)
        if self._edits and not done.diverged:
            left, symbols = tuple(done.parameters.values()), self.program.kept
            begun = self._edits.begun(number + 1, left, symbols)
            done = replace(done, parameters=dict(zip(symbols, begun, strict=True)))
        self._keep(done)
        return done

    def loss_of(self, iteration: int) -> float:
        """The loss of an iteration: J, or the L of its one example. Kept, or else replayed."""
        with self._lock:
            known = self._losses.of(iteration, iteration)
        return self.iteration(iteration).loss if known is None else float(known[0])

    # Long runs

    @property
    def reached(self) -> int:
        """The last iteration that was run through so far; the losses up to there are kept."""
        return self._reached

    def run(self, first: int, last: int, chunk: int | None = None) -> Iterator[Stretch]:
        """The iterations from `first` to `last`, some at a time, in constant memory.

        Forward only. The caller stops it by not asking for more: everything up to there is kept.
        It ends with the iteration in which the run does. `chunk` is how many iterations a
        stretch has at most; without it, as many as take a moment.
        """
        chunk = min(chunk or self._moment, EVERY)
        if self.program.cached:  # one iteration, which may have no loss to run through
            self.iteration(1)
        while first <= last:
            with self._lock:
                if self._last is not None and first > self._last:
                    return
                stop = min(last, first + chunk - 1, self._due(first) - 1)
                stop = min(stop, self._last or stop)
                losses = self._losses.of(first, stop)
            if losses is None:
                begin, kept = self._frame(first)
                if begin < first:
                    return
                *_, losses = self._through(first, stop, kept)
            stop = first + len(losses) - 1
            yield Stretch(first, stop, losses, stop == self._last and not self.program.cached)
            first = stop + 1

    def losses(self, start: int, stop: int) -> Array:
        """The loss of each iteration of range(start, stop), fewer where the run diverges before,
        none where the values that are given leave none to compute.

        Where all are kept it is a read-only view of them, which costs the same for any number.
        """
        if self.program.objective not in self.program.positions:
            return np.empty(0)
        with self._lock:
            stop = min(stop, (self._last or stop) + 1)
            if (known := self._losses.of(start, stop - 1)) is not None:
                return known
        return np.concatenate([np.empty(0), *(s.losses for s in self.run(start, stop - 1))])

    def resume(self, number: int, kept: Mapping[str, Array]) -> None:
        """Take it as given that iteration `number` begins with this, as it was saved."""
        with self._lock:
            self._resumed = True
            self._saved = number, tuple(read_only(kept[symbol]) for symbol in self.program.kept)
            self._reached = max(self._reached, number - 1)

    def _resume_saved(self) -> None:
        """Take over the keyframe that the experiment was saved with, if it has one."""
        self._resumed, saved = True, self.experiment.saved
        if saved is not None and saved.keyframe is not None:
            self.resume(saved.keyframe.iteration, saved.keyframe.kept)

    @cached_property
    def _moment(self) -> int:
        return moment(self.program, self.experiment.training.batch)

    def _begun(self, number: int, left: Kept) -> Kept:
        """What an iteration begins with, where the one before leaves that."""
        if self._saved is not None and number == self._saved[0]:
            left = self._saved[1]
        return self._edits.begun(number, left, self.program.kept)

    def _due(self, number: int) -> int:
        """The first iteration after that one that something is kept of, or that is given."""
        keyframe = self._edits.due(number, self._keyframes.due(number))
        if self._saved is not None and self._saved[0] > number:
            return min(keyframe, self._saved[0])
        return keyframe

    def _frame(self, number: int) -> tuple[int, Kept]:
        """Iteration `number` and what it begins with; where the run diverges before it, the
        iteration in which it does, and what that begins with."""
        with self._lock:
            begin, kept = self._nearest(number)
        if (begin, number) == (1, 2):  # to compile the program would take longer
            before = self.iteration(begin)
            return (begin, kept) if before.diverged else (number, tuple(before.parameters.values()))
        while begin < number:
            with self._lock:
                due = self._due(begin)
            # Half of the rest at a time, once no keyframe is due on the way: the places
            # passed are kept, and grow denser towards the end, for going back from there.
            ahead = (due - begin) if due <= number else (number - begin + 1) // 2
            goal = begin + min(ahead, EVERY)
            begin, kept, _ = self._through(begin, goal - 1, kept)
            if begin < goal:
                break
        return begin, kept

    def _nearest(self, number: int) -> tuple[int, Kept]:
        """The latest iteration up to that one whose beginning is known, and that."""
        begin, kept = self._keyframes.nearest(number)
        if self._saved is not None and begin <= self._saved[0] <= number:
            begin, kept = self._saved[0], self._begun(*self._saved)
        recent = max((k for k in self._recent if begin <= k < number), default=None)
        if recent is None or self._recent[recent].diverged:
            return begin, kept
        return recent + 1, tuple(self._recent[recent].parameters.values())

    def _through(self, first: int, last: int, kept: Kept) -> tuple[int, Kept, Array]:
        """Run through iterations: where that leads, what is kept there, and the loss of each.

        No edit is due on the way. It leads to `last` + 1, or to the iteration in which the run
        diverges.
        """
        many = lazy.Many(self.setting(first), self.program)
        left, losses = many.run(first, last, kept)
        reached, diverged = last + 1, not self._is_finite(left)
        if diverged:  # what is not finite once stays so: the first such is looked for one by one
            reached = first
            while self._is_finite(left := many.run(reached, reached, kept)[0]):
                reached, kept = reached + 1, left
            left, losses = kept, losses[: reached - first + 1]
        else:
            left = self._begun(reached, left)
        with self._lock:
            self._keyframes.keep(reached, left)
            self._losses.keep(first, losses)
            self._reached = max(self._reached, first + len(losses) - 1)
            if diverged:
                self._last = reached
        return reached, left, losses

    def _is_finite(self, kept: Kept) -> bool:
        return not_finite(self.program, dict(zip(self.program.kept, kept, strict=True))) is None

    def _keep(self, done: Iteration) -> None:
        with self._lock:
            self._recent[done.number] = done
            room = RECENT_ROOM // done.nbytes
            while len(self._recent) > max(3, min(RECENT, room)):
                self._recent.popitem(last=False)
            self._losses.keep(done.number, np.array([done.loss]))
            self._reached = max(self._reached, done.number)
            if done.diverged:
                self._last = done.number
            elif self._keyframes.due(done.number) == done.number + 1:
                self._keyframes.keep(done.number + 1, tuple(done.parameters.values()))
