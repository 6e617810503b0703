"""Worksheets: what is given suffices, what is asked is blank, and the key has the run's numbers."""

from __future__ import annotations

import csv
import re
import shlex
from dataclasses import replace

import pytest
from hypothesis import given, settings

from backprop_tui.__main__ import arranged, parser_of
from backprop_tui.command_line.flags import OVERRIDES
from backprop_tui.engine.algebra import SCALARS, names
from backprop_tui.engine.experiment import Experiment
from backprop_tui.engine.files.experiment_file import load
from backprop_tui.engine.timeline import Timeline
from backprop_tui.exports import sheets
from backprop_tui.exports.formats import FORMATS, ExportError, Wanted
from backprop_tui.exports.sheets import Sheet
from backprop_tui.exports.trace import figure
from tests.exports.runs import exported, runs
from tests.exports.test_documents import Outline, checked
from tests.networks import same_bits


def of(lesson: str, overrides: dict[str, str] | None = None, **wanted: object) -> list[Sheet]:
    experiment = load(lesson, overrides)
    return sheets.sheets(Timeline(experiment), Wanted(**wanted))  # type: ignore[arg-type]


def key(experiment: Experiment, **wanted: object) -> list[dict[str, str]]:
    text = FORMATS["worksheet"].key(Timeline(experiment), Wanted(**wanted))  # type: ignore[arg-type]
    assert text is not None
    return list(csv.DictReader(text.splitlines()))


def reopened(command: str) -> Experiment:
    """What the stepper would open, told that."""
    program, *argv = shlex.split(command)
    assert program == "backprop-tui"
    chosen, rest = arranged(argv)
    arguments = parser_of(chosen).parse_args(rest)
    return load(arguments.word, {f.attribute: getattr(arguments, f.attribute) for f in OVERRIDES})


@given(runs(wrong=False))
@settings(deadline=None, max_examples=10)
def test_what_is_given_and_asked_is_all_that_the_formulas_read(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    (sheet,) = sheets.sheets(timeline, Wanted(decimals=1))
    known = {*sheet.given(), *sheet.scalars()}
    for step in timeline.program.steps:
        if step in sheet.blanks:
            assert known.issuperset(names(step.expression))
            known.add(step.symbol)
    assert known.isdisjoint({s.symbol for s in sheet.blanks} & sheet.given().keys())


@given(runs(wild=False, wrong=False))
@settings(deadline=None, max_examples=10)
def test_the_key_has_the_numbers_of_the_run(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    (row,) = key(experiment, decimals=1)
    assert row.pop("sheet") == "1"
    assert row.pop("opens with") == "backprop-tui test"
    for label, number in row.items():
        found = re.fullmatch(r"(\w+)\[(\d+),(\d+)\]", label)
        assert found
        step = timeline.program.index(found[1])
        value = timeline.iteration(1).results[step][int(found[2]) - 1, int(found[3]) - 1]
        assert number.replace("-", "−") == figure(float(value), 1)


def test_by_default_the_gradients_are_asked_for() -> None:
    (sheet,) = of("article")
    assert [s.symbol for s in sheet.blanks] == "dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1".split()
    assert list(sheet.given()) == "X Y W2 Z1 A1 A2".split()


def test_the_page_has_a_blank_for_every_answer_and_shows_none_of_them() -> None:
    page = exported("worksheet", load("mazur"), blanks=("dZ2", "dW2"), decimals=6)
    outline = checked(page)
    row = key(load("mazur"), blanks=("dZ2", "dW2"), decimals=6)[0]
    labels = [label for label in row if "[" in label]
    assert labels == "dZ2[1,1] dZ2[2,1] dW2[1,1] dW2[1,2] dW2[2,1] dW2[2,2]".split()
    assert len([a for a in outline.all("td") if a.get("class") == "blank"]) == len(labels)
    assert not any(row[label].replace("-", "−") in outline.words for label in labels)
    assert "break-after: page" in page


@pytest.mark.parametrize("lesson", ["article", "mazur", "batch", "ai-by-hand"])
def test_each_sheet_has_other_weights_and_says_how_to_open_just_those(lesson: str) -> None:
    found = of(lesson, copies=4)
    weights = [sheet.timeline.experiment.parameters()["W1"] for sheet in found]
    assert len({w.tobytes() for w in weights}) == len(found)
    for sheet, row in zip(found, key(load(lesson), copies=4), strict=True):
        assert row["opens with"] == sheet.command
        again = reopened(sheet.command).parameters()
        for name, parameter in sheet.timeline.experiment.parameters().items():
            assert same_bits(again[name], parameter)
            if name.startswith("W"):
                assert parameter.all()
                assert (parameter.round(1) == parameter).all()


def test_flags_given_before_are_in_the_command_once() -> None:
    experiment = replace(load("mazur"), source="mazur --seed 0 --learning-rate 0.1")
    first, second = sheets.sheets(Timeline(experiment), Wanted(copies=2))
    assert first.command == "backprop-tui mazur --learning-rate 0.1 --seed 0 --round 1"
    assert second.command == "backprop-tui mazur --learning-rate 0.1 --seed 1 --round 1"


def test_one_sheet_is_the_experiment_itself_if_its_numbers_are_short() -> None:
    (sheet,) = of("mazur")
    assert sheet.command == "backprop-tui mazur"
    (drawn,) = of("article", {"layers": "3,2,1", "round": "9"})
    assert drawn.timeline.experiment.initial.round == 9
    assert drawn.command.endswith("--seed 226")


def test_values_of_functions_that_a_pencil_does_not_know_are_given() -> None:
    (sheet,) = of("article", blanks=("A1", "L", "dZ1"))
    assert sheet.values() == (
        "σ(1.500) = 0.818",
        "σ(−1.450) = 0.190",
        "σ(−0.450) = 0.389",
        "log(0.359) = −1.026",
        "log(0.641) = −0.444",
        "σ′(1.500) = 0.149",
        "σ′(−1.450) = 0.154",
        "σ′(−0.450) = 0.238",
    )
    (plain,) = of("dead-relu", blanks=("A1", "dZ1"))
    assert plain.values() == ()


@pytest.mark.parametrize(
    ("lesson", "overrides", "wanted", "fault"),
    [
        ("article", {}, {"blanks": ("dZ3",)}, r"--blanks has \"dZ3\", which no step computes.*dZ2"),
        ("article", {}, {"iterations": 2}, "a worksheet is the first iteration"),
        ("zeros", {}, {"copies": 2}, "needs weights that differ"),
        ("article", {"mistake": "sign-flipped"}, {}, "a worksheet needs the right algorithm"),
        (
            "article",
            {"layers": "20,1", "x": ",".join(["1"] * 20)},
            {},
            "X is 20×1, and a worksheet has room for 12 rows and 8 columns",
        ),
        (
            "article",
            {"layers": "9,9,1", "x": ",".join(["1"] * 9)},
            {"blanks": ("dW1",)},
            "dW1 is 9×9: with it there are more than 60 numbers",
        ),
    ],
)
def test_what_fits_on_no_sheet_is_refused(
    lesson: str, overrides: dict[str, str], wanted: dict[str, object], fault: str
) -> None:
    with pytest.raises(ExportError, match=fault):
        of(lesson, overrides, **wanted)


def test_a_given_number_is_as_short_as_it_is_exact() -> None:
    odd = {"x": "0.00000000012,0.5,100,1.25", "layers": "4,1", "y": "1"}
    page = exported("worksheet", load("article", odd), blanks=("dW1",), decimals=2)
    assert all(f">{figure}</td>" in page for figure in ("1.20e−10", "0.5", "100", "1.25"))


def test_symbols_that_are_asked_for_stand_in_the_order_of_the_run() -> None:
    (sheet,) = of("article", blanks=("W1", "dZ2"))
    assert [s.symbol for s in sheet.blanks] == ["dZ2", "W1"]
    assert {"W1", "dW1"} <= sheet.given().keys()
    assert sheet.scalars() == {"alpha": 0.5}
    assert SCALARS.isdisjoint(sheet.given())
    assert "α = 0.5" in Outline(exported("worksheet", load("article"), blanks=("W1",))).words
