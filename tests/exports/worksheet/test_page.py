"""Worksheets: what is given suffices, what is asked is blank, and the key has the run's numbers."""

from __future__ import annotations

import csv
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from backprop_tui.exports.formats import FORMATS, Wanted
from backprop_tui.exports.worksheet.page import CONSTANTS, legend, network_line
from backprop_tui.exports.worksheet.sheet import Worksheet, sheets
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import SCALARS
from backprop_tui.maths.values import value
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Timeline
from tests.exports.documents.test_documents import Outline, checked
from tests.exports.runs import exported, runs
from tests.formulas import program_file
from tests.networks import ARTICLE, experiment
from tests.programs import CENTRED, NORMED, rnn, written


def of(experiment: Experiment, **wanted: object) -> Worksheet:
    (sheet,) = sheets(Timeline(experiment), Wanted(**wanted))  # type: ignore[arg-type]
    return sheet


def key(experiment: Experiment, ending: str = ".csv", **wanted: object) -> str:
    timeline = Timeline(experiment)
    text = FORMATS["worksheet"].key(timeline, Wanted(**wanted), ending)  # type: ignore[arg-type]
    assert text is not None
    return text


def rows(experiment: Experiment, **wanted: object) -> list[dict[str, str]]:
    return list(csv.DictReader(key(experiment, ".csv", **wanted).splitlines()))


def boxes(page: str, kind: str) -> int:
    return len([a for a in Outline(page).all("td") if a.get("class") == kind])


@given(runs(wild=False, wrong=False))
def test_what_is_given_and_asked_is_all_that_the_formulas_read(experiment: Experiment) -> None:
    sheet = of(experiment)
    known = {**sheet.given, **sheet.scalars}
    assert SCALARS.isdisjoint(sheet.given)
    for step in sheet.blanks:
        found = value(step.expression, known)
        assert np.allclose(found, sheet.answer(step), rtol=1e-9, atol=1e-12, equal_nan=True)
        known[step.symbol] = sheet.answer(step)


@given(runs(wild=False, wrong=False))
@settings(settings.get_profile("few"))
def test_the_key_has_the_numbers_of_the_run(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    (row,) = rows(experiment)
    assert row.pop("sheet") == "1"
    assert row.pop("opens with") == "backprop-tui test"
    rounding = of(experiment).rounding
    for label in filter(lambda label: "±" not in label, row):
        found = re.fullmatch(r"(\w+)\[(\d+),(\d+)\]", label)
        assert found
        step = timeline.program.index(found[1])
        number = timeline.iteration(1).results[step][int(found[2]) - 1, int(found[3]) - 1]
        assert row[label].replace("-", "−") == rounding.figure(number)
        assert float(row[f"{label} ±"]) >= 0.99 * rounding.unit(number)


class TestThePage:
    def test_it_has_a_blank_for_every_answer_and_shows_none_of_them(self) -> None:
        page = exported("worksheet", load("mazur"), blanks=("dZ2", "dW2"), decimals=6)
        row = rows(load("mazur"), blanks=("dZ2", "dW2"), decimals=6)[0]
        labels = [label for label in row if label.endswith("]")]
        assert labels == "dZ2[1,1] dZ2[2,1] dW2[1,1] dW2[1,2] dW2[2,1] dW2[2,2]".split()
        assert boxes(page, "blank") == len(labels)
        assert not any(row[label].replace("-", "−") in checked(page).words for label in labels)

    def test_the_key_as_a_page_is_the_same_sheets_with_the_answers_filled_in(self) -> None:
        asked, solved = exported("worksheet", load("article")), key(load("article"), ".html")
        assert boxes(solved, "answer") == boxes(asked, "blank")
        words = checked(solved).words
        for label, number in rows(load("article"))[0].items():
            if label.endswith("]"):
                assert number.replace("-", "−") in words

    def test_every_printed_page_of_a_sheet_says_which_it_is_and_whose(self) -> None:
        page = exported("worksheet", load("article"), copies=2)
        headers = re.findall(r"<header>.*?</header>", page, re.DOTALL)
        for number, header in enumerate(headers, 1):
            assert f"Sheet {number} of 2 · The article" in header
            assert all(field in header for field in ("Name", "Class", "Date"))
        assert len(headers) == 2
        # A browser repeats the head of a table on every page.
        assert ".sheet > header { display: table-header-group; }" in page
        assert "break-after: page" in page

    def test_a_long_formula_stands_in_lines_of_its_own_above_its_boxes(self) -> None:
        sheet = exported("worksheet", program_file("gate"), blanks=("dM", "dW"))
        shown = '<div class="long"><p><b>(.*?)</b>(.*?)</p>(.*?)</div>'
        (above,) = re.findall(shown, sheet, re.DOTALL)
        assert above[0] == "1. "
        assert "<wbr>" in above[1]
        assert "<caption><math><mrow><mi>dM</mi></mrow></math></caption>" in above[2]
        assert "<caption>2. <math>" in sheet

    def test_it_says_how_to_round_and_how_far_that_may_lead(self) -> None:
        def said(lesson: str, **wanted: object) -> str:
            words = Outline(exported("worksheet", load(lesson), **wanted)).words
            (found,) = re.findall(r"Round to .*\.", words)
            return str(found)

        assert said("mazur", blanks=("dZ2",)) == (
            "Round to 3 decimals; the last digit may differ by one."
        )
        assert said("article") == (
            "Round to 3 decimals; the last digit may differ by one; by 3 in dA2."
        )
        assert said("vanishing", blanks=("dA1",)).startswith("Round to 3 significant digits; ")

    def test_a_power_of_ten_is_written_as_one(self) -> None:
        solved = key(load("vanishing"), ".html", blanks=("dA1",))
        assert "5.39·10<sup>−7</sup></td>" in solved

    def test_its_boxes_are_numbered_in_the_order_of_the_formulas(self) -> None:
        words = Outline(exported("worksheet", load("article"), blanks=("dZ2", "dW2"))).words
        assert words.index("1. dZ") < words.index("2. dW")
        assert "in the order of their numbers" in words


class TestItExplainsItself:
    @pytest.mark.parametrize(
        ("blanks", "there", "absent"),
        [
            (("dZ2",), ["binary cross entropy", "dZ means ∂L/∂Z"], ["∘", "matrix product", "α"]),
            (("dW2",), ["matrix product", "its transpose"], ["∘", "cross entropy"]),
            (("db2",), ["Σ with row below: the sum of each row"], ["matrix product"]),
            (("dZ1",), ["∘: the product element by element"], ["matrix product", "cross entropy"]),
            (("L",), ["log: the natural logarithm", "cross entropy"], ["dZ means", "α"]),
            (("W1",), ["α = 0.5 (the learning rate)", "←: the matrix on the left"], ["∘"]),
        ],
    )
    def test_by_the_signs_that_occur_and_no_others(
        self, blanks: tuple[str, ...], there: list[str], absent: list[str]
    ) -> None:
        lesson = "batch" if blanks == ("db2",) else "article"  # one example has no sum over a row
        words = Outline(exported("worksheet", load(lesson), blanks=blanks)).words
        words = words[words.index("Network:") :]
        assert [sign for sign in there if sign not in words] == []
        assert [sign for sign in absent if sign in words] == []

    def test_slopes_of_an_examples_own_loss_and_of_the_mean_are_told_apart(self) -> None:
        words = Outline(exported("worksheet", load("batch"))).words
        assert "dA means ∂L/∂A, the gradient of L, the loss of one example; dZ likewise" in words
        assert "dW means ∂J/∂W, the gradient of J, the mean of all L; db likewise" in words
        assert "m = 4" in words
        summed = load("batch")
        summed = replace(summed, training=replace(summed.training, reduction="sum"))
        assert "the sum of all L" in Outline(exported("worksheet", summed)).words


def sheet(e: Experiment, *blanks: str) -> Worksheet:
    (found,) = sheets(Timeline(e), Wanted(blanks=blanks))
    return found


def batch(training: Training) -> Experiment:
    network = Network((2, 1), ("sigmoid",), "half_squared_error")
    return experiment(network, training, [[1.0, 2.0], [0.5, 0.1]], [[1.0, 0.0]])


def test_every_single_number_of_the_notation_is_told() -> None:
    assert CONSTANTS.keys() == SCALARS


@pytest.mark.parametrize(
    ("training", "said"),
    [
        (Training(), "dZ means ∂L/∂Z, the gradient of L, the loss; dW likewise"),
        (Training(batch=2), "dW means ∂J/∂W, the gradient of J, the mean of all L"),
        (
            Training(batch=2, reduction="sum"),
            "dW means ∂J/∂W, the gradient of J, the sum of all L",
        ),
        (
            Training(batch=2, l2=0.1),
            "dW means ∂J/∂W, the gradient of J, the mean of all L, plus the L2 penalty",
        ),
        (Training(l2=0.1), "dW means ∂J/∂W, the gradient of J, L, plus the L2 penalty"),
    ],
)
def test_the_objective_is_named_as_it_is(training: Training, said: str) -> None:
    assert said in legend(sheet(batch(training), "dW1"))


@pytest.mark.parametrize(("examples", "told"), [(1, False), (2, True)])
def test_several_examples_are_counted(examples: int, told: bool) -> None:
    said = network_line(sheet(batch(Training(batch=examples))))
    assert (f"{examples} examples, a column each" in said) == told


@pytest.mark.parametrize(
    ("blank", "sign", "occurs"),
    [
        ("W1", "←: the matrix on the left is replaced", True),
        ("dW1", "←: the matrix on the left is replaced", False),
        ("dZ1", "∘: the product element by element", True),
        ("Z1", "∘: the product element by element", False),
        ("dW1", "T above a matrix: its transpose", True),
        ("Z1", "T above a matrix: its transpose", False),
        ("Z1", "· between matrices: the matrix product", True),
        ("A1", "· between matrices: the matrix product", False),
        ("A1", "exp(x): e to the power of x, with e = 2.718…", True),
        ("Z1", "exp(x): e to the power of x, with e = 2.718…", False),
        ("L", "log: the natural logarithm, to base e", True),
        ("A1", "log: the natural logarithm, to base e", False),
    ],
)
def test_a_sign_is_told_where_it_occurs_and_nowhere_else(
    blank: str, sign: str, occurs: bool
) -> None:
    assert (sign in legend(sheet(ARTICLE, blank))) == occurs


LAYER = "[2] above a letter: layer 2"


@pytest.mark.parametrize(("blank", "occurs"), [("J", False), ("L", True), ("b1", True)])
def test_a_layer_is_told_of_where_a_letter_has_one(blank: str, occurs: bool) -> None:
    assert (LAYER in legend(sheet(batch(Training(batch=2)), blank))) == occurs


def test_a_number_of_a_written_network_is_no_layer() -> None:
    assert LAYER not in legend(sheet(rnn(2), "Z2"))


def test_the_step_of_relu_is_told() -> None:
    network = Network((2, 2, 1), ("relu", "sigmoid"), "half_squared_error")
    relu = experiment(network, Training(), [[1.0], [2.0]], [[1.0]])
    step = "1[z > 0]: 1 where z > 0, else 0"
    assert step in legend(sheet(relu, "dZ1"))
    assert step not in legend(sheet(relu, "Z1"))


def test_ones_and_where_of_a_written_network_are_told() -> None:
    forward = {
        "Z": "W·X",
        "S": "total(Z)",
        "O": "where(Z < 0.1, Z, S)",
        "L": "half_squared_error(O, Y)",
    }
    e = written({"W": (2, 2)}, {"X": [[1.0], [2.0]], "Y": [[1.0], [0.0]]}, forward)
    for blank, signs in (("dZ", ["ones(x)", "where(c, x, y)"]), ("O", ["where(c, x, y)"])):
        assert [line.split(": ")[0] for line in legend(sheet(e, blank))][-len(signs) :] == signs
        assert "where(c, x, y): x where the condition c holds, else y" in legend(sheet(e, blank))


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ("rnn", ["dO means ∂L/∂O, the gradient of L, the loss; dV, dH, dZ, dWh, dWx, db likewise"]),
        (
            NORMED,
            [
                "dA means ∂L/∂A, the gradient of L, the loss of one example",
                "dN means ∂L/∂N, the gradient of L, added up over the examples",
                "dV means ∂J/∂V, the gradient of J, the mean of all L",
            ],
        ),
        (
            CENTRED,
            [
                "dA means ∂L/∂A, the gradient of L, the loss of one example",
                "dZ means ∂L/∂Z, the gradient of L, added up over the examples",
                "dW means ∂J/∂W, the gradient of J, the mean of all L",
            ],
        ),
        ("joint", ["dL means ∂J/∂L, the gradient of J, which is minimised; dO, dW, db likewise"]),
    ],
)
def test_gradients_of_a_written_network_are_told_by_its_own_names(
    network: str | Experiment, said: list[str]
) -> None:
    e = program_file(network) if isinstance(network, str) else network
    blanks = tuple(symbol for symbol in e.program.gradients)
    assert [line for line in legend(sheet(e, *blanks)) if " means ∂" in line] == said
