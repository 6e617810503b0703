"""Questions on the blackboard: which rule leads to the next line, or what that line is.

Of each derivation one line is asked for. The wrong choices are rules that cannot lead to it: the
one that led to the line above, those of other gradients, derivatives of other functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

from backprop_tui.explain.derivation import Derivation, derivation
from backprop_tui.explain.gradient_lines import statement
from backprop_tui.explain.provenance import Place
from backprop_tui.learn.answers import AnswerVerdict, JudgedAnswer, judge_formula
from backprop_tui.learn.formulas import read
from backprop_tui.learn.questions import AskedQuestion
from backprop_tui.learn.votes import Choice, chance, word_vote
from backprop_tui.maths.expressions import (
    Delta,
    Expr,
    Indexed,
    Partial,
    SumOver,
    calls,
    walk,
)
from backprop_tui.maths.functions import ACTIVATIONS, DEFINITIONS
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.notes import Question
from backprop_tui.model.program import Program
from backprop_tui.run.iterations import Iteration

WHICH = "Which rule leads to the next line?"
WRITE = "Write the next line of the derivation. Its rule: {}."
GENERAL = frozenset({"cancel", "multiply out"})
"""Rules that may be applied to many lines, so that they are no wrong choice."""


def ask_line(
    program: Program,
    place: Place,
    found: Derivation,
    typed: bool,
    question: Question | None = None,
    seed: int = 0,
) -> AskedQuestion | None:
    """The question about a derivation; None where it has no line to ask for.

    A line that is `typed` is one that the parser reads; where none is, its rule is voted for.
    `question` is that of the experiment, which says what is asked; `seed` draws the choices.
    """
    if (count := len(found.lines)) == 1:
        return None
    step, own = program.steps[program.index(place.symbol)], question is not None
    answer = question.answer if question else None
    line = count // 2 + 1
    for at in (line, count) if typed else ():
        if _is_read(found.lines[at - 1].expression):
            said = question.text if question else WRITE.format(found.lines[at - 1].rule)
            return AskedQuestion(place, step, "formula", said, (), answer, own, line=at)
    choices = _choices(program, found, line, place, seed)
    if len(choices) == 1:
        return None
    hint = f"the next line is {text(found.lines[line - 1].expression)}"
    said = question.text if question else WHICH
    return AskedQuestion(place, step, "vote", said, choices, answer, own, True, line, hint)


def _is_read(e: Expr) -> bool:
    """Whether the parser reads a line: it is about matrices, and no ∂ is left in it."""
    return not any(isinstance(part, Partial | Indexed | SumOver | Delta) for part in walk(e))


def _choices(
    program: Program, found: Derivation, line: int, place: Place, seed: int
) -> tuple[Choice, ...]:
    """The rule of a line and rules that cannot lead to it, in places drawn by the seed."""
    rules = [each.rule for each in found.lines]
    right = rules[line - 1]
    called = (call.function for _, e in found.given for call in calls(e))
    own = (f"{name}_derivative" for name in called if f"{name}_derivative" in DEFINITIONS)
    no_choice = {*rules[line - 1 :], *GENERAL, *map(statement, own)}
    by_elements = not all(_is_read(each.expression) for each in found.lines[1:])
    above = rules[: line - 1][::-1]
    others = _of_others(program, place.symbol, by_elements)
    wrong = dict.fromkeys(r for r in (above[0], *others, *above) if r not in no_choice)
    return word_vote(
        Choice(nan, right, "", right=True),
        [Choice(nan, rule, "") for rule in wrong],
        chance(seed, place.iteration, place.symbol, *rules),
    )


def _of_others(program: Program, symbol: str, by_elements: bool) -> Iterator[str]:
    """The rules of later lines of other gradients, then derivatives of functions not used here."""
    for other in program.gradients:
        if other != symbol:
            found = derivation(program, other, None, by_elements)
            yield from (each.rule for each in found.lines[2:])
    called = {call.function for step in program.taught for call in calls(step.expression)}
    for name in ACTIVATIONS:
        if name not in called and f"{name}_derivative" in DEFINITIONS:
            yield statement(f"{name}_derivative")


def judge_line(
    experiment: Experiment, asked: AskedQuestion, above: Expr, typed: str, iteration: Iteration
) -> JudgedAnswer:
    """Judge a line: it has the value of the gradient whatever the numbers, and is not the line
    above."""
    symbol = asked.place.symbol
    judged = judge_formula(experiment, symbol, typed, iteration)
    if judged.verdict is not AnswerVerdict.RIGHT:
        return judged
    if read(experiment.program, symbol, typed, len(iteration.examples)) != above:
        return judged
    return JudgedAnswer(AnswerVerdict.COARSE, "That is the line above. Apply the rule to it.")
