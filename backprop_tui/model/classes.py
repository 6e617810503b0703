"""Targets that are classes: which one a network takes each example for, and whether it is right.

One output tells class 1 from class 0; of several the largest names the class. Columns are examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from backprop_tui.model.architecture import Architecture
    from backprop_tui.model.experiment import Data

Array: TypeAlias = "npt.NDArray[np.float64]"


@dataclass(frozen=True)
class Prediction:
    """An example's class in words: what the network takes it for, and what it is."""

    predicted: str
    target: str
    right: bool


def are_classes(Y: Array) -> bool:
    """Whether every column of Y (n[L], N) is a class: 0 or 1, or a single 1 among zeros."""
    zeros_and_ones = bool(((Y == 0) | (Y == 1)).all())
    return zeros_and_ones and (len(Y) == 1 or bool((Y.sum(axis=0) == 1).all()))


@lru_cache(maxsize=4)
def class_names(architecture: Architecture, data: Data) -> tuple[str, ...] | None:
    """What the classes are called, their numbers without names; None where a network predicts no
    target, or not every target is a class."""
    Y = data.by_symbol.get(architecture.predicted or "")
    if Y is None or not are_classes(data.columns(Y)):
        return None
    if data.classes is not None:
        return data.classes
    if (outputs := len(data.columns(Y))) == 1:
        return "0", "1"
    return data.output_names or tuple(str(k) for k in range(1, outputs + 1))


def chosen(A: Array) -> npt.NDArray[np.intp]:
    """The class that each column of A (n[L], m) or Y stands for; the first of equals."""
    found: npt.NDArray[np.intp] = np.argmax(A, axis=0)
    return found if len(A) > 1 else (A[0] > 0.5).astype(np.intp)


def correct(A: Array, Y: Array) -> npt.NDArray[np.bool_]:
    """Which examples are predicted right, of outputs A and targets Y that are classes."""
    told = ~np.isnan(A).any(axis=0)  # what is not a number predicts nothing
    right: npt.NDArray[np.bool_] = told & (chosen(A) == chosen(Y))
    return right


def prediction(names: Sequence[str], A: Array, Y: Array, example: int) -> Prediction:
    """What is predicted for one column, beside its target."""
    a, y = A[:, [example]], Y[:, [example]]
    said = "NaN" if np.isnan(a).any() else names[chosen(a).item()]
    return Prediction(said, names[chosen(y).item()], correct(a, y).item())
