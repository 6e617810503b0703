"""The formula of one entry: which index stands where, and what is summed."""

from __future__ import annotations

import pytest

from backprop_tui.maths.entries import Entries
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
