"""Another experiment in place of this one, the open file read anew when it changed, and leaving:
what is not saved, how to come back, and the autosave that stays."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from backprop_tui import lessons
from backprop_tui.files.experiment_file import ExperimentError, as_argument, load, read_again
from backprop_tui.messages import count, typed
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Saved
from backprop_tui.run.timeline import Position
from backprop_tui.session import lazy
from backprop_tui.session.prompts import Entry, Menu
from backprop_tui.session.saving import (
    NOT_SERVED,
    code_of,
    is_sure,
    look_now,
    not_saved,
    own_path,
    seen,
    snapshot,
    stamp_of,
    take,
    take_over,
    would_be_lost,
)
from backprop_tui.session.state import CannotError, SessionState

if TYPE_CHECKING:
    from backprop_tui.files.autosave import Autosave

AUTOSAVE = "autosave"
MOST_LISTED = 5
FAULTS = 5
"""Faults of a wrong file that there is room for."""


def open_another(s: SessionState, rest: str) -> None:
    """Open a lesson or a file; without a name, ask which."""
    s.pause()
    if not rest:
        files = "" if s.served else "; or type the path of a file"
        own = s.timeline.experiment.name
        chosen = lessons.NAMES.index(own) if own in lessons.NAMES else 0
        title = f"Open a lesson{files}"
        s.open(Menu("open", title, _lessons(s), open_another, chosen=chosen))
        return
    if s.served and rest not in lessons.NAMES:
        raise CannotError(f"Opening files is {NOT_SERVED}: choose a lesson.")
    try:
        found = _autosave_of(rest)
        experiment = load(rest) if found is None else found.opened()
    except ExperimentError as error:
        shown = list(error.faults[:FAULTS])
        if len(error.faults) > FAULTS:
            shown.append(f"… and {len(error.faults) - FAULTS} more: {rest} is not opened")
        raise CannotError("\n".join(map(str, shown))) from None
    if not is_sure(s, f"open {rest}", would_be_lost(s)):
        return
    open_instead(s, experiment)
    if found is not None:
        if found.unsaved:  # it is not saved yet
            s.kept_edits, s.kept_formulas = (), {}
        if s.autosave is not None:
            s.autosave.instead_of = found


def _autosave_of(name: str) -> Autosave | None:
    """The autosave that `autosave 2` names, the newest being 1."""
    word, _, number = name.partition(" ")
    if word != AUTOSAVE or not number.isdecimal():
        return None
    found, odd = lazy.autosave.autosaves()
    if not 1 <= int(number[:9]) <= len(found):
        raise ExperimentError(*odd, f"there is no {name}")
    return found[int(number) - 1]


def _lessons(s: SessionState) -> tuple[Entry, ...]:
    """The lessons, and what was left behind."""
    entries = [*_every_lesson()]
    left, odd = ([], []) if s.served else lazy.autosave.autosaves()
    for number, one in enumerate(left[:MOST_LISTED], 1):
        when = datetime.fromtimestamp(one.changed).strftime("%d %b %H:%M")
        what = f"{one.unsaved} not saved" if one.unsaved else "all saved"
        entries.append(
            Entry(f"{AUTOSAVE} {number}", f"    {one.name:<11}  autosave", f"{when}, {what}")
        )
    s.said += odd
    return tuple(entries)


@cache
def _every_lesson() -> tuple[Entry, ...]:
    """Each lesson's line: its number, its name, its layers, what it teaches."""
    found = ((name, load(name)) for name in lessons.NAMES)
    return tuple(
        Entry(name, f"{number:>2}  {name:<11}  {lesson.network.sizes:<10}", lesson.teaches)
        for number, (name, lesson) in enumerate(found, 1)
    )


def open_instead(s: SessionState, experiment: Experiment) -> None:
    """Another experiment in place of this one."""
    s.past.clear()
    s.future.clear()
    if experiment.saved is not None:  # it was saved with decimals of its own
        s.decimals = experiment.decimals
    if experiment.name != s.timeline.experiment.name:
        s.mode, s.score = s.usual_mode(experiment), None
    s.begin(experiment)
    s.saved_at, s.proposed = None, ""
    take_over(s, experiment)
    watch(s)


def watch(s: SessionState) -> None:
    """Note what the open file is like now, so that a change of it is seen."""
    path = own_path(s)
    s.in_file = s.timeline.experiment.edits, s.timeline.experiment.formulas
    s.stamp = s.read_stamp = None if path is None else stamp_of(path)


def look_at_file(s: SessionState) -> bool:
    """Read the open file again if it has changed, and whether it has; a face calls this now and
    then.

    Nothing is taken from a user who is typing: it is read when what is open is closed.
    """
    path = own_path(s)
    if path is None or (stamp := stamp_of(path)) in (None, s.stamp):
        return False
    if s.opened or s.job or (s.asking is not None and s.asking.is_open):
        return False
    s.stamp = stamp
    _read_again(s, lazy.atomic_write.shown_path(path))
    return True


def _read_again(s: SessionState, name: str) -> None:
    """Take over what the file says by now, or tell what is wrong with it."""
    now = s.timeline.experiment
    try:
        read = read_again(now)
    except ExperimentError as error:
        fault, *more = error.faults  # one names its own place, and the footer is one line
        those = f"{name} has {count(len(error.faults), 'fault')}: " if more else ""
        s.say(f"✗ {those}{fault}")
        return
    own = _with_changes(s, read)
    dropped = ""
    try:
        fresh = read_again(now, _kept(s, own)) if own is not read else read
    except ExperimentError as error:
        fresh = read
        dropped = f" What was changed here no longer fits: {error.faults[0]}"
    s.read_stamp = s.stamp
    s.pause()
    _go_on_with(s, fresh)
    s.kept_edits, s.kept_formulas = read.edits, read.formulas
    s.in_file = read.edits, read.formulas
    s.say(f"{name} was changed: read again.{dropped}")


def _with_changes(s: SessionState, read: Experiment) -> Experiment:
    """The experiment that was read, with the edits and formulas that were made here."""
    now = s.timeline.experiment
    edits, formulas = s.in_file
    own_edits = lazy.saving.apart(now.edits, edits)
    own = {symbol: e for symbol, e in now.formulas.items() if formulas.get(symbol) != e}
    if not own_edits and not own:
        return read
    return replace(read, edits=(*read.edits, *own_edits), formulas={**read.formulas, **own})


def _kept(s: SessionState, experiment: Experiment) -> dict[str, object]:
    """Its edits and formulas as a file would have them, for the rules to judge."""
    kept = lazy.saving.run_sections(experiment, s.position, None)
    return {key: value for key, value in kept.items() if key != "position"}


def _go_on_with(s: SessionState, experiment: Experiment) -> None:
    """Begin what was read, where the run before stands."""
    here, look, decimals = s.position, look_now(s), s.timeline.experiment.decimals
    saved = Saved(here.iteration, here.steps, elements=here.elements)
    if lazy.saving.same_run(experiment, s.timeline.experiment):
        saved = replace(saved, keyframe=lazy.saving.keyframe_of(s.timeline, here.iteration))
    elif here.iteration > lazy.codes.FAR:  # too long a way for now
        saved = Saved(1, here.steps)
    source = shlex.join(shlex.split(way_back(s))[len(shlex.split(s.program)) :])
    s.past.clear()
    s.future.clear()
    s.begin(replace(experiment, saved=saved, source=source))
    s.position = _still_there(s)
    if s.decimals == decimals:  # not chosen by key
        s.decimals = experiment.decimals
    take(s, look)


def _still_there(s: SessionState) -> Position:
    """The position, as far as the run that was read has its steps and elements."""
    here, steps = s.position, len(s.timeline.program.steps)
    if here.steps >= steps:
        return Position(here.iteration, steps)
    size = s.timeline.iteration(here.iteration).results[here.steps].size
    return replace(here, elements=min(here.elements, size - 1))


def autosave(s: SessionState) -> None:
    """Write this program's autosave, if something has changed; a face calls this each second, and
    at its end. Where it cannot be written, that is said once."""
    if s.autosave is None or (now := snapshot(s)) == s.autosaved:
        return
    if s.autosaved is None and now == s.opened_at:  # nothing has been done yet
        return
    s.autosaved = now
    keyframe = lazy.codes.keyframe_needed(s.timeline, s.position)
    try:
        s.autosave.write(seen(s), s.position, keyframe, not_saved(s))
    except lazy.codes.TooLongError:  # read from no text, or too long for a code
        s.autosave = None
    except OSError as error:
        s.autosave = None
        why = error.strerror or error
        s.say(f"No autosave can be written ({why}): {s.named('save')} saves.")


def begin_autosaves(s: SessionState) -> None:
    """Write autosaves from now on, and say once what the last program left unsaved."""
    if s.served:
        return
    s.autosave = lazy.autosave.OwnAutosave()
    s.autosave.instead_of = s.resumed
    left = lazy.autosave.left_unsaved()
    if left is not None:
        s.say(f"{left.name} was left with {left.unsaved} not saved: {s.named('open')} lists it.")


def resumed(s: SessionState) -> None:
    """The run was opened from the newest autosave: what was not saved in it is not saved yet."""
    (found, *_), _ = lazy.autosave.autosaves()
    if found.unsaved:
        s.kept_edits, s.kept_formulas = (), {}
    s.resumed = found


def end_autosaves(s: SessionState) -> None:
    """Write the last one, and let go of it."""
    autosave(s)
    if s.autosave is not None:
        s.autosave.close()
        s.autosave = None


def leave_program(s: SessionState, rest: str) -> None:
    """End; what is not saved is said the first time."""
    warning = would_be_lost(s)
    s.ended = is_sure(s, "quit", f"{warning}, {s.named('quit')} again quits" if warning else "")


def way_back(s: SessionState) -> str:
    """What to type to open this again, new weights and other decimals included."""
    now = s.timeline.experiment
    first = (s.past or [now])[0]
    return lazy.saving.resume_command(first, now, s.mode, s.decimals, s.program)


def last_words(s: SessionState) -> str:
    """The score, and how to come back: the command that resumes, of the saved file while that is
    this run; and where it cannot tell all, the code that does."""
    again, told = way_back(s), _flags_can_tell(s)
    if s.saved_at and lazy.saving.same_run(s.saved_at[1][0], s.timeline.experiment):
        again = f"{s.program} {as_argument(s.saved_at[0])}"
        told = s.saved_at[1] == snapshot(s)
    again = typed(again)
    if not told:
        again = lazy.codes.right_here(again, lambda: code_of(s), s.program)
    return "\n".join(filter(None, (s.score.sentence() if s.score else "", again)))


def _flags_can_tell(s: SessionState) -> bool:
    """Whether the command alone opens what is seen: the run as it was opened, but for flags."""
    now, then = snapshot(s), s.opened_at
    assert then is not None
    changes = [(t[0].edits, t[0].formulas, t[1], replace(t[2], ask=None)) for t in (now, then)]
    return changes[0] == changes[1]
