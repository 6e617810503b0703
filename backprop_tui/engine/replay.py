"""Iterations computed: one whole, to be shown, or many at once, for where they lead.

The one is evaluated step by step and keeps every result; the many run compiled and keep nothing
but what the last hands on and, when asked, the losses. Both give the same numbers to the bit. It
knows which batch an iteration works on, and nothing of positions or of what was computed before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from types import MappingProxyType
from typing import Any

import numpy as np

from backprop_tui.engine.algebra import Expr, names
from backprop_tui.engine.compiler import Compiled, Kept, compiled
from backprop_tui.engine.evaluate import value
from backprop_tui.engine.experiment import Experiment, Indices, read_only
from backprop_tui.engine.functions import Array
from backprop_tui.engine.program import A, Program

BATCHES_ROOM = 16 * 2**20
"""Bytes for batches that come again in the next epoch."""


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
    """The parameters as the iteration leaves them, and the running means."""
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
        _, behind_loss = program.phase_bounds("loss")
        self.objective = program.steps[behind_loss - 1].symbol
        """What an iteration's loss is: J, or the L of its one example."""

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
        return float(iteration.results[self.program.index(self.objective)][0, 0])

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
        return self._plain.run(first, last, kept, [])

    def many_with_losses(self, first: int, last: int, kept: Kept) -> tuple[Kept, Array]:
        """The same, and the loss of each of them."""
        wanted: list[Array] = []
        left = self._recording.run(first, last, kept, wanted)
        if self._loss_of_columns is None:
            return left, np.concatenate(wanted, axis=None)
        # One example and one output: every iteration is a column, as if all were one batch.
        columns = {
            self._output: np.concatenate(wanted[0::2], axis=1),  # (1, iterations)
            "Y": np.concatenate(wanted[1::2], axis=1),  # (1, iterations)
            **self.scalars,
        }
        return left, np.ascontiguousarray(value(self._loss_of_columns, columns)[0])

    @cached_property
    def _plain(self) -> _Runner:
        return _Runner(self, compiled(self.program))

    @cached_property
    def _recording(self) -> _Runner:
        wanted = (self.objective,) if self._loss_of_columns is None else (self._output, "Y")
        return _Runner(self, compiled(self.program, wanted))

    @property
    def _output(self) -> str:
        return A[self.program.network.depth].symbol

    @cached_property
    def _loss_of_columns(self) -> Expr | None:
        """L, where it can be taken of many iterations at once to the same bits: where nothing is
        summed, neither over outputs nor over examples. Each time it costs half an iteration."""
        loss = self.program.lowered[self.program.index("L")]
        single = self.objective == "L" and self.program.network.layers[-1] == 1
        return loss if single and {self._output, "Y", "K"}.issuperset(names(loss)) else None


class _Runner:
    """A compiled program on an experiment's batches, those that come again prepared once."""

    def __init__(self, replay: Replay, program: Compiled) -> None:
        self.replay, self.compiled = replay, program
        self.constants = {symbol: replay.scalars[symbol] for symbol in program.constants}
        experiment = replay.experiment
        self.in_order = experiment.training.order == "sequential"
        self.single = experiment.training.batch == 1
        self.per_epoch = experiment.batches_per_epoch
        self.frozen = [
            i
            for i, symbol in enumerate(replay.program.kept)
            if symbol not in replay.program.positions
        ]
        self.prepared: dict[int | None, tuple[Any, ...]] = {}
        self.prepared_for: Kept = ()
        self.bytes = 0

    def run(self, first: int, last: int, kept: Kept, wanted: list[Array]) -> Kept:
        """What those iterations lead to; what is wanted of each is added to `wanted`."""
        self._forget_unless_for(kept)
        left = self.compiled.iterations(
            kept, self._batches(first, last, kept), first, wanted.append, **self.constants
        )
        for array in left:
            array.flags.writeable = False
        return left

    def _forget_unless_for(self, kept: Kept) -> None:
        """What is prepared holds for the frozen parameters that it was prepared with."""
        frozen = tuple(kept[i] for i in self.frozen)
        if len(frozen) != len(self.prepared_for) or not all(
            map(np.array_equal, frozen, self.prepared_for)
        ):
            self.prepared, self.prepared_for, self.bytes = {}, frozen, 0

    def _batches(self, first: int, last: int, kept: Kept) -> Iterator[tuple[Any, ...]]:
        if self.per_epoch == 1 and self._key(first) is not None:
            return repeat(self._batch(first, kept), last - first + 1)
        return (self._batch(number, kept) for number in range(first, last + 1))

    def _batch(self, number: int, kept: Kept) -> tuple[Any, ...]:
        """What `iterations` reads of an iteration's batch."""
        key = self._key(number)
        if key in self.prepared:
            return self.prepared[key]
        examples = self.replay.experiment.examples_of(number)
        X, Y = self.replay.batch(examples)
        with np.errstate(all="ignore"):
            batch = self.compiled.fixed(kept, X, Y, float(len(examples)), **self.constants)
        if key is not None and self.bytes < BATCHES_ROOM:
            self.prepared[key] = batch
            self.bytes += sum(part.nbytes for part in batch if isinstance(part, np.ndarray))
        return batch

    def _key(self, number: int) -> int | None:
        """What tells a batch that comes again from the others; None where none does."""
        if self.in_order:
            return (number - 1) % self.per_epoch
        return int(self.replay.experiment.examples_of(number)[0]) if self.single else None
