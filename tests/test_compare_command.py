"""`backprop-tui compare`: its lines, and its exit status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backprop_tui import lessons
from backprop_tui.__main__ import main
from tests.learn.test_comparing import by_hand


class Compare:
    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.capsys, self.folder = capsys, folder

    def __call__(self, *argv: str) -> tuple[int, list[str]]:
        status = main(["compare", *argv])
        out, err = self.capsys.readouterr()
        assert not (out and err)
        return status, (out or err).splitlines()

    def file(self, **arrays: object) -> str:
        path = self.folder / "mine.npz"
        np.savez(path, **arrays)  # type: ignore[arg-type]
        return str(path)


@pytest.fixture
def compare(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Compare:
    return Compare(capsys, tmp_path)


def test_a_line_for_each_step_in_their_order(compare: Compare) -> None:
    status, report = compare(compare.file(**by_hand(wrong="mean")))
    assert status == 1
    assert report[0] == "The run begins with your X, Y, W1, b1, W2, b2; a batch is 4 examples."
    assert [line.split()[0] for line in report[1:-1]] == (
        "Z1 A1 Z2 A2 L J dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1 W1_new b1_new W2_new b2_new".split()
    )
    assert report[8] == "dZ2     agrees"
    assert report[5] == "L       not in the file"
    assert report[13].startswith("dW1     differs          first at [1,1]: yours ")
    assert " (4 times the right value: 1/m is missing), should be " in report[13]
    assert report[15] == "W1_new  differs          follows from dW1"
    assert report[-1] == "The first step that differs is dW1."


def test_right_arrays_give_status_0(compare: Compare) -> None:
    assert compare("article", compare.file(**by_hand()))[0] == 0


@pytest.mark.parametrize("turn", [np.asarray, np.transpose])
def test_x_and_y_of_the_file_are_the_data_of_layers_that_flags_give(
    turn: Callable[[object], object], compare: Compare
) -> None:
    arrays = {"X": np.eye(2, 4), "Y": [[0, 1, 1, 0]], "W1": [[0.5, 1]], "Z1": [[0.5, 1, 0, 0]]}
    file = compare.file(**{name: turn(array) for name, array in arrays.items()})
    status, report = compare("--layers", "2,1", "--activations", "sigmoid", file)
    assert (status, report[-1]) == (0, "The array agrees.")
    assert "your X, Y, W1" in report[0]
    assert "a batch is" in report[0]


def test_another_iteration(compare: Compare) -> None:
    file = compare.file(A2=[[0.5]])
    later = compare("article", file, "--iteration", "50")[1]
    assert later != compare("article", file)[1]


@pytest.mark.parametrize("arrays", [{"foo": [1.0]}, {"X": [[np.nan]] * 3}, {"W1": [[1.0, 2.0]]}])
def test_arrays_of_which_nothing_can_be_made_give_status_2(
    arrays: dict[str, object], compare: Compare
) -> None:
    status, said = compare(compare.file(**arrays))
    assert (status, len(said)) == (2, 1)
    assert said[0].startswith("backprop-tui: ")


def test_an_array_of_another_shape_gives_status_2_beside_its_line(compare: Compare) -> None:
    status, report = compare(compare.file(dW1=np.ones((4, 2))))
    assert status == 2
    assert "dW1     wrong shape      yours is 4×2, it must be 3×3" in report


def test_without_a_file_there_is_nothing_to_compare(compare: Compare) -> None:
    for words in ((), ("mazur",)):
        assert compare(*words) == (
            2,
            ["backprop-tui: FILE is needed: the arrays to compare, mine.npz or mine.json"],
        )
    assert lessons.DEFAULT in lessons.NAMES
