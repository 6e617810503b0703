"""The operations of a program as nodes and edges, and how their names and wires are written.

What the step works on is heavy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from backprop_tui.maths.expressions import Call, Expr, MatMul, Name, Sum, names
from backprop_tui.maths.functions import ACTIVATIONS
from backprop_tui.model.program import Program
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.cells import mark_of, with_gradients

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
THIN = " │││─┘┐┤─└┌├─┴┬┼"
HEAVY = " ┃┃┃━┛┓┫━┗┏┣━┻┳╋"
"""The character of a wire, by the sides that it leads to."""


@dataclass(frozen=True)
class Edge:
    """What is computed from what, and through which parameter or function."""

    source: str
    target: str
    through: str = ""
    function: str = ""

    @property
    def label(self) -> str:
        return self.through or self.function


@lru_cache(maxsize=64)
def edges_of(program: Program) -> tuple[Edge, ...]:
    """The edges between inputs, values and the loss of each example, in order.

    What a step reads of one matrix in several ways is one edge, but for what it reads as it is.
    """
    right = program.right or program
    found: dict[tuple[str, str, bool], Edge] = {}
    for step in right.forward:
        if step.symbol in right.roles and (step.phase == "forward" or step.symbol == right.loss):
            for source, through, function in _read(right, step.expression):
                shown = function if step.phase == "forward" else ""
                key = source, step.symbol, bool(through or shown)
                edge = found.get(key, Edge(source, step.symbol))
                found[key] = replace(
                    edge,
                    through=_joined(edge.through, through),
                    function=_joined(edge.function, shown),
                )
    return tuple(found.values())


def _joined(*labels: str) -> str:
    """The words of some labels, each once."""
    return " ".join(dict.fromkeys(" ".join(labels).split()))


def _read(
    program: Program, e: Expr, through: str = "", function: str = ""
) -> Iterator[tuple[str, str, str]]:
    """What an expression reads but parameters, with what it is multiplied by and passed through."""
    match e:
        case Name(symbol):
            role = program.roles.get(symbol)
            if role is not None and role.kind in ("input", "value", "loss"):
                yield symbol, through, function
        case MatMul(x, y):
            for part, other in ((x, y), (y, x)):
                parameters = [s for s in names(other) if s in program.parameters]
                yield from _read(program, part, " ".join(parameters) or through, function)
        case Call(called, arguments):
            sign = ACTIVATIONS[called].symbol if called in ACTIVATIONS else called
            for argument in arguments:
                yield from _read(program, argument, through, sign)
        case _:
            for part in e.parts:
                yield from _read(program, part, through, function)


def is_skip(program: Program, edge: Edge) -> bool:
    """Whether what an edge brings is added as it is."""
    e = (program.right or program).taught[program.index(edge.target)].expression
    return isinstance(e, Sum) and Name(edge.source) in e.terms


def heavy(view: View, edge: Edge) -> str:
    """Where the step leads to along an edge: forward to its "end", backward to its "start"; nothing
    of an edge that it does not work on."""
    step, program = view.step, view.program
    if step is None or view.is_asked:
        return ""
    if step.phase in ("forward", "loss"):
        return "end" if step.symbol == edge.target else ""
    if step.phase == "update":
        return "end" if step.symbol in edge.through.split() else ""
    read = set(names(step.expression))
    arrives = program.gradient_of(edge.target) in read or (
        edge.target == program.loss and not any(s in program.gradients for s in read)
    )
    meant = arrives and step.role.of in (edge.source, *edge.through.split())
    return "start" if meant else ""


class Wires:
    """Lines between nodes, as they meet."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.sides: dict[tuple[int, int], int] = {}
        self.heavy: set[tuple[int, int]] = set()
        self.heads: dict[tuple[int, int], str] = {}

    def run(self, *places: tuple[int, int], heavy: str) -> None:
        """A wire from place to place, each beside or under the one before; a `heavy` one has a head
        at its "end" or at its "start"."""
        for (x0, y0), (x1, y1) in pairwise(places):
            across, down = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
            ahead = {(1, 0): RIGHT, (-1, 0): LEFT, (0, 1): DOWN, (0, -1): UP}.get((across, down), 0)
            back = {RIGHT: LEFT, LEFT: RIGHT, DOWN: UP, UP: DOWN}.get(ahead, 0)
            while (x0, y0) != (x1, y1):
                self._lead(x0, y0, ahead, heavy)
                x0, y0 = x0 + across, y0 + down
                self._lead(x0, y0, back, heavy)
        if heavy:
            (x, y), (xn, yn) = places[:2] if heavy == "start" else (places[-1], places[-2])
            if x != xn:
                self.heads[x, y] = "◀" if x < xn else "▶"
            elif (beside := (x, y + (1 if y < yn else -1))) not in (places[0], places[-1]):
                self.heads[beside] = "▲" if y < yn else "▼"

    def _lead(self, x: int, y: int, side: int, heavy: str) -> None:
        self.sides[x, y] = self.sides.get((x, y), 0) | side
        if heavy:
            self.heavy.add((x, y))

    def keep(self, lines: range) -> None:
        """Cut off what leads out of some lines."""
        self.sides = {place: sides for place, sides in self.sides.items() if place[1] in lines}
        self.heads = {place: head for place, head in self.heads.items() if place[1] in lines}

    def cross(self, x: int, y: int) -> None:
        """Let a wire that leads down go on unbroken where another one crosses it."""
        if self.sides[x, y] & (UP | DOWN):
            self.sides[x, y] &= UP | DOWN
            if not {(x, y - 1), (x, y + 1)} <= self.heavy:
                self.heavy.discard((x, y))

    def paint(self) -> None:
        """Put the lines on the canvas; what stands there already is written after."""
        for (x, y), sides in self.sides.items():
            heavy = (x, y) in self.heavy
            self.canvas.put(x, y, (HEAVY if heavy else THIN)[sides], "strong" if heavy else "quiet")
        for (x, y), head in self.heads.items():
            self.canvas.put(x, y, head, "strong")


def put_node(canvas: Canvas, view: View, x: int, y: int, symbol: str) -> None:
    """Write a node's name with its mark before it."""
    mark = mark_of(view, *with_gradients(view, symbol))
    known = view.value(symbol) is not None
    looks = mark or ("stale" if view.state.stale(symbol) else "" if known else "uncomputed")
    canvas.put(x - 1, y, "▸" if mark == "target" else "•" if mark else " ", "mark")
    canvas.put(x, y, symbol, looks)


def put_label(canvas: Canvas, view: View, x: int, y: int, edge: Edge) -> None:
    """Write the name of an edge: marked where the step works on its parameter."""
    mark = mark_of(view, *with_gradients(view, *edge.through.split())) if edge.through else ""
    canvas.put(x, y, edge.label, mark or ("strong" if heavy(view, edge) else "label"))
