"""A program: the steps of one iteration, and what each of its symbols is.

A program is given its steps (`algorithm` makes them). Everything that is computed, shown, traced or
exported is read off them: order, lowered forms, shapes, readers, roles.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Protocol, TypeVar

from backprop_tui.maths.expressions import (
    SCALARS,
    Call,
    Expr,
    MatMul,
    Name,
    OwnFunction,
    Transpose,
    is_scalar,
    names,
    once,
    rebuild,
    walk,
)
from backprop_tui.maths.functions import PRIMITIVES, expand, transposed
from backprop_tui.maths.shapes import Shape, ShapeMismatch, shape
from backprop_tui.messages import listed
from backprop_tui.model.architecture import PHASES, Architecture, Kind, Phase, Role, Step
from backprop_tui.model.layers import LETTERS, OBJECTIVE, Layer, Part, gradient, layers_of
from backprop_tui.model.network import Network, Training, WrittenNetwork, dense

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Program:
    """The steps of one iteration, with what is read off them."""

    network: Network | WrittenNetwork
    training: Training
    taught: tuple[Step, ...]
    """The steps as they are taught; `steps` has a learner's own formulas in them."""
    architecture: Architecture
    formulas: Mapping[str, Expr] = field(default_factory=dict)
    """A learner's own, by the symbols that they compute."""
    mistake: DeliberateMistake | None = None
    """The mistake that is made on purpose; None: the right algorithm."""
    right: Program | None = None
    """Of a program with a mistake, the one without; None of that one itself."""
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the steps lack that cannot be run, by their symbols: only where [given] has values."""

    def __repr__(self) -> str:
        return f"<Program of {len(self.steps)} steps for {self.network.sizes}>"

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps, in order."""
        return tuple(_written(step, self.formulas) for step in self.taught)

    @cached_property
    def own(self) -> tuple[str, ...]:
        """The symbols whose steps are made by a learner's own formula, in order."""
        return tuple(step.symbol for step in self.steps if step.own)

    @cached_property
    def lowered(self) -> tuple[Expr, ...]:
        """Each step's expression as it is computed."""
        return tuple(lower_all(self.steps))

    def lowered_of(self, step: Step) -> Expr:
        """A step's expression as it is computed."""
        return self.lowered[self.index(step.symbol)]

    def collapsed_from(self, step: Step) -> Expr | None:
        """What a step's expression collapsed from, with the values of the forward pass in it;
        None where it was derived as it stands."""
        known = {s.expression: s.target for s in self.steps if s.phase == "forward"}
        return None if step.derivation is None else lower(step.derivation, known)

    def index(self, symbol: str) -> int:
        """Where the step that writes `symbol` stands, from 0. Raises KeyError where none does."""
        return self.positions[symbol]

    @cached_property
    def positions(self) -> dict[str, int]:
        """Where the step that writes each symbol stands, from 0."""
        return {step.symbol: i for i, step in enumerate(self.steps)}

    def by_symbol(self, results: Iterable[T]) -> dict[str, T]:
        """What each step gave, by its symbol; `results` may end before the steps do."""
        return {step.symbol: r for step, r in zip(self.steps, results, strict=False)}

    @property
    def dense(self) -> Network:
        """The dense network that it is the program of. Raises TypeError for a written one."""
        return dense(self.network)

    # What the symbols are

    @cached_property
    def given(self) -> Mapping[str, Role]:
        """What is there before the first step: inputs, targets, parameters, and values that are
        given instead of computed. Beside these, nothing that no step reads, mistaken or not."""
        given, cached = self.architecture.given, self.cached
        if not cached:
            return given
        steps = (*self.steps, *(self.right.steps if self.right else ()))
        here = {s for step in steps for s in (*names(step.expression), step.role.of)} | cached
        here -= self.architecture.absent
        return {symbol: role for symbol, role in given.items() if symbol in here}

    @cached_property
    def forward(self) -> tuple[Step, ...]:
        """The forward and loss steps, in order: also those that are not run beside given values."""
        here = {s.symbol: s for s in self.taught if s.phase in ("forward", "loss")}
        return (*({step.symbol: step for step in self.architecture.steps} | here).values(),)

    @property
    def cached(self) -> frozenset[str]:
        """The values and gradients that are given instead of computed; then a run has one
        iteration."""
        return self.architecture.cached

    def missing(self, symbol: str) -> str:
        """Why a symbol of the network has no value here, in a sentence; "" where it has one, or
        there is no such symbol."""
        if symbol in self.roles:
            return ""
        if without := self.lacking.get(symbol):
            are = "is" if len(without) == 1 else "are"
            which = f"{listed(without)}, which {are} neither given nor computed"
            return f"{symbol} is not computed: it reads {which}."
        if symbol in self.architecture.absent:
            return f"{symbol} is not given in the file."
        known = symbol in self.shapes(self.training.batch)
        return f"{symbol} is not used: nothing that is computed here reads it." if known else ""

    def cut(self, symbol: str) -> str:
        """Why the gradient with respect to a symbol is no derivative of the loss here, in a few
        words: "A1 is given"; "" where it is one."""
        if not self.cached:
            return ""
        reached = {symbol}
        for step in self.architecture.steps:
            if reached.isdisjoint(names(step.expression)):
                continue
            for given in (step.symbol, gradient(step.symbol)):
                if given in self.cached:
                    return f"{given} is given"
            reached.add(step.symbol)
        return "" if self.loss in self.positions else f"{self.loss} is not computed"

    @property
    def functions(self) -> Mapping[str, OwnFunction]:
        """The functions that the experiment's file defines, by their names."""
        return self.architecture.functions

    @property
    def matrices(self) -> frozenset[str]:
        """The symbols of matrices whose names would otherwise mean constants."""
        return self.architecture.matrices

    @cached_property
    def constants(self) -> frozenset[str]:
        """The names of single numbers: α, m, ..., those apart that a matrix has here."""
        return SCALARS - self.matrices

    @property
    def groups(self) -> Mapping[int, str]:
        """What each group of symbols is called, in order: layer 2, t = 3."""
        return self.architecture.groups

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """What each symbol is: those that are given, then those that steps write, in order."""
        return {**{step.symbol: step.role for step in self.steps}, **self.given}

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """The symbols of these kinds, in the order of `roles`."""
        return tuple(symbol for symbol, role in self.roles.items() if role.kind in kinds)

    def part(self, symbol: str) -> Part | None:
        """Which matrix of its layer `symbol` is, or is the gradient of; None for all others."""
        role = self.roles.get(symbol)
        return role.part if role else None

    @cached_property
    def data(self) -> frozenset[str]:
        """The symbols that hold an experiment's data: inputs and targets, and given values."""
        return frozenset(self.given.keys() - set(self.architecture.parameters))

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The symbols that training changes, or could."""
        return tuple(symbol for symbol in self.architecture.parameters if symbol in self.given)

    @cached_property
    def gradients(self) -> tuple[str, ...]:
        """The symbols that the backward pass computes, in order."""
        return tuple(step.symbol for step in self.steps if step.phase == "backward")

    def gradient_of(self, symbol: str) -> str | None:
        """The symbol of the gradient with respect to `symbol`; None where none is computed."""
        return self._gradients_of.get(symbol)

    @cached_property
    def _gradients_of(self) -> dict[str, str]:
        roles = self.roles.items()
        return {role.of: s for s, role in roles if role.kind == "gradient" and role.of}

    def neighbours(self, symbol: str) -> Iterator[str]:
        """What the same is called in the next group and in the one before: A2 and X for A1."""
        role = self.roles.get(symbol)
        if role is not None and role.group is not None:
            for group in (role.group + 1, role.group - 1):
                yield from self._at(role.kind == "gradient", group, role.stem)

    def beside(self, symbol: str, part: Part) -> Iterator[str]:
        """Another matrix of the same layer: Z1 beside A1, dA1 beside dZ1; none where none is."""
        role = self.roles.get(symbol)
        if role is not None:
            yield from self._at(role.kind == "gradient", role.group, LETTERS[part])

    def _at(self, is_gradient: bool, group: int | None, stem: str) -> Iterator[str]:
        symbol = self._by_place.get((is_gradient, group, stem))
        if symbol is not None:
            yield symbol

    @cached_property
    def _by_place(self) -> dict[tuple[bool, int | None, str], str]:
        return {
            (role.kind == "gradient", role.group, role.stem): symbol
            for symbol, role in self.roles.items()
            if role.stem and role.kind != "mean"
        }

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of a dense network, with the symbols of their matrices; else none."""
        return layers_of(self.dense.layers) if isinstance(self.network, Network) else ()

    @property
    def output(self) -> str:
        """The symbol of the predictions: what the loss compares with the targets."""
        return self.architecture.output

    @property
    def axis(self) -> int:
        """Along which axis examples lie: 1 where each is a column, 0 where each is a row."""
        return self.architecture.axis

    @cached_property
    def outputs(self) -> int:
        """The numbers of a prediction: K."""
        return self.shapes(self.training.batch)[self.output][1 - self.axis]

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The symbols of the targets: data that the loss alone reads, there or left out."""
        given = self.architecture.given.items()
        return tuple(symbol for symbol, role in given if role.kind == "target")

    @cached_property
    def loss(self) -> str:
        """The symbol of each example's own loss."""
        return self.architecture.steps[-1].symbol

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """What one iteration hands to the next: the parameters, an optimizer's running means."""
        means = (s.symbol for s in self.steps if s.symbol in names(s.expression))
        return tuple(dict.fromkeys((*self.parameters, *means)))

    @cached_property
    def readers(self) -> dict[str, tuple[int, ...]]:
        """For each symbol the steps that read it: as written, as evaluated, or by the chain rule
        alone."""
        readers: dict[str, list[int]] = {}
        for i, step in enumerate(self.steps):
            forms = (step.expression, self.lowered[i], step.derivation or step.expression)
            for symbol in dict.fromkeys(symbol for form in forms for symbol in names(form)):
                readers.setdefault(symbol, []).append(i)
        return {symbol: tuple(steps) for symbol, steps in readers.items()}

    def by_chain_rule_alone(self, symbol: str, step: Step) -> bool:
        """Whether only what a step collapsed from reads a symbol: dA2 in dZ2 = A2 − Y."""
        if step.derivation is None or symbol not in names(step.derivation):
            return False
        return symbol not in (*names(step.expression), *names(self.lowered_of(step)))

    # Phases

    def phase_bounds(self, phase: Phase) -> tuple[int, int]:
        """The first step of a phase and the first behind it, from 0; where it has none, both are
        the first of the phases behind."""
        behind = PHASES[PHASES.index(phase) :]
        at = min((self._bounds[p][0] for p in behind if p in self._bounds), default=len(self.steps))
        return self._bounds.get(phase, (at, at))

    @cached_property
    def _bounds(self) -> dict[Phase, tuple[int, int]]:
        found: dict[Phase, tuple[int, int]] = {}
        for i, step in enumerate(self.steps):
            found[step.phase] = found.get(step.phase, (i, i))[0], i + 1
        return found

    def is_early(self, step: Step) -> bool:
        """Whether an update comes before the last gradient: only a mistake makes it do that."""
        return step.phase == "update" and self.index(step.symbol) < self.phase_bounds("backward")[1]

    @cached_property
    def objective(self) -> str:
        """What an iteration's loss is, one number: J, or the L of its one example. Where a gradient
        is given, there may be no step for it."""
        if not self.of_kind("loss"):
            return OBJECTIVE if OBJECTIVE in self.lacking else self.loss
        return self.steps[self.phase_bounds("loss")[1] - 1].symbol

    def measure(self, symbol: str) -> str:
        """What the gradient with respect to a symbol is of: J, or the L of each example that the
        symbol changes, added up."""
        of_losses = symbol not in self.parameters and not self.architecture.joint
        return self.loss if of_losses else self.objective

    # Shapes

    @cached_property
    def per_example(self) -> frozenset[str]:
        """The symbols that have a column, or a row, for each example of the batch."""
        if self.right is not None:  # some mistakes fit a batch of one alone, and have no other
            return self.right.per_example
        forward, m = self.architecture.steps, self.training.batch
        usual = with_shapes_of(forward, self.architecture.shapes(m))
        try:
            wider = with_shapes_of(forward, self.architecture.shapes(m + 1))
        except ShapeMismatch:  # the formulas fit batches of one size alone
            wider = self.architecture.shapes(m + 1)
        along = self.axis  # in the transpose of one, examples lie along the other
        values = {s for s in usual if usual[s][along] != wider.get(s, usual[s])[along]}
        gradients = {symbol for symbol, role in self.roles.items() if role.of in values}
        return frozenset(values | gradients)

    @cached_property
    def separate(self) -> frozenset[str]:
        """The values and data of which a column changes no other example's loss than its own."""
        if self.architecture.joint:
            return frozenset()
        shapes, of_each, mixed = self.shapes(self.training.batch), self.per_example, set[str]()
        if not self.axis:  # as if examples were columns
            shapes = {symbol: size[::-1] for symbol, size in shapes.items()}
        for step in reversed(self.forward):
            if step.symbol == self.objective != self.loss:
                continue
            e = step.expression if self.axis else transposed(step.expression)
            mixes = any(_mixes(part, shapes, of_each) for part in walk(e))
            if mixes or step.symbol in mixed:
                mixed.update(names(step.expression))
        return frozenset(of_each - mixed)

    @lru_cache(maxsize=64)  # noqa: B019 (few outlive their run)
    def shapes(self, examples: int) -> Mapping[str, Shape]:
        """The shape of every symbol, for a batch of that many examples; where the formulas fit
        batches of one size alone, for those."""
        if self.right is not None:  # some mistakes fit a batch of one alone
            return self.right.shapes(examples)
        return self.own_shapes(examples if self.fits(examples) else self.training.batch)

    def fits(self, examples: int) -> bool:
        """Whether the formulas fit a batch of that many examples."""
        try:
            return bool(self.own_shapes(examples))
        except ShapeMismatch:
            return False

    def own_shapes(self, examples: int) -> Mapping[str, Shape]:
        """The same, or a ShapeMismatch where the formulas fit no batch of that many."""
        # As taught: a formula that is right for one input may have no shape for two.
        steps = (*self.forward, *self.taught) if self.cached else self.taught
        return with_shapes_of(steps, self.architecture.shapes(examples))


ACROSS = frozenset({"softmax_rows", "row_sums", "row_means", "row_max", "total", "mean", "largest"})
"""The functions that compute a number from several columns."""


def _mixes(e: Expr, shapes: Mapping[str, Shape], of_each: Container[str]) -> bool:
    """Whether a node computes a column of its result from several columns of `of_each` example."""
    match e:
        case MatMul(x, _) | Transpose(x):
            mixed = x
        case Call(function, (x,)) if function in ACROSS:
            mixed = x
        case _:
            return False
    return any(symbol in of_each for symbol in names(mixed)) and shape(mixed, shapes)[1:] != (1,)


class DeliberateMistake(Protocol):
    """A mistake that a run is made with on purpose."""

    def __hash__(self) -> int: ...

    @property
    def name(self) -> str:
        """What it is called: sign-flipped."""

    def steps(self, right: Program) -> Iterable[Step]:
        """The steps of that program with the mistake made wherever it fits."""


def _written(step: Step, formulas: Mapping[str, Expr]) -> Step:
    """The step with the learner's formula, where there is one; a derivation that is still true
    stays."""
    own = formulas.get(step.symbol)
    if own is None:
        return step
    derivation = step.derivation if own == step.expression else None
    return replace(step, expression=own, derivation=derivation, own=True)


def with_shapes_of(steps: Iterable[Step], given: Mapping[str, Shape]) -> Mapping[str, Shape]:
    """The shapes given, and that of every symbol that the steps write; an update changes none."""
    shapes = dict(given)
    for step in steps:
        if step.symbol in names(step.expression) and step.symbol not in shapes:
            # What is handed on has the shape of what it is the mean or the gradient of.
            shapes[step.symbol] = shapes[step.role.of or ""]
        shapes.setdefault(step.symbol, shape(step.expression, shapes))
    return shapes


def lower(e: Expr, known: Mapping[Expr, Name]) -> Expr:
    """`e` as it is computed: parts that are known already by their name, definitions expanded."""
    if known and (name := known.get(e)) is not None:
        return name
    if isinstance(e, Name):
        return e
    if isinstance(e, Call) and e.function not in PRIMITIVES:
        return lower(expand(e), known)
    if isinstance(e, Transpose) and is_scalar(e.operand):  # a number has no rows to turn
        return lower(e.operand, known)
    return rebuild(e, lambda child: lower(child, known))


@once
def lowered(e: Expr) -> Expr:
    """`e` as it is computed where nothing else is known."""
    return lower(e, {})


def lower_all(steps: tuple[Step, ...]) -> Iterator[Expr]:
    """Each step's expression, lowered: σ′(Z1) is A1 ∘ (1 − A1) once A1 = σ(Z1) stands.

    Forward, a formula reads just what is written in it: its gradients go by that.
    """
    known: dict[Expr, Name] = {}
    reading: dict[str, list[Expr]] = {}
    for step in steps:
        yield lower(step.expression, {} if step.phase in ("forward", "loss") else known)
        # What was computed from a parameter is not what its new value would give.
        for stale in reading.pop(step.symbol, ()):
            known.pop(stale, None)
        read = names(step.expression)
        # A name that is another's, db1 = dZ1, computes nothing that could be used again.
        if step.symbol not in read and not isinstance(step.expression, Name):
            known.setdefault(step.expression, step.target)
            for symbol in read:
                reading.setdefault(symbol, []).append(step.expression)
