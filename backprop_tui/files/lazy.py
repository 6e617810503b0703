"""What reading or saving an experiment needs only where it is asked for: loaded when it is."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backprop_tui.files.csv_data import read_csv as read_csv
    from backprop_tui.files.toml_text import changed as changed
    from backprop_tui.learn.formulas import FormulaError as FormulaError
    from backprop_tui.learn.formulas import read as read
    from backprop_tui.learn.formulas import trees as trees

HOMES = {
    "FormulaError": "backprop_tui.learn.formulas",
    "changed": "backprop_tui.files.toml_text",  # and tomlkit with it
    "read": "backprop_tui.learn.formulas",
    "read_csv": "backprop_tui.files.csv_data",
    "trees": "backprop_tui.learn.formulas",
}


def __getattr__(name: str) -> object:
    """A name of HOMES, out of the module that it stands in."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
