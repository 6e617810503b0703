"""Without colours nothing is lost: what a colour says, a sign beside it or in it says too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from backprop_tui.files.experiment_file import load
from backprop_tui.session.view import ARROWS
from backprop_tui.tui.paint.themes import LOOKS
from backprop_tui.tui.panels.panel import Panel
from tests.tui.driver import SMALL, WIDE, Driver, stepping

PHASES = {"forward", "backward", "update"}
NUMBERS = {"positive", "negative", "carried", "wrong", "crossed"}
QUIET = {"quiet", "rule", "faint", "uncomputed", "stale"}
"""What may be read like the rest, or looks dull in another manner as well."""


def test_these_are_all_the_meanings_that_have_a_colour() -> None:
    coloured = {meaning for meaning, (hue, _) in LOOKS.items() if hue}
    assert coloured == PHASES | NUMBERS | QUIET
    assert all("dim" in LOOKS[meaning][1] for meaning in ("faint", "uncomputed", "stale"))


def written(panel: Panel) -> Iterator[tuple[set[str], str, str]]:
    """Each run of a panel: its meanings, its characters, and what stands before it."""
    for y in range(panel.canvas.height):
        before = ""
        for text, style in panel.canvas.runs(y):
            yield set(style.split()), text, before.rstrip()
            before += text


def is_edge(text: str) -> bool:
    """Whether it is an edge between neurons: minus is dashed there."""
    return all("\u2800" <= char <= "\u28ff" for char in text.strip())


def check_signs(driver: Driver) -> int:
    """Check every number on the screen that has a colour, and return how many there are."""
    seen = 0
    for panel in driver.shown:
        if panel.id not in ("network", "cache", "gradients", "update"):
            continue
        for meanings, text, before in written(panel):
            if not meanings & NUMBERS or is_edge(text) or text in "✗~":
                continue
            seen += 1
            number = text.strip()
            if meanings & {"positive", "negative"}:
                assert number.startswith("−") == ("negative" in meanings)
            if "carried" in meanings:
                assert before.endswith("~") or number.startswith("~") or "target" in meanings
            if meanings & {"wrong", "crossed"} and number not in ("∞", "−∞", "NaN"):
                assert before.endswith("✗") or "target" in meanings
    phase = driver.session.view.state.phase
    assert f"{ARROWS[phase]} {phase.upper()}" in driver.text("rail")
    return seen


@pytest.mark.parametrize(
    ("lesson", "mistake", "size"),
    [
        ("article", None, WIDE),
        ("article", "sign-flipped", SMALL),
        ("xor", "mean-forgotten", WIDE),
        ("rnn", None, SMALL),
    ],
)
async def test_what_a_colour_says_is_said_by_a_sign(
    lesson: str, mistake: str | None, size: tuple[int, int]
) -> None:
    experiment = replace(load(lesson), questions=())
    async with stepping(experiment, size) as driver:
        if mistake:
            await driver.press("m")
            await driver.type(mistake)
            await driver.press("enter")
        seen = 0
        for _ in range(len(driver.session.timeline.program.steps) + 4):
            await driver.press("space")
            seen += check_signs(driver)
        assert seen > 100
