"""Writing the next step oneself: asked without telling it, judged, made a step, and left again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backprop_tui.files.experiment_file import load
from backprop_tui.maths.parser import parse
from backprop_tui.maths.writing import text
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Position
from tests.networks import experiment
from tests.tui.driver import Driver, stepping

BEFORE_DW2 = ("p", "p", "space", "space")
"""The keys that lead to where dW2 comes next in `article`: step 8."""
NEURON = experiment(
    Network((1, 1), ("sigmoid",), "half_squared_error"), Training(), [[2.0]], [[1.0]], seed=1
)


async def answer(driver: Driver, formula: str) -> None:
    """Ask, unless that is done, type and send."""
    if not driver.session.writing:
        await driver.press("f")
    await driver.type(formula)
    await driver.press("enter")


def told(driver: Driver) -> list[str]:
    """What the Step panel says under its question."""
    return [line.strip() for line in driver.text("step").splitlines()[2:] if line.strip()]


async def test_a_step_is_asked_for_without_being_told() -> None:
    async with stepping() as driver:
        await driver.press(*BEFORE_DW2, "f")
        assert driver.everything().splitlines()[-1].strip() == "dW2 ="
        assert "Step 8  backward, layer 2" in driver.text("step")
        assert "Write the formula for dW2." in driver.text("step")
        assert driver.cell("gradients", "dW2") == "·"
        assert driver.position == Position(1, 7)
        shown = driver.everything()
        assert "dW2 = dZ2" not in shown
        assert "•" not in driver.text("cache") + driver.text("gradients")
        assert "esc leaves" in shown
        assert "keepdims=True) " in shown  # nothing of how it is typed is cut off


async def test_what_is_right_becomes_the_step() -> None:
    async with stepping() as driver:
        await driver.press(*BEFORE_DW2, "space")
        taught = driver.cell("gradients", "dW2")
        await driver.press("backspace")
        await answer(driver, "dZ2 @ A1.T / m")
        assert driver.position == Position(1, 8)
        assert driver.cell("gradients", "dW2") == taught
        assert driver.kind == ""
        assert "dW2 = dZ2 · A1ᵀ / m" in driver.text("step")
        assert (
            "Your formula is correct for any batch size. (usual: dW2 = dZ2 · A1ᵀ)"
            in driver.text("step")
        )
        assert "dW2 is yours: 1 of 17 operations so far." in driver.text("title")
        await driver.rest()
        assert "✓ gradient check: difference < 1e−9" in driver.text("step")
        await driver.press("space")
        assert "Your formula" not in driver.text("step")
        assert driver.session.timeline.experiment.formulas == {"dW2": parse("dZ2 · A1ᵀ / m")}


async def test_a_formula_that_is_not_right_gets_no_reason() -> None:
    own = {"dW2": parse("−dZ2 · A1ᵀ")}  # as a file may hold it
    async with stepping(replace(load("article"), formulas=own)) as driver:
        await driver.press(*BEFORE_DW2, "space")
        assert "✗ Your formula:" in driver.text("step")
        assert "W2[i,j] multiplies" not in driver.text("step")


async def test_what_is_right_for_one_input_says_what_it_lacks() -> None:
    async with stepping() as driver:
        await driver.press(*BEFORE_DW2)
        await answer(driver, "dW2 = dZ2 @ A1.T")
        assert "Your formula is correct for one input; a batch still needs 1/m." in driver.text(
            "step"
        )
        assert "usual" not in driver.text("step")


async def test_a_wrong_shape_is_told_first_and_the_field_stays() -> None:
    async with stepping() as driver:
        await driver.press(*BEFORE_DW2)
        await answer(driver, "A1 @ dZ2.T")
        assert told(driver) == ["✗ dW2 must be 1×3 like W2, but this gives 3×1"]
        assert driver.line == "A1 @ dZ2.T"
        assert driver.position == Position(1, 7)
        await answer(driver, "dZ2 @ A1")  # the longest sentences there are have room
        assert told(driver) == [
            "✗ dZ2 · A1 is 1×1 times 3×1: dZ2 has 1 column, but A1 has 3 rows; a matrix",
            "product needs as many columns on the left as rows on the right",
            "The result has shape 1×3. Use dZ2 and A1.",
        ]


async def test_the_idea_then_a_hint_then_the_formula() -> None:
    async with stepping() as driver:
        await driver.press(*BEFORE_DW2)
        await answer(driver, "dZ2 @ X.T")
        said = ["✗ The A of a neighbouring layer is used."]
        assert told(driver) == said
        await answer(driver, "dZ2 @")  # a slip of the fingers is no miss
        assert told(driver) == ["✗ expected a number, a matrix or “(”, found the end"]
        await answer(driver, "dZ2 @ X.T")
        said.append("The result has shape 1×3. Use dZ2 and A1.")
        assert told(driver) == said
        await answer(driver, "dZ2 @ X.T")
        assert told(driver) == [*said, "The formula is dW2 = dZ2 · A1ᵀ"]
        assert driver.position == Position(1, 7)


async def test_esc_leaves_and_what_was_typed_comes_back_at_the_same_step() -> None:
    async with stepping() as driver:
        await driver.press(*BEFORE_DW2, "f", "q", "escape")
        assert driver.kind == ""
        assert driver.position == Position(1, 7)
        assert "Write the formula for dW2" not in driver.text("step")
        await driver.press("f")
        assert driver.line == "q"
        await driver.press("escape", "space", "f")
        assert driver.line == ""  # another step's
        await driver.press("escape", "backspace", "f")
        assert driver.line == "q"


@pytest.mark.parametrize(("key", "steps"), [("pagedown", 8), ("pageup", 6)])
async def test_a_presenter_s_keys_leave_the_field_and_step(key: str, steps: int) -> None:
    async with stepping() as driver:
        await driver.press(*BEFORE_DW2, "f", "z", key)
        assert driver.position == Position(1, steps)
        assert driver.kind == ""
        assert not driver.session.writing
        await driver.press("home", *BEFORE_DW2, "f")
        assert driver.line == "z"


async def test_the_first_step_of_the_next_iteration_is_asked_for_before_an_empty_cache() -> None:
    async with stepping() as driver:
        await driver.press("p", "p", "p", "p", "f")
        assert driver.position == Position(1, 17)
        assert "Write the formula for Z1" in driver.text("step")
        assert "iteration 2" in driver.text("title")
        assert driver.cell("cache", "Z1") == "·"
        await answer(driver, "W1·X + b1")
        assert driver.position == Position(2, 1)
        assert "Your formula is correct for any batch size" in driver.text("step")


async def test_an_opened_step_is_asked_for_as_a_whole() -> None:
    async with stepping() as driver:
        await driver.press(*BEFORE_DW2, "s", "s", "f")
        assert driver.cell("gradients", "dW2") == "·"
        await driver.press("escape")
        assert driver.position == Position(1, 7, 2)


async def test_an_update_is_written() -> None:
    async with stepping() as driver:
        await driver.press("p", "p", "p")
        await answer(driver, "W1 - 0.5*dW1")
        assert driver.position == Position(1, 14)
        assert (
            "Your formula is correct with this run's 0.5; with α it is correct for any value."
            in " ".join(driver.text("step").split())
        )
        assert "(usual: W1 ← W1 − α·dW1)" in " ".join(driver.text("step").split())


async def test_the_whole_iteration_becomes_ones_own() -> None:
    async with stepping(NEURON) as driver:
        steps = driver.session.timeline.program.steps
        for step in steps[:-1]:
            await answer(driver, text(step.expression))
            assert f"of {len(steps)} operations so far" in driver.text("title")
        assert "is yours" not in driver.text("step")
        await answer(driver, text(steps[-1].expression))
        assert f"The whole iteration is yours: all {len(steps)} op" in driver.text("title")
        assert "The whole iteration is yours." in driver.text("step")
        await driver.press("home")
        assert "The whole iteration is yours." in driver.text("step")


async def test_an_empty_answer_takes_a_formula_back() -> None:
    async with stepping(load("article").with_formula("dW2", parse("3·dZ2·A1ᵀ"))) as driver:
        await driver.press(*BEFORE_DW2, "space")
        assert "✗ Your formula: Close: it is 3 times the correct value." in driver.text("step")
        await driver.press("backspace", "f")
        assert driver.line == "3 · dZ2 · A1ᵀ"
        await answer(driver, "")
        assert driver.position == Position(1, 7)
        assert "dW2 is computed as it is taught again." in driver.text("title")
        await driver.press("space")
        assert "Your formula" not in driver.text("step")


async def test_it_pauses_what_runs_by_itself() -> None:
    async with stepping() as driver:
        await driver.press("r", "f")
        assert not driver.session.playing
        assert "Write the formula for Z1" in driver.text("step")


async def test_with_a_mistake_made_on_purpose_nothing_is_asked_for() -> None:
    async with stepping(load("article", {"mistake": "sign-flipped"})) as driver:
        await driver.press("f")
        assert "m takes it back" in driver.text("title")
        assert driver.kind == ""


@pytest.mark.parametrize("size", [(40, 12), (59, 17), (120, 40)])
async def test_it_works_at_any_size(size: tuple[int, int]) -> None:
    async with stepping(size=size) as driver:
        await driver.press(*BEFORE_DW2, "f")
        assert "Write the formula for dW2" in driver.text("step")
        await answer(driver, "dZ2 @ X.T")
        assert "✗ The A of a neighb" in driver.text("step")
        await answer(driver, "dZ2 @ A1.T")
        assert driver.position == Position(1, 8)


async def test_other_weights_keep_the_formulas_and_another_lesson_does_not() -> None:
    async with stepping() as driver:
        await driver.press(*BEFORE_DW2)
        await answer(driver, "dZ2 @ A1.T")
        await driver.press("R")
        assert "dW2" in driver.session.timeline.program.own
        await driver.begin(load("mazur"))
        assert "dW2" not in driver.session.timeline.program.own
