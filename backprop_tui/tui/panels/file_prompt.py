"""The prompt that asks for the name of a file."""

from __future__ import annotations

from textual.widgets import Input

from backprop_tui.tui.panels.prompt import Prompt


class FilePrompt(Prompt):
    """A prompt in which a name is proposed."""

    class Answered(Prompt.Answered):
        """A name was sent."""

    class Left(Prompt.Left):
        """The prompt was left without a name."""

    def propose(self, what: str, hint: str, name: str) -> None:
        """Ask, with a proposed name that only has to be sent."""
        self.ask(what, hint)
        field = self.query_one(Input)
        field.value = name
        field.cursor_position = len(name)

    @property
    def typed(self) -> str:
        """What stands in the field."""
        return self.query_one(Input).value
