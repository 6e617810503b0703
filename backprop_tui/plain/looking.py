"""The commands that look: show a matrix, explain a number, its chain, the nudge test, the notes."""

from __future__ import annotations

import re

from backprop_tui.explain.gradient_check import gradients
from backprop_tui.explain.provenance import Place
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.writing import plain_number
from backprop_tui.messages import listed, nearest
from backprop_tui.plain.explaining import chain, nudged, why
from backprop_tui.plain.run import CannotError, Run, quoted
from backprop_tui.plain.telling import (
    SPELLINGS,
    about,
    cell_in_prose,
    matrix,
    notes,
    pending,
    size,
)

ALPHA = ("alpha", "α")
ROW = re.compile(r"(?P<symbol>.+?)\s*\brow\s*(?P<row>\d{1,6})", re.IGNORECASE)
CELL = re.compile(
    r"(?P<symbol>[^\[,]+?)\s*(?:\[\s*|\brow\s*|\s)(?P<row>\d{1,6})\s*"
    r"(?:,?\s*\bcolumn\b|,|\s)\s*(?P<column>\d{1,6})\s*\]?",
    re.IGNORECASE,
)


class Looking(Run):
    """Looking, without moving in time."""

    def symbol(self, typed: str) -> str:
        """The matrix that was meant: its name, also spelled as it is said, capitals aside if that
        leaves one."""
        shapes, name = self.view.state.shapes, "".join(typed.split())
        if name in shapes:
            return name
        alike = [known for known in shapes if known.lower() == name.lower()]
        if len(alike) == 1:
            return alike[0]
        meant = nearest(name, shapes)
        or_so = f"did you mean {meant}?" if meant else f"there are {listed(tuple(shapes))}."
        raise CannotError(f"There is no matrix {quoted(typed)}: {or_so}")

    def cell(self, typed: str) -> Cell:
        """A cell as it is written or said: W2[1,3], W2 1 3, W 2 row 1 column 3."""
        if found := CELL.fullmatch(typed.strip()):
            cell = Cell(self.symbol(found["symbol"]), int(found["row"]), int(found["column"]))
            shape = self.view.state.shapes[cell.symbol]
            if not (1 <= cell.row <= shape[0] and 1 <= cell.column <= shape[1]):
                has = f"{cell.symbol} has {size(shape)}, counted from 1"
                raise CannotError(f"There is no {cell_in_prose(cell)}: {has}.")
            return cell
        return Cell(self.symbol(typed), 1, 1)

    def place(self, typed: str) -> Place:
        """The number that a cell is just now; with nothing typed, the step's own."""
        if typed:
            cell = self.cell(typed)
            return self.view.place_of(cell.symbol, cell.row - 1, cell.column - 1)
        if (own := self.view.place) is None:
            raise CannotError("Nothing is computed yet: next takes the first step.")
        return own

    def do_show(self, rest: str) -> None:
        if rest.lower() in ALPHA:
            alpha = self.timeline.iteration(self.position.iteration).scalars["alpha"]
            self.say(f"alpha is {plain_number(alpha)}, the learning rate.")
        elif CELL.fullmatch(rest):
            self.do_why(rest)
        elif found := ROW.fullmatch(rest):
            symbol, row = self.symbol(found["symbol"]), int(found["row"])
            rows = self.view.state.shapes[symbol][0]
            if not 1 <= row <= rows:
                raise CannotError(f"There is no {symbol} row {row}: it has the rows 1 to {rows}.")
            self.tell_all(matrix(self.view, symbol, row=row))
        else:
            symbol = self.symbol(rest) if rest else self.place("").symbol
            self.tell_all(matrix(self.view, symbol))

    def do_why(self, rest: str) -> None:
        self.tell_all(why(self.view, self.place(rest), self.spelling))

    def do_chain(self, rest: str) -> None:
        place = self.place(rest)
        if place.symbol not in self.timeline.program.gradients:
            raise CannotError("A chain leads from a gradient to the loss: chain dW1[1,1].")
        if not self.view.known(place):
            raise CannotError(pending(self.view, place.symbol))
        self.tell_all(chain(self.view, place))

    def do_check(self, rest: str) -> None:
        from backprop_tui.session.checks import nudged as tested

        view, program = self.view, self.timeline.program
        known = [s for s in gradients(program) if view.state.done(s)]
        if not known:
            raise CannotError("No gradient is computed yet: go on to the backward phase.")
        self.say("Nudge one number by a hair: how far the loss moves is its slope.")
        for symbol in known:
            found = tested(program, view.state.iteration, symbol, lambda: False)
            assert found is not None  # it is never cancelled
            self.tell(nudged(view, found))

    def do_again(self, rest: str) -> None:
        self.describe()

    def do_about(self, rest: str) -> None:
        self.tell_all(about(self.view))

    def do_notes(self, rest: str) -> None:
        view = self.view
        if view.is_asked:
            self.say("The notes on this step come when the question is over.")
        elif self.right is not None:
            self.say("Notes rest while a mistake is made: mistake none brings them back.")
        else:
            none = "There is no note at this step: about tells what all of it is about."
            self.tell_all(list(notes(view)) or [none])

    def do_example(self, rest: str) -> None:
        examples = self.view.state.examples
        if rest and not (rest.isdecimal() and 1 <= int(rest[:9]) <= examples):
            raise CannotError(f"The examples of this batch are 1 to {examples}.")
        self.turn(int(rest) - 1 if rest else self.view.column + 1)

    def do_example_back(self, rest: str) -> None:
        self.turn(self.view.column - 1)

    def turn(self, to: int) -> None:
        examples = self.view.state.examples
        self.example = to % examples
        self.say(f"Numbers are explained for example {self.example + 1} of {examples}.")

    # How numbers and formulas are given

    def do_formulas(self, rest: str) -> None:
        """In words, as text, or both; alone, the next of these."""
        ways = list(SPELLINGS)
        after = ways[(ways.index(self.spelling) + 1) % len(ways)]
        wanted = rest.lower().removeprefix("in ").removeprefix("as ") or after
        if wanted not in ways:
            raise CannotError(f"There is no way {quoted(rest)}: say formulas words, text or both.")
        self.spelling = wanted
        self.say(f"Formulas are given {SPELLINGS[wanted]}.")

    def do_decimals(self, rest: str) -> None:
        from backprop_tui.maths.numbers import MOST_DECIMALS

        wanted = int(rest[:9]) if rest.isdecimal() else self.decimals + 1 if not rest else -1
        if not 0 <= wanted <= MOST_DECIMALS:
            raise CannotError(f"Decimals are a whole number from 0 to {MOST_DECIMALS}.")
        self.decimals = wanted
        self.say(f"Numbers have {wanted} decimal{'' if wanted == 1 else 's'}.")

    def do_fewer_decimals(self, rest: str) -> None:
        self.do_decimals(str(max(0, self.decimals - 1)))
