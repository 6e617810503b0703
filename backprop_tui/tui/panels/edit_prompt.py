"""The prompt in which a number is edited: typed, or made larger and smaller with keys."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from textual import events
from textual.message import Message
from textual.widgets import Input

from backprop_tui.learn.answers import read_number
from backprop_tui.maths.numbers import signed
from backprop_tui.maths.writing import text
from backprop_tui.model.saved import ALPHA, Edit
from backprop_tui.tui.paint.numbers import signed
from backprop_tui.tui.panels.prompt import Prompt

NUDGES = {"up": 1, "down": -1, "shift+up": 10, "shift+down": -10}
FINER = {"tab": -1, "shift+tab": 1}
"""By which power of ten each key changes the size of the nudge."""
FINEST, COARSEST = -9, 3


class EditPrompt(Prompt):
    """Asks for a value, `iteration 3  W1[1,2] = −0.165`; above it stands the loss it leads to."""

    class Typed(Message):
        """Another number was typed, which would be this edit."""

        def __init__(self, prompt: EditPrompt, edit: Edit) -> None:
            super().__init__()
            self.prompt, self.edit = prompt, edit

    class Given(Typed):
        """The number was sent."""

    power = -2
    """The power of ten by which keys change the number."""

    def open(self, edit: Edit, hint: str) -> None:
        """Ask for another value in place of the one that the edit holds."""
        self.edit, self.was, self.hint = edit, edit.value, hint
        self.ask(f"iteration {edit.iteration:,}  {text(edit.of)} =", hint)
        field = self.query_one(Input)
        field.value = in_full(edit.value)
        field.action_select_all()

    def preview(self, losses: str) -> None:
        """Say what the loss becomes, and which keys change the number."""
        step = in_full(float(Decimal(1).scaleb(self.power)))
        hint = self.hint if self.edit.of == ALPHA and self.edit.value == self.was else ""
        self.say(f"{losses}   " + (hint or f"↑↓ ±{step}  ⇧↑↓ ×10  tab finer ⇧tab coarser"))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display and self.read():
            self.post_message(self.Typed(self, self.edit))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        event.prevent_default()  # no answer to go to
        if self.read():
            self.post_message(self.Given(self, self.edit))

    def read(self) -> bool:
        """Read the number that is typed, and return whether it is one; say so where it is not."""
        try:
            value = read_number(self.query_one(Input).value)
        except ValueError as error:
            self.say(f"✗ {error}")
            return False
        self.edit = replace(self.edit, value=value)
        return True

    def on_key(self, event: events.Key) -> None:
        if event.key in FINER:
            event.stop()
            self.power = max(FINEST, min(COARSEST, self.power + FINER[event.key]))
            if self.read():
                self.post_message(self.Typed(self, self.edit))
        elif event.key in NUDGES and self.read():
            event.stop()
            by = Decimal(NUDGES[event.key]).scaleb(self.power)
            field = self.query_one(Input)
            field.value = in_full(float(Decimal(repr(self.edit.value)) + by))
            field.cursor_position = len(field.value)


def in_full(value: float) -> str:
    """Write a number in full, so that reading it gives the same bits: 0.5, −0.165."""
    whole = value == int(value) and abs(value) < 1e15
    return signed(str(int(value)) if whole else repr(value))
