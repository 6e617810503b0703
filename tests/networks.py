"""Random networks, and what the laws of the engine are tried on: experiments, runs, sums.

Depths, widths, activations, losses, batches, reductions and frozen sets are all drawn; numbers have
few digits, so that a failing example can be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.functions import ACTIVATIONS, LOSSES
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Array, Data, Experiment, Initial, read_only
from backprop_tui.model.network import MOMENTUM_FORMS, OPTIMIZERS, Network, Training, WrittenNetwork
from backprop_tui.model.program import Program
from backprop_tui.run.history import History
from backprop_tui.run.timeline import Iteration, Timeline

ELEMENTWISE = tuple(name for name, f in ACTIVATIONS.items() if f.elementwise)
SMOOTH = ("sigmoid", "tanh")
"""No kinks, and bounded: a loss of thousands has too few decimals for the gradient check."""


one_of = cache(st.sampled_from)
"""One of some values. A strategy is made once: to make and to check it takes longer than a draw."""
LAYERS = st.lists(st.integers(1, 4), min_size=2, max_size=5)


@cache
@st.composite
def networks(draw: DrawFn, hidden: tuple[str, ...] = ELEMENTWISE) -> Network:
    """Any network of 1 to 4 layers; softmax may be the last."""
    layers = draw(LAYERS)
    depth = len(layers) - 1
    inner = [draw(one_of(hidden)) for _ in range(depth - 1)]
    last = draw(one_of((*hidden, "softmax")))
    loss = draw(one_of(tuple(sorted(LOSSES))))
    return Network(tuple(layers), (*inner, last), loss, draw(one_of((True, True, False))))


@st.composite
def trainings(draw: DrawFn, network: Network) -> Training:
    """Any way of training it."""
    parameters = tuple(network.parameter_shapes)
    return Training(
        learning_rate=draw(one_of((0.1, 0.5, 0.9))),
        batch=draw(st.integers(1, 3)),
        order=draw(one_of(("sequential", "shuffled"))),
        reduction=draw(one_of(("mean", "sum"))),
        l2=draw(one_of((0.0, 0.0, 0.7))),
        input_gradient=draw(one_of((False, False, True))),
        freeze=tuple(p for p in parameters if draw(st.integers(0, 5)) == 0),
    )


@cache
def matrices(rows: int, columns: int, scale: float = 1.0) -> SearchStrategy[Array]:
    """Matrices of numbers with one decimal, from −2·scale to 2·scale: a byte each, as a draw for
    every number would take most of a law's time."""
    size = rows * columns
    numbers = st.binary(min_size=size, max_size=size).map(lambda drawn: [signed(b) for b in drawn])
    return numbers.map(lambda n: read_only(np.reshape(n, (rows, columns)) / 10 * scale))


def signed(byte: int) -> int:
    """A number from −20 to 20: 0, 1, −1, 2, …, so that a failing example shrinks to small ones."""
    half, odd = divmod(byte % 41 + 1, 2)
    return -half if odd else half


@st.composite
def targets(draw: DrawFn, network: Network, examples: int) -> Array:
    """Targets that the loss admits: shares for cross-entropy, from 0 to 1 for the binary one."""
    y = np.abs(draw(matrices(network.layers[-1], examples))) / 2
    if LOSSES[network.loss].targets_are_shares:
        y = np.where(y.sum(axis=0) > 0, y, 1.0)
        y = y / y.sum(axis=0)
    return read_only(y)


@cache
@st.composite
def experiments_in_columns(
    draw: DrawFn,
    hidden: tuple[str, ...] = ELEMENTWISE,
    scales: tuple[float, ...] = (1.0, 1.0, 100.0),
) -> Experiment:
    """Any experiment in which columns are examples. With weights a hundred times as large,
    activations saturate: L can be ∞."""
    network = draw(networks(hidden))
    training = draw(trainings(network))
    examples = draw(st.integers(training.batch, 4))
    scale = draw(one_of(scales))
    given = {
        symbol: draw(matrices(*shape, scale)) for symbol, shape in network.parameter_shapes.items()
    }
    X = draw(matrices(network.layers[0], examples))
    return experiment(network, training, X, draw(targets(network, examples)), given)


@cache
@st.composite
def experiments(
    draw: DrawFn,
    hidden: tuple[str, ...] = ELEMENTWISE,
    scales: tuple[float, ...] = (1.0, 1.0, 100.0),
) -> Experiment:
    """Any experiment, in either orientation."""
    found = draw(experiments_in_columns(hidden, scales))
    return in_rows(found) if draw(one_of((False, False, True))) else found


def in_rows(columns: Experiment) -> Experiment:
    """The same experiment, all matrices transposed: rows are examples."""
    given = {symbol: read_only(value.T) for symbol, value in columns.initial.given.items()}
    return replace(
        columns,
        network=replace(columns.dense, orientation="rows"),
        data=columns.data.along(0),
        initial=replace(columns.initial, given=given),
    )


@st.composite
def any_way(draw: DrawFn) -> Experiment:
    """Any experiment, with any optimizer, weight decay, and any mistake or none."""
    experiment = draw(experiments(scales=(1.0,)))
    training = replace(
        experiment.training,
        optimizer=draw(one_of(tuple(sorted(OPTIMIZERS)))),
        weight_decay=draw(one_of((0.0, 0.1))),
        momentum_form=draw(one_of(tuple(sorted(MOMENTUM_FORMS)))),
    )
    mistake = draw(one_of((None, *sorted(CATALOGUE))))
    return replace(experiment, training=training, mistake=CATALOGUE[mistake] if mistake else None)


def experiment(
    network: Network | WrittenNetwork,
    training: Training,
    X: Any,
    Y: Any,
    given: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Experiment:
    """An experiment without a file; columns of X and Y are examples."""
    initial = Initial(seed=seed, given={k: read_only(v) for k, v in (given or {}).items()})
    data = Data({"X": read_only(X), "Y": read_only(Y)})
    return Experiment("test", "test", "Test", "", network, training, data, initial)


ARTICLE = experiment(
    Network((3, 3, 1), ("sigmoid", "sigmoid"), "binary_cross_entropy"),
    Training(learning_rate=0.5),
    [[1.0], [0.5], [-0.5]],
    [[1.0]],
)
"""3-3-1: the network that most examples in these tests are about."""


def scalars(timeline: Timeline, iteration: Iteration) -> dict[str, float]:
    """α, m, K and λ₂, by the names that expressions give them."""
    return {
        "alpha": timeline.experiment.training.learning_rate,
        "m": float(len(iteration.examples)),
        "K": float(timeline.program.outputs),
        "l2": timeline.experiment.training.l2,
    }


def known_before(timeline: Timeline, iteration: Iteration, steps: int) -> dict[str, Any]:
    """What expressions can read after that many steps of an iteration."""
    results = zip(timeline.program.steps[:steps], iteration.results, strict=False)
    return {
        **scalars(timeline, iteration),
        **iteration.given,
        **{step.symbol: result for step, result in results},
    }


def program(*layers: int, last: str = "sigmoid", loss: str = "binary_cross_entropy") -> Program:
    """The program of a network with sigmoid layers, one example at a time."""
    activations = ("sigmoid",) * (len(layers) - 2) + (last,)
    return program_of(Network(layers, activations, loss), Training())


def same_bits(a: Array, b: Array) -> bool:
    """Whether two arrays hold the same numbers to the bit, NaN included."""
    return a.shape == b.shape and np.ascontiguousarray(a).tobytes() == b.tobytes()


def advance(run: History, to: int, chunk: int | None = None) -> int:
    """Run through all iterations up to `to`; how far it came is the answer."""
    for _ in run.run(run.reached + 1, to, chunk):
        pass
    return run.reached
