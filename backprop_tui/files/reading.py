"""Opening files that were named by somebody: never more is read than is wanted, and none waits.

A pipe or a device may give nothing for ever, so that only what lies on a disk is read.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

from backprop_tui.messages import path_shown, shown


class NotRegularError(OSError):
    """What was named is neither a file on a disk nor a folder."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EINVAL, "it is not a regular file", path)


class UnreadableError(ValueError):
    """A file that cannot be read; its text says which, and why."""


def whole_bytes(path: str, most: int, what: str = "a file") -> bytes:
    """The bytes of a file that is `what`, at most so many. Raises UnreadableError."""
    name = path_shown(path)
    try:
        raw = first_bytes(path, most + 1)
    except FileNotFoundError:
        raise UnreadableError(f"there is no file {name}") from None
    except IsADirectoryError:
        raise UnreadableError(f"{name} is a folder, not {what}") from None
    except NotRegularError:
        raise UnreadableError(f"{name} is not a regular file") from None
    except OSError as error:
        raise UnreadableError(f"{name} cannot be read: {error.strerror or error}") from None
    except ValueError:  # a null character
        raise UnreadableError(f"{shown(path)} cannot be the name of a file") from None
    if len(raw) > most:
        raise UnreadableError(f"{name} is larger than {most:,} bytes, the most that is read")
    return raw


def first_bytes(path: str, most: int) -> bytes:
    """The beginning of a file, at most so many bytes; of a link, what it leads to.

    Raises NotRegularError, and as `open` does OSError, or ValueError for what is no name.
    """
    with open(path, "rb", opener=opened) as file:
        found = file.read(most)
    if found is None:  # a file of /proc that has nothing to give yet
        raise NotRegularError(path)
    return found


def opened(path: str, flags: int) -> int:
    """The `opener` of `open` for a file that somebody named: it refuses what is none, and never
    waits. Raises NotRegularError."""
    with suppress(FileNotFoundError):
        mode = os.stat(path).st_mode  # before it is opened, which some devices take for an order
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # a folder is refused by `open`
            raise NotRegularError(path)
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
