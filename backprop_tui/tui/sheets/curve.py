"""The loss curve over the whole screen: by iteration or by epoch, plain or on a log scale.

It draws the losses it is given, thinned; the plotting library is imported when it opens.
"""

from __future__ import annotations

import numpy as np
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static
from textual_plot import HiResMode, NumericAxisFormatter, PlotWidget

from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import number
from backprop_tui.messages import count
from backprop_tui.session.prompts import Sheet
from backprop_tui.session.session import Session
from backprop_tui.tui.paint.curve import by_epoch, thinned

POINTS = 600
"""At most about so many are drawn, whatever the length of the run."""


class Plot(PlotWidget, can_focus=False):
    """Not in the focus chain: its keys would take those of the screen."""


class WholeNumbers(NumericAxisFormatter):
    """Ticks at whole numbers: there is no half of an iteration."""

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        fives = max(max_, min_ + 5)  # less than five apart, they would be at fractions
        return [tick for tick in super().get_ticks(min_, fives, max_ticks) if tick <= max_]


class Curve(Vertical):
    """How the loss has fallen so far, and where we stand on it."""

    DEFAULT_CSS = """
    Curve { layer: above; width: 100%; height: 100%; background: $background; }
    Curve #heading { text-style: bold; height: 1; padding: 0 1; }
    Curve #keys { color: $quiet; height: 1; padding: 0 1; }
    Curve Plot { height: 1fr; }
    """

    def __init__(self, session: Session, sheet: Sheet) -> None:
        super().__init__()
        self.session, self.sheet = session, sheet

    def compose(self) -> ComposeResult:
        yield Static(id="heading", markup=False)
        yield Plot()
        legend = "" if self.session.right is None else "      ⠒ with the mistake   · right"
        yield Static(f"l closes   g log scale   e by epoch{legend}", id="keys", markup=False)

    def on_mount(self) -> None:
        self.query_one(Plot).set_x_formatter(WholeNumbers())
        self.show(self.sheet)

    def show(self, sheet: Sheet) -> None:
        """The curve as it is asked for."""
        self.sheet = sheet
        if not self.query(Plot):  # it is still to be mounted
            return
        session, epochs = self.session, "epochs" in sheet.marks
        all_, name = session.known_losses(), session.timeline.program.objective
        batches = session.timeline.experiment.batches_per_epoch
        iteration = session.position.iteration
        losses = by_epoch(all_, batches) if epochs else all_
        here = (iteration - 1) // batches + 1 if epochs else iteration
        unit = "epoch" if epochs else "iteration"
        logarithmic = "log" in sheet.marks
        at, values = points(losses, logarithmic)
        plot = self.query_one(Plot)
        plot.clear()
        self.query_one("#heading", Static).update(heading(name, unit, losses, here))
        plot.set_xlabel(unit)
        logarithm = f"log10 {name}"  # what is shorter would leave some of it standing
        plot.set_ylabel(f"{logarithm if logarithmic else name:^{len(logarithm)}}")
        plot.visible = at.size > 1  # of one there is no curve
        if not plot.visible:
            return
        colours, right = self.app.theme_variables, session.right
        looks = colours["phase-forward" if right is None else "wrong"]
        plot.plot(at, values, line_style=looks, hires_mode=HiResMode.BRAILLE)
        if right is not None:  # dotted, so that NO_COLOR tells them apart
            own = right.timeline.history.losses(1, all_.size + 1)
            own = by_epoch(own, batches) if epochs else own
            dots = points(own, logarithmic)
            plot.scatter(*dots, marker="·", marker_style=colours["phase-forward"])
        plot.add_v_line(float(here), line_style=colours["phase-backward"])
        plot.set_xlimits(float(at[0]), max(float(at[-1]), float(at[0]) + 1))


def points(losses: Array, logarithmic: bool) -> tuple[Array, Array]:
    """What is drawn of the losses: where, and how high."""
    at, values = thinned(losses, POINTS)
    if logarithmic:
        return at[values > 0], np.log10(values[values > 0])
    return at, values


def heading(name: str, unit: str, losses: Array, here: int) -> str:
    """What is drawn, and the loss where we stand."""
    known = losses[here - 1] if here <= losses.size else np.nan
    finite = losses[np.isfinite(losses)]
    lowest = f", lowest {number(float(finite.min()), 4)}" if finite.size else ", none finite"
    at = f"  {number(float(known), 4)} in {unit} {here:,}" if np.isfinite(known) else ""
    return f"{name} over {count(losses.size, unit)}{at}{lowest if losses.size else ''}"
