"""One element of an expression, expanded into scalar terms with the cells that it reads.

`element(W1 @ X + b1, 2, 1, shapes)` is `W1[2,1]·X[1,1] + W1[2,2]·X[2,1] + ... + b1[2,1]`, again an
expression: its text, its numbers and its value are the faces that every expression has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TypeAlias

from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Expr,
    MatMul,
    Mul,
    Name,
    Num,
    Sum,
    Transpose,
    calls,
    rebuild,
)
from backprop_tui.maths.functions import GATHERINGS, Primitive, definition_of, expand
from backprop_tui.maths.shapes import Shape, shape

FIRST = 8
"""How many terms a shortened sum begins with."""
ELLIPSIS = Name("…")
"""It stands in place of the middle of a shortened sum."""


def element(
    e: Expr, row: int, column: int, shapes: Mapping[str, Shape], most: int | None = None
) -> Expr:
    """The element of `e` in that row and column (from 1), as an expression over cells.

    Functions element by element (σ, relu′) stay calls; one that gathers (softmax) becomes its
    definition. A sum of more than `most` terms is cut to the FIRST ones, an ELLIPSIS and the last
    one: it can be written, but has no value.
    """

    def counted(count: int) -> Iterable[int]:
        """The numbers of the terms, from 1; 0 in place of those that are left out."""
        if most is None or count <= most:
            return range(1, count + 1)
        return (*range(1, FIRST + 1), 0, count)

    def at(x: Expr, i: int, j: int) -> Expr:
        match x:
            case Num() | Cell():
                return x
            case Name(symbol):
                if x.is_number:
                    return x
                rows, columns = shapes[symbol]
                return Cell(symbol, min(i, rows), min(j, columns))  # one row or column: stretched
            case Transpose(y):
                return at(y, j, i)
            case MatMul(y, z):
                inner = shape(y, shapes)[1]
                return _sum(
                    Mul(at(y, i, k), at(z, k, j)) if k else ELLIPSIS for k in counted(inner)
                )
            case Sum(terms):
                return _sum(at(term, i, j) for term in terms)
            case Call("ones", _):
                return Num(1.0)  # of its argument only the shape is read
            case Call(function, (y,)) if function in GATHERINGS:
                return gathered(GATHERINGS[function], y, i, j)
            case Call(function, _) if gathers(function):
                return at(expand(x), i, j)
            case _:
                return rebuild(x, lambda child: at(child, i, j))

    def gathered(function: Primitive, y: Expr, i: int, j: int) -> Expr:
        rows, columns = shape(y, shapes)
        places = [
            (p, q)
            for p in (range(1, rows + 1) if function.over != "row" else (i,))
            for q in (range(1, columns + 1) if function.over != "column" else (j,))
        ]
        if function.fold != "max":
            kept = counted(len(places))
            added = _sum(at(y, *places[k - 1]) if k else ELLIPSIS for k in kept)
            return added / float(len(places)) if function.fold == "mean" else added
        terms = tuple(at(y, p, q) for p, q in places)
        return Call("max", terms) if len(terms) > 1 else terms[0]

    return at(e, row, column)


def _sum(terms: Iterable[Expr]) -> Expr:
    """One sum of all terms; those of a sum among them, as of W·X in W·X + b, are its own."""
    flat: list[Expr] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Sum) else (term,))
    return flat[0] if len(flat) == 1 else Sum(tuple(flat))


@cache
def gathers(function: str) -> bool:
    """Whether one number of a function's result depends on several: row_sums, softmax."""
    definition = definition_of(function)
    if definition is None:
        return function in GATHERINGS
    return any(gathers(call.function) for call in calls(definition))


Reach: TypeAlias = tuple[int | None, int | None]
"""A row and a column of a matrix; None for all of them."""


def reach(e: Expr, cell: Cell, shapes: Mapping[str, Shape]) -> frozenset[Reach]:
    """Which elements of `e` read `cell`: the inverse of `element`, without expanding any."""

    def stretched(x: Expr, whole: Shape) -> frozenset[Reach]:
        """The elements of the whole that read the cell through its part `x`, which is broadcast."""
        own = shape(x, shapes)
        if not own or not whole:
            return found(x)
        return frozenset(
            (None if own[0] < whole[0] else i, None if own[1] < whole[1] else j)
            for i, j in found(x)
        )

    def found(x: Expr) -> frozenset[Reach]:
        match x:
            case Name(symbol):
                same = symbol == cell.symbol
                return frozenset({(cell.row, cell.column)} if same else ())
            case Call("ones", _):
                return frozenset()
            case Transpose(y):
                return frozenset((j, i) for i, j in found(y))
            case MatMul(y, z):
                rows = frozenset((i, None) for i, _ in found(y))
                return rows | frozenset((None, j) for _, j in found(z))
            case Call(function, (y,)) if function in GATHERINGS:
                over = GATHERINGS[function].over
                return frozenset(
                    (i if over == "row" else 1, j if over == "column" else 1) for i, j in found(y)
                )
            case Call(function, _) if gathers(function):
                return found(expand(x))
            case _:
                whole = shape(x, shapes)
                return frozenset().union(*(stretched(child, whole) for child in x.parts))

    return found(e)
