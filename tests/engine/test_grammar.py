"""Law 6: what is written reads back into the same tree; and nothing else gets in."""

from __future__ import annotations

import builtins
import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_tui.engine.algebra import Cell, Compare, Expr, Name, Neg, Num, walk
from backprop_tui.engine.element import element
from backprop_tui.engine.experiment import Experiment
from backprop_tui.engine.functions import DEFINITIONS, PRIMITIVES
from backprop_tui.engine.grammar import GrammarError, parse
from backprop_tui.engine.notation import latex, numpy_source, text
from backprop_tui.engine.timeline import Timeline
from tests.networks import experiments
from tests.trees import conditions, trees

W1, X, A1, dZ2 = map(Name, "W1 X A1 dZ2".split())


@given(trees())
@settings(max_examples=300)
def test_text_reads_back_into_the_same_tree(e: Expr) -> None:
    assert parse(text(e)) == e


@given(conditions())
def test_a_condition_reads_back(e: Expr) -> None:
    assert parse(text(e)) == e


@given(experiments())
def test_every_step_reads_back_as_taught_as_computed_and_as_one_element(
    experiment: Experiment,
) -> None:
    timeline = Timeline(experiment)
    shapes = timeline.program.shapes(len(timeline.iteration(1).examples))
    for step, lowered in zip(timeline.program.steps, timeline.program.lowered, strict=True):
        one = element(lowered, 1, 1, shapes)
        for e in (step.expression, lowered, one, step.derivation):
            assert e is None or parse(text(e)) == e


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("W1 @ X + b1", W1 @ X + Name("b1")),
        ("dZ2 @ A1.T / m", dZ2 @ A1.T / Name("m")),
        ("dZ2 @ A1^T", dZ2 @ A1.T),
        ("(W1 @ X).T", (W1 @ X).T),
        ("W1 * X", W1 * X),
        ("W1 × X", W1 * X),
        ("W1 ∘ X", W1 * X),
        ("W1 - alpha * X", W1 - Name("alpha") * X),
        ("W1 − α·X", W1 - Name("alpha") * X),
        ("A1**2", parse("A1²")),
        ("A1 ** 2", parse("A1²")),
        ("A1^2", parse("A1²")),
        ("square(A1)", parse("A1²")),
        ("sigmoid(Z1)", parse("σ(Z1)")),
        ("sigmoid'(Z1)", parse("σ′(Z1)")),
        ("  A1  ", A1),
        ("--A1", Neg(Neg(A1))),
        ("1e-3", Num(0.001)),
        ("1e−3", Num(0.001)),
        (".5", Num(0.5)),
        ("W1[2,1]", Cell("W1", 2, 1)),
        ("W1[ 2 , 1 ]", Cell("W1", 2, 1)),
        ("J <= 0.1", Compare(Name("J"), "≤", Num(0.1))),
        ("J == 0.1", Compare(Name("J"), "=", Num(0.1))),
        ("J != 0.1", Compare(Name("J"), "≠", Num(0.1))),
    ],
)
def test_numpy_users_and_mathematicians_are_both_understood(typed: str, meant: Expr) -> None:
    assert parse(typed) == meant


def test_products_bind_tighter_than_sums_and_group_from_the_left() -> None:
    assert parse("W1 + X·A1") == W1 + X @ A1
    assert parse("W1 − X − A1") == W1 - X - A1
    assert parse("W1 / X / A1") == W1 / X / A1
    assert parse("−W1ᵀ") == -(W1.T)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "expected a number, a matrix or “(”, found the end"),
        ("   ", "expected a number, a matrix or “(”, found the end"),
        ("W1 +", "expected a number, a matrix or “(”, found the end"),
        ("W1 X", "expected a sign such as + or ·, found “X” at character 4"),
        ("W1 + * X", "expected a number, a matrix or “(”, found “*” at character 6"),
        ("(W1 + X", "expected “)”, found the end"),
        ("W1 + X)", "expected a sign such as + or ·, found “)” at character 7"),
        ("W1 $ X", "cannot read “$” at character 4"),
        ("W1 + 'X", "expected a number, a matrix or “(”, found “'” at character 6"),
        ("W1[0,1]", "expected a row or column, counted from 1, found “0” at character 4"),
        ("W1[1.5,1]", "expected a row or column, counted from 1, found “1.5” at character 4"),
        ("W1[1]", "expected “,”, found “]” at character 5"),
        ("W1[1,2", "expected “]”, found the end"),
        ("foo(W1)", "there is no function “foo” (character 1)"),
        ("2 + softmax'(W1)", "there is no function “softmax′” (character 5)"),
        ("exp(W1, X)", "exp takes one value (character 1)"),
        ("exp()", "expected a number, a matrix or “(”, found “)” at character 5"),
        ("J < 1 < 2", "expected a sign such as + or ·, found “<” at character 7"),
        ("(J < 1)", "expected “)”, found “<” at character 4"),
        ("2 + 1e999", "the number at character 5 is too large"),
        ("A1 ** 3", "only squares are read: “**” at character 4 must have a 2 behind it"),
    ],
)
def test_an_error_names_the_place_in_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(GrammarError) as refused:
        parse(typed)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 10_000,
        "(" * 5_000 + "1" + ")" * 5_000,
        "exp(" * 2_000 + "1" + ")" * 2_000,
        "-" * 9_999 + "1",
        "A1" + "ᵀ" * 9_000,
        "1" + "-1" * 4_000,
        "A" + "·A" * 4_000,
        "A" + "/A" * 4_000,
        "(" * 58 + "A" + ("·A" * 80 + ")") * 58,
        "A" + "ᵀ" * 5_000 + "·A",
        "1" * 9_999,
        "1" * 20_000,
        f"W1[{'1' * 5_000},1]",
        "W1[٣" * 3,
        "__import__('os').system('true')",
        "W1.__class__",
        "lambda: 0",
        "W1; X",
        "W1\nX",
        "\x00",
        "\ud800",
        "f'{W1}'",
        "[1, 2]",
        "W1 if X else A1",
    ],
    ids=lambda hostile: ascii(hostile[:12]),
)
def test_hostile_input_is_refused_with_a_sentence_and_nothing_worse(hostile: str) -> None:
    with pytest.raises(GrammarError):
        parse(hostile)


def test_a_long_sum_is_no_tower() -> None:
    e = parse(" + ".join(["W1[1,1]·X[1,1]"] * 580))
    assert parse(text(e)) == e


@given(st.text(alphabet="W1X[],()+-−*·∘@/²ᵀ′'.^<=≤ αmaexp0e", max_size=30))
@settings(max_examples=500)
def test_any_text_is_a_tree_that_everything_can_write_or_a_grammar_error(typed: str) -> None:
    with contextlib.suppress(GrammarError):
        e = parse(typed)
        assert parse(text(e)) == e
        assert latex(e)
        assert numpy_source(e)


def test_python_never_evaluates_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the parser evaluates")

    for name in ("eval", "exec", "compile", "__import__"):
        monkeypatch.setattr(builtins, name, refuse)
    e = parse("σ′(W1·X + b1) ∘ exp(−2·A1)² / m")
    monkeypatch.undo()
    assert Name("A1") in set(walk(e))


def test_every_function_can_be_typed_by_its_name() -> None:
    for name in (*PRIMITIVES, *DEFINITIONS):
        typed = f"{name.removesuffix('_slope')}{'′' if name.endswith('_slope') else ''}"
        two = name in PRIMITIVES and 1 not in PRIMITIVES[name].values
        args = "(W1, X)" if two else "(W1)"
        assert getattr(parse(typed + args), "function", None) == name
