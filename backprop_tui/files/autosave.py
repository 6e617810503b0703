"""Autosave: what is not saved is written to a private file of the running program, against a crash.

A program holds a lock while it lives, and its end releases it however it comes: a file whose lock
can be had was left behind. What is in such a file is what a code says.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from backprop_tui.files.atomic_write import SaveError
from backprop_tui.files.codes import TooLongError, experiment_said, keyframe_needed, said_of
from backprop_tui.files.experiment_file import ExperimentError
from backprop_tui.files.saving import resume, save
from backprop_tui.model.experiment import Experiment, Keyframe
from backprop_tui.run.timeline import Position, Timeline

try:
    import fcntl
except ImportError:  # Windows: no lock tells there whether a program lives, so nothing is written
    fcntl = None  # type: ignore[assignment]

LOCK, CONTENT, NEW, DAMAGED = ".lock", ".json", ".new", ".broken"
OPENED = os.O_RDWR | getattr(os, "O_CLOEXEC", 0)


def state_folder() -> str:
    """The program's own folder in XDG_STATE_HOME, or in ~/.local/state; it may not exist."""
    home = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(home):
        home = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(home, "backprop-tui")


# This program's own --------------------------------------------------------------------------


class Autosave:
    """This program's own file. Nothing is written before there is something to lose."""

    def __init__(self) -> None:
        self._stem = ""
        self._lock: int | None = None

    def write(
        self, experiment: Experiment, position: Position, keyframe: Keyframe | None, unsaved: str
    ) -> None:
        """Write what would be lost, in one go; an OSError where it cannot be written."""
        if fcntl is None:
            return
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

    def _begin(self) -> None:
        folder = state_folder()
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        for _ in range(3):  # another program may just be looking whether it was left behind
            self._stem = os.path.join(folder, f"{os.getpid()}-{os.urandom(4).hex()}")
            handle = os.open(self._stem + LOCK, OPENED | os.O_CREAT | os.O_EXCL, 0o600)
            if _locked(handle):
                self._lock = handle
                return
            os.close(handle)
        raise OSError("it could not be locked")

    def leave(self) -> None:
        """Let go of it as it is: the next start offers it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def remove(self) -> None:
        """Remove it: there is nothing to lose any more."""
        if self._lock is not None:
            _remove(self._stem)
            self.leave()


def autosaved(
    autosave: Autosave | None,
    timeline: Timeline,
    position: Position,
    seen: Experiment,
    unsaved: str,
) -> tuple[Autosave | None, str]:
    """The autosave with the run as it is `seen` there; or None, and why it cannot be written.

    A run that was read from no text, a test's own, has none.
    """
    autosave = autosave or Autosave()
    try:
        autosave.write(seen, position, keyframe_needed(timeline, position), unsaved)
    except TooLongError:
        return None, ""
    except OSError as error:
        return None, str(error.strerror or error)
    return autosave, ""


def _locked(handle: int) -> bool:
    """Whether the lock could be had."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(stem: str) -> None:
    for ending in (CONTENT, NEW, LOCK):
        with suppress(OSError):
            os.unlink(stem + ending)


# What another program left behind ------------------------------------------------------------


@dataclass
class LeftBehind:
    """An autosave of a program that is gone; this program's, until it is opened, dropped or put
    back."""

    stem: str
    lock: int
    name: str  # of the experiment
    unsaved: str  # "2 edits"
    content: dict[str, Any]

    def opened(self) -> Experiment:
        """The run where it stood, or an ExperimentError."""
        said, source = self.content["said"], self.content["source"]
        experiment = experiment_said(said, source, self.content["folder"])
        if experiment.written is None or not isinstance(path := self.content["path"], str):
            return experiment
        return replace(experiment, written=replace(experiment.written, path=path))

    def remove(self) -> None:
        """Remove it: this program has written it by now."""
        _remove(self.stem)
        self.put_back()

    def put_back(self) -> None:
        """Leave it to the next start."""
        os.close(self.lock)

    def drop(self) -> str:
        """Out of the way, as an experiment file that can still be opened; where that is."""
        place = f"{self.stem}-{self.name}.toml"
        try:
            timeline = Timeline(self.opened())
            save(place, timeline, resume(timeline))
        except (ExperimentError, SaveError):
            return self.set_aside()
        self.remove()
        return place

    def set_aside(self) -> str:
        """Out of the way as it is; where that is."""
        place = self.stem + DAMAGED
        with suppress(OSError):
            os.replace(self.stem + CONTENT, place)
        self.remove()
        return place


class DamagedError(Exception):
    """What was left behind cannot be read; the message says where it is now."""


def left_behind() -> LeftBehind | None:
    """What a program that is gone has left, if any; a DamagedError where it cannot be read."""
    if fcntl is None:
        return None
    for stem, lock in _without_a_program(state_folder()):
        try:
            with open(stem + CONTENT, encoding="utf-8", errors="surrogatepass") as file:
                return _left_behind(stem, lock, json.load(file))
        except FileNotFoundError:  # nothing to lose
            _remove(stem)
            os.close(lock)
        except (OSError, ValueError, RecursionError, TypeError, LookupError):
            place = LeftBehind(stem, lock, "", "", {}).set_aside()
            raise DamagedError(f"An unsaved run is damaged: it is set aside as {place}") from None
    return None


def _left_behind(stem: str, lock: int, content: Any) -> LeftBehind:
    said = content["said"]
    if not isinstance(said, dict):
        raise TypeError
    name, unsaved = said.get("l") or said["n"], content["unsaved"]
    texts = name, unsaved, content["source"], content["folder"]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError
    own = "".join(c if c.isalnum() or c in "-_" else "-" for c in name[:60])
    return LeftBehind(stem, lock, own, unsaved[:60], {"path": None, **content})


def _without_a_program(folder: str) -> Iterator[tuple[str, int]]:
    """The files of programs that are gone, each with its lock."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        if not name.endswith(LOCK):
            continue
        place = os.path.join(folder, name)
        with suppress(OSError):
            handle = os.open(place, OPENED)
            if _locked(handle):
                yield place.removesuffix(LOCK), handle
            else:
                os.close(handle)
