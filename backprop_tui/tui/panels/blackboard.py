"""The blackboard's panel: in the place of the boards, or beside them in a large window."""

from __future__ import annotations

from dataclasses import replace

from backprop_tui.session.blackboard import Blackboard
from backprop_tui.session.view import View
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.panels.panel import Panel


class BlackboardPanel(Panel):
    """The lines of a derivation that are revealed, with their rules."""

    def is_covered(self, view: View) -> bool:
        """Whether the numbers of the gradient that is derived are hidden."""
        board, step = view.blackboard, view.step
        symbol = board.levels[0].symbol if board else step.symbol if step else ""
        return view.board_of(symbol) in view.hidden

    def paint(self, canvas: Canvas, view: View) -> None:
        if view.blackboard is None:
            self.unasked(canvas, view)
            return
        heading, note = lazy.heading(view.blackboard), lazy.counted(view.blackboard)
        self.rule(canvas, view, heading, note)
        lazy.paint_blackboard(canvas, view)

    def line_at(self, y: int) -> int | None:
        """Which line of the derivation stands there."""
        line = self.canvas.leads.get(y) if self.view and self.view.blackboard else None
        return line if isinstance(line, int) else None

    def unasked(self, canvas: Canvas, view: View) -> None:
        """Paint the whole derivation of the step; of what is asked, when it will be there."""
        if view.step is None or view.is_asked:
            self.rule(canvas, view, "Blackboard")
            when = "the answer" if view.is_asked else "the first step"
            canvas.put(1, 1, f"The derivation is shown here after {when}.", "quiet")
            return
        board = Blackboard.of(view.program, view.state.examples, view.step.symbol).whole()
        board = replace(board, unasked=True)
        self.rule(canvas, view, lazy.heading(board), "x: line by line")
        lazy.paint_blackboard(canvas, replace(view, blackboard=board))
