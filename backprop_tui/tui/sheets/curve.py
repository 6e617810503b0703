"""Curves over the whole screen: the loss by iteration or by epoch, and the loss over one weight."""

from __future__ import annotations

import numpy as np
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.widgets import Static

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
from backprop_tui.tui.panels.panel import Painted

WEIGHT_KEYS = "L closes   ← ↑ ↓ → tab another weight   + − closer, wider   i I iteration"
POINTS = 600
"""About how many losses are drawn at most, however long the run is."""


class LossCurve(Painted):
    """The plot of the losses, as the sheet asks for it."""

    def __init__(self, session: Session, sheet: Sheet) -> None:
        super().__init__()
        self.session, self.sheet = session, sheet

    def show(self, sheet: Sheet) -> None:
        """Paint it again, as something else is asked for."""
        self.sheet, self._canvas = sheet, None
        self.refresh()

    def painted_anew(self, size: Size) -> Canvas:
        """The curve; beside it, where the run has a mistake, that of the right run."""
        session, marks = self.session, self.sheet.marks
        name, right = session.timeline.program.objective, session.right
        losses = known_losses(session)
        dots = None
        if right is not None:
            dots = self.points(right.timeline.history.losses(1, losses.size + 1))
        name = f"log10 {name}" if "log" in marks else name
        unit, here = unit_and_place(session, self.sheet)
        canvas = Canvas(*size)
        whole_curve(canvas, self.points(losses), dots, here, name, unit)
        return canvas

    def points(self, losses: Array) -> tuple[Array, Array]:
        """The iterations or epochs, and the losses, that are drawn of a run."""
        at, values = thinned(shown(self.session, self.sheet, losses), POINTS)
        if "log" in self.sheet.marks:
            return at[values > 0], np.log10(values[values > 0])
        return at, values


class WeightCurve(LossCurve):
    """The plot of the loss over one weight."""

    def painted_anew(self, size: Size) -> Canvas:
        """The curve, the point where we stand on it, and the weight's values before."""
        canvas = Canvas(*size)
        loss_over_weight(canvas, one_weight.found(self.session, self.sheet.about))
        return canvas


class Curve(Vertical):
    """How the loss has fallen so far, and where we stand on it."""

    DEFAULT_CSS = """
    Curve { layer: above; width: 100%; height: 100%; background: $background; }
    Curve #heading { text-style: bold; height: 1; padding: 0 1; }
    Curve #legend { color: $quiet; height: auto; padding: 0 1; }
    Curve LossCurve { height: 1fr; }
    """

    drawn: type[LossCurve] = LossCurve

    def __init__(self, session: Session, sheet: Sheet) -> None:
        super().__init__()
        self.session, self.sheet = session, sheet

    def compose(self) -> ComposeResult:
        yield Static(self.heading(self.sheet), id="heading", markup=False)
        yield self.drawn(self.session, self.sheet)
        yield Static(self.legend(self.sheet), id="legend", markup=False)

    def legend(self, sheet: Sheet) -> str:
        """What the signs mean, and the keys."""
        legend = "" if self.session.right is None else "      ⠒ with the mistake   · right"
        return f"l closes   g log scale   e by epoch{legend}"

    def heading(self, sheet: Sheet) -> str:
        """What is drawn, and the loss where we stand."""
        unit, here = unit_and_place(self.session, sheet)
        losses = shown(self.session, sheet, known_losses(self.session))
        return heading(self.session.timeline.program.objective, unit, losses, here)

    def show(self, sheet: Sheet) -> None:
        """Show the curve as the sheet asks for it."""
        for id_, said in (("#heading", self.heading(sheet)), ("#legend", self.legend(sheet))):
            for line in self.query(id_).results(Static):
                line.update(said)
        for curve in self.query(LossCurve):
            curve.show(sheet)


class OneWeight(Curve):
    """The loss over one weight, and where its updates led."""

    drawn = WeightCurve

    def heading(self, sheet: Sheet) -> str:
        """What is drawn, and where we stand on it."""
        return one_weight.heading(one_weight.found(self.session, sheet.about), self.session)

    def legend(self, sheet: Sheet) -> str:
        """What the signs mean, and the keys."""
        told = one_weight.told(one_weight.found(self.session, sheet.about), self.session)
        return "\n".join([*told, WEIGHT_KEYS])


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
