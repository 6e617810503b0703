"""Which rows and columns are counted alike: where a window onto the one is onto the other, too."""

from __future__ import annotations

from hypothesis import given

from backprop_tui.model.axes import axes_of, beside_each_other, named_columns
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from tests.networks import ARTICLE
from tests.programs import ATTENTION, programs, rnn, written


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
    assert not named_columns(Timeline(ARTICLE).program)
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


@given(programs())
def test_axes_that_are_counted_alike_are_equally_long(experiment: Experiment) -> None:
    program = Timeline(experiment).program
    shapes = program.shapes(2)
    for (symbol, side), (other, of) in axes_of(program).items():
        assert shapes[symbol][side] == shapes[other][of]
