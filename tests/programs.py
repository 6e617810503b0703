"""Programs that are no dense networks: an RNN, a residual block, attention, tied weights, any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from backprop_tui.model.experiment import Data, Experiment, Initial, read_only
from backprop_tui.model.network import Training, WrittenNetwork


def written(
    parameters: Mapping[str, tuple[int, int]],
    data: Mapping[str, Any],
    forward: Mapping[str, str],
    given: Mapping[str, Any] | None = None,
    same: frozenset[str] = frozenset(),
    repeat: tuple[int, int] | None = None,
    batch: int | None = None,
) -> Experiment:
    """An experiment of forward formulas; columns of the data are examples, but of those `same`; a
    batch is all of them where nothing else is said."""
    matrices = {symbol: read_only(np.asarray(value, float)) for symbol, value in data.items()}
    shapes = {s: m.shape if s in same else (len(m), 1) for s, m in matrices.items()}
    examples = max((m.shape[1] for s, m in matrices.items() if s not in same), default=1)
    network = WrittenNetwork(
        tuple(parameters.items()),
        tuple(shapes.items()),
        tuple(forward.items()),
        repeat=repeat,
        same=same,
    )
    initial = Initial(
        1, given={k: read_only(np.asarray(v, float)) for k, v in (given or {}).items()}
    )
    training = Training(batch=batch or examples)
    return Experiment("test", "test", "Test", "", network, training, Data(matrices, same), initial)


def rnn(steps: int, wx: str = "Wx") -> Experiment:
    """A recurrent network over some time steps, its output read after the last one; `wx` is the
    name of what multiplies its inputs."""
    rng = np.random.default_rng(3)
    inputs = {1: (0.5, 0.1), 2: (0.2, 0.4), 3: (0.0, 0.6)}
    data = {
        f"X{t}": np.reshape(inputs.get(t, rng.uniform(-1, 1, 2).round(1)), (2, 1))
        for t in range(1, steps + 1)
    }
    return written(
        {wx: (2, 2), "Wh": (2, 2), "b": (2, 1), "V": (1, 2)},
        data | {"Y": [[1.0]]},
        {
            "Z1": f"{wx}·X1 + b",
            "H1": "tanh(Z1)",
            "Z{t}": f"{wx}·X{{t}} + Wh·H{{t-1}} + b",
            "H{t}": "tanh(Z{t})",
            "O": f"V·H{steps}",
            "L": "half_squared_error(O, Y)",
        },
        {
            wx: [[0.5, -0.3], [0.8, 0.2]],
            "Wh": [[0.4, -0.6], [0.7, 0.1]],
            "b": [[0.1], [-0.2]],
            "V": [[0.9, -0.5]],
        },
        repeat=(2, steps),
    )


RESIDUAL = written(
    {"W1": (2, 2), "b1": (2, 1), "W2": (2, 2), "b2": (2, 1), "W3": (1, 2), "b3": (1, 1)},
    {"X": [[1.0], [-0.5]], "Y": [[1.0]]},
    {
        "Z1": "W1·X + b1",
        "A1": "tanh(Z1)",
        "Z2": "W2·A1 + b2",
        "F2": "tanh(Z2)",
        "A2": "A1 + F2",
        "Z3": "W3·A2 + b3",
        "A3": "σ(Z3)",
        "L": "binary_cross_entropy(A3, Y)",
    },
    {
        "W1": [[0.6, -0.4], [0.3, 0.8]],
        "b1": [[0.1], [-0.1]],
        "W2": [[0.5, -0.7], [0.9, 0.4]],
        "b2": [[0.0], [0.1]],
        "W3": [[0.8, -0.6]],
        "b3": [[0.2]],
    },
)
ATTENTION = written(
    {"Wq": (2, 3), "Wk": (2, 3), "Wv": (2, 3)},
    {"X": [[1, 0, -1, 0.5], [0.5, -1, 1, 0], [0, 1, 0.5, -0.5]], "Y": [[1, 0, 1, 0], [0, 1, 0, 1]]},
    {
        "Query": "Wq·X",
        "Key": "Wk·X",
        "Value": "Wv·X",
        "S": "Keyᵀ·Query / 1.4",
        "P": "softmax(S)",
        "H": "Value·P",
        "L": "total(half_squared_error(H, Y))",
    },
    same=frozenset("XY"),
)
TIED = written(
    {"W": (2, 3), "b1": (2, 1), "b2": (3, 1)},
    {"X": [[1.0], [0.5], [-0.5]], "Y": [[1.0], [0.5], [-0.5]]},
    {
        "Z1": "W·X + b1",
        "A1": "tanh(Z1)",
        "Z2": "Wᵀ·A1 + b2",
        "L": "half_squared_error(Z2, Y)",
    },
)


@st.composite
def programs(draw: DrawFn) -> Experiment:
    """Any program of a few groups: layers, time steps, shared and own parameters, skips."""
    n, groups, shares = draw(st.integers(1, 12)), draw(st.integers(1, 5)), draw(st.booleans())
    examples = draw(st.integers(1, 2))
    parameters: dict[str, tuple[int, int]] = {}
    data: dict[str, Any] = {}
    forward: dict[str, str] = {}
    before = ""
    for t in range(1, groups + 1):
        number = "" if shares else str(t)
        terms = []
        if t == 1 or draw(st.booleans()):
            rows = 3 if shares else draw(st.integers(1, 12))
            data[f"X{t}"] = np.full((rows, examples), 0.5)
            parameters[f"U{number}"] = (n, rows)
            terms.append(f"U{number}·X{t}")
        if before:
            parameters[f"W{number}"] = (n, n)
            terms.append(f"W{number}·{before}")
        if draw(st.booleans()):
            parameters[f"b{number}"] = (n, 1)
            terms.append(f"b{number}")
        forward[f"Z{t}"] = " + ".join(terms)
        forward[f"A{t}"] = f"tanh(Z{t})"
        if before and draw(st.booleans()):
            forward[f"F{t}"] = f"A{t} + {before}"
            before = f"F{t}"
        else:
            before = f"A{t}"
    forward["L"] = f"half_squared_error({before}, Y)"
    return written(parameters, data | {"Y": np.full((n, examples), 0.5)}, forward)


THREE = {"X": [[1.0, 0.5, -1.0], [2.0, 0.1, 0.3]], "Y": [[1.0, 0.0, 1.0]]}
"""Three examples of two inputs."""
NORMED = written(
    {"V": (1, 2)},
    THREE,
    {"N": "V / sqrt(total(V²))", "A": "N·X", "L": "(A − Y)²"},
)
"""A value of parameters alone, N: its gradient is that of the sum of all L."""
ROOT = written(
    {"W": (1, 2)},
    THREE,
    {"A": "W·X", "L": "(A − Y)²", "J": "sqrt(mean((A − Y)²))"},
)
"""A J that hands no gradient on to L."""
CANCELLED = written(
    {"W": (2, 2), "b": (2, 1)},
    THREE | {"Y": [[1.0, 0.0, 1.0], [0.3, 0.2, 0.0]]},
    {"Z": "W·X + b", "C": "tanh(Z − row_means(Z))", "L": "half_squared_error(C, Y)"},
    {"W": [[0.3, -0.7], [0.9, 0.1]]},
)
"""As before batch norm, what is added to each example cancels: of db only rounding is left."""
CENTRED = written(
    {"W": (1, 2)},
    THREE,
    {"Z": "W·X", "A": "Z − row_means(Z)", "L": "(A − Y)²"},
)
"""A column of Z changes the L of every example, as in batch norm."""
SUMMED = written(
    {"W": (1, 1)},
    {"X": [[1.0, 0.5]], "Y": [[1.0, 0.0]]},
    {"A": "W·X", "L": "(A − Y)²", "J": "total(L)"},
)
"""A J of its own that is the sum of all L, though a file says nothing of a sum."""
