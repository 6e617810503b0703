"""Files of arrays: read without running anything in them, or refused in a sentence."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_tui.files import arrays
from backprop_tui.files.arrays import ArrayFileError, read_arrays


def refused(path: Path) -> str:
    with pytest.raises(ArrayFileError) as error:
        read_arrays(str(path))
    said = str(error.value)
    assert "\n" not in said
    return said


def test_an_archive_of_numpy(tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    named: dict[str, Any] = {"dW1": np.eye(2), "grads/db1": np.ones(2, dtype=np.float32)}
    np.savez(file, **named)
    found = read_arrays(str(file))
    assert np.array_equal(found["dW1"], np.eye(2))
    assert found["grads/db1"].dtype == np.float32


def test_json_with_lists_and_tables_of_them(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"L": 0.5, "grads": {"dW1": [[1, 2], [3, 4.5]]}, "empty": {}}', "utf-8")
    found = read_arrays(str(file))
    assert {name: array.tolist() for name, array in found.items()} == {
        "L": 0.5,
        "grads/dW1": [[1.0, 2.0], [3.0, 4.5]],
    }


def an_archive_with_objects(file: Path) -> None:
    np.savez(file, dW1=np.array([print, 1], dtype=object))


def a_broken_archive(file: Path) -> None:
    np.savez(file, dW1=np.eye(9))
    file.write_bytes(file.read_bytes()[:300])


def an_archive_with_another_beginning(file: Path) -> None:
    a = io.BytesIO()
    np.savez(a, dW1=np.ones((2, 2)))
    file.write_bytes(b"PK\0\0" + a.getvalue()[4:])


def a_damaged_archive(file: Path) -> None:
    np.savez(file, dW1=np.eye(9))
    raw = bytearray(file.read_bytes())
    raw[200] ^= 255
    file.write_bytes(raw)


def a_damaged_packed_archive(file: Path) -> None:
    np.savez_compressed(file, dW1=np.random.default_rng(0).random((9, 9)))
    raw = bytearray(file.read_bytes())
    raw[100:140] = bytes(40)
    file.write_bytes(raw)


def an_array_shorter_than_it_says(file: Path) -> None:
    told = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        told, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)}
    )
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("dW1.npy", told.getvalue())


def one_array(file: Path) -> None:
    with file.open("wb") as opened:
        np.save(opened, np.eye(2))


def written(text: str) -> Callable[[Path], object]:
    return lambda file: file.write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda file: None, "there is no file "),
        (lambda file: file.mkdir(), " is a folder"),
        (lambda file: os.mkfifo(file), " is not a regular file"),
        (an_archive_with_objects, ": dW1 holds objects, which are not read: save numbers"),
        (a_broken_archive, " is a broken archive: write it anew by np.savez"),
        (an_archive_with_another_beginning, " is a broken archive: write it anew by np.savez"),
        (a_damaged_archive, " is a broken archive: write it anew by np.savez"),
        (a_damaged_packed_archive, " is a broken archive: write it anew by np.savez"),
        (an_array_shorter_than_it_says, ": dW1 holds no array of its size: save numbers"),
        (one_array, ": np.save gives one array no name, np.savez gives each its own"),
        (written("hello"), " is neither an archive of np.savez nor JSON"),
        (written("[" * 100_000), " is neither an archive of np.savez nor JSON"),
        (written("[1, 2]"), ' must be a table of arrays: {"dW1": [[0.1, 0.2]]}'),
        (written("{}"), " holds no arrays"),
        (written('{"dW1": [[1, 2], [3]]}'), ": the rows of dW1 differ in length"),
        (written('{"dW1": "abc"}'), ": dW1 must be a list of numbers"),
        (written('{"dW1": null}'), ": dW1 must be a list of numbers"),
        (written(f'{{"dW1": [1{"0" * 400}]}}'), ": dW1 must be a list of numbers"),
        (written('{"a\\u001b[31m": "x"}'), r": a\x1b[31m must be a list of numbers"),
    ],
)
def test_what_is_no_file_of_arrays_is_refused_in_a_sentence(
    make: Callable[[Path], object], sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.npz"
    make(file)
    assert sentence in refused(file)


def test_any_byte_of_an_archive_may_be_another(tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    np.savez(file, dW1=np.eye(30))  # too large to be checked as a whole before it is read
    raw = file.read_bytes()
    for at, byte in product(range(160), b"(9"):
        file.write_bytes(raw[:at] + bytes([byte]) + raw[at + 1 :])
        with suppress(ArrayFileError):
            read_arrays(str(file))


def test_an_archive_of_python_2(tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1L, 2L), }"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("dW1.npy", b"\x93NUMPY\1\0" + bytes([len(header), 0]) + header + bytes(16))
    assert read_arrays(str(file))["dW1"].tolist() == [[0.0, 0.0]]


def test_a_null_character_is_no_name() -> None:
    assert "cannot be the name of a file" in refused(Path("a\0b"))


def test_an_archive_with_another_file_in_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a\x1b.txt", "hello")
    assert refused(file).endswith(r": a\x1b.txt is not an array")


def test_as_many_bytes_as_are_allowed_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.npz"
    np.savez_compressed(file, a=np.zeros(1000), b=np.zeros(1000))
    with zipfile.ZipFile(file) as archive:
        unpacked = sum(each.file_size for each in archive.infolist())
    for most, told in ((unpacked, ""), (unpacked - 1, f"more than {unpacked - 1:,} bytes")):
        monkeypatch.setattr(arrays, "LARGEST", most)
        assert (told in refused(file)) if told else len(read_arrays(str(file))) == 2
    plain = tmp_path / "mine.json"
    plain.write_text('{"a": [1]}')
    for most, told in ((10, ""), (9, "is larger than 9 bytes, the most that is read")):
        monkeypatch.setattr(arrays, "LARGEST", most)
        assert (told in refused(plain)) if told else read_arrays(str(plain))["a"].tolist() == [1]


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_too_large_is_not_unpacked(
    packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "LARGEST", 20_000)
    file = tmp_path / "mine.npz"
    save = np.savez_compressed if packed else np.savez
    save(file, dW1=np.zeros((100, 100)))
    assert ("unpacks to more than" if packed else "is larger than") in refused(file)
