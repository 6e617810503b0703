"""A matrix on a board: where it stands, and which of its rows and columns are shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Placed:
    """A matrix or a window onto it: some rows and columns, with their right top at (right, top).

    The label stands above, right-aligned; of a matrix without rows only the label is shown.
    """

    symbol: str
    right: int
    top: int
    rows: range
    columns: range
    cell: int
    label: str
    part: str = ""
    """In the update: "before", "slope", "made" (a running mean), "taken" (α·dW) or "after"."""
    parameter: str = ""
    """In the update: the parameter whose update it shows."""
    apart: int = 1
    """Lines from one row to the next."""

    def line(self, k: int) -> int:
        """Return the line of the `k`th row shown, counted from 0."""
        return self.top + k * self.apart

    @property
    def left(self) -> int:
        return self.right - self.cell * len(self.columns)

    def cell_at(self, x: int, y: int) -> tuple[int, int] | None:
        """Return the row and column (from 0) of the cell drawn at a place; None where none is."""
        row, between = divmod(y - self.top, self.apart)
        if between or not (self.left <= x < self.right and 0 <= row < len(self.rows)):
            return None
        return self.rows[row], self.columns[(x - self.left) // self.cell]


@dataclass(frozen=True)
class Arrangement:
    """The matrices that are shown in the Cache, and in the Gradients under it."""

    cache: tuple[Placed, ...]
    gradients: tuple[Placed, ...] = ()
    shown: tuple[int, ...] = ()
    """The rows of which something is shown, by their numbers from 0."""
    card: tuple[str, ...] = ()
    """The matrices of these rows, those included for which there is no room."""
    remark: str = ""
    """Which rows and columns are shown, where not all are."""
    given_up: str = ""
    """The letter of the rule by which something was given up last; a later one gives up more."""
    lines: int = 0
    """The lines that it takes, with a blank one between rows."""

    @property
    def left_out(self) -> list[str]:
        """The matrices of the rows for which there is no room."""
        there = {placed.symbol for placed in self.cache}
        return [symbol for symbol in self.card if symbol not in there]

    @property
    def right(self) -> int:
        """The column behind what it takes."""
        return max((placed.right for placed in self.cache), default=0)


def in_sight(at: int, first: int, shown: int) -> int:
    """Return the first of `shown` lines, moved as little from `first` as brings `at` among them."""
    return max(at - shown + 1, min(first, at))


def window(first: int, count: int, of: int) -> range:
    """Return `count` of `of` rows, from `first` on or as near to it as there are rows."""
    first = max(0, min(first, of - count))
    return range(first, min(of, first + count))
