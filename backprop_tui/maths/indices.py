"""The index form of a formula: dW2[i,j] = Σₖ dZ2[i,k]·A1[j,k].

Rows are i, columns j; each sum has an index of its own, or where letters run out one that no sum
around it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from backprop_tui.maths.elements import gathers
from backprop_tui.maths.expressions import (
    Call,
    Diff,
    Expr,
    MatMul,
    Mul,
    Name,
    Neg,
    Sum,
    Transpose,
)
from backprop_tui.maths.functions import GATHERINGS, Primitive, expand
from backprop_tui.maths.shapes import Shape, shape
from backprop_tui.maths.writing import SUBSCRIPTS, TEXT, Notation, write


class Letters:
    """The letters of sums, each a new one; when all are used, those of sums that are over, then
    those of sums so far out that nothing in the new one reads them."""

    def __init__(self, letters: Iterable[str]) -> None:
        self.letters, self.open = list(letters), list[str]()
        self.unused = iter(self.letters)

    @contextmanager
    def new(self) -> Iterator[str]:
        """A letter for a sum, taken until the sum is written."""
        letter = next(self.unused, None)
        if letter is None:
            over = (k for k in self.letters if k not in self.open)
            letter = next(over, None) or self.open[-len(self.letters)]
        self.open.append(letter)
        yield letter
        self.open.pop()


def index_form(
    target: Name, e: Expr, shapes: Mapping[str, Shape], notation: Notation = TEXT
) -> str:
    """The element [i,j] of `target = e` as text, with each sum as a Σ over an index."""
    sides = indexed(target, e, shapes, notation)
    return f" {notation.equals} ".join(sides)


def indexed(
    target: Name, e: Expr, shapes: Mapping[str, Shape], notation: Notation = TEXT
) -> tuple[str, str]:
    """The element [i,j] of `target`, and that of `e`, as text."""
    letters = Letters(SUBSCRIPTS)
    known: dict[tuple[Expr, str, str], str | None] = {}
    # All factors have their indices, so they are numbers.
    scalar = replace(notation, hadamard=notation.times)

    def at(x: Expr, row: str, column: str) -> str:
        def leaf(part: Expr) -> str | None:
            # The writer may write a part twice, to see if it needs parentheses.
            if (part, row, column) not in known:
                known[part, row, column] = found(part)
            return known[part, row, column]

        def found(part: Expr) -> str | None:
            match part:
                case Name(symbol) if not part.is_number:
                    rows, columns = shapes[symbol]
                    i, j = row if rows > 1 else "1", column if columns > 1 else "1"
                    return notation.entry(symbol, i, j)
                case Transpose(y):
                    return at(y, column, row)
                case MatMul(y, z):
                    return over(shape(y, shapes)[1], lambda k: product(y, z, k))
                case Call(function, (y,)) if function in GATHERINGS:
                    return gathered(GATHERINGS[function], y)
                case Call(function, _) if gathers(function):
                    return at(expand(part), row, column)
                case _:
                    return None

        def product(y: Expr, z: Expr, k: str) -> str:
            return f"{term(y, row, k)}{notation.times}{term(z, k, column)}"

        def gathered(function: Primitive, y: Expr) -> str:
            rows, columns = shape(y, shapes)
            sign = "max" if function.fold == "max" else "Σ"
            match function.over:
                case "row":
                    count, all_of = columns, over(columns, lambda k: term(y, row, k), sign)
                case "column":
                    count, all_of = rows, over(rows, lambda k: term(y, k, column), sign)
                case _:
                    each = partial(over, columns, sign=sign)
                    count = rows * columns
                    all_of = over(rows, lambda k: each(lambda p: term(y, k, p)), sign)
            return f"{all_of} {notation.over} {count}" if function.fold == "mean" else all_of

        return write(x, replace(scalar, leaf=leaf))

    def term(y: Expr, row: str, column: str) -> str:
        written = at(y, row, column)
        if isinstance(y, Sum | Diff | Neg):
            opening, closing = notation.parentheses
            return f"{opening}{written}{closing}"
        tight = written.replace(f" {notation.times} ", notation.times)
        return tight if isinstance(y, Mul) else written

    def over(count: int, one: Callable[[str], str], sign: str = "Σ") -> str:
        """The term `one` under a Σ or max over a new index, or with index 1 if it is alone."""
        if count == 1:
            return one("1")
        with letters.new() as k:
            return f"{notation.gathered(sign, k)} {one(k)}"

    return at(target, "i", "j"), at(e, "i", "j")
