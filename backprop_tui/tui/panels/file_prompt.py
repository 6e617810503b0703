"""The line that asks for the name of a file. It writes none."""

from __future__ import annotations

from textual.widgets import Input

from backprop_tui.tui.panels.prompt import Prompt


class FilePrompt(Prompt):
    """A prompt with a name proposed; its answers are its own, apart from those of other prompts."""

    class Answered(Prompt.Answered):
        """A name was sent."""

    class Left(Prompt.Left):
        """It was left without one."""

    def propose(self, what: str, hint: str, name: str) -> None:
        """Ask, with a name that only has to be sent."""
        self.ask(what, hint)
        field = self.query_one(Input)
        field.value = name
        field.cursor_position = len(name)

    @property
    def typed(self) -> str:
        """What stands in the field."""
        return self.query_one(Input).value
