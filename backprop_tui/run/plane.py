"""The plane of two inputs: what a program predicts at each of its points, and the straight line on
which each neuron of the first layer is 0.

The forward steps are run as the program has them, with the parameters of a state.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from backprop_tui.maths.expressions import (
    Diff,
    Div,
    Expr,
    MatMul,
    Mul,
    Name,
    Neg,
    Sum,
    Transpose,
    names,
)
from backprop_tui.maths.functions import Array
from backprop_tui.maths.values import value
from backprop_tui.model.program import Program
from backprop_tui.run.iterations import Iteration
from backprop_tui.run.timeline import State

AFFORDED = 10**7
"""Multiplications that the predictions may take; where they take more, there are none."""
CORNERS = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
"""The points that tell a straight line: the origin, and 1 along each axis."""


@lru_cache(maxsize=64)
def input_of(program: Program) -> str:
    """The symbol of the input that holds the two numbers of an example; "" where there is none, or
    where the prediction for an example depends on more than its own two numbers."""
    inputs = [s for s in program.of_kind("input") if s in program.per_example]
    if len(inputs) != 1 or program.cached or program.output not in program.per_example:
        return ""
    rows = program.architecture.of_one[inputs[0]][1 - program.axis]
    return inputs[0] if rows == 2 and inputs[0] in program.separate else ""


def first_of(program: Program) -> str:
    """The symbol of the first value that reads the two inputs, where each of its rows is 0 along a
    straight line; else ""."""
    x = input_of(program)
    for step, lowered in zip(program.steps, program.lowered, strict=True):
        if x in names(step.expression):
            return (
                step.symbol if step.symbol in program.per_example and is_affine(lowered, x) else ""
            )
    return ""


def is_affine(e: Expr, x: str) -> bool:
    """Whether an expression is made of `x` by sums and by products with what does not read it."""
    reads = [part for part in e.parts if x in names(part)]
    match e:
        case Name() | Sum() | Diff() | Neg() | Transpose():
            pass
        case MatMul() | Mul():
            if len(reads) > 1:
                return False
        case Div(_, below):
            if x in names(below):
                return False
        case _:
            return x not in names(e)
    return all(is_affine(part, x) for part in reads)


def updated(state: State) -> frozenset[str]:
    """The parameters that the updates of this iteration have replaced so far."""
    return frozenset(filter(state.done, state.program.parameters))


@lru_cache(maxsize=16)  # the same ones are shown until a parameter changes
def zero_lines(program: Program, iteration: Iteration, changed: frozenset[str]) -> Array:
    """For each neuron of the first layer w₁, w₂ and b of the line w₁·x₁ + w₂·x₂ + b = 0 on which
    it is 0: n × 3. `changed` are the parameters that the iteration has updated."""
    first = first_of(program)
    if not first:
        return np.empty((0, 3))
    at = _values(program, iteration, changed, CORNERS, first)
    return np.column_stack([at[:, 1] - at[:, 0], at[:, 2] - at[:, 0], at[:, 0]])


@lru_cache(maxsize=16)
def predictions(
    program: Program,
    iteration: Iteration,
    changed: frozenset[str],
    across: tuple[float, ...],
    upright: tuple[float, ...],
) -> Array | None:
    """The predictions at each pair of an x₁ of `across` and an x₂ of `upright`, a column each, row
    by row of `upright`: K × points. None where they would take too long."""
    points = len(across) * len(upright)
    if points * sum(iteration.given[s].size for s in program.parameters) > AFFORDED:
        return None
    grid = np.array([np.tile(across, len(upright)), np.repeat(upright, len(across))])
    return _values(program, iteration, changed, grid, program.output)


def _values(
    program: Program, iteration: Iteration, changed: frozenset[str], points: Array, symbol: str
) -> Array:
    """What the forward steps give for `symbol` at some points (2 × N), a column for each."""
    after = iteration.parameters
    env: dict[str, Any] = {**iteration.scalars, **iteration.given}
    env |= {s: after[s] for s in changed}
    x = input_of(program)
    env[x] = points if program.axis else points.T
    for step, lowered in zip(program.steps, program.lowered, strict=True):
        env[step.symbol] = value(lowered, env)
        if step.symbol == symbol:
            break
    found = np.asarray(env[symbol], float)
    found = found if program.axis else found.T
    return np.broadcast_to(found, (len(found), points.shape[1]))
