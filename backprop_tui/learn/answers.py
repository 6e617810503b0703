"""Reading what somebody typed as an answer: a number, written as people write numbers.

It reads through the one grammar, and says in a sentence what it could not read. It knows nothing of
questions, of what the answer is for, or of the screen.
"""

from __future__ import annotations

import re
from math import isfinite

from backprop_tui.maths.expressions import Compare, names
from backprop_tui.maths.parser import parse
from backprop_tui.maths.shapes import shape
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.messages import short

DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)|(?<![\w.]),(?=\d)")
"""The comma of 0,5 or ,5; one with a space behind it stands between two arguments."""


def read_number(typed: str) -> float:
    """The finite number that `typed` comes to: 0.5, 0,5, −1/3, 0.5*0.2+1, exp(−1).

    Raises ValueError, with a sentence, for anything else.
    """
    written = typed.strip().removeprefix("+")
    if not written:
        raise ValueError("type a number, such as 0.5, −1/3 or 0.5*0.2+1")
    if "[" not in written and DECIMAL_COMMA.search(written):
        if "." in written:
            raise ValueError(f"“{short(written)}” has both a point and a comma: use the point")
        written = DECIMAL_COMMA.sub(".", written)
    expression = parse(written)
    if symbols := names(expression):
        raise ValueError(f"only numbers are read here, not {symbols[0]}")
    if isinstance(expression, Compare):
        raise ValueError(f"{text(expression)} is true or false, and no number")
    shape(expression, {})  # a sentence for what gathers over a matrix
    if not isfinite(number := float(value(expression, {}))):
        raise ValueError(f"{text(expression)} is not a finite number")
    return number
