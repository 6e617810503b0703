"""The file that is open, read again when its author saves it: the run goes on where it stands.

A file with faults changes nothing but the footer, which tells them. It never writes.
"""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from dataclasses import replace

from textual.timer import Timer

from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Saved
from backprop_tui.run.timeline import Position
from backprop_tui.tui import lazy
from backprop_tui.tui.screens.guard import Guard
from backprop_tui.tui.serving import served

EVERY = 1.0
"""Seconds between two looks at the file."""

Stamp = tuple[int, int, int]
"""When it was changed last, its size, and which file it is."""


class Reload(Guard):
    """Watches the file that the experiment was read from; for a lesson it does nothing."""

    _watching: Timer | None = None
    _stamp: Stamp | None = None  # as it was looked at last
    _read: Stamp | None = None  # as it was when it was read

    def on_mount(self) -> None:
        self._watch()

    def open_instead(self, experiment: Experiment) -> None:
        super().open_instead(experiment)
        self._watch()

    @property
    def _path(self) -> str | None:
        written = self.timeline.experiment.written
        return written.path if written else None

    def _watch(self) -> None:
        if self._watching is not None:
            self._watching.stop()
            self._watching = None
        experiment = self.timeline.experiment
        self._in_file = experiment.edits, experiment.formulas
        if self._path is not None and not served(self.app):
            self._stamp = self._read = stamp_of(self._path)
            self._watching = self.set_interval(EVERY, self._look_at_file)

    def is_read_from(self, path: str) -> bool:
        own = self._path
        return (
            own is not None
            and os.path.realpath(own) == os.path.realpath(path)
            and stamp_of(own) == self._read
        )

    def saved_to(self, path: str) -> None:
        own = self._path
        if own is not None and os.path.realpath(own) == os.path.realpath(path):
            experiment = self.timeline.experiment
            self._in_file = experiment.edits, experiment.formulas
            self._stamp = self._read = stamp_of(own)

    def _look_at_file(self) -> None:
        if self._path is None or (stamp := stamp_of(self._path)) in (None, self._stamp):
            return
        if self.is_answering:  # what is typed is not lost: it is read when the field is left
            return
        self._stamp = stamp
        self.read_file_again()

    def read_file_again(self) -> None:
        """Take over what the file says by now, or tell what is wrong with it."""
        from backprop_tui.files.experiment_file import ExperimentError, read_again
        from backprop_tui.messages import count

        now, name = self.timeline.experiment, lazy.shown_path(self._path or "")
        try:
            read = read_again(now)
        except ExperimentError as error:
            fault, *more = error.faults  # one names its own place, and the footer is one line
            those = f"{name} has {count(len(error.faults), 'fault')}: " if more else ""
            self.say(f"✗ {those}{fault}")
            return
        own = self._with_changes(read)
        dropped = ""
        try:
            fresh = read_again(now, self._sections(own)) if own is not read else read
        except ExperimentError as error:
            fresh = read
            dropped = f" What was changed here no longer fits: {error.faults[0]}"
        self._read = self._stamp
        self.pause()
        self._go_on_with(fresh)
        self.kept_edits, self.kept_formulas = read.edits, read.formulas
        self._in_file = read.edits, read.formulas
        self.guard()
        self.say(f"{name} was changed: read again.{dropped}")

    def _with_changes(self, read: Experiment) -> Experiment:
        """The experiment that was read, with the edits and formulas that were made here."""
        now = self.timeline.experiment
        edits, formulas = self._in_file
        own_edits = lazy.apart(now.edits, edits)
        own = {s: e for s, e in now.formulas.items() if formulas.get(s) != e}
        if not own_edits and not own:
            return read
        return replace(read, edits=(*read.edits, *own_edits), formulas={**read.formulas, **own})

    def _sections(self, experiment: Experiment) -> dict[str, object]:
        """Its edits and formulas as a file would have them, for the rules to judge."""
        sections = lazy.run_sections(experiment, self.position, None)
        return {key: value for key, value in sections.items() if key != "position"}

    def _go_on_with(self, experiment: Experiment) -> None:
        """Begin what was read, where the run before stands."""
        here, look, decimals = self.position, self.look_now(), self.timeline.experiment.decimals
        saved = Saved(here.iteration, here.steps, elements=here.elements)
        if lazy.same_run(experiment, self.timeline.experiment):
            saved = replace(saved, keyframe=lazy.keyframe_of(self.timeline, here.iteration))
        elif here.iteration > lazy.FAR:  # too long a way for now
            saved = Saved(1, here.steps)
        source = shlex.join(shlex.split(self.resume_command())[1:])
        self.past.clear()
        self.future.clear()
        self.begin(replace(experiment, saved=saved, source=source))
        self.position = self._still_there()
        if self.decimals == decimals:  # not chosen by key
            self.decimals = experiment.decimals
        self.take(look)
        self.show()

    def _still_there(self) -> Position:
        """The position, as far as the run that was read has its steps and elements."""
        here, steps = self.position, len(self.timeline.program.steps)
        if here.steps >= steps:
            return Position(here.iteration, steps)
        size = self.timeline.iteration(here.iteration).results[here.steps].size
        return replace(here, elements=min(here.elements, size - 1))


def stamp_of(path: str) -> Stamp | None:
    """The file's stamp; None where there is none just now."""
    with suppress(OSError):
        found = os.stat(path)
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None
