"""Expressions are built with Python's operators, and taken apart again."""

from __future__ import annotations

import pytest
from hypothesis import given

from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Compare,
    Diff,
    Div,
    Expr,
    MatMul,
    Mul,
    Name,
    Neg,
    Num,
    OwnFunction,
    Sum,
    Transpose,
    as_expr,
    cells,
    is_scalar,
    loss_term,
    names,
    rebuild,
    replace,
    walk,
)
from tests.trees import trees

W1, X, b1, A1, Y = map(Name, "W1 X b1 A1 Y".split())
alpha = Name("alpha")


@pytest.mark.parametrize(
    ("built", "tree"),
    [
        (W1 @ X + b1, Sum((MatMul(W1, X), b1))),
        (W1 - alpha * X, Diff(W1, Mul(alpha, X))),
        (-W1, Neg(W1)),
        (W1.T @ X, MatMul(Transpose(W1), X)),
        (1 - A1, Diff(Num(1.0), A1)),
        (1 + A1, Sum((Num(1.0), A1))),
        (A1 - 1, Diff(A1, Num(1.0))),
        (2 * A1, Mul(Num(2.0), A1)),
        (A1 / 2, Div(A1, Num(2.0))),
        (1 / A1, Div(Num(1.0), A1)),
        (-2 * A1, Mul(Neg(Num(2.0)), A1)),
    ],
)
def test_operators_build_the_tree_that_they_read_like(built: Expr, tree: Expr) -> None:
    assert built == tree


def test_a_sum_takes_further_terms_instead_of_nesting() -> None:
    assert W1 + X + b1 == Sum((W1, X, b1))
    assert W1 + (X + b1) == Sum((W1, Sum((X, b1))))


def test_785_terms_are_one_sum_that_everything_can_walk() -> None:
    e: Expr = Name("W1")
    for _ in range(784):
        e = e + X
    assert isinstance(e, Sum)
    assert len(e.terms) == 785
    assert len(list(walk(e))) == 786


def test_a_product_with_a_number_is_no_matrix_product() -> None:
    assert MatMul(W1, X) == W1 @ X
    assert Num(2.0) @ W1 == 2 * W1
    assert alpha @ W1 == Mul(alpha, W1)
    assert Cell("W1", 1, 1) @ Cell("X", 1, 1) == Mul(Cell("W1", 1, 1), Cell("X", 1, 1))


@pytest.mark.parametrize("number", [-2, -2.5, -1e-9])
def test_a_negative_number_is_a_number_with_a_minus(number: float) -> None:
    e = as_expr(number)
    assert e == Neg(Num(-number))
    assert isinstance(e, Neg)
    assert isinstance(e.operand, Num)
    assert type(e.operand.value) is float


@pytest.mark.parametrize("number", [0, 0.0, 0.5, 1, 2.5])
def test_any_other_number_is_itself(number: float) -> None:
    assert as_expr(number) == Num(float(number))


@given(trees())
def test_rebuilding_with_nothing_changed_gives_the_same_tree(e: Expr) -> None:
    assert rebuild(e, lambda child: child) == e
    assert hash(rebuild(e, lambda child: child)) == hash(e)


@given(trees())
def test_walking_visits_a_tree_and_all_within_it_from_left_to_right(e: Expr) -> None:
    assert list(walk(e)) == [e, *(x for child in e.parts for x in walk(child))]


@given(trees())
def test_replacing_a_name_leaves_none_of_it(e: Expr) -> None:
    replaced = replace(e, {Name("W1"): Name("V")})
    assert Name("W1") not in set(walk(replaced))
    assert replace(replaced, {Name("V"): Name("W1")}) == e


def test_replacing_takes_the_largest_part_that_is_known() -> None:
    z = Name("Z1")
    known = {Call("sigmoid", (z,)): A1, z: Name("V")}
    assert replace(Call("sigmoid", (z,)) * (1 - Call("exp", (z,))), known) == A1 * (
        1 - Call("exp", (Name("V"),))
    )


def test_names_come_each_once_in_order_of_reading() -> None:
    assert names(W1 @ X + b1 - W1 * Cell("X", 1, 2)) == ("W1", "X", "b1")
    assert names(alpha * Cell("W2", 1, 1)) == ("alpha", "W2")


def test_cells_come_each_once_in_order_of_reading() -> None:
    first, second = Cell("W1", 1, 2), Cell("X", 2, 1)
    assert cells(first * second + first * A1) == (first, second)


@pytest.mark.parametrize(
    ("e", "scalar"),
    [
        (Num(2.0), True),
        (alpha, True),
        (Cell("W1", 2, 1), True),
        (Call("exp", (Cell("W1", 2, 1),)), True),
        (-alpha * 2, True),
        (W1, False),
        (2 * W1, False),
        (Name("J"), False),
        (Compare(Cell("J", 1, 1), "<", Num(0.1)), True),
    ],
)
def test_a_single_number_is_told_by_the_way_it_is_written(e: Expr, scalar: bool) -> None:
    assert is_scalar(e) is scalar


@pytest.mark.parametrize(
    ("e", "is_one"),
    [
        (Y * Call("log", (A1,)), True),
        ((1 - Y) * Call("log", (1 - A1,)), True),
        (Y / A1, True),
        ((1 - Y) / (1 - A1), True),
        (Cell("Y", 1, 1) * Call("log", (Cell("A1", 1, 1),)), True),
        (Cell("Y", 1, 1) / (1 - Cell("A1", 1, 1)), True),
        (Y * A1, False),
        (Call("log", (A1,)) * Y, True),
        (Y * Call("exp", (A1,)), False),
        (Y * Call("log", (2 - A1,)), False),
        (Y * Call("log", (W1 @ X,)), False),
        (Y / alpha, False),
        (Y / Name("m"), False),
        (Y / Num(2.0), False),
        (1 / (1 + Call("exp", (-A1,))), False),
    ],
)
def test_only_the_two_terms_of_the_losses_carry_conventions(e: Expr, is_one: bool) -> None:
    assert (loss_term(e) is not None) is is_one


def test_own_functions_are_the_same_when_both_name_and_definition_are() -> None:
    own, other = OwnFunction("f", W1), OwnFunction("f", X)
    assert own == OwnFunction("f", W1)
    assert own != other
    assert own != OwnFunction("g", W1)
    assert own != "f"
