"""What if a number were another: the edit that would make it so, and the loss that shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backprop_tui.explain.provenance import Place
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Training
from backprop_tui.model.saved import Edit
from backprop_tui.run.edits import with_edit
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.editing import _as_it_is, _losses
from backprop_tui.session.session import Session
from tests.networks import ARTICLE


def in_iteration_3(experiment: Experiment) -> Session:
    session = Session(experiment)
    session.go(Position(3, 0))
    return session


@pytest.mark.parametrize(
    ("place", "iteration"),
    [
        (Place(0, Cell("W1", 1, 2)), 1),
        (Place(2, Cell("W1", 1, 2)), 3),  # what iteration 2 has made is what 3 begins with
        (Place(2, Cell("X", 1, 1)), 2),
        (Place(2, Cell("Z1", 1, 1)), 2),
    ],
)
def test_an_edit_that_changes_nothing_is_of_the_iteration_that_reads_it(
    place: Place, iteration: int
) -> None:
    session = in_iteration_3(ARTICLE)
    number = session.provenance.number(place)
    assert _as_it_is(session, place) == Edit(iteration, place.cell, number)


def test_the_rate_and_a_frozen_parameter_are_edited_from_the_iteration_shown_on() -> None:
    frozen = in_iteration_3(replace(ARTICLE, training=Training(freeze=("W1",))))
    cell = Cell("W1", 1, 2)
    rate = ARTICLE.training.learning_rate
    assert _as_it_is(frozen, None) == Edit(3, Name("alpha"), rate)
    assert _as_it_is(frozen, Place(0, cell)).iteration == 3


@pytest.mark.parametrize(
    ("edit", "first"),
    [(Edit(2, Cell("W1", 1, 2), 0.9), 2), (Edit(2, Name("alpha"), 0.9), 3)],
)
def test_the_first_loss_that_an_edit_changes(edit: Edit, first: int) -> None:
    timeline = Timeline(ARTICLE)
    edited = Timeline(with_edit(ARTICLE, edit)).history
    was, now = timeline.history.loss_of(first), edited.loss_of(first)
    assert _losses(timeline, edit)[:2] == (first, was)
    assert _losses(timeline, edit)[2] == pytest.approx(now, rel=1e-12)
    assert was != now
    assert edited.loss_of(first - 1) == timeline.history.loss_of(first - 1)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("= 0.5", "Say what to edit and its value: edit W1[1,2] 0.5, or edit alpha 0.1."),
        ("W1 0.5", "W1 has 9 numbers. Say what to edit and its value: edit W1[1,2] 0.5, "
         "or edit alpha 0.1."),
        ("b2 0.5", "b2[1,1] = 0.500: L goes from 1.026 to 0.735. undo undoes it."),
        ("Y 2", "Y[1,1] must be from 0 to 1, as binary_cross_entropy needs; got 2."),
    ],
)  # fmt: skip
def test_a_number_and_its_value_are_typed(typed: str, said: str) -> None:
    assert Session(load("article")).do("edit", typed).said == (said,)


def test_where_an_edit_ends_the_run_or_lets_it_go_on_that_is_what_is_said() -> None:
    """A rate of 1e200 times a gradient of 1e200 is infinite."""
    session = Session(load("too-large"))
    session.do("edit", "W1[1,1] 1e200")
    ends = "α = 1.00e200: the run diverges in iteration 1. undo undoes it."
    assert session.do("edit", "alpha 1e200").said == (ends,)
    session.do("goto", "end")
    earlier = "The run ends in iteration 1: edit it earlier (back goes back)."
    assert session.do("edit", "W1[1,1] 0.5").said == (earlier,)
    goes_on = "α = 0.500: the run goes on, with L = ∞ in iteration 2. undo undoes it."
    assert session.do("edit", "alpha 0.5").said == (goes_on,)
