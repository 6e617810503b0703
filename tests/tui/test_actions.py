"""One table of actions: bindings, footer, help and palette say what it says."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from backprop_tui.session.asking import DIGITS
from backprop_tui.session.commands import COMMANDS, Command
from backprop_tui.session.prompts import Menu
from backprop_tui.tui.sheets.texts import GROUPS, help_text
from tests.tui.driver import HUGE, SMALL, stepping

SIGNS = {
    "backspace": "⌫",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "enter": "⏎",
    "shift+tab": "⇧tab",
    "escape": "esc",
    "full_stop": ".",
    "question_mark": "?",
    "f1": "F1",
    "colon": ":",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
}
"""How keys are written whose name is not what people call them."""
ELSEWHERE = {"→", "←", "click", "ctrl+p"}
"""Signs of what does the same: an arrow without a cursor, the mouse, Textual's own chord."""
KEYED = [command for command in COMMANDS if command.keys]


def test_no_key_is_bound_twice() -> None:
    counted = Counter(key for action in KEYED for key in action.keys)
    assert [key for key, times in counted.items() if times > 1] == []
    assert len({action.id for action in KEYED}) == len(KEYED)


def test_no_control_chord() -> None:
    """They collide with tmux and terminals; `shift+s` is never S. One, Textual has taught."""
    chords = [k for a in KEYED for k in a.keys if re.match("(ctrl|alt|super|meta)[+]", k)]
    assert chords == ["ctrl+p"]
    assert [k for a in KEYED for k in a.keys if re.match("shift[+].$", k)] == []


@pytest.mark.parametrize("action", KEYED, ids=lambda command: command.id)
def test_every_key_is_written(action: Command) -> None:
    """Help shows every key by its sign; the first is the one that the footer shows."""
    signs = action.written.split()
    assert signs[0] == action.sign
    own = {SIGNS.get(key, key) for key in action.keys if DIGITS.get(key, key) == key}
    assert own <= set(signs)
    assert set(signs) - own <= ELSEWHERE
    assert action.does
    assert action.does[-1] not in ".!"


async def test_the_footer_names_the_keys_that_matter_most() -> None:
    async with stepping(size=HUGE) as driver:
        shown = [a for a in KEYED if a.footer]
        assert driver.text("footer").split("  ") == [
            f" {shown[0].sign} {shown[0].short}",
            *(f"{a.sign} {a.short}" for a in shown[1:]),
        ]


@pytest.mark.parametrize("size", [SMALL, (60, 18), (40, 12)], ids=str)
async def test_the_footer_always_names_the_first_of_them(size: tuple[int, int]) -> None:
    async with stepping(size=size) as driver:
        for action in (a for a in COMMANDS if a.footer == "always"):
            assert f"{action.sign} {action.short}" in driver.text("footer")


@pytest.mark.parametrize("size", [SMALL, HUGE, (30, 10)], ids=str)
async def test_the_footer_is_cut_between_keys(size: tuple[int, int]) -> None:
    async with stepping(size=size) as driver:
        known = {f"{a.sign} {a.short}" for a in KEYED}
        if size[0] >= 60:
            assert set(driver.text("footer").strip().split("  ")) <= known


async def test_a_click_on_the_footer_does_what_the_key_does() -> None:
    async with stepping() as driver:
        at = driver.text("footer").index("space next")
        await driver.click("footer", at + 1, 0)
        assert driver.position.steps == 1


def test_help_tells_every_key() -> None:
    said = "".join(help_text("cache", 80)[0].plain.split())  # however its lines are broken
    assert {action.group for action in KEYED} == set(GROUPS)
    for action in KEYED:
        assert "".join(f"{action.written}{action.does}".split()) in said


async def test_the_palette_has_every_command_with_its_key() -> None:
    async with stepping() as driver:
        await driver.press("colon")
        top = driver.session.top
        assert isinstance(top, Menu)
        listed = {entry.id: entry for entry in top.entries}
        for command in COMMANDS:
            if command.keys and command.id not in ("palette", "leave", "choose"):
                assert listed[command.id].about == command.does
                assert listed[command.id].told == command.written
        await driver.type("next")
        assert " space n PgDn →" in driver.everything()
        await driver.press("enter")
        assert driver.position.steps == 1
