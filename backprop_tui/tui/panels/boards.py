"""The boards: Cache and Gradients above each other.

Where the matrices stand is decided in `paint.arrangement`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import attrgetter

from textual.geometry import Offset

from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.numbers import common_power, times_power
from backprop_tui.model.rows import rows_of
from backprop_tui.session.view import CHANGED, EDITED, GIVEN, View
from backprop_tui.tui.paint.arrangement import arrange
from backprop_tui.tui.paint.canvas import Canvas, shortened
from backprop_tui.tui.paint.cells import paint_cursor, paint_matrix, shown_values
from backprop_tui.tui.paint.placed import ALL, Arrangement, Placed, Room
from backprop_tui.tui.panels.board_titles import (
    cache_title,
    dL,
    elsewhere,
    example,
    neighbours,
    which_groups,
)
from backprop_tui.tui.panels.panel import Panel

TOLD = re.compile(f"[✓✗~≠{re.escape(EDITED + CHANGED)}]|(?<!e)−")
"""What stands beside a number in its cell, and its minus sign: hidden with the number."""
POWER = 12
"""Columns for a layer's own power of ten, beside its gradients."""
LEAST = 3
"""Lines that the rule of a board, its labels and one row of numbers take."""
LONGEST = 15
"""Columns of the rule of a board that has the longest name."""
MARKED = re.compile("[▸•]−")
"""A mark left of a minus sign: where it stands would reveal a hidden sign."""
CELL_FIGURES = re.compile(r"[^\s·?▸•\[\]]+")


class Board(Panel):
    """Matrices under a titled rule. Cache and Gradients are arranged alike."""

    fit: Callable[[View, str], tuple[Room, bool]] | None = None
    """The size that a board is arranged for as a view is shown, by its id, and whether it is the
    only one; None: its own size, and it is."""

    def fitted(self, view: View) -> tuple[Room, bool]:
        """The size that it is arranged for, and whether no other board stands beside it."""
        return self.fit(view, self.id or "") if self.fit else (Room(*self.size), True)

    @classmethod
    def arranged(cls, view: View, room: Room) -> Arrangement:
        """What stands where on the boards of that size."""
        both = room.both - 2 if room.both else ALL
        return arrange(view, room.width, room.height - 1, both)

    def arrangement(self, view: View) -> Arrangement:
        """What stands where on this board, and on the one beside it."""
        return self.arranged(view, self.fitted(view)[0])

    @classmethod
    def among(cls, a: Arrangement) -> tuple[Placed, ...]:
        """The matrices on this board, in the order in which tab visits them."""
        return a.cache

    def placed(self, view: View) -> tuple[Placed, ...]:
        """The matrices on this board, where they stand now."""
        return self.among(self.arrangement(view))

    @classmethod
    def own(cls, view: View, symbol: str) -> str:
        """The symbol that this board shows for `symbol` (Gradients: dW1 for W1), or ''."""
        return symbol

    @classmethod
    def stops(cls, view: View, room: Room) -> list[Cell]:
        """The cells at which tab stops: the first cell shown of each matrix, and of each matrix of
        its layer that is not shown, which it brings into view."""
        a, stops = cls.arranged(view, room), dict[str, Cell]()
        for one in cls.among(a):
            if one.symbol and one.rows and one.columns:
                row, column = view.entry(one.symbol, 0)
                row = row if row in one.rows else one.rows[0]
                column = column if column in one.columns else one.columns[0]
                stops.setdefault(one.symbol, Cell(one.symbol, row + 1, column + 1))
        card = [own for s in a.card if (own := cls.own(view, s))]
        return [stops.get(s) or Cell(s, *(at + 1 for at in view.entry(s, 0))) for s in card]

    def remark(self, view: View, a: Arrangement, width: int) -> str:
        """Say in the rule what is not shown, as far as that fits."""
        whole = ", ".join(filter(None, (a.remark, self.no_room(view, a))))
        return whole if len(whole) + LONGEST <= width else a.remark

    def has_free_line(self, canvas: Canvas, a: Arrangement) -> bool:
        """Whether no number stands in the last line, and something may be told there."""
        last = max((one.line(len(one.rows) - 1) for one in self.among(a)), default=0) + 1
        return a.names_others and LEAST < canvas.height > last + 1

    def no_room(self, view: View, a: Arrangement) -> str:
        """Say for which matrices there is no room: Wx, X1 to X3."""
        if not a.left_out:
            return ""
        last = {slot[0]: slot[-1] for row in rows_of(view.program) for slot in row.slots}
        ends = (dict.fromkeys((s, last.get(s, s))) for s in a.left_out)
        own = ([name for s in pair if (name := self.own(view, s))] for pair in ends)
        left_out = " ".join(" to ".join(names) for names in own if names)
        return f"no room: {left_out}" if left_out else ""

    def cell_at(self, at: Offset) -> Cell | None:
        """The cell that is drawn at that place of the panel."""
        for placed in self.placed(self.view) if self.view else ():
            if found := placed.cell_at(at.x, at.y - 1):
                return Cell(placed.symbol, found[0] + 1, found[1] + 1)
        return None

    def finish(self, canvas: Canvas, view: View) -> None:
        """Paint the brackets of the cursor."""
        for placed in self.placed(view) if view.bracketed else ():
            paint_cursor(canvas, view, placed)

    def hide(self, canvas: Canvas, view: View) -> None:
        """Cover the numbers in the cells with their signs; labels and marks stay visible."""
        for placed in self.placed(view):
            for k in range(len(placed.rows)):
                y = placed.line(k) + 1
                cells = slice(max(0, placed.left), max(0, placed.right))
                canvas.swap(MARKED, y, cells)
                canvas.cover(TOLD, y, cells, " ")
                canvas.cover(CELL_FIGURES, y, cells)
        super().hide(canvas, view)

    def put_neighbours(self, canvas: Canvas, view: View, a: Arrangement) -> int:
        """Name the other groups in the last line, and return the column behind them."""
        if not self.has_free_line(canvas, a):
            return 0
        left_out = self.no_room(view, a)
        is_told = not left_out or self.remark(view, a, canvas.width).endswith(left_out)
        behind = "" if is_told else f"   {left_out}"
        room = canvas.width - len(behind)
        said = f"{shortened(neighbours(view, a, room), room)}{behind}".strip()
        return canvas.put(0, canvas.height - 1, shortened(said, canvas.width), "quiet")


class Cache(Board):
    """Inputs, parameters and the values saved in the forward pass."""

    def paint(self, canvas: Canvas, view: View) -> None:
        a = self.arrangement(view)
        crowded = a.names_others and not self.has_free_line(canvas, a)
        remark = self.remark(view, a, ALL if crowded else canvas.width)
        title = f"Cache{which_groups(view, a)}"
        title += legend(view, a.cache)
        self.rule(canvas, view, *cache_title(view, a, title, remark, canvas.width - 8))
        for placed in a.cache:
            paint_matrix(canvas, view, placed)
        behind, which = self.put_neighbours(canvas, view, a), example(view)
        if behind and remark and behind + len(which) + 2 <= canvas.width:
            canvas.right(canvas.width, canvas.height - 1, which, "quiet")


class Gradients(Board):
    """The gradients that are computed, each exactly under its value."""

    @classmethod
    def among(cls, a: Arrangement) -> tuple[Placed, ...]:
        """Each gradient under its value."""
        return a.gradients

    @classmethod
    def own(cls, view: View, symbol: str) -> str:
        """The gradient with respect to `symbol`; '' where none is computed."""
        return view.program.gradient_of(symbol) or ""

    @classmethod
    def powers(cls, view: View, room: Room) -> list[tuple[tuple[Placed, ...], int]]:
        """The matrices that have a power of ten taken out of them in common, and which."""
        every = cls.among(cls.arranged(view, room))
        begun = any(view.value(placed.symbol) is not None for placed in every)
        return [
            (card, common_power(shown_values(view, card), view.decimals) if begun else 0)
            for card in (cls.cards(every, room.width) if view.roomy else [every])
        ]

    @classmethod
    def power_of(cls, view: View, room: Room, symbol: str) -> int:
        """The power of ten that is taken out of a matrix."""
        powers = cls.powers(view, room)
        return next((p for card, p in powers if any(one.symbol == symbol for one in card)), 0)

    def paint(self, canvas: Canvas, view: View) -> None:
        a = self.arrangement(view)
        room, alone = self.fitted(view)
        cards = self.powers(view, room)
        powers = {power for _, power in cards}
        shared = powers.pop() if len(powers) == 1 else 0
        power_of_ten, remark = times_power(shared), self.remark(view, a, canvas.width)
        layers = (which_groups(view, a), "") if alone else ("",)  # else the Cache says it
        meant = dL(view)
        notes = ["   ".join(filter(None, (remark, said))) for said in meant]
        notes.append(remark or meant[-1])
        given = legend(view, a.gradients)
        ways = [
            ("  ".join(filter(None, (f"Gradients{layer}{given}", power_of_ten))), note)
            for note in notes
            for layer in layers
        ]
        short = ways[-1][0], shortened(remark, canvas.width - len(ways[-1][0]) - 6)
        self.rule(canvas, view, *next((way for way in ways if canvas.fits_rule(*way)), short))
        for card, power in cards:
            for placed in card:
                paint_matrix(canvas, view, placed, power)
            if power != shared and not self.is_covered(view):
                canvas.put(card[-1].right + 2, card[-1].top, times_power(power), "label")
        if alone:
            self.put_neighbours(canvas, view, a)
        elif not view.program.layers and self.is_free(canvas, canvas.height - 1):
            said = shortened(elsewhere(view, a), canvas.width)
            canvas.put(0, canvas.height - 1, said, "quiet")

    @staticmethod
    def is_free(canvas: Canvas, y: int) -> bool:
        """Whether nothing stands on a line."""
        return canvas.blanks(0, canvas.width, y) == canvas.width

    @classmethod
    def cards(cls, every: tuple[Placed, ...], width: int) -> list[tuple[Placed, ...]]:
        """The matrices of each layer, where there is room for a power of its own beside them."""
        if not every or max(placed.right for placed in every) + POWER > width:
            return [every]
        return [tuple(card) for _, card in groupby(every, key=attrgetter("top"))]


def legend(view: View, shown: Iterable[Placed]) -> str:
    """Say what the sign before a given matrix means, where one is shown."""
    return f"  {GIVEN} given" if any(p.symbol in view.program.cached for p in shown) else ""
