"""The trace: every step of a run in order, as a table, as JSON lines or as a Markdown document.

Each format is a generator of text over iterations that come one at a time, so a trace of any
length takes no more memory than a short one. What is said of a step is read off its expression;
nothing here knows of the screen or the command line.
"""

from __future__ import annotations

import json
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from backprop_tui.explain.explanation import formula
from backprop_tui.exports import (
    GAP,
    activations_in_words,
    encodable,
    markdown_text,
    plain_table,
    printed,
    version,
)
from backprop_tui.maths.expressions import names
from backprop_tui.maths.shapes import written
from backprop_tui.maths.writing import LATEX, numpy_source
from backprop_tui.messages import count
from backprop_tui.model.experiment import Array
from backprop_tui.model.network import Training
from backprop_tui.model.program import PHASES, Program, Step
from backprop_tui.run.edits import name as edited_name
from backprop_tui.run.timeline import Iteration, Timeline

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

Format: TypeAlias = Callable[[Timeline, Iterable[Iteration], int], Iterator[str]]

MOST_ROWS, FIRST_ROWS = 20, 5
"""A matrix of more rows than a screen holds is written as its first ones and its last."""
MOST_COLUMNS = 10
"""Columns, of a matrix or a list, that are written out in a document, which has no width."""
UNREAD = frozenset({"m", "K"})
"""Single numbers that `inputs` leaves out: the other fields and the header tell them."""


def iterations(timeline: Timeline, number: int) -> Iterator[Iteration]:
    """The first `number` iterations of a run; where it diverges, none after that."""
    for k in range(1, number + 1):
        done = timeline.iteration(k)
        yield done
        if done.diverged:
            return


# JSON lines ----------------------------------------------------------------------------------


def jsonl(timeline: Timeline, run: Iterable[Iteration], decimals: int = 17) -> Iterator[str]:
    """One JSON object a line: the run, then every step, each number as exact as it is.

    `decimals` is for the formats that people read.
    """
    yield _line(header(timeline))
    known = [_as_written(timeline.program, i) for i in range(len(timeline.program.steps))]
    for iteration in run:
        examples = [int(e) + 1 for e in iteration.examples]
        for number, (step, value) in enumerate(zip(known, iteration.results, strict=True), 1):
            yield _line(
                {
                    "iteration": iteration.number,
                    "step": number,
                    **step,
                    "examples": examples,
                    "shape": value.shape,
                    "value": exact(value),
                }
            )


def header(timeline: Timeline) -> dict[str, Any]:
    """The run itself. X and Y stand as the steps read them: a column for each example."""
    experiment = timeline.experiment
    network, training = experiment.network, experiment.training
    return {
        "backprop_tui": version(),
        "title": experiment.title,
        "layers": network.layers,
        "activations": network.activations,
        "loss": network.loss,
        **{field.name: getattr(training, field.name) for field in fields(Training)},
        "seed": experiment.initial.seed,
        "mistake": experiment.mistake.name if experiment.mistake else None,
        "X": exact(experiment.data.X),
        "Y": exact(experiment.data.Y),
        "parameters": {name: exact(p) for name, p in experiment.parameters().items()},
        "edits": [
            {"iteration": e.iteration, "cell": edited_name(e), "value": e.value}
            for e in experiment.edits
        ],
    }


def _as_written(program: Program, i: int) -> dict[str, Any]:
    """What is the same of a step in every iteration.

    `formula` is the step as it is taught, `numpy` and `inputs` what is computed: that line, run
    over those inputs, gives the value to the bit.
    """
    step, computed = program.steps[i], program.lowered[i]
    return {
        "phase": step.phase,
        "layer": step.layer,
        "symbol": step.symbol,
        "formula": formula(step),
        "numpy": f"{step.symbol} = {numpy_source(computed)}",
        "inputs": [symbol for symbol in names(computed) if symbol not in UNREAD],
    }


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def exact(matrix: Array) -> list[list[float | str]]:
    """A matrix as rows of numbers that read back to the same bits, or "nan", "inf", "-inf"."""
    rows: list[list[float | str]] = matrix.tolist()
    if np.isfinite(matrix).all():
        return rows
    return [[x if math.isfinite(x) else str(x) for x in map(float, row)] for row in rows]


# What people read ----------------------------------------------------------------------------


def figure(value: float, decimals: int) -> str:
    """A number rounded for reading, no wider than `decimals` + 8. One that would show nothing but
    zeros is written as a power of ten, and so is one that would fill the line."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    small = value != 0 and abs(value) <= 0.5 * 10.0**-decimals
    if not small and abs(value) < 1e6:
        return f"{value:z.{decimals}f}".replace("-", "−")
    digits, _, exponent = f"{value:.{min(decimals, 2) if small else decimals}e}".partition("e")
    return f"{digits}e{int(exponent)}".replace("-", "−")


def kept(count: int, most: int, first: int | None = None) -> list[int | None]:
    """Which of `count` rows or columns are shown: all, or the first ones, None and the last."""
    if count <= most:
        return list(range(count))
    return [*range(most - 1 if first is None else first), None, count - 1]


def kept_rows(count: int) -> list[int | None]:
    return kept(count, MOST_ROWS, FIRST_ROWS)


def abbreviated(matrix: Array, decimals: int, most_columns: int) -> list[list[str]]:
    """A matrix as rows of figures, its middle left out where it is larger than a screen."""
    columns = kept(matrix.shape[1], most_columns)
    return [
        [
            "⋮" if i is None else "…" if j is None else figure(matrix[i, j], decimals)
            for j in columns
        ]
        for i in kept_rows(matrix.shape[0])
    ]


def given(iteration: Iteration, before: Iteration | None) -> Iterator[tuple[str, Array]]:
    """What an iteration begins with and no step before it has told: X, Y, the first parameters."""
    for symbol, value in iteration.given.items():
        if before is None or (symbol in "XY" and before.examples != iteration.examples):
            yield symbol, value


def heading(timeline: Timeline, iteration: Iteration) -> str:
    """Iteration 3, epoch 2, example 1 of 2"""
    experiment, shown = timeline.experiment, [int(e) + 1 for e in iteration.examples]
    epoch = f", epoch {experiment.epoch_of(iteration.number)}"
    return (
        f"Iteration {iteration.number}{epoch if experiment.batches_per_epoch > 1 else ''}, "
        f"{named(shown)} of {experiment.data.examples}"
    )


def named(shown: Sequence[int]) -> str:
    if len(shown) == 1:
        return f"example {shown[0]}"
    if list(shown) == list(range(shown[0], shown[0] + len(shown))):
        return f"examples {shown[0]}–{shown[-1]}"
    places = kept(len(shown), MOST_COLUMNS)
    return "examples " + ", ".join("…" if i is None else str(shown[i]) for i in places)


def setting(timeline: Timeline) -> str:
    """3-3-1 · 2 × sigmoid · binary_cross_entropy · α = 0.5"""
    network, training = timeline.experiment.network, timeline.experiment.training
    return " · ".join(
        (
            network.sizes,
            activations_in_words(network),
            network.loss,
            f"α = {training.learning_rate:g}",
            *((f"batches of {training.batch}",) if training.batch > 1 else ()),
            *(("summed",) if training.reduction == "sum" else ()),
            *((training.optimizer,) if training.optimizer != "gradient_descent" else ()),
            *((f"weight decay {training.weight_decay:g}",) if training.weight_decay else ()),
            *((f"frozen: {', '.join(training.freeze)}",) if training.freeze else ()),
            *((f"mistake: {mistake.name}",) if (mistake := timeline.experiment.mistake) else ()),
            *((count(len(edits), "edit"),) if (edits := timeline.experiment.edits) else ()),
        )
    )


# The table -----------------------------------------------------------------------------------

PHASE_STYLES = {"forward": "green", "backward": "magenta", "update": "yellow"}
STEP_WIDTH, PHASE_WIDTH = 4, 8
LEAST_FORMULA = 26
"""Columns that a formula keeps beside a wide matrix: in lines of that width it can be read."""


def table(
    timeline: Timeline, run: Iterable[Iteration], decimals: int, console: Console | None = None
) -> Iterator[str]:
    """A table for each iteration, a row for each step, as wide as the terminal that reads it."""
    from rich.console import Console  # late: JSON lines do without
    from rich.text import Text

    console = console or Console(highlight=False)
    yield printed(console, Text(f"{timeline.experiment.title}\n", "bold") + setting(timeline))
    layout = _Layout(timeline, console, decimals)
    before = None
    for iteration in run:
        rows = layout.table()
        for symbol, value in given(iteration, before):
            rows.add_row(*layout.row("", "given", symbol, value))
        steps = zip(timeline.program.steps, iteration.results, strict=True)
        for number, (step, value) in enumerate(steps, 1):
            rows.add_row(*layout.row(str(number), step.phase, formula(step), value))
        yield printed(console, Text(f"\n{heading(timeline, iteration)}", "bold"))
        yield printed(console, rows)
        before = iteration


class _Layout:
    """The widths of the columns, the same for the whole run, and a row within them."""

    def __init__(self, timeline: Timeline, console: Console, decimals: int) -> None:
        program, experiment = timeline.program, timeline.experiment
        shapes = program.shapes(experiment.training.batch)
        self.encoding, self.decimals = console.encoding, decimals
        self.shape_width = max(5, *(len(written(shape)) for shape in shapes.values()))
        room = console.width - STEP_WIDTH - PHASE_WIDTH - self.shape_width - 4 * GAP
        longest = max(len(self.encodable(formula(step))) for step in program.steps)
        columns = min(MOST_COLUMNS, max(columns for _, columns in shapes.values()))
        whole = min(columns * (decimals + 4), room - LEAST_FORMULA)  # "−0.123 " for each column
        wide_enough = max(decimals + 10, room * 9 // 20, whole)  # for "… " and any figure at least
        self.formula_width = max(12, min(longest, room - wide_enough))
        self.value_width = max(wide_enough, room - self.formula_width)
        self.width = console.width - room + self.formula_width + self.value_width

    def table(self) -> Table:
        columns = plain_table(width=self.width)
        columns.add_column("step", width=STEP_WIDTH, justify="right")
        columns.add_column("phase", width=PHASE_WIDTH)
        columns.add_column("formula", width=self.formula_width)
        columns.add_column("shape", width=self.shape_width)
        columns.add_column("value", width=self.value_width, no_wrap=True)
        return columns

    def row(self, number: str, phase: str, what: str, value: Array) -> list[RenderableType]:
        from rich.text import Text

        return [
            number,
            Text(phase, PHASE_STYLES.get(phase, "dim")),
            Text(broken(self.encodable(what), self.formula_width)),
            Text(self.encodable(written(value.shape))),
            Text(self.fitted(value)),
        ]

    def fitted(self, value: Array) -> str:
        """The matrix with as many of its columns as there is room for, the last always there."""
        text = ""
        for most in range(min(value.shape[1], self.value_width // 2), 0, -1):
            rows = abbreviated(value, self.decimals, most)
            text = aligned([[self.encodable(cell) for cell in row] for row in rows])
            if len(text.partition("\n")[0]) <= self.value_width:
                break
        return text

    def encodable(self, text: str) -> str:
        """`text` in signs that the terminal has, before its width is measured."""
        return encodable(text, self.encoding)


def broken(formula: str, width: int) -> str:
    """A formula in lines of that width: a line ends before + or −, outside innermost brackets."""
    joint = "\0"
    bracketed = re.sub(r"\([^()]*\)", lambda found: found[0].replace(" ", joint), formula)
    pieces = re.sub(r" (?![+−-] )", joint, bracketed)
    lines = textwrap.wrap(
        pieces, width, subsequent_indent=2 * joint, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines).replace(joint, " ")


def aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        " ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in rows
    )


# Markdown ------------------------------------------------------------------------------------


def markdown(timeline: Timeline, run: Iterable[Iteration], decimals: int) -> Iterator[str]:
    """A document: a heading for each iteration and phase, each step in text, LaTeX and numbers."""
    experiment = timeline.experiment
    said = filter(None, (experiment.about, setting(timeline)))
    yield "\n\n".join((f"# {markdown_text(experiment.title)}", *map(markdown_text, said))) + "\n"
    before = None
    for iteration in run:
        yield f"\n## {heading(timeline, iteration)}\n"
        begins = list(given(iteration, before))
        if begins:
            yield "\n### Given\n"
        for symbol, value in begins:
            yield f"\n{matrix_table(symbol, value, decimals)}"
        steps = list(enumerate(zip(timeline.program.steps, iteration.results, strict=True), 1))
        for phase in PHASES:
            own = [(number, step, value) for number, (step, value) in steps if step.phase == phase]
            if own:
                yield f"\n### {phase.capitalize()}\n"
            for number, step, value in own:
                yield f"\n{_paragraph(number, step, value, decimals)}"
        before = iteration


def _paragraph(number: int, step: Step, value: Array, decimals: int) -> str:
    said = f"**{number}.** `{formula(step)}`, ${formula(step, LATEX)}$"
    if value.size == 1:
        return f"{said}: {step.symbol} is **{figure(value[0, 0], decimals)}**\n"
    return f"{said}, {written(value.shape)}\n\n{matrix_table(step.symbol, value, decimals)}"


def matrix_table(symbol: str, matrix: Array, decimals: int) -> str:
    """A Markdown table: the symbol in its corner, rows and columns counted from 1."""
    columns = kept(matrix.shape[1], MOST_COLUMNS)
    heads = [symbol, *("…" if j is None else str(j + 1) for j in columns)]
    sides = ["⋮" if i is None else str(i + 1) for i in kept_rows(matrix.shape[0])]
    figures = abbreviated(matrix, decimals, MOST_COLUMNS)
    rows = [heads, ["---", *("---:" for _ in columns)]]
    rows += [[side, *row] for side, row in zip(sides, figures, strict=True)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


FORMATS: dict[str, Format] = {"table": table, "jsonl": jsonl, "markdown": markdown}
