"""Advice where a run is stuck: one sentence on the cause, with the number that shows it.

Each holds of what an epoch has computed; where its condition is not met, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import isfinite

import numpy as np

from backprop_tui.maths.expressions import Call, Name, names
from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import power, signed, significant
from backprop_tui.maths.rules import derivative_of
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.messages import count
from backprop_tui.model.architecture import Step
from backprop_tui.model.classes import are_classes, correct
from backprop_tui.model.network import Network
from backprop_tui.run.iterations import Iteration
from backprop_tui.run.timeline import Timeline

MOST_BATCHES = 64
"""Epochs of more batches are not looked through."""
SATURATED = 1e-3
"""The derivative of a saturated activation is no larger."""
ARRIVES = 1e-3
"""A gradient is lost there only if one of this size comes to it."""
FLAT = 1e-7
"""At the minimum every gradient is smaller, relative to the largest input."""
CONVEX = {("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")}
"""With these and no hidden layer, a loss without a gradient is at its only minimum."""


def advice(timeline: Timeline, iteration: int) -> str:
    """Why training is stuck, told at the last iteration of an epoch; "" where it is not, or where
    that cannot be told."""
    batches, program = timeline.experiment.batches_per_epoch, timeline.program
    if iteration < 1 or iteration % batches or batches > MOST_BATCHES:
        return ""
    if program.right or program.own or program.cached:
        return ""
    done = [timeline.iteration(k) for k in range(iteration - batches + 1, iteration + 1)]
    if done[-1].number != iteration or done[-1].diverged:
        return ""
    epoch = _Epoch(timeline, done)
    found = (
        *epoch.closed(),
        *epoch.not_separable(),
        *epoch.saturated(),
        *epoch.symmetric(),
    )
    return next(iter(found), "")


@dataclass(frozen=True)
class _Epoch:
    """What one epoch has computed, and what may be wrong with it."""

    timeline: Timeline
    done: Sequence[Iteration]

    def all_of(self, symbol: str) -> Array:
        """A symbol's numbers in every iteration, one after the other."""
        at = self.timeline.program.index(symbol)
        return np.concatenate([iteration.results[at].ravel() for iteration in self.done])

    @cached_property
    def examples(self) -> str:
        """for all 4 examples"""
        n = self.timeline.experiment.data.examples
        return f"for all {n:,} examples" if n > 1 else "for the only example"

    def activations(self, *functions: str) -> Iterator[tuple[Step, Call, str]]:
        """The steps that are one of these functions of another step, and that step."""
        program = self.timeline.program
        for step in program.steps[slice(*program.phase_bounds("forward"))]:
            match step.expression:
                case Call(name, (Name(of),)) if name in functions and of in program.positions:
                    yield step, step.expression, of

    def closed(self) -> Iterator[str]:
        """That a ReLU is closed for every neuron and example, and stops all gradients."""
        program, told = self.timeline.program, []
        for step, call, of in self.activations("relu"):
            if (top := self.all_of(of).max()) <= 0:
                lost = [p for p in self.behind(step.symbol) if self.without_gradient(p)]
                below = "below 0" if top < 0 else "0 or below"
                told.append((len(lost), call, below, lost))
        if told and (most := max(told, key=lambda found: found[0]))[0]:
            _, call, below, lost = most
            of, derivative = text(call.args[0]), text(derivative_of(call))
            said = (
                f"very {of} is {below} {self.examples}, so {derivative} = 0 and no gradient "
                f"reaches {', '.join(lost)}."
            )
            stays = all(map(self.unchanged, set(program.parameters) & set(program.positions)))
            yield f"{self.loss_stays}: e{said}" if stays else f"E{said}"

    @property
    def loss_stays(self) -> str:
        if len(self.done) > 1:
            return "The loss stays as it is"
        return f"{self.timeline.program.objective} stays {significant(self.done[-1].loss)}"

    def behind(self, gate: str) -> list[str]:
        """The parameters that the loss depends on through that step alone."""
        every, other = self._reached(""), self._reached(gate)
        return [p for p in self.timeline.program.parameters if p in every and p not in other]

    def _reached(self, closed: str) -> set[str]:
        """What the objective depends on, but for what it reads through a closed step."""
        program = self.timeline.program
        steps = program.steps[: program.phase_bounds("loss")[1]]
        reads = {step.symbol: names(step.expression) for step in steps}
        found: set[str] = set()
        ahead = [program.objective]
        while ahead:
            symbol = ahead.pop()
            if symbol not in found and symbol != closed:
                found.add(symbol)
                ahead += reads.get(symbol, ())
        return found

    def without_gradient(self, parameter: str) -> bool:
        """Whether its gradient was computed, and is 0 in the whole epoch."""
        gradient = self.gradient_of(parameter)
        return gradient is not None and not self.all_of(gradient.symbol).any()

    def unchanged(self, parameter: str) -> bool:
        first, last = self.done[0].given[parameter], self.done[-1].parameters[parameter]
        return self.without_gradient(parameter) and np.array_equal(first, last)

    def gradient_of(self, symbol: str) -> Step | None:
        program = self.timeline.program
        found = program.gradient_of(symbol)
        return None if found is None else program.steps[program.index(found)]

    def not_separable(self) -> Iterator[str]:
        """That a network without a hidden layer is at its minimum, with wrong predictions."""
        experiment, program = self.timeline.experiment, self.timeline.program
        network, training = experiment.network, experiment.training
        if not isinstance(network, Network) or len(network.layers) != 2 or len(self.done) > 1:
            return
        biased = any(program.beside(program.output, "bias"))
        if training.freeze or training.l2 or not biased:
            return
        if (network.activations[0], network.loss) not in CONVEX:
            return
        (done,), data = self.done, experiment.data
        A = data.columns(done.results[program.index(program.output)])
        Y = data.columns(done.given[program.targets[0]])
        gradients = [s for p in program.parameters if (s := self.gradient_of(p))]
        largest = max(float(np.abs(self.all_of(s.symbol)).max()) for s in gradients)
        inputs = (s for s, role in program.roles.items() if role.kind == "input")
        scale = max(1.0, *(float(np.abs(done.given[s]).max()) for s in inputs))
        if not are_classes(Y) or not largest <= FLAT * scale or not isfinite(done.loss):
            return
        if wrong := int((~correct(A, Y)).sum()):
            at = f"below {_at_most(largest)}" if largest else "0"
            yield (
                f"{program.objective} hardly falls any more ({significant(done.loss)}): every "
                f"gradient is {at}, but {wrong:,} of {count(data.examples, 'prediction')} "
                f"{'is' if wrong == 1 else 'are'} wrong. Without a hidden layer only linearly "
                "separable classes can be told apart, and these are not."
            )

    def saturated(self) -> Iterator[str]:
        """That all derivatives of an activation are so small that they stop a gradient."""
        for step, call, of in self.activations("sigmoid", "tanh"):
            above, here = self.gradient_of(step.symbol), self.gradient_of(of)
            derivative = derivative_of(call)
            if above is None or here is None or here.expression != above.target * derivative:
                continue
            most = float(value(derivative, {of: self.all_of(of)}).max())
            if most <= SATURATED and np.abs(self.all_of(above.symbol)).max() >= ARRIVES:
                bound = _at_most(most)
                yield (
                    f"{step.symbol} is saturated: every {text(derivative)} is at most {bound} "
                    f"{self.examples}, so {here.symbol} is at most {bound} times {above.symbol}."
                )

    def symmetric(self) -> Iterator[str]:
        """That the neurons of a hidden layer are equal, with wrong predictions."""
        program, data = self.timeline.program, self.timeline.experiment.data
        for layer, behind in pairwise(program.layers):
            own = [(p, 1 - program.axis) for p in (layer.weight, layer.bias)]
            parts = [(p, k) for p, k in own if p in program.parameters]
            parts.append((behind.weight, program.axis))
            if layer.neurons == 1 or not all(self.equal(p, along) for p, along in parts):
                continue
            at, of = program.index(program.output), program.targets[0]
            A = np.hstack([data.columns(done.results[at]) for done in self.done])
            Y = np.hstack([data.columns(done.given[of]) for done in self.done])
            wrong = int((~correct(A, Y)).sum())
            if are_classes(Y) and wrong and data.examples > 1:
                yield (
                    f"All {layer.neurons} neurons of layer {layer.number} are equal: with the same "
                    "weights they get the same gradients, so they do the work of one. "
                    f"{wrong:,} of {data.examples:,} predictions {'is' if wrong == 1 else 'are'} "
                    "wrong."
                )

    def equal(self, parameter: str, axis: int) -> bool:
        """Whether a parameter's numbers are equal along an axis in every iteration."""
        every = (done.given[parameter] for done in self.done)
        return all(np.allclose(x, x.take([0], axis), rtol=1e-9, atol=0) for x in every)


def _at_most(number: float) -> str:
    """A small number to two digits, rounded up; 0 is what rounding leaves."""
    return signed(power(f"{max(number, 1e-15) * 1.05:.1e}"))
