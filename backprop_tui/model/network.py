"""What is computed and how it is trained: the network and the training of an experiment."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, NamedTuple, TypeAlias

from backprop_tui.maths.expressions import Expr, Name
from backprop_tui.maths.functions import ACTIVATIONS, LOSSES, power, sqrt, square
from backprop_tui.maths.shapes import Shape
from backprop_tui.messages import count
from backprop_tui.model.keys import (
    LINE,
    SHARE,
    TRUTH,
    Key,
    ListOf,
    at_least,
    name_among,
    whole_number,
)
from backprop_tui.model.layers import parameter_shapes

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


ORDERS = ("sequential", "shuffled")
REDUCTIONS = ("mean", "sum")
ORIENTATIONS = ("columns", "rows")
"""What examples are in the matrices of a network."""
SIZES = ListOf(whole_number(1), "numbers of neurons, the inputs first", 2, 1000)
FUNCTIONS = ListOf(
    name_among(sorted(ACTIVATIONS)), "activations, one for each layer after the inputs", 1
)
FROZEN = ListOf(LINE, "parameters' names, like W1 or b1")


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class Network:
    """The [network] of a file: what is computed."""

    layers: Annotated[tuple[int, ...], Key(SIZES, "[2, 1] is logistic regression", flag=True)]
    activations: Annotated[tuple[str, ...], Key(FUNCTIONS, "softmax in the last one", flag=True)]
    loss: Annotated[str, Key(name_among(sorted(LOSSES)), "L, of each example", flag=True)]
    bias: Annotated[bool, Key(TRUTH, "false: Z = W·A, with no b anywhere")] = True
    orientation: Annotated[
        str, Key(name_among(ORIENTATIONS), "rows: Z = A·W + b, a row for each example (Keras)")
    ] = ORIENTATIONS[0]
    given: tuple[str, ...] = ()
    """The symbols of [given]: values and gradients that are not computed."""
    absent: tuple[str, ...] = ()
    """The data that is left out beside them."""

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, int]]:
        """The shape of each parameter, in the order W1, b1, W2, b2, ..."""
        shapes = parameter_shapes(self.layers, self.bias)
        if self.orientation == "rows":
            return {symbol: (columns, rows) for symbol, (rows, columns) in shapes.items()}
        return shapes

    @property
    def depth(self) -> int:
        return len(self.layers) - 1

    @property
    def sizes(self) -> str:
        """3-3-1; many equal layers after the inputs are counted: 2-(2×11)-1."""
        parts = [str(self.layers[0])]
        for size, run in groupby(self.layers[1:]):
            count = len(list(run))
            parts += [f"({size}×{count})"] if count > 3 else [str(size)] * count
        return "-".join(parts)


@dataclass(frozen=True)
class Training:
    """The [training] of a file: how the parameters follow their gradients."""

    learning_rate: Annotated[
        float, Key(at_least(0), "α: an update subtracts α times the gradient", flag=True)
    ] = 0.5
    batch: Annotated[int, Key(whole_number(1, word="all"), "examples in an iteration")] = 1
    order: Annotated[str, Key(name_among(ORDERS), "shuffled: by the seed, each epoch")] = ORDERS[0]
    reduction: Annotated[
        str, Key(name_among(REDUCTIONS), "mean: 1/m in gradients of parameters")
    ] = REDUCTIONS[0]
    freeze: Annotated[tuple[str, ...], Key(FROZEN, "no update step", make=_once)] = ()
    optimizer: Annotated[str, Key(name_among(OPTIMIZERS), "the update rule")] = "gradient_descent"
    beta1: Annotated[float, Key(SHARE, "decay rate of v (momentum, adam)")] = 0.9
    beta2: Annotated[float, Key(SHARE, "decay rate of s (rmsprop, adam)")] = 0.999
    epsilon: Annotated[float, Key(at_least(0), "prevents a division by 0")] = 1e-8
    weight_decay: Annotated[
        float, Key(at_least(0), "λ: λ times a weight is added to its gradient")
    ] = 0.0
    l2: Annotated[
        float, Key(at_least(0), "λ₂: J is the mean of L plus λ₂/(2m) times the sum of all W²")
    ] = 0.0
    momentum_form: Annotated[
        str, Key(name_among(MOMENTUM_FORMS), "classical: v = β1·v + α·dW, W = W − v")
    ] = "averaged"
    input_gradient: Annotated[
        bool, Key(TRUTH, "true: dX, the gradient of the input, is a step too")
    ] = False

    @property
    def constants(self) -> dict[str, float]:
        """Its numbers, by the names that formulas give them."""
        keys = ("beta1", "beta2", "epsilon", "weight_decay", "l2")
        return {"alpha": self.learning_rate, **{key: getattr(self, key) for key in keys}}

    @property
    def rule(self) -> Rule:
        """The update rule."""
        momentum = self.optimizer == "momentum"
        return MOMENTUM_FORMS[self.momentum_form] if momentum else OPTIMIZERS[self.optimizer]

    @property
    def rule_name(self) -> str:
        """What the update rule is called: gradient_descent, classical_momentum."""
        return self.rule.__name__


REPEATED = re.compile(r"\{\s*t\s*([+−-]\s*\d+)?\s*\}")
"""What stands for a number in a repeated line: {t}, {t-1}."""


class FormulaLine(NamedTuple):
    """One line of [forward], written out for its t."""

    key: str
    """As the file has it: Z{t}."""
    symbol: str
    source: str
    t: int | None


@dataclass(frozen=True)
class WrittenNetwork:
    """The [parameters], [forward], [functions] and [repeat] of a file, and the shapes of its data.

    All as the file has them; the formulas are texts.
    """

    parameters: tuple[tuple[str, Shape], ...]
    data: tuple[tuple[str, Shape], ...]
    """The shape of each input and target for one example."""
    forward: tuple[tuple[str, str], ...]
    functions: tuple[tuple[str, str], ...] = ()
    repeat: tuple[int, int] | None = None
    """The first and the last t of the repeated lines."""
    same: frozenset[str] = frozenset()
    """The inputs that are the same matrix for each example."""
    batches: tuple[int, ...] = (1,)
    """How many examples its batches have: the formulas must fit each, and one example."""
    given: tuple[str, ...] = ()
    """The symbols of [given]: values and gradients that are not computed."""
    absent: tuple[str, ...] = ()
    """The data that is left out beside them: none, as formulas need all shapes."""

    @property
    def sizes(self) -> str:
        """How large it is, in a few words."""
        return count(sum(1 for _ in self.lines()), "formula")

    def lines(self) -> Iterator[FormulaLine]:
        """The lines, in order. Neighbouring ones with {t} are one block, written for each t."""
        for repeated, block in groupby(self.forward, lambda line: "{" in line[0]):
            lines = list(block)
            if not repeated:
                yield from (FormulaLine(key, key, source, None) for key, source in lines)
                continue
            first, last = self.repeat or (0, -1)
            for t in range(first, last + 1):
                for key, source in lines:
                    yield FormulaLine(key, written_for(key, t), written_for(source, t), t)


def dense(network: Network | WrittenNetwork) -> Network:
    """The network, where it is dense. Raises TypeError for a written one."""
    if isinstance(network, Network):
        return network
    raise TypeError(f"a network of {network.sizes} has no layers")


def written_for(source: str, t: int) -> str:
    """A repeated line with its numbers in place of {t} and {t-1}."""

    def number(match: re.Match[str]) -> str:
        shift = (match[1] or "0").replace("−", "-").replace(" ", "")
        return str(t + int(shift))

    return REPEATED.sub(number, source)
