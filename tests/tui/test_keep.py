"""Keeping a run: w saves it, y shows its code, both open the very same screen; q loses nothing."""

from __future__ import annotations

import os
import shlex
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from backprop_tui.__main__ import main
from backprop_tui.files.codes import experiment_of
from backprop_tui.files.experiment_file import load
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Edit
from backprop_tui.run.timeline import Position
from backprop_tui.session.opening import last_words
from backprop_tui.session.saving import code_of
from tests.tui.driver import SMALL, WIDE, Driver, stepping

EDIT = Edit(1, Cell("W1", 1, 2), 0.25)
SCREENS = [
    ("article", "space " * 8, SMALL),
    ("article", "p s s s", WIDE),
    ("article", "p p p tab tab right", SMALL),
    ("article", "p p p enter enter tab", WIDE),
    ("article", "i i i p p p enter enter enter", SMALL),
    ("article", "p p p enter z down", WIDE),
    ("mazur", "p p d d d v t", SMALL),
    ("mazur", "p p d d d v t", WIDE),
    ("batch", "p k k p space", SMALL),
    ("xor", "i i i p z tab", WIDE),
    ("ai-by-hand", "i p p p p space tab tab down right", SMALL),
]


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path) -> Iterator[None]:
    with inside(tmp_path):
        yield


@asynccontextmanager
async def opened(experiment: Experiment, size: tuple[int, int] = SMALL) -> AsyncIterator[Driver]:
    """The app with an experiment, as the command line opens it."""
    async with stepping(experiment, size, decimals=experiment.decimals) as driver:
        yield driver


async def name(driver: Driver, text: str) -> None:
    """Type a file's name in place of the proposed one, and send it."""
    await driver.type(text)
    await driver.press("enter")


async def edited(driver: Driver, edit: Edit = EDIT) -> None:
    """Change a number, as a key would."""
    experiment = driver.session.timeline.experiment
    changed = replace(experiment, edits=(*experiment.edits, edit))
    await driver.begin(changed)


@pytest.mark.parametrize(("lesson", "keys", "size"), SCREENS)
async def test_saved_or_told_it_opens_at_the_very_same_screen(
    lesson: str, keys: str, size: tuple[int, int], tmp_path: Path
) -> None:
    async with opened(load(lesson), size) as driver:
        await driver.press(*keys.split(), "w", "enter")
        assert f"Saved as ./{lesson}.toml; backprop-tui {lesson}.toml opens it." in (
            driver.session.message
        )
        before, theme, here = driver.paintings(), driver.app.theme, driver.position
        code = code_of(driver.session)
    for again in (load(str(tmp_path / f"{lesson}.toml")), experiment_of(code)):
        async with opened(again, size) as driver:
            assert driver.position == here
            assert driver.app.theme == theme
            assert driver.paintings() == before


class TestSaving:
    async def test_a_name_is_proposed(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press("space", "w")
            assert driver.line == "mazur.toml"
            assert "opens right here" in driver.everything()

    async def test_an_existing_file_is_replaced_when_asked_twice(self, tmp_path: Path) -> None:
        (tmp_path / "article.toml").write_text("mine")
        async with stepping() as driver:
            await driver.press("w", "enter")
            assert "./article.toml exists: enter again replaces it" in driver.everything()
            assert (tmp_path / "article.toml").read_text() == "mine"
            await driver.press("enter")
            assert "Saved as" in driver.session.message
            assert load("./article.toml").network == load("article").network
            await driver.press("space", "w", "enter")  # by now it is the one that is worked on
            assert "Saved as" in driver.session.message

    async def test_another_name_is_another_file(self, tmp_path: Path) -> None:
        (tmp_path / "a.toml").write_text("mine")
        (tmp_path / "b.toml").write_text("mine")
        async with stepping() as driver:
            await driver.press("w")
            await name(driver, "a.toml")
            await name(driver, "b")
            assert "./b.toml exists: enter again" in driver.everything()
            assert (tmp_path / "b.toml").read_text() == "mine"

    async def test_what_cannot_be_written_says_so_and_keeps_what_was_typed(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "shelf").mkdir()
        async with stepping() as driver:
            await driver.press("space", "w")
            for place, told in (
                ("none/mine", "✗ none/mine.toml cannot be written: there is no folder"),
                ("", "✗ it needs a name"),
                ("shelf", "shelf is a folder"),
            ):
                await name(driver, place)
                assert told in driver.everything()
                assert driver.line == place
            await name(driver, "none/mine")
            await driver.press("escape")
            assert driver.position == Position(1, 1)
            await driver.press("w")
            assert driver.line == "none/mine"
        assert [path.name for path in tmp_path.iterdir()] == ["shelf"]

    async def test_the_file_that_was_opened_is_saved_to_unasked(self, tmp_path: Path) -> None:
        main(["lessons", "article"])
        file = tmp_path / "mine.toml"
        file.write_text("# A comment of mine.\n" + load("article").written.text)  # type: ignore[union-attr]
        async with stepping("mine.toml") as driver:
            await driver.press("space", "w", "enter")
            assert "Saved as ./mine.toml" in driver.session.message
        assert file.read_text().startswith("# A comment of mine.\n")
        assert load("mine.toml").saved is not None

    async def test_one_that_somebody_else_has_changed_is_not(self, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        file.write_text(load("article").written.text)  # type: ignore[union-attr]
        async with stepping("mine.toml") as driver:
            file.write_text("half a thou")
            await driver.press("w", "enter")
            assert "exists: enter again replaces it" in driver.everything()
        assert file.read_text() == "half a thou"

    async def test_mistakes_weights_and_edits_are_in_the_file(self) -> None:
        async with stepping() as driver:
            await driver.press("R")
            await edited(driver)
            await driver.begin(
                driver.session.timeline.experiment.with_mistake(CATALOGUE["sign-flipped"])
            )
            seed = driver.session.timeline.experiment.initial.seed
            await driver.press("w", "enter")
        text = Path("article.toml").read_text()
        assert f"seed = {seed}" in text
        assert 'mistake = "sign-flipped"' in text
        assert '[[edits]]\niteration = 1\ncell = "W1[1,2]"\nvalue = 0.25\n' in text


class TestCodes:
    async def test_a_sheet_shows_it_in_groups_and_the_command(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press("space", "space", "y")
            assert driver.kind == "code"
            code, said = code_of(driver.session), driver.everything()
            assert f"backprop-tui --code {code}" in said
            assert f"{code[:5]}  {code[5:10]}" in said
            await driver.press("c")
            assert "Not every terminal takes" in driver.everything()
            assert driver.app.clipboard == f"backprop-tui --code {code}"
            await driver.press("y")
            assert driver.kind == ""

    async def test_the_command_line_opens_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        async with stepping("mazur") as driver:
            await driver.press("R", "i", "i")
            code = code_of(driver.session)
            seed = driver.session.timeline.experiment.initial.seed
        assert main(["trace", "--code", code.lower(), "--format", "jsonl"]) == 0
        assert f'"seed": {seed}' in capsys.readouterr().out
        assert main(["check", "--code", code]) == 0
        assert main(["trace", "--code", code[:-1]]) == 2
        assert "--code: this code has a typing mistake" in capsys.readouterr().err
        assert main(["trace", "mazur", "--code", code]) == 2
        assert "a code holds its own experiment" in capsys.readouterr().err

    async def test_a_long_one_says_that_a_file_is_better(self, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        file.write_text(load("article").written.text)  # type: ignore[union-attr]
        async with stepping("mine.toml") as driver:
            await driver.press("y")
            assert "w saves a file, which is better to hand on" in driver.everything()

    async def test_too_long_a_one_is_not_shown(self) -> None:
        layers = {"layers": "1,300,200,1", "x": "1", "y": "1"}
        begun = load("article", layers)
        weights = {n: p.tolist() for n, p in begun.parameters().items() if n.startswith("W")}
        text = begun.written.text.replace("[network]", f"# {weights}\n[network]")  # type: ignore[union-attr]
        Path("large.toml").write_text(text)
        async with stepping("large.toml") as driver:
            await driver.press("y")
            assert driver.kind == ""
            assert "too large for a code: w saves it" in driver.session.message


class TestQuitting:
    async def test_it_says_how_to_come_back_right_here(self) -> None:
        async with stepping() as driver:
            await driver.press("space", "space", "q")
            await driver.until(lambda: not driver.app.is_running)
            again, _, code = str(driver.app.return_value).splitlines()
        assert again == "backprop-tui article"
        assert experiment_of(shlex.split(code)[-1]).saved is not None

    async def test_after_saving_that_file(self) -> None:
        async with stepping() as driver:
            await driver.press("space", "w", "enter", "q")
            await driver.until(lambda: not driver.app.is_running)
            assert driver.app.return_value == "backprop-tui article.toml"

    async def test_behind_a_save_that_file_and_the_code_from_there(self) -> None:
        async with stepping() as driver:
            await driver.press("space", "w", "enter", "space", "q")
            await driver.until(lambda: not driver.app.is_running)
            again, _, code = str(driver.app.return_value).splitlines()
        assert again == "backprop-tui article.toml"
        there = experiment_of(shlex.split(code)[-1]).saved
        assert there is not None
        assert there.steps == 2

    async def test_what_is_not_saved_is_asked_about_once(self) -> None:
        async with stepping() as driver:
            await edited(driver)
            await edited(driver, replace(EDIT, value=0.5))
            await driver.press("q")
            assert driver.app.is_running
            assert driver.text("title").strip() == ("2 edits are not saved: w saves, q again quits")
            await driver.press("space", "q")  # something else was done: it is asked again
            assert driver.app.is_running
            await driver.press("q")
            await driver.until(lambda: not driver.app.is_running)

    async def test_what_is_saved_is_not(self) -> None:
        async with stepping() as driver:
            await edited(driver)
            await driver.press("w", "enter", "q")
            await driver.until(lambda: not driver.app.is_running)

    async def test_what_was_undone_is_not(self) -> None:
        async with stepping() as driver:
            before = driver.session.timeline.experiment
            await edited(driver)
            await driver.begin(before)
            await driver.press("q")
            await driver.until(lambda: not driver.app.is_running)


class TestExporting:
    """w writes what the name's ending asks for."""

    @pytest.mark.parametrize(
        ("file", "has"),
        [
            ("a.html", "<math"),
            ("a.HTM", "<math"),
            ("a.md", "dW2"),
            ("a.tex", "documentclass"),
            ("a.py", "import numpy"),
        ],
    )
    async def test_an_export_is_written_and_nothing_is_taken_for_saved(
        self, tmp_path: Path, file: str, has: str
    ) -> None:
        async with stepping("article") as driver:
            await driver.press("space", "w")
            await name(driver, file)
            assert has in (tmp_path / file).read_text(encoding="utf-8")
            assert "Exported as" in driver.text("title")
            assert "backprop-tui article" in last_words(driver.session)

    async def test_a_name_that_would_lie_about_what_is_in_it_is_refused(
        self, tmp_path: Path
    ) -> None:
        async with stepping("article") as driver:
            await driver.press("space", "w")
            await name(driver, "a.pdf")
            assert "✗ a name like mine.toml saves; like mine.py" in driver.everything()
            assert list(tmp_path.iterdir()) == []

    async def test_another_file_is_replaced_only_when_asked_twice(self, tmp_path: Path) -> None:
        (tmp_path / "a.md").write_text("mine")
        async with stepping("article") as driver:
            await driver.press("space", "w")
            await name(driver, "a.md")
            assert (tmp_path / "a.md").read_text() == "mine"
            await driver.press("enter")
            assert (tmp_path / "a.md").read_text(encoding="utf-8") != "mine"


async def test_what_is_covered_stays_covered_in_a_saved_file(tmp_path: Path) -> None:
    async with stepping("article") as driver:
        await driver.press("space", "h", "w")
        await name(driver, "a.toml")
    async with stepping(tmp_path / "a.toml") as driver:
        assert "▒" in driver.text("cache")
