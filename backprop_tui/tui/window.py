"""A window of some size: where the panels stand in it, and what of a session it has room to show.

Pure functions of what is shown and of the window's size: what a key leads to must not depend on
what happened to be drawn last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.layouts.vertical import VerticalLayout
from textual.screen import Screen
from textual.widget import Widget

from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.numbers import cell_width, fixed
from backprop_tui.model.rows import rows_of
from backprop_tui.session.prompts import Sight, Stop
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.arrangement import has_all
from backprop_tui.tui.paint.placed import Arrangement, Room
from backprop_tui.tui.panels.boards import Board, Cache, Gradients
from backprop_tui.tui.panels.update import Update
from backprop_tui.tui.sheets.page import page_of

if TYPE_CHECKING:
    from backprop_tui.session.prompts import Sheet, Sight
    from backprop_tui.session.view import View

DRAWINGS = ((22, "c"), (16, "c"), (22, "f"), (16, "f"))
"""Columns of the drawing in a small window, with the last rule by which something may be given up
on the boards before the drawing gets fewer columns, or none."""
BATCH = 1
"""Columns that the drawing gives to the boards of a batch, where names stand before numbers."""
LARGE_DRAWING = 66
"""Columns of the drawing at most."""
STEP = 7
"""Lines of the Step panel in a small window."""
LEAST = Size(73, 22)
"""From here on a layer of 3×3 stands whole on both boards beside a drawing."""
LARGE = Size(110, 34)
"""From here on there is room for more than the essentials."""
TALL, SHARE = 26, 0.7
"""Lines from which on panels stand under each other in a narrow window; lines for each column
above which they do in any."""
BESIDE, LEAST_BOARD = 118, 58
"""Columns from which on the blackboard stands beside the boards, and what these keep at least."""
LEAST_STEP, LOW_STEP, LEAST_DRAWING = 13, 9, 8
"""Lines of the Step panel in a large window, of one where the boards need its room, and of a
drawing above or below the boards, at least."""
BLACKBOARD, WITHIN = 62, 118
"""Columns of the derivation that a very large window shows unasked, and the columns of drawing and
boards from which on it does."""
LEAST_BLACKBOARD = 14
"""Lines of a blackboard under the boards, at least."""
LEAST_PLANE = 38
"""Columns of a plane beside the drawing, at least."""
MOST_STEP, MOST_BODY = 28, 34
"""Lines of the Step panel that go before those of a drawing, and lines of a drawing, at most."""
LEAST_DRAWN, MOST_DRAWN = 16, 20
"""Lines of a drawing beside the boards; of one of a bar for each group at least."""
LOW = 18
"""Lines below which a question has no board beside it."""
AROUND, BOARD = 3, 3
"""Lines of title, rail and footer; and of a board at least."""
ALWAYS = frozenset({"title", "rail", "step", "footer"})
"""The panels that are always shown."""
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
    board: Room
    """The room that Cache and Gradients are arranged for."""
    update: Room
    """The room that the Update board is arranged for."""
    cache: int = 0
    """Lines of the Cache above the Gradients; 0: all."""
    beside: int = 0
    """Columns of the boards where the blackboard stands beside them, the drawing below."""
    drawing: int = 0
    """Lines of the drawing above or below the boards, there."""
    stacked: bool = False
    """Whether all panels stand under each other."""
    within: int = 0
    """Columns of drawing and boards where a derivation stands beside them unasked."""
    above: int = 0
    """Lines of the boards above the blackboard, where it stands under them."""

    def regions(self, size: Size) -> dict[str, Region]:
        """Where each panel that is shown stands in a window of that size, by its id."""
        title, below = cut(Region(0, 0, *size), 1)
        rail, below = cut(below, 1)
        below, footer = cut(below, below.height - 1)
        step = below.height if self.shown == {"step"} else self.step
        boards, step_panel = cut(below, below.height - step)
        found = {"title": title, "rail": rail, "step": step_panel, "footer": footer}
        if self.above:
            boards, found["blackboard"] = cut(boards, self.above)
        elif beside := self.beside or self.within:
            left, right = boards.split_vertical(beside)
            apart = 1 if self.beside else 2
            boards, found["blackboard"] = left, right.shrink(Spacing(0, 0, 0, apart))
        else:
            found["blackboard"] = boards
        if "network" not in self.shown or self.alone:
            found["network"] = boards
        elif self.beside:
            boards, found["network"] = cut(boards, boards.height - self.drawing)
        elif self.stacked:
            found["network"], boards = cut(boards, self.drawing)
        else:
            left, boards = boards.split_vertical(self.network)
            found["network"] = left.shrink(Spacing(0, self.gap, 0, 0))
        found["update"] = found["cache"] = found["gradients"] = boards
        if {"cache", "gradients"} <= self.shown:
            half = (boards.height + 1) // 2
            found["cache"], found["gradients"] = cut(boards, self.cache or half)
        return {name: at for name, at in found.items() if name in self.shown | ALWAYS}

    def room(self, board: str) -> Room:
        """The room that a board is arranged for, by its id."""
        return self.update if board == "update" else self.board


class Places(VerticalLayout):
    """Panels stand where a window has its place for them, what opens over them as styles say."""

    def __init__(self) -> None:
        self.regions: dict[str, Region] = {}

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """Each widget in its region."""
        above = [widget for widget in children if widget.id not in self.regions]
        placed = [
            WidgetPlacement(self.regions[widget.id], NULL_OFFSET, Spacing(), widget)
            for widget in children
            if widget.id in self.regions
        ]
        return [*placed, *(super().arrange(parent, above, size, greedy) if above else ())]


class PanelScreen(Screen[None]):
    """A screen with its own layout."""

    def __init__(self, places: Places, **options: Any) -> None:
        super().__init__(**options)
        self.places = places

    @property
    def layout(self) -> Layout:
        return self.places


@dataclass(frozen=True)
class Window(Sight):
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
        return self.size.width >= LARGE.width and self.size.height >= LARGE.height

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
        if alone:
            step = self._step_lines(view, LEAST_STEP if view.roomy else STEP)
            whole = Room(self.size.width, max(0, self.size.height - AROUND - step))
            return WindowLayout(frozenset(shown), 0, 0, step, True, whole, whole)
        within = self.size.width - BLACKBOARD
        if view.roomy and within >= WITHIN and self._has_all(view, within - DRAWINGS[0][0]):
            layout = self._side_by_side(view, shown, within)
            found = self._found(view, layout.board.width, layout.board.both)
            if all(a.given_up <= "a" for a in found):  # there is room for a derivation, too
                return replace(layout, shown=layout.shown | {"blackboard"}, within=within)
        return self._side_by_side(view, shown, self.size.width)

    def _side_by_side(self, view: View, shown: set[str], width: int) -> WindowLayout:
        """The drawing beside the boards, the Step panel below: what is given up for what."""
        columns = 0
        for columns, last, step in self._divisions(view, width):
            height = max(0, self.size.height - AROUND - step)
            found = self._found(view, width - columns, height)
            fits = all(a.given_up <= last for a in found)
            if fits and (found[0].air or last != "a" or step == LOW_STEP):
                break
        if view.roomy and found[0].given_up == "a":  # the boards leave what they do not need
            drawn = max(drawn_lines(height, len(view.program.groups)), step + height - MOST_STEP)
            body = max(boards_lines(found[0]), min(drawn, MOST_BODY))
            height, step = min(height, body), step + height - min(height, body)
        if columns:
            left = width - max(a.right for a in found)
            most = LARGE_DRAWING if view.roomy else columns
            most += lazy.plane_beside(view, left, height) if view.roomy else 0
            columns = max(columns, min(left, most))
        gap = 2 if columns > DRAWINGS[0][0] else 1 - (columns == DRAWINGS[0][0] - BATCH)
        shown = shown if columns else shown - {"network"}
        board, update = both_in(width - columns, height), Room(width - columns, height)
        found = [Cache.arranged(view, board)]
        cache = found[0].lines[0] + 1  # the gradients stay near in a large window
        cache = cache + (height > boards_lines(found[0])) if view.roomy else max(height // 2, cache)
        return WindowLayout(
            frozenset(shown), columns, gap, step, False, board, update, min(cache, height - 3)
        )

    def _divisions(self, view: View, width: int) -> Iterator[tuple[int, str, int]]:
        """Columns of the drawing, the last rule by which something may be given up on the boards
        for it, and lines of the Step panel, the best division first."""
        steps = (LEAST_STEP, LEAST_STEP - 1, LOW_STEP) if view.roomy else (STEP,)
        least = DRAWINGS[0][0]
        body = self.size.height - AROUND - LEAST_STEP
        beside = least + LEAST_PLANE
        plane = view.roomy and lazy.plane_beside(view, beside, body)
        if plane and self._has_all(view, width - beside):
            yield from ((beside, "a", step) for step in steps)
        if view.roomy and self._has_all(view, width - least):
            yield from ((least, "a", step) for step in steps)
        elif not view.roomy:
            least -= BATCH * (view.state.examples > 1)
        yield from ((min(columns, least), last, steps[0]) for columns, last in DRAWINGS)
        whole = self._found(view, width, self.size.height - AROUND - steps[0])
        yield 0 if all(a.given_up <= "f" for a in whole) else least, "i", steps[0]

    def _has_all(self, view: View, width: int) -> bool:
        """Whether the boards may have everything in so many columns, above a low Step panel."""
        room = both_in(width, self.size.height - AROUND - LOW_STEP)
        return has_all(view, width, room.height - 1, room.both - 2)

    def _found(self, view: View, width: int, height: int) -> list[Arrangement]:
        """What stands on the boards of this phase, together so large."""
        found = [Cache.arranged(view, both_in(width, height))]
        return [*found, Update.arranged(view, Room(width, height))] if view.updating else found

    def _stacked(self, view: View, shown: set[str]) -> WindowLayout:
        """All panels under each other: the boards have what they need, then the Step panel, the
        drawing up to a third of its width in lines, the Step panel the rest."""
        width, room = self.size.width, self.size.height - AROUND
        for below in (LEAST_STEP + LEAST_DRAWING + 4, STEP):  # what panels below and above need
            found = Cache.arranged(view, both_in(width, room - below))
            if found.given_up <= "b":
                break
        body = min(room - below, boards_lines(found) + 2)
        left = room - STEP - body
        drawing = min(left, max(LEAST_DRAWING, min(left + STEP - LEAST_STEP, width // 3)))
        drawing = drawing if drawing >= LEAST_DRAWING else 0
        step = room - body - drawing
        shown = shown if drawing else shown - {"network"}
        cache = found.lines[0] + 1 + (body > boards_lines(found))
        return WindowLayout(
            frozenset(shown),
            *(0, 0, step, False, both_in(width, body), Room(width, body), cache),
            drawing=drawing,
            stacked=True,
        )

    def _with_blackboard(self, view: View) -> WindowLayout:
        width, height = self.size
        step = max(LOW_STEP, height // 5) if self.roomy else self._step_lines(view, STEP)
        body = max(0, height - AROUND - step)
        boards = {"update"} if view.updating else {"cache", "gradients"}
        if self.stacked and not view.maximised:
            found = Cache.arranged(view, both_in(width, body - LEAST_BLACKBOARD))
            lines = min(body - LEAST_BLACKBOARD, boards_lines(found) + 2)
            return WindowLayout(
                frozenset({"blackboard", *boards}),
                *(0, 0, step, False, both_in(width, lines), Room(width, lines)),
                cache=found.lines[0] + 1 + (lines > boards_lines(found)),
                above=lines,
            )
        if width < BESIDE or view.maximised or view.one_panel:
            whole = Room(width, body)
            return WindowLayout(frozenset({"blackboard"}), 0, 0, step, True, whole, whole)
        for beside in (max(LEAST_BOARD, width * 48 // 100), LEAST_BOARD + 2):
            found = Cache.arranged(replace(view, roomy=False), both_in(beside, body))
            if found.given_up == "a":
                break
        lines = min(body, boards_lines(found) + 2)
        drawing = body - lines
        if drawing < LEAST_DRAWING:
            lines, drawing = body, 0
        shown = {"blackboard", *boards, *({"network"} if drawing else ())}
        cache = max(lines // 2 if not drawing else 0, found.lines[0] + 1)
        cache += drawing > 0 and lines > boards_lines(found)
        return WindowLayout(
            frozenset(shown),
            *(0, 0, step, False, both_in(beside, lines), Room(beside, lines)),
            *(min(cache, lines - 3), beside, drawing),
        )

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


def cut(region: Region, lines: int) -> tuple[Region, Region]:
    """The first lines of a region, and the others; where it has fewer, all."""
    return region.split_horizontal(max(0, min(lines, region.height)))


def both_in(width: int, height: int) -> Room:
    """The room of two boards under each other that are so high together."""
    return Room(width, height - BOARD, height)


def boards_lines(found: Arrangement) -> int:
    """The lines of both boards with their rules, as much as they need."""
    return sum(found.lines) + 2


def drawn_lines(height: int, groups: int) -> int:
    """The lines of a drawing beside the boards at least, where there are so many."""
    return min(height, max(LEAST_DRAWN, min(groups + 3, MOST_DRAWN)))
