"""The blackboard's panel: in the place of the boards, or beside them in a large window."""

from __future__ import annotations

from backprop_tui.session.view import View
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.panels.panel import Panel


class BlackboardPanel(Panel):
    """The lines of a derivation that are revealed, with their rules."""

    lines: dict[int, int]
    """Which line of the derivation stands at each y."""

    def is_covered(self, view: View) -> bool:
        """Whether the numbers of the gradient that is derived are hidden."""
        board = view.blackboard
        return board is not None and view.board_of(board.levels[0].symbol) in view.hidden

    def paint(self, canvas: Canvas, view: View) -> None:
        self.lines = {}
        if view.blackboard is not None:
            heading, note = lazy.heading(view.blackboard), lazy.counted(view.blackboard)
            self.rule(canvas, view, heading, note)
            self.lines = lazy.paint_blackboard(canvas, view)
