"""Comparing a learner's own arrays with a run: which step is the first wrong one, and why.

Every step is computed once more from the learner's own numbers. What then agrees only follows from
a difference before it; what does not is a mistake of its own, and is held against the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from backprop_tui.learn.mistakes import every_slip, taught
from backprop_tui.learn.own_arrays import ArraysError as ArraysError
from backprop_tui.learn.own_arrays import beginnings, matched, numbers, ways_of
from backprop_tui.learn.probes import TIMES
from backprop_tui.maths.expressions import Expr, names
from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import alike, largest, signed, special
from backprop_tui.maths.shapes import Shape, ShapeMismatch, shape, written
from backprop_tui.maths.values import all_rounded, value
from backprop_tui.messages import count, listed
from backprop_tui.model.architecture import Phase, Step
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.program import lowered
from backprop_tui.run.timeline import Iteration, Timeline

Verdict: TypeAlias = Literal["agrees", "differs", "wrong shape", "not in the file"]

TOLERANCES = {np.dtype(np.float32): 1e-4, np.dtype(np.float16): 1e-2}
TOLERANCE = 1e-6
"""How far numbers may be apart, relative to the largest of their matrix."""
ALL_DIGITS = 18
"""With fewer than so many any two numbers can be told apart."""


@dataclass(frozen=True)
class ComparedArray:
    """What a step gives, beside the learner's array for it."""

    symbol: str
    """W1_new for what the update of W1 gives."""
    verdict: Verdict
    remark: str = ""
    """Where it differs first, and why."""
    made_in: str = ""
    """The step in which the mistake is; "" where it only follows from another one, or agrees."""

    @property
    def own(self) -> bool:
        """Whether it differs by itself, not because something before it does."""
        return self.made_in != ""

    def __str__(self) -> str:
        return "  ".join(filter(None, (self.symbol, self.verdict, self.remark)))


@dataclass(frozen=True)
class ArrayComparison:
    """A learner's arrays beside a run, in the order of its steps."""

    setting: str
    """Which numbers of the learner's the run begins with."""
    arrays: tuple[ComparedArray, ...]
    unmatched: tuple[str, ...]
    """A sentence for each array that is none of the run's."""

    @property
    def first(self) -> ComparedArray | None:
        """The first step that differs; None where all agree."""
        return next((a for a in self.arrays if a.verdict in ("differs", "wrong shape")), None)

    @property
    def agrees(self) -> bool:
        """Whether every array that could be compared agrees."""
        return self.first is None

    @property
    def fit(self) -> int:
        """How well the arrays fit this run: by those that agree, then by those that follow."""
        worth = {"agrees": 1000, "differs": 0, "wrong shape": -1000, "not in the file": 0}
        follow = sum(a.verdict == "differs" and not a.own for a in self.arrays)
        return sum(worth[a.verdict] for a in self.arrays) + follow

    @property
    def summary(self) -> str:
        """All 8 arrays agree; or which step to look at first."""
        compared = [a for a in self.arrays if a.verdict != "not in the file"]
        if self.first is None:
            arrays = count(len(compared), "array")
            return f"{f'All {arrays} agree' if len(compared) > 1 else 'The array agrees'}."
        differing = [a for a in compared if a.verdict != "agrees"]
        also = [a.symbol for a in differing if a.own and a is not self.first]
        more = f" {listed(also)} {'differs' if len(also) == 1 else 'differ'} too." if also else ""
        made = self.first.made_in
        is_here = self.first.symbol in (made, f"{made}_new")
        where = "" if is_here else f"; the mistake is in {made}"
        return f"The first step that differs is {self.first.symbol}{where}.{more}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The setting, a line for each step, the arrays without one, and the summary."""
        widths = [max(len(a.symbol) for a in self.arrays), max(len(a.verdict) for a in self.arrays)]
        rows = (
            f"{a.symbol:<{widths[0]}}  {a.verdict:<{widths[1]}}  {a.remark}".rstrip()
            for a in self.arrays
        )
        return (self.setting, *rows, *self.unmatched, self.summary)

    def __str__(self) -> str:
        return "\n".join(self.lines)

    __repr__ = __str__  # so that a prompt shows it


@np.errstate(all="ignore")
def compare(
    experiment: Experiment, arrays: Mapping[str, Any], iteration: int = 1
) -> ArrayComparison:
    """A learner's arrays, by their names, beside an iteration of an experiment.

    X, Y and parameters among them are what the run begins with. Raises ArraysError for arrays that
    nothing can be made of.
    """
    read = {str(name): numbers(str(name), array) for name, array in arrays.items()}
    found, unmatched = matched(experiment.program, read)
    if not found:
        known = listed(tuple(experiment.program.roles))
        raise ArraysError(f"no array has the name of a symbol of this run: {known}")
    given = {symbol: array for (symbol, when), array in found.items() if when == "before"}
    best: ArrayComparison | None = None
    for begun, said in beginnings(experiment, given):
        found, unmatched = matched(begun.program, read)
        theirs = {symbol: array for (symbol, when), array in found.items() if when != "before"}
        lines = tuple(_Arrays(begun, theirs, iteration).compared())
        compared = ArrayComparison(said, lines, unmatched)
        if best is None or compared.fit > best.fit:
            best = compared
        if compared.agrees:
            break
    assert best is not None  # there is one beginning, or an ArraysError
    if len(given) == len(found):
        raise ArraysError(
            f"there is nothing to compare: the run begins with {listed(tuple(given))}. "
            f"What you have computed is needed, such as {experiment.program.steps[0].symbol}"
        )
    return best


# Step by step -----------------------------------------------------------------------------------


class _Arrays:
    """One iteration, and beside it what follows from the learner's numbers."""

    def __init__(self, experiment: Experiment, arrays: Mapping[str, Array], iteration: int) -> None:
        self.run = Timeline(experiment)
        self.program, self.arrays = self.run.program, arrays
        self.iteration = self._of(iteration)
        self.theirs: dict[str, Any] = {**self.iteration.given, **self.iteration.scalars}
        self.roots: dict[str, tuple[str, ...]] = {}
        """The steps because of which a symbol is not what it is in the run."""
        self.of_j = False
        """Whether a gradient of a value was one of J, where the screen has that of each L."""

    def _of(self, number: int) -> Iteration:
        if number > (most := self.run.history.most):
            raise ArraysError(f"iteration {number:,} takes too long: {most:,} is the most here")
        found = self.run.iteration(number)
        if found.number < number:
            raise ArraysError(f"there is no iteration {number}: {self.run.end(found.number)}")
        return found

    def compared(self) -> Iterator[ComparedArray]:
        """A line for each step."""
        for step, right in zip(self.program.steps, self.iteration.results, strict=True):
            is_update = step.phase == "update" and step.symbol in self.program.parameters
            label = f"{step.symbol}_new" if is_update else step.symbol
            yield replace(self._step(step, right), symbol=label)

    def _step(self, step: Step, right: Array) -> ComparedArray:
        symbol, array = step.symbol, self.arrays.get(step.symbol)
        lowered = self.program.lowered_of(step)
        computed = np.asarray(self._value(lowered))
        ways = [] if array is None else ways_of(array, *right.shape)
        if array is None or not ways:
            self._goes_on(symbol, computed, self._roots_of(lowered), right)
            if array is None:
                return ComparedArray(symbol, "not in the file")
            size = f"a list of {array.size}" if array.ndim == 1 else written(array.shape)
            array = np.atleast_2d(array)
            near = _Near(array)
            wrong = (*self._wrong(step, array.shape), *self._turned(lowered, array.shape))
            why = next((f" ({how})" for how, other in wrong if near(array, other)), "")
            said = f"yours is {size}{why}, it must be {written(right.shape)}"
            return ComparedArray(symbol, "wrong shape", said, made_in=symbol)
        near, own = _Near(array), self._roots_of(lowered)
        for found, is_turned in ways:
            for scale, scaled in self._scales(step):
                agrees = near(found * scale, right) or (not own and near(found * scale, computed))
                if agrees or near.rounding(found * scale, right, self.rounding[symbol]):
                    self._goes_on(symbol, found * scale, (), right)
                    self.of_j |= scale != 1
                    turned = "transposed" if is_turned else ""
                    return ComparedArray(
                        symbol, "agrees", "; ".join(filter(None, (turned, scaled)))
                    )
            if decimals := near.rounded(found, right):
                self._goes_on(symbol, right, (), right)
                return ComparedArray(symbol, "agrees", f"to {decimals} decimals")
        for found, _ in ways:
            for form in (lowered, *taught(step)):
                roots = self._roots_of(form)
                if roots and near(found, np.asarray(self._value(form))):
                    self._goes_on(symbol, found, roots, right)
                    return ComparedArray(symbol, "differs", f"follows from {listed(roots)}")
        found, is_turned, reason, roots = self._explained(step, ways, computed, near)
        self._goes_on(symbol, found, roots, right)
        why = "; ".join(filter(None, ("transposed" if is_turned else "", reason)))
        said = f"first at {near.first(found, computed, f' ({why})' if why else '')}"
        said += f" with your {listed(own)}" if own else ""
        return ComparedArray(symbol, "differs", said, roots[0])

    def _value(self, e: Expr) -> Any:
        return value(lowered(e), self.theirs)

    @cached_property
    def rounding(self) -> dict[str, Array]:
        """How far rounding may have moved each number of the run."""
        given, program = self.iteration.given, self.program
        exact = {symbol: np.zeros(matrix.shape) for symbol, matrix in given.items()}
        computed = zip(program.positions, program.lowered, strict=True)
        return all_rounded(computed, {**given, **self.iteration.scalars}, exact)

    def _roots_of(self, e: Expr) -> tuple[str, ...]:
        return tuple(dict.fromkeys(r for s in names(e) for r in self.roots.get(s, ())))

    def _goes_on(self, symbol: str, found: Array, roots: tuple[str, ...], right: Array) -> None:
        """Have later steps read that number, and know whether it differs."""
        self.theirs[symbol] = found.astype(np.float64)
        if roots and not _Near(found)(found, right):
            self.roots[symbol] = roots
        else:
            self.roots.pop(symbol, None)

    def _scales(self, step: Step) -> Iterator[tuple[float, str]]:
        """By what an array that is right may be multiplied: gradients of J have 1/m everywhere."""
        yield 1.0, ""
        m, of, program = self.iteration.scalars["m"], step.role.of, self.program
        is_of_value = step.role.kind == "gradient" and of not in program.parameters
        if not is_of_value or m == 1 or not program.is_averaged:
            return
        if of in program.separate:
            yield m, f"1/m of it: yours is ∂J/∂{of}, here it is ∂L/∂{of} of each example"
        elif self.of_j:  # else it may be a mean instead of a sum
            yield m, f"1/m of it: yours is ∂J/∂{of}, here it is that of all L added up"

    # Why

    def _explained(
        self, step: Step, ways: list[tuple[Array, bool]], right: Array, near: _Near
    ) -> tuple[Array, bool, str, tuple[str, ...]]:
        """An array as it stands or turned, whether it is turned, and the mistake that gives it with
        the step in which it is made: this one, or one before it that is not in the file."""
        for found, is_turned in ways:
            if near(found, -right) and (made := self._made_before(step, found, near, "backward")):
                return found, is_turned, f"the sign: {made[1]} in {made[0]}", (made[0],)
            if reason := self._reason(step, found, right, near):
                return found, is_turned, reason, (step.symbol,)
        for found, is_turned in ways:
            if made := self._made_before(step, found, near):
                return found, is_turned, f"{made[1]} in {made[0]}", (made[0],)
        return *ways[0], self._other(ways[0][0], near), (step.symbol,)

    def _made_before(
        self, step: Step, found: Array, near: _Near, *phases: Phase
    ) -> tuple[str, str] | None:
        """The step before this one, of some phases, that gives these numbers with a mistake, and
        the mistake."""
        phases = phases or ("forward", "loss", "backward")
        before = self.program.steps[: self.program.index(step.symbol)]
        for at, earlier in reversed(list(enumerate(before, 1))):
            if earlier.symbol in self.arrays or earlier.phase not in phases:
                continue
            for how, wrong in self._wrong(earlier):
                env = {**self.theirs, **self.iteration.given, earlier.symbol: wrong}
                for later in (*before[at:], step):
                    if later is step or later.symbol not in self.arrays:
                        env[later.symbol] = value(self.program.lowered_of(later), env)
                if near(found, np.asarray(env[step.symbol])) and self._fits_all(earlier, wrong):
                    self._go_on_from(earlier, before[at:], env)
                    return earlier.symbol, how
        return None

    def _fits_all(self, wrong: Step, made: Array) -> bool:
        """Whether every array of the file that is right would be so with that step wrong."""
        env = {**self.theirs, **self.iteration.given, wrong.symbol: made}
        behind = self.program.index(wrong.symbol) + 1
        for at, step in enumerate(self.program.steps[behind:], behind):
            computed = np.asarray(value(self.program.lowered_of(step), env))
            right, array = self.iteration.results[at], self.arrays.get(step.symbol)
            for found, _ in () if array is None else ways_of(array, *right.shape):
                if _Near(found)(found, right) and not _Near(found)(right, computed):
                    return False
            env[step.symbol] = computed if array is None else right
        return True

    def _go_on_from(self, wrong: Step, behind: Iterable[Step], env: Mapping[str, Any]) -> None:
        """Have what is not in the file follow from a wrong step."""
        self.theirs[wrong.symbol] = env[wrong.symbol]
        self.roots[wrong.symbol] = (wrong.symbol,)
        for step in behind:
            if step.symbol not in self.arrays:
                roots = self._roots_of(self.program.lowered_of(step))
                right = self.iteration.results[self.program.index(step.symbol)]
                self._goes_on(step.symbol, np.asarray(env[step.symbol]), roots, right)

    def _reason(self, step: Step, found: Array, right: Array, near: _Near) -> str:
        """The mistakes that give these numbers, or by what factor they are wrong; "" if unknown."""
        factor, is_plain = self._factor(step, found, right, near)
        wrong = () if is_plain else self._wrong(step)
        fits = (how for how, other in wrong if near(found, other) and not near(right, other))
        return " or ".join(dict.fromkeys(islice(fits, 2))) or factor

    def _other(self, found: Array, near: _Near) -> str:
        """The gradient whose numbers these are: dZ2, where A2 − Y was taken for dA2; or ""."""
        results = zip(self.program.steps, self.iteration.results, strict=True)
        of = [s.symbol for s, right in results if s.phase == "backward" and near(found, right)]
        by_chance = {0.0, 1.0, 1 / self.iteration.scalars["m"]}  # as the gradient of a mean is
        return f"this is {of[0]}" if of and not by_chance.issuperset(found.flat) else ""

    def _wrong(self, step: Step, size: Shape | None = None) -> Iterator[tuple[str, Array]]:
        """What each mistake gives in a step, the likeliest first, and how it is made; those that
        give the shape of the step, or `size`."""
        shapes = self.program.shapes(len(self.iteration.examples))
        size, program = size or shapes[step.symbol], self.program.right or self.program
        for slip in every_slip(program, step.symbol):
            with suppress(ShapeMismatch, KeyError):
                fits = shape(slip.wrong, shapes) == size
                if fits and {*names(slip.wrong)} <= {*self.theirs}:  # linear′(Z) alone is a number
                    yield slip.mistake.how, np.broadcast_to(self._value(slip.wrong), size)

    def _turned(self, e: Expr, size: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
        """What a formula gives with a matrix transposed, where that has the shape `size`: NumPy
        repeats a column and a row beside each other."""
        for symbol in names(e):
            env = {s: self.theirs[s] for s in names(e)}
            env[symbol] = np.transpose(env[symbol])
            with suppress(ValueError):
                if np.broadcast_shapes(*map(np.shape, env.values())) == size:
                    yield f"with {symbol}ᵀ for {symbol}", np.asarray(value(e, env))

    def _factor(self, step: Step, found: Array, right: Array, near: _Near) -> tuple[str, bool]:
        """Twice the right value: 1/m is missing; and whether it is a factor that says why."""
        finite = np.isfinite(right).all() and np.isfinite(found).all()
        if not finite or not np.vdot(right, right):
            return "", False
        factor = float(np.vdot(found, right) / np.vdot(right, right))
        if not near(found, factor * right) or not abs(factor) > near.tolerance:
            return "", False
        if abs(factor + 1) < near.tolerance:
            return "the sign: this is minus the right value", True

        def is_so_many(many: float) -> bool:
            return abs(abs(factor) - many) < near.tolerance * many

        m = self.iteration.scalars["m"]
        times = _times(abs(factor))
        said = f"{'minus ' if factor < 0 else ''}{times} the right value"
        if "m" in names(step.expression) and m > 1:
            if is_so_many(m):
                return f"{said}: 1/m is missing", True
            if is_so_many(1 / m):
                return f"{said}: 1/m is there once too often", True
        is_plain = any(map(is_so_many, (0.5, max(2, round(abs(factor))))))
        # Of equal numbers each is some factor of the other; and 1 times is no reason.
        is_told = (
            not near(np.abs(right), np.full(right.shape, abs(right.flat[0]))) and times != "1 times"
        )
        return said if is_plain or is_told else "", is_plain


def _times(factor: float) -> str:
    """Twice, half of, 3 times, a third as 1/3 of."""
    figure, inverse = f"{factor:.6g}", f"{1 / factor:.4g}"
    if figure in ("2", "0.5"):
        return "twice" if figure == "2" else "half"
    return f"1/{inverse} of" if factor < 1 and inverse.isdecimal() else f"{figure} times"


class _Near:
    """Whether two matrices are equal, as exactly as an array's kind of number allows."""

    def __init__(self, array: Array) -> None:
        self.tolerance = TOLERANCES.get(array.dtype, TOLERANCE)
        self.coarseness = max(1.0, float(np.finfo(array.dtype).eps / np.finfo(np.float64).eps))

    def __call__(self, found: Array, right: Array) -> bool:
        return found.shape == right.shape and not self._apart(found, right).any()

    def rounding(self, found: Array, right: Array, errors: Array) -> bool:
        """Whether rounding alone may explain that two matrices differ: where all cancels, it is
        what is left of either."""
        apart = np.where(np.isfinite(errors), TIMES * self.coarseness * errors, 0.0)
        return bool((np.abs(found - right) <= apart).all())

    def rounded(self, found: Array, right: Array) -> int:
        """To how many decimals, 2 or more, `found` is `right` rounded; 0 where it is not."""
        if not found.any():
            return 0
        near = (n for n in range(2, 13) if np.allclose(np.round(right, n), found, 0, 1e-14))
        return next(near, 0)

    def _apart(self, found: Array, right: Array) -> npt.NDArray[np.bool_]:
        return ~alike(found, right, self.tolerance * (largest(right) or 1.0))

    def first(self, found: Array, right: Array, why: str) -> str:
        """[2,1]: yours 0.25 (2 times the right value), should be 0.125"""
        i, j = np.argwhere(self._apart(found, right))[0].tolist()
        for digits in range(4, ALL_DIGITS):
            yours, ours = (_figure(float(a[i, j]), digits) for a in (found, right))
            if yours != ours:
                break
        return f"[{i + 1},{j + 1}]: yours {yours}{why}, should be {ours}"


def _figure(number: float, digits: int) -> str:
    return special(number) or signed(f"{number:z.{digits}g}")
