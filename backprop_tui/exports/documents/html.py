"""The HTML document: every step worked out on one page, formulas in MathML, contents with links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from backprop_tui.explain.derivation import Derivation
from backprop_tui.exports.documents.document import (
    Chapter,
    MatrixTable,
    WorkedStep,
    chapters,
    derivations,
    of_derivations,
    opening,
)
from backprop_tui.exports.documents.page import (
    Html,
    element,
    formula,
    mathematics,
    page,
    paragraph,
    table,
    unbroken,
)
from backprop_tui.exports.figures import heading, iterations
from backprop_tui.exports.formats import Wanted
from backprop_tui.maths.mathml import DISPLAYED, MATHML
from backprop_tui.maths.writing import GUARDED, TEXT
from backprop_tui.run.timeline import Timeline

STYLE = Path(__file__).with_name("html.css").read_text("utf-8")


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The text of the page, an iteration at a time."""
    return page(timeline.experiment.title, _body(timeline, wanted), STYLE)


def _body(timeline: Timeline, wanted: Wanted) -> Iterator[Html]:
    said = map(paragraph, opening(timeline, wanted.decimals))
    yield element("header", element("h1", timeline.experiment.title), *said)
    yield _contents(timeline, wanted.iterations)
    for chapter in chapters(timeline, wanted):
        yield _chapter(chapter)
        if chapter.ends:
            yield paragraph(chapter.ends, "wrong")
    yield derived(derivations(timeline), of_derivations(timeline))


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
    items.append(element("li", element("a", "Derivations", href="#derivations")))
    return element("nav", element("ul", *items), aria_label="Contents")


def _chapter(chapter: Chapter) -> Html:
    name = f"iteration-{chapter.number}"
    given = element("h3", "Given"), element("div", *map(_matrix, chapter.given), class_="matrices")
    return element(
        "section",
        element("h2", chapter.heading, id=name),
        *map(paragraph, chapter.edited),
        *(given if chapter.given else ()),
        *(_phase(name, phase, steps) for phase, steps in chapter.phases),
        aria_labelledby=name,
    )


def _phase(chapter: str, phase: str, steps: Sequence[WorkedStep]) -> Html:
    name = f"{chapter}-{phase}-{steps[0].number}"
    return element(
        "section",
        element("h3", phase.capitalize(), id=name),
        *(_step(worked, f"{chapter}-step-{worked.number}") for worked in steps),
        aria_labelledby=name,
    )


def derived(found: Iterable[Derivation], about: str = "") -> Html:
    """The section of derivations."""
    return element(
        "section",
        element("h2", "Derivations", id="derivations"),
        paragraph(about) if about else "",
        *map(_derivation, found),
        aria_labelledby="derivations",
    )


def _derivation(found: Derivation) -> Html:
    sides = (line.sides(DISPLAYED) for line in found.lines)
    rows = (
        element(
            "tr",
            *(element("td", unbroken(side) if side else "") for side in both),
            element("td", line.rule),
        )
        for line, both in zip(found.lines, sides, strict=True)
    )
    return element(
        "section",
        element("h3", unbroken(found.heading(DISPLAYED))),
        element("div", element("table", element("tbody", *rows)), class_="wide"),
        class_="derivation",
    )


def _step(worked: WorkedStep, name: str) -> Html:
    found, form = worked.explanation, worked.index_form(MATHML)
    said: tuple[Html | str, ...] = (
        mathematics([worked.formula(MATHML)], worked.formula(TEXT)),
        *(element("p", "where ", formula(each)) for each in worked.definitions(MATHML)),
        paragraph(worked.slip, "wrong") if worked.slip else "",
        paragraph(found.reason),
        element(
            "p",
            element("span", "Shapes: ", formula(worked.shapes(MATHML))),
            " ",
            element("span", "Index form: ", formula(form)) if form else "",
            class_="quiet",
        ),
        mathematics(worked.element(MATHML), " ".join(worked.element(GUARDED))),
        *map(paragraph, found.remarks),
        *(paragraph(sentence, "quiet") for sentence in worked.published),
        *(element("blockquote", paragraph(note)) for note in worked.notes),
    )
    symbol = unbroken(MATHML.name(worked.step.symbol))
    return element(
        "article",
        element("h4", f"{worked.number}. ", symbol, f", {worked.place}"),
        element("div", element("div", *said), _matrix(worked.matrix), class_="beside"),
        class_=f"step {worked.step.phase}",
        id=name,
    )


def _matrix(matrix: MatrixTable) -> Html:
    rows = (
        element("tr", element("th", head, scope="row"), *map(_number, figures))
        for head, figures in matrix.rows
    )
    caption = unbroken(MATHML.name(matrix.symbol))
    return element("div", table(caption, matrix.columns, rows), class_="wide")


def _number(figure: str) -> Html:
    if figure in "…⋮" or not figure.strip("−0.e"):
        return element("td", figure)
    return element("td", figure, class_="minus" if figure.startswith("−") else "plus")
