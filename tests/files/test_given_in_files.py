"""The [given] of an experiment file: what it is read as, and its faults, all at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backprop_tui.__main__ import main
from backprop_tui.files.codes import code_of, experiment_of
from backprop_tui.files.experiment_file import read_experiment
from backprop_tui.files.saving import keyframe_of, resume, text_of
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, Timeline
from tests.files.test_experiment_file import SMALL, faults, read
from tests.networks import same_bits

CACHE = """
[network]
layers = [2, 3, 1]
activations = ["tanh", "sigmoid"]
loss = "binary_cross_entropy"
[initial]
W2 = [[1, 2, 3]]
[given]
A1 = [[1, 2], [3, 4], [5, 6]]
Z2 = [[0.5, -0.5]]
dA2 = [[1, -1]]
"""
UPDATE_ALONE = """
[network]
layers = [2, 1]
activations = ["sigmoid"]
loss = "binary_cross_entropy"
[given]
dW1 = [[1, 2]]
db1 = [[1]]
dZ1 = [[1]]
dA1 = [[1]]
"""
RECURRENT = """
[parameters]
Wx = [2, 1]
Wh = [2, 2]
[data]
X1 = [[0.5]]
X2 = [[0.2]]
Y = [[1.0, 0.0]]
[forward]
H1 = "tanh(Wx·X1)"
H2 = "tanh(Wx·X2 + Wh·H1)"
L = "half_squared_error(H2, Y)"
[given]
H1 = [[0.3], [-0.2]]
"""


def test_columns_are_examples_and_data_may_be_left_out() -> None:
    e = read(CACHE)
    assert e.training.batch == e.data.examples == 2
    assert np.array_equal(e.data.by_symbol["A1"], [[1, 2], [3, 4], [5, 6]])
    assert e.program.given.keys() == {"A1", "Z2", "dA2", "W2", "b2"}
    assert [step.symbol for step in e.program.steps] == [
        *("A2", "dZ2", "dW2", "db2", "dA1", "W2", "b2")
    ]


def test_parameters_that_nothing_needs_are_left_out_but_have_their_shapes() -> None:
    gradient_alone = CACHE[: CACHE.index("A1")] + "dZ1 = [[1, 2], [3, 4], [5, 6]]\n"
    assert "W2" not in read(gradient_alone).program.parameters
    (fault,) = faults(gradient_alone.replace("[[1, 2, 3]]", "[[1, 2]]"))
    assert "initial.W2 has shape 1×2, but layer 2 has 1 neuron reading 3" in fault


def test_a_program_of_forward_formulas_may_have_given_values() -> None:
    program = read(RECURRENT).program
    assert program.cached == {"H1"}
    assert "H1" not in program.positions
    assert "dH1" in program.positions
    assert program.cut("Wx") == "H1 is given"


@pytest.mark.parametrize("text", [CACHE, RECURRENT])
def test_it_is_saved_and_coded_like_any_experiment(text: str) -> None:
    e, here = read(text), Position(1, 2)
    timeline = Timeline(e)
    saved = text_of(e, here, keyframe_of(timeline, 1), "")
    for again in (read(saved), experiment_of(code_of(e, here))):
        other = Timeline(again)
        assert resume(other) == here
        for one, two in zip(results(e), results(again), strict=True):
            assert same_bits(one, two)


def results(experiment: Experiment) -> list[np.ndarray]:
    return list(Timeline(experiment).iteration(1).results)


def test_all_faults_are_told_at_once() -> None:
    wrong = (
        SMALL.replace("[data]", '[training]\nbatch = 1\norder = "shuffled"\n[data]')
        + """
[given]
A1 = [[1, 2]]
W1 = [[1, 2]]
X = [[1]]
a2 = [[1, 2]]
dZ2 = [[1, "x"]]
[[edits]]
iteration = 2
cell = "A1[1,1]"
value = 3
[[edits]]
cell = "A1[1,1]"
value = 3
[[notes]]
at = "A1"
text = "It is given."
[position]
iteration = 2
"""
    )
    because = "as [given] has values of a single iteration"
    assert faults(wrong) == [
        f'training.batch must be "all" or left out, {because}; got 1',
        f'training.order must be "sequential" or left out, {because}',
        "given.A1 has shape 1×2, but A1 is 3×2: a column for each example",
        "given.W1 is a parameter: it belongs in [initial]",
        "given.X is data: it belongs in [data]",
        "given.a2 is not a value or a gradient of this network, which has Z1, A1, Z2, A2, dA2, "
        'dZ2, dW2, db2, dA1, dZ1, dW1, db1. Did you mean "A2"?',
        'given.dZ2[1,2] must be a finite number; got "x"',
        f"edits[1].iteration must be 1, {because}",
        "edits[2].iteration is missing: it must be a whole number, 1 or more",
        "notes[1].at names no step: A1 is given, so it is not computed",
        f"position.iteration must be 1, {because}",
    ]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("X[1,1]", "X is not given in the file"),
        ("W1[1,1]", "W1 is not used: nothing that is computed here reads it"),
    ],
)
def test_no_edit_is_of_what_is_not_there(cell: str, why: str) -> None:
    edit = f'[[edits]]\niteration = 1\ncell = "{cell}"\nvalue = 2\n'
    assert faults(CACHE + edit) == [f"edits[1].cell cannot be edited: {why}"]


def test_something_must_be_left_to_compute() -> None:
    nothing = """
[network]
layers = [1, 1]
activations = ["tanh"]
loss = "half_squared_error"
[given]
A1 = [[0.5]]
"""
    assert faults(nothing) == ["given leaves nothing to compute"]
    assert read(nothing + "[data]\nY = [[1]]").program.gradients == ("dA1",)
    assert faults(nothing + "[position]\niteration = 1") == ["given leaves nothing to compute"]


def test_the_gradient_of_a_parameter_alone_is_updated_with() -> None:
    e = read(UPDATE_ALONE[: UPDATE_ALONE.index("db1")])
    assert (e.training.batch, [step.symbol for step in e.program.steps]) == (1, ["W1"])
    assert np.allclose(results(e)[0], e.parameters()["W1"] - 0.5 * np.array([[1, 2]]))


def test_without_given_values_data_is_needed() -> None:
    none = CACHE.partition("[given]")[0]
    assert [fault.partition(":")[0] for fault in faults(none)] == ["data is missing"]
    assert read_experiment(SMALL, "small", "small.toml").network.given == ()


@pytest.mark.parametrize(
    ("argv", "refusal"),
    [
        (("train",), "there is nothing to train: "),
        (("check", "--iteration", "2"), "--iteration must be 1: "),
        (("trace", "--iterations", "2"), "--iterations must be 1: "),
        (("export", "--as", "numpy", "--iterations", "2"), "--iterations must be 1: "),
    ],
)
def test_more_than_one_iteration_is_refused_in_one_line(
    argv: tuple[str, ...], refusal: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cache.toml"
    path.write_text(CACHE, "utf-8")
    command, *flags = argv
    assert main([command, str(path), *flags]) != 0
    assert capsys.readouterr().err == (
        f"backprop-tui: {refusal}values are given in the file, so the run has one iteration\n"
    )
