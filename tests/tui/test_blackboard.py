"""The blackboard on the screen: in the place of the panels, or beside them in a wide window."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backprop_tui.files.experiment_file import load
from backprop_tui.model.experiment import Experiment
from tests.tui.driver import SMALL, WIDE, Driver, stepping

ARTICLE, SOFTMAX = (replace(load(name), questions=()) for name in ("article", "softmax"))
DZ2 = ["space"] * 7
WHOLE = ["x", *["space"] * 5]


def lines(driver: Driver) -> list[str]:
    """The lines on the blackboard that are not blank, without the rule above them."""
    return [line.strip() for line in driver.text("blackboard").splitlines()[1:] if line.strip()]


async def test_at_80_columns_it_takes_the_place_of_the_panels() -> None:
    async with stepping(ARTICLE, SMALL) as driver:
        await driver.press(*DZ2, "x", *["space"] * 4)
        title = driver.text("blackboard").splitlines()[0]
        assert "Blackboard  dZ2 = ∂L/∂Z2" in title
        assert "line 5 of 6" in title
        assert lines(driver) == [
            "∂L/∂Z2 = ∂L/∂A2 ∘ ∂A2/∂Z2                    chain rule: L uses Z2 through A2",
            "= dA2 ∘ σ′(Z2)                               dA2 is step 6",
            "= ((1 − Y)/(1 − A2) − Y/A2) ∘ σ′(Z2)         dA2 put in",
            "= ((1 − Y)/(1 − A2) − Y/A2) ∘ A2 ∘ (1 − A2)  σ′ = σ ∘ (1 − σ)",
            "▸  = (1 − Y)∘A2 − Y∘(1 − A2)                    cancel",
            "= ?",
            "dA2 −2.789     Z2 −0.582     Y 1.000     A2 0.359",
        ]
        assert not driver.panel("cache").display
        assert [line.split("  ")[0].strip() for line in driver.text("step").splitlines()[1:3]] == [
            "dZ2 = ?",
            "dZ2[1,1] = ?",
        ]
        assert "space next line" in driver.text("footer")
        await driver.press("space")
        assert lines(driver)[-1] == "in numbers 0.359 − 1.000 = −0.641"
        assert "dZ2 = A2 − Y" in driver.text("step")
        assert "space next step" in driver.text("footer")


async def test_in_a_wide_window_it_stands_beside_the_boards_and_the_drawing() -> None:
    async with stepping(ARTICLE, WIDE) as driver:
        await driver.press(*DZ2, *WHOLE[:-1])
        widths = {name: driver.panel(name).size.width for name in ("cache", "blackboard")}
        assert widths == {"cache": 58, "blackboard": 61}
        assert driver.panel("network").region.y > driver.panel("gradients").region.y
        assert "▸?" in driver.text("gradients")
        assert "?" in driver.text("network")
        assert "= −0.641" not in driver.text("blackboard")  # it is what is to be found
        await driver.press("space")
        assert driver.text("blackboard").count("= −0.641") == 5
        assert "Every line has the same value: −0.641." in driver.text("blackboard")
        assert "▸−0.641" in driver.text("gradients")


async def test_what_is_new_in_a_line_is_lit() -> None:
    async with stepping(ARTICLE, SMALL) as driver:
        await driver.press(*DZ2, "x", "space", "space")
        canvas = driver.panel("blackboard").canvas
        lit = [[text for text, looks in canvas.runs(y) if looks == "lit"] for y in range(2, 5)]
        assert lit == [[], ["dA2", "σ′("], ["((1 − Y)/(1 − A2) − Y/A2)"]]


async def test_elements_are_derived_with_what_they_come_from_and_their_numbers() -> None:
    async with stepping(ARTICLE, SMALL) as driver:
        await driver.press(*["space"] * 12, "x", *["space"] * 4)
        said = lines(driver)
        assert said[:2] == ["Z1[k] = Σₚ W1[k,p]·X[p] + b1[k]", "[k=i] is 1 for k = i, otherwise 0."]
        assert "▸ dW1 = dZ1 · Xᵀ                      all i and j at once" in said
        assert said[-1] == "in numbers, i = 1, j = 1: 0.038 × 1.000 = 0.038"


async def test_a_derivative_put_in_says_what_it_is_and_no_value_is_written_twice() -> None:
    async with stepping(ARTICLE, SMALL) as driver:
        await driver.press(*["space"] * 9, "x", *["space"] * 2)
        said = lines(driver)
        assert "▸  = dZ2               ∂Z2/∂b2 = 1" in said
        assert said[-1] == "in numbers −0.641"


async def test_a_question_to_talk_about_does_not_tell_what_is_derived() -> None:
    async with stepping("article", SMALL, asks=True) as driver:
        await driver.press("g", *"dZ2", "enter", "x", *["space"] * 5)  # the last of its lines
        await driver.press("space", "space")
        said = driver.text("step")
        assert "The first: all three share dZ2" in said
        assert "A1ᵀ" not in said
        assert "−0.524" not in said
        await driver.press(*["space"] * 3)
        assert "dW2 = dZ2 · A1ᵀ" in driver.text("step")


async def test_the_derivative_of_softmax_has_five_lines_two_cases_and_numbers() -> None:
    async with stepping(SOFTMAX, SMALL) as driver:
        await driver.press(*DZ2, "x", *["space"] * 3, "enter", *["space"] * 4)
        assert "dZ2, line 4 ▸ ∂A2[k]/∂Z2[i]" in driver.text("blackboard")
        said = lines(driver)
        assert "k = i:  A2[i] · (1 − A2[i])" in said
        assert "k ≠ i:  −A2[k] · A2[i]" in said
        assert said[-2:] == ["−0.112   0.175  −0.062", "−0.138  −0.062   0.200"]
        await driver.press("escape")
        assert "line 4 of 8" in driver.text("blackboard")


async def test_the_paths_say_where_the_figures_shown_are_rounded() -> None:
    async with stepping(SOFTMAX, SMALL) as driver:
        await driver.press(*DZ2, "x", *["space"] * 7, "tab")
        said = driver.text("blackboard")
        assert "dZ2[1,1] = ∂L/∂Z2[1,1]: 3 paths to the loss" in said
        assert "= −0.112 × −4.425 = 0.498 (rounded)" in said
        assert "Sum of all = 0.498, the value of the backward pass" in said


async def test_of_many_paths_what_the_smaller_ones_bring_together_is_told() -> None:
    layers = {"layers": "2,2,6,1", "activations": "tanh,tanh,sigmoid", "x": "0.5,1", "y": "1"}
    async with stepping(load("article", layers), (120, 40)) as driver:
        driver.session.do("goto", "dA1")
        await driver.press(*WHOLE, "tab", "tab")
        assert "… and 2 smaller paths, together 0.004" in driver.text("blackboard")


async def test_a_click_chooses_a_line() -> None:
    async with stepping(ARTICLE, SMALL) as driver:
        await driver.press(*DZ2, *WHOLE)
        await driver.click("blackboard", 20, 3)
        assert driver.session.levels[0].line == 2
        await driver.press("enter")
        assert [level.symbol for level in driver.session.levels] == ["dZ2", "dA2"]


@pytest.mark.parametrize(
    ("experiment", "size"),
    [
        *((ARTICLE, size) for size in ((40, 12), (65, 56), (80, 24), (118, 30), (200, 60))),
        *((SOFTMAX, size) for size in ((40, 12), (80, 24))),
        *((load("batch"), size) for size in ((40, 12), (118, 30))),
    ],
)
async def test_the_last_line_is_seen_in_every_window(
    experiment: Experiment, size: tuple[int, int]
) -> None:
    async with stepping(experiment, size) as driver:
        own, program = driver.session, experiment.program
        for symbol in program.gradients:
            if program.positions[symbol] > program.positions[program.output] + 8:
                break
            own.do("goto", symbol)
            own.do("derive", "" if own.blackboard is None else symbol)
            while own.blackboard is not None and not own.blackboard.is_whole:
                own.do("next")
            await driver.drawn()
            assert own.blackboard is not None
            last = own.blackboard.lines[-1]
            assert last.rule.split()[0] in driver.text("blackboard"), symbol
            assert "▸" in driver.text("blackboard"), symbol


async def test_beside_the_board_the_numbers_of_a_batch_are_not_cut() -> None:
    async with stepping(replace(load("batch"), questions=()), WIDE) as driver:
        await driver.press("p", "p", "space", "space", "space", "x", *["space"] * 3)
        assert "− 0.383 × 0.711 + 0.579 × 0.690)" in lines(driver)
        assert any(line.startswith("/ 4") and line.endswith("= 0.021") for line in lines(driver))
