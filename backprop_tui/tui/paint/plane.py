"""The plane of two inputs: the points of the data, a line for each neuron of the first layer, and
the ground on which the prediction is one class.

Points and numbers win over lines, lines win over the ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import beside, number, signed
from backprop_tui.model.classes import chosen
from backprop_tui.model.program import Program
from backprop_tui.run.plane import first_of, input_of, predictions, updated, zero_lines
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import Canvas, columns, shortened
from backprop_tui.tui.paint.plot import LEAST_ROWS, Plot, ticked, ticks

if TYPE_CHECKING:
    import numpy.typing as npt

NARROWEST, LOWEST = 34, 17
"""Columns and lines of a plane beside a drawing, at least."""
DRAWING, GAP = 22, 2
"""Columns of that drawing, at least, and between the two."""
LEGEND, TALL = 2, 12
"""Lines below a plane, at least; lines that it keeps where the equations stand there, too."""
MOST_POINTS, MOST_LINES, MOST_PREDICTIONS = 200, 6, 12
"""Points, lines of neurons, and predictions under points that are drawn, at most."""
DASHES = ("1", "11111000", "1100")
"""How the dots of a line follow each other: whole, dashed, dotted."""
FREE = (0.93, 0.07, 0.8, 0.2, 0.65, 0.35)
"""Where on a line its number may stand, as a share of its length."""


@dataclass(frozen=True, eq=False)
class Points:
    """The points of the plane: the shown batch first, then the other examples, as far as they are
    drawn."""

    points: Array
    """Two numbers for each point: 2 × N."""
    targets: Array
    """The targets of each point: K × N."""
    batch: int
    """How many of them are of the shown batch."""
    left_out: int
    """How many examples are not drawn."""


def plane_beside(view: View, width: int, height: int) -> int:
    """Return the columns of the plane beside a drawing of at least its least size, in a panel of
    that size; 0 where there is none. One example alone leaves the room to the drawing."""
    room = width - DRAWING - GAP
    several = view.state.experiment.data.examples > 1
    if not (view.roomy and several and input_of(view.program)):
        return 0
    if room < NARROWEST or height < LOWEST or view.drawing == "plane":
        return 0
    return max(NARROWEST, min(room, 2 * (height - 3 - LEGEND - equations(view)) + 4))


def equations(view: View) -> int:
    """Return how many lines of neurons are drawn."""
    count = len(zero_lines(view.program, view.state.iteration, updated(view.state)))
    return count if count <= MOST_LINES else 1


def paint_plane(canvas: Canvas, view: View, top: int, key: str = "") -> None:
    """Paint the plane from line `top` on, as square as characters allow, its legend below; that
    begins with the `key` of the points."""
    data = points_of(view)
    (left, right), (low, high) = (around(own) for own in data.points)
    up = ticks(low, high, canvas.height // 6)
    labels = [ticked(tick, up) for tick in up]
    margin = max(map(len, labels)) + 1
    lines = canvas.height - top - 2 - LEGEND - bool(key)
    lines -= equations(view) if lines - equations(view) >= TALL else 0
    rows = min((canvas.width - margin) // 2, lines)
    if rows < LEAST_ROWS:
        return
    plot = Plot(canvas, margin, top + 1, 2 * rows, rows, (left, right), (low, high))
    ground = paint_ground(plot, view)
    at = places(plot, data)
    shown = paint_lines(plot, view, at)
    paint_points(plot, view, data, at)
    first, second = axis_names(view)
    canvas.put(0, top, shortened(second, canvas.width), "label")
    for tick, label in zip(up, labels, strict=True):
        canvas.right(margin - 1, plot.line(tick), label, "quiet")
    below = top + 1 + rows
    end = canvas.right(
        plot.left + plot.columns, below, shortened(first, plot.columns // 2), "label"
    )
    across = ticks(left, right, max(2, min(4, plot.columns // 8)))
    for tick in across:
        label = ticked(tick, across)
        begin = plot.column(tick) - len(label) // 2
        if begin + len(label) < end:
            canvas.put(begin, below, label, "quiet")
    legend = [*filter(None, (key,)), *ground, *shown]
    for y, line in enumerate(legend[: canvas.height - below - 1], below + 1):
        canvas.put(0, y, shortened(line, canvas.width), "quiet")


# What is drawn --------------------------------------------------------------------------------


def points_of(view: View) -> Points:
    """Return the examples as points: those of the shown batch as it holds them, then the others."""
    state, x = view.state, input_of(view.program)
    data, target = state.experiment.data, target_of(view.program)
    batch = state.iteration.examples
    others = sorted({*range(min(data.examples, MOST_POINTS + len(batch)))} - {*batch})
    points, targets = (
        np.hstack([data.columns(state.before(s)), data.columns(data.by_symbol[s])[:, others]])
        for s in (x, target or x)
    )
    drawn = min(MOST_POINTS, points.shape[1])
    return Points(
        points[:, :drawn], targets[:, :drawn], min(drawn, len(batch)), data.examples - drawn
    )


def places(plot: Plot, data: Points) -> dict[int, tuple[int, int]]:
    """Return the column and the line of each point that is finite, by its number."""
    every = enumerate(data.points.T.tolist())
    return {k: (plot.column(x), plot.line(y)) for k, (x, y) in every if np.isfinite([x, y]).all()}


def around(values: Array) -> tuple[float, float]:
    """Return the ends of an axis: a quarter more than the values take, on either side."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    more = (high - low) / 4 or max(1.0, abs(high))
    return low - more, high + more


def target_of(program: Program) -> str | None:
    """Return the only target, where it is as large as the predictions."""
    shapes = program.shapes(1)
    alike = [s for s in program.targets if shapes[s] == shapes[program.output]]
    return alike[0] if len(program.targets) == 1 and alike else None


def threshold(view: View) -> float | None:
    """Return what one prediction is compared with: 0.5 where targets are classes, else the middle
    of the targets; None of several predictions or none, or where all targets are equal."""
    data, target = view.state.experiment.data, target_of(view.program)
    if target is None or view.program.outputs > 1:
        return None
    if (limit := view.limit(view.program.output)) is not None:
        return limit
    low, high = float(data.by_symbol[target].min()), float(data.by_symbol[target].max())
    return (low + high) / 2 if low < high else None


def signs(view: View) -> list[tuple[str, str, str]]:
    """Return the sign of a point of each class, that of the ground there, and what both mean."""
    names, limit = view.class_names, threshold(view)
    if limit is not None:
        written = number(limit, 1 if limit * 10 % 1 == 0 else view.decimals)
        low, high = names or (f"y ≤ {written}", f"y > {written}")
        return [("○", " ", low), ("●", "░", high)]
    if names is None:
        return []
    letters = [name[:1].upper() for name in names]
    if len(set(letters)) < len(letters) or not "".join(letters).isalpha():
        letters = [chr(ord("A") + k % 26) for k in range(len(names))]
    return [(a, a.lower(), name) for a, name in zip(letters, names, strict=True)]


def classes_of(view: View, values: Array) -> npt.NDArray[np.intp]:
    """Return the number of the class of each column of predictions or targets."""
    limit = threshold(view)
    return chosen(values) if limit is None else (values[0] > limit).astype(np.intp)


def paint_ground(plot: Plot, view: View) -> list[str]:
    """Paint which class is predicted where, and return what the legend says of it."""
    known, limit, state = signs(view), threshold(view), view.state
    # Labels of −1 and 1 are told apart at 0, whatever the loss; others where it is a known one.
    if not known or not (view.program.architecture.predicted or limit == 0):
        return []
    for apart in (1, 2, 4) if limit is not None else (4,):  # letters need room between them
        across, upright = centres(plot, apart)
        found = predictions(view.program, state.iteration, updated(state), across, upright)
        if found is not None:
            break
    else:
        return []
    classes = np.where(np.isfinite(found).all(axis=0), classes_of(view, found), -1)
    every = classes.reshape(len(upright), len(across))
    ground = [*(sign for _, sign, _ in known), " "]  # the last one of what is no number
    for y, line in enumerate(every.tolist()):
        written = (" " * (apart - 1)).join(ground[k] for k in line)
        plot.canvas.put(plot.left, plot.top + y * -(-apart // 2), written, "quiet")
    if limit is None:
        return ["small letter: answer"]
    named = view.class_names is not None
    sign, output, level = known[1][1], view.program.output, signed(f"{limit:g}")
    if not (every == 1).any():
        return [f"{sign} {output} > {level}: nowhere"]
    long = f"{sign} here {output} > {level}" + f": the answer is {known[1][2]}" * named
    short = f"{sign} {output} > {level}" + f": answer {known[1][2]}" * named
    return [long if columns(long) <= plot.canvas.width else short]


def centres(plot: Plot, apart: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the numbers in the middle of every `apart`-th column, and of half as many lines."""
    (left, right), (low, high) = plot.across, plot.upright
    wide, tall = (right - left) / (2 * plot.columns - 1), (high - low) / (4 * plot.rows - 1)
    columns, rows = range(0, plot.columns, apart), range(0, plot.rows, -(-apart // 2))
    return tuple(left + wide * (2 * k + 0.5) for k in columns), tuple(
        high - tall * (4 * k + 1.5) for k in rows
    )


def paint_lines(plot: Plot, view: View, at: dict[int, tuple[int, int]]) -> list[str]:
    """Paint the line on which each neuron of the first layer is 0, and return what the legend says
    of them."""
    state, Z = view.state, first_of(view.program)
    every = zero_lines(view.program, state.iteration, updated(state))
    here = neuron_in_hand(view, Z)
    drawn = range(len(every)) if len(every) <= MOST_LINES else [here] if here is not None else []
    around_points = [(by, down) for by in range(-4, 5) for down in (-1, 0, 1)]
    taken = {(x + by, y + down) for x, y in at.values() for by, down in around_points}
    long, short = f"On line k, neuron k is 0: {Z}[k] = 0", f"line k: {Z}[k] = 0"
    finite = [k for k in drawn if np.isfinite(every[k]).all()]
    said = [long if columns(long) <= plot.canvas.width else short] if finite else []
    if Z and not drawn:
        said = ["tab: a neuron's line"]
    labels = []
    for k in finite:
        style = "strong" if k == here else ""
        w1, w2, b = every[k].tolist()
        ends = clipped(w1, w2, b, plot)
        if ends is not None:
            plot.segment(*ends, style, DASHES[k % len(DASHES)])
            labels.append((str(k + 1), ends))
    for decimals in range(view.decimals, 0, -1):
        equations = [f"{k + 1}  {equation_of(every[k], view, decimals)}" for k in finite]
        if all(columns(equation) <= plot.canvas.width for equation in equations):
            said += equations
            break
    for label, (begin, end) in labels:
        for share in FREE:
            x, y = (b + (e - b) * share for b, e in zip(begin, end, strict=True))
            column, line = plot.column(x), plot.line(y)
            if (column, line) not in taken:
                break
        taken |= {(column + by, line) for by in range(-3, 4)}
        plot.canvas.put(column, line, label, "strong")
    return said


def paint_points(plot: Plot, view: View, data: Points, at: dict[int, tuple[int, int]]) -> None:
    """Paint each point as its class, or •; the lit one in ‹ ›, predictions under those of the
    batch where they are few."""
    known, lit, A = signs(view), view.column, predicted(view)
    which = classes_of(view, data.targets) if known else np.zeros(data.points.shape[1], int)
    for k, (column, line) in at.items() if A is not None and len(at) <= MOST_PREDICTIONS else ():
        if A is not None and k < data.batch:
            said = beside(float(A[0, k]), threshold(view), min(view.decimals, 3), 6)
            below = line + 1 if line + 1 < plot.top + plot.rows else line - 1
            begin = max(plot.left - 1, min(column - len(said) // 2, plot.canvas.width - len(said)))
            # A line that touched a number would read as a digit.
            plot.canvas.put(begin - 1, below, f" {said} ")
    for x, y in (
        at.values() if threshold(view) is None else ()
    ):  # a letter of the ground beside a point's
        plot.canvas.put(x - 1, y, "   ")
    x, y = at.get(lit, (-2, -2))
    crowded = not {(x - 1, y), (x + 1, y)}.isdisjoint(at.values())
    if lit in at:
        plot.canvas.put(x - 1, y, "‹ ›", "mark")
    for k in sorted(at, key=lambda k: (k < data.batch, k == lit)):
        sign = known[which[k]][0] if known else "•"
        style = "strong" if k < data.batch else "quiet"
        # A point beside the lit one takes the place of ‹ or ›.
        plot.canvas.put(*at[k], sign, "cursor" if k == lit and crowded else style)


def predicted(view: View) -> Array | None:
    """Return the predictions of the batch, one for each example, where they are known, and are
    those of the parameters that the plane is drawn with."""
    state, output = view.state, view.program.output
    alone = target_of(view.program) and view.program.outputs == 1
    known = alone and state.done(output) and not state.stale(output)
    return state.experiment.data.columns(state.result(output)) if known else None


def neuron_in_hand(view: View, first: str) -> int | None:
    """Return the neuron of the first layer (from 0) that the cursor or the step is at; None where
    that is elsewhere."""
    roles, cell = view.program.roles, view.inspection.cursor or view.cell
    if not first or cell is None or cell.symbol not in roles:
        return None
    role = roles[cell.symbol]
    if role.group is None or role.group != roles[first].group or role.kind == "input":
        return None
    return view.program.architecture.place(cell.row, cell.column)[0] - 1


def clipped(
    w1: float, w2: float, b: float, plot: Plot
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return where the line w₁·x₁ + w₂·x₂ + b = 0 enters and leaves a plot; None where it does
    not."""
    (left, right), (low, high) = plot.across, plot.upright
    found = [(x, -(b + w1 * x) / w2) for x in (left, right) if w2]
    found += [(-(b + w2 * y) / w1, y) for y in (low, high) if w1]
    inside = sorted({p for p in found if left <= p[0] <= right and low <= p[1] <= high})
    return (inside[0], inside[-1]) if len(inside) > 1 else None


# What is said ---------------------------------------------------------------------------------


def key_of_points(view: View, room: int) -> str:
    """Return what the sign of a point means, `● 1  ○ 0`, in so many columns."""
    known = [(point, name) for point, _, name in signs(view)]
    known = known if threshold(view) is None else known[::-1]  # ● first
    said = "  ".join(f"{point} {shortened(name, 12)}" for point, name in known)
    return said if columns(said) <= room else ""


def axis_names(view: View) -> tuple[str, str]:
    """Return the names of the two inputs: those of the data's columns, else x1 and x2."""
    x = input_of(view.program)
    named = view.state.experiment.data.names.get(x)
    if named and len(named) == 2:
        return named[0], named[1]
    return ("x1", "x2") if view.program.layers else (f"{x}[1]", f"{x}[2]")


def equation_of(line: Array, view: View, decimals: int) -> str:
    """Write the equation of a line of w₁, w₂ and b: 5.851·x1 − 5.395·x2 + 2.764 = 0."""
    (w1, w2, b), (first, second) = line.tolist(), axis_names(view)

    def added(value: float) -> str:
        return f"{'−' if value < 0 else '+'} {number(abs(value), decimals)}"

    said = f"{number(w1, decimals)}·{first} {added(w2)}·{second}"
    return f"{said} {added(b)} = 0" if b else f"{said} = 0"
