"""Probes: random numbers on which every formula can be told from a wrong one."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_tui.files.experiment_file import load
from backprop_tui.learn.probes import (
    AS_IT_IS,
    EXAMPLES,
    _enter,
    _once,
    _vanished,
    differing,
    here,
    misfit,
    of_other_sizes,
    of_same_sizes,
)
from backprop_tui.maths.parser import parse
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Timeline
from tests.formulas import program_file
from tests.programs import written


def program(name: str) -> Program:
    return (program_file(name) if name in ("tied", "joint") else load(name)).program


@pytest.mark.parametrize(
    ("name", "entering"),
    [
        ("mazur", "dA1"),
        ("ai-by-hand", "dA1 dA2"),
        ("residual", "dA1 dA2 dF2 dZ1 dZ2 dZ3"),
        ("attention", "dK dP dQ dS dV"),
        ("tied", "dH"),
        ("joint", ""),
    ],
)
def test_the_gradients_that_enter_a_hidden_layer(name: str, entering: str) -> None:
    assert " ".join(sorted(_enter(program(name)))) == entering


def vanishing() -> Experiment:
    """A program in which the gradient at A is always 0."""
    return written(
        {"W": (2, 2), "V": (2, 2)},
        {"X": np.eye(2), "Y": np.eye(2)},
        {"A": "W·X", "B": "V·relu(-A^2 - 1)", "L": "half_squared_error(B, Y)"},
    )


def test_from_the_third_draw_on_a_gradient_that_vanishes_is_random() -> None:
    e = vanishing()
    scalars = {**e.program.training.constants, "t": 1.0}
    at = e.program.index("dA")
    for draw in range(AS_IT_IS + 2):
        probe = _once(e.program, 2, scalars, 0, False, draw)
        assert probe.results[at].any() == (draw >= AS_IT_IS)


def test_networks_of_other_sizes_have_two_batches_and_layers_all_different() -> None:
    found = of_other_sizes(program("ai-by-hand"), ())
    assert tuple(probe.examples for probe in found) == EXAMPLES
    for probe in found:
        assert isinstance(probe.program.network, Network)
        layers = probe.program.network.layers
        assert len({*layers, *EXAMPLES}) == len(layers) + len(EXAMPLES)
        assert probe.given["m"] == probe.examples
        assert probe.given["K"] == layers[-1]
    assert of_other_sizes(program("attention"), ()) == ()  # its matrix is the same for each
    assert found[0].of(parse("Z9"), "Z1") is None


def test_formulas_have_other_batches_and_their_own_matrices() -> None:
    found = of_other_sizes(program("tied"), ())
    assert tuple(probe.examples for probe in found) == EXAMPLES
    assert {probe.given["W"].shape for probe in found} == {program("tied").shapes(1)["W"]}


@pytest.mark.parametrize(
    ("largest", "vanished"), [(0.0011, False), (0.0009, True), (900.0, False), (1100.0, True)]
)
def test_a_gradient_has_vanished_or_exploded_by_its_largest_number(
    largest: float, vanished: bool
) -> None:
    assert _vanished(np.array([[1e-9, -largest]])) is vanished


def test_networks_of_the_same_sizes_are_drawn_apart_and_all_finite() -> None:
    found = of_same_sizes(program("mazur"), 3, 7.0, False)
    assert 4 < len(found) <= 12
    assert len({probe.given["W1"].tobytes() for probe in found}) == len(found)
    for probe in found:
        assert (probe.examples, probe.given["t"], probe.given["m"]) == (3, 7.0, 3.0)
        assert probe.given["alpha"] == load("mazur").training.learning_rate
        assert all(np.isfinite(result).all() for result in probe.results)


def test_targets_are_labels_where_these_are_asked_for() -> None:
    shares = of_same_sizes(program("softmax"), 2, 1.0, False)
    labels = of_same_sizes(program("softmax"), 2, 1.0, True)
    assert not any(np.isin(probe.given["Y"], (0, 1)).all() for probe in shares)
    assert all(np.isin(probe.given["Y"], (0, 1)).all() for probe in labels)


def test_an_iteration_of_the_run_is_computed_as_it_is_taught() -> None:
    timeline = Timeline(load("momentum"))
    first = timeline.iteration(1)
    probe = here(timeline.program, first)
    for found, right in zip(probe.results, first.results, strict=True):
        assert np.allclose(found, right)
    assert not probe.before("vdW1")["vdW1"].any()  # a running mean begins at 0
    assert "dW1" in probe.before("vdW1")
    assert "dW1" not in probe.before("dW1")
    assert np.allclose(probe.right("dW1"), first.results[timeline.program.index("dW1")])


@pytest.mark.parametrize(
    ("typed", "symbol", "said"),
    [
        ("dZ2 @ A1.T", "dW2", None),
        ("A1 @ dZ2.T", "dW2", "dW2 must be 1×3 like W2, but this gives 3×1"),
        ("2", "dW2", "dW2 must be 1×3 like W2, but this gives a single number"),
        ("X", "Z2", "Z2 must be 1×2, but this gives 3×2"),
        ("W1 + W2 @ A1", "Z1", "W1 + W2·A1 is computed element by element, but"),
    ],
)
def test_a_shape_that_does_not_fit_is_told(typed: str, symbol: str, said: str | None) -> None:
    found = misfit(parse(typed), symbol, program("article"), 2)
    assert found == said if said is None else str(found).startswith(said)


@pytest.mark.parametrize(
    ("found", "right", "places"),
    [
        ([[1.0, 2.0]], [[1.0, 2.0]], []),
        ([[1.0, 2.1], [3.1, 4.0]], [[1.0, 2.0], [3.0, 4.0]], [[0, 1], [1, 0]]),
        ([[np.nan, np.inf]], [[np.nan, np.inf]], []),
        ([[0.0]], [[np.nan]], [[0, 0]]),
        ([[1e9, 1e-3]], [[1e9, 0.0]], []),  # held against the largest
    ],
)
def test_the_places_at_which_two_results_differ(
    found: list[list[float]], right: list[list[float]], places: list[list[int]]
) -> None:
    assert differing(np.array(found), np.array(right)).tolist() == places
