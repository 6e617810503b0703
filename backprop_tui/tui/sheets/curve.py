"""The loss curve over the whole window: by iteration or by epoch, plain or on a log scale."""

from __future__ import annotations

import numpy as np
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import number
from backprop_tui.messages import count
from backprop_tui.session.prompts import Sheet
from backprop_tui.session.session import Session
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.losses import by_epoch, thinned
from backprop_tui.tui.paint.plot import whole_curve
from backprop_tui.tui.panels.panel import Painted

POINTS = 600
"""About how many losses are drawn at most, however long the run is."""


class LossCurve(Painted):
    """The plot of the losses of a Curve, as that asks for it."""

    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self.curve = curve

    def paint_anew(self, canvas: Canvas) -> None:
        self.curve.paint(canvas)

    def show(self) -> None:
        """Paint it again, as something else is asked for."""
        self._canvas = None
        self.refresh()


class Curve(Vertical):
    """How the loss has fallen so far, and where we stand on it."""

    DEFAULT_CSS = """
    Curve { layer: above; width: 100%; height: 100%; background: $background; }
    Curve #heading { text-style: bold; height: 1; padding: 0 1; }
    Curve #keys { color: $quiet; height: 1; padding: 0 1; }
    Curve LossCurve { height: 1fr; }
    """

    def __init__(self, session: Session, sheet: Sheet) -> None:
        super().__init__()
        self.session, self.sheet = session, sheet

    def compose(self) -> ComposeResult:
        yield Static(id="heading", markup=False)
        yield LossCurve(self)
        legend = "" if self.session.right is None else "      ⠒ with the mistake   · right"
        yield Static(f"l closes   g log scale   e by epoch{legend}", id="keys", markup=False)

    def on_mount(self) -> None:
        self.show(self.sheet)

    def show(self, sheet: Sheet) -> None:
        """Show the curve as it is asked for."""
        self.sheet = sheet
        if self.query(LossCurve):  # else it is still to be mounted
            losses, place = self._shown(self.session.known_losses()), self._place
            name = self.session.timeline.program.objective
            self.query_one("#heading", Static).update(heading(name, self._unit, losses, place))
            self.query_one(LossCurve).show()

    def paint(self, canvas: Canvas) -> None:
        """Paint the curve as it is asked for."""
        losses, right, points = self.session.known_losses(), self.session.right, None
        if right is not None:
            points = self._points(right.timeline.history.losses(1, losses.size + 1))
        name = self.session.timeline.program.objective
        name = f"log10 {name}" if "log" in self.sheet.marks else name
        whole_curve(canvas, self._points(losses), points, self._place, name, self._unit)

    @property
    def _batches(self) -> int:
        return self.session.timeline.experiment.batches_per_epoch

    @property
    def _unit(self) -> str:
        return "epoch" if "epochs" in self.sheet.marks else "iteration"

    @property
    def _place(self) -> int:
        """The iteration shown, or its epoch, from 1."""
        here = self.session.position.iteration
        return (here - 1) // self._batches + 1 if self._unit == "epoch" else here

    def _shown(self, losses: Array) -> Array:
        return by_epoch(losses, self._batches) if self._unit == "epoch" else losses

    def _points(self, losses: Array) -> tuple[Array, Array]:
        """Return the iterations or epochs and the losses that are drawn of a run."""
        at, values = thinned(self._shown(losses), POINTS)
        if "log" in self.sheet.marks:
            return at[values > 0], np.log10(values[values > 0])
        return at, values


def heading(name: str, unit: str, losses: Array, here: int) -> str:
    """Say what is drawn, and the loss where we stand."""
    known = losses[here - 1] if here <= losses.size else np.nan
    finite = losses[np.isfinite(losses)]
    lowest = f", lowest {number(float(finite.min()), 4)}" if finite.size else ", none finite"
    at = f"  {number(float(known), 4)} in {unit} {here:,}" if np.isfinite(known) else ""
    return f"{name} over {count(losses.size, unit)}{at}{lowest if losses.size else ''}"
