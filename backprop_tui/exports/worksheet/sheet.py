"""A sheet: the numbers given, the steps to fill in, their answers, and which sheets there are.

A worksheet is the experiment itself on one sheet, or copies of it whose weights are drawn by one
seed after the other and rounded. It asks for steps of the first iteration.
"""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

import numpy as np

from backprop_tui.explain.explanation import read_figure
from backprop_tui.exports.formats import ExportError, Wanted
from backprop_tui.exports.worksheet.by_hand import (
    FunctionValue,
    HandCalculation,
    Rounding,
    function_list,
    units_apart,
)
from backprop_tui.files.codes import TooLongError, code_of, grouped
from backprop_tui.files.experiment_file import is_file
from backprop_tui.files.saving import set_flag
from backprop_tui.maths.expressions import names
from backprop_tui.maths.shapes import written
from backprop_tui.messages import hint, shown, typed
from backprop_tui.model.architecture import Step
from backprop_tui.model.experiment import Array, Experiment
from backprop_tui.model.program import Program
from backprop_tui.model.saved import Look
from backprop_tui.run.timeline import Iteration, Position, Timeline

MOST_BLANKS = 60
"""The most numbers to fill in that a sheet of paper has room for."""
MOST_ROWS, MOST_COLUMNS = 12, 8
"""The most rows and columns of a matrix on a sheet of paper."""
ROUND = 1
"""Decimals of the weights of copies, unless the experiment rounds them itself."""


@dataclass(frozen=True)
class Worksheet:
    """One sheet of a worksheet."""

    timeline: Timeline
    blanks: tuple[Step, ...]
    """The steps to fill in, in the order of the run."""
    decimals: int
    """The decimals asked for; `rounding` may be to as many significant digits instead."""
    command: str = ""
    """The command that opens its run in the stepper."""

    @cached_property
    def iteration(self) -> Iteration:
        """The iteration that the sheet is about."""
        return self.timeline.iteration(1)

    def answer(self, step: Step) -> Array:
        """The result of a step, with all digits."""
        return self.iteration.results[self.timeline.program.index(step.symbol)]

    @cached_property
    def given(self) -> dict[str, Array]:
        """What the blanks are computed from and are not themselves, in the order of the run."""
        positions, began = self.timeline.program.positions, self.iteration.given
        read = [(step, symbol) for step in self.blanks for symbol in names(step.expression)]
        made = {s for step, s in read if positions.get(s, math.inf) < positions[step.symbol]}
        made -= {step.symbol for step in self.blanks}
        first = {s for step, s in read if positions.get(s, math.inf) >= positions[step.symbol]}
        return {
            **{symbol: matrix for symbol, matrix in began.items() if symbol in first},
            **{s.symbol: self.answer(s) for s in self.timeline.program.steps if s.symbol in made},
        }

    @cached_property
    def scalars(self) -> dict[str, float]:
        """The constants that the blanks are computed from: α, m, ..."""
        read = dict.fromkeys(s for step in self.blanks for s in names(step.expression))
        return {s: self.iteration.scalars[s] for s in read if s in self.iteration.scalars}

    @cached_property
    def rounding(self) -> Rounding:
        """Decimals, or significant digits where decimals would lose the digits of a number."""
        decimals, positions = Rounding(self.decimals), self.timeline.program.positions
        computed = [matrix for symbol, matrix in self.given.items() if symbol in positions]
        computed += [self.answer(step) for step in self.blanks]
        if any(decimals.loses(x) for matrix in computed for x in matrix.ravel().tolist()):
            return Rounding(max(1, self.decimals), significant=True)
        return decimals

    @cached_property
    def printed(self) -> dict[str, list[tuple[str, ...]]]:
        """The figures of what is given, row by row."""
        return {s: self.rounding.given_figures(matrix) for s, matrix in self.given.items()}

    def figures(self, step: Step) -> list[tuple[str, ...]]:
        """The figures of a step's answers, row by row."""
        return self.rounding.figures(self.answer(step))

    @cached_property
    def _by_hand(self) -> tuple[tuple[HandCalculation, dict[str, Array]], ...]:
        """The calculations with rounded answers and with all digits, and what they come to."""
        known = {
            symbol: np.array([[read_figure(figure) for figure in row] for row in rows])
            for symbol, rows in self.printed.items()
        }
        calculations = [
            HandCalculation(known | self.scalars, self.rounding, keeps) for keeps in (False, True)
        ]
        return tuple((each, each.answers(self.blanks)) for each in calculations)

    @cached_property
    def function_values(self) -> tuple[FunctionValue, ...]:
        """The function values that are needed."""
        used = (entry for calculation, _ in self._by_hand for entry in calculation.looked_up)
        return tuple(dict.fromkeys(used))

    def function_list(self) -> Iterator[tuple[str, str]]:
        """The list of function values, the same each time for the same sheet."""
        seed = self.timeline.experiment.initial.seed
        return function_list(self.function_values, self.rounding, seed)

    @cached_property
    def last_digits(self) -> dict[str, list[list[float]]]:
        """By how many units of its last digit each answer by hand may differ, for each blank."""
        return {step.symbol: self._units_apart(step) for step in self.blanks}

    def _units_apart(self, step: Step) -> list[list[float]]:
        others = [answers[step.symbol].tolist() for _, answers in self._by_hand]
        return [
            [units_apart(exact, found, self.rounding) for exact, *found in zip(*rows, strict=True)]
            for rows in zip(self.answer(step).tolist(), *others, strict=True)
        ]

    def tolerances(self, step: Step) -> list[tuple[str, ...]]:
        """How far from each answer counts as right, row by row."""
        rows = zip(self.answer(step).tolist(), self.last_digits[step.symbol], strict=True)
        return [
            tuple(
                f"{units * unit:.12g}" if (unit := self.rounding.unit(exact)) else "0"
                for exact, units in zip(*row, strict=True)
            )
            for row in rows
        ]


# Which sheets ------------------------------------------------------------------------------------


def sheets(timeline: Timeline, wanted: Wanted) -> list[Worksheet]:
    """The sheets asked for. Raises ExportError where something does not fit on one."""
    experiment = timeline.experiment
    if experiment.edits:
        raise ExportError("a worksheet cannot show edited numbers: undo the edits first")
    if experiment.mistake is not None:
        raise ExportError(
            f"a worksheet needs the correct algorithm: remove the mistake {experiment.mistake.name}"
        )
    if wanted.iterations > 1:
        raise ExportError("a worksheet is the first iteration; --iterations is for other formats")
    blanks = blanks_of(timeline.program, wanted.blanks, experiment.training.batch)
    first = Worksheet(timeline, blanks, wanted.decimals, command(experiment, experiment))
    for symbol, matrix in (first.given | {s.symbol: first.answer(s) for s in blanks}).items():
        rows, columns = matrix.shape
        if rows > MOST_ROWS or columns > MOST_COLUMNS:
            raise ExportError(
                f"{symbol} is {written(matrix.shape)}, and a worksheet has room for {MOST_ROWS} "
                f"rows and {MOST_COLUMNS} columns: make the network or the batch smaller, or ask "
                "for other --blanks"
            )
    if wanted.copies == 1:
        return [first]
    return [
        replace(first, timeline=Timeline(copy), command=command(copy, experiment))
        for copy in copies(experiment, wanted.copies)
    ]


def copies(experiment: Experiment, number: int) -> list[Experiment]:
    """The experiment with rounded weights, drawn by its seed and those that follow."""
    initial, source = experiment.initial, experiment.written
    if initial.scheme == "zeros":
        raise ExportError('--copies needs weights that differ, but [initial] has scheme = "zeros"')
    if initial.round is None:
        if source is not None:
            source = replace(source, overrides={**source.overrides, "round": ROUND})
        experiment = replace(experiment, initial=replace(initial, round=ROUND), written=source)
    return [experiment.with_seed(initial.seed + k) for k in range(number)]


def command(copy: Experiment, original: Experiment) -> str:
    """The command that opens the copy on any computer: with a file's name alone, which may be in
    any folder there, or with a code where that is shorter."""
    word, *flags = shlex.split(original.source)
    if is_file(word):
        word = f"./{os.path.basename(word)}"
    if copy is not original:
        set_flag(flags, "--seed", copy.initial.seed)
    if copy.initial.round != original.initial.round:
        set_flag(flags, "--round", copy.initial.round or 0)
    commands = [typed(shlex.join(["backprop-tui", word, *flags]))]
    try:
        code = code_of(replace(copy, look=Look(), saved=None), Position())
        commands.append(f"backprop-tui --code {'-'.join(grouped(code))}")
    except TooLongError:
        pass
    return min(commands, key=len)


# Which blanks ------------------------------------------------------------------------------------


def blanks_of(program: Program, symbols: Sequence[str], examples: int) -> tuple[Step, ...]:
    """The steps with these symbols, or the gradients of as many layers as a sheet holds.

    Raises ExportError where a symbol is unknown or there are too many numbers.
    """
    for symbol in symbols:
        if symbol not in program.positions:
            meant = hint(symbol, program.positions) or f"; there are {', '.join(program.positions)}"
            raise ExportError(f"--blanks has {shown(symbol)}, but no step computes it{meant}")
    if not symbols:
        return _last_layers(program, examples)
    steps = tuple(step for step in program.steps if step.symbol in symbols)
    for end, step in enumerate(steps, 1):
        if _size(program, steps[:end], examples) > MOST_BLANKS:
            raise ExportError(
                f"{step.symbol} is {written(program.shapes(examples)[step.symbol])}: with it there "
                f"are more than {MOST_BLANKS} numbers to fill in; ask for fewer --blanks, or make "
                "the network smaller"
            )
    return steps


def _last_layers(program: Program, examples: int) -> tuple[Step, ...]:
    """The gradients of whole layers from the output back, as many as a sheet holds."""
    layers = [list(steps) for _, steps in groupby(_gradients(program), lambda step: step.group)]
    if not layers:
        raise ExportError("no gradient is computed in this run: name steps to fill in by --blanks")
    found: list[Step] = []
    for steps in layers:
        if _size(program, [*found, *steps], examples) > MOST_BLANKS:
            break
        found += steps
    if not found:
        last = ",".join(step.symbol for step in layers[0][-2:])
        raise ExportError(
            f"the gradients {_ends(layers[0])} alone are "
            f"{_size(program, layers[0], examples)} numbers, and a worksheet has room for "
            f"{MOST_BLANKS}: ask for some of them, --blanks {last}, or make the batch or the "
            "network smaller"
        )
    return tuple(found)


def left_out(program: Program, blanks: Sequence[Step]) -> str | None:
    """A sentence on the gradients for which a sheet has no room; None where it has all."""
    left = [step for step in _gradients(program) if step not in blanks]
    if not left:
        return None
    others = ",".join(step.symbol for step in left if step.group == left[0].group)
    return (
        f"a sheet holds the gradients {_ends(blanks)}; --blanks asks for others: --blanks {others}"
    )


def _ends(steps: Sequence[Step]) -> str:
    """dA2 to db2"""
    return " to ".join(dict.fromkeys((steps[0].symbol, steps[-1].symbol)))


def _gradients(program: Program) -> list[Step]:
    return [step for step in program.steps if step.phase == "backward"]


def _size(program: Program, steps: Sequence[Step], examples: int) -> int:
    """The number of elements of these steps' results."""
    shapes = program.shapes(examples)
    return sum(math.prod(shapes[step.symbol]) for step in steps)
