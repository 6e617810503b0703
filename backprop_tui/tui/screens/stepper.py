"""The stepper's screen: a position in a timeline, and what keys do to it.

Each key makes a new View and hands it to every panel. It knows how to move and to show, and nothing
of how anything is computed or painted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from secrets import randbelow
from typing import ClassVar

from textual import events
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget

from backprop_tui.engine.experiment import Experiment
from backprop_tui.engine.timeline import Position, Timeline
from backprop_tui.tui.actions import ACTIONS
from backprop_tui.tui.numbers import MOST_DECIMALS
from backprop_tui.tui.themes import THEMES
from backprop_tui.tui.view import DRAWINGS, View
from backprop_tui.tui.widgets.boards import Cache, Gradients, Update
from backprop_tui.tui.widgets.footer import Footer
from backprop_tui.tui.widgets.heading import Rail, Title
from backprop_tui.tui.widgets.network import Network
from backprop_tui.tui.widgets.panel import Panel
from backprop_tui.tui.widgets.step import StepPanel


class Stepper(Screen[None]):
    """Step through one experiment at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(a.keys, a.name, a.short, tooltip=a.does, id=a.name, show=bool(a.footer))
        for a in ACTIONS
    ]

    def __init__(self, experiment: Experiment, decimals: int = 3) -> None:
        super().__init__()
        self.timeline = Timeline(experiment)
        self.position = self.timeline.start
        self.decimals = decimals
        self.example = 0
        self.drawing = DRAWINGS[0]
        self.scroll: dict[int, tuple[int, int]] = {}
        self.past: list[Experiment] = []  # what u goes back to, after R
        self.future: list[Experiment] = []
        self.chosen = "cache"  # the panel shown where there is room for one
        self.zoomed = False

    def compose(self) -> ComposeResult:
        yield Title(id="title")
        yield Rail(id="rail")
        with Horizontal(id="body"):
            yield Network(id="network")
            with Vertical(id="boards"):
                cache, gradients = Cache(id="cache"), Gradients(id="gradients")
                cache.other, gradients.other = gradients, cache
                yield cache
                yield gradients
                yield Update(id="update")
        yield StepPanel(id="step")
        yield Footer(id="footer")

    def on_mount(self) -> None:
        self.show()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.set_class(width < 60 or height < 18, "-tiny")
        self.set_class(width >= 110 and height >= 34, "-wide")
        self.set_class(width >= 160, "-huge")
        self.show()

    # Showing

    @property
    def view(self) -> View:
        return View(
            state=self.timeline.state(self.position),
            decimals=self.decimals,
            example=self.example,
            drawing=self.drawing,
            scroll=dict(self.scroll),
        )

    def show(self) -> None:
        """Hand the View of now to every panel."""
        view = self.view
        self.set_class(view.updating, "-updating")
        chosen = self.chosen
        if view.updating and chosen in ("cache", "gradients"):
            chosen = "update"
        elif not view.updating and chosen == "update":
            chosen = "gradients"
        for name in ("network", "cache", "gradients", "update", "step"):
            self.set_class(name == chosen, f"-{name}")
        self.set_class(self.zoomed, "-zoomed")
        for panel in self.query(Panel):
            panel.show(view)

    def go(self, position: Position) -> None:
        """Move to a position and show it."""
        if position != self.position:
            self.position = position
            self.show()

    def commands(self) -> Iterator[SystemCommand]:
        """Every action, for the command palette."""
        for action in ACTIONS:
            if action.name not in ("palette", "leave"):
                yield SystemCommand(
                    action.short.capitalize(),
                    f"{action.does} ({action.written})",
                    self._runner(action.name),
                )

    def _runner(self, name: str) -> Callable[[], object]:
        return getattr(self, f"action_{name}")  # type: ignore[no-any-return]

    # Time

    def action_next(self) -> None:
        self.go(self.timeline.forward(self.position))

    def action_back(self) -> None:
        self.go(self.timeline.back(self.position))

    def action_into(self) -> None:
        self.go(self.timeline.into(self.position))

    def action_out(self) -> None:
        self.go(self.timeline.out(self.position))

    def action_phase(self) -> None:
        self.go(self.timeline.phase_end(self.position))

    def action_phase_start(self) -> None:
        self.go(self.timeline.phase_start(self.position))

    def action_iteration(self) -> None:
        self.go(self.timeline.later(self.position))

    def action_iteration_back(self) -> None:
        self.go(self.timeline.earlier(self.position))

    def action_restart(self) -> None:
        self.go(self.timeline.start)

    def action_reroll(self) -> None:
        self.past.append(self.timeline.experiment)
        self.future.clear()
        seed = randbelow(10_000)
        self.run_experiment(self.timeline.experiment.with_seed(seed))
        self.notify(f"New weights, from seed {seed}. u brings the old ones back.")

    def action_undo(self) -> None:
        self._swap(self.past, self.future, "Nothing to undo.")

    def action_redo(self) -> None:
        self._swap(self.future, self.past, "Nothing to redo.")

    def _swap(self, source: list[Experiment], other: list[Experiment], empty: str) -> None:
        if not source:
            self.notify(empty)
            return
        other.append(self.timeline.experiment)
        self.run_experiment(source.pop())

    def run_experiment(self, experiment: Experiment) -> None:
        """Start another experiment, or the same with other weights."""
        self.timeline = Timeline(experiment)
        self.position = self.timeline.start
        self.example = 0
        self.scroll.clear()
        self.show()

    # The screen

    def action_example(self) -> None:
        self._turn_example(1)

    def action_example_back(self) -> None:
        self._turn_example(-1)

    def _turn_example(self, by: int) -> None:
        examples = self.timeline.state(self.position).examples
        self.example = (min(self.example, examples - 1) + by) % examples
        self.show()

    def action_drawing(self) -> None:
        self.drawing = DRAWINGS[(DRAWINGS.index(self.drawing) + 1) % len(DRAWINGS)]
        self.show()

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed
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

    def action_focus_next(self) -> None:
        self.focus_next()

    def action_focus_previous(self) -> None:
        self.focus_previous()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, Widget) and event.widget.id:
            self.chosen = event.widget.id
            self.show()

    def action_cover(self) -> None:
        from backprop_tui.tui.screens.cover import Cover

        self.app.push_screen(Cover())

    def action_leave(self) -> None:
        if self.zoomed:
            self.action_zoom()
        else:
            self.set_focus(None)

    # The program

    def action_open(self) -> None:
        from backprop_tui.tui.screens.opener import Opener

        def opened(experiment: Experiment | None) -> None:
            if experiment is not None:
                self.past.clear()
                self.future.clear()
                self.run_experiment(experiment)

        self.app.push_screen(Opener(self.timeline.experiment.name), opened)

    def action_help(self) -> None:
        from backprop_tui.tui.screens.help import Help

        self.app.push_screen(Help(self.focused.id if self.focused else None))

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_quit(self) -> None:
        self.app.exit(self.resume_command())

    def resume_command(self) -> str:
        """What to type to open this again."""
        return f"backprop-tui {self.timeline.experiment.source}"

    # The mouse

    def on_rail_chosen(self, message: Rail.Chosen) -> None:
        self.go(Position(self.position.iteration, message.steps))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll_window(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll_window(event, -1)

    def _scroll_window(self, event: events.MouseEvent, by: int) -> None:
        """The window onto the shown layer's weights; sideways with shift."""
        layer = self.timeline.state(self.position).layer or 1
        row, column = self.scroll.get(layer, (0, 0))
        n = self.timeline.experiment.network.layers
        if event.shift:
            column = max(0, min(n[layer - 1] - 1, column + by))
        else:
            row = max(0, min(n[layer] - 1, row + by))
        self.scroll[layer] = (row, column)
        self.show()
