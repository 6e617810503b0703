"""The lines that the NumPy and the PyTorch script share: data, parameters, batches and edits.

Functions that write matrices take a pattern for each array, such as "np.array({})".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from backprop_tui import version
from backprop_tui.exports.figures import setting
from backprop_tui.maths.expressions import Cell, names
from backprop_tui.messages import printable, typed
from backprop_tui.model.experiment import Array, Experiment
from backprop_tui.run.edits import Edits
from backprop_tui.run.many import constants_of, data_of
from backprop_tui.run.timeline import Timeline

LONGEST_LINE = 96


def heading(timeline: Timeline, format_name: str, iterations: int, needs: str) -> Iterator[str]:
    """Comments: the run, the command that writes the script again, and what the script needs."""
    experiment = timeline.experiment
    command = f"backprop-tui export {typed(experiment.source)} --as {format_name}"
    if iterations > 1:
        command += f" --iterations {iterations}"
    for comment in (
        experiment.title,
        setting(timeline),
        f"Written by backprop-tui {version()}: {command}",
        needs,
    ):
        yield f"# {printable(comment)}"


def data(timeline: Timeline, array: str) -> Iterator[str]:
    """The inputs and targets of all examples; batches, if there are any, are taken from these."""
    experiment = timeline.experiment
    prefix = "" if one_batch(experiment) else "data_"
    program, data = timeline.program, experiment.data
    for symbol in data_of(program):
        matrix, same = data.by_symbol[symbol], symbol in data.same
        rows, columns = matrix.shape
        said = ["given, not computed"] if symbol in program.cached else []
        said += [] if same else [f"{'columns' if data.axis else 'rows'} are examples"]
        comment = f"  # {rows} × {columns}{': ' if said else ''}{'; '.join(said)}"
        yield f"{'' if same else prefix}{symbol} = {array.format(literal(matrix))}{comment}"


def initial_values(timeline: Timeline, array: str, zeros: str) -> Iterator[str]:
    """The parameters before the first iteration, and an optimizer's running means, all zeros."""
    parameters = timeline.experiment.parameters()
    shapes = timeline.program.shapes(1)
    for symbol in timeline.program.kept:
        if symbol in parameters:
            yield f"{symbol} = {array.format(literal(parameters[symbol]))}"
        else:
            yield f"{symbol} = {zeros.format(shapes[symbol])}"


def constants(timeline: Timeline) -> Iterator[str]:
    """The constants that the steps read: α, m, β₁, ..."""
    scalars = timeline.iteration(1).scalars
    read = _read(timeline)
    for symbol in sorted(read & constants_of(timeline.program)):
        yield f"{symbol} = {scalars[symbol]!r}"
    if "m" in read & timeline.program.constants and one_batch(timeline.experiment):
        yield f"m = {timeline.experiment.data.examples}"


def batch(timeline: Timeline, take: str) -> Iterator[str]:
    """The lines that take the batch of iteration t; `take` is the pattern for each array."""
    experiment, data = timeline.experiment, timeline.experiment.data
    if one_batch(experiment):
        return
    examples, size = experiment.data.examples, experiment.training.batch
    t, batches = counter(timeline), experiment.batches_per_epoch
    yield f"    epoch, batch = divmod({t} - 1, {batches})  # both from 0"
    if experiment.training.order == "sequential":
        yield f"    order = np.arange({examples})"
    else:
        seed = experiment.initial.seed
        yield f"    order = np.random.default_rng([{seed}, epoch + 1]).permutation({examples})"
    here = "columns" if data.axis else "rows"
    yield f"    {here} = order[{size} * batch : {size} * (batch + 1)]"
    taken = [s for s in data_of(timeline.program) if s not in data.same]
    yield f"    {', '.join(taken)} = {', '.join(take.format(symbol) for symbol in taken)}"
    if "m" in _read(timeline) & timeline.program.constants:
        yield f"    m = len({here})"


def edits(timeline: Timeline, within: str = "") -> Iterator[str]:
    """The lines that change numbers by hand when their iteration begins; `within` is the head of a
    block that they stand in."""
    experiment, program = timeline.experiment, timeline.program
    prefix = "" if one_batch(experiment) else "data_"
    for iteration, made in groupby(Edits(experiment).made, lambda made: made.edit.iteration):
        yield f"    if {counter(timeline)} == {iteration}:  # edited by hand"
        if within:
            yield f"        {within}:"
        for each in made:
            taken = each.symbol in program.data - experiment.data.same
            array = f"{prefix if taken else ''}{each.symbol}"
            place = f"[{each.row}, {each.column}]" if isinstance(each.edit.of, Cell) else ""
            yield f"{'    ' if within else ''}        {array}{place} = {float(each.edit.value)!r}"


def counter(timeline: Timeline) -> str:
    """The name of the iteration's number: t, where no matrix has that name."""
    return "t" if "t" in timeline.program.constants else "iteration"


def phases(lines: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The lines of the loop, given with their phases; each phase begins with its name."""
    for phase, own in groupby(lines, lambda line: line[0]):
        yield f"    # {phase}"
        for _, line in own:
            yield f"    {line}"


def literal(matrix: Array) -> str:
    """The rows of a matrix, with the shortest digits that read back to the same bits."""
    rows = [repr(row) for row in matrix.tolist()]
    whole = f"[{', '.join(rows)}]"
    if len(whole) <= LONGEST_LINE - 20 or len(rows) == 1:
        return whole
    return "\n".join(["[", *(f"    {row}," for row in rows), "]"])


def one_batch(experiment: Experiment) -> bool:
    """Whether the batch of every iteration is all examples, in the order of the data."""
    in_order = experiment.training.order == "sequential" or experiment.data.examples == 1
    return experiment.batches_per_epoch == 1 and in_order


def _read(timeline: Timeline) -> set[str]:
    """The symbols that the steps read."""
    return {symbol for e in timeline.program.lowered for symbol in names(e)}
