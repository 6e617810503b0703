"""Every lesson walked at 80×24 with the two keys of a presenter's remote, there and back."""

from __future__ import annotations

import pytest

from backprop_tui import lessons
from backprop_tui.engine.timeline import Position
from backprop_tui.tui.screens.stepper import Stepper
from tests.tui.driver import Driver, stepping


def said(driver: Driver) -> str:
    """What the Step panel says, however it is broken into lines."""
    return " ".join(driver.text("step").split())


async def walked(driver: Driver, key: str, presses: int) -> list[str]:
    """What the Step panel says after each press."""
    seen = []
    for _ in range(presses):
        await driver.press(key)
        assert isinstance(driver.screen, Stepper)
        seen.append(said(driver))
    return seen


@pytest.mark.parametrize("name", lessons.NAMES)
async def test_a_walk_shows_every_note_and_the_way_back_is_the_same(name: str) -> None:
    """Two iterations, or one where nothing is said of just the second."""
    async with stepping(name) as driver:
        timeline = driver.stepper.timeline
        lesson, before = timeline.experiment, driver.paintings()
        iterations = 2 if any(note.iteration == 2 for note in lesson.notes) else 1
        steps = [(k + 1, s.symbol) for k in range(iterations) for s in timeline.program.steps]
        there = await walked(driver, "pagedown", len(steps))
        assert driver.position == timeline.end_of(iterations)
        for (iteration, step), panel in zip(steps, there, strict=True):
            for note in lesson.notes_at(iteration, step):
                assert f"◆ {note.text}" in panel
        back = await walked(driver, "pageup", len(steps))
        assert driver.position == timeline.start
        assert driver.paintings() == before
        assert back[:-1] == there[-2::-1]


@pytest.mark.parametrize("name", lessons.NAMES)
async def test_a_note_on_a_far_iteration_has_room_too(name: str) -> None:
    async with stepping(name) as driver:
        timeline = driver.stepper.timeline
        for note in timeline.experiment.notes:
            if note.iteration is not None and note.iteration > 2:
                steps = timeline.program.index(note.step) + 1
                driver.stepper.go(Position(note.iteration, steps))
                await driver.settled()
                assert f"◆ {note.text}" in said(driver)
