"""Training goes on until what was asked for is met, and says what it came to by then."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_tui.model.network import Network, Training
from backprop_tui.run import training
from backprop_tui.run.history import AT_A_TIME, PER_STEP, moment
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.run.training import (
    LEAST,
    MOST,
    StopReason,
    Trained,
    Until,
    evaluation,
    first_ahead,
    first_not_finite,
    train,
)
from tests.networks import ARTICLE, experiment
from tests.programs import written
from tests.run.test_history import DIGITS, DIVERGING

LOSSES = Timeline(ARTICLE).history.losses(1, 3001)
EPOCH = DIGITS.batches_per_epoch
OF_BATCHES = Timeline(DIGITS).history.losses(1, 40 * EPOCH + 1)


def last(timeline: Timeline, until: Until, first: int = 1) -> Trained:
    *_, found = train(timeline, first, until)
    return found


@pytest.mark.parametrize("first", [1, 7])
def test_so_many_iterations_are_run(first: int) -> None:
    found = last(Timeline(ARTICLE), Until(iterations=50), first)
    losses = LOSSES[first - 1 : first + 49]
    assert (found.last, found.stop) == (first + 49, StopReason.ITERATIONS)
    assert (found.begun, found.loss) == (losses[0], losses[-1])
    assert (found.best, found.best_in) == (losses.min(), first + int(losses.argmin()))


def test_without_a_number_they_are_a_thousand_and_more_where_a_loss_is_waited_for() -> None:
    timeline = Timeline(ARTICLE)
    assert last(timeline, Until()).last == LEAST
    assert Until(iterations=5, loss=0.1).most(timeline) == 5
    for waiting in (Until(loss=0.1), Until(batch_loss=0.1), Until(plateau=9)):
        assert waiting.most(timeline) == MOST


def test_it_ends_with_the_first_iteration_whose_loss_is_below() -> None:
    bound = float(LOSSES[1234])  # the losses fall
    found = last(Timeline(ARTICLE), Until(batch_loss=bound))
    assert (found.last, found.stop) == (1236, StopReason.BATCH_LOSS)
    assert found.loss == LOSSES[1235] < bound


def test_it_ends_with_the_first_epoch_whose_mean_loss_is_below() -> None:
    sizes = DIGITS.batch_sizes
    weights = [sizes[0]] * (EPOCH - 1) + [sizes[-1]]
    means = np.average(OF_BATCHES.reshape(-1, EPOCH), axis=1, weights=weights)
    bound = float(means[20])
    ends = EPOCH * (1 + int((means < bound).argmax()))
    found = last(Timeline(DIGITS), Until(loss=bound))
    assert (found.last, found.stop) == (ends, StopReason.LOSS)
    at_once = last(Timeline(DIGITS), Until(iterations=EPOCH, loss=np.inf))
    assert (at_once.last, at_once.stop) == (EPOCH, StopReason.LOSS)  # not for their number
    midway = last(Timeline(DIGITS), Until(loss=np.inf), first=2)  # whole epochs alone count
    assert midway.last == 2 * EPOCH


def test_it_ends_after_so_many_iterations_without_a_new_best_loss() -> None:
    best = np.minimum.accumulate(OF_BATCHES)
    news = [0, *np.flatnonzero(best[1:] < best[:-1]) + 1]
    waits = np.diff(news)
    at = int((waits > 3).argmax())
    found = last(Timeline(DIGITS), Until(plateau=3))
    assert (found.best_in, found.last) == (news[at] + 1, news[at] + 4)
    assert (found.stop, found.best) == (StopReason.PLATEAU, best[news[at]])


def test_what_is_no_number_is_no_new_best_loss() -> None:
    network = Network((1, 1), ("linear",), "half_squared_error")
    frozen = experiment(network, Training(freeze=("W1", "b1")), [[np.nan]], [[1.0]])
    found = last(Timeline(frozen), Until(plateau=3), first=5)
    assert (found.last, found.best_in, found.stop) == (7, 4, StopReason.PLATEAU)


def test_it_ends_where_the_run_diverges_or_when_it_is_asked_to() -> None:
    diverged = last(Timeline(DIVERGING), Until(iterations=500))
    assert (diverged.last, diverged.stop) == (155, StopReason.DIVERGED)
    (asked,) = train(Timeline(ARTICLE), 1, Until(iterations=MOST), lambda: True)
    assert asked.stop is StopReason.ASKED
    assert asked.last < MOST


def test_the_first_iteration_ahead_is_the_one_at_hand_until_its_last_step() -> None:
    timeline = Timeline(ARTICLE)
    last_step = len(timeline.program.steps)
    ahead = [first_ahead(timeline, Position(4, done)) for done in (0, last_step - 1, last_step)]
    assert ahead == [4, 4, 5]


def test_the_first_symbol_that_is_not_finite_is_named() -> None:
    assert first_not_finite(Timeline(ARTICLE), 1) is None
    timeline = Timeline(DIVERGING)
    symbol = first_not_finite(timeline, 155)
    assert symbol is not None
    at, results = timeline.program.index(symbol), timeline.iteration(155).results
    assert not np.isfinite(results[at]).all()
    assert all(np.isfinite(result).all() for result in results[:at])


def test_parameters_are_evaluated_on_all_examples_some_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "AT_A_TIME", 8)
    timeline, X, Y = Timeline(DIGITS), DIGITS.data.X, DIGITS.data.Y
    p = timeline.iteration(3).parameters
    scores = p["W2"] @ np.tanh(p["W1"] @ X + p["b1"]) + p["b2"]
    shares = np.exp(scores) / np.exp(scores).sum(axis=0)
    found = evaluation(timeline, p)
    assert found.examples == 30
    assert found.loss == pytest.approx(-np.log((shares * Y).sum(axis=0)).mean(), rel=1e-12)
    assert found.right == (shares.argmax(axis=0) == Y.argmax(axis=0)).sum()


@pytest.mark.parametrize("loss", ["mean(half_squared_error(O, Y))", "half_squared_error(O, Y)"])
def test_a_loss_that_each_batch_has_once_is_evaluated_batch_by_batch(loss: str) -> None:
    timeline = Timeline(
        written(
            {"W": (1, 2)},
            {"X": [[0.5, 0.3, 1.0], [0.1, -0.4, 0.2]], "Y": [[1.0, 0.0, 3.0]]},
            {"O": "W·X", "L": loss},
            {"W": [[1.0, 2.0]]},
            batch=1,
        )
    )
    found = evaluation(timeline, timeline.iteration(1).given)
    assert found.loss == pytest.approx((0.3**2 + 0.5**2 + 1.6**2) / 6)


def test_of_targets_that_are_no_classes_none_is_right() -> None:
    e = experiment(
        Network((1, 1), ("linear",), "half_squared_error"),
        Training(),
        [[1.0, 2.0]],
        [[0.5, 4.0]],
        {"W1": [[2.0]]},
    )
    timeline = Timeline(e)
    found = evaluation(timeline, timeline.iteration(1).given)
    assert (found.examples, found.loss, found.right) == (2, (1.5**2 / 2 + 0) / 2, None)
    assert evaluation(timeline, {"W1": np.array([[0.5]]), "b1": np.zeros((1, 1))}).loss == 2.25


def test_a_moment_is_one_iteration_at_least_and_fewer_of_more_examples() -> None:
    assert moment(ARTICLE.program, 10**12) == 1
    numbers, steps = (64 + 1) * 16 + (16 + 1) * 10, len(DIGITS.program.steps)
    assert moment(DIGITS.program, 7) == AT_A_TIME // (7 * numbers + PER_STEP * steps) > 1
