"""Long runs: what is kept never shows in what is known; memory and the way back stay short."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from threading import Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.model.experiment import Array, Experiment, Kept
from backprop_tui.model.network import OPTIMIZERS, Network, Training
from backprop_tui.run import history, keyframes
from backprop_tui.run.history import History
from backprop_tui.run.iterations import Iteration, beginning, computed
from backprop_tui.run.keyframes import EVERY, OVERHEAD, Keyframes, KnownLosses
from backprop_tui.run.many import Many
from tests.networks import ARTICLE, advance, experiment, experiments, same_bits

DIVERGING = experiment(
    Network((1, 1), ("linear",), "half_squared_error"),
    Training(learning_rate=10.0),
    [[3.0]],
    [[1.0]],
    {"W1": [[0.5]]},
)
"""It diverges in iteration 155."""

DIGITS = experiment(
    Network((64, 16, 10), ("tanh", "softmax"), "cross_entropy"),
    Training(0.1, batch=7, order="shuffled"),
    np.random.default_rng(0).random((64, 30)),
    np.eye(10)[:, np.arange(30) % 10],
)


def same(one: Iteration, other: Iteration) -> bool:
    return (
        one.number == other.number
        and one.diverged == other.diverged
        and all(same_bits(one.given[s], other.given[s]) for s in other.given)
        and all(map(same_bits, one.results, other.results))
    )


def walked(experiment: Experiment, iterations: int) -> list[Iteration]:
    """The iterations of a run, each evaluated step by step from what the one before left."""
    program = History(experiment).program
    kept, done = beginning(experiment, program), list[Iteration]()
    for number in range(1, iterations + 1):
        done.append(computed(experiment, program, number, kept))
        if done[-1].diverged:
            break
        kept = tuple(done[-1].parameters.values())
    return done


# Going anywhere ------------------------------------------------------------------------------


@given(experiments(), st.sampled_from(sorted(OPTIMIZERS)), st.lists(st.integers(1, 60), max_size=8))
def test_any_jump_leads_to_the_bits_that_walking_leads_to(
    experiment: Experiment, optimizer: str, jumps: list[int]
) -> None:
    experiment = replace(experiment, training=replace(experiment.training, optimizer=optimizer))
    expected, jumping = walked(experiment, 60), History(experiment)
    for k in jumps:
        assert same(jumping.iteration(k), expected[min(k, len(expected)) - 1])


@pytest.mark.parametrize("e", [ARTICLE, DIGITS], ids=["article", "digits"])
def test_back_from_far_away_is_exact(e: Experiment) -> None:
    far, near = History(e), History(e)
    last = 2 * EVERY + 100
    expected = {}
    for k in range(1, last + 1):
        done = near.iteration(k)
        if k > last - 150 or k % 500 == 0:
            expected[k] = done
    assert sorted(near._keyframes._frames) == [1, EVERY + 1, 2 * EVERY + 1]
    far.iteration(last)
    for k in sorted(expected, reverse=True):
        assert same(far.iteration(k), expected[k])


def test_stepping_back_after_a_jump_replays_little(monkeypatch: pytest.MonkeyPatch) -> None:
    run = History(ARTICLE)
    run.iteration(EVERY - 1)
    replayed = counted(monkeypatch)
    for k in range(EVERY - 2, EVERY - 202, -1):
        run.iteration(k)
    assert sum(replayed) < 200 * 30  # not 200 times all the way from the first


def test_a_jump_stops_at_each_keyframe_and_then_after_half_of_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, lengths = History(ARTICLE), counted(monkeypatch)
    run.iteration(EVERY + 100)
    assert lengths == [EVERY, 50, 25, 12, 6, 3, 2, 1]
    run.iteration(EVERY + 60)  # from what was passed half way there
    assert lengths[8:] == [5, 2, 1, 1]


def test_a_way_is_far_where_it_takes_more_than_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "AT_A_TIME", 10 * (16 + 17 * history.PER_STEP))
    run = History(ARTICLE)  # 16 weights and biases, 17 steps: ten iterations are a moment
    assert [run.is_far(k) for k in (10, 11)] == [False, True]
    run.iteration(3)
    assert [run.is_far(k) for k in (13, 14)] == [False, True]
    assert run.most == history.MOMENTS * 10


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many iterations are run at once, each time from now on."""
    lengths: list[int] = []
    run = Many.run

    def counting(self: Many, first: int, last: int, kept: Kept) -> tuple[Kept, Array]:
        lengths.append(last - first + 1)
        return run(self, first, last, kept)

    monkeypatch.setattr(Many, "run", counting)
    return lengths


# Losses --------------------------------------------------------------------------------------


@given(experiments(), st.integers(1, 12))
def test_the_losses_are_those_of_the_iterations(experiment: Experiment, n: int) -> None:
    expected = walked(experiment, n)
    run = History(experiment)
    losses = run.losses(1, n + 1)
    assert same_bits(losses, np.array([done.loss for done in expected]))
    assert same_bits(History(experiment).losses(2, n + 1), losses[1:])
    for done in expected:
        stepped = History(experiment)
        assert same_bits(
            np.array([stepped.loss_of(done.number)]), losses[done.number - 1 : done.number]
        )


def test_losses_up_to_where_a_run_came_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    run = History(ARTICLE)
    assert run.reached == 0
    run.iteration(500)
    assert run.reached == 500
    monkeypatch.setattr(Many, "run", None)  # not run again
    assert run.losses(1, 501).shape == (500,)
    assert np.all(np.diff(run.losses(1, 501)) < 0)
    assert run.loss_of(3) == run.losses(3, 4)[0]


def test_losses_beyond_the_bound_are_replayed() -> None:
    bounded, kept = History(ARTICLE), History(ARTICLE)
    bounded._losses = KnownLosses(most=100)
    assert same_bits(bounded.losses(1, 301), kept.losses(1, 301))
    assert bounded.loss_of(250) == kept.loss_of(250)
    assert bounded.reached == 300


# Running through -----------------------------------------------------------------------------


def test_a_run_comes_in_chunks_of_constant_size() -> None:
    stretches = list(History(ARTICLE).run(1, 2500, chunk=400))
    assert stretches[0].first == 1
    assert stretches[-1].last == 2500
    for one, following in pairwise(stretches):
        assert following.first == one.last + 1
    assert all(len(s.losses) == s.last - s.first + 1 <= 400 for s in stretches)
    assert not any(s.diverged for s in stretches)


def test_a_chunk_is_no_longer_than_from_keyframe_to_keyframe() -> None:
    stretches = History(ARTICLE).run(1, 2 * EVERY + 9, chunk=10**9)
    assert [len(s.losses) for s in stretches] == [EVERY, EVERY, 9]


def test_it_advances_until_it_is_told_to_stop_and_goes_on_from_there() -> None:
    run = History(ARTICLE)
    stretches = run.run(1, 10**9, chunk=100)
    assert run.reached == 0  # nobody has asked yet
    assert [next(stretches).last for _ in range(2)] == [100, 200]
    assert run.reached == 200
    assert advance(run, 450) == 450
    assert advance(run, 10) == 450
    assert same(run.iteration(450), History(ARTICLE).iteration(450))


def test_several_threads_may_ask() -> None:
    run, alone = History(ARTICLE), History(ARTICLE)
    failed: list[BaseException] = []

    def asking(what: Callable[[], object]) -> Callable[[], None]:
        def ask() -> None:
            try:
                what()
            except BaseException as error:
                failed.append(error)

        return ask

    def jump(seed: int) -> None:
        for k in random.Random(seed).sample(range(1, 6000), 60):
            assert same(run.iteration(k), alone_at[k])

    numbers = {k for seed in (1, 2) for k in random.Random(seed).sample(range(1, 6000), 60)}
    alone_at = {k: alone.iteration(k) for k in sorted(numbers)}
    work = [lambda: advance(run, 6000, chunk=50), lambda: jump(1), lambda: jump(2)]
    threads = [Thread(target=asking(what)) for what in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert run.reached == 6000


# Divergence ----------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [1, 100, 154, 155, 156, 3000])
def test_a_jump_finds_the_iteration_in_which_a_run_diverged(first: int) -> None:
    run = History(DIVERGING)
    assert run.iteration(first).number == min(first, 155)
    assert run.iteration(10**9).number == 155
    assert run.iteration(10**9).diverged == "W1"
    assert run.iteration(154).diverged is None


def test_a_run_ends_where_it_diverges() -> None:
    run = History(DIVERGING)
    stretches = list(run.run(1, 10**9, chunk=100))
    assert [(s.first, s.last, s.diverged) for s in stretches] == [
        (1, 100, False),
        (101, 155, True),
    ]
    assert advance(run, 10**9) == 155
    assert len(run.losses(1, 1000)) == 155
    assert list(run.run(156, 200)) == []
    assert list(History(DIVERGING).run(156, 200)) == []
    assert run.loss_of(999) == run.loss_of(155)


@given(experiments(scales=(100.0,)), st.integers(1, 40))
def test_jumping_and_walking_find_the_same_end(experiment: Experiment, k: int) -> None:
    large = replace(experiment, training=replace(experiment.training, learning_rate=1e80))
    assert same(History(large).iteration(k), walked(large, k)[-1])


# Memory --------------------------------------------------------------------------------------


def test_keyframes_thin_out_when_their_room_is_full() -> None:
    start = (np.zeros((10, 10)), np.ones((10, 1)))
    frames = Keyframes(room=10 * 1200)
    for k in range(200):
        frames.keep(k * EVERY + 1, (start[0] + k, start[1]))
        assert sum(p.nbytes + OVERHEAD for kept in frames._frames.values() for p in kept) <= 12000
        begin, kept = frames.nearest(k * EVERY + 5)
        assert kept[0][0, 0] == (begin - 1) / EVERY
        assert same_bits(kept[1], start[1])
        assert (frames.every == EVERY) == (k < 10)  # there is room for ten
    assert frames.every == frames.before(9).every == 32 * EVERY
    assert sorted(frames._frames) == [1 + 32 * j * EVERY for j in range(7)]


def passed(frames: Keyframes) -> list[int]:
    """The places passed on the way that are still kept, by iteration."""
    return [k for k in range(2, EVERY) if frames.nearest(k)[0] == k]


@pytest.mark.parametrize(("room", "most"), [(2**30, 4), (3 * (8 + OVERHEAD), 3), (0, 2)])
def test_of_the_places_passed_the_last_few_used_are_kept(
    room: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyframes, "WAYPOINTS", 4)
    monkeypatch.setattr(keyframes, "WAYPOINT_ROOM", room)
    frames, kept = Keyframes(), (np.zeros(1),)
    frames.keep(1, kept)
    for k in range(10, 20):
        frames.keep(k, kept)
    assert passed(frames) == list(range(20 - most, 20))
    assert frames.nearest(20 - most)[0] == 20 - most  # asked for: another goes in its place
    frames.keep(30, kept)
    assert passed(frames) == [20 - most, *range(22 - most, 20), 30]
    assert passed(frames.before(30)) == [20 - most, *range(22 - most, 20)]


def test_a_keyframe_is_due_at_every_1024th_iteration_and_kept_before_an_edit() -> None:
    frames = Keyframes()
    assert [frames.due(k) for k in (1, 2, 1024, 1025, 2048)] == [1025, 1025, 1025, 2049, 2049]
    for k in (1, 1025, 2049):
        frames.keep(k, (np.full(1, float(k)),))
    assert frames.before(2049).nearest(5000)[0] == 1025
    assert frames.before(2050).nearest(5000)[0] == 2049


def test_losses_are_known_where_they_were_kept_and_nowhere_else() -> None:
    known = KnownLosses(most=6)
    known.keep(2, np.array([2.0, 3.0]))
    assert known.of(1, 2) is None
    assert known.of(3, 4) is None
    assert list(known.of(2, 3)) == [2.0, 3.0]  # type: ignore[arg-type]
    known.keep(5, np.array([5.0, 6.0, 7.0]))  # the last is beyond the bound
    assert list(known.of(5, 6)) == [5.0, 6.0]  # type: ignore[arg-type]
    assert known.of(6, 7) is None
    assert known.before(6).of(5, 6) is None
    assert list(known.before(6).of(5, 5)) == [5.0]  # type: ignore[arg-type]


def test_room_for_losses_grows_twofold_up_to_the_bound() -> None:
    known, rooms = KnownLosses(most=10_000), []
    for last in (1, EVERY, EVERY + 1, 5000, 5001, 10_000):
        known.keep(last, np.zeros(1))
        rooms.append(len(known._known))
    assert rooms == [EVERY, EVERY, 2 * EVERY, 5000, 10_000, 10_000]


def test_a_run_with_room_for_few_keyframes_leads_to_the_same_bits() -> None:
    cramped, roomy = History(ARTICLE), History(ARTICLE)
    cramped._keyframes = Keyframes(room=2400)
    cramped._keyframes.keep(1, beginning(ARTICLE, cramped.program))
    for k in (9000, 5000, 8999, 8998, 2, 7500):
        assert same(cramped.iteration(k), roomy.iteration(k))
    assert cramped._keyframes.every > EVERY


def test_whole_iterations_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    run = History(DIGITS)
    monkeypatch.setattr(history, "RECENT_ROOM", 5 * run.iteration(1).nbytes)
    for k in range(1, 20):
        run.iteration(k)
    assert list(run._recent) == [15, 16, 17, 18, 19]
    run.iteration(16)  # used again: another goes first
    run.iteration(21)
    assert list(run._recent) == [17, 18, 19, 16, 21]
    monkeypatch.setattr(history, "RECENT_ROOM", 0)
    run.iteration(22)
    assert len(run._recent) == 3  # this one, and a neighbour on either side


# Opened in the middle ------------------------------------------------------------------------


def test_a_saved_beginning_opens_at_once_and_earlier_iterations_replay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = History(ARTICLE).iteration(5000)
    opened = History(ARTICLE)
    opened.resume(5001, saved.parameters)
    assert opened.reached == 5000
    expected = History(ARTICLE).iteration(5001)
    replayed = counted(monkeypatch)
    assert same(opened.iteration(5001), expected)
    assert replayed == []
    assert opened.reached == 5001
    assert same(opened.iteration(4999), History(ARTICLE).iteration(4999))
    assert same_bits(opened.losses(1, 5002), History(ARTICLE).losses(1, 5002))


def test_losses_that_are_kept_are_seen_without_a_copy() -> None:
    run = History(ARTICLE)
    advance(run, 3000)
    seen = run.losses(1, 2001)
    assert not seen.flags.writeable
    assert np.shares_memory(seen, run.losses(1000, 3001))
    before = seen.copy()
    advance(run, 20_000)  # what they are kept in grows
    run.iteration(1500)
    assert same_bits(seen, before)
    assert same_bits(run.losses(1, 2001), before)
    assert run.losses(5, 5).size == 0
