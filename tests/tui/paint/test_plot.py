"""Curves in braille: round ticks, and every loss where the axes say it is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from backprop_tui.run.sweep import Sweep
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.plot import Plot, loss_of_parameter, ticks, whole_curve
from tests.tui.driver import line_of

SIZES = st.tuples(st.integers(1, 120), st.integers(1, 40))
LOSSES = st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=40).map(np.array)


@pytest.mark.parametrize("last", [2, 3, 4, 5, 6, 7, 12, 600])
def test_iterations_have_ticks_at_whole_numbers(last: int) -> None:
    found = ticks(1.0, float(last), 8, least_step=1.0)
    assert len(found) > 1
    assert all(1 <= tick <= last and tick == int(tick) for tick in found)


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(1, 20))
def test_ticks_are_as_far_apart_and_as_many_as_asked(low: float, span: float, most: int) -> None:
    high = low + span
    found = ticks(low, high, most)
    near = 1e-6 * (high - low) + 1e-9 * max(abs(low), abs(high))
    assert len(found) <= most + 1
    assert all(low - near <= tick <= high + near for tick in found)
    steps = np.diff(found)
    assert np.allclose(steps, steps[:1], rtol=1e-6, atol=near)


@pytest.mark.parametrize("shape", [(10, 4), (40, 12)])
def test_a_falling_line_goes_from_corner_to_corner(shape: tuple[int, int]) -> None:
    columns, rows = shape
    canvas = Canvas(columns, rows)
    plot = Plot(canvas, 0, 0, columns, rows, (0.0, 1.0), (0.0, 1.0))
    plot.curve(np.array([0.0, 1.0]), np.array([1.0, 0.0]), "forward")
    assert canvas.dots(0, 0) & 0x01
    assert canvas.dots(columns - 1, rows - 1) & 0x80
    assert (plot.column(0.5), plot.line(0.0)) == (round((columns - 1) / 2), rows - 1)
    dotted = [{x for x in range(columns) if canvas.dots(x, y)} for y in range(rows)]
    assert set.union(*dotted) == set(range(columns))
    assert all(max(above) <= min(below) + 1 for above, below in pairwise(dotted))


@given(LOSSES, SIZES, st.booleans())
def test_any_losses_are_drawn_on_a_canvas_of_any_size(
    losses: np.ndarray, size: tuple[int, int], both: bool
) -> None:
    canvas, at = Canvas(*size), np.arange(1.0, losses.size + 1)
    right = (at, losses[::-1]) if both else None
    whole_curve(canvas, (at, losses), right, float(losses.size), "L", "iteration")
    assert all(len(line_of(canvas, y)) == size[0] for y in range(size[1]))


@pytest.mark.parametrize(
    ("tangent", "slope", "dashed"), [(True, 1.0, True), (False, 1.0, False), (True, None, False)]
)
def test_a_known_gradient_is_drawn_as_the_tangent(
    tangent: bool, slope: float | None, dashed: bool
) -> None:
    at = np.linspace(-1.0, 1.0, 9)
    found = Sweep(at, at**2 / 2, 0.0, 0.0, slope)
    canvas = Canvas(40, 12)
    loss_of_parameter(canvas, Region(0, 0, 40, 12), found, "L", 3, tangent=tangent)
    styles = {style for y in range(12) for _, style in canvas.runs(y)}
    assert ("backward" in styles) == dashed


def test_the_axes_are_named_and_the_place_is_a_line() -> None:
    canvas, losses = Canvas(60, 16), np.linspace(2.0, 0.5, 31)
    whole_curve(canvas, (np.arange(1.0, 32.0), losses), None, 16.0, "log10 L", "iteration")
    said = canvas.text().splitlines()
    assert said[0].strip() == "log10 L"
    assert said[-1].strip() == "iteration"
    assert said[-2].split() == ["10", "20", "30"]
    assert {"2.0", "1.0", "0.5"} < {word for line in said for word in line.split("┤")[0].split()}
    middle = {line[34] for line in said[1:-3]}
    assert "│" in middle


def test_a_long_number_at_the_axis_is_written_whole() -> None:
    """1.11042335, for a loss that hardly changes, was cut to 11042335."""
    canvas, losses = Canvas(60, 16), np.linspace(1.110423, 1.1104234, 31)
    whole_curve(canvas, (np.arange(1.0, 32.0), losses), None, 16.0, "L", "iteration")
    ticked = [line.split("┤")[0] for line in canvas.text().splitlines() if "┤" in line]
    assert len(ticked) > 2
    assert all(1.110422 < float(label) < 1.110424 for label in ticked)
