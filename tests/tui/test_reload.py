"""A file that its author saves while it is open is read again, and the run goes on where it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.saved import Edit
from backprop_tui.run.timeline import Position
from backprop_tui.session.opening import look_at_file, way_back
from backprop_tui.session.saving import not_saved
from backprop_tui.tui import app
from tests.tui.driver import Driver, stepping

EDIT = Edit(1, Cell("W1", 1, 2), 0.25)
MINE = """
title = "Mine"
[network]
layers = [2, 3, 1]
activations = ["sigmoid", "sigmoid"]
loss = "binary_cross_entropy"
[training]
learning_rate = 0.5
[data]
X = [[1, 0.5]]
Y = [[1]]
[[notes]]
at = "dW2"
text = "Before."
"""


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "EACH", 0.02)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    return path


async def saved(driver: Driver, file: Path, text: str, says: str) -> None:
    """The author saves the file, and the footer says what became of it."""
    file.write_text(text)
    await driver.until(lambda: says in driver.session.message)
    await driver.settle()


READ = "./mine.toml was changed: read again."


async def test_a_changed_note_is_seen_at_once_and_nothing_else_changes(file: Path) -> None:
    async with stepping("mine.toml") as driver:
        await driver.press(*"i p p space space space enter t d".split())
        before, here = driver.paintings(), driver.position
        await saved(driver, file, MINE.replace("Before.", "After."), READ)
        assert driver.position == here
        assert driver.session.timeline.experiment.notes[0].lines == ("After.",)
        await saved(driver, file, MINE + "# no difference\n" * 2, READ)
        assert driver.paintings() == before


async def test_another_learning_rate_is_another_run_at_the_same_step(file: Path) -> None:
    async with stepping("mine.toml") as driver:
        await driver.press("i", "i", "p")
        other = MINE.replace("rate = 0.5", "rate = 0.25")
        await saved(driver, file, other, READ)
        assert driver.position.iteration == 3
        kept = driver.session.timeline.iteration(3)
    async with stepping("mine.toml") as driver:
        begun = driver.session.timeline.iteration(3)
        assert all((a == b).all() for a, b in zip(kept.results, begun.results, strict=True))


async def test_faults_are_told_and_the_run_goes_on_until_they_are_mended(file: Path) -> None:
    async with stepping("mine.toml") as driver:
        await driver.press("space", "space")
        before = driver.session.timeline
        wrong = MINE.replace('"sigmoid"]', '"sigmod"]').replace("[[1, 0.5]]", "[[1]]")
        await saved(driver, file, wrong, "✗ ./mine.toml has 2 faults: ")
        one = MINE.replace("[[1, 0.5]]", "[[1]]")
        await saved(driver, file, one, "✗ data.X")
        assert "fault" not in driver.text("title")
        assert driver.session.timeline is before
        await driver.press("space")
        assert driver.position == Position(1, 3)
        await saved(driver, file, MINE + "\n", READ)
        assert driver.position == Position(1, 3)


async def test_fewer_steps_leave_the_last_one(file: Path) -> None:
    async with stepping("mine.toml") as driver:
        await driver.press("p", "p", "p", "p", "tab")
        fewer = MINE.replace("[2, 3, 1]", "[2, 1]").replace('"sigmoid", ', "")
        await saved(driver, file, fewer.replace("dW2", "dW1"), READ)
        assert driver.position == Position(1, len(driver.session.timeline.program.steps))
        await driver.press("backspace")


async def test_a_file_that_is_gone_or_half_written_ends_nothing(file: Path) -> None:
    async with stepping("mine.toml") as driver:
        file.unlink()
        await saved(driver, file, MINE[: len(MINE) // 2], "✗ ")
        await saved(driver, file, MINE, READ)


async def test_what_w_writes_is_not_read_again(file: Path) -> None:
    async with stepping("mine.toml") as driver:
        await driver.press("space", "w", "enter")
        timeline = driver.session.timeline
        assert not look_at_file(driver.session)
        assert driver.session.timeline is timeline
        await saved(driver, file, file.read_text().replace("Before.", "After."), READ)
        assert driver.position == Position(1, 1)


async def test_weights_drawn_anew_and_a_mistake_stay(file: Path) -> None:
    async with stepping("mine.toml") as driver:
        await driver.press("R")
        now = driver.session.timeline.experiment
        await driver.begin(now.with_mistake(CATALOGUE["sign-flipped"]))
        await saved(driver, file, MINE.replace("Before.", "After."), READ)
        read = driver.session.timeline.experiment
        assert (read.initial.seed, read.mistake) == (now.initial.seed, CATALOGUE["sign-flipped"])
        assert f"--seed {now.initial.seed}" in way_back(driver.session)


async def test_a_lesson_is_not_watched() -> None:
    async with stepping() as driver:
        assert driver.session.stamp is None
        assert not look_at_file(driver.session)


async def test_edits_made_here_stay_while_they_fit(file: Path) -> None:
    async with stepping("mine.toml") as driver:
        now = driver.session.timeline.experiment
        await driver.begin(replace(now, edits=(EDIT,)))
        await saved(driver, file, MINE.replace("Before.", "After."), READ)
        assert driver.session.timeline.experiment.edits == (EDIT,)
        assert not_saved(driver.session) == "1 edit"


async def test_edits_that_fit_no_longer_are_told(file: Path) -> None:
    async with stepping("mine.toml") as driver:
        now = driver.session.timeline.experiment
        await driver.begin(replace(now, edits=(EDIT,)))
        narrower = MINE.replace("[2, 3, 1]", "[1, 3, 1]").replace("[[1, 0.5]]", "[[1]]")
        await saved(driver, file, narrower, "no longer fits")
        assert driver.session.timeline.experiment.edits == ()
