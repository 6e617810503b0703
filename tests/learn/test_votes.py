"""Votes do not give themselves away: who knows nothing of the step finds few answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import combinations
from random import Random
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui import lessons
from backprop_tui.explain.derivation import derivation
from backprop_tui.explain.provenance import Place
from backprop_tui.files.experiment_file import load
from backprop_tui.learn import votes as voting
from backprop_tui.learn.line_questions import ask_line
from backprop_tui.learn.questions import ask
from backprop_tui.learn.votes import Choice, chance, number_vote, word_vote
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.functions import ACTIVATIONS
from backprop_tui.maths.numbers import number
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Position, Timeline
from tests.networks import experiment

Votes = Sequence[Sequence[Choice]]
Strategy = Callable[[Sequence[Choice]], Sequence[Choice]]
WRITE = partial(number, decimals=4)
FEW = 0.35


def random_networks(count: int) -> Iterator[Experiment]:
    """Networks of two layers with random numbers, each with its own seed."""
    hidden = [name for name, function in ACTIVATIONS.items() if function.elementwise]
    for seed in range(count):
        random = np.random.default_rng(seed)
        activation = hidden[seed % len(hidden)]
        last, loss = [("sigmoid", "binary_cross_entropy"), ("linear", "half_squared_error")][
            seed // len(hidden) % 2
        ]
        n, m = random.integers(1, 4, size=3), int(random.integers(1, 4))
        network = Network((int(n[0]), int(n[1]), int(n[2])), (activation, last), loss)
        shapes = network.parameter_shapes
        start = {symbol: random.normal(size=shape).round(2) for symbol, shape in shapes.items()}
        X, Y = random.normal(size=(n[0], m)).round(2), random.integers(0, 2, size=(n[2], m)) * 1.0
        yield experiment(network, Training(batch=m), X, Y, start)


def the_lessons() -> Iterator[Experiment]:
    return map(load, lessons.NAMES)


PLAYED: Mapping[str, Callable[[], Iterator[Experiment]]] = {
    "lessons": the_lessons,
    "random networks": partial(random_networks, 32),
}


@cache
def number_votes(played: str) -> Votes:
    """A vote of four before each step of the first iteration."""
    found = []
    for each in PLAYED[played]():
        timeline = Timeline(each)
        for steps in range(len(timeline.program.steps)):
            found.append(ask(timeline, Position(1, steps), "vote", WRITE).choices)
    return [choices for choices in found if len(choices) == 4]


@cache
def rule_votes(played: str) -> Votes:
    """A vote of four on a rule of each derivation, in matrices and by elements."""
    found = []
    for each in PLAYED[played]():
        program, seed = each.program, each.initial.seed
        for symbol in program.gradients:
            for elements in (False, True):
                line = derivation(program, symbol, None, elements)
                place = Place(1, Cell(symbol, 1, 1))
                asked = ask_line(program, place, line, typed=False, seed=seed)
                if asked is not None and asked.form == "vote":
                    found.append(asked.choices)
    return [choices for choices in found if len(choices) == 4]


# Strategies: what somebody picks who knows nothing of the step


def most(key: Callable[[Choice, Sequence[Choice]], float]) -> Strategy:
    """Those that stand out most."""

    def pick(choices: Sequence[Choice]) -> Sequence[Choice]:
        values = [key(choice, choices) for choice in choices]
        return [c for c, value in zip(choices, values, strict=True) if value == max(values)]

    return pick


def least(key: Callable[[Choice, Sequence[Choice]], float]) -> Strategy:
    return most(lambda choice, choices: -key(choice, choices))


def place(at: int) -> Strategy:
    return lambda choices: [choices[at]]


def paired(choices: Sequence[Choice]) -> list[Choice]:
    """The choices of which the negative is a choice as well."""
    written = {choice.written for choice in choices}
    other = {w: w[1:] if w.startswith("−") else f"−{w}" for w in written}
    return [choice for choice in choices if other[choice.written] in written]


def company(choice: Choice, choices: Sequence[Choice]) -> float:
    return sum((choice.number < 0) == (other.number < 0) for other in choices)


def pair_and_its_usual_sign(choices: Sequence[Choice]) -> Sequence[Choice]:
    pair = paired(choices) or choices
    usual = most(company)(choices)
    return [choice for choice in pair if choice in usual] or pair


def far(choice: Choice, choices: Sequence[Choice]) -> float:
    return sum(abs(choice.number - other.number) for other in choices)


def alone(choice: Choice, choices: Sequence[Choice]) -> float:
    return min(abs(choice.number - other.number) for other in choices if other is not choice)


def from_median(choice: Choice, choices: Sequence[Choice]) -> float:
    return abs(choice.number - median(other.number for other in choices))


def digits(choice: Choice, choices: Sequence[Choice]) -> float:
    return len(re.sub(r"\D", "", choice.written.split("e")[0]).strip("0"))


def value(choice: Choice, choices: Sequence[Choice]) -> float:
    return choice.number


def size(choice: Choice, choices: Sequence[Choice]) -> float:
    return abs(choice.number)


def in_the_middle(choices: Sequence[Choice]) -> Sequence[Choice]:
    return sorted(choices, key=lambda choice: choice.number)[1:-1]


def sum_of_two(choice: Choice, choices: Sequence[Choice]) -> float:
    others = [other.number for other in choices if other is not choice]
    return -min(abs(choice.number - a - b) for a, b in combinations(others, 2))


def length(choice: Choice, choices: Sequence[Choice]) -> float:
    return len(choice.written)


def words(choice: Choice, choices: Sequence[Choice]) -> float:
    return len(choice.written.split())


def form(choice: Choice, choices: Sequence[Choice]) -> float:
    """How many are written like it, with other symbols."""
    forms = [re.sub(r"\S*[\d∂′]\S*", "", other.written) for other in (choice, *choices)]
    return forms.count(forms[0])


def signs_shared(choice: Choice, choices: Sequence[Choice]) -> float:
    return sum(len({*choice.written} & {*other.written}) for other in choices)


def both_ways(
    *keys: Callable[[Choice, Sequence[Choice]], float],
) -> dict[str, Strategy]:
    return {f"most {key.__name__}": most(key) for key in keys} | {
        f"least {key.__name__}": least(key) for key in keys
    }


PLACES = {f"place {k + 1}": place(k) for k in range(4)}
ON_NUMBERS = {
    "the ± pair, and of it the sign of most": pair_and_its_usual_sign,
    "no choice of the ± pair": lambda choices: (
        [c for c in choices if c not in paired(choices)] or choices
    ),
    "in the middle": in_the_middle,
    "a sum of two others": most(sum_of_two),
    **both_ways(company, far, alone, from_median, digits, value, size),
    **PLACES,
}
ON_RULES = {**both_ways(length, words, form, signs_shared), **PLACES}


def found_by(strategy: Strategy, votes: Votes) -> float:
    """The share of votes in which the strategy finds the right choice, a guess among its own."""
    picks = map(strategy, votes)
    return sum(sum(c.right for c in pick) / len(pick) for pick in picks) / len(votes)


@pytest.mark.parametrize("played", PLAYED)
class TestNothingButKnowledgeTells:
    @pytest.mark.parametrize("strategy", ON_NUMBERS)
    def test_the_right_number(self, strategy: str, played: str) -> None:
        assert len(number_votes(played)) > 200
        assert found_by(ON_NUMBERS[strategy], number_votes(played)) <= FEW

    @pytest.mark.parametrize("strategy", ON_RULES)
    def test_the_right_rule(self, strategy: str, played: str) -> None:
        assert len(rule_votes(played)) > 200
        assert found_by(ON_RULES[strategy], rule_votes(played)) <= FEW

    def test_a_negative_stands_in_half_of_the_votes_and_not_always_of_the_right_one(
        self, played: str
    ) -> None:
        votes = number_votes(played)
        pairs = [pair for pair in map(paired, votes) if pair]
        of_the_right = [pair for pair in pairs if any(choice.right for choice in pair)]
        assert 0 < len(pairs) <= len(votes) / 2
        assert len(pairs) / 4 < len(of_the_right) < 3 * len(pairs) / 4


def numbers_of(values: Sequence[int]) -> list[Choice]:
    return [Choice(float(v), WRITE(v), f"mistake {k}") for k, v in enumerate(values)]


@given(
    st.integers(-9, 9),
    st.lists(st.integers(-9, 9), unique=True, max_size=12),
    st.integers(0, 10**6),
)
def test_a_vote_has_the_right_one_once_and_no_two_alike(
    right: int, wrong: list[int], seed: int
) -> None:
    correct = Choice(float(right), WRITE(right), "", right=True)
    others = numbers_of([number for number in wrong if number != right])
    choices = number_vote(correct, others, chance(seed))
    assert [choice for choice in choices if choice.right] == [correct]
    assert len({choice.written for choice in choices}) == len(choices) == min(4, 1 + len(others))
    assert number_vote(correct, others, chance(seed)) == choices


def test_a_rule_stands_out_by_how_many_are_written_like_it() -> None:
    put_in, also, cancel = (Choice(np.nan, s, "") for s in ("dA2 put in", "dZ1 put in", "cancel"))
    assert voting._form([put_in, also, cancel]) == [2, 2, 1]


def choice(number: float, label: str = "wrong") -> Choice:
    return Choice(number, f"{abs(number):.1f}" if number >= 0 else f"−{-number:.1f}", label)


RIGHT = Choice(0.5, "0.5", "", right=True)


@pytest.mark.parametrize(
    ("numbers", "rank"),
    [((2.0,), 0), ((2.0, 1.0, 3.0), 1), ((3.0, 1.0, 2.0), 2), ((2.0, 2.0, 3.0), 0.5)],
)
def test_equal_ones_share_the_middle_of_their_ranks(
    numbers: tuple[float, ...], rank: float
) -> None:
    assert voting._rank(voting._value([choice(n) for n in numbers])) == rank


@pytest.mark.parametrize(
    ("ranking", "of", "others", "by"),
    [
        (voting._size, -2.0, (1.0,), 2),
        (voting._distance, 1.0, (3.0, -1.0), 4),
        (voting._company, -1.0, (-2.0, 0.0, 3.0), 2),
        (voting._company, 0.0, (-1.0, 3.0), 2),
    ],
)
def test_by_what_a_number_stands_out(
    ranking: voting.Ranking, of: float, others: tuple[float, ...], by: float
) -> None:
    first, *_ = ranking([choice(n) for n in (of, *others)])
    assert first == by


@pytest.mark.parametrize(
    ("written", "digits"), [("0.0120", 2), ("−0.0120", 2), ("1.5e−05", 2), ("20", 1), ("7.25", 3)]
)
def test_the_digits_of_a_number_are_counted_without_the_zeros_about_them(
    written: str, digits: int
) -> None:
    assert voting._digits([Choice(np.nan, written, "")]) == [digits]


def test_words_stand_out_by_their_length_and_their_number() -> None:
    rule = Choice(np.nan, "dA2 put in", "")
    assert (voting._length([rule]), voting._words([rule])) == ([10], [3])


def test_a_twin_is_of_a_wrong_number_that_has_none_yet() -> None:
    some = [RIGHT, choice(-0.2), choice(0.2), choice(0.3), choice(-0.4), choice(0.0)]
    assert [(c.number, c.written, c.label) for c in voting._twins(some)] == [
        (-0.3, "−0.3", "wrong, sign flipped"),
        (0.4, "0.4", "wrong, sign flipped"),
    ]


@pytest.mark.parametrize(
    ("wrong", "is_right"),
    [
        ((0.2, 0.3), None),
        ((-0.5, 0.3), True),
        ((0.2, -0.2), False),
        ((0.2, -0.2, -0.5), False),
    ],
)
def test_a_pair_is_of_the_right_number_only_if_all_are(
    wrong: tuple[float, ...], is_right: bool | None
) -> None:
    assert voting._right_pair([RIGHT, *map(choice, wrong)]) is is_right


class Drawn(Random):
    """Draws of which the first is known."""

    def __init__(self, first: float) -> None:
        super().__init__(0)
        self.first: float | None = first

    def random(self) -> float:
        drawn, self.first = self.first, None
        return super().random() if drawn is None else drawn


@pytest.mark.parametrize(
    ("draw", "pair"),
    [(0.0, None), (0.59, None), (voting.NO_PAIR, True), (0.74, True), (voting.RIGHT_PAIR, False)],
)
def test_whether_there_is_a_pair_is_drawn(draw: float, pair: bool | None) -> None:
    wrong = [choice(n) for n in (-0.5, 0.2, -0.2, 0.3, 0.4)]
    assert voting._right_pair(number_vote(RIGHT, wrong, Drawn(draw))) is pair


def test_only_the_likeliest_are_looked_at_and_numbers_of_one_size_preferred() -> None:
    near = [choice(n) for n in (0.4, 0.6, 0.7)]
    far = [choice(n) for n in (5000.0, 6000.0, 7000.0, 8000.0, 9000.0)]
    assert set(number_vote(RIGHT, [*near, *far], Drawn(0.0))) == {RIGHT, *near}
    assert choice(0.8) not in number_vote(RIGHT, [*far, *near, choice(0.8)], Drawn(0.0))


@pytest.mark.parametrize("vote", [number_vote, word_vote])
def test_every_place_is_as_likely(vote: Callable[..., Sequence[Choice]]) -> None:
    correct, *others = numbers_of([7, 1, 2, 3, 14, 5, 8])
    correct = Choice(correct.number, correct.written, "", right=True)
    places = [vote(correct, others, chance(seed)).index(correct) for seed in range(1200)]
    assert all(240 <= places.count(k) <= 360 for k in range(4))  # 300, and four of its deviations


def test_a_twin_says_whose_sign_is_flipped() -> None:
    correct = Choice(0.2, "0.2000", "", right=True)
    others = [Choice(n / 10, f"{n / 10:.4f}", f"mistake {n}") for n in (3, 5, 7)]
    votes = [number_vote(correct, others, chance(seed)) for seed in range(100)]
    twins = {choice for vote in votes for choice in vote if choice.number < 0}
    assert {(c.written, c.label) for c in twins} == {
        (f"−{n / 10:.4f}", f"mistake {n}, sign flipped") for n in (3, 5, 7)
    }
