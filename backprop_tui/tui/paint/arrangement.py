"""Where matrices stand in the Cache, and their gradients in the Gradients panel.

Each group of a program is a row of blocks: what it reads, its parameters, its results, the target;
each gradient stands exactly under its value. Where the rows do not all fit, things are given up in
a fixed order; what the step writes and reads is always there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from backprop_tui.maths.numbers import cell_width
from backprop_tui.model.rows import Row, rows_of
from backprop_tui.session.view import View
from backprop_tui.tui.paint.blocks import (
    Blocks,
    Columns,
    Line,
    Sought,
    Way,
    flowing,
    folded_ways,
    is_operand_above,
    width_of,
)
from backprop_tui.tui.paint.placed import Arrangement, Placed

MOST_APART = 3
"""Lines from row to row at most."""
GAPS = (2, 1, 0)
"""Free columns before a parameter, and before a block of several columns."""
FEW = 3
"""Columns of a named axis that are shown at least."""
BEFORE_DRAWING, BEFORE_WINDOWS = "c", "f"
"""The last rule by which something is given up before the drawing is, and before windows are."""


def arrange(view: View, width: int, height: int) -> Arrangement:
    """Arrange the groups of the view's program in `width` columns and `height` lines."""
    return _arranged(sought_in(view), width, height)


def sought_in(view: View) -> Sought:
    """What of a view is arranged, and what of it must be seen."""
    return Sought(
        view.program,
        view.state.examples,
        view.column,
        view.lit,
        view.needed,
        view.looked_for,
        view.followed,
        tuple(sorted(view.scroll.items())),
        cell_width(view.decimals),
        MOST_APART if view.roomy else 2 if view.maximised else 1,
    )


@lru_cache(maxsize=512)  # asked for by each board, at every key
def _arranged(sought: Sought, width: int, height: int) -> Arrangement:
    board = _Board(sought, width, height)
    return next(found for way in board.ways() if (found := board.arranged(way)) is not None)


class _Board:
    """A board of some size, to be arranged."""

    def __init__(self, sought: Sought, width: int, height: int) -> None:
        self.sought, self.width, self.height = sought, width, height
        self.rows = rows_of(sought.program)
        self.needed, self.must = must_be_there(self.rows, sought)
        self.blocks = Blocks(sought, [self.rows[k] for k in sorted(self.must)])

    # What is given up, rule by rule

    def ways(self) -> Iterator[Way]:
        """What may be shown, from everything on; each gives up more than the one before."""
        apart = range(self.sought.apart, 0, -1)
        for shown in by_distance(self.rows, self.must):
            for gap in GAPS[:-1]:
                rule = "a" if len(shown) == len(self.rows) else "b"
                yield from (Way(shown, by, gap, rule=rule) for by in apart)
        whole = way = Way(shown, gap=GAPS[-1], rule="c")
        yield way
        longest = max(len(slot) for row in self.rows for slot in row.slots)
        for members in range(longest - 1, FEW - 1, -1):
            yield (way := replace(way, members=members, rule="f"))
        yield (way := replace(way, needed_alone=True, rule="e"))
        yield (way := replace(way, flowing=True))
        for columns in range(self.blocks.widest_axis - 1, FEW - 1, -1):
            yield (way := replace(way, named=columns, rule="f"))
        few = replace(whole, members=FEW, gap=GAPS[1], folded=False, rule="h")
        yield from self.windows(few)
        yield from self.windows(replace(way, rule="h"))
        yield replace(way, members=1, named=1, tall=1, wide=1, rule="i")

    def windows(self, way: Way) -> Iterator[Way]:
        """Windows onto large matrices: as many columns as fit, then as many rows."""
        for wide in range(max(1, self.width // self.sought.cell), 0, -1):
            if self.lines(replace(way, wide=wide, tall=1)) is not None:
                for tall in range(self.height, 0, -1):
                    for apart in range(self.sought.apart, 0, -1):
                        yield replace(way, wide=wide, tall=tall, apart=apart)
                return

    # Where blocks stand

    def arranged(self, way: Way) -> Arrangement | None:
        """The matrices in their places; None if they do not fit."""
        rows = self.lines(way)
        if rows is None:
            return None
        tall = [sum(lines_of(line, way.apart) for line in row) for row in rows]
        hidden = len(way.shown) < len(self.rows)
        spare = self.height - sum(tall) - hidden
        if spare < (way.apart - 1) * (len(rows) - 1) and way.rule != "i":
            return None
        air = max(0, min(way.apart, spare // max(1, len(rows) - 1)))
        cache, top = list[Placed](), 1
        for row in rows:
            for line in row:
                cache += [replace(one, top=top, apart=way.apart) for one in line]
                top += lines_of(line, way.apart)
            top += air
        there = {one.symbol for one in cache}
        slots = (slot for k in way.shown for slot in self.rows[k].slots)
        card = (s for slot in slots for s in [s for s in slot if s in there] or slot[:1])
        return Arrangement(
            tuple(cache),
            tuple(self.blocks.gradients(cache)),
            way.shown,
            tuple(dict.fromkeys(card)),
            self.blocks.remark(cache),
            way.rule,
            sum(tall) + way.apart * (len(rows) - 1) + hidden,
        )

    def lines(self, way: Way) -> list[list[list[Placed]]] | None:
        """The lines of each row, their matrices beside each other; None where they are too wide."""
        rows: list[Line] = []
        above: frozenset[str] = frozenset()
        for k in way.shown:
            rows.append(self.blocks.of(self.rows[k], way, self.needed, above))
            above |= {piece.symbol for block in rows[-1] for piece in block.pieces}
        if way.flowing:
            every = [block for row in rows for block in row if not block.is_label]
            lines = flowing(every, self.width)
            if max(map(width_of, lines)) > self.width and way.rule != "i":
                return None
            return [[beside(line, self.width) for line in lines]]
        folded = [self.folded(row, way) for row in rows]
        found = [row for row in folded if row is not None]
        if len(found) < len(rows):
            return None
        kinds = [(bool(self.rows[k].shared), self.rows[k].is_family) for k in way.shown]
        return self.aligned(found, kinds)

    def folded(self, row: Line, way: Way) -> list[Line] | None:
        """A row in the first of its lines that fit; None where none do."""
        ways = folded_ways(row) if way.folded else iter([[row]])
        return next((w for w in ways if all(width_of(line) <= self.width for line in w)), None)

    def aligned(
        self, rows: list[list[Line]], kinds: list[tuple[bool, bool]]
    ) -> list[list[list[Placed]]]:
        """Blocks that are alike stand under each other, where that is not too wide."""
        placed = []
        for row, kind in zip(rows, kinds, strict=True):
            alike = [r for r, k in zip(rows, kinds, strict=True) if (k, len(r)) == (kind, len(row))]
            lines = []
            for number, line in enumerate(row):
                columns = Columns.over([other[number] for other in alike])
                fits = columns.width <= self.width
                lines.append(columns.placed(line, self.width) if fits else beside(line, self.width))
            if is_operand_above(row):  # the operand above the last result
                by = max(p.right for p in lines[1]) - max(p.right for p in lines[0])
                lines[0] = [replace(one, right=one.right + by) for one in lines[0]]
            placed.append(lines)
        return placed


def beside(line: Line, width: int) -> list[Placed]:
    """The matrices of blocks one after the other."""
    numbered = [replace(block, part="results", number=k) for k, block in enumerate(line)]
    return Columns.over([numbered]).placed(numbered, width)


def lines_of(line: list[Placed], apart: int) -> int:
    """The lines that matrices beside each other take, with their labels."""
    return 2 + (max((len(one.rows) for one in line), default=1) - 1) * apart


def touched(rows: tuple[Row, ...], needed: frozenset[str]) -> frozenset[int]:
    """The fewest rows that hold all that is needed, as far as any does: dA1 = W2ᵀ · dZ2 stands on
    the row of W2, where A1 is what it reads."""
    left, found = needed, set[int]()
    while left:
        held, best = max((len(left & row.symbols), k) for k, row in enumerate(rows))
        if not held:
            break
        found.add(best)
        left -= rows[best].symbols
    return frozenset(found)


def must_be_there(rows: tuple[Row, ...], sought: Sought) -> tuple[frozenset[str], frozenset[int]]:
    """What must be on the boards, and the rows on which it stands: what the step needs, and what is
    looked at, where that stands on the same rows; else that in place of the step."""
    needed, looked_for = sought.needed, sought.looked_for
    must = touched(rows, needed)
    if looked_for:
        beside = frozenset[str]().union(*(rows[k].symbols for k in must))
        needed = looked_for | needed if looked_for <= beside else looked_for
        must = touched(rows, needed)
    return needed, must or frozenset({0})


def by_distance(rows: tuple[Row, ...], must: frozenset[int]) -> Iterator[tuple[int, ...]]:
    """The rows to show: all, then without those farthest from the step, one after the other; what
    is shared is the last to go."""
    far = [
        (not rows[k].shared, min(abs(k - here) for here in must), k)
        for k in range(len(rows))
        if k not in must
    ]
    gone = [k for _, _, k in sorted(far, reverse=True)]
    for count in range(len(gone) + 1):
        yield tuple(k for k in range(len(rows)) if k not in gone[:count])
