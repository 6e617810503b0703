"""The [[notes]] and [[questions]] of an experiment file: what its author says and asks at a step.

Their rules, where they may stand, and which of them still hold for a changed experiment. Whether
they will do well in class is told by `lesson_check`; nothing here knows of training or screens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backprop_tui.files.published_rules import outside
from backprop_tui.files.schema import (
    Either,
    Faults,
    Path,
    Table,
    Value,
    line,
    one_of,
    prose,
    whole,
)
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.shapes import Shape
from backprop_tui.messages import listed
from backprop_tui.model.experiment import FORMS, Note, Question

SPOKEN = ("notes", "questions")
"""The lists of a file whose entries stand at steps."""


# What stands in the file ---------------------------------------------------------------------


def place(of: str) -> Either:
    """A step's name, for every iteration, or a table that says which one."""
    keys = {"iteration": whole(1), "step": line()}
    return Either(line(), Table(f"{of} place", keys, required=("step",)))


def row_and_column() -> Value:
    """Where a cell stands, from 1, as in formulas."""
    index = whole(1)
    return Value(
        "a row and a column, counted from 1, like [1, 2]",
        lambda v: isinstance(v, list) and len(v) == 2 and all(map(index.fits, v)),
        tuple,
    )


def something_said() -> Value:
    """Prose that is not empty."""
    any_prose = prose()
    return Value(
        "text, not empty and without control characters",
        lambda v: any_prose.fits(v) and bool(v.strip()),
        any_prose.means,
    )


NOTE = Table("[[notes]]", {"at": place("a note's"), "text": prose()}, required=("at", "text"))
QUESTION = Table(
    "[[questions]]",
    {
        "at": place("a question's"),
        "cell": row_and_column(),
        "form": one_of(FORMS),
        "text": something_said(),
        "answer": something_said(),
    },
    required=("at", "form", "text"),
)


# Where they stand ----------------------------------------------------------------------------


def stand_at_steps(
    key: str,
    entries: Sequence[Mapping[str, Any] | None],
    names: Sequence[str],
    freeze: Sequence[str | None],
    faults: Faults,
) -> None:
    """Every entry stands at a step that an iteration of this network takes."""
    for i, entry in enumerate(entries):
        path, step = _step_of(entry or {}, (key, i, "at"))
        if step is not None and step not in names:
            no_step(path, step, names, freeze, faults)


def no_step(
    path: Path,
    step: str,
    names: Sequence[str],
    freeze: Sequence[str | None],
    faults: Faults,
) -> None:
    """A fault: that is no step of an iteration."""
    if step in freeze:
        faults.add(path, f"names no step: {step} is frozen, so it is never updated")
    elif step == "J":
        faults.add(path, "names no step: a batch of one example has no J, only L")
    else:
        faults.must(path, f"a step of this network, {listed(names)}", step, tuple(names))


def talks_have_answers(entries: Sequence[Mapping[str, Any] | None], faults: Faults) -> None:
    """Every talk has what is said at its second press."""
    for i, entry in enumerate(entries):
        if entry is not None and entry.get("form") == "talk" and "answer" not in entry:
            faults.add(
                ("questions", i, "answer"),
                "is missing: it must be text, which a talk says at its second press",
            )


def cells_fit(
    entries: Sequence[Mapping[str, Any] | None],
    shapes_in: Callable[[int | None], Mapping[str, Shape]],
    faults: Faults,
) -> None:
    """Every question asks for a number that its step has.

    `shapes_in` gives the shapes of an iteration, or of the smallest batch for None.
    """
    for i, entry in enumerate(entries):
        if entry is None:
            continue
        _, step = _step_of(entry, ())
        shapes = shapes_in(_iteration_of(entry))
        if entry.get("cell") is None or step is None or step not in shapes:
            continue
        if wrong := outside(Cell(step, *entry["cell"]), shapes):
            faults.add(("questions", i, "cell"), wrong)


def _step_of(entry: Mapping[str, Any], at: Path) -> tuple[Path, str | None]:
    """The step that an entry stands at, and the path of the key that says so."""
    if isinstance(place := entry.get("at"), dict):
        return (*at, "step"), place.get("step")
    return at, place


def _iteration_of(entry: Mapping[str, Any]) -> int | None:
    return at.get("iteration") if isinstance(at := entry.get("at"), dict) else None


# A changed experiment ------------------------------------------------------------------------


def still_true(entries: Sequence[Any], same_network: bool, same_data: bool) -> list[Any]:
    """The raw entries that hold for an experiment that was changed.

    Each speaks of its network. One that is tied to an iteration speaks of its numbers as well, and
    one at J or about a cell of how many examples there are.
    """
    return [e for e in entries if same_network and not _is_tied(e, same_data)]


def _is_tied(entry: Any, same_data: bool) -> bool:
    if not isinstance(entry, dict):
        return False
    if isinstance(at := entry.get("at"), dict) and "iteration" in at:
        return True
    return not same_data and ("cell" in entry or _step_of(entry, ())[1] == "J")


# The records ---------------------------------------------------------------------------------


def notes(entries: Sequence[Mapping[str, Any]]) -> tuple[Note, ...]:
    """The records of notes without faults."""
    return tuple(Note(**_at(entry), text=entry["text"]) for entry in entries)


def questions(entries: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """The records of questions without faults."""
    return tuple(
        Question(**_at(entry), **{key: v for key, v in entry.items() if key != "at"})
        for entry in entries
    )


def _at(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"step": _step_of(entry, ())[1], "iteration": _iteration_of(entry)}
