"""Mistakes that are made in a single number: only for diagnosis, and no run is made with them.

They rewrite a step's expression as those of the catalogue do, and fit any kind of step: what is
left out, taken twice over, or read from the wrong place. Nothing is known of numbers or screens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from backprop_tui.learn.mistakes import Change, Mistake
from backprop_tui.maths.expressions import (
    Call,
    Diff,
    Div,
    Expr,
    MatMul,
    Mul,
    Name,
    Neg,
    Num,
    Transpose,
    is_scalar,
    names,
    replace,
    walk,
)
from backprop_tui.maths.functions import ACTIVATIONS, PRIMITIVES, is_slope
from backprop_tui.model.program import A, Family, Y, m


def _with_transpose(e: Expr) -> Iterator[Expr]:
    match e:
        case MatMul(Transpose(), _) | MatMul(_, Transpose()):
            pass
        case MatMul(x, y):
            yield from (MatMul(x.T, y), MatMul(x, y.T))


def _without_activation(e: Expr) -> Iterator[Expr]:
    match e:
        case Call(function, (x,)) if function in ACTIVATIONS:
            yield x


def _slope_for_activation(e: Expr) -> Iterator[Expr]:
    match e:
        case Call(function, args) if function in ACTIVATIONS and ACTIVATIONS[function].elementwise:
            yield Call(f"{function}_slope", args)


def _activation_for_slope(e: Expr) -> Iterator[Expr]:
    match e:
        case Call(function, args) if is_slope(function):
            yield Call(function.removesuffix("_slope"), args)


def _one_factor(e: Expr) -> Iterator[Expr]:
    match e:
        case Mul(x, y) if not (is_scalar(x) or is_scalar(y)):
            yield from (x, y)


def _without_minus(e: Expr) -> Iterator[Expr]:
    if isinstance(e, Neg):
        yield e.operand


def _other_targets(e: Expr) -> Iterator[Expr]:
    if 1 - Y in walk(e):
        yield replace(e, {1 - Y: Y, Y: 1 - Y})


def _added(e: Expr) -> Iterator[Expr]:
    match e:
        case Diff(x, y):
            yield x + y


def _one_side(e: Expr) -> Iterator[Expr]:
    match e:
        case Diff(x, y) if not isinstance(x, Num):
            yield from (x, y)


def _without_constant(e: Expr) -> Iterator[Expr]:
    match e:
        case Div(x, Num() | Name("K")) | Mul(Num(), x):
            yield x


def _without_square(e: Expr) -> Iterator[Expr]:
    match e:
        case Call("square", (x,)):
            yield x


def _without_division(e: Expr) -> Iterator[Expr]:
    match e:
        case Div(x, y) if not (is_scalar(x) or is_scalar(y)):
            yield x


def _decimal_logarithm(e: Expr) -> Iterator[Expr]:
    match e:
        case Call("log", (_,)):
            yield e / Call("log", (Num(10.0),))


def _mean_taken(e: Expr) -> Iterator[Expr]:
    over = (x for x in walk(e) if isinstance(x, Call) and x.function in PRIMITIVES)
    gathers = any(PRIMITIVES[x.function].over for x in over)
    if (gathers or any(isinstance(x, MatMul) for x in walk(e))) and "m" not in names(e):
        yield e / m


def _other_axis(e: Expr) -> Iterator[Expr]:
    match e:
        case Call("row_sums", args):
            yield from (Transpose(Call("col_sums", args)), Call("total", args))
        case Call("col_sums", args):
            yield from (Transpose(Call("row_sums", args)), Call("total", args))


def _other_letter(letter: str, other: str) -> Change:
    """The matrix of another letter, of the same layer."""

    def change(e: Expr) -> Iterator[Expr]:
        match e:
            case Name(symbol) if re.fullmatch(rf"{letter}\d+", symbol):
                yield Name(symbol.replace(letter, other))

    return change


def _other_layer(e: Expr) -> Iterator[Expr]:
    match e:
        case Name("X"):
            yield A[1]
        case Name(symbol) if found := re.fullmatch(r"(d?[WbZA])(\d+)", symbol):
            family, layer = Family(found[1]), int(found[2])
            yield from (family[layer + 1], family[layer - 1])


MISREADINGS: dict[str, Mistake] = {
    name: Mistake(name, how, f"What one gets {how}.", None, change, whole=whole)
    for name, how, change, whole in (
        ("activation-left-out", "without the activation", _without_activation, False),
        ("slope-for-activation", "with the activation's slope", _slope_for_activation, False),
        (
            "activation-for-slope",
            "with g itself, not g′",
            _activation_for_slope,
            False,
        ),
        ("one-factor", "from only one of the factors", _one_factor, False),
        ("one-side", "from one side only", _one_side, False),
        ("sum-for-difference", "added, not subtracted", _added, False),
        ("minus-forgotten", "without the minus sign", _without_minus, False),
        ("other-targets", "with Y and 1 − Y swapped", _other_targets, True),
        ("constant-forgotten", "without the constant factor", _without_constant, False),
        ("square-forgotten", "without the square", _without_square, False),
        ("division-forgotten", "without the division", _without_division, False),
        ("decimal-logarithm", "with the logarithm to base 10", _decimal_logarithm, False),
        ("mean-taken", "with a mean, where a sum is taken", _mean_taken, True),
        ("other-axis", "summed over the wrong axis", _other_axis, False),
        ("transpose-added", "with a ᵀ too many", _with_transpose, False),
        ("z-for-a", "with Z, where A is read", _other_letter("A", "Z"), False),
        ("da-for-dz", "with dA, where dZ is read", _other_letter("dZ", "dA"), False),
        ("other-layer", "from a neighbouring layer", _other_layer, False),
    )
}
"""The mistakes in a single number, by name, the likeliest first."""


def _nothing(e: Expr) -> Iterator[Expr]:
    yield from ()


ONE_PATH = Mistake(
    "one-path",
    "from one path only",
    "Only one of several paths is followed: their contributions add up.",
    "backward",
    _nothing,
)
ONE_TERM = Mistake(
    "one-term",
    "from one term only",
    "Only one term of a sum is taken: all of them add up.",
    None,
    _nothing,
)
"""Made among the terms that one number is the sum of, which are not parts of its expression."""
