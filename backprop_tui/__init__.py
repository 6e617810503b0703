"""backprop-tui: a debugger for backpropagation in the terminal, and in a notebook a library.

The names of the library are imported when they are asked for: the command line answers --help
without NumPy.
"""

from __future__ import annotations

import signal

TYPE_CHECKING = False  # the module itself takes a part of the start
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from backprop_tui.notebook import ExperimentError, Position, State, Timeline, load

__all__ = ["ExperimentError", "Position", "State", "Timeline", "load"]


class Importing:
    """A context at whose end ctrl-c is heard that comes meanwhile, where it raises
    KeyboardInterrupt: raised in the midst of imports, some of them lose it and go on."""

    def __enter__(self) -> None:
        self.heard = False
        self.raises = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self.raises:
            try:
                signal.signal(signal.SIGINT, self.hear)
            except ValueError:  # a thread that no signal comes to
                self.raises = False

    def hear(self, *_: object) -> None:
        self.heard = True

    def __exit__(self, *_: object) -> None:
        if self.raises:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.heard:
            raise KeyboardInterrupt


def homes(file: str) -> dict[str, str]:
    """Of each module, or package of modules, the names that a file imports for types alone, each
    on a line of its own: `from backprop_tui.run.many import Many as Many`."""
    found: dict[str, str] = {}
    with open(file, encoding="utf-8") as source:
        for line in source:
            match line.split():
                case ["from", home, "import", name, "as", _]:
                    found[home] = f"{found.get(home, '')} {name}"
    return found


def late(module: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a module whose names are imported when they are first asked for.

    `homes`: of each module, or package of modules, the names that come from it.
    """
    home_of = {name: home for home, names in homes.items() for name in names.split()}

    def import_now(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        with Importing():
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
