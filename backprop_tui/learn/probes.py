"""Probes: networks with random numbers, on which a formula is tried out.

Some have the experiment's own sizes; the others have layers of pairwise different sizes and several
examples, so that no formula fits them by coincidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import cycle, islice
from math import prod
from typing import Any

import numpy as np

from backprop_tui.maths.expressions import Expr
from backprop_tui.maths.functions import Array
from backprop_tui.maths.shapes import ShapeMismatch, shape, written
from backprop_tui.maths.values import value
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Indices
from backprop_tui.model.network import Network, Training
from backprop_tui.model.program import Program
from backprop_tui.model.written import WrittenNetwork
from backprop_tui.run.iterations import Iteration

EXAMPLES = (3, 5)
"""The batch sizes of networks of other sizes: two, so that no number in a formula is m in both."""
WIDTHS = [n for n in range(2, 24) if n not in EXAMPLES]
"""The layers' sizes in them; a deeper network repeats them."""
CONSTANTS = {
    "alpha": 0.37,
    "beta1": 0.83,
    "beta2": 0.71,
    "epsilon": 0.19,
    "weight_decay": 0.23,
    "l2": 0.53,
    "t": 6.0,
}
"""The single numbers in them: unlike those of any run, so that none fits by coincidence."""
LARGEST = 120_000
"""A network with more parameters is not tried out in its own sizes with other numbers."""
VANISHED = 1e-3
"""A gradient that is nowhere larger has vanished: its numbers are too small to compare."""
AS_IT_IS, DRAWS = 2, 7
"""How often random numbers are drawn until no gradient vanishes; from the draw AS_IT_IS on, one
that does is replaced by random numbers."""
TOLERANCE = 1e-9
"""Numbers this close, relative to the largest of their matrix, are the same: formulas that are
equal in mathematics round differently."""


@dataclass(frozen=True, eq=False)
class Probe:
    """One iteration of the algorithm as it is taught."""

    program: Program
    examples: int
    given: Mapping[str, Any]
    """The matrices and single numbers that the iteration begins with, by symbol."""
    results: tuple[Array, ...]
    """What its steps computed, in order."""

    def before(self, symbol: str) -> dict[str, Any]:
        """What every symbol holds that is known before the step of `symbol`."""
        earlier = self.results[: self.program.index(symbol)]
        return {**self.given, **self.program.by_symbol(earlier)}

    def right(self, symbol: str) -> Array:
        """The value of the step's own formula."""
        step = self.program.steps[self.program.index(symbol)]
        return np.asarray(value(step.expression, self.before(symbol)))

    def of(self, e: Expr, symbol: str) -> Array | None:
        """The value of `e` in place of that step; None where its shape is not the step's."""
        try:
            fits = misfit(e, symbol, self.program, self.examples) is None
        except KeyError:  # this network has no such symbol
            fits = False
        return np.asarray(value(e, self.before(symbol))) if fits else None

    def agrees(self, e: Expr, symbol: str) -> bool:
        """Whether `e` has the value of the step's own formula."""
        found = self.of(e, symbol)
        return found is not None and same(found, self.right(symbol))


def misfit(e: Expr, symbol: str, program: Program, examples: int) -> str | None:
    """Why `e` cannot be `symbol`, by its shape for that many examples; None where it can.

    Raises KeyError for a symbol of `e` that the program does not have.
    """
    shapes, role = program.shapes(examples), program.roles[symbol]
    try:
        found = shape(e, shapes)
    except ShapeMismatch as error:
        return str(error)
    if found == (must := shapes[symbol]):
        return None
    like = f" like {role.of}" if role.kind == "gradient" else ""
    gives = written(found) if found else "a single number"
    return f"{symbol} must be {written(must)}{like}, but this gives {gives}"


def same(found: Array, right: Array) -> bool:
    """Whether two results are equal in every number, up to rounding."""
    return bool(differing(found, right).size == 0)


def differing(found: Array, right: Array) -> Indices:
    """The places at which two results differ, from 0, row by row."""
    sizes = np.abs(right[np.isfinite(right)])
    near = TOLERANCE * float(sizes.max()) if sizes.size else 0.0
    return np.argwhere(~np.isclose(found, right, rtol=0.0, atol=near, equal_nan=True))


def here(program: Program, iteration: Iteration) -> Probe:
    """An iteration of a run, computed as the algorithm is taught."""
    given = {**iteration.given, **iteration.scalars}
    return Probe(program, len(iteration.examples), given, tuple(_results(program, given)))


@lru_cache(maxsize=2)
def of_same_sizes(
    network: Network | WrittenNetwork, training: Training, examples: int, t: float
) -> tuple[Probe, ...]:
    """The same network with random parameters and data; none where it is too large."""
    program = program_of(network, training)
    if sum(prod(program.shapes(1)[symbol]) for symbol in program.parameters) > LARGEST:
        return ()
    keys = ("beta1", "beta2", "epsilon", "weight_decay", "l2")
    scalars = {"alpha": training.learning_rate, **{k: getattr(training, k) for k in keys}, "t": t}
    # Several: with one draw every ReLU may be open.
    return tuple(_drawn(program, examples, scalars, seed) for seed in range(4))


@lru_cache(maxsize=2)
def of_other_sizes(network: Network | WrittenNetwork, training: Training) -> tuple[Probe, ...]:
    """Networks with the same depth, functions and loss, and layers of pairwise different sizes;
    none of one that is written as formulas."""
    if isinstance(network, WrittenNetwork):
        return ()
    widths = tuple(islice(cycle(WIDTHS), len(network.layers)))
    other = replace(network, layers=widths)
    program = program_of(other, replace(training, batch=max(EXAMPLES)))
    return tuple(_drawn(program, examples, CONSTANTS, seed=10) for examples in EXAMPLES)


def _drawn(program: Program, examples: int, scalars: Mapping[str, float], seed: int) -> Probe:
    """A probe with random numbers, in which each step has a finite number other than 0."""
    for draw in range(DRAWS):
        random = np.random.default_rng([seed, draw])
        given = {
            **_matrices(program, examples, random),
            **scalars,
            "m": float(examples),
            "K": float(program.outputs),
        }
        results = tuple(_results(program, given, random if draw >= AS_IT_IS else None))
        by_symbol = program.by_symbol(results)
        stay = draw >= AS_IT_IS or not any(_vanished(by_symbol[s]) for s in _enter(program))
        if stay and all(map(_tells, results)):
            break
    return Probe(program, examples, given, results)


def _matrices(program: Program, examples: int, random: np.random.Generator) -> dict[str, Array]:
    """Random data, parameters and running means."""
    shapes, given = program.shapes(examples), {}
    for symbol in sorted(program.data, key=program.targets.count, reverse=True):
        given[symbol] = random.normal(size=shapes[symbol])
        if (loss := program.architecture.losses.get(symbol)) is None:
            continue
        if loss.targets_are_probabilities or loss.targets_are_shares:
            given[symbol] = random.uniform(0.1, 0.9, shapes[symbol])
        if loss.targets_are_shares:
            given[symbol] = given[symbol] / given[symbol].sum(axis=1 - program.axis, keepdims=True)
    for symbol in program.kept:
        numbers = random.normal(size=shapes[symbol]) / np.sqrt(shapes[symbol][1])
        is_mean_of_squares = program.roles[symbol].mean == "s"
        given[symbol] = np.abs(numbers) if is_mean_of_squares else numbers
    return given


def _results(
    program: Program, given: Mapping[str, Any], random: np.random.Generator | None = None
) -> Iterator[Array]:
    """What each step computes, in order.

    With `random`, a gradient that has vanished where it enters a layer is replaced.
    """
    env, entering = dict(given), _enter(program)
    for step, expression in zip(program.steps, program.lowered, strict=True):
        result = np.asarray(value(expression, env))
        if random is not None and step.symbol in entering and _vanished(result):
            result = random.normal(size=result.shape)
        env[step.symbol] = result
        yield result


def _enter(program: Program) -> frozenset[str]:
    """The gradients that enter a hidden layer from above."""
    steps = program.steps[: program.phase_bounds("forward")[1]]
    hidden = (s.symbol for s in steps if s.symbol != program.output and s.group)
    if program.layers:
        hidden = (layer.activation for layer in program.layers[:-1])
    return frozenset(filter(None, map(program.gradient_of, hidden)))


def _vanished(gradient: Array) -> bool:
    return not VANISHED < np.abs(gradient).max() < 1 / VANISHED


def _tells(result: Array) -> bool:
    return bool(result[np.isfinite(result)].any())
