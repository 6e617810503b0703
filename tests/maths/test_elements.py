"""Law 3: one element, expanded into its terms, is the number that was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from backprop_tui.maths.elements import element, reach
from backprop_tui.maths.expressions import (
    SCALARS,
    Call,
    Cell,
    Diff,
    Div,
    Expr,
    MatMul,
    Mul,
    Name,
    Neg,
    Sum,
    cells,
    loss_term,
    names,
    walk,
)
from backprop_tui.maths.parser import parse
from backprop_tui.maths.shapes import Shape
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from tests.networks import experiments, known_before

SHAPES: dict[str, Shape] = {
    "W1": (2, 3),
    "X": (3, 2),
    "b1": (2, 1),
    "Z1": (2, 2),
    "dZ1": (2, 2),
    "A1": (2, 2),
    "L": (1, 2),
}


def size(e: Expr, env: Mapping[str, Any]) -> float:
    """What the terms of `e` add up to without their signs: the scale of its rounding."""
    match e:
        case Mul() | Div() if loss_term(e):
            return float(np.abs(value(e, env)))
        case Sum(terms):
            return sum(size(t, env) for t in terms)
        case Diff(x, y):
            return size(x, env) + size(y, env)
        case Mul(x, y):
            return size(x, env) * size(y, env)
        case Div(x, y):
            return float(np.abs(np.divide(size(x, env), value(y, env))))
        case Neg(x):
            return size(x, env)
        case _:
            return float(np.abs(value(e, env)))


def agree(recorded: float, expanded: float, scale: float) -> bool:
    if not (np.isfinite(recorded) and np.isfinite(expanded)):
        return bool(np.array_equal(recorded, expanded, equal_nan=True))
    return abs(recorded - expanded) <= 1e-12 * scale


@pytest.mark.parametrize(
    ("formula", "row", "column", "expected"),
    [
        ("W1·X + b1", 2, 1, "W1[2,1]·X[1,1] + W1[2,2]·X[2,1] + W1[2,3]·X[3,1] + b1[2,1]"),
        ("dZ1 · Xᵀ / m", 1, 3, "(dZ1[1,1]·X[3,1] + dZ1[1,2]·X[3,2]) / m"),
        ("W1ᵀ · dZ1", 3, 2, "W1[1,3]·dZ1[1,2] + W1[2,3]·dZ1[2,2]"),
        ("row_sums(dZ1)", 2, 1, "dZ1[2,1] + dZ1[2,2]"),
        ("col_sums(A1²)", 1, 2, "A1[1,2]² + A1[2,2]²"),
        ("col_max(A1)", 1, 2, "max(A1[1,2], A1[2,2])"),
        ("total(L) / m", 1, 1, "(L[1,1] + L[1,2]) / m"),
        ("A1 ∘ (1 − A1)", 1, 2, "A1[1,2] · (1 − A1[1,2])"),
        ("b1 − α·b1", 2, 1, "b1[2,1] − α·b1[2,1]"),
        ("b1 + Z1", 2, 2, "b1[2,1] + Z1[2,2]"),
        ("Z1 − L", 2, 2, "Z1[2,2] − L[1,2]"),
        ("b1 ∘ ones(Z1) / 2", 2, 2, "b1[2,1] · 1 / 2"),
    ],
)
def test_an_element_reads_as_one_would_write_it_by_hand(
    formula: str, row: int, column: int, expected: str
) -> None:
    assert text(element(parse(formula), row, column, SHAPES)) == expected


def test_of_ones_like_a_matrix_no_number_is_read() -> None:
    e = parse("b1 ∘ ones(Z1)")
    assert not reach(e, Cell("Z1", 2, 1), SHAPES)
    assert reach(e, Cell("b1", 2, 1), SHAPES) == {(2, None)}


def test_the_largest_of_a_single_row_is_that_row() -> None:
    assert element(parse("col_max(L)"), 1, 2, SHAPES) == Cell("L", 1, 2)


@given(experiments())
def test_every_element_of_every_step_equals_the_recorded_one(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    iteration = timeline.iteration(1)
    shapes = timeline.program.shapes(len(iteration.examples))
    for at, (lowered, result) in enumerate(
        zip(timeline.program.lowered, iteration.results, strict=True)
    ):
        env = known_before(timeline, iteration, at)
        for i, j in product(*map(range, result.shape)):
            one = element(lowered, i + 1, j + 1, shapes)
            with np.errstate(all="ignore"):
                scale = size(one, env)
            assert agree(result[i, j], float(value(one, env)), scale), text(one)


@given(experiments())
def test_an_element_reads_exactly_what_its_step_reads_and_all_of_it_is_known(
    experiment: Experiment,
) -> None:
    timeline = Timeline(experiment)
    iteration = timeline.iteration(1)
    shapes = timeline.program.shapes(len(iteration.examples))
    for at, (lowered, result) in enumerate(
        zip(timeline.program.lowered, iteration.results, strict=True)
    ):
        env = known_before(timeline, iteration, at)
        seen: set[Cell] = set()
        for i, j in product(*map(range, result.shape)):
            one = element(lowered, i + 1, j + 1, shapes)
            assert not any(isinstance(x, MatMul) for x in walk(one))
            assert all(x.symbol in SCALARS for x in walk(one) if isinstance(x, Name))
            seen.update(cells(one))
        assert {c.symbol for c in seen} == set(names(lowered)) - SCALARS
        for symbol in {c.symbol for c in seen}:  # every cell of it is read by some element
            rows, columns = env[symbol].shape
            read = {(c.row, c.column) for c in seen if c.symbol == symbol}
            assert read == set(product(range(1, rows + 1), range(1, columns + 1)))


def test_784_inputs_expand_into_785_terms() -> None:
    shapes: dict[str, Shape] = {"W1": (128, 784), "X": (784, 1), "b1": (128, 1)}
    one = element(parse("W1·X + b1"), 128, 1, shapes)
    assert isinstance(one, Sum)
    assert len(one.terms) == 785
    assert one.terms[-1] == Cell("b1", 128, 1)
    assert not any(isinstance(x, Call) for x in walk(one))
