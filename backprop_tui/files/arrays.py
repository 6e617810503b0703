"""A learner's own arrays in a file: .npz as NumPy writes it, or .json with lists of numbers.

Nothing in such a file is ever run: an archive with pickled objects is refused.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from backprop_tui.files.reading import UnreadableError, whole_bytes
from backprop_tui.maths.functions import Array
from backprop_tui.messages import path_shown, printable, short

LARGEST = 100_000_000  # bytes, of the file and of what is packed in it


class ArrayFileError(ValueError):
    """A file that holds no arrays that can be read; its text says why."""


def read_arrays(path: str) -> dict[str, Array]:
    """The arrays of a file by their names; those of nested tables are named grads/dW1.

    Raises ArrayFileError.
    """
    name = path_shown(path)
    try:
        raw = whole_bytes(path, LARGEST)
    except UnreadableError as error:
        raise ArrayFileError(str(error)) from None
    found = _unpacked(raw, name) if raw[:2] == b"PK" else _of_json(raw, name)
    if not found:
        raise ArrayFileError(f"{name} holds no arrays")
    return found


def _unpacked(raw: bytes, name: str) -> dict[str, Array]:
    """The arrays of an archive that np.savez wrote."""
    found = {}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(each.file_size for each in archive.infolist()) > LARGEST:
                raise ArrayFileError(f"{name} unpacks to more than {LARGEST:,} bytes")
        with (
            warnings.catch_warnings(action="ignore"),  # of what Python 2 has written
            np.load(io.BytesIO(raw), allow_pickle=False) as arrays,
        ):
            for key in arrays.files:
                try:
                    found[key] = arrays[key]
                except (ValueError, MemoryError) as error:
                    is_object = "allow_pickle" in str(error)
                    what = "objects, which are not read" if is_object else "no array of its size"
                    called = short(printable(key))
                    raise ArrayFileError(f"{name}: {called} holds {what}: save numbers") from None
                if not isinstance(found[key], np.ndarray):
                    raise ArrayFileError(f"{name}: {short(printable(key))} is not an array")
    except ArrayFileError:
        raise
    except Exception:  # NumPy's for a garbled header are of all kinds
        raise ArrayFileError(f"{name} is a broken archive: write it anew by np.savez") from None
    return found


def _of_json(raw: bytes, name: str) -> dict[str, Array]:
    """The arrays of a table of names and lists."""
    try:
        table = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        is_npy = raw[:6] == b"\x93NUMPY"
        one = ": np.save gives one array no name, np.savez gives each its own" if is_npy else ""
        raise ArrayFileError(f"{name} is neither an archive of np.savez nor JSON{one}") from None
    if not isinstance(table, dict):
        raise ArrayFileError(f'{name} must be a table of arrays: {{"dW1": [[0.1, 0.2]]}}')
    return dict(_listed(table, "", name))


def _listed(table: dict[str, Any], above: str, name: str) -> Iterator[tuple[str, Array]]:
    for key, entry in table.items():
        if isinstance(entry, dict):
            yield from _listed(entry, f"{above}{key}/", name)
            continue
        called = short(printable(f"{above}{key}"))
        try:
            array = np.asarray(entry)
        except ValueError:
            raise ArrayFileError(f"{name}: the rows of {called} differ in length") from None
        if array.dtype.kind not in "fiub":
            raise ArrayFileError(f"{name}: {called} must be a list of numbers")
        yield f"{above}{key}", array.astype(np.float64)
