"""What is computed and how it is trained: the network and the training of an experiment."""

from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from backprop_tui.maths.functions import ACTIVATIONS, LOSSES
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
from backprop_tui.model.optimizers import MOMENTUM_FORMS, OPTIMIZERS, Rule

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
