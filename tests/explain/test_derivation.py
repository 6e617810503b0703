"""Law 7: every line of a derivation has the value of the line above, and the last is the step.

A derivative that no rule has been applied to yet (∂A2/∂Z2) has its value from central differences
of the forward steps. So the first line is independent evidence for the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backprop_tui.explain.derivation import (
    Derivation,
    NoDerivation,
    derivation,
    is_seen_by_elements,
    stated,
)
from backprop_tui.files.experiment_file import load
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.entries import at_place
from backprop_tui.maths.expressions import (
    Delta,
    Expr,
    Indexed,
    Mul,
    Name,
    Neg,
    Num,
    Partial,
    Sum,
    SumOver,
    names,
    rebuild,
    walk,
)
from backprop_tui.maths.functions import DEFINITIONS, is_derivative
from backprop_tui.maths.mathml import MATHML
from backprop_tui.maths.values import value
from backprop_tui.maths.words import WORDS
from backprop_tui.maths.writing import LATEX, text
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Timeline
from tests.networks import experiments, in_rows, scalars
from tests.programs import written

H = 2e-5


class Evaluation:
    """The values of lines in the first iteration of a run."""

    def __init__(self, timeline: Timeline) -> None:
        iteration = timeline.iteration(1)
        self.program = timeline.program
        self.loss = self.program.loss
        self.forward = [
            s for s in self.program.steps if s.phase == "forward" or s.symbol == self.loss
        ]
        self.env: dict[str, Any] = {
            **scalars(timeline, iteration),
            **self.program.by_symbol(iteration.results),
            **iteration.given,
        }
        self.change = cache(self._change)

    def _change(self, of: str, by: str, cell: tuple[int, int]) -> Any:
        """How `of` changes with one number of `by`, by central differences of fourth order.

        L changes in every way that it can; any other step only as its own formula reads `by`.
        """
        found = []
        for moves in (1, -1, 2, -2):
            moved = {**self.env, by: self.env[by].copy()}
            moved[by][cell] += moves * H
            for step in self.forward:
                if step.symbol == of or (of == self.loss and step.symbol != by):
                    moved[step.symbol] = value(step.expression, moved)
            found.append(moved[of])
        return (8 * (found[0] - found[1]) - (found[2] - found[3])) / (12 * H)

    def whole(self, of: str, by: str) -> Any:
        """∂of/∂by in the shape of `by`: of L for all examples, of others element by element."""
        found = np.empty_like(self.env[by])
        for cell in np.ndindex(*found.shape):
            change = self.change(of, by, cell)
            found[cell] = change.sum() if of == self.loss else change[cell]
        return found

    def value(self, e: Expr, place: Mapping[str, int]) -> Any:
        """What a line comes to, its letters standing for the rows and columns in `place`."""
        wholes: dict[str, Any] = {}

        def known(x: Expr, at: Mapping[str, int]) -> Expr:
            def cell(row: str, column: str) -> tuple[int, int]:
                i, j = (at[k] if k in at else int(k or 1) - 1 for k in (row, column))
                return i, j

            match x:
                case Indexed(symbol, row, column):
                    return _number(self.env[symbol][cell(row, column)])
                case Delta(left, right):
                    return Num(float(at[left] == at[right]))
                case SumOver(index, count, body):
                    return Sum(tuple(known(body, {**at, index: k}) for k in range(count)))
                case Partial(Indexed(of, row, column), Indexed() as by):
                    change = self.change(of, by.symbol, cell(by.row, by.column))
                    whole = of == self.loss and not row + column
                    return _number(change.sum() if whole else change[cell(row, column)])
                case Partial(Name(of), Name(by)):
                    wholes[f"∂{of}/∂{by}"] = self.whole(of, by)
                    return Name(f"∂{of}/∂{by}")
                case _:
                    return rebuild(x, lambda part: known(part, at))

        scalar = known(e, place)
        return value(scalar, {**self.env, **wholes})


def _number(v: float) -> Expr:
    return Neg(Num(-float(v))) if v < 0 else Num(float(v))


def assert_law(timeline: Timeline, symbol: str, elements: bool) -> None:
    evaluation, step = Evaluation(timeline), timeline.program.index(symbol)
    found = derivation(timeline.program, symbol, len(timeline.iteration(1).examples), elements)
    right = timeline.iteration(1).results[step]
    assert found.lines[-1].expression == timeline.program.steps[step].expression
    rng = np.random.default_rng(right.size)
    for line in found.lines:
        sums = [part for part in walk(line.expression) if isinstance(part, SumOver)]
        assert not any(s in walk(x.body) for x in sums for s in sums if s.index == x.index)
        for part in walk(line.expression):  # nor behind a sum of its letter: Σₚ a · Σₛ σ(Σₚ b)
            match part:
                case Mul(SumOver(index) | Mul(_, SumOver(index)), y):
                    assert not any(s.index == index for s in sums if s in walk(y))
        assert all(names(x.body) for x in sums)  # no sum of zeros
        for cell in {(0, 0), tuple(rng.integers(right.shape))}:
            got = evaluation.value(line.expression, dict(zip("ij", cell, strict=True)))
            got = got[cell] if np.shape(got) == right.shape else np.squeeze(got)
            if np.isfinite(got) and np.isfinite(right[cell]):
                about = pytest.approx(right[cell], rel=1e-5, abs=1e-7)
                assert got == about, f"{symbol}{cell} {text(line.expression)}: {line.rule}"


@given(experiments(scales=(1.0,)), st.booleans(), st.data())
def test_every_line_has_the_value_of_the_line_above(
    experiment: Experiment, elements: bool, data: st.DataObject
) -> None:
    timeline = Timeline(experiment)
    results = timeline.program.by_symbol(timeline.iteration(1).results)
    for layer in timeline.program.layers:  # no central difference crosses a kink
        assume(np.all(np.abs(results[layer.affine]) > 1e-3))
    outputs = results[timeline.program.output]
    assume(np.all(np.abs(outputs) > 0.01) and np.all(np.abs(1 - outputs) > 0.01))  # log, 1/A
    assert_law(timeline, data.draw(st.sampled_from(timeline.program.gradients)), elements)


@pytest.mark.parametrize("elements", [False, True])
@pytest.mark.parametrize("lesson", ["article", "softmax", "batch", "mazur", "dead-relu"])
def test_the_lessons_keep_the_law(lesson: str, elements: bool) -> None:
    timeline = Timeline(load(lesson))
    for symbol in timeline.program.gradients:
        assert_law(timeline, symbol, elements)


@pytest.mark.parametrize("elements", [False, True])
@pytest.mark.parametrize(
    "forward",
    [
        {"L": "half_squared_error(W·X, Y)"},  # the loss reads a weight
        {"Z": "W·X", "L": "col_sums((b ∘ Z − Y)²)"},  # ... or a number for all examples
        {"Z": "W·X", "L": "total(exp(Z) / total(exp(Z)) ∘ Y)"},  # a sum in a sum
        {"Z": "W·X", "L": "col_sums((Z − col_means(Z))²)"},
        {"Z": "W·X", "L": "col_sums((Z − row_means(Z))²)"},  # examples that change each other's L
        {"Z": "W·X", "L": "−col_sums(Y ∘ log(softmax(Z)))"},
        {"Z": "W·X", "Q": "Z ∘ softmax(Z)", "L": "half_squared_error(Q, Y)"},
        {"Z": "W·X", "Q": "Z − softmax(Z)", "L": "half_squared_error(Q, Y)"},
        {"Z": "W·X", "L": "col_sums((Z ∘ total(b))²)"},  # a sum times itself
        {"Z": "W·X", "Q": "softmax_rows(2·Z)", "L": "half_squared_error(Q, Y)"},
        {"Z": "W·X", "Q": "Z ∘ row_max(X) / largest(X)", "L": "half_squared_error(Q, Y)"},
        {
            "Q": "σ(W·X + b)",  # the mean and the penalty are in what collapses
            "L": "binary_cross_entropy(Q, Y)",
            "J": "mean(L) + 0.1·total(b²)",
        },
        {"M": "row_means(W·X)", "Q": "(W·X − M)²", "L": "col_sums(Q ∘ Y)"},  # M is in each L
        {"Q": "tanh(W·X + b ∘ total(X))", "L": "half_squared_error(Q, Y)"},  # a sum twice
        {"A": "sqrt(1 + (b − b)²)", "Q": "W·X + A", "L": "half_squared_error(Q, Y)"},  # Σₖ 0
    ],
    ids=lambda forward: "; ".join(forward.values()) if isinstance(forward, dict) else "",
)
def test_any_formulas_keep_the_law(forward: Mapping[str, str], elements: bool) -> None:
    data = {"X": [[0.3, -0.7], [0.9, 0.4]], "Y": [[1.0, 0.3], [0.0, 0.7]]}
    timeline = Timeline(written({"W": (2, 2), "b": (2, 1)}, data, forward, {"b": [[0.5], [-1]]}))
    for symbol in timeline.program.gradients:
        assert_law(timeline, symbol, elements)


@pytest.mark.parametrize(("lesson", "i"), [("softmax", "i"), ("softmax in rows", "j")])
def test_every_line_of_the_derivative_of_a_softmax_has_its_value(lesson: str, i: str) -> None:
    experiment = load("softmax")
    if lesson != "softmax":
        experiment = in_rows(experiment)
    timeline = Timeline(experiment)
    known = timeline.program.by_symbol(timeline.iteration(1).results)
    env = known | {"S": np.exp(known["Z2"]).sum(keepdims=True)}
    found, a = derivation(timeline.program, "A2"), known["A2"].ravel()
    assert value(at_place(found.given[1][1], {}), env) == pytest.approx(env["S"].item())
    for k, other in np.ndindex(a.size, a.size):
        place = {"k": k + 1, i: other + 1}
        right = pytest.approx(a[k] * ((k == other) - a[other]), rel=1e-9)
        case = found.cases[k != other][1]
        for e in (*(line.expression for line in found.lines[1:]), case):
            assert value(at_place(e, place), env) == right, text(e)


# The lines that are shown --------------------------------------------------------------------


def dense(
    layers: tuple[int, ...],
    activations: tuple[str, ...],
    loss: str,
    training: Training,
    orientation: str = "columns",
) -> Program:
    """A dense network's program."""
    return program_of(Network(layers, activations, loss, orientation=orientation), training)


def formulas(parameters: Mapping[str, tuple[int, int]], forward: Mapping[str, str]) -> Program:
    """The program of forward formulas, with two inputs, two targets and two examples."""
    return written(parameters, {"X": np.eye(2), "Y": np.eye(2)}, forward).program


def lines(
    lesson: str, symbol: str, elements: bool = False, **changes: Any
) -> list[tuple[str, str]]:
    found = derivation(load(lesson, changes).program, symbol, elements=elements)
    return [(line.written(), line.rule) for line in found.lines]


PENALIZED = Training(batch=2, l2=0.1)
PROGRAMS = {
    "a penalty": dense((2, 3, 1), ("tanh", "linear"), "half_squared_error", PENALIZED),
    "a sum": dense((2, 2), ("tanh",), "mean_squared_error", replace(PENALIZED, reduction="sum")),
    "rows": dense((2, 3, 2), ("tanh", "softmax"), "cross_entropy", Training(batch=2), "rows"),
    "one row": dense((2, 2), ("softmax",), "cross_entropy", Training(), "rows"),
    "any softmax": dense((2, 2), ("softmax",), "mean_squared_error", Training()),
    "J alone reads U": formulas(
        {"W": (2, 2), "U": (2, 1)},
        {"A": "W·X", "L": "half_squared_error(A, Y)", "J": "total(L)/m + 0.1·total(U²)"},
    ),
    "L reads W twice": formulas(
        {"W": (2, 2)}, {"A": "W·X", "L": "half_squared_error(A, Y) + total(W²)"}
    ),
    "a skip": formulas(
        {"W": (2, 2), "V": (2, 2)},
        {"A": "tanh(W·X)", "B": "V·A + A", "C": "σ(B) ∘ A", "L": "half_squared_error(C, Y)"},
    ),
    "a softmax and more": formulas(
        {"W": (2, 2)},
        {"Z": "W·X", "A": "softmax(Z)", "B": "A ∘ Z", "L": "half_squared_error(B, Y)"},
    ),
    "more and a softmax": formulas(
        {"W": (2, 2)},
        {"Z": "W·X", "B": "2·Z", "A": "softmax(Z)", "C": "A ∘ B", "L": "half_squared_error(C, Y)"},
    ),
    "a total": formulas(
        {"W": (2, 2), "b": (2, 1)},
        {"Z": "W·X - b", "A": "exp(Z) / total(exp(Z))", "L": "half_squared_error(A, Y)"},
    ),
}
BOARDS = Path(__file__).with_name("derivations.txt").read_text("utf-8").split("\n\n")
"""Derivations of those programs as they stand on a board: the program, the symbol and whether by
elements; what is given; each line with its rule and what it opens; the cases of the last one."""


@pytest.mark.parametrize("board", BOARDS, ids=[board.partition("\n")[0] for board in BOARDS])
def test_a_board(board: str) -> None:
    title, *rows = board.strip().splitlines()
    name, symbol, *elements = title.split(": ")
    assert on_board(derivation(PROGRAMS[name], symbol, elements=bool(elements))) == rows


def on_board(found: Derivation) -> list[str]:
    """A derivation as BOARDS has it."""
    rows = [found.heading(), *(f"  {text(a)} = {text(b)}" for a, b in found.given)]
    for line in found.lines:
        left = "" if line.left is None else f"{text(line.left)} "
        opens = "" if line.opens is None else f" ({line.opens})"
        rows.append(f"{left}= {line.written()}   {line.rule}{opens}")
    return [*rows, *(f"  {case}: {text(e)}" for case, e in found.cases)]


def test_the_last_dz_of_the_article() -> None:
    assert lines("article", "dZ2") == [
        ("∂L/∂A2 ∘ ∂A2/∂Z2", "chain rule: L uses Z2 through A2"),
        ("dA2 ∘ σ′(Z2)", "dA2 is step 6"),
        ("((1 − Y) / (1 − A2) − Y / A2) ∘ σ′(Z2)", "dA2 put in"),
        ("((1 − Y) / (1 − A2) − Y / A2) ∘ A2 ∘ (1 − A2)", "σ′ = σ ∘ (1 − σ)"),
        ("(1 − Y) ∘ A2 − Y ∘ (1 − A2)", "cancel"),
        ("A2 − Y", "multiply out"),
    ]


def test_a_weight_by_elements() -> None:
    found = derivation(load("article").program, "dW1", elements=True)
    assert [(text(a), text(b)) for a, b in found.given] == [("Z1[k]", "Σₚ W1[k,p]·X[p] + b1[k]")]
    assert lines("article", "dW1", elements=True) == [
        ("Σₖ ∂L/∂Z1[k]·∂Z1[k]/∂W1[i,j]", "chain rule over every Z1[k]"),
        ("Σₖ dZ1[k]·∂Z1[k]/∂W1[i,j]", "dZ1 is step 11"),
        ("Σₖ dZ1[k]·X[j]·[k=i]", "∂Z1[k]/∂W1[i,j] = X[j] · [k=i]"),
        ("dZ1[i] · X[j]", "only k = i"),
        ("dZ1 · Xᵀ", "all i and j at once"),
    ]


def test_a_line_tells_which_index_alone_is_left() -> None:
    found = [rule for _, rule in lines("attention", "dP", elements=True)]
    assert found[-2:] == ["only s = j", "all i and j at once"]
    assert "only p = j and t = i" in [rule for _, rule in lines("attention", "dH", elements=True)]


def test_where_no_index_is_left_out_there_is_no_line_for_it() -> None:
    program = written({"w": (1, 1)}, {"x": [[1.0]]}, {"z": "w·x", "a": "z²", "L": "a ∘ a"}).program
    found = derivation(program, "dz", elements=True)
    assert [line.written() for line in found.lines][2:] == ["da · 2 · z", "2 · da ∘ z"]


def test_softmax_and_cross_entropy_by_elements() -> None:
    assert lines("softmax", "dZ2", elements=True) == [
        ("Σₖ ∂L/∂A2[k]·∂A2[k]/∂Z2[i]", "chain rule over every A2[k]"),
        ("Σₖ dA2[k]·∂A2[k]/∂Z2[i]", "dA2 is step 6"),
        ("−Σₖ Y[k] / A2[k]·∂A2[k]/∂Z2[i]", "dA2 put in"),
        ("−Σₖ Y[k] / A2[k]·A2[k]·([k=i] − A2[i])", "softmax"),
        ("−Σₖ Y[k]·([k=i] − A2[i])", "cancel"),
        ("A2[i]·Σₖ Y[k] − Y[i]", "only k = i"),
        ("A2[i] − Y[i]", "a column of Y adds up to 1"),
        ("A2 − Y", "all i at once"),
    ]


@pytest.mark.parametrize(
    ("lesson", "seen"),
    [("article", "dW2 db2 dA1 dW1 db1"), ("softmax", "dA2 dZ2 dW2 db2 dA1 dW1 db1")],
)
def test_a_function_element_by_element_alone_is_not_seen_by_elements(
    lesson: str, seen: str
) -> None:
    program = load(lesson).program
    assert [s for s in program.gradients if is_seen_by_elements(program, s)] == seen.split()


@pytest.mark.parametrize(
    ("symbol", "formula", "rule", "opens"),
    [
        ("Z1", "W1·X + b1", "forward step", None),
        ("W1", "W1 − α·dW1", "update step", "dW1"),
    ],
)
def test_what_is_no_gradient_is_stated(
    symbol: str, formula: str, rule: str, opens: str | None
) -> None:
    found = stated(load("article").program, symbol)
    (line,) = found.lines
    assert (found.heading(), line.left) == (symbol, Name(symbol))
    assert (line.written(), line.rule, line.opens) == (formula, rule, opens)


def test_what_is_given_of_a_softmax_by_elements_is_written_out() -> None:
    found = derivation(load("softmax").program, "dZ2", elements=True)
    assert [(text(a), text(b)) for a, b in found.given] == [("A2[k]", "exp(Z2[k]) / Σₚ exp(Z2[p])")]


def test_what_the_loss_reads_beside_other_steps_is_told_by_elements() -> None:
    program = written(
        {"W": (2, 2)},
        {"X": [[1.0], [2.0]], "Y": [[1.0], [0.0]]},
        {"H": "W·X", "A": "tanh(H)", "L": "total((A - Y)^2 + H^2)"},
    ).program
    found = derivation(program, "dH", elements=True)
    assert [line.written() for line in found.lines] == [
        "2·H[i] + ∂L/∂A[i]·tanh′(H[i])",
        "2·H[i] + dA[i]·tanh′(H[i])",
        "2·H + dA ∘ tanh′(H)",
    ]


def test_what_the_loss_alone_reads_by_elements() -> None:
    assert lines("softmax", "dA2", elements=True) == [
        ("−Σₚ Y[p]·[p=i] / A2[p]", "log′(z) = 1 / z"),
        ("−Y[i] / A2[i]", "only p = i"),
        ("−Y / A2", "all i at once"),
    ]


def test_a_bias_of_a_batch_by_elements() -> None:
    found = derivation(load("batch").program, "db1", elements=True)
    assert found.heading() == "db1 = ∂J/∂b1"
    assert [line.written() for line in found.lines] == [
        "Σₖ Σₛ ∂L[s]/∂Z1[k,s]·∂Z1[k,s]/∂b1[i] / m",
        "Σₖ Σₛ dZ1[k,s]·∂Z1[k,s]/∂b1[i] / m",
        "Σₖ Σₛ dZ1[k,s]·[k=i] / m",
        "Σₛ dZ1[i,s] / m",
        "row_sums(dZ1) / m",
    ]


def test_linear_shows_that_its_derivative_is_1() -> None:
    changes = {"activations": "sigmoid,linear", "loss": "half_squared_error"}
    found = derivation(load("article", changes).program, "dZ2")
    assert [(line.written(), line.rule) for line in found.lines] == [
        ("∂L/∂A2 ∘ ∂A2/∂Z2", "chain rule: L uses Z2 through A2"),
        ("dA2 ∘ ∂A2/∂Z2", "dA2 is step 6"),
        ("dA2 ∘ linear′(Z2)", "linear′ = 1"),
    ]


def test_the_lines_say_what_they_use() -> None:
    found = derivation(load("article").program, "dZ2")
    opens = [line.opens for line in found.lines]
    assert opens == [None, "dA2", "dA2", "sigmoid_derivative", None, None]


@pytest.mark.parametrize("slope", [name for name in DEFINITIONS if is_derivative(name)])
def test_the_derivative_of_a_function_is_derived_line_by_line(slope: str) -> None:
    found = derivation(load("article").program, slope)
    z = np.array([[-3.0, -0.5, 0.25, 2.0]])
    values = [np.broadcast_to(value(x.expression, {"z": z}), z.shape) for x in found.lines]
    for here in values:
        assert here == pytest.approx(values[-1], abs=1e-12)
    assert found.lines[-1].expression == DEFINITIONS[slope]


def test_a_run_with_a_mistake_has_the_right_derivation() -> None:
    experiment = load("article")
    mistaken = experiment.with_mistake(CATALOGUE["sign-flipped"]).program
    assert derivation(mistaken, "dZ2").lines == derivation(experiment.program, "dZ2").lines


def test_what_else_has_a_derivation_is_told_with_the_gradients() -> None:
    with pytest.raises(NoDerivation, match=r"dW1, db1, A2, tanh_derivative$"):
        derivation(load("softmax").program, "softmax_derivative")


@pytest.mark.parametrize("symbol", ["X", "Z1", "L", "W1", "nonsense", "dW9"])
def test_a_symbol_without_a_derivation_is_told_which_have_one(symbol: str) -> None:
    with pytest.raises(
        NoDerivation, match="these have one: dA2, dZ2, dW2, db2, dA1, dZ1, dW1, db1"
    ):
        derivation(load("article").program, symbol)


def test_the_gradient_of_an_input_is_said_to_be_a_matter_of_the_file() -> None:
    with pytest.raises(NoDerivation, match=r"is computed where .* has input_gradient = true"):
        derivation(load("article").program, "dX")


@pytest.mark.parametrize("lesson", ["article", "softmax", "batch"])
def test_every_line_can_be_written_in_every_notation(lesson: str) -> None:
    program = load(lesson).program
    for symbol in program.gradients:
        for elements in (False, True):
            found: Derivation = derivation(program, symbol, elements=elements)
            for line in found.lines:
                assert "∂" not in line.written(LATEX)
                assert line.written(MATHML).startswith("<")
                spoken = line.written(WORDS)
                assert not set("∂Σₖₚₛ∘·−′ᵀ[]=") & set(spoken), spoken


@pytest.mark.parametrize(
    ("function", "line", "rule"),
    [
        ("sigmoid", "σ(z) ∘ (1 − σ(z))", "σ(z) = 1 / (1 + exp(−z))"),
        ("tanh", "1 − tanh(z)²", "tanh(z) = 2 / (1 + exp(−2 · z)) − 1"),
    ],
)
def test_a_known_slope_ends_in_its_usual_form(function: str, line: str, rule: str) -> None:
    last = derivation(load("article").program, f"{function}_derivative").lines[-1]
    assert (last.written(), last.rule) == (line, rule)
