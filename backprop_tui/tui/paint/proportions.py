"""How a large screen is divided: the boards get the lines that they need, the Step panel the rest.

On a small screen the parts are fixed.
"""

from __future__ import annotations

AROUND = 3
"""Lines of title, rail and footer."""
LEAST_STEP, SHARE = 13, 4
"""Lines of the Step panel at least; and at least one in so many of all."""
LEAST_DRAWN, MOST_DRAWN = 16, 20
"""Lines of a drawing; of one of a bar for each group at least."""


def is_large(width: int, height: int) -> bool:
    """Whether a screen has room for more than the essentials."""
    return width >= 110 and height >= 34


def board_room(height: int) -> int:
    """Return the lines that a board may take on a large screen, its rule included."""
    return (height - AROUND - max(LEAST_STEP, height // SHARE)) // 2


def step_lines(height: int, board: int, groups: int) -> int:
    """Return the lines of the Step panel on a large screen, below boards of `board` lines each."""
    room = 2 * board_room(height)
    drawn = max(LEAST_DRAWN, min(groups + 3, MOST_DRAWN))
    return height - AROUND - max(2 * min(board, room // 2), min(room, drawn))
