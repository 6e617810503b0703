"""The sections and keys of an experiment file, and the flags that override keys.

All of them are the fields of the records in `model`, but for two at the top: `mistake`, whose names
the catalogue has, and `keyframe`, which is a part of what was saved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from backprop_tui.files.schema import document
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.messages import listed
from backprop_tui.model.experiment import CsvSource, Experiment
from backprop_tui.model.keys import (
    Either,
    Key,
    ListOf,
    Others,
    Rows,
    Section,
    Value,
    keys_of,
    name_among,
    section,
)
from backprop_tui.model.saved import Keyframe

AT_THE_TOP = {
    "mistake": Key(
        name_among(CATALOGUE),
        "made on purpose, everywhere it fits",
        flag=True,
        make=CATALOGUE.get,
    ),
    "keyframe": Key(
        section("[keyframe]", Keyframe), "what an iteration of a saved run begins with"
    ),
}
EXPERIMENT = section("an experiment", Experiment, AT_THE_TOP, required=("network", "data"))
NETWORK: Section = EXPERIMENT.keys["network"].kind
DATA: Section = EXPERIMENT.keys["data"].kind
EDIT: Section = EXPERIMENT.keys["edits"].kind.kind
PUBLISHED: Section = EXPERIMENT.keys["published"].kind.kind
KEYFRAME: Section = EXPERIMENT.keys["keyframe"].kind
VIEW: Section = EXPERIMENT.keys["view"].kind
PLACES = tuple(name for name, found in VIEW.keys.items() if found.run)
"""What of [view] is about the numbers of one run: another one has others."""
OF_CSV = tuple(keys_of(CsvSource))
"""What [data] says of a CSV file instead of X and Y."""
SAVED = ("position", "keyframe")
"""What the program adds when it saves."""
KEPT_APART = (*SAVED, "edits", "formulas", "view")
"""What is about a run, not about its experiment."""
SPOKEN = ("notes", "questions")
"""The lists whose entries stand at steps."""


def homes() -> dict[str, str]:
    """Where each key belongs, for one that stands in the wrong place."""
    found = dict.fromkeys(EXPERIMENT.keys, "at the top, before the first [table]")
    for name, inner in EXPERIMENT.keys.items():
        if isinstance(inner.kind, Section) and name not in SAVED:
            found |= dict.fromkeys(inner.kind.names, f"in {inner.kind.what}")
    return found


def view_of(experiment: Experiment, present: Collection[str] = ()) -> dict[str, Any]:
    """The [view] of an experiment as a document has it: what differs from a plain look, and what
    is `present` already."""
    fields = {**vars(experiment.look), "decimals": experiment.decimals}
    return document(VIEW, fields, present)


# Flags ---------------------------------------------------------------------------------------


class Override(NamedTuple):
    """A key that a flag of the command line overrides: where it stands, and what it must be."""

    path: tuple[str, ...]
    kind: Value | ListOf | Rows


def _overrides(inner: Section, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Override]]:
    for name, found in inner.keys.items():
        if found.flag:
            yield name.lower(), Override((*path, name), found.kind)
        if isinstance(found.kind, Section):
            yield from _overrides(found.kind, (*path, name))


FLAGS: dict[str, Override] = dict(_overrides(EXPERIMENT))
"""The flags that override keys, by their names with underscores: learning_rate."""


def flag_name(flag: str) -> str:
    """`--learning-rate` for learning_rate."""
    return "--" + flag.replace("_", "-")


# The list of all keys ------------------------------------------------------------------------


class Described(NamedTuple):
    """A key in words: its path, what it must be, what it is when left out, what it is for."""

    path: str
    must: str
    default: Any
    about: str


def described(inner: Section = EXPERIMENT, before: str = "") -> Iterator[Described]:
    """Every key of the file in words, section by section; those of lists after `[]`."""
    keys = [*inner.keys.items(), *([("", inner.others)] if inner.others else [])]
    for name, found in keys:
        kind, path = found.kind, f"{before}{name}"
        match kind:
            case Section():
                yield from described(kind, f"{path}.")
            case ListOf(kind=Section() as one):
                yield from described(one, f"{path}[].")
            case Others(like=names):
                example = kind.kind(names[0] if names else "")
                yield Described(f"{before}{listed(names) or '…'}", example.must, None, found.about)
            case _:
                must = kind.plain.must if isinstance(kind, Either) else kind.must
                yield Described(path, must, found.default, found.about)
