"""Law 2: compiled and interpreted iterations agree bit for bit; and the source can be read."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from backprop_tui.maths.expressions import Cell, Expr, Name
from backprop_tui.maths.functions import ACTIVATIONS, LOSSES, exp
from backprop_tui.maths.parser import parse
from backprop_tui.maths.writing import text
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Experiment, Kept
from backprop_tui.model.network import MOMENTUM_FORMS, OPTIMIZERS, Network, Training
from backprop_tui.model.program import Program
from backprop_tui.run import many as many_module
from backprop_tui.run.iterations import beginning, computed
from backprop_tui.run.many import Many, compiled, is_contiguous, shared_parts
from tests.networks import ARTICLE, experiment, experiments, same_bits
from tests.programs import written

W2, b2, A2, X, Y, dZ1, dZ2, alpha, m, t = map(Name, "W2 b2 A2 X Y dZ1 dZ2 alpha m t".split())


@st.composite
def trained_somehow(draw: DrawFn) -> Experiment:
    """Any experiment under any update rule."""
    drawn = draw(experiments())
    optimizer = draw(st.sampled_from(sorted(OPTIMIZERS)))
    decay = draw(st.sampled_from((0.0, 0.1)))
    form = draw(st.sampled_from(sorted(MOMENTUM_FORMS)))
    training = replace(drawn.training, optimizer=optimizer, weight_decay=decay, momentum_form=form)
    return replace(drawn, training=training)


def many(experiment: Experiment, program: Program | None = None) -> Many:
    return Many(experiment, program or program_of(experiment.network, experiment.training))


def interpreted(many: Many, iterations: int) -> tuple[Kept, list[float]]:
    """What that many iterations lead to, each computed step by step, and the loss of each."""
    kept, losses = start_of(many), []
    for number in range(1, iterations + 1):
        done = computed(many.experiment, many.program, number, kept)
        kept = tuple(done.parameters.values())
        losses.append(done.loss)
    return kept, losses


def start_of(many: Many) -> Kept:
    return beginning(many.experiment, many.program)


def assert_same_bits(one: Kept, other: Kept) -> None:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert same_bits(a, b)
        assert a.flags.c_contiguous
        assert not a.flags.writeable


def assert_agree(many: Many, iterations: int) -> None:
    kept, losses = interpreted(many, iterations)
    left, of_each = many.run(1, iterations, start_of(many))
    assert_same_bits(left, kept)
    assert same_bits(of_each, np.array(losses))


# Law 2 ---------------------------------------------------------------------------------------


@given(trained_somehow(), st.integers(1, 9))
def test_compiled_iterations_give_the_same_bits_as_interpreted_ones(
    experiment: Experiment, iterations: int
) -> None:
    assert_agree(many(experiment), iterations)


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("outputs", [1, 9])
def test_every_activation_and_loss(loss: str, outputs: int) -> None:
    for hidden, last in product(sorted(set(ACTIVATIONS) - {"softmax"}), sorted(ACTIVATIONS)):
        random = np.random.default_rng(1)
        shares = random.random((outputs, 5))
        each = experiment(
            Network((3, 4, outputs), (hidden, last), loss),
            Training(0.1),
            random.normal(size=(3, 5)),
            shares / shares.sum(axis=0),
        )
        assert_agree(many(each), 6)


@given(trained_somehow(), st.integers(1, 5), st.integers(1, 5))
def test_where_a_run_is_cut_does_not_matter(experiment: Experiment, one: int, other: int) -> None:
    run = many(experiment)
    cut, before = run.run(1, one, start_of(run))
    whole, losses = run.run(1, one + other, start_of(run))
    left, after = run.run(one + 1, one + other, cut)
    assert_same_bits(left, whole)
    assert same_bits(np.concatenate([before, after]), losses)


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_numbers_that_are_not_finite_are_the_same_ones(optimizer: str) -> None:
    exploding = experiment(
        Network((2, 2, 1), ("linear", "linear"), "half_squared_error"),
        Training(learning_rate=1e200, optimizer=optimizer),
        [[3.0], [-2.0]],
        [[1.0]],
    )
    kept, losses = interpreted(many(exploding), 6)
    assert not all(np.isfinite(p).all() for p in kept)
    assert not np.isfinite(losses).all()
    assert_agree(many(exploding), 6)


def test_a_bigger_network_in_big_batches() -> None:
    random = np.random.default_rng(3)
    digits = experiment(
        Network((64, 32, 10), ("relu", "softmax"), "cross_entropy"),
        Training(0.1, batch=50, order="shuffled"),
        random.random((64, 170)),
        np.eye(10)[:, random.integers(0, 10, 170)],
    )
    assert_agree(many(digits), 9)  # two epochs and a bit


@pytest.mark.parametrize("room", [0, 4096, 2**18])
@pytest.mark.parametrize("order", ["sequential", "shuffled"])
@pytest.mark.parametrize(("examples", "batch"), [(7, 1), (23, 5), (40, 20), (41, 40), (9, 9)])
@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_how_many_batches_and_losses_are_made_at_once_does_not_matter(
    room: int, order: str, examples: int, batch: int, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_module, "STACK_ROOM", room)
    random = np.random.default_rng(2)
    classes = experiment(
        Network((3, 4, 17), ("tanh", "softmax"), loss),
        Training(0.3, batch=batch, order=order),
        random.normal(size=(3, examples)),
        np.eye(17)[:, random.integers(0, 17, examples)],
    )
    assert_agree(many(classes), 3 * classes.batches_per_epoch + 1)


def test_as_many_batches_are_made_at_once_as_have_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_module, "STACK_ROOM", 7 * 8 * 5)  # X has 3 numbers, Y 1, and A2 1
    run, made = many(ARTICLE), list[int]()

    def batches(first: int, last: int) -> list[Any]:
        made.append(last - first + 1)
        return []

    monkeypatch.setattr(run, "_batches", batches)
    monkeypatch.setattr(run, "_losses", lambda *_: np.zeros(0))
    run.run(1, 17, start_of(run))
    assert made == [7, 7, 3]


@pytest.mark.parametrize("order", ["sequential", "shuffled"])
def test_a_matrix_that_is_the_same_for_each_example_is_in_every_batch(order: str) -> None:
    e = written(
        {"W": (2, 2)},
        {"X": np.arange(14).reshape(2, 7) / 9, "Y": np.ones((2, 7)), "M": [[1, 2], [0.5, 1]]},
        {"Z": "tanh(W·M·X)", "L": "half_squared_error(Z, Y)"},
        same=frozenset("M"),
    )
    assert_agree(many(replace(e, training=Training(batch=3, order=order))), 8)


# Formulas that are not the usual ones ---------------------------------------------------------


def changed(e: Experiment, symbol: str, expression: Expr) -> Many:
    """A run in which one step computes something else, as a typed formula or a mistake does."""
    program = program_of(e.network, e.training, {symbol: expression})
    return Many(e, program)


SQUARE = experiment(
    Network((3, 3, 1), ("sigmoid", "sigmoid"), "binary_cross_entropy"),
    Training(batch=2),
    np.linspace(-1.0, 1.0, 12).reshape(3, 4),
    [[1.0, 0.0, 0.0, 1.0]],
)


@pytest.mark.parametrize(
    ("symbol", "expression"),
    [
        ("dW1", (X @ dZ1.T).T),  # laid out by columns, unless made otherwise
        ("dW1", (X @ dZ1.T).T * 2 + 1),
        ("dZ2", (A2 - Y) / (2 * Y)),  # a plain quotient: 1/0 is ∞
        ("dZ2", (Y - Y) / (2 * Y)),  # and 0/0 is NaN
        ("dA1", (W2.T @ dZ2) * exp(alpha / m) * Cell("X", 1, 1)),
        ("dA1", (W2.T @ dZ2) * exp(-t / m)),  # a number of its own in each iteration
    ],
)
def test_any_formula_gives_the_same_bits(symbol: str, expression: Expr) -> None:
    assert_agree(changed(SQUARE, symbol, expression), 5)


# The source ----------------------------------------------------------------------------------

BATCH = program_of(
    Network((2, 2, 1), ("tanh", "sigmoid"), "binary_cross_entropy"), Training(0.5, 2)
)


def loop_of(program: Program) -> str:
    return compiled(program).source.partition("\n\n\n")[0] + "\n"


def test_the_source_reads_like_the_derivation() -> None:
    assert (
        loop_of(program_of(ARTICLE.network, ARTICLE.training))
        == """\
def iterations(kept, batches, first, record, *, K, alpha, beta1, beta2, epsilon, l2, weight_decay):
    W1, b1, W2, b2 = kept
    for t, (X, Y, m) in enumerate(batches, first):
        Z1 = W1 @ X + b1
        A1 = number1 / (number1 + np.exp(-Z1))
        Z2 = W2 @ A1 + b2
        A2 = number1 / (number1 + np.exp(-Z2))
        record((Y, A2,))
        dZ2 = A2 - Y
        dW2 = dZ2 @ A1.T
        db2 = dZ2
        dA1 = W2.T @ dZ2
        dZ1 = dA1 * (A1 * (number1 - A1))
        dW1 = dZ1 @ X.T
        db1 = dZ1
        W1 = W1 - alpha * dW1
        b1 = b1 - alpha * db1
        W2 = W2 - alpha * dW2
        b2 = b2 - alpha * db2
    return W1, b1, W2, b2
"""
    )


def test_the_loss_of_many_iterations_has_a_source_of_its_own() -> None:
    assert compiled(BATCH).source.endswith(
        """
def losses(Y, A2, *, m, K, alpha, beta1, beta2, epsilon, l2, weight_decay):
    L = -(xlog(Y, A2) + xlog(number1 - Y, number1 - A2))
    J = np.add.reduce(L, axis=(-2, -1), keepdims=True) / m
    return J.ravel()
"""
    )


@pytest.mark.parametrize("expression", [A2 * Cell("X", 1, 1), A2 @ X.T, W2.T, A2 - t])
def test_a_loss_that_no_stack_can_be_made_for_is_computed_in_its_iteration(
    expression: Expr,
) -> None:
    run = changed(SQUARE, "L", expression)
    assert compiled(run.program).recorded == ("J",)
    assert compiled(run.program).losses is None


@pytest.mark.parametrize("expression", [A2 * b2, A2 - b2 * Y, (A2 - Y) * alpha / m])
def test_a_loss_of_ones_own_gives_the_same_bits(expression: Expr) -> None:
    assert_agree(changed(SQUARE, "L", expression), 5)


@pytest.mark.parametrize(
    ("formula", "contiguous"),
    [
        ("W1 · Xᵀ", True),
        ("X + W1", True),
        ("exp(X)", True),
        ("row_sums(Xᵀ)", True),
        ("Xᵀ", False),
        ("W1 + Xᵀ", False),
        ("exp(Xᵀ)", False),
    ],
)
def test_what_is_computed_of_a_transpose_element_by_element_lies_as_the_transpose_does(
    formula: str, contiguous: bool
) -> None:
    assert is_contiguous(parse(formula)) is contiguous


@pytest.mark.parametrize(
    ("formula", "source"),
    [
        ("row_sums(W1)", "np.add.reduce(W1, axis=-1, keepdims=True)"),
        ("col_means(W1)", "np.mean(W1, axis=-2, keepdims=True)"),
        ("largest(W1)", "np.maximum.reduce(W1, axis=(-2, -1), keepdims=True)"),
    ],
)
def test_axes_are_counted_from_the_end(formula: str, source: str) -> None:
    program = program_of(ARTICLE.network, ARTICLE.training, {"dW1": parse(f"dZ1 · Xᵀ + {formula}")})
    assert f"dW1 = dZ1 @ X.T + {source}" in compiled(program).source


def test_what_stands_more_than_once_is_named_but_not_what_does_so_only_within_that() -> None:
    def parts(formula: str) -> list[tuple[str, str]]:
        return [(name, text(part)) for part, name in shared_parts(parse(formula)).items()]

    exp_of = "exp(X − W1) / (exp(X − W1) + tanh(X − W1)"
    assert parts(f"{exp_of}) + α / m + α / m") == [("part1", "exp(X − W1)")]
    assert parts(f"{exp_of} + sin(X − W1))") == [("part1", "X − W1"), ("part2", "exp(X − W1)")]


def in_loop(program: Program) -> set[str]:
    """The symbols that the loop computes."""
    return {line.split(" = ")[0].strip() for line in loop_of(program).splitlines() if " = " in line}


def test_what_nothing_reads_is_not_computed() -> None:
    assert not {"L", "J", "dA2"} & in_loop(BATCH)
    assert {"dZ2", "dA1"} <= in_loop(BATCH)


def test_no_gradient_of_a_frozen_parameter_is_computed() -> None:
    network = Network((2, 2, 2, 1), ("tanh", "tanh", "linear"), "half_squared_error")
    frozen = program_of(network, Training(freeze=("W1", "b1", "W2")))
    assert not {"dW1", "db1", "dW2", "dA1", "dZ1"} & in_loop(frozen)
    assert {"dZ2", "db2"} <= in_loop(frozen)


def test_a_part_that_a_formula_has_twice_is_computed_once() -> None:
    softmax = program_of(Network((2, 3), ("softmax",), "cross_entropy"), Training())
    assert [line.strip() for line in loop_of(softmax).splitlines()][4:6] == [
        "part1 = np.exp(Z1 - np.maximum.reduce(Z1, axis=-2, keepdims=True))",
        "A1 = part1 / np.add.reduce(part1, axis=-2, keepdims=True)",
    ]


def test_with_everything_frozen_nothing_changes() -> None:
    run = many(replace(ARTICLE, training=Training(freeze=("W1", "b1", "W2", "b2"))))
    assert_same_bits(run.run(1, 3, start_of(run))[0], start_of(run))
    assert_agree(run, 3)
