"""No edit is lost: what is not saved is kept against a crash, and offered at the next start.

Where and how it is kept is the engine's; this knows when.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from textual.timer import Timer

from backprop_tui.model.experiment import Experiment
from backprop_tui.tui import lazy
from backprop_tui.tui.screens.keep import Keep
from backprop_tui.tui.serving import served

if TYPE_CHECKING:  # imported when there is something to keep: the start does not wait for it
    from backprop_tui.files.autosave import Autosave, LeftBehind

MOMENT = 1.0
"""Seconds between two looks at whether the position has changed."""
AFTER = 0.2
"""Seconds until what another program left is looked for: the first frame does not wait for it."""


class Guard(Keep):
    """Watches over what is not saved."""

    def __init__(self, experiment: Experiment, decimals: int = 3) -> None:
        super().__init__(experiment, decimals)
        self._autosave: Autosave | None = None
        self._guarded = self.snapshot()  # what was kept last
        self._told = False  # that nothing can be kept
        self._watch_position: Timer | None = None

    def on_mount(self) -> None:
        self.set_timer(AFTER, self._offer_left)

    def on_unmount(self) -> None:
        self._guard_position()  # left by a signal or ctrl+q: the next start goes on right there

    def show(self) -> None:
        super().show()
        if self.timeline.experiment is not self._guarded[0]:
            self.guard()

    def _guard_position(self) -> None:
        if self._autosave is not None and self.snapshot() != self._guarded:
            self.guard()

    def guard(self) -> None:
        """Keep what is not saved, as it is now; where all is saved, nothing is left to be kept."""
        self._guarded = self.snapshot()
        if served(self.app):
            return
        if not (unsaved := self.unsaved()):
            self.nothing_to_lose()
            return
        if self._watch_position is None and self.is_mounted:
            self._watch_position = self.set_interval(MOMENT, self._guard_position)
        self._autosave, why = lazy.autosaved(
            self._autosave, self.timeline, self.position, self.seen(), unsaved
        )
        if why and not self._told:
            self._told = True
            word = f"Edits cannot be kept against a crash ({why}): w saves them."
            self.call_after_refresh(self.say, word)

    def all_is_kept(self) -> None:
        super().all_is_kept()
        self.guard()

    def nothing_to_lose(self) -> None:
        if self._autosave is not None:
            self._autosave.remove()
            self._autosave = None

    def open_instead(self, experiment: Experiment) -> None:
        given_up = self.unsaved() if self._autosave is not None else ""
        name = self.timeline.experiment.name
        if self._autosave is not None:
            self._guard_position()
            self._autosave.leave()
            self._autosave = None
        super().open_instead(experiment)
        if given_up:
            self.say(f"The run of {name} ({given_up} not saved) is offered at the next start.")

    # What another program left behind

    def _offer_left(self) -> None:
        if served(self.app):
            return
        try:
            left = lazy.left_behind()
        except lazy.DamagedError as error:
            self.say(f"{error}.")
            return
        if left is None:
            return
        from backprop_tui.tui.screens.offer import Offer

        def answered(opens: bool | None) -> None:
            if opens:
                self._open_left(left)
            elif opens is False:
                self.say(f"Dropped: {from_home(left.drop())} keeps it.")
            else:
                left.put_back()

        self.app.push_screen(Offer(left.name, left.unsaved), answered)

    def _open_left(self, left: LeftBehind) -> None:
        from backprop_tui.files.experiment_file import ExperimentError

        try:
            experiment = left.opened()
        except ExperimentError as error:
            self.say(f"✗ {from_home(left.set_aside())} keeps it: {error.faults[0]}")
            return
        self.open_instead(experiment)
        self.kept_edits, self.kept_formulas = (), {}
        self.guard()
        left.remove()  # it is this program's by now


def from_home(path: str) -> str:
    """A path as people write it: what is in one's own folder begins with ~."""
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if path.startswith(home + os.sep) else path
