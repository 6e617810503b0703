"""A field over the footer: what is asked, what is typed, and what is said about it.

What was typed is posted as it is, and a wrong answer stays so that it can be corrected.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static


class Prompt(Vertical):
    """A line that asks for something; hidden until then."""

    DEFAULT_CSS = """
    Prompt { layer: above; dock: bottom; height: 2; background: $surface; }
    Prompt Horizontal { height: 1; }
    Prompt #said {
        height: 1; width: 1fr; color: $quiet; text-wrap: nowrap; text-overflow: ellipsis;
    }
    Prompt #asked { width: auto; text-style: bold; }
    Prompt Input { width: 1fr; height: 1; border: none; padding: 0; background: $surface; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave")]

    class Answered(Message):
        """An answer was sent."""

        def __init__(self, prompt: Prompt, text: str) -> None:
            super().__init__()
            self.prompt, self.text = prompt, text

    class Left(Message):
        """The prompt was left."""

    def compose(self) -> ComposeResult:
        yield Static(id="said", markup=False)
        with Horizontal():
            yield Static(id="asked", markup=False)
            yield self.field()

    def field(self) -> Input:
        """Return the field for the answer."""
        return Input(compact=True)

    def on_mount(self) -> None:
        self.display = False

    @property
    def typed(self) -> str:
        return self.query_one(Input).value

    def ask(self, what: str, hint: str, typed: str = "") -> None:
        """Show what is asked, examples of answers, and what was typed before."""
        self.query_one("#asked", Static).update(f" {what} ")
        self.say(hint)
        self.display = True
        field = self.query_one(Input)
        field.value = typed
        field.cursor_position = len(typed)
        field.focus()

    def take_focus(self) -> None:
        """Give the keyboard to the field again."""
        self.query_one(Input).focus()

    def say(self, text: str) -> None:
        if self.is_attached:  # a search may have something to say when all is left already
            self.query_one("#said", Static).update(f" {text}")

    def close(self) -> None:
        if self.is_attached:
            self.display = False
            self.screen.set_focus(None)

    async def breathe(self) -> None:
        """Wait until what was said is on the screen and keys are read."""
        await asyncio.sleep(0.001)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Answered(self, event.value))

    def action_leave(self) -> None:
        self.close()
        self.post_message(self.Left())

    def on_key(self, event: events.Key) -> None:
        # These write nothing here, and would move the cursor of the screen.
        if event.key in ("tab", "shift+tab", "up", "down"):
            event.stop()
