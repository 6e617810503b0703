"""MathML, the notation of web pages: a table of signs for the writer.

What is written stands inside <math>, where browsers break no line; `pieces` cuts it where a line
may be broken.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

from backprop_tui.maths.expressions import Cell, Expr
from backprop_tui.maths.functions import PRIMITIVES, is_derivative, sign_of
from backprop_tui.maths.writing import GREEK, Notation, plain_number, write

NEGATIVE = '<mo form="prefix">−</mo>'
OPENING, CLOSING = '<mo stretchy="false">(</mo>', '<mo stretchy="false">)</mo>'
"""Parentheses that are no element around their content, so that `pieces` can cut it."""


def _number(value: float) -> str:
    return f"<mn>{plain_number(value)}</mn>"


def _name(symbol: str) -> str:
    letters, layer = _parts(symbol)
    if not layer:
        return f"<mi>{letters}</mi>"
    if symbol in GREEK:
        return f"<msub><mi>{letters}</mi><mn>{layer}</mn></msub>"
    return f"<msup><mi>{letters}</mi>{_bracketed(layer)}</msup>"


def _parts(symbol: str) -> tuple[str, str]:
    """dW, escaped, and 1 of dW1."""
    shown = GREEK.get(symbol, symbol)
    letters = shown.rstrip("0123456789")
    return escape(letters), shown.removeprefix(letters)


def _bracketed(layer: str) -> str:
    return f"<mrow><mo>[</mo><mn>{layer}</mn><mo>]</mo></mrow>"


def _cell(cell: Cell) -> str:
    return _entry(cell.symbol, str(cell.row), str(cell.column))


def _entry(symbol: str, row: str, column: str) -> str:
    letters, layer = _parts(symbol)
    place = "<mo>,</mo>".join(_index(index) for index in (row, column) if index)
    place = f"<mrow>{place}</mrow>"
    if not layer:
        return f"<msub><mi>{letters}</mi>{place}</msub>"
    return f"<msubsup><mi>{letters}</mi>{place}{_bracketed(layer)}</msubsup>"


def _index(written: str) -> str:
    return f"<mn>{written}</mn>" if written.isdigit() else f"<mi>{written}</mi>"


def _gathered(sign: str, index: str) -> str:
    shown = "<mo>∑</mo>" if sign == "Σ" else f"<mi>{sign}</mi>"
    return f"<munder>{shown}<mi>{index}</mi></munder>"


def _call(function: str) -> str:
    if function in PRIMITIVES:
        primitive = PRIMITIVES[function]
        if primitive.mathml is None:
            return _called(primitive.text.removesuffix("(*)"))
        return primitive.mathml.replace("<mo>(</mo>*<mo>)</mo>", f"{OPENING}*{CLOSING}")
    return _called(sign_of(function), "<mo>′</mo>" if is_derivative(function) else "")


def _called(name: str, stroke: str = "") -> str:
    sign = f"<msup><mi>{name}</mi>{stroke}</msup>" if stroke else f"<mi>{name}</mi>"
    return f"{sign}{OPENING}*{CLOSING}"


def _figure(figure: str) -> str:
    """−4.39e−4 or ∞ as MathML."""
    digits, e, exponent = figure.partition("e")
    written = _signed(digits)
    if e:
        power = f"<msup><mn>10</mn><mrow>{_signed(exponent)}</mrow></msup>"
        written += f"<mo>·</mo>{power}"
    return written


def _signed(digits: str) -> str:
    size = digits.removeprefix("−")
    return f"{NEGATIVE if size != digits else ''}<mn>{size}</mn>"


MATHML = Notation(
    number=_number,
    name=_name,
    cell=_cell,
    call=_call,
    plus="<mo>+</mo>",
    minus="<mo>−</mo>",
    negative=NEGATIVE,
    transpose="<msup><mrow>{}</mrow><mi>T</mi></msup>",
    matmul="<mo>·</mo>",
    hadamard="<mo>∘</mo>",
    times="<mo>·</mo>",
    by="<mo>×</mo>",
    comparison=lambda sign: f"<mo>{escape(sign)}</mo>",
    across="<mo>×</mo>",
    over="<mo>/</mo>",
    comma="<mo>,</mo>",
    equals="<mo>=</mo>",
    becomes="<mo>←</mo>",
    ellipsis="<mo>…</mo>",
    figure=_figure,
    parentheses=(OPENING, CLOSING),
    fraction="<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>",
    broad=3,
    guarded=True,
    entry=_entry,
    power="<msup><mrow>{}</mrow><mrow>{}</mrow></msup>",
    partial="<mfrac><mrow><mo>∂</mo>{}</mrow><mrow><mo>∂</mo>{}</mrow></mfrac>",
    delta="<mrow><mo>[</mo><mi>{}</mi><mo>=</mo><mi>{}</mi><mo>]</mo></mrow>",
    gathered=_gathered,
    tight=frozenset(),
)


DISPLAYED = replace(MATHML, parentheses=("<mrow><mo>(</mo>", "<mo>)</mo></mrow>"), broad=None)
"""MathML that is never cut: parentheses are as tall as what stands between them."""


def mathml(e: Expr) -> str:
    """`e` as MathML; it stands inside <math>."""
    return write(e, MATHML)


TAG = re.compile(r"<(/?)[^>]*>")
JOINTS = tuple(f"<mo>{sign}</mo>" for sign in "=←+−/")
COMMA = "<mo>,</mo>"


def pieces(written: str) -> list[str]:
    """MathML cut before each = + − / and after each comma that is inside no other element."""
    found, depth, start = list[str](), 0, 0
    for tag in TAG.finditer(written):
        before = written[start : tag.start()]
        joint = written.startswith(JOINTS, tag.start()) or before.rstrip().endswith(COMMA)
        if depth == 0 and joint:
            found.append(before)
            start = tag.start()
        depth += -1 if tag[1] else 1
    whole = (piece.strip() for piece in (*found, written[start:]))
    # A sign that begins a piece keeps the spacing of a sign between two terms.
    return [re.sub("^<mo>", '<mo form="infix">', piece) for piece in whole if piece]
