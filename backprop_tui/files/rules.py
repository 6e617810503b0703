"""The keys of an experiment file, and what each of them must be, as one tree of rules.

What takes several keys to tell is in `file_checks`. Nothing here knows of screens or of training.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from backprop_tui.files.edit_rules import EDIT
from backprop_tui.files.look_rules import VIEW
from backprop_tui.files.note_rules import (
    NOTE,
    QUESTION,
)
from backprop_tui.files.published_rules import PUBLISHED
from backprop_tui.files.schema import (
    Faults,
    ListOf,
    Matrix,
    Path,
    Table,
    line,
    line_or_lines,
    number,
    one_of,
    prose,
    share,
    truth,
    whole,
    whole_or,
)
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.functions import ACTIVATIONS, LOSSES
from backprop_tui.model.experiment import (
    KEPT,
    ORDERS,
    PARAMETER,
    REDUCTIONS,
    SCHEMES,
)
from backprop_tui.model.optimizers import OPTIMIZERS

NETWORK = Table(
    "[network]",
    {
        "layers": ListOf(whole(1), "numbers of neurons, the inputs first", 2, 1000),
        "activations": ListOf(
            one_of(sorted(ACTIVATIONS)), "activations, one for each layer after the inputs", 1
        ),
        "loss": one_of(sorted(LOSSES)),
    },
    required=("layers", "activations", "loss"),
)
TRAINING = Table(
    "[training]",
    {
        "learning_rate": number(0),
        "batch": whole_or(1, "all"),
        "order": one_of(ORDERS),
        "reduction": one_of(REDUCTIONS),
        "freeze": ListOf(line(), "parameters' names, like W1 or b1"),
        "optimizer": one_of(OPTIMIZERS),
        "beta1": share(),
        "beta2": share(),
        "epsilon": number(0),
        "weight_decay": number(0),
    },
)
DATA = Table(
    "[data]",
    {
        "X": Matrix(),
        "Y": Matrix(),
        "csv": line(),  # instead of X and Y, and so is what follows
        "inputs": ListOf(line(), "columns' names", 1),
        "target": line_or_lines("a column's name"),
        "standardize": truth(),
    },
)
OF_CSV = ("inputs", "target", "standardize")
INITIAL = Table(
    "[initial]",
    {
        "seed": whole(0),
        "scheme": one_of(SCHEMES),
        "round": whole(0, 12),
        "W1": Matrix(),  # stands for every parameter, so that a hint can name one
        "b1": Matrix(flat=True),
    },
    pattern=PARAMETER,
    others=lambda name: Matrix(flat=name.startswith("b")),
)
FORMULAS = Table(
    "[formulas]",
    {},
    pattern=re.compile(".*", re.DOTALL),
    others=lambda symbol: line(),
)


@dataclass(frozen=True)
class RunningMean:
    """A matrix whose numbers may also be too large to hold: a mean of squares survives that."""

    matrix: Matrix

    @property
    def must(self) -> str:
        return self.matrix.must

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        finite = self.matrix.read(_without_infinity(value), path, faults)
        if finite is None or np.isfinite(raw := np.array(value, dtype=np.float64)).all():
            return finite
        return raw.reshape(finite.shape)


def _without_infinity(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_infinity(v) for v in value]
    return 0.0 if value == inf else value


def _kept(name: str) -> Matrix | RunningMean:
    """The rule for a parameter in a keyframe, or for a running mean."""
    matrix = Matrix(flat=name.lstrip("vsd").startswith("b"))
    return matrix if PARAMETER.fullmatch(name) else RunningMean(matrix)


POSITION = Table(
    "[position]",
    {"iteration": whole(1), "step": whole(0), "elements": whole(0)},
    required=("iteration",),
)
KEYFRAME = Table(
    "[keyframe]",
    {"iteration": whole(1), "W1": _kept("W1"), "b1": _kept("b1")},
    required=("iteration",),
    pattern=KEPT,
    others=_kept,
)
SAVED = {"position": POSITION, "keyframe": KEYFRAME}
"""What the program adds when it saves."""
KEPT_APART = (*SAVED, "edits", "formulas", "view")
"""What is about a run, not about its experiment."""
EXPERIMENT = Table(
    "an experiment",
    {
        "title": line(),
        "about": prose(),
        "teaches": line(),
        "network": NETWORK,
        "training": TRAINING,
        "data": DATA,
        "initial": INITIAL,
        "mistake": one_of(CATALOGUE),
        "view": VIEW,
        "formulas": FORMULAS,
        "notes": ListOf(NOTE, "notes, each under its own [[notes]]"),
        "questions": ListOf(QUESTION, "questions, each under its own [[questions]]"),
        "published": ListOf(
            PUBLISHED, "published figures, each source under its own [[published]]"
        ),
        "edits": ListOf(EDIT, "edits, each under its own [[edits]]"),
        **SAVED,
    },
    required=("network", "data"),
)


def homes(table: Table) -> dict[str, str]:
    """Where each key belongs, for one that stands in the wrong place."""
    homes = dict.fromkeys(table.keys, "at the top, before the first [table]")
    for inner in (NETWORK, TRAINING, DATA, INITIAL):
        homes |= dict.fromkeys(inner.keys, f"in {inner.what}")
    return homes
