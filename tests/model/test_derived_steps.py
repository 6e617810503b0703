"""The backward steps that the rules derive are those that were written by hand, tree by tree."""

from __future__ import annotations

from itertools import product

import pytest

from backprop_tui.maths.functions import ACTIVATIONS, DEFINITIONS, LOSSES
from backprop_tui.maths.writing import text
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.network import OPTIMIZERS, Network, Training
from tests.model import by_hand
from tests.networks import ELEMENTWISE

BATCHES = ((1, "mean"), (4, "mean"), (4, "sum"))


def assert_as_by_hand(network: Network, training: Training) -> None:
    steps = program_of(network, training).steps
    written = [(step.target, step.expression, step.derivation) for step in steps]
    assert written == list(by_hand.steps(network, training))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("last", ACTIVATIONS)
def test_every_network_has_the_steps_written_by_hand(last: str, loss: str) -> None:
    every = [(1, ""), *product((2, 3), ELEMENTWISE)]
    for (depth, hidden), outputs in product(every, (1, 3)):
        network = Network(
            (2, *(3,) * (depth - 1), outputs), (hidden,) * (depth - 1) + (last,), loss
        )
        for batch, reduction in BATCHES:
            assert_as_by_hand(network, Training(batch=batch, reduction=reduction))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_way_of_training_has_the_steps_written_by_hand(optimizer: str) -> None:
    network = Network((3, 4, 4, 2), (*ELEMENTWISE[:2], "softmax"), "cross_entropy")
    frozen = ((), ("b1",), ("W1", "b2"), ("W1", "b1", "W2", "b2", "W3", "b3"))
    for (batch, reduction), freeze, decay in product(BATCHES, frozen, (0.0, 0.1)):
        training = Training(
            batch=batch,
            reduction=reduction,
            freeze=freeze,
            optimizer=optimizer,
            weight_decay=decay,
        )
        assert_as_by_hand(network, training)


def test_a_network_of_unlike_layers_has_the_steps_written_by_hand() -> None:
    layers, activations = (1, 4, 1, 3, 2, 1), ("tanh", "relu", "leaky_relu", "linear", "sigmoid")
    for loss, (batch, reduction) in product(LOSSES, BATCHES):
        assert_as_by_hand(
            Network(layers, activations, loss), Training(0.5, batch, "sequential", reduction)
        )


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_derivative_of_an_activation_is_the_one_written_by_hand(name: str) -> None:
    assert DEFINITIONS[f"{name}_derivative"] == by_hand.SLOPES[name]


def test_one_example_and_one_output_have_no_sums() -> None:
    article = Network((3, 3, 1), ("sigmoid", "sigmoid"), "binary_cross_entropy")
    steps = {step.symbol: text(step.expression) for step in program_of(article, Training()).steps}
    assert steps["L"] == "−(Y ∘ log(A2) + (1 − Y) ∘ log(1 − A2))"
    assert steps["db1"] == "dZ1"
    assert not any("_sums" in formula for formula in steps.values())


def test_each_sum_is_left_out_by_itself() -> None:
    several = Network((3, 3, 2), ("sigmoid", "sigmoid"), "binary_cross_entropy")
    one_example = {s.symbol: text(s.expression) for s in program_of(several, Training()).steps}
    assert "col_sums" in one_example["L"]
    assert one_example["db2"] == "dZ2"
    one_output = Network((3, 3, 1), ("sigmoid", "sigmoid"), "binary_cross_entropy")
    batch = {s.symbol: text(s.expression) for s in program_of(one_output, Training(batch=4)).steps}
    assert "col_sums" not in batch["L"]
    assert batch["db2"] == "row_sums(dZ2) / m"


def test_without_biases_no_step_has_or_reads_one() -> None:
    network = Network((3, 2, 1), ("tanh", "sigmoid"), "half_squared_error", bias=False)
    program = program_of(network, Training(batch=2, optimizer="adam"))
    assert {role.part for role in program.roles.values()}.isdisjoint({"bias"})
    assert program.parameters == ("W1", "W2")
    assert text(program.steps[0].expression) == "W1 · X"


def test_the_gradient_of_the_input_comes_last_and_changes_no_other_step() -> None:
    network = Network((3, 2, 1), ("tanh", "sigmoid"), "half_squared_error")
    without, asked = (
        program_of(network, Training(batch=4, input_gradient=on)) for on in (False, True)
    )
    assert asked.gradients == (*without.gradients, "dX")
    dX = asked.steps[asked.index("dX")]
    assert text(dX.expression) == "W1ᵀ · dZ1"  # of each example's own L: no 1/m
    assert tuple(step for step in asked.steps if step is not dX) == without.steps


def test_the_gradient_of_the_input_of_a_single_layer_comes_behind_its_parameters() -> None:
    network = Network((2, 1), ("sigmoid",), "half_squared_error")
    program = program_of(network, Training(input_gradient=True))
    assert program.gradients == ("dA1", "dZ1", "dW1", "db1", "dX")


def test_a_name_that_is_anothers_is_not_read_in_its_place() -> None:
    network = Network((3, 3, 1), ("sigmoid", "sigmoid"), "binary_cross_entropy")
    program = program_of(network, Training())
    assert text(program.lowered[program.index("dA1")]) == "W2ᵀ · dZ2"
