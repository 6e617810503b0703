"""The HTML export: iterations worked out step by step on one page, formulas as MathML.

What is said of a step, `worked` knows; how a page looks, `page`, and here what only long documents
need: contents with links, lines that wrap, steps that no page of paper cuts in two.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from backprop_tui.exports.document import Chapter, chapters, opening
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.page import formula, mathematics, page, paragraph, table
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
    """The page, a step at a time."""
    return page(timeline.experiment.title, _body(timeline, wanted), STYLE)


def _body(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    title, *said = timeline.experiment.title, *opening(timeline, wanted.decimals)
    yield f"<header>\n<h1>{escape(title)}</h1>\n{''.join(map(paragraph, said))}</header>\n"
    yield _contents(timeline, wanted.iterations)
    for chapter in chapters(timeline, wanted):
        yield from _chapter(chapter)


def _contents(timeline: Timeline, number: int) -> str:
    """Links to every iteration, and to each of its steps."""
    items = []
    for iteration in iterations(timeline, number):
        name = f"iteration-{iteration.number}"
        steps = " ".join(
            f'<a href="#{name}-step-{k}"><math>{MATHML.name(step.symbol)}</math></a>'
            for k, step in enumerate(timeline.program.steps, 1)
        )
        said = escape(heading(timeline, iteration))
        items.append(f'<li><a href="#{name}">{said}</a>: {steps}</li>\n')
    return f'<nav aria-label="Contents"><ul>\n{"".join(items)}</ul></nav>\n'


def _chapter(chapter: Chapter) -> Iterator[str]:
    name = f"iteration-{chapter.number}"
    yield f'<section aria-labelledby="{name}">\n<h2 id="{name}">{escape(chapter.heading)}</h2>\n'
    yield from map(paragraph, chapter.edited)
    if chapter.given:
        tables = "".join(map(table, chapter.given))
        yield f'<h3>Given</h3>\n<div class="matrices">\n{tables}</div>\n'
    for phase, steps in chapter.phases:
        part = f"{name}-{phase}-{steps[0].number}"
        yield f'<section aria-labelledby="{part}">\n'
        yield f'<h3 id="{part}">{phase.capitalize()}</h3>\n'
        for worked in steps:
            yield _step(worked, f"{name}-step-{worked.number}")
        yield "</section>\n"
    yield "</section>\n"
    if chapter.ends:
        yield paragraph(chapter.ends, "wrong")


def _step(worked: Worked, name: str) -> str:
    found, form = worked.explanation, worked.index_form(MATHML)
    said = [
        mathematics([worked.formula(MATHML)], worked.formula(TEXT)),
        *(f"<p>where {formula(definition)}</p>\n" for definition in worked.where(MATHML)),
        paragraph(f"Mistaken: {worked.slip}", "wrong") if worked.slip else "",
        paragraph(found.reason),
        f'<p class="quiet"><span>Shapes: {formula(worked.shapes(MATHML))}</span>',
        f" <span>Index form: {formula(form)}</span>" if form else "",
        "</p>\n",
        mathematics(worked.element(MATHML), worked.spoken),
        *map(paragraph, found.remarks),
        *(paragraph(figures, "quiet") for figures in worked.printed),
        *(f"<blockquote>{paragraph(note)}</blockquote>\n" for note in worked.notes),
    ]
    head = f"{worked.number}. <math>{MATHML.name(worked.step.symbol)}</math>, {worked.place}"
    return (
        f'<article class="step {worked.step.phase}" id="{name}">\n<h4>{head}</h4>\n'
        f'<div class="beside"><div>\n{"".join(said)}</div>\n{table(worked.matrix)}</div>'
        "</article>\n"
    )
