"""The plane painted: points, lines and ground stand where the axes say, and the legend is true."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.view import View
from backprop_tui.tui.panels.network import NetworkPanel
from tests.networks import experiment
from tests.programs import written
from tests.tui.driver import painted, view_of

XOR = Timeline(load("xor"))
SMALL, WIDE = (21, 14), (60, 25)


def shown(timeline: Timeline, at: Position, size: tuple[int, int] = SMALL, **looks: object) -> str:
    view: View = view_of(timeline, at, **({"drawing": "plane"} | looks))
    return painted(NetworkPanel(), view, *size).text()


def classes(named: int = 3, inputs: int = 2, neurons: int = 2) -> Experiment:
    """A network with a softmax of so many classes, and an example of each."""
    network = Network((inputs, neurons, named), ("tanh", "softmax"), "cross_entropy")
    X = np.arange(inputs * named, dtype=float).reshape(inputs, named)
    return experiment(network, Training(batch=named), X, np.eye(named), {})


def test_every_point_of_xor_is_on_the_ground_of_its_target() -> None:
    lines = shown(XOR, Position(179, 4)).split("\n")
    assert lines[0].strip("─ ") == "Plane ── ● 1  ○ 0"
    upper, lower = (next(line for line in lines if line[:1] == x2) for x2 in "10")
    for line in (upper, lower):
        assert "░" in line[line.index("●") - 3 : line.index("●") + 3]
        assert "░" not in line[line.index("○") - 2 : line.index("○") + 2]
    assert upper.index("●") < upper.index("○")
    assert lower.index("○") < lower.index("●")
    assert lines[-2:] == ["░ A2 > 0.5: answer 1", "line k: Z1[k] = 0"]


def test_predictions_stand_under_their_points_until_the_update_makes_them_old() -> None:
    ahead, known, old = (shown(XOR, Position(179, steps)) for steps in (3, 4, 18))
    assert "0.944" in known
    assert "0.944" not in ahead
    assert "0.944" not in old


def test_the_ground_moves_at_the_update_alone() -> None:
    first, _ = XOR.program.phase_bounds("update")
    before, ahead, after = (shown(XOR, Position(9, steps)) for steps in (4, first, 18))
    assert before == ahead
    assert after != ahead


def test_beside_a_drawing_the_lines_have_their_equations() -> None:
    text = shown(XOR, Position(1, 4), WIDE, drawing="nodes and edges", roomy=True)
    assert "Network" in text
    assert "Plane of the inputs" in text
    assert "1  2.000·x1 − 2.600·x2 = 0" in text
    assert "░ A2 > 0.5: nowhere" in text  # all four are predicted 0


def test_a_single_example_leaves_the_room_to_the_drawing() -> None:
    neuron = Timeline(load("neuron"))
    looks = {"drawing": "nodes and edges", "roomy": True}
    assert "Plane" not in shown(neuron, Position(1, 1), WIDE, **looks)
    assert "░ A1 > 0.5: answer 1" in shown(neuron, Position(1, 1), SMALL)


def of_a_loss(loss: str, Y: list[float]) -> str:
    """The plane of one neuron without activation, with labels and a loss of its own."""
    weights, data = {"W": [[0.5, 1.0]]}, {"X": [[1.0, 0.0], [0.0, 1.0]], "Y": [Y]}
    run = written({"W": (1, 2)}, data, {"Z": "W·X", "L": loss}, weights)
    return shown(Timeline(run), Position(1, 1))


def test_where_a_loss_of_its_own_begins_another_class_is_told_of_minus_1_and_1_alone() -> None:
    logits = of_a_loss("log(1 + exp(Z)) − Y∘Z", [1.0, 0.0])  # 1 is answered above 0, not above 0.5
    margin = of_a_loss("max(0, 1 − Y∘Z)", [1.0, -1.0])
    for text in (logits, margin):
        assert ("●" in text, "○" in text, "0.500" in text) == (True, True, True)
    assert "░" not in logits
    assert "░ here Z > 0" in margin


def test_of_several_classes_each_has_a_letter() -> None:
    text = shown(Timeline(classes()), Position(1, 4))
    body = "\n".join(text.split("\n")[1:-3])
    assert {"A", "B", "C"} <= set(body)
    assert set(body) & set("abc")
    assert "A 1  B 2  C 3" in text
    assert "small letter: answer" in text


def test_of_many_neurons_that_under_the_cursor_has_its_line() -> None:
    timeline = Timeline(classes(neurons=8))
    look = Inspection(cursor=Cell("W1", 7, 2))
    assert "tab: a neuron's line" in shown(timeline, Position(1, 0))
    text = shown(timeline, Position(1, 0), (60, 25), inspection=look)
    assert "7  " in text.split("On line k, neuron k is 0: Z1[k] = 0")[1]


def test_without_two_inputs_it_is_the_usual_drawing() -> None:
    assert "Network" in shown(Timeline(load("article")), Position(1, 1))


@pytest.mark.parametrize("steps", [0, 4, 18])
def test_numbers_that_are_not_finite_are_left_out(steps: int) -> None:
    X = np.array([[0.0, np.inf], [1.0, 1.0]])
    network = Network((2, 2, 1), ("tanh", "sigmoid"), "binary_cross_entropy")
    timeline = Timeline(experiment(network, Training(batch=2), X, np.array([[0.0, 1.0]]), {}))
    text = shown(timeline, Position(1, steps))
    assert text.count("○") == 2  # one in the legend
    assert text.count("●") == 1  # in the legend alone


def test_the_examples_of_a_batch_are_gone_through_once() -> None:
    """However many: once for each point, 100,000 of them took for ever."""
    timeline, times = Timeline(load("batch")), list[int]()

    class Counted(tuple[int, ...]):
        def __iter__(self) -> Iterator[int]:
            times.append(len(self))
            return super().__iter__()

    iteration = timeline.iteration(1)
    object.__setattr__(iteration, "examples", Counted(iteration.examples))
    assert "●" in shown(timeline, Position(1, 1))
    assert len(times) == 1
