"""What few starts need, imported when it is first used: `lazy.changed(...)`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backprop_tui.files.toml_text import changed as changed
    from backprop_tui.learn.typed import tree as tree

HOMES = {
    "changed": "backprop_tui.files.toml_text",  # and tomlkit with it
    "tree": "backprop_tui.learn.typed",
}


def __getattr__(name: str) -> object:
    """Import a name from its home."""
    if name not in HOMES:
        raise AttributeError(name)
    return getattr(import_module(HOMES[name]), name)
