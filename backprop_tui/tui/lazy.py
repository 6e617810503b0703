"""What the screen imports when it is first used, because the start does not wait for it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backprop_tui.files.atomic_write import SaveError as SaveError
    from backprop_tui.files.atomic_write import shown_path as shown_path
    from backprop_tui.files.autosave import DamagedError as DamagedError
    from backprop_tui.files.autosave import autosaved as autosaved
    from backprop_tui.files.autosave import left_behind as left_behind
    from backprop_tui.files.codes import FAR as FAR
    from backprop_tui.files.codes import TooLongError as TooLongError
    from backprop_tui.files.codes import code_of as code_of
    from backprop_tui.files.codes import is_lesson as is_lesson
    from backprop_tui.files.codes import keyframe_needed as keyframe_needed
    from backprop_tui.files.codes import right_here as right_here
    from backprop_tui.files.saving import apart as apart
    from backprop_tui.files.saving import keyframe_of as keyframe_of
    from backprop_tui.files.saving import named as named
    from backprop_tui.files.saving import resume as resume
    from backprop_tui.files.saving import resume_command as resume_command
    from backprop_tui.files.saving import run_sections as run_sections
    from backprop_tui.files.saving import same_run as same_run
    from backprop_tui.files.saving import save as save
    from backprop_tui.files.saving import too_large as too_large
    from backprop_tui.files.saving import unsaved as unsaved
    from backprop_tui.run.sweep import sweep as sweep
    from backprop_tui.tui.paint.plot import loss_of_parameter as loss_of_parameter
    from backprop_tui.tui.paint.plot import losses_so_far as losses_so_far
    from backprop_tui.tui.panels.question import question_lines as question_lines

HOMES = {
    "loss_of_parameter": "backprop_tui.tui.paint.plot",
    "losses_so_far": "backprop_tui.tui.paint.plot",
    "question_lines": "backprop_tui.tui.panels.question",
    "sweep": "backprop_tui.run.sweep",
    "DamagedError": "backprop_tui.files.autosave",
    "FAR": "backprop_tui.files.codes",
    "SaveError": "backprop_tui.files.atomic_write",
    "TooLongError": "backprop_tui.files.codes",
    "apart": "backprop_tui.files.saving",
    "autosaved": "backprop_tui.files.autosave",
    "code_of": "backprop_tui.files.codes",
    "is_lesson": "backprop_tui.files.codes",
    "keyframe_needed": "backprop_tui.files.codes",
    "keyframe_of": "backprop_tui.files.saving",
    "left_behind": "backprop_tui.files.autosave",
    "named": "backprop_tui.files.saving",
    "resume": "backprop_tui.files.saving",
    "resume_command": "backprop_tui.files.saving",
    "right_here": "backprop_tui.files.codes",
    "run_sections": "backprop_tui.files.saving",
    "same_run": "backprop_tui.files.saving",
    "save": "backprop_tui.files.saving",
    "shown_path": "backprop_tui.files.atomic_write",
    "too_large": "backprop_tui.files.saving",
    "unsaved": "backprop_tui.files.saving",
}
"""The module of each name. None of these modules imports this one."""


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
