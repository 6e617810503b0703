"""The [formulas] of an experiment file: what they are read as, their faults, and when they go."""

from __future__ import annotations

import pytest

from backprop_tui import lessons
from backprop_tui.files.experiment_file import read_experiment
from backprop_tui.maths.writing import text
from tests.files.test_experiment_file import SMALL, changed, faults, read

FORMULAS = """
[formulas]
dW2 = "dZ2 @ A1.T / m"
W1 = "W1 -= lr * dW1"
A1 = "g1(Z1)"
"""


def test_a_learner_s_formulas_are_read_by_what_they_mean() -> None:
    e = read(SMALL + FORMULAS)
    assert {symbol: text(formula) for symbol, formula in e.formulas.items()} == {
        "dW2": "dZ2 · A1ᵀ / m",
        "W1": "W1 − α·dW1",
        "A1": "tanh(Z1)",
    }


def test_all_faults_of_formulas_are_told_and_a_wrong_value_is_none() -> None:
    assert read(SMALL + '[formulas]\ndZ2 = "Y − A2"').formulas
    wrong = """
[formulas]
dW3 = "dZ2"
dW2 = "dZ2 @"
db2 = "A1"
dZ2 = 3
dA1 = "dW1"
"""
    assert [line.replace("formulas.", "") for line in faults(SMALL + wrong)] == [
        "dW3 must be a step of this network, Z1, A1, Z2, A2, L, dA2, dZ2, dW2, db2, dA1, dZ1, dW1, "
        'db1, W1, b1, …, b2; got "dW3". Did you mean "dW2"?',
        "dW2 cannot be computed: expected a number, a matrix or “(”, found the end",
        "db2 cannot be computed: db2 must be 1×1 like b2, but this gives 3×1",
        "dZ2 must be one line of text; got 3",
        "dA1 cannot be computed: dW1 is not computed yet: that is step 12, and this is step 10",
    ]


@pytest.mark.parametrize(
    ("formula", "fault"),
    [
        ('A1 = "sinn(Z1)"', "formulas.A1 cannot be computed: there is no function “sinn”"),
        ('dZ2 = "dA2 ∘ g2′(Z2)"', "formulas.dZ2 cannot be computed: there is no function “g2′”"),
    ],
)
def test_a_formula_is_one_of_the_file_s_own_activations(formula: str, fault: str) -> None:
    (found,) = faults(f"{lessons.text('softmax')}\n[formulas]\n{formula}\n")
    assert found.startswith(fault)  # of softmax there is no derivative of one number


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[2, 3, 1]", "[2, 2147483648, 1]", "network.layers must make no more than 50,000,000"),
        ("[data]", "[training]\nbatch = 2147483648\n[data]", "training.batch must be no more than"),
    ],
)
def test_of_what_is_refused_for_its_size_nothing_is_computed(
    old: str, new: str, fault: str
) -> None:
    first, *_ = faults(changed(old, new) + '[formulas]\nA1 = "(exp(Z1) - exp(-Z1)) / 2"\n')
    assert first.startswith(fault)


def test_a_formula_must_fit_the_smaller_last_batch_too() -> None:
    three = changed("[[1, 2], [3, 4]]", "[[1, 2], [3, 4], [5, 6]]")
    three = three.replace("[[0], [1]]", "[[0], [1], [0]]") + "[training]\nbatch = 2\n"
    (fault,) = faults(three + '[formulas]\ndA2 = "A2 @ Y.T @ Y @ A2.T + sum(Y) * A2[1,1]"')
    assert "a step works on whole matrices" in fault
    (fault,) = faults(three + '[formulas]\ndW1 = "dZ1 @ X"')
    assert "dW1" in fault


def test_other_layers_leave_out_formulas_that_no_longer_fit() -> None:
    text_ = SMALL + '[formulas]\ndZ2 = "A2 - Y"\ndZ1 = "dA1*(1 - A1²)"\ndW1 = "dZ1 @ X.T"'
    same = read_experiment(text_, "small", "small.toml", {"layers": "2,4,1"})
    assert list(same.formulas) == ["dZ2", "dZ1", "dW1"]
    one_layer = read_experiment(text_, "small", "small.toml", {"layers": "2,1"})
    assert list(one_layer.formulas) == ["dZ1", "dW1"]
    assert list(read_experiment(text_, "s", "s.toml", {"seed": "3"}).formulas) == list(
        same.formulas
    )
