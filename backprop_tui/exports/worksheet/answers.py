"""The answer key as CSV: a row for each sheet; each blank's number, and how near is right too."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from backprop_tui.exports.sheet import Sheet


def table(sheets: Sequence[Sheet]) -> str:
    """dW2[1,3], and dW2[1,3] ±: how far from it an answer is right."""
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    labels = [label for label, _, _ in _answers(sheets[0])]
    rows.writerow(["sheet", "opens with", *(head for s in labels for head in (s, f"{s} ±"))])
    for number, sheet in enumerate(sheets, 1):
        answers = (told for _, *answer in _answers(sheet) for told in answer)
        rows.writerow([number, sheet.command, *answers])
    return stream.getvalue()


def _answers(sheet: Sheet) -> Iterator[tuple[str, str, str]]:
    for step in sheet.blanks:
        cells = zip(sheet.figures(step), sheet.tolerances(step), strict=True)
        for i, row in enumerate(cells, 1):
            for j, (figure, tolerance) in enumerate(zip(*row, strict=True), 1):
                yield f"{step.symbol}[{i},{j}]", figure.replace("−", "-"), tolerance
