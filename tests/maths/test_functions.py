"""Activations and losses: each is an expression, and its slope is the slope of that expression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.maths.elements import element
from backprop_tui.maths.expressions import Call, Expr, Name, Num, Partial
from backprop_tui.maths.functions import (
    ACTIVATIONS,
    DEFINITIONS,
    LOSSES,
    PRIMITIVES,
    expand,
    log,
    z,
)
from backprop_tui.maths.parser import parse
from backprop_tui.maths.rules import RULES, derivative_of
from backprop_tui.maths.values import evaluator, ratio, rounded, value, xlog
from backprop_tui.maths.writing import numpy_source
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from tests.networks import ELEMENTWISE, experiments, matrices

A, Y, Z, D = map(Name, "A2 Y Z2 dA2".split())
H = 1e-6


def at(e: Expr, **symbols: Any) -> Any:
    return value(e, {"K": 3.0, **{s: np.array(v, dtype=float) for s, v in symbols.items()}})


def in_every_face(e: Expr, a: float, y: float) -> list[float]:
    """What `e`, in A2 and Y, comes to as a matrix, as one element and as NumPy source."""
    env = {"A2": np.array([[a]]), "Y": np.array([[y]])}
    one = element(e, 1, 1, {"A2": (1, 1), "Y": (1, 1)})
    with np.errstate(all="ignore"):
        run = eval(numpy_source(e), {"np": np, "xlog": xlog, "ratio": ratio}, env)
    return [float(np.squeeze(face)) for face in (value(e, env), value(one, env), run)]


# Activations ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "z", "expected", "slope"),
    [
        ("sigmoid", 0.0, 0.5, 0.25),
        ("sigmoid", 1.105905967, 0.75136507, 0.186815602),
        ("tanh", 0.0, 0.0, 1.0),
        ("tanh", 1.0, 0.761594156, 0.419974342),
        ("relu", 3.0, 3.0, 1.0),
        ("relu", -3.0, 0.0, 0.0),
        ("relu", 0.0, 0.0, 0.0),
        ("leaky_relu", 3.0, 3.0, 1.0),
        ("leaky_relu", -3.0, -0.03, 0.01),
        ("leaky_relu", 0.0, 0.0, 0.01),
        ("linear", -1.5, -1.5, 1.0),
    ],
)
def test_activations_have_the_values_that_textbooks_print(
    name: str, z: float, expected: float, slope: float
) -> None:
    f = ACTIVATIONS[name]
    assert at(f(Z), Z2=[[z]]) == pytest.approx(expected, abs=1e-9)
    assert at(derivative_of(f(Z)), Z2=[[z]]) == pytest.approx(slope, abs=1e-9)


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(size=st.floats(0.01, 8), sign=st.sampled_from((-1, 1)))
def test_the_slope_of_an_activation_is_its_central_difference(
    name: str, size: float, sign: int
) -> None:
    f, z = ACTIVATIONS[name], sign * size
    rise = at(f(Z), Z2=[[z + H]]) - at(f(Z), Z2=[[z - H]])
    assert at(derivative_of(f(Z)), Z2=[[z]]) == pytest.approx(float(rise[0, 0]) / (2 * H), abs=1e-8)


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
@given(z=matrices(3, 2))
def test_a_function_is_worth_its_definition(name: str, z: Any) -> None:
    call = Call(name, (Z,))
    found = at(call, Z2=z)
    assert found.shape == z.shape
    assert np.array_equal(found, np.broadcast_to(at(expand(call), Z2=z), z.shape))


@pytest.mark.parametrize(("name", "low", "high"), [("sigmoid", 0.0, 1.0), ("tanh", -1.0, 1.0)])
def test_saturated_activations_reach_their_bounds_and_are_flat(
    name: str, low: float, high: float
) -> None:
    f = ACTIVATIONS[name]
    assert at(f(Z), Z2=[[-800, 800]]).tolist() == [[low, high]]
    assert at(derivative_of(f(Z)), Z2=[[-800, 800]]).tolist() == [[0.0, 0.0]]


def test_softmax_of_huge_values_does_not_overflow() -> None:
    z = [[1000.0, -1000.0, 0.0], [0.0, -1000.0, 0.0], [-1000.0, -2000.0, 0.0]]
    shares = at(ACTIVATIONS["softmax"](Z), Z2=z)
    assert shares[:, 0].tolist() == [1.0, 0.0, 0.0]
    assert shares[:, 1].tolist() == [0.5, 0.5, 0.0]
    assert shares[:, 2] == pytest.approx([1 / 3] * 3)
    assert np.array_equal(at(Call("softmax_rows", (Z,)), Z2=np.transpose(z)), shares.T)


@given(z=matrices(4, 2, scale=10))
def test_softmax_gives_each_example_shares_that_add_up_to_1(z: Any) -> None:
    shares = at(ACTIVATIONS["softmax"](Z), Z2=z)
    assert (shares >= 0).all()
    assert shares.sum(axis=0) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("name", ["ones", "step"])
def test_what_is_flat_hands_no_gradient_on(name: str) -> None:
    ((read, share),) = RULES[name].back(Call(name, (z,)), Name("c"), Name("g"))
    assert (RULES[name].name, read) == (name, z)
    assert value(share, {"g": np.array([[3.0]])}) == 0


def test_the_slope_of_not_a_number_is_not_a_number() -> None:
    assert np.isnan(at(derivative_of(ACTIVATIONS["relu"](Z)), Z2=[[np.nan]])).all()


# Losses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("half_squared_error", (0.3**2 + 0.5**2 + 0.2**2) / 2),
        ("mean_squared_error", (0.3**2 + 0.5**2 + 0.2**2) / 3),
        ("cross_entropy", -np.log(0.5)),
        ("binary_cross_entropy", -np.log(1 - 0.3) - np.log(0.5) - np.log(1 - 0.2)),
    ],
)
def test_losses_have_the_values_of_their_definitions(name: str, expected: float) -> None:
    a, y = [[0.3], [0.5], [0.2]], [[0.0], [1.0], [0.0]]
    assert at(LOSSES[name](A, Y), A2=a, Y=y)[0, 0] == pytest.approx(expected)


# The two conventions -------------------------------------------------------------------------


def test_nothing_times_log_0_is_nothing_in_every_face() -> None:
    assert in_every_face(Y * log(A), a=0.0, y=0.0) == [0.0, 0.0, 0.0]
    assert in_every_face(log(A) * Y, a=0.0, y=0.0) == [0.0, 0.0, 0.0]
    assert in_every_face((1 - Y) * log(1 - A), a=1.0, y=1.0) == [0.0, 0.0, 0.0]


def test_0_over_0_is_nothing_in_every_face_of_the_derivative() -> None:
    assert in_every_face(Y / A, a=0.0, y=0.0) == [0.0, 0.0, 0.0]
    assert in_every_face((1 - Y) / (1 - A), a=1.0, y=1.0) == [0.0, 0.0, 0.0]


def test_a_wrong_and_certain_prediction_costs_infinitely_much() -> None:
    assert in_every_face(-(Y * log(A)), a=0.0, y=1.0) == [np.inf] * 3
    assert in_every_face(Y / A, a=0.0, y=1.0) == [np.inf] * 3
    assert at(LOSSES["binary_cross_entropy"](A, Y), A2=[[1.0]], Y=[[0.0]]) == np.inf


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_a_right_and_certain_prediction_costs_nothing(y: float) -> None:
    assert in_every_face(LOSSES["binary_cross_entropy"](A, Y), a=y, y=y) == [0.0] * 3


@pytest.mark.parametrize(
    "e",
    [Y * A, A * Y, Y * (2 * A), Num(0.0) * A, Y * Call("exp", (A,)), Call("total", (Y,)) * A],
    ids=str,
)
def test_no_other_product_with_infinity_is_special(e: Expr) -> None:
    assert np.isnan(in_every_face(e, a=np.inf, y=0.0)).all()


@pytest.mark.parametrize("e", [Y / (2 * A), Y / Call("abs", (A,)), Y / (A + A)], ids=str)
def test_no_other_quotient_of_nothing_is_special(e: Expr) -> None:
    assert np.isnan(in_every_face(e, a=0.0, y=0.0)).all()


# Primitives ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("row_sums(A2)", [[5], [13], [12]]),
        ("col_sums(A2)", [[15, 15]]),
        ("total(A2)", [[30]]),
        ("row_means(A2)", [[2.5], [6.5], [6]]),
        ("col_means(A2)", [[5, 5]]),
        ("mean(A2)", [[5]]),
        ("row_max(A2)", [[4], [9], [10]]),
        ("col_max(A2)", [[10, 9]]),
        ("largest(A2)", [[10]]),
        ("step(A2 − 4)", [[0, 0], [0, 1], [1, 0]]),
        ("ones(A2)", [[1, 1], [1, 1], [1, 1]]),
        ("where(A2 > 4, A2, −1)", [[-1, -1], [-1, 9], [10, -1]]),
        ("power(A2, 2) − A2²", [[0, 0], [0, 0], [0, 0]]),
        ("sqrt(abs(−A2))² − A2 + 0·log(exp(sin(A2) + cos(A2)))", [[0, 0], [0, 0], [0, 0]]),
    ],
)
def test_what_gathers_keeps_its_rows_or_its_columns(
    formula: str, expected: list[list[float]]
) -> None:
    found = at(parse(formula), A2=[[1, 4], [4, 9], [10, 2]])
    assert found == pytest.approx(np.array(expected, float), abs=1e-9)
    assert found.shape == np.shape(expected)


def test_a_derivative_that_no_rule_was_applied_to_has_no_value() -> None:
    with pytest.raises(TypeError, match="no value for Partial"):
        at(Partial(Name("L"), Z), L=[[1]], Z2=[[1]])


@given(experiments())
def test_no_number_is_further_from_the_exact_one_than_rounding_may_have_moved_it(
    experiment: Experiment,
) -> None:
    program, iteration = Timeline(experiment).program, Timeline(experiment).iteration(1)
    env: dict[str, Any] = {**iteration.given, **iteration.scalars}
    exact = {symbol: np.longdouble(number) for symbol, number in env.items()}
    errors = {symbol: np.zeros(env[symbol].shape) for symbol in program.parameters}
    forward = list(zip(program.steps, program.lowered, strict=True))
    with np.errstate(all="ignore"):
        for step, e in forward[: program.phase_bounds("loss")[1]]:
            env[step.symbol], errors[step.symbol] = rounded(e, env, errors)
            exact[step.symbol] = evaluator(e)(exact)
            apart = np.abs(env[step.symbol] - exact[step.symbol])
            most = errors[step.symbol] + np.finfo(float).tiny  # below it all may be 0
            assert (apart <= most)[np.isfinite(apart)].all()


@pytest.mark.parametrize(
    ("formula", "a", "error"),
    [
        ("2·A2", 0.5, np.spacing(1.0)),
        ("A2 + 160 − 160", 0.5, np.spacing(160.5) + np.spacing(0.5)),  # what cancels is kept
        ("row_sums(A2)", 0.5, 2 * np.spacing(0.5)),
        ("where(A2 > 0, A2, log(A2))", 0.5, np.spacing(0.5)),
        ("1/(1 + exp(A2))", 800.0, 0.0),  # ∞ on the way
        ("A2 ∘ log(A2)", 0.0, 0.0),
        ("log(1 − A2)", 1.0, np.inf),
        ("step(A2 − 1)", 1.0, 0.0),  # 0 is exact
        ("1 / (A2 + 160 − 160)", 3 * np.spacing(160.0), 1 / np.spacing(160.0) / 6),  # 1/2 − 1/3
        ("(1e200·A2) · (A2 − 1)", 1.0, np.inf),  # unknown: the squares overflow
        ("row_sums(linear′(A2))", 0.5, 3 * np.spacing(1.0)),
        ("sqrt(A2 + 2 − 2)", 0.0, np.sqrt(np.spacing(2.0))),  # there is none of −4e−16
    ],
)
def test_rounding_moves_a_number_by(formula: str, a: float, error: float) -> None:
    with np.errstate(all="ignore"):
        of_a = {"A2": np.array([[a]])}
        _, found = rounded(parse(formula), of_a, {"A2": np.zeros((1, 1))})
    assert found.item() == pytest.approx(error, rel=1e-9, abs=1e-300)


def test_most_functions_take_one_value() -> None:
    others = {name: p.values for name, p in PRIMITIVES.items() if p.values != range(1, 2)}
    assert others == {"power": range(2, 3), "where": range(3, 4), "max": range(2, 1000)}


def test_losses_say_what_their_targets_must_be() -> None:
    assert {
        loss.name: (loss.targets_are_shares, loss.targets_are_probabilities)
        for loss in LOSSES.values()
    } == {
        "binary_cross_entropy": (False, True),
        "cross_entropy": (True, False),
        "half_squared_error": (False, False),
        "mean_squared_error": (False, False),
    }


def test_the_largest_of_any_number_of_values() -> None:
    e = Call("max", (A, Num(2.0), Y))
    assert in_every_face(e, a=1.0, y=5.0) == [5.0] * 3
    assert in_every_face(e, a=1.0, y=0.0) == [2.0] * 3


def test_every_primitive_is_listed_under_its_own_name() -> None:
    assert all(name == p.name for name, p in PRIMITIVES.items())
