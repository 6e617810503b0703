"""Published figures: when a number is as printed, and that the lessons' sources are reproduced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backprop_tui import lessons
from backprop_tui.explain.provenance import Place
from backprop_tui.explain.published import (
    Beside,
    Comparison,
    FigureVerdict,
    _places,
    compare,
    figures_of,
    in_other_orientation,
    is_cut,
    matches,
)
from backprop_tui.files.experiment_file import load, read_experiment
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.model.notes import Figure, KnownWrong, Published
from backprop_tui.run.timeline import Timeline
from tests.networks import ARTICLE, experiment
from tests.programs import RESIDUAL


class TestMatching:
    @pytest.mark.parametrize(
        ("computed", "printed", "as_printed"),
        [
            (0.5932699921, "0.593269992", True),
            (0.5932699927, "0.593269992", False),
            (0.751365069552, "0.75136507", True),
            (0.496, "0.50", True),
            (0.494, "0.50", False),
            (0.494, "0.5", True),
            (-0.7, "-0.7", True),
            (-0.7, "−0.7", True),
            (0.7, "-0.7", False),
            (1.4e-5, "1e-5", True),
            (1.6e-5, "1e-5", False),
            (1.04e-5, "1.0e−5", True),
            (1.06e-5, "1.0e-5", False),
            (1540.0, "1.5e3", True),
            (1560.0, "1.5e3", False),
            (0.0, "-0.00", True),
            (float("nan"), "0.5", False),
            (float("inf"), "0.5", False),
        ],
    )
    def test_is_in_the_digits_that_are_printed(
        self, computed: float, printed: str, as_printed: bool
    ) -> None:
        assert matches(computed, printed) is as_printed

    @pytest.mark.parametrize(
        ("computed", "printed", "as_printed"),
        [
            (0.00335766162650261, "0.003357661626502615", True),
            (0.00335766162652261, "0.003357661626502615", False),
            (1.55 + 4.9e-13, "1.5", True),
            (1.55 + 5.1e-13, "1.5", False),
        ],
    )
    def test_goes_no_further_than_twelve_digits(
        self, computed: float, printed: str, as_printed: bool
    ) -> None:
        assert matches(computed, printed) is as_printed

    def test_the_twelfth_digit_itself_must_be_right(self) -> None:
        assert not matches(100.0, "100.000000001")
        assert matches(100.0000000012, "100.000000001")

    def test_a_whole_number_is_meant_as_it_stands(self) -> None:
        assert matches(2.0 + 1e-13, "2")
        assert not matches(1.9, "2")
        assert not matches(0.3, "0")
        assert matches(1.9, "2.")

    def test_a_number_between_two_figures_may_be_rounded_to_either(self) -> None:
        assert Decimal.from_float(0.3785) != Decimal("0.3785")  # no float is just between
        assert matches(0.3785, "0.379")
        assert matches(0.3785, "0.378")
        assert matches(0.25, "0.2")  # this one is
        assert matches(0.25, "0.3")

    @given(st.floats(-1e6, 1e6), st.integers(1, 9))
    def test_a_number_matches_itself_as_python_prints_it(
        self, number: float, decimals: int
    ) -> None:
        assert matches(number, f"{number:.{decimals}f}")
        assert matches(number, f"{number:.{decimals}e}")

    @given(st.floats(-100, 100), st.integers(1, 9))
    def test_a_last_digit_that_is_off_by_one_does_not_match(
        self, number: float, decimals: int
    ) -> None:
        unit = Decimal(1).scaleb(-decimals)
        off_by_one = Decimal(f"{number:.{decimals}f}") + unit
        assume(off_by_one - Decimal(number) > unit * 6 / 10)  # 5/10 could be rounded so
        assert not matches(number, str(off_by_one))

    def test_a_bound_admits_what_rounding_along_the_way_changed(self) -> None:
        assert not matches(0.131169, "0.1311")
        assert matches(0.131169, "0.1311", within=1e-4)
        assert not matches(0.131169, "0.1311", within=1e-5)


class TestUsualRounding:
    @pytest.mark.parametrize(
        ("computed", "printed", "verdict"),
        [
            (0.36789, "0.367", FigureVerdict.CUT),
            (-0.36789, "-0.367", FigureVerdict.CUT),
            (1.69e-5, "1.6e-5", FigureVerdict.CUT),
            (0.36789, "0.369", FigureVerdict.LAST_DIGIT),
            (0.36789, "0.368", FigureVerdict.EQUAL),
            (0.36789, "0.366", FigureVerdict.WRONG),
            (0.36789, "0.370", FigureVerdict.WRONG),
            (0.19, "0.3", FigureVerdict.WRONG),  # one digit: a unit is a third of it
            (1.0, "0.9", FigureVerdict.WRONG),
            (0.09, "0.10", FigureVerdict.LAST_DIGIT),
            (0.0009, "0.000", FigureVerdict.WRONG),
            (0.0019, "-0.001", FigureVerdict.WRONG),
            (0.0, "0.001", FigureVerdict.WRONG),
            (2.9, "2", FigureVerdict.WRONG),  # a whole number is exact
        ],
    )
    def test_is_told_from_what_is_wrong(
        self, computed: float, printed: str, verdict: FigureVerdict
    ) -> None:
        given = {"W1": [[computed]]}
        network = Network((1, 1), ("linear",), "half_squared_error")
        one = experiment(network, Training(), [[1.0]], [[0.0]], given)
        (found,) = of(Published("a book", figures=(figure("A1", [printed]),)), one)
        assert found.verdict is verdict
        assert found.failed is (verdict is FigureVerdict.WRONG)

    @given(st.floats(-100, 100), st.integers(1, 6))
    def test_a_number_that_is_cut_is_never_wrong(self, computed: float, decimals: int) -> None:
        step = Decimal(1).scaleb(-decimals)
        cut = Decimal(computed).quantize(step, rounding=ROUND_DOWN)
        assume(cut != 0)
        assert matches(computed, str(cut)) or is_cut(computed, str(cut))
        assert not is_cut(computed, str(cut + step))
        assert not is_cut(computed, str(cut - step))

    def test_han_and_kamber_round_every_step_to_three_places(self) -> None:
        """Their error of the output is 0.474·(1 − 0.474)·(1 − 0.474); exactly it is 0.131169."""
        lesson = load("han-kamber")
        printed = tuple(replace(entry, within=None) for entry in lesson.published)
        timeline = Timeline(replace(lesson, published=printed))
        found = {c.of: c for entry in printed for c in compare(timeline, entry)}
        error = found["−dZ2[1,1]"]
        assert error.said == "cut, not rounded; or right if every step is rounded to 3 places"
        assert round((1 - 0.474) * 0.474 * (1 - 0.474), 4) == 0.1311
        assert not any(c.failed for c in found.values())


def of(published: Published, on: Experiment = ARTICLE) -> tuple[Comparison, ...]:
    return compare(Timeline(replace(on, published=(published,))), published)


def figure(formula: str, *rows: Sequence[str]) -> Figure:
    return Figure(formula, tuple(tuple(row) for row in rows))


def printed_in(iteration: int, symbol: str) -> Figure:
    """All of a symbol, as a source would print what the article's network gives."""
    done = Timeline(ARTICLE).iteration(iteration)
    at = Timeline(ARTICLE).program.index(symbol)
    return figure(symbol, *([f"{x:.6f}" for x in row] for row in done.results[at]))


def test_in_the_other_orientation_square_weights_stand_as_they_do_and_biases_are_turned() -> None:
    e = replace(load("mazur"), published=())
    other = in_other_orientation(e)
    assert other is not None
    assert (e.dense.orientation, other.dense.orientation) == ("columns", "rows")
    here, there = e.initial.given, other.initial.given
    assert np.array_equal(there["W1"], here["W1"])
    assert np.array_equal(there["b1"], here["b1"].T)
    in_any_spelling = Published("", figures=(figure("dz1", ["1"], ["2"]),))
    turned = in_other_orientation(replace(e, published=(in_any_spelling,)))
    assert turned is not None
    assert turned.published[0].figures == (figure("dZ1", ["1", "2"]),)
    assert in_other_orientation(load("article")) is None  # W2 is 1×3
    assert in_other_orientation(RESIDUAL) is None
    product = Published("x", 1, figures=(figure("W1·X", ["1"], ["2"]),))  # X·W1 there
    assert in_other_orientation(replace(e, published=(product,))) is None


class TestComparing:
    def test_there_is_one_for_each_printed_number(self) -> None:
        found = of(Published("a book", figures=(figure("A1", ["0.1"], [""], ["0.3"]),)))
        assert [(c.of, c.printed) for c in found] == [("A1[1,1]", "0.1"), ("A1[3,1]", "0.3")]
        assert [c.place for c in found] == [Place(1, Cell("A1", 1, 1)), Place(1, Cell("A1", 3, 1))]

    def test_an_expression_is_named_as_the_screen_writes_it_and_has_no_place(self) -> None:
        for formula, rows, name in (
            ("-dZ1", 3, "−dZ1[1,1]"),
            ("sigmoid'(Z2[1,1])", 1, "σ′(Z2[1,1])"),
            ("A2 - Y", 1, "A2[1,1] − Y[1,1]"),
            ("W1 @ X", 3, "(W1 · X)[1,1]"),
        ):
            first = of(Published("a book", figures=(figure(formula, *[["0.1"]] * rows),)))[0]
            assert (first.of, first.place) == (name, None)

    def test_a_symbol_of_one_number_is_its_cell(self) -> None:
        (loss,) = of(Published("a book", figures=(figure("L", ["0.1"]),)))
        assert (loss.of, loss.place) == ("L[1,1]", Place(1, Cell("L", 1, 1)))

    @pytest.mark.parametrize("iteration", [1, 2, 30])
    def test_a_parameter_is_meant_after_the_update_and_all_else_before(
        self, iteration: int
    ) -> None:
        figures = tuple(printed_in(iteration, symbol) for symbol in ("W1", "b2", "A1", "dW1"))
        found = of(Published("a book", iteration, figures=figures))
        assert {c.verdict for c in found} == {FigureVerdict.EQUAL}
        weight = Timeline(ARTICLE).iteration(iteration + 1).given["W1"][0, 0]
        assert found[0].computed == weight

    def test_a_figure_that_fits_the_parameter_before_its_update_is_of_that(self) -> None:
        done = Timeline(ARTICLE).iteration(1)
        weight, gradient = (
            matrix[0, 0]
            for matrix in (
                done.given["W1"],
                done.results[Timeline(ARTICLE).program.index("dW1")],
            )
        )
        printed = f"{weight + 7 * gradient:.8f}"
        (found,) = of(Published("", figures=(figure("W1[1,1] + 7*dW1[1,1]", [printed]),)))
        assert (found.verdict, found.failed) == (FigureVerdict.BEFORE, False)
        assert found.computed == pytest.approx(weight + 7 * gradient)
        assert found.as_printed
        (alone,) = of(Published("", figures=(figure("W1[1,1]", [f"{weight:.8f}"]),)))
        assert alone.verdict is FigureVerdict.WRONG  # a cell is the one after it
        assert alone.remark.endswith("means the value before it, which is as printed.")

    @pytest.mark.parametrize(
        ("formula", "printed", "remark"),
        [
            (
                "W1[1,1] + b1[1,1]",
                "77",
                "W1 and b1 are meant after the update. The key "
                '"before: W1[1,1] + b1[1,1]" means the value before it.',
            ),
            ("2*b1[1,1]", "77", 'b1 is meant after the update. The key "before: 2 · b1[1,1]"'),
            ("A1[1,1]", "77", ""),
        ],
    )
    def test_a_wrong_one_of_parameters_says_which_value_is_meant(
        self, formula: str, printed: str, remark: str
    ) -> None:
        (found,) = of(Published("a book", figures=(figure(formula, [printed]),)))
        assert found.remark.startswith(remark)
        assert bool(found.remark) == bool(remark)

    def test_a_wrong_digit_differs(self) -> None:
        A2 = float(Timeline(ARTICLE).iteration(1).results[3].item())
        right, wrong = of(
            Published("", figures=(figure("A2", [f"{A2:.5f}"]), figure("A2", [f"{A2 + 1e-4:.5f}"])))
        )
        assert (right.verdict, right.failed) == (FigureVerdict.EQUAL, False)
        assert (wrong.verdict, wrong.failed) == (FigureVerdict.WRONG, True)

    def test_a_bound_is_told_from_equal_digits(self) -> None:
        A2 = float(Timeline(ARTICLE).iteration(1).results[3].item())
        figures = tuple(figure("A2", [f"{A2 + off:.6f}"]) for off in (0, 1e-4, 1e-2))
        found = of(Published("a book", within=1e-3, figures=figures))
        assert [c.verdict for c in found] == [
            FigureVerdict.EQUAL,
            FigureVerdict.WITHIN,
            FigureVerdict.WRONG,
        ]

    def test_a_figure_of_a_run_that_diverged_before_is_not_reached(self) -> None:
        network = Network((1, 1), ("linear",), "half_squared_error")
        wild = experiment(network, Training(learning_rate=1e300), [[9.0]], [[0.0]], {"W1": [[1.0]]})
        (found,) = of(Published("a book", 1000, figures=(figure("A1", ["0.5"]),)), wild)
        assert (found.verdict, found.failed) == (FigureVerdict.NOT_REACHED, True)
        assert np.isnan(found.computed)

    def test_batches_are_compared_example_by_example(self) -> None:
        network = Network((1, 1), ("linear",), "half_squared_error")
        given = {"W1": [[2.0]]}
        pair = experiment(network, Training(batch=2), [[1.0, 2.0, 3.0]], [[0.0] * 3], given)
        both = of(Published("", figures=(figure("A1", ["2", "4"]),)), pair)
        assert [c.verdict for c in both] == [FigureVerdict.EQUAL] * 2
        (last,) = of(Published("", 2, figures=(figure("X", ["3"]),)), pair)  # what was left
        assert last.verdict is FigureVerdict.EQUAL


class TestKnownWrong:
    A2 = f"{float(Timeline(ARTICLE).iteration(1).results[3].item()):.5f}"

    def test_is_never_a_failure(self) -> None:
        (found,) = of(Published("", known_wrong=(KnownWrong("A2", "9.9", "a slip"),)))
        assert found.of == "A2[1,1]"
        assert (found.verdict, found.failed) == (FigureVerdict.KNOWN_WRONG, False)
        assert (found.as_printed, found.correct, found.is_correct) == (False, None, None)
        assert found.wrong is not None
        assert found.wrong.why == "a slip"

    def test_is_told_with_the_correct_number(self) -> None:
        right, neither = (KnownWrong("A2", "9.9", "", c) for c in (self.A2, "0.1"))
        found = of(Published("", known_wrong=(right, neither)))
        assert [(c.correct, c.is_correct) for c in found] == [(self.A2, True), ("0.1", False)]

    def test_says_when_it_is_computed_all_the_same(self) -> None:
        (found,) = of(Published("", known_wrong=(KnownWrong("A2", self.A2, "a slip"),)))
        assert found.verdict is FigureVerdict.KNOWN_WRONG
        assert found.as_printed

    def test_stands_instead_of_the_same_number_among_the_figures(self) -> None:
        wrong = (KnownWrong("A1[2,1]", "9.9", "a slip"),)
        found = of(Published("", figures=(figure("A1", ["1"], ["9.9"], ["3"]),), known_wrong=wrong))
        assert [c.of for c in found] == ["A1[1,1]", "A1[3,1]", "A1[2,1]"]
        assert [c.of for c in found if c.wrong] == ["A1[2,1]"]

    def test_is_the_same_number_under_the_name_of_its_matrix(self) -> None:
        wrong = (KnownWrong("L", "9.9", "a slip"),)
        for printed in ("L", "L[1,1]"):
            (found,) = of(Published("", figures=(figure(printed, ["9.9"]),), known_wrong=wrong))
            assert found.wrong


def all_comparisons(name: str) -> Iterator[Comparison]:
    timeline = Timeline(load(name))
    for published in timeline.experiment.published:
        yield from compare(timeline, published)


@pytest.mark.parametrize("name", [name for name in lessons.NAMES if load(name).published])
def test_a_lesson_gives_what_its_source_prints(name: str) -> None:
    for found in all_comparisons(name):
        if found.wrong is None:
            assert not found.failed, f"{found.of} is {found.computed!r}, printed {found.printed}"
        else:
            assert found.is_correct, f"{found.of} is {found.computed!r}, right {found.correct}"
            assert not found.as_printed


def test_an_l2_penalty_gives_what_a_course_prints() -> None:
    found = list(all_comparisons(str(Path(__file__).with_name("coursera_l2.toml"))))
    assert len(found) == 21
    assert {one.verdict for one in found} == {FigureVerdict.EQUAL}


def test_only_one_figure_needs_the_bound_of_han_and_kamber() -> None:
    within = [c.of for c in all_comparisons("han-kamber") if c.verdict is FigureVerdict.WITHIN]
    assert within == ["−dZ2[1,1]"]


def test_yeh_s_dead_neuron_of_layer_2_gets_no_gradient() -> None:
    timeline = Timeline(load("ai-by-hand"))
    for symbol in ("dZ2", "dW2", "db2"):
        assert not timeline.iteration(1).results[timeline.program.index(symbol)][0].any()


class TestBeside:
    def test_a_value_has_its_figure(self) -> None:
        beside = Beside(Timeline(load("mazur")))
        found = beside.at(1, Cell("A1", 2, 1))
        assert found is not None
        assert (found.printed, found.verdict) == ("0.596884378", FigureVerdict.EQUAL)
        assert beside.at(1, Cell("Z1", 2, 1)) is None
        assert beside.at(2, Cell("A1", 2, 1)) is None

    def test_a_parameter_has_it_in_the_iteration_that_made_it(self) -> None:
        beside = Beside(Timeline(load("mazur")))
        found = beside.at(1, Cell("W1", 1, 1))
        assert found is not None
        assert found.printed == "0.149780716"
        assert beside.at(0, Cell("W1", 1, 1)) is None

    def test_a_frozen_parameter_is_the_one_that_it_began_as(self) -> None:
        mazur = load("mazur")
        published = (Published("a book", figures=(figure("b1", ["0.35"], ["0.35"]),)),)
        beside = Beside(Timeline(replace(mazur, published=published)))
        found = beside.at(0, Cell("b1", 1, 1))
        assert found is not None
        assert found.verdict is FigureVerdict.EQUAL

    def test_expressions_stand_with_what_they_read(self) -> None:
        beside = Beside(Timeline(load("han-kamber")))
        assert [c.of for c in beside.about(1, "dZ1")] == ["−dZ1[1,1]", "−dZ1[2,1]"]
        assert beside.about(1, "Z1") == ()

    def test_no_iteration_is_computed_that_was_not_asked_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        timeline = Timeline(load("mazur"))
        asked: list[int] = []
        iteration = timeline.iteration

        def watched(number: int) -> object:
            asked.append(number)
            return iteration(number)

        monkeypatch.setattr(timeline, "iteration", watched)
        beside = Beside(timeline)
        for k in range(1, 2000):
            beside.at(k, Cell("A2", 1, 1))
            beside.at(k, Cell("L", 1, 1))
        assert asked == [1, 2]


def test_a_source_rounds_to_the_decimals_that_it_prints() -> None:
    """From two on; not to as many as are exact, and not to those of a power of ten."""
    printed = ("0.5", "0.25", "1.125", "7", "1.25e-3", "", "0.12345678901", "0.123456789012")
    assert _places(Published("", figures=(figure("A1", printed),))) == (11, 3, 2)


def test_figures_are_of_names_and_functions_of_the_file_before_constants() -> None:
    """K is outputs only where no step is called K, as in a line of [forward]."""
    e = read_experiment(
        """
        [parameters]
        Wk = [2, 2]
        [functions]
        swish = "z·σ(z)"
        [forward]
        K = "Wk·X"
        L = "total(swish(K))"
        [data]
        X = { matrix = [[1, 0], [0, 1]] }
        [initial]
        Wk = [[2, 0], [0, -2]]
        [[published]]
        source = "by hand"
        K = [["2", "0"], ["0", "-2"]]
        "K.T @ K" = [["4", "0"], ["0", "4"]]
        "swish(K[1,1])" = "1.7616"
        "swish'(K)" = [["1.0908", "0.5"], ["0.5", "-0.0908"]]
        known_wrong = [{ of = "swish(K[2,2])", printed = "-0.1", correct = "-0.2384", why = "" }]
        """,
        "own",
        "own.toml",
    )
    found = figures_of(Timeline(e))
    assert {c.of: c.verdict for c in found if not c.as_printed} == {
        "swish(K[2,2])": FigureVerdict.KNOWN_WRONG
    }
    assert len(found) == 14
    assert found[-1].is_correct


@pytest.mark.parametrize(
    ("formula", "named"),
    [
        ("mean(abs(dW1))", "mean(abs(dW1))"),
        ("-dZ2", "−dZ2[1,1]"),
        ("W2·A1", "W2 · A1"),
    ],
)
def test_an_expression_that_is_one_number_needs_no_place(formula: str, named: str) -> None:
    assert of(Published("", figures=(figure(formula, ["1"]),)))[0].of == named
