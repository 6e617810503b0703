"""Worked examples from print, reproduced digit for digit by the run itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from backprop_tui.engine.evaluate import value
from backprop_tui.engine.grammar import parse
from backprop_tui.engine.timeline import Iteration, Timeline
from tests.networks import known_before
from tests.published import ALL, MAZUR, MAZUR_LATER, YEH, Figures, Published

FIGURES = [
    pytest.param(published, formula, id=f"{name} {formula}")
    for name, published in ALL.items()
    for formula in (*published.printed, *published.corrected)
]
MOST_DIGITS = 12


def matches(computed: float, printed: str, within: float = 0.0) -> bool:
    """Whether a number, rounded to the digits that are printed, is what is printed.

    A whole number is meant as it stands.
    """
    figure = Decimal(printed)
    digits, exponent = figure.as_tuple().digits, figure.as_tuple().exponent
    assert isinstance(exponent, int)
    last = exponent + max(0, len(digits) - MOST_DIGITS) if exponent < 0 else -MOST_DIGITS
    off = abs(Decimal(computed) - figure)
    return off <= Decimal(5).scaleb(last - 1) or off <= Decimal(within)


def computed(timeline: Timeline, iteration: Iteration, formula: str) -> Any:
    """A symbol, cell or expression at the end of an iteration."""
    return value(parse(formula), known_before(timeline, iteration, len(iteration.results)))


def assert_printed(numbers: Any, printed: Figures, within: float = 0.0) -> None:
    figures = np.atleast_2d(np.array(printed))
    assert np.atleast_2d(numbers).shape == figures.shape
    for number, figure in zip(np.ravel(numbers), figures.ravel(), strict=True):
        assert matches(float(number), str(figure), within), f"{number!r} is printed as {figure}"


@pytest.mark.parametrize(("published", "formula"), FIGURES)
def test_a_published_figure_is_reproduced(published: Published, formula: str) -> None:
    timeline = Timeline(published.experiment)
    figures = {**published.printed, **published.corrected}[formula]
    numbers = computed(timeline, timeline.iteration(1), formula)
    assert_printed(numbers, figures, published.within)


@pytest.mark.parametrize(("symbol", "updates"), MAZUR_LATER)
def test_mazur_after_that_many_updates_is_what_his_text_gives_not_his_program(
    symbol: str, updates: int
) -> None:
    timeline = Timeline(MAZUR.experiment)
    numbers = computed(timeline, timeline.iteration(updates + 1), symbol)
    printed, right = MAZUR_LATER[symbol, updates]
    assert_printed(numbers, right)
    assert not any(
        matches(float(number), figure)
        for number, figure in zip(np.ravel(numbers), np.ravel(printed), strict=True)
    )


def test_yeh_s_dead_neuron_of_layer_2_gets_no_gradient() -> None:
    timeline = Timeline(YEH.experiment)
    for formula in ("dZ2", "dW2", "db2"):
        row = computed(timeline, timeline.iteration(1), formula)[0]
        assert not row.any()


@pytest.mark.parametrize(
    ("number", "printed", "agrees"),
    [
        (0.5932699921, "0.593269992", True),
        (0.5932699927, "0.593269992", False),
        (0.751365069552, "0.75136507", True),
        (0.00335766162650261, "0.003357661626502615", True),
        (0.00335766162651261, "0.003357661626502615", False),
        (-0.7, "-0.7", True),
        (0.7, "-0.7", False),
        (2.0, "2", True),
        (1.9, "2", False),
    ],
)
def test_a_figure_matches_in_the_digits_that_are_printed(
    number: float, printed: str, agrees: bool
) -> None:
    assert matches(number, printed) is agrees


def test_a_stated_bound_admits_what_rounding_along_the_way_changed() -> None:
    assert not matches(0.131169, "0.1311")
    assert matches(0.131169, "0.1311", within=1e-4)
