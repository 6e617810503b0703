"""The normal form of an expression: a sum of products of powers, element by element.

In it factors cancel, and equal terms are collected: ((1 − y)/(1 − a) − y/a) ∘ a ∘ (1 − a) is a − y.
What is no sum, product or quotient (a matrix product, a function) is one factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import isfinite
from typing import Any, Literal, TypeAlias

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
    Sum,
    Transpose,
    is_scalar,
    rebuild,
    replace,
)

LONGEST_DECIMAL, LARGEST_BELOW = 12, 1_000
"""The most characters of a number that is left as it is, and the largest it may be divided by."""
GATHERS = ("row_sums", "col_sums", "total")
Term: TypeAlias = tuple[float, dict[Expr, int]]
"""A number, and the power of each factor."""


Opened: TypeAlias = Literal["nothing", "quotients", "all"]
"""Which sums are multiplied out: those with a quotient are so that it cancels."""


def tidy(e: Expr) -> Expr:
    """`e` with factors cancelled and equal terms collected; what is added stands first."""
    return e if _is_tidy(e) else _written(_terms(e, "nothing"), "nothing")


def cancelled(e: Expr) -> Expr:
    """`e`, tidy, with those sums multiplied out in which a quotient cancels thereby."""
    return _written(_terms(e, "quotients"), "quotients")


def multiplied_out(e: Expr, known: Mapping[Expr, Expr] | None = None) -> Expr:
    """`e`, tidy, with every sum multiplied out; `known` are parts that have another form."""
    opened = _written(_terms(e, "all"), "all")
    return multiplied_out(replace(opened, known)) if known else opened


def divides_by_matrix(e: Expr) -> bool:
    """Whether something in `e` is divided by a matrix."""
    if isinstance(e, Div) and not is_scalar(e.right):
        return True
    return any(map(divides_by_matrix, e.parts))


def flat(e: Expr) -> Expr:
    """`e` with a product in a product written as one: x ∘ y ∘ z, not x ∘ (y ∘ z)."""
    match rebuild(e, flat):
        case Mul(x, Mul(y, z)):
            return flat(Mul(Mul(x, y), z))
        case other:
            return other


def _is_tidy(e: Expr) -> bool:
    """Whether `e` is one of the forms of most backward steps, in which there is nothing to do."""
    match e:
        case MatMul(x, y):
            return _is_tidy(x) and _is_tidy(y)
        case Mul(Name(), Name() | Call() as x):
            return _is_tidy(x)
        case Transpose(x) | Call(_, (x,)) | x:
            return isinstance(x, Name)


def _terms(e: Expr, opened: Opened) -> list[Term]:
    match e:
        case Num(number):
            return [(number, {})]
        case Neg(x):
            return [(-c, f) for c, f in _terms(x, opened)]
        case Sum(xs):
            return [t for x in xs for t in _terms(x, opened)]
        case Diff(x, y):
            return [*_terms(x, opened), *((-c, f) for c, f in _terms(y, opened))]
        case Mul(x, y):
            return [_times(s, t) for s, t in product(_factors(x, opened), _factors(y, opened))]
        case Div(x, y):
            ((c, below),) = _factors(y, "nothing")
            if c == 0:  # z/0 stays as it is written
                return [(1.0, {e: 1})]
            over = (1 / c, {k: -n for k, n in below.items()})
            return [_times(s, over) for s in _factors(x, opened)]
        case MatMul():
            (s, x), (t, y) = (_unsigned(part, opened) for part in (e.left, e.right))
            return [(s * t, {MatMul(x, y): 1})]
        case Transpose(MatMul(x, y)):
            return _terms(MatMul(y.T, x.T), opened)
        case Transpose(Transpose(x)):
            return _terms(x, opened)
        case Transpose(Neg(x)):
            return _terms(Neg(x.T), opened)
        case Call("step", (x,)):  # of what is positive: step(0.99·z) is step(z)
            ((c, f), *others) = _collected(_terms(x, opened))
            alone = not others and c > 0
            return [(1.0, {Call("step", (_product(1.0, f) if alone else x,)): 1})]
        case Call(function, (x,)) if function in GATHERS:
            inner = _matrix(x, opened)
            ((c, f), *others) = _collected(_terms(inner, "nothing"))
            return (
                [(1.0, {Call(function, (inner,)): 1})]
                if others or not f
                else [
                    (c, {Call(function, (_product(1.0, f),)): 1})  # the constant in front
                ]
            )
        case _:
            return [(1.0, {rebuild(e, lambda x: _matrix(x, opened)): 1})]


def _matrix(e: Expr, opened: Opened) -> Expr:
    """`e` tidy, but for what would be one number then: how many entries it has may matter."""
    return _matrix_of(e, _written(_terms(e, opened), opened))


def _matrix_of(e: Expr, tidied: Expr) -> Expr:
    """The tidied form of `e`, or `e` where that is one number."""
    return e if isinstance(tidied, Num) else tidied


def _unsigned(e: Expr, opened: Opened) -> tuple[float, Expr]:
    """The sign of a factor of a matrix product, and the factor without it."""
    terms = _terms(e, opened)
    ((c, f), *others) = _collected(terms)
    if c < 0 and f and not others:
        return -1.0, _product(-c, f)
    return 1.0, _matrix_of(e, _written(terms, opened))


def _factors(e: Expr, opened: Opened) -> list[Term]:
    """The terms of a factor, where it is multiplied out; else itself as one term."""
    if isinstance(e, Neg):
        return [(-c, f) for c, f in _factors(e.operand, opened)]
    found = _terms(e, opened)
    quotient = any(n < 0 for _, f in found for n in f.values())
    if len(found) == 1 or opened == "all" or (opened == "quotients" and quotient):
        return found
    return [(1.0, {_written(found, opened): 1})]


def _times(s: Term, t: Term) -> Term:
    powers = dict(s[1])
    for k, n in t[1].items():
        powers[k] = powers.get(k, 0) + n
    return s[0] * t[0], {k: n for k, n in powers.items() if n}


def _collected(terms: list[Term]) -> list[Term]:
    """The terms with equal ones added, what is added before what is subtracted."""
    found: dict[frozenset[Any], Term] = {}
    for c, f in terms:
        key = frozenset(f.items())
        found[key] = (found[key][0] + c if key in found else c, f)
    return sorted((t for t in found.values() if t[0]), key=lambda t: t[0] < 0) or [(0.0, {})]


def _written(terms: list[Term], opened: Opened) -> Expr:
    (c, f), *others = _collected(terms)
    whole = _product(c, f)
    for c, f in others:
        whole = whole - _product(-c, f) if c < 0 else whole + _product(c, f)
    return whole


def _as_quotient(c: float) -> tuple[float, float]:
    """A number as what is above and below a fraction: 1 and 3 for 0.333…; 0.01 stays as it is."""
    if len(repr(c)) > LONGEST_DECIMAL and isfinite(c):
        for below in range(2, LARGEST_BELOW):
            if (above := round(c * below)) and above / below == c:
                return float(above), float(below)
    return c, 1.0


def _product(c: float, f: Mapping[Expr, int]) -> Expr:
    """A term as a person writes it: the sign and the number in front, then one quotient."""
    above, below = ([k for k, n in f.items() for _ in range(sign * n)] for sign in (1, -1))
    number, under_it = _as_quotient(abs(c))
    below = [Num(under_it), *below] if under_it != 1.0 else below
    first, *others = [Num(number), *above] if number != 1.0 or not above else above
    whole = -first if c < 0 else first
    for k in others:
        whole = whole * k
    if below:
        under, *others = below
        for k in others:
            under = under * k
        whole = whole / under
    return whole
