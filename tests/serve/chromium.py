"""A real Chromium without a window, driven through its DevTools protocol.

A Tab opens a page, presses keys, clicks, and reads what the terminal in the page shows: it is
painted on a canvas, so its text comes from the terminal object that the page's script makes. It
waits for conditions, never for times.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
PATIENCE = 60.0
"""Seconds until a condition is given up: generous, as a machine may be busy with other things."""
KEYS = {  # name of a key: its code and number, and its text
    "space": ("Space", 32, " "),
    "backspace": ("Backspace", 8, ""),
    "enter": ("Enter", 13, "\r"),
    "tab": ("Tab", 9, ""),
    "escape": ("Escape", 27, ""),
}
PREPARED = """
window.skipped = 0;
const now = Date.now;
Date.now = () => now() + window.skipped;
Object.defineProperty(Object.prototype, "terminal", {
    configurable: true,
    set(made) {
        Object.defineProperty(this, "terminal", {value: made, writable: true});
        if (made?.buffer) window.shown = made;
    },
});
"""
"""The page's script keeps its terminal to itself, but for the moment when it stores it. Its clock
can be put forward."""
READ = """
[...Array(window.shown?.rows ?? 0).keys()]
    .map(i => window.shown.buffer.active.getLine(i)?.translateToString(true) ?? "")
    .join("\\n")
"""


class Line:
    """A socket over which commands of the protocol are told, and their answers come."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            told = json.loads(message.data)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            else:
                self.hear(told["method"], told["params"])

    def hear(self, event: str, parameters: dict[str, Any]) -> None:
        """What the browser tells unasked."""

    async def tell(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol, and what it gives."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(PATIENCE):  # wait_for may lose the patience of who waits for us
            answer = await self._answers[number]
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    async def leave(self) -> None:
        await self._socket.close()
        await self._reading


class Tab(Line):
    """One tab, over a socket of its own."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        super().__init__(socket)
        self.requests: list[str] = []  # addresses that the page has asked for
        self.said: list[str] = []  # what the server told it in text
        self.faults: list[str] = []  # what its console complained of

    def hear(self, event: str, parameters: dict[str, Any]) -> None:
        match event:
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(parameters["url"])
            case "Network.webSocketFrameReceived" if parameters["response"]["opcode"] == 1:
                self.said.append(parameters["response"]["payloadData"])
            case "Runtime.exceptionThrown":
                self.faults.append(str(parameters["exceptionDetails"]))
            case "Log.entryAdded" if parameters["entry"]["level"] == "error":
                self.faults.append(parameters["entry"]["text"])

    async def evaluate(self, script: str) -> Any:
        told = await self.tell("Runtime.evaluate", expression=script, returnByValue=True)
        return told["result"].get("value")

    async def start(self) -> None:
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.tell(f"{domain}.enable")
        await self.tell("Page.addScriptToEvaluateOnNewDocument", source=PREPARED)
        await self.tell("Emulation.setFocusEmulationEnabled", enabled=True)

    async def open(self, address: str) -> None:
        await self.tell("Page.navigate", url=address)

    async def resize(self, width: int, height: int, phone: bool = False) -> None:
        """The window, in pixels; a phone has fingers in place of a mouse."""
        await self.tell(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        await self.tell("Emulation.setTouchEmulationEnabled", enabled=phone, maxTouchPoints=1)

    async def skip(self, seconds: float) -> None:
        """Put the clock of the page forward: what it waits for by then is late."""
        await self.evaluate(f"skipped += {1000 * seconds}")

    async def unplug(self, unplugged: bool = True) -> None:
        """Take the network away, or give it back."""
        await self.tell(
            "Network.emulateNetworkConditions",
            offline=unplugged,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    async def press(self, *keys: str) -> None:
        for key in keys:
            code, number, text = KEYS.get(key, ("", ord(key[0].upper()), key))
            name = key if len(key) == 1 else " " if key == "space" else code
            for event in ("keyDown", "keyUp"):
                await self.tell(
                    "Input.dispatchKeyEvent",
                    type=event,
                    key=name,
                    code=code,
                    windowsVirtualKeyCode=number,
                    **({"text": text} if text and event == "keyDown" else {}),
                )

    async def click(self, x: float, y: float) -> None:
        for event in ("mousePressed", "mouseReleased"):
            await self.tell(
                "Input.dispatchMouseEvent",
                type=event,
                x=x,
                y=y,
                button="left",
                clickCount=1,
            )

    async def click_on(self, word: str) -> None:
        """The middle of the first place where the terminal shows that word."""
        lines = (await self.text()).split("\n")
        row, line = next((i, line) for i, line in enumerate(lines) if word in line)
        column = line.index(word) + len(word) / 2
        box = await self.evaluate(
            "(() => { const r = document.querySelector('.xterm-screen').getBoundingClientRect();"
            "return [r.x, r.y, r.width / shown.cols, r.height / shown.rows] })()"
        )
        await self.click(box[0] + column * box[2], box[1] + (row + 0.5) * box[3])

    async def click_button(self, selector: str) -> None:
        """A button of the page's own."""
        x, y = await self.evaluate(
            f"(() => {{ const r = document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()"
        )
        await self.click(x, y)

    async def text(self) -> str:
        """What the terminal shows."""
        return str(await self.evaluate(READ))

    async def page_text(self) -> str:
        """What the page says, the terminal aside."""
        return str(await self.evaluate("document.body.innerText"))

    async def until(self, holds: Callable[[str], object]) -> str:
        """Wait until what the terminal shows fulfils a condition, and give it."""
        return await until(self.text, holds)

    async def close(self) -> None:
        """As a person closes it: the page is gone at once."""
        if not self._socket.closed:
            await self.tell("Page.close")
        await self.leave()


async def until(read: Callable[[], Awaitable[str]], holds: Callable[[str], object]) -> str:
    shown = ""
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds(shown := await read()):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"what was waited for did not come; there is:\n{shown}") from None
    return shown


class Chromium:
    def __init__(self, root: Line, address: str, client: ClientSession) -> None:
        self._root, self._address, self._client = root, address, client
        self._tabs: list[Tab] = []

    async def tab(self, width: int = 1000, height: int = 640, painted: bool = False) -> Tab:
        """A new one, laid out for a window of that size; only if it is `painted`, which takes three
        times as long, does it hear that the window has another size."""
        hidden = {"hidden": True, "background": True} if not painted else {}
        made = await self._root.tell("Target.createTarget", url="about:blank", **hidden)
        address = f"{self._address}/devtools/page/{made['targetId']}"
        tab = Tab(await self._client.ws_connect(address, max_msg_size=0))
        self._tabs.append(tab)
        await tab.start()
        await tab.resize(width, height)
        return tab

    async def close(self) -> None:
        for tab in self._tabs:
            await tab.close()
        await self._root.leave()


@contextmanager
def chromium(folder: Path) -> Iterator[str]:
    """A browser with nothing in it, by its address; `folder` is its profile."""
    assert CHROMIUM
    process = subprocess.Popen(
        [
            CHROMIUM,
            "--headless=new",
            "--no-sandbox",  # which root in a container has no rights to
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-3d-apis",  # in software, these take longer than drawing without
            "--in-process-gpu",
            "--num-raster-threads=1",
            "--disable-background-timer-throttling",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        written, given_up = folder / "DevToolsActivePort", time.monotonic() + PATIENCE
        while not (written.exists() and "\n" in written.read_text()):
            assert process.poll() is None, "Chromium has ended"
            assert time.monotonic() < given_up, "Chromium does not start"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{written.read_text().split()[0]}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@asynccontextmanager
async def tabs_of(address: str) -> AsyncIterator[Chromium]:
    """Tabs of that browser, closed in the end."""
    async with ClientSession() as client:
        async with client.get(f"{address}/json/version") as answer:
            root = (await answer.json())["webSocketDebuggerUrl"]
        browser = Chromium(Line(await client.ws_connect(root)), address, client)
        yield browser
        await browser.close()
