"""What is computed and how it is trained: the network and the training of an experiment."""

from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from backprop_tui.maths.functions import ACTIVATIONS, LOSSES
from backprop_tui.model.keys import LINE, SHARE, Key, ListOf, at_least, name_among, whole_number
from backprop_tui.model.optimizers import OPTIMIZERS

ORDERS = ("sequential", "shuffled")
REDUCTIONS = ("mean", "sum")
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
    given: tuple[str, ...] = ()
    """The symbols of [given]: values and gradients that are not computed."""
    absent: tuple[str, ...] = ()
    """The data that is left out beside them."""

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
    reduction: Annotated[str, Key(name_among(REDUCTIONS), "mean: dW, db carry 1/m")] = REDUCTIONS[0]
    freeze: Annotated[tuple[str, ...], Key(FROZEN, "no update step", make=_once)] = ()
    optimizer: Annotated[str, Key(name_among(OPTIMIZERS), "the update rule")] = "gradient_descent"
    beta1: Annotated[float, Key(SHARE, "decay rate of v (momentum, adam)")] = 0.9
    beta2: Annotated[float, Key(SHARE, "decay rate of s (rmsprop, adam)")] = 0.999
    epsilon: Annotated[float, Key(at_least(0), "prevents a division by 0")] = 1e-8
    weight_decay: Annotated[
        float, Key(at_least(0), "λ: λ times a weight is added to its gradient")
    ] = 0.0
