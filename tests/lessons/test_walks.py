"""Every lesson walked at 80×24 with the two keys of a presenter's remote, there and back."""

from __future__ import annotations

import pytest

from backprop_tui import lessons
from backprop_tui.files.experiment_file import load
from backprop_tui.run.timeline import Position
from tests.tui.driver import Driver, stepping

MOST_PRESSES = 200
"""More than any walk here takes."""


def said(driver: Driver) -> str:
    """What the Step panel says under its rule, where the verdict of the check comes late."""
    return " ".join(driver.text("step").partition("\n")[2].split())


def drawn(driver: Driver) -> dict[str, list[object]]:
    """What each panel shows, but the title: the losses that are known by then take room in it."""
    return {name: [*lines] for name, lines in driver.paintings().items() if name != "title"}


async def walked(driver: Driver, key: str, goal: Position) -> dict[Position, str]:
    """What the Step panel says first at each position on the way; a question takes a press more."""
    seen: dict[Position, str] = {}
    for _ in range(MOST_PRESSES):
        await driver.press(key)
        assert driver.kind == ""
        if driver.session.blackboard is None:
            seen.setdefault(driver.position, said(driver))
        if driver.position == goal:
            return seen
    pytest.fail(f"{key} never comes to {goal}")


@pytest.mark.parametrize("name", lessons.NAMES)
async def test_a_walk_shows_every_note_and_the_way_back_is_the_same(name: str) -> None:
    """Two iterations, or one where nothing is said of just the second; and a step more."""
    async with stepping(name, asks=True) as driver:
        timeline = driver.session.timeline
        lesson, steps = timeline.experiment, timeline.program.steps
        before = drawn(driver)
        iterations = 2 if any(note.iteration == 2 for note in lesson.notes) else 1
        there = await walked(driver, "pagedown", Position(iterations + 1, 1))
        back = await walked(driver, "pageup", timeline.start)
        assert drawn(driver) == before
        assert len(back) == iterations * len(steps) + 1
        for position in back.keys() - {timeline.start}:
            at = position.iteration, steps[position.steps - 1].symbol
            assert [
                line
                for n in lesson.notes_at(*at)
                for line in n.lines[:1]
                if f"◆ {line}" not in back[position]
            ] == []
            told = there.get(position, back[position])  # not, while it was derived line by line
            assert lesson.questions_at(*at) or told == back[position]


async def test_the_article_is_derived_by_the_key_of_a_remote_alone() -> None:
    """From ∂L/∂A2 to db1, every line of every gradient; the update brings the panels back."""
    async with stepping("article") as driver:
        derived: list[str] = []
        while driver.session.step_symbol != "W1":
            await driver.press("pagedown")
            board = driver.session.blackboard
            if board is not None and board.is_whole:
                derived.append(board.level.symbol)
        assert derived == list(driver.session.timeline.program.gradients)
        assert driver.session.blackboard is None


async def test_a_lesson_s_blackboard_that_was_left_stays_closed() -> None:
    async with stepping("article") as driver:
        while driver.session.blackboard is None:
            await driver.press("pagedown")
        await driver.press("escape", "pagedown")
        assert driver.session.step_symbol == "dZ2"
        assert not driver.session.levels


FAR = [name for name in lessons.NAMES if any((n.iteration or 0) > 2 for n in load(name).notes)]


@pytest.mark.parametrize("name", FAR)
async def test_a_note_on_a_far_iteration_has_room_too(name: str) -> None:
    async with stepping(name, asks=True) as driver:
        timeline = driver.session.timeline
        for note in timeline.experiment.notes:
            if note.iteration is not None and note.iteration > 2:
                steps = timeline.program.index(note.step) + 1
                driver.session.go(Position(note.iteration, steps))
                await driver.drawn()
                assert f"◆ {note.lines[0]}" in said(driver)
