"""How a large screen is divided: the boards get the lines that they need, the Step panel the rest.

Everything follows from the size of the terminal and of the network, so that nothing moves from step
to step. On a small screen the parts are fixed.
"""

from __future__ import annotations

from functools import lru_cache

from backprop_tui.tui.paint.arrangement import board_lines

AROUND = 3
"""Lines of title, rail and footer."""
LEAST_STEP, SHARE = 13, 4
"""Lines of the Step panel at least; and at least one in so many of all."""
LEAST_DRAWN, MOST_DRAWN = 16, 20
"""Lines of a drawing; of one of a bar for each layer at least."""
LEAST_COLUMNS = 42
"""Columns of the drawing."""


def is_large(width: int, height: int) -> bool:
    """Whether a screen has room for more than the essentials."""
    return width >= 110 and height >= 34


@lru_cache(maxsize=16)
def proportions(width: int, height: int, layers: tuple[int, ...]) -> tuple[int, int]:
    """Return the columns of the drawing and the lines of the Step panel on a large screen."""
    room = height - AROUND - max(LEAST_STEP, height // SHARE)
    drawn = max(LEAST_DRAWN, min(len(layers) + 2, MOST_DRAWN))
    body = max(2 * board_lines(layers, room // 2), min(room, drawn))
    return max(LEAST_COLUMNS, width * 8 // 25), height - AROUND - body
