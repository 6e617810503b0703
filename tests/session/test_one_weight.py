"""The loss over one weight: the curve and its slope are the run's own, and keys lead to others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.files.experiment_file import load
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Data, Experiment, read_only
from backprop_tui.run.sweep import losses_with
from backprop_tui.run.timeline import Position
from backprop_tui.session.one_weight import Found, Weight, found, told
from backprop_tui.session.prompts import Sheet
from backprop_tui.session.session import Session
from tests.formulas import unused
from tests.networks import ARTICLE, SMOOTH, experiments
from tests.programs import ATTENTION, RESIDUAL, TIED, rnn
from tests.tui.driver import WIDE, stepping


def at(e: Experiment, position: Position) -> Session:
    session = Session(replace(e, questions=()))
    session.go(position)
    return session


def shown(session: Session) -> Found:
    """What the open sheet shows."""
    assert isinstance(session.top, Sheet)
    assert session.top.kind == "one_weight"
    return found(session, session.top.about)


def without_logarithm(e: Experiment) -> Experiment:
    """The same with a loss that has a derivative everywhere: 0·log 0 = 0 has none."""
    return replace(e, network=replace(e.dense, loss="mean_squared_error"))


DENSE = experiments(SMOOTH, (1.0,)).map(without_logarithm)
X, Z1 = ARTICLE.data.X, read_only([[0.5]] * 3)
LARGE = load("neuron")
PROGRAMS = (RESIDUAL, ATTENTION, TIED, rnn(3))


@given(st.one_of(DENSE, st.sampled_from(PROGRAMS)), st.data())
def test_the_slope_at_the_value_is_the_gradient_of_the_run(
    e: Experiment, data: st.DataObject
) -> None:
    session = at(e, Position(1, 0))
    timeline, program = session.timeline, session.timeline.program
    session.go(timeline.end_of(1))
    symbol = data.draw(st.sampled_from(program.parameters))
    rows, columns = timeline.iteration(1).given[symbol].shape
    cell = Cell(symbol, data.draw(st.integers(1, rows)), data.draw(st.integers(1, columns)))
    seen = found(session, Weight(cell))
    slope, here, iteration = seen.curve.slope, seen.curve.here, timeline.iteration(1)
    assert slope is not None
    by = 1e-4
    # Four losses around it: what is left of the derivative is of the fourth power of `by`.
    around = losses_with(program, iteration, cell, [here + k * by for k in (-2, -1, 1, 2)])
    one, two = around[2] - around[1], around[3] - around[0]
    assert slope == pytest.approx((8 * one - two) / (12 * by), rel=1e-6, abs=1e-9)
    assert seen.slope == session.sight.written(session.view, Cell(f"d{symbol}", 1, 1), slope)


def test_it_is_of_the_weight_at_hand() -> None:
    session = at(load("xor"), Position(1, 0))
    index = session.timeline.program.index
    for step, cell in (
        ("Z1", Cell("W1", 1, 1)),
        ("dW2", Cell("W2", 1, 1)),
        ("dA1", Cell("W2", 1, 1)),
        ("b1", Cell("b1", 1, 1)),
    ):
        session.go(Position(1, index(step) + 1))
        session.do("one_weight")
        assert shown(session).cell == cell
    session.go(Position(1, 0))
    session.look(session.inspection.pointing(Cell("W1", 3, 2)))
    session.do("one_weight")
    assert shown(session).cell == Cell("W1", 3, 2)
    session.do("one_weight", "dW2[1,3]")  # a gradient is that of its weight
    assert shown(session).cell == Cell("W2", 1, 3)
    assert session.do("one_weight", "X[1,1]").said == (
        "X is not updated in training: name a weight (W1, b1, W2, b2).",
    )


def test_what_is_not_computed_yet_is_not_told() -> None:
    session = at(load("xor"), Position(3, 6))
    seen = found(session, Weight(Cell("W1", 1, 2)))
    assert (seen.slope, seen.after) == ("", None)
    session.go(session.timeline.end_of(3))
    seen = found(session, Weight(Cell("W1", 1, 2)))
    assert seen.slope
    assert seen.after == session.timeline.iteration(4).given["W1"][0, 1]


def test_the_values_before_are_those_of_the_run() -> None:
    session = at(load("xor"), Position(20, 6))
    seen, timeline = found(session, Weight(Cell("W2", 1, 1))), session.timeline
    past = [timeline.iteration(k) for k in range(8, 20)]
    assert seen.before.tolist() == [i.given["W2"][0, 0] for i in past]
    assert np.array_equal(seen.losses, timeline.history.losses(8, 20))


def test_what_is_drawn_is_told() -> None:
    session = at(unused("U"), Position(1, 0))
    seen = found(session, Weight(Cell("U", 1, 1)))
    assert told(seen, session) == [
        "No gradient of U[1,1] is computed: training does not change it."
    ]
    of_wx = Weight(Cell("Wx", 1, 1))
    assert told(found(session, of_wx), session) == [
        "dWx[1,1], the slope at ●, is not computed yet."
    ]
    session.go(session.timeline.end_of(1))
    for column in (1, 2):
        seen = found(session, Weight(Cell("Wx", 1, column)))
        assert seen.after is not None
        sign = "▸" if seen.after > seen.curve.here else "◂"
        updated = f"{sign} This iteration's update: Wx[1,{column}] = {session.write(seen.after)}."
        assert told(seen, session) == [
            f"The dashed line has the slope {seen.gradient} = {seen.slope}.",
            updated,
        ]


@pytest.mark.parametrize(
    ("experiment", "why"),
    [
        (ARTICLE.with_given({"Z1": Z1}), "The loss over W1[1,1] cannot be shown: Z1 is given."),
        (
            replace(ARTICLE, data=Data({"X": X})).with_given({"dA2": read_only([[0.5]])}),
            "The loss over W1[1,1] cannot be shown: L is not computed here.",
        ),
        (LARGE, "The network is too large: this curve would take too long."),
    ],
)
def test_where_there_is_no_curve_it_is_said_why(
    experiment: Experiment, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backprop_tui.run.sweep.AFFORDED", 20 if experiment is LARGE else 5e7)
    session = Session(experiment)
    assert session.do("one_weight", "W1[1,1]").said == (why,)
    assert session.top is None


def test_with_a_mistake_it_is_said_that_the_line_may_not_be_tangent() -> None:
    e = load("article").with_mistake(CATALOGUE["sign-flipped"])
    session = at(e, Position(1, 0))
    session.go(session.timeline.end_of(1))
    assert not found(session, Weight(Cell("W2", 1, 1))).is_tangent


async def test_keys_lead_to_another_weight_closer_and_to_the_next_iteration() -> None:
    async with stepping("xor", WIDE) as driver:
        await driver.press("p", "p", "p", "L")
        assert driver.kind == "one_weight"
        text = driver.everything()
        seen = shown(driver.session)
        assert "J when only b1[1,1] changes   iteration 1: b1[1,1] = 0.000" in text
        assert f"The dashed line has the slope db1[1,1] = {seen.slope}." in text
        assert seen.slope == driver.cell("gradients", "db1").strip("▸ ")
        await driver.press("down")
        assert shown(driver.session).cell == Cell("b1", 2, 1)
        await driver.press("tab", "right")
        assert shown(driver.session).cell == Cell("W2", 1, 2)
        reach = np.ptp(shown(driver.session).curve.at)
        await driver.press("plus")
        assert np.ptp(shown(driver.session).curve.at) == pytest.approx(reach / 2)
        await driver.press("i", "i")
        assert driver.position.iteration == 3
        assert "W2[1,2] and J since iteration 1. Other numbers changed too" in driver.everything()
        await driver.press("L")
        assert driver.kind == ""
