"""Reading a TOML document by the keys of its records, with a sentence for each thing wrong with it.

Faults are collected, never raised, and told in the order of the file. What is read is checked as it
stands in the file (a wrong value is None); without faults it makes the records, and a record is
written the same way back. Nothing here knows of networks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from backprop_tui.messages import count, hint, listed, shown
from backprop_tui.model.keys import (
    Either,
    Figures,
    KeyKind,
    ListOf,
    Others,
    Rows,
    Section,
    Value,
    is_number,
)

Path: TypeAlias = tuple[str | int, ...]

NOT_PRINTED = ("", "…", "...", "·")
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

    @property
    def axis(self) -> int:
        """Along which axis the document has the examples: 1 for columns, 0 for rows."""
        network = self.document.get("network")
        return 0 if isinstance(network, dict) and network.get("orientation") == "rows" else 1

    def as_rows(self, plain: list[Any]) -> list[list[Any]]:
        """A plain list as rows: a column, or one row where examples are rows."""
        return [[number] for number in plain] if self.axis else [plain]

    def add(self, path: Path, sentence: str) -> None:
        """The sentence goes on from the path's name: "must be 2 or more; got 1"."""
        self.say(path, f"{self.name(path)} {sentence}")

    def instead(self, path: Path, sentence: str) -> None:
        """Of a key that cannot be: in place of what was said of its value."""
        self.found[:] = [(at, said) for at, said in self.found if at[: len(path)] != path]
        self.add(path, sentence)

    def say(self, path: Path, sentence: str) -> None:
        """A whole sentence, told where the path stands."""
        self.found.append((path, sentence))

    def must(self, path: Path, must: str, got: object, names: Sequence[str] = ()) -> None:
        """What a value must be, what came instead, and which of some names was probably meant."""
        self.add(path, f"must be {must}; got {shown(got)}{hint(got, names)}")

    def missing(self, path: Path, must: str) -> None:
        """A key that is not there, and what it must be."""
        self.add(path, f"is missing: it must be {must}")

    def add_some(self, path: Path, wrong: Sequence[tuple[Path, str]]) -> None:
        """The first faults of a matrix, and how many more there are."""
        for at, sentence in wrong[:MOST_FAULTS_IN_A_MATRIX]:
            self.add((*path, *at), sentence)
        if more := wrong[MOST_FAULTS_IN_A_MATRIX:]:
            sentence = f"{self.name(path)} has {count(len(more), 'more fault')} like these"
            self.say((*path, *more[0][0]), sentence)

    def name(self, path: Path) -> str:
        """`network.activations[2]`, or `--activations[2]` where the command line said so."""
        if name := self.elsewhere(path):
            return name
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]] + dotted(path[length:])
        return dotted(path).removeprefix(".") or "the file"

    def in_file_order(self) -> tuple[str, ...]:
        """The sentences, each once, in the order of the file."""
        by_place = sorted(self.found, key=lambda fault: place(fault[0], self.document))
        return tuple(dict.fromkeys(sentence for _, sentence in by_place))


def dotted(path: Path) -> str:
    """`.data.X[2,1]`: all that is counted counts from 1, as the cells on the screen do."""
    said = (f"[{key + 1}]" if isinstance(key, int) else f".{bare(key)}" for key in path)
    return "".join(said).replace("][", ",")


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


# Reading -------------------------------------------------------------------------------------


def read(kind: KeyKind, value: Any, path: Path, faults: Faults) -> Any:
    """What a value means; None, and a fault, where it is not of its kind."""
    match kind:
        case Value():
            return _read_value(kind, value, path, faults)
        case Section():
            return _read_section(kind, value, path, faults)
        case Either() if isinstance(value, dict if isinstance(kind.other, Section) else list):
            return read(kind.other, value, path, faults)
        case Either() if isinstance(value, str) or isinstance(kind.plain, Rows):
            return read(kind.plain, value, path, faults)
        case ListOf() if kind.fits(value):
            return tuple(read(kind.kind, v, (*path, i), faults) for i, v in enumerate(value))
        case Rows() if isinstance(value, list):
            return _read_rows(kind, value, path, faults)
        case Figures() if isinstance(value, list):
            return _read_figures(kind, value, path, faults)
        case Figures():
            number = read(kind.printed, value, path, faults)
            return None if number is None else ((number,),)
    faults.must(path, kind.must, value)
    return None


def _read_value(kind: Value, value: Any, path: Path, faults: Faults) -> Any:
    if kind.fits(value):
        return kind.means(value)
    faults.add(path, misfit(kind, value))
    return None


def misfit(kind: Value, value: Any) -> str:
    """What a value must be that is not of its kind, and what came; goes on from its path."""
    must = kind.nearly_must if kind.nearly(value) else kind.must
    return f"must be {must}; got {shown(value)}{hint(value, kind.names)}"


def _read_section(kind: Section, value: Any, path: Path, faults: Faults) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        faults.must(path, kind.must, value)
        return None
    for name in kind.required:
        if name not in value:
            faults.missing((*path, name), kind.keys[name].kind.must)
    result = {}
    for name, item in value.items():
        if (of := kind.kind_of(name)) is not None:
            result[name] = read(of, item, (*path, name), faults)
        else:
            faults.add((*path, name), f"is not a key of {kind.what}{_meant(kind, name, faults)}")
    return result


def _meant(section: Section, name: str, faults: Faults) -> str:
    """Which key was meant, where it belongs, or which keys there are."""
    if meant := hint(name, section.names):
        return meant
    if name in faults.homes:
        return f": {name} belongs {faults.homes[name]}"
    return f", which has {listed(section.names)}"


def _read_rows(kind: Rows, value: list[Any], path: Path, faults: Faults) -> Any:
    """An array of shape (rows, columns)."""
    flat = not any(isinstance(row, list) for row in value)
    if flat and not kind.flat and value and all(map(is_number, value)):
        faults.add(path, f"must be {kind.must}; got one row without its own brackets")
        return None
    if not value or (flat and not kind.flat):
        faults.must(path, kind.must, value)
        return None
    rows = faults.as_rows(value) if flat else value
    wrong = list(_faults_of_rows(rows, kind))
    if flat:
        wrong = [(at[1:] if faults.axis == 0 else at[:1], sentence) for at, sentence in wrong]
    faults.add_some(path, wrong)
    return None if wrong else np.array(rows, dtype=np.float64)


def _faults_of_rows(rows: list[Any], kind: Rows) -> Iterable[tuple[Path, str]]:
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
            if not kind.fits(value):
                yield (i, j), f"must be a finite number; got {shown(value)}"


def _read_figures(kind: Figures, value: list[Any], path: Path, faults: Faults) -> Any:
    """Rows of printed numbers, "" where none is printed."""
    if not value or [] in value or len({type(row) is list for row in value}) > 1:
        faults.must(path, kind.must, value)
        return None
    flat = not isinstance(value[0], list)
    rows = faults.as_rows(value) if flat else value
    if wrong := list(_faults_of_figures(rows, flat, kind)):
        faults.add_some(path, wrong)
        return None
    return tuple(tuple("" if n in NOT_PRINTED else n.strip() for n in row) for row in rows)


def _faults_of_figures(
    rows: list[list[Any]], flat: bool, kind: Figures
) -> Iterator[tuple[Path, str]]:
    numbers = [(i, j, number) for i, row in enumerate(rows) for j, number in enumerate(row)]
    for i, j, number in numbers:
        if number not in NOT_PRINTED and not kind.printed.fits(number):
            yield ((max(i, j),) if flat else (i, j)), misfit(kind.printed, number)
    if len({len(row) for row in rows}) > 1:
        lengths = listed([str(len(row)) for row in rows])
        yield (), f"must have rows of one length; got {lengths}"
    if all(number in NOT_PRINTED for _, _, number in numbers):
        yield (), "must have one number at least: it prints none"


# Records -------------------------------------------------------------------------------------


def record(section: Section, values: Mapping[str, Any], **more: Any) -> Any:
    """The record of a section without faults; `more` are fields that stand elsewhere."""
    made, others = dict(more), {}
    for name, value in values.items():
        if (key := section.keys.get(name)) is None:
            others[name] = value
        else:
            found = key.make(_meaning(key.kind, value))
            many = len(key.fields) > 1
            made |= zip(key.fields or [name], found if many else [found], strict=True)
    if section.others is not None:
        made |= dict.fromkeys(section.others.fields, section.others.make(others))
    return section.make(**made)


def _meaning(kind: KeyKind, value: Any) -> Any:
    """The record that a value makes, or records; any other value as it is."""
    match kind:
        case Section():
            return record(kind, value)
        case ListOf():
            return tuple(_meaning(kind.kind, entry) for entry in value)
        case Either() if isinstance(value, dict if isinstance(kind.other, Section) else tuple):
            return _meaning(kind.other, value)
    return value


def as_table(
    section: Section, fields: Mapping[str, Any], present: Collection[str] = ()
) -> dict[str, Any]:
    """The fields of a record as a section has them: what is not as usual, or `present` already."""
    told = {}
    for name, key in section.keys.items():
        (field,) = key.fields or (name,)
        value = fields.get(field)
        if value is not None and (value != key.default or name in present):
            told[name] = _plain(key.kind, value)
    if section.others is not None:
        others: Others = section.others.kind
        for name, value in fields[section.others.fields[0]].items():
            told[name] = _plain(others.kind(name), value)
    return told


def _plain(kind: KeyKind, value: Any) -> Any:
    """A value in TOML's types."""
    match kind:
        case Section() if not isinstance(value, tuple):
            return as_table(kind, vars(value))
        case Section():
            pairs = zip(kind.keys.items(), value, strict=True)
            return {name: _plain(key.kind, part) for (name, key), part in pairs}
        case ListOf():
            return [_plain(kind.kind, part) for part in value]
        case Rows():
            return (value[:, 0] if kind.flat and value.shape[1] == 1 else value).tolist()
        case Value():
            return kind.writes(value)
        case _:
            raise TypeError(f"no way to write {value!r} as {kind!r}")
