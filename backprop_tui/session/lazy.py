"""The modules that the session imports when it first needs them: the first frame waits for none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop_tui import homes, late

if TYPE_CHECKING:
    from backprop_tui.explain import derivation as derivation
    from backprop_tui.explain import explanation as explanation
    from backprop_tui.explain import gradient_check as gradient_check
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

HOMES = homes(__file__)

__getattr__ = late(__name__, HOMES)
