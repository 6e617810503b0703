"""The loss over one number: the same bits as a run that was edited there, and a true tangent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.functions import LOSSES
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Edit
from backprop_tui.run import sweep as sweeping
from backprop_tui.run.edits import with_edit
from backprop_tui.run.sweep import losses_with, sweep
from backprop_tui.run.timeline import Timeline
from tests.networks import ARTICLE, SMOOTH, experiments, same_bits
from tests.programs import written


@pytest.mark.parametrize(("iteration", "most", "first"), [(5, 3, 2), (3, 9, 1), (1, 9, 1)])
def test_where_a_number_was_before(iteration: int, most: int, first: int) -> None:
    timeline = Timeline(ARTICLE)
    values, losses = sweeping.before(timeline, iteration, Cell("W1", 2, 3), most)
    past = [timeline.iteration(k) for k in range(first, iteration)]
    assert values.tolist() == [done.given["W1"][1, 2] for done in past]
    assert losses.tolist() == [done.loss for done in past]


def test_there_is_no_curve_of_what_a_given_value_cuts_off_from_the_loss() -> None:
    given_values = ARTICLE.with_given({"Z1": np.array([[0.5]] * 3)})
    program, done = given_values.program, Timeline(given_values).iteration(1)
    assert sweep(program, done, Cell("W1", 1, 1)) is None
    assert sweep(program, done, Cell("W2", 1, 1)) is not None


@given(experiments(), st.integers(1, 5), st.data())
def test_the_loss_with_another_number_is_that_of_the_edited_run(
    e: Experiment, k: int, data: st.DataObject
) -> None:
    timeline = Timeline(e)
    iteration = timeline.iteration(k)
    admitted = [
        s for s in iteration.given if s != "Y" or not LOSSES[e.dense.loss].targets_are_shares
    ]
    symbol = data.draw(st.sampled_from(admitted))
    rows, columns = iteration.given[symbol].shape
    cell = Cell(symbol, data.draw(st.integers(1, rows)), data.draw(st.integers(1, columns)))
    edit = Edit(iteration.number, cell, data.draw(st.integers(0, 10)) / 10)
    edited = timeline.retold(with_edit(e, edit)).history.loss_of(iteration.number)
    (found,) = losses_with(timeline.program, iteration, cell, [edit.value])
    assert same_bits(np.array([found]), np.array([edited]))


def test_a_number_that_no_step_reads_changes_no_loss() -> None:
    e = written(
        {"W": (1, 1), "V": (1, 1)},
        {"X": [[2.0]], "Y": [[1.0]]},
        {"Z": "W·X", "L": "half_squared_error(Z, Y)"},
    )
    iteration = Timeline(e).iteration(2)
    assert losses_with(Timeline(e).program, iteration, Cell("V", 1, 1), [9.0]) == [iteration.loss]


@given(experiments(SMOOTH, (1.0,)), st.data())
def test_close_to_the_number_the_curve_is_its_tangent(e: Experiment, data: st.DataObject) -> None:
    # One loss without a logarithm: 0·log 0 = 0 is a convention that has no tangent.
    timeline = Timeline(replace(e, network=replace(e.dense, loss="mean_squared_error")))
    iteration = timeline.iteration(1)
    symbol = data.draw(st.sampled_from(timeline.program.parameters))
    rows, columns = iteration.given[symbol].shape
    cell = Cell(symbol, data.draw(st.integers(1, rows)), data.draw(st.integers(1, columns)))
    found = sweep(timeline.program, iteration, cell)
    assert found is not None
    assert found.loss == timeline.history.loss_of(1)
    assert found.here == iteration.given[symbol][cell.row - 1, cell.column - 1]
    assert found.slope is not None
    h = 1e-4
    (near,) = losses_with(timeline.program, iteration, cell, [found.here + h])
    assert near == pytest.approx(found.loss + h * found.slope, abs=1e-5)


@pytest.mark.parametrize(
    ("number", "closer", "reach"), [(0.5, 1.0, 1), (-4.0, 1.0, 4), (-4.0, 8.0, 0.5)]
)
def test_a_curve_reaches_as_far_as_the_number_is_large_and_at_least_1(
    number: float, closer: float, reach: float
) -> None:
    timeline = Timeline(with_edit(ARTICLE, Edit(1, Cell("W1", 2, 3), number)))
    found = sweep(timeline.program, timeline.iteration(1), Cell("W1", 2, 3), closer)
    assert found is not None
    assert (found.at[0], found.at[-1]) == (number - reach, number + reach)
    assert found.losses[0] == losses_with(
        timeline.program, timeline.iteration(1), Cell("W1", 2, 3), [number - reach]
    )


def test_with_a_mistake_the_line_is_no_tangent() -> None:
    timeline = Timeline(ARTICLE.with_mistake(CATALOGUE["sign-flipped"]))
    found = sweep(timeline.program, timeline.iteration(1), Cell("W2", 1, 1))
    right = sweep(Timeline(ARTICLE).program, Timeline(ARTICLE).iteration(1), Cell("W2", 1, 1))
    assert found is not None
    assert right is not None
    assert same_bits(found.losses, right.losses)
    assert found.slope == -right.slope  # type: ignore[operator]


def test_where_it_would_take_too_long_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "AFFORDED", 10)
    timeline = Timeline(ARTICLE)
    assert sweep(timeline.program, timeline.iteration(1), Cell("W1", 1, 1)) is None


@pytest.mark.parametrize(
    ("afforded", "points"),
    [(10**9, 41), (20 * 13, 21), (9 * 13, 9), (9 * 13 - 1, 9), (7 * 13, None)],
)
def test_there_are_as_many_points_as_are_afforded_one_of_them_in_the_middle(
    afforded: int, points: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline = Timeline(ARTICLE)
    iteration = timeline.iteration(1)
    work = sum(iteration.given[p].size for p in timeline.program.parameters)
    monkeypatch.setattr(sweeping, "AFFORDED", afforded * work // 13)
    found = sweep(timeline.program, iteration, Cell("W1", 1, 1))
    assert (None if found is None else found.at.size) == points
    assert found is None or found.at[found.at.size // 2] == found.here
