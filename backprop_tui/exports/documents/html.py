"""The HTML document: every step worked out on one page, formulas in MathML, contents with links.

Its script shows it a step at a time, beside a board of all matrices, which it fills from the tables
of the document. Without the script it is a document to read from top to bottom.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from backprop_tui.explain.derivation import Derivation
from backprop_tui.explain.gradient_lines import DerivationLine
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
    LONG,
    Html,
    breakable,
    element,
    joined,
    mathematics,
    page,
    paragraph,
    streamed,
    table,
    unbroken,
)
from backprop_tui.exports.figures import heading, iterations
from backprop_tui.exports.formats import Wanted
from backprop_tui.maths.expressions import names
from backprop_tui.maths.mathml import DISPLAYED, MATHML
from backprop_tui.maths.writing import GUARDED, TEXT
from backprop_tui.model.architecture import PHASES, Role
from backprop_tui.model.program import Program
from backprop_tui.model.rows import named, rows_of, sharing
from backprop_tui.run.timeline import Timeline
from backprop_tui.session.view import CARRIED_ON, ENTERS

HERE = Path(__file__)
HINT = "Step with the buttons below, or with space (next) and ⌫ (back)."
STYLE = HERE.with_name("html.css").read_text("utf-8")


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The text of the page, an iteration at a time."""
    style, script = (
        HERE.with_name(f"stepping.{kind}").read_text("utf-8") for kind in ("css", "js")
    )
    return page(timeline.experiment.title, _body(timeline, wanted), STYLE + style, script)


def _body(timeline: Timeline, wanted: Wanted) -> Iterator[Html | str]:
    said = map(paragraph, opening(timeline, wanted.decimals))
    yield Html('<div class="document">\n')
    title = element("h1", timeline.experiment.title)
    yield element("header", title, *said, element("p", HINT, class_="hint", hidden="hidden"))
    contents = streamed("ul", _contents(timeline, wanted.iterations))
    yield from streamed("nav", contents, aria_label="Contents")
    yield from chain.from_iterable(map(_chapter, chapters(timeline, wanted)))
    yield from derived(derivations(timeline), of_derivations(timeline))
    yield Html("</div>\n")
    yield _board(timeline.program)
    yield _bar()


def _board(program: Program) -> Html:
    """Places for all matrices in the rows of the program's boards, each gradient under its value,
    which the script fills."""
    rows, placed = rows_of(program), set[str]()
    results = {symbol for row in rows for slot in row.results for symbol in slot}
    sections = []
    for row in rows:
        own = [s for slot in row.slots for s in slot if s not in results or slot in row.results]
        if row is rows[-1]:
            own += [*program.of_kind("loss"), *(s for s in program.roles if s not in placed)]
        cells = []
        for symbol in own:
            under = [s for s, role in program.roles.items() if symbol in _values_of(program, role)]
            column = [s for s in (symbol, *under) if s not in placed]
            placed.update(column)
            parts = (element("div", data_place=s) for s in column)
            cells.append(element("div", *parts, class_="column") if column else "")
        said = sharing(program, row, own) if row.shared else ""
        name = element("h3", said or named(program, row.groups))
        sections.append(element("section", name, element("div", *cells, class_="matrices")))
    return element("aside", *sections, class_="board", hidden="hidden", aria_label="Matrices")


def _values_of(program: Program, role: Role) -> tuple[str, ...]:
    """The value that a gradient, or a running mean of one, is of."""
    of = role.of or ""
    return (of, program.roles[of].of or "") if of in program.roles else ()


def _bar() -> Html:
    """The buttons and the slider by which the script steps."""
    phases = (element("button", phase, type="button", data_phase=phase) for phase in PHASES)
    return element(
        "div",
        element("button", "back", type="button", data_by="-1"),
        element("input", type="range", min="0", value="0", aria_label="Step"),
        element("output", aria_hidden="true"),
        element("button", "next", type="button", data_by="1"),
        element("span", *phases, class_="phases"),
        element("a", "whole page", href="#whole-page"),
        element("p", class_="said", aria_live="polite"),
        class_="bar",
        role="group",
        hidden="hidden",
        aria_label="Steps",
    )


def name_of(iteration: int, symbol: str) -> str:
    """What a step is called in the page's address: dZ2, and 2-dZ2 in iteration 2."""
    return symbol if iteration == 1 else f"{iteration}-{symbol}"


def _contents(timeline: Timeline, number: int) -> Iterator[Html]:
    """Links to every iteration, and to each of its steps."""
    symbols = {s.symbol: unbroken(MATHML.name(s.symbol)) for s in timeline.program.steps}
    for k, iteration in enumerate(iterations(timeline, number), 1):
        first = element("a", heading(timeline, iteration), href=f"#iteration-{k}")
        steps = (
            part
            for symbol, written in symbols.items()
            for part in (" ", element("a", written, href=f"#{name_of(k, symbol)}"))
        )
        yield element("li", first, ":", *steps)
    yield element("li", element("a", "Derivations", href="#all-derivations"))


def _chapter(chapter: Chapter) -> Iterator[Html | str]:
    name = f"iteration-{chapter.number}"
    matrices = (_matrix(each) for each in chapter.given)
    given = element("h3", "Given"), element("div", *matrices, class_="matrices given")
    return streamed(
        "section",
        chain(
            [element("h2", chapter.heading, id=name), *map(paragraph, chapter.edited)],
            given if chapter.given else (),
            *(_phase(chapter.number, phase, steps) for phase, steps in chapter.phases),
            [paragraph(chapter.ends, "ends wrong") if chapter.ends else ""],
        ),
        class_="iteration",
        aria_labelledby=name,
    )


def _phase(iteration: int, phase: str, steps: Sequence[WorkedStep]) -> Iterator[Html | str]:
    name = f"iteration-{iteration}-{phase}-{steps[0].number}"
    worked = (_step(worked, name_of(iteration, worked.step.symbol)) for worked in steps)
    return streamed(
        "section",
        chain([element("h3", phase.capitalize(), id=name)], worked),
        aria_labelledby=name,
    )


def derived(found: Iterable[Derivation], about: str = "") -> Iterator[Html | str]:
    """The section of derivations."""
    head = element("h2", "Derivations", id="all-derivations")
    return streamed(
        "section",
        chain([head, paragraph(about) if about else ""], map(_derivation, found)),
        class_="derivations",
        aria_labelledby="all-derivations",
    )


def _derivation(found: Derivation) -> Html:
    return element(
        "section",
        element("h3", unbroken(found.heading(DISPLAYED))),
        element("div", element("table", element("tbody", *map(_line, found.lines))), class_="wide"),
        class_="derivation",
        data_of=found.symbol,
    )


def _line(line: DerivationLine) -> Html:
    """A line with its rule; a long one may be broken."""
    left, right = line.sides(DISPLAYED)
    if len(line.sides(TEXT)[1]) > LONG:
        shown = element("span", breakable(line.sides(MATHML)[1]), class_="stage")
    else:
        shown = unbroken(right)
    sides = (unbroken(left) if left else "", shown, line.rule)
    return element("tr", *(element("td", side) for side in sides))


def _step(worked: WorkedStep, name: str) -> Html:
    found, form = worked.explanation, worked.index_form(MATHML)
    said: tuple[Html | str, ...] = (
        mathematics([worked.formula(MATHML)], worked.formula(TEXT)),
        *(element("p", "where ", breakable(each)) for each in worked.definitions(MATHML)),
        paragraph(worked.slip, "wrong") if worked.slip else "",
        paragraph(found.reason, "reason"),
        element(
            "p",
            element("span", "Shapes: ", breakable(worked.shapes(MATHML))),
            " ",
            element("span", "Index form: ", breakable(form)) if form else "",
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
        element("h4", f"{worked.number}. ", _sign(worked.sign), symbol, f", {worked.place}"),
        element("div", element("div", *said), _matrix(worked.matrix, worked.sign), class_="beside"),
        class_=f"step {worked.step.phase}",
        id=name,
        data_symbol=worked.step.symbol,
        data_reads=" ".join(names(worked.step.expression)),
    )


def _sign(sign: str) -> Html:
    """The sign of a wrong step, with its meaning for those who point at it."""
    meaning = {ENTERS: "the mistake enters here", CARRIED_ON: "the mistake is carried on"}
    if not sign:
        return Html("")
    return joined([element("span", sign, class_="wrong", title=meaning[sign]), " "])


def _matrix(matrix: MatrixTable, sign: str = "") -> Html:
    rows = (
        element("tr", element("th", head, scope="row"), *map(_number, figures))
        for head, figures in matrix.rows
    )
    caption = joined([_sign(sign), unbroken(MATHML.name(matrix.symbol))])
    filled = table(caption, matrix.columns, rows)
    return element("div", filled, class_="wide", data_matrix=matrix.symbol)


def _number(figure: str) -> Html:
    if figure in "…⋮" or not figure.strip("−0.e"):
        return element("td", figure)
    return element("td", figure, class_="minus" if figure.startswith("−") else "plus")
