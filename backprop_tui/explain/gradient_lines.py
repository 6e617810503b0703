"""The lines of a derivation, and what both of its forms are made of: readers, steps, rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from backprop_tui.maths.elements import gathers
from backprop_tui.maths.entries import plus
from backprop_tui.maths.expressions import (
    Call,
    Expr,
    Name,
    Partial,
    calls,
    children,
    names,
    walk,
)
from backprop_tui.maths.functions import PRIMITIVES, expand, sign_of, z
from backprop_tui.maths.normal_form import GATHERS
from backprop_tui.maths.rules import RULES, rule_of
from backprop_tui.maths.writing import TEXT, Notation, text, write
from backprop_tui.messages import joined
from backprop_tui.model.algorithm import forward_pass
from backprop_tui.model.architecture import Step
from backprop_tui.model.backward import penalties_of
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
        self.forward = forward_pass(program.architecture, program.training)
        self.step = program.taught[program.index(symbol)]
        self.of = self.step.role.of or ""
        self.readers: Sequence[Step] = self.forward.readers.get(self.of, ())
        self.loss = self.forward.steps[-1]
        self.shapes = program.shapes(examples)
        self.is_parameter = self.of in self.forward.parameters
        self.is_separate = self.of in program.separate

    @property
    def reader(self) -> Step:
        """The last step that reads what the gradient is of."""
        return self.readers[0]

    @cached_property
    def reads_loss(self) -> bool:
        """Whether only the loss itself reads it, so that no chain rule is needed."""
        return [step.symbol for step in self.readers] == [self.loss.symbol]

    @property
    def mixed(self) -> bool:
        """Whether the loss itself reads it, and other steps do, or terms of J alone."""
        return not self.reads_loss and len(self.through) != (len(self.readers) or 1)

    @cached_property
    def through(self) -> tuple[Step, ...]:
        """The steps through which the loss uses it, the last one first; not the loss itself."""
        return tuple(step for step in self.readers if step.symbol != self.loss.symbol)

    def left(self, by: Expr) -> Partial:
        """∂L/∂Z2, or ∂J/∂W2 of a parameter where J is a step of its own."""
        of = self.program.objective if self.is_parameter else self.loss.symbol
        return Partial(Name(of), by)

    def in_objective(self, e: Expr, penalty: Expr | None = None) -> Expr:
        """`e` as a part of ∂J/∂W: over m where J is a mean, and with what its `penalty` adds."""
        if not self.is_parameter:
            return e
        whole = e / Name("m") if self.forward.mean else e
        return whole if penalty is None else plus(whole, penalty)

    @cached_property
    def penalty(self) -> Expr | None:
        """What terms of parameters in J add to the gradient."""
        return penalties_of(self.forward).get(self.of)

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
        """The gradient at the last reader but the loss, where a step computes it."""
        symbol = self.at(self.through[0]).symbol
        return None if symbol in self.program.cached else symbol

    @cached_property
    def function(self) -> Call | None:
        """The function element by element that alone reads it, σ(Z2); None for other readers."""
        match [step.expression for step in self.readers]:
            case [Call(name, (Name(self.of),)) as call] if name not in PRIMITIVES:
                return None if gathers(name) else call
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
        through = joined([step.symbol for step in self.through])
        directly = "" if len(self.through) == len(self.readers) else "directly, and "
        found = f"{self.loss.symbol} uses {self.of} {directly}through {through}"
        J = self.forward.penalty
        return found if J is None or self.penalty is None else f"{found}; in J {self._rules(J)}"

    @cached_property
    def come_from(self) -> str:
        """dA2 is step 6"""
        steps = (self.at(step).symbol for step in self.through)
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
        e = self.loss.expression
        parts = (part for part in walk(e) if self.of in names(part) and children(part))
        return self._rules(e) or ", ".join(dict.fromkeys(rule_of(part).name for part in parts))

    def _rules(self, e: Expr) -> str:
        called = (call for call in calls(e) if self.of in names(call))
        functions = dict.fromkeys(c.function for c in called if c.function not in GATHERS)
        return "; ".join(RULES[function].statement for function in functions)


def statement(slope: str) -> str:
    """The derivative of a function in words: σ′ = σ ∘ (1 − σ)."""
    found = expand(Call(slope, (z,)))
    return f"{sign_of(slope)}′ = {text(found).replace('(z)', '')}"
