"""The rules: what is derived by them agrees with central differences, in any program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backprop_tui.maths.expressions import Call, Expr, Name, OwnFunction, names
from backprop_tui.maths.functions import ACTIVATIONS, DEFINITIONS, FUNCTIONS, PRIMITIVES
from backprop_tui.maths.normal_form import tidy
from backprop_tui.maths.parser import parse
from backprop_tui.maths.rules import RULES, NoRule, derivative, rule_of
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.architecture import Role, Step
from backprop_tui.model.backward import (
    Forward,
    backward,
    gathered,
    shares,
    spread,
    without_sums_of_one,
)
from backprop_tui.model.layers import LOSS, gradient
from tests.networks import ELEMENTWISE

H = 1e-6


def differences(env: Mapping[str, Any], symbol: str, loss: Any) -> Any:
    """How the sum of the loss changes with each number of a matrix."""
    found = np.zeros(env[symbol].shape)
    for cell in np.ndindex(*found.shape):
        ends = []
        for sign in (1, -1):
            moved = {**env, symbol: env[symbol].copy()}
            moved[symbol][cell] += sign * H
            ends.append(np.sum(loss(moved)))
        found[cell] = (ends[0] - ends[1]) / (2 * H)
    return found


@pytest.mark.parametrize(
    "e",
    [
        "A1 + A2 + b1",
        "A1 − A2 − A1",
        "−A1",
        "A1 ∘ A2",
        "A1 ∘ b1",
        "A1 / A2",
        "L / A2",
        "b1 / A2",
        "W1 · A1",
        "A1ᵀ · A2",
        "exp(A1)",
        "log(A2)",
        "A1²",
        "sqrt(A2)",
        "abs(A1)",
        "A2^3",
        "A2^A1",
        "max(A1, A2)",
        "max(0, A1, A2)",
        "row_sums(A1 ∘ A2)",
        "col_sums(A1 ∘ A2) ∘ A1",
        "total(A1 ∘ A2) ∘ b1",
        "softmax(A1) ∘ A2",
        "σ(A1) ∘ tanh(A2)",
        "leaky_relu(A1) + relu(A1)",
        "1 / (1 + exp(−A1))",
    ],
)
def test_every_rule_agrees_with_central_differences(e: str) -> None:
    rng, tree = np.random.default_rng(len(e)), parse(e)
    env: dict[str, Any] = {
        "A1": rng.uniform(-1, 1, (3, 2)),
        "A2": rng.uniform(0.2, 2, (3, 2)),
        "b1": rng.normal(size=(3, 1)),
        "L": rng.normal(size=(1, 2)),
        "W1": rng.normal(size=(2, 3)),
    }
    G = rng.normal(size=np.shape(value(tree, env)))
    found: dict[str, list[Expr]] = {}
    shapes = {**{s: v.shape for s, v in env.items()}, "dZ1": G.shape}
    for symbol, share in shares(tree, tree, Name("dZ1"), shapes, set(env)):
        found.setdefault(symbol, []).append(share)
    assert set(found) == set(names(tree))
    for symbol, terms in found.items():
        derived = sum(value(tidy(t), {**env, "dZ1": G}) for t in terms)
        numeric = differences(env, symbol, lambda moved: value(tree, moved) * G)
        assert derived.shape == numeric.shape
        assert derived == pytest.approx(numeric, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("e", "share"),
    [("A2^3", "3 · dZ1 ∘ A2²"), ("A2^4", "4 · dZ1 ∘ A2^3"), ("A2^m", "dZ1 · m ∘ A2^(m − 1)")],
)
def test_a_whole_exponent_is_one_less(e: str, share: str) -> None:
    sizes = dict.fromkeys(("A2", "Z1", "dZ1"), (3, 2))
    ((_, found),) = shares(parse(e), Name("Z1"), Name("dZ1"), sizes, {"A2"})
    assert text(tidy(found)) == share


@pytest.mark.parametrize(
    ("e", "share"),
    [
        ("max(0, A1)", "dZ1 ∘ step(A1)"),
        ("max(A1, 0)", "dZ1 ∘ (1 − step(−A1))"),
        ("max(1, A1)", "dZ1 ∘ step(A1 − 1)"),
    ],
)
def test_nothing_is_subtracted_where_the_other_side_is_zero(e: str, share: str) -> None:
    shapes = {"A1": (1, 1), "dZ1": (1, 1)}
    (found,) = shares(parse(e), parse(e), Name("dZ1"), shapes, {"A1"})
    assert text(tidy(found[1])) == share


def test_every_function_that_can_be_written_has_a_rule_or_is_named() -> None:
    for function in (*PRIMITIVES, *FUNCTIONS):
        if function in ("largest", "col_max", "row_max"):
            with pytest.raises(NoRule, match=function):
                rule_of(Call(function, (Name("Z1"),)))
        else:
            assert rule_of(Call(function, (Name("Z1"),))) in RULES.values()
    with pytest.raises(NoRule, match="the function sigmoid′ has no derivative here"):
        rule_of(Call("sigmoid_derivative", (Name("Z1"),)))
    own = OwnFunction("swish_derivative", parse("z²"))  # whatever it is, its definition has one
    assert rule_of(Call(own, (Name("Z1"),))) is RULES[Call]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_written_derivative_of_an_activation_is_the_derived_one(name: str) -> None:
    f = ACTIVATIONS[name]
    z = np.array([[-3.0, -0.5, 0.0, 0.25, 2.0]])
    derived = value(derivative(f.value, "z"), {"z": z})
    assert np.broadcast_to(derived, z.shape) == pytest.approx(
        np.broadcast_to(value(DEFINITIONS[f"{name}_derivative"], {"z": z}), z.shape), abs=1e-12
    )


def test_softmax_has_the_gradient_of_its_definition() -> None:
    rng, shapes = np.random.default_rng(1), dict.fromkeys(("A2", "dA2", "Z2"), (3, 2))
    env = {s: rng.normal(size=shape) for s, shape in shapes.items()}
    softmax = ACTIVATIONS["softmax"](Name("Z2"))
    ((_, share),) = shares(softmax, softmax, Name("dA2"), shapes, {"Z2"})
    numeric = differences(env, "Z2", lambda moved: value(softmax, moved) * env["dA2"])
    assert value(share, env) == pytest.approx(numeric, abs=1e-8)


# Programs of other shapes ----------------------------------------------------------------------


def derived(lines: str, shapes: Mapping[str, tuple[int, int]], penalty: str = "") -> Forward:
    """What the backward pass of these forward steps is derived from; the last one is the loss, and
    with a penalty J is its mean and that."""
    steps = []
    for line in lines.strip().splitlines():
        symbol, formula = line.split(" = ")
        steps.append(Step(Name(symbol.strip()), parse(formula), "forward", Role("value")))
    kinds = {s: "input" if s == "X" else "target" if s == "Y" else "parameter" for s in shapes}
    given = {s: Role(kind) for s, kind in kinds.items()}  # type: ignore[arg-type]
    added = parse(penalty) if penalty else None
    return Forward(steps, given, shapes, 3, mean=added is not None, penalty=added)


SQUARES = "col_sums((A3 − Y)²) / 2"
PROGRAMS = {
    "a skip": f"""
        Z1 = W1·X + b1
        A1 = tanh(Z1)
        Z2 = W2·A1 + b2
        A2 = tanh(Z2) + A1
        A3 = W3·A2 + A1
        L = {SQUARES}""",
    "one weight in every step of time": f"""
        Z1 = W1·X + b1
        A1 = tanh(Z1)
        Z2 = W1·A1 + b1
        A2 = tanh(Z2)
        Z3 = W1·A2 + W1·X + b1
        A3 = tanh(Z3)
        L = {SQUARES}""",
    "a product of two layers": f"""
        Z1 = W1·X + b1
        Z2 = W2·X + b2
        A2 = σ(Z1) ∘ tanh(Z2)
        A3 = W3·A2
        L = {SQUARES}""",
    "attention": f"""
        Z1 = W1·X
        Z2 = W2·X
        Z3 = softmax(Z1ᵀ · Z2 / 2)
        A3 = (W3·X) · Z3
        L = {SQUARES}""",
}


@pytest.mark.parametrize("inputs", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_backward_pass_of_any_program_agrees_with_central_differences(
    name: str, inputs: bool
) -> None:
    square, column = (2, 2), (2, 1)
    shapes = {"X": (2, 3), "Y": (2, 3), "W1": square, "W2": square, "W3": square}
    forward = derived(PROGRAMS[name], {**shapes, "b1": column, "b2": column})
    forward = replace(forward, input_gradient=inputs)
    rng = np.random.default_rng(3)
    start: dict[str, Any] = {s: rng.normal(size=shape) for s, shape in forward.shapes.items()}

    def run(env: Mapping[str, Any]) -> dict[str, Any]:
        known = dict(env)
        for step in forward.steps:
            if step.symbol not in env:
                known[step.symbol] = value(step.expression, known)
        return known

    env = run(start)
    steps = tuple(backward(forward))
    assert ("X" in {step.role.of for step in steps}) == inputs
    for step in steps:
        env[step.symbol] = value(step.expression, env)
        of = step.role.of
        assert of is not None
        assert step.symbol == gradient(of)
        fixed = {**start, of: env[of]}
        numeric = differences(fixed, of, lambda moved: run(moved)[LOSS])
        assert env[step.symbol] == pytest.approx(numeric, rel=1e-5, abs=1e-7), step.symbol


SHAPES = {"X": (2, 3), "b": (2, 1), "r": (1, 3), "s": (1, 1)}


@pytest.mark.parametrize(
    ("gradient", "like", "repeated"),
    [
        ("1", "X", "ones(X)"),
        ("2", "X", "2 · ones(X)"),
        ("b", "X", "b ∘ ones(X)"),
        ("X", "X", "X"),
        ("1", "m", "1"),
    ],
)
def test_a_smaller_gradient_is_repeated_to_the_shape_of_what_it_is_at(
    gradient: str, like: str, repeated: str
) -> None:
    assert text(spread(parse(gradient), parse(like), SHAPES)) == repeated


@pytest.mark.parametrize(
    ("own", "added"),
    [
        ("X", "X"),
        ("b", "row_sums(X)"),
        ("r", "col_sums(X)"),
        ("s", "row_sums(col_sums(X))"),
        ("m", "total(X)"),
    ],
)
def test_what_is_repeated_gets_the_sum_over_its_copies(own: str, added: str) -> None:
    assert text(gathered(Name("X"), SHAPES.get(own, ()), SHAPES["X"])) == added


@pytest.mark.parametrize(
    ("formula", "left"),
    [
        ("col_sums(r)", "r"),
        ("row_sums(b)", "b"),
        ("col_sums(b)", "col_sums(b)"),
        ("row_sums(r)", "row_sums(r)"),
        ("−row_sums(col_sums(s)) + total(s)", "−s + total(s)"),
    ],
)
def test_of_one_number_no_sum_is_written(formula: str, left: str) -> None:
    assert text(without_sums_of_one(parse(formula), SHAPES)) == left


def test_what_cancels_has_a_gradient_of_zeros() -> None:
    shapes = {"X": (2, 3), "Y": (2, 3), "W1": (2, 2)}
    lines = f"Z1 = W1·X\nA3 = Z1 − Z1\nL = {SQUARES}"
    steps = {step.symbol: text(step.expression) for step in backward(derived(lines, shapes))}
    assert steps == {"dA3": "A3 − Y", "dZ1": "0 · ones(Z1)", "dW1": "dZ1 · Xᵀ"}


def test_a_parameter_of_several_readers_has_their_sum_over_m_once() -> None:
    shapes = {"X": (2, 3), "Y": (2, 3), "W1": (2, 2), "b1": (2, 1)}
    forward = derived(PROGRAMS["one weight in every step of time"], shapes, "λ₂·total(W1²) / (2·m)")
    steps = {step.symbol: step for step in backward(forward)}
    readers = "(dZ3·A2ᵀ + dZ3·Xᵀ + dZ2·A1ᵀ + dZ1·Xᵀ) / m"
    assert text(steps["dW1"].expression) == f"{readers} + λ₂·W1 / m"
    assert [*steps] == "dA3 dZ3 dA2 dZ2 dA1 dZ1 dW1 db1".split()
