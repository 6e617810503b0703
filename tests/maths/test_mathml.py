"""MathML: the same trees as the screen's text, in elements that nest as they must."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given

from backprop_tui.maths.expressions import Cell, Expr
from backprop_tui.maths.functions import PRIMITIVES
from backprop_tui.maths.mathml import CLOSING, MATHML, OPENING, mathml, pieces
from backprop_tui.maths.parser import parse
from backprop_tui.maths.writing import write, written_figure
from tests.trees import trees

CHILDREN = {"msup": 2, "msub": 2, "msubsup": 3, "mfrac": 2, "munder": 2}


@given(trees())
def test_every_expression_is_well_formed_and_every_element_has_its_children(e: Expr) -> None:
    root = ElementTree.fromstring(f"<math>{mathml(e)}</math>")
    for element in root.iter():
        assert len(element) == CHILDREN.get(element.tag, len(element)), element.tag
        if len(element) == 0:
            assert (element.text or "").strip(), element.tag


@pytest.mark.parametrize(
    ("e", "expected"),
    [
        ("X", "<mi>X</mi>"),
        ("α", "<mi>α</mi>"),
        ("β1", "<msub><mi>β</mi><mn>1</mn></msub>"),
        (
            "dW2",
            "<msup><mi>dW</mi><mrow><mo>[</mo><mn>2</mn><mo>]</mo></mrow></msup>",
        ),
        ("X²", "<msup><mrow><mi>X</mi></mrow><mn>2</mn></msup>"),
        ("−X", '<mo form="prefix">−</mo><mi>X</mi>'),
        ("X / Y", "<mfrac><mrow><mi>X</mi></mrow><mrow><mi>Y</mi></mrow></mfrac>"),
        ("sqrt(X)", "<msqrt><mi>X</mi></msqrt>"),
        ("σ′(X)", f"<msup><mi>σ</mi><mo>′</mo></msup>{OPENING}<mi>X</mi>{CLOSING}"),
        ("X · Y", "<mi>X</mi> <mo>·</mo> <mi>Y</mi>"),
    ],
)
def test_exact(e: str, expected: str) -> None:
    assert mathml(parse(e)) == expected


def test_a_sum_in_a_square_keeps_its_parentheses() -> None:
    assert f"{OPENING}<mi>X</mi> <mo>+</mo> <mi>Y</mi>{CLOSING}" in mathml(parse("(X + Y)²"))
    assert OPENING not in mathml(parse("sqrt(X + Y)"))


def test_a_cell_has_its_layer_above_and_its_place_below() -> None:
    assert mathml(Cell("W1", 2, 3)) == (
        "<msubsup><mi>W</mi><mrow><mn>2</mn><mo>,</mo><mn>3</mn></mrow>"
        "<mrow><mo>[</mo><mn>1</mn><mo>]</mo></mrow></msubsup>"
    )


@pytest.mark.parametrize("figure", ["−0.264", "1.5", "∞", "−4.39e−4", "NaN", "exp(−5.000)"])
def test_figures_are_numbers(figure: str) -> None:
    root = ElementTree.fromstring(f"<math>{written_figure(figure, MATHML)}</math>")
    assert root.find(".//mn") is not None


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ("1.5", "<mn>1.5</mn>"),
        ("−∞", '<mo form="prefix">−</mo><mn>∞</mn>'),
        ("3e300", "<mn>3</mn><mo>·</mo><msup><mn>10</mn><mrow><mn>300</mn></mrow></msup>"),
        (
            "−4e−5",
            '<mo form="prefix">−</mo><mn>4</mn><mo>·</mo><msup><mn>10</mn>'
            '<mrow><mo form="prefix">−</mo><mn>5</mn></mrow></msup>',
        ),
    ],
)
def test_a_minus_and_a_power_of_ten_are_elements(figure: str, expected: str) -> None:
    assert written_figure(figure, MATHML) == expected


def test_every_primitive_has_a_sign_in_every_notation() -> None:
    for primitive in PRIMITIVES.values():
        for template in (primitive.text, primitive.latex, primitive.numpy, primitive.torch):
            assert template.count("*") == 1, primitive.name


# Lines ----------------------------------------------------------------------------------------


@given(trees())
def test_every_piece_of_a_line_is_well_formed_and_none_is_lost(e: Expr) -> None:
    whole = mathml(e)
    for piece in pieces(whole):
        ElementTree.fromstring(f"<math>{piece}</math>")
    joined = "".join(pieces(whole)).replace('<mo form="infix">', "<mo>")
    assert joined.replace(" ", "") == whole.replace(" ", "").replace('<moform="infix">', "<mo>")


def test_a_line_is_broken_before_its_signs_but_in_no_fraction() -> None:
    assert pieces(mathml(parse("X + Y / (X + 1)"))) == [
        "<mi>X</mi>",
        '<mo form="infix">+</mo> <mfrac><mrow><mi>Y</mi></mrow><mrow><mi>X</mi> <mo>+</mo> '
        "<mn>1</mn></mrow></mfrac>",
    ]
    assert len(pieces(mathml(parse("σ(X + Y − 1)")))) == 3
    assert len(pieces(mathml(parse("max(1, 2, 3)")))) == 3


def test_a_quotient_too_long_for_a_bar_has_a_slash() -> None:
    assert "<mfrac>" in mathml(parse("(X + Y + Z1) / m"))
    assert "<mo>/</mo>" in mathml(parse("(X + Y + Z1 + b1) / m"))


def test_a_comparison_is_escaped() -> None:
    assert "<mo>&lt;</mo>" in write(parse("where(A1 < 0, 1, A1)"), MATHML)
