"""The commands that keep a run: save it, its code, open another, and leaving.

What is written where is the engine's; here names are taken, and it is said what became of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from backprop_tui import lessons
from backprop_tui.files.atomic_write import SaveError, shown_path
from backprop_tui.files.experiment_file import ExperimentError, as_argument, load
from backprop_tui.files.saving import (
    named,
    resume_command,
    save,
    too_large,
    unsaved,
)
from backprop_tui.learn.questions import Score
from backprop_tui.model.experiment import Experiment
from backprop_tui.plain.ask import Ask
from backprop_tui.plain.changing import Changing
from backprop_tui.plain.run import CannotError
from backprop_tui.run.timeline import Position

if TYPE_CHECKING:
    from backprop_tui.exports.formats import Format

PROGRAM = "backprop-tui --plain"
"""What opens a run again, in words."""
ALOUD = 120
"""Characters of a code that somebody reads to somebody else."""


class Keep(Ask, Changing):
    """Keeping a run, and leaving it."""

    ended = False
    _warned = ""  # the line that was answered with a warning: said again, it is done

    def __init__(self, experiment: Experiment, decimals: int, tell: Callable[[str], None]) -> None:
        super().__init__(experiment, decimals, tell)
        self._opened()

    def _opened(self) -> None:
        """What was just begun is what is kept of it."""
        experiment = self.timeline.experiment
        self.kept_edits, self.kept_formulas = experiment.edits, experiment.formulas
        self._opened_at = experiment, self.position
        self._saved_at: tuple[str, Experiment, Position] | None = None

    def unsaved(self) -> str:
        """What was made since the last save, in words."""
        return unsaved(self.timeline.experiment, self.kept_edits, self.kept_formulas)

    def sure(self, line: str, warning: str) -> bool:
        """Whether the line was said twice; the first time, what would be lost is told."""
        if not warning or self._warned == line:
            self._warned = ""
            return True
        self._warned = line
        self.tell(f"{warning}; {line} again does it.")
        return False

    # Saving

    def do_save(self, rest: str) -> None:
        from backprop_tui.exports.formats import ExportError, format_of

        if self.timeline.experiment.written is None:
            raise CannotError("This run was read from no file, so it cannot be saved to one.")
        saved = self._saved_at[0] if self._saved_at else ""
        if not (path := named(rest) or saved):
            raise CannotError("Say a file's name: save mine.toml, or mine.html to export it.")
        try:
            chosen = format_of(path)
        except ExportError as error:
            raise CannotError(str(error)) from None
        exists = os.path.isfile(path) and path != saved
        if not self.sure(f"save {path}", f"There is a file {path} already" if exists else ""):
            return
        if chosen is not None:
            self._export(chosen, path)
            return
        try:
            if too_large(self.timeline):
                raise SaveError("this network is larger than any file that is read")
            save(path, self.timeline, self.position, overwrite=True, seen=self.seen())
        except SaveError as error:
            self.tell(f"Not saved: {error}.")  # a path stays as it is
            return
        experiment = self.timeline.experiment
        self.kept_edits, self.kept_formulas = experiment.edits, experiment.formulas
        self._saved_at = path, experiment, self.position
        self.tell(f"Saved as {shown_path(path)}.")
        self.tell(f"{PROGRAM} {as_argument(path)} opens it.")

    def _export(self, chosen: Format, path: str) -> None:
        """Write the iterations up to this one, a document the first of them."""
        from backprop_tui.exports.formats import ExportError, export_so_far

        at = self.position.iteration
        try:
            told = export_so_far(chosen, path, self.timeline, at, self.decimals)
        except (ExportError, SaveError) as error:
            self.tell(f"Not exported: {error}.")
            return
        self.tell(f"{told}.")

    def seen(self) -> Experiment:
        """The experiment as it is heard."""
        experiment = self.timeline.experiment
        asks = None if self.mode == experiment.asks else self.mode
        look = replace(experiment.look, ask=asks, example=self.example + 1)
        return replace(experiment, look=look, decimals=self.decimals)

    def code(self) -> str:
        from backprop_tui.files.codes import code_of, keyframe_needed

        return code_of(self.seen(), self.position, keyframe_needed(self.timeline, self.position))

    def do_code(self, rest: str) -> None:
        from backprop_tui.files.codes import TooLongError, grouped

        try:
            code = self.code()
        except TooLongError as error:
            raise CannotError(str(error)) from None
        if len(code) <= ALOUD:
            self.tell(f"The code of this state: {' '.join(grouped(code))}")
        else:
            self.say(f"The code has {len(code):,} characters: save a file to hand it on.")
        self.tell(f"{PROGRAM} --code {code}")

    # Another experiment

    def do_lessons(self, rest: str) -> None:
        for number, name in enumerate(lessons.NAMES, 1):
            lesson = load(name)
            self.say(f"{number}, {name}: {lesson.title.rstrip('.')}. It teaches: {lesson.teaches}.")
        self.say("open and a name opens one.")

    def do_open(self, rest: str) -> None:
        if not rest:
            raise CannotError("Say a lesson's name or a file: open mazur. lessons lists them.")
        try:
            experiment = load(rest)
        except ExperimentError as error:
            self.tell_all(f"Not opened: {fault}" for fault in error.faults)
            return
        if not self.sure(f"open {rest}", self.would_be_lost()):
            return
        self.open_instead(experiment)

    def open_instead(self, experiment: Experiment) -> None:
        """Another experiment in place of this one."""
        self.past.clear()
        self.future.clear()
        if experiment.saved is not None:
            self.decimals = experiment.decimals
        self.example = 0
        self.mode = experiment.look.ask or experiment.asks
        if experiment.name != self._opened_at[0].name:
            self.score = Score()
        self.begin(experiment)
        self._opened()
        self.describe()

    def would_be_lost(self) -> str:
        found = self.unsaved()
        are = "is" if found.startswith("1 ") and "and" not in found else "are"
        return f"{found} {are} not saved: save FILE keeps it" if found else ""

    # Leaving

    def do_quit(self, rest: str) -> None:
        self.ended = self.sure("quit", self.would_be_lost())

    def last_words(self) -> str:
        """The score, and how to come back."""
        return "\n".join(filter(None, (self.score.sentence(), self._way_back())))

    def _way_back(self) -> str:
        here = self.timeline.experiment, self.position
        if self._saved_at and self._saved_at[1:] == here:
            return f"{PROGRAM} {as_argument(self._saved_at[0])}"
        from backprop_tui.files.codes import right_here

        first = (self.past or [here[0]])[0]
        again = resume_command(first, here[0], self.mode, self.decimals, PROGRAM)
        then, at = self._opened_at
        if (then.edits, then.formulas, at) == (here[0].edits, here[0].formulas, here[1]):
            return again
        return right_here(again, self.code, PROGRAM)
