"""One table of actions: bindings, footer, help, palette and README say what it says."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from textual.binding import Binding

from backprop_tui.session.commands import ACTIONS, Action
from backprop_tui.tui.screens.help import GROUPS, Help
from backprop_tui.tui.screens.stepper import Stepper
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
README = Path(__file__).parents[2] / "README.md"


def keys(action: Action) -> list[str]:
    return action.keys.split(",")


def readme_row(action: Action) -> str:
    """An action's line in README's table of keys."""
    return f"| `{action.written}` | {action.does} |"


def test_every_action_is_bound_as_the_table_says() -> None:
    bound = [b for b in Stepper.BINDINGS if isinstance(b, Binding)]
    assert [(b.key, b.action, b.tooltip, b.id) for b in bound] == [
        (keys, does, a.does, a.name) for a in ACTIONS for keys, does in a.bindings
    ]
    assert not any(b.priority for b in bound)  # it would steal keys from text fields


def test_every_action_can_be_done() -> None:
    for action in ACTIONS:
        assert callable(getattr(Stepper, f"action_{action.name}", None)), action.name


def test_every_key_of_the_stepper_is_in_the_table() -> None:
    own = [kind for kind in Stepper.__mro__ if kind.__module__.startswith("backprop_tui.")]
    names = {name for kind in own for name in vars(kind) if name.startswith("action_")}
    done = {name.removeprefix("action_") for name in names}
    assert done == {action.name for action in ACTIONS}


def test_no_key_is_bound_twice() -> None:
    counted = Counter(key for action in ACTIONS for key in keys(action))
    assert [key for key, times in counted.items() if times > 1] == []
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)


def test_no_control_chord() -> None:
    """They collide with tmux and terminals; `shift+s` is never S."""
    chords = [k for a in ACTIONS for k in keys(a) if re.match("(ctrl|alt|super|meta)[+]", k)]
    assert chords == []
    assert [k for a in ACTIONS for k in keys(a) if re.match("shift[+].$", k)] == []


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_key_is_written(action: Action) -> None:
    """Help shows every key by its sign; the first is the one that the footer shows."""
    signs = action.written.split()
    assert signs[0] == action.sign
    own = {SIGNS.get(key, key) for key in keys(action)}
    assert own <= set(signs)
    assert set(signs) - own <= ELSEWHERE
    assert action.does
    assert action.does[-1] not in ".!"


async def test_the_footer_names_the_keys_that_matter_most() -> None:
    async with stepping(size=HUGE) as driver:
        shown = [a for a in ACTIONS if a.footer]
        assert driver.text("footer").split("  ") == [
            f" {shown[0].sign} {shown[0].short}",
            *(f"{a.sign} {a.short}" for a in shown[1:]),
        ]


@pytest.mark.parametrize("size", [SMALL, (60, 18), (40, 12)], ids=str)
async def test_the_footer_always_names_the_first_of_them(size: tuple[int, int]) -> None:
    async with stepping(size=size) as driver:
        for action in (a for a in ACTIONS if a.footer == "always"):
            assert f"{action.sign} {action.short}" in driver.text("footer")


@pytest.mark.parametrize("size", [SMALL, HUGE, (30, 10)], ids=str)
async def test_the_footer_is_cut_between_keys(size: tuple[int, int]) -> None:
    async with stepping(size=size) as driver:
        known = {f"{a.sign} {a.short}" for a in ACTIONS}
        if size[0] >= 60:
            assert set(driver.text("footer").strip().split("  ")) <= known


async def test_a_click_on_the_footer_does_what_the_key_does() -> None:
    async with stepping() as driver:
        at = driver.text("footer").index("space next")
        await driver.pilot.click("#footer", offset=(at + 1, 0))
        await driver.pilot.pause()
        assert driver.position.steps == 1


def test_help_tells_every_key() -> None:
    said = "".join(Help("cache").text().plain.split())  # however its lines are broken
    assert {action.group for action in ACTIONS} == set(GROUPS)
    for action in ACTIONS:
        assert "".join(f"{action.written}{action.does}".split()) in said


async def test_the_palette_has_every_action() -> None:
    async with stepping() as driver:
        commands = list(driver.session.commands())
        listed = [a for a in ACTIONS if a.name not in ("palette", "leave", "choose")]
        assert [c.title for c in commands] == [a.short.capitalize() for a in listed]
        for command, action in zip(commands, listed, strict=True):
            assert action.does in command.help
            assert action.written in command.help
        next(c for c in commands if c.title == "Next").callback()
        assert driver.position.steps == 1


def test_readme_has_just_the_keys_of_the_table() -> None:
    """A Markdown table of two columns; its rows, in any order, are these."""
    written = README.read_text("utf-8")
    rows = [re.sub(" +", " ", line).strip() for line in written.splitlines()]
    ours = [readme_row(action) for action in ACTIONS]
    assert [row for row in ours if row not in rows] == []
    begin = end = rows.index(ours[0])
    while rows[begin - 1].startswith("|"):
        begin -= 1
    while end < len(rows) and rows[end].startswith("|"):
        end += 1
    assert sorted(rows[begin + 2 : end]) == sorted(ours)  # behind the head and its rule
