"""What the exported scripts share: data and parameters that read back to the bit, and the batches.

A script is lines of Python for another library; what an array is called there, its module says.
Nothing here knows a formula.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from backprop_tui.exports import version
from backprop_tui.exports.trace import setting
from backprop_tui.maths.expressions import Cell, Expr, is_loss_term, names, walk
from backprop_tui.model.experiment import Array, Experiment
from backprop_tui.run.edits import Edits
from backprop_tui.run.many import CONSTANTS
from backprop_tui.run.timeline import Timeline

LONGEST_LINE = 96


def untyped(function: Callable[..., Any]) -> str:
    """The source of a function of ours, less its types."""
    return inspect.getsource(function).replace(": Any", "").replace(" -> Any", "")


def loss_terms(expressions: Sequence[Expr]) -> Iterator[Expr]:
    """The terms x·log(a) and x/a, which have conventions of their own."""
    return (part for e in expressions for part in walk(e) if is_loss_term(part))


def heading(timeline: Timeline, name: str, iterations: int, needs: str) -> Iterator[str]:
    """What the script is, and the command that writes it again."""
    experiment = timeline.experiment
    command = f"backprop-tui export {experiment.source} --as {name}"
    if iterations > 1:
        command += f" --iterations {iterations}"
    for said in (
        experiment.title,
        setting(timeline),
        f"Written by backprop-tui {version()}: {command}",
        needs,
    ):
        yield f"# {''.join(c if c.isprintable() else ' ' for c in said)}"


def literal(matrix: Array) -> str:
    """A matrix with just the digits that read back to the same bits."""
    rows = [repr(row) for row in matrix.tolist()]
    whole = f"[{', '.join(rows)}]"
    if len(whole) <= LONGEST_LINE - 20 or len(rows) == 1:
        return whole
    return "\n".join(["[", *(f"    {row}," for row in rows), "]"])


def one_batch(experiment: Experiment) -> bool:
    """Whether every iteration works on all examples, as they stand."""
    return experiment.batches_per_epoch == 1 and experiment.training.order == "sequential"


def data(experiment: Experiment, array: str) -> Iterator[str]:
    """X and Y, or the data that batches are taken from."""
    prefix = "" if one_batch(experiment) else "data_"
    for symbol, matrix in (("X", experiment.data.X), ("Y", experiment.data.Y)):
        rows, columns = matrix.shape
        told = f"  # {rows} × {columns}: columns are examples"
        yield f"{prefix}{symbol} = {array.format(literal(matrix))}{told}"


def beginning(timeline: Timeline, array: str, zeros: str) -> Iterator[str]:
    """The parameters that the run begins with, and the running means, which begin at zero."""
    parameters = timeline.experiment.parameters()
    shapes = timeline.program.shapes(1)
    for symbol in timeline.program.kept:
        if symbol in parameters:
            yield f"{symbol} = {array.format(literal(parameters[symbol]))}"
        else:
            yield f"{symbol} = {zeros.format(shapes[symbol])}"


def constants(timeline: Timeline) -> Iterator[str]:
    """α and the other single numbers, as far as they are read."""
    scalars = timeline.iteration(1).scalars
    read = _read(timeline)
    for symbol in sorted(read & CONSTANTS):
        yield f"{symbol} = {scalars[symbol]!r}"
    if "m" in read and one_batch(timeline.experiment):
        yield f"m = {timeline.experiment.data.examples}"


def batch(timeline: Timeline, take: str) -> Iterator[str]:
    """The lines that take the batch of iteration t; `take` has a place for X and Y."""
    experiment = timeline.experiment
    if one_batch(experiment):
        return
    examples, size = experiment.data.examples, experiment.training.batch
    yield f"    epoch, batch = divmod(t - 1, {experiment.batches_per_epoch})  # both from 0"
    if experiment.training.order == "sequential":
        yield f"    order = np.arange({examples})"
    else:
        seed = experiment.initial.seed
        yield f"    order = np.random.default_rng([{seed}, epoch + 1]).permutation({examples})"
    yield f"    columns = order[{size} * batch : {size} * (batch + 1)]"
    yield f"    X, Y = {take.format('X')}, {take.format('Y')}"
    if "m" in _read(timeline):
        yield "    m = len(columns)"


def edited(experiment: Experiment, within: str = "") -> Iterator[str]:
    """The lines that change numbers by hand, each where its iteration begins; `within` a block."""
    data = "" if one_batch(experiment) else "data_"
    for iteration, made in groupby(Edits(experiment).made, lambda made: made.edit.iteration):
        yield f"    if t == {iteration}:  # edited by hand"
        if within:
            yield f"        {within}:"
        for each in made:
            where = f"{data if each.symbol in ('X', 'Y') else ''}{each.symbol}"
            place = f"[{each.row}, {each.column}]" if isinstance(each.edit.of, Cell) else ""
            yield f"{'    ' if within else ''}        {where}{place} = {float(each.edit.value)!r}"


def _read(timeline: Timeline) -> set[str]:
    return {symbol for e in timeline.program.lowered for symbol in names(e)}


def phases(lines: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Lines of the loop, each phase under its name."""
    last = None
    for phase, written in lines:
        if phase != last:
            yield f"    # {phase}"
            last = phase
        yield f"    {written}"
