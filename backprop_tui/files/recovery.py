"""What is kept against a crash: a private file for each running program, in a folder of its user's.

A program holds a lock while it lives, and its end releases it however it comes: a file whose lock
can be had was left behind. What is in such a file is what a code says. This knows no screens.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from backprop_tui.files.codes import (
    TooLongError,
    experiment_said,
    keyframe_needed,
    said_of,
)
from backprop_tui.files.experiment_file import ExperimentError
from backprop_tui.files.folders import LOCK, state_folder
from backprop_tui.model.experiment import Experiment, Keyframe
from backprop_tui.run.timeline import Position, Timeline

try:
    import fcntl
except ImportError:  # Windows: no lock tells there whether a program lives, so nothing is kept
    fcntl = None  # type: ignore[assignment]

KEPT, NEW, BROKEN = ".json", ".new", ".broken"
OPENED = os.O_RDWR | getattr(os, "O_CLOEXEC", 0)


def _locked(handle: int) -> bool:
    """Whether the lock could be had."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class Recovery:
    """This program's own file. Nothing is written before there is something to lose."""

    def __init__(self) -> None:
        self._stem = ""
        self._lock: int | None = None

    def keep(
        self, experiment: Experiment, position: Position, keyframe: Keyframe | None, unsaved: str
    ) -> None:
        """Write what would be lost, in one go; an OSError where it cannot be written."""
        if fcntl is None:
            return
        written = experiment.written
        kept = {
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
            json.dump(kept, file)
        os.replace(self._stem + NEW, self._stem + KEPT)

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
        """There is nothing to lose any more."""
        if self._lock is not None:
            _remove(self._stem)
            self.leave()


def kept(
    recovery: Recovery | None,
    timeline: Timeline,
    position: Position,
    seen: Experiment,
    unsaved: str,
) -> tuple[Recovery | None, str]:
    """The run as it is `seen` there, kept in this program's own file; or None, and why it cannot
    be kept. A run that was read from no text, a test's own, is not kept."""
    recovery = recovery or Recovery()
    try:
        recovery.keep(seen, position, keyframe_needed(timeline, position), unsaved)
    except TooLongError:
        return None, ""
    except OSError as error:
        return None, str(error.strerror or error)
    return recovery, ""


def _remove(stem: str) -> None:
    for ending in (KEPT, NEW, LOCK):
        with suppress(OSError):
            os.unlink(stem + ending)


@dataclass
class Left:
    """What a program left behind. It is this program's, until it is opened, dropped or put back."""

    stem: str
    lock: int
    name: str  # of the experiment
    unsaved: str  # "2 edits"
    kept: dict[str, Any]

    def opened(self) -> Experiment:
        """The run where it stood, or an ExperimentError."""
        said, source = self.kept["said"], self.kept["source"]
        experiment = experiment_said(said, source, self.kept["folder"])
        if experiment.written is None or not isinstance(path := self.kept["path"], str):
            return experiment
        return replace(experiment, written=replace(experiment.written, path=path))

    def remove(self) -> None:
        """It is kept elsewhere by now."""
        _remove(self.stem)
        self.put_back()

    def put_back(self) -> None:
        """Leave it to the next start."""
        os.close(self.lock)

    def drop(self) -> str:
        """Out of the way, as an experiment file that can still be opened; where that is."""
        from backprop_tui.files.saving import SaveError, resume, save

        place = f"{self.stem}-{self.name}.toml"
        try:
            timeline = Timeline(self.opened())
            save(place, timeline, resume(timeline))
        except (ExperimentError, SaveError):
            return self.set_aside()
        self.remove()
        return place

    def set_aside(self) -> str:
        """Out of the way as it is."""
        place = self.stem + BROKEN
        with suppress(OSError):
            os.replace(self.stem + KEPT, place)
        self.remove()
        return place


class BrokenError(Exception):
    """What was left behind cannot be read; the message says where it is now."""


def left_behind() -> Left | None:
    """What a program that is gone has left, if any; a BrokenError where it cannot be read."""
    if fcntl is None:
        return None
    for stem, lock in _without_a_program(state_folder()):
        try:
            with open(stem + KEPT, encoding="utf-8", errors="surrogatepass") as file:
                return _left(stem, lock, json.load(file))
        except FileNotFoundError:  # nothing to lose
            _remove(stem)
            os.close(lock)
        except (OSError, ValueError, RecursionError, TypeError, LookupError):
            place = Left(stem, lock, "", "", {}).set_aside()
            raise BrokenError(f"An unsaved run is damaged: it is set aside as {place}") from None
    return None


def _left(stem: str, lock: int, kept: Any) -> Left:
    said = kept["said"]
    if not isinstance(said, dict):
        raise TypeError
    name, unsaved = said.get("l") or said["n"], kept["unsaved"]
    texts = name, unsaved, kept["source"], kept["folder"]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError
    own = "".join(c if c.isalnum() or c in "-_" else "-" for c in name[:60])
    return Left(stem, lock, own, unsaved[:60], {"path": None, **kept})


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
