"""The parts of a number: asked for one by one, they are all that its own calculation needs."""

from __future__ import annotations

from math import isclose

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from backprop_tui.explain.explanation import Explanation
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.files.experiment_file import load
from backprop_tui.learn.answers import AnswerVerdict, judge, read_number
from backprop_tui.learn.parts import (
    MOST,
    _beside,
    ask_parts,
    idea,
    of_part,
    parts_of,
    put_together,
    wrong_part,
)
from backprop_tui.learn.questions import ask
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, Timeline
from tests.networks import experiments
from tests.programs import programs, written


def explained(timeline: Timeline, cell: Cell) -> Explanation:
    return Explanation(Provenance(timeline), Place(1, cell), in_full)


def in_full(number: float) -> str:
    """A number with all of its digits, its minus sign as the program writes it."""
    return repr(number).replace("-", "−")


def drawn(experiment: Experiment, data: DataObject) -> Explanation:
    """A finite number of its first iteration."""
    timeline = Timeline(experiment)
    step = data.draw(st.sampled_from(timeline.program.steps))
    result = timeline.iteration(1).results[timeline.program.index(step.symbol)]
    row, column = (data.draw(st.integers(1, n)) for n in result.shape)
    assume(np.isfinite(result[row - 1, column - 1]))
    return explained(timeline, Cell(step.symbol, row, column))


@given(st.one_of(experiments(scales=(1.0,)), programs()), st.data())
def test_with_the_values_of_its_parts_a_number_is_what_it_is(
    experiment: Experiment, data: DataObject
) -> None:
    found = drawn(experiment, data)
    _, _, arithmetic = put_together(found).partition(" = ")
    assume("…" not in arithmetic)  # a long sum
    assert isclose(read_number(arithmetic), found.recorded, rel_tol=1e-6, abs_tol=1e-9)


@given(st.one_of(experiments(scales=(1.0,)), programs()), st.data())
def test_the_value_of_each_part_is_right_and_there_are_not_too_many(
    experiment: Experiment, data: DataObject
) -> None:
    found = drawn(experiment, data)
    parts = parts_of(found)
    assert len(set(parts)) == len(parts) <= MOST
    for part in parts:
        own = of_part(found, part)
        assert judge(repr(own.recorded), own, 3, None).verdict is AnswerVerdict.RIGHT


def test_parts_are_asked_for_in_the_form_of_the_number_itself() -> None:
    timeline = Timeline(load("mazur"))
    found = Explanation(Provenance(timeline), Place(1, Cell("dA1", 1, 1)), "{:.4f}".format)
    position = Position(1, timeline.program.index("dA1"))
    for form in ("vote", "number"):
        asked = ask(timeline, position, form, found.written)
        first, second = ask_parts(asked, found, 1)
        assert (first.text, second.text) == (
            "First: W2[1,1] · dZ2[1,1] = ?",
            "Next: W2[2,1] · dZ2[2,1] = ?",
        )
        assert first.hint == "W2[1,1] · dZ2[1,1] = 0.4000 × 0.1385"
        assert (first.form, first.answer, first.part) == (form, None, parts_of(found)[0])
        right = [choice.written for choice in first.choices if choice.right]
        assert right == (["0.0554"] if form == "vote" else [])
    cell = ask_parts(asked, explained(Timeline(load("softmax")), Cell("A1", 2, 1)), 1)[0]
    assert cell.hint == "Z1[2,1] is in row 2, column 1 of Z1"


def test_a_function_is_written_out_but_for_those_that_a_calculator_has() -> None:
    sigmoid = explained(Timeline(load("mazur")), Cell("A1", 1, 1))
    assert list(map(text, parts_of(sigmoid))) == ["exp(−Z1[1,1])"]
    tanh = explained(Timeline(load("softmax")), Cell("A1", 1, 1))
    assert list(map(text, parts_of(tanh))) == ["Z1[1,1]"]


@pytest.mark.parametrize(
    ("cell", "shape", "beside"),
    [
        ((1, 1), (2, 2), "A[2,1] A[1,2]"),
        ((1, 2), (2, 3), "A[2,1] A[2,2] A[1,3] A[1,1]"),
        ((2, 1), (2, 1), "A[1,1]"),
        ((2, 2), (3, 3), "A[3,2] A[1,2] A[2,3] A[2,1]"),
        ((1, 1), (1, 1), ""),
    ],
)
def test_the_cells_across_and_beside(
    cell: tuple[int, int], shape: tuple[int, int], beside: str
) -> None:
    assert " ".join(map(text, _beside(Cell("A", *cell), shape))) == beside


def test_a_condition_is_no_part() -> None:
    e = written(
        {"W": (1, 1)},
        {"X": [[2.0]], "Y": [[1.0]]},
        {"A": "where(W < X, 2·W, X)", "L": "half_squared_error(A, Y)"},
    )
    parts = parts_of(explained(Timeline(e), Cell("A", 1, 1)))
    assert list(map(text, parts)) == ["2 · W[1,1]"]


def test_a_wrong_quotient_is_told_what_gives_it() -> None:
    e = written(
        {"W": (1, 1)},
        {"X": [[2.0]], "Y": [[4.0]]},
        {"A": "W / X + Y / X", "L": "half_squared_error(A, Y)"},
        {"W": [[0.5]]},
    )
    found = explained(Timeline(e), Cell("A", 1, 1))
    quotient = parts_of(found)[0]
    swapped = wrong_part("4", 4.0, of_part(found, quotient), 1e-9)
    assert swapped == "4 is what you get with numerator and denominator swapped."


def test_a_wrong_part_is_told_what_gives_it() -> None:
    found = explained(Timeline(load("mazur")), Cell("dA1", 1, 1))
    first, second = parts_of(found)
    own, across = of_part(found, first), "with W2[1,2] instead of W2[1,1]"
    assert wrong_part("x", -own.recorded, own, 1e-9) == "x is what you get with the sign flipped."
    assert wrong_part("x", found.value(second), own, 1e-9).endswith(f"for {text(second)}.")
    wrong = 0.45 * found.value(Cell("dZ2", 1, 1))
    assert wrong_part("x", wrong, own, 1e-9) == f"x is what you get {across}."
    assert wrong_part("x", 17.0, own, 1e-9) == "x is not W2[1,1] · dZ2[1,1]."
    assert wrong_part("x", -own.recorded, own, 0.0) == "x is what you get with the sign flipped."


@pytest.mark.parametrize(
    ("symbol", "said"),
    [
        ("dL", "It is a quotient."),
        ("dP", "It is a fixed number."),
        ("dB", "It is another number with its sign flipped. Look at dC."),
        ("db", "It is another number, unchanged. Look at dB."),
        ("dA", "It is a product of 3 factors. Look at dL, A and Y."),
    ],
)
def test_what_kind_of_number_it_is_is_told_truly(symbol: str, said: str) -> None:
    e = written(
        {"W": (1, 1), "b": (1, 1)},
        {"X": [[1.0, 0.5]], "Y": [[1.0, 0.0]]},
        {"B": "b", "C": "−B", "A": "W·X + C", "L": "(A − Y)²", "P": "W²", "J": "mean(L) + P"},
    )
    provenance = Provenance(Timeline(e))
    found = Explanation(provenance, Place(1, Cell(symbol, 1, 1)), in_full)
    assert idea(found).endswith(said)
