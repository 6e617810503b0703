"""Targets that are classes: which class an output stands for, and whether it is right."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_tui.maths.expressions import Cell
from backprop_tui.model.classes import Prediction, are_classes, chosen, correct, prediction
from backprop_tui.model.experiment import Data, read_only

NAN = float("nan")


@pytest.mark.parametrize(
    ("Y", "found"),
    [
        ([[0, 1, 1]], True),
        ([[0, 0.5]], False),
        ([[0, 2]], False),
        ([[1, 0], [0, 1]], True),
        ([[1, 0], [1, 1]], False),
        ([[0, 1], [0, 0]], False),
        ([[0.5, 0], [0.5, 1]], False),
    ],
)
def test_a_class_is_zero_or_one_or_a_single_one_among_zeros(
    Y: list[list[float]],
    found: bool,
) -> None:
    assert are_classes(np.array(Y)) is found


def test_one_output_is_class_1_above_a_half_and_of_several_the_first_largest_counts() -> None:
    assert chosen(np.array([[0.4, 0.5, 0.6]])).tolist() == [0, 0, 1]
    assert chosen(np.array([[0.1, 0.4], [0.7, 0.4]])).tolist() == [1, 0]


def test_what_is_no_number_is_never_right() -> None:
    one, several = np.array([[0.2, NAN, 0.9, 0.9]]), np.array([[NAN, 1.0], [0.0, 0.0]])
    assert correct(one, np.array([[0, 0, 1, 0]])).tolist() == [True, False, True, False]
    assert correct(several, np.array([[1, 1], [0, 0]])).tolist() == [False, True]


def test_a_prediction_names_both_classes_of_its_own_example() -> None:
    A, Y = np.array([[0.9, 0.2, NAN]]), np.array([[0, 0, 1]])
    assert [prediction(("no", "yes"), A, Y, k) for k in range(3)] == [
        Prediction("yes", "no", False),
        Prediction("no", "no", True),
        Prediction("NaN", "yes", False),
    ]


def data(Y: list[list[float]], **keys: object) -> Data:
    return Data({"X": read_only(np.ones((2, len(Y[0])))), "Y": read_only(Y)}, **keys)  # type: ignore[arg-type]


def test_classes_are_called_as_the_file_says_else_as_the_outputs_else_by_their_numbers() -> None:
    assert data([[0, 1]]).class_names == ("0", "1")
    assert data([[0, 1]], classes=("cat", "dog"), output_names=("a",)).class_names == ("cat", "dog")
    assert data([[0, 1], [1, 0]]).class_names == ("1", "2")
    assert data([[0, 1], [1, 0]], output_names=("a", "b")).class_names == ("a", "b")
    assert data([[0.5, 1]], classes=("cat", "dog")).class_names is None
    assert Data({"X": read_only(np.ones((1, 1)))}).class_names is None


@pytest.mark.parametrize(("axis", "place"), [(1, (0, 7)), (0, (5, 1))])
def test_a_cell_of_a_batch_stands_elsewhere_in_the_data(axis: int, place: tuple[int, int]) -> None:
    ones = read_only(np.ones((9, 9)))
    of = Data({"X": ones, "G": ones}, same=frozenset({"G"}), axis=axis)
    examples = np.array([5, 7])
    assert of.place_of(Cell("X", 1, 2), examples) == place
    assert of.place_of(Cell("G", 1, 2), examples) == (0, 1)
    assert of.columns(np.ones((1, 2))).shape == ((1, 2) if axis else (2, 1))
