"""The losses of a run as they are drawn: thinned, averaged by epoch, or as a sparkline."""

from __future__ import annotations

import numpy as np

from backprop_tui.maths.functions import Array

BLOCKS = "▁▂▃▄▅▆▇█"


def thinned(losses: Array, most: int) -> tuple[Array, Array]:
    """Return iterations (from 1) and their losses, at most about `most` of each.

    The lowest and the highest loss of each stretch are kept, so that no spike is lost; losses that
    are not finite are left out.
    """
    at = np.flatnonzero(np.isfinite(losses))
    if at.size > most:
        stretches = np.array_split(at, max(1, most // 2))
        lows = [s[np.argmin(losses[s])] for s in stretches]
        highs = [s[np.argmax(losses[s])] for s in stretches]
        at = np.unique(np.array([*lows, *highs]))
    return (at + 1).astype(np.float64), losses[at]


def by_epoch(losses: Array, batches: int) -> Array:
    """Return the mean loss of each epoch that is complete."""
    epochs = losses.size // batches
    with np.errstate(all="ignore"):  # a diverging run's are too large to be added up
        means: Array = losses[: epochs * batches].reshape(epochs, batches).mean(axis=1)
    return means


def sparkline(losses: Array, width: int) -> str:
    """Draw the losses in at most `width` characters: █ is the highest, ▁ is zero."""
    finite = losses[np.isfinite(losses)]
    if finite.size < 2 or width < 1:
        return ""
    stretches = np.array_split(finite, min(width, finite.size))
    means = np.array([stretch.mean() for stretch in stretches])
    top = float(means.max()) or 1.0
    levels = np.minimum(len(BLOCKS) - 1, (means / top * len(BLOCKS)).astype(int))
    return "".join(BLOCKS[max(0, level)] for level in levels)
