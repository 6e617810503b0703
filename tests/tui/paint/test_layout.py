"""The boards of any program in any window: what must be there is there, whole and in its place."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from textual.geometry import Size

from backprop_tui.model.rows import rows_of
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.view import View
from backprop_tui.tui.paint.arrangement import arrange
from backprop_tui.tui.paint.placed import Placed
from backprop_tui.tui.window import Window
from tests.programs import programs, written
from tests.tui.driver import view_of

WIDTHS, HEIGHTS = st.integers(40, 300), st.integers(12, 100)


@st.composite
def views(draw: DrawFn) -> View:
    """Any program at any step."""
    run = Timeline(draw(programs()))
    steps = draw(st.integers(0, len(run.program.steps)))
    return view_of(run, Position(1, steps), decimals=draw(st.integers(0, 4)))


def shown_in(view: View, width: int, height: int) -> tuple[tuple[int, int, int], View]:
    """The columns of its boards in a window and the lines of each and of both, and the view as that
    window has it."""
    window = Window(Size(width, height))
    view = replace(view, roomy=window.roomy, one_panel=window.one_panel)
    board = window.layout(view).board
    return (board.width, board.height - 1, board.both - 2 if board.both else 200), view


def frames(placed: tuple[Placed, ...]) -> list[tuple[int, int, int, int]]:
    """Left, top, right and bottom of each label, and of the numbers under it."""
    ends = [(p.label, *p.label_end) for p in placed]
    labels = [(x - len(label), y, x, y + 1) for label, x, y in ends]
    return labels + [
        (p.left, p.top, p.right, p.line(len(p.rows) - 1) + 1) for p in placed if p.rows
    ]


@settings(max_examples=100)
@given(views(), WIDTHS, HEIGHTS)
def test_what_the_step_writes_and_reads_is_always_there(
    view: View, width: int, height: int
) -> None:
    board, view = shown_in(view, width, height)
    shown = {p.symbol for p in arrange(view, *board).cache if p.rows}
    slots = [slot for row in rows_of(view.program) for slot in row.slots]
    for symbol in view.needed:  # of time steps some at least, the lit one among them
        assert any(symbol in slot and shown.intersection(slot) for slot in slots)


@settings(max_examples=100)
@given(views(), WIDTHS, HEIGHTS)
def test_numbers_are_never_cut_and_nothing_overlaps(view: View, width: int, height: int) -> None:
    board, view = shown_in(view, width, height)
    found = arrange(view, *board)
    for placed in (found.cache, found.gradients):
        places = frames(placed)
        for left, top, right, bottom in places:
            assert 0 <= left <= right <= board[0]
            assert 0 <= top <= bottom <= board[1]
        for a, b in combinations(places, 2):
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


@settings(max_examples=100)
@given(views(), WIDTHS, HEIGHTS)
def test_each_gradient_is_exactly_under_its_value(view: View, width: int, height: int) -> None:
    board, view = shown_in(view, width, height)
    found = arrange(view, *board)
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
    assert inputs or all(value == slope for value, slope in above)


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
