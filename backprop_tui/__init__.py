"""backprop-tui: a debugger for backpropagation in the terminal, and in a notebook a library.

The names of the library are imported when they are asked for: the command line answers --help
without NumPy.
"""

from __future__ import annotations

TYPE_CHECKING = False  # nothing is imported before ctrl-c is waited for, in `__main__`
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from backprop_tui.notebook import ExperimentError, Position, State, Timeline, load

__all__ = ["ExperimentError", "Position", "State", "Timeline", "load"]


def late(module: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a module whose names are imported when they are first asked for.

    `homes`: of each module, or package of modules, the names that come from it.
    """
    home_of = {name: home for home, names in homes.items() for name in names.split()}

    def import_now(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return getattr(__import__(home_of[name], fromlist=[name]), name)

    return import_now


__getattr__ = late(__name__, {"backprop_tui.notebook": " ".join(__all__)})


def version() -> str:
    """The version of this program; "unknown" where it runs without being installed."""
    from importlib import metadata  # a tenth of the start, and few commands state the version

    try:
        return metadata.version("backprop-tui")
    except metadata.PackageNotFoundError:
        return "unknown"


def __dir__() -> list[str]:
    return sorted([*(name for name in globals() if name.startswith("__")), *__all__, "version"])
