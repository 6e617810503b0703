"""Saving: an experiment's own text, with where its run stands, so that it opens right there.

What is said of a run is said once, as sections of an experiment file; codes and autosaves hold the
same sections.
"""

from __future__ import annotations

import codecs
import os
import re
import shlex
import tomllib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from backprop_tui.files import lazy
from backprop_tui.files.atomic_write import real, write_file
from backprop_tui.files.experiment_file import LARGEST_FILE, document_of
from backprop_tui.files.reading import first_bytes
from backprop_tui.files.schema import as_table
from backprop_tui.files.sections import KEYFRAME, SAVED, view_of
from backprop_tui.maths.expressions import Expr
from backprop_tui.maths.writing import text as formula_text
from backprop_tui.messages import count
from backprop_tui.model.experiment import EDIT, POSITION, Experiment
from backprop_tui.model.saved import Edit, Keyframe, Look, Written
from backprop_tui.run.timeline import Position, Timeline

BYTE_ORDER_MARK = codecs.BOM_UTF8.decode("utf-8")
DIGITS = 24
"""Characters that a number takes in a file, at most, with what stands around it."""
REPLAYED = 1_000
"""Iterations that opening a file may replay, so that a trail into them can be walked on."""
HEADERS = {
    "position": "[position]  # where it was saved, and where it opens",
    "keyframe": "[keyframe]  # what this iteration begins with; those before it follow from "
    "[initial]",
}
"""Of the sections behind an author's text."""
BEHIND_TEXT = (
    "".join(rf"\r?\n{re.escape(header)}\r?\n[^#\"']*" for header in HEADERS.values()) + r"\Z"
)
"""Those sections as they were written, nothing added: they hold no text and no comment."""
PROGRAM = "backprop-tui"


# What is said of a run -----------------------------------------------------------------------


def run_sections(
    experiment: Experiment,
    position: Position,
    keyframe: Keyframe | None,
    present: Collection[str] = (),
) -> dict[str, Any]:
    """[position], [keyframe], [[edits]], [formulas] and [view] of a run, as a file has them.

    [view] holds what differs from a plain look, and the keys that are `present` in it already.
    """
    sections: dict[str, Any] = {
        "position": as_table(POSITION, vars(position), present=("iteration", "step"))
    }
    if keyframe is not None:
        sections["keyframe"] = as_table(KEYFRAME, vars(keyframe))
    if experiment.edits:
        sections["edits"] = [as_table(EDIT, vars(edit)) for edit in experiment.edits]
    if experiment.formulas:
        sections["formulas"] = {s: formula_text(e) for s, e in experiment.formulas.items()}
    if view := view_of(_without_early_trail(experiment, keyframe), present):
        sections["view"] = view
    return sections


def _without_early_trail(experiment: Experiment, keyframe: Keyframe | None) -> Experiment:
    """The experiment without a trail into iterations before the keyframe: showing it again would
    take a long replay."""
    begun = keyframe.iteration if keyframe else 1
    if all(k >= begun or k == 0 for k, _ in experiment.look.trail):
        return experiment
    return replace(experiment, look=replace(experiment.look, trail=(), term=0))


def keyframe_of(timeline: Timeline, iteration: int) -> Keyframe:
    """What an iteration of the run begins with."""
    given = timeline.iteration(iteration).given
    return Keyframe(iteration, {symbol: given[symbol] for symbol in timeline.program.kept})


# The experiment file -------------------------------------------------------------------------


def save(
    path: str,
    timeline: Timeline,
    position: Position,
    overwrite: bool = False,
    seen: Experiment | None = None,
) -> None:
    """Write the run's experiment as a file that opens at `position`, or raise a SaveError.

    `seen` is the experiment as its reader sees it, with a look and decimals of his own.
    """
    experiment = seen or timeline.experiment
    keyframe = keyframe_of(timeline, _explained_from(experiment.look, position.iteration))
    folder = os.path.dirname(real(path))
    text = text_of(experiment, position, keyframe, folder)
    write_file(path, _byte_order_mark(experiment.written) + text, overwrite)


def _explained_from(look: Look, here: int) -> int:
    """The iteration from which on numbers are explained; `here` where that is too far back."""
    earliest = min((k for k, _ in look.trail if k > 0), default=here)
    return earliest if here - REPLAYED <= earliest <= here else here


def _byte_order_mark(written: Written | None) -> str:
    """The mark that the author's file begins with, which its text is read without; or nothing."""
    if written is not None and written.path is not None:
        with suppress(OSError, ValueError):  # it is no longer there
            if first_bytes(written.path, len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
                return BYTE_ORDER_MARK
    return ""


def text_of(experiment: Experiment, position: Position, keyframe: Keyframe, folder: str) -> str:
    """The experiment as a file in `folder` that opens at `position`.

    The author's text stays as it is, comments included; what the command line changed is put in.
    """
    written = experiment.written
    if written is None:
        raise ValueError("an experiment that was not read from a text cannot be saved")
    before = _without_saved(written.text)
    document = document_of(replace(written, text=before))
    for key in SAVED:
        document.pop(key, None)
    _move_csv(document, written.folder, folder)
    sections = run_sections(experiment, position, keyframe, document.get("view", ()))
    if "view" in sections or "view" in document:
        document["view"] = sections.get("view", {})
    if document.get("edits", []) != sections.get("edits", []):
        _put(document, "edits", sections)
    if "formulas" in sections:
        sections["formulas"] |= _spelled(document.get("formulas", {}), experiment)
    _put(document, "formulas", sections)
    text = "".join([lazy.changed(before, document).rstrip(), "\n", *_saved(sections)])
    if "\n" in before and before.count("\n") == before.count("\r\n"):
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return text


def _without_saved(text: str) -> str:
    """An author's text without what saving put behind it, many numbers that need no editing.

    Where that was written on since, it stays, to be taken out as any other section.
    """
    behind = re.search(BEHIND_TEXT, text)
    if behind is None or tomllib.loads(behind[0]).keys() != set(SAVED):
        return text
    return text[: behind.start()]


def _put(document: dict[str, Any], key: str, sections: Mapping[str, Any]) -> None:
    """Have a section in the document as it is in `sections`, or not at all."""
    document.pop(key, None)
    if key in sections:
        document[key] = sections[key]


def _spelled(formulas: Mapping[str, str], experiment: Experiment) -> dict[str, str]:
    """The formulas that the experiment has as well, as their author wrote them."""
    own = experiment.formulas
    here = {s: f for s, f in formulas.items() if s in own}
    trees = lazy.trees(experiment.network, experiment.training, here)
    return {s: f for s, f in here.items() if trees[s] == own[s]}


def _saved(sections: Mapping[str, Any]) -> Iterator[str]:
    for key, header in HEADERS.items():
        yield f"\n{header}\n"
        yield from (f"{name} = {_numbers(value)}\n" for name, value in sections[key].items())


def _numbers(value: Any) -> str:
    """Numbers with just the digits that read back to the same bits; a matrix has a line for each
    row."""
    if isinstance(value, list) and len(value) > 1 and isinstance(value[0], list):
        return "[\n" + "".join(f"    {row},\n" for row in value) + "]"
    return repr(value)


def _move_csv(document: dict[str, Any], before: str, after: str) -> None:
    """A relative path to a CSV file, seen from the new place."""
    data = document.get("data")
    if not isinstance(data, Mapping) or not isinstance(csv := data.get("csv"), str):
        return
    if os.path.isabs(csv) or real(before) == real(after):
        return
    path = os.path.join(before, csv)
    with suppress(OSError, ValueError):  # nowhere, or on another drive
        path = os.path.relpath(real(path), real(after))
    document["data"] = {**data, "csv": path.replace(os.sep, "/")}


def too_large(timeline: Timeline) -> bool:
    """Whether what is saved of the run may be larger than what is read."""
    written, shapes = timeline.experiment.written, timeline.program.shapes(1)
    numbers = sum(shapes[s][0] * shapes[s][1] for s in timeline.program.kept)
    return numbers * DIGITS + (len(written.text) if written else 0) > LARGEST_FILE


def begins_anew(experiment: Experiment) -> bool:
    """Whether changes to a saved run have made it another run, which begins at the beginning."""
    written = experiment.written
    if written is None or not written.overrides or experiment.saved is not None:
        return False
    return bool(tomllib.loads(written.text).keys() & set(SAVED))


def resume(timeline: Timeline) -> Position:
    """Where a saved run stands; its keyframe is taken over. Elsewhere the start."""
    position = saved_position(timeline)
    last = timeline.iteration(position.iteration).number
    return position if last == position.iteration else timeline.end_of(last)  # it diverges before


def saved_position(timeline: Timeline) -> Position:
    """Where a run was saved, whether or not it gets there; its keyframe is taken over."""
    saved = timeline.experiment.saved
    if saved is None:
        return timeline.start
    if saved.keyframe is not None:
        timeline.history.resume(saved.keyframe.iteration, saved.keyframe.kept)
    return Position(saved.iteration, saved.steps, saved.elements)


# What is not saved, and coming back -----------------------------------------------------------


def apart(edits: tuple[Edit, ...], others: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """The edits that are not among the others."""
    return tuple(edit for edit in edits if edit not in others)


def unsaved(now: Experiment, edits: tuple[Edit, ...], formulas: Mapping[str, Expr]) -> str:
    """What was made since those edits and formulas were saved, in words: "2 edits"."""
    made = len(apart(now.edits, edits)) + len(apart(edits, now.edits))
    own = now.formulas
    written = sum(own.get(symbol) != formulas.get(symbol) for symbol in {*own, *formulas})
    return " and ".join(count(n, noun) for n, noun in ((made, "edit"), (written, "formula")) if n)


def same_run(a: Experiment, b: Experiment) -> bool:
    """Whether two experiments compute the same: then a keyframe of one holds for the other."""
    parts = [
        (e.network, e.training, e.mistake, e.edits, dict(e.formulas), e.initial.seed)
        for e in (a, b)
    ]
    if parts[0] != parts[1]:
        return False
    arrays = [(*e.data.by_symbol.values(), *e.parameters().values()) for e in (a, b)]
    return all(np.array_equal(one, other) for one, other in zip(*arrays, strict=True))


def resume_command(
    first: Experiment, now: Experiment, mode: str, decimals: int, program: str = PROGRAM
) -> str:
    """What to type to open a run again that began as `first`, new weights, the mistake, the asking
    and other decimals included."""
    words = shlex.split(first.source)
    if now.initial is not first.initial:
        set_flag(words, "--seed", now.initial.seed)
    set_flag(words, "--mistake", now.mistake and now.mistake.name)
    if mode != now.asks:
        words += ["--ask", mode]
    if decimals != now.decimals:
        words += ["--decimals", str(decimals)]
    return f"{program} {shlex.join(words)}"


def set_flag(words: list[str], flag: str, value: object) -> None:
    """Give a flag of a command that value, or for None take it out."""
    if flag in words:
        at = words.index(flag)
        del words[at : at + 2]
    if value is not None:
        words += [flag, str(value)]


def named(text: str) -> str:
    """The file that a name means: it ends in .toml, so that it can be opened."""
    path = os.path.expanduser(text.strip())
    if not path or os.path.isdir(path) or os.path.splitext(path)[1]:
        return path
    return path if path.endswith(("/", os.sep)) else f"{path}.toml"
