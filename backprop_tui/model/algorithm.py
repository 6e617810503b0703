"""The algorithm of backpropagation, written once, as mathematics.

`steps_of` below is that algorithm, in Andrew Ng's notation (columns are examples). It knows how a
dense network is built, and nothing of numbers, positions or screens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from backprop_tui.maths.expressions import Expr, Name
from backprop_tui.maths.functions import ACTIVATIONS, LOSSES, row_sums, total
from backprop_tui.model.layers import (
    INPUT,
    LOSS,
    OBJECTIVE,
    TARGET,
    Part,
    gradient,
    layers_of,
    symbol_of,
)
from backprop_tui.model.network import Network, Training
from backprop_tui.model.optimizers import OPTIMIZERS, weight_decay
from backprop_tui.model.program import DeliberateMistake, Program, Role, Step

Y, L, J, m = map(Name, (TARGET, LOSS, OBJECTIVE, "m"))


@dataclass(frozen=True)
class Family:
    """The same matrix of every layer: `W[2]` is the name W2, and `dW[2]` the gradient of it."""

    part: Part
    is_gradient: bool = False

    def __getitem__(self, layer: int) -> Name:
        symbol = symbol_of(self.part, layer)
        return Name(gradient(symbol) if self.is_gradient else symbol)

    def step(self, layer: int, e: Expr, derivation: Expr | None = None) -> Step:
        """The step that computes that layer's."""
        if not self.is_gradient:
            return Step(self[layer], e, "forward", Role("value", layer, self.part))
        role = Role("gradient", layer, self.part, of=symbol_of(self.part, layer))
        return Step(self[layer], e, "backward", role, derivation)


W, b, Z, A = Family("weight"), Family("bias"), Family("affine"), Family("activation")
dW, db, dZ, dA = (Family(family.part, is_gradient=True) for family in (W, b, Z, A))


def steps_of(network: Network, training: Training) -> Iterator[Step]:
    """One iteration, step by step: forward, loss, backward, update."""
    batch = training.batch > 1

    def mean(e: Expr) -> Expr:
        return e / m if batch and training.reduction == "mean" else e

    loss = LOSSES[network.loss]
    g = {layer: ACTIVATIONS[name] for layer, name in enumerate(network.activations, 1)}
    layers, last = range(1, network.depth + 1), network.depth

    for l in layers:  # noqa: E741 (Ng's own letter)
        yield Z.step(l, W[l] @ A[l - 1] + b[l])
        yield A.step(l, g[l](Z[l]))

    yield Step(L, loss(A[last], Y), "loss", Role("loss"))
    if batch:
        yield Step(J, mean(total(L)), "loss", Role("loss"))

    yield dA.step(last, loss.derivative_at(A[last], Y))
    for l in reversed(layers):  # noqa: E741
        chain_rule = g[l].back(dA[l], Z[l], A[l])
        if l == last and g[l].name in loss.collapses:
            yield dZ.step(l, A[l] - Y, derivation=chain_rule)
        else:
            yield dZ.step(l, chain_rule)
        yield dW.step(l, mean(dZ[l] @ A[l - 1].T))
        yield db.step(l, mean(row_sums(dZ[l])))
        if l > 1:
            yield dA.step(l - 1, W[l].T @ dZ[l])

    for l in layers:  # noqa: E741
        yield from update(W[l], dW[l], Role("parameter", l, "weight"), training)
        yield from update(b[l], db[l], Role("parameter", l, "bias"), training)


def update(parameter: Name, slope: Name, role: Role, training: Training) -> Iterator[Step]:
    """The steps that change one parameter; weight decay draws weights, not biases, to zero."""
    if parameter.symbol in training.freeze:
        return
    decays = training.weight_decay > 0 and role.part == "weight"
    pull = slope + weight_decay * parameter if decays else slope
    roles = {parameter: role}

    def mean(letter: str) -> Name:
        name = Name(f"{letter}{slope.symbol}")
        roles[name] = Role("mean", role.layer, role.part, of=slope.symbol, mean=letter)
        return name

    for target, expression in OPTIMIZERS[training.optimizer](parameter, pull, mean):
        yield Step(target, expression, "update", roles[target])


def program_of(
    network: Network,
    training: Training,
    formulas: Mapping[str, Expr] | None = None,
    mistake: DeliberateMistake | None = None,
) -> Program:
    """The program of a dense network.

    `formulas` are a learner's own, by the symbols that they compute; a mistake made on purpose
    leaves them out.
    """
    steps = tuple(steps_of(network, training))
    given = {INPUT: Role("input", 0, "activation"), TARGET: Role("target")}
    for layer in layers_of(network.layers):
        given[layer.weight] = Role("parameter", layer.number, "weight")
        given[layer.bias] = Role("parameter", layer.number, "bias")
    right = Program(network, training, steps, given, formulas or {})
    if mistake is None:
        return right
    right = replace(right, formulas={})
    return replace(right, taught=tuple(mistake.steps(right)), mistake=mistake, right=right)
