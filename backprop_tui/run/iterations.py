"""Iterations computed: one whole, to be shown, or many at once, for where they lead.

The one is evaluated step by step and keeps every result; the many run compiled (`runner`), to the
same bits. It knows which batch an iteration works on, and nothing of positions or of what was
computed before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from backprop_tui.maths.values import value
from backprop_tui.model.experiment import Array, Experiment, Indices, Kept, read_only
from backprop_tui.model.program import Program

if TYPE_CHECKING:  # imported when many are run: the first frame does not wait for it
    from backprop_tui.run.many import Runner


@dataclass(frozen=True, eq=False)
class Iteration:
    """One pass over one batch: what it began with, and what every step gave, in order."""

    number: int
    examples: tuple[int, ...]
    """Which examples of the data the batch holds, from 0."""
    given: Mapping[str, Array]
    """X, Y, and as the iteration found them the parameters and an optimizer's running means."""
    scalars: Mapping[str, float]
    """α, m, K, the constants of the optimizer, and t, the iteration's number."""
    results: tuple[Array, ...]
    parameters: Mapping[str, Array]
    """The parameters as the next iteration begins with them, and the running means: what this one
    leaves, and edits on top of it."""
    diverged: str | None
    """The first parameter that is no longer finite."""

    @property
    def nbytes(self) -> int:
        """The memory that its numbers take."""
        return sum(array.nbytes for array in (*self.results, *self.given.values()))


class Replay:
    """Computes the iterations of a run from what they begin with: `kept`, as the program says."""

    def __init__(self, experiment: Experiment, program: Program) -> None:
        self.experiment, self.program = experiment, program
        training = experiment.training
        self.scalars: Mapping[str, float] = {
            "alpha": training.learning_rate,
            "K": float(experiment.network.layers[-1]),
            "beta1": training.beta1,
            "beta2": training.beta2,
            "epsilon": training.epsilon,
            "weight_decay": training.weight_decay,
        }

    def beginning(self) -> Kept:
        """What the first iteration begins with: the parameters; running means are zero."""
        parameters, shapes = self.experiment.parameters(), self.program.shapes(1)
        return tuple(
            parameters[symbol] if symbol in parameters else read_only(np.zeros(shapes[symbol]))
            for symbol in self.program.kept
        )

    def is_finite(self, kept: Kept) -> bool:
        """Whether every parameter is: where one is not, the run has diverged."""
        return self._diverged(dict(zip(self.program.kept, kept, strict=True))) is None

    def _diverged(self, kept: Mapping[str, Array]) -> str | None:
        parameters = self.program.parameters
        return next((symbol for symbol in parameters if not np.isfinite(kept[symbol]).all()), None)

    # One iteration, whole

    def whole(self, number: int, kept: Kept) -> Iteration:
        """The iteration that begins with that, with the result of every step."""
        examples = self.experiment.examples_of(number)
        X, Y = self.batch(examples)
        given = {"X": X, "Y": Y, **dict(zip(self.program.kept, kept, strict=True))}
        scalars = {**self.scalars, "m": float(len(examples)), "t": float(number)}
        env: dict[str, Any] = {**given, **scalars}
        results = []
        for step, expression in zip(self.program.steps, self.program.lowered, strict=True):
            # One order in memory: a replay gives the same bits. Read-only, as all of the past.
            result = np.ascontiguousarray(value(expression, env))
            result.flags.writeable = False
            env[step.symbol] = result
            results.append(result)
        left = {symbol: env[symbol] for symbol in self.program.kept}
        return Iteration(
            number,
            tuple(examples.tolist()),
            MappingProxyType(given),
            scalars,
            tuple(results),
            left,
            self._diverged(left),
        )

    def loss_of(self, iteration: Iteration) -> float:
        """The loss of a whole iteration."""
        return float(iteration.results[self.program.index(self.program.objective)][0, 0])

    def batch(self, examples: Indices) -> tuple[Array, Array]:
        """X and Y of those examples, laid out row by row."""
        data = self.experiment.data
        if len(examples) == data.examples and (examples == np.arange(data.examples)).all():
            return data.X, data.Y
        X, Y = (matrix.take(examples, axis=1) for matrix in (data.X, data.Y))  # row by row
        X.flags.writeable = Y.flags.writeable = False
        return X, Y  # (n[0], m), (n[L], m)

    # Many iterations, compiled

    def many(self, first: int, last: int, kept: Kept) -> Kept:
        """What the iterations from `first` to `last` lead to."""
        return self._runner.many(first, last, kept)

    def many_with_losses(self, first: int, last: int, kept: Kept) -> tuple[Kept, Array]:
        """The same, and the loss of each of them."""
        return self._runner.many_with_losses(first, last, kept)

    @cached_property
    def _runner(self) -> Runner:
        from backprop_tui.run.many import Runner

        return Runner(self)
