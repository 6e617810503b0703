"""Numbers as the screen writes them: a true minus, fixed decimals, a constant width."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop_tui.maths.functions import Array

MOST_DECIMALS = 12
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def cell_width(decimals: int) -> int:
    """Return the columns of a number: its mark, its sign, a digit, the point and the decimals."""
    return max(decimals + 4, 7)  # −3e307, with its mark


def signed(text: str) -> str:
    """Return `text` with a true minus."""
    return text.replace("-", "−")


def special(value: float) -> str | None:
    """Return NaN, ∞ or −∞ for what is not finite; None for other values."""
    if math.isfinite(value):
        return None
    return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"


def added(numbers: Iterable[float]) -> float:
    """Return their sum, the same with every Python, and without an error where it is infinite."""
    terms = tuple(numbers)
    try:
        return math.fsum(terms)
    except (OverflowError, ValueError):  # ∞ − ∞
        return sum(terms)


def largest(matrix: Any) -> float:
    """Return the largest size of its finite numbers; 0 where it has none."""
    return float(np.abs(matrix).max(where=np.isfinite(matrix), initial=0.0))


def alike(one: Any, other: Any, apart: float) -> npt.NDArray[np.bool_]:
    """Return which of their numbers are at most so far apart; NaN is like NaN, ∞ like ∞."""
    with np.errstate(all="ignore"):
        return np.asarray(np.isclose(one, other, rtol=0.0, atol=apart, equal_nan=True))


def fixed(value: float, decimals: int, width: int) -> str:
    """Write `value` in `width` characters, with fewer decimals or a power of ten if need be.

    Only zero is written as zero: what its decimals do not show has its first digits and a power.
    """
    if (unusual := special(value)) is not None:
        return unusual
    value = value + 0.0 if value else 0.0  # no sign before a zero
    for places in range(decimals, -1, -1):
        written = f"{value:.{places}f}"
        if len(written) <= width and (float(written) or not value):
            return signed(written)
    if not decimals and abs(value) >= 1e-3 and len(written := f"{value:.1g}") <= width:
        return signed(written)
    for places in (2, 1, 0):
        written = power(f"{value:.{places}e}")
        if len(written) <= width:
            return signed(written)
    if "e-" not in written:
        return signed(written)
    return "−tiny" if written.startswith("-") else "tiny"


def power(written: str) -> str:
    """Shorten an exponent: 1e-05 to 1e-5, 1e+300 to 1e300."""
    digits, e, exponent = written.partition("e")
    return f"{digits}e{int(exponent)}" if e else digits


def significant(value: float, digits: int = 6) -> str:
    """Write `value` in a sentence with so many digits, but no zeros at its end: 0.5, −1.25e−7."""
    return special(value) or signed(power(f"{value + 0.0:.{digits}g}"))


def number(value: float, decimals: int) -> str:
    """Write `value` in a sentence: with its decimals, or as 8.11e−6 where they do not show it."""
    if (written := special(value)) is not None:
        return written
    if value == 0:
        return f"{0:.{decimals}f}"
    if not decimals and not int(value) and abs(value) >= 1e-3:
        return signed(f"{value:.1g}")
    if abs(value) >= 1e7 or abs(value) < 10.0**-decimals:
        return signed(power(f"{value:.2e}"))
    return signed(f"{value:.{decimals}f}")


def told_apart(value: float, other: float, decimals: int) -> tuple[str, str]:
    """Write two numbers with enough decimals to differ; equal ones as they are written alone."""
    if value == other or math.isnan(value):  # NaN is written unlike any number
        return number(value, decimals), number(other, decimals)
    apart = decimals_apart(value, other, decimals)
    both = number(value, apart), number(other, apart)
    if both[0] != both[1]:
        return both
    return signed(repr(value)), signed(repr(other))  # large numbers, where decimals do nothing


def decimals_apart(value: float, other: float, decimals: int) -> int:
    """The decimals, at least so many, with which two numbers differ; as given where none do."""
    more = (d for d in range(decimals, 18) if number(value, d) != number(other, d))
    return next(more, decimals)


def beside(value: float, limit: float | None, decimals: int, width: int) -> str:
    """Write `value` in `width` characters so that it differs from the limit that it is compared
    with: with more decimals, or as <0.5."""
    written = fixed(value, decimals, width)
    if limit is None or value == limit or written != fixed(limit, decimals, width):
        return written
    precise = told_apart(value, limit, decimals)[0]
    return precise if len(precise) <= width else f"{'<' if value < limit else '>'}{limit:g}"


def common_power(arrays: Iterable[Array], decimals: int) -> int:
    """Return the power of ten (0, −3, −6, ...) by which a panel scales its numbers to be seen."""
    most = max(map(largest, arrays), default=0.0)
    if most == 0.0 or decimals < 1:
        return 0
    out = 0
    while most < 10.0 ** (1 - decimals) and out > -300:
        most, out = most * 1000, out - 3
    return out


def times_power(exponent: int) -> str:
    """Write a power of ten as in a panel's title: `× 10⁻³`."""
    return f"× 10{str(exponent).translate(SUPERSCRIPT)}" if exponent else ""


def ink(value: float) -> str:
    """Return the meaning of a number's colour: its sign, or wrong where it is not finite."""
    if not math.isfinite(value):
        return "wrong"
    return "positive" if value > 0 else "negative" if value < 0 else ""
