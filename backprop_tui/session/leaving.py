"""Leaving: what is not saved, how to come back, and the autosave that stays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backprop_tui.files.experiment_file import as_argument
from backprop_tui.messages import typed
from backprop_tui.session import lazy
from backprop_tui.session.looks import seen, snapshot
from backprop_tui.session.saving import code_of, is_sure, not_saved, would_be_lost
from backprop_tui.session.state import SessionState

if TYPE_CHECKING:
    pass


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
