"""The field that a formula is typed into: a prompt whose answers are its own kind of message.

What is typed is posted as it is; what it is worth is not known here.
"""

from __future__ import annotations

from backprop_tui.tui.panels.prompt import Prompt

HINT = "@ matrix product   * by element   .T   g1'(Z1)   sum(…, axis=1, keepdims=True)"
"""How what a formula needs is typed, in 80 columns."""


class FormulaField(Prompt):
    """dW2 = ..."""

    class Answered(Prompt.Answered):
        """A formula was typed and sent."""

    class Left(Prompt.Left):
        """The field was left."""
