"""Random expressions, as a formula can be written: what the parser and the writer are tried on."""

from __future__ import annotations

import operator
from functools import reduce

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from backprop_tui.maths.expressions import Call, Cell, Compare, Expr, Name, Neg, Num, Sum, Transpose
from backprop_tui.maths.functions import DEFINITIONS, PRIMITIVES

SIGNS = ("<", "≤", ">", "≥", "=", "≠")
NUMBERS = st.one_of(
    st.integers(0, 99).map(float),
    st.floats(0, 1e300, allow_nan=False, allow_infinity=False).map(abs),
)
SYMBOLS = st.sampled_from(("W1", "X", "b1", "Z2", "dW1", "dA2", "Y", "J", "alpha", "m", "K"))
LEAVES: SearchStrategy[Expr] = st.one_of(
    NUMBERS.map(Num),
    SYMBOLS.map(Name),
    st.builds(Cell, st.sampled_from(("W1", "A12", "dZ3")), st.integers(1, 900), st.integers(1, 9)),
)
ONE_VALUE = [*(name for name, p in PRIMITIVES.items() if 1 in p.values), *DEFINITIONS]
BINARY = st.sampled_from((operator.sub, operator.mul, operator.truediv, operator.matmul))


def _larger(smaller: SearchStrategy[Expr]) -> SearchStrategy[Expr]:
    some = st.lists(smaller, min_size=2, max_size=4)
    return st.one_of(
        st.builds(Neg, smaller),
        st.builds(Transpose, smaller),
        some.map(lambda terms: Sum(tuple(terms))),
        some.map(lambda terms: reduce(operator.add, terms)),
        st.builds(lambda apply, x, y: apply(x, y), BINARY, smaller, smaller),
        st.builds(lambda f, x: Call(f, (x,)), st.sampled_from(ONE_VALUE), smaller),
        some.map(lambda args: Call("max", tuple(args))),
        st.builds(lambda x, y: Call("power", (x, y)), smaller, smaller),
    )


def trees() -> SearchStrategy[Expr]:
    """Any expression that is no condition."""
    return st.recursive(LEAVES, _larger, max_leaves=12)


def conditions() -> SearchStrategy[Expr]:
    """Any comparison of two expressions."""
    return st.builds(Compare, trees(), st.sampled_from(SIGNS), trees())
