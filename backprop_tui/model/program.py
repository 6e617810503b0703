"""The derivation: the algorithm of backpropagation, written once, as mathematics.

`derivation` below is that algorithm, in Andrew Ng's notation (columns are examples); everything
that the program computes, shows, traces or exports is read off the steps it yields. It knows how
the network is built, and nothing of numbers, positions or screens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal, TypeAlias

from backprop_tui.maths.expressions import Call, Expr, Name, Transpose, is_scalar, names, rebuild
from backprop_tui.maths.functions import ACTIVATIONS, DEFINITIONS, LOSSES, expand, row_sums, total
from backprop_tui.maths.shapes import Shape, shape
from backprop_tui.model.experiment import Network, Training
from backprop_tui.model.optimizers import OPTIMIZERS, weight_decay

Phase: TypeAlias = Literal["forward", "loss", "backward", "update"]
PHASES: tuple[Phase, ...] = ("forward", "loss", "backward", "update")


@dataclass(frozen=True)
class Step:
    """One operation: `target` gets the value of `expression`, as it is taught.

    `derivation` is what the expression was before it collapsed (dA2 ∘ σ′(Z2), where it is A2 − Y).
    """

    target: Name
    expression: Expr
    phase: Phase
    layer: int | None
    derivation: Expr | None = None
    own: bool = False
    """Whether the expression is a learner's own, in place of the taught one."""

    @property
    def symbol(self) -> str:
        return self.target.symbol


class Family:
    """The matrices of one letter, by layer: `W[2]` is the name W2."""

    def __init__(self, letter: str) -> None:
        self.letter = letter

    def __getitem__(self, layer: int) -> Name:
        return Name("X") if self.letter == "A" and layer == 0 else Name(f"{self.letter}{layer}")


W, b, Z, A, dW, db, dZ, dA = map(Family, "W b Z A dW db dZ dA".split())
Y, L, J, m = map(Name, "Y L J m".split())


def derivation(network: Network, training: Training) -> Iterator[Step]:
    """One iteration, step by step: forward, loss, backward, update."""
    batch = training.batch > 1

    def mean(e: Expr) -> Expr:
        return e / m if batch and training.reduction == "mean" else e

    loss = LOSSES[network.loss]
    g = {layer: ACTIVATIONS[name] for layer, name in enumerate(network.activations, 1)}
    layers, last = range(1, network.depth + 1), network.depth

    for l in layers:  # noqa: E741 (Ng's own letter)
        yield Step(Z[l], W[l] @ A[l - 1] + b[l], "forward", l)
        yield Step(A[l], g[l](Z[l]), "forward", l)

    yield Step(L, loss(A[last], Y), "loss", None)
    if batch:
        yield Step(J, mean(total(L)), "loss", None)

    yield Step(dA[last], loss.slope_at(A[last], Y), "backward", last)
    for l in reversed(layers):  # noqa: E741
        chain_rule = g[l].back(dA[l], Z[l], A[l])
        if l == last and g[l].name in loss.collapses:
            yield Step(dZ[l], A[l] - Y, "backward", l, derivation=chain_rule)
        else:
            yield Step(dZ[l], chain_rule, "backward", l)
        yield Step(dW[l], mean(dZ[l] @ A[l - 1].T), "backward", l)
        yield Step(db[l], mean(row_sums(dZ[l])), "backward", l)
        if l > 1:
            yield Step(dA[l - 1], W[l].T @ dZ[l], "backward", l - 1)

    for l in layers:  # noqa: E741
        for parameter, slope in ((W[l], dW[l]), (b[l], db[l])):
            if parameter.symbol not in training.freeze:
                for target, expression in update(parameter, slope, training):
                    yield Step(target, expression, "update", l)


def update(parameter: Name, slope: Name, training: Training) -> Iterator[tuple[Name, Expr]]:
    """The steps that change one parameter; weight decay draws weights, not biases, to zero."""
    decays = training.weight_decay > 0 and parameter.symbol.startswith("W")
    pull = slope + weight_decay * parameter if decays else slope
    rule = OPTIMIZERS[training.optimizer]
    return rule(parameter, pull, lambda letter: Name(f"{letter}{slope.symbol}"))


def _steps(network: Network, training: Training) -> Iterable[Step]:
    if training.mistake is None:
        return derivation(network, training)
    from backprop_tui.learn.mistaken import mistaken  # which rewrites the steps of a program

    return mistaken(network, training)


def _written(step: Step, formulas: Mapping[str, Expr]) -> Step:
    """The step with the learner's formula, where there is one; a derivation that is still true
    stays."""
    own = formulas.get(step.symbol)
    if own is None:
        return step
    derivation = step.derivation if own == step.expression else None
    return replace(step, expression=own, derivation=derivation, own=True)


class Program:
    """The steps of one iteration, with what is read off them: lowered forms, shapes, readers."""

    def __init__(
        self,
        network: Network,
        training: Training,
        formulas: Mapping[str, Expr] | None = None,
    ) -> None:
        """`formulas` are a learner's own, by the symbols that they compute; a mistake made on
        purpose leaves them out."""
        self.network, self.training = network, training
        self.taught = tuple(_steps(network, training))
        self.steps = self.taught
        if formulas and training.mistake is None:
            self.steps = tuple(_written(step, formulas) for step in self.taught)
        self.lowered = tuple(lower_all(self.steps))

    @cached_property
    def own(self) -> tuple[str, ...]:
        """The symbols whose steps are made by a learner's own formula, in order."""
        return tuple(step.symbol for step in self.steps if step.own)

    def lowered_of(self, step: Step) -> Expr:
        """A step's expression as it is computed."""
        return self.lowered[self.index(step.symbol)]

    def index(self, symbol: str) -> int:
        """Where the step that writes `symbol` stands, from 0. Raises KeyError where none does."""
        return self.positions[symbol]

    @cached_property
    def positions(self) -> dict[str, int]:
        return {step.symbol: i for i, step in enumerate(self.steps)}

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        return tuple(p[l].symbol for l in range(1, self.network.depth + 1) for p in (W, b))  # noqa: E741

    @cached_property
    def gradients(self) -> frozenset[str]:
        """The symbols that going backward computes: each is the slope of what it is named after."""
        return frozenset(step.symbol for step in self.steps if step.phase == "backward")

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """What one iteration hands to the next: the parameters, an optimizer's running means."""
        means = (s.symbol for s in self.steps if s.symbol in names(s.expression))
        return tuple(dict.fromkeys((*self.parameters, *means)))

    @cached_property
    def readers(self) -> dict[str, tuple[int, ...]]:
        """For each symbol the steps that read it as it stands then, by what is evaluated."""
        readers: dict[str, list[int]] = {}
        for i, expression in enumerate(self.lowered):
            for symbol in names(expression):
                readers.setdefault(symbol, []).append(i)
        return {symbol: tuple(steps) for symbol, steps in readers.items()}

    def phase_bounds(self, phase: Phase) -> tuple[int, int]:
        """The first step of a phase and the first behind it, from 0; equal where it has none."""
        own = [i for i, step in enumerate(self.steps) if step.phase == phase]
        return (own[0], own[-1] + 1) if own else (len(self.steps), len(self.steps))

    def is_early(self, step: Step) -> bool:
        """Whether an update comes before the last gradient: only a mistake makes it do that."""
        return step.phase == "update" and self.index(step.symbol) < self.phase_bounds("backward")[1]

    @cached_property
    def objective(self) -> str:
        """What an iteration's loss is, one number: J, or the L of its one example."""
        return self.steps[self.phase_bounds("loss")[1] - 1].symbol

    @cached_property
    def per_example(self) -> frozenset[str]:
        """The symbols that have a column for each example of the batch."""
        if self.training.mistake is not None:  # some fit a batch of one alone, and have no other
            return Program(self.network, self.training.with_mistake(None)).per_example
        one, two = self.shapes(1), self.shapes(2)
        return frozenset(symbol for symbol in one if one[symbol] != two[symbol])

    @cache  # noqa: B019 (a program lives as long as its run)
    def shapes(self, examples: int) -> Mapping[str, Shape]:
        """The shape of every symbol, for a batch of that many examples."""
        n = self.network.layers
        shapes: dict[str, Shape] = {"X": (n[0], examples), "Y": (n[-1], examples)}
        for l in range(1, self.network.depth + 1):  # noqa: E741
            shapes[W[l].symbol] = (n[l], n[l - 1])
            shapes[b[l].symbol] = (n[l], 1)
        # As taught: a formula that is right for one input may have no shape for two.
        return with_shapes_of(self.taught, shapes)


def with_shapes_of(steps: Iterable[Step], given: Mapping[str, Shape]) -> Mapping[str, Shape]:
    """The shapes given, and that of every symbol that the steps write."""
    shapes = dict(given)
    for step in steps:
        read = names(step.expression)
        if step.symbol in read and step.symbol not in shapes:
            # A running mean has the shape of what it is the mean of.
            shapes[step.symbol] = next(shapes[symbol] for symbol in read if symbol in shapes)
        shapes[step.symbol] = shape(step.expression, shapes)
    return shapes


def lower(e: Expr, known: Mapping[Expr, Name]) -> Expr:
    """`e` as it is computed: parts that are known already by their name, definitions expanded."""
    if e in known:
        return known[e]
    if isinstance(e, Call) and e.function in DEFINITIONS:
        return lower(expand(e), known)
    if isinstance(e, Transpose) and is_scalar(e.operand):  # a number has no rows to turn
        return lower(e.operand, known)
    return rebuild(e, lambda child: lower(child, known))


def lower_all(steps: tuple[Step, ...]) -> Iterator[Expr]:
    """Each step's expression, lowered: σ′(Z1) is A1 ∘ (1 − A1) once A1 = σ(Z1) stands."""
    known: dict[Expr, Name] = {}
    reading: dict[str, list[Expr]] = {}
    for step in steps:
        yield lower(step.expression, known)
        # What was computed from a parameter is not what its new value would give.
        for stale in reading.pop(step.symbol, ()):
            known.pop(stale, None)
        read = names(step.expression)
        if step.symbol not in read:
            known.setdefault(step.expression, step.target)
            for symbol in read:
                reading.setdefault(symbol, []).append(step.expression)
