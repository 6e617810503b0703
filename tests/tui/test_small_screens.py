"""Where one panel has all the room: which one that is, how tab comes round, and what is told of
all that there is no room for."""

from __future__ import annotations

import pytest

from tests.tui.driver import Driver, stepping

ONE_PANEL = [(40, 12), (59, 17), (60, 18), (66, 20), (72, 22), (73, 21)]
BOARDS = {"network", "cache", "gradients", "update", "step"}


def panels(driver: Driver) -> list[str]:
    return [str(panel.id) for panel in driver.shown if panel.id in BOARDS]


async def circle(driver: Driver, key: str) -> list[tuple[str, str]]:
    """Where a key stops, with the panel that is seen there, until it comes round."""
    stops: list[tuple[str, str]] = []
    for _ in range(40):
        await driver.press(key)
        cursor = driver.session.inspection.cursor
        assert driver.session.view.chosen in panels(driver)
        stop = driver.session.view.chosen, cursor.symbol if cursor else ""
        if stop in stops:
            break
        stops.append(stop)
    assert stop == stops[0]
    return stops


class TestOnePanel:
    @pytest.mark.parametrize(
        ("lesson", "size"),
        [*zip(["article", "mazur"] * 3, ONE_PANEL, strict=True), ("mazur", (40, 12))],
        ids=str,
    )
    async def test_tab_comes_round_to_every_panel_and_matrix(
        self, lesson: str, size: tuple[int, int]
    ) -> None:
        async with stepping(lesson, size) as driver:
            await driver.press("p", "p", "space", "space")
            there = await circle(driver, "tab")
            assert {panel for panel, _ in there} == {"network", "cache", "gradients", "step"}
            matrices = set("W2 b2 Z2 A2 Y dW2 db2 dZ2 dA2".split())
            assert matrices <= {symbol for _, symbol in there}
            assert set(await circle(driver, "shift+tab")) == set(there)

    @pytest.mark.parametrize("size", [(40, 12), (66, 20)], ids=str)
    async def test_in_the_update_both_parameters_are_reached(self, size: tuple[int, int]) -> None:
        async with stepping("article", size) as driver:
            await driver.press("p", "p", "p", "space")
            symbols = {symbol for _, symbol in await circle(driver, "tab")}
            assert {"W1", "b1"} <= symbols

    @pytest.mark.parametrize("size", [(40, 12), (59, 17), (66, 20)], ids=str)
    @pytest.mark.parametrize("tabs", [1, 6, 11])
    async def test_escape_follows_the_step_again(self, size: tuple[int, int], tabs: int) -> None:
        async with stepping("article", size) as driver:
            await driver.press("p", "p", "space", *["tab"] * tabs)
            assert "esc follow" in driver.text("footer")
            await driver.press("escape")
            assert panels(driver)[0] == "gradients"
            assert "esc follow" not in driver.text("footer")
            await driver.press("P", "backspace", "backspace")
            assert panels(driver)[0] == "cache"

    @pytest.mark.parametrize("size", ONE_PANEL, ids=str)
    async def test_it_has_the_room_until_a_layer_fits_on_both_boards(
        self, size: tuple[int, int]
    ) -> None:
        async with stepping("article", size) as driver:
            await driver.press("p")
            assert panels(driver) == ["cache", "step"]

    async def test_from_there_on_all_three_rows_stand_on_both(self) -> None:
        async with stepping("article", (73, 22)) as driver:
            await driver.press("p", "p", "p")
            assert set(panels(driver)) == {"network", "cache", "gradients", "step"}
            for board in ("cache", "gradients"):
                assert "rows" not in driver.text(board)
                assert "cols" not in driver.text(board)

    async def test_while_something_is_asked_tab_leads_to_the_numbers_and_escape_back(self) -> None:
        async with stepping("article", (40, 12)) as driver:
            await driver.press("a", "space")
            assert panels(driver) == ["step"]
            await driver.press("tab")
            assert panels(driver) == ["cache", "step"]
            await driver.press("escape")
            assert panels(driver) == ["step"]
            assert driver.session.asking
            assert driver.session.asking.is_open


class TestTelling:
    """What is said where."""

    async def test_a_vote_says_how_many_there_are(self) -> None:
        async with stepping("article") as driver:
            await driver.press("a")
            told = set()
            for _ in range(12):
                await driver.press("space")
                asking = driver.session.asking
                if asking and asking.is_open and asking.choices:
                    count = ("two", "three", "four")[len(asking.choices) - 2]
                    assert f"one to {count} fingers." in driver.text("step")
                    told.add(count)
                await driver.press("space")
            assert told

    async def test_of_a_batch_the_footer_says_how_to_light_another_example(self) -> None:
        async with stepping("ai-by-hand") as driver:
            await driver.press("space")
            assert "k example" in driver.text("footer")
            await driver.press("k")
            assert "‹2›" in driver.text("cache")

    async def test_the_way_out_of_a_sheet_is_seen_however_long_it_is(self) -> None:
        async with stepping("vanishing", (60, 18)) as driver:
            await driver.press("question_mark")
            *_, last = driver.everything().rstrip().splitlines()
            assert "esc closes" in last

    async def test_a_long_path_shows_its_ends(self) -> None:
        async with stepping("vanishing") as driver:
            await driver.press("p", "p", "p", "x", *["space"] * 4, "tab")
            assert "more …" in driver.text("blackboard")
            assert "← loss" in driver.text("blackboard")


async def test_a_message_that_is_longer_than_the_title_is_whole() -> None:
    """Its other lines stand above what the Step panel says."""
    said = "This message is longer than any title of forty columns can be, and goes on."
    async with stepping("article", (40, 12)) as driver:
        await driver.press("space")
        driver.session.message = said
        await driver.drawn()
        title, *lines = driver.everything().split("\n")
        shown = title.strip().rstrip("…")
        assert said.startswith(shown)
        whole = len(shown.split()) - (said[len(shown)] != " ")  # a word may be cut
        rest = said.split()[whole:]
        assert " ".join(rest) in " ".join(line.strip() for line in lines if line.strip())
