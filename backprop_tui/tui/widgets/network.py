"""The network, drawn. What is drawn is `drawings`' business; this is its panel."""

from __future__ import annotations

from backprop_tui.tui.canvas import Canvas
from backprop_tui.tui.drawings import draw
from backprop_tui.tui.view import ARROWS, View
from backprop_tui.tui.widgets.panel import Panel

FLOW = {"forward": "forward", "loss": "loss", "backward": "back", "update": "update"}


class Network(Panel):
    """The drawing, and the direction in which numbers flow just now."""

    def paint(self, canvas: Canvas, view: View) -> None:
        phase = view.state.phase
        self.rule(canvas, view, "Network", f"{ARROWS[phase]} {FLOW[phase]}")
        draw(canvas, view, 1)
