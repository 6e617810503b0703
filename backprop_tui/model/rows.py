"""The rows of a board: what each group of a program's matrices reads, its parameters and results.

A layer is a row. What several groups read as a parameter stands once, in a row above. Neighbouring
groups without parameters of their own (time steps) are one row, a column for each.

It also tells which rows and columns are counted alike: in Z = W·A the columns of W are
the rows of A, so that a window onto the one is a window onto the other.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import TypeAlias

from backprop_tui.maths.expressions import (
    Call,
    Expr,
    MatMul,
    Name,
    Transpose,
    names,
)
from backprop_tui.maths.shapes import Shape, kept
from backprop_tui.model.program import Program, with_shapes_of

Slot: TypeAlias = tuple[str, ...]
"""A matrix, or the same matrix of each time step: they stand beside each other."""
NUMBERED = re.compile(r"(.* )([0-9]+)")
"""The name of a group that has a number: layer 2, t = 3."""
FEW = 4
"""So many time steps are named one by one."""
PARTS = ("operands", "parameters", "results", "targets")


@dataclass(frozen=True)
class Row:
    """The matrices of a group, of several that are alike, or of all that share parameters."""

    groups: tuple[int, ...]
    operands: tuple[Slot, ...] = ()
    """What it reads of other groups, and inputs."""
    parameters: tuple[Slot, ...] = ()
    results: tuple[Slot, ...] = ()
    targets: tuple[Slot, ...] = ()
    shared: tuple[int, ...] = ()
    """The groups that read the parameters, where several do."""

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """All of its slots, from left to right."""
        return (*self.operands, *self.parameters, *self.results, *self.targets)

    @cached_property
    def symbols(self) -> frozenset[str]:
        """All matrices that stand in it."""
        return frozenset(symbol for slot in self.slots for symbol in slot)

    @property
    def is_family(self) -> bool:
        """Whether it is several groups, a column for each."""
        return len(self.groups) > 1


@lru_cache(maxsize=64)
def rows_of(program: Program) -> tuple[Row, ...]:
    """The rows of a program's boards, from top to bottom."""
    right = program.right or program
    reading = _Reading(right)
    rows = [reading.row(members) for members in reading.families()]
    rows = [
        reading.with_targets(row) if any(right.output in slot for slot in row.results) else row
        for row in rows
    ]
    if not reading.shared:
        return tuple(rows)
    users = sorted({group for symbol in reading.shared for group in reading.users[symbol]})
    above = Row((), parameters=tuple((s,) for s in reading.shared), shared=tuple(users))
    if len(rows) == 2 and rows[0].is_family and not rows[1].is_family:
        # What stands once, like the output of all time steps, has room beside what is shared.
        family, once = rows
        parameters = (*above.parameters, *once.parameters)
        read = tuple(slot for slot in once.operands if family.symbols.isdisjoint(slot))
        above = Row(once.groups, read, parameters, once.results, once.targets, tuple(users))
        return above, family
    return above, *rows


class _Reading:
    """A program's groups, with what each of them reads."""

    def __init__(self, program: Program) -> None:
        self.program, self.roles = program, program.roles
        self.shapes = program.shapes(1)
        self.results: dict[int, list[str]] = {}
        self.reads: dict[int, list[str]] = {}
        self.users: dict[str, list[int]] = {symbol: [] for symbol in program.parameters}
        for step in program.forward:
            if step.group is not None and step.symbol in self.roles:
                self._take(step.group, step.symbol, names(step.expression))
        for symbol, users in self.users.items():
            if not users:  # only the loss reads it
                last = max(self.results, default=self.roles[symbol].group or 0)
                self.results.setdefault(last, [])  # none: gradients alone are given
                users.append(last)
                self.reads.setdefault(last, []).append(symbol)

    def _take(self, group: int, symbol: str, read: Iterable[str]) -> None:
        self.results.setdefault(group, []).append(symbol)
        reads = self.reads.setdefault(group, [])
        for other in read:
            if other in self.roles and other not in reads:
                reads.append(other)
            if other in self.users and group not in self.users[other]:
                self.users[other].append(group)

    @cached_property
    def shared(self) -> list[str]:
        """The parameters that more than one group reads."""
        return [symbol for symbol, users in self.users.items() if len(users) > 1]

    def families(self) -> Iterator[tuple[int, ...]]:
        """The groups in order, neighbours together where they only share and are alike."""

        def alike(group: int) -> object:
            if any(self.users.get(s) == [group] for s in self.reads[group]):
                return group  # it has parameters of its own
            return tuple((self.stem(s), self.shapes[s]) for s in self.results[group])

        for _, members in groupby(self.results, alike):
            yield tuple(members)

    def row(self, groups: tuple[int, ...]) -> Row:
        """The row of a group, or of several that are alike."""
        own = [symbol for group in groups for symbol in self.results[group]]
        read = list(dict.fromkeys(s for group in groups for s in self.reads[group]))
        operands = [s for s in read if s not in own and s not in self.users]
        parameters = [s for s in read if s in self.users and s not in self.shared]
        if len(groups) == 1:
            return Row(groups, alone(operands), alone(parameters), alone(own))
        return Row(groups, self.beside(operands), alone(parameters), self.beside(own))

    def with_targets(self, row: Row) -> Row:
        """The row with the targets behind its results."""
        read = [*row.operands, *self.beside(self.program.of_kind("target"))]
        operands = tuple(slot for slot in read if slot in row.operands)
        targets = tuple(slot for slot in read if slot not in row.operands)
        return Row(row.groups, operands, row.parameters, row.results, targets)

    def stem(self, symbol: str) -> str:
        """What a symbol is called in every group."""
        return self.roles[symbol].stem or symbol

    def beside(self, symbols: Iterable[str]) -> tuple[Slot, ...]:
        """Symbols of one stem and shape in a slot together."""
        slots: dict[object, list[str]] = {}
        for symbol in symbols:
            slots.setdefault((self.stem(symbol), self.shapes[symbol]), []).append(symbol)
        return tuple(map(tuple, slots.values()))


def alone(symbols: Iterable[str]) -> tuple[Slot, ...]:
    """A slot for each symbol."""
    return tuple((symbol,) for symbol in symbols)


def named(program: Program, groups: Iterable[int]) -> str:
    """Some groups by their names: layers 2 to 4, t = 1, 2, 3, scores."""
    said = [program.groups[group] for group in groups if group in program.groups]
    numbered = [match for name in said if (match := NUMBERED.fullmatch(name))]
    stems, numbers = {match[1] for match in numbered}, [match[2] for match in numbered]
    if len(said) < 2 or len(numbers) < len(said) or len(stems) > 1:
        return ", ".join(said)
    stem = stems.pop()
    many = stem if stem.endswith("= ") else f"{stem.strip()}s "
    if stem.endswith("= ") and len(numbers) <= FEW:
        return f"{many}{', '.join(numbers)}"
    return f"{many}{numbers[0]} to {numbers[-1]}"


def sharing(program: Program, row: Row, there: Container[str]) -> str:
    """Wx Wh b: shared by t = 1, 2, 3; "" where none of these parameters is there."""
    shared = [s for (s,) in row.parameters if s in there and program.roles[s].group is None]
    return f"{' '.join(shared)}: shared by {named(program, row.shared)}" if shared else ""


def touched(rows: tuple[Row, ...], needed: frozenset[str]) -> frozenset[int]:
    """The fewest rows that hold all that is needed, as far as any does: dA1 = W2ᵀ · dZ2 stands on
    the row of W2, where A1 is what it reads."""
    left, found = needed, set[int]()
    while left:
        held, best = max((len(left & row.symbols), k) for k, row in enumerate(rows))
        if not held:
            break
        found.add(best)
        left -= rows[best].symbols
    return frozenset(found)


def by_distance(rows: tuple[Row, ...], must: frozenset[int]) -> Iterator[tuple[int, ...]]:
    """The rows to show: all, then without those farthest from the step, one after the other; what
    is shared stays."""
    far = [
        (min(abs(k - here) for here in must), k)
        for k, row in enumerate(rows)
        if k not in must and not row.shared
    ]
    left = list(range(len(rows)))
    yield tuple(left)
    for _, k in sorted(far, reverse=True):
        left.remove(k)
        yield tuple(left)


Axis: TypeAlias = tuple[str, int]
"""The rows (0) or the columns (1) of a matrix."""


@lru_cache(maxsize=64)
def axes_of(program: Program) -> Mapping[Axis, Axis]:
    """For the rows and the columns of each value, parameter and input the first axis that is
    counted as they are; axes of length 1 are left out."""
    right = program.right or program
    forward = [step for step in right.taught if step.phase in ("forward", "loss")]
    many = 2 if right.fits(2) else 1
    found = _Alike(with_shapes_of(forward, right.architecture.shapes(many)))
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
                (rows, columns), (keeps_rows, keeps_columns) = self.of(x), kept(function)
                return rows if keeps_rows else None, columns if keeps_columns else None
            case _:
                parts = [self.of(part) for part in e.parts]
                return self.join(*parts) if parts else (None, None)
