"""Files with [network] orientation = "rows" are in the convention of Keras and CS231n."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.explain.published import compare
from backprop_tui.files.codes import code_of, experiment_of
from backprop_tui.files.experiment_file import ExperimentError, read_experiment
from backprop_tui.files.saving import keyframe_of, text_of
from backprop_tui.learn.formulas import judge
from backprop_tui.learn.trial import FormulaVerdict
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.classes import class_names
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.run.training import evaluation

CS231N = """
title = "CS231n two-layer backprop mathematics"
[network]
layers = [2, 2, 3]
activations = ["relu", "softmax"]
loss = "cross_entropy"
orientation = "rows"
[training]
learning_rate = 0.1
[data]
X = [[16, -6]]
Y = [[0, 0, 1]]
[initial]
W1 = [[0.18, 0.04], [0.1, 0.22]]
b1 = [0, 0]
W2 = [[0.19, -0.1, 0.1], [-0.02, -0.01, 0.04]]
b2 = [0, 0, 0]
[[published]]
source = "g-eoj, CS231n two-layer backprop mathematics"
within = 1e-11
Z1 = ["2.28", "-0.68"]
A1 = [["2.28", "0"]]
Z2 = ["0.4332", "-0.228", "0.228"]
L = "1.0513754685043635"
dZ2 = ["0.429052723714", "0.221490524653", "-0.650543248367"]
dW2 = [["0.978240210068", "0.504998396209", "-1.483238606277"], ["0", "0", "0"]]
db2 = ["0.429052723714", "0.221490524653", "-0.650543248367"]
dA1 = ["-0.005683359796", "-0.036817689655"]
dZ1 = ["-0.005683359796", "0"]
dW1 = [["-0.09093376", "0"], ["0.03410016", "0"]]
db1 = ["-0.00568336", "0"]
"""
BATCH = """
[network]
layers = [2, 3, 1]
activations = ["tanh", "sigmoid"]
loss = "binary_cross_entropy"
orientation = "rows"
[training]
batch = 2
[data]
X = [[1, 2], [3, 4], [5, 6]]
Y = [[0], [1], [0]]
"""

WRITTEN = """
[parameters]
W = [2, 3]
[data]
X = [[1, 2, 3]]
Y = [[1, 0]]
[forward]
A = "W·X"
L = "half_squared_error(A, Y)"
"""


def read(text: str, **overrides: Any) -> Experiment:
    return read_experiment(text, "rows", "rows.toml", overrides)


def faults(text: str) -> str:
    with pytest.raises(ExperimentError) as refusal:
        read(text)
    return str(refusal.value)


def test_a_published_example_in_rows_is_as_printed() -> None:
    experiment = read(CS231N)
    (published,) = experiment.published
    figures = compare(Timeline(experiment), published)
    assert len(figures) == 30
    assert all(figure.as_printed for figure in figures)


def test_the_shapes_are_those_of_the_convention() -> None:
    experiment = read(BATCH)
    assert experiment.data.X.shape == (3, 2)
    assert {s: p.shape for s, p in experiment.parameters().items()} == {
        "W1": (2, 3),
        "b1": (1, 3),
        "W2": (3, 1),
        "b2": (1, 1),
    }
    assert (Timeline(experiment).iteration(1).given["X"] == [[1, 2], [3, 4]]).all()


def test_a_plain_list_is_one_row_and_a_column_is_refused() -> None:
    initial = "[initial]\nb1 = [0.1, 0.2, 0.3]\n"
    assert (read(BATCH + initial).parameters()["b1"] == [[0.1, 0.2, 0.3]]).all()
    told = faults(BATCH + "[initial]\nb1 = [[0.1], [0.2], [0.3]]\n")
    assert "initial.b1 has shape 3×1" in told
    assert "it must be 1×3" in told


def test_a_weight_that_fits_only_transposed_is_told_so() -> None:
    of_columns = faults(BATCH + "[initial]\nW1 = [[1, 2], [3, 4], [5, 6]]\n")
    must = "it must be {}, the transpose of that: transpose it, or set network.orientation = {}"
    assert must.format("2×3", '"columns"') in of_columns
    in_rows = BATCH + "[initial]\nW1 = [[1, 2, 3], [4, 5, 6]]\n"
    of_rows = faults(in_rows.replace('orientation = "rows"\n', ""))
    assert must.format("3×2", '"rows"') in of_rows
    assert read(in_rows).parameters()["W1"].shape == (2, 3)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            WRITTEN + "[initial]\nW = [[1, 2], [3, 4], [5, 6]]\n",
            "initial.W has shape 3×2: it must be 2×3, the transpose of that, as parameters.W says",
        ),
        (
            BATCH.replace("[[1, 2], [3, 4], [5, 6]]", "[[1, 3, 5], [2, 4, 6]]"),
            "data.X has rows of 3 values, but network.layers gives 2 inputs: transpose it, a row "
            "is an example",
        ),
    ],
)
def test_any_matrix_that_fits_only_transposed_is_told_so(wrong: str, told: str) -> None:
    assert told in faults(wrong)


def test_an_edit_is_of_the_row_of_the_example() -> None:
    edit = '[[edits]]\niteration = 2\ncell = "X[1,2]"\nvalue = 9.0\n'
    timeline = Timeline(read(BATCH + edit))
    assert timeline.iteration(1).given["X"].tolist() == [[1, 2], [3, 4]]
    assert timeline.iteration(2).given["X"].tolist() == [[5, 9]]


def test_saved_and_as_a_code_it_is_the_same_run(tmp_path: Path) -> None:
    timeline = Timeline(read(BATCH + "[initial]\nb1 = [0.1, 0.2, 0.3]\n"))
    saved = text_of(timeline.experiment, Position(2, 5), keyframe_of(timeline, 2), str(tmp_path))
    for again in (read(saved), experiment_of(code_of(timeline.experiment, Position(2, 5)))):
        other = Timeline(again).iteration(2)
        pairs = zip(timeline.iteration(2).results, other.results, strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)


def test_a_csv_file_gives_a_row_for_each_example(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b,y\n1,2,0\n3,4,1\n5,6,0\n")
    data = BATCH[: BATCH.index("[data]")] + '[data]\ncsv = "table.csv"\ntarget = "y"\n'
    found = read_experiment(data, "rows", "rows.toml", folder=str(tmp_path))
    assert found.data.X.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert class_names(found.program.architecture, found.data) == ("0", "1")


@pytest.mark.parametrize(
    ("symbol", "formula"),
    [
        ("A2", "softmax(Z2)"),
        ("dW2", "A1.T @ dZ2"),
        ("dA1", "np.dot(dZ2, W2.T)"),
    ],
)
def test_formulas_as_keras_users_write_them_are_correct(symbol: str, formula: str) -> None:
    judged = judge(read(CS231N), symbol, formula)
    assert judged.verdict in (FormulaVerdict.RIGHT, FormulaVerdict.HERE)


def test_the_formula_of_the_other_convention_has_the_wrong_shape() -> None:
    judged = judge(read(CS231N), "dW2", "dZ2 @ A1.T")
    assert judged.verdict is FormulaVerdict.SHAPE


def test_a_mean_over_the_batch_may_be_numpys() -> None:
    judged = judge(read(BATCH), "db1", "np.sum(dZ1, axis=0, keepdims=True) / m")
    assert judged.verdict is FormulaVerdict.RIGHT


def test_a_class_is_read_off_the_row() -> None:
    timeline = Timeline(read(BATCH))
    found = evaluation(timeline, timeline.iteration(1).given)
    assert found.examples == 3
    assert found.right is not None


def test_a_cell_is_cited_by_row_and_column() -> None:
    given = Provenance(Timeline(read(BATCH))).given(Place(2, Cell("X", 1, 2)))
    assert given == "input 2 of example 3, from the data"


def test_what_is_given_has_a_row_for_each_example() -> None:
    given = """
[network]
layers = [2, 3, 1]
activations = ["tanh", "sigmoid"]
loss = "binary_cross_entropy"
orientation = "rows"
[given]
A1 = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]
dZ2 = [[0.5], [-0.5]]
"""
    done = Timeline(read(given)).iteration(1)
    program = read(given).program
    dW2 = done.results[program.index("dW2")]
    assert np.allclose(dW2, np.transpose([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]) @ [[0.25], [-0.25]])
    told = faults(given.replace("[[0.5], [-0.5]]", "[[0.5, -0.5]]"))
    assert (
        "given.dZ2 has shape 1×2, but dZ2 is 2×1, the transpose of that: a row for each example"
        in told
    )
