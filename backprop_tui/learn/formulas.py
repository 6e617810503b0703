"""Formulas that a learner writes for a step: read, tried out, and judged.

They are read by the one parser, with the names that the step may read and the shape that it must
have. Every right way of writing one is right: it is tried out on numbers, never compared as a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from backprop_tui.explain.explanation import formula
from backprop_tui.learn.mistakes import Slip
from backprop_tui.learn.probes import misfit
from backprop_tui.learn.trial import FormulaVerdict, Trial, tried
from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Expr,
    Name,
    calls,
    children,
    names,
    replace,
    walk,
)
from backprop_tui.maths.functions import PRIMITIVES
from backprop_tui.maths.parser import GrammarError, parse_assignment
from backprop_tui.maths.shapes import Shape, shape, written
from backprop_tui.maths.writing import text
from backprop_tui.messages import nearest, short
from backprop_tui.model.algorithm import architecture_of, program_of
from backprop_tui.model.architecture import Step
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.layers import ACTIVATION_0, INPUT, LOSS, OBJECTIVE
from backprop_tui.model.network import Network, Training
from backprop_tui.model.program import Program
from backprop_tui.model.written import WrittenNetwork
from backprop_tui.run.timeline import Iteration, Timeline

MOST_PARTS, DEEPEST = 150, 4
"""The most parts of a formula, and of functions within each other, whose definitions are expanded
before anything is computed. Every step of a network has far fewer."""
LARGEST = 1_000_000
"""The most numbers of a part; in a network with large matrices, ten times the largest of them."""


class FormulaError(ValueError):
    """A formula that cannot be tried out; its text is the sentence for the learner."""

    def __init__(self, verdict: FormulaVerdict, sentence: str, e: Expr | None = None) -> None:
        super().__init__(sentence)
        self.verdict, self.expression = verdict, e


@dataclass(frozen=True)
class JudgedFormula:
    """A formula and what is said of it. `sentence` names the mistake, never the right formula."""

    step: Step
    """The step as it is taught."""
    verdict: FormulaVerdict
    sentence: str
    hint: str
    """The shape of the result, and the symbols of the taught formula."""
    expression: Expr | None = None
    """None where it could not be read."""
    slips: tuple[Slip, ...] = ()
    """The mistakes that give the same numbers."""

    @property
    def accepted(self) -> bool:
        """Whether it is right in this network, whatever the numbers."""
        return self.verdict in (FormulaVerdict.RIGHT, FormulaVerdict.HERE)

    @property
    def missed(self) -> bool:
        """Whether it is another formula than the step's, and not just typed wrongly."""
        verdicts = (FormulaVerdict.SHAPE, FormulaVerdict.WRONG, FormulaVerdict.COINCIDENCE)
        return self.verdict in verdicts

    @property
    def answer(self) -> str:
        """The formula as it is taught: dW2 = dZ2 · A1ᵀ."""
        return formula(self.step)

    def told(self, misses: int) -> tuple[str, ...]:
        """What to say after so many misses: the mistake; then the hint too; then the formula."""
        if not self.missed:
            return (self.sentence,)
        return (self.sentence, self.hint, f"The formula is {self.answer}")[: max(1, misses)]


def judge(
    experiment: Experiment, symbol: str, source: str, iteration: Iteration | None = None
) -> JudgedFormula:
    """The formula typed for a step, judged with the numbers of that iteration, or of the first."""
    if iteration is None:
        iteration = Timeline(experiment).iteration(1)
    program = _right_program(experiment.network, experiment.training)
    examples, step = len(iteration.examples), program.steps[program.index(symbol)]
    hint = hint_of(step, program.shapes(examples))
    try:
        e = read(program, symbol, source, examples, *experiment.batch_sizes)
    except FormulaError as error:
        return JudgedFormula(step, error.verdict, str(error), hint, error.expression)
    verdict, sentence, slips = tried(Trial(experiment, program, iteration, symbol, e))
    return JudgedFormula(step, verdict, sentence, hint, e, slips)


@lru_cache(maxsize=4)
def _right_program(network: Network | WrittenNetwork, training: Training) -> Program:
    return program_of(network, training)


def hint_of(step: Step, shapes: Mapping[str, Shape]) -> str:
    """The result has shape 1×3. Use dZ2, A1 and m."""
    signs = [text(Call(call.function, (Name("…"),))) for call in calls(step.expression)]
    made_of = [text(Name(symbol)) for symbol in names(step.expression)]
    parts = list(dict.fromkeys((*made_of, *signs)))
    together = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return f"The result has shape {written(shapes[step.symbol])}. Use {together}."


# Reading


def read(program: Program, symbol: str, source: str, *batches: int) -> Expr:
    """The tree of the formula typed for a step; it must have the step's shape for each batch size.

    Raises FormulaError, with a sentence that says what is wrong.
    """
    step = program.steps[program.index(symbol)]
    if not source.strip():
        raise FormulaError(FormulaVerdict.UNREADABLE, f"type the formula for {symbol}")
    try:
        target, e = _parsed(program.network, source)
    except GrammarError as error:
        raise FormulaError(FormulaVerdict.UNREADABLE, str(error)) from None
    if target not in (None, symbol):
        raise FormulaError(
            FormulaVerdict.NAME, f"this step computes {symbol}, not {short(str(target))}"
        )
    _all_known(program, step, e)
    _not_too_deep(e)
    for examples in batches:
        if (sentence := misfit(e, symbol, program, examples)) is not None:
            other = "" if examples == batches[0] else f"in a batch of {examples}, "
            raise FormulaError(FormulaVerdict.SHAPE, f"{other}{sentence}", e)
        _not_too_large(e, program.shapes(examples))
    return e


def tree(network: Network | WrittenNetwork, source: str) -> Expr:
    """The tree of a formula that `read` has accepted before."""
    return _parsed(network, source)[1]


def _parsed(network: Network | WrittenNetwork, source: str) -> tuple[str | None, Expr]:
    architecture = architecture_of(network)
    own = {**activations_by_layer(network), **architecture.functions}
    target, e = parse_assignment(source, own, architecture.matrices)
    if isinstance(network, Network):
        e = replace(e, {Name(ACTIVATION_0): Name(INPUT)})
    return target, e


def activations_by_layer(network: Network | WrittenNetwork) -> dict[str, str]:
    """The activation that g1, g2, ... stand for, and g where all layers have the same."""
    if isinstance(network, WrittenNetwork):
        return {}
    by_layer = {f"g{layer}": name for layer, name in enumerate(network.activations, 1)}
    single = {"g": network.activations[0]} if len(set(network.activations)) == 1 else {}
    return {**single, **by_layer}


def _all_known(program: Program, step: Step, e: Expr) -> None:
    before = program.index(step.symbol)
    known = {*program.data, *program.kept, *(s.symbol for s in program.steps[:before])}
    for part in walk(e):
        if isinstance(part, Cell):
            said = f"a step works on whole matrices: write {part.symbol}, not {text(part)}"
            raise FormulaError(FormulaVerdict.NAME, said)
    for symbol in names(e):
        if symbol not in known and symbol not in program.constants:
            raise FormulaError(FormulaVerdict.NAME, _not_known(program, symbol, step, known))


def _not_known(program: Program, symbol: str, step: Step, known: set[str]) -> str:
    if symbol == step.symbol:
        return f"{symbol} is the result: its formula cannot use it"
    if symbol in program.positions:
        at, own = program.index(symbol) + 1, program.index(step.symbol) + 1
        return f"{symbol} is not computed yet: that is step {at}, and this is step {own}"
    if symbol == OBJECTIVE:
        return f"there is no {OBJECTIVE} here: a batch of one example has only {LOSS}"
    meant = nearest(symbol, (*known, *program.constants))
    return f"there is no “{short(symbol)}” here" + (f". Did you mean {meant}?" if meant else "")


def _not_too_deep(e: Expr) -> None:
    if sum(1 for _ in walk(e)) > MOST_PARTS:
        raise FormulaError(
            FormulaVerdict.UNREADABLE, f"the formula has more than {MOST_PARTS} parts"
        )
    if _nested(e) > DEEPEST:
        said = f"more than {DEEPEST} nested functions"
        raise FormulaError(FormulaVerdict.UNREADABLE, said)


def _nested(e: Expr) -> int:
    """How many activations and derivatives stand within each other."""
    defined = isinstance(e, Call) and e.function not in PRIMITIVES
    return defined + max(map(_nested, children(e)), default=0)


def _not_too_large(e: Expr, shapes: Mapping[str, Shape]) -> None:
    most = max(LARGEST, 10 * max(map(prod, shapes.values())))
    for part in walk(e):
        if prod(shape(part, shapes)) > most:
            said = f"{short(text(part))} is {written(shape(part, shapes))}: too large to compute"
            raise FormulaError(FormulaVerdict.UNREADABLE, said)
