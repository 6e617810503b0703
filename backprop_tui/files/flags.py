"""The overrides of the command line: which key of a file each replaces, and how it is read.

What becomes of the rest of the file is told in `overrides`; what a value must be, the rules tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def _number(part: str) -> int | float | str:
    """A number if it reads as one; else the text as it is, for the rules to refuse."""
    for kind in (int, float):
        try:
            return kind(part)
        except ValueError:
            continue
    return part.strip()


def _numbers(text: str) -> list[Any]:
    return [_number(part) for part in text.split(",")]


def _words(text: str) -> list[Any]:
    return [part.strip() for part in text.split(",")]


def _rows(text: str) -> list[Any]:
    return [_numbers(row) for row in text.split(";")]


@dataclass(frozen=True)
class Flag:
    """An override of the command line: the key that it replaces, and how its text is read."""

    path: tuple[str, ...]
    parse: Callable[[str], Any]


FLAGS: dict[str, Flag] = {
    "layers": Flag(("network", "layers"), _numbers),
    "activations": Flag(("network", "activations"), _words),
    "loss": Flag(("network", "loss"), str.strip),
    "x": Flag(("data", "X"), _rows),  # semicolons between examples
    "y": Flag(("data", "Y"), _rows),
    "learning_rate": Flag(("training", "learning_rate"), _number),
    "seed": Flag(("initial", "seed"), _number),
    "round": Flag(("initial", "round"), _number),
    "mistake": Flag(("mistake",), str.strip),
}


def flag_name(flag: str) -> str:
    """`--learning-rate` for learning_rate."""
    return "--" + flag.replace("_", "-")
