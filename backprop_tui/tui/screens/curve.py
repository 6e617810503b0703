"""The loss curve over the whole screen: by iteration or by epoch, plain or on a log scale."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import number
from backprop_tui.messages import count
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.losses import by_epoch, thinned
from backprop_tui.tui.paint.plot import whole_curve
from backprop_tui.tui.panels.panel import Painted
from backprop_tui.tui.screens.modal import Modal

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


class Curve(Modal[None]):
    """How the loss has fallen so far, and where we stand on it."""

    DEFAULT_CSS = """
    Curve #curve { background: $background; }
    Curve #heading { text-style: bold; height: 1; padding: 0 1; }
    Curve #keys { color: $quiet; height: 1; padding: 0 1; }
    Curve LossCurve { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,escape,q,space,enter", "close", "close"),
        Binding("g", "scale", "log scale"),
        Binding("e", "epochs", "epochs"),
    ]

    def __init__(
        self, losses: Array, name: str, here: int, batches: int, right: Array | None = None
    ) -> None:
        """`losses` from the first iteration on, called `name`; `here` is the iteration shown;
        `right` are those of the same run without its mistake, where it is made with one."""
        super().__init__()
        self.right = right
        self.losses, self.loss_name, self.here, self.batches = losses, name, here, batches
        self.logarithmic = False
        self.epochs = False

    def compose(self) -> ComposeResult:
        with Vertical(id="curve"):
            yield Static(id="heading", markup=False)
            yield LossCurve(self)
            legend = "" if self.right is None else "      ⠒ with the mistake   · right"
            keys = f"l closes   g log scale   e by epoch{legend}"
            yield Static(keys, id="keys", markup=False)

    def on_mount(self) -> None:
        self.draw()

    @property
    def place(self) -> int:
        """The iteration shown, or its epoch, from 1."""
        return (self.here - 1) // self.batches + 1 if self.epochs else self.here

    def draw(self) -> None:
        """Show the curve as it is asked for."""
        losses = by_epoch(self.losses, self.batches) if self.epochs else self.losses
        self.query_one("#heading", Static).update(self.heading(losses, self.place))
        self.query_one(LossCurve).show()

    def paint(self, canvas: Canvas) -> None:
        """Paint the curve as it is asked for."""
        right = None if self.right is None else self.points(self.right)
        name = f"log10 {self.loss_name}" if self.logarithmic else self.loss_name
        unit = "epoch" if self.epochs else "iteration"
        whole_curve(canvas, self.points(self.losses), right, self.place, name, unit)

    def points(self, losses: Array) -> tuple[Array, Array]:
        """Return the iterations or epochs and the losses that are drawn of a run."""
        shown = by_epoch(losses, self.batches) if self.epochs else losses
        at, values = thinned(shown, POINTS)
        if self.logarithmic:
            return at[values > 0], np.log10(values[values > 0])
        return at, values

    def heading(self, losses: Array, here: int) -> str:
        """Say what is drawn, and the loss where we stand."""
        unit = "epoch" if self.epochs else "iteration"
        known = losses[here - 1] if here <= losses.size else np.nan
        finite = losses[np.isfinite(losses)]
        lowest = f", lowest {number(float(finite.min()), 4)}" if finite.size else ", none finite"
        at = f"  {number(float(known), 4)} in {unit} {here:,}" if np.isfinite(known) else ""
        return (
            f"{self.loss_name} over {count(losses.size, unit)}{at}{lowest if losses.size else ''}"
        )

    def action_scale(self) -> None:
        self.logarithmic = not self.logarithmic
        self.draw()

    def action_epochs(self) -> None:
        self.epochs = not self.epochs
        self.draw()

    def action_close(self) -> None:
        self.dismiss()
