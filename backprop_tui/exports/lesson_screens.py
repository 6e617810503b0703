"""What of a lesson's notes and questions a screen of 80×24 cannot show, found by painting them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from backprop_tui.explain.provenance import Provenance
from backprop_tui.explain.published import Beside
from backprop_tui.files.lesson_check import FARTHEST
from backprop_tui.learn.questions import QuestionOutcome, ask
from backprop_tui.maths.numbers import number
from backprop_tui.model.notes import Said
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.question import Asking
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.lines import TextLine, put_lines
from backprop_tui.tui.panels.question import question_lines
from backprop_tui.tui.panels.step_lines import explained

WIDTH, HEIGHT = 78, 6
"""Columns and lines that the Step panel has for text on a screen of 80×24."""


def lost(timeline: Timeline) -> Iterator[str]:
    """A sentence for each note, question, choice and answer that is not shown whole."""
    experiment = timeline.experiment
    screens = LessonScreens(timeline)
    for i, note in enumerate(experiment.notes, 1):
        if screens.reached(note):
            for k, line in enumerate(note.lines, 1):
                name = f"notes[{i}].text{f'[{k}]' if len(note.lines) > 1 else ''}"
                yield from screens.of_note(name, note, f"◆ {line}")
    for i, question in enumerate(experiment.questions, 1):
        if screens.reached(question):
            yield from screens.of_question(i)


class LessonScreens:
    """The Step panel at the steps of a lesson, painted for a screen of 80×24."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.provenance, self.beside = Provenance(timeline), Beside(timeline)

    def reached(self, said: Said) -> bool:
        """Whether the run comes to where this is said, and it is: not of an edited iteration."""
        experiment, at = self.timeline.experiment, said.first
        here = (*experiment.notes_at(at, said.step), *experiment.questions_at(at, said.step))
        return at <= FARTHEST and said in here and self.timeline.iteration(at).number == at

    def of_note(self, name: str, note: Said, line: str) -> Iterator[str]:
        """Where a line of a note, with its sign, is not shown whole; nothing where it is."""
        at, steps = note.first, self.timeline.program.index(note.step) + 1
        here = self.timeline.experiment.notes_at(at, note.step)
        presses = range(1 + sum(len(other.lines) - 1 for other in here))
        views = [self._view(at, steps, more_lines=k) for k in presses]
        view = next(v for v in views if line in {f"◆ {shown}" for shown in v.notes})
        if not _shows(explained(view, WIDTH, HEIGHT), line):
            yield _not_whole(name)
        elif questions := self.timeline.experiment.questions_at(at, note.step):
            over = self._asking(at, steps, len(questions) - 1, QuestionOutcome.SEEN)
            after = replace(view, asking=over)
            if not _shows(question_lines(after, over, WIDTH, HEIGHT), line):
                yield _not_whole(name, " once the question there is over")

    def of_question(self, i: int) -> Iterator[str]:
        """Which parts of a question are not shown whole, while it is open and when it is over."""
        question, name = self.timeline.experiment.questions[i - 1], f"questions[{i}]"
        at, steps = question.first, self.timeline.program.index(question.step) + 1
        here = self.timeline.experiment.questions_at(at, question.step).index(question)
        asking = self._asking(at, steps, here, None)
        asked = asking.asked
        shown = question_lines(self._view(at, steps - 1, asking=asking), asking, WIDTH, HEIGHT)
        parts = {"text": asked.text}
        if asked.worded:
            parts |= {f"choices[{k}]": choice.written for k, choice in enumerate(asked.choices, 1)}
        for part, words in parts.items():
            if not _shows(shown, words):
                yield _not_whole(f"{name}.{part}")
        over = self._asking(at, steps, here, QuestionOutcome.SEEN)
        ended = question_lines(self._view(at, steps, asking=over), over, WIDTH, HEIGHT)
        if asked.answer and not _shows(ended, f"◆ {asked.answer}"):
            yield _not_whole(f"{name}.answer")
        if asked.worded and asked.correct and not _shows(ended, asked.correct.label):
            yield _not_whole(f"{name}.choices[{asked.choices.index(asked.correct) + 1}].why")

    def _asking(
        self, iteration: int, steps: int, k: int, outcome: QuestionOutcome | None
    ) -> Asking:
        """The k-th question before a step, open or over."""
        step = self.timeline.program.steps[steps - 1]
        question = self.timeline.experiment.questions_at(iteration, step.symbol)[k]
        decimals = self.timeline.experiment.decimals

        def write(value: float) -> str:
            return number(value, decimals)

        asked = ask(self.timeline, Position(iteration, steps - 1), None, write, question=question)
        return Asking(asked, 1, outcome=outcome)

    def _view(
        self, iteration: int, steps: int, more_lines: int = 0, asking: Asking | None = None
    ) -> View:
        return View(
            self.timeline.state(Position(iteration, steps)),
            self.provenance,
            self.beside,
            decimals=self.timeline.experiment.decimals,
            more_lines=more_lines,
            asking=asking,
        )


def _not_whole(name: str, when: str = "") -> str:
    room = f"the Step panel has {HEIGHT} lines"
    return f"{name} is not shown whole at 80×24{when}: {room}"


def _shows(lines: list[TextLine], words: str) -> bool:
    """Whether the panel shows these words, over however many lines."""
    canvas = Canvas(WIDTH + 2, HEIGHT + 1)
    put_lines(canvas, lines, WIDTH, HEIGHT)
    return " ".join(words.split()) in " ".join(canvas.text().split())
