"""Plausible mistakes: each rewrites the expression of a step, and everything else follows.

The catalogue holds those that a run can be made with; a program with a mistake is a program like
any other, and its values, trace, compiled loop and gradient check come from the rewritten steps.
A mistake is made wherever the right shape still comes out, and nowhere else. The same rewrites tell
which mistake a learner's number or formula comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from backprop_tui.learn.rewrites import (
    Change,
    activation_for_slope,
    added,
    decimal_logarithm,
    element_by_element,
    matrix_product,
    mean_taken,
    nothing,
    of_another_layer,
    one_factor,
    one_side,
    opposite,
    other_axis,
    other_layer,
    other_part,
    other_targets,
    slope_at_a,
    slope_for_activation,
    sum_for_difference,
    through_new_weights,
    transpose_of_the_other,
    turned,
    updated_early,
    variants,
    with_transpose,
    without_activation,
    without_bias,
    without_constant,
    without_division,
    without_gate,
    without_learning_rate,
    without_mean,
    without_minus,
    without_slope,
    without_square,
    without_transpose,
)
from backprop_tui.maths.expressions import Expr, names
from backprop_tui.maths.shapes import ShapeMismatch, shape
from backprop_tui.maths.writing import text
from backprop_tui.model.layers import TARGET
from backprop_tui.model.program import Phase, Program, Step

ROUNDING = 1e-12
"""Results this close, for the size of their matrix, are the same: an order of adding differs."""


@dataclass(frozen=True)
class Mistake:
    """One kind of mistake; `how` ends the sentence "this is what you get ...".

    `change` is applied to each part of a step's expression in turn, or to all of it where `whole`
    is set; of the steps of `phase`, a run makes it in those where `made_at` holds; what one step
    makes of another's mistake follows by itself. A single number can be wrong so in any phase."""

    name: str
    how: str
    sentence: str
    phase: Phase | None
    """Where a run makes it; None for one that only a single number is explained by."""
    change: Change
    whole: bool = False
    made_at: Callable[[Step], bool] = lambda step: True
    early: bool = False
    """Made by the order of the steps: a layer's W changes before the layer below has its dA."""

    def of(self, e: Expr, program: Program) -> Iterable[Expr]:
        """`e` with this mistake in it, in every way in which it can be made."""
        if self.whole:
            return self.change(e, program)
        return variants(e, lambda part: self.change(part, program))

    def steps(self, right: Program) -> tuple[Step, ...]:
        """The steps of that program with the mistake made wherever it fits."""
        if self.early:
            return tuple(updated_early(right))
        made = {slip.step: slip.wrong for slip in self.slips(right)}
        return tuple(
            replace(step, expression=made[step], derivation=None) if step in made else step
            for step in right.steps
        )

    def slips(self, right: Program) -> tuple[Slip, ...]:
        """Where a run of that program makes it: a slip for each step it is made in."""
        fits = _Fits(right, _sizes(right.training.batch))
        first: dict[Step, Slip] = {}
        for step in right.steps:
            if self.phase == step.phase and self.made_at(step):
                for slip in slips(self, step, taught(step), right, fits):
                    first.setdefault(step, slip)
        return tuple(first.values())


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


def slips_of(program: Program) -> tuple[Slip, ...]:
    """Where a program makes its mistake; none where it has none."""
    if program.right is None or not isinstance(program.mistake, Mistake):
        return ()
    return program.mistake.slips(program.right)


def slips_in(program: Program, step: Step, examples: int) -> Iterator[Slip]:
    """Every mistake of the catalogue made in that step alone, in every way that fits."""
    fits = _Fits(program, (examples,))
    for mistake in CATALOGUE.values():
        if mistake.phase == step.phase:
            yield from slips(mistake, step, taught(step), program, fits)


def slips(
    mistake: Mistake,
    step: Step,
    forms: Iterable[Expr],
    program: Program,
    fits: Callable[[Step, Expr], bool],
) -> Iterator[Slip]:
    """Every way to make that mistake in one step, in each form in which it can be written."""
    for right in forms:
        if mistake.early:
            ways = through_new_weights(step, right, program)
        else:
            ways = iter(mistake.of(right, program))
        for wrong in ways:
            if wrong != step.expression and fits(step, wrong):
                yield Slip(mistake, step, right, wrong)


def taught(step: Step) -> tuple[Expr, ...]:
    """A step as it is computed, and as it was derived."""
    return (step.expression, *((step.derivation,) if step.derivation else ()))


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
        except (ShapeMismatch, KeyError):  # no such symbol
            return False


# The catalogue


def _meets_targets(step: Step) -> bool:
    return TARGET in names(step.expression)


CATALOGUE: dict[str, Mistake] = {
    mistake.name: mistake
    for mistake in (
        Mistake(
            "transpose-forgotten",
            "without the ᵀ",
            "The ᵀ is forgotten: rows are read where columns should be.",
            "backward",
            without_transpose,
        ),
        Mistake(
            "transpose-misplaced",
            "with the ᵀ misplaced",
            "The ᵀ stands at the wrong one of the two matrices.",
            "backward",
            transpose_of_the_other,
        ),
        Mistake(
            "rows-and-columns-swapped",
            "with row and column swapped",
            "Row and column are swapped: the number for [i,j] stands at [j,i].",
            "backward",
            turned,
            whole=True,
        ),
        Mistake(
            "sign-flipped",
            "with the sign flipped",
            "The sign is flipped: target minus prediction, where it is prediction minus target.",
            "backward",
            opposite,
            whole=True,
            made_at=_meets_targets,
        ),
        Mistake(
            "slope-left-out",
            "with the slope left out",
            "The activation's slope is left out: dZ is a copy of dA.",
            "backward",
            without_slope,
        ),
        Mistake(
            "gate-skipped",
            "without the gate of ReLU",
            "The gate of ReLU is left out: what it stopped going forward comes back all the same.",
            "backward",
            without_gate,
        ),
        Mistake(
            "slope-at-a",
            "with the slope at A, not Z",
            "The activation's slope is taken at A, where it is the slope at Z.",
            "backward",
            slope_at_a,
        ),
        Mistake(
            "element-by-element",
            "element by element",
            "A matrix product is taken element by element.",
            "backward",
            element_by_element,
        ),
        Mistake(
            "matrix-product",
            "with a matrix product",
            "A product element by element is taken as a matrix product.",
            "backward",
            matrix_product,
        ),
        Mistake(
            "bias-forgotten",
            "without the bias",
            "The bias is forgotten: Z is W times A alone.",
            "forward",
            without_bias,
        ),
        Mistake(
            "mean-forgotten",
            "without 1/m",
            "1/m is forgotten: the slopes of all examples are added up, and no mean is taken.",
            "backward",
            without_mean,
        ),
        Mistake(
            "wrong-layer-a",
            "with another layer's A",
            "The A of a neighbouring layer is used.",
            "backward",
            of_another_layer("activation"),
        ),
        Mistake(
            "wrong-layer-w",
            "with another layer's W",
            "The W of a neighbouring layer is used.",
            "backward",
            of_another_layer("weight"),
        ),
        Mistake(
            "updated-weights",
            "through the W updated too early",
            "W is updated too early: the layer below gets its dA through the new W.",
            "backward",
            nothing,
            early=True,
        ),
        Mistake(
            "learning-rate-forgotten",
            "without the learning rate",
            "The learning rate is forgotten: the step is as long as the slope.",
            "update",
            without_learning_rate,
        ),
        Mistake(
            "update-added",
            "added, not subtracted",
            "The slope is added, where it is subtracted: the loss is climbed.",
            "update",
            added,
            whole=True,
        ),
    )
}
"""The mistakes that a run can be made with, by name."""
MISREADINGS: dict[str, Mistake] = {
    name: Mistake(name, how, f"What one gets {how}.", None, change, whole=whole)
    for name, how, change, whole in (
        ("activation-left-out", "without the activation", without_activation, False),
        ("slope-for-activation", "with the activation's slope", slope_for_activation, False),
        (
            "activation-for-slope",
            "with g itself, not g′",
            activation_for_slope,
            False,
        ),
        ("one-factor", "from only one of the factors", one_factor, False),
        ("one-side", "from one side only", one_side, False),
        ("sum-for-difference", "added, not subtracted", sum_for_difference, False),
        ("minus-forgotten", "without the minus sign", without_minus, False),
        ("other-targets", "with Y and 1 − Y swapped", other_targets, True),
        ("constant-forgotten", "without the constant factor", without_constant, False),
        ("square-forgotten", "without the square", without_square, False),
        ("division-forgotten", "without the division", without_division, False),
        ("decimal-logarithm", "with the logarithm to base 10", decimal_logarithm, False),
        ("mean-taken", "with a mean, where a sum is taken", mean_taken, True),
        ("other-axis", "summed over the wrong axis", other_axis, False),
        ("transpose-added", "with a ᵀ too many", with_transpose, False),
        ("z-for-a", "with Z, where A is read", other_part("activation", "affine", "value"), False),
        (
            "da-for-dz",
            "with dA, where dZ is read",
            other_part("affine", "activation", "gradient"),
            False,
        ),
        ("other-layer", "from a neighbouring layer", other_layer, False),
    )
}
"""The mistakes in a single number, by name, the likeliest first."""


ONE_PATH = Mistake(
    "one-path",
    "from one path only",
    "Only one of several paths is followed: their contributions add up.",
    "backward",
    nothing,
)
ONE_TERM = Mistake(
    "one-term",
    "from one term only",
    "Only one term of a sum is taken: all of them add up.",
    None,
    nothing,
)
"""Made among the terms that one number is the sum of, which are not parts of its expression."""
