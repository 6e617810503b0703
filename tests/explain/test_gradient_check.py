"""Law 4: every gradient agrees with central differences, or it is said why that cannot be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backprop_tui.explain.gradient_check import (
    CellCheck,
    CheckVerdict,
    GradientCheck,
    _Quotients,
    check_cells,
    check_gradient,
    checked,
    in_short,
    not_finite,
    summary,
    tolerance,
)
from backprop_tui.maths.functions import LOSSES, Array
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Iteration, Timeline
from tests.networks import ARTICLE, SMOOTH, experiment, experiments
from tests.programs import written

BATCH = experiment(
    Network((2, 3, 2), ("tanh", "softmax"), "cross_entropy"),
    Training(batch=3),
    [[1.0, -0.5, 0.3], [0.2, 0.9, -1.1]],
    [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]],
    seed=3,
)


def one_neuron(
    activation: str, bias: float, y: float, loss: str, weight: float = 1.0
) -> Experiment:
    return experiment(
        Network((1, 1), (activation,), loss),
        Training(),
        [[0.5]],
        [[y]],
        {"W1": [[weight]], "b1": [[bias]]},
    )


def check(program: Program, iteration: Iteration, sample: int | None = None) -> list[GradientCheck]:
    return [check_gradient(program, iteration, s, sample) for s in program.gradients]


def verdicts(experiment: Experiment, sample: int | None = None) -> dict[str, GradientCheck]:
    timeline = Timeline(experiment)
    return {v.symbol: v for v in check(timeline.program, timeline.iteration(1), sample)}


def with_wrong(timeline: Timeline, symbol: str, change: Callable[[Array], Array]) -> Iteration:
    """The first iteration, one of its results changed."""
    iteration, at = timeline.iteration(1), timeline.program.index(symbol)
    results = list(iteration.results)
    results[at] = change(results[at])
    return replace(iteration, results=tuple(results))


# Right gradients -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "forward",
    [
        {"A": "W·X", "L": "(A − Y)²", "J": "sqrt(mean((A − Y)²))"},
        {"A": "W·X", "L": "(A − Y)²", "R": "W", "J": "total(R²)"},
        {"A": "W·X", "L": "(A − Y)²", "J": "where(mean(L) > 0.1, total(A²), 0)"},
        {"A": "W·X", "L": "col_sums(X) ∘ Y", "J": "mean(L)² + mean(A)"},
    ],
    ids=["root of mean", "of a parameter", "in a condition", "of no parameter"],
)
def test_gradients_of_a_j_that_hands_none_on_to_the_losses_are_of_j(
    forward: dict[str, str],
) -> None:
    data = {"X": [[1.0, 0.5, -1.0], [2.0, 0.1, 0.3]], "Y": [[1.0, 0.0, 1.0]]}
    found = verdicts(written({"W": (1, 2)}, data, forward))
    assert {v.verdict for v in found.values()} == {CheckVerdict.AGREES}


CANCELLING = experiment(
    Network((1, 1, 4, 4, 2), ("sigmoid",) * 4, "binary_cross_entropy"),
    Training(),
    [[0.0]],
    [[0.0], [0.0]],
    {
        "W1": [[0.0]],
        "W2": [[0.0]] * 4,
        "b2": [[10.0], [20.0], [0.0], [0.0]],
        "W3": [[150.0, 10.0, 0.0, 0.0], *[[0.0] * 4] * 3],
        "b3": [[-160.0], [0.0], [0.0], [0.0]],
        "W4": [[0.0] * 4, [90.0, 0.0, 0.0, 0.0]],
        "b4": [[0.0], [-40.0]],
    },
)
"""What W3·A2 and b3 leave of each other is as small as what h changes."""


@given(experiments())
@example(CANCELLING)
def test_no_gradient_of_any_network_differs(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    for k in (1, 2):
        iteration = timeline.iteration(k)
        for verdict in check(timeline.program, iteration, sample=6):
            assert verdict.verdict is not CheckVerdict.DIFFERS, verdict


@given(experiments(hidden=SMOOTH, scales=(1.0,)).filter(lambda e: e.dense.loss.endswith("error")))
def test_every_gradient_of_a_tame_smooth_network_agrees(experiment: Experiment) -> None:
    for verdict in verdicts(experiment).values():
        assert verdict.verdict is CheckVerdict.AGREES, verdict
        assert verdict.checked == verdict.of == verdict.told


@pytest.mark.parametrize("which", [ARTICLE, BATCH], ids=["article", "batch"])
def test_all_gradients_come_in_the_order_in_which_they_are_computed(which: Experiment) -> None:
    found = verdicts(which)
    assert list(found) == "dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1".split()
    assert all(v.verdict is CheckVerdict.AGREES for v in found.values())
    assert all(v.worst.difference < 1e-6 for v in found.values())


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_parameters_move_j_and_values_move_their_own_example_s_l(reduction: str) -> None:
    timeline = Timeline(replace(BATCH, training=Training(batch=3, reduction=reduction)))
    program, iteration = timeline.program, timeline.iteration(1)
    for symbol in ("dZ1", "dW1"):  # 1/m, or none, where it belongs: both agree as they stand
        assert check_gradient(program, iteration, symbol).verdict is CheckVerdict.AGREES
        tripled = with_wrong(timeline, symbol, lambda d: 3 * d)
        assert check_gradient(program, tripled, symbol).verdict is CheckVerdict.DIFFERS


def test_a_frozen_parameter_s_gradient_is_checked_all_the_same() -> None:
    frozen = replace(ARTICLE, training=Training(freeze=("W1", "b1", "W2", "b2")))
    assert all(v.verdict is CheckVerdict.AGREES for v in verdicts(frozen).values())


def test_the_last_batch_of_an_epoch_may_hold_one_example() -> None:
    timeline = Timeline(replace(BATCH, training=Training(batch=2)))
    for verdict in check(timeline.program, timeline.iteration(2)):
        assert verdict.verdict is CheckVerdict.AGREES


# Wrong gradients -----------------------------------------------------------------------------


@given(
    experiments(hidden=SMOOTH, scales=(1.0,)).filter(lambda e: e.dense.loss.endswith("error")),
    st.data(),
)
def test_one_wrong_number_makes_a_gradient_differ_and_is_the_worst_cell(
    experiment: Experiment, data: st.DataObject
) -> None:
    timeline = Timeline(experiment)
    symbol = data.draw(st.sampled_from(timeline.program.gradients))
    right = timeline.iteration(1).results[timeline.program.index(symbol)]
    i, j = divmod(data.draw(st.integers(0, right.size - 1)), right.shape[1])

    def spoiled(d: Array) -> Array:
        wrong = d.copy()
        wrong[i, j] += 1e-3 * max(1.0, abs(d[i, j]))
        return wrong

    verdict = check_gradient(timeline.program, with_wrong(timeline, symbol, spoiled), symbol)
    assert verdict.verdict is CheckVerdict.DIFFERS
    assert (verdict.worst.row, verdict.worst.column) == (i + 1, j + 1)
    assert verdict.worst.difference == pytest.approx(1e-3 * max(1.0, abs(right[i, j])), rel=0.05)


MISTAKES: dict[str, Callable[[Array], Array]] = {
    "a flipped sign": np.negative,
    "a forgotten mean": lambda d: 3 * d,
    "reversed": lambda d: np.ascontiguousarray(d[:, ::-1]),
    "nothing at all": np.zeros_like,
    "not a number": lambda d: np.full_like(d, np.nan),
    "infinite": lambda d: np.full_like(d, np.inf),
    "another shape": lambda d: np.ascontiguousarray(d[:1, :1]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("symbol", ["dZ2", "dW2", "dA1", "dW1"])
def test_a_mistake_is_found(symbol: str, mistake: str) -> None:
    timeline = Timeline(BATCH)
    wrong = with_wrong(timeline, symbol, MISTAKES[mistake])
    assert check_gradient(timeline.program, wrong, symbol).verdict is CheckVerdict.DIFFERS


def test_a_forgotten_gate_of_a_dead_relu_differs() -> None:
    dead = experiment(
        Network((1, 1, 1), ("relu", "linear"), "half_squared_error"),
        Training(),
        [[1.0]],
        [[1.0]],
        {"W1": [[-2.0]], "W2": [[3.0]]},
    )
    timeline = Timeline(dead)
    assert (
        check_gradient(timeline.program, timeline.iteration(1), "dZ1").verdict
        is CheckVerdict.AGREES
    )
    ungated = with_wrong(timeline, "dZ1", lambda d: d - 3.0)
    assert check_gradient(timeline.program, ungated, "dZ1").verdict is CheckVerdict.DIFFERS


def test_agreement_is_absolute_near_zero_and_relative_elsewhere() -> None:
    assert tolerance(0.0, 0.0) == 1e-8
    assert tolerance(-100.0, 1.0) == pytest.approx(1e-8 + 1e-3)


# What cannot be told -------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
@pytest.mark.parametrize("z", [0.0, 4e-6, -4e-6])
def test_where_z_changes_sign_within_h_there_is_a_kink(activation: str, z: float) -> None:
    found = verdicts(one_neuron(activation, z - 0.5, 1.0, "half_squared_error"))
    assert found["dA1"].verdict is CheckVerdict.AGREES  # behind the kink
    for symbol in ("dZ1", "dW1", "db1"):
        assert found[symbol].verdict is CheckVerdict.KINK
        assert found[symbol].told == 0


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
@pytest.mark.parametrize("z", [1e-3, -1e-3])
def test_away_from_zero_there_is_no_kink(activation: str, z: float) -> None:
    found = verdicts(one_neuron(activation, z - 0.5, 1.0, "half_squared_error"))
    assert all(v.verdict is CheckVerdict.AGREES for v in found.values())


@pytest.mark.parametrize("kinked", ["abs(W)", "where(W > 0, W, 0·W)", "step(W) ∘ W"])
@pytest.mark.parametrize(("w", "verdict"), [(0.0, CheckVerdict.KINK), (0.5, CheckVerdict.AGREES)])
def test_a_kink_of_a_parameter_in_J_is_no_kink_of_an_example(  # noqa: N802
    kinked: str, w: float, verdict: CheckVerdict
) -> None:
    found = verdicts(
        written(
            {"W": (1, 2)},
            {"X": [[1.0, 2.0], [0.5, -1.0]], "Y": [[1.0, 0.0]]},
            {"O": "W·X", "L": "half_squared_error(O, Y)", "J": f"mean(L) + total({kinked})"},
            {"W": [[w, w]]},
        )
    )
    assert found["dO"].verdict is CheckVerdict.AGREES
    assert found["dW"].verdict is verdict


def test_a_kink_of_one_example_is_no_kink_of_another() -> None:
    two = experiment(
        Network((1, 1), ("relu",), "half_squared_error"),
        Training(batch=2),
        [[0.0, 1.0]],
        [[1.0, 1.0]],
        {"W1": [[2.0]]},
    )
    timeline = Timeline(two)
    cells = tuple(check_cells(timeline.program, timeline.iteration(1), "dZ1"))
    assert [cell.verdict for cell in cells] == [CheckVerdict.KINK, CheckVerdict.AGREES]
    found = verdicts(two)
    assert found["dZ1"].verdict is CheckVerdict.AGREES
    assert (found["dZ1"].told, found["dZ1"].checked) == (1, 2)
    assert found["db1"].verdict is CheckVerdict.KINK  # J has both
    assert found["dW1"].verdict is CheckVerdict.AGREES  # and x is 0 where it bends


@pytest.mark.parametrize("bias", [15.0, 20.0, 25.0, 30.0, 33.0, 36.0, 40.0, 800.0])
def test_a_saturated_wrong_output_cannot_be_told(bias: float) -> None:
    # 1 − A keeps too few digits, then none: h is lost in rounding, or L is ∞.
    found = verdicts(one_neuron("sigmoid", bias, 0.0, "binary_cross_entropy"))
    assert {v.verdict for v in found.values()} == {CheckVerdict.CANNOT_TELL}


def test_a_gradient_whose_difference_is_not_finite_cannot_be_told() -> None:
    found = verdicts(one_neuron("linear", -3.0, 1.0, "cross_entropy"))  # log of a negative number
    assert {v.verdict for v in found.values()} == {CheckVerdict.CANNOT_TELL}


def test_where_half_of_h_gives_another_slope_it_cannot_be_told() -> None:
    steep = verdicts(one_neuron("linear", -0.5 + 2e-5, 1.0, "cross_entropy"))  # log near 0
    assert steep["dA1"].verdict is CheckVerdict.CANNOT_TELL
    assert np.isfinite(steep["dA1"].worst.numeric)


@pytest.mark.parametrize(
    ("formula", "w"),
    [
        ("sin(1e308·W)", 1e-154),
        ("cos(1256637.0614·W)", 0.3),  # 2h is four whole turns
        ("exp(−square(1e9·W))", 1e-9),  # a peak between −h/2 and h/2
        ("1/(1e18·W)", 1e-10),
        ("sqrt(square(1e12·W))", 1e-12),
    ],
)
def test_where_h_is_too_long_for_the_loss_it_cannot_be_told(formula: str, w: float) -> None:
    data = {"X": [[1.0]], "Y": [[0.3]]}
    loss = {"O": formula, "L": "half_squared_error(O, Y)"}
    found = verdicts(written({"W": (1, 1)}, data, loss, {"W": [[w]]}))
    assert found["dW"].verdict is CheckVerdict.CANNOT_TELL


def test_a_difference_that_is_barely_too_coarse_accuses_nobody() -> None:
    # log bends so much here that h is off by 1.06e-5 of the slope, h and h/2 by three quarters.
    for a in np.linspace(1.6e-3, 2.2e-3, 40):
        found = verdicts(one_neuron("linear", a - 0.5, 0.05, "cross_entropy"))
        assert found["dA1"].verdict is not CheckVerdict.DIFFERS


def test_a_gradient_agrees_when_some_of_its_cells_could_be_told() -> None:
    agrees = CellCheck(1, 1, 0.5, 0.5, CheckVerdict.AGREES)
    kink = CellCheck(1, 2, 0.0, 9.0, CheckVerdict.KINK)
    lost = CellCheck(2, 1, 0.0, np.nan, CheckVerdict.CANNOT_TELL)
    differs = CellCheck(2, 2, 0.5, 0.6, CheckVerdict.DIFFERS)
    assert summary("dW1", (kink, agrees, lost), 4).verdict is CheckVerdict.AGREES
    assert summary("dW1", (kink, agrees, lost), 4).worst is agrees
    assert summary("dW1", (agrees, kink, differs), 4).verdict is CheckVerdict.DIFFERS
    assert summary("dW1", (agrees, kink, differs), 4).worst is differs
    assert summary("dW1", (kink, lost), 4).verdict is CheckVerdict.CANNOT_TELL
    assert summary("dW1", (kink,), 4).verdict is CheckVerdict.KINK
    assert summary("dW1", (agrees, lost), 4).told == 1
    large = CellCheck(1, 2, 1e6, 1e6 + 1.0, CheckVerdict.AGREES)  # the larger difference is nothing
    assert summary("dW1", (large, differs), 4).worst is differs


def test_a_gradient_that_is_cut_off_is_told_by_its_first_cell() -> None:
    timeline = Timeline(ARTICLE.with_given({"dA2": np.array([[0.5]])}))
    iteration = timeline.iteration(1)
    dW2 = iteration.results[timeline.program.index("dW2")]
    assert len({*dW2.flat}) == 3
    (cell,) = check_cells(timeline.program, iteration, "dW2")
    assert (cell.row, cell.column, cell.analytic) == (1, 1, dW2[0, 0])
    assert (cell.verdict, cell.why) == (CheckVerdict.CANNOT_TELL, "dA2 is given")


def test_the_first_cell_that_is_not_finite_is_named_from_1() -> None:
    timeline = Timeline(BATCH)
    assert not_finite(timeline.program, timeline.iteration(1)) == ""
    for number, said in ((np.nan, "NaN"), (-np.inf, "−∞")):
        changed = np.zeros((3, 3))
        changed[1, 2] = number
        wrong = with_wrong(timeline, "A1", changed.__add__)
        assert not_finite(timeline.program, wrong) == (
            f"Step 2 is the first that is not finite: A1[2,3] is {said}."
        )


# How it is written ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numeric", "decimals", "written"),
    [
        (0.5, 9, "< 1e−9"),
        (0.5 + 7e-12, 9, "< 1e−9"),
        (0.5 - 3e-8, 9, "3e−8"),
        (0.5 - 3e-8, 7, "< 1e−7"),
        (0.75, 9, "2e−1"),
        (20.5, 9, "2e1"),
        (4.0, 0, "4e0"),
        (np.nan, 9, "NaN"),
        (-np.inf, 9, "∞"),
    ],
)
def test_a_difference_that_is_only_rounding_has_no_figures(
    numeric: float, decimals: int, written: str
) -> None:
    cell = CellCheck(1, 1, 0.5, numeric, CheckVerdict.AGREES, decimals)
    assert cell.difference_text == written


@pytest.mark.parametrize(
    ("bias", "decimals", "written"),
    [(1.0, 9, "< 1e−9"), (1e3, 4, "< 1e−4"), (1e6, -2, "< 1e2")],
)
def test_the_larger_the_loss_the_fewer_decimals_are_sure(
    bias: float, decimals: int, written: str
) -> None:
    timeline = Timeline(one_neuron("linear", bias, 0.0, "half_squared_error"))
    (cell,) = check_cells(timeline.program, timeline.iteration(1), "dW1")
    assert (cell.decimals, cell.difference_text) == (decimals, written)
    assert cell.numeric == round(cell.analytic, decimals)


def test_of_cells_that_differ_by_rounding_alone_the_first_is_the_worst() -> None:
    first, second = (CellCheck(1, j, 0.5, 0.5 + j * 1e-11, CheckVerdict.AGREES) for j in (1, 2))
    assert summary("dW1", (first, second), 2).worst is first
    assert summary("dW1", (first, replace(second, numeric=0.5 + 2e-9)), 2).worst.column == 2


# How it is asked -----------------------------------------------------------------------------


def test_a_cell_is_checked_when_it_is_asked_for() -> None:
    timeline = Timeline(BATCH)
    cells = check_cells(timeline.program, timeline.iteration(1), "dW1")
    assert [(c.row, c.column) for c in islice(cells, 3)] == [(1, 1), (1, 2), (2, 1)]
    rest = tuple(cells)
    assert len(rest) == 3
    assert summary("dW1", rest, 6).checked == 3


@pytest.mark.parametrize("symbol", ["Z1", "L", "W1", "dX", "dW9"])
def test_what_is_no_gradient_is_a_key_error(symbol: str) -> None:
    timeline = Timeline(BATCH)
    with pytest.raises(KeyError, match=symbol):
        check_gradient(timeline.program, timeline.iteration(1), symbol)


def test_a_sample_is_drawn_from_the_seed_and_says_of_how_many() -> None:
    timeline = Timeline(BATCH)

    def sampled(seed: int) -> list[tuple[int, int]]:
        cells = check_cells(timeline.program, timeline.iteration(1), "dA1", sample=4, seed=seed)
        return [(c.row, c.column) for c in cells]

    assert sampled(0) == sampled(0)
    assert len(set(sampled(0))) == 4
    assert any(sampled(seed) != sampled(0) for seed in range(1, 9))
    verdict = check_gradient(timeline.program, timeline.iteration(1), "dA1", sample=4)
    assert (verdict.checked, verdict.of) == (4, 9)


@given(experiments())
def test_checking_changes_nothing(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    iteration = timeline.iteration(1)
    before = [result.copy() for result in iteration.results]
    given = {symbol: matrix.copy() for symbol, matrix in iteration.given.items()}
    check(timeline.program, iteration)
    for old, new in zip(before, iteration.results, strict=True):
        assert np.array_equal(old, new, equal_nan=True)
    for symbol, matrix in given.items():
        assert np.array_equal(matrix, iteration.given[symbol])


def test_of_a_large_network_a_sample_of_its_cells_is_checked() -> None:
    draw = np.random.default_rng(0)
    large = experiment(
        Network((784, 128, 10), ("relu", "softmax"), "cross_entropy"),
        Training(batch=8),
        draw.normal(size=(784, 8)),
        np.eye(10)[:, :8],
    )
    timeline = Timeline(large)
    found = check(timeline.program, timeline.iteration(1), sample=20)
    assert all(v.verdict is CheckVerdict.AGREES for v in found)
    assert all(v.checked == min(20, v.of) for v in found)
    assert {v.symbol: v.of for v in found}["dW1"] == 784 * 128


def test_a_loss_without_a_convention_of_its_own_is_checked_like_any_other() -> None:
    for loss in LOSSES:
        if loss != "cross_entropy":
            assert (
                verdicts(one_neuron("sigmoid", 0.3, 0.25, loss))["dA1"].verdict
                is CheckVerdict.AGREES
            )


@pytest.mark.parametrize(
    ("cell", "of", "sentence"),
    [
        (CellCheck(1, 2, 0.5, 0.5, CheckVerdict.AGREES), 1, "✓ gradient check: difference < 1e−9"),
        (
            CellCheck(1, 2, 0.5, 0.5, CheckVerdict.AGREES),
            2000,
            "✓ gradient check: difference < 1e−9 (1 of 2,000 cells)",
        ),
        (
            CellCheck(1, 2, 0.123456, -0.25, CheckVerdict.DIFFERS),
            1,
            "✗ gradient check, dW1[1,2]: −0.25, not 0.1235",
        ),
        (CellCheck(1, 2, 0.5, 0.2, CheckVerdict.KINK), 1, "~ gradient check: at a kink"),
        (
            CellCheck(1, 2, 0.5, 0.2, CheckVerdict.CANNOT_TELL),
            2,
            "~ gradient check: cannot be told (1 of 2 cells)",
        ),
        (
            CellCheck(1, 1, 0.5, 0.2, CheckVerdict.CANNOT_TELL, why="A1 is given"),
            2,
            "~ gradient check: cannot be told: A1 is given",
        ),
    ],
)
def test_a_check_in_one_line(cell: CellCheck, of: int, sentence: str) -> None:
    assert in_short(summary("dW1", (cell,), of)) == sentence


def test_a_gradient_is_checked_cell_by_cell_and_its_verdict_comes_last() -> None:
    timeline = Timeline(ARTICLE)
    *each, found = checked(timeline.program, timeline.iteration(1), "dW1")
    assert each == [None] * 9
    assert found == check_gradient(timeline.program, timeline.iteration(1), "dW1")


WITHIN = float(tolerance(1.0, 1.0))
"""By how much a gradient of 1 may be off."""


@pytest.mark.parametrize(
    ("analytic", "halved", "noise", "kink", "verdict"),
    [
        (1 + 0.99 * WITHIN, 1.0, 0.0, False, CheckVerdict.AGREES),
        (1 - 0.99 * WITHIN, 1.0, 0.0, False, CheckVerdict.AGREES),
        (1 + 1.01 * WITHIN, 1.0, 0.0, False, CheckVerdict.DIFFERS),
        (1 + 1.09 * WITHIN, 1.0, 0.1 * WITHIN, False, CheckVerdict.CANNOT_TELL),  # or rounding?
        (1 + 1.11 * WITHIN, 1.0, 0.1 * WITHIN, False, CheckVerdict.DIFFERS),
        (1 + 1.19 * WITHIN, 1 - 0.1 * WITHIN, 0.0, False, CheckVerdict.CANNOT_TELL),
        (1.0, 1 - 0.49 * WITHIN, 0.0, False, CheckVerdict.AGREES),
        (1.0, 1 - 0.51 * WITHIN, 0.0, False, CheckVerdict.CANNOT_TELL),
        (1.0, 1.0, 0.99 * WITHIN, False, CheckVerdict.AGREES),
        (1.0, 1.0, 1.01 * WITHIN, False, CheckVerdict.CANNOT_TELL),
        (1.0, 1 + 0.3 * WITHIN, 0.5 * WITHIN, False, CheckVerdict.CANNOT_TELL),
        (1.0, np.nan, 0.0, False, CheckVerdict.CANNOT_TELL),
        (np.inf, 1.0, 0.0, False, CheckVerdict.DIFFERS),
        (7.0, np.nan, 1.0, True, CheckVerdict.KINK),
        (1e9, 1.099, 0.0, False, CheckVerdict.DIFFERS),  # a wrong one may be as large as it likes
        (1e9, 1.101, 0.0, False, CheckVerdict.CANNOT_TELL),  # but these quotients say nothing
        (1e9, 1.299, 0.02, False, CheckVerdict.DIFFERS),
        (1e9, 1.301, 0.02, False, CheckVerdict.CANNOT_TELL),
    ],
)
def test_a_quotient_of_1_judges_a_gradient(
    analytic: float, halved: float, noise: float, kink: bool, verdict: CheckVerdict
) -> None:
    """Of two quotients the second is asked for."""
    numeric, half, noises = (np.array([np.nan, number]) for number in (1.0, halved, noise))
    quotients = _Quotients(numeric, half, noises, np.array([not kink, kink]))
    found = quotients.judged(2, 3, 1, analytic)
    assert found.verdict is verdict
    assert (found.row, found.column, found.analytic) == (3, 4, analytic)


@pytest.mark.parametrize(
    ("noise", "decimals", "rounded"),
    [(0.0, 9, 1 / 3), (1e-12, 9, 1 / 3), (1e-4, 4, 0.3333), (1.1e-4, 3, 0.333), (0.2, 0, 0.0)],
)
def test_a_quotient_has_the_decimals_that_rounding_leaves(
    noise: float, decimals: int, rounded: float
) -> None:
    third = np.array([1 / 3])
    found = _Quotients(third, third, np.array([noise]), np.array([False])).judged(0, 0, 0, 1 / 3)
    assert found.decimals == decimals
    assert found.numeric == pytest.approx(rounded, abs=1e-9)
