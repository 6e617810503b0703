"""The update rules, in the notation of Ng's course: gradient descent, momentum, RMSprop, Adam.

Each is a few expressions over a parameter w and its slope g, and the running means that it keeps
from one iteration to the next: v of slopes, s of their squares. It knows no layers and no numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from backprop_tui.maths.expressions import Expr, Name
from backprop_tui.maths.functions import power, sqrt, square

alpha, beta1, beta2, epsilon, t, weight_decay, l2 = map(
    Name, "alpha beta1 beta2 epsilon t weight_decay l2".split()
)

Kept: TypeAlias = Callable[[str], Name]
"""The matrix of one letter that belongs to a parameter: `kept("v")` is vdW1."""
Rule: TypeAlias = Callable[[Name, Expr, Kept], Iterator[tuple[Name, Expr]]]


def gradient_descent(w: Name, g: Expr, kept: Kept) -> Iterator[tuple[Name, Expr]]:
    """Against the slope."""
    yield w, w - alpha * g


def momentum(w: Name, g: Expr, kept: Kept) -> Iterator[tuple[Name, Expr]]:
    """Against a running mean of slopes: what they agree on gathers way."""
    v = kept("v")
    yield v, beta1 * v + (1 - beta1) * g
    yield w, w - alpha * v


def classical_momentum(w: Name, g: Expr, kept: Kept) -> Iterator[tuple[Name, Expr]]:
    """Along a velocity: what is left of the last step, and α times the slope."""
    v = kept("v")
    yield v, beta1 * v + alpha * g
    yield w, w - v


def rmsprop(w: Name, g: Expr, kept: Kept) -> Iterator[tuple[Name, Expr]]:
    """Against the slope, over the root of a running mean of its squares: steps of like size."""
    s = kept("s")
    yield s, beta2 * s + (1 - beta2) * square(g)
    yield w, w - alpha * g / (sqrt(s) + epsilon)


def adam(w: Name, g: Expr, kept: Kept) -> Iterator[tuple[Name, Expr]]:
    """Both, each corrected for having begun at zero (Kingma and Ba 2015, algorithm 1)."""
    v, s, v_corrected, s_corrected = map(kept, ("v", "s", "vc", "sc"))
    yield v, beta1 * v + (1 - beta1) * g
    yield s, beta2 * s + (1 - beta2) * square(g)
    yield v_corrected, v / (1 - power(beta1, t))
    yield s_corrected, s / (1 - power(beta2, t))
    yield w, w - alpha * v_corrected / (sqrt(s_corrected) + epsilon)


OPTIMIZERS: dict[str, Rule] = {
    rule.__name__: rule for rule in (gradient_descent, momentum, rmsprop, adam)
}
MOMENTUM_FORMS: dict[str, Rule] = {"averaged": momentum, "classical": classical_momentum}
"""What `momentum` may mean: with (1 − β1) before the slope, or with α inside of v."""
