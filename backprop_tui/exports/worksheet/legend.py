"""What the signs on a worksheet mean: those that occur in its formulas, and no others."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_tui.exports import activations_in_words
from backprop_tui.exports.sheet import Sheet
from backprop_tui.maths.expressions import (
    Call,
    Expr,
    MatMul,
    Mul,
    Transpose,
    is_scalar,
    names,
    walk,
)
from backprop_tui.maths.functions import DEFINITIONS, PRIMITIVES, Primitive

SCALARS = {
    "alpha": "the learning rate",
    "m": "the examples of this batch",
    "K": "the outputs",
    "beta1": "how much of v is kept",
    "beta2": "how much of s is kept",
    "epsilon": "against division by 0",
    "weight_decay": "the weight decay",
    "t": "the iteration",
}


def network(sheet: Sheet) -> str:
    """3-3-1 · 2 × sigmoid, and the loss where a formula comes of it."""
    experiment = sheet.timeline.experiment
    last = experiment.network.depth
    of_the_loss = {"L", f"dA{last}", f"dZ{last}"}
    parts = [experiment.network.sizes, activations_in_words(experiment.network)]
    if of_the_loss & {step.symbol for step in sheet.blanks}:
        parts.append(experiment.network.loss.replace("_", " "))
    if len(sheet.iteration.examples) > 1:
        parts.append(f"{len(sheet.iteration.examples)} examples, a column each")
    return "Network: " + " · ".join(parts)


def legend(sheet: Sheet) -> list[str]:
    """A line for each sign."""
    return [*_slopes(sheet), *_signs(sheet)]


def _slopes(sheet: Sheet) -> Iterator[str]:
    """dW means ∂L/∂W: what the slopes that occur are slopes of."""
    program = sheet.timeline.program
    read = (s for step in sheet.blanks for s in (*names(step.expression), step.symbol))
    slopes = [symbol for symbol in dict.fromkeys(read) if symbol in program.gradients]
    if program.objective == "L":
        yield from _meaning(slopes, "L", "the loss")
    else:
        total = "mean" if sheet.timeline.experiment.training.reduction == "mean" else "sum"
        own = [symbol for symbol in slopes if symbol in program.per_example]
        yield from _meaning(own, "L", "the loss of one example")
        yield from _meaning([s for s in slopes if s not in own], "J", f"the {total} of all L")


def _meaning(slopes: list[str], loss: str, what: str) -> Iterator[str]:
    kinds = list(dict.fromkeys(symbol.rstrip("0123456789") for symbol in slopes))
    if kinds:
        first, *others = kinds
        likewise = f"; {', '.join(others)} likewise" if others else ""
        yield f"{first} means ∂{loss}/∂{first[1:]}, the slope of {loss}, {what}{likewise}"


def _signs(sheet: Sheet) -> Iterator[str]:
    expressions = [step.expression for step in sheet.blanks]
    found = [part for e in expressions for part in _parts(e)]
    called = {part.function for part in found if isinstance(part, Call)}
    symbols = {*(s for e in expressions for s in names(e)), *(s.symbol for s in sheet.blanks)}
    if any(symbol[-1].isdigit() for symbol in symbols - SCALARS.keys()):
        yield "[2] above a letter: layer 2"
    if any(isinstance(part, MatMul) for part in found):
        yield "· between matrices: the matrix product"
    if any(_is_elementwise(part) for part in found):
        yield "∘: the product element by element"
    if any(isinstance(part, Transpose) for part in found):
        yield "T above a matrix: rows and columns change places"
    for gathering in (PRIMITIVES[f] for f in sorted(called & PRIMITIVES.keys())):
        if gathering.over is not None:
            yield _gathered(gathering)
    if any(step.symbol in names(step.expression) for step in sheet.blanks):
        yield "←: what was on the left is replaced"
    if "step" in called:
        yield "1[z > 0]: 1 where z > 0, else 0"
    if "log" in called:
        yield "log: the natural logarithm, to base e"
    if "exp" in called:
        yield "exp(x): e to the power of x, with e = 2.718…"


def _gathered(function: Primitive) -> str:
    sign, found = ("Σ", "the sum") if function.fold == "sum" else ("max", "the largest")
    if function.over == "matrix":
        return f"{sign} {found} of all numbers"
    return f"{sign} with {function.over} below: {found} of each {function.over}"


def _parts(e: Expr) -> Iterator[Expr]:
    """Every part of it, and of the functions that it calls."""
    for part in walk(e):
        yield part
        if isinstance(part, Call) and part.function in DEFINITIONS:
            yield from walk(DEFINITIONS[part.function])


def _is_elementwise(part: Expr) -> bool:
    return isinstance(part, Mul) and not is_scalar(part.left) and not is_scalar(part.right)
