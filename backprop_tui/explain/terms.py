"""The terms of a gradient that is a sum over readers: uses of what is shared, paths of a skip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backprop_tui.explain.provenance import Provenance
from backprop_tui.maths.expressions import Div, Expr, Sum, names
from backprop_tui.maths.functions import Array
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
            through = next(_read(program, term, "parameter"), "")
            called.append(f"through {through}" if through else "skip")
    if len(set(called)) < len(called):  # two paths through the same parameter
        called = [f"from {reader}" for reader in readers]
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
    return [value(term.expression, known) for term in terms_of(provenance.program, step)]
