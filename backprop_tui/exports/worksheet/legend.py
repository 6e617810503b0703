"""The legend of a worksheet: what the signs in its formulas mean, and no others."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_tui.exports.figures import activations_in_words
from backprop_tui.exports.worksheet.sheet import Worksheet
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
from backprop_tui.model.layers import LETTERS, LOSS, OBJECTIVE, gradient
from backprop_tui.model.network import Network

CONSTANTS = {
    "alpha": "the learning rate",
    "m": "the number of examples in this batch",
    "K": "the number of outputs",
    "beta1": "the decay rate of v",
    "beta2": "the decay rate of s",
    "epsilon": "it prevents a division by 0",
    "weight_decay": "the weight decay",
    "l2": "the factor of the L2 penalty",
    "t": "the iteration",
}


def network_line(sheet: Worksheet) -> str:
    """The network in a line, with its loss where a blank is computed from the targets."""
    experiment, program = sheet.timeline.experiment, sheet.timeline.program
    targets = program.of_kind("target")
    network = experiment.network
    parts = [network.sizes]
    if isinstance(network, Network):
        parts.append(activations_in_words(network))
        read = (symbol for step in sheet.blanks for symbol in names(step.expression))
        if any(symbol in targets for symbol in read):
            parts.append(network.loss.replace("_", " "))
    if len(sheet.iteration.examples) > 1:
        each = "column" if program.axis else "row"
        parts.append(f"{len(sheet.iteration.examples)} examples, a {each} each")
    return "Network: " + " · ".join(parts)


def legend(sheet: Worksheet) -> list[str]:
    """A line for each sign: what gradients are gradients of, then all others."""
    return [*_gradients(sheet), *_signs(sheet)]


def _gradients(sheet: Worksheet) -> Iterator[str]:
    program = sheet.timeline.program
    read = (s for step in sheet.blanks for s in (*names(step.expression), step.symbol))
    found = [symbol for symbol in dict.fromkeys(read) if symbol in program.gradients]
    if program.objective == LOSS:
        yield from _meaning(sheet, found, LOSS, "the loss")
    else:
        training = program.training
        total = f"the {training.reduction} of all {LOSS}" if training.batch > 1 else LOSS
        total += ", plus the L2 penalty" if training.l2 else ""
        own = [symbol for symbol in found if symbol in program.per_example]
        of_all = [symbol for symbol in found if symbol not in own]
        yield from _meaning(sheet, own, LOSS, "the loss of one example")
        yield from _meaning(sheet, of_all, OBJECTIVE, total)


def _meaning(sheet: Worksheet, gradients: list[str], loss: str, what: str) -> Iterator[str]:
    """A line on what these gradients are gradients of: dA means ∂L/∂A, ...; dZ likewise."""
    parts = (sheet.timeline.program.part(symbol) for symbol in gradients)
    letters = list(dict.fromkeys(LETTERS[part] for part in parts if part))
    if letters:
        first, *others = letters
        likewise = f"; {', '.join(map(gradient, others))} likewise" if others else ""
        yield f"{gradient(first)} means ∂{loss}/∂{first}, the gradient of {loss}, {what}{likewise}"


def _signs(sheet: Worksheet) -> Iterator[str]:
    """A line for each operation and sign that occurs."""
    expressions = [step.expression for step in sheet.blanks]
    found = [part for e in expressions for part in _parts(e)]
    called = {part.function for part in found if isinstance(part, Call)}
    symbols = {*(s for e in expressions for s in names(e)), *(s.symbol for s in sheet.blanks)}
    roles = sheet.timeline.program.roles
    if any(roles[symbol].group for symbol in symbols & roles.keys()):
        yield "[2] above a letter: layer 2"
    if any(isinstance(part, MatMul) for part in found):
        yield "· between matrices: the matrix product"
    if any(_is_elementwise(part) for part in found):
        yield "∘: the product element by element"
    if any(isinstance(part, Transpose) for part in found):
        yield "T above a matrix: its transpose"
    for gathering in (PRIMITIVES[f] for f in sorted(called & PRIMITIVES.keys())):
        if gathering.over is not None:
            yield _gathered(gathering)
    if any(step.symbol in names(step.expression) for step in sheet.blanks):
        yield "←: the matrix on the left is replaced"
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
    """Every part of an expression, and of the definitions of the functions that it calls."""
    for part in walk(e):
        yield part
        if isinstance(part, Call) and part.function in DEFINITIONS:
            yield from walk(DEFINITIONS[part.function])


def _is_elementwise(part: Expr) -> bool:
    return isinstance(part, Mul) and not is_scalar(part.left) and not is_scalar(part.right)
