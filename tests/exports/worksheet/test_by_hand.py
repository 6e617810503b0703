"""Answers by hand: what printed figures come to, what is looked up, and how far answers differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from backprop_tui.explain.explanation import read_figure as read
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.worksheet.by_hand import Rounding, is_listed, units_apart
from backprop_tui.exports.worksheet.sheet import Worksheet, sheets
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.functions import ACTIVATIONS
from backprop_tui.maths.values import value
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from tests.exports.runs import runs


def sheet(lesson: str, *blanks: str, **overrides: str) -> Worksheet:
    experiment = load(lesson, overrides)
    (found,) = sheets(Timeline(experiment), Wanted(blanks=blanks))
    return found


def as_printed(sheet: Worksheet) -> dict[str, Any]:
    """All that somebody with the sheet in hand knows at first."""
    matrices: dict[str, Any] = {
        symbol: np.array([list(map(read, row)) for row in rows])
        for symbol, rows in sheet.printed.items()
    }
    return matrices | sheet.scalars


@given(runs(wild=False, wrong=False))
def test_no_careful_answer_is_farther_off_than_the_key_says(experiment: Experiment) -> None:
    (found,) = sheets(Timeline(experiment), Wanted())
    known = as_printed(found)
    for step in found.blanks:
        if "_derivative" in str(step.expression):
            break  # a value from the list, which other tests are about
        got = np.asarray(value(step.expression, known))
        written = [[found.rounding.figure(x) for x in row] for row in got.tolist()]
        known[step.symbol] = np.array([list(map(read, row)) for row in written])
        for rows in zip(written, found.figures(step), found.tolerances(step), strict=True):
            for mine, key, tolerance in zip(*rows, strict=True):
                if mine != key and tolerance != "inf":  # the figures given were too short to tell
                    assert abs(read(mine) - read(key)) <= float(tolerance) * (1 + 1e-6)


def test_a_quotient_of_a_short_figure_is_farther_off_and_the_key_says_how_far() -> None:
    found = sheet("article", "dA2", "dZ2")
    assert found.printed["A2"] == [("0.359",)]
    (dA2, dZ2) = found.blanks
    assert found.figures(dA2) == [("−2.789",)]
    assert Rounding(3).figure(-1 / 0.359) == "−2.786"
    assert found.tolerances(dA2) == [("0.003",)]
    assert found.tolerances(dZ2) == [("0.001",)]
    assert found.last_digits == {"dA2": [[3]], "dZ2": [[1]]}


@pytest.mark.parametrize(
    ("answer", "found", "units"),
    [
        (0.5, [0.5], 1),
        (0.5, [0.5013, 0.4996], 1),
        (0.0625, [0.0625], 1),  # 0.062 or 0.063: halfway may go either way
        (0.994, [0.999], 5),
        (float("inf"), [float("inf")], 1),
        (float("inf"), [3.0], float("inf")),
        (3.0, [float("inf")], float("inf")),
    ],
)
def test_how_far_is_counted_in_units_of_the_last_digit(
    answer: float, found: list[float], units: float
) -> None:
    assert units_apart(answer, found, Rounding(3)) == units


def test_an_answer_on_the_other_side_of_a_power_of_ten_has_finer_digits() -> None:
    assert units_apart(-1.03, [-0.9973], Rounding(3, significant=True)) == 4


def test_values_are_listed_of_functions_that_are_not_computed_by_hand() -> None:
    assert {name for name in ACTIVATIONS if is_listed(name)} == {"sigmoid", "tanh", "softmax"}
    assert {f for f in ("square", "relu_derivative", "sigmoid_derivative") if is_listed(f)} == {
        "sigmoid_derivative"
    }


class TestTheListOfFunctions:
    def test_what_is_needed_is_in_it(self) -> None:
        needed = {
            (each.function, each.argument) for each in sheet("article", "A1", "L").function_values
        }
        assert needed == {
            ("sigmoid", "1.500"),
            ("sigmoid", "−1.450"),
            ("sigmoid", "−0.450"),
            ("log", "0.359"),  # and not of 1 − A2, which Y makes 0
        }
        assert sheet("dead-relu", "A1", "dZ1").function_values == ()

    def test_softmax_is_done_by_way_of_exp(self) -> None:
        assert {each.function for each in sheet("softmax", "A2").function_values} == {"exp"}

    def test_an_argument_that_depends_on_an_own_answer_is_in_it_too(self) -> None:
        found = sheet("article", "Z1", "A1", "Z2", "A2", "L")
        assert Rounding(3).figure(-0.4 * 0.818 + 0.3 * 0.190 - 0.8 * 0.389) == "−0.581"
        assert found.figures(found.blanks[2]) == [("−0.582",)]
        looked_up = {(each.function, each.argument) for each in found.function_values}
        assert ("sigmoid", "−0.581") in looked_up

    def test_every_line_is_true_as_it_is_printed(self) -> None:
        lines = dict(sheet("article", "A1").function_list())
        assert lines["σ(−0.450)"] == "0.389"
        for line, figure in lines.items():
            argument = read(line.removeprefix("σ(").removesuffix(")"))
            assert abs(read(figure) - 1 / (1 + np.exp(-argument))) <= 0.0005001

    def test_it_is_sorted_and_has_values_that_are_not_needed(self) -> None:
        found = sheet("article", "A1")
        arguments = [read(line[2:-1]) for line, _ in found.function_list()]
        assert arguments == sorted(arguments)
        assert len(arguments) >= 2 * len(found.function_values) - 1

    def test_it_is_the_same_each_time(self) -> None:
        assert [*sheet("article").function_list()] == [*sheet("article").function_list()]

    def test_a_power_of_the_first_iteration_needs_none(self) -> None:
        experiment = load("article")
        training = replace(experiment.training, optimizer="adam")
        timeline = Timeline(replace(experiment, training=training))
        (found,) = sheets(timeline, Wanted(blanks=("scdW2",), decimals=2))
        assert found.scalars == {"beta2": 0.999, "t": 1.0}
        assert [*found.function_list()] == []
