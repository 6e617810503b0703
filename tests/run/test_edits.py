"""Edits: what holds from where, exact in both directions, and the same in every way of running."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.maths.functions import LOSSES
from backprop_tui.model.algorithm import architecture_of
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import OPTIMIZERS, Network, Training
from backprop_tui.model.notes import Published
from backprop_tui.model.saved import Edit, Keyframe, Saved
from backprop_tui.run.edits import (
    differ_only_in_edits,
    edit_fault,
    first_difference,
    with_edit,
)
from backprop_tui.run.history import History
from backprop_tui.run.iterations import Iteration, beginning, computed
from backprop_tui.run.keyframes import EVERY
from backprop_tui.run.many import Many
from backprop_tui.run.timeline import Position, Timeline
from tests.networks import ARTICLE, advance, experiment, experiments, same_bits

LAST = 12
"""Iterations that are looked at."""


def same(one: Iteration, other: Iteration) -> bool:
    return (
        one.number == other.number
        and one.examples == other.examples
        and one.diverged == other.diverged
        and one.scalars == other.scalars
        and all(same_bits(one.given[s], other.given[s]) for s in other.given)
        and all(same_bits(one.parameters[s], other.parameters[s]) for s in other.parameters)
        and all(map(same_bits, one.results, other.results))
    )


@st.composite
def edits_of(draw: DrawFn, e: Experiment) -> Edit:
    """Any edit that can be made."""
    iteration = draw(st.integers(1, LAST))
    m = len(e.examples_of(iteration))
    shapes = {**architecture_of(e.network).shapes(m), "alpha": (1, 1)}
    if LOSSES[e.dense.loss].targets_are_shares:
        del shapes["Y"]
    symbol = draw(st.sampled_from(sorted(shapes)))
    value = draw(st.integers(0, 10)) / 10
    if symbol == "alpha":
        return Edit(iteration, Name("alpha"), value)
    rows, columns = shapes[symbol]
    cell = Cell(symbol, draw(st.integers(1, rows)), draw(st.integers(1, columns)))
    return Edit(iteration, cell, value if symbol == "Y" else -value)


@st.composite
def edited(draw: DrawFn) -> Experiment:
    """Any experiment with edits, under any optimizer."""
    e = draw(experiments())
    rule = replace(e.training, optimizer=draw(st.sampled_from(sorted(OPTIMIZERS))))
    e = replace(e, training=rule)
    for edit in draw(st.lists(edits_of(e), max_size=5)):
        assert edit_fault(e, edit) is None
        e = with_edit(e, edit)
    return e


def by_hand(e: Experiment, last: int = LAST) -> list[Iteration]:
    """The run as the rules say it: at the start of each iteration its edits are made, one by one,
    in a copy of the data, of the parameters or of α; then it is evaluated step by step."""
    program = Timeline(e).program
    kept = {s: p.copy() for s, p in zip(program.kept, beginning(e, program), strict=True)}
    data = {"X": e.data.X.copy(), "Y": e.data.Y.copy()}
    alpha, found = e.training.learning_rate, list[Iteration]()
    for k in range(1, last + 1):
        for edit in [x for x in e.edits if x.iteration == k]:
            match edit.of:
                case Cell("X" | "Y" as symbol, row, column):
                    place = [row - 1, column - 1]
                    place[e.data.axis] = int(e.examples_of(k)[place[e.data.axis]])
                    data[symbol][tuple(place)] = edit.value
                case Cell(symbol, row, column):
                    kept[symbol][row - 1, column - 1] = edit.value
                case _:
                    alpha = edit.value
        if found:
            found[-1] = replace(found[-1], parameters={s: p.copy() for s, p in kept.items()})
        training = replace(e.training, learning_rate=alpha)
        copies = {symbol: matrix.copy() for symbol, matrix in data.items()}
        now = replace(e, data=replace(e.data, by_symbol=copies), training=training)
        begun = tuple(p.copy() for p in kept.values())
        found.append(computed(now, program, k, begun))
        if found[-1].diverged:
            return found
        kept = {s: p.copy() for s, p in found[-1].parameters.items()}
    return found


# The law: a run is a pure function of its experiment, edits included --------------------------


@given(edited(), st.lists(st.integers(1, LAST - 1), max_size=6))
def test_any_iteration_is_what_the_rules_say_whatever_was_asked_before(
    e: Experiment, jumps: list[int]
) -> None:
    expected, timeline = by_hand(e), Timeline(e)
    for k in jumps:
        assert same(timeline.iteration(k), expected[min(k, len(expected)) - 1])


@given(edited(), st.integers(1, 5))
def test_compiled_and_interpreted_agree_bit_for_bit(e: Experiment, chunk: int) -> None:
    walked, running = by_hand(e), History(e)
    advance(running, LAST - 1, chunk)
    expected = np.array([done.loss for done in walked[: LAST - 1]])
    assert same_bits(running.losses(1, LAST), expected)
    running._recent.clear()
    for done in reversed(walked[: LAST - 1]):
        assert same(running.iteration(done.number), done)


@given(edited(), st.data())
def test_a_run_that_takes_over_what_another_kept_is_the_run_from_scratch(
    e: Experiment, data: st.DataObject
) -> None:
    timeline = Timeline(e)
    for k in data.draw(st.lists(st.integers(1, LAST - 1), max_size=4)):
        timeline.iteration(k)
    other = with_edit(e, data.draw(edits_of(e)))
    changed = timeline.retold(other)
    assert all(same(*pair) for pair in zip(run_of(changed), by_hand(other), strict=False))
    undone = changed.retold(e)
    assert all(same(*pair) for pair in zip(run_of(undone), by_hand(e), strict=False))


def run_of(timeline: Timeline) -> list[Iteration]:
    return [timeline.iteration(k) for k in range(1, LAST)]


# What holds from where -----------------------------------------------------------------------

SHUFFLED = experiment(
    Network((2, 2, 1), ("tanh", "sigmoid"), "binary_cross_entropy"),
    Training(learning_rate=0.5, batch=2, order="shuffled"),
    [[0.1, 0.2, 0.3, 0.4, 0.5], [1.0, 0.9, 0.8, 0.7, 0.6]],
    [[0, 1, 0, 1, 0]],
    seed=3,
)


def test_a_parameter_begins_its_iteration_with_the_value_and_the_one_before_hands_it_on() -> None:
    timeline = Timeline(with_edit(ARTICLE, Edit(3, Cell("W1", 2, 1), 0.5)))
    plain = Timeline(ARTICLE)
    assert timeline.iteration(3).given["W1"][1, 0] == 0.5
    assert timeline.iteration(2).parameters["W1"][1, 0] == 0.5
    assert same_bits(timeline.iteration(2).results[-4], plain.iteration(2).results[-4])
    assert timeline.state(Position(2, 17)).value("W1")[1, 0] == 0.5  # type: ignore[index]
    assert timeline.iteration(4).given["W1"][1, 0] != 0.5  # updated since


def test_an_edit_of_the_first_iteration_is_what_the_run_begins_with() -> None:
    timeline = Timeline(with_edit(ARTICLE, Edit(1, Cell("b2", 1, 1), -2.0)))
    assert timeline.iteration(1).given["b2"][0, 0] == -2.0
    assert Provenance(timeline).number(Place(0, Cell("b2", 1, 1))) == -2.0


def test_an_input_is_that_example_s_from_there_on_in_later_epochs_too() -> None:
    edit = Edit(2, Cell("X", 2, 1), 7.0)
    timeline = Timeline(with_edit(SHUFFLED, edit))
    example = SHUFFLED.examples_of(2)[0]
    for k in range(1, 13):
        done = timeline.iteration(k)
        for column, own in enumerate(done.examples):
            expected = SHUFFLED.data.X[1, own] if k < 2 or own != example else 7.0
            assert done.given["X"][1, column] == expected


def test_the_learning_rate_holds_from_there_on_and_the_last_edit_in_time_wins() -> None:
    e = with_edit(ARTICLE, Edit(5, Name("alpha"), 0.1))
    e = with_edit(e, Edit(3, Name("alpha"), 2.0))  # made later, holds up to the other one
    timeline = Timeline(e)
    rates = [timeline.iteration(k).scalars["alpha"] for k in range(1, 8)]
    assert rates == [0.5, 0.5, 2.0, 2.0, 0.1, 0.1, 0.1]


def test_of_two_edits_of_one_number_in_one_iteration_the_later_made_holds() -> None:
    e = ARTICLE
    for value in (0.1, 0.9, 0.3):
        e = with_edit(e, Edit(2, Cell("W2", 1, 1), value))
    changed = Timeline(e).iteration(2).given["W2"]
    assert changed[0, 0] == 0.3
    assert not changed.flags.writeable


def test_a_frozen_parameter_can_be_edited_and_stays_what_it_was_edited_to() -> None:
    frozen = replace(ARTICLE, training=replace(ARTICLE.training, freeze=("W2",)))
    timeline = Timeline(with_edit(frozen, Edit(3, Cell("W2", 1, 2), 0.25)))
    provenance = Provenance(timeline)
    assert timeline.iteration(2).given["W2"][0, 1] != 0.25
    assert timeline.iteration(9).given["W2"][0, 1] == 0.25
    assert provenance.earliest(Place(8, Cell("W2", 1, 2))) == Place(2, Cell("W2", 1, 2))
    assert provenance.earliest(Place(1, Cell("W2", 1, 2))) == Place(0, Cell("W2", 1, 2))
    assert provenance.number(Place(2, Cell("W2", 1, 2))) == 0.25


def test_what_is_edited_to_what_it_was_changes_nothing() -> None:
    plain = Timeline(ARTICLE)
    value = float(plain.iteration(3).given["W1"][0, 0])
    timeline = Timeline(with_edit(ARTICLE, Edit(3, Cell("W1", 1, 1), value)))
    assert same(timeline.iteration(9), plain.iteration(9))


def test_an_edit_that_makes_the_run_overflow_is_a_run_that_ends_there() -> None:
    wild = experiment(
        Network((1, 1), ("linear",), "half_squared_error"), Training(0.05), [[3.0]], [[1.0]]
    )
    timeline = Timeline(with_edit(wild, Edit(4, Name("alpha"), 1e200)))
    advance(timeline.history, 100)
    assert timeline.iteration(100).diverged
    assert timeline.iteration(100).number < 10
    undone = timeline.retold(wild)
    assert undone.iteration(100).number == 100
    assert same(undone.iteration(100), Timeline(wild).iteration(100))


# Far away ------------------------------------------------------------------------------------


def test_an_edit_far_into_the_run_computes_only_what_it_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timeline, far = Timeline(ARTICLE), 5 * EVERY + 500
    advance(timeline.history, far)
    lengths = []
    run = Many.run

    def counted(self: Many, first: int, last: int, kept: Any) -> Any:
        lengths.append(last - first + 1)
        return run(self, first, last, kept)

    monkeypatch.setattr(Many, "run", counted)
    changed = timeline.retold(with_edit(ARTICLE, Edit(far, Cell("W1", 1, 1), 3.0)))
    assert changed.iteration(far).given["W1"][0, 0] == 3.0
    undone = changed.retold(ARTICLE)
    assert same(undone.iteration(far), timeline.iteration(far))
    assert sum(lengths) <= 3 * EVERY
    assert same_bits(undone.history.losses(1, far), timeline.history.losses(1, far))


def test_what_a_file_has_saved_holds_until_something_before_it_is_edited() -> None:
    kept = Timeline(ARTICLE).iteration(6).given
    frame = Keyframe(6, {s: p for s, p in kept.items() if s not in ("X", "Y")})
    saved = replace(ARTICLE, saved=Saved(6, 0, frame))
    later = with_edit(saved, Edit(6, Cell("W1", 1, 1), 0.75))
    timeline = Timeline(saved)
    timeline.history.resume(6, frame.kept)
    assert later.saved == saved.saved
    changed = timeline.retold(later)
    assert changed.iteration(6).given["W1"][0, 0] == 0.75
    assert same_bits(changed.retold(saved).iteration(6).given["W1"], kept["W1"])
    before = with_edit(saved, Edit(2, Cell("W1", 1, 1), 0.75))
    assert before.saved is not None
    assert before.saved.keyframe is None
    assert same(timeline.retold(before).iteration(6), Timeline(before).iteration(6))


def test_a_run_goes_on_where_it_was_saved_if_another_is_left_or_it_was_opened_there() -> None:
    kept = Timeline(ARTICLE).iteration(6).given
    saved = replace(ARTICLE, saved=Saved(6, 0, Keyframe(6, kept)))
    other = History(replace(ARTICLE, initial=replace(ARTICLE.initial)))
    assert other.retold(saved).reached == 5
    assert History(saved).retold(saved).reached == 0  # begun anew, it goes on anew
    assert other.retold(saved).retold(replace(saved, title="another")).reached == 5
    assert other.retold(replace(saved, saved=Saved(6))).reached == 0


@given(edited(), st.data())
def test_two_lists_of_edits_differ_from_the_first_iteration_that_tells_them_apart(
    e: Experiment, data: st.DataObject
) -> None:
    assert first_difference(e.edits, e.edits) is None
    edit = data.draw(edits_of(e))
    assert first_difference(e.edits, (*e.edits, edit)) == edit.iteration
    assert first_difference((*e.edits, edit), e.edits) == edit.iteration


def test_of_two_lists_with_unlike_edits_the_earlier_one_tells_them_apart() -> None:
    early, late = Edit(2, Name("alpha"), 0.1), Edit(5, Name("alpha"), 0.1)
    assert first_difference([late], [early]) == first_difference([early], [late]) == 2
    assert first_difference([early, late], [early]) == first_difference([early], [late, early]) == 5


DIFFERENT: dict[str, Any] = {
    "network": replace(ARTICLE.dense, loss="half_squared_error"),
    "training": replace(ARTICLE.training, learning_rate=0.1),
    "mistake": CATALOGUE["sign-flipped"],
    "data": replace(ARTICLE.data),
    "initial": replace(ARTICLE.initial),
    "formulas": {"A1": Name("Z1")},
}


@pytest.mark.parametrize("field", DIFFERENT)
def test_runs_that_differ_in_anything_but_edits_have_nothing_in_common(field: str) -> None:
    assert differ_only_in_edits(ARTICLE, with_edit(ARTICLE, Edit(1, Name("alpha"), 0.1)))
    assert not differ_only_in_edits(ARTICLE, replace(ARTICLE, **{field: DIFFERENT[field]}))


def test_of_another_run_is_taken_over_what_its_first_new_edit_cannot_change() -> None:
    run = History(ARTICLE)
    for k in range(1, 7):
        run.iteration(k)
    edited = run.retold(with_edit(ARTICLE, Edit(5, Cell("W1", 1, 1), 0.5)))
    assert list(edited._recent) == [1, 2, 3]  # the fourth hands on what is edited
    assert edited.reached == 4
    assert edited._losses.of(1, 4) is not None
    assert edited._losses.of(5, 5) is None
    again = run.retold(replace(ARTICLE, title="another"))
    assert list(again._recent) == [1, 2, 3, 4, 5, 6]
    assert again.reached == 6
    assert again._losses.of(1, 6) is not None


def test_a_stretch_ends_before_an_edit() -> None:
    edited = with_edit(ARTICLE, Edit(5, Cell("W1", 1, 1), 0.5))
    assert [(s.first, s.last) for s in History(edited).run(1, 9)] == [(1, 4), (5, 9)]


def test_a_run_that_has_ended_has_ended_unless_it_is_edited_by_then() -> None:
    network = Network((1, 1), ("linear",), "half_squared_error")
    wild = experiment(network, Training(1e200), [[3.0]], [[1.0]])
    run = History(wild)
    end = run.iteration(50).number
    later, there = (
        run.retold(with_edit(wild, Edit(k, Name("alpha"), 0.0))) for k in (end + 1, end)
    )
    assert later._last == end
    assert there.iteration(end + 9).number == end + 9


def test_figures_that_were_published_of_iterations_before_an_edit_stay() -> None:
    published = tuple(Published("a book", iteration=k) for k in (1, 2, 3))
    e = with_edit(replace(ARTICLE, published=published), Edit(2, Name("alpha"), 0.1))
    assert [figures.iteration for figures in e.published] == [1]


def test_the_last_edit_of_a_number_is_that_of_its_own_cell_up_to_the_iteration() -> None:
    cell, alpha = Cell("W1", 2, 1), Name("alpha")
    edits = Edit(4, cell, 0.2), Edit(2, cell, 0.1), Edit(3, alpha, 0.9)
    run = History(replace(ARTICLE, edits=edits))
    assert [run.last_edit(cell, k) for k in (1, 2, 3, 4)] == [None, edits[1], edits[1], edits[0]]
    assert [run.last_edit(alpha, k) for k in (2, 3)] == [None, edits[2]]
    for other in (Cell("W1", 1, 1), Cell("W1", 2, 2), Cell("b1", 2, 1)):
        assert run.last_edit(other, 9) is None


# Where a number comes from -------------------------------------------------------------------


def test_an_edited_number_is_given_and_says_what_it_was() -> None:
    e = with_edit(ARTICLE, Edit(3, Cell("W1", 2, 1), 0.5))
    provenance, plain = Provenance(Timeline(e)), Provenance(Timeline(ARTICLE))
    place = Place(2, Cell("W1", 2, 1))
    was = plain.number(place)
    assert provenance.number(place) == 0.5
    assert provenance.step_of(place) is None
    assert provenance.reads(place) == ()
    assert provenance.given(place) == (
        f"edited: was {was:.6g}, set to 0.5 in iteration 3".replace("-", "−")
    )
    assert provenance.step_of(Place(2, Cell("W1", 1, 1))) is not None
    assert provenance.step_of(Place(3, Cell("W1", 2, 1))) is not None
    assert all(iteration == 3 for iteration, _, _ in provenance.used_by(place))


def test_an_edited_input_says_so_in_every_iteration_that_reads_it() -> None:
    e = with_edit(SHUFFLED, Edit(2, Cell("X", 2, 1), 7.0))
    provenance, example = Provenance(Timeline(e)), SHUFFLED.examples_of(2)[0]
    for k in range(2, 9):
        for column, own in enumerate(e.examples_of(k).tolist(), 1):
            said = provenance.given(Place(k, Cell("X", 2, column)))
            assert ("edited" in said) == (own == example)


# What cannot be edited -----------------------------------------------------------------------

SHARES = experiment(
    Network((2, 2), ("softmax",), "cross_entropy"), Training(), [[1.0], [2.0]], [[1.0], [0.0]]
)


@pytest.mark.parametrize(
    ("e", "edit", "said"),
    [
        (ARTICLE, Edit(1, Cell("dW1", 1, 1), 0.5), "dW1[1,1] cannot be edited: only X, Y"),
        (ARTICLE, Edit(1, Cell("L", 1, 1), 0.5), "only X, Y, W1, b1, W2, b2 and α can"),
        (ARTICLE, Edit(1, Cell("W1", 4, 1), 0.5), "W1[4,1] does not exist: W1 is 3×3"),
        (ARTICLE, Edit(1, Cell("X", 1, 2), 0.5), "X[1,2] does not exist: X is 3×1"),
        (ARTICLE, Edit(1, Cell("Y", 1, 1), 1.5), "must be from 0 to 1"),
        (SHARES, Edit(1, Cell("Y", 1, 1), 0.5), "cannot be edited alone: cross_entropy"),
        (ARTICLE, Edit(1, Name("alpha"), -0.1), "α must be 0 or more; got −0.1"),
        (ARTICLE, Edit(1, Name("m"), 2.0), "m cannot be edited"),
        (ARTICLE, Edit(1, Cell("W1", 1, 1), float("inf")), "must be a finite number"),
    ],
)
def test_what_cannot_be_edited_is_said(e: Experiment, edit: Edit, said: str) -> None:
    fault = edit_fault(e, edit)
    assert fault is not None
    assert said in fault


@pytest.mark.parametrize(
    "edit",
    [
        Edit(1, Name("alpha"), 0.0),
        Edit(1, Cell("Y", 1, 1), 0.0),
        Edit(1, Cell("Y", 1, 1), 1.0),
        Edit(1, Cell("W1", 3, 3), -9.0),
    ],
)
def test_what_is_just_within_its_bounds_can_be_edited(edit: Edit) -> None:
    assert edit_fault(ARTICLE, edit) is None


def test_new_weights_leave_edits_behind_and_a_mistake_keeps_them() -> None:
    e = with_edit(ARTICLE, Edit(3, Cell("W1", 2, 1), 0.5))
    assert e.with_seed(7).edits == ()
    assert e.with_mistake(CATALOGUE["sign-flipped"]).edits == e.edits
