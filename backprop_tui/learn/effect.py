"""What a mistake changes: a run with the mistake, compared with the same run without it.

A number is wrong where it differs from the right run's at the same place by more than rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.learn.mistakes import ROUNDING, Mistake, slips_of
from backprop_tui.maths.expressions import Cell, Name, names
from backprop_tui.maths.writing import text
from backprop_tui.model.algorithm import program_of
from backprop_tui.run.timeline import Timeline

AHEAD = 16
"""If the right run is more iterations behind than this, it does not catch up while a key waits."""


def changed_by(right: Timeline, wrong: Timeline, iteration: int) -> frozenset[str]:
    """The symbols whose values differ in an iteration of two runs of the same network."""
    one, other = right.iteration(iteration), wrong.iteration(iteration)
    if one.number != other.number:  # one of them has diverged before
        return frozenset(step.symbol for step in right.program.steps)
    results = wrong.program.by_symbol(other.results)
    return frozenset(
        symbol
        for symbol, result in right.program.by_symbol(one.results).items()
        if not _same(result, results[symbol])
    )


def changes_nothing(right: Timeline, wrong: Timeline, iteration: int) -> bool:
    """Whether that iteration is the same with the mistake: with one example, mean-forgotten."""
    return not changed_by(right, wrong, iteration)


def _same(one: Any, other: Any) -> bool:
    near = ROUNDING * _size(one)
    return bool(np.allclose(one, other, rtol=0.0, atol=near, equal_nan=True))


def _size(matrix: Any) -> float:
    """The largest absolute value of its finite numbers; 0 where there are none."""
    finite = np.abs(matrix[np.isfinite(matrix)])
    return float(finite.max()) if finite.size else 0.0


# Where a mistake makes no difference


def without_effect(right: Timeline, mistake: Mistake, iteration: int) -> str | None:
    """Why a mistake that is made in this iteration alone changes none of its numbers; None where it
    changes some."""
    experiment = right.experiment.with_mistake(mistake)
    slips = mistake.slips(program_of(experiment.network, experiment.training))
    if not slips:
        return "is not possible in this network"
    made, begun = Timeline(experiment), right.iteration(iteration)
    made.history.resume(begun.number, begun.given)
    if not changes_nothing(right, made, begun.number):
        return None
    known = {**begun.given, **begun.scalars}
    lost = (s for slip in slips for s in names(slip.right) if s not in names(slip.wrong))
    return f"changes nothing here: {_why_idle(tuple(dict.fromkeys(lost)), known)}"


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
        self.provenance = Provenance(self.timeline)
        self._through = 0

    @cached_property
    def slips(self) -> dict[str, str]:
        """What the mistake makes of each step in which it is made, by the symbol of the step."""
        return {slip.step.symbol: slip.of_run for slip in reversed(slips_of(self.wrong.program))}

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
        """The correct number; None where the right run has diverged, or is behind."""
        if self.is_behind(place.iteration) or self._ended_before(place.iteration):
            return None
        return self.provenance.number(place)

    def differs(self, place: Place, number: float) -> bool:
        """Whether a number of the run with the mistake is not the correct one."""
        right = self.number(place)
        if right is None or right == number or (np.isnan(right) and np.isnan(number)):
            return False
        return not abs(right - number) <= self._rounding(place.iteration, place.symbol)

    @lru_cache(maxsize=64)  # noqa: B019 (as long as its run)
    def first_wrong(self, iteration: int, symbol: str, column: int | None = None) -> Cell | None:
        """The first wrong cell of a matrix, or of one column of it (from 0); None if none is."""
        if self.is_behind(iteration) or self._ended_before(iteration):
            return None
        right, wrong = (
            run.iteration(iteration).results[run.program.index(symbol)]
            for run in (self.timeline, self.wrong)
        )
        same = np.isclose(
            wrong, right, rtol=0.0, atol=self._rounding(iteration, symbol), equal_nan=True
        )
        if column is not None:
            same = same | (np.arange(same.shape[1]) != column)
        if same.all():
            return None
        at = np.unravel_index(np.argmin(same), same.shape)
        return Cell(symbol, int(at[0]) + 1, int(at[1]) + 1)

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
        return ROUNDING * _size(computed[symbol] if symbol in computed else done.given[symbol])
