"""The chain rule spelled out for one gradient: a product of slopes along each path."""

from __future__ import annotations

from functools import lru_cache

from rich.text import Text

from backprop_tui.explain.paths import Chains, Path
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.maths.expressions import Diff, Expr, Neg, Sum
from backprop_tui.maths.numbers import number
from backprop_tui.maths.writing import text

MOST = 12
"""Paths that are listed."""
ENDS = 5
"""Cells and factors of a long path that stand at either end of it."""


@lru_cache(maxsize=1)
def chain_text(provenance: Provenance, place: Place, decimals: int) -> Text:
    """∂L/∂W1[1,1] = Σ over paths of the product of the slopes of their edges."""
    chain = Chains(provenance, place.iteration).chain(place.cell, MOST)
    cell, program = text(place.cell), provenance.program
    loss = "L" if place.symbol in program.per_example else program.objective
    sheet = Text()
    paths = "one path" if chain.count == 1 else f"{chain.count:,} paths"
    sheet.append(f"{cell} = ∂{loss}/∂{cell[1:]}: {paths} to the loss\n", "bold")
    sheet.append("Multiply the derivatives along each path. Then add the paths.\n\n", "dim")
    for path in chain.paths:
        sheet.append_text(path_text(path, decimals))
    if chain.left_out:
        rest = number(chain.rest, decimals)
        sheet.append(f"… and {chain.left_out:,} smaller paths, together {rest}\n\n", "dim")
    sheet.append(f"Sum of all = {number(chain.recorded, decimals)}", "bold")
    sheet.append(f"   = {cell}, the value of the backward pass")
    return sheet


def path_text(path: Path, decimals: int) -> Text:
    """A path's cells, its factors, and their product in numbers."""
    told = Text()
    route = " ← ".join(ends([text(cell) for cell in path.cells]))
    told.append(f"{route} ← loss\n", "dim")
    kept = [
        (factor, value)
        for factor, value in zip(path.factors, path.numbers, strict=True)
        if text(factor) != "1"
    ]
    told.append("  " + " · ".join(ends([bracketed(factor) for factor, _ in kept])) + "\n")
    numbers = " × ".join(ends([number(value, decimals) for _, value in kept]))
    told.append(f"  = {numbers}")
    product = f" = {number(path.product, decimals)}\n\n" if len(kept) > 1 else "\n\n"
    return told.append(product, "bold")


def ends(parts: list[str]) -> list[str]:
    """Both ends of what is too long to be read, and how many there are between."""
    between = len(parts) - 2 * ENDS
    return [*parts[:ENDS], f"… {between} more …", *parts[-ENDS:]] if between > 1 else parts


def bracketed(factor: Expr) -> str:
    """A factor of a product, in parentheses where it is a sum."""
    written = text(factor)
    return f"({written})" if isinstance(factor, Sum | Diff | Neg) else written
