"""Which rows and columns of a program's matrices are counted alike: in Z = W·A the columns of W are
the rows of A, so that a window onto the one is a window onto the other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

from backprop_tui.maths.expressions import (
    Call,
    Expr,
    MatMul,
    Name,
    Transpose,
    children,
)
from backprop_tui.maths.functions import PRIMITIVES
from backprop_tui.maths.shapes import OVER, Shape
from backprop_tui.model.program import Program, with_shapes_of
from backprop_tui.model.rows import rows_of

Axis: TypeAlias = tuple[str, int]
"""The rows (0) or the columns (1) of a matrix."""


@lru_cache(maxsize=64)
def axes_of(program: Program) -> Mapping[Axis, Axis]:
    """For the rows and the columns of each value, parameter and input the first axis that is
    counted as they are; axes of length 1 are left out."""
    right = program.right or program
    forward = [step for step in right.taught if step.phase in ("forward", "loss")]
    found = _Alike(with_shapes_of(forward, right.architecture.shapes(2)))  # two examples are many
    for step in forward:
        found.join(found.of(step.expression), found.of(step.target))
    return {axis: found.first(axis) for axis in list(found.before)}


@lru_cache(maxsize=64)
def named_columns(program: Program) -> frozenset[str]:
    """The values and inputs whose columns are those of an input that is one matrix, and the
    gradients with respect to them: tokens, not examples."""
    axes, roles = axes_of(program), program.roles
    apart = (s for s in program.of_kind("input") if s not in program.per_example)
    named = {axes.get((symbol, 1)) for symbol in apart} - {None}
    found = {symbol for (symbol, side), axis in axes.items() if side == 1 and axis in named}
    return frozenset(found | {s for s, role in roles.items() if role.of in found})


@lru_cache(maxsize=64)
def beside_each_other(program: Program) -> frozenset[str]:
    """The matrices of which the examples of a batch stand beside each other, a column or row each;
    none where time steps do."""
    families = any(row.is_family for row in rows_of(program))
    return frozenset() if families else program.per_example


class _Alike:
    """Axes as they are found to be counted alike."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self.shapes = shapes
        self.before: dict[Axis, Axis] = {}

    def first(self, axis: Axis) -> Axis:
        """The first of the axes that are counted as this one."""
        while (other := self.before.setdefault(axis, axis)) != axis:
            axis = other
        return axis

    def join(self, *pairs: tuple[Axis | None, Axis | None]) -> tuple[Axis | None, Axis | None]:
        """Let rows be counted alike, and columns; return what they are then."""
        joined: list[Axis | None] = []
        for axes in zip(*pairs, strict=True):
            known = [self.first(axis) for axis in axes if axis is not None]
            for axis in known:
                self.before[axis] = known[0]
            joined.append(known[0] if known else None)
        return joined[0], joined[1]

    def of(self, e: Expr) -> tuple[Axis | None, Axis | None]:
        """The axis of an expression's rows, and of its columns; None for one of length 1."""
        match e:
            case Name(symbol):
                shape = () if e.is_number else self.shapes[symbol]
                axes = [self.first((symbol, k)) if n > 1 else None for k, n in enumerate(shape)]
                return (axes[0], axes[1]) if axes else (None, None)
            case Transpose(x):
                rows, columns = self.of(x)
                return columns, rows
            case MatMul(x, y):
                (rows, inner), (outer, columns) = self.of(x), self.of(y)
                self.join((inner, None), (outer, None))
                return rows, columns
            case Call(function, (x,)):
                over = PRIMITIVES[function].over if function in PRIMITIVES else None
                axes_kept = zip(self.of(x), OVER[over], strict=True)
                kept = [axis if keep else None for axis, keep in axes_kept]
                return kept[0], kept[1]
            case _:
                parts = [self.of(part) for part in children(e)]
                return self.join(*parts) if parts else (None, None)
