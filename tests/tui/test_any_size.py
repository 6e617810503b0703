"""Any size: whatever keys are pressed, nothing breaks, nothing is painted outside, and the current
step is always there from 40×12 on."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from backprop_tui.files.experiment_file import load
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.view import DRAWINGS
from backprop_tui.tui.app import BackpropApp
from backprop_tui.tui.panels.boards import Cache, Gradients
from backprop_tui.tui.panels.footer import Footer
from backprop_tui.tui.panels.heading import Rail, Title
from backprop_tui.tui.panels.network import NetworkPanel
from backprop_tui.tui.panels.panel import Panel
from backprop_tui.tui.panels.step import StepPanel
from backprop_tui.tui.panels.update import Update
from tests.programs import ATTENTION, RESIDUAL, TIED, rnn
from tests.tui.driver import driving, painted, stepping, view_of

LESSONS = ("xor", "article", "mazur", "ai-by-hand", "vanishing")
PROGRAMS = {
    "three time steps": rnn(3),
    "twelve time steps": rnn(12),
    "a skip": RESIDUAL,
    "tokens": ATTENTION,
    "tied weights": TIED,
}
NETWORKS = {name: load(name) for name in LESSONS} | PROGRAMS
PANELS = (Title, Rail, NetworkPanel, Cache, Gradients, Update, StepPanel, Footer)
LEAST, MOST = (20, 5), (300, 100)
FROM = (40, 12)
"""The size from which on the current step must be there."""
KEYS = (
    *"spnPiIuUxcLefmkKvzhtdDabylrgowRR123",
    *("space", "space", "space", "backspace", "enter", "tab", "shift+tab", "escape", "escape"),
    *("up", "down", "left", "right", "home", "pagedown", "pageup", "question_mark", "plus"),
)


def sizes(chance: random.Random) -> tuple[int, int]:
    """Any size, small ones more often."""
    (narrow, low), (wide, high) = LEAST, MOST
    share = chance.random() ** 2
    return (
        narrow + int(share * (wide - narrow + 1)),
        chance.choice((low, 12, chance.randint(low, high))),
    )


@pytest.mark.parametrize("lesson", NETWORKS)
def test_panels_can_be_painted_at_any_size(lesson: str) -> None:
    chance = random.Random(lesson)
    timeline = Timeline(NETWORKS[lesson])
    steps = len(timeline.program.steps)
    panels: list[Panel] = [kind() for kind in PANELS]
    for _ in range(16):
        here = Position(chance.randint(1, 3), chance.randint(0, steps))
        looks = {"drawing": chance.choice(DRAWINGS), "maximised": chance.random() < 0.3}
        looks["roomy"] = chance.random() < 0.5
        view = view_of(timeline, here, decimals=chance.randint(0, 8), **looks)
        width, height = sizes(chance)
        for panel in panels:
            canvas = painted(panel, view, width, height)
            assert canvas.text().count("\n") == height - 1
            assert all(len("".join(t for t, _ in canvas.runs(y))) == width for y in range(height))


@pytest.mark.parametrize("lesson", NETWORKS)
@pytest.mark.parametrize("width", [40, 47, 60, 61, 80, 120])
def test_the_rail_has_the_current_step_at_any_width(lesson: str, width: int) -> None:
    timeline = Timeline(NETWORKS[lesson])
    for steps, step in enumerate(timeline.program.steps, 1):
        view = view_of(timeline, Position(1, steps))
        assert f"[{step.symbol}]" in painted(Rail(), view, width, 1).text()


async def test_in_little_room_the_gradient_in_hand_is_seen_until_a_panel_is_chosen() -> None:
    async with stepping("article", FROM) as driver:
        await driver.press("space")
        assert "cache" in [panel.id for panel in driver.shown]
        await driver.press("p", "p", "p")
        assert "gradients" in [panel.id for panel in driver.shown]
        assert "tab panel" in driver.text("footer")


async def test_in_little_room_a_question_has_all_of_it() -> None:
    article = load("article")
    asked = replace(article, look=replace(article.look, ask="vote"))
    async with stepping(asked, FROM) as driver:
        await driver.press("space")
        assert all(f"{k}) " in driver.text("step") for k in (1, 2, 3, 4))


@pytest.mark.parametrize("seed", range(8))
async def test_no_keys_at_no_size_break_anything(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some of them save
    chance = random.Random(seed)
    of = [NETWORKS[name] for name in LESSONS] if seed < 4 else list(PROGRAMS.values())
    app = BackpropApp(chance.choice(of), ascii_only=seed % 2 == 0)
    async with driving(app, sizes(chance)) as driver:
        for _ in range(8):
            size = sizes(chance)
            await driver.resize(*size)
            for key in chance.choices(KEYS, k=4):
                await driver.press(key)
            lines = driver.everything().split("\n")
            assert {len(line) for line in lines} == {size[0]}
            assert len(lines) == size[1]
            if driver.kind == "" and size[0] >= FROM[0] and size[1] >= FROM[1]:
                step = app.session.view.state.number
                assert (app.session.message[:20] or f"step {step}") in lines[0]
                assert app.session.view.step is None or app.session.view.step.symbol in lines[1]
