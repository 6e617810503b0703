"""What was changed in an experiment, in a few words: what undo and redo say."""

from __future__ import annotations

from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Edit, Experiment
from backprop_tui.tui.paint.numbers import number


def change(before: Experiment, after: Experiment, decimals: int) -> str:
    """Name the last change: `W2[1,1] = 0.900`, `the mistake sign-flipped`, `your dW2`."""
    if after.initial is not before.initial:
        return "other weights"
    if after.mistake != before.mistake:
        return (
            f"the mistake {after.mistake.name}"
            if after.mistake
            else "the algorithm without a mistake"
        )
    own, taught = after.formulas, before.formulas
    symbols = {*own, *taught}
    if written := sorted(s for s in symbols if own.get(s) != taught.get(s)):
        return " and ".join(f"{'your' if s in own else 'the taught'} {s}" for s in written)
    return edited(after.edits[-1], decimals)


def edited(edit: Edit, decimals: int) -> str:
    """Name an edit: `W2[1,1] = 0.900`."""
    return f"{text(edit.of)} = {number(edit.value, decimals)}"
