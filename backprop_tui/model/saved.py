"""How a run was left: the numbers that were changed, where it stood, how it was seen, its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.maths.functions import Array
from backprop_tui.maths.writing import text
from backprop_tui.model import lazy
from backprop_tui.model.keys import (
    FINITE,
    TRUTH,
    Key,
    ListOf,
    Others,
    Rows,
    Section,
    Value,
    key,
    name_among,
    read_only,
    whole_number,
)
from backprop_tui.model.layers import KEPT, PARAMETER, is_column

ALPHA = Name("alpha")
DRAWINGS = ("nodes and edges", "graph")
THEMES = ("dark", "light")
PANELS = ("network", "cache", "gradients", "update", "step")
ASKING = ("off", "lesson", "vote", "type")
"""When it asks: never, what the experiment asks, or at every step: by vote, or typed."""


def _named(written: Any) -> Cell | Name | None:
    """The cell that a text names, or alpha; None for anything else."""
    try:
        found = lazy.parse(written) if isinstance(written, str) else None
    except lazy.GrammarError:
        return None
    return found if isinstance(found, Cell) or found == ALPHA else None


CELL = Value("a cell, like W1[1,2]", lambda v: isinstance(_named(v), Cell), _named)
CELL_OR_ALPHA = Value('a cell, like "W1[1,2]", or "alpha"', lambda v: _named(v) is not None, _named)


def of_text(of: Cell | Name) -> str:
    """What an edit changes, as a file names it: W1[1,2], alpha."""
    return of.symbol if isinstance(of, Name) else text(of)


@dataclass(frozen=True)
class Edit:
    """A number changed by hand: from the start of that iteration on it is `value`.

    `of` is a cell of X, Y (its column counts in that iteration's batch) or of a parameter, or the
    name alpha.
    """

    iteration: int = field(metadata=key(whole_number(1), "from whose start on it holds"))
    of: Cell | Name = field(
        metadata=key(
            CELL_OR_ALPHA,
            "the number: of X, Y (its column counts in that batch) or a parameter",
            name="cell",
            write=of_text,
        )
    )
    value: float = field(metadata=key(FINITE, "what it becomes"))


@dataclass(frozen=True, eq=False)
class Keyframe:
    """The [keyframe] of a file: what one iteration of the run begins with."""

    iteration: int = field(metadata=key(whole_number(1), "the iteration that begins so"))
    kept: Mapping[str, Array] = field(
        metadata=key(
            # A running mean of squares may be too large to hold: the run survives that.
            Others(
                KEPT,
                lambda name: Rows(is_column(name), infinite=not PARAMETER.fullmatch(name)),
                ("W1", "b1"),
            ),
            "every parameter and running mean of an optimizer",
            make=lambda read: {name: read_only(value) for name, value in read.items()},
        )
    )


@dataclass(frozen=True, eq=False)
class Saved:
    """Where a run was left when it was saved: the [position] of a file, and its [keyframe].

    From the keyframe on the run is what the keyframe says; before it, what [initial] leads to.
    """

    iteration: int = field(metadata=key(whole_number(1), "the iteration that is under way"))
    steps: int = field(
        default=0, metadata=key(whole_number(0), "how many of its steps are done", name="step")
    )
    keyframe: Keyframe | None = None
    elements: int = field(
        default=0, metadata=key(whole_number(0), "how many numbers of the next step, which is open")
    )


def _explained() -> Section:
    """A number explained: the iteration it is of, and its cell."""
    iteration = Key(whole_number(0), "its iteration")
    cell = Key(CELL, "where it stands", write=of_text)
    return Section(
        "a number explained",
        {"iteration": iteration, "cell": cell},
        ("iteration", "cell"),
        make=lambda iteration, cell: (iteration, cell),
    )


@dataclass(frozen=True)
class Look:
    """The [view] of a file: how its reader wants to see it. Decimals are the experiment's own."""

    example: int = field(
        default=1, metadata=key(whole_number(1), "the column of the batch that is shown", run=True)
    )
    drawing: str = field(
        default=DRAWINGS[0], metadata=key(name_among(DRAWINGS), "how the network is drawn")
    )
    theme: str | None = field(
        default=None, metadata=key(name_among(THEMES), "left out: the reader's own")
    )
    panel: str = field(default="cache", metadata=key(name_among(PANELS), "the chosen panel"))
    marked: bool = field(default=False, metadata=key(TRUTH, "whether it is marked", run=True))
    maximised: bool = field(default=False, metadata=key(TRUTH, "whether it is alone", run=True))
    hidden: tuple[str, ...] = field(
        default=(),
        metadata=key(
            ListOf(name_among(PANELS), "panels whose numbers are covered"),
            "panels whose numbers are covered",
        ),
    )
    cursor: Cell | None = field(
        default=None, metadata=key(CELL, "the number under the cursor", write=of_text, run=True)
    )
    trail: tuple[tuple[int, Cell], ...] = field(
        default=(),
        metadata=key(
            ListOf(_explained(), "numbers explained"), "the numbers walked through", run=True
        ),
    )
    term: int = field(
        default=0,
        metadata=key(
            whole_number(0), "which of those that the last one reads is chosen, from 0", run=True
        ),
    )
    scroll: tuple[tuple[int, int, int], ...] = field(
        default=(),
        metadata=key(
            ListOf(
                ListOf(whole_number(1), "three numbers: layer, first row, first column", 3, 3),
                "windows, each [layer, first row, first column]",
            ),
            "what is seen of matrices too large for their panels",
            run=True,
        ),
    )
    line: int = field(
        default=0,
        metadata=key(whole_number(0), "how far a maximised Step panel is scrolled", run=True),
    )
    ask: str | None = field(
        default=None,
        metadata=key(name_among(ASKING), "when it asks; left out: as it does by itself"),
    )


@dataclass(frozen=True, eq=False)
class Written:
    """What an experiment was read from, so that it can be written again as its author did."""

    text: str
    overrides: Mapping[str, Any] = field(default_factory=dict)  # by the names of their flags
    folder: str = ""  # from which on a CSV file is looked for
    path: str | None = None  # the file's own; None: a lesson, or a code
