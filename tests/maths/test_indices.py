"""The index form: one formula for every element, and it agrees with each element written out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product

import numpy as np
import pytest
from hypothesis import given

from backprop_tui.explain.provenance import Provenance
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.elements import element
from backprop_tui.maths.expressions import Name
from backprop_tui.maths.indices import index_form
from backprop_tui.maths.mathml import MATHML
from backprop_tui.maths.parser import parse
from backprop_tui.maths.shapes import Shape
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import LATEX, SUBSCRIPTS
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Timeline
from tests.maths.test_elements import agree, size
from tests.networks import ARTICLE, experiments


def forms(network: Network, training: Training, examples: int) -> dict[str, str]:
    """The index form of every step."""
    program = program_of(network, training)
    shapes = program.shapes(examples)
    return {s.symbol: index_form(s.target, s.expression, shapes) for s in program.steps}


def test_every_step_of_ai_by_hand() -> None:
    lesson = load("ai-by-hand")
    assert list(forms(lesson.dense, lesson.training, 2).values()) == [
        "Z1[i,j] = Σₖ W1[i,k]·X[k,j] + b1[i,1]",
        "A1[i,j] = relu(Z1[i,j])",
        "Z2[i,j] = Σₖ W2[i,k]·A1[k,j] + b2[i,1]",
        "A2[i,j] = relu(Z2[i,j])",
        "Z3[i,j] = Σₖ W3[i,k]·A2[k,j] + b3[i,1]",
        "A3[i,j] = exp(Z3[i,j] − maxₖ Z3[k,j]) / Σₚ exp(Z3[p,j] − maxₛ Z3[s,j])",
        "L[1,j] = −Σₖ Y[k,j]·log(A3[k,j])",
        "J[1,1] = Σₖ L[1,k]",
        "dA3[i,j] = −Y[i,j] / A3[i,j]",
        "dZ3[i,j] = A3[i,j] − Y[i,j]",
        "dW3[i,j] = Σₖ dZ3[i,k]·A2[j,k]",
        "db3[i,1] = Σₖ dZ3[i,k]",
        "dA2[i,j] = Σₖ W3[k,i]·dZ3[k,j]",
        "dZ2[i,j] = dA2[i,j] · relu′(Z2[i,j])",
        "dW2[i,j] = Σₖ dZ2[i,k]·A1[j,k]",
        "db2[i,1] = Σₖ dZ2[i,k]",
        "dA1[i,j] = Σₖ W2[k,i]·dZ2[k,j]",
        "dZ1[i,j] = dA1[i,j] · relu′(Z1[i,j])",
        "dW1[i,j] = Σₖ dZ1[i,k]·X[j,k]",
        "db1[i,1] = Σₖ dZ1[i,k]",
        "W1[i,j] = W1[i,j] − α·dW1[i,j]",
        "b1[i,1] = b1[i,1] − α·db1[i,1]",
        "W2[i,j] = W2[i,j] − α·dW2[i,j]",
        "b2[i,1] = b2[i,1] − α·db2[i,1]",
        "W3[i,j] = W3[i,j] − α·dW3[i,j]",
        "b3[i,1] = b3[i,1] − α·db3[i,1]",
    ]


@pytest.mark.parametrize(
    ("symbol", "form"),
    [
        ("Z2", "Z2[1,1] = Σₖ W2[1,k]·A1[k,1] + b2[1,1]"),
        ("L", "L[1,1] = −(Y[1,1]·log(A2[1,1]) + (1 − Y[1,1])·log(1 − A2[1,1]))"),
        ("dA2", "dA2[1,1] = (1 − Y[1,1]) / (1 − A2[1,1]) − Y[1,1] / A2[1,1]"),
        ("dW2", "dW2[1,j] = dZ2[1,1]·A1[j,1]"),
        ("db2", "db2[1,1] = dZ2[1,1]"),
        ("dA1", "dA1[i,1] = W2[1,i]·dZ2[1,1]"),
        ("dZ1", "dZ1[i,1] = dA1[i,1] · σ′(Z1[i,1])"),
    ],
)
def test_what_there_is_only_one_of_needs_no_index_and_no_sum(symbol: str, form: str) -> None:
    assert forms(ARTICLE.dense, ARTICLE.training, 1)[symbol] == form


@pytest.mark.parametrize(
    ("symbol", "form"),
    [
        ("L", "L[1,j] = −Σₖ (Y[k,j]·log(A2[k,j]) + (1 − Y[k,j])·log(1 − A2[k,j]))"),
        ("J", "J[1,1] = Σₖ L[1,k] / m"),
        ("dW1", "dW1[i,j] = Σₖ dZ1[i,k]·X[j,k] / m"),
        ("db1", "db1[i,1] = Σₖ dZ1[i,k] / m"),
    ],
)
def test_a_mean_over_the_batch_is_divided_by_m(symbol: str, form: str) -> None:
    network = Network((2, 3, 2), ("tanh", "sigmoid"), "binary_cross_entropy")
    assert forms(network, Training(batch=3), 3)[symbol] == form


def test_squared_errors_are_summed_over_the_outputs() -> None:
    network = Network((2, 2), ("softmax",), "mean_squared_error")
    found = forms(network, Training(batch=2), 2)
    assert found["L"] == "L[1,j] = Σₖ (A1[k,j] − Y[k,j])² / K"
    assert found["dA1"] == "dA1[i,j] = 2 · (A1[i,j] − Y[i,j]) / K"
    assert found["dZ1"] == "dZ1[i,j] = A1[i,j] · (dA1[i,j] − Σₖ dA1[k,j]·A1[k,j])"


def test_a_form_is_mathematics_in_every_notation() -> None:
    shapes: dict[str, Shape] = {"W1": (2, 3), "X": (3, 2), "b1": (2, 1), "Z1": (2, 2)}
    form = Name("Z1"), parse("W1 · X + b1"), shapes
    assert index_form(*form, LATEX) == (
        r"Z^{[1]}_{i,j} = \sum_{k} W^{[1]}_{i,k}\,X_{k,j} + b^{[1]}_{i,1}"
    )
    assert "<munder><mo>∑</mo><mi>k</mi></munder>" in index_form(*form, MATHML)
    largest = index_form(Name("X"), parse("X − col_max(X)"), shapes, LATEX)
    assert largest == r"X_{i,j} = X_{i,j} - \max_{k} X_{k,j}"


def test_where_letters_run_out_those_of_sums_that_are_over_are_used_again() -> None:
    symbols = [f"W{k}" for k in range(1, 15)]
    shapes: dict[str, Shape] = dict.fromkeys([*symbols, "X", "Z"], (2, 2))
    products = parse(" + ".join(f"{symbol}·X" for symbol in symbols))
    assert index_form(Name("Z"), products, shapes) == "Z[i,j] = " + " + ".join(
        f"Σ{SUBSCRIPTS[k]} {symbol}[i,{k}]·X[{k},j]"
        for symbol, k in zip(symbols, [*SUBSCRIPTS, "k", "k"], strict=True)
    )


def test_where_all_letters_are_in_use_the_outermost_are_used_again() -> None:
    symbols = [f"A{k}" for k in range(len(SUBSCRIPTS) + 3)]
    shapes: dict[str, Shape] = dict.fromkeys([*symbols, "Z"], (2, 2))
    form = index_form(Name("Z"), parse("·".join(symbols)), shapes)
    letters = [*SUBSCRIPTS, "k", "p"]
    assert form.startswith("Z[i,j] = " + " ".join(f"Σ{SUBSCRIPTS[k]}" for k in letters))
    read = zip(["i", *reversed(letters)], [*reversed(letters), "j"], strict=True)
    assert re.findall(r"A\d+\[\w,\w\]", form) == [
        f"{symbol}[{row},{column}]" for symbol, (row, column) in zip(symbols, read, strict=True)
    ]


def test_a_factor_that_is_a_sum_keeps_its_parentheses() -> None:
    shapes: dict[str, Shape] = {"A1": (2, 3), "Y": (2, 3), "X": (4, 3), "dW1": (2, 4)}
    form = index_form(Name("dW1"), parse("(A1 − Y) · Xᵀ"), shapes)
    assert form == "dW1[i,j] = Σₖ (A1[i,k] − Y[i,k])·X[j,k]"


# Every form, put to the test: indices replaced by numbers, sums written out -------------------


LETTERS = {sign: letter for letter, sign in SUBSCRIPTS.items()}
GATHERED = re.compile(rf"(Σ|max)([{''.join(LETTERS)}]) ")


def extent(body: str) -> int:
    """How far a Σ reaches: to the next term, or out of its parentheses."""
    depth = 0
    for at, sign in enumerate(body):
        depth += (sign == "(") - (sign == ")")
        if depth < 0 or (depth == 0 and body[at : at + 3] in (" + ", " − ", " / ")):
            return at
    return len(body)


def put_in(form: str, letter: str, number: int) -> str:
    """`form` with a number for an index."""
    return re.sub(rf"(?<=[\[,]){letter}(?=[\],])", str(number), form)


def length(form: str, letter: str, shapes: Mapping[str, Shape]) -> int:
    """How far an index runs: as far as the rows or columns that it stands for."""
    found = re.search(rf"(\w+)\[(?:({letter}),\w|\w,{letter})\]", form)
    assert found is not None
    return shapes[found[1]][0 if found[2] else 1]


def written_out(form: str, shapes: Mapping[str, Shape]) -> str:
    """`form` without its Σ and max: every term of them, in parentheses."""
    found = GATHERED.search(form)
    if found is None:
        return form
    letter, rest = LETTERS[found[2]], form[found.end() :]
    end = extent(rest)
    count = length(rest[:end], letter, shapes)
    terms = [written_out(put_in(rest[:end], letter, n), shapes) for n in range(1, count + 1)]
    whole = f"max({', '.join(terms)})" if found[1] == "max" else f"({' + '.join(terms)})"
    return form[: found.start()] + whole + written_out(rest[end:], shapes)


def test_a_form_written_out() -> None:
    shapes: dict[str, Shape] = {"W1": (2, 3), "X": (3, 2), "b1": (2, 1)}
    form = index_form(Name("Z1"), parse("W1 · X + b1"), {**shapes, "Z1": (2, 2)})
    assert written_out(put_in(put_in(form, "i", 2), "j", 1), shapes) == (
        "Z1[2,1] = (W1[2,1]·X[1,1] + W1[2,2]·X[2,1] + W1[2,3]·X[3,1]) + b1[2,1]"
    )


@given(experiments())
def test_every_form_written_out_is_the_element(experiment: Experiment) -> None:
    provenance = Provenance(Timeline(experiment))
    shapes, env = provenance.shapes(1), provenance.environment(1)
    for step in provenance.program.steps:
        form = index_form(step.target, step.expression, shapes)
        rows, columns = shapes[step.symbol]
        for i, j in product(range(1, rows + 1), range(1, columns + 1)):
            left, right = written_out(put_in(put_in(form, "i", i), "j", j), shapes).split(" = ")
            assert left == f"{step.symbol}[{i},{j}]"
            e = element(step.expression, i, j, shapes)
            with np.errstate(all="ignore"):
                scale = size(e, env)
            assert agree(float(value(e, env)), float(value(parse(right), env)), scale), right
