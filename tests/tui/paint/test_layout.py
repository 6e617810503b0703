"""The boards of any program in any window: what must be there is there, whole and in its place."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from textual import geometry

from backprop_tui.model.rows import rows_of
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.view import View
from backprop_tui.tui.paint.arrangement import arrange
from backprop_tui.tui.paint.placed import ALL, Arrangement, Placed
from backprop_tui.tui.window import Window
from tests.programs import programs, written
from tests.tui.driver import view_of
from tests.tui.paint.test_arrangement import LEAST_WIDTH, views

Size: TypeAlias = tuple[int, int, int]
"""The columns of the boards, the lines of each, and of both."""


@st.composite
def in_windows(draw: DrawFn) -> tuple[View, Size]:
    """Any program at any step, in any window."""
    run = Timeline(draw(programs()))
    steps = draw(st.integers(0, len(run.program.steps)))
    view = view_of(run, Position(1, steps), decimals=draw(st.integers(0, 4)))
    window = Window(geometry.Size(draw(st.integers(40, 300)), draw(st.integers(12, 100))))
    view = replace(view, roomy=window.roomy, one_panel=window.one_panel)
    board = window.layout(view).board
    return view, (board.width, board.height - 1, board.both - 2 if board.both else ALL)


def frames(placed: tuple[Placed, ...]) -> list[tuple[int, int, int, int]]:
    """Left, top, right and bottom of each label, and of the numbers under it."""
    ends = [(p.label, *p.label_end) for p in placed]
    labels = [(x - len(label), y, x, y + 1) for label, x, y in ends]
    return labels + [
        (p.left, p.top, p.right, p.line(len(p.rows) - 1) + 1) for p in placed if p.rows
    ]


@given(in_windows())
def test_the_boards_of_any_program_in_any_window(board: tuple[View, Size]) -> None:
    view, size = board
    found = arrange(view, *size)
    what_the_step_writes_and_reads_is_there(view, found)
    all_is_in_its_place(view, found, size)


@given(views(), st.integers(LEAST_WIDTH, 300), st.integers(3, 100))
def test_the_boards_of_any_network_of_any_size(view: View, width: int, height: int) -> None:
    """Seen in any way."""
    all_is_in_its_place(view, arrange(view, width, height), (width, height, ALL))


def all_is_in_its_place(view: View, found: Arrangement, size: Size) -> None:
    numbers_are_never_cut_and_nothing_overlaps(found, size)
    each_gradient_is_exactly_under_its_value(view, found)
    a_place_leads_back_to_its_cell(found)


def what_the_step_writes_and_reads_is_there(view: View, found: Arrangement) -> None:
    shown = {p.symbol for p in found.cache if p.rows}
    slots = [slot for row in rows_of(view.program) for slot in row.slots]
    for symbol in view.needed:  # of time steps some at least, the lit one among them
        assert any(symbol in slot and shown.intersection(slot) for slot in slots)


def numbers_are_never_cut_and_nothing_overlaps(found: Arrangement, size: Size) -> None:
    for placed in (found.cache, found.gradients):
        places = frames(placed)
        for left, top, right, bottom in places:
            assert 0 <= left <= right <= size[0]
            assert 0 <= top <= bottom <= size[1]
        for a, b in combinations(places, 2):
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def each_gradient_is_exactly_under_its_value(view: View, found: Arrangement) -> None:
    values = {p.symbol: p for p in found.cache if p.rows}
    gradients = {p.symbol: p for p in found.gradients}
    above: list[tuple[int, int]] = []
    for symbol, value in values.items():
        if (name := view.program.gradient_of(symbol)) is not None:
            slope = gradients.pop(name)
            assert (slope.right, slope.cell) == (value.right, value.cell)
            above.append((value.top, slope.top))
            assert (slope.rows, slope.columns) == (value.rows, value.columns)
    assert not gradients
    lines = {top: {slope for value, slope in above if value == top} for top, _ in above}
    assert all(len(tops) == 1 for tops in lines.values())  # beside each other, as the values are
    assert sorted(above) == sorted(above, key=lambda tops: tops[1])
    inputs = {p.top for p in found.cache} - set(lines)
    assert all(value == slope or min(inputs, default=value) < value for value, slope in above)


def a_place_leads_back_to_its_cell(found: Arrangement) -> None:
    for placed in found.cache:
        for y, i in enumerate(placed.rows):
            for x, j in enumerate(placed.columns):
                at = (placed.left + x * placed.cell, placed.line(y))
                assert placed.cell_at(*at) == (i, j)
                assert placed.cell_at(at[0] + placed.cell - 1, at[1]) == (i, j)
        assert placed.cell_at(placed.right, placed.top) is None
        assert placed.cell_at(placed.left, placed.top - 1) is None


def test_the_loss_and_the_target_of_results_under_each_other_have_a_line_each() -> None:
    own = written(
        {"U": (1, 3), "W": (1, 1)},
        {"X1": [[1, 2], [3, 4], [5, 6]], "Y": [[1, 0]]},
        {
            "Z1": "U·X1",
            "A1": "tanh(Z1)",
            "Z2": "W·A1",
            "A2": "tanh(Z2)",
            "F2": "A2 + Z2",
            "L": "half_squared_error(F2, Y)",
        },
    )
    for width in range(24, 60):
        found = arrange(view_of(Timeline(own), Position(1, 0), decimals=0), width, 40)
        places = frames(found.cache)
        assert len({(left, top) for left, top, *_ in places}) == len(places)
