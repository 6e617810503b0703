"""backprop-tui: a debugger for backpropagation in the terminal, and in a notebook a library.

The names of the library are imported when they are first used, so that --help needs no NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backprop_tui.notebook import ExperimentError, Position, load
    from backprop_tui.notebook import NotebookState as State
    from backprop_tui.notebook import NotebookTimeline as Timeline

HOMES = {
    "ExperimentError": "ExperimentError",
    "Position": "Position",
    "State": "NotebookState",
    "Timeline": "NotebookTimeline",
    "load": "load",
}
"""The names of the library, and what `notebook` calls them."""
__all__ = ["ExperimentError", "Position", "State", "Timeline", "load"]


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("backprop_tui.notebook"), HOMES[name])


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
