"""The shape of an expression, and the sentence that explains a mismatch.

A matrix has the shape (rows, columns), a single number (). Three are broadcast: a number, a column
n×1 beside n×m (the bias), and a row 1×m beside n×m.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from math import prod
from operator import mul
from typing import TypeAlias

from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Compare,
    Delta,
    Diff,
    Div,
    Expr,
    Indexed,
    MatMul,
    Mul,
    Name,
    Neg,
    Num,
    Partial,
    Sum,
    SumOver,
    Transpose,
)
from backprop_tui.maths.functions import GATHERINGS
from backprop_tui.maths.writing import text

Shape: TypeAlias = tuple[int, ...]


def kept(function: str) -> tuple[bool, bool]:
    """Whether a function keeps rows and columns: of a matrix gathered over rows, only its rows."""
    over = GATHERINGS[function].over if function in GATHERINGS else None
    return over in (None, "row"), over in (None, "column")


class ShapeMismatch(ValueError):
    """Two shapes that do not fit; the text is a sentence for the learner."""


def written(shape: Shape) -> str:
    """(3, 1) as `3×1`; a single number as `1×1`."""
    return "×".join(map(str, shape or (1, 1)))


def shape(e: Expr, shapes: Mapping[str, Shape]) -> Shape:
    """The shape of `e`, from the shapes of its symbols.

    Raises ShapeMismatch, and KeyError for a symbol that `shapes` does not have.
    """
    match e:
        case Name(symbol):  # the most frequent first
            return () if e.is_number else shapes[symbol]
        case MatMul(x, y):
            return _product(e, x, y, shapes)
        case Transpose(x):
            return shape(x, shapes)[::-1]
        case Num() | Cell() | Indexed() | Delta() | SumOver():
            return ()
        case Neg(x) | Partial(_, x):
            return shape(x, shapes)
        case Sum(terms) | Call("max" | "power" | "where", terms):
            so_far: Shape = ()
            for term in terms:
                so_far = _stretched(e, (terms[0], so_far), (term, shape(term, shapes)))
            return so_far
        case Diff(x, y) | Mul(x, y) | Div(x, y) | Compare(x, _, y):
            return _stretched(e, (x, shape(x, shapes)), (y, shape(y, shapes)))
        case Call(function, (x,)):
            inner = shape(x, shapes)
            if not inner and function in GATHERINGS:
                raise ShapeMismatch(f"{text(e)} needs a matrix, but {text(x)} is a number")
            return tuple(n if keep else 1 for n, keep in zip(inner, kept(function), strict=False))
        case _:
            raise TypeError(f"no shape for {e!r}")


AS_SUMS = {"row_means": "row_sums", "col_means": "col_sums", "mean": "total"}


def as_sum(mean: Call, shapes: Mapping[str, Shape], wider: Mapping[str, Shape]) -> Expr:
    """A mean as the sum that it is, divided by how many there are.

    Rows and columns are m where `wider`, the shapes for one example more, have another number.
    """
    found = shape(mean.args[0], shapes)
    try:
        other = shape(mean.args[0], wider)
    except (ShapeMismatch, KeyError):  # it fits batches of one size alone
        other = found
    axes = {"row_means": (1,), "col_means": (0,)}.get(mean.function, (0, 1))
    alike = prod(found[axis] for axis in axes if found[axis] == other[axis])
    of_each: list[Expr] = [Name("m") for axis in axes if found[axis] != other[axis]]
    factors = of_each if of_each and alike == 1 else [Num(float(alike)), *of_each]
    return Call(AS_SUMS[mean.function], mean.args) / reduce(mul, factors)


def _product(e: Expr, x: Expr, y: Expr, shapes: Mapping[str, Shape]) -> Shape:
    left, right = shape(x, shapes), shape(y, shapes)
    if left and right and left[1] != right[0]:
        raise ShapeMismatch(
            f"{text(e)} is {written(left)} times {written(right)}: {text(x)} has "
            f"{_count(left[1], 'column')}, but {text(y)} has {_count(right[0], 'row')}; "
            "a matrix product needs as many columns on the left as rows on the right"
        )
    return (left[0], right[1]) if left and right else left or right


def _stretched(e: Expr, x: tuple[Expr, Shape], y: tuple[Expr, Shape]) -> Shape:
    (x_expr, left), (y_expr, right) = x, y
    if left == right or not left or not right:
        return left or right
    if (1, 1) in (left, right):
        return right if left == (1, 1) else left
    if (left[0] == right[0] and 1 in (left[1], right[1])) or (
        left[1] == right[1] and 1 in (left[0], right[0])
    ):
        return max(left[0], right[0]), max(left[1], right[1])
    raise ShapeMismatch(
        f"{text(e)} is computed element by element, but {text(x_expr)} is {written(left)} "
        f"and {text(y_expr)} is {written(right)}"
    )


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
