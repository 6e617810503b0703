"""A CSV file as text: its delimiter, its rows, and how a fault names a place in it.

What the columns mean is told in `csv_data`.
"""

from __future__ import annotations

import csv
import io
import os
from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import Any

from backprop_tui.files.reading import first_bytes
from backprop_tui.files.schema import MOST_FAULTS_IN_A_MATRIX, Faults, Path
from backprop_tui.messages import count, path_shown, shown

LARGEST_CSV = 50_000_000  # bytes
DELIMITERS = ("\t", ";", ",")
"""What may stand between cells. Of two that explain a file equally well, the rarer one in text."""
SAMPLE = 20
"""Rows that are looked at to tell the delimiter."""
CSV: Path = ("data", "csv")


def where(name: str, line: int, column: str | None = None) -> str:
    """How a fault names a place in the file."""
    return f"{name}, line {line}" + (f", column {shown(column)}:" if column else ":")


@dataclass
class CsvFaults:
    """What is wrong with a CSV file: the first faults by their lines, and how many there are."""

    name: str
    faults: Faults
    wrong: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)

    def at(self, line: int, column: str | None, sentence: str) -> None:
        self._add(line, f"{where(self.name, line, column)} {sentence}")

    def add(self, sentence: str) -> None:
        self._add(0, f"{self.name} {sentence}")

    def _add(self, line: int, sentence: str) -> None:
        self.wrong += 1
        insort(self.first, (line, sentence), key=itemgetter(0))
        del self.first[MOST_FAULTS_IN_A_MATRIX:]

    def report(self) -> bool:
        """Whether anything is wrong; what is not told one by one is counted."""
        for _, sentence in self.first:
            self.faults.say(CSV, sentence)
        if more := self.wrong - len(self.first):
            self.faults.say(CSV, f"{self.name} has {count(more, 'more fault')} like these")
        return self.wrong > 0


def text_of_csv(folder: str, path: str, faults: Faults) -> str | None:
    """The text of the file that `path` means, seen from `folder`; None where that is a fault."""
    name, place = path_shown(path), os.path.join(folder, path)
    try:
        raw = first_bytes(place, LARGEST_CSV + 1)
        if len(raw) <= LARGEST_CSV:
            return raw.decode("utf-8-sig")
        fault = (
            f"names {name}, which is larger than {LARGEST_CSV // 10**6} MB, the most that is "
            "read: a part of its lines will teach the same"
        )
    except FileNotFoundError:
        fault = f"must name a CSV file; there is no {path_shown(place)}"
    except IsADirectoryError:
        fault = f"must name a CSV file; {name} is a folder"
    except OSError as error:
        fault = f"names {name}, which cannot be read: {error.strerror or error}"
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        fault = f"names {name}, which is not UTF-8 text (line {line})"
    faults.add(CSV, fault)
    return None


def delimiter_of(text: str) -> str:
    """What stands between cells: what gives more than one column, in as many rows as can be."""

    def explains(delimiter: str) -> tuple[bool, int, int]:
        try:
            rows = [row for row in islice(_reader(text, delimiter), SAMPLE) if any(row)]
        except csv.Error:
            return False, 0, 0
        columns = len(rows[0]) if rows else 0
        return columns > 1, sum(len(row) == columns for row in rows), columns

    best = max(DELIMITERS, key=explains)
    return best if explains(best)[0] else ","


def _reader(text: str, delimiter: str) -> Any:
    lines = io.StringIO(text, newline="")
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)


def records(text: str, delimiter: str, told: CsvFaults) -> Iterator[tuple[int, list[str]]]:
    """The rows that say anything, each with the line on which it begins."""
    reader, line = _reader(text, delimiter), 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        what = "a quotation mark is not closed" if "end of data" in str(error) else str(error)
        told.at(line, None, f"cannot be read as CSV: {what}")
