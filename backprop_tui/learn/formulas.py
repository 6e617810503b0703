"""A formula that a learner writes for a step, judged: is it right, for whom, and if not, why not?

Every right way of writing it is right: it is tried out, never compared as a text. What is said of
a wrong one names the idea, and the formula itself only to whom missed it twice. Nothing here knows
of screens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from backprop_tui.learn.mistakes import Slip
from backprop_tui.learn.trial import Trial, tried
from backprop_tui.learn.typed import FormulaError, Verdict, read
from backprop_tui.maths.expressions import Call, Expr, Name, names, walk
from backprop_tui.maths.shapes import Shape, written
from backprop_tui.maths.writing import text
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.model.program import Program, Step
from backprop_tui.run.timeline import Iteration, Timeline


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


def judge(
    experiment: Experiment, symbol: str, source: str, iteration: Iteration | None = None
) -> Judgement:
    """What is found of the formula typed for a step, in that iteration; else in the first."""
    if iteration is None:
        iteration = Timeline(experiment).iteration(1)
    training, examples = experiment.training, len(iteration.examples)
    program = _taught(experiment.network, training)
    step = program.steps[program.index(symbol)]
    hint = hint_of(step, program.shapes(examples))
    try:
        e = read(program, symbol, source, examples, *experiment.batch_sizes)
    except FormulaError as error:
        return Judgement(step, error.verdict, str(error), hint, error.expression)
    verdict, sentence, slips = tried(Trial(experiment, program, iteration, symbol, e))
    return Judgement(step, verdict, sentence, hint, e, slips)


@lru_cache(maxsize=4)
def _taught(network: Network, training: Training) -> Program:
    return program_of(network, training)


def hint_of(step: Step, shapes: Mapping[str, Shape]) -> str:
    """It must come out as 1×3, and is made of dZ2, A1 and m."""
    calls = (part for part in walk(step.expression) if isinstance(part, Call))
    signs = [text(Call(call.function, (Name("…"),))) for call in calls]
    made_of = [text(Name(symbol)) for symbol in names(step.expression)]
    parts = list(dict.fromkeys((*made_of, *signs)))
    together = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return f"It must come out as {written(shapes[step.symbol])}, and is made of {together}."


__all__ = ["Judgement", "Verdict", "hint_of", "judge"]
