"""A window of some size: where the panels stand in it, and what of a session it has room to show.

Pure functions of what is shown and of the window's size: what a key leads to must not depend on
what happened to be drawn last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.layouts.vertical import VerticalLayout
from textual.screen import Screen
from textual.widget import Widget

from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.numbers import cell_width, fixed, signed
from backprop_tui.model.rows import rows_of
from backprop_tui.session.prompts import Sheet, Sight, Stop
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.arrangement import has_all
from backprop_tui.tui.paint.placed import Arrangement, Room
from backprop_tui.tui.panels.boards import Board, Cache, Gradients
from backprop_tui.tui.panels.update import Update
from backprop_tui.tui.sheets.page import page_of

if TYPE_CHECKING:
    from backprop_tui.session.view import View

DRAWINGS = (22, 16)
"""Columns of the drawing beside the boards in a small window, and where room is short."""
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
BLACKBOARD, MOST_BLACKBOARD = 62, 102
"""Columns of the derivation that a very large window shows unasked, at least and at most."""
LEAST_BLACKBOARD = 14
"""Lines of a blackboard under the boards, at least."""
BESIDE_PLANE = DRAWINGS[0] + 38
"""Columns of a drawing and the plane beside it, at least."""
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


class Division(NamedTuple):
    """A way to divide a window."""

    columns: int
    """Of the drawing, with the plane."""
    step: int
    """Lines of the Step panel."""
    first: str = "a"
    """What it gives up itself, by its letter in GIVEN_UP."""
    last: str = "i"
    """The last that the boards may give up for it."""


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

    def __init__(self, places: Places) -> None:
        super().__init__(id="_default")
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

    @lru_cache(maxsize=4)  # noqa: B019 (each board asks for it)
    def layout(self, view: View) -> WindowLayout:
        """The panels of this phase; only the chosen one where it is enlarged, or in little room.

        The blackboard stands in the place of all of them, or beside them where there is room.
        """
        if view.blackboard is not None and not self._step_alone(view):
            return self._with_blackboard(view)
        alone = view.maximised or view.one_panel
        shown = {view.chosen} if alone else {"network", *view.boards}
        if self._step_alone(view):
            shown = {"step"}
        if self.stacked and not alone:
            return self._stacked(view, shown)
        if alone:
            step = self._step_lines(view, LEAST_STEP if view.roomy else STEP)
            whole = Room(self.size.width, max(0, self.size.height - AROUND - step))
            return WindowLayout(frozenset(shown), 0, 0, step, True, whole, whole)
        return self._side_by_side(view, shown)

    def _side_by_side(self, view: View, shown: set[str]) -> WindowLayout:
        """The drawing beside the boards, the Step panel below."""
        width, division = self.size.width, self._division(view)
        columns, step = division.columns, division.step
        height = max(0, self.size.height - AROUND - step)
        found = self._found(view, width - columns, height)
        blackboard, left = 0, width - max(a.right for a in found)
        if view.roomy and max(a.given_up for a in found) <= "a":
            # The boards leave what they do not need: to the Step panel, then to the drawing.
            drawn = drawn_lines(height, len(view.program.groups))
            body = max(drawn, step + height - MOST_STEP)
            body = min(height, max(boards_lines(found[0]), min(body, MOST_BODY)))
            height, step = body, step + height - body
            pictures = BESIDE_PLANE if lazy.plane_beside(view, left, height) else LARGE_DRAWING
            beside = pictures + BLACKBOARD
            if left >= beside and self._found(view, width - beside, height)[0].given_up <= "a":
                blackboard = min(left - pictures, MOST_BLACKBOARD)
        if view.roomy and columns:
            most = LARGE_DRAWING + lazy.plane_beside(view, left - blackboard, height)
            columns, wider = 0, min(left - blackboard, most)
            while wider > columns:  # beside it the boards may fold, and leave more
                columns = wider
                boards = self._found(view, width - blackboard - columns, height)
                wider = min(width - blackboard - max(a.right for a in boards), most)
        kept = found[0].given_up
        while self._found(view, width - blackboard - columns, height)[0].given_up > kept:
            # Labels may have needed a column or two that they do not take.
            if blackboard > BLACKBOARD:
                blackboard -= 1
            elif columns > division.columns or blackboard:
                columns -= 1
            else:
                break
        gap = 2 if columns > DRAWINGS[0] else 1 - (columns == DRAWINGS[0] - BATCH)
        shown = shown if columns else shown - {"network"}
        shown = shown | {"blackboard"} if blackboard else shown
        board = both_in(width - blackboard - columns, height)
        found = [Cache.arranged(view, board)]
        cache = found[0].lines[0] + 1  # the gradients stay near in a large window
        cache = cache + (height > boards_lines(found[0])) if view.roomy else max(height // 2, cache)
        return WindowLayout(
            frozenset(shown),
            *(columns, gap, step, False, board, Room(board.width, height)),
            cache=min(cache, height - 3),
            within=(width - blackboard) * bool(blackboard),
        )

    def _division(self, view: View) -> Division:
        """The best way to divide a window: that for which the boards give up the least."""
        best, reached = None, ""
        for one in self._divisions(view):
            if best and reached <= one.first:
                break
            height = max(0, self.size.height - AROUND - one.step)
            found = self._found(view, self.size.width - one.columns, height)
            rule = max(one.first, *(a.given_up for a in found))
            if rule <= one.last and (best is None or rule < reached):
                best, reached = one, rule
        assert best
        return best

    def _divisions(self, view: View) -> Iterator[Division]:
        """The ways to divide a window, the best first. A plane, and a Step panel of less than its
        natural height, are there only where the boards have everything; a blackboard only where
        these also have their blank lines, and the drawing all of its columns."""
        wide, narrow = DRAWINGS
        step = LEAST_STEP if view.roomy else STEP
        if view.roomy:
            body, width = self.size.height - AROUND - step, self.size.width
            plane = bool(lazy.plane_beside(view, BESIDE_PLANE, body))
            plane = plane and self._has_all(view, width - BESIDE_PLANE)
            beside = (BESIDE_PLANE if plane else LARGE_DRAWING) + BLACKBOARD
            if width - beside >= LEAST_BOARD and self._has_all(view, width - beside):
                yield Division(beside, step, first="", last="")
            if plane:
                yield from (Division(BESIDE_PLANE, n, last="a") for n in (step, LOW_STEP))
            yield Division(wide, step)
            yield Division(wide, LOW_STEP, last="a")
        else:
            yield Division(wide - BATCH * (view.state.examples > 1), step)
        yield Division(narrow, step, first="d")
        yield Division(0, step, first="g")

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
        if self.stacked and not view.maximised:
            found = Cache.arranged(view, both_in(width, body - LEAST_BLACKBOARD))
            lines = min(body - LEAST_BLACKBOARD, boards_lines(found) + 2)
            return WindowLayout(
                frozenset({"blackboard", *view.boards}),
                *(0, 0, step, False, both_in(width, lines), Room(width, lines)),
                cache=found.lines[0] + 1 + (lines > boards_lines(found)),
                above=lines,
            )
        if width < BESIDE or view.maximised or view.one_panel:
            whole = Room(width, body)
            return WindowLayout(frozenset({"blackboard"}), 0, 0, step, True, whole, whole)
        for beside in (max(LEAST_BOARD, width * 48 // 100), LEAST_BOARD + 2):
            found = Cache.arranged(replace(view, roomy=False), both_in(beside, body))
            if found.given_up <= "a":
                break
        lines = min(body, boards_lines(found) + 2)
        drawing = body - lines
        if drawing < LEAST_DRAWING:
            lines, drawing = body, 0
        shown = {"blackboard", *view.boards, *({"network"} if drawing else ())}
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
        for name in view.boards:
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
        return signed(f"{shown}e{power}") if power else shown

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
