"""The score: first outcomes count, what is only seen is not wrong, what was missed is due again."""

from __future__ import annotations

from backprop_tui.files.experiment_file import load
from backprop_tui.learn.questions import Asked, ask
from backprop_tui.learn.score import Outcome, Score
from backprop_tui.run.timeline import Position, Timeline

TIMELINE = Timeline(load("mazur"))


def asked(symbol: str, iteration: int = 1) -> Asked:
    position = Position(iteration, TIMELINE.program.index(symbol))
    return ask(TIMELINE, position, "vote", str)


def test_nothing_asked_says_nothing() -> None:
    assert Score().sentence() == ""


def test_what_is_only_seen_is_not_missed() -> None:
    score = Score().after(asked("dA1"), Outcome.SEEN, 0)
    assert score.sentence() == ""  # nobody answered anything
    assert score.after(asked("dW1"), Outcome.RIGHT, 0).sentence().startswith("1 of 2 right")
    assert score.missed == ()
    assert not score.is_due("dA")


def test_the_first_outcome_counts() -> None:
    score = Score().after(asked("dA1"), Outcome.MISSED, 3).after(asked("dA1"), Outcome.RIGHT, 0)
    assert (score.right, score.missed) == (0, ("dA",))


def test_a_missed_kind_is_due_until_it_is_answered_at_once() -> None:
    score = Score().after(asked("dW2"), Outcome.RIGHT, 1)
    assert score.is_due("dW")
    again = score.after(asked("dW1"), Outcome.RIGHT, 0)
    assert not again.is_due("dW")
    assert again.sentence() == "2 of 2 right, 1 at the first try. Look again at dW."


def test_all_at_the_first_try_is_said() -> None:
    score = Score().after(asked("dW2"), Outcome.RIGHT, 0).after(asked("dW2", 2), Outcome.RIGHT, 0)
    assert score.sentence() == "2 of 2 right, all at the first try."
