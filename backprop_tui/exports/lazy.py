"""What the exports wing imports only when it is asked for: painting takes the screen's modules."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backprop_tui.exports.lesson_screens import lost as lost

HOMES = {"lost": "backprop_tui.exports.lesson_screens"}


def __getattr__(name: str) -> object:
    """A name of HOMES, out of the module that it stands in."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
