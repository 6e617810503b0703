"""Where matrices stand in the Cache, and their gradients in the Gradients panel.

Each group of a program is a row of blocks: what it reads, its parameters, its results, the target;
each gradient stands exactly under its value. Where the rows do not all fit, things are given up in
a fixed order; what the step writes and reads is always there.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import lru_cache, partial
from typing import TypeAlias

from backprop_tui.maths.numbers import cell_width
from backprop_tui.model.rows import Slot, by_distance, rows_of
from backprop_tui.session.view import View
from backprop_tui.tui.paint.blocks import (
    Blocks,
    Columns,
    Fold,
    Folds,
    Line,
    Lines,
    flowing,
    folds_of,
    is_operand_above,
    plain,
    taken_by,
    without_labels,
)
from backprop_tui.tui.paint.placed import ALL, Arrangement, Placed, Sought, Way, largest

MOST_APART = 2
"""Lines from row to row at most."""
GAPS = (2, 1, 0)
"""Free columns before a parameter, and before a block of several columns."""
FEW = 3
"""Columns of a named axis that are shown at least."""


Ways: TypeAlias = Generator[Way, None, Way]
"""What may be shown by one rule, one way after the other; it returns the least that it leaves."""


def arrange(view: View, width: int, height: int, both: int = ALL) -> Arrangement:
    """Arrange the groups of the view's program in `width` columns and `height` lines, its values
    and their gradients in `both` lines together."""
    return _arranged(sought_in(view), width, height, both)


def has_all(view: View, width: int, height: int, both: int = ALL) -> bool:
    """Whether nothing need be given up; a quick look before anything is arranged."""
    return _has_all(sought_in(view), width, height, both)


def sought_in(view: View) -> Sought:
    """What of a view is arranged, and what of it must be seen."""
    return Sought(
        view.program,
        view.state.examples,
        view.column if view.axis == "example" else view.lit_column,
        view.lit,
        view.needed,
        view.looked_for,
        view.first,
        view.followed,
        tuple(sorted(view.scroll.items())),
        cell_width(view.decimals),
        MOST_APART if view.roomy else 2 if view.maximised else 1,
        view.program.loss in view.program.roles and bool(view.symbol_mark(view.program.loss)),
    )


@lru_cache(maxsize=512)  # asked for by each board, at every key
def _arranged(sought: Sought, width: int, height: int, both: int) -> Arrangement:
    board = _Board(sought, width, height, both)
    return next(found for way in board.ways() if (found := board.arranged(way)) is not None)


@lru_cache(maxsize=512)
def _has_all(sought: Sought, width: int, height: int, both: int) -> bool:
    board = _Board(sought, width, height, both)
    every, least = tuple(range(len(board.rows))), tuple(sorted(board.must))
    tries = board.tries(Way(least, named=FEW if board.blocks.widest_axis > FEW else ALL))
    return any(board.has_room(way._replace(shown=every)) for way in tries)


@lru_cache(maxsize=8)  # boards of several sizes are tried
def _blocks(sought: Sought) -> Blocks:
    return Blocks(sought, sorted(sought.must_be_there(rows_of(sought.program))[1]))


class _Board:
    """A board of some size, to be arranged."""

    def __init__(self, sought: Sought, width: int, height: int, both: int) -> None:
        self.sought, self.height, self.both = sought, height, both
        self.rows = rows_of(sought.program)
        self.needed, self.must = sought.must_be_there(self.rows)
        self.blocks = _blocks(sought)
        self.width = width - self.blocks.margin
        self.tried: dict[Way, Lines | None] = {}

    # What is given up, rule by rule

    def ways(self) -> Iterator[Way]:
        """What may be shown, from everything on; each gives up more than the one before. Where
        there is never room for all columns of a named axis, as many as there is room for."""
        widest, least = self.blocks.widest_axis, tuple(sorted(self.must))
        spare = frozenset(self.spare(least))
        needed = Way(least, left_out=spare, flowing=True, below=False, names_others=False)
        if widest <= FEW or self.has_room(needed):
            yield from self.ways_of(Way(least))
            return
        for way in self.ways_of(Way(least, named=FEW)):
            if way.named == FEW and self.has_room(way):
                wider = partial(self.has_room_for, way)
                way = way._replace(named=largest(FEW, widest, wider) or FEW)
            yield way

    def has_room_for(self, way: Way, named: int) -> bool:
        """Whether so many columns of a named axis fit."""
        return self.has_room(way._replace(named=named))

    def ways_of(self, base: Way) -> Iterator[Way]:
        """What may be shown, with at most so many columns of a named axis as `base` has: rule after
        rule of GIVEN_UP, each going on from the least that the one before leaves."""
        way = base
        for rule, give_up in (
            *(("b", self.rows_apart), ("c", self.gaps), ("e", self.symbols)),
            *(("f", self.columns), ("h", partial(self.cells, base)), ("i", self.one_number)),
        ):
            way = yield from give_up(way._replace(rule=rule))

    @property
    def below(self) -> tuple[bool, ...]:
        """Whether what stands under predictions is there: it is, or it may be given up."""
        return (True, False) if self.blocks.under and not self.keeps_below else (True,)

    def tries(self, base: Way) -> list[Way]:
        """How closely rows may stand, the best way first."""
        closely = [(gap, folded) for folded in (False, True) for gap in GAPS[:2]]
        tries = [
            base._replace(gap=gap, folded=folded, below=under)
            for under in self.below
            for gap, folded in closely
        ]
        return [way for way in tries if self.folded(way)]

    def rows_apart(self, base: Way) -> Ways:
        """Blank lines, then rows that the step does not touch, farthest first."""
        tries = self.tries(base)

        def ways_of(shown: tuple[int, ...]) -> list[Way]:
            rule = "a" if len(shown) == len(self.rows) else base.rule
            return [way._replace(shown=shown, rule=rule) for way in tries]

        every = list(by_distance(self.rows, self.must))[::-1]  # from the fewest rows on
        most = largest(1, len(every), lambda n: any(map(self.has_room, ways_of(every[n - 1]))))
        for way in ways_of(every[(most or 1) - 1]):
            yield from (way._replace(apart=by) for by in range(self.sought.apart, 0, -1))
        yield from (way._replace(names_others=False) for way in ways_of(every[0]))
        return base._replace(shown=every[0])

    def gaps(self, way: Way) -> Ways:
        """The free columns between blocks, and what stands under predictions."""
        yield (way := way._replace(gap=0, below=self.below[-1]))
        return way

    def symbols(self, way: Way) -> Ways:
        """Time steps but for a window onto them, the row of what is shared, then what the step does
        not touch: a window onto what is large, else, flowing from row to row, farthest first."""
        if (steps := max(len(slot) for row in self.rows for slot in row.slots)) > FEW:
            fits = largest(FEW, steps, lambda n: self.has_room(way._replace(members=n)))
            yield (way := way._replace(members=fits or FEW))
        own = tuple(k for k in way.shown if k in self.must or not self.rows[k].shared)
        yield from (way._replace(shown=own, gap=gap) for gap in GAPS[1:])
        yield from self.needed_whole(way)
        yield (way := way._replace(flowing=True))
        spare = self.spare(way.shown)
        for count in range(1, len(spare) + 1):
            way = way._replace(left_out=frozenset(spare[:count]), flowing=False)
            yield way
            yield (way := way._replace(flowing=True))
        return way

    def needed_whole(self, way: Way) -> Iterator[Way]:
        """A window onto what the step does not touch, larger than all that it touches."""
        needed = [self.blocks.shapes[s] for s in self.needed if s in self.blocks.shapes]
        tall, wide = (max(of, default=0) for of in zip(*needed, strict=True)) if needed else (0, 0)
        for found in self.windows(way._replace(folded=False, gap=GAPS[1])):
            if found.tall >= tall and found.wide >= wide:
                yield found

    def columns(self, way: Way) -> Ways:
        """Columns that have a name, but for a window onto them."""
        if FEW < (columns := self.blocks.widest_axis) < way.named:
            fits = largest(FEW, columns, lambda n: self.has_room(way._replace(named=n)))
            yield (way := way._replace(named=fits or FEW))
        return way

    def cells(self, base: Way, way: Way) -> Ways:
        """Rows and columns but for a window onto them: of whole rows of the board, where nothing
        is saved by leaving out what the step does not touch; then of what it touches; then of that
        as it flows."""
        named = 1 if self.blocks.batch else base.named  # the lit example alone
        whole = way._replace(members=FEW, named=named, left_out=frozenset(), flowing=False)
        whole = whole._replace(folded=False)
        alone = whole._replace(left_out=frozenset(self.spare(way.shown)))
        most = next(self.windows(alone), alone._replace(wide=0, tall=0))
        for found in self.windows(whole._replace(gap=GAPS[1])):
            if found.wide >= most.wide and found.tall >= most.tall:
                yield found
        yield from self.windows(alone)
        yield from self.windows(way._replace(named=min(named, way.named)))
        return way

    def one_number(self, way: Way) -> Ways:
        """All but one number of each matrix, and matrices that do not fit then."""
        yield (way := way._replace(members=1, named=1, tall=1, wide=1))
        return way

    def spare(self, shown: tuple[int, ...]) -> list[Slot]:
        """What the step does not touch of the rows shown, what stands farthest from it first."""
        slots = list(dict.fromkeys(slot for k in shown for slot in self.rows[k].slots))
        here = [k for k, slot in enumerate(slots) if not self.needed.isdisjoint(slot)]
        far = ((min((abs(k - at) for at in here), default=k), k) for k in range(len(slots)))
        found = [slots[k] for _, k in sorted(far, reverse=True) if k not in here]
        return found if here else found[:-1]  # something is always shown

    def windows(self, way: Way) -> Iterator[Way]:
        """A window onto large matrices: as many columns as fit, then as many rows."""
        columns, rows = max(1, self.width // self.sought.cell), self.height
        wide = largest(1, columns, lambda n: self.has_room(way._replace(wide=n, tall=1)))
        if wide is not None:
            way = way._replace(wide=wide)
            tall = largest(1, rows, lambda n: self.has_room(way._replace(tall=n))) or 1
            for apart in range(self.sought.apart, 0, -1):
                yield way._replace(tall=tall, apart=apart)

    def has_room(self, way: Way) -> bool:
        """Whether what a way shows fits."""
        return self.lines(way) is not None

    # Where blocks stand

    def lines(self, way: Way) -> Lines | None:
        """The lines of each row; None if they do not fit."""
        found = self.flowing(way) if way.flowing else self.folded(way)
        fits = found and (way.rule == "i" or self.spare_lines(found, way, way.apart - 1) >= 0)
        return found if fits else None

    @property
    def keeps_below(self) -> bool:
        """Whether what stands under the predictions of a batch must be there."""
        return self.sought.reads_loss or not self.needed.isdisjoint(self.blocks.under)

    def tall(self, found: Lines, way: Way) -> tuple[int, int]:
        """The lines of values and of gradients, without those between rows."""
        others = way.names_others and len(way.shown) < len(self.rows)
        return found.values.apart(way.apart) + others, found.gradients.apart(way.apart)

    def spare_lines(self, found: Lines, way: Way, apart: int) -> int:
        """The lines that some rows leave so far apart, in the board that has the fewest."""
        values, gradients = self.tall(found, way)
        between = apart * (len(found.rows) - 1)
        spare = self.both - values - gradients - 2 * between
        return min(self.height - values - between, spare)

    def arranged(self, way: Way) -> Arrangement | None:
        """The matrices in their places; None if they do not fit."""
        if (found := self.lines(way)) is None:
            return None
        apart, rows = way.apart, found.rows
        air = next((n for n in range(apart, 0, -1) if self.spare_lines(found, way, n) >= 0), 0)
        cache, top = list[Placed](), 1
        for row, placed in zip(rows, self.aligned(rows, way), strict=True):
            for line, matrices in zip(row, placed, strict=True):
                for one in matrices:
                    right = one.right + self.blocks.margin
                    cache.append(one._replace(top=top - one.inline, apart=apart, right=right))
                top += taken_by([line]).apart(apart)
            top += air
        there = {one.symbol for one in cache}
        slots = (slot for k in way.shown for slot in self.rows[k].slots)
        card = (s for slot in slots for s in [s for s in slot if s in there] or slot[:1])
        between = air * (len(rows) - 1)
        values, gradients = self.tall(found, way)
        return Arrangement(
            tuple(cache),
            tuple(self.blocks.gradients(cache)),
            way.shown,
            tuple(dict.fromkeys(card)),
            self.blocks.remark(cache),
            "" if way.rule == "a" and apart == self.sought.apart and air else way.rule,
            (values + between, gradients + between),
            way.names_others,
            air,
        )

    def folds(self, way: Way) -> Iterator[Folds]:
        """The blocks of each row that is shown."""
        above = frozenset[str]()
        for k in way.shown:
            yield (row := self.blocks.folds(k, way, above))
            above |= row.symbols

    def folded(self, way: Way) -> Lines | None:
        """Each row in the first of its ways to fold that fits; None where one is too wide."""
        key = way._replace(apart=1, rule="", names_others=True)
        if key not in self.tried:
            self.tried[key] = self.each_folded(way)
        return self.tried[key]

    def each_folded(self, way: Way) -> Lines | None:
        """The same, looked for. Of very many rows no more are made than would be too high."""
        found, high = list[Fold](), 0
        for row in self.folds(way):
            if (fold := row.within(self.width, way.folded)) is None:
                return None
            found.append(fold)
            high += len(fold.lines)
            if high > self.height and len(way.shown) > len(self.must):
                return None
        return Lines.of(found)

    def flowing(self, way: Way) -> Lines | None:
        """The lines of blocks that follow each other. Where nothing else can be given up, as many
        blocks as fit, the one that matters most among them."""
        blocks = [block for each in self.folds(way) for block in each.row if not block.is_label]
        while True:
            fold = self.blocks.fold(flowing(blocks, self.width))
            fits = fold.width <= self.width
            if way.rule != "i":
                return Lines.of([fold]) if fits else None
            if (fits and fold.values.apart(way.apart) <= self.height) or len(blocks) == 1:
                return Lines.of([fold])
            others = [b for b in blocks if all(p.symbol != self.sought.first for p in b.pieces)]
            blocks = [block for block in blocks if block is not others[-1]]

    def aligned(self, rows: list[list[Line]], way: Way) -> list[list[list[Placed]]]:
        """Blocks that are alike stand under each other, where that is not too wide."""
        shown = [self.rows[k] for k in way.shown]
        if any(map(is_operand_above, rows)):  # then each is read downwards: none needs a label
            rows = [without_labels(row) for row in rows]
        pairs = zip(rows, shown, strict=not way.flowing)
        kinds = [(folds_of(lines), bool(row.shared), row.is_family) for lines, row in pairs]
        placed = []
        for row, kind in zip(rows, kinds, strict=True):
            alike = [r for r, k in zip(rows, kinds, strict=True) if k == kind]
            lines: list[list[Placed]] = []
            for number, line in enumerate(row):
                if line[0].under:
                    ends = {one.symbol: one.right for made in lines for one in made}
                    under = [(block.pieces[0], ends[block.under]) for block in line]
                    lines.append([piece._replace(right=right) for piece, right in under])
                    continue
                behind = len(plain(row)) - number
                others = [plain(other)[-behind] for other in alike if len(plain(other)) >= behind]
                columns = Columns.over(others)
                fits = columns.width <= self.width and not way.flowing
                lines.append(columns.placed(line, self.width) if fits else beside(line, self.width))
            if is_operand_above(row):  # the operand above the last result
                by = max(p.right for p in lines[1]) - max(p.right for p in lines[0])
                by = max(by, -min(p.left for p in lines[0]))
                lines[0] = [one._replace(right=one.right + by) for one in lines[0]]
            placed.append(lines)
        return placed


def beside(line: Line, width: int) -> list[Placed]:
    """The matrices of blocks one after the other."""
    numbered = [block._replace(part="results", number=k) for k, block in enumerate(line)]
    return Columns.over([numbered]).placed(numbered, width)
