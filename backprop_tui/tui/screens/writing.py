"""Writing the next step oneself: its right-hand side is asked for, judged, and made a step.

What a formula is worth the engine judges, and it is imported when one is first written. Here is
kept what belongs to the screen: what was typed at each step, how often it missed, what was said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backprop_tui.maths.expressions import Expr
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, State
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.view import View
from backprop_tui.tui.screens.base import Base

if TYPE_CHECKING:
    from backprop_tui.learn.formulas import JudgedFormula
    from backprop_tui.tui.panels.formula_field import FormulaField


class Writing(Base):
    """The key that writes."""

    writing = ""
    """The symbol asked for, while the field is open."""

    def begin(self, experiment: Experiment) -> None:
        self._leave_field()
        super().begin(experiment)
        self.told: tuple[str, ...] = ()  # what was found of the last answer
        self.typed: dict[str, str] = {}  # by symbol what was typed last
        self.misses: dict[str, int] = {}
        self.judgements: dict[tuple[str, Expr], JudgedFormula] = {}  # of what a run is made with

    def pause(self) -> None:
        """Stop running."""
        raise NotImplementedError

    async def action_formula(self) -> None:
        from backprop_tui.tui.panels.formula_field import HINT, FormulaField

        self.pause()
        experiment, ahead = self.timeline.experiment, self._ahead()
        if experiment.mistake is not None:
            self.say("One mistake is made on purpose: take it back (m) to write formulas.")
            return
        if ahead is None:
            self.say("The run has diverged: no step comes next.")
            return
        if not self.query(FormulaField):
            await self.mount(FormulaField(id="formula"))
        symbol = self.timeline.program.steps[ahead.steps].symbol
        own = experiment.formulas.get(symbol)
        typed = self.typed.get(symbol, "" if own is None else text(own))
        self.look(Inspection())
        self.writing, self.told = symbol, ()
        self.query_one(FormulaField).ask(f"{symbol} =", HINT, typed)
        self.show()

    def _ahead(self) -> Position | None:
        """Before the step that comes next, none of its elements open; None where none comes."""
        here = self.position
        if here.steps < len(self.timeline.program.steps):
            return Position(here.iteration, here.steps)
        if self.timeline.diverged(here.iteration):
            return None
        return Position(here.iteration + 1, 0)

    # Answers

    def on_formula_field_answered(self, message: FormulaField.Answered) -> None:
        from backprop_tui.learn.formulas import judge

        experiment, ahead, symbol = self.timeline.experiment, self._ahead(), self.writing
        if not symbol or ahead is None:
            return
        if not message.text.strip() and symbol in experiment.formulas:
            self._run_with(symbol, None, self.position)
            self.say(f"{symbol} is computed as it is taught again.")
            return
        iteration = self.timeline.iteration(ahead.iteration)
        found = judge(experiment, symbol, message.text, iteration)
        if found.accepted:
            self.typed[symbol] = message.text
            self._run_with(symbol, found.expression, replace(ahead, steps=ahead.steps + 1))
            self.say(self._progress(symbol))
            return
        self.misses[symbol] = self.misses.get(symbol, 0) + found.missed
        self.told = found.told(self.misses[symbol])
        self.show()

    def _run_with(self, symbol: str, formula: Expr | None, position: Position) -> None:
        """Make the run with that formula from its start, and stand at `position` in it."""
        self._leave_field()
        before = self.timeline.experiment
        self.past.append(before)
        self.future.clear()
        if formula is None:
            self.typed.pop(symbol, None)
        self.retell(before.with_formula(symbol, formula), position)

    @property
    def is_answering(self) -> bool:
        return bool(self.writing) or super().is_answering

    def _progress(self, symbol: str) -> str:
        own, all_ = len(self.timeline.program.own), len(self.timeline.program.steps)
        if own == all_:
            return f"The whole iteration is yours: all {all_} operations."
        return f"{symbol} is yours: {own} of {all_} operations so far. f writes the next."

    # Leaving

    def on_formula_field_left(self) -> None:
        self._leave_field()
        self.show()

    def go(self, position: Position) -> None:
        self._leave_field()
        super().go(position)

    def look(self, inspection: Inspection) -> None:
        self._leave_field()
        super().look(inspection)

    def _leave_field(self) -> None:
        """Close the field; what was typed comes back when the same step is asked for again."""
        if not self.writing:
            return
        from backprop_tui.tui.panels.formula_field import FormulaField

        field = self.query_one(FormulaField)
        self.typed[self.writing] = field.typed
        self.writing, self.told = "", ()
        field.close()

    # Showing

    def _seen(self) -> Position:
        ahead = self._ahead() if self.writing else None
        return ahead or super()._seen()

    def _state(self, position: Position) -> State:
        """With a formula being written, its step is announced."""
        return self.timeline.announced(position) if self.writing else super()._state(position)

    @property
    def view(self) -> View:
        view = super().view
        if self.writing:
            return replace(view, writing=self.writing, told=self.told, looking_back=False)
        place = view.place
        if place is None or place.symbol not in self.timeline.program.own:
            return view
        return replace(view, yours=self._judgement(place.symbol))

    def _judgement(self, symbol: str) -> JudgedFormula:
        """What a formula that the run is made with is worth."""
        experiment = self.timeline.experiment
        known = symbol, experiment.formulas[symbol]
        if known not in self.judgements:
            from backprop_tui.learn.formulas import judge

            iteration = self.timeline.iteration(self.position.iteration)
            self.judgements[known] = judge(experiment, symbol, text(known[1]), iteration)
        return self.judgements[known]
