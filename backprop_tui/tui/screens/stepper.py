"""The stepper's screen, whole: what keys and the mouse do to what is shown.

Moving in time is `travel`, asking why is `why`, asking its user is `ask`, edits are `what_if`,
writing a step is `writing`; here is the rest. It computes and paints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, cast

from textual import events
from textual.app import SystemCommand
from textual.binding import Binding, BindingType

from backprop_tui.maths.numbers import MOST_DECIMALS
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position
from backprop_tui.session.commands import ACTIONS
from backprop_tui.session.inspection import Inspection
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.themes import THEMES
from backprop_tui.tui.panels.heading import Rail
from backprop_tui.tui.panels.network import NetworkPanel
from backprop_tui.tui.panels.step import StepPanel
from backprop_tui.tui.screens.ask import Ask
from backprop_tui.tui.screens.reload import Reload
from backprop_tui.tui.screens.what_if import WhatIf
from backprop_tui.tui.screens.writing import Writing
from backprop_tui.tui.serving import served


class Stepper(Ask, WhatIf, Writing, Reload):
    """Step through one experiment at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, does, a.short, tooltip=a.does, id=a.name, show=bool(a.footer))
        for a in ACTIONS
        for key, does in a.bindings
    ]

    def commands(self) -> Iterator[SystemCommand]:
        """Every action, for the command palette."""
        for action in ACTIONS:
            if action.name not in ("palette", "leave", "choose"):
                yield SystemCommand(
                    action.short.capitalize(),
                    f"{action.does} ({action.written})",
                    self._runner(action.name),
                )

    def _runner(self, name: str) -> Callable[[], object]:
        return cast(Callable[[], object], getattr(self, f"action_{name}"))

    # The screen

    def action_example(self) -> None:
        self._turn_example(1)

    def action_example_back(self) -> None:
        self._turn_example(-1)

    def _turn_example(self, by: int) -> None:
        examples = self.timeline.state(self.position).examples
        self.example = (self.view.column + by) % examples
        self.look(Inspection())

    def action_drawing(self) -> None:
        self.drawing = DRAWINGS[(DRAWINGS.index(self.drawing) + 1) % len(DRAWINGS)]
        self.show()

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed
        if self.zoomed and self.inspection.place:  # what is being read
            self.chosen = "step"
        self.show()

    def action_hide(self) -> None:
        """Cover the numbers of the chosen panel until they are asked for."""
        self.hidden ^= {self._chosen}
        self.show()

    def action_theme(self) -> None:
        names = [theme.name for theme in THEMES]
        here = names.index(self.app.theme) if self.app.theme in names else -1
        self.app.theme = names[(here + 1) % len(names)]
        self.show()

    def action_decimals_more(self) -> None:
        self._set_decimals(self.decimals + 1)

    def action_decimals_less(self) -> None:
        self._set_decimals(self.decimals - 1)

    def _set_decimals(self, decimals: int) -> None:
        self.decimals = max(0, min(MOST_DECIMALS, decimals))
        self.show()

    def action_cover(self) -> None:
        from backprop_tui.tui.screens.cover import Cover

        self.app.push_screen(Cover())

    def action_leave(self) -> None:
        """Out of what is explained, then of the cursor, then of a maximised panel.

        Where one panel has all the room, it is the step's own again.
        """
        if self.tiny and self.tabbed and not self.inspection.place:
            self.follow()
            self.look(Inspection())
        elif self.leave_question():
            return
        elif self.inspection != Inspection():
            self.look(self.inspection.out(self.provenance))
        elif self.zoomed:
            self.action_zoom()

    # The program

    def action_open(self) -> None:
        from backprop_tui.tui.screens.opener import Opener

        def opened(experiment: Experiment | None) -> None:
            if experiment is not None:
                self.open_instead(experiment)

        name = self.timeline.experiment.name
        self.app.push_screen(Opener(name, files=not served(self.app)), opened)

    def show_help(self) -> None:
        from backprop_tui.tui.screens.help import Help

        self.app.push_screen(Help(self._chosen))

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def last_words(self) -> str:
        """The score, and how to come back."""
        return "\n".join(filter(None, (self.score.sentence(), super().last_words())))

    def resume_command(self) -> str:
        """What to type to open this again, new weights and other decimals included."""
        now = self.timeline.experiment
        first = (self.past or [now])[0]
        return lazy.resume_command(first, now, self.mode, self.decimals)

    # The mouse

    def on_click(self, event: events.Click) -> None:
        """A click on a panel chooses it, for z."""
        if isinstance(event.widget, NetworkPanel | StepPanel) and event.widget.id:
            self.chosen, self.tabbed = event.widget.id, True
            self.look(Inspection())

    def on_rail_chosen(self, message: Rail.Chosen) -> None:
        self.go(Position(self.position.iteration, message.steps))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll_window(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll_window(event, -1)

    def _scroll_window(self, event: events.MouseEvent, by: int) -> None:
        """The window onto the shown layer's weights; sideways with shift."""
        if self.zoomed and self.chosen == "step":
            self.scroll_step(by)
            return
        layer = self.view.layer
        row, column = self.scroll.get(layer, (0, 0))
        n = self.timeline.experiment.network.layers
        if event.shift:
            column = max(0, min(n[layer - 1] - 1, column + by))
        else:
            row = max(0, min(n[layer] - 1, row + by))
        self.scroll[layer] = (row, column)
        self.inspection = Inspection()
        self.show()
