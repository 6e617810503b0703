"""A window of some size: where the panels stand in it, and what of a session it has room to show.

Pure functions of what is shown and of the window's size: what a key leads to must not depend on
what happened to be drawn last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.geometry import Size

from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.numbers import cell_width, fixed
from backprop_tui.model.rows import rows_of
from backprop_tui.session.sight import Stop
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.proportions import LEAST_STEP, board_room, is_large, step_lines
from backprop_tui.tui.panels.boards import Board, Cache, Gradients
from backprop_tui.tui.panels.update import Update
from backprop_tui.tui.sheets.page import page_of

if TYPE_CHECKING:
    from backprop_tui.session.prompts import Sheet
    from backprop_tui.session.view import View

DRAWINGS = ((22, "c"), (16, "f"))
"""Columns of the drawing in a small window, with the last rule by which something may be given up
on the boards before the drawing gets fewer columns, or none."""
LARGE_DRAWING = 66
"""Columns of the drawing at most."""
STEP = 7
"""Lines of the Step panel in a small window."""
LEAST = Size(73, 22)
"""From here on a layer of 3×3 stands whole on both boards beside a drawing."""
TALL, SHARE = 26, 0.7
"""Lines from which on panels stand under each other in a narrow window; lines for each column
above which they do in any."""
BESIDE, LEAST_BOARD = 118, 58
"""Columns from which on the blackboard stands beside the boards, and what these keep at least."""
UNDER_BLACKBOARD, LEAST_DRAWING = 9, 8
"""Lines of the Step panel below a blackboard in a large window, and of a drawing above or below the
boards, at least."""
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
    beside: int = 0
    """Columns of the boards where the blackboard stands beside them, the drawing below."""
    drawing: int = 0
    """Lines of the drawing above or below the boards, there."""
    stacked: bool = False
    """Whether all panels stand under each other."""

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
        small = self.size.width < LEAST.width or self.size.height < LEAST.height
        return small and not self.stacked

    @property
    def stacked(self) -> bool:
        """Whether all panels stand under each other: in a narrow window, or a tall one."""
        width, height = self.size
        return height >= TALL and (width < LEAST.width or height > SHARE * width)

    @property
    def roomy(self) -> bool:
        """Whether there is room for more than the essentials."""
        return is_large(*self.size)

    # Where the panels stand

    def layout(self, view: View) -> WindowLayout:
        """The panels of this phase; only the chosen one where it is enlarged, or in little room.

        The blackboard stands in the place of all of them, or beside them where there is room.
        """
        if view.blackboard is not None and not self._step_alone(view):
            return self._with_blackboard(view)
        alone = view.maximised or view.one_panel
        boards = {"update"} if view.updating else {"cache", "gradients"}
        shown = {view.chosen} if alone else {"network", *boards}
        if self._step_alone(view):
            shown = {"step"}
        if self.stacked and not alone:
            return self._stacked(view, shown)
        step = STEP
        if view.roomy:
            step = LEAST_STEP if alone else self._lines_below(view)
        step = self._step_lines(view, step)
        height = max(0, self.size.height - AROUND - step)
        network = 0 if alone else self._drawing(view, height)
        width = self.size.width - network
        gap = 0 if alone else 2 if network > DRAWINGS[0][0] else 1
        shown = shown if network or alone else shown - {"network"}
        board = Size(width, height if alone else height // 2)
        return WindowLayout(frozenset(shown), network, gap, step, alone, board, Size(width, height))

    def _stacked(self, view: View, shown: set[str]) -> WindowLayout:
        """All panels under each other: the boards have what they need, the drawing a third of its
        width in lines, the Step panel the rest."""
        width, room = self.size.width, self.size.height - AROUND
        found = Cache.arranged(view, Size(width, (room - STEP) // 2))
        each = min((room - STEP) // 2, found.lines + 1)
        left = room - STEP - 2 * each
        drawing = min(left, max(LEAST_DRAWING, width // 3)) if left >= LEAST_DRAWING else 0
        step = room - 2 * each - drawing
        board, update = Size(width, each), Size(width, 2 * each)
        shown = shown if drawing else shown - {"network"}
        return WindowLayout(
            frozenset(shown), 0, 0, step, False, board, update, drawing=drawing, stacked=True
        )

    def _with_blackboard(self, view: View) -> WindowLayout:
        width, height = self.size
        step = max(UNDER_BLACKBOARD, height // 5) if self.roomy else self._step_lines(view, STEP)
        body = max(0, height - AROUND - step)
        if width < BESIDE or view.maximised or view.one_panel:
            whole = Size(width, body)
            return WindowLayout(frozenset({"blackboard"}), 0, 0, step, True, whole, whole)
        beside = max(LEAST_BOARD, width * 48 // 100)
        found = Cache.arranged(replace(view, roomy=False), Size(beside, body // 2))
        each = min(body // 2, found.lines + 1)
        drawing = body - 2 * each
        boards = {"update"} if view.updating else {"cache", "gradients"}
        if drawing < LEAST_DRAWING:
            each, drawing = body // 2, 0
        shown = {"blackboard", *boards, *({"network"} if drawing else ())}
        board, update = Size(beside, each), Size(beside, 2 * each)
        return WindowLayout(frozenset(shown), 0, 0, step, False, board, update, beside, drawing)

    def _lines_below(self, view: View) -> int:
        """Lines of the Step panel of a large window: what the boards leave."""
        room = board_room(self.size.height)
        found = Cache.arranged(view, Size(self.size.width - DRAWINGS[0][0], room))
        board = found.lines + 2 if found.given_up == "a" else room
        return step_lines(self.size.height, board, len(view.program.groups))

    def _drawing(self, view: View, height: int) -> int:
        """Columns of the drawing, as the boards leave room for it; 0: none."""
        width = self.size.width
        boards: list[tuple[type[Board], int]] = [(Cache, height // 2)]
        boards += [(Update, height)] if view.updating else []
        for columns, last in DRAWINGS:
            found = [kind.arranged(view, Size(width - columns, lines)) for kind, lines in boards]
            if all(a.given_up <= last for a in found):
                left = width - max(a.right for a in found)
                most = LARGE_DRAWING if view.roomy else DRAWINGS[0][0]
                most += lazy.plane_beside(view, left, height) if view.roomy else 0
                return max(columns, min(left, most))
        whole = [kind.arranged(view, Size(width, lines)) for kind, lines in boards]
        return 0 if all(a.given_up <= last for a in whole) else DRAWINGS[0][0]

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

    def beyond(self, view: View, by: int) -> int | None:
        """The group above or below those that the boards show; None where none is."""
        rows, shown = rows_of(view.program), Cache.arranged(view, self.layout(view).board).shown
        at = shown[0] - 1 if by < 0 else shown[-1] + 1
        return rows[at].groups[0] if 0 <= at < len(rows) and rows[at].groups else None

    def written(self, view: View, cell: Cell, value: float) -> str:
        """A number as it stands on a board; small gradients have a common power taken out."""
        power = Gradients.power_of(view, self.layout(view).board, cell.symbol)
        shown = fixed(value * 10.0**-power, view.decimals, cell_width(view.decimals) - 1)
        return f"{shown}e{power}" if power else shown

    def last_line(self, sheet: Sheet, view: View) -> int:
        """The first line of the last page."""
        return page_of(sheet, view, self.size).last
