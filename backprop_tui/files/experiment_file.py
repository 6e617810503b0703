"""Reading an experiment: a bundled lesson or a TOML file, with what the command line changes.

A wrong file is refused with all of its faults at once. What each key must be, the fields of the
records say (`sections` gathers them), what takes several keys to tell, the three lists of checks;
`overrides` puts the command line into the raw document first, so that the same holds for both.
"""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import PurePath
from typing import Any

from backprop_tui import lessons
from backprop_tui.files import lazy
from backprop_tui.files.checks import CHECKS
from backprop_tui.files.draft import Draft
from backprop_tui.files.overrides import overridden
from backprop_tui.files.reading import UnreadableError, whole_bytes
from backprop_tui.files.schema import Faults, Path, read, record
from backprop_tui.files.sections import (
    FLAGS,
    KEPT_APART,
    OF_NETWORK,
    WRITTEN,
    flag_name,
    homes,
    section_of,
)
from backprop_tui.files.spoken_checks import KEPT_CHECKS, SPOKEN_CHECKS
from backprop_tui.messages import hint, listed, path_shown, printable, shown
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Saved, Written
from backprop_tui.run.edits import still_published

LESSONS = str(PurePath(lessons.__file__).parent)
LARGEST_FILE = 100_000_000  # bytes: a saved network of millions of weights is one


class ExperimentError(Exception):
    """An experiment is refused: `faults` has a line for each thing that is wrong, in file order."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def load(source: str | os.PathLike[str], overrides: Mapping[str, Any] | None = None) -> Experiment:
    """The experiment that a lesson's name or a file's path stands for, or an ExperimentError.

    `overrides` has the flags that were given, by their names in FLAGS; a text is parsed as the
    command line writes it ("1,0,1;0,1,1"), None is a flag that was not given.
    """
    source = os.fsdecode(source)
    if unknown := [flag for flag in overrides or () if flag not in FLAGS]:
        raise ExperimentError(
            *(f"there is no override {shown(flag)}{hint(flag, FLAGS)}" for flag in unknown)
        )
    if is_file(source):
        text, path = text_of_file(source), PurePath(source)
        folder, again = str(path.parent), as_argument(source)
        read = read_experiment(text, printable(path.stem), source, overrides, folder)
        return replace(read, source=again, written=_written_at(read, source))
    if source not in lessons.NAMES:
        raise ExperimentError(_no_such_lesson(source))
    if overrides:
        return read_experiment(lessons.text(source), source, source, overrides, LESSONS)
    return _lesson(source)


@cache
def _lesson(name: str) -> Experiment:
    """A lesson as it stands: no file changes while the program runs."""
    return read_experiment(lessons.text(name), name, name, None, LESSONS)


def _written_at(experiment: Experiment, path: str) -> Written | None:
    return experiment.written and replace(experiment.written, path=path)


def read_again(experiment: Experiment, kept: Mapping[str, Any] | None = None) -> Experiment:
    """The experiment that its file says by now, changed as before; or all of the file's faults."""
    written, name = experiment.written, experiment.name
    if written is None or written.path is None:
        raise ValueError("an experiment that was not read from a file cannot be read again")
    text = text_of_file(written.path)
    read = read_kept(text, name, written.path, written.overrides, written.folder, kept)
    return replace(read, source=experiment.source, written=_written_at(read, written.path))


def as_argument(path: str) -> str:
    """A file's path as it is typed in a command: quoted where needed, and never like a flag."""
    plain = is_file(path) and not path.startswith("-")
    return shlex.quote(path if plain else os.path.join(".", path))


def is_file(source: str) -> bool:
    """A path separator or the ending .toml makes it a file; anything else is a lesson's name."""
    separators = [s for s in ("/", os.sep, os.altsep) if s]
    return source.endswith(".toml") or any(s in source for s in separators)


def _no_such_lesson(name: str) -> str:
    meant = hint(name, lessons.NAMES) or file_meant(name)
    return f"there is no lesson {shown(name)}; there are {listed(lessons.NAMES)}{meant}"


def file_meant(name: str) -> str:
    """How to open the file of that name, where a lesson was looked for and a file is there."""
    if os.path.isdir(name):
        return ". A folder has that name, not a file"
    if os.path.lexists(name):
        return f'. To open the file of that name, write "./{path_shown(name)}"'
    return ""


def text_of_file(path: str, what: str = "an experiment file") -> str:
    """The text of a file that is `what`, or an ExperimentError that says why it cannot be read."""
    name = path_shown(path)
    try:
        raw = whole_bytes(path, LARGEST_FILE, what)
    except UnreadableError as error:
        raise ExperimentError(str(error)) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_number = raw.count(b"\n", 0, error.start) + 1
        raise ExperimentError(f"{name} is not UTF-8 text (line {line_number})") from None


def read_experiment(
    text: str,
    name: str,
    source: str,
    overrides: Mapping[str, Any] | None = None,
    folder: str = "",
) -> Experiment:
    """The experiment that the text of a file describes, or an ExperimentError with all faults.

    A CSV file that it names is looked for from `folder` on.
    """
    given = {flag: value for flag, value in (overrides or {}).items() if value is not None}
    return read_kept(text, name, source, given, folder)


def read_kept(
    text: str,
    name: str,
    source: str,
    given: Mapping[str, Any],
    folder: str | None,
    kept: Mapping[str, Any] | None = None,
) -> Experiment:
    """The experiment of a text, changed as it was before, with what was kept of a run elsewhere.

    `kept` (see the module of that name) stands in place of what the text keeps. A mistake of None
    takes one out of the text. Without a folder no CSV file is read.
    """
    document = parsed(text, source)
    if unfit := list(_unfit_flags(document, given, path_shown(source))):
        raise ExperimentError(*unfit)
    document = overridden(document, given)
    if kept is not None:
        document = {key: v for key, v in document.items() if key not in KEPT_APART} | dict(kept)
    origins: dict[Path, str] = {FLAGS[flag].path: flag_name(flag) for flag in given}
    faults = Faults(document, origins, homes())
    draft = Draft(read(section_of(document), document, (), faults) or {}, faults)
    _take_csv(draft, folder)
    for check in (*CHECKS, *SPOKEN_CHECKS, *KEPT_CHECKS):
        check(draft)
    if faults.found:
        raise ExperimentError(*faults.in_file_order())
    written = Written(text, dict(given), folder or "")
    return _experiment(draft, name=name, source=source, written=written)


def _unfit_flags(document: Mapping[str, Any], given: Iterable[str], source: str) -> Iterator[str]:
    """A sentence for each flag of a dense network that has no place in one of formulas."""
    if section_of(document) is not WRITTEN:
        return
    data = document.get("data")
    for flag in given:
        table, key = FLAGS[flag].path[0], FLAGS[flag].path[-1]
        if table == "network":
            said = f"is for dense networks; that of {source} is written as formulas"
            yield f"{flag_name(flag)} {said}"
        elif table == "data" and isinstance(data, dict) and key not in data:
            yield f"{flag_name(flag)} gives {key}, but {source} has no {key}"


def document_of(written: Written) -> dict[str, Any]:
    """What was written, as TOML has it, with the overrides put in."""
    return overridden(tomllib.loads(written.text), written.overrides)


def _take_csv(draft: Draft, folder: str | None) -> None:
    """X and Y in place of the CSV file that holds them; its places are named in faults."""
    data = draft.values.get("data") or {}
    raw = draft.faults.document.get("data") or {}
    if draft.is_written or data.get("csv") is None or raw.keys() & {"X", "Y"}:
        return
    if folder is None:
        draft.faults.add(("data", "csv"), "names a file, but no file can be read from here")
        return
    outputs = draft.layers[-1] if draft.layers else None
    found = lazy.read_csv(data, folder, outputs, draft.faults)
    if found is not None:
        data |= {"X": found.X, "Y": found.Y, "from_csv": found}
        draft.faults.elsewhere = found.place_of


NESTED = re.compile(r"""(?<![\w."'-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){100}""")
"""A key of more parts than any file has: `tomllib` takes minutes for one of 50,000."""


def parsed(text: str, source: str) -> dict[str, Any]:
    """The document that a text is, or an ExperimentError that says why it is no TOML."""
    try:
        if NESTED.search(text):
            raise RecursionError
        return tomllib.loads(text)
    except RecursionError:
        reason = "lists or tables are nested too deeply"
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
    except ValueError:  # Python's own words are for programmers
        reason = "a whole number has thousands of digits"
    raise ExperimentError(f"{path_shown(source)} is not valid TOML: {printable(reason)}")


def _experiment(draft: Draft, name: str, **more: Any) -> Experiment:
    """The experiment of a draft without faults; `more` are fields that no file has."""
    usual: dict[str, Any] = {"training": {}, "data": {}, "initial": {}, "view": {}}
    values = {"title": name, "about": "", **usual, **draft.values}
    formulas, keyframe = values.pop("formulas", {}), values.pop("keyframe", None)
    given = values.pop("given", {})
    decimals, view = values["view"].get("decimals"), values["view"]
    values["view"] = {key: value for key, value in view.items() if key != "decimals"}
    values["training"] = {**values["training"], "batch": draft.batch}
    if draft.csv is not None:
        values["data"] = {"X": draft.csv.X, "Y": draft.csv.Y}
    kinds = section_of(draft.faults.document)
    if draft.written is not None:
        values = {key: value for key, value in values.items() if key not in OF_NETWORK}
        more["network"] = draft.written
    found: Experiment = record(kinds, values, name=name, own_decimals=decimals, **more)
    saved = found.saved
    if keyframe is not None:
        saved = replace(saved or Saved(1), keyframe=record(kinds.keys["keyframe"].kind, keyframe))
    data = replace(found.data, **(draft.csv.told if draft.csv else {}))
    found = replace(found, data=data.along(draft.faults.axis))
    return replace(
        found.with_given(given) if given else found,
        formulas=lazy.trees(found.network, found.training, formulas) if formulas else {},
        published=still_published(found.published, found.edits),
        saved=saved,
    )
