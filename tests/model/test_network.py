"""The update rules as steps: order, formulas, hand figures, and PyTorch where it is installed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backprop_tui.explain.explanation import formula
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.functions import Array
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Experiment, Initial, read_only
from backprop_tui.model.network import OPTIMIZERS, Training
from backprop_tui.run.timeline import Timeline


def article(**training: Any) -> Experiment:
    lesson = load("article")
    return replace(lesson, training=replace(lesson.training, **training))


def updates(**training: Any) -> list[str]:
    program = Timeline(article(**training)).program
    first, behind = program.phase_bounds("update")
    return [formula(step) for step in program.steps[first:behind]]


def test_plain_gradient_descent_is_one_step_for_each_parameter() -> None:
    assert updates()[:2] == ["W1 ← W1 − α·dW1", "b1 ← b1 − α·db1"]


def test_momentum_keeps_a_running_mean_of_slopes() -> None:
    assert updates(optimizer="momentum")[:2] == [
        "vdW1 ← β1·vdW1 + (1 − β1)·dW1",
        "W1 ← W1 − α·vdW1",
    ]


def test_classical_momentum_adds_steps_up() -> None:
    assert updates(optimizer="momentum", momentum_form="classical")[:2] == [
        "vdW1 ← β1·vdW1 + α·dW1",
        "W1 ← W1 − vdW1",
    ]


def test_rmsprop_divides_by_the_root_of_a_running_mean_of_squares() -> None:
    assert updates(optimizer="rmsprop")[:2] == [
        "sdW1 ← β2·sdW1 + (1 − β2)·dW1²",
        "W1 ← W1 − α·dW1 / (sqrt(sdW1) + ε)",
    ]


def test_adam_does_both_and_corrects_their_beginning_at_zero() -> None:
    assert updates(optimizer="adam")[:5] == [
        "vdW1 ← β1·vdW1 + (1 − β1)·dW1",
        "sdW1 ← β2·sdW1 + (1 − β2)·dW1²",
        "vcdW1 = vdW1 / (1 − β1^t)",
        "scdW1 = sdW1 / (1 − β2^t)",
        "W1 ← W1 − α·vcdW1 / (sqrt(scdW1) + ε)",
    ]


@pytest.mark.parametrize(
    ("training", "J", "slope"),
    [
        (
            {"batch": 3},
            "J = total(L) / m + λ₂·(total(W1²) + total(W2²)) / (2 · m)",
            "dW1 = dZ1·Xᵀ / m + λ₂·W1 / m",
        ),
        (
            {"batch": 3, "reduction": "sum"},
            "J = total(L) + λ₂·(total(W1²) + total(W2²)) / 2",
            "dW1 = dZ1·Xᵀ + λ₂·W1",
        ),
        (
            {"batch": 1},
            "J = L + λ₂·(total(W1²) + total(W2²)) / 2",
            "dW1 = dZ1·Xᵀ + λ₂·W1",
        ),
    ],
)
def test_an_l2_penalty_is_a_part_of_j_and_so_of_the_gradients_of_weights(
    training: dict[str, Any], J: str, slope: str
) -> None:
    how = Training(l2=0.7, **training)
    steps = {s.symbol: formula(s) for s in program_of(load("article").network, how).taught}
    assert steps["J"] == J
    assert steps["dW1"] == slope
    assert "λ₂" not in steps["db1"]
    assert "λ₂" not in steps["W1"]


def test_weight_decay_draws_weights_and_not_biases() -> None:
    assert updates(weight_decay=0.1)[:2] == ["W1 ← W1 − α·(dW1 + λ·W1)", "b1 ← b1 − α·db1"]


def test_a_frozen_parameter_keeps_no_running_mean() -> None:
    frozen = article(optimizer="adam", freeze=("b1",))
    assert not [s for s in Timeline(frozen).program.positions if s.endswith("db1") and s != "db1"]


def one_weight(optimizer: str, **training: Any) -> Timeline:
    """ŷ = w·x with x = 1, y = 0, ½ squared error: the slope of w is w itself. w begins at 1."""
    base = load(
        "article",
        {
            "layers": "1,1",
            "activations": "linear",
            "loss": "half_squared_error",
            "x": "1",
            "y": "0",
            "learning_rate": "0.1",
        },
    )
    initial = Initial(given={"W1": read_only([[1.0]]), "b1": read_only([[0.0]])})
    rule = replace(base.training, optimizer=optimizer, freeze=("b1",), **training)
    return Timeline(replace(base, training=rule, initial=initial))


def weights(timeline: Timeline, iterations: int) -> list[float]:
    return [float(timeline.iteration(k).parameters["W1"][0, 0]) for k in range(1, iterations + 1)]


def test_hand_figures_of_momentum() -> None:
    # v = 0.1·1 = 0.1, w = 1 − 0.01; then v = 0.9·0.1 + 0.1·0.99 = 0.189, w = 0.99 − 0.0189
    assert weights(one_weight("momentum"), 2) == pytest.approx([0.99, 0.9711], abs=1e-12)


def test_hand_figures_of_classical_momentum() -> None:
    # v = 0.1·1, w = 0.9; then v = 0.9·0.1 + 0.1·0.9 = 0.18, w = 0.72
    found = weights(one_weight("momentum", momentum_form="classical"), 2)
    assert found == pytest.approx([0.9, 0.72], abs=1e-12)


def test_hand_figures_of_rmsprop() -> None:
    # with β2 = 0.9: s = 0.1, w = 1 − 0.1/√0.1
    first = 1 - 0.1 / np.sqrt(0.1)
    s = 0.9 * 0.1 + 0.1 * first**2
    second = first - 0.1 * first / np.sqrt(s)
    found = weights(one_weight("rmsprop", beta2=0.9, epsilon=0.0), 2)
    assert found == pytest.approx([first, second], abs=1e-12)


def test_the_first_step_of_adam_is_alpha_whatever_the_derivative() -> None:
    assert weights(one_weight("adam"), 1) == pytest.approx([0.9], abs=1e-8)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_compiled_iterations_carry_the_running_means_to_the_bit(optimizer: str) -> None:
    experiment = article(optimizer=optimizer, weight_decay=0.01, learning_rate=0.05)
    jumped, stepped = Timeline(experiment), Timeline(experiment)
    for k in range(1, 40):
        stepped.iteration(k)
    far, near = jumped.iteration(40), stepped.iteration(40)
    for a, b in zip(far.results, near.results, strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_number_of_an_update_says_what_it_was_computed_from(optimizer: str) -> None:
    timeline = Timeline(article(optimizer=optimizer, weight_decay=0.01))
    provenance = Provenance(timeline)
    first, behind = timeline.program.phase_bounds("update")
    for step in timeline.program.steps[first:behind]:
        place = Place(3, Cell(step.symbol, 1, 1))
        for read in provenance.reads(place):
            uses = provenance.used_by(read)
            assert any(k == 3 and symbol == step.symbol for k, symbol, _ in uses), (place, read)


def torch_weights(optimizer: str, experiment: Experiment, iterations: int) -> dict[str, Array]:
    """The same run in PyTorch with autograd, in float64."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    rule = experiment.training
    start = {
        k: torch.tensor(v.copy(), requires_grad=True) for k, v in experiment.parameters().items()
    }
    groups = [
        {"params": [p], "weight_decay": rule.weight_decay if name.startswith("W") else 0.0}
        for name, p in start.items()
    ]
    made = {
        "gradient_descent": lambda: torch.optim.SGD(groups, lr=rule.learning_rate),
        # PyTorch's momentum adds slopes up; a running mean of them is (1 − β1) of that.
        "momentum": lambda: torch.optim.SGD(
            groups, lr=rule.learning_rate * (1 - rule.beta1), momentum=rule.beta1
        ),
        "rmsprop": lambda: torch.optim.RMSprop(
            groups, lr=rule.learning_rate, alpha=rule.beta2, eps=rule.epsilon
        ),
        "adam": lambda: torch.optim.Adam(
            groups, lr=rule.learning_rate, betas=(rule.beta1, rule.beta2), eps=rule.epsilon
        ),
    }[optimizer]()
    X, Y = torch.tensor(experiment.data.X.copy()), torch.tensor(experiment.data.Y.copy())
    for _ in range(iterations):
        made.zero_grad()
        hidden = torch.sigmoid(start["W1"] @ X + start["b1"])
        output = torch.sigmoid(start["W2"] @ hidden + start["b2"])
        torch.nn.functional.binary_cross_entropy(output, Y).backward()
        made.step()
    return {name: p.detach().numpy() for name, p in start.items()}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_pytorch_s_optimizers_come_to_the_same(optimizer: str) -> None:
    experiment = article(optimizer=optimizer, weight_decay=0.01, learning_rate=0.05)
    theirs = torch_weights(optimizer, experiment, 50)
    ours = Timeline(experiment).iteration(50).parameters
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, abs=1e-9)
