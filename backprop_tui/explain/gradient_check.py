"""The gradient check: every gradient of an iteration against central differences.

A number is changed up and down by h, the forward and loss steps that come after it are run again,
and the slope of what they end in is compared with the gradient. It evaluates the steps that the
program has, and knows no formula of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop_tui.maths.expressions import Call, Diff, Expr, names, walk
from backprop_tui.maths.functions import Array
from backprop_tui.maths.values import value
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Iteration

H = 1e-5
"""How far a number is changed, up and down."""
DECIMALS = 9
"""Decimals of a central difference that rounding errors leave, where the loss is not large."""
ABSOLUTE, RELATIVE = 1e-8, 1e-5
"""Two slopes agree when they differ by no more than ABSOLUTE + RELATIVE · the larger of them."""


class Verdict(StrEnum):
    AGREES = "agrees"
    DIFFERS = "differs"
    KINK = "a kink"
    CANNOT_TELL = "cannot be told here"


@dataclass(frozen=True)
class CellVerdict:
    """One number of a gradient; row and column count from 1."""

    row: int
    column: int
    analytic: float
    numeric: float
    verdict: Verdict
    decimals: int = DECIMALS
    """Decimals to which `numeric` is rounded: what rounding errors leave of it."""

    @property
    def difference(self) -> float:
        """Between the two, 0 where rounding errors alone account for it."""
        difference = abs(self.analytic - self.numeric)
        return 0.0 if difference < 10.0**-self.decimals else difference

    @property
    def difference_text(self) -> str:
        """The difference as users read it: `3e-8`, or `< 1e-9` where it is only rounding."""
        if not math.isfinite(self.difference):
            return "NaN" if math.isnan(self.difference) else "∞"
        digits, _, exponent = f"{self.difference:.0e}".partition("e")
        return f"{digits}e{int(exponent)}" if self.difference else f"< 1e{-self.decimals}"

    @property
    def told(self) -> bool:
        return self.verdict in (Verdict.AGREES, Verdict.DIFFERS)


@dataclass(frozen=True)
class GradientVerdict:
    """A whole gradient: it differs where any cell does, and agrees where any could be told."""

    symbol: str
    verdict: Verdict
    worst: CellVerdict
    """The cell furthest from agreeing, among those that could be told if any could."""
    checked: int
    of: int
    """How many cells the gradient has; `checked` is fewer when only a sample was."""
    told: int
    """How many of the checked cells could be told."""


def gradients(program: Program) -> tuple[str, ...]:
    """The symbols that can be checked, in the order in which they are computed."""
    return tuple(step.symbol for step in program.steps if step.phase == "backward")


def check(
    program: Program,
    iteration: Iteration,
    symbols: Iterable[str] | None = None,
    sample: int | None = None,
    seed: int = 0,
) -> tuple[GradientVerdict, ...]:
    """A verdict on each gradient, or on those in `symbols`, from `sample` cells of each or all."""
    chosen = gradients(program) if symbols is None else symbols
    return tuple(check_gradient(program, iteration, s, sample, seed) for s in chosen)


def check_gradient(
    program: Program, iteration: Iteration, symbol: str, sample: int | None = None, seed: int = 0
) -> GradientVerdict:
    """The verdict on one gradient. Raises KeyError for a symbol that is none."""
    cells = tuple(check_cells(program, iteration, symbol, sample, seed))
    return summary(symbol, cells, iteration.results[program.index(symbol)].size)


def check_cells(
    program: Program, iteration: Iteration, symbol: str, sample: int | None = None, seed: int = 0
) -> Iterator[CellVerdict]:
    """One cell of a gradient after the other, row by row; the work is done as they are asked for.

    `summary` makes one verdict of them.
    """
    if symbol not in gradients(program):
        raise KeyError(symbol)
    at = program.index(symbol)
    analytic = iteration.results[at]
    perturbation = _Perturbation(program, iteration, symbol.removeprefix("d"))
    if analytic.shape != perturbation.here.shape:  # a mistake can make it so: no number to compare
        analytic = np.full_like(perturbation.here, np.nan)
    cells = _cells(analytic, sample, np.random.default_rng([seed, at]))
    if not perturbation.per_example:
        for i, j in cells:
            yield perturbation.slopes(i, j).judged(i, j, 0, float(analytic[i, j]))
        return
    row, slopes = -1, None
    for i, j in cells:
        if i != row or slopes is None:  # one change of a whole row serves every example
            row, slopes = i, perturbation.slopes(i, slice(None))
        yield slopes.judged(i, j, j, float(analytic[i, j]))


def summary(symbol: str, cells: tuple[CellVerdict, ...], of: int) -> GradientVerdict:
    """What the cells of a gradient come to together, of the `of` cells that it has."""
    told = [cell for cell in cells if cell.told]
    worst = max(told or cells, key=_excess)
    verdict = worst.verdict
    if not told and any(cell.verdict is Verdict.CANNOT_TELL for cell in cells):
        verdict = Verdict.CANNOT_TELL
    return GradientVerdict(symbol, verdict, worst, len(cells), of, len(told))


def tolerance(a: Any, n: Any) -> Any:
    """By how much two slopes may differ and still agree."""
    return ABSOLUTE + RELATIVE * np.maximum(np.abs(a), np.abs(n))


def _excess(cell: CellVerdict) -> float:
    """How far a cell is from agreeing: 1 is just enough, not finite is furthest."""
    with np.errstate(all="ignore"):
        excess = float(cell.difference / tolerance(cell.analytic, cell.numeric))
    return excess if np.isfinite(excess) else np.inf


def _cells(array: Array, sample: int | None, random: np.random.Generator) -> list[tuple[int, int]]:
    """The cells to check, row by row: all, or that many drawn at random."""
    columns = array.shape[1]
    if sample is None or sample >= array.size:
        chosen = list(range(array.size))
    else:
        chosen = sorted(random.choice(array.size, sample, replace=False).tolist())
    return [divmod(cell, columns) for cell in chosen]


@dataclass(frozen=True)
class _Slopes:
    """Numeric slopes of the objective, one for each of its columns, and what is known of them."""

    numeric: Array
    halved: Array
    """The same with half of h."""
    noise: Array
    """By how much rounding alone may move them."""
    kink: npt.NDArray[np.bool_]

    def judged(self, i: int, j: int, column: int, analytic: float) -> CellVerdict:
        n, n_half = float(self.numeric[column]), float(self.halved[column])
        verdict, noise = self._verdict(analytic, n, n_half, column), self.noise[column]
        decimals = min(DECIMALS, -math.ceil(math.log10(noise))) if noise else DECIMALS
        rounded = round(n, decimals) + 0.0  # no −0
        return CellVerdict(i + 1, j + 1, analytic, rounded, verdict, decimals)

    def _verdict(self, a: float, n: float, n_half: float, column: int) -> Verdict:
        if self.kink[column]:
            return Verdict.KINK
        if not np.isfinite((n, n_half)).all():
            return Verdict.CANNOT_TELL
        # The error of n falls with h²: 4/3 of what half of h changes; 2 is on the safe side.
        error = 2 * abs(n - n_half) + self.noise[column]
        within = tolerance(a, n) if np.isfinite(a) else tolerance(n, n)  # ∞ is within ∞ of all
        if error > within:
            return Verdict.CANNOT_TELL
        return Verdict.AGREES if abs(a - n) <= within else Verdict.DIFFERS


class _Perturbation:
    """One symbol that can be changed, and the forward and loss steps that depend on it.

    A parameter moves what the loss phase ends in, J or a lone L. A symbol with a column for each
    example moves, in each, that example's own L, so a whole row of it is changed at once.
    """

    def __init__(self, program: Program, iteration: Iteration, symbol: str) -> None:
        self.symbol = symbol
        self.per_example = symbol not in program.parameters
        self.env: dict[str, Any] = {
            **iteration.given,
            **iteration.scalars,
        }
        first, behind = program.phase_bounds("loss")
        self.objective = program.steps[first if self.per_example else behind - 1].symbol
        self.after: list[tuple[str, Expr]] = []
        """The steps that depend on the symbol, as they are computed."""
        self.bends: list[Expr] = []
        """Where one of them changes sign, a step after it has a kink."""
        moved = {symbol}
        ahead = zip(program.steps, program.lowered, iteration.results, strict=True)
        for step, expression, result in list(ahead)[:behind]:
            self.env[step.symbol] = result
            if step.symbol != symbol and not moved.isdisjoint(names(expression)):
                moved.add(step.symbol)
                self.after.append((step.symbol, expression))
                self.bends.extend(_bends(expression))
        self.here: Array = self.env[symbol]
        self.noise = self._noise()

    def slopes(self, i: int, j: int | slice) -> _Slopes:
        """The slopes of the objective at the cells (i, j)."""
        with np.errstate(all="ignore"):
            numeric, down, up = self._difference(i, j, H)
            halved, _, _ = self._difference(i, j, H / 2)
            return _Slopes(numeric, halved, self.noise, self._kink(down, up))

    def _difference(
        self, i: int, j: int | slice, h: float
    ) -> tuple[Array, dict[str, Any], dict[str, Any]]:
        up, down = self.here[i, j] + h, self.here[i, j] - h
        below, above = self._changed(i, j, down), self._changed(i, j, up)
        moved = above[self.objective] - below[self.objective]
        return (moved / (up - down))[0], below, above

    def _changed(self, i: int, j: int | slice, number: Any) -> dict[str, Any]:
        """All that is known where the cells (i, j) hold `number` instead."""
        changed = self.here.copy()
        changed[i, j] = number
        env = {**self.env, self.symbol: changed}
        for symbol, expression in self.after:
            env[symbol] = value(expression, env)
        return env

    def _kink(self, down: dict[str, Any], up: dict[str, Any]) -> npt.NDArray[np.bool_]:
        columns = self.env[self.objective].shape[1]
        kink = np.zeros(columns, dtype=np.bool_)
        for bend in self.bends:
            turned = np.sign(value(bend, down)) != np.sign(value(bend, up))
            kink |= turned.any(axis=0) if self.per_example else turned.any()
        return kink

    def _noise(self) -> Array:
        """How much a slope moves when every number on the way is rounded another way.

        Where an output is close to 1, log(1 − A) keeps few digits: h may be lost in rounding.
        """
        env = dict(self.env)
        with np.errstate(all="ignore"):
            for symbol, expression in self.after:
                env[symbol] = np.nextafter(value(expression, env), 0.0)
            noise = np.abs(env[self.objective] - self.env[self.objective])[0] / H
        return np.where(np.isfinite(noise), noise, 0.0)  # not finite shows in the slopes as well


def _bends(e: Expr) -> Iterator[Expr]:
    """What is zero at the kinks of `e`: two values of which it takes the larger, equal there."""
    for part in walk(e):
        if isinstance(part, Call) and part.function == "max":
            yield from (Diff(part.args[0], other) for other in part.args[1:])
        elif isinstance(part, Call) and part.function == "abs":
            yield part.args[0]
