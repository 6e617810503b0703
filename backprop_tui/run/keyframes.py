"""What is remembered of a long run, in bounded memory: parameters here and there, and losses.

Any iteration is replayed from the nearest parameters before it. How, is the business of others:
this knows neither networks nor steps, only tuples of arrays and the numbers of iterations.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from backprop_tui.model.experiment import Array, Kept

if TYPE_CHECKING:
    import numpy.typing as npt

EVERY = 1024
"""Iterations between keyframes, as long as there is room for them."""
ROOM = 64 * 2**20
"""Bytes for keyframes: beyond it every second one goes."""
WAYPOINTS, WAYPOINT_ROOM = 32, 32 * 2**20
"""How many places on the way to the last jumps are kept, and in how many bytes."""
LOSSES = 2**22
"""The iterations, from the first, whose losses are kept: 8 bytes each."""
OVERHEAD = 240
"""Bytes that an array takes beside its numbers, with its entry in a dict."""


class Keyframes:
    """What some iterations begin with: the parameters, an optimizer's running means.

    Keyframes stand at every 1,024th iteration, or at every 2nd, 4th, ... of these once they would
    fill their room. Waypoints are the few left behind on the way to a jump, closer and closer to
    its end, so that going back from there is not the same way all over again.
    """

    def __init__(self, start: Kept, room: int = ROOM) -> None:
        self.every, self.room = EVERY, room
        self._shapes = [p.shape for p in start]
        self._numbers: list[int] = []  # ascending
        self._frames: dict[int, Array] = {}  # number -> all of it, row by row, end to end
        self._pinned: set[int] = set()
        self._waypoints: OrderedDict[int, Kept] = OrderedDict()
        self.pin(1, start)

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    @property
    def nbytes(self) -> int:
        """The memory that the keyframes take."""
        return sum(frame.nbytes + OVERHEAD for frame in self._frames.values())

    def nearest(self, number: int) -> tuple[int, Kept]:
        """The latest iteration up to that one whose beginning is remembered, and that."""
        frame = self._numbers[bisect_right(self._numbers, number) - 1]
        waypoint = max((k for k in self._waypoints if k <= number), default=0)
        if waypoint > frame:
            self._waypoints.move_to_end(waypoint)
            return waypoint, self._waypoints[waypoint]
        return frame, self._unpacked(self._frames[frame])

    def due(self, number: int) -> int:
        """The first iteration after that one where a keyframe stands or is to stand."""
        regular = (number - 1) // self.every * self.every + self.every + 1
        return min([regular, *(pinned for pinned in self._pinned if pinned > number)])

    def is_pinned(self, number: int) -> bool:
        """Whether what that iteration begins with is given, whatever those before it lead to."""
        return number in self._pinned

    def keep(self, number: int, kept: Kept) -> None:
        """Remember what an iteration begins with: as a keyframe where one is due there."""
        if (number - 1) % self.every:
            self._leave_waypoint(number, kept)
        elif number not in self._frames:
            self._insert(number, kept)
            while len(self._numbers) > len(self._pinned) + 1 and self._is_full():
                self._thin()

    def pin(self, number: int, kept: Kept) -> None:
        """Remember what an iteration begins with, and never let it go."""
        self._pinned.add(number)
        if number not in self._frames:
            self._insert(number, kept)

    def before(self, number: int, start: Kept) -> Keyframes:
        """Those of the iterations before that one, the first of which begins with `start`."""
        other = Keyframes(start, self.room)
        other.every = self.every
        for k in self._numbers:
            if 1 < k < number:
                other._numbers.append(k)
                other._frames[k] = self._frames[k]  # never written to
        other._pinned |= {k for k in self._pinned if k < number}
        other._waypoints.update((k, kept) for k, kept in self._waypoints.items() if k < number)
        return other

    def _insert(self, number: int, kept: Kept) -> None:
        insort(self._numbers, number)
        self._frames[number] = np.concatenate([p.ravel() for p in kept])

    def _is_full(self) -> bool:
        one = self._frames[1].nbytes + OVERHEAD
        return len(self._numbers) * one > self.room

    def _thin(self) -> None:
        self.every *= 2
        for number in [k for k in self._numbers if (k - 1) % self.every and k not in self._pinned]:
            del self._frames[number]
        self._numbers = sorted(self._frames)

    def _leave_waypoint(self, number: int, kept: Kept) -> None:
        self._waypoints[number] = kept
        self._waypoints.move_to_end(number)
        most = min(WAYPOINTS, max(2, WAYPOINT_ROOM // (self._frames[1].nbytes + 1)))
        while len(self._waypoints) > most:
            self._waypoints.popitem(last=False)

    def _unpacked(self, frame: Array) -> Kept:
        """Arrays of their own, laid out in memory like those that were packed."""
        kept, at = [], 0
        for rows, columns in self._shapes:
            array = frame[at : at + rows * columns].reshape(rows, columns).copy()
            array.flags.writeable = False
            kept.append(array)
            at += rows * columns
        return tuple(kept)


class Losses:
    """The loss of every iteration that was run, up to a bound."""

    def __init__(self, most: int = LOSSES) -> None:
        self.most = most
        self._losses: Array = np.empty(0)
        self._known: npt.NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        self._all_up_to = 0
        """The losses up to that iteration are known, all of them."""

    def keep(self, first: int, losses: Array) -> None:
        """Remember the losses of the iterations from `first` on."""
        behind = min(first + len(losses), self.most + 1)
        if behind <= first:
            return
        self._grow(behind - 1)
        self._losses[first - 1 : behind - 1] = losses[: behind - first]
        self._known[first - 1 : behind - 1] = True
        if first <= self._all_up_to + 1:
            self._all_up_to = max(self._all_up_to, behind - 1)

    def before(self, number: int) -> Losses:
        """Those of the iterations before that one."""
        other = Losses(self.most)
        other._losses = self._losses[: number - 1].copy()
        other._known = self._known[: number - 1].copy()
        other._all_up_to = min(self._all_up_to, number - 1)
        return other

    def known(self, first: int, last: int) -> bool:
        """Whether the losses of all these iterations are kept."""
        if last <= self._all_up_to:
            return True
        return last <= len(self._known) and bool(self._known[first - 1 : last].all())

    def of(self, first: int, last: int) -> Array | None:
        """The losses of the iterations from `first` to `last`; None unless all are kept.

        A read-only view: whatever is kept later, an iteration's loss stays what it is.
        """
        if not self.known(first, last):
            return None
        view = self._losses[first - 1 : max(first - 1, last)]
        view.flags.writeable = False
        return view

    def _grow(self, size: int) -> None:
        if size > len(self._known):
            more = min(self.most, max(2 * len(self._known), size, EVERY)) - len(self._known)
            self._losses = np.concatenate([self._losses, np.zeros(more)])
            self._known = np.concatenate([self._known, np.zeros(more, dtype=np.bool_)])
