"""The normal form: factors cancel, equal terms are collected, and the value stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.maths.expressions import Expr
from backprop_tui.maths.normal_form import (
    cancelled,
    divides_by_matrix,
    flat,
    multiplied_out,
    tidy,
)
from backprop_tui.maths.parser import parse
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text


@pytest.mark.parametrize(
    ("e", "form"),
    [
        ("−(Y ∘ (1 / A2))", "−Y / A2"),
        ("−Y + A2", "A2 − Y"),
        ("2 · (A2 − Y) / 2", "A2 − Y"),
        ("A2 / A2 − 1", "0"),
        ("A2 + A2", "2 · A2"),
        ("(A1ᵀ)ᵀ", "A1"),
        ("(W2 · A1)ᵀ", "A1ᵀ · W2ᵀ"),
        ("col_sums(−Y)", "−col_sums(Y)"),
        ("row_sums(A1 + Y)", "row_sums(A1 + Y)"),
        ("total(3 · Y ∘ A1)", "3 · total(Y ∘ A1)"),
        ("step(0 · Z1)", "step(0 · Z1)"),
        ("(W1 · X) · (2 · Y / 2)", "W1 · X · Y"),
        ("A1 · −Y + (−Y)ᵀ · (W1 · −X)", "Yᵀ·(W1 · X) − A1·Y"),
        ("A1 ∘ A1 / A1", "A1"),
        ("A1 ∘ A1", "A1 ∘ A1"),
        ("A1 ∘ (Y ∘ A2)", "A1 ∘ Y ∘ A2"),
        ("A1 ∘ relu(Y + Y)", "A1 ∘ relu(2 · Y)"),
        ("W2 · (A1 · 0)", "W2 · (A1 · 0)"),  # 0 would have no rows
        ("W2 · (A1 / A1)", "W2 · (A1 / A1)"),
        ("(A1 − A1)ᵀ", "(A1 − A1)ᵀ"),
        ("col_sums(A1 / A1)", "col_sums(A1 / A1)"),  # as many as A1 has rows, not 1
        ("A1 / 0", "A1 / 0"),
        ("step(0.99 · Z1)", "step(Z1)"),
        ("step(−0.99 · Z1)", "step(−0.99 · Z1)"),
        ("A1 ∘ (dA1 − col_sums(dA1 ∘ A1))", "A1 ∘ (dA1 − col_sums(dA1 ∘ A1))"),
    ],
)
def test_tidy(e: str, form: str) -> None:
    assert text(tidy(parse(e))) == form


def test_sigmoid_and_binary_cross_entropy_cancel_line_by_line() -> None:
    chain = flat(parse("((1 − Y) / (1 − A2) − Y / A2) ∘ (A2 ∘ (1 − A2))"))
    assert text(chain) == "((1 − Y) / (1 − A2) − Y / A2) ∘ A2 ∘ (1 − A2)"
    assert text(cancelled(chain)) == "(1 − Y) ∘ A2 − Y ∘ (1 − A2)"
    assert text(multiplied_out(cancelled(chain))) == "A2 − Y"


def test_what_holds_of_the_data_is_put_in() -> None:
    e = parse("A2 ∘ (−Y / A2 − col_sums(−Y / A2 ∘ A2))")
    assert text(multiplied_out(e)) == "A2 ∘ col_sums(Y) − Y"
    assert text(multiplied_out(e, {parse("col_sums(Y)"): parse("1")})) == "A2 − Y"


@pytest.mark.parametrize(("e", "does"), [("Y / A2", True), ("Y / m", False), ("A2 ∘ Y / 2", False)])
def test_a_division_by_a_matrix_is_found(e: str, does: bool) -> None:
    assert divides_by_matrix(parse(e)) is does


LEAVES = st.sampled_from([parse(s) for s in ("A2", "Y", "Z2", "1", "2", "1 − A2", "exp(Z2)")])


def _larger(smaller: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.one_of(
        smaller.map(lambda x: -x),
        st.builds(lambda x, y: x + y, smaller, smaller),
        st.builds(lambda x, y: x - y, smaller, smaller),
        st.builds(lambda x, y: x * y, smaller, smaller),
        st.builds(lambda x, y: x / y, smaller, LEAVES),
    )


@given(st.recursive(LEAVES, _larger, max_leaves=8))
def test_every_form_has_the_value_of_what_it_is_a_form_of(e: Expr) -> None:
    env = {"A2": np.array([[0.3, 0.6]]), "Y": np.array([[0.25, 0.7]]), "Z2": np.array([[1.5, -1]])}
    right = np.broadcast_to(value(e, env), (1, 2))
    for form in (tidy, cancelled, multiplied_out, flat):
        found = np.broadcast_to(value(form(e), env), (1, 2))
        assert found == pytest.approx(right, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("written", "is_shown"),
    [
        ("A1 / 3", "A1 / 3"),
        ("2 * A1 / 3 * B1", "2 · A1 ∘ B1 / 3"),
        ("A1 / 7 / Z1", "A1 / (7 · Z1)"),
        ("0.01 * A1", "0.01 · A1"),
    ],
)
def test_a_third_is_a_quotient_and_a_short_decimal_stays(written: str, is_shown: str) -> None:
    assert text(tidy(parse(written))) == is_shown
