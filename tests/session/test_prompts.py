"""Lines, lists and sheets as a session holds them: what each key makes of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.session.prompts import Entry, Line, Menu, nothing

KEYS = "left right home end backspace delete ctrl+u ctrl+k ctrl+w ctrl+left ctrl+right".split()


def typed(*keys: str, line: Line | None = None) -> tuple[str, int]:
    """The text and the cursor after these keys; a single character is typed as it is."""
    line = line or Line()
    for key in keys:
        line = line.key(key, key if len(key) == 1 else None)
    return line.text, line.at


@pytest.mark.parametrize(
    ("keys", "text", "at"),
    [
        ("a b c", "abc", 3),
        ("a b left c", "acb", 2),
        ("a b left left left c", "cab", 1),
        ("a b home c", "cab", 1),
        ("a b home end c", "abc", 3),
        ("a b backspace", "a", 1),
        ("a b left backspace", "b", 0),
        ("a b home backspace", "ab", 0),
        ("a b home delete", "b", 0),
        ("a b delete", "ab", 2),
        ("a b c left ctrl+u", "c", 0),
        ("a b c left left ctrl+k", "a", 1),
        ("f5", "", 0),
    ],
)
def test_what_keys_make_of_a_line(keys: str, text: str, at: int) -> None:
    assert typed(*keys.split()) == (text, at)


def test_words_are_deleted_and_skipped_whole() -> None:
    line = Line.of("loss < 0.01")
    assert typed("ctrl+w", line=line) == ("loss < ", 7)
    assert typed("ctrl+w", "ctrl+w", line=line) == ("loss ", 5)
    assert typed("ctrl+left", "ctrl+left", line=line)[1] == 5
    assert typed("home", "ctrl+right", line=line)[1] == 4


@pytest.mark.parametrize("key", ["backspace", "delete", "ctrl+u", "ctrl+w"])
def test_what_is_selected_whole_is_replaced_or_deleted(key: str) -> None:
    assert Line.of("0.5", whole=True).key("7", "7") == Line.of("7")
    assert Line.of("0.5", whole=True).key(key, None) == Line()
    assert Line.of("0.5", whole=True).key("left", None) == Line("0.5", 2)


@given(st.text(), st.lists(st.sampled_from([*KEYS, *"ab1 ", "enter", "f7"])))
def test_a_line_stays_a_line_whatever_comes(pasted: str, keys: list[str]) -> None:
    line = Line().insert(pasted)
    assert line.text.isprintable()
    for key in keys:
        line = line.key(key, key if len(key) == 1 else None)
        assert 0 <= line.at <= len(line.text)


LIST = Menu(
    "open",
    "Open",
    (
        Entry("mazur", "2  mazur", "softmax of none"),
        Entry("softmax", "9  softmax", "three classes"),
    ),
    nothing,
)


def test_a_list_is_narrowed_by_every_word_that_is_typed() -> None:
    assert [e.id for e in LIST.shown] == ["mazur", "softmax"]
    narrowed = Menu("open", "Open", LIST.entries, nothing, Line.of("softmax THREE"))
    assert [e.id for e in narrowed.shown] == ["softmax"]


def test_what_no_entry_holds_is_the_answer_itself() -> None:
    typed_path = Menu("open", "Open", LIST.entries, nothing, Line.of(" ./mine.toml "))
    assert typed_path.shown == ()
    assert typed_path.answer == "./mine.toml"
    assert LIST.moved(1).answer == "softmax"


def test_a_list_ends_at_its_ends() -> None:
    assert LIST.moved(-3).chosen == 0
    assert LIST.moved(99).chosen == 1
