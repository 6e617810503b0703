"""Paths: a gradient as the sum, over all paths to the loss, of the derivatives along each.

Each backward step is linear in the gradients that it reads; the factor of one of them is the
derivative along that edge. Both follow from the step's expression.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from math import isclose, isfinite, prod
from typing import Any, TypeAlias

from backprop_tui.explain.explanation import read_figure
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.maths.elements import element
from backprop_tui.maths.entries import plus
from backprop_tui.maths.expressions import (
    Cell,
    Diff,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Sum,
    cells,
)
from backprop_tui.maths.numbers import added
from backprop_tui.maths.values import value
from backprop_tui.model.architecture import Step

SAME = 1e-9
"""The relative difference between two ways to compute a number that rounding explains."""


@dataclass(frozen=True)
class Path:
    """A path from a gradient's cell to the loss, and the derivative along each of its edges."""

    cells: tuple[Cell, ...]
    factors: tuple[Expr, ...]
    numbers: tuple[float, ...]

    @property
    def product(self) -> float:
        """The product of the derivatives, from the loss on, as the backward pass multiplies."""
        return prod(reversed(self.numbers))

    @property
    def kept(self) -> list[tuple[Expr, float]]:
        """The factors with their numbers, but for those that are 1."""
        pairs = zip(self.factors, self.numbers, strict=True)
        return [(factor, value) for factor, value in pairs if factor != Num(1.0)]

    def is_rounded(self, write: Callable[[float], str]) -> bool:
        """Whether its numbers, as they are written, have another product than is."""
        by_hand = prod(read_figure(write(value)) for _, value in reversed(self.kept))
        return write(by_hand) != write(self.product)


@dataclass(frozen=True)
class Chain:
    """The largest paths of a gradient's cell, the number of all, and their sum as recorded."""

    place: Place
    paths: tuple[Path, ...]
    count: int
    recorded: float

    @property
    def left_out(self) -> int:
        """How many paths are not listed."""
        return self.count - len(self.paths)

    @property
    def rest(self) -> float:
        """The sum of the paths that are not listed."""
        return self.recorded - added(path.product for path in self.paths)


def coefficients(
    e: Expr, is_gradient: Callable[[Cell], bool]
) -> Iterator[tuple[Cell | None, Expr]]:
    """The terms of `e`, which is linear in its gradient cells: each cell with its factor.

    A term that reads no gradient comes with None: a path ends there.
    """
    if not any(map(is_gradient, cells(e))):
        yield None, e
        return
    match e:
        case Sum(terms):
            for term in terms:
                yield from coefficients(term, is_gradient)
        case Diff(x, y):
            yield from coefficients(x, is_gradient)
            yield from coefficients(Neg(y), is_gradient)
        case Neg(x):
            for cell, factor in coefficients(x, is_gradient):
                yield cell, Neg(factor)
        case Mul(x, y):
            if any(map(is_gradient, cells(y))):
                x, y = y, x
            for cell, factor in coefficients(x, is_gradient):
                yield cell, y if factor == Num(1.0) else Mul(factor, y)
        case Div(x, y):
            for cell, factor in coefficients(x, is_gradient):
                yield cell, Div(factor, y)
        case Cell():
            yield e, Num(1.0)
        case _:  # not linear: a path ends here
            yield None, e


Edges: TypeAlias = tuple[tuple[Cell | None, Expr, float], ...]


def is_rounded(chain: Chain, write: Callable[[float], str]) -> bool:
    """Whether the products of all paths, as they are written, add up to another sum than is."""
    figures = [read_figure(write(path.product)) for path in chain.paths]
    rest = read_figure(write(chain.rest)) if chain.left_out else 0.0
    return write(added((*figures, rest))) != write(chain.recorded)


class Chains:
    """The paths of the gradients of one iteration."""

    def __init__(self, provenance: Provenance, iteration: int) -> None:
        self.provenance, self.iteration = provenance, iteration
        self._counts: dict[Cell, int] = {}
        self._best: dict[int, dict[Cell, tuple[Path, ...]]] = {}
        self._edges: dict[Cell, Edges] = {}

    def chain(self, cell: Cell, most: int = 8) -> Chain:
        """The `most` largest paths from a gradient's cell to the loss."""
        place = Place(self.iteration, cell)
        return Chain(
            place, self.largest(cell, most), self.count(cell), self.provenance.number(place)
        )

    def edges(self, cell: Cell) -> Edges:
        """The terms of a gradient's cell: the gradient that each reads, and its factor.

        Where sigmoid collapses with its loss, Z to L is one edge; two could be ∞·0. Where softmax
        does, each Z has an edge to every A that it changes, unless they would be ∞·0.
        """
        if cell not in self._edges:
            program = self.provenance.program
            step = program.steps[program.index(cell.symbol)]
            before = frozenset(program.gradients) - {step.symbol}
            env = self.provenance.environment(self.iteration, step)
            terms = self._terms(step, cell, env, before)
            merged: dict[Cell | None, Expr] = {}
            for read, factor in coefficients(terms, lambda c: c.symbol in before):
                merged[read] = plus(merged[read], factor) if read in merged else factor
            self._edges[cell] = tuple(
                (read, factor, float(value(factor, env))) for read, factor in merged.items()
            )
        return self._edges[cell]

    def _terms(
        self, step: Step, cell: Cell, env: Mapping[str, Any], before: Container[str]
    ) -> Expr:
        """The number of a step as a sum over the gradients `before` it that it depends on."""
        taught = element(step.expression, cell.row, cell.column, self.shapes)
        if step.derivation is None:
            return taught
        chain = element(step.derivation, cell.row, cell.column, self.shapes)
        several = len({c for c in cells(chain) if c.symbol in before}) > 1
        come_to = (float(value(e, env)) for e in (chain, taught))
        return chain if several and isclose(*come_to, rel_tol=SAME) else taught

    @cached_property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each symbol in this iteration."""
        return self.provenance.shapes(self.iteration)

    def visited(self, cell: Cell) -> tuple[Cell, ...]:
        """The gradient cells on the paths from a cell to the loss, in the order of computation."""
        found, todo = {cell}, [cell]
        while todo:
            reads = {read for read, _, _ in self.edges(todo.pop()) if read is not None} - found
            found |= reads
            todo.extend(reads)
        at = self.provenance.program.index
        return tuple(sorted(found, key=lambda c: at(c.symbol)))

    def count(self, cell: Cell) -> int:
        """How many paths lead from the cell to the loss."""
        counts = self._counts
        for at in self.visited(cell) if cell not in counts else ():
            counts[at] = sum(1 if read is None else counts[read] for read, _, _ in self.edges(at))
        return counts[cell]

    def largest(self, cell: Cell, most: int) -> tuple[Path, ...]:
        """The `most` largest paths of a cell, by the absolute value of their product."""
        best = self._best.setdefault(most, {})
        for at in self.visited(cell) if cell not in best else ():
            found = (
                Path((at, *rest.cells), (factor, *rest.factors), (number, *rest.numbers))
                for read, factor, number in self.edges(at)
                for rest in ((END,) if read is None else best[read])
            )
            best[at] = tuple(nlargest(most, found, key=_size))
        return best[cell]


END = Path((), (), ())


def _size(path: Path) -> float:
    return abs(path.product) if isfinite(path.product) else float("inf")
