"""Saving a run as it is seen, or exporting it; its code, and what is copied of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from backprop_tui.explain.provenance import Place
from backprop_tui.files.experiment_file import as_argument
from backprop_tui.maths.expressions import Cell, names
from backprop_tui.maths.writing import LATEX, write
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Look
from backprop_tui.session import lazy
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.prompts import Line, Prompt, Sheet
from backprop_tui.session.state import CannotError, SessionState, Snapshot, Stamp

NOT_SERVED = "not possible in a browser"


def not_saved(s: SessionState) -> str:
    """What was made since the last save, in words: "2 edits and 1 formula"."""
    return lazy.saving.unsaved(s.timeline.experiment, s.kept_edits, s.kept_formulas)


def _all_is_saved(s: SessionState) -> None:
    s.kept_edits = s.timeline.experiment.edits
    s.kept_formulas = s.timeline.experiment.formulas


def is_sure(s: SessionState, what: str, warning: str) -> bool:
    """Whether the same was asked for twice; the first time, the warning is said."""
    if not warning or s.confirmed == what:
        s.confirmed = ""
        return True
    s.confirmed = what
    s.refused(warning)
    s.was_refused = False  # it can be done
    return False


def would_be_lost(s: SessionState) -> str:
    found = not_saved(s)
    if not found:
        return ""
    are = "is" if found.startswith("1 ") and "and" not in found else "are"
    saves = f"{s.named('code')} shows a code of it" if s.served else f"{s.named('save')} saves"
    return f"{found} {are} not saved: {saves}"


def own_path(s: SessionState) -> str | None:
    """The file that the experiment was read from; None for a lesson or a code."""
    written = s.timeline.experiment.written
    return written.path if written and not s.served else None


def stamp_of(path: str) -> Stamp | None:
    """The file's stamp; None where there is none just now."""
    with suppress(OSError, ValueError):
        found = os.stat(path)
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None


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
    what = "its lesson stays" if own else "comments stay"
    hint = f"opens right here; {what}; .html .md .tex .py export; esc leaves"
    s.confirmed = ""
    line = Line.of(name, whole=True)
    s.open(Prompt("save", "save as", hint, _name_typed, line, left=_name_left))


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
    if not is_sure(
        s, f"save {path}", f"{lazy.atomic_write.shown_path(path)} exists: {again}" if exists else ""
    ):
        return
    if chosen is not None:
        s.start(_exported(s, chosen, path))
        return
    if lazy.saving.too_large(s.timeline):
        raise CannotError("this network is larger than any file that is read.")
    try:
        lazy.saving.save(path, s.timeline, s.position, overwrite=True, seen=seen(s))
    except lazy.atomic_write.SaveError as error:
        raise CannotError(f"{error}.") from None
    s.close_all()
    s.proposed = ""
    s.saved_at = path, snapshot(s)
    _all_is_saved(s)
    if _is_read_from(s, path):
        s.in_file = s.timeline.experiment.edits, s.timeline.experiment.formulas
        s.stamp = s.read_stamp = stamp_of(path)
    opens = f"{s.program} {as_argument(path)}"
    whole = f"Saved as {lazy.atomic_write.shown_path(path)}; {opens} opens it."
    s.say(whole if len(whole) < s.width - 1 else f"Saved: {opens}")


def _exported(s: SessionState, chosen: lazy.formats.Format, path: str) -> Iterator[str]:
    """Export: a document has the first iterations, a script all up to this one."""
    try:
        told = yield from lazy.formats.export_so_far(
            chosen, path, s.timeline, s.position.iteration, s.decimals
        )
    except (lazy.atomic_write.SaveError, lazy.formats.ExportError) as error:
        raise CannotError(f"{error}.") from None
    s.close_all()
    s.proposed = ""
    s.say(f"{told}.")


def _is_own(s: SessionState, path: str) -> bool:
    """Whether it is the file that is open, as it was read, or that was saved to before."""
    if s.saved_at and lazy.atomic_write.real(s.saved_at[0]) == lazy.atomic_write.real(path):
        return True
    return _is_read_from(s, path) and stamp_of(path) == s.read_stamp


def _is_read_from(s: SessionState, path: str) -> bool:
    own = own_path(s)
    return own is not None and lazy.atomic_write.real(own) == lazy.atomic_write.real(path)


def code(s: SessionState, rest: str) -> None:
    """A short code that opens this state elsewhere."""
    try:
        s.open(Sheet("code", code_of(s), closes="y", keys=_copy_code))
    except lazy.codes.TooLongError as error:
        raise CannotError(str(error)) from None


def code_of(s: SessionState) -> str:
    """The code that opens just what is seen. Raises TooLongError."""
    keyframe = lazy.codes.keyframe_needed(s.timeline, s.position)
    return lazy.codes.code_of(seen(s), s.position, keyframe)


def _copy_code(s: SessionState, key: str) -> bool:
    if key == "c" and isinstance(s.top, Sheet):
        s.copied = f"{s.program} --code {s.top.about}"
        s.put(replace(s.top, marks=frozenset({"copied"})))
    return key == "c"


def take_over(s: SessionState, experiment: Experiment) -> None:
    """See an experiment that was just begun as it was seen when it was saved."""
    take(s, experiment.look)
    s.kept_edits, s.kept_formulas = experiment.edits, experiment.formulas
    s.opened_at = snapshot(s)


def take(s: SessionState, look: Look) -> None:
    """See the run as `look` says, as far as there is still what was looked at."""
    if look == Look():  # nothing special: what its user has chosen stays
        return
    s.mode = look.ask or s.mode
    s.theme = look.theme or s.theme
    s.example = look.example - 1
    s.drawing, s.chosen = look.drawing, look.panel
    s.hidden = set(look.hidden)
    s.tabbed, s.zoomed, s.scrolled = look.marked, look.maximised, look.line
    s.levels = look.blackboard
    groups = s.timeline.program.groups
    s.scroll = {k: (row - 1, column - 1) for k, row, column in look.scroll if k in groups}
    there = look.cursor and _is_there(s, s.position.iteration, look.cursor)
    s.inspection = Inspection(cursor=look.cursor if there else None)
    trail = tuple(Place(k, cell) for k, cell in look.trail)
    missing = s.timeline.program.missing
    seen = [not missing(p.symbol) and _is_there(s, p.iteration, p.cell) for p in trail]
    if trail and all(seen):
        s.inspection = Inspection(look.cursor or trail[-1].cell, trail, look.term)


def _is_there(s: SessionState, iteration: int, cell: Cell) -> bool:
    """Whether that iteration has such a cell, and no long replay stands before it."""
    saved = s.timeline.experiment.saved
    begun = saved.keyframe.iteration if saved and saved.keyframe else 1
    if 0 < iteration < begun or iteration > s.position.iteration:
        return False
    batch = s.timeline.experiment.examples_of(max(1, iteration))
    rows, columns = s.timeline.program.shapes(len(batch)).get(cell.symbol) or (0, 0)
    return cell.row <= rows and cell.column <= columns


def look_now(s: SessionState) -> Look:
    """How the run is seen just now, so that it can be seen so again."""
    seen = s.inspection
    return Look(
        example=s.example + 1,
        drawing=s.drawing,
        theme=None if s.theme == s.usual_theme else s.theme,
        panel=s.chosen,
        marked=s.tabbed,
        maximised=s.zoomed,
        hidden=tuple(sorted(s.hidden)),
        cursor=seen.cursor,
        trail=tuple((place.iteration, place.cell) for place in seen.trail),
        term=seen.term,
        scroll=tuple((k, row + 1, column + 1) for k, (row, column) in s.scroll.items()),
        line=s.scrolled,
        blackboard=s.levels,
        ask=None if s.mode == s.usual_mode(s.timeline.experiment) else s.mode,
    )


def seen(s: SessionState) -> Experiment:
    """The experiment as its reader sees it."""
    return replace(s.timeline.experiment, look=look_now(s), own_decimals=s.decimals)


def snapshot(s: SessionState) -> Snapshot:
    """The experiment, the position, how it is seen, and its decimals."""
    return s.timeline.experiment, s.position, look_now(s), s.decimals


UNSURE = "Copied, if this terminal takes it: paste it somewhere to see."


def copy_number(s: SessionState, rest: str) -> None:
    """The number that is explained, with all of its digits."""
    place = s.view.place
    if place is None or not s.view.known(place):
        raise CannotError("No number is computed yet.")
    _copy(s, repr(s.provenance.number(place)))


def copy_formula(s: SessionState, rest: str) -> None:
    """The formula of the step shown, as LaTeX."""
    step = s.view.step
    if step is None or s.view.is_asked:
        raise CannotError("No step is shown yet.")
    sign = r"\leftarrow" if step.symbol in names(step.expression) else "="
    _copy(s, f"{write(step.target, LATEX)} {sign} {write(step.expression, LATEX)}")


def copy_matrix(s: SessionState, rest: str) -> None:
    """The matrix of the number that is explained, as a NumPy array."""
    place = s.view.place
    value = None if place is None else s.view.value(place.symbol)
    if place is None or value is None:
        raise CannotError("No matrix is computed yet.")
    rows = str(value.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
    _copy(s, f"{place.symbol} = np.array({rows})")


def _copy(s: SessionState, what: str) -> None:
    s.copied = what
    s.say(UNSURE)
