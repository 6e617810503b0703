"""The blackboard painted: the lines of a derivation with their rules, what is new in each lit.

In a large panel each line has its numbers below it; in a small one the last line has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import cached_property, lru_cache, partial

from backprop_tui.explain.explanation import formula, own_cell
from backprop_tui.explain.line_numbers import ROUNDED, LineNumbers
from backprop_tui.maths.expressions import (
    Cell,
    Delta,
    Expr,
    Name,
    Partial,
    children,
    names,
    walk,
)
from backprop_tui.maths.functions import ACTIVATIONS, is_derivative
from backprop_tui.maths.numbers import number
from backprop_tui.maths.writing import TEXT, text
from backprop_tui.session.blackboard import ELEMENTS, PATHS, Blackboard
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import Canvas, shortened, wrapped
from backprop_tui.tui.paint.paths import path_lines

LEFT = 2
"""The column at which the left sides of the lines begin; before them stands the mark."""
TOKEN = re.compile(r"\s+|[\w′ᵀ]+(?:\[[^\]]*\])?|.")
"""What is compared from line to line: a symbol with its indices, a number, a sign."""
BOARD = replace(TEXT, tight=frozenset({"·", "∘", "/"}))
"""Text without spaces inside a sum, so that a line is short."""
GAPS = ((3, True), (2, True), (1, False))
"""Rows from line to line, and whether each has its numbers, the most spacious first."""
TALL = 18
"""Rows from which on each line has its numbers below it."""
STAYING = 4
"""Lines that stay when there is no room for all."""
MOST = 12
"""Paths that are listed."""
MOST_ROWS = 4
"""Rows and columns of a Jacobian that is written out."""
FORMS = {
    "matrices": "the same in matrices",
    "elements": "the same for one element",
    "paths": "the paths to the loss, in numbers",
}
"""What tab leads to."""
ADDS_UP = "each column adds up to 0"
DELTA = "[k=i] is 1 for k = i, otherwise 0."


@dataclass
class Row:
    """A row of the blackboard: pieces of text with their columns and looks."""

    pieces: list[tuple[int, str, str]] = field(default_factory=list)
    line: int = 0
    """The line of the derivation that it belongs to, from 1; 0: none."""

    @staticmethod
    def of(said: str, looks: str = "", x: int = 1, line: int = 0) -> Row:
        """A row with one piece of text."""
        return Row([(x, said, looks)], line)


def paint_blackboard(canvas: Canvas, view: View) -> dict[int, int]:
    """Paint what is derived under the rule of the panel, and return the line at each y."""
    board = view.blackboard
    assert board is not None
    if board.level.form == PATHS:
        lines = path_lines(view, canvas.width - 2, canvas.height - 1)
        rows = [Row.of(*line) for line in lines]
    else:
        rows = _Derived(view, board, canvas.width, canvas.height - 1).rows()
    for y, row in enumerate(rows, 1):
        for x, said, looks in row.pieces:
            canvas.put(x, y, shortened(said, canvas.width - x), looks)
    return {y: row.line for y, row in enumerate(rows, 1) if row.line}


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
        self.written = [wrapped(line.written(BOARD), room, 3) for line in lines]
        widest = max(len(row) for rows in self.written for row in rows)
        self.rules = self.behind + widest + 2
        self.numbers = _numbers(view, board)
        self.found: dict[bool, list[list[Row]]] = {}

    def rows(self) -> list[Row]:
        """The rows: as many blank ones, givens and numbers as there is room for."""
        given, last = self.given(), len(self.board.lines)
        room = self.height
        for gap, each in GAPS if room >= TALL else GAPS[-1:]:
            foot = self.foot(each)
            whole = sum(len(self.block(k, gap, each)) for k in range(len(self.written)))
            for head in ([*given, Row()] if given else [Row()], [Row()], []):
                if len(head) + whole + (len(foot) + 1 if foot else 0) <= room:
                    shown = [row for k in range(last) for row in self.block(k, gap, each)]
                    shown += self.unknown(last)
                    return self.ended(head, shown, foot)
        return self.scrolled()

    def ended(self, head: list[Row], shown: list[Row], foot: list[Row]) -> list[Row]:
        """With what stands at the foot of a small panel, or behind the lines of a large one."""
        spare = self.height - len(head) - len(shown) - len(foot)
        if self.board.is_whole and self.height >= TALL:
            foot += self.used(spare - 1)
            spare = self.height - len(head) - len(shown) - len(foot)
        blank = spare - 1 if foot and spare > 1 and self.height < TALL else 1
        return [*head, *shown, *[Row()] * min(blank, max(0, spare)), *foot]

    def scrolled(self) -> list[Row]:
        """Where there is no room for all lines: the last ones, the chosen one among them."""
        last, foot = len(self.board.lines), self.foot(each=False)
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

    def given(self) -> list[Row]:
        """The forward steps that are differentiated, where the lines are about their elements."""
        found, lines = self.derivation, self.derivation.lines
        if self.board.level.form != ELEMENTS and found.of is not None:
            return []
        said = [f"{text(of)} = {text(e)}" for of, e in found.given]
        row = "      ".join(said)
        rows = [row] if len(row) <= self.width - 2 else said
        if any(isinstance(part, Delta) for line in lines for part in walk(line.expression)):
            rows.append(DELTA)
        return [Row.of(row, "quiet") for row in rows]

    def block(self, k: int, gap: int, each: bool) -> list[Row]:
        """The rows of a line: expression and rule, its numbers, blank ones."""
        rows = self.filled(each)[k]
        return rows + [Row(line=k + 1)] * max(0, gap - len(rows))

    def filled(self, each: bool) -> list[list[Row]]:
        """The rows of each line that are not blank, with its numbers or without."""
        if each not in self.found:
            self.found[each] = [self.line_rows(k, each) for k in range(len(self.written))]
        return self.found[each]

    def line_rows(self, k: int, each: bool) -> list[Row]:
        """The expression of a line with its rule, and its numbers."""
        line, number_of = self.derivation.lines[k], k + 1
        first, *more = self.written[k]
        left = _left(line.left)
        mark = ""
        if number_of == self.board.at:
            mark = "▸" if number_of == len(self.board.lines) else "›"
        equals = "←" if self.becomes(k) else "="
        x = LEFT + self.left - len(left)
        row = Row([(max(0, x - 2), mark, "strong"), (x, left, "strong")], number_of)
        row.pieces.append((LEFT + self.left + 1, equals, "cursor" if mark == "›" else ""))
        rows = [row, *(Row(line=number_of) for _ in more)]
        lit = _changed(tuple(self.written[k - 1]) if k else (), tuple(self.written[k]))
        for own, said in zip(rows, self.written[k], strict=True):
            at = self.behind + (0 if own is row else 2)
            own.pieces += [(at + begin, said[begin:end], looks) for begin, end, looks in lit[said]]
        self.put_rule(rows, line.rule, len(first) if not more else self.width)
        if each and (numbers := self.in_numbers[k]):
            arithmetic, result = numbers
            under = wrapped(arithmetic, self.width - self.behind - len(result) - 6, 2)
            rows += [Row.of(said, "", self.behind + 2, number_of) for said in under]
            if self.board.is_whole:  # before, it is what is to be found
                at = self.width - 3 - len(result)
                last = self.in_numbers[-1]
                looks = "strong" if last is None or _same(result, last[1]) else "wrong"
                rows[-1].pieces.append((at, f"= {result}", looks))  # wrong: by a mistake before
        return rows

    def put_rule(self, rows: list[Row], rule: str, taken: int) -> None:
        """The rule beside its line, or below it where it does not fit."""
        at = min(self.rules, self.width - 1 - len(rule))
        if self.behind + taken + 2 <= at:
            rows[0].pieces.append((at, rule, "quiet"))
        else:
            rows.append(Row.of(rule, "quiet", max(self.behind + 2, at), rows[0].line))

    def becomes(self, k: int) -> bool:
        """Whether the line replaces what it reads, as an update does."""
        line = self.derivation.lines[k]
        return isinstance(line.left, Name) and line.left.symbol in names(line.expression)

    def unknown(self, last: int) -> list[Row]:
        """The line that is still to come."""
        if self.board.is_whole:
            return []
        return [Row([(LEFT + self.left + 1, "= ?", "quiet")])]

    @cached_property
    def in_numbers(self) -> list[tuple[str, str] | None]:
        """The arithmetic of each line and what it comes to; None where it has a ∂."""
        lines = self.derivation.lines
        return [self.numbers.of(line.expression) if self.numbers else None for line in lines]

    def foot(self, each: bool) -> list[Row]:
        """What stands below the lines: cases, and the numbers of the last line or those it uses."""
        rows = []
        if self.board.is_whole:
            rows += [Row.of(f"{case}:  {text(e)}") for case, e in self.derivation.cases]
            rows += self.jacobian()
            if not each and self.numbers:
                rows += self.last_numbers()
            rows += self.otherwise()
            rows += self.more() if each else []
        elif not each:
            rows += self.operands()
        return rows

    def more(self) -> list[Row]:
        """What there is to see beside the lines, where there is room to say it."""
        lines = self.derivation.lines
        found = [numbers[1] for numbers in self.in_numbers if numbers]
        rows = []
        if len(found) > 1 and all(_same(result, found[-1]) for result in found):
            value = found[-1].removesuffix(ROUNDED)
            rows.append(Row.of(f"Every line has the same value: {value}."))
        used = {line.opens: k for k, line in reversed([*enumerate(lines, 1)]) if line.opens}
        opened = (f"line {k}: {written_name(symbol)}" for symbol, k in reversed(used.items()))
        if used:
            rows.append(Row.of(f"⏎ opens what a line uses ({', '.join(opened)}).", "quiet"))
        turned = self.board.turned(1).level.form
        if turned != self.board.level.form:
            rows.append(Row.of(f"tab shows {FORMS[turned]}.", "quiet"))
        return rows

    def used(self, room: int) -> list[Row]:
        """The derivations of what the lines use, as many as there is room for."""
        rows: list[Row] = []
        for symbol in dict.fromkeys(line.opens for line in self.derivation.lines if line.opens):
            found = self.board.opened(symbol).derivation
            wide = max(len(line.written(BOARD)) for line in found.lines)
            said = [f"= {line.written(BOARD):<{wide}}  {line.rule}" for line in found.lines]
            if len(rows) + len(said) + 2 <= room and max(map(len, said)) < self.width - LEFT:
                rows += [Row(), Row.of(found.heading(), "label", LEFT)]
                rows += [Row.of(line, "quiet", LEFT + 2) for line in said]
        return rows

    def last_numbers(self) -> list[Row]:
        """The last line in numbers: every element of a short column, else the one that is shown."""
        assert self.numbers is not None
        symbol, e = self.numbers.cell.symbol, self.derivation.lines[-1].expression
        count, _ = self.view.state.shapes[symbol]
        per_example = symbol in self.view.program.per_example
        ways = []
        if per_example and 1 < count <= MOST_ROWS and not self.board.is_inner:
            cell = self.numbers.cell
            at = (replace(self.numbers, cell=replace(cell, row=i + 1)) for i in range(count))
            found = filter(None, (each.of(e) for each in at))
            ways.append(f"in numbers {'; '.join(f'{a} = {b}' for a, b in found)}")
        numbers = self.numbers.of(e)
        if numbers:
            where = self.where()
            ways.append(f"in numbers{where} {numbers[0]} = {numbers[1]}")
        for way in ways:
            if len(way) < self.width or way is ways[-1]:
                return [Row.of(line) for line in wrapped(way, self.width - 1, 2)]
        return []

    def where(self) -> str:
        """Which element the numbers are of."""
        assert self.numbers is not None
        if self.numbers.argument is not None:
            return f", z = {text(self.numbers.argument)}:"
        if self.board.level.form != ELEMENTS:
            shape = self.view.state.shapes[self.numbers.cell.symbol]
            return "" if shape == (1, 1) else f", {text(self.numbers.cell)}:"
        letters = {letter for line in self.derivation.lines for letter in _letters(line.expression)}
        cell = self.numbers.cell
        said = [f"{k} = {at}" for k, at in (("i", cell.row), ("j", cell.column)) if k in letters]
        return f", {', '.join(said)}:" if said else ""

    def operands(self) -> list[Row]:
        """The numbers that the derivation reads, as far as they are columns."""
        state, found = self.view.state, []
        read = dict.fromkeys(
            symbol for line in self.derivation.lines for symbol in _read(line.expression)
        )
        for symbol in read:
            values = state.value(symbol) if symbol in state.shapes else None
            if values is None:
                continue
            if symbol in self.view.program.per_example:
                values = values[:, self.view.column :][:, :1]
            if 1 in values.shape and values.size <= MOST:
                written = (number(float(v), self.view.decimals) for v in values.ravel())
                found.append(f"{symbol} {' '.join(written)}")
        return [Row.of(shortened("     ".join(found), self.width - 2), "quiet")] if found else []

    def jacobian(self) -> list[Row]:
        """The derivatives of all outputs by all inputs, in numbers, where the lines are theirs."""
        if not self.derivation.cases:
            return []
        state, symbol = self.view.state, self.derivation.symbol
        values, (count, _) = state.value(symbol), state.shapes[symbol]
        if values is None or count > MOST_ROWS:
            return []
        a = values[:, self.view.column]
        numbers = [
            [number(float(a[k] * ((k == i) - a[i])), self.view.decimals) for i in range(count)]
            for k in range(count)
        ]
        wide = max(len(n) for row in numbers for n in row) + 2
        head = "in numbers, row k, column i:"
        written = ["".join(n.rjust(wide) for n in row) for row in numbers]
        rows = [Row.of(row, x=1 + len(head)) for row in written]
        behind = len(head) + len(written[0]) + 4
        rows[0].pieces.append((1, head, ""))
        if behind + len(ADDS_UP) < self.width:
            rows[0].pieces.append((behind, ADDS_UP, "quiet"))
        return rows

    def otherwise(self) -> list[Row]:
        """That this run computes something else, where a mistake or a formula of one's own does."""
        symbol, program = self.derivation.symbol, self.view.program
        if self.board.is_inner or symbol not in program.gradients:
            return []
        step = program.steps[program.index(symbol)]
        if step.expression == self.derivation.lines[-1].expression:
            return []
        return [Row.of(f"✗ This run computes {formula(step)}.", "wrong")]


def _numbers(view: View, board: Blackboard) -> LineNumbers | None:
    """What puts numbers into the lines; None where they have none at the position shown."""
    first, symbol = board.levels[0], board.level.symbol
    program, state = view.program, view.state
    env = {
        **view.provenance.environment(view.iteration, program.steps[program.index(first.symbol)]),
    }
    write = partial(number, decimals=view.decimals)
    base = first.cell or own_cell(state, program.steps[program.index(first.symbol)], view.column)
    if is_derivative(symbol):
        of = program.steps[program.index(first.symbol)].role.of
        argument = Cell(of, base.row, base.column) if of else None
        return LineNumbers(base, state.shapes, env, write, argument) if argument else None
    if symbol not in program.positions or (board.is_inner and symbol not in program.gradients):
        return None
    step = program.steps[program.index(symbol)]
    cell = base if symbol == first.symbol else own_cell(state, step, view.column)
    if symbol in program.positions and step.phase == "update" and not state.done(symbol):
        return None
    return LineNumbers(cell, state.shapes, env, write)


def written_name(symbol: str) -> str:
    """What a line opens, as it is written there: σ′ for sigmoid_derivative."""
    name = symbol.removesuffix("_derivative")
    return symbol if name == symbol else f"{ACTIVATIONS[name].symbol}′"


def _same(result: str, other: str) -> bool:
    """Whether two values are written alike."""
    return result.removesuffix(ROUNDED) == other.removesuffix(ROUNDED)


def _left(left: Expr | None) -> str:
    return "" if left is None else text(left)


def _letters(e: Expr) -> Iterator[str]:
    """The letters of rows and columns that a line has."""
    for part in walk(e):
        for letter in (getattr(part, "row", ""), getattr(part, "column", "")):
            if isinstance(letter, str):
                yield letter


def _read(e: Expr) -> Iterator[str]:
    """The symbols of a line that stand in no ∂."""
    if isinstance(e, Partial):
        return
    if not children(e):
        yield from names(e)
    for part in children(e):
        yield from _read(part)


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
