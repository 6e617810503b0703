"""The stepper in a real browser: what a learner sees and does there, and what the page asks for.

Each test opens tabs of one Chromium; without one it is skipped, which the closing line counts.
"""

from __future__ import annotations

import re
from functools import partial

import pytest

from backprop_tui.files.experiment_file import load
from backprop_tui.run.timeline import Timeline
from tests.serve.chromium import CHROMIUM, Chromium, Tab, until
from tests.serve.conftest import SEED, Served

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: install chromium")

STEPS = 17  # of an iteration of `article`


def at_step(step: int, text: str) -> bool:
    return f"step {step} of {STEPS}" in text


async def opened(tab: Tab, address: str) -> Tab:
    await tab.open(address)
    await tab.until(partial(at_step, 0))
    return tab


async def test_an_iteration_by_keys_shows_the_numbers_of_the_engine(
    served: Served, browser: Chromium
) -> None:
    tab = await opened(await browser.tab(painted=True), served.address)
    for step in range(1, STEPS + 1):
        await tab.press("space")
        await tab.until(partial(at_step, step))
    shown = await tab.text()
    run = Timeline(load("article", {"seed": SEED}))
    W2 = run.state(run.end_of(1)).result("W2")
    for number in W2[0]:
        assert f"{number:.3f}".replace("-", "−") in shown
    await tab.press("backspace")
    await tab.until(partial(at_step, 16))
    assert tab.faults == []


async def test_the_page_is_the_stepper_alone_and_asks_no_other_machine(
    served: Served, browser: Chromium
) -> None:
    tab = await opened(await browser.tab(), served.address)
    await until(partial(tab.evaluate, "document.title"), lambda it: it == "article · backprop-tui")
    assert await tab.evaluate("document.documentElement.lang") == "en"
    bar = "(() => { const v = document.querySelector('.xterm-viewport');"
    assert await tab.evaluate(f"{bar} return v.offsetWidth - v.clientWidth }})()") == 0
    assert await tab.evaluate("document.getElementById('keys').clientHeight") == 0  # for fingers
    own = re.compile(rf"(http|ws)://127\.0\.0\.1:{served.port}/")
    assert len(tab.requests) > 5
    assert [address for address in tab.requests if not own.match(address)] == []
    assert any(address.endswith(".ttf") for address in tab.requests)


async def test_the_mouse_works_and_so_does_a_larger_window(
    served: Served, browser: Chromium
) -> None:
    tab = await opened(await browser.tab(painted=True), served.address)
    await tab.click_on("phase")
    await tab.until(partial(at_step, 4))
    before = len((await tab.text()).split("\n"))
    await tab.resize(1400, 900)
    larger = await tab.until(lambda text: "NumPy" in text)
    assert len(larger.split("\n")) > before


async def test_two_tabs_are_two_learners_and_one_that_closes_leaves_nothing(
    served: Served, browser: Chromium
) -> None:
    one = await opened(await browser.tab(), served.address)
    other = await opened(await browser.tab(), served.address)
    assert len(served.sessions()) == 2
    await one.press("space", "space")
    await other.press("p")
    await one.until(partial(at_step, 2))
    await other.until(partial(at_step, 4))
    assert at_step(2, await one.text())
    await one.close()

    async def sessions() -> str:
        return str(len(served.sessions()))

    await until(sessions, lambda number: number == "1")
    await other.press("space")
    await other.until(partial(at_step, 5))


async def test_there_are_lessons_but_no_files(served: Served, browser: Chromium) -> None:
    tab = await opened(await browser.tab(), served.address)
    await tab.press("o")
    shown = await tab.until(lambda text: "Open a lesson" in text)
    assert "file" not in shown
    assert "path/to" not in shown
    await tab.press("enter")
    await tab.until(lambda text: "Open a lesson" not in text)


async def test_no_size_of_letters_makes_the_stepper_too_small(
    served: Served, browser: Chromium
) -> None:
    tab = await browser.tab()

    async def sessions() -> str:
        return " ".join(address for address in tab.requests if "/ws?" in address)

    for asked in ("999", "0", "-3", "wide"):
        tab.requests.clear()
        await tab.open(f"{served.address}?fontsize={asked}")
        size = re.search(r"width=(\d+)&height=(\d+)", await until(sessions, bool))
        assert size
        assert 40 <= int(size[1]) <= 300
        assert 12 <= int(size[2]) <= 100


@pytest.mark.parametrize(
    ("size", "letters"),
    [
        ((1600, 1000), "16.0"),  # no larger than is usual
        ((600, 400), "13.2"),  # 23 lines for panels beside each other
        ((350, 700), "11.7"),  # 50 columns for panels under each other
        ((300, 200), "10.0"),  # one panel: no smaller than can be read
    ],
)
async def test_letters_are_as_large_as_all_panels_allow(
    size: tuple[int, int], letters: str, served: Served, browser: Chromium
) -> None:
    tab = await browser.tab(*size)
    await tab.open(served.address)
    await tab.until(partial(at_step, 0))
    assert await tab.evaluate("document.getElementById('terminal').dataset.fontSize") == letters


@pytest.mark.parametrize("size", [(360, 640), (844, 390)])
async def test_a_phone_has_room_for_a_panel_and_keys_for_fingers(
    size: tuple[int, int], served: Served, browser: Chromium
) -> None:
    tab = await browser.tab()
    await tab.resize(*size, phone=True)
    await tab.open(served.address)
    shown = await tab.until(partial(at_step, 0))
    assert "Cache" in shown
    assert "Gradients" in shown  # upright and lying, it has room for all panels
    assert "tab panel" not in shown
    columns, rows = await tab.evaluate("[shown.cols, shown.rows]")
    assert columns >= 50
    assert rows >= 18
    assert size[0] / columns > (7 if size[0] < size[1] else 6)  # pixels of a letter
    buttons = "[...document.querySelectorAll('#keys button')].map(b => b.getBoundingClientRect())"
    assert await tab.evaluate(f"{buttons}.every(b => b.width >= 44 && b.height >= 44)")
    assert (
        await tab.evaluate("[innerWidth, document.scrollingElement.scrollWidth]") == [size[0]] * 2
    )
    await tab.click_button("[data-key=' ']")
    await tab.until(partial(at_step, 1))
    await tab.click_button("[data-key='p']")
    await tab.until(partial(at_step, 4))
    await tab.click_button("[data-key='?']")
    await tab.until(lambda text: "Moving in time" in text)
    await tab.click_button("[data-key='\x1b']")
    await tab.until(partial(at_step, 4))
    writes = "document.activeElement.inputMode"  # whether the phone's own keyboard is up
    assert await tab.evaluate(writes) == "none"
    await tab.click_button("#keyboard")
    assert await tab.evaluate(writes) == "text"
