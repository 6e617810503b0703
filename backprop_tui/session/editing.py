"""Editing a number: what if it were another? Asked for, previewed, made and said."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from backprop_tui.explain.provenance import Place
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.numbers import number, signed, told_apart
from backprop_tui.maths.writing import text
from backprop_tui.model.saved import ALPHA, Edit
from backprop_tui.run.edits import edit_fault, with_edit
from backprop_tui.run.timeline import Timeline
from backprop_tui.session import lazy
from backprop_tui.session.looking import CELL, place_of
from backprop_tui.session.prompts import Line, Prompt
from backprop_tui.session.state import CannotError, SessionState

ALPHAS = ("alpha", "α")
OTHER_NUMBER = "Another number: esc, then tab or a click"
NUDGES = {"up": 1, "down": -1, "shift+up": 10, "shift+down": -10}
FINER = {"tab": -1, "shift+tab": 1}
"""By which power of ten the nudge changes."""
FINEST, COARSEST = -9, 3


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


def how_to_edit(s: SessionState) -> str:
    """What to say to edit a number, with one of this network's: edit W1[1,2] 0.5."""
    program, command = s.timeline.program, s.named("edit")
    symbol = (*program.parameters, *program.data)[0]
    columns = program.shapes(program.training.batch)[symbol][1]
    cell = f"{symbol}[1,{min(columns, 2)}]"
    return f"Say what to edit and its value: {command} {cell} 0.5, or {command} alpha 0.1."


def _named_number(s: SessionState, what: str) -> Edit:
    """The number that is meant, with the value that it has."""
    how = how_to_edit(s)
    if not what:
        raise CannotError(how)
    what = what.removesuffix(" to")
    place = None if what.lower() in ALPHAS else place_of(s, what)
    if place is not None and not CELL.fullmatch(what):
        rows, columns = s.view.state.shapes[place.symbol]
        if rows * columns > 1:
            raise CannotError(f"{place.symbol} has {rows * columns} numbers. {how}")
    return _as_it_is(s, place)


def _as_it_is(s: SessionState, place: Place | None) -> Edit:
    """The edit that sets a number, or α if None, to its value in the iteration shown."""
    here, provenance = s.position.iteration, s.provenance
    if place is None:
        return Edit(here, ALPHA, s.timeline.iteration(here).scalars[ALPHA.symbol])
    iteration = max(1, place.iteration)
    if place.symbol in provenance.program.parameters:
        frozen = place.symbol not in provenance.program.positions
        # A frozen one is edited from the iteration shown on, whenever its value was set.
        iteration = here if frozen else place.iteration + 1
    return Edit(iteration, place.cell, provenance.number(place))


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
        s.must_be_there(place)
    was = _as_it_is(s, place)
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
    s.put(prompt.saying(_told(s, losses(s, made), made == prompt.about)))


def _told(s: SessionState, effect: str, unchanged: bool) -> str:
    """The effect of an edit, with as much of what the keys do as the window has room for."""
    step = in_full(float(Decimal(1).scaleb(s.nudge)))
    nudges = f"↑↓ ±{step}  ⇧↑↓ ×10  tab finer"
    assert s.prompt is not None
    if s.prompt.about.of == ALPHA and unchanged:
        nudges = OTHER_NUMBER
    wanted = (f"{nudges} ⇧tab coarser", nudges, f"↑↓ ±{step}")
    lines = (f"{effect}   {keys}" for keys in wanted)
    return next((line for line in lines if len(line) < s.width - 1), effect)


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
        raise CannotError(f"{fault}.")
    if made.value == was:
        s.say(f"{text(made.of)} is {s.write(was)} already: nothing is changed.")
        return
    effect = losses(s, made)
    s.change(with_edit(s.timeline.experiment, made))
    ahead = made.iteration > s.position.iteration
    since = f" from iteration {made.iteration:,} on" if ahead else ""
    s.say(f"{edited(made, s.decimals)}{since}: {effect}. {s.named('undo')} undoes it.")


def losses(s: SessionState, made: Edit) -> str:
    """`L goes from 0.666 to 0.641`: the first loss that the edit changes."""
    name = s.timeline.program.objective
    if name not in s.timeline.program.positions:
        return f"{name} is not computed here"
    iteration, was, now = _losses(s.timeline, made)
    if made.of == ALPHA and iteration == made.iteration and not s.timeline.program.cached:
        return s.timeline.end(iteration)
    if s.timeline.iteration(iteration).number < iteration:
        return f"the run goes on, with {name} = {s.write(now)} in iteration {iteration:,}"
    if iteration != max(made.iteration, s.position.iteration):
        name = (
            f"{name} in iteration {iteration:,}"  # before its numbers: another stands on the screen
        )
    if was == now:
        return f"{name} stays {s.write(was)}"
    one, other = told_apart(was, now, s.decimals)
    return f"{name} goes from {one} to {other}"


def _losses(timeline: Timeline, edit: Edit) -> tuple[int, float, float]:
    """The first iteration whose loss an edit changes, and that loss without and with it."""
    if isinstance(edit.of, Cell):
        iteration = timeline.iteration(edit.iteration)
        (now,) = lazy.sweep.losses_with(timeline.program, iteration, edit.of, [edit.value]).tolist()
    else:  # α shows in the next one
        changed = timeline.retold(with_edit(timeline.experiment, edit))
        iteration = changed.iteration(edit.iteration + 1)
        now = changed.history.loss_of(iteration.number)
    return iteration.number, timeline.history.loss_of(iteration.number), now


def in_full(value: float) -> str:
    """A number in full, as it reads back to the bit: 0.5, −0.165."""
    whole = value == int(value) and abs(value) < 1e15
    return signed(str(int(value)) if whole else repr(value))


def edited(made: Edit, decimals: int) -> str:
    """`W2[1,1] = 0.900`"""
    return f"{text(made.of)} = {number(made.value, decimals)}"
