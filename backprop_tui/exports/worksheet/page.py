"""The page of a worksheet: what is given, boxes to fill in, and what each sign means.

It is HTML, because paper needs page breaks, boxes and room to work in, which Markdown lacks.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from backprop_tui.explain.explanation import formula
from backprop_tui.exports.documents.document import definitions
from backprop_tui.exports.documents.page import (
    LONG,
    Html,
    breakable,
    element,
    joined,
    page,
    paragraph,
    table,
    unbroken,
)
from backprop_tui.exports.figures import activations_in_words, csv_line
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.worksheet.sheet import Worksheet, left_out, sheets
from backprop_tui.maths.expressions import (
    Call,
    Expr,
    MatMul,
    Mul,
    Transpose,
    is_scalar,
    names,
    walk,
)
from backprop_tui.maths.functions import GATHERINGS, Primitive, definition_of
from backprop_tui.maths.mathml import MATHML
from backprop_tui.maths.writing import TEXT, plain_number, write
from backprop_tui.messages import listed
from backprop_tui.model.architecture import Step
from backprop_tui.model.layers import LOSS, OBJECTIVE, gradient
from backprop_tui.model.network import Network
from backprop_tui.run.timeline import Timeline

# In print a sheet is a table, and its header the head, which browsers repeat on every page. The
# margins suit A4 and Letter; the rest of a page is room to work in.
STYLE = Path(__file__).with_name("worksheet.css").read_text("utf-8")


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The text of the page, a sheet at a time."""
    return _page(timeline, wanted, solved=False)


def key(timeline: Timeline, wanted: Wanted, ending: str) -> str:
    """The answers: where `ending` is .html, the same sheets filled in, else CSV."""
    if ending == ".html":
        return "".join(_page(timeline, wanted, solved=True))
    return _csv(sheets(timeline, wanted))


def remarks(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """A sentence on the gradients that were left out, where nothing was said of blanks."""
    blanks = sheets(timeline, wanted)[0].blanks
    if not wanted.blanks and (left := left_out(timeline.program, blanks)):
        yield left


def _csv(found: Sequence[Worksheet]) -> str:
    """A row for each sheet: every answer, and how far from it counts as right (±)."""
    labels = [label for label, _, _ in _answers(found[0])]
    rows = [csv_line(["sheet", "opens with", *(head for s in labels for head in (s, f"{s} ±"))])]
    for number, sheet in enumerate(found, 1):
        answers = (cell for _, *answer in _answers(sheet) for cell in answer)
        rows.append(csv_line([number, sheet.command, *answers]))
    return "".join(rows)


def _answers(sheet: Worksheet) -> Iterator[tuple[str, str, str]]:
    """Each answer: dW2[1,3], its figure and its tolerance."""
    for step in sheet.blanks:
        cells = zip(sheet.figures(step), sheet.tolerances(step), strict=True)
        for i, row in enumerate(cells, 1):
            for j, (figure, tolerance) in enumerate(zip(*row, strict=True), 1):
                yield f"{step.symbol}[{i},{j}]", figure.replace("−", "-"), tolerance


# The page ----------------------------------------------------------------------------------------


def _page(timeline: Timeline, wanted: Wanted, solved: bool) -> Iterator[str]:
    found = sheets(timeline, wanted)
    title = f"{timeline.experiment.title}: {'solutions' if solved else 'worksheet'}"
    body = (_sheet(sheet, n, len(found), solved) for n, sheet in enumerate(found, 1))
    return page(title, body, STYLE)


def _sheet(sheet: Worksheet, number: int, of: int, solved: bool) -> Html:
    functions = _functions(sheet)
    flow: tuple[Html | str, ...] = (
        paragraph(f"{network_line(sheet)}. {_task(sheet)}"),
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
        "" if solved else element("div", "Space for your work", class_="working quiet"),
    )
    return element(
        "section",
        _header(sheet, number, of, solved),
        element("div", *flow, class_="flow"),
        class_="sheet",
        aria_labelledby=f"sheet-{number}",
    )


def _header(sheet: Worksheet, number: int, of: int, solved: bool) -> Html:
    """The head of every page of a sheet: its number, its title, and whose it is."""
    title = sheet.timeline.experiment.title
    count = f"Sheet {number} of {of}" if of > 1 else ""
    heading = " · ".join(filter(None, (count, title, "solutions" if solved else "")))
    who = (part for field in ("Name ", "Class ", "Date ") for part in (field, element("span"), " "))
    fields = "" if solved else element("p", *who, class_="who")
    return element("header", element("h1", heading, id=f"sheet-{number}"), fields)


def _task(sheet: Worksheet) -> str:
    return (
        "Fill in the empty boxes with the formulas above them, in the order of their numbers. "
        "Later boxes need the answers of earlier ones."
        if len(sheet.blanks) > 1
        else "Fill in the empty boxes with the formula above them."
    )


def _rounding(sheet: Worksheet) -> str:
    """How to round, and by how much an answer may differ for that."""
    symbols = defaultdict[float, list[str]](list)
    for symbol, rows in sheet.last_digits.items():
        symbols[max(map(max, rows))].append(symbol)
    parts = [f"Round to {sheet.rounding}; the last digit may differ by one"]
    for units in sorted(symbols.keys() - {1.0}):
        of = ", ".join(symbols[units])
        parts.append(
            f"by {units:g} in {of}" if units < math.inf else f"any number is right in {of}"
        )
    return f"{'; '.join(parts)}."


def _given(sheet: Worksheet) -> Iterator[Html]:
    for symbol, rows in sheet.printed.items():
        yield _matrix(rows, unbroken(MATHML.name(symbol)))
    scalars = ", ".join(
        f"{TEXT.name(s)} = {plain_number(x)} ({CONSTANTS[s]})" for s, x in sheet.scalars.items()
    )
    if scalars:
        yield paragraph(scalars)


def _asked(number: int, step: Step, sheet: Worksheet, solved: bool) -> Html:
    """A matrix of boxes, empty or with the answers, below the formula that fills them."""
    figures = sheet.figures(step)
    rows = figures if solved else [("",) * len(row) for row in figures]
    kind, written = "answer" if solved else "blank", formula(step, MATHML)
    if len(formula(step, TEXT)) <= LONG:
        return _matrix(rows, joined([f"{number}. ", unbroken(written)]), kind)
    boxes = _matrix(rows, unbroken(MATHML.name(step.symbol)), kind)
    return element(
        "div", element("p", element("b", f"{number}. "), breakable(written)), boxes, class_="long"
    )


def _matrix(rows: Sequence[Sequence[str]], caption: Html, class_: str = "") -> Html:
    body = (
        element(
            "tr",
            element("th", str(i), scope="row"),
            *(element("td", *_power(figure), class_=class_) for figure in row),
        )
        for i, row in enumerate(rows, 1)
    )
    return table(caption, map(str, range(1, len(rows[0]) + 1)), body, "matrix")


def _power(figure: str) -> tuple[Html | str, ...]:
    """A figure with its power of ten as it is written by hand: 5.39·10⁻⁷."""
    digits, e, power = figure.partition("e")
    return (f"{digits}·10", element("sup", power)) if e else (figure,)


def _functions(sheet: Worksheet) -> list[Html]:
    """The definitions of the functions in the formulas, and the list of function values."""
    found = [
        element("p", breakable(f"{write(call, MATHML)}<mo>=</mo>{write(e, MATHML)}"))
        for call, e in definitions(*(step.expression for step in sheet.blanks)).items()
    ]
    values = [f"{call} = {number}" for call, number in sheet.function_list()]
    return [*found, *([_listed(values, "values")] if values else [])]


def _listed(items: Sequence[str], class_: str) -> Html:
    return element("ul", *(element("li", item) for item in items), class_=class_)


CONSTANTS = {
    "alpha": "the learning rate",
    "m": "the number of examples in this batch",
    "K": "the number of outputs",
    "beta1": "the decay rate of v",
    "beta2": "the decay rate of s",
    "epsilon": "it prevents a division by 0",
    "weight_decay": "the weight decay",
    "l2": "the factor of the L2 penalty",
    "t": "the iteration",
}


def network_line(sheet: Worksheet) -> str:
    """The network in a line, with its loss where a blank is computed from the targets."""
    experiment, program = sheet.timeline.experiment, sheet.timeline.program
    targets = program.of_kind("target")
    network = experiment.network
    parts = [network.sizes]
    if isinstance(network, Network):
        parts.append(activations_in_words(network))
        read = (symbol for step in sheet.blanks for symbol in names(step.expression))
        if any(symbol in targets for symbol in read):
            parts.append(network.loss.replace("_", " "))
    if len(sheet.iteration.examples) > 1:
        each = "column" if program.axis else "row"
        parts.append(f"{len(sheet.iteration.examples)} examples, a {each} each")
    return "Network: " + " · ".join(parts)


def legend(sheet: Worksheet) -> list[str]:
    """A line for each sign: what gradients are gradients of, then all others."""
    return [*_gradients(sheet), *_signs(sheet)]


def _gradients(sheet: Worksheet) -> Iterator[str]:
    program = sheet.timeline.program
    read = (s for step in sheet.blanks for s in (*names(step.expression), step.symbol))
    found = [symbol for symbol in dict.fromkeys(read) if symbol in program.gradients]
    if program.objective == LOSS:
        yield from _meaning(sheet, found, LOSS, "the loss")
    else:
        training = program.training
        total = f"the {training.reduction} of all {LOSS}" if training.batch > 1 else LOSS
        total += ", plus the L2 penalty" if training.l2 else ""
        total = total if program.architecture.objective is None else "which is minimised"
        of_all = [s for s in found if program.measure(program.roles[s].of or "") == OBJECTIVE]
        own = [s for s in found if program.roles[s].of in program.separate]
        shared = [s for s in found if s not in of_all and s not in own]
        yield from _meaning(sheet, own, LOSS, "the loss of one example")
        yield from _meaning(sheet, shared, LOSS, "added up over the examples")
        yield from _meaning(sheet, of_all, OBJECTIVE, total)


def _meaning(sheet: Worksheet, gradients: list[str], loss: str, what: str) -> Iterator[str]:
    """A line on what these gradients are gradients of: dA means ∂L/∂A, ...; dZ likewise."""
    roles = (sheet.timeline.program.roles[symbol] for symbol in gradients)
    letters = list(dict.fromkeys(role.stem or role.of or "" for role in roles))
    if letters:
        first, *others = letters
        likewise = f"; {listed([*map(gradient, others)])} likewise" if others else ""
        yield f"{gradient(first)} means ∂{loss}/∂{first}, the gradient of {loss}, {what}{likewise}"


def _signs(sheet: Worksheet) -> Iterator[str]:
    """A line for each operation and sign that occurs."""
    expressions = [step.expression for step in sheet.blanks]
    found = [part for e in expressions for part in _parts(e)]
    called = {part.function for part in found if isinstance(part, Call)}
    program = sheet.timeline.program
    roles = [program.roles[s] for e in expressions for s in names(e) if s in program.roles]
    if program.layers and any(role.group for role in roles):
        yield "[2] above a letter: layer 2"
    if any(isinstance(part, MatMul) for part in found):
        yield "· between matrices: the matrix product"
    if any(_is_elementwise(part) for part in found):
        yield "∘: the product element by element"
    if any(isinstance(part, Transpose) for part in found):
        yield "T above a matrix: its transpose"
    for function in sorted(called & GATHERINGS.keys()):
        yield _gathered(GATHERINGS[function])
    if any(step.symbol in names(step.expression) for step in sheet.blanks):
        yield "←: the matrix on the left is replaced"
    if "step" in called:
        yield "1[z > 0]: 1 where z > 0, else 0"
    if "ones" in called:
        yield "ones(x): a matrix as large as x, in which every number is 1"
    if "where" in called:
        yield "where(c, x, y): x where the condition c holds, else y"
    if "log" in called:
        yield "log: the natural logarithm, to base e"
    if "exp" in called:
        yield "exp(x): e to the power of x, with e = 2.718…"


def _gathered(function: Primitive) -> str:
    sign, found = {
        "sum": ("Σ", "the sum"),
        "mean": ("mean", "the mean"),
        "max": ("max", "the largest"),
    }[function.fold]
    if function.over == "matrix":
        return f"{sign} {found} of all numbers"
    return f"{sign} with {function.over} below: {found} of each {function.over}"


def _parts(e: Expr) -> Iterator[Expr]:
    """Every part of an expression, and of the definitions of the functions that it calls."""
    for part in walk(e):
        yield part
        if isinstance(part, Call) and (definition := definition_of(part.function)) is not None:
            yield from walk(definition)


def _is_elementwise(part: Expr) -> bool:
    return isinstance(part, Mul) and not is_scalar(part.left) and not is_scalar(part.right)
