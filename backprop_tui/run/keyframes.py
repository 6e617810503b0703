"""What is remembered of a long run, in bounded memory: parameters here and there, and losses."""

from __future__ import annotations

from collections import OrderedDict
from itertools import chain
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
OVERHEAD = 120
"""Bytes that an array takes beside its numbers."""


class Keyframes:
    """What some iterations begin with: the parameters, an optimizer's running means.

    Keyframes stand at every 1,024th iteration, or at every 2nd, 4th, ... of these once they would
    fill their room. Waypoints are the few left behind on the way to a jump, closer and closer to
    its end, so that going back from there is not the same way all over again.
    """

    def __init__(self, room: int = ROOM) -> None:
        self.every, self.room = EVERY, room
        self._frames: dict[int, Kept] = {}
        self._waypoints: OrderedDict[int, Kept] = OrderedDict()

    def nearest(self, number: int) -> tuple[int, Kept]:
        """The latest iteration up to that one whose beginning is remembered, and that.

        Raises ValueError where none is.
        """
        near = number
        if number not in self._frames:
            near = max(k for k in chain(self._frames, self._waypoints) if k <= number)
        if near in self._waypoints:
            self._waypoints.move_to_end(near)
            return near, self._waypoints[near]
        return near, self._frames[near]

    def due(self, number: int) -> int:
        """The first iteration after that one where a keyframe stands or is to stand."""
        return (number - 1) // self.every * self.every + self.every + 1

    def keep(self, number: int, kept: Kept) -> None:
        """Remember what an iteration begins with: as a keyframe where one is due there."""
        size = sum(array.nbytes + OVERHEAD for array in kept) or OVERHEAD
        if (number - 1) % self.every:
            self._waypoints[number] = kept
            self._waypoints.move_to_end(number)
            while len(self._waypoints) > min(WAYPOINTS, max(2, WAYPOINT_ROOM // size)):
                self._waypoints.popitem(last=False)
            return
        self._frames[number] = kept
        while len(self._frames) > max(1, self.room // size):
            self.every *= 2
            self._frames = {k: f for k, f in self._frames.items() if (k - 1) % self.every == 0}

    def before(self, number: int) -> Keyframes:
        """Those of the iterations before that one."""
        other = Keyframes(self.room)
        other.every = self.every
        other._frames |= {k: kept for k, kept in self._frames.items() if k < number}
        other._waypoints |= {k: kept for k, kept in self._waypoints.items() if k < number}
        return other


class KnownLosses:
    """The loss of every iteration that was run, up to a bound."""

    def __init__(self, most: int = LOSSES) -> None:
        self.most = most
        self._losses: Array = np.empty(0)
        self._known: npt.NDArray[np.bool_] = np.empty(0, dtype=np.bool_)

    def keep(self, first: int, losses: Array) -> None:
        """Remember the losses of the iterations from `first` on."""
        last = min(first + len(losses) - 1, self.most)
        if last < first:
            return
        if (size := len(self._known)) < last:
            more = min(self.most, max(2 * size, last, EVERY)) - size
            self._losses = np.concatenate([self._losses, np.zeros(more)])
            self._known = np.concatenate([self._known, np.zeros(more, dtype=np.bool_)])
        self._losses[first - 1 : last] = losses[: last - first + 1]
        self._known[first - 1 : last] = True

    def before(self, number: int) -> KnownLosses:
        """Those of the iterations before that one."""
        other = KnownLosses(self.most)
        last = number - 1
        other._losses, other._known = self._losses[:last].copy(), self._known[:last].copy()
        return other

    def of(self, first: int, last: int) -> Array | None:
        """The losses of the iterations from `first` to `last`; None unless all are kept.

        A read-only view: whatever is kept later, an iteration's loss stays what it is.
        """
        if last > len(self._known) or not self._known[first - 1 : last].all():
            return None
        view = self._losses[first - 1 : last]
        view.flags.writeable = False
        return view
