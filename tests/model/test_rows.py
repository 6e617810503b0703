"""The rows in which a program's matrices are shown, read off its groups, shapes and readers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from backprop_tui.model.experiment import Data, Experiment
from backprop_tui.model.program import Program
from backprop_tui.model.rows import (
    axes_of,
    beside_each_other,
    by_distance,
    named,
    named_columns,
    rows_of,
    touched,
)
from backprop_tui.run.timeline import Timeline
from tests.networks import ARTICLE
from tests.programs import ATTENTION, RESIDUAL, TIED, programs, rnn, written


def program(experiment: Experiment) -> Program:
    return Timeline(experiment).program


def test_each_layer_is_a_row_of_what_it_reads_its_parameters_and_results() -> None:
    first, second = rows_of(program(ARTICLE))
    assert (first.operands, first.parameters) == ((("X",),), (("W1",), ("b1",)))
    assert (second.operands, second.results) == ((("A1",),), (("Z2",), ("A2",)))
    assert second.targets == (("Y",),)
    assert not first.targets
    assert not first.shared


def test_what_time_steps_share_stands_once_and_each_of_them_is_a_column() -> None:
    shared, steps = rows_of(program(rnn(3)))
    assert shared.shared == (1, 2, 3)
    assert shared.parameters == (("Wx",), ("Wh",), ("b",), ("V",))  # V and O stand once, too
    assert (shared.results, shared.targets) == ((("O",),), (("Y",),))
    assert steps.is_family
    assert steps.operands == (("X1", "X2", "X3"),)
    assert steps.results == (("Z1", "Z2", "Z3"), ("H1", "H2", "H3"))


def test_groups_with_parameters_of_their_own_are_rows_of_their_own() -> None:
    rows = rows_of(program(RESIDUAL))
    assert [row.groups for row in rows] == [(1,), (2,), (3,)]
    assert rows[1].results == (("Z2",), ("F2",), ("A2",))


def test_tied_weights_stand_once_above_the_groups_that_read_them() -> None:
    shared, encoder, decoder = rows_of(program(TIED))
    assert (shared.parameters, shared.shared) == ((("W",),), (1, 2))
    assert encoder.parameters == (("b1",),)
    assert decoder.operands == (("A1",),)


@given(programs())
def test_every_matrix_stands_in_a_row_and_a_result_in_one_alone(experiment: Experiment) -> None:
    found = program(experiment)
    rows = rows_of(found)
    known = set(found.of_kind("input", "target", "parameter", "value"))
    assert set().union(*(row.symbols for row in rows)) == known
    made = [s for row in rows for slot in (*row.parameters, *row.results) for s in slot]
    assert sorted(made) == sorted(found.of_kind("parameter", "value"))


def test_the_fewest_rows_hold_what_a_step_needs() -> None:
    rows = rows_of(program(ARTICLE))
    assert touched(rows, frozenset({"A1", "W2", "Z2"})) == {1}
    assert touched(rows, frozenset({"X", "W2"})) == {0, 1}
    assert touched(rows, frozenset({"X", "an exotic symbol"})) == {0}


def test_the_rows_farthest_from_the_step_go_first_and_what_is_shared_stays() -> None:
    rows = rows_of(program(RESIDUAL))
    assert [*by_distance(rows, frozenset({1}))] == [(0, 1, 2), (0, 1), (1,)]
    assert [*by_distance(rows, frozenset({0}))] == [(0, 1, 2), (0, 1), (0,)]
    assert [*by_distance(rows_of(program(TIED)), frozenset({2}))] == [(0, 1, 2), (0, 2)]


def test_groups_are_named_together() -> None:
    layers, steps = program(ARTICLE), program(rnn(12))
    assert named(layers, (1,)) == "layer 1"
    assert named(layers, (1, 2)) == "layers 1 to 2"
    assert named(steps, (1, 2, 3, 4)) == "t = 1, 2, 3, 4"
    assert named(steps, (1, 2, 3, 4, 5)) == "t = 1 to 5"
    assert named(steps, (1, 13)) == "t = 1, O"
    assert named(steps, (1, 99)) == "t = 1"
    assert named(steps, range(1, 13)) == "t = 1 to 12"
    assert named(steps, (13,)) == "O"


def test_groups_of_unlike_names_are_named_one_by_one() -> None:
    e = written(
        {"W": (2, 2), "V": (1, 2)},
        {"X": [[1], [2]], "Y": [[1]]},
        {"H0": "W·X", "H{t}": "tanh(W·H{t-1})", "Z5": "V·H2", "L": "half_squared_error(Z5, Y)"},
        repeat=(1, 2),
    )
    mixed = program(e)
    assert named(mixed, mixed.groups) == "t = 0, t = 1, t = 2, group 5"


def test_parameters_have_a_row_where_gradients_alone_are_given() -> None:
    dZ2 = np.array([[0.5]])
    (row,) = rows_of(program(replace(ARTICLE, data=Data({})).with_given({"dZ2": dZ2})))
    assert (row.groups, row.parameters, row.results) == ((2,), (("W2",), ("b2",)), ())


@pytest.mark.parametrize(
    ("forward", "group"), [({}, 0), ({"Z1": "V·X", "A2": "tanh(Z1)"}, 2)], ids=["no other", "last"]
)
def test_what_the_loss_alone_reads_has_a_row(forward: dict[str, str], group: int) -> None:
    loss = "half_squared_error(W + A2, Y)" if forward else "half_squared_error(W, Y)"
    parameters = {"W": (1, 1)} | ({"V": (1, 1)} if forward else {})
    data = {"Y": [[1.0]]} | ({"X": [[0.5]]} if forward else {})
    row = rows_of(program(written(parameters, data, {**forward, "L": loss})))[-1]
    assert (row.groups, row.parameters[-1]) == ((group,), ("W",))


def test_the_columns_of_weights_are_the_rows_of_what_they_are_multiplied_by() -> None:
    axes = axes_of(Timeline(ARTICLE).program)
    assert axes["W1", 1] == axes["X", 0]
    assert axes["W1", 0] == axes["b1", 0] == axes["Z1", 0] == axes["A1", 0] == axes["W2", 1]
    assert axes["W1", 0] != axes["W1", 1]
    assert axes["X", 1] == axes["Z1", 1] == axes["A2", 1] == axes["Y", 1]  # the examples
    assert ("b1", 1) not in axes


def test_the_columns_of_an_input_that_is_one_matrix_are_named() -> None:
    program = Timeline(ATTENTION).program
    named = named_columns(program)
    assert named >= {"X", "Query", "Key", "Value", "S", "P", "H", "dS", "dH"}
    assert not named & {"Wq", "Wk", "Wv"}
    column = written(
        {"W": (1, 2)},
        {"X": [[1], [2]], "Y": [[3]]},
        {"Z": "W·X", "L": "(Z - Y)^2"},
        same=frozenset("XY"),
    )
    assert not named_columns(Timeline(column).program)


def test_examples_stand_beside_each_other_but_where_time_steps_do() -> None:
    assert beside_each_other(Timeline(ARTICLE).program) >= {"X", "A1", "Y"}
    assert not beside_each_other(Timeline(rnn(3)).program)
    assert not named_columns(Timeline(ARTICLE).program)


@given(programs())
def test_axes_that_are_counted_alike_are_equally_long(experiment: Experiment) -> None:
    program = Timeline(experiment).program
    shapes = program.shapes(2)
    for (symbol, side), (other, of) in axes_of(program).items():
        assert shapes[symbol][side] == shapes[other][of]
