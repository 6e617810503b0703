"""The panel in which the network is drawn."""

from __future__ import annotations

from backprop_tui.session.view import ARROWS, View
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.drawings import draw
from backprop_tui.tui.panels.panel import Panel

SHORTER = {"backward": "back"}


class NetworkPanel(Panel):
    """The drawing of the network, and the direction in which its numbers are computed."""

    def paint(self, canvas: Canvas, view: View) -> None:
        phase = view.state.phase
        arrow, title = ARROWS[phase], "Network"
        ways = (f"{arrow} {phase}", f"{arrow} {SHORTER.get(phase, phase)}", arrow)
        note = next((way for way in ways if canvas.fits_rule(title, way)), "")
        self.rule(canvas, view, title, note)
        draw(canvas, view, 1)
