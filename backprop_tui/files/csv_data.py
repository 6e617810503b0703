"""The data of a CSV file: inputs from named columns, targets as numbers or as classes.

A row is an example, as in the experiment file. Every fault names the file, the line and the column;
which classes fit depends on how many outputs the network has, and on nothing else of it.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np

from backprop_tui.files.csv_file import CsvFaults, delimiter_of, records, text_of_csv, where
from backprop_tui.files.schema import Faults, Path
from backprop_tui.messages import count, listed, path_shown, printable, shown
from backprop_tui.model.experiment import Array


@dataclass(frozen=True, eq=False)
class CsvData:
    """What an experiment takes from a CSV file; rows are examples."""

    name: str
    """The file, as the experiment calls it."""
    lines: Sequence[int]
    """The line in the file on which each example begins."""
    X: Array  # (N, n[0])
    Y: Array | None  # (N, n[L]); None where the targets do not fit the outputs
    input_names: tuple[str, ...]
    target_columns: tuple[str, ...]
    output_names: tuple[str, ...]
    classes: tuple[str, ...] | None = None
    """The names of the classes where the targets are classes, in the order of their outputs."""
    standardized: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """What an experiment's Data keeps beside the numbers."""
        return {
            "input_names": self.input_names,
            "output_names": self.output_names,
            "classes": self.classes,
            "standardized": self.standardized,
        }

    def place_of(self, path: Path) -> str | None:
        """`iris.csv, line 7, column "species":` for the path of a target."""
        match path:
            case ("data", "Y", int(row)):
                return where(self.name, self.lines[row])
            case ("data", "Y", int(row), int(column)):
                return where(self.name, self.lines[row], self.target_columns[column])
        return None


def read_csv(
    data: Mapping[str, Any], folder: str, outputs: int | None, faults: Faults
) -> CsvData | None:
    """The CsvData that a [data] with a csv describes; None where there are faults.

    The file is looked for from `folder` on. `outputs` is how many the network has, if known.
    """
    text = text_of_csv(folder, data["csv"], faults)
    if text is None:
        return None
    told = CsvFaults(path_shown(data["csv"]), faults)
    rows = _read_rows(text, data, told, faults)
    numbers = rows.target_numbers(told) if rows else None
    if told.report() or rows is None:
        return None
    X = np.array(rows.numbers).reshape(len(rows.lines), len(rows.inputs))  # (N, n[0])
    Y, output_names, classes = _targets(rows, numbers, outputs, faults)
    return CsvData(
        name=told.name,
        lines=rows.lines,
        X=standardized(X) if data.get("standardize") else X,
        Y=Y,
        input_names=tuple(rows.names[i] for i in rows.inputs),
        target_columns=rows.target_columns,
        output_names=output_names,
        classes=classes,
        standardized=bool(data.get("standardize")),
    )


def _read_rows(text: str, data: Mapping[str, Any], told: CsvFaults, faults: Faults) -> _Rows | None:
    """The examples of the file; None where its columns cannot be told."""
    delimiter = delimiter_of(text)
    lines = records(text, delimiter, told)
    if (header := next(lines, None)) is None:
        if not told.wrong:
            told.add("is empty: its first line must name the columns")
        return None
    first, cells = header
    names = [printable(cell.strip()) for cell in cells]
    columns = _columns(data, first, names, told, faults)
    if columns is None:
        return None
    rows = _Rows(names, *columns, decimal_comma=delimiter == ";")
    for line, cells in lines:
        rows.take(line, cells, told)
    if not rows.lines and not told.wrong:
        told.add(f"has no examples: line {first}, the columns' names, is its only line")
    return rows


def standardized(X: Array) -> Array:
    """Each column with mean 0 and standard deviation 1 over all rows; a constant one becomes 0."""
    largest = np.abs(X).max(axis=0)
    scaled = X / np.where(largest > 0, largest, 1.0)  # so that no square overflows
    constant = scaled.min(axis=0) == scaled.max(axis=0)
    away = np.where(constant, 0.0, scaled - scaled.mean(axis=0))  # (N, n[0])
    deviation = np.sqrt(np.mean(away * away, axis=0))
    return np.asarray(away / np.where(deviation > 0, deviation, 1.0))


# Columns -------------------------------------------------------------------------------------


def _columns(
    data: Mapping[str, Any], line: int, names: list[str], told: CsvFaults, faults: Faults
) -> tuple[list[int], list[int]] | None:
    """Which columns are inputs and which are targets; None where that cannot be told."""
    is_turned = read_number(names[0]) is None and None not in map(read_number, names[1:])
    turned = ": a line is an example, so transpose the file" if is_turned else ""
    for i, name in enumerate(names):
        if name in names[:i] and name:
            first = names.index(name) + 1
            fault = f"columns {first} and {i + 1} are both called {shown(name)}{turned}"
            told.at(line, None, fault)
        elif _is_fraction(name):
            told.at(line, None, f"must name the columns; got {name}, which is a number{turned}")
            return None
    if told.wrong or data.get("target") is None or ("inputs" in data and data["inputs"] is None):
        return None
    targets = _by_name(data["target"], "target", names, told.name, faults)
    if "inputs" in data:
        inputs = _by_name(data["inputs"], "inputs", names, told.name, faults)
    else:
        inputs = [i for i in range(len(names)) if i not in targets]
        for i in inputs:
            if not names[i]:
                advice = "give it one, or name the columns to read in data.inputs"
                told.at(line, None, f"column {i + 1} has no name: {advice}")
    for k, i in enumerate(inputs):
        if i is not None and i in targets:
            faults.add(("data", "inputs", k), f"must be no target; got {shown(names[i])}")
    if None in inputs or None in targets or set(inputs) & set(targets) or told.wrong:
        return None
    if not inputs:
        told.add(f"has no column beside {listed([shown(names[i]) for i in targets])} for inputs")
        return None
    return inputs, targets


def _is_fraction(name: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[0-9]*[.,][0-9]+([eE][-+]?[0-9]+)?", name))


def _by_name(wanted: Sequence[Any], key: str, names: list[str], file: str, faults: Faults) -> Any:
    """The columns of those names; None in place of one that does not exist."""
    found: list[int | None] = []
    for k, name in enumerate(wanted):
        path: Path = ("data", key)
        if isinstance(faults.document.get("data", {}).get(key), list):
            path = (*path, k)
        if name in wanted[:k]:
            faults.add(path, f"must be another column each time; got {shown(name)} again")
            found.append(None)
        elif name is not None and printable(name) in names:
            found.append(names.index(printable(name)))
        else:
            if name is not None:
                known = [n for n in names if n]
                faults.must(path, f"a column of {file}, which has {listed(known)}", name, known)
            found.append(None)
    return found


# Rows ----------------------------------------------------------------------------------------


@dataclass
class _Rows:
    """The examples as they are read, one row after the other."""

    names: list[str]
    """Of all columns; those of the examples are picked out of them by `inputs` and `targets`."""
    inputs: list[int]
    targets: list[int]
    decimal_comma: bool
    lines: array[int] = field(default_factory=lambda: array("q"))
    numbers: array[float] = field(default_factory=lambda: array("d"))
    target_texts: list[list[str]] = field(default_factory=list)
    """The targets as they are written; each text only once in memory."""
    _texts: dict[str, str] = field(default_factory=dict)

    @property
    def target_columns(self) -> tuple[str, ...]:
        return tuple(self.names[i] for i in self.targets)

    def take(self, line: int, cells: list[str], told: CsvFaults) -> None:
        """One row more; what is wrong with it is told."""
        if len(cells) != len(self.names):
            has, names = count(len(cells), "cell"), count(len(self.names), "column")
            told.at(line, None, f"has {has}, but the first line names {names}")
            return
        self.lines.append(line)
        plain = plain_numbers([cells[i] for i in self.inputs])
        self.numbers.extend(plain or [self._number(cells[i], line, i, told) for i in self.inputs])
        texts = [cells[i].strip() for i in self.targets]
        self.target_texts.append([self._texts.setdefault(text, text) for text in texts])

    def _number(self, cell: str, line: int, column: int, told: CsvFaults) -> float:
        number = read_number(cell, self.decimal_comma)
        if number is None:
            said = f"must be a number; got {shown(cell.strip()) if cell.strip() else 'nothing'}"
            if not self.decimal_comma and read_number(cell, decimal_comma=True) is not None:
                said += ": a decimal comma is possible only where columns are separated by ;"
            told.at(line, self.names[column], said)
            return 0.0
        if not isfinite(number):
            said = f"must be a finite number; got {shown(cell.strip())}"
            told.at(line, self.names[column], said)
        return number

    def target_numbers(self, told: CsvFaults) -> Array | None:
        """The targets as numbers; None where they are the names of classes.

        One column is of classes when most of what it says is no number; several are numbers.
        """
        if len(self.targets) == 1 and self._is_text():
            for line, (text,) in zip(self.lines, self.target_texts, strict=True):
                if not text:
                    told.at(line, self.names[self.targets[0]], "must name a class; got nothing")
            return None
        found = [
            self._number(text, line, i, told)
            for line, texts in zip(self.lines, self.target_texts, strict=True)
            for i, text in zip(self.targets, texts, strict=True)
        ]
        return np.reshape(found, (len(self.lines), len(self.targets)))  # (N, targets)

    def _is_text(self) -> bool:
        said = Counter(text for (text,) in self.target_texts if text)
        numbers = sum(n for text, n in said.items() if read_number(text, True) is not None)
        return 2 * numbers < said.total()


def plain_numbers(cells: list[str]) -> list[float] | None:
    """A row at once, as fast as it goes; None where one of its cells needs a closer look."""
    try:
        numbers = list(map(float, cells))
    except ValueError:
        return None
    return numbers if isfinite(sum(numbers)) and "_" not in "".join(cells) else None


def read_number(cell: str, decimal_comma: bool = False) -> float | None:
    """The number that a cell holds; not what only Python would take for one."""
    if decimal_comma and cell.count(",") == 1 and "." not in cell:
        cell = cell.replace(",", ".")
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


# Targets -------------------------------------------------------------------------------------


def _targets(
    rows: _Rows, numbers: Array | None, outputs: int | None, faults: Faults
) -> tuple[Array | None, tuple[str, ...], tuple[str, ...] | None]:
    """The targets for so many outputs, the outputs' names, and the classes if they are some."""
    columns = rows.target_columns
    if outputs is None:  # the layers are wrong already
        return None, (), None
    if numbers is None:
        texts = [text for (text,) in rows.target_texts]
        classes = sorted(set(texts))
    elif numbers.shape[1] == outputs:
        return numbers, columns, None
    elif numbers.shape[1] == 1 and (numbers == np.floor(numbers)).all():
        texts = [f"{number:.0f}" for number in (numbers[:, 0] + 0.0).tolist()]  # + 0.0: no −0
        classes = sorted(set(texts), key=float)
    else:
        faults.add(("data", "target"), _numbers_misfit(columns, outputs, faults))
        return None, (), None
    shown_classes = tuple(map(printable, classes))
    if len(classes) == 1 and numbers is None:
        faults.add(
            ("data", "target"),
            f"must have two or more classes; {shown(columns[0])} says "
            f"{shown(classes[0])} on every line",
        )
    elif len(classes) == outputs:
        index = {name: k for k, name in enumerate(classes)}
        Y = np.zeros((len(texts), outputs))  # (N, K)
        Y[np.arange(len(texts)), [index[text] for text in texts]] = 1.0
        return Y, shown_classes, shown_classes
    elif numbers is None and len(classes) == 2 and outputs == 1:
        return np.array([[float(text == classes[1])] for text in texts]), columns, shown_classes
    else:
        faults.add(
            ("data", "target"), _classes_misfit(columns[0], shown_classes, outputs, numbers, faults)
        )
    return None, (), None


def _numbers_misfit(columns: tuple[str, ...], outputs: int, faults: Faults) -> str:
    layers = faults.name(("network", "layers"))
    return (
        f"gives {count(len(columns), 'target')}, {listed(columns)}, "
        f"but {layers} gives {count(outputs, 'output')}"
    )


def _classes_misfit(
    column: str, classes: tuple[str, ...], outputs: int, numbers: Array | None, faults: Faults
) -> str:
    layers = faults.name(("network", "layers"))
    has = "outputs" if outputs > 1 else "output"
    if numbers is None:
        need = f"{len(classes)} outputs" + (" or 1" if len(classes) == 2 else "")
        kind = f"{len(classes)} classes"
    else:
        need = f"1 output for the number, or {len(classes)} for the classes"
        kind = f"{len(classes)} different whole numbers"
    return (
        f"has {kind} in {shown(column)}, {listed(classes)}, "
        f"but {layers} gives {outputs} {has}: it must give {need}"
    )
