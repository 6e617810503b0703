"""The layers of a dense network: their sizes, and the symbols of their matrices.

This is the only module that makes a symbol out of a letter and a layer's number. Elsewhere a
program's roles say what a symbol is (`program.Role`); no code reads it out of the letters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

INPUT, TARGET, LOSS, OBJECTIVE = "X", "Y", "L", "J"
"""The inputs, the targets, the loss of each example, and what training minimises."""
Part: TypeAlias = Literal["weight", "bias", "affine", "activation"]
"""The matrices of a layer, as in A = g(Z), Z = W·A[below] + b."""
LETTERS: dict[Part, str] = {"weight": "W", "bias": "b", "affine": "Z", "activation": "A"}
ACTIVATION_0 = f"{LETTERS['activation']}0"
"""What a formula may call the inputs: the activation of layer 0."""

SYMBOL = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""What a matrix may be called in a file."""
PARAMETER = re.compile(f"[{LETTERS['weight']}{LETTERS['bias']}][1-9][0-9]*")
KEPT = re.compile(rf"(?:[vs]?d)?{PARAMETER.pattern}")
"""What an iteration hands to the next: a parameter, its gradient, or a running mean of that."""


def is_column(kept: str) -> bool:
    """Whether what matches KEPT is a bias, or of one: its shape is (n[l], 1)."""
    return LETTERS["bias"] in kept


def symbol_of(part: Part, layer: int) -> str:
    """What that matrix of a layer is called; the activation of layer 0 is the inputs."""
    return INPUT if part == "activation" and layer == 0 else f"{LETTERS[part]}{layer}"


def gradient(symbol: str) -> str:
    """The symbol of the gradient with respect to `symbol`: dW1 of W1."""
    return f"d{symbol}"


FIRST = (symbol_of("weight", 1), symbol_of("bias", 1))
"""The parameters of layer 1: every network has them."""


@dataclass(frozen=True)
class Layer:
    """One layer, and what its matrices are called. The inputs are layer 0, and have no `Layer`."""

    number: int  # l, from 1
    reads: int  # n[l-1]: the neurons of the layer before it, or the inputs
    neurons: int  # n[l]

    @property
    def below(self) -> str:
        """What the layer reads: the inputs, or the activation of the layer before it."""
        return symbol_of("activation", self.number - 1)

    @property
    def weight(self) -> str:
        """The symbol of W, of shape (n[l], n[l-1])."""
        return symbol_of("weight", self.number)

    @property
    def bias(self) -> str:
        """The symbol of b, of shape (n[l], 1)."""
        return symbol_of("bias", self.number)

    @property
    def affine(self) -> str:
        """The symbol of Z, of shape (n[l], m)."""
        return symbol_of("affine", self.number)

    @property
    def activation(self) -> str:
        """The symbol of A, of shape (n[l], m)."""
        return symbol_of("activation", self.number)


def layers_of(sizes: Sequence[int]) -> tuple[Layer, ...]:
    """The layers of a network with these numbers of neurons, the inputs first."""
    return tuple(Layer(l, *pair) for l, pair in enumerate(pairwise(sizes), start=1))  # noqa: E741


def parameter_shapes(sizes: Sequence[int], bias: bool = True) -> dict[str, tuple[int, int]]:
    """The shape of each parameter, in the order W1, b1, W2, b2, ...; without biases W1, W2, ..."""
    shapes = {}
    for layer in layers_of(sizes):
        shapes[layer.weight] = layer.neurons, layer.reads
        if bias:
            shapes[layer.bias] = layer.neurons, 1
    return shapes


def weights_of(sizes: Sequence[int]) -> frozenset[str]:
    """The parameters that are drawn at random; all others begin at zero."""
    return frozenset(layer.weight for layer in layers_of(sizes))
