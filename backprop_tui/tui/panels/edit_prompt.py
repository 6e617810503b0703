"""The line in which a number is edited, over the footer: typed, or nudged up and down.

It reads what is typed as a number and posts the edit that it would be; it changes nothing itself.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from textual import events
from textual.message import Message
from textual.widgets import Input

from backprop_tui.learn.answers import read_number
from backprop_tui.maths.numbers import signed
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Edit
from backprop_tui.run.edits import ALPHA
from backprop_tui.tui.panels.prompt import Prompt

NUDGES = {"up": 1, "down": -1, "shift+up": 10, "shift+down": -10}
FINER = {"tab": -1, "shift+tab": 1}
"""By which power of ten the nudge changes."""
FINEST, COARSEST = -9, 3


class EditPrompt(Prompt):
    """`iteration 3  W1[1,2] = −0.165`, and above it what the loss would become."""

    class Typed(Message):
        """What is typed is this edit."""

        def __init__(self, prompt: EditPrompt, edit: Edit) -> None:
            super().__init__()
            self.prompt, self.edit = prompt, edit

    class Given(Typed):
        """It was sent."""

    power = -2
    """The nudge is a power of ten; what was chosen last stays."""

    def open(self, edit: Edit, hint: str) -> None:
        """Ask for another value of what the edit is of; it has the value that there is."""
        self.edit, self.was, self.hint = edit, edit.value, hint
        self.ask(f"iteration {edit.iteration:,}  {text(edit.of)} =", hint)
        field = self.query_one(Input)
        field.value = written(edit.value)
        field.action_select_all()

    def preview(self, losses: str) -> None:
        """What the loss becomes, and the keys that nudge."""
        step = written(float(Decimal(1).scaleb(self.power)))
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
        """Take over the number that is typed; say so where it is none."""
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
            field.value = written(float(Decimal(repr(self.edit.value)) + by))
            field.cursor_position = len(field.value)


def written(value: float) -> str:
    """A number in full, as it reads back to the bit: 0.5, −0.165."""
    whole = value == int(value) and abs(value) < 1e15
    return signed(str(int(value)) if whole else repr(value))
