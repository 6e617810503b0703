"""backprop-tui: a debugger for backpropagation in the terminal, and in a notebook a library.

The names of the library are imported when they are asked for: the command line answers --help
without NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backprop_tui.notebook import ExperimentError, Position, State, Timeline, load

__all__ = ["ExperimentError", "Position", "State", "Timeline", "load"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from backprop_tui import notebook

    return getattr(notebook, name)


def version() -> str:
    """The version of this program; "unknown" where it runs without being installed."""
    from importlib import metadata  # a tenth of the start, and few commands state the version

    try:
        return metadata.version("backprop-tui")
    except metadata.PackageNotFoundError:
        return "unknown"


def __dir__() -> list[str]:
    return sorted([*(name for name in globals() if name.startswith("__")), *__all__, "version"])
