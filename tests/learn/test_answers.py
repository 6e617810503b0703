"""Numbers as people type them: a decimal comma, a true minus, fractions, small expressions."""

from __future__ import annotations

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.learn.answers import read_number


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        (",5", 0.5),
        (" −0.5 ", -0.5),
        ("-0,5", -0.5),
        ("+0.1", 0.1),
        ("−1/4", -0.25),
        ("0.5*0.2+1", 0.5 * 0.2 + 1),
        ("0,5·0,2", 0.1),
        ("1e-3", 1e-3),
        ("1,5e−3", 1.5e-3),
        ("2²", 4.0),
        ("σ(0)", 0.5),
        ("max(1, 2)", 2.0),
    ],
)
def test_a_number_is_read_as_it_is_written(typed: str, number: float) -> None:
    assert read_number(typed) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_written_out_in_full_reads_back_to_the_bit(number: float) -> None:
    assert read_number(repr(number)) == number
    assert read_number(repr(number).replace("-", "−").replace(".", ",")) == number


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "type a number"),
        ("1.234,5", "both a point and a comma"),
        ("1/0", "not a finite number"),
        ("0/0", "not a finite number"),
        ("1e999", "too large"),
        ("W1[1,2]", "only numbers are read here, not W1"),
        ("alpha", "only numbers are read here, not alpha"),
        ("1 < 2", "true or false"),
        ("row_sums(2)", "gathers over a matrix"),
        ("1 000", "expected a sign"),
        ("(1", "found the end"),
    ],
)
def test_what_is_no_number_is_refused_with_a_sentence(typed: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        read_number(typed)
    assert said in str(refused.value)


@given(st.text(max_size=30))
def test_whatever_is_typed_it_is_a_finite_number_or_refused(typed: str) -> None:
    try:
        number = read_number(typed)
    except ValueError:
        return
    assert isfinite(number)
