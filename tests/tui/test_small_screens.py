"""Where one panel has all the room: which one that is, how tab comes round, and what is told of
all that there is no room for."""

from __future__ import annotations

import re

import pytest

from backprop_tui.files.experiment_file import load
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.panels.boards import Board, Cache, Gradients, Update
from backprop_tui.tui.panels.step import Line, StepPanel
from tests.tui.driver import Driver, line_of, painted, stepping, view_of

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
    @pytest.mark.parametrize("size", ONE_PANEL, ids=str)
    @pytest.mark.parametrize("lesson", ["article", "mazur"])
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


class TestNoRoom:
    @pytest.mark.parametrize("board", [Cache, Gradients])
    @pytest.mark.parametrize("width", [40, 46, 60])
    def test_what_is_left_out_is_told(self, board: type[Board], width: int) -> None:
        timeline = Timeline(load("ai-by-hand"))
        for steps in range(1, timeline.program.phase_bounds("backward")[1] + 1):
            view, panel = view_of(timeline, Position(1, steps)), board()
            canvas = painted(panel, view, width, 8)
            title = line_of(canvas, 0)
            shown = set(re.findall(r"[A-Za-z]+\d?", line_of(canvas, 1)))
            left_out = re.search(r"without ([A-Za-z\d ]+?) ─", title)
            layer = view.layer
            before = "X" if layer == 1 else f"A{layer - 1}"
            card = {before, *(f"{s}{layer}" for s in "WbZA"), *(["Y"] if layer == 3 else [])}
            if board is Gradients:
                card = {f"d{symbol}" for symbol in card if symbol not in "XY"}
            assert card == shown | set(left_out[1].split() if left_out else ())

    @pytest.mark.parametrize("decimals", range(3, 7))
    @pytest.mark.parametrize("lesson", ["article", "ai-by-hand"])
    def test_what_the_step_writes_is_on_its_board(self, lesson: str, decimals: int) -> None:
        timeline = Timeline(load(lesson))
        for steps, step in enumerate(timeline.program.steps, 1):
            if step.phase in ("forward", "backward"):
                view = view_of(timeline, Position(1, steps), decimals=decimals)
                board = Cache() if step.phase == "forward" else Gradients()
                assert step.symbol in line_of(painted(board, view, 40, 7), 1).split()

    def test_hidden_rows_and_columns_are_told_of_gradients_too(self) -> None:
        timeline = Timeline(load("ai-by-hand"))
        steps = timeline.program.index("dW3") + 1
        text = painted(Gradients(), view_of(timeline, Position(1, steps)), 40, 6).text()
        assert "col 1/4" in text
        assert "▴ layers 1 to 2" in text

    def test_of_an_update_the_parameter_that_is_left_out_is_told(self) -> None:
        timeline = Timeline(load("article"))
        steps = timeline.program.index("W1") + 1
        assert (
            "without b1" in painted(Update(), view_of(timeline, Position(1, steps)), 40, 6).text()
        )


class TestCursor:
    """Its brackets."""

    @pytest.mark.parametrize(
        ("lesson", "keys", "symbol", "told"),
        [
            ("mazur", ("p", "p", "space", "space"), "Z2", "0.600[•1.106]"),
            ("mazur", ("p", "p", "space", "space"), "A1", "[✓0.593]"),
            ("article", ("p",), "Z1", "0.000 [1.500] 0.818"),
            ("article", (), "Z1", "[·]"),
            ("article", ("p",), "Y", "[1.000]"),  # at the right edge
            ("article", ("p", "p", "space"), "Y", "[1.000]"),  # its mark gives way
        ],
    )
    async def test_stand_tight_around_mark_and_number(
        self, lesson: str, keys: tuple[str, ...], symbol: str, told: str
    ) -> None:
        async with stepping(lesson) as driver:
            await driver.press(*keys)
            for _ in range(30):
                await driver.press("tab")
                cursor = driver.session.inspection.cursor
                if cursor and cursor.symbol == symbol:
                    break
            assert told in driver.text("cache")

    async def test_tell_no_sign_of_what_is_covered(self) -> None:
        async with stepping("article") as driver:
            await driver.press("p", "tab", "h")
            places = set()
            for _ in range(12):
                cursor = driver.session.inspection.cursor
                if cursor and cursor.symbol == "W1":
                    break
                await driver.press("tab")
            for key in ("right", "right", "down", "left", "left"):
                await driver.press(key)
                lines = driver.text("cache").splitlines()
                (found,) = (m for line in lines if (m := re.search(r"\[▒+\]", line)))
                cursor = driver.session.inspection.cursor
                assert cursor
                places.add((found.start() - 7 * cursor.column, found[0]))
            assert len(places) == 1


class TestLines:
    def put(self, lines: list[Line], width: int, height: int) -> list[str]:
        canvas = Canvas(width + 2, height + 1)
        StepPanel().put_lines(canvas, lines, width, height)
        return [line_of(canvas, y).strip() for y in range(1, height + 1)]

    def test_a_line_goes_on_where_there_are_rows(self) -> None:
        said = Line("how badly its prediction misses its target")
        assert self.put([said, Line("next")], 24, 3) == [
            "how badly its prediction",
            "misses its target",
            "next",
        ]

    def test_and_is_cut_where_there_are_none(self) -> None:
        said = Line("how badly its prediction misses its target")
        assert self.put([said, Line("next")], 24, 2) == ["how badly its predictio…", "next"]

    def test_where_the_rest_of_a_paragraph_gives_way_it_is_seen(self) -> None:
        note = [Line("◆ Which factor", weight=6), Line("is the slope?", weight=6, goes_on=True)]
        assert self.put([Line("formula", weight=9), *note], 24, 2) == [
            "formula",
            "◆ Which factor …",
        ]


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
                    assert f"one to {count}." in driver.text("step")
                    told.add(count)
                await driver.press("space")
            assert told

    async def test_of_a_batch_it_is_told_how_to_see_the_other_examples(self) -> None:
        async with stepping("ai-by-hand") as driver:
            await driver.press("p", "p", "space", "space")
            assert "k shows" not in driver.text("step")  # of its own example alone
            await driver.press("space", "enter")
            assert "k shows the other examples" in driver.text("step")

    async def test_the_way_out_of_a_sheet_is_seen_however_long_it_is(self) -> None:
        async with stepping("vanishing", (60, 18)) as driver:
            await driver.press("p", "p", "p", "x")
            *_, last = driver.everything().rstrip().splitlines()
            assert "x or esc closes" in last

    async def test_a_long_path_shows_its_ends(self) -> None:
        async with stepping("vanishing") as driver:
            await driver.press("p", "p", "p", "x")
            assert "more …" in driver.everything()
            assert "← loss" in driver.everything()
