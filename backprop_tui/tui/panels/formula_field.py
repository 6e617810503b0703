"""The field into which a formula is typed."""

from __future__ import annotations

from backprop_tui.tui.panels.prompt import Prompt

HINT = "@ matrix product   * by element   .T   g1'(Z1)   sum(…, axis=1, keepdims=True)"
"""How the operations of a formula are typed, in 80 columns."""


class FormulaField(Prompt):
    """A prompt for a formula: dW2 = ..."""

    class Answered(Prompt.Answered):
        """A formula was typed and sent."""

    class Left(Prompt.Left):
        """The field was left."""
