"""The losses of a run, thinned for drawing: a million of them cost what a hundred do.

It knows arrays and characters; who draws them, and when, is the screen's.
"""

from __future__ import annotations

import numpy as np

from backprop_tui.maths.functions import Array

BLOCKS = "▁▂▃▄▅▆▇█"


def thinned(losses: Array, most: int) -> tuple[Array, Array]:
    """Iterations (from 1) and losses, at most about `most` of each.

    Of each stretch the lowest and the highest are kept, so that no spike is lost; what is not
    finite is left out.
    """
    at = np.flatnonzero(np.isfinite(losses))
    if at.size > most:
        stretches = np.array_split(at, max(1, most // 2))
        lows = [s[np.argmin(losses[s])] for s in stretches]
        highs = [s[np.argmax(losses[s])] for s in stretches]
        at = np.unique(np.array([*lows, *highs]))
    return (at + 1).astype(np.float64), losses[at]


def by_epoch(losses: Array, batches: int) -> Array:
    """The mean loss of each epoch that is whole."""
    epochs = losses.size // batches
    with np.errstate(all="ignore"):  # a diverging run's are too large to be added up
        means: Array = losses[: epochs * batches].reshape(epochs, batches).mean(axis=1)
    return means


def sparkline(losses: Array, width: int) -> str:
    """The course of the losses in `width` characters: the highest █, zero ▁."""
    finite = losses[np.isfinite(losses)]
    if finite.size < 2 or width < 1:
        return ""
    stretches = np.array_split(finite, min(width, finite.size))
    means = np.array([stretch.mean() for stretch in stretches])
    top = float(means.max()) or 1.0
    levels = np.minimum(len(BLOCKS) - 1, (means / top * len(BLOCKS)).astype(int))
    return "".join(BLOCKS[max(0, level)] for level in levels)
