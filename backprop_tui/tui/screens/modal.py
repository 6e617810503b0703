"""What opens over the stepper, and is closed once: two keys in one burst are heard by the same one.

Textual closes whatever is on top when it is told to; the second time that would be the stepper.
"""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Result = TypeVar("Result")


class Modal(ModalScreen[Result]):
    """A modal screen that is dismissed no more than once."""

    _dismissed = False

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close it with what was chosen; nothing happens where it is closing already."""
        if self._dismissed or not self.is_current:
            return AwaitComplete()
        self._dismissed = True
        return super().dismiss(result)
