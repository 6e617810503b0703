"""Rules for what a TOML document may say, and one sentence for each thing that is wrong with it.

A rule reads one value and gives what it means, or None after reporting the fault; a table of
rules reads a table. Faults are collected, never raised, and told in the order of the file.
Nothing here knows of networks: the rules of an experiment are in `rules`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Protocol, TypeAlias

import numpy as np

from backprop_tui.messages import count, hint, listed, shown

Path: TypeAlias = tuple[str | int, ...]

MOST_FAULTS_IN_A_MATRIX = 8  # a file of wrong numbers need not fill the screen with them


@dataclass
class Faults:
    """What is wrong with a document, each with the path of the value at fault.

    `origins` names values that did not come from the file: {("network", "layers"): "--layers"}.
    `homes` tells where a key belongs that stands in the wrong table.
    """

    document: Mapping[str, Any]
    origins: Mapping[Path, str] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Callable[[Path], str | None] = lambda path: None
    """Names a value that stands in another file than the document."""
    found: list[tuple[Path, str]] = field(default_factory=list)

    def add(self, path: Path, sentence: str) -> None:
        """The sentence goes on from the path's name: "must be 2 or more; got 1"."""
        self.say(path, f"{self.name(path)} {sentence}")

    def say(self, path: Path, sentence: str) -> None:
        """A whole sentence, told where the path stands."""
        self.found.append((path, sentence))

    def must(self, path: Path, must: str, got: object, names: Sequence[str] = ()) -> None:
        self.add(path, f"must be {must}; got {shown(got)}{hint(got, names)}")

    def add_some(self, path: Path, wrong: Sequence[tuple[Path, str]]) -> None:
        """The first faults of a matrix, and how many more there are."""
        for at, sentence in wrong[:MOST_FAULTS_IN_A_MATRIX]:
            self.add((*path, *at), sentence)
        if more := wrong[MOST_FAULTS_IN_A_MATRIX:]:
            sentence = f"{self.name(path)} has {count(len(more), 'more fault')} like these"
            self.say((*path, *more[0][0]), sentence)

    def name(self, path: Path) -> str:
        """`network.activations[1]`, or `--activations[1]` where the command line said so."""
        if name := self.elsewhere(path):
            return name
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]] + dotted(path[length:])
        return dotted(path).removeprefix(".") or "the file"

    def in_file_order(self) -> tuple[str, ...]:
        by_place = sorted(self.found, key=lambda fault: place(fault[0], self.document))
        return tuple(dict.fromkeys(sentence for _, sentence in by_place))


def dotted(path: Path) -> str:
    """`.network.activations[1]`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{bare(key)}" for key in path)


def bare(key: str) -> str:
    """A key as it is, or in quotes where TOML needs them."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", key) else shown(key)


def place(path: Path, document: Any) -> tuple[int, ...]:
    """Where a path stands in the file. What is missing stands at the head of its table."""
    indices, here = [], document
    for key in path:
        if isinstance(here, dict):
            indices.append(list(here).index(key) if key in here else -1)
            here = here.get(key)
        elif isinstance(here, list) and isinstance(key, int) and key < len(here):
            indices.append(key)
            here = here[key]
        else:
            indices.append(-1)
    return tuple(indices)


# Rules ---------------------------------------------------------------------------------------


class Rule(Protocol):
    """What a value must be, and how it is read."""

    @property
    def must(self) -> str:
        """What a value must be, so that "network.loss must be ..." is a sentence."""

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        """What the value means; None, and a fault, where it breaks the rule."""


@dataclass(frozen=True)
class Value:
    """One value: it fits or it does not. `names` are what a misspelling may have meant."""

    must: str
    fits: Callable[[Any], bool]
    means: Callable[[Any], Any] = lambda value: value
    names: tuple[str, ...] = ()

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if self.fits(value):
            return self.means(value)
        faults.must(path, self.must, value, self.names)
        return None


def is_number(value: object) -> bool:
    """A finite number. TOML's true and false are Python ints, and are none."""
    if type(value) is int:
        return abs(value) < 10**300  # a float holds it
    return type(value) is float and isfinite(value)


def whole(least: int, most: int | None = None) -> Value:
    """A whole number within bounds."""
    bounds = f", {least} or more" if most is None else f" from {least} to {most}"
    return Value(
        f"a whole number{bounds}",
        lambda v: type(v) is int and least <= v <= (2**63 - 1 if most is None else most),
    )


def number(least: float) -> Value:
    """A finite number, whole or not."""
    return Value(
        f"a finite number, {least:g} or more", lambda v: is_number(v) and v >= least, float
    )


def share() -> Value:
    """How much of a running mean stays."""
    return Value("a number from 0 up to, but not, 1", lambda v: is_number(v) and 0 <= v < 1, float)


def one_of(names: Iterable[str]) -> Value:
    """One of some names; a misspelling gets a hint."""
    names = tuple(names)
    return Value(
        f"one of {listed(names)}", lambda v: isinstance(v, str) and v in names, names=names
    )


def whole_or(least: int, word: str) -> Value:
    """A whole number, or one word that stands for a number."""
    whole_number = whole(least)
    return Value(
        f'{whole_number.must}, or "{word}"',
        lambda v: whole_number.fits(v) or v == word,
        names=(word,),
    )


def truth() -> Value:
    """Yes or no."""
    return Value("true or false", lambda v: type(v) is bool)


def line_or_lines(what: str) -> Value:
    """One name, or a list of names; read as several in both cases."""
    name = line()
    return Value(
        f"{what}, or a list of such names",
        lambda v: name.fits(v) or (isinstance(v, list) and bool(v) and all(map(name.fits, v))),
        lambda v: tuple(map(name.means, v if isinstance(v, list) else [v])),
    )


def _tame(text: str, allowed: str = "") -> bool:
    """No control characters, line ends or lone surrogates but the allowed ones."""
    return all(
        c in allowed or unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in text
    )


def line() -> Value:
    """Text that a title can hold."""
    return Value(
        "one line of text",
        lambda v: isinstance(v, str) and bool(v.strip()) and _tame(v),
        str.strip,
    )


def prose() -> Value:
    """Text over any number of lines; how it was broken into lines does not matter."""
    return Value(
        "text without control characters",
        lambda v: isinstance(v, str) and _tame(v, allowed="\t\n\r"),
        lambda v: " ".join(v.split()),
    )


@dataclass(frozen=True)
class ListOf:
    """A list of values under one rule. A wrong item leaves None in its place."""

    rule: Rule
    what: str  # "numbers of neurons"
    least: int = 0
    most: int | None = None

    @property
    def must(self) -> str:
        how_many = f", {self.least} or more of them" if self.least else ""
        if self.most is not None:
            how_many = f", {self.least} to {self.most} of them"
        return f"a list of {self.what}{how_many}"

    def fits(self, value: Any) -> bool:
        most = float("inf") if self.most is None else self.most
        return isinstance(value, list) and self.least <= len(value) <= most

    def read(self, value: Any, path: Path, faults: Faults) -> tuple[Any, ...] | None:
        if not self.fits(value):
            faults.must(path, self.must, value)
            return None
        return tuple(self.rule.read(item, (*path, i), faults) for i, item in enumerate(value))


@dataclass(frozen=True)
class Matrix:
    """Rows of finite numbers, all of one length.

    `flat` says what a plain list of numbers is: one number a row (a bias), or a fault.
    """

    flat: bool = False

    @property
    def must(self) -> str:
        return (
            "a list of numbers" if self.flat else "a list of rows of numbers, like [[1, 2], [3, 4]]"
        )

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if self.flat and isinstance(value, list) and not any(isinstance(v, list) for v in value):
            return self._read([[v] for v in value], path, faults, flat=True)
        if isinstance(value, list) and value and all(map(is_number, value)):
            faults.add(path, f"must be {self.must}; got one row without its own brackets")
            return None
        return self._read(value, path, faults)

    def _read(self, rows: Any, path: Path, faults: Faults, flat: bool = False) -> Any:
        if not isinstance(rows, list) or not rows or not any(isinstance(r, list) for r in rows):
            faults.must(path, self.must, rows)
            return None
        wrong = list(_faults_of_rows(rows))
        faults.add_some(path, [(at[:1] if flat else at, sentence) for at, sentence in wrong])
        return None if wrong else np.array(rows, dtype=np.float64)


def _faults_of_rows(rows: list[Any]) -> Iterable[tuple[Path, str]]:
    """What is wrong with the rows of a matrix, each with its place in it."""
    lengths = Counter(len(row) for row in rows if isinstance(row, list))
    usual = lengths.most_common(1)[0][0]
    for i, row in enumerate(rows):
        if not isinstance(row, list) or not row:
            yield (i,), f"must be a row of numbers; got {shown(row)}"
            continue
        if len(row) != usual:
            yield (i,), f"must have {count(usual, 'value')} like the other rows; got {len(row)}"
        for j, value in enumerate(row):
            if not is_number(value):
                yield (i, j), f"must be a finite number; got {shown(value)}"


@dataclass(frozen=True)
class Table:
    """A table with a rule for each key; keys without one are faults.

    `others` is a rule for further keys, those whose name matches `pattern` (parameters, figures).
    """

    what: str  # "an experiment", "[network]": what has these keys
    keys: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    pattern: re.Pattern[str] = re.compile(r"(?!)")
    others: Callable[[str], Rule] | None = None

    @property
    def must(self) -> str:
        return f"a table with {listed(tuple(self.keys))}" if self.keys else "a table"

    def read(self, value: Any, path: Path, faults: Faults) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            faults.must(path, self.must, value)
            return None
        for key in self.required:
            if key not in value:
                faults.add((*path, key), f"is missing: it must be {self.keys[key].must}")
        result = {}
        for key, item in value.items():
            if (rule := self._rule(key)) is not None:
                result[key] = rule.read(item, (*path, key), faults)
            else:
                faults.add((*path, key), f"is not a key of {self.what}{self._hint(key, faults)}")
        return result

    def _rule(self, key: str) -> Rule | None:
        if key not in self.keys and self.others is not None and self.pattern.fullmatch(key):
            return self.others(key)
        return self.keys.get(key)

    def _hint(self, key: str, faults: Faults) -> str:
        if meant := hint(key, self.keys):
            return meant
        if key in faults.homes:
            return f": {key} belongs {faults.homes[key]}"
        return f", which has {listed(tuple(self.keys))}"


@dataclass(frozen=True)
class Either:
    """A table or a plain value, each under its own rule."""

    plain: Rule
    table: Table

    @property
    def must(self) -> str:
        return f"{self.plain.must}, or {self.table.must}"

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if isinstance(value, dict):
            return self.table.read(value, path, faults)
        if isinstance(value, str):
            return self.plain.read(value, path, faults)
        faults.must(path, self.must, value)
        return None
