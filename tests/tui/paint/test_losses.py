"""The losses of a run as they are drawn: thinned, by epoch, in a line of blocks."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.tui.paint.losses import by_epoch, sparkline, thinned

losses = st.lists(st.floats(0, 10), min_size=1, max_size=400).map(np.array)


@given(losses, st.integers(2, 60))
def test_thinning_keeps_ends_of_scale_and_order(values: np.ndarray, most: int) -> None:
    at, kept = thinned(values, most)
    assert len(at) <= max(most, 2) + 1
    assert kept.min() == values.min()
    assert kept.max() == values.max()
    assert (np.diff(at) > 0).all()
    assert (values[at.astype(int) - 1] == kept).all()


def test_what_is_not_finite_is_left_out_of_the_curve() -> None:
    at, kept = thinned(np.array([1.0, np.inf, np.nan, 2.0]), 10)
    assert list(at) == [1, 4]
    assert list(kept) == [1, 2]


def test_an_epoch_is_the_mean_of_its_batches_once_it_is_whole() -> None:
    assert list(by_epoch(np.array([1.0, 3.0, 5.0, 7.0, 9.0]), 2)) == [2, 6]


def test_a_sparkline_falls_as_the_losses_do() -> None:
    assert sparkline(np.linspace(1, 0, 800), 8) == "█▇▆▅▄▃▂▁"
