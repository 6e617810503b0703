"""Computing by hand: what a calculator gives from the figures shown, with any usual rounding.

Also the reverse: whether an expression of rounded numbers is a right method.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial, reduce
from itertools import combinations, product
from math import floor, isclose, isfinite, prod
from operator import add
from typing import TypeAlias

from backprop_tui.explain.explanation import Explanation, Figure, read_figure
from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Diff,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Sum,
    as_expr,
    cells,
    is_scalar,
    rebuild,
    replace,
    walk,
)
from backprop_tui.maths.numbers import MOST_DECIMALS, number
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.messages import joined

Rounding: TypeAlias = Callable[[float], float]
LITERAL = re.compile(r"(?<![\w.])(\d*)(?:\.(\d*))?(?:e([−+-]?\d+))?(?![\w.])", re.IGNORECASE)
"""A number in an expression: its digits before and behind the point, and its power of ten."""
STANDS = 2
"""With so many decimals a number stands for any that it is rounded from."""
TWO_DIGITS = 0.02
"""Figures that give a number to so small a part of it show its first two digits."""
MOST_MEANINGS = 4096
"""In how many ways the numbers of an expression are read, at most."""


def results(found: Explanation, decimals: int, figure: Figure | None = None) -> Iterator[float]:
    """What a calculator gives from the figures: without rounding, then with each result on the way
    rounded: as shown, to that many decimals or to one more."""
    yield from found.by_hand(figure)
    roundings: tuple[Rounding, ...] = (
        lambda x: read_figure(found.written(x)),
        *(partial(_half_up, decimals=d) for d in (decimals, decimals + 1)),
    )
    for e in found.in_figures(figure):
        for rounded, backwards, each in product(roundings, (False, True), (False, True)):
            last = _calculated(e, rounded, backwards, each, last=float)
            yield from (last, rounded(last))


def _half_up(x: float, decimals: int) -> float:
    unit = 10.0**decimals
    if not isfinite(x * unit):  # it has no decimals
        return x
    size = floor(abs(x) * unit + 0.5 + 1e-9) / unit
    return size if x >= 0 else -size


def _calculated(
    e: Expr, rounded: Rounding, backwards: bool, each: bool, last: Rounding | None = None
) -> float:
    """The value of an expression of numbers, every result on the way rounded, and the last one by
    `last`. A product begins with its last factors if `backwards`; a sum is divided term by term if
    `each`."""
    last = last or rounded

    def of(x: Expr) -> float:
        return _calculated(x, rounded, backwards, each)

    match e:
        case Num(x):
            return x
        case Neg(x):
            return -_calculated(x, rounded, backwards, each, last)
        case Mul():
            first, *middle, end = [of(x) for x in factors(e)][:: -1 if backwards else 1]
            return last(reduce(lambda x, y: rounded(x * y), middle, first) * end)
        case Sum(terms):
            return last(reduce(add, map(of, terms)))
        case Diff(x, y):
            return last(of(x) - of(y))
        case Div(Sum(terms), y) if each:
            return last(reduce(add, (rounded(of(term) / of(y)) for term in terms)))
        case _:
            return last(float(value(rebuild(e, lambda x: as_expr(of(x))), {})))


def factors(e: Expr) -> tuple[Expr, ...]:
    """What a product multiplies."""
    return (*factors(e.left), *factors(e.right)) if isinstance(e, Mul) else (e,)


# Digits


def unit_of(figure: str, decimals: int) -> float:
    """The size of one unit in the last digit of a figure: 0.001 for 0.543; of one that shows no
    digits, in the last of so many decimals."""
    found = re.fullmatch(r"[−-]?\d+(?:\.(\d+))?(?:e([−+-]?\d+))?", figure)
    if found is None:
        return 10.0**-decimals
    exponent = int((found[2] or "0").replace("−", "-"))
    return float(10.0 ** (exponent - len(found[1] or "")))


def decimals_needed(found: Explanation, decimals: int, figure: Figure | None = None) -> int:
    """To how many decimals the figures must be shown so that they leave neither the sign of the
    number open nor, if these are more than `decimals`, its first two digits."""
    right = found.recorded
    if not right or not isfinite(right) or all(v * right > 0 for v in found.by_hand(figure)):
        return decimals
    for more in range(decimals + 1, MOST_DECIMALS + 1):
        by_hand = with_decimals(found, more).by_hand()
        if all(abs(v - right) < TWO_DIGITS * abs(right) for v in by_hand):
            return more
    return decimals


def with_decimals(found: Explanation, decimals: int) -> Explanation:
    """The same number, explained with so many decimals."""
    return Explanation(found.provenance, found.place, partial(number, decimals=decimals))


def figures(found: Explanation, decimals: int) -> str:
    """A2[1,1] = 0.99974: what the number is computed from to so many decimals, where these show
    more of it; all of it, where none does."""
    values = {cell: number(found.value(cell), decimals) for cell in cells(found.taught)}
    more = {c: v for c, v in values.items() if read_figure(found.figure(c)) != read_figure(v)}
    return joined([f"{text(c)} = {v}" for c, v in (more or values).items()])


# The method


def is_right_method(e: Expr, typed: str, found: Explanation, decimals: int) -> bool:
    """Whether a typed expression gives the number itself once each of its numbers is the exact one
    that it is rounded from: a value that is read, or any result on the way."""
    right = found.recorded
    known = _on_the_way(found, right)
    used = {x.value for x in walk(e) if isinstance(x, Num)}
    written = {x: _places(typed, x, decimals) for x in used}
    meanings = [
        [x, *(q for q in known if q != x and abs(q - x) <= 0.5000001 * unit)]
        for x, unit in written.items()
    ]
    if prod(map(len, meanings)) > MOST_MEANINGS:
        return False
    return any(
        isclose(float(value(replace(e, _meant(written, meant)), {})), right, rel_tol=1e-9)
        for meant in product(*meanings)
    )


def _meant(numbers: dict[float, float], meant: tuple[float, ...]) -> dict[Expr, Expr]:
    return {Num(x): Num(y) for x, y in zip(numbers, meant, strict=True)}


def _places(typed: str, x: float, decimals: int) -> float:
    """The unit of the last place of a number as it was typed; 0 where it stands for itself."""
    for found in LITERAL.finditer(typed.replace(",", ".")):
        before, behind, power = (part or "" for part in found.groups())
        if (before or behind) and float(found[0].replace("−", "-")) == x:
            digits = len((before + behind).lstrip("0"))
            if len(behind) >= min(STANDS, decimals) > 0 or (behind and digits > STANDS):
                return 10.0 ** (int(power.replace("−", "-") or "0") - len(behind))
    return 0.0


def _on_the_way(found: Explanation, right: float) -> tuple[float, ...]:
    """The sizes of all exact values on the way to a number, which is not among them."""
    parts: dict[Expr, None] = {}
    for part in (part for form in found.forms for part in walk(form)):
        parts[part] = None
        match part:
            case Div(Sum(terms), y):
                parts |= dict.fromkeys(term / y for term in terms)
            case Mul():
                pairs = combinations(factors(part), 2)
                parts |= dict.fromkeys(Mul(x, y) for x, y in pairs)
            case Cell() | Call():
                parts[Diff(Num(1.0), part)] = None
    sizes = (abs(found.value(part)) for part in parts if is_scalar(part))
    return tuple(
        dict.fromkeys(x for x in sizes if isfinite(x) and not isclose(x, abs(right), rel_tol=1e-9))
    )
