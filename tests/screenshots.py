"""Pictures of the real app for README: python -m tests.screenshots writes screenshots/*.

The SVGs are the same bytes each time: nothing in them depends on the machine, the hour or chance.
The PNGs are what Chromium paints of the exports and of `serve`; without it they stay as they are.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path

from tests import conftest as conftest  # first of all: the surroundings, the same everywhere
from tests.serve.chromium import CHROMIUM, Tab, chromium, tabs_of, until
from tests.serve.conftest import serving

FOLDER = Path(__file__).parents[1] / "screenshots"
SMALL, WIDE = (80, 24), (120, 40)
TO_DW2 = ("space",) * 8
TO_W2 = ("tab", *("shift+tab",) * 9)  # with a cursor on it, from dW2 on
TO_DA1 = ("d", "p", "p", *("space",) * 4)
TO_DZ2 = ("p", "p", *("space",) * 6)  # of ai-by-hand: dA3 dZ3 dW3 db3 dA2 dZ2

PICTURES: dict[str, tuple[str, tuple[int, int], Sequence[str]]] = {
    "backward": ("article", SMALL, TO_DW2),
    "update": ("article", SMALL, ("p", "p", "p", *("space",) * 3)),
    "batch": ("ai-by-hand", SMALL, TO_DZ2),
    "wide": ("article", WIDE, TO_DW2),
    "ask": ("mazur", SMALL, (*TO_DA1, "a", "space")),
    "answered": ("mazur", SMALL, (*TO_DA1, "a", "space", "3")),
    "write": ("article", SMALL, (*TO_DW2[:-1], "f", *"dZ2@A1", "enter")),
    "what-if": ("article", SMALL, (*TO_DW2, *TO_W2, "e", *("backspace",) * 4, *"0.9", "enter")),
    "light": ("article", SMALL, ("t", *TO_DW2)),
}


async def picture(lesson: str, size: tuple[int, int], keys: Sequence[str]) -> str:
    """What the app looks like after some keys, as an SVG."""
    from tests.tui.driver import stepping

    async with stepping(lesson, size) as driver:
        await driver.press(*keys)
        await driver.until(lambda: driver.is_checked)
        await driver.settled()
        return driver.app.export_screenshot(title=f"backprop-tui {lesson}")


def named(svg: str, name: str) -> str:
    """Rich numbers its classes by a checksum of the content: by the picture's name instead."""
    return re.sub(r"terminal-\d+", f"terminal-{name}", svg)


async def worksheet(tab: Tab, folder: Path) -> None:
    """A sheet to fill in by hand."""
    await exported(tab, folder / "sheet.html", "worksheet", "article", "--blanks", "dZ2,dW2,dA1")
    await paint(tab, "worksheet")


async def phone(tab: Tab, folder: Path) -> None:
    """An iteration worked out, as a phone shows it."""
    await exported(tab, folder / "page.html", "html", "mazur")
    await tab.evaluate("document.getElementById('iteration-1-step-6').scrollIntoView()")
    await paint(tab, "phone")


async def exported(tab: Tab, file: Path, name: str, *argv: str) -> None:
    from backprop_tui.__main__ import main as program

    program(["export", *argv, "--as", name, "--output", str(file)])
    await tab.open(file.as_uri())
    await until(tab.page_text, lambda said: "0." in said)


async def browser(tab: Tab, folder: Path) -> None:
    """The stepper as `serve` gives it."""
    with serving("mazur", "--ask", "off") as server:
        await tab.open(server.address)
        await tab.until(lambda said: "step 0" in said)
        await tab.press("p", "p", *("space",) * 5)
        await tab.until(lambda said: "gradient check" in said)
        await paint(tab, "browser")


PAGES = ((worksheet, (800, 700)), (phone, (390, 700)), (browser, (1000, 640)))


async def paint(tab: Tab, name: str) -> None:
    shot = await tab.tell("Page.captureScreenshot", format="png")
    (FOLDER / f"{name}.png").write_bytes(b64decode(shot["data"]))
    print(f"screenshots/{name}.png")


async def pages(folder: Path) -> None:
    """The pictures of a browser's pages."""
    with chromium(folder / "profile") as address:
        async with tabs_of(address) as tabs:
            for shown, size in PAGES:
                await shown(await tabs.tab(*size), folder)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, (lesson, size, keys) in PICTURES.items():
        svg = named(asyncio.run(picture(lesson, size, keys)), name)
        (FOLDER / f"{name}.svg").write_text(svg, "utf-8")
        print(f"screenshots/{name}.svg")
    if CHROMIUM:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(pages(Path(folder)))


if __name__ == "__main__":
    main()
