"""The formula of one entry: which index stands where, and what is summed."""

from __future__ import annotations

import pytest

from backprop_tui.maths.entries import Entries
from backprop_tui.maths.expressions import Call, Indexed
from backprop_tui.maths.parser import parse
from backprop_tui.maths.writing import text

SHAPES = {"X": (3, 2), "W": (4, 3), "b": (4, 1), "r": (1, 2)}


@pytest.mark.parametrize(
    ("formula", "entry"),
    [
        ("X", "X[i,j]"),
        ("Xᵀ", "X[j,i]"),
        ("b", "b[i]"),
        ("r", "r[1,j]"),
        ("W·X + b", "Σₚ W[i,p]·X[p,j] + b[i]"),
        ("row_sums(X)", "Σₚ X[i,p]"),
        ("col_sums(X)", "Σₚ X[p,j]"),
        ("total(X)", "Σₚ Σₜ X[p,t]"),
        ("tanh(X)", "tanh(X[i,j])"),
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
