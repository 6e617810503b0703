"""How numbers stand on a worksheet: in decimals, in digits, or in full where that is short."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.explain.explanation import read_figure as read
from backprop_tui.exports.worksheet.by_hand import Rounding

DECIMALS, DIGITS = Rounding(3), Rounding(3, significant=True)
NUMBERS = st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-9)


@pytest.mark.parametrize(
    ("number", "decimals", "digits"),
    [
        (0.0, "0.000", "0"),
        (1.5, "1.500", "1.50"),
        (-0.0537, "−0.054", "−0.0537"),
        (5.394e-7, "5.39e−7", "5.39e−7"),  # as it stands on the screen
        (-1.2e9, "−1.200e9", "−1.20e9"),
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
    ("number", "loses"),
    [
        (0.054, False),
        (0.0, False),
        (0.1 + 0.2 - 0.3, False),  # a residue is 0
        (0.00437, True),  # one digit would be left of three
        (-5.39e-7, True),
        (123.4, False),
        (float("inf"), False),
        (float("nan"), False),
    ],
)
def test_decimals_lose_numbers_of_which_they_leave_one_digit(number: float, loses: bool) -> None:
    assert DECIMALS.loses(number) == loses
    assert not DIGITS.loses(number)


@pytest.mark.parametrize(
    ("rounding", "matrix", "figures"),
    [
        (DECIMALS, [[0.2, -0.6, 0.9, 0.1 + 0.7]], "0.2 −0.6 0.9 0.8"),  # a residue decides nothing
        (DECIMALS, [[1, 0, -1]], "1 0 −1"),
        (DECIMALS, [[1, 0.5, -0.25]], "1.00 0.50 −0.25"),
        (DECIMALS, [[0.1234, 2]], "0.1234 2.0000"),  # more than asked for, but not long
        (DECIMALS, [[0.12345, 2]], "0.123 2.000"),
        (DIGITS, [[0.00012345, 2, 1.25]], "0.000123 2.00 1.25"),  # decimals would lose the first
        (DIGITS, [[1.2e-10, 0.5, 100, 1.25]], "1.20e−10 0.500 100 1.25"),
    ],
)
def test_a_given_matrix_is_in_full_where_that_takes_few_decimals(
    rounding: Rounding, matrix: list[list[float]], figures: str
) -> None:
    (row,) = rounding.given_figures(np.array(matrix, dtype=float))
    assert " ".join(row) == figures
