"""The derivation: which steps there are, in which order, and what may be computed from what."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given

from backprop_tui.maths.expressions import SCALARS, Call, Name, names, walk
from backprop_tui.maths.functions import ACTIVATIONS, DEFINITIONS, LOSSES
from backprop_tui.maths.parser import parse
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.algorithm import architecture_of, program_of
from backprop_tui.model.architecture import PHASES, Role, Step
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.layers import Part
from backprop_tui.model.network import Network, Training
from backprop_tui.model.own import drawn
from backprop_tui.model.program import Program, lower_all
from backprop_tui.run.timeline import Timeline
from tests.networks import ARTICLE, experiments, known_before
from tests.programs import written

ARTICLE_STEPS = "Z1 A1 Z2 A2 L dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1 W1 b1 W2 b2".split()


def symbols(program: Program) -> list[str]:
    return [step.symbol for step in program.steps]


def test_a_two_layer_iteration_has_17_steps_in_this_order() -> None:
    assert symbols(program_of(ARTICLE.network, ARTICLE.training)) == ARTICLE_STEPS


def test_logistic_regression_has_the_ten_steps_of_one_layer() -> None:
    network = Network((2, 1), ("sigmoid",), "binary_cross_entropy")
    assert symbols(program_of(network, Training())) == "Z1 A1 L dA1 dZ1 dW1 db1 W1 b1".split()


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_the_mean_loss_is_a_step_exactly_when_a_batch_holds_more_than_one(batch: int) -> None:
    program = program_of(ARTICLE.network, Training(batch=batch))
    assert ("J" in symbols(program)) is (batch > 1)
    if batch > 1:
        assert symbols(program)[4:6] == ["L", "J"]


def test_under_sum_nothing_carries_1_over_m() -> None:
    program = program_of(ARTICLE.network, Training(batch=3, reduction="sum"))
    assert all("m" not in names(step.expression) for step in program.steps)


@pytest.mark.parametrize("frozen", [(), ("b1",), ("W1", "b2"), ("W1", "b1", "W2", "b2")])
def test_a_frozen_parameter_keeps_its_gradient_and_has_no_update(frozen: tuple[str, ...]) -> None:
    program = program_of(ARTICLE.network, Training(freeze=frozen))
    assert symbols(program) == [s for s in ARTICLE_STEPS if s not in frozen]
    assert {"d" + s for s in frozen} <= set(symbols(program))


@given(experiments())
def test_every_step_reads_only_what_stands_before_it(experiment: Experiment) -> None:
    program = program_of(experiment.network, experiment.training)
    known = {"X", "Y", *program.parameters, *SCALARS}
    for step, lowered in zip(program.steps, program.lowered, strict=True):
        for e in (step.expression, lowered, step.derivation):
            assert e is None or set(names(e)) <= known
        known.add(step.symbol)


@given(experiments())
def test_no_parameter_changes_before_every_gradient_stands(experiment: Experiment) -> None:
    program = program_of(experiment.network, experiment.training)
    phases = [step.phase for step in program.steps]
    assert phases == sorted(phases, key=PHASES.index)
    updates = {step.symbol for step in program.steps if step.phase == "update"}
    assert updates == set(program.parameters) - set(experiment.training.freeze)
    assert updates.isdisjoint(s.symbol for s in program.steps if s.phase != "update")


@given(experiments())
def test_updates_read_their_own_parameter_and_gradient_only(experiment: Experiment) -> None:
    for step in program_of(experiment.network, experiment.training).steps:
        if step.phase == "update":
            assert names(step.expression) == (step.symbol, "alpha", "d" + step.symbol)


@given(experiments())
def test_what_is_computed_calls_no_definition_and_repeats_no_step(experiment: Experiment) -> None:
    program = program_of(experiment.network, experiment.training)
    for step, lowered in zip(program.steps, program.lowered, strict=True):
        parts = list(walk(lowered))
        assert not any(isinstance(x, Call) and x.function in DEFINITIONS for x in parts)
        if step.phase == "backward":  # g′ of a known activation costs no new exponential
            assert not any(isinstance(x, Call) and x.function == "exp" for x in parts)


@given(experiments())
def test_what_is_computed_equals_what_is_taught(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    iteration = timeline.iteration(1)
    for at, step in enumerate(timeline.program.steps):
        taught = value(step.expression, known_before(timeline, iteration, at))
        computed = iteration.results[at]
        assert np.array_equal(np.broadcast_to(taught, computed.shape), computed, equal_nan=True)


def test_what_was_computed_from_an_old_parameter_does_not_stand_for_the_new_one() -> None:
    W1, X = Name("W1"), Name("X")
    read = {"Z1": W1 @ X, "Z2": (W1 @ X) * X, "Z3": W1 @ X, "Z4": (W1 @ X) * W1, "Z5": W1 + X}
    before = [Step(Name(s), e, "backward", Role("value", 1)) for s, e in read.items()]
    updated = Step(W1, W1 - X, "update", Role("parameter", 1))
    after = [replace(step, target=Name(f"A{k}")) for k, step in enumerate(before)]
    again = Step(Name("D"), W1 - X, "backward", Role("value", 1))
    written = [text(e) for e in lower_all((*before, updated, *after, again))]
    assert written[:5] == ["W1 · X", "Z1 ∘ X", "Z1", "Z1 ∘ W1", "W1 + X"]
    assert written[5:] == ["W1 − X", "W1 · X", "A0 ∘ X", "A0", "A0 ∘ W1", "W1 + X", "W1 − X"]


# Collapse ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("last", "loss"), product(ACTIVATIONS, LOSSES))
def test_the_last_dz_collapses_where_activation_and_loss_belong_together(
    last: str, loss: str
) -> None:
    program = program_of(Network((2, 3, 2), ("tanh", last), loss), Training())
    step = program.steps[program.index("dZ2")]
    belong = (last, loss) in {
        ("sigmoid", "binary_cross_entropy"),
        ("softmax", "cross_entropy"),
    }
    assert (step.derivation is not None) is belong
    assert (text(step.expression) == "A2 − Y") is belong
    assert program.steps[program.index("dA2")].derivation is None


def test_a_hidden_sigmoid_does_not_collapse() -> None:
    program = program_of(ARTICLE.network, ARTICLE.training)
    step = program.steps[program.index("dZ1")]
    assert step.derivation is None
    assert text(step.expression) == "dA1 ∘ σ′(Z1)"


@given(experiments(scales=(1.0,)))
def test_a_collapsed_step_equals_its_derivation(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    iteration = timeline.iteration(1)
    for at, step in enumerate(timeline.program.steps):
        if step.derivation is not None:
            derived = value(step.derivation, known_before(timeline, iteration, at))
            finite = np.isfinite(derived)  # a saturated one is why it is collapsed
            assert derived[finite] == pytest.approx(iteration.results[at][finite], abs=1e-6)


def test_a_saturated_output_is_stable_because_it_collapsed() -> None:
    timeline = Timeline(ARTICLE)
    env = {"A2": np.array([[1.0]]), "Z2": np.array([[800.0]]), "Y": np.array([[0.0]])}
    step = timeline.program.steps[timeline.program.index("dZ2")]
    assert step.derivation is not None
    dA2 = value(timeline.program.steps[timeline.program.index("dA2")].expression, env)
    assert np.isnan(value(step.derivation, {**env, "dA2": dA2})).all()  # ∞ × 0
    assert value(step.expression, env).tolist() == [[1.0]]


# What is read off the steps ------------------------------------------------------------------


@given(experiments())
def test_readers_are_the_steps_that_name_a_symbol_in_any_form(experiment: Experiment) -> None:
    program = program_of(experiment.network, experiment.training)
    reading = [
        {*names(step.expression), *names(lowered), *names(step.derivation or step.expression)}
        for step, lowered in zip(program.steps, program.lowered, strict=True)
    ]
    for symbol in program.roles:
        found = tuple(at for at, read in enumerate(reading) if symbol in read)
        assert program.readers.get(symbol, ()) == found


def test_what_a_collapsed_formula_leaves_out_is_read_by_its_chain_rule_alone() -> None:
    program = program_of(ARTICLE.network, ARTICLE.training)
    alone = {
        (symbol, step.symbol)
        for step in program.steps
        for symbol in program.roles
        if program.by_chain_rule_alone(symbol, step)
    }
    assert alone == {("dA2", "dZ2"), ("Z2", "dZ2")}


def test_phases_have_bounds() -> None:
    program = program_of(ARTICLE.network, ARTICLE.training)
    assert [program.phase_bounds(phase) for phase in PHASES] == [(0, 4), (4, 5), (5, 13), (13, 17)]


def test_with_all_parameters_frozen_the_update_is_empty_and_last() -> None:
    program = program_of(ARTICLE.network, Training(freeze=("W1", "b1", "W2", "b2")))
    assert program.phase_bounds("update") == (13, 13)


def test_shapes_of_a_batch_of_two() -> None:
    network = Network((4, 3, 1), ("relu", "linear"), "mean_squared_error")
    shapes = program_of(network, Training(batch=2)).shapes(2)
    expected = {"X": (4, 2), "W1": (3, 4), "b1": (3, 1), "Z1": (3, 2), "L": (1, 2), "dW1": (3, 4)}
    assert {symbol: shapes[symbol] for symbol in expected} == expected


def test_a_parameter_has_the_shape_of_its_own_in_a_larger_batch() -> None:
    program = program_of(ARTICLE.network, Training())  # db1 is dZ1 there: a column for each example
    assert program.shapes(4)["b1"] == program.shapes(1)["b1"] == (3, 1)


@given(experiments())
def test_a_gradient_has_the_shape_of_what_it_is_the_gradient_of(experiment: Experiment) -> None:
    batch = experiment.training.batch
    shapes = program_of(experiment.network, experiment.training).shapes(batch)
    for symbol in shapes:
        if symbol.startswith("d"):
            assert shapes[symbol] == shapes[symbol[1:]]


@pytest.mark.parametrize(
    ("symbol", "neighbours"),
    [
        ("A1", ["A2", "X"]),
        ("X", ["A1"]),
        ("A2", ["A1"]),
        ("W1", ["W2"]),
        ("dW2", ["dW1"]),
        ("dA1", ["dA2"]),
        ("L", []),
        ("nothing", []),
    ],
)
def test_the_neighbours_of_a_matrix_are_the_same_of_the_next_layer_and_of_the_one_before(
    symbol: str, neighbours: list[str]
) -> None:
    program = program_of(ARTICLE.network, ARTICLE.training)
    assert [*program.neighbours(symbol)] == neighbours


@pytest.mark.parametrize(
    ("symbol", "part", "beside"),
    [
        ("Z1", "activation", ["A1"]),
        ("dZ1", "activation", ["dA1"]),
        ("dW2", "affine", ["dZ2"]),
        ("A1", "bias", ["b1"]),
        ("X", "activation", ["X"]),
        ("X", "weight", []),
        ("L", "affine", []),
        ("nothing", "bias", []),
    ],
)
def test_another_matrix_of_the_same_layer(symbol: str, part: Part, beside: list[str]) -> None:
    program = program_of(ARTICLE.network, ARTICLE.training)
    assert [*program.beside(symbol, part)] == beside


def test_the_same_step_of_any_layer_has_one_name() -> None:
    program = program_of(ARTICLE.network, Training(optimizer="adam"))
    families = {step.symbol: step.family for step in program.steps if step.group != 1}
    assert families == {
        "Z2": "Z", "A2": "A", "L": "L", "dA2": "dA", "dZ2": "dZ", "dW2": "dW", "db2": "db",
        "vdW2": "vdW", "sdW2": "sdW", "vcdW2": "vcdW", "scdW2": "scdW", "W2": "W",
        "vdb2": "vdb", "sdb2": "sdb", "vcdb2": "vcdb", "scdb2": "scdb", "b2": "b",
    }  # fmt: skip


MIXED = written(
    {"W": (1, 2), "V": (1, 1)},
    {"X": [[1.0, 2.0], [2.0, 0.5]], "Y": [[1.0, 0.0]]},
    {"Z": "W·X", "H": "V·(Z − row_means(Z))", "L": "half_squared_error(H, Y)"},
)


def test_examples_are_separate_but_for_what_a_step_reads_across_them() -> None:
    assert MIXED.program.per_example == {"X", "Z", "H", "dZ", "dH", "Y", "L"}
    assert MIXED.program.separate == {"H", "dZ", "dH", "Y", "L"}
    of_one = written({"W": (1, 1)}, {"X": [[2.0]], "Y": [[1.0]]}, {"Z": "X·W", "L": "(Z − Y)²"})
    assert of_one.program.per_example >= {"X", "Y"}  # although two examples would not fit
    dense = replace(ARTICLE, training=Training(batch=2)).program
    assert dense.separate == dense.per_example > {"X", "Z1", "dA2"}


@pytest.mark.parametrize(
    ("formula", "mean", "penalty"),
    [
        ("total(L) / m", True, None),
        ("mean(L)", True, None),
        ("row_means(L)", True, None),
        ("row_sums(L) / m", True, None),
        ("total(L)", False, None),
        ("row_sums(L)", False, None),
        ("L", False, None),
        ("total(L) / m + λ₂·total(W²)", True, "λ₂ · total(W²)"),
        ("total(W²) + total(L) + total(V)", False, "total(W²) + total(V)"),
        ("2·total(L)", None, None),
        ("total(L) / K", None, None),
        ("total(L) + total(Y)", None, None),
    ],
)
def test_an_objective_is_a_mean_or_a_sum_of_losses_and_a_penalty_or_all_else(
    formula: str, mean: bool | None, penalty: str | None
) -> None:
    found, added = MIXED.program.architecture.parted(parse(formula))
    assert (found, added and text(added)) == (mean, penalty)


@pytest.mark.parametrize(
    ("loss", "added"), [("cross_entropy", True), ("binary_cross_entropy", False)]
)
def test_targets_are_drawn_as_their_loss_takes_them_and_as_labels(loss: str, added: bool) -> None:
    whole = architecture_of(Network((2, 3), ("sigmoid",), loss))
    shares, labels = (
        drawn(whole, 50, np.random.default_rng(1), labels)["Y"] for labels in (False, True)
    )
    assert ((shares > 0) & (shares < 1)).all()
    assert set(labels.ravel().tolist()) == {0.0, 1.0}
    for Y in (shares, labels):
        assert np.allclose(Y.sum(axis=0), 1) == added


def test_the_index_of_a_symbol_without_a_step_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        program_of(ARTICLE.network, ARTICLE.training).index("W9")
