"""Many iterations at once, as generated NumPy: where they lead, and the loss of each.

A program becomes a Python function with a line for each step that the next iteration needs, from
the same expressions that are evaluated step by step, and to the same bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from itertools import repeat
from math import prod
from typing import Any, TypeAlias

import numpy as np

from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Expr,
    MatMul,
    Name,
    Num,
    Transpose,
    is_scalar,
    names,
    walk,
)
from backprop_tui.maths.functions import GATHERINGS, Array, Primitive
from backprop_tui.maths.values import ratio, xlog
from backprop_tui.maths.writing import numpy_source
from backprop_tui.model.experiment import Experiment, Indices, Kept
from backprop_tui.model.program import Program
from backprop_tui.run.iterations import batch, constants

STACK_ROOM = 2**18
"""Bytes for what is computed of many iterations together: their batches, their losses."""
Batch: TypeAlias = tuple[Array, ...]
"""The inputs and targets, in the order of `data_of`, and m."""


def several(symbols: Sequence[str]) -> str:
    """Symbols as a tuple in source, also of one."""
    return ", ".join(symbols) + ("," if len(symbols) == 1 else "")


def constants_of(program: Program) -> frozenset[str]:
    """The numbers that are the same in every iteration; m is its batch's, t is its own."""
    return program.constants - {"m", "t"}


def data_of(program: Program) -> tuple[str, ...]:
    """The symbols of the data, in one order."""
    return tuple(symbol for symbol in program.given if symbol in program.data)


class Many:
    """Runs iterations of an experiment, all with its data and α."""

    def __init__(self, experiment: Experiment, program: Program) -> None:
        self.experiment, self.program = experiment, program
        everything = replace(experiment.training, batch=experiment.data.examples)
        self._epochs = replace(experiment, training=everything)  # a batch of it is an epoch
        self._compiled = compiled(program)
        self._data = {s: experiment.data.by_symbol[s] for s in data_of(program)}
        shapes = program.shapes(experiment.training.batch)
        numbers = sum(prod(shapes[symbol]) for symbol in program.data | {*self._compiled.recorded})
        self._at_a_time = max(1, STACK_ROOM // (8 * numbers))

    def run(self, first: int, last: int, kept: Kept) -> tuple[Kept, Array]:
        """What the iterations from `first` to `last` lead to from `kept`, and the loss of each."""
        given, same = constants(self.experiment, self.program), constants_of(self.program)
        scalars = {s: np.array(number) for s, number in given.items() if s in same}
        losses = []
        with np.errstate(all="ignore"):
            for begin in range(first, last + 1, self._at_a_time):
                end = min(last, begin + self._at_a_time - 1)
                recorded: list[Any] = []
                batches = self._batches(begin, end)
                kept = self._compiled.iterations(kept, batches, begin, recorded.append, **scalars)
                losses.append(self._losses(begin, end, recorded, scalars))
        for array in kept:
            array.flags.writeable = False
        return kept, np.concatenate(losses)

    def _batches(self, first: int, last: int) -> Iterator[Batch]:
        """Inputs, targets and m of each of these iterations."""
        experiment, per_epoch = self.experiment, self.experiment.batches_per_epoch
        same = experiment.data.same
        if experiment.training.order == "sequential":  # those of the first epoch come again
            once = cache(lambda number: self._batch(experiment.examples_of(number)))
            yield from (once(k % per_epoch + 1) for k in range(first - 1, last))
            return
        size = experiment.training.batch
        for epoch in range(experiment.epoch_of(first), experiment.epoch_of(last) + 1):
            before = (epoch - 1) * per_epoch
            order = self._epochs.examples_of(epoch)
            order = order[max(0, first - 1 - before) * size : (last - before) * size]
            full = len(order) // size * size
            stacks = (
                repeat(of, full // size)
                if s in same
                else _stack(of, order[:full], size, experiment.data.axis)
                for s, of in self._data.items()
            )
            yield from zip(*stacks, repeat(np.array(float(size)), full // size), strict=True)
            if full < len(order):
                yield self._batch(order[full:])

    def _batch(self, examples: Indices) -> Batch:
        found = batch(self.experiment.data, examples)
        return *(found[symbol] for symbol in self._data), np.array(float(len(examples)))

    def _losses(
        self, first: int, last: int, recorded: list[Any], scalars: dict[str, Array]
    ) -> Array:
        """The losses of these iterations from what they recorded, batches of one size together."""
        if self._compiled.losses is None:
            return np.concatenate([loss for (loss,) in recorded], axis=None)
        sizes, losses = self.experiment.batch_sizes, np.empty(len(recorded))
        ends_epoch = np.arange(first, last + 1) % self.experiment.batches_per_epoch == 0
        size_of = np.where(ends_epoch, sizes[-1], sizes[0])
        for m in sizes:
            if (at := np.flatnonzero(size_of == m)).size:
                each = zip(*(recorded[i] for i in at.tolist()), strict=True)
                stacks = (np.concatenate(of).reshape(len(at), *of[0].shape) for of in each)
                size = {"m": np.array(float(m))} if "m" in self.program.constants else {}
                losses[at] = self._compiled.losses(*stacks, **size, **scalars)
        return losses


def _stack(matrix: Array, examples: Indices, m: int, axis: int) -> Array:
    """Examples of a matrix, m to each batch, each batch laid out row by row: (batches, rows, m), or
    (batches, m, columns) where examples are rows."""
    if axis == 0:
        return matrix.take(examples, axis=0).reshape(-1, m, matrix.shape[1])
    columns = matrix.take(examples, axis=1).reshape(len(matrix), -1, m)  # (rows, batches, m)
    return np.ascontiguousarray(columns.swapaxes(0, 1))


# The source ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compiled:
    """A program as source, and the functions that it defines."""

    source: str
    recorded: tuple[str, ...]
    """The matrices that `iterations` records of each iteration."""
    iterations: Callable[..., Kept]
    """iterations(kept, batches, first, record, **constants): what the last one hands on."""
    losses: Callable[..., Array] | None
    """losses(*recorded, m, **constants): the loss of each iteration, from stacks of these matrices;
    None where the loss itself is recorded."""


@lru_cache(maxsize=8)  # a run with edits has a stretch for each, all of one program
def compiled(program: Program) -> Compiled:
    """The program as functions that run many iterations."""
    loss = range(*program.phase_bounds("loss"))
    read = _read_by_loss(program)
    recorded = read or (program.objective,)
    numbers: dict[float, str] = {}
    steps = _needed(program, (*program.kept, *recorded))
    lines = list(_iterations_source(program, steps, recorded, numbers))
    if read:
        steps = [i for i in _needed(program, (program.objective,)) if i in loss]
        lines += ["", "", *_losses_source(program, steps, read, numbers)]
    source = "\n".join(lines) + "\n"
    # Our own source: symbols are the program's, and a typed formula has become a tree before.
    defined: dict[str, Any] = {"np": np, "xlog": xlog, "ratio": ratio}
    defined |= {name: np.array(float(number)) for number, name in numbers.items()}
    exec(compile(source, "<iterations>", "exec"), defined)
    return Compiled(source, recorded, defined["iterations"], defined.get("losses"))


def _iterations_source(
    program: Program,
    steps: Sequence[int],
    recorded: Iterable[str],
    numbers: dict[float, str],
) -> Iterator[str]:
    """The loop, in which `record` is called with what is recorded of an iteration."""
    handed_on = several(program.kept)
    same = ", ".join(sorted(constants_of(program)))
    yield f"def iterations(kept, batches, first, record, *, {same}):"
    yield f"    {handed_on} = kept"
    m, t = (name if name in program.constants else "_" for name in ("m", "t"))
    yield f"    for {t}, ({', '.join(data_of(program))}, {m}) in enumerate(batches, first):"
    for i, step in enumerate(program.steps):
        if i in steps:
            for line in _assignments(step.symbol, program.lowered[i], numbers):
                yield f"        {line}"
        if step.symbol == program.objective:  # before an update changes what the loss has read
            yield f"        record(({', '.join(recorded)},))"
    yield f"    return {handed_on}"


def _losses_source(
    program: Program, steps: Sequence[int], read: Iterable[str], numbers: dict[float, str]
) -> Iterator[str]:
    numbers_read = [*({"m"} & program.constants), *sorted(constants_of(program))]
    yield f"def losses({', '.join(read)}, *, {', '.join(numbers_read)}):"
    for i in steps:
        for line in _assignments(program.steps[i].symbol, program.lowered[i], numbers):
            yield f"    {line}"
    yield f"    return {program.objective}.ravel()"


def _needed(program: Program, symbols: Iterable[str]) -> list[int]:
    """The steps that the last values of these symbols depend on, in order."""
    read, needed = set(symbols), []
    for i in reversed(range(len(program.steps))):
        symbol = program.steps[i].symbol
        if symbol in read:
            needed.append(i)
            read.remove(symbol)  # an earlier value of the same symbol is another matter
            read.update(names(program.lowered[i]))
    return needed[::-1]


def _read_by_loss(program: Program) -> tuple[str, ...]:
    """The matrices that the loss is computed of, where it can be computed of stacks of them: where
    it works element by element, or sums within one matrix, and reads no parameter. Else none.

    Of a stack it comes to the same bits, and costs an iteration next to nothing.
    """
    loss = range(*program.phase_bounds("loss"))
    parts = [part for i in loss for part in walk(program.lowered[i])]
    read = dict.fromkeys(part.symbol for part in parts if isinstance(part, Name))
    if {"t", *program.parameters} & {*read}:  # a penalty: copying each W costs more than adding W²
        return ()
    if any(isinstance(part, MatMul | Transpose | Cell) for part in parts):
        return ()
    own = {program.steps[i].symbol for i in loss}
    return tuple(symbol for symbol in read if symbol not in own | program.constants)


# A line of source ----------------------------------------------------------------------------


def _assignments(symbol: str, e: Expr, numbers: dict[float, str]) -> Iterator[str]:
    """The line of a step, below those of the parts that it has more than once.

    Its numbers are read by the names that `numbers` gives them: NumPy takes an array of no
    dimensions faster than a float.
    """

    def leaf(part: Expr, besides: Expr | None = None) -> str | None:
        if part in shared and part != besides:
            return shared[part]
        if isinstance(part, Num):
            return numbers.setdefault(part.value, f"number{len(numbers) + 1}")
        if isinstance(part, Call) and part.function in GATHERINGS:
            return _reduction(GATHERINGS[part.function], numpy_source(part.args[0], leaf))
        return None

    shared = shared_parts(e)
    for part, name in shared.items():
        yield f"{name} = {numpy_source(part, partial(leaf, besides=part))}"
    written = numpy_source(e, leaf)
    yield f"{symbol} = {written if is_contiguous(e) else f'np.ascontiguousarray({written})'}"


def _reduction(function: Primitive, gathered: str) -> str:
    """np.sum and np.max less their wrappers, which cost more than a small sum itself.

    Axes are counted from the end: the same source works on a matrix and on a stack of them.
    """
    fold = {"sum": "np.add.reduce", "mean": "np.mean", "max": "np.maximum.reduce"}[function.fold]
    axis = {"row": "-1", "column": "-2", "matrix": "(-2, -1)"}[function.over or "matrix"]
    return f"{fold}({gathered}, axis={axis}, keepdims=True)"


def shared_parts(e: Expr) -> dict[Expr, str]:
    """Names for the largest parts that `e` has more than once: softmax has exp(Z − max) twice.

    Smaller ones stand first: a larger one may have them in it.
    """
    shared = set[Expr]()

    def visible(part: Expr) -> Iterator[Expr]:
        yield part
        if part not in shared:
            for child in part.parts:
                yield from visible(child)

    for part in dict.fromkeys(visible(e)):
        if part.parts and not is_scalar(part) and Counter(visible(e))[part] > 1:
            shared.add(part)
    in_order = sorted(shared, key=lambda part: sum(1 for _ in walk(part)))
    return {part: f"part{number}" for number, part in enumerate(in_order, start=1)}


def is_contiguous(e: Expr) -> bool:
    """Whether NumPy lays out the value of `e` row by row of its own accord.

    Products and sums over rows or columns are born so; what works element by element takes after
    what it reads, and a transpose is a view of columns.
    """
    match e:
        case Transpose():
            return False
        case MatMul():
            return True
        case Call(function, _) if function in GATHERINGS:
            return True
        case _:
            return all(map(is_contiguous, e.parts))
