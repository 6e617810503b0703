"""What a terminal sends: read in any pieces, and whatever it is, nothing but keys comes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Key, MouseDown, Paste

from backprop_tui.tui.reader import LONGEST_PAUSE, Reader

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


def test_a_terminal_that_does_not_know_its_size_in_pixels_has_a_mouse() -> None:
    reader, click = Reader(), b"\x1b[<0;3;5M"
    list(reader.read(b"\x1b[48;24;80;0;0t" + click))
    (found,) = reader.read(click)
    assert isinstance(found, MouseDown)
    assert (found.x, found.y) == (2, 4)


SENT = {
    "\x1b": "escape", "g": "g", "P": "P", "3": "3", "\r": "enter", " ": "space", "\t": "tab",
    "\x7f": "backspace", ":": "colon", "\x1b[A": "up", "\x1bOP": "f1", "\x1b[6~": "pagedown",
}  # fmt: skip


@given(st.lists(st.sampled_from(list(SENT)), max_size=8), st.data())
def test_an_escape_and_a_key_in_one_piece_are_two(sent: list[str], data: st.DataObject) -> None:
    """In whatever pieces they come."""
    text = "".join(sent).encode()
    cut = data.draw(st.integers(0, len(text)))
    assert keys(text[:cut], text[cut:]) == [SENT[one] for one in sent]


@pytest.mark.parametrize("cut", range(1, 24))
def test_what_is_pasted_is_left_as_it_is(cut: int) -> None:
    sent = b"g\x1b[200~a\x1b1\r\nb\x1b[201~\x1b2"
    reader = Reader()
    found = [*reader.read(sent[:cut]), *reader.read(sent[cut:]), *reader.idle()]
    assert [m.text for m in found if isinstance(m, Paste)] == ["a\x1b1\r\nb"]
    assert [m.key for m in found if isinstance(m, Key)] == ["g", "escape", "2"]


def test_keys_are_heard_again_where_the_mark_behind_pasted_text_is_lost() -> None:
    reader = Reader()
    assert not [*reader.read(b"\x1b[200~ab")]
    assert not [m for _ in range(LONGEST_PAUSE - 1) for m in reader.idle()]
    assert not [*reader.read(b"c")]  # it was only slow
    (paste,) = (m for _ in range(LONGEST_PAUSE) for m in reader.idle())
    assert isinstance(paste, Paste)
    assert paste.text == "abc"
    (key,) = reader.read(b"n\x1b[201~")
    assert isinstance(key, Key)


@given(st.lists(st.one_of(st.binary(), st.sampled_from([COLOUR, b"\x1b[", b"\x1b]1;", b"\x1b"]))))
def test_anything_may_come(pieces: list[bytes]) -> None:
    for key in keys(*pieces):
        key.encode()
