"""The loss over one weight: the loss as that weight alone changes, and where its updates led."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backprop_tui.maths.expressions import Cell, names
from backprop_tui.maths.functions import Array
from backprop_tui.maths.writing import text
from backprop_tui.session import lazy, travel
from backprop_tui.session.looking import cell_of
from backprop_tui.session.prompts import Sheet
from backprop_tui.session.state import CannotError, SessionState

if TYPE_CHECKING:
    from backprop_tui.run.sweep import Sweep

BEFORE = 12
"""Iterations before this one whose values of the weight are shown, at most."""
ARROWS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
CLOSER = {"plus": 1, "equals_sign": 1, "minus": -1}
WIDEST, CLOSEST = -3, 10
"""How often the range may be doubled or halved."""


@dataclass(frozen=True)
class Weight:
    """Which weight is looked at, and how often the range around it was halved."""

    cell: Cell
    halved: int = 0


@dataclass(frozen=True, eq=False)
class Found:
    """The loss over one weight in the iteration shown, all other numbers held."""

    cell: Cell
    name: str
    """What the loss is called: J, or L."""
    iteration: int
    curve: Sweep
    before: Array
    """What the weight was in the iterations before, the earliest first."""
    losses: Array
    """The losses of those iterations, in which the other weights were others too."""
    after: float | None
    """What this iteration's update made of it, where that is done."""
    gradient: str
    """The gradient with respect to it, dW1[1,2]; "" where there is none."""
    slope: str
    """That gradient as it stands on its board; "" until it is computed."""
    is_tangent: bool
    """Whether the gradient is the derivative of the curve: not with a mistake."""

    @property
    def arrow(self) -> str:
        """The sign of the value after the update: it points where the update went."""
        return "▸" if self.after is not None and self.after >= self.curve.here else "◂"


def show(s: SessionState, rest: str) -> None:
    """The loss over the weight that is named, else over the one at hand."""
    weight = Weight(_named(s, rest) if rest else _at_hand(s))
    found(s, weight)  # what cannot be shown is said
    s.open(Sheet("one_weight", weight, closes="L", keys=_keys))


def _named(s: SessionState, rest: str) -> Cell:
    cell = cell_of(s, rest)
    program = s.timeline.program
    of = program.roles[cell.symbol].of if cell.symbol in program.gradients else cell.symbol
    if of not in program.parameters:
        listed = ", ".join(program.parameters[:6])
        raise CannotError(f"{cell.symbol} is not updated in training: name a weight ({listed}).")
    return replace(cell, symbol=of)


def _at_hand(s: SessionState) -> Cell:
    """The cursor's, else the explained one, else the one that the step writes or reads, or whose
    gradient that is; else the first."""
    program, view = s.timeline.program, s.view
    cell = s.inspection.cursor or (view.place.cell if view.place else None)
    if cell is not None:
        role = program.roles.get(cell.symbol)
        of = role.of if role is not None and role.of else cell.symbol
        if of in program.parameters:
            return replace(cell, symbol=of)
    if not program.parameters:
        raise CannotError("No step here reads a parameter: there is no weight to change.")
    read = names(view.step.expression) if view.step else ()
    symbol = next((name for name in read if name in program.parameters), program.parameters[0])
    return Cell(symbol, 1, 1)


def found(s: SessionState, weight: Weight) -> Found:
    """What there is to see of a weight. Raises CannotError where the loss cannot be computed."""
    view, cell = s.view, weight.cell
    program, state = view.program, view.state
    why = program.cut(cell.symbol)
    if program.objective not in program.positions:
        why = f"{program.objective} is not computed here"
    if why:
        raise CannotError(f"The loss over {text(cell)} cannot be shown: {why}.")
    curve = lazy.sweep.sweep(program, state.iteration, cell, 2.0**weight.halved)
    if curve is None:
        raise CannotError("The network is too large: this curve would take too long.")
    gradient = program.gradient_of(cell.symbol)
    at = replace(cell, symbol=gradient) if gradient else None
    known = at is not None and curve.slope is not None and state.done(at.symbol)
    place = cell.row - 1, cell.column - 1
    updated = cell.symbol in program.positions and state.done(cell.symbol)
    before, losses = lazy.sweep.before(s.timeline, view.iteration, cell, BEFORE)
    return Found(
        cell,
        program.objective,
        view.iteration,
        curve,
        before,
        losses,
        float(state.iteration.parameters[cell.symbol][place]) if updated else None,
        text(at) if at else "",
        s.sight.written(view, at, curve.slope) if at and known and curve.slope is not None else "",
        view.right is None and not program.own,
    )


def _keys(s: SessionState, key: str) -> bool:
    """Arrows and tab lead to another weight, + and − closer or farther, i to another iteration."""
    sheet = s.top
    assert isinstance(sheet, Sheet)
    weight: Weight = sheet.about
    if key in ARROWS:
        rows, columns = s.view.state.shapes[weight.cell.symbol]
        down, across = ARROWS[key]
        row = max(1, min(rows, weight.cell.row + down))
        column = max(1, min(columns, weight.cell.column + across))
        weight = replace(weight, cell=Cell(weight.cell.symbol, row, column))
    elif key in ("tab", "shift+tab"):
        every = s.timeline.program.parameters
        by = 1 if key == "tab" else -1
        symbol = every[(every.index(weight.cell.symbol) + by) % len(every)]
        weight = replace(weight, cell=Cell(symbol, 1, 1))
    elif key in CLOSER:
        weight = replace(weight, halved=max(WIDEST, min(CLOSEST, weight.halved + CLOSER[key])))
    elif key in ("i", "I"):
        (travel.iteration if key == "i" else travel.iteration_back)(s, "")
        s.close_all()
        s.opened.append(sheet)
    else:
        return False
    found(s, weight)
    s.put(replace(sheet, about=weight))
    return True


# What is said of it ---------------------------------------------------------------------------


def heading(seen: Found, s: SessionState) -> str:
    """What is drawn, and where we stand on it."""
    cell, curve = text(seen.cell), seen.curve
    here = f"{cell} = {s.write(curve.here)}, {seen.name} = {s.write(curve.loss)}"
    return f"{seen.name} when only {cell} changes   iteration {seen.iteration:,}: {here}"


def told(seen: Found, s: SessionState) -> list[str]:
    """What the signs beside the curve mean, a sentence or two each."""
    cell, lines = text(seen.cell), []
    if not seen.gradient:
        lines.append(f"No gradient of {cell} is computed: training does not change it.")
    elif not seen.slope:
        lines.append(f"{seen.gradient}, the slope at ●, is not computed yet.")
    else:
        mistaken = "" if seen.is_tangent else ", as this run computes it: not tangent if wrong"
        lines.append(f"The dashed line has the slope {seen.gradient} = {seen.slope}{mistaken}.")
    if seen.after is not None:
        lines.append(f"{seen.arrow} This iteration's update: {cell} = {s.write(seen.after)}.")
    if seen.before.size:
        first = seen.iteration - seen.before.size
        since = f"○ {cell} and {seen.name} since iteration {first:,}."
        lines.append(f"{since} Other numbers changed too, so ○ need not lie on the curve.")
    return lines
