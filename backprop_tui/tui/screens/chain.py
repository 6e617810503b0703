"""The chain rule spelled out for one gradient: a product of slopes along each path."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from backprop_tui.explain.paths import Chains, Path
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.maths.expressions import Diff, Expr, Neg, Sum
from backprop_tui.maths.numbers import number
from backprop_tui.maths.writing import text
from backprop_tui.tui.screens.sheet import Sheet

MOST = 12
"""Paths that are listed."""
ENDS = 5
"""Cells and factors of a long path that stand at either end of it."""


class ChainSheet(Sheet):
    """∂L/∂W1[1,1] = Σ over paths of the product of the slopes of their edges."""

    closes = "x or esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "close", "close")]

    def __init__(self, provenance: Provenance, place: Place, decimals: int) -> None:
        super().__init__()
        self.provenance, self.place, self.decimals = provenance, place, decimals

    def text(self) -> Text:
        chain = Chains(self.provenance, self.place.iteration).chain(self.place.cell, MOST)
        cell, figure = text(self.place.cell), self._figure
        program = self.provenance.program
        loss = "L" if self.place.symbol in program.per_example else program.objective
        sheet = Text()
        paths = "one path" if chain.count == 1 else f"{chain.count:,} paths"
        sheet.append(f"{cell} = ∂{loss}/∂{cell[1:]}: {paths} to the loss\n", "bold")
        sheet.append("Along a path slopes multiply; what the paths bring adds up.\n\n", "dim")
        for path in chain.paths:
            self._path(sheet, path)
        if chain.left_out:
            sheet.append(
                f"… and {chain.left_out:,} smaller paths, together {figure(chain.rest)}\n\n", "dim"
            )
        sheet.append(f"Sum of all = {figure(chain.recorded)}", "bold")
        sheet.append(f"   = {cell} as recorded")
        return sheet

    def _path(self, sheet: Text, path: Path) -> None:
        route = " ← ".join(ends([text(cell) for cell in path.cells]))
        sheet.append(f"{route} ← loss\n", "dim")
        kept = [
            (factor, value)
            for factor, value in zip(path.factors, path.numbers, strict=True)
            if text(factor) != "1"
        ]
        sheet.append("  " + " · ".join(ends([bracketed(factor) for factor, _ in kept])) + "\n")
        numbers = " × ".join(ends([self._figure(value) for _, value in kept]))
        sheet.append(f"  = {numbers}")
        sheet.append(f" = {self._figure(path.product)}\n\n" if len(kept) > 1 else "\n\n", "bold")

    def _figure(self, value: float) -> str:
        return number(value, self.decimals)


def ends(parts: list[str]) -> list[str]:
    """Both ends of what is too long to be read, and how many there are between."""
    between = len(parts) - 2 * ENDS
    return [*parts[:ENDS], f"… {between} more …", *parts[-ENDS:]] if between > 1 else parts


def bracketed(factor: Expr) -> str:
    """A factor of a product, in parentheses where it is a sum."""
    written = text(factor)
    return f"({written})" if isinstance(factor, Sum | Diff | Neg) else written
