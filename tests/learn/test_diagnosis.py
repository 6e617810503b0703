"""Diagnosis: which mistake a number comes from, and what mistakes would give for a vote."""

from __future__ import annotations

from math import isclose
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from backprop_tui.files.experiment_file import load
from backprop_tui.learn import diagnosis
from backprop_tui.learn.diagnosis import (
    Diagnosis,
    WrongNumber,
    explain_wrong,
    wrong_numbers,
)
from backprop_tui.learn.effect import changed_by
from backprop_tui.learn.formulas import judge
from backprop_tui.learn.mistakes import (
    CATALOGUE,
    MISTAKES,
    ONE_PATH,
    ONE_TERM,
    every_slip,
    forms_of,
)
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.parser import parse
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.model.program import lowered
from backprop_tui.run.timeline import Timeline
from tests.networks import ARTICLE, experiment, experiments
from tests.programs import written

BATCH = experiment(
    Network((3, 3, 3), ("tanh", "sigmoid"), "half_squared_error"),
    Training(batch=2),
    [[1.0, -0.5], [0.2, 0.9], [0.4, 0.1]],
    [[1.0, 0.0], [0.0, 1.0], [0.5, 0.2]],
    {"b1": [[0.1], [0.2], [-0.3]], "b2": [[0.3], [0.1], [0.2]]},
    seed=3,
)
"""Square, in a batch, with biases: most mistakes fit."""
RELU = experiment(
    Network((2, 2, 2), ("relu", "softmax"), "cross_entropy"),
    Training(batch=2),
    [[1.0, -0.5], [0.2, 0.9]],
    [[1.0, 0.0], [0.0, 1.0]],
    {"W1": [[0.3, -0.8], [-0.6, 0.9]], "b1": [[-0.2], [0.4]]},
    seed=5,
)


class Run:
    """The first iteration of an experiment, and questions about its numbers."""

    def __init__(self, e: Experiment) -> None:
        timeline = Timeline(e)
        self.program, self.done = timeline.program, timeline.iteration(1)

    def __getitem__(self, symbol: str) -> np.ndarray:
        if symbol in self.done.given:
            return self.done.given[symbol]
        return self.done.results[self.program.index(symbol)]

    def after(self, symbol: str) -> np.ndarray:
        return self.done.results[self.program.index(symbol)]

    def told(self, cell: Cell, number: float, within: float = 1e-9) -> Diagnosis:
        return explain_wrong(self.program, self.done, cell, float(number), within)

    def names(self, cell: Cell, number: float) -> list[str]:
        return [slip.mistake.name for slip in self.told(cell, number).slips]


BATCH_RUN, ARTICLE_RUN = Run(BATCH), Run(ARTICLE)


@st.composite
def cells(draw: DrawFn, run: Run) -> Cell:
    step = draw(st.sampled_from(run.program.steps))
    rows, columns = run.program.shapes(len(run.done.examples))[step.symbol]
    return Cell(step.symbol, draw(st.integers(1, rows)), draw(st.integers(1, columns)))


# What is said --------------------------------------------------------------------------------


def test_the_mistake_is_named_with_what_it_makes_of_the_step() -> None:
    right = ARTICLE_RUN["dZ2"][0, 0]
    found = explain_wrong(
        ARTICLE_RUN.program, ARTICLE_RUN.done, Cell("dZ2", 1, 1), -right, 5e-4, "0.641"
    )
    assert found.sentence == (
        "0.641 is what you get with the sign flipped: dZ2 is A2 − Y, not Y − A2."
    )
    assert found.look == (Cell("A2", 1, 1), Cell("Y", 1, 1))


def test_a_collapsed_step_s_mistakes_come_from_its_derivation() -> None:
    found = ARTICLE_RUN.told(Cell("dZ2", 1, 1), ARTICLE_RUN["dA2"][0, 0])
    assert [slip.sentence for slip in found.slips] == ["dZ2 is dA2 ∘ σ′(Z2), not dA2"]


def test_the_right_number_is_no_mistake() -> None:
    found = ARTICLE_RUN.told(Cell("dZ2", 1, 1), ARTICLE_RUN["dZ2"][0, 0] + 1e-4, 5e-4)
    assert found.right
    assert not found.ideas
    assert found.sentence == f"{found.number} is correct."


def test_the_right_number_itself_is_right_without_any_tolerance() -> None:
    cell = Cell("dZ2", 1, 1)
    assert ARTICLE_RUN.told(cell, ARTICLE_RUN["dZ2"][0, 0], 0.0).right


def test_an_unknown_number_is_said_to_be_unknown() -> None:
    found = ARTICLE_RUN.told(Cell("dZ2", 1, 1), -17.0)
    assert found.sentence == (
        "−17 is not correct, and not one of the common mistakes. Compute it part by part."
    )
    assert (found.slips, found.look) == ((), ())


def test_two_mistakes_with_one_number_are_both_named() -> None:
    one_neuron = Network((1, 1), ("sigmoid",), "half_squared_error")
    given = {"W1": [[0.5]], "b1": [[0.25]]}
    run = Run(experiment(one_neuron, Training(), [[1.0]], [[1.0]], given))
    found = run.told(Cell("Z1", 1, 1), 0.5)
    assert run.names(Cell("Z1", 1, 1), 0.5) == ["bias-forgotten", "one-term"]
    assert found.sentence.startswith("0.5 is what you get without the bias: Z1 is W1·X + b1, not")
    assert "; or from one term only: Z1[1,1] is" in found.sentence


def test_one_path_of_two_is_told_by_its_cell() -> None:
    run = Run(load("mazur"))
    number = run["W2"][0, 0] * run["dZ2"][0, 0]
    (slip,) = run.told(Cell("dA1", 1, 1), number).slips
    assert slip.mistake is ONE_PATH
    assert slip.sentence == (
        "dA1[1,1] is W2[1,1]·dZ2[1,1] + W2[2,1]·dZ2[2,1], not W2[1,1] · dZ2[1,1]"
    )


def test_a_single_term_is_written_with_what_it_is_divided_by_and_its_sign() -> None:
    terms = {
        slip.sentence: one.number
        for one in wrong_numbers(BATCH_RUN.program, BATCH_RUN.done, Cell("dW2", 1, 1))
        if (slip := one.slip) and slip.mistake in (ONE_PATH, ONE_TERM)
    }
    whole = "dW2[1,1] is (dZ2[1,1]·A1[1,1] + dZ2[1,2]·A1[1,2]) / m"
    products = (BATCH_RUN["dZ2"][0] * BATCH_RUN["A1"][0]).tolist()
    assert terms == {
        f"{whole}, not dZ2[1,1] · A1[1,1] / m": pytest.approx(products[0] / 2),
        f"{whole}, not dZ2[1,2] · A1[1,2] / m": pytest.approx(products[1] / 2),
    }


def test_a_mean_is_no_activation_that_could_be_left_out() -> None:
    forward = {"Z": "W·X", "M": "col_means(Z)", "L": "half_squared_error(Z − M, Y)"}
    data = {"X": [[1.0], [2.0]], "Y": [[0.5], [0.25]]}
    program = written({"W": (2, 2)}, data, forward).program
    made = {slip.mistake.name for slip in every_slip(program, "L")}
    assert "one-side" in made
    assert "z-for-a" not in made


def test_every_form_that_can_go_wrong_is_right_where_the_largest_is_no_shift_of_softmax() -> None:
    forward = {
        "A": "W·X",
        "B": "V·X",
        "C": "U·X",
        "O": "max(max(A, B), C)",
        "L": "half_squared_error(O, Y)",
    }
    data, weights = {"X": [[1.0]], "Y": [[0.0]]}, {"W": [[0.5]], "V": [[0.3]], "U": [[0.2]]}
    run = Run(written(dict.fromkeys(weights, (1, 1)), data, forward, weights))
    for symbol in ("dA", "dB", "dC"):
        for form in forms_of(run.program, symbol):
            assert value(lowered(form), run.program.by_symbol(run.done.results)) == run[symbol]


# Every step's own mistakes -------------------------------------------------------------------

B, Q = BATCH_RUN, Run(RELU)
ALPHA = BATCH.training.learning_rate
MADE = [
    (B, "Z1", B["W1"] @ B["X"], "bias-forgotten"),
    (B, "Z1", B["W1"].T @ B["X"] + B["b1"], "transpose-added"),
    (B, "Z2", B["W2"] @ B["X"] + B["b2"], "other-layer"),
    (B, "Z2", B["W1"] @ B["A1"] + B["b2"], "other-layer"),
    (B, "Z2", B["W2"] @ B["Z1"] + B["b2"], "z-for-a"),
    (B, "A1", B["Z1"], "activation-left-out"),
    (B, "A2", B["A2"] * (1 - B["A2"]), "derivative-for-activation"),
    (B, "A2", 1 - B["A2"], "minus-forgotten"),
    (Q, "A2", np.exp(Q["Z2"] - Q["Z2"].max(0)), "division-forgotten"),
    (B, "L", 2 * B["L"], "constant-forgotten"),
    (B, "L", (B["A2"] - B["Y"]).sum(0, keepdims=True) / 2, "square-forgotten"),
    (Q, "L", -Q["L"], "sign-flipped"),
    (Q, "L", Q["L"] / np.log(10), "decimal-logarithm"),
    (B, "J", 2 * B["J"], "mean-forgotten"),
    (ARTICLE_RUN, "L", -np.log(1 - ARTICLE_RUN["A2"]), "other-targets"),
    (ARTICLE_RUN, "dA2", 1 / ARTICLE_RUN["A2"], "sign-flipped"),
    (ARTICLE_RUN, "dA2", 1 / (1 - ARTICLE_RUN["A2"]), "other-targets"),
    (ARTICLE_RUN, "dZ2", ARTICLE_RUN["A2"] + 1, "update-added"),
    (B, "dZ2", B["dA2"] * B["A2"], "activation-for-derivative"),
    (B, "dZ2", B["A2"] * (1 - B["A2"]), "one-factor"),
    (B, "dZ1", B["dA1"], "derivative-left-out"),
    (B, "dZ1", B["dA1"] * (1 - np.tanh(B["A1"]) ** 2), "derivative-at-a"),
    (Q, "dZ1", Q["dA1"], "gate-skipped"),
    (B, "dW2", B["dZ2"] @ B["A1"].T, "mean-forgotten"),
    (B, "dW2", (B["dZ2"] @ B["A1"].T).T / 2, "rows-and-columns-swapped"),
    (B, "dW2", B["dZ2"] @ B["X"].T / 2, "wrong-layer-a"),
    (B, "dW2", B["dA2"] @ B["A1"].T / 2, "da-for-dz"),
    (B, "db2", B["dZ2"].sum(1, keepdims=True), "mean-forgotten"),
    (B, "db2", B["dA2"].sum(1, keepdims=True) / 2, "da-for-dz"),
    (B, "db2", np.full((3, 1), B["dZ2"].sum() / 2), "both-axes"),
    (B, "dA1", B["W2"] @ B["dZ2"], "transpose-forgotten"),
    (B, "dA1", B["W1"].T @ B["dZ2"], "wrong-layer-w"),
    (B, "dA1", (B["W2"] - ALPHA * B["dW2"]).T @ B["dZ2"], "updated-weights"),
    (B, "dA1", B["W2"].T @ B["dA2"], "da-for-dz"),
    (B, "W1", B["W1"] - B["dW1"], "learning-rate-forgotten"),
    (B, "W1", B["W1"] + ALPHA * B["dW1"], "update-added"),
    (B, "b2", ALPHA * B["db2"], "one-side"),
]


@pytest.mark.parametrize(("run", "symbol", "wrong", "name"), MADE)
def test_each_step_has_its_own(run: Run, symbol: str, wrong: np.ndarray, name: str) -> None:
    right = run.after(symbol)
    told = []
    for (i, j), number in np.ndenumerate(wrong):
        if abs(number - right[i, j]) > 1e-6:
            told.append(run.names(Cell(symbol, i + 1, j + 1), number))
    assert told
    assert all(name in names for names in told), told


@pytest.mark.parametrize("name", [n for n in CATALOGUE if n != "updated-weights"])
def test_a_run_s_first_wrong_number_is_diagnosed(name: str) -> None:
    for e in (BATCH, RELU, ARTICLE):
        right, wrong = Timeline(e), Timeline(e.with_mistake(CATALOGUE[name]))
        changed = changed_by(right, wrong, 1)
        first = next((step for step in right.program.steps if step.symbol in changed), None)
        if first is None:
            continue
        run, numbers = Run(e), wrong.iteration(1).results[wrong.program.index(first.symbol)]
        off = np.argwhere(abs(numbers - run.after(first.symbol)) > 1e-6)
        for i, j in off:
            assert name in run.names(Cell(first.symbol, i + 1, j + 1), numbers[i, j])


# What is not a mistake in the step -----------------------------------------------------------


def test_terms_of_a_sum_are_told_apart() -> None:
    cell = Cell("Z1", 2, 1)
    products = B["W1"][1] * B["X"][:, 0]
    right, w, x = B["Z1"][1, 0], B["W1"][1, 2], B["X"][2, 0]
    for number, said in (
        (right - products[2], "with a term left out: W1[2,3] · X[3,1] is one of the terms"),
        (right + products[2], "with a term counted twice: W1[2,3] · X[3,1] counts only once"),
        (right - 2 * products[2], "with the sign of a term flipped: look at the sign of W1[2,3]"),
        (right - products[2] + w + x, "with factors added: W1[2,3] · X[3,1] is a product"),
    ):
        found = B.told(cell, number)
        assert found.slips == ()
        assert said in found.sentence
        assert found.look == (Cell("W1", 2, 3), Cell("X", 3, 1))


def test_a_term_of_a_sum_below_a_minus_sign_is_known_with_it() -> None:
    network = Network((1, 1), ("sigmoid",), "binary_cross_entropy")
    run = Run(experiment(network, Training(), [[1.0]], [[0.3]], {"W1": [[0.5]], "b1": [[0.25]]}))
    found = run.told(Cell("L", 1, 1), -0.3 * float(np.log(run["A1"][0, 0])))
    assert "from one term only" in found.sentence
    assert found.sentence.endswith("not −(Y[1,1] · log(A1[1,1])).")


def test_a_cell_beside_or_an_operand_is_known_again() -> None:
    found = B.told(Cell("Z1", 1, 1), B["Z1"][1, 0])
    assert "from the cell below: that is Z1[2,1], not Z1[1,1]" in found.sentence
    found = B.told(Cell("Z1", 1, 1), B["W1"][0, 1])
    assert "from W1[1,2] alone: Z1[1,1] is computed from it" in found.sentence


@pytest.mark.parametrize(
    ("cell", "other", "side"),
    [
        ((2, 2), (2, 1), "cell to the left"),
        ((2, 2), (2, 3), "cell to the right"),
        ((2, 2), (1, 2), "cell above"),
        ((2, 2), (3, 2), "cell below"),
        ((1, 1), (1, 3), "second cell to the right"),
        ((3, 3), (3, 1), "second cell to the left"),
        ((1, 1), (3, 1), "second cell below"),
        ((3, 3), (1, 3), "second cell above"),
    ],
)
def test_a_number_of_any_cell_beside_is_known_again(
    cell: tuple[int, int], other: tuple[int, int], side: str
) -> None:
    found = B.told(Cell("dW1", *cell), B["dW1"][other[0] - 1, other[1] - 1])
    (idea,) = (idea for idea in found.ideas if idea.label == f"from the {side}")
    assert idea.look == (Cell("dW1", *cell), Cell("dW1", *other))


def test_a_number_larger_than_any_random_one_is_named_whatever_the_unit() -> None:
    timeline = Timeline(load("article"))
    iteration = timeline.iteration(1)
    asked = diagnosis._asked(timeline.program, iteration, Cell("Z1", 1, 1))
    chance = diagnosis._Chance(asked, unit=1.0)  # so coarse that any number fits
    assert chance.most == 2 * np.abs(asked.results["Z1"]).max()
    for number, named in ((chance.most + 1.0, False), (chance.most + 1.01, True)):
        assert chance.allows(WrongNumber(number, "", None, ())) is named


def test_a_wrong_number_is_counted_once_and_the_right_one_never() -> None:
    asked = diagnosis._asked(ARTICLE_RUN.program, ARTICLE_RUN.done, Cell("Z1", 1, 1))
    chance = diagnosis._Chance(asked, unit=1e-3)
    counted = []
    for number in (asked.right, 0.125, 0.125, -0.125, 0.125):
        chance.allows(WrongNumber(number, "", None, ()))
        counted.append(round(chance.spent / chance.of_one))
    assert counted == [0, 1, 1, 2, 2]


def test_a_misplaced_point_is_told() -> None:
    right = B["dA1"][0, 0]
    found = B.told(Cell("dA1", 1, 1), round(right, 5) * 100)
    assert "with the point misplaced: move it to the left" in found.sentence
    assert "common mistakes" in B.told(Cell("dA1", 1, 1), right * 97).sentence


# Candidates for a vote -----------------------------------------------------------------------


@given(experiments(scales=(1.0,)), st.data())
def test_no_two_wrong_numbers_are_alike_and_each_is_diagnosed(
    e: Experiment, data: st.DataObject
) -> None:
    run = Run(e)
    cell = data.draw(cells(run))
    right = run.after(cell.symbol)[cell.row - 1, cell.column - 1]
    found = wrong_numbers(run.program, run.done, cell)
    for n, one in enumerate(found):
        assert len(one.label) <= 34
        assert not isclose(one.number, right, rel_tol=1e-12)
        assert not any(isclose(one.number, other.number, rel_tol=1e-9) for other in found[:n])
        told = run.told(cell, one.number, 1e-12 * abs(one.number))
        assert told.right or one.label in [idea.label for idea in told.ideas]
        assert bool(told.slips) == bool(one.slip)


@given(experiments(scales=(1.0,)), st.data())
def test_the_look_names_cells_that_are_there(e: Experiment, data: st.DataObject) -> None:
    run = Run(e)
    shapes = run.program.shapes(len(run.done.examples))
    for one in wrong_numbers(run.program, run.done, data.draw(cells(run))):
        for cell in one.look:
            rows, columns = shapes[cell.symbol]
            assert 1 <= cell.row <= rows
            assert 1 <= cell.column <= columns


def test_a_vote_s_candidates_are_the_likeliest_first() -> None:
    labels = [one.label for one in wrong_numbers(B.program, B.done, Cell("dA1", 1, 1))]
    assert labels[:3] == ["without the ᵀ", "with the sign flipped", "with another layer's W"]


RUNS = {"mazur": Run(load("mazur")), "ReLU and softmax": Run(RELU), "a batch": BATCH_RUN}
WRONG = Path(__file__).with_name("wrong_numbers.txt").read_text("utf-8").split("\n\n")
"""All wrong numbers of some cells: each with how one gets it, what is correct, the cells where to
look, and the only wrong term if there is one."""


@pytest.mark.parametrize("wrong", WRONG, ids=[wrong.partition("\n")[0] for wrong in WRONG])
def test_the_wrong_numbers_of_a_cell(wrong: str) -> None:
    title, *lines = wrong.strip().splitlines()
    name, of = title.split(": ")
    cell = parse(of)
    assert isinstance(cell, Cell)
    found = wrong_numbers(RUNS[name].program, RUNS[name].done, cell)
    for one, line in zip(found, lines, strict=True):
        number, told = line.split(" ", 1)
        assert one.number == pytest.approx(float(number), rel=1e-4, abs=1e-6)
        assert told_of(one) == told


def told_of(one: WrongNumber) -> str:
    """A wrong number as WRONG has it, without the number."""
    look = f" [{' '.join(map(text, one.look))}]"
    return f"{one.label}: {one.sentence}{look}" + (f" {text(one.term)}" if one.term else "")


def test_every_mistake_of_the_catalogues_has_a_short_name() -> None:
    for mistake in (*MISTAKES.values(), ONE_PATH, ONE_TERM):
        assert len(mistake.how) <= 34, mistake.how
        assert (mistake.phase is None) == (mistake.name not in CATALOGUE)
    assert all(MISTAKES[name] is mistake for name, mistake in CATALOGUE.items())


@pytest.mark.parametrize(
    ("right", "number", "power"),
    [
        (0.5, 5.0, 1),
        (0.5, 0.05, -1),
        (-0.5, -50.0, 2),
        (0.5, 500.0, 3),
        (0.5, 5000.0, 0),  # nobody misplaces it so far
        (0.5, 5.01, 1),  # to three digits
        (0.5, 5.02, 0),
        (0.5, -5.0, 0),
        (0.5, 0.5, 0),
        (0.0, 5.0, 0),
        (0.5, 0.0, 0),
        (float("inf"), 5.0, 0),
    ],
)
def test_by_how_many_places_a_point_is_misplaced(right: float, number: float, power: int) -> None:
    assert diagnosis._powers(right, number) == power


def test_a_number_in_place_of_a_side_of_a_matrix_product_multiplies_it() -> None:
    """One side of tanh(W) is 1, which NumPy's @ does not take."""
    forward = {"D": "tanh(W)·X", "L": "half_squared_error(D, Y)"}
    e = written({"W": (1, 1)}, {"X": [[0.5]], "Y": [[1.0]]}, forward, {"W": [[0.3]]})
    found = wrong_numbers(e.program, Timeline(e).iteration(1), Cell("D", 1, 1))
    assert 0.5 in {w.number for w in found}
    assert not judge(e, "D", "-tanh(W)·X").accepted
