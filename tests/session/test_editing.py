"""What if a number were another: the edit that would make it so, and the loss that shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backprop_tui.explain.provenance import Place
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
