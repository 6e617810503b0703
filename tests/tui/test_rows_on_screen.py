"""Rows as examples on the screen: one example is a row of X, Z and A, and k lights the next row."""

from __future__ import annotations

import pytest

from backprop_tui.files.experiment_file import read_experiment
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.inspection import Inspection
from backprop_tui.tui.panels.boards import Cache
from tests.tui.driver import HUGE, SMALL, painted, stepping, view_of

SIZES = (SMALL, HUGE)
ONE = """
[network]
layers = [2, 2, 3]
activations = ["relu", "softmax"]
loss = "cross_entropy"
orientation = "rows"
[data]
X = [[16, -6]]
Y = [[0, 0, 1]]
[initial]
W1 = [[0.18, 0.04], [0.1, 0.22]]
W2 = [[0.19, -0.1, 0.1], [-0.02, -0.01, 0.04]]
"""
BATCH = ONE.replace("[[16, -6]]", "[[16, -6], [1, 2]]").replace(
    "[[0, 0, 1]]", "[[0, 0, 1], [1, 0, 0]]\n[training]\nbatch = 2"
)


def read(text: str) -> Experiment:
    return read_experiment(text, "rows", "rows.toml")


def test_one_example_is_a_row() -> None:
    timeline = Timeline(read(ONE))
    view = view_of(timeline, Position(1, timeline.program.index("Z1") + 1))
    board = painted(Cache(), view, 80, 12).text()
    assert "•16.000•−6.000" in board
    assert "▸2.280▸−0.680" in board


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_step_is_shown_with_its_formula(size: tuple[int, int]) -> None:
    async with stepping("article", size) as driver:
        await driver.begin(read(BATCH))
        for step in driver.session.timeline.program.steps:
            await driver.press("space")
            assert driver.session.view.step is not None
            assert driver.session.view.step.symbol == step.symbol
            assert step.symbol in driver.text("step")


async def test_k_shows_the_next_row() -> None:
    async with stepping("article", SMALL) as driver:
        await driver.begin(read(BATCH))
        await driver.press("space")
        assert driver.session.view.cell == Cell("Z1", 1, 1)
        await driver.press("k")
        assert driver.session.view.cell == Cell("Z1", 2, 1)
        assert "Z1[2,1] = X[2,1]·W1[1,1] + X[2,2]·W1[2,1] + b1[1,1]" in driver.text("step")


async def test_the_cursor_walks_along_the_row_and_an_input_is_edited_there() -> None:
    async with stepping("article", SMALL) as driver:
        await driver.begin(read(BATCH))
        await driver.press("space")
        await driver.look(Inspection().pointing(Cell("X", 1, 1)))
        await driver.press("right", "down")
        assert driver.session.inspection.cursor == Cell("X", 2, 2)
        await driver.press("e")
        await driver.type("5")
        await driver.press("enter")
        assert driver.session.timeline.iteration(1).given["X"].tolist() == [[16, -6], [1, 5]]


async def test_the_blackboard_says_row() -> None:
    async with stepping("article", SMALL) as driver:
        await driver.begin(read(ONE))
        steps = driver.session.timeline.program.index("dZ2") + 1
        await driver.press(*["space"] * steps, "x", *["space"] * 6)
        assert "a row of Y adds up to 1" in driver.text("blackboard")
