"""What the stepper's screen holds and how it shows it: a position in a timeline, and the panels.

Each key makes a new View and hands it to every panel. It knows nothing of keys, nor of how anything
is computed or painted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.screen import Screen

from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.explain.published import Beside
from backprop_tui.maths.functions import Array
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.edits import differ_only_in_edits
from backprop_tui.run.keyframes import LOSSES
from backprop_tui.run.timeline import Position, State, Timeline
from backprop_tui.session.inspection import Inspection
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.losses import sparkline, thinned
from backprop_tui.tui.paint.proportions import LEAST_STEP, is_large, proportions
from backprop_tui.tui.panels.boards import Board, Cache, Gradients, Update
from backprop_tui.tui.panels.footer import Footer
from backprop_tui.tui.panels.heading import Rail, Title
from backprop_tui.tui.panels.network import NetworkPanel
from backprop_tui.tui.panels.panel import Panel
from backprop_tui.tui.panels.step import StepPanel

if TYPE_CHECKING:  # imported when something is asked: the start does not wait for it
    from backprop_tui.learn.effect import RightRun
    from backprop_tui.session.question import Asking

REPLAYED_AT_A_TIME = 16
"""Iterations of a saved run that are replayed between two looks at the clock."""
SLICE = 0.01
"""Seconds of replaying between two looks at the keys."""
SIZES = (22, 7)
"""Columns of the drawing and lines of the Step panel on a small screen."""
LEAST = Size(73, 22)
"""From here on a layer of 3×3 stands whole on both boards; below, one panel has all the room."""
LOW = 18
"""Lines below which a question has no board beside it."""
SPARKS = 10
"""Characters of the sparkline in the title."""
POINTS = 400
"""Points of the curve of losses at most."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """So many losses as a sparkline, and on a large screen as points of a curve."""

    count: int = 0
    large: bool = False
    sparkline: str = ""
    points: tuple[Array, Array] = NO_LOSSES


class Base(Screen[None]):
    """One experiment at a time, where it stands, and how its user wants to see it."""

    def __init__(self, experiment: Experiment, decimals: int = 3) -> None:
        super().__init__()
        self.decimals = decimals
        self.drawing = DRAWINGS[0]
        self.past: list[Experiment] = []  # what u goes back to: before an edit, R, a mistake
        self.future: list[Experiment] = []
        self.chosen = "cache"  # the panel that z maximises, shown where there is room for one
        self.zoomed = False
        self.hidden: set[str] = set()  # the panels whose numbers wait until they are asked for
        self.tabbed = False  # whether a panel was chosen by tab or click
        self.message = ""
        self.asking: Asking | None = None  # a question about the step shown
        self.mode = experiment.asks  # when it asks, one of ASKING
        self.tiny = False  # whether there is room for one panel only
        self.roomy = False  # whether the screen is large
        self._fitted: Size | None = None  # the size they were chosen for
        self.speed = 2  # of SPEEDS
        self.begin(experiment)

    def begin(self, experiment: Experiment) -> None:
        self._tell(Timeline(experiment))
        self.position = self.timeline.start
        if experiment.saved is not None:
            self.position = lazy.resume(self.timeline)
        self._behind: int | None = None  # while a saved run is replayed: how far that has come
        if self.position.iteration > 1:
            self._behind = 0
        self.example = 0
        self.scroll: dict[int, tuple[int, int]] = {}
        self.inspection = Inspection()
        self.scrolled = 0  # lines of a maximised Step panel
        self.playing = False
        self.farthest = self.position.iteration  # the last iteration that was shown
        if self.is_mounted:
            self.catch_up()

    def _tell(self, timeline: Timeline) -> None:
        """The run that is shown from now on, and what is known of it alone."""
        self.timeline = timeline
        self.provenance = Provenance(timeline)
        self.beside = Beside(timeline)
        self.right: RightRun | None = None  # the same run without its mistake
        if timeline.experiment.mistake is not None:
            from backprop_tui.learn.effect import RightRun  # only where there is a mistake

            self.right = RightRun(timeline)
        self.before: Timeline | None = None  # the run before an edit, until the next move
        self._drawn = Drawn()  # the losses, for as long as there are no others
        self.verdicts: dict[int, dict[str, str]] = {}  # by iteration and symbol
        self._wanted: Place | None = None  # whose gradient is to be tested next

    def retell(self, experiment: Experiment, to: Position | None = None) -> None:
        """Another run in place of this one: the position stays, or is `to`, and what is looked at.

        Where it is the same run with other edits, what they change is shown until the next move.
        """
        before, here, looked = self.timeline, to or self.position, self.inspection
        self._tell(before.retold(experiment))
        if self._behind is not None:
            self._behind = 0
            self.catch_up()
        if self.timeline.history.is_far(here.iteration):
            self.farthest = max(1, self.timeline.history.reached)
            self.go(self.timeline.end_of(self.farthest))
            self.call_later(self.replay_to, here)
            return
        last = self.timeline.iteration(here.iteration).number
        self.farthest = last
        self.go(here if last == here.iteration else self.timeline.end_of(last))
        if last == here.iteration and differ_only_in_edits(before.experiment, experiment):
            trail = tuple(self._as_it_is(place) for place in looked.trail)
            self.inspection, self.before = replace(looked, trail=trail), before
            self.show()

    async def replay_to(self, position: Position) -> None:
        """Go where another run has to be computed for a while to get there."""
        raise NotImplementedError

    def _as_it_is(self, place: Place) -> Place:
        """A frozen parameter as it is where we stand: an edit may have made it another."""
        program = self.timeline.program
        if not self.provenance.is_parameter(place.symbol) or place.symbol in program.positions:
            return place
        return self.provenance.read_in(self.position.iteration, place.cell)

    def compose(self) -> ComposeResult:
        yield Title(id="title")
        yield Rail(id="rail")
        with Horizontal(id="body"):
            yield NetworkPanel(id="network")
            with Vertical(id="boards"):
                cache, gradients_ = Cache(id="cache"), Gradients(id="gradients")
                cache.other, gradients_.other = gradients_, cache
                yield cache
                yield gradients_
                yield Update(id="update")
        yield StepPanel(id="step")
        yield Footer(id="footer")

    def on_mount(self) -> None:
        self._fit(self.app.size)
        self.show()
        self.catch_up()

    @work(exclusive=True, group="catch up", description="replay")
    async def catch_up(self) -> None:
        """Replay what came before a saved position, between keys: its losses, ways back to it."""
        if self._behind is None:
            return
        since = monotonic()
        for stretch in self.timeline.history.run(1, self.position.iteration, REPLAYED_AT_A_TIME):
            self._behind = stretch.last
            if monotonic() - since > SLICE:
                await asyncio.sleep(SLICE)
                since = monotonic()
        self._behind = None
        self.show()

    @work(exclusive=True, group="right run", description="run without the mistake")
    async def run_right(self, right: RightRun) -> None:
        """Run without the mistake as far as the run with it has come, between keys."""
        since = monotonic()
        for _ in right.run(self.position.iteration):
            if monotonic() - since > SLICE:
                await asyncio.sleep(SLICE)
                since = monotonic()
        self.show()

    def on_resize(self, event: events.Resize) -> None:
        if event.size != self._fitted:
            self._fit(event.size)
            self.show()

    def _fit(self, size: Size) -> None:
        """The breakpoints: one panel at a time, 80×24, and from 110×34 on."""
        self._fitted = size
        width, height = size
        self.tiny = width < LEAST.width or height < LEAST.height
        self.roomy = is_large(width, height)

    # Showing

    @property
    def view(self) -> View:
        position = self._seen()
        here = self.verdicts.get(position.iteration, {})
        return View(
            state=self._state(position),
            asking=self.asking if position == self.position else None,
            looking_back=position != self.position,
            provenance=self.provenance,
            beside=self.beside,
            decimals=self.decimals,
            example=self.example,
            drawing=self.drawing,
            scroll=dict(self.scroll),
            inspection=self.inspection,
            verdicts=here,
            chosen=self._chosen,
            tabbed=self.tabbed,
            scrolled=self.scrolled,
            maximised=self.zoomed,
            roomy=self.roomy,
            one_panel=self.tiny,
            sparkline=(drawn := self._drawn_losses()).sparkline,
            losses=drawn.points,
            message=self.message,
            playing=SPEEDS[self.speed].label if self.playing else "",
            right=self.right,
            hidden=frozenset(self.hidden),
            before=None if self.before is None else self.before.state(position),
        )

    def _state(self, position: Position) -> State:
        """What is known there; with a question open, the step that it is about announced."""
        if self.asking and self.asking.is_open and position == self.position:
            return self.timeline.announced(position)
        return self.timeline.state(position)

    @property
    def is_answering(self) -> bool:
        """Whether its user is in the middle of something that is not to be taken away."""
        return self.asking is not None and self.asking.is_open

    def known_losses(self) -> Array:
        """The loss of every iteration that was shown, from the first one on; of a saved run those
        that were replayed so far."""
        if self._behind is not None:
            return self.timeline.history.losses(1, self._behind + 1)
        reached, here = self.farthest, self.position
        if reached > LOSSES:  # those behind are not kept
            return self.timeline.history.losses(1, LOSSES + 1)
        untold = here.steps <= self.timeline.program.phase_bounds("loss")[1] - 1
        shown = reached - 1 if here.iteration == reached and untold else reached
        return self.timeline.history.losses(1, shown + 1)

    def _drawn_losses(self) -> Drawn:
        losses, drawn = self.known_losses(), self._drawn
        if (losses.size, self.roomy) != (drawn.count, drawn.large):
            points = thinned(losses, POINTS) if self.roomy else NO_LOSSES
            self._drawn = Drawn(losses.size, self.roomy, sparkline(losses, SPARKS), points)
        return self._drawn

    def _seen(self) -> Position:
        """Where the panels stand: back in its iteration while a number of the past is explained."""
        place, steps = self.inspection.place, self.timeline.program.positions
        if place is None or place.iteration == self.position.iteration:
            return self.position
        if self.provenance.read_in(self.position.iteration, place.cell) == place:
            return self.position  # a parameter as it is just now
        return Position(max(1, place.iteration), steps.get(place.symbol, -1) + 1)

    @property
    def _chosen(self) -> str:
        """The chosen panel, or the one that stands in its place just now."""
        phase, place = self._state(self._seen()).phase, self.inspection.place
        updating = phase == "update"
        if updating and self.chosen in ("cache", "gradients"):
            return "update"
        if self.tiny and self.chosen == "cache" and not self.tabbed:  # what is in hand is seen
            backward = place.symbol.startswith("d") if place else phase == "backward"
            return "gradients" if backward else "cache"
        return "cache" if self.chosen == "update" and not updating else self.chosen

    def show(self) -> None:
        """Hand the View of now to every panel."""
        view = self.view
        self._arrange(view)
        for panel in self.query(Panel):
            panel.show(view)
        self.check_shown(view)
        if self.right and self.right.is_behind(self.position.iteration):
            self.run_right(self.right)

    def _arrange(self, view: View) -> None:
        """Show the panels of this phase; only the chosen one when maximised or in little room."""
        alone = self.zoomed or self.tiny
        boards = {"update"} if view.updating else {"cache", "gradients"}
        shown = {view.chosen} if alone else {"network", *boards}
        if self._step_alone(view):
            shown = {"step"}
        for name in ("network", "cache", "gradients", "update"):
            self.query_one(f"#{name}").display = name in shown
        self.query_one("#boards").display = bool(shown & boards)
        self.query_one("#body").display = shown != {"step"}
        network, step = proportions(*self.app.size, view.sizes) if self.roomy else SIZES
        lines = self._step_lines(view, LEAST_STEP if self.roomy and alone else step)
        room = Size(self.size.width, self.size.height - 3 - lines) if alone else None
        for board in self.query(Board):
            board.alone = room
        drawing = self.query_one("#network")
        drawing.styles.width = "1fr" if alone else network
        drawing.styles.padding = (0, 0 if alone else 2 if network > 22 else 1, 0, 0)
        self.query_one("#step").styles.height = "1fr" if shown == {"step"} else lines

    def _step_lines(self, view: View, usual: int) -> int:
        """Lines of the Step panel beside others: what 3×3 matrices leave of a small terminal."""
        height = self.size.height
        if not self.tiny:
            return usual
        told = (view.is_asked or view.asking) and height >= LOW  # an answer's verdict must be read
        left = height - (14 if view.updating else 11)
        return max(7 if told else 3, min(left, max(7, height // 3)))

    def _step_alone(self, view: View) -> bool:
        """Whether a question, or a formula that is asked for, needs all of a small terminal."""
        if not self.tiny or self.tabbed or view.inspection.place:
            return False
        return view.asking is not None if not view.is_asked else self.size.height < LOW

    def follow(self) -> None:
        """The chosen panel is the step's own again, where one has all the room."""
        if self.tiny:
            self.chosen, self.tabbed = "cache", False

    def say(self, message: str) -> None:
        """A word in the footer; it covers nothing, and the next move takes it away."""
        self.message = message
        self.show()

    def go(self, position: Position) -> None:
        """Move to a position and show it; what was explained before is left."""
        # A cursor that was put somewhere stays; one that an explanation brought goes with it.
        explained = self.inspection.place is not None
        self.inspection = Inspection(cursor=None if explained else self.inspection.cursor)
        self.message = ""
        self.before = None
        self.position = position
        self.farthest = max(self.farthest, position.iteration)
        if self.inspection.cursor and self._step_is_out_of_sight():
            self.inspection = Inspection()
        self.show()

    def _step_is_out_of_sight(self) -> bool:
        """Whether the cursor keeps the panels at a layer that is not the step's."""
        view = self.view
        elsewhere = view.layer != view.layer_of_step
        return elsewhere and not self.query_one(Cache).arrangement(view).whole

    def look(self, inspection: Inspection) -> None:
        """Look at something else, without moving in time."""
        self.inspection, self.scrolled, self.message = inspection, 0, ""
        self.show()

    def check_shown(self, view: View) -> None:
        """Test the gradient that is shown."""
