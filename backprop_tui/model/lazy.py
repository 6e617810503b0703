"""What the records of an experiment need only where a file says it: loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backprop_tui.maths.parser import GrammarError as GrammarError
    from backprop_tui.maths.parser import parse as parse
    from backprop_tui.model.formulas import NetworkError as NetworkError
    from backprop_tui.model.formulas import architecture_of_formulas as architecture_of_formulas
    from backprop_tui.model.own import with_formulas as with_formulas

HOMES = {
    "GrammarError": "backprop_tui.maths.parser",
    "NetworkError": "backprop_tui.model.formulas",
    "architecture_of_formulas": "backprop_tui.model.formulas",
    "parse": "backprop_tui.maths.parser",
    "with_formulas": "backprop_tui.model.own",
}


def __getattr__(name: str) -> object:
    """A name of HOMES, out of the module that it stands in."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
