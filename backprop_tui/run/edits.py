"""Edits: numbers changed by hand, and what they make of the iterations of a run.

An edit holds from the start of its iteration: a parameter's until it is next updated, that of an
input, a target or α from there on. They are part of the experiment, so a run stays a pure function
of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.maths.numbers import significant
from backprop_tui.maths.shapes import Shape, written
from backprop_tui.maths.writing import text
from backprop_tui.messages import listed
from backprop_tui.model.algorithm import architecture_of
from backprop_tui.model.architecture import Architecture
from backprop_tui.model.experiment import Array, Experiment, Kept
from backprop_tui.model.notes import Published
from backprop_tui.model.saved import ALPHA, Edit

# Which edits there can be --------------------------------------------------------------------


def edit_fault(experiment: Experiment, edit: Edit) -> str | None:
    """Why an edit cannot be made, in a sentence; None where it can."""
    examples = len(experiment.examples_of(edit.iteration))
    found = unfit(edit, architecture_of(experiment.network), examples)
    return f"{text(edit.of)} {found[1]}" if found else None


def unfit(edit: Edit, architecture: Architecture, examples: int) -> tuple[str, str] | None:
    """What is wrong with an edit in an iteration of so many examples, and of which key: "cell" or
    "value"."""
    shapes = architecture.shapes(examples)
    if not isfinite(edit.value):
        return "value", "must be a finite number"
    got = significant(edit.value)
    if not isinstance(edit.of, Cell):
        if edit.of != ALPHA:
            return "cell", _only(shapes)
        return None if edit.value >= 0 else ("value", f"must be 0 or more; got {got}")
    symbol, row, column = edit.of.symbol, edit.of.row, edit.of.column
    if symbol not in shapes:
        return "cell", _only(shapes)
    rows, columns = shapes[symbol]
    if row > rows or column > columns:
        return "cell", f"does not exist: {symbol} is {written(shapes[symbol])}"
    if (loss := architecture.losses.get(symbol)) is not None:
        if loss.targets_are_shares:
            return "cell", f"cannot be edited alone: {loss.name} needs targets that sum to 1"
        if loss.targets_are_probabilities and not 0 <= edit.value <= 1:
            return "value", f"must be from 0 to 1, as {loss.name} needs; got {got}"
    return None


def _only(shapes: Mapping[str, Shape]) -> str:
    return f"cannot be edited: only {listed(tuple(shapes))} and {text(ALPHA)} can"


# Experiments with edits ----------------------------------------------------------------------


def with_edit(experiment: Experiment, edit: Edit) -> Experiment:
    """The same experiment with one edit more, and without what then no longer holds: a saved
    keyframe behind it, and figures that were published of iterations from there on."""
    saved = experiment.saved
    if saved is not None and saved.keyframe and saved.keyframe.iteration > edit.iteration:
        saved = replace(saved, keyframe=None)
    return replace(
        experiment,
        edits=(*experiment.edits, edit),
        published=still_published(experiment.published, (edit,)),
        saved=saved,
    )


def still_published(published: Sequence[Published], edits: Sequence[Edit]) -> tuple[Published, ...]:
    """The figures that edits leave as they were: those of iterations before the first."""
    return tuple(p for p in published if all(p.iteration < edit.iteration for edit in edits))


def differ_only_in_edits(one: Experiment, other: Experiment) -> bool:
    """Whether two experiments are the same run until an edit makes a difference."""
    return (
        one.network == other.network
        and one.training == other.training
        and one.mistake == other.mistake
        and one.data is other.data
        and one.initial is other.initial
        and one.formulas == other.formulas
    )


def first_difference(one: Sequence[Edit], other: Sequence[Edit]) -> int | None:
    """The first iteration that two lists of edits make different; None where they say the same."""
    here, there = _in_time(one), _in_time(other)
    for a, b in zip(here, there, strict=False):
        if a != b:
            return min(a.iteration, b.iteration)
    longer = max(here, there, key=len)[min(len(here), len(there)) :]
    return longer[0].iteration if longer else None


def _in_time(edits: Sequence[Edit]) -> list[Edit]:
    """By iteration; in one iteration as they were made, so that the last one holds."""
    return sorted(edits, key=lambda edit: edit.iteration)


# What they make of iterations ----------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """An edit of a number: its place in the data, where it is one of X or Y, else in its matrix."""

    edit: Edit
    symbol: str
    row: int = 0  # from 0
    column: int = 0
    is_data: bool = False

    @property
    def lasts(self) -> bool:
        """Whether it holds from its iteration on; a parameter's is only what that begins with."""
        return self.is_data or self.symbol == ALPHA.symbol


class Edits:
    """The edits of an experiment, by the iterations that they change."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.made = [self._placed(edit) for edit in _in_time(experiment.edits)]
        self._iterations = [made.edit.iteration for made in self.made]
        self._lasting = [made.edit.iteration for made in self.made if made.lasts]

    def __bool__(self) -> bool:
        return bool(self.made)

    def _placed(self, edit: Edit) -> Made:
        if not isinstance(edit.of, Cell):
            return Made(edit, edit.of.symbol)
        data, symbol = self.experiment.data, edit.of.symbol
        place = data.place_of(edit.of, self.experiment.examples_of(edit.iteration))
        return Made(edit, symbol, *place, is_data=symbol in data.by_symbol)

    def due(self, number: int, otherwise: int) -> int:
        """The first iteration after that one that begins with an edit, if it is before another."""
        at = bisect_right(self._iterations, number)
        return min([otherwise, *self._iterations[at : at + 1]])

    def since(self, number: int) -> int:
        """The iteration from which on data and α are what they are in that one; 0: unedited."""
        at = bisect_right(self._lasting, number)
        return self._lasting[at - 1] if at else 0

    def setting(self, number: int) -> Experiment:
        """The experiment with data and α as they are in an iteration."""
        matrices = dict(self.experiment.data.by_symbol)
        alpha = self.experiment.training.learning_rate
        for made in self.made:
            if made.edit.iteration > number or not made.lasts:
                continue
            if made.symbol == ALPHA.symbol:
                alpha = made.edit.value
            else:
                matrices[made.symbol] = _with(matrices[made.symbol], made)
        return replace(
            self.experiment,
            data=replace(self.experiment.data, by_symbol=matrices),
            training=replace(self.experiment.training, learning_rate=alpha),
        )

    def begun(self, number: int, kept: Kept, symbols: Sequence[str]) -> Kept:
        """What an iteration begins with, where the one before hands on `kept`."""
        if number not in self._iterations:
            return kept
        begun = dict(zip(symbols, kept, strict=True))
        for made in self.made:
            if made.edit.iteration == number and not made.lasts:
                begun[made.symbol] = _with(begun[made.symbol], made)
        return tuple(begun.values())

    def last(self, of: Cell | Name, iteration: int) -> Edit | None:
        """The last edit, up to an iteration, of what that cell is in it, or of α."""
        if not self:
            return None
        asked = self._placed(Edit(iteration, of, 0.0))
        place = asked.symbol, asked.row, asked.column
        found = (
            made.edit
            for made in reversed(self.made)
            if made.edit.iteration <= iteration and (made.symbol, made.row, made.column) == place
        )
        return next(found, None)


def _with(matrix: Array, made: Made) -> Array:
    """A matrix with one number changed."""
    changed = np.array(matrix, order="C")
    changed[made.row, made.column] = made.edit.value
    changed.flags.writeable = False
    return changed
