"""The steps of an iteration under each other, in a very large window."""

from __future__ import annotations

import re

from tests.tui.driver import HUGE, WIDE, stepping


async def test_each_step_that_is_done_has_its_values_and_the_others_a_dot() -> None:
    async with stepping("article", HUGE) as driver:
        await driver.press("p", "p", "space", "space")
        said = driver.text("step")
        assert re.search(r" 4 •A2  = σ\(Z2\) +0\.359 +0\.359", said)
        assert re.search(r" 7 ▸dZ2 = A2 − Y +−0\.641 +−0\.641", said)
        assert re.search(r" 8  dW2 = dZ2 · A1ᵀ +·", said)


async def test_what_is_asked_or_hidden_is_not_told_there() -> None:
    async with stepping("article", HUGE) as driver:
        await driver.press("p", "p", "space", "a", "space")
        assert re.search(r" 7 ▸dZ2 +\?", driver.text("step"))
        assert "0.641" not in driver.text("blackboard")
        assert "The derivation is shown here after the answer." in driver.text("blackboard")
        await driver.press("escape")
        driver.session.hidden.add("gradients")
        await driver.drawn()
        assert "0.641" not in driver.text("step") + driver.text("blackboard")


async def test_the_derivation_of_a_step_stands_beside_the_boards_unasked() -> None:
    async with stepping("article", HUGE) as driver:
        await driver.press("p", "p", "space", "space")
        assert "dZ2 = ∂L/∂Z2" in driver.text("blackboard")
        assert "tab shows" not in driver.text("blackboard")
        await driver.resize(*WIDE)
        assert "blackboard" not in [panel.id for panel in driver.shown]
