"""What keys do, pressed one by one in the real app: numbers appear, go, and come back exactly.

The numbers that the screen must show are computed here anew, in plain NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from backprop_tui import lessons
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.functions import Array
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position
from backprop_tui.session.opening import way_back
from backprop_tui.session.prompts import Menu
from tests.formulas import program_file
from tests.tui.driver import SMALL, WIDE, Driver, line_of, stepping

ORDER = "Z1 A1 Z2 A2 L dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1 W1 b1 W2 b2".split()
TITLES = [
    *("Step 1  forward, layer 1", "Step 2  forward, layer 1"),
    *("Step 3  forward, layer 2", "Step 4  forward, layer 2"),
    "Step 5  loss",
    *(f"Step {k}  backward, layer {2 if k < 10 else 1}" for k in range(6, 14)),
    *("Step 14  update, layer 1", "Step 15  update, layer 1"),
    *("Step 16  update, layer 2", "Step 17  update, layer 2"),
]
CACHED, SLOPES = ORDER[:4], ORDER[5:13]

DIVERGES = """
title = "Too far"
[network]
layers = [1, 1]
activations = ["linear"]
loss = "half_squared_error"
[training]
learning_rate = 1e200
[data]
X = [[1e60]]
Y = [[0]]
[initial]
W1 = [[1]]
"""
FAULTY = """
[network]
layers = [2, 1]
activations = ["sigmod"]
loss = "binary_cross_entropy"
[data]
X = [[1, 2, 3]]
Y = [[1]]
"""


def by_hand(parameters: Mapping[str, Array], X: Array, Y: Array, rate: float) -> dict[str, Array]:
    """One iteration of the article's network, written out."""
    W1, b1, W2, b2 = (parameters[name] for name in ("W1", "b1", "W2", "b2"))
    Z1 = W1 @ X + b1
    A1 = 1 / (1 + np.exp(-Z1))
    Z2 = W2 @ A1 + b2
    A2 = 1 / (1 + np.exp(-Z2))
    L = -(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
    dA2 = -Y / A2 + (1 - Y) / (1 - A2)
    dZ2 = A2 - Y
    dW2, db2 = dZ2 @ A1.T, dZ2
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * A1 * (1 - A1)
    dW1, db1 = dZ1 @ X.T, dZ1
    computed = (Z1, A1, Z2, A2, L, dA2, dZ2, dW2, db2, dA1, dZ1, dW1, db1)
    left = (W1 - rate * dW1, b1 - rate * db1, W2 - rate * dW2, b2 - rate * db2)
    return dict(zip(ORDER, (*computed, *left), strict=True))


def article() -> dict[str, Array]:
    lesson = load("article")
    data = lesson.data
    return by_hand(lesson.parameters(), data.X, data.Y, lesson.training.learning_rate)


def rounded(value: float, decimals: int = 3) -> str:
    return f"{value:.{decimals}f}".replace("-", "−")


def step_title(driver: Driver) -> str:
    return line_of(driver.panel("step").canvas, 0).strip("─ ").split(" ─")[0]


def board_of(symbol: str) -> str:
    return "gradients" if symbol.startswith("d") else "cache"


def assert_filled(driver: Driver, symbol: str, values: Array) -> None:
    for (i, j), value in np.ndenumerate(values):
        assert driver.cell(board_of(symbol), symbol, i + 1, j + 1) == rounded(value), symbol


async def forth_and_back(driver: Driver, forth: str, back: str, times: int) -> None:
    """The way back shows, in every panel and with every style, what the way there showed."""
    seen = [driver.paintings()]
    for _ in range(times):
        await driver.press(forth)
        seen.append(driver.paintings())
    for before in reversed(seen[:-1]):
        await driver.press(back)
        assert driver.paintings() == before


async def test_all_operations_of_the_article_one_by_one() -> None:
    figures = article()
    async with stepping() as driver:
        assert step_title(driver) == "Start"
        for k, symbol in enumerate(ORDER, 1):
            await driver.press("space")
            assert step_title(driver) == TITLES[k - 1]
            formula = line_of(driver.panel("step").canvas, 1).split()
            assert formula[:2] == [symbol, "←" if k > 13 else "="]
            assert f"step {k} of 17" in driver.text("title")
            assert f"[{symbol}]" in driver.text("rail")
            assert (f"L {figures['L'][0, 0]:.3f}" in driver.text("title")) == (k >= 5)
            if k > 13:
                continue  # the update is shown as a subtraction: tested below
            for cached in (*CACHED, *SLOPES):
                if cached in ORDER[:k]:
                    assert_filled(driver, cached, figures[cached])
                else:
                    assert driver.cell(board_of(cached), cached) == "·"


async def test_the_update_is_a_subtraction() -> None:
    figures, before = article(), load("article").parameters()
    async with stepping() as driver:
        await driver.press(*["space"] * 13)
        for k, symbol in enumerate(ORDER[13:], 14):
            assert not driver.panel("update").is_on_screen or k > 14
            await driver.press("space")
            board = driver.text("update").splitlines()
            first = next(i for i, line in enumerate(board) if f"before {symbol}" in line)
            rows = before[symbol].shape[0]
            for block, values in enumerate(
                (before[symbol], 0.5 * figures[f"d{symbol}"], figures[symbol])
            ):
                for i, row in enumerate(values):
                    line = board[first + block * rows + i].replace("▸", " ").replace("•", " ")
                    told = line.replace("− α·d", "").split()
                    wanted = [rounded(value + 0.0) for value in row]
                    assert any(told[at:][: len(wanted)] == wanted for at in range(len(told)))
            later = ORDER[k:]
            undone = sum(before[name].size for name in later)
            assert driver.text("update").count("·") - driver.text("update").count("α·") == undone


async def test_back_is_exact() -> None:
    async with stepping() as driver:
        await forth_and_back(driver, "space", "backspace", 17)
        assert driver.position == Position()


async def test_back_is_exact_over_updates_and_iterations() -> None:
    async with stepping() as driver:
        await driver.press(*["space"] * 12)
        await forth_and_back(driver, "pagedown", "pageup", 28)
        assert driver.position == Position(1, 12)


async def test_back_is_exact_in_a_batch_at_120_columns() -> None:
    async with stepping("ai-by-hand", WIDE) as driver:
        await forth_and_back(driver, "right", "left", 30)


async def test_a_new_iteration_reads_what_the_last_one_made() -> None:
    figures = article()
    lesson = load("article")
    made = {name: figures[name] for name in ("W1", "b1", "W2", "b2")}
    again = by_hand(made, lesson.data.X, lesson.data.Y, 0.5)
    async with stepping() as driver:
        await driver.press(*["space"] * 18)
        assert driver.position == Position(2, 1)
        assert_filled(driver, "W1", made["W1"])
        assert_filled(driver, "Z1", again["Z1"])
        assert driver.cell("cache", "A1") == "·"
        await driver.press(*["space"] * 4)
        title = driver.text("title")
        assert f"L {again['L'][0, 0]:.3f} (was {figures['L'][0, 0]:.3f})" in title
        assert again["L"] < figures["L"]


async def test_back_at_the_start_stays() -> None:
    async with stepping() as driver:
        before = driver.paintings()
        await driver.press("backspace", "left", "pageup", "P", "I", "home")
        assert driver.position == Position()
        assert driver.paintings() == before


async def test_phases() -> None:
    async with stepping() as driver:
        ends = []
        for _ in range(5):
            await driver.press("p")
            ends.append((driver.position.iteration, driver.position.steps))
        assert ends == [(1, 4), (1, 5), (1, 13), (1, 17), (2, 4)]
        starts = []
        for _ in range(5):
            await driver.press("P")
            starts.append((driver.position.iteration, driver.position.steps))
        assert starts == [(2, 0), (1, 13), (1, 5), (1, 4), (1, 0)]


async def test_iterations() -> None:
    async with stepping() as driver:
        await driver.press(*["space"] * 8)
        before = driver.paintings()
        await driver.press("i", "i", "i")
        assert driver.position == Position(4, 8)
        assert "iteration 4" in driver.text("title")
        await driver.press("I", "I", "I")
        assert driver.paintings() == before
        await driver.press("I")
        assert driver.position == Position()


async def test_into_shows_one_element_at_a_time() -> None:
    W1 = article()["dW1"]
    async with stepping() as driver:
        await driver.press(*["space"] * 11)
        before = driver.paintings()
        for element in range(1, 9):
            await driver.press("s")
            assert driver.position == Position(1, 11, element)
            assert f"element {element} of 9" in step_title(driver)
            told = [driver.cell("gradients", "dW1", k // 3 + 1, k % 3 + 1) for k in range(9)]
            wanted = [rounded(value) for value in W1.ravel()[:element]]
            assert told == [*wanted, *["·"] * (9 - element)]
            row, column = (element - 1) // 3 + 1, (element - 1) % 3 + 1
            assert f"dW1[{row},{column}] =" in driver.text("step")
        await driver.press("s")
        assert driver.position == Position(1, 12)
        assert_filled(driver, "dW1", W1)
        await driver.press("left", "s", "s", "left")
        assert driver.position == Position(1, 11, 1)
        await driver.press("left")
        assert driver.paintings() == before


async def test_out_finishes_the_operation() -> None:
    async with stepping() as driver:
        await driver.press("S")
        assert driver.position == Position()
        await driver.press("s", "s", "S")
        assert driver.position == Position(1, 1)
        await driver.press("s", "P")
        assert driver.position == Position(1, 1)
        await driver.press("s", "space")
        assert driver.position == Position(1, 2)


async def test_into_opens_an_update_too() -> None:
    async with stepping() as driver:
        await driver.press(*["space"] * 13, "s", "s")
        assert driver.text("update").count("·") - driver.text("update").count("α·") == 16 - 2


async def test_home_restarts_with_the_same_weights() -> None:
    async with stepping() as driver:
        before = driver.paintings()
        await driver.press("i", "i", "space", "s", "home")
        assert driver.position == Position()
        assert driver.paintings() == before


async def test_new_weights_and_undo() -> None:
    async with stepping() as driver:
        await driver.press("space")
        old = driver.text("cache")
        await driver.press("home", "R", "space")
        new = driver.text("cache")
        assert new != old
        await driver.press("u")
        assert driver.position == Position(1, 1)
        assert driver.text("cache") == old
        await driver.press("U")
        assert driver.text("cache") == new
        await driver.press("U")
        assert driver.text("cache") == new


async def test_undo_with_nothing_to_undo_says_so() -> None:
    async with stepping() as driver:
        before = driver.paintings()
        await driver.press("u")
        await driver.until(lambda: "There is nothing to undo." in driver.everything())
        assert driver.paintings() == before


async def test_examples_of_a_batch_are_paged() -> None:
    async with stepping("ai-by-hand") as driver:
        await driver.press("space")
        first = driver.text("cache")
        assert "‹example 1 of 2›" in first
        assert [driver.cell("cache", "Z1", i) for i in (1, 2, 3)] == ["2.000", "4.000", "1.000"]
        await driver.press("k")
        assert "‹example 2 of 2›" in driver.text("cache")
        assert [driver.cell("cache", "X", 1, j) for j in (1, 2)] == ["2.000", "−1.000"]
        weights = [driver.cell("cache", "W1", 1, j) for j in (1, 2, 3)]
        assert weights == ["1.000", "0.000", "−1.000"]
        await driver.press("k")
        assert driver.text("cache") == first
        await driver.press("K", "K")
        assert driver.text("cache") == first


async def test_the_loss_shown_is_the_example_s_own() -> None:
    async with stepping("ai-by-hand") as driver:
        await driver.press(*["space"] * 10)
        one, other = driver.text("title"), ""
        await driver.press("k")
        other = driver.text("title")
        assert one != other
        assert one.split()[-2:] == other.split()[-2:]  # J is of both
        assert "J" in one.split()


async def test_decimals() -> None:
    z = article()["Z1"][1, 0]
    async with stepping() as driver:
        await driver.press("space", "d", "d")
        assert driver.cell("cache", "Z1", 2) == rounded(z, 5)
        await driver.press("D", "D", "D", "D")
        assert driver.cell("cache", "Z1", 2) == rounded(z, 1)
        await driver.press(*["D"] * 5)
        assert driver.cell("cache", "Z1", 2) == rounded(z, 0)
        await driver.press(*["d"] * 20)
        assert driver.session.decimals == 12


async def test_drawing() -> None:
    async with stepping() as driver:
        nodes = driver.text("network")
        assert "●" in nodes
        await driver.press("v")
        graph = driver.text("network")
        assert "●" not in graph
        assert {"X", "W1", "Z1", "A1", "dZ1"} <= set(graph.split())
        await driver.press("v")
        assert driver.text("network") == nodes


async def test_zoom() -> None:
    async with stepping() as driver:
        before = driver.paintings()
        await driver.press("z")
        assert not driver.panel("network").is_on_screen
        assert driver.panel("cache").size.height > 12
        await driver.press("z")
        assert driver.paintings() == before
        await driver.press("z", "escape")
        assert driver.paintings() == before


@pytest.mark.parametrize(
    ("experiment", "size"),
    [("article", (65, 56)), ("article", WIDE), (program_file("gru"), SMALL)],
    ids=["article, tall", "article, wide", "gru"],
)
async def test_z_enlarges_what_the_step_wrote(
    experiment: str | Experiment, size: tuple[int, int]
) -> None:
    """Whatever panel or matrix was looked at before: that is left with the next step."""
    async with stepping(experiment, size) as driver:
        for _ in range(0, len(driver.session.timeline.program.steps), 3):
            await driver.press("tab", "shift+tab", "space", "space", "space", "z")
            step = driver.session.view.step
            boards = {str(p.id) for p in driver.shown} & {"network", "cache", "gradients", "update"}
            assert step
            assert boards == {driver.session.view.board_of(step.symbol)}
            if step.role.kind not in ("loss", "mean"):
                board = next(iter(boards)) or ""
                assert step.symbol in driver.text(board).split()
                assert "▸" in driver.text(board)
            await driver.press("z")


@pytest.mark.parametrize("lesson", ["article", "vanishing"])
async def test_a_cursor_is_left_behind_with_the_next_step(lesson: str) -> None:
    """So that it keeps no step out of sight, and arrows step again."""
    async with stepping(lesson) as driver:
        for key in ("space", "p", "backspace", "i"):
            await driver.press("tab", "down")
            assert driver.session.inspection.cursor
            await driver.press(key)
            assert not driver.session.inspection.cursor
            here = driver.position
            await driver.press("right")
            assert driver.position == driver.session.timeline.forward(here)


@pytest.mark.parametrize("size", [(40, 12), (65, 56), SMALL, WIDE], ids=str)
async def test_a_message_hides_no_key(size: tuple[int, int]) -> None:
    """It stands in the title until the next key; a click in the footer does what it did."""
    async with stepping("xor", size) as driver:
        keys = driver.text("footer")
        for key in ("k", "d", "l", "u", "plus", "c"):
            await driver.press(key)
            message = driver.session.message
            assert message
            assert driver.text("title").strip().startswith(message[: size[0] - 4])
            assert driver.text("footer") == keys
        await driver.press("space")
        assert "step 1 of" in driver.text("title")


async def test_tab_visits_every_matrix_and_panel_and_comes_back() -> None:
    async with stepping() as driver:
        await driver.press(*["space"] * 8, "tab")
        first = driver.session.inspection.cursor
        assert first
        assert first.symbol == "dW2"  # the step's own
        visited: list[str] = []
        for _ in range(30):
            cursor = driver.session.inspection.cursor
            visited.append(cursor.symbol if cursor else driver.session.chosen)
            await driver.press("tab")
            if driver.session.inspection.cursor == first:
                break
        slopes = "dW1 db1 dZ1 dA1 dW2 db2 dZ2 dA2".split()
        wanted = {"network", "step", *"X W1 b1 Z1 A1 W2 b2 Z2 A2 Y".split(), *slopes}
        assert sorted(visited) == sorted(wanted)
        await driver.press("shift+tab", "tab")
        assert driver.session.inspection.cursor == first
        assert driver.position == Position(1, 8)


async def test_with_a_cursor_arrows_move_it_and_escape_gives_them_back() -> None:
    async with stepping() as driver:
        await driver.press(*["space"] * 12, "tab")
        places = []
        for key in ("right", "right", "right", "down", "left", "up", "up"):
            await driver.press(key)
            cursor = driver.session.inspection.cursor
            assert cursor
            places.append((cursor.row, cursor.column))
        assert places == [(1, 2), (1, 3), (1, 3), (2, 3), (2, 2), (1, 2), (1, 2)]
        assert driver.position == Position(1, 12)
        assert "[" in driver.text("gradients")
        await driver.press("escape", "right")
        assert driver.position == Position(1, 13)
        assert "[" not in driver.text("gradients")
        assert driver.app.is_running


async def test_enter_explains_a_number_and_escape_leads_back() -> None:
    async with stepping() as driver:
        await driver.press(*["space"] * 8)
        before = driver.paintings()
        await driver.press("enter")
        assert step_title(driver).startswith("Why dW2[1,1]")
        assert "dZ2[1,1] · A1[1,1]" in driver.text("step")
        await driver.press("enter")
        assert "‹ dW2[1,1]" in step_title(driver)
        assert driver.position == Position(1, 8)
        await driver.press("escape", "escape", "escape")
        assert driver.paintings() == before


async def test_a_number_leads_back_to_the_inputs() -> None:
    """Enter alone, again and again, ends at a number that was given."""
    async with stepping() as driver:
        await driver.press(*["space"] * 12)
        trail: list[str] = []
        for _ in range(30):
            await driver.press("enter")
            place = driver.session.inspection.place
            assert place
            if trail and trail[-1] == str(place):
                break
            trail.append(str(place))
        assert driver.session.inspection.place
        assert driver.session.inspection.place.symbol in ("X", "Y", "W1", "W2", "b1", "b2")


async def test_the_gradient_check_of_the_gradient_shown() -> None:
    async with stepping() as driver:
        await driver.press(*["space"] * 8)
        await driver.rest()
        assert "✓ gradient check: difference < 1e−9" in driver.text("step")
        await driver.press("home")
        assert "gradient check" not in driver.text("step")


def found_right(driver: Driver, symbol: str) -> bool:
    """Whether the sheet on the screen says that a gradient agrees."""
    lines = driver.everything().splitlines()
    return any(f" {symbol}[" in line and "✓" in line for line in lines)


async def test_the_check_of_all_gradients() -> None:
    async with stepping() as driver:
        await driver.press("p", "p", "p", "c")
        assert driver.kind == "check"
        for symbol in "dW1 db1 dZ1 dA1 dW2 db2 dZ2 dA2".split():
            await driver.until(partial(found_right, driver, symbol))
        await driver.press("escape")
        assert driver.kind == ""


async def test_before_any_gradient_there_is_nothing_to_check() -> None:
    async with stepping() as driver:
        await driver.press("p", "p", "c")
        assert driver.kind == ""
        assert "No gradient is computed yet" in driver.text("title")


async def test_shapes_that_do_not_fit_beside_the_formula_have_a_line_of_their_own() -> None:
    async with stepping() as driver:
        await driver.press("p", "p", "space")
        formula, shapes, *_ = driver.text("step").splitlines()[1:]
        assert formula.startswith(" dA2 = ")
        assert shapes.startswith(" (1×1) = ")


async def test_where_one_panel_fits_going_backward_shows_the_gradients() -> None:
    async with stepping(size=(40, 12)) as driver:
        await driver.press("p")
        assert [str(p.id) for p in driver.shown if p.id in ("cache", "gradients")] == ["cache"]
        await driver.press("p", "space")
        assert [str(p.id) for p in driver.shown if p.id in ("cache", "gradients")] == ["gradients"]
        await driver.press("backspace")
        assert [str(p.id) for p in driver.shown if p.id in ("cache", "gradients")] == ["cache"]


@pytest.mark.parametrize("focus", range(5))
async def test_time_keys_work_whatever_has_the_focus(focus: int) -> None:
    async with stepping() as driver:
        await driver.press(*["tab"] * focus, "space", "n", "pagedown")
        assert driver.position == Position(1, 3)
        await driver.press("backspace", "pageup")
        assert driver.position == Position(1, 1)


async def test_theme() -> None:
    async with stepping() as driver:
        themes = [driver.app.theme]
        for _ in range(2):
            await driver.press("t")
            themes.append(driver.app.theme)
        assert themes == ["backprop-dark", "backprop-light", "backprop-dark"]


@pytest.mark.parametrize("key", ["b", "full_stop"])
async def test_the_screen_is_covered_and_uncovered(key: str) -> None:
    async with stepping() as driver:
        await driver.press("space")
        before = driver.paintings()
        await driver.press(key)
        assert driver.kind == "cover"
        assert "W1" not in driver.everything()
        await driver.press(key)
        assert driver.kind == ""
        assert driver.position == Position(1, 1)
        assert driver.paintings() == before


async def test_any_key_of_a_remote_uncovers_without_stepping() -> None:
    async with stepping() as driver:
        await driver.press("b", "pagedown")
        assert driver.kind == ""
        assert driver.position == Position()


async def test_open_a_lesson() -> None:
    async with stepping() as driver:
        await driver.press("space", "o")
        assert driver.kind == "open"
        top = driver.session.top
        assert isinstance(top, Menu)
        assert tuple(entry.id for entry in top.entries) == lessons.NAMES
        assert top.answer == "article"
        shown = driver.everything()
        for number, name in enumerate(lessons.NAMES, 1):
            lesson = load(name)
            line = next(line for line in shown.splitlines() if f"{number:>2}  {name} " in line)
            assert f" {lesson.network.sizes} " in line
            assert f" {lesson.teaches} " in line
        await driver.press("down", "enter")
        assert driver.kind == ""
        assert driver.session.timeline.experiment.name == "one-input"
        assert driver.position == Position()
        assert driver.session.timeline.experiment.name in driver.text("title")


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
async def test_the_opener_reads_no_device(device: str) -> None:
    async with stepping() as driver:
        await driver.press("o")
        await driver.type(device)
        await driver.press("enter")
        assert f"✗ {device} is not a regular file" in driver.everything()


async def test_leaving_the_opener_loses_nothing() -> None:
    async with stepping() as driver:
        await driver.press("space")
        before = driver.paintings()
        await driver.press("o", "escape")
        assert driver.paintings() == before


async def test_a_faulty_file_lists_its_faults_and_nothing_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "faulty.toml"
    file.write_text(FAULTY)
    async with stepping() as driver:
        await driver.press("space", "space")
        before = driver.paintings()
        await driver.press("o")
        await driver.type(str(file))
        await driver.press("enter")
        assert driver.kind == "open"
        said = driver.said
        assert "must be one of" in said
        assert "sigmoid" in said
        assert "data.X" in said
        await driver.press("escape")
        assert driver.paintings() == before


async def test_a_file_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "too far.toml"
    file.write_text(DIVERGES)
    async with stepping() as driver:
        await driver.press("o")
        await driver.type(str(file))
        await driver.press("enter")
        assert driver.session.timeline.experiment.title == "Too far"
        assert way_back(driver.session) == f"backprop-tui '{file}'"


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help(key: str) -> None:
    async with stepping() as driver:
        await driver.press("tab", "tab", key)
        assert driver.kind == "help"
        assert "Cache" in driver.everything()
        await driver.press("escape")
        assert driver.kind == ""


async def test_palette() -> None:
    async with stepping() as driver:
        await driver.press("p", "p", "colon")
        await driver.type("phase start")
        assert "back to the start of this phase" in driver.everything()
        await driver.press("enter")
        assert driver.kind == ""
        assert driver.position == Position(1, 4)


@pytest.mark.parametrize("key", ["Q", "j", "1", "f5", "alt+x", "at", "delete", "end", "N", "§"])
async def test_unknown_keys_do_nothing(key: str) -> None:
    async with stepping() as driver:
        await driver.press(*["space"] * 7)
        before = driver.paintings()
        await driver.press(key)
        assert driver.kind == ""
        assert driver.paintings() == before


async def test_quit_says_how_to_come_back() -> None:
    async with stepping("mazur") as driver:
        await driver.press("q")
        await driver.until(lambda: not driver.app.is_running)
        assert driver.app.return_value == "backprop-tui mazur --decimals 3"  # its own are 4


async def test_keys_never_change_the_past() -> None:
    """A state taken once stays what it was, and the same position gives the same bits again."""
    async with stepping() as driver:
        await driver.press(*["space"] * 9)
        timeline = driver.session.timeline
        state = timeline.state(driver.position)
        taken = [result.tobytes() for result in state.iteration.results]
        keys = "space p s s S i P k v z z d D t b b K I tab z escape space i i p left".split()
        await driver.press(*keys)
        assert [result.tobytes() for result in state.iteration.results] == taken
        again = timeline.state(state.position)
        assert [result.tobytes() for result in again.iteration.results] == taken


async def test_a_diverging_run_says_where_and_can_be_stepped_back(tmp_path: Path) -> None:
    file = tmp_path / "far.toml"
    file.write_text(DIVERGES)
    async with stepping(file) as driver:
        seen = [driver.paintings()]
        while len(seen) < 100:
            position = driver.position
            await driver.press("space")
            if driver.position == position:
                break
            seen.append(driver.paintings())
        said = driver.text("step")
        assert "✗ W1 is no longer finite" in said
        assert f"iteration {driver.position.iteration}" in said
        assert any(sign in driver.everything() for sign in ("∞", "NaN"))
        stopped = driver.position
        await driver.press("space", "p", "i", "s", "n")
        assert driver.position == stopped
        for before in reversed(seen[:-1]):
            await driver.press("backspace")
            assert driver.paintings() == before


async def test_a_frozen_parameter_is_said_to_be() -> None:
    async with stepping("mazur") as driver:
        await driver.press("p", "p", "p", "p")
        board = " ".join(driver.text("update").replace(" is ", " ").split())
        assert "b1 frozen" in board
        assert "b2 frozen" in board
        assert "after  W2" in driver.text("update")


async def test_the_source_of_a_figure_is_named_as_far_as_it_fits() -> None:
    async with stepping("mazur") as driver:
        await driver.press("space", "space")
        assert "✓ as printed: 0.593269992 (Matt Mazur)" in driver.text("step")
