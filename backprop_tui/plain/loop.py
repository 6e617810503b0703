"""The loop of a session in words: a prompt, a line, its answer, until quit or the end of input.

A prompt is written only where somebody sits at a terminal; piped commands give answers alone. It
moves no cursor: the terminal's own line editing is all that a line is typed with.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from functools import partial

from backprop_tui.exports.record import Record
from backprop_tui.files.settings import NO_SETTINGS, Settings
from backprop_tui.messages import readable
from backprop_tui.model.experiment import Experiment
from backprop_tui.plain.face import LONGEST_LINE, PlainFace
from backprop_tui.session.opening import (
    autosave,
    begin_autosaves,
    end_autosaves,
    last_words,
    resumed,
)

PROMPT = "> "
MOST = LONGEST_LINE + 2
"""Characters of a line that are kept: one more than are read, and its end."""


def run(
    experiment: Experiment,
    decimals: int,
    write: Callable[[str], None],
    record: Record | None,
    is_resumed: bool = False,
    preferred: Settings = NO_SETTINGS,
) -> None:
    """Step through an experiment, which was opened from the newest autosave if `is_resumed`.

    What interrupts it, or `write` raises, is the caller's.
    """

    def tell(line: str) -> None:
        write(f"{line}\n")

    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    attended = sys.stdin.isatty() and sys.stdout.isatty()
    face = PlainFace(experiment, decimals, lambda line: tell(readable(line)), preferred)
    session = face.session
    session.record = record
    if is_resumed:
        resumed(session)

    def attempt(do: Callable[[], None]) -> None:
        """Do something; whoever sits there may stop it, and it goes on from where it is."""
        try:
            do()
        except KeyboardInterrupt:
            if not attended:
                raise
            session.stop()
            face.say("Stopped.")

    try:
        attempt(face.wait)  # until it stands where it was saved
        face.open()
        if attended:
            begin_autosaves(session)
            face.say(*filter(None, [session.message]))
        while not session.ended and (line := read(write if attended else None)) is not None:
            attempt(partial(face.line, line))
            told = len(session.said)
            autosave(session)
            face.say(*session.said[told:])
    except KeyboardInterrupt:
        tell("")  # behind the prompt
        end_autosaves(session)
        tell(last_words(session))
        raise
    end_autosaves(session)
    tell(last_words(session))


def read(prompt: Callable[[str], None] | None) -> str | None:
    """The next line, with a prompt where somebody sits there; None at the end of input."""
    if prompt:
        prompt(PROMPT)
    try:
        line = rest = sys.stdin.readline(MOST)
        while len(rest) == MOST and not rest.endswith("\n"):  # too long to be kept, or endless
            rest = sys.stdin.readline(MOST)
    except OSError:  # the terminal is gone
        return None
    if not line and prompt:
        prompt("\n")
    return line or None
