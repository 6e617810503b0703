"""Networks written as forward formulas: everything else follows from them."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from dataclasses import replace
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from backprop_tui.explain.derivation import derivation
from backprop_tui.explain.explanation import formula
from backprop_tui.explain.gradient_check import CheckVerdict, check_gradient
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.scripts import numpy as numpy_script
from backprop_tui.exports.scripts import torch as torch_script
from backprop_tui.files.codes import code_of, experiment_of
from backprop_tui.files.experiment_file import read_experiment
from backprop_tui.files.saving import keyframe_of, text_of
from backprop_tui.maths.expressions import names
from backprop_tui.maths.functions import LOSSES
from backprop_tui.maths.values import value
from backprop_tui.model.architecture import Architecture
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.formulas import Fault, NetworkError, architecture_of_formulas
from backprop_tui.model.network import WrittenNetwork
from backprop_tui.run.timeline import Position, Timeline
from tests.formulas import NAMES, program_file, written_experiments
from tests.networks import advance, same_bits
from tests.programs import written

LAST = 4
NO_RULE = "the function col_max has no derivative here; max(a, b) and softmax(a) have one"
SLOW = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def formulas(experiment: Experiment, phase: str = "backward") -> list[str]:
    """The steps of a phase as the screen shows them."""
    return [formula(step) for step in experiment.program.steps if step.phase == phase]


# What follows ------------------------------------------------------------------------------------


def test_the_gradients_of_a_shared_weight_add_up() -> None:
    assert formulas(program_file("rnn")) == [
        "dO = O − Y",
        "dV = dO · H3ᵀ",
        "dH3 = Vᵀ · dO",
        "dZ3 = dH3 ∘ tanh′(Z3)",
        "dH2 = Whᵀ · dZ3",
        "dZ2 = dH2 ∘ tanh′(Z2)",
        "dWh = dZ3·H2ᵀ + dZ2·H1ᵀ",
        "dH1 = Whᵀ · dZ2",
        "dZ1 = dH1 ∘ tanh′(Z1)",
        "dWx = dZ3·X3ᵀ + dZ2·X2ᵀ + dZ1·X1ᵀ",
        "db = dZ3 + dZ2 + dZ1",
    ]


def test_a_skip_is_a_second_path() -> None:
    assert "dA1 = dA2 + W2ᵀ·dZ2" in formulas(program_file("residual"))


def test_keys_of_attention_may_be_called_k() -> None:
    experiment = program_file("attention")
    assert "S = Kᵀ · Q / sqrt(2)" in formulas(experiment, "forward")
    assert "dK = Q · (dS / sqrt(2))ᵀ" in formulas(experiment)


def test_a_term_of_parameters_in_the_objective_is_added_after_the_mean() -> None:
    (dW,) = (f for f in formulas(program_file("tied")) if f.startswith("dW ="))
    assert dW == "dW = (H·dOᵀ + (dH ∘ σ′(W·X + b))·Xᵀ) / m + 0.1·W"


def test_all_gradients_are_of_an_objective_that_is_no_mean() -> None:
    experiment = program_file("joint")
    assert experiment.program.architecture.joint
    assert formulas(experiment)[:2] == ["dL = L / sqrt(total(L²))", "dO = dL ∘ (O − Y)"]


def test_the_roles_of_a_recurrent_network() -> None:
    program = program_file("rnn").program
    roles = program.roles
    assert program.groups == {1: "t = 1", 2: "t = 2", 3: "t = 3", 4: "O"}
    assert [roles[s].group for s in ("X2", "Z2", "H2", "dH2")] == [2, 2, 2, 2]
    assert [roles[s].stem for s in ("X2", "Z2", "H2", "dH2")] == ["X", "Z", "H", "H"]
    assert [roles[s].group for s in ("Wh", "dWh", "b", "Y", "L")] == [None] * 5
    assert (program.output, program.targets) == ("O", ("Y",))
    assert program.architecture.drawn == {"Wx", "Wh", "V"}  # b is only added


def test_an_input_stands_in_the_first_group_that_reads_it() -> None:
    program = written(
        {"W1": (2, 2), "W2": (2, 2)},
        {"X": [[1.0], [2.0]], "Y": [[1.0], [0.0]]},
        {"Z1": "W1·X", "Z2": "W2·Z1 + X", "L": "half_squared_error(Z2, Y)"},
    ).program
    assert [program.roles[symbol].group for symbol in ("X", "Z1", "Z2")] == [1, 1, 2]


def test_the_articles_network_written_out_is_the_dense_one_to_the_bit() -> None:
    written = program_file("article")
    text = """
    [network]
    layers = [3, 3, 1]
    activations = ["sigmoid", "sigmoid"]
    loss = "binary_cross_entropy"
    [data]
    X = [[1.0, 0.5, -0.5]]
    Y = [[1.0]]
    """
    dense = read_experiment(text, "dense", "dense.toml")
    one, other = Timeline(written), Timeline(dense)
    assert formulas(written) == formulas(dense)
    for number in range(1, 30):
        here, there = one.iteration(number), other.iteration(number)
        assert all(map(same_bits, here.results, there.results))


def test_what_each_symbol_is_follows_from_where_it_is_read() -> None:
    whole = found(
        parameters={"W": (2, 2), "b": (2, 1), "g": (2, 1)},
        forward={"Z": "g ∘ (W·X) + b", "H": "Z − X", "L": "half_squared_error(H, Y)"},
    )
    assert {s: (r.kind, r.part, r.group, r.stem) for s, r in whole.given.items()} == {
        "X": ("input", None, 1, "X"),
        "Y": ("target", None, None, ""),
        "W": ("parameter", "weight", 1, "W"),
        "b": ("parameter", "bias", 1, "b"),
        "g": ("parameter", None, 1, "g"),
    }
    assert whole.drawn == {"W", "g"}  # b is only added
    assert (whole.output, dict(whole.groups)) == ("H", {1: "Z to H"})
    assert whole.losses == {"Y": LOSSES["half_squared_error"]}
    assert whole.objective is None
    assert found(forward={"L": "total((W·X − Y)²)"}).output == "L"
    assert found(forward={"L": "total((W·X − Y)²)"}).losses == {}


# What is wrong -----------------------------------------------------------------------------------

FITS: dict[str, Any] = {
    "parameters": {"W": (2, 2), "b": (2, 1)},
    "data": {"X": (2, 1), "Y": (2, 1)},
    "forward": {"Z": "W·X + b", "L": "half_squared_error(Z, Y)"},
    "functions": {},
}


def found(**parts: Any) -> Architecture:
    """The architecture of formulas of which these parts are others."""
    records: dict[str, Any] = {
        key: tuple(value.items()) if isinstance(value, dict) else value
        for key, value in {**FITS, **parts}.items()
    }
    return architecture_of_formulas(WrittenNetwork(**records))


def faults(**parts: Any) -> list[Fault]:
    with pytest.raises(NetworkError) as refused:
        found(**parts)
    return [*refused.value.faults]


SUM = "+".join(["X"] * 149)
"""150 parts: 149 names, and their sum."""
MATRICES_ONLY = "a matrix product needs as many columns on the left as rows on the right"


@pytest.mark.parametrize(
    ("line", "formula", "fault"),
    [
        ("H", "X > 0", "must be a matrix, not a comparison: where(Z > 0, 1, 0) is one"),
        ("H", "X[1,1]·X", "reads one number, X[1,1]: a line reads whole matrices"),
        ("H", f"{SUM}+X", "has more than 150 parts: divide it into several lines"),
        ("H", "2·m", "must read a matrix, but this is a single number"),
        ("H", "H", "reads H, which is what it computes"),
        ("H", "Z", "reads Z, which is computed below it"),
        ("H", "Q", "reads Q, which is neither given nor computed: there are W, b, X, Y"),
        ("H", "X{k}", "has {k}, but only {t}, {t+1} and {t-1} stand for numbers"),
        ("H", "X{t", "has {t, but only {t}, {t+1} and {t-1} stand for numbers"),
        ("np", "X", "cannot be a name: np has a meaning of its own in scripts"),
        ("part3", "X", "cannot be a name: part3 has a meaning of its own in scripts"),
        ("data_x", "X", "cannot be a name: data_x has a meaning of its own in scripts"),
        ("round", "X", "cannot be a name: round is a key of [initial]"),
        ("sdW", "X", "cannot be a name: it is a running mean of the gradient of W"),
        ("if", "X", "cannot be a name: if has a meaning of its own in scripts"),
        ("_a", "X", "cannot be a name: it must be letters from A to Z and digits, like H2; got _a"),
        ("relu", "X", "cannot be a name: relu is a function"),
        ("dot", "X", "cannot be a name: dot is a function"),
        ("dZ", "X", "cannot be a name: it is the gradient of Z"),
        ("scW", "X", "cannot be a name: it is a running mean of the gradient of W"),
        ("J", "total(X)", "must be the last line: it is what is minimised"),
        ("H", "col_max(W·X)", f"has no gradient: {NO_RULE}"),
        ("H", "col_max(X)", None),
        ("H", "σ′(X)", None),
    ],
)
def test_what_is_wrong_with_one_line(line: str, formula: str, fault: str | None) -> None:
    lines = {line: formula, **FITS["forward"]}
    if fault is None:  # nothing: no gradient is handed on by it
        assert found(forward=lines).steps[0].symbol == line
    else:
        assert faults(forward=lines) == [("forward", line, fault)]


def test_what_stands_between_the_losses_and_j_is_computed_above_them() -> None:
    above, J = {"R": "total(W²)", "S": "2·R"}, {"J": "mean(L) + S"}
    between = found(forward={**FITS["forward"], **above, **J}, batches=(1, 2))
    *forward, loss = FITS["forward"].items()
    expected = found(forward=dict([*forward, *above.items(), loss, *J.items()]), batches=(1, 2))
    assert vars(between) == vars(expected)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (
            {"forward": {"Z": "col_max(W·X)", "L": "half_squared_error(W·X, Y) + Z"}},
            [("forward", "Z", f"has no gradient: {NO_RULE}")],
        ),
        (
            {"forward": {"Z": "σ′(W·X)", "L": "half_squared_error(Z, Y)"}},
            [("forward", "Z", "has no gradient: the function sigmoid′ has no derivative here")],
        ),
        (
            {"forward": {"Z": "W·X"}},
            [
                (
                    "forward",
                    "L",
                    "is missing: it must be the formula of the loss of each example, such as "
                    '"half_squared_error(A2, Y)"',
                )
            ],
        ),
        (
            {"forward": {**FITS["forward"], "H": "Z"}},
            [("forward", "L", "must be the last line but for J; H is computed below it")],
        ),
        (
            {"forward": {**FITS["forward"], "J": "Z"}},
            [("forward", "J", "must be one number, but is 2×1: total(L)/m is the mean of L")],
        ),
        (
            {"forward": {**FITS["forward"], "M": "mean(L)", "J": "M + total(W²)"}},
            [("forward", "M", "reads L, as only J may: write it in the formula of J")],
        ),
        (
            {"forward": {"L": "W·X"}},
            [("forward", "L", "must be one number, but is 2×1: col_sums adds up each column")],
        ),
        (
            {"forward": {"L": "W·X"}, "batches": (2,)},
            [
                (
                    "forward",
                    "L",
                    "must be one number for each example, 1×2, but is 2×2: col_sums adds up each "
                    "column",
                )
            ],
        ),
        (
            {"forward": {"L": "total(W·X)"}, "batches": (1, 2)},
            [("forward", "L", "must be one number for each example, 1×2, but is 1×1")],
        ),
        (
            {"forward": {"Z": "V·X", "L": "half_squared_error(Z, Y)"}, "parameters": {"V": (2, 3)}},
            [
                (
                    "forward",
                    "Z",
                    "cannot be computed: V · X is 2×3 times 2×1: V has 3 columns, but X has 2 "
                    f"rows; {MATRICES_ONLY}. Vᵀ · X would fit: columns are examples here",
                )
            ],
        ),
        (
            {"forward": {"Z": "X·W + b", "L": "half_squared_error(Z, Y)"}},
            [
                (
                    "forward",
                    "Z",
                    "cannot be computed: X · W is 2×1 times 2×2: X has 1 column, but W has 2 rows; "
                    f"{MATRICES_ONLY}. W · X would fit: columns are examples here",
                )
            ],
        ),
        (
            {"forward": {"Z": "W·Xᵀ", "L": "half_squared_error(Z, Y)"}, "batches": (3,)},
            [
                (
                    "forward",
                    "Z",
                    "cannot be computed in a batch of 3: W · Xᵀ is 2×2 times 3×2: W has 2 columns, "
                    f"but Xᵀ has 3 rows; {MATRICES_ONLY}. W · X would fit: columns are examples "
                    "here",
                )
            ],
        ),
        (
            {"forward": {"Z": "b·X", "L": "Z·log(Z)"}, "parameters": {"b": (1, 2)},
             "batches": (3,)},
            [
                (
                    "forward",
                    "L",
                    "cannot be computed in a batch of 3: Z · log(Z) is 1×3 times 1×3: Z has 3 "
                    f"columns, but log(Z) has 1 row; {MATRICES_ONLY}. Z ∘ log(Z) would fit: ∘ "
                    "multiplies element by element",
                )
            ],
        ),
        (  # it fits batches of two alone
            {"forward": {"Z": "W·Xᵀ", "L": "half_squared_error(Z, Y)"}, "batches": (2,)},
            [
                (
                    "forward",
                    "Z",
                    "cannot be computed in a batch of 1: W · Xᵀ is 2×2 times 1×2: W has 2 columns, "
                    f"but Xᵀ has 1 row; {MATRICES_ONLY}. W · X would fit: columns are examples "
                    "here",
                )
            ],
        ),
        (
            {"forward": {"Z": "X·V", "L": "half_squared_error(Z, Y)"},
             "parameters": {"V": (4, 4)}, "batches": (3,)},
            [
                (
                    "forward",
                    "Z",
                    "cannot be computed in a batch of 3: X · V is 2×3 times 4×4: X has 3 columns, "
                    f"but V has 4 rows; {MATRICES_ONLY}",
                )
            ],
        ),
        (
            {"data": {"L": (2, 1), "X": (2, 1), "Y": (2, 1)}},
            [
                ("forward", "L", "has the name of L in [data]"),
                ("data", "L", "cannot have this name: L is the loss of each example"),
            ],
        ),
        (
            {"parameters": {"W": (2, 2), "b": (2, 1), "J": (2, 1)}},
            [("parameters", "J", "cannot have this name: J is what is minimised")],
        ),
        (
            {"parameters": {"W": (2, 2), "b": (2, 1), "X": (2, 1)}},
            [("data", "X", "has the name of X in [parameters]")],
        ),
        (
            {"forward": (("Z", "X"), ("Z", "W·X + b"), ("L", "half_squared_error(Z, Y)"))},
            [("forward", "Z", "computes Z a second time")],
        ),
        (
            {"forward": {"H1": "X", "H{t}": "X", **FITS["forward"]}, "repeat": (1, 1)},
            [("forward", "H{t}", "computes H1 a second time, also as H1")],
        ),
        (
            {"forward": {"H{t}": "Q{t}", **FITS["forward"]}, "repeat": (1, 2)},
            [
                (
                    "forward",
                    "H{t}",
                    f"reads Q{t} for t = {t}, which is neither given nor computed: there are "
                    f"W, b, X, Y{', H1' if t == 2 else ''}",
                )
                for t in (1, 2)
            ],
        ),
        (
            {"forward": {"H{t}": "X", **FITS["forward"]}},
            [
                (
                    "forward",
                    "H{t}",
                    "is repeated, but there is no [repeat] that says for which t: add t = "
                    "{ from = 2, to = 3 }",
                )
            ],
        ),
        (
            {"forward": {"H{t}": "X", **FITS["forward"]}, "repeat": (3, 2)},
            [("repeat", "t", "must not end before it begins; got 3 to 2")],
        ),
        (
            {"repeat": (1, 2)},
            [("repeat", "t", 'is used by no line: a repeated line has {t} in its name, "Z{t}"')],
        ),
        (
            {"forward": {"H{t}": "X", **FITS["forward"]}, "repeat": (1, 299)},
            [("repeat", "t", "makes 301 lines: at most 300 are computed")],
        ),
        (
            {"forward": {**{f"H{k}": "X" for k in range(299)}, **FITS["forward"]}},
            [("forward", "L", "makes 301 lines: at most 300 are computed")],
        ),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_told_with_its_place(
    parts: dict[str, Any], told: list[tuple[str, str, str]]
) -> None:
    assert faults(**parts) == told


@pytest.mark.parametrize(
    ("name", "formula", "fault"),
    [
        ("f", "zᵀ", "must work on one number z, but zᵀ needs a matrix"),
        ("f", "largest(z)", "must work on one number z, but largest(z) needs a matrix"),
        ("f", "2", "must be a formula in z, but it does not read z"),
        ("f", "z + q", "must be a formula in z alone, but it reads q"),
        ("f", "z +", "cannot be read: expected a number, a matrix or “(”, found the end"),
        ("f", SUM.replace("X", "z") + "+z", "has more than 150 parts"),
        ("f", "σ′(z)", "has no derivative: the function sigmoid′ has no derivative here"),
        ("relu", "z", "is a function that there is already: give it another name"),
        ("dot", "z", "is a function that there is already: give it another name"),
        ("W", "z", "cannot be the name of a function"),
        ("g_derivative", "z", "cannot be the name of a function"),
        ("1f", "z", "cannot be the name of a function"),
    ],
)
def test_what_is_wrong_with_a_function(name: str, formula: str, fault: str) -> None:
    assert faults(functions={name: formula}) == [("functions", name, fault)]


def test_a_function_is_as_large_as_all_that_it_calls() -> None:
    doubled = {f"f{k + 1}": f"f{k}(z)∘f{k}(z)" for k in range(17)}
    first, *_ = faults(functions={"f0": "z+z", **doubled})
    said = "has more than 1,000 parts, with those of the functions that it calls"
    assert first == ("functions", "f8", said)


def test_what_is_just_large_enough_is_computed() -> None:
    lines = {"H{t}": SUM, **FITS["forward"]}
    functions = {"f": SUM.replace("X", "z"), "g": "f(z)²"}
    architecture = found(forward=lines, functions=functions, repeat=(1, 298))
    assert len(architecture.steps) == 300
    assert list(architecture.functions) == ["f", "g"]


@pytest.mark.parametrize(
    ("forward", "warnings"),
    [
        ({"Z": "W·X"}, ("b is used by no line: it is never updated",)),
        ({"Z": "W·X", "H": "b + X"}, ("b has no effect on L: it is never updated",)),
        ({"Z": "W·X + b"}, ()),
        ({"Z": "where(b > 0, W·X, X)"}, ("b is read in conditions alone: it has no gradient",)),
    ],
)
def test_a_parameter_without_a_gradient_is_told_to_its_author(
    forward: dict[str, str], warnings: tuple[str, ...]
) -> None:
    assert found(forward={**forward, "L": FITS["forward"]["L"]}).warnings == warnings


# Laws --------------------------------------------------------------------------------------------


def check_laws(experiment: Experiment) -> None:
    """What holds of any program."""
    timeline, program = Timeline(experiment), experiment.program
    first = timeline.iteration(1)
    for symbol in program.gradients:
        found = check_gradient(program, first, symbol)
        assert found.verdict is not CheckVerdict.DIFFERS, (symbol, found)
        assert first.results[program.index(symbol)].shape == first_shape(timeline, symbol)
    compiled = Timeline(experiment)
    last = advance(compiled.history, LAST)
    assert last == advance(timeline.history, LAST, 1)
    losses = np.concatenate([s.losses for s in Timeline(experiment).history.run(1, last)])
    each = np.array([timeline.iteration(k).loss for k in range(1, last + 1)])
    assert same_bits(losses, each)


def test_the_gradient_of_a_mean_is_spread_before_a_softmax_adds_over_it() -> None:
    text = """
        [parameters]
        W = [2, 2]
        [data]
        X = { matrix = [[1.0, -0.5], [0.2, 0.8]] }
        Y = { matrix = [[0.3, 0.9]] }
        [initial]
        W = [[0.4, -0.7], [0.1, 0.6]]
        [forward]
        H = "col_means(softmax_rows(W·X))"
        L = "total(half_squared_error(H, Y))"
    """
    check_laws(read_experiment(text, "mean", "mean.toml"))


def test_a_formula_that_says_again_what_another_one_computes_reads_that_no_more_for_it() -> None:
    e = written(
        {"W": (2, 1), "V": (2, 2)},
        {"X": [[0.5]], "Y": [[0.1], [0.9]]},
        {"H": "sigmoid(W·X)", "O": "sigmoid(W·X) − V·H", "L": "total((sigmoid(W·X) − O − Y)²)"},
    )
    check_laws(e)
    at = e.program.index("O")
    assert names(e.program.lowered[at]) == ("W", "X", "V", "H")


ODD: dict[str, dict[str, str]] = {
    "a row's gradient beside a column": {"H": "col_sums(b ∘ tanh(W·X))", "L": "(H − 1)²"},
    "and in a power": {"H": "col_sums((0.5 + (W·X)²)^tanh(b))", "L": "(H − 1)²"},
    "and in a quotient": {"H": "col_sums((W·X + b) / b)", "L": "(H − 1)²"},
    "a condition alone reads H and b": {
        "H": "W·X + b",
        "O": "where(H ≤ 0.4, W·X, 2·X)",
        "L": "half_squared_error(O, Y)",
    },
    "a condition in the loss": {"L": "col_sums(where(abs(b) < 0.6, b ∘ (W·X), gate(W·X)))"},
    "a loss of functions": {"L": "col_sums(tanh(W·X) ∘ swish(b))"},
    "a loss that reads m": {"L": "col_sums((W·X/m + b − Y)²)"},
    "linear of a formula": {"H": "linear(W·X + b)", "L": "half_squared_error(H, Y)"},
    "what is flat": {
        "H": "W·X + b",
        "O": "step(H) + ones(b·col_sums(X)) + X",
        "L": "half_squared_error(O, Y)",
    },
    "what is flat in a softmax": {
        "A": "W·X",
        "S": "softmax(W·X + ones(A) ∘ b)",
        "L": "half_squared_error(S, Y)",
    },
    "examples as rows": {"T": "(bᵀ·W·X)ᵀ", "S": "tanh(T)", "L": "(Sᵀ − 1)²"},
}
"""Formulas with what is rare: each was refused, or computed or exported otherwise than written."""


def odd(name: str, batch: int = 2) -> Experiment:
    lines = "\n".join(f'{key} = "{formula}"' for key, formula in ODD[name].items())
    text = f"""
        [parameters]
        W = [2, 2]
        b = [2, 1]
        [training]
        batch = {batch}
        [functions]
        swish = "z·σ(z)"
        gate = "where(abs(z) > 0.1, 2·z, z³)"
        [data]
        X = [[1.0, 0.2], [-0.5, 0.8], [0.3, -0.6]]
        Y = [[0.3, 0.9], [0.1, -0.2], [0.5, 0.4]]
        [initial]
        W = [[0.4, -0.7], [0.1, 0.6]]
        b = [[0.5], [-0.9]]
        [forward]
    """
    return read_experiment(text + lines, "odd", "odd.toml")


@pytest.mark.parametrize("name", ODD)
def test_the_laws_hold_for_rare_formulas(name: str) -> None:
    e = odd(name)
    check_laws(e)
    for symbol in e.program.gradients:
        for elements in (False, True):
            last = derivation(e.program, symbol, elements=elements).lines[-1].expression
            assert last == e.program.steps[e.program.index(symbol)].expression or elements
    assert printed(e).count("iteration ") == LAST


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("name", ODD)
def test_autograd_finds_the_gradients_of_rare_formulas(name: str) -> None:
    e = odd(name)
    said = printed(e, torch_script).splitlines()
    agreeing = [line.split()[0] for line in said if " agrees, " in line]
    assert agreeing == [e.program.objective, *e.program.gradients] * LAST


@pytest.mark.parametrize("batch", [1, 2])
def test_a_penalty_of_no_weights_is_none(batch: int) -> None:
    forward = {"H": "X + b", "L": "half_squared_error(H, Y)"}
    data = {"X": np.ones((2, batch)), "Y": np.zeros((2, batch))}
    e = written({"b": (2, 1)}, data, forward)
    with_l2 = replace(e, training=replace(e.training, l2=0.3))
    assert with_l2.program.steps == e.program.steps


def test_a_condition_has_no_rule() -> None:
    program = odd("a condition in the loss").program
    rules = [line.rule for line in derivation(program, "gate_derivative").lines]
    assert rules[0] == "where, product, power"
    assert "abs" not in derivation(program, "db").lines[0].rule


def test_what_a_condition_alone_reads_has_no_gradient() -> None:
    assert odd("a condition alone reads H and b").program.gradients == ("dO", "dW")


def test_a_product_of_more_sums_than_there_are_letters_is_derived() -> None:
    e = written(
        {"W": (2, 1)},
        {"X": [[0.5]], "Y": [[0.1], [0.9]]},
        {"Z": "W·X", "L": "·".join(["total(Z)"] * 13) + " + total(Y)"},
    )
    assert derivation(e.program, "dZ", elements=True).lines


def first_shape(timeline: Timeline, symbol: str) -> tuple[int, ...]:
    """The shape of what a gradient is of, in the first iteration."""
    of = timeline.program.roles[symbol].of or ""
    known = timeline.iteration(1)
    at = timeline.program.positions.get(of)
    return known.given[of].shape if of in known.given or at is None else known.results[at].shape


def printed(experiment: Experiment, written_as: ModuleType = numpy_script) -> str:
    """What the exported script prints when it runs."""
    script = "".join(written_as.texts(Timeline(experiment), Wanted(iterations=LAST)))
    said = io.StringIO()
    with redirect_stdout(said), np.errstate(all="ignore"):
        exec(script, {"__name__": "script"})
    return said.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_the_laws_hold_for_the_examples(name: str) -> None:
    check_laws(program_file(name))


@given(written_experiments())
@SLOW
def test_the_laws_hold_for_any_program(experiment: Experiment) -> None:
    check_laws(experiment)


@given(written_experiments())
@SLOW
def test_an_exported_script_prints_the_same_losses(experiment: Experiment) -> None:
    timeline, objective = Timeline(experiment), experiment.program.objective
    lines = [line for line in printed(experiment).splitlines() if line.startswith("iteration")]
    last = advance(timeline.history, LAST)
    assert lines == [
        f"iteration {k}: {objective} = {timeline.iteration(k).loss!r}" for k in range(1, last + 1)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_opened_it_goes_on_the_same(name: str) -> None:
    experiment = program_file(name)
    timeline = Timeline(experiment)
    text = text_of(experiment, Position(3, 2), keyframe_of(timeline, 3), "")
    opened = read_experiment(text, name, "saved.toml")
    assert opened.saved is not None
    again = Timeline(opened)
    assert opened.saved.keyframe is not None
    again.history.resume(3, opened.saved.keyframe.kept)
    for number in (3, 4, 5):
        results = zip(
            timeline.iteration(number).results, again.iteration(number).results, strict=True
        )
        assert all(same_bits(a, b) for a, b in results)


@pytest.mark.parametrize("name", NAMES)
def test_a_code_opens_it_again(name: str) -> None:
    experiment = program_file(name)
    opened = experiment_of(code_of(experiment, Position(2, 1)))
    assert opened.network == experiment.network
    here, there = Timeline(experiment).iteration(2), Timeline(opened).iteration(2)
    assert all(map(same_bits, here.results, there.results))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("elements", [False, True])
def test_the_last_line_of_each_derivation_is_the_step(name: str, elements: bool) -> None:
    program = program_file(name).program
    for symbol in program.gradients:
        lines = derivation(program, symbol, elements=elements).lines
        step = program.steps[program.index(symbol)]
        iteration = Timeline(program_file(name)).iteration(1)
        known = {**iteration.given, **iteration.scalars, **program.by_symbol(iteration.results)}
        last = value(lines[-1].expression, known)
        assert np.allclose(last, value(step.expression, known), rtol=1e-9), (symbol, lines)
