"""The panel in which the network is drawn, and beside it the plane of two inputs."""

from __future__ import annotations

from backprop_tui.session.view import ARROWS, View
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.drawings import draw
from backprop_tui.tui.panels.panel import Panel

APART = 2
"""Columns between the drawing and the plane."""


class NetworkPanel(Panel):
    """The drawing of the network, and the direction in which its numbers are computed."""

    def paint(self, canvas: Canvas, view: View) -> None:
        if view.drawing == "plane" and lazy.input_of(view.program):
            self.plane(canvas, view)
            return
        columns = lazy.plane_beside(view, canvas.width, canvas.height) if view.roomy else 0
        drawing = Canvas(canvas.width - columns - APART, canvas.height) if columns else canvas
        phase = view.state.phase
        arrow, title = ARROWS[phase], "Network"
        ways = (f"{arrow} {phase}", arrow)  # "back" is what ⌫ does
        note = next((way for way in ways if drawing.fits_rule(title, way)), "")
        self.rule(drawing, view, title, note)
        draw(drawing, view, 1)
        if columns:
            plane = Canvas(columns, canvas.height)
            self.plane(plane, view)
            canvas.paste(drawing, 0, 0)
            canvas.paste(plane, drawing.width + APART, 0)

    def plane(self, canvas: Canvas, view: View) -> None:
        """Paint the plane, what the signs of its points mean in its rule."""
        titles = ("Plane of the inputs", "Plane")
        ways = [
            (title, lazy.key_of_points(view, canvas.width - len(title) - 6)) for title in titles
        ]
        title, key = next((way for way in ways if way[1]), ("", ""))
        title = title or next((own for own in titles if canvas.fits_rule(own, "")), titles[-1])
        self.rule(canvas, view, title, key)
        lazy.paint_plane(canvas, view, 1, "" if key else lazy.key_of_points(view, canvas.width))
