"""Asking before it shows: announce, answer, reveal; a step is then two presses of one key.

It turns keys into an Asking; which number is asked for and what is right is the engine's. What was
typed is lost neither to a resize nor to help nor to a look at another cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from textual import work

from backprop_tui import lessons
from backprop_tui.engine.algebra import Cell
from backprop_tui.engine.experiment import Experiment
from backprop_tui.engine.notation import text
from backprop_tui.engine.program import Step
from backprop_tui.engine.timeline import Position
from backprop_tui.tui.inspection import Inspection
from backprop_tui.tui.numbers import cell_width, fixed, number
from backprop_tui.tui.screens.travel import Travel
from backprop_tui.tui.screens.why import Why
from backprop_tui.tui.widgets.boards import Board, Gradients

if TYPE_CHECKING:  # imported when something is asked: the start does not wait for it
    from backprop_tui.engine.asking import Asked, Choice
    from backprop_tui.engine.explanation import Explanation
    from backprop_tui.engine.judging import Judged
    from backprop_tui.engine.score import Outcome, Score
    from backprop_tui.exports.record import Record
    from backprop_tui.tui.asking import Asking
    from backprop_tui.tui.widgets.answer import AnswerField

NOTHING = "Nothing is asked just now: a asks before each step, and 1 to 4 then vote."
FORMULA = "@ matrix product   * by element   .T   g1'(Z1)   enter answers · PgDn shows it"
FIELD = "enter answers · PgDn shows it · ? gives a hint · esc leaves the field"


class Ask(Travel, Why):
    """The keys that ask and answer."""

    record: Record | None = None
    """Where the answers are kept for a teacher."""

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
            from backprop_tui.engine.score import Score

            self._score = Score()
        return self._score

    # Announce and reveal

    def action_ask(self) -> None:
        """Off, by vote, typed; a lesson's own questions are a mode of their own."""
        from backprop_tui.tui.asking import LESSON, MODES

        own = bool(self.timeline.experiment.questions)
        modes = [mode for mode in MODES if own or mode != LESSON]
        here = modes.index(self.mode) if self.mode in modes else -1
        self.mode = modes[(here + 1) % len(modes)]
        said = f"{MODES[self.mode]} {self._scored() if self.mode == 'off' else ''}"
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
        from backprop_tui.engine.asking import ask

        question = own[0] if own else None
        form = {"type": "number", "vote": "vote"}.get(self.mode)
        self.position = before
        asked = ask(self.timeline, before, form, self._write, self.view.column, question)
        self._announce(asked, again)
        return True

    def _is_due(self, step: Step) -> bool:
        """Whether that kind of step is asked for again."""
        if self._score is None:
            return False
        from backprop_tui.engine.asking import kind

        return self._score.is_due(kind(step))

    def _announce(self, asked: Asked, again: bool) -> None:
        from backprop_tui.tui.asking import Asking

        number = len(self.score.answered) + 1
        asking = Asking(asked, number, again)
        self._since = monotonic()
        self.go(self.position, asking)
        if asked.form in ("number", "formula"):
            self._open_field(keep=False)

    def _show_answer(self) -> None:
        """Reveal what nobody has answered: it counts as seen, talk not at all."""
        from backprop_tui.engine.score import Outcome

        assert self.asking is not None
        self._end(None if self.asking.asked.form == "talk" else Outcome.SEEN)

    def _end(self, outcome: Outcome | None, typed: str = "") -> None:
        """The question is over: the step is done, and stays explained at the cell asked for."""
        from backprop_tui.engine.score import Outcome

        asking = self.asking
        assert asking is not None
        if outcome is not None:
            self._score = self.score.after(asking.asked, outcome, asking.misses)
        if outcome is not Outcome.MISSED:
            self._record(asking, typed, outcome)
        words = self._last_words(asking)
        ended = replace(asking, outcome=outcome or Outcome.SEEN, closing=words)
        self._close_field()
        self.go(self.timeline.forward(self.position), ended)

    def go(self, position: Position, asking: Asking | None = None) -> None:
        """Any other move leaves the question, or what was said of the last one."""
        if asking is None:
            self._drop()
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

    # Answers

    def action_choose(self, digit: str = "") -> None:
        """A vote."""
        asking = self.asking
        if asking is None or not asking.is_open or not asking.choices:
            self.say(NOTHING)
            return
        if not digit.isdigit() or int(digit) > len(asking.choices):
            self.say(f"The choices are 1 to {len(asking.choices)}.")
            return
        at = int(digit) - 1
        choice = asking.choices[at]
        if choice.right:
            self._right(asking, choice.written)
        else:
            self._wrong(asking, choice.written, self._why_wrong(choice), at)

    def on_answer_field_answered(self, message: AnswerField.Answered) -> None:
        from backprop_tui.engine.judging import Verdict
        from backprop_tui.tui.widgets.answer import HINT

        asking, typed = self.asking, message.text.strip()
        if asking is None or not asking.is_open:
            return
        if typed == HINT:
            self._hint(asking)
            return
        if not typed:
            return
        judged = self._judge(typed)
        match judged.verdict:
            case Verdict.RIGHT:
                self._right(replace(asking, judged=judged), typed)
            case Verdict.WRONG:
                self._wrong(asking, typed, judged)
            case _:
                self._record(asking, typed, judged)
                self._look_at(asking.told(typed, judged))

    def on_answer_field_left(self) -> None:
        if self.asking is not None:
            self._look_at(replace(self.asking, typing=False))

    def _right(self, asking: Asking, typed: str) -> None:
        from backprop_tui.engine.score import Outcome

        self.asking = replace(asking, typed=typed)
        self._end(Outcome.RIGHT, typed)

    def _wrong(self, asking: Asking, typed: str, judged: Judged, at: int | None = None) -> None:
        """A miss: which idea it comes from; behind the third one the step is shown."""
        from backprop_tui.engine.score import Outcome

        self._record(asking, typed, judged)
        missed = asking.missed(typed, judged, at)
        if missed.is_over:
            self.asking = missed
            self._end(Outcome.MISSED)
            return
        if self._field_is_open:
            self._field.empty()
        self._look_at(missed)

    def _look_at(self, asking: Asking) -> None:
        """The same question, with something more said of it."""
        self.asking, self.message = asking, ""
        self.show()

    def action_help(self, key: str = "") -> None:
        """`?` is a hint while something is asked, as long as there are any."""
        from backprop_tui.tui.asking import HINTS

        asking = self.asking
        if key == "question_mark" and asking and asking.is_open and asking.hints < HINTS:
            self._hint(asking)
        else:
            self.show_help()

    def show_help(self) -> None:
        raise NotImplementedError

    def _hint(self, asking: Asking) -> None:
        self._look_at(asking.hinted())

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
        from backprop_tui.engine.asking import ask

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
        self.say(" ".join(("It asks no more.", self._scored())).strip())
        return True

    # What is right

    @property
    def _write(self) -> Callable[[float], str]:
        return partial(number, decimals=self.decimals)

    def _explained(self) -> Explanation:
        from backprop_tui.engine.explanation import Explanation

        assert self.asking is not None
        return Explanation(self.provenance, self.asking.asked.place, self._write)

    def _judge(self, typed: str) -> Judged:
        from backprop_tui.engine.judging import earlier, formula, judge

        if self.asking and self.asking.asked.form == "formula":
            iteration = self.timeline.iteration(self.position.iteration)
            symbol = self.asking.cell.symbol
            return formula(self.timeline.experiment, symbol, typed, iteration)
        found = self._explained()
        return judge(typed, found, self.decimals, earlier(found), (self._on_the_boards,))

    def _why_wrong(self, choice: Choice) -> Judged:
        from backprop_tui.engine.judging import unit_of, wrong

        unit = unit_of(choice.written, self.decimals)
        return wrong(choice.number, choice.written, self._explained(), unit)

    def _on_the_boards(self, cell: Cell, value: float) -> str:
        """How a board shows a number; small gradients have a common power taken out."""
        power = self.query_one(Gradients).power if cell.symbol.startswith("d") else 0
        shown = fixed(value * 10.0**-power, self.decimals, cell_width(self.decimals) - 1)
        return f"{shown}e{power}" if power else shown

    # The field

    @property
    def _field(self) -> AnswerField:
        from backprop_tui.tui.widgets.answer import AnswerField

        return self.query_one(AnswerField)

    @property
    def _field_is_open(self) -> bool:
        return bool(self.query("AnswerField")) and self._field.display

    @work(exclusive=True, group="field", description="answer")
    async def _open_field(self, keep: bool) -> None:
        from backprop_tui.tui.widgets.answer import AnswerField

        if not self.query(AnswerField):
            await self.mount(AnswerField(id="answer"))
        asking = self.asking
        if asking is None or not asking.is_open:
            return
        self._look_at(replace(asking, typing=True))
        whole = asking.asked.form == "formula"
        what = f"{asking.cell.symbol if whole else text(asking.cell)} ="
        self._field.open(what, FORMULA if whole else FIELD, keep)

    def _close_field(self) -> None:
        if self._field_is_open:
            self._field.empty()
            self._field.close()

    # The record

    def _record(self, asking: Asking, typed: str, became: Judged | Outcome | None) -> None:
        if self.record is None:
            return
        lesson, seconds = self.timeline.experiment.name, monotonic() - self._since
        right, attempt = self._write(self.provenance.number(asking.asked.place)), asking.misses + 1
        try:
            self.record.write(lesson, asking.asked, attempt, typed, became, right, seconds)
        except OSError as error:
            self.record = None
            self.notify(f"The record ends here: {error.strerror}.", severity="error")
