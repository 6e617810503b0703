"""Numbers on the screen: a true minus, no sign before a zero, a width that is never exceeded."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backprop_tui.maths.numbers import (
    MOST_DECIMALS,
    added,
    alike,
    beside,
    cell_width,
    common_power,
    decimals_apart,
    fixed,
    ink,
    number,
    times_power,
    told_apart,
)

ANY = st.floats(allow_nan=True, allow_infinity=True)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.integers(0, MOST_DECIMALS)
WIDTHS = st.integers(5, 20)


def read(written: str) -> float:
    """The number that a person reads."""
    return float(written.replace("−", "-").replace("∞", "inf"))


@pytest.mark.parametrize(
    ("value", "decimals", "width", "written"),
    [
        (0.4079, 3, 6, "0.408"),
        (-0.5949, 3, 6, "−0.595"),
        (0.0, 3, 6, "0.000"),
        (-0.0, 3, 6, "0.000"),
        (0, 0, 5, "0"),
        (12.3456, 3, 6, "12.346"),
        (-12.3456, 3, 6, "−12.35"),
        (123456.7, 3, 6, "123457"),
        (-123456.7, 3, 6, "−1.2e5"),
        (1e300, 3, 6, "1e300"),
        (-1e300, 3, 6, "−1e300"),
        (1e-9, 3, 6, "1.0e−9"),
        (-1e-4, 3, 6, "−1e−4"),
        (-4.2e-4, 3, 6, "−4e−4"),
        (0.0001, 3, 6, "1.0e−4"),
        (0.0006, 3, 6, "0.001"),
        (0.4, 0, 6, "0.4"),
        (-0.04, 1, 6, "−4e−2"),
        (-1e-120, 3, 6, "−tiny"),
        (1e-120, 3, 5, "tiny"),
        (-1e-10, 3, 5, "−tiny"),
        (0.001, 0, 6, "0.001"),
        (0.00099, 0, 6, "9.9e−4"),
        (-0.001, 0, 5, "−1e−3"),
        (-1e100, 3, 5, "−1e100"),  # wider than tiny, which it is not
        (math.nan, 3, 6, "NaN"),
        (math.inf, 3, 6, "∞"),
        (-math.inf, 3, 6, "−∞"),
    ],
)
def test_fixed(value: float, decimals: int, width: int, written: str) -> None:
    assert fixed(value, decimals, width) == written


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (0.4079, 3, "0.408"),
        (-1.5, 1, "−1.5"),
        (0.0, 3, "0.000"),
        (-0.0, 3, "0.000"),
        (8.11e-6, 3, "8.11e−6"),
        (-1e9, 3, "−1.00e9"),
        (9_999_999.0, 1, "9999999.0"),
        (1e7, 1, "1.00e7"),
        (0.001, 3, "0.001"),
        (0.000999, 3, "9.99e−4"),
        (0.5, 0, "0.5"),
        (1.5, 0, "2"),
        (0.001, 0, "0.001"),
        (0.000999, 0, "9.99e−4"),
        (math.nan, 3, "NaN"),
        (-math.inf, 3, "−∞"),
    ],
)
def test_number(value: float, decimals: int, written: str) -> None:
    assert number(value, decimals) == written


@given(ANY, DECIMALS, WIDTHS)
def test_a_width_is_never_exceeded(value: float, decimals: int, width: int) -> None:
    """But for a negative number of a hundred digits in five columns: −1e300 takes six."""
    written = fixed(value, decimals, width)
    huge = math.isfinite(value) and value < -9e99
    assert len(written) <= (max(width, 6) if huge else width)


@given(ANY, DECIMALS, WIDTHS)
def test_the_minus_is_a_true_one(value: float, decimals: int, width: int) -> None:
    for written in (fixed(value, decimals, width), number(value, decimals)):
        assert "-" not in written
        assert written.startswith("−") == (value < 0)


@given(st.floats(-1e300, 1e300), DECIMALS, st.integers(8, 400))
def test_fixed_is_as_near_as_its_decimals_tell(value: float, decimals: int, width: int) -> None:
    written = fixed(value, decimals, width)
    if "e" in written or float(f"{value:.{decimals}f}") == 0:
        assert read(written) == pytest.approx(value, rel=0.51)
    else:
        _, _, behind = written.partition(".")
        assert (
            abs(read(written) - value)
            <= 0.5 * 10.0 ** -len(behind) * (1 + 1e-9) + abs(value) * 1e-15
        )


@given(FINITE, DECIMALS)
def test_no_more_digits_than_asked_for(value: float, decimals: int) -> None:
    below_one = decimals == 0 and abs(value) < 1  # told by one digit, rather than as zero
    for written in (fixed(value, decimals, 400), fixed(value, decimals, 6)):
        if "e" not in written and not (below_one and round(value) == 0):
            assert len(written.partition(".")[2]) <= decimals
    if "e" not in (written := number(value, decimals)) and not below_one:
        assert len(written.partition(".")[2]) == decimals


@given(st.floats(-9.99, 9.99), DECIMALS)
def test_a_number_of_one_digit_fits_its_cell_with_a_mark(value: float, decimals: int) -> None:
    written = fixed(value, decimals, cell_width(decimals) - 1)
    usual = f"{value + 0.0 if value else 0.0:.{decimals}f}".replace("-", "−")
    assert len(written) <= cell_width(decimals) - 1
    assert written == usual or (value != 0 and read(usual) == 0)


@given(FINITE.filter(bool), DECIMALS, WIDTHS)
def test_only_zero_is_written_as_zero(value: float, decimals: int, width: int) -> None:
    """So −0.000 is never shown, and a sum of 0.0001 that opens the gate of a ReLU is not 0.000."""
    assert read(number(value, decimals)) != 0
    written = fixed(value, decimals, width)
    assert written.removeprefix("−") == "tiny" or read(written) != 0


def test_common_power_is_taken_out_in_thousands() -> None:
    assert common_power([np.array([[0.5, 1e-9]])], 3) == 0
    assert common_power([np.array([[0.009]]), np.array([[-0.0004]])], 3) == -3
    assert common_power([np.array([[-2e-7]])], 3) == -6
    assert common_power([np.array([[0.01]])], 3) == 0
    assert common_power([np.array([[0.0099]])], 3) == -3
    assert common_power([np.array([[0.5]])], 1) == -3
    assert common_power([np.array([[1e-9]])], 0) == 0  # of whole numbers there is none
    assert common_power([np.array([[1e-310]])], 3) == -300
    assert common_power([], 3) == 0
    assert common_power([np.zeros((2, 2))], 3) == 0
    assert common_power([np.array([[math.nan, math.inf]])], 3) == 0
    assert common_power([np.array([[math.nan, 2e-5]])], 3) == -3


@given(st.lists(FINITE, min_size=1, max_size=6), st.integers(1, MOST_DECIMALS))
def test_under_a_common_power_the_largest_number_shows(values: list[float], decimals: int) -> None:
    array = np.array([values])
    power = common_power([array], decimals)
    largest = float(np.abs(array).max())
    assert power <= 0
    assert power % 3 == 0
    if largest > 1e-290:
        assert round(largest * 10.0**-power, decimals) != 0
    if power:
        assert largest * 10.0**-power < 1000


def test_a_power_is_written_as_in_print() -> None:
    assert times_power(-12) == "× 10⁻¹²"
    assert times_power(0) == ""


def test_ink_is_the_sign() -> None:
    assert [ink(v) for v in (2.0, -2.0, 0.0, -0.0)] == ["positive", "negative", "", ""]
    assert {ink(v) for v in (math.nan, math.inf, -math.inf)} == {"wrong"}


@given(st.floats(allow_nan=False), st.floats(allow_nan=False), st.integers(0, 10))
def test_two_numbers_are_told_apart(value: float, other: float, decimals: int) -> None:
    assume(value != other)
    one, another = told_apart(value, other, decimals)
    assert one != another
    if number(value, decimals) != number(other, decimals):
        assert (one, another) == (number(value, decimals), number(other, decimals))


@pytest.mark.parametrize(
    ("value", "limit", "decimals", "written"),
    [
        (0.51, None, 1, "0.5"),
        (0.5, 0.5, 3, "0.500"),
        (0.51, 0.5, 1, "0.51"),
        (0.4996, 0.5, 3, "0.4996"),
        (0.49999996, 0.5, 3, "<0.5"),  # more decimals do not fit
        (0.50000004, 0.5, 3, ">0.5"),
    ],
)
def test_a_number_beside_its_limit_differs_from_it(
    value: float, limit: float | None, decimals: int, written: str
) -> None:
    assert beside(value, limit, decimals, 6) == written


def test_decimals_that_tell_two_numbers_apart() -> None:
    assert decimals_apart(0.51, 0.5, 1) == 2
    assert decimals_apart(0.51, 0.5, 3) == decimals_apart(0.5, 0.5, 3) == 3


def test_a_cell_has_room_for_its_number_its_sign_and_its_mark_and_has_7_columns_at_least() -> None:
    assert [cell_width(decimals) for decimals in (0, 3, 4, 12)] == [7, 7, 8, 16]


def test_neighbours_among_floats_are_told_apart_by_17_decimals_or_in_full() -> None:
    above = math.nextafter
    assert told_apart(0.1, above(0.1, 1), 3) == ("0.10000000000000001", "0.10000000000000002")
    assert told_apart(0.01, above(0.01, 1), 3) == ("0.01", "0.010000000000000002")
    assert decimals_apart(0.01, above(0.01, 1), 3) == 3


def test_they_are_told_apart_by_no_more_decimals_than_that_takes() -> None:
    assert told_apart(0.15, 0.14, 3) == ("0.150", "0.140")
    assert told_apart(0.14983, 0.14979, 4) == ("0.14983", "0.14979")
    assert told_apart(0.15, 0.15, 3) == ("0.150", "0.150")
    assert told_apart(math.nan, math.nan, 3) == ("NaN", "NaN")


@pytest.mark.parametrize(
    ("terms", "total"),
    [
        ([0.1] * 10, 1.0),
        ([1e308, 1e308], math.inf),
        ([math.inf, -math.inf], math.nan),
        ([-math.inf, 1.0], -math.inf),
        ([], 0.0),
    ],
)
def test_a_sum_is_exact_or_beyond_numbers(terms: list[float], total: float) -> None:
    assert added(iter(terms)) == pytest.approx(total, abs=0, rel=0, nan_ok=True)


def test_numbers_are_alike_however_large_and_nothing_is_warned_of() -> None:
    huge, here = (
        np.array([1e308, math.inf, math.nan, 1.0]),
        np.array([-1e308, math.inf, math.nan, 1.1]),
    )
    assert alike(huge, here, 0.2).tolist() == [False, True, True, True]
    assert alike(huge, here, 0.0).tolist() == [False, True, True, False]
