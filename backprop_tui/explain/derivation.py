"""The derivation of a gradient, line by line: from the chain rule to the formula of its step.

    ∂L/∂Z2 = ∂L/∂A2 ∘ ∂A2/∂Z2        chain rule: L uses Z2 through A2
           = dA2 ∘ σ′(Z2)            dA2 is step 6

Each line is an expression that has the value of the line above it, and the rule that led to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from backprop_tui.explain.by_elements import by_elements, entries_of, given, softmax_of
from backprop_tui.explain.gradient_lines import DerivationLine, Gradient, in_matrices
from backprop_tui.maths.expressions import (
    Call,
    Delta,
    Expr,
    Indexed,
    Name,
    Neg,
    Num,
    Partial,
    Sum,
    SumOver,
    calls,
    differentiated,
    names,
)
from backprop_tui.maths.functions import (
    DEFINITIONS,
    FUNCTIONS,
    GATHERINGS,
    expand,
    is_derivative,
    z,
)
from backprop_tui.maths.normal_form import tidy
from backprop_tui.maths.rules import derivative_of, gradients, rule_of
from backprop_tui.maths.writing import TEXT, Notation, text, write
from backprop_tui.messages import hint, shown
from backprop_tui.model.backward import gradient_goes_to
from backprop_tui.model.layers import gradient as gradient_of
from backprop_tui.model.program import Program


class NoDerivation(ValueError):
    """A symbol that has no derivation; the text says which have one."""


@dataclass(frozen=True, repr=False)
class Derivation:
    """The lines that lead to the formula of a gradient, or of a function's derivative."""

    symbol: str
    """What is derived: dZ2, or a function's derivative by its stored name, sigmoid_derivative."""
    target: Expr
    of: Expr | None
    """What the target is short for, ∂L/∂Z2; None for a function's derivative."""
    given: tuple[tuple[Expr, Expr], ...]
    """The forward steps that are differentiated: what each computes, and its formula."""
    lines: tuple[DerivationLine, ...]
    cases: tuple[tuple[str, Expr], ...] = ()
    """What the last line is in each case, k = i and k ≠ i, where that is worth a look."""

    def heading(self, notation: Notation = TEXT) -> str:
        """dZ2 = ∂L/∂Z2"""
        sides = [self.target] if self.of is None else [self.target, self.of]
        return f" {notation.equals} ".join(write(side, notation) for side in sides)

    def __str__(self) -> str:
        """The heading, then a line for each step: the expression, and the rule."""
        written = [line.written() for line in self.lines]
        width = max(map(len, written))
        lines = zip(written, self.lines, strict=True)
        return "\n".join([self.heading(), *(f"= {e:<{width}}  {line.rule}" for e, line in lines)])

    __repr__ = __str__  # so that a prompt shows it


@lru_cache(maxsize=256)
def derivation(
    program: Program, symbol: str, examples: int | None = None, elements: bool = False
) -> Derivation:
    """The derivation of a gradient of a program, in matrices or by `elements`.

    In a run with a mistake, or with a formula of one's own, it is that of the right formula.
    `examples` are those of the batch; None for as many as a whole batch has. A function's
    derivative, sigmoid_derivative, has one as well, and so has what a softmax computes, A2: that of
    ∂A2[k]/∂Z2[i]. Raises NoDerivation.
    """
    name = symbol.removesuffix("_derivative")
    if is_derivative(symbol) and (name in program.functions or symbol in DEFINITIONS):
        return _of_function(program.functions.get(name, name))
    if (found := _of_softmax(program, symbol, examples)) is not None:
        return found
    if symbol not in program.gradients:
        if symbol in {gradient_of(s) for s, role in program.roles.items() if role.kind == "input"}:
            said = "is computed where [training] of a file has input_gradient = true"
            raise NoDerivation(f"{shown(symbol)} {said}")
        every = (call.function for step in program.steps for call in calls(step.expression))
        called = dict.fromkeys(filter(is_derivative, every))
        softmaxes = (s for s in program.positions if is_softmax(program, s))
        known = (*program.gradients, *softmaxes, *called)
        meant, those = hint(symbol, program.gradients), ", ".join(known) or "none"
        raise NoDerivation(f"{shown(symbol)} has no derivation; these have one: {those}{meant}")
    gradient = Gradient(program, symbol, examples or program.training.batch)
    lines = by_elements(gradient) if elements else in_matrices(gradient)
    read: Iterable[tuple[Expr, Expr]] = (
        given(gradient) if elements else ((s.target, s.expression) for s in gradient.readers)
    )
    left = gradient.left(Name(gradient.of))
    lines = (
        replace(line, opens=None) if _is_given(program, line.opens) else line
        for line in _changing(lines)
    )
    return Derivation(symbol, Name(symbol), left, tuple(read), tuple(lines))


def _is_given(program: Program, opens: str | None) -> bool:
    """Whether what a line opens is no function's derivative, and given instead of computed."""
    return opens is not None and not is_derivative(opens) and opens not in program.positions


def stated(program: Program, symbol: str) -> Derivation:
    """What computes a symbol that is no gradient, on one line: the formula of its step."""
    step = program.steps[program.index(symbol)]
    read = (name for name in names(step.expression) if name in program.gradients)
    line = DerivationLine(step.expression, f"{step.phase} step", step.target, next(read, None))
    return Derivation(symbol, step.target, None, (), (line,))


def is_seen_by_elements(program: Program, symbol: str) -> bool:
    """Whether the reason of a gradient stands in its elements: that of a matrix product, a
    transpose, a sum or a softmax does; that of a function element by element does not."""
    gradient = Gradient(program, symbol, program.training.batch)
    if gradient.reads_loss:
        return any(call.function in GATHERINGS for call in calls(gradient.loss.expression))
    return gradient.function is None


def _changing(lines: Iterable[DerivationLine]) -> Iterator[DerivationLine]:
    """The lines; of those that read alike, the last expression with the first one's rule."""
    for _, alike in groupby(lines, key=DerivationLine.written):
        first, *others = alike
        yield replace(first, expression=others[-1].expression) if others else first


def _of_function(function: str) -> Derivation:
    """The derivation of a function's derivative from its definition, in z."""
    call = Call(function, (z,))
    slope, definition = derivative_of(call), expand(call)
    raw = tidy(Sum((*gradients(definition, Num(1.0), z.symbol),)))
    every = (part for part in differentiated(definition) if part != z)
    nodes = (part for part in every if z.symbol in gradient_goes_to(part))
    rules = dict.fromkeys(rule_of(part).name for part in nodes)
    lines = [
        DerivationLine(raw, ", ".join(rules) or "z′ = 1", slope),
        DerivationLine(expand(slope), "multiply out"),
    ]
    if function in FUNCTIONS and (nicer := FUNCTIONS[function].written) is not None:
        lines[-1] = DerivationLine(nicer, f"{text(call)} = {text(definition)}")
    return Derivation(slope.function, slope, None, ((call, definition),), tuple(_changing(lines)))


def is_softmax(program: Program, symbol: str) -> bool:
    """Whether a step computes a softmax, so that each depends on a whole column or row."""
    known = symbol in program.positions
    step = program.taught[program.index(symbol)] if known else None
    return step is not None and softmax_of(step.expression) is not None


def _of_softmax(program: Program, symbol: str, examples: int | None) -> Derivation | None:
    """The derivation of ∂A2[k]/∂Z2[i] by the quotient rule; None where A2 is not a softmax."""
    if not is_softmax(program, symbol):
        return None
    softmax = program.taught[program.index(symbol)].expression
    (read,), over_column = names(softmax), softmax == Call("softmax", softmax.parts)
    i, other = ("i", "j") if over_column else ("j", "i")
    entries = entries_of(program, program.shapes(examples or program.training.batch))

    def entry(s: str, letter: str) -> Indexed:
        return entries.entry(s, *((letter, other) if over_column else (other, letter)))

    a, at, z_k, z_i = (entry(s, letter) for s in (symbol, read) for letter in ("k", i))
    z_p, S = entry(read, "p"), Indexed("S", "", "")
    e_k, e_i, e_p = (Call("exp", (x,)) for x in (z_k, z_i, z_p))
    delta, squared, left = Delta("k", i), Call("square", (S,)), Partial(a, z_i)
    lines = (
        ((Partial(e_k, z_i) * S - e_k * Partial(S, z_i)) / squared, "quotient rule", left),
        ((delta * e_k * S - e_k * e_i) / squared, "exp′ = exp", None),
        (delta * e_k / S - e_k / S * (e_i / S), "divide by S²", None),
        (delta * a - a * at, f"{text(a)} = {text(e_k / S)}", None),
        (a * (delta - at), f"factor out {text(a)}", None),
    )
    count = entries.shapes[read][0 if over_column else 1]
    return Derivation(
        symbol,
        left,
        None,
        ((a, e_k / S), (S, SumOver("p", count, e_p))),
        tuple(DerivationLine(*line) for line in lines),
        ((f"k = {i}", at * (1 - at)), (f"k ≠ {i}", Neg(a) * at)),
    )
