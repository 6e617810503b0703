"""Plausible mistakes: each rewrites the expression of a step, and everything else follows.

The catalogue holds those that a run can be made with (`mistaken` makes the program). The same
rewrites tell which mistake a learner's number comes from (`diagnosis`). No formula is written here
a second time, and nothing is known of numbers or screens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from backprop_tui.maths.expressions import (
    Call,
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
from backprop_tui.maths.functions import is_slope
from backprop_tui.model.program import Phase, Step, lower

Change: TypeAlias = Callable[[Expr], Iterable[Expr]]
"""What may stand, by mistake, where an expression should."""
GATES = frozenset({"relu_slope", "leaky_relu_slope"})
"""Slopes that let through or hold back."""


@dataclass(frozen=True)
class Mistake:
    """One kind of mistake; `how` ends the sentence "this is what you get ...".

    `change` is applied to each part of a step's expression in turn, or to all of it where `whole`
    is set; of the steps of `phase`, a run makes it in those where `made_at` holds; what one step
    makes of another's mistake follows by itself. A single number can be wrong so in any phase."""

    name: str
    how: str
    sentence: str
    phase: Phase | None
    """Where a run makes it; None for one that only a single number is explained by."""
    change: Change
    whole: bool = False
    made_at: Callable[[Step], bool] = lambda step: True
    early: bool = False
    """Made by the order of the steps: a layer's W moves before the layer below has its dA."""

    def of(self, e: Expr) -> Iterable[Expr]:
        """`e` with this mistake in it, in every way in which it can be made."""
        return self.change(e) if self.whole else variants(e, self.change)


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
            "without the ᵀ",
            "The ᵀ is forgotten: rows are read where columns should be.",
            "backward",
            _without_transpose,
        ),
        Mistake(
            "transpose-misplaced",
            "with the ᵀ misplaced",
            "The ᵀ stands at the wrong one of the two matrices.",
            "backward",
            _transpose_of_the_other,
        ),
        Mistake(
            "rows-and-columns-swapped",
            "with row and column swapped",
            "Row and column are swapped: the number for [i,j] stands at [j,i].",
            "backward",
            _turned,
            whole=True,
        ),
        Mistake(
            "sign-flipped",
            "with the sign flipped",
            "The sign is flipped: target minus prediction, where it is prediction minus target.",
            "backward",
            _opposite,
            whole=True,
            made_at=_meets_targets,
        ),
        Mistake(
            "slope-left-out",
            "with the slope left out",
            "The activation's slope is left out: dZ is a copy of dA.",
            "backward",
            _without_slope,
        ),
        Mistake(
            "gate-skipped",
            "without the gate of ReLU",
            "The gate of ReLU is left out: what it stopped going forward comes back all the same.",
            "backward",
            _without_gate,
        ),
        Mistake(
            "slope-at-a",
            "with the slope at A, not Z",
            "The activation's slope is taken at A, where it is the slope at Z.",
            "backward",
            _slope_at_a,
        ),
        Mistake(
            "element-by-element",
            "element by element",
            "A matrix product is taken element by element.",
            "backward",
            _element_by_element,
        ),
        Mistake(
            "matrix-product",
            "with a matrix product",
            "A product element by element is taken as a matrix product.",
            "backward",
            _matrix_product,
        ),
        Mistake(
            "bias-forgotten",
            "without the bias",
            "The bias is forgotten: Z is W times A alone.",
            "forward",
            _without_bias,
        ),
        Mistake(
            "mean-forgotten",
            "without 1/m",
            "1/m is forgotten: the slopes of all examples are added up, and no mean is taken.",
            "backward",
            _without_mean,
        ),
        Mistake(
            "wrong-layer-a",
            "with another layer's A",
            "The A of a neighbouring layer is used.",
            "backward",
            _other_layer("A"),
        ),
        Mistake(
            "wrong-layer-w",
            "with another layer's W",
            "The W of a neighbouring layer is used.",
            "backward",
            _other_layer("W"),
        ),
        Mistake(
            "updated-weights",
            "through the W updated too early",
            "W is updated too early: the layer below gets its dA through the new W.",
            "backward",
            _nothing,
            early=True,
        ),
        Mistake(
            "learning-rate-forgotten",
            "without the learning rate",
            "The learning rate is forgotten: the step is as long as the slope.",
            "update",
            _without_learning_rate,
        ),
        Mistake(
            "update-added",
            "added, not subtracted",
            "The slope is added, where it is subtracted: the loss is climbed.",
            "update",
            _added,
            whole=True,
        ),
    )
}
"""The mistakes that a run can be made with, by name."""
