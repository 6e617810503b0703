"""What tests of the screen share: the app under a pilot, and panels painted without any app.

A Driver presses keys and reads canvases; it waits for conditions, never for times.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual._compositor import Compositor
from textual.css.stylesheet import Stylesheet
from textual.events import Key, Resize
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import Screen

from backprop_tui import lessons
from backprop_tui.explain.provenance import Provenance
from backprop_tui.explain.published import Beside
from backprop_tui.files.experiment_file import load
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.prompts import Menu, Prompt
from backprop_tui.session.session import Session
from backprop_tui.session.view import View
from backprop_tui.tui.app import BackpropApp
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.placed import Placed
from backprop_tui.tui.panels.boards import Board
from backprop_tui.tui.panels.panel import Painted, Panel

SMALL, WIDE, HUGE = (80, 24), (120, 40), (200, 60)
PATIENCE = 20.0
"""Seconds after which a condition is given up: far longer than anything takes."""

APART = 0.001
"""Seconds between two looks at what is still under way."""
CHARACTERS = {"space": " ", "full_stop": ".", "question_mark": "?", "colon": ":", "at": "@"}
NAMES = {character: key for key, character in CHARACTERS.items()}

Painting = tuple[tuple[str, str], ...]
"""A line of a canvas: its characters in runs of one style."""


class Driver:
    """The app under a pilot."""

    def __init__(self, app: BackpropApp, pilot: Pilot[str]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def session(self) -> Session:
        return self.app.session

    @property
    def kind(self) -> str:
        """What is open over the panels: the kind of a prompt, a list or a sheet; "" for nothing."""
        return self.session.top.kind if self.session.top else ""

    @property
    def said(self) -> str:
        """What is said of what is asked for, or of the list that is open."""
        top = self.session.top
        assert isinstance(top, Prompt | Menu)
        return top.said

    @property
    def line(self) -> str:
        """What is typed."""
        top = self.session.top
        assert isinstance(top, Prompt | Menu)
        return top.line.text

    @property
    def position(self) -> Position:
        return self.session.position

    @property
    def screen(self) -> Screen[Any]:
        return self.app.screen

    def send(self, *keys: str) -> None:
        """Press keys, and wait for nothing."""
        for key in keys:
            self.app.post_message(Key(key, CHARACTERS.get(key, key if len(key) == 1 else None)))

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until what came of them is drawn."""
        self.send(*keys)
        await self.settle()

    async def click(self, panel: str, x: int, y: int) -> None:
        """Click into a panel, at that column and line."""
        await self.pilot.click(f"#{panel}", offset=(x, y))
        await self.settle()

    async def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        size = Size(width, height)
        vars(self.app._driver)["_size"] = size
        self.app.post_message(Resize(size, size))
        await self.settle()

    async def type(self, text: str) -> None:
        """Press the keys of a text, in place of what is typed."""
        keys = (NAMES.get(character, character) for character in text)
        await self.press("end", "ctrl+u", *keys)

    async def look(self, inspection: Inspection) -> None:
        """Look at something that no key leads to directly."""
        self.session.look(inspection)
        await self.drawn()

    async def drawn(self) -> None:
        """Draw what was done to the session without keys."""
        self.app.changed()
        await self.settle()

    async def begin(self, experiment: Experiment) -> None:
        """Begin another experiment."""
        self.session.begin(experiment)
        await self.drawn()

    async def settle(self) -> None:
        """Wait until nothing is under way: no message, no callback, no work, and all is drawn."""
        loop: Any = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE):
            while True:
                await asyncio.sleep(0)
                if loop._ready:  # somebody else has a turn
                    continue
                if not self._draw():
                    if not self.is_working:
                        return
                    await asyncio.sleep(APART)

    def _draw(self) -> bool:
        """Draw at once what would be drawn in a 60th of a second; whether there was anything."""
        app = self.app
        if not app.is_running or not app.screen_stack or app._batch_count:
            return False
        if app._resize_event is not None:  # Textual would wait for another size
            app._check_resize()
            return True
        screen = app.screen
        waits = screen._layout_required or screen._scroll_required or screen._repaint_required
        if not (waits or screen._dirty_widgets):
            return False
        screen._on_timer_update()
        return True

    @property
    def is_working(self) -> bool:
        """Whether something that takes long is still done, a slice at a time."""
        session = self.session
        return not session.ended and bool(session.job or session.background or self.app._works)

    async def rehearse(self) -> None:
        """Let no key come until what the next ones lead to is drawn."""
        self.app._rehearse()
        await self.settle()

    async def rest(self) -> None:
        """Let no key come for a while: the gradient that is shown is checked."""
        self.app._rested()
        await self.settle()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until `condition` holds, whatever else is under way."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(APART)

    def panel(self, name: str) -> Panel:
        return self.app.query_one(f"#{name}", Panel)

    def text(self, name: str) -> str:
        """What a panel says."""
        return self.panel(name).canvas.text()

    @property
    def shown(self) -> list[Panel]:
        """The panels that are on the screen."""
        return [p for p in self.app.query(Panel) if p.is_on_screen and p.size.area]

    def paintings(self) -> dict[str, list[Painting]]:
        """Every panel shown, with its styles: two equal ones look the same.

        But for three things that are not of the position: what the gradient check says in the Step
        panel's rule, the losses seen so far in the title, and a message in the title's place.
        """
        found = {str(p.id): lines(p.canvas) for p in self.shown if p.id != "footer"}
        title = self.panel("title")
        assert title.view
        canvas = Canvas(title.size.width, title.size.height)
        title.paint(canvas, replace(title.view, message=""))
        words = plain("".join(text for text, _ in canvas.runs(0)))
        found["title"] = [((words, ""),)]
        if "step" in found:
            found["step"][0] = found["step"][0][:2]
        return found

    def cell(self, board: str, symbol: str, row: int = 1, column: int = 1) -> str:
        """One number of a matrix, as it stands on a board."""
        panel = self.panel(board)
        assert isinstance(panel, Board)
        assert panel.view
        arrangement = panel.arrangement(panel.view)
        every = arrangement.cache if board == "cache" else arrangement.gradients
        placed = next(p for p in every if p.symbol == symbol)
        return cell_of(panel.canvas, placed, row, column)

    def everything(self) -> str:
        """The characters of the whole screen, what is on top of it included."""
        strips = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)


lesson = cache(load)
"""A lesson, read once: nothing changes its file."""


@asynccontextmanager
async def stepping(
    source: str | Path | Experiment = "article",
    size: tuple[int, int] = SMALL,
    asks: bool = False,
    decimals: int = 3,
) -> AsyncIterator[Driver]:
    """The app with an experiment, ready for keys; a lesson asks its questions only if `asks`."""
    if not isinstance(source, Experiment):
        source = lesson(source) if source in lessons.NAMES else load(str(source))
    experiment = source if asks else replace(source, questions=())
    async with driving(BackpropApp(experiment, decimals), size) as driver:
        yield driver


@asynccontextmanager
async def driving(app: BackpropApp, size: tuple[int, int] = SMALL) -> AsyncIterator[Driver]:
    """An app, ready for keys; it waits for a rest between them until it is told of one.

    Panels are painted at every key. Their lines become text for a terminal only where a test reads
    the screen: the terminal of a test throws them away.
    """
    with (
        patch("backprop_tui.tui.app.PATIENCE", 3600.0),
        patch("backprop_tui.tui.app.SOON", 3600.0),
        patch.object(Compositor, "render_update", paint),
        patch.object(Stylesheet, "_parse_rules", parsed),
    ):
        async with app.run_test(size=size, notifications=True) as pilot:
            driver = Driver(app, pilot)
            await driver.settle()
            yield driver


def parsed(stylesheet: Stylesheet, css: str, read_from: Any, *what: Any, **kind: Any) -> Any:
    """The rules of a style sheet, which are the same for all apps of one theme."""
    theme = tuple(stylesheet._variables.items())
    key = css, read_from, what, tuple(kind.items()), theme
    if key not in PARSED:
        PARSED[key] = parse_rules(stylesheet, css, read_from, *what, **kind)
    return PARSED[key]


PARSED: dict[object, Any] = {}
parse_rules = Stylesheet._parse_rules


def paint(compositor: Compositor, **_: object) -> None:
    """Paint what is on the screen and has changed."""
    compositor._dirty_regions.clear()
    for widget in compositor.visible_widgets:
        if isinstance(widget, Painted):
            assert widget.canvas


def plain(text: str) -> str:
    """The title's words: without the curve of losses, and however wide the gap where it stands."""
    return " ".join(re.sub("[▁▂▃▄▅▆▇█]", "", text).split())


def view_of(timeline: Timeline, position: Position, **looks: Any) -> View:
    """What a screen would show of a run at a position."""
    return View(timeline.state(position), Provenance(timeline), Beside(timeline), **looks)


def lines(canvas: Canvas) -> list[Painting]:
    return [tuple(canvas.runs(y)) for y in range(canvas.height)]


def cell_of(canvas: Canvas, placed: Placed, row: int, column: int, down: int = 1) -> str:
    """The characters of a cell (from 1, of the rows and columns shown), its mark left out."""
    y = placed.line(row - 1) + down
    end = placed.left + placed.cell * column
    return line_of(canvas, y)[end - placed.cell : end].lstrip("▸• ")


def line_of(canvas: Canvas, y: int) -> str:
    return "".join(text for text, _ in canvas.runs(y))


@contextmanager
def sized(panel: Panel, width: int, height: int) -> Iterator[Panel]:
    """A panel of another size than a screen gave it: there is none here."""
    kind = type(panel)
    panel.__class__ = type(
        kind.__name__, (kind,), {"size": property(lambda self: Size(width, height))}
    )
    yield panel
    panel.__class__ = kind


def painted(panel: Panel, view: View, width: int, height: int) -> Canvas:
    """What `panel` would show of `view`, painted without any app."""
    canvas = Canvas(width, height)
    with sized(panel, width, height):
        panel.paint(canvas, view)
    return canvas
