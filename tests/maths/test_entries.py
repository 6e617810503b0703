"""The formula of one entry: which index stands where, and what is summed."""

from __future__ import annotations

import pytest

from backprop_tui.maths.entries import (
    ONE,
    ZERO,
    Entries,
    at_place,
    negated,
    plus,
    products,
    settled,
    sum_of,
    times,
    unsigned,
)
from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Delta,
    Diff,
    Div,
    Expr,
    Indexed,
    Name,
    Neg,
    Num,
    Sum,
    SumOver,
)
from backprop_tui.maths.parser import parse
from backprop_tui.maths.writing import text

SHAPES = {"X": (3, 2), "W": (4, 3), "b": (4, 1), "r": (1, 2), "s": (1, 1)}


@pytest.mark.parametrize(
    ("formula", "entry"),
    [
        ("X", "X[i,j]"),
        ("Xᵀ", "X[j,i]"),
        ("b", "b[i]"),
        ("r", "r[1,j]"),
        ("s", "s"),
        ("col_sums(Xᵀ) ∘ s", "Σₚ X[j,p] · s"),
        ("row_means(X)", "Σₚ X[i,p] / 2"),
        ("mean(W)", "Σₚ Σₜ W[p,t] / 12"),
        ("row_sums(b)", "b[i]"),
        ("W·X + b", "Σₚ W[i,p]·X[p,j] + b[i]"),
        ("row_sums(X)", "Σₚ X[i,p]"),
        ("col_sums(X)", "Σₚ X[p,j]"),
        ("total(X)", "Σₚ Σₜ X[p,t]"),
        ("tanh(X)", "tanh(X[i,j])"),
        ("softmax(X)", "exp(X[i,j]) / Σₚ exp(X[p,j])"),
        ("softmax_rows(X)", "exp(X[i,j]) / Σₚ exp(X[i,p])"),
        ("X / col_sums(X) ∘ s", "(X[i,j] / Σₚ X[p,j]) · s"),  # the sum is no sum over s
        ("col_max(X)", "max(X[1,j], X[2,j], X[3,j])"),
        ("row_max(X)", "max(X[i,1], X[i,2])"),
        ("largest(r)", "max(r[1,1], r[1,2])"),
        ("row_max(b)", "b[i]"),
    ],
)
def test_an_entry_of_each_kind_of_formula(formula: str, entry: str) -> None:
    assert text(Entries(SHAPES).of(parse(formula), "i", "j")) == entry


@pytest.mark.parametrize(
    ("softmax", "derivative"),
    [
        ("softmax", "P[p,j] · ([p=i] − P[i,j]) · [j=t]"),
        ("softmax_rows", "P[p,j] · ([j=t] − P[p,t]) · [p=i]"),
    ],
)
def test_a_softmax_depends_on_its_own_column_or_row_alone(softmax: str, derivative: str) -> None:
    call, entry = Call(softmax, (Indexed("X", "p", "j"),)), Indexed("P", "p", "j")
    assert text(Entries(SHAPES).derivative(call, Indexed("X", "i", "t"), entry)) == derivative


@pytest.mark.parametrize(
    ("formula", "derivative"),
    [
        ("2 ∘ row_sums(X)", "2 · Σₚ [i=k]·[p=l]"),
        ("W·X", "Σₚ W[i,p]·([p=k] · [j=l])"),
        ("W·Wᵀ", "0"),
    ],
)
def test_a_derivative_by_an_entry_has_deltas_where_it_is_read(
    formula: str, derivative: str
) -> None:
    entries, by, c = Entries(SHAPES), Indexed("X", "k", "l"), Indexed("Z", "i", "j")
    found = entries.derivative(entries.of(parse(formula), "i", "j"), by, c)
    assert text(found) == derivative


p, q = Name("x"), Name("y")
A, B = Indexed("A", "i", "k"), Indexed("B", "k", "j")


def test_what_changes_nothing_is_left_out() -> None:
    assert (times(ZERO, p), times(p, ZERO)) == (ZERO, ZERO)
    assert (times(ONE, p), times(p, ONE), text(times(p, q))) == (p, p, "x ∘ y")
    assert (plus(ZERO, p), plus(p, ZERO), text(plus(p, q))) == (p, p, "x + y")
    assert text(plus(p, Neg(q) * p)) == "x − y ∘ x"
    assert text(plus(p, Neg(q) / p)) == "x − y / x"


def test_the_minus_of_a_product_is_at_its_first_factor() -> None:
    assert unsigned(Neg(p) * q) == (True, p * q)
    assert unsigned(Neg(p) / q) == (True, p / q)
    assert unsigned(p * Neg(q)) == (False, p * Neg(q))
    assert negated(p * q) == Neg(p) * q
    assert negated(p / q) == Neg(p) / q
    assert negated(p) == Neg(p)


def test_at_a_place_letters_are_numbers_and_a_sum_has_its_terms() -> None:
    place = {"i": 2, "j": 3}
    assert at_place(SumOver("k", 2, A * B), place) == Sum(
        (
            Cell("A", 2, 1) * Cell("B", 1, 3),
            Cell("A", 2, 2) * Cell("B", 2, 3),
        )
    )
    assert at_place(Indexed("b", "i", ""), place) == Cell("b", 2, 1)
    assert at_place(Indexed("r", "1", "j"), place) == Cell("r", 1, 3)
    assert at_place(Indexed("X", "3", "j"), place) == Cell("X", 3, 3)
    assert at_place(Indexed("c", "", "j"), place) == Cell("c", 1, 3)
    assert at_place(Delta("i", "j"), place) == ZERO
    assert at_place(Delta("1", "i"), {"i": 1}) == at_place(Delta("i", "1"), {"i": 1}) == ONE
    assert at_place(Delta("i", "j"), {"i": 3, "j": 3}) == ONE


@pytest.mark.parametrize(
    ("e", "found"),
    [
        (SumOver("k", 2, A * Delta("k", "j")), "A[i,j]"),  # by its first letter, by its second
        (SumOver("k", 2, A * Delta("j", "k")), "A[i,j]"),
        (SumOver("k", 2, Delta("k", "j") * Delta("k", "p")), "[j=p]"),
        (A * Delta("i", "j"), "A[i,k] · [i=j]"),  # nothing is summed: it stays
        (SumOver("k", 2, A * B), "Σₖ A[i,k]·B[k,j]"),
        (SumOver("k", 2, A * p), "x · Σₖ A[i,k]"),
        (Diff(Delta("i", "j"), p), "[i=j] − x"),
        (Diff(p, Delta("i", "j")) * q, "x ∘ y − [i=j]·y"),
        (Neg(p) * Delta("i", "j") + q, "y − x·[i=j]"),
        (Neg(p), "−x"),
        (Num(3.0) * p, "3 · x"),
        (p * Div(ONE, p) * q, "y"),
        (Div(p, q), "x / y"),
    ],
)
def test_a_delta_leaves_one_term_of_its_sum(e: Expr, found: str) -> None:
    assert text(sum_of(settled(products(e)))) == found


def test_a_sum_without_a_delta_stays_in_its_parentheses() -> None:
    assert text(sum_of(products((p + q) * p))) == "(x + y) ∘ x"
    assert text(sum_of(products(Diff(p, q) * p))) == "(x − y) ∘ x"


def test_what_is_added_stands_before_what_is_subtracted_in_the_order_given() -> None:
    found = [(-1.0, (p,), ()), (2.0, (q,), ()), (0.5, (p,), ())]
    assert text(sum_of(found)) == "2·y + 0.5·x − x"


def test_an_example_of_shares_adds_up_to_1() -> None:
    Y = Indexed("Y", "k", "j")
    one, two = SumOver("k", 2, Y * p), SumOver("k", 2, A * Y)
    assert text(sum_of(products(one), {"Y"})) == "x"
    assert text(sum_of(products(one))) == "x · Σₖ Y[k,j]"
    assert text(sum_of(products(two), {"Y"})) == "Σₖ A[i,k]·Y[k,j]"
