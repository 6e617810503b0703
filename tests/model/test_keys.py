"""What a key may hold: each kind of value, on both sides of its bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

import pytest

from backprop_tui.model import saved
from backprop_tui.model.experiment import COLUMNS, DECIMALS, NOTES, QUESTIONS, TARGETS, Initial
from backprop_tui.model.keys import (
    FINITE,
    LINE,
    POSITIVE,
    PROSE,
    SHARE,
    SOMETHING_SAID,
    TRUTH,
    Key,
    ListOf,
    Others,
    Rows,
    Section,
    Value,
    at_least,
    keys_of,
    name_among,
    typed_number,
    whole_number,
)
from backprop_tui.model.network import FUNCTIONS, SIZES, Network, Training
from backprop_tui.model.notes import (
    CHOICES,
    NUMBER,
    PRINTED,
    ROW_AND_COLUMN,
    Note,
    Published,
    Question,
)
from backprop_tui.model.saved import EXPLAINED, WINDOW, Edit, Keyframe, Level, Look, Saved


@dataclass
class Quoted:
    """A record whose annotations are not evaluated: this module imports them from __future__."""

    rate: Annotated[float, Key(POSITIVE)] = 1.0


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("kind", "fit", "unfit"),
    [
        (FINITE, [0, -2, 0.5, 10**299], [True, "1", NAN, INFINITY, 10**300, None]),
        (POSITIVE, [5e-324, 1], [0, -1, INFINITY]),
        (SHARE, [0, 0.999], [1, 1.0, -0.001]),
        (at_least(0), [0, 0.0, 3], [-0.1]),
        (TRUTH, [True, False], [0, 1, "true"]),
        (whole_number(1), [1, 2**63 - 1], [0, 2**63, 1.0, True, "1"]),
        (whole_number(0, 12), [0, 12], [-1, 13]),
        (whole_number(1, word="all"), [1, "all"], [0, "every"]),
        (name_among(("a", "b")), ["a", "b"], ["c", "", 1]),
        (LINE, ["x", " x "], ["", " ", "a\nb", "\x1b", 1]),
        (PROSE, ["", "a\n\tb\r"], ["\x00", "\u2028", 1]),
        (SOMETHING_SAID, ["a\nb"], ["", " \n", "\x00"]),
        (ListOf(LINE, "lines", 2, 3), [[1, 2], [1, 2, 3]], [[1], [1, 2, 3, 4], "ab"]),
        (ListOf(LINE, "lines"), [[], [1] * 99], [()]),
        (NOTES, [[], [1] * 1000], [[1] * 1001]),
        (QUESTIONS, [[], [1] * 1000], [[1] * 1001]),
        (SIZES, [[2, 1], [1] * 1000], [[2], [1] * 1001]),
        (FUNCTIONS, [["relu"]], [[]]),
        (COLUMNS, [["a"]], [[], "a"]),
        (TARGETS, ["a", ["a", "b"]], ["", [], [1], ["a", ""], 1]),
        (CHOICES, [["a", "b"], ["a"] * 4], [["a"], ["a"] * 5]),
        (WINDOW, [[1, 1, 1]], [[1, 1], [1, 1, 1, 1]]),
        (ROW_AND_COLUMN, [[1, 1], [3, 2]], [[0, 1], [1, 0], [1], [1, 2, 3], "12"]),
        (Rows(), [1, -0.5], [INFINITY, NAN, True]),
        (Rows(infinite=True), [1, INFINITY], [NAN, -INFINITY]),
        (PRINTED, ["0.50", "−1e-5", " .5 ", "1" * 60], [0.5, "", "x", "1" * 61, "1e999"]),
    ],
    ids=lambda value: getattr(value, "must", ""),
)
def test_what_fits_a_key(kind: Any, fit: list[Any], unfit: list[Any]) -> None:
    assert [value for value in fit if not kind.fits(value)] == []
    assert [value for value in unfit if kind.fits(value)] == []


@pytest.mark.parametrize(
    ("kind", "must"),
    [
        (whole_number(1), "a whole number, 1 or more"),
        (whole_number(0, 12), "a whole number from 0 to 12"),
        (whole_number(1, word="all"), 'a whole number, 1 or more, or "all"'),
        (at_least(0.5), "a finite number, 0.5 or more"),
        (name_among(("a", "b")), "one of a, b"),
        (ListOf(LINE, "names"), "a list of names"),
        (ListOf(LINE, "names", 2), "a list of names, 2 or more of them"),
        (ListOf(LINE, "names", 2, 4), "a list of names, 2 to 4 of them"),
        (ListOf(LINE, "names", 2, 2), "a list of names, 2 of them"),
        (ListOf(LINE, "names", most=1000), "a list of names, at most 1000 of them"),
        (Rows(flat=True), "a list of numbers"),
        (Rows(), "a list of rows of numbers, like [[1, 2], [3, 4]]"),
        (Section("[x]", {}), "a table"),
        (Section("[x]", keys_of(Edit)), "a table with iteration, cell, value"),
    ],
    ids=lambda value: getattr(value, "must", ""),
)
def test_what_a_key_must_be_in_words(kind: Any, must: str) -> None:
    assert kind.must == must


LEAST = {
    (Edit, "iteration"): 1,
    (Keyframe, "iteration"): 1,
    (Saved, "iteration"): 1,
    (Saved, "step"): 0,
    (Saved, "elements"): 0,
    (Level, "lines"): 1,
    (Level, "line"): 1,
    (Look, "example"): 1,
    (Look, "term"): 0,
    (Look, "line"): 0,
    (Published, "iteration"): 1,
    (Question, "correct"): 1,
    (Initial, "seed"): 0,
    (Initial, "round"): 0,
    (Training, "learning_rate"): 0,
    (Training, "batch"): 1,
    (Training, "epsilon"): 0,
    (Training, "weight_decay"): 0,
    (Training, "l2"): 0,
}


@pytest.mark.parametrize(("record", "key"), LEAST)
def test_the_least_number_of_each_key(record: type, key: str) -> None:
    kind, least = keys_of(record)[key].kind, LEAST[record, key]
    assert kind.fits(least)
    assert not kind.fits(least - 1)


def test_some_keys_have_flags_and_some_are_about_the_numbers_of_one_run() -> None:
    records = Network, Training, Initial
    flags = {s for record in records for s, key in keys_of(record).items() if key.flag}
    assert flags == {"layers", "activations", "loss", "learning_rate", "seed", "round"}
    of_run = {s for s, key in keys_of(Look).items() if key.of_run}
    others = {"drawing", "theme", "panel", "hidden", "ask"}
    assert of_run == keys_of(Look).keys() - others


def test_what_holds_where_a_file_says_nothing() -> None:
    training = Training()
    numbers = {"alpha": 0.5, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    assert training.constants == {**numbers, "weight_decay": 0.0, "l2": 0.0}
    assert (training.batch, training.order, training.reduction) == (1, "sequential", "mean")
    assert (training.rule_name, training.freeze) == ("gradient_descent", ())
    assert not training.input_gradient
    assert replace(training, optimizer="momentum").rule_name == "momentum"
    network = Network((1, 1), ("linear",), "half_squared_error")
    assert (network.bias, network.orientation) == (True, "columns")
    assert (Initial().seed, Initial().scheme, Initial().round) == (0, "xavier", None)
    assert (Saved(3).steps, Saved(3).elements, Level("dZ2").shown) == (0, 0, 1)
    look = Look()
    assert (look.example, look.term, look.line, look.panel) == (1, 0, 0, "cache")
    assert (look.marked, look.maximised, look.hidden) == (False, False, ())
    assert (look.trail, look.scroll) == ((), ())
    assert (Published("a book").iteration, DECIMALS.default) == (1, 3)
    note = Note("L", None, ("a",))
    assert (note.derive, note.every, note.first) == (False, False, 1)


def test_a_target_may_be_one_name_or_several() -> None:
    assert TARGETS.means(" a ") == ("a",)
    assert TARGETS.means(["a", " b"]) == ("a", "b")
    assert keys_of(Training)["freeze"].make(("W1", "b1", "W1")) == ("W1", "b1")


def test_decimals_and_rounding_go_up_to_12() -> None:
    for kind in (DECIMALS.kind, keys_of(Initial)["round"].kind):
        assert (kind.fits(12), kind.fits(13)) == (True, False)


def test_a_number_explained_has_its_iteration_and_its_cell() -> None:
    assert EXPLAINED.keys["iteration"].kind.fits(0)
    assert not EXPLAINED.keys["iteration"].kind.fits(-1)
    assert EXPLAINED.make(iteration=2, cell="c") == (2, "c")
    assert WINDOW.kind.fits(1)  # type: ignore[union-attr]
    assert not WINDOW.kind.fits(0)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("written", "fits"),
    [("W1[1,2]", True), ("alpha", False), ("W1", False), ("W1[1,", False), (1, False)],
)
def test_a_cell_is_named_as_in_a_formula(written: Any, fits: bool) -> None:
    assert saved.CELL.fits(written) is fits
    assert saved.CELL_OR_ALPHA.fits(written) is (fits or written == "alpha")
    if fits:
        assert saved.CELL.writes(saved.CELL.means(written)) == written


def test_what_is_typed_is_a_number_where_it_reads_as_one() -> None:
    typed = [typed_number(part) for part in ("3", " 0.5", "1e3", " x ", "")]
    assert typed == [3, 0.5, 1000.0, "x", ""]
    assert [type(number) for number in typed[:2]] == [int, float]
    assert Rows().typed("1, 2;x,0.5") == [[1, 2], ["x", 0.5]]
    assert ListOf(whole_number(1), "sizes").typed("3,1") == [3, 1]
    assert [TRUTH.typed(part) for part in ("true", " false ", "yes ")] == [True, False, "yes"]


def test_a_section_knows_the_kinds_of_its_keys_and_of_further_ones_whose_names_match() -> None:
    rows = Rows()
    others = keys_of(Initial)["given"]
    section = Section("[x]", keys_of(Edit), others=others)
    assert isinstance(others.kind, Others)
    assert section.names == ("iteration", "cell", "value", "W1", "b1")
    assert section.kind_of("value") is FINITE
    for name, flat in (("W12", False), ("b3", True)):
        kind = section.kind_of(name)
        assert isinstance(kind, Rows)
        assert (kind.flat, kind.infinite) == (flat, rows.infinite)
    assert section.kind_of("W0") is section.kind_of("Z1") is None
    assert Section("[x]", {}).kind_of("W1") is None


def test_a_value_is_itself_unless_something_else_is_said() -> None:
    kind = Value("anything", lambda v: True)
    assert (kind.means(3), kind.writes(3), kind.typed(" 3 "), kind.nearly(3)) == (3, 3, "3", False)


@pytest.mark.parametrize("printed", ["1", "-1.5", "+.5", "−2.e10", "1e-300"])
def test_numbers_as_they_are_printed(printed: str) -> None:
    assert NUMBER.fullmatch(printed)
    assert PRINTED.nearly(0.5)


def test_keys_of_a_record_whose_annotations_are_text_are_refused_not_lost() -> None:
    with pytest.raises(TypeError, match=r"test_keys must not import annotations from __future__"):
        keys_of(Quoted)
