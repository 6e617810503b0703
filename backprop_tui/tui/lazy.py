"""What the screen imports when it is first used, because the start does not wait for it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backprop_tui.run.sweep import sweep as sweep
    from backprop_tui.tui.paint.plot import loss_of_parameter as loss_of_parameter
    from backprop_tui.tui.paint.plot import losses_so_far as losses_so_far
    from backprop_tui.tui.panels.question import question_lines as question_lines

HOMES = {
    "loss_of_parameter": "backprop_tui.tui.paint.plot",
    "losses_so_far": "backprop_tui.tui.paint.plot",
    "question_lines": "backprop_tui.tui.panels.question",
    "sweep": "backprop_tui.run.sweep",
}
"""The module of each name. None of these modules imports this one."""


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
