"""Formulas of one entry: Z1[k] = Σₚ W1[k,p]·X[p] + b1[k], and how one entry changes another.

`Entries.of` gives the formula of an entry, and `Entries.derivative` its derivative by an entry of
what it reads. `sum_of` writes a sum of products in which each Kronecker delta leaves one term.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TypeAlias

from backprop_tui.maths.expressions import (
    Call,
    Cell,
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
    names,
    rebuild,
    walk,
)
from backprop_tui.maths.functions import GATHERINGS
from backprop_tui.maths.indices import Letters
from backprop_tui.maths.normal_form import tidy
from backprop_tui.maths.rules import rule_of
from backprop_tui.maths.shapes import Shape, as_sum, shape

ZERO, ONE = Num(0.0), Num(1.0)
LETTERS = "ptuvxrnhlo"
"""The letters of sums, in the order in which they are taken."""
SOFTMAX = {"softmax": "col_sums", "softmax_rows": "row_sums"}
"""What each divides by is added up by this function."""
Index: TypeAlias = tuple[str, int]
"""The letter of a sum, and how many terms it has."""
Product: TypeAlias = tuple[float, tuple[Expr, ...], tuple[Index, ...]]
"""A number, factors (1/x for a divisor), and the indices that are summed over."""


class Entries:
    """Formulas of single entries of matrices with these shapes."""

    def __init__(
        self,
        shapes: Mapping[str, Shape],
        rowless: Iterable[str] = (),
        joining: Container[str] = (),
    ) -> None:
        """`rowless`: rows that are written with their column alone, such as L[s]; `joining`: what
        changes the losses of all examples, so that L is whole in ∂L/∂M[k]."""
        self.shapes, self.rowless, self.letters = shapes, frozenset(rowless), Letters(LETTERS)
        self.joining = joining

    def entry(self, symbol: str, row: str, column: str) -> Indexed:
        """An entry by its letters; where the matrix has one row or column, without that letter.

        A row matrix keeps its row, [1,j].
        """
        rows, columns = self.shapes[symbol]
        alone = "" if columns == 1 or symbol in self.rowless else "1"
        return Indexed(symbol, row if rows > 1 else alone, column if columns > 1 else "")

    def of(self, e: Expr, row: str, column: str) -> Expr:
        """The entry of `e` in that row and column."""
        match e:
            case Name(symbol) if not e.is_number:
                return self.entry(symbol, row, column)
            case Partial(Name(loss), Name(symbol)) if symbol in self.joining:
                return Partial(Indexed(loss, "", ""), self.entry(symbol, row, column))
            case Transpose(x):
                return self.of(x, column, row)
            case MatMul(x, y):
                count = shape(x, self.shapes)[1]
                return self._over(count, lambda p: times(self.of(x, row, p), self.of(y, p, column)))
            case Call("row_means" | "col_means" | "mean"):
                return self.of(as_sum(e, self.shapes, self.shapes), row, column)
            case Call(function, (x,)) if function in SOFTMAX:
                exp = Call("exp", (x,))
                return self.of(exp / Call(SOFTMAX[function], (exp,)), row, column)
            case Call(function, (x,)) if function in GATHERINGS:
                rows, columns = shape(x, self.shapes)
                match GATHERINGS[function].over:
                    case over if GATHERINGS[function].fold == "max":
                        down = [row] if over == "row" else [str(k + 1) for k in range(rows)]
                        right = (
                            [column] if over == "column" else [str(k + 1) for k in range(columns)]
                        )
                        found = tuple(self.of(x, p, q) for p in down for q in right)
                        return Call("max", found) if len(found) > 1 else found[0]
                    case "row":
                        return self._over(columns, lambda p: self.of(x, row, p))
                    case "column":
                        return self._over(rows, lambda p: self.of(x, p, column))
                    case _:
                        return self._over(
                            rows, lambda p: self._over(columns, lambda t: self.of(x, p, t))
                        )
            case _:
                return rebuild(e, lambda x: self.of(x, row, column))

    def _over(self, count: int, one: Callable[[str], Expr]) -> Expr:
        """The sum of `one` over a new index; just it where there is nothing to sum."""
        if count == 1:
            return one("")
        with self.letters.new() as index:
            return SumOver(index, count, one(index))

    def derivative(self, e: Expr, by: Indexed, c: Expr, g: Expr = ONE) -> Expr:
        """∂e/∂by times `g`, by the rule of each node of `e`, which reads the symbol of `by`; `c` is
        what `e` is called."""
        match e:
            case Indexed(symbol, row, column) if symbol == by.symbol:
                return times(g, times(_delta(row, by.row), _delta(column, by.column)))
            case SumOver(index, count, body):
                inner = self.derivative(body, by, body)
                return inner if inner == ZERO else times(g, SumOver(index, count, inner))
            case Call("softmax" | "softmax_rows", (Indexed(),)) if isinstance(c, Indexed):
                same, alone = _delta(c.row, by.row), _delta(c.column, by.column)
                other = Indexed(c.symbol, by.row, c.column)
                if e.function == "softmax_rows":
                    same, alone, other = alone, same, Indexed(c.symbol, c.row, by.column)
                return times(g, times(times(c, Diff(same, other)), alone))
        whole: Expr = ZERO
        for part, share in rule_of(e).back(e, c, g):
            if by.symbol in names(part):
                whole = plus(whole, self.derivative(part, by, part, tidy(share)))
        return whole


def _delta(p: str, q: str) -> Expr:
    """The delta of two indices; 1 where they are the same letter."""
    return ONE if p == q else Delta(p, q)


def times(x: Expr, y: Expr) -> Expr:
    """x · y, without what changes nothing."""
    if ZERO in (x, y):
        return ZERO
    return y if x == ONE else x if y == ONE else Mul(x, y)


def plus(x: Expr, y: Expr) -> Expr:
    """x + y, as a difference where y begins with a minus; without what changes nothing."""
    if ZERO in (x, y):
        return y if x == ZERO else x
    negative, rest = unsigned(y)
    return Diff(x, rest) if negative else x + y


def unsigned(e: Expr) -> tuple[bool, Expr]:
    """Whether `e` begins with a minus, and `e` without it."""
    match e:
        case Neg(x):
            return True, x
        case Mul(x, y) | Div(x, y):
            negative, rest = unsigned(x)
            return negative, type(e)(rest, y)
        case _:
            return False, e


def negated(e: Expr) -> Expr:
    """−e, with the minus at its first factor."""
    match e:
        case Mul(x, y) | Div(x, y):
            return type(e)(negated(x), y)
        case _:
            return Neg(e)


def over(sums: Sequence[Index], e: Expr) -> Expr:
    """Σ Σ e"""
    for index, count in reversed(sums if e != ZERO else ()):
        e = SumOver(index, count, e)
    return e


def at_place(e: Expr, place: Mapping[str, int]) -> Expr:
    """`e` over cells: each letter is the row or column in `place`, each Σₖ the sum of its terms."""

    def at(letter: str) -> int:
        return place.get(letter, int(letter) if letter.isdigit() else 1)

    match e:
        case Indexed(symbol, row, column):
            return Cell(symbol, at(row), at(column))
        case Delta(left, right):
            return Num(float(at(left) == at(right)))
        case SumOver(index, count, body):
            return Sum(tuple(at_place(body, {**place, index: k + 1}) for k in range(count)))
        case _:
            return rebuild(e, lambda part: at_place(part, place))


# Sums in which a Kronecker delta leaves one term


def products(e: Expr) -> list[Product]:
    """`e` as a sum of products. A sum that has no delta stays in its parentheses."""
    if isinstance(e, Sum | Diff) and not any(isinstance(x, Delta) for x in walk(e)):
        return [(1.0, (e,), ())]
    match e:
        case Num(number):
            return [(number, (), ())]
        case Neg(x):
            return [(-c, f, s) for c, f, s in products(x)]
        case Sum(xs):
            return [t for x in xs for t in products(x)]
        case Diff(x, y):
            return [*products(x), *products(Neg(y))]
        case Mul(x, y):
            found = [_together(s, t) for s in products(x) for t in products(y)]
            whole = [product for product in found if product is not None]
            return whole if len(whole) == len(found) else [(1.0, (e,), ())]
        case Div(x, y) if x != ONE:
            return [(c, (*f, Div(ONE, y)), s) for c, f, s in products(x)]
        case SumOver(index, count, body):
            return [(c, f, ((index, count), *s)) for c, f, s in products(body)]
        case _:
            return [(1.0, (e,), ())]


def _together(x: Product, y: Product) -> Product | None:
    """One product of two; in Σₚ … · Σₚ … the second sum gets a letter of its own.

    None where no letter is left: then each sum keeps its own parentheses.
    """
    (c, f, s), (d, g, t) = x, y
    for index, count in t:
        if index in dict(s):
            read = {letter for e in (*f, *g) for part in walk(e) for letter in _letters(part)}
            new = next((k for k in LETTERS if k not in read), None)
            if new is None:
                return None
            g = tuple(_renamed(e, index, new) for e in g)
            t = tuple((new, count) if k == index else (k, n) for k, n in t)
    return c * d, (*f, *g), (*s, *t)


def settled(found: Iterable[Product]) -> list[Product]:
    """The products without the sums of which a delta leaves one term, equal factors cancelled."""
    return [_cancelled(_one_term(product)) for product in found]


def _one_term(product: Product) -> Product:
    number, factors, sums = product
    for delta in [f for f in factors if isinstance(f, Delta)]:
        free = next((x for x in (delta.left, delta.right) if x in dict(sums)), None)
        if free is not None:
            other = delta.right if free == delta.left else delta.left
            factors = tuple(_renamed(f, free, other) for f in factors if f != delta)
            sums = tuple(s for s in sums if s[0] != free)
    return number, factors, sums


def _renamed(e: Expr, old: str, new: str) -> Expr:
    """`e` with one index for another."""

    def to(letter: str) -> str:
        return new if letter == old else letter

    match e:
        case Indexed(symbol, row, column):
            return Indexed(symbol, to(row), to(column))
        case Delta(left, right):
            return Delta(to(left), to(right))
        case SumOver(index) if index == old:  # another sum of that letter
            return e
        case _:
            return rebuild(e, lambda part: _renamed(part, old, new))


def _cancelled(product: Product) -> Product:
    number, factors, sums = product
    left = list(factors)
    for f in factors:
        if isinstance(f, Div) and f in left and f.right in left:
            left.remove(f)
            left.remove(f.right)
    return number, tuple(left), sums


def sum_of(found: Iterable[Product], ones: Iterable[str] = ()) -> Expr:
    """Products as one sum, what is added first. An example of a matrix in `ones` adds up to 1."""
    whole: Expr = ZERO
    for number, factors, sums in sorted(found, key=lambda p: p[0] < 0):
        for index, count in reversed(sums):
            within = [f for f in factors if _reads(f, index)]
            is_one = (
                len(within) == 1 and isinstance(within[0], Indexed) and within[0].symbol in ones
            )
            rest = tuple(f for f in factors if f not in within)
            inside = {x.index for f in within for x in walk(f) if isinstance(x, SumOver)}
            # What stands behind Σₚ is read as in it: a sum with another Σₚ in it stands before it.
            last = tuple(f for f in rest if isinstance(f, SumOver) and f.index in inside)
            first = tuple(f for f in rest if f not in last)
            one_sum = SumOver(index, count, _product(1.0, within))
            factors = rest if is_one else (*first, one_sum, *last)
        one = _product(abs(number), factors)
        whole = plus(whole, negated(one) if number < 0 else one)
    return whole


def _letters(e: Expr) -> tuple[str, ...]:
    """The indices of an entry or of a delta; none of other nodes."""
    match e:
        case Indexed(_, row, column):
            return row, column
        case Delta(left, right):
            return left, right
        case _:
            return ()


def _reads(e: Expr, index: str) -> bool:
    """Whether an index stands in `e`, not only as that of a sum in it."""
    if isinstance(e, SumOver) and e.index == index:
        return False
    return index in _letters(e) or any(_reads(part, index) for part in e.parts)


def _product(number: float, factors: Sequence[Expr]) -> Expr:
    whole: Expr = Num(number)
    divisors = [f.right for f in factors if isinstance(f, Div) and f.left == ONE]
    for factor in factors:
        if not (isinstance(factor, Div) and factor.left == ONE):
            whole = times(whole, factor)
    for divisor in divisors:
        whole = whole / divisor
    return whole
