"""Many iterations at once, compiled: where they lead and, when asked, the loss of each.

Batches that come again are prepared once, and losses are computed of many batches together. It
keeps nothing else of what it runs through; what one iteration is, is `replay`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from backprop_tui.model.algorithm import A
from backprop_tui.model.experiment import Array, Indices, Kept
from backprop_tui.run.compiler import (
    Compiled,
    Losses,
    compiled,
    compiled_losses,
    number_array,
)

if TYPE_CHECKING:
    from backprop_tui.run.iterations import Replay

BATCHES_ROOM = 16 * 2**20
"""Bytes for batches that come again in the next epoch."""
STACK_ROOM = 2**18
"""Bytes for what is computed of many batches at once: their columns, their losses."""
OVERHEAD = 120
"""Bytes that an array takes beside its numbers."""


Stacks: TypeAlias = tuple[int, Iterable[Array], Iterable[Array]]
"""How many examples a batch has, and X and Y of many such batches."""


class Runner:
    """Runs through the iterations of a replay."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay

    def many(self, first: int, last: int, kept: Kept) -> Kept:
        """What the iterations from `first` to `last` lead to."""
        return self._plain.run(first, last, kept, [])

    def many_with_losses(self, first: int, last: int, kept: Kept) -> tuple[Kept, Array]:
        """The same, and the loss of each of them."""
        if self._losses is None:
            wanted: list[Array] = []
            left = self._recording.run(first, last, kept, wanted)
            return left, np.concatenate(wanted, axis=None)
        losses = np.empty(last - first + 1)
        numbers = self.replay.program.network.layers[-1] * self.replay.experiment.training.batch
        at_a_time = max(1, STACK_ROOM // (16 * numbers))
        for begin in range(first, last + 1, at_a_time):
            end, wanted = min(last, begin + at_a_time - 1), []
            kept = self._recording.run(begin, end, kept, wanted)
            losses[begin - first : end - first + 1] = self._losses_of(begin, end, wanted)
        return kept, losses

    @cached_property
    def _plain(self) -> _Batches:
        return _Batches(self.replay, compiled(self.replay.program))

    @cached_property
    def _recording(self) -> _Batches:
        wanted = (self.replay.program.objective,) if self._losses is None else (self._output, "Y")
        return _Batches(self.replay, compiled(self.replay.program, wanted))

    @property
    def _output(self) -> str:
        return A[self.replay.program.network.depth].symbol

    @cached_property
    def _losses(self) -> Losses | None:
        return compiled_losses(self.replay.program, self.replay.program.objective, self._output)

    def _losses_of(self, first: int, last: int, wanted: list[Array]) -> Array:
        """The losses of iterations that came to these A and Y, in turn."""
        assert self._losses is not None
        constants = {s: number_array(self.replay.scalars[s]) for s in self._losses.constants}
        losses = np.empty(last - first + 1)
        for m, at in self._by_size(first, last):
            outputs, targets = wanted[0::2], wanted[1::2]
            if len(at) < len(losses):
                outputs, targets = ([of[i] for i in at.tolist()] for of in (outputs, targets))
            stacks = (np.concatenate(of).reshape(len(at), -1, m) for of in (outputs, targets))
            # (iterations, n[L], m) each
            losses[at] = self._losses.of(*stacks, number_array(m), **constants)
        return losses

    def _by_size(self, first: int, last: int) -> Iterator[tuple[int, Indices]]:
        """How many examples a batch has, and which of those iterations, from 0, have so many."""
        examples, full = self.replay.experiment.data.examples, self.replay.experiment.training.batch
        numbers = np.arange(first, last + 1)
        is_last = numbers % self.replay.experiment.batches_per_epoch == 0
        rest = examples % full
        for m, has in ((rest, is_last), (full, ~is_last)) if rest else ((full, numbers > 0),):
            if (at := np.flatnonzero(has)).size:
                yield m, at


class _Batches:
    """A compiled program on an experiment's batches, those that come again prepared once."""

    def __init__(self, replay: Replay, program: Compiled) -> None:
        self.replay, self.compiled = replay, program
        self.constants = {s: number_array(replay.scalars[s]) for s in program.constants}
        self.experiment = experiment = replay.experiment
        everything = replace(experiment.training, batch=experiment.data.examples)
        self.epochs = replace(experiment, training=everything)
        """A batch of it is an epoch."""
        self.in_order = experiment.training.order == "sequential"
        self.comes_again = self.in_order or experiment.training.batch == 1
        self.per_epoch = experiment.batches_per_epoch
        self.frozen = [
            i
            for i, symbol in enumerate(replay.program.kept)
            if symbol not in replay.program.positions
        ]
        self.prepared: dict[int, tuple[Any, ...]] = {}
        """By their numbers in the epoch the batches of an unchanging order, by their examples the
        single ones."""
        self.prepared_for: Kept = ()
        self.bytes = 0

    def run(self, first: int, last: int, kept: Kept, wanted: list[Array]) -> Kept:
        """What those iterations lead to; what is wanted of each is added to `wanted`."""
        self._forget_unless_for(kept)
        with np.errstate(all="ignore"):
            batches = self._batches(first, last, kept)
            left = self.compiled.iterations(kept, batches, first, wanted.append, **self.constants)
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
        """What `iterations` reads of the batch of each."""
        if self.per_epoch == 1 and self.in_order:
            return repeat(next(self._of_epoch(1, 1, kept)), last - first + 1)
        epoch_ends = range(self.experiment.epoch_of(first) * self.per_epoch, last, self.per_epoch)
        ends = [*epoch_ends, last]
        starts = [first, *(end + 1 for end in epoch_ends)]
        return chain.from_iterable(map(self._of_epoch, starts, ends, repeat(kept)))

    def _of_epoch(self, first: int, last: int, kept: Kept) -> Iterator[tuple[Any, ...]]:
        """The same, of iterations within one epoch."""
        size, start = self.experiment.training.batch, (first - 1) % self.per_epoch
        stop = start + last - first + 1
        order = self.epochs.examples_of(self.experiment.epoch_of(first))
        made = self._made(order[start * size : stop * size], kept)
        if not self.comes_again:
            return made
        keys: Sequence[int] = range(start, stop) if self.in_order else order[start:stop].tolist()
        if all(map(self.prepared.__contains__, keys)):
            return map(self.prepared.__getitem__, keys)
        return self._remembered(keys, made)

    def _remembered(
        self, keys: Sequence[int], made: Iterator[tuple[Any, ...]]
    ) -> Iterator[tuple[Any, ...]]:
        """Batches made, and kept for the next epoch as long as there is room."""
        for key, batch in zip(keys, made, strict=True):
            if self.bytes < BATCHES_ROOM and key not in self.prepared:
                self.prepared[key] = batch
                own = (part for part in batch if isinstance(part, np.ndarray))
                self.bytes += sum(part.nbytes + OVERHEAD for part in own)
            yield batch

    def _made(self, examples: Indices, kept: Kept) -> Iterator[tuple[Any, ...]]:
        """The batches that hold these examples, one after the other."""
        constants = [repeat(number) for number in self.constants.values()]
        for m, Xs, Ys in self._gathered(examples):
            m_of_each = repeat(number_array(m))
            yield from map(self.compiled.fixed, repeat(kept), Xs, Ys, m_of_each, *constants)

    def _gathered(self, examples: Indices) -> Iterator[Stacks]:
        """X and Y of the batches that hold these examples, as many at once as there is room for.

        Each lies in memory row by row, as `Replay.batch` has it; the data is read once for all.
        """
        full, data = self.experiment.training.batch, self.experiment.data
        at_a_time = full * max(1, STACK_ROOM // (8 * full * (len(data.X) + len(data.Y))))
        whole = len(examples) // full * full
        for start in range(0, whole, at_a_time):
            here = examples[start : min(start + at_a_time, whole)]
            if len(here) == full:
                X, Y = self.replay.batch(here)
                yield full, (X,), (Y,)
            else:
                yield full, _stack(data.X, here, full), _stack(data.Y, here, full)
        if whole < len(examples):
            X, Y = self.replay.batch(examples[whole:])
            yield len(examples) - whole, (X,), (Y,)


def _stack(matrix: Array, examples: Indices, m: int) -> Array:
    """Columns of a matrix, m to each batch: (batches, rows, m), each batch laid out row by row."""
    columns = matrix.take(examples, axis=1).reshape(len(matrix), -1, m)  # (rows, batches, m)
    return np.ascontiguousarray(columns.swapaxes(0, 1))
