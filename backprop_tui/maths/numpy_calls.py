"""Calls: what NumPy's functions and methods, and those of mathematics, are as expressions.

Each table has one line for a function: `np.outer(x, y)` is x · yᵀ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from backprop_tui.maths.expressions import (
    Call,
    Compare,
    Diff,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    OwnFunction,
    Sum,
    names,
)
from backprop_tui.maths.functions import DEFINITIONS, LOSSES, PRIMITIVES
from backprop_tui.maths.functions import FUNCTIONS as DEFINED
from backprop_tui.maths.rules import derivative_of
from backprop_tui.maths.spellings import GrammarError, Token, symbol_meant
from backprop_tui.maths.values import value
from backprop_tui.messages import nearest, short

FUNCTIONS = {
    **{name: name for name in (*PRIMITIVES, *DEFINITIONS)},
    **{f.symbol: f.name for f in DEFINED.values()},
    **{name.replace("_derivative", "_slope"): name for name in DEFINITIONS},  # as 0.1.0 wrote it
    "maximum": "max",
    "ones_like": "ones",
    "amax": "max",
    "sigma": "sigmoid",
    "logistic": "sigmoid",
    "expit": "sigmoid",
    "identity": "linear",
    "ln": "log",
    "absolute": "abs",
    "pow": "power",
    "float_power": "power",
}
"""The names of functions; capitals, underscores and a backslash in front do not matter."""
GATHERED = {
    ("sum", None): "total",
    ("sum", 1): "row_sums",
    ("sum", 0): "col_sums",
    ("mean", None): "mean",
    ("mean", 1): "row_means",
    ("mean", 0): "col_means",
    ("max", None): "largest",
    ("max", 1): "row_max",
    ("max", 0): "col_max",
}
"""The functions for NumPy's sum, mean and max along an axis."""


def where(is_so: Expr, x: Expr, y: Expr) -> Expr:
    """x where `is_so` is true or 1, else y: 1 and 0 themselves need no product."""
    if isinstance(is_so, Compare):
        return Call("where", (is_so, x, y))
    is_not = Diff(Num(1.0), is_so)
    chosen = is_so if x == Num(1.0) else Mul(is_so, x)
    other = is_not if y == Num(1.0) else Mul(is_not, y)
    if y == Num(0.0):
        return chosen
    return other if x == Num(0.0) else Sum((chosen, other))


def clipped(x: Expr, low: Expr, high: Expr) -> Expr:
    """x, but `low` below it and `high` above it; `high` everywhere, as in NumPy, where that is less
    than `low`."""
    below, above = Compare(x, "<", low), Compare(x, ">", high)
    least = smaller(low, high)
    if not names(low) and not names(high):
        least = low if value(low, {}) <= value(high, {}) else high
    return Call("where", (below, least, Call("where", (above, high, x))))


def smaller(x: Expr, y: Expr) -> Expr:
    """The smaller of two, element by element: y where they are equal."""
    return Call("where", (Compare(x, "<", y), x, y))


OPERATIONS: dict[str, tuple[int, Callable[..., Expr]]] = {
    "dot": (2, lambda x, y: x @ y),
    "matmul": (2, lambda x, y: x @ y),
    "mm": (2, lambda x, y: x @ y),
    "outer": (2, lambda x, y: x @ y.T),
    "multiply": (2, Mul),
    "mul": (2, Mul),
    "divide": (2, Div),
    "add": (2, lambda x, y: Sum((x, y))),
    "subtract": (2, Diff),
    "negative": (1, Neg),
    "reciprocal": (1, lambda x: Div(Num(1.0), x)),
    "transpose": (1, lambda x: x.T),
    "astype": (2, lambda x, kind: x),
    "where": (3, where),
    **dict.fromkeys(("min", "minimum"), (2, smaller)),
    **dict.fromkeys(("clip", "clamp"), (3, clipped)),
    "sign": (1, lambda x: Diff(Call("step", (x,)), Call("step", (Neg(x),)))),
    "heaviside": (2, lambda x, at_zero: Call("step", (x,))),
    "xlog": (2, lambda x, a: Mul(x, Call("log", (a,)))),
    "ratio": (2, Div),
    "log1p": (1, lambda x: Call("log", (Sum((Num(1.0), x)),))),
    "expm1": (1, lambda x: Diff(Call("exp", (x,)), Num(1.0))),
    **{name: (2, loss) for name, loss in LOSSES.items()},
    # Of any two matrices, while K is the number of outputs.
    "mean_squared_error": (2, lambda a, y: Call("col_means", (Call("square", (Diff(a, y),)),))),
}
"""NumPy's functions, those of exported programs, and the losses, as operators of the tree: how many
values each takes, and the tree for them."""
RESERVED = {*FUNCTIONS, *OPERATIONS} - {"min", "minimum", "clip", "clamp", "sign"}
"""The names that no function or matrix of a file may have; files had the others before they were
read."""
NOTES = {
    "outer": "np.outer is the product of a column and a row, for one example; @ with .T is right "
    "for a batch too"
}
"""What is said of a function that is read, but is not the same as NumPy's in every case."""
UNREAD = {
    "einsum": "write the product with @ and .T",
    "tensordot": "write the product with @ and .T",
    "inner": "write the product with @ and .T",
    "vdot": "write the product with @ and .T",
    "diag": "a product element by element is *",
    "reshape": "shapes follow from the formula; a transpose is .T",
    "flatten": "shapes follow from the formula; a transpose is .T",
    "ravel": "shapes follow from the formula; a transpose is .T",
    "squeeze": "shapes follow from the formula; a transpose is .T",
    **dict.fromkeys(("shape", "len", "size"), "the number of examples is m"),
    "average": "a mean is np.mean",
    "norm": "squares are added by np.sum(np.square(…))",
    "std": "it is a root of a mean of squares: np.sqrt(…)",
    "var": "it is a mean of squares: np.mean(np.square(…))",
    **dict.fromkeys(
        ("concatenate", "hstack", "vstack", "concat", "cat"),
        "a product with stacked matrices is a sum of products, as in Wx·X + Wh·H",
    ),
    **dict.fromkeys(("BCE", "bce"), "it is binary_cross_entropy(A, Y)"),
    **dict.fromkeys(("MSE", "mse"), "it is mean_squared_error(A, Y)"),
    "softplus": "it is log(1 + exp(z))",
    **dict.fromkeys(("silu", "swish"), "it is z·σ(z)"),
    "elu": "it is where(z > 0, z, exp(z) − 1)",
    "gelu": "it is about z/2·(1 + tanh(0.798·(z + 0.0447·z³)))",
    "log_softmax": "it is log(softmax(z))",
    "logsumexp": "it is log(col_sums(exp(z)))",
    "log2": "it is log(z) / log(2)",
    "log10": "it is log(z) / log(10)",
    "sinh": "it is (exp(z) − exp(−z)) / 2",
    "cosh": "it is (exp(z) + exp(−z)) / 2",
}
"""What to write instead of a function that is not read."""
DERIVATIVE = re.compile(
    r"(?i:d_?)?(?P<of>\w+?)_?(?i:prime|deriv|derivative|grad|gradient|backward)?"
)
"""What others call a function's derivative: sigmoid_prime, sigmoidGradient, dsigmoid."""
FLAT = (
    "read as with keepdims=True: without it NumPy gives a plain list of numbers, neither a row nor "
    "a column"
)
Counts: TypeAlias = Callable[[Expr], tuple[Expr, Expr]]
"""How many rows and columns an expression has, as expressions: what a mean is divided by."""


def gate(x: Expr, sign: str, y: Expr) -> Expr:
    """1 where a comparison is true, else 0."""

    def above(x: Expr, y: Expr) -> Expr:
        if y == Num(0.0):
            return Call("step", (x,))
        return Call("step", (Neg(y) if x == Num(0.0) else Diff(x, y),))

    match sign:
        case ">":
            return above(x, y)
        case "<":
            return above(y, x)
        case "≥":
            return Diff(Num(1.0), above(y, x))
        case "≤":
            return Diff(Num(1.0), above(x, y))
    differs = Sum((above(x, y), above(y, x)))
    return differs if sign == "≠" else Diff(Num(1.0), differs)


def has_derivative(function: str) -> bool:
    """Whether a function may be written with a ′: σ′, but not softmax′ or exp′."""
    return f"{function}_derivative" in DEFINITIONS or isinstance(function, OwnFunction)


class Calls:
    """The functions that a formula may call; `notes` is what was said of those that it called."""

    def __init__(self, functions: Mapping[str, str], counts: Counts | None) -> None:
        """`functions` are further names; with `counts` a mean is a sum that is divided."""
        self.functions = {**FUNCTIONS, **functions}
        self.counts = counts
        self.known = {*self.functions, *OPERATIONS, "sum", "mean"}
        self.notes: list[str] = []

    def named(self, name: str) -> str | None:
        """The key of a function by its name, whose capitals do not matter: relu for ReLU."""
        return name if name in self.known else symbol_meant(name, self.known)

    def call(
        self,
        token: Token,
        name: str,
        args: list[Expr],
        axis: dict[str, int],
        derivative: bool = False,
    ) -> Expr:
        """A function of these values; `name` is one of those that are applicable."""
        function = self.functions.get(name, name)
        if derivative and not has_derivative(function):
            if function in (token.text, *OPERATIONS, "sum", "mean"):
                raise self.unknown(token, derivative)
            raise GrammarError(
                f"there is no function “{token.text}′” (character {token.at + 1}): {token.text} is "
                f"{function}, whose derivative is not a function of one number"
            )
        numpy = token.kind == "method" or "." in token.typed
        if name == "cross_entropy" and numpy and not token.typed.startswith("np."):
            raise GrammarError(
                "PyTorch's cross_entropy reads Z, before the softmax; this one reads A: write "
                f"cross_entropy(A, Y) (character {token.at + 1})"
            )
        if name in ("sum", "mean", "amax") or (name == "max" and (numpy or axis or len(args) == 1)):
            return self.gathered(token, function, args, axis)
        if function == "softmax" and axis.get("axis") in (0, 1):
            function, axis = ("softmax", "softmax_rows")[axis["axis"]], {}
        if name in OPERATIONS and not derivative and not isinstance(function, OwnFunction):
            many, apply = OPERATIONS[name]
            if name == "min" and len(args) == 1:
                place = f"(character {token.at + 1})"
                raise GrammarError(f"the smallest of a matrix is −max(−…) {place}")
            if len(args) != many or axis:
                raise self.takes(many, token)
            self.notes += [NOTES[name]] if name in NOTES else []
            return apply(*args)
        wanted = PRIMITIVES[function].values if function in PRIMITIVES else range(1, 2)
        if len(args) not in wanted or axis:
            raise self.takes(wanted[0], token)
        call = Call(function, tuple(args))
        return derivative_of(call) if derivative else call

    def gathered(self, token: Token, name: str, args: list[Expr], axis: dict[str, int]) -> Expr:
        """The sum, the mean or the largest of all numbers, or along an axis."""
        place = f"(character {token.at + 1})"
        along = axis.get("axis")
        match args:
            case [x]:
                pass
            case [x, Num(0.0 | 1.0 as number)] if along is None:
                along = int(number)
            case [x, Neg(Num(1.0 | 2.0 as number))] if along is None:
                along = 2 - int(number)
            case [_, _] if name == "max":
                raise GrammarError(f"element by element the larger one is np.maximum {place}")
            case _:
                raise self.takes(1, token)
        counted = name == "mean" and self.counts is not None
        function = GATHERED["sum" if counted else name, along]
        if along is not None and not axis.get("keepdims"):
            self.notes.append(f"{short(token.typed.lstrip('.'))} is {FLAT}")
        gathered: Expr = Call(function, (x,))
        if self.counts is None or not counted:
            return gathered
        rows, columns = self.counts(x)
        for count in {None: (rows, columns), 0: (rows,), 1: (columns,)}[along]:
            gathered = gathered if count == Num(1.0) else gathered / count
        return gathered

    def takes(self, wanted: int, token: Token) -> GrammarError:
        many = "one value" if wanted == 1 else f"{wanted} values"
        return GrammarError(f"{token.typed.lstrip('.')} takes {many} (character {token.at + 1})")

    def _meant(self, name: str) -> str | None:
        """The function that a name most likely means: σ′, of one that others call sigmoid_prime."""
        found = DERIVATIVE.fullmatch(name)
        function = self.named(found["of"]) if found else None
        if function and has_derivative(self.functions.get(function, function)):
            return f"{function}′"
        return nearest(name, self.known, 0.75)

    def unknown(self, token: Token, derivative: bool = False) -> GrammarError:
        """The error for a function that is not read: its place, and what to write instead."""
        written = short(token.typed.lstrip(".")) + ("′" if derivative else "")
        meant = None if self.named(token.text) else self._meant(token.text)
        hint = UNREAD.get(token.text) or (f"did you mean {meant}?" if meant else "")
        place = f"(character {token.at + 1})"
        return GrammarError(
            f"there is no function “{written}” {place}{f'; {hint}' if hint else ''}"
        )
