"""Writing the next step's formula: asked for, judged, and made the step where it is right."""

from __future__ import annotations

from dataclasses import replace

from backprop_tui.maths.expressions import Expr
from backprop_tui.maths.writing import text
from backprop_tui.messages import listed
from backprop_tui.run.timeline import Position
from backprop_tui.session import lazy
from backprop_tui.session.asking import answer
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.prompts import Line, Prompt
from backprop_tui.session.state import CannotError, SessionState

FORMULA = "@ matrix product   * by element   .T   g1'(Z1)   sum(…, axis=1, keepdims=True)"
"""How what a formula needs is typed, in 80 columns."""
TAUGHT = "taught"
"""What is typed for the formula as it is taught."""


def write(s: SessionState, rest: str) -> None:
    """Judge a formula for the next step; without one, ask for it."""
    s.pause()
    asking = s.asking
    if rest and asking and asking.is_open and asking.asked.form == "formula":
        answer(s, rest)
        return
    experiment, ahead = s.timeline.experiment, s.ahead()
    if experiment.mistake is not None:
        back = f"{s.named('mistake')} takes it back"
        raise CannotError(f"One mistake is made on purpose: {back}, then write formulas.")
    if ahead is None:
        raise CannotError("The run ends here: no step comes next.")
    symbol = s.timeline.program.steps[ahead.steps].symbol
    if not rest:
        own = experiment.formulas.get(symbol)
        typed = s.typed.get(symbol, "" if own is None else text(own))
        s.close_all()
        s.asking = None
        s.look(Inspection())
        s.writing, s.told = symbol, ()
        how = FORMULA.replace("axis=1", f"axis={s.timeline.program.axis}")  # that of examples
        s.open(Prompt("formula", f"{symbol} =", how, _formula_typed, Line.of(typed), left=_left))
    elif rest.lower() == TAUGHT:
        if symbol not in experiment.formulas:
            raise CannotError(f"{symbol} is computed as it is taught already.")
        _run_with(s, symbol, None, s.position)
    else:
        _judge(s, symbol, rest, ahead)


def _formula_typed(s: SessionState, typed: str) -> None:
    symbol, ahead = s.writing, s.ahead()
    assert ahead is not None
    if not typed.strip() and symbol in s.timeline.experiment.formulas:
        _run_with(s, symbol, None, s.position)
    else:
        _judge(s, symbol, typed, ahead)


def _judge(s: SessionState, symbol: str, typed: str, ahead: Position) -> None:
    """Make the step with the formula where it is right; else say what is wrong with it."""
    experiment = s.timeline.experiment
    found = lazy.formulas.judge(experiment, symbol, typed, s.timeline.iteration(ahead.iteration))
    if found.accepted:
        s.typed[symbol] = typed
        s.said.append(found.sentence)
        _run_with(s, symbol, found.expression, replace(ahead, steps=ahead.steps + 1))
        return
    s.misses[symbol] = s.misses.get(symbol, 0) + found.missed
    s.told = found.told(s.misses[symbol])
    sentence, *more = s.told
    if found.missed:
        s.said += [f"Not correct for {symbol}. {sentence}", *more]
    else:
        s.said += [sentence, f"{symbol} may read {readable(s, ahead)}."]


def _run_with(s: SessionState, symbol: str, formula: Expr | None, position: Position) -> None:
    """Make the run with that formula from its start, and stand at `position` in it."""
    s.close_all()
    if formula is None:
        s.typed.pop(symbol, None)
    s.change(s.timeline.experiment.with_formula(symbol, formula), position)
    own, all_ = len(s.timeline.program.own), len(s.timeline.program.steps)
    if formula is None:
        s.say(f"{symbol} is computed as it is taught again.")
    elif own == all_:
        s.say(f"The whole iteration is yours: all {all_} operations.")
    else:
        writes = f"{s.named('write')} writes the next"
        s.say(f"{symbol} is yours: {own} of {all_} operations so far. {writes}.")


def _left(s: SessionState, typed: str) -> None:
    """What was typed comes back when the same step is asked for again."""
    s.typed[s.writing] = typed
    s.writing, s.told = "", ()


def readable(s: SessionState, before: Position) -> str:
    """What a formula of the step behind a position may read."""
    program = s.timeline.program
    done = (step.symbol for step in program.steps[: before.steps])
    return listed(tuple(dict.fromkeys((*program.of_kind("input", "target"), *program.kept, *done))))
