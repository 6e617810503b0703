"""Keeping a run: how it is seen, w saves it, y shows its code, q says how to come back to it.

What is written where is the engine's; this asks for names, and says what became of them.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from backprop_tui.explain.provenance import Place
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Look
from backprop_tui.run.timeline import Position
from backprop_tui.session.inspection import Inspection
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.themes import THEMES
from backprop_tui.tui.screens.base import Base
from backprop_tui.tui.serving import NOT_SERVED, served

if TYPE_CHECKING:  # imported when something is saved: the start does not wait for it
    from backprop_tui.exports.formats import Format
    from backprop_tui.tui.panels.file_prompt import FilePrompt
    from backprop_tui.tui.panels.prompt import Prompt

Snapshot = tuple[Experiment, Position, Look, int]


class Keep(Base):
    """The keys that keep a run."""

    def __init__(self, experiment: Experiment, decimals: int = 3) -> None:
        super().__init__(experiment, decimals)
        self._typed = ""  # a name that was not saved to yet
        self._replaces = ""  # the file that enter replaces, the second time
        self._saved: tuple[str, Snapshot] | None = None  # where and what was saved last
        self._take_over(experiment)

    def _take_over(self, experiment: Experiment) -> None:
        """See an experiment that was just begun as it was seen when it was kept."""
        self.take(experiment.look)
        self.kept_edits, self.kept_formulas = experiment.edits, experiment.formulas
        self._opened_at = self.snapshot()

    def pause(self) -> None:
        """Stop running by itself."""
        raise NotImplementedError

    def resume_command(self) -> str:
        """What opens the experiment again, where flags can tell it."""
        raise NotImplementedError

    # How it is seen

    def take(self, look: Look) -> None:
        """Show the run in that look, as far as there is still what was looked at."""
        if look == Look():  # nothing special: what its user has chosen stays
            return
        self.mode = look.ask or self.mode
        state = self.timeline.state(self.position)
        self.example = min(look.example, state.examples) - 1
        self.drawing, self.chosen = look.drawing, look.panel
        self.hidden = set(look.hidden)
        self.tabbed, self.zoomed, self.scrolled = look.marked, look.maximised, look.line
        layers = range(1, self.timeline.experiment.network.depth + 1)
        self.scroll = {k: (row - 1, column - 1) for k, row, column in look.scroll if k in layers}
        there = look.cursor and self._is_there(self.position.iteration, look.cursor)
        self.inspection = Inspection(cursor=look.cursor if there else None)
        trail = tuple(Place(k, cell) for k, cell in look.trail)
        if trail and all(self._is_there(p.iteration, p.cell) and self.view.known(p) for p in trail):
            self.inspection = Inspection(look.cursor or trail[-1].cell, trail, look.term)

    def _is_there(self, iteration: int, cell: Cell) -> bool:
        """Whether that iteration has such a cell, and no long replay stands before it."""
        saved = self.timeline.experiment.saved
        begun = saved.keyframe.iteration if saved and saved.keyframe else 1
        if 0 < iteration < begun:
            return False
        batch = self.timeline.experiment.examples_of(max(1, iteration))
        rows, columns = self.timeline.program.shapes(len(batch)).get(cell.symbol) or (0, 0)
        return cell.row <= rows and cell.column <= columns

    def look_now(self) -> Look:
        """How the run is seen just now, so that it can be seen so again."""
        seen = self.inspection
        return Look(
            example=self.example + 1,
            drawing=self.drawing,
            theme=self._theme(),
            panel=self.chosen,
            marked=self.tabbed,
            maximised=self.zoomed,
            hidden=tuple(sorted(self.hidden)),
            cursor=seen.cursor,
            trail=tuple((place.iteration, place.cell) for place in seen.trail),
            term=seen.term,
            scroll=tuple((k, row + 1, column + 1) for k, (row, column) in self.scroll.items()),
            line=self.scrolled,
            ask=None if self.mode == self.timeline.experiment.asks else self.mode,
        )

    def _theme(self) -> str | None:
        if not self.is_mounted:
            return self.timeline.experiment.look.theme
        return None if self.app.current_theme.dark else "light"

    def seen(self) -> Experiment:
        """The experiment as its reader sees it."""
        return replace(self.timeline.experiment, look=self.look_now(), own_decimals=self.decimals)

    def snapshot(self) -> Snapshot:
        return self.timeline.experiment, self.position, self.look_now(), self.decimals

    def open_instead(self, experiment: Experiment) -> None:
        """Another experiment in place of this one."""
        self.past.clear()
        self.future.clear()
        if experiment.saved is not None:  # it was kept with decimals of its own
            self.decimals = experiment.decimals
        self.begin(experiment)
        self._saved, self._typed = None, ""
        self._take_over(experiment)
        if experiment.look.theme is not None:
            self.app.theme = THEMES[experiment.look.theme == "light"].name
        self.show()

    # What is not saved

    def unsaved(self) -> str:
        """What was made since the last save, in words: "2 edits and 1 formula"."""
        return lazy.unsaved(self.timeline.experiment, self.kept_edits, self.kept_formulas)

    def all_is_kept(self) -> None:
        """What was made until now is saved."""
        self.kept_edits = self.timeline.experiment.edits
        self.kept_formulas = self.timeline.experiment.formulas

    # Saving

    async def action_save(self) -> None:
        from backprop_tui.tui.panels.file_prompt import FilePrompt

        experiment = self.timeline.experiment
        if served(self.app):
            self.say(f"Saving is {NOT_SERVED}: y shows a code that opens this run anywhere.")
            return
        if experiment.written is None:
            self.say("This run was read from no file, so it cannot be saved to one.")
            return
        self.pause()
        if not self.query(FilePrompt):
            await self.mount(FilePrompt(id="file-prompt"))
        own = self._saved[0] if self._saved else experiment.written.path
        name = self._typed or own or f"{experiment.name}.toml"
        self._replaces = ""
        what = "its lesson stays as it is" if lazy.is_lesson(experiment) else "comments stay"
        hint = f"opens right here; {what}; .html .md .tex .py export; esc leaves"
        self.query_one(FilePrompt).propose("save as", hint, name)

    def on_file_prompt_left(self, message: FilePrompt.Left) -> None:
        from backprop_tui.tui.panels.file_prompt import FilePrompt

        self._typed = self.query_one(FilePrompt).typed

    def on_file_prompt_answered(self, message: FilePrompt.Answered) -> None:
        from backprop_tui.files.experiment_file import as_argument

        self._typed = message.text
        path = lazy.named(message.text)
        if not path:
            message.prompt.say("✗ it needs a name")
            return
        from backprop_tui.exports.formats import ExportError, format_of

        try:
            chosen = None if self._is_own(path) else format_of(path)
        except ExportError as error:
            message.prompt.say(f"✗ {error}")
            return
        if os.path.isfile(path) and not self._is_own(path) and self._replaces != path:
            self._replaces = path
            message.prompt.say(f"{lazy.shown_path(path)} exists: enter again replaces it")
            return
        if chosen is not None:
            self._export(chosen, path, message.prompt)
            return
        try:
            if lazy.too_large(self.timeline):
                raise lazy.SaveError("this network is larger than any file that is read")
            lazy.save(path, self.timeline, self.position, overwrite=True, seen=self.seen())
        except lazy.SaveError as error:
            message.prompt.say(f"✗ {error}")
            return
        message.prompt.close()
        self._saved, self._typed = (path, self.snapshot()), ""
        self.all_is_kept()
        self.saved_to(path)
        opens = f"backprop-tui {as_argument(path)}"
        told = f"Saved as {lazy.shown_path(path)}; {opens} opens it."
        self.say(told if len(told) < self.size.width - 1 else f"Saved: {opens}")

    def _export(self, chosen: Format, path: str, prompt: Prompt) -> None:
        """Write the iterations up to this one, a document the first of them."""
        from backprop_tui.exports.formats import ExportError, export_so_far

        at = self.position.iteration
        try:
            told = export_so_far(chosen, path, self.timeline, at, self.decimals)
        except (ExportError, lazy.SaveError) as error:
            prompt.say(f"✗ {error}")
            return
        prompt.close()
        self._typed = ""
        self.say(told)

    def _is_own(self, path: str) -> bool:
        """Whether it is the file that is open, as it was read, or that was saved to before."""
        if self._saved and os.path.realpath(self._saved[0]) == os.path.realpath(path):
            return True
        return self.is_read_from(path)

    def is_read_from(self, path: str) -> bool:
        """Whether the experiment was read from there, and nobody has changed it since."""
        raise NotImplementedError

    def saved_to(self, path: str) -> None:
        """A file was just written."""
        raise NotImplementedError

    # Codes

    def action_code(self) -> None:
        from backprop_tui.tui.screens.code import CodeSheet

        self.pause()
        try:
            self.app.push_screen(CodeSheet(self.code()))
        except lazy.TooLongError as error:
            self.say(str(error))

    def code(self) -> str:
        """The code that opens just what is seen, or a TooLongError."""
        return lazy.code_of(
            self.seen(), self.position, lazy.keyframe_needed(self.timeline, self.position)
        )

    # Leaving

    def action_quit(self) -> None:
        unsaved = self.unsaved()
        are = "is" if unsaved.startswith("1 ") and "and" not in unsaved else "are"
        saves = "y shows a code of them" if served(self.app) else "w saves"
        warning = f"{unsaved} {are} not saved: {saves}, q again quits"
        if unsaved and self.message != warning:
            self.say(warning)
            return
        self.nothing_to_lose()
        self.app.exit(self.last_words())

    def nothing_to_lose(self) -> None:
        """What is not saved is given up."""
        raise NotImplementedError

    def last_words(self) -> str:
        """The command that resumes, of the saved file while that is this run; and where it cannot
        tell all, the code that does."""
        from backprop_tui.files.experiment_file import as_argument

        again, told = self.resume_command(), self._flags_can_tell()
        if self._saved and lazy.same_run(self._saved[1][0], self.timeline.experiment):
            again = f"backprop-tui {as_argument(self._saved[0])}"
            told = self._saved[1] == self.snapshot()
        if told:
            return again
        return lazy.right_here(again, self.code)

    def _flags_can_tell(self) -> bool:
        """Whether the command alone opens what is seen: the run as it was opened, but for flags."""
        now, then = self.snapshot(), self._opened_at
        changes = [(s[0].edits, s[0].formulas, s[1], replace(s[2], ask=None)) for s in (now, then)]
        return changes[0] == changes[1]
