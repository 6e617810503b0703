"""Writing a file wholly or not at all, and never over another one unasked.

A text is written beside its place and then put there in one go: whoever is killed meanwhile leaves
the old file or the new one. What such a program left beside it goes with the next writing.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
import time
from contextlib import suppress
from typing import IO

from backprop_tui.files.reading import opened
from backprop_tui.messages import path_shown

try:
    import fcntl
except ImportError:  # Windows: no lock tells there whether a program lives
    fcntl = None  # type: ignore[assignment]


MOMENT = 1.0
"""Seconds in which a file beside its place may be without a lock: just made, or just written."""


class SaveError(Exception):
    """A file cannot be written; the message says which, and why."""


def check_place(path: str, overwrite: bool = False) -> None:
    """Raise the SaveError that writing there would raise, as far as that can be told before."""
    name = path_shown(path)
    place = real(path)
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
            raise SaveError(f"{name} is not a regular file")
        if not overwrite:
            raise SaveError(f"{name} exists already; --overwrite replaces it")
    folder = os.path.dirname(place) or os.curdir
    if not os.path.isdir(folder):
        raise SaveError(f"{name} cannot be written: there is no folder {path_shown(folder)}")
    if path.endswith(("/", os.sep)):
        raise SaveError(f"{name} is a folder's name")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SaveError(f"{name} cannot be written: {os.strerror(errno.EACCES)}")


def write_file(path: str, text: str, overwrite: bool = False) -> None:
    """Put a text there, wholly or not at all. What was there keeps its permissions."""
    check_place(path, overwrite)
    place = real(path)
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError:  # a path's bytes that are no text
        raise SaveError(
            f"{path_shown(path)} cannot be written: the path to its data is not UTF-8"
        ) from None
    try:
        _put(place, content, overwrite)
    except FileExistsError:
        raise SaveError(f"{path_shown(path)} exists already; --overwrite replaces it") from None
    except OSError as error:
        raise SaveError(f"{path_shown(path)} cannot be written: {_why(error)}") from None


def open_lines(path: str, mode: str) -> IO[str]:
    """A file opened for text that is written as it comes: "x", "w" or "a". A link is followed.

    Raises OSError as `open` does, and where it is not a regular file.
    """
    return open(real(path), mode, encoding="utf-8", newline="", opener=opened)


def _put(place: str, content: bytes, overwrite: bool) -> None:
    """Written beside, then put in its place in one go."""
    folder, name = os.path.split(place)
    beginning = f".{name[:50]}."  # of 200 bytes at most: so long a name is possible everywhere
    _forget_left(folder, beginning)
    handle, beside = tempfile.mkstemp(prefix=beginning, suffix=".tmp", dir=folder)
    try:
        with open(handle, "wb") as file:
            locked(handle)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(beside, _permissions(place))  # last: for a moment more nobody removes it
        if overwrite:
            os.replace(beside, place)
        else:
            _put_where_nothing_is(beside, place)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
    _remember(folder)


def _forget_left(folder: str, beginning: str) -> None:
    """Remove what programs that were killed while they wrote this file have left beside it."""
    own = re.compile(re.escape(beginning) + r"[a-z0-9_]{8}\.tmp")  # as mkstemp has it
    with suppress(OSError):
        for name in filter(own.fullmatch, os.listdir(folder)):
            left = os.path.join(folder, name)
            about = os.lstat(left)
            if stat.S_ISREG(about.st_mode) and time.time() - about.st_ctime > MOMENT:
                handle = os.open(left, os.O_RDWR)
                try:
                    if locked(handle):
                        os.unlink(left)
                finally:
                    os.close(handle)


def locked(handle: int) -> bool:
    """Whether the lock of an open file could be had: its program holds it while it lives."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


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


def real(path: str) -> str:
    """The file itself, where a link points to it; the path as it is where nothing can be there: in
    a folder that was removed while a program works in it, or with a null character."""
    with suppress(OSError, ValueError):
        return os.path.realpath(path)
    return path


def _why(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)


def shown_path(path: str) -> str:
    """The name of a file in a sentence, with its folder: ./mine.toml."""
    return path_shown(path if os.path.dirname(path) else os.path.join(".", path))
