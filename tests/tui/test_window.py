"""What a window gives up where room is short, and gives surplus room to: in one fixed order."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from textual.geometry import Size

from backprop_tui.files.experiment_file import load
from backprop_tui.maths.numbers import cell_width
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.model.rows import beside_each_other, named_columns, rows_of, touched
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.session import Session
from backprop_tui.session.view import View
from backprop_tui.tui import window
from backprop_tui.tui.paint.arrangement import FEW, GAPS, arrange
from backprop_tui.tui.paint.placed import ALL, GIVEN_UP, Arrangement
from backprop_tui.tui.paint.plane import plane_beside
from backprop_tui.tui.panels.boards import Cache
from backprop_tui.tui.window import (
    AROUND,
    BESIDE_PLANE,
    BLACKBOARD,
    DRAWINGS,
    LARGE_DRAWING,
    LEAST,
    LEAST_STEP,
    SHARE,
    TALL,
    Window,
    WindowLayout,
    both_in,
)
from tests.networks import experiment, experiments, in_rows
from tests.programs import ATTENTION, RESIDUAL, TIED, programs, rnn, written
from tests.tui.driver import view_of

WIDTHS, HEIGHTS = st.integers(40, 300), st.integers(12, 100)
FORMULAS = sorted(Path(__file__).parent.parent.glob("formulas/*.toml"))


def dense(layers: tuple[int, ...], examples: int = 1) -> Experiment:
    """A network of that shape."""
    network = Network(layers, ("sigmoid",) * (len(layers) - 1), "half_squared_error")
    X, Y = np.full((layers[0], examples), 0.5), np.full((layers[-1], examples), 0.5)
    return experiment(network, Training(batch=examples), X, Y)


LARGE = [
    dense((64, 16, 10)),
    dense((784, 128, 10)),
    dense((2, *[11] * 11, 1)),
    dense((4, 8, 3), 40),
]
WRITTEN = [ATTENTION, RESIDUAL, TIED, rnn(3), rnn(12), *map(load, FORMULAS), load("xor")]


run_of = cache(Timeline)


@st.composite
def views(draw: DrawFn) -> View:
    """Any dense network, and any program, at any step."""
    known = st.sampled_from(LARGE + WRITTEN).map(run_of)
    run = draw(st.one_of(known, programs().map(Timeline), experiments().map(Timeline)))
    steps = draw(st.integers(0, len(run.program.steps)))
    return view_of(run, Position(1, steps), decimals=draw(st.integers(0, 4)))


@st.composite
def beside(draw: DrawFn, width: int = LEAST.width, height: int = LEAST.height) -> Size:
    """A window in which panels stand beside each other, at least so large."""
    wide = draw(st.integers(width, 300))
    return Size(wide, draw(st.integers(height, max(TALL - 1, min(100, int(SHARE * wide))))))


def in_window(view: View, size: Size) -> tuple[View, WindowLayout, Arrangement]:
    """The view as a window of that size has it, its panels, and what stands on its boards."""
    window = Window(size)
    view = replace(view, roomy=window.roomy, one_panel=window.one_panel)
    layout = window.layout(view)
    return view, layout, arranged(view, *layout.board)


def arranged(view: View, width: int, height: int, both: int = 0) -> Arrangement:
    """What stands on boards of that size, their rules included."""
    return arrange(view, width, height - 1, both - 2 if both else ALL)


def of_needed(view: View, found: Arrangement) -> tuple[int, int, int]:
    """Of what the step writes and reads: how many matrices are shown, how many of their cells, and
    how many columns of their named axes: all of them, or of those that there must be."""
    named, shapes = axes(view), view.state.shapes
    shown = [p for p in found.cache if p.rows and p.symbol in view.needed]
    spans = [(p.rows, p.columns, named.get(p.symbol)) for p in shown]
    cells = sum(
        (1 if side == 0 else len(rows)) * (1 if side == 1 else len(columns))
        for rows, columns, side in spans
    )
    columns = (
        len(span) if len(span) == shapes[p.symbol][side] else min(len(span), FEW)
        for p in shown
        if (side := named.get(p.symbol)) is not None
        for span in [(p.rows, p.columns)[side]]
    )
    return len(shown), cells, sum(columns)


def axes(view: View) -> dict[str, int]:
    """Which side of a matrix has names: examples, tokens."""
    examples = dict.fromkeys(view.program.per_example, view.program.axis)
    return dict.fromkeys(named_columns(view.program), 1) | examples


def degrees(view: View, found: Arrangement) -> tuple[int, ...]:
    """How much of each thing is shown, what is given up last first."""
    there = {p.symbol for p in found.cache if p.rows}
    rows = len(found.shown) if found.given_up < "e" else 0  # then matrices are counted
    under = under_predictions(view) if view.state.examples > 1 else set()
    others = there - view.needed
    return (*of_needed(view, found), len(others - under), rows, len(others & under))


def under_predictions(view: View) -> set[str]:
    """What stands below a batch's predictions: the losses and the targets."""
    return {view.program.loss, *view.program.of_kind("target")}


@given(views(), WIDTHS, HEIGHTS)
def test_things_are_given_up_in_their_order(view: View, width: int, height: int) -> None:
    view, layout, found = in_window(view, Size(width, height))
    nothing_is_given_up_while_what_comes_later_is_not_whole(view, found)
    before_something_is_given_up_all_that_comes_before_it_is(view, layout, found)


def nothing_is_given_up_while_what_comes_later_is_not_whole(view: View, found: Arrangement) -> None:
    """The letter of what is given up last says the truth."""
    rows, named, rule = rows_of(view.program), axes(view), found.given_up
    assert rule in {"", *GIVEN_UP}
    if rule < "b":
        assert found.shown == tuple(range(len(rows)))
    if rule < "e":
        assert set(found.left_out) <= under_predictions(view)
    if rule < "h":  # at e, of what the step does not touch there may be windows
        for placed in found.cache:
            if rule == "e" and placed.symbol not in view.needed:
                continue
            shape = view.state.shapes[placed.symbol]
            for side, span in enumerate((placed.rows, placed.columns)):
                assert (
                    not placed.rows or named.get(placed.symbol) == side or len(span) == shape[side]
                )


def before_something_is_given_up_all_that_comes_before_it_is(
    view: View, layout: WindowLayout, found: Arrangement
) -> None:
    rows, rule = rows_of(view.program), found.given_up
    there = {p.symbol for p in found.cache if p.rows}
    if rule > "b":  # no group that the step does not touch
        assert all(rows[k].shared or rows[k].symbols & view.needed for k in found.shown)
    if rule == "f":  # nothing that the step does not touch
        assert all(
            set(slot) & view.needed
            for k in found.shown
            for slot in rows[k].slots
            if there.intersection(slot)
        )
    if rule >= "h":  # that alone does not fit, however close it stands
        assert not packs(view, layout.board.width, layout.board.height, layout.board.both)


def packs(view: View, width: int, height: int, both: int) -> bool:
    """Whether what the step touches fits one after the other, with three columns of named axes."""
    program, named, cell = view.program, axes(view), cell_width(view.decimals)
    single = program.per_example - beside_each_other(program)
    slots = dict.fromkeys(slot for row in rows_of(program) for slot in row.slots)
    if program.axis == 0 and view.state.examples > 1 and not single:
        width -= len(str(view.state.examples)) + 2  # the examples' numbers
    lines: list[list[tuple[str, int]]] = [[]]
    x = 0
    for slot in slots:
        if view.needed.isdisjoint(slot):
            continue
        wide, block = 0, []
        for symbol in slot[:FEW]:
            shape = list(view.state.shapes[symbol])
            if (side := named.get(symbol)) is not None:
                shape[side] = min(shape[side], 1 if symbol in single else FEW)
            numbered = side == 1 and shape[1] > 1 and len(symbol) < cell - 3
            wide += max(cell * shape[1], len(symbol) + 2)
            block.append((symbol, shape[0]))
        gap = x > 0 and (numbered or len(slot[0]) >= 2 * cell)
        if x and x + gap + wide > width:
            lines, x, gap = [*lines, []], 0, False
        lines[-1] += block
        x += gap + wide
        if x > width:
            return False
    tall = [1 + max(rows for _, rows in line) for line in lines]
    slopes = [any(map(program.gradient_of, (s for s, _ in line))) for line in lines]
    below = sum(n for n, has in zip(tall, slopes, strict=True) if has)
    others = len(touched(rows_of(program), view.needed)) < len(rows_of(program))  # their names
    values = sum(tall) + others
    return values <= height - 1 and (not both or values + below <= both - 2)


@given(views(), beside())
def test_the_drawing_gives_way_only_to_what_comes_after_it(view: View, size: Size) -> None:
    assume(not view.updating)
    view, layout, found = in_window(view, size)
    (wide, narrow), width = DRAWINGS, size.width
    beside = both_in(width - wide, layout.board.both)
    if layout.network < wide - 1:
        assert arranged(view, *beside).given_up > "d"
    if layout.network < narrow:
        assert "network" not in layout.shown
        assert found.given_up < "g" < arranged(view, *both_in(width - narrow, beside.both)).given_up


@given(views(), beside(*window.LARGE))
def test_surplus_room_is_given_in_order(view: View, size: Size) -> None:
    """To the Step panel, to blank lines, to the drawing, to a derivation."""
    assume(not view.updating)
    view, layout, found = in_window(view, size)
    width, height = size
    plane = plane_beside(view, layout.network, layout.board.both) > 0
    full = BESIDE_PLANE if plane else LARGE_DRAWING
    least = width - (BESIDE_PLANE if plane else DRAWINGS[0])
    if layout.step < LEAST_STEP:
        assert arranged(view, *both_in(least, height - AROUND - LEAST_STEP)).given_up > "a"
    if "blackboard" in layout.shown:  # it takes no blank line
        assert found.given_up <= "a"
        without = arranged(view, *both_in(least, layout.board.both))
        assert bool(found.air) == bool(without.air)
        assert layout.network >= full
        assert layout.within <= width - BLACKBOARD
    elif found.given_up <= "a" and layout.step >= LEAST_STEP:
        spare = layout.board.width - found.right
        assert spare < BLACKBOARD + max(0, full - layout.network)
        if spare > GAPS[0] and layout.network < LARGE_DRAWING:  # labels need more than they take
            narrower = both_in(layout.board.width - 1, layout.board.both)
            assert arranged(view, *narrower).given_up > found.given_up


@given(views(), st.integers(8, 100), st.integers(0, 200))
def test_numbers_are_never_pulled_apart(view: View, height: int, wider: int) -> None:
    """A board that has all, and is wider than it needs, stands as it did."""
    natural = arranged(view, 10**4, height)
    assume(not natural.given_up)
    assert arranged(view, natural.right + wider, height) == natural


@given(views(), st.integers(40, 200), st.integers(8, 60), st.integers(0, 100), st.integers(0, 40))
def test_a_larger_board_never_shows_less(
    view: View, width: int, height: int, wider: int, higher: int
) -> None:
    """Less of something only where it shows more of what is given up later."""
    small, large = arranged(view, width, height), arranged(view, width + wider, height + higher)
    before, after = degrees(view, small), degrees(view, large)
    if wider and small.given_up == large.given_up == "e":
        before, after = before[:3], after[:3]  # matrices that flow break lines elsewhere
    assert after >= before


def test_what_the_step_does_not_touch_takes_no_columns_of_what_it_touches() -> None:
    data = {"X": np.full((5, 1), 0.5), "Y": [[0.5]]}
    forward = {"Z": "U·X", "A": "tanh(Z)", "L": "half_squared_error(A, Y)"}
    view = view_of(Timeline(written({"U": (1, 5)}, data, forward)), Position(1, 0), decimals=0)
    found = arranged(view, 44, 8)
    assert {p.symbol: len(p.columns) for p in found.cache} == {"X": 1, "U": 4, "Z": 1}


def test_the_drawing_takes_the_room_that_boards_leave_which_fold_beside_it() -> None:
    run = Timeline(in_rows(dense((1, 1, 1, 3, 4))))
    _, layout, found = in_window(view_of(run, Position(1, 7), decimals=4), Size(211, 54))
    assert (layout.network, found.given_up) == (LARGE_DRAWING, "")


@pytest.mark.parametrize("size", [(40, 12), (80, 24)], ids=str)
@pytest.mark.parametrize("drawn", WRITTEN, ids=lambda drawn: drawn.name)
def test_at_every_step_of_a_program_what_it_touches_is_there(
    drawn: Experiment, size: tuple[int, int]
) -> None:
    run = Timeline(drawn)
    slots = [slot for row in rows_of(run.program) for slot in row.slots]
    for steps in range(len(run.program.steps) + 1):
        view, _, found = in_window(view_of(run, Position(1, steps)), Size(*size))
        there = {p.symbol for p in found.cache if p.rows}
        for symbol in view.needed:
            here = any(symbol in slot and there.intersection(slot) for slot in slots)
            assert here or found.given_up == "i"  # twelve matrices have no room in 40×12


def test_the_losses_of_a_batch_stand_under_a_lone_result() -> None:
    """So that a step that reads their gradient has it on the board."""
    run = Timeline(load(next(path for path in FORMULAS if path.stem == "joint")))
    for step in ("L", "dL", "dO"):
        here = Position(1, run.program.index(step) + 1)
        _, _, found = in_window(view_of(run, here), Size(80, 24))
        assert {"L", "dL"} <= {p.symbol for p in (*found.cache, *found.gradients)}


@pytest.mark.parametrize("example", [*LARGE, *WRITTEN], ids=lambda e: str(e.network.sizes))
def test_a_number_that_no_matrix_of_the_boards_is_read_for_has_some_board(
    example: Experiment,
) -> None:
    """J is computed from losses alone: something stands beside it at any size."""
    session = Session(example)
    first, behind = session.timeline.program.phase_bounds("loss")
    for steps in range(first + 1, behind + 1):
        session.go(Position(1, steps))
        session.key("enter")
        for size in ((40, 12), (80, 24), (120, 40)):
            layout = Window(Size(*size)).layout(session.view)
            assert Cache.arranged(session.view, layout.board).cache
