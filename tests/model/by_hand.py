"""The steps of a dense network as version 0.1.0 had them, each backward formula written by hand.

What the rules derive is held against this list, tree by tree. It is frozen.
"""

from __future__ import annotations

from collections.abc import Iterator

from backprop_tui.maths.expressions import Call, Expr, Name, Num, rebuild
from backprop_tui.maths.functions import col_sums, log, power, row_sums, sqrt, square, total
from backprop_tui.model.network import Network, Training

X, Y, L, J, m, K = map(Name, "X Y L J m K".split())
alpha, beta1, beta2, epsilon, t, decay = map(
    Name, "alpha beta1 beta2 epsilon t weight_decay".split()
)
Written = tuple[Name, Expr, Expr | None]
"""What a step computes, its formula, and what that was before it collapsed."""


def loss_of(name: str, a: Name) -> Expr:
    """Each example's own loss."""
    return {
        "binary_cross_entropy": -col_sums(Y * log(a) + (1 - Y) * log(1 - a)),
        "cross_entropy": -col_sums(Y * log(a)),
        "half_squared_error": col_sums(square(a - Y)) / 2,
        "mean_squared_error": col_sums(square(a - Y)) / K,
    }[name]


def d_last_activation(name: str, a: Name) -> Expr:
    """dA of the last layer."""
    return {
        "binary_cross_entropy": (1 - Y) / (1 - a) - Y / a,
        "cross_entropy": -Y / a,
        "half_squared_error": a - Y,
        "mean_squared_error": 2 * (a - Y) / K,
    }[name]


def d_affine(activation: str, d: Name, z: Name, a: Name) -> Expr:
    """dZ from dA, Z and A."""
    if activation == "softmax":
        return a * (d - col_sums(d * a))
    return d * Call(f"{activation}_derivative", (z,))


SLOPES = {
    "sigmoid": Call("sigmoid", (Name("z"),)) * (1 - Call("sigmoid", (Name("z"),))),
    "tanh": 1 - square(Call("tanh", (Name("z"),))),
    "relu": Call("step", (Name("z"),)),
    "leaky_relu": 0.01 + 0.99 * Call("step", (Name("z"),)),
    "linear": Num(1.0),
}
"""The derivatives of the activations that work element by element."""
COLLAPSE = {("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")}
"""The last activations and losses with which dZ is A − Y."""


def steps(network: Network, training: Training) -> Iterator[Written]:
    """One iteration: forward, loss, backward, update."""
    batch = training.batch > 1
    one_output = network.layers[-1] == 1
    layers, last = range(1, network.depth + 1), network.depth

    def mean(e: Expr) -> Expr:
        return e / m if batch and training.reduction == "mean" else e

    def of(letter: str, layer: int) -> Name:
        return X if (letter, layer) == ("A", 0) else Name(f"{letter}{layer}")

    for n, g in zip(layers, network.activations, strict=True):
        yield of("Z", n), of("W", n) @ of("A", n - 1) + of("b", n), None
        yield of("A", n), Call(g, (of("Z", n),)), None
    loss = loss_of(network.loss, of("A", last))
    yield L, without("col_sums", loss) if one_output else loss, None
    if batch:
        yield J, mean(total(L)), None
    yield of("dA", last), d_last_activation(network.loss, of("A", last)), None
    for n in reversed(layers):
        g = network.activations[n - 1]
        chain_rule = d_affine(g, of("dA", n), of("Z", n), of("A", n))
        if n == last and (g, network.loss) in COLLAPSE:
            yield of("dZ", n), of("A", n) - Y, chain_rule
        else:
            yield of("dZ", n), chain_rule, None
        yield of("dW", n), mean(of("dZ", n) @ of("A", n - 1).T), None
        yield of("db", n), mean(row_sums(of("dZ", n))) if batch else of("dZ", n), None
        if n > 1:
            yield of("dA", n - 1), of("W", n).T @ of("dZ", n), None
    for n in layers:
        for letter in "Wb":
            if of(letter, n).symbol not in training.freeze:
                yield from updates(of(letter, n), of(f"d{letter}", n), letter == "W", training)


def without(function: str, e: Expr) -> Expr:
    """`e` without that sum: what 0.1.0 wrote for one example and one output as for several."""
    if isinstance(e, Call) and e.function == function:
        return e.args[0]
    return rebuild(e, lambda part: without(function, part))


def updates(w: Name, g: Expr, is_weight: bool, training: Training) -> Iterator[Written]:
    """The steps that change one parameter."""
    v, s, vc, sc = (Name(f"{letter}d{w.symbol}") for letter in ("v", "s", "vc", "sc"))
    if is_weight and training.weight_decay:
        g = g + decay * w
    if training.optimizer in ("momentum", "adam"):
        yield v, beta1 * v + (1 - beta1) * g, None
    if training.optimizer in ("rmsprop", "adam"):
        yield s, beta2 * s + (1 - beta2) * square(g), None
    if training.optimizer == "adam":
        yield vc, v / (1 - power(beta1, t)), None
        yield sc, s / (1 - power(beta2, t)), None
    yield {
        "gradient_descent": (w, w - alpha * g, None),
        "momentum": (w, w - alpha * v, None),
        "rmsprop": (w, w - alpha * g / (sqrt(s) + epsilon), None),
        "adam": (w, w - alpha * vc / (sqrt(sc) + epsilon), None),
    }[training.optimizer]
