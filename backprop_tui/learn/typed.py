"""What is typed for a step, read as a tree: by the one parser, with the names that a step may read
and the shape that it must have. Whether it is right is not told here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from math import prod

from backprop_tui.maths.expressions import (
    SCALARS,
    Call,
    Cell,
    Expr,
    Name,
    children,
    names,
    replace,
    walk,
)
from backprop_tui.maths.functions import DEFINITIONS
from backprop_tui.maths.parser import GrammarError, parse_assignment
from backprop_tui.maths.shapes import Shape, ShapeMismatch, shape, written
from backprop_tui.maths.writing import text
from backprop_tui.messages import nearest, short
from backprop_tui.model.network import Network
from backprop_tui.model.program import Program, Step


class Verdict(StrEnum):
    UNREADABLE = "unreadable"
    NAME = "a name that is not known here"
    SHAPE = "the wrong shape"
    WRONG = "wrong"
    COINCIDENCE = "right by coincidence"  # with these numbers alone
    HERE = "right here"  # with any numbers, but not for any batch, network or α
    RIGHT = "right for any batch"


class FormulaError(ValueError):
    """A formula that cannot be tried out; its text is the sentence for the learner."""

    def __init__(self, verdict: Verdict, sentence: str, expression: Expr | None = None) -> None:
        super().__init__(sentence)
        self.verdict, self.expression = verdict, expression


MOST_PARTS, DEEPEST = 150, 4
"""Of a formula, and of functions within each other: their definitions are written out, again and
again, before anything is computed. No step comes near either."""
LARGEST = 1_000_000
"""Numbers of a part, where none of the network's matrices has a tenth of that."""


def read(program: Program, symbol: str, source: str, *batches: int) -> Expr:
    """The formula typed for a step, which has its shape in batches of so many examples each.

    Raises FormulaError, with a sentence that says what is wrong.
    """
    step = program.steps[program.index(symbol)]
    if not source.strip():
        raise FormulaError(Verdict.UNREADABLE, f"what is {symbol} made of?")
    try:
        target, e = _parsed(program.network, source)
    except GrammarError as error:
        raise FormulaError(Verdict.UNREADABLE, str(error)) from None
    if target not in (None, symbol):
        raise FormulaError(Verdict.NAME, f"this step computes {symbol}, not {short(str(target))}")
    _all_known(program, step, e)
    _not_too_deep(e)
    for examples in batches:
        shapes = program.shapes(examples)
        if (sentence := misfit(e, symbol, shapes)) is not None:
            other = "" if examples == batches[0] else f"in a batch of {examples}, "
            raise FormulaError(Verdict.SHAPE, f"{other}{sentence}", e)
        _not_too_large(e, shapes)
    return e


def tree(network: Network, source: str) -> Expr:
    """A formula that was read before."""
    return _parsed(network, source)[1]


def _parsed(network: Network, source: str) -> tuple[str | None, Expr]:
    target, e = parse_assignment(source, activations_by_layer(network))
    return target, replace(e, {Name("A0"): Name("X")})


def activations_by_layer(network: Network) -> dict[str, str]:
    """g1, g2, ...; g alone where there is but one."""
    by_layer = {f"g{layer}": name for layer, name in enumerate(network.activations, 1)}
    single = {"g": network.activations[0]} if len(set(network.activations)) == 1 else {}
    return {**single, **by_layer}


def _all_known(program: Program, step: Step, e: Expr) -> None:
    before = program.index(step.symbol)
    known = {"X", "Y", *program.kept, *(s.symbol for s in program.steps[:before])}
    for part in walk(e):
        if isinstance(part, Cell):
            said = f"a step works on whole matrices: write {part.symbol}, not {text(part)}"
            raise FormulaError(Verdict.NAME, said)
    for symbol in names(e):
        if symbol not in known and symbol not in SCALARS:
            raise FormulaError(Verdict.NAME, _not_known(program, symbol, step, known))


def _not_known(program: Program, symbol: str, step: Step, known: set[str]) -> str:
    if symbol == step.symbol:
        return f"{symbol} is what is asked for: what is it made of?"
    if symbol in program.positions:
        at, own = program.index(symbol) + 1, program.index(step.symbol) + 1
        return f"{symbol} is not computed yet: that is step {at}, and this is step {own}"
    if symbol == "J":
        return "there is no J here: a batch of one example has only L"
    meant = nearest(symbol, (*known, *SCALARS))
    return f"there is no {short(symbol)} here" + (f". Did you mean {meant}?" if meant else "")


def _not_too_deep(e: Expr) -> None:
    if sum(1 for _ in walk(e)) > MOST_PARTS:
        raise FormulaError(Verdict.UNREADABLE, f"it has more than {MOST_PARTS} parts")
    if _nested(e) > DEEPEST:
        said = f"more than {DEEPEST} functions stand within each other"
        raise FormulaError(Verdict.UNREADABLE, said)


def _nested(e: Expr) -> int:
    """How many activations and slopes stand within each other."""
    defined = isinstance(e, Call) and e.function in DEFINITIONS
    return defined + max(map(_nested, children(e)), default=0)


def _not_too_large(e: Expr, shapes: Mapping[str, Shape]) -> None:
    most = max(LARGEST, 10 * max(map(prod, shapes.values())))
    for part in walk(e):
        if prod(shape(part, shapes)) > most:
            said = f"{short(text(part))} is {written(shape(part, shapes))}: too large to compute"
            raise FormulaError(Verdict.UNREADABLE, said)


def misfit(e: Expr, symbol: str, shapes: Mapping[str, Shape]) -> str | None:
    """Why `e` cannot be `symbol`, by its shape; None where it can."""
    try:
        found = shape(e, shapes)
    except ShapeMismatch as error:
        return str(error)
    if found == (must := shapes[symbol]):
        return None
    like = f" like {symbol[1:]}" if symbol[0] == "d" and symbol[1:] in shapes else ""
    gives = written(found) if found else "a single number"
    return f"{symbol} must be {written(must)}{like}, but this gives {gives}"
