"""Probes: networks of one kind with random numbers, on which a formula shows what it is worth.

Some have the experiment's own sizes; the others have layers of pairwise different sizes and several
examples, so that what fits them fits by no coincidence. It knows programs, and nothing of what is
typed or said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import cycle, islice
from typing import Any

import numpy as np

from backprop_tui.maths.expressions import Expr
from backprop_tui.maths.functions import LOSSES, Array
from backprop_tui.maths.shapes import ShapeMismatch, shape
from backprop_tui.maths.values import value
from backprop_tui.model.algorithm import dA, program_of
from backprop_tui.model.experiment import Indices
from backprop_tui.model.layers import parameter_shapes
from backprop_tui.model.network import Network, Training
from backprop_tui.model.program import Program
from backprop_tui.run.iterations import Iteration

EXAMPLES = (3, 5)
"""In a batch of each of the others: a number in a formula is not m in both."""
WIDTHS = [n for n in range(2, 24) if n not in EXAMPLES]
"""Sizes of layers; in a network deeper than that they come again, far from each other."""
LARGEST = 120_000
"""Parameters, beyond which a network's own sizes are not tried out with other numbers."""
VANISHED = 1e-3
"""A slope this small at most has vanished on the way down: nothing could be told by it."""
AS_IT_IS, DRAWS = 2, 7
"""How often numbers are drawn: first so that all slopes stay, then with those that do not replaced
by others."""
TOLERANCE = 1e-9
"""Numbers this close, for the size of their matrix, are the same: written otherwise, they round
otherwise."""


@dataclass(frozen=True, eq=False)
class Probe:
    """One iteration of the algorithm as it is taught, from the numbers given."""

    program: Program
    examples: int
    given: Mapping[str, Any]  # matrices and single numbers, as the iteration found them
    results: tuple[Array, ...]

    def before(self, symbol: str) -> dict[str, Any]:
        """All that is known when the step of `symbol` is made."""
        steps = self.program.steps[: self.program.index(symbol)]
        return {
            **self.given,
            **{s.symbol: r for s, r in zip(steps, self.results, strict=False)},
        }

    def right(self, symbol: str) -> Array:
        """What the step comes to."""
        step = self.program.steps[self.program.index(symbol)]
        return np.asarray(value(step.expression, self.before(symbol)))

    def of(self, e: Expr, symbol: str) -> Array | None:
        """What `e` comes to in place of that step; None where it has not the step's shape."""
        shapes = self.program.shapes(self.examples)
        try:
            if shape(e, shapes) != shapes[symbol]:
                return None
        except (ShapeMismatch, KeyError):
            return None
        return np.asarray(value(e, self.before(symbol)))

    def agrees(self, e: Expr, symbol: str) -> bool:
        """Whether `e` gives what the step gives."""
        found = self.of(e, symbol)
        return found is not None and same(found, self.right(symbol))


def same(found: Array, right: Array) -> bool:
    """Whether two results are the same number for number, but for rounding."""
    return bool(differing(found, right).size == 0)


def differing(found: Array, right: Array) -> Indices:
    """The cells at which two results differ, from 0, row by row."""
    sizes = np.abs(right[np.isfinite(right)])
    near = TOLERANCE * float(sizes.max()) if sizes.size else 0.0
    return np.argwhere(~np.isclose(found, right, rtol=0.0, atol=near, equal_nan=True))


def here(program: Program, iteration: Iteration) -> Probe:
    """An iteration of a run, as the algorithm is taught."""
    given = {**iteration.given, **iteration.scalars}
    return Probe(program, len(iteration.examples), given, tuple(_results(program, given)))


@lru_cache(maxsize=2)
def of_same_sizes(
    network: Network, training: Training, examples: int, t: float
) -> tuple[Probe, ...]:
    """The same network with other parameters and data; none where it is too large to try."""
    if sum(a * b for a, b in parameter_shapes(network.layers).values()) > LARGEST:
        return ()
    scalars = {
        "alpha": training.learning_rate,
        "beta1": training.beta1,
        "beta2": training.beta2,
        "epsilon": training.epsilon,
        "weight_decay": training.weight_decay,
        "t": t,
    }
    program = program_of(network, training)
    # Several: one draw may open every gate of a ReLU.
    return tuple(_drawn(program, examples, scalars, seed) for seed in range(4))


@lru_cache(maxsize=2)
def of_other_sizes(network: Network, training: Training) -> tuple[Probe, ...]:
    """Networks of the same depth, functions and loss, as general as can be."""
    widths = tuple(islice(cycle(WIDTHS), len(network.layers)))
    other = replace(network, layers=widths)
    scalars = {
        "alpha": 0.37,
        "beta1": 0.83,
        "beta2": 0.71,
        "epsilon": 0.19,
        "weight_decay": 0.23,
        "t": 6.0,
    }
    program = program_of(other, replace(training, batch=max(EXAMPLES)))
    return tuple(_drawn(program, examples, scalars, seed=10) for examples in EXAMPLES)


def _drawn(program: Program, examples: int, scalars: Mapping[str, float], seed: int) -> Probe:
    """A probe with random numbers that leave no step without a number to tell by."""
    for draw in range(DRAWS):
        random = np.random.default_rng([seed, draw])
        given = {
            **_matrices(program, examples, random),
            **scalars,
            "m": float(examples),
            "K": float(program.network.layers[-1]),
        }
        results = tuple(_results(program, given, random if draw >= AS_IT_IS else None))
        stay = draw >= AS_IT_IS or not any(map(_vanished, _entering(program, results)))
        if stay and all(map(_tells, results)):
            break
    return Probe(program, examples, given, results)


def _matrices(program: Program, examples: int, random: np.random.Generator) -> dict[str, Array]:
    """X, Y, parameters and running means, no two alike."""
    network, shapes = program.network, program.shapes(examples)
    loss, Y = LOSSES[network.loss], random.normal(size=shapes["Y"])
    if loss.targets_are_probabilities or loss.targets_are_shares:
        Y = random.uniform(0.1, 0.9, shapes["Y"])
    if loss.targets_are_shares:
        Y = Y / Y.sum(axis=0)
    given = {"X": random.normal(size=shapes["X"]), "Y": Y}
    for symbol in program.kept:
        numbers = random.normal(size=shapes[symbol]) / np.sqrt(shapes[symbol][1])
        given[symbol] = np.abs(numbers) if symbol.startswith("s") else numbers
    return given


def _results(
    program: Program, given: Mapping[str, Any], random: np.random.Generator | None = None
) -> Iterator[Array]:
    """What the steps come to, one after the other.

    With `random`, slopes that have vanished where they enter a layer are replaced by others.
    """
    env = dict(given)
    entering = _enter(program)
    for step, expression in zip(program.steps, program.lowered, strict=True):
        result = np.asarray(value(expression, env))
        if random is not None and step.symbol in entering and _vanished(result):
            result = random.normal(size=result.shape)
        env[step.symbol] = result
        yield result


def _enter(program: Program) -> frozenset[str]:
    """The slopes that enter a hidden layer from above."""
    return frozenset(dA[layer].symbol for layer in range(1, program.network.depth))


def _entering(program: Program, results: tuple[Array, ...]) -> Iterator[Array]:
    entering = _enter(program)
    return (
        result
        for step, result in zip(program.steps, results, strict=True)
        if step.symbol in entering
    )


def _vanished(slopes: Array) -> bool:
    return not VANISHED < np.abs(slopes).max() < 1 / VANISHED


def _tells(result: Array) -> bool:
    return bool(result[np.isfinite(result)].any())
