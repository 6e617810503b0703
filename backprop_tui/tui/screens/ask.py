"""Asking before it shows: announce, answer, reveal; a step is then two presses of one key.

It turns keys into an Asking; which number is asked for and what is right is the engine's. What was
typed is lost neither to a resize nor to help nor to a look at another cell.
"""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from backprop_tui import lessons
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.notes import Question
from backprop_tui.model.program import Step
from backprop_tui.run.timeline import Position
from backprop_tui.session.inspection import Inspection
from backprop_tui.tui.panels.boards import Board
from backprop_tui.tui.screens.answering import Answering

if TYPE_CHECKING:  # imported when something is asked: the start does not wait for it
    from backprop_tui.learn.questions import AskedQuestion, Outcome, Score
    from backprop_tui.session.question import Asking


class Ask(Answering):
    """The keys that ask."""

    def begin(self, experiment: Experiment) -> None:
        other = getattr(self, "_asked_of", None) != experiment.name
        self._asked_of = experiment.name
        self.asking = None
        if other:
            self.mode = experiment.asks
            self._score: Score | None = None
        super().begin(experiment)

    @property
    def score(self) -> Score:
        if self._score is None:
            from backprop_tui.learn.questions import Score

            self._score = Score()
        return self._score

    # Announce and reveal

    def action_ask(self) -> None:
        """Off, by vote, typed; a lesson's own questions are a mode of their own."""
        from backprop_tui.session.question import LESSON, MODES

        own = bool(self.timeline.experiment.questions)
        modes = [mode for mode in MODES if own or mode != LESSON]
        here = modes.index(self.mode) if self.mode in modes else -1
        self.mode = modes[(here + 1) % len(modes)]
        said = f"{MODES[self.mode]} {self.score.sentence() if self.mode == 'off' else ''}"
        opened = self.asking is not None and self.asking.is_open
        self._drop()
        if opened and self.mode != "off":
            self._announce_next()
        self.say(said.strip())

    def action_next(self) -> None:
        if self.playing:
            super().action_next()
        elif self.asking and self.asking.is_open:
            self._show_answer()
        elif not self._announce_next():
            super().action_next()

    def action_back(self) -> None:
        self._drop()
        super().action_back()

    def _announce_next(self) -> bool:
        """Ask for a number of the next step, if this is one to be asked for."""
        if self.mode == "off" or self.position.elements:
            return False
        ahead = self.timeline.forward(self.position)
        if ahead == self.position:
            return False
        before = replace(ahead, steps=ahead.steps - 1)
        step = self.timeline.program.steps[before.steps]
        own = self.timeline.experiment.questions_at(before.iteration, step.symbol)
        again = self._is_due(step)
        if not own and self.mode == "lesson" and not again:
            return False
        from backprop_tui.learn.questions import ask

        question = own[0] if own else None
        self.position = before
        asked = ask(self.timeline, before, self._form, self._write, self.view.column, question)
        self._announce(asked, again, own[1:])
        return True

    def _is_due(self, step: Step) -> bool:
        """Whether that kind of step is asked for again."""
        if self._score is None:
            return False

        return self._score.is_due(step.family)

    def _announce(self, asked: AskedQuestion, again: bool, rest: tuple[Question, ...] = ()) -> None:
        from backprop_tui.learn.answers import earlier
        from backprop_tui.session.question import Asking

        asking = Asking(asked, self.score.number(asked), again, rest)
        self._since = monotonic()
        self.go(self.position, asking)
        self.asking = replace(asking, compares=earlier(self._explained()) is not None)
        self.show()
        # In a lesson a teacher's remote, and the other keys, stay what they are until enter.
        if self.mode == "type" and asked.form in ("number", "formula"):
            self._open_field(keep=False)

    def _show_answer(self) -> None:
        """Reveal what nobody has answered: it counts as seen, talk not at all."""
        from backprop_tui.learn.questions import Outcome

        assert self.asking is not None
        outcome = Outcome.MISSED if self.asking.misses else Outcome.SEEN
        self._end(None if self.asking.asked.form == "talk" else outcome)

    def _end(self, outcome: Outcome | None, typed: str = "") -> None:
        """The question is over: the step is done, and stays explained at the cell asked for."""
        from backprop_tui.learn.questions import Outcome

        asking = self.asking
        assert asking is not None
        if outcome is not None:
            self._score = self.score.after(asking.asked, outcome, asking.misses)
        if outcome is not Outcome.MISSED:
            self._record(asking, typed, outcome)
        if asking.rest:
            self._ask_the_next(asking, outcome)
            return
        words = self._last_words(asking)
        ended = replace(asking, outcome=outcome or Outcome.SEEN, closing=words)
        self._close_field()
        self.go(self.timeline.forward(self.position), ended)

    def _ask_the_next(self, asking: Asking, outcome: Outcome | None) -> None:
        """What its author asks next at the same step, before that shows."""
        from backprop_tui.learn.questions import ask

        question, *rest = asking.rest
        self._close_field()
        write, column = self._write, self.view.column
        asked = ask(self.timeline, self.position, self._form, write, column, question)
        self._announce(asked, asking.again, tuple(rest))
        right = self._write(self.provenance.number(asking.asked.place))
        said = asking.asked.answer or f"{text(asking.cell)} = {right}."
        self.say(f"{'✓' if outcome and outcome.value == 'right' else '◆'} {said}")

    @property
    def _form(self) -> str | None:
        """How numbers are asked for; None: as the author says."""
        return {"type": "number", "vote": "vote"}.get(self.mode)

    def go(self, position: Position, asking: Asking | None = None) -> None:
        """Any other move leaves the question, or what was said of the last one."""
        if asking is None:
            self._drop()
        else:
            self.follow()  # what is asked, or was answered, is seen first
        self.asking = asking
        super().go(position)

    def _drop(self) -> None:
        """No question any more, and no field to answer it in."""
        if self.asking is not None:
            self._close_field()
            self.asking = None

    def _last_words(self, asking: Asking) -> str:
        """What is said behind the last question of a lesson."""
        own = self.timeline.experiment.questions
        index = self.timeline.program.index
        last = max(((q.iteration or 1, index(q.step)) for q in own), default=None)
        here = (asking.asked.place.iteration, index(asking.asked.step.symbol))
        if not asking.asked.own or here != last:
            return ""
        return self._scored()

    def _scored(self) -> str:
        """The score, and what comes next."""
        after = lessons.after(self.timeline.experiment.name)
        ahead = f"Next lesson: {after} (o opens it)." if after else ""
        return " ".join(filter(None, (self.score.sentence(), ahead)))

    def action_help(self, key: str = "") -> None:
        """`?` is a hint while something is asked, as long as there are any."""
        from backprop_tui.session.question import HINTS

        asking = self.asking
        if key == "question_mark" and asking and asking.is_open and asking.hints < HINTS:
            self._hint(asking)
        else:
            self.show_help()

    def show_help(self) -> None:
        raise NotImplementedError

    def action_inspect(self) -> None:
        """With a cursor in the matrix that is asked for, its cell is; without one, the field."""
        asking, cursor = self.asking, self.inspection.cursor
        if asking is None or not asking.is_open or self.inspection.place:
            super().action_inspect()
        elif cursor is None:
            self._open_field(keep=True)
        elif not self._ask_for(cursor):
            super().action_inspect()

    def on_board_chosen(self, message: Board.Chosen) -> None:
        if not self._ask_for(message.cell):
            super().on_board_chosen(message)
        if self._field_is_open:
            self._field.take_focus()

    def _ask_for(self, cell: Cell) -> bool:
        """Ask for another number of the same step."""
        asking = self.asking
        if asking is None or not asking.is_open or cell.symbol != asking.cell.symbol:
            return False
        from backprop_tui.learn.questions import ask

        if cell != asking.cell:
            form = "number" if asking.asked.form == "number" else "vote"
            write = self._write
            self._announce(ask(self.timeline, self.position, form, write, cell=cell), asking.again)
        return True

    def leave_question(self) -> bool:
        """Out of the question, where nothing else is looked at: it asks no more."""
        if self.asking is None or not self.asking.is_open or self.inspection != Inspection():
            return False
        self.mode = "off"
        self._drop()
        self.say(" ".join(("It asks no more.", self.score.sentence())).strip())
        return True
