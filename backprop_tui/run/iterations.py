"""One iteration, evaluated step by step from what it begins with, every result kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from types import MappingProxyType
from typing import Any

import numpy as np

from backprop_tui.maths.values import evaluator
from backprop_tui.model.experiment import Array, Data, Experiment, Indices, Kept, read_only
from backprop_tui.model.program import Program


@dataclass(frozen=True, eq=False)
class Iteration:
    """One pass over one batch: what it began with, and what every step gave, in order."""

    number: int
    examples: tuple[int, ...]
    """Which examples of the data the batch holds, from 0."""
    given: Mapping[str, Array]
    """Inputs and targets, and as the iteration found them parameters and running means."""
    scalars: Mapping[str, float]
    """α, m, K, the constants of the optimizer, and t, the iteration's number."""
    results: tuple[Array, ...]
    loss: float
    """J, or the L of its one example; NaN where gradients are given and no loss is computed."""
    parameters: Mapping[str, Array]
    """The parameters as the next iteration begins with them, and the running means: what this one
    leaves, and edits on top of it."""
    diverged: str | None
    """The first parameter that is no longer finite."""

    def __repr__(self) -> str:
        return f"<Iteration {self.number}: loss {self.loss:.6g}>"

    @property
    def nbytes(self) -> int:
        """The memory that its numbers take."""
        return sum(array.nbytes for array in (*self.results, *self.given.values()))


def computed(experiment: Experiment, program: Program, number: int, kept: Kept) -> Iteration:
    """The iteration of that number, which begins with `kept`, as `program.kept` has it."""
    examples = experiment.examples_of(number)
    given = batch(experiment.data, examples) | dict(zip(program.kept, kept, strict=True))
    scalars = {**constants(experiment, program), "m": float(len(examples)), "t": float(number)}
    scalars = {symbol: number for symbol, number in scalars.items() if symbol in program.constants}
    env: dict[str, Any] = {**given, **scalars}
    results = []
    with np.errstate(all="ignore"):
        for step, expression in zip(program.steps, program.lowered, strict=True):
            # One order in memory: computed again, it gives the same bits. Read-only, as all of the
            # past
            result = np.ascontiguousarray(evaluator(expression)(env))
            result.flags.writeable = False
            env[step.symbol] = result
            results.append(result)
    left = {symbol: env[symbol] for symbol in program.kept}
    return Iteration(
        number,
        tuple(examples.tolist()),
        MappingProxyType(given),
        scalars,
        tuple(results),
        float(env[program.objective][0, 0]) if program.of_kind("loss") else nan,
        left,
        not_finite(program, left),
    )


def beginning(experiment: Experiment, program: Program) -> Kept:
    """What the first iteration begins with: the parameters; running means are zero."""
    parameters, shapes = experiment.parameters(), program.shapes(program.training.batch)
    return tuple(
        parameters[symbol] if symbol in parameters else read_only(np.zeros(shapes[symbol]))
        for symbol in program.kept
    )


def constants(experiment: Experiment, program: Program) -> dict[str, float]:
    """The numbers that are the same in every iteration, by the names that expressions give them."""
    return {**experiment.training.constants, "K": float(program.outputs)}


def batch(data: Data, examples: Indices) -> dict[str, Array]:
    """The inputs and targets of those examples, each laid out in memory row by row."""
    found = dict(data.by_symbol)
    if len(examples) != data.examples or (examples != np.arange(data.examples)).any():
        for symbol in data.per_example:
            found[symbol] = data.by_symbol[symbol].take(examples, axis=data.axis)
            found[symbol].flags.writeable = False
    return found


def not_finite(program: Program, kept: Mapping[str, Array]) -> str | None:
    """The first parameter that holds an infinite number or NaN: with it, a run has diverged."""
    return next((s for s in program.parameters if not np.isfinite(kept[s]).all()), None)
