"""Naming a mistake: real ones are named nearly always, random numbers rarely, formulas alike.

Measured over random networks and programs, in each step, at two, three and four decimals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from backprop_tui.learn.diagnosis import explain_wrong, wrong_numbers
from backprop_tui.learn.formulas import judge
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Timeline
from tests.networks import ARTICLE, experiment, in_rows
from tests.programs import ATTENTION, RESIDUAL, TIED, rnn

DECIMALS = (2, 3, 4)
NETWORKS, RANDOM = 18, 20
"""How many networks are drawn, and how many random numbers for a cell."""
MOST_BY_CHANCE, LEAST_NAMED = 0.02, 0.97
LAST = (
    ("sigmoid", "binary_cross_entropy"),
    ("sigmoid", "half_squared_error"),
    ("softmax", "cross_entropy"),
    ("linear", "half_squared_error"),
)


def networks() -> Iterator[Experiment]:
    """Dense networks of every kind, in columns and rows, and programs of other shapes."""
    rng = np.random.default_rng(11)
    for _ in range(NETWORKS):
        layers = tuple(rng.integers(1, 5, int(rng.integers(2, 5))).tolist())
        hidden = rng.choice(["sigmoid", "tanh", "relu", "leaky_relu"], len(layers) - 2).tolist()
        last, loss = LAST[rng.integers(len(LAST))]
        m = int(rng.integers(1, 4))
        network = Network(layers, (*hidden, last), loss)
        training = Training(0.5, batch=m, l2=float(rng.choice([0.0, 0.0, 0.3])))
        X = rng.normal(size=(layers[0], m)).round(2)
        Y = np.eye(layers[-1])[:, rng.integers(layers[-1], size=m)]
        shapes = network.parameter_shapes.items()
        given = {symbol: rng.normal(0, 0.8, shape).round(2) for symbol, shape in shapes}
        drawn = experiment(network, training, X, Y, given)
        yield in_rows(drawn) if rng.integers(3) == 0 else drawn
    yield from (RESIDUAL, ATTENTION, TIED, rnn(3))


@cache
def counted() -> Counter[tuple[str, int]]:
    """How many numbers were tried, and how many of them were named, by their decimals."""
    found: Counter[tuple[str, int]] = Counter()
    rng = np.random.default_rng(12)
    for e in networks():
        run = Timeline(e)
        done, program = run.iteration(1), run.program
        for step, matrix in zip(program.steps, done.results, strict=True):
            i, j = (int(rng.integers(n)) for n in matrix.shape)
            cell, right, most = Cell(step.symbol, i + 1, j + 1), matrix[i, j], abs(matrix).max()
            if not most:
                continue
            mistakes = {
                w.slip.mistake.name: w.number
                for w in reversed(wrong_numbers(program, done, cell))
                if w.slip and CATALOGUE.get(w.slip.mistake.name) is w.slip.mistake
            }
            for d in DECIMALS:
                unit = 10.0**-d

                for number in rng.uniform(-2 * most, 2 * most, RANDOM):
                    if abs(round(number, d) - right) > 1.5 * unit:
                        found["random", d] += 1
                        told = explain_wrong(program, done, cell, round(number, d), unit / 2)
                        found["random named", d] += bool(told.ideas)
                for name, number in mistakes.items():
                    # Of 1,000 random numbers at most 20 round to it.
                    if unit / (4 * most) <= 0.02 and abs(round(number, d) - right) > 1.5 * unit:
                        found["mistakes", d] += 1
                        told = explain_wrong(program, done, cell, round(number, d), unit / 2)
                        found["mistakes named", d] += name in {s.mistake.name for s in told.slips}
    return found


@pytest.mark.parametrize("decimals", DECIMALS)
def test_random_wrong_numbers_get_no_name(decimals: int) -> None:
    tried = counted()["random", decimals]
    assert tried > 5_000
    assert counted()["random named", decimals] / tried <= MOST_BY_CHANCE


@pytest.mark.parametrize("decimals", DECIMALS)
def test_mistakes_that_can_be_told_apart_are_named(decimals: int) -> None:
    tried = counted()["mistakes", decimals]
    assert tried > 300
    assert counted()["mistakes named", decimals] / tried >= LEAST_NAMED


TANH = experiment(
    Network((3, 4, 2), ("tanh", "sigmoid"), "half_squared_error"),
    Training(batch=2),
    [[0.1, 0.2], [0.4, -0.5], [0.3, 0.9]],
    [[1.0, 0.0], [0.0, 1.0]],
)
SQUARE = experiment(
    Network((3, 3, 3), ("sigmoid", "softmax"), "cross_entropy"),
    Training(batch=2),
    [[0.1, 0.2], [0.4, -0.5], [0.3, 0.9]],
    [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]],
)


@pytest.mark.parametrize(
    ("e", "symbol", "formula", "name"),
    [
        (ARTICLE, "dA1", "W2.T @ dA2", "da-for-dz"),
        (ARTICLE, "dW2", "dA2 @ A1.T", "da-for-dz"),
        (ARTICLE, "dW2", "dZ2 @ Z1.T", "z-for-a"),
        (ARTICLE, "dZ1", "A1*(1-A1)", "one-factor"),
        (ARTICLE, "dZ1", "dA1*sigma(Z1)", "activation-for-derivative"),
        (ARTICLE, "dZ1", "dA1*(1-A1)", "one-factor"),
        (ARTICLE, "W2", "alpha*dW2", "one-side"),
        (ARTICLE, "A1", "1/(1+exp(Z1))", "minus-forgotten"),
        (ARTICLE, "dZ2", "(A2-Y)*A2*(1-A2)", "derivative-twice"),
        (TANH, "dZ1", "1-Z1**2", "z-for-a"),
        (TANH, "dZ1", "dA1*(1-Z1**2)", "z-for-a"),
        (ARTICLE, "dZ1", "Z1*(1-Z1)", "z-for-a"),
        (ARTICLE, "dZ1", "dA1*(1-A1**2)", "other-derivative"),
        (TANH, "dZ1", "dA1*A1*(1-A1)", "other-derivative"),
        (SQUARE, "dZ2", "dA2*A2*(1-A2)", "softmax-diagonal"),
        (SQUARE, "A2", "exp(Z2)/np.sum(exp(Z2), axis=1, keepdims=True)", "other-axis"),
        (SQUARE, "A2", "exp(Z2)/np.sum(exp(Z2))", "both-axes"),
        (SQUARE, "A2", "Z2/np.sum(Z2, axis=0, keepdims=True)", "exp-forgotten"),
        (SQUARE, "Z1", "W1.T @ X + b1", "transpose-added"),
        (ARTICLE, "dA2", "(1-Y)/(1-A2) + Y/A2", "sign-of-a-term"),
        (ARTICLE, "dA2", "-(1-Y)/(1-A2) - Y/A2", "sign-of-a-term"),
        (ARTICLE, "L", "-(Y*log(A2) - (1-Y)*log(1-A2))", "sign-of-a-term"),
        (rnn(3), "dH1", "Wh.T @ dH2", "da-for-dz"),
        (rnn(3), "dZ3", "dH3*(1-Z3**2)", "z-for-a"),
        (ATTENTION, "dS", "dP*P*(1-P)", "softmax-diagonal"),
        (RESIDUAL, "dA1", "W2.T @ dZ2", "one-path"),
    ],
)
def test_a_formula_is_held_against_the_same_mistakes(
    e: Experiment, symbol: str, formula: str, name: str
) -> None:
    found = judge(e, symbol, formula)
    assert not found.accepted
    assert name in [slip.mistake.name for slip in found.slips]
