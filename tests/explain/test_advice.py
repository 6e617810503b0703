"""Advice where a run is stuck: each sentence is said where its condition holds, and only there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.explain.advice import _at_most, advice
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Call, Num
from backprop_tui.maths.values import value
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Timeline
from tests.networks import any_way, experiment, experiments, in_rows

XOR = [[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]]
DIES = """
[network]
layers = [3, 5, 1]
activations = ["relu", "relu"]
loss = "half_squared_error"
[training]
learning_rate = 0.01
batch = "all"
reduction = "sum"
[data]
X = [[22, 35, 90], [40, 12, 70], [55, 60, 20]]
Y = [[30], [45], [60]]
[initial]
seed = 2
scheme = "normal"
"""
CLOSED = re.compile(
    r"(?:.* stays .*: e|E)very (\w+) is (?:below 0|0 or below) for .*, "
    r"so relu′\(\1\) = 0 and no gradient reaches (.*)\."
)
SATURATED = re.compile(
    r"(\w+) is saturated: every (σ|tanh)′\((\w+)\) is at most (\S+) for .*, "
    r"so (\w+) is at most \4 times (\w+)\."
)
EQUAL = re.compile(
    r"All (\d) neurons of layer (\d) are equal: .* of one\. (\d) of (\d) predictions .*"
)
NOT_SEPARABLE = re.compile(r"\w hardly falls any more .*, and these are not\.")


def without_hidden_layer(Y: list[list[float]], activation: str, loss: str) -> Experiment:
    network = Network((2, len(Y)), (activation,), loss)
    return experiment(network, Training(learning_rate=0.5, batch=4), XOR, Y, {})


def test_a_relu_network_that_dies(tmp_path: Path) -> None:
    path = tmp_path / "dies.toml"
    path.write_text(DIES)
    timeline = Timeline(load(str(path)))
    assert [advice(timeline, k) for k in (1, 2)] == ["", ""]
    assert advice(timeline, 3) == (
        "J stays 3262.5: every Z2 is below 0 for all 3 examples, so relu′(Z2) = 0 and no gradient "
        "reaches W1, b1, W2, b2."
    )
    assert timeline.iteration(500).loss == (30**2 + 45**2 + 60**2) / 2 == 3262.5


@pytest.mark.parametrize(
    ("Y", "activation", "loss"),
    [
        ([[0.0, 1, 1, 0], [1.0, 0, 0, 1]], "softmax", "cross_entropy"),
        ([[0.0, 1, 1, 0]], "sigmoid", "binary_cross_entropy"),
    ],
)
def test_xor_without_a_hidden_layer(Y: list[list[float]], activation: str, loss: str) -> None:
    timeline = Timeline(without_hidden_layer(Y, activation, loss))
    said = advice(timeline, 1000)
    assert said.startswith("J hardly falls any more (0.693147): every gradient is ")
    assert NOT_SEPARABLE.fullmatch(said)
    assert timeline.iteration(1000).loss == pytest.approx(np.log(2), abs=1e-9)
    halves = replace(timeline.experiment, training=Training(learning_rate=0.5, batch=2))
    assert advice(Timeline(halves), 1000) == ""  # one batch undoes the other's step
    separable = without_hidden_layer([[0.0, 1, 1, 1]], "sigmoid", "binary_cross_entropy")
    assert not any(advice(Timeline(separable), k) for k in (1, 2, 10, 1000, 20_000))


def test_with_a_hidden_layer_no_line_is_spoken_of() -> None:
    network = Network((2, 1, 1), ("sigmoid", "sigmoid"), "binary_cross_entropy")
    zeros = {"W1": [[0.0, 0.0]], "b1": [[0.0]], "W2": [[0.0]], "b2": [[0.0]]}
    timeline = Timeline(experiment(network, Training(batch=4), XOR, [[0.0, 1, 1, 0]], zeros))
    assert not any(timeline.iteration(1).results[timeline.program.index("dW1")].ravel())
    assert advice(timeline, 1) == ""


def test_a_saturated_neuron_with_a_large_error() -> None:
    found = SATURATED.fullmatch(advice(Timeline(load("saturation")), 1))
    assert found is not None
    assert found.groups() == ("A1", "σ", "Z1", "4.8e−5", "dZ1", "dA1")  # σ′(10) is 4.54e−5


def test_saturated_is_up_to_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    timeline = Timeline(load("saturation"))
    most = float(value(Call("sigmoid_derivative", (Num(10.0),)), {}))  # Z1 is 10
    monkeypatch.setattr("backprop_tui.explain.advice.SATURATED", most)
    assert SATURATED.fullmatch(advice(timeline, 1))
    monkeypatch.setattr("backprop_tui.explain.advice.SATURATED", np.nextafter(most, 0))
    assert not SATURATED.fullmatch(advice(timeline, 1))


@pytest.mark.parametrize("name", ["article", "mazur", "xor", "batch", "softmax", "han-kamber"])
def test_nothing_is_said_of_a_run_that_learns(name: str) -> None:
    timeline = Timeline(load(name))
    assert not any(advice(timeline, k) for k in (1, 2, 3, 4, 50, 100))


def test_it_is_said_at_the_end_of_an_epoch_of_every_example() -> None:
    """Z1 is −1 and −2 in the two batches; with a third example it is open."""
    network = Network((1, 1, 1), ("relu", "linear"), "half_squared_error")
    start = {"W1": [[1.0]], "W2": [[1.0]]}
    timeline = Timeline(experiment(network, Training(), [[-1.0, -2.0]], [[3.0, 3.0]], start))
    assert advice(timeline, 1) == ""
    assert advice(timeline, 2) == (
        "Every Z1 is below 0 for all 2 examples, so relu′(Z1) = 0 and no gradient reaches W1, b1."
    )
    ends = Training(learning_rate=1e308)  # iteration 1 changes nothing, b2 is ∞ after iteration 2
    diverged = Timeline(experiment(network, ends, [[-1.0, -2.0]], [[0.0, 3.0]], start))
    assert diverged.iteration(2).diverged
    assert advice(diverged, 2) == ""
    open_one = experiment(network, Training(), [[-1.0, -2.0, 1.0]], [[3.0] * 3], start)
    assert not any(advice(Timeline(open_one), k) for k in range(1, 7))


def gate(X: list[float], training: Training, W1: float = 1.0, Y: float = 3.0) -> Timeline:
    """A run of relu(W1·x) with weights of 1 behind it."""
    network = Network((1, 1, 1), ("relu", "linear"), "half_squared_error")
    start = {"W1": [[W1]], "W2": [[1.0]], "b2": [[3.0]]}
    return Timeline(experiment(network, training, [X], [[Y] * len(X)], start))


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (gate([-1.0], Training()), "L stays 0: every Z1 is below 0 for the only example, so"),
        (gate([0.0, -1.0], Training(batch=2)), "J stays 0: every Z1 is 0 or below for all 2"),
        (gate([-1.0, -2.0], Training()), "The loss stays as it is: every Z1 is below 0 for all 2"),
        (gate([-1.0], Training(), Y=4.0), "Every Z1 is below 0 for the only example, so"),
        (gate([-1.0, 1e-3], Training(batch=2)), ""),
    ],
)
def test_a_closed_relu_is_told_with_what_stays(run: Timeline, said: str) -> None:
    told = advice(run, run.experiment.batches_per_epoch)
    assert told.startswith(said)
    assert bool(told) == bool(said)


def test_epochs_of_too_many_batches_are_not_looked_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = gate([-1.0, -2.0], Training())
    for most, told in ((2, True), (1, False)):
        monkeypatch.setattr("backprop_tui.explain.advice.MOST_BATCHES", most)
        assert bool(advice(run, 2)) is told


FLAT = without_hidden_layer([[0.0, 1.0, 1.0, 0.0]], "sigmoid", "binary_cross_entropy")
"""Its initial weights are at the minimum, where all gradients are 0."""
AT_ZERO = replace(FLAT, initial=replace(FLAT.initial, scheme="zeros"))


def test_at_the_minimum_the_wrong_predictions_are_counted() -> None:
    assert advice(Timeline(AT_ZERO), 1) == (
        "J hardly falls any more (0.693147): every gradient is 0, but 2 of 4 predictions are "
        "wrong. Without a hidden layer only linearly separable classes can be told apart, and "
        "these are not."
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(AT_ZERO, training=replace(AT_ZERO.training, freeze=("b1",))),
        replace(AT_ZERO, training=replace(AT_ZERO.training, l2=0.1)),
        replace(AT_ZERO, training=replace(AT_ZERO.training, batch=2)),
        replace(AT_ZERO, network=replace(AT_ZERO.dense, bias=False)),
        replace(AT_ZERO, network=replace(AT_ZERO.dense, loss="half_squared_error")),
        replace(
            AT_ZERO,
            data=without_hidden_layer(
                [[0.5, 0.5, 0.5, 0.5]], "sigmoid", "binary_cross_entropy"
            ).data,
        ),
    ],
)
def test_of_any_other_minimum_that_is_not_said(other: Experiment) -> None:
    assert advice(Timeline(other), 2) == ""


@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_at_the_minimum_is_up_to_the_bound_for_the_largest_input(
    scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = (np.array(XOR) * scale).tolist()
    start = {"W1": [[1e-3, 0.0]], "b1": [[0.0]]}
    run = Timeline(experiment(AT_ZERO.dense, Training(batch=4), X, [[0.0, 1, 1, 0]], start))
    results = run.program.by_symbol(run.iteration(1).results)
    largest = max(np.abs(results[s]).max() for s in ("dW1", "db1"))
    monkeypatch.setattr("backprop_tui.explain.advice.FLAT", largest / scale)
    assert NOT_SEPARABLE.fullmatch(advice(run, 1))
    monkeypatch.setattr("backprop_tui.explain.advice.FLAT", np.nextafter(largest / scale, 0))
    assert advice(run, 1) == ""


def test_a_gradient_is_lost_only_where_one_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Timeline(load("saturation"))
    arrives = float(np.abs(run.iteration(1).results[run.program.index("dA1")]).max())
    monkeypatch.setattr("backprop_tui.explain.advice.ARRIVES", arrives)
    assert SATURATED.fullmatch(advice(run, 1))
    monkeypatch.setattr("backprop_tui.explain.advice.ARRIVES", np.nextafter(arrives, 2))
    assert advice(run, 1) == ""


@pytest.mark.parametrize("orientation", ["columns", "rows"])
@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("start", [0.0, 0.5])
def test_equal_neurons_are_told_while_predictions_are_wrong(
    start: float, batch: int, orientation: str
) -> None:
    network = Network((2, 3, 1), ("tanh", "sigmoid"), "binary_cross_entropy")
    weights = {"W1": np.full((3, 2), start), "W2": np.full((1, 3), start)}
    e = experiment(network, Training(batch=batch), XOR, [[0.0, 1.0, 1.0, 0.0]], weights)
    timeline = Timeline(in_rows(e) if orientation == "rows" else e)
    last = 4 // batch
    found = EQUAL.fullmatch(advice(timeline, last))
    assert found is not None
    assert found.groups()[:2] == ("3", "1")
    done = [timeline.iteration(k) for k in range(1, last + 1)]
    at = timeline.program.index("A2")
    A, Y = (
        np.concatenate([each.ravel() for each in every])
        for every in ([each.results[at] for each in done], [each.given["Y"] for each in done])
    )
    assert int(found[3]) == ((A > 0.5) != (Y > 0.5)).sum()
    weights["W1"][2, 1] += 1e-6
    given = {**e.initial.given, "W1": weights["W1"]}
    assert advice(Timeline(replace(e, initial=replace(e.initial, given=given))), last) == ""


def true(timeline: Timeline, iteration: int, said: str) -> bool:
    """Whether what is said holds of the epoch that ends there, computed here."""
    last = iteration
    numbers = range(last - timeline.experiment.batches_per_epoch + 1, last + 1)
    known = [timeline.program.by_symbol(timeline.iteration(k).results) for k in numbers]
    if found := CLOSED.fullmatch(said):
        assert all((each[found[1]] <= 0).all() for each in known)
        assert all(not each[f"d{p}"].any() for each in known for p in found[2].split(", "))
        if " stays " in said:
            after = [timeline.iteration(k).parameters for k in numbers]
            before = timeline.iteration(numbers[0]).given
            assert all(np.array_equal(each[p], before[p]) for each in after for p in each)
        return True
    if found := EQUAL.fullmatch(said):
        neurons = 1 - timeline.program.axis
        return all(np.ptp(each[f"dZ{found[2]}"], neurons).max() < 1e-9 for each in known)
    found = SATURATED.fullmatch(said)
    assert found is not None, said
    bound = float(found[4].replace("−", "-"))
    for each in known:
        Z, dZ, dA = (each[found[k]] for k in (3, 5, 6))
        slope = 1 / (np.cosh(Z / 2) ** 2 * 4) if found[2] == "σ" else 1 / np.cosh(Z) ** 2
        assert (slope <= bound).all()
        assert (np.abs(dZ) <= bound * np.abs(dA)).all()
    return True


@given(
    st.one_of(any_way(), experiments(hidden=("relu", "relu", "sigmoid", "tanh"))),
    st.integers(1, 6),
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_what_is_said_is_true(found: Experiment, iteration: int) -> None:
    timeline = Timeline(found)
    if said := advice(timeline, iteration):
        assert iteration % found.batches_per_epoch == 0
        assert true(timeline, iteration, said)


def separates(X: np.ndarray, classes: np.ndarray) -> bool:
    """Whether a perceptron finds a line between the classes in 2,000 corrections."""
    points, signs = np.vstack([X, np.ones(X.shape[1])]), np.where(classes > 0, 1, -1)
    w = np.zeros(len(points))
    for _ in range(2_000):
        wrong = np.flatnonzero(signs * (w @ points) <= 0)
        if not wrong.size:
            return True
        w = w + signs[wrong[0]] * points[:, wrong[0]]
    return False


@pytest.mark.parametrize("seed", range(8))
def test_only_classes_that_no_line_separates_are_said_to_be_so(seed: int) -> None:
    random = np.random.default_rng(seed)
    X = random.integers(-2, 3, size=(2, 5)) * 1.0
    Y = random.integers(0, 2, size=(1, 5)) * 1.0
    network = Network((2, 1), ("sigmoid",), "binary_cross_entropy")
    timeline = Timeline(experiment(network, Training(learning_rate=0.5, batch=5), X, Y, {}))
    said = any(NOT_SEPARABLE.fullmatch(advice(timeline, k)) for k in (10, 300, 10_000))
    assert not (said and separates(X, Y[0]))
    assert said or separates(X, Y[0]) or timeline.iteration(10_000).loss < 1


@pytest.mark.parametrize(
    ("number", "bound"), [(0.0, "1.1e−15"), (4.54e-5, "4.8e−5"), (1e-3, "1.1e−3")]
)
def test_a_bound_is_rounded_up(number: float, bound: str) -> None:
    assert _at_most(number) == bound
