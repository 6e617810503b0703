"""What if: a number edited, the edits undone and made again, and what they changed shown.

It turns keys into edits of the experiment; what follows from them is the engine's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Edit
from backprop_tui.run.edits import edit_fault, with_edit
from backprop_tui.tui.screens.base import Base

if TYPE_CHECKING:  # imported when something is edited: the start does not wait for it
    from backprop_tui.tui.panels.edit_prompt import EditPrompt

HOW_TO_CHOOSE = "α; to edit another number: esc, then tab or a click"


class WhatIf(Base):
    """The keys that change a number, and take it back."""

    def pause(self) -> None:
        """Stop running."""
        raise NotImplementedError

    # Editing

    async def action_edit(self) -> None:
        from backprop_tui.tui.panels.edit_prompt import EditPrompt

        self.pause()
        edit, chosen = self._in_hand()
        if self.timeline.iteration(edit.iteration).number < edit.iteration:
            self.say(f"The run ends in iteration {edit.iteration - 1:,}: edit it earlier (⌫).")
            return
        if fault := edit_fault(self.timeline.experiment, edit):
            self.say(f"{fault}.")
            return
        if not self.query(EditPrompt):
            await self.mount(EditPrompt(id="edit"))
        prompt = self.query_one(EditPrompt)
        prompt.open(edit, "" if chosen else HOW_TO_CHOOSE)

    def _in_hand(self) -> tuple[Edit, bool]:
        """The number that would be edited, with the value that it has: the explained one, else the
        cell under the cursor, else α; and whether it was chosen."""
        from backprop_tui.explain.what_if import as_it_is

        view, place = self.view, self.inspection.place
        if place is None and (cursor := self.inspection.cursor):
            place = view.place_of(cursor.symbol, cursor.row - 1, cursor.column - 1)
        edit = as_it_is(self.provenance, place, self.position.iteration)
        return edit, place is not None

    def on_edit_prompt_typed(self, message: EditPrompt.Typed) -> None:
        """What the loss becomes, before anything is changed."""
        prompt, edit = message.prompt, message.edit
        if fault := edit_fault(self.timeline.experiment, edit):
            prompt.say(f"✗ {fault}")
            return
        prompt.preview(self._losses(edit))

    def on_edit_prompt_given(self, message: EditPrompt.Given) -> None:
        from backprop_tui.tui.changes import edited

        prompt, edit = message.prompt, message.edit
        experiment = self.timeline.experiment
        if fault := edit_fault(experiment, edit):
            prompt.say(f"✗ {fault}")
            return
        prompt.close()
        if edit.value == prompt.was:
            self.say("Nothing is changed.")
            return
        said = edited(edit, self.decimals)
        losses = self._losses(edit)
        self.past.append(experiment)
        self.future.clear()
        self.retell(with_edit(experiment, edit))
        self.say(f"{said}  {losses}  Δ changed  u undoes it")

    def _losses(self, edit: Edit) -> str:
        """`L 0.666 → 0.641`: the first loss that the edit changes."""
        from backprop_tui.explain.what_if import losses

        iteration, was, now = losses(self.timeline, edit)
        written = f"{self.timeline.program.objective} {number(was, self.decimals)}"
        if was != now:
            written += f" → {number(now, self.decimals)}"
        if iteration != self.position.iteration:
            written += f" in iteration {iteration:,}"
        return written

    # Undone, and made again

    def action_undo(self) -> None:
        now = self.timeline.experiment
        if before := self._swap(self.past, self.future, "undo"):
            self._say_what("Undone", before, now)

    def action_redo(self) -> None:
        now = self.timeline.experiment
        if after := self._swap(self.future, self.past, "redo"):
            self._say_what("Made again", now, after)

    def _swap(
        self, source: list[Experiment], other: list[Experiment], what: str
    ) -> Experiment | None:
        """Go on with the last of `source`; None where there is none."""
        if not source:
            self.say(f"Nothing to {what}.")
            return None
        self.pause()
        other.append(self.timeline.experiment)
        self.retell(source.pop())
        return self.timeline.experiment

    def _say_what(self, done: str, before: Experiment, after: Experiment) -> None:
        from backprop_tui.tui.changes import change

        self.say(f"{done}: {change(before, after, self.decimals)}")
