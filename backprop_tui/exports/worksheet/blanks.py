"""What a worksheet asks for: the steps that are named, or as many gradients as a sheet holds.

Gradients are taken layer by layer from the output back, and a layer wholly or not at all: no sheet
ends before the dW that all of it was for.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from backprop_tui.exports.formats import ExportError
from backprop_tui.maths.shapes import written
from backprop_tui.messages import hint, listed, shown
from backprop_tui.model.program import Program, Step

MOST = 60
"""Numbers to fill in that a sheet of paper holds."""


def asked(program: Program, symbols: Sequence[str], examples: int) -> tuple[Step, ...]:
    """The steps to be done by hand, in the order of the run, or the ExportError of too many."""
    for symbol in symbols:
        if symbol not in program.positions:
            meant = hint(symbol, program.positions) or f"; there are {', '.join(program.positions)}"
            raise ExportError(f"--blanks has {shown(symbol)}, which no step computes{meant}")
    shapes = program.shapes(examples)
    if not symbols:
        return _last_layers(program, examples)
    steps = tuple(step for step in program.steps if step.symbol in symbols)
    room = MOST
    for step in steps:
        room -= size(program, [step], examples)
        if room < 0:
            raise ExportError(
                f"{step.symbol} is {written(shapes[step.symbol])}: with it there are more than "
                f"{MOST} numbers to fill in; ask for fewer --blanks, or make the network smaller"
            )
    return steps


def _last_layers(program: Program, examples: int) -> tuple[Step, ...]:
    layers = [list(steps) for _, steps in groupby(_gradients(program), lambda step: step.layer)]
    found: list[Step] = []
    for steps in layers:
        if size(program, [*found, *steps], examples) > MOST:
            break
        found += steps
    if not found:
        slopes = ",".join(step.symbol for step in layers[0][-2:])
        raise ExportError(
            f"the gradients of layer {layers[0][0].layer} alone are "
            f"{size(program, layers[0], examples)} numbers, and a worksheet has room for {MOST}: "
            f"ask for some of them, --blanks {slopes}, or make the batch or the network smaller"
        )
    return tuple(found)


def left_out(program: Program, blanks: Sequence[Step]) -> str | None:
    """What to say of gradients for which there was no room."""
    left = [step for step in _gradients(program) if step not in blanks]
    if not left:
        return None
    layers = list(dict.fromkeys(str(step.layer) for step in blanks))
    of = f"layers {listed(layers)}" if len(layers) > 1 else f"layer {layers[0]}"
    others = ",".join(step.symbol for step in left if step.layer == left[0].layer)
    return (
        f"a sheet holds the gradients of {of}, from the output back; "
        f"--blanks asks for others: --blanks {others}"
    )


def _gradients(program: Program) -> list[Step]:
    return [step for step in program.steps if step.phase == "backward"]


def size(program: Program, steps: Sequence[Step], examples: int) -> int:
    """How many numbers they are."""
    shapes = program.shapes(examples)
    return sum(shapes[step.symbol][0] * shapes[step.symbol][1] for step in steps)
