"""The terms of a gradient that is a sum over readers: uses of what is shared, paths of a skip; or
over the examples of a batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_tui.explain.provenance import Provenance
from backprop_tui.maths.expressions import (
    Call,
    Div,
    Expr,
    MatMul,
    Name,
    Num,
    Sum,
    calls,
    names,
    replace,
    walk,
)
from backprop_tui.maths.functions import GATHERINGS, Array
from backprop_tui.maths.values import value
from backprop_tui.model.architecture import Step
from backprop_tui.model.program import Program


@dataclass(frozen=True)
class Term:
    """One term of a sum over readers."""

    name: str
    """Where it comes from: t=3, skip, through W2."""
    expression: Expr
    group: int | None
    """The group of the reader."""


def terms_of(program: Program, step: Step) -> tuple[Term, ...]:
    """The terms of a gradient of what several steps read; none of any other step."""
    if step.role.kind != "gradient" or not (found := list(_split(step.expression))):
        return ()
    readers = [next(_read(program, term, "gradient"), "") for term in found]
    if "" in readers:
        return ()
    groups = [program.roles[reader].group for reader in readers]
    shared = step.role.of in program.parameters and len(set(groups)) == len(groups)
    called = []
    for term, group in zip(found, groups, strict=True):
        if shared and group is not None:
            called.append(program.groups[group].replace(" = ", "="))
        else:
            # Not one in the argument of a derivative: dC ∘ tanh′(W · A + A) is a skip.
            inner = (call for call in calls(term) if not any(_read(program, call, "gradient")))
            outside = replace(term, dict.fromkeys(inner, Num(1.0)))
            through = next(_read(program, outside, "parameter"), "")
            called.append(f"through {through}" if through else "skip")
    called = [  # where two paths lead through the same parameter, by what reads it
        f"from {reader}" if called.count(name) > 1 else name
        for name, reader in zip(called, readers, strict=True)
    ]
    return tuple(map(Term, called, found, groups))


def _split(e: Expr) -> Iterator[Expr]:
    """The terms of a sum, or of one that is divided; none of anything else."""
    if isinstance(e, Sum):
        yield from e.terms
    elif isinstance(e, Div):
        yield from (Div(term, e.right) for term in _split(e.left))


def _read(program: Program, e: Expr, kind: str) -> Iterator[str]:
    """The symbols of a kind that `e` reads."""
    return (s for s in names(e) if s in program.roles and program.roles[s].kind == kind)


def values_of(provenance: Provenance, iteration: int, step: Step) -> list[Array]:
    """The matrix of each term in an iteration; what they read must be computed."""
    known = provenance.environment(iteration, step)
    size = provenance.shapes(iteration)[step.symbol]  # a mistake may make a term of fewer numbers
    terms = terms_of(provenance.program, step)
    return [np.broadcast_to(value(term.expression, known), size) for term in terms]


@dataclass(frozen=True)
class OverExamples:
    """What adds up the examples of a batch: their sum, its mean, and what else is added to that."""

    summed: Expr
    is_mean: bool
    """Whether the sum is divided by m."""
    rest: tuple[Expr, ...]
    own: frozenset[str]
    """The matrices that it reads with a column or row for each example."""
    axis: int

    def of(self, known: Mapping[str, Any], example: int) -> Array:
        """The term of an example (from 0), when the values of its symbols are known."""
        part = slice(example, example + 1)
        index = (slice(None), part) if self.axis else (part,)
        alone = {symbol: known[symbol][index] for symbol in self.own}
        term: Array = value(self.summed, {**known, **alone})
        return term


def over_examples(program: Program, step: Step) -> OverExamples | None:
    """How a step adds up the examples of a batch; None where it does not."""
    if step.symbol in program.per_example:
        return None
    first, *rest = step.expression.terms if isinstance(step.expression, Sum) else (step.expression,)
    is_mean = isinstance(first, Div) and first.right == Name("m")
    summed = first.left if isinstance(first, Div) and is_mean else first
    own = program.per_example.intersection(names(summed))
    if not own or not _gathers(summed) or any(program.per_example & {*names(e)} for e in rest):
        return None
    if any(_gathers(part) for part in walk(summed) if part is not summed):
        return None
    return OverExamples(summed, is_mean, tuple(rest), own, program.axis)


def _gathers(e: Expr) -> bool:
    """Whether numbers are added up: in a product of matrices, or over rows and columns."""
    if not isinstance(e, Call):
        return isinstance(e, MatMul)
    return e.function in GATHERINGS and GATHERINGS[e.function].fold == "sum"
