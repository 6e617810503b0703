"""Values that are given instead of computed: what is run, and what the gradients are then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from backprop_tui.explain.gradient_check import CheckVerdict, check_gradient
from backprop_tui.maths.expressions import SCALARS, names
from backprop_tui.model.experiment import Array, Data, Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Position, Timeline
from tests.networks import (
    ARTICLE,
    ELEMENTWISE,
    SMOOTH,
    experiment,
    experiments,
    matrices,
    same_bits,
)


@st.composite
def single_batches(draw: DrawFn, hidden: tuple[str, ...] = ELEMENTWISE) -> Experiment:
    """Any experiment whose batch is all examples."""
    drawn = draw(experiments(hidden, scales=(1.0,)))
    training = replace(drawn.training, batch=drawn.data.examples, order="sequential")
    return replace(drawn, training=training)


def values_of(timeline: Timeline) -> dict[str, Array]:
    """What each step of the first iteration gives, but for losses and updates."""
    found = timeline.program.by_symbol(timeline.iteration(1).results)
    return {symbol: found[symbol] for symbol in timeline.program.of_kind("value", "gradient")}


def run(experiment: Experiment) -> dict[str, Array]:
    """What each step of the only iteration gives."""
    timeline = Timeline(experiment)
    return timeline.program.by_symbol(timeline.iteration(1).results)


# What is run


@pytest.mark.parametrize(("batch", "objective"), [(1, "L"), (2, "J")])
def test_a_loss_without_its_targets_keeps_its_name(batch: int, objective: str) -> None:
    network = Network((1, 1), ("sigmoid",), "half_squared_error")
    X = np.ones((1, batch))
    e = experiment(network, Training(batch=batch), X, X, {"W1": [[1.0]], "b1": [[0.0]]})
    program = replace(e, data=Data({"X": X})).with_given({"dA1": X}).program
    assert not program.of_kind("loss")
    assert program.objective == e.program.objective == objective
    lacks = "L is not computed: it reads Y, which is neither given nor computed."
    assert program.missing("L") == lacks


@given(single_batches(), st.data())
def test_the_values_of_a_run_given_to_it_change_no_other_number(
    whole: Experiment, data: st.DataObject
) -> None:
    timeline = Timeline(whole)
    values, steps = values_of(timeline), timeline.program.steps
    own = data.draw(st.lists(st.sampled_from(sorted(values)), min_size=1, unique=True))
    other = Timeline(whole.with_given({symbol: values[symbol] for symbol in own}))
    found = other.program.by_symbol(other.iteration(1).results)
    expected = timeline.program.by_symbol(timeline.iteration(1).results)
    assert found.keys().isdisjoint(own)
    formulas = {step.symbol: step.expression for step in steps}
    inexact = set[str]()
    for step in other.program.steps:
        symbol = step.symbol
        # Where A2 or dA2 is given, A2 − Y is not assumed: the chain rule is rounded otherwise.
        if step.expression != formulas[symbol] or not inexact.isdisjoint(names(step.expression)):
            inexact.add(symbol)
            finite = np.isfinite(found[symbol]) & np.isfinite(expected[symbol])
            near = np.isclose(found[symbol], expected[symbol], rtol=1e-9, atol=1e-9)
            assert (near | ~finite).all()
        else:
            assert same_bits(found[symbol], expected[symbol])


@given(single_batches(), st.data())
def test_a_step_that_reads_nothing_missing_is_run_unless_it_is_given(
    whole: Experiment, data: st.DataObject
) -> None:
    values = values_of(Timeline(whole))
    own = data.draw(st.lists(st.sampled_from(sorted(values)), min_size=1, unique=True))
    absent = data.draw(st.sampled_from(((), ("X",), ("Y",), ("X", "Y"))))
    there = {s: v for s, v in whole.data.by_symbol.items() if s not in absent}
    part = replace(whole, data=Data(there)).with_given({s: values[s] for s in own})
    timeline = Timeline(part)
    program = timeline.program
    known = set(program.given)
    for step in program.steps:
        known.add(step.symbol)
        assert known.issuperset(s for s in names(step.expression) if s not in SCALARS)
    for symbol, without in program.lacking.items():
        assert without
        assert symbol not in known
        assert symbol in program.missing(symbol)
        assert without[0] in program.missing(symbol)
    for symbol in absent:
        assert program.missing(symbol)


@pytest.mark.parametrize(
    ("data", "steps", "lacking", "missing"),
    [
        (
            "Y",
            "Z2 A2 L dA2 dZ2 dW2 db2 dA1 W2 b2",
            {"Z1": ("X",), "dZ1": ("Z1",), "dW1": ("dZ1", "X"), "db1": ("dZ1",)},
            {
                "dZ1": "dZ1 is not computed: it reads Z1, which is neither given nor computed.",
                "dW1": "dW1 is not computed: it reads dZ1, X, which are neither given nor "
                "computed.",
                "X": "X is not given in the file.",
                "W1": "W1 is not used: nothing that is computed here reads it.",
                "A1": "",
                "Q": "",
            },
        ),
        (
            "X",
            "Z1 Z2 A2",
            {
                "L": ("Y",), "dA2": ("Y",), "dZ2": ("Y",), "dW2": ("dZ2",), "db2": ("dZ2",),
                "dA1": ("dZ2",), "dZ1": ("dA1",), "dW1": ("dZ1",), "db1": ("dZ1",),
            },
            {"L": "L is not computed: it reads Y, which is neither given nor computed."},
        ),
    ],
)  # fmt: skip
def test_beside_a_given_activation_only_some_steps_lack_data(
    data: str, steps: str, lacking: Mapping[str, tuple[str, ...]], missing: Mapping[str, str]
) -> None:
    there = Data({data: ARTICLE.data.by_symbol[data]})
    A1 = values_of(Timeline(ARTICLE))["A1"]
    program = replace(ARTICLE, data=there).with_given({"A1": A1}).program
    assert [step.symbol for step in program.steps] == steps.split()
    assert program.lacking == lacking
    assert {symbol: program.missing(symbol) for symbol in missing} == missing


def test_a_step_is_left_out_that_only_given_ones_read() -> None:
    values = values_of(Timeline(ARTICLE))
    found = run(ARTICLE.with_given({s: values[s] for s in ("A1", "dZ1")}))
    assert "Z1" not in found
    assert "dW1" in found
    assert "dA1" in found


def test_what_is_given_need_not_be_what_its_formula_says() -> None:
    found = run(ARTICLE.with_given({"A2": np.array([[0.25]]), "Z2": np.array([[1.0]])}))
    sigma = 1 / (1 + np.exp(-1.0))
    assert found["dA2"].item() == pytest.approx(-4.0)
    assert found["dZ2"].item() == pytest.approx(-4.0 * sigma * (1 - sigma))


def test_such_a_run_has_one_iteration() -> None:
    timeline = Timeline(ARTICLE.with_given({"A2": np.array([[0.25]])}))
    end = timeline.end_of(1)
    assert timeline.forward(end) == timeline.into(end) == timeline.later(end) == end
    assert timeline.iteration(7).number == 1
    assert timeline.state(Position(1, 0)).value("A2") is not None


def test_it_is_run_through_where_it_has_no_loss() -> None:
    data = Data({"X": ARTICLE.data.by_symbol["X"]})
    without = replace(ARTICLE, data=data).with_given({"dZ2": np.array([[0.25]])})
    assert [stretch.last for stretch in Timeline(without).history.run(1, 9)] == [1]


def test_where_all_values_are_given_a_run_begins_with_its_loss() -> None:
    values = {s: v for s, v in values_of(Timeline(ARTICLE)).items() if not s.startswith("d")}
    timeline = Timeline(ARTICLE.with_given(values))
    assert timeline.state(timeline.start).phase == "loss"


# The gradients


@given(single_batches(SMOOTH), st.data())
def test_gradients_are_of_the_loss_as_a_function_of_the_given_values(
    whole: Experiment, data: st.DataObject
) -> None:
    timeline = Timeline(whole)
    forward = timeline.program.of_kind("value")[:-1]  # not the output: log of it must stay finite
    if not forward:
        return
    own = data.draw(st.lists(st.sampled_from(forward), min_size=1, unique=True))
    shapes = timeline.program.shapes(whole.data.examples)
    part = Timeline(whole.with_given({s: data.draw(matrices(*shapes[s])) for s in own}))
    program, iteration = part.program, part.iteration(1)
    for symbol in program.gradients:
        found = check_gradient(program, iteration, symbol)
        of = program.roles[symbol].of or ""
        if program.cut(of):
            assert found.verdict is CheckVerdict.CANNOT_TELL
            assert found.said.removeprefix("cannot be told: ").removesuffix(" is given") in own
        else:
            assert found.verdict is not CheckVerdict.DIFFERS


def test_beside_a_given_gradient_no_gradient_can_be_told() -> None:
    part = Timeline(ARTICLE.with_given({"dA2": np.array([[0.5]])}))
    assert check_gradient(part.program, part.iteration(1), "dW1").said == (
        "cannot be told: dA2 is given"
    )


def test_what_is_given_aside_cuts_no_gradient() -> None:
    program = ARTICLE.with_given({"A1": np.full((3, 1), 0.5)}).program
    assert {s: program.cut(s) for s in ("W1", "Z1", "A1", "W2", "A2")} == {
        **dict.fromkeys(("W1", "Z1"), "A1 is given"),
        **dict.fromkeys(("A1", "W2", "A2"), ""),
    }


def test_linear_and_activation_backward_as_a_unit_test_has_them() -> None:
    """dA, and a cache of A_prev, W, b and Z: no X, no Y, no loss."""
    random = np.random.default_rng(2)
    A, W, b = random.normal(size=(3, 2)), random.normal(size=(1, 3)), random.normal(size=(1, 1))
    Z, dA = random.normal(size=(1, 2)), random.normal(size=(1, 2))
    sigma = 1 / (1 + np.exp(-Z))
    for activation, slope in (("sigmoid", sigma * (1 - sigma)), ("relu", Z > 0)):
        network = Network((4, 3, 1), ("tanh", activation), "binary_cross_entropy")
        whole = experiment(network, Training(batch=2), [[0.0]], [[0.0]], {"W2": W, "b2": b})
        given_values: dict[str, Any] = {"A1": A, "Z2": Z, "dA2": dA}
        found = run(replace(whole, data=Data({})).with_given(given_values))
        dZ = dA * slope
        assert np.allclose(found["dZ2"], dZ, rtol=1e-12)
        assert np.allclose(found["dW2"], dZ @ A.T / 2, rtol=1e-12)
        assert np.allclose(found["db2"], dZ.sum(axis=1, keepdims=True) / 2, rtol=1e-12)
        assert np.allclose(found["dA1"], W.T @ dZ, rtol=1e-12)
        assert found.keys().isdisjoint({"L", "J", "Z1", "dZ1", "dW1", "W1"})


def test_a_whole_backward_pass_as_a_unit_test_has_it() -> None:
    """AL, Y, and the caches of both layers, drawn at random: none fits its formula."""
    random = np.random.default_rng(3)
    AL, Y = random.uniform(size=(1, 2)), np.array([[1.0, 0.0]])
    X, W1, b1 = random.normal(size=(4, 2)), random.normal(size=(3, 4)), random.normal(size=(3, 1))
    A1, W2, b2 = random.normal(size=(3, 2)), random.normal(size=(1, 3)), random.normal(size=(1, 1))
    Z1, Z2 = random.normal(size=(3, 2)), random.normal(size=(1, 2))
    network = Network((4, 3, 1), ("relu", "sigmoid"), "binary_cross_entropy")
    initial = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    whole = experiment(network, Training(batch=2), X, Y, initial)
    found = run(whole.with_given({"Z1": Z1, "A1": A1, "Z2": Z2, "A2": AL}))
    dAL = -(Y / AL - (1 - Y) / (1 - AL))
    sigma = 1 / (1 + np.exp(-Z2))
    dZ2 = dAL * sigma * (1 - sigma)
    dZ1 = np.where(Z1 > 0, W2.T @ dZ2, 0)
    for symbol, expected in {
        "dA2": dAL,
        "dW2": dZ2 @ A1.T / 2,
        "db2": dZ2.sum(axis=1, keepdims=True) / 2,
        "dA1": W2.T @ dZ2,
        "dZ1": dZ1,
        "dW1": dZ1 @ X.T / 2,
        "db1": dZ1.sum(axis=1, keepdims=True) / 2,
    }.items():
        assert np.allclose(found[symbol], expected, rtol=1e-12), symbol
