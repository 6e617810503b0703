"""A learner's own forward formulas: the network that they make of the one that is taught.

A formula that computes what the taught one does leaves the backward pass as it is taught. Any other
is the learner's own network, and its backward pass is derived from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from backprop_tui.maths.expressions import Expr
from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import alike, largest
from backprop_tui.maths.values import value
from backprop_tui.model.architecture import Architecture, Step
from backprop_tui.model.network import Training
from backprop_tui.model.program import with_shapes_of

DRAWS = 8
"""On how many networks with random numbers a formula is compared with the taught one."""
CLOSE = 1e-9
"""Numbers this close, relative to the largest of their matrix, are the same: formulas that are
equal in mathematics round differently."""


@lru_cache(maxsize=64)
def with_formulas(
    whole: Architecture,
    objective: Step | None,
    training: Training,
    own: tuple[tuple[str, Expr], ...],
) -> Architecture:
    """The network with a learner's own forward formulas in it, by the symbols that they compute;
    `objective` is J as it is taught."""
    formulas = dict(own)
    taught = (*whole.steps, *filter(None, (objective,)))
    runs, steps = tuple(_runs(whole, training)), list[Step]()
    for step in taught:
        e = formulas.get(step.symbol, step.expression)
        results = [(_computed(e, env), _computed(step.expression, env)) for env in runs]
        if not all(same(*both) for both in results):
            step = replace(step, expression=e)
        steps.append(step)
        for env, (result, _) in zip(runs, results, strict=True):
            if step.symbol not in whole.cached:
                env[step.symbol] = result
    if (*steps,) == taught:
        return whole
    if objective is not None:
        objective = steps.pop()
    return replace(whole, steps=tuple(steps), objective=objective)


def _runs(whole: Architecture, training: Training) -> Iterator[dict[str, Any]]:
    """What there is before the first step, in some networks with random numbers."""
    examples = training.batch
    size = with_shapes_of(whole.steps, whole.shapes(examples))[whole.output][1 - whole.axis]
    numbers = {**training.constants, "m": float(examples), "K": float(size), "t": 1.0}
    for seed in range(DRAWS):
        yield {**numbers, **drawn(whole, examples, np.random.default_rng(seed))}


def drawn(
    whole: Architecture, examples: int, random: np.random.Generator, labels: bool = False
) -> dict[str, Array]:
    """Random data and parameters, by their symbols; with `labels`, targets are 0 or 1."""
    found, shapes = {}, whole.shapes(examples)
    for symbol in sorted(shapes):
        numbers, loss = random.normal(size=shapes[symbol]), whole.losses.get(symbol)
        if symbol in whole.parameters:
            numbers = numbers / np.sqrt(shapes[symbol][1])
        elif loss is not None and loss.targets_are_shares:
            entries = 1 - whole.axis
            numbers = random.uniform(0.1, 0.9, shapes[symbol])
            largest = numbers == numbers.max(axis=entries, keepdims=True)
            numbers = largest * 1.0 if labels else numbers / numbers.sum(entries, keepdims=True)
        elif loss is not None and loss.targets_are_probabilities:
            numbers = random.uniform(0.1, 0.9, shapes[symbol])
            numbers = np.round(numbers) if labels else numbers
        found[symbol] = numbers
    return found


def _computed(e: Expr, env: dict[str, Any]) -> Array:
    return np.atleast_2d(value(e, env))


def same(found: Array, right: Array) -> bool:
    """Whether two results are equal in every number, up to rounding."""
    return found.shape == right.shape and bool(alike(found, right, CLOSE * largest(right)).all())
