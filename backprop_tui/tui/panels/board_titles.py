"""What the rules of the boards say: which groups and columns are shown, and what a d means."""

from __future__ import annotations

from collections.abc import Iterable

from backprop_tui.maths.expressions import names
from backprop_tui.model.rows import Row, named, rows_of, sharing
from backprop_tui.session.view import CARRIED_ON, ENTERS, View
from backprop_tui.tui.paint.canvas import shortened
from backprop_tui.tui.paint.placed import Arrangement
from backprop_tui.tui.paint.predictions import right_of_batch, target_class


def cache_title(view: View, a: Arrangement, title: str, remark: str, room: int) -> tuple[str, str]:
    """Return the Cache's title and note in `room` columns, with the shown example's class and how
    many of the batch are predicted correctly, as far as they fit."""
    remark = ", ".join(filter(None, (which_members(view, a), remark)))
    known, called = right_of_batch(view), None if remark else target_class(view)
    note = remark or example(view)
    right = ["", ""] if known is None else ["  {} of {} correct", "  {}/{} ✓"]
    titles = [own + form.format(*known or ()) for own in (title, "Cache") for form in right]
    notes = [f"{note} class {shortened(called, 16)}", note] if called else [note]
    notes = [*with_legend(view, notes[0]), *notes[1:]]
    ways = [(own, said) for said in notes for own in titles]
    short = "Cache", shortened(note, room - len("Cache"))
    return next((way for way in ways if sum(map(len, way)) <= room), short)


def with_legend(view: View, note: str) -> list[str]:
    """Return a note with what the signs of a mistake mean before it, where the run has one, and the
    note alone."""
    if view.right is None or view.without_effect:
        return [note]
    legend = f"{ENTERS} mistake enters  {CARRIED_ON} carried on"
    return [f"{legend}   {note}" if note else legend, *([legend] if note else []), note]


def example(view: View) -> str:
    """Say which example's column is shown."""
    state, total = view.state, view.state.experiment.data.examples
    row = state.iteration.examples[view.column] + 1
    if state.examples == total and row == view.column + 1:
        return f"‹example {row} of {total}›" if total > 1 else f"example {row} of {total}"
    if state.examples > 1:
        return f"‹example {row}: {view.column + 1} of {state.examples} here›"
    return f"example {row} of {total}"


def dL(view: View) -> tuple[str, ...]:  # noqa: N802 (∂L, as it is written)
    """Say what a d before a name means here, in full, then shorter."""
    program, step = view.program, view.step
    loss, whole = program.loss, program.objective
    if whole != loss and not program.architecture.joint:
        read = [s for step in program.steps if step.symbol == whole for s in names(step.expression)]
        penalized = not set(program.parameters).isdisjoint(read)  # then it is no plain mean
        which = whole if penalized else f"{'mean' if program.is_averaged else 'sum'} {whole}"
        parameters = [s for s in program.gradients if program.roles[s].of in program.parameters]
        values = [s for s in program.gradients if s not in parameters]
        own = [s for s in values if program.roles[s].of in program.separate]
        shared = [s for s in values if s not in own]
        the = "" if penalized else "the "
        said = [
            (own, (f"for this example's {loss}", f"this example's {loss}", loss)),
            (shared, (f"for the sum of all {loss}", f"all {loss}", f"all {loss}")),
            (parameters, (f"for {the}{which}", which, which)),
        ]
        there = [(families(view, symbols), what) for symbols, what in said if symbols]
        return tuple(
            "; ".join(f"{called}: {what[way]}" for called, what in there)
            for way in range(3 if shared else 2)
        )
    of = step.role.of if step and step.phase == "backward" else next(iter(program.parameters), "")
    if program.gradient_of(of or "") is None:  # values are given: it is not computed
        of = next((program.roles[symbol].of for symbol in program.gradients), "")
    return (f"{program.gradient_of(of or '')} means ∂{whole}/∂{of}" if of else "",)


def families(view: View, symbols: Iterable[str]) -> str:
    """What some gradients are called, whatever their group: dA, dZ."""
    steps = (view.program.steps[view.program.index(symbol)] for symbol in symbols)
    called = list(dict.fromkeys(step.family for step in steps))
    return ", ".join(called if len(called) <= 3 else [*called[:2], "…"])


def which_groups(view: View, a: Arrangement) -> str:
    """Say what several groups share, else which groups are shown, where these are not all."""
    program, rows = view.program, rows_of(view.program)
    there = {placed.symbol for placed in a.cache}
    for row in rows:
        if row.shared:
            said = sharing(program, row, there)
            return f"  {said}" if said else ""
    if len(a.shown) == len(rows):
        return ""
    shown = [group for k in a.shown for group in rows[k].groups]
    count, said = len(program.groups), named(program, shown)
    if said[-1].isdigit():
        return f"  {said} of {count}"
    return f"  {said}: {len(shown)} of {count} groups"


def which_members(view: View, a: Arrangement) -> str:
    """Say which time steps are shown, where these are not all: ‹t = 1 2 3 of 12›."""
    roles, groups = view.program.roles, view.program.groups
    for row in rows_of(view.program):
        members = {s for slot in (*row.operands, *row.results) if len(slot) > 1 for s in slot}
        seen = {roles[p.symbol].group for p in a.cache if p.symbol in members}
        shown = [groups[group] for group in row.groups if group in seen]
        if row.is_family and 0 < len(shown) < len(row.groups):
            numbers = (name.rsplit(" ", 1)[-1] for name in shown[1:])
            return f"‹{' '.join([shown[0], *numbers])} of {len(row.groups)}›"
    return ""


def neighbours(view: View, a: Arrangement, width: int) -> str:
    """Name the groups before and after those that are shown."""
    rows = rows_of(view.program)
    others = [k for k, row in enumerate(rows) if k not in a.shown]
    if view.updating:  # what has no parameters has no update
        others = [k for k in others if rows[k].parameters]
    ends = [("▴", [k for k in others if k < a.shown[0]])]
    ends += [("▾", [k for k in others if k > a.shown[0]])]
    hidden = [(sign, [rows[k] for k in some]) for sign, some in ends if some]
    room = (width - 6) // max(1, len(hidden)) - 2
    return "      ".join(f"{sign} {about(some, view, room)}" for sign, some in hidden)


def elsewhere(view: View, a: Arrangement) -> str:
    """Say of the gradients that are not shown which are computed."""
    there = {placed.symbol for placed in a.gradients}
    others = [symbol for symbol in view.program.gradients if symbol not in there]
    known = [symbol for symbol in others if view.state.done(symbol)]
    later = [symbol for symbol in others if symbol not in known]
    ways = (("computed: ", known), ("not computed yet: ", later))
    return "   ".join(f"{said}{' '.join(symbols)}" for said, symbols in ways if symbols)


def about(rows: list[Row], view: View, room: int) -> str:
    """Name some groups; of a single one, say what it makes of what."""
    program = view.program
    groups = [group for row in rows for group in row.groups]
    name = named(program, groups) or "shared"
    if len(rows) > 1:
        return name
    (row,) = rows
    if program.layers:
        g = program.dense.activations[row.groups[0] - 1]
        n = program.dense.layers
        ways = [f"{n[row.groups[0] - 1]} → {n[row.groups[0]]} {g}"]
    else:
        read, made = ([s for slot in slots for s in slot] for slots in (row.operands, row.slots))
        all_made = " ".join(s for s in made if s not in read)
        ways = [f"{' '.join(read)} → {all_made}"] * bool(read) + [all_made]
    return next((f"{name}: {way}" for way in ways if len(f"{name}: {way}") <= room), name)
