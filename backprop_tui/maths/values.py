"""The value of an expression, in NumPy float64, evaluated in the order in which it is written.

Overflow and 0/0 give ∞ and NaN without a warning: the screen shows and explains them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from backprop_tui.maths.expressions import (
    Binary,
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
    loss_term,
    names,
    once,
    replace,
)
from backprop_tui.maths.functions import GATHERINGS, PRIMITIVES, expand

Evaluator: TypeAlias = Callable[[Mapping[str, Any]], Any]
OPERATIONS: dict[type[Expr], Callable[[Any, Any], Any]] = {
    Diff: operator.sub,
    MatMul: operator.matmul,
    Mul: operator.mul,
    Div: np.divide,
}
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


CONVENTIONS: dict[type[Expr], Callable[[Any, Any], Any]] = {Mul: xlog, Div: ratio}
"""What computes a term of the losses: `loss_term` finds them."""


def value(e: Expr, env: Mapping[str, Any]) -> Any:
    """The value of `e`, from the values of its symbols: arrays of two dimensions, or floats.

    Raises KeyError for a symbol that `env` does not have.
    """
    with np.errstate(all="ignore"):
        return evaluator(e)(env)


def _of(operation: Callable[[Any, Any], Any], x: Evaluator, y: Evaluator) -> Evaluator:
    return lambda env: operation(x(env), y(env))


@once
def evaluator(e: Expr) -> Evaluator:
    """`value` of `e` alone, made of those of its parts; NumPy's warnings are the caller's."""
    match e:
        case Num(number):
            return lambda env: number
        case Name(symbol):
            return operator.itemgetter(symbol)
        case Cell(symbol, row, column):
            return lambda env: env[symbol][row - 1, column - 1]
    if (term := loss_term(e)) is not None:
        return _of(CONVENTIONS[type(e)], *map(evaluator, term))
    x, *rest = parts = tuple(map(evaluator, e.parts))
    match e:
        case Neg():
            return lambda env: -x(env)
        case Transpose():
            return lambda env: np.transpose(x(env))
        case Sum():
            return lambda env: reduce(lambda so_far, y: so_far + y(env), rest, x(env))
        case Binary() if type(e) in OPERATIONS:
            return _of(OPERATIONS[type(e)], x, *rest)
        case Compare(_, sign, _):
            return _of(COMPARISONS[sign], x, *rest)
        case Call(function, _) if function not in PRIMITIVES:
            definition = expand(e)
            if isinstance(definition, Num):  # linear′ is 1, in every number of its argument
                constant = definition.value
                return lambda env: np.full_like(x(env), constant)
            return evaluator(definition)
        case Call(function, _):
            apply = PRIMITIVES[function].apply
            return lambda env: apply(*(part(env) for part in parts))
        case _:
            raise TypeError(f"no value for {e!r}")


def rounded(e: Expr, env: Mapping[str, Any], errors: Mapping[str, Any]) -> tuple[Any, Any]:
    """The value of `e`, in which definitions are expanded, and how far rounding may have moved each
    of its numbers; `errors` has that of each symbol that is not exact.

    Each operation is off by one unit in the last place, and by what it makes of the errors of its
    operands: those of the terms of a matrix product or of a sum over elements partly cancel.
    """
    if errors.keys().isdisjoint(names(e)):
        value = evaluator(e)(env)
        return value, np.zeros(np.shape(value))
    match e:
        case Name() | Cell():
            return evaluator(e)(env), evaluator(e)(errors)
        case Sum(terms):
            known = [rounded(term, env, errors) for term in terms]
            return reduce(lambda so_far, y: _moved(operator.add, so_far, y), known)
    operands, apply = _operation(e)
    known = [rounded(operand, env, errors) for operand in operands]
    value = apply(*(x for x, _ in known))
    match e, known:
        case Compare(), _:
            return value, np.zeros(np.shape(value))
        case MatMul(), [(x, dx), (y, dy)]:
            squares = np.square(x) @ np.square(dy + _ulp(y)) + np.square(dx) @ np.square(y)
        case Call(function, _), [(x, dx)] if function in GATHERINGS:
            squares = apply(np.square(dx + _ulp(x)))
        case _:
            return _moved(apply, *known)
    return value, _ulp(value) + np.sqrt(np.where(np.isnan(squares), np.inf, squares))


def all_rounded(
    computed: Iterable[tuple[str, Expr]], env: Mapping[str, Any], errors: Mapping[str, Any]
) -> dict[str, Any]:
    """How far rounding may have moved the numbers of symbols that are computed one by one from
    `env`; `errors` has that of what is there before them."""
    env, errors = {**env}, {**errors}
    with np.errstate(all="ignore"):
        for symbol, e in computed:
            env[symbol], errors[symbol] = rounded(e, env, errors)
    return errors


@once
def _operation(e: Expr) -> tuple[tuple[Expr, ...], Callable[..., Any]]:
    """The operands of the last operation of `e`, and that operation on their values."""
    operands = loss_term(e) or e.parts
    symbols = tuple(map(str, range(len(operands))))
    of_symbols = evaluator(replace(e, dict(zip(operands, map(Name, symbols), strict=True))))
    return operands, lambda *values: of_symbols(dict(zip(symbols, values, strict=True)))


def _moved(apply: Callable[..., Any], *operands: tuple[Any, Any]) -> tuple[Any, Any]:
    """What `apply` makes of values and their errors, if it is an operation element by element."""
    values = [value for value, _ in operands]
    result = apply(*values)
    error = _ulp(result)
    for k, (value, off) in enumerate(operands):
        if np.any(off):
            up, down = (apply(*values[:k], x, *values[k + 1 :]) for x in (value + off, value - off))
            larger = np.fmax(np.abs(up - result), np.abs(down - result))
            error = error + np.fmax(larger, 0.0)  # NaN outside of a domain, and of ∞ − ∞
    return result, error


def _ulp(x: Any) -> Any:
    """One unit in the last place of each number; 0 of 0, which nothing is rounded to."""
    return np.where(x == 0, 0.0, np.spacing(np.minimum(np.abs(x), np.finfo(float).max)))
