"""The page that steps: its script shows, at each position, what the engine has there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio

from backprop_tui.exports.documents.html import name_of
from backprop_tui.exports.figures import figure
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Cell, names
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Edit
from backprop_tui.run.timeline import Timeline
from tests.exports.runs import exported
from tests.networks import in_rows
from tests.serve.chromium import CHROMIUM, Chromium, Tab, until

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: install chromium")

ITERATIONS = 2
SEEN = """
Object.fromEntries([...document.querySelectorAll("[data-place]")].map(place => [
    place.dataset.place,
    [
        place.className,
        [...(place.lastElementChild?.querySelectorAll("tbody td") ?? [])]
            .map(cell => cell.textContent.replaceAll("\\u2007", "")),
        place.lastElementChild?.querySelector("caption .wrong")?.textContent ?? "",
    ],
]))
"""
VISIBLE = """
[...document.querySelectorAll(".step, .derivation, .bar, .board, nav")]
    .filter(part => part.checkVisibility())
    .map(part => part.dataset.symbol ?? part.dataset.of ?? part.className)
"""

WALK = """
[...Array(%d)].map(() => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "%s", bubbles: true}));
    return [%s];
})
"""


@pytest_asyncio.fixture
async def tab(browser: Chromium) -> AsyncIterator[Tab]:
    tab = await browser.tab(1280, 800)
    yield tab
    assert tab.faults == []


def written(experiment: Experiment, folder: Path, iterations: int = ITERATIONS) -> str:
    """The address of the page, in a file."""
    path = folder / "page.html"
    path.write_text(exported("html", experiment, iterations=iterations), "utf-8")
    return path.as_uri()


async def opened(tab: Tab, address: str) -> None:
    """Another page, or this one anew."""
    await tab.open("about:blank")
    await tab.open(address)
    loaded = "document.readyState + ' ' + location.protocol"
    await until(lambda: tab.evaluate(loaded), "complete file:".__eq__)


async def hash_becomes(tab: Tab, wanted: str) -> None:
    """The address of the page, and the step that it shows, are these."""
    place = "location.hash + ' ' + document.querySelector('output').textContent"
    await until(lambda: tab.evaluate(place), wanted.__eq__)


def expected(run: Timeline, iteration: int, done: int) -> dict[str, list[str]]:
    """The figures of each matrix after so many steps; `·` for those that are not computed."""
    here = run.iteration(iteration)
    known = {**here.given, **run.program.by_symbol(here.results[:done])}
    found = {}
    for symbol in run.program.roles:
        size = here.results[run.program.index(symbol)].size if symbol not in known else 0
        numbers = known[symbol].ravel().tolist() if symbol in known else []
        found[symbol] = ["·"] * size + [figure(n, 3) for n in numbers]
    return found


def walks() -> Iterator[tuple[str, Experiment, str]]:
    """Runs of every kind, and the key to go through them with: what differs in no step but in its
    figures is seen whole at the ends of its phases."""
    for name in ("rnn", "attention"):
        yield name, load(name), " "
    for name in ("batch", "xor", "momentum", "l2"):
        yield name, load(name), "p"
    article = load("article")
    yield "edited", replace(article, edits=(Edit(2, Cell("W1", 1, 1), 0.75),)), " "
    yield "rows", in_rows(article), "p"
    yield "sign-flipped", load("article", {"mistake": "sign-flipped"}), "p"
    yield "updated-weights", load("article", {"mistake": "updated-weights"}), " "


@pytest.mark.parametrize(("name", "experiment", "key"), walks())
async def test_each_position_shows_the_matrices_of_the_engine(
    name: str, experiment: Experiment, key: str, tab: Tab, tmp_path: Path
) -> None:
    run = Timeline(experiment)
    await opened(tab, written(experiment, tmp_path))
    steps = run.program.steps
    positions = [
        (i, k, step)
        for i in (1, 2)
        for k, (step, after) in enumerate(pairwise([*steps, None]), 1)
        if step and (key == " " or after is None or after.phase != step.phase)
    ]
    look = f"location.hash, {VISIBLE}, {SEEN}"
    walk = await tab.evaluate(WALK % (len(positions), key, look))
    for (iteration, k, step), (hashed, now, seen) in zip(positions, walk, strict=True):
        assert hashed == f"#{name_of(iteration, step.symbol)}"
        derived = [step.symbol] if step.symbol in run.program.gradients else []
        assert now == [step.symbol, *derived, "board", "bar"]
        shown = {symbol: numbers for symbol, (_, numbers, _) in seen.items()}
        assert shown == expected(run, iteration, k)
        lit = {symbol: mark for symbol, (mark, _, _) in seen.items() if mark}
        reads = [s for s in names(step.expression) if s in run.program.roles]
        assert lit == {**dict.fromkeys(reads, "read"), step.symbol: "written"}
    signs = {sign for _, _, found in walk for _, _, sign in found.values()}
    assert signs == {"", "✗", "~"} if experiment.mistake else signs == {""}


async def test_the_address_holds_the_step(tab: Tab, tmp_path: Path) -> None:
    address = written(load("article"), tmp_path)
    for part, shown in (
        ("", " 0 / 34"),
        ("#12", "#12 12 / 34"),
        ("#2-dZ2", "#2-dZ2 24 / 34"),
        ("#iteration-2", "#iteration-2 18 / 34"),
        ("#99", "#99 34 / 34"),
        ("#dZ2", "#dZ2 7 / 34"),
    ):
        await opened(tab, f"{address}{part}")
        await hash_becomes(tab, shown)
    await tab.press("space", "space", "backspace")
    await hash_becomes(tab, "#dW2 8 / 34")
    for _ in range(2):
        await tab.evaluate("history.back()")
    await hash_becomes(tab, "#dW2 8 / 34")
    await tab.evaluate("history.back()")
    await hash_becomes(tab, "#dZ2 7 / 34")
    await tab.evaluate("history.forward()")
    await hash_becomes(tab, "#dW2 8 / 34")


async def test_keys_buttons_and_the_slider_lead_everywhere(tab: Tab, tmp_path: Path) -> None:
    await opened(tab, written(load("article"), tmp_path))
    for key, shown in (
        ("p", "#A2 4 / 34"),
        ("p", "#L 5 / 34"),
        ("i", "#2-L 22 / 34"),
        ("P", "#2-A2 21 / 34"),
        ("I", "#A2 4 / 34"),
        ("n", "#L 5 / 34"),
    ):
        await tab.press(key)
        await hash_becomes(tab, shown)
    await tab.click_button("[data-phase=update]")
    await hash_becomes(tab, "#W1 14 / 34")
    await tab.click_button("[data-by='-1']")
    await hash_becomes(tab, "#db1 13 / 34")
    await tab.press("space")  # the button that was clicked does not take it
    await hash_becomes(tab, "#W1 14 / 34")
    await tab.click_button("input")
    await hash_becomes(tab, "#b2 17 / 34")
    await tab.click_button(".bar a")
    visible = f"{VISIBLE}.length + location.hash"  # steps, derivations, contents and bar
    await until(lambda: tab.evaluate(visible), f"{34 + 8 + 2}#whole-page".__eq__)
    await tab.click_button(".bar a")
    await hash_becomes(tab, "#b2 17 / 34")


async def test_without_its_script_and_on_paper_it_is_the_whole_document(
    tab: Tab, tmp_path: Path
) -> None:
    experiment = load("article")
    program, address = experiment.program, written(experiment, tmp_path)
    symbols = [step.symbol for step in program.steps]
    whole = [*symbols, *symbols, *program.gradients]
    await opened(tab, f"{address}#dZ2")
    await tab.tell("Emulation.setEmulatedMedia", media="print")
    assert await tab.evaluate(VISIBLE) == whole
    await tab.tell("Emulation.setEmulatedMedia", media="")
    await tab.tell("Emulation.setScriptExecutionDisabled", value=True)
    await opened(tab, f"{address}#dZ2")
    assert await tab.evaluate(VISIBLE) == ["", *whole]  # with its contents
    top = "document.getElementById('dZ2').getBoundingClientRect().top"
    assert abs(await tab.evaluate(top)) < 2


@pytest.mark.parametrize("lesson", ["article", "attention"])
async def test_on_a_phone_every_button_has_room_for_a_finger(
    lesson: str, tab: Tab, tmp_path: Path
) -> None:
    await tab.resize(390, 844, phone=True)
    await opened(tab, f"{written(load(lesson), tmp_path)}#6")
    boxes = await tab.evaluate(
        "[...document.querySelectorAll('.bar :is(button, a, input)')]"
        ".map(part => part.getBoundingClientRect())"
        ".map(box => [box.x, box.right, box.width, box.height])"
    )
    assert len(boxes) == 8
    for left, right, width, height in boxes:
        assert min(width, height) >= 44
        assert left >= 0
        assert right <= 390
    assert await tab.evaluate("document.documentElement.scrollWidth") == 390


async def test_on_a_phone_what_is_too_wide_scrolls_in_its_place(tab: Tab, tmp_path: Path) -> None:
    wide = " ∘ ".join(["tanh(W·X)"] * 6)  # a line is broken at no product
    path = tmp_path / "wide.toml"
    path.write_text(
        f'[parameters]\nW = [2, 2]\n[forward]\nZ = "{wide}"\nL = "half_squared_error(Z, Y)"\n'
        "[data]\nX = [[1, 2]]\nY = [[1, 0]]\n",
        "utf-8",
    )
    await tab.resize(390, 844, phone=True)
    await opened(tab, f"{written(load(str(path)), tmp_path)}#whole-page")
    assert await tab.evaluate("document.documentElement.scrollWidth") == 390


async def test_in_a_frame_it_leaves_the_history_of_the_course_alone(
    tab: Tab, tmp_path: Path
) -> None:
    address = written(load("article"), tmp_path)
    course = tmp_path / "course.html"
    course.write_text(f'<iframe src="{address}#dZ2" width="800" height="500"></iframe>', "utf-8")
    await opened(tab, course.as_uri())
    before = await tab.evaluate("history.length")
    await tab.click(300, 100)
    await tab.press("space", "space")
    framed = "frames.length + ' ' + history.length"
    assert await tab.evaluate(framed) == f"1 {before}"


async def test_a_screen_reader_is_told_each_step(tab: Tab, tmp_path: Path) -> None:
    await opened(tab, f"{written(load('article'), tmp_path)}#dZ2")
    said = await tab.evaluate("document.querySelector('[aria-live=polite]').textContent")
    assert said == (
        "7. dZ[2], backward, layer 2. dZ2 = A2 − Y. dZ2 = dA2 ∘ σ′(Z2). The fractions cancel; "
        "prediction − target remains."
    )
    slider = "document.querySelector('input').getAttribute('aria-valuetext')"
    assert await tab.evaluate(slider) == "7. dZ[2], backward, layer 2"


async def test_what_a_step_writes_is_in_sight_on_a_board_of_any_size(
    tab: Tab, tmp_path: Path
) -> None:
    deep = load("vanishing")
    changes = {"activations": "relu,relu,softmax", "loss": "cross_entropy", "y": "1,0,0"}
    wide = load("article", {**changes, "layers": "8,12,6,3", "x": "1,2,3,4,5,6,7,8"})
    sight = "document.querySelector('.written').getBoundingClientRect()"
    bar = "document.querySelector('.bar').getBoundingClientRect().top"
    for experiment, key, times in ((deep, "p", 4), (wide, " ", len(wide.program.steps))):
        await opened(tab, written(experiment, tmp_path, 1))
        look = f"{sight}.top, {sight}.bottom, {bar}"
        for top, bottom, end in await tab.evaluate(WALK % (times, key, look)):
            assert top >= 0
            assert bottom <= end or bottom - top > end - 24  # larger than the window
