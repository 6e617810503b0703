"""Votes: which wrong choices stand beside the right one, so that only knowledge tells it.

However the choices are ranked (by size, by distance, by digits), the rank of the right one is drawn
first; the wrong choices taken are those with which it has that rank. Its place is drawn as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import inf, log10
from random import Random
from typing import TypeAlias

from backprop_tui.maths.numbers import added
from backprop_tui.model.notes import MOST_CHOICES

LOOKED_AT = 8
"""Of so many wrong choices, the likeliest, some are taken."""
TWINS = 3
"""So many of them may have a twin with the other sign."""
NO_PAIR, RIGHT_PAIR = 0.6, 0.75
"""Draws below have no x and −x among their choices; those below have the right number in one."""

LIKELY, ALIKE, WRONG_PAIR = 0.05, 0.3, 20.0
"""What a less likely choice costs, a power of ten between two, and a pair that was not drawn."""


@dataclass(frozen=True)
class Choice:
    """A choice of a vote as it is written; `label` says how one gets a wrong number.

    A choice in words has no number (NaN), and a label that says why it is correct, or is not; it
    may be empty.
    """

    number: float
    written: str
    label: str
    right: bool = False

    @cached_property
    def unsigned(self) -> str:
        """It as it is written without its sign."""
        return self.written.removeprefix("−")

    @cached_property
    def digits(self) -> int:
        """How many digits say how large it is."""
        mantissa, *_ = self.unsigned.split("e")
        return len(mantissa.replace(".", "").strip("0"))

    @cached_property
    def form(self) -> str:
        """How it is written, whatever the symbols: dA2 put in, dZ1 put in."""
        return re.sub(r"\S*[\d∂′]\S*", "·", self.written)


Choices: TypeAlias = Sequence[Choice]
Ranking: TypeAlias = Callable[[Choices], Sequence[float]]
"""Of each choice a number by which it stands out among the others: the largest, the farthest."""


def chance(seed: int, *place: object) -> Random:
    """The draws of one vote: the same for the same seed and place."""
    return Random(repr((seed, *place)))


def vote(
    right: Choice,
    wrong: Choices,
    rankings: Sequence[Ranking],
    draws: Random,
    twins: Choices = (),
    cost: Callable[[Choices], float] = lambda choices: 0.0,
) -> tuple[Choice, ...]:
    """The right choice and up to three wrong ones, of which the likeliest come first, in drawn
    places. Twins may stand for some of them; `cost` is what else speaks against some choices."""
    count, wrong = min(len(wrong), MOST_CHOICES - 1), (*wrong, *twins)
    drawn = [(ranking, draws.randrange(count + 1)) for ranking in rankings]

    best: Choices = (right,)
    least = inf
    for some in combinations(range(len(wrong)), count):
        choices = (right, *(wrong[k] for k in some))
        likely, more = LIKELY * sum(some), cost(choices)
        if likely + more < least:  # or else no rank could speak for them
            off = sum(abs(_rank(ranking(choices)) - rank) for ranking, rank in drawn)
            if off + likely + more < least:
                best, least = choices, off + likely + more
    shown = list(best)
    draws.shuffle(shown)
    return tuple(shown)


def _rank(ranked: Sequence[float]) -> float:
    """The rank of the first, from 0; equal ones share the middle of theirs."""
    first, *others = ranked
    return sum((other < first) + (other == first) / 2 for other in others)


# Numbers


def number_vote(right: Choice, wrong: Choices, draws: Random) -> tuple[Choice, ...]:
    """A vote on numbers. Some hold a number and its negative: the right one's, or a wrong one's."""
    draw = draws.random()
    wanted = None if draw < NO_PAIR else draw < RIGHT_PAIR
    near = wrong[:LOOKED_AT]
    twins = [] if wanted is None else list(_twins((right, *wrong)))[:TWINS]

    def cost(choices: Choices) -> float:
        sizes = [abs(choice.number) or abs(right.number) * 1e-3 for choice in choices]
        apart = ALIKE * log10(max(sizes) / min(sizes)) if all(sizes) else 0.0
        return apart + (0.0 if _right_pair(choices) is wanted else WRONG_PAIR)

    rankings = _value, _size, _distance, _digits, _company
    return vote(right, near, rankings, draws, twins, cost)


def _twins(choices: Choices) -> Iterator[Choice]:
    """The wrong ones with the other sign, where nothing is so written yet."""
    taken = {choice.written for choice in choices}
    for choice in choices:
        other = choice.unsigned if choice.number < 0 else f"−{choice.written}"
        if not choice.right and choice.number and other not in taken:
            yield replace(
                choice,
                number=-choice.number,
                written=other,
                label=f"{choice.label}, sign flipped",
            )


def _right_pair(choices: Choices) -> bool | None:
    """Whether the only x and −x hold the right one; None where there is no such pair."""
    pairs = [(a, b) for a, b in combinations(choices, 2) if a.unsigned == b.unsigned]
    return None if not pairs else all(a.right or b.right for a, b in pairs)


def _value(choices: Choices) -> Sequence[float]:
    return [choice.number for choice in choices]


def _size(choices: Choices) -> Sequence[float]:
    return [abs(choice.number) for choice in choices]


def _distance(choices: Choices) -> Sequence[float]:
    numbers = _value(choices)
    return [added(abs(number - other) for other in numbers) for number in numbers]


def _digits(choices: Choices) -> Sequence[float]:
    return [choice.digits for choice in choices]


def _company(choices: Choices) -> Sequence[float]:
    """How many have its sign."""
    negative = [choice.number < 0 for choice in choices]
    return [negative.count(sign) for sign in negative]


# Words


def word_vote(right: Choice, wrong: Choices, draws: Random) -> tuple[Choice, ...]:
    """A vote on rules or formulas, which may stand out by their length or by their form."""
    return vote(right, wrong[:LOOKED_AT], (_length, _words, _form), draws)


def _length(choices: Choices) -> Sequence[float]:
    return [len(choice.written) for choice in choices]


def _words(choices: Choices) -> Sequence[float]:
    return [len(choice.written.split()) for choice in choices]


def _form(choices: Choices) -> Sequence[float]:
    """How many are written like it."""
    forms = [choice.form for choice in choices]
    return [forms.count(form) for form in forms]
