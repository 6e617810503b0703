"""Where go-to leads: what may be typed, where it leads, and what is said of what leads nowhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.files.experiment_file import load
from backprop_tui.run.goals import (
    Condition,
    GoalError,
    Progress,
    read_goal,
    search,
)
from backprop_tui.run.timeline import Position, Timeline
from tests.files.test_experiment_file import read
from tests.files.test_given_in_files import CACHE

HERE = Position(3, 8)


def article() -> Timeline:
    return Timeline(load("article"))


def reached(source: str, timeline: Timeline | None = None, farthest: int = 40) -> Position:
    found = read_goal(source, timeline or article(), HERE, farthest)
    assert isinstance(found, Position)
    return found


def condition(source: str, timeline: Timeline) -> Condition:
    found = read_goal(source, timeline, HERE, 1)
    assert isinstance(found, Condition)
    return found


def last(timeline: Timeline, source: str, begin: Position = HERE, most: int = 500) -> Progress:
    *_, progress = search(timeline, condition(source, timeline), begin, most)
    return progress


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("L < 0.6", "L = 0.673"),
        ("L < 0.672925", "L = 0.672924"),  # with more digits where they tell
        ("W1[1,1] > 0", "W1[1,1] = 0.476"),
        ("W1 < 2", ""),
        ("0.5 > L", ""),
    ],
)
def test_what_is_compared_is_told_in_numbers(source: str, said: str) -> None:
    timeline = article()
    assert condition(source, timeline).in_numbers(timeline, timeline.iteration(2), 3) == said


@pytest.mark.parametrize(
    ("source", "position"),
    [
        ("500", Position(500, 8)),
        ("1,000", Position(1000, 8)),
        ("+500", Position(503, 8)),
        ("-2", Position(1, 8)),
        ("−2", Position(1, 8)),
        ("epoch 7", Position(7, 1)),
        ("iteration 7", Position(7, 8)),
        ("step 9", Position(3, 9)),
        ("step 1", Position(3, 1)),
        ("step 17", Position(3, 17)),
        ("0" * 5_000 + "7", Position(7, 8)),
        ("end", Position(40, 17)),
        ("dw_1", Position(3, 12)),
        ("dW1", Position(3, 12)),  # still ahead in this iteration
        ("dW2", Position(4, 8)),  # done just now: the next time is in the next one
        ("  Z1  ", Position(4, 1)),
        ("update", Position(3, 14)),
        ("Backward", Position(4, 6)),
        ("1,000,000,000,000", Position(10**12, 8)),  # the last one there is
    ],
)
def test_a_place_in_the_run(source: str, position: Position) -> None:
    assert reached(source) == position


def test_before_the_first_step_an_iteration_is_gone_to_at_its_first() -> None:
    assert read_goal("500", article(), Position(3, 0), 40) == Position(500, 1)


def test_the_end_is_that_of_the_iteration_at_hand_where_the_run_has_come_no_farther() -> None:
    assert reached("end", farthest=2) == Position(3, 17)


def test_an_epoch_begins_behind_all_batches_of_the_one_before() -> None:
    assert reached("epoch 1", in_batches()) == Position(1, 1)
    assert reached("epoch 3", in_batches()) == Position(7, 1)


def test_a_step_is_gone_to_when_it_is_next_done() -> None:
    steps = [read_goal("A1", article(), Position(3, done), 1) for done in (0, 1, 2, 3)]
    assert steps == [Position(3, 2), Position(3, 2), Position(4, 2), Position(4, 2)]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "type an iteration"),
        ("0", "there is no iteration 0"),
        ("-3", "−3 is before iteration 1: this is iteration 3, and they count from 1 to 1,000,0"),
        ("1" * 5_000, "a number of 5,000 digits is too large: they count from 1 to 1,000,0"),
        ("-" + "1" * 5_000, "a number of 5,000 digits is too large"),
        ("epoch " + "9" * 5_000, "a number of 5,000 digits is too large"),
        ("1,000,000,000,001", "there is no iteration 1,000,000,000,001: they count from 1 to"),
        ("+1,000,000,000,000", "there is no iteration 1,000,000,000,003"),
        ("epoch 9,000,000,000,000", "there is no iteration 9,000,000,000,000"),
        ("9,999,999,999,999", "there is no iteration 9,999,999,999,999"),
        ("10,000,000,000,000", "a number of 14 digits is too large"),
        ("epoch 0", "epochs count from 1"),
        ("step 0", "the steps 1 to 17"),
        ("W1[4,1] < 1", "W1 is 3×3: there is no W1[4,1]"),
        ("W1[1,4] < 1", "W1 is 3×3: there is no W1[1,4]"),
        ("step 18", "the steps 1 to 17"),
        ("dW9 < 1", "there is no step called “dW9”. Did you mean dW2?"),
        ("A2[2,1] > 1", "A2 is 1×1: there is no A2[2,1]"),
        ("alpha[1,1] > 1", "alpha is a single number"),
        ("ddw1", "there is no step called “ddw1”. Did you mean dW1?"),
        ("los < 1", "there is no step called “los”. Did you mean loss?"),
        ("2 * * 3", "found “*” at character 5"),
        ("loss", "L is not a condition: compare it"),
        ("loss <", "expected a number"),
        ("W1 · W2 < 1", "a matrix product needs"),
        ("W1 < W2ᵀ · W2 · A2", "a matrix product needs"),
        ("__import__('os')", "there is no function"),
    ],
)
def test_what_leads_nowhere_says_why(source: str, said: str) -> None:
    with pytest.raises(GoalError, match=r"^[^\n]+$") as refused:
        read_goal(source, article(), HERE, 1)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "source", ["a" * 3000, "a" * 3000 + "(1) < 2", "1 < 2 " + "9" * 3000, "+A2" * 3000 + "1"]
)
def test_what_is_very_long_is_not_repeated_in_full(source: str) -> None:
    with pytest.raises(GoalError) as refused:
        read_goal(source, article(), HERE, 1)
    assert len(str(refused.value)) < 200


def test_a_condition_lands_on_the_step_that_writes_the_last_symbol_it_reads() -> None:
    timeline = article()
    assert condition("loss < 0.1", timeline).steps == timeline.program.index("L") + 1
    assert condition("abs(dW1).max() < 1", timeline).steps == timeline.program.index("dW1") + 1
    assert condition("W1[1,1] > A1[1,1]", timeline).steps == timeline.program.index("W1") + 1
    assert condition("A1[1,1] > X[1,1]", timeline).steps == timeline.program.index("A1") + 1
    assert condition("alpha > X[1,1]", timeline).steps == 1


@pytest.mark.parametrize(
    "source", ["loss < 0.1", "A2[1,1] > 0.9", "abs(dW1).max() < 0.01", "W1[1,1] > 0.6"]
)
def test_a_search_finds_the_first_iteration_where_it_holds(source: str) -> None:
    timeline, begin = article(), Position()
    wanted = condition(source, timeline)
    found = last(timeline, source, begin).found
    assert found is not None
    assert found.steps == wanted.steps
    holds = [wanted.holds(timeline, timeline.iteration(k)) for k in range(1, found.iteration + 1)]
    assert holds.index(True) + 1 == found.iteration


@given(st.floats(0.005, 1.2))
def test_a_condition_on_the_loss_is_searched_by_the_losses_with_the_same_answer(
    bound: float,
) -> None:
    timeline = article()
    quick = last(timeline, f"loss < {bound!r}", Position())
    slow = last(timeline, f"loss + 0·A2 < {bound!r}", Position())
    assert quick.found == slow.found


def in_batches(batch: int = 3) -> Timeline:
    """Seven examples: the last batch of an epoch has but one of them."""
    given = load("article", {"x": ";".join(["1,0,1"] * 6 + ["0,1,1"]), "y": "1;0;1;0;1;0;1"})
    return Timeline(replace(given, training=replace(given.training, batch=batch)))


@pytest.mark.parametrize(
    ("source", "iteration"),
    [
        ("X[1,3] > 0.5", 4),  # which the third iteration, with one example, does not have
        ("X[1,1] < 0.5", 3),  # which only that one has
        ("X · W1 < 99", 4),  # 3×3 by 3×3, but 3×1 by 3×3 in the last batch
        ("W1 < X + 99", 3),  # 3×3 beside 3×1: the column is stretched
    ],
)
def test_the_smaller_last_batch_of_an_epoch_does_not_hold_what_it_has_not(
    source: str, iteration: int
) -> None:
    found = last(in_batches(), source, Position(3, 0)).found
    assert found is not None
    assert found.iteration == iteration


def test_a_cell_that_no_batch_has_is_refused() -> None:
    with pytest.raises(GoalError, match=r"X is 3×3: there is no X\[1,4\]"):
        condition("X[1,4] > 0", in_batches())


@pytest.mark.parametrize("loss", ["L[1,1]", "L.max()", "abs(L).max()", "Lᵀ", "L · L / L", "J"])
def test_a_loss_may_be_written_in_any_way(loss: str) -> None:
    timeline = article()
    wanted = last(timeline, "loss < 0.1", Position()).found
    assert wanted is not None
    if loss != "J":
        assert last(timeline, f"{loss} < 0.1", Position()).found == wanted
    losses = in_batches()
    assert last(losses, "J.max() < 0.1").found == last(losses, "J < 0.1").found


def test_a_search_begins_behind_what_has_been_seen() -> None:
    timeline = article()
    before, behind = Position(5, 3), Position(5, 5)
    assert last(timeline, "loss < 9", before).found == Position(5, 5)
    assert last(timeline, "loss < 9", behind).found == Position(6, 5)


def test_a_search_that_finds_nothing_ends() -> None:
    assert last(article(), "A2[1,1] > 1", most=50) == Progress(53)
    assert last(article(), "loss < 0", most=50) == Progress(53)
    assert last(article(), "A2[1,1] > 1", Position(3, 2), most=1) == Progress(3)


def test_a_search_ends_where_the_run_diverges() -> None:
    wild = load(
        "article",
        {
            "layers": "1,1,1",
            "activations": "linear,linear",
            "loss": "half_squared_error",
            "x": "100000",
            "y": "1",
            "learning_rate": 1e200,
        },
    )
    for run in (Timeline(wild), Timeline(read(CACHE + "[data]\nY = [[1], [0]]"))):
        end = run.end_of(run.iteration(99).number)
        for source in ("loss < 0", "W2[1,1] < W2[1,1]"):
            for start in (Position(), end):
                assert last(run, source, start) == Progress(end.iteration, ended=True)
