"""The remarks on a number: each is true of the run in which it is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from backprop_tui.explain.explanation import Explanation
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.maths.expressions import Cell, Mul, calls, names
from backprop_tui.maths.parser import parse
from backprop_tui.maths.values import value
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from tests.explain.test_reasons import FORWARDS, MEAN, written
from tests.networks import any_way, experiment


def exact(x: float) -> str:
    """A number in full, as a formula has it."""
    return repr(x).replace("-", "−")


def read(figure: str) -> float:
    return float(figure.replace("−", "-").replace("∞", "inf"))


def recorded(found: Explanation) -> float:
    return found.provenance.number(found.place)


def close(a: Any, b: Any) -> bool:
    return bool(np.isclose(a, b, rtol=1e-5, atol=1e-7, equal_nan=True))


def number_of(found: Explanation, cell: str) -> float:
    return float(value(parse(cell), found.env))


def the_same(found: Explanation, symbols: str, numbers: str, result: str, rounded: str) -> None:
    assert result == found.result
    by_hand = value(parse(numbers.replace("×", "·")), {})
    assert bool(rounded) == (found.written(float(by_hand)) != result)
    assert close(value(parse(symbols), found.env), recorded(found))
    assert close(value(parse(numbers.replace("×", "·")), {}), recorded(found))
    assert "′" not in numbers  # nothing that the screen does not show


def not_computed(found: Explanation, symbols: str, other: str) -> None:
    assert not np.isfinite(value(parse(symbols), found.env))
    assert found.step.expression == parse(other)


def multiply(found: Explanation, dz: str, slope: str, figure: str) -> None:
    program, cell = found.provenance.program, found.place.cell
    step = program.steps[program.index(dz)]
    product = step.derivation or step.expression
    assert isinstance(product, Mul)
    assert product.left == found.step.target
    number = float(value(parse(slope), found.env))
    assert np.array_equal(read(figure), number, equal_nan=True)
    derived = recorded(found) * number
    right = found.provenance.number(Place(found.place.iteration, Cell(dz, cell.row, cell.column)))
    assert not np.isfinite(derived) or close(derived, right)


def line_of_weights(
    found: Explanation, line: str, number: str, w: str, a: str, ways: str, more: str | None
) -> None:
    program, cell, env = found.provenance.program, found.place.cell, found.env
    assert line == ("Column" if program.axis else "Row")
    assert int(number) == program.architecture.place(cell.row, cell.column)[0]
    listed = re.findall(r"(\S+) with (\S+) = ([^\s,]+)", ways)
    for z, weight, figure in listed:
        assert read(figure) == number_of(found, weight)
        z_cell, a_cell = parse(z), parse(a)
        assert isinstance(z_cell, Cell)
        assert isinstance(a_cell, Cell)
        moved = env[a_cell.symbol].copy()
        moved[a_cell.row - 1, a_cell.column - 1] += 1.0
        e = program.steps[program.index(z_cell.symbol)].expression
        given = found.provenance.timeline.iteration(found.place.iteration).given
        values = [value(e, {**env, **given, a_cell.symbol: A}) for A in (moved, env[a_cell.symbol])]
        change = (values[0] - values[1])[z_cell.row - 1, z_cell.column - 1]
        assert close(change, read(figure))
    neurons, _ = program.architecture.place(*found.shapes[w])
    assert len(listed) + int(more or 0) == neurons


def mean(
    found: Explanation, m: str, objective: str, how: str, losses: str, symbol: str, of: str
) -> None:
    iteration = found.provenance.timeline.iteration(found.place.iteration)
    program = found.provenance.program
    assert int(m) == int(losses) == len(iteration.examples)
    results = program.by_symbol(iteration.results)
    penalty = (
        program.training.l2
        / (2 * int(m))
        * sum(np.sum(iteration.given[w] ** 2) for w in program.architecture.weights)
    )
    assert (how == "contains") == (program.training.l2 > 0)
    assert close(results[objective][0, 0], np.mean(results[program.loss]) + penalty)
    assert (of == "each L") == (program.roles[symbol].of in program.separate)


def largest(found: Explanation, over: str, figure: str) -> None:
    cell, program = found.place.cell, found.provenance.program
    (z,) = names(found.step.expression)
    of_example = found.env[z][:, cell.column - 1] if program.axis else found.env[z][cell.row - 1]
    assert (over, read(figure)) == ("example", of_example.max())


def natural(found: Explanation) -> None:
    assert "log" in {call.function for call in calls(found.step.expression)}
    assert value(parse("log(2)"), {}) == np.log(2)


S = r"(\w+)"
REMARKS: dict[str, Callable[..., None]] = {
    r"= (.+) = (.+) = (\S+?)( \(rounded\))?": the_same,
    r"(.+) = .+ cannot be computed; (.+) can\.": not_computed,
    rf"For {S}, multiply by the derivative (.+) = (\S+)\.": multiply,
    rf"(Column|Row) (\d+) of {S}: (\S+) is used in (.+?)"
    r"(?: and (\d+) more of \w+)?\.": line_of_weights,
    rf"1/m = 1/(\d+): {S} (is|contains) the mean of (\d+) loss(?:es)?\. "
    rf"{S} is the gradient of (each L|their sum): no 1/m\.": mean,
    r"The largest of this (\w+), (\S+), is subtracted: same shares, no overflow\.": largest,
    r"log is the natural logarithm, ln\.": natural,
}
"""Every remark that can be made, and what must hold where it is."""


def assert_true(experiment: Experiment) -> None:
    """Every remark on the first and the last number of each step holds."""
    provenance = Provenance(Timeline(experiment))
    shapes = provenance.shapes(1)
    for step in provenance.program.steps[: len(provenance.timeline.iteration(1).results)]:
        for cell in {Cell(step.symbol, 1, 1), Cell(step.symbol, *shapes[step.symbol])}:
            found = Explanation(provenance, Place(1, cell), exact)
            for remark in found.remarks:
                matches = ((re.fullmatch(p, remark), holds) for p, holds in REMARKS.items())
                ((match, holds),) = ((match, holds) for match, holds in matches if match)
                with np.errstate(all="ignore"):
                    holds(found, *match.groups())


@given(any_way())
def test_what_is_remarked_is_true(experiment: Experiment) -> None:
    assert_true(experiment)


@pytest.mark.parametrize("name", FORWARDS)
def test_what_is_remarked_is_true_of_programs_without_layers(name: str) -> None:
    rng, network = np.random.default_rng(0), written(FORWARDS[name], MEAN).network
    assert_true(experiment(network, MEAN, rng.normal(size=(2, 4)), rng.normal(size=(2, 4))))
