"""The application: keys and the mouse to the session, what there is to see of it to the panels.

It holds nothing of the session. A key is handled whole before the next is read, and many of them
may be drawn once.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, Protocol, runtime_checkable

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.color import TRANSPARENT, Color
from textual.driver import Driver
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.theme import Theme

from backprop_tui.files.settings import NO_SETTINGS, Settings
from backprop_tui.maths.functions import Array
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position
from backprop_tui.session import asking, changing, deriving, looking, opening, travel
from backprop_tui.session.commands import sign_of
from backprop_tui.session.playing import SPEEDS
from backprop_tui.session.prompts import Menu, Sheet
from backprop_tui.session.session import Session
from backprop_tui.session.view import NO_LOSSES, View
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.losses import sparkline, thinned
from backprop_tui.tui.paint.placed import Room
from backprop_tui.tui.paint.themes import THEMES
from backprop_tui.tui.panels.blackboard import BlackboardPanel
from backprop_tui.tui.panels.boards import Board, Cache, Gradients
from backprop_tui.tui.panels.box import Box, Cover, Curve, PromptLine
from backprop_tui.tui.panels.footer import Footer
from backprop_tui.tui.panels.heading import Rail, Title
from backprop_tui.tui.panels.network import NetworkPanel
from backprop_tui.tui.panels.panel import Panel
from backprop_tui.tui.panels.step import StepPanel
from backprop_tui.tui.panels.update import Update
from backprop_tui.tui.sheets.choices import choice_page, entry_at
from backprop_tui.tui.sheets.page import page_of
from backprop_tui.tui.window import PanelScreen, Places, Window

SLICE, APART = 0.01, 0.001
"""Seconds of what takes long between two looks at the keys, and of those looks."""
SHOWN = 0.1
"""Seconds between two looks of its user at how far that has come."""
PATIENCE = 0.1
"""Seconds that a gradient is shown before it is checked, so that quick keys are not slowed."""
REPAINT = SOON = 0.02
"""Seconds that a repaint takes at most, and until what the likely next keys lead to is drawn."""
REHEARSED, DERIVING = (("space", " "), ("backspace", None)), ("x", "x")
"""Those keys, and their characters; the last where a gradient is shown."""
OLD = 5
"""Searches of young objects for garbage until all are searched, between keys."""
LATELY = 2
"""Drawings of the losses that are kept beside the last one."""
AFTER = 0.05
"""Seconds after the first frame until autosaves begin, and what keys wait for is made ready."""
EACH = 1.0
"""Seconds between two looks at what is open elsewhere."""
SPARKS = 8
"""Columns of the window for each character of the sparkline in the title."""
POINTS = 400
"""Points of the curve of losses at most."""
CURVES = ("curve", "one_weight")
"""The sheets that are a curve over the whole screen."""
BEHIND = 0.6
"""How much of the background covers the panels while a box is open over them."""


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What the panels will look like after a key, drawn before it is pressed."""

    view: View
    drawn: dict[Panel, tuple[Canvas, dict[int, Strip]]]


@runtime_checkable
class Ending(Protocol):
    """A driver that ends the process where the screen cannot be taken down."""

    def must_end(self, status: int, last_words: str = "") -> None:
        """End it soon, unless the screen is taken down before."""


class BackpropApp(App[str]):
    """Step through `experiment`; returns what to print after quitting."""

    TITLE = "backprop-tui"
    CSS_PATH = Path(__file__).with_name("app.tcss")  # here, wherever a subclass is written
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None  # a focused widget would take keys
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", "to the shell", show=False, priority=True)
    ]

    def __init__(
        self,
        experiment: Experiment,
        decimals: int = 3,
        served: bool = False,
        ascii_only: bool = False,
        autosaves: bool = False,
        preferred: Settings = NO_SETTINGS,
    ) -> None:
        """`served`: the screen is in a stranger's browser, who may read and write no file here;
        `ascii_only`: every sign is spelled, for a terminal that lacks some; `autosaves`: what is on
        the screen is written to this program's autosave; `preferred`: what holds where an
        experiment does not say."""
        super().__init__()
        if ascii_only:
            self._filters.append(lazy.Spelled())
        for theme in THEMES:
            self.register_theme(theme)
        self.session = Session(
            experiment, decimals, Window(self.size), sign_of, served, preferred=preferred
        )
        self._begin_with(self._wanted_theme)
        self.autosaves = autosaves
        self.progress = ""  # how far what takes long has come
        self._losses: dict[object, tuple[str, tuple[Array, Array]]] = {}  # as they were drawn
        self._panels: list[Panel] = []  # none until the screen is up
        self._places = Places()
        self._drawn_at = 0.0
        self._will_draw = self._works = False  # whether that is called for already
        self._beat: asyncio.TimerHandle | None = None  # of running by itself
        self._rest: asyncio.TimerHandle | None = None  # until no key has come for a while
        self._next: asyncio.TimerHandle | None = None  # until the next keys are rehearsed
        self._rehearsing: Iterator[None] | None = None
        self._rehearsals: list[Rehearsal] = []
        self._shown: View | None = None  # by the panels, in a window of this size

    def _begin_with(self, theme: Theme) -> None:
        """Before anything is styled: later, all would be parsed and styled again."""
        if theme.dark:  # as Textual begins by itself: only its variables are others
            self.set_reactive(App.theme, theme.name)
            self.stylesheet.set_variables(self.get_css_variables())
        else:
            self.theme = theme.name

    @property
    def _wanted_theme(self) -> Theme:
        return THEMES[self.session.theme == "light"]

    def get_driver_class(self) -> type[Driver]:
        """Textual's own, but where it reads bytes: those may be anything."""
        found = super().get_driver_class()
        if found.__module__ == "textual.drivers.linux_driver":
            return lazy.TerminalDriver  # which Windows cannot import
        return found

    # Beginning and ending

    def on_load(self) -> None:
        """Before the terminal is taken."""
        self._leave_on_signals()
        if self.console.color_system == "standard":
            self._filters.append(lazy.SixteenColours())

    def _leave_on_signals(self) -> None:
        """Told to end (kill, a closed window, an interrupt), give the terminal back first.

        The loop alone would not do: it hears of signals through a pipe, and a burst of keys fills
        that, so that the signal is lost. It is only woken by it; Python's own handler is sure.
        """
        loop = asyncio.get_running_loop()

        def leave(number: int, _: object) -> None:
            self._must_end(128 + number)
            with suppress(RuntimeError):  # the loop has ended already
                loop.call_soon_threadsafe(self.exit, None, 128 + number)

        for name in ("SIGTERM", "SIGHUP", "SIGINT"):  # Windows has no such handlers
            if (number := getattr(signal, name, None)) is not None:
                with suppress(NotImplementedError, RuntimeError):
                    loop.add_signal_handler(number, lambda: None)
                    signal.signal(number, leave)

    def exit(self, result: str | None = None, return_code: int = 0, message: Any = None) -> None:
        """Take down the screen, and print `result`."""
        opening.end_autosaves(self.session)
        super().exit(result, return_code, message)
        self._must_end(return_code, result or "")

    def run(self, *how: Any, **more: Any) -> str | None:
        """What to print when the screen is down. Raises MemoryError where no memory was left."""
        result = super().run(*how, **more)
        if isinstance(self._exception, MemoryError):
            raise self._exception
        return result

    def _handle_exception(self, error: Exception) -> None:
        """Where no memory is left, take down the screen, and compute nothing more: what the last
        autosave has stays."""
        if isinstance(error, MemoryError):
            self._exception = error
            super().exit(return_code=1)
        else:
            super()._handle_exception(error)

    def _must_end(self, status: int, last_words: str = "") -> None:
        """However long the screen takes to be taken down, the terminal is given back soon."""
        if isinstance(self._driver, Ending):
            self._driver.must_end(status, last_words)

    def get_default_screen(self) -> Screen[None]:
        """A screen on which panels stand where the window has its place for them."""
        return PanelScreen(self._places)

    def compose(self) -> ComposeResult:
        yield Title(id="title")
        yield Rail(id="rail")
        yield NetworkPanel(id="network")
        yield Cache(id="cache")
        yield Gradients(id="gradients")
        yield Update(id="update")
        yield BlackboardPanel(id="blackboard")
        yield StepPanel(id="step")
        yield Footer(id="footer")
        yield PromptLine(id="prompt")
        yield Box(id="box")
        yield Curve(id="curve")
        yield Cover(id="cover")

    def on_mount(self) -> None:
        self._panels = list(self.query(Panel))
        for board in self.query(Board):
            board.fit = self._fit
        self._take_size(self.size)
        opening.watch(self.session)
        self.set_interval(EACH, self._each_second)
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self.changed()

    def on_ready(self) -> None:
        # What was made by now stays: no key should wait while all of it is searched for garbage.
        gc.freeze()
        gc.enable()
        # The first frame waits for none of it; autosaves are followed by a drawing.
        self._after(AFTER, self._begin_autosaves if self.autosaves else self.changed)

    def _begin_autosaves(self) -> None:
        opening.begin_autosaves(self.session)
        self.changed()

    # Keys and pasted text

    async def on_event(self, event: events.Event) -> None:
        """Take keys and pasted text before any widget does; everything else is Textual's."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            if not await self._check_bindings(event.key, priority=True):  # ctrl+z, ctrl+q
                self.press(event.key, event.character if event.is_printable else None)
        elif isinstance(event, events.Paste) and not event.is_forwarded:
            self.session.paste(event.text)
            self.changed()
        else:
            await super().on_event(event)

    def press(self, key: str, character: str | None = None) -> None:
        """Give the session a key."""
        if not self.session.ended:
            self.session.key(key, character)
            self.changed()

    def on_resize(self, event: events.Resize) -> None:
        self._take_size(event.size)
        self.changed()

    def _take_size(self, size: Size) -> None:
        """The breakpoints: one panel at a time, 80×24, and a large window."""
        session, window = self.session, Window(size)
        session.sight, session.width = window, size.width
        session.one_panel, session.roomy = window.one_panel, window.roomy
        self._rehearsals, self._shown = [], None

    # The mouse

    def on_click(self, event: events.Click) -> None:
        """A list's entry is chosen, whatever else is open is closed by a click beside it; a cell is
        explained, a panel chosen for z, a step gone to, a command done."""
        session, widget = self.session, event.widget
        if session.job is not None or session.ended:
            return
        if isinstance(session.top, Menu | Sheet):
            self._click_above(event)
        elif isinstance(widget, Footer) and (command := widget.command_at(event.x)):
            self.press(command.keys[0])
        elif isinstance(widget, Rail) and (steps := widget.steps_at(event.x)) is not None:
            session.act(lambda: session.go(Position(session.position.iteration, steps)))
        elif isinstance(widget, Board) and (at := event.get_content_offset(widget)) is not None:
            if (cell := widget.cell_at(at)) is not None:
                session.act(lambda: looking.inspect(session, cell))
        elif isinstance(widget, BlackboardPanel):
            if (board := session.blackboard) and (line := widget.line_at(event.y)):
                session.blackboard = board.put(line=line)
        elif isinstance(widget, NetworkPanel | StepPanel) and widget.id:
            panel = widget.id
            session.act(lambda: looking.choose_panel(session, panel))
        self.changed()

    def _click_above(self, event: events.Click) -> None:
        session, top = self.session, self.session.top
        if not isinstance(event.widget, Box):
            self.press("escape")
        elif isinstance(top, Menu) and (at := event.get_content_offset(event.widget)):
            found = entry_at(top, self.window.size, at.y - 1)  # in its frame
            if found is not None:
                session.put(replace(top, chosen=found))
                self.press("enter")

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(1, event.shift)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(-1, event.shift)

    def _wheel(self, by: int, sideways: bool) -> None:
        """What is open scrolls; else the window onto the shown layer's weights."""
        session = self.session
        if isinstance(session.top, Menu | Sheet):
            self.press("down" if by > 0 else "up")
        elif session.job is None:
            session.act(lambda: looking.scroll_window(session, by, sideways))
            self.changed()

    # What goes on by itself

    def changed(self) -> None:
        """Draw when no more keys wait; go on with what takes long, and with running by itself."""
        session = self.session
        if session.ended:
            self.exit(opening.last_words(session))
            return
        for timer in (self._rest, self._next):
            if timer is not None:
                timer.cancel()
        self._rest = self._next = self._rehearsing = None
        if not self._will_draw:
            self._will_draw = True
            self.call_later(self.draw)
        self._go_on()

    def _after(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call it then, or as soon as there is time: Textual's timers skip what comes late."""
        return asyncio.get_running_loop().call_later(seconds, self.call_next, callback)

    def _go_on(self) -> None:
        session = self.session
        if (session.job or session.background) and not self._works:
            self._works = True
            self._after(APART, self._work)
        if session.playing and self._beat is None:
            self._beat = self._after(SPEEDS[session.speed].every, self._tick)
        elif self._beat is not None and not session.playing:
            self._beat.cancel()
            self._beat = None

    def _work(self) -> None:
        """A slice of what takes long; now and then its user sees how far it has come."""
        self._works, session = False, self.session
        if session.ended:
            return
        if session.job is None and monotonic() - self._drawn_at < REPAINT:
            self._works = True  # what goes on between keys waits
            self._after(REPAINT, self._work)
            return
        progress = session.work(SLICE)
        self.progress = (progress or self.progress) if session.job is not None else ""
        if monotonic() - self._drawn_at > SHOWN or not (session.job or session.background):
            self.changed()
        else:
            self._go_on()

    def _tick(self) -> None:
        """A beat of running by itself."""
        self._beat = None
        if self.session.playing:
            deriving.beat(self.session)
            self.changed()

    def _rested(self) -> None:
        """No key has come for a while: check the gradient that is shown."""
        self._rest = None
        if self.session.job is None and not self.message_queue_size:
            looking.check_shown(self.session)
            self._go_on()

    def _rehearse(self) -> None:
        """A little of what the next key would wait for, between keys."""
        if self._next is not None:  # no key has come: begin
            self._next, self._rehearsing = None, self._rehearsed()
        if self._rehearsing is None:
            return
        if next(self._rehearsing, self) is not self:
            self.call_later(self._rehearse)
        else:
            self._rest = self._after(PATIENCE, self._rested)

    def _rehearsed(self) -> Iterator[None]:
        """Modules, the question about the next step, and what all panels show after the next
        key."""
        session = self.session
        if lacking := [module for module in lazy.modules() if module not in sys.modules]:
            for module in lacking:
                import_module(module)
                yield
            gc.freeze()  # they stay as well
        if session.job is not None or session.top is not None or session.playing:
            return
        asking.make_ready(session)
        yield
        if session.served:  # a server keeps its processors for those who press keys
            return
        derives = session.step_symbol in session.timeline.program.gradients
        for key, character in (*REHEARSED, *((DERIVING,) if derives else ())):
            if (after := session.rehearsed(key, character)) is not None:
                yield from self._drawn(self._view_of(after))
        yield from changing.make_ready(session)
        if gc.get_count()[-1] > OLD:
            yield
            gc.collect()  # which a key would wait for otherwise

    def _drawn(self, view: View) -> Iterator[None]:
        """A view that may come next, panel by panel."""
        yield
        ahead = Rehearsal(view, {})
        self._rehearsals = [ahead, *self._rehearsals][: len(REHEARSED) + 1]
        regions = self.window.layout(view).regions(self.window.size)
        for panel in self._panels:
            if (at := regions.get(panel.id or "")) is not None:
                yield
                ahead.drawn[panel] = panel.drawn(view, at.size)

    def _each_second(self) -> None:
        """Look at the open file, which somebody may have changed, and write the autosave."""
        said = self.session.message
        opening.autosave(self.session)
        if opening.look_at_file(self.session) or said != self.session.message:
            self.changed()

    # Drawing

    @property
    def window(self) -> Window:
        """The window as the session knows it."""
        assert isinstance(self.session.sight, Window)
        return self.session.sight

    def draw(self) -> None:
        """Show what there is to see of the session now."""
        self._will_draw, session = False, self.session
        if session.ended or not any(panel.is_attached for panel in self._panels):
            return  # not begun yet, or ending: a beat came late
        if self.theme != self._wanted_theme.name:
            self.theme, self._rehearsals = self._wanted_theme.name, []
        if session.copied is not None:
            self.copy_to_clipboard(session.copied)
            session.copied = None
        self._draw_panels()
        self._draw_above()
        self._drawn_at = monotonic()
        if self._dom_ready:  # the first frame waits for nothing
            self._next = self._after(SOON, self._rehearse)

    def _draw_panels(self) -> None:
        view = self._view_of(self.session)
        if self._shown is not None and self._shown.shows(view):
            return  # what opens above them changes nothing of them
        self._shown = view
        known = next((each for each in self._rehearsals if each.view.shows(view)), None)
        ahead = known or Rehearsal(view, {})
        regions = self.window.layout(ahead.view).regions(self.window.size)
        self._arrange(regions)
        for panel in self._panels:
            if (at := regions.get(panel.id or "")) is not None:
                drawn = ahead.drawn.get(panel) or (panel.painted(ahead.view, at.size), {})
                panel.show(ahead.view, *drawn)

    def _view_of(self, session: Session) -> View:
        sparks, points = self._drawn_losses(session)
        view = replace(session.view, sparkline=sparks, losses=points)
        if self.progress and session.prompt is None:
            view = replace(view, message=f"{self.progress}; esc stops")
        return view

    def _arrange(self, regions: dict[str, Region]) -> None:
        """Show the panels in their regions, and no others."""
        if regions != self._places.regions:
            self._places.regions = regions
            for panel in self._panels:
                panel.display = panel.id in regions
            self._panels[0].refresh(layout=True)

    def _fit(self, view: View, board: str) -> tuple[Room, bool]:
        """The size that a board is arranged for, and whether it is the only one."""
        layout = self.window.layout(view)
        return layout.room(board), layout.alone

    def _drawn_losses(self, session: Session) -> tuple[str, tuple[Array, Array]]:
        """The losses as a sparkline, and in a large window as points of a curve: the same objects
        as long as these are what was drawn lately."""
        losses = travel.known_losses(session)
        known = session.timeline, losses.size, session.roomy, session.width
        if known not in self._losses:
            points = thinned(losses, POINTS) if session.roomy else NO_LOSSES
            lately = list(self._losses.items())[-LATELY:]
            self._losses = dict(
                [*lately, (known, (sparkline(losses, session.width // SPARKS), points))]
            )
        return self._losses[known]

    def _draw_above(self) -> None:
        """The prompt, and the list or sheet that is open."""
        session, size = self.session, self.window.size
        top, prompt = session.top, session.prompt
        progress = f"{self.progress}; esc stops" if self.progress else ""
        self.query_one(PromptLine).show(prompt, progress, size.width)
        page = None
        if isinstance(top, Menu):
            page = choice_page(top, size, self.theme_variables["wrong"])
        elif isinstance(top, Sheet) and top.kind not in ("cover", *CURVES):
            page = page_of(top, session.view, size)
        self.query_one(Box).show(page)
        self.query_one(Cover).display = isinstance(top, Sheet) and top.kind == "cover"
        curve = top if isinstance(top, Sheet) and top.kind in CURVES else None
        self.query_one(Curve).show(lazy.curve_canvas(session, curve, size) if curve else None)
        self._dim(page is not None)

    def _dim(self, behind: bool) -> None:
        """The panels, behind a box that is open or not."""
        tint = TRANSPARENT
        if behind:
            tint = Color.parse(self.theme_variables["background"]).with_alpha(BEHIND)
        if tint != self._panels[0].styles.tint:
            for widget in (*self._panels, self.query_one(PromptLine)):
                widget.styles.tint = tint
