"""The lines of a derivation, and what both of its forms are made of: readers, steps, rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from math import isfinite
from typing import Any

from backprop_tui.explain.explanation import ROUNDED, read_figure
from backprop_tui.maths.elements import element, gathers
from backprop_tui.maths.entries import at_place, plus
from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Delta,
    Diff,
    Div,
    Expr,
    Indexed,
    Name,
    Neg,
    Num,
    Partial,
    Sum,
    SumOver,
    differentiated,
    names,
    replace,
    walk,
)
from backprop_tui.maths.expressions import replace as put
from backprop_tui.maths.functions import PRIMITIVES, expand, is_derivative, sign_of, z
from backprop_tui.maths.normal_form import GATHERS, multiplied_out, tidy
from backprop_tui.maths.rules import RULES, derivative_of, gradients, rule_of
from backprop_tui.maths.shapes import Shape
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import TEXT, Notation, plain_number, text, with_numbers, write
from backprop_tui.messages import joined
from backprop_tui.model.algorithm import forward_pass
from backprop_tui.model.architecture import Step
from backprop_tui.model.backward import added_up, collapse, gradient_goes_to, penalties_of, shares
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
        """The only step that reads what the gradient is of."""
        (reader,) = self.readers
        return reader

    @cached_property
    def reads_loss(self) -> bool:
        """Whether only the loss itself reads it, so that no chain rule is needed."""
        return [step.symbol for step in self.readers] == [self.loss.symbol]

    @property
    def mixed(self) -> bool:
        """Whether the loss itself reads it, and other steps do, or terms of J alone."""
        return not self.reads_loss and (not self.readers or self.loss in self.readers)

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
    def opens(self) -> str:
        """The gradient at the last reader but the loss."""
        return self.at(self.through[0]).symbol

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
        every = (part for part in differentiated(e) if part.parts)
        parts = (part for part in every if self.of in gradient_goes_to(part))
        return self._rules(e) or ", ".join(dict.fromkeys(rule_of(part).name for part in parts))

    def _rules(self, e: Expr) -> str:
        every = (part for part in differentiated(e) if isinstance(part, Call))
        called = (call for call in every if self.of in gradient_goes_to(call))
        functions = dict.fromkeys(c.function for c in called if c.function not in GATHERS)
        return "; ".join(
            RULES[f].statement if f in RULES else statement(derivative_of(Call(f, (z,))).function)
            for f in functions
        )


def statement(slope: str) -> str:
    """The derivative of a function in words: σ′ = σ ∘ (1 − σ)."""
    found = expand(Call(slope, (z,)))
    return f"{sign_of(slope)}′ = {text(found).replace('(z)', '')}"


def in_matrices(gradient: Gradient) -> Iterator[DerivationLine]:
    """The lines; the last one is the formula of the gradient's step."""
    V = Name(gradient.of)
    left = gradient.left(V)
    if gradient.reads_loss:
        yield from _of_loss(gradient, left)
        return
    if not gradient.readers and gradient.penalty is not None:
        yield DerivationLine(gradient.penalty, f"only J itself uses {gradient.of}", left)
        return
    known: dict[Expr, Expr] = {
        Partial(gradient.loss.target, step.target): gradient.at(step).target
        for step in gradient.through
    }
    opens = gradient.opens
    if gradient.function is None:
        whole = _whole(gradient)
        chain = put(whole, known)
        yield DerivationLine(whole, f"chain rule: {gradient.uses}", left)
        yield DerivationLine(chain, gradient.come_from, opens=opens)
    else:
        slope = derivative_of(gradient.function)
        (at_reader, reader), inner = *known.items(), Partial(gradient.reader.target, V)
        chain = reader * slope
        yield DerivationLine(at_reader * inner, f"chain rule: {gradient.uses}", left)
        if isinstance(expand(slope), Num):
            yield DerivationLine(reader * inner, gradient.come_from, opens=opens)
            yield DerivationLine(chain, statement(slope.function), opens=slope.function)
        else:  # where the lines go on, σ′ is opened from the line that puts it in
            own = slope.function if gradient.step.derivation is None else opens
            yield DerivationLine(chain, gradient.come_from, opens=own)
    if gradient.step.derivation is not None:
        yield from collapsed(gradient, chain)


def collapsed(gradient: Gradient, chain: Expr) -> Iterator[DerivationLine]:
    """The lines from the chain rule to what is left of it."""
    at_reader = gradient.at(gradient.reader)
    for e, what in collapse(chain, gradient.reader, at_reader, gradient.forward.known):
        if what == at_reader.symbol:
            yield DerivationLine(e, f"{what} put in", opens=what)
        elif is_derivative(what):
            yield DerivationLine(e, statement(what), opens=what)
        else:
            yield DerivationLine(e, gradient.fact if what == "known" else what)


def _whole(gradient: Gradient) -> Expr:
    """What all readers send: the shares of ∂L/∂T for each reader T, by the rules."""
    shapes = gradient.program.shapes(gradient.forward.examples)
    terms = tuple(
        share
        for step in gradient.readers
        for _, share in shares(
            step.expression,
            step.target,
            Partial(gradient.loss.target, step.target) if step in gradient.through else Num(1.0),
            shapes,
            {gradient.of},
        )
    )
    whole = added_up(terms, gradient.of, shapes)
    return gradient.in_objective(whole, gradient.penalty)


def _of_loss(gradient: Gradient, left: Expr) -> Iterator[DerivationLine]:
    """The lines of the gradient of the loss itself: term by term, then in its normal form.

    A gradient that adds up what several terms or examples give has its normal form alone.
    """
    terms = _term_by_term(gradient.loss.expression, gradient.of)
    if multiplied_out(Diff(terms, gradient.step.expression)) != Num(0.0):
        terms = gradient.step.expression
    yield DerivationLine(terms, gradient.rules_of_loss, left)
    yield DerivationLine(
        gradient.step.expression, "multiply out" if isinstance(terms, Neg) else "cancel"
    )


def _term_by_term(e: Expr, symbol: str) -> Expr:
    """The derivative of `e` with its sums and its constant factors as they stand."""
    match e:
        case Neg(x):
            inner = _term_by_term(x, symbol)
            return Neg(inner) if isinstance(inner, Sum | Diff) else tidy(Neg(inner))
        case Sum(terms):
            return reduce(plus, (_term_by_term(t, symbol) for t in terms if symbol in names(t)))
        case Div(x, y) if symbol not in names(y):
            return Div(_term_by_term(x, symbol), y)
        case Call(function, (x,)) if function in GATHERS:
            return _term_by_term(x, symbol)
        case _:
            return tidy(Sum(tuple(gradients(e, Num(1.0), symbol))))


FOLD = 4
"""Terms of a sum that are written out."""


@dataclass(frozen=True)
class LineNumbers:
    """Puts the numbers of one iteration into lines, at one cell of the gradient."""

    cell: Cell
    shapes: Mapping[str, Shape]
    env: Mapping[str, Any]
    write: Callable[[float], str]
    argument: Cell | None = None
    """What stands for z in the derivative of a function."""

    def at_cell(self, e: Expr, **letters: int) -> Expr | None:
        """The line over cells; None where it has no value of its own: a ∂, or a name for a sum."""
        row, column = self.cell.row, self.cell.column
        e = e if self.argument is None else replace(e, {z: self.argument})
        parts = list(walk(e))
        if any(isinstance(part, Partial) for part in parts) or not self.env.keys() >= {*names(e)}:
            return None
        if any(isinstance(part, Indexed | SumOver | Delta) for part in parts):
            return at_place(e, {"i": row, "j": column, **letters})
        return element(e, row, column, self.shapes)

    def of(self, e: Expr, **letters: int) -> tuple[str, str] | None:
        """A line as arithmetic, and its value, which may be the same; None where it has none.

        Where the figures shown give another value by rounding, that is said behind it.
        """
        found = self.at_cell(e, **letters)
        if found is None:
            return None
        exact = self.write(float(value(found, self.env)))
        figures = {part: f for part in walk(found) if (f := self._figure(part)) is not None}
        shown = replace(found, {part: Num(read_figure(f)) for part, f in figures.items()})
        by_hand = float(value(shown, self.env))
        is_rounded = isfinite(by_hand) and self.write(by_hand) != exact
        rounded = ROUNDED if is_rounded else ""
        return with_numbers(found, self._figure, FOLD), exact + rounded

    def _figure(self, part: Expr) -> str | None:
        if isinstance(part, Name) and part.is_number:
            return plain_number(self.env[part.symbol])
        match part:
            case Cell() | Diff(Num(1.0), Cell()):
                is_number = True
            case _:
                is_number = isinstance(part, Call) and is_derivative(part.function)
        return self.write(float(value(part, self.env))) if is_number else None
