"""Rows as examples (Keras, CS231n): the run is that of the same network in columns, transposed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from backprop_tui.explain.derivation import derivation
from backprop_tui.explain.explanation import formula
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.functions import transposed
from backprop_tui.model.experiment import Experiment, Initial
from backprop_tui.model.network import MOMENTUM_FORMS, OPTIMIZERS, Network, Training
from backprop_tui.run.timeline import Timeline
from tests.networks import experiment, experiments_in_columns, in_rows

BATCH = in_rows(
    experiment(
        Network((2, 3, 2), ("tanh", "softmax"), "cross_entropy"),
        Training(batch=2),
        [[1.0, 0.5], [-0.5, 2.0]],
        [[1.0, 0.0], [0.0, 1.0]],
    )
)


@st.composite
def trained_in_columns(draw: DrawFn) -> Experiment:
    """Any experiment in which columns are examples, under any optimizer and penalty."""
    e = draw(experiments_in_columns(scales=(1.0,)))
    training = replace(
        e.training,
        optimizer=draw(st.sampled_from(sorted(OPTIMIZERS))),
        momentum_form=draw(st.sampled_from(sorted(MOMENTUM_FORMS))),
        weight_decay=draw(st.sampled_from((0.0, 0.1))),
        l2=draw(st.sampled_from((0.0, 0.7))),
        input_gradient=draw(st.booleans()),
    )
    return replace(e, training=training)


@given(trained_in_columns())
def test_both_runs_are_each_others_transposes(columns: Experiment) -> None:
    one, other = Timeline(columns), Timeline(in_rows(columns))
    assert list(one.program.positions) == list(other.program.positions)
    for number in (1, 2, 3):
        mine, turned = one.iteration(number), other.iteration(number)
        assert mine.examples == turned.examples
        for step, a, b in zip(one.program.steps, mine.results, turned.results, strict=True):
            near = 1e-12 * max(1.0, float(np.abs(a[np.isfinite(a)]).max(initial=0.0)))
            assert np.allclose(a, b.T, rtol=0.0, atol=near, equal_nan=True), step.symbol


@given(trained_in_columns())
def test_each_step_is_the_transposed_formula(columns: Experiment) -> None:
    steps = zip(columns.program.steps, in_rows(columns).program.steps, strict=True)
    for step, turned in steps:
        assert turned.role == step.role
        assert turned.expression == transposed(step.expression) or turned.phase == "backward"


@given(experiments_in_columns())
def test_each_mistake_is_made_in_the_same_steps(columns: Experiment) -> None:
    for mistake in CATALOGUE.values():
        made = (mistake.slips(e.program) for e in (columns, in_rows(columns)))
        one, other = ([slip.step.symbol for slip in slips] for slips in made)
        assert one == other


@given(st.integers(0, 1000), st.sampled_from(("normal", "xavier", "he")))
def test_a_seed_draws_the_same_numbers_transposed(seed: int, scheme: str) -> None:
    drawn = replace(BATCH, initial=Initial(seed=seed, scheme=scheme))
    columns = replace(drawn, network=replace(drawn.dense, orientation="columns"))
    for symbol, value in columns.parameters().items():
        assert (drawn.parameters()[symbol] == value.T).all()


def test_formulas_are_as_keras_and_cs231n_write_them() -> None:
    shapes = BATCH.program.shapes(5)
    said = {step.symbol: formula(step) for step in BATCH.program.steps}
    assert said["Z1"] == "Z1 = X·W1 + b1"
    assert said["dW2"] == "dW2 = A1ᵀ · dZ2 / m"
    assert said["db2"] == "db2 = col_sums(dZ2) / m"
    assert said["dA1"] == "dA1 = dZ2 · W2ᵀ"
    assert said["dZ2"] == "dZ2 = A2 − Y"
    assert [shapes[symbol] for symbol in ("X", "W1", "b1", "A2", "L")] == [
        (5, 2),
        (2, 3),
        (1, 3),
        (5, 2),
        (5, 1),
    ]


def test_elements_run_over_the_neurons_of_a_row() -> None:
    lines = derivation(BATCH.program, "dW2", elements=True).lines
    assert [line.written() for line in lines] == [
        "Σₖ Σₛ ∂L[s]/∂Z2[s,k]·∂Z2[s,k]/∂W2[i,j] / m",
        "Σₖ Σₛ dZ2[s,k]·∂Z2[s,k]/∂W2[i,j] / m",
        "Σₖ Σₛ dZ2[s,k]·A1[s,i]·[k=j] / m",
        "Σₛ dZ2[s,j]·A1[s,i] / m",
        "A1ᵀ · dZ2 / m",
    ]
    assert lines[3].rule == "only k = j"
    of_softmax = derivation(BATCH.program, "dZ2", elements=True).lines
    assert of_softmax[-2].rule == "a row of Y adds up to 1"
