"""What all exports share: rounded numbers, shortened matrices, plain tables, a run in a line."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from backprop_tui.messages import count, readable

if TYPE_CHECKING:  # `--help` does without NumPy, and a notebook without Rich
    from rich.console import Console, RenderableType
    from rich.table import Table

    from backprop_tui.model.experiment import Array
    from backprop_tui.model.network import Network
    from backprop_tui.model.program import Program
    from backprop_tui.run.timeline import Iteration, Timeline

MOST_ROWS, FIRST_ROWS = 20, 5
"""Most rows of a matrix that is written out whole, and how many of a longer one come first."""
MOST_COLUMNS = 10
"""Most columns of a matrix, or entries of a list, that are written out in a document."""
GAP = 2
"""Spaces between two columns of a table."""


# A run -------------------------------------------------------------------------------------------


def iterations(timeline: Timeline, number: int) -> Iterator[Iteration]:
    """The first `number` iterations of a run, up to the one in which it ends."""
    for k in range(1, number + 1):
        yield timeline.iteration(k)
        if timeline.ends(k):
            return


def given(
    timeline: Timeline, iteration: Iteration, before: Iteration | None
) -> Iterator[tuple[str, Array]]:
    """The matrices that an iteration begins with and that were not written before: inputs, targets,
    in the first iteration the parameters, and what was edited."""
    data = timeline.program.data
    last = {**before.given, **timeline.program.by_symbol(before.results)} if before else {}
    for symbol, value in iteration.given.items():
        anew = before is None or (symbol in data and before.examples != iteration.examples)
        if anew or (value != last[symbol]).any():
            yield symbol, value


def _functions(program: Program) -> tuple[str, ...]:
    """The activations and the loss of a dense network."""
    if not program.layers:
        return ()
    return activations_in_words(program.dense), program.dense.loss


def setting(timeline: Timeline) -> str:
    """The network and its training in a line: 3-3-1 · 2 × sigmoid · cross_entropy · α = 0.5."""
    experiment = timeline.experiment
    network, training = experiment.network, experiment.training
    rule = training.rule_name.replace("_", " ")
    return " · ".join(
        (
            network.sizes,
            *_functions(timeline.program),
            *(() if timeline.program.axis else ("rows are examples",)),
            f"α = {training.learning_rate:g}",
            *((f"batches of {training.batch}",) if training.batch > 1 else ()),
            *(("summed",) if training.reduction == "sum" else ()),
            *(() if rule == "gradient descent" else (rule,)),
            *((f"L2 penalty {training.l2:g}",) if training.l2 else ()),
            *((f"weight decay {training.weight_decay:g}",) if training.weight_decay else ()),
            *((f"frozen: {', '.join(training.freeze)}",) if training.freeze else ()),
            *filter(None, (_mistake(timeline.program),)),
            *((count(len(experiment.edits), "edit"),) if experiment.edits else ()),
        )
    )


def _mistake(program: Program) -> str:
    """The name of a run's mistake, and whether there is a step to make it in."""
    if program.mistake is None or program.right is None:
        return ""
    said = f"mistake: {program.mistake.name}"
    is_made = tuple(program.mistake.steps(program.right)) != program.right.steps
    return said if is_made else f"{said}, which is not possible in this network"


def activations_in_words(network: Network) -> str:
    """The activations in the order of the layers: 2 × relu, softmax."""
    runs = [(name, len(list(same))) for name, same in groupby(network.activations)]
    return ", ".join(name if n == 1 else f"{n} × {name}" for name, n in runs)


def heading(timeline: Timeline, iteration: Iteration) -> str:
    """The number of an iteration and its examples: Iteration 3, epoch 2, example 1 of 2."""
    experiment, shown = timeline.experiment, [int(e) + 1 for e in iteration.examples]
    epoch = f", epoch {experiment.epoch_of(iteration.number)}"
    return (
        f"Iteration {iteration.number}{epoch if experiment.batches_per_epoch > 1 else ''}, "
        f"{examples_in_words(shown)} of {experiment.data.examples}"
    )


def examples_in_words(shown: Sequence[int]) -> str:
    """The numbers of examples: example 3, examples 1–4, examples 2, 5, 1."""
    if len(shown) == 1:
        return f"example {shown[0]}"
    if list(shown) == list(range(shown[0], shown[0] + len(shown))):
        return f"examples {shown[0]}–{shown[-1]}"
    places = kept(len(shown), MOST_COLUMNS)
    return "examples " + ", ".join("…" if i is None else str(shown[i]) for i in places)


# Numbers and matrices ----------------------------------------------------------------------------


def figure(value: float, decimals: int) -> str:
    """A number rounded for reading, in at most `decimals` + 8 characters.

    A number that would be written as zeros alone, or is a million or more, is written as a power
    of ten: 5.39e−7.
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    small = value != 0 and abs(value) <= 0.5 * 10.0**-decimals
    if not small and abs(value) < 1e6:
        return f"{value:z.{decimals}f}".replace("-", "−")
    digits, _, exponent = f"{value:.{min(decimals, 2) if small else decimals}e}".partition("e")
    return f"{digits}e{int(exponent)}".replace("-", "−")


def kept(count: int, most: int, first: int | None = None) -> list[int | None]:
    """The indices shown of `count` rows or columns, from 0: all, or the first ones, None for those
    left out, and the last."""
    if count <= most:
        return list(range(count))
    return [*range(most - 1 if first is None else first), None, count - 1]


def kept_rows(count: int) -> list[int | None]:
    """The indices of the rows that are shown of a matrix with `count` rows."""
    return kept(count, MOST_ROWS, FIRST_ROWS)


def abbreviated(matrix: Array, decimals: int, most_columns: int) -> list[list[str]]:
    """The rows of a matrix as rounded numbers; … and ⋮ stand for columns and rows left out."""
    columns = kept(matrix.shape[1], most_columns)
    return [
        ["⋮" if i is None else "…" if j is None else cell(matrix[i, j], decimals) for j in columns]
        for i in kept_rows(matrix.shape[0])
    ]


def cell(value: float, decimals: int) -> str:
    """A number of a matrix rounded for reading; `·` where it is masked: not computed yet."""
    return "·" if getattr(value, "mask", False) else figure(value, decimals)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """The rows as lines of text, each column aligned to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        " ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in rows
    )


# Tables for a spreadsheet ------------------------------------------------------------------------

FORMULA_SIGNS = tuple("=+-@")
"""What begins with one of these, a spreadsheet takes for a formula."""
NUMBER = re.compile(r"[+-]?(∞|[0-9]*[.,]?[0-9]+([eE][+-]?[0-9]+)?)")


def csv_line(cells: Iterable[object]) -> str:
    """A line of a CSV file. A text that a spreadsheet would take for a formula has ' before it.

    All that is written as CSV is written through this function.
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(map(_as_text, cells))
    return line.getvalue()


def _as_text(cell: object) -> str:
    text = str(cell)
    is_formula = text.lstrip().startswith(FORMULA_SIGNS) and not NUMBER.fullmatch(text)
    return readable(f"'{text}" if is_formula else text)


# Tables on a terminal ----------------------------------------------------------------------------


def plain_table(width: int | None = None) -> Table:
    """An empty Rich table without lines."""
    from rich.table import Table

    return Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim", width=width)


def printed(console: Console, part: RenderableType, soft_wrap: bool = False) -> str:
    """The text that a console shows for `part`, without spaces at the ends of its lines. Raises
    BrokenPipeError where nobody reads any more what was written before."""
    try:
        with console.capture() as captured:
            console.print(part, crop=False, soft_wrap=soft_wrap)
    except SystemExit:  # Rich's own end, when what is left in the buffer has no reader
        raise BrokenPipeError from None
    return "\n".join(line.rstrip() for line in captured.get().split("\n"))
