"""What stands on a worksheet: numbers given, values of functions, blanks, and their answers.

Each sheet is the same experiment with other weights, drawn by a seed and rounded so that a pencil
will do; the command on it opens just that run in the stepper. How a sheet looks, `worksheet` knows.
"""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count, islice
from typing import Any

from backprop_tui.engine.algebra import SCALARS, Call, Expr, names, walk
from backprop_tui.engine.element import element
from backprop_tui.engine.evaluate import value
from backprop_tui.engine.experiment import Array, Experiment
from backprop_tui.engine.functions import DEFINITIONS, PRIMITIVES
from backprop_tui.engine.notation import with_numbers
from backprop_tui.engine.program import Program, Step
from backprop_tui.engine.provenance import Provenance
from backprop_tui.engine.shapes import written
from backprop_tui.engine.timeline import Iteration, Timeline
from backprop_tui.engine.wording import hint, shown
from backprop_tui.exports.formats import ExportError, Wanted, unedited
from backprop_tui.exports.trace import figure

ROUNDED_TO = 1
"""Decimals of weights that are drawn for a sheet, unless the experiment rounds them itself."""
MOST_ROWS, MOST_COLUMNS, MOST_BLANKS = 12, 8, 60
"""What a sheet of paper holds."""
BY_HAND = frozenset({"square", "abs", "max", "step", "row_sums", "col_sums", "col_max", "total"})
"""Functions that need no table."""


@dataclass(frozen=True)
class Sheet:
    """One copy: its run, and what of the first iteration is given and asked for."""

    number: int
    timeline: Timeline
    command: str
    blanks: tuple[Step, ...]
    decimals: int

    @property
    def iteration(self) -> Iteration:
        return self.timeline.iteration(1)

    def answer(self, step: Step) -> Array:
        return self.iteration.results[self.timeline.program.index(step.symbol)]

    def given(self) -> dict[str, Array]:
        """What the formulas of the blanks read and no blank gives, in order of the iteration."""
        asked = {step.symbol for step in self.blanks}
        read = {symbol for step in self.blanks for symbol in names(step.expression)}
        began = self.iteration.given
        computed = {s.symbol: self.answer(s) for s in self.timeline.program.steps}
        return {
            **{symbol: matrix for symbol, matrix in began.items() if symbol in read},
            **{
                symbol: matrix
                for symbol, matrix in computed.items()
                if symbol in read and symbol not in began and symbol not in asked
            },
        }

    def scalars(self) -> dict[str, float]:
        """The single numbers among what the formulas read: α, m, ..."""
        read = dict.fromkeys(s for step in self.blanks for s in names(step.expression))
        return {s: self.iteration.scalars[s] for s in read if s in SCALARS}

    def values(self) -> tuple[str, ...]:
        """σ(1.500) = 0.818: each value that the blanks need of a function that no pencil knows."""
        found: dict[str, None] = {}
        provenance, shapes = Provenance(self.timeline), self.timeline.program.shapes
        of = shapes(len(self.iteration.examples))
        for step in self.blanks:
            rows, columns = self.answer(step).shape
            env = provenance.environment(1, step)
            for i in range(1, rows + 1):
                for j in range(1, columns + 1):
                    for part in walk(element(step.expression, i, j, of)):
                        if isinstance(part, Call) and needs_a_table(part.function):
                            found[self._told(part, env)] = None
        return tuple(found)

    def _told(self, call: Call, env: Mapping[str, Any]) -> str:
        def number(part: Expr) -> str | None:
            return self.figure(value(part, env)) if part in call.args else None

        return f"{with_numbers(call, number)} = {self.figure(value(call, env))}"

    def figure(self, number: float) -> str:
        return figure(float(number), self.decimals)

    def answers(self) -> Iterator[tuple[str, str]]:
        """Each blank by its label, dW2[1,3], with its number."""
        for step in self.blanks:
            for (i, j), number in _cells(self.answer(step)):
                yield f"{step.symbol}[{i},{j}]", self.figure(number).replace("−", "-")


def _cells(matrix: Array) -> Iterator[tuple[tuple[int, int], float]]:
    for i, row in enumerate(matrix.tolist(), 1):
        for j, number in enumerate(row, 1):
            yield (i, j), number


@cache
def needs_a_table(function: str) -> bool:
    """Whether a function takes more than a pencil: exp, log, and what is defined by them."""
    if function in PRIMITIVES:
        return function not in BY_HAND
    calls = (part for part in walk(DEFINITIONS[function]) if isinstance(part, Call))
    return any(needs_a_table(call.function) for call in calls)


# Which sheets --------------------------------------------------------------------------------


def sheets(timeline: Timeline, wanted: Wanted) -> list[Sheet]:
    """The copies that are wanted, or the ExportError that says what does not fit on one."""
    experiment = timeline.experiment
    unedited(experiment, "worksheet")
    if experiment.mistake is not None:
        raise ExportError(f"a worksheet needs the right algorithm: leave out {experiment.mistake}")
    if wanted.iterations > 1:
        raise ExportError("a worksheet is the first iteration; --iterations is for other formats")
    blanks = asked(timeline.program, wanted.blanks, experiment.training.batch)
    found = [
        Sheet(n, Timeline(copy), command(copy, experiment), blanks, wanted.decimals)
        for n, copy in enumerate(copies(experiment, wanted), 1)
    ]
    first = found[0]
    for symbol, matrix in (first.given() | {s.symbol: first.answer(s) for s in blanks}).items():
        rows, columns = matrix.shape
        if rows > MOST_ROWS or columns > MOST_COLUMNS:
            raise ExportError(
                f"{symbol} is {written(matrix.shape)}, and a worksheet has room for {MOST_ROWS} "
                f"rows and {MOST_COLUMNS} columns: make the network or the batch smaller, or ask "
                "for other --blanks"
            )
    return found


def asked(program: Program, symbols: Sequence[str], examples: int) -> tuple[Step, ...]:
    """The steps to be done by hand: those named, else the gradients, as many as fit on a sheet."""
    for symbol in symbols:
        if symbol not in program.positions:
            meant = hint(symbol, program.positions) or f"; there are {', '.join(program.positions)}"
            raise ExportError(f"--blanks has {shown(symbol)}, which no step computes{meant}")
    wanted = symbols or [step.symbol for step in program.steps if step.phase == "backward"]
    steps, room = list[Step](), MOST_BLANKS
    for step in program.steps:
        if step.symbol not in wanted:
            continue
        shape = program.shapes(examples)[step.symbol]
        room -= shape[0] * shape[1]
        if room < 0 and (symbols or not steps):
            raise ExportError(
                f"{step.symbol} is {written(shape)}: with it there are more than {MOST_BLANKS} "
                "numbers to fill in; ask for fewer --blanks, or make the network smaller"
            )
        if room < 0:
            break
        steps.append(step)
    return tuple(steps)


def copies(experiment: Experiment, wanted: Wanted) -> Iterator[Experiment]:
    """The experiment as it is, if one sheet is wanted and its numbers are short; else with
    weights of other seeds, rounded, and none of them rounded away to zero if that can be had."""
    if wanted.copies == 1 and all(_is_short(p, wanted) for p in experiment.parameters().values()):
        yield experiment
        return
    initial = experiment.initial
    if wanted.copies > 1 and initial.scheme == "zeros":
        raise ExportError('--copies needs weights that differ, but [initial] has scheme = "zeros"')
    decimals = ROUNDED_TO if initial.round is None else initial.round
    rounded = replace(experiment, initial=replace(initial, round=decimals))
    drawn = map(rounded.with_seed, islice(count(initial.seed), 100 * wanted.copies))
    whole = (
        copy
        for copy in drawn
        if all(p.all() for name, p in copy.parameters().items() if name.startswith("W"))
    )
    found = list(islice(whole, wanted.copies))
    more = count(found[-1].initial.seed + 1 if found else initial.seed)
    yield from found
    yield from map(rounded.with_seed, islice(more, wanted.copies - len(found)))


def _is_short(matrix: Array, wanted: Wanted) -> bool:
    """Whether its numbers are written in full with the decimals of the sheet."""
    return bool((matrix.round(wanted.decimals) == matrix).all())


def command(copy: Experiment, original: Experiment) -> str:
    """What opens the copy in the stepper."""
    words = shlex.split(original.source)
    if copy is not original:
        for flag, number in (("--seed", copy.initial.seed), ("--round", copy.initial.round)):
            if flag in words:
                del words[(at := words.index(flag)) : at + 2]
            if flag == "--seed" or number != original.initial.round:
                words += [flag, str(number)]
    return shlex.join(["backprop-tui", *words])


def key(found: Sequence[Sheet]) -> str:
    """The answers as CSV: a row for each sheet, a column for each blank."""
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    labels = [label for label, _ in found[0].answers()]
    rows.writerow(["sheet", "opens with", *labels])
    for sheet in found:
        rows.writerow([sheet.number, sheet.command, *(number for _, number in sheet.answers())])
    return stream.getvalue()
