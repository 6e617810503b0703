"""The trail through the numbers: with enter alone from any gradient to the inputs, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from backprop_tui.session.inspection import Inspection, telling_term
from tests.networks import ARTICLE, experiments


def provenance(experiment: Experiment) -> Provenance:
    return Provenance(Timeline(experiment))


def gradients(p: Provenance, iteration: int = 1) -> Iterator[Place]:
    """Every cell of every gradient."""
    shapes = p.shapes(iteration)
    for step in p.program.steps:
        if step.phase == "backward":
            for i, j in product(*(range(1, n + 1) for n in shapes[step.symbol])):
                yield Place(iteration, Cell(step.symbol, i, j))


def enter(inspection: Inspection, p: Provenance) -> Inspection:
    """What enter does: into the chosen term."""
    assert inspection.place is not None
    reads = p.terms(inspection.place)
    return inspection.into(reads[inspection.term], p)


def given_number(inspection: Inspection, p: Provenance) -> bool:
    return inspection.place is None or p.step_of(inspection.place) is None


def with_enter_alone(place: Place, p: Provenance) -> Inspection:
    """Enter, pressed until there is nothing to go into."""
    inspection = Inspection().into(place, p)
    while not given_number(inspection, p):
        inspection = enter(inspection, p)
    return inspection


def layer(symbol: str) -> int:
    """A cell's layer; X is what layer 1 reads."""
    found = re.search(r"\d+$", symbol)
    return int(found[0]) if found else 0


def path(inspection: Inspection) -> str:
    return " → ".join(text(place.cell) for place in inspection.trail)


# Into -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (
            Cell("dW1", 2, 3),
            "dW1[2,3] → dZ1[2,1] → dA1[2,1] → dZ2[1,1] → A2[1,1] → Z2[1,1]"
            " → A1[1,1] → Z1[1,1] → X[1,1]",
        ),
        (Cell("dA2", 1, 1), "dA2[1,1] → A2[1,1] → Z2[1,1] → A1[1,1] → Z1[1,1] → X[1,1]"),
        (
            Cell("W2", 1, 2),
            "W2[1,2] → dW2[1,2] → dZ2[1,1] → A2[1,1] → Z2[1,1] → A1[1,1] → Z1[1,1] → X[1,1]",
        ),
        (Cell("Z1", 3, 1), "Z1[3,1] → X[1,1]"),
    ],
)
def test_enter_alone_leads_to_an_input_past_every_product_on_the_way(
    cell: Cell, expected: str
) -> None:
    assert path(with_enter_alone(Place(1, cell), provenance(ARTICLE))) == expected


@given(experiments(), st.integers(1, 2))
def test_from_any_gradient_of_any_network_enter_alone_arrives(
    experiment: Experiment, iteration: int
) -> None:
    p = provenance(experiment)
    for place in gradients(p, p.timeline.iteration(iteration).number):
        trail = with_enter_alone(place, p).trail
        assert trail[-1].symbol in ("X", "Y")
        assert len(trail) - 1 <= experiment.dense.depth * 6
        # No layer is passed over: all those from the last one, where the error is made, to X.
        assert {layer(here.symbol) for here in trail} == set(range(experiment.dense.depth + 1))
        # In every layer it has seen a sum, what became of it, and the slope that came back.
        symbols = {here.symbol for here in trail}
        for l in range(1, experiment.dense.depth + 1):  # noqa: E741 (Ng's own letter)
            assert {f"Z{l}", f"A{l}"} <= symbols


@given(experiments())
def test_every_number_on_the_trail_is_read_by_the_one_before(experiment: Experiment) -> None:
    p = provenance(experiment)
    for place in gradients(p):
        trail = with_enter_alone(place, p).trail
        for before, here in pairwise(trail):
            assert here in p.terms(before)


def test_the_cursor_stands_on_what_is_explained() -> None:
    p = provenance(ARTICLE)
    inspection = Inspection().into(Place(1, Cell("dW1", 1, 1)), p)
    assert inspection.cursor == Cell("dW1", 1, 1)
    assert enter(inspection, p).cursor == Cell("dZ1", 1, 1)


@pytest.mark.parametrize(
    ("symbol", "telling"),
    [
        ("Z1", "X[1,1]"),  # the weight is only where it began
        ("Z2", "A1[1,1]"),
        ("dA1", "dZ2[1,1]"),
        ("dW1", "dZ1[1,1]"),
        ("dZ1", "dA1[1,1]"),
        ("dZ2", "A2[1,1]"),
        ("W1", "dW1[1,1]"),
    ],
)
def test_what_was_computed_tells_more_than_what_was_given(symbol: str, telling: str) -> None:
    p = provenance(ARTICLE)
    reads = p.terms(Place(1, Cell(symbol, 1, 1)))
    assert text(reads[telling_term(reads, p)].cell) == telling


def test_a_number_that_was_given_has_no_term_to_go_into() -> None:
    p = provenance(ARTICLE)
    inspection = Inspection().into(Place(1, Cell("X", 1, 1)), p)
    assert inspection.term == 0
    assert inspection.turned(1, 0) == inspection


# Out ------------------------------------------------------------------------------------------


@given(experiments(), st.data())
def test_out_retraces_any_trail_exactly(experiment: Experiment, data: st.DataObject) -> None:
    p = provenance(experiment)
    start = data.draw(st.sampled_from(list(gradients(p))))
    inspection = Inspection().into(start, p)
    been = []
    while inspection.place and (reads := p.terms(inspection.place)):
        inspection = inspection.turned(data.draw(st.integers(-3, 3)), len(reads))
        been.append(inspection)
        inspection = enter(inspection, p)
    for before in reversed(been):
        inspection = inspection.out(p)
        assert inspection == before


def test_out_of_the_first_number_leaves_the_cursor_then_nothing() -> None:
    p = provenance(ARTICLE)
    cell = Cell("dW1", 1, 1)
    inspection = Inspection().into(Place(1, cell), p).out(p)
    assert inspection == Inspection().pointing(cell)
    assert inspection.place is None
    assert inspection.out(p) == Inspection()
    assert Inspection().out(p) == Inspection()


# Turned ---------------------------------------------------------------------------------------


@given(st.integers(1, 9), st.integers(0, 8), st.sampled_from((-1, 1)))
def test_turning_goes_round_all_terms_and_comes_back(count: int, term: int, by: int) -> None:
    inspection = start = Inspection(term=term % count)
    seen = []
    for _ in range(count):
        seen.append(inspection.term)
        inspection = inspection.turned(by, count)
    assert sorted(seen) == list(range(count))
    assert inspection == start
    assert start.turned(by, count).turned(-by, count) == start
