"""Another run in place of this one: a number edited, a formula written, a mistake made, all undone.

What follows from a change is the run's; here it is asked for, made and said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Expr
from backprop_tui.maths.numbers import MOST_DECIMALS, number, signed
from backprop_tui.maths.writing import text
from backprop_tui.messages import listed, nearest, short
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import ALPHA, Edit
from backprop_tui.run.edits import edit_fault, with_edit
from backprop_tui.run.timeline import Position
from backprop_tui.session import lazy
from backprop_tui.session.asking import answer
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.looking import CELL, place_of
from backprop_tui.session.prompts import Choice, Entry, Line, Prompt
from backprop_tui.session.state import CannotError, SessionState

ALPHAS = ("alpha", "α")
OTHER_NUMBER = "Learning rate α. To edit another number: esc, then tab or a click"
TAUGHT, NONE = "taught", "none"
NUDGES = {"up": 1, "down": -1, "shift+up": 10, "shift+down": -10}
FINER = {"tab": -1, "shift+tab": 1}
"""By which power of ten the nudge changes."""
FINEST, COARSEST = -9, 3
FORMULA = "@ matrix product   * by element   .T   g1'(Z1)   sum(…, axis=1, keepdims=True)"
"""How what a formula needs is typed, in 80 columns."""

# Edits


def edit(s: SessionState, rest: str) -> None:
    """Give a number another value; without one, ask for it."""
    s.pause()
    if not rest:
        _ask_for_value(s)
        return
    what, _, typed = rest.rpartition(" ") if "=" not in rest else rest.partition("=")
    was = _named_number(s, what.strip())
    _refuse_behind_the_end(s, was)
    _make(s, replace(was, value=_read(typed)), was.value)


def _named_number(s: SessionState, what: str) -> Edit:
    """The number that is meant, with the value that it has."""
    how = f"Say what to edit and its value: {s.named('edit')} W1[1,2] 0.5."
    if not what:
        raise CannotError(how)
    what = what.removesuffix(" to")
    place = None if what.lower() in ALPHAS else place_of(s, what)
    if place is not None and not CELL.fullmatch(what):
        rows, columns = s.view.state.shapes[place.symbol]
        if rows * columns > 1:
            raise CannotError(f"{place.symbol} has {rows * columns} numbers. {how}")
    return lazy.what_if.as_it_is(s.provenance, place, s.position.iteration)


def _refuse_behind_the_end(s: SessionState, was: Edit) -> None:
    if s.timeline.iteration(was.iteration).number < was.iteration:
        ends = f"The run ends in iteration {was.iteration - 1:,}"
        raise CannotError(f"{ends}: edit it earlier ({s.named('back')} goes back).")
    if fault := edit_fault(s.timeline.experiment, was):
        raise CannotError(f"{fault}.")


def _ask_for_value(s: SessionState) -> None:
    view, place = s.view, s.inspection.place
    if place is None and (cursor := s.inspection.cursor):
        place = view.place_of(cursor.symbol, cursor.row - 1, cursor.column - 1)
    was = lazy.what_if.as_it_is(s.provenance, place, s.position.iteration)
    _refuse_behind_the_end(s, was)
    s.open(
        Prompt(
            "edit",
            f"iteration {was.iteration:,}  {text(was.of)} =",
            OTHER_NUMBER if place is None else "",
            _value_typed,
            Line.of(in_full(was.value), whole=True),
            changed=_preview,
            keys=_nudged,
            about=was,
        )
    )
    _preview(s)


def _read(typed: str) -> float:
    try:
        return lazy.answers.read_number(typed)
    except ValueError as error:
        raise CannotError(str(error)) from None


def _edit_typed(s: SessionState, prompt: Prompt) -> Edit:
    """The edit that what is typed would be; a CannotError where it is none."""
    made: Edit = replace(prompt.about, value=_read(prompt.line.text))
    if fault := edit_fault(s.timeline.experiment, made):
        raise CannotError(fault)
    return made


def _preview(s: SessionState) -> None:
    """Say what the loss becomes, before anything is changed, and the keys that nudge."""
    prompt = s.prompt
    assert prompt is not None
    try:
        made = _edit_typed(s, prompt)
    except CannotError as error:
        s.put(prompt.saying(f"✗ {error}"))
        return
    step = in_full(float(Decimal(1).scaleb(s.nudge)))
    keys = f"↑↓ ±{step}  ⇧↑↓ ×10  tab finer ⇧tab coarser"
    if made.of == ALPHA and made.value == prompt.about.value:
        keys = OTHER_NUMBER
    s.put(prompt.saying(f"{losses(s, made)}   {keys}"))


def _nudged(s: SessionState, key: str) -> bool:
    """Up and down change the number, tab how much they do."""
    prompt = s.prompt
    assert prompt is not None
    if key in FINER:
        s.nudge = max(FINEST, min(COARSEST, s.nudge + FINER[key]))
    elif key in NUDGES:
        try:
            value = _read(prompt.line.text)
        except CannotError:  # it is said already that this is no number
            return True
        by = Decimal(NUDGES[key]).scaleb(s.nudge)
        s.put(replace(prompt, line=Line.of(in_full(float(Decimal(repr(value)) + by)))))
    else:
        return False
    _preview(s)
    return True


def _value_typed(s: SessionState, typed: str) -> None:
    prompt = s.prompt
    assert prompt is not None
    made = _edit_typed(s, prompt)
    s.close()
    _make(s, made, prompt.about.value)


def _make(s: SessionState, made: Edit, was: float) -> None:
    """Make an edit, and say what it does to the loss."""
    if fault := edit_fault(s.timeline.experiment, made):
        raise CannotError(fault)
    if made.value == was:
        s.say(f"{text(made.of)} is {s.write(was)} already: nothing is changed.")
        return
    effect = losses(s, made)
    s.change(with_edit(s.timeline.experiment, made))
    since = f" from iteration {made.iteration:,} on"
    s.say(f"{edited(made, s.decimals)}{since}: {effect}. {s.named('undo')} undoes it.")


def losses(s: SessionState, made: Edit) -> str:
    """`L goes from 0.666 to 0.641`: the first loss that the edit changes."""
    iteration, was, now = lazy.what_if.losses(s.timeline, made)
    name = s.timeline.program.objective
    told = f"{name} stays {s.write(was)}"
    if was != now:
        one, other = apart(was, now, s.decimals)
        told = f"{name} goes from {one} to {other}"
    return told if iteration == made.iteration else f"{told} in iteration {iteration:,}"


def apart(one: float, other: float, decimals: int) -> tuple[str, str]:
    """Two different numbers, with as many decimals as tell them apart."""
    for more in range(decimals, MOST_DECIMALS + 1):
        written = number(one, more), number(other, more)
        if written[0] != written[1]:
            break
    return written


def in_full(value: float) -> str:
    """A number in full, as it reads back to the bit: 0.5, −0.165."""
    whole = value == int(value) and abs(value) < 1e15
    return signed(str(int(value)) if whole else repr(value))


# Undo and redo


def undo(s: SessionState, rest: str) -> None:
    """The last edit, formula, mistake or new weights undone."""
    now, before = _swap(s, s.past, s.future, "undo")
    _say_what(s, "Undone", difference(before, now, s.decimals), s.past, "undo")


def redo(s: SessionState, rest: str) -> None:
    """What was undone last made again."""
    before, now = _swap(s, s.future, s.past, "redo")
    _say_what(s, "Redone", difference(before, now, s.decimals), s.future, "redo")


def _swap(
    s: SessionState, source: list[Experiment], other: list[Experiment], what: str
) -> tuple[Experiment, Experiment]:
    """Go on with the last of `source`: the experiment until now, and that one."""
    if not source:
        raise CannotError(f"There is nothing to {what}.")
    s.pause()
    left, taken = s.timeline.experiment, source.pop()
    other.append(left)
    s.retell(taken)
    return left, taken


def _say_what(s: SessionState, done: str, made: str, source: list[Experiment], what: str) -> None:
    s.say(f"{done}: {made}. {len(source) or 'Nothing'} more to {what}.")


def difference(before: Experiment, after: Experiment, decimals: int) -> str:
    """What one change made: `W2[1,1] = 0.900`, `other weights`, `your dW2`."""
    if after.initial is not before.initial:
        return "other weights"
    if after.mistake != before.mistake:
        made = after.mistake
        return f"the mistake {made.name}" if made else "the algorithm without a mistake"
    own, taught = after.formulas, before.formulas
    symbols = {*own, *taught}
    if written := sorted(symbol for symbol in symbols if own.get(symbol) != taught.get(symbol)):
        return " and ".join(
            f"{'your' if symbol in own else 'the taught'} {symbol}" for symbol in written
        )
    return edited(after.edits[-1], decimals)


def edited(made: Edit, decimals: int) -> str:
    """`W2[1,1] = 0.900`"""
    return f"{text(made.of)} = {number(made.value, decimals)}"


def new_weights(s: SessionState, rest: str) -> None:
    """Begin again with new random weights."""
    s.pause()
    s.past.append(s.timeline.experiment)
    s.future.clear()
    s.begin(s.timeline.experiment.reseeded())
    seed = s.timeline.experiment.initial.seed
    s.say(f"New weights, from seed {seed}. {s.named('undo')} brings the old ones back.")


# Mistakes


def mistake(s: SessionState, rest: str) -> None:
    """Run with one mistake, or with none; without a name, ask which."""
    s.pause()
    name = "-".join(rest.lower().split())
    if not name:
        s.start(_list_mistakes(s))
        return
    if name != NONE and name not in CATALOGUE:
        begun = [known for known in CATALOGUE if known.startswith(name)]
        meant = nearest(name, (*CATALOGUE, NONE)) or next(iter(begun), None)
        or_so = f"did you mean {meant}?" if meant else f"{s.named('mistake')} alone lists all."
        raise CannotError(f"There is no mistake {short(name)!r}: {or_so}")
    experiment = s.timeline.experiment
    other = experiment.with_mistake(CATALOGUE.get(name))
    s.close_all()
    if other is experiment:
        is_so = "No mistake is made" if name == NONE else f"{name} is made already"
        s.say(f"{is_so}: nothing is changed.")
        return
    s.change(other)  # the run is another one from its start; where we are in it stays
    if name == NONE:
        s.say("The algorithm is right again; the position stays.")
    else:
        s.say(f"{CATALOGUE[name].sentence} {s.named('undo')} takes it back.")
        if experiment.notes:
            s.said.append("The lesson's notes rest until then.")


def _list_mistakes(s: SessionState) -> Iterator[str]:
    """Open the list, once it is known which of them change nothing here."""
    if s.right is not None:
        yield from s.run_right(s.right)
    s.open(_mistakes(s))


def _mistakes(s: SessionState) -> Choice:
    """The mistakes to choose from; those that change nothing in this iteration are the last."""
    now = s.timeline.experiment.mistake
    idle = _without_effect(s)
    entries = [
        Entry(
            name,
            f"{'▸' if now is known else ' '} {name}",
            idle.get(name) or known.how,
            name in idle,
            known.sentence,
        )
        for name, known in sorted(CATALOGUE.items(), key=lambda item: item[0] in idle)
    ]
    none = Entry(NONE, f"{' ' if now else '▸'} {NONE}", told="The algorithm as it should be.")
    title = "Choose one mistake. The title shows it until you remove it."
    chosen = next((k for k, e in enumerate(entries, 1) if now and e.id == now.name), 0)
    return Choice("mistake", title, (none, *entries), mistake, chosen=chosen, closes="m")


def _without_effect(s: SessionState) -> dict[str, str]:
    """The mistakes that would change nothing in the iteration shown, and why."""
    right = s.right.timeline if s.right else s.timeline
    at = s.position.iteration
    told = {name: lazy.effect.without_effect(right, made, at) for name, made in CATALOGUE.items()}
    return {name: why for name, why in told.items() if why is not None}


# The next step's formula, written by its user


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
        raise CannotError("The run has diverged: no step comes next.")
    symbol = s.timeline.program.steps[ahead.steps].symbol
    if not rest:
        own = experiment.formulas.get(symbol)
        typed = s.typed.get(symbol, "" if own is None else text(own))
        s.close_all()
        s.asking = None
        s.look(Inspection())
        s.writing, s.told = symbol, ()
        s.open(
            Prompt("formula", f"{symbol} =", FORMULA, _formula_typed, Line.of(typed), left=_left)
        )
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
