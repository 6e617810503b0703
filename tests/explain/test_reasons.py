"""Why each step is as it is: one sentence for each kind, with its layer's numbers put in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from backprop_tui.explain.reasons import reason
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.model.optimizers import OPTIMIZERS
from tests.networks import experiments

CLASSIFIER = Network((2, 3, 1), ("sigmoid", "sigmoid"), "binary_cross_entropy")
REGRESSION = Network((2, 3, 2), ("relu", "tanh"), "half_squared_error")
SHARES = Network((2, 3, 2), ("relu", "softmax"), "cross_entropy")
JACOBIAN = Network((2, 3, 2), ("relu", "softmax"), "mean_squared_error")
ONE_LAYER = Network((2, 1), ("sigmoid",), "half_squared_error")
LINEAR = Network((2, 2, 1), ("linear", "sigmoid"), "binary_cross_entropy")

SUM_OF_PRODUCTS = "Each neuron multiplies inputs by weights, adds the products and adds its bias."
NON_LINEAR = "The activation is non-linear. Without it, two layers would equal one layer."

NO_BIAS = Network((2, 3, 1), ("sigmoid", "sigmoid"), "half_squared_error", bias=False)

ONE = Training()
MEAN = Training(batch=3)
SUM = Training(batch=3, reduction="sum")
ONE_SUM = Training(reduction="sum")


def sentence(symbol: str, network: Network = CLASSIFIER, training: Training = ONE) -> str:
    program = program_of(network, training)
    return reason(program.steps[program.index(symbol)], program)


@pytest.mark.parametrize(
    ("symbol", "network", "expected"),
    [
        (
            "Z1",
            CLASSIFIER,
            "Each neuron multiplies inputs by weights, adds the products and adds its bias.",
        ),
        (
            "Z2",
            CLASSIFIER,
            "Each neuron multiplies inputs by weights, adds the products and adds its bias.",
        ),
        (
            "A1",
            CLASSIFIER,
            "The activation is non-linear. Without it, two layers would equal one layer.",
        ),
        ("A1", LINEAR, "A1 is Z1: this layer and the next one together do no more than one layer."),
        ("Z1", NO_BIAS, "Each neuron multiplies inputs by weights and adds the products."),
        ("A2", CLASSIFIER, "The last activation turns each Z into a prediction."),
        ("A1", ONE_LAYER, "The last activation turns each Z into a prediction."),
        ("A2", SHARES, "Softmax turns each example's Z into shares that add up to 1."),
        ("A2", JACOBIAN, "Softmax turns each example's Z into shares that add up to 1."),
        (
            "L",
            CLASSIFIER,
            "Each example has one loss: the larger it is, the worse its prediction.",
        ),
        (
            "dA2",
            CLASSIFIER,
            "L depends directly on A2. The chain rule starts here: dA2 = ∂L/∂A2.",
        ),
        (
            "dA1",
            ONE_LAYER,
            "L depends directly on A1. The chain rule starts here: dA1 = ∂L/∂A1.",
        ),
        (
            "dZ2",
            CLASSIFIER,
            "dZ2 = dA2 ∘ σ′(Z2). The fractions cancel; prediction − target remains.",
        ),
        (
            "dZ2",
            SHARES,
            "Each Z changes all outputs of its example; the sum is prediction − target.",
        ),
        (
            "dZ2",
            REGRESSION,
            "Chain rule: ∂L/∂Z2 = ∂L/∂A2 · tanh′(Z2), element by element.",
        ),
        (
            "dZ1",
            CLASSIFIER,
            "Chain rule: ∂L/∂Z1 = ∂L/∂A1 · σ′(Z1), element by element.",
        ),
        (
            "dZ2",
            JACOBIAN,
            "Each Z changes all outputs of its example, so its effects are added up.",
        ),
        (
            "dA1",
            CLASSIFIER,
            "A1[j] affects each Z2 through column j of W2. Adding up gives W2ᵀ · dZ2.",
        ),
        (
            "W1",
            CLASSIFIER,
            "Subtract α · dW1. All gradients were computed before any parameter changed.",
        ),
        ("b2", CLASSIFIER, "The bias is updated in the same way: subtract α · db2."),
    ],
)
def test_each_kind_of_step_has_its_sentence(symbol: str, network: Network, expected: str) -> None:
    assert sentence(symbol, network) == expected


@pytest.mark.parametrize(
    ("training", "weight", "bias"),
    [
        (ONE, ". (One example: no 1/m.)", "."),
        (ONE_SUM, ".", "."),
        (MEAN, ", averaged over examples.", ", averaged over examples."),
        (SUM, ", summed over examples.", ", summed over examples."),
    ],
)
def test_the_gradients_of_parameters_say_how_examples_come_together(
    training: Training, weight: str, bias: str
) -> None:
    assert sentence("dW2", training=training) == (
        f"W[i,j] connects A[j] to Z[i]: dW[i,j] = dZ[i] · A[j]{weight}"
    )
    assert sentence("db2", training=training) == (
        f"The bias is added to Z, so ∂Z/∂b = 1 and db = dZ{bias}"
    )


def test_only_the_first_layer_reads_the_inputs() -> None:
    said = "W[i,j] connects X[j] to Z[i]: dW[i,j] = dZ[i] · X[j]. (One example: no 1/m.)"
    assert sentence("dW1") == said


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_with_weight_decay_an_update_of_a_weight_says_what_is_added(optimizer: str) -> None:
    decays = Training(optimizer=optimizer, weight_decay=0.1)
    weight, bias = (
        " ".join(
            reason(step, program)
            for program in [program_of(CLASSIFIER, decays)]
            for step in program.steps
            if step.phase == "update" and step.layer == 1 and step.role.part == part
        )
        for part in ("weight", "bias")
    )
    assert "dW1 + λ·W1" in weight
    assert "λ" not in bias


def test_with_weights_updated_too_early_no_sentence_says_that_all_gradients_came_first() -> None:
    early = program_of(CLASSIFIER, ONE, mistake=CATALOGUE["updated-weights"])
    updates = [reason(step, early) for step in early.steps if step.phase == "update"]
    assert updates[0] == "Subtract α · dW2."
    assert "All gradients" not in " ".join(updates)


def test_the_loss_of_a_batch_says_what_each_example_counts() -> None:
    assert sentence("J", training=MEAN) == (
        "J is the mean of all L: each example counts 1/m. Training aims to reduce J."
    )
    assert sentence("J", training=SUM) == (
        "J is the sum of all L: each example counts fully. Training aims to reduce J."
    )


@settings(max_examples=30)
@given(experiments())
def test_every_step_of_every_network_has_one_finished_sentence(experiment: Experiment) -> None:
    program = program_of(experiment.network, experiment.training)
    for step in program.steps:
        written = reason(step, program)
        assert written[0].isupper() or written.startswith(step.symbol)
        assert written.endswith((".", "(One example: no 1/m.)"))
        assert "{" not in written
        assert len(written) <= 78  # a line of the smallest screen


@settings(max_examples=30)
@given(experiments())
def test_where_nothing_is_averaged_no_sentence_says_so(experiment: Experiment) -> None:
    program, training = program_of(experiment.network, experiment.training), experiment.training
    for step in program.steps:
        written = reason(step, program)
        if training.batch == 1:
            assert "over examples" not in written
        if training.reduction == "sum":
            assert "averaged" not in written
            assert "1/m" not in written
