"""The algorithm with a mistake in it: where a mistake fits, and the program it makes.

A program with a mistake is a program like any other: its values, trace, compiled loop and gradient
check come from the rewritten steps. A mistake is made wherever the right shape still comes out, and
nowhere else. Nothing is known of screens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backprop_tui.engine.algebra import Expr, names
from backprop_tui.engine.algebra import replace as replace_parts
from backprop_tui.engine.experiment import Network, Training
from backprop_tui.engine.mistakes import CATALOGUE, Mistake
from backprop_tui.engine.notation import text
from backprop_tui.engine.program import Program, Step, W, dA
from backprop_tui.engine.shapes import ShapeMismatch, shape

if TYPE_CHECKING:
    from backprop_tui.engine.timeline import Iteration

ROUNDING = 1e-12
"""Results this close, for the size of their matrix, are the same: an order of adding differs."""


@dataclass(frozen=True)
class Slip:
    """A mistake made in one step: `wrong` instead of `right`, which is as the step is taught."""

    mistake: Mistake
    step: Step
    right: Expr
    wrong: Expr

    @property
    def sentence(self) -> str:
        """For the learner: `dZ2 is A2 − Y, not Y − A2`."""
        return f"{self.step.symbol} is {text(self.right)}, not {text(self.wrong)}"


def mistaken(network: Network, training: Training) -> tuple[Step, ...]:
    """The steps of an iteration, with the mistake that `training` names made wherever it fits.

    Where it fits nowhere, they are the right ones. Raises KeyError for a name that is none.
    """
    if CATALOGUE[training.mistake or ""].early:
        return tuple(_updated_early(_right(network, training).steps))
    made = {slip.step: slip.wrong for slip in applies(network, training)}
    return tuple(
        replace(step, expression=made[step], derivation=None) if step in made else step
        for step in _right(network, training).steps
    )


def applies(network: Network, training: Training) -> tuple[Slip, ...]:
    """Where a run makes the mistake that `training` names: a slip for each step it is made in."""
    mistake = CATALOGUE[training.mistake or ""]
    right = _right(network, training)
    fits = _Fits(right, _sizes(training.batch))
    first: dict[Step, Slip] = {}
    for step in right.steps:
        if mistake.phase == step.phase and mistake.made_at(step):
            for slip in slips(mistake, step, taught(step), right.steps, fits):
                first.setdefault(step, slip)
    return tuple(first.values())


def _right(network: Network, training: Training) -> Program:
    return Program(network, training.with_mistake(None))


def _sizes(batch: int) -> tuple[int, ...]:
    """Sizes of batches that tell for all up to this one: what fits them fits by no coincidence."""
    return tuple(sorted({1, min(2, batch), max(1, batch - 1), batch}))


class _Fits:
    """Whether a step may compute something else: it must come to the same shape."""

    def __init__(self, right: Program, sizes: Iterable[int]) -> None:
        self.shapes = tuple(right.shapes(examples) for examples in sizes)

    def __call__(self, step: Step, e: Expr) -> bool:
        try:
            return all(shape(e, shapes) == shapes[step.symbol] for shapes in self.shapes)
        except (ShapeMismatch, KeyError):  # no such layer
            return False


def slips(
    mistake: Mistake,
    step: Step,
    forms: Iterable[Expr],
    steps: Sequence[Step],
    fits: Callable[[Step, Expr], bool],
) -> Iterator[Slip]:
    """Every way to make that mistake in one step, in each form in which it can be written."""
    for right in forms:
        ways = _through_new_weights(step, right, steps) if mistake.early else mistake.of(right)
        for wrong in ways:
            if wrong != step.expression and fits(step, wrong):
                yield Slip(mistake, step, right, wrong)


def slips_in(program: Program, step: Step, examples: int) -> Iterator[Slip]:
    """Every mistake of the catalogue made in that step alone, in every way that fits."""
    fits = _Fits(program, (examples,))
    for mistake in CATALOGUE.values():
        if mistake.phase == step.phase:
            yield from slips(mistake, step, taught(step), program.steps, fits)


def taught(step: Step) -> tuple[Expr, ...]:
    """A step as it is computed, and as it was derived."""
    return (step.expression, *((step.derivation,) if step.derivation else ()))


# W updated too early


def _weight_updates(steps: Iterable[Step]) -> dict[int, tuple[Step, ...]]:
    """By layer the steps that update its W; an optimizer's running means are among them."""
    updates: dict[int, tuple[Step, ...]] = {}
    for step in steps:
        if step.phase == "update" and step.layer and step.symbol.endswith(W[step.layer].symbol):
            updates[step.layer] = (*updates.get(step.layer, ()), step)
    return updates


def layer_above(step: Step) -> int | None:
    """The layer that a hidden layer's dA comes back through; None for all other steps."""
    above = (step.layer or 0) + 1
    is_back = step.target == dA[above - 1] and W[above].symbol in names(step.expression)
    return above if is_back else None


def _updated_early(steps: tuple[Step, ...]) -> Iterator[Step]:
    updates = _weight_updates(steps)
    above = {layer_above(step) for step in steps}
    moved = {step for layer, early in updates.items() if layer in above for step in early}
    for step in steps:
        yield from updates.get(layer_above(step) or 0, ())
        if step not in moved:
            yield step


def _through_new_weights(step: Step, right: Expr, steps: Iterable[Step]) -> Iterator[Expr]:
    """What dA comes to then, in terms of the W that went forward."""
    above = layer_above(step)
    if above is not None and (early := _weight_updates(steps).get(above)):
        yield replace_parts(right, {early[-1].target: early[-1].expression})


def results_of(program: Program, iteration: Iteration) -> dict[str, Any]:
    """What every step of an iteration gave, by symbol."""
    symbols = (step.symbol for step in program.steps)
    return dict(zip(symbols, iteration.results, strict=True))
