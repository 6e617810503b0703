"""A window of some size: where the panels stand in it, and what of a session it has room to show.

Pure functions of what is shown and of the window's size: what a key leads to must not depend on
what happened to be drawn last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.geometry import Size

from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.numbers import cell_width, fixed
from backprop_tui.session.sight import Stop
from backprop_tui.tui.paint.proportions import LEAST_STEP, is_large, proportions
from backprop_tui.tui.panels.boards import Board, Cache, Gradients, Update
from backprop_tui.tui.sheets.page import page_of

if TYPE_CHECKING:
    from backprop_tui.session.prompts import Sheet
    from backprop_tui.session.view import View

SMALL = (22, 7)
"""Columns of the drawing and lines of the Step panel in a small window."""
LEAST = Size(73, 22)
"""From here on a layer of 3×3 stands whole on both boards; below, one panel has all the room."""
LOW = 18
"""Lines below which a question has no board beside it."""
AROUND = 3
"""Lines of title, rail and footer."""
BOARDS: dict[str, type[Board]] = {"cache": Cache, "gradients": Gradients, "update": Update}


@dataclass(frozen=True)
class WindowLayout:
    """Which panels a window shows, and how large they are."""

    shown: frozenset[str]
    network: int
    """Columns of the drawing beside the boards."""
    gap: int
    """Columns between the drawing and the boards."""
    step: int
    """Lines of the Step panel below the boards."""
    alone: bool
    """Whether one panel has all the room above the Step panel."""
    board: Size
    """The size that Cache and Gradients are arranged for."""
    update: Size
    """The size that the Update board is arranged for."""

    def room(self, board: str) -> Size:
        """The size that a board is arranged for, by its id."""
        return self.update if board == "update" else self.board


@dataclass(frozen=True)
class Window:
    """What a window of that size shows of a session."""

    size: Size

    @property
    def one_panel(self) -> bool:
        """Whether there is room for one panel only."""
        return self.size.width < LEAST.width or self.size.height < LEAST.height

    @property
    def roomy(self) -> bool:
        """Whether there is room for more than the essentials."""
        return is_large(*self.size)

    # Where the panels stand

    def layout(self, view: View) -> WindowLayout:
        """The panels of this phase; only the chosen one where it is enlarged, or in little room."""
        alone = view.maximised or view.one_panel
        boards = {"update"} if view.updating else {"cache", "gradients"}
        shown = {view.chosen} if alone else {"network", *boards}
        if self._step_alone(view):
            shown = {"step"}
        network, step = proportions(*self.size, view.sizes) if view.roomy and view.sizes else SMALL
        lines = self._step_lines(view, LEAST_STEP if view.roomy and alone else step)
        width, height = self.size.width, max(0, self.size.height - AROUND - lines)
        board = update = Size(width, height)
        if not alone:
            board, update = Size(width - network, height // 2), Size(width - network, height)
        gap = 0 if alone else 2 if network > SMALL[0] else 1
        return WindowLayout(frozenset(shown), network, gap, lines, alone, board, update)

    def _step_lines(self, view: View, usual: int) -> int:
        """Lines of the Step panel beside others: what 3×3 matrices leave of a small window."""
        height = self.size.height
        if not view.one_panel:
            return usual
        told = (view.is_asked or view.asking) and height >= LOW  # an answer's verdict must be read
        left = height - (14 if view.updating else 11)
        return max(7 if told else 3, min(left, max(7, height // 3)))

    def _step_alone(self, view: View) -> bool:
        """Whether a question, or a formula that is asked for, needs all of a small window."""
        if not view.one_panel or view.tabbed or view.inspection.place:
            return False
        return view.asking is not None if not view.is_asked else self.size.height < LOW

    # What a session asks of its face

    def stops(self, view: View) -> list[Stop]:
        """The drawing, the matrices of each board, the Step panel."""
        layout = self.layout(view)
        found = [Stop("network")]
        for name in ("update",) if view.updating else ("cache", "gradients"):
            cells = BOARDS[name].stops(view, layout.room(name))
            found += [Stop(name, cell) for cell in cells]
        return [*found, Stop("step")]

    def shows_every_layer(self, view: View) -> bool:
        """Whether all layers stand in the Cache at once."""
        return Cache.arranged(view, self.layout(view).board).whole

    def written(self, view: View, cell: Cell, value: float) -> str:
        """A number as it stands on a board; small gradients have a common power taken out."""
        power = Gradients.power_of(view, self.layout(view).board, cell.symbol)
        shown = fixed(value * 10.0**-power, view.decimals, cell_width(view.decimals) - 1)
        return f"{shown}e{power}" if power else shown

    def last_line(self, sheet: Sheet, view: View) -> int:
        """The first line of the last page."""
        return page_of(sheet, view, self.size).last
