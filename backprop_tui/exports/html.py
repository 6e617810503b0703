"""The HTML export: iterations worked out step by step on one page, formulas as MathML.

What is said of a step, `worked` knows; how a page looks, `page`, and here what only long documents
need: contents with links, lines that wrap, steps that no page of paper cuts in two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backprop_tui.exports.document import Chapter, chapters, opening
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.markup import Html, element
from backprop_tui.exports.page import formula, mathematics, page, paragraph, table, unbroken
from backprop_tui.exports.trace import heading, iterations
from backprop_tui.exports.worked import Worked
from backprop_tui.maths.mathml import MATHML
from backprop_tui.maths.writing import TEXT
from backprop_tui.run.timeline import Timeline

STYLE = """
nav ul { padding: 0; list-style: none; }
nav a { display: inline-block; min-width: 1.5rem; padding: .1rem .3rem; }
a { color: var(--plus); }
.step { margin-block: 1.2rem; }
.step h4 { margin-top: 0; }
.beside { display: flex; flex-wrap: wrap; gap: 0 2.5rem; }
.beside > div:first-child { flex: 1 1 24rem; min-width: 0; }
.beside > .wide { flex: 0 1 auto; }
.step math { math-style: normal; } /* fractions are no small print */
.step .quiet math { math-style: compact; }
.stage { display: inline-block; max-width: 100%; box-sizing: border-box;
  margin-inline-end: .4em; padding-inline-start: 1em; text-indent: -1em; line-height: 1.7; }
.quiet > span { display: inline-block; margin-inline-end: 1.2rem; }
table { border-collapse: separate; border-spacing: 0; }
thead td, th { font-size: .75rem; padding-block: 0; }
tbody td:nth-child(2) { border-inline-start: 1.5px solid var(--ink); }
tbody td:last-child { border-inline-end: 1.5px solid var(--ink); }
tbody tr:first-child td:nth-child(2) { border-start-start-radius: .6rem; }
tbody tr:last-child td:nth-child(2) { border-end-start-radius: .6rem; }
tbody tr:first-child td:last-child { border-start-end-radius: .6rem; }
tbody tr:last-child td:last-child { border-end-end-radius: .6rem; }
@media (max-width: 30rem) { .step { padding-inline-start: .5rem; }
  th, td { padding-inline: .25rem; } }
@media print { @page { margin: 12mm; }
  body { max-width: none; padding: 0; font-size: 9pt; line-height: 1.35; }
  nav { display: none; }
  h1, h2, h3, h4 { margin: .5rem 0 .2rem; break-after: avoid; }
  h1 { margin-top: 0; } h1, h2 { font-size: 13pt; } h3 { font-size: 11pt; } h4 { font-size: 9pt; }
  p, blockquote, table { margin: .15rem 0; }
  .step { break-inside: avoid; margin-block: .6rem; }
  .wide { overflow: visible; padding: 0; }
  .stage { line-height: 1.5; }
  th, td { padding: 0 .3rem; } }
"""


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The page, an iteration at a time."""
    return page(timeline.experiment.title, _body(timeline, wanted), STYLE)


def _body(timeline: Timeline, wanted: Wanted) -> Iterator[Html]:
    said = map(paragraph, opening(timeline, wanted.decimals))
    yield element("header", element("h1", timeline.experiment.title), *said)
    yield _contents(timeline, wanted.iterations)
    for chapter in chapters(timeline, wanted):
        yield _chapter(chapter)
        if chapter.ends:
            yield paragraph(chapter.ends, "wrong")


def _contents(timeline: Timeline, number: int) -> Html:
    """Links to every iteration, and to each of its steps."""
    symbols = [unbroken(MATHML.name(step.symbol)) for step in timeline.program.steps]
    items = []
    for iteration in iterations(timeline, number):
        name = f"iteration-{iteration.number}"
        first = element("a", heading(timeline, iteration), href=f"#{name}")
        steps = (
            part
            for k, symbol in enumerate(symbols, 1)
            for part in (" ", element("a", symbol, href=f"#{name}-step-{k}"))
        )
        items.append(element("li", first, ":", *steps))
    return element("nav", element("ul", *items), aria_label="Contents")


def _chapter(chapter: Chapter) -> Html:
    name = f"iteration-{chapter.number}"
    given = element("h3", "Given"), element("div", *map(table, chapter.given), class_="matrices")
    return element(
        "section",
        element("h2", chapter.heading, id=name),
        *map(paragraph, chapter.edited),
        *(given if chapter.given else ()),
        *(_phase(name, phase, steps) for phase, steps in chapter.phases),
        aria_labelledby=name,
    )


def _phase(chapter: str, phase: str, steps: Sequence[Worked]) -> Html:
    name = f"{chapter}-{phase}-{steps[0].number}"
    return element(
        "section",
        element("h3", phase.capitalize(), id=name),
        *(_step(worked, f"{chapter}-step-{worked.number}") for worked in steps),
        aria_labelledby=name,
    )


def _step(worked: Worked, name: str) -> Html:
    found, form = worked.explanation, worked.index_form(MATHML)
    said: tuple[Html | str, ...] = (
        mathematics([worked.formula(MATHML)], worked.formula(TEXT)),
        *(element("p", "where ", formula(definition)) for definition in worked.where(MATHML)),
        paragraph(f"Mistaken: {worked.slip}", "wrong") if worked.slip else "",
        paragraph(found.reason),
        element(
            "p",
            element("span", "Shapes: ", formula(worked.shapes(MATHML))),
            " ",
            element("span", "Index form: ", formula(form)) if form else "",
            class_="quiet",
        ),
        mathematics(worked.element(MATHML), worked.spoken),
        *map(paragraph, found.remarks),
        *(paragraph(figures, "quiet") for figures in worked.printed),
        *(element("blockquote", paragraph(note)) for note in worked.notes),
    )
    symbol = unbroken(MATHML.name(worked.step.symbol))
    return element(
        "article",
        element("h4", f"{worked.number}. ", symbol, f", {worked.place}"),
        element("div", element("div", *said), table(worked.matrix), class_="beside"),
        class_=f"step {worked.step.phase}",
        id=name,
    )
