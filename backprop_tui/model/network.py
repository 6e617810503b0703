"""What is computed and how it is trained: the network and the training of an experiment."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

from backprop_tui.maths.functions import ACTIVATIONS, LOSSES
from backprop_tui.model.keys import LINE, SHARE, ListOf, at_least, key, name_among, whole_number
from backprop_tui.model.optimizers import OPTIMIZERS

ORDERS = ("sequential", "shuffled")
REDUCTIONS = ("mean", "sum")


@dataclass(frozen=True)
class Network:
    """The [network] of a file: what is computed."""

    layers: tuple[int, ...] = field(
        metadata=key(
            ListOf(whole_number(1), "numbers of neurons, the inputs first", 2, 1000),
            "neurons of each layer; [2, 1] is logistic regression",
            flag=True,
        )
    )
    activations: tuple[str, ...] = field(
        metadata=key(
            ListOf(
                name_among(sorted(ACTIVATIONS)),
                "activations, one for each layer after the inputs",
                1,
            ),
            "g of each layer; softmax in the last one only",
            flag=True,
        )
    )
    loss: str = field(
        metadata=key(name_among(sorted(LOSSES)), "L, of each example", flag=True),
    )

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

    learning_rate: float = field(
        default=0.5, metadata=key(at_least(0), "α, how far an update goes", flag=True)
    )
    batch: int = field(
        default=1, metadata=key(whole_number(1, word="all"), "examples an iteration")
    )
    order: str = field(
        default=ORDERS[0],
        metadata=key(name_among(ORDERS), "shuffled: anew each epoch, by the seed"),
    )
    reduction: str = field(
        default=REDUCTIONS[0],
        metadata=key(name_among(REDUCTIONS), "whether dW and db carry 1/m"),
    )
    freeze: tuple[str, ...] = field(
        default=(),
        metadata=key(
            ListOf(LINE, "parameters' names, like W1 or b1"),
            "parameters with no update step",
            make=lambda names: tuple(dict.fromkeys(names)),
        ),
    )
    optimizer: str = field(
        default="gradient_descent", metadata=key(name_among(OPTIMIZERS), "the rule of the update")
    )
    beta1: float = field(
        default=0.9, metadata=key(SHARE, "how long v remembers gradients: momentum, adam")
    )
    beta2: float = field(
        default=0.999, metadata=key(SHARE, "how long s remembers their squares: rmsprop, adam")
    )
    epsilon: float = field(
        default=1e-8, metadata=key(at_least(0), "keeps an update finite where s is 0")
    )
    weight_decay: float = field(
        default=0.0, metadata=key(at_least(0), "λ: what of a weight is added to its gradient")
    )
