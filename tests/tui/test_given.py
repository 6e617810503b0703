"""What the screen and the plain face say of values that are given instead of computed."""

from __future__ import annotations

import pytest

from backprop_tui.explain.provenance import Place
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Cell
from backprop_tui.session.inspection import Inspection
from backprop_tui.tui.paint.computation import layers_of
from tests.files.test_experiment_file import read
from tests.files.test_given_in_files import CACHE, RECURRENT, UPDATE_ALONE
from tests.plain.session import Typed
from tests.tui.driver import HUGE, SMALL, WIDE, stepping


async def test_a_given_matrix_is_marked_and_the_sign_is_explained() -> None:
    for size in (SMALL, WIDE, HUGE):
        async with stepping(read(CACHE), size) as driver:
            await driver.press("space", "space")
            shown = driver.everything()
            for symbol in ("A1", "Z2", "dA2"):
                assert f"◇{symbol}" in shown or f"{symbol}◇" in shown
            assert "◇dZ2" not in shown
            assert "◇A2" not in shown
            assert "◇ given" in shown


async def test_the_start_says_what_is_given_and_what_cannot_be_computed() -> None:
    async with stepping(read(CACHE)) as driver:
        shown = driver.everything()
        assert "A1, Z2, dA2 are given, not computed" in shown
        assert "Not computed: Z1, L, J, dZ1, dW1, db1." in shown


async def test_a_walk_ends_at_a_given_number() -> None:
    async with stepping(read(CACHE)) as driver:
        await driver.press("space", "space")
        await driver.look(Inspection(trail=(Place(1, Cell("dA2", 1, 1)),)))
        assert "Given in the file, not computed." in driver.everything()


SHARES = """
[network]
layers = [2, 2, 2]
activations = ["tanh", "softmax"]
loss = "cross_entropy"
[data]
X = [[1, 2], [0, 1]]
Y = [[1, 0], [0, 1]]
[given]
A2 = [[0.4, 0.9], [0.6, 0.1]]
"""
"""Its dZ2 is computed from shares alone: there is no Z2."""
CASES = {"a cache": CACHE, "every gradient": UPDATE_ALONE, "shares": SHARES}


@pytest.mark.parametrize("size", [SMALL, HUGE])
@pytest.mark.parametrize("text", CASES.values(), ids=list(CASES))
async def test_every_key_works_at_every_step(text: str, size: tuple[int, int]) -> None:
    async with stepping(read(text), size) as driver:
        for _ in driver.session.timeline.program.steps:
            await driver.press("space", "tab", "enter", "enter", "escape", "escape", "x", "escape")
            await driver.press("v", "v", "e", "escape", "l", "escape", "c", "escape")
        await driver.press("space")
        assert driver.position == driver.session.timeline.end_of(1)
        assert "one iteration" in driver.session.message


@pytest.mark.parametrize("mistake", ["", "updated-weights", "sign-flipped"])
@pytest.mark.parametrize(
    "text",
    [CACHE + "dW2 = [[1, 2, 3]]\n", CACHE.replace("dA2", "dZ2"), UPDATE_ALONE, RECURRENT],
    ids=["a parameter's gradient", "no loss", "every gradient", "a value"],
)
def test_every_mistake_can_be_made_or_is_not_possible(text: str, mistake: str) -> None:
    typed = Typed(read(f'mistake = "{mistake}"\n{text}' if mistake else text))
    assert any(line.startswith("sign-flipped: ") for line in typed("mistake"))
    for name in CATALOGUE:
        assert typed(f"mistake {name}")
        assert typed.session.timeline.iteration(1)


@pytest.mark.parametrize("size", [SMALL, WIDE, HUGE])
async def test_a_mistaken_run_shows_what_the_right_one_reads(size: tuple[int, int]) -> None:
    text = CACHE[: CACHE.index("Z2")].replace("[given]", "[data]\nX = [[1, 2], [3, 4]]\n[given]")
    async with stepping(read(text + "dW2 = [[1, 2, 3]]\n"), size) as driver:
        shown = driver.session.timeline.program.given
        await driver.press("m", *"bias-forgotten", "enter")
        assert driver.session.timeline.experiment.mistake is not None
        assert driver.session.timeline.program.given == shown
        await driver.press("space", "space")


DENSE = """
[network]
layers = [1, 2, 1]
activations = ["tanh", "sigmoid"]
loss = "binary_cross_entropy"
[data]
X = [[1]]
Y = [[1]]
[given]
"""
NO_PARAMETER = """
[network]
layers = [1, 1]
activations = ["tanh"]
loss = "half_squared_error"
[data]
Y = [[1]]
[given]
A1 = [[0.5]]
"""
APART = """
[parameters]
W1 = [1, 1]
W2 = [1, 1]
[data]
X = [[1]]
Y = [[1]]
[forward]
Z1 = "W1·X"
A1 = "σ(Z1)"
Z2 = "W2·A1"
A2 = "σ(Z2)"
L = "half_squared_error(A2, Y)"
[given]
A2 = [[0.5]]
dZ2 = [[1]]
"""
"""No step leads to its A2."""


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (f"{DENSE}dW2 = [[1, 2]]", "loss over W2[1,1]", "L when only W2 row 1 column 1 changes"),
        (NO_PARAMETER, "loss over", "No step here reads a parameter: there is no weight"),
        (f"{DENSE}dA1 = [[1], [2]]", "write dA1 ∘ (1 − A1 ∘ A1)", "formula is correct"),
    ],
)
def test_what_reads_a_gradient_does_without_its_step(text: str, line: str, told: str) -> None:
    typed = Typed(read(text))
    typed("goto db2")
    assert told in " ".join(typed(line))


def test_a_given_value_that_no_step_leads_to_is_drawn() -> None:
    assert layers_of(read(APART).program)


async def test_questions_are_about_computed_numbers_alone() -> None:
    async with stepping(read(CACHE)) as driver:
        await driver.press("a")
        asked = set[str]()
        for _ in driver.session.timeline.program.steps:
            await driver.press("space")
            if driver.session.asking is not None:
                asked.add(driver.session.asking.cell.symbol)
                await driver.press("space")
        assert "dZ2" in asked
        assert asked.isdisjoint({"A1", "Z2", "dA2"})


def test_in_words_it_is_said_at_the_symbol() -> None:
    typed = Typed(read(CACHE))
    assert typed("why A1[2,1]")[1] == "Given in the file, not computed."
    reads = "it reads Z1, which is neither given nor computed."
    assert typed.one("why dZ1") == f"dZ1 is not computed: {reads}"
    assert typed.one("why X") == "X is not given in the file."
    assert typed.one("why W1") == "W1 is not used: nothing that is computed here reads it."
    assert typed.one("goto A1") == "A1 is given in the file: no step computes it."
    assert "X" in typed.one("goto Z1")
    assert typed.one("loss").startswith("J is not computed: it reads ")
    assert not typed.session.timeline.history.losses(1, 2).size
    edited = typed("edit dA2[1,1] 2")
    assert any("dA2" in line for line in edited)
    assert typed.session.timeline.iteration(1).given["dA2"][0, 0] == 2
