"""The sections and keys of an experiment file, and the flags that override keys.

All of them are the fields of the records in `model`, but for three at the top: `mistake`, whose
names the catalogue has, `keyframe`, which is a part of what was saved, and `given`, part of the
data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from backprop_tui.files.schema import as_table
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.messages import shown
from backprop_tui.model.experiment import ANY_DATA, VIEW, CsvSource, Experiment
from backprop_tui.model.keys import (
    LINE,
    Key,
    ListOf,
    Others,
    Rows,
    Section,
    Value,
    all_read_only,
    keys_of,
    name_among,
    section,
    whole_number,
)
from backprop_tui.model.layers import SYMBOL, gradient, symbol_of
from backprop_tui.model.saved import Keyframe

ANY_NAME = re.compile(r"(?s).*")
ENDS = {"from": "first", "to": "last"}


def _named(what: str, kind: Callable[[str], Any], about: str) -> Section:
    """A section whose keys are names of the file's own."""
    return Section(what, {}, others=Key(Others(ANY_NAME, kind), about, fields=("by_name",)))


KEYFRAME = section("[keyframe]", Keyframe)
LIKE_GIVEN = symbol_of("activation", 1), gradient(symbol_of("affine", 2))
"""Names that stand for all that can be given where keys are listed."""
GIVEN = Section(
    "[given]",
    {},
    others=Key(Others(ANY_NAME, lambda name: Rows(), LIKE_GIVEN), "given, not computed; as shown"),
)
AT_THE_TOP = {
    "mistake": Key(name_among(CATALOGUE), "made on purpose", flag=True, make=CATALOGUE.get),
    "keyframe": Key(KEYFRAME),
    "given": Key(GIVEN),
}
EXPERIMENT = section("an experiment", Experiment, AT_THE_TOP, required=("network",))
SIZE = ListOf(whole_number(1), "rows and columns", 2, 2)
T = Section(
    "[repeat] t",
    {name: Key(whole_number(0), f"the {which} t") for name, which in ENDS.items()},
    tuple(ENDS),
)
ANY_INITIAL = replace(
    EXPERIMENT.keys["initial"].kind,
    others=Key(Others(SYMBOL, lambda name: Rows(True)), "", make=all_read_only, fields=("given",)),
)
ANY_KEYFRAME = replace(
    KEYFRAME,
    others=Key(Others(SYMBOL, lambda name: Rows(True, True)), make=all_read_only, fields=("kept",)),
)
OF_WRITTEN = {
    "parameters": Key(_named("[parameters]", lambda name: SIZE, "rows and columns")),
    "forward": Key(_named("[forward]", lambda name: LINE, "its formula")),
    "functions": Key(_named("[functions]", lambda name: LINE, "its formula in z")),
    "repeat": Key(Section("[repeat]", {"t": Key(T)})),
    "data": Key(ANY_DATA),
    "initial": Key(ANY_INITIAL),
    "keyframe": Key(ANY_KEYFRAME),
}
"""The sections that a file with forward formulas has in place of [network], or of other keys."""
WRITTEN = replace(
    EXPERIMENT,
    keys=dict(EXPERIMENT.keys) | OF_WRITTEN,
    required=("forward", "parameters"),
)
"""An experiment whose network is written as forward formulas."""
OF_NETWORK = ("parameters", "forward", "functions", "repeat")
"""The sections that describe such a network."""


def section_of(document: Mapping[str, Any]) -> Section:
    """What a document may hold: that of a dense network, or of one written as formulas."""
    is_written = "network" not in document and not document.keys().isdisjoint(OF_NETWORK)
    return WRITTEN if is_written or "forward" in document else EXPERIMENT


PLACES = tuple(name for name, found in VIEW.keys.items() if found.of_run)
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
    return as_table(VIEW, fields, present)


# Flags ---------------------------------------------------------------------------------------


class Override(NamedTuple):
    """A key that a flag of the command line overrides: where it stands, and what it must be."""

    path: tuple[str, ...]
    kind: Value | ListOf | Rows


def overrides_of(inner: Section, path: tuple[str, ...] = ()) -> dict[str, Override]:
    """The flags that override keys of a section, by their names with underscores."""
    found = {}
    for name, said in inner.keys.items():
        if said.flag:
            found[name.lower()] = Override((*path, name), said.kind)
        if isinstance(said.kind, Section):
            found |= overrides_of(said.kind, (*path, name))
    return found


FLAGS = overrides_of(EXPERIMENT)


def flag_name(flag: str) -> str:
    """`--learning-rate` for learning_rate."""
    return "--" + flag.replace("_", "-")


# The list of all keys ------------------------------------------------------------------------


def described(inner: Section = EXPERIMENT, before: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Each key in words: its path, what it must be, what it is when left out, what it is for."""
    further = {_like(inner.others): inner.others} if inner.others else {}
    for name, found in {**inner.keys, **further}.items():
        kind, path = found.kind, f"{before}{name}"
        match kind:
            case Section():
                yield from described(kind, f"{path}.")
            case ListOf(kind=Section() as one):
                yield from described(one, f"{path}[].")
            case _:
                of = kind.kind(name) if isinstance(kind, Others) else kind
                usual = "" if found.default in (None, (), "") else shown(found.default)
                yield path, of.must, usual, found.about


def _like(others: Key) -> str:
    """A name that stands for all further keys."""
    return next(iter(others.kind.like), "…")
