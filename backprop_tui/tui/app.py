"""The application: themes, and the stepper's screen with its experiment.

It wires; what keys do is on the screen, what is known is the engine's.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.screen import Screen
from textual.theme import Theme

from backprop_tui.model.experiment import Experiment
from backprop_tui.tui.paint.themes import THEMES, hues
from backprop_tui.tui.screens.stepper import Stepper

MOMENT = 0.01
"""Seconds between two looks at whether the screen is there."""


class BackpropApp(App[str]):
    """Step through `experiment`; returns what to print after quitting."""

    TITLE = "backprop-tui"
    CSS_PATH = Path(__file__).with_name("app.tcss")  # here, wherever a subclass is written
    ENABLE_COMMAND_PALETTE = True
    AUTO_FOCUS = None  # a focus would take the arrows from time
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", "to the shell", show=False, priority=True)
    ]

    def __init__(
        self,
        experiment: Experiment,
        decimals: int = 3,
        served: bool = False,
        ascii_only: bool = False,
    ) -> None:
        """`served`: the screen is in a stranger's browser, who may read and write no file here;
        `ascii_only`: every sign is spelled, for a terminal that lacks some."""
        super().__init__()
        self.served = served
        if ascii_only:
            from backprop_tui.tui.terminals import Spelled

            self._filters.append(Spelled())
        for theme in THEMES:
            self.register_theme(theme)
        self._begin_with(THEMES[experiment.look.theme == "light"])
        self.stepper = Stepper(experiment, decimals)

    def _begin_with(self, theme: Theme) -> None:
        """Before anything is styled: later, all would be parsed and styled again."""
        if theme.dark:  # as Textual begins by itself: only its variables are others
            self.set_reactive(App.theme, theme.name)
            self.stylesheet.set_variables(self.get_css_variables())
        else:
            self.theme = theme.name

    def get_driver_class(self) -> type[Driver]:
        """Textual's own, but where it reads bytes: those may be anything."""
        found = super().get_driver_class()
        if found.__module__ == "textual.drivers.linux_driver":
            from backprop_tui.tui.driver import TerminalDriver  # which Windows cannot import

            return TerminalDriver
        return found

    def on_load(self) -> None:
        """Before the terminal is taken."""
        self._leave_on_signals()
        if self.console.color_system == "standard":
            from backprop_tui.tui.terminals import SixteenColours

            self._filters.append(SixteenColours())

    def _leave_on_signals(self) -> None:
        """Told to end (kill, a closed window, an interrupt), give the terminal back first.

        The loop alone would not do: it hears of signals through a pipe, and a burst of keys fills
        that, so that the signal is lost. It is only woken by it; Python's own handler is sure.
        """
        loop = asyncio.get_running_loop()

        def leave(number: int, _: object) -> None:
            with suppress(RuntimeError):  # the loop has ended already
                loop.call_soon_threadsafe(self._leave, 128 + number)

        for name in ("SIGTERM", "SIGHUP", "SIGINT"):  # Windows has no such handlers
            if (number := getattr(signal, name, None)) is not None:
                with suppress(NotImplementedError, RuntimeError):
                    loop.add_signal_handler(number, lambda: None)
                    signal.signal(number, leave)

    def _leave(self, status: int) -> None:
        """Exit, but never in the middle of the start: half a screen cannot be taken down."""
        if self.stepper.is_mounted:
            self.exit(return_code=status)
        else:
            asyncio.get_running_loop().call_later(MOMENT, self._leave, status)

    def on_ready(self) -> None:
        # What was made by now stays: no key should wait while all of it is searched for garbage.
        gc.freeze()
        gc.enable()

    def get_default_screen(self) -> Stepper:
        return self.stepper

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The meanings' colours under any theme, such that they can be read there."""
        return hues(self.current_theme)

    def action_command_palette(self) -> None:
        from backprop_tui.tui.screens.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """All actions of the table, and Textual's own."""
        if screen is self.stepper:
            yield from self.stepper.commands()
        for command in super().get_system_commands(screen):
            if command.title == "Theme" or (command.title == "Screenshot" and not self.served):
                yield command
