"""What if: a number changed with e, what follows shown at once, undone and made again with u, U."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backprop_tui.explain.provenance import Place
from backprop_tui.files.experiment_file import load, read_experiment
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.model.saved import Edit
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.opening import way_back
from backprop_tui.tui.panels.step_lines import history
from tests.networks import same_bits
from tests.tui.driver import SMALL, WIDE, Driver, stepping, view_of


async def point(driver: Driver, symbol: str, row: int = 1, column: int = 1) -> None:
    """The cursor on a cell."""
    await driver.look(Inspection().pointing(Cell(symbol, row, column)))


async def edit(driver: Driver, text: str) -> None:
    """Open the prompt, type over what stands there, send."""
    await driver.press("e")
    await driver.type(text)
    await driver.press("enter")


def edits(driver: Driver) -> tuple[Edit, ...]:
    return driver.session.timeline.experiment.edits


# Editing -------------------------------------------------------------------------------------


async def test_what_is_typed_is_typed_over_the_number_in_full() -> None:
    async with stepping("article", SMALL) as driver:
        await driver.press("p", "p", "space", "space", "space")
        await point(driver, "W2", 1, 2)
        await driver.press("e")
        assert "iteration 1  W2[1,2] = 0.3" in driver.everything()
        await driver.press("0", "full_stop", "5", "enter")
        assert edits(driver) == (Edit(1, Cell("W2", 1, 2), 0.5),)
        assert driver.position == Position(1, 8)
        assert driver.cell("cache", "W2", 1, 2).strip("[ ]*") == "0.500"


def test_of_the_values_that_a_parameter_had_those_that_were_edited_are_told() -> None:
    article = replace(load("article"), edits=(Edit(2, Cell("W1", 1, 2), 0.5),))
    view = view_of(Timeline(article), Position(2, 0))
    assert history(view, Place(1, Cell("W1", 1, 2))) == (
        "History  initial value 1.000, after 1: 0.500 (edited)"
    )


async def test_an_edit_of_a_parameter_holds_from_the_start_of_the_iteration() -> None:
    async with stepping("article") as driver:
        await driver.press("p", "p")
        before = driver.session.timeline.history.loss_of(1)
        await point(driver, "W1", 2, 3)
        await edit(driver, "2")
        assert driver.position == Position(1, 5)
        timeline = driver.session.timeline
        assert timeline.iteration(1).given["W1"][1, 2] == 2.0
        assert timeline.history.loss_of(1) != before
        assert f"L {timeline.history.loss_of(1):.3f}" in driver.text("title")


async def test_a_parameter_that_is_updated_already_is_edited_as_the_next_iteration_s() -> None:
    async with stepping("article") as driver:
        await driver.press("p", "p", "p", "p")
        await point(driver, "W1", 1, 1)
        loss = driver.session.timeline.history.loss_of(1)
        await edit(driver, "0.75")
        assert edits(driver) == (Edit(2, Cell("W1", 1, 1), 0.75),)
        assert driver.session.timeline.history.loss_of(1) == loss
        assert "0.750" in driver.text("update")
        await driver.press("enter")
        assert "set to 0.75 in iteration 2" in driver.text("step")
        await driver.press("escape", "space")
        assert driver.session.timeline.iteration(2).given["W1"][0, 0] == 0.75


async def test_with_nothing_chosen_it_is_the_learning_rate_and_says_how_to_choose() -> None:
    async with stepping("article") as driver:
        await driver.press("space", "e")
        assert "tab or a click" in driver.said
        assert "α = 0.5" in driver.everything()
        await driver.type("1/4")
        await driver.press("enter")
        assert edits(driver) == (Edit(1, Name("alpha"), 0.25),)
        await driver.press("p", "p", "p", "p")
        assert "α = 0.25" in driver.text("update")


async def test_an_input_and_a_target_can_be_edited_and_a_gradient_says_what_can() -> None:
    async with stepping("article") as driver:
        await driver.press("p")
        await point(driver, "X", 2)
        await edit(driver, "−1")
        await point(driver, "Y")
        await edit(driver, "0")
        assert [e.of for e in edits(driver)] == [Cell("X", 2, 1), Cell("Y", 1, 1)]
        await point(driver, "dW1")
        await driver.press("e")
        assert driver.kind == ""
        assert "dW1[1,1] cannot be edited: only X, Y, W1, b1, W2, b2 and α can" in (
            driver.text("title")
        )


@pytest.mark.parametrize(
    ("symbol", "typed", "why"),
    [
        ("W1", "one", "type numbers only, not one"),
        ("W1", "1/0", "not a finite number"),
        ("Y", "1,5", "must be from 0 to 1"),
    ],
)
async def test_a_wrong_number_says_why_and_stays_to_be_mended(
    symbol: str, typed: str, why: str
) -> None:
    async with stepping("article") as driver:
        await driver.press("space")
        await point(driver, symbol)
        await edit(driver, typed)
        assert why in driver.said
        assert driver.kind == "edit"
        await driver.press("escape")
        assert edits(driver) == ()


async def test_a_frozen_parameter_is_edited_from_where_we_stand_and_stays_looked_at() -> None:
    async with stepping("mazur") as driver:
        await driver.press("space", "i", "i")
        await point(driver, "b1", 2)
        await driver.press("enter")
        assert driver.session.inspection.place == Place(0, Cell("b1", 2, 1))
        await edit(driver, "−1")
        assert edits(driver) == (Edit(3, Cell("b1", 2, 1), -1.0),)
        assert driver.session.inspection.place == Place(2, Cell("b1", 2, 1))
        assert "Edited: was 0.35, set to −1 in iteration 3." in driver.text("step")
        await driver.press("u")
        assert driver.session.inspection.place == Place(0, Cell("b1", 2, 1))
        assert driver.position == Position(3, 1)


async def test_a_number_of_the_past_is_edited_there_and_the_position_stays() -> None:
    async with stepping("article") as driver:
        await driver.press("space", "i", "i")
        await driver.look(Inspection().into(Place(1, Cell("W1", 1, 1)), driver.session.provenance))
        await edit(driver, "0")
        assert edits(driver) == (Edit(2, Cell("W1", 1, 1), 0.0),)
        assert driver.position == Position(3, 1)
        assert "Edited" in driver.text("step")
        await driver.press("h", "h")  # the message goes
        assert "iteration 1" in driver.text("title")  # where that number was made


# Before anything is changed ------------------------------------------------------------------


async def test_while_it_is_typed_the_loss_that_it_would_lead_to_is_said() -> None:
    async with stepping("article", SMALL) as driver:
        await driver.press("p", "p")
        await point(driver, "W2", 1, 1)
        await driver.press("e")
        await driver.type("0.9")
        await driver.settle()
        assert "L goes from 1.026 to 0.481" in driver.said
        assert "↑↓ ±0.01  ⇧↑↓ ×10  tab finer ⇧tab coarser" in driver.everything()
        assert edits(driver) == ()
        await driver.press("enter")
        assert driver.session.timeline.history.loss_of(1) == pytest.approx(0.481, abs=5e-4)


async def test_arrows_nudge_it_and_tab_makes_the_nudge_finer() -> None:
    async with stepping("article") as driver:
        await driver.press("space")
        await point(driver, "W2", 1, 2)
        await driver.press("e")
        shown = []
        for key in ("up", "shift+up", "down", "tab", "up", "shift+tab", "shift+tab", "down"):
            await driver.press(key)
            shown.append(driver.line)
        assert shown == ["0.31", "0.41", "0.4", "0.4", "0.401", "0.401", "0.401", "0.301"]
        await driver.press("enter")
        assert edits(driver) == (Edit(1, Cell("W2", 1, 2), 0.301),)


async def test_a_remote_still_steps_and_what_is_asked_stays() -> None:
    async with stepping("article") as driver:
        await driver.press("space")
        await point(driver, "W2", 1, 2)
        await driver.press("e", "pagedown", "pagedown")
        assert driver.position == Position(1, 3)
        await driver.press("1", "enter")
        assert [e.of for e in edits(driver)] == [Cell("W2", 1, 2)]


async def test_the_same_number_again_is_no_edit() -> None:
    async with stepping("article") as driver:
        await driver.press("space")
        await point(driver, "W2", 1, 2)
        await driver.press("e", "enter")
        assert edits(driver) == ()
        assert driver.session.past == []


# What changed --------------------------------------------------------------------------------


async def test_what_changed_is_marked_until_the_next_move() -> None:
    async with stepping("article", SMALL) as driver:
        await driver.press("p", "p", "space", "space", "space")
        await point(driver, "W2", 1, 1)
        await edit(driver, "−0.29")
        await driver.press("h", "h")  # the message goes
        assert driver.text("title").lstrip().startswith("*edited")
        assert "Δ−0.507" in driver.text("gradients")
        assert "Δ was −0.524, now −0.507 (+0.017)" in driver.text("step")
        assert "Δ" not in driver.text("cache").split("W2")[0]  # nothing before layer 2
        await point(driver, "X")
        assert "*−0.290" in driver.text("cache")  # the edited one, elsewhere than the cursor
        assert "Δ" in driver.text("gradients")
        await driver.press("space")
        assert "Δ" not in driver.text("gradients") + driver.text("cache") + driver.text("step")
        assert "*−0.290" in driver.text("cache")


async def test_why_of_an_edited_number_says_what_it_was() -> None:
    async with stepping("article", SMALL) as driver:
        await driver.press("space")
        await point(driver, "W2", 1, 1)
        await edit(driver, "0.5")
        await driver.press("enter")
        assert "Edited: was −0.4, set to 0.5 in iteration 1." in driver.text("step")


# Undone, and made again ----------------------------------------------------------------------


async def test_undo_and_redo_follow_the_order_of_making_and_the_position_stays() -> None:
    async with stepping("article") as driver:
        await driver.press("p", "p", "space")
        looks = [driver.text("cache")]
        for symbol, value in (("W1", "2"), ("b2", "−1"), ("X", "0")):
            await point(driver, symbol)
            await edit(driver, value)
            await driver.look(Inspection())
            looks.append(driver.text("cache"))
        for number in (2, 1, 0):
            await driver.press("u")
            assert driver.position == Position(1, 6)
            assert len(edits(driver)) == number
        await driver.press("u")
        assert "There is nothing to undo." in driver.text("title")
        await driver.press("U", "U", "U")
        assert [e.value for e in edits(driver)] == [2.0, -1.0, 0.0]
        await driver.press("space", "backspace")  # no Δ is left
        await driver.press("u", "u", "u", "space", "backspace")
        assert driver.text("cache") == looks[0]


async def test_edit_then_undo_gives_the_same_screen_to_the_bit() -> None:
    async with stepping("article") as driver:
        await driver.press("i", "i", "p", "p", "space")
        before, there = driver.paintings(), driver.session.timeline.iteration(3)
        await edit(driver, "0.7")
        await driver.press("u", "space", "backspace")
        assert driver.paintings() == before
        again = driver.session.timeline.iteration(3)
        assert all(map(same_bits, again.results, there.results))


async def test_going_back_across_an_edit_is_exact_and_the_edit_survives_it() -> None:
    async with stepping("article") as driver:
        await driver.press("i", "space")
        first = driver.paintings()
        await driver.press("i", "i")
        await point(driver, "W1", 1, 1)
        await edit(driver, "3")
        await driver.press("space", "backspace", "escape")
        here = driver.paintings()
        await driver.press("I", "I")
        assert {k: v for k, v in driver.paintings().items() if k != "title"} == {
            k: v for k, v in first.items() if k != "title"
        }
        await driver.press("i", "i")
        assert driver.paintings() == here


async def test_a_mistake_new_weights_and_edits_are_undone_one_after_the_other() -> None:
    async with stepping("article") as driver:
        await driver.press("space", "space")
        await point(driver, "W1")
        await edit(driver, "2")
        await driver.press("m")
        assert driver.kind == "mistake"
        await driver.type("sign-flipped")
        await driver.press("enter")
        experiment = driver.session.timeline.experiment
        assert experiment.mistake == CATALOGUE["sign-flipped"]
        assert len(experiment.edits) == 1
        seed = experiment.initial.seed
        await driver.press("R")
        assert edits(driver) == ()
        assert "--seed" in way_back(driver.session)
        await driver.press("u")
        assert driver.text("title").strip() == "Undone: other weights. 2 more to undo."
        assert driver.session.timeline.experiment.initial.seed == seed
        assert "--seed" not in way_back(driver.session)
        assert len(edits(driver)) == 1
        await driver.press("u")
        assert driver.text("title").strip() == "Undone: the mistake sign-flipped. 1 more to undo."
        assert driver.session.timeline.experiment.mistake is None
        assert len(edits(driver)) == 1
        await driver.press("u")
        assert (
            driver.text("title").strip()
            == "Undone: the edit W1[1,1] = 2.000. Nothing more to undo."
        )
        assert edits(driver) == ()
        await driver.press("U")
        assert driver.text("title").strip() == "Redone: the edit W1[1,1] = 2.000. 2 more to redo."
        await driver.press("U")
        assert driver.session.timeline.experiment.mistake == CATALOGUE["sign-flipped"]


async def test_an_edit_that_makes_the_run_overflow_is_shown_and_undone() -> None:
    flags = {"layers": "1,1", "activations": "linear", "loss": "half_squared_error"}
    async with stepping(load("article", {**flags, "x": "3", "y": "1", "seed": "1"})) as driver:
        await driver.press("space")
        await edit(driver, "1e200")
        await driver.press("i", "i")
        assert "∞" in driver.text("title")
        assert driver.session.timeline.iteration(driver.position.iteration).diverged
        assert "diverged" in driver.text("step")
        await driver.press("u")
        assert "∞" not in driver.text("cache")
        assert driver.session.timeline.iteration(50).number == 50


async def test_undoing_far_behind_replays_between_keys() -> None:
    async with stepping("article") as driver:
        await driver.press("space")
        await edit(driver, "0.4")
        await driver.press("g")
        await driver.type("30000")
        await driver.press("enter")
        assert driver.position.iteration == 30_000
        await driver.press("u")
        await driver.settle()
        assert driver.position.iteration == 30_000
        plain = Timeline(load("article")).iteration(30_000)
        here = driver.session.timeline.iteration(30_000)
        assert all(map(same_bits, here.results, plain.results))


# Files ---------------------------------------------------------------------------------------


async def test_a_file_with_edits_runs_as_the_edits_made_by_keys() -> None:
    text = load("batch").written
    assert text is not None
    made = '[[edits]]\niteration = 2\ncell = "X[1,2]"\nvalue = 0.25\n'
    written = read_experiment(text.text + "\n" + made, "mine", "mine.toml", folder=text.folder)
    async with stepping("batch") as driver:
        await driver.press("space", "i")
        await point(driver, "X", 1, 2)
        await edit(driver, "0,25")
        assert edits(driver) == written.edits
        here, there = driver.session.timeline.iteration(9), Timeline(written).iteration(9)
        assert all(map(same_bits, here.results, there.results))


# The loss as a function of one weight --------------------------------------------------------


@pytest.mark.parametrize(("size", "keys"), [(WIDE, ()), (SMALL, ("z",))])
async def test_an_inspected_weight_shows_the_loss_over_it_with_its_derivative(
    size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    async with stepping("article", size) as driver:
        await driver.press("p", "p")
        place = Place(0, Cell("W2", 1, 1))
        await driver.look(Inspection().into(place, driver.session.provenance))
        await driver.press(*keys)
        assert "L when only W2[1,1] changes" in driver.text("step")
        assert "slope" not in driver.text("step")  # no gradient is computed yet
        assert "●" in driver.text("step")
        driver.session.go(replace(driver.position, steps=8))
        await driver.look(Inspection().into(place, driver.session.provenance))
        assert "changes, dW2[1,1] = −0.524" in driver.text("step")


async def test_at_80_columns_an_explained_weight_without_z_keeps_its_text() -> None:
    async with stepping("article", SMALL) as driver:
        await driver.press("space")
        await driver.look(Inspection().into(Place(0, Cell("W2", 1, 1)), driver.session.provenance))
        assert "when only" not in driver.text("step")
        assert "Initial value, set in the experiment file" in driver.text("step")
