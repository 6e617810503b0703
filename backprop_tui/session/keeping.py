"""Keeping a run: saving and exporting it, its code, another one opened, and how to come back."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from backprop_tui import lessons
from backprop_tui.files.experiment_file import ExperimentError, as_argument, load, read_again
from backprop_tui.messages import count
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Saved
from backprop_tui.run.timeline import Position
from backprop_tui.session import lazy
from backprop_tui.session.prompts import Choice, Entry, Line, Prompt, Sheet
from backprop_tui.session.state import CannotError, SessionState, Stamp

if TYPE_CHECKING:
    from backprop_tui.files.autosave import Autosave

AUTOSAVE = "autosave"
MOST_LISTED = 5
NOT_SERVED = "not possible in a browser"
FAULTS = 5
"""Faults of a wrong file that there is room for."""

# What is not saved


def not_saved(s: SessionState) -> str:
    """What was made since the last save, in words: "2 edits and 1 formula"."""
    return lazy.saving.unsaved(s.timeline.experiment, s.kept_edits, s.kept_formulas)


def _all_is_saved(s: SessionState) -> None:
    s.kept_edits = s.timeline.experiment.edits
    s.kept_formulas = s.timeline.experiment.formulas


def _sure(s: SessionState, what: str, warning: str) -> bool:
    """Whether the same was asked for twice; the first time, the warning is said."""
    if not warning or s.confirmed == what:
        s.confirmed = ""
        return True
    s.confirmed = what
    s.refused(warning)
    s.was_refused = False  # it can be done
    return False


def _would_be_lost(s: SessionState) -> str:
    found = not_saved(s)
    if not found:
        return ""
    are = "is" if found.startswith("1 ") and "and" not in found else "are"
    saves = f"{s.named('code')} shows a code of it" if s.served else f"{s.named('save')} saves"
    return f"{found} {are} not saved: {saves}"


# Saving


def save(s: SessionState, rest: str) -> None:
    """Save to a file that opens right here, or export, by the ending of its name."""
    experiment = s.timeline.experiment
    if s.served:
        shows = f"{s.named('code')} shows a code that opens this run anywhere"
        raise CannotError(f"Saving is {NOT_SERVED}: {shows}.")
    if experiment.written is None:
        raise CannotError("This run was read from no file, so it cannot be saved to one.")
    if rest:
        _write(s, lazy.saving.named(rest))
        return
    s.pause()
    own = s.saved_at[0] if s.saved_at else experiment.written.path
    ask_for_name(s, s.proposed or own or f"{experiment.name}.toml")


def export(ending: str) -> Callable[[SessionState, str], None]:
    """The command that asks for the name of a file with that ending."""

    def command(s: SessionState, rest: str) -> None:
        if s.served:
            raise CannotError(f"Exporting is {NOT_SERVED}.")
        if rest:
            _write(s, lazy.saving.named(rest))
        else:
            ask_for_name(s, f"{s.timeline.experiment.name}{ending}")

    return command


def ask_for_name(s: SessionState, name: str) -> None:
    """Ask for a file's name, with one proposed."""
    own = lazy.codes.is_lesson(s.timeline.experiment)
    what = "its lesson stays as it is" if own else "comments stay"
    hint = f"opens right here; {what}; .html .md .tex .py export; esc leaves"
    s.confirmed = ""
    s.open(Prompt("save", "save as", hint, _name_typed, Line.of(name), left=_name_left))


def _name_left(s: SessionState, typed: str) -> None:
    s.proposed = typed


def _name_typed(s: SessionState, typed: str) -> None:
    path = lazy.saving.named(typed)
    if not path:
        raise CannotError("it needs a name")
    _write(s, path)


def _write(s: SessionState, path: str) -> None:
    """Save or export to a file; one that is there is replaced the second time it is asked for."""
    try:
        chosen = None if _is_own(s, path) else lazy.formats.format_of(path)
    except lazy.formats.ExportError as error:
        raise CannotError(f"{error}.") from None
    exists = os.path.isfile(path) and not _is_own(s, path)
    again = "enter again replaces it" if s.prompt else "the same again replaces it"
    if not _sure(
        s, f"save {path}", f"{lazy.atomic_write.shown_path(path)} exists: {again}" if exists else ""
    ):
        return
    try:
        if chosen is not None:
            # A document has the first iterations, a script all up to this one.
            at = s.position.iteration
            told = lazy.formats.export_so_far(chosen, path, s.timeline, at, s.decimals)
        else:
            if lazy.saving.too_large(s.timeline):
                raise lazy.atomic_write.SaveError(
                    "this network is larger than any file that is read"
                )
            lazy.saving.save(path, s.timeline, s.position, overwrite=True, seen=s.seen())
            told = f"Saved as {lazy.atomic_write.shown_path(path)}"
    except (lazy.atomic_write.SaveError, lazy.formats.ExportError) as error:
        raise CannotError(f"{error}.") from None
    s.close_all()
    s.proposed = ""
    if chosen is not None:
        s.say(f"{told}.")
        return
    s.saved_at = path, s.snapshot()
    _all_is_saved(s)
    if _is_read_from(s, path):
        s.in_file = s.timeline.experiment.edits, s.timeline.experiment.formulas
        s.stamp = s.read_stamp = stamp_of(path)
    opens = f"{s.program} {as_argument(path)}"
    whole = f"{told}; {opens} opens it."
    s.say(whole if len(whole) < s.width - 1 else f"Saved: {opens}")


def _is_own(s: SessionState, path: str) -> bool:
    """Whether it is the file that is open, as it was read, or that was saved to before."""
    if s.saved_at and os.path.realpath(s.saved_at[0]) == os.path.realpath(path):
        return True
    return _is_read_from(s, path) and stamp_of(path) == s.read_stamp


def _is_read_from(s: SessionState, path: str) -> bool:
    own = own_path(s)
    return own is not None and os.path.realpath(own) == os.path.realpath(path)


# Codes


def code(s: SessionState, rest: str) -> None:
    """A short code that opens this state elsewhere."""
    try:
        s.open(Sheet("code", code_of(s), closes="y", keys=_copy_code))
    except lazy.codes.TooLongError as error:
        raise CannotError(str(error)) from None


def code_of(s: SessionState) -> str:
    """The code that opens just what is seen. Raises TooLongError."""
    keyframe = lazy.codes.keyframe_needed(s.timeline, s.position)
    return lazy.codes.code_of(s.seen(), s.position, keyframe)


def _copy_code(s: SessionState, key: str) -> bool:
    if key == "c" and isinstance(s.top, Sheet):
        s.copied = f"{s.program} --code {s.top.about}"
        s.put(replace(s.top, marks=frozenset({"copied"})))
    return key == "c"


# Another experiment


def open_another(s: SessionState, rest: str) -> None:
    """Open a lesson or a file; without a name, ask which."""
    s.pause()
    if not rest:
        files = "" if s.served else "; or type the path of a file"
        own = s.timeline.experiment.name
        chosen = lessons.NAMES.index(own) if own in lessons.NAMES else 0
        title = f"Open a lesson{files}"
        s.open(Choice("open", title, _lessons(s), open_another, chosen=chosen))
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
    if not _sure(s, f"open {rest}", _would_be_lost(s)):
        return
    open_instead(s, experiment)
    if found is not None:  # what was not saved in it is not saved yet
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
    """Each lesson's line: its number, its name, its layers, what it teaches."""
    found = ((name, load(name)) for name in lessons.NAMES)
    entries = [
        Entry(name, f"{number:>2}  {name:<11}  {lesson.network.sizes:<10}", lesson.teaches)
        for number, (name, lesson) in enumerate(found, 1)
    ]
    left, odd = ([], []) if s.served else lazy.autosave.autosaves()
    for number, one in enumerate(left[:MOST_LISTED], 1):
        when = datetime.fromtimestamp(one.changed).strftime("%d %b %H:%M")
        what = f"{one.unsaved} not saved" if one.unsaved else "all saved"
        entries.append(
            Entry(f"{AUTOSAVE} {number}", f"    {one.name:<11}  autosave", f"{when}, {what}")
        )
    s.said += odd
    return tuple(entries)


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
    s.take_over(experiment)
    watch(s)


# The file that is open, read again when its author saves it


def own_path(s: SessionState) -> str | None:
    """The file that the experiment was read from; None for a lesson or a code."""
    written = s.timeline.experiment.written
    return written.path if written and not s.served else None


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
    here, look, decimals = s.position, s.look_now(), s.timeline.experiment.decimals
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
    s.take(look)


def _still_there(s: SessionState) -> Position:
    """The position, as far as the run that was read has its steps and elements."""
    here, steps = s.position, len(s.timeline.program.steps)
    if here.steps >= steps:
        return Position(here.iteration, steps)
    size = s.timeline.iteration(here.iteration).results[here.steps].size
    return replace(here, elements=min(here.elements, size - 1))


def stamp_of(path: str) -> Stamp | None:
    """The file's stamp; None where there is none just now."""
    with suppress(OSError):
        found = os.stat(path)
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None


# Autosave


def autosave(s: SessionState) -> None:
    """Write this program's autosave, if something has changed; a face calls this each second, and
    at its end. Where it cannot be written, that is said once."""
    if s.autosave is None or (now := s.snapshot()) == s.autosaved:
        return
    s.autosaved = now
    keyframe = lazy.codes.keyframe_needed(s.timeline, s.position)
    try:
        s.autosave.write(s.seen(), s.position, keyframe, not_saved(s))
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
    left = lazy.autosave.left_unsaved()
    if left is not None:
        s.say(f"{left.name} was left with {left.unsaved} not saved: {s.named('open')} lists it.")


def end_autosaves(s: SessionState) -> None:
    """Write the last one, and let go of it."""
    autosave(s)
    if s.autosave is not None:
        s.autosave.close()


# Leaving


def leave_program(s: SessionState, rest: str) -> None:
    """End; what is not saved is said the first time."""
    warning = _would_be_lost(s)
    s.ended = _sure(s, "quit", f"{warning}, {s.named('quit')} again quits" if warning else "")


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
        told = s.saved_at[1] == s.snapshot()
    if not told:
        again = lazy.codes.right_here(again, lambda: code_of(s), s.program)
    return "\n".join(filter(None, (s.score.sentence() if s.score else "", again)))


def _flags_can_tell(s: SessionState) -> bool:
    """Whether the command alone opens what is seen: the run as it was opened, but for flags."""
    now, then = s.snapshot(), s.opened_at
    changes = [(t[0].edits, t[0].formulas, t[1], replace(t[2], ask=None)) for t in (now, then)]
    return changes[0] == changes[1]
