"""Probes: networks with random numbers, on which a formula is tried out.

Some have the experiment's own sizes; the others have several examples and, in a dense network,
layers of pairwise different sizes, so that no formula fits them by coincidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import cycle, islice
from math import prod
from typing import Any, TypeAlias

import numpy as np

from backprop_tui.maths.expressions import Expr, names
from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import alike, largest
from backprop_tui.maths.shapes import ShapeMismatch, shape, written
from backprop_tui.maths.values import rounded, value
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.architecture import Step
from backprop_tui.model.experiment import Indices
from backprop_tui.model.formulas import NetworkError
from backprop_tui.model.network import Network, Training, WrittenNetwork
from backprop_tui.model.own import CLOSE, drawn, same
from backprop_tui.model.program import Program, lowered
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
TIMES = 10
"""How many times as much rounding may move the numbers of another way of computing the same."""
VANISHED = 1e-3
"""A gradient that is nowhere larger has vanished: its numbers are too small to compare."""
AS_IT_IS, DRAWS = 2, 7
"""How often random numbers are drawn until no gradient vanishes; from the draw AS_IT_IS on, one
that does is replaced by random numbers."""


@dataclass(frozen=True, eq=False)
class Probe:
    """One iteration of the algorithm as it is taught."""

    program: Program
    examples: int
    given: Mapping[str, Any]
    """The matrices and single numbers that the iteration begins with, by symbol."""
    results: tuple[Array, ...]
    """What its steps computed, in order."""
    is_drawn: bool = True
    """Whether its numbers are random, and no run's."""
    errors: dict[str, Array] = field(default_factory=dict)
    """How far rounding may move the numbers of a step, once that was asked: a judgement holds many
    wrong formulas against it."""

    def before(self, symbol: str) -> dict[str, Any]:
        """What every symbol holds that is known before the step of `symbol`."""
        earlier = self.results[: self.program.index(symbol)]
        return {**self.given, **self.program.by_symbol(earlier)}

    def step(self, symbol: str) -> Step:
        """The step that computes a symbol."""
        return self.program.steps[self.program.index(symbol)]

    def right(self, symbol: str) -> Array:
        """The value of the step's own formula."""
        return np.asarray(value(self.step(symbol).expression, self.before(symbol)))

    def of(self, e: Expr, symbol: str) -> Array | None:
        """The value of `e` in place of that step; None where its shape is not the step's."""
        try:
            fits = misfit(e, symbol, self.program, self.examples) is None
        except KeyError:  # this network has no such symbol
            fits = False
        return np.asarray(value(e, self.before(symbol))) if fits else None

    def computes(self, e: Expr) -> bool:
        """Whether the shapes of what `e` reads fit together."""
        try:
            shape(e, self.program.shapes(self.examples))
        except ShapeMismatch:
            return False
        return True

    def agrees(self, e: Expr, symbol: str) -> bool:
        """Whether `e` has the value of the step's own formula."""
        found, right = self.of(e, symbol), self.right(symbol)
        if found is None or same(found, right):
            return found is not None
        if not self._cancels(found, right, symbol):
            return False
        return not self.is_drawn or self._agrees_in_any(e, symbol)

    def _cancels(self, found: Array, right: Array, symbol: str) -> bool:
        """Whether both differ by no more than rounding, which is all that is left of them."""
        with np.errstate(all="ignore"):
            if symbol not in self.errors:
                env, own = self.before(symbol), lowered(self.step(symbol).expression)
                exact = {s: np.zeros(np.shape(env[s])) for s in names(own)}
                self.errors[symbol] = np.asarray(rounded(own, env, exact)[1])
            errors = self.errors[symbol]
            near = (np.abs(found - right) <= TIMES * errors).all()
            return bool(near and np.isfinite(errors).all())

    def _agrees_in_any(self, e: Expr, symbol: str) -> bool:
        """Whether `e` has the value of the step's own formula where the gradients that this reads
        are random: where they cancel, any multiple of them is as good."""
        env, own = self.before(symbol), self.step(symbol).expression
        random = np.random.default_rng(1)
        for read in names(own):
            if read in self.program.gradients:
                env[read] = random.normal(size=env[read].shape)
        return same(np.asarray(value(e, env)), np.asarray(value(own, env)))

    def tells(self, symbol: str) -> bool:
        """Whether the step's own formula gives any finite number, which another one can be held
        against."""
        return bool(np.isfinite(self.right(symbol)).any())


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


def differing(found: Array, right: Array) -> Indices:
    """The places at which two results differ, from 0, row by row."""
    return np.argwhere(~alike(found, right, CLOSE * largest(right)))


Own: TypeAlias = tuple[tuple[str, Expr], ...]
"""A learner's own forward formulas, by the symbols that they compute."""


@lru_cache(maxsize=16)
def taught_program(network: Network | WrittenNetwork, training: Training, own: Own = ()) -> Program:
    """The program of a network, derived from the learner's own forward formulas where there are
    any. Raises NoRule."""
    return replace(program_of(network, training, dict(own)), formulas={})


def here(program: Program, iteration: Iteration) -> Probe:
    """An iteration of a run, computed as the algorithm is taught."""
    shapes = program.shapes(len(iteration.examples))
    means = {symbol: np.zeros(shapes[symbol]) for symbol in program.kept}
    given = {**means, **iteration.given, **iteration.scalars}
    results = tuple(_results(program, given))
    return Probe(program, len(iteration.examples), given, results, is_drawn=False)


@lru_cache(maxsize=16)
def of_same_sizes(program: Program, examples: int, t: float, labels: bool) -> tuple[Probe, ...]:
    """The same network with random parameters and data, with `labels` of targets that are 0 or 1;
    none where it is too large."""
    if sum(prod(program.shapes(1)[symbol]) for symbol in program.parameters) > LARGEST:
        return ()
    scalars = {**program.training.constants, "t": t}
    drawn = (_drawn(program, examples, scalars, seed, labels) for seed in range(4))
    as_they_are = (_once(program, examples, scalars, seed, labels) for seed in range(20, 28))
    finite = (p for p in as_they_are if all(np.isfinite(r).all() for r in p.results))
    return (*drawn, *finite)  # in some of these a ReLU is closed


@lru_cache(maxsize=16)
def of_other_sizes(
    program: Program,
    own: Own,
    labels: bool = False,
    layers: tuple[int, ...] | None = None,
    numbers: tuple[tuple[str, float], ...] = tuple(CONSTANTS.items()),
) -> tuple[Probe, ...]:
    """The same formulas with other numbers of examples, with these single `numbers`, and in a dense
    network with `layers`, or with layers of pairwise different sizes; none where the formulas do
    not fit these."""
    network, training = program.network, replace(program.training, batch=max(EXAMPLES))
    if isinstance(network, Network):
        widths = layers or tuple(islice(cycle(WIDTHS), len(network.layers)))
        other: Network | WrittenNetwork = replace(network, layers=widths)
    elif program.architecture.same:
        return ()
    else:
        other = replace(network, batches=EXAMPLES)
    try:
        taught = taught_program(other, training, ())
        if any(misfit(e, symbol, taught, m) for symbol, e in own for m in EXAMPLES):
            return ()  # Z1 = W1ᵀ · X + b1, where every layer has as many neurons
        found = taught_program(other, training, own)
        return tuple(_drawn(found, examples, dict(numbers), 10, labels) for examples in EXAMPLES)
    except (ShapeMismatch, NetworkError):
        return ()


def _drawn(
    program: Program, examples: int, scalars: Mapping[str, float], seed: int, labels: bool
) -> Probe:
    """A probe with random numbers, in which each step has a finite number other than 0."""
    for draw in range(DRAWS):
        probe = _once(program, examples, scalars, seed, labels, draw)
        entering = _enter(program) & program.positions.keys()  # what is given is drawn
        by_symbol = program.by_symbol(probe.results)
        stay = draw >= AS_IT_IS or not any(_vanished(by_symbol[s]) for s in entering)
        if stay and all(map(_tells, probe.results)):
            break
    return probe


def _once(
    program: Program,
    examples: int,
    scalars: Mapping[str, float],
    seed: int,
    labels: bool,
    draw: int = 0,
) -> Probe:
    random = np.random.default_rng([seed, draw])
    given: dict[str, Any] = {**scalars, "m": float(examples), "K": float(program.outputs)}
    given |= drawn(program.architecture, examples, random, labels)
    for symbol in program.kept:
        if program.roles[symbol].kind == "mean":
            numbers = random.normal(size=program.shapes(examples)[symbol])
            given[symbol] = np.abs(numbers) if program.roles[symbol].mean == "s" else numbers
    results = tuple(_results(program, given, random if draw >= AS_IT_IS else None))
    return Probe(program, examples, given, results)


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
