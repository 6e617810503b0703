"""The record of answers for the teacher: a CSV file, a line for each answer as it comes.

Each line is written at once, so that a program that is killed loses none.
"""

from __future__ import annotations

import csv
import os
from datetime import datetime

from backprop_tui.exports.figures import csv_line
from backprop_tui.files.atomic_write import SaveError
from backprop_tui.learn.answers import JudgedAnswer
from backprop_tui.learn.questions import AskedQuestion, QuestionOutcome
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
)


class Record:
    """A record that lines are added to: a new file, or one that is such a record already."""

    def __init__(self, path: str) -> None:
        """Open or create the file. Raises SaveError where it fails or it is no such record."""
        self.path = path
        try:
            if os.path.exists(path) and not os.path.isfile(path):
                raise SaveError(f"{path_shown(path)} is not a regular file: name another")
            is_new = not os.path.exists(path) or os.path.getsize(path) == 0
            if not is_new:
                with open(path, encoding="utf-8", newline="") as file:
                    if next(csv.reader(file), None) != list(COLUMNS):
                        raise SaveError(f"{path_shown(path)} is no record of answers: name another")
            self._add(COLUMNS if is_new else None)
            if not is_new:
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
    ) -> None:
        """Add a line for an answer, or for a result that was shown unanswered. Raises OSError."""
        verdict, mistakes = "", ""
        if isinstance(became, JudgedAnswer):
            verdict, mistakes = became.verdict.value, " ".join(became.mistakes)
        elif became is not None:
            verdict = became.value
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        iteration, cell = asked.place.iteration, text(asked.cell)
        self._add(
            (
                *(now, lesson, iteration, asked.step.symbol, cell, asked.form),
                *(attempt, typed, verdict or "talked", mistakes, right, f"{seconds:.1f}"),
            )
        )

    def _end_last_line(self) -> None:
        """End the last line, of which a program that was killed may have written half."""
        with open(self.path, "rb+") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")

    def _add(self, line: tuple[object, ...] | None) -> None:
        with open(self.path, "a", encoding="utf-8", newline="") as file:
            if line is not None:
                file.write(csv_line(line))
