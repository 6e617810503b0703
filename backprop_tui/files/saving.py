"""Saving: an experiment's own text, with where its run stands, so that it opens right there.

A file is written beside its place and then put there in one go: whoever is killed meanwhile leaves
the old file or the new one, and nothing is overwritten unasked. What training is, this does not
know.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from backprop_tui.files.experiment_file import LARGEST_FILE, document_of
from backprop_tui.files.kept import Kept, kept_of, seen_again
from backprop_tui.files.look_rules import view_of
from backprop_tui.files.rules import SAVED
from backprop_tui.files.toml_text import changed, section, without
from backprop_tui.maths.parser import GrammarError, parse
from backprop_tui.messages import path_shown
from backprop_tui.model.experiment import Array, Experiment, Keyframe, Look
from backprop_tui.run.timeline import Position, Timeline

DIGITS = 24
"""Characters that a number takes in a file, at most, with what stands around it."""
REPLAYED = 1_000
"""Iterations that opening a file may replay, so that a trail into them can be walked on."""


class SaveError(Exception):
    """A file cannot be written; the message says which, and why."""


# What is written -----------------------------------------------------------------------------


def text_of(experiment: Experiment, position: Position, keyframe: Keyframe, folder: str) -> str:
    """The experiment as a file in `folder` that opens at `position`.

    Author's text stays as it is, comments included; what the command line changed is put in.
    """
    written = experiment.written
    if written is None:
        raise ValueError("an experiment that was read from no text cannot be saved")
    begun = replace(written, text=without(written.text, *SAVED))
    document = document_of(begun)
    _move_csv(document, written.folder, folder)
    kept = kept_of(experiment, position, keyframe)
    present = document.get("view", {})
    if view := view_of(seen_again(experiment, keyframe), present):
        document["view"] = view
    fresh = [_taken_out(document, key, kept) for key in ("edits", "formulas")]
    text = changed(begun.text, document)
    return "".join([text.rstrip(), "\n", *fresh, *_saved(kept["position"], keyframe)])


def _taken_out(document: dict[str, Any], key: str, kept: Kept) -> str:
    """A section to be written anew, out of the document; nothing where it says the same already."""
    if _meaning(document.get(key)) == _meaning(kept.get(key)):
        return ""
    document.pop(key, None)
    return f"\n{section(key, kept[key])}" if key in kept else ""


def _meaning(value: Any) -> Any:
    """A section's value, but of formulas what they say, however they are written."""
    if not isinstance(value, Mapping):
        return value or None
    with suppress(GrammarError):
        return {symbol: parse(written) for symbol, written in value.items()}
    return value


def _saved(position: Mapping[str, int], keyframe: Keyframe) -> Iterator[str]:
    yield "\n[position]  # where it was saved, and where it opens\n"
    yield from (f"{key} = {value}\n" for key, value in position.items())
    yield "\n[keyframe]  # what this iteration begins with; those before it follow from [initial]\n"
    yield f"iteration = {keyframe.iteration}\n"
    for symbol, value in keyframe.kept.items():
        yield f"{symbol} = {matrix_text(value, flat='b' in symbol)}\n"


def matrix_text(matrix: Array, flat: bool = False) -> str:
    """Numbers with just the digits that read back to the same bits; a bias is a plain list."""
    if flat:
        return _row(matrix[:, 0])
    rows = ",\n".join(f"    {_row(row)}" for row in matrix)
    return f"[\n{rows},\n]" if len(matrix) > 1 else f"[{_row(matrix[0])}]"


def _row(numbers: Array) -> str:
    return f"[{', '.join(map(repr, numbers.tolist()))}]"


def _move_csv(document: dict[str, Any], before: str, after: str) -> None:
    """A relative path to a CSV file, seen from the new place."""
    data = document.get("data")
    if not isinstance(data, Mapping) or not isinstance(csv := data.get("csv"), str):
        return
    if os.path.isabs(csv) or os.path.realpath(before) == os.path.realpath(after):
        return
    path = os.path.join(before, csv)
    with suppress(ValueError):  # on another drive
        path = os.path.relpath(os.path.realpath(path), os.path.realpath(after))
    document["data"] = {**data, "csv": path.replace(os.sep, "/")}


def keyframe_of(timeline: Timeline, iteration: int) -> Keyframe:
    """What an iteration of the run begins with."""
    given = timeline.iteration(iteration).given
    return Keyframe(iteration, {symbol: given[symbol] for symbol in timeline.program.kept})


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
    folder = os.path.dirname(os.path.realpath(path))
    text = text_of(experiment, position, keyframe, folder)
    write_file(path, text, overwrite)


def _explained_from(look: Look, here: int) -> int:
    """The iteration from which on numbers are explained; `here` where that is too far back."""
    earliest = min((k for k, _ in look.trail if k > 0), default=here)
    return earliest if here - REPLAYED <= earliest <= here else here


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
    return bool(tomllib.loads(written.text).keys() & SAVED.keys())


def resume(timeline: Timeline) -> Position:
    """Where a saved run stands; its keyframe is taken over. Elsewhere the start."""
    saved = timeline.experiment.saved
    if saved is None:
        return timeline.start
    if saved.keyframe is not None:
        timeline.history.resume(saved.keyframe.iteration, saved.keyframe.kept)
    last = timeline.iteration(saved.iteration).number
    if last < saved.iteration:  # it diverges before
        return timeline.end_of(last)
    return Position(saved.iteration, saved.steps, saved.elements)


# How it is written ---------------------------------------------------------------------------


def check_place(path: str, overwrite: bool = False) -> None:
    """Raise the SaveError that writing there would raise, as far as that can be told before."""
    name = path_shown(path)
    place = _place(path)
    try:
        found = os.stat(place)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise SaveError(f"{name} cannot be written: {_why(error)}") from None
    else:
        if stat.S_ISDIR(found.st_mode):
            raise SaveError(f"{name} is a folder")
        if not stat.S_ISREG(found.st_mode):
            return
        if not overwrite:
            raise SaveError(f"{name} exists already; --overwrite replaces it")
    folder = os.path.dirname(place)
    if not os.path.isdir(folder):
        raise SaveError(f"{name} cannot be written: there is no folder {path_shown(folder)}")
    if path.endswith(("/", os.sep)):
        raise SaveError(f"{name} is a folder's name")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SaveError(f"{name} cannot be written: {os.strerror(errno.EACCES)}")


def write_file(path: str, text: str, overwrite: bool = False) -> None:
    """Put a text there, wholly or not at all. What was there keeps its permissions."""
    check_place(path, overwrite)
    place = _place(path)
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError:  # a path's bytes that are no text
        raise SaveError(
            f"{path_shown(path)} cannot be written: the path to its data is not UTF-8"
        ) from None
    try:
        if os.path.exists(place) and not os.path.isfile(place):  # a pipe, a terminal
            with open(place, "wb") as stream:
                stream.write(content)
            return
        _put(place, content, overwrite)
    except FileExistsError:
        raise SaveError(f"{path_shown(path)} exists already; --overwrite replaces it") from None
    except OSError as error:
        raise SaveError(f"{path_shown(path)} cannot be written: {_why(error)}") from None


def _put(place: str, content: bytes, overwrite: bool) -> None:
    """Written beside, then put in its place in one go."""
    folder, name = os.path.split(place)
    handle, beside = tempfile.mkstemp(prefix=f".{name[:100]}.", suffix=".tmp", dir=folder)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.chmod(beside, _permissions(place))
            os.fsync(file.fileno())
        if overwrite:
            os.replace(beside, place)
        else:
            _put_where_nothing_is(beside, place)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
    _remember(folder)


def _put_where_nothing_is(beside: str, place: str) -> None:
    """A file moved; a FileExistsError where another has come in the meantime."""
    try:
        os.link(beside, place)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):  # a file system without links
        if os.path.lexists(place):
            raise FileExistsError from None
        os.replace(beside, place)
    else:
        os.unlink(beside)


def _permissions(place: str) -> int:
    """Those of the file that is there, else those of any new file."""
    try:
        return stat.S_IMODE(os.stat(place).st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _remember(folder: str) -> None:
    """Have the folder itself written to the disk, where systems know how."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _place(path: str) -> str:
    """The file itself, where a link points to it."""
    with suppress(OSError, ValueError):
        return os.path.realpath(path)
    return os.path.abspath(path)


def _why(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)
