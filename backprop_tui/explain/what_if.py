"""What if a number were another: the edit that sets it, and the first loss that it changes."""

from __future__ import annotations

from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.saved import ALPHA, Edit
from backprop_tui.run.edits import with_edit
from backprop_tui.run.sweep import loss_with
from backprop_tui.run.timeline import Timeline


def as_it_is(provenance: Provenance, place: Place | None, here: int) -> Edit:
    """The edit that sets a number, or α if None, to the value that it has in iteration `here`."""
    if place is None:
        return Edit(here, ALPHA, provenance.timeline.iteration(here).scalars[ALPHA.symbol])
    iteration = max(1, place.iteration)
    if place.symbol in provenance.program.parameters:
        frozen = place.symbol not in provenance.program.positions
        # A frozen one is edited from the iteration shown on, whenever its value was set.
        iteration = here if frozen else place.iteration + 1
    return Edit(iteration, place.cell, provenance.number(place))


def losses(timeline: Timeline, edit: Edit) -> tuple[int, float, float]:
    """The first iteration whose loss an edit changes, and that loss without and with it."""
    if isinstance(edit.of, Cell):
        iteration = timeline.iteration(edit.iteration)
        now = loss_with(timeline.program, iteration, edit.of, edit.value)
    else:  # α shows in the next one
        changed = timeline.retold(with_edit(timeline.experiment, edit))
        iteration = changed.iteration(edit.iteration + 1)
        now = changed.history.loss_of(iteration.number)
    return iteration.number, timeline.history.loss_of(iteration.number), now
