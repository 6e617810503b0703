"""Targets that are classes: which class an output stands for, and whether it is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_tui.maths.expressions import Cell
from backprop_tui.model.algorithm import architecture_of
from backprop_tui.model.classes import (
    Prediction,
    are_classes,
    chosen,
    class_names,
    correct,
    prediction,
)
from backprop_tui.model.experiment import Data, read_only
from backprop_tui.model.network import Network
from tests.programs import written

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


def test_classes_are_called_as_the_file_says_else_as_the_outputs_else_by_their_numbers() -> None:
    network = architecture_of(Network((2, 1), ("sigmoid",), "binary_cross_entropy"))

    def called(Y: list[list[float]], **keys: Any) -> tuple[str, ...] | None:
        return class_names(network, Data({"Y": read_only(Y)}, **keys))

    assert called([[0, 1]]) == ("0", "1")
    assert called([[0, 1]], classes=("cat", "dog"), output_names=("a",)) == ("cat", "dog")
    assert called([[0, 1], [1, 0]]) == ("1", "2")
    assert called([[0, 1], [1, 0]], output_names=("a", "b")) == ("a", "b")
    assert called([[0.5, 1]], classes=("cat", "dog")) is None
    assert class_names(network, Data({"X": read_only(np.ones((1, 1)))})) is None


WITH_PENALTY = "H² + binary_cross_entropy(P, Y)"
FOCAL = {"P": "σ(W·X)", "Q": "where(Y > 0.5, P, 1 − P)", "L": "−(1 − Q)² ∘ log(Q)"}


@pytest.mark.parametrize(
    ("forward", "predictions"),
    [
        ({"H": "W·X", "P": "σ(H)", "L": WITH_PENALTY}, ("P", "Y")),
        ({"P": "σ(W·X)", "L": "−(Y∘log(P) + (1 − Y)∘log(1 − P))"}, ("P", "Y")),
        ({"Z": "W·X", "L": "log(1 + exp(Z)) − Y∘Z"}, ("Z", None)),  # above 0 is class 1, not 0.5
        ({"Z": "W·X", "L": "binary_cross_entropy(σ(Z), Y)"}, ("Z", None)),
        ({"A": "W·X", "S": "softmax(A)", "L": "half_squared_error(S∘A, Y)"}, ("S", None)),
        ({"S": "W·X", "L": "half_squared_error(S, Y) + half_squared_error(S, T)"}, ("S", None)),
        (FOCAL, ("Q", None)),  # Y is read before the loss
    ],
)
def test_predictions_are_what_a_known_loss_compares_or_chances_of_the_only_target(
    forward: dict[str, str], predictions: tuple[str, str | None]
) -> None:
    data = {"X": np.ones((2, 3)), "Y": [[0, 1, 1]], "T": [[0, 0, 1]]}
    read = {s: data[s] for s in data if any(s in line for line in forward.values())}
    found = written({"W": (1, 2)}, read, forward).program.architecture
    assert (found.output, found.predicted) == predictions


def test_what_is_not_as_large_as_the_target_does_not_predict_it() -> None:
    lines = {"Z": "W·X", "S": "log(col_sums(exp(Z)))", "L": "S − col_sums(Y∘Z)"}
    data = {"X": np.ones((2, 1)), "Y": [[0], [0], [1]]}
    assert written({"W": (3, 2)}, data, lines).program.architecture.predicted is None


@pytest.mark.parametrize(("axis", "place"), [(1, (0, 7)), (0, (5, 1))])
def test_a_cell_of_a_batch_stands_elsewhere_in_the_data(axis: int, place: tuple[int, int]) -> None:
    ones = read_only(np.ones((9, 9)))
    of = Data({"X": ones, "G": ones}, same=frozenset({"G"}), axis=axis)
    examples = np.array([5, 7])
    assert of.place_of(Cell("X", 1, 2), examples) == place
    assert of.place_of(Cell("G", 1, 2), examples) == (0, 1)
    assert of.columns(np.ones((1, 2))).shape == ((1, 2) if axis else (2, 1))
