"""What can be said of one step at one cell: formula, shapes, numbers put in, reason, where it goes.

Everything is read off the step's expression and the recorded values; how numbers are rounded is the
reader's to say. It knows no screen: panels and exports lay out what they find here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from backprop_tui.engine.algebra import SCALARS, Call, Cell, Expr, Name, cells, names
from backprop_tui.engine.element import Reach, element, reach
from backprop_tui.engine.evaluate import value
from backprop_tui.engine.functions import is_slope
from backprop_tui.engine.notation import (
    folded,
    numpy_source,
    plain_number,
    text,
    with_leaves,
    with_numbers,
)
from backprop_tui.engine.program import Step
from backprop_tui.engine.reasons import reason
from backprop_tui.engine.shapes import Shape, shape, written
from backprop_tui.engine.timeline import State

Number: TypeAlias = Callable[[float], str]


@dataclass(frozen=True)
class Explanation:
    """One step, explained at one cell. `numbers` are stages of the arithmetic, as they simplify."""

    formula: str
    shapes: str
    numpy: str
    cell: str
    symbols: str
    numbers: tuple[str, ...]
    result: str
    remark: str | None
    reason: str
    goes_into: tuple[str, ...]
    reads: tuple[Cell, ...]


def arrow(step: Step) -> str:
    """How a step's formula begins: `dW2 = `, or `W2 ← ` where it replaces what it reads."""
    return f"{step.symbol} {'←' if step.symbol in names(step.expression) else '='} "


def formula(step: Step) -> str:
    """The step as it is taught: dW2 = dZ2 · A1ᵀ."""
    return arrow(step) + text(step.expression)


def shape_line(step: Step, shapes: Mapping[str, Shape]) -> str:
    """The step's formula in shapes: (1×3) = (1×1) · (3×1)ᵀ."""

    def size(part: Expr) -> str | None:
        named = isinstance(part, Name) and part.symbol not in SCALARS
        return f"({written(shape(part, shapes))})" if named or isinstance(part, Call) else None

    return f"({written(shapes[step.symbol])}) = {with_leaves(step.expression, size)}"


def own_cell(state: State, step: Step, example: int) -> Cell:
    """The cell that stands for the whole step: its first, of that example (from 0)."""
    return Cell(step.symbol, 1, example + 1 if step.symbol in state.program.per_example else 1)


def explain(
    state: State, step: Step, cell: Cell, number: Number, fold: int | None = None
) -> Explanation:
    """`step`, explained at `cell` with the values of the state's iteration."""
    shapes = state.shapes
    env = values_when_read(state, step)
    taught = element(step.expression, cell.row, cell.column, shapes)

    def figure(part: Expr) -> str | None:
        if isinstance(part, Name) and part.symbol in SCALARS:
            return plain_number(env[part.symbol])
        return number(float(value(part, env))) if isinstance(part, Cell) else None

    def simplified(part: Expr) -> str | None:
        simple = isinstance(part, Call) and (part.function == "max" or is_slope(part.function))
        return number(float(value(part, env))) if simple else figure(part)

    result = number(float(state.result(step.symbol)[cell.row - 1, cell.column - 1]))
    stages = [with_numbers(taught, figure, fold), with_numbers(taught, simplified, fold)]
    return Explanation(
        formula=formula(step),
        shapes=shape_line(step, shapes),
        numpy=f"{step.symbol} = {numpy_source(state.program.lowered_of(step))}",
        cell=text(cell),
        symbols=folded(taught, fold),
        numbers=tuple(s for s in dict.fromkeys(stages) if s != result),
        result=result,
        remark=_collapse(state, step, cell, simplified, env, fold),
        reason=reason(step, state.experiment.network, state.experiment.training),
        goes_into=goes_into(state, cell),
        reads=cells(taught),
    )


def _collapse(
    state: State,
    step: Step,
    cell: Cell,
    figure: Callable[[Expr], str | None],
    env: Mapping[str, Any],
    fold: int | None,
) -> str | None:
    """The product that a collapsed step multiplies out, in numbers, beside what it comes to."""
    if step.derivation is None:
        return None
    product = element(step.derivation, cell.row, cell.column, state.shapes)
    derived = float(value(product, env))
    numbers = f"{folded(product, fold)} = {with_numbers(product, figure, fold)}"
    if derived != derived:  # NaN: ∞ × 0
        return f"{numbers} cannot be told: so it is computed as {text(step.expression)}"
    return f"= {numbers}, the same"


def values_when_read(state: State, step: Step) -> Mapping[str, Any]:
    """What each symbol held when `step` read it, α, m and K included."""
    training, network = state.experiment.training, state.experiment.network
    env: dict[str, Any] = {
        "alpha": training.learning_rate,
        "m": float(state.examples),
        "K": float(network.layers[-1]),
        **state.iteration.given,
    }
    for earlier, result in zip(state.program.steps, state.iteration.results, strict=True):
        if earlier is step:
            break
        env[earlier.symbol] = result
    return env


def goes_into(state: State, cell: Cell) -> tuple[str, ...]:
    """The cells that read `cell` next; a parameter's new value is read in the next iteration."""
    program = state.program
    at = program.positions.get(cell.symbol, -1)
    updated = at >= 0 and program.steps[at].phase == "update"
    readers = program.readers.get(cell.symbol, ())
    later = [i for i in readers if updated or i > at]
    if updated:
        return tuple(program.steps[i].symbol for i in later if program.steps[i].phase != "update")
    return tuple(
        dict.fromkeys(
            spelled
            for i in later
            for place in sorted(reach(program.lowered[i], cell, state.shapes), key=str)
            for spelled in _spelled(program.steps[i].symbol, place, state.shapes)
        )
    )


def _spelled(symbol: str, place: Reach, shapes: Mapping[str, Shape], most: int = 4) -> list[str]:
    """The cells of a reach by name, the middle of many left out."""
    size = shapes[symbol]
    rows = [place[0]] if place[0] else range(1, size[0] + 1)
    columns = [place[1]] if place[1] else range(1, size[1] + 1)
    if len(rows) * len(columns) > most:
        return [f"{symbol}[{rows[0]},{columns[0]}]…[{rows[-1]},{columns[-1]}]"]
    return [f"{symbol}[{i},{j}]" for i in rows for j in columns]
