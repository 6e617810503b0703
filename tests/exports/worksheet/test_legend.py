"""What the signs on a sheet mean: each that occurs has its words, and no other."""

from __future__ import annotations

import pytest

from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.worksheet.legend import CONSTANTS, legend, network_line
from backprop_tui.exports.worksheet.sheet import Worksheet, sheets
from backprop_tui.maths.expressions import SCALARS
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Timeline
from tests.networks import ARTICLE, experiment


def sheet(e: Experiment, *blanks: str) -> Worksheet:
    (found,) = sheets(Timeline(e), Wanted(blanks=blanks))
    return found


def batch(training: Training) -> Experiment:
    network = Network((2, 1), ("sigmoid",), "half_squared_error")
    return experiment(network, training, [[1.0, 2.0], [0.5, 0.1]], [[1.0, 0.0]])


def test_every_single_number_of_the_notation_is_told() -> None:
    assert CONSTANTS.keys() == SCALARS


@pytest.mark.parametrize(
    ("training", "said"),
    [
        (Training(), "dZ means ∂L/∂Z, the gradient of L, the loss; dW likewise"),
        (Training(batch=2), "dW means ∂J/∂W, the gradient of J, the mean of all L"),
        (
            Training(batch=2, reduction="sum"),
            "dW means ∂J/∂W, the gradient of J, the sum of all L",
        ),
        (
            Training(batch=2, l2=0.1),
            "dW means ∂J/∂W, the gradient of J, the mean of all L, plus the L2 penalty",
        ),
        (Training(l2=0.1), "dW means ∂J/∂W, the gradient of J, L, plus the L2 penalty"),
    ],
)
def test_the_objective_is_named_as_it_is(training: Training, said: str) -> None:
    assert said in legend(sheet(batch(training), "dW1"))


@pytest.mark.parametrize(("examples", "told"), [(1, False), (2, True)])
def test_several_examples_are_counted(examples: int, told: bool) -> None:
    said = network_line(sheet(batch(Training(batch=examples))))
    assert (f"{examples} examples, a column each" in said) == told


@pytest.mark.parametrize(
    ("blank", "sign", "occurs"),
    [
        ("W1", "←: the matrix on the left is replaced", True),
        ("dW1", "←: the matrix on the left is replaced", False),
        ("dZ1", "∘: the product element by element", True),
        ("Z1", "∘: the product element by element", False),
        ("dW1", "T above a matrix: its transpose", True),
        ("Z1", "T above a matrix: its transpose", False),
        ("Z1", "· between matrices: the matrix product", True),
        ("A1", "· between matrices: the matrix product", False),
        ("A1", "exp(x): e to the power of x, with e = 2.718…", True),
        ("Z1", "exp(x): e to the power of x, with e = 2.718…", False),
        ("L", "log: the natural logarithm, to base e", True),
        ("A1", "log: the natural logarithm, to base e", False),
    ],
)
def test_a_sign_is_told_where_it_occurs_and_nowhere_else(
    blank: str, sign: str, occurs: bool
) -> None:
    assert (sign in legend(sheet(ARTICLE, blank))) == occurs


def test_the_step_of_relu_is_told() -> None:
    network = Network((2, 2, 1), ("relu", "sigmoid"), "half_squared_error")
    relu = experiment(network, Training(), [[1.0], [2.0]], [[1.0]])
    step = "1[z > 0]: 1 where z > 0, else 0"
    assert step in legend(sheet(relu, "dZ1"))
    assert step not in legend(sheet(relu, "Z1"))
