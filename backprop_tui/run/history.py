"""The history of a run: any of its iterations, its losses, and the way through very many.

An iteration is replayed from the nearest parameters that are kept; those on the way run compiled.
Whatever is kept only saves time: what is known of an iteration follows from the experiment alone.
Positions inside an iteration are the timeline's business.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from threading import RLock
from typing import Self

import numpy as np

from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.maths.functions import Array
from backprop_tui.model.experiment import Edit, Experiment, Kept, read_only
from backprop_tui.run.edits import Edits, differ_only_in_edits, first_difference
from backprop_tui.run.iterations import Iteration, Replay
from backprop_tui.run.keyframes import EVERY, Keyframes, Losses

RECENT, RECENT_ROOM = 64, 64 * 2**20
"""Whole iterations that are kept for the next key, and in how many bytes: but always three."""
SETTINGS = 4
"""X, Y and α as edits have them, of how many stretches they are kept ready to run."""
FAR = 10_000
"""Iterations after which even the smallest network takes longer than a key should."""
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
        self.program = experiment.program
        self._replay = Replay(experiment, self.program)  # where nothing is edited
        self._edits = Edits(experiment)
        self._edited: OrderedDict[int, Replay] = OrderedDict()  # by where their X, Y, α begin
        self._keyframes = Keyframes(self._beginning())
        self._losses = Losses()
        self._recent: OrderedDict[int, Iteration] = OrderedDict()
        self._diverged_in: int | None = None
        self._reached = 0
        self._resumed = False
        self._lock = RLock()

    def edited(self, experiment: Experiment) -> Self:
        """The run of the same experiment with other edits.

        What is kept of the iterations before the first that differs is taken over.
        """
        other = copy(self)
        other.experiment, other._edits = experiment, Edits(experiment)
        other._lock = RLock()
        with self._lock:
            first = first_difference(self.experiment.edits, experiment.edits)
            first = self._reached + 2 if first is None else first
            other._edited = OrderedDict((k, r) for k, r in self._edited.items() if k < first)
            other._keyframes = self._keyframes.before(first, other._beginning())
            other._losses = self._losses.before(first)
            # The iteration before hands on what is edited.
            recent = ((k, done) for k, done in self._recent.items() if k < first - 1)
            other._recent = OrderedDict(recent)
            other._reached = min(self._reached, first - 1)
            if self._diverged_in is not None and self._diverged_in >= first:
                other._diverged_in = None
        if self._resumed:
            other._resume_saved()
        return other

    def retold(self, experiment: Experiment) -> Self:
        """The run of another experiment; what is kept of this one where only edits differ."""
        if differ_only_in_edits(self.experiment, experiment):
            return self.edited(experiment)
        other = type(self)(experiment)
        other._resume_saved()
        return other

    def is_far(self, iteration: int) -> bool:
        """Whether more has to be computed on the way to that iteration than takes a moment."""
        return iteration - self._reached > min(FAR, self._moment)

    def setting(self, iteration: int) -> Experiment:
        """The experiment with X, Y and α as they are in that iteration."""
        return self._replay_of(iteration).experiment

    def last_edit(self, of: Cell | Name, iteration: int) -> Edit | None:
        """The last edit, up to that iteration, of what the cell is in it, or of α."""
        return self._edits.last(of, iteration)

    def _beginning(self) -> Kept:
        """What the first iteration begins with."""
        return self._edits.begun(1, self._replay.beginning(), self.program.kept)

    def _replay_of(self, number: int) -> Replay:
        """What computes that iteration, and those up to the next edit."""
        if not (since := self._edits.since(number)):
            return self._replay
        with self._lock:
            if since not in self._edited:
                self._edited[since] = Replay(self._edits.setting(since), self.program)
                while len(self._edited) > SETTINGS:
                    self._edited.popitem(last=False)
            return self._edited[since]

    def iteration(self, number: int) -> Iteration:
        """The iteration of that number, from 1, replayed from the nearest one that is kept.

        Where the run diverges before it, the last iteration that there is.
        """
        with self._lock:
            number = min(number, self._diverged_in or number)
            if number in self._recent:
                self._recent.move_to_end(number)
                return self._recent[number]
        number, kept = self._frame(number)
        done = self._replay_of(number).whole(number, kept)
        if self._edits and not done.diverged:
            done = self._handing_on(done)
        self._keep(done)
        return done

    def _handing_on(self, done: Iteration) -> Iteration:
        """The same iteration with its parameters as the next one begins with them."""
        left, symbols = tuple(done.parameters.values()), self.program.kept
        begun = self._edits.begun(done.number + 1, left, symbols)
        return replace(done, parameters=dict(zip(symbols, begun, strict=True)))

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
                stop = min(last, first + chunk - 1, self._due(first) - 1)
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
            self._resumed = True
            begun = self._edits.begun(number, beginning, self.program.kept)
            self._keyframes.pin(number, begun)
            self._reached = max(self._reached, number - 1)

    def _resume_saved(self) -> None:
        """Take over the keyframe that the experiment was saved with, if it has one."""
        saved = self.experiment.saved
        if saved is not None and saved.keyframe is not None:
            self.resume(saved.keyframe.iteration, saved.keyframe.kept)

    @cached_property
    def _moment(self) -> int:
        """How many iterations take no more than a moment."""
        sizes = (p.size for p in self.experiment.parameters().values())
        return max(1, AT_A_TIME // (sum(sizes) * self.experiment.training.batch))

    def _due(self, number: int) -> int:
        """The first iteration after that one that something is kept of, or that is edited."""
        return self._edits.due(number, self._keyframes.due(number))

    def _frame(self, number: int) -> tuple[int, Kept]:
        """Iteration `number` and what it begins with; where the run diverges before it, the
        iteration in which it does, and what that begins with."""
        with self._lock:
            begin, kept = self._nearest(number)
        while begin < number:
            with self._lock:
                keyframe = self._due(begin)
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

        No edit is due on the way. It leads to `last` + 1, or to the iteration in which the run
        diverges.
        """
        losses, replay = np.empty(0), self._replay_of(first)
        if record:
            left, losses = replay.many_with_losses(first, last, kept)
        else:
            left = replay.many(first, last, kept)
        reached, diverged = last + 1, not replay.is_finite(left)
        if diverged:
            reached, left = self._first_not_finite(first, last, kept)
            losses = losses[: reached - first + 1]
        else:
            left = self._edits.begun(reached, left, self.program.kept)
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
            left = self._replay_of(first).many(first, middle, kept)
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
