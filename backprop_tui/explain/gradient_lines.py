"""The lines of a derivation, and what both of its forms are made of: readers, steps, rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from backprop_tui.maths.expressions import (
    Call,
    Expr,
    Name,
    Partial,
    calls,
    names,
)
from backprop_tui.maths.functions import DEFINITIONS, FUNCTIONS
from backprop_tui.maths.normal_form import GATHERS, tidy
from backprop_tui.maths.rules import RULES
from backprop_tui.maths.writing import TEXT, Notation, text, write
from backprop_tui.model.algorithm import forward_pass
from backprop_tui.model.architecture import Step
from backprop_tui.model.program import Program


@dataclass(frozen=True)
class DerivationLine:
    """One line of a derivation."""

    expression: Expr
    rule: str
    """What led to it, in words and signs."""
    left: Expr | None = None
    """What stands on the left of =, on the first line and where it changes."""
    opens: str | None = None
    """What it uses that has a derivation of its own: a gradient, or a function's derivative."""

    def written(self, notation: Notation = TEXT) -> str:
        """Its expression in a notation."""
        return write(self.expression, notation)

    def sides(self, notation: Notation) -> tuple[str, str]:
        """What stands on the left of it, if anything does, and the rest from = on."""
        left = "" if self.left is None else write(self.left, notation)
        return left, f"{notation.equals} {self.written(notation)}"


class Gradient:
    """A gradient of a program, and what its derivation is made of."""

    def __init__(self, run: Program, symbol: str, examples: int) -> None:
        """`run` has a gradient of that symbol, dZ2; where it makes a mistake, the derivation is
        that of the right program, with the steps counted as in the run."""
        self.run, self.program = run, run.right or run
        program = self.program
        self.forward = forward_pass(program.network, program.training)
        self.step = program.taught[program.index(symbol)]
        self.of = self.step.role.of or ""
        self.readers: Sequence[Step] = self.forward.readers[self.of]
        self.loss = self.forward.steps[-1]
        self.shapes = program.shapes(examples)
        self.is_parameter = self.of in self.forward.parameters

    @property
    def reader(self) -> Step:
        """The last step that reads what the gradient is of."""
        return self.readers[0]

    @property
    def reads_loss(self) -> bool:
        """Whether the loss itself reads it, so that no chain rule is needed."""
        return self.reader is self.loss

    def left(self, by: Expr) -> Partial:
        """∂L/∂Z2, or ∂J/∂W2 of a parameter where J is a step of its own."""
        of = self.program.objective if self.is_parameter else self.loss.symbol
        return Partial(Name(of), by)

    def over_m(self, e: Expr) -> Expr:
        """`e`, over m where it is the gradient of a mean."""
        return self.forward.over_m(e) if self.is_parameter else e

    def with_penalty(self, e: Expr, entry: Callable[[Expr], Expr] = lambda e: e) -> Expr:
        """The gradient of the losses, with what J itself sends; `entry` is its index form."""
        return e if self.of_penalty is None else e + entry(self.of_penalty)

    @cached_property
    def of_penalty(self) -> Expr | None:
        """What J itself sends to a parameter, λ₂·W1 / m; None where it does not read it."""
        sent = self.forward.sent_by_objective.get(self.of)
        return None if sent is None else tidy(sent)

    def at(self, step: Step) -> Step:
        """The step that computes the gradient at what a forward step computes; of a given one, that
        it is what it is."""
        symbol = self.program.gradient_of(step.symbol)
        assert symbol is not None
        if symbol in self.program.cached:
            return Step(Name(symbol), Name(symbol), "backward", self.program.roles[symbol])
        return self.program.taught[self.program.index(symbol)]

    @property
    def opens(self) -> str | None:
        """The gradient at the last reader, where a step computes it."""
        symbol = self.at(self.reader).symbol
        return None if symbol in self.program.cached else symbol

    @cached_property
    def function(self) -> Call | None:
        """The function element by element that alone reads it, σ(Z2); None for other readers."""
        match [step.expression for step in self.readers]:
            case [Call(name, (Name(self.of),)) as call] if name in FUNCTIONS:
                return call if FUNCTIONS[name].elementwise else None
        return None

    @property
    def letters(self) -> tuple[str, str]:
        """Of i and j, its row and its column, that of neurons and that of examples; in a weight
        the second is that of what the neurons read."""
        return ("i", "j") if self.program.axis else ("j", "i")

    # Rules in words

    @cached_property
    def uses(self) -> str:
        """L uses A1 through A2 and Z2; for a weight that J reads as well, the rule of its term."""
        through = " and ".join(step.symbol for step in self.readers)
        found = f"{self.loss.symbol} uses {self.of} through {through}"
        J = self.forward.objective
        return found if J is None or self.of_penalty is None else f"{found}; in J {self._rules(J)}"

    @cached_property
    def come_from(self) -> str:
        """dA2 is step 6"""
        steps = (self.at(step).symbol for step in self.readers)
        at = self.run.positions
        return ", ".join(f"{s} is step {at[s] + 1}" if s in at else f"{s} is given" for s in steps)

    @cached_property
    def shares(self) -> tuple[str, ...]:
        """The symbols in which each example's numbers add up to 1."""
        return tuple(symbol for e in self.forward.known for symbol in names(e))

    @property
    def fact(self) -> str:
        """a column of Y adds up to 1"""
        example = "column" if self.program.axis else "row"
        return f"a {example} of {', '.join(self.shares)} adds up to 1"

    @cached_property
    def rules_of_loss(self) -> str:
        """log′(z) = 1 / z"""
        return self._rules(self.loss)

    def _rules(self, step: Step) -> str:
        called = (call for call in calls(step.expression) if self.of in names(call))
        functions = dict.fromkeys(c.function for c in called if c.function not in GATHERS)
        return "; ".join(RULES[function].statement for function in functions)


def statement(slope: str) -> str:
    """The derivative of a function in words: σ′ = σ ∘ (1 − σ)."""
    activation = FUNCTIONS[slope.removesuffix("_derivative")]
    return f"{activation.symbol}′ = {text(DEFINITIONS[slope]).replace('(z)', '')}"
