"""What an author says about a run: notes, questions, and the figures that a source has printed."""

import re
from dataclasses import dataclass, field
from math import isfinite
from typing import Annotated, Any

from backprop_tui.maths.expressions import Expr
from backprop_tui.model import lazy
from backprop_tui.model.keys import (
    LINE,
    POSITIVE,
    PROSE,
    SOMETHING_SAID,
    Either,
    Figures,
    Key,
    ListOf,
    Others,
    Section,
    Value,
    is_number,
    name_among,
    section,
    whole_number,
)

FORMS = ("vote", "number", "formula", "talk")
"""How a question is answered: with fingers, with a number, with a formula, with words."""


# Notes and questions -------------------------------------------------------------------------


def place_said(at: Any) -> tuple[str | None, int | None]:
    """The step that an `at` names, and the iteration; None for every one."""
    return (at.get("step"), at.get("iteration")) if isinstance(at, dict) else (at, None)


def _at(of: str) -> Key:
    """A step's name, for every iteration, or a table that says which one."""
    keys = {"iteration": Key(whole_number(1), "left out: every one"), "step": Key(LINE, "a step")}
    place = Either(LINE, Section(f"{of} place", keys, required=("step",)))
    return Key(
        place,
        "the step",
        "at",
        make=place_said,
        fields=("step", "iteration"),
    )


ROW_AND_COLUMN = Value(
    "a row and a column, counted from 1, like [1, 2]",
    lambda v: isinstance(v, list) and len(v) == 2 and all(map(whole_number(1).fits, v)),
    tuple,
)


@dataclass(frozen=True)
class Note:
    """Shown when its step is reached. One tied to an iteration may speak of its numbers."""

    step: Annotated[str, _at("a note's")]
    iteration: int | None  # None: at every iteration
    text: Annotated[str, Key(PROSE, "shown when that step is reached")]


@dataclass(frozen=True)
class Question:
    """Asked before its step shows: `answer` is what is said at the second press of a talk."""

    step: Annotated[str, _at("a question's")]
    iteration: int | None  # None: at every iteration
    cell: Annotated[tuple[int, int] | None, Key(ROW_AND_COLUMN, "left out: a good one")] = field(
        default=None, kw_only=True
    )
    form: Annotated[str, Key(name_among(FORMS), "how it is answered")]
    text: Annotated[str, Key(SOMETHING_SAID, "what is asked")]
    answer: Annotated[str | None, Key(SOMETHING_SAID, "shown afterwards; a talk needs one")] = None


# Published figures ---------------------------------------------------------------------------

NUMBER = re.compile(r"[-+−]?(\d+\.?\d*|\.\d+)([eE][-+−]?\d{1,3})?", re.ASCII)
LONGEST_NUMBER = 60  # characters


def _is_printed(value: Any) -> bool:
    """Whether it is a number in quotes, as it is printed."""
    digits = value.strip() if isinstance(value, str) else ""
    fits = len(digits) <= LONGEST_NUMBER and NUMBER.fullmatch(digits)
    return bool(fits) and isfinite(float(digits.replace("−", "-")))


PRINTED = Value(
    'a number in quotes, as it is printed, like "0.50"',
    _is_printed,
    str.strip,
    nearly=is_number,
    nearly_must="in quotes, digit for digit as it is printed: a bare number does not tell "
    '"0.50" from "0.5"',
)


@dataclass(frozen=True)
class Figure:
    """Numbers as their source prints them: a row for each row of `of`, "" where it prints none."""

    of: Expr
    printed: tuple[tuple[str, ...], ...]


def _figures(read: dict[str, Any]) -> tuple[Figure, ...]:
    return tuple(Figure(lazy.parse(of), printed) for of, printed in read.items())


ANYTHING = Others(re.compile(r"(?s).*\S.*"), lambda name: Figures(PRINTED))


@dataclass(frozen=True)
class KnownWrong:
    """One number that its source has wrong."""

    of: Annotated[Expr, Key(LINE, "a symbol, cell or expression", make=lambda of: lazy.parse(of))]
    printed: Annotated[str, Key(PRINTED, "as the source prints it")]
    why: Annotated[str, Key(PROSE, "what is wrong with it")]
    correct: Annotated[str | None, Key(PRINTED, "as the source should have it")] = None


WRONG = ListOf(section("a known wrong figure", KnownWrong), "tables with of, printed, why")


@dataclass(frozen=True)
class Published:
    """Figures of one iteration; those of a parameter are meant after its update."""

    source: Annotated[str, Key(LINE, "where they are printed")]
    iteration: Annotated[int, Key(whole_number(1), "whose figures they are")] = 1
    within: Annotated[float | None, Key(POSITIVE, "left out: to the digits printed")] = None
    figures: Annotated[tuple[Figure, ...], Key(ANYTHING, "its figures", make=_figures)] = ()
    known_wrong: Annotated[
        tuple[KnownWrong, ...], Key(WRONG, "figures that are wrong in the source")
    ] = ()
