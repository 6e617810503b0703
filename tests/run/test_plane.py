"""The plane of two inputs: it predicts what the run predicts, and a neuron is 0 along its line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.files.experiment_file import load
from backprop_tui.maths.parser import parse
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network
from backprop_tui.run import plane as planes
from backprop_tui.run.plane import first_of, input_of, is_affine, predictions, updated, zero_lines
from backprop_tui.run.timeline import Position, State, Timeline
from tests.networks import experiments, in_rows
from tests.programs import ATTENTION, RESIDUAL, TIED, rnn, written


def two_inputs(e: Experiment) -> bool:
    return isinstance(e.network, Network) and e.network.layers[0] == 2


def predicted(state: State, points: np.ndarray) -> np.ndarray:
    """The predictions at some points, a column each."""
    found = [
        predictions(state.program, state.iteration, updated(state), (x,), (y,)) for x, y in points.T
    ]
    assert all(one is not None for one in found)
    return np.hstack([one for one in found if one is not None])


@given(experiments().filter(two_inputs), st.integers(1, 3))
def test_at_an_example_the_plane_predicts_what_the_run_predicts(e: Experiment, k: int) -> None:
    timeline = Timeline(e)
    program = timeline.program
    state = timeline.state(Position(k, program.index(program.output) + 1))
    data = e.data
    points = data.columns(state.before(input_of(program)))
    found = predicted(state, points)
    assert np.allclose(
        found, data.columns(state.result(program.output)), rtol=1e-12, equal_nan=True
    )


@given(experiments().filter(two_inputs), st.data())
def test_a_neuron_is_zero_along_its_line(e: Experiment, data: st.DataObject) -> None:
    timeline = Timeline(e)
    program, state = timeline.program, timeline.state(Position(1, 1))
    lines = zero_lines(program, state.iteration, updated(state))
    layer = program.layers[0]
    W, b = state.before(layer.weight), np.zeros((layer.neurons, 1))
    if layer.bias in program.parameters:
        b = state.before(layer.bias)
    W, b = (W, b) if program.axis else (W.T, b.reshape(1, -1).T)
    assert np.allclose(lines, np.hstack([W, b]), rtol=1e-9, atol=1e-12)
    k = data.draw(st.integers(0, layer.neurons - 1))
    w1, w2, c = lines[k]
    if w2:
        x = data.draw(st.floats(-3, 3))
        y = -(c + w1 * x) / w2
        assert W[k] @ [x, y] + b[k, 0] == pytest.approx(0, abs=1e-9 * (1 + abs(y)))


def test_it_changes_at_the_update_and_back() -> None:
    timeline = Timeline(load("xor"))
    program = timeline.program
    first, behind = program.phase_bounds("update")
    at = [timeline.state(Position(1, steps)) for steps in (first, behind)]
    after = timeline.state(Position(2, 0))
    lines = [zero_lines(program, s.iteration, updated(s)) for s in (*at, after)]
    assert not np.array_equal(lines[0], lines[1])
    assert np.array_equal(lines[1], lines[2])


def test_once_trained_every_point_of_xor_stands_on_its_own_ground() -> None:
    timeline = Timeline(load("xor"))
    state = timeline.state(Position(179, 4))
    found = predicted(state, state.before("X"))
    assert ((found > 0.5) == (state.before("Y") == 1)).all()


MIXED: tuple[Any, ...] = (
    {"W": (1, 2)},
    {"X": [[1.0, 2.0], [2.0, 0.5]], "Y": [[1.0, 0.0]]},
    {"Z": "softmax_rows(W·X)", "L": "half_squared_error(Z, Y)"},
)


@pytest.mark.parametrize(
    ("e", "x"),
    [
        (load("neuron"), "X"),
        (load("article"), ""),  # three inputs
        (RESIDUAL, "X"),
        (rnn(3), ""),  # one input for each time step
        (ATTENTION, ""),  # a matrix as it stands
        (TIED, ""),
        (in_rows(load("xor")), "X"),
        (load("xor").with_given({"A1": np.ones((2, 4))}), ""),
        (written(*MIXED), ""),  # an example's prediction depends on the others, too
    ],
)
def test_the_plane_is_of_one_input_with_two_numbers(e: Experiment, x: str) -> None:
    program = Timeline(e).program
    assert input_of(program) == x
    assert bool(first_of(program)) == bool(x)


def test_a_first_value_that_is_not_linear_has_no_lines() -> None:
    e = written(
        {"W": (1, 2)},
        {"X": [[1.0], [2.0]], "Y": [[1.0]]},
        {"Z": "W·tanh(X)", "L": "half_squared_error(Z, Y)"},
    )
    program = Timeline(e).program
    assert (input_of(program), first_of(program)) == ("X", "")
    assert zero_lines(program, Timeline(e).iteration(1), frozenset()).shape == (0, 3)


@pytest.mark.parametrize(
    ("formula", "affine"),
    [
        ("W·X + b", True),
        ("(b − X)ᵀ", True),
        ("−(X ∘ b) / 2", True),
        ("tanh(W)·X", True),
        ("exp(b)", True),
        ("X ∘ X", False),
        ("Xᵀ·X", False),
        ("b / X", False),
        ("X / (1 + X)", False),
        ("tanh(X) + b", False),
        ("W·(X + X²)", False),
    ],
)
def test_sums_and_products_with_what_does_not_read_it_are_straight(
    formula: str, affine: bool
) -> None:
    assert is_affine(parse(formula), "X") is affine


def test_where_it_would_take_too_long_there_is_no_ground(monkeypatch: pytest.MonkeyPatch) -> None:
    timeline = Timeline(load("xor"))
    state = timeline.state(Position(1, 1))
    parameters = sum(state.iteration.given[s].size for s in state.program.parameters)
    monkeypatch.setattr(planes, "AFFORDED", 6 * parameters)  # of so many numbers at each point

    def ground(*upright: float) -> Any:
        return predictions(state.program, state.iteration, frozenset(), (0.0, 1.0), upright)

    assert ground(0.0, 0.5, 1.0).shape == (1, 6)
    assert ground(0.0, 0.5, 0.75, 1.0) is None
