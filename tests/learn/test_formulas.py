"""Formulas that learners write: every right way is accepted, every mistake known is named, and a
run with them is a run like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as changed
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_tui import lessons
from backprop_tui.explain.explanation import Explanation
from backprop_tui.explain.gradient_check import check_gradient
from backprop_tui.explain.paths import Chains
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.exports.check import Report
from backprop_tui.files.experiment_file import ExperimentError, load, read_experiment
from backprop_tui.learn import formulas, probes, trial
from backprop_tui.learn.formulas import JudgedFormula, judge, trees
from backprop_tui.learn.mistakes import CATALOGUE, MISTAKES, slips_in
from backprop_tui.learn.probes import misfit
from backprop_tui.learn.trial import FormulaVerdict
from backprop_tui.maths.expressions import (
    Cell,
    Div,
    Expr,
    MatMul,
    Mul,
    Name,
    Num,
    Sum,
    Transpose,
    names,
    rebuild,
)
from backprop_tui.maths.parser import parse
from backprop_tui.maths.writing import numpy_source, text
from backprop_tui.model.algorithm import m, program_of
from backprop_tui.model.architecture import Step
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import OPTIMIZERS, Network, Training
from backprop_tui.model.own import same
from backprop_tui.model.program import Program
from backprop_tui.run.many import compiled
from backprop_tui.run.timeline import Timeline
from tests.networks import ARTICLE, SMOOTH, advance, experiment, experiments, in_rows, same_bits
from tests.programs import CANCELLED, programs, written

BATCH = experiment(
    Network((3, 3, 2), ("tanh", "sigmoid"), "half_squared_error"),
    Training(batch=2),
    [[1.0, -0.5], [0.2, 0.9], [0.4, 0.1]],
    [[1.0, 0.0], [0.0, 1.0]],
    seed=3,
)
NARROW = experiment(
    Network((2, 1, 1, 1), ("tanh",) * 3, "half_squared_error"), Training(), [[0.5], [0.3]], [[1.0]]
)


def steps(e: Experiment) -> tuple[Step, ...]:
    return program_of(e.network, e.training).steps


def verdict(e: Experiment, symbol: str, typed: str) -> FormulaVerdict:
    return judge(e, symbol, typed).verdict


# Right, in whatever way it is written ---------------------------------------------------------


def commuted(e: Expr) -> Expr:
    """Sums and products element by element the other way round."""
    match rebuild(e, commuted):
        case Sum(terms):
            return Sum(terms[::-1])
        case Mul(x, y):
            return Mul(y, x)
        case other:
            return other


def transposed_twice(e: Expr) -> Expr:
    match rebuild(e, transposed_twice):
        case MatMul(x, y):
            return Transpose(MatMul(Transpose(y), Transpose(x)))
        case other:
            return other


def divided_elsewhere(e: Expr) -> Expr:
    """1/m at the left of the product that is divided by m."""
    match e:
        case Div(MatMul(x, y), Name("m")):
            return MatMul(x / m, y)
        case Div(x, Name("m")):
            return 1 / m * x
        case other:
            return other


@given(experiments(scales=(1.0,)), st.data())
def test_every_way_of_writing_it_is_right(e: Experiment, data: st.DataObject) -> None:
    step = data.draw(st.sampled_from(steps(e)))
    taught = step.expression
    ways = [text(w(taught)) for w in (commuted, transposed_twice, divided_elsewhere)]
    ways += [text(taught), numpy_source(taught), f"{step.symbol} = {text(taught)}"]
    ways += [text(step.derivation)] if step.derivation else []
    of_one, mean = e.training.batch == 1, e.training.reduction == "mean"
    said = "Your formula is correct for any batch size"
    if of_one and step.symbol.startswith("db"):
        over_m = ", and 1/m." if mean else "."
        said = (
            "Your formula is correct for one input; a batch still needs the sum over its examples"
        )
        said += over_m
    elif of_one and mean and step.symbol.startswith("dW"):
        said = "Your formula is correct for one input; a batch still needs 1/m."
    elif of_one and mean and step.symbol == "J":
        said = (
            "Your formula is correct for one input; a batch still needs the sum over its examples "
            "in L, and 1/m."
        )
    elif of_one and step.symbol == "J":
        said = (
            "Your formula is correct for one input; a batch still needs the sum over its examples "
            "in L."
        )
    elif step.symbol == "L" and e.dense.layers[-1] == 1:
        said = "Your formula is correct for one output; a layer of several still needs the sum"
    for typed in ways:
        found = judge(e, step.symbol, typed)
        assert found.sentence.startswith(said) or is_untold(e, found), typed


def is_untold(e: Experiment, found: JudgedFormula) -> bool:
    """Whether the loss takes logarithms of what may be no share, so that no number tells."""
    of_shares = e.dense.activations[-1] in ("sigmoid", "softmax") or "cross" not in e.dense.loss
    untold = found.sentence == "Your formula is correct for one example."
    return not of_shares and (untold or found.verdict is FormulaVerdict.UNTOLD)


@pytest.mark.parametrize(
    ("symbol", "typed"),
    [
        ("dW2", "dZ2 @ A1.T / m"),
        ("dW2", "np.dot(dZ2, A1.T) / m"),
        ("dW2", "dW2 = (A1·dZ2ᵀ)ᵀ / m"),
        ("db2", "dZ2.sum(axis=1, keepdims=True)/m"),
        ("db2", "1/m * np.sum(dZ2, axis=1, keepdims=True)"),
        ("dA1", "W2ᵀ·dZ2"),
        ("dA1", "np.transpose(W2).dot(dZ2)"),
        ("dZ2", "A2 - Y"),
        ("dZ2", "ŷ - y"),
        ("dZ2", r"\hat{y} - y"),
        ("dZ2", "dA2*g2'(Z2)"),
        ("dZ2", "np.multiply(dA2, A2 * (1 - A2))"),
        ("dZ1", "dA1*A1*(1-A1)"),
        ("dZ1", "(W2.T @ dZ2) * sigmoid(Z1)*(1-sigmoid(Z1))"),
        ("A1", "1/(1+np.exp(-Z1))"),
        ("A1", "g1(Z1)"),
        ("Z1", "W1 @ A0 + b1"),
        ("W1", "W1 - alpha*dW1"),
        ("W1", "W1 - lr*dW1"),
        ("W1", "W1 -= learning_rate * dW1"),
        ("L", "-np.sum(Y*np.log(A2) + (1-Y)*np.log(1-A2), axis=0, keepdims=True)"),
        ("Z1", "W^{[1]} X + b^{[1]}"),
        ("Z1", "W_1 X + b_1"),
        ("dZ2", "A[2] - Y"),
        ("dZ2", "A2 - y"),
        ("dW2", r"\frac{1}{m} dZ2 A1^T"),
        ("dW1", r"dZ^{[1]} A^{[0]T} / m"),
        ("A1", r"\sigma(Z_1)"),
        ("A1", "1/(1+e^{-Z1})"),
        ("A1", "1/(1+e^-Z1)"),
        ("A1", "(1+np.exp(-Z1))**-1"),
        ("A1", "1 ./ (1 + exp(-Z1))"),
        ("dA1", "W2^{T} dZ2"),
        ("dA1", "W2ᵀ dZ2"),
        ("dA1", "W2' @ dZ2"),
        ("dA1", "W2.transpose().matmul(dZ2)"),
        ("dZ1", "dA1 ⊙ A1 ⊗ (1 - A1)"),
        ("dZ1", "dA1 .* g1'(Z1)"),
        ("db2", "np.mean(dZ2, axis=1, keepdims=True)"),
        ("W1", "W1 := W1 - α dW1"),
    ],
)
def test_what_learners_type_is_understood(symbol: str, typed: str) -> None:
    assert verdict(ARTICLE, symbol, typed) is FormulaVerdict.RIGHT


def test_softmax_has_its_derivation_accepted_and_its_slope_explained() -> None:
    e = load("softmax")
    assert (
        verdict(e, "dZ2", "A2*(dA2 - np.sum(dA2*A2, axis=0, keepdims=True))")
        is FormulaVerdict.RIGHT
    )
    assert (
        "g2 is softmax, whose derivative is not a function of one number"
        in judge(e, "dZ2", "g2'(Z2)").sentence
    )


@pytest.mark.parametrize(
    ("lesson", "symbol", "typed"),
    [
        ("ai-by-hand", "A1", "np.where(Z1 > 0, Z1, 0)"),
        ("ai-by-hand", "dZ1", "dA1 * np.where(Z1 > 0, 1, 0)"),
        ("ai-by-hand", "dZ1", "dA1 * (Z1 > 0)"),
        ("batch", "J", "np.mean(L)"),
        ("batch", "db2", "dZ2.mean(1, keepdims=True)"),
        ("mazur", "L", "½ np.sum((A2 - Y)^2, axis=0, keepdims=True)"),
    ],
)
def test_numpys_functions_are_understood(lesson: str, symbol: str, typed: str) -> None:
    found = judge(load(lesson), symbol, typed)
    assert (found.verdict, "Note" in found.sentence) == (FormulaVerdict.RIGHT, False)


def test_what_is_not_as_in_numpy_is_noted() -> None:
    found = judge(load("batch"), "db2", "dZ2.sum(axis=1)/m")
    assert found.verdict is FormulaVerdict.RIGHT
    assert found.sentence.endswith("neither a row nor a column.")


@pytest.mark.parametrize("typed", ["dZ1 * X.T / m", "X.T * dZ1 / m", "np.outer(dZ1, X) / m"])
def test_an_outer_product_is_accepted_and_what_is_right_for_a_batch_is_said(typed: str) -> None:
    found = judge(ARTICLE, "dW1", typed)
    assert found.verdict is FormulaVerdict.RIGHT
    assert found.expression == parse("dZ1 · Xᵀ / m")
    assert found.sentence.endswith("right for a batch too.")
    assert trees(ARTICLE.network, ARTICLE.training, {"dW1": typed}) == {"dW1": found.expression}


def test_a_row_that_is_one_number_here_is_a_row_in_a_batch() -> None:
    found = judge(ARTICLE, "dA1", "W2.T * dZ2")
    assert found.verdict is FormulaVerdict.RIGHT
    assert found.expression == parse("W2ᵀ · dZ2")


# Right here -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "symbol", "typed", "sentence"),
    [
        (
            "article",
            "dW2",
            "dZ2 @ A1.T",
            "Your formula is correct for one input; a batch still needs 1/m.",
        ),
        (
            "article",
            "dZ1",
            "dA1 * A1 * (1 - A1) / m",
            "Your formula is correct for one input; with a batch nothing here is divided by m.",
        ),
        (
            "article",
            "W1",
            "W1 - 0.5*dW1",
            "Your formula is correct with this run's 0.5; with α it is correct for any value.",
        ),
        (
            "batch",
            "dW2",
            "dZ2 @ A1.T / 4",
            "Your formula is correct with this run's 4; with m it is correct for any value.",
        ),
        (
            "article",
            "db2",
            "dZ2",
            "Your formula is correct for one input; a batch still needs the sum over its examples, "
            "and 1/m.",
        ),
        (
            "article",
            "dA1",
            "(dZ2 @ W2).T",
            "Your formula is correct for one example only: here dA1 is 3×1. With another number of "
            "examples, it cannot be computed.",
        ),
        (
            "article",
            "dA1",
            "W2.T @ col_sums(dZ2)",
            "Your formula is correct for one output only: here dA1 is 3×1. With another number of "
            "outputs, it cannot be computed.",
        ),
        (
            NARROW,
            "dA1",
            "W2 @ dZ2",
            "Your formula is correct for layers of these sizes only: here dA1 is 1×1. With layers "
            "of other sizes, it cannot be computed.",
        ),
        (
            "softmax",
            "L",
            "-Y.T @ log(A2)",
            "Your formula is correct for one example only: here L is 1×1. With another number of "
            "examples, it gives another shape than L has.",
        ),
        (
            "softmax",
            "dZ2",
            "A2 * (dA2 - np.sum(A2 * dA2))",
            "Your formula is correct for one input; a batch still needs a sum for each example "
            "instead of total(A2 ∘ dA2): axis=0, keepdims=True.",
        ),
    ],
)
def test_what_is_right_here_says_what_it_lacks(
    run: str | Experiment, symbol: str, typed: str, sentence: str
) -> None:
    found = judge(load(run) if isinstance(run, str) else run, symbol, typed)
    assert (found.verdict, found.sentence) == (FormulaVerdict.HERE, sentence)
    assert found.accepted


def test_a_coincidence_of_numbers_is_told_from_a_right_formula() -> None:
    found = judge(load("zeros"), "dA1", "3*W2.T@dZ2")  # all of them are 0
    assert found.verdict is FormulaVerdict.COINCIDENCE
    assert "by coincidence" in found.sentence
    assert not found.accepted


def test_a_number_for_m_is_not_right_where_the_last_batch_is_smaller() -> None:
    e = experiment(
        ARTICLE.dense, Training(batch=2), [[1.0, 0.1, 0.3]] * 3, [[1.0, 0.0, 1.0]], seed=2
    )
    found = judge(e, "dW2", "dZ2 @ A1.T / 2")
    assert found.verdict is FormulaVerdict.COINCIDENCE
    assert "with m it is correct for any value" in found.sentence


def test_nothing_is_divided_by_m_under_a_sum() -> None:
    e = changed(BATCH, training=Training(batch=2, reduction="sum"))
    assert verdict(e, "dW2", "dZ2 @ A1.T") is FormulaVerdict.RIGHT
    assert (
        judge(e, "dW2", "dZ2 @ A1.T / m").sentence
        == "This is what you get with a mean instead of a sum."
    )


@pytest.mark.parametrize(
    ("symbol", "typed", "said"),
    [
        ("dZ2", "(A2 - Y) / m", "Close: it is 1 / m times the correct value."),
        ("dA1", "W2.T @ dZ2 / m", "Close: it is 1 / m times the correct value."),
        ("dA1", "W2.T @ dZ2 / 3", "This is what you get with a mean instead of a sum."),
    ],
)
def test_a_mean_is_of_the_terms_of_a_sum(symbol: str, typed: str, said: str) -> None:
    e = changed(load("softmax"), training=Training(batch=2))
    data = {s: np.hstack([x, x]) for s, x in e.data.by_symbol.items()}
    assert judge(changed(e, data=changed(e.data, by_symbol=data)), symbol, typed).sentence == said


@pytest.mark.parametrize(
    ("typed", "term"),
    [("dZ2 @ A1.T / m + l2 * W2", "λ₂ · W2"), ("dZ2 @ A1.T + l2 * W2 / m", "dZ2 · A1ᵀ")],
)
def test_a_single_term_that_lacks_its_m_is_named(typed: str, term: str) -> None:
    e = changed(ARTICLE, training=Training(l2=0.7))
    found = judge(e, "dW2", typed)
    assert found.verdict is FormulaVerdict.HERE
    assert found.sentence == (
        f"Your formula is correct for one input; a batch still needs 1/m in {term}."
    )


@pytest.mark.parametrize("sign", ["λ", "lambd", r"\lambda"])
def test_the_factor_of_the_only_penalty_is_read_by_its_usual_name(sign: str) -> None:
    typed = f"dZ2 @ A1.T / m + {sign} / m * W2"
    right = "Your formula is correct for any batch size."
    of_l2 = judge(changed(ARTICLE, training=Training(l2=0.7)), "dW2", typed).sentence
    assert of_l2 == f"{right} Note: λ is read as λ₂, the factor of the L2 penalty."
    both = changed(ARTICLE, training=Training(l2=0.7, weight_decay=0.1))
    assert not judge(both, "dW2", typed).accepted
    decayed = changed(ARTICLE, training=Training(weight_decay=0.1))
    assert judge(decayed, "W2", f"W2 − α (dW2 + {sign} W2)").sentence == right


def test_a_number_that_is_m_here_is_not_taken_for_m() -> None:
    e = experiment(ARTICLE.dense, Training(batch=3), [[1.0, 0.1, 0.3]] * 3, [[1.0, 0.0, 1.0]])
    assert "this run's 3" in judge(e, "dW2", "dZ2 @ A1.T / 3").sentence
    assert verdict(ARTICLE, "dA1", "3 * W2.T @ dZ2") is FormulaVerdict.WRONG


def test_a_gate_that_happens_to_be_open_is_a_coincidence() -> None:
    e = experiment(
        Network((1, 1, 1), ("relu", "sigmoid"), "binary_cross_entropy"),
        Training(),
        [[1.0]],
        [[1.0]],
        {"W1": [[2.0]]},
    )
    assert verdict(e, "A1", "Z1") is FormulaVerdict.COINCIDENCE
    assert verdict(e, "dZ1", "dA1") is FormulaVerdict.COINCIDENCE


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_rules_of_every_optimizer_can_be_written(optimizer: str) -> None:
    e = changed(ARTICLE, training=Training(optimizer=optimizer, weight_decay=0.1))
    for step in steps(e):
        if step.phase == "update":
            assert verdict(e, step.symbol, text(step.expression)) is FormulaVerdict.RIGHT, step


@pytest.mark.parametrize(
    ("symbol", "typed", "numbers"),
    [
        ("vdW1", "0.9*vdW1 + 0.1*dW1", "β1 = 0.9"),
        ("W1", "W1 - 0.01*vcdW1/(sqrt(scdW1) + 1e-8)", "α = 0.01, ε = 1e-08"),
    ],
)
def test_numbers_in_place_of_constants_are_no_matter_of_the_batch(
    symbol: str, typed: str, numbers: str
) -> None:
    training = Training(batch=4, optimizer="adam", learning_rate=0.01)
    found = judge(changed(load("batch"), training=training), symbol, typed)
    said = f"Your formula is correct with this run's numbers only: {numbers}."
    assert (found.verdict, found.sentence) == (FormulaVerdict.HERE, said)


# Wrong ----------------------------------------------------------------------------------------


@given(experiments(scales=(1.0,)), st.data())
@settings(max_examples=16)
def test_every_mistake_of_the_catalogue_is_refused_and_named(
    e: Experiment, data: st.DataObject
) -> None:
    program = program_of(e.network, e.training)
    step = data.draw(st.sampled_from(program.steps))
    for slip in slips_in(program, step, e.training.batch):
        if any(misfit(slip.wrong, step.symbol, program, n) for n in e.batch_sizes):
            continue  # the last batch of an epoch is smaller: a wrong shape there
        found = judge(e, step.symbol, text(slip.wrong))
        if not found.accepted:
            assert is_untold(e, found) or slip.mistake.name in {
                s.mistake.name for s in found.slips
            }, (slip, found)
        else:  # where it changes nothing in a network of these sizes
            assert right_here(e, step, slip.wrong)


def right_here(e: Experiment, step: Step, formula: Expr) -> bool:
    """Whether the run is the same with that formula, in this network with other numbers too."""
    other = changed(e, initial=changed(e.initial, given={}, seed=9))
    for run in (e, other):
        one, two = Timeline(run), Timeline(run.with_formula(step.symbol, formula))
        at = one.program.index(step.symbol)
        if not same(two.iteration(1).results[at], one.iteration(1).results[at]):
            return False
    return True


@pytest.mark.parametrize(
    ("symbol", "typed", "sentence"),
    [
        ("dW2", "dZ2 @", "expected a number, a matrix or “(”, found the end"),
        ("dW2", " ", "type the formula for dW2"),
        ("dW2", "sum(dZ2)", "dW2 must be 1×3 like W2, but this gives 1×1"),
        ("dW2", "sigmoyd(Z1)", "there is no function “sigmoyd” (character 1); "
         "did you mean sigmoid?"),
        ("dW2", "dzz2 @ A1.T", "there is no “dzz2” here. Did you mean dZ2?"),
        ("dA1", r"W2.T \cdot δ_2", "there is no “δ_2” here. Did you mean dZ2?"),
        *(
            ("dZ2", typed, f"there is no “{name}” here. Did you mean {meant}?")
            for typed, name, meant in (
                ("AL - Y", "AL", "A2"), ("yhat - Y", "yhat", "A2"), ("A2 - labels", "labels", "Y"),
                ("WL.T @ dAL", "WL", "W2"), ("A2 - inputs", "inputs", "X"),
            )
        ),
        ("W2", "W2 - beta * dW2", "there is no “beta” here. Did you mean β1?"),
        ("dA1", "Theta2.T @ dZ2", "there is no “Theta2” here. Did you mean W2?"),
        ("dA1", "theta2.T @ dZ2", "there is no “theta2” here. Did you mean W2?"),
        ("dW2", "dZ2 @ A1.T / Y.shape[1]", "there is no function “shape” (character 15); "
         "the number of examples is m"),
        ("Z1", "W1*X + b1", "Z1 must be 3×1, but this gives 3×3; * goes element by element: "
         "the matrix product is W1 · X"),
        ("dZ1", "W2.T @ dZ2 @ (1 - A1)", "W2ᵀ · dZ2 · (1 − A1) is 3×1 times 3×1: W2ᵀ · dZ2 has "
         "1 column, but 1 − A1 has 3 rows; a matrix product needs as many columns on the left as "
         "rows on the right; the sign for element by element is *"),
        ("A1", "np.einsum(Z1, Z1)", "there is no function “np.einsum” (character 1); "
         "write the product with @ and .T"),
        ("dW2", "dW1", "dW1 is not computed yet: that is step 12, and this is step 8"),
        ("dW2", "dW2", "dW2 is the result: its formula cannot use it"),
        ("dW2", "dW1 = dZ2", "this step computes dW2, not dW1"),
        ("dW2", "J", "there is no J here: a batch of one example has only L"),
        ("dW2", "dZ2[1,1] * A1.T", "a step works on whole matrices: write dZ2, not dZ2[1,1]"),
        ("dW2", "A1 @ dZ2", "dW2 must be 1×3 like W2, but this gives 3×1"),
        ("dW2", "0.5", "dW2 must be 1×3 like W2, but this gives a single number"),
        ("dW2", "-dZ2 @ A1.T", "Close: only the sign is wrong."),
        ("dW2", "2 * dZ2 @ A1.T", "Close: it is 2 times the correct value."),
        ("dW2", "3·dZ2·A1ᵀ", "Close: it is 3 times the correct value."),
        ("dZ2", "3·(A2 − Y)", "Close: it is 3 times the correct value."),
        ("dA2", "A2 − Y", "Your formula gives dZ2, not dA2."),
        ("dA1", "W2ᵀ·dZ2 ∘ A1 ∘ (1 − A1)", "Your formula gives dZ1, not dA1."),
        *(
            ("dW2", typed, "None of the 3 numbers is correct: your formula gives "
             f"{gives} for dW2[1,1].")
            for typed, gives in (
                ("0·dZ2·A1ᵀ", "0"), ("dZ2·A1ᵀ/0", "−∞"), ("dZ2·A1ᵀ·(0/0)", "NaN"),
            )
        ),
        (
            "dW2",
            "-dZ2 @ A1.T / 5",
            "Close: it is 1/5 times the correct value, and the sign is wrong.",
        ),
        ("dW2", "1.5 * dZ2 @ A1.T", "Close: it is 1.5 times the correct value."),
        ("dW2", "alpha * dZ2 @ A1.T / m", "Close: it is α times the correct value."),
        ("dZ2", "Y - A2", "The sign is flipped: this is minus the gradient."),
        ("dZ1", "dA1", "The activation's derivative is left out: dZ is a copy of dA."),
        ("W1", "W1", "This is what you get from one side only."),
    ],
)  # fmt: skip
def test_a_wrong_one_is_told_what_is_wrong(symbol: str, typed: str, sentence: str) -> None:
    found = judge(ARTICLE, symbol, typed)
    assert found.sentence == sentence
    assert not found.accepted


def test_what_is_not_0_is_no_multiple_of_0() -> None:
    data = {"X": [[1.0], [2.0]], "Y": [[1.0]]}
    forward = {"Z": "W·X", "A": "0·Z", "L": "half_squared_error(A, Y)"}
    found = judge(written({"W": (1, 2)}, data, forward, {"W": [[0.5, 0.25]]}), "A", "2·Z")
    assert found.sentence == "The number is not correct: your formula gives 2 for A[1,1]."


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [("X @ dZ1.T", FormulaVerdict.GRADIENT), ("dZ1 @ X.T", FormulaVerdict.WRONG)],
)
def test_beside_an_own_formula_that_fits_square_layers_alone_others_are_judged(
    typed: str, verdict: FormulaVerdict
) -> None:
    own = load("mazur").with_formula("Z1", parse("W1ᵀ·X + b1"))
    assert judge(own, "dW1", typed).verdict is verdict


def test_two_mistakes_that_give_the_same_are_both_named(monkeypatch: pytest.MonkeyPatch) -> None:
    one = CATALOGUE["derivative-left-out"]

    def otherwise(e: Expr, program: Program) -> Iterator[Expr]:
        return (wrong * 1.0 for wrong in one.change(e, program))

    twin = changed(one, name="twin", sentence="It is a twin.", change=otherwise)
    monkeypatch.setitem(MISTAKES, "twin", twin)
    found = judge(changed(ARTICLE, training=Training(learning_rate=0.123)), "dZ1", "dA1")
    assert found.sentence == f"{one.sentence} Or: It is a twin."
    assert [slip.mistake.name for slip in found.slips] == ["derivative-left-out", "twin"]


@pytest.mark.parametrize(
    ("typed", "mistake"),
    [("exp(Z2) / exp(Z2)", "sum-forgotten"), ("exp(Z2) / row_sums(exp(Z2))", "other-axis")],
)
def test_of_two_mistakes_that_give_the_same_here_that_of_other_sizes_is_named(
    typed: str, mistake: str
) -> None:
    assert [slip.mistake.name for slip in judge(load("softmax"), "A2", typed).slips] == [mistake]


def test_a_network_is_tried_out_in_its_own_sizes_up_to_the_largest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = probes.of_same_sizes.__wrapped__
    program = Timeline(ARTICLE).program
    numbers = sum(p.size for p in ARTICLE.parameters().values())
    for most, found in ((numbers, True), (numbers - 1, False)):
        monkeypatch.setattr(probes, "LARGEST", most)
        assert bool(drawn(program, 1, 1.0, False)) is found


@given(experiments(scales=(1.0,)), st.data())
def test_the_formula_is_told_at_the_third_miss_and_not_before(
    e: Experiment, data: st.DataObject
) -> None:
    step = data.draw(st.sampled_from(steps(e)))
    found = judge(e, step.symbol, f"3 * ({text(step.expression)})")
    told = [found.told(misses) for misses in (1, 2, 3, 4)]
    assert [len(t) for t in told] == [1, 2, 3, 3] or not found.missed
    assert all(found.answer not in line for line in told[1])
    if found.missed:
        assert found.answer in told[2][-1]
        assert parse(found.answer.partition(" ")[2][2:]) == step.expression


def test_what_cannot_be_read_is_no_miss() -> None:
    found: JudgedFormula = judge(ARTICLE, "dW2", "dZ2 @")
    assert not found.missed
    assert found.told(3) == (found.sentence,)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (" + ".join(["Z1"] * 400), "the formula has more than 150 parts"),
        ("sigmoid'(" * 5 + "Z1" + ")" * 5, "more than 4 nested functions"),
        ("W1 @ (X @ (X.T @ X))", "Xᵀ · X is 2000×2000: too large to compute"),
    ],
)
def test_what_would_take_too_long_or_too_much_is_not_tried(typed: str, sentence: str) -> None:
    e = experiment(
        Network((1, 2), ("sigmoid",), "half_squared_error"),
        Training(batch=2000),
        np.zeros((1, 2000)),
        np.zeros((2, 2000)),
    )
    assert judge(e, "A1" if "Z1" in typed else "Z1", typed).sentence == sentence


# A forward formula of one's own ------------------------------------------------------------------


OWN_NETWORK = """
title = "own"
[network]
layers = [2, 2, 1]
activations = ["sigmoid", "linear"]
loss = "half_squared_error"
[training]
learning_rate = 0.1
[data]
X = [[0.5, -1.0]]
Y = [[1]]
[initial]
W1 = [[0.1, 0.3], [-0.2, 0.4]]
b1 = [0.1, -0.1]
W2 = [[0.5, -0.6]]
b2 = [0.1]
"""
OWN_ACTIVATIONS = {
    "bipolar sigmoid": ("2/(1+exp(-Z1)) - 1", "dA1*0.5*(1+A1)*(1-A1)"),
    "leaky ReLU of 0.1": ("max(0.1*Z1, Z1)", "dA1*(0.1+0.9*step(Z1))"),
    "np.where": ("np.where(Z1>0,Z1,0.01*Z1)", "dA1*np.where(Z1>0,1,0.01)"),
    "ReLU and sine": ("max(0,Z1)+sin(Z1)", "dA1*(step(Z1)+cos(Z1))"),
    "softplus": ("log(1+exp(Z1))", "dA1/(1+exp(-Z1))"),
    "swish": ("Z1*sigmoid(Z1)", "dA1*(A1 + sigmoid(Z1)*(1-A1))"),
}


def checked(source: str, formulas: dict[str, str]) -> Report:
    lines = "\n".join(f"{symbol} = '{typed}'" for symbol, typed in formulas.items())
    e = read_experiment(f"{source}\n[formulas]\n{lines}\n", "own", "own")
    return Report(Timeline(e), 1)


@pytest.mark.parametrize("name", OWN_ACTIVATIONS)
def test_the_gradient_of_ones_own_activation_is_right(name: str) -> None:
    A1, dZ1 = OWN_ACTIVATIONS[name]
    report = checked(OWN_NETWORK, {"A1": A1, "dZ1": dZ1})
    assert not report.failed
    verdicts = [found.verdict for found in report.formulas]
    assert verdicts == [FormulaVerdict.OWN, FormulaVerdict.GRADIENT]
    assert report.formulas[1].sentence == (
        "Your formula is not the taught form, but the gradient of this loss."
    )


@pytest.mark.parametrize("name", OWN_ACTIVATIONS)
def test_the_taught_derivative_is_wrong_for_ones_own_activation(name: str) -> None:
    report = checked(OWN_NETWORK, {"A1": OWN_ACTIVATIONS[name][0], "dZ1": "dA1*g1′(Z1)"})
    assert [found.accepted for found in report.formulas] == [True, False]
    assert report.failed


COURSERA = """
title = "Coursera, Improving Deep Neural Networks, week 1: L2"
[network]
layers = [3, 2, 3, 1]
activations = ["relu", "relu", "sigmoid"]
loss = "binary_cross_entropy"
[training]
learning_rate = 0.3
batch = "all"
[data]
X = [
    [1.6243453636632417, -2.3015386968802827, 1.462107937044974],
    [-0.6117564136500754, 1.74481176421648, -2.060140709497654],
    [-0.5281717522634557, -0.7612069008951028, -0.3224172040135075],
    [-1.0729686221561705, 0.31903909605709857, -0.38405435466841564],
    [0.8654076293246785, -0.2493703754774101, 1.1337694423354374],
]
Y = [[1.0], [1.0], [0.0], [1.0], [0.0]]
[initial]
W1 = [[-1.09989127, -0.17242821, -0.87785842], [0.04221375, 0.58281521, -1.10061918]]
b1 = [[1.14472371], [0.90159072]]
W2 = [[0.50249434, 0.90085595], [-0.68372786, -0.12289023], [-0.93576943, -0.26788808]]
b2 = [[0.53035547], [-0.69166075], [-0.39675353]]
W3 = [[-0.6871727, -0.84520564, -0.67124613]]
b3 = [[-0.0126646]]
[[published]]
source = "Coursera"
A3 = [["0.40682402", "0.01629284", "0.16722898", "0.10118111", "0.40682402"]]
"""
COURSERA_GRADIENTS = {
    "dW1": """[["-0.25604646", "0.12298827", "-0.28297129"],
               ["-0.17706303", "0.34536094", "-0.4410571"]]""",
    "dW2": """[["0.79276486", "0.85133918"], ["-0.0957219", "-0.01720463"],
               ["-0.13100772", "-0.03750433"]]""",
    "dW3": """[["-1.77691347", "-0.11832879", "-0.09397446"]]""",
}


def test_the_gradients_of_ones_own_cost_with_an_l2_term_are_right() -> None:
    figures = "\n".join(f"{symbol} = {of}" for symbol, of in COURSERA_GRADIENTS.items())
    report = checked(
        f"{COURSERA}J = '2.141092225'\n{figures}",
        {
            "J": "total(L)/m + 0.07*(total(W1²)+total(W2²)+total(W3²))",
            "dW1": "dZ1·Xᵀ/m + 0.14*W1",
            "dW2": "dZ2·A1ᵀ/m + 0.14*W2",
            "dW3": "dZ3·A2ᵀ/m + 0.14*W3",
        },
    )
    assert not report.failed
    assert {found.verdict for found in report.formulas} == {
        FormulaVerdict.OWN,
        FormulaVerdict.GRADIENT,
    }
    assert len(report.figures) == 21


def test_figures_of_a_gradient_and_its_parameter_may_be_of_before_the_update() -> None:
    figures = "\n".join(
        f"'{symbol} + 0.14*{symbol[1:]}' = {of}" for symbol, of in COURSERA_GRADIENTS.items()
    )
    decays = COURSERA.replace('batch = "all"', 'batch = "all"\nweight_decay = 0.14')
    report = checked(f"{decays}{figures}", {})
    assert not report.failed
    assert [c.verdict for c in report.figures[5:]] == ["equal before the update"] * 15


DROPOUT = """
title = "a dropout mask"
[parameters]
W1 = [2, 2]
b1 = [2, 1]
W2 = [1, 2]
[forward]
Z1 = "W1·X + b1"
A1 = "sigmoid(Z1)*M"
Z2 = "W2·A1"
L = "half_squared_error(Z2, Y)"
[data]
X = [[0.5, -1.0]]
M = { matrix = [[2], [0]] }
Y = [[1]]
[initial]
W1 = [[0.1, 0.3], [-0.2, 0.4]]
b1 = [0.1, -0.1]
W2 = [[0.5, -0.6]]
"""


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            "dA1*A1*(1-A1)",
            "A1 is σ(Z1) ∘ M, so A1 ∘ (1 − A1) is not its derivative, M ∘ σ′(Z1).",
        ),
        ("dA1*M*A1*(1-A1)", "A1 is σ(Z1) ∘ M, so A1 ∘ (1 − A1) is not σ′(Z1)."),
        ("dA1*M*sigmoid(Z1)*(1-sigmoid(Z1))", "Your formula is correct."),
    ],
)
def test_what_is_not_the_derivative_behind_a_dropout_mask_is_told(
    typed: str, sentence: str
) -> None:
    (found,) = checked(DROPOUT, {"dZ1": typed}).formulas
    assert found.sentence == sentence


def test_a_softmax_within_a_line_has_no_derivative_that_could_be_mistaken() -> None:
    forward = {"Z": "W·X", "A": "2·softmax(Z)", "L": "half_squared_error(A, Y)"}
    e = written({"W": (2, 1)}, {"X": [[0.5]], "Y": [[1.0], [0.3]]}, forward)
    assert judge(e, "dZ", "cos(Z)").sentence.startswith("None of the 2 numbers is correct")


def test_a_matrix_written_out_in_a_formula_is_told_where_it_may_stand() -> None:
    with pytest.raises(ExperimentError, match=r"character 13: .* M = \{ matrix = "):
        checked(OWN_NETWORK, {"A1": "sigmoid(Z1)*[[1],[0]]/0.5"})


def test_what_has_no_derivative_is_no_forward_formula() -> None:
    with pytest.raises(ExperimentError, match=r"formulas\.A1 cannot be differentiated"):
        checked(OWN_NETWORK, {"A1": "Z1 - np.max(Z1, axis=0, keepdims=True)"})


def test_a_forward_formula_that_reads_other_symbols_has_the_gradients_that_follow() -> None:
    report = checked(OWN_NETWORK, {"A2": "2*Z2 + total(Z1)"})
    assert not report.failed
    program = report.timeline.program
    assert "dA2" in names(program.steps[program.index("dZ1")].expression)


@given(programs(), st.data())
def test_every_way_of_writing_a_gradient_is_right_in_any_program(
    e: Experiment, data: st.DataObject
) -> None:
    backward = [step for step in steps(e) if step.phase == "backward"]
    step = data.draw(st.sampled_from(backward))
    for way in (commuted, transposed_twice, divided_elsewhere):
        found = judge(e, step.symbol, text(way(step.expression)))
        assert found.accepted, found.sentence
        wrong = judge(e, step.symbol, text(3.0 * way(step.expression)))
        assert not wrong.accepted, wrong.sentence


# In one part ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "symbol", "typed", "lacks"),
    [
        ("article", "W1", "W1 - alpha*(dZ1 @ X.T)", "1/m in α · (dZ1 · Xᵀ)."),
        ("mazur", "W2", "W2 - alpha*(dZ2 @ A1.T)", "1/m in α · (dZ2 · A1ᵀ)."),
        (
            "article",
            "b1",
            "b1 - alpha*np.sum(dZ1, axis=1, keepdims=True)",
            "1/m in α · row_sums(dZ1).",
        ),
        (
            "softmax",
            "A2",
            "exp(Z2)/sum(exp(Z2))",
            "a sum for each example instead of total(exp(Z2)): axis=0, keepdims=True.",
        ),
        (
            changed(load("neuron"), training=Training(l2=0.7)),
            "J",
            "L + l2/2*total(W1**2)",  # of which both terms are divided by m
            "the sum over its examples in L, and 1/m.",
        ),
    ],
)
def test_what_only_a_batch_needs_is_named_in_the_part_that_needs_it(
    run: str | Experiment, symbol: str, typed: str, lacks: str
) -> None:
    found = judge(load(run) if isinstance(run, str) else run, symbol, typed)
    assert found.sentence == f"Your formula is correct for one input; a batch still needs {lacks}"
    assert found.accepted


def test_what_is_right_for_targets_of_0_and_1_is_right_there() -> None:
    found = judge(load("softmax"), "L", "-log(sum(Y*A2))")
    assert found.accepted
    assert found.sentence.startswith("Your formula is correct where each target is 0 or 1, as here")


def with_a_loss_that_is_nan() -> Experiment:
    """A linear output with several entries, of which random numbers leave no logarithm."""
    network = Network((2, 3, 4), ("sigmoid", "linear"), "binary_cross_entropy")
    return experiment(network, Training(), [[0.5], [0.2]], [[0.0], [1.0], [0.0], [1.0]])


@pytest.mark.parametrize("typed", ["log(0 - 1) + 0 * col_sums(A2)", "sqrt(0 - 1) * col_sums(Y)"])
def test_where_every_network_gives_nan_it_cannot_be_told(typed: str) -> None:
    judged = judge(with_a_loss_that_is_nan(), "L", typed)
    assert judged.verdict is FormulaVerdict.UNTOLD
    assert not judged.accepted
    assert not judged.missed
    assert "cannot be told" in judged.sentence


def test_what_a_batch_needs_is_not_said_where_no_number_of_a_batch_is_finite() -> None:
    network = Network((1, 1), ("tanh",), "binary_cross_entropy", bias=False)
    e = experiment(network, Training(l2=0.7), [[0.0]], [[0.0]], {"W1": [[0.0]]})
    assert (
        judge(e, "J", "L + λ₂·total(W1²)/2").sentence == "Your formula is correct for one example."
    )
    assert verdict(e, "J", "total(W1²)·λ₂/2 + L") is FormulaVerdict.UNTOLD


def test_its_gradients_and_the_taught_loss_are_judged_all_the_same() -> None:
    e = with_a_loss_that_is_nan()
    loss = next(step for step in steps(e) if step.symbol == "L")
    assert judge(e, "L", text(loss.expression)).accepted
    assert verdict(e, "dA2", "(1-Y)/(1-A2) - Y/A2") is FormulaVerdict.RIGHT
    assert verdict(e, "dA2", "A2 - Y") is FormulaVerdict.WRONG


def test_a_mistake_is_named_only_where_it_gives_these_numbers() -> None:
    e = read_experiment(OWN_NETWORK.replace('"linear"', '"sigmoid"'), "own", "own")
    found = judge(e, "dZ1", "dA1*step(Z1)")
    assert found.slips == ()
    assert found.sentence.startswith("None of the 2 numbers is correct")


@given(experiments(scales=(1.0,)), st.data())
def test_no_other_network_is_spoken_of(e: Experiment, data: st.DataObject) -> None:
    step = data.draw(st.sampled_from(steps(e)))
    other = data.draw(st.sampled_from([s for s in steps(e) if s.phase == step.phase]))
    found = judge(e, step.symbol, text(other.expression))
    assert "with layers" not in found.sentence


# A run with formulas --------------------------------------------------------------------------


@given(experiments())
def test_an_iteration_written_by_the_texts_of_its_steps_runs_to_the_same_bits(
    e: Experiment,
) -> None:
    written = changed(e, formulas={s.symbol: parse(text(s.expression)) for s in steps(e)})
    one, other = Timeline(e), Timeline(written)
    assert other.program.own == tuple(step.symbol for step in other.program.steps)
    results = zip(one.iteration(2).results, other.iteration(2).results, strict=True)
    assert all(same_bits(a, b) for a, b in results)
    program = one.program
    verdicts = (
        [repr(check_gradient(run.program, run.iteration(1), s)) for s in program.gradients]
        for run in (one, other)  # as text, for NaN is not equal to itself
    )
    assert next(verdicts) == next(verdicts)


@given(experiments(SMOOTH, scales=(1.0,)), st.data())
def test_formulas_of_ones_own_run_compiled_as_they_do_step_by_step_and_are_explained(
    e: Experiment, data: st.DataObject
) -> None:
    way = data.draw(st.sampled_from((commuted, transposed_twice, divided_elsewhere)))
    written = changed(e, formulas={s.symbol: way(s.expression) for s in steps(e)})
    by_steps, run = Timeline(written), Timeline(written)
    advance(run.history, 4)
    for number in range(1, 5):
        there = by_steps.iteration(number)
        again = run.iteration(number)
        assert all(same_bits(a, b) for a, b in zip(there.results, again.results, strict=True))
    assert compiled(run.program)
    provenance = Provenance(run)
    for step in run.program.steps:
        place = Place(1, Cell(step.symbol, 1, 1))
        found = Explanation(provenance, place, lambda x: f"{x:.3f}")
        assert found.result
        assert isinstance(found.remarks, tuple)
        assert found.numpy
        assert found.shape_line


def test_a_backward_formula_reads_what_the_forward_ones_make_a_gradient_of() -> None:
    """B is of no use to the loss until A reads it."""
    e = written(
        {"W": (2, 2), "U": (2, 2)},
        {"X": np.eye(2), "Y": np.eye(2)},
        {"B": "U·X", "A": "W·X", "L": "half_squared_error(A, Y)"},
    )
    assert "dB" not in e.program.gradients
    found = trees(e.network, e.training, {"dU": "db @ X.T / m", "A": "W·X + B"})
    assert list(found) == ["dU", "A"]
    assert "dB" in names(found["dU"])


def test_a_derivation_stays_where_the_formula_is_the_taught_one() -> None:
    own = program_of(ARTICLE.network, ARTICLE.training, {"dZ2": parse("A2 − Y")})
    assert own.steps[own.index("dZ2")].derivation is not None
    other = program_of(ARTICLE.network, ARTICLE.training, {"dZ2": parse("dA2 ∘ σ′(Z2)")})
    assert other.steps[other.index("dZ2")].derivation is None
    assert other.own == ("dZ2",)


def test_a_mistake_made_on_purpose_wins() -> None:
    e = ARTICLE.with_formula("dZ2", parse("dA2 ∘ σ′(Z2)")).with_mistake(CATALOGUE["sign-flipped"])
    assert Timeline(e).program.own == ()
    assert (
        Timeline(e).program.steps
        == Timeline(ARTICLE.with_mistake(CATALOGUE["sign-flipped"])).program.steps
    )


def test_a_formula_that_is_right_for_one_input_is_used_as_it_was_typed() -> None:
    e = load("article").with_formula("dW2", parse("dZ2 * A1.T"))
    timeline = Timeline(e)
    own = timeline.iteration(3).results[timeline.program.index("dW2")]
    taught = Timeline(load("article"))
    assert np.allclose(own, taught.iteration(3).results[taught.program.index("dW2")])
    assert "dW2" not in timeline.program.per_example


def test_what_was_taken_back_is_as_taught() -> None:
    e = ARTICLE.with_formula("dW2", Num(1.0)).with_formula("dW2", None)
    assert Timeline(e).program.steps == Timeline(ARTICLE).program.steps


OWN_WAYS = {
    "article": {
        "Z1": "(X.T @ W1.T).T + b1",
        "A1": "1/(1 + exp(-Z1))",
        "A2": "1/(1 + exp(-(W2 @ A1 + b2)))",
        "L": "-log(1 - A2)*(1 - Y) - Y*log(A2)",
        "dA2": "(A2 - Y)/(A2*(1 - A2))",
        "dZ2": "dA2*A2*(1 - A2)",
        "dW2": "dZ2.T.T @ A1.T",
        "dA1": "(dZ2.T @ W2).T",
        "dZ1": "(W2.T @ dZ2)*A1*(1 - A1)",
        "dW1": "dA1*A1*(1 - A1) @ X.T",
        "W1": "-(lr*dW1 - W1)",
    },
    "softmax": {
        "A2": "exp(Z2)/sum(exp(Z2), axis=0, keepdims=True)",
        "dZ2": "A2*(dA2 - sum(dA2*A2, axis=0, keepdims=True))",
    },
    "batch": {"dW2": "(A1 @ (dZ2/m).T).T", "db2": "sum(dZ2/m, axis=1, keepdims=True)"},
    "ai-by-hand": {"A1": "np.maximum(Z1, 0)", "dZ1": "dA1*step(Z1)"},
}


@pytest.mark.parametrize("lesson", OWN_WAYS)
def test_other_ways_are_right_and_all_that_is_asked_of_a_step_is_answered(lesson: str) -> None:
    e = load(lesson)
    for symbol, typed in OWN_WAYS[lesson].items():
        assert judge(e, symbol, typed).accepted, symbol
    own = trees(e.network, e.training, OWN_WAYS[lesson])
    run = Timeline(changed(e, formulas=own))
    provenance = Provenance(run)
    chains = Chains(provenance, 1)
    for step, result in zip(run.program.steps, run.iteration(1).results, strict=True):
        for i, j in np.ndindex(result.shape):
            cell = Cell(step.symbol, i + 1, j + 1)
            found = Explanation(provenance, Place(1, cell), lambda x: f"{x:.3f}")
            assert found.result
            assert found.symbols(3)
            assert isinstance(found.remarks, tuple)
            if step.phase == "backward":
                paths = chains.chain(cell, most=1000).paths
                assert np.isclose(sum(path.product for path in paths), result[i, j])


# In a file ------------------------------------------------------------------------------------


def in_file(lesson: str, formulas: dict[str, str]) -> Experiment:
    lines = "\n".join(f"{symbol} = '{typed}'" for symbol, typed in formulas.items())
    return read_experiment(f"{lessons.text(lesson)}\n[formulas]\n{lines}\n", lesson, lesson)


@pytest.mark.parametrize("lesson", lessons.NAMES)
def test_formulas_go_through_a_file_and_back(lesson: str) -> None:
    taught = {step.symbol: step.expression for step in steps(load(lesson))}
    e = in_file(lesson, {symbol: text(formula) for symbol, formula in taught.items()})
    assert e.formulas == taught
    again = in_file(lesson, {symbol: text(formula) for symbol, formula in e.formulas.items()})
    assert again.formulas == e.formulas


def dense(
    n: tuple[int, ...],
    last: str = "sigmoid",
    loss: str = "half_squared_error",
    examples: int = 1,
    reduction: str = "mean",
) -> Experiment:
    """Layers of these sizes, with different numbers in each example."""
    X = [[0.5 + 0.3 * i - 0.7 * j for j in range(examples)] for i in range(n[0])]
    Y = [[0.2 + 0.1 * i + 0.3 * j for j in range(examples)] for i in range(n[-1])]
    training = Training(batch=examples, reduction=reduction)
    return experiment(Network(n, ("tanh", last), loss), training, X, Y, seed=4)


ONE_OUTPUT = dense((2, 2, 1), "linear", "mean_squared_error")
NETWORKS = {
    "one output": ONE_OUTPUT,
    "one output in rows": in_rows(ONE_OUTPUT),
    "three examples": dense((2, 3, 2), examples=3),
    "their sum": dense((2, 3, 2), examples=3, reduction="sum"),
    "one example": dense((2, 2, 2)),
}
TYPED = Path(__file__).with_name("judged.txt").read_text("utf-8").split("\n\n")
"""What is said of formulas typed for steps: of those networks, or of lessons."""


@pytest.mark.parametrize("typed", TYPED, ids=[typed.partition("\n")[0] for typed in TYPED])
def test_what_is_said_of_a_formula(typed: str) -> None:
    name, *lines = typed.strip().splitlines()
    e = NETWORKS[name] if name in NETWORKS else load(name)
    for formula, said in zip(lines[::2], lines[1::2], strict=True):
        symbol, source = formula.split(" = ", 1)
        judged = judge(e, symbol, source)
        assert f"  {judged.verdict.name}: {judged.sentence}" == said


@pytest.mark.parametrize(
    ("name", "of", "rows", "columns"),
    [
        ("three examples", "Z2", "K", "m"),
        ("three examples", "A1", "3", "m"),
        ("three examples", "W2", "K", "3"),
        ("three examples", "W1", "3", "2"),
        ("three examples", "2", "1", "1"),
        ("three examples", "Q", "1", "1"),
        ("one output", "Z2", "1", "m"),
        ("one output in rows", "Z1", "m", "2"),
        ("one output in rows", "W1", "2", "2"),
    ],
)
def test_how_many_rows_and_columns_there_are(name: str, of: str, rows: str, columns: str) -> None:
    found = formulas._counts(NETWORKS[name].program)(parse(of))
    assert tuple(map(text, found)) == (rows, columns)


@pytest.mark.parametrize(("n", "said"), [(1, "one example"), (2, "2 examples"), (3, "3 examples")])
def test_so_many_examples(n: int, said: str) -> None:
    assert trial._so_many(n, "example") == said


@pytest.mark.parametrize(
    ("symbol", "hint"),
    [
        ("dW2", "The result has shape 1×2. Use dZ2, A1 and m."),
        ("L", "The result has shape 1×4. Use Y, A2 and log(…)."),
        ("J", "The result has shape 1×1. Use L, m and total(…)."),
        ("A1", "The result has shape 2×4. Use Z1 and σ(…)."),
        ("db1", "The result has shape 2×1. Use dZ1, m and row_sums(…)."),
    ],
)
def test_a_hint_names_what_a_formula_is_made_of(symbol: str, hint: str) -> None:
    program = load("batch").program
    assert formulas.hint_of(program.steps[program.index(symbol)], program.shapes(4)) == hint


@pytest.mark.parametrize(
    ("typed", "nested"),
    [("2", 0), ("exp(2)", 0), ("sigmoid(2)", 1), ("exp(sigmoid(2)) + relu'(tanh(1))", 2)],
)
def test_functions_within_each_other_are_counted(typed: str, nested: int) -> None:
    assert formulas._nested(parse(typed)) == nested


def test_g_is_the_activation_of_its_layer() -> None:
    columns = Network((2, 2, 2), ("tanh", "softmax"), "cross_entropy")
    rows, same = changed(columns, orientation="rows"), changed(columns, activations=("tanh",) * 2)
    named = formulas.activations_by_layer
    assert named(columns) == {"g1": "tanh", "g2": "softmax"}
    assert named(rows) == {"softmax": "softmax_rows", "g1": "tanh", "g2": "softmax_rows"}
    assert named(same) == {"g": "tanh", "g1": "tanh", "g2": "tanh"}
    assert named(load("rnn").network) == {}


def test_what_is_nearly_right_says_by_what_it_is_not() -> None:
    assert [trial._close(*case) for case in ((True, ""), (False, "2"), (True, "1/3"))] == [
        "Close: only the sign is wrong.",
        "Close: it is 2 times the correct value.",
        "Close: it is 1/3 times the correct value, and the sign is wrong.",
    ]


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("dZ·ones(col_sums(X))ᵀ / m", "Your formula is correct for any batch size."),
        ("3·row_sums(dZ/3) / m", "Your formula is correct for any batch size."),
        ("row_sums(dZ)", "1/m is missing"),
    ],
)
def test_where_all_cancels_another_way_of_computing_is_as_good(formula: str, said: str) -> None:
    """Of db only rounding is left, which no other way of computing it leaves."""
    assert said in judge(CANCELLED, "db", formula).sentence
