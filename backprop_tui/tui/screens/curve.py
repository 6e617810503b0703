"""The loss curve over the whole screen: by iteration or by epoch, plain or on a log scale.

It draws the losses it is given, thinned; the plotting library is imported when it opens.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static
from textual_plot import HiResMode, NumericAxisFormatter, PlotWidget

from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import number
from backprop_tui.messages import count
from backprop_tui.tui.paint.curve import by_epoch, thinned
from backprop_tui.tui.screens.modal import Modal

POINTS = 600
"""At most about so many are drawn, whatever the length of the run."""


class Plot(PlotWidget, can_focus=False):
    """Not in the focus chain: its keys would take those of the screen."""


class WholeNumbers(NumericAxisFormatter):
    """Ticks at whole numbers: there is no half of an iteration."""

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        fives = max(max_, min_ + 5)  # less than five apart, they would be at fractions
        return [tick for tick in super().get_ticks(min_, fives, max_ticks) if tick <= max_]


class Curve(Modal[None]):
    """How the loss has fallen so far, and where we stand on it."""

    DEFAULT_CSS = """
    Curve #curve { background: $background; }
    Curve #heading { text-style: bold; height: 1; padding: 0 1; }
    Curve #keys { color: $quiet; height: 1; padding: 0 1; }
    Curve Plot { height: 1fr; }
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
            yield Plot()
            legend = "" if self.right is None else "      ⠒ with the mistake   · right"
            keys = f"l closes   g log scale   e by epoch{legend}"
            yield Static(keys, id="keys", markup=False)

    def on_mount(self) -> None:
        self.query_one(Plot).set_x_formatter(WholeNumbers())
        self.draw()

    def draw(self) -> None:
        """The curve as it is asked for."""
        losses = by_epoch(self.losses, self.batches) if self.epochs else self.losses
        at, values = self.points(self.losses)
        here = (self.here - 1) // self.batches + 1 if self.epochs else self.here
        plot = self.query_one(Plot)
        plot.clear()
        self.query_one("#heading", Static).update(self.heading(losses, here))
        plot.set_xlabel("epoch" if self.epochs else "iteration")
        logarithm = f"log10 {self.loss_name}"  # what is shorter would leave some of it standing
        name = logarithm if self.logarithmic else self.loss_name
        plot.set_ylabel(f"{name:^{len(logarithm)}}")
        plot.visible = at.size > 1  # of one there is no curve
        if not plot.visible:
            return
        colours = self.app.theme_variables
        looks = colours["phase-forward" if self.right is None else "wrong"]
        plot.plot(at, values, line_style=looks, hires_mode=HiResMode.BRAILLE)
        if self.right is not None:  # dotted, so that NO_COLOR tells them apart
            plot.scatter(
                *self.points(self.right), marker="·", marker_style=colours["phase-forward"]
            )
        plot.add_v_line(float(here), line_style=colours["phase-backward"])
        plot.set_xlimits(float(at[0]), max(float(at[-1]), float(at[0]) + 1))

    def points(self, losses: Array) -> tuple[Array, Array]:
        """What is drawn of a run's losses, as it is asked for."""
        shown = by_epoch(losses, self.batches) if self.epochs else losses
        at, values = thinned(shown, POINTS)
        if self.logarithmic:
            return at[values > 0], np.log10(values[values > 0])
        return at, values

    def heading(self, losses: Array, here: int) -> str:
        """What is drawn, and the loss where we stand."""
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
