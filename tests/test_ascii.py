"""Signs in ASCII: as wide as themselves on a screen, and every sign of the program has one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import backprop_tui
from backprop_tui.ascii import IN_FULL, SIGNS, TOGETHER, as_wide, lacks_signs, letter, stroke

PACKAGE = Path(backprop_tui.__file__).parent
NOT_SHOWN = (
    "exports/documents/latex.py",
    "tui/paint/canvas.py",
    "tui/reader.py",
    "ascii.py",
)
"""Signs there are read, exported or never laid out, not shown."""


def strings(source: str) -> Iterator[str]:
    """The string literals of a module, without its documentation."""
    tree = ast.parse(source)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def shown_signs() -> set[str]:
    """Every sign that the program's own texts, and its lessons, can bring to the screen."""
    texts = [path.read_text("utf-8") for path in PACKAGE.glob("lessons/*.toml")]
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).as_posix() not in NOT_SHOWN:
            texts += strings(path.read_text("utf-8"))
    return {sign for text in texts for sign in text if not sign.isascii()}


def test_every_sign_of_the_program_has_a_spelling() -> None:
    shown = shown_signs()
    assert len(shown) > 60
    assert {sign for sign in shown if letter(sign) == "?"} == set()


def test_a_spelling_on_the_screen_is_one_ascii_character() -> None:
    assert all(len(spelling) == 1 and spelling.isascii() for spelling in SIGNS.values())
    assert all(spelling.isascii() for spelling in IN_FULL.values())


@given(st.text(st.sampled_from([*SIGNS, *"⁻⁰¹²³⁴⁵⁶⁷⁸⁹ 10ab⡤é"])))
def test_a_line_is_as_wide_in_ascii(line: str) -> None:
    assert as_wide(line).isascii()
    assert len(as_wide(line)) == len(line)


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_stays_as_it_is(line: str) -> None:
    assert as_wide(line) == line


@pytest.mark.parametrize(
    ("line", "spelled"),
    [
        ("dW2 = dZ2 · A1ᵀ", "dW2 = dZ2 . A1t"),
        (
            "dA1 = W2ᵀ · dZ2    (3×1) = (1×3)ᵀ · (1×1)  ",
            "dA1 = W2^T . dZ2   (3x1) = (1x3)^T . (1x1) ",
        ),
        (" ✓ forward  ✓ loss  ◀ BACKWARD", " ok forward ok loss < BACKWARD"),
        ("── ✓ gradient check ──", "--ok gradient check --"),
        ("✓0.377 ✓−0.593  ✓ as printed", "=0.377 =-0.593  = as printed"),
        ("▾ layer 2: 3 → 1 sigmoid  ", "v layer 2: 3 -> 1 sigmoid "),
        (" ⏎ walk there", "CR walk there"),
        ("dZ1 = dA1 ∘ σ′(Z1)", "dZ1 = dA1 o s'(Z1)"),
        ("▸−0.524 •0.818 ✗−1", ">-0.524 :0.818 X-1"),
        ("Gradients × 10⁻¹²", "Gradients x 1e-12"),
        ("   ∞    −∞ ", " inf  -inf "),
        ("W1 ← W1 − α·dW1", "W1 <-W1 - a.dW1"),
        ("(A2 − Y)² summed", "(A2 - Y)^2summed"),
        ("next  ⌫ back  ⏎ why", "next BS back CR why"),
        ("example é, ŷ 神", "example e, ^ ?"),
    ],
)
def test_it_can_be_read(line: str, spelled: str) -> None:
    assert as_wide(line) == spelled


def test_signs_that_mean_different_things_stay_apart() -> None:
    """Plus and minus, right and wrong, written and read, the phases, known and not known."""
    for told_apart in ("+−", "✓✗≠", "▸•✗Δ*", "▶◀▼", "✓▶◀▼", "·0▒?", "−·×∘", "σ′ᵀ", "●○"):
        spellings = [letter(sign) if not sign.isascii() else sign for sign in told_apart]
        assert len(set(spellings)) == len(told_apart), told_apart


@pytest.mark.parametrize(
    ("sign", "looks"),
    [
        ("⠤", "_"),
        ("⠒", "-"),
        ("⡇", "|"),
        ("⢸", "|"),
        ("⠑", "\\"),
        ("⠊", "/"),
        ("⠁", "'"),
        ("⣿", "#"),
    ],
)
def test_braille_is_drawn_as_strokes(sign: str, looks: str) -> None:
    assert letter(sign) == looks


def test_every_braille_pattern_is_one_character() -> None:
    assert stroke(0) == " "
    assert all(len(stroke(dots)) == 1 and stroke(dots) != " " for dots in range(1, 256))


def test_what_is_spelled_with_room_is_no_wider() -> None:
    assert all(spelling.isascii() for spelling in TOGETHER.values())


@pytest.mark.parametrize(
    ("environ", "encoding", "lacks"),
    [
        ({"LANG": "C.UTF-8", "TERM": "xterm-256color"}, "utf-8", False),
        ({"LC_ALL": "de_DE.utf8"}, "UTF-8", False),
        ({}, "utf-8", False),  # nothing told, as in a container
        ({"LANG": "C"}, "utf-8", False),
        ({"LC_ALL": "C"}, "utf-8", True),
        ({"LC_ALL": "POSIX"}, "utf-8", True),
        ({"LC_ALL": "de_DE.ISO-8859-1"}, "utf-8", True),
        ({"LANG": "de_DE.ISO-8859-1"}, "iso8859-1", True),
        ({}, "ascii", True),
        ({"TERM": "linux", "LANG": "C.UTF-8"}, "utf-8", True),
        ({"TERM": "vt220"}, "utf-8", True),
        ({"TERM": "screen.linux"}, "utf-8", False),
    ],
)
def test_which_terminals_lack_signs(environ: dict[str, str], encoding: str, lacks: bool) -> None:
    assert lacks_signs(environ, encoding) is lacks
