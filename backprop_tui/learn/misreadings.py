"""Mistakes that are made in a single number: only for diagnosis, and no run is made with them.

They rewrite a step's expression as those of the catalogue do, and fit any kind of step: what is
left out, taken twice over, or read from the wrong place.
"""

from __future__ import annotations

from backprop_tui.learn.mistakes import Mistake
from backprop_tui.learn.rewrites import (
    activation_for_slope,
    decimal_logarithm,
    mean_taken,
    nothing,
    one_factor,
    one_side,
    other_axis,
    other_layer,
    other_part,
    other_targets,
    slope_for_activation,
    sum_for_difference,
    with_transpose,
    without_activation,
    without_constant,
    without_division,
    without_minus,
    without_square,
)

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
