"""The record of answers for the teacher: a CSV file, a line for each answer as it comes.

Each line is written at once, so that a program that is killed loses none.
"""

from __future__ import annotations

import csv
import os
from datetime import datetime

from backprop_tui.exports.figures import csv_line
from backprop_tui.files.atomic_write import SaveError, write_file
from backprop_tui.files.reading import first_bytes, opened
from backprop_tui.learn.answers import JudgedAnswer
from backprop_tui.learn.questions import AskedQuestion, Helped, QuestionOutcome
from backprop_tui.maths.writing import text
from backprop_tui.messages import path_shown

COLUMNS = (
    "time",
    "lesson",
    "iteration",
    "step",
    "cell",
    "form",
    "try",
    "answer",
    "verdict",
    "mistakes",
    "right",
    "seconds",
    "help",
)
BEFORE_HELP = COLUMNS[:-1]
"""The columns of a record that version 0.1.0 began; it goes on with them."""
LONGEST_HEADER = 1000
"""Bytes, with whatever quotation marks another program puts around the columns."""


class Record:
    """A record that lines are added to: a new file, or one that is such a record already."""

    def __init__(self, path: str) -> None:
        """Open or create the file. Raises SaveError where it fails or it is no such record."""
        self.path = path
        try:
            self._begin()
            lines = first_bytes(path, LONGEST_HEADER).decode("utf-8", "replace").splitlines()
            self.columns = tuple(next(csv.reader(lines), ()))
            if self.columns not in (COLUMNS, BEFORE_HELP):
                raise SaveError(f"{path_shown(path)} is no record of answers: name another")
            self._end_last_line()
        except (OSError, ValueError, csv.Error) as error:
            why = getattr(error, "strerror", None) or "it is no such file"
            raise SaveError(f"{path_shown(path)} cannot be added to: {why}") from None

    def write(
        self,
        lesson: str,
        asked: AskedQuestion,
        attempt: int,
        typed: str,
        became: JudgedAnswer | QuestionOutcome | None,
        right: str,
        seconds: float,
        helped: Helped | None = None,
    ) -> None:
        """Add a line for an answer, or for a result that was shown unanswered. Raises OSError."""
        verdict, mistakes = "", ""
        if isinstance(became, JudgedAnswer):
            verdict, mistakes = became.verdict.value, " ".join(became.mistakes)
        elif became is not None:
            verdict = became.value
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        iteration, asked_for = asked.place.iteration, text(asked.part or asked.cell)
        line = (
            *(now, lesson, iteration, asked.step.symbol, asked_for, asked.form),
            *(attempt, typed, verdict or "talked", mistakes, right, f"{seconds:.1f}"),
            helped.value if helped else "",
        )
        with open(self.path, "a", encoding="utf-8", newline="", opener=_there) as file:
            file.write(csv_line(line[: len(self.columns)]))

    def _begin(self) -> None:
        """Have a file with the columns' names, which come into being in one go: another program may
        begin it at the same moment."""
        is_new = not os.path.exists(self.path)
        if is_new or not os.path.getsize(self.path):
            try:
                write_file(self.path, csv_line(COLUMNS), overwrite=not is_new)
            except SaveError:
                if not os.path.exists(self.path):
                    raise

    def _end_last_line(self) -> None:
        """End the last line, of which a program that was killed may have written half."""
        with open(self.path, "ab+", opener=_there) as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")


def _there(path: str, flags: int) -> int:
    """The `opener` of a record that is there: removed, it is not begun anew in its middle."""
    return opened(path, flags & ~os.O_CREAT)
