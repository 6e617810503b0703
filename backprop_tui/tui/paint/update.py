"""Where the blocks of the Update panel stand: each parameter before, what is subtracted, after."""

from __future__ import annotations

from functools import lru_cache

from backprop_tui.maths.expressions import Diff
from backprop_tui.maths.numbers import cell_width
from backprop_tui.maths.writing import text
from backprop_tui.model.program import Program
from backprop_tui.session.view import View
from backprop_tui.tui.paint.arrangement import (
    Arrangement,
    Division,
    MatrixWindow,
    Placed,
    centred,
    divided,
    most_apart,
    shifted,
)

LABEL = 13
"""Columns of a label beside a block of the update: `before W1`."""
ONE = range(1)


def arrange_update(view: View, width: int, height: int) -> Arrangement:
    """The blocks of each parameter under each other, W left and b right: all layers or one."""
    program = view.program
    if not program.layers:
        return _of_one(view, width, height)
    n, here = view.sizes, program.layers[view.layer - 1]
    cell = cell_width(view.decimals)
    most = (width - 2 * LABEL - 2 - cell) // cell
    both = most > 0  # else there is room for one of them: the step's own
    most = max(1, most if both else (width - LABEL) // cell)
    tall = max(len(blocks_of(program, parameter)) for parameter in program.parameters)
    parted = _division(n, tall, height, most_apart(view))
    whole = parted is not None and max(n[:-1]) <= most
    if parted is None or not whole or (len(parted[0]) > 1 and not view.roomy):
        whole, parted = False, ((range(view.layer, view.layer + 1),), 1)
    parts, apart = parted
    numbers = next(tuple(part) for part in parts if view.layer in part)
    layers = [program.layers[number - 1] for number in numbers]
    weights = min(max(layer.reads for layer in layers), most)
    lines = max(1, max(n) if whole else (height - 1) // tall)
    if view.maximised or view.roomy:
        cell += max(0, min(6, (width - 2 * LABEL - 2) // (weights + 1) - cell))
    placed: list[Placed] = []
    top, remark = 0, ""
    for layer in layers:
        window = MatrixWindow.onto(view, layer, lines, weights)
        right = LABEL + weights * cell
        parameters = [
            (layer.weight, right, window.columns),
            (layer.bias, right + 2 + LABEL + cell, ONE),
        ]
        if not both:
            cursor = view.inspection.cursor or view.cell
            biased = cursor is not None and program.part(cursor.symbol) == "bias"
            parameters = [(layer.bias, LABEL + cell, ONE)] if biased else parameters[:1]
        for parameter, edge, shown in parameters:
            for k, (part, symbol, label) in enumerate(blocks_of(program, parameter)):
                y = top + k * len(window.rows) * apart
                block = Placed(symbol, edge, y, window.rows, shown, cell, label, part, parameter)
                placed.append(block)
        top += tall * len(window.rows) * apart + 1
        remark = window.remark(layer)
    card = [s for p in (here.weight, here.bias) for _, s, _ in blocks_of(program, p)]
    named = tuple(dict.fromkeys(filter(None, card))) if not both else ()
    moved = centred(view, max(one.right for one in placed), cell, width)
    return Arrangement(shifted(placed, apart, moved), (), numbers, remark, named)


def _of_one(view: View, width: int, height: int) -> Arrangement:
    """The blocks of the parameter that the step updates, of a program that is no dense network."""
    program, cell = view.program, cell_width(view.decimals)
    role = view.step.role if view.step else None
    of = program.roles[role.of].of if role and role.of else view.step and view.step.symbol
    parameter = of if of in program.parameters else program.parameters[0]
    rows, columns = view.state.shapes[parameter]
    shown = range(min(columns, max(1, (width - LABEL) // cell)))
    blocks = blocks_of(program, parameter)
    window = range(max(1, min(rows, height // len(blocks))))
    right = LABEL + len(shown) * cell
    placed = tuple(
        Placed(s, right, k * len(window), window, shown, cell, label, part, parameter)
        for k, (part, s, label) in enumerate(blocks)
    )
    return Arrangement(placed, (), (view.layer,), "", (parameter,))


@lru_cache(maxsize=256)
def _division(n: tuple[int, ...], tall: int, height: int, apart: int) -> Division | None:
    """As few parts of the layers as fit, each parameter in `tall` blocks of its rows."""

    def fits(part: range, by: int) -> bool:
        others = len(part) < len(n) - 1
        return tall * by * sum(n[layer] for layer in part) + len(part) - 1 + others <= height

    return divided(len(n) - 1, apart, fits)


@lru_cache(maxsize=256)  # asked for at every key
def blocks_of(program: Program, parameter: str) -> list[tuple[str, str, str]]:
    """Return the blocks of a parameter's update from top to bottom: part, symbol and label of each.

    Plain gradient descent is a subtraction: the parameter before, what is subtracted, the parameter
    after. The running means of an optimizer are blocks between them.
    """
    slope = program.gradient_of(parameter)
    if parameter not in program.positions or slope is None:
        return [("before", parameter, f"{parameter} frozen")]
    means = [s for s in program.of_kind("mean") if program.roles[s].of == slope]
    step = program.steps[program.index(parameter)]
    taken = text(step.expression.right) if isinstance(step.expression, Diff) else ""
    label = f"minus {taken.replace(' ', '')}"
    label = label if len(label) < LABEL else "minus step"
    return [
        ("before", parameter, f"before {parameter}"),
        *([("slope", slope, slope)] if means else []),
        *(("made", mean, mean) for mean in means),
        ("taken", "" if means else slope, label),
        ("after", parameter, f"after  {parameter}"),
    ]
