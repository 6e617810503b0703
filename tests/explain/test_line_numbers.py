"""The numbers in a derivation's lines: each line has the value of the gradient at the cell."""

from __future__ import annotations

from math import cosh

import pytest
from hypothesis import given, settings

from backprop_tui.explain.derivation import derivation
from backprop_tui.explain.gradient_lines import LineNumbers
from backprop_tui.explain.provenance import Provenance
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from tests.networks import SMOOTH, experiments


def numbers(experiment: Experiment, cell: Cell, argument: Cell | None = None) -> LineNumbers:
    timeline = Timeline(experiment)
    program, iteration = timeline.program, timeline.iteration(1)
    step = program.steps[program.index(cell.symbol)]
    env = Provenance(timeline).environment(1, step)
    return LineNumbers(
        cell, program.shapes(len(iteration.examples)), env, "{:.3f}".format, argument
    )


@given(experiments(SMOOTH, scales=(1.0,)))
@settings(settings.get_profile("few"))
def test_every_line_with_numbers_has_the_value_of_the_gradient_at_the_cell(e: Experiment) -> None:
    timeline = Timeline(e)
    results = timeline.program.by_symbol(timeline.iteration(1).results)
    for symbol in timeline.program.gradients:
        row, column = results[symbol].shape
        at = numbers(e, Cell(symbol, row, column))
        for by_elements in (False, True):
            lines = derivation(timeline.program, symbol, None, by_elements).lines
            found = [at.at_cell(line.expression) for line in lines]
            assert found[-1] is not None
            for written in found:
                if written is not None:
                    expected = results[symbol][-1, -1]
                    assert value(written, at.env) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_one_minus_a_number_is_one_figure() -> None:
    e = load("article")
    at = numbers(e, Cell("dZ2", 1, 1))
    A = at.env["A2"].item()
    *_, line = (x for x in derivation(e.program, "dZ2").lines if "(1 − A2)" in text(x.expression))
    found = at.of(line.expression)
    assert found is not None
    assert f"{1 - A:.3f}" in found[0]
    assert "1 −" not in found[0]


def test_a_derivative_s_line_is_at_the_number_that_stands_for_z() -> None:
    at = numbers(load("article"), Cell("dZ1", 2, 1), Cell("Z1", 2, 1))
    z = at.env["Z1"][1, 0]
    lines = derivation(load("article").program, "tanh_derivative").lines
    assert at.of(lines[-1].expression) is not None
    found = at.at_cell(lines[-1].expression)
    assert found is not None
    assert value(found, at.env) == pytest.approx(1 / cosh(z) ** 2)
