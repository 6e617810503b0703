"""The field into which an answer is typed.

The keys up and down write bigger and smaller; space in an empty field shows the answer.
"""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from backprop_tui.tui.panels.prompt import Prompt

TRENDS = {"up": "↑", "down": "↓"}
HINT = "?"
"""What is typed to ask for a hint."""


class Answer(Input):
    """A field in which up, down and space have another meaning while it is empty."""

    async def on_key(self, event: events.Key) -> None:
        if self.value:
            return
        if event.key in TRENDS:
            self.value, self.cursor_position = TRENDS[event.key], 1
        elif event.key == "space":
            await self.run_action("screen.next")
        else:
            return
        event.stop()
        event.prevent_default()


class AnswerField(Prompt):
    """The prompt that is shown while a question is answered by typing."""

    class Answered(Prompt.Answered):
        """An answer was sent."""

    class Left(Prompt.Left):
        """The field was left; what was typed stays in it."""

    def field(self) -> Input:
        return Answer(compact=True)

    def open(self, what: str, hint: str, keep: bool, typed: str = "") -> None:
        """Open the field; what was typed before stays if `keep`."""
        typed = self.query_one(Input).value if keep else typed
        self.ask(what, hint)
        field = self.query_one(Input)
        field.value = typed
        field.cursor_position = len(typed)

    def empty(self) -> None:
        self.query_one(Input).value = ""

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value == HINT:
            self.empty()
            self.post_message(self.Answered(self, HINT))
