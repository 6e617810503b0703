"""The blackboard painted: the lines of a derivation with their rules, what is new in each lit.

In a large panel each line has its numbers below it; in a small one the last line has them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import SequenceMatcher
from functools import lru_cache

from backprop_tui.maths.expressions import (
    Delta,
    Expr,
    Name,
    names,
    walk,
)
from backprop_tui.maths.writing import text
from backprop_tui.session.blackboard import ELEMENTS, PATHS, Blackboard
from backprop_tui.session.view import View
from backprop_tui.tui.paint.below_lines import BOARD, LEFT, Below, BoardRow, same_value
from backprop_tui.tui.paint.canvas import Canvas, shortened, wrapped
from backprop_tui.tui.paint.paths import path_lines

TOKEN = re.compile(r"\s+|[\w′ᵀ]+(?:\[[^\]]*\])?|.")
"""What is compared from line to line: a symbol with its indices, a number, a sign."""
GAPS = ((3, True), (2, True), (1, False))
"""Rows from line to line, and whether each has its numbers, the most spacious first."""
TALL = 18
"""Rows from which on each line has its numbers below it."""
STAYING = 4
"""Lines that stay when there is no room for all."""
MOST_ROWS = 6
"""Rows of one line; what is longer is cut."""
MOST_UNDER = 3
"""Rows of the numbers below a line."""


def paint_blackboard(canvas: Canvas, view: View) -> None:
    """Paint what is derived under the rule of the panel; a click leads to its line."""
    board = view.blackboard
    assert board is not None
    if board.level.form == PATHS:
        lines = path_lines(view, canvas.width - 2, canvas.height - 1)
        rows = [BoardRow.of(*line) for line in lines]
    else:
        rows = _Derived(view, board, canvas.width, canvas.height - 1).rows()
    for y, row in enumerate(rows, 1):
        for x, said, looks in row.pieces:
            canvas.put(x, y, shortened(said, canvas.width - x), looks)
        if row.line:
            canvas.leads[y] = row.line


def heading(board: Blackboard) -> str:
    """`Blackboard  dZ2 = ∂L/∂Z2`, and what was opened from which line."""
    first, *inner = board.levels
    if inner:
        before = replace(board, levels=board.levels[:-1])
        return f"Blackboard  {first.symbol}, line {before.at} ▸ {board.derivation.heading()}"
    form = {ELEMENTS: ", one element", PATHS: ", paths in numbers"}.get(first.form, "")
    return f"Blackboard  {board.derivation.heading()}{form}"


def counted(board: Blackboard) -> str:
    """`line 5 of 6`"""
    count = len(board.derivation.lines)
    return "" if board.level.form == PATHS else f"line {len(board.lines)} of {count}"


# The lines of a derivation -------------------------------------------------------------------


class _Derived:
    """A derivation laid out in some columns and rows."""

    def __init__(self, view: View, board: Blackboard, width: int, height: int) -> None:
        self.view, self.board, self.width, self.height = view, board, width, height
        self.derivation = board.derivation
        lines = self.derivation.lines
        self.left = max(len(_left(line.left)) for line in lines)
        self.behind = LEFT + self.left + 3  # where expressions begin
        room = self.width - self.behind - 1
        self.written = [wrapped(line.written(BOARD), room, MOST_ROWS) for line in lines]
        widest = max(len(row) for rows in self.written for row in rows)
        self.rules = self.behind + widest + 2
        pairs = zip(lines, self.written, strict=True)
        self.are_beside = all(
            self.behind + self.taken(rows) + 2 <= min(self.rules, self.width - 1 - len(line.rule))
            for line, rows in pairs
        )
        self.below = Below(view, board, width)
        self.found: dict[bool, list[list[BoardRow]]] = {}

    def rows(self) -> list[BoardRow]:
        """The rows: as many blank ones, givens and numbers as there is room for."""
        given, last = self.given(), len(self.board.lines)
        room = self.height
        for gap, each in GAPS if room >= TALL else GAPS[-1:]:
            foot = self.below.rows(each)
            whole = sum(len(self.block(k, gap, each)) for k in range(len(self.written)))
            for head in ([*given, BoardRow()] if given else [BoardRow()], [BoardRow()], []):
                if len(head) + whole + (len(foot) + 1 if foot else 0) <= room:
                    shown = [row for k in range(last) for row in self.block(k, gap, each)]
                    shown += self.unknown(last)
                    return self.ended(head, shown, foot)
        return self.scrolled()

    def ended(
        self, head: list[BoardRow], shown: list[BoardRow], foot: list[BoardRow]
    ) -> list[BoardRow]:
        """With what stands at the foot of a small panel, or behind the lines of a large one."""
        spare = self.height - len(head) - len(shown) - len(foot)
        if self.board.is_whole and self.height >= TALL:
            foot += self.below.used(spare - 1)
            spare = self.height - len(head) - len(shown) - len(foot)
        blank = spare - 1 if foot and spare > 1 and self.height < TALL else 1
        return [*head, *shown, *[BoardRow()] * min(blank, max(0, spare)), *foot]

    def scrolled(self) -> list[BoardRow]:
        """Where there is no room for all lines: the last ones, the chosen one among them."""
        last, foot = len(self.board.lines), self.below.rows(each=False)
        staying = [self.block(k, 1, False) for k in range(max(0, last - STAYING), last)]
        foot = foot[: max(0, self.height - 1 - sum(map(len, staying)))]
        room, first, rows = self.height - len(foot) - (not self.board.is_whole), last, 0
        while first > 0:
            rows += len(self.block(first - 1, 1, False))
            if rows > room and first < last:
                break
            first -= 1
        first = min(first, self.board.at - 1)
        shown = [row for k in range(first, last) for row in self.block(k, 1, False)]
        return self.ended([], [*shown, *self.unknown(last)][: self.height - len(foot)], foot)

    def given(self) -> list[BoardRow]:
        """The forward steps that are differentiated, where the lines are about their elements."""
        found, lines = self.derivation, self.derivation.lines
        if self.board.level.form != ELEMENTS and found.of is not None:
            return []
        said = [f"{text(of)} = {text(e)}" for of, e in found.given]
        row = "      ".join(said)
        rows = [row] if len(row) <= self.width - 2 else said
        parts = (part for line in lines for part in walk(line.expression))
        if delta := next((part for part in parts if isinstance(part, Delta)), None):
            rows.append(f"{text(delta)} is 1 for {delta.left} = {delta.right}, otherwise 0.")
        return [BoardRow.of(row, "quiet") for row in rows]

    def block(self, k: int, gap: int, each: bool) -> list[BoardRow]:
        """The rows of a line: expression and rule, its numbers, blank ones."""
        rows = self.filled(each)[k]
        return rows + [BoardRow(line=k + 1)] * max(0, gap - len(rows))

    def filled(self, each: bool) -> list[list[BoardRow]]:
        """The rows of each line that are not blank, with its numbers or without."""
        if each not in self.found:
            self.found[each] = [self.line_rows(k, each) for k in range(len(self.written))]
        return self.found[each]

    def line_rows(self, k: int, each: bool) -> list[BoardRow]:
        """The expression of a line with its rule, and its numbers."""
        line, number_of = self.derivation.lines[k], k + 1
        more = self.written[k][1:]
        left = _left(line.left)
        mark = ""
        if number_of == self.board.at:
            mark = "▸" if number_of == len(self.board.lines) else "›"
        equals = "←" if self.becomes(k) else "="
        x = LEFT + self.left - len(left)
        row = BoardRow([(max(0, x - 2), mark, "strong"), (x, left, "strong")], number_of)
        row.pieces.append((LEFT + self.left + 1, equals, "cursor" if mark == "›" else ""))
        rows = [row, *(BoardRow(line=number_of) for _ in more)]
        lit = _changed(tuple(self.written[k - 1]) if k else (), tuple(self.written[k]))
        for own, said in zip(rows, self.written[k], strict=True):
            at = self.behind + (0 if own is row else 2)
            own.pieces += [(at + begin, said[begin:end], looks) for begin, end, looks in lit[said]]
        self.put_rule(rows, line.rule, self.taken(self.written[k]))
        if each and (numbers := self.below.in_numbers[k]):
            arithmetic, result = numbers
            under = wrapped(arithmetic, self.width - self.behind - len(result) - 6, MOST_UNDER)
            rows += [BoardRow.of(said, "", self.behind + 2, number_of) for said in under]
            if self.board.is_whole:  # before, it is what is to be found
                at = self.width - 3 - len(result)
                last = self.below.in_numbers[-1]
                looks = "strong" if last is None or same_value(result, last[1]) else "wrong"
                rows[-1].pieces.append((at, f"= {result}", looks))  # wrong: by a mistake before
        return rows

    def taken(self, written: list[str]) -> int:
        """The columns that a line leaves to no rule."""
        return self.width if len(written) > 1 else len(written[0])

    def put_rule(self, rows: list[BoardRow], rule: str, taken: int) -> None:
        """The rule beside its line, or below it where it does not fit; all begin in one column, or
        all end at the right."""
        at = min(self.rules if self.are_beside else self.width, self.width - 1 - len(rule))
        if self.behind + taken + 2 <= at:
            rows[0].pieces.append((at, rule, "quiet"))
        else:
            rows.append(BoardRow.of(rule, "quiet", max(self.behind + 2, at), rows[0].line))

    def becomes(self, k: int) -> bool:
        """Whether the line replaces what it reads, as an update does."""
        line = self.derivation.lines[k]
        return isinstance(line.left, Name) and line.left.symbol in names(line.expression)

    def unknown(self, last: int) -> list[BoardRow]:
        """The line that is still to come."""
        if self.board.is_whole:
            return []
        return [BoardRow([(LEFT + self.left + 1, "= ?", "quiet")])]


def _left(left: Expr | None) -> str:
    return "" if left is None else text(left)


Lit = dict[str, list[tuple[int, int, str]]]


@lru_cache(maxsize=256)  # the same lines are painted at every key
def _changed(before: tuple[str, ...], now: tuple[str, ...]) -> Lit:
    """For each row of a line the stretches that are new in it, lit, and those that are not."""
    if not before:
        return {row: [(0, len(row), "")] for row in now}
    old = TOKEN.findall(" ".join(before))
    found: Lit = {}
    for row in now:
        tokens = TOKEN.findall(row)
        at, stretches = 0, []
        for tag, _, _, begin, end in SequenceMatcher(None, old, tokens, False).get_opcodes():
            said = "".join(tokens[begin:end])
            is_new = tag != "equal" and re.search(r"\w", said)  # no bracket alone
            stretches.append((at, at + len(said), "lit" if is_new else ""))
            at += len(said)
        found[row] = stretches
    return found
