"""Curves over the whole screen: the loss by iteration or by epoch, and the loss over one weight."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from textwrap import wrap
from typing import TypeAlias

import numpy as np
from textual.geometry import Size

from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import number
from backprop_tui.messages import count
from backprop_tui.session import one_weight
from backprop_tui.session.prompts import Sheet
from backprop_tui.session.session import Session
from backprop_tui.session.travel import known_losses
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.losses import by_epoch, thinned
from backprop_tui.tui.paint.plot import loss_over_weight, whole_curve

WEIGHT_KEYS = "L closes   ← ↑ ↓ → tab another weight   + − closer, wider   i I iteration"
Parts: TypeAlias = tuple[str, str, Callable[[Canvas], None]]
"""What stands above and below a curve, and what draws it."""
POINTS = 600
"""About how many losses are drawn at most, however long the run is."""


def curve_canvas(session: Session, sheet: Sheet, size: Size) -> Canvas:
    """A curve on a screen of that size: above it what is drawn, below it what the signs mean, and
    the keys."""
    above, below, draw = (of_weight if sheet.kind == "one_weight" else of_run)(session, sheet)
    canvas, wide = Canvas(*size), max(1, size.width - 2)
    lines = [part for line in below.split("\n") for part in wrap(line, wide)]
    plot = Canvas(size.width, max(0, size.height - 1 - len(lines)))
    draw(plot)
    canvas.put(1, 0, above, "title")
    canvas.paste(plot, 0, 1)
    for y, line in enumerate(lines, 1 + plot.height):
        canvas.put(1, y, line, "quiet")
    return canvas


def of_weight(session: Session, sheet: Sheet) -> Parts:
    """The loss over one weight, and where its updates led."""
    seen = one_weight.found(session, sheet.about)
    below = "\n".join([*one_weight.told(seen, session), WEIGHT_KEYS])
    return one_weight.heading(seen, session), below, partial(loss_over_weight, seen=seen)


def of_run(session: Session, sheet: Sheet) -> Parts:
    """How the loss has fallen so far; beside it, where the run has a mistake, without it."""
    losses, right, name = known_losses(session), session.right, session.timeline.program.objective
    unit, here = unit_and_place(session, sheet)
    above = heading(name, unit, shown(session, sheet, losses), here)
    below, dots = "l closes   g log scale   e by epoch", None
    if right is not None:
        below += "      ⠒ with the mistake   · right"
        dots = points(session, sheet, right.timeline.history.losses(1, losses.size + 1))
    axis, own = f"log10 {name}" if "log" in sheet.marks else name, points(session, sheet, losses)
    return above, below, lambda canvas: whole_curve(canvas, own, dots, here, axis, unit)


def points(session: Session, sheet: Sheet, losses: Array) -> tuple[Array, Array]:
    """The iterations or epochs, and the losses, that are drawn of a run."""
    at, values = thinned(shown(session, sheet, losses), POINTS)
    if "log" in sheet.marks:
        return at[values > 0], np.log10(values[values > 0])
    return at, values


def shown(session: Session, sheet: Sheet, losses: Array) -> Array:
    """The losses of iterations, or the means of epochs."""
    batches = session.timeline.experiment.batches_per_epoch
    return by_epoch(losses, batches) if "epochs" in sheet.marks else losses


def unit_and_place(session: Session, sheet: Sheet) -> tuple[str, int]:
    """Whether iterations or epochs are drawn, and in which of them we are."""
    here, experiment = session.position.iteration, session.timeline.experiment
    return ("epoch", experiment.epoch_of(here)) if "epochs" in sheet.marks else ("iteration", here)


def heading(name: str, unit: str, losses: Array, here: int) -> str:
    """What is drawn, and the loss where we stand."""
    known = losses[here - 1] if here <= losses.size else np.nan
    finite = losses[np.isfinite(losses)]
    lowest = f", lowest {number(float(finite.min()), 4)}" if finite.size else ", none finite"
    at = f"  {number(float(known), 4)} in {unit} {here:,}" if np.isfinite(known) else ""
    return f"{name} over {count(losses.size, unit)}{at}{lowest if losses.size else ''}"
