"""The gradient check: every gradient of an iteration, compared with central differences.

A number is changed by +h and by −h, the forward and loss steps that depend on it are evaluated
again, and the difference quotient of the loss is compared with the gradient.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop_tui.maths.expressions import Compare, Diff, Expr, calls, names
from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import power, signed, significant, special
from backprop_tui.maths.values import evaluator, rounded
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Iteration

H = 1e-5
"""How far a number is changed, up and down."""
DECIMALS = 9
"""Decimals of a central difference that rounding errors leave, where the loss is not large."""
ABSOLUTE, RELATIVE = 1e-8, 1e-5
"""A gradient and a quotient agree within ABSOLUTE + RELATIVE · the larger of them."""


class CheckVerdict(StrEnum):
    """Whether a gradient agrees with central differences."""

    AGREES = "agrees"
    DIFFERS = "differs"
    KINK = "a kink"
    CANNOT_TELL = "cannot be told"


@dataclass(frozen=True)
class CellCheck:
    """The check of one number of a gradient; row and column count from 1."""

    row: int
    column: int
    analytic: float
    numeric: float
    verdict: CheckVerdict
    decimals: int = DECIMALS
    """Decimals to which `numeric` is rounded: what rounding errors leave of it."""
    why: str = ""
    """Why there is no numeric derivative to compare with: a value between it and L is given."""

    @property
    def difference(self) -> float:
        """Between the two, 0 where rounding errors alone account for it."""
        difference = abs(self.analytic - self.numeric)
        return 0.0 if difference < 10.0**-self.decimals else difference

    @property
    def difference_text(self) -> str:
        """The difference as users read it: `3e−8`, or `< 1e−9` where it is only rounding."""
        if self.why:
            return "·"
        if not math.isfinite(self.difference):
            return "NaN" if math.isnan(self.difference) else "∞"
        rounding = f"< 1e{-self.decimals}"
        return signed(power(f"{self.difference:.0e}") if self.difference else rounding)

    @property
    def told(self) -> bool:
        """Whether it could be checked: there is no kink, and rounding is small enough."""
        return self.verdict in (CheckVerdict.AGREES, CheckVerdict.DIFFERS)


@dataclass(frozen=True)
class GradientCheck:
    """The check of a whole gradient: it differs if one cell does, else agrees if one does."""

    symbol: str
    verdict: CheckVerdict
    worst: CellCheck
    """The cell furthest from agreeing, of those that could be checked, if any."""
    checked: int
    of: int
    """How many cells the gradient has; `checked` is fewer for a sample."""
    told: int
    """How many of those cells could be checked: no kink, and little rounding."""

    @property
    def said(self) -> str:
        """The verdict in words: agrees; cannot be told: A1 is given."""
        return f"cannot be told: {self.worst.why}" if self.worst.why else str(self.verdict)


def check_gradient(
    program: Program, iteration: Iteration, symbol: str, sample: int | None = None, seed: int = 0
) -> GradientCheck:
    """Check one gradient. Raises KeyError for a symbol that is none."""
    cells = tuple(check_cells(program, iteration, symbol, sample, seed))
    return summary(symbol, cells, iteration.results[program.index(symbol)].size)


def check_cells(
    program: Program, iteration: Iteration, symbol: str, sample: int | None = None, seed: int = 0
) -> Iterator[CellCheck]:
    """Check the cells of a gradient, row by row, each when it is asked for; those of one entry of
    all examples after each other.

    `summary` makes one check of them.
    """
    if symbol not in program.gradients:
        raise KeyError(symbol)
    at, of = program.index(symbol), program.roles[symbol].of or ""
    analytic = iteration.results[at]
    if why := program.cut(of):
        found = float(analytic[0, 0])
        yield CellCheck(1, 1, found, math.nan, CheckVerdict.CANNOT_TELL, why=why)
        return
    perturbation = _Perturbation(program, iteration, of)
    if analytic.shape != perturbation.here.shape:  # a mistake can make it so: no number to compare
        analytic = np.full_like(perturbation.here, np.nan)
    cells = _cells(analytic, sample, np.random.default_rng([seed, at]))
    if not perturbation.per_example:
        for i, j in cells:
            yield perturbation.quotients(i, j).judged(i, j, 0, float(analytic[i, j]))
        return
    place = program.architecture.place
    places = sorted(place(i, j) for i, j in cells)
    for entry, of_entry in groupby(places, key=itemgetter(0)):
        quotients = perturbation.quotients_of_entry(entry)  # a change in all examples serves each
        for _, example in of_entry:
            i, j = place(entry, example)
            yield quotients.judged(i, j, example, float(analytic[i, j]))


def summary(symbol: str, cells: tuple[CellCheck, ...], of: int) -> GradientCheck:
    """The check of a gradient with `of` cells, from those of its cells."""
    told = [cell for cell in cells if cell.told]
    worst = max(told or cells, key=_excess)
    verdict = worst.verdict
    if not told and any(cell.verdict is CheckVerdict.CANNOT_TELL for cell in cells):
        verdict = CheckVerdict.CANNOT_TELL
    return GradientCheck(symbol, verdict, worst, len(cells), of, len(told))


def not_finite(program: Program, iteration: Iteration) -> str:
    """A sentence that names the first step of an iteration that is not finite; "" where all are."""
    for number, (step, result) in enumerate(zip(program.steps, iteration.results, strict=True), 1):
        finite = np.isfinite(result)
        if not finite.all():
            row, column = np.argwhere(~finite)[0].tolist()
            cell = f"{step.symbol}[{row + 1},{column + 1}]"
            came = special(result[row, column])
            return f"Step {number} is the first that is not finite: {cell} is {came}."
    return ""


def tolerance(a: Any, n: Any) -> Any:
    """By how much a gradient and a difference quotient may differ and still agree."""
    return ABSOLUTE + RELATIVE * np.maximum(np.abs(a), np.abs(n))


def _excess(cell: CellCheck) -> float:
    """The difference relative to the tolerance: up to 1 agrees; ∞ where it is not finite."""
    with np.errstate(all="ignore"):
        excess = float(cell.difference / tolerance(cell.analytic, cell.numeric))
    return excess if np.isfinite(excess) else np.inf


def _cells(array: Array, sample: int | None, random: np.random.Generator) -> list[tuple[int, int]]:
    """The cells to check (from 0), row by row: all, or `sample` of them drawn at random."""
    columns = array.shape[1]
    if sample is None or sample >= array.size:
        chosen = list(range(array.size))
    else:
        chosen = sorted(random.choice(array.size, sample, replace=False).tolist())
    return [divmod(cell, columns) for cell in chosen]


@dataclass(frozen=True)
class _Quotients:
    """Difference quotients of the objective, one for each of its numbers, and their errors."""

    numeric: Array
    halved: Array
    """The same with h/2."""
    noise: Array
    """By how much rounding alone may change them."""
    kink: npt.NDArray[np.bool_]
    """Whether a function on the way has a kink between the two values."""

    def judged(self, i: int, j: int, of: int, analytic: float) -> CellCheck:
        n, n_half = float(self.numeric[of]), float(self.halved[of])
        verdict, noise = self._verdict(analytic, n, n_half, of), self.noise[of]
        decimals = min(DECIMALS, -math.ceil(math.log10(noise))) if 0 < noise < np.inf else DECIMALS
        rounded = round(n, decimals) + 0.0  # no −0
        return CellCheck(i + 1, j + 1, analytic, rounded, verdict, decimals)

    def _verdict(self, a: float, n: float, n_half: float, of: int) -> CheckVerdict:
        if self.kink[of]:
            return CheckVerdict.KINK
        if not np.isfinite((n, n_half)).all():
            return CheckVerdict.CANNOT_TELL
        # The error of n falls with h²: 4/3 of what half of h changes; 2 is on the safe side.
        moved, noise = abs(n - n_half), self.noise[of]
        unsure, apart = 2 * moved + noise, abs(a - n)
        within = tolerance(a, n) if np.isfinite(a) else tolerance(n, n)  # ∞ is within ∞ of all
        # Where half of h changes much of n, both steps are too long for this loss to say anything.
        if unsure > within or moved > abs(n) / 10 + 10 * noise + ABSOLUTE:
            return CheckVerdict.CANNOT_TELL
        if apart <= within:
            return CheckVerdict.AGREES
        return CheckVerdict.CANNOT_TELL if apart <= within + unsure else CheckVerdict.DIFFERS


class _Perturbation:
    """One symbol whose numbers are changed, and the forward and loss steps that depend on it.

    A parameter changes J, or the L of the only example; any other symbol the losses, or J where all
    gradients are of it. Where the numbers of an example change its own L alone, those of all
    examples are changed at once.
    """

    def __init__(self, program: Program, iteration: Iteration, symbol: str) -> None:
        self.symbol, self.axis = symbol, program.axis
        self.per_example = symbol in program.separate
        self.env: dict[str, Any] = {
            **iteration.given,
            **iteration.scalars,
        }
        behind = program.phase_bounds("loss")[1]
        self.objective = program.measure(symbol)
        self.after: list[tuple[str, Expr]] = []
        """The steps that depend on the symbol, as they are evaluated."""
        self.bends: list[Expr] = []
        """Expressions that change sign at the kinks of these steps."""
        self.waves: list[Expr] = []
        """The angles of which they compute a sine or a cosine."""
        moved = {symbol}
        ahead = zip(program.steps, program.lowered, iteration.results, strict=True)
        for step, expression, result in list(ahead)[:behind]:
            self.env[step.symbol] = result
            if step.symbol != symbol and not moved.isdisjoint(names(expression)):
                moved.add(step.symbol)
                self.after.append((step.symbol, expression))
                self.bends.extend(_bends(expression))
                waves = (c.args[0] for c in calls(expression) if c.function in ("sin", "cos"))
                self.waves.extend(waves)
        self.here: Array = self.env[symbol]
        self.noise = self._noise()

    def quotients_of_entry(self, entry: int) -> _Quotients:
        """The difference quotients of the objective at an entry of all examples."""
        return (
            self.quotients(entry, slice(None)) if self.axis else self.quotients(slice(None), entry)
        )

    def quotients(self, i: int | slice, j: int | slice) -> _Quotients:
        """The difference quotients of the objective at the cells (i, j)."""
        with np.errstate(all="ignore"):
            numeric, bent, down, up = self._difference(i, j, H)
            halved, bent_by_half, _, _ = self._difference(i, j, H / 2)
            kink = self._any(np.sign(e(down)) != np.sign(e(up)) for e in map(evaluator, self.bends))
            lost = self._any(np.abs(e(up) - e(down)) > 1 for e in map(evaluator, self.waves))
            # Without a peak within h, the loss is a parabola there: h/2 bends it a quarter as much.
            peak = np.abs(bent - 4 * bent_by_half) / H
            lost |= peak > 10 * self.noise + tolerance(numeric, numeric)
            return _Quotients(numeric, halved, np.where(lost, np.inf, self.noise), kink)

    def _difference(
        self, i: int | slice, j: int | slice, h: float
    ) -> tuple[Array, Array, dict[str, Any], dict[str, Any]]:
        """The quotients; how far the losses at both ends, added up, lie above a straight line
        through the one between them; and all that is known at each end."""
        x, of = self.here[i, j], self.objective
        up, down = x + h, x - h
        above, below = self._changed(i, j, up), self._changed(i, j, down)
        numeric = self._of_each(np.ravel(above[of] - below[of]) / (up - down))
        bent = self._of_each((above[of] - self.env[of]) - (self.env[of] - below[of]))
        return numeric, bent - numeric * ((up - x) - (x - down)), below, above

    def _of_each(self, losses: Array) -> Array:
        """The losses, one for each example, or the sum of them all."""
        each: Array = np.ravel(losses)
        return each if self.per_example else np.sum(each, keepdims=True)

    def _changed(self, i: int | slice, j: int | slice, number: Any) -> dict[str, Any]:
        """All that is known where the cells (i, j) hold `number` instead."""
        changed = self.here.copy()
        changed[i, j] = number
        env = {**self.env, self.symbol: changed}
        for symbol, expression in self.after:
            env[symbol] = evaluator(expression)(env)
        return env

    def _any(self, found: Iterable[npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
        """Whether anything is found in each example, or in all."""
        size = self.env[self.objective].size if self.per_example else 1
        each = np.zeros(size, dtype=np.bool_)
        for array in found:
            of_each = array.any(axis=1 - self.axis)  # or of no example: of a parameter in J
            each |= of_each if of_each.size == size else of_each.any()
        return each

    def _noise(self) -> Array:
        """How much a difference quotient may change by rounding.

        Where an output is close to 1, log(1 − A) keeps few digits: a small change may be lost.
        """
        errors = {s: np.zeros(self.env[s].shape) for s in (self.symbol, self.objective)}
        with np.errstate(all="ignore"):
            for symbol, expression in self.after:
                _, errors[symbol] = rounded(expression, self.env, errors)
            noise = self._of_each(errors[self.objective]) / H
        return np.where(np.isnan(noise), np.inf, noise)


def _bends(e: Expr) -> Iterator[Expr]:
    """The expressions that are 0 at the kinks of `e`: x − y of max(x, y), x of abs(x)."""
    for call in calls(e):
        first, *others = call.args
        if call.function == "max":
            yield from (Diff(first, other) for other in others)
        elif call.function in ("abs", "step"):
            yield first
        elif isinstance(first, Compare):
            yield Diff(first.left, first.right)


SAMPLE = 40
"""Cells of a gradient that are checked on the screen; all of a small one."""

SIGNS = {
    CheckVerdict.AGREES: "✓",
    CheckVerdict.DIFFERS: "✗",
    CheckVerdict.KINK: "~",
    CheckVerdict.CANNOT_TELL: "~",
}


def checked(program: Program, iteration: Iteration, symbol: str) -> Iterator[GradientCheck | None]:
    """Check one gradient, from SAMPLE of its cells: None for each cell, then the verdict."""
    cells = []
    for cell in check_cells(program, iteration, symbol, SAMPLE):
        cells.append(cell)
        yield None
    yield summary(symbol, tuple(cells), iteration.results[program.index(symbol)].size)


def in_short(found: GradientCheck) -> str:
    """✓ gradient check: difference < 1e-9"""
    sign, worst = SIGNS[found.verdict], found.worst
    some = f" ({found.checked} of {found.of:,} cells)" if found.checked < found.of else ""
    match found.verdict:
        case CheckVerdict.AGREES:
            return f"{sign} gradient check: difference {worst.difference_text}{some}"
        case CheckVerdict.DIFFERS:
            of = f"{found.symbol}[{worst.row},{worst.column}]"
            came = f"{significant(worst.numeric, 4)}, not {significant(worst.analytic, 4)}"
            return f"{sign} gradient check, {of}: {came}{some}"
        case CheckVerdict.KINK:
            return f"{sign} gradient check: at a kink{some}"
        case _:
            return f"{sign} gradient check: {found.said}{'' if worst.why else some}"
