"""Reading files that were named by somebody: never more than is wanted, and never waiting.

A pipe or a device may give nothing for ever, so that only what lies on a disk is read.
"""

from __future__ import annotations

import errno
import os
import stat


class NotRegularError(OSError):
    """What was named is neither a file on a disk nor a folder."""


def first_bytes(path: str, most: int) -> bytes:
    """The beginning of a file, at most so many bytes; of a link, what it leads to.

    Raises NotRegularError, and as `open` does OSError, or ValueError for what is no name.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # a folder is refused by `open`
        raise NotRegularError(errno.EINVAL, "it is not a regular file", path)
    with open(path, "rb") as file:
        return file.read(most)
