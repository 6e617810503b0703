"""Where the blocks of the Update panel stand: each parameter before, what is subtracted, after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate

from backprop_tui.maths.expressions import Diff
from backprop_tui.maths.writing import text
from backprop_tui.model.program import Program
from backprop_tui.model.rows import by_distance, rows_of
from backprop_tui.session.view import View
from backprop_tui.tui.paint.arrangement import sought_in
from backprop_tui.tui.paint.blocks import Blocks
from backprop_tui.tui.paint.placed import Arrangement, Placed, Sought, Way, largest

LABEL = 13
"""Columns of a label beside a block of the update: `before W1`."""
APART = 2
"""Columns between two parameters beside each other."""


def arrange_update(view: View, width: int, height: int) -> Arrangement:
    """The blocks of each parameter under each other, the parameters of a group side by side."""
    return _arranged(sought_in(view), width, height)


@lru_cache(maxsize=512)  # asked for at every key
def _arranged(sought: Sought, width: int, height: int) -> Arrangement:
    board = _Update(sought, width, height)
    return next(found for way in board.ways() if (found := board.arranged(*way)) is not None)


class _Update:
    """An Update board of some size, to be arranged."""

    def __init__(self, sought: Sought, width: int, height: int) -> None:
        self.sought, self.width, self.height = sought, width, height
        every = rows_of(sought.program)
        self.needed, must = sought.must_be_there(every)
        self.numbers = [k for k, row in enumerate(every) if row.parameters]
        self.rows = tuple(replace(every[k], shared=()) for k in self.numbers)
        here = {k for k, number in enumerate(self.numbers) if number in must}
        self.must = frozenset(here or {len(self.rows) - 1})
        self.blocks = Blocks(sought, [self.numbers[k] for k in self.must])

    def ways(self) -> Iterator[tuple[Way, bool]]:
        """What may be shown, and whether the step's parameters alone: all groups, fewer of them,
        windows, one parameter."""
        for folded in (False, True):
            for shown in by_distance(self.rows, self.must):
                for apart in range(self.sought.apart, 0, -1):
                    yield Way(shown, apart, folded=folded), False
        columns = self.width // self.sought.cell
        for alone in (False, True):
            way = Way(shown, folded=False, rule="h")
            wide = largest(1, columns, lambda n: self.fits(way._replace(wide=n), alone))  # noqa: B023
            if wide is not None:
                for tall in range(self.height, 0, -1):
                    for apart in range(self.sought.apart, 0, -1):
                        yield way._replace(wide=wide, tall=tall, apart=apart), alone
        yield Way(shown, tall=1, wide=1, rule="i"), True

    def bands(self, way: Way, alone: bool) -> Iterator[list[str]]:
        """The parameters beside each other, of each row one line or as many as they take."""
        for k in way.shown:
            every = [symbol for (symbol,) in self.rows[k].parameters]
            if alone:
                every = [s for s in every if s in self.needed][:1] or every[:1]
            band: list[str] = []
            for symbol in every:
                if band and way.folded and self.edges([[*band, symbol]], way)[-1] > self.width:
                    yield band
                    band = []
                band.append(symbol)
            yield band

    def edges(self, bands: list[list[str]], way: Way) -> list[int]:
        """The right edges of parameters beside each other, wide enough for each band."""
        wide = [0] * max(map(len, bands))
        for band in bands:
            for k, symbol in enumerate(band):
                columns = len(self.blocks.span(symbol, 1, way))
                wide[k] = max(wide[k], self.sought.cell * columns)
        return list(accumulate(LABEL + APART * (k > 0) + w for k, w in enumerate(wide)))

    def fits(self, way: Way, alone: bool) -> bool:
        """Whether no band is too wide."""
        return self.edges(list(self.bands(way, alone)), way)[-1] <= self.width

    def arranged(self, way: Way, alone: bool) -> Arrangement | None:
        """The blocks in their places; None if they do not fit."""
        bands, program, top = list(self.bands(way, alone)), self.sought.program, 0
        edges = self.edges(bands, way)
        if edges[-1] > self.width and way.rule != "i":
            return None
        placed: list[Placed] = []
        for band in bands:
            tall = 0
            for symbol, right in zip(band, edges, strict=False):
                rows = self.blocks.span(symbol, 0, way)
                columns = self.blocks.span(symbol, 1, way)
                blocks = blocks_of(program, symbol)
                for number, (part, of, label) in enumerate(blocks):
                    y = top + number * len(rows) * way.apart
                    block = Placed(of, right, y, rows, columns, self.sought.cell, label, part)
                    placed.append(block._replace(parameter=symbol, apart=way.apart))
                tall = max(tall, len(blocks) * len(rows) * way.apart)
            top += tall + 1
        hidden = len(way.shown) < len(self.rows)
        if top - 1 + hidden > self.height and way.rule != "i":
            return None
        parameters = (s for k in way.shown for (s,) in self.rows[k].parameters)
        card = (of for s in parameters for _, of, _ in blocks_of(program, s) if of)
        return Arrangement(
            tuple(placed),
            (),
            tuple(self.numbers[k] for k in way.shown),
            tuple(dict.fromkeys(card)),
            self.blocks.remark([p for p in placed if p.part == "before"]),
            way.rule,
            (top - 1 + hidden, 0),
        )


@lru_cache(maxsize=256)  # asked for at every key
def blocks_of(program: Program, parameter: str) -> list[tuple[str, str, str]]:
    """Return the blocks of a parameter's update from top to bottom: part, symbol and label of each.

    Plain gradient descent is a subtraction: the parameter before, what is subtracted, the parameter
    after. The running means of an optimizer are blocks between them.
    """
    slope = program.gradient_of(parameter)
    if parameter not in program.positions or slope is None:
        why = "frozen" if parameter in program.training.freeze else "stays"
        return [("before", parameter, f"{parameter} {why}")]
    means = [s for s in program.of_kind("mean") if program.roles[s].of == slope]
    step = program.steps[program.index(parameter)]
    taken = text(step.expression.right) if isinstance(step.expression, Diff) else ""
    label = f"minus {taken.replace(' ', '')}"
    label = label if len(label) < LABEL else "minus step"
    return [
        ("before", parameter, f"before {parameter}"),
        *([("slope", slope, slope)] if means else []),
        *(("made", mean, mean) for mean in means),
        ("taken", "" if means else slope, label),
        ("after", parameter, f"after  {parameter}"),
    ]
