"""How numbers stand on a worksheet: in decimals, in digits, or in full where that is short."""

from __future__ import annotations

import numpy as np
import pytest
from backprop_tui.exports.rounding import Rounding, read
from hypothesis import given
from hypothesis import strategies as st

DECIMALS, DIGITS = Rounding(3), Rounding(3, significant=True)
NUMBERS = st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-9)


@pytest.mark.parametrize(
    ("number", "decimals", "digits"),
    [
        (0.0, "0.000", "0"),
        (1.5, "1.500", "1.50"),
        (-0.0537, "−0.054", "−0.0537"),
        (5.394e-7, "0.000", "5.39e−7"),
        (-1.2e9, "−1200000000.000", "−1.20e9"),
        (999.6, "999.600", "1.00e3"),
        (float("-inf"), "−∞", "−∞"),
        (float("nan"), "NaN", "NaN"),
    ],
)
def test_a_number_is_rounded_as_asked(number: float, decimals: str, digits: str) -> None:
    assert (DECIMALS.figure(number), DIGITS.figure(number)) == (decimals, digits)


@pytest.mark.parametrize("number", [0.0, float("inf"), float("-inf"), float("nan")])
def test_nothing_and_what_is_not_finite_have_no_last_digit(number: float) -> None:
    assert DIGITS.unit(number) == 0


def test_it_is_said_in_words() -> None:
    said = [str(Rounding(1)), str(DECIMALS), str(DIGITS), str(Rounding(0))]
    assert said == ["1 decimal", "3 decimals", "3 significant digits", "whole numbers"]


@given(NUMBERS, st.sampled_from((DECIMALS, DIGITS)))
def test_a_figure_is_half_a_unit_from_its_number_at_most(x: float, rounding: Rounding) -> None:
    assert abs(read(rounding.figure(x)) - x) <= 0.5001 * rounding.unit(x) + 1e-7 * abs(x)


@pytest.mark.parametrize(
    ("number", "decimals", "digits"),
    [
        (0.054, True, True),
        (0.0, True, True),
        (0.1 + 0.2 - 0.3, True, True),  # dust is 0
        (0.004, True, True),  # exactly that: nothing is lost
        (0.00437, False, True),  # one digit would be left of three
        (5.39e-7, False, False),
        (123.4, False, True),
        (1.2e9, False, False),
        (float("inf"), False, False),
    ],
)
def test_a_pencil_likes_what_keeps_its_digits_and_is_soon_written(
    number: float, decimals: bool, digits: bool
) -> None:
    assert (DECIMALS.suits(number), DIGITS.suits(number)) == (decimals, digits)


def test_a_number_that_is_told_keeps_its_digits() -> None:
    assert [DECIMALS.legible(x) for x in (0.5, 0.00437)] == ["0.500", "0.00437"]


@pytest.mark.parametrize(
    ("matrix", "figures"),
    [
        ([[0.2, -0.6, 0.9, 0.1 + 0.7]], "0.2 −0.6 0.9 0.8"),  # dust decides nothing
        ([[1, 0, -1]], "1 0 −1"),
        ([[1, 0.5, -0.25]], "1.00 0.50 −0.25"),
        ([[0.1234, 2]], "0.1234 2.0000"),  # more than asked for, but not long
        ([[0.12345, 2]], "0.123 2.000"),
        ([[0.00012345, 2, 1.25]], "0.000123 2 1.25"),  # decimals would lose the first
        ([[1.2e-10, 0.5, 100, 1.25]], "1.20e−10 0.5 100 1.25"),
    ],
)
def test_a_given_matrix_has_one_number_of_decimals_unless_that_loses_a_number(
    matrix: list[list[float]], figures: str
) -> None:
    (row,) = DECIMALS.figures(np.array(matrix))
    assert " ".join(row) == figures
