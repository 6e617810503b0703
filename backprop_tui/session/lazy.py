"""The modules that the session imports when it first needs them: the first frame waits for none."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backprop_tui.explain import derivation as derivation
    from backprop_tui.explain import explanation as explanation
    from backprop_tui.explain import gradient_check as gradient_check
    from backprop_tui.explain import what_if as what_if
    from backprop_tui.exports import formats as formats
    from backprop_tui.exports import record as record
    from backprop_tui.files import atomic_write as atomic_write
    from backprop_tui.files import autosave as autosave
    from backprop_tui.files import codes as codes
    from backprop_tui.files import saving as saving
    from backprop_tui.learn import answers as answers
    from backprop_tui.learn import effect as effect
    from backprop_tui.learn import formulas as formulas
    from backprop_tui.learn import line_questions as line_questions
    from backprop_tui.learn import parts as parts
    from backprop_tui.learn import questions as questions
    from backprop_tui.run import goals as goals
    from backprop_tui.run import plane as plane
    from backprop_tui.run import sweep as sweep
    from backprop_tui.session import checks as checks

HOMES = {
    "derivation": "backprop_tui.explain.derivation",
    "explanation": "backprop_tui.explain.explanation",
    "gradient_check": "backprop_tui.explain.gradient_check",
    "what_if": "backprop_tui.explain.what_if",
    "formats": "backprop_tui.exports.formats",
    "record": "backprop_tui.exports.record",
    "atomic_write": "backprop_tui.files.atomic_write",
    "autosave": "backprop_tui.files.autosave",
    "codes": "backprop_tui.files.codes",
    "saving": "backprop_tui.files.saving",
    "answers": "backprop_tui.learn.answers",
    "effect": "backprop_tui.learn.effect",
    "formulas": "backprop_tui.learn.formulas",
    "line_questions": "backprop_tui.learn.line_questions",
    "parts": "backprop_tui.learn.parts",
    "questions": "backprop_tui.learn.questions",
    "goals": "backprop_tui.run.goals",
    "plane": "backprop_tui.run.plane",
    "sweep": "backprop_tui.run.sweep",
    "checks": "backprop_tui.session.checks",
}


def __getattr__(name: str) -> ModuleType:
    """A module of HOMES, imported now."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(HOMES[name])
