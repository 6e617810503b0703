"""Published figures compared with a run's numbers, to the digits that are printed.

A figure that is known to be wrong in its source is reported as that, and is never a failure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache
from math import isfinite, nan
from typing import Any

import numpy as np

from backprop_tui.explain.provenance import Place
from backprop_tui.maths.elements import element
from backprop_tui.maths.expressions import Cell, Expr, Name, cells, names, rebuild
from backprop_tui.maths.functions import Array
from backprop_tui.maths.shapes import Shape, shape
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.algorithm import architecture_of, program_of
from backprop_tui.model.experiment import Experiment, read_only
from backprop_tui.model.network import ORIENTATIONS, Network
from backprop_tui.model.notes import Figure, KnownWrong, Published
from backprop_tui.run.timeline import Timeline

MOST_DIGITS = 12
"""The most significant digits that are compared."""


class FigureVerdict(StrEnum):
    """How a published figure and the computed number compare."""

    EQUAL = "equal"
    BEFORE = "equal before the update"
    WITHIN = "within"
    DIFFERS = "differs"
    KNOWN_WRONG = "known wrong"
    NOT_REACHED = "not reached"


@dataclass(frozen=True)
class Comparison:
    """A printed number compared with the computed one."""

    of: str
    """What is printed, in text: A1[1,1], −dZ2[1,1], σ′(Z2[1,1])."""
    reads: tuple[str, ...]
    """The symbols that it is computed from."""
    iteration: int
    cell: Cell | None
    """The cell that is printed; None for an expression over cells."""
    source: str
    printed: str
    computed: float
    """NaN where the run ended before that iteration."""
    verdict: FigureVerdict
    within: float | None = None
    wrong: KnownWrong | None = None
    """Why it is wrong in its source, and what is right, where that is known."""

    @property
    def place(self) -> Place | None:
        """The computed number's place; None for an expression over cells."""
        return None if self.cell is None else Place(self.iteration, self.cell)

    @property
    def failed(self) -> bool:
        """Whether the check fails: the numbers differ, or the run ended before."""
        return self.verdict in (FigureVerdict.DIFFERS, FigureVerdict.NOT_REACHED)

    @property
    def as_printed(self) -> bool:
        """Whether the computed number equals the printed one, even if that is known to be wrong."""
        return matches(self.computed, self.printed, self.within)

    @property
    def correct(self) -> str | None:
        """The correct number, where the printed one is wrong and the file gives the correct one."""
        return None if self.wrong is None else self.wrong.correct

    @property
    def is_correct(self) -> bool | None:
        """Whether the computed number equals the correct one; None where none is given."""
        return None if self.correct is None else matches(self.computed, self.correct)


def matches(computed: float, printed: str, within: float | None = None) -> bool:
    """Whether a number equals the printed one when rounded to its digits, or is `within` of it.

    A whole number without a point is exact; "2." is a rounded one.
    """
    if not isfinite(computed):
        return False
    off = abs(Decimal(computed) - _decimal(printed))
    return off <= _half_a_unit(printed) or (within is not None and off <= Decimal(within))


def _decimal(printed: str) -> Decimal:
    return Decimal(printed.replace("−", "-"))


def _half_a_unit(printed: str) -> Decimal:
    """The largest difference between a number and its rounded figure.

    At most MOST_DIGITS digits count, and half a unit of the next is always allowed: 0.3785 is no
    float, and may have been rounded either way.
    """
    figure = _decimal(printed)
    exponent = figure.as_tuple().exponent
    assert isinstance(exponent, int)
    least = Decimal(5).scaleb(figure.adjusted() - MOST_DIGITS)
    is_whole = not set(printed) & set(".eE")
    half = least if is_whole else max(least, Decimal(5).scaleb(exponent - 1))
    return half + least / 10


def compare(timeline: Timeline, published: Published) -> tuple[Comparison, ...]:
    """A comparison for each printed number, in the order of the file."""
    return tuple(_comparisons(timeline, published))


def figures_of(timeline: Timeline) -> tuple[Comparison, ...]:
    """A comparison for each figure that is published of a run."""
    return tuple(c for entry in timeline.experiment.published for c in compare(timeline, entry))


def in_other_orientation(experiment: Experiment) -> Experiment | None:
    """The same numbers read in the other orientation, in which square weights have the same shape.

    None where a weight does not fit there, and where the network is no dense one.
    """
    if not isinstance(experiment.network, Network):
        return None
    other = next(o for o in ORIENTATIONS if o != experiment.network.orientation)
    network = replace(experiment.network, orientation=other)
    architecture, initial = architecture_of(network), experiment.initial
    given = {
        symbol: value if symbol in architecture.drawn else read_only(value.T)
        for symbol, value in initial.given.items()
    }
    if any(value.shape != architecture.of_one[symbol] for symbol, value in given.items()):
        return None
    return replace(
        experiment,
        network=network,
        data=experiment.data.along(architecture.axis),
        initial=replace(initial, given=given),
        published=tuple(_turned(p, network, experiment) for p in experiment.published),
        edits=(),
        formulas={},
        saved=None,
    )


def _turned(published: Published, network: Network, experiment: Experiment) -> Published:
    """Published figures with those matrices turned that have the other shape there, and the cells
    of all but weights."""
    program = program_of(network, experiment.training)
    shapes = program.shapes(len(experiment.examples_of(published.iteration)))

    def cells_turned(e: Expr) -> Expr:
        if isinstance(e, Cell) and program.part(e.symbol) != "weight":
            return Cell(e.symbol, e.column, e.row)
        return rebuild(e, cells_turned)

    def turned(figure: Figure) -> Figure:
        of, printed = cells_turned(figure.of), figure.printed
        if (len(printed), len(printed[0])) != (shape(of, shapes) or (1, 1)):
            printed = tuple(zip(*printed, strict=True))
        return Figure(of, printed)

    wrong = tuple(replace(known, of=cells_turned(known.of)) for known in published.known_wrong)
    return replace(published, figures=tuple(map(turned, published.figures)), known_wrong=wrong)


def _comparisons(timeline: Timeline, published: Published) -> Iterator[Comparison]:
    done = timeline.iteration(published.iteration)
    shapes = timeline.program.shapes(len(timeline.experiment.examples_of(published.iteration)))
    # Parameters have the values that the updates gave them.
    env = {**done.scalars, **done.given, **timeline.program.by_symbol(done.results)}
    reached = done.number == published.iteration
    numbers = cache(lambda e: _numbers(e, env))
    before = cache(lambda e: _numbers(e, {**env, **done.given}))
    for e, i, j, printed, wrong in _printed(published, shapes):
        one = _one(e, i, j, shapes)
        number = float(numbers(e)[i, j]) if reached else nan
        verdict = _verdict(number, printed, published.within, reached, wrong)
        if verdict is FigureVerdict.DIFFERS and not isinstance(one, Cell):
            earlier = float(before(e)[i, j])  # dW1 + λ·W1: of the W1 that the gradient is at
            if matches(earlier, printed):
                number, verdict = earlier, FigureVerdict.BEFORE
        yield Comparison(
            of=text(one) if len(cells(one)) <= len(names(e)) else f"({text(e)})[{i + 1},{j + 1}]",
            reads=names(e),
            iteration=published.iteration,
            cell=one if isinstance(one, Cell) else None,
            source=published.source,
            printed=printed,
            computed=number,
            verdict=verdict,
            within=published.within,
            wrong=wrong,
        )


def _printed(
    published: Published, shapes: Mapping[str, Shape]
) -> Iterator[tuple[Expr, int, int, str, KnownWrong | None]]:
    """Each printed number: of what, its row and column (from 0), and why it is wrong, if it is."""
    spoilt = {_one(wrong.of, 0, 0, shapes) for wrong in published.known_wrong}
    for figure in published.figures:
        for i, row in enumerate(figure.printed):
            for j, printed in enumerate(row):
                if printed and _one(figure.of, i, j, shapes) not in spoilt:
                    yield figure.of, i, j, printed, None
    for wrong in published.known_wrong:
        yield wrong.of, 0, 0, wrong.printed, wrong


def _numbers(e: Expr, env: Mapping[str, Any]) -> Array:
    return np.atleast_2d(np.asarray(value(e, env), dtype=np.float64))


def _one(e: Expr, i: int, j: int, shapes: Mapping[str, Shape]) -> Expr:
    """The element of `e` at i, j (from 0) as an expression: of A1 the cell A1[1,1]."""
    if isinstance(e, Name) and e.symbol in shapes:
        return Cell(e.symbol, i + 1, j + 1)
    return element(e, i + 1, j + 1, shapes)


def _verdict(
    computed: float, printed: str, within: float | None, reached: bool, wrong: KnownWrong | None
) -> FigureVerdict:
    if wrong is not None:
        return FigureVerdict.KNOWN_WRONG
    if not reached:
        return FigureVerdict.NOT_REACHED
    if matches(computed, printed):
        return FigureVerdict.EQUAL
    return FigureVerdict.WITHIN if matches(computed, printed, within) else FigureVerdict.DIFFERS


class Beside:
    """The published figures beside a run's numbers; an iteration is compared when asked for."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._published: dict[int, list[Published]] = {}
        self._compared: dict[int, tuple[Comparison, ...]] = {}
        for published in timeline.experiment.published:
            self._published.setdefault(published.iteration, []).append(published)

    def at(self, iteration: int, cell: Cell) -> Comparison | None:
        """The first published figure of a cell; None where there is none.

        A parameter's cell is of the iteration that computed it, as in a Place.
        """
        here = self.all_in(self._made(iteration, cell.symbol))
        return next((c for c in here if c.cell == cell), None)

    def about(self, iteration: int, symbol: str) -> tuple[Comparison, ...]:
        """The published figures of expressions that read a symbol: −dZ2, σ′(Z2[1,1])."""
        here = self.all_in(self._made(iteration, symbol))
        return tuple(c for c in here if c.cell is None and symbol in c.reads)

    def all_in(self, iteration: int) -> tuple[Comparison, ...]:
        """Every published figure of an iteration."""
        if iteration not in self._published:
            return ()
        if iteration not in self._compared:
            entries = self._published[iteration]
            self._compared[iteration] = tuple(
                c for published in entries for c in compare(self.timeline, published)
            )
        return self._compared[iteration]

    def _made(self, iteration: int, symbol: str) -> int:
        """The iteration of the figures: 1 for the initial value of a frozen parameter."""
        program = self.timeline.program
        frozen = symbol in program.parameters and symbol not in program.positions
        return 1 if frozen and iteration == 0 else iteration
