"""One element of an expression, expanded into scalar terms with the cells that it reads.

`element(W1 @ X + b1, 2, 1, shapes)` is `W1[2,1]·X[1,1] + W1[2,2]·X[2,1] + ... + b1[2,1]`, again an
expression: its text, its numbers and its value are the faces that every expression has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from backprop_tui.engine.algebra import (
    SCALARS,
    Call,
    Cell,
    Expr,
    MatMul,
    Mul,
    Name,
    Num,
    Sum,
    Transpose,
    rebuild,
)
from backprop_tui.engine.functions import PRIMITIVES, Primitive
from backprop_tui.engine.shapes import Shape, shape


def element(e: Expr, row: int, column: int, shapes: Mapping[str, Shape]) -> Expr:
    """The element of `e` in that row and column (from 1), as an expression over cells.

    `e` is lowered: a function that gathers (a softmax) has been expanded to its definition.
    """

    def at(x: Expr, i: int, j: int) -> Expr:
        match x:
            case Num() | Cell():
                return x
            case Name(symbol):
                if symbol in SCALARS:
                    return x
                rows, columns = shapes[symbol]
                return Cell(symbol, min(i, rows), min(j, columns))  # one row or column: stretched
            case Transpose(y):
                return at(y, j, i)
            case MatMul(y, z):
                inner = shape(y, shapes)[1]
                return _sum(Mul(at(y, i, k), at(z, k, j)) for k in range(1, inner + 1))
            case Sum(terms):
                return _sum(at(term, i, j) for term in terms)
            case Call(function, (y,)) if function in PRIMITIVES and PRIMITIVES[function].over:
                return gathered(PRIMITIVES[function], y, i, j)
            case _:
                return rebuild(x, lambda child: at(child, i, j))

    def gathered(function: Primitive, y: Expr, i: int, j: int) -> Expr:
        rows, columns = shape(y, shapes)
        along_i = range(1, rows + 1) if function.over != "row" else (i,)
        along_j = range(1, columns + 1) if function.over != "column" else (j,)
        terms = [at(y, p, q) for p in along_i for q in along_j]
        return Call("max", tuple(terms)) if function.fold == "max" else _sum(terms)

    return at(e, row, column)


def _sum(terms: Iterable[Expr]) -> Expr:
    """One sum of all these terms: a product's own sum opens into W·X + b's, as one writes it."""
    flat: list[Expr] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Sum) else (term,))
    return flat[0] if len(flat) == 1 else Sum(tuple(flat))
