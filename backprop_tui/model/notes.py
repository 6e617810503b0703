"""What an author says about a run: notes, questions, and the figures that a source has printed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

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
    key,
    name_among,
    section,
    whole_number,
)

FORMS = ("vote", "number", "formula", "talk")
"""How a question is answered: with fingers, with a number, with a formula, with words."""
NUMBER = re.compile(r"[-+−]?(\d+\.?\d*|\.\d+)([eE][-+−]?\d{1,3})?", re.ASCII)
LONGEST_NUMBER = 60  # characters
ANY_KEY = re.compile(r"(?s).*\S.*")


# Notes and questions -------------------------------------------------------------------------


def _at(of: str) -> dict[str, Key]:
    """Where something is said: a step's name, for every iteration, or a table that says which."""
    iteration = Key(whole_number(1), "the one iteration in which it is said")
    step = Key(LINE, "the step")
    table = Section(f"{of} place", {"iteration": iteration, "step": step}, required=("step",))
    return key(
        Either(LINE, table),
        "the step at which it is said, in every iteration or in one",
        name="at",
        fields=("step", "iteration"),
        make=place_said,
    )


def place_said(at: Any) -> tuple[str | None, int | None]:
    """The step that an `at` names, and the iteration; None for every one."""
    return (at.get("step"), at.get("iteration")) if isinstance(at, dict) else (at, None)


def _are_row_and_column(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(whole_number(1).fits, value))


@dataclass(frozen=True)
class Note:
    """Shown when its step is reached. One tied to an iteration may speak of its numbers."""

    step: str = field(metadata=_at("a note's"))
    iteration: int | None  # None: at every iteration
    text: str = field(metadata=key(PROSE, "what is shown when that step is reached"))


@dataclass(frozen=True)
class Question:
    """Asked before its step shows: `answer` is what is said at the second press of a talk."""

    step: str = field(metadata=_at("a question's"))
    iteration: int | None  # None: at every iteration
    cell: tuple[int, int] | None = field(
        default=None,
        kw_only=True,
        metadata=key(
            Value("a row and a column, counted from 1, like [1, 2]", _are_row_and_column, tuple),
            "which number is asked for; left out: one that makes a good question",
        ),
    )
    form: str = field(metadata=key(name_among(FORMS), "how it is answered"))
    text: str = field(metadata=key(SOMETHING_SAID, "what is asked"))
    answer: str | None = field(
        default=None, metadata=key(SOMETHING_SAID, "said when it is answered; a talk must have one")
    )


# Published figures ---------------------------------------------------------------------------


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


def _figures(read: dict[str, tuple[tuple[str, ...], ...]]) -> tuple[Figure, ...]:
    return tuple(Figure(lazy.parse(of), printed) for of, printed in read.items())


@dataclass(frozen=True)
class KnownWrong:
    """One number that its source has wrong."""

    of: Expr = field(
        metadata=key(LINE, "a symbol, a cell or an expression", make=lambda of: lazy.parse(of))
    )
    printed: str = field(metadata=key(PRINTED, "the number that the source prints"))
    why: str = field(metadata=key(PROSE, "what is wrong with it"))
    correct: str | None = field(
        default=None, metadata=key(PRINTED, "the number that the source should have")
    )


@dataclass(frozen=True)
class Published:
    """Figures of one iteration; those of a parameter are meant after its update."""

    source: str = field(metadata=key(LINE, "who has printed the figures"))
    iteration: int = field(default=1, metadata=key(whole_number(1), "the iteration they are of"))
    within: float | None = field(
        default=None,
        metadata=key(POSITIVE, "how far off they may be; left out: to the digits that are printed"),
    )
    figures: tuple[Figure, ...] = field(
        default=(),
        metadata=key(
            Others(ANY_KEY, lambda name: Figures(PRINTED)),
            'what is printed of any symbol, cell or expression, like "dW2[1,1]"',
            make=_figures,
        ),
    )
    known_wrong: tuple[KnownWrong, ...] = field(
        default=(),
        metadata=key(
            ListOf(section("a known wrong figure", KnownWrong), "tables with of, printed, why"),
            "numbers that the source has wrong",
        ),
    )
