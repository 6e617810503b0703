"""The chain rule spelled out: what all paths bring adds up to the gradient that was recorded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import stack
from itertools import pairwise, product
from math import inf, isfinite, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.explain.paths import Chain, Chains, Path, coefficients, is_rounded
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.elements import element
from backprop_tui.maths.expressions import Cell, Div, Expr, Name, Num, cells
from backprop_tui.maths.parser import parse
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.run.timeline import Timeline
from tests.maths.test_elements import size
from tests.networks import ARTICLE, experiment, experiments

ALL = 10**9
"""More paths than a small network has."""
TINY = 1e-300
"""Hereabouts numbers begin to lose their digits: what saturated layers multiply to is below it."""


def chains(experiment: Experiment, iteration: int = 1) -> Chains:
    return Chains(Provenance(Timeline(experiment)), iteration)


def gradients(found: Chains) -> Iterator[Cell]:
    """Every cell of every gradient."""
    for symbol in sorted(found.provenance.program.gradients):
        for i, j in product(*(range(1, n + 1) for n in found.shapes[symbol])):
            yield Cell(symbol, i, j)


def every_path(found: Chains, cell: Cell) -> Iterator[tuple[tuple[Cell, ...], tuple[float, ...]]]:
    """The naive reference: each edge before each path of what it leads to."""
    for read, _, number in found.edges(cell):
        for way, numbers in [((), ())] if read is None else every_path(found, read):
            yield (cell, *way), (number, *numbers)


def scale(found: Chains, path: Path) -> float:
    """What a path's product may be wrong by, per digit: its factors without their signs."""
    with np.errstate(all="ignore"):
        return prod(
            size(factor, found.provenance.environment(found.iteration))
            for factor in reversed(path.factors)
        )


def finite(path: Path) -> bool:
    return all(map(isfinite, path.numbers)) and isfinite(path.product)


def route(path: Path) -> str:
    return " ← ".join(map(text, path.cells))


# The law --------------------------------------------------------------------------------------


@given(experiments(), st.integers(1, 2))
def test_all_paths_of_a_gradient_add_up_to_it(experiment: Experiment, iteration: int) -> None:
    found = chains(experiment, iteration)
    for cell in gradients(found):
        chain = found.chain(cell, ALL)
        scales = [scale(found, path) for path in chain.paths]
        if not (isfinite(chain.recorded) and all(map(finite, chain.paths)) and max(scales) < inf):
            continue
        total = sum(path.product for path in chain.paths)
        assert abs(total - chain.recorded) <= 1e-9 * sum(scales) + TINY, text(cell)


@given(experiments())
def test_as_many_paths_are_listed_as_are_counted_and_none_twice(experiment: Experiment) -> None:
    found = chains(experiment)
    for cell in gradients(found):
        chain = found.chain(cell, ALL)
        assert chain.count == len(chain.paths) == len({path.cells for path in chain.paths})
        assert chain.left_out == 0


@given(experiments())
def test_a_path_leads_over_the_cells_that_each_step_reads_to_the_loss(
    experiment: Experiment,
) -> None:
    found = chains(experiment)
    program = found.provenance.program
    for cell in gradients(found):
        for path in found.largest(cell, 4):
            assert path.cells[0] == cell
            assert len(path.cells) == len(path.factors) == len(path.numbers)
            for here, read in pairwise(path.cells):
                step = program.steps[program.index(here.symbol)]
                ways = (step.expression, step.derivation or step.expression)
                terms = (element(e, here.row, here.column, found.shapes) for e in ways)
                assert any(read in cells(e) for e in terms)
            last = program.steps[program.index(path.cells[-1].symbol)]
            penalty = path.cells == (cell,) and "λ₂" in text(path.factors[0])
            assert penalty or last.symbol == f"dA{experiment.dense.depth}" or last.derivation
            for factor, number in zip(path.factors, path.numbers, strict=True):
                assert np.array_equal(
                    number,
                    value(factor, found.provenance.environment(found.iteration)),
                    equal_nan=True,
                )
                assert {c.symbol for c in cells(factor)}.isdisjoint(program.gradients)


@given(experiments(), st.integers(1, 5))
def test_the_largest_paths_really_are_the_largest(experiment: Experiment, most: int) -> None:
    found = chains(experiment)
    for cell in gradients(found):
        every = [prod(reversed(numbers)) for _, numbers in every_path(found, cell)]
        if not all(map(isfinite, every)):
            continue
        chain = found.chain(cell, most)
        listed = [abs(path.product) for path in chain.paths]
        assert listed == sorted(listed, reverse=True)
        assert listed == pytest.approx(sorted(map(abs, every), reverse=True)[:most], rel=1e-9)
        assert (chain.count, chain.left_out) == (len(every), max(0, len(every) - most))


@given(experiments(scales=(1.0,)), st.integers(1, 3))
def test_the_rest_is_what_the_paths_left_out_add_up_to(experiment: Experiment, most: int) -> None:
    found = chains(experiment)
    for cell in gradients(found):
        every = found.chain(cell, ALL).paths
        scales = sum(scale(found, path) for path in every)
        chain = found.chain(cell, most)
        if isfinite(chain.recorded) and all(map(finite, every)) and scales < inf:
            left_out = sum(path.product for path in every) - sum(p.product for p in chain.paths)
            assert abs(chain.rest - left_out) <= 1e-9 * scales + TINY


# Spelled out ----------------------------------------------------------------------------------


def spelled(found: Chains, cell: Cell) -> list[tuple[str, str]]:
    return [(route(path), " | ".join(map(text, path.factors))) for path in found.largest(cell, ALL)]


def test_a_weight_of_the_first_layer_has_one_path_per_output() -> None:
    assert spelled(chains(ARTICLE), Cell("dW1", 2, 3)) == [
        (
            "dW1[2,3] ← dZ1[2,1] ← dA1[2,1] ← dZ2[1,1]",
            "X[3,1] | σ′(Z1[2,1]) | W2[1,2] | A2[1,1] − Y[1,1]",
        )
    ]


def test_a_bias_enters_as_it_is_so_its_edge_is_1() -> None:
    assert spelled(chains(ARTICLE), Cell("db2", 1, 1)) == [
        ("db2[1,1] ← dZ2[1,1]", "1 | A2[1,1] − Y[1,1]")
    ]


def test_in_a_batch_every_example_is_a_path_and_carries_1_over_m() -> None:
    network = Network((1, 1), ("sigmoid",), "half_squared_error")
    X, Y = [[1.0, 2.0]], [[0.0, 1.0]]
    mean = chains(experiment(network, Training(batch=2), X, Y))
    assert dict(spelled(mean, Cell("dW1", 1, 1))) == {
        "dW1[1,1] ← dZ1[1,1] ← dA1[1,1]": "X[1,1] / m | σ′(Z1[1,1]) | A1[1,1] − Y[1,1]",
        "dW1[1,1] ← dZ1[1,2] ← dA1[1,2]": "X[1,2] / m | σ′(Z1[1,2]) | A1[1,2] − Y[1,2]",
    }
    total = chains(experiment(network, Training(batch=2, reduction="sum"), X, Y))
    assert {factors for _, factors in spelled(total, Cell("db1", 1, 1))} == {
        "1 | σ′(Z1[1,1]) | A1[1,1] − Y[1,1]",
        "1 | σ′(Z1[1,2]) | A1[1,2] − Y[1,2]",
    }


# Where the last layer collapses with its loss, and where it does not ---------------------------


def test_a_saturated_output_has_a_finite_chain_because_z_to_the_loss_is_one_edge() -> None:
    network = Network((2, 2, 1), ("sigmoid", "sigmoid"), "binary_cross_entropy")
    found = chains(experiment(network, Training(), [[1.0], [2.0]], [[0.0]], {"b2": [[800.0]]}))
    assert found.chain(Cell("dA2", 1, 1)).recorded == inf
    (path,) = found.chain(Cell("dZ2", 1, 1)).paths
    assert path.numbers == (1.0,)
    for cell in (Cell("dW1", 1, 2), Cell("dW2", 1, 1), Cell("db1", 2, 1)):
        chain = found.chain(cell)
        assert all(map(finite, chain.paths))
        assert chain.rest == pytest.approx(0.0, abs=1e-15)


def test_softmax_under_cross_entropy_reaches_every_output() -> None:
    network = Network((2, 3), ("softmax",), "cross_entropy")
    found = chains(experiment(network, Training(), [[1.0], [2.0]], [[0.0], [1.0], [0.0]]))
    assert spelled(found, Cell("dZ1", 2, 1)) == [
        ("dZ1[2,1] ← dA1[2,1]", "A1[2,1] − A1[2,1]·A1[2,1] | −Y[2,1] / A1[2,1]"),
        ("dZ1[2,1] ← dA1[1,1]", "−A1[1,1] · A1[2,1] | −Y[1,1] / A1[1,1]"),
        ("dZ1[2,1] ← dA1[3,1]", "−A1[3,1] · A1[2,1] | −Y[3,1] / A1[3,1]"),
    ]


def test_softmax_under_another_loss_goes_over_every_output_with_its_jacobian() -> None:
    network = Network((2, 3), ("softmax",), "half_squared_error")
    found = chains(experiment(network, Training(), [[1.0], [2.0]], [[0.0], [1.0], [0.0]]))
    a = found.provenance.environment(found.iteration)["A1"][:, 0]
    slopes = {read.row: number for read, _, number in found.edges(Cell("dZ1", 2, 1)) if read}
    assert slopes == pytest.approx({1: -a[1] * a[0], 2: a[1] * (1 - a[1]), 3: -a[1] * a[2]})
    assert found.count(Cell("dZ1", 2, 1)) == 3
    assert found.count(Cell("dW1", 2, 1)) == 3


# Large networks: bounded by the cells visited, not by the paths ---------------------------------


def constant(*layers: int, last: str = "softmax", loss: str = "cross_entropy") -> Experiment:
    """A network with an input of ones; its first output is wanted."""
    X = np.ones((layers[0], 1))
    Y = np.eye(layers[-1])[:, :1]
    network = Network(layers, ("tanh",) * (len(layers) - 2) + (last,), loss)
    return experiment(network, Training(), X, Y)


def test_784_inputs_are_not_visited_for_the_chain_of_one_weight() -> None:
    found = chains(constant(784, 128, 10))
    chain = found.chain(Cell("dW1", 128, 784))
    assert (chain.count, len(chain.paths), chain.left_out) == (100, 8, 92)
    assert (
        len(found.visited(Cell("dW1", 128, 784))) == 1 + 1 + 1 + 10 + 10
    )  # dW1 dZ1 dA1, all dZ2 and dA2


def test_30_layers_have_more_paths_than_could_be_listed_and_are_counted() -> None:
    found = chains(constant(2, *(3,) * 29, 2))
    cell = Cell("dW1", 1, 1)
    chain = found.chain(cell, 5)
    assert chain.count == 3**28 * 2 * 2  # each of both Z reaches both A
    assert len(chain.paths) == 5
    assert chain.left_out == chain.count - 5
    assert len(found.visited(cell)) == 2 + 28 * (3 + 3) + 1 + 2 + 2
    assert isfinite(chain.rest)


def test_a_deep_network_needs_no_deep_recursion() -> None:
    found = chains(constant(*(1,) * 41, last="sigmoid", loss="binary_cross_entropy"))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(stack(0)) + 60)
    try:
        (path,) = found.chain(Cell("dW1", 1, 1)).paths
    finally:
        sys.setrecursionlimit(limit)
    assert len(path.cells) == 1 + 2 * 39 + 1


# The slope beside a gradient ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "factors"),
    [
        ("dA1[1,1]", {"dA1[1,1]": "1"}),
        ("−dA1[1,1]", {"dA1[1,1]": "−1"}),
        ("dA1[1,1] · Z1[1,1]", {"dA1[1,1]": "Z1[1,1]"}),
        ("Z1[1,1] · dA1[1,1]", {"dA1[1,1]": "Z1[1,1]"}),
        ("Z1[1,1] · (dA1[1,1] · Z1[2,1])", {"dA1[1,1]": "Z1[2,1] · Z1[1,1]"}),
        ("dA1[1,1] · 2 + dA1[2,1]", {"dA1[1,1]": "2", "dA1[2,1]": "1"}),
        ("dA1[1,1] − dA1[2,1] · 2", {"dA1[1,1]": "1", "dA1[2,1]": "−2"}),
        ("(dA1[1,1] + dA1[2,1]) / m", {"dA1[1,1]": "1 / m", "dA1[2,1]": "1 / m"}),
        ("A1[1,1] − Y[1,1]", {None: "A1[1,1] − Y[1,1]"}),
        ("2 · (A1[1,1] − Y[1,1]) / K", {None: "2 · (A1[1,1] − Y[1,1]) / K"}),
        ("(A1[1,1] + Y[1,1]) · Y[1,1]", {None: "(A1[1,1] + Y[1,1]) · Y[1,1]"}),
        ("(dA1[1,1] + 2) · Z1[1,1]", {"dA1[1,1]": "Z1[1,1]", None: "2 · Z1[1,1]"}),
        ("log(dA1[1,1])", {None: "log(dA1[1,1])"}),
        ("Y[1,1] / A1[1,1]", {None: "Y[1,1] / A1[1,1]"}),
    ],
)
def test_the_factor_beside_a_gradient_is_the_slope_of_its_edge(
    formula: str, factors: dict[str | None, str]
) -> None:
    found = coefficients(parse(formula), lambda c: c.symbol.startswith("d"))
    assert [(read and text(read), text(factor)) for read, factor in found] == [*factors.items()]


def test_a_quotient_by_m_is_a_factor_of_its_own() -> None:
    e: Expr = Cell("dL", 1, 1) / Name("m")
    assert list(coefficients(e, lambda c: c.symbol == "dL")) == [
        (Cell("dL", 1, 1), Div(Num(1.0), Name("m")))
    ]


@pytest.mark.parametrize(
    ("products", "count", "recorded", "rounded"),
    [
        ((0.25, 0.5), 2, 0.75, False),
        ((0.004, 0.004), 2, 0.008, True),  # 0.00 + 0.00, but 0.01
        ((0.25,), 3, 0.75, False),  # the rest is written, too
        ((0.004,), 3, 0.008, True),
    ],
)
def test_written_products_may_add_up_to_another_sum(
    products: tuple[float, ...], count: int, recorded: float, rounded: bool
) -> None:
    paths = tuple(Path((), (), (number,)) for number in products)
    chain = Chain(Place(1, Cell("dW1", 1, 1)), paths, count, recorded)
    assert is_rounded(chain, "{:.2f}".format) is rounded


def test_written_factors_may_have_another_product_than_the_path() -> None:
    """−0.112 × −4.425 is 0.496, but softmax's first path to dZ2[1,1] brings 0.498."""
    (path, *_) = Chains(Provenance(Timeline(load("softmax"))), 1).largest(Cell("dZ2", 1, 1), 1)
    assert f"{path.product:.3f}" == "0.498"
    assert path.is_rounded("{:.3f}".format)
    assert not path.is_rounded("{:.9f}".format)
