"""A network that is written as forward formulas, and the architecture that follows from them.

    Z1 = "Wx·X1 + b"        H1 = "tanh(Z1)"        L = "half_squared_error(H1, Y)"

Roles, shapes and groups are read off the formulas; each line is one step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from backprop_tui.maths.expressions import (
    SCALARS,
    Diff,
    Expr,
    MatMul,
    Name,
    Sum,
    children,
    names,
    walk,
)
from backprop_tui.maths.functions import LOSSES, Loss
from backprop_tui.maths.shapes import Shape, ShapeMismatch, shape
from backprop_tui.model import lazy
from backprop_tui.model.architecture import Architecture, Role, Step
from backprop_tui.model.backward import without_sums_of_one
from backprop_tui.model.layers import LOSS, OBJECTIVE, Part
from backprop_tui.model.network import Network

REPEATED = re.compile(r"\{\s*t\s*([+−-]\s*\d+)?\s*\}")
"""What stands for a number in a repeated line: {t}, {t-1}."""
NUMBERED = re.compile(r"(.*?[A-Za-z_])([0-9]+)")


class Line(NamedTuple):
    """One line of [forward], written out for its t."""

    key: str
    """As the file has it: Z{t}."""
    symbol: str
    source: str
    t: int | None


class Fault(NamedTuple):
    """What is wrong with a network, and where: the section and the key in it."""

    section: str
    key: str
    sentence: str


class WrittenError(ValueError):
    """A network that cannot be; `faults` has all that is wrong with it."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(f"{f.section}.{f.key} {f.sentence}" for f in faults))
        self.faults = faults


@dataclass(frozen=True)
class WrittenNetwork:
    """The [parameters], [forward], [functions] and [repeat] of a file, and the shapes of its data.

    All as the file has them; the formulas are texts.
    """

    parameters: tuple[tuple[str, Shape], ...]
    data: tuple[tuple[str, Shape], ...]
    """The shape of each input and target for one example."""
    forward: tuple[tuple[str, str], ...]
    repeat: tuple[int, int] | None = None
    """The first and the last t of the repeated lines."""
    functions: tuple[tuple[str, str], ...] = ()
    same: frozenset[str] = frozenset()
    """The inputs that are the same matrix for each example."""
    given: tuple[str, ...] = ()
    """The symbols of [given]: values and gradients that are not computed."""
    absent: tuple[str, ...] = ()
    """The data that is left out beside them: none, as formulas need all shapes."""

    @property
    def sizes(self) -> str:
        """How large it is, in a few characters."""
        return f"{sum(1 for _ in self.lines())} formulas"

    def lines(self) -> Iterator[Line]:
        """The lines, in order. Neighbouring ones with {t} are one block, written for each t."""
        for repeated, block in groupby(self.forward, lambda line: "{" in line[0]):
            lines = list(block)
            first, last = self.repeat or (1, 0)
            if not repeated:
                yield from (Line(key, key, source, None) for key, source in lines)
                continue
            for t in range(first, last + 1):
                for key, source in lines:
                    yield Line(key, written_for(key, t), written_for(source, t), t)


def dense(network: Network | WrittenNetwork) -> Network:
    """The network, where it is dense. Raises TypeError for a written one."""
    if isinstance(network, Network):
        return network
    raise TypeError(f"a network of {network.sizes} has no layers")


def written_for(source: str, t: int) -> str:
    """A repeated line with its numbers in place of {t} and {t-1}."""

    def number(match: re.Match[str]) -> str:
        shift = (match[1] or "0").replace("−", "-").replace(" ", "")
        return str(t + int(shift))

    return REPEATED.sub(number, source)


def written_architecture(network: WrittenNetwork) -> Architecture:
    """What a run needs of a written network. Raises WrittenError with all of its faults."""
    reading = _Reading(network)
    if reading.faults:
        raise WrittenError(*reading.faults)
    return reading.architecture()


class _Reading:
    """A written network being read: its formulas, its shapes, and all that is wrong with them."""

    def __init__(self, network: WrittenNetwork) -> None:
        self.network, self.faults = network, list[Fault]()
        self.parameters, self.data = dict(network.parameters), dict(network.data)
        self.shapes: dict[str, Shape] = {**self.parameters, **self.data}
        self.lines = list(network.lines())
        self.formulas = dict(self._formulas())
        if not self.faults:
            self._compute_shapes()

    def fault(self, line: Line, sentence: str) -> None:
        """Tell what is wrong with a line."""
        self.faults.append(Fault("forward", line.key, sentence))

    def _formulas(self) -> Iterator[tuple[str, Expr]]:
        """The expression of each line, by its symbol."""
        known = {*self.parameters, *self.data}
        symbols = known.union(line.symbol for line in self.lines)
        for line in self.lines:
            try:
                e = lazy.parse(line.source, symbols=symbols)
            except lazy.GrammarError as error:
                self.fault(line, f"cannot be read: {error}")
                continue
            for symbol in names(e):
                if symbol not in known and symbol not in SCALARS:
                    self.fault(line, f"reads {symbol}, which is not known there")
            known.add(line.symbol)
            yield line.symbol, e
        if LOSS not in known:
            said = "is missing: it must be the formula of the loss of each example"
            self.faults.append(Fault("forward", LOSS, said))

    def _compute_shapes(self) -> None:
        for line in self.lines:
            try:
                self.shapes[line.symbol] = shape(self.formulas[line.symbol], self.shapes)
            except ShapeMismatch as error:
                self.fault(line, f"cannot be computed: {error}")
                return

    # The architecture

    def architecture(self) -> Architecture:
        """What a run needs of it. There must be no faults."""
        places = _Places(self.lines)
        given = {symbol: self._role(symbol, places) for symbol in (*self.data, *self.parameters)}
        steps = tuple(self._steps(places))
        loss = next(i for i, step in enumerate(steps) if step.symbol == LOSS)
        read = names(steps[loss].expression)
        return Architecture(
            steps[: loss + 1],
            given,
            {**self.data, **self.parameters},
            frozenset(filter(self._is_drawn, self.parameters)),
            next(symbol for symbol in (*read, LOSS) if symbol not in given),
            places.names,
            dict(_losses(self.formulas[LOSS], given)),
            objective=steps[-1] if loss + 1 < len(steps) else None,
            same=self.network.same,
        )

    def _steps(self, places: _Places) -> Iterator[Step]:
        for line in self.lines:
            e = self.formulas[line.symbol]
            if line.symbol == LOSS:
                yield Step(Name(LOSS), without_sums_of_one(e, self.shapes), "loss", Role("loss"))
            elif line.symbol == OBJECTIVE:
                yield Step(Name(OBJECTIVE), e, "loss", Role("loss"))
            else:
                group, stem = places.of[line.symbol]
                yield Step(Name(line.symbol), e, "forward", Role("value", group, stem=stem))

    def _role(self, symbol: str, places: _Places) -> Role:
        """The role of an input, a target or a parameter."""
        readers = [s for s, e in self.formulas.items() if symbol in names(e)]
        groups = [places.of[reader][0] for reader in readers if reader in places.of]
        shared = len(set(groups)) > 1
        numbered = NUMBERED.fullmatch(symbol)
        stem = numbered[1] if numbered else symbol
        if symbol in self.parameters:
            part: Part | None = None if self._is_drawn(symbol) else "bias"
            if any(symbol in names(x) for e in self.formulas.values() for x in products(e)):
                part = "weight"
            return Role("parameter", None if shared or not groups else groups[0], part, stem=stem)
        if readers and not groups:
            return Role("target")
        return Role("input", groups[0] if groups else None, stem=stem)

    def _is_drawn(self, symbol: str) -> bool:
        """Whether a parameter is drawn: where it is more than a term of sums."""
        return not all(is_only_added(Name(symbol), e) for e in self.formulas.values())


class _Places:
    """The group of each line: the layer or the time step that it belongs to."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.of: dict[str, tuple[int, str]] = {}
        """The number of the group, and what the line is called in every group."""
        self.names: dict[int, str] = {}
        repeated = {REPEATED.sub("", line.key) for line in lines if line.t is not None}
        found: dict[int | str, int] = {}
        before: int | str = 0
        for line in lines:
            if line.symbol in (LOSS, OBJECTIVE):
                continue
            numbered = NUMBERED.fullmatch(line.symbol)
            key: int | str
            if line.t is not None:
                key, stem = line.t, REPEATED.sub("", line.key)
            elif numbered:
                key, stem = int(numbered[2]), numbered[1]
            else:  # with its neighbours that have no number
                key, stem = before if isinstance(before, str) else line.symbol, line.symbol
            before = key
            number = found.setdefault(key, len(found) + 1)
            what = f"t = {key}" if stem in repeated else f"group {key}"
            self.names.setdefault(number, key if isinstance(key, str) else what)
            self.of[line.symbol] = number, stem


def _losses(e: Expr, given: Mapping[str, Role]) -> Iterator[tuple[str, Loss]]:
    """The known losses in the loss of each example, by the targets that they read."""
    parts = set(walk(e))
    for symbol in (s for s, role in given.items() if role.kind == "target"):
        for loss in LOSSES.values():
            if any(loss(a, Name(symbol)) in parts for a in parts):
                yield symbol, loss


def products(e: Expr) -> Iterator[Expr]:
    """The matrix products in `e`."""
    return (part for part in walk(e) if isinstance(part, MatMul))


def is_only_added(name: Name, e: Expr) -> bool:
    """Whether a name stands in `e` only as a term of sums and differences."""
    return e != name and all(
        isinstance(e, Sum | Diff) if part == name else is_only_added(name, part)
        for part in children(e)
    )
