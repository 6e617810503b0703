"""Why each step is as it is: one sentence for each kind, with its layer's numbers put in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from backprop_tui.explain.reasons import reason
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from tests.networks import experiments

CLASSIFIER = Network((2, 3, 1), ("sigmoid", "sigmoid"), "binary_cross_entropy")
REGRESSION = Network((2, 3, 2), ("relu", "tanh"), "half_squared_error")
SHARES = Network((2, 3, 2), ("relu", "softmax"), "cross_entropy")
JACOBIAN = Network((2, 3, 2), ("relu", "softmax"), "mean_squared_error")
ONE_LAYER = Network((2, 1), ("sigmoid",), "half_squared_error")

ONE = Training()
MEAN = Training(batch=3)
SUM = Training(batch=3, reduction="sum")
ONE_SUM = Training(reduction="sum")


def sentence(symbol: str, network: Network = CLASSIFIER, training: Training = ONE) -> str:
    program = program_of(network, training)
    return reason(program.steps[program.index(symbol)], network, training)


@pytest.mark.parametrize(
    ("symbol", "network", "expected"),
    [
        ("Z1", CLASSIFIER, "Each neuron weighs its inputs, adds them up and adds its bias."),
        ("Z2", CLASSIFIER, "Each neuron weighs its inputs, adds them up and adds its bias."),
        ("A1", CLASSIFIER, "The activation bends each Z; without it two layers would be just one."),
        ("A2", CLASSIFIER, "The last activation turns each Z into a prediction."),
        ("A1", ONE_LAYER, "The last activation turns each Z into a prediction."),
        ("A2", SHARES, "Softmax turns each example's Z into shares that add up to 1."),
        ("A2", JACOBIAN, "Softmax turns each example's Z into shares that add up to 1."),
        (
            "L",
            CLASSIFIER,
            "One number for each example: how badly its prediction misses its target.",
        ),
        (
            "dA2",
            CLASSIFIER,
            "L reads A2 directly, so the chain starts here: L's slope at each output.",
        ),
        (
            "dA1",
            ONE_LAYER,
            "L reads A1 directly, so the chain starts here: L's slope at each output.",
        ),
        (
            "dZ2",
            CLASSIFIER,
            "dA2 times g2's slope, multiplied out: only prediction minus target is left.",
        ),
        (
            "dZ2",
            SHARES,
            "dA2 times g2's slope, multiplied out: only prediction minus target is left.",
        ),
        (
            "dZ2",
            REGRESSION,
            "Chain rule through g2: L's slope at A2 times g2's slope at the same Z2.",
        ),
        (
            "dZ1",
            CLASSIFIER,
            "Chain rule through g1: L's slope at A1 times g1's slope at the same Z1.",
        ),
        (
            "dZ2",
            JACOBIAN,
            "Each Z moves every output of its example, so their effects add up.",
        ),
        ("dA1", CLASSIFIER, "Each A1 gathers from every Z2 it feeds: a column of W2, hence W2ᵀ."),
        (
            "W1",
            CLASSIFIER,
            "Move against the slope by α times dW. All slopes were taken before any step.",
        ),
        ("b2", CLASSIFIER, "The bias moves the same way: against its slope by α times db."),
    ],
)
def test_each_kind_of_step_has_its_sentence(symbol: str, network: Network, expected: str) -> None:
    assert sentence(symbol, network) == expected


@pytest.mark.parametrize(
    ("training", "weight", "bias"),
    [
        (ONE, ".   (m = 1: no mean)", "."),
        (ONE_SUM, ".", "."),
        (MEAN, ", averaged over examples.", ", averaged over examples."),
        (SUM, ", summed over examples.", ", summed over examples."),
    ],
)
def test_the_gradients_of_parameters_say_how_examples_come_together(
    training: Training, weight: str, bias: str
) -> None:
    assert sentence("dW2", training=training) == (
        f"Weight [i,j]: dZ at end i times A at start j{weight}"
    )
    assert sentence("db2", training=training) == (
        f"A bias enters Z as it is, times 1: its slope is dZ{bias}"
    )


def test_the_loss_of_a_batch_says_what_each_example_counts() -> None:
    assert sentence("J", training=MEAN) == (
        "The mean loss: each example counts 1/m. This is what training shrinks."
    )
    assert sentence("J", training=SUM) == (
        "The summed loss: each example counts fully. This is what training shrinks."
    )


@settings(max_examples=30)
@given(experiments())
def test_every_step_of_every_network_has_one_finished_sentence(experiment: Experiment) -> None:
    network, training = experiment.network, experiment.training
    for step in program_of(network, training).steps:
        written = reason(step, network, training)
        assert written[0].isupper() or written.startswith(step.symbol.replace("Z", "A"))
        assert written.endswith((".", "(m = 1: no mean)"))
        assert "{" not in written
        assert len(written) <= 78  # a line of the smallest screen


@settings(max_examples=30)
@given(experiments())
def test_where_nothing_is_averaged_no_sentence_says_so(experiment: Experiment) -> None:
    network, training = experiment.network, experiment.training
    for step in program_of(network, training).steps:
        written = reason(step, network, training)
        if training.batch == 1:
            assert "over examples" not in written
        if training.reduction == "sum":
            assert "averaged" not in written
            assert "1/m" not in written
