"""The [[published]] of an experiment file: figures as a source prints them, and what they are of.

Its rules read strings, digit for digit; whether a figure is of something that the network computes
is told by the shapes of its symbols. Nothing here compares: that is `published`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeAlias

from backprop_tui.files.schema import (
    Faults,
    ListOf,
    Path,
    Table,
    Value,
    is_number,
    line,
    prose,
    whole,
)
from backprop_tui.maths.expressions import SCALARS, Cell, Compare, Expr, cells, names
from backprop_tui.maths.shapes import Shape, ShapeMismatch, shape, written
from backprop_tui.maths.writing import text
from backprop_tui.messages import count, hint, listed, printable, shown
from backprop_tui.model.experiment import Figure, KnownWrong, Published

Rows: TypeAlias = tuple[tuple[str, ...], ...]

NUMBER = re.compile(r"[-+−]?(\d+\.?\d*|\.\d+)([eE][-+−]?\d{1,3})?", re.ASCII)
LONGEST_NUMBER = 60  # characters
NOT_PRINTED = ("", "…", "...", "·")


# What stands in the file ---------------------------------------------------------------------


@dataclass(frozen=True)
class Printed:
    """One number as it is printed, a string: a bare number would not tell 0.50 from 0.5."""

    must = 'a number in quotes, as it is printed, like "0.50"'

    def read(self, value: Any, path: Path, faults: Faults) -> str | None:
        if (fault := self.fault(value)) is not None:
            faults.add(path, fault)
            return None
        return str(value).strip()

    def fault(self, value: Any) -> str | None:
        """What is wrong with a number as it stands in the file."""
        if is_number(value):
            return (
                "must be in quotes, digit for digit as it is printed: a bare number does not tell "
                f'"0.50" from "0.5"; got {shown(value)}'
            )
        fits = isinstance(value, str) and _is_printed(value.strip())
        return None if fits else f"must be {self.must}; got {shown(value)}"


def _is_printed(digits: str) -> bool:
    fits = len(digits) <= LONGEST_NUMBER and NUMBER.fullmatch(digits)
    return bool(fits) and isfinite(float(digits.replace("−", "-")))


@dataclass(frozen=True)
class Figures:
    """A number as printed, or rows of them; a plain list is one number a row, as for a bias."""

    must = f'{Printed.must}, or rows of them, like [["0.50", "1.2"], ["…", "3"]]'

    def read(self, value: Any, path: Path, faults: Faults) -> Rows | None:
        if not isinstance(value, list):
            number = Printed().read(value, path, faults)
            return None if number is None else ((number,),)
        if not value or [] in value or len({type(row) is list for row in value}) > 1:
            faults.must(path, self.must, value)
            return None
        flat = not isinstance(value[0], list)
        rows = [[number] for number in value] if flat else value
        if wrong := list(self._faults(rows, flat)):
            faults.add_some(path, wrong)
            return None
        return tuple(tuple("" if n in NOT_PRINTED else n.strip() for n in row) for row in rows)

    def _faults(self, rows: Sequence[Sequence[Any]], flat: bool) -> Iterator[tuple[Path, str]]:
        numbers = [(i, j, number) for i, row in enumerate(rows) for j, number in enumerate(row)]
        for i, j, number in numbers:
            if number not in NOT_PRINTED and (fault := Printed().fault(number)) is not None:
                yield ((i,) if flat else (i, j)), fault
        if len({len(row) for row in rows}) > 1:
            lengths = listed([str(len(row)) for row in rows])
            yield (), f"must have rows of one length; got {lengths}"
        if all(number in NOT_PRINTED for _, _, number in numbers):
            yield (), "must have one number at least: it prints none"


KNOWN_WRONG = Table(
    "a known wrong figure",
    {"of": line(), "printed": Printed(), "why": prose(), "correct": Printed()},
    required=("of", "printed", "why"),
)
PUBLISHED = Table(
    "[[published]]",
    {
        "source": line(),
        "iteration": whole(1),
        "within": Value("a finite number greater than 0", lambda v: is_number(v) and v > 0, float),
        "known_wrong": ListOf(KNOWN_WRONG, "tables with of, printed, why"),
    },
    required=("source",),
    pattern=re.compile(r"(?s).*\S.*"),
    others=lambda key: Figures(),
)


# What it is of -------------------------------------------------------------------------------


def figures_fit(
    entries: Sequence[Mapping[str, Any] | None],
    shapes_in: Callable[[int], Mapping[str, Shape]],
    faults: Faults,
) -> None:
    """Every figure is of a number that its iteration has, and has its shape."""
    for i, entry in enumerate(entries):
        if entry is None or (entry.get("iteration", 1)) is None:
            continue
        shapes = shapes_in(entry.get("iteration", 1))
        for key, rows in _figures(entry):
            path: Path = ("published", i, key)
            found = _shape_of(key, shapes, path, faults, tuple(PUBLISHED.keys))
            if rows is not None and found is not None:
                _has_shape(key, rows, found, path, faults)
        for j, wrong in enumerate(entry.get("known_wrong") or ()):
            if wrong is not None and (of := wrong.get("of")) is not None:
                path = ("published", i, "known_wrong", j, "of")
                found = _shape_of(of, shapes, path, faults)
                if found not in (None, (), (1, 1)):
                    faults.add(
                        path, f"must be one number, but {printable(of)} is {written(found or ())}"
                    )


def _figures(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in entry.items() if key not in PUBLISHED.keys)


def _has_shape(key: str, rows: Rows, wanted: Shape, path: Path, faults: Faults) -> None:
    got = (len(rows), len(rows[0]))
    if got != (wanted or (1, 1)):
        from backprop_tui.maths.parser import parse

        is_one = "is one number" if wanted in ((), (1, 1)) else f"is {written(wanted)}"
        faults.add(path, f"has figures of shape {written(got)}, but {text(parse(key))} {is_one}")


def _shape_of(
    source: str,
    shapes: Mapping[str, Shape],
    path: Path,
    faults: Faults,
    keys: tuple[str, ...] = (),
) -> Shape | None:
    """The shape of what a text stands for; None, and a fault, where it stands for nothing.

    `keys` are what else may have been meant by it.
    """
    from backprop_tui.maths.parser import GrammarError, parse  # most files publish nothing

    meant = hint(source, keys)
    try:
        e = parse(source)
        if (wrong := _stands_for_nothing(e, shapes, meant)) is not None:
            faults.add(path, wrong)
            return None
        return shape(e, shapes)
    except GrammarError as error:
        why = printable(str(error))
        faults.add(path, f"must be a symbol, a cell or an expression, but: {why}{meant}")
    except ShapeMismatch as error:
        faults.add(path, f"has no value: {error}")
    return None


def _stands_for_nothing(e: Expr, shapes: Mapping[str, Shape], meant: str) -> str | None:
    """Why an expression is no number of this network, if it is none."""
    if isinstance(e, Compare):
        return "must be a number or a matrix, not a comparison"
    if not names(e):
        return f"must read a symbol of this network, {listed(tuple(shapes))}{meant}"
    for symbol in names(e):
        if symbol not in shapes and symbol not in SCALARS:
            return _unknown(symbol, shapes, meant)
    return next((wrong for cell in cells(e) if (wrong := outside(cell, shapes))), None)


def _unknown(symbol: str, shapes: Mapping[str, Shape], meant: str) -> str:
    if symbol == "J":
        return "is not there: a batch of one example has no J, only L"
    meant = meant or hint(symbol, shapes)
    return f"must be of this network, which has {listed(tuple(shapes))}; got {shown(symbol)}{meant}"


def outside(cell: Cell, shapes: Mapping[str, Shape]) -> str | None:
    """How a cell lies outside its matrix, if it does; the sentence goes on from its path."""
    if cell.symbol in SCALARS:
        return f"must not ask for a cell of {cell.symbol}, a single number"
    rows, columns = shapes[cell.symbol]
    if cell.row <= rows and cell.column <= columns:
        return None
    has = f"{count(rows, 'row')} and {count(columns, 'column')}"
    return f"asks for {text(cell)}, but {cell.symbol} has {has}"


# The records ---------------------------------------------------------------------------------


def records(entries: Sequence[Mapping[str, Any]]) -> tuple[Published, ...]:
    """The records of entries without faults."""
    if not entries:
        return ()
    from backprop_tui.maths.parser import parse

    return tuple(
        Published(
            source=entry["source"],
            iteration=entry.get("iteration", 1),
            within=entry.get("within"),
            figures=tuple(Figure(parse(key), rows) for key, rows in _figures(entry)),
            known_wrong=tuple(
                KnownWrong(**{**wrong, "of": parse(wrong["of"])})
                for wrong in entry.get("known_wrong", ())
            ),
        )
        for entry in entries
    )
