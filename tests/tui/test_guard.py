"""No edit is lost: one that was not saved is found again after a crash, by one program only."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from backprop_tui.files.autosave import Autosave, LeftBehind, left_behind
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.saved import Edit
from backprop_tui.run.timeline import Position
from backprop_tui.tui.screens.offer import Offer
from tests.tui.driver import Driver, stepping

EDIT = Edit(1, Cell("W1", 1, 2), 0.25)
KILLED = """
import asyncio, os, signal, sys
from dataclasses import replace
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.saved import Edit
from backprop_tui.files.experiment_file import load
from backprop_tui.tui.app import BackpropApp

async def main():
    app = BackpropApp(load(sys.argv[1]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space", "space")
        experiment = app.stepper.timeline.experiment
        changed = replace(experiment, edits=(Edit(1, Cell("W1", 1, 2), 0.25),))
        app.stepper.retell(changed)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of its own for each test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "backprop-tui"


def killed(experiment: str = "article") -> None:
    """A program with an unsaved edit, really killed."""
    told = subprocess.run([sys.executable, "-c", KILLED, experiment], capture_output=True)
    assert told.returncode == -signal.SIGKILL, told.stderr


def kept(state: Path) -> list[str]:
    return sorted(path.suffix for path in state.iterdir()) if state.exists() else []


def edited(driver: Driver, edit: Edit = EDIT) -> None:
    """Change a number, as a key would."""
    experiment = driver.stepper.timeline.experiment
    driver.stepper.run_experiment(replace(experiment, edits=(*experiment.edits, edit)))


async def offered(driver: Driver) -> str:
    await driver.until(lambda: isinstance(driver.screen, Offer))
    await driver.settled()
    return driver.everything()


class TestKept:
    async def test_an_edit_is_kept_at_once_and_privately(self, state: Path) -> None:
        async with stepping() as driver:
            await driver.press("space")
            assert not state.exists()
            edited(driver)
            assert kept(state) == [".json", ".lock"]
            assert stat.S_IMODE(state.stat().st_mode) == 0o700
            assert {stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()} == {0o600}

    @pytest.mark.parametrize("keys", [("q", "q"), ("w", "enter")])
    async def test_what_is_given_up_or_saved_is_kept_no_longer(
        self, keys: tuple[str, ...], state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        async with stepping() as driver:
            edited(driver)
            await driver.press(*keys)
            await driver.until(lambda: not kept(state))

    async def test_what_is_undone_is_kept_no_longer(self, state: Path) -> None:
        async with stepping() as driver:
            before = driver.stepper.timeline.experiment
            edited(driver)
            driver.stepper.run_experiment(before)
            assert kept(state) == []

    async def test_left_without_q_it_is_offered_next_time(self, state: Path) -> None:
        async with stepping() as driver:
            edited(driver)
            await driver.press("space", "space")
        assert kept(state) == [".json", ".lock"]
        # Its lock is this process's: another one would get it.
        code = "from backprop_tui.files.autosave import left_behind; print(left_behind().content)"
        driver.stepper._autosave.leave()  # type: ignore[union-attr]  # as the end of it does
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "'p': [1, 2]" in told.stdout, told.stderr

    async def test_a_folder_that_cannot_be_written_is_said_once(self, state: Path) -> None:
        state.parent.mkdir()
        state.write_text("a file in its place")
        async with stepping() as driver:
            edited(driver)
            await driver.until(lambda: "cannot be kept against a crash" in driver.stepper.message)
            await driver.press("space")
            edited(driver, replace(EDIT, value=0.5))
            await driver.settled()
            assert "cannot be kept" not in driver.stepper.message
            assert len(driver.stepper.timeline.experiment.edits) == 2


class TestOffered:
    async def test_killed_it_is_offered_and_opened_where_it_stood(self, state: Path) -> None:
        killed()
        async with stepping("mazur") as driver:
            assert "Unsaved run of article (1 edit): ⏎ opens it" in await offered(driver)
            await driver.press("enter")
            now = driver.stepper.timeline.experiment
            assert (now.name, now.edits) == ("article", (EDIT,))
            assert driver.position == Position(1, 2)
            assert driver.stepper.unsaved() == "1 edit"
            assert kept(state) == [".json", ".lock"]  # this program's own by now
            await driver.press("q", "q")
            await driver.until(lambda: not driver.app.is_running)
        assert kept(state) == []

    async def test_dropped_it_stays_a_file_that_can_be_opened(self, state: Path) -> None:
        killed()
        async with stepping("mazur") as driver:
            await offered(driver)
            await driver.press("escape")
            assert driver.stepper.timeline.experiment.name == "mazur"
        (file,) = state.iterdir()
        assert load(str(file)).edits == (EDIT,)
        async with stepping("mazur") as driver:
            assert left_behind() is None

    async def test_of_a_file_it_is_that_file(self, state: Path, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        file.write_text(load("article").written.text)  # type: ignore[union-attr]
        killed(str(file))
        left = left_behind()
        assert left is not None
        assert (left.name, left.unsaved) == ("mine", "1 edit")
        assert left.content["path"] == str(file)

    async def test_running_programs_keep_their_own(self, state: Path) -> None:
        async with stepping() as first:
            edited(first)
            assert left_behind() is None
            async with stepping() as second:
                edited(second)
                assert kept(state) == [".json", ".json", ".lock", ".lock"]
                assert left_behind() is None

    async def test_only_one_program_gets_it(self) -> None:
        killed()
        first = left_behind()
        assert isinstance(first, LeftBehind)
        assert left_behind() is None
        first.put_back()
        again = left_behind()
        assert again is not None
        again.put_back()


class TestDamaged:
    @pytest.mark.parametrize(
        "content", [b"", b"{", b"[]", b"{}", b"\xff", b'{"said": {"l": 3}}', b"[" * 10**5]
    )
    async def test_it_is_told_and_set_aside(self, content: bytes, state: Path) -> None:
        killed()
        (file,) = state.glob("*.json")
        file.write_bytes(content)
        async with stepping() as driver:
            await driver.until(lambda: "An unsaved run is damaged" in driver.stepper.message)
        assert kept(state) == [".broken"]

    async def test_one_that_no_longer_fits_is_set_aside(self, state: Path) -> None:
        killed()
        (file,) = state.glob("*.json")
        file.write_text(file.read_text().replace('"l": "article"', '"l": "gone"'))
        async with stepping("mazur") as driver:
            await offered(driver)
            await driver.press("enter")
            assert driver.stepper.timeline.experiment.name == "mazur"
            assert "keeps it" in driver.stepper.message
        assert kept(state) == [".broken"]

    def test_an_empty_place_is_cleared(self, state: Path) -> None:
        state.mkdir(parents=True)
        (state / "1-a.lock").touch()
        (state / "1-a.new").touch()
        assert left_behind() is None
        assert kept(state) == []


def test_nothing_is_written_before_there_is_something(state: Path) -> None:
    Autosave().remove()
    assert not state.exists()


async def test_any_other_key_goes_on_and_leaves_the_offer_for_the_next_start() -> None:
    async with stepping() as driver:
        asked: list[bool | None] = []
        await driver.app.push_screen(Offer("article", "1 edit"), asked.append)
        await driver.press("space")
        await driver.until(lambda: driver.position.steps == 1)
        assert asked == [None]
        assert driver.screen is driver.stepper
