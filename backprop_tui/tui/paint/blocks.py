"""The blocks of a row: its matrices with the rows and columns that are shown of them, and the ways
in which they stand beside and under each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from backprop_tui.maths.shapes import Shape
from backprop_tui.model.program import Program
from backprop_tui.model.rows import (
    PARTS,
    Axis,
    Row,
    Slot,
    axes_of,
    beside_each_other,
    named_columns,
    rows_of,
)
from backprop_tui.tui.paint.placed import ALL, Placed, Sought, Way, in_sight, window


class Block(NamedTuple):
    """A slot as it is shown: its matrices beside each other, from column 0 on."""

    part: str
    number: int
    """Which of its part in the row, from 0."""
    pieces: tuple[Placed, ...]
    gap: int
    """Free columns before it, where something stands there."""
    under: str = ""
    """The matrix that it stands under, column under column."""

    @property
    def width(self) -> int:
        return self.pieces[-1].right

    @property
    def is_label(self) -> bool:
        """Whether its numbers stand in a row above."""
        return not self.pieces[0].rows


Line = list[Block]


class Taken(NamedTuple):
    """The lines of the screen that some lines of blocks take."""

    labels: int = 0
    """Of labels and first rows, whatever is apart."""
    others: int = 0
    """The numbers of the rows of matrices below the first."""

    def apart(self, by: int) -> int:
        """How many they are, with so many lines from row to row."""
        return self.labels + self.others * by


class Fold(NamedTuple):
    """Blocks in lines, and what these take."""

    lines: list[Line]
    width: int
    """Of the widest line."""
    values: Taken
    gradients: Taken
    """Of those lines under which gradients stand."""


class Lines(NamedTuple):
    """The lines of each row, and what all of them take."""

    rows: list[list[Line]]
    values: Taken
    gradients: Taken

    @staticmethod
    def of(folds: list[Fold]) -> Lines:
        """Rows that are folded, under each other."""
        values, gradients = (
            Taken(sum(one.labels for one in each), sum(one.others for one in each))
            for each in ([fold.values for fold in folds], [fold.gradients for fold in folds])
        )
        return Lines([fold.lines for fold in folds], values, gradients)


class Folds:
    """The blocks of a row, and the ways to fold it."""

    def __init__(self, blocks: Blocks, row: Line) -> None:
        self.row = row
        self.symbols = frozenset(piece.symbol for block in row for piece in block.pieces)
        self._ways = map(blocks.fold, folded_ways(row))
        self.whole = next(self._ways)

    @cached_property
    def others(self) -> list[Fold]:
        """Those of several lines."""
        return list(self._ways)

    def within(self, width: int, is_folded: bool) -> Fold | None:
        """The first that is not wider, of all or only that of one line; None where none is."""
        if self.whole.width <= width:
            return self.whole
        return next((way for way in self.others if way.width <= width), None) if is_folded else None


class Blocks:
    """The blocks of a program's rows, with windows onto what is too large."""

    def __init__(self, sought: Sought, must: Iterable[int]) -> None:
        self.sought, self.program = sought, sought.program
        self.every = rows_of(self.program)
        self.shapes = sought.program.shapes(sought.examples)
        self.axes = axes_of(sought.program)
        several = self.program.per_example if sought.examples > 1 else frozenset()
        self.batch = beside_each_other(self.program) & several
        self.single = several - self.batch
        self.named = dict.fromkeys(named_columns(self.program), 1)
        self.named |= dict.fromkeys(self.batch, self.program.axis)
        lengths = (self.shapes[s][side] for s, side in self.named.items() if s in self.shapes)
        self.widest_axis = max(lengths, default=0)
        turned = self.batch and self.program.axis == 0
        self.margin = len(str(sought.examples)) + 2 if turned else 0
        self.under = dict(self._below()) if self.batch and not turned else {}
        self.starts: dict[Axis, int] = {}
        self.at: dict[Axis, int] = {}
        self.own: dict[Axis, int] = {}
        self.made: dict[object, Block] = {}
        self.folded: dict[object, Folds] = {}
        self.largest: dict[Slot, Shape] = {}
        self.limits = [self.largest_of((*row.symbols, *self.under)) for row in self.every]
        self._take_scroll(self.every[k] for k in must)
        self._take_followed()

    def _take_scroll(self, rows: Iterable[Row]) -> None:
        """Begin the windows of some rows where their groups are scrolled to."""
        scroll = dict(self.sought.scroll)
        for row in rows:
            for group in row.groups:
                of_neurons, of_read = self.program.architecture.place(*scroll.get(group, (0, 0)))
                for slots, side, first in (
                    (row.results[-1:], 1 - self.program.axis, of_neurons),
                    (row.parameters, self.program.axis, of_read),
                ):
                    if slots:
                        axis = slots[0][0], side
                        self.starts.setdefault(self.axes.get(axis, axis), first)

    def _take_followed(self) -> None:
        if (cell := self.sought.followed) is not None:
            symbol = value_of(self.program, cell.symbol)
            for side, at in enumerate((cell.row - 1, cell.column - 1)):
                self.own[symbol, side] = at
                self.at.setdefault(self.axes.get((symbol, side), (symbol, side)), at)

    def _below(self) -> Iterator[tuple[str, str]]:
        """The losses and the targets of a batch, and the results that they stand under."""
        program = self.program
        for row in self.every:
            results = [symbol for (symbol, *_) in row.results]
            if program.output not in results:
                continue
            host = results[max(0, results.index(program.output) - 1)]
            known = program.roles.keys() >= {program.loss}  # a gradient may be given in its place
            if known and self.batch.issuperset((program.loss, host)):
                yield program.loss, host
            for target, *_ in row.targets[:1]:
                if target in self.batch and self.shapes[target] == self.shapes[program.output]:
                    yield target, program.output

    def is_beside(self, way: Way) -> bool:
        """Whether examples stand in rows and columns of their own, losses and targets below."""
        return bool(self.under) and not way.flowing and way.named > 1

    def span(self, symbol: str, side: int, way: Way) -> range:
        """Which rows (side 0) or columns (1) of a matrix are shown, as many as a way allows."""
        limit = way.wide if side else way.tall
        if self.named.get(symbol) == side:
            limit = min(limit, way.named)
        length = self.shapes[symbol][side]
        if length <= limit:
            return range(length)
        axis = self.axes.get((symbol, side), (symbol, side))
        first = self.starts.get(axis, 0)
        at = self.own.get((symbol, side), self.at.get(axis))
        if at is None and self.named.get(symbol) == side:
            at, first = self.sought.column, self.sought.column - limit // 2
        return window(first if at is None else in_sight(at, first, limit), limit, length)

    def folds(self, k: int, way: Way, above: frozenset[str]) -> Folds:
        """The blocks of the `k`th row, and how it may be folded: the same for boards of all sizes,
        and for all ways that leave as much of it."""
        row, (high, wide) = self.every[k], self.limits[k]
        key = (
            *(k, above & row.symbols, way.left_out and way.left_out.intersection(row.slots)),
            *(way.gap, way.members, way.below, way.flowing),
            *(min(way.named, max(high, wide, 2)), min(way.tall, high), min(way.wide, wide)),
        )
        if key not in self.folded:
            self.folded[key] = Folds(self, self.of(row, way, above))
        return self.folded[key]

    def fold(self, lines: list[Line]) -> Fold:
        """A row folded into lines."""
        below = [line for line in lines if self.has_gradients(line)]
        width = max(map(width_of, lines), default=-ALL)
        return Fold(lines, width, taken_by(lines), taken_by(below))

    def of(self, row: Row, way: Way, above: frozenset[str]) -> Line:
        """The blocks of a row; of an operand that stands above already, only the label."""
        beside = self.is_beside(way)
        found = [
            self.block(slot, part, number, way, part == "operands" and above.issuperset(slot))
            for part in PARTS
            for number, slot in enumerate(getattr(row, part))
            if slot not in way.left_out and not (beside and slot[0] in self.under)
        ]
        results = [slot for slot in row.results if slot not in way.left_out]
        hosts = [(s, host) for s, host in self.under.items() if (host,) in results]
        if way.flowing and way.below and way.named > 1:
            own = [slot for slot, _ in hosts if (slot,) not in row.slots]
            found += [self.block((s,), "targets", len(found), way, False) for s in own]
        for symbol, host in hosts if beside and way.below else ():
            block = self.block((symbol,), "targets", len(found), way, False)
            first = block.pieces[0]._replace(inline=True, label=symbol)
            found.append(block._replace(pieces=(first,), under=host))
        return found

    def block(self, slot: Slot, part: str, number: int, way: Way, is_label: bool) -> Block:
        """A slot, as much of it as is shown: the same for all ways that leave as much room."""
        high, wide = self.largest_of(slot)
        room = min(way.members, len(slot)), min(way.named, max(high, wide)), min(way.wide, wide)
        beside = slot[0] in self.batch and self.is_beside(way)
        key = slot, part, number, is_label, way.gap, min(way.tall, high), room, beside
        if key not in self.made:
            self.made[key] = self._block(slot, part, number, way, is_label)
        return self.made[key]

    def largest_of(self, symbols: tuple[str, ...]) -> Shape:
        """The most rows and the most columns of some matrices."""
        if symbols not in self.largest:
            rows, columns = zip(*map(self.shapes.__getitem__, symbols), strict=True)
            self.largest[symbols] = max(rows), max(columns)
        return self.largest[symbols]

    def _block(self, slot: Slot, part: str, number: int, way: Way, is_label: bool) -> Block:
        cell, pieces, right = self.sought.cell, list[Placed](), 0
        if is_label:
            label = Placed(slot[0], cell, 0, range(0), range(1), cell, " ".join(slot))
            return Block(part, number, (label,), 0)
        lead = 0
        if slot[0] in self.batch and self.is_beside(way):
            # What stands under results has its name before its numbers.
            named = (self.program.gradient_of(symbol) or symbol for symbol in self.under)
            lead = right = max(map(len, named), default=0)
        for symbol in self.members(slot, way.members):
            rows, columns = self.rows(symbol, way), self.columns(symbol, way)
            right += max(cell * len(columns), len(symbol) + 2)
            head = self.label(symbol, columns)
            pieces.append(Placed(symbol, right, 0, rows, columns, cell, head))
        many = sum(len(piece.columns) for piece in pieces) > 1
        gap = max(bool(lead), way.gap - lead) if part == "parameters" or many else 0
        begins = not pieces[0].label.startswith(" ") and len(pieces[0].label) >= cell * 2
        return Block(part, number, tuple(pieces), max(gap, 1 - lead) if begins else gap)

    def members(self, slot: Slot, limit: int) -> Slot:
        """The matrices of a slot that are shown: that of the lit group among them."""
        groups = [self.program.roles[symbol].group or 0 for symbol in slot]
        before = sum(group < self.sought.lit for group in groups)
        shown = window(before - limit // 2, min(limit, len(slot)), len(slot))
        return slot[shown.start : shown.stop]

    def is_lit(self, symbol: str, side: int) -> bool:
        """Whether the rows (side 0) or columns (1) of a matrix are examples, so that only the lit
        one is shown."""
        return symbol in self.single and side == self.program.axis

    def rows(self, symbol: str, way: Way) -> range:
        """The rows of a matrix that are shown."""
        if self.is_lit(symbol, 0):
            return range(self.sought.column, self.sought.column + 1)
        return self.span(symbol, 0, way)

    def columns(self, symbol: str, way: Way) -> range:
        """The columns of a matrix that are shown."""
        if self.is_lit(symbol, 1):
            return range(self.sought.column, self.sought.column + 1)
        return self.span(symbol, 1, way)

    def label(self, symbol: str, columns: range) -> str:
        """What stands above a matrix: its name, with the numbers of the columns of a named axis."""
        cell = self.sought.cell
        if len(columns) < 2 or self.named.get(symbol) != 1:
            return symbol
        numbers = (f"‹{k + 1}›" if k == self.sought.column else f"{k + 1} " for k in columns)
        first, *others = (number.rjust(cell) for number in numbers)
        return (
            "".join((symbol + first[len(symbol) :], *others)) if len(symbol) < cell - 3 else symbol
        )

    def gradients(self, cache: Iterable[Placed]) -> Iterator[Placed]:
        """Place the gradients of some matrices, each in the columns of its value; a line with
        nothing but inputs and targets disappears."""
        up = 0
        lines = [list(line) for _, line in groupby(cache, key=attrgetter("top"))]
        for number, line in enumerate(lines):
            found = [(one, self.program.gradient_of(one.symbol)) for one in line if one.rows]
            slopes = [(one, gradient) for one, gradient in found if gradient is not None]
            for one, gradient in slopes:
                label = gradient if one.inline else self.label(gradient, one.columns)
                yield one._replace(symbol=gradient, label=label, top=one.top - up)
            if not slopes and number + 1 < len(lines):
                up += lines[number + 1][0].begin - line[0].begin

    def has_gradients(self, line: Line) -> bool:
        """Whether a gradient stands under any of some blocks."""
        pieces = (piece for block in line for piece in block.pieces if piece.rows)
        return any(self.program.gradient_of(piece.symbol) for piece in pieces)

    def remark(self, cache: Iterable[Placed]) -> str:
        """Say which rows and columns are shown, of the first matrix of which not all are."""
        said: dict[str, str] = {}
        shown = (one for one in cache if one.rows)  # of what stands above, only a label is here
        for placed in sorted(shown, key=lambda one: one.symbol not in self.program.parameters):
            symbol, shape = placed.symbol, self.shapes[placed.symbol]
            whose = "" if symbol in self.program.parameters else f"{symbol} "
            for side, what in enumerate(("row", "col")):
                span, of = (placed.rows, placed.columns)[side], shape[side]
                if self.is_lit(symbol, side) or not 0 < len(span) < of:
                    continue
                if self.named.get(symbol) == side:
                    axis = "example" if symbol in self.batch else "column"
                    some = f"{axis}s {span[0] + 1} to {span[-1] + 1}"
                    some = f"{axis} {span[0] + 1}" if len(span) == 1 else some
                    said["named"] = f"‹{some} of {of}›"
                else:
                    one, more = f"{what} {span[0] + 1}/{of}", f"{span[0] + 1}–{span[-1] + 1}/{of}"
                    said.setdefault(what, whose + (one if len(span) == 1 else f"{what}s {more}"))
        return ", ".join(said.values())


def value_of(program: Program, symbol: str) -> str:
    """What a gradient is the gradient of; any other symbol itself."""
    role = program.roles.get(symbol)
    return role.of if role and role.kind == "gradient" and role.of else symbol


def width_of(line: Line) -> int:
    """The columns that blocks take beside each other."""
    return sum(block.width + block.gap for block in line) - (line[0].gap if line else 0)


def taken_by(lines: Iterable[Line]) -> Taken:
    """What some lines take, with their labels."""
    pieces = [[piece for block in line for piece in block.pieces] for line in lines]
    others = sum(max(len(piece.rows) for piece in line) - 1 for line in pieces)
    return Taken(sum(2 - line[0].inline for line in pieces), others)


def folded_ways(row: Line) -> Iterator[list[Line]]:
    """The ways to fold a row into lines, the first that fits is taken: one line; the operand above
    the last result; operand and parameters, then results; each result its own line. What stands
    under results is a line below; where these stand under each other, a line each."""
    blocks = [block for block in row if not block.under]
    below = [block for block in row if block.under]
    hosts = {block.under for block in below}
    before = [block for block in blocks if block.part == "operands"]
    parameters = [block for block in blocks if block.part == "parameters"]
    results = [block for block in blocks if block.part == "results"]
    targets = [block for block in blocks if block.part == "targets"]
    ways = [[blocks]]
    if before and results and not before[0].is_label:
        ways.append([before, [*parameters, *results, *targets]])
    ways.append([[*before, *parameters], [*results, *targets]])
    ways.append([[*before, *parameters], *([result] for result in results), targets])
    for way in ways:
        beside = any(hosts <= {piece.symbol for b in line for piece in b.pieces} for line in way)
        under = [below] if beside and len(hosts) == len(below) else [[one] for one in below]
        yield [line for line in (*way, *under) if line]


def flowing(blocks: Line, width: int) -> list[Line]:
    """Blocks one after the other, as many in a line as fit."""
    lines: list[Line] = [[]]
    for block in blocks:
        if lines[-1] and width_of([*lines[-1], block]) > width:
            lines.append([])
        lines[-1].append(block)
    return lines


def plain(row: list[Line]) -> list[Line]:
    """The lines of a row but for those that stand under results."""
    return [line for line in row if not line[0].under]


def is_operand_above(row: list[Line]) -> bool:
    """Whether a row is folded so that its operand stands above its last result."""
    lines = plain(row)
    return len(lines) == 2 and all(block.part == "operands" for block in lines[0])


def folds_of(row: list[Line]) -> int:
    """The lines that a row is folded into; an operand above its result does not count."""
    return 1 if is_operand_above(row) else len(plain(row))


def without_labels(row: list[Line]) -> list[Line]:
    """A row of one line without what only says what stands above."""
    if len(plain(row)) > 1:
        return row
    return [[block for block in line if not block.is_label] or line for line in row]


@dataclass(frozen=True)
class Columns:
    """Where the blocks of some lines end, those that are alike under each other."""

    right: dict[tuple[str, int], int]

    @staticmethod
    def over(lines: Iterable[Line]) -> Columns:
        """The columns of some lines: each as wide as its widest block."""
        wide: dict[tuple[str, int], tuple[int, int]] = {}
        for line in lines:
            for block in line:
                width, gap = wide.get((block.part, block.number), (0, 0))
                here = max(width, block.width), max(gap, block.gap)
                wide[block.part, block.number] = here
        right, x = {}, 0
        for key in sorted(wide, key=lambda key: (PARTS.index(key[0]), key[1])):
            width, gap = wide[key]
            x += width + (gap if x else 0)
            right[key] = x
        return Columns(right)

    @property
    def width(self) -> int:
        return max(self.right.values(), default=0)

    def placed(self, line: Line, width: int) -> list[Placed]:
        """The matrices of a line in their places."""
        found: list[Placed] = []
        for block in line:
            by = self.right[block.part, block.number] - block.width
            by = 0 if block.is_label and not found else by
            found += [piece._replace(right=piece.right + by) for piece in block.pieces]
        return [
            label_above(one, found[k + 1 :], width) if not one.rows else one
            for k, one in enumerate(found)
        ]


def label_above(label: Placed, behind: list[Placed], width: int) -> Placed:
    """Say of an operand that it stands above, as fully as there is room before what follows."""
    after = next(iter(behind), None)
    room, right = width + 1, label.right
    if after is not None and after.rows:
        room = after.right - len(after.label)
    elif after is not None:  # a label as well, which becomes longer
        room, right = after.left, 0
    said = f"{label.label} (above)"
    said = said if label.left + len(said) < room else f"↑ {label.label}"
    return label._replace(label=said, right=max(right, label.left + len(said)))
