"""The trace: every step of a run in order, as a table, as JSON lines or as a Markdown document.

Each format is a generator of text over iterations that come one at a time, so that a trace of any
length takes no more memory than a short one.
"""

from __future__ import annotations

import json
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from backprop_tui import version
from backprop_tui.ascii import encodable
from backprop_tui.explain.explanation import formula
from backprop_tui.exports.documents.markdown import markdown_text, table_of
from backprop_tui.exports.figures import (
    GAP,
    MOST_COLUMNS,
    abbreviated,
    aligned,
    figure,
    given,
    heading,
    plain_table,
    printed,
    setting,
)
from backprop_tui.maths.expressions import names
from backprop_tui.maths.shapes import written
from backprop_tui.maths.writing import LATEX, numpy_source
from backprop_tui.model.architecture import PHASES, Step
from backprop_tui.model.experiment import Array
from backprop_tui.model.network import Network, Training, WrittenNetwork
from backprop_tui.model.program import Program
from backprop_tui.model.saved import number_name
from backprop_tui.run.timeline import Iteration, Timeline

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

TraceFormat: TypeAlias = Callable[[Timeline, Iterable[Iteration], int], Iterator[str]]

UNREAD = frozenset({"m", "K"})
"""Constants that `inputs` leaves out, because other fields and the header give them."""


# JSON lines --------------------------------------------------------------------------------------


def jsonl(timeline: Timeline, run: Iterable[Iteration], decimals: int = 17) -> Iterator[str]:
    """One JSON object a line: the run, then every step, with numbers that read back exactly.

    `decimals` has no effect: it is for the formats that people read.
    """
    yield _line(header(timeline))
    steps = [_fields_of(timeline.program, step) for step in timeline.program.steps]
    for iteration in run:
        examples = [int(e) + 1 for e in iteration.examples]
        for number, (step, value) in enumerate(zip(steps, iteration.results, strict=True), 1):
            yield _line(
                {
                    "iteration": iteration.number,
                    "step": number,
                    **step,
                    "examples": examples,
                    "shape": value.shape,
                    "value": value,
                }
            )


def header(timeline: Timeline) -> dict[str, Any]:
    """The fields of the first line: the experiment, with X and Y of all examples."""
    experiment = timeline.experiment
    network, training = experiment.network, experiment.training
    return {
        "backprop_tui": version(),
        "title": experiment.title,
        **_described(network),
        **{field.name: getattr(training, field.name) for field in fields(Training)},
        "seed": experiment.initial.seed,
        "mistake": experiment.mistake.name if experiment.mistake else None,
        **experiment.data.by_symbol,
        "parameters": experiment.parameters(),
        "edits": [
            {"iteration": e.iteration, "cell": number_name(e.of), "value": e.value}
            for e in experiment.edits
        ],
    }


def _described(network: Network | WrittenNetwork) -> dict[str, Any]:
    """The network as its file has it."""
    if isinstance(network, Network):
        every = {field.name: getattr(network, field.name) for field in fields(Network)}
        return {name: value for name, value in every.items() if name != "absent"}
    tables = {key: dict(getattr(network, key)) for key in ("parameters", "forward", "functions")}
    return {**tables, "repeat": network.repeat, "given": network.given}


def _fields_of(program: Program, step: Step) -> dict[str, Any]:
    """The fields of a step that are the same in every iteration.

    `formula` is the step as it is taught. `numpy` is what is computed from `inputs`: run on them,
    that line gives the value to the bit.
    """
    computed = program.lowered_of(step)
    return {
        "phase": step.phase,
        "layer": step.group,
        "symbol": step.symbol,
        "formula": formula(step),
        "numpy": f"{step.symbol} = {numpy_source(computed)}",
        "inputs": [symbol for symbol in names(computed) if symbol not in UNREAD],
    }


def _line(record: Mapping[str, Any]) -> str:
    """The record as JSON. Ctrl-c is heard after each row of a matrix."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False, default=exact) + "\n"


def exact(matrix: Array) -> list[Any]:
    """The rows of a matrix; of a row the numbers, which read back to the same bits, but "nan",
    "inf" and "-inf" for those that are not finite."""
    if matrix.ndim > 1:
        return list(matrix)
    row: list[float] = matrix.tolist()
    return row if np.isfinite(matrix).all() else [x if math.isfinite(x) else str(x) for x in row]


# The table ---------------------------------------------------------------------------------------

PHASE_STYLES = {"forward": "green", "backward": "magenta", "update": "yellow"}
STEP_WIDTH, PHASE_WIDTH = 4, 8
LEAST_FORMULA = 26
"""The least width of the formulas beside a wide matrix: in lines of that width they can be read."""


def table(
    timeline: Timeline, run: Iterable[Iteration], decimals: int, console: Console | None = None
) -> Iterator[str]:
    """A table for each iteration, a row for each step, as wide as the terminal that reads it."""
    from rich.console import Console  # JSON lines do without Rich
    from rich.text import Text

    console = console or Console(highlight=False)
    yield printed(console, Text(f"{timeline.experiment.title}\n", "bold") + setting(timeline))
    layout = _TableLayout(timeline, console, decimals)
    before = None
    for iteration in run:
        rows = layout.table()
        for symbol, value in given(timeline, iteration, before):
            rows.add_row(*layout.row("", "given", symbol, value))
        steps = zip(timeline.program.steps, iteration.results, strict=True)
        for number, (step, value) in enumerate(steps, 1):
            rows.add_row(*layout.row(str(number), step.phase, formula(step), value))
        yield printed(console, Text(f"\n{heading(timeline, iteration)}", "bold"))
        yield printed(console, rows)
        before = iteration


class _TableLayout:
    """The widths of the columns, which are the same for the whole run, and rows that fit them."""

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
        """An empty table with these columns."""
        columns = plain_table(width=self.width)
        columns.add_column("step", width=STEP_WIDTH, justify="right")
        columns.add_column("phase", width=PHASE_WIDTH)
        columns.add_column("formula", width=self.formula_width)
        columns.add_column("shape", width=self.shape_width)
        columns.add_column("value", width=self.value_width, no_wrap=True)
        return columns

    def row(self, number: str, phase: str, what: str, value: Array) -> list[RenderableType]:
        """The cells of a row: `what` is the formula, or the symbol of what is given."""
        from rich.text import Text

        return [
            number,
            Text(phase, PHASE_STYLES.get(phase, "dim")),
            Text(broken(self.encodable(what), self.formula_width)),
            Text(self.encodable(written(value.shape))),
            Text(self.fitted(value)),
        ]

    def fitted(self, value: Array) -> str:
        """The matrix with as many columns as there is room for, the last one among them."""
        text = ""
        for most in range(min(value.shape[1], self.value_width // 2), 0, -1):
            rows = abbreviated(value, self.decimals, most)
            text = aligned([[self.encodable(cell) for cell in row] for row in rows])
            if len(text.partition("\n")[0]) <= self.value_width:
                break
        return text

    def encodable(self, text: str) -> str:
        """The text in signs that the terminal has."""
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


# Markdown ----------------------------------------------------------------------------------------


def markdown(timeline: Timeline, run: Iterable[Iteration], decimals: int) -> Iterator[str]:
    """A document: a heading for each iteration and phase, each step in text, LaTeX and numbers."""
    experiment = timeline.experiment
    said = filter(None, (experiment.about, setting(timeline)))
    yield "\n\n".join((f"# {markdown_text(experiment.title)}", *map(markdown_text, said))) + "\n"
    before = None
    for iteration in run:
        yield f"\n## {heading(timeline, iteration)}\n"
        begins = list(given(timeline, iteration, before))
        if begins:
            yield "\n### Given\n"
        for symbol, value in begins:
            yield f"\n{table_of(symbol, value, decimals)}"
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
    return f"{said}, {written(value.shape)}\n\n{table_of(step.symbol, value, decimals)}"


FORMATS: dict[str, TraceFormat] = {"table": table, "jsonl": jsonl, "markdown": markdown}
