"""What is said of one number: its formula, shapes, arithmetic, answers, and where it goes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backprop_tui.explain.explanation import Explanation, Number, own_cell, read_figure
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.explain.terms import over_examples, terms_of
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Cell, loss_term, walk
from backprop_tui.maths.numbers import number
from backprop_tui.maths.parser import parse
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Position, Timeline
from tests.networks import ARTICLE, experiment, experiments, in_rows
from tests.programs import CENTRED, written

DECIMALS = st.integers(0, 6)


def to(decimals: int) -> Number:
    """A number as the screen writes it."""
    return partial(number, decimals=decimals)


def uses(found: Explanation, most: int = 4) -> tuple[str, ...]:
    return found.provenance.used_in(found.place, most)


def explained(
    experiment: Experiment,
    symbol: str,
    row: int = 1,
    column: int = 1,
    iteration: int = 1,
    decimals: int = 3,
) -> Explanation:
    place = Place(iteration, Cell(symbol, row, column))
    return Explanation(Provenance(Timeline(experiment)), place, to(decimals))


def read(figure: str) -> float:
    """The number that a learner reads."""
    return float(figure.replace("−", "-"))


def lines(found: Explanation) -> list[str]:
    """All that is said of a number, as one would write it on a board."""
    return [
        found.formula,
        found.shape_line,
        f"{found.cell} = {found.symbols()}",
        *arithmetic(found),
    ]


def arithmetic(found: Explanation) -> list[str]:
    stages = [f"= {stage}" for stage in found.numbers()]
    return [*stages, f"= {found.result}" + (" (rounded)" if found.rounded else "")]


def every(
    experiment: Experiment, number: Number, iterations: tuple[int, ...] = (1, 2), known: bool = True
) -> Iterator[Explanation]:
    """The explanation of every number that a step makes."""
    p = Provenance(Timeline(experiment))
    for k in iterations:
        if p.timeline.iteration(k).number < k:
            return
        for step in p.program.steps:
            for i, j in product(*(range(1, n + 1) for n in p.shapes(k)[step.symbol])):
                yield Explanation(p, Place(k, Cell(step.symbol, i, j)), number, known)


# The lesson `article`, step by step -----------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "said"),
    [
        (
            "Z1",
            [
                "Z1 = W1·X + b1",
                "(3×1) = (3×3) · (3×1) + (3×1)",
                "Z1[1,1] = W1[1,1]·X[1,1] + W1[1,2]·X[2,1] + W1[1,3]·X[3,1] + b1[1,1]",
                "= 0.500 × 1.000 + 1.000 × 0.500 − 1.000 × −0.500 + 0.000",
                "= 1.500",
            ],
        ),
        ("A1", ["A1 = σ(Z1)", "(3×1) = (3×1)", "A1[1,1] = σ(Z1[1,1])", "= σ(1.500)", "= 0.818"]),
        (
            "Z2",
            [
                "Z2 = W2·A1 + b2",
                "(1×1) = (1×3) · (3×1) + (1×1)",
                "Z2[1,1] = W2[1,1]·A1[1,1] + W2[1,2]·A1[2,1] + W2[1,3]·A1[3,1] + b2[1,1]",
                "= −0.400 × 0.818 + 0.300 × 0.190 − 0.800 × 0.389 + 0.000",
                "= −0.582 (rounded)",
            ],
        ),
        (
            "A2",
            [
                "A2 = σ(Z2)",
                "(1×1) = (1×1)",
                "A2[1,1] = σ(Z2[1,1])",
                "= σ(−0.582)",
                "= 0.359 (rounded)",
            ],
        ),
        (
            "L",
            [
                "L = −(Y ∘ log(A2) + (1 − Y) ∘ log(1 − A2))",
                "(1×1) = −((1×1) ∘ (1×1) + (1 − (1×1)) ∘ (1×1))",
                "L[1,1] = −(Y[1,1]·log(A2[1,1]) + (1 − Y[1,1])·log(1 − A2[1,1]))",
                "= −(1.000 × log(0.359) + (1 − 1.000) × log(1 − 0.359))",
                "= 1.026 (rounded)",
            ],
        ),
        (
            "dA2",
            [
                "dA2 = (1 − Y) / (1 − A2) − Y / A2",
                "(1×1) = (1 − (1×1)) / (1 − (1×1)) − (1×1) / (1×1)",
                "dA2[1,1] = (1 − Y[1,1]) / (1 − A2[1,1]) − Y[1,1] / A2[1,1]",
                "= (1 − 1.000) / (1 − 0.359) − 1.000 / 0.359",
                "= −2.789 (rounded)",
            ],
        ),
        (
            "dZ2",
            [
                "dZ2 = A2 − Y",
                "(1×1) = (1×1) − (1×1)",
                "dZ2[1,1] = A2[1,1] − Y[1,1]",
                "= 0.359 − 1.000",
                "= −0.641",
            ],
        ),
        (
            "dW2",
            [
                "dW2 = dZ2 · A1ᵀ",
                "(1×3) = (1×1) · (3×1)ᵀ",
                "dW2[1,1] = dZ2[1,1] · A1[1,1]",
                "= −0.641 × 0.818",
                "= −0.524",
            ],
        ),
        (
            "db2",
            ["db2 = dZ2", "(1×1) = (1×1)", "db2[1,1] = dZ2[1,1]", "= −0.641"],
        ),
        (
            "dA1",
            [
                "dA1 = W2ᵀ · dZ2",
                "(3×1) = (1×3)ᵀ · (1×1)",
                "dA1[1,1] = W2[1,1] · dZ2[1,1]",
                "= −0.400 × −0.641",
                "= 0.257 (rounded)",
            ],
        ),
        (
            "dZ1",
            [
                "dZ1 = dA1 ∘ σ′(Z1)",
                "(3×1) = (3×1) ∘ (3×1)",
                "dZ1[1,1] = dA1[1,1] · σ′(Z1[1,1])",
                "= 0.257 × σ′(1.500)",
                "= 0.257 × 0.149",
                "= 0.038",
            ],
        ),
        (
            "dW1",
            [
                "dW1 = dZ1 · Xᵀ",
                "(3×3) = (3×1) · (3×1)ᵀ",
                "dW1[1,1] = dZ1[1,1] · X[1,1]",
                "= 0.038 × 1.000",
                "= 0.038",
            ],
        ),
        (
            "W1",
            [
                "W1 ← W1 − α·dW1",
                "(3×3) = (3×3) − α · (3×3)",
                "W1[1,1] = W1[1,1] − α·dW1[1,1]",
                "= 0.500 − 0.5 × 0.038",
                "= 0.481",
            ],
        ),
        (
            "b2",
            [
                "b2 ← b2 − α·db2",
                "(1×1) = (1×1) − α · (1×1)",
                "b2[1,1] = b2[1,1] − α·db2[1,1]",
                "= 0.000 − 0.5 × −0.641",
                "= 0.321",
            ],
        ),
    ],
)
def test_a_step_of_the_article_as_one_would_write_it_on_a_board(
    symbol: str, said: list[str]
) -> None:
    assert lines(explained(load("article"), symbol)) == said


# The lesson `ai-by-hand`: a batch, ReLU, softmax ------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "row", "column", "said"),
    [
        (
            "Z1",
            2,
            2,
            [
                "Z1 = W1·X + b1",
                "(3×2) = (3×4) · (4×2) + (3×1)",
                "Z1[2,2] = W1[2,1]·X[1,2] + W1[2,2]·X[2,2] + W1[2,3]·X[3,2] + W1[2,4]·X[4,2]"
                " + b1[2,1]",
                "= 0.000 × −1.000 + 1.000 × 1.000 + 1.000 × 1.000 + 0.000 × 2.000 + 1.000",
                "= 3.000",
            ],
        ),
        (
            "A2",
            1,
            1,
            [
                "A2 = relu(Z2)",
                "(4×2) = (4×2)",
                "A2[1,1] = relu(Z2[1,1])",
                "= relu(−1.000)",
                "= 0.000",
            ],
        ),
        (
            "L",
            1,
            1,
            [
                "L = −col_sums(Y ∘ log(A3))",
                "(1×2) = −col_sums(3×2)",
                "L[1,1] = −(Y[1,1]·log(A3[1,1]) + Y[2,1]·log(A3[2,1]) + Y[3,1]·log(A3[3,1]))",
                "= −(0.000 × log(0.003) + 0.000 × log(0.498) + 1.000 × log(0.498))",
                "= 0.697",
            ],
        ),
        (
            "J",
            1,
            1,
            [
                "J = total(L)",
                "(1×1) = total(1×2)",
                "J[1,1] = L[1,1] + L[1,2]",
                "= 0.697 + 0.408",
                "= 1.104 (rounded)",
            ],
        ),
        (
            "dW3",
            1,
            2,
            [
                "dW3 = dZ3 · A2ᵀ",
                "(3×4) = (3×2) · (4×2)ᵀ",
                "dW3[1,2] = dZ3[1,1]·A2[2,1] + dZ3[1,2]·A2[2,2]",
                "= 0.003 × 4.000 + 0.245 × 4.000",
                "= 0.992",
            ],
        ),
        (
            "db3",
            1,
            1,
            [
                "db3 = row_sums(dZ3)",
                "(3×1) = row_sums(3×2)",
                "db3[1,1] = dZ3[1,1] + dZ3[1,2]",
                "= 0.003 + 0.245",
                "= 0.248",
            ],
        ),
        (
            "dA2",
            1,
            1,
            [
                "dA2 = W3ᵀ · dZ3",
                "(4×2) = (3×4)ᵀ · (3×2)",
                "dA2[1,1] = W3[1,1]·dZ3[1,1] + W3[2,1]·dZ3[2,1] + W3[3,1]·dZ3[3,1]",
                "= 0.000 × 0.003 − 1.000 × 0.498 − 1.000 × −0.502",
                "= 0.003 (rounded)",
            ],
        ),
        (
            "dZ2",
            1,
            1,
            [
                "dZ2 = dA2 ∘ relu′(Z2)",
                "(4×2) = (4×2) ∘ (4×2)",
                "dZ2[1,1] = dA2[1,1] · relu′(Z2[1,1])",
                "= 0.003 × relu′(−1.000)",
                "= 0.003 × 0.000",
                "= 0.000",
            ],
        ),
    ],
)
def test_a_step_of_ai_by_hand_as_one_would_write_it_on_a_board(
    symbol: str, row: int, column: int, said: list[str]
) -> None:
    assert lines(explained(load("ai-by-hand"), symbol, row, column)) == said


def test_softmax_is_written_out_and_its_largest_z_put_in_before_the_powers() -> None:
    found = explained(load("ai-by-hand"), "A3")
    largest = "max(−3.000, 2.000, 2.000)"
    assert found.symbols().startswith(
        "exp(Z3[1,1] − max(Z3[1,1], Z3[2,1], Z3[3,1])) / (exp(Z3[1,1]"
    )
    assert arithmetic(found) == [
        f"= exp(−3.000 − {largest}) / (exp(−3.000 − {largest}) + exp(2.000 − {largest})"
        f" + exp(2.000 − {largest}))",
        "= exp(−3.000 − 2.000) / (exp(−3.000 − 2.000) + exp(2.000 − 2.000) + exp(2.000 − 2.000))",
        "= exp(−5.000) / (exp(−5.000) + exp(0.000) + exp(0.000))",
        "= 0.003",
    ]
    assert found.remarks == (
        "The largest of this example, 2.000, is subtracted: same shares, no overflow.",
    )


@pytest.mark.parametrize(
    ("formula", "largest"),
    [
        ("softmax(Z)", "2.000"),
        ("max(0.3, softmax(Z))", "2.000"),
        ("max(Z, 3) ∘ softmax(Z)", "2.000"),
        ("softmax(max(Z, 3))", "3.000"),
        ("softmax(Z) + softmax(0.5·Z)", None),
    ],
)
def test_what_softmax_subtracts_is_told_whatever_max_stands_beside_it(
    formula: str, largest: str | None
) -> None:
    data = {"X": [[1.0]], "Y": [[0.2], [0.3], [0.5]]}
    steps = {"Z": "W·X", "P": formula, "L": "half_squared_error(P, Y)"}
    e = written({"W": (3, 1)}, data, steps, {"W": [[0.5], [2.0], [-1.0]]})
    said = [r for r in explained(e, "P").remarks if "subtracted" in r]
    told = f"The largest of this example, {largest}, is subtracted: same shares, no overflow."
    assert said == ([told] if largest else [])


def test_rounded_holds_for_the_powers_of_softmax_too() -> None:
    """−1.07 is written as −1.1, but −0.9 − 0.1 is −1.0: only the last line is off."""
    network = Network((1, 2), ("softmax",), "cross_entropy")
    weights = {"W1": [[-0.93], [0.14]]}
    shares = experiment(network, Training(), [[1.0]], [[1.0], [0.0]], weights)
    found = explained(shares, "A1", decimals=1)
    assert found.numbers()[1:] == (
        "exp(−0.9 − 0.1) / (exp(−0.9 − 0.1) + exp(0.1 − 0.1))",  # 0.27
        "exp(−1.1) / (exp(−1.1) + exp(0.0))",  # 0.2497
    )
    assert (found.result, found.rounded) == ("0.3", True)


def test_which_logarithm_it_is() -> None:
    assert explained(load("article"), "L").remarks == ("log is the natural logarithm, ln.",)
    assert explained(load("mazur"), "L").remarks == ()


# The three questions that students always ask ---------------------------------------------------


def test_why_do_we_start_at_dz_its_product_is_prediction_minus_target() -> None:
    assert explained(load("article"), "dA2").remarks == (
        "For dZ2, multiply by the derivative σ′(Z2[1,1]) = 0.230.",
    )
    assert explained(load("article"), "dZ2").remarks == (
        "= dA2[1,1] · σ′(Z2[1,1]) = −2.789 × 0.230 = −0.641",
    )


def test_the_product_of_softmax_gathers_every_output() -> None:
    assert explained(load("ai-by-hand"), "dZ3", 3).remarks == (
        "= A3[3,1] · (dA3[3,1] − (dA3[1,1]·A3[1,1] + dA3[2,1]·A3[2,1] + dA3[3,1]·A3[3,1]))"
        " = 0.498 × (−2.007 − (0.000 × 0.003 + 0.000 × 0.498 − 2.007 × 0.498)) = −0.502",
    )


def test_where_a_sigmoid_is_saturated_only_the_collapsed_form_can_tell() -> None:
    network = Network((1, 1), ("sigmoid",), "binary_cross_entropy")
    saturated = experiment(network, Training(), [[1.0]], [[0.0]], {"W1": [[800.0]]})
    assert explained(saturated, "dZ1").remarks == (
        "dA1[1,1] · σ′(Z1[1,1]) = ∞ × 1.000 × (1 − 1.000) cannot be computed; A1 − Y can.",
    )


def test_where_softmax_leaves_almost_nothing_only_the_collapsed_form_can_tell() -> None:
    network = Network((1, 2), ("softmax",), "cross_entropy")
    weights = {"W1": [[-745.0], [0.0]]}  # a share of 5e−324, the least there is: 1 / it is ∞
    saturated = experiment(network, Training(), [[1.0]], [[1.0], [0.0]], weights)
    for row in (1, 2):
        (remark,) = explained(saturated, "dZ1", row).remarks
        assert remark.endswith("cannot be computed; A1 − Y can.")


def test_why_the_transpose_each_activation_gathers_over_a_column_of_w() -> None:
    assert explained(load("article"), "dA1", 2).remarks == (
        "For dZ1, multiply by the derivative σ′(Z1[2,1]) = 0.154.",
        "Column 2 of W2: A1[2,1] is used in Z2[1,1] with W2[1,2] = 0.300.",
    )


def test_many_weights_of_the_column_are_told_by_their_number() -> None:
    *_, remark = explained(load("ai-by-hand"), "dA1", 3, 2).remarks
    assert remark == (
        "Column 3 of W2: A1[3,2] is used in Z2[1,2] with W2[1,3] = 2.000, Z2[2,2] with "
        "W2[2,3] = 0.000,"
        " Z2[3,2] with W2[3,3] = 1.000 and 1 more of Z2."
    )


BATCH = experiment(
    Network((2, 2, 1), ("tanh", "sigmoid"), "binary_cross_entropy"),
    Training(batch=3),
    [[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, 1.0]],
    [[0.0, 1.0, 1.0, 0.0]],
)


@pytest.mark.parametrize("symbol", ["dW1", "dW2", "db1", "db2"])
def test_where_does_1_over_m_go_into_the_slopes_of_the_mean(symbol: str) -> None:
    assert explained(BATCH, symbol).remarks == (
        f"1/m = 1/3: J is the mean of 3 losses. dZ{symbol[-1]} is the gradient of each L: no 1/m.",
    )


def test_1_over_m_is_that_of_j_alone_and_a_shared_gradient_that_of_all_losses() -> None:
    assert explained(CENTRED, "dZ").remarks == ()  # 1/m is of a mean in the forward pass
    assert explained(CENTRED, "dW").remarks == (
        "1/m = 1/3: J is the mean of 3 losses. dZ is the gradient of their sum: no 1/m.",
    )


def test_in_the_last_batch_of_an_epoch_m_may_be_1() -> None:
    assert explained(BATCH, "dW1", iteration=2).remarks == (
        "1/m = 1/1: J is the mean of 1 loss. dZ1 is the gradient of each L: no 1/m.",
    )


@pytest.mark.parametrize("symbol", ["J", "dA2", "dZ2", "dA1", "dZ1", "W1", "b2"])
def test_elsewhere_1_over_m_is_not_spoken_of(symbol: str) -> None:
    assert not any("1/m" in remark for remark in explained(BATCH, symbol).remarks)


@settings(settings.get_profile("few"))
@given(experiments())
def test_under_sum_or_with_one_example_there_is_no_1_over_m(experiment: Experiment) -> None:
    assume(experiment.training.reduction == "sum" or experiment.training.batch == 1)
    assert not any("1/m" in r for found in every(experiment, to(3), (1,)) for r in found.remarks)


# Rounded: what is shown, put into a calculator, gives another last digit ------------------------


def test_rounded_says_that_a_calculator_would_give_another_digit() -> None:
    found = explained(load("article"), "dA1")
    assert found.numbers() == ("−0.400 × −0.641",)  # 0.2564
    assert found.result == "0.257"
    assert found.rounded
    assert not explained(load("article"), "dA1", decimals=4).rounded  # −0.4000 × −0.6415 = 0.2566


def test_rounded_holds_for_the_slope_as_a_number_too() -> None:
    """σ′(0) is 0.25, so 1.6 × σ′(0.0) is 0.4; but it is written as 0.2, and 1.6 × 0.2 is 0.3."""
    network = Network((1, 1), ("sigmoid",), "half_squared_error")
    started = experiment(network, Training(), [[1.0]], [[-1.1]], {"W1": [[0.0]]})
    found = explained(started, "dZ1", decimals=1)
    assert found.numbers() == ("1.6 × σ′(0.0)", "1.6 × 0.2")
    assert (found.result, found.rounded) == ("0.4", True)


def test_a_prediction_shown_as_1_makes_the_loss_look_infinite() -> None:
    network = Network((1, 1), ("sigmoid",), "binary_cross_entropy")
    found = explained(experiment(network, Training(), [[1.0]], [[0.0]], {"W1": [[10.0]]}), "L")
    assert found.numbers() == ("−(0.000 × log(1.000) + (1 − 0.000) × log(1 − 1.000))",)
    assert (found.result, found.rounded) == ("10.000", True)


@pytest.mark.parametrize(("target", "loss"), [(0.0, "0.000"), (1.0, "∞")])
def test_an_exact_0_is_reckoned_with_as_the_loss_does(target: float, loss: str) -> None:
    network = Network((1, 1), ("sigmoid",), "binary_cross_entropy")
    data = [[1.0]], [[target]]
    found = explained(experiment(network, Training(), *data, {"W1": [[-800.0]]}), "L")
    assert (found.result, found.rounded) == (loss, False)


@given(experiments(), DECIMALS)
def test_rounded_exactly_where_what_is_shown_gives_another_result(
    experiment: Experiment, decimals: int
) -> None:
    for found in every(experiment, to(decimals), (1,)):
        shown = "".join(found.numbers()) + found.result
        if "∞" in shown or "NaN" in shown or any(map(loss_term, walk(found.taught))):
            continue  # what cannot be typed into a calculator; 0·log 0
        results = {to(decimals)(float(value(parse(stage), {}))) for stage in found.numbers()}
        others = {r for r in results if "∞" in r or "NaN" in r or read(r) != read(found.result)}
        assert found.rounded == bool(others), found.numbers()


# Long sums --------------------------------------------------------------------------------------


def large() -> Experiment:
    network = Network((784, 128, 10), ("relu", "softmax"), "cross_entropy")
    return experiment(network, Training(), np.ones((784, 1)), np.eye(10)[:, :1])


def test_a_sum_of_785_terms_folds_in_the_middle() -> None:
    found = explained(large(), "Z1", 128, decimals=1)
    assert found.symbols(4) == (
        "W1[128,1]·X[1,1] + W1[128,2]·X[2,1] + W1[128,3]·X[3,1] + … + b1[128,1]"
    )
    (stage,) = found.numbers(4)
    assert stage.count("× 1.0") == 3
    assert stage.endswith(" + … + 0.0")
    assert found.symbols().count("·") == 9  # the first eight and the last: not all are expanded
    assert " + … + W1[128,784]·X[784,1] + b1[128,1]" in found.symbols()
    assert len(found.terms()) == 785


def test_a_sum_that_fits_is_not_folded() -> None:
    found = explained(load("article"), "Z1")
    assert found.symbols(4) == found.symbols()
    assert found.symbols(3) == "W1[1,1]·X[1,1] + W1[1,2]·X[2,1] + … + b1[1,1]"
    assert found.numbers(3) == ("0.500 × 1.000 + 1.000 × 0.500 + … + 0.000",)


# Not computed yet -------------------------------------------------------------------------------


def telltale(number: float) -> str:
    raise AssertionError(f"{number} is told")


@settings(settings.get_profile("few"))
@given(experiments())
def test_what_is_still_to_come_is_explained_without_a_single_number(
    experiment: Experiment,
) -> None:
    for found in every(experiment, telltale, (1,), known=False):
        assert found.numbers() == ()
        assert found.result == "·"
        assert not found.rounded
        assert found.symbols(3)
        assert found.reads
        assert found.remarks is not None
        assert all((found.formula, found.shape_line, found.reason, found.numpy, found.latex))
        assert uses(found) is not None


def test_what_an_activation_feeds_can_be_told_before_the_numbers() -> None:
    p = Provenance(Timeline(ARTICLE))
    found = Explanation(p, Place(1, Cell("dA1", 2, 1)), telltale, known=False)
    assert found.remarks == ("Column 2 of W2: A1[2,1] is used in Z2[1,1] with W2[1,2].",)


# Where it goes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "goes_into"),
    [
        ("Z1", ("A1[1,1]", "dZ1[1,1]")),
        ("Z2", ("A2[1,1]", "dZ2[1,1] (chain rule)")),
        ("dA2", ("dZ2[1,1] (chain rule)",)),
        ("A1", ("Z2[1,1]", "dW2[1,1]", "dZ1[1,1]")),
        ("A2", ("L[1,1]", "dA2[1,1]", "dZ2[1,1]")),
        ("L", ()),
        (
            "dZ2",
            (
                *("dW2[1,1]", "dW2[1,2]", "dW2[1,3]"),
                "db2[1,1]",
                *("dA1[1,1]", "dA1[2,1]", "dA1[3,1]"),
            ),
        ),
        ("dW1", ("W1[1,1]",)),
        ("W2", ("iteration 2: Z2[1,1]", "dA1[1,1]", "W2[1,1]")),
        ("b1", ("iteration 2: Z1[1,1]", "b1[1,1]")),
    ],
)
def test_the_cells_that_read_a_number_next(symbol: str, goes_into: tuple[str, ...]) -> None:
    assert uses(explained(load("article"), symbol)) == goes_into


def test_many_readers_are_told_by_their_first_and_last() -> None:
    found = explained(load("ai-by-hand"), "A1", 2, 2)
    assert uses(found, 3) == ("Z2[1,2]…[4,2]", "dW2[1,2]…[4,2]")
    assert uses(explained(large(), "A1", 7)) == ("Z2[1,1]…[10,1]", "dW2[1,7]…[10,7]")


# In other words ---------------------------------------------------------------------------------


def test_the_step_as_numpy_and_as_latex() -> None:
    found = explained(load("article"), "dZ1")
    assert found.numpy == "dZ1 = dA1 * (A1 * (1 - A1))"
    assert found.latex == r"dZ^{[1]} = dA^{[1]} \circ \sigma'\left(Z^{[1]}\right)"
    found = explained(load("article"), "W2")
    assert found.numpy == "W2 = W2 - alpha * dW2"
    assert found.latex == r"W^{[2]} \leftarrow W^{[2]} - \alpha \, dW^{[2]}"


def test_a_number_that_was_given_has_no_explanation() -> None:
    p = Provenance(Timeline(ARTICLE))
    for place in (Place(1, Cell("X", 1, 1)), Place(0, Cell("W1", 2, 1))):
        with pytest.raises(ValueError, match="was given, not computed"):
            Explanation(p, place, to(3))


def test_a_whole_step_stands_for_its_first_cell_in_the_example_shown() -> None:
    state = Timeline(BATCH).state(Position(1, 5))
    steps = {step.symbol: step for step in state.program.steps}
    assert own_cell(state, steps["dZ2"], 2) == Cell("dZ2", 1, 3)
    assert own_cell(state, steps["dW2"], 2) == Cell("dW2", 1, 1)


# Any number -------------------------------------------------------------------------------------


@settings(settings.get_profile("few"))
@given(experiments(), DECIMALS)
def test_every_number_of_every_network_can_be_explained(
    experiment: Experiment, decimals: int
) -> None:
    for found in every(experiment, to(decimals)):
        assert found.formula.split(" ", 1)[0] == found.step.symbol
        assert found.shape_line.startswith("(")
        assert found.symbols()
        assert len(found.numbers(4)) <= 3
        assert found.result
        assert found.rounded in (True, False)
        assert all(remark.endswith(".") or remark.startswith("= ") for remark in found.remarks)
        assert found.reason
        assert found.numpy.startswith(f"{found.step.symbol} = ")
        assert found.latex
        assert all("[" in use for use in uses(found))
        assert found.reads


ROWS = in_rows(
    experiment(
        Network((2, 2, 2), ("tanh", "softmax"), "cross_entropy"),
        Training(batch=2),
        [[1.0, -0.5], [0.2, 0.9]],
        [[1.0, 0.0], [0.0, 1.0]],
        {"W1": [[0.3, -0.8], [-0.6, 0.9]], "W2": [[0.5, 0.1], [0.2, -0.4]]},
    )
)
EXPLAINED = Path(__file__).with_name("explained.txt").read_text("utf-8").split("\n\n")
"""Some numbers with all that is said of them: the step in shapes and in NumPy, the arithmetic, the
terms of its sum, remarks, what it reads (with the iteration that made it) and what reads it."""


@pytest.mark.parametrize("told", EXPLAINED, ids=[told.partition("\n")[0] for told in EXPLAINED])
def test_all_that_is_said_of_a_number(told: str) -> None:
    title, *lines = told.strip().splitlines()
    lesson, iteration, of = title.split(": ")
    cell = parse(of)
    assert isinstance(cell, Cell)
    run = Timeline(ROWS if lesson == "rows" else load(lesson))
    assert list(all_said(run, Place(int(iteration), cell))) == lines


def all_said(run: Timeline, place: Place) -> Iterator[str]:
    """What is said of a number, as EXPLAINED has it."""
    p = Provenance(run)
    found = Explanation(p, place, partial(number, decimals=4))
    yield f"{found.shape_line}   {found.numpy}"
    rounded = " (rounded)" if found.rounded else ""
    yield " = ".join((found.cell, found.symbols(), *found.numbers(), found.result)) + rounded
    yield from (f"+ {symbols} = {numbers} = {value}" for symbols, numbers, value in found.terms())
    for term in terms_of(run.program, found.step):
        yield f"+ {term.name}: {text(term.expression)}"
    if (over := over_examples(run.program, found.step)) is not None:
        yield f"over examples: {text(over.summed)} {'mean' if over.is_mean else 'sum'}"
    yield from (f"* {remark}" for remark in found.remarks)
    yield "< " + " ".join(f"{text(read.cell)}@{read.iteration}" for read in found.sources)
    yield f"> {', '.join(p.used_in(place)) or 'nothing'}"


@pytest.mark.parametrize(
    ("figure", "read"),
    [("−0.50", -0.5), ("1.2e−7", 1.2e-7), ("∞", np.inf), ("−∞", -np.inf), ("a half", np.nan)],
)
def test_a_figure_is_read_as_the_number_that_it_shows(figure: str, read: float) -> None:
    assert repr(read_figure(figure)) == repr(read)
