"""The lines of a gradient in matrices: ∂L/∂Z2 = ∂L/∂A2 ∘ ∂A2/∂Z2 = dA2 ∘ σ′(Z2) = … = A2 − Y."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from backprop_tui.explain.gradient_lines import DerivationLine, Gradient, statement
from backprop_tui.maths.entries import plus
from backprop_tui.maths.expressions import (
    Call,
    Diff,
    Div,
    Expr,
    Name,
    Neg,
    Num,
    Partial,
    Sum,
    names,
)
from backprop_tui.maths.expressions import replace as put
from backprop_tui.maths.functions import DEFINITIONS
from backprop_tui.maths.normal_form import GATHERS, tidy
from backprop_tui.maths.rules import derivative_of, gradients
from backprop_tui.model.backward import collapse, shares


def in_matrices(gradient: Gradient) -> Iterator[DerivationLine]:
    """The lines; the last one is the formula of the gradient's step."""
    V = Name(gradient.of)
    left = gradient.left(V)
    if gradient.reads_loss:
        yield from _of_loss(gradient, left)
        return
    known: dict[Expr, Expr] = {
        Partial(gradient.loss.target, step.target): gradient.at(step).target
        for step in gradient.readers
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
        if isinstance(DEFINITIONS[slope.function], Num):
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
        elif what in DEFINITIONS:
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
            Partial(gradient.loss.target, step.target),
            shapes,
            {gradient.of},
        )
    )
    whole = tidy(terms[0] if len(terms) == 1 else Sum(terms))
    return gradient.with_penalty(gradient.over_m(whole))


def _of_loss(gradient: Gradient, left: Expr) -> Iterator[DerivationLine]:
    """The lines of the gradient of the loss itself: term by term, then in its normal form."""
    terms = _term_by_term(gradient.loss.expression, gradient.of)
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
