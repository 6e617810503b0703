"""What is computed and how it is trained: the network and the training of an experiment."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Network:
    """The [network] of a file: what is computed."""

    layers: tuple[int, ...]  # neurons of each layer, the inputs first
    activations: tuple[str, ...]  # one for each layer after the inputs
    loss: str

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

    learning_rate: float = 0.5
    batch: int = 1  # examples an iteration
    order: str = "sequential"
    reduction: str = "mean"
    freeze: tuple[str, ...] = ()
    optimizer: str = "gradient_descent"
    beta1: float = 0.9  # how long v remembers slopes (momentum, Adam)
    beta2: float = 0.999  # how long s remembers their squares (RMSprop, Adam)
    epsilon: float = 1e-8  # keeps a step finite where s is 0
    weight_decay: float = 0.0  # λ: what is added to a weight's slope for its size
