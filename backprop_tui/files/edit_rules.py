"""What an [[edits]] of an experiment file must be, and the records that it is read into.

Which edits there can be, `edits` knows; this turns it into faults with their places in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backprop_tui.files.schema import Faults, Table, Value, is_number, whole
from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.model.experiment import Edit
from backprop_tui.run.edits import ALPHA, editable, unfit


def edited_number(written: Any) -> Cell | Name | None:
    """The cell that an edit names, or alpha; None for anything else."""
    from backprop_tui.maths.parser import GrammarError, parse  # only what names one needs it

    try:
        found = parse(written) if isinstance(written, str) else None
    except GrammarError:
        return None
    if isinstance(found, Cell):
        return found
    return ALPHA if found == ALPHA else None


EDIT = Table(
    "[[edits]]",
    {
        "iteration": whole(1),
        "cell": Value(
            'a cell, like "W1[1,2]", or "alpha"',
            lambda written: edited_number(written) is not None,
            edited_number,
        ),
        "value": Value("a finite number", is_number, float),
    },
    required=("iteration", "cell", "value"),
)


def edits_of(read: Sequence[Mapping[str, Any]]) -> tuple[Edit, ...]:
    """The records of edits without faults, in the order of the file."""
    return tuple(Edit(edit["iteration"], edit["cell"], edit["value"]) for edit in read)


def edits_fit(
    read: Sequence[Mapping[str, Any] | None],
    layers: Sequence[int],
    size_of: Callable[[int], int],
    loss: str | None,
    faults: Faults,
) -> None:
    """A fault for each edit that the network cannot have; `size_of` an iteration is its batch's."""
    for i, edit in enumerate(read):
        if edit is None or any(edit.get(key) is None for key in EDIT.required):
            continue  # told already
        (record,) = edits_of([edit])
        found = unfit(record, editable(layers, size_of(record.iteration)), loss)
        if found is not None:
            key, sentence = found
            faults.add(("edits", i, key), sentence)
