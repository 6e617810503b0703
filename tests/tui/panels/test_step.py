"""What the Step panel says of a number: what a source prints of it, and, enlarged, each term."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backprop_tui.files.experiment_file import read_experiment
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Edit
from backprop_tui.run.timeline import Position
from tests.networks import ARTICLE
from tests.tui.driver import HUGE, SMALL, WIDE, stepping
from tests.tui.test_window import dense

PRINTED = """
title = "Printed"
[network]
layers = [2, 2, 1]
activations = ["sigmoid", "sigmoid"]
loss = "half_squared_error"
[initial]
W1 = [[0.1, 0.2], [0.3, 0.4]]
W2 = [[0.5, 0.6]]
[data]
X = [[1, 2]]
Y = [[1]]
[[published]]
source = "A book"
"""


def printed(line: str) -> Experiment:
    """A network of which a source prints that figure."""
    return read_experiment(PRINTED + line, "printed", "printed.toml")


@pytest.mark.parametrize(
    ("figure", "steps", "said"),
    [
        ('Z1 = [["0.500"], [""]]', 1, "✓ as printed: 0.500 (A book)"),
        ('Z1 = [["0.51"], [""]]', 1, "≈ printed 0.51: one unit off in the last digit (A book)"),
        ('A1 = [["0.6224"], [""]]', 2, "≈ printed 0.6224: cut, not rounded (A book)"),
        ('Z1 = [["0.7"], [""]]', 1, "✗ printed 0.7 (A book)"),
        ('"2·Z1" = [["1.00"], [""]]', 1, "✓ as printed: 2 · Z1[1,1] = 1.00 (A book)"),
        (
            '[[published.known_wrong]]\nof = "Z1[1,1]"\nprinted = "0.7"\nwhy = "b1 is left out."\n'
            'correct = "0.5"',
            1,
            "≠ printed 0.7: known to be wrong; correct is 0.5. b1 is left out.",
        ),
    ],
)
async def test_what_a_source_prints_of_a_number_is_told_beside_it(
    figure: str, steps: int, said: str
) -> None:
    async with stepping(printed(figure), WIDE) as driver:
        await driver.press(*["space"] * steps, "enter")
        assert said in driver.text("step")


@pytest.mark.parametrize("size", [SMALL, HUGE])
async def test_the_derivative_of_a_function_of_ones_own_is_opened(size: tuple[int, int]) -> None:
    own = """
[parameters]
w = [1, 1]
[functions]
huber = "where(abs(z) < 1, z²/2, abs(z) − 0.5)"
[forward]
z = "w·X"
a = "huber(z)"
L = "a²"
[data]
X = [[1]]
"""
    async with stepping(read_experiment(own, "own", "own.toml"), size) as driver:
        driver.session.go(Position(1, driver.session.timeline.program.index("dz") + 1))
        await driver.press("x", "space")
        while not (board := driver.session.blackboard) or not board.opens:
            await driver.press("space")
        assert "why: huber′" in driver.text("footer")


async def test_a_number_that_an_edit_sets_is_not_among_the_others_of_its_update() -> None:
    edited = replace(ARTICLE, edits=(Edit(2, Cell("b1", 2, 1), 3.0),))
    async with stepping(edited, HUGE) as driver:
        driver.session.go(Position(1, ARTICLE.program.index("b1") + 1))
        await driver.drawn()
        shown = driver.text("step")
    assert "b1[1,1] = " in shown
    assert "b1[3,1] = " in shown
    assert "b1[2,1] = " not in shown


async def test_a_figure_of_a_parameter_says_how_the_value_before_the_update_is_meant() -> None:
    async with stepping(printed('W2 = [["0.50", ""]]'), WIDE) as driver:
        await driver.press(*["space"] * 16)
        said = driver.text("step")
        assert "✗ printed 0.50 (A book)" in said
        assert 'The key "before: W2" means the value before it, which is as printed.' in said


async def test_enlarged_it_has_every_term_of_a_long_sum_and_scrolls() -> None:
    async with stepping(dense((60, 3)), SMALL) as driver:
        await driver.press("space", "enter")
        assert "61 terms" not in driver.text("step")
        await driver.press("z")
        first = driver.text("step")
        assert "61 terms" in first
        assert "lines 1–20 of 7" in first
        await driver.press(*["down"] * 100)
        last = driver.text("step")
        assert "W1[1,60] · X[60,1]" in last
        assert "b1[1,1]" in last.splitlines()[-1]


@pytest.mark.parametrize(
    "keys",
    [("space",), ("p", "p", "space", "x"), ("a", "space")],
    ids=["step", "blackboard", "question"],
)
async def test_it_has_what_of_a_message_has_no_room_in_the_title(keys: tuple[str, ...]) -> None:
    async with stepping(ARTICLE, SMALL) as driver:
        await driver.press(*keys)
        driver.session.say(f"{'It begins. ' * 6}It goes on at length, and it ends.")
        driver.app.changed()
        await driver.settle()
        assert "and it ends." in driver.text("step")
