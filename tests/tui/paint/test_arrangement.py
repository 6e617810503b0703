"""Where matrices stand: gradients under their values, nothing outside or overlapping, still widths.

Panels are painted on canvases of any size, at any step of any network, without an app.
"""

from __future__ import annotations

import math
import re
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import names
from backprop_tui.maths.numbers import cell_width, times_power
from backprop_tui.model.experiment import Data, read_only
from backprop_tui.model.network import Network, Training
from backprop_tui.model.saved import DRAWINGS
from backprop_tui.run.history import History
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.view import View
from backprop_tui.tui.paint.arrangement import arrange
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.cells import paint_cell, paint_matrix
from backprop_tui.tui.paint.placed import Placed, Room
from backprop_tui.tui.paint.update import arrange_update
from backprop_tui.tui.panels.boards import Cache, Gradients
from backprop_tui.tui.panels.footer import Footer
from backprop_tui.tui.panels.heading import Rail, Title
from backprop_tui.tui.panels.network import NetworkPanel
from backprop_tui.tui.panels.panel import Panel
from backprop_tui.tui.panels.step import StepPanel
from backprop_tui.tui.panels.update import Update
from tests.networks import experiment, experiments, in_rows
from tests.programs import written
from tests.tui.driver import cell_of, line_of, painted, sized, view_of

SHAPES = [
    (1, 1),
    (3, 1),
    (3, 3, 1),
    (4, 3, 4, 3),
    (2, *[11] * 7, 1),
    (1, 40, 1),
    (60, 2, 30),
    (784, 128, 10),
]
PANELS: tuple[type[Panel], ...] = (
    *(Title, Rail, NetworkPanel, Cache, Gradients, Update, StepPanel, Footer),
)
WIDTHS, HEIGHTS = st.integers(1, 300), st.integers(1, 100)
LEAST_WIDTH = 44
"""Columns in which a card of one weight stands whole at three decimals."""


@cache
def timeline(layers: tuple[int, ...], examples: int = 1, scale: float = 1.0) -> Timeline:
    """A run of a network of that shape, its numbers drawn and scaled."""
    random = np.random.default_rng(len(layers) + examples)
    network = Network(layers, ("sigmoid",) * (len(layers) - 1), "half_squared_error")
    X = random.normal(0, scale, (layers[0], examples))
    Y = random.uniform(0, 1, (layers[-1], examples))
    run = experiment(network, Training(batch=examples), X, Y)
    program = None if scale == 1.0 else timeline(layers, examples, 1.0).program
    return Timeline(run, History(run, program))


@st.composite
def views(draw: DrawFn, decimals: int = 12, batches: bool = True) -> View:
    """Any network at any step, seen in any way."""
    shape = draw(st.sampled_from([*SHAPES, None]))
    if shape is None:
        run = Timeline(draw(experiments()))
    else:
        run = timeline(shape, draw(st.integers(1, 3 if batches and max(shape) < 100 else 1)))
    steps = draw(st.integers(0, len(run.program.steps)))
    iteration = draw(st.integers(1, 3 if shape is None else 2))
    last = run.iteration(iteration).number  # a diverged run ends earlier
    position = Position(last, steps)
    if steps < len(run.program.steps) and draw(st.booleans()):
        size = run.iteration(last).results[steps].size
        position = Position(last, steps, draw(st.integers(0, size - 1)))
    layers = run.experiment.dense.layers
    scrolled = st.tuples(st.integers(0, max(layers)), st.integers(0, max(layers)))
    return view_of(
        run,
        position,
        decimals=draw(st.integers(0, decimals)),
        example=draw(st.integers(0, 3)),
        drawing=draw(st.sampled_from(DRAWINGS)),
        maximised=draw(st.booleans()),
        roomy=draw(st.booleans()),
        scroll={layer: draw(scrolled) for layer in draw(st.sets(st.integers(1, len(layers) - 1)))},
    )


def size_of(value: float) -> float:
    """The power of ten that its first digit stands for."""
    return 10.0 ** math.floor(math.log10(abs(value))) if abs(value) >= 1 else 0.0


def is_whole(view: View, placed: Placed) -> bool:
    return (len(placed.rows), len(placed.columns)) == view.state.shapes[placed.symbol]


@given(views(), WIDTHS, HEIGHTS)
def test_no_panel_ever_fails(view: View, width: int, height: int) -> None:
    for panel in PANELS:
        canvas = painted(panel(), view, width, height)
        assert all(len(line_of(canvas, y)) == width for y in range(height))


def test_an_operand_wider_than_the_results_below_it_is_whole() -> None:
    network = Network((4, 1, 1, 1), ("sigmoid",) * 3, "half_squared_error", bias=False)
    column = experiment(network, Training(), [[1.0], [2.0], [3.0], [4.0]], [[1.0]])
    run = Timeline(in_rows(column))
    arrangement = arrange(view_of(run, Position(1, 0), decimals=0), 44, 8)
    assert min(placed.left for placed in arrangement.cache) == 0


@given(views(decimals=3), st.integers(60, 300), st.integers(4, 100))
def test_windows_say_what_they_show(view: View, width: int, height: int) -> None:
    arrangement = arrange(view, width, height)
    said = painted(Cache(), view, width, height + 1).text()
    shown = [p for p in arrangement.cache if p.rows]
    if all(is_whole(view, p) for p in shown):
        assert not re.search(r"(row|col)s? \d+(–\d+)?/", said)
        return
    weights = next((p for p in shown if p.symbol.startswith("W")), None)
    if weights is None:
        assert re.search(r"(row|col)s? \d+(–\d+)?/", said)
        return
    neurons, reads = view.program.shapes(1)[weights.symbol]
    for what, span, of in (("row", weights.rows, neurons), ("col", weights.columns, reads)):
        if len(span) == 1 < of:
            assert f"{what} {span[0] + 1}/{of}" in said
        elif len(span) < of:
            assert f"{what}s {span[0] + 1}–{span[-1] + 1}/{of}" in said


@given(views(decimals=3), st.integers(60, 300), st.integers(4, 100))
def test_every_number_shown_is_the_right_one(view: View, width: int, height: int) -> None:
    """Read back off the sheet, each cell says its own number, or that there is none yet."""
    arrangement = arrange(view, width, height)
    canvas = painted(Cache(), view, width, height + 1)
    for placed in arrangement.cache:
        value, known = view.value(placed.symbol), view.state.revealed(placed.symbol)
        for y, i in enumerate(placed.rows, 1):
            for x, j in enumerate(placed.columns, 1):
                told = cell_of(canvas, placed, y, x)
                if value is None or (known is not None and i * value.shape[1] + j >= known):
                    assert told == "·"
                elif not np.isfinite(value[i, j]):
                    assert told in ("NaN", "∞", "−∞")
                else:
                    apart = abs(float(told.replace("−", "-")) - value[i, j])
                    # Where the digits do not fit, a power of ten or fewer decimals.
                    assert apart <= max(0.51 * 10.0**-view.decimals, 0.51 * size_of(value[i, j]))


def test_a_maximised_board_has_lines_apart() -> None:
    plain = view_of(timeline((3, 3, 1)), Position(1, 9))
    roomy = view_of(timeline((3, 3, 1)), Position(1, 9), maximised=True)
    close, apart = arrange(plain, 118, 13), arrange(roomy, 118, 13)
    assert {p.apart for p in close.cache} == {1}
    assert {p.apart for p in apart.cache} == {2}
    between = apart.cache[0]
    assert between.cell_at(between.left, between.top + 1) is None
    assert {p.apart for p in arrange(roomy, 80, 7).cache} == {1}  # no room
    closed, opened = arrange_update(plain, 200, 50), arrange_update(roomy, 200, 50)
    assert opened.cache[0].apart == 2
    assert closed.cache[0].apart == 1


@given(views(), WIDTHS, HEIGHTS)
def test_a_covered_panel_shows_no_number(view: View, width: int, height: int) -> None:
    for kind in (Cache, Gradients, Update):
        panel = kind(id="covered")
        canvas = painted(panel, view, width, height)
        with sized(panel, width, height):
            panel.hide(canvas, view)
            places = panel.placed(view)
        for placed in places:
            for k in range(min(len(placed.rows), height - 1 - placed.top)):
                told = line_of(canvas, placed.line(k) + 1) if placed.line(k) + 1 < height else ""
                for begin in range(max(0, placed.left), placed.right, placed.cell):
                    assert set(told[begin : begin + placed.cell]) <= set("▒·▸• []?")


@pytest.mark.parametrize("roomy", [False, True], ids=["small", "roomy"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_places_hold_still(shape: tuple[int, ...], roomy: bool) -> None:
    """A step stands in one way, whatever its numbers; a network shown whole, at every step."""
    views: dict[int, list[View]] = {}
    for scale in (1.0, 1e-6, 1e9):
        run = timeline(shape, 1, scale)
        for steps in range(len(run.program.steps) + 1):
            views.setdefault(steps, []).append(view_of(run, Position(1, steps), roomy=roomy))
    sizes = ((57, 7), (130, 20)) if roomy else ((83, 11), (40, 5))
    every = [[{arrange(one, *size) for one in alike} for size in sizes] for alike in views.values()]
    for found in zip(*every, strict=True):  # of one size
        assert all(len(ways) == 1 for ways in found)
        if any(len(way.shown) == len(shape) - 1 > 1 for ways in found for way in ways):
            assert len(set.union(*found)) == 1


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(3, 12),
    st.sampled_from(["", "target", "read"]),
)
def test_a_number_stays_in_its_cell(value: float, decimals: int, mark: str) -> None:
    """Whatever it is, its mark included. (−1e300 is too long for cells of fewer decimals.)"""
    cell = cell_width(decimals)
    canvas = Canvas(3 * cell, 1)
    view = view_of(timeline((1, 1)), Position(), decimals=decimals)
    paint_cell(canvas, 2 * cell, 0, value, view, cell, mark)
    written = line_of(canvas, 0)
    assert written[:cell].strip() == ""
    assert written[2 * cell :].strip() == ""
    assert written[cell : 2 * cell].strip()
    assert ("▸" in written) == (mark == "target")
    assert ("•" in written) == (mark == "read")


def test_what_is_not_computed_yet_is_a_dot_in_its_place() -> None:
    run = timeline((3, 3, 1))
    view = view_of(run, Position(1, 0))
    arrangement = arrange(view, 58, 10)
    canvas = Canvas(58, 12)
    for placed in arrangement.cache:
        paint_matrix(canvas, view, placed)
    dots = {p.symbol: cell_of(canvas, p, 1, 1) for p in arrangement.cache if p.rows}
    assert {symbol for symbol, told in dots.items() if told == "·"} == {"Z1", "A1", "Z2", "A2"}


def test_after_the_update_what_is_stale_is_dimmed() -> None:
    run = timeline((3, 3, 1))
    before = painted(Cache(), view_of(run, Position(1, 13)), 80, 12)
    after = painted(Cache(), view_of(run, Position(1, 17)), 80, 12)

    def stale(canvas: Canvas) -> bool:
        return any("stale" in look for y in range(12) for _, look in canvas.runs(y))

    assert not stale(before)
    assert stale(after)


def test_very_small_gradients_carry_a_common_power() -> None:
    run = timeline((2, *[11] * 7, 1))
    steps = run.program.index("dW1") + 1
    assert "× 10⁻" in painted(Gradients(), view_of(run, Position(1, steps)), 60, 12).text()
    small = timeline((3, 3, 1))
    shown = painted(Gradients(), view_of(small, Position(1, 13)), 80, 12).text()
    assert "× 10" not in shown


def test_on_a_large_screen_each_layer_carries_its_own_power() -> None:
    """Gradients of early layers are told, and not as zeros, beside those of late ones."""
    run = timeline((2, *[2] * 11, 1))
    view = view_of(run, Position(1, run.program.index("db1") + 1), roomy=True)
    panel = Gradients()
    canvas = painted(panel, view, 150, 40)
    gradients = arrange(view, 150, 39).gradients
    assert {p.symbol for p in gradients} >= {f"dW{layer}" for layer in range(1, 13)}
    powers = {p.symbol: panel.power_of(view, Room(150, 40), p.symbol) for p in gradients}
    assert len(set(powers.values())) > 1
    assert "×" not in line_of(canvas, 0)
    for placed in gradients:
        power, value = powers[placed.symbol], view.value(placed.symbol)
        assert value is not None
        label = line_of(canvas, placed.top)
        assert times_power(power) in label
        assert ("×" in label) == (power != 0)
        told = float(cell_of(canvas, placed, 1, 1).replace("−", "-"))
        assert told == pytest.approx(float(value[0, 0]) / 10.0**power, abs=0.51e-3)


def test_a_covered_panel_tells_no_power() -> None:
    run = timeline((2, *[2] * 11, 1))
    done = Position(1, run.program.index("db1") + 1)
    view = view_of(run, done, roomy=True, hidden=frozenset({"gradients"}))
    assert "×" not in painted(Gradients(id="gradients"), view, 150, 40).text()


def test_the_window_follows_the_scroll() -> None:
    run = timeline((784, 128, 10))
    view = view_of(run, Position(1, 1), scroll={1: (100, 700)})
    weights = next(p for p in arrange(view, 80, 12).cache if p.symbol == "W1")
    assert (weights.rows[0], weights.columns[0]) == (100, 700)
    far = view_of(run, Position(1, 1), scroll={1: (10_000, 10_000)})
    weights = next(p for p in arrange(far, 80, 12).cache if p.symbol == "W1")
    assert (weights.rows[-1], weights.columns[-1]) == (127, 783)


@pytest.mark.parametrize("layers", SHAPES, ids=str)
def test_an_opened_step_shows_the_cell_that_it_has_come_to(layers: tuple[int, ...]) -> None:
    """Its windows follow, in a matrix of any size."""
    run = timeline(layers)
    for steps, step in enumerate(run.program.steps):
        size = run.state(Position(1, steps)).result(step.symbol).size
        for elements in {1, size // 2, size - 1} - {0, size}:
            view = view_of(run, Position(1, steps, elements))
            assert view.cell is not None
            row, column = view.cell.row - 1, view.cell.column - 1
            a = (arrange_update if view.updating else arrange)(view, 58, 10)
            shown = [p for p in (*a.cache, *a.gradients) if p.rows and p.symbol == step.symbol]
            assert shown
            assert all(row in p.rows and column in p.columns for p in shown)


@pytest.mark.parametrize("layers", SHAPES, ids=str)
def test_the_card_of_a_step_holds_all_that_it_reads(layers: tuple[int, ...]) -> None:
    """dA1 = W2ᵀ · dZ2 is layer 1's own, and yet only layer 2's card has W2 and dZ2."""
    run = timeline(layers)
    for steps, step in enumerate(run.program.steps, 1):
        view = view_of(run, Position(1, steps))
        if step.phase in ("forward", "backward"):
            a = arrange(view, 80, 10)
            shown = {p.symbol for p in (*a.cache, *a.gradients)}
            matrices = {step.symbol, *names(step.expression)} & set(run.program.shapes(1))
            assert matrices <= shown


@pytest.mark.parametrize("size", [(80, 12), (136, 20), (230, 40)], ids=str)
@pytest.mark.parametrize("layers", SHAPES, ids=str)
def test_so_does_that_of_a_large_screen(layers: tuple[int, ...], size: tuple[int, int]) -> None:
    run = timeline(layers)
    for steps, step in enumerate(run.program.steps, 1):
        view = view_of(run, Position(1, steps), roomy=True)
        if step.phase in ("forward", "backward"):
            a = arrange(view, *size)
            shown = {p.symbol for p in (*a.cache, *a.gradients)}
            assert {step.symbol, *names(step.expression)} & set(run.program.shapes(1)) <= shown


def test_a_large_matrix_beside_what_the_step_touches_is_a_window_and_not_left_out() -> None:
    run = timeline((784, 128, 10))
    view = view_of(run, Position(1, run.program.index("dZ2") + 1), roomy=True)
    board = {placed.symbol: placed for placed in arrange(view, 136, 20).cache}
    assert {"A1", "W2", "b2", "Z2", "A2", "Y"} <= board.keys()
    assert is_whole(view, board["Z2"])
    assert 1 < len(board["W2"].columns) < 128


def test_the_examples_of_a_batch_stand_beside_each_other_with_targets_under_predictions() -> None:
    run = Timeline(load("batch"))
    for example, width in ((0, 60), (2, 60), (2, 120)):
        view = view_of(run, Position(1, 8), example=example)
        placed = {p.symbol: p for p in arrange(view, width, 14).cache}
        assert all(placed[s].columns == range(4) for s in ("Z2", "A2", "Y", "L") if s in placed)
        assert placed["A2"].label.count("‹") == 1
        assert f"‹{example + 1}›" in placed["A2"].label
        for below, above in (("Y", "A2"), ("L", "Z2")):
            assert (placed[below].right, placed[below].cell) == (
                placed[above].right,
                placed[above].cell,
            )
            assert placed[below].top > placed[above].top


@pytest.mark.parametrize("example", [0, 17, 39])
def test_of_many_examples_a_window_is_shown_with_the_lit_one_in_it(example: int) -> None:
    run = timeline((3, 3, 1), examples=40)
    for steps in range(1, run.program.phase_bounds("backward")[1] + 1):
        view = view_of(run, Position(1, steps), example=example)
        arrangement = arrange(view, 80, 14)
        own = (p for p in arrangement.cache if p.symbol in run.program.per_example and p.rows)
        shown = {tuple(p.columns) for p in own}
        (columns,) = shown
        assert example in columns
        assert len(columns) >= 3
        said = f"‹examples {columns[0] + 1} to {columns[-1] + 1} of 40›"
        assert said in painted(Cache(), view, 80, 15).text()


def test_the_data_of_a_run_is_untouched_by_painting() -> None:
    run = Timeline(load("article"))
    data: Data = run.experiment.data
    before = read_only(data.X)
    for panel in PANELS:
        painted(panel(), view_of(run, Position(1, 8)), 80, 12)
    assert np.array_equal(before, data.X)


@pytest.mark.parametrize("width", range(30, 90, 6))
def test_labels_of_what_stands_above_have_room_for_each_other(width: int) -> None:
    experiment = written(
        {"U": (1, 1), "V": (1, 2), "W": (2, 1)},
        {"X": [[1.0]], "Y": [[1.0]]},
        {
            "Z1": "tanh(W·X)",
            "A2": "V·Z1",
            "H3": "A2 / (1 + (U·X)²) + V·Z1",
            "L": "half_squared_error(H3, Y)",
        },
    )
    placed = arrange(view_of(Timeline(experiment), Position(1, 4)), width, 20).cache
    for one, other in combinations(placed, 2):
        if one.label_end[1] == other.label_end[1]:
            left, right = sorted((one, other), key=lambda p: p.label_end[0])
            assert left.label_end[0] < right.label_end[0] - len(right.label)
