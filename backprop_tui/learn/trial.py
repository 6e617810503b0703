"""Trying a formula out on networks with random numbers: is it right, for which, and if not, why.

A wrong one is compared with the mistakes of the catalogue, and with itself with another sign or
factor.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import numpy as np

from backprop_tui.learn.mistakes import Slip, slips_in
from backprop_tui.learn.probes import (
    CONSTANTS,
    Own,
    Probe,
    differing,
    here,
    of_other_sizes,
    of_same_sizes,
    taught_program,
)
from backprop_tui.learn.rewrites import variants
from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Expr,
    Name,
    Neg,
    Num,
    Sum,
    calls,
    names,
    replace,
    walk,
)
from backprop_tui.maths.functions import (
    ACTIVATIONS,
    K,
    col_sums,
    expand,
    row_sums,
    total,
)
from backprop_tui.maths.normal_form import tidy
from backprop_tui.maths.numbers import significant
from backprop_tui.maths.rules import derivative_of
from backprop_tui.maths.shapes import written
from backprop_tui.maths.writing import plain_number, text
from backprop_tui.messages import count, listed
from backprop_tui.model.algorithm import m
from backprop_tui.model.architecture import Step
from backprop_tui.model.backward import shares
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.layers import gradient
from backprop_tui.model.network import Network
from backprop_tui.model.own import same
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Iteration

FACTORS = (Num(2.0), 1 / Num(2.0), *(f for s in (m, K, Name("alpha")) for f in (s, 1 / s)))
"""By which factors a formula may be wrong so that it is said."""
BY_COINCIDENCE = (
    "The numbers are correct only by coincidence: with other weights or data they are not."
)
UNTOLD = (
    "Whether your formula is correct cannot be told: with random numbers {} is not a number (NaN)."
)
OTHERWISE = "With other weights or data, the numbers are not correct."
FOR_LABELS = "Your formula is correct where each target is 0 or 1, as here."
OTHER_OUTPUTS = 7
"""The outputs of a network that differs in nothing else."""


class FormulaVerdict(StrEnum):
    """Whether a formula is right, and for which networks."""

    UNREADABLE = "unreadable"
    UNTOLD = "not to be told"  # no network decides
    NAME = "a name that is not known here"
    SHAPE = "the wrong shape"
    WRONG = "wrong"
    COINCIDENCE = "correct by coincidence"  # with these numbers alone
    HERE = "correct here"  # with any numbers, but not for any batch, network or α
    OWN = "your own forward formula: the backward pass is derived from it"
    GRADIENT = "not the taught form, but the gradient of this loss"
    RIGHT = "correct for any batch size"


class Trial:
    """The formula `e` for the step of `symbol`, and the iterations that it is tried out on.

    They are the run's own (`now`), some of networks with the same sizes (`alike`), and some of
    networks with other sizes (`others`). `own` are the learner's own forward formulas, from which
    the program is derived.
    """

    def __init__(
        self, experiment: Experiment, own: Own, iteration: Iteration, symbol: str, e: Expr
    ) -> None:
        program = taught_program(experiment.network, experiment.training, own)
        self.program, self.own, self.symbol, self.e = program, own, symbol, e
        self.now = here(program, iteration)
        self.examples = sorted({self.now.examples, *experiment.batch_sizes})
        self.alike, self.others = self.drawn() or (self.now,), of_other_sizes(program, own)
        known = {s for s in program.targets if s in program.architecture.losses}
        data = [experiment.data.by_symbol[s] for s in known & experiment.data.by_symbol.keys()]
        self.labelled = bool(data) and all(np.isin(Y, (0, 1)).all() for Y in data)

    def drawn(self, labels: bool = False) -> tuple[Probe, ...]:
        """Networks with the same sizes and other numbers, with `labels` of targets 0 and 1."""
        t = self.now.given.get("t", 1.0)
        return tuple(p for n in self.examples for p in of_same_sizes(self.program, n, t, labels))

    @property
    def is_told(self) -> bool:
        """Whether any network decides: where the step's own formula gives NaN alone, none does."""
        return any(probe.tells(self.symbol) for probe in (*self.alike, *self.others))

    @property
    def step(self) -> Step:
        """The step as it is taught."""
        return self.program.steps[self.program.index(self.symbol)]

    @property
    def holds_here(self) -> bool:
        """Whether the formula is right in this network, whatever the numbers."""
        return self.symbol in self.program.positions and self.holds(*self.alike)

    def holds(self, *probes: Probe) -> bool:
        """Whether the formula is right in each of them."""
        return all(probe.agrees(self.e, self.symbol) for probe in probes)


def tried(trial: Trial) -> tuple[FormulaVerdict, str, tuple[Slip, ...]]:
    """The verdict on a formula, the sentence for it, and the mistakes that give the same."""
    right_now = trial.holds(trial.now)
    is_taught = tidy(trial.e) == tidy(trial.step.expression)
    if right_now and not trial.is_told and not is_taught:
        return FormulaVerdict.UNTOLD, UNTOLD.format(trial.symbol), ()
    if trial.holds(*trial.others, *trial.alike):
        lost = "" if right_now else "; with these numbers it is less exact than the usual formula"
        correct = FormulaVerdict.RIGHT if trial.others else "correct"
        return FormulaVerdict.RIGHT, f"Your formula is {correct}{lost}.", ()
    lacks = _lacks(trial, *trial.others, *trial.alike)
    if right_now and trial.holds(*trial.alike) and (lacks or trial.drawn()):
        if trial.others and not any(probe.tells(trial.symbol) for probe in trial.others):
            if is_taught:
                these = _so_many(trial.now.examples, "example")
                return FormulaVerdict.HERE, f"Your formula is correct for {these}.", ()
            return FormulaVerdict.UNTOLD, UNTOLD.format(trial.symbol), ()
        return FormulaVerdict.HERE, lacks or _only_here(trial), ()
    labels = trial.drawn(labels=True) if right_now and trial.labelled else ()
    if labels and trial.holds(*labels):
        others = of_other_sizes(trial.program, trial.own, labels=True)
        also = "" if trial.holds(*others) else _lacks(trial, *others, *labels)
        also = also.replace("Your formula", " It", 1)
        return FormulaVerdict.HERE, f"{FOR_LABELS}{also}", ()
    slips = _slips(trial)
    said = _named(trial.step, trial.program, slips) or _not_its_derivative(trial)
    said = said or _of_another_step(trial) or lacks or _factor(trial)
    if right_now and trial.now.tells(trial.symbol):
        return FormulaVerdict.COINCIDENCE, f"{BY_COINCIDENCE} {said}".rstrip(), slips
    return FormulaVerdict.WRONG, said or (OTHERWISE if right_now else _where(trial)), slips


# Right, but not for all ----------------------------------------------------------------------


def _lacks(trial: Trial, *probes: Probe) -> str:
    """What a formula lacks, such as / m, if with it it is right on these probes; else empty."""
    for mended, sentence in _mended(trial.now, trial.e):
        if all(probe.agrees(mended, trial.symbol) for probe in probes):
            return sentence
    return ""


def _only_here(trial: Trial) -> str:
    """Why a formula that is right in this network is wrong in others."""
    program, symbol, examples = trial.program, trial.symbol, trial.now.examples
    here = f"here {symbol} is {written(program.shapes(examples)[symbol])}"
    layers = program.network.layers if isinstance(program.network, Network) else ()
    numbers = tuple((s, trial.now.given[s]) for s in CONSTANTS if s in trial.now.given)
    kinds = [(layers, _so_many(examples, "example"), "another number of examples")]
    if layers:
        outputs = (*layers[:-1], OTHER_OUTPUTS), _so_many(int(layers[-1]), "output")
        kinds.append((*outputs, "another number of outputs"))
        kinds.append(((), "layers of these sizes", "layers of other sizes"))
    for sizes, these, other in kinds:
        probes = of_other_sizes(program, trial.own, layers=sizes or None, numbers=numbers)
        if wrong := [probe for probe in probes if not probe.agrees(trial.e, symbol)]:
            gives = "it gives numbers that are not correct"
            if not all(probe.computes(trial.e) for probe in wrong):
                gives = "it cannot be computed"
            elif not all(probe.of(trial.e, symbol) is not None for probe in wrong):
                gives = f"it gives another shape than {symbol} has"
            only = f"Your formula is correct for {these} only: {here}"
            return f"{only}. With {other}, {gives}."
    read = names(trial.step.expression)
    run = listed([f"{text(Name(s))} = {plain_number(n)}" for s, n in numbers if s in read])
    return f"Your formula is correct with this run's numbers only: {run}."


def _so_many(n: int, noun: str) -> str:
    return f"one {noun}" if n == 1 else count(n, noun)


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
            if examples and isinstance(part, Call) and part == total(inner := part.args[0]):
                each, _ = place(col_sums(inner), row_sums(inner))
                axis = f"axis={1 - now.program.axis}, keepdims=True"
                yield (
                    replace(e, {part: each}),
                    f"{needs} a sum for each example instead of {text(part)}: {axis}.",
                )
            entries, over = place(col_sums(part), row_sums(part))
            over = over if examples else entries
            here = "" if part == e else f" in {text(part)}"
            whole = replace(e, {part: over})
            yield whole, f"{needs} {terms}{here}."
            yield replace(e, {part: part / scalar}), f"{needs} 1/{sign}{here}."
            yield replace(e, {part: over / scalar}), f"{needs} {terms}, and 1/{sign}{here}."
            yield whole / scalar, f"{needs} {terms}{here}, and 1/{sign}."
            yield (
                replace(e, {part: part * scalar}),
                f"{correct} for one {one}; with {more} nothing here is divided by {sign}.",
            )
            if not (examples and isinstance(part, Call)):
                continue
            inner = part.args[0]
            if part == place(col_sums(inner), row_sums(inner))[1]:
                said = f"{correct} for one input; {more} needs no sum over its examples{here}."
                yield replace(e, {part: inner}), said
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


def _slips(trial: Trial) -> tuple[Slip, ...]:
    """The mistakes that give these numbers here and in every network alike, one slip of each: those
    that do so with other sizes too, if there are any."""
    found: dict[str, Slip] = {}
    for slip in slips_in(trial.program, trial.step, trial.now.examples):
        probes = (trial.now, *trial.alike)
        if all(_equal(probe, trial, slip.wrong) for probe in probes) and not all(
            probe.agrees(slip.wrong, trial.symbol) for probe in probes
        ):
            found.setdefault(slip.mistake.name, slip)
    if len(found) > 1:
        for other in trial.others:
            step = other.program.steps[other.program.index(trial.symbol)]
            every = slips_in(other.program, step, other.examples)
            names_ = {s.mistake.name for s in every if _equal(other, trial, s.wrong)}
            found = {name: found[name] for name in found if name in names_} or found
    return tuple(found.values())


def _equal(probe: Probe, trial: Trial, other: Expr) -> bool:
    """Whether another formula gives the numbers of the one that is tried."""
    own, found = probe.of(trial.e, trial.symbol), probe.of(other, trial.symbol)
    return own is not None and found is not None and same(own, found)


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
    return _constant_factor(trial)


def _constant_factor(trial: Trial) -> str:
    """The same for a factor that is no number of the network's, such as 3 or 1/3."""
    found, right = trial.alike[0].of(trial.e, trial.symbol), trial.alike[0].right(trial.symbol)
    assert found is not None  # its shape was read before
    with np.errstate(all="ignore"):
        ratios = (found / right)[np.isfinite(right) & (right != 0)]
    if not ratios.size:
        return ""
    ratio = float(ratios[0])
    if not all(probe.agrees(trial.e / Num(ratio), trial.symbol) for probe in trial.alike):
        return ""
    inverse = round(1 / abs(ratio), 9)
    is_part = inverse == round(inverse) > 1
    return _close(ratio < 0, f"1/{inverse:.0f}" if is_part else f"{abs(ratio):.6g}")


def _close(flipped: bool, factor: str) -> str:
    sign = "the sign is wrong"
    if not factor:
        return f"Close: only {sign}."
    return f"Close: it is {factor} times the correct value{f', and {sign}' if flipped else ''}."


def _not_its_derivative(trial: Trial) -> str:
    """That σ′ is written with the result of a step that computes more than σ; else empty."""
    of, right = trial.step.role.of or "", trial.step.expression
    shapes = trial.program.shapes(trial.now.examples)
    for reader in trial.program.forward:
        e, at_reader = reader.expression, Name(gradient(reader.symbol))
        for call in calls(e):
            known = ACTIVATIONS.get(call.function)
            if call == e or call.args != (Name(of),) or known is None or not known.elementwise:
                continue
            derivative = derivative_of(call)
            wrong = replace(expand(derivative), {call: reader.target})
            whole = tidy(Sum((*(g for _, g in shares(e, e, Num(1.0), shapes, (of,))),)))
            for other, said in (
                (at_reader * wrong, f"its derivative, {text(whole)}"),
                (replace(right, {derivative: wrong}), text(derivative)),
            ):
                if all(_equal(probe, trial, other) for probe in (trial.now, *trial.alike)):
                    return f"{reader.symbol} is {text(e)}, so {text(wrong)} is not {said}."
    return ""


def _of_another_step(trial: Trial) -> str:
    """That the formula gives what another gradient is: A2 − Y for dA2; else empty."""
    probes = (trial.now, *trial.alike)
    for other in trial.program.gradients:
        found = [(probe.of(trial.e, trial.symbol), probe.right(other)) for probe in probes]
        if all(own is not None and own.any() and same(own, right) for own, right in found):
            return f"Your formula gives {other}, not {trial.symbol}."
    return ""


def _where(trial: Trial) -> str:
    """The sentence for how many cells are wrong, with the first of them."""
    found, right = trial.now.of(trial.e, trial.symbol), trial.now.right(trial.symbol)
    assert found is not None  # its shape was read before
    cells = differing(found, right)
    i, j = cells[0].tolist()
    are = "is" if len(cells) == 1 else "are"
    some = f"{len(cells)} of {right.size} numbers {are} not"
    if len(cells) == right.size:
        some = f"None of the {right.size} numbers is" if right.size > 1 else "The number is not"
    cell = text(Cell(trial.symbol, i + 1, j + 1))
    return f"{some} correct: your formula gives {significant(found[i, j], 4)} for {cell}."
