"""The stepper's screen: a position in a timeline, and what keys do to it.

Each key makes a new View and hands it to every panel. It knows how to move and to show, and nothing
of how anything is computed or painted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from secrets import randbelow
from typing import ClassVar, cast

from textual import events, work
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.worker import get_current_worker

from backprop_tui.engine.algebra import Cell
from backprop_tui.engine.experiment import Experiment
from backprop_tui.engine.gradient_check import GradientVerdict, check_gradient, gradients
from backprop_tui.engine.provenance import Place, Provenance
from backprop_tui.engine.timeline import Iteration, Position, Timeline
from backprop_tui.tui.actions import ACTIONS
from backprop_tui.tui.inspection import Inspection
from backprop_tui.tui.numbers import MOST_DECIMALS
from backprop_tui.tui.themes import THEMES
from backprop_tui.tui.verdicts import SAMPLE, in_short
from backprop_tui.tui.view import DRAWINGS, View
from backprop_tui.tui.widgets.boards import Board, Cache, Gradients, Update
from backprop_tui.tui.widgets.footer import Footer
from backprop_tui.tui.widgets.heading import Rail, Title
from backprop_tui.tui.widgets.network import Network
from backprop_tui.tui.widgets.panel import Panel
from backprop_tui.tui.widgets.step import StepPanel

PATIENCE = 0.1
"""Seconds that a gradient is shown before it is tested, so that quick keys are not slowed."""


@dataclass(frozen=True)
class Stop:
    """Where tab stops: a panel, and in a board the first cell of a matrix that it shows."""

    panel: str
    cell: Cell | None = None


class Stepper(Screen[None]):
    """Step through one experiment at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(a.keys, a.name, a.short, tooltip=a.does, id=a.name, show=bool(a.footer))
        for a in ACTIONS
    ]

    def __init__(self, experiment: Experiment, decimals: int = 3) -> None:
        super().__init__()
        self.decimals = decimals
        self.drawing = DRAWINGS[0]
        self.past: list[Experiment] = []  # what u goes back to, after R
        self.future: list[Experiment] = []
        self.chosen = "cache"  # the panel that z maximises, shown where there is room for one
        self.zoomed = False
        self._begin(experiment)

    def _begin(self, experiment: Experiment) -> None:
        self.timeline = Timeline(experiment)
        self.provenance = Provenance(self.timeline)
        self.position = self.timeline.start
        self.example = 0
        self.scroll: dict[int, tuple[int, int]] = {}
        self.inspection = Inspection()
        self.scrolled = 0  # lines of a maximised Step panel
        self.verdicts: dict[int, dict[str, GradientVerdict]] = {}  # by iteration and symbol
        self._wanted: Place | None = None  # whose gradient is to be tested next

    def compose(self) -> ComposeResult:
        yield Title(id="title")
        yield Rail(id="rail")
        with Horizontal(id="body"):
            yield Network(id="network")
            with Vertical(id="boards"):
                cache, gradients_ = Cache(id="cache"), Gradients(id="gradients")
                cache.other, gradients_.other = gradients_, cache
                yield cache
                yield gradients_
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
        here = self.verdicts.get(self.position.iteration, {})
        return View(
            state=self.timeline.state(self.position),
            provenance=self.provenance,
            decimals=self.decimals,
            example=self.example,
            drawing=self.drawing,
            scroll=dict(self.scroll),
            inspection=self.inspection,
            verdicts={symbol: in_short(verdict) for symbol, verdict in here.items()},
            chosen=self._chosen,
            scrolled=self.scrolled,
            maximised=self.zoomed,
        )

    @property
    def _chosen(self) -> str:
        """The chosen panel, or the one that stands in its place just now."""
        updating = self.timeline.state(self.position).phase == "update"
        if updating and self.chosen in ("cache", "gradients"):
            return "update"
        return "cache" if self.chosen == "update" and not updating else self.chosen

    def show(self) -> None:
        """Hand the View of now to every panel."""
        view = self.view
        self._arrange(view)
        for panel in self.query(Panel):
            panel.show(view)
        self._nudge_shown(view)

    def _arrange(self, view: View) -> None:
        """Show the panels of this phase; only the chosen one when maximised or in little room."""
        alone = self.zoomed or self.has_class("-tiny")
        boards = {"update"} if view.updating else {"cache", "gradients"}
        shown = {view.chosen} if alone else {"network", *boards}
        for name in ("network", "cache", "gradients", "update"):
            self.query_one(f"#{name}").display = name in shown
        self.query_one("#boards").display = bool(shown & boards)
        self.query_one("#body").display = shown != {"step"}
        self.query_one("#network").set_class(alone, "-alone")
        self.query_one("#step").set_class(shown == {"step"}, "-alone")

    def go(self, position: Position) -> None:
        """Move to a position and show it; what was explained before is left."""
        self.inspection = Inspection(cursor=self.inspection.cursor)
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
        return cast(Callable[[], object], getattr(self, f"action_{name}"))

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
        self._begin(experiment)
        self.show()

    # Why: the cursor, and the trail of numbers walked through

    def action_focus_next(self) -> None:
        self._tab(1)

    def action_focus_previous(self) -> None:
        self._tab(-1)

    def _tab(self, by: int) -> None:
        """The next matrix or panel; while a number is explained, the next of its terms."""
        explained = self.inspection.place
        if explained:
            count = len(self.provenance.reads(explained, taught=True))
            self.look(self.inspection.turned(by, count))
            return
        stops = self._stops()
        at = self._stop_index(stops)
        stop = stops[(at + by) % len(stops)] if at is not None else self._own_stop(stops)
        self.chosen = stop.panel
        self.look(Inspection(cursor=stop.cell))

    def _stops(self) -> list[Stop]:
        view = self.view
        names = ("update",) if view.updating else ("cache", "gradients")
        stops = [Stop("network")]
        for board in (self.query_one(f"#{name}", Board) for name in names):
            for placed in board.placed(view):
                if placed.rows and placed.columns:
                    first = Cell(placed.symbol, placed.rows[0] + 1, placed.columns[0] + 1)
                    if all(stop.cell != first for stop in stops):
                        stops.append(Stop(board.id or "", first))
        return [*stops, Stop("step")]

    def _stop_index(self, stops: list[Stop]) -> int | None:
        """The stop that we are at: by the cursor's matrix, or by the panel."""
        cursor = self.inspection.cursor
        for k, stop in enumerate(stops):
            if cursor and stop.cell and stop.cell.symbol == cursor.symbol:
                return k
            if cursor is None and stop.cell is None and stop.panel == self.chosen:
                return k
        return None

    def _own_stop(self, stops: list[Stop]) -> Stop:
        """The matrix that the step writes, else the first one shown."""
        step = self.timeline.state(self.position).step
        own = (s for s in stops if s.cell and step and s.cell.symbol == step.symbol)
        return next(own, next((s for s in stops if s.cell), stops[0]))

    def action_left(self) -> None:
        self._arrow(0, -1, self.action_back)

    def action_right(self) -> None:
        self._arrow(0, 1, self.action_next)

    def action_up(self) -> None:
        self._arrow(-1, 0, None)

    def action_down(self) -> None:
        self._arrow(1, 0, None)

    def _arrow(self, down: int, across: int, otherwise: Callable[[], None] | None) -> None:
        """Move the cursor over the cells of its matrix; without one, move in time."""
        cursor = self.inspection.cursor
        opened = self.zoomed and self.chosen == "step"
        if down and (opened or cursor is None):
            self._scroll_step(down if opened else 0)
            return
        if cursor is None:
            if otherwise:
                otherwise()
            return
        rows, columns = self.timeline.state(self.position).shapes[cursor.symbol]
        row = max(1, min(rows, cursor.row + down))
        column = max(1, min(columns, cursor.column + across))
        self.look(self.inspection.pointing(Cell(cursor.symbol, row, column)))

    def action_inspect(self) -> None:
        """Explain the cell under the cursor, the chosen term of what is explained, or the step."""
        explained, cursor = self.inspection.place, self.inspection.cursor
        if explained:
            reads = self.provenance.reads(explained, taught=True)
            if not reads:
                self.notify("Here it begins: this number was given. esc goes back.")
                return
            place = reads[self.inspection.term % len(reads)]
        elif cursor:
            place = self.view.place_of(cursor.symbol, cursor.row - 1, cursor.column - 1)
        else:
            own = self.view.place
            if own is None:
                self.notify("Nothing is computed yet: space takes the first step.")
                return
            place = own
        self.look(self.inspection.into(place, self.provenance))

    def look(self, inspection: Inspection) -> None:
        """Look at something else, without moving in time."""
        self.inspection, self.scrolled = inspection, 0
        self.show()

    def on_board_chosen(self, message: Board.Chosen) -> None:
        cell = message.cell
        place = self.view.place_of(cell.symbol, cell.row - 1, cell.column - 1)
        self.look(Inspection().into(place, self.provenance))

    def action_chain(self) -> None:
        from backprop_tui.tui.screens.chain import ChainSheet

        place = self.view.place
        if place is None or place.symbol not in gradients(self.timeline.program):
            self.notify(
                "A chain leads from a gradient to the loss: choose a gradient (tab, enter)."
            )
        elif not self.view.known(place):
            self.notify(f"{place.symbol} is not computed yet.")
        else:
            self.app.push_screen(ChainSheet(self.provenance, place, self.decimals))

    # The nudge test

    def action_check(self) -> None:
        from backprop_tui.tui.screens.check import CheckSheet

        iteration = self.timeline.iteration(self.position.iteration)
        self.app.push_screen(CheckSheet(self.timeline.program, iteration, self.decimals))

    def _nudge_shown(self, view: View) -> None:
        """Test the gradient that is shown, beside the screen, and show what was found."""
        place = view.place
        if place is None or place.symbol not in gradients(self.timeline.program):
            return
        if place.symbol not in self.verdicts.get(place.iteration, {}) and view.known(place):
            self._wanted = place
            self.set_timer(PATIENCE, partial(self._nudge_wanted, place))

    def _nudge_wanted(self, place: Place) -> None:
        """Unless another key has led elsewhere by now."""
        if place == self._wanted and place == self.view.place:
            self._nudge(self.timeline, self.timeline.iteration(place.iteration), place.symbol)

    # With no description, a worker writes out all of its arguments: here whole arrays.
    @work(thread=True, exclusive=True, group="nudge", description="nudge test")
    def _nudge(self, timeline: Timeline, iteration: Iteration, symbol: str) -> None:
        verdict = check_gradient(timeline.program, iteration, symbol, SAMPLE)
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._nudged, timeline, iteration.number, verdict)

    def _nudged(self, timeline: Timeline, iteration: int, verdict: GradientVerdict) -> None:
        if timeline is self.timeline:
            self.verdicts.setdefault(iteration, {})[verdict.symbol] = verdict
            self.query_one(StepPanel).show(self.view)

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
        """Out of what is explained, then of the cursor, then of a maximised panel."""
        if self.inspection != Inspection():
            self.look(self.inspection.out(self.provenance))
        elif self.zoomed:
            self.action_zoom()

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

        self.app.push_screen(Help(self._chosen))

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_quit(self) -> None:
        self.app.exit(self.resume_command())

    def resume_command(self) -> str:
        """What to type to open this again."""
        return f"backprop-tui {self.timeline.experiment.source}"

    # The mouse

    def on_click(self, event: events.Click) -> None:
        """A click on a panel chooses it, for z."""
        if isinstance(event.widget, Network | StepPanel) and event.widget.id:
            self.chosen = event.widget.id
            self.look(Inspection())

    def on_rail_chosen(self, message: Rail.Chosen) -> None:
        self.go(Position(self.position.iteration, message.steps))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll_window(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll_window(event, -1)

    def _scroll_step(self, by: int) -> None:
        """The maximised Step panel, as far as it has lines."""
        lines = len(self.view.explanation.reads) + 20 if self.view.explanation else 0
        self.scrolled = max(0, min(self.scrolled + by, lines))
        self.show()

    def _scroll_window(self, event: events.MouseEvent, by: int) -> None:
        """The window onto the shown layer's weights; sideways with shift."""
        if self.zoomed and self.chosen == "step":
            self._scroll_step(by)
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
