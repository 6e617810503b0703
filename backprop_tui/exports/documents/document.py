"""What a document says of a run: its title, then each iteration with its steps worked out.

`document` writes it in the parts that a format defines as a `Layout`; `chapters` gives the same
content to a format with a structure of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, groupby

import numpy as np

from backprop_tui.explain.derivation import Derivation, derivation
from backprop_tui.explain.explanation import Explanation, becomes, formula, shape_line
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.explain.published import Beside, Comparison, FigureVerdict
from backprop_tui.exports.figures import (
    MOST_COLUMNS,
    abbreviated,
    figure,
    given,
    heading,
    iterations,
    kept,
    kept_rows,
    setting,
)
from backprop_tui.exports.formats import Wanted
from backprop_tui.learn.effect import RightRun
from backprop_tui.learn.mistakes import slips_of
from backprop_tui.maths.expressions import Call, Cell, Expr, names, walk
from backprop_tui.maths.functions import PRIMITIVES, expand, z
from backprop_tui.maths.indices import indexed
from backprop_tui.maths.numbers import significant
from backprop_tui.maths.writing import GUARDED, Notation, text, write
from backprop_tui.model.architecture import Phase, Step
from backprop_tui.model.experiment import Array
from backprop_tui.model.program import Program
from backprop_tui.model.saved import Edit
from backprop_tui.run.timeline import Iteration, Timeline
from backprop_tui.session.view import SIGNS

MOST_TERMS = 6
"""Most terms of a sum that are written out; of a longer one the first ones, … and the last."""
MOST_FIGURES = 4
"""Most published figures of a step that are listed; of more, the first and the last."""


# Matrices ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MatrixTable:
    """A matrix as a table of rounded numbers."""

    symbol: str
    columns: tuple[str, ...]
    """The heads of the columns: their numbers from 1, or … for those left out."""
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """The head and the figures of each row."""
    named: bool = False
    """Whether the heads of the rows have names beside their numbers."""


def matrix_table(
    symbol: str,
    value: Array,
    decimals: int,
    entry_names: Sequence[str] | None = None,
    in_columns: bool = True,
) -> MatrixTable:
    """The table of a matrix, shortened where it is large. Names are those of its rows, or of its
    columns where examples are not `in_columns`."""
    row_names, column_names = (entry_names, None) if in_columns else (None, entry_names)
    rows = kept_rows(value.shape[0])
    heads = ["⋮" if i is None else str(i + 1) for i in rows]
    if row_names is not None:
        heads = [
            head if i is None else f"{head} {row_names[i]}"
            for i, head in zip(rows, heads, strict=True)
        ]
    figures = map(tuple, abbreviated(value, decimals, MOST_COLUMNS))
    columns = [
        "…" if j is None else f"{j + 1} {column_names[j]}" if column_names else str(j + 1)
        for j in kept(value.shape[1], MOST_COLUMNS)
    ]
    named = row_names is not None
    return MatrixTable(symbol, tuple(columns), tuple(zip(heads, figures, strict=True)), named)


# Steps -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WorkedStep:
    """One step of an iteration, with one of its numbers worked out."""

    number: int
    step: Step
    explanation: Explanation
    matrix: MatrixTable
    notes: tuple[str, ...]
    slip: str | None
    """A sentence on the mistake of the run, where this step makes it."""
    published: tuple[str, ...]
    """Sentences that compare the step with published figures."""
    sign: str
    """✗ where the mistake of the run enters with this step, ~ where it is carried on."""

    @property
    def place(self) -> str:
        """The phase and the group: forward, layer 1."""
        group = self.explanation.provenance.program.groups.get(self.step.group or 0)
        return ", ".join(filter(None, (self.step.phase, group)))

    def formula(self, notation: Notation) -> str:
        """The formula of the step as it is taught."""
        return formula(self.step, notation)

    def shapes(self, notation: Notation) -> str:
        """The shapes of the step's matrices: (1×3) = (1×1) · (3×1)ᵀ."""
        return shape_line(self.step, self.explanation.shapes, notation)

    def index_form(self, notation: Notation) -> str | None:
        """The formula of one element: dW2[i,j] = Σₖ dZ2[i,k]·A1[j,k]; None for a 1×1 result."""
        step, shapes = self.step, self.explanation.shapes
        if set(shapes[step.symbol]) == {1}:
            return None
        target, expression = indexed(step.target, step.expression, shapes, notation)
        return f"{target} {becomes(step, notation)} {expression}"

    def definitions(self, notation: Notation) -> list[str]:
        """The definitions of the functions in the formula: σ(z) = 1 / (1 + exp(−z))."""
        return [
            f"{write(call, notation)} {notation.equals} {write(definition, notation)}"
            for call, definition in definitions(self.step.expression).items()
        ]

    def element(self, notation: Notation) -> list[str]:
        """The lines that work the number out: in symbols, in numbers stage by stage, the result."""
        found = self.explanation
        cell, sign = write(found.place.cell, notation), becomes(self.step, notation)
        numbers = [*found.numbers(MOST_TERMS, notation), notation.figure(found.result)]
        return [
            f"{cell} {sign} {found.symbols(MOST_TERMS, notation)}",
            *(f"{notation.equals} {stage}" for stage in numbers),
        ]


def definitions(*expressions: Expr) -> dict[Expr, Expr]:
    """The functions called in these expressions, each as f(z) with its definition."""
    called = (part for e in expressions for part in walk(e) if isinstance(part, Call))
    functions = dict.fromkeys(c.function for c in called if c.function not in PRIMITIVES)
    return {Call(f, (z,)): expand(Call(f, (z,))) for f in functions}


def worked_cell(step: Step, value: Array, before: Array | None, decimals: int) -> Cell:
    """The cell that is worked out: the first one, column by column, at which the step has an effect
    that is seen.

    The result there (of an update, the change from `before`) is finite and has two digits or more,
    if any cell's has. A result of 0 is taken as well where the step calls a function, such as a
    closed ReLU. [1,1] where no cell fits.
    """
    calls = any(isinstance(e, Call) and e.function not in PRIMITIVES for e in walk(step.expression))
    change = value if before is None else value - before
    seen = np.isfinite(change) & ((change != 0) | calls)
    two_digits = np.abs(change) >= 10.0 ** (1 - decimals)
    for fits in (seen & (two_digits | (change == 0)), seen):
        if fits.any():
            column, row = np.argwhere(fits.T)[0].tolist()
            return Cell(step.symbol, row + 1, column + 1)
    return Cell(step.symbol, 1, 1)


# Published figures -------------------------------------------------------------------------------


def published_sentences(beside: Beside, iteration: int, step: Step) -> Iterator[str]:
    """A sentence for the figures that agree with a source, and one for each that does not.

    A figure belongs to the step that computes its number; that of an expression (−dZ2, σ′(Z2[1,1]))
    to the last step that it reads.
    """
    program = beside.timeline.program
    own = [c for c in beside.all_in(iteration) if _step_of(c, program) == step]
    agreeing = (c for c in own if c.wrong is None and c.as_printed)
    for where, figures in groupby(agreeing, _source_and_bound):
        yield f"✓ As printed ({where}): {_listed(list(map(_published, figures)))}"
    for c in own:
        if c.wrong is not None:
            why = _reason(c, c.wrong.why)
            yield f"≠ {_author(c)} prints {_published(c)}. Known to be wrong: {why}"
        elif c.failed:
            yield f"✗ {_author(c)} prints {_published(c)}; here it is {significant(c.computed)}"
        elif not c.as_printed:
            yield f"≈ {_author(c)} prints {_published(c)}: {c.said}"


def _step_of(c: Comparison, program: Program) -> Step | None:
    read = [program.positions[symbol] for symbol in c.reads if symbol in program.positions]
    return program.steps[max(read)] if read else None


def _author(c: Comparison) -> str:
    return c.source.split(",")[0]


def _source_and_bound(c: Comparison) -> str:
    near = c.verdict is FigureVerdict.WITHIN and c.within is not None
    return f"{_author(c)}, to within {significant(c.within or 0)}" if near else _author(c)


def _listed(figures: list[str]) -> str:
    if len(figures) <= MOST_FIGURES:
        return ", ".join(figures)
    return f"{len(figures)} figures, from {figures[0]} to {figures[-1]}"


def _published(c: Comparison) -> str:
    return f"{c.of} = {c.printed.replace('-', '−')}"


def _reason(c: Comparison, why: str) -> str:
    stop = "" if why.endswith((".", "!", "?")) else "."
    right = f" Correct is {c.correct.replace('-', '−')}." if c.correct else ""
    same = " This run makes the same mistake." if c.as_printed else ""
    return f"{why}{stop}{right}{same}"


# Iterations --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chapter:
    """The content of a document on one iteration."""

    number: int
    heading: str
    edited: tuple[str, ...]
    """A sentence for each number that was changed by hand at its start."""
    given: tuple[MatrixTable, ...]
    phases: tuple[tuple[Phase, tuple[WorkedStep, ...]], ...]
    """The steps by phase; in a run whose mistake updates early, a phase comes more than once."""
    ends: str | None
    """A sentence that says why no iteration follows, where the run diverges."""


@dataclass(frozen=True)
class Layout:
    """How a format writes the parts of a document."""

    heading: Callable[[int, str], str]
    """Write a heading of a level, from 1."""
    paragraph: Callable[[str], str]
    matrices: Callable[[Sequence[MatrixTable]], str]
    step: Callable[[WorkedStep], str]
    derivation: Callable[[Derivation], str]


def document(timeline: Timeline, wanted: Wanted, layout: Layout) -> Iterator[str]:
    """The text of the whole document, a step at a time; the derivations stand once, at its end."""
    yield layout.heading(1, timeline.experiment.title)
    yield from map(layout.paragraph, opening(timeline, wanted.decimals))
    for chapter in chapters(timeline, wanted):
        yield layout.heading(2, chapter.heading)
        yield from map(layout.paragraph, chapter.edited)
        if chapter.given:
            yield layout.heading(3, "Given")
            yield layout.matrices(chapter.given)
        for phase, steps in chapter.phases:
            yield layout.heading(3, phase.capitalize())
            yield from map(layout.step, steps)
        if chapter.ends:
            yield layout.paragraph(chapter.ends)
    yield layout.heading(2, "Derivations")
    yield layout.paragraph(of_derivations(timeline))
    yield from map(layout.derivation, derivations(timeline))


def derivations(timeline: Timeline) -> Iterator[Derivation]:
    """The derivation of every gradient, in the order of the backward pass."""
    program = timeline.program
    return (derivation(program, symbol) for symbol in program.gradients)


def of_derivations(timeline: Timeline) -> str:
    """A sentence on what the derivations are."""
    program = timeline.program
    correct = "correct " if program.mistake or program.own else ""
    return f"Each line has the value of the line above it; the last is the step's {correct}formula."


def opening(timeline: Timeline, decimals: int) -> list[str]:
    """The paragraphs before the first iteration."""
    data, digits = timeline.experiment.data, f"{decimals} decimal{'' if decimals == 1 else 's'}"
    paragraphs = [timeline.experiment.about.strip(), setting(timeline)]
    if data.standardized:
        paragraphs.append("Inputs are standardized: mean 0 and standard deviation 1 over the file.")
    if data.classes and len(data.columns(data.Y)) == 1:
        zero, one = data.classes
        paragraphs.append(f"A target of 0 is {zero}, 1 is {one}.")
    if sources := list(dict.fromkeys(p.source for p in timeline.experiment.published)):
        paragraphs.append(f"Numbers are compared with those printed in {'; '.join(sources)}.")
    paragraphs.append(f"Figures are rounded to {digits}; all computations use all digits.")
    return list(filter(None, paragraphs))


def chapters(timeline: Timeline, wanted: Wanted) -> Iterator[Chapter]:
    """The chapters, each made when it is asked for."""
    author, before = _Author(timeline, wanted.decimals), None
    for iteration in iterations(timeline, wanted.iterations):
        yield author.chapter(iteration, before)
        before = iteration


class _Author:
    """Writes the chapters of one run; what all of them need is computed once."""

    def __init__(self, timeline: Timeline, decimals: int) -> None:
        self.timeline, self.decimals = timeline, decimals
        self.provenance, self.beside = Provenance(timeline), Beside(timeline)
        self.right = RightRun(timeline) if timeline.experiment.mistake else None
        self.slips = {slip.step.symbol: slip.of_run for slip in slips_of(timeline.program)}
        self._edited_so_far: dict[tuple[Edit, ...], Provenance] = {}

    def chapter(self, iteration: Iteration, before: Iteration | None) -> Chapter:
        """The chapter of an iteration that follows the one `before`."""
        worked = partial(self.worked_step, iteration)
        steps = map(worked, count(1), self.timeline.program.steps, iteration.results)
        by_phase = groupby(steps, lambda worked: worked.step.phase)
        ended = iteration.diverged
        return Chapter(
            iteration.number,
            heading(self.timeline, iteration),
            tuple(edit_sentences(self.provenance, iteration.number)),
            tuple(self.matrix(*each) for each in given(self.timeline, iteration, before)),
            tuple((phase, tuple(own)) for phase, own in by_phase),
            f"The run diverged: {ended} is no longer finite." if ended else None,
        )

    def worked_step(
        self, iteration: Iteration, number: int, step: Step, value: Array
    ) -> WorkedStep:
        """A step of that iteration, whose result is `value`."""
        updates = step.symbol in names(step.expression)
        before = iteration.given.get(step.symbol) if updates else None
        place = Place(iteration.number, worked_cell(step, value, before, self.decimals))
        notes = self.timeline.experiment.notes_at(iteration.number, step.symbol)
        return WorkedStep(
            number,
            step,
            Explanation(
                self._provenance_in(iteration.number),
                place,
                partial(figure, decimals=self.decimals),
                notation=GUARDED,
            ),
            self.matrix(step.symbol, value),
            tuple(line for note in notes for line in note.lines),
            self.slips.get(step.symbol),
            tuple(published_sentences(self.beside, iteration.number, step)),
            SIGNS[self.right.enters(iteration.number, step) if self.right else None],
        )

    def _provenance_in(self, iteration: int) -> Provenance:
        """The provenance in the run without later edits: in the run itself, an edited number stands
        in place of the one that a step computed."""
        experiment = self.timeline.experiment
        so_far = tuple(edit for edit in experiment.edits if edit.iteration <= iteration)
        if so_far not in self._edited_so_far:
            run = self.timeline.retold(replace(experiment, edits=so_far))
            self._edited_so_far[so_far] = Provenance(run)
        return self._edited_so_far[so_far]

    def matrix(self, symbol: str, value: Array) -> MatrixTable:
        """The table of a matrix of this run."""
        return matrix_table(
            symbol,
            value,
            self.decimals,
            entry_names(self.timeline, symbol),
            bool(self.timeline.program.axis),
        )


def entry_names(timeline: Timeline, symbol: str) -> Sequence[str] | None:
    """The names in the data file of the rows of inputs, targets and predictions, if it has any."""
    program, data = timeline.program, timeline.experiment.data
    role = program.roles.get(symbol)  # none where [given] stands for what reads it
    match role.kind if role else None:
        case "input":
            return data.input_names
        case "target":
            return data.output_names
        case _:
            return data.output_names if symbol == program.output else None


def edit_sentences(provenance: Provenance, iteration: int) -> Iterator[str]:
    """A sentence for each number that was changed by hand at the start of an iteration."""
    timeline, experiment = provenance.timeline, provenance.timeline.experiment
    last = {edit.of: edit for edit in experiment.edits if edit.iteration == iteration}
    for of, edit in last.items():
        since, example = f"from iteration {iteration} on is", ""
        if isinstance(of, Cell) and of.symbol not in timeline.program.data:
            since = "is now"
        elif isinstance(of, Cell) and experiment.data.examples > 1:
            _, here = timeline.program.architecture.place(of.row, of.column)
            example = f" of example {experiment.examples_of(iteration)[here - 1] + 1}"
        was = significant(provenance.unedited(edit))
        yield f"Edited: {text(of)}{example} {since} {significant(edit.value)} (was {was})."
