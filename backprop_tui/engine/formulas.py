"""A formula that a learner writes for a step: read, tried out, and what there is to say of it.

It is right when it gives what the step gives on networks with random numbers (`probes`), in any
way of writing it. A wrong one is set beside the mistakes of the catalogue, which are rewrites of
the taught expression: no formula is written here. Nothing here knows of screens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from backprop_tui.engine.algebra import (
    SCALARS,
    Call,
    Cell,
    Expr,
    Name,
    Neg,
    Num,
    names,
    replace,
    walk,
)
from backprop_tui.engine.experiment import Experiment, Network, Training
from backprop_tui.engine.functions import K
from backprop_tui.engine.grammar import GrammarError, parse_assignment
from backprop_tui.engine.mistakes import Slip, slips_in, variants
from backprop_tui.engine.notation import text
from backprop_tui.engine.probes import (
    Probe,
    differing,
    here,
    of_other_sizes,
    of_same_sizes,
    same,
)
from backprop_tui.engine.program import Program, Step, m
from backprop_tui.engine.schema import nearest, short
from backprop_tui.engine.shapes import Shape, ShapeMismatch, shape, written
from backprop_tui.engine.timeline import Iteration, Timeline


class Verdict(StrEnum):
    UNREADABLE = "unreadable"
    NAME = "a name that is not known here"
    SHAPE = "the wrong shape"
    WRONG = "wrong"
    COINCIDENCE = "right by coincidence"  # with these numbers alone
    HERE = "right here"  # with any numbers, but not for any batch, network or α
    RIGHT = "right for any batch"


@dataclass(frozen=True)
class Judgement:
    """What is found of one formula. `sentence` names the idea, and never gives the formula away."""

    step: Step
    """As it is taught."""
    verdict: Verdict
    sentence: str
    hint: str
    """The shape that must come out, and what the taught formula is made of."""
    expression: Expr | None = None
    """None where it could not be read."""
    slips: tuple[Slip, ...] = ()
    """The mistakes that give the same numbers."""

    @property
    def accepted(self) -> bool:
        return self.verdict in (Verdict.RIGHT, Verdict.HERE)

    @property
    def missed(self) -> bool:
        """Whether it is another formula than the step's, and not just typed wrongly."""
        return self.verdict in (Verdict.SHAPE, Verdict.WRONG, Verdict.COINCIDENCE)

    @property
    def answer(self) -> str:
        sign = "←" if self.step.symbol in names(self.step.expression) else "="
        return f"{self.step.symbol} {sign} {text(self.step.expression)}"

    def told(self, misses: int) -> tuple[str, ...]:
        """What to say at the so-manieth miss: the idea, then a hint too, then the formula."""
        if not self.missed:
            return (self.sentence,)
        return (self.sentence, self.hint, f"It is {self.answer}")[: max(1, misses)]


class FormulaError(ValueError):
    """A formula that cannot be tried out; its text is the sentence for the learner."""

    def __init__(self, verdict: Verdict, sentence: str, expression: Expr | None = None) -> None:
        super().__init__(sentence)
        self.verdict, self.expression = verdict, expression


# Reading -------------------------------------------------------------------------------------


def read(program: Program, symbol: str, source: str, *batches: int) -> Expr:
    """The formula typed for a step, which has its shape in batches of so many examples.

    Raises FormulaError, with a sentence that says what is wrong.
    """
    step = program.steps[program.index(symbol)]
    if not source.strip():
        raise FormulaError(Verdict.UNREADABLE, f"what is {symbol} made of?")
    try:
        target, e = _parsed(program.network, source)
    except GrammarError as error:
        raise FormulaError(Verdict.UNREADABLE, str(error)) from None
    if target not in (None, symbol):
        raise FormulaError(Verdict.NAME, f"this step computes {symbol}, not {short(str(target))}")
    _all_known(program, step, e)
    for examples in batches:
        shapes = program.shapes(examples)
        if (sentence := misfit(e, symbol, shapes)) is not None:
            raise FormulaError(Verdict.SHAPE, sentence, e)
    return e


def tree(network: Network, source: str) -> Expr:
    """A formula that was read before."""
    return _parsed(network, source)[1]


def _parsed(network: Network, source: str) -> tuple[str | None, Expr]:
    target, e = parse_assignment(source, activations_by_layer(network))
    return target, replace(e, {Name("A0"): Name("X")})


def batch_sizes(examples: int, batch: int) -> tuple[int, ...]:
    """How many examples the batches of an epoch have: the last may have fewer."""
    rest = examples % batch
    return (batch, rest) if rest else (batch,)


def activations_by_layer(network: Network) -> dict[str, str]:
    """g1, g2, ...; g alone where there is but one."""
    by_layer = {f"g{layer}": name for layer, name in enumerate(network.activations, 1)}
    single = {"g": network.activations[0]} if len(set(network.activations)) == 1 else {}
    return {**single, **by_layer}


def _all_known(program: Program, step: Step, e: Expr) -> None:
    before = program.index(step.symbol)
    known = {"X", "Y", *program.kept, *(s.symbol for s in program.steps[:before])}
    for part in walk(e):
        if isinstance(part, Cell):
            said = f"a step works on whole matrices: write {part.symbol}, not {text(part)}"
            raise FormulaError(Verdict.NAME, said)
    for symbol in names(e):
        if symbol not in known and symbol not in SCALARS:
            raise FormulaError(Verdict.NAME, _not_known(program, symbol, step, known))


def _not_known(program: Program, symbol: str, step: Step, known: set[str]) -> str:
    if symbol == step.symbol:
        return f"{symbol} is what is asked for: what is it made of?"
    if symbol in program.positions:
        at, own = program.index(symbol) + 1, program.index(step.symbol) + 1
        return f"{symbol} is not computed yet: that is step {at}, and this is step {own}"
    if symbol == "J":
        return "there is no J here: a batch of one example has only L"
    meant = nearest(symbol, (*known, *SCALARS))
    return f"there is no {short(symbol)} here" + (f". Did you mean {meant}?" if meant else "")


def misfit(e: Expr, symbol: str, shapes: Mapping[str, Shape]) -> str | None:
    """Why `e` cannot be `symbol`, by its shape; None where it can."""
    try:
        found = shape(e, shapes)
    except ShapeMismatch as error:
        return str(error)
    if found == (must := shapes[symbol]):
        return None
    like = f" like {symbol[1:]}" if symbol[0] == "d" and symbol[1:] in shapes else ""
    gives = written(found) if found else "a single number"
    return f"{symbol} must be {written(must)}{like}, but this gives {gives}"


# Judging -------------------------------------------------------------------------------------


def judge(
    experiment: Experiment, symbol: str, source: str, iteration: Iteration | None = None
) -> Judgement:
    """What is found of the formula typed for a step, in that iteration; else in the first."""
    if iteration is None:
        iteration = Timeline(experiment).iteration(1)
    training, examples = experiment.training.with_mistake(None), len(iteration.examples)
    program = _taught(experiment.network, training)
    step = program.steps[program.index(symbol)]
    hint = _hint(step, program.shapes(examples))
    try:
        e = read(program, symbol, source, examples, *_batch_sizes(experiment))
    except FormulaError as error:
        return Judgement(step, error.verdict, str(error), hint, error.expression)
    verdict, sentence, slips = _tried(_Trial(experiment, program, iteration, symbol, e))
    return Judgement(step, verdict, sentence, hint, e, slips)


def _batch_sizes(experiment: Experiment) -> tuple[int, ...]:
    return batch_sizes(experiment.data.examples, experiment.training.batch)


class _Trial:
    """A formula, and the iterations that it is tried out on."""

    def __init__(
        self, experiment: Experiment, program: Program, iteration: Iteration, symbol: str, e: Expr
    ) -> None:
        network, training = experiment.network, experiment.training.with_mistake(None)
        self.step, self.symbol, self.e = program.steps[program.index(symbol)], symbol, e
        self.now = here(program, iteration)
        t = iteration.scalars["t"]
        sizes = {self.now.examples, *_batch_sizes(experiment)}
        drawn = [p for m_ in sorted(sizes) for p in of_same_sizes(network, training, m_, t)]
        self.alike = tuple(drawn) or (self.now,)
        self.others = of_other_sizes(network, training)

    def holds(self, *probes: Probe) -> bool:
        return all(probe.agrees(self.e, self.symbol) for probe in probes)


def _tried(trial: _Trial) -> tuple[Verdict, str, tuple[Slip, ...]]:
    """The verdict, how it is said, and which mistakes it may come from."""
    right_now = trial.holds(trial.now)
    if trial.holds(*trial.others, *trial.alike):
        lost = "" if right_now else "; with these numbers it loses digits that the taught one keeps"
        return Verdict.RIGHT, f"{Verdict.RIGHT}{lost}", ()
    lacks, slips = _lacks(trial), _same_slips(trial.others[0], trial.symbol, trial.e)
    if trial.holds(*trial.alike) and (lacks or not slips):
        return Verdict.HERE, lacks or _these_sizes(trial), ()
    slips = slips or _same_slips(trial.alike[-1], trial.symbol, trial.e)
    said = _named(trial.step, slips) or lacks or _factor(trial)
    if right_now:
        return Verdict.COINCIDENCE, f"{BY_COINCIDENCE} {said}".rstrip(), slips
    return Verdict.WRONG, said or _where(trial), slips


@lru_cache(maxsize=4)
def _taught(network: Network, training: Training) -> Program:
    return Program(network, training)


def _hint(step: Step, shapes: Mapping[str, Shape]) -> str:
    """It must come out as 1×3, and is made of dZ2, A1 and m."""
    calls = (part for part in walk(step.expression) if isinstance(part, Call))
    signs = [text(Call(call.function, (Name("…"),))) for call in calls]
    made_of = [text(Name(symbol)) for symbol in names(step.expression)]
    parts = list(dict.fromkeys((*made_of, *signs)))
    together = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return f"It must come out as {written(shapes[step.symbol])}, and is made of {together}."


# Right, but not for all

BY_COINCIDENCE = (
    "The numbers come out right here, but by coincidence: with other weights or data they do not."
)


def _lacks(trial: _Trial) -> str:
    """What a formula lacks to be right on every probe, where it is no more than that."""
    for mended, sentence in _mended(trial.now, trial.e):
        if all(probe.agrees(mended, trial.symbol) for probe in (*trial.others, *trial.alike)):
            return sentence
    return ""


def _these_sizes(trial: _Trial) -> str:
    """Why a formula that is right in this network has no meaning in another."""
    other = trial.others[0]
    sentence = misfit(trial.e, trial.symbol, other.program.shapes(other.examples))
    if sentence is None:
        return "right for this run only: its own numbers stand in the formula"
    sizes = f"layers {other.program.network.sizes} and {other.examples} examples"
    return f"right for these sizes only; with {sizes}, {sentence}"


def _mended(now: Probe, e: Expr) -> Iterator[tuple[Expr, str]]:
    """`e` with what it may lack, and how that is said."""
    for scalar, one, more in ((m, "input", "a batch"), (K, "output", "a layer of several")):
        if now.given[scalar.symbol] == 1:
            sign = scalar.symbol
            yield e / scalar, f"right for one {one}; {more} still needs / {sign}"
            yield e * scalar, f"right for one {one}; with {more} nothing here is divided by {sign}"
    for written_out, name, number in _numbers_named(now, e):
        sign = text(name)
        yield written_out, f"right with this run's {number:g}; with {sign} it is right for any"


def _numbers_named(now: Probe, e: Expr) -> Iterator[tuple[Expr, Name, float]]:
    """`e` with α, m, K, ... where a number stands that they have here: one place, then all."""
    for symbol in sorted(SCALARS):
        name, number = Name(symbol), now.given.get(symbol)
        if number is None or Num(number) not in set(walk(e)):
            continue

        def named(part: Expr, name: Name = name, number: float = number) -> Iterator[Expr]:
            if part == Num(number):
                yield name

        for other in (*variants(e, named), replace(e, {Num(number): name})):
            yield other, name, number


# Wrong


def _same_slips(probe: Probe, symbol: str, e: Expr) -> tuple[Slip, ...]:
    """The mistakes that come to the same as `e`: one slip of each."""
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


def _named(step: Step, slips: tuple[Slip, ...]) -> str:
    """The mistakes in words; one that is told of predictions and targets, only where they meet."""
    told = (slip.mistake.sentence for slip in slips if slip.mistake.made_at(step))
    return " Or: ".join(dict.fromkeys(told))


def _factor(trial: _Trial) -> str:
    """Right up to the sign, or up to a factor; told by all networks that it fits, or by this."""
    every = [p for p in (*trial.alike, *trial.others) if p.of(trial.e, trial.symbol) is not None]
    for probes, factors in (
        (trial.alike, (Num(1.0),)),
        (every, FACTORS),
        (trial.alike, FACTORS),
    ):
        for factor in factors:
            for e, flipped in ((Neg(trial.e), True), (trial.e, False)):
                if all(probe.agrees(e / factor, trial.symbol) for probe in probes):
                    return _close(flipped, "" if factor == Num(1.0) else text(factor))
    return ""


FACTORS = (Num(2.0), 1 / Num(2.0), *(f for s in (m, K, Name("alpha")) for f in (s, 1 / s)))
"""By how much a formula may be out, where that tells something."""


def _close(flipped: bool, factor: str) -> str:
    sign = "the sign is the wrong way round"
    if not factor:
        return f"Close: only {sign}."
    return f"Close: it is {factor} times what it should be{f', and {sign}' if flipped else ''}."


def _where(trial: _Trial) -> str:
    """The first cell that is not as it should be, and how many are not."""
    found, right = trial.now.of(trial.e, trial.symbol), trial.now.right(trial.symbol)
    assert found is not None  # its shape was read before
    cells = differing(found, right)
    i, j = cells[0].tolist()
    cell = text(Cell(trial.symbol, i + 1, j + 1))
    is_, should_be = _apart(float(found[i, j]), float(right[i, j]))
    some = f"{len(cells)} of {right.size} numbers are" if right.size > 1 else "The number is"
    return f"{some} not right: {cell} comes to {is_}, where it should be {should_be}."


def _apart(x: float, y: float) -> tuple[str, str]:
    """Two numbers with as few digits as tell them apart."""
    for digits in range(4, 18):
        one, other = (f"{n:.{digits}g}".replace("-", "−") for n in (x, y))
        if one != other:
            break
    return one, other
