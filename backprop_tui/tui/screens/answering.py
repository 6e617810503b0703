"""Answers: a vote by its digit, a number or a formula typed, a hint; each is judged and kept.

Which number is asked for, and when it shows, is the business of `ask`; what is right is the
engine's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from textual import work

from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.numbers import cell_width, fixed, number
from backprop_tui.maths.writing import text
from backprop_tui.tui.panels.boards import Gradients
from backprop_tui.tui.screens.travel import Travel
from backprop_tui.tui.screens.why import Why

if TYPE_CHECKING:  # imported when something is asked: the start does not wait for it
    from backprop_tui.explain.explanation import Explanation
    from backprop_tui.exports.record import Record
    from backprop_tui.learn.answers import JudgedAnswer
    from backprop_tui.learn.questions import Choice, Outcome
    from backprop_tui.session.question import Asking
    from backprop_tui.tui.panels.answer import AnswerField

NOTHING = "Nothing is asked just now: a asks before each step, and 1 to 4 then vote."
IN_WORDS = "This one is answered in words: space shows it."
FORMULA = (
    "@ matrix product   * by element   .T   g1'(Z1)   enter answers · PgDn shows it",
    "@  *  .T  g1'(Z1) · PgDn shows it",
)
FIELD = (
    "enter answers · PgDn shows it · ? gives a hint · esc leaves the field",
    "enter answers · PgDn shows · ? hints",
)
"""What the field says, in many words and in few."""


class Answering(Travel, Why):
    """The keys that answer."""

    record: Record | None = None
    """Where the answers are kept for a teacher."""
    _since = 0.0
    """When the question was asked."""

    def _end(self, outcome: Outcome | None, typed: str = "") -> None:
        """The question is over."""
        raise NotImplementedError

    # Answers

    def action_choose(self, digit: str = "") -> None:
        """A vote."""
        asking = self.asking
        if asking and asking.is_open and asking.asked.form in ("number", "formula"):
            self._open_field(keep=False, typed=digit)
            return
        if asking is None or not asking.is_open or not asking.choices:
            talks = asking is not None and asking.is_open
            self.say(IN_WORDS if talks else NOTHING)
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
        from backprop_tui.learn.answers import AnswerVerdict
        from backprop_tui.tui.panels.answer import HINT

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
            case AnswerVerdict.RIGHT:
                self._right(replace(asking, judged=judged), typed)
            case AnswerVerdict.WRONG:
                self._wrong(asking, typed, judged)
            case _:
                self._record(asking, typed, judged)
                self._look_at(asking.told(typed, judged))

    def on_answer_field_left(self) -> None:
        if self.asking is not None:
            self._look_at(replace(self.asking, typing=False))

    def _right(self, asking: Asking, typed: str) -> None:
        from backprop_tui.learn.questions import Outcome

        self.asking = replace(asking, typed=typed)
        self._end(Outcome.RIGHT, typed)

    def _wrong(
        self, asking: Asking, typed: str, judged: JudgedAnswer, at: int | None = None
    ) -> None:
        """A miss: which idea it comes from; behind the third one the step is shown."""
        from backprop_tui.learn.questions import Outcome

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

    def _hint(self, asking: Asking) -> None:
        self._look_at(asking.hinted())

    # What is right

    @property
    def _write(self) -> Callable[[float], str]:
        return partial(number, decimals=self.decimals)

    def _explained(self) -> Explanation:
        from backprop_tui.explain.explanation import Explanation

        assert self.asking is not None
        return Explanation(self.provenance, self.asking.asked.place, self._write)

    def _judge(self, typed: str) -> JudgedAnswer:
        from backprop_tui.learn.answers import earlier, judge, judge_formula

        if self.asking and self.asking.asked.form == "formula":
            iteration = self.timeline.iteration(self.position.iteration)
            symbol = self.asking.cell.symbol
            return judge_formula(self.timeline.experiment, symbol, typed, iteration)
        found = self._explained()
        asked = self.asking.asked if self.asking else None
        slopes = found.step.phase == "backward" and asked is not None and not asked.own
        before, boards = earlier(found), (self._on_the_boards,)
        return judge(typed, found, self.decimals, before, boards, sign_will_do=slopes)

    def _why_wrong(self, choice: Choice) -> JudgedAnswer:
        from backprop_tui.learn.answers import unit_of, wrong

        unit = unit_of(choice.written, self.decimals)
        return wrong(choice.number, choice.written, self._explained(), unit)

    def _on_the_boards(self, cell: Cell, value: float) -> str:
        """How a board shows a number; small gradients have a common power taken out."""
        power = self.query_one(Gradients).powers.get(cell.symbol, 0)
        shown = fixed(value * 10.0**-power, self.decimals, cell_width(self.decimals) - 1)
        return f"{shown}e{power}" if power else shown

    # The field

    @property
    def _field(self) -> AnswerField:
        from backprop_tui.tui.panels.answer import AnswerField

        return self.query_one(AnswerField)

    @property
    def _field_is_open(self) -> bool:
        return any(field.display and field.is_mounted for field in self.query("AnswerField"))

    @work(group="field", description="answer")
    async def _open_field(self, keep: bool, typed: str = "") -> None:
        from backprop_tui.tui.panels.answer import AnswerField

        if not self.query(AnswerField):
            await self.mount(AnswerField(id="answer"))
        elif not self._field.is_mounted:  # an earlier key is opening it
            return
        asking = self.asking
        if asking is None or not asking.is_open:
            return
        self._look_at(replace(asking, typing=True))
        whole = asking.asked.form == "formula"
        what = f"{asking.cell.symbol if whole else text(asking.cell)} ="
        ways = FORMULA if whole else FIELD
        said = next((way for way in ways if len(way) < self.size.width), ways[-1])
        self._field.open(what, said, keep, typed)

    def _close_field(self) -> None:
        if self._field_is_open:
            self._field.empty()
            self._field.close()

    # The record

    def _record(self, asking: Asking, typed: str, became: JudgedAnswer | Outcome | None) -> None:
        if self.record is None:
            return
        lesson, seconds = self.timeline.experiment.name, monotonic() - self._since
        right, attempt = self._write(self.provenance.number(asking.asked.place)), asking.misses + 1
        try:
            self.record.write(lesson, asking.asked, attempt, typed, became, right, seconds)
        except OSError as error:
            self.record = None
            self.notify(f"The record ends here: {error.strerror}.", severity="error")
