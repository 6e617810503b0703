"""Law 6: what is written reads back into the same tree; and nothing else gets in."""

from __future__ import annotations

import builtins
import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_tui.maths.elements import element
from backprop_tui.maths.expressions import Cell, Compare, Expr, Name, Neg, Num, walk
from backprop_tui.maths.functions import DEFINITIONS, PRIMITIVES
from backprop_tui.maths.parser import GrammarError, parse, parse_assignment
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import latex, numpy_source, text
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.program import lower
from backprop_tui.run.timeline import Timeline
from tests.networks import experiments
from tests.trees import conditions, trees

W1, X, A1, dZ2 = map(Name, "W1 X A1 dZ2".split())


@given(trees())
@settings(max_examples=300)
def test_text_reads_back_into_the_same_tree(e: Expr) -> None:
    assert parse(text(e)) == e


@given(conditions())
def test_a_condition_reads_back(e: Expr) -> None:
    assert parse(text(e)) == e


@given(experiments())
def test_every_step_reads_back_as_taught_as_computed_and_as_one_element(
    experiment: Experiment,
) -> None:
    timeline = Timeline(experiment)
    shapes = timeline.program.shapes(len(timeline.iteration(1).examples))
    for step, lowered in zip(timeline.program.steps, timeline.program.lowered, strict=True):
        one = element(lowered, 1, 1, shapes)
        for e in (step.expression, lowered, one, step.derivation):
            assert e is None or parse(text(e)) == e


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("W1 @ X + b1", W1 @ X + Name("b1")),
        ("dZ2 @ A1.T / m", dZ2 @ A1.T / Name("m")),
        ("dZ2 @ A1^T", dZ2 @ A1.T),
        ("(W1 @ X).T", (W1 @ X).T),
        ("W1 * X", W1 * X),
        ("W1 × X", W1 * X),
        ("W1 ∘ X", W1 * X),
        ("W1 - alpha * X", W1 - Name("alpha") * X),
        ("W1 − α·X", W1 - Name("alpha") * X),
        ("A1**2", parse("A1²")),
        ("A1 ** 2", parse("A1²")),
        ("A1^2", parse("A1²")),
        ("square(A1)", parse("A1²")),
        ("sigmoid(Z1)", parse("σ(Z1)")),
        ("sigmoid'(Z1)", parse("σ′(Z1)")),
        ("sigmoid_derivative(Z1)", parse("σ′(Z1)")),
        ("np.dot(W1, X)", W1 @ X),
        ("W1.dot(X)", W1 @ X),
        ("np.matmul(W1, X.T)", W1 @ X.T),
        ("np.multiply(W1, X)", W1 * X),
        ("np.add(W1, X) - np.subtract(W1, X)", (W1 + X) - (W1 - X)),
        ("np.divide(W1, m)", W1 / Name("m")),
        ("np.transpose(W1)", W1.T),
        ("np.exp(-A1)", parse("exp(−A1)")),
        ("np.square(A1)", parse("A1²")),
        ("np.maximum(0, A1)", parse("max(0, A1)")),
        ("np.heaviside(A1, 0.0)", parse("step(A1)")),
        ("sum(A1)", parse("total(A1)")),
        ("sum(axis)", parse("total(axis)")),  # a symbol of that name
        ("A1.sum()", parse("total(A1)")),
        ("A1.max()", parse("largest(A1)")),
        ("np.sum(A1, keepdims=True)", parse("total(A1)")),
        ("np.sum(A1, axis=1, keepdims=True)", parse("row_sums(A1)")),
        ("A1.sum(axis=0, keepdims=True)", parse("col_sums(A1)")),
        ("A1.max(axis = 0, keepdims = True)", parse("col_max(A1)")),
        ("A1.max(axis=1, keepdims=True)", parse("row_max(A1)")),
        ("xlog(Y, A1)", parse("Y ∘ log(A1)")),
        ("ratio(Y, A1)", parse("Y / A1")),
        ("lr * X", Name("alpha") * X),
        ("learning_rate * X", Name("alpha") * X),
        ("  A1  ", A1),
        ("--A1", Neg(Neg(A1))),
        ("1e-3", Num(0.001)),
        ("1e−3", Num(0.001)),
        (".5", Num(0.5)),
        ("W1[2,1]", Cell("W1", 2, 1)),
        ("W1[ 2 , 1 ]", Cell("W1", 2, 1)),
        ("J <= 0.1", Compare(Name("J"), "≤", Num(0.1))),
        ("J == 0.1", Compare(Name("J"), "=", Num(0.1))),
        ("J != 0.1", Compare(Name("J"), "≠", Num(0.1))),
    ],
)
def test_numpy_users_and_mathematicians_are_both_understood(typed: str, meant: Expr) -> None:
    assert parse(typed) == meant


@pytest.mark.parametrize(
    ("typed", "target", "meant"),
    [
        ("W1 @ X", None, W1 @ X),
        ("Z1 = W1 @ X", "Z1", W1 @ X),
        ("W1 ← W1 − X", "W1", W1 - X),
        ("W1 -= X + A1", "W1", W1 - (X + A1)),
        ("W1 −= X", "W1", W1 - X),
        ("W1 += X", "W1", W1 + X),
    ],
)
def test_what_is_assigned_to_is_told_from_the_right_hand_side(
    typed: str, target: str | None, meant: Expr
) -> None:
    assert parse_assignment(typed) == (target, meant, ())


def test_nothing_may_follow_what_is_assigned() -> None:
    for typed in ("Z1 = W1·X)", "W1·X ]"):
        with pytest.raises(GrammarError, match=r"expected a sign such as \+ or ·, found “[])]”"):
            parse_assignment(typed)


def test_further_names_of_functions_are_given() -> None:
    assert parse("g2'(Z1)", {"g2": "tanh"}) == parse("tanh′(Z1)")
    with pytest.raises(
        GrammarError,
        match=r"character 5\): g2 is softmax, whose derivative is not a function of one number",
    ):
        parse("2 + g2'(Z1)", {"g2": "softmax"})
    with pytest.raises(GrammarError, match="there is no function “g2”"):
        parse("g2(Z1)")


def test_products_bind_tighter_than_sums_and_group_from_the_left() -> None:
    assert parse("W1 + X·A1") == W1 + X @ A1
    assert parse("W1 − X − A1") == W1 - X - A1
    assert parse("W1 / X / A1") == W1 / X / A1
    assert parse("−W1ᵀ") == -(W1.T)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "expected a number, a matrix or “(”, found the end"),
        ("   ", "expected a number, a matrix or “(”, found the end"),
        ("W1 +", "expected a number, a matrix or “(”, found the end"),
        ("W1 2", "expected a sign such as + or ·, found “2” at character 4"),
        ("W1\nX", "expected a sign such as + or ·, found “X” at character 4"),
        ("W1 + * X", "expected a number, a matrix or “(”, found “*” at character 6"),
        ("(W1 + X", "expected “)”, found the end"),
        ("W1 + X)", "expected a sign such as + or ·, found “)” at character 7"),
        ("W1 $ X", "cannot read “$” at character 4"),
        ("W1 + 'X", "expected a number, a matrix or “(”, found “'” at character 6"),
        ("W1[0,1]", "expected a row or column, counted from 1, found “0” at character 4"),
        ("W1[1.5,1]", "expected a row or column, counted from 1, found “1.5” at character 4"),
        ("W1[1]", "W1[1] needs a row and a column, as W1[1,1] (character 5)"),
        ("W1[1+2]", "expected “,”, found “+” at character 5"),
        ("W1[1,2", "expected “]”, found the end"),
        ("foo(W1)", "there is no function “foo” (character 1)"),
        ("2 + softmax'(W1)", "there is no function “softmax′” (character 5)"),
        ("exp(W1, X)", "exp takes one value (character 1)"),
        ("sigmoid(W1, X)", "sigmoid takes one value (character 1)"),
        ("np.maximum(X)", "np.maximum takes 2 values (character 1)"),
        ("where(W1 > 0, X)", "where takes 3 values (character 1)"),
        ("np.sum(X, 2)", "np.sum takes one value (character 1)"),
        ("np.sum(X, -3)", "np.sum takes one value (character 1)"),
        ("np.sum(X, 0, axis=1)", "np.sum takes one value (character 1)"),
        ("exp(X, axis=1)", "exp takes one value (character 1)"),
        (
            "W1[1234567890,1]",
            "expected a row or column, counted from 1, found “1234567890” at character 4",
        ),
        (
            "1/2(m)",
            "“/2(” at character 2 can be read in two ways: write /(2(…), or a space before “(”",
        ),
        ("exp()", "expected a number, a matrix or “(”, found “)” at character 5"),
        ("J < 1 < 2", "expected a sign such as + or ·, found “<” at character 7"),
        ("(J < 1 < 2)", "expected “)”, found “<” at character 8"),
        ("2 + 1e999", "the number at character 5 is too large"),
        *(
            (
                f"{name}(W1)",
                f"there is no function “{name}” (character 1); did you mean sigmoid′?",
            )
            for name in ("sigmoid_prime", "sigmoidGradient", "dsigmoid", "d_sigmoid")
        ),
        ("∂A1/∂Z1", "cannot read “∂” at character 1; of ∂ only ∂L/∂… is read: ∂L/∂Z2 is dZ2"),
        ("‖W1‖²", "cannot read “‖” at character 1; |Z| is abs(Z), ‖W‖² is sum(W²)"),
        (
            'np.einsum("ij->i", Z1)',
            'cannot read “"” at character 11; for np.einsum write the product with @ and .T',
        ),
        ("MSE(W1, b1)", "there is no function “MSE” (character 1); it is mean_squared_error(A, Y)"),
        ("√2", "cannot read “√” at character 1; a root is sqrt(…)"),
        ("∂L/∂(Z1)", "a gradient is ∂L/∂Z2, of a matrix (character 1)"),
        ("sigmoyd(W1)", "there is no function “sigmoyd” (character 1); did you mean sigmoid?"),
        ("sum(W1, X)", "sum takes one value (character 1)"),
        ("np.dot(W1)", "np.dot takes 2 values (character 1)"),
        ("W1.dot()", "dot takes 2 values (character 3)"),
        ("sum(W1, axis=2)", "expected 0 or 1, found “2” at character 14"),
        ("W1.sum(keepdims=1)", "expected True, found “1” at character 17"),
        ("W1.sum(rows=1)", "expected “)”, found “=” at character 12"),
        ("np.inf * W1", "np.inf needs “(” after it (character 1)"),
        ("W1 = X = A1", "expected a sign such as + or ·, found “=” at character 8"),
        ("A1 ** * 3", "expected a number, a matrix or “(”, found “*” at character 7"),
        (
            "W1 X/2m",
            "“/2m” at character 5 can be read in two ways: write /(2m…), or a space before “m”",
        ),
        ("\\frac{1} X", "expected “(”, found “X” at character 10"),
        (
            "W1.reshape(1)",
            "there is no function “reshape” (character 3); "
            "shapes follow from the formula; a transpose is .T",
        ),
        (
            "np.maximun(0, X)",
            "there is no function “np.maximun” (character 1); did you mean maximum?",
        ),
        ("2 · np.max(0, X)", "element by element the larger one is np.maximum (character 5)"),
        (
            "np.einsum(W1, X)",
            "there is no function “np.einsum” (character 1); write the product with @ and .T",
        ),
        ("silu(X)", "there is no function “silu” (character 1); it is z·σ(z)"),
        ("σ(X, axis=0)", "σ takes one value (character 1)"),
        ("X if W1", "“if” is no part of a formula (character 3); write where(Z > 0, 1, 0)"),
    ],
)
def test_an_error_names_the_place_in_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(GrammarError) as refused:
        parse(typed)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "hostile",
    [
        "∂L/∂",
        "dL/d" * 2000 + "Z1",
        r"\frac{∂L}{∂" * 800 + "Z1",
        "(" * 10_000,
        "A" + ".dot(A" * 2_000,
        "A" + ".sum()" * 1_600,
        "sum(A, axis=" * 700,
        "(" * 5_000 + "1" + ")" * 5_000,
        "exp(" * 2_000 + "1" + ")" * 2_000,
        "-" * 9_999 + "1",
        "A1" + "ᵀ" * 9_000,
        "1" + "-1" * 4_000,
        "A" + "·A" * 4_000,
        "A" + "/A" * 4_000,
        "(" * 58 + "A" + ("·A" * 80 + ")") * 58,
        "A" + "ᵀ" * 5_000 + "·A",
        "2" + "^2" * 4_900,
        "2^" + "-" * 9_900 + "1",
        "log " * 2_400 + "A",
        "\\frac{1}{" * 1_100,
        "1[" * 4_900,
        "1" * 9_999,
        "1" * 20_000,
        f"W1[{'1' * 5_000},1]",
        "W1[٣" * 3,
        "__import__('os').system('true')",
        "W1.__class__",
        "lambda: 0",
        "W1; X",
        "W1\nX",
        "\x00",
        "\ud800",
        "f'{W1}'",
        "[1, 2]",
        "W1 if X else A1",
    ],
    ids=lambda hostile: ascii(hostile[:12]),
)
def test_hostile_input_is_refused_with_a_sentence_and_nothing_worse(hostile: str) -> None:
    with pytest.raises(GrammarError):
        parse(hostile)


def test_formulas_of_just_the_largest_size_are_read() -> None:
    assert parse(" " * 9_998 + "A1") == A1
    assert parse("W1[123456789,1]") == Cell("W1", 123456789, 1)
    for most in ("(" * 59 + "A1" + ")" * 59, "−" * 119 + "A1", "·".join(["A1"] * 120)):
        assert parse(most)
        with pytest.raises(GrammarError, match=r"more than (60|120) nested"):
            parse(f"−({most})·A1")


def test_a_product_with_a_sign_or_a_space_behind_a_divisor_is_read_one_way() -> None:
    assert parse("W1/2·X") == W1 / 2 @ X
    assert parse("1/2 m") == Num(1.0) / 2 @ Name("m")
    assert parse("1/(2m)") == Num(1.0) / (Num(2.0) @ Name("m"))


def test_a_long_sum_is_no_tower() -> None:
    e = parse(" + ".join(["W1[1,1]·X[1,1]"] * 580))
    assert parse(text(e)) == e


@given(st.text(alphabet="W1X[],()+-−*·∘@/²ᵀ′'.^<=≤ αmaexpsudot0e←_{}\\frc₁½³⁻¹", max_size=30))
@settings(max_examples=500)
def test_any_text_is_a_tree_that_everything_can_write_or_a_grammar_error(typed: str) -> None:
    with contextlib.suppress(GrammarError):
        e = parse(typed)
        assert parse(text(e)) == e
        assert latex(e)
        assert numpy_source(e)


def test_python_never_evaluates_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the parser evaluates")

    for name in ("eval", "exec", "compile", "__import__"):
        monkeypatch.setattr(builtins, name, refuse)
    e = parse("σ′(W1·X + b1) ∘ exp(−2·A1)² / m")
    monkeypatch.undo()
    assert Name("A1") in set(walk(e))


def test_every_function_can_be_typed_by_its_name() -> None:
    for name in (*PRIMITIVES, *DEFINITIONS):
        typed = f"{name.removesuffix('_derivative')}{'′' if name.endswith('_derivative') else ''}"
        two = name in PRIMITIVES and 1 not in PRIMITIVES[name].values
        args = "(W1 > 0, W1, X)" if name == "where" else "(W1, X)" if two else "(W1)"
        assert getattr(parse(typed + args), "function", None) == name


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("A1 ** 3", "A1^3"),
        ("A1^2", "A1²"),
        ("A1^-1", "1 / A1"),
        ("-A1**0.5", "−A1^0.5"),
        ("A1^T", "A1ᵀ"),
        ("np.mean(A1, axis=1, keepdims=True)", "row_means(A1)"),
        ("A1.mean()", "mean(A1)"),
        ("np.where(Z1 > 0, Z1, 0.01*Z1)", "where(Z1 > 0, Z1, 0.01 ∘ Z1)"),
        ("half_squared_error(A2, Y)", "col_sums((A2 − Y)²) / 2"),
    ],
)
def test_powers_means_cases_and_losses_are_read(typed: str, read: str) -> None:
    assert parse(typed) == parse(read)


@pytest.mark.parametrize("typed", ["5^T", "5ᵀ", "(1).T", "mᵀ"])
def test_a_number_turned_is_the_number(typed: str) -> None:
    assert value(lower(parse(typed), {}), {"m": 5.0}) in (1.0, 5.0)
    assert float(value(parse(typed), {"m": 5.0})) in (1.0, 5.0)
