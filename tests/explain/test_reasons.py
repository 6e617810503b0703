"""Why each step is as it is: every sentence that can be said is true where it is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from backprop_tui.explain.reasons import reason
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Diff, Div, Expr, MatMul, Mul, Name, names, walk
from backprop_tui.maths.functions import ACTIVATIONS
from backprop_tui.maths.parser import parse
from backprop_tui.maths.rules import RULES
from backprop_tui.maths.values import value
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.architecture import Step
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import OPTIMIZERS, Network, Training, WrittenNetwork
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Timeline
from tests import programs
from tests.files.test_experiment_file import read
from tests.files.test_given_in_files import RECURRENT
from tests.formulas import program_file
from tests.networks import any_way

CLASSIFIER = Network((2, 3, 1), ("sigmoid", "sigmoid"), "binary_cross_entropy")
REGRESSION = Network((2, 3, 2), ("relu", "tanh"), "half_squared_error")
SHARES = Network((2, 3, 2), ("relu", "softmax"), "cross_entropy")
JACOBIAN = Network((2, 3, 2), ("relu", "softmax"), "mean_squared_error")
ONE_LAYER = Network((2, 1), ("sigmoid",), "half_squared_error")
LINEAR = Network((2, 2, 1), ("linear", "sigmoid"), "binary_cross_entropy")
LINE = Network((2, 2, 1), ("tanh", "linear"), "half_squared_error")
NO_BIAS = Network((2, 3, 1), ("sigmoid", "sigmoid"), "half_squared_error", bias=False)

IN_ROWS = replace(SHARES, orientation="rows")

ONE = Training()
MEAN = Training(batch=3)
SUM = Training(batch=3, reduction="sum")
ONE_SUM = Training(reduction="sum")


def sentence(symbol: str, network: Network = CLASSIFIER, training: Training = ONE) -> str:
    program = program_of(network, training)
    return reason(program.steps[program.index(symbol)], program)


SUM_OF_PRODUCTS = "Each neuron multiplies inputs by weights, adds the products and adds its bias."
NO_BIASES = "Each neuron multiplies inputs by weights and adds the products."
NON_LINEAR = "The activation is non-linear. Without it, two layers would equal one layer."
OF_LAYERS = [
    ("Z1", CLASSIFIER, SUM_OF_PRODUCTS),
    ("Z1", NO_BIAS, NO_BIASES),
    ("A1", CLASSIFIER, NON_LINEAR),
    ("A1", LINEAR, "A1 is Z1: this layer and the next one together do no more than one layer."),
    ("A2", CLASSIFIER, "The last activation turns each Z2 into a prediction."),
    ("A1", ONE_LAYER, "The last activation turns each Z1 into a prediction."),
    ("A2", LINE, "A2 is Z2: any number can be the prediction."),
    ("A2", SHARES, "Softmax turns each example's Z2 into shares that add up to 1."),
    ("L", CLASSIFIER, "Each example has one loss: the larger it is, the worse its prediction."),
    ("dA2", CLASSIFIER, "L depends directly on A2. The chain rule starts here: dA2 = ∂L/∂A2."),
    (
        "dZ2",
        CLASSIFIER,
        "dZ2 = dA2 ∘ σ′(Z2). The fractions cancel; prediction − target remains.",
    ),
    (
        "dZ2",
        SHARES,
        "Each Z2 changes every A2 of its example; the sum is prediction − target.",
    ),
    ("dZ2", REGRESSION, "Chain rule: ∂L/∂Z2 = ∂L/∂A2 · tanh′(Z2), element by element."),
    ("dZ1", CLASSIFIER, "Chain rule: ∂L/∂Z1 = ∂L/∂A1 · σ′(Z1), element by element."),
    (
        "dZ2",
        JACOBIAN,
        "Each Z2 changes every A2 of its example, so its effects are added up.",
    ),
    (
        "dA1",
        CLASSIFIER,
        "A1[j] affects each Z2 through column j of W2. Adding up gives W2ᵀ · dZ2.",
    ),
    ("A2", IN_ROWS, "Softmax turns each example's Z2 into shares that add up to 1."),
    ("dA1", IN_ROWS, "A1[j] affects each Z2 through row j of W2. Adding up gives dZ2 · W2ᵀ."),
    (
        "dW1",
        IN_ROWS,
        "W1[i,j] multiplies X[i]: dW1[i,j] = X[i] · dZ1[j]. (One example: no 1/m.)",
    ),
    (
        "W1",
        CLASSIFIER,
        "Subtract α · dW1. All gradients were computed before any parameter changed.",
    ),
]


@pytest.mark.parametrize(("symbol", "network", "expected"), OF_LAYERS)
def test_each_kind_of_step_has_its_sentence(symbol: str, network: Network, expected: str) -> None:
    assert sentence(symbol, network) == expected


@pytest.mark.parametrize(
    ("training", "weight", "bias"),
    [
        (ONE, ". (One example: no 1/m.)", "."),
        (ONE_SUM, ".", "."),
        (MEAN, ", averaged over examples.", ", averaged over examples."),
        (SUM, ", summed over examples.", ", summed over examples."),
    ],
)
def test_the_gradients_of_parameters_say_how_examples_come_together(
    training: Training, weight: str, bias: str
) -> None:
    assert sentence("dW2", training=training) == (
        f"W2[i,j] multiplies A1[j]: dW2[i,j] = dZ2[i] · A1[j]{weight}"
    )
    assert sentence("db2", training=training) == (
        f"b2 is added to Z2, so ∂Z2/∂b2 = 1 and db2 = dZ2{bias}"
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_with_weight_decay_an_update_of_a_weight_says_what_is_added(optimizer: str) -> None:
    program = program_of(CLASSIFIER, Training(optimizer=optimizer, weight_decay=0.1))
    said = [reason(s, program) for s in program.steps if s.phase == "update" and s.group == 1]
    weight, bias = said[: len(said) // 2], said[len(said) // 2 :]
    assert "dW1 + λ·W1" in " ".join(weight)
    assert "λ" not in " ".join(bias)


def test_with_weights_updated_too_early_no_sentence_says_that_all_gradients_came_first() -> None:
    early = program_of(CLASSIFIER, ONE, mistake=CATALOGUE["updated-weights"])
    updates = [reason(step, early) for step in early.steps if step.phase == "update"]
    assert updates[0] == "Subtract α · dW2."
    assert "All gradients" not in " ".join(updates)


def test_what_a_mistake_or_a_formula_of_ones_own_changes_is_told_of_the_usual_program() -> None:
    flipped = program_of(CLASSIFIER, ONE, mistake=CATALOGUE["sign-flipped"])
    assert reason(flipped.steps[flipped.index("dZ2")], flipped).startswith("Correct: dZ2 = dA2")
    assert reason(flipped.steps[flipped.index("dZ1")], flipped).startswith("Chain rule")
    own = program_of(CLASSIFIER, ONE, {"A1": parse("Z1")})
    assert reason(own.steps[own.index("A1")], own) == "A1 is computed from Z1."
    wrong = program_of(CLASSIFIER, ONE, {"dZ1": parse("dA1")})
    assert reason(wrong.steps[wrong.index("dZ1")], wrong).startswith("Usual formula: Chain rule")


# What is said is true ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """The numbers of one step of a run, and of the forward pass before it."""

    program: Program
    step: Step
    before: Mapping[str, Any]
    """All values of the iteration before its first update."""
    read: Mapping[str, Any]
    """What the step reads."""
    result: Any

    def of(self, *symbols: str) -> Any:
        values = [self.before[s] for s in symbols]
        return values[0] if len(values) == 1 else values

    def formula(self, symbol: str) -> Expr:
        return self.program.steps[self.program.index(symbol)].expression

    def after(self, reader: str, symbol: str, changed: Any) -> Any:
        """What a forward step would give if it read another value of one symbol."""
        with np.errstate(all="ignore"):
            return value(self.formula(reader), {**self.before, symbol: changed})

    def slope(self, reader: str, symbol: str, cell: tuple[int, int], h: float = 1e-6) -> Any:
        """How every number of a forward step changes with one number that it reads."""
        ends = []
        for sign in (1, -1):
            changed = self.before[symbol].copy()
            changed[cell] += sign * h
            ends.append(self.after(reader, symbol, changed))
        return (ends[0] - ends[1]) / (2 * h)

    def share(self, reader: str, symbol: str) -> Any:
        """What a reader sends to the gradient of a symbol, by central differences."""
        found, at_reader = np.zeros(self.before[symbol].shape), self.of(f"d{reader}")
        for cell in np.ndindex(*found.shape):
            found[cell] = np.sum(at_reader * self.slope(reader, symbol, cell))
        return found

    @property
    def m(self) -> float:
        return float(self.before["m"])


def same(a: Any, b: Any, scale: Any = 1.0) -> bool:
    """Whether numbers agree where both are finite, to central differences of that scale."""
    a, b, scale = np.broadcast_arrays(a, b, scale)
    known = np.isfinite(a) & np.isfinite(b) & np.isfinite(scale)
    tolerance = 1e-4 * np.maximum(1, np.maximum(np.abs(scale), np.abs(b)))[known]
    return bool(np.all(np.abs(a - b)[known] <= tolerance))


def together(run: Run, how: str, total: Any) -> Any:
    """A gradient from the sum over the examples, as `how` says that they come together."""
    training = run.program.training
    assert ("averaged" in how) == (training.batch > 1 and training.reduction == "mean")
    if "summed" in how:
        assert training.batch > 1
        assert training.reduction == "sum"
    return total / run.m if "averaged" in how else total


def is_layer(run: Run, z: str, a: str) -> bool:
    """Whether z is linear in a: doubling a change of it doubles what comes of it."""
    x = run.of(a)
    one, two, three = (run.after(z, a, k * np.ones_like(x)) for k in (0.0, 1.0, 2.0))
    return same(three - two, two - one, two)


def neuron(run: Run, bias: str | None) -> None:
    e, read = run.step.expression, set(names(run.step.expression))
    parameters = read & set(run.program.parameters)

    def without(symbols: set[str]) -> Any:
        return value(e, {**run.before, **{s: 0 * run.before[s] for s in symbols}})

    assert np.all(without(parameters) == 0)  # nothing but products with weights, and biases
    fixed, axis = without(read - parameters) + 0 * run.result, run.program.axis
    biases = [run.before[s] for s in parameters if run.before[s].shape[axis] == 1]
    assert same(fixed, 0.0) if not bias else any(same(fixed, b + 0 * fixed) for b in biases)


def curved(run: Run) -> None:
    (z,) = names(run.step.expression)
    grid = np.linspace(-3, 3, 7)[None, :]
    f = value(run.step.expression, {z: grid})
    assert not np.allclose(np.diff(f, 2), 0)
    assert run.step.symbol != run.program.output


def one_layer(run: Run, a: str, z: str) -> None:
    assert np.array_equal(run.result, run.of(z), equal_nan=True)
    (reader,) = (s for s in run.program.steps if s.phase == "forward" and a in names(s.expression))
    assert is_layer(run, reader.symbol, a)


def prediction(run: Run, z: str) -> None:
    assert run.step.symbol == run.program.output
    x = np.array([[-2.0, -1.0, 0.5, 1.0, 2.0]])
    assert not np.array_equal(value(run.step.expression, {z: x}), x)


def any_number(run: Run, a: str, z: str) -> None:
    assert a == run.program.output
    assert np.array_equal(run.result, run.of(z), equal_nan=True)


def shares(run: Run, over: str, z: str) -> None:
    axis = {"example's": 1 - run.program.axis, "column of": 0, "row of": 1}[over]
    assert same(run.result.sum(axis=axis), 1.0)


def one_loss(run: Run) -> None:
    assert run.result.shape == run.program.architecture.place(1, run.m)
    assert {run.program.output, *run.program.targets} <= set(names(run.step.expression))
    assert run.program.architecture.losses.keys() >= {*run.program.targets}


def objective(run: Run, mean: str, share: str) -> None:
    total = np.sum(run.of(run.program.loss))
    assert same(run.result, total / run.m if mean == "mean" else total)
    assert share == ("1/m" if mean == "mean" else "fully")


def penalty(run: Run, J: str, losses: str, factor: str) -> None:
    program, L = run.program, run.of(run.program.loss)
    squares = sum(np.sum(run.of(w) ** 2) for w in program.architecture.weights)
    data = {"L": L, "the mean of all L": np.sum(L) / run.m, "the sum of all L": np.sum(L)}[losses]
    whole = data + value(parse(factor), run.before) * squares
    assert program.objective == J
    assert same(run.result, whole)


def penalized(run: Run, J: str, added: str, how: str) -> None:
    weight = run.step.role.of or ""
    share = sum(
        run.share(s.symbol, weight)
        for s in run.program.steps
        if s.phase == "forward" and weight in names(s.expression)
    )
    slopes = np.zeros_like(run.of(weight))
    for cell in np.ndindex(*slopes.shape):
        slopes[cell] = np.sum(run.slope(J, weight, cell))
    assert same(value(parse(added), run.before), slopes, run.of(J))
    assert same(run.result, together(run, how, share) + slopes, run.of(J))


def directly(run: Run, a: str) -> None:
    readers = [
        s.symbol
        for s in run.program.steps
        if s.phase in ("forward", "loss") and a in names(s.expression)
    ]
    assert readers == [run.program.loss]


def cancels(run: Run, dz: str, chain: str, remains: str) -> None:
    product = value(parse(chain), run.read)
    assert same(run.result, product)
    assert not any(isinstance(part, Div) for part in walk(run.step.expression))
    assert any(isinstance(part, Div) for part in walk(run.formula(parse(chain).left.symbol)))  # type: ignore[attr-defined]
    remaining(run, remains)


def remaining(run: Run, remains: str) -> None:
    if remains == "prediction − target":
        found = run.of(run.program.output) - run.of(*run.program.targets)
    else:
        found = value(parse(remains), run.read)
    assert np.array_equal(run.result, found, equal_nan=True)


def element_by_element(run: Run, z: str, a: str, slope: str) -> None:
    Z = run.of(z)
    derived = (run.after(a, z, Z + 1e-6) - run.after(a, z, Z - 1e-6)) / 2e-6
    smooth = np.abs(Z) > 1e-5
    da = run.of(f"d{a}")
    assert same(run.result[smooth], (da * derived)[smooth], da[smooth])
    function = slope.partition("′")[0]
    assert function in {f.symbol for f in ACTIVATIONS.values()} or slope == f"∂{a}/∂{z}"


def changes_all(run: Run, z: str, a: str, column: str, remains: str | None) -> None:
    Z = run.of(z)
    moved = Z.copy()
    moved[run.program.architecture.place(0, slice(None))] += 0.5
    before, after = run.after(a, z, Z), run.after(a, z, moved)
    inside = (before > 1e-6) & (before < 1 - 1e-6)
    assert np.all((before != after)[inside])
    assert (column == "example") == (a in run.program.per_example)
    if remains:
        remaining(run, remains)


def through_column(run: Run, a: str, z: str, w: str, dz: str) -> None:
    A, W = run.of(a, w)
    for j in range(len(A)):
        moved = A.copy()
        moved[j] += 1.0
        change = run.after(z, a, moved) - run.after(z, a, A)
        assert same(change, W[:, [j]] * np.ones_like(change), run.of(z))
    assert same(run.result, W.T @ run.of(dz))


def through_row(run: Run, a: str, z: str, w: str, dz: str) -> None:
    A, W = run.of(a, w)
    for j in range(A.shape[1]):
        moved = A.copy()
        moved[:, j] += 1.0
        change = run.after(z, a, moved) - run.after(z, a, A)
        assert same(change, W[[j], :] * np.ones_like(change), run.of(z))
    assert same(run.result, run.of(dz) @ W.T)


def weight_of_rows(run: Run, w: str, x: str, dz: str, how: str, one: str | None) -> None:
    z, W = dz[1:], run.of(w)
    for i, j in np.ndindex(*W.shape):
        moved = W.copy()
        moved[i, j] += 1.0
        change = run.after(z, w, moved) - run.after(z, w, W)
        expected = np.zeros_like(change)
        expected[:, j] = run.of(x)[:, i]
        assert same(change, expected, run.of(z))
    assert same(run.result, together(run, how, run.of(x).T @ run.of(dz)))
    training = run.program.training
    assert bool(one) == (training.batch == 1 and training.reduction == "mean")


def weight(run: Run, w: str, x: str, dz: str, how: str, one: str | None) -> None:
    z, W = dz[1:], run.of(w)
    for i, j in np.ndindex(*W.shape):
        moved = W.copy()
        moved[i, j] += 1.0
        change = run.after(z, w, moved) - run.after(z, w, W)
        expected = np.zeros_like(change)
        expected[i] = run.of(x)[j]
        assert same(change, expected, run.of(z))
    assert same(run.result, together(run, how, run.of(dz) @ run.of(x).T))
    training = run.program.training
    assert bool(one) == (training.batch == 1 and training.reduction == "mean")


def added(run: Run, b: str, z: str, dz: str, how: str) -> None:
    moved = run.after(z, b, run.of(b) + 1.0) - run.after(z, b, run.of(b))
    assert same(moved, 1.0, run.of(z))
    dZ = run.of(dz)
    axis = run.program.axis
    alike = run.of(b).shape[axis] == dZ.shape[axis] and not how
    whole = dZ if alike else dZ.sum(axis=axis, keepdims=True)
    assert same(run.result, whole if alike else together(run, how, whole))


def copied(run: Run, copy: str, of: str, dz: str, how: str) -> None:
    assert run.formula(copy) == Name(of)
    added(run, of, copy, dz, how)


def several(run: Run, of: str, times: str | None, places: str, how: str) -> None:
    where = re.findall(r"\w+", places.replace(" and ", " "))
    total = sum(run.share(reader, of) for reader in where)
    assert same(run.result, total / run.m if "averaged" in how else total)
    assert len(where) > 1 or times


def by_rule(run: Run, of: str, reader: str, rule: str | None) -> None:
    total, at_reader, zero = run.share(reader, of), run.of(f"d{reader}"), 0 * run.of(of)
    training = run.program.training
    mean = of in run.program.parameters and training.batch > 1 and training.reduction == "mean"
    assert same(run.result, total / run.m if mean else total)
    if rule == RULES[Diff].sentence:
        assert same(run.result, -at_reader)
    elif rule is not None:  # of a factor, a side or a numerator: without it there is nothing left
        assert rule in {RULES[kind].sentence for kind in (Mul, Div, MatMul)}
        assert same(run.after(reader, of, zero), 0.0)


def elementwise(run: Run, symbol: str, formula: str) -> None:
    assert run.step.expression == parse(formula)
    (z,) = names(run.step.expression)
    one = value(run.step.expression, {z: run.of(z)[:1, :1]})
    assert same(run.result[:1, :1], one)


def computed(run: Run, symbol: str, reads: str) -> None:
    assert re.findall(r"\w+", reads.replace(" and ", " ")) == [*names(run.step.expression)]


def pulled(run: Run, pull: str) -> Any:
    return value(parse(pull.replace("λ", "weight_decay")), run.read)


def plain(run: Run, pull: str, decays: str | None, order: str | None) -> None:
    old = run.read[run.step.symbol]
    assert same(run.result, old - run.read["alpha"] * pulled(run, pull))
    steps = run.program.steps
    last = max(i for i, s in enumerate(steps) if s.role.kind == "gradient")
    first = min(i for i, s in enumerate(steps) if s.role.kind == "parameter")
    assert not order or last < first
    objective = next(s for s in steps if s.symbol == run.program.objective)
    assert "weight_decay" not in names(objective.expression)
    decaying = run.program.training.weight_decay > 0 and run.step.role.part == "weight"
    assert bool(decays) == ("λ" in pull) == decaying


def running(run: Run, letter: str, pull: str) -> None:
    beta = run.read["beta1" if letter == "v" else "beta2"]
    g = pulled(run, pull)
    before = run.read[run.step.symbol]
    assert same(run.result, beta * before + (1 - beta) * (g if letter == "v" else g**2))


def corrected(run: Run, letter: str, beta: str) -> None:
    mean = run.read[f"{letter}{run.step.role.of}"]
    assert same(run.result, mean / (1 - run.read[f"beta{beta}"] ** run.read["t"]))


def velocity(run: Run, pull: str) -> None:
    role, w = run.step.role, run.step.symbol
    v = run.before[f"v{role.of}" if role.kind == "mean" else f"vd{w}"]
    new = run.read["beta1"] * v + run.read["alpha"] * pulled(run, pull)
    assert same(run.result, new if role.kind == "mean" else run.read[w] - new)


def optimized(run: Run, *pull: str) -> None:
    role, w = run.program.training.optimizer, run.step.symbol
    step = (run.read[w] - run.result) / run.read["alpha"]
    epsilon = run.read["epsilon"]
    if role == "momentum":
        expected = run.read[f"vd{w}"]
    elif role == "rmsprop":
        expected = pulled(run, *pull) / (np.sqrt(run.read[f"sd{w}"]) + epsilon)
    else:
        assert role == "adam"
        expected = run.read[f"vcd{w}"] / (np.sqrt(run.read[f"scd{w}"]) + epsilon)
    assert same(step, expected)


S = r"(\w+)"
HOW = r"(|, averaged over examples|, summed over examples)"
PULL = r"(dW?\w+|\(d\w+ \+ λ·\w+\))"
SENTENCES: dict[str, Callable[..., None]] = {
    r"Each neuron multiplies inputs by weights(?: and adds the products|(, adds the products and "
    r"adds its bias))\.": neuron,
    re.escape(NON_LINEAR): curved,
    rf"{S} is {S}: this layer and the next one together do no more than one layer\.": one_layer,
    rf"{S} is {S}: any number can be the prediction\.": any_number,
    rf"The last activation turns each {S} into a prediction\.": prediction,
    rf"Softmax turns each (example's|column of|row of) {S} into shares that add up to 1\.": shares,
    r"Each example has one loss: the larger it is, the worse its prediction\.": one_loss,
    rf"J is the {S} of all L: each example counts (\S+)\. Training aims to reduce J\.": objective,
    rf"{S} is (.+) plus (.+) times the sum of all squared weights\.": penalty,
    rf"{S} adds (.*) to the gradient of L{HOW}\.": penalized,
    rf"L depends directly on {S}\. The chain rule starts here: d\1 = ∂L/∂\1\.": directly,
    rf"{S} = (.*)\. The fractions cancel; (.*) remains\.": cancels,
    rf"Chain rule: ∂L/∂{S} = ∂L/∂{S} · (\S+), element by element\.": element_by_element,
    rf"Each {S} changes every {S} of its {S}"
    r"(?:, so its effects are added up|; the sum is (.*))\.": changes_all,
    rf"{S}\[j\] affects each {S} through column j of {S}\. Adding up gives \3ᵀ · {S}\.": (
        through_column
    ),
    rf"{S}\[j\] affects each {S} through row j of {S}\. Adding up gives {S} · \3ᵀ\.": through_row,
    rf"{S}\[i,j\] multiplies {S}\[i\]: d\1\[i,j\] = \2\[i\] · {S}\[j\]{HOW}\."
    r"( \(One example: no 1/m\.\))?": weight_of_rows,
    rf"{S}\[i,j\] multiplies {S}\[j\]: d\1\[i,j\] = {S}\[i\] · \2\[j\]{HOW}\."
    r"( \(One example: no 1/m\.\))?": weight,
    rf"{S} is (?:added to|a term of) {S}, so ∂\2/∂\1 = 1 and d\1 = {S}{HOW}\.": added,
    rf"{S} is {S}, so ∂\1/∂\2 = 1 and d\2 = {S}()\.": copied,
    rf"{S} is used (\d+ times )?in ([\w, ]+)\. The gradients of all uses are added{HOW}\.": several,
    rf"L uses {S} through {S}(?:\. (.*)|: [\w, …]+\.)": by_rule,
    rf"{S} is (.*), element by element\.": elementwise,
    rf"{S} is computed from ([\w, …]+)\.": computed,
    rf"Subtract α · {PULL}(?:|: (weight decay adds λ · \w+ here; \w has no λ))\."
    r"( All gradients were computed before any parameter changed\.)?": plain,
    rf"(v) is a running mean of {PULL}\. Values whose sign changes cancel in it\.": running,
    rf"v is β1 times its old value plus α · {PULL}: earlier steps still count\.": velocity,
    rf"Subtract v: it contains α · {PULL} and a part of the earlier steps\.": velocity,
    rf"(s) is a running mean of squares: sqrt\(s\) is the usual size of {PULL}\.": running,
    r"(v|s) started at zero: the division by 1 − β([12]) to the t corrects that\.": corrected,
    rf"Subtract α times the running mean v, not α · {PULL}\.": optimized,
    rf"Divide {PULL} by its usual size sqrt\(s\): changes have similar sizes\.": optimized,
    r"Subtract α times v, divided by sqrt\(s\): changes have similar sizes\.": optimized,
}
"""Every sentence that can be said, and what must hold where it is."""


def assert_true(said: str, run: Run) -> None:
    """One of the sentences says it, and that one holds."""
    found = [(re.fullmatch(p, said), holds) for p, holds in SENTENCES.items()]
    ((match, holds),) = ((match, holds) for match, holds in found if match)
    assert match is not None
    with np.errstate(all="ignore"):
        holds(run, *match.groups())


@given(any_way())
def test_what_is_said_of_a_step_is_true(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    program, iteration = timeline.program, timeline.iteration(1)
    known: dict[str, Any] = {**iteration.scalars, **iteration.given}
    whole = {
        **known,
        **{s: r for s, r in program.by_symbol(iteration.results).items() if s not in known},
    }
    for step, result in zip(program.steps, iteration.results, strict=False):
        said = reason(step, program)
        if said.startswith("Correct: "):
            assert experiment.mistake is not None
        else:
            assert_true(said, Run(program, step, whole, dict(known), result))
            assert len(said) <= 78  # a line of the smallest screen
        known[step.symbol] = result


# Programs that are no dense network ---------------------------------------------------------------


FORWARDS = {
    "a skip": "Z1 = W1·X + b1; A1 = tanh(Z1); Z2 = W2·A1 + b2; A2 = tanh(Z2) + A1; A3 = W3·A2 + A1",
    "one weight in every step of time": (
        "Z1 = W1·X + b1; A1 = tanh(Z1); Z2 = W1·A1 + W2·X + b1; A2 = tanh(Z2);"
        " Z3 = W1·A2 + W1·X + b1; A3 = tanh(Z3)"
    ),
    "a product of two layers": (
        "Z1 = W1·X + b1; Z2 = W2·X + b2; A1 = σ(Z1); A2 = A1 ∘ tanh(Z2); A3 = W3·A2"
    ),
    "attention": "Z1 = W1·X; Z2 = W2·X; Z3 = Z1ᵀ · Z2 / 2; Z4 = softmax(Z3); A3 = (W3·X) · Z4",
    "a square": "Z1 = W1·X; Z2 = W2·X; A1 = Z1 − Z2; A2 = A1²; A3 = exp(A2 / 9)",
    "a copy": "Z1 = W1·X; A1 = Z1; A3 = tanh(A1)",
    "a quotient": "Z1 = W1·X; Z2 = W2·X; A1 = exp(Z2); A3 = Z1 / A1",
    "tied weights": "Z1 = W1·X + b1; A1 = σ(Z1); A3 = W1ᵀ·A1 + b2",
}


def formulas(parameters: Mapping[str, tuple[int, int]], forward: Mapping[str, str]) -> Program:
    """The program of forward formulas, with two inputs, two targets and two examples."""
    return programs.written(parameters, {"X": np.eye(2), "Y": np.eye(2)}, forward).program


def written(forward: str, training: Training) -> Program:
    """The program of these forward steps, with half the squared error."""
    lines = [line.split(" = ") for line in (*forward.split("; "), "L = half_squared_error(A3, Y)")]
    shapes = [(f"{letter}{k}", (2, n)) for k in (1, 2, 3) for letter, n in (("W", 2), ("b", 1))]
    parameters = tuple((s, size) for s, size in shapes if re.search(rf"\b{s}\b", forward))
    network = WrittenNetwork(
        parameters, (("X", (2, 1)), ("Y", (2, 1))), tuple((s, e) for s, e in lines)
    )
    return program_of(network, training)


@pytest.mark.parametrize("name", FORWARDS)
@pytest.mark.parametrize("training", [MEAN, SUM, replace(MEAN, weight_decay=0.1, l2=0.7)])
def test_what_is_said_is_true_of_programs_without_layers(name: str, training: Training) -> None:
    program, rng = written(FORWARDS[name], training), np.random.default_rng(5)
    given = program.architecture.shapes(training.batch)
    known: dict[str, Any] = {s: rng.normal(size=shape) for s, shape in given.items()}
    known |= {"m": float(training.batch), "alpha": 0.5, "weight_decay": training.weight_decay}
    known["l2"] = training.l2
    results: dict[str, Any] = {}
    for step in program.steps:
        results[step.symbol] = value(step.expression, {**results, **known})
    whole = {**results, **known}
    for step in program.steps:
        assert_true(reason(step, program), Run(program, step, whole, whole, results[step.symbol]))


PROGRAMS: dict[str, Program] = {
    "J of one's own": formulas(
        {"W": (2, 2), "U": (2, 2)},
        {
            "A": "tanh(W·X)",
            "L": "half_squared_error(A, Y)",
            "J": "total(L)/m + 0.1·total(W²) + 0.2·total(W) + total(U²)",
        },
    ),
    "a penalty of one's own, where the chain rule collapses": formulas(
        {"W": (2, 2)},
        {
            "A": "softmax(W·X)",
            "L": "cross_entropy(A, Y)",
            "J": "total(L)/m + 0.1·total(W²)",
        },
    ),
    "its sum": formulas(
        {"W": (2, 2)},
        {
            "Z": "W·X",
            "A": "Z",
            "L": "half_squared_error(A, Y)",
            "J": "total(L) + 0.1·total(W²)",
        },
    ),
    "a penalty in L": formulas(
        {"W": (2, 2)}, {"A": "W·X", "L": "half_squared_error(A, Y) + total(W²)"}
    ),
    "no target": formulas({"W": (2, 2)}, {"A": "W·X", "L": "col_sums(A²)"}),
    "many kinds": formulas(
        {"W": (2, 2), "b": (2, 1), "V": (2, 2)},
        {
            "Z": "W·X + V·X + b",
            "A": "relu(Z)",
            "Q": "A",
            "S": "softmax_rows(W)",
            "T": "S·V·Q",
            "U": "b - T",
            "O": "exp(U) + 2",
            "L": "half_squared_error(O, Y)",
        },
    ),
    "biases": formulas(
        {"W": (2, 2), "b": (2, 1), "c": (2, 1), "V": (2, 2)},
        {
            "D": "c",
            "Z": "b + W·X",
            "A": "linear(Z)",
            "B": "V·A + D",
            "C": "tanh(B)",
            "L": "half_squared_error(C, Y)",
        },
    ),
    "element by element": formulas(
        {"W": (2, 2), "b": (2, 1)},
        {
            "Z": "W·X",
            "P": "Z^3",
            "D": "2/P",
            "E": "D - b",
            "F": "b∘E",
            "G": "-F",
            "H": "G/m",
            "L": "half_squared_error(H, Y)",
        },
    ),
    "a broadcast": formulas(
        {"W": (2, 2), "b": (2, 1)},
        {
            "Z": "W·X",
            "S": "col_sums(Z)",
            "T": "Z ∘ S",
            "R": "W·T + b",
            "Q": "softmax(R)",
            "L": "half_squared_error(Q, Y)",
        },
    ),
    "the mean": program_of(CLASSIFIER, MEAN),
    "a sum and λ₂": program_of(CLASSIFIER, replace(SUM, l2=0.7)),
    "the mean and λ₂": program_of(CLASSIFIER, replace(MEAN, l2=0.7)),
    "one example and λ₂": program_of(CLASSIFIER, replace(ONE, l2=0.7)),
    "weight decay": program_of(LINE, replace(ONE, weight_decay=0.1)),
    "any softmax in rows": program_of(replace(JACOBIAN, orientation="rows"), MEAN),
    "classical momentum": program_of(
        ONE_LAYER, replace(ONE, optimizer="momentum", momentum_form="classical")
    ),
    **{name: program_of(ONE_LAYER, replace(ONE, optimizer=name)) for name in OPTIMIZERS},
    "adam and weight decay": program_of(
        ONE_LAYER, replace(ONE, optimizer="adam", weight_decay=0.1)
    ),
}
SAID = Path(__file__).with_name("reasons.txt").read_text("utf-8").split("\n\n")
"""What is said of steps of those programs, each sentence once."""


@pytest.mark.parametrize("said", SAID, ids=[said.partition("\n")[0] for said in SAID])
def test_what_is_said_of_a_program(said: str) -> None:
    name, *lines = said.strip().splitlines()
    program = PROGRAMS[name]
    for symbol, sentence in (line.split(": ", 1) for line in lines):
        assert reason(program.steps[program.index(symbol)], program) == sentence


def test_what_several_steps_read_gets_the_sum_of_their_gradients() -> None:
    program = written(FORWARDS["one weight in every step of time"], MEAN)
    assert reason(program.steps[program.index("dW1")], program) == (
        "W1 is used 4 times in Z1, Z2 and Z3. The gradients of all uses are added, "
        "averaged over examples."
    )


@pytest.mark.parametrize(
    ("l2", "why"),
    [
        (0.0, "L uses V through O: where and product."),
        (0.3, "J depends directly on W. The chain rule starts here: dW = ∂J/∂W."),
    ],
)
def test_what_a_condition_reads_is_no_use_of_it(l2: float, why: str) -> None:
    forward = {"O": "where(W·X + V > 0, V ∘ X, X)", "L": "half_squared_error(O, Y)"}
    e = programs.written({"W": (1, 1), "V": (1, 1)}, {"X": [[0.5]], "Y": [[1.0]]}, forward)
    program = program_of(e.network, Training(l2=l2))
    step = program.steps[program.index("dW" if l2 else "dV")]
    assert reason(step, program) == why


def test_of_a_loss_without_a_name_it_is_not_said_that_a_larger_one_is_worse() -> None:
    """With a reward G below zero, L is larger where A is nearer to the action Y."""
    forward = {"A": "softmax(W·X)", "L": "−G ∘ log(total(A ∘ Y))"}
    data = {"X": [[1.0]], "Y": [[1.0, 0.0]], "G": [[-1.0]]}
    program = programs.written({"W": (2, 1)}, data, forward).program
    said = reason(program.steps[program.index("L")], program)
    assert said == "Each example has one loss. Training aims to reduce J."


def of_j(objective: str, batch: int, weight_decay: float = 0.0) -> dict[str, str]:
    """What is said of a network with that J, and P, which has no examples."""
    forward = {"P": "0.1·total(W²)", "B": "b + c", "A": "W·X + B", "L": "(A − Y)²", "J": objective}
    parameters = {"W": (1, 2), "b": (1, 1), "c": (1, 1)}
    e = programs.written(parameters, {"X": np.eye(2), "Y": np.ones((1, 2))}, forward)
    program = program_of(e.network, Training(batch=batch, weight_decay=weight_decay))
    return {step.symbol: reason(step, program) for step in program.steps}


def test_what_reads_no_examples_has_no_sum_over_them() -> None:
    told = of_j("sqrt(mean(L)) + P", batch=2)
    assert told["dB"].endswith("so ∂A/∂B = 1 and dB = dA, summed over examples.")
    assert told["db"] == "b is added to B, so ∂B/∂b = 1 and db = dB."
    assert told["dW"] == "W is used in P and A. The gradients of all uses are added."


@pytest.mark.parametrize("objective", ["mean(L)", "total(L)", "sqrt(mean(L))"])
def test_that_one_example_has_no_1_m_is_said_where_a_batch_has_it(objective: str) -> None:
    said = "W[i,j] multiplies X[j]: dW[i,j] = dA[i] · X[j]."
    averaged = " (One example: no 1/m.)" if objective == "mean(L)" else ""
    assert of_j(objective, batch=1)["dW"] == said + averaged


def test_j_has_lambda_where_it_reads_it() -> None:
    told = [of_j(f"mean(L){also}", 2, 0.1)["W"] for also in ("", " + λ/2·total(W²)")]
    assert [said.partition("here; ")[2] for said in told] == ["J has no λ.", "J has λ, too."]


def test_where_all_gradients_are_of_j_the_reason_says_so() -> None:
    program = program_file("joint").program
    assert program.architecture.joint
    told = [reason(program.steps[program.index(s)], program) for s in program.gradients]
    assert told[0].endswith("The chain rule starts here: dL = ∂J/∂L.")
    assert not any(said.startswith(f"{program.loss} ") for said in told)


def test_a_gate_that_only_scales_what_a_layer_multiplies_is_not_said_to_be_between_layers() -> None:
    """Without σ in R, C would read a product of Z and H: not what one layer computes."""
    gated = formulas(
        {"W": (2, 2), "U": (2, 2), "V": (2, 2)},
        {
            "Z": "W·X",
            "R": "σ(Z)",
            "H": "tanh(W·X)",
            "C": "U·(R ∘ H)",
            "A": "tanh(C)",
            "O": "V·A",
            "L": "half_squared_error(O, Y)",
        },
    )
    said = {s.symbol: reason(s, gated) for s in gated.steps}
    assert said["R"] == "R is σ(Z), element by element."
    assert (
        said["A"] == "The activation is non-linear. Without it, two layers would equal one layer."
    )


def test_a_gradient_that_is_given_is_no_penalty() -> None:
    shrinking = "dH2 = [[1], [2]]\n[training]\nl2 = 0.1\n"
    program = read(RECURRENT + shrinking).program
    said = {
        symbol: reason(program.steps[program.index(symbol)], program) for symbol in ("dWx", "dWh")
    }
    assert said == {
        "dWx": "J adds λ₂ · Wx to the gradient of L.",
        "dWh": "J adds λ₂ · Wh to the gradient of L.",
    }
