"""What the signs on a sheet mean: each that can occur has its words."""

from backprop_tui.exports.worksheet.legend import CONSTANTS
from backprop_tui.maths.expressions import SCALARS


def test_every_single_number_of_the_notation_is_told() -> None:
    assert CONSTANTS.keys() == SCALARS
