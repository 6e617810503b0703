"""The loss of an iteration where one number that it begins with is another, all else held.

The forward and loss steps that come after the number are run again on that batch; nothing else is.
Beside it stands what the number was in the iterations before, when all the others were others too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.functions import Array
from backprop_tui.maths.values import evaluator
from backprop_tui.model.program import Program
from backprop_tui.run.iterations import Iteration
from backprop_tui.run.timeline import Timeline

MOST_POINTS, LEAST_POINTS = 41, 9
AFFORDED = 5 * 10**7
"""Multiplications that a curve may take; where the fewest points take more, there is none."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """The loss as a function of one number, `at` ascending values of it."""

    at: Array
    losses: Array
    here: float
    """The number as it is."""
    loss: float
    slope: float | None
    """The gradient recorded at it, if that is one number."""


def losses_with(
    program: Program, iteration: Iteration, cell: Cell, numbers: Iterable[float]
) -> Array:
    """The loss of the iteration where one cell of X, Y or a parameter is each of those numbers."""
    first = min(program.readers.get(cell.symbol, ()), default=len(program.steps))
    _, behind = program.phase_bounds("loss")
    known = zip(program.steps[:first], iteration.results, strict=False)
    begun = {**iteration.scalars, **iteration.given}
    begun |= {step.symbol: result for step, result in known}
    run = [(program.steps[i].symbol, evaluator(program.lowered[i])) for i in range(first, behind)]
    losses = []
    with np.errstate(all="ignore"):
        for number in numbers:
            changed = iteration.given[cell.symbol].copy()
            changed[cell.row - 1, cell.column - 1] = number
            env: dict[str, Any] = {**begun, cell.symbol: changed}
            for symbol, result in run:
                env[symbol] = np.ascontiguousarray(result(env))
            losses.append(env[program.objective][0, 0])
    return np.array(losses)


@lru_cache(maxsize=8)  # the same one is shown again at the next key
def sweep(program: Program, iteration: Iteration, cell: Cell, closer: float = 1.0) -> Sweep | None:
    """The loss around a parameter's number, `closer` times nearer to it than usual; None where that
    would take too long, or where the loss does not depend on it, as values are given."""
    if program.cut(cell.symbol):
        return None
    work = sum(iteration.given[p].size for p in program.parameters) * len(iteration.examples)
    points = min(MOST_POINTS, AFFORDED // work) // 2 * 2 + 1  # one of them in the middle
    if points < LEAST_POINTS:
        return None
    row, column = cell.row - 1, cell.column - 1
    here = float(iteration.given[cell.symbol][row, column])
    reach = max(1.0, abs(here)) / closer
    with np.errstate(all="ignore"):
        at = here + reach * np.linspace(-1, 1, points)
    losses = losses_with(program, iteration, cell, at)
    gradient, slope = program.gradient_of(cell.symbol), None
    if gradient in program.positions:
        slopes = iteration.results[program.index(gradient)]
        if slopes.shape == iteration.given[cell.symbol].shape:  # a mistake can make it another
            slope = float(slopes[row, column])
    return Sweep(at, losses, here, float(losses[points // 2]), slope)


@lru_cache(maxsize=8)
def before(timeline: Timeline, iteration: int, cell: Cell, most: int) -> tuple[Array, Array]:
    """What a parameter's number was in at most `most` iterations before that one, the earliest
    first, and the loss of each."""
    past = [timeline.iteration(k) for k in range(max(1, iteration - most), iteration)]
    values = [i.given[cell.symbol][cell.row - 1, cell.column - 1] for i in past]
    return np.array(values), np.array([i.loss for i in past])
