"""Published figures compared with a run's numbers, to the digits that are printed.

A figure that is known to be wrong in its source is reported as that, and is never a failure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache
from math import isfinite, nan
from typing import Any, TypeAlias

import numpy as np

from backprop_tui.explain.provenance import Place
from backprop_tui.maths.elements import element
from backprop_tui.maths.expressions import Cell, Expr, Name, cells, names, rebuild
from backprop_tui.maths.functions import Array
from backprop_tui.maths.parser import parse
from backprop_tui.maths.shapes import Shape, ShapeMismatch, shape
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.algorithm import architecture_of, program_of
from backprop_tui.model.experiment import Experiment, read_only
from backprop_tui.model.network import ORIENTATIONS, Network
from backprop_tui.model.notes import BEFORE, Figure, KnownWrong, Published
from backprop_tui.model.program import Program
from backprop_tui.run.iterations import Iteration
from backprop_tui.run.timeline import Timeline

Env: TypeAlias = Mapping[str, Any]
MOST_DIGITS = 12
"""The most significant digits that are compared."""
LEAST_PLACES = 2
"""The fewest decimals to which a source is taken to round each step."""


class FigureVerdict(StrEnum):
    """How a published figure and the computed number compare."""

    EQUAL = "as printed"
    BEFORE = "equal before the update"
    WITHIN = "within the stated bound"
    CUT = "cut, not rounded"
    LAST_DIGIT = "one unit off in the last digit"
    ROUNDED = "right if every step is rounded"
    WRONG = "WRONG"
    KNOWN_WRONG = "known wrong"
    NOT_REACHED = "WRONG: the run diverged before"


INEXACT = (FigureVerdict.CUT, FigureVerdict.LAST_DIGIT, FigureVerdict.WRONG)
"""Verdicts on figures that may follow from rounded ones."""


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
    places: int = 0
    """The decimals to which every step is rounded, where the printed number follows from that."""
    remark: str = ""
    """Of a wrong one: which value of a parameter is meant, and how to mean the other one."""

    @property
    def said(self) -> str:
        """How the two numbers compare: cut, not rounded; or two ways in which that may be."""
        rounded = f"{FigureVerdict.ROUNDED} to {self.places} places" if self.places else ""
        if self.verdict is FigureVerdict.ROUNDED:
            return rounded
        return "; or ".join(filter(None, (self.verdict, rounded)))

    @property
    def place(self) -> Place | None:
        """The computed number's place; None for an expression over cells."""
        return None if self.cell is None else Place(self.iteration, self.cell)

    @property
    def failed(self) -> bool:
        """Whether the check fails: no usual rounding gives the number, or the run ended before."""
        return self.verdict in (FigureVerdict.WRONG, FigureVerdict.NOT_REACHED)

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
    least = Decimal(5).scaleb(figure.adjusted() - MOST_DIGITS)
    half = max(least, _unit(printed) / 2)
    return half + least / 10


def _unit(printed: str) -> Decimal:
    """One unit of the last digit printed: 0 for a whole number, which is exact."""
    exponent = _decimal(printed).as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(1).scaleb(exponent) * bool(set(printed) & set(".eE"))


def is_cut(computed: float, printed: str) -> bool:
    """Whether a number gives the printed one when its further digits are left out, and is not 0."""
    figure, unit = _decimal(printed), _unit(printed)
    if not isfinite(computed) or not unit or figure * Decimal(computed) <= 0:
        return False
    return abs(figure) <= abs(Decimal(computed)) < abs(figure) + unit


def is_unit_off(computed: float, printed: str) -> bool:
    """Whether a number, rounded, is one unit off in the last digit, of two digits at least."""
    figure, unit = _decimal(printed), _unit(printed)
    if not isfinite(computed) or not unit or abs(figure) < 10 * unit:
        return False
    return abs(Decimal(computed) - figure) <= unit + _half_a_unit(printed)


def compare(timeline: Timeline, published: Published) -> tuple[Comparison, ...]:
    """A comparison for each printed number, in the order of the file."""
    return tuple(_comparisons(timeline, published))


def figures_of(timeline: Timeline) -> tuple[Comparison, ...]:
    """A comparison for each figure that is published of a run."""
    return tuple(c for entry in timeline.experiment.published for c in compare(timeline, entry))


def in_other_orientation(experiment: Experiment) -> Experiment | None:
    """The same numbers read in the other orientation, in which square weights have the same shape.

    None where a weight or a figure does not fit there, and where the network is no dense one.
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
    try:
        published = tuple(_turned(p, network, experiment) for p in experiment.published)
    except ShapeMismatch:  # an expression that has no value there
        return None
    return replace(
        experiment,
        network=network,
        data=experiment.data.along(architecture.axis),
        initial=replace(initial, given=given),
        published=published,
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
        of, printed = cells_turned(parse(figure.of, symbols=shapes)), figure.printed
        if (len(printed), len(printed[0])) != shape(of, shapes):
            printed = tuple(zip(*printed, strict=True))
        return Figure(text(of), printed, figure.before)

    wrong = tuple(
        replace(known, of=text(cells_turned(parse(known.of, symbols=shapes))))
        for known in published.known_wrong
    )
    return replace(published, figures=tuple(map(turned, published.figures)), known_wrong=wrong)


def _comparisons(timeline: Timeline, published: Published) -> Iterator[Comparison]:
    done, program = timeline.iteration(published.iteration), timeline.program
    shapes = program.shapes(len(timeline.experiment.examples_of(published.iteration)))
    reached = done.number == published.iteration
    places = _places(published)
    renewed = {*program.parameters} & {*program.positions}
    number = cache(lambda e, before, n: _numbers(e, _values(program, done, n), before, done))
    for e, before, i, j, printed, wrong in _printed(published, program, shapes):
        one = _one(e, i, j, shapes)

        def computed(n: int | None, before: bool = before, e: Expr = e, at: Any = (i, j)) -> float:
            return float(number(e, before, n)[at])

        here = computed(None) if reached else nan
        found = Comparison(
            of=_named(e, one, i, j, shape(e, shapes)),
            reads=names(e),
            iteration=published.iteration,
            cell=one if isinstance(one, Cell) and not before else None,
            source=published.source,
            printed=printed,
            computed=here,
            verdict=_verdict(here, printed, published.within, reached, wrong),
            within=published.within,
            wrong=wrong,
        )
        if before:
            found = replace(found, of=f"{BEFORE} {found.of}")
        updated = [] if before else [s for s in names(e) if s in renewed]
        fits = bool(updated) and reached and matches(computed(None, before=True), printed)
        if found.verdict in INEXACT and fits and found.cell is None:
            # dW1 + λ·W1: of the W1 that the gradient is at
            verdict = FigureVerdict.BEFORE
            found = replace(found, computed=computed(None, before=True), verdict=verdict)
        if found.verdict in INEXACT:
            follows = next((n for n in places if matches(computed(n), printed)), 0)
            found = replace(found, places=follows)
        if found.verdict is FigureVerdict.WRONG:
            if found.places:
                found = replace(found, verdict=FigureVerdict.ROUNDED)
            elif updated:
                found = replace(found, remark=_remark(updated, e, fits))
        yield found


def _places(published: Published) -> tuple[int, ...]:
    """The decimals with which an entry prints its figures: a source may round each step so."""
    printed = (p for figure in published.figures for row in figure.printed for p in row if p)
    found = (len(p.partition(".")[2]) for p in printed if not set(p) & set("eE"))
    return tuple(sorted({n for n in found if LEAST_PLACES <= n < MOST_DIGITS}, reverse=True))


def _values(program: Program, done: Iteration, places: int | None) -> Env:
    """What the steps of an iteration give; with `places`, each from operands rounded to them."""
    if places is None:
        return program.by_symbol(done.results)
    env: dict[str, Any] = {**done.given, **done.scalars}
    found: dict[str, Array] = {}
    with np.errstate(all="ignore"):
        for step, e in zip(program.steps, program.lowered, strict=True):
            found[step.symbol] = np.asarray(value(e, env))
            env[step.symbol] = np.round(found[step.symbol], places)
    return found


def _remark(updated: Sequence[str], e: Expr, fits: bool) -> str:
    """Which value of a parameter is meant, and how to mean the other one."""
    are = "is" if len(updated) == 1 else "are"
    also = ", which is as printed" if fits else ""
    return (
        f"{' and '.join(updated)} {are} meant after the update. "
        f'The key "{BEFORE} {text(e)}" means the value before it{also}.'
    )


def _printed(
    published: Published, program: Program, shapes: Mapping[str, Shape]
) -> Iterator[tuple[Expr, bool, int, int, str, KnownWrong | None]]:
    """Each printed number: what it is of, and whether before the update; its row and column (from
    0), and why it is wrong, if it is."""

    def read(of: str) -> Expr:
        return parse(of, program.functions, shapes)

    spoilt = {_one(read(wrong.of), 0, 0, shapes) for wrong in published.known_wrong}
    for figure in published.figures:
        e = read(figure.of)
        for i, row in enumerate(figure.printed):
            for j, printed in enumerate(row):
                if printed and _one(e, i, j, shapes) not in spoilt:
                    yield e, figure.before, i, j, printed, None
    for wrong in published.known_wrong:
        yield read(wrong.of), False, 0, 0, wrong.printed, wrong


def _numbers(e: Expr, results: Env, before: bool, done: Iteration) -> Array:
    """What an expression gives with the results of the steps; parameters are as the updates left
    them, or as the iteration began with them."""
    known = (results, done.given) if before else (done.given, results)
    env = {**done.scalars, **known[0], **known[1]}
    return np.atleast_2d(np.asarray(value(e, env), dtype=np.float64))


def _one(e: Expr, i: int, j: int, shapes: Mapping[str, Shape]) -> Expr:
    """The element of `e` at i, j (from 0) as an expression: of A1 the cell A1[1,1]."""
    if isinstance(e, Name) and e.symbol in shapes:
        return Cell(e.symbol, i + 1, j + 1)
    return element(e, i + 1, j + 1, shapes)


def _named(e: Expr, one: Expr, i: int, j: int, size: Shape) -> str:
    """What is printed, in text: of few cells these, else the expression with the place."""
    if len(cells(one)) <= len(names(e)):
        return text(one)
    return text(e) if size in ((), (1, 1)) else f"({text(e)})[{i + 1},{j + 1}]"


def _verdict(
    computed: float, printed: str, within: float | None, reached: bool, wrong: KnownWrong | None
) -> FigureVerdict:
    if wrong is not None:
        return FigureVerdict.KNOWN_WRONG
    if not reached:
        return FigureVerdict.NOT_REACHED
    if matches(computed, printed):
        return FigureVerdict.EQUAL
    if matches(computed, printed, within):
        return FigureVerdict.WITHIN
    if is_cut(computed, printed):
        return FigureVerdict.CUT
    return FigureVerdict.LAST_DIGIT if is_unit_off(computed, printed) else FigureVerdict.WRONG


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
