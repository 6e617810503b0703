"""Comparing a learner's arrays: the first wrong step, its mistake, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui import Timeline as Run
from backprop_tui.files.experiment_file import load, read_experiment
from backprop_tui.learn.comparing import (
    ArrayComparison,
    ArraysError,
    ComparedArray,
    _Near,
    _times,
    compare,
)
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.learn.own_arrays import _meant, _setting, ways_of
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.parser import parse
from backprop_tui.maths.values import value
from backprop_tui.model.experiment import Data, Experiment, read_only
from backprop_tui.model.network import OPTIMIZERS, Network, Training
from backprop_tui.model.program import lowered
from backprop_tui.model.saved import ALPHA, Edit
from backprop_tui.run.timeline import Timeline
from tests.networks import SMOOTH, experiment, experiments, in_rows
from tests.programs import CANCELLED, written

ARTICLE = load("article")
START = ("X", "Y", "W1", "b1", "W2", "b2")


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def by_hand(m: int = 4, wrong: str = "", seed: int = 0) -> dict[str, Any]:
    """What ten lines of NumPy compute for the article's network, with a mistake in one of them."""
    random = np.random.default_rng(seed)
    X, Y = random.normal(size=(3, m)), random.integers(0, 2, (1, m)) * 1.0
    W1, b1 = random.normal(size=(3, 3)), random.normal(size=(3, 1))
    W2, b2 = random.normal(size=(1, 3)), random.normal(size=(1, 1))
    Z1 = W1 @ X + b1
    A1 = sigmoid(Z1)
    Z2 = W2 @ A1 + b2
    A2 = sigmoid(Z2)
    dZ2 = Y - A2 if wrong == "sign" else A2 - Y
    dW2, db2 = dZ2 @ A1.T / m, dZ2.sum(axis=1, keepdims=True) / m
    dA1 = W2.T @ dZ2
    at = A1 if wrong == "at A1" else Z1
    dZ1 = dA1 * sigmoid(at) * (1 - sigmoid(at))
    dW1, db1 = dZ1 @ X.T / (1 if wrong == "mean" else m), dZ1.sum(axis=1, keepdims=True) / m
    W1_new = W1 - ARTICLE.training.learning_rate * dW1
    found = {name: value for name, value in locals().items() if isinstance(value, np.ndarray)}
    return {name: found[name] for name in found if name != "at"}


def lines(found: ArrayComparison) -> dict[str, ComparedArray]:
    """The lines of the arrays in the file, by their symbols."""
    return {a.symbol: a for a in found.arrays if a.verdict != "not in the file"}


# Right arrays -----------------------------------------------------------------------------------


@given(experiments(SMOOTH, scales=(1.0,)))
def test_the_numbers_of_a_run_agree_with_it(e: Experiment) -> None:
    iteration = Timeline(e).iteration(2)
    run = e.program.by_symbol(iteration.results)
    arrays = {s: a for s, a in run.items() if s not in e.program.parameters}
    found = compare(e, arrays, iteration.number)
    assert found.agrees, found
    assert set(lines(found)) == set(arrays)


def test_after_the_update_means_parameters_not_what_else_an_update_keeps() -> None:
    e = load("momentum")
    run = e.program.by_symbol(Timeline(e).iteration(1).results)
    found = compare(e, {"vdW1": run["vdW1"], "W1_new": run["W1"]})
    assert lines(found).keys() == {"vdW1", "W1_new"}


def test_data_and_parameters_in_the_file_are_what_the_run_begins_with() -> None:
    found = compare(ARTICLE, by_hand(m=5))
    assert found.agrees
    assert found.setting == (
        "The run begins with your X, Y, W1, b1, W2, b2; a batch is 5 examples."
    )
    assert "W1_new" in lines(found)
    assert found.summary == "All 12 arrays agree."


def test_what_is_changed_by_hand_stays_changed_but_in_arrays_of_the_file() -> None:
    values = {"b2": 3.0, "W1": 4.0, "X": 5.0, "Y": 0.5}
    edits = (Edit(1, Cell(symbol, 1, 1), value) for symbol, value in values.items())
    e = replace(ARTICLE, edits=(Edit(1, ALPHA, 0.25), *edits))
    iteration = Timeline(e).iteration(1)
    own = {"X": iteration.given["X"], "W1": iteration.given["W1"]}
    mine = {f"{s}_new": a for s, a in e.program.by_symbol(iteration.results).items()}
    new = {name: a for name, a in mine.items() if name[0] in "Wb"}
    assert compare(e, {**own, **new}).agrees
    assert compare(e, {"W1": ARTICLE.parameters()["W1"], **new}).first is not None
    four = compare(e, {**by_hand(m=4), "b2_new": np.zeros((1, 1))})
    assert four.setting.endswith("W1, b1, W2, b2; a batch is 4 examples.")


def test_examples_of_the_file_may_be_in_its_own_order_where_the_run_shuffles() -> None:
    shuffled = replace(ARTICLE, training=replace(ARTICLE.training, order="shuffled"))
    mine, turned = by_hand(m=4), by_hand(m=4, wrong="sign")
    found = compare(shuffled, mine)
    assert found.agrees, found
    assert found.setting.endswith("; a batch is 4 examples, not shuffled.")
    assert compare(shuffled, turned).summary.startswith("The first step that differs is dZ2.")
    data = Data({symbol: read_only(mine[symbol]) for symbol in "XY"})
    at_once = replace(shuffled, data=data, training=replace(shuffled.training, batch=4))
    run = at_once.program.by_symbol(Timeline(at_once).iteration(1).results)
    found = compare(shuffled, {"X": mine["X"], "Y": mine["Y"], "Z1": run["Z1"]})
    assert found.agrees, found
    assert found.setting.endswith("; a batch is 4 examples.")


@pytest.mark.parametrize("orientation", ["rows", "inputs × neurons", "both"])
def test_transposed_arrays_are_recognised_and_said(orientation: str) -> None:
    arrays = by_hand()
    weights = {"W1", "W2", "dW1", "dW2", "W1_new", "b1", "b2", "db1", "db2"}
    for name in arrays:
        if orientation == "both" or (name in weights) == (orientation != "rows"):
            arrays[name] = arrays[name].T
    found = compare(ARTICLE, arrays)
    assert found.agrees, found
    assert "transposed" in found.setting
    turned = {a.symbol for a in found.arrays if a.remark == "transposed"}
    assert turned >= ({"Z1", "dZ1"} if orientation != "inputs × neurons" else {"dW1", "dW2"})
    assert ("dW1" in turned) == (orientation != "rows")


@pytest.mark.parametrize(
    "spelled",
    ["dW1", "dw1", "dW_1", "W1_grad", "W1.grad", "grad_W1", "grads/dW1", "grads/W1", "dL_dW1"],
)
def test_names_in_the_usual_spellings(spelled: str) -> None:
    arrays = by_hand()
    found = compare(ARTICLE, {**{s: arrays[s] for s in START}, spelled: arrays["dW1"]})
    assert (set(lines(found)), found.unmatched) == ({"dW1"}, ())
    assert found.summary == "The array agrees."


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        ("dW1 dw1 W1_grad gradW1 grad_W1 dL_dW1 dJdW1 dloss_dW1 W1.grad grads/dW1", "dW1"),
        ("grads/W1 gradients['W1'] W1.gradient W1_gradient", "dW1"),
        ("W1_new newW1 W1_after W1_updated updated_W1 W1_next", "W1"),
        ("W1 w_1 W1_old W1_before W1_init W1_initial W1_start", "W1 before"),
        ("X A0 a0 data/X", "X before"),
        ("A2 yhat y_hat y_pred AL output prediction", "A2"),
        ("dZ2 delta2 δ_2", "dZ2"),
        ("L loss cost Loss", "L"),
        ("grads/A1 dA1", "dA1"),
        ("X_grad grads/X foo grad W9 grads/Y", None),
    ],
)
def test_what_a_name_means(names: str, meant: str | None) -> None:
    for name in names.split():
        found = _meant(name, ARTICLE.program)
        assert (found and " ".join(filter(None, found))) == meant, name


@pytest.mark.parametrize(
    ("shape", "rows", "columns", "turned"),
    [
        ((2, 3), 2, 3, [False]),
        ((3, 2), 2, 3, [True]),
        ((2, 2), 2, 2, [False, True]),
        ((2, 3), 2, None, [False]),
        ((3,), 3, 1, [False]),
        ((3,), 1, 3, [False]),
        ((), 1, 1, [False, False]),
        ((1, 2, 3), 2, 3, []),
        ((4, 3), 2, 3, []),
    ],
)
def test_the_ways_in_which_an_array_has_a_shape(
    shape: tuple[int, ...], rows: int, columns: int | None, turned: list[bool]
) -> None:
    found = ways_of(np.zeros(shape), rows, columns)
    assert [is_turned for _, is_turned in found] == turned
    assert all(form.shape[0] == rows for form, _ in found)
    assert all(form.shape[1] == columns for form, _ in found if columns)


def test_the_batch_is_what_the_arrays_have() -> None:
    X = [[1.0, 0.5, 0.2, -1.0]] * 3
    one_by_one = experiment(ARTICLE.dense, Training(), X, [[1.0, 0.0, 1.0, 0.0]])
    assert compare(ARTICLE, {"Z1": np.zeros((3, 1))}).setting.endswith("a batch is 1 example.")
    for m, batch in ((1, "1 of 4 examples"), (4, "4 examples")):
        found = compare(one_by_one, {"Z1": np.zeros((3, m))})
        assert lines(found)["Z1"].verdict == "differs"
        assert found.setting.endswith(f"a batch is {batch}.")


def test_a_factor_of_m_is_told_where_the_step_has_it() -> None:
    twice = by_hand(m=2)
    found = compare(ARTICLE, {**{s: twice[s] for s in START}, "dW2": 2 * twice["dW2"]})
    assert "(twice the right value: 1/m is missing)" in lines(found)["dW2"].remark
    arrays = by_hand(m=4)
    for symbol, factor, said in (
        ("dW2", 4, "4 times the right value: 1/m is missing"),
        ("dW1", 0.25, "1/4 of the right value: 1/m is there once too often"),
        ("dW1", -0.25, "minus 1/4 of the right value: 1/m is there once too often"),
        ("dA1", 4, "4 times the right value"),
    ):
        found = compare(ARTICLE, {**{s: arrays[s] for s in START}, symbol: factor * arrays[symbol]})
        assert f"({said})" in lines(found)[symbol].remark


@pytest.mark.parametrize(("kind", "tolerance"), [("float64", 1e-6), ("float32", 1e-4)])
def test_numbers_agree_as_exactly_as_their_kind_allows(kind: str, tolerance: float) -> None:
    arrays = by_hand()
    dW1 = arrays["dW1"]
    most = np.abs(dW1).max()
    for times, verdict in ((0.5, "agrees"), (2.0, "differs")):
        near = (dW1 + times * tolerance * most).astype(kind)
        found = compare(ARTICLE, {**{s: arrays[s] for s in START}, "dW1": near})
        assert lines(found)["dW1"].verdict == verdict
    zeros = {"dA1": np.ones((3, 1)), "dZ1": np.full((3, 1), 1e-9)}  # it is 0
    assert lines(compare(load("zeros"), zeros))["dZ1"].verdict == "agrees"


def test_all_of_it_in_float32_agrees() -> None:
    found = compare(ARTICLE, {s: a.astype(np.float32) for s, a in by_hand(m=7).items()})
    assert found.agrees, found


def test_rounded_numbers_agree_and_it_is_said() -> None:
    arrays = by_hand()
    given = {s: arrays[s] for s in START}
    rounded = {s: np.round(arrays[s], 4) for s in ("dZ2", "dW2", "dZ1", "dW1")}
    found = compare(ARTICLE, {**given, **rounded})
    assert {str(a) for a in lines(found).values()} == {
        f"{s}  agrees  to 4 decimals" for s in rounded
    }


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-6), (np.float32, 1e-4), (np.float16, 1e-2)]
)
def test_how_far_numbers_may_be_apart_depends_on_their_digits(dtype: Any, tolerance: float) -> None:
    arrays = by_hand()
    given = {s: arrays[s] for s in START}
    for times, agrees in ((0.8, True), (1.3, False)):
        off = arrays["A1"] + times * tolerance * np.abs(arrays["A1"]).max()
        assert compare(ARTICLE, {**given, "A1": off.astype(dtype)}).agrees == agrees


def test_gradients_of_the_mean_loss_are_recognised() -> None:
    arrays = by_hand(m=4)
    arrays = {s: a / 4 if s in ("dZ2", "dA1", "dZ1") else a for s, a in arrays.items()}
    found = compare(ARTICLE, arrays)
    assert found.agrees
    assert lines(found)["dZ1"].remark == (
        "1/m of it: yours is ∂J/∂Z1, here it is ∂L/∂Z1 of each example"
    )
    found = compare(ARTICLE, arrays | {"dW2": 3 * arrays["dW2"]})
    assert "(3 times the right value)" in lines(found)["dW2"].remark


@pytest.mark.parametrize(
    ("of_j", "verdict", "remark"),
    [
        (True, "agrees", "1/m of it: yours is ∂J/∂N, here it is that of all L added up"),
        (False, "differs", "yours 0.3333 (with a mean instead of a sum), should be 1"),
    ],
)
def test_a_shared_value_has_the_gradient_of_j_where_others_have(
    of_j: bool, verdict: str, remark: str
) -> None:
    e = written(
        {"V": (1, 1)},
        {"X": [[1.0, 0.0, 1.0]], "Y": [[1.0, 1.0, 2.0]]},
        {"N": "3·V", "A": "N·X", "L": "(A − Y)²"},
    )
    X, Y, V = np.array([[1.0, 0.0, 1.0]]), np.array([[1.0, 1.0, 2.0]]), np.array([[7 / 12]])
    dA = 2 * (3 * V @ X - Y)
    arrays = {"V": V, "dA": dA / 3 if of_j else dA, "dN": dA @ X.T / 3}
    found = lines(compare(e, arrays))
    assert found["dA"].verdict == "agrees"
    assert found["dN"].verdict == verdict
    assert found["dN"].remark.endswith(remark)


def test_a_gradient_with_its_sign_flipped_is_no_value_with_its_sign_flipped() -> None:
    mine = by_hand()
    mine = {s: mine[s] for s in (*START, "A2")}
    mine["Y"] = 0.0 * mine["Y"]  # then −A2 gives the same numbers
    del (arrays := mine | {"dZ2": mine["Y"] - mine["A2"]})["A2"]
    found = lines(compare(ARTICLE, arrays))["dZ2"]
    assert "(the sign: this is minus the right value)" in found.remark


@pytest.mark.parametrize("objective", ["sqrt(mean(L))", "total(L)"])
def test_where_nothing_is_divided_by_m_a_gradient_with_1_m_is_wrong(objective: str) -> None:
    e = written(
        {"W": (1, 1)},
        {"X": [[1.0, 0.0, 1.0]], "Y": [[1.0, 1.0, 2.0]]},
        {"A": "W·X", "L": "(A − Y)²", "J": objective},
    )
    right = Run(e).iteration(1)
    dA = right.results[Run(e).program.index("dA")]
    assert compare(e, {"dA": dA}).agrees
    assert not compare(e, {"dA": dA / 3}).agrees


def test_what_a_wrong_number_does_not_change_follows_from_it_no_more() -> None:
    network = Network((2, 2, 1), ("relu", "sigmoid"), "binary_cross_entropy")
    weights = {"W1": [[-1.0, -1.0], [1.0, 1.0]], "W2": [[0.5, 0.5]]}
    e = experiment(network, Training(), [[1.0], [2.0]], [[1.0]], weights)
    run = e.program.by_symbol(Timeline(e).iteration(1).results)
    off = np.array([[-0.5], [0.0]])  # Z1[1,1] stays negative: A1 is as it was
    found = compare(e, {"Z1": run["Z1"] + off, "Z2": run["Z2"] + 1})
    assert lines(found)["Z1"].verdict == lines(found)["Z2"].verdict == "differs"
    assert "Z1" not in lines(found)["Z2"].remark


# Wrong arrays -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "first", "why"),
    [
        ("sign", "dZ2", "(the sign: this is minus the right value)"),
        ("at A1", "dZ1", "(with g′(A) instead of g′(Z))"),
        ("mean", "dW1", "(4 times the right value: 1/m is missing)"),
    ],
)
def test_the_first_wrong_step_is_named_with_its_mistake_and_the_rest_follows(
    wrong: str, first: str, why: str
) -> None:
    found = compare(ARTICLE, by_hand(wrong=wrong))
    assert found.first is not None
    assert found.first.symbol == first
    assert found.first.remark.startswith("first at [1,1]: yours ")
    assert f" {why}, should be " in found.first.remark  # it is about your number
    later = [a for a in lines(found).values() if a.verdict == "differs" and a is not found.first]
    assert later
    assert {a.remark for a in later} == {f"follows from {first}"}
    assert found.summary == f"The first step that differs is {first}."


@pytest.mark.parametrize(
    ("factor", "said"), [(2.0, "twice"), (3.0, "3 times"), (0.5, "half"), (0.3, ""), (2.5, "")]
)
def test_a_single_number_has_a_factor_only_where_that_is_a_likely_one(
    factor: float, said: str
) -> None:
    arrays = by_hand(m=1)
    given = {s: arrays[s] for s in START}
    found = compare(ARTICLE, {**given, "db2": arrays["db2"] * factor}).first
    assert found is not None
    assert (f"({said} the right value)" in found.remark) == ("(" in found.remark) == bool(said)
    whole = compare(ARTICLE, {**given, "dW2": arrays["dW2"] * factor}).first
    assert whole is not None
    assert "the right value)" in whole.remark


def test_two_numbers_with_one_factor_have_it_whatever_it_is() -> None:
    pair = experiment(
        Network((1, 2), ("tanh",), "half_squared_error"), Training(), [[1]], [[1], [0]]
    )
    run = Timeline(pair)
    right = run.iteration(1).results[run.program.index("db1")]
    first = compare(pair, {"db1": 1.7 * right}).first
    assert first is not None
    assert "1.7 times the right value" in first.remark


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (2.0, "twice"),
        (2 + 1e-7, "twice"),
        (0.5, "half"),
        (3.0, "3 times"),
        (1.5, "1.5 times"),
        (2.00001, "2.00001 times"),
        (0.25, "1/4 of"),
        (1 / 3, "1/3 of"),
        (0.3, "0.3 times"),
        (0.334, "0.334 times"),
    ],
)
def test_a_factor_is_told_as_one_says_it(factor: float, said: str) -> None:
    assert _times(factor) == said


def matrix(*numbers: float) -> np.ndarray:
    return np.array([numbers])


class TestNear:
    """Whether two matrices are equal, held against the largest number of the right one."""

    @pytest.mark.parametrize(
        ("right", "off", "is_near"),
        [
            (100.0, 0.9e-4, True),
            (100.0, 1.1e-4, False),
            (0.0, 0.9e-6, True),  # where all is 0, against 1
            (0.0, 1.1e-6, False),
            (np.nan, 1.0, True),  # NaN is equal to NaN
        ],
    )
    def test_to_a_millionth_of_it(self, right: float, off: float, is_near: bool) -> None:
        found = matrix(right + off, 0.0)
        assert _Near(found)(found, matrix(right, 0.0)) is is_near
        assert not _Near(found)(found, np.vstack([matrix(right, 0.0)] * 2)), "of another shape"

    @pytest.mark.parametrize(("to", "decimals"), [(1, 0), (2, 2), (3, 3), (12, 12), (13, 0)])
    def test_a_rounded_one_is_told_from_2_decimals_on(self, to: int, decimals: int) -> None:
        right = matrix(1 / 3, 2 / 3)
        assert _Near(right).rounded(np.round(right, to), right) == decimals
        assert not _Near(right).rounded(np.zeros((1, 2)), right / 1e15), "0 shows nothing"

    def test_the_first_that_is_apart_is_told_with_the_digits_that_tell(self) -> None:
        found, right = matrix(1.0, 0.12346, 7.0), matrix(1.0, 0.12348, 8.0)
        told = _Near(found).first(found, right, " (why)")
        assert told == "[1,2]: yours 0.12346 (why), should be 0.12348"
        (other,) = (_Near(a).first(a, -a, "") for a in [matrix(-np.inf, 1.0)])
        assert other == "[1,1]: yours −∞, should be ∞"
        assert "yours 0.1, should be 0.2" in _Near(found).first(matrix(0.1), matrix(0.2), "")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_mistake_before_an_array_is_found_with_any_optimizer(optimizer: str) -> None:
    e = replace(ARTICLE, training=Training(optimizer=optimizer))
    arrays = by_hand(m=1, wrong="at A1")
    found = compare(e, {s: arrays[s] for s in (*START, "dW1")}).first
    assert found is not None
    assert found.made_in == "dZ1"


THREE_PATHS = written(
    {"W": (2, 2), "U": (2, 2), "V": (1, 2)},
    {"X": [[1.0, -1.0], [0.5, 0.3]], "Y": [[1.0, 0.0]]},
    {
        "A": "tanh(W·X)",
        "B": "U·A",
        "C": "A ∘ A",
        "D": "σ(A)",
        "E": "B + C + D",
        "M": "mean(E)",
        "S": "total(E) / 9",
        "O": "V·X + M + S",
        "L": "half_squared_error(O, Y)",
    },
)


@pytest.mark.parametrize(
    ("symbol", "formula", "said"),
    [
        ("dA", "2·dC ∘ A + Uᵀ·dB", "without one of the paths"),
        ("dA", "dD ∘ A ∘ (1 − A) + Uᵀ·dB", ""),
        ("dA", "Uᵀ·dB", "from one path only"),
        ("dE", "dS ∘ ones(E) / 9", "from one path only"),  # each is a factor of the right ones
        ("dU", "1.0000015 ∘ (dB·Aᵀ / m)", ""),  # 1 times the right value
    ],
)
def test_one_path_or_one_forgotten_is_told_from_a_factor(
    symbol: str, formula: str, said: str
) -> None:
    run = Timeline(THREE_PATHS)
    numbers = {**run.iteration(1).scalars, **run.program.by_symbol(run.iteration(1).results)}
    array = np.asarray(value(lowered(parse(formula)), {**numbers, **run.iteration(1).given}))
    remark = lines(compare(THREE_PATHS, {symbol: array}))[symbol].remark
    assert f"({said})" in remark if said else "(" not in remark


@pytest.mark.parametrize(("wrong", "made_in"), [("sign", "dZ2"), ("at A1", "dZ1")])
def test_a_mistake_in_a_step_that_is_not_in_the_file_is_found(wrong: str, made_in: str) -> None:
    arrays = by_hand(wrong=wrong)
    found = compare(ARTICLE, {s: arrays[s] for s in (*START, "dW2", "db2", "dW1", "db1")})
    assert found.first is not None
    assert found.first.made_in == made_in
    assert f"in {made_in}" in found.first.remark
    assert f"the mistake is in {made_in}" in found.summary
    assert lines(found)["db1"].remark == f"follows from {made_in}"


def test_a_derivative_that_is_the_same_number_everywhere_is_a_mistake_like_any_other() -> None:
    e = load("momentum")  # linear′(Z1) is 1
    dW1 = Timeline(e).iteration(1).given["X"].sum(axis=1, keepdims=True).T / 2
    for arrays in ({"dZ1": np.ones((1, 2))}, {"dW1": dW1}):
        found = compare(e, arrays).first
        assert found is not None
        assert (found.made_in, found.symbol) == ("dZ1", *arrays)
        assert "from only one of the factors" in found.remark


@given(experiments(SMOOTH, scales=(1.0,)), st.sampled_from(sorted(CATALOGUE)))
def test_a_run_with_a_mistake_differs_first_where_it_is_made(e: Experiment, name: str) -> None:
    wrong = Timeline(e.with_mistake(CATALOGUE[name]))
    results = wrong.program.by_symbol(wrong.iteration(1).results)
    arrays = {s: a for s, a in results.items() if s not in e.program.parameters}
    found = compare(e, arrays)
    made = {slip.step.symbol for slip in CATALOGUE[name].slips(e.program)}
    own = {a.made_in for a in found.arrays if a.own}
    assert own <= made | {"dA1", "dA2", "dA3"}, found  # updated-weights is made in dA


def test_two_mistakes_are_told_apart() -> None:
    arrays = by_hand(wrong="at A1")
    arrays["dW2"] = 3 * arrays["dW2"]
    found = compare(ARTICLE, arrays)
    assert [a.symbol for a in found.arrays if a.own] == ["dW2", "dZ1"]
    assert found.summary == "The first step that differs is dW2. dZ1 differs too."


def test_the_number_that_should_be_there_is_that_from_ones_own_numbers() -> None:
    arrays = by_hand(wrong="sign")
    arrays["dA1"] = arrays["dA1"] + 1
    remark = lines(compare(ARTICLE, arrays))["dA1"].remark
    assert remark.endswith("with your dZ2")


def test_not_a_number_differs() -> None:
    found = compare(ARTICLE, {"dW1": np.full((3, 3), np.nan)})
    assert "yours NaN" in lines(found)["dW1"].remark


RIGHT, ONES = by_hand(), np.ones((3, 3))
BEGUN = {s: RIGHT[s] for s in START}
COMPARED: dict[str, tuple[Experiment, dict[str, Any]]] = {
    "all transposed": (ARTICLE, {s: array.T for s, array in RIGHT.items()}),
    "a flipped sign, its step left out": (
        ARTICLE,
        {s: by_hand(wrong="sign")[s] for s in (*START, "dW2", "db2", "dW1", "db1")},
    ),
    "gradients of J": (
        ARTICLE,
        {s: a / 4 if s in ("dZ2", "dA1", "dZ1") else a for s, a in RIGHT.items()},
    ),
    "names in many ways": (
        ARTICLE,
        {
            "grads/W1": ONES,
            "b2.grad": np.zeros((1, 1)),
            "loss": np.array([0.5]),
            "y_pred": np.array([0.7]),
            "a0": [[1.0], [0.5], [-0.5]],
            "zzz": np.ones(2),
        },
    ),
    "several faults": (
        ARTICLE,
        {
            **BEGUN,
            "dW2": 3 * RIGHT["dW2"],
            "dA1": RIGHT["dA1"] + 1,
            "dZ1": RIGHT["dZ1"].T,
            "dW1": -RIGHT["dW1"].T,
            "db1": np.round(RIGHT["db1"], 3),
        },
    ),
    "wrong shapes": (
        ARTICLE,
        {**BEGUN, "dW1": np.ones((4, 2)), "Z1": np.ones(3), "dZ2": np.ones((2, 2, 2))},
    ),
    "all examples at once": (
        experiment(ARTICLE.dense, Training(), [[1.0, 0.5, 0.2, -1.0]] * 3, [[1.0, 0.0, 1.0, 0.0]]),
        {"Z1": np.zeros((3, 4)), "A1": np.full((3, 4), 0.5)},
    ),
}
REPORTS = Path(__file__).with_name("compared.txt").read_text("utf-8").split("\n\n")
"""The report of each, but for the steps that are not in the file."""


@pytest.mark.parametrize("report", REPORTS, ids=[r.partition("\n")[0] for r in REPORTS])
def test_a_report(report: str) -> None:
    name, *rows = report.strip().splitlines()
    assert reported(name) == rows


def reported(name: str) -> list[str]:
    found = compare(*COMPARED[name])
    return [row for row in found.lines if not row.endswith("not in the file")]


# What cannot be compared ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"foo": [[1.0]]}, "no array has the name of a symbol of this run: "),
        ({"dW1": [[1.0]], "W1_grad": [[1.0]]}, "dW1 and W1_grad both mean dW1"),
        ({"X": [[1.0, 2.0]]}, "X is 1×2, but must have 3 rows, a column for each example"),
        ({"W2": [[1.0, 2.0]]}, "W2 is 1×2, but must be 1×3"),
        ({"W2": [[1.0, np.inf, 2.0]]}, "W2 holds a number that is not finite"),
        ({"dW1": ["a"]}, "dW1 is not an array of real numbers"),
        ({"dW1": [[1.0, 2.0], [3.0]]}, "dW1 is not an array of real numbers"),
        ({"dW1": np.array([1j])}, "dW1 is not an array of real numbers"),
        ({"dW1": np.ones((0, 3))}, "dW1 is empty"),
    ],
)
def test_what_nothing_can_be_made_of_is_refused(arrays: Any, sentence: str) -> None:
    with pytest.raises(ArraysError) as refused:
        compare(ARTICLE, arrays)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("arrays", "rows", "sentence"),
    [
        ({"X": np.ones((3, 2))}, False, "your X has 2 examples, the run’s Y has 1 example"),
        ({"X": np.ones((2, 3))}, True, "your X has 2 examples, the run’s Y has 1 example"),
        ({"Y": np.ones((3, 1))}, True, "the run’s X has 1 example, your Y has 3 examples"),
    ],
)
def test_data_of_unlike_numbers_of_examples_are_told_what_an_example_is(
    arrays: Any, rows: bool, sentence: str
) -> None:
    with pytest.raises(ArraysError) as refused:
        compare(in_rows(ARTICLE) if rows else ARTICLE, arrays)
    one = "row" if rows else "column"
    assert str(refused.value) == f"{sentence}: each needs a {one} for each example"


def test_a_name_that_two_symbols_have_but_for_capitals_is_refused() -> None:
    forward = {"O": "Wx·X + wx·X", "L": "half_squared_error(O, Y)"}
    both = written({"Wx": (1, 1), "wx": (1, 1)}, {"X": [[1.0]], "Y": [[1.0]]}, forward)
    with pytest.raises(ArraysError, match=r"^WX can mean Wx or wx$"):
        compare(both, {"WX": np.ones((1, 1))})
    assert [*lines(compare(both, {"dwx": np.ones((1, 1))}))] == ["dwx"]


def test_arrays_that_are_none_of_the_runs_are_listed() -> None:
    found = compare(ARTICLE, {"dW1": np.ones((4, 2)), "momentum": np.ones(3), "dZ22": np.ones(1)})
    assert found.unmatched == (
        "momentum (3) is no symbol of this run",
        'dZ22 (1) is no symbol of this run. Did you mean "dZ2"?',
    )
    assert str(lines(found)["dW1"]) == "dW1  wrong shape  yours is 4×2, it must be 3×3"


def test_the_numbers_of_another_gradient_are_told_as_those() -> None:
    mine = by_hand()
    found = lines(compare(ARTICLE, mine | {"dA2": mine["dZ2"]}))
    assert "(this is dZ2), should be" in found["dA2"].remark
    assert found["dZ2"].verdict == "agrees"


@pytest.mark.parametrize("penalty", ["0.1·total(W²)", "0.1·total(abs(W))", "total(W²) + 2·W"])
def test_a_penalty_of_ones_own_that_is_left_out_is_told(penalty: str) -> None:
    forward = {"A": "W·X", "L": "(A − Y)²", "J": f"mean(L) + {penalty}"}
    e = written({"W": (1, 1)}, {"X": [[1.0, 2.0]], "Y": [[1.0, 0.0]]}, forward)
    dW = 2 * (0.5 * 1 - 1) * 1 / 2 + 2 * (0.5 * 2) * 2 / 2  # of the mean of both losses
    found = lines(compare(e, {"W": [[0.5]], "dW": [[dW]]}))["dW"]
    assert "(without the penalty" in found.remark


def test_what_only_happens_to_be_1_is_no_other_gradient() -> None:
    forward = {"A": "W·X", "L": "(A − Y)²", "P": "W²", "J": "mean(L) + P"}
    e = written({"W": (1, 1)}, {"X": [[1.0, 2.0]], "Y": [[1.0, 0.0]]}, forward)
    assert "this is" not in lines(compare(e, {"J": [[1.0]]}))["J"].remark


def test_of_an_array_of_another_shape_the_mistake_that_gives_it_is_told() -> None:
    mine = by_hand()
    mine |= {"db1": mine["dZ1"] / 4, "dW2": mine["dZ2"] @ mine["A2"].T / 4, "db2": mine["A2"]}
    found = lines(compare(ARTICLE, mine))
    assert found["db1"].remark == "yours is 3×4 (without the sum), it must be 3×1"
    assert found["dW2"].remark == "yours is 1×1 (with another layer's A), it must be 1×3"
    assert found["db2"].remark == "yours is 1×4, it must be 1×1"
    row = lines(compare(ARTICLE, mine | {"db2": mine["dZ2"].sum(axis=0) / 4}))["db2"]
    assert row.remark == "yours is a list of 4 (without the sum), it must be 1×1"
    column = lines(compare(ARTICLE, mine | {"dZ2": mine["A2"] - mine["Y"].T}))["dZ2"]
    assert column.remark == "yours is 4×4 (with Yᵀ for Y), it must be 1×4"


def test_where_there_is_only_what_the_run_begins_with_nothing_is_said_to_agree() -> None:
    begins = {"X": np.ones((3, 1)), "W1": np.ones((3, 3))}
    told = "nothing to compare: the run begins with X, W1. .* is needed, such as Z1$"
    with pytest.raises(ArraysError, match=told):
        compare(ARTICLE, begins)


def test_an_iteration_that_no_jump_would_come_to_is_refused() -> None:
    most = Timeline(ARTICLE).history.most
    with pytest.raises(ArraysError, match=f"{most:,} is the most"):
        compare(ARTICLE, {"dW1": np.ones((3, 3))}, most + 1)


def test_an_iteration_that_the_run_does_not_reach_is_refused() -> None:
    flags = {"activations": ["linear", "linear"], "loss": "half_squared_error"}
    linear = load("article", flags)
    with pytest.raises(ArraysError, match=r"no iteration 3: the run diverges in iteration 1$"):
        compare(linear, {"W1": np.full((3, 3), 1e200), "dW1": np.ones((3, 3))}, iteration=3)


SHARED = """
[parameters]
Wx = [2, 2]
Wh = [2, 2]
V = [1, 2]
[data]
X1 = [[0.5, -0.1]]
X2 = [[0.2, 0.4]]
Y = [[1.0]]
[forward]
H1 = "tanh(Wx X_1)"
H2 = "tanh(Wx·X2 + Wh·H1)"
O = "V·H2"
L = "half_squared_error(O, Y)"
"""


def test_any_program_is_compared_by_its_own_names() -> None:
    e = read_experiment(SHARED, "shared", "shared")
    iteration = Timeline(e).iteration(1)
    run = e.program.by_symbol(iteration.results)
    arrays = {"h1": run["H1"].T, "dwh": -run["dWh"], "grads/Wx": run["dWx"], "loss": run["L"]}
    found = compare(e, {**arrays, "X1": iteration.given["X1"].T})
    assert {a.symbol: a.verdict for a in lines(found).values()} == {
        "H1": "agrees",
        "L": "agrees",
        "dWh": "differs",
        "dWx": "agrees",
    }
    assert found.summary == "The first step that differs is dWh."


def test_a_name_of_the_file_comes_before_what_it_usually_means() -> None:
    """A line may be called yhat though the loss compares another; a loss without J may be cost."""
    forward = {"yhat": "W·X", "Loss": "yhat²", "A": "tanh(yhat)", "L": "(A − Y)² + 0·Loss"}
    e = written({"W": (1, 1)}, {"X": [[0.5]], "Y": [[1.0]]}, forward, {"W": [[2.0]]})
    arrays = {
        "yhat": [[1.0]],
        "loss": [[1.0]],
        "output": [[np.tanh(1)]],
        "cost": [[(np.tanh(1) - 1) ** 2]],
    }
    assert compare(e, arrays).agrees


@pytest.mark.parametrize(
    ("kind", "db", "agrees"),
    [
        (np.float64, 0.0, True),
        (np.float64, 5e-17, True),
        (np.float64, 1e-10, False),
        (np.float32, 2e-9, True),
        (np.float32, 1e-4, False),
    ],
)
def test_of_a_gradient_that_is_0_but_for_rounding_rounding_alone_agrees(
    kind: Any, db: float, agrees: bool
) -> None:
    run = Timeline(CANCELLED).iteration(1).results[CANCELLED.program.index("db")]
    assert 0 < abs(run).max() < 1e-15
    assert compare(CANCELLED, {"db": np.full((2, 1), db, kind)}).agrees == agrees


def test_the_library_compares_too() -> None:
    run = Run(load("article"))
    dW1 = run.iteration(1).results[run.program.index("dW1")]
    assert run.compare({"dW1": dW1}).agrees
    told = str(run.compare({"dW1": 2 * dW1}))
    assert "(twice the right value)" in told
    columns = {
        line.find(verdict) for line in told.splitlines()[1:-1] for verdict in ("not in", "differs")
    }
    assert columns == {-1, len("W1_new  ")}


@pytest.mark.parametrize(
    ("chosen", "turned", "examples", "batch", "said"),
    [
        ("", "", 4, 4, "its own data and parameters; a batch is 4 examples"),
        ("X", "", 4, 1, "your X; a batch is 1 of 4 examples"),
        ("X W1", "X", 1, 1, "your X, W1 (transposed: X); a batch is 1 example"),
    ],
)
def test_with_what_the_run_begins(
    chosen: str, turned: str, examples: int, batch: int, said: str
) -> None:
    own = {symbol: np.ones((1, 1)) for symbol in chosen.split()}
    turns = {symbol: symbol in turned for symbol in own}
    assert _setting(own, turns, examples, batch) == f"The run begins with {said}."
