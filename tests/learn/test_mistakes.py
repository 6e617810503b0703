"""Mistakes made on purpose: rewritten steps, from which all else follows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backprop_tui import lessons
from backprop_tui.cli.flags import OVERRIDES
from backprop_tui.explain.explanation import formula, read_figure
from backprop_tui.explain.gradient_check import CheckVerdict, check_cells
from backprop_tui.explain.gradient_check import tolerance as check_tolerance
from backprop_tui.explain.paths import Chains
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.explain.published import Beside, matches
from backprop_tui.explain.reasons import reason
from backprop_tui.exports.trace import header, table
from backprop_tui.files.codes import code_of, experiment_of
from backprop_tui.files.experiment_file import ExperimentError, load, read_experiment
from backprop_tui.files.saving import keyframe_of, resume, text_of
from backprop_tui.learn import effect
from backprop_tui.learn.effect import RightRun, changed_by, changes_nothing, without_effect
from backprop_tui.learn.mistakes import (
    CATALOGUE,
    FORMER_NAMES,
    ROUNDING,
    every_slip,
    slips_of,
)
from backprop_tui.maths.expressions import Cell, Expr, names
from backprop_tui.maths.numbers import largest, significant
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.architecture import Step
from backprop_tui.model.experiment import Data, Experiment, read_only
from backprop_tui.model.network import OPTIMIZERS, Network, Training
from backprop_tui.model.program import Program
from backprop_tui.run.iterations import beginning, computed
from backprop_tui.run.many import Many
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.view import View
from tests.networks import ARTICLE, SMOOTH, experiment, experiments, in_rows, same_bits
from tests.programs import CENTRED

NAMES = sorted(CATALOGUE)
BATCH = experiment(
    Network((3, 3, 3), ("tanh", "sigmoid"), "half_squared_error"),
    Training(batch=2),
    [[1.0, -0.5], [0.2, 0.9], [0.4, 0.1]],
    [[1.0, 0.0], [0.0, 1.0], [0.5, 0.2]],
    {"b1": [[0.1], [0.2], [-0.3]], "b2": [[0.3], [0.1], [0.2]]},
    seed=3,
)
FIRST_EXAMPLE = Data({s: read_only(of[:, :1]) for s, of in BATCH.data.by_symbol.items()})
"""Square, in a batch, with biases: most mistakes fit."""


def both(e: Experiment, mistake: str) -> tuple[Timeline, Timeline]:
    return Timeline(e.with_mistake(None)), Timeline(e.with_mistake(CATALOGUE[mistake]))


PENALTY = replace(BATCH, training=Training(batch=2, l2=0.7))


def told(e: Experiment, mistake: str) -> list[str]:
    slips = CATALOGUE[mistake].slips(program_of(e.network, e.training))
    return [slip.sentence for slip in slips]


# Published mistakes --------------------------------------------------------------------------


def test_mazur_s_figures_come_from_weights_updated_too_early() -> None:
    wrong = Timeline(load("mazur", {"mistake": "updated-weights"}))
    assert matches(wrong.history.loss_of(2), "0.291027924")
    outputs = wrong.iteration(10_001).results[wrong.program.index("A2")]
    assert matches(outputs[0, 0], "0.015912196")
    assert matches(outputs[1, 0], "0.984065734")
    assert matches(wrong.history.loss_of(10_001), "0.000035085")


def test_the_workbook_s_figures_come_from_a_skipped_gate() -> None:
    wrong = Timeline(load("ai-by-hand", {"mistake": "gate-skipped"}))
    results = wrong.iteration(1).results
    index = wrong.program.index
    assert same_bits(results[index("dZ2")], results[index("dA2")])
    for number, printed in zip(
        results[index("dA1")][:, 0], ("-0.00336", "-0.51175", "-0.49832"), strict=True
    ):
        assert matches(number, printed)


# Where and how they are made -----------------------------------------------------------------


def test_each_is_told_by_what_it_makes_of_a_step() -> None:
    assert told(ARTICLE, "sign-flipped") == [
        "dA2 is (1 − Y) / (1 − A2) − Y / A2, not Y / A2 − (1 − Y) / (1 − A2)",
    ]
    assert told(ARTICLE, "derivative-left-out") == [
        "dZ2 is dA2 ∘ σ′(Z2), not dA2",
        "dZ1 is dA1 ∘ σ′(Z1), not dA1",
    ]
    assert told(ARTICLE, "derivative-at-a")[1] == "dZ1 is dA1 ∘ σ′(Z1), not dA1 ∘ σ′(A1)"
    assert told(ARTICLE, "bias-forgotten")[0] == "Z1 is W1·X + b1, not W1 · X"
    assert told(ARTICLE, "updated-weights") == ["dA1 is W2ᵀ · dZ2, not (W2 − α·dW2)ᵀ · dZ2"]
    assert told(ARTICLE, "update-added")[0] == "W1 is W1 − α·dW1, not W1 + α·dW1"
    assert told(BATCH, "mean-forgotten")[:1] == ["dW2 is dZ2 · A1ᵀ / m, not dZ2 · A1ᵀ"]
    assert told(PENALTY, "penalty-forgotten")[0] == (
        "dW2 is dZ2·A1ᵀ / m + λ₂·W2 / m, not dZ2 · A1ᵀ / m"
    )
    assert told(BATCH, "transpose-forgotten") == ["dA1 is W2ᵀ · dZ2, not W2 · dZ2"]
    assert told(BATCH, "wrong-layer-a") == [
        "dW2 is dZ2 · A1ᵀ / m, not dZ2 · A2ᵀ / m",
        "dW1 is dZ1 · Xᵀ / m, not dZ1 · A1ᵀ / m",
    ]
    assert told(BATCH, "wrong-layer-w") == ["dA1 is W2ᵀ · dZ2, not W1ᵀ · dZ2"]


def test_a_mean_in_the_forward_pass_without_its_1_m_is_not_told_as_one_of_gradients() -> None:
    program = CENTRED.program
    (said,) = {
        slip.mistake.told(program)
        for slip in every_slip(program, "dZ")
        if slip.mistake.name == "mean-forgotten"
    }
    assert said == "1/m is missing: a mean is a sum, divided by m."


def test_a_slope_that_is_just_1_is_no_matrix_to_multiply_by() -> None:
    linear = experiment(
        Network((1, 1), ("linear",), "half_squared_error"), Training(), [[1.0]], [[0.5]]
    )
    assert told(linear, "matrix-product") == []
    assert told(linear, "derivative-left-out") == ["dZ1 is dA1 ∘ linear′(Z1), not dA1"]
    assert changes_nothing(*both(linear, "derivative-left-out"), 1)


@pytest.mark.parametrize("name", ["mean-forgotten", "transpose-misplaced", "gate-skipped"])
def test_where_it_fits_nowhere_the_steps_are_the_right_ones(name: str) -> None:
    right, wrong = both(ARTICLE, name)
    assert told(ARTICLE, name) == []
    assert wrong.program.steps == right.program.steps
    assert changes_nothing(right, wrong, 1)


@given(experiments(), st.sampled_from(NAMES))
def test_a_mistake_is_made_just_where_it_says(e: Experiment, name: str) -> None:
    right, wrong = both(e, name)
    changed = {slip.step.symbol for slip in slips_of(wrong.program)}
    assert sorted(s.symbol for s in wrong.program.steps) == sorted(right.program.positions)
    if name == "updated-weights":
        assert {(s.target, s.expression) for s in wrong.program.steps} == {
            (s.target, s.expression) for s in right.program.steps
        }
        assert bool(changed) == (wrong.program.steps != right.program.steps)
        return
    for one, other in zip(right.program.steps, wrong.program.steps, strict=True):
        carried = one.derivation is not None and not changed.isdisjoint(names(one.derivation))
        if not carried:
            assert (one == other) == (one.symbol not in changed), one.symbol
    for examples in range(1, e.training.batch + 1):
        assert wrong.program.shapes(examples) == right.program.shapes(examples)


@pytest.mark.parametrize("lesson", ["article", "saturation", "rnn"])
@pytest.mark.parametrize("name", NAMES)
def test_shapes_are_those_of_the_right_run_also_for_batches_that_it_would_not_fit(
    lesson: str, name: str
) -> None:
    right = load(lesson)
    wrong = right.with_mistake(CATALOGUE[name])
    assert wrong.program.shapes(2) == right.program.shapes(2)
    for step in wrong.program.steps:
        every_slip(wrong.program, step.symbol)


@pytest.mark.parametrize("name", NAMES)
def test_every_mistake_has_a_network_in_which_it_changes_something(name: str) -> None:
    relu = replace(BATCH, network=replace(BATCH.dense, activations=("relu", "sigmoid")))
    square = replace(BATCH, training=Training(batch=1))
    equal = experiment(
        Network((1, 1, 1), ("sigmoid", "sigmoid"), "half_squared_error"),
        Training(), [[1.0]], [[0.2]], {"W1": [[0.3]], "W2": [[0.7]]},
    )  # fmt: skip
    shares = replace(BATCH, network=Network((3, 3, 3), ("tanh", "softmax"), "half_squared_error"))
    networks = (BATCH, relu, square, shares, PENALTY)
    found = [not changes_nothing(*both(e, name), k) for e in networks for k in (1, 2)]
    if name == "one-path":  # in a dense network every value has one reader, and a penalty stays
        assert not any(found)
    elif name in ("transpose-misplaced", "element-by-element", "matrix-product"):
        right, wrong = both(equal, name)  # of 1×1 all products are the same
        assert wrong.program.steps != right.program.steps
        assert changes_nothing(right, wrong, 1)
    else:
        assert any(found)


def test_what_changes_nothing_here_is_told() -> None:
    assert changes_nothing(*both(ARTICLE, "bias-forgotten"), 1)  # zero biases
    assert not changes_nothing(*both(ARTICLE, "bias-forgotten"), 2)  # they have moved
    one = replace(BATCH, data=FIRST_EXAMPLE)
    assert changes_nothing(*both(one, "mean-forgotten"), 1)  # m = 1
    still = replace(ARTICLE, training=Training(learning_rate=0.0))
    assert changes_nothing(*both(still, "updated-weights"), 5)
    even = replace(BATCH.initial, given={"W2": np.array([[1, 2, 3], [2, 1, 0], [3, 0, 1.0]])})
    assert changes_nothing(*both(replace(BATCH, initial=even), "transpose-forgotten"), 1)
    relu = replace(BATCH, network=Network((3, 3, 3), ("relu", "relu"), BATCH.dense.loss))
    assert changes_nothing(*both(relu, "derivative-at-a"), 1)  # A > 0 just where Z > 0


def test_why_a_mistake_changes_nothing_is_read_off_what_it_leaves_out() -> None:
    article = Timeline(ARTICLE)
    zero = "changes nothing here: b1 and b2 are 0"
    assert without_effect(article, CATALOGUE["bias-forgotten"], 1) == zero
    assert without_effect(article, CATALOGUE["bias-forgotten"], 2) is None  # they have moved
    assert (
        without_effect(article, CATALOGUE["mean-forgotten"], 1) == "is not possible in this network"
    )
    one = replace(BATCH, data=FIRST_EXAMPLE)
    assert without_effect(Timeline(one), CATALOGUE["mean-forgotten"], 1) == (
        "changes nothing here: m = 1"
    )
    relu = replace(BATCH, network=Network((3, 3, 3), ("relu", "relu"), BATCH.dense.loss))
    same = "changes nothing here: the same numbers"
    # A > 0 just where Z > 0
    assert without_effect(Timeline(relu), CATALOGUE["derivative-at-a"], 1) == same


@given(experiments(scales=(1.0,)), st.sampled_from(NAMES))
def test_the_first_iteration_tells_what_a_mistake_made_in_it_alone_would(
    e: Experiment, name: str
) -> None:
    right, wrong = both(e, name)
    assert (without_effect(right, CATALOGUE[name], 1) is not None) == changes_nothing(
        right, wrong, 1
    )


@given(experiments(scales=(1.0,)), st.sampled_from(NAMES), st.integers(1, 3))
def test_a_number_is_wrong_just_where_it_is_another(e: Experiment, name: str, k: int) -> None:
    right, wrong = both(e, name)
    run, told = RightRun(wrong), changed_by(right, wrong, k)
    done = wrong.iteration(k)
    if done.number < k or right.iteration(k).number < k:
        return
    off = set()
    for step, result in zip(wrong.program.steps, done.results, strict=True):
        for (i, j), number in np.ndenumerate(result):
            place = Place(k, Cell(step.symbol, i + 1, j + 1))
            correct = right.iteration(k).results[right.program.index(step.symbol)][i, j]
            assert run.number(place) == correct or np.isnan(correct)
            if run.differs(place, float(number)):
                off.add(step.symbol)
    assert off == told
    assert (run.without_effect(k) is not None) <= (not told)


def test_the_right_run_is_not_waited_for() -> None:
    run = RightRun(Timeline(ARTICLE.with_mistake(CATALOGUE["sign-flipped"])))
    place = Place(5000, Cell("Z1", 1, 1))
    assert run.is_behind(5000)
    assert run.number(place) is None
    for _ in run.run(5000):
        pass
    assert not run.is_behind(5000)
    assert run.number(place) == Timeline(ARTICLE).iteration(5000).results[0][0, 0]


def test_it_is_behind_from_so_many_iterations_on() -> None:
    run = RightRun(Timeline(ARTICLE.with_mistake(CATALOGUE["sign-flipped"])))
    reached = run.timeline.history.reached
    assert not run.is_behind(reached + effect.AHEAD)
    assert run.is_behind(reached + effect.AHEAD + 1)


@pytest.mark.parametrize("e", [BATCH, in_rows(BATCH)])
def test_the_first_wrong_cell_is_found_in_a_matrix_and_in_an_example(e: Experiment) -> None:
    run = RightRun(Timeline(e.with_mistake(CATALOGUE["sign-flipped"])))
    assert run.first_wrong(1, "dA2") == Cell("dA2", 1, 1)
    place = run.timeline.program.architecture.place
    assert run.first_wrong(1, "dA2", 1) == Cell("dA2", *place(1, 2))
    assert run.first_wrong(1, "Z1") is None
    assert run.first_wrong(effect.AHEAD + 9, "dA2") is None  # it is behind
    steps = {step.symbol: step for step in run.wrong.program.steps}
    assert [run.enters(1, steps[s]) for s in ("dA2", "dZ2", "Z1")] == [True, False, None]


def test_before_the_first_iteration_there_are_parameters_alone() -> None:
    run = RightRun(Timeline(ARTICLE.with_mistake(CATALOGUE["gradient-accumulated"])))
    begun = ARTICLE.parameters()["W1"][0, 0]
    assert run.number(Place(0, Cell("W1", 1, 1))) == begun
    assert run.number(Place(0, Cell("dW1", 1, 1))) is None


@pytest.mark.parametrize(("times", "same"), [(0.9, True), (-0.9, True), (1.1, False)])
def test_matrices_are_the_same_but_for_the_rounding_of_the_largest(
    times: float, same: bool
) -> None:
    one, near = np.array([[1.0, -1e3, np.inf]]), ROUNDING * 1e3
    assert effect._same(one, one + np.array([[times * near, 0.0, 0.0]])) is same
    assert effect._same(np.array([[np.nan]]), np.array([[np.nan]]))


def test_the_size_and_the_length_of_numbers() -> None:
    assert largest(np.array([[2.0, -3.0, np.inf, np.nan]])) == 3.0
    assert largest(np.array([[np.nan]])) == 0.0
    assert effect._norm([np.array([[3.0, 0.0]]), np.array([[4.0]])]) == 5.0


@pytest.mark.parametrize(
    ("lost", "why"),
    [
        (("b",), "b is 0"),
        (("b", "c"), "b and c are 0"),
        (("m",), "m = 1"),
        (("m", "W", "b"), "m = 1, b is 0"),
        (("W", "none"), "the same numbers"),
    ],
)
def test_what_is_left_out_tells_why_nothing_changes(lost: tuple[str, ...], why: str) -> None:
    zero, some = np.zeros((2, 1)), np.array([[0.0, 1.0]])
    assert effect._why_idle(lost, {"b": zero, "c": zero, "W": some, "m": 1.0}) == why


# Where a mistake enters, and where it is carried on ------------------------------------------


def as_derived(step: Step) -> Expr:
    """The expression of a step as the rules give it, before it collapses."""
    return step.derivation or step.expression


def reads_too_late(program: Program, right: Program, step: Step) -> bool:
    """Whether a step reads something after its update that the right step reads before it."""

    def updated(of: Program, symbol: str) -> bool:
        return of.positions.get(symbol, len(of.steps)) < of.index(step.symbol)

    read = names(step.expression)
    return any(updated(program, s) != updated(right, s) for s in read if s in right.parameters)


def view_of(timeline: Timeline, iteration: int) -> View:
    """The screen at the end of an iteration."""
    state = timeline.state(timeline.end_of(iteration))
    right = RightRun(timeline)
    return View(state, Provenance(timeline), Beside(timeline), right=right)


def every_number(view: View) -> Iterator[tuple[Step, Place, float]]:
    """The numbers of an iteration, each with its step."""
    for step, result in zip(view.program.steps, view.state.iteration.results, strict=True):
        for (i, j), number in np.ndenumerate(result):
            yield step, Place(view.iteration, Cell(step.symbol, i + 1, j + 1)), float(number)


@given(experiments(scales=(1.0,)), st.sampled_from(NAMES), st.integers(1, 3))
def test_the_sign_of_a_number_is_what_comparing_both_runs_says(
    e: Experiment, name: str, k: int
) -> None:
    right, wrong = both(e, name)
    assume(min(run.iteration(k).number for run in (right, wrong)) == k)
    view, steps = view_of(wrong, k), right.program.by_symbol(right.program.steps)
    correct = right.program.by_symbol(right.iteration(k).results)
    signs: dict[str, set[str]] = {}
    for step, place, number in every_number(view):
        should_be = correct[step.symbol]
        expected = float(should_be[place.cell.row - 1, place.cell.column - 1])
        near = 1e-12 * np.abs(should_be[np.isfinite(should_be)]).max(initial=0.0)
        one = steps[step.symbol]
        if number == expected or abs(number - expected) <= near or np.isnan(expected):
            sign = "" if not np.isnan(expected) or np.isnan(number) else view.wrong(place)
        elif as_derived(step) != as_derived(one) or reads_too_late(
            wrong.program, right.program, step
        ):
            sign = "✗"
        else:
            sign = "~"
        assert view.wrong(place) == sign, place
        signs.setdefault(step.symbol, set()).add(sign)
    for step in wrong.program.steps:
        early = wrong.program.is_early(step)
        told = "✗" if early else max(signs[step.symbol], key=" ~✗".find)
        assert view.wrong_step(step) == told


@given(experiments(scales=(1.0,)), st.sampled_from(NAMES), st.integers(1, 3))
def test_what_is_only_carried_on_would_be_right_if_what_it_reads_were(
    e: Experiment, name: str, k: int
) -> None:
    right, wrong = both(e, name)
    assume(min(run.iteration(k).number for run in (right, wrong)) == k)
    view, provenance = view_of(wrong, k), Provenance(right)
    for step in wrong.program.steps:
        if view.wrong_step(step) == "~":
            env = provenance.environment(k, right.program.steps[right.program.index(step.symbol)])
            found = value(as_derived(step), env)
            correct = right.iteration(k).results[right.program.index(step.symbol)]
            assume(np.isfinite(correct).all() and np.abs(correct).max() < 1e6)
            np.testing.assert_allclose(found, correct, rtol=1e-6, atol=1e-9)


@given(experiments(scales=(1.0,)), st.sampled_from(NAMES), st.integers(1, 3))
def test_a_wrong_number_names_the_step_where_the_mistake_entered(
    e: Experiment, name: str, k: int
) -> None:
    right, wrong = both(e, name)
    assume(min(run.iteration(k).number for run in (right, wrong)) == k)
    view = view_of(wrong, k)
    for step, place, _ in every_number(view):
        at = view.right.entrance(place) if view.right and view.wrong(place) else None
        if at is not None:
            order = (at.iteration, wrong.program.index(at.symbol))
            assert view.wrong(at) == "✗"
            assert order <= (k, wrong.program.index(step.symbol))
            assert (at == place) == (view.wrong(place) == "✗")


def test_a_number_that_a_file_alone_has_made_wrong_names_no_step() -> None:
    wrong = load("mazur", {"mistake": "sign-flipped"})
    kept, timeline = keyframe_of(Timeline(wrong), 1).kept, Timeline(wrong)
    timeline.history.resume(1, {**kept, "b1": kept["b1"] + 1})
    view, place = view_of(timeline, 1), Place(1, Cell("Z1", 1, 1))
    assert view.wrong(place)
    assert view.right
    assert view.right.entrance(place) is None


def test_in_sign_flipped_the_mistake_enters_at_the_loss_s_derivative() -> None:
    wrong = Timeline(ARTICLE.with_mistake(CATALOGUE["sign-flipped"]))
    view, program = view_of(wrong, 1), wrong.program
    signs = {symbol: view.wrong_step(program.steps[program.index(symbol)]) for symbol in
             ("A2", "L", "dA2", "dZ2", "dW2", "dA1", "W1")}  # fmt: skip
    assert signs == {
        "A2": "", "L": "", "dA2": "✗", "dZ2": "~", "dW2": "~", "dA1": "~", "W1": "~",
    }  # fmt: skip
    assert text(program.steps[program.index("dZ2")].expression) == "Y − A2"


def test_a_weight_updated_too_early_has_no_sign_and_what_reads_it_has() -> None:
    wrong = Timeline(load("mazur", {"mistake": "updated-weights"}))
    view = view_of(wrong, 1)
    assert view.wrong(Place(1, Cell("W2", 1, 1))) == ""
    assert view.wrong(Place(1, Cell("dA1", 1, 1))) == "✗"
    assert view.wrong(Place(1, Cell("dZ1", 1, 1))) == "~"
    assert view.wrong_step(wrong.program.steps[wrong.program.index("W2")]) == "✗"


def test_of_a_wrong_number_it_is_told_where_the_mistake_enters() -> None:
    mistake = CATALOGUE["sign-flipped"]
    right = RightRun(Timeline(ARTICLE.with_mistake(mistake)))
    assert right.told(Place(1, Cell("dA2", 1, 1))) == (mistake.told(right.wrong.program),)
    assert right.told(Place(1, Cell("dW1", 1, 1))) == (
        "Carried on from dA2 (step 6), in which the mistake is made.",
    )
    assert right.told(Place(2, Cell("Z1", 1, 1))) == (
        "Carried on from dA2 (iteration 1, step 6), in which the mistake is made.",
    )
    assert right.told(Place(1, Cell("Z1", 1, 1))) == ()


# A lower loss --------------------------------------------------------------------------------

BECAUSE = re.compile(r" because .* changed ([\d.e+]+) times as much\. .* give [LJ] = (.+)\.$")


@given(experiments(scales=(1.0,)), st.sampled_from(NAMES))
def test_a_lower_loss_is_put_down_to_larger_updates_only_where_it_is_so(
    e: Experiment, name: str
) -> None:
    """The right run with a learning rate so many times as large has the loss that is told, no
    higher than the wrong run's; the wrong run with one so many times as small is not better."""
    e = replace(e, training=replace(e.training, freeze=()))
    assume(name != "learning-rate-forgotten")
    right, wrong = both(e, name)
    assume(right.iteration(2).number == wrong.iteration(2).number == 2)
    low, correct = wrong.history.loss_of(2), right.history.loss_of(2)
    told = RightRun(wrong).lower_loss(2)
    if not low < correct - 1e-12 * abs(correct):
        assert told is None
        return
    assert told is not None
    assert "is lower than the correct" in told
    assert ("gradient check" in told) <= (name != "update-added")  # every gradient is correct there
    if (found := BECAUSE.search(told)) is None:
        return
    times = _moved(wrong) / _moved(right)
    assert found[1] == significant(times, 3)
    rate = e.training.learning_rate

    def loss_with(run: Timeline, by: float) -> float:
        training = replace(e.training, learning_rate=rate * by)
        return Timeline(replace(run.experiment, training=training)).history.loss_of(2)

    as_large, as_small = loss_with(right, times), loss_with(wrong, 1 / times)
    assert read_figure(found[2]) == pytest.approx(as_large, rel=0.01, abs=1e-9)
    assert times > 1
    assert as_large <= low + 1e-9 * abs(low)
    assert as_small >= correct - 1e-9 * abs(correct)


def _moved(run: Timeline) -> float:
    """How far the first update has changed all parameters together."""
    before, after = run.iteration(1).given, run.iteration(2).given
    each = (np.square(after[s] - before[s]).sum() for s in run.program.parameters)
    return float(np.sqrt(sum(each)))


def test_why_the_article_learns_faster_without_the_derivative_is_told() -> None:
    wrong = Timeline(load("article", {"mistake": "derivative-left-out"}))
    assert RightRun(wrong).lower_loss(1) is None
    assert RightRun(wrong).lower_loss(10**6) is None  # the right run is behind
    assert RightRun(wrong).lower_loss(2) == (
        "L is lower than the correct L because the updates are larger: the parameters have "
        "changed 6.27 times as much. Correct updates of that size give L = 0.0432."
    )


@pytest.mark.parametrize(
    ("lesson", "mistake", "said"),
    [
        ("article", "learning-rate-forgotten", "L. A lower loss does not make an update correct."),
        ("mazur", "transpose-forgotten", "a gradient correct: the gradient check tells."),
    ],
)
def test_a_lower_loss_makes_nothing_correct(lesson: str, mistake: str, said: str) -> None:
    told = RightRun(Timeline(load(lesson, {"mistake": mistake}))).lower_loss(3)
    assert told is not None
    assert told.endswith(said)


# Gradients that are not reset ----------------------------------------------------------------


@given(experiments(scales=(1.0,)))
def test_accumulated_gradients_are_the_last_ones_plus_the_right_ones(e: Experiment) -> None:
    wrong = Timeline(e.with_mistake(CATALOGUE["gradient-accumulated"]))
    assume(wrong.iteration(3).number == 3)
    program, right = wrong.program, wrong.program.right
    assert right is not None
    for k in (1, 2, 3):
        done = wrong.iteration(k)
        kept = tuple(done.given[symbol] for symbol in right.kept)
        alone = right.by_symbol(computed(e, right, k, kept).results)
        results = program.by_symbol(done.results)
        for symbol in right.gradients:
            before: Any = 0.0
            if right.roles[symbol].of in right.parameters and k > 1:
                before = program.by_symbol(wrong.iteration(k - 1).results)[symbol]
            np.testing.assert_array_equal(results[symbol], before + alone[symbol])


def test_accumulated_gradients_change_nothing_in_the_first_iteration_and_say_so() -> None:
    right, wrong = both(ARTICLE, "gradient-accumulated")
    assert changes_nothing(right, wrong, 1)
    assert changes_nothing(right, wrong, 2) is False
    assert RightRun(wrong).without_effect(1) == (
        "changes nothing here: in iteration 1 no gradient is left of an earlier one"
    )
    assert RightRun(wrong).without_effect(2) is None
    assert without_effect(right, CATALOGUE["gradient-accumulated"], 2) is None


def test_accumulated_gradients_are_kept_by_files_and_codes() -> None:
    wrong = load("article").with_mistake(CATALOGUE["gradient-accumulated"])
    timeline = Timeline(wrong)
    saved = read_experiment(text_of(wrong, Position(5, 3), keyframe_of(timeline, 5), ""), "a", "a")
    sent = experiment_of(code_of(wrong, Position(5, 3)))
    for again in (saved, sent):
        other = Timeline(again)
        assert resume(other) == Position(5, 3)
        for one, another in zip(
            timeline.iteration(6).results, other.iteration(6).results, strict=True
        ):
            assert same_bits(one, another)


# Any program ---------------------------------------------------------------------------------


RNN = """
title = "Three time steps with shared weights"
[training]
learning_rate = 0.1
[parameters]
Wx = [2, 2]
Wh = [2, 2]
b = [2, 1]
V = [1, 2]
[data]
X1 = [[0.5, -0.1]]
X2 = [[0.2, 0.4]]
X3 = [[-0.3, 0.1]]
Y = [[1.0]]
[forward]
Z1 = "Wx·X1 + b"
H1 = "tanh(Z1)"
Z2 = "Wx·X2 + Wh·H1 + b"
H2 = "tanh(Z2)"
Z3 = "Wx·X3 + Wh·H2 + b"
H3 = "tanh(Z3)"
O = "V·H3"
L = "half_squared_error(O, Y)"
"""


def rnn(mistake: str | None = None) -> Experiment:
    """A network that no layer, and no part of one, is known of."""
    return read_experiment(RNN, "rnn", "rnn").with_mistake(CATALOGUE[mistake] if mistake else None)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("transpose-forgotten", {"dH1 is Whᵀ · dZ2, not Wh · dZ2"}),
        ("derivative-left-out", {"dZ1 is dH1 ∘ tanh′(Z1), not dH1"}),
        ("derivative-at-a", {"dZ1 is dH1 ∘ tanh′(Z1), not dH1 ∘ tanh′(H1)"}),
        ("one-path", {"db is dZ3 + dZ2 + dZ1, not dZ3", "dWh is dZ3·H2ᵀ + dZ2·H1ᵀ, not dZ3 · H2ᵀ"}),
        ("bias-forgotten", {"Z2 is Wx·X2 + Wh·H1 + b, not Wx·X2 + Wh·H1"}),
        ("sign-flipped", {"dO is O − Y, not Y − O"}),
        ("updated-weights", {"dH3 is Vᵀ · dO, not (V − α·dV)ᵀ · dO"}),
        ("gradient-accumulated", {"dV is dO · H3ᵀ, not dV + dO·H3ᵀ"}),
        ("update-added", {"Wh is Wh − α·dWh, not Wh + α·dWh"}),
    ],
)
def test_a_mistake_needs_nothing_of_a_dense_network(name: str, said: set[str]) -> None:
    program = rnn().program
    slips = {slip.sentence for slip in CATALOGUE[name].slips(program)}
    assert said <= slips
    wrong = Timeline(rnn(name))
    assert sorted(wrong.program.positions) == sorted(program.positions)
    assert not all(changes_nothing(Timeline(rnn()), wrong, k) for k in (1, 2))
    assert any(view_of(wrong, 2).wrong_step(step) for step in wrong.program.steps)


def test_a_shared_weight_moves_early_only_once_its_own_gradient_stands() -> None:
    """dH2 reads Wh before dWh is complete, and dH1 after it."""
    steps = [step.symbol for step in rnn("updated-weights").program.steps]
    assert " ".join(steps[8:]) == "dO dV V dH3 dZ3 dH2 dZ2 dWh Wh dH1 dZ1 dWx db Wx b"


# What follows from them ----------------------------------------------------------------------


@given(
    experiments(), st.sampled_from(NAMES), st.sampled_from(sorted(OPTIMIZERS)), st.integers(1, 6)
)
def test_compiled_and_interpreted_agree_to_the_bit_with_every_mistake(
    e: Experiment, name: str, optimizer: str, iterations: int
) -> None:
    training = replace(e.training, optimizer=optimizer, weight_decay=0.1)
    program = program_of(e.network, training, mistake=CATALOGUE[name])
    kept, losses = beginning(e, program), []
    for number in range(1, iterations + 1):
        done = computed(e, program, number, kept)
        kept = tuple(done.parameters.values())
        losses.append(done.loss)
    left, recorded = Many(e, program).run(1, iterations, beginning(e, program))
    assert all(map(same_bits, left, kept))
    assert same_bits(recorded, np.array(losses))


TAME = experiments(hidden=SMOOTH, scales=(1.0,)).filter(lambda e: e.dense.loss.endswith("error"))


@given(TAME)
def test_where_the_bias_is_forgotten_going_forward_only_db_is_no_slope_of_that_loss(
    e: Experiment,
) -> None:
    wrong = Timeline(e.with_mistake(CATALOGUE["bias-forgotten"]))
    for symbol in wrong.program.gradients:
        for cell in check_cells(wrong.program, wrong.iteration(1), symbol):
            if symbol.startswith("db"):
                assert cell.numeric == 0.0  # the loss does not move with b
                assert cell.verdict is CheckVerdict.DIFFERS or abs(cell.analytic) <= 1e-7, cell
            else:
                assert cell.verdict is not CheckVerdict.DIFFERS, (symbol, cell)


@given(TAME, st.sampled_from([n for n in NAMES if CATALOGUE[n].phase != "forward"]))
def test_the_gradient_check_differs_for_just_the_numbers_that_are_wrong(
    e: Experiment, name: str
) -> None:
    right, wrong = both(e, name)
    good, bad = right.iteration(1), wrong.iteration(1)
    for symbol in wrong.program.gradients:
        correct = good.results[right.program.index(symbol)]
        for cell in check_cells(wrong.program, bad, symbol):
            true = correct[cell.row - 1, cell.column - 1]
            within = check_tolerance(cell.analytic, true)
            off = abs(cell.analytic - true)
            if off < 0.1 * within:
                assert cell.verdict is CheckVerdict.AGREES, (symbol, cell)
            elif off > 2 * within:
                assert cell.verdict is CheckVerdict.DIFFERS, (symbol, cell)
            assert cell.verdict is not CheckVerdict.DIFFERS or not changes_nothing(right, wrong, 1)


@given(experiments(), st.sampled_from(NAMES))
def test_the_past_is_a_pure_function_with_every_mistake(e: Experiment, name: str) -> None:
    one, other = (Timeline(e.with_mistake(CATALOGUE[name])) for _ in "ab")
    other.iteration(3)
    for k in (1, 2):
        for a, b in zip(one.iteration(k).results, other.iteration(k).results, strict=True):
            assert same_bits(a, b)
    position, seen = one.start, 0
    while (ahead := one.forward(position)).iteration == 1 and ahead != position:
        assert one.back(ahead) == position
        position, seen = ahead, seen + 1
    assert seen == len(one.program.steps)


@given(experiments(scales=(1.0,)), st.sampled_from(NAMES))
def test_every_number_says_where_it_came_from(e: Experiment, name: str) -> None:
    wrong = Timeline(e.with_mistake(CATALOGUE[name]))
    done, provenance = wrong.iteration(1), Provenance(wrong)
    for step, result in zip(wrong.program.steps, done.results, strict=True):
        assert formula(step)
        place = Place(1, Cell(step.symbol, *result.shape))
        for read in provenance.reads(place):
            assert isfinite(provenance.number(read)) or not np.isfinite(result).all()


def test_an_early_update_is_what_the_layer_below_reads() -> None:
    wrong = Timeline(load("mazur", {"mistake": "updated-weights"}))
    symbols = [step.symbol for step in wrong.program.steps]
    assert symbols.index("W2") == symbols.index("dA1") - 1
    reads = Provenance(wrong).reads(Place(1, Cell("dA1", 1, 1)))
    assert reads[0] == Place(1, Cell("W2", 1, 1))
    early, adam = CATALOGUE["updated-weights"], Training(optimizer="adam")
    steps = [step.symbol for step in program_of(ARTICLE.network, adam, mistake=early).steps]
    at = steps.index("dA1")
    assert steps[at - 5 : at] == ["vdW2", "sdW2", "vcdW2", "scdW2", "W2"]


def test_every_layer_s_weights_move_before_the_layer_below_has_its_da() -> None:
    deep = Network((2, 2, 2, 2), ("tanh",) * 3, "half_squared_error")
    early = CATALOGUE["updated-weights"]
    steps = program_of(deep, Training(freeze=("W2",)), mistake=early).steps
    symbols = " ".join(step.symbol for step in steps if step.phase in ("backward", "update"))
    assert symbols == (
        "dA3 dZ3 dW3 db3 W3 dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1 W1 b1 b2 b3"  # frozen: not early
    )


@given(experiments(scales=(1.0,)), st.sampled_from(NAMES))
def test_every_gradient_has_its_chains(e: Experiment, name: str) -> None:
    wrong = Timeline(e.with_mistake(CATALOGUE[name]))
    chains = Chains(Provenance(wrong), 1)
    for symbol in wrong.program.gradients:
        assert chains.chain(Cell(symbol, 1, 1), most=2).paths


# Files and flags -----------------------------------------------------------------------------


def test_a_mistake_is_a_key_of_the_file_and_a_flag() -> None:
    text = load("mazur").written
    assert text is not None
    by_key = read_experiment('mistake = "derivative-at-a"\n' + text.text, "mazur", "mazur")
    assert by_key.mistake == CATALOGUE["derivative-at-a"]
    by_flag = load("mazur", {"mistake": "derivative-at-a"})
    assert by_flag.training == by_key.training
    assert by_flag.title == load("mazur").title
    assert by_flag.published == load("mazur").published
    assert by_flag.notes == load("mazur").notes
    assert header(Timeline(by_flag))["mistake"] == "derivative-at-a"


@pytest.mark.parametrize(("former", "name"), FORMER_NAMES.items())
def test_a_former_name_of_a_mistake_is_read_for_ever_and_written_no_more(
    former: str, name: str
) -> None:
    written = load("mazur").written
    assert written is not None
    text = f'mistake = "{former}"\n{written.text}'
    by_key, by_flag = read_experiment(text, "mazur", "mazur"), load("mazur", {"mistake": former})
    by_code = experiment_of(code_of(by_flag, Position()))
    for opened in (by_key, by_flag, by_code):
        assert opened.mistake is CATALOGUE[name]
        saved = text_of(opened, Position(), keyframe_of(Timeline(opened), 1), "")
        assert f'mistake = "{name}"' in saved
        assert former not in saved
    assert former not in CATALOGUE
    again = read_experiment(text, "mazur", "mazur", {"mistake": name})  # the same, newly named
    assert again.mistake is CATALOGUE[name]


def test_the_command_line_and_the_table_name_them() -> None:
    flag = next(flag for flag in OVERRIDES if flag.name == "--mistake")
    assert [name for name in NAMES if name not in flag.help] == []
    wrong = Timeline(load("mazur", {"mistake": "derivative-at-a"}))
    written = "".join(table(wrong, [wrong.iteration(1)], 3))
    assert "mistake: derivative-at-a" in " ".join(written.split())


def test_a_misspelt_mistake_is_refused_with_a_hint() -> None:
    with pytest.raises(ExperimentError, match=r"--mistake must be one of .*bias-forgotten") as e:
        load("mazur", {"mistake": "gate-skiped"})
    assert 'Did you mean "gate-skipped"?' in str(e.value)


def test_a_mistake_is_saved_with_its_run_and_can_be_taken_back() -> None:
    wrong = load("mazur").with_mistake(CATALOGUE["updated-weights"])
    timeline = Timeline(wrong)
    text = text_of(wrong, Position(5, 3), keyframe_of(timeline, 5), "")
    again = read_experiment(text, "mazur", "mazur")
    assert again.mistake == CATALOGUE["updated-weights"]
    assert again.saved is not None
    assert again.saved.iteration == 5
    right = again.with_mistake(None)
    assert right.mistake is None
    assert right.saved is None
    text = text_of(right, Position(1, 0), keyframe_of(Timeline(right), 1), "")
    assert read_experiment(text, "mazur", "mazur").mistake is None
    other = read_experiment(text, "mazur", "mazur", {"mistake": "derivative-at-a"})
    assert other.saved is None  # of another run


def test_every_step_of_every_mistake_has_a_reason() -> None:
    for name in NAMES:
        program = BATCH.with_mistake(CATALOGUE[name]).program
        assert all(reason(step, program) for step in program.steps)


@pytest.mark.parametrize("name", lessons.NAMES)
def test_every_lesson_can_be_shown_with_every_mistake(name: str) -> None:
    """One that fits a batch of one alone has no shapes for two, and needs none."""
    right = program_of(load(name).network, load(name).training).per_example
    for mistake in CATALOGUE:
        run = Timeline(load(name, {"mistake": mistake}))
        assert right == run.program.per_example
        run.state(run.end_of(1))


PROGRAMS = {
    "softmax and a penalty": program_of(
        Network((2, 3, 2), ("relu", "softmax"), "cross_entropy"), Training(batch=2, l2=0.1)
    ),
    "rows": program_of(
        Network((2, 1), ("tanh",), "mean_squared_error", orientation="rows"), Training(batch=2)
    ),
    "Adam": program_of(
        Network((1, 1), ("sigmoid",), "binary_cross_entropy"),
        Training(optimizer="adam", weight_decay=0.1),
    ),
    "attention": load("attention").program,
    "residual": load("residual").program,
}
SLIPS = Path(__file__).with_name("slips.txt").read_text("utf-8").split("\n\n")
"""What each mistake makes of steps of those programs."""


@pytest.mark.parametrize("slips", SLIPS, ids=[slips.partition("\n")[0] for slips in SLIPS])
def test_what_each_mistake_makes_of_a_step(slips: str) -> None:
    title, *lines = slips.strip().splitlines()
    name, symbol = title.split(": ")
    assert list(every_one(PROGRAMS[name], symbol)) == lines


def every_one(program: Program, symbol: str) -> Iterator[str]:
    for slip in every_slip(program, symbol):
        yield f"{slip.mistake.name}: {text(slip.right)} → {text(slip.wrong)}"


MADE = Path(__file__).with_name("made.txt").read_text("utf-8").split("\n\n")
"""What runs of those programs make with each mistake, and what is told of it."""


@pytest.mark.parametrize("made", MADE, ids=[made.partition("\n")[0] for made in MADE])
def test_what_a_run_makes_with_each_mistake(made: str) -> None:
    name, *lines = made.strip().splitlines()
    assert list(all_made(PROGRAMS[name])) == lines


def all_made(program: Program) -> Iterator[str]:
    """The steps that each mistake changes, as MADE has them."""
    for mistake in CATALOGUE.values():
        if made := mistake.slips(program):
            yield f"{mistake.name}: {mistake.told(program)}"
            yield from (f"  {slip.step.symbol}: {slip.of_run}" for slip in made)
            steps, right = mistake.steps(program), set(program.steps)
            changed = [step.symbol for step in steps if step not in right]
            order = " ".join(step.symbol for step in steps)
            yield f"  changes {', '.join(changed)}" if changed else f"  the order is {order}"
