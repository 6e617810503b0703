"""Answers: what was typed for a number, whether it is right, and which mistake a wrong one is.

Right is the recorded number, or what the figures as they are shown give: nobody who computes with
what the screen shows is told wrong for rounding. The result itself is never given away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import chain
from math import floor, inf, isfinite, isnan, log10, nan

from backprop_tui.explain.explanation import Explanation, Figure
from backprop_tui.explain.provenance import Place
from backprop_tui.learn import formulas
from backprop_tui.learn.by_hand import (
    decimals_needed,
    figures,
    is_right_method,
    results,
    unit_of,
    with_decimals,
)
from backprop_tui.learn.diagnosis import ADVICE, WrongNumber, explain_wrong
from backprop_tui.learn.mistakes import Slip
from backprop_tui.learn.parts import idea, parts_of, wrong_part
from backprop_tui.learn.questions import AskedQuestion
from backprop_tui.learn.votes import Choice
from backprop_tui.maths.expressions import Cell, Compare, Expr, cells, names
from backprop_tui.maths.parser import parse
from backprop_tui.maths.shapes import shape
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.messages import count, short
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.iterations import Iteration

DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)|(?<![\w.]),(?=\d)")
"""The comma of 0,5 or ,5; one that a space follows stands between two arguments."""
SIGNS = {
    **dict.fromkeys(("+", "plus", "positive"), 1),
    **dict.fromkeys(("−", "-", "–", "minus", "negative"), -1),
}
TRENDS = {
    **dict.fromkeys(("↑", "^", "bigger", "larger", "up", "rises", "more", ">"), 1),
    **dict.fromkeys(("↓", "smaller", "down", "falls", "less", "<"), -1),
}
INFINITE = {
    **dict.fromkeys(("∞", "+∞", "inf", "+inf", "infinity"), inf),
    **dict.fromkeys(("−∞", "-∞", "−inf", "-inf"), -inf),
    **dict.fromkeys(("nan",), nan),
}
WORDS, BECOMES = {1: "positive", -1: "negative"}, {1: "bigger", -1: "smaller"}
CLOSE = 3.01
"""A number at most this many units of its last decimal away, that no mistake gives, is rounded
wrongly."""
CLOSE_BY = "Very close. Is it rounded correctly?"
ROUNDING = 1e-9
"""What the last bits of a decimal fraction may do to a difference, relative to the number."""


class AnswerVerdict(Enum):
    """Whether an answer is right."""

    RIGHT = "right"
    COARSE = "coarse"
    """Right as far as it goes, but more decimals are wanted. It does not count as a miss."""
    WRONG = "wrong"
    UNREADABLE = "unreadable"
    """Nothing that can be judged. It does not count as a miss."""


RIGHT, COARSE, WRONG, UNREADABLE = AnswerVerdict


@dataclass(frozen=True)
class JudgedAnswer:
    """The verdict on an answer, what is said of it, and the cells where to look again."""

    verdict: AnswerVerdict
    said: str = ""
    """All that is to be said of it: also what is correct instead of a mistake."""
    look: tuple[Cell, ...] = ()
    mistakes: tuple[str, ...] = ()
    """The names of the mistakes that give this answer."""
    idea: str = ""
    """What is said of a first miss: what the number is, and where to look."""
    mistake: str = ""
    """What is said of a second one: the mistake, without what is correct."""
    term: Expr | None = None
    """The term of the number's sum in which it differs, where that is known."""
    leads: bool = False
    """Whether it leads into the parts of the number, as no mistake is named for it."""
    alone: str = ""
    """What was answered instead of the number: its sign, its direction."""

    def told(self, misses: int) -> str:
        """What is said of it at that miss, from 1: neither the result nor the formula before the
        third."""
        return (self.idea or self.said, self.mistake or self.said, self.said)[min(misses, 3) - 1]


def read_number(typed: str) -> float:
    """The finite number that `typed` stands for: 0.5, 0,5, −1/3, 0.5*0.2+1, exp(−1).

    Raises ValueError, with a sentence, for anything else.
    """
    expression = parse_number(typed)
    if not isfinite(number := float(value(expression, {}))):
        raise ValueError(f"{text(expression)} is not a finite number")
    return number


def parse_number(typed: str) -> Expr:
    """The expression of numbers that was typed. Raises ValueError for anything else."""
    written = typed.strip().removeprefix("+")
    if not written:
        raise ValueError("type a number, such as 0.5, −1/3 or 0.5*0.2+1")
    if "[" not in written and DECIMAL_COMMA.search(written):
        if "." in written:
            raise ValueError(f"“{short(written)}” has both a point and a comma: use the point")
        written = DECIMAL_COMMA.sub(".", written)
    expression = parse(written)
    if symbols := names(expression):
        raise ValueError(f"type numbers only, not {symbols[0]}")
    if isinstance(expression, Compare):
        raise ValueError(f"{text(expression)} is true or false, not a number")
    shape(expression, {})  # raises for a function that gathers over a matrix
    return expression


def judge(
    typed: str,
    found: Explanation,
    decimals: int,
    before: float | None,
    boards: Sequence[Figure] = (),
    sign_will_do: bool = True,
) -> JudgedAnswer:
    """Judge what was typed for the number of `found`, whose figures have so many decimals.

    `before` is the number that it replaces, or that it was one iteration earlier; None where there
    is none. `boards` are further ways in which the cells that it reads are shown. A right sign is
    the whole answer only if `sign_will_do`.
    """
    word = typed.strip().lower()
    right = found.recorded
    if word in SIGNS:
        judged = _sign(SIGNS[word], right)
        half = judged.verdict is RIGHT and not sign_will_do
        return JudgedAnswer(COARSE, "The sign is correct. Now its size.") if half else judged
    if word in TRENDS:
        return _trend(TRENDS[word], right, before)
    if (told := INFINITE.get(word)) is not None:
        return _not_finite(told, right)
    try:
        number = read_number(typed)
    except ValueError as error:
        return JudgedAnswer(UNREADABLE, str(error))
    if not isfinite(right):
        return _not_finite(number, right)
    exact = precision(found, decimals)
    unit = exact.unit
    if near(number, right, unit):
        return JudgedAnswer(RIGHT)
    own = _unit_typed(typed) or unit if number else unit
    targets = {right, *_by_hand(found, decimals, boards)}
    exact_enough = not exact.small or decimals == 1 or abs(number) >= own * 9.99  # two digits
    by_number = exact_enough and any(near(number, v, unit) for v in targets)
    if by_number or _is_method(typed, found, decimals):
        return JudgedAnswer(RIGHT)
    same_sign = number * right > 0
    if own > unit and same_sign and near(number, right, own):
        return JudgedAnswer(COARSE, f"Correct so far. Now {exact}.")
    if exact.small and not number:
        return JudgedAnswer(COARSE, f"It is not 0. Answer {exact}.")
    cut_off = unit < own <= abs(number) / 10 and 0 < abs(right) - abs(number) < own and same_sign
    if cut_off or (own >= unit and any(_one_off(number, v, unit) for v in targets)):
        return JudgedAnswer(COARSE, CLOSE_BY)
    close = same_sign and abs(number - right) <= min(CLOSE * unit, abs(right) / 50)
    judged = wrong(number, typed.strip(), found, own if close else max(own, unit))
    return JudgedAnswer(COARSE, CLOSE_BY) if close and not judged.mistakes else judged


@dataclass(frozen=True)
class Precision:
    """How exact an answer must be."""

    unit: float
    """Half of it is forgiven."""
    decimals: int
    small: bool = False
    """Whether the figures of that many decimals show nothing of it."""

    def __str__(self) -> str:
        """to 3 decimals; to two significant figures"""
        if self.small:
            two = self.decimals > 1
            return f"to {'two significant figures' if two else 'one significant figure'}"
        return f"to {count(self.decimals, 'decimal')}"


def precision(found: Explanation, decimals: int) -> Precision:
    """How exact the answer for that number must be, where figures have so many decimals."""
    right = found.recorded
    if not right or not isfinite(right) or abs(right) >= 10.0**-decimals:
        return Precision(unit_of(found.written(right), decimals), decimals)
    digits = 2 if decimals > 1 else 1
    return Precision(10.0 ** (floor(log10(abs(right))) + 1 - digits), decimals, small=True)


def asks_for(found: Explanation, decimals: int, boards: Sequence[Figure] = ()) -> str:
    """How exact the answer must be; then the figures to compute with, where those shown leave the
    sign of the number open."""
    needed = _needed(found, decimals, boards)
    more = f" Compute with {figures(found, needed)}." if needed > decimals else ""
    return f"Answer {precision(found, decimals)}.{more}"


def _needed(found: Explanation, decimals: int, boards: Sequence[Figure]) -> int:
    ways = (None, *boards)
    return max(decimals_needed(found, decimals, way) for way in ways)


def _by_hand(found: Explanation, decimals: int, boards: Sequence[Figure]) -> Iterator[float]:
    """What a calculator gives from the figures shown, with the sign of the number itself; also 0
    where no figures tell the sign."""
    right, needed = found.recorded, _needed(found, decimals, boards)
    given = [results(found, decimals, way) for way in (None, *boards)]
    if needed > decimals:
        given.append(results(with_decimals(found, needed), needed))
    return (v for v in chain(*given) if v * right > 0 or right == 0)


def _is_method(typed: str, found: Explanation, decimals: int) -> bool:
    """Whether an expression was typed that is a right way to the number."""
    is_plain = _unit_typed(typed) is not None
    return not is_plain and is_right_method(parse_number(typed), typed, found, decimals)


def _one_off(number: float, target: float, unit: float) -> bool:
    """Whether a number is one unit away in its last digit, which is rounding and no mistake."""
    return number * target > 0 and abs(number - target) <= unit * (1.5 + ROUNDING)


def wrong(
    number: float, written: str, found: Explanation, unit: float, label: str = ""
) -> JudgedAnswer:
    """Judge a wrong number, so written: which mistakes give it to within half a `unit`.

    `label` says how one gets it, where that is known.
    """
    within = unit / 2 * (1 + ROUNDING)
    if found.part is not None:
        said = wrong_part(written, number, found, within)
        return JudgedAnswer(WRONG, said, cells(found.part))
    program = found.provenance.program
    iteration = found.provenance.timeline.iteration(found.place.iteration)
    why = explain_wrong(program, iteration, found.place.cell, number, within, written)
    if label and not why.ideas:  # several mistakes at once
        right = f"correct is {found.written(found.recorded)}"
        why = replace(why, ideas=(WrongNumber(number, label, right, ()),))
    leads = not why.ideas and bool(parts_of(found))
    return JudgedAnswer(
        WRONG,
        why.sentence.removesuffix(ADVICE),  # the step is shown with it
        why.look,
        _names(why.slips),
        idea=why.sentence if leads else f"{written} is not correct. {idea(found)}",
        mistake=why.mistake,
        term=why.term,
        leads=leads,
    )


def wrong_choice(asked: AskedQuestion, choice: Choice, found: Explanation) -> JudgedAnswer:
    """Judge a choice that is not correct: by the reason of its author, or as any wrong number."""
    if asked.worded:
        return JudgedAnswer(WRONG, choice.label or f"“{choice.written}” is not correct.")
    unit = ROUNDING * abs(choice.number)
    return wrong(choice.number, choice.written, found, unit, choice.label)


def judge_formula(
    experiment: Experiment, symbol: str, typed: str, iteration: Iteration
) -> JudgedAnswer:
    """Judge a formula typed for a step of that iteration."""
    found = formulas.judge(experiment, symbol, typed, iteration)
    if found.accepted:
        return JudgedAnswer(RIGHT, found.sentence)
    verdict = WRONG if found.missed else UNREADABLE
    return JudgedAnswer(verdict, found.sentence, mistakes=_names(found.slips))


def _names(slips: tuple[Slip, ...]) -> tuple[str, ...]:
    return tuple(slip.mistake.name for slip in slips)


def near(number: float, target: float, unit: float) -> bool:
    """Whether two numbers differ by at most half a `unit`, the last decimal shown."""
    return abs(number - target) <= unit / 2 + ROUNDING * (abs(target) + unit)


def _unit_typed(typed: str) -> float | None:
    """The size of one unit in the last digit of a plain number; None for an expression."""
    plain = re.fullmatch(r"[+−–-]?(\d*)(?:[.,](\d*))?(?:e([−–+-]?\d+))?", typed.strip().lower())
    if plain is None or not (plain[1] or plain[2]):
        return None
    exponent = int(re.sub("[−–]", "-", plain[3] or "0"))
    return float(10.0 ** (exponent - len(plain[2] or "")))


def _sign(sign: int, right: float) -> JudgedAnswer:
    if right * sign > 0:
        return JudgedAnswer(RIGHT, f"It is {WORDS[sign]}.", alone="sign")
    if right * sign < 0:
        said = f"It is not {WORDS[sign]}. Which sign does each of its factors have?"
        return JudgedAnswer(WRONG, said)
    return JudgedAnswer(WRONG, "It is neither positive nor negative.")


def _trend(trend: int, right: float, before: float | None) -> JudgedAnswer:
    if before is None:
        said = "There is no earlier value to compare with: type a number or a sign."
        return JudgedAnswer(UNREADABLE, said)
    word, gained = BECOMES[trend], (right - before) * trend
    if gained > 0:
        return JudgedAnswer(RIGHT, f"It gets {word}.", alone="direction")
    if gained < 0:
        return JudgedAnswer(WRONG, f"It does not get {word}. Which numbers is it computed from?")
    return JudgedAnswer(WRONG, "It is neither bigger nor smaller than before.")


def _not_finite(number: float, right: float) -> JudgedAnswer:
    if number == right or (isnan(number) and isnan(right)):
        return JudgedAnswer(RIGHT)
    if isfinite(right):
        return JudgedAnswer(WRONG, "It is a finite number.")
    return JudgedAnswer(WRONG, "It is not a finite number. What is divided by 0, or overflows?")


def earlier(found: Explanation) -> float | None:
    """What the number was before: a parameter before this update, others an iteration earlier.

    None where there is none to compare with: in the first iteration, or with other examples.
    """
    place, provenance = found.place, found.provenance
    before = Place(place.iteration - 1, place.cell)
    if before.iteration < 1 and not provenance.is_parameter(place.symbol):
        return None
    if place.symbol not in provenance.program.kept and _other_examples(found):
        return None
    return provenance.number(provenance.earliest(before))


def _other_examples(found: Explanation) -> bool:
    """Whether the batch of the iteration before had other examples."""
    timeline, number = found.provenance.timeline, found.place.iteration
    return timeline.iteration(number - 1).examples != timeline.iteration(number).examples
