"""The worksheet: sheets to print, with blanks to fill in by hand, and an answer key beside them.

A page of HTML, not Markdown: paper needs a page break for each sheet, boxes to write into and room
to work in, and a browser prints all three. What stands on a sheet, `sheets` knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from backprop_tui.engine.experiment import Array
from backprop_tui.engine.mathml import MATHML
from backprop_tui.engine.notation import TEXT, plain_number, write
from backprop_tui.engine.program import Step
from backprop_tui.engine.timeline import Timeline
from backprop_tui.exports import sheets
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.page import page, paragraph, table
from backprop_tui.exports.sheets import Sheet
from backprop_tui.exports.trace import setting
from backprop_tui.exports.worked import Matrix, assignment, defined

STYLE = """
.sheet { break-after: page; }
.sheet:last-child { break-after: auto; }
.name { border-bottom: 1px solid; padding-top: 1rem; }
.matrices > * { break-inside: avoid; }
caption { white-space: nowrap; }
.matrices .wide { overflow: visible; }
.blank { border: 1px solid; min-width: 4rem; height: 1.8rem; }
.values { columns: 11rem; padding: 0; list-style: none; font-variant-numeric: tabular-nums; }
@media print { :root { color-scheme: light; } body { max-width: none; font-size: 10pt; padding: 0; }
  h1 { margin-top: 0; } h2 { margin: .6rem 0 .2rem; } .wide { overflow: visible; padding: 0; } }
"""


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The page, a sheet at a time."""
    found = sheets.sheets(timeline, wanted)
    title = f"{timeline.experiment.title}: worksheet"
    return page(title, (_sheet(sheet, len(found)) for sheet in found), STYLE)


def key(timeline: Timeline, wanted: Wanted) -> str:
    """The answers: CSV, a row for each sheet, to be printed or read by a program."""
    return sheets.key(sheets.sheets(timeline, wanted))


def _sheet(sheet: Sheet, of: int) -> str:
    name = f"sheet-{sheet.number}"
    functions = _functions(sheet)
    given = "".join(table(_short(symbol, m, sheet)) for symbol, m in sheet.given().items())
    scalars = ", ".join(f"{TEXT.name(s)} = {plain_number(x)}" for s, x in sheet.scalars().items())
    parts = [
        f'<h1 id="{name}">{escape(sheet.timeline.experiment.title)}</h1>\n',
        paragraph(f"Sheet {sheet.number} of {of}. {setting(sheet.timeline)}", "quiet"),
        '<p class="name">Name</p>\n',
        f"<p>Open it when you are done: <code>{escape(sheet.command)}</code></p>\n",
        '<h2>Given</h2>\n<div class="matrices">\n',
        given,
        "</div>\n",
        paragraph(scalars) if scalars else "",
        f"<h2>Functions</h2>\n{functions}" if functions else "",
        "<h2>Fill in</h2>\n",
        paragraph(f"Round to {sheet.decimals} decimals; the last one may differ by a little."),
        '<div class="matrices">\n',
        *(_ask(step, sheet) for step in sheet.blanks),
        "</div>\n",
    ]
    return f'<section class="sheet" aria-labelledby="{name}">\n{"".join(parts)}</section>\n'


def _short(symbol: str, matrix: Array, sheet: Sheet) -> Matrix:
    """A given matrix; a number that is exact without them has no zeros at its end."""

    def short(number: float) -> str:
        figure = sheet.figure(number)
        plain = "." in figure and "e" not in figure
        exact = plain and float(figure.replace("−", "-")) == number
        return figure.rstrip("0").rstrip(".") if exact else figure

    return _named(symbol, [tuple(map(short, row)) for row in matrix.tolist()])


def _named(symbol: str, rows: list[tuple[str, ...]]) -> Matrix:
    columns = tuple(str(j + 1) for j in range(len(rows[0])))
    return Matrix(symbol, columns, tuple((str(i), row) for i, row in enumerate(rows, 1)))


def _ask(step: Step, sheet: Sheet) -> str:
    """A blank matrix below the formula that fills it."""
    rows, columns = sheet.answer(step).shape
    return table(_named(step.symbol, [("",) * columns] * rows), assignment(step, MATHML))


def _functions(sheet: Sheet) -> str:
    """What the functions of the formulas stand for, and the values that take more than a pencil."""
    definitions = "".join(
        f"<p><math><mrow>{write(call, MATHML)}<mo>=</mo>{write(e, MATHML)}</mrow></math></p>\n"
        for call, e in defined(*(step.expression for step in sheet.blanks)).items()
    )
    values = "".join(f"<li>{escape(told)}</li>\n" for told in sheet.values())
    return definitions + (f'<ul class="values">\n{values}</ul>\n' if values else "")
