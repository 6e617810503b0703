"""Law 1: what is known at a position depends on the position alone; going back is exact."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.model.architecture import PHASES
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.run.history import RECENT
from backprop_tui.run.keyframes import EVERY
from backprop_tui.run.timeline import Iteration, Position, State, Timeline
from tests.networks import ARTICLE, experiment, experiments, same_bits

KEYS: dict[str, Callable[[Timeline, Position], Position]] = {
    "space": Timeline.forward,
    "backspace": Timeline.back,
    "s": Timeline.into,
    "S": Timeline.out,
    "p": Timeline.phase_end,
    "P": Timeline.phase_start,
    "i": Timeline.later,
    "I": Timeline.earlier,
}
TYPED = st.lists(st.sampled_from(sorted(KEYS)), max_size=40)

DIVERGING = experiment(
    Network((1, 1), ("linear",), "half_squared_error"),
    Training(learning_rate=10.0),
    [[3.0]],
    [[1.0]],
    {"W1": [[0.5]]},
)


def walk(timeline: Timeline, keys: list[str]) -> Position:
    position = timeline.start
    for key in keys:
        position = KEYS[key](timeline, position)
    return position


def same(one: Iteration, other: Iteration) -> bool:
    return (
        one.number == other.number
        and one.examples == other.examples
        and one.diverged == other.diverged
        and all(same_bits(one.given[s], other.given[s]) for s in other.given)
        and all(map(same_bits, one.results, other.results))
        and all(same_bits(one.parameters[s], other.parameters[s]) for s in other.parameters)
    )


def assert_same_state(one: State, other: State) -> None:
    assert same(one.iteration, other.iteration)
    assert (one.step, one.next_step, one.phase) == (
        other.step,
        other.next_step,
        other.phase,
    )
    for symbol in one.program.shapes(one.examples):
        known, expected = one.value(symbol), other.value(symbol)
        assert (known is None) == (expected is None)
        assert known is None or expected is None or same_bits(known, expected)
        assert one.revealed(symbol) == other.revealed(symbol)
        assert one.stale(symbol) == other.stale(symbol)


# Law 1 ---------------------------------------------------------------------------------------


@given(experiments(), TYPED)
def test_wherever_keys_lead_a_fresh_run_knows_the_same_to_the_bit(
    experiment: Experiment, keys: list[str]
) -> None:
    walked = Timeline(experiment)
    position = walk(walked, keys)
    assert_same_state(walked.state(position), Timeline(experiment).state(position))


@given(experiments(), st.permutations(range(1, 9)))
def test_the_order_of_visits_does_not_matter(experiment: Experiment, visits: list[int]) -> None:
    one, other = Timeline(experiment), Timeline(experiment)
    in_order = [one.iteration(k) for k in range(1, 9)]
    for k in visits:
        assert same(other.iteration(k), in_order[k - 1])


@given(experiments(), TYPED)
def test_every_position_that_keys_lead_to_is_one_of_the_run(
    experiment: Experiment, keys: list[str]
) -> None:
    timeline = Timeline(experiment)
    position = timeline.start
    for key in keys:
        position = KEYS[key](timeline, position)
        steps = len(timeline.program.steps)
        assert position.iteration >= 1
        assert 0 <= position.steps <= steps
        assert position.elements == 0 or position.steps < steps
        if position.elements:
            result = timeline.iteration(position.iteration).results[position.steps]
            assert 0 < position.elements < result.size
        assert timeline.state(position).iteration.number == position.iteration


def test_three_thousand_iterations_replay_from_keyframes_to_the_bit() -> None:
    walked, jumped = Timeline(ARTICLE), Timeline(ARTICLE)
    wanted = {1, 2, 64, 65, 1023, 1024, 1025, 1026, 2048, 2049, 2500, 2999, 3000}
    seen = {}
    for k in range(1, 3001):
        done = walked.iteration(k)
        if k in wanted:
            seen[k] = done
    for k in [3000, *random.Random(7).sample(sorted(wanted), len(wanted))]:
        assert same(jumped.iteration(k), seen[k])


def test_the_run_agrees_with_a_loop_written_by_hand() -> None:
    X, Y, p = ARTICLE.data.X, ARTICLE.data.Y, ARTICLE.parameters()
    W1, b1, W2, b2 = p["W1"], p["b1"], p["W2"], p["b2"]
    for _ in range(100):
        A1 = 1 / (1 + np.exp(-(W1 @ X + b1)))
        A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
        dZ2 = A2 - Y
        dZ1 = (W2.T @ dZ2) * (A1 * (1 - A1))
        W1, b1 = W1 - 0.5 * (dZ1 @ X.T), b1 - 0.5 * dZ1
        W2, b2 = W2 - 0.5 * (dZ2 @ A1.T), b2 - 0.5 * dZ2
    left = Timeline(ARTICLE).iteration(100).parameters
    for symbol, expected in {"W1": W1, "b1": b1, "W2": W2, "b2": b2}.items():
        assert left[symbol] == pytest.approx(expected, rel=1e-12)


def test_many_iterations_keep_little() -> None:
    timeline = Timeline(ARTICLE)
    timeline.iteration(2 * EVERY + 5)
    assert len(timeline.history._recent) <= RECENT
    assert sorted(timeline.history._keyframes._frames) == [1, EVERY + 1, 2 * EVERY + 1]


@given(experiments())
def test_results_are_contiguous_and_nobody_can_change_the_past(experiment: Experiment) -> None:
    iteration = Timeline(experiment).iteration(2)
    for result in (*iteration.results, *iteration.parameters.values()):
        assert result.flags.c_contiguous
        assert not result.flags.writeable
    for matrix in iteration.given.values():
        assert matrix.flags.c_contiguous
        assert not matrix.flags.writeable


def test_an_iteration_begins_with_what_the_one_before_left() -> None:
    timeline = Timeline(ARTICLE)
    for symbol, left in timeline.iteration(4).parameters.items():
        assert same_bits(timeline.iteration(5).given[symbol], left)


def test_batches_take_the_examples_in_order_and_the_last_may_be_smaller() -> None:
    three = experiment(
        Network((1, 1), ("sigmoid",), "binary_cross_entropy"),
        Training(batch=2),
        [[1.0, 2.0, 3.0]],
        [[1.0, 0.0, 1.0]],
    )
    timeline = Timeline(three)
    assert [timeline.iteration(k).examples for k in (1, 2, 3)] == [(0, 1), (2,), (0, 1)]
    assert all(type(example) is int for example in timeline.iteration(1).examples)
    assert timeline.iteration(2).given["X"].tolist() == [[3.0]]
    assert timeline.state(Position(2)).examples == 1


# Forward and back ----------------------------------------------------------------------------


def test_after_the_last_step_comes_the_first_of_the_next_iteration() -> None:
    timeline = Timeline(ARTICLE)
    assert timeline.forward(Position(1, 17)) == Position(2, 1)
    assert timeline.back(Position(2, 1)) == Position(1, 17)


def test_back_at_the_start_stays() -> None:
    timeline = Timeline(ARTICLE)
    assert timeline.back(timeline.start) == timeline.start == Position(1, 0, 0)


@given(experiments(), st.integers(0, 60))
def test_back_undoes_forward_over_updates_and_iterations(
    experiment: Experiment, steps: int
) -> None:
    timeline = Timeline(experiment)
    trail = [timeline.start]
    for _ in range(steps):
        trail.append(timeline.forward(trail[-1]))
    if timeline.forward(trail[-1]) != trail[-1]:  # not stopped by divergence
        position = trail[-1]
        for expected in reversed(trail[:-1]):
            position = timeline.back(position)
            assert position == expected


@given(experiments(), st.data())
def test_into_shows_a_step_row_by_row_until_it_is_whole(
    experiment: Experiment, data: st.DataObject
) -> None:
    timeline = Timeline(experiment)
    at = data.draw(st.integers(0, len(timeline.program.steps) - 1))
    symbol = timeline.program.steps[at].symbol
    size = timeline.iteration(1).results[at].size
    position = Position(1, at)
    for shown in range(1, size):
        position = timeline.into(position)
        state = timeline.state(position)
        assert position == Position(1, at, shown)
        assert state.opening(symbol)
        assert state.revealed(symbol) == shown
        assert not state.done(symbol)
        assert timeline.out(position) == Position(1, at + 1)
        assert timeline.back(position) == Position(1, at, shown - 1)
    position = timeline.into(position)
    assert position == Position(1, at + 1)
    assert timeline.state(position).done(symbol)
    assert timeline.state(position).revealed(symbol) is None


def test_into_after_the_last_step_opens_the_next_iteration() -> None:
    assert Timeline(ARTICLE).into(Position(1, 17)) == Position(2, 0, 1)


def test_forward_finishes_an_open_step_and_out_does_nothing_elsewhere() -> None:
    timeline = Timeline(ARTICLE)
    assert timeline.forward(Position(1, 0, 2)) == Position(1, 1)
    assert timeline.out(Position(1, 3)) == Position(1, 3)


def test_an_open_step_never_shows_more_elements_than_its_batch_has() -> None:
    uneven = experiment(
        Network((2, 2), ("sigmoid",), "binary_cross_entropy"),
        Training(batch=2),
        [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]],
        [[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]],
    )
    timeline = Timeline(uneven)
    assert timeline.later(Position(1, 0, 3)) == Position(2, 0, 1)
    assert timeline.earlier(Position(3, 0, 3)) == Position(2, 0, 1)


# Phases and iterations -----------------------------------------------------------------------


def test_p_goes_from_the_end_of_one_phase_to_the_end_of_the_next() -> None:
    timeline = Timeline(ARTICLE)
    position, ends = timeline.start, []
    for _ in range(5):
        position = timeline.phase_end(position)
        ends.append((position.iteration, position.steps, timeline.state(position).phase))
    assert ends == [
        (1, 4, "forward"),
        (1, 5, "loss"),
        (1, 13, "backward"),
        (1, 17, "update"),
        (2, 4, "forward"),
    ]


def test_shift_p_goes_before_the_first_step_of_the_phase_then_of_the_one_before() -> None:
    timeline = Timeline(ARTICLE)
    position, starts = Position(2, 9), []
    for _ in range(6):
        position = timeline.phase_start(position)
        starts.append(position)
    assert starts == [
        Position(2, 5),
        Position(2, 4),
        Position(2, 0),
        Position(1, 13),
        Position(1, 5),
        Position(1, 4),
    ]
    assert timeline.phase_start(timeline.start) == timeline.start
    assert timeline.phase_start(Position(2, 7, 3)) == Position(2, 7)  # an open step is closed


@given(experiments(), st.integers(0, 30))
def test_p_ends_on_the_last_step_of_a_phase(experiment: Experiment, steps: int) -> None:
    timeline = Timeline(experiment)
    position = timeline.start
    for _ in range(steps):
        position = timeline.forward(position)
    ended = timeline.phase_end(position)
    _, behind = timeline.program.phase_bounds(timeline.state(ended).phase)
    assert ended.steps == behind
    assert ended > position or timeline.diverged(position.iteration)


def test_i_is_the_same_step_one_iteration_later_and_shift_i_takes_it_back() -> None:
    timeline = Timeline(ARTICLE)
    assert timeline.later(Position(1, 8)) == Position(2, 8)
    assert timeline.earlier(Position(2, 8)) == Position(1, 8)
    assert timeline.earlier(Position(1, 8)) == timeline.start
    assert timeline.later(Position(3, 7, 2)) == Position(4, 7, 2)  # dW2 is open


# What a state knows --------------------------------------------------------------------------


def test_a_new_iteration_begins_empty() -> None:
    state = Timeline(ARTICLE).state(Position(2, 1))
    assert state.value("Z1") is not None
    for symbol in ("A1", "Z2", "L", "dW2"):
        assert state.value(symbol) is None
        assert not state.done(symbol)


def test_before_the_first_step_only_what_is_given_is_known() -> None:
    timeline = Timeline(ARTICLE)
    state = timeline.state(timeline.start)
    known = {s for s in timeline.program.shapes(1) if state.value(s) is not None}
    assert known == {"X", "Y", "W1", "b1", "W2", "b2"}
    assert state.step is None
    assert state.next_step is timeline.program.steps[0]
    assert state.phase == "forward"


def test_a_parameter_is_the_old_one_until_its_update_is_done() -> None:
    timeline = Timeline(ARTICLE)
    before, after = timeline.state(Position(1, 13)), timeline.state(Position(1, 14))
    old, new = before.value("W1"), after.value("W1")
    assert old is not None
    assert new is not None
    assert same_bits(old, timeline.iteration(1).given["W1"])
    assert same_bits(new, timeline.iteration(1).parameters["W1"])
    assert same_bits(after.before("W1"), old)
    assert same_bits(before.result("W1"), new)


def test_once_a_parameter_is_updated_what_was_computed_from_it_is_stale() -> None:
    timeline = Timeline(ARTICLE)
    assert not timeline.state(Position(1, 13)).stale("A1")
    updated = timeline.state(Position(1, 14))
    assert updated.stale("A1")
    assert updated.stale("L")
    assert not updated.stale("W1")
    assert not updated.stale("X")


def test_states_are_the_same_at_one_position_of_one_run() -> None:
    timeline, other = Timeline(ARTICLE), Timeline(ARTICLE)
    state = timeline.state(Position(1, 2))
    assert state == timeline.state(Position(1, 2))
    assert hash(state) == hash(timeline.state(Position(1, 2)))
    others = (timeline.state(Position(1, 3)), timeline.announced(Position(1, 2)))
    for unlike in (*others, other.state(Position(1, 2)), Position(1, 2)):
        assert state != unlike


def test_an_announced_step_is_shown_and_nothing_of_it_is_known() -> None:
    state = Timeline(ARTICLE).announced(Position(1, 4))
    assert (state.number, state.phase, state.value("L")) == (5, "loss", None)
    assert state.step is state.next_step


def test_each_phase_has_its_turn_and_behind_the_last_step_none_is_next() -> None:
    timeline = Timeline(ARTICLE)
    assert [timeline.state(Position(1, n)).phase for n in (1, 5, 6, 17)] == list(PHASES)
    assert timeline.state(Position(1, 17)).next_step is None


# Divergence ----------------------------------------------------------------------------------


def test_a_run_that_diverges_stops_and_names_the_first_parameter() -> None:
    timeline = Timeline(DIVERGING)
    last = timeline.iteration(10**9)
    assert last.diverged == "W1"
    assert last.number == 155
    assert timeline.diverged(last.number) == "W1"
    assert timeline.diverged(last.number - 1) is None
    end = timeline.end_of(last.number)
    for key in ("space", "s", "p", "i"):
        assert KEYS[key](timeline, end) == end


def test_a_run_that_diverged_can_be_stepped_back_exactly() -> None:
    timeline, fresh = Timeline(DIVERGING), Timeline(DIVERGING)
    last = timeline.iteration(10**9).number
    position = timeline.end_of(last)
    for _ in range(3 * len(timeline.program.steps)):
        position = timeline.back(position)
    assert position == fresh.end_of(last - 3)
    assert_same_state(timeline.state(position), fresh.state(position))


@pytest.mark.parametrize(
    "visits", [(154, 155, 156, 400), (400, 156), (155, 200), (1, 155, 154, 999)]
)
def test_there_is_no_iteration_behind_the_one_that_diverged(visits: tuple[int, ...]) -> None:
    timeline = Timeline(DIVERGING)
    for k in visits:
        assert timeline.iteration(k).number == min(k, 155)


def test_an_infinite_loss_is_survived() -> None:
    certain = experiment(
        Network((1, 1), ("sigmoid",), "binary_cross_entropy"),
        Training(),
        [[1.0]],
        [[0.0]],
        {"W1": [[800.0]]},
    )
    timeline = Timeline(certain)
    assert timeline.state(Position(1, 3)).result("L").tolist() == [[np.inf]]
    assert timeline.iteration(1).diverged is None
    assert timeline.iteration(1).parameters["W1"].tolist() == [[799.5]]


@given(experiments(scales=(100.0,)))
def test_a_run_diverges_exactly_where_a_parameter_is_no_longer_finite(
    experiment: Experiment,
) -> None:
    timeline = Timeline(experiment)
    for k in range(1, 30):
        done = timeline.iteration(k)
        not_finite = [s for s, p in done.parameters.items() if not np.isfinite(p).all()]
        assert done.diverged == (not_finite[0] if not_finite else None)
        if not_finite:
            assert timeline.iteration(k + 1) is done
            break
