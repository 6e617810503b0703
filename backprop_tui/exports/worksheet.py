"""The worksheet: sheets to print, with blanks to fill in by hand, and an answer key beside them.

A page of HTML, not Markdown: paper needs a page break for each sheet, boxes to write into and room
to work in, and a browser prints all three. What stands on a sheet, `sheet` knows.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from backprop_tui.explain.explanation import formula
from backprop_tui.exports import answers, lookup_table, sheets
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.legend import SCALARS, legend, network
from backprop_tui.exports.markup import Html, element, joined
from backprop_tui.exports.page import grid, page, paragraph, unbroken
from backprop_tui.exports.sheet import Sheet
from backprop_tui.exports.worked import defined
from backprop_tui.maths.mathml import MATHML
from backprop_tui.maths.writing import TEXT, plain_number, write
from backprop_tui.model.program import Step
from backprop_tui.run.timeline import Timeline

# In print a sheet is a table, its header the head of it: browsers repeat that on every page. The
# margins suit A4 and Letter; what the sheet leaves of the page is room to work in.
STYLE = """
.sheet { break-after: page; }
.sheet:last-child { break-after: auto; }
.sheet h1 { margin: 0; font-size: 1.1rem; }
.sheet h2 { margin: .5rem 0 .1rem; font-size: 1rem; }
.sheet h2, .asked p { break-after: avoid; }
.asked { orphans: 1; widows: 1; }
.sheet .who { display: flex; gap: .5rem; align-items: baseline; margin: .7rem 0 .4rem; }
.who span { flex: 1; border-bottom: 1px solid; }
.who span:nth-of-type(1) { flex: 3; }
.flow { display: flex; flex-direction: column; }
.given, .lists, .matrix, .sheet > header { break-inside: avoid; }
.matrix { display: inline-table; vertical-align: top; margin: .2rem 1.2rem .4rem 0; }
.sheet caption { white-space: nowrap; }
.sheet thead th { text-align: center; }
.given tbody td { border: 1px solid var(--rule); }
.blank { border: 1px solid; min-width: 3.6rem; height: 1.6rem; }
.answer { border: 1px solid; min-width: 3.6rem; font-weight: bold; }
.lists ul { padding: 0; margin: .2rem 0; list-style: none; }
.values { columns: 9.5rem; font-variant-numeric: tabular-nums; }
.signs { columns: 16rem; }
.lists li { break-inside: avoid; }
.working { flex-grow: 1; height: 0; overflow: hidden; border-top: 1px solid var(--rule); }
@page { size: portrait; margin: 12mm 15mm; }
@media print {
  :root { color-scheme: light; }
  body { max-width: none; font-size: 10pt; line-height: 1.3; padding: 0; }
  .sheet p { margin: .15rem 0; }
  .lists li { font-size: .9em; }
  .sheet { display: table; width: 100%; }
  .sheet > header { display: table-header-group; }
  .flow { min-height: 225mm; }
}
"""


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The page, a sheet at a time."""
    return _page(timeline, wanted, solved=False)


def key(timeline: Timeline, wanted: Wanted, ending: str) -> str:
    """The answers: the same sheets with the blanks filled in as .html, else CSV for programs."""
    if ending == ".html":
        return "".join(_page(timeline, wanted, solved=True))
    return answers.table(sheets.sheets(timeline, wanted))


def remarks(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """What the sheets lack, and how to have it."""
    return sheets.remarks(timeline, wanted)


def _page(timeline: Timeline, wanted: Wanted, solved: bool) -> Iterator[str]:
    found = sheets.sheets(timeline, wanted)
    title = f"{timeline.experiment.title}: {'solutions' if solved else 'worksheet'}"
    body = (_sheet(sheet, n, len(found), solved) for n, sheet in enumerate(found, 1))
    return page(title, body, STYLE)


def _sheet(sheet: Sheet, number: int, of: int, solved: bool) -> Html:
    functions = _functions(sheet)
    flow: tuple[Html | str, ...] = (
        paragraph(f"{network(sheet)}. {_task(sheet)}"),
        element("p", "Check it when you are done: ", element("code", sheet.command)),
        element("div", element("h2", "Given"), *_given(sheet), class_="given"),
        element("div", element("h2", "Functions"), *functions, class_="lists") if functions else "",
        element("div", element("h2", "Signs"), _listed(legend(sheet), "signs"), class_="lists"),
        element(
            "div",
            element("h2", "Answers" if solved else "Fill in"),
            paragraph(_rounding(sheet)),
            *(_asked(n, step, sheet, solved) for n, step in enumerate(sheet.blanks, 1)),
            class_="asked",
        ),
        "" if solved else element("div", "Room to work in", class_="working quiet"),
    )
    return element(
        "section",
        _header(sheet, number, of, solved),
        element("div", *flow, class_="flow"),
        class_="sheet",
        aria_labelledby=f"sheet-{number}",
    )


def _header(sheet: Sheet, number: int, of: int, solved: bool) -> Html:
    """What stands on top of every page of a sheet, so that loose ones can be matched."""
    title = sheet.timeline.experiment.title
    count = f"Sheet {number} of {of}" if of > 1 else ""
    heading = " · ".join(filter(None, (count, title, "solutions" if solved else "")))
    who = (part for field in ("Name ", "Class ", "Date ") for part in (field, element("span"), " "))
    fields = "" if solved else element("p", *who, class_="who")
    return element("header", element("h1", heading, id=f"sheet-{number}"), fields)


def _task(sheet: Sheet) -> str:
    return (
        "Fill in the empty boxes by the formulas above them, in the order of their numbers: later "
        "ones need the answers of earlier ones."
        if len(sheet.blanks) > 1
        else "Fill in the empty boxes by the formula above them."
    )


def _rounding(sheet: Sheet) -> str:
    """How to round, and how far that may lead from the answers: as far as a pencil gets."""
    symbols = defaultdict[float, list[str]](list)
    for symbol, units in sheet.farthest.items():
        symbols[units].append(symbol)
    told = [f"Round to {sheet.rounding}; the last digit may differ by one"]
    for units in sorted(symbols):
        of = ", ".join(symbols[units])
        told.append(f"by {units:g} in {of}" if units < math.inf else f"by anything in {of}")
    return f"{'; '.join(told)}."


def _given(sheet: Sheet) -> Iterator[Html]:
    for symbol, rows in sheet.printed.items():
        yield _matrix(rows, unbroken(MATHML.name(symbol)))
    scalars = ", ".join(
        f"{TEXT.name(s)} = {plain_number(x)} ({SCALARS[s]})" for s, x in sheet.scalars.items()
    )
    if scalars:
        yield paragraph(scalars)


def _asked(number: int, step: Step, sheet: Sheet, solved: bool) -> Html:
    """A matrix of blanks, or of answers, below the formula that fills it."""
    figures = sheet.figures(step)
    rows = figures if solved else [("",) * len(row) for row in figures]
    asked = joined([f"{number}. ", unbroken(formula(step, MATHML))])
    return _matrix(rows, asked, "answer" if solved else "blank")


def _matrix(rows: Sequence[Sequence[str]], caption: Html, kind: str = "") -> Html:
    body = (
        element(
            "tr",
            element("th", str(i), scope="row"),
            *(element("td", *_power(figure), class_=kind) for figure in row),
        )
        for i, row in enumerate(rows, 1)
    )
    return grid(caption, map(str, range(1, len(rows[0]) + 1)), body, "matrix")


def _power(figure: str) -> tuple[Html | str, ...]:
    """5.39e−7 as it is written by hand."""
    digits, e, power = figure.partition("e")
    return (f"{digits}·10", element("sup", power)) if e else (figure,)


def _functions(sheet: Sheet) -> list[Html]:
    """What the functions of the formulas stand for, and the values that take more than a pencil."""
    definitions = [
        element("p", unbroken(f"{write(call, MATHML)}<mo>=</mo>{write(e, MATHML)}"))
        for call, e in defined(*(step.expression for step in sheet.blanks)).items()
    ]
    values = [f"{call} = {number}" for call, number in lookup_table.lines(sheet)]
    return [*definitions, *([_listed(values, "values")] if values else [])]


def _listed(items: Sequence[str], kind: str) -> Html:
    return element("ul", *(element("li", item) for item in items), class_=kind)
