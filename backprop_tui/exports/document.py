"""A run as a document: its title, then chapter by chapter an iteration, worked out.

What there is to say, and in which order; how headings, sentences, matrices and steps are written,
a `Layout` says. What is said of one step, `worked` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, groupby

from backprop_tui.explain.explanation import Explanation
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.explain.published import Beside
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.in_print import in_print
from backprop_tui.exports.slips import mistaken
from backprop_tui.exports.trace import figure, given, heading, iterations, setting
from backprop_tui.exports.worked import Matrix, Worked, matrix, telling
from backprop_tui.maths.expressions import Cell, names
from backprop_tui.maths.writing import GUARDED, text
from backprop_tui.model.experiment import Array, Data, Edit
from backprop_tui.model.program import Phase, Step
from backprop_tui.run.edits import said
from backprop_tui.run.timeline import Iteration, Timeline


@dataclass(frozen=True)
class Layout:
    """How a format writes the parts of a document."""

    heading: Callable[[int, str], str]
    """Of that level, from 1."""
    paragraph: Callable[[str], str]
    matrix: Callable[[Matrix], str]
    step: Callable[[Worked], str]


@dataclass(frozen=True)
class Chapter:
    """One iteration."""

    number: int
    heading: str
    edited: tuple[str, ...]
    """What was changed by hand at its start."""
    given: tuple[Matrix, ...]
    phases: tuple[tuple[Phase, tuple[Worked, ...]], ...]
    """Where a mistake updates early, a phase comes more than once."""
    ends: str | None
    """Why no iteration follows, where the run diverges."""


def document(timeline: Timeline, wanted: Wanted, layout: Layout) -> Iterator[str]:
    """The whole document, a step at a time."""
    yield layout.heading(1, timeline.experiment.title)
    yield from map(layout.paragraph, opening(timeline, wanted.decimals))
    for chapter in chapters(timeline, wanted):
        yield layout.heading(2, chapter.heading)
        yield from map(layout.paragraph, chapter.edited)
        if chapter.given:
            yield layout.heading(3, "Given")
        yield from map(layout.matrix, chapter.given)
        for phase, steps in chapter.phases:
            yield layout.heading(3, phase.capitalize())
            yield from map(layout.step, steps)
        if chapter.ends:
            yield layout.paragraph(chapter.ends)


def opening(timeline: Timeline, decimals: int) -> list[str]:
    """What a document says before its first iteration."""
    data, digits = timeline.experiment.data, f"{decimals} decimal{'' if decimals == 1 else 's'}"
    told = [timeline.experiment.about.strip(), setting(timeline)]
    if data.standardized:
        told.append("Inputs are standardized: mean 0 and standard deviation 1 over the file.")
    if data.classes and len(data.Y) == 1:
        zero, one = data.classes
        told.append(f"A target of 0 is {zero}, 1 is {one}.")
    if sources := list(dict.fromkeys(p.source for p in timeline.experiment.published)):
        told.append(f"Numbers are held against those printed in {'; '.join(sources)}.")
    told.append(
        f"Figures are rounded to {digits}; what is computed from them is computed from all digits."
    )
    return list(filter(None, told))


def chapters(timeline: Timeline, wanted: Wanted) -> Iterator[Chapter]:
    """The iterations, each worked out when it is asked for."""
    author, before = _Author(timeline, wanted.decimals), None
    for iteration in iterations(timeline, wanted.iterations):
        yield author.chapter(iteration, before)
        before = iteration


class _Author:
    """Works iterations out; what all of them need is found once."""

    def __init__(self, timeline: Timeline, decimals: int) -> None:
        self.timeline, self.decimals = timeline, decimals
        self.provenance, self.beside = Provenance(timeline), Beside(timeline)
        self._known: dict[tuple[Edit, ...], Provenance] = {}
        self.slips = mistaken(timeline)

    def chapter(self, iteration: Iteration, before: Iteration | None) -> Chapter:
        steps = map(
            partial(self.worked, iteration),
            count(1),
            self.timeline.program.steps,
            iteration.results,
        )
        by_phase = groupby(steps, lambda worked: worked.step.phase)
        ended = iteration.diverged
        return Chapter(
            iteration.number,
            heading(self.timeline, iteration),
            tuple(edited(self.provenance, iteration.number)),
            tuple(self.matrix(symbol, value) for symbol, value in given(iteration, before)),
            tuple((phase, tuple(own)) for phase, own in by_phase),
            f"The run diverged: {ended} is no longer finite." if ended else None,
        )

    def worked(self, iteration: Iteration, number: int, step: Step, value: Array) -> Worked:
        again = step.symbol in names(step.expression)
        before = iteration.given.get(step.symbol) if again else None
        place = Place(iteration.number, telling(step, value, before, self.decimals))
        notes = self.timeline.experiment.notes_at(iteration.number, step.symbol)
        return Worked(
            number,
            step,
            Explanation(
                self._known_in(iteration.number),
                place,
                partial(figure, decimals=self.decimals),
                notation=GUARDED,
            ),
            self.matrix(step.symbol, value),
            tuple(note.text for note in notes),
            self.slips.get(step.symbol),
            tuple(in_print(self.beside, iteration.number, step)),
        )

    def _known_in(self, iteration: int) -> Provenance:
        """The run without later edits, which would take the place of what a step made."""
        experiment = self.timeline.experiment
        made = tuple(edit for edit in experiment.edits if edit.iteration <= iteration)
        if made not in self._known:
            so_far = self.timeline.retold(replace(experiment, edits=made))
            self._known[made] = Provenance(so_far)
        return self._known[made]

    def matrix(self, symbol: str, value: Array) -> Matrix:
        experiment = self.timeline.experiment
        called = called_rows(symbol, experiment.data, experiment.network.depth)
        return matrix(symbol, value, self.decimals, called)


def called_rows(symbol: str, data: Data, depth: int) -> Sequence[str] | None:
    """What a file calls the rows of X, and those of Y and the outputs that are held against it."""
    if symbol == "X":
        return data.input_names
    return data.output_names if symbol in ("Y", f"A{depth}") else None


def edited(provenance: Provenance, iteration: int) -> Iterator[str]:
    """What an iteration begins with that was changed by hand, and what it was."""
    experiment = provenance.timeline.experiment
    last = {edit.of: edit for edit in experiment.edits if edit.iteration == iteration}
    for of, edit in last.items():
        since, example = f"from iteration {iteration} on is", ""
        if isinstance(of, Cell) and of.symbol not in "XY":
            since = "begins as"
        elif isinstance(of, Cell) and experiment.data.examples > 1:  # a column of this batch
            example = f" of example {experiment.examples_of(iteration)[of.column - 1] + 1}"
        was = said(provenance.unedited(edit))
        yield f"Edited: {text(of)}{example} {since} {said(edit.value)} (was {was})."
