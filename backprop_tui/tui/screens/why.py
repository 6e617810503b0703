"""Why a number is what it is: the cursor over cells, the trail walked, the chain, the check.

It turns keys and clicks into an Inspection; what is found is the engine's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from textual import work
from textual.worker import get_current_worker

from backprop_tui.explain.provenance import Place
from backprop_tui.maths.expressions import Cell
from backprop_tui.run.timeline import Iteration, Timeline
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.view import View
from backprop_tui.tui.panels.boards import Board
from backprop_tui.tui.panels.step import StepPanel
from backprop_tui.tui.screens.base import Base

PATIENCE = 0.1
"""Seconds that a gradient is shown before it is tested, so that quick keys are not slowed."""


@dataclass(frozen=True)
class Stop:
    """Where tab stops: a panel, and in a board the first cell of a matrix that it shows."""

    panel: str
    cell: Cell | None = None


class Why(Base):
    """The keys that ask why."""

    def action_back(self) -> None:
        """What ← does without a cursor."""
        raise NotImplementedError

    def action_next(self) -> None:
        """What → does without a cursor."""
        raise NotImplementedError

    def action_focus_next(self) -> None:
        self._tab(1)

    def action_focus_previous(self) -> None:
        self._tab(-1)

    def _tab(self, by: int) -> None:
        """The next matrix or panel; while a number is explained, the next of its terms."""
        explained = self.inspection.place
        if explained:
            count = len(self.provenance.terms(explained))
            self.look(self.inspection.turned(by, count))
            return
        stops = self._stops()
        at = self._stop_index(stops)
        stop = stops[(at + by) % len(stops)] if at is not None else self._own_stop(stops)
        self.chosen, self.tabbed = stop.panel, True
        self.look(Inspection(cursor=stop.cell))

    def _stops(self) -> list[Stop]:
        view = self.view
        names = ("update",) if view.updating else ("cache", "gradients")
        stops = [Stop("network")]
        for board in (self.query_one(f"#{name}", Board) for name in names):
            stops += [Stop(board.id or "", cell) for cell in board.stops(view)]
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
        step = self.view.step
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
            self.scroll_step(down if opened else 0)
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
            reads = self.provenance.terms(explained)
            if not reads:
                self.say("Here it begins: this number was given. esc goes back.")
                return
            place = reads[self.inspection.term % len(reads)]
        elif cursor:
            place = self.view.place_of(cursor.symbol, cursor.row - 1, cursor.column - 1)
        else:
            own = self.view.place
            if own is None:
                self.say("Nothing is computed yet: space takes the first step.")
                return
            place = own
        self.look(self.inspection.into(place, self.provenance))

    def on_board_chosen(self, message: Board.Chosen) -> None:
        cell = message.cell
        place = self.view.place_of(cell.symbol, cell.row - 1, cell.column - 1)
        self.look(Inspection().into(place, self.provenance))

    def action_chain(self) -> None:
        from backprop_tui.tui.screens.chain import ChainSheet

        place = self.view.place
        if place is None or place.symbol not in self.timeline.program.gradients:
            self.say("A chain leads from a gradient to the loss: choose a gradient (tab, enter).")
        elif not self.view.known(place):
            self.say(f"{place.symbol} is not computed yet.")
        else:
            self.app.push_screen(ChainSheet(self.provenance, place, self.decimals))

    # The gradient check

    def action_check(self) -> None:
        from backprop_tui.tui.screens.check import CheckSheet

        if self.position.steps <= self.timeline.program.phase_bounds("backward")[0]:
            self.say("No gradient is computed yet in this iteration: go on to the backward phase.")
            return
        iteration = self.timeline.iteration(self.position.iteration)
        self.app.push_screen(
            CheckSheet(self.timeline.program, iteration, self.decimals, self.position.steps)
        )

    def check_shown(self, view: View) -> None:
        """Test the gradient that is shown, beside the screen, and show what was found."""
        place = view.place
        if place is None or place.symbol not in self.timeline.program.gradients:
            return
        if place.symbol not in self.verdicts.get(place.iteration, {}) and view.known(place):
            self._wanted = place
            self.set_timer(PATIENCE, partial(self._check_wanted, place))

    def _check_wanted(self, place: Place) -> None:
        """Unless another key has led elsewhere by now."""
        if place == self._wanted and place == self.view.place:
            self._check(self.timeline, self.timeline.iteration(place.iteration), place.symbol)

    # With no description, a worker writes out all of its arguments: here whole arrays.
    @work(thread=True, exclusive=True, group="gradient check", description="gradient check")
    def _check(self, timeline: Timeline, iteration: Iteration, symbol: str) -> None:
        # Imported when a gradient is first tested: the start does not wait for it.
        from backprop_tui.session.checks import check_sample, in_short

        cancelled = get_current_worker().cancelled_event.is_set
        found = check_sample(timeline.program, iteration, symbol, cancelled)
        if found is not None:
            verdict = in_short(found)
            self.app.call_from_thread(self._checked, timeline, iteration.number, symbol, verdict)

    def _checked(self, timeline: Timeline, iteration: int, symbol: str, verdict: str) -> None:
        if timeline is self.timeline and self.is_attached:
            self.verdicts.setdefault(iteration, {})[symbol] = verdict
            for panel in self.query(StepPanel):  # none once the screen is being taken down
                panel.show(self.view)

    def scroll_step(self, by: int) -> None:
        """The maximised Step panel, as far as it has lines."""
        lines = len(self.view.explanation.reads) + 20 if self.view.explanation else 0
        self.scrolled = max(0, min(self.scrolled + by, lines))
        self.show()
