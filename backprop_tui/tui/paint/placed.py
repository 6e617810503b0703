"""What of a program is put on a board, and where: matrices, with the rows and columns shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from backprop_tui.maths.expressions import Cell
from backprop_tui.model.program import Program
from backprop_tui.model.rows import Row, touched

ALL = 1000
"""More rows and columns than any window shows."""
GIVEN_UP = {
    "a": "free lines and columns, and the losses and targets under predictions",
    "b": "groups that the step does not touch, farthest first",
    "c": "the free columns between matrices",
    "d": "columns of the drawing beside the boards",
    "e": "time steps but for three, then matrices that the step does not touch",
    "f": "columns of a named axis but for three",
    "g": "the drawing",
    "h": "rows and columns of what the step touches, and of what stands beside it",
    "i": "all but one number of each matrix",
}
"""What is given up where room is short, in this order: nothing as long as it is enough to give up
what comes before it."""


class Room(NamedTuple):
    """The room of a board, its rule included."""

    width: int
    height: int
    both: int = 0
    """The lines of Cache and Gradients together, where they stand under each other."""


class Placed(NamedTuple):
    """A matrix or a window onto it: some rows and columns, with their right top at (right, top).

    The label stands above, right-aligned, or before the first row; of a matrix without rows only
    the label is shown.
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
    inline: bool = False
    """Whether the label stands before the first row."""

    @property
    def label_end(self) -> tuple[int, int]:
        """The column behind the label, and its line."""
        return (self.left, self.top) if self.inline else (self.right, self.top - 1)

    @property
    def begin(self) -> int:
        """Its first line, the label's."""
        return self.top - (not self.inline)

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
    """The letter in GIVEN_UP by which something was given up last, a later one gives up more; "":
    nothing."""
    lines: tuple[int, int] = (0, 0)
    """The lines that the values take, and the gradients, with those between rows."""
    names_others: bool = True
    """Whether there is a line that names the rows that are not shown."""
    air: int = 0
    """Free lines between rows."""

    @property
    def left_out(self) -> list[str]:
        """The matrices of the rows for which there is no room."""
        there = {placed.symbol for placed in self.cache}
        return [symbol for symbol in self.card if symbol not in there]

    @property
    def right(self) -> int:
        """The column behind what it takes."""
        return max((placed.right for placed in self.cache), default=0)


@dataclass(frozen=True)
class Sought:
    """What is arranged, and what of it must be seen."""

    program: Program
    examples: int
    column: int
    """The example whose column is shown, or the column that is lit, from 0."""
    lit: int
    """The group that is lit among time steps."""
    needed: frozenset[str]
    """The values that the step writes and reads, or whose gradients it does."""
    looked_for: frozenset[str]
    """What is looked at in place of the step; empty: the step itself."""
    first: str
    """The value that matters most: the one that is looked at, or that the step writes."""
    followed: Cell | None
    """The cell that windows keep in sight."""
    scroll: tuple[tuple[int, tuple[int, int]], ...]
    """The first row and column shown of each group."""
    cell: int
    """The width of a number."""
    apart: int
    """The most lines from row to row."""
    reads_loss: bool
    """Whether the step writes or reads the loss of each example."""

    def must_be_there(self, rows: tuple[Row, ...]) -> tuple[frozenset[str], frozenset[int]]:
        """What must be on the boards, and the rows on which it stands: what the step needs, and
        what is looked at, where that stands on the same rows; else that in place of the step."""
        needed, must = self.needed, touched(rows, self.needed)
        if self.looked_for:
            beside = frozenset[str]().union(*(rows[k].symbols for k in must))
            needed = self.looked_for | (needed if self.looked_for <= beside else frozenset())
            must = touched(rows, needed)
        return needed, must or frozenset({0})


class Way(NamedTuple):
    """What is shown, and how closely: what is given up so far."""

    shown: tuple[int, ...]
    """The rows, by their numbers from 0."""
    apart: int = 1
    """Lines from one row of numbers to the next."""
    gap: int = 0
    """Free columns before a parameter, and before a block of several columns."""
    left_out: frozenset[tuple[str, ...]] = frozenset()
    """The slots of these rows that are not there."""
    flowing: bool = False
    """Whether the blocks of all rows follow each other, as many in a line as fit."""
    members: int = ALL
    """Time steps beside each other."""
    named: int = ALL
    """Columns of a named axis."""
    tall: int = ALL
    """Rows of any matrix."""
    wide: int = ALL
    """Columns of any matrix."""
    folded: bool = True
    """Whether a row may take more than one line."""
    below: bool = True
    """Whether the losses and targets of a batch stand below its predictions."""
    names_others: bool = True
    """Whether a line names the rows that are not shown."""
    rule: str = ""
    """The letter in GIVEN_UP by which something was given up last."""


def in_sight(at: int, first: int, shown: int) -> int:
    """Return the first of `shown` lines, moved as little from `first` as brings `at` among them."""
    return max(at - shown + 1, min(first, at))


def window(first: int, count: int, of: int) -> range:
    """Return `count` of `of` rows, from `first` on or as near to it as there are rows."""
    first = max(0, min(first, of - count))
    return range(first, min(of, first + count))


def largest(low: int, high: int, fits: Callable[[int], bool]) -> int | None:
    """The largest number from `low` to `high` that fits, where all smaller ones do; None: none."""
    found = None
    while low <= high:
        middle = (low + high) // 2
        if fits(middle):
            found, low = middle, middle + 1
        else:
            high = middle - 1
    return found
