"""What a face shows of a session, where the effect of a key depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.numbers import number
from backprop_tui.session.prompts import Sheet
from backprop_tui.session.view import View


@dataclass(frozen=True)
class Stop:
    """Where tab stops: a panel, and in a board the first cell of a matrix that it shows."""

    panel: str
    cell: Cell | None = None


class Sight(Protocol):
    """What a face shows of a session, where the effect of a key depends on it."""

    def stops(self, view: View) -> list[Stop]:
        """The panels and matrices that tab goes round."""

    def beyond(self, view: View, by: int) -> int | None:
        """The group above or below those that the boards show; None where none is."""

    def written(self, view: View, cell: Cell, value: float) -> str:
        """A number of a matrix as it stands on its board."""

    def last_line(self, sheet: Sheet, view: View) -> int:
        """How far a sheet can be scrolled."""


class Blind:
    """Sight of nothing, for a face that has no panels."""

    def stops(self, view: View) -> list[Stop]:
        """The step alone."""
        return [Stop("step")]

    def beyond(self, view: View, by: int) -> int | None:
        """There is no board to look beyond."""
        return None

    def written(self, view: View, cell: Cell, value: float) -> str:
        """A number as it stands in running text."""
        return number(value, view.decimals)

    def last_line(self, sheet: Sheet, view: View) -> int:
        """Nothing is scrolled."""
        return 0
