"""The value of an expression, in NumPy float64, evaluated in the order in which it is written.

Overflow and 0/0 give ∞ and NaN without a warning: the screen shows and explains them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

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
    Sum,
    Transpose,
    is_loss_term,
)
from backprop_tui.maths.functions import PRIMITIVES, expand

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "≤": operator.le,
    ">": operator.gt,
    "≥": operator.ge,
    "=": operator.eq,
    "≠": operator.ne,
}


def xlog(x: Any, a: Any) -> Any:
    """x·log(a), with 0·log 0 = 0."""
    return np.where((x == 0) & (a == 0), 0.0, x * np.log(a))


def ratio(x: Any, a: Any) -> Any:
    """x/a, with 0/0 = 0."""
    return np.where((x == 0) & (a == 0), 0.0, np.divide(x, a))


def value(e: Expr, env: Mapping[str, Any]) -> Any:
    """The value of `e`, from the values of its symbols: arrays of two dimensions, or floats.

    Raises KeyError for a symbol that `env` does not have.
    """
    with np.errstate(all="ignore"):
        return _value(e, env)


def _value(e: Expr, env: Mapping[str, Any]) -> Any:
    match e:
        case Num(number):
            return number
        case Name(symbol):
            return env[symbol]
        case Cell(symbol, row, column):
            return env[symbol][row - 1, column - 1]
        case Neg(x):
            return -_value(x, env)
        case Transpose(x):
            return np.transpose(_value(x, env))
        case Sum(terms):
            return reduce(operator.add, (_value(t, env) for t in terms))
        case Diff(x, y):
            return _value(x, env) - _value(y, env)
        case MatMul(x, y):
            return _value(x, env) @ _value(y, env)
        case Mul(x, Call("log", (y,))) if is_loss_term(e):
            return xlog(_value(x, env), _value(y, env))
        case Mul(x, y):
            return _value(x, env) * _value(y, env)
        case Div(x, y) if is_loss_term(e):
            return ratio(_value(x, env), _value(y, env))
        case Div(x, y):
            return np.divide(_value(x, env), _value(y, env))
        case Call(function, args) if function not in PRIMITIVES:
            definition = expand(e)
            if isinstance(definition, Num):  # linear′ is 1, in every number of its argument
                return np.full_like(_value(args[0], env), definition.value)
            return _value(definition, env)
        case Call(function, args):
            return PRIMITIVES[function].apply(*(_value(arg, env) for arg in args))
        case Compare(x, sign, y):
            return COMPARISONS[sign](_value(x, env), _value(y, env))
        case _:
            raise TypeError(f"no value for {e!r}")
