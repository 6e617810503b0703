"""A line that breaks, in a real browser: what the page says of it, and how its learner goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from backprop_tui.files.codes import experiment_of
from backprop_tui.files.saving import resume
from backprop_tui.run.timeline import Timeline
from tests.serve.chromium import CHROMIUM, PATIENCE, Chromium, Tab, until
from tests.serve.conftest import SEED, Served, serving

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: install chromium")

HAS_FOCUS = "document.activeElement.id || document.activeElement.className"


@pytest.fixture
def server() -> Iterator[Served]:
    with serving("article", "--seed", SEED) as served:
        yield served


def at(step: int) -> Callable[[str], bool]:
    return lambda text: f"step {step} of 17" in text


async def opened(browser: Chromium, address: str, step: int = 0) -> Tab:
    """A tab in which so many steps were made, and the page knows of it."""
    tab = await browser.tab()
    await tab.open(address)
    await tab.until(at(0))
    await tab.press(*["space"] * step)
    await tab.until(at(step))
    await until(partial(bookmark, tab), lambda kept: bool(kept) and steps_in(kept) == step)
    return tab


async def bookmark(tab: Tab) -> str:
    return str(await tab.evaluate("JSON.parse(sessionStorage.here ?? '{}').bookmark ?? ''"))


def steps_in(bookmark: str) -> int:
    return resume(Timeline(experiment_of(bookmark.partition(".")[0]))).steps


async def says(tab: Tab, words: str) -> str:
    return await until(tab.page_text, lambda text: words in text)


async def says_nothing(tab: Tab) -> None:
    await until(
        lambda: tab.evaluate("String(document.getElementById('word').hidden)"), "true".__eq__
    )


async def test_who_quits_is_told_the_code_and_no_key_begins_anew(
    server: Served, browser: Chromium
) -> None:
    tab = await opened(browser, server.address)
    await tab.press("space", "space", "space")
    await tab.until(at(3))
    await tab.press("q")
    told = await says(tab, "You have quit.")
    assert "backprop-tui --code 1" in told
    await tab.press("space", "enter", "space")
    assert at(3)(await tab.text())  # the last picture stays
    assert "You have quit." in await tab.page_text()
    assert server.sessions() == []
    await tab.press("tab")
    assert await tab.evaluate(HAS_FOCUS) == "go-on"
    await tab.press("enter")
    await says_nothing(tab)
    await tab.press("space")
    await tab.until(at(4))
    await tab.press("q")
    await says(tab, "You have quit.")
    await tab.click_button("#again")
    await tab.until(at(0))


async def test_a_server_that_is_gone_is_told_and_another_one_taken(browser: Chromium) -> None:
    with serving("article", "--seed", SEED) as server:
        tab = await opened(browser, server.address, 2)
        server.stop(signal.SIGKILL)
    await says(tab, "The connection is lost. Trying again")
    await tab.press("space", "enter")
    assert at(2)(await tab.text())
    with serving("article", "--seed", "8", "--port", str(server.port)) as server:
        await tab.until(at(0))  # which is another server: it is not told where its pages have been
        await says_nothing(tab)
        await tab.press("space")
        await tab.until(at(1))
        server.stop()
    assert "--code" in await says(tab, "The server was stopped")
    await tab.press("space", "enter")
    assert at(1)(await tab.text())
    with serving("article", "--seed", SEED, "--port", str(server.port)):
        await tab.until(at(0))
        await says_nothing(tab)


async def test_a_session_that_fails_goes_on_where_it_was(server: Served, browser: Chromium) -> None:
    tab = await opened(browser, server.address, 5)
    (process,) = server.sessions()
    os.kill(process, signal.SIGKILL)
    await says(tab, "The session has failed.")
    await tab.press("space")
    await tab.click_button("#go-on")
    await says_nothing(tab)
    await tab.press("backspace")
    await tab.until(at(4))


async def test_a_server_that_does_not_answer_is_waited_for(
    server: Served, browser: Chromium
) -> None:
    tab = await opened(browser, server.address)
    tab.said.clear()
    async with asyncio.timeout(PATIENCE):
        while '["pong"]' not in tab.said:  # so it asks whether there is anybody, and there is
            await tab.press("j")  # a key that does nothing is no reason to wait
            await tab.skip(1.5)
            await asyncio.sleep(0.5)  # a frame that comes late is an answer as well
    await says_nothing(tab)
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        await tab.press("space")
        await tab.skip(2.5)
        await says(tab, "Waiting for the server")
        await tab.press("space", "space")  # nobody sees what these do
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    await says_nothing(tab)
    await tab.until(at(1))
    await tab.press("space")
    await tab.until(at(2))


async def test_a_reload_has_its_place_again_and_is_where_it_was(browser: Chromium) -> None:
    with serving("article", "--seed", SEED, "--max-sessions", "1") as server:
        tab = await opened(browser, server.address, 3)
        for _ in range(2):
            await tab.evaluate("window.isOld = true")
            await tab.tell("Page.reload")
            await until(lambda: tab.evaluate("String(window.isOld)"), "undefined".__eq__)
            await tab.until(at(3))
        assert len(server.sessions()) == 1
    assert tab.faults == []


async def test_a_page_that_is_left_gives_its_place_up_until_it_is_shown_again(
    server: Served, browser: Chromium
) -> None:
    async def sessions() -> str:
        return str(len(server.sessions()))

    tab = await opened(browser, server.address, 2)
    await tab.evaluate("dispatchEvent(new PageTransitionEvent('pagehide')) + ''")
    await until(sessions, "0".__eq__)
    await tab.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true})) + ''")
    await until(sessions, "1".__eq__)
    await tab.until(at(2))


async def test_who_waits_for_a_place_takes_the_next_that_is_free(browser: Chromium) -> None:
    with serving("--seed", SEED, "--max-sessions", "1") as server:
        first = await opened(browser, server.address)
        late = await browser.tab()
        await late.open(server.address)
        await says(late, "All places are in use")
        await late.unplug()
        await says(late, "The connection is lost. Trying again")
        await late.unplug(False)
        await says(late, "All places are in use")
        await first.close()
        await late.until(at(0))
