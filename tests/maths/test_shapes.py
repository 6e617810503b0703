"""Every expression has a shape before it has a value, and a mismatch explains itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from backprop_tui.maths.expressions import Call
from backprop_tui.maths.parser import parse
from backprop_tui.maths.shapes import Shape, ShapeMismatch, as_sum, shape, written
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from tests.networks import experiments, known_before

SHAPES: dict[str, Shape] = {
    "W1": (3, 2),
    "X": (2, 4),
    "b1": (3, 1),
    "Z1": (3, 4),
    "A1": (3, 4),
    "W2": (1, 3),
    "dZ2": (1, 4),
    "V": (3, 3),
    "L": (1, 4),
    "J": (1, 1),
}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("W1·X", (3, 4)),
        ("W1·X + b1", (3, 4)),
        ("W2ᵀ", (3, 1)),
        ("W2ᵀ · dZ2", (3, 4)),
        ("dZ2 · A1ᵀ / m", (1, 3)),
        ("Z1 − L", (3, 4)),
        ("L ∘ Z1", (3, 4)),
        ("2 · Z1", (3, 4)),
        ("α", ()),
        ("W1[1,2] · X[2,1]", ()),
        ("row_sums(Z1)", (3, 1)),
        ("col_sums(Z1)", (1, 4)),
        ("col_max(Z1)", (1, 4)),
        ("total(Z1)", (1, 1)),
        ("max(0, Z1)", (3, 4)),
        ("max(b1, Z1)", (3, 4)),
        ("σ′(Z1)²", (3, 4)),
        ("softmax(Z1)", (3, 4)),
        ("J < 0.1", (1, 1)),
    ],
)
def test_the_shape_follows_from_the_shapes_of_the_parts(formula: str, expected: Shape) -> None:
    assert shape(parse(formula), SHAPES) == expected


@pytest.mark.parametrize(
    ("mean", "alone", "of_a_batch"),
    [
        ("mean(X)", "total(X) / 8", "total(X) / (2 · m)"),
        ("row_means(X)", "row_sums(X) / 4", "row_sums(X) / m"),
        ("col_means(X)", "col_sums(X) / 2", "col_sums(X) / 2"),
        ("mean(Xᵀ)", "total(Xᵀ) / 8", "total(Xᵀ) / (2 · m)"),
        ("mean(Xᵀ·X)", "total(Xᵀ · X) / 16", "total(Xᵀ · X) / (m · m)"),
        ("col_means(Xᵀ)", "col_sums(Xᵀ) / 4", "col_sums(Xᵀ) / m"),
    ],
)
def test_a_mean_is_a_sum_over_how_many_there_are(mean: str, alone: str, of_a_batch: str) -> None:
    call = parse(mean)
    assert isinstance(call, Call)
    assert text(as_sum(call, SHAPES, SHAPES)) == alone
    assert text(as_sum(call, SHAPES, {"X": (2, 5)})) == of_a_batch


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        (
            "X·W1",
            "X·W1 is 2×4 times 3×2: X has 4 columns, but W1 has 3 rows; "
            "a matrix product needs as many columns on the left as rows on the right",
        ),
        (
            "W2·dZ2",
            "W2·dZ2 is 1×3 times 1×4: W2 has 3 columns, but dZ2 has 1 row; "
            "a matrix product needs as many columns on the left as rows on the right",
        ),
        ("W1 + X", "W1 + X is computed element by element, but W1 is 3×2 and X is 2×4"),
        ("W1 − X", "W1 − X is computed element by element, but W1 is 3×2 and X is 2×4"),
        ("V ∘ Z1", "V ∘ Z1 is computed element by element, but V is 3×3 and Z1 is 3×4"),
        ("max(W1, X)", "max(W1, X) is computed element by element, but W1 is 3×2 and X is 2×4"),
        ("row_sums(2)", "row_sums(2) needs a matrix, but 2 is a number"),
    ],
)
def test_a_mismatch_is_a_sentence(formula: str, sentence: str) -> None:
    with pytest.raises(ShapeMismatch) as refused:
        shape(parse(formula), SHAPES)
    # The formula itself is written as the screen writes it, with or without its spaces.
    assert str(refused.value).replace(" · ", "·") == sentence


@pytest.mark.parametrize("formula", ["b1 ∘ L", "b1 + L", "b1 − dZ2", "W2 / b1"])
def test_two_sided_broadcasts_are_refused(formula: str) -> None:
    with pytest.raises(ShapeMismatch, match="is computed element by element"):
        shape(parse(formula), SHAPES)


def test_a_symbol_without_a_shape_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="W9"):
        shape(parse("W9 + 1"), SHAPES)


def test_shapes_are_written_with_a_cross_and_a_number_is_1_by_1() -> None:
    assert written((3, 1)) == "3×1"
    assert written(()) == "1×1"


@given(experiments())
def test_every_step_has_the_shape_that_it_was_said_to_have(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    iteration = timeline.iteration(1)
    shapes = timeline.program.shapes(len(iteration.examples))
    for step, lowered, result in zip(
        timeline.program.steps, timeline.program.lowered, iteration.results, strict=True
    ):
        assert shapes[step.symbol] == result.shape
        assert shape(lowered, shapes) == result.shape


@given(experiments())
def test_what_was_collapsed_has_the_shape_and_value_of_its_derivation(
    experiment: Experiment,
) -> None:
    timeline = Timeline(experiment)
    iteration = timeline.iteration(1)
    for at, step in enumerate(timeline.program.steps):
        if step.derivation is not None:
            env = known_before(timeline, iteration, at)
            assert np.shape(value(step.derivation, env)) == iteration.results[at].shape
