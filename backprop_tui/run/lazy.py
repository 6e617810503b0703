"""What is imported when it is first asked for, so that the program starts faster."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backprop_tui.run.many import Many as Many

HOMES = {"Many": "backprop_tui.run.many"}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
