"""What will disappoint in a lesson, for its author: a note too long for its line, a vote without
enough wrong answers, a question about a zero, what is said where nobody comes.

None of it is a fault: the file is read as it is. It knows the room there is at 80 columns as a
number, and no screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from backprop_tui.explain.provenance import Provenance
from backprop_tui.learn.questions import ask
from backprop_tui.maths.expressions import Name, names
from backprop_tui.maths.writing import text
from backprop_tui.messages import count
from backprop_tui.model.network import l2, weight_decay
from backprop_tui.model.notes import LINE_FORM, MOST_CHOICES, Question, Said
from backprop_tui.run.timeline import Position, Timeline

LINE = 76
"""Characters of a note or a question that stand on one line at 80 columns."""
MOST_LINES = 3
"""Lines of a note that are ever shown."""
ANSWER_LINES = 2
LONGEST_NAME = 40
"""Characters of `teaches` that a list of lessons has room for."""
CHOICES = MOST_CHOICES - 1
"""Wrong numbers beside the right one in a vote."""
FARTHEST = 100_000
"""The last iteration that is computed to see whether the run comes there."""


def remarks(timeline: Timeline) -> Iterator[str]:
    """One sentence for each thing that its author may want to mend: formulas first, then notes."""
    experiment = timeline.experiment
    for said in timeline.program.architecture.warnings:
        yield f"parameters.{said}"
    yield from _decays(timeline)
    if len(experiment.teaches) > LONGEST_NAME:
        yield (
            f"teaches has {len(experiment.teaches)} characters: a list of lessons has room for "
            f"{LONGEST_NAME}"
        )
    for i, note in enumerate(experiment.notes, 1):
        for k, line in enumerate(note.lines, 1):
            where = f"[{k}]" if len(note.lines) > 1 else ""
            yield from _said(f"notes[{i}].text{where}", line, MOST_LINES)
        yield from _reached(f"notes[{i}]", note, timeline)
    for i, question in enumerate(experiment.questions, 1):
        name = f"questions[{i}]"
        yield from _said(f"{name}.text", question.text, 1)
        yield from _answered(name, question)
        if not_reached := list(_reached(name, question, timeline)):
            yield from not_reached
        else:
            yield from _asked(name, question, timeline)
    yield from _twice(experiment.questions)


def _decays(timeline: Timeline) -> Iterator[str]:
    """Formulas that read a constant of L2 or weight decay: one that is 0, or acts in the update,
    too."""
    architecture, training = timeline.program.architecture, timeline.program.training
    objective = architecture.objective
    for step in (*architecture.steps, *filter(None, (objective,))):
        for constant in sorted({l2.symbol, weight_decay.symbol} & {*names(step.expression)}):
            said = f"{step.symbol} reads {text(Name(constant))}, "
            if not getattr(training, constant):
                yield f"{said}which is 0 here: write the number into the formula"
            elif constant == weight_decay.symbol:
                yield f"{said}but weight decay adds it times each weight in the update, too"


# Room ----------------------------------------------------------------------------------------


def _said(name: str, text: str, most: int) -> Iterator[str]:
    lines = len(wrap(text, LINE))
    if lines > most:
        yield _cut_off(name, lines, most)
    elif lines > 1:
        yield (
            f"{name} takes {lines} lines at 80 columns, and hides other lines: {LINE} "
            f"characters fit on one, it has {len(text)}"
        )


def _answered(name: str, question: Question) -> Iterator[str]:
    lines = len(wrap(question.answer or "", LINE))
    if lines > ANSWER_LINES:
        yield _cut_off(f"{name}.answer", lines, ANSWER_LINES)


def _cut_off(name: str, lines: int, most: int) -> str:
    room = "one line" if most == 1 else f"{most} lines"
    return f"{name} is cut off at 80 columns: it takes {lines} lines and has {room}"


# Where it stands -----------------------------------------------------------------------------


def _reached(name: str, said: Said, timeline: Timeline) -> Iterator[str]:
    """Nothing if the run comes there; else what keeps it from coming."""
    at = said.first
    if at > FARTHEST:
        yield f"{name} is at iteration {at:,}: nobody will step that far"
    elif (last := timeline.iteration(at).number) < at:
        yield f"{name} is at iteration {at:,}, but {timeline.end(last)}"


def _twice(questions: tuple[Question, ...]) -> Iterator[str]:
    """Questions that are asked one after the other, at the same step."""
    for step, iteration in dict.fromkeys((q.step, q.first) for q in questions):
        together = sum(q.step == step and q.is_said_in(iteration) for q in questions)
        if together > 1:
            where = f"{step} in iteration {iteration:,}"
            yield f"{together} questions are asked at {where}, one after the other"


# What is asked -------------------------------------------------------------------------------


def _asked(name: str, question: Question, timeline: Timeline) -> Iterator[str]:
    """Whether the numbers make a good question, in the first iteration it is asked in."""
    rows, columns = timeline.state(Position(question.first)).shapes[question.step]
    for i, j in question.named_cells:
        if i > rows or j > columns:
            yield (
                f"{name}.text names {question.step}[{i},{j}], but {question.step} has "
                f"{count(rows, 'row')} and {count(columns, 'column')}"
            )
    if question.form == LINE_FORM:
        return
    at, decimals = question.first, timeline.experiment.decimals

    def write(number: float) -> str:
        return f"{number:z.{decimals}f}"

    before = Position(at, timeline.program.index(question.step))
    asked = ask(timeline, before, question.form, write, question=question)
    if Provenance(timeline).step_of(asked.place) is None:
        cell = text(asked.cell)
        yield f"{name} is not asked in iteration {at:,}: an edit sets {cell} after its update"
        return
    if question.form not in ("vote", "number") or question.choices:
        return
    if question.cell is None and len(question.named_cells) > 1:
        yield f"{name}.text names several cells of {question.step}: cell says which is asked for"
    right = timeline.state(before).result(question.step)[asked.cell.row - 1, asked.cell.column - 1]
    if float(write(right)) == 0:
        yield (
            f"the answer to {name} is zero: {text(asked.cell)} is 0 at "
            f"{count(decimals, 'decimal')} in iteration {at:,}"
        )
    wrong = max(0, len(asked.choices) - 1)
    if question.form == "vote" and wrong < CHOICES:
        yield (
            f"{name} is a vote with too few choices: mistakes give "
            f"{count(wrong, 'wrong number')} for {text(asked.cell)} at "
            f"{count(decimals, 'decimal')}, but {CHOICES} are needed"
        )
