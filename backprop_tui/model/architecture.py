"""A network as a run needs it: its forward steps, what is given to them, and what each symbol is.

A dense network is one such architecture (`algorithm` builds it), a file's own formulas are another
(`written`). Everything that is computed, shown or exported reads roles, shapes and steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias, TypeVar

from backprop_tui.maths.expressions import SCALARS, Call, Expr, Name, Num, OwnFunction, Sum, names
from backprop_tui.maths.functions import Loss, col_sums, row_sums, total
from backprop_tui.maths.shapes import Shape
from backprop_tui.model.layers import LOSS, OBJECTIVE, Part, gradient

T = TypeVar("T")
L, m = Name(LOSS), Name("m")
MEANS = (total(L) / m, Call("mean", (L,)), Call("row_means", (L,)), row_sums(L) / m)
SUMS = (total(L), row_sums(L), L)
"""The ways of writing the mean and the sum of all L."""
Phase: TypeAlias = Literal["forward", "loss", "backward", "update"]
PHASES: tuple[Phase, ...] = ("forward", "loss", "backward", "update")
Kind: TypeAlias = Literal["input", "target", "parameter", "value", "loss", "gradient", "mean"]


@dataclass(frozen=True)
class Role:
    """What a symbol is in its program.

    X is an input and Y a target; W1 and b1 are parameters, Z1 and A1 values, L and J losses; dW1
    is the gradient `of` W1, and vdW1 a running mean of dW1.
    """

    kind: Kind
    group: int | None = None
    """The number of the layer or time step that it belongs to. The inputs of a dense network belong
    to layer 0; losses, targets and what several groups read belong to none."""
    part: Part | None = None
    """Which matrix of a layer it is, or is the gradient or the mean of."""
    of: str | None = None
    """What a gradient is the gradient of, or a mean the mean of."""
    mean: str = ""
    """Which running mean of an optimizer it is: v, s, vc or sc."""
    stem: str = ""
    """What it is called in every group, without the group's number: W for W1, Z for Z2; of a
    gradient or a mean, what that is called which it is of. Empty where it stands in no group."""

    def of_gradient(self, symbol: str) -> Role:
        """The role of the gradient with respect to `symbol`, whose own role this is."""
        return Role("gradient", self.group, self.part, symbol, stem=self.stem)


@dataclass(frozen=True)
class Step:
    """One operation: `target` gets the value of `expression`, as it is taught.

    `derivation` is what the expression was before it collapsed (dA2 ∘ σ′(Z2), where it is A2 − Y).
    """

    target: Name
    expression: Expr
    phase: Phase
    role: Role
    """What the target is."""
    derivation: Expr | None = None
    own: bool = False
    """Whether the expression is a learner's own, in place of the taught one."""

    @property
    def symbol(self) -> str:
        """The symbol of its target."""
        return self.target.symbol

    @property
    def group(self) -> int | None:
        """The layer or time step that it works on; None for the loss."""
        return self.role.group

    @property
    def family(self) -> str:
        """What the same step of any group is called: dW for dW1 and dW2, L for L."""
        if not self.role.stem:
            return self.symbol
        stem = self.role.stem
        of = gradient(stem) if self.role.kind in ("gradient", "mean") else stem
        return f"{self.role.mean}{of}"


@dataclass(frozen=True, eq=False)
class Architecture:
    """The forward steps of a network, and what is given before the first of them."""

    steps: tuple[Step, ...]
    """The forward steps; the last one is the loss of each example."""
    given: Mapping[str, Role]
    """Inputs, targets and parameters, and what is given instead of computed."""
    of_one: Mapping[str, Shape]
    """The shapes of what is given, for a batch of one example."""
    drawn: frozenset[str]
    """The parameters that are drawn at random; all others begin at zero."""
    output: str
    """The symbol of the predictions: what the loss compares with the targets."""
    predicted: str | None
    """The target that the predictions are of; None where it is not one target, of their shape."""
    groups: Mapping[int, str]
    """What each group is called, in order: layer 2, t = 3."""
    losses: Mapping[str, Loss]
    """The loss that reads each target, where it is one of the known ones."""
    objective: Step | None = None
    """J, where it is a formula of the file's own."""
    functions: Mapping[str, OwnFunction] = field(default_factory=dict)
    """Functions of the file's own, by their names."""
    warnings: tuple[str, ...] = ()
    """What a file's author should know: a parameter on which the loss does not depend."""
    same: frozenset[str] = frozenset()
    """What is given that is the same matrix for each example."""
    cached: frozenset[str] = frozenset()
    """The values and gradients that are given instead of computed."""
    absent: frozenset[str] = frozenset()
    """The data that is left out, as [given] stands for what reads it."""
    axis: int = 1
    """Along which axis examples lie: 1 where each is a column, 0 where each is a row."""

    def place(self, entry: T, example: T) -> tuple[T, T]:
        """The row and the column of an entry of an example; and of a row and a column the entry
        and the example."""
        return (entry, example) if self.axis else (example, entry)

    def shapes(self, examples: int) -> dict[str, Shape]:
        """The shapes of what is given, for a batch of that many examples."""
        return {
            symbol: self.place(shape[1 - self.axis], examples)
            if symbol in self.per_example
            else shape
            for symbol, shape in self.of_one.items()
        }

    @cached_property
    def forward(self) -> frozenset[str]:
        """The symbols of its values and losses, J among them."""
        return frozenset({OBJECTIVE, *(step.symbol for step in self.steps)})

    @cached_property
    def matrices(self) -> frozenset[str]:
        """The symbols of matrices whose names would otherwise mean constants."""
        return SCALARS & {*self.given, *(step.symbol for step in self.steps)}

    @cached_property
    def known(self) -> dict[Expr, Expr]:
        """What holds of the data: a column of Y adds up to 1, or a row."""
        sums = col_sums if self.axis else row_sums
        shares = (s for s, loss in self.losses.items() if loss.targets_are_shares)
        return {sums(Name(symbol)): Num(1.0) for symbol in shares}

    @cached_property
    def joint(self) -> bool:
        """Whether all gradients are of J: it is made of more than a mean of L and parameters."""
        return self.objective is not None and self.parted(self.objective.expression)[0] is None

    def parted(self, objective: Expr) -> tuple[bool | None, Expr | None]:
        """Whether J is a mean of L, and what of parameters it adds to that; or to a sum of L.

        None for a J that is made of anything else.
        """
        terms = objective.terms if isinstance(objective, Sum) else (objective,)
        parameters = {*self.parameters, *SCALARS - self.matrices}
        data = [term for term in terms if not parameters.issuperset(names(term))]
        penalties = tuple(term for term in terms if term not in data)
        if len(data) != 1 or data[0] not in (*MEANS, *SUMS):
            return None, None
        penalty = Sum(penalties) if len(penalties) > 1 else next(iter(penalties), None)
        return data[0] in MEANS, penalty

    @cached_property
    def per_example(self) -> frozenset[str]:
        """What is given that has a column, or a row, for each example."""
        data = {s for s, role in self.given.items() if role.kind != "parameter"}
        return frozenset(data - self.same)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The symbols that training changes, or could."""
        return tuple(symbol for symbol, role in self.given.items() if role.kind == "parameter")

    @cached_property
    def weights(self) -> tuple[str, ...]:
        """The parameters that stand in a matrix product: L2 and weight decay are of them alone."""
        return tuple(s for s in self.parameters if self.given[s].part == "weight")
