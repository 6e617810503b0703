"""Questions on the blackboard: one rule is right; a typed line is judged by its value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.explain.derivation import derivation
from backprop_tui.explain.provenance import Place
from backprop_tui.files.experiment_file import load
from backprop_tui.learn import line_questions
from backprop_tui.learn.answers import AnswerVerdict
from backprop_tui.learn.line_questions import WHICH, WRITE, ask_line, judge_line
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.notes import MOST_CHOICES
from backprop_tui.run.timeline import Timeline
from tests.networks import experiments


@given(experiments(), st.booleans(), st.booleans())
def test_one_choice_is_the_rule_of_the_line_and_no_other_leads_further(
    experiment: Experiment, elements: bool, typed: bool
) -> None:
    program = experiment.program
    for symbol in program.gradients:
        found = derivation(program, symbol, None, elements)
        asked = ask_line(program, Place(1, Cell(symbol, 1, 1)), found, typed)
        if asked is None:
            assert len(found.lines) == 1
            continue
        assert 1 < asked.line <= len(found.lines)
        rule = found.lines[asked.line - 1].rule
        assert asked.text == (WHICH if asked.form == "vote" else WRITE.format(rule))
        if asked.form == "vote":
            right = [choice.written for choice in asked.choices if choice.right]
            assert right == [found.lines[asked.line - 1].rule]
            others = {choice.written for choice in asked.choices if not choice.right}
            assert others.isdisjoint(line.rule for line in found.lines[asked.line - 1 :])
            assert 1 <= len(others) == len(asked.choices) - 1 < MOST_CHOICES


@pytest.mark.parametrize("symbol", ["dA2", "dZ2", "dW2", "dA1"])
def test_a_rule_that_other_gradients_have_too_is_one_choice(symbol: str) -> None:
    program, place = load("mazur").program, Place(1, Cell(symbol, 1, 1))
    found = derivation(program, symbol, None, True)
    for line in range(2, len(found.lines) + 1):
        choices = line_questions._choices(program, found, line, place, seed=0)
        assert len({choice.written for choice in choices}) == len(choices)


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [
        ("((1-Y)/(1-A2) - Y/A2) * A2*(1-A2)", AnswerVerdict.RIGHT),
        ("A2 - Y", AnswerVerdict.RIGHT),
        ("((1-Y)/(1-A2) - Y/A2) * g2'(Z2)", AnswerVerdict.COARSE),
        ("Y - A2", AnswerVerdict.WRONG),
        ("dA2 *", AnswerVerdict.UNREADABLE),
    ],
)
def test_a_line_has_the_value_of_the_gradient_and_is_not_the_line_above(
    typed: str, verdict: AnswerVerdict
) -> None:
    experiment = load("article")
    found = derivation(experiment.program, "dZ2")
    place = Place(1, Cell("dZ2", 1, 1))
    asked = ask_line(experiment.program, place, found, typed=True)
    assert asked is not None
    assert asked.line == 4
    above = found.lines[asked.line - 2].expression
    iteration = Timeline(experiment).iteration(1)
    assert judge_line(experiment, asked, above, typed, iteration).verdict is verdict
