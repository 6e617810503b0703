"""Where a question may stand: at a cell that its step has, in every network."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.files.overrides import still_true
from backprop_tui.files.schema import Faults
from backprop_tui.files.spoken_checks import cells_fit
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Experiment
from tests.networks import experiments


@given(experiments(), st.data())
def test_a_cell_is_refused_just_where_its_step_has_none(e: Experiment, data: st.DataObject) -> None:
    shapes = program_of(e.network, e.training).shapes(e.training.batch)
    step = data.draw(st.sampled_from(sorted(shapes)))
    row, column = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    entry = {"at": step, "cell": (row, column), "form": "vote", "text": "How large?"}
    cells_fit([entry], lambda iteration: shapes, faults := Faults({}))
    rows, columns = shapes[step]
    assert (faults.found == []) == (row <= rows and column <= columns)


@given(st.lists(st.sampled_from(("Z1", "J")).map(lambda step: {"at": step, "text": "x"})))
def test_an_unchanged_experiment_keeps_all_and_another_network_none(
    entries: list[dict[str, str]],
) -> None:
    assert still_true(entries, same_network=True, same_data=True) == entries
    assert still_true(entries, same_network=False, same_data=True) == []
