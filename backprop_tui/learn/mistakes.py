"""The mistakes that people make with backpropagation: each rewrites the expression of a step.

MISTAKES has them all: each finds the mistake behind a learner's number, array or formula. A run can
be made with those of CATALOGUE: such a program is a program like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from backprop_tui.learn import rewrites
from backprop_tui.maths.expressions import Expr, names
from backprop_tui.maths.shapes import ShapeMismatch, shape
from backprop_tui.maths.writing import text
from backprop_tui.model.algorithm import forward_pass
from backprop_tui.model.architecture import Phase, Step
from backprop_tui.model.backward import collapsed
from backprop_tui.model.program import Program

ROUNDING = 1e-12
"""Numbers this close, relative to the largest of their matrix, are the same up to rounding."""


@dataclass(frozen=True)
class Mistake:
    """One kind of mistake.

    A run makes it in the steps of its phase wherever the wrong expression has the right shape. A
    single number is compared with it in any phase.
    """

    name: str
    how: str
    """It ends the sentence "This is what you get ...": without the bias."""
    sentence: str
    phase: Phase | None
    """The phase in which a run makes it; None for a mistake in a single number."""
    change: rewrites.Change = lambda e, program: ()
    """It yields what may stand in place of a part of a step's expression."""
    whole: bool = False
    """Whether it changes the whole expression, and none of its parts."""
    of_step: rewrites.StepChange | None = None
    """It yields what may stand in place of a step's expression, where that needs the step."""
    made_at: Callable[[Step, Program], bool] = lambda step, program: True
    """In which steps of its phase a run makes it."""
    early: bool = False
    """Whether it changes the order of the steps: W is updated before the layer below has dA."""
    anywhere: str = ""
    """The sentence for a network without layers, where `sentence` speaks of Z, A or W."""

    @property
    def of_a_number(self) -> Mistake:
        """The same in a number or formula of another phase, where its sentence may not be true."""
        said = f"This is what you get {self.how}."
        return Mistake(self.name, self.how, said, None, self.change, self.whole, self.of_step)

    def told(self, program: Program) -> str:
        """The sentence, true of that program."""
        return self.sentence if program.layers else self.anywhere or self.sentence

    def of(self, step: Step, e: Expr, program: Program) -> Iterable[Expr]:
        """`e`, a form of a step, with this mistake, in every way in which it can be made."""
        if self.of_step is not None:
            return self.of_step(step, e, program)
        if self.whole:
            return self.change(e, program)
        return rewrites.variants(e, lambda part: self.change(part, program))

    @lru_cache(maxsize=64)  # noqa: B019 (each is there as long as the program)
    def steps(self, right: Program) -> tuple[Step, ...]:
        """The steps of a right program with this mistake made wherever it fits."""
        if self.early:
            return tuple(rewrites.updated_early(right))
        made = {slip.step.symbol: slip.wrong for slip in self.slips(right)}
        steps: list[Step] = []
        for step in right.steps:
            if step.symbol in made:
                step = replace(step, expression=made[step.symbol], derivation=None)
            elif step.derivation and any(
                right.roles[s].of for s in names(step.derivation) if s in made
            ):
                step = _collapsed_again(step, right, steps)
            steps.append(step)
        return tuple(steps)

    @lru_cache(maxsize=64)  # noqa: B019
    def slips(self, right: Program) -> tuple[Slip, ...]:
        """The steps in which a run of a right program makes it, and how: one slip for each.

        It is made in what the rules give, before anything collapses: where dA2 is wrong, dZ2, which
        is derived from it, is not made wrong a second time.
        """
        fits = _Fits(right, _sizes(right.training.batch))
        made = (
            next(slips(self, step, (step.expression,), right, fits), None)
            for step in (_as_derived(s) for s in right.steps if s.phase == self.phase)
            if self.made_at(step, right)
        )
        return tuple(filter(None, made))


def _as_derived(step: Step) -> Step:
    """A step as the rules give it, before it collapses."""
    return replace(step, expression=step.derivation or step.expression, derivation=None)


def _collapsed_again(step: Step, right: Program, before: Iterable[Step]) -> Step:
    """A step that collapses, derived again from the wrong steps before it."""
    made = {other.role.of: other for other in before if other.role.of}
    return collapsed(_as_derived(step), forward_pass(right.architecture, right.training), made)


@dataclass(frozen=True)
class Slip:
    """A mistake made in one step: the expression `wrong` instead of `right`."""

    mistake: Mistake
    step: Step
    right: Expr
    wrong: Expr

    @property
    def sentence(self) -> str:
        """dZ2 is A2 − Y, not Y − A2"""
        return f"{self.step.symbol} is {text(self.right)}, not {text(self.wrong)}"

    @property
    def of_run(self) -> str:
        """This run uses Y / A2 − (1 − Y) / (1 − A2). Correct is (1 − Y) / (1 − A2) − Y / A2."""
        old = f"the old {names(self.right)[0]}: " if self.mistake.early else ""
        return f"This run uses {text(self.wrong)}. Correct is {old}{text(self.right)}."


def slips_of(program: Program) -> tuple[Slip, ...]:
    """The steps in which a program makes its mistake, and how; none where it has none."""
    if program.right is None or not isinstance(program.mistake, Mistake):
        return ()
    return program.mistake.slips(program.right)


def slips_in(program: Program, step: Step, examples: int) -> Iterator[Slip]:
    """Every mistake in one step, in every way that fits that many examples, and reads nothing that
    is computed later or in an earlier iteration."""
    fits, before = _Fits(program, (examples,)), program.steps[: program.index(step.symbol)]
    known = {*program.data, *program.kept, *program.constants, *(s.symbol for s in before)}
    if step.phase != "update":
        known.discard(step.symbol)
    for slip in every_slip(program, step.symbol):
        if known.issuperset(names(slip.wrong)) and fits(slip.step, slip.wrong):
            yield slip


@lru_cache(maxsize=64)
def every_slip(program: Program, symbol: str) -> tuple[Slip, ...]:
    """Every mistake in one step, in every way, whatever its shape; the likeliest first, no two that
    write the same."""
    step, forms = program.steps[program.index(symbol)], forms_of(program, symbol)
    found: dict[Expr, Slip] = {}
    for mistake in MISTAKES.values():
        made = mistake if mistake.phase in (None, step.phase) else mistake.of_a_number
        for slip in slips(made, step, forms, program, lambda _, e: e not in forms):
            found.setdefault(slip.wrong, slip)
    return tuple(found.values())


def forms_of(program: Program, symbol: str) -> tuple[Expr, ...]:
    """The forms of a step that can go wrong: as it is taught, what it was derived from, and both
    with the values of the forward pass: σ′(Z1) is A1 ∘ (1 − A1); softmax without its shift."""
    step = program.steps[program.index(symbol)]
    lowered = program.lowered_of(step)
    forms = [*taught(step), lowered, rewrites.without_shift(lowered)]
    if (collapsed := program.collapsed_from(step)) is not None:
        forms.append(collapsed)
    return tuple(dict.fromkeys(forms))


def slips(
    mistake: Mistake,
    step: Step,
    forms: Iterable[Expr],
    program: Program,
    fits: Callable[[Step, Expr], bool],
) -> Iterator[Slip]:
    """Every way to make a mistake in one step that `fits`, in each of the `forms` of the step."""
    for right in forms:
        for wrong in mistake.of(step, right, program):
            if wrong != step.expression and fits(step, wrong):
                yield Slip(mistake, step, right, wrong)


def taught(step: Step) -> tuple[Expr, ...]:
    """The forms of a step: its expression, and what that was derived from, if it collapsed."""
    return (step.expression, *((step.derivation,) if step.derivation else ()))


def _sizes(batch: int) -> tuple[int, ...]:
    """Batch sizes whose shapes differ wherever those of any size up to `batch` do."""
    return tuple(sorted({1, min(2, batch), max(1, batch - 1), batch}))


class _Fits:
    """Whether another expression has the shape of a step, for each of some batch sizes."""

    def __init__(self, right: Program, sizes: Iterable[int]) -> None:
        self.shapes = tuple(right.shapes(examples) for examples in sizes)

    def __call__(self, step: Step, e: Expr) -> bool:
        try:
            return all(shape(e, shapes) == shapes[step.symbol] for shapes in self.shapes)
        except (ShapeMismatch, KeyError):  # no such symbol
            return False


# The catalogue


def _meets_targets(step: Step, program: Program) -> bool:
    return not set(program.of_kind("target")).isdisjoint(names(step.expression))


CATALOGUE: dict[str, Mistake] = {
    mistake.name: mistake
    for mistake in (
        Mistake(
            "transpose-forgotten",
            "without the ᵀ",
            "The ᵀ is missing: rows and columns of a matrix are swapped.",
            "backward",
            rewrites.without_transpose,
        ),
        Mistake(
            "transpose-misplaced",
            "with the wrong ᵀ",
            "The ᵀ is at the wrong one of the two matrices.",
            "backward",
            rewrites.transpose_of_the_other,
        ),
        Mistake(
            "rows-and-columns-swapped",
            "with row and column swapped",
            "Row and column are swapped: the number for [i,j] is at [j,i].",
            "backward",
            rewrites.transposed,
            whole=True,
        ),
        Mistake(
            "sign-flipped",
            "with the sign flipped",
            "The sign is flipped: this is minus the gradient.",
            "backward",
            rewrites.sign_flipped,
            whole=True,
            made_at=_meets_targets,
        ),
        Mistake(
            "derivative-left-out",
            "without multiplying by g′",
            "The activation's derivative is left out: dZ is a copy of dA.",
            "backward",
            rewrites.without_derivative,
            anywhere="The activation's derivative is left out.",
        ),
        Mistake(
            "gate-skipped",
            "without ReLU's derivative",
            "ReLU's derivative is left out: where Z < 0, the gradient is not reduced.",
            "backward",
            rewrites.without_gate,
            anywhere="ReLU's derivative is left out.",
        ),
        Mistake(
            "derivative-at-a",
            "with g′(A) instead of g′(Z)",
            "The activation's derivative is computed at A; it must be computed at Z.",
            "backward",
            rewrites.derivative_at_a,
            anywhere="The activation's derivative is computed at its result, not at its input.",
        ),
        Mistake(
            "one-path",
            "from one path only",
            "Only one of several paths is used: their contributions must be added.",
            "backward",
            of_step=rewrites.one_path,
        ),
        Mistake(
            "sum-forgotten",
            "without the sum",
            "A sum is left out: only one of its terms is used.",
            "backward",
            rewrites.without_sum,
        ),
        Mistake(
            "element-by-element",
            "element by element",
            "A matrix product is computed element by element.",
            "backward",
            rewrites.element_by_element,
        ),
        Mistake(
            "matrix-product",
            "with a matrix product",
            "An element-by-element product is computed as a matrix product.",
            "backward",
            rewrites.matrix_product,
        ),
        Mistake(
            "bias-forgotten",
            "without the bias",
            "The bias is missing: Z is only the product of W and A.",
            "forward",
            rewrites.without_bias,
            anywhere="The bias is missing.",
        ),
        Mistake(
            "mean-forgotten",
            "without 1/m",
            "1/m is missing: the gradients of all examples are added, but not averaged.",
            "backward",
            rewrites.without_mean,
            anywhere="1/m is missing: a mean is a sum, divided by m.",
        ),
        Mistake(
            "penalty-forgotten",
            "without the penalty",
            "The penalty is missing: dW is the gradient of the losses only, not of J.",
            "backward",
            of_step=rewrites.without_penalty,
            anywhere="The penalty is missing: this is the gradient of the losses only.",
        ),
        Mistake(
            "wrong-layer-a",
            "with another layer's A",
            "The A of a neighbouring layer is used.",
            "backward",
            rewrites.of_another_layer("activation"),
        ),
        Mistake(
            "wrong-layer-w",
            "with another layer's W",
            "The W of a neighbouring layer is used.",
            "backward",
            rewrites.of_another_layer("weight"),
            anywhere="The weights of a neighbouring layer are used.",
        ),
        Mistake(
            "updated-weights",
            "with weights updated too early",
            "W is updated too early: dA, which needs the old W, is computed with the new W.",
            "backward",
            of_step=rewrites.through_new_weights,
            early=True,
            anywhere="Parameters are updated too early: a gradient that needs the old ones is "
            "computed with the new ones.",
        ),
        Mistake(
            "gradient-accumulated",
            "with the last gradient added",
            "Gradients are not reset to zero: those of earlier iterations are added.",
            "backward",
            of_step=rewrites.accumulated,
        ),
        Mistake(
            "learning-rate-forgotten",
            "without the learning rate",
            "The learning rate is missing: the whole gradient is subtracted.",
            "update",
            rewrites.without_learning_rate,
        ),
        Mistake(
            "update-added",
            "added, not subtracted",
            "The gradient is added, but it must be subtracted.",
            "update",
            rewrites.update_added,
            whole=True,
        ),
    )
}
"""The mistakes that a run can be made with, by name."""
FORMER_NAMES = {"slope-left-out": "derivative-left-out", "slope-at-a": "derivative-at-a"}
"""The names that version 0.1.0 gave to mistakes, with those of today: files and codes have them."""


def present_name(name: Any) -> Any:
    """Today's name of a mistake, for a former one; anything else as it is."""
    return FORMER_NAMES.get(name, name) if isinstance(name, str) else name


WHOLE = (
    rewrites.other_targets,
    rewrites.without_exp,
    rewrites.z_for_a,
    rewrites.da_for_dz,
)
MISTAKES: dict[str, Mistake] = CATALOGUE | {
    name: Mistake(name, how, "", None, change, whole=change in WHOLE).of_a_number
    for name, how, change in (
        ("activation-left-out", "without the activation", rewrites.without_activation),
        (
            "derivative-for-activation",
            "with the activation's derivative",
            rewrites.derivative_for_activation,
        ),
        ("activation-for-derivative", "with g instead of g′", rewrites.activation_for_derivative),
        ("other-derivative", "with another function's derivative", rewrites.other_derivative),
        ("softmax-diagonal", "with only softmax's diagonal", rewrites.softmax_diagonal),
        ("one-factor", "from only one of the factors", rewrites.one_factor),
        ("one-side", "from one side only", rewrites.one_side),
        ("sign-of-a-term", "with the sign of a term flipped", rewrites.sign_of_a_term),
        ("minus-forgotten", "without the minus sign", rewrites.without_minus),
        ("other-targets", "with Y and 1 − Y swapped", rewrites.other_targets),
        ("exp-forgotten", "without exp", rewrites.without_exp),
        ("constant-forgotten", "without the constant factor", rewrites.without_constant),
        ("square-forgotten", "without the square", rewrites.without_square),
        ("division-forgotten", "without the division", rewrites.without_division),
        ("decimal-logarithm", "with the logarithm to base 10", rewrites.decimal_logarithm),
        ("penalty-not-divided", "with an L2 penalty without 1/m", rewrites.penalty_not_divided),
        ("mean-taken", "with a mean instead of a sum", rewrites.mean_taken),
        ("other-axis", "summed over the wrong axis", rewrites.other_axis),
        ("both-axes", "summed over both axes", rewrites.both_axes),
        ("transpose-added", "with one ᵀ too many", rewrites.with_transpose),
        ("z-for-a", "with Z instead of A", rewrites.z_for_a),
        ("da-for-dz", "with dA instead of dZ", rewrites.da_for_dz),
        ("other-layer", "with the wrong layer or step", rewrites.other_layer),
    )
}
"""Every mistake, by name, the likeliest first. Those without a phase are made in a learner's number
or formula, never in a run."""
MISTAKES |= {
    mistake.name: mistake
    for mistake in (
        Mistake(
            "derivative-twice",
            "with g′ once more",
            "The activation's derivative is multiplied in twice: it is in this formula already.",
            None,
            of_step=rewrites.derivative_once_more,
        ),
        Mistake(
            "path-forgotten",
            "without one of the paths",
            "One of several paths is left out: their contributions must be added.",
            None,
            of_step=rewrites.without_a_path,
        ),
    )
}
ONE_PATH = CATALOGUE["one-path"]
ONE_TERM = Mistake(
    "one-term",
    "from one term only",
    "Only one term of a sum is used: all of them must be added.",
    None,
)
"""Made in the terms that one number is the sum of, which `diagnosis` finds."""
