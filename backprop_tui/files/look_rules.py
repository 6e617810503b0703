"""The rules for [view]: how a reader wants to see a run, and which numbers were looked at.

It says what each key must be, and writes what differs from a plain look. What a screen makes of a
Look it does not know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any

from backprop_tui.files.edit_rules import edited_number
from backprop_tui.files.schema import (
    Faults,
    ListOf,
    Path,
    Table,
    Value,
    one_of,
    truth,
    whole,
)
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.shapes import Shape, written
from backprop_tui.maths.writing import text
from backprop_tui.messages import listed
from backprop_tui.model.experiment import ASKING, DRAWINGS, PANELS, THEMES, Experiment, Look


def _cell(value: Any) -> Cell | None:
    """The cell that a text names."""
    found = edited_number(value)
    return found if isinstance(found, Cell) else None


CELL = Value("a cell, like W1[1,2]", lambda v: _cell(v) is not None, _cell)
VIEW = Table(
    "[view]",
    {
        "decimals": whole(0, 12),
        "example": whole(1),
        "drawing": one_of(DRAWINGS),
        "theme": one_of(THEMES),
        "panel": one_of(PANELS),
        "marked": truth(),
        "maximised": truth(),
        "hidden": ListOf(one_of(PANELS), "panels whose numbers are covered"),
        "cursor": CELL,
        "trail": ListOf(
            Table(
                "a number explained",
                {"iteration": whole(0), "cell": CELL},
                required=("iteration", "cell"),
            ),
            "numbers explained",
        ),
        "term": whole(0),
        "scroll": ListOf(
            ListOf(whole(1), "three numbers: layer, first row, first column", 3, 3),
            "windows, each [layer, first row, first column]",
        ),
        "line": whole(0),
        "ask": one_of(ASKING),
    },
)
PLACES = ("example", "marked", "maximised", "cursor", "trail", "term", "scroll", "line")
"""What is about numbers of one run: another one has others."""


def cells_exist(view: Mapping[str, Any], shapes: Mapping[str, Shape], faults: Faults) -> None:
    """Every cell that was looked at is one of this network's."""
    for path, cell in _cells(view):
        if cell.symbol not in shapes:
            faults.must(path, f"a cell of {listed(tuple(shapes))}", text(cell), tuple(shapes))
            continue
        rows, columns = shapes[cell.symbol] or (1, 1)
        if not (1 <= cell.row <= rows and 1 <= cell.column <= columns):
            size = written((rows, columns))
            faults.add(path, f"must be within {cell.symbol}, which is {size}; got {text(cell)}")


def _cells(view: Mapping[str, Any]) -> Iterator[tuple[Path, Cell]]:
    if (cursor := view.get("cursor")) is not None:
        yield ("view", "cursor"), cursor
    for i, place in enumerate(view.get("trail") or ()):
        if place and (cell := place.get("cell")) is not None:
            yield ("view", "trail", i, "cell"), cell


def look_of(view: Mapping[str, Any]) -> Look:
    """The record of a [view] without faults."""
    values = {key: value for key, value in view.items() if key != "decimals"}
    if trail := values.get("trail"):
        values["trail"] = tuple((place["iteration"], place["cell"]) for place in trail)
    return Look(**values)


def view_of(experiment: Experiment, present: Collection[str] = ()) -> dict[str, Any]:
    """The [view] of an experiment as a document has it: what differs from a plain look, and what
    is `present` already."""
    look, plain = experiment.look, Look()
    view: dict[str, Any] = {"decimals": experiment.decimals}
    view |= {field.name: getattr(look, field.name) for field in fields(Look)}
    usual = {"decimals": 3} | {field.name: getattr(plain, field.name) for field in fields(Look)}
    told = {k: v for k, v in view.items() if v is not None and (v != usual[k] or k in present)}
    if look.cursor is not None:
        told["cursor"] = text(look.cursor)
    if look.trail:
        told["trail"] = [{"iteration": k, "cell": text(cell)} for k, cell in look.trail]
    lists: dict[str, Any] = {"scroll": [list(window) for window in look.scroll]}
    lists["hidden"] = list(look.hidden)
    return {k: lists.get(k, v) for k, v in told.items()}
