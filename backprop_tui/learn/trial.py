"""Trying a formula out on networks with random numbers: is it right, for which, and if not, why.

A wrong one is compared with the mistakes of the catalogue, and with itself with another sign or
factor.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from backprop_tui.learn.mistakes import Slip, slips_in
from backprop_tui.learn.probes import (
    Probe,
    differing,
    here,
    misfit,
    of_other_sizes,
    of_same_sizes,
    same,
)
from backprop_tui.learn.rewrites import variants
from backprop_tui.maths.expressions import Cell, Expr, Name, Neg, Num, names, replace, walk
from backprop_tui.maths.functions import K, col_sums, row_sums
from backprop_tui.maths.writing import text
from backprop_tui.model.algorithm import m
from backprop_tui.model.architecture import Step
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Iteration

FACTORS = (Num(2.0), 1 / Num(2.0), *(f for s in (m, K, Name("alpha")) for f in (s, 1 / s)))
"""By which factors a formula may be wrong so that it is said."""
BY_COINCIDENCE = (
    "The numbers are correct only by coincidence: with other weights or data they are not."
)


class FormulaVerdict(StrEnum):
    """Whether a formula is right, and for which networks."""

    UNREADABLE = "unreadable"
    NAME = "a name that is not known here"
    SHAPE = "the wrong shape"
    WRONG = "wrong"
    COINCIDENCE = "correct by coincidence"  # with these numbers alone
    HERE = "correct here"  # with any numbers, but not for any batch, network or α
    RIGHT = "correct for any batch size"


class Trial:
    """The formula `e` for the step of `symbol`, and the iterations that it is tried out on.

    They are the run's own (`now`), some of networks with the same sizes (`alike`), and some of
    networks with other sizes (`others`).
    """

    def __init__(
        self, experiment: Experiment, program: Program, iteration: Iteration, symbol: str, e: Expr
    ) -> None:
        network, training = experiment.network, experiment.training
        self.step, self.symbol, self.e = program.steps[program.index(symbol)], symbol, e
        self.now = here(program, iteration)
        t = iteration.scalars["t"]
        examples = {self.now.examples, *experiment.batch_sizes}
        drawn = [p for of in sorted(examples) for p in of_same_sizes(network, training, of, t)]
        self.alike = tuple(drawn) or (self.now,)
        self.others = of_other_sizes(network, training)

    def holds(self, *probes: Probe) -> bool:
        """Whether the formula is right in each of them."""
        return all(probe.agrees(self.e, self.symbol) for probe in probes)


def tried(trial: Trial) -> tuple[FormulaVerdict, str, tuple[Slip, ...]]:
    """The verdict on a formula, the sentence for it, and the mistakes that give the same."""
    right_now = trial.holds(trial.now)
    if trial.holds(*trial.others, *trial.alike):
        lost = "" if right_now else "; with these numbers it is less exact than the usual formula"
        return FormulaVerdict.RIGHT, f"Your formula is {FormulaVerdict.RIGHT}{lost}.", ()
    lacks, slips = _lacks(trial), _first_slips(trial, trial.others)
    if trial.holds(*trial.alike) and (only_here := lacks or ("" if slips else _only_here(trial))):
        return FormulaVerdict.HERE, only_here, ()
    slips = slips or _first_slips(trial, trial.alike[::-1])
    said = _named(trial.step, trial.now.program, slips) or lacks or _factor(trial)
    if right_now:
        return FormulaVerdict.COINCIDENCE, f"{BY_COINCIDENCE} {said}".rstrip(), slips
    return FormulaVerdict.WRONG, said or _where(trial), slips


# Right, but not for all ----------------------------------------------------------------------


def _lacks(trial: Trial) -> str:
    """What a formula lacks, such as / m, if with it it is right on every probe; else empty."""
    for mended, sentence in _mended(trial.now, trial.e):
        if all(probe.agrees(mended, trial.symbol) for probe in (*trial.others, *trial.alike)):
            return sentence
    return ""


def _only_here(trial: Trial) -> str:
    """Why a formula that is right in this network is wrong in others; empty where it is not known,
    for example where every ReLU was open."""
    other = trial.others[0]
    sentence = misfit(trial.e, trial.symbol, other.program, other.examples)
    if sentence is not None:
        sizes = f"layers {other.program.network.sizes} and {other.examples} examples"
        return f"Your formula is correct for these sizes only; with {sizes}, {sentence}."
    own = {part for part in walk(trial.e) if isinstance(part, Num)}
    if own.difference(walk(trial.step.expression)):
        return "Your formula is correct for this run only: it contains the run's own numbers."
    return ""


def _mended(now: Probe, e: Expr) -> Iterator[tuple[Expr, str]]:
    """`e` with what it may lack, as a whole or in one part, and the sentence for it."""
    correct, place = "Your formula is correct", now.program.architecture.place
    for scalar, one, more, examples in (
        (m, "input", "a batch", True),
        (K, "output", "a layer of several", False),
    ):
        sign = scalar.symbol
        if sign not in now.program.constants or now.given[sign] != 1:
            continue
        needs = f"{correct} for one {one}; {more} still needs"
        terms = f"the sum over its {'examples' if examples else 'outputs'}"
        for part in dict.fromkeys(walk(e)):
            entries, over = place(col_sums(part), row_sums(part))
            total = over if examples else entries
            here = "" if part == e else f" in {text(part)}"
            whole = replace(e, {part: total})
            yield whole, f"{needs} {terms}{here}."
            yield replace(e, {part: total / scalar}), f"{needs} {terms}, and / {sign}{here}."
            yield whole / scalar, f"{needs} {terms}{here}, and / {sign}."
            yield replace(e, {part: part / scalar}), f"{needs} / {sign}{here}."
            yield (
                replace(e, {part: part * scalar}),
                f"{correct} for one {one}; with {more} nothing here is divided by {sign}.",
            )
    for written_out, name, number in _numbers_named(now, e):
        sign = text(name)
        yield (
            written_out,
            f"{correct} with this run's {number:g}; with {sign} it is correct for any value.",
        )


def _numbers_named(now: Probe, e: Expr) -> Iterator[tuple[Expr, Name, float]]:
    """`e` with α, m, K, ... in place of their values in this run: in one place, then in all."""
    for symbol in sorted(now.program.constants):
        name, number = Name(symbol), now.given.get(symbol)
        if number is None or Num(number) not in set(walk(e)):
            continue

        def named(part: Expr, name: Name = name, number: float = number) -> Iterator[Expr]:
            if part == Num(number):
                yield name

        for other in (*variants(e, named), replace(e, {Num(number): name})):
            yield other, name, number


# Wrong ---------------------------------------------------------------------------------------


def _first_slips(trial: Trial, probes: tuple[Probe, ...]) -> tuple[Slip, ...]:
    """The mistakes found with the first of these probes that has any: in one, all may be NaN."""
    told = (_same_slips(probe, trial.symbol, trial.e) for probe in probes)
    return next(filter(None, told), ())


def _same_slips(probe: Probe, symbol: str, e: Expr) -> tuple[Slip, ...]:
    """The mistakes that give the same numbers as `e`, one slip of each."""
    found: dict[str, Slip] = {}
    own = probe.of(e, symbol)
    if own is None:
        return ()
    step = probe.program.steps[probe.program.index(symbol)]
    right = probe.right(symbol)
    for slip in slips_in(probe.program, step, probe.examples):
        wrong = probe.of(slip.wrong, symbol)
        if wrong is not None and same(own, wrong) and not same(wrong, right):
            found.setdefault(slip.mistake.name, slip)
    return tuple(found.values())


def _named(step: Step, program: Program, slips: tuple[Slip, ...]) -> str:
    """The sentences of the mistakes that a run would make in that step."""
    told = (slip.mistake.told(program) for slip in slips if slip.mistake.made_at(step, program))
    return " Or: ".join(dict.fromkeys(told))


def _factor(trial: Trial) -> str:
    """The sentence for a formula that is right but for its sign or a factor; empty for others."""
    every = [p for p in (*trial.alike, *trial.others) if p.of(trial.e, trial.symbol) is not None]
    for probes, factors in (
        (trial.alike, (Num(1.0),)),
        (every, FACTORS),
        (trial.alike, FACTORS),
    ):
        for factor in factors:
            if not trial.now.program.matrices.isdisjoint(names(factor)):
                continue  # K is a matrix here
            for e, flipped in ((Neg(trial.e), True), (trial.e, False)):
                if all(probe.agrees(e / factor, trial.symbol) for probe in probes):
                    return _close(flipped, "" if factor == Num(1.0) else text(factor))
    return ""


def _close(flipped: bool, factor: str) -> str:
    sign = "the sign is wrong"
    if not factor:
        return f"Close: only {sign}."
    return f"Close: it is {factor} times the correct value{f', and {sign}' if flipped else ''}."


def _where(trial: Trial) -> str:
    """The sentence for how many cells are wrong, with the first of them."""
    found, right = trial.now.of(trial.e, trial.symbol), trial.now.right(trial.symbol)
    assert found is not None  # its shape was read before
    cells = differing(found, right)
    i, j = cells[0].tolist()
    cell = text(Cell(trial.symbol, i + 1, j + 1))
    is_, should_be = _apart(float(found[i, j]), float(right[i, j]))
    are = "is" if len(cells) == 1 else "are"
    some = f"{len(cells)} of {right.size} numbers {are}" if right.size > 1 else "The number is"
    return f"{some} not correct: {cell} is {is_}, the correct value is {should_be}."


def _apart(x: float, y: float) -> tuple[str, str]:
    """Two numbers, with as few digits as they differ in."""
    for digits in range(4, 18):
        one, other = (f"{n:.{digits}g}".replace("-", "−") for n in (x, y))
        if one != other:
            break
    return one, other
