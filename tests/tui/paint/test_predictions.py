"""Classes on the screen: the shown example's by name, what is predicted, how many are right."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backprop_tui.explain.provenance import Place
from backprop_tui.files.experiment_file import load, read_experiment
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.inspection import Inspection
from backprop_tui.tui.paint.predictions import beside_target
from backprop_tui.tui.panels.boards import Cache
from backprop_tui.tui.panels.network import NetworkPanel
from backprop_tui.tui.panels.step import StepPanel
from tests.tui.driver import SMALL, line_of, painted, stepping, view_of

NETWORK = """
[network]
layers = [2, 3]
activations = ["softmax"]
loss = "cross_entropy"
[initial]
W1 = [[1, 0], [0, 0], [-1, 0]]
[training]
batch = "all"
[data]
csv = "kinds.csv"
target = "kind"
"""
TABLE = "height,width,kind\n2,1,setosa\n2,1,versicolor\n-2,1,virginica\n"
FORWARD = Position(1, 2)
"""After A1, the outputs."""

Make = Callable[..., Experiment]


@pytest.fixture
def kinds(tmp_path: Path) -> Make:
    def made(table: str = TABLE, text: str = NETWORK) -> Experiment:
        (tmp_path / "kinds.csv").write_text(table, encoding="utf-8")
        return read_experiment(text, "kinds", "./kinds.toml", folder=str(tmp_path))

    return made


def bottom(experiment: Experiment, position: Position, example: int = 0, width: int = 21) -> str:
    """The line under the drawing."""
    canvas = painted(
        NetworkPanel(), view_of(Timeline(experiment), position, example=example), width, 15
    )
    return line_of(canvas, 14).strip()


def cache_rule(experiment: Experiment, position: Position, width: int = 58) -> str:
    return line_of(painted(Cache(), view_of(Timeline(experiment), position), width, 14), 0)


def test_a_prediction_stands_beside_the_target_once_it_is_computed(kinds: Make) -> None:
    assert bottom(kinds(), Position(1, 1)) == "y setosa"
    assert bottom(kinds(), Position(1, 1, 1)) == "y setosa", "while the outputs are opened"
    assert bottom(kinds(), FORWARD) == "y setosa ŷ setosa ✓"
    assert bottom(kinds(), FORWARD, example=1, width=40) == "y versicolor ŷ setosa ✗"


def test_the_longer_name_is_shortened_to_what_fits(kinds: Make) -> None:
    assert bottom(kinds(), FORWARD, example=1) == "y versic… ŷ setosa ✗"
    view = view_of(Timeline(kinds()), FORWARD, example=1)
    for width in range(12, 40):
        assert len(beside_target(view, width) or "") <= width


def test_the_loss_stays_where_there_is_room(kinds: Make) -> None:
    assert bottom(kinds(), Position(1, 3), width=40).endswith("L 0.143")
    assert "L" not in bottom(kinds(), Position(1, 3), width=21)


def test_the_cache_names_the_example_and_counts_those_that_are_right(kinds: Make) -> None:
    assert "‹example 1 of 3› class setosa" in cache_rule(kinds(), Position(1, 1))
    assert "correct" not in cache_rule(kinds(), Position(1, 1))
    rule = cache_rule(kinds(), FORWARD)
    assert "Cache  2 of 3 correct" in rule
    assert "‹example 1 of 3› class setosa" in rule
    assert "Cache  2/3 ✓" in cache_rule(kinds(), FORWARD, width=51)


def test_one_output_tells_0_from_1(kinds: Make) -> None:
    text = NETWORK.replace("[2, 3]", "[2, 1]").replace("softmax", "sigmoid")
    text = text.replace("cross_entropy", "binary_cross_entropy").replace(", [0, 0], [-1, 0]", "")
    words = "height,width,kind\n2,1,no\n2,1,yes\n"
    assert bottom(kinds(words, text), FORWARD) == "y no ŷ yes ✗"
    digits = "height,width,kind\n2,1,0\n2,1,1\n"
    assert bottom(kinds(digits, text), FORWARD, example=1) == "y 1 ŷ 1 ✓"


def test_targets_that_are_numbers_have_no_predicted_class(kinds: Make) -> None:
    text = NETWORK.replace("[2, 3]", "[2, 1]").replace("softmax", "linear")
    text = text.replace("cross_entropy", "half_squared_error").replace(", [0, 0], [-1, 0]", "")
    e = kinds("height,width,kind\n2,1,0.5\n2,1,3\n", text)
    assert re.fullmatch(r"y 0\.5 ŷ −?\d\.\d{3}", bottom(e, FORWARD))
    assert "correct" not in cache_rule(e, FORWARD)


def test_output_and_target_of_one_example_stand_together() -> None:
    assert bottom(load("article"), Position(1, 3)) == "y 1"
    assert bottom(load("article"), Position(1, 4)) == "y 1 ŷ 0.359"
    assert bottom(load("article"), Position(1, 5)).startswith("y 1 ŷ 0.359  L ")


def test_a_prediction_is_told_from_the_threshold_of_its_class() -> None:
    """0.4999 is no 0.500, neither at its node and in its cell, nor where it is explained."""
    article = load("article")
    for bias, shown, said in ((-0.0004, "0.4999", "0.4999"), (1e-7, ">0.5", "0.50000002")):
        initial = replace(
            article.initial, given={"W2": np.zeros((1, 3)), "b2": np.full((1, 1), bias)}
        )
        view = view_of(Timeline(replace(article, initial=initial)), Position(1, 4))
        assert f"▸{shown} " in painted(Cache(), view, 58, 12).text().replace("▸ ", "▸")
        assert f"ŷ {shown}" in painted(NetworkPanel(), view, 22, 14).text()
        assert f"= {said}" in painted(StepPanel(), view, 80, 8).text()


def test_a_number_of_the_data_is_called_by_its_column(kinds: Make) -> None:
    for cell, said in ((Cell("X", 2, 1), "X[2,1] = 1.000 width"), (Cell("Y", 3, 1), "virginica")):
        view = view_of(Timeline(kinds()), FORWARD, inspection=Inspection(trail=(Place(1, cell),)))
        shown = line_of(painted(StepPanel(), view, 80, 7), 1)
        assert " ".join(shown.split()).endswith(said)


async def test_of_ten_thousand_examples_a_few_are_shown_at_each_step(kinds: Make) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10_000, 2))
    rows = [f"{a:.3f},{b:.3f},{'abc'[int(a > 0) + int(b > 0)]}" for a, b in X]
    e = kinds("\n".join(["height,width,kind", *rows]) + "\n")
    async with stepping(e, SMALL) as driver:
        assert "‹examples 1 to 5 of 10000›" in driver.text("cache")
        steps = len(driver.session.timeline.program.steps)
        for _ in range(steps):
            driver.session.go(driver.session.timeline.forward(driver.position))
            assert driver.everything()
        assert driver.position == Position(1, steps)


def test_an_updated_number_is_told_from_what_it_was() -> None:
    """0.500 − 0.5 × 6.00e−05 = 0.500 would say that nothing was changed."""
    article = load("article")
    training = replace(article.training, learning_rate=1e-5)
    run = Timeline(replace(article, training=training))
    view = view_of(run, Position(1, run.program.index("W2") + 1))
    shown = " ".join(painted(StepPanel(), view, 80, 8).text().split())
    assert "= −0.40000 − 1e-05 × −0.52441 = −0.39999 " in shown
    assert "(rounded)" not in shown


def test_the_chain_rule_s_line_stands_under_the_first_equals_sign() -> None:
    """It goes on with the number of the line above, where there is room so far to the right."""
    article = Timeline(load("article"))
    view = view_of(article, Position(1, article.program.index("dZ2") + 1))
    for width, begin in ((80, " " * 9), (60, "")):
        lines = [line.rstrip() for line in painted(StepPanel(), view, width, 8).text().split("\n")]
        at = next(k for k, line in enumerate(lines) if line.startswith(" dZ2[1,1] = A2"))
        assert lines[at + 1] == f" {begin}= dA2[1,1] · σ′(Z2[1,1]) = −2.789 × 0.230 = −0.641"
