"""The history of a run: any of its iterations, its losses, and the way through very many.

An iteration is replayed from the nearest parameters that are kept; those on the way run compiled.
Whatever is kept only saves time: what is known of an iteration follows from the experiment alone.
Positions inside an iteration are the timeline's business.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import RLock

import numpy as np

from backprop_tui.engine.compiler import Kept
from backprop_tui.engine.experiment import Experiment, read_only
from backprop_tui.engine.functions import Array
from backprop_tui.engine.keyframes import EVERY, Keyframes, Losses
from backprop_tui.engine.program import Program
from backprop_tui.engine.replay import Iteration, Replay

RECENT, RECENT_ROOM = 64, 64 * 2**20
"""Whole iterations that are kept for the next key, and in how many bytes: but always three."""
AT_A_TIME = 10**8
"""A chunk of a run is at most about as many multiplications: a tenth of a second or so."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """Iterations that were run through: from `first` to `last`, with the loss of each."""

    first: int
    last: int
    losses: Array
    """One for each iteration: J, or the L of its one example."""
    diverged: bool
    """Whether the run ends here, as a parameter is no longer finite after `last`."""


class History:
    """The iterations of an experiment. Every method is a pure function.

    It may be asked from several threads: what is kept is read and changed under a lock, and the
    iterations themselves are computed outside of it.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.program = Program(experiment.network, experiment.training, experiment.formulas)
        self._replay = Replay(experiment, self.program)
        self._keyframes = Keyframes(self._replay.beginning())
        self._losses = Losses()
        self._recent: OrderedDict[int, Iteration] = OrderedDict()
        self._diverged_in: int | None = None
        self._reached = 0
        self._lock = RLock()

    def iteration(self, number: int) -> Iteration:
        """The iteration of that number, from 1, replayed from the nearest one that is kept.

        Where the run diverges before it, the last iteration that there is.
        """
        with self._lock:
            number = min(number, self._diverged_in or number)
            if number in self._recent:
                self._recent.move_to_end(number)
                return self._recent[number]
        done = self._replay.whole(*self._frame(number))
        self._keep(done)
        return done

    def loss_of(self, iteration: int) -> float:
        """The loss of an iteration: J, or the L of its one example. Kept, or else replayed."""
        with self._lock:
            known = self._losses.of(iteration, iteration)
        if known is None:
            return self._replay.loss_of(self.iteration(iteration))
        return float(known[0])

    # Long runs

    @property
    def reached(self) -> int:
        """The last iteration that was run through so far; the losses up to there are kept."""
        return self._reached

    def run(self, first: int, last: int, chunk: int | None = None) -> Iterator[Stretch]:
        """The iterations from `first` to `last`, some at a time, in constant memory.

        Forward only. The caller stops it by not asking for more: everything up to there is kept.
        It ends with the iteration in which the run diverges. `chunk` is how many iterations a
        stretch has at most; without it, as many as take a moment.
        """
        chunk = min(chunk or self._moment, EVERY)
        while first <= last:
            with self._lock:
                if self._diverged_in is not None and first > self._diverged_in:
                    return
                stop = min(last, first + chunk - 1, self._keyframes.due(first) - 1)
                stop = min(stop, self._diverged_in or stop)
                losses = self._losses.of(first, stop)
            if losses is None:
                begin, kept = self._frame(first)
                if begin < first:
                    return
                *_, losses = self._through(first, stop, kept, record=True)
            stop = first + len(losses) - 1
            yield Stretch(first, stop, losses, stop == self._diverged_in)
            first = stop + 1

    def losses(self, start: int, stop: int) -> Array:
        """The loss of each iteration of range(start, stop), fewer where the run diverges before.

        Where all are kept it is a read-only view of them, which costs the same for any number.
        """
        with self._lock:
            stop = min(stop, (self._diverged_in or stop) + 1)
            if (known := self._losses.of(start, stop - 1)) is not None:
                return known
        return np.concatenate([np.empty(0), *(s.losses for s in self.run(start, stop - 1))])

    def resume(self, number: int, kept: Mapping[str, Array]) -> None:
        """Take it as given that iteration `number` begins with this, as it was saved."""
        beginning = tuple(read_only(kept[symbol]) for symbol in self.program.kept)
        with self._lock:
            self._keyframes.pin(number, beginning)
            self._reached = max(self._reached, number - 1)

    @cached_property
    def _moment(self) -> int:
        """How many iterations take no more than a moment."""
        sizes = (p.size for p in self.experiment.parameters().values())
        return max(1, AT_A_TIME // (sum(sizes) * self.experiment.training.batch))

    def _frame(self, number: int) -> tuple[int, Kept]:
        """Iteration `number` and what it begins with; where the run diverges before it, the
        iteration in which it does, and what that begins with."""
        with self._lock:
            begin, kept = self._nearest(number)
        while begin < number:
            with self._lock:
                keyframe = self._keyframes.due(begin)
                # Half of the rest at a time, once no keyframe is due on the way: the places
                # passed are kept, and grow denser towards the end, for going back from there.
                ahead = (keyframe - begin) if keyframe <= number else (number - begin + 1) // 2
                goal = begin + min(ahead, EVERY)
                record = not self._losses.known(begin, goal - 1)
            reached, kept, _ = self._through(begin, goal - 1, kept, record)
            if reached < goal:
                return reached, kept
            begin = goal
            if self._keyframes.is_pinned(goal):  # what is given holds, whatever led there
                _, kept = self._keyframes.nearest(goal)
        return begin, kept

    def _nearest(self, number: int) -> tuple[int, Kept]:
        begin, kept = self._keyframes.nearest(number)
        recent = max((k for k in self._recent if begin <= k < number), default=None)
        if recent is None or self._recent[recent].diverged:
            return begin, kept
        return recent + 1, tuple(self._recent[recent].parameters.values())

    def _through(self, first: int, last: int, kept: Kept, record: bool) -> tuple[int, Kept, Array]:
        """Run through iterations: where that leads, what is kept there, and the losses if asked.

        It leads to `last` + 1, or to the iteration in which the run diverges.
        """
        losses = np.empty(0)
        if record:
            left, losses = self._replay.many_with_losses(first, last, kept)
        else:
            left = self._replay.many(first, last, kept)
        reached, diverged = last + 1, not self._replay.is_finite(left)
        if diverged:
            reached, left = self._first_not_finite(first, last, kept)
            losses = losses[: reached - first + 1]
        with self._lock:
            self._keyframes.keep(reached, left)
            self._losses.keep(first, losses)
            self._reached = max(self._reached, first + len(losses) - 1)
            if diverged:
                self._diverged_in = reached
        return reached, left, losses

    def _first_not_finite(self, first: int, last: int, kept: Kept) -> tuple[int, Kept]:
        """The iteration after which a parameter is no longer finite, and what it begins with.

        An update takes away from what was there: what is not finite will not be so again.
        """
        while first < last:
            middle = (first + last) // 2
            left = self._replay.many(first, middle, kept)
            if self._replay.is_finite(left):
                first, kept = middle + 1, left
            else:
                last = middle
        return first, kept

    def _keep(self, done: Iteration) -> None:
        with self._lock:
            self._recent[done.number] = done
            self._recent.move_to_end(done.number)
            room = RECENT_ROOM // (done.nbytes + 1)
            while len(self._recent) > max(3, min(RECENT, room)):
                self._recent.popitem(last=False)
            self._losses.keep(done.number, np.array([self._replay.loss_of(done)]))
            self._reached = max(self._reached, done.number)
            if done.diverged:
                self._diverged_in = done.number
            elif self._keyframes.due(done.number) == done.number + 1:
                self._keyframes.keep(done.number + 1, tuple(done.parameters.values()))
