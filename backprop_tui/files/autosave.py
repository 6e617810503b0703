"""Autosaves: what each running program shows, in a private file of its own, to be opened again.

A program holds a lock while it lives, and its end releases it however it comes: a file whose lock
can be had belongs to no program any more. What is in such a file is what a code says.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from backprop_tui.files.atomic_write import locked, open_lines
from backprop_tui.files.codes import experiment_said, said_of
from backprop_tui.files.experiment_file import ExperimentError
from backprop_tui.files.reading import first_bytes
from backprop_tui.messages import path_shown, printable
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Keyframe
from backprop_tui.run.timeline import Position

LOCK, CONTENT, NEW, TOLD = ".lock", ".json", ".new", "told"
OPENED = os.O_RDWR | getattr(os, "O_CLOEXEC", 0)
MOST_LEFT = 5
"""Autosaves that stay when no program holds them, the newest."""
LARGEST = 64 * 2**20
"""Bytes of an autosave that is read."""


def state_folder() -> str:
    """The program's own folder in XDG_STATE_HOME, or in ~/.local/state; it may not exist."""
    home = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(home):
        home = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(home, "backprop-tui")


class OwnAutosave:
    """This program's own file, readable by its user alone."""

    def __init__(self) -> None:
        self._stem = ""
        self._lock: int | None = None
        self.instead_of: Autosave | None = None
        """The autosave that was opened: it goes when this one is written."""

    def write(
        self, experiment: Experiment, position: Position, keyframe: Keyframe | None, unsaved: str
    ) -> None:
        """Write the run as it stands, in one go.

        Raises OSError where it cannot be written, and TooLongError for a run that was read from no
        text.
        """
        written = experiment.written
        content = {
            "said": said_of(experiment, position, keyframe, carries_data=False),
            "source": experiment.source,
            "folder": written.folder if written else "",
            "path": written.path if written else None,
            "unsaved": unsaved,
        }
        if self._lock is None:
            self._begin()
        handle = os.open(self._stem + NEW, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
            json.dump(content, file)
        os.replace(self._stem + NEW, self._stem + CONTENT)
        if self.instead_of is not None:
            _remove(self.instead_of.stem)
            self.instead_of = None

    def _begin(self) -> None:
        folder = state_folder()
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        _forget_old(folder)
        for _ in range(3):  # another program may just be looking whether it was left, or remove it
            self._stem = os.path.join(folder, f"{os.getpid()}-{os.urandom(4).hex()}")
            handle = os.open(self._stem + LOCK, OPENED | os.O_CREAT | os.O_EXCL, 0o600)
            if locked(handle) and os.fstat(handle).st_nlink:
                self._lock = handle
                return
            os.close(handle)
        raise OSError("it could not be locked")

    def close(self) -> None:
        """Let go of it: it stays as it was written last."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@dataclass(frozen=True)
class Autosave:
    """A file that no program holds: what was on a screen when its program ended."""

    stem: str
    changed: float
    """When it was written, in seconds since 1970."""
    name: str
    """The experiment's."""
    unsaved: str
    """What was not saved in words, "2 edits"; empty where all was."""
    content: dict[str, Any]

    def opened(self) -> Experiment:
        """The run where it stood. Raises ExperimentError."""
        said, source = self.content["said"], self.content["source"]
        try:
            experiment = experiment_said(said, source, self.content["folder"])
        except ExperimentError as error:  # another version of this program may have written it
            place = path_shown(self.stem + CONTENT)
            raise ExperimentError(*(f"{place}: {fault}" for fault in error.faults)) from None
        if experiment.written is None or not isinstance(path := self.content["path"], str):
            return experiment
        return replace(experiment, written=replace(experiment.written, path=path))


def autosaves() -> tuple[list[Autosave], list[str]]:
    """The autosaves that no program holds, the newest first; and what was passed over, a sentence
    for each file that is broken, unreadable or odd."""
    found, odd = [], []
    for stem in _stems(state_folder()):
        try:
            found.append(_read(stem))
        except (OSError, ValueError, RecursionError, TypeError, LookupError) as error:
            if not isinstance(error, FileNotFoundError):
                why = getattr(error, "strerror", None) or "it is no autosave"
                odd.append(f"{path_shown(stem + CONTENT)} is passed over: {why}.")
    return sorted(found, key=lambda autosave: autosave.changed, reverse=True), odd


def newest() -> Autosave:
    """The autosave that was written last of those that no program holds.

    Raises ExperimentError where there is none.
    """
    found, odd = autosaves()
    if not found:
        raise ExperimentError(*odd, "there is no autosave to open")
    return found[0]


def left_unsaved() -> Autosave | None:
    """The newest autosave if there is something in it that was not saved; each is told once."""
    found, _ = autosaves()
    told = os.path.join(state_folder(), TOLD)
    with suppress(OSError):
        if found and found[0].changed <= os.stat(told).st_mtime:
            return None
    if not found or not found[0].unsaved:
        return None
    with suppress(OSError), open_lines(told, "w"):
        os.utime(told)
    return found[0]


def _read(stem: str) -> Autosave:
    """Raises OSError, ValueError, TypeError or LookupError where that is no autosave."""
    place = stem + CONTENT
    about = os.lstat(place)
    own = getattr(os, "getuid", lambda: about.st_uid)()
    if not stat.S_ISREG(about.st_mode) or about.st_uid != own or about.st_size > LARGEST:
        raise ValueError
    content = json.loads(first_bytes(place, LARGEST).decode("utf-8", "surrogatepass"))
    said = content["said"]
    if not isinstance(said, dict):
        raise TypeError
    name, unsaved = said.get("l") or said["n"], content["unsaved"]
    texts = name, unsaved, content["source"], content["folder"]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError
    name, unsaved = printable(name)[:60], printable(unsaved)[:60]
    return Autosave(stem, about.st_mtime, name, unsaved, {"path": None, **content})


def _stems(folder: str) -> Iterator[str]:
    """The files of programs that are gone, without their endings."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        if name.endswith(LOCK) and _is_left(os.path.join(folder, name)):
            yield os.path.join(folder, name.removesuffix(LOCK))


def _is_left(lock: str) -> bool:
    """Whether no program holds that lock."""
    with suppress(OSError):
        if not stat.S_ISREG(os.lstat(lock).st_mode):
            return False
        handle = os.open(lock, OPENED)
        try:
            return locked(handle)
        finally:
            os.close(handle)
    return False


def _forget_old(folder: str) -> None:
    """Remove what no program holds, but for the newest ones."""
    left = [(_changed(stem), stem) for stem in _stems(folder)]
    for _, stem in sorted(left, reverse=True)[MOST_LEFT - 1 :]:  # this program's own is one more
        _remove(stem)


def _changed(stem: str) -> float:
    with suppress(OSError):
        return os.lstat(stem + CONTENT).st_mtime
    return 0.0


def _remove(stem: str) -> None:
    """Remove what no program holds: meanwhile none that begins just now can have its lock."""
    with suppress(OSError):
        handle = os.open(stem + LOCK, OPENED)
        try:
            for ending in (CONTENT, NEW, LOCK) if locked(handle) else ():
                with suppress(OSError):
                    os.unlink(stem + ending)
        finally:
            os.close(handle)
