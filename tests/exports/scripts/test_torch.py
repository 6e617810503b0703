"""The exported PyTorch script: autograd finds the gradients that we found, or the script stops.

PyTorch is no dependency: where it is missing, what needs it is skipped and says so.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings

from backprop_tui import lessons
from backprop_tui.exports.figures import iterations
from backprop_tui.exports.formats import ExportError
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.parser import parse
from backprop_tui.model.experiment import Data, Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.model.saved import ALPHA, Edit
from backprop_tui.run.timeline import Timeline
from tests.exports.runs import exported, printed_by, runs
from tests.networks import ARTICLE, experiment
from tests.programs import written
from tests.run.test_edits import edited

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is not installed"
)


A2 = np.array([[0.5]])


def agreeing(printed: list[str]) -> list[str]:
    return [line.split()[0] for line in printed if " agrees, " in line]


@needs_torch
@given(runs(wild=False, wrong=False))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_autograd_finds_our_gradients(experiment: Experiment) -> None:
    program = Timeline(experiment).program
    printed = printed_by(exported("torch", experiment))
    backward = [step.symbol for step in program.steps if step.phase == "backward"]
    assert agreeing(printed) == [program.objective, *backward]


SATURATED = experiment(
    Network((1, 1), ("tanh",), "binary_cross_entropy"),
    Training(),
    [[0.0]],
    [[0.0]],
    {"W1": [[0.0]], "b1": [[9.3]]},
)
"""1 − A1 has few digits left, and A1 ends otherwise in PyTorch."""


@needs_torch
@given(edited())
@example(SATURATED)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_and_those_of_an_edited_run(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    printed = printed_by(exported("torch", experiment, iterations=4))
    until_diverged = len(list(iterations(timeline, 4)))
    assert len(agreeing(printed)) == until_diverged * (1 + len(timeline.program.gradients))


@needs_torch
@pytest.mark.parametrize("lesson", lessons.NAMES)
def test_every_lesson_agrees_over_several_iterations(lesson: str) -> None:
    experiment = load(lesson)
    program = Timeline(experiment).program
    printed = printed_by(exported("torch", experiment, iterations=3))
    assert len(agreeing(printed)) == 3 * (1 + len(program.gradients))
    told = sum(int(found[1]) for line in printed if (found := re.search(r"(\d+) of \d+", line)))
    assert told > 0


@needs_torch
def test_formulas_of_ones_own_that_are_right_agree() -> None:
    own = {"A1": parse("Z1 ∘ σ(Z1)"), "dW2": parse("dZ2·A1ᵀ"), "W2": parse("W2 − α·dW2 / 2")}
    printed = printed_by(exported("torch", replace(load("article"), formulas=own)))
    assert {"dZ1", "dW2"} <= {*agreeing(printed)}


@needs_torch
def test_a_wrong_gradient_stops_it() -> None:
    script = exported("torch", load("article"))
    assert script.count("-0.12187015998336852") == 1
    with pytest.raises(AssertionError, match=r"^dW2 differs by"):
        printed_by(script.replace("-0.12187015998336852", "-0.12187016998336852"))


def test_expected_numbers_and_network_stand_in_the_script() -> None:
    script = exported("torch", load("article"))
    for line in (
        "    A1 = torch.sigmoid(Z1)",
        "    dA2, dZ2, dA1, dZ1 = "
        "torch.autograd.grad(L.sum(), [A2, Z2, A1, Z1], retain_graph=True)",
        "    dW2, db2, dW1, db1 = torch.autograd.grad(L, [W2, b2, W1, b1])",
        '        "dZ2": [[-0.6414166079744128]],',
        "        W1 = W1 - alpha * dW1",
    ):
        assert line in script.splitlines()
    compile(script, "<exported>", "exec")


def test_what_autograd_would_not_find_is_refused() -> None:
    wrong = load("article", {"mistake": "sign-flipped"})
    with pytest.raises(ExportError, match=r"the mistake sign-flipped .* --as numpy"):
        exported("torch", wrong)
    own = replace(load("article"), formulas={"dW2": parse("2·dZ2 · A1ᵀ")})
    with pytest.raises(ExportError, match=r"own formula for dW2 is wrong .* --as numpy"):
        exported("torch", own)
    lossless = replace(ARTICLE, data=Data({"X": ARTICLE.data.X})).with_given({"A2": A2})
    with pytest.raises(ExportError, match=r"a run without a loss .* --as numpy"):
        exported("torch", lossless)
    assert "W2 = W2 - alpha * dW2" in exported("numpy", lossless.with_given({"dA2": A2}))


def test_what_is_edited_by_hand_is_no_part_of_the_gradient() -> None:
    edits = Edit(2, Cell("W1", 1, 2), 0.5), Edit(2, ALPHA, 0.1)
    lines = exported("torch", replace(ARTICLE, edits=edits)).splitlines()
    at = lines.index("    if t == 2:  # edited by hand")
    no_gradient = ["        with torch.no_grad():", f"{' ' * 12}W1[0, 1] = 0.5"]
    assert lines[at + 1 : at + 4] == [*no_gradient, f"{' ' * 12}alpha = 0.1"]


def test_gradients_go_through_a_given_value() -> None:
    script = exported("torch", ARTICLE.with_given({"A1": np.full((3, 1), 0.5)}))
    line = "    A1 = A1 + (torch.sigmoid(Z1)) - (torch.sigmoid(Z1)).detach()  # given"
    assert line in script.splitlines()


def test_a_given_gradient_is_none_that_autograd_finds() -> None:
    with pytest.raises(ExportError, match=r"a given gradient \(dA2\) cannot be exported"):
        exported("torch", ARTICLE.with_given({"dA2": np.array([[0.5]])}))


def test_autograd_finds_no_gradient_where_nothing_leads_through_a_given_value() -> None:
    network = Network((3, 2, 2), ("tanh", "softmax"), "cross_entropy")
    run = experiment(network, Training(), np.ones((3, 1)).tolist(), [[1.0], [0.0]])
    with pytest.raises(ExportError, match="between W1, b1, W2, b2 and the loss cannot be exported"):
        exported("torch", run.with_given({"A2": np.array([[0.25], [0.75]])}))


@needs_torch
def test_autograd_agrees_beside_given_values() -> None:
    given_values = {"A1": np.full((3, 1), 0.5), "Z2": np.array([[0.25]])}
    printed = printed_by(exported("torch", ARTICLE.with_given(given_values)))
    assert sum("agrees" in line for line in printed) >= 8


DIVIDES = written(
    {"W": (2, 2)},
    {"X": [[0.5], [1.0]], "Y": [[1.0], [0.0]]},
    {
        "P": "softmax(W·X)",
        "E": "P ∘ log(P)",
        "Q": "E / P",
        "L": "half_squared_error(Q, Y)",
    },
)


def test_what_a_script_calls_it_defines() -> None:
    nodes = list(ast.walk(ast.parse(exported("torch", DIVIDES))))
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    called = {call.id for call in calls if isinstance(call, ast.Name)}
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    assert called <= {*defined, *dir(builtins)}
    assert {"xlog", "ratio"} <= defined


@needs_torch
def test_autograd_agrees_where_values_are_divided() -> None:
    assert agreeing(printed_by(exported("torch", DIVIDES)))[-1] == "dW"


@needs_torch
@pytest.mark.parametrize(
    "kinked",
    ["max(Z, 0)", "max(0, Z)", "max(-Z, Z, W)", "max(Z∘Z, Z)", "abs(Z)", "relu(Z)", "Z / Z"],
)
def test_autograd_agrees_at_a_kink(kinked: str) -> None:
    """Of equal ones the first gets the gradient; the kink of abs and 0/0 have none."""
    data = {"X": [[0.0]], "Y": [[1.0]]}
    forward = {"Z": "W·X", "A": kinked, "L": "half_squared_error(A, Y)"}
    at_kink = written({"W": (1, 1)}, data, forward, {"W": [[0.0]]})
    assert agreeing(printed_by(exported("torch", at_kink)))[-1] == "dW"
