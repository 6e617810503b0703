"""The values of functions on a sheet: those that are needed, among others that are not.

Sorted, and with as many decoys as there are needed ones: to know which to take, one has to work out
the argument.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backprop_tui.exports.pencil import Lookup
from backprop_tui.exports.rounding import read
from backprop_tui.exports.sheet import Sheet
from backprop_tui.maths.expressions import Call, Name
from backprop_tui.maths.writing import text

NEAR = 0.5
"""A decoy is away from a needed argument by this part of it at most."""


def lines(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """σ(−0.450) and 0.389, by function and argument."""
    needed = sheet.lookups
    every = dict.fromkeys((*needed, *_decoys(sheet)))
    functions = list(dict.fromkeys(lookup.function for lookup in needed))
    for lookup in sorted(every, key=lambda lookup: _place(lookup, functions)):
        yield _written(lookup), sheet.rounding.legible(lookup.value)


def _decoys(sheet: Sheet) -> Iterator[Lookup]:
    """As many as are needed, the same each time for the same sheet."""
    random = np.random.default_rng(sheet.timeline.experiment.initial.seed)
    for lookup in sheet.lookups:
        near = read(lookup.argument) * (1 + random.uniform(-NEAR, NEAR))
        decoy = replace(lookup, argument=sheet.rounding.legible(near))
        if math.isfinite(decoy.value):
            yield decoy


def _place(lookup: Lookup, functions: list[str]) -> tuple[int, float]:
    return functions.index(lookup.function), read(lookup.argument)


def _written(lookup: Lookup) -> str:
    return text(Call(lookup.function, (Name(lookup.argument),)))
