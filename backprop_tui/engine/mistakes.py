"""Plausible mistakes: each rewrites the expressions of steps, and everything else follows.

A program with a mistake is a program like any other: its values, trace, compiled loop and nudge
test come from the rewritten steps. A mistake is made wherever the right shape still comes out, and
nowhere else. The same rewrites tell which mistake a learner's number comes from (`diagnose`). No
formula is written here a second time, and nothing is known of screens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from backprop_tui.engine.algebra import (
    Call,
    Cell,
    Diff,
    Div,
    Expr,
    MatMul,
    Mul,
    Name,
    Neg,
    Sum,
    Transpose,
    children,
    is_scalar,
    names,
    rebuild,
    walk,
)
from backprop_tui.engine.algebra import replace as replace_parts
from backprop_tui.engine.element import element
from backprop_tui.engine.evaluate import value
from backprop_tui.engine.experiment import Network, Training
from backprop_tui.engine.functions import is_slope
from backprop_tui.engine.notation import text
from backprop_tui.engine.program import Phase, Program, Step, W, dA, lower
from backprop_tui.engine.shapes import Shape, ShapeMismatch, shape

if TYPE_CHECKING:
    from backprop_tui.engine.timeline import Iteration, Timeline

Change: TypeAlias = Callable[[Expr], Iterable[Expr]]
"""What may stand, by mistake, where an expression should."""
GATES = frozenset({"relu_slope", "leaky_relu_slope"})
"""Slopes that let through or hold back."""
ROUNDING = 1e-12
"""Results this close, for the size of their matrix, are the same: an order of adding differs."""


@dataclass(frozen=True)
class Mistake:
    """One kind of mistake. `change` is applied to each part of a step's expression in turn, or to
    all of it where `whole` is set; of the steps of `phase`, a run makes it in those where
    `made_at` holds; what one step makes of another's mistake follows by itself."""

    name: str
    sentence: str
    phase: Phase
    change: Change
    whole: bool = False
    made_at: Callable[[Step], bool] = lambda step: True
    early: bool = False
    """Made by the order of the steps: a layer's W moves before the layer below has its dA."""

    def of(self, e: Expr) -> Iterable[Expr]:
        """`e` with this mistake in it, in every way in which it can be made."""
        return self.change(e) if self.whole else variants(e, self.change)


@dataclass(frozen=True)
class Slip:
    """A mistake made in one step: `wrong` instead of `right`, which is as the step is taught."""

    mistake: Mistake
    step: Step
    right: Expr
    wrong: Expr

    @property
    def sentence(self) -> str:
        """For the learner: `dZ2 is A2 − Y, not Y − A2`."""
        return f"{self.step.symbol} is {text(self.right)}, not {text(self.wrong)}"


def variants(e: Expr, change: Change) -> Iterator[Expr]:
    """`e` with one of its parts changed, for each part and each change; the largest parts first."""
    yield from change(e)
    parts = children(e)
    for i, part in enumerate(parts):
        for changed in variants(part, change):
            others = iter((*parts[:i], changed, *parts[i + 1 :]))
            yield rebuild(e, lambda _, others=others: next(others))  # type: ignore[misc]


# What can go wrong in an expression ----------------------------------------------------------


def _without_transpose(e: Expr) -> Iterator[Expr]:
    if isinstance(e, Transpose):
        yield e.operand


def _transpose_of_the_other(e: Expr) -> Iterator[Expr]:
    match e:
        case MatMul(Transpose(x), y):
            yield MatMul(x, Transpose(y))
        case MatMul(x, Transpose(y)):
            yield MatMul(Transpose(x), y)


def _turned(e: Expr) -> Iterator[Expr]:
    if any(isinstance(part, MatMul) for part in walk(e)):
        yield Transpose(e)


def _opposite(e: Expr) -> Iterator[Expr]:
    match e:
        case Diff(x, y):
            yield Diff(y, x)
        case Neg(x):
            yield x
        case Div(x, y):
            yield from (Div(opposite, y) for opposite in _opposite(x))
        case Mul(x, y) if is_scalar(x):
            yield from (Mul(x, opposite) for opposite in _opposite(y))
        case _:
            yield Neg(e)


def _without_slope(e: Expr) -> Iterator[Expr]:
    match e:
        case Mul(x, Call(function, _)) if is_slope(function) and function not in GATES:
            yield x


def _without_gate(e: Expr) -> Iterator[Expr]:
    match e:
        case Mul(x, Call(function, _)) if function in GATES:
            yield x


def _slope_at_a(e: Expr) -> Iterator[Expr]:
    match e:
        case Call(function, (Name(symbol),)) if is_slope(function):
            yield Call(function, (Name(symbol.replace("Z", "A")),))


def _element_by_element(e: Expr) -> Iterator[Expr]:
    if isinstance(e, MatMul):
        yield Mul(e.left, e.right)


def _matrix_product(e: Expr) -> Iterator[Expr]:
    if isinstance(e, Mul) and not any(is_scalar(lower(x, {})) for x in children(e)):
        yield MatMul(e.left, e.right)


def _without_bias(e: Expr) -> Iterator[Expr]:
    match e:
        case Sum((x, Name(symbol))) if symbol.startswith("b"):
            yield x


def _without_mean(e: Expr) -> Iterator[Expr]:
    match e:
        case Div(x, Name("m")):
            yield x


def _other_layer(letter: str) -> Change:
    """A neighbour's matrix of that letter, in a matrix product; X is the A below A1."""

    def change(e: Expr) -> Iterator[Expr]:
        match e:
            case Transpose(Name(symbol)):
                family = "A0" if symbol == "X" else symbol
                if family[:1] == letter:
                    for layer in (int(family[1:]) + 1, int(family[1:]) - 1):
                        below = letter == "A" and layer == 0
                        yield Transpose(Name("X" if below else f"{letter}{layer}"))

    return change


def _without_learning_rate(e: Expr) -> Iterator[Expr]:
    match e:
        case Mul(Name("alpha"), x):
            yield x


def _added(e: Expr) -> Iterator[Expr]:
    match e:
        case Diff(Name() as w, x):
            yield w + x


def _one_term(e: Expr) -> Iterator[Expr]:
    if isinstance(e, Sum):
        yield from e.terms


def _nothing(e: Expr) -> Iterator[Expr]:
    yield from ()


# The catalogue -------------------------------------------------------------------------------


def _meets_targets(step: Step) -> bool:
    return "Y" in names(step.expression)


CATALOGUE: dict[str, Mistake] = {
    mistake.name: mistake
    for mistake in (
        Mistake(
            "transpose-forgotten",
            "The ᵀ is forgotten: rows are read where columns should be.",
            "backward",
            _without_transpose,
        ),
        Mistake(
            "transpose-misplaced",
            "The ᵀ stands at the wrong one of the two matrices.",
            "backward",
            _transpose_of_the_other,
        ),
        Mistake(
            "rows-and-columns-swapped",
            "Row and column are swapped: the number for [i,j] stands at [j,i].",
            "backward",
            _turned,
            whole=True,
        ),
        Mistake(
            "sign-flipped",
            "The sign is flipped: target minus prediction, where it is prediction minus target.",
            "backward",
            _opposite,
            whole=True,
            made_at=_meets_targets,
        ),
        Mistake(
            "slope-left-out",
            "The activation's slope is left out: dZ is a copy of dA.",
            "backward",
            _without_slope,
        ),
        Mistake(
            "gate-skipped",
            "The gate of ReLU is left out: what it stopped going forward comes back all the same.",
            "backward",
            _without_gate,
        ),
        Mistake(
            "slope-at-a",
            "The activation's slope is taken at A, where it is the slope at Z.",
            "backward",
            _slope_at_a,
        ),
        Mistake(
            "element-by-element",
            "A matrix product is taken element by element.",
            "backward",
            _element_by_element,
        ),
        Mistake(
            "matrix-product",
            "A product element by element is taken as a matrix product.",
            "backward",
            _matrix_product,
        ),
        Mistake(
            "bias-forgotten",
            "The bias is forgotten: Z is W times A alone.",
            "forward",
            _without_bias,
        ),
        Mistake(
            "mean-forgotten",
            "1/m is forgotten: the slopes of all examples are added up, and no mean is taken.",
            "backward",
            _without_mean,
        ),
        Mistake(
            "wrong-layer-a",
            "The A of a neighbouring layer is used.",
            "backward",
            _other_layer("A"),
        ),
        Mistake(
            "wrong-layer-w",
            "The W of a neighbouring layer is used.",
            "backward",
            _other_layer("W"),
        ),
        Mistake(
            "updated-weights",
            "W is updated too early: the layer below gets its dA through the new W.",
            "backward",
            _nothing,
            early=True,
        ),
        Mistake(
            "learning-rate-forgotten",
            "The learning rate is forgotten: the step is as long as the slope.",
            "update",
            _without_learning_rate,
        ),
        Mistake(
            "update-added",
            "The slope is added, where it is subtracted: the loss is climbed.",
            "update",
            _added,
            whole=True,
        ),
    )
}
"""The mistakes that a run can be made with, by name."""
ONE_PATH = Mistake(
    "one-path",
    "Only one of several paths is followed: their contributions add up.",
    "backward",
    _one_term,
)
"""A mistake in a single number, which no expression over whole matrices makes."""


# A program with a mistake --------------------------------------------------------------------


def mistaken(network: Network, training: Training) -> tuple[Step, ...]:
    """The steps of an iteration, with the mistake that `training` names made wherever it fits.

    Where it fits nowhere, they are the right ones. Raises KeyError for a name that is none.
    """
    if CATALOGUE[training.mistake or ""].early:
        return tuple(_updated_early(_right(network, training).steps))
    made = {slip.step: slip.wrong for slip in applies(network, training)}
    return tuple(
        replace(step, expression=made[step], derivation=None) if step in made else step
        for step in _right(network, training).steps
    )


def applies(network: Network, training: Training) -> tuple[Slip, ...]:
    """Where a run makes the mistake that `training` names: a slip for each step it is made in."""
    mistake = CATALOGUE[training.mistake or ""]
    right = _right(network, training)
    fits = _Fits(right, _sizes(training.batch))
    first: dict[Step, Slip] = {}
    for step in right.steps:
        if mistake.made_at(step):
            for slip in _slips(mistake, step, right.steps, fits):
                first.setdefault(step, slip)
    return tuple(first.values())


def _right(network: Network, training: Training) -> Program:
    return Program(network, training.with_mistake(None))


def _sizes(batch: int) -> tuple[int, ...]:
    """Sizes of batches that tell for all up to this one: what fits them fits by no coincidence."""
    return tuple(sorted({1, min(2, batch), max(1, batch - 1), batch}))


class _Fits:
    """Whether a step may compute something else: it must come to the same shape."""

    def __init__(self, right: Program, sizes: Iterable[int]) -> None:
        self.shapes = tuple(right.shapes(examples) for examples in sizes)

    def __call__(self, step: Step, e: Expr) -> bool:
        try:
            return all(shape(e, shapes) == shapes[step.symbol] for shapes in self.shapes)
        except (ShapeMismatch, KeyError):  # no such layer
            return False


def _slips(mistake: Mistake, step: Step, steps: Sequence[Step], fits: _Fits) -> Iterator[Slip]:
    """Every way to make that mistake in that step: as it is computed, and as it is derived."""
    if mistake.phase != step.phase:
        return
    for right in (step.expression, step.derivation):
        if right is None:
            continue
        ways = _through_new_weights(step, right, steps) if mistake.early else mistake.of(right)
        for wrong in ways:
            if wrong != step.expression and fits(step, wrong):
                yield Slip(mistake, step, right, wrong)


# W updated too early


def _weight_updates(steps: Iterable[Step]) -> dict[int, tuple[Step, ...]]:
    """By layer the steps that update its W; an optimizer's running means are among them."""
    updates: dict[int, tuple[Step, ...]] = {}
    for step in steps:
        if step.phase == "update" and step.layer and step.symbol.endswith(W[step.layer].symbol):
            updates[step.layer] = (*updates.get(step.layer, ()), step)
    return updates


def _layer_above(step: Step) -> int | None:
    """The layer that a hidden layer's dA comes back through; None for all other steps."""
    above = (step.layer or 0) + 1
    is_back = step.target == dA[above - 1] and W[above].symbol in names(step.expression)
    return above if is_back else None


def _updated_early(steps: tuple[Step, ...]) -> Iterator[Step]:
    updates = _weight_updates(steps)
    above = {_layer_above(step) for step in steps}
    moved = {step for layer, early in updates.items() if layer in above for step in early}
    for step in steps:
        yield from updates.get(_layer_above(step) or 0, ())
        if step not in moved:
            yield step


def _through_new_weights(step: Step, right: Expr, steps: Iterable[Step]) -> Iterator[Expr]:
    """What dA comes to then, in terms of the W that went forward."""
    above = _layer_above(step)
    if above is not None and (early := _weight_updates(steps).get(above)):
        yield replace_parts(right, {early[-1].target: early[-1].expression})


# What a mistake changes ----------------------------------------------------------------------


def changed_by(right: Timeline, wrong: Timeline, iteration: int) -> frozenset[str]:
    """The symbols that come out different in an iteration of two runs of the same network."""
    one, other = right.iteration(iteration), wrong.iteration(iteration)
    if one.number != other.number:  # one of them has diverged before
        return frozenset(step.symbol for step in right.program.steps)
    results = _results(wrong.program, other)
    return frozenset(
        symbol
        for symbol, result in _results(right.program, one).items()
        if not _same(result, results[symbol])
    )


def changes_nothing(right: Timeline, wrong: Timeline, iteration: int) -> bool:
    """Whether that iteration is the same with the mistake: with one example for 1/m, say."""
    return not changed_by(right, wrong, iteration)


def _results(program: Program, iteration: Iteration) -> dict[str, Any]:
    symbols = (step.symbol for step in program.steps)
    return dict(zip(symbols, iteration.results, strict=True))


def _same(one: Any, other: Any) -> bool:
    finite = np.abs(one[np.isfinite(one)])
    size = float(finite.max()) if finite.size else 0.0
    return bool(np.allclose(one, other, rtol=0.0, atol=ROUNDING * size, equal_nan=True))


# Which mistake a number comes from -----------------------------------------------------------


def diagnose(
    program: Program, iteration: Iteration, cell: Cell, number: float, tolerance: float
) -> tuple[Slip, ...]:
    """The mistakes that give this number at this cell, made in its step alone: one slip of each.

    None where the number is right, or no mistake comes that close.
    """
    step = program.steps[program.index(cell.symbol)]
    at = (cell.row - 1, cell.column - 1)
    if abs(_results(program, iteration)[cell.symbol][at] - number) <= tolerance:
        return ()
    found: dict[str, Slip] = {}
    for slip, computed in _wrong_numbers(program, iteration, step, cell):
        if abs(computed - number) <= tolerance:
            found.setdefault(slip.mistake.name, slip)
    return tuple(found.values())


def wrong_numbers(
    program: Program, iteration: Iteration, cell: Cell
) -> tuple[tuple[Slip, float], ...]:
    """What each mistake gives at this cell, where that is finite and not the right number."""
    step = program.steps[program.index(cell.symbol)]
    right = float(_results(program, iteration)[cell.symbol][cell.row - 1, cell.column - 1])
    near = ROUNDING * abs(right)
    return tuple(
        (slip, computed)
        for slip, computed in _wrong_numbers(program, iteration, step, cell)
        if abs(computed - right) > near
    )


def slips_in(program: Program, step: Step, examples: int) -> Iterator[Slip]:
    """Every mistake of the catalogue made in that step alone, in every way that fits."""
    fits = _Fits(program, (examples,))
    for mistake in CATALOGUE.values():
        yield from _slips(mistake, step, program.steps, fits)


def _wrong_numbers(
    program: Program, iteration: Iteration, step: Step, cell: Cell
) -> Iterator[tuple[Slip, float]]:
    env = _read_by(step, program, iteration)
    examples = len(iteration.examples)
    with np.errstate(all="ignore"):
        for slip in slips_in(program, step, examples):
            computed = float(value(lower(slip.wrong, {}), env)[cell.row - 1, cell.column - 1])
            if isfinite(computed):
                yield slip, computed
        yield from _single_paths(step, cell, program.shapes(examples), env)


def _single_paths(
    step: Step, cell: Cell, shapes: Mapping[str, Shape], env: Mapping[str, Any]
) -> Iterator[tuple[Slip, float]]:
    """One term of the sum that a number is, for the dA that several neurons send back."""
    if _layer_above(step) is None:
        return
    right = element(step.expression, cell.row, cell.column, shapes)
    for wrong in ONE_PATH.of(right):
        computed = float(np.asarray(value(wrong, env)))
        if isfinite(computed):
            yield Slip(ONE_PATH, replace(step, target=Name(text(cell))), right, wrong), computed


def _read_by(step: Step, program: Program, iteration: Iteration) -> Mapping[str, Any]:
    """What a step reads: parameters as they went forward, and its own mean as it was."""
    parameters = {*program.parameters, step.symbol}
    computed = _results(program, iteration)
    later = {symbol: result for symbol, result in computed.items() if symbol not in parameters}
    return {**iteration.given, **iteration.scalars, **later}
