"""The last page of the blackboard: a gradient's number as the sum over its paths to the loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial

from backprop_tui.explain.explanation import ROUNDED, own_cell
from backprop_tui.explain.paths import Chain, Chains, Path, is_rounded
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.maths.expressions import Cell, Diff, Div, Expr, Neg, Sum
from backprop_tui.maths.numbers import number
from backprop_tui.maths.writing import text
from backprop_tui.model.architecture import Step
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import wrapped

LEAST = 2
"""Lines that a path takes at least."""
ENDS = 5
"""Cells and factors of a long path that stand at either end of it."""


def path_lines(view: View, width: int, height: int) -> list[tuple[str, str]]:
    """The gradient's number as a sum over its paths to the loss, as many as there is room for.

    Each is a product of derivatives; a line comes with its looks.
    """
    board = view.blackboard
    assert board is not None
    level = board.levels[0]
    step = view.program.steps[view.program.index(level.symbol)]
    place = Place(view.iteration, level.cell or own_cell(view.state, step, view.column))
    lines: list[tuple[str, str]] = []
    for most in range(max(1, height // LEAST), 0, -1):
        chain = _chain(view.provenance, place, most)
        lines = _lines(view, step, chain, width)
        if len(lines) <= height:
            break
    return lines


def _lines(view: View, step: Step, chain: Chain, width: int) -> list[tuple[str, str]]:
    program, write = view.program, partial(number, decimals=view.decimals)
    cell = chain.place.cell
    loss = program.measure(step.role.of or "")
    by = text(Cell(step.role.of or "", cell.row, cell.column))
    paths = "1 path" if chain.count == 1 else f"{chain.count:,} paths"
    lines = [
        (f"{text(cell)} = ∂{loss}/∂{by}: {paths} to the loss", "strong"),
        ("Multiply the derivatives along each path. Then add the paths.", "quiet"),
        ("", ""),
        *(line for path in chain.paths for line in _path(path, write, width)),
    ]
    if chain.left_out:
        smaller = "path:" if chain.left_out == 1 else "paths, together"
        lines.append((f"… and {chain.left_out:,} smaller {smaller} {write(chain.rest)}", "quiet"))
    rounded = ROUNDED if is_rounded(chain, write) else ""
    total = f"Sum of all = {write(chain.recorded)}{rounded}, the value of the backward pass"
    return [*lines, (total, "strong")]


@lru_cache(maxsize=4)
def _chain(provenance: Provenance, place: Place, most: int) -> Chain:
    return Chains(provenance, place.iteration).chain(place.cell, most)


def _path(path: Path, write: Callable[[float], str], width: int) -> Iterator[tuple[str, str]]:
    """A path's cells, its factors, and their product in numbers."""
    route = " ← ".join(_ends([text(cell) for cell in path.cells]))
    yield from ((line, "quiet") for line in wrapped(f"{route} ← loss", width, 2))
    kept = path.kept
    symbols = " · ".join(_ends([_bracketed(factor) for factor, _ in kept])) or "1"
    numbers = " × ".join(_ends([write(value) for _, value in kept])) or "1"
    rounded = ROUNDED if path.is_rounded(write) else ""
    product = f" = {write(path.product)}{rounded}" if len(kept) > 1 else ""
    whole = f"  {symbols} = {numbers}{product}"
    if len(whole) <= width:
        yield whole, ""
    else:
        for line in wrapped(symbols, width - 2, 2):
            yield f"  {line}", ""
        yield f"  = {numbers}{product}", ""


def _ends(parts: list[str]) -> list[str]:
    """Both ends of what is too long to be read, and how many there are between."""
    between = len(parts) - 2 * ENDS
    return [*parts[:ENDS], f"… {between} more …", *parts[-ENDS:]] if between > 1 else parts


def _bracketed(factor: Expr) -> str:
    """A factor of a product, in parentheses where it is a sum, a quotient or negative."""
    written = text(factor)
    return f"({written})" if isinstance(factor, Sum | Diff | Neg | Div) else written
