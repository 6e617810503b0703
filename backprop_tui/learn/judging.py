"""Answers: what was typed, whether it is right, and which idea a wrong one comes from.

Right is the recorded number, or what the figures as they are shown give: nobody who reckons with
what stands on the screen is told wrong for rounding. A wrong answer is told apart from a wrong idea
(`diagnosis`); the result itself is never given away. It knows no keys and no screen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf, isfinite, isnan, nan

from backprop_tui.explain.explanation import Explanation, Figure
from backprop_tui.learn.answers import read_number
from backprop_tui.learn.diagnosis import explain_wrong
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.iterations import Iteration

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
WORDS = {1: "positive", -1: "negative"}
CLOSE = 3.01
"""A number this many units of its last decimal away is a slip in reckoning, not a wrong idea."""
ROUNDING = 1e-9
"""What the last bits of a decimal fraction may do to a difference, relative to the number."""


class Verdict(Enum):
    """What became of an answer."""

    RIGHT = "right"
    COARSE = "coarse"
    """Right as far as it goes: more decimals are wanted. No miss."""
    WRONG = "wrong"
    UNREADABLE = "unreadable"
    """Nothing that can be judged. No miss."""


@dataclass(frozen=True)
class Judged:
    """A verdict, and what is said of it; `look` are the cells where to look again."""

    verdict: Verdict
    said: str
    look: tuple[Cell, ...] = ()
    mistakes: tuple[str, ...] = ()
    """The mistakes of the catalogue that give this answer."""


def judge(
    typed: str,
    found: Explanation,
    decimals: int,
    before: float | None,
    boards: Sequence[Figure] = (),
    sign_will_do: bool = True,
) -> Judged:
    """The verdict on what was typed for the number of `found`, whose figures have so many decimals.

    `before` is the number that it replaces, or that it was an iteration earlier, None where there
    is none; `boards` are further ways in which the cells it reads are shown. Where a sign will not
    do, a right one is half of the answer.
    """
    word = typed.strip().lower()
    right = found.provenance.number(found.place)
    if word in SIGNS:
        judged = _sign(SIGNS[word], right)
        half = judged.verdict is Verdict.RIGHT and not sign_will_do
        return Judged(Verdict.COARSE, "So far right: now its size.") if half else judged
    if word in TRENDS:
        return _trend(TRENDS[word], right, before)
    if (told := INFINITE.get(word)) is not None:
        return _not_finite(told, right)
    try:
        number = read_number(typed)
    except ValueError as error:
        return Judged(Verdict.UNREADABLE, str(error))
    if isnan(right) or not isfinite(right):
        return _not_finite(number, right)
    unit = unit_of(found.written(right), decimals)
    by_hand = (v for way in (None, *boards) for v in found.by_hand(way))
    units = {v: max(unit, unit_of(found.written(v), decimals)) for v in by_hand}
    if any(near(number, v, own) for v, own in {**units, right: unit}.items()):
        return Judged(Verdict.RIGHT, "")
    digits = _decimals_typed(typed)
    if digits and digits < decimals and number and near(number, right, 10.0**-digits):
        wanted = f"{decimals} decimals" if decimals > 1 else "1 decimal"
        return Judged(Verdict.COARSE, f"Right as far as it goes: now with {wanted}.")
    if digits is not None and abs(number - right) <= min(CLOSE * unit, abs(right) / 50):
        return Judged(Verdict.COARSE, "Very close: is it rounded as it should be?")
    return wrong(number, typed.strip(), found, unit)


def wrong(number: float, written: str, found: Explanation, unit: float) -> Judged:
    """What a wrong number, so written, comes from; its figures are right to half a `unit`."""
    program = found.provenance.program
    iteration = found.provenance.timeline.iteration(found.place.iteration)
    cell, within = found.place.cell, unit / 2 * (1 + ROUNDING)
    why = explain_wrong(program, iteration, cell, number, within, written)
    names = tuple(slip.mistake.name for slip in why.slips)
    return Judged(Verdict.WRONG, why.sentence, why.look, names)


def formula(experiment: Experiment, symbol: str, typed: str, iteration: Iteration) -> Judged:
    """The verdict on a formula typed for a step of that iteration."""
    from backprop_tui.learn import (
        formulas,  # whose probes are only drawn where one is typed
    )

    found = formulas.judge(experiment, symbol, typed, iteration)
    if found.accepted:
        return Judged(Verdict.RIGHT, f"It is {found.sentence}.")
    names = tuple(slip.mistake.name for slip in found.slips)
    return Judged(Verdict.WRONG if found.missed else Verdict.UNREADABLE, found.sentence, (), names)


def near(number: float, target: float, unit: float) -> bool:
    """Within half a unit of the last decimal shown."""
    return abs(number - target) <= unit / 2 + ROUNDING * (abs(target) + unit)


def unit_of(written: str, decimals: int) -> float:
    """What one in the last decimal of a number as it is written stands for; 0.543: 0.001."""
    figure = re.fullmatch(r"[−-]?\d+(?:\.(\d+))?(?:e([−+-]?\d+))?", written)
    if figure is None:
        return 10.0**-decimals
    exponent = int((figure[2] or "0").replace("−", "-"))
    return float(10.0 ** (exponent - len(figure[1] or "")))


def _decimals_typed(typed: str) -> int | None:
    """The decimals of a plain number; None for an expression."""
    plain = re.fullmatch(r"\s*[+−–-]?\s*\d*(?:[.,](\d*))?\s*", typed)
    return None if plain is None else len(plain[1] or "")


def _sign(sign: int, right: float) -> Judged:
    if right == 0 or isnan(right):
        return Judged(Verdict.WRONG, f"It is neither positive nor {WORDS[-1]}.")
    if (right > 0) == (sign > 0):
        return Judged(Verdict.RIGHT, f"It is {WORDS[sign]}.")
    return Judged(Verdict.WRONG, f"It is not {WORDS[sign]}: which of its factors has which sign?")


def _trend(trend: int, right: float, before: float | None) -> Judged:
    words = {1: "bigger", -1: "smaller", 0: "the same"}
    if before is None:
        return Judged(
            Verdict.UNREADABLE,
            "There is no earlier value to compare with: type a number or a sign.",
        )
    if right == before or isnan(right):
        return Judged(Verdict.WRONG, f"Neither: it is not {words[trend]} than before.")
    if (right > before) == (trend > 0):
        return Judged(Verdict.RIGHT, f"It gets {words[trend]}.")
    return Judged(
        Verdict.WRONG, f"It does not get {words[trend]}: what is it made of, and added to?"
    )


def _not_finite(number: float, right: float) -> Judged:
    if number == right or (isnan(number) and isnan(right)):
        return Judged(Verdict.RIGHT, "")
    if isfinite(right):
        return Judged(Verdict.WRONG, "It is a finite number.")
    return Judged(Verdict.WRONG, "A finite number it is not: what is divided by 0, or overflows?")


def earlier(found: Explanation) -> float | None:
    """What the number was: a parameter before this update, any other one iteration earlier."""
    place, provenance = found.place, found.provenance
    behind = type(place)(place.iteration - 1, place.cell)
    if behind.iteration < 1 and not provenance.is_parameter(place.symbol):
        return None
    if place.symbol not in provenance.program.kept and _other_examples(found):
        return None
    return provenance.number(provenance.earliest(behind))


def _other_examples(found: Explanation) -> bool:
    """Whether the iteration before was of other examples: its numbers are of something else."""
    timeline, number = found.provenance.timeline, found.place.iteration
    return timeline.iteration(number - 1).examples != timeline.iteration(number).examples
