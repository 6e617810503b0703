"""What the records of an experiment need only where a file says it: loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backprop_tui.maths.parser import GrammarError as GrammarError
    from backprop_tui.maths.parser import parse as parse

HOMES = {"GrammarError": "backprop_tui.maths.parser", "parse": "backprop_tui.maths.parser"}


def __getattr__(name: str) -> object:
    """A name of HOMES, out of the module that it stands in."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
