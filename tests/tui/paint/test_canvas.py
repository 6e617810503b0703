"""The sheet that panels are painted on: columns, cutting off, and writing of any width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from backprop_tui.tui.paint.canvas import USUAL, Canvas, columns, laid_out, shortened, wrapped

SIGNS = "✓✗≠−·∘∂σ′▸•‹›⋮↗⌫⏎⇧←→↑↓ŷᵀₖΣ◆⡤█◂━…▶◀▼αβε⁻³"


def test_every_sign_of_the_screen_takes_one_column() -> None:
    assert columns(SIGNS) == len(SIGNS) == cell_len(SIGNS)


def test_what_is_usual_takes_one_column_and_all_of_the_signs_are() -> None:
    usual = sorted(USUAL)
    assert laid_out("".join(usual)) == usual
    assert set(SIGNS) <= USUAL


def test_what_is_put_outside_is_cut_off() -> None:
    canvas = Canvas(4, 2)
    canvas.put(-2, 0, "abcdef")
    canvas.put(2, 1, "xyz")
    canvas.put(0, 7, "nowhere")
    assert canvas.text() == "cdef\n  xy"


def test_a_wide_character_takes_two_columns_and_a_mark_none() -> None:
    canvas = Canvas(8, 1)
    assert canvas.put(0, 0, "日e\u0301!") == 4
    assert canvas.text() == "日e\u0301!"
    assert canvas.right(8, 0, "本") == 6


def test_controls_and_turned_directions_are_left_out() -> None:
    canvas = Canvas(8, 1)
    canvas.put(0, 0, "a\x1b\u202eb\tc")
    assert canvas.text() == "abc"


@given(st.text(max_size=40), st.integers(0, 30))
def test_what_is_shortened_fits(text: str, width: int) -> None:
    assert columns(shortened(text, width)) <= width


@given(st.text(max_size=120), st.integers(2, 30), st.integers(1, 5))
def test_what_is_wrapped_fits(text: str, width: int, most: int) -> None:
    lines = wrapped(text, width, most)
    assert len(lines) <= most
    assert all(columns(line) <= width for line in lines)


@pytest.mark.parametrize("width", range(5, 24))
def test_what_is_cut_off_is_cut_between_words(width: int) -> None:
    """Half a number would read as another one."""
    (line,) = wrapped("W2 = −0.25 × 0.125", width, 1)
    whole = {"W2", "=", "−0.25", "×", "0.125", "…"}
    assert set(line.split(" ")) <= whole


def test_a_rule_has_room_for_both_or_for_its_title_alone() -> None:
    for width, shown in ((21, "─ Network  ▼ update ─"), (20, "─ Network ──────────")):
        canvas = Canvas(width, 1)
        canvas.rule(0, "Network", "▼ update")
        assert canvas.text() == shown


def test_lines_that_differ_are_told_apart_by_style_as_well() -> None:
    one, other = Canvas(3, 1), Canvas(3, 1)
    assert not one.differs(other, 0)
    other.put(0, 0, " ", "target")
    assert one.differs(other, 0)
