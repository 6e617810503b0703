"""The record of answers for the teacher: a CSV file, a line for each answer as it comes.

Each line is written at once, so that a program that is killed loses none.
"""

from __future__ import annotations

import csv
import os
from datetime import datetime

from backprop_tui.exports.figures import csv_line
from backprop_tui.files.atomic_write import SaveError, open_lines
from backprop_tui.files.reading import first_bytes
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
        self.columns: tuple[str, ...] = COLUMNS
        try:
            is_new = not os.path.exists(path) or os.path.getsize(path) == 0
            self._add(COLUMNS if is_new else None)
            if not is_new:
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
        self._add(line[: len(self.columns)])

    def _end_last_line(self) -> None:
        """End the last line, of which a program that was killed may have written half."""
        with open(self.path, "rb+") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")

    def _add(self, line: tuple[object, ...] | None) -> None:
        with open_lines(self.path, "a") as file:
            if line is not None:
                file.write(csv_line(line))
