"""Answers: numbers as people type them, what is right, and what is said of a wrong one."""

from __future__ import annotations

from functools import partial
from math import inf, isclose, isfinite, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from backprop_tui.explain.explanation import Explanation
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.files.experiment_file import load
from backprop_tui.learn import answers, by_hand
from backprop_tui.learn.answers import (
    AnswerVerdict,
    JudgedAnswer,
    asks_for,
    earlier,
    judge,
    read_number,
)
from backprop_tui.learn.by_hand import _places, decimals_needed, results, unit_of
from backprop_tui.maths.elements import element
from backprop_tui.maths.expressions import Cell, Expr, cells, replace
from backprop_tui.maths.numbers import number
from backprop_tui.maths.parser import parse
from backprop_tui.maths.values import value
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Timeline
from tests.networks import experiment as drawn
from tests.networks import experiments


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        (",5", 0.5),
        (" −0.5 ", -0.5),
        ("-0,5", -0.5),
        ("+0.1", 0.1),
        ("−1/4", -0.25),
        ("0.5*0.2+1", 0.5 * 0.2 + 1),
        ("0,5·0,2", 0.1),
        ("1e-3", 1e-3),
        ("1,5e−3", 1.5e-3),
        ("2²", 4.0),
        ("σ(0)", 0.5),
        ("max(1, 2)", 2.0),
    ],
)
def test_a_number_is_read_as_it_is_written(typed: str, number: float) -> None:
    assert read_number(typed) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_written_out_in_full_reads_back_to_the_bit(number: float) -> None:
    assert read_number(repr(number)) == number
    assert read_number(repr(number).replace("-", "−").replace(".", ",")) == number


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "type a number"),
        ("1.234,5", "both a point and a comma"),
        ("1/0", "not a finite number"),
        ("0/0", "not a finite number"),
        ("1e999", "too large"),
        ("W1[1,2]", "type numbers only, not W1"),
        ("alpha", "type numbers only, not alpha"),
        ("1 < 2", "true or false"),
        ("row_sums(2)", "needs a matrix"),
        ("1 000", "expected a sign"),
        ("(1", "found the end"),
    ],
)
def test_what_is_no_number_is_refused_with_a_sentence(typed: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        read_number(typed)
    assert said in str(refused.value)


@given(st.text(max_size=30))
def test_whatever_is_typed_it_is_a_finite_number_or_refused(typed: str) -> None:
    try:
        number = read_number(typed)
    except ValueError:
        return
    assert isfinite(number)


def explained(timeline: Timeline, cell: Cell, decimals: int, iteration: int = 1) -> Explanation:
    write = partial(number, decimals=decimals)
    return Explanation(Provenance(timeline), Place(iteration, cell), write)


def answered(
    typed: str,
    cell: Cell = Cell("dA1", 1, 1),  # noqa: B008 (immutable)
    lesson: str = "mazur",
    decimals: int = 4,
    iteration: int = 1,
) -> JudgedAnswer:
    found = explained(Timeline(load(lesson)), cell, decimals, iteration)
    return judge(typed, found, decimals, earlier(found), ())


class TestNumbers:
    @pytest.mark.parametrize(
        "typed", ["0.0364", "0,0364", ".0364", "0.03635", "0.4*0.1385 - 0.5*0.0381", "+"]
    )
    def test_right(self, typed: str) -> None:
        assert answered(typed).verdict is AnswerVerdict.RIGHT

    @pytest.mark.parametrize("typed", ["0.0372", "0.0355", "0", "1e3", "−0.0364", "-0.0364", "−"])
    def test_wrong(self, typed: str) -> None:
        assert answered(typed).verdict is AnswerVerdict.WRONG

    @pytest.mark.parametrize("typed", ["0.5", "−0.5"])
    def test_wrong_where_0_is_right(self, typed: str) -> None:
        assert answered(typed, Cell("dA3", 1, 1), "ai-by-hand").verdict is AnswerVerdict.WRONG
        assert answered("0", Cell("dA3", 1, 1), "ai-by-hand").verdict is AnswerVerdict.RIGHT

    @pytest.mark.parametrize("typed", ["0.04", "0.036"])
    def test_right_but_for_its_decimals_is_no_miss(self, typed: str) -> None:
        judged = answered(typed)
        assert judged.verdict is AnswerVerdict.COARSE
        assert "4 decimals" in judged.said
        assert not judged.leads

    @pytest.mark.parametrize("typed", ["0.0365", "0.0362"])
    def test_a_slip_in_reckoning_is_no_wrong_idea(self, typed: str) -> None:
        judged = answered(typed)
        assert judged.verdict is AnswerVerdict.COARSE
        assert "close" in judged.said

    def test_where_a_sign_will_not_do_it_is_half_of_the_answer(self) -> None:
        found = explained(Timeline(load("mazur")), Cell("dA1", 1, 1), 4)
        assert judge("+", found, 4, None, sign_will_do=False).verdict is AnswerVerdict.COARSE
        assert judge("−", found, 4, None, sign_will_do=False).verdict is AnswerVerdict.WRONG

    @pytest.mark.parametrize("typed", ["", "no idea", "0.5 0.5", "W2", "1/0", "((((", "0.1 < 2"])
    def test_what_is_no_number_is_said_and_no_miss(self, typed: str) -> None:
        judged = answered(typed)
        assert judged.verdict is AnswerVerdict.UNREADABLE
        assert judged.said

    def test_a_wrong_one_names_its_mistake_and_where_to_look(self) -> None:
        judged = answered("0.0383")
        assert "without the ᵀ" in judged.said
        assert judged.mistakes[0] == "transpose-forgotten"
        assert Cell("W2", 1, 1) in judged.look
        assert "Chain rule: L uses A1 through Z2." in judged.idea

    def test_the_idea_is_told_first_and_what_is_correct_at_the_third_miss(self) -> None:
        judged = JudgedAnswer(AnswerVerdict.WRONG, "all", idea="where", mistake="what")
        assert [judged.told(misses) for misses in (1, 2, 3, 4)] == ["where", "what", "all", "all"]
        plain = JudgedAnswer(AnswerVerdict.WRONG, "all")
        assert [plain.told(misses) for misses in (1, 2, 3)] == ["all"] * 3

    @pytest.mark.parametrize("typed", ["0.0383", "0.0554", "0.9", "0.041", "0.1", "7"])
    def test_the_result_is_not_given_away(self, typed: str) -> None:
        assert "0.036" not in answered(typed).said


class TestRounding:
    """The right number of mazur's dZ2[1,1] is 0.138499 = 0.741365 · 0.751365 · 0.248635."""

    @pytest.mark.parametrize(
        ("symbol", "typed"),
        [
            ("dZ2", "0.741*0.1868"),
            ("dZ2", "0.7414*0.187"),
            ("dZ2", "0.1843*0.751"),  # the first and the last, then the second
            ("dZ2", "0.741*0.751*0.249"),
            ("dZ2", "0,741*0,187"),
            ("dZ2", "0.1384"),
            ("A1", "1/(1+0.686)"),
            ("L", "0.275+0.024"),
            ("L", "0.299"),  # with each term rounded
        ],
    )
    @pytest.mark.parametrize("decimals", [3, 4])
    def test_a_right_method_is_right_however_its_numbers_are_rounded(
        self, symbol: str, typed: str, decimals: int
    ) -> None:
        if decimals == 3 or "*" in typed or "+" in typed:
            judged = answered(typed, Cell(symbol, 1, 1), decimals=decimals)
            assert judged.verdict is AnswerVerdict.RIGHT

    @pytest.mark.parametrize(
        ("symbol", "typed"),
        [
            ("dZ2", "0.741*1"),
            ("dZ2", "-0.741*0.187"),
            ("dZ2", "0.741+0.187"),
            ("dZ2", "0.741*0.751"),
            ("A1", "1/(1-0.686)"),
            ("L", "0.275-0.024"),
            ("L", "0.549+0.048"),
        ],
    )
    def test_a_wrong_method_is_wrong(self, symbol: str, typed: str) -> None:
        judged = answered(typed, Cell(symbol, 1, 1), decimals=3)
        assert judged.verdict is AnswerVerdict.WRONG

    @pytest.mark.parametrize(
        ("symbol", "typed", "decimals"),
        [("dA1", "0.037", 3), ("dA1", "0.035", 3), ("Z1", "0.37", 4), ("Z1", "0.3774", 4)],
    )
    def test_one_unit_in_the_last_digit_and_cutting_off_are_rounding(
        self, symbol: str, typed: str, decimals: int
    ) -> None:
        judged = answered(typed, Cell(symbol, 1, 1), decimals=decimals)
        assert judged.verdict is AnswerVerdict.COARSE
        assert judged.said == "Very close. Is it rounded correctly?"

    @pytest.mark.parametrize(
        ("lesson", "symbol", "found"),
        [
            ("mazur", "dZ2", (0.556 * 0.249, 0.741 * 0.187)),  # from the left, and from the right
            ("batch", "db1", (0.0078, 0.0077)),  # the sum over m, and each term over m
        ],
    )
    def test_results_are_rounded_in_any_order(
        self, lesson: str, symbol: str, found: tuple[float, float]
    ) -> None:
        given = set(results(explained(Timeline(load(lesson)), Cell(symbol, 1, 1), 3), 3))
        assert all(any(isclose(number, other) for other in given) for number in found)

    def test_a_mistake_s_number_is_one_to_half_a_unit(self) -> None:
        found = explained(Timeline(load("mazur")), Cell("dA1", 1, 1), 4)
        wrong = 0.4 * found.value(Cell("dZ2", 1, 1)) + 0.45 * found.value(Cell("dZ2", 2, 1))
        for units, named in ((0.4, ("transpose-forgotten",)), (0.6, ())):
            assert answers.wrong(wrong + units * 1e-4, "x", found, 1e-4).mistakes == named

    @pytest.mark.parametrize("typed", ["0.3", "0.39", "0.36", "-0.37"])
    def test_a_number_cut_off_to_one_digit_or_not_cut_off_is_wrong(self, typed: str) -> None:
        assert answered(typed, Cell("Z1", 1, 1)).verdict is AnswerVerdict.WRONG  # 0.3775
        assert answered("0.9", Cell("J", 1, 1), "xor").verdict is AnswerVerdict.WRONG  # 0.9628

    def test_one_unit_off_is_up_to_one_and_a_half(self) -> None:
        assert answers._one_off(0.4, 0.25, 0.1)  # 0.15000000000000002
        assert not answers._one_off(0.41, 0.25, 0.1)
        assert not answers._one_off(-0.01, 0.01, 0.1)

    @pytest.mark.parametrize("typed", ["0.0383", "0.0386"])  # 0.03826, to half a unit of 3 decimals
    def test_a_mistake_s_number_is_no_rounding(self, typed: str) -> None:
        judged = answered(typed, Cell("dA1", 1, 1), decimals=3)
        assert judged.mistakes[0] == "transpose-forgotten"


class TestSmallNumbers:
    """vanishing's dZ6[1,1] is 2.27e−04; dZ2 of article is −2.57e−04 after 3,000 iterations."""

    @pytest.mark.parametrize("typed", ["0.00023", "2.3e-04", "2,3e-4", "2.27e-4", "0.000227"])
    def test_two_significant_figures_are_right(self, typed: str) -> None:
        judged = answered(typed, Cell("dZ6", 1, 1), "vanishing", decimals=3)
        assert judged.verdict is AnswerVerdict.RIGHT

    @pytest.mark.parametrize("typed", ["0", "0.000", "0.0002", "2e-4"])
    def test_fewer_are_not_enough_and_no_miss(self, typed: str) -> None:
        judged = answered(typed, Cell("dZ6", 1, 1), "vanishing", decimals=3)
        assert judged.verdict is AnswerVerdict.COARSE
        assert "to two significant figures" in judged.said

    @pytest.mark.parametrize("typed", ["0.00026", "0.0004", "2.57e-4"])
    def test_a_wrong_sign_is_never_forgiven(self, typed: str) -> None:
        judged = answered(typed, Cell("dZ2", 1, 1), "article", 3, iteration=3000)
        assert judged.verdict is AnswerVerdict.WRONG
        right = answered(f"-{typed}", Cell("dZ2", 1, 1), "article", 3, iteration=3000)
        assert right.verdict is not AnswerVerdict.WRONG or typed == "0.0004"

    def test_the_question_shows_the_digits_that_the_sign_needs(self) -> None:
        found = explained(Timeline(load("article")), Cell("dZ2", 1, 1), 3, iteration=3000)
        assert asks_for(found, 3) == (
            "Answer to two significant figures. Compute with A2[1,1] = 0.99974."
        )
        assert asks_for(explained(Timeline(load("mazur")), Cell("dZ2", 1, 1), 3), 3) == (
            "Answer to 3 decimals."
        )


def weighted(
    weight: float, bias: float = 0.0, decimals: int = 3, x: float = 1.0, inputs: int = 1
) -> Explanation:
    """The number Z1[1,1] = weight · x + bias; weight · x once for each input."""
    network = Network((inputs, 1), ("linear",), "half_squared_error")
    given = {"W1": [[weight] * inputs], "b1": [[bias]]}
    run = Timeline(drawn(network, Training(), [[x]] * inputs, [[0.0]], given))
    return explained(run, Cell("Z1", 1, 1), decimals)


RIGHT, COARSE, WRONG, UNREADABLE = AnswerVerdict
COARSER, ROUNDED = "Correct so far. Now to ", "Very close. Is it rounded correctly?"
JUDGED = [
    # the number, the decimals shown, what is typed for it, and what is said of it
    (0.12345, 3, "0.12395", RIGHT, ""),  # half a unit above
    (0.12345, 3, "0.124", COARSE, ROUNDED),
    (0.12345, 3, "0.122", COARSE, ROUNDED),
    (0.12345, 3, "0.125", COARSE, ROUNDED),
    (0.12345, 3, "0.126", WRONG, "0.126 is not correct, and"),
    (0.12345, 3, "0.1259", COARSE, ROUNDED),  # up to 2 %
    (0.12345, 3, "0.12595", WRONG, "0.12595 is not correct, and"),
    (0.1067, 4, "0.10", COARSE, ROUNDED),  # cut off to two digits
    (0.12345, 3, "0.12", COARSE, COARSER + "3 decimals."),
    (0.12345, 3, "0.1", COARSE, COARSER + "3 decimals."),
    (0.12345, 3, "0.2", WRONG, "0.2 is not correct."),
    (0.12345, 3, "-0.123", WRONG, "-0.123 is what you get with the sign flipped"),
    (-0.12345, 3, "-0.12", COARSE, COARSER + "3 decimals."),
    (0.000234, 3, "0.000229", RIGHT, ""),  # two significant figures
    (0.000234, 3, "0.000228", WRONG, "0.000228 is not correct, and"),
    (0.000234, 3, "0.00024", COARSE, ROUNDED),
    (0.000234, 3, "0.00026", WRONG, "0.00026 is not correct, and"),
    (0.000234, 3, "0.0002", COARSE, COARSER + "two significant figures."),
    (0.000234, 3, "0.0003", WRONG, "0.0003 is not correct, and"),
    (0.000234, 3, "0", COARSE, "It is not 0. Answer to two significant figures."),
    (0.04, 1, "0", COARSE, "It is not 0. Answer to one significant figure."),
    (0.04, 1, "0.04", RIGHT, ""),
    (0.04, 1, "0.03", COARSE, ROUNDED),
    (0.04, 1, "0.1", WRONG, "0.1 is not correct."),
    (123.456, 2, "123.5", COARSE, COARSER + "2 decimals."),
    (123.456, 2, "123.44", COARSE, ROUNDED),
    (123.456, 2, "123.49", WRONG, "123.49 is not correct, and"),
    (123.456, 2, "120", WRONG, "120 is not correct, and"),
    (5.0, 0, "5.4", RIGHT, ""),
    (5.0, 0, "6", COARSE, ROUNDED),
    (5.0, 0, "7", WRONG, "7 is not correct, and"),
]


@pytest.mark.parametrize(("right", "decimals", "typed", "verdict", "said"), JUDGED)
def test_how_far_a_number_may_be_away(
    right: float, decimals: int, typed: str, verdict: AnswerVerdict, said: str
) -> None:
    judged = judge(typed, weighted(right, decimals=decimals), decimals, None)
    assert judged.verdict is verdict
    assert judged.said.startswith(said)
    assert bool(judged.said) == bool(said)


@pytest.mark.parametrize(
    ("bias", "decimals", "told"),
    [
        (-0.5, 3, "to 3 decimals."),
        (-1 + 1e-3, 3, "to 3 decimals."),
        (-1 + 1.4e-4, 5, "to two significant figures. Compute with b1[1,1] = −0.99986."),
        (-1 + 1e-12, 12, "to two significant figures. Compute with b1[1,1] = −0.999999999999."),
        (-1 + 1e-13, 3, "to two significant figures."),  # no decimals that are shown will do
    ],
)
def test_the_figures_are_shown_to_the_decimals_that_tell_the_sign_and_two_digits(
    bias: float, decimals: int, told: str
) -> None:
    found = weighted(1.0, bias)
    assert decimals_needed(found, 3) == decimals
    assert asks_for(found, 3) == f"Answer {told}"


@pytest.mark.parametrize(
    ("found", "typed", "verdict"),
    [
        # 3.44e-4: to 5 decimals, which tell its sign, 0.50000 − 0.49965
        (weighted(0.499997, -0.499653), "0.00035", RIGHT),
        # −5e-5: to 4 decimals, which tell its sign, 3 · 0.0335 − 0.1004 with rounded products
        (weighted(0.1115, -0.1004, x=0.3, inputs=3), "0.00010", WRONG),
        (weighted(5.0, -0.502, x=0.1004), "−0.002", RIGHT),  # 0, and shown 5 · 0.100 − 0.502
    ],
)
def test_what_the_figures_told_give_is_right_where_it_has_the_sign(
    found: Explanation, typed: str, verdict: AnswerVerdict
) -> None:
    assert judge(typed, found, 3, None).verdict is verdict


def test_figures_that_leave_the_sign_open_on_a_board_alone_are_all_told() -> None:
    found = weighted(0.125, -0.124)

    def board(cell: Cell, number: float) -> str:
        return f"{number:.2f}"

    assert asks_for(found, 3, (board,)) == (
        "Answer to 3 decimals. "
        "Compute with W1[1,1] = 0.1250, X[1,1] = 1.0000 and b1[1,1] = −0.1240."
    )


@pytest.mark.parametrize(
    ("right", "exact"),
    [
        (0.0, "to 3 decimals"),
        (1e-3, "to 3 decimals"),
        (-1e-3, "to 3 decimals"),
        (0.9e-3, "to two significant figures"),
        (-0.9e-3, "to two significant figures"),
    ],
)
def test_decimals_that_show_nothing_are_not_asked_for(right: float, exact: str) -> None:
    assert str(answers.precision(weighted(right), 3)) == exact


@pytest.mark.parametrize(
    ("typed", "unit"),
    [
        ("0.5", 0.1),
        (".25", 0.01),
        ("7", 1.0),
        ("7.", 1.0),
        ("−1,25", 0.01),
        ("2e-3", 1e-3),
        ("2.5E−3", 1e-4),
        ("1/4", None),
        ("", None),
        (".", None),
        ("e3", None),
    ],
)
def test_the_unit_of_the_last_digit_typed(typed: str, unit: float | None) -> None:
    assert answers._unit_typed(typed) == (unit if unit is None else pytest.approx(unit))


class TestSignsAndTrends:
    @pytest.mark.parametrize(
        ("typed", "right", "said"),
        [
            ("+", 0.5, "It is positive."),
            ("plus", -0.5, "It is not positive. Which sign does each of its factors have?"),
            ("−", -0.5, "It is negative."),
            ("negative", 0.5, "It is not negative. Which sign does each of its factors have?"),
            ("+", 0.0, "It is neither positive nor negative."),
            ("-", 0.0, "It is neither positive nor negative."),
        ],
    )
    def test_a_sign(self, typed: str, right: float, said: str) -> None:
        judged = judge(typed, weighted(right), 3, None)
        is_right = "not" not in said and "neither" not in said
        assert (judged.verdict is RIGHT, judged.said) == (is_right, said)
        assert judged.alone == ("sign" if is_right else "")

    @pytest.mark.parametrize(
        ("typed", "before", "said"),
        [
            ("↑", 0.25, "It gets bigger."),
            ("up", 0.75, "It does not get bigger. Which numbers is it computed from?"),
            ("↓", 0.75, "It gets smaller."),
            ("falls", 0.25, "It does not get smaller. Which numbers is it computed from?"),
            ("↑", 0.5, "It is neither bigger nor smaller than before."),
            ("↓", 0.5, "It is neither bigger nor smaller than before."),
        ],
    )
    def test_a_trend(self, typed: str, before: float, said: str) -> None:
        judged = judge(typed, weighted(0.5), 3, before)
        is_right = said.startswith("It gets")
        assert (judged.verdict is RIGHT, judged.said) == (is_right, said)
        assert judged.alone == ("direction" if is_right else "")

    def test_bigger_and_smaller_compare_with_the_iteration_before(self) -> None:
        cell = Cell("A2", 1, 1)  # falls from 0.751 towards its target 0.01
        assert answered("↓", cell, iteration=2).verdict is AnswerVerdict.RIGHT
        assert answered("bigger", cell, iteration=2).verdict is AnswerVerdict.WRONG

    def test_a_parameter_compares_with_what_it_was(self) -> None:
        cell = Cell("W2", 1, 1)  # 0.40 to 0.359
        assert answered("↓", cell).verdict is AnswerVerdict.RIGHT
        assert answered("↑", cell).verdict is AnswerVerdict.WRONG

    def test_in_the_first_iteration_there_is_nothing_to_compare_with(self) -> None:
        assert answered("↑", Cell("A2", 1, 1)).verdict is AnswerVerdict.UNREADABLE

    def test_nor_is_there_where_the_iteration_before_was_of_other_examples(self) -> None:
        network = Network((1, 1), ("sigmoid",), "half_squared_error")
        one_by_one = Timeline(drawn(network, Training(), [[0.5, -0.5]], [[1.0, 0.0]]))
        of = {s: earlier(explained(one_by_one, Cell(s, 1, 1), 3, 2)) for s in ("A1", "W1")}
        assert of["A1"] is None
        assert of["W1"] is not None


@pytest.mark.parametrize(
    ("written", "decimals", "unit"),
    [("0.543", 3, 1e-3), ("−12.50", 2, 1e-2), ("8.11e−06", 3, 1e-8), ("4", 0, 1.0), ("∞", 2, 1e-2)],
)
def test_the_unit_of_the_last_decimal(written: str, decimals: int, unit: float) -> None:
    assert unit_of(written, decimals) == pytest.approx(unit)


def as_shown(e: Expr, env: dict[str, np.ndarray], decimals: int) -> float:
    """What a learner reckons: every cell as it is written, put into the formula."""
    shown = {
        cell: number(float(env[cell.symbol][cell.row - 1, cell.column - 1]), decimals)
        for cell in cells(e)
    }
    rounded: dict[str, dict[tuple[int, int], float]] = {}
    for cell, figure in shown.items():
        at = (cell.row - 1, cell.column - 1)
        rounded.setdefault(cell.symbol, {})[at] = float(
            figure.replace("−", "-").replace("∞", "inf")
        )
    scalars = {k: v for k, v in env.items() if np.ndim(v) == 0}
    return float(value(replace(e, {}), {**scalars, **rounded}))


@given(
    experiment=experiments(scales=(1.0,)),
    data=st.data(),
    decimals=st.integers(2, 5),
)
def test_nobody_who_reckons_with_the_figures_shown_is_told_wrong(
    experiment: Experiment, data: DataObject, decimals: int
) -> None:
    timeline = Timeline(experiment)
    step = data.draw(st.sampled_from(timeline.program.steps))
    rows, columns = timeline.program.shapes(len(timeline.iteration(1).examples))[step.symbol]
    cell = Cell(step.symbol, data.draw(st.integers(1, rows)), data.draw(st.integers(1, columns)))
    found = explained(timeline, cell, decimals)
    env = dict(found.env)
    taught = data.draw(st.sampled_from([e for e in (step.expression, step.derivation) if e]))
    expanded = element(taught, cell.row, cell.column, found.shapes)
    shown = decimals_needed(found, decimals)  # the question shows these where the sign is open
    learner = as_shown(expanded, env, shown)
    if not np.isfinite(learner) or not np.isfinite(found.provenance.number(found.place)):
        return
    judged = judge(number(learner, shown), found, decimals, None, ())
    if judged.verdict is AnswerVerdict.COARSE and "two significant" in judged.said:  # as asked
        judged = judge(f"{learner:.1e}", found, decimals, None, ())
    assert judged.verdict is AnswerVerdict.RIGHT


NO_NUMBER = "It is not a finite number. What is divided by 0, or overflows?"


class TestInfinity:
    def test_what_is_infinite_is_answered_by_its_sign_or_its_name(self) -> None:
        run = Timeline(load("saturation", {"x": "1e308", "learning_rate": "1e300"}))
        found = explained(run, Cell("Z1", 1, 1), 3)
        for typed in ("∞", "inf"):
            assert judge(typed, found, 3, None).verdict is AnswerVerdict.RIGHT
        for typed in ("−∞", "nan", "7"):
            judged = judge(typed, found, 3, None)
            assert (judged.verdict, judged.said) == (AnswerVerdict.WRONG, NO_NUMBER)

    def test_a_finite_number_is_not(self) -> None:
        for typed in ("inf", "−∞", "nan"):
            judged = answered(typed)
            assert (judged.verdict, judged.said) == (
                AnswerVerdict.WRONG,
                "It is a finite number.",
            )

    @pytest.mark.parametrize("right", [inf, -inf, nan])
    @pytest.mark.parametrize("typed", [7.0, inf, -inf, nan])
    def test_only_the_same_one_is_right(self, typed: float, right: float) -> None:
        judged = answers._not_finite(typed, right)
        said = "" if str(typed) == str(right) else NO_NUMBER
        assert (judged.verdict is AnswerVerdict.RIGHT, judged.said) == (not said, said)


@pytest.mark.parametrize(("typed", "decimals"), [("0.1", 1), ("0.10", 1)])
def test_a_result_by_hand_may_be_rounded_as_it_would_be_shown(typed: str, decimals: int) -> None:
    assert answered(typed, Cell("dW2", 1, 2), "batch", decimals).verdict is AnswerVerdict.RIGHT


@pytest.mark.parametrize(
    ("typed", "x", "decimals", "unit"),
    [
        ("0.25", 0.25, 2, 0.01),  # as many decimals as are shown
        ("0.2", 0.2, 2, 0.0),
        ("0.2", 0.2, 1, 0.1),
        ("2", 2.0, 0, 0.0),  # where none is shown, a whole number stands for itself
        ("0,25", 0.25, 2, 0.01),
        ("3·0.25", 3.0, 2, 0.0),
    ],
)
def test_a_number_with_the_decimals_shown_is_rounded_and_another_stands_for_itself(
    typed: str, x: float, decimals: int, unit: float
) -> None:
    assert _places(typed, x, decimals) == pytest.approx(unit)


@pytest.mark.parametrize(
    ("number", "decimals", "rounded"),
    [
        (0.1235, 3, 0.124),
        (-0.1235, 3, -0.124),
        (0.1234999, 3, 0.123),
        (2.5, 0, 3.0),
        (-2.4, 0, -2.0),
        (0.0, 2, 0.0),
        (float("inf"), 2, float("inf")),
        (-1e308, 2, -1e308),
    ],
)
def test_a_half_is_rounded_away_from_0(number: float, decimals: int, rounded: float) -> None:
    assert by_hand._half_up(number, decimals) == pytest.approx(rounded)


@pytest.mark.parametrize(
    ("typed", "backwards", "each", "found"),
    [
        ("2.4*1.5*3.1", False, False, 4 * 3.1),  # 3.6, then the last product as it is
        ("2.4*1.5*3.1", True, False, 5 * 2.4),
        ("(1.4 + 1.4)/2", False, False, 1.5),  # 3 halves
        ("(1.4 + 1.4)/2", False, True, 2.0),  # 0.7 twice
        ("-(1.4*1.4)", False, False, -1.4 * 1.4),
        ("1.4*1.4 + 0.4", False, False, 2.4),
    ],
)
def test_results_on_the_way_are_rounded_and_the_last_one_is_not(
    typed: str, backwards: bool, each: bool, found: float
) -> None:
    to_whole = partial(by_hand._half_up, decimals=0)
    e = parse(typed)
    assert by_hand._calculated(e, to_whole, backwards, each, float) == pytest.approx(found)
    whole = by_hand._calculated(e, to_whole, backwards, each)
    assert whole == pytest.approx(to_whole(found))


@pytest.mark.parametrize(
    ("typed", "x", "decimals", "unit"),
    [
        ("0.25", 0.25, 3, 0.01),  # two decimals stand for more in any case
        ("1.5", 1.5, 3, 0.0),
        ("12.5", 12.5, 3, 0.1),  # three digits do, too
        ("125", 125.0, 3, 0.0),
        ("2.5e-3", 2.5e-3, 3, 0.0),
        ("2.50e-3", 2.5e-3, 3, 1e-5),
        ("0.005", 0.005, 1, 0.001),
    ],
)
def test_for_what_a_number_stands(typed: str, x: float, decimals: int, unit: float) -> None:
    assert _places(typed, x, decimals) == pytest.approx(unit)
