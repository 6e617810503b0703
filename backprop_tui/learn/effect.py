"""What a mistake changes: a run with the mistake, compared with the same run without it.

A number is wrong where it differs from the right run's at the same place by more than rounding.
The mistake enters where a step that it is made in gives a wrong number; every other wrong number is
wrong only because of what it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.learn.mistakes import ROUNDING, Mistake, Slip, slips_of
from backprop_tui.maths.elements import element
from backprop_tui.maths.expressions import Cell, Name, cells, names
from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import alike, largest, significant
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.architecture import Step
from backprop_tui.model.program import Program, lowered
from backprop_tui.run.iterations import Iteration, computed
from backprop_tui.run.timeline import Timeline

AHEAD = 16
"""If the right run is more iterations behind than this, it does not catch up while a key waits."""
LARGER = 1.05
"""How many times as much the parameters must have changed for an update to be called larger."""


def changed_by(right: Timeline, wrong: Timeline, iteration: int) -> frozenset[str]:
    """The symbols whose values differ in an iteration of two runs of the same network."""
    return frozenset(_changed(right, wrong, iteration))


def changes_nothing(right: Timeline, wrong: Timeline, iteration: int) -> bool:
    """Whether that iteration is the same with the mistake: with one example, mean-forgotten."""
    return not any(_changed(right, wrong, iteration))


def _changed(right: Timeline, wrong: Timeline, iteration: int) -> Iterator[str]:
    one, other = right.iteration(iteration), wrong.iteration(iteration)
    diverged = one.number != other.number  # one of them, before
    results = wrong.program.by_symbol(other.results)
    for symbol, result in right.program.by_symbol(one.results).items():
        if diverged or not _same(result, results[symbol]):
            yield symbol


def _same(one: Any, other: Any) -> bool:
    if np.array_equal(one, other):  # most are, to the bit
        return True
    return bool(alike(one, other, ROUNDING * largest(one)).all())


def _norm(matrices: Iterable[Array]) -> float:
    """The length of all these numbers as one vector."""
    return float(np.sqrt(sum(np.square(matrix).sum() for matrix in matrices)))


def _loss_at(
    run: Timeline,
    iteration: int,
    begun: Mapping[str, Array],
    change: Mapping[str, Array],
    times: float,
) -> float:
    """The loss of an iteration of a run if its parameters had changed so many times as much."""
    given = {**run.iteration(iteration).given, **{s: begun[s] + times * change[s] for s in change}}
    kept = tuple(given[symbol] for symbol in run.program.kept)
    with np.errstate(all="ignore"):
        return computed(run.history.setting(iteration), run.program, iteration, kept).loss


# Where a mistake makes no difference


def without_effect(right: Timeline, mistake: Mistake, iteration: int) -> str | None:
    """Why a mistake that is made in this iteration alone changes none of its numbers; None where it
    changes some."""
    taught = program_of(right.experiment.network, right.experiment.training)
    slips, begun = mistake.slips(taught), right.iteration(iteration)
    if not slips:
        return "is not possible in this network"
    if _gives_another(mistake, taught, right, begun):
        return None
    known = {**begun.given, **begun.scalars}
    if begun.number == 1 and any(s.step.symbol in {*names(s.wrong)} - known.keys() for s in slips):
        return "changes nothing here: in iteration 1 no gradient is left of an earlier one"
    lost = (s for slip in slips for s in names(slip.right) if s not in names(slip.wrong))
    return f"changes nothing here: {_why_idle(tuple(dict.fromkeys(lost)), known)}"


def _gives_another(mistake: Mistake, taught: Program, right: Timeline, begun: Iteration) -> bool:
    """Whether a step with the mistake gives something else than in that iteration of the right run,
    from the same numbers: if none does, no later step reads anything else."""
    program, results = right.program, right.program.by_symbol(begun.results)
    env = {**begun.given, **begun.scalars}
    for step in mistake.steps(taught):
        symbol, result = step.symbol, results[step.symbol]
        reads_new = mistake.early and step.phase == mistake.phase
        if reads_new or step.expression is not program.steps[program.index(symbol)].expression:
            env.setdefault(symbol, _of_the_last(right, symbol, begun))
            if not _same(result, value(lowered(step.expression), env)):
                return True
        env[symbol] = result
    return False


def _of_the_last(right: Timeline, symbol: str, begun: Iteration) -> Array:
    """What a step gave in the iteration before; zeros before the first."""
    at = right.program.index(symbol)
    if begun.number == 1:
        return np.zeros_like(begun.results[at])
    return right.iteration(begun.number - 1).results[at]


def _why_idle(lost: tuple[str, ...], known: Mapping[str, Any]) -> str:
    """Why leaving out these symbols changes nothing, where their values tell."""
    ones = [f"{text(Name(s))} = {known[s]:g}" for s in lost if np.isscalar(known.get(s))]
    zeros = [s for s in lost if s in known and not np.isscalar(known[s]) and not np.any(known[s])]
    if zeros:
        ones.append(f"{' and '.join(zeros)} {'is' if len(zeros) == 1 else 'are'} 0")
    return ", ".join(ones) or "the same numbers"


# The right run


class RightRun:
    """The right run: a run with a mistake, without it. Its numbers are the correct ones."""

    def __init__(self, wrong: Timeline) -> None:
        self.wrong = wrong
        self.timeline = Timeline(wrong.experiment.with_mistake(None))
        self.provenance, self._wrong_numbers = Provenance(self.timeline), Provenance(wrong)
        self._through = 0

    @cached_property
    def slips(self) -> dict[str, Slip]:
        """What the mistake makes of each step in which it is made, by the symbol of the step."""
        return {slip.step.symbol: slip for slip in slips_of(self.wrong.program)}

    def is_behind(self, iteration: int) -> bool:
        """Whether it is more than AHEAD iterations behind that one."""
        return iteration > max(self.timeline.history.reached, self._through) + AHEAD

    def run(self, last: int) -> Iterator[None]:
        """Run to that iteration, some at a time; then it is not behind, even if it diverged."""
        history = self.timeline.history
        for _ in history.run(history.reached + 1, last):
            yield
        self._through = last

    def number(self, place: Place) -> float | None:
        """The correct number; None where the right run has diverged, is behind, or has none: before
        the first iteration it has no gradient to start from."""
        if self.is_behind(place.iteration) or self._ended_before(place.iteration):
            return None
        if place.iteration == 0 and not self.provenance.is_parameter(place.symbol):
            return None
        return self.provenance.number(place)

    def differs(self, place: Place, number: float) -> bool:
        """Whether a number of the run with the mistake is not the correct one."""
        right = self.number(place)
        if right is None or right == number or (np.isnan(right) and np.isnan(number)):
            return False
        return not abs(right - number) <= self._rounding(place.iteration, place.symbol)

    def entrance(self, place: Place) -> Place | None:
        """The number with which the mistake entered a wrong one, one of them where there are more:
        the one itself where it enters there. None where what it reads differs by no more than
        rounding."""
        made, positions = self._wrong_numbers, self.wrong.program.positions
        while place.symbol not in self.slips:
            read = [p for p in self.read_for(place) if self.differs(p, made.number(p))]
            if not read:
                return None
            # What is given has no step: a file may say that its run begins with other numbers.
            place = max(read, key=lambda p: (p.iteration, positions.get(p.symbol, -1)))
        return place

    def told(self, place: Place) -> tuple[str, ...]:
        """What there is to say of a wrong number: the mistake, or where it entered; then, of a loss
        that is lower than the correct one, what that means."""
        if (slip := self.slips.get(place.symbol)) is not None:
            return (slip.mistake.told(self.wrong.program),)
        told: list[str | None] = []
        if (at := self.entrance(place)) is not None:
            before = at.iteration != place.iteration
            when = f"iteration {at.iteration:,}, " if before else ""
            when += f"step {self.wrong.program.index(at.symbol) + 1}"
            told.append(f"Carried on from {at.symbol} ({when}), in which the mistake is made.")
        if place.symbol == self.wrong.program.objective:
            told.append(self.lower_loss(place.iteration))
        return tuple(filter(None, told))

    def read_for(self, place: Place) -> tuple[Place, ...]:
        """What a number of the run with the mistake is computed from by the rules, that is, before
        its step collapses."""
        made = self._wrong_numbers
        if (step := made.step_of(place)) is None:
            return ()
        shapes, cell = made.shapes(place.iteration), place.cell
        e = element(step.derivation or step.expression, cell.row, cell.column, shapes)
        return tuple(made.read_in(place.iteration, read, step) for read in cells(e))

    @lru_cache(maxsize=64)  # noqa: B019 (as long as its run)
    def lower_loss(self, iteration: int) -> str | None:
        """What is true where the loss is lower than in the right run; None where it is not.

        It is lower because the updates are larger if the correct ones, made as large, lower it as
        far, and the wrong ones, made as small as the correct ones, do not.
        """
        if self.is_behind(iteration) or self._ended_before(iteration):
            return None
        right, wrong = self.timeline.iteration(iteration), self.wrong.iteration(iteration)
        if not wrong.loss < right.loss - ROUNDING * abs(right.loss):
            return None
        symbol, parameters = self.timeline.program.objective, self.timeline.program.parameters
        begun, told = (
            self.timeline.iteration(1).given,
            f"{symbol} is lower than the correct {symbol}",
        )
        by, correct_by = (
            {s: run.given[s] - begun[s] for s in parameters} for run in (wrong, right)
        )
        times = _norm(by.values()) / (_norm(correct_by.values()) or np.nan)
        if times >= LARGER and not self.timeline.experiment.edits:
            as_large = _loss_at(self.timeline, iteration, begun, correct_by, times)
            as_small = _loss_at(self.wrong, iteration, begun, by, 1 / times)
            if as_large <= wrong.loss and as_small >= right.loss:
                return (
                    f"{told} because the updates are larger: the parameters have changed "
                    f"{significant(times, 3)} times as much. Correct updates of that size give "
                    f"{symbol} = {significant(as_large, 3)}."
                )
        if all(slip.step.phase == "update" for slip in self.slips.values()):
            return f"{told}. A lower loss does not make an update correct."
        return f"{told}. A lower loss does not make a gradient correct: the gradient check tells."

    @lru_cache(maxsize=64)  # noqa: B019 (as long as its run)
    def first_wrong(self, iteration: int, symbol: str, example: int | None = None) -> Cell | None:
        """The first wrong cell of a matrix, or of one example in it (from 0); None if none is."""
        if self.is_behind(iteration) or self._ended_before(iteration):
            return None
        right, wrong = (
            run.iteration(iteration).results[run.program.index(symbol)]
            for run in (self.timeline, self.wrong)
        )
        same = alike(wrong, right, self._rounding(iteration, symbol))
        if example is not None:
            same = same | (np.indices(same.shape)[self.timeline.program.axis] != example)
        if same.all():
            return None
        at = np.unravel_index(np.argmin(same), same.shape)
        return Cell(symbol, int(at[0]) + 1, int(at[1]) + 1)

    def enters(self, iteration: int, step: Step) -> bool | None:
        """Whether the mistake enters with a step, also where it is made too early; False where a
        wrong number is only carried on, None where all are correct."""
        if self.wrong.program.is_early(step):
            return True
        if self.first_wrong(iteration, step.symbol) is None:
            return None
        return step.symbol in self.slips

    @lru_cache(maxsize=64)  # noqa: B019 (as long as its run)
    def without_effect(self, iteration: int) -> str | None:
        """Why every number of that iteration is correct; None where one is not."""
        mistake = self.wrong.experiment.mistake
        if not isinstance(mistake, Mistake) or self.is_behind(iteration):
            return None
        if not changes_nothing(self.timeline, self.wrong, iteration):
            return None
        return without_effect(self.timeline, mistake, iteration)

    def _ended_before(self, iteration: int) -> bool:
        return self.timeline.iteration(max(1, iteration)).number < iteration

    @lru_cache(maxsize=64)  # noqa: B019 (as long as its run)
    def _rounding(self, iteration: int, symbol: str) -> float:
        """The largest difference in that matrix that is rounding alone."""
        done = self.timeline.iteration(max(1, iteration))
        computed = self.timeline.program.by_symbol(done.results)
        return ROUNDING * largest(computed[symbol] if symbol in computed else done.given[symbol])
