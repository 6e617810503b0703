"""What stands below the lines of the blackboard: their numbers, cases, and what they use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from backprop_tui.explain.explanation import ROUNDED, formula, own_cell
from backprop_tui.explain.gradient_lines import LineNumbers
from backprop_tui.maths.expressions import Cell, Expr, Partial, names, walk
from backprop_tui.maths.functions import ACTIVATIONS, is_derivative
from backprop_tui.maths.numbers import number
from backprop_tui.maths.writing import TEXT, text
from backprop_tui.session.blackboard import ELEMENTS, Blackboard
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import wrapped

LEFT = 2
"""The column at which the left sides of the lines begin; before them stands the mark."""
BOARD = replace(TEXT, tight=frozenset({"·", "∘", "/"}))
"""Text without spaces inside a sum, so that a line is short."""
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


@dataclass
class BoardRow:
    """A row of the blackboard: pieces of text with their columns and looks."""

    pieces: list[tuple[int, str, str]] = field(default_factory=list)
    line: int = 0
    """The line of the derivation that it belongs to, from 1; 0: none."""

    @staticmethod
    def of(said: str, looks: str = "", x: int = 1, line: int = 0) -> BoardRow:
        """A row with one piece of text."""
        return BoardRow([(x, said, looks)], line)


class Below:
    """What is to be said of a derivation below its lines, in some columns."""

    def __init__(self, view: View, board: Blackboard, width: int) -> None:
        self.view, self.board, self.width = view, board, width
        self.derivation = board.derivation
        self.numbers = _numbers(view, board)

    @cached_property
    def in_numbers(self) -> list[tuple[str, str] | None]:
        """The arithmetic of each line and what it comes to; None where it has a ∂."""
        lines = self.derivation.lines
        return [self.numbers.of(line.expression) if self.numbers else None for line in lines]

    def rows(self, each: bool) -> list[BoardRow]:
        """What stands below the lines: cases, and the numbers of the last line or those it uses."""
        rows = []
        if self.board.is_whole:
            rows += [BoardRow.of(f"{case}:  {text(e)}") for case, e in self.derivation.cases]
            rows += self.jacobian()
            if not each and self.numbers:
                rows += self.last_numbers()
            rows += self.otherwise()
            rows += self.more() if each else []
        elif not each:
            rows += self.operands()
        return rows

    def more(self) -> list[BoardRow]:
        """What there is to see beside the lines, where there is room to say it."""
        lines = self.derivation.lines
        found = [numbers[1] for numbers in self.in_numbers if numbers]
        rows = []
        if len(found) > 1 and all(same_value(result, found[-1]) for result in found):
            value = found[-1].removesuffix(ROUNDED)
            rows.append(BoardRow.of(f"Every line has the same value: {value}."))
        used = {line.opens: k for k, line in reversed([*enumerate(lines, 1)]) if line.opens}
        opened = (f"line {k}: {written_name(symbol)}" for symbol, k in reversed(used.items()))
        if self.board.unasked:
            return rows
        if used:
            rows.append(BoardRow.of(f"⏎ opens what a line uses ({', '.join(opened)}).", "quiet"))
        turned = self.board.turned(1).level.form
        if turned != self.board.level.form:
            rows.append(BoardRow.of(f"tab shows {FORMS[turned]}.", "quiet"))
        return rows

    def used(self, room: int) -> list[BoardRow]:
        """The derivations of what the lines use, as many as there is room for."""
        rows: list[BoardRow] = []
        for symbol in dict.fromkeys(line.opens for line in self.derivation.lines if line.opens):
            found = self.board.opened(symbol).derivation
            wide = max(len(line.written(BOARD)) for line in found.lines)
            said = [f"= {line.written(BOARD):<{wide}}  {line.rule}" for line in found.lines]
            if len(rows) + len(said) + 2 <= room and max(map(len, said)) < self.width - LEFT:
                rows += [BoardRow(), BoardRow.of(found.heading(), "label", LEFT)]
                rows += [BoardRow.of(line, "quiet", LEFT + 2) for line in said]
        return rows

    def last_numbers(self) -> list[BoardRow]:
        """The last line in numbers: every element of a short column, else the one that is shown."""
        assert self.numbers is not None
        symbol, e = self.numbers.cell.symbol, self.derivation.lines[-1].expression
        place, cell = self.view.program.architecture.place, self.numbers.cell
        count, _ = place(*self.view.state.shapes[symbol])
        per_example = symbol in self.view.program.per_example
        ways = []
        if per_example and 1 < count <= MOST_ROWS and not self.board.is_inner:
            _, example = place(cell.row, cell.column)
            cells = (Cell(symbol, *place(i + 1, example)) for i in range(count))
            at = (replace(self.numbers, cell=each) for each in cells)
            found = filter(None, (each.of(e) for each in at))
            ways.append(f"in numbers {'; '.join(map(_once, found))}")
        numbers = self.numbers.of(e)
        if numbers:
            where = self.where()
            ways.append(f"in numbers{where} {_once(numbers)}")
        for way in ways:
            if len(way) < self.width or way is ways[-1]:
                return [BoardRow.of(line) for line in wrapped(way, self.width - 1, 2)]
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

    def operands(self) -> list[BoardRow]:
        """The numbers that the derivation reads, as far as they are columns."""
        state, found = self.view.state, []
        read = dict.fromkeys(
            symbol for line in self.derivation.lines for symbol in _read(line.expression)
        )
        for symbol in read:
            values = state.value(symbol) if symbol in state.shapes else None
            if values is None:
                continue
            which = ""
            if symbol in self.view.program.per_example:
                values = self.view.of_example(values)[:, None]
                which = f" of example {self.view.column + 1}:" if state.examples > 1 else ""
            if 1 in values.shape and values.size <= MOST:
                written = (number(float(v), self.view.decimals) for v in values.ravel())
                found.append(f"{symbol}{which} {' '.join(written)}")
        while found and len("     ".join(found)) > self.width - 2:
            found.pop()  # a number is never cut
        return [BoardRow.of("     ".join(found), "quiet")] if found else []

    def jacobian(self) -> list[BoardRow]:
        """The derivatives of all outputs by all inputs, in numbers, where the lines are theirs."""
        if not self.derivation.cases:
            return []
        state, symbol = self.view.state, self.derivation.symbol
        values = state.value(symbol)
        if values is None or (count := len(a := self.view.of_example(values))) > MOST_ROWS:
            return []
        numbers = [
            [number(float(a[k] * ((k == i) - a[i])), self.view.decimals) for i in range(count)]
            for k in range(count)
        ]
        wide = max(len(n) for row in numbers for n in row) + 2
        head = f"in numbers, row k, column {'i' if self.view.program.axis else 'j'}:"
        written = ["".join(n.rjust(wide) for n in row) for row in numbers]
        rows = [BoardRow.of(row, x=1 + len(head)) for row in written]
        behind = len(head) + len(written[0]) + 4
        rows[0].pieces.append((1, head, ""))
        if behind + len(ADDS_UP) < self.width:
            rows[0].pieces.append((behind, ADDS_UP, "quiet"))
        return rows

    def otherwise(self) -> list[BoardRow]:
        """That this run computes something else, where a mistake or a formula of one's own does."""
        symbol, program = self.derivation.symbol, self.view.program
        if self.board.is_inner or symbol not in program.gradients:
            return []
        step = program.steps[program.index(symbol)]
        if step.expression == self.derivation.lines[-1].expression:
            return []
        return [BoardRow.of(f"✗ This run computes {formula(step)}.", "wrong")]


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
    known = ACTIVATIONS.get(name)  # a function of one's own is written as it is called
    return symbol if name == symbol else f"{known.symbol if known else name}′"


def same_value(result: str, other: str) -> bool:
    """Whether two values are written alike."""
    return result.removesuffix(ROUNDED) == other.removesuffix(ROUNDED)


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
    if not e.parts:
        yield from names(e)
    for part in e.parts:
        yield from _read(part)


def _once(numbers: tuple[str, str]) -> str:
    """−0.641 × 0.818 = −0.524; what is its own value already is written once."""
    return " = ".join(dict.fromkeys(numbers))
