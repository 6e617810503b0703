"""How steps are written: exact texts for the screen, LaTeX for paper, NumPy for a terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.maths.elements import element
from backprop_tui.maths.expressions import Call, Cell, Expr, Name, Neg, Num, Sum, as_expr
from backprop_tui.maths.functions import ACTIVATIONS, DEFINITIONS
from backprop_tui.maths.parser import parse
from backprop_tui.maths.rules import derivative_of
from backprop_tui.maths.values import ratio, value, xlog
from backprop_tui.maths.writing import (
    LATEX,
    LATEX_IN_LINES,
    folded,
    latex,
    numpy_source,
    text,
    torch_source,
    with_numbers,
    write,
)
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Timeline
from tests.networks import experiments, known_before, program, same_bits

BATCH = program_of(
    Network((4, 3, 2), ("relu", "softmax"), "cross_entropy"), Training(batch=2, freeze=("b1",))
)
A1, W1, X, Z = map(Name, "A1 W1 X Z1".split())


def written(program: Program, symbol: str) -> str:
    return text(program.steps[program.index(symbol)].expression)


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("Z1", "W1·X + b1"),
        ("A1", "σ(Z1)"),
        ("Z2", "W2·A1 + b2"),
        ("L", "−(Y ∘ log(A2) + (1 − Y) ∘ log(1 − A2))"),
        ("dA2", "(1 − Y) / (1 − A2) − Y / A2"),
        ("dZ2", "A2 − Y"),
        ("dW2", "dZ2 · A1ᵀ"),
        ("db2", "dZ2"),
        ("dA1", "W2ᵀ · dZ2"),
        ("dZ1", "dA1 ∘ σ′(Z1)"),
        ("dW1", "dZ1 · Xᵀ"),
        ("W1", "W1 − α·dW1"),
        ("b2", "b2 − α·db2"),
    ],
)
def test_one_example_through_3_3_1_reads_as_on_a_blackboard(symbol: str, expected: str) -> None:
    assert written(program(3, 3, 1), symbol) == expected


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("A1", "relu(Z1)"),
        ("A2", "softmax(Z2)"),
        ("L", "−col_sums(Y ∘ log(A2))"),
        ("J", "total(L) / m"),
        ("dA2", "−Y / A2"),
        ("dW2", "dZ2 · A1ᵀ / m"),
        ("db2", "row_sums(dZ2) / m"),
        ("dA1", "W2ᵀ · dZ2"),
        ("dZ1", "dA1 ∘ relu′(Z1)"),
        ("dW1", "dZ1 · Xᵀ / m"),
    ],
)
def test_in_a_batch_only_dw_and_db_carry_1_over_m(symbol: str, expected: str) -> None:
    assert written(BATCH, symbol) == expected


def test_a_collapsed_step_keeps_its_derivation_in_writing() -> None:
    small = program(3, 3, 1)
    derivation = small.steps[small.index("dZ2")].derivation
    assert derivation is not None
    assert text(derivation) == "dA2 ∘ σ′(Z2)"


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("A1", "1 / (1 + exp(−Z1))"),
        ("A2", "1 / (1 + exp(−Z2))"),
        ("dZ1", "dA1 ∘ (A1 ∘ (1 − A1))"),
    ],
)
def test_what_is_computed_reads_what_is_known(symbol: str, expected: str) -> None:
    small = program(3, 3, 1)
    assert text(small.lowered[small.index(symbol)]) == expected


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("Z1", r"W^{[1]} \, X + b^{[1]}"),
        ("A1", r"\sigma\left(Z^{[1]}\right)"),
        ("dA2", r"\frac{1 - Y}{1 - A^{[2]}} - \frac{Y}{A^{[2]}}"),
        ("dW2", r"dZ^{[2]} \, {A^{[1]}}^{\mathsf T}"),
        ("dZ1", r"dA^{[1]} \circ \sigma'\left(Z^{[1]}\right)"),
        ("W1", r"W^{[1]} - \alpha \, dW^{[1]}"),
    ],
)
def test_latex(symbol: str, expected: str) -> None:
    small = program(3, 3, 1)
    assert latex(small.steps[small.index(symbol)].expression) == expected


def test_latex_of_a_mean_is_a_fraction() -> None:
    dW2 = BATCH.steps[BATCH.index("dW2")].expression
    assert latex(dW2) == r"\frac{dZ^{[2]} \, {A^{[1]}}^{\mathsf T}}{m}"


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("Z1", "W1 @ X + b1"),
        ("A1", "1 / (1 + np.exp(-Z1))"),
        ("L", "-(xlog(Y, A2) + xlog(1 - Y, 1 - A2))"),
        ("dA2", "ratio(1 - Y, 1 - A2) - ratio(Y, A2)"),
        ("dW2", "dZ2 @ A1.T"),
        ("db2", "dZ2"),
        ("dA1", "W2.T @ dZ2"),
        ("dZ1", "dA1 * (A1 * (1 - A1))"),
        ("W1", "W1 - alpha * dW1"),
    ],
)
def test_numpy_source(symbol: str, expected: str) -> None:
    small = program(3, 3, 1)
    assert numpy_source(small.lowered[small.index(symbol)]) == expected


def test_numpy_source_of_cells_counts_from_0() -> None:
    assert numpy_source(Cell("W1", 2, 1) * Cell("X", 1, 3)) == "W1[1, 0] * X[0, 2]"


def test_numpy_source_takes_the_largest_two_at_a_time() -> None:
    assert numpy_source(parse("max(0, A1, X)")) == "np.maximum(np.maximum(0, A1), X)"


@given(experiments())
def test_the_numpy_source_of_every_step_gives_the_recorded_bits(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    iteration = timeline.iteration(1)
    for at, lowered in enumerate(timeline.program.lowered):
        names = {"np": np, "xlog": xlog, "ratio": ratio}
        with np.errstate(all="ignore"):
            result = eval(numpy_source(lowered), names, known_before(timeline, iteration, at))
        assert same_bits(result, iteration.results[at]), timeline.program.steps[at].symbol


@given(experiments())
def test_the_numpy_source_of_a_step_as_taught_needs_only_the_activations(
    experiment: Experiment,
) -> None:
    def calls(name: str) -> Any:
        return lambda z: value(DEFINITIONS[name], {"z": z})

    timeline = Timeline(experiment)
    iteration = timeline.iteration(1)
    names = {"np": np, "xlog": xlog, "ratio": ratio, **{n: calls(n) for n in DEFINITIONS}}
    for at, step in enumerate(timeline.program.steps):
        env = known_before(timeline, iteration, at)
        with np.errstate(all="ignore"):
            result = eval(numpy_source(step.expression), names, env)
        assert np.array_equal(result, value(step.expression, env), equal_nan=True)


# Parentheses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("e", "expected"),
    [
        ((W1 @ X).T, "(W1 · X)ᵀ"),
        (W1 @ (X @ A1), "W1 · (X · A1)"),
        (W1 @ X @ A1, "W1 · X · A1"),
        (W1 @ (X + A1), "W1 · (X + A1)"),
        (W1 - (X - A1), "W1 − (X − A1)"),
        (W1 - X - A1, "W1 − X − A1"),
        (W1 - (X + A1), "W1 − (X + A1)"),
        (W1 - X + A1, "W1 − X + A1"),
        (W1 + (X + A1), "W1 + (X + A1)"),
        (Sum((Sum((W1, X)), A1)), "(W1 + X) + A1"),
        (-(W1 + X), "−(W1 + X)"),
        (-(W1 * X), "−(W1 ∘ X)"),
        (-W1 * X, "−W1 ∘ X"),
        (W1 * -X, "W1 ∘ −X"),
        (Neg(Neg(X)), "−(−X)"),
        (1 / (X / A1), "1 / (X / A1)"),
        (W1 * (1 - W1), "W1 ∘ (1 − W1)"),
        (2 * X, "2 · X"),
        (2 * X + A1, "2·X + A1"),
        (as_expr(-2) * X, "−2 · X"),
        (parse("(W1 + X)²"), "(W1 + X)²"),
        (parse("(−X)²"), "(−X)²"),
        (parse("(X²)²"), "(X²)²"),  # not X²²
        (parse("(X^3)²"), "(X^3)²"),  # not X to the 3²
        (parse("−X²"), "−X²"),
        (derivative_of(ACTIVATIONS["leaky_relu"](W1 @ X)), "leaky_relu′(W1 · X)"),
    ],
    ids=str,
)
def test_parentheses_stand_where_they_must_and_nowhere_else(e: Expr, expected: str) -> None:
    assert text(e) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [(2.0, "2"), (0.5, "0.5"), (0.1 + 0.2, "0.30000000000000004"), (1e-6, "1e-06")],
)
def test_numbers_are_written_in_their_shortest_form(number: float, expected: str) -> None:
    assert text(Num(number)) == expected


@given(st.floats(0, 1e308))
def test_a_number_reads_back_to_the_same_bits(number: float) -> None:
    assert parse(text(Num(number))) == Num(number)


@pytest.mark.parametrize(
    ("base", "exponent", "written"),
    [
        (X, Num(3.0), "X^3"),
        (X, Name("n"), "X^n"),
        (X, Num(2.0), "power(X, 2)"),  # X^2 would be a square
        (Name("e"), X, "power(e, X)"),  # e^X would be exp
        (X, Name("T"), "power(X, T)"),  # X^T would be a transpose
    ],
)
def test_a_power_that_would_be_read_as_something_else_is_a_call(
    base: Expr, exponent: Expr, written: str
) -> None:
    e = Call("power", (base, exponent))
    assert text(e) == written
    assert parse(written) == e


@pytest.mark.parametrize(
    ("formula", "source"),
    [
        ("W1·X + b1", "W1 @ X + b1"),
        ("max(0, Z1)", "larger(0 * torch.ones_like(Z1), Z1)"),
        ("max(Z1, 0.5)", "larger(Z1, 0.5 * torch.ones_like(Z1))"),
        ("max(Z1, X)", "larger(Z1, X)"),
        ("sqrt(2) · σ(Z1)", "1.4142135623730951 * torch.sigmoid(Z1)"),
        ("σ′(Z1)", "sigmoid_derivative(Z1)"),
    ],
)
def test_pytorch_gets_tensors_where_it_takes_no_numbers(formula: str, source: str) -> None:
    assert torch_source(parse(formula)) == source


@pytest.mark.parametrize(
    ("figure", "written"),
    [("−∞", r"-\infty"), ("NaN", r"\mathrm{NaN}"), ("−4.39e−4", r"-4.39 \cdot 10^{-4}")],
)
def test_a_figure_in_latex(figure: str, written: str) -> None:
    assert with_numbers(Cell("X", 1, 1), lambda _: figure, notation=LATEX) == written


# One element in numbers ----------------------------------------------------------------------


def test_an_element_is_written_in_numbers_with_a_cross() -> None:
    e = element(parse("dZ2 · A1ᵀ"), 1, 2, {"dZ2": (1, 1), "A1": (3, 1)})
    numbers = {Cell("dZ2", 1, 1): "−0.486", Cell("A1", 2, 1): "0.408"}
    assert text(e) == "dZ2[1,1] · A1[2,1]"
    assert with_numbers(e, lambda x: numbers.get(x) if isinstance(x, Cell) else None) == (
        "−0.486 × 0.408"
    )


def test_a_negative_number_gets_parentheses_only_where_it_needs_them() -> None:
    def number(x: Expr) -> str | None:
        return "−2" if isinstance(x, Cell) else None

    assert with_numbers(parse("A1[1,1] − X[1,1]"), number) == "−2 − −2"
    assert with_numbers(parse("X[1,1]²"), number) == "(−2)²"


@pytest.mark.parametrize(
    ("e", "written"),
    [
        ("A1[1,1]·X[1,1]", r"-2 \times \left(-2\right)"),
        ("A1[1,1] + X[1,1]", r"-2 + \left(-2\right)"),
        ("b1[1,1] + A1[1,1]·X[1,1]", r"-2 + \left(-2\right) \times \left(-2\right)"),
        ("1 − A1[1,1]·X[1,1]", r"1 - \left(-2\right) \times \left(-2\right)"),
        ("exp(A1[1,1]) + max(X[1,1], 1)", r"\exp\left(-2\right) + \max\left(-2, 1\right)"),
        ("1 + A1[1,1] / X[1,1]", r"1 + \frac{-2}{-2}"),
        ("(A1[1,1] − 1)·X[1,1]", r"\left(-2 - 1\right) \times \left(-2\right)"),
    ],
)
def test_in_a_document_a_negative_number_behind_a_sign_has_parentheses(
    e: str, written: str
) -> None:
    def number(x: Expr) -> str | None:
        return "−2" if isinstance(x, Cell) else None

    assert with_numbers(parse(e), number, notation=LATEX) == written


def test_latex_has_a_sign_before_a_number() -> None:
    assert latex(parse("0.1 · 1 + 2 · Z1")) == r"0.1 \times 1 + 2 \, Z^{[1]}"


def test_latex_in_lines_encloses_nothing_that_tex_could_not_break() -> None:
    e = parse("exp(X[1,1]) / (exp(X[1,1] + 1) + exp(X[2,1] + 1) + 1)")
    assert write(e, LATEX_IN_LINES) == (
        r"\exp(X_{1,1}) / (\exp(X_{1,1} + 1) + \exp(X_{2,1} + 1) + 1)"
    )


@pytest.mark.parametrize(
    ("shown", "written"),
    [
        ("a·b", r"\frac{a·b + a·b}{2}"),
        ("a·b + c", "(a·b + c + a·b + c) / 2"),
    ],
)
def test_what_stands_for_a_part_counts_by_its_own_numbers(shown: str, written: str) -> None:
    def leaf(part: Expr) -> str | None:
        return shown if isinstance(part, Cell) else None

    e = parse("(X[1,1] + X[2,1]) / 2")
    assert write(e, replace(LATEX_IN_LINES, times="·", leaf=leaf)) == written


def test_a_long_sum_is_folded_in_the_middle() -> None:
    e = element(parse("W1·X + b1"), 1, 1, {"W1": (3, 784), "X": (784, 1), "b1": (3, 1)})
    assert folded(e, 3) == "W1[1,1]·X[1,1] + W1[1,2]·X[2,1] + … + b1[1,1]"
    assert folded(parse("W1 + X + A1"), 3) == "W1 + X + A1"


def test_a_product_element_by_element_before_a_matrix_product_has_parentheses() -> None:
    assert text(parse("(dA1 ∘ A1) · X")) == "(dA1 ∘ A1) · X"
    assert text(parse("2 · A1 · X")) == "2 · A1 · X"
