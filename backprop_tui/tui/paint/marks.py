"""How strongly what is drawn is marked: what the step writes, and what it reads."""

from __future__ import annotations

from collections.abc import Iterable

from backprop_tui.session.view import View


def mark_of(view: View, *symbols: str) -> str:
    """Return the strongest mark of some symbols: "target", "read" or none."""
    return strongest(view.symbol_mark(symbol) for symbol in symbols)


def with_gradients(view: View, *symbols: str) -> tuple[str, ...]:
    """Return the symbols, and the gradients with respect to them that are computed."""
    return (*symbols, *filter(None, map(view.program.gradient_of, symbols)))


def strongest(marks: Iterable[str]) -> str:
    """Return "target" where it is among the marks, else "read" where that is, else none."""
    found = set(marks)
    return "target" if "target" in found else "read" if "read" in found else ""
