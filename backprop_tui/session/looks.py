"""How a run is seen: taken over from a file or a code, and told so that it can be seen so again."""

from __future__ import annotations

from dataclasses import replace

from backprop_tui.explain.provenance import Place
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Look
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.state import SessionState, Snapshot


def take_over(s: SessionState, experiment: Experiment) -> None:
    """See an experiment that was just begun as it was seen when it was saved."""
    take(s, experiment.look)
    s.kept_edits, s.kept_formulas = experiment.edits, experiment.formulas
    s.opened_at = snapshot(s)


def take(s: SessionState, look: Look) -> None:
    """See the run as `look` says, as far as there is still what was looked at."""
    if look == Look():  # nothing special: what its user has chosen stays
        return
    s.mode = look.ask or s.mode
    s.theme = look.theme or s.theme
    state = s.timeline.state(s.position)
    s.example = min(look.example, state.examples) - 1
    s.drawing, s.chosen = look.drawing, look.panel
    s.hidden = set(look.hidden)
    s.tabbed, s.zoomed, s.scrolled = look.marked, look.maximised, look.line
    layers = s.timeline.program.groups
    s.scroll = {k: (row - 1, column - 1) for k, row, column in look.scroll if k in layers}
    there = look.cursor and _is_there(s, s.position.iteration, look.cursor)
    s.inspection = Inspection(cursor=look.cursor if there else None)
    trail = tuple(Place(k, cell) for k, cell in look.trail)
    if trail and all(_is_there(s, p.iteration, p.cell) and s.view.known(p) for p in trail):
        s.inspection = Inspection(look.cursor or trail[-1].cell, trail, look.term)


def _is_there(s: SessionState, iteration: int, cell: Cell) -> bool:
    """Whether that iteration has such a cell, and no long replay stands before it."""
    saved = s.timeline.experiment.saved
    begun = saved.keyframe.iteration if saved and saved.keyframe else 1
    if 0 < iteration < begun:
        return False
    batch = s.timeline.experiment.examples_of(max(1, iteration))
    rows, columns = s.timeline.program.shapes(len(batch)).get(cell.symbol) or (0, 0)
    return cell.row <= rows and cell.column <= columns


def look_now(s: SessionState) -> Look:
    """How the run is seen just now, so that it can be seen so again."""
    seen = s.inspection
    return Look(
        example=s.example + 1,
        drawing=s.drawing,
        theme=None if s.theme == s.usual_theme else s.theme,
        panel=s.chosen,
        marked=s.tabbed,
        maximised=s.zoomed,
        hidden=tuple(sorted(s.hidden)),
        cursor=seen.cursor,
        trail=tuple((place.iteration, place.cell) for place in seen.trail),
        term=seen.term,
        scroll=tuple((k, row + 1, column + 1) for k, (row, column) in s.scroll.items()),
        line=s.scrolled,
        ask=None if s.mode == s.usual_mode(s.timeline.experiment) else s.mode,
    )


def seen(s: SessionState) -> Experiment:
    """The experiment as its reader sees it."""
    return replace(s.timeline.experiment, look=look_now(s), own_decimals=s.decimals)


def snapshot(s: SessionState) -> Snapshot:
    """The experiment, the position, how it is seen, and its decimals."""
    return s.timeline.experiment, s.position, look_now(s), s.decimals
