"""What the session imports when it is first asked for: the first frame waits for none of it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backprop_tui.explain.explanation import Explanation as Explanation
    from backprop_tui.explain.gradient_check import GradientVerdict as GradientVerdict
    from backprop_tui.explain.gradient_check import gradients as gradients
    from backprop_tui.explain.what_if import as_it_is as as_it_is
    from backprop_tui.exports.formats import ExportError as ExportError
    from backprop_tui.exports.formats import export_so_far as export_so_far
    from backprop_tui.exports.formats import format_of as format_of
    from backprop_tui.exports.record import Record as Record
    from backprop_tui.files.atomic_write import SaveError as SaveError
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
    from backprop_tui.files.saving import shown_path as shown_path
    from backprop_tui.files.saving import too_large as too_large
    from backprop_tui.files.saving import unsaved as unsaved
    from backprop_tui.learn.answers import read_number as read_number
    from backprop_tui.learn.effect import RightRun as RightRun
    from backprop_tui.learn.effect import without_effect as without_effect
    from backprop_tui.learn.formulas import Judgement as Judgement
    from backprop_tui.learn.judging import SIGNS as SIGNS
    from backprop_tui.learn.judging import TRENDS as TRENDS
    from backprop_tui.learn.judging import Judged as Judged
    from backprop_tui.learn.judging import Verdict as Verdict
    from backprop_tui.learn.judging import earlier as earlier
    from backprop_tui.learn.judging import formula as formula
    from backprop_tui.learn.judging import judge as judge
    from backprop_tui.learn.judging import unit_of as unit_of
    from backprop_tui.learn.judging import wrong as wrong
    from backprop_tui.learn.questions import Asked as Asked
    from backprop_tui.learn.questions import Choice as Choice
    from backprop_tui.learn.questions import ask as ask
    from backprop_tui.learn.questions import kind as kind
    from backprop_tui.learn.score import MISSES as MISSES
    from backprop_tui.learn.score import Outcome as Outcome
    from backprop_tui.learn.score import Score as Score
    from backprop_tui.run import goals as goals
    from backprop_tui.run.goals import Condition as Condition
    from backprop_tui.session.checks import checked as checked
    from backprop_tui.session.checks import in_short as in_short

HOMES = {
    "as_it_is": "explain.what_if",
    "losses_with": "explain.what_if:losses",
    "gradients": "explain.gradient_check",
    "ExportError": "exports.formats",
    "export_so_far": "exports.formats",
    "format_of": "exports.formats",
    "FAR": "files.codes",
    "TooLongError": "files.codes",
    "code_of": "files.codes",
    "is_lesson": "files.codes",
    "keyframe_needed": "files.codes",
    "SaveError": "files.atomic_write",
    "apart": "files.saving",
    "named": "files.saving",
    "resume_command": "files.saving",
    "run_sections": "files.saving",
    "same_run": "files.saving",
    "shown_path": "files.saving",
    "unsaved": "files.saving",
    "right_here": "files.codes",
    "keyframe_of": "files.saving",
    "resume": "files.saving",
    "save": "files.saving",
    "too_large": "files.saving",
    "read_number": "learn.answers",
    "Judged": "learn.judging",
    "SIGNS": "learn.judging",
    "TRENDS": "learn.judging",
    "Verdict": "learn.judging",
    "earlier": "learn.judging",
    "formula": "learn.judging",
    "judge": "learn.judging",
    "unit_of": "learn.judging",
    "wrong": "learn.judging",
    "Asked": "learn.questions",
    "Choice": "learn.questions",
    "ask": "learn.questions",
    "kind": "learn.questions",
    "MISSES": "learn.score",
    "Outcome": "learn.score",
    "Explanation": "explain.explanation",
    "Score": "learn.score",
    "RightRun": "learn.effect",
    "without_effect": "learn.effect",
    "judge_formula": "learn.formulas:judge",
    "goals": "run:goals",
    "checked": "session.checks",
    "in_short": "session.checks",
}
"""Where each name is at home; behind a colon, what it is called there."""


def __getattr__(name: str) -> Any:
    """What is at home elsewhere, imported now."""
    if name not in HOMES:
        raise AttributeError(name)
    module, _, own = HOMES[name].partition(":")
    if own == "goals":
        return import_module("backprop_tui.run.goals")
    return getattr(import_module(f"backprop_tui.{module}"), own or name)
