"""What a terminal sends: read in any pieces, and whatever it is, nothing but keys comes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Key

from backprop_tui.tui.driver import Reader

COLOUR = b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\"


def keys(*pieces: bytes) -> list[str]:
    """The keys that come of it, a moment after the last piece too."""
    reader = Reader()
    messages = [m for piece in pieces for m in reader.read(piece)]
    messages += [*reader.idle()]
    return [m.key for m in messages if isinstance(m, Key)]


def test_keys_are_keys() -> None:
    assert keys(b"n \x1b[6~\x1b[D") == ["n", "space", "pagedown", "left"]


def test_a_character_may_come_in_two_pieces() -> None:
    assert keys("σ".encode()[:1], "σ".encode()[1:]) == keys("σ".encode())


def test_bytes_that_are_no_characters_leave_the_keys_around_them() -> None:
    found = keys(b"a\xff\xc3b\x80c")
    assert [key for key in found if key != "replacement_character"] == ["a", "b", "c"]


@pytest.mark.parametrize("end", [b"\x1b\\", b"\x07"])
@pytest.mark.parametrize("at", range(2, 24))
def test_an_answer_that_nobody_asked_for_is_no_key(end: bytes, at: int) -> None:
    sent = b"a\x1b]11;rgb:1e1e/1e1e/1e1e" + end + b"b"
    assert keys(sent) == ["a", "b"]
    assert keys(sent[: at + 1], sent[at + 1 :]) == ["a", "b"]


def test_what_only_begins_like_an_answer_is_what_was_typed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("textual.constants.ESCAPE_DELAY", 0.0)
    assert keys(b"\x1b]") == ["right_square_bracket"]
    assert keys(b"\x1b]", b"n") == ["right_square_bracket", "n"]
    assert keys(b"\x1b]1;" + b"n" * 10_000)[-10_000:] == ["n"] * 10_000


@pytest.mark.parametrize(
    "wrong", [b"\x1b[9999999999u", b"\x1b[1114112u", b"\x1b[99;5:3u", b"\x1b[:;:u", b"\x1b[55296u"]
)
def test_a_sequence_that_is_no_key_is_dropped(wrong: bytes) -> None:
    assert keys(wrong, b"n") == ["n"]


@given(st.lists(st.one_of(st.binary(), st.sampled_from([COLOUR, b"\x1b[", b"\x1b]1;", b"\x1b"]))))
def test_anything_may_come(pieces: list[bytes]) -> None:
    for key in keys(*pieces):
        key.encode()
