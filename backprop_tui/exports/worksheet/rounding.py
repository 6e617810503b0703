"""How the numbers of a worksheet are rounded: to decimals, or to digits where those would be lost.

What stands on a sheet is a text, and a pencil knows no more of a number than that: `read` is what
the text says. Nothing here knows of networks or of paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from backprop_tui.model.experiment import Array

DUST = 1e-14
"""What the last bits of floats add up to, where a sum should be 0."""
EXACT = 4
"""Decimals up to which a given number is written in full, however the others are rounded."""
LARGEST = 100.0
"""What a pencil still multiplies, where numbers are rounded to decimals."""
PLAIN = range(-4, 3)
"""Places of a number's first digit that need no power of ten: from 0.000123 to 999."""


@dataclass(frozen=True)
class Rounding:
    """So many decimals; or so many significant digits, for numbers of any size."""

    digits: int
    significant: bool = False

    def __str__(self) -> str:
        """3 decimals"""
        if self.digits == 0:
            return "whole numbers"
        what = "significant digit" if self.significant else "decimal"
        return f"{self.digits} {what}{'' if self.digits == 1 else 's'}"

    def figure(self, number: float) -> str:
        """The number as it is asked for: 0.054, −1.20, 5.39e−7, ∞."""
        if not math.isfinite(number):
            return "NaN" if math.isnan(number) else "∞" if number > 0 else "−∞"
        if not self.significant:
            return _fixed(number, self.digits)
        if abs(number) <= DUST:
            return "0"
        digits, _, power = f"{number:.{self.digits - 1}e}".partition("e")
        if (first := int(power)) in PLAIN:
            return _fixed(float(f"{digits}e{power}"), max(0, self.digits - 1 - first))
        return f"{digits}e{first}".replace("-", "−")

    def unit(self, number: float) -> float:
        """What one is worth in the last digit of the number's figure; 0 and ∞ have no last one."""
        if not self.significant:
            return float(10.0**-self.digits)
        if abs(number) <= DUST or not math.isfinite(number):
            return 0.0
        first = int(f"{number:.{self.digits - 1}e}".partition("e")[2])
        return float(10.0 ** (first + 1 - self.digits))

    def suits(self, number: float) -> bool:
        """Whether a pencil likes the figure: it loses no digits, and is soon written."""
        size = abs(number)
        if not math.isfinite(size):
            return False
        if self.significant:
            return "e" not in self.figure(number)
        return size <= LARGEST and (size >= 9.95 * self.unit(size) or _is_short(size, self.digits))

    def legible(self, number: float) -> str:
        """A number that is told: one that would lose its digits keeps them."""
        if self.significant or self.suits(number):
            return self.figure(number)
        return self.in_digits.figure(number)

    @property
    def in_digits(self) -> Rounding:
        """As many significant digits, at least one."""
        return Rounding(max(1, self.digits), significant=True)

    def figures(self, given: Array) -> list[tuple[str, ...]]:
        """A given matrix, row by row, with one number of decimals: in full if that is short."""
        numbers = given.ravel().tolist()
        for decimals in range(max(EXACT, self.digits) + 1):
            if all(_is_short(number, decimals) for number in numbers):
                return _rows(given, partial(_fixed, decimals=decimals))
        if not self.significant and all(map(self.suits, numbers)):
            return _rows(given, self.figure)
        return _rows(given, self._as_short_as_exact)

    def _as_short_as_exact(self, number: float) -> str:
        if _is_short(number, EXACT):
            return _fixed(number, next(d for d in range(EXACT + 1) if _is_short(number, d)))
        return self.in_digits.figure(number)


def read(figure: str) -> float:
    """What a figure says."""
    return float(figure.replace("−", "-").replace("∞", "inf"))


def _fixed(number: float, decimals: int) -> str:
    return f"{number:z.{decimals}f}".replace("-", "−")


def _is_short(number: float, decimals: int) -> bool:
    """Whether so many decimals say all of it."""
    return abs(round(number, decimals) - number) <= DUST + 1e-12 * abs(number)


def _rows(matrix: Array, figure: Callable[[float], str]) -> list[tuple[str, ...]]:
    return [tuple(map(figure, row)) for row in matrix.tolist()]
