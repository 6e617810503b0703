"""Pictures of the real app for README: python -m tests.screenshots writes screenshots/*.svg.

The same bytes each time: nothing in them depends on the machine, the hour or chance.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from pathlib import Path

for variable in ("NO_COLOR", "TEXTUAL_THEME"):
    os.environ.pop(variable, None)
os.environ["TEXTUAL_ANIMATIONS"] = "none"

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
        step = driver.stepper.timeline.state(driver.position).step
        asks = driver.stepper.asking or driver.stepper.writing
        if step and step.phase == "backward" and not asks:
            await driver.until(lambda: "nudge test agrees" in driver.text("step"))
        await driver.settled()
        return driver.app.export_screenshot(title=f"backprop-tui {lesson}")


def named(svg: str, name: str) -> str:
    """Rich numbers its classes by a checksum of the content: by the picture's name instead."""
    return re.sub(r"terminal-\d+", f"terminal-{name}", svg)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, (lesson, size, keys) in PICTURES.items():
        svg = named(asyncio.run(picture(lesson, size, keys)), name)
        (FOLDER / f"{name}.svg").write_text(svg, "utf-8")
        print(f"screenshots/{name}.svg")


if __name__ == "__main__":
    main()
