"""A formula in index form: dW2[i,j] = Σₖ dZ2[i,k]·A1[j,k], read off the same tree.

Rows are i, columns j, and each sum has an index of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from backprop_tui.engine.algebra import SCALARS, Call, Expr, MatMul, Mul, Name, Transpose
from backprop_tui.engine.functions import PRIMITIVES
from backprop_tui.engine.notation import TEXT, write
from backprop_tui.engine.shapes import Shape, shape

INDICES = {"k": "ₖ", "p": "ₚ", "s": "ₛ", "t": "ₜ"}
"""The letters of sums, and how they stand under a Σ."""


def index_form(target: Name, e: Expr, shapes: Mapping[str, Shape]) -> str:
    """The element [i,j] of `target = e`, sums written as Σ over an index."""
    letters = iter(INDICES)

    def at(x: Expr, row: str, column: str) -> str:
        def leaf(part: Expr) -> str | None:
            match part:
                case Name(symbol) if symbol not in SCALARS:
                    rows, columns = shapes[symbol]
                    return f"{symbol}[{row if rows > 1 else 1},{column if columns > 1 else 1}]"
                case Transpose(y):
                    return at(y, column, row)
                case MatMul(y, z):
                    return summed(shape(y, shapes)[1], lambda k: product(y, z, k))
                case Call(function, (y,)) if function in PRIMITIVES and PRIMITIVES[function].over:
                    return gathered(PRIMITIVES[function].over, y)
                case _:
                    return None

        def product(y: Expr, z: Expr, k: str) -> str:
            factors = Mul(Name(at(y, row, k)), Name(at(z, k, column)))
            return write(factors, INNER).replace(" · ", "·")

        def gathered(over: str | None, y: Expr) -> str:
            rows, columns = shape(y, shapes)
            if over == "row":
                return summed(columns, lambda k: f"{at(y, row, k)}")
            return summed(rows, lambda k: f"({at(y, k, column)})")

        return write(x, replace(TEXT, leaf=leaf))

    def summed(count: int, term: Callable[[str], str]) -> str:
        if count == 1:
            return term("1")
        k = next(letters)
        return f"Σ{INDICES[k]} {term(k)}"

    return f"{at(target, 'i', 'j')} = {at(e, 'i', 'j')}"


INNER = replace(TEXT, hadamard="·")
