"""Formulas and matrices as they are said.

A matrix is read row by row, every number by its column; a single row or column by the other alone,
and a single number as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from backprop_tui.explain.explanation import formula
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.numbers import number
from backprop_tui.maths.shapes import Shape
from backprop_tui.maths.words import WORDS as IN_WORDS
from backprop_tui.maths.words import figure_in_words, sentence
from backprop_tui.messages import count
from backprop_tui.model.architecture import Step
from backprop_tui.session.one_weight import Found
from backprop_tui.session.view import CARRIED_ON, CHANGED, EDITED, ENTERS, View

LAST = 4
"""Iterations before this one whose values of a weight are said."""
MOST = 400
"""Numbers that are read at once."""
SAID = {
    EDITED: "edited",
    CHANGED: "changed",
    ENTERS: "wrong: the mistake enters here",
    CARRIED_ON: "wrong: the mistake is carried on",
    "": "",
}
"""The signs before a number, in words."""
WORDS, TEXT, BOTH = "words", "text", "both"
SPELLINGS = {WORDS: "in words", TEXT: "as text", BOTH: "as text and in words"}
"""How formulas are given: for the ear, for braille and the eye."""


def advised(refusal: str, advice: str) -> str:
    """A refusal with what to do behind it, where it does not say that itself: as in "L is no
    condition: compare it" or "Did you mean dZ1?"."""
    said = refusal.rstrip(".")
    return said if ": " in said or said.endswith("?") else f"{said}. {advice}"


def figure(view: View, value: float) -> str:
    """A number as it is said: minus 0.264."""
    return figure_in_words(number(value, view.decimals))


def size(shape: Shape) -> str:
    """1 row, 3 columns"""
    return f"{count(shape[0], 'row')}, {count(shape[1], 'column')}"


def formulas(step: Step, spelling: str, what: str = "") -> Iterator[str]:
    """The step's formula as it is wanted; `what` says what it is for: Hint."""
    for way, spelled in ((TEXT, formula(step)), (WORDS, f"{formula(step, IN_WORDS)}.")):
        if spelling in (way, BOTH):
            label = ", ".join(filter(None, (what, SPELLINGS[way] if spelling == BOTH else "")))
            yield f"{label[:1].upper()}{label[1:]}: {spelled}" if label else spelled


# The loss over one weight ---------------------------------------------------------------------


def one_weight(seen: Found, write: Callable[[float], str]) -> Iterator[str]:
    """The loss at five values of a weight, its slope, and where the updates led."""

    def said(number: float) -> str:
        return figure_in_words(write(float(number)))

    cell, name, curve = cell_in_prose(seen.cell), seen.name, seen.curve
    yield f"{name} when only {cell} changes, in iteration {seen.iteration:,}:"
    middle = curve.at.size // 2
    for k in (0, middle // 2, middle, middle + middle // 2, curve.at.size - 1):
        now = ", its value now," if k == middle else ""
        yield f"At {said(curve.at[k])}{now} {name} is {said(curve.losses[k])}."
    if seen.slope:
        wrong = "" if seen.is_tangent else " as this run computes it"
        yield sentence(f"The slope there is {seen.gradient}{wrong}: {seen.slope}.")
    elif seen.gradient:
        yield sentence(f"The slope there, {seen.gradient}, is not computed yet.")
    if seen.after is not None:
        yield f"This iteration's update makes it {said(seen.after)}."
    if seen.before.size:
        past = zip(seen.before, seen.losses, strict=True)
        first = seen.iteration - seen.before.size
        each = [
            f"iteration {first + k:,}, {said(w)}, {name} {said(j)}" for k, (w, j) in enumerate(past)
        ]
        yield f"Before: {'; '.join(each[-LAST:])}. The other numbers changed too."


# Matrices ------------------------------------------------------------------------------------


def matrix(view: View, symbol: str, most: int = MOST, row: int | None = None) -> Iterator[str]:
    """A matrix row by row, or one of its rows; of a large one how it can be read."""
    shape, value = view.state.shapes[symbol], view.value(symbol)
    single = shape == (1, 1) and value is not None
    if single:
        yield f"{symbol} is {entry(view, symbol, 0, 0)}."
    else:
        yield f"{symbol}, {size(shape)}{_columns(view, symbol)}."
    if value is None:
        yield pending(view, symbol)
        return
    if view.state.stale(symbol):
        yield "It belongs to the parameters as they were before this update."
    if single:
        return
    rows, columns = shape
    chosen = range(rows) if row is None else (row - 1,)
    if len(chosen) * columns > most:
        if len(chosen) > 1:
            some = "reads them" if value.size <= MOST else "row 1 reads one row of them"
            yield f"That is {value.size:,} numbers: show {symbol} {some}."
            return
        yield f"Its first {most} numbers:"
        columns = most
    yield from (_row(view, symbol, i, columns) for i in chosen)


def _columns(view: View, symbol: str) -> str:
    """What columns, or rows, are, where there are several examples."""
    several = view.state.examples > 1 and symbol in view.state.program.per_example
    example = "column" if view.state.program.axis else "row"
    return f"; each {example} is an example" if several else ""


def _row(view: View, symbol: str, i: int, columns: int) -> str:
    """A row, by its number where there are several; its numbers by their columns likewise."""
    rows, all_columns = view.state.shapes[symbol]
    if all_columns == 1:
        return f"Row {i + 1}: {entry(view, symbol, i, 0)}."
    entries = (f"column {j + 1}, {entry(view, symbol, i, j)}" for j in range(columns))
    said = "; ".join(entries)
    return f"Row {i + 1}: {said}." if rows > 1 else f"{said.capitalize()}."


def pending(view: View, symbol: str) -> str:
    """That it is not computed yet, and when it is."""
    at = view.state.program.index(symbol) + 1
    return f"{symbol} is not computed yet: step {at} computes it."


def entry(view: View, symbol: str, i: int, j: int) -> str:
    """A number of a matrix (from 0) and its marks: minus 0.198, edited."""
    place = view.place_of(symbol, i, j)
    value = view.value(symbol)
    if value is None or not view.known(place):
        return "not computed yet"
    marks = [SAID[view.sign(place)], SAID[view.wrong(place)]]
    return ", ".join([figure(view, float(value[i, j])), *filter(None, marks)])


def cell_in_prose(cell: Cell) -> str:
    """A cell as a sentence has it: dW2 row 1 column 2."""
    return f"{cell.symbol} row {cell.row} column {cell.column}"
