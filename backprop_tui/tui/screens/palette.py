"""The command palette, which hears keys before its list is there.

Textual's own ends the program when a key asks for a page of a list that is not laid out yet, as in
a burst of `:` and PgDn.
"""

from __future__ import annotations

from contextlib import suppress

from textual.command import CommandPalette
from textual.css.query import NoMatches


class Palette(CommandPalette):
    """Textual's, but where nothing is listed yet, keys that move in the list do nothing."""

    def _action_command_list(self, action: str) -> None:
        with suppress(NoMatches, LookupError):
            super()._action_command_list(action)

    def _action_cursor_down(self) -> None:
        with suppress(NoMatches):
            super()._action_cursor_down()
