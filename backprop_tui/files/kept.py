"""What is kept of a run beside its experiment: where it stands, what was changed, how it is seen.

It is said once, as a document of the experiment file has it; a saved file, a code and what is kept
against a crash all hold this. How any of them is written, this does not know.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from backprop_tui.files.look_rules import view_of
from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Array, Experiment, Keyframe
from backprop_tui.run.timeline import Position

Kept: TypeAlias = dict[str, Any]


def kept_of(experiment: Experiment, position: Position, keyframe: Keyframe | None) -> Kept:
    """The sections that say it: [position], [keyframe], [[edits]], [formulas] and [view]."""
    kept: Kept = {"position": {"iteration": position.iteration, "step": position.steps}}
    if position.elements:
        kept["position"]["elements"] = position.elements
    if keyframe is not None:
        values = {s: _as_listed(s, value) for s, value in keyframe.kept.items()}
        kept["keyframe"] = {"iteration": keyframe.iteration, **values}
    if experiment.edits:
        kept["edits"] = [
            {"iteration": edit.iteration, "cell": cell_text(edit.of), "value": edit.value}
            for edit in experiment.edits
        ]
    if experiment.formulas:
        kept["formulas"] = {symbol: text(e) for symbol, e in experiment.formulas.items()}
    if view := view_of(seen_again(experiment, keyframe)):
        kept["view"] = view
    return kept


def _as_listed(symbol: str, value: Array) -> list[Any]:
    """A parameter's numbers as a file has them: a bias is a plain list."""
    listed: list[Any] = (value[:, 0] if "b" in symbol else value).tolist()
    return listed


def cell_text(of: Cell | Name) -> str:
    """What an edit changes, as a file names it."""
    return of.symbol if isinstance(of, Name) else text(of)


def same_run(a: Experiment, b: Experiment) -> bool:
    """Whether two experiments compute the same: then what is kept of one holds for the other."""
    parts = [
        (e.network, e.training, e.mistake, e.edits, dict(e.formulas), e.initial.seed)
        for e in (a, b)
    ]
    if parts[0] != parts[1]:
        return False
    arrays = [(e.data.X, e.data.Y, *e.parameters().values()) for e in (a, b)]
    return all(np.array_equal(one, other) for one, other in zip(*arrays, strict=True))


def seen_again(experiment: Experiment, keyframe: Keyframe | None) -> Experiment:
    """Without a trail into iterations before the keyframe, which only a long replay could show."""
    begun = keyframe.iteration if keyframe else 1
    if all(k >= begun or k == 0 for k, _ in experiment.look.trail):
        return experiment
    return replace(experiment, look=replace(experiment.look, trail=(), term=0))
