"""The notation in words: what is said of a formula, a number, a sentence, and that it is clear."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.explain.explanation import formula, shape_line
from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Diff,
    Div,
    Expr,
    MatMul,
    Mul,
    Name,
    Neg,
    OwnFunction,
    Sum,
    Transpose,
)
from backprop_tui.maths.parser import parse
from backprop_tui.maths.words import (
    SIGNS,
    WORDS,
    cell_in_words,
    sentence,
    spoken,
    symbol_in_words,
)
from backprop_tui.maths.writing import TEXT, text, write, written_figure
from tests.networks import program
from tests.trees import trees


@pytest.mark.parametrize(
    ("symbol", "said"),
    [
        ("Z1", "Z 1 equals W 1 times X plus b 1"),
        ("A1", "A 1 equals sigma of Z 1"),
        ("dZ2", "d Z 2 equals A 2 minus Y"),
        ("dW2", "d W 2 equals d Z 2 times A 1 transposed"),
        ("db2", "d b 2 equals d Z 2"),
        ("dA1", "d A 1 equals W 2 transposed times d Z 2"),
        ("dZ1", "d Z 1 equals d A 1 times, element by element, derivative of sigma at Z 1"),
        ("W1", "W 1 becomes W 1 minus alpha times d W 1"),
    ],
)
def test_an_iteration_as_a_teacher_says_it(symbol: str, said: str) -> None:
    small = program(3, 3, 1)
    assert formula(small.steps[small.index(symbol)], WORDS) == said


def test_parentheses_are_said_where_they_are_needed() -> None:
    small = program(3, 3, 1)
    assert formula(small.steps[small.index("dA2")], WORDS) == (
        "d A 2 equals open parenthesis 1 minus Y close parenthesis divided by "
        "open parenthesis 1 minus A 2 close parenthesis minus Y divided by A 2"
    )


def test_what_is_left_out_before_the_last_one_is_said_as_a_part_of_the_list() -> None:
    assert sentence("H is used in A, B, … and F") == "H is used in A, B, and so on, and F."


@given(trees())
def test_no_sign_is_left_in_words(e: Expr) -> None:
    said = write(e, WORDS)
    assert set(said) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789., ")
    assert said == " ".join(said.split())


LEAVES: list[Expr] = [Name("A"), Cell("B", 1, 2)]
ONE: list[Callable[[Expr], Expr]] = [
    Neg,
    Transpose,
    lambda x: Call("exp", (x,)),
    lambda x: Call("square", (x,)),
    lambda x: Call("sigmoid_derivative", (x,)),
]
TWO: list[Callable[[Expr, Expr], Expr]] = [
    lambda x, y: Sum((x, y)),
    Diff,
    MatMul,
    Mul,
    Div,
    lambda x, y: Call("max", (x, y)),
]


def grown(trees: list[Expr]) -> list[Expr]:
    """Every operation on every one of them, beside a leaf where it takes two."""
    pairs = [*product(trees, LEAVES), *product(LEAVES, trees)]
    return [*(f(x) for f in ONE for x in trees), *(f(x, y) for f in TWO for x, y in pairs)]


def test_a_name_of_two_words_is_said_as_two() -> None:
    own = Call(OwnFunction("my_gate", Name("z")), (Name("Z1"),))
    for e, said in ((parse("leaky_relu(Z1)"), "leaky relu"), (own, "my gate")):
        assert write(e, WORDS) == f"{said} of Z 1"


def test_a_choice_is_said_as_one() -> None:
    said = "2 times open parenthesis if E is less than 1, then E, otherwise 0 close parenthesis"
    assert write(parse("2·where(E < 1, E, 0)"), WORDS) == said
    assert spoken("where(E < 1, E, 0)") == "where of E is less than 1, E, 0"


def test_formulas_that_are_written_differently_are_said_differently() -> None:
    said: dict[str, str] = {}
    first = grown(LEAVES)
    second = grown(first)
    for e in (*LEAVES, *first, *second, *(f(x) for f in ONE for x in second)):
        written = write(e, TEXT).replace(" ", "")
        assert said.setdefault(write(e, WORDS), written) == written, text(e)


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ("−0.264", "minus 0.264"),
        ("0.500", "0.500"),
        ("−4.39e−4", "minus 4.39 e minus 4"),
        ("3e300", "3 e 300"),
        ("−∞", "minus infinity"),
        ("NaN", "not a number"),
        ("exp(−5.000)", "exp of minus 5.000"),
    ],
)
def test_numbers(figure: str, said: str) -> None:
    assert written_figure(figure, WORDS) == said


def test_symbols_are_spelled() -> None:
    assert symbol_in_words("dW12") == "d W 12"
    assert symbol_in_words("weight_decay") == "lambda"
    assert cell_in_words(Cell("dZ2", 1, 3)) == "d Z 2 row 1 column 3"


@pytest.mark.parametrize(
    ("prose", "said"),
    [
        ("A1[1,1] = 0.818 is the largest.", "A1 row 1 column 1 equals 0.818 is the largest."),
        ("a column of W2, hence W2ᵀ.", "a column of W2, hence W2 transposed."),
        ("It is 0.38 with a ᵀ too many", "It is 0.38 with a transpose too many"),
        ("1/m = 1/4: J is the mean.", "1 over m equals 1 over 4: J is the mean."),
        ("write the product with @ and .T", "write the product with @ and .T"),
        (
            "∂Z[k]/∂b[i] = [k=i]",
            "derivative of Z k with respect to b i equals 1 where k is i, otherwise 0",
        ),
        (
            "σ′ stays, σ′(Z2) = 0.2",
            "derivative of sigma stays, derivative of sigma at Z2 equals 0.2",
        ),
        ("= −1.946 × 0.250, the same", "equals minus 1.946 times 0.250, the same"),
        (
            "(1 − Y) / 2, -0.5",
            "open parenthesis 1 minus Y close parenthesis over 2, minus 0.5",
        ),
        ("a remark (m = 1: no mean)", "a remark (m equals 1: no mean)"),
        ("a sign ( + )", "a sign ( plus )"),
        ("A1 (1 − A1)", "A1 times open parenthesis 1 minus A1 close parenthesis"),
        ("0.5 × (−0.0381)", "0.5 times minus 0.0381"),
        ("times the derivative σ′(Z1[1,1])", "times the derivative of sigma at Z1 row 1 column 1"),
        ("row_sums(dZ2) and row_sums(…)", "row sums of dZ2 and row sums"),
        (  # a call in a call
            "tanh(Z / row_sums(ones(W)) + b)",
            "tanh of open parenthesis Z over row sums of ones, as many as in W plus b "
            "close parenthesis",
        ),
        (
            "col_sums((A2 − Y)²)",
            "column sums of open parenthesis open parenthesis A2 minus Y close parenthesis "
            "squared close parenthesis",
        ),
        ("σ(0), exp(−5.000)", "sigma of 0, exp of minus 5.000"),
        ("0.25⁶ and 10⁻³, x₁ and 6α", "0.25 to the 6 and 10 to the minus 3, x1 and 6 alpha"),
        ("Try --layers 2,1", "Try dash dash layers 2,1"),
        ("dW2 is 1×4", "dW2 is 1 by 4"),
        ("off by 3e-10", "off by 3 e minus 10"),
        ("a 3-3-1 network, step by step", "a 3-3-1 network, step by step"),
        ("Z1[1,1]…[4,2]", "Z1 row 1 column 1 to row 4 column 2"),
        ("So? (∂L/∂b[1,1])", "So? That is the derivative of L with respect to b row 1 column 1."),
        ("What is S? (S = Wx·X + b)", "What is S? S equals Wx times X plus b."),
        ("dA1 ∘ leaky_relu′(Z1)", "dA1 times, element by element, derivative of leaky relu at Z1"),
        ("A1 is swish(Z1[1,1]).", "A1 is swish of Z1 row 1 column 1."),
        ("K · dS / √2", "K times dS over square root of 2"),
    ],
)
def test_sentences(prose: str, said: str) -> None:
    assert spoken(prose) == said


@pytest.mark.parametrize(
    ("prose", "said"),
    [
        ("there is no Z9 here", "There is no Z9 here."),
        ("a name like mine.toml saves", "A name like mine.toml saves."),
        ("dW1 is not computed yet", "dW1 is not computed yet."),
        ("mine.toml opens it", "mine.toml opens it."),
        ("alpha is 0.1, is it?", "Alpha is 0.1, is it?"),
    ],
)
def test_a_sentence_has_a_capital_and_a_stop(prose: str, said: str) -> None:
    assert sentence(prose) == said


@pytest.mark.parametrize(
    ("symbol", "said"),
    [
        ("Z1", "3 by 1 equals 3 by 3 times 3 by 1 plus 3 by 1"),
        ("A1", "3 by 1 equals 3 by 1"),
        ("dA1", "3 by 1 equals 1 by 3 transposed times 1 by 1"),
        ("db1", "3 by 1 equals 3 by 1"),
        ("W1", "3 by 3 equals 3 by 3 minus alpha times 3 by 3"),
    ],
)
def test_shapes(symbol: str, said: str) -> None:
    small = program(3, 3, 1)
    assert shape_line(small.steps[small.index(symbol)], small.shapes(1), WORDS) == said


@given(st.text(st.sampled_from([*SIGNS, *"aAZ1 2[],.()e-+/′…"]), max_size=40))
def test_of_the_signs_of_mathematics_none_is_left_in_a_sentence(prose: str) -> None:
    assert not set(spoken(prose)) & set("−×·∘ᵀ½Σσα∞∂±=≠≤≥<>←→✓✗′")


def test_a_long_word_takes_no_longer_than_as_many_signs_in_words() -> None:
    def cost(prose: str) -> float:
        begun = process_time()
        spoken(prose)
        return process_time() - begun

    words, word = " ".join(["wxyz"] * 8_000), "x" * 40_000
    assert min(cost(word) for _ in range(3)) < 10 * min(cost(words) for _ in range(3))
