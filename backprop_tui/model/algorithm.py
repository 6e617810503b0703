"""The algorithm of backpropagation: a dense network's forward steps and all updates stand here.

The backward steps between them are derived (`backward`). It is Andrew Ng's notation: columns are
examples; or the same with all matrices transposed: rows are. Nothing here knows of numbers,
positions or screens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, reduce
from operator import add

from backprop_tui.maths.expressions import (
    SCALARS,
    Call,
    Expr,
    Name,
    calls,
    matrix,
    names,
    rebuild,
)
from backprop_tui.maths.functions import ACTIVATIONS, LOSSES, square, total, transposed
from backprop_tui.maths.shapes import AS_SUMS, Shape, ShapeMismatch, as_sum, shape
from backprop_tui.model import lazy
from backprop_tui.model.architecture import Architecture, Kind, Role, Step
from backprop_tui.model.backward import Forward, backward, without_sums_of_one
from backprop_tui.model.layers import (
    INPUT,
    LETTERS,
    LOSS,
    OBJECTIVE,
    TARGET,
    Part,
    gradient,
    layers_of,
    weights_of,
)
from backprop_tui.model.network import Network, Training, WrittenNetwork, l2, weight_decay
from backprop_tui.model.program import DeliberateMistake, Program, with_shapes_of

Y, L, J, m = map(Name, (TARGET, LOSS, OBJECTIVE, "m"))


def forward_of(network: Network) -> Iterator[Step]:
    """The forward steps, and the loss of each example; columns are examples."""
    for layer, name in zip(layers_of(network.layers), network.activations, strict=True):
        number = layer.number
        W, A, b, Z = map(Name, (layer.weight, layer.below, layer.bias, layer.affine))
        affine = W @ A + b if network.bias else W @ A
        yield Step(Z, affine, "forward", _role("value", number, "affine"))
        g, value = ACTIVATIONS[name], _role("value", number, "activation")
        yield Step(Name(layer.activation), g(Z), "forward", value)
    loss = LOSSES[network.loss](Name(layer.activation), Y)
    outputs = dict.fromkeys((layer.activation, TARGET), (network.layers[-1], 2))
    yield Step(L, without_sums_of_one(loss, outputs), "loss", Role("loss"))


def objective_of(architecture: Architecture, training: Training) -> Step | None:
    """J, where it is not the loss of one example alone: for a batch, and with an L2 penalty."""
    if architecture.objective is not None:
        return architecture.objective
    batch, mean = training.batch > 1, training.reduction == "mean"
    J_of: Expr = total(L) if batch else L
    J_of = J_of / m if batch and mean else J_of
    if training.l2 and architecture.weights:
        own = architecture.matrices
        squares = [total(square(Name(s, own=s in own))) for s in architecture.weights]
        J_of = J_of + l2 * reduce(add, squares) / (2 * m if batch and mean else 2)
    return None if J_of == L else Step(J, J_of, "loss", Role("loss"))


def given_of(network: Network) -> dict[str, Role]:
    """What is there before the first step: inputs, targets and parameters."""
    given = {INPUT: _role("input", 0, "activation"), TARGET: Role("target")}
    for layer in layers_of(network.layers):
        given[layer.weight] = _role("parameter", layer.number, "weight")
        if network.bias:
            given[layer.bias] = _role("parameter", layer.number, "bias")
    return given


def _role(kind: Kind, layer: int, part: Part) -> Role:
    return Role(kind, layer, part, stem=LETTERS[part])


@lru_cache(maxsize=64)
def architecture_of(network: Network | WrittenNetwork) -> Architecture:
    """A network as a run needs it. Raises ValueError for a written one that has a fault."""
    if isinstance(network, WrittenNetwork):
        return with_caches(lazy.architecture_of_formulas(network), network)
    n, rows = network.layers, network.orientation == "rows"
    steps = tuple(forward_of(network))
    data: dict[str, Shape] = {INPUT: (n[0], 1), TARGET: (n[-1], 1)}
    if rows:
        steps = tuple(replace(step, expression=transposed(step.expression)) for step in steps)
        data = {symbol: shape[::-1] for symbol, shape in data.items()}
    architecture = Architecture(
        steps,
        given_of(network),
        {**data, **network.parameter_shapes},
        frozenset(weights_of(n)),
        layers_of(n)[-1].activation,
        TARGET,
        {layer.number: f"layer {layer.number}" for layer in layers_of(n)},
        {TARGET: LOSSES[network.loss]},
        axis=0 if rows else 1,
    )
    return with_caches(architecture, network)


def with_caches(whole: Architecture, network: Network | WrittenNetwork) -> Architecture:
    """The architecture with what the network's [given] has in place of steps.

    Raises KeyError for a symbol that is neither a value nor a gradient of the network.
    """
    if not network.given:
        return whole
    one, two = (with_shapes_of(whole.steps, whole.shapes(examples)) for examples in (1, 2))
    roles = {**whole.given, **{step.symbol: step.role for step in whole.steps}}
    of = {gradient(symbol): symbol for symbol in roles}
    values = {symbol: of.get(symbol, symbol) for symbol in network.given}
    return replace(
        whole,
        given={
            **whole.given,
            **{s: roles[v] if s in roles else roles[v].of_gradient(v) for s, v in values.items()},
        },
        of_one={**whole.of_one, **{symbol: one[v] for symbol, v in values.items()}},
        same=whole.same | {symbol for symbol, v in values.items() if one[v] == two[v]},
        cached=frozenset(network.given),
        absent=frozenset(network.absent),
    )


def present(
    steps: Iterable[Step], architecture: Architecture
) -> tuple[tuple[Step, ...], dict[str, tuple[str, ...]]]:
    """The steps that can be run and are of use beside what is given; and for each that lacks an
    operand, by its symbol, what it lacks."""
    known, numbers = (
        architecture.given.keys() - architecture.absent,
        SCALARS - architecture.matrices,
    )
    run, lacking = list[Step](), dict[str, tuple[str, ...]]()
    readers: dict[str, set[str]] = {}
    for step in steps:
        read = [symbol for symbol in names(step.expression) if symbol not in numbers]
        for symbol in read:
            readers.setdefault(symbol, set()).add(step.symbol)
        if step.symbol in architecture.cached:
            continue
        if without := tuple(s for s in read if s not in known and s != step.symbol):
            if step.phase != "update":
                lacking[step.symbol] = without
            continue
        run.append(step)
        known.add(step.symbol)
    idle = set(architecture.cached)
    for step in reversed(run):
        if step.phase == "forward" and idle.issuperset(readers.get(step.symbol, {step.symbol})):
            idle.add(step.symbol)
    return tuple(step for step in run if step.symbol not in idle), lacking


def forward_pass(architecture: Architecture, training: Training) -> Forward:
    """What the backward pass of a network is derived from."""
    steps, mean, penalty = architecture.steps, None, None
    if (objective := objective_of(architecture, training)) is not None:
        mean, penalty = architecture.parted(objective.expression)
        if mean is None:  # gradients are of J itself
            steps = (*steps, objective)
    return Forward(
        tuple(without_means(steps, architecture, training.batch)),
        architecture.given,
        architecture.shapes(training.batch),
        training.batch,
        objective,
        training.batch > 1 and bool(mean),
        penalty,
        architecture.known,
        training.input_gradient,
        architecture.cached,
    )


def without_means(
    steps: Iterable[Step], architecture: Architecture, examples: int
) -> Iterator[Step]:
    """The steps with means as what they are: sums, divided by how many there are."""
    steps = tuple(steps)
    if not any(call.function in AS_SUMS for s in steps for call in calls(s.expression)):
        yield from steps
        return
    shapes, wider = architecture.shapes(examples), architecture.shapes(examples + 1)

    def opened(e: Expr) -> Expr:
        e = rebuild(e, opened)
        return as_sum(e, shapes, wider) if isinstance(e, Call) and e.function in AS_SUMS else e

    for step in steps:
        e = opened(step.expression)
        yield step if e == step.expression else replace(step, expression=e)
        shapes[step.symbol] = shape(e, shapes)
        with suppress(ShapeMismatch, KeyError):  # it fits batches of one size alone
            wider[step.symbol] = shape(e, wider)


@lru_cache(maxsize=64)
def steps_of(architecture: Architecture, training: Training) -> tuple[Step, ...]:
    """One iteration, step by step: forward, loss, backward, update."""
    forward = forward_pass(architecture, training)
    steps = [*architecture.steps, *filter(None, (forward.objective,)), *backward(forward)]
    made = {step.symbol for step in steps}
    for symbol in forward.parameters:
        role = forward.given[symbol]
        if gradient(symbol) not in made:  # the loss does not depend on it
            continue
        steps += update(matrix(symbol), Name(gradient(symbol)), role, training)
    return tuple(steps)


def update(parameter: Name, slope: Name, role: Role, training: Training) -> Iterator[Step]:
    """The steps that change one parameter; weight decay draws weights, not biases, to zero."""
    if parameter.symbol in training.freeze:
        return
    decays = training.weight_decay > 0 and role.part == "weight"
    pull = slope + weight_decay * parameter if decays else slope
    roles = {parameter: role}

    def mean(letter: str) -> Name:
        name = Name(f"{letter}{slope.symbol}")
        roles[name] = replace(role, kind="mean", of=slope.symbol, mean=letter)
        return name

    for target, expression in training.rule(parameter, pull, mean):
        yield Step(target, expression, "update", roles[target])


def program_of(
    network: Network | WrittenNetwork,
    training: Training,
    formulas: Mapping[str, Expr] | None = None,
    mistake: DeliberateMistake | None = None,
) -> Program:
    """The program of a network.

    `formulas` are a learner's own, by the symbols that they compute; backward steps are derived
    from those of the forward pass. A mistake made on purpose leaves them out.

    Raises NoRule for a forward formula that cannot be differentiated.
    """
    own = () if mistake else tuple((formulas or {}).items())
    return _program(network, training, own, mistake)


@lru_cache(maxsize=64)  # opened again, or asked again, it is the same: also all that is read off it
def _program(
    network: Network | WrittenNetwork,
    training: Training,
    formulas: tuple[tuple[str, Expr], ...],
    mistake: DeliberateMistake | None,
) -> Program:
    architecture = architecture_of(network)
    own = tuple((s, e) for s, e in formulas if s in architecture.forward)
    if own:
        objective = objective_of(architecture, training)
        architecture = lazy.with_formulas(architecture, objective, training, own)
    steps = steps_of(architecture, training)
    lacking: Mapping[str, tuple[str, ...]] = {}
    if architecture.cached:
        steps, lacking = present(steps, architecture)
    right = Program(network, training, steps, architecture, dict(formulas), lacking=lacking)
    if mistake is None:
        return right
    return replace(right, taught=tuple(mistake.steps(right)), mistake=mistake, right=right)
