"""Copying what is looked at: a number, a formula as LaTeX, a matrix as NumPy."""

from __future__ import annotations

from backprop_tui.maths.expressions import names
from backprop_tui.maths.writing import LATEX, write
from backprop_tui.session.state import CannotError, SessionState

UNSURE = "Copied, if this terminal takes it: paste it somewhere to see."


def number(s: SessionState, rest: str) -> None:
    """The number that is explained, with all of its digits."""
    place = s.view.place
    if place is None or not s.view.known(place):
        raise CannotError("No number is computed yet.")
    _copy(s, repr(s.provenance.number(place)))


def formula(s: SessionState, rest: str) -> None:
    """The formula of the step shown, as LaTeX."""
    step = s.view.step
    if step is None or s.view.is_asked:
        raise CannotError("No step is shown yet.")
    sign = r"\leftarrow" if step.symbol in names(step.expression) else "="
    _copy(s, f"{write(step.target, LATEX)} {sign} {write(step.expression, LATEX)}")


def matrix(s: SessionState, rest: str) -> None:
    """The matrix of the number that is explained, as a NumPy array."""
    place = s.view.place
    value = None if place is None else s.view.value(place.symbol)
    if place is None or value is None:
        raise CannotError("No matrix is computed yet.")
    _copy(s, f"{place.symbol} = np.array({value.tolist()})")


def _copy(s: SessionState, what: str) -> None:
    s.copied = what
    s.say(UNSURE)
