"""What the Step panel says of a sum: over readers each term as a small matrix, and their sum; over
the examples of a batch a line for each number, with the term of each example and their mean."""

from __future__ import annotations

from functools import reduce

import numpy as np

from backprop_tui.explain.explanation import Explanation
from backprop_tui.explain.provenance import MOST_TERMS
from backprop_tui.explain.terms import Term, over_examples, terms_of, values_of
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import cell_width, fixed
from backprop_tui.maths.shapes import written
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.session.view import View
from backprop_tui.tui.paint.lines import TextLine

FEW = 3
"""So many terms are shown; of more the first, the sum of those between, and the last."""
LOW = 3
"""So many rows of a term are shown; of more the explained number's own."""
WAYS = (
    (False, ("   +  ", "   =  ")),
    (False, (" + ", " = ")),
    (True, ("   +  ", "   =  ")),
    (True, (" + ", " = ")),
)
"""Whether names stand above the terms, and what stands between them and before their sum."""


def head_of(view: View, found: Explanation) -> tuple[str, str]:
    """Return a step's formula and its shapes; of a long sum the first terms and the last."""
    terms = terms_of(view.program, found.step)
    if len(terms) <= FEW:
        return found.formula, found.shape_line
    first, second, *_, last = (text(term.expression) for term in terms)
    shape = written(found.shapes[found.step.symbol])
    return (
        f"{found.step.symbol} = {first} + {second} + … + {last}",
        f"({shape}), {len(terms)} terms",
    )


def term_lines(view: View, found: Explanation, width: int) -> list[TextLine]:
    """Return the lines with the terms of a gradient and their sum, as many columns as fit."""
    terms = terms_of(view.program, found.step)
    if len(terms) < 2 or not found.known or view.in_hand:
        return []
    values = values_of(view.provenance, found.place.iteration, found.step)
    parts = folded(terms, values)
    total = view.state.result(found.step.symbol)
    row, column = found.place.cell.row - 1, found.place.cell.column - 1
    rows = range(len(total)) if len(total) <= LOW else range(row, row + 1)
    most = 1 if found.step.symbol in view.program.per_example else total.shape[1]
    for count in range(most, 0, -1):
        first = max(0, min(column, total.shape[1] - count))
        shown = np.ix_(rows, range(first, first + count))
        matrices = [(name, matrix[shown]) for name, matrix in (*parts, ("sum ", total))]
        for above, joints in WAYS:
            lines = beside(matrices, above, joints, view.decimals)
            if max(map(len, lines)) <= width:
                return [TextLine(s.rstrip(), "", 8, goes_on=k > 0) for k, s in enumerate(lines)]
    return []


def folded(terms: tuple[Term, ...], values: list[Array]) -> list[tuple[str, Array]]:
    """The terms by name, those between the first and the last added up where there are many."""
    named = [(term.name, matrix) for term, matrix in zip(terms, values, strict=True)]
    if len(named) <= FEW:
        return named
    between = [matrix for _, matrix in named[1:-1]]
    return [named[0], (f"… {len(between)} more", reduce(np.add, between)), named[-1]]


def beside(
    matrices: list[tuple[str, Array]], above: bool, joints: tuple[str, str], decimals: int
) -> list[str]:
    """A line for each row: the terms beside each other and their sum, the names before the first
    row or above it."""
    cell, last = cell_width(decimals), len(matrices) - 1
    lines = [""] * (len(matrices[0][1]) + above)
    for number, (name, matrix) in enumerate(matrices):
        sign = "▸" if number == last else ""
        block = [
            "".join(f"{sign}{fixed(float(n), decimals, cell - 1)}".rjust(cell) for n in row)
            for row in matrix
        ]
        if above:
            block = [f" {name}", *block]
        else:
            ahead = [name, *[" " * len(name)] * (len(block) - 1)]
            block = [name + row for name, row in zip(ahead, block, strict=True)]
        joint, wide = joints[number == last] if number else "", max(map(len, block))
        for k, line in enumerate(block):
            here = joint if k == above else " " * len(joint)
            lines[k] += f"{here}{line:<{wide}}"
    return lines


def example_lines(view: View, found: Explanation, width: int, most: int) -> list[TextLine]:
    """Return a line for each number of a step that adds up the examples of a batch: the term of
    each example, their sum, and what becomes of it. At most so many numbers, those of the explained
    one's row where there are more."""
    m, summing = view.state.examples, over_examples(view.program, found.step)
    if m < 2 or summing is None or not found.known or view.in_hand:
        return []
    known = view.provenance.environment(found.place.iteration, found.step)
    symbol, total = found.step.symbol, view.state.result(found.step.symbol)
    cells = [(int(i), int(j)) for i, j in np.ndindex(*total.shape)]
    if len(cells) > most:
        cells = [at for at in cells if at[0] == found.place.cell.row - 1][:most]
    names = [text(Cell(symbol, i + 1, j + 1)) if total.size > 1 else symbol for i, j in cells]
    ahead, cell = max(map(len, (*names, "example"))), cell_width(view.decimals)
    over = f"   / {m}" if summing.is_mean else ""
    rest = [value(e, known) for e in summing.rest]
    room = (width - ahead - len(over) - (2 + len(rest)) * cell - 6) // cell
    if room > m + 2:  # further apart
        cell += 1
    elif room < min(m, FEW):
        return []
    which = list(range(m)) if m <= room else some_of(m, room - 2, view.column)
    terms, summed = [summing.of(known, k) for k in which], value(summing.summed, known)
    marked = (f"‹{k + 1}›" if k == view.column else f"{k + 1} " for k in which)
    head = "example".ljust(ahead) + "".join(number.rjust(cell) for number in marked)
    head += f"… {m - len(which)} more".rjust(2 * cell) * (len(which) < m)
    if over or rest:
        head += "sum".rjust(cell + 2) + " " * len(over) + "rest".rjust(cell + 2) * len(rest)
    last = "" if rest else "mean" if over else "sum"
    lines = [TextLine(head + last.rjust(cell + 4), "quiet", 8)]
    digits = cell_width(view.decimals) - 1

    def numbered(matrix: Array, at: tuple[int, int], wide: int = cell, sign: str = "") -> str:
        return f"{sign}{fixed(float(matrix[at]), view.decimals, digits)}".rjust(wide)

    for name, at in zip(names, cells, strict=True):
        line = name.ljust(ahead) + "".join(numbered(term, at) for term in terms)
        if len(which) < m:
            with np.errstate(all="ignore"):  # a run may diverge
                line += numbered(summed - reduce(np.add, terms), at, 2 * cell)
        if over or rest:
            line += numbered(summed, at, cell + 2) + over
        line += "".join(f" +{numbered(e, at)}" for e in rest)
        weight = 8 if at == cells[0] else 5  # what is said of the step goes before more numbers
        line += f"  = {numbered(total, at, sign='▸')}"
        lines.append(TextLine(line, "", weight, goes_on=True))
    if m <= MOST_TERMS and len(found_terms := found.terms()) == m:
        symbols, numbers, comes_to = found_terms[view.column]
        if numbers != comes_to:
            said = f"example {view.column + 1}: {symbols} = {numbers} = {comes_to}"
            lines.append(TextLine(said, "", 7))
    return lines


def some_of(count: int, shown: int, lit: int) -> list[int]:
    """The first of some terms, and in place of the last of these the lit one."""
    return [*range(shown - 1), max(lit, shown - 1)]
