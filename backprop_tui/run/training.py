"""Training: a run goes on until something says that it is enough, and what it came to by then.

The iterations are the history's; this looks at their losses, a stretch at a time, and cuts the one
in which the run is to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_tui.maths.values import value
from backprop_tui.model.classes import class_names, correct
from backprop_tui.model.experiment import Array, Experiment
from backprop_tui.run.history import Stretch
from backprop_tui.run.iterations import batch, constants
from backprop_tui.run.timeline import Position, Timeline

LEAST = 1000
"""Iterations where nothing is said of how many: these, or an epoch if that has more."""
MOST = 1_000_000
"""Iterations where a loss or a plateau is waited for, and nothing is said of how many."""
AT_A_TIME = 1024
"""Examples that are predicted at a time."""


class StopReason(Enum):
    """Why a run stopped."""

    ITERATIONS = "iterations"
    LOSS = "loss"
    BATCH_LOSS = "batch loss"
    PLATEAU = "plateau"
    DIVERGED = "diverged"
    ASKED = "asked"


@dataclass(frozen=True)
class Until:
    """When a run has gone on for long enough; `None` is not asked for."""

    iterations: int | None = None
    loss: float | None = None
    """The first epoch with a mean J of its batches below: it ends with its last batch."""
    batch_loss: float | None = None
    """The first iteration whose own loss is below."""
    plateau: int | None = None
    """So many iterations in a row without a new best loss."""

    def most(self, timeline: Timeline) -> int:
        """The most iterations that there will be."""
        if self.iterations is not None:
            return self.iterations
        if (self.loss, self.batch_loss, self.plateau) != (None, None, None):
            return MOST
        return max(LEAST, timeline.experiment.batches_per_epoch)


@dataclass(frozen=True, eq=False)
class Trained:
    """What a run came to so far, and the stretch that it ran through last."""

    first: int
    last: int
    losses: Array
    """Of the last stretch, which ends with iteration `last`."""
    begun: float
    """The loss of the first iteration."""
    best: float
    best_in: int
    stop: StopReason | None = None
    """None: it goes on."""

    @property
    def loss(self) -> float:
        return float(self.losses[-1])


def train(
    timeline: Timeline,
    first: int,
    until: Until,
    asked: Callable[[], object] = lambda: False,
) -> Iterator[Trained]:
    """Iterations from `first` on, stretch by stretch; the last one says why it is the last.

    `asked` is asked after each stretch whether to stop. Where the run has diverged before `first`,
    there is none.
    """
    end = first + until.most(timeline) - 1
    begun, best, best_in = 0.0, inf, first - 1
    epochs = _WholeEpochs(timeline.experiment, first, _or_never(until.loss))
    for stretch in timeline.history.run(first, end):
        losses, numbers = stretch.losses, np.arange(stretch.first, stretch.last + 1)
        begun = float(losses[0]) if stretch.first == first else begun
        lowest = np.fmin.accumulate(np.concatenate([[best], losses]))
        better = lowest[1:] < lowest[:-1]  # a NaN is never better
        since = np.maximum.accumulate(np.where(better, numbers, best_in))
        stop, kept = None, len(losses)
        if stretch.diverged:
            stop = StopReason.DIVERGED
        elif stretch.last == end:
            stop = StopReason.ITERATIONS
        for reason, met in (
            (StopReason.PLATEAU, numbers - since >= (until.plateau or inf)),
            (StopReason.BATCH_LOSS, losses < _or_never(until.batch_loss)),
            (StopReason.LOSS, epochs.below(stretch)),
        ):
            if met[:kept].any():
                stop, kept = reason, int(met.argmax()) + 1
        best, best_in = float(lowest[kept]), int(since[kept - 1])
        if stop is None and asked():
            stop = StopReason.ASKED
        last = stretch.first + kept - 1
        yield Trained(first, last, losses[:kept], begun, best, best_in, stop)
        if stop is not None:
            return


def _or_never(bound: float | None) -> float:
    return -inf if bound is None else bound


class _WholeEpochs:
    """The mean losses of the epochs from their first batch on, beside a bound."""

    def __init__(self, experiment: Experiment, first: int, bound: float) -> None:
        self.batches, self.bound = experiment.batches_per_epoch, bound
        sizes = experiment.batch_sizes
        self.weights = np.array([sizes[0]] * (self.batches - 1) + [sizes[-1]])
        self.next = first + (1 - first) % self.batches
        """The first iteration of the next epoch that is not done."""
        self.waiting = np.empty(0)
        """The losses of that epoch so far."""

    def below(self, stretch: Stretch) -> NDArray[np.bool_]:
        """Whether each iteration of the next stretch ends an epoch with a mean below the bound."""
        known = self.next + len(self.waiting) - stretch.first
        losses = np.concatenate([self.waiting, stretch.losses[known:]])
        done = len(losses) // self.batches
        of_epochs = losses[: done * self.batches].reshape(done, self.batches)
        ends = self.next + self.batches * np.arange(1, done + 1) - 1
        means = np.average(of_epochs, axis=1, weights=self.weights)
        self.next, self.waiting = self.next + of_epochs.size, losses[of_epochs.size :]
        return np.isin(stretch.first + np.arange(len(stretch.losses)), ends[means < self.bound])


def first_ahead(timeline: Timeline, position: Position) -> int:
    """The first iteration that is not yet done at a position."""
    done = position.steps == len(timeline.program.steps)
    return position.iteration + 1 if done else position.iteration


def first_not_finite(timeline: Timeline, iteration: int) -> str | None:
    """The first symbol in an iteration that holds something infinite or no number at all."""
    results = zip(timeline.program.steps, timeline.iteration(iteration).results, strict=True)
    return next((step.symbol for step, result in results if not np.isfinite(result).all()), None)


@dataclass(frozen=True)
class Evaluation:
    """How parameters do on all examples of the data."""

    examples: int
    loss: float
    """The mean of their losses."""
    right: int | None
    """How many are predicted right; None where the targets are no classes."""


def evaluation(timeline: Timeline, known_then: Mapping[str, Array]) -> Evaluation:
    """How the parameters among these do on all of the data."""
    experiment, program = timeline.experiment, timeline.program
    data, target = experiment.data, program.architecture.predicted or ""
    classes = class_names(program.architecture, data)
    parameters = {symbol: known_then[symbol] for symbol in program.parameters}
    total, right = 0.0, 0
    first, _ = program.phase_bounds("loss")
    of_each = program.steps[first].symbol
    is_of_each = AT_A_TIME in program.shapes(AT_A_TIME)[of_each]  # else a loss is that of a batch
    at_a_time = AT_A_TIME if is_of_each else experiment.training.batch
    for start in range(0, data.examples, at_a_time):
        here = slice(start, start + at_a_time)
        rows = np.arange(data.examples)[here]
        known: dict[str, Any] = {**parameters, **batch(data, rows)}
        numbers = {"m": float(len(rows)), "t": float(timeline.history.reached)}
        known = constants(experiment, program) | numbers | known
        for step, expression in zip(program.steps[: first + 1], program.lowered, strict=False):
            known[step.symbol] = value(expression, known)
        total += float(np.asarray(known[of_each]).sum())
        if classes:
            A, Y = (data.columns(np.asarray(known[s])) for s in (program.output, target))
            right += int(correct(A, Y).sum())
    return Evaluation(data.examples, total / data.examples, right if classes else None)
