"""How a run was left: the numbers that were changed, where it stood, how it was seen, its text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.maths.functions import Array
from backprop_tui.maths.writing import text
from backprop_tui.model import lazy
from backprop_tui.model.keys import (
    FINITE,
    LINE,
    TRUTH,
    Key,
    ListOf,
    Others,
    Rows,
    Section,
    Value,
    all_read_only,
    name_among,
    section,
    whole_number,
)
from backprop_tui.model.layers import FIRST, KEPT, PARAMETER, is_column

# What is changed -----------------------------------------------------------------------------

ALPHA = Name("alpha")


def _named(written: Any) -> Cell | Name | None:
    """The cell that a text names, or alpha; None for anything else."""
    try:
        found = lazy.parse(written) if isinstance(written, str) else None
    except lazy.GrammarError:
        return None
    return found if isinstance(found, Cell) or found == ALPHA else None


def number_name(of: Cell | Name) -> str:
    """A cell or alpha as a file names it: W1[1,2], alpha."""
    return of.symbol if isinstance(of, Name) else text(of)


CELL = Value("a cell, like W1[1,2]", lambda v: isinstance(_named(v), Cell), _named, writes=text)
CELL_OR_ALPHA = Value(
    'a cell, like "W1[1,2]", or "alpha"',
    lambda v: _named(v) is not None,
    _named,
    writes=number_name,
)
CHANGED = Key(CELL_OR_ALPHA, "of X, Y (the column in that batch) or a parameter", "cell")


@dataclass(frozen=True)
class Edit:
    """A number changed by hand: from the start of that iteration on it is `value`.

    `of` is a cell of X, Y (its column counts in that iteration's batch) or of a parameter, or the
    name alpha.
    """

    iteration: Annotated[int, Key(whole_number(1), "the edit is valid from its start")]
    of: Annotated[Cell | Name, CHANGED]
    value: Annotated[float, Key(FINITE, "the new value")]


# Where it stood ------------------------------------------------------------------------------

# A running mean of squares may be too large to hold: the run survives that.
HANDED_ON = Others(
    KEPT,
    lambda name: Rows(is_column(name), infinite=not PARAMETER.fullmatch(name)),
    FIRST,
)


@dataclass(frozen=True, eq=False)
class Keyframe:
    """The [keyframe] of a file: what one iteration of the run begins with."""

    iteration: Annotated[int, Key(whole_number(1), "the iteration that starts with these values")]
    kept: Annotated[
        Mapping[str, Array],
        Key(HANDED_ON, "its values at the start of the iteration", make=all_read_only),
    ]


@dataclass(frozen=True, eq=False)
class Saved:
    """Where a run was left when it was saved: the [position] of a file, and its [keyframe].

    From the keyframe on the run is what the keyframe says; before it, what [initial] leads to.
    """

    iteration: Annotated[int, Key(whole_number(1), "the iteration that is under way")]
    steps: Annotated[int, Key(whole_number(0), "its completed steps", "step")] = 0
    keyframe: Keyframe | None = None
    elements: Annotated[int, Key(whole_number(0), "completed elements of the next step")] = 0


# How it was seen -----------------------------------------------------------------------------

DRAWINGS = ("nodes and edges", "graph", "plane")
THEMES = ("dark", "light")
PANELS = ("network", "cache", "gradients", "update", "step")
ASKING = ("off", "lesson", "vote", "type")
"""When it asks: never, what the experiment asks, or at every step: by vote, or typed."""
COVERED = ListOf(name_among(PANELS), "panels whose numbers are covered")
EXPLAINED = Section(
    "a number explained",
    {"iteration": Key(whole_number(0), "its iteration"), "cell": Key(CELL, "where it stands")},
    ("iteration", "cell"),
    make=lambda iteration, cell: (iteration, cell),
)
WINDOW = ListOf(whole_number(1), "three numbers: layer, first row, first column", 3, 3)
WINDOWS = ListOf(WINDOW, "windows, each [layer, first row, first column]")


BOARD_FORMS = ("matrices", "elements", "paths")
"""How the blackboard shows a gradient: its lines in matrices, those of one element, its paths."""


@dataclass(frozen=True)
class Level:
    """What the blackboard derives: a gradient, or what a line of the level before uses."""

    symbol: Annotated[str, Key(LINE, "what is derived: dZ2, or sigmoid_derivative")]
    form: Annotated[str, Key(name_among(BOARD_FORMS), "how it is derived")] = BOARD_FORMS[0]
    shown: Annotated[int, Key(whole_number(1), "its lines that are shown", "lines")] = 1
    line: Annotated[
        int | None, Key(whole_number(1), "the line that is chosen; left out: the newest")
    ] = None
    cell: Annotated[Cell | None, Key(CELL, "left out: the cell that the step is explained at")] = (
        None
    )


LEVELS = ListOf(section("a derivation", Level), "derivations, each opened from the one before")


def _here(kind: Any, about: str) -> Key:
    """A key that is about the numbers of one run."""
    return Key(kind, about, of_run=True)


@dataclass(frozen=True)
class Look:
    """The [view] of a file: how its reader wants to see it. Decimals are the experiment's own."""

    example: Annotated[int, _here(whole_number(1), "the column of the batch that is shown")] = 1
    drawing: Annotated[str, Key(name_among(DRAWINGS), "how the network is drawn")] = DRAWINGS[0]
    theme: Annotated[str | None, Key(name_among(THEMES), "left out: the reader's own")] = None
    panel: Annotated[str, Key(name_among(PANELS), "the panel that is chosen")] = "cache"
    marked: Annotated[bool, _here(TRUTH, "whether it is marked as chosen")] = False
    maximised: Annotated[bool, _here(TRUTH, "whether it fills the screen")] = False
    hidden: Annotated[tuple[str, ...], Key(COVERED, "panels with hidden numbers")] = ()
    cursor: Annotated[Cell | None, _here(CELL, "the cell of the cursor")] = None
    trail: Annotated[
        tuple[tuple[int, Cell], ...],
        _here(ListOf(EXPLAINED, "numbers explained"), "walked through"),
    ] = ()
    term: Annotated[int, _here(whole_number(0), "the chosen term of the last one")] = 0
    scroll: Annotated[tuple[tuple[int, int, int], ...], _here(WINDOWS, "of large matrices")] = ()
    line: Annotated[int, _here(whole_number(0), "how far the Step panel is scrolled")] = 0
    ask: Annotated[str | None, Key(name_among(ASKING), "left out: as it does by itself")] = None
    blackboard: Annotated[
        tuple[Level, ...], _here(LEVELS, "what the blackboard derives; left out: it is closed")
    ] = ()


# Its text ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Written:
    """What an experiment was read from, so that it can be written again as its author did."""

    text: str
    overrides: Mapping[str, Any] = field(default_factory=dict)  # by the names of their flags
    folder: str = ""  # from which on a CSV file is looked for
    path: str | None = None  # the file's own; None: a lesson, or a code
