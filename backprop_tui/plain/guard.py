"""No edit is lost: what is not saved is kept against a crash, and recover opens what was left.

Where and how it is kept is the engine's, as for the screen: each offers what the other left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop_tui.files.experiment_file import ExperimentError
from backprop_tui.plain.keep import Keep
from backprop_tui.plain.run import CannotError

if TYPE_CHECKING:  # imported when there is something to keep
    from backprop_tui.files.autosave import Autosave, LeftBehind


class Guard(Keep):
    """Watches over what is not saved, where somebody sits at a terminal."""

    _autosave: Autosave | None = None
    _left: LeftBehind | None = None
    _complained = False

    def guard(self) -> None:
        """Keep what is not saved, as it is now; where all is saved, nothing is left to be kept."""
        if not (unsaved := self.unsaved()):
            self.nothing_to_lose()
            return
        from backprop_tui.files.autosave import autosaved

        self._autosave, why = autosaved(
            self._autosave, self.timeline, self.position, self.seen(), unsaved
        )
        if why and not self._complained:
            self._complained = True
            self.say(f"Edits cannot be kept against a crash ({why}): save FILE saves them.")

    def nothing_to_lose(self) -> None:
        """What is not saved is given up, or there is nothing."""
        if self._autosave is not None:
            self._autosave.remove()
            self._autosave = None

    def offer(self) -> None:
        """Say what another program left behind, if one did."""
        from backprop_tui.files.autosave import DamagedError, left_behind

        try:
            self._left = left_behind()
        except DamagedError as error:
            self.tell(f"{error}.")
        if self._left is not None:
            left = f"A run of {self._left.name} ({self._left.unsaved} not saved)"
            self.tell(f"{left} was left behind: recover opens it.")

    def do_recover(self, rest: str) -> None:
        left = self._left
        if left is None:
            raise CannotError("Nothing was left behind.")
        if not self.sure("recover", self.would_be_lost()):
            return
        self._left = None
        try:
            experiment = left.opened()
        except ExperimentError as error:
            self.tell(f"It cannot be read, and is kept as {left.set_aside()}: {error.faults[0]}.")
            return
        self.open_instead(experiment)
        self.kept_edits, self.kept_formulas = (), {}
        self.guard()
        left.remove()  # it is this program's by now
