"""The graph of a program's operations, drawn: time steps beside each other, any other program from
the inputs down to the loss, an edge that skips at the right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, count, pairwise
from typing import TypeVar

from backprop_tui.model.program import Program
from backprop_tui.model.rows import rows_of
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.operations import (
    Edge,
    Wires,
    edges_of,
    heavy,
    is_skip,
    put_label,
    put_node,
)

T = TypeVar("T")
WIDEST = 14
"""Columns from one time step to the next, at most."""
RAIL, NARROW_RAIL = 3, 2
"""Columns from one edge that skips to the next; and where nodes under each other have little
room."""


def chain_fits(view: View, width: int, height: int) -> bool:
    """Whether time steps fit beside each other, and what stands over them."""
    found = chain_of(view.program)
    if found is None:
        return False
    drawn = {*found.over, *(s for member in found.members for s in member)}
    label = max(len(e.through) for e in edges_of(view.program) if drawn >= {e.source, e.target})
    pitch = _pitch(found, width)
    is_cut = pitch * (len(found.members) - 1) + 2 + label > width  # of the last one
    wide = max(3 + max(map(len, drawn)), 4 + label, 2 + 2 * label if is_cut else 0)
    return wide <= pitch and 2 * found.levels + 1 <= height


def _pitch(found: TimeChain, width: int) -> int:
    """The columns from one time step to the next."""
    return min(WIDEST, (width - 3) // max(1, len(found.members) - 1))


@dataclass(frozen=True)
class TimeChain:
    """Time steps, with the nodes of each from the bottom up."""

    groups: tuple[int, ...]
    members: tuple[tuple[str, ...], ...]
    over: tuple[str, ...]
    """The nodes over the last one."""

    @property
    def levels(self) -> int:
        """The nodes above each other."""
        return max(map(len, self.members)) + len(self.over)


@lru_cache(maxsize=64)
def chain_of(program: Program) -> TimeChain | None:
    """The chain of time steps that a program is; None where it is none."""
    rows = rows_of(program)
    families = [row for row in rows if row.is_family]
    others = [row for row in rows if not row.is_family and row.results]
    if len(families) != 1 or len(others) > 1:
        return None
    (family,) = families
    roles = program.roles
    slots = [slot for slot in (*family.operands, *family.results) if len(slot) > 1]
    members = tuple(
        tuple(s for slot in slots for s in slot if roles[s].group == group)
        for group in family.groups
    )
    over = *(s for row in others for slot in row.results for s in slot), program.loss
    upwards = {
        pair for member in (*members[:-1], (*members[-1], *over)) for pair in pairwise(member)
    }
    column = {s: k for k, member in enumerate(members) for s in member}
    column |= dict.fromkeys(over, len(members) - 1)
    drawn = {
        (edge.source, edge.target)
        for edge in edges_of(program)
        if edge.source in column and column[edge.source] == column.get(edge.target)
    }
    # A step that reads anything but the one below it would be drawn as if it read that.
    return TimeChain(family.groups, members, over) if drawn == upwards else None


def chain(canvas: Canvas, view: View, top: int, bottom: int) -> None:
    """Draw time steps beside each other, from the inputs up to the loss."""
    found = chain_of(view.program)
    assert found is not None
    pitch = _pitch(found, canvas.width)
    gap = max(2, min(4, (bottom - top - 3) // (found.levels - 1)))
    low = bottom - (3 if gap * (found.levels - 1) + 4 <= bottom - top else 2)
    places: dict[str, tuple[int, int]] = {}
    for number, (group, member) in enumerate(zip(found.groups, found.members, strict=True)):
        x = 1 + number * pitch
        said = view.program.groups[group].replace(" = ", "=")
        canvas.put(x - 1, bottom - 1, said[: pitch - 1], "label")
        places |= {s: (x, low - level * gap) for level, s in enumerate(member)}
    x, y = places[found.members[-1][-1]]
    places |= {symbol: (x, y - (k + 1) * gap) for k, symbol in enumerate(found.over)}
    wires, labels = Wires(canvas), list[tuple[int, int, Edge]]()
    for edge in edges_of(view.program):
        if edge.source not in places or edge.target not in places:
            continue
        strong = heavy(view, edge)
        (x0, y0), (x1, y1) = places[edge.source], places[edge.target]
        if x0 == x1:
            wires.run((x0, y0), (x1, y1), heavy=strong)
            cut = x0 + 1 + len(edge.label) > canvas.width  # then it stands at the left
            labels.append((x0 - len(edge.label) if cut else x0 + 1, (y0 + y1 + 1) // 2, edge))
        else:
            across = x1 - 3
            way = (x0 + len(edge.source), y0), (across, y0), (across, y1), (x1 - 2, y1)
            wires.run(*way, heavy=strong)
            labels.append((across - len(edge.label), (y0 + y1 + 1) // 2, edge))
    wires.paint()
    between = max((len(e.label) for x, _, e in labels if places[e.target][0] > x + 1), default=0)
    for x, y, edge in labels:
        fits = x > places[edge.source][0] and between + len(edge.label) + 5 <= pitch
        if edge.through or fits:
            put_label(canvas, view, x, y, edge)
    for symbol, (x, y) in places.items():
        put_node(canvas, view, x, y, symbol)


@lru_cache(maxsize=64)
def layers_of(program: Program) -> tuple[tuple[str, ...], ...]:
    """The nodes of a program in layers: each as far down as the longest path to it leads, an input
    just above what reads it; at the right those from which or to which an edge skips a layer."""
    edges, deep = edges_of(program), {program.loss: 0}  # which may be all that there is
    roles = program.roles
    for edge in edges:  # in order: what is read is known by then
        inner = roles[edge.source].kind != "input"
        here = deep.setdefault(edge.source, 0) + 1 if inner else 1  # 0: it is given
        deep[edge.target] = max(deep.get(edge.target, 0), here)
    for edge in edges:
        if roles[edge.source].kind == "input":
            above = deep[edge.target] - 1
            deep[edge.source] = min(deep.get(edge.source, above), above)
    layers: dict[int, list[str]] = {}
    skips = (edge for edge in edges if deep[edge.target] > deep[edge.source] + 1)
    ends = {symbol for edge in skips for symbol in (edge.source, edge.target)}
    for symbol, layer in sorted(deep.items(), key=lambda item: item[0] in ends):
        layers.setdefault(layer, []).append(symbol)
    return tuple(tuple(layers[layer]) for layer in sorted(layers))


@lru_cache(maxsize=64)
def rails(program: Program) -> Mapping[Edge, int]:
    """The edges that skip a layer, each with its rail at the right, from 0: no two share a part."""
    at = {symbol: k for k, layer in enumerate(layers_of(program)) for symbol in layer}
    ends = ((edge, at[edge.source], at[edge.target]) for edge in edges_of(program))
    return railed((edge, first, last) for edge, first, last in ends if last > first + 1)


def railed(spans: Iterable[tuple[T, int, int]]) -> dict[T, int]:
    """What leads from a line to another, each with its rail, from 0: no two share a part."""
    found, free_from = dict[T, int](), dict[int, int]()
    for what, first, last in sorted(spans, key=lambda span: span[1]):
        rail = next(rail for rail in count() if free_from.get(rail, -1) < first)
        found[what], free_from[rail] = rail, last
    return found


def room_of_rails(program: Program) -> int:
    """The columns that edges need at the right."""
    return RAIL * (1 + max(rails(program).values(), default=-1))


@lru_cache(maxsize=64)
def layers_fit(program: Program, width: int) -> bool:
    """Whether the nodes of each layer fit beside each other, each with a mark and the names of what
    leads to it, and no edge runs through a node, or along another one so that it seems to lead
    elsewhere."""
    layers, skips = layers_of(program), rails(program)
    edges = [edge for edge in edges_of(program) if edge not in skips]
    ends = {symbol for edge in skips for symbol in (edge.source, edge.target)}
    room = width - room_of_rails(program)
    at, last = columns_of(layers, room), room + (2 if skips else 0)
    for layer in layers:
        for symbol, limit in zip(layer, [*(at[s] - 1 for s in layer[1:]), last], strict=True):
            names = " ".join(edge.label for edge in edges if edge.target == symbol)
            if at[symbol] + max(len(symbol), 1 + len(names)) > limit:
                return False
    deep = {symbol: k for k, layer in enumerate(layers) for symbol in layer}
    drawn = {(edge.source, edge.target) for edge in edges}
    for (a, b), (c, d) in combinations(drawn, 2):
        one, other = sorted((at[a], at[b])), sorted((at[c], at[d]))
        touch = one[0] <= other[1] and other[0] <= one[1]
        if deep[a] == deep[c] and touch and not {(a, d), (c, b)} <= drawn:
            return False
    return all(ends.isdisjoint(layer[:-1]) for layer in layers)


def columns_of(layers: tuple[tuple[str, ...], ...], room: int) -> dict[str, int]:
    """The column of each node, those of a layer at equal distances."""
    return {
        symbol: max(1, room * (2 * number + 1) // (2 * len(layer)) - 1)
        for layer in layers
        for number, symbol in enumerate(layer)
    }


def layered(canvas: Canvas, view: View, top: int, bottom: int) -> None:
    """Draw the operations from the inputs down to the loss; where room is short, those near the
    step."""
    layers, edges = layers_of(view.program), edges_of(view.program)
    at = {symbol: k for k, layer in enumerate(layers) for symbol in layer}
    between: list[list[Edge]] = [
        [e for e in edges if (at[e.source], at[e.target]) == (k, k + 1)]
        for k in range(len(layers) - 1)
    ]
    skips = rails(view.program)
    gaps = gaps_of(between, bottom - top - len(layers))
    first, last = shown(view, at, len(layers), gaps, bottom - top)
    places: dict[str, tuple[int, int]] = {}
    columns, y = columns_of(layers, canvas.width - room_of_rails(view.program)), top
    for k in range(first, last + 1):
        places |= {symbol: (columns[symbol], y) for symbol in layers[k]}
        y += 1 + (gaps[k] if k < last else 0)
    wires, labels = Wires(canvas), list[tuple[int, int, Edge]]()
    for k in range(first, last):
        for edge in between[k]:
            labels += connect(wires, edge, places, gaps[k], heavy(view, edge))
    for edge, rail in skips.items():
        labels += skip(wires, edge, places, canvas.width - 1 - RAIL * rail, view)
    beside = [(x, y, edge) for x, y, edge in labels if y == places.get(edge.target, (x, -1))[1]]
    for x, y, edge in beside:  # an edge that leaves there goes over it
        put_label(canvas, view, x, y, edge)
    wires.paint()
    for symbol, (x, y) in places.items():
        put_node(canvas, view, x, y, symbol)
    taken: dict[tuple[int, int], int] = {}  # by the names of other edges to the same node
    for x, y, edge in labels:
        if (x, y, edge) not in beside:
            put_label(canvas, view, x + taken.get((x, y), 0), y, edge)
            taken[x, y] = taken.get((x, y), 0) + len(edge.label) + bool(edge.label)
    if first > 0:
        canvas.put(0, top, "⋮", "quiet")
    if last < len(layers) - 1:
        canvas.put(0, bottom - 1, "⋮", "quiet")


@lru_cache(maxsize=64)
def lines_of(program: Program) -> Mapping[str, int]:
    """The line of each node where they stand under each other: as they are computed, an input just
    above what reads it first."""
    order = dict.fromkeys(s for edge in edges_of(program) for s in (edge.source, edge.target))
    reads: dict[str, list[str]] = {}
    for edge in edges_of(program):
        reads.setdefault(edge.target, []).append(edge.source)
    found: dict[str, None] = {}
    for symbol in (s for s in order if s in reads):
        found |= dict.fromkeys([*reads[symbol], symbol])
    return {symbol: k for k, symbol in enumerate(found)}


@lru_cache(maxsize=64)
def arcs_of(program: Program) -> Mapping[str, int]:
    """The nodes that are read, each with the rail from it to its readers: no two share a part."""
    at, last = lines_of(program), dict[str, int]()
    for edge in edges_of(program):
        last[edge.source] = max(last.get(edge.source, 0), at[edge.target])
    return railed((symbol, at[symbol], end) for symbol, end in last.items())


def arcs_fit(view: View, width: int) -> bool:
    """Whether nodes fit under each other, with their rails."""
    return _right_of_arcs(view.program, NARROW_RAIL) < width


def _right_of_arcs(program: Program, rail: int) -> int:
    """The column of the last rail beside the nodes, with so many columns between rails."""
    return _first_rail(program) + rail * max(arcs_of(program).values(), default=0)


def _first_rail(program: Program) -> int:
    """The column of the first rail beside the nodes."""
    return max(map(len, lines_of(program)), default=0) + 3


def arcs(canvas: Canvas, view: View, top: int, bottom: int) -> None:
    """Draw the nodes under each other, and from each a rail to all that read it; where lines cross
    without meeting, the rail goes on unbroken. Where room is short, those near the step."""
    at, rails = lines_of(view.program), arcs_of(view.program)
    first, last = shown(view, dict(at), len(at), [0] * len(at), bottom - top)
    start, wires = _first_rail(view.program), Wires(canvas)
    pitch = RAIL if _right_of_arcs(view.program, RAIL) < canvas.width else NARROW_RAIL
    joined: set[tuple[int, int]] = set()
    for edge in edges_of(view.program):
        x, y0, y1 = start + pitch * rails[edge.source], at[edge.source], at[edge.target]
        joined |= {(x, y0), (x, y1)}
        ends = [max(first - 1, min(last + 1, y)) - first + top for y in (y0, y1)]
        way = [(x, ends[0]), (x, ends[1])]
        if first <= y0 <= last:
            way.insert(0, (1 + len(edge.source), ends[0]))
        if first <= y1 <= last:
            way.append((1 + len(edge.target), ends[1]))
        if first <= y0 <= last or first <= y1 <= last or y0 < first <= last < y1:
            wires.run(*way, heavy=heavy(view, edge))
    wires.keep(range(top, bottom))
    for x, y in wires.sides:
        if (x - start) % pitch == 0 and x >= start and (x, y - top + first) not in joined:
            wires.cross(x, y)
    wires.paint()
    for symbol, y in at.items():
        if first <= y <= last:
            put_node(canvas, view, 1, y - first + top, symbol)
    for y, cut in ((top, first > 0), (bottom - 1, last < len(at) - 1)):
        if cut:
            canvas.put(canvas.width - 1, y, "⋮", "quiet")


def gaps_of(between: list[list[Edge]], room: int) -> list[int]:
    """The lines between layers, from many to none as they fit: first the names of functions give
    way, then those of parameters, then all lines; where the nodes alone do not fit, few."""

    def lines(edges: list[Edge]) -> int:
        straight = len({edge.source for edge in edges}) == len({e.target for e in edges}) == 1
        return 1 if straight else 2

    full = [lines(edges) for edges in between]
    named = [
        n if any(e.through for e in edges) or n > 1 else 0
        for n, edges in zip(full, between, strict=True)
    ]
    low = [min(1, n) for n in named]
    ways = (full, named, low, [0] * len(full))
    return next((way for way in ways if sum(way) <= room), low)


def shown(
    view: View, at: dict[str, int], count: int, gaps: list[int], room: int
) -> tuple[int, int]:
    """The first and the last layer that fit, those of the step among them."""
    here = [k for s, k in at.items() if s in view.needed or view.symbol_mark(s)] or [0]
    first, last = min(here), max(here)

    def tall(first: int, last: int) -> int:
        return last - first + 1 + sum(gaps[first:last])

    while last > first and tall(first, last) > room:
        last -= 1
    while True:
        if first > 0 and tall(first - 1, last) <= room:
            first -= 1
        elif last < count - 1 and tall(first, last + 1) <= room:
            last += 1
        else:
            return first, last


def connect(
    wires: Wires, edge: Edge, places: dict[str, tuple[int, int]], gap: int, strong: str
) -> Iterator[tuple[int, int, Edge]]:
    """Draw an edge to the next layer, and say where its name stands."""
    (x0, y0), (x1, y1) = places[edge.source], places[edge.target]
    if gap:
        wires.run((x0, y0), (x0, y0 + 1), (x1, y0 + 1), (x1, y1), heavy=strong)
    if gap and (x0 == x1 or gap > 1):
        yield x1 + 1, y1 - 1, edge
    elif not gap:
        yield x1 + len(edge.target) + 1, y1, edge


def skip(
    wires: Wires, edge: Edge, places: dict[str, tuple[int, int]], x: int, view: View
) -> Iterator[tuple[int, int, Edge]]:
    """Draw an edge that passes layers at the right, as far as its ends are shown."""
    strong = heavy(view, edge)
    ys = sorted(y for _, y in places.values())
    x0, y0 = places.get(edge.source, (x, ys[0]))
    x1, y1 = places.get(edge.target, (x, ys[-1]))
    if edge.source in places or edge.target in places:
        behind = x0 + len(edge.source) if edge.source in places else x
        before = x1 + len(edge.target) if edge.target in places else x
        wires.run((behind, y0), (x, y0), (x, y1), (before, y1), heavy=strong)
        if not edge.label and is_skip(view.program, edge):
            edge = replace(edge, function="skip")
        yield x - len(edge.label), (y0 + y1) // 2, edge
