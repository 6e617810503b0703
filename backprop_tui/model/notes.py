"""What an author says about a run: notes, questions, and the figures that a source has printed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Annotated, Any

from backprop_tui.model.keys import (
    LINE,
    POSITIVE,
    PROSE,
    SOMETHING_SAID,
    TRUTH,
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

LINE_FORM = "line"
FORMS = ("vote", "number", "formula", "talk", LINE_FORM)
"""How a question is answered: with fingers, with a number, with a formula, with words; or with the
rule that leads to the next line on the blackboard."""


# Notes and questions -------------------------------------------------------------------------


def place_said(at: Any) -> tuple[str | None, int | None]:
    """The step that an `at` names, and the iteration; None where it names none."""
    return (at.get("step"), at.get("iteration")) if isinstance(at, dict) else (at, None)


_PLACE = {"iteration": Key(whole_number(1), "left out: the first"), "step": Key(LINE, "a step")}
AT = Key(
    Either(LINE, Section("the place of a note or question", _PLACE, required=("step",))),
    "the step, and the iteration where it is not the first",
    "at",
    make=place_said,
    fields=("step", "iteration"),
)
"""A step's name, for iteration 1, or a table that names the iteration as well."""
ROW_AND_COLUMN = Value(
    "a row and a column, counted from 1, like [1, 2]",
    lambda v: isinstance(v, list) and len(v) == 2 and all(map(whole_number(1).fits, v)),
    tuple,
)


@dataclass(frozen=True)
class Said:
    """What an author says at a step, in one iteration or from that one on.

    `iteration` is None where the author names none: then it is the first, and what is said holds
    for any numbers. What names its iteration may speak of its numbers.
    """

    step: Annotated[str, AT]
    iteration: int | None
    every: Annotated[bool, Key(TRUTH, "in each later iteration too")] = field(
        default=False, kw_only=True
    )

    @property
    def first(self) -> int:
        """The first iteration that it is said in."""
        return self.iteration or 1

    def is_said_in(self, iteration: int) -> bool:
        """Whether it is said in that iteration."""
        return iteration == self.first or (self.every and iteration > self.first)


TEXT_OR_LINES = Either(PROSE, ListOf(SOMETHING_SAID, "lines", least=1))


def _lines(read: str | tuple[str, ...]) -> tuple[str, ...]:
    return (read,) if isinstance(read, str) else read


@dataclass(frozen=True)
class Note(Said):
    """Shown when its step is reached: the first of its lines, then one more at each press."""

    lines: Annotated[
        tuple[str, ...],
        Key(TEXT_OR_LINES, "shown at that step; of a list one line a press", "text", make=_lines),
    ]
    derive: Annotated[bool, Key(TRUTH, "PgDn opens the blackboard there")] = field(
        default=False, kw_only=True
    )


def shown_lines(notes: Sequence[Note], presses: int) -> tuple[str, ...]:
    """The lines of a step's notes after so many presses more: each but a note's first takes one."""
    shown: list[str] = []
    for note in notes:
        for k, line in enumerate(note.lines):
            presses -= k > 0
            if presses < 0:
                return tuple(shown)
            shown.append(line)
    return tuple(shown)


@dataclass(frozen=True)
class WrittenChoice:
    """A choice of a vote in its author's words, and why it is correct, or is not."""

    text: Annotated[str, Key(SOMETHING_SAID, "what may be chosen")]
    why: Annotated[str | None, Key(SOMETHING_SAID, "said when it was chosen")] = None


MOST_CHOICES = 4
"""The choices of a vote, which the keys 1 to 4 choose."""
CHOICE = Either(SOMETHING_SAID, section("a choice", WrittenChoice))
CHOICES = ListOf(CHOICE, "choices, each a text or a table with text and why", 2, MOST_CHOICES)


def _choices(read: Sequence[str | WrittenChoice]) -> tuple[WrittenChoice, ...]:
    return tuple(WrittenChoice(c) if isinstance(c, str) else c for c in read)


@dataclass(frozen=True)
class Question(Said):
    """Asked before its step shows: `answer` is what is said at the second press of a talk."""

    cell: Annotated[
        tuple[int, int] | None, Key(ROW_AND_COLUMN, "left out: the one in text, or a good one")
    ] = field(default=None, kw_only=True)
    form: Annotated[str, Key(name_among(FORMS), "how it is answered")]
    text: Annotated[str, Key(SOMETHING_SAID, "what is asked")]
    answer: Annotated[str | None, Key(SOMETHING_SAID, "shown afterwards; a talk needs one")] = None
    choices: Annotated[
        tuple[WrittenChoice, ...], Key(CHOICES, "of a vote; left out: numbers", make=_choices)
    ] = field(default=(), kw_only=True)
    correct: Annotated[int | None, Key(whole_number(1), "which choice, from 1")] = field(
        default=None, kw_only=True
    )

    @property
    def named_cells(self) -> tuple[tuple[int, int], ...]:
        """The cells of its own step that its text names, each once: (1, 2) for `dW2[1,2]`."""
        cell = rf"(?<!\w){re.escape(self.step)}\[ *(\d{{1,9}}) *, *(\d{{1,9}}) *\]"
        found = re.findall(cell, self.text, re.ASCII)
        return tuple(dict.fromkeys((int(row), int(column)) for row, column in found))


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

    of: str
    """A symbol, a cell or an expression of the network's own names and functions."""
    printed: tuple[tuple[str, ...], ...]
    before: bool = False
    """Whether its parameters are meant before their update."""


BEFORE = "before:"
"""What a figure's key begins with where parameters are meant before their update."""


def _figures(read: dict[str, Any]) -> tuple[Figure, ...]:
    return tuple(
        Figure(of.removeprefix(BEFORE).strip(), printed, of.startswith(BEFORE))
        for of, printed in read.items()
    )


ANYTHING = Others(re.compile(r"(?s).*\S.*"), lambda name: Figures(PRINTED))


@dataclass(frozen=True)
class KnownWrong:
    """One number that its source has wrong."""

    of: Annotated[str, Key(LINE, "a symbol, cell or expression")]
    printed: Annotated[str, Key(PRINTED, "as the source prints it")]
    why: Annotated[str, Key(PROSE, "what is wrong with it")]
    correct: Annotated[str | None, Key(PRINTED, "as the source should have it")] = None


WRONG = ListOf(section("a known wrong figure", KnownWrong), "tables with of, printed, why")


@dataclass(frozen=True)
class Published:
    """Figures of one iteration; a parameter is meant after its update, but behind `before:`."""

    source: Annotated[str, Key(LINE, "where they are printed")]
    iteration: Annotated[int, Key(whole_number(1), "whose figures they are")] = 1
    within: Annotated[float | None, Key(POSITIVE, "left out: to the digits printed")] = None
    figures: Annotated[tuple[Figure, ...], Key(ANYTHING, "its figures", make=_figures)] = ()
    known_wrong: Annotated[
        tuple[KnownWrong, ...], Key(WRONG, "figures that are wrong in the source")
    ] = ()
