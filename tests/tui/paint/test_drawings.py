"""The network drawn: what its lines, styles and bars say is what the numbers say."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.files.experiment_file import load
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.view import DRAWINGS, View
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.drawings import bars, draw, graph
from backprop_tui.tui.paint.neurons import neurons as nodes
from tests.networks import experiment
from tests.tui.driver import line_of, view_of

GRAPH = DRAWINGS[1]
DOTS = 0x2800


def run(*layers: int, **given: object) -> Timeline:
    network = Network(layers, ("sigmoid",) * (len(layers) - 1), "half_squared_error")
    X, Y = np.ones((layers[0], 1)), np.full((layers[-1], 1), 0.5)
    return Timeline(experiment(network, Training(), X, Y, given))


def view(
    timeline: Timeline, steps: int = 0, drawing: str = DRAWINGS[0], roomy: bool = False
) -> View:
    return view_of(timeline, Position(1, steps), drawing=drawing, roomy=roomy)


def drawn(shown: View, width: int = 40, height: int = 20) -> Canvas:
    canvas = Canvas(width, height)
    draw(canvas, shown, 0)
    return canvas


def edges(canvas: Canvas) -> dict[str, int]:
    """How many braille dots there are of each sign's style."""
    found = {"positive": 0, "negative": 0}
    for y in range(canvas.height):
        for text, look in canvas.runs(y):
            dots = sum((ord(c) - DOTS).bit_count() for c in text if DOTS < ord(c) < DOTS + 256)
            for sign in found:
                found[sign] += dots if sign in look.split() else 0
    return found


def styles_at(canvas: Canvas, y: int) -> list[str]:
    return [look for text, look in canvas.runs(y) for _ in text]


def test_an_edge_has_the_style_of_its_weight() -> None:
    assert edges(drawn(view(run(1, 1, W1=[[2.0]]))))["negative"] == 0
    assert edges(drawn(view(run(1, 1, W1=[[2.0]]))))["positive"] > 0
    assert edges(drawn(view(run(1, 1, W1=[[-2.0]]))))["positive"] == 0
    assert edges(drawn(view(run(1, 1, W1=[[-2.0]]))))["negative"] > 0


def test_a_negative_edge_is_dashed() -> None:
    """Without colours it still looks different: fewer dots, with gaps."""
    plus = edges(drawn(view(run(1, 1, W1=[[2.0]]))))["positive"]
    minus = edges(drawn(view(run(1, 1, W1=[[-2.0]]))))["negative"]
    assert minus < 0.8 * plus


def test_a_weight_of_zero_is_no_edge() -> None:
    assert edges(drawn(view(run(1, 1, W1=[[0.0]])))) == {"positive": 0, "negative": 0}


def test_where_edges_cross_the_strongest_is_seen() -> None:
    """Two edges cross in the middle: its style there is that of the larger weight."""
    for strong, weak, sign in ((3.0, -1.0, "positive"), (1.0, -3.0, "negative")):
        timeline = run(2, 2, W1=[[0.0, weak], [strong, 0.0]])
        canvas = drawn(view(timeline), 41, 21)
        both = [
            (y, x)
            for y in range(21)
            for x, (char, look) in enumerate(
                zip(line_of(canvas, y), styles_at(canvas, y), strict=True)
            )
            if DOTS < ord(char) < DOTS + 256 and sign in look.split()
        ]
        ups = {y for y, _ in both}
        # The strongest goes from edge to edge without a hole where the other crosses it.
        assert ups == set(range(min(ups), max(ups) + 1))
        middle = [
            look
            for y in range(21)
            for char, look in zip(line_of(canvas, y), styles_at(canvas, y), strict=True)
            if (ord(char) - DOTS).bit_count() > 3 and DOTS < ord(char) < DOTS + 256
        ]
        assert all(sign in look.split() for look in middle)


def test_every_neuron_is_a_node_where_there_is_room() -> None:
    assert drawn(view(run(3, 4, 2))).text().count("●") == 9


def test_more_nodes_than_fit_are_counted() -> None:
    canvas = drawn(view(run(3, 50, 30)), 40, 16)
    shown = canvas.text().count("●")
    more = [int(n) for n in re.findall(r"\+(\d+)", canvas.text())]
    assert shown + sum(more) == 83
    assert re.search(r"\+\d+ more", canvas.text())


@given(
    st.lists(st.integers(1, 90), min_size=2, max_size=5), st.integers(24, 90), st.integers(8, 60)
)
def test_nodes_and_those_left_out_are_all_of_them(
    layers: list[int], width: int, height: int
) -> None:
    canvas = Canvas(width, height)
    nodes(canvas, view(run(*layers)), 0, height)
    said = sum(int(n) for n in re.findall(r"\+(\d+)", canvas.text()))
    assert canvas.text().count("●") + said == sum(layers)


def test_nodes_say_their_values() -> None:
    timeline = run(2, 1, W1=[[0.5, -1.5]])
    before, after = drawn(view(timeline)).text(), drawn(view(timeline, 2)).text()
    assert "·" in before
    assert before.count("1.000") == 2
    assert "0.269" in after  # σ(−1)


def test_what_the_step_writes_and_reads_is_marked() -> None:
    timeline = run(2, 2, 1)
    steps = timeline.program.index("dA1") + 1
    canvas = drawn(view(timeline, steps))
    marked = {
        text.strip(): look for text, look in canvas.runs(0) if "target" in look or "read" in look
    }
    assert "target" in marked["A1"]
    looks = {look for y in range(20) for text, look in canvas.runs(y) if "●" in text}
    assert {"target", "read"} <= {word for look in looks for word in look.split()}


def test_a_layer_is_marked_as_its_matrix_on_the_boards() -> None:
    """dZ2 = A2 − Y reads A2: its name over the drawing says so, while its node is written at."""
    timeline = Timeline(load("article"))
    canvas = drawn(view(timeline, timeline.program.index("dZ2") + 1))
    looks = {text.strip(): look.split() for text, look in canvas.runs(0)}
    assert "read" in looks["A2"]
    nodes = {look for y in range(20) for text, look in canvas.runs(y) if "●" in text}
    assert "target" in nodes


@pytest.mark.parametrize("width", [21, 34, 58])
def test_no_edge_touches_a_number(width: int) -> None:
    for lesson in ("article", "softmax"):
        timeline = Timeline(load(lesson))
        text = drawn(view(timeline, len(timeline.program.steps)), width, 13).text()
        assert re.search(r"\d\.\d", text)
        assert not re.search(r"\d[\u2801-\u28ff]|[\u2801-\u28ff]−?\d", text)


@pytest.mark.parametrize("size", [(40, 20), (43, 21), (62, 29), (94, 40)], ids=str)
@pytest.mark.parametrize("lesson", ["article", "mazur", "xor", "softmax"])
def test_on_a_large_screen_edges_meet_nodes(lesson: str, size: tuple[int, int]) -> None:
    """Alone, each edge goes from one node to the other, column by column, past every number. (With
    so many decimals no weight has room on its edge.)"""
    timeline = Timeline(load(lesson))
    layers = timeline.experiment.dense.layers
    every = {k: np.zeros((n, m)) for k, (m, n) in enumerate(pairwise(layers), 1)}
    done = len(timeline.program.steps)
    nodes_at = nodes_of(drawn(view(timeline, done, roomy=True), *size))
    columns = sorted({x for x, _ in nodes_at})
    assert len(nodes_at) == sum(layers)
    for layer, weights in every.items():
        for i, j in np.ndindex(weights.shape):
            alone = {f"W{k}": w.tolist() for k, w in every.items()}
            alone[f"W{layer}"][i][j] = 1.0
            forward = Position(1, 2 * len(every))
            shown = view_of(run(*layers, **alone), forward, decimals=40, roomy=True)
            canvas = drawn(shown, *size)
            text = canvas.text()
            assert re.search(r"\d\.\d", text)
            assert not re.search(r"\d[\u2801-\u28ff]|[\u2801-\u28ff]−?\d", text)
            begin, end = columns[layer - 1], columns[layer]
            dots = {(x, y) for y in range(size[1]) for x in range(size[0]) if canvas.dots(x, y)}
            assert {x for x, _ in dots} == set(range(begin + 1, end))
            starts, ends = ([y for x, y in nodes_at if x == at] for at in (begin, end))
            assert (begin + 1, sorted(starts)[j]) in dots
            assert (end - 1, sorted(ends)[i]) in dots
            assert is_unbroken(dots)


def nodes_of(canvas: Canvas) -> list[tuple[int, int]]:
    lines = canvas.text().split("\n")
    return [(x, y) for y, line in enumerate(lines) for x, char in enumerate(line) if char == "●"]


def is_unbroken(dots: set[tuple[int, int]]) -> bool:
    """Whether from one of the characters each other is reached, over sides and corners."""
    found: set[tuple[int, int]] = set()
    ahead = [min(dots)]
    while ahead:
        x, y = ahead.pop()
        if (x, y) in dots - found:
            found.add((x, y))
            ahead += [(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    return found == dots


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_on_a_large_screen_a_drawing_stands_in_the_middle_and_is_not_stretched(
    drawing: str,
) -> None:
    for width, height in ((120, 20), (60, 90)):
        canvas = drawn(view(run(3, 3, 1), drawing=drawing, roomy=True), width, height)
        used = [(x, y) for y in range(height) for x in range(width) if line_of(canvas, y)[x] != " "]
        wide = max(x for x, _ in used) - min(x for x, _ in used) + 1
        tall = max(y for _, y in used) - min(y for _, y in used) + 1
        assert wide <= 2.4 * height
        assert tall <= 0.62 * width + 1
        assert min(x for x, _ in used) >= (width - 2.4 * height) / 2 - 1


def test_the_edges_that_the_step_is_about_stand_out() -> None:
    timeline = run(2, 2, 1)
    canvas = drawn(view(timeline, timeline.program.index("dW2") + 1))
    looks = [look for y in range(20) for text, look in canvas.runs(y) if braille_in(text)]
    assert any("strong" in look for look in looks)
    assert any("faint" in look for look in looks)
    resting = drawn(view(timeline))
    looks = [look for y in range(20) for text, look in resting.runs(y) if braille_in(text)]
    assert not any("faint" in look for look in looks)


def braille_in(text: str) -> bool:
    return any(DOTS < ord(c) < DOTS + 256 for c in text)


def test_a_deep_network_is_a_bar_for_each_layer() -> None:
    layers = (2, *[11] * 11, 1)
    timeline = run(*layers)
    done = len(timeline.program.steps)
    canvas = drawn(view(timeline, done), 22, 16)
    assert "largest |dW|" in canvas.text()
    slopes = {
        k: float(np.abs(timeline.iteration(1).results[timeline.program.index(f"dW{k}")]).max())
        for k in range(1, len(layers))
    }
    lengths = bar_lengths(canvas)
    assert set(lengths) == set(slopes)
    ordered = sorted(slopes, key=lambda k: slopes[k])
    assert [lengths[k] for k in ordered] == sorted(lengths.values())
    assert lengths[ordered[-1]] > lengths[ordered[0]] > 0
    for layer, line in lines_by_layer(canvas).items():
        assert f"{slopes[layer]:.0e}".replace("e-0", "e−") in line


def test_a_deep_network_is_bars_however_wide() -> None:
    canvas = drawn(view(run(2, *[2] * 11, 1), roomy=True), 200, 40)
    assert "largest |dW|" in canvas.text()


def test_bars_appear_one_by_one_from_the_last_layer_back() -> None:
    timeline = run(2, *[11] * 11, 1)
    steps = timeline.program.index("dW10") + 1
    canvas = Canvas(22, 16)
    bars(canvas, view(timeline, steps), 0, 16)
    assert set(bar_lengths(canvas)) == {10, 11, 12}
    assert sum("·" in line for line in lines_by_layer(canvas).values()) == 9
    assert "▸ 10" in canvas.text()


def test_bars_say_where_the_layers_are_that_there_is_no_room_for() -> None:
    timeline = run(*[2] * 31, 1)
    for steps, told in (
        ("dW1", "▴ 17 more"),
        ("dW31", "▾ 17 more"),
        ("dW16", "▴ 8 more  ▾ 9 more"),
    ):
        canvas = Canvas(22, 16)
        bars(canvas, view(timeline, timeline.program.index(steps) + 1), 0, 16)
        assert line_of(canvas, 15).strip() == told


def lines_by_layer(canvas: Canvas) -> dict[int, str]:
    lines = [line_of(canvas, y) for y in range(1, canvas.height)]
    return {int(line[1:4]): line for line in lines if line[1:4].strip().isdigit()}


def bar_lengths(canvas: Canvas) -> dict[int, int]:
    lengths = {layer: line.count("█") for layer, line in lines_by_layer(canvas).items()}
    return {layer: length for layer, length in lengths.items() if length}


def test_the_graph_has_every_operation_in_order() -> None:
    timeline = run(2, 2, 1)
    canvas = Canvas(40, 20)
    graph(canvas, view(timeline, len(timeline.program.steps), GRAPH), 0, 20)
    written = canvas.text().replace("▸", " ").replace("•", " ")
    forward = [written.index(symbol) for symbol in ("X", " Z1", " A1", " Z2", " A2", " L")]
    assert forward == sorted(forward)
    assert {"dZ1", "dA1", "dZ2", "dA2", "dW1", "db1", "dW2", "db2"} <= set(written.split())
    assert "↓" in written
    assert "↑" in written


def test_the_graph_dims_what_is_not_computed_yet() -> None:
    timeline = run(2, 2, 1)
    canvas = Canvas(40, 20)
    graph(canvas, view(timeline, 2, GRAPH), 0, 20)
    looks = {text.strip(): look for y in range(20) for text, look in canvas.runs(y) if text.strip()}
    assert looks["Z2"] == looks["dZ1"] == "uncomputed"
    assert looks["A1"] == "target"
    assert looks["Z1"] == "read"


@given(st.integers(0, 17), st.integers(8, 40))
def test_the_graph_keeps_the_current_step_in_view(steps: int, height: int) -> None:
    timeline = run(2, 2, 1)
    shown = view(timeline, steps, GRAPH)
    canvas = Canvas(40, height)
    graph(canvas, shown, 0, height)
    symbol = shown.step.symbol if shown.step else None
    if symbol and (symbol in timeline.program.readers or symbol[0] == "d"):
        assert symbol in canvas.text().split() or f"▸{symbol}" in canvas.text()


@pytest.mark.parametrize("steps", [0, 5])
def test_targets_are_cut_only_where_there_is_no_room(steps: int) -> None:
    lesson = Timeline(load("mazur"))
    canvas = drawn(view(lesson, steps), width=21, height=18)
    assert "y 0.01 0.99" in canvas.text()
    assert ("y 0.01 0.99 " in canvas.text() and "L 0.298" in canvas.text()) == (steps == 5)


def fog_after(steps: str, width: int, height: int) -> Canvas:
    """6-16-10 drawn after a step."""
    rng = np.random.default_rng(2)
    timeline = run(6, 16, 10, W1=rng.normal(size=(16, 6)), W2=rng.normal(size=(10, 16)))
    number = timeline.program.index(steps) + 1 if steps else 0
    return drawn(view(timeline, number), width, height)


def edges_of_fog(steps: str, width: int, height: int) -> dict[str, int]:
    """How many characters the second layer's edges take in a drawing of 6-16-10, by their looks."""
    canvas = fog_after(steps, width, height)
    found = dict.fromkeys(("strong", "faint", ""), 0)
    between = sorted({x for x, _ in nodes_of(canvas)})[1:]
    for y in range(height):
        looks = styles_at(canvas, y)[between[0] : between[1]]
        for char, look in zip(line_of(canvas, y)[between[0] : between[1]], looks, strict=True):
            kind = next((k for k in ("strong", "faint") if k in look.split()), "")
            found[kind] += braille_in(char)
    return found


@pytest.mark.parametrize("size", [(22, 13), (34, 30), (60, 36)], ids=str)
def test_where_all_edges_would_be_a_fog_few_are_drawn(size: tuple[int, int]) -> None:
    """Half of the room between two layers stays free, at rest and at every step."""
    for steps in ("", "Z2", "dW2", "dA1", "W2"):
        found = edges_of_fog(steps, *size)
        assert 0 < sum(found.values()) < 0.62 * size[1] * (size[0] / 2 - 2)


@pytest.mark.parametrize(("steps", "end"), [("Z2", -1), ("dA1", 0), ("dW2", 0), ("W2", -1)])
def test_in_a_fog_the_edges_of_the_explained_number_stand_out(steps: str, end: int) -> None:
    """Of Z2[1,1] and dA1[1,1] those of its neuron, of dW2[1,1] its own; the others are faint."""
    canvas = fog_after(steps, 34, 30)
    nodes_at = nodes_of(canvas)
    columns = sorted({x for x, _ in nodes_at})[1:]
    first = min(y for x, y in nodes_at if x == columns[end])
    beside = columns[end] + (1 if end == 0 else -1)
    strong = [y for y in range(30) if "strong" in styles_at(canvas, y)[beside].split()]
    ends = [y for y in strong if canvas.dots(beside, y)]
    assert first in ends
    assert max(ends) - min(ends) <= 1  # a steep edge begins beside its node
    found = edges_of_fog(steps, 34, 30)
    assert found["faint"] > 0
    assert found[""] == 0


def test_of_a_fog_the_strongest_edges_are_drawn() -> None:
    """Weights of three columns are large; nothing begins at the other nodes."""
    weights = np.full((12, 12), 0.01)
    weights[:, ::5] = -2.0
    canvas = drawn(view(run(12, 12, W1=weights)), 34, 30)
    assert edges(canvas)["positive"] == 0
    assert edges(canvas)["negative"] > 0


def weighted(*layers: int) -> Timeline:
    """A network in which no two weights are written alike, nor a weight as anything else."""
    numbers = iter(range(101, 1000))
    given = {
        f"W{k}": [[next(numbers) / 1000 for _ in range(below)] for _ in range(own)]
        for k, (below, own) in enumerate(pairwise(layers), 1)
    }
    return run(*layers, **given)


@given(
    st.lists(st.integers(1, 5), min_size=2, max_size=4), st.integers(40, 120), st.integers(14, 40)
)
def test_of_a_layer_every_weight_stands_on_its_edge_or_none_does(
    layers: list[int], width: int, height: int
) -> None:
    timeline = weighted(*layers)
    written = drawn(view(timeline, roomy=True), width, height).text()
    for layer in timeline.program.layers:
        weights = timeline.state(Position()).value(layer.weight)
        assert weights is not None
        counts = {len(re.findall(rf"(?<!\S){w:.3f}(?!\S)", written)) for w in weights.ravel()}
        assert counts in ({0}, {1})


def test_under_a_weight_stands_its_gradient_once_it_is_computed() -> None:
    timeline = weighted(3, 3, 1)
    end = timeline.program.phase_bounds("backward")[1]
    before, after = (
        drawn(view(timeline, steps, roomy=True), 66, 34).text().split("\n") for steps in (5, end)
    )
    state = timeline.state(Position(1, end))
    for symbol in ("W1", "W2"):
        weights, slopes = state.value(symbol), state.value(f"d{symbol}")
        assert weights is not None
        assert slopes is not None
        for weight, slope in zip(weights.ravel(), slopes.ravel(), strict=True):
            y = next(y for y, line in enumerate(after) if f"{weight:.3f}" in line)
            x = after[y].index(f"{weight:.3f}")
            assert before[y][x : x + 5] == f"{weight:.3f}"  # it stands still
            below = after[y + 1][x - 3 : x + 5].replace("−", "-").split()[-1]
            assert abs(float(below) - slope) <= 0.0005
            assert "0." not in before[y + 1][x - 1 : x + 5]


def test_many_weights_stand_on_no_edges() -> None:
    assert "0.101" not in drawn(view(weighted(5, 5, 2), roomy=True), 40, 14).text()


def test_it_is_said_which_matrices_stand_on_the_edges_and_only_of_those_that_do() -> None:
    """On a narrower drawing the second layer's alone; of a gradient once it is computed."""
    timeline = weighted(3, 3, 1)
    end = timeline.program.phase_bounds("backward")[1]
    for width, height, symbols in ((66, 34, "W1 W2"), (57, 22, "W2")):
        before, after = (
            drawn(view(timeline, steps, roomy=True), width, height).text() for steps in (5, end)
        )
        assert f"on the edges: {symbols}\n" in before
        gradients = " ".join(f"d{symbol}" for symbol in symbols.split())
        assert f"on the edges: {symbols}, below them {gradients}\n" in after
