"""What a key of the experiment file may hold, and how a record's field says which key it is.

A field says once what its key must be, what it is for, and whether a flag of the command line
overrides it: `learning_rate: Annotated[float, Key(at_least(0), "α", flag=True)] = 0.5`. Files are
read, checked, changed and written by that; so the modules of the records evaluate annotations.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, replace
from math import isfinite
from typing import Any, TypeAlias

import numpy as np

from backprop_tui.maths.functions import Array
from backprop_tui.messages import listed, readable


def read_only(values: Any) -> Array:
    """A C-contiguous float64 copy that refuses to be written to."""
    array = np.array(values, dtype=np.float64, order="C")
    array.flags.writeable = False
    return array


def all_read_only(arrays: Mapping[str, Any]) -> dict[str, Array]:
    """The same arrays, each as read_only."""
    return {name: read_only(values) for name, values in arrays.items()}


# Kinds of values -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Value:
    """One value: it fits or it does not. `names` are what a misspelling may have meant.

    Of a value that is `nearly` right, a fault says `nearly_must` instead of `must`.
    """

    must: str  # so that "network.loss must be ..." is a sentence
    fits: Callable[[Any], bool]
    means: Callable[[Any], Any] = lambda value: value
    names: tuple[str, ...] = ()
    writes: Callable[[Any], Any] = lambda meant: meant  # the other way round
    typed: Callable[[str], Any] = str.strip  # the value of a text of the command line
    nearly: Callable[[Any], bool] = lambda value: False
    nearly_must: str = ""


@dataclass(frozen=True, eq=False)
class ListOf:
    """A list of values of one kind. A wrong item leaves None in its place."""

    kind: KeyKind
    what: str  # "numbers of neurons"
    least: int = 0
    most: int | None = None

    @property
    def must(self) -> str:
        """What it must be, so that "data.X must be ..." is a sentence."""
        match self.least, self.most:
            case 0, None:
                return f"a list of {self.what}"
            case least, None:
                how_many = f"{least} or more"
            case 0, most:
                how_many = f"at most {most}"
            case least, most:
                how_many = f"{most}" if least == most else f"{least} to {most}"
        return f"a list of {self.what}, {how_many} of them"

    def fits(self, value: Any) -> bool:
        """Whether it is a list of that length."""
        most = float("inf") if self.most is None else self.most
        return isinstance(value, list) and self.least <= len(value) <= most

    def typed(self, text: str) -> list[Any]:
        """The list of a text of the command line, with commas."""
        assert isinstance(self.kind, Value)
        return [self.kind.typed(part) for part in text.split(",")]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of numbers, all of one length. A `flat` one may be a plain list: one number a row, or
    one row where examples are rows."""

    flat: bool = False
    infinite: bool = False  # whether a number may be too large to hold

    @property
    def must(self) -> str:
        """What it must be, so that "data.X must be ..." is a sentence."""
        return (
            "a list of numbers" if self.flat else "a list of rows of numbers, like [[1, 2], [3, 4]]"
        )

    def fits(self, number: Any) -> bool:
        """Whether one of its numbers may be this one."""
        return is_number(number) or (self.infinite and number == float("inf"))

    def typed(self, text: str) -> list[list[Any]]:
        """The matrix of a text of the command line, with semicolons between rows."""
        return [[typed_number(part) for part in row.split(",")] for row in text.split(";")]


@dataclass(frozen=True, eq=False)
class Figures:
    """A printed number, or rows of them; a plain list is one number a row, or one row where
    examples are rows. "" is not printed."""

    printed: Value

    @property
    def must(self) -> str:
        """What it must be, so that "data.X must be ..." is a sentence."""
        return f'{self.printed.must}, or rows of them, like [["0.50", "1.2"], ["…", "3"]]'


@dataclass(frozen=True, eq=False)
class Others:
    """Further keys of a section, those whose names match, each of a kind that its name tells."""

    pattern: re.Pattern[str]
    kind: Callable[[str], KeyKind]
    like: tuple[str, ...] = ()  # names that stand for all of them where keys are listed


@dataclass(frozen=True, eq=False)
class Section:
    """A table with a kind for each key, and the record that it is read into."""

    what: str  # "[network]": what has these keys
    keys: Mapping[str, Key]
    required: tuple[str, ...] = ()
    others: Key | None = None
    """The field that holds further keys; its kind is Others."""
    make: Callable[..., Any] = dict

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its keys, and examples of further ones."""
        return (*self.keys, *(self.others.kind.like if self.others else ()))

    @property
    def must(self) -> str:
        """What it must be, so that "data.X must be ..." is a sentence."""
        return f"a table with {listed(self.names)}" if self.names else "a table"

    def kind_of(self, name: str) -> KeyKind | None:
        """The kind of a key; None where it has no such key."""
        if name in self.keys:
            known: KeyKind = self.keys[name].kind
            return known
        others: Others | None = self.others.kind if self.others else None
        return others.kind(name) if others and others.pattern.fullmatch(name) else None


@dataclass(frozen=True, eq=False)
class Either:
    """A text or rows, or a table or list in its place, each of its own kind."""

    plain: Value | Rows
    other: Section | ListOf

    @property
    def must(self) -> str:
        """What it must be, so that "data.X must be ..." is a sentence."""
        return f"{self.plain.must}, or {self.other.must}"


KeyKind: TypeAlias = Value | ListOf | Rows | Figures | Section | Either


# Keys ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Key:
    """A key of a section: what it must be, what it is for, which field of the record it gives."""

    kind: Any  # a KeyKind, or Others
    about: str = ""
    name: str = ""  # in the file, where it is not the field's
    flag: bool = False  # whether a flag of the command line overrides it
    of_run: bool = False  # whether it is about the numbers of one run
    make: Callable[[Any], Any] = lambda read: read  # the field's value of what was read
    fields: tuple[str, ...] = ()  # that it gives: several where the value is one for each of them
    default: Any = None  # of the field; None where there is none


def keys_of(record: type) -> dict[str, Key]:
    """The keys that the fields of a record are, by their names in the file.

    Raises TypeError where the record's module does not evaluate its annotations.
    """
    found = {}
    for field in fields(record):
        if isinstance(field.type, str):
            raise TypeError(f"{record.__module__} must not import annotations from __future__")
        for said in getattr(field.type, "__metadata__", ()):
            default = None if field.default is MISSING else field.default
            names = said.fields or (field.name,)
            found[said.name or field.name] = replace(said, fields=names, default=default)
    return found


def section(
    what: str,
    record: type,
    more: Mapping[str, Key] | None = None,
    required: tuple[str, ...] | None = None,
) -> Section:
    """The section whose keys are the fields of a record, and `more`.

    Fields without a default are required, unless it is said which keys are.
    """
    keys = keys_of(record)
    others = next((k for k in keys.values() if isinstance(k.kind, Others)), None)
    keys = {name: k for name, k in keys.items() if k is not others} | dict(more or {})
    if required is None:
        bare = {
            f.name for f in fields(record) if f.default is MISSING and f.default_factory is MISSING
        }
        required = tuple(name for name, k in keys.items() if not bare.isdisjoint(k.fields[:1]))
    return Section(what, keys, required, others, record)


# Values --------------------------------------------------------------------------------------


def is_number(value: object) -> bool:
    """Whether it is a finite number. TOML's true and false are Python ints, and are none."""
    if type(value) is int:
        return abs(value) < 10**300  # a float holds it
    return type(value) is float and isfinite(value)


def typed_number(part: str) -> int | float | str:
    """A number if it reads as one; else the text as it is, for a fault to repeat."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(part)
    return part.strip()


def _typed_truth(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text.strip(), text.strip())


FINITE = Value("a finite number", is_number, float, typed=typed_number)
POSITIVE = replace(
    FINITE, must="a finite number greater than 0", fits=lambda v: is_number(v) and v > 0
)
SHARE = replace(
    FINITE, must="a number from 0 up to, but not, 1", fits=lambda v: is_number(v) and 0 <= v < 1
)
"""How much of a running mean stays."""
TRUTH = Value("true or false", lambda v: type(v) is bool, typed=_typed_truth)


def whole_number(least: int, most: int | None = None, word: str | None = None) -> Value:
    """A whole number within bounds, or one word that stands for a number."""
    last = 2**63 - 1 if most is None else most
    must = f"a whole number{f', {least} or more' if most is None else f' from {least} to {most}'}"
    return Value(
        must if word is None else f'{must}, or "{word}"',
        lambda v: (type(v) is int and least <= v <= last) or (word is not None and v == word),
        names=() if word is None else (word,),
        typed=typed_number,
    )


def at_least(least: float) -> Value:
    """A finite number, whole or not."""
    must = f"a finite number, {least:g} or more"
    return replace(FINITE, must=must, fits=lambda v: is_number(v) and v >= least)


def name_among(names: Iterable[str]) -> Value:
    """One of some names; a misspelling gets a hint."""
    names = tuple(names)
    return Value(
        f"one of {listed(names)}", lambda v: isinstance(v, str) and v in names, names=names
    )


def _tame(text: Any, allowed: str = "") -> bool:
    """Whether it is text without control characters, line ends or lone surrogates but the allowed
    ones."""
    return isinstance(text, str) and all(
        c in allowed or unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in text
    )


def _prose(text: Any) -> bool:
    return _tame(text, allowed="\t\n\r")


def _on_one_line(text: str) -> str:
    return readable(" ".join(text.split()))


FILE = Value("one line of text", lambda v: _tame(v) and bool(v.strip()), str.strip)
"""The name of a file, sign by sign."""
LINE = replace(FILE, means=lambda v: readable(v.strip()))
"""Text that a title can hold."""
PROSE = Value("text without control characters", _prose, _on_one_line)
"""Text over any number of lines; how it was broken into lines does not matter."""
SOMETHING_SAID = Value(
    "text, not empty and without control characters",
    lambda v: _prose(v) and bool(v.strip()),
    _on_one_line,
)
