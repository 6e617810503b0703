"""Where `go to` leads: an iteration, an epoch, a step by its name, the end, or a condition.

    500    +500    -3    epoch 2    dW1    end    loss < 0.01    abs(dW1).max() < 1e-6

A condition is tested once an iteration, where the last symbol it reads is written. It is read by
the program's own parser and never evaluated as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Compare,
    Expr,
    MatMul,
    Name,
    Transpose,
    names,
    replace,
    walk,
)
from backprop_tui.maths.functions import GATHERINGS, PRIMITIVES
from backprop_tui.maths.numbers import told_apart
from backprop_tui.maths.parser import GrammarError, parse
from backprop_tui.maths.shapes import ShapeMismatch, shape
from backprop_tui.maths.spellings import symbol_meant
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.messages import nearest, short
from backprop_tui.model.architecture import PHASES
from backprop_tui.run.timeline import Iteration, Position, Timeline

FARTHEST = 10**12
"""The last iteration that one may ask for."""
COUNTED = f"they count from 1 to {FARTHEST:,}"


class GoalError(ValueError):
    """What was asked for leads nowhere; its text says why."""


@dataclass(frozen=True)
class Condition:
    """A comparison, and after how many steps of an iteration it can be told."""

    expression: Compare
    steps: int

    @property
    def text(self) -> str:
        return text(self.expression)

    def about_the_loss(self, timeline: Timeline) -> bool:
        """Whether it reads nothing but the loss of an iteration, one number: J, or a single L."""
        single = names(self.expression) == (timeline.program.objective,)
        return single and all(map(_by_element, walk(self.expression)))

    def fits(self, timeline: Timeline, examples: int) -> bool:
        """Whether a batch of so many examples has the cells, and the shapes, that it reads."""
        shapes = timeline.program.shapes(examples)
        try:
            _cells_exist(self.expression, shapes)
            shape(self.expression, shapes)
        except (GoalError, ShapeMismatch):
            return False
        return True

    def holds(self, timeline: Timeline, iteration: Iteration) -> bool:
        """Whether it holds in that iteration, for every element where it compares matrices.

        The last batch of an epoch may be smaller: what cannot be read there does not hold.
        """
        examples = len(iteration.examples)
        if examples < timeline.experiment.training.batch and not self.fits(timeline, examples):
            return False
        return bool(np.all(value(self.expression, self._known(timeline, iteration))))

    def in_numbers(self, timeline: Timeline, iteration: Iteration, decimals: int) -> str:
        """Its left side in that iteration, with enough digits to differ from the right one:
        J = 0.0499; "" where it is not about single numbers."""
        env, e = self._known(timeline, iteration), self.expression
        sides = [np.asarray(value(side, env), float) for side in (e.left, e.right)]
        if not names(e.left) or any(side.size != 1 for side in sides):
            return ""
        return f"{text(e.left)} = {told_apart(sides[0].item(), sides[1].item(), decimals)[0]}"

    def _known(self, timeline: Timeline, iteration: Iteration) -> dict[str, Any]:
        """The values of an iteration when it can be told."""
        env: dict[str, Any] = {**iteration.given, **iteration.scalars}
        done = zip(timeline.program.steps, iteration.results, strict=True)
        for step, result in list(done)[: self.steps]:
            env[step.symbol] = result
        return env


def read_goal(
    source: str, timeline: Timeline, position: Position, farthest: int
) -> Position | Condition:
    """What `source` asks for, seen from `position`; `farthest` is how far the run has come.

    Raises GoalError with a sentence for the one who typed it.
    """
    source = " ".join(source.split())
    if not source:
        raise GoalError("type an iteration, a step such as dW1, or a condition")
    if found := re.fullmatch(r"(?:iteration )?([+−-]?)(\d[\d,_]*)", source, re.IGNORECASE):
        return _iteration(found[1], _whole(found[2]), position)
    if found := re.fullmatch(r"step (\d{1,6})", source, re.IGNORECASE):
        return _numbered(int(found[1]), timeline, position)
    if found := re.fullmatch(r"epoch (\d[\d,_]*)", source, re.IGNORECASE):
        return _epoch(_whole(found[1]), timeline)
    if source.lower() == "end":
        return timeline.end_of(max(farthest, position.iteration))
    if (symbol := symbol_meant(source, timeline.program.positions)) is not None:
        return _step(timeline.program.index(symbol), position)
    if (phase := source.lower()) in PHASES and phase != "loss":  # that begins a condition
        return _step(timeline.program.phase_bounds(phase)[0], position)
    if source in timeline.program.cached:
        raise GoalError(f"{source} is given in the file: no step computes it.")
    return _condition(source, timeline)


def _whole(digits: str) -> int:
    """The number so written, unless it is longer than that of any iteration."""
    digits = re.sub(r"[,_]", "", digits)
    if len(digits.lstrip("0")) > len(str(FARTHEST)):
        raise GoalError(f"a number of {len(digits):,} digits is too large: {COUNTED}")
    return int(digits.lstrip("0") or "0")


def _iteration(sign: str, number: int, position: Position) -> Position:
    """The same step of that iteration, or of the one so many later or earlier."""
    at = number if not sign else position.iteration + (number if sign == "+" else -number)
    if at < 1 and sign:
        here = f"this is iteration {position.iteration:,}"
        raise GoalError(f"−{number:,} is before iteration 1: {here}, and {COUNTED}")
    return Position(_counted(at), position.steps or 1)


def _counted(iteration: int) -> int:
    """`iteration`, where there is one of that number."""
    if not 1 <= iteration <= FARTHEST:
        raise GoalError(f"there is no iteration {iteration:,}: {COUNTED}")
    return iteration


def _epoch(number: int, timeline: Timeline) -> Position:
    """The first step of the epoch's first iteration."""
    if number < 1:
        raise GoalError("epochs count from 1")
    return Position(_counted((number - 1) * timeline.experiment.batches_per_epoch + 1), 1)


def _numbered(number: int, timeline: Timeline, position: Position) -> Position:
    """That step of this iteration, by its number."""
    steps = len(timeline.program.steps)
    if not 1 <= number <= steps:
        raise GoalError(f"an iteration has the steps 1 to {steps}")
    return Position(position.iteration, number)


def _step(index: int, position: Position) -> Position:
    """The next time that step is done."""
    ahead = index + 1 > position.steps
    return Position(position.iteration + (0 if ahead else 1), index + 1)


def _condition(source: str, timeline: Timeline) -> Condition:
    program = timeline.program
    shapes: Mapping[str, tuple[int, ...]] = program.shapes(timeline.experiment.training.batch)
    try:
        parsed = parse(source, program.functions, symbols=("loss", *shapes))
    except GrammarError as error:
        raise GoalError(str(error)) from None
    e = replace(parsed, {Name("loss"): Name(program.objective)})
    known = (*program.roles, *program.constants)
    for symbol in names(e):
        if symbol not in known:
            raise GoalError(program.missing(symbol) or _unknown(symbol, known))
    _cells_exist(e, shapes)
    if not isinstance(e, Compare):
        raise GoalError(f"{short(text(e))} is not a condition: compare it, as in loss < 0.01")
    try:
        shape(e, shapes)
    except ShapeMismatch as error:
        raise GoalError(str(error)) from None
    writers = [program.index(s) + 1 for s in names(e) if s in program.positions]
    # A parameter alone is as the iteration found it or left it; the update is where it is told.
    return Condition(e, max(writers, default=1))


def _unknown(symbol: str, known: tuple[str, ...]) -> str:
    near = nearest(symbol, (*known, "loss"))
    meant = f" Did you mean {near}?" if near else ""
    return f"there is no step called “{short(symbol)}”.{meant}"


def _by_element(part: Expr) -> bool:
    """Whether this operation treats a row of losses as it treats each of them."""
    if isinstance(part, Call):
        return part.function in PRIMITIVES.keys() - GATHERINGS.keys()
    return not isinstance(part, Cell | MatMul | Transpose)


def _cells_exist(e: Expr, shapes: Mapping[str, tuple[int, ...]]) -> None:
    for cell in (part for part in walk(e) if isinstance(part, Cell)):
        if cell.symbol not in shapes:
            raise GoalError(f"{cell.symbol} is a single number: it has no cells")
        rows, columns = shapes[cell.symbol]
        if cell.row > rows or cell.column > columns:
            raise GoalError(
                f"{cell.symbol} is {rows}×{columns}: there is no {text(cell)} "
                "(rows and columns count from 1)"
            )


@dataclass(frozen=True)
class Progress:
    """How far a search has come; `found` where it ended with the condition."""

    iteration: int
    found: Position | None = None
    ended: bool = False
    """Whether the run has no iteration after that one."""


def search(
    timeline: Timeline, condition: Condition, position: Position, most: int
) -> Iterator[Progress]:
    """Look for the condition, an iteration after the other from `position` on, at most `most`.

    The caller may stop at any time: nothing but the timeline's own store of iterations is left.
    """
    first = position.iteration + (0 if position.steps < condition.steps else 1)
    if condition.about_the_loss(timeline):
        yield from _search_losses(timeline, condition, first, first + most - 1)
        return
    for number in range(first, first + most):
        iteration = timeline.iteration(number)
        if iteration.number == number and condition.holds(timeline, iteration):
            yield Progress(number, found=Position(number, condition.steps))
            return
        yield (progress := Progress(iteration.number, ended=timeline.ends(number)))
        if progress.ended:
            return


def _search_losses(
    timeline: Timeline, condition: Condition, first: int, last: int
) -> Iterator[Progress]:
    """The same by the losses alone, which long runs bring at the speed of compiled iterations."""
    (symbol,) = names(condition.expression)
    if (reached := timeline.iteration(first).number) < first:
        yield Progress(reached, ended=True)
    for stretch in timeline.history.run(first, last):
        holds = value(condition.expression, {symbol: stretch.losses})
        if (found := np.flatnonzero(holds)).size:
            iteration = stretch.first + int(found[0])
            yield Progress(iteration, found=Position(iteration, condition.steps))
            return
        ended = stretch.diverged or bool(timeline.program.cached)
        yield Progress(stretch.last, ended=ended)
