"""The functions: primitives, activations and losses, one entry each in a table.

A primitive's entry says how NumPy computes it and how it is written. An activation or a loss is
itself an expression, one entry: its derivative (`rules`), text, LaTeX and elements follow from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from backprop_tui.maths.expressions import (
    Call,
    Expr,
    MatMul,
    Name,
    OwnFunction,
    as_expr,
    calls,
    once,
    rebuild,
    replace,
)
from backprop_tui.maths.rules import derivative, derivative_of

if TYPE_CHECKING:
    import numpy.typing as npt

Array: TypeAlias = "npt.NDArray[np.float64]"


@dataclass(frozen=True)
class Primitive:
    """A function that NumPy computes.

    In the templates `*` stands for the arguments.
    """

    name: str
    apply: Callable[..., Any]
    text: str
    latex: str
    numpy: str
    torch: str
    over: Literal["row", "column", "matrix"] | None = None
    """What one number of the result is gathered from, by `fold`; None: element by element."""
    fold: Literal["sum", "mean", "max"] = "sum"
    values: range = range(1, 2)
    """How many arguments it takes."""
    mathml: str | None = None
    """Its MathML; None to write it as its text."""
    words: str | None = None
    """How it is spoken; None for its name: exp of ..."""


def _maximum(*args: Any) -> Any:
    return reduce(np.maximum, args)


PRIMITIVES: dict[str, Primitive] = {
    p.name: p
    for p in (
        Primitive("exp", np.exp, "exp(*)", r"\exp(*)", "np.exp(*)", "torch.exp(*)"),
        Primitive("log", np.log, "log(*)", r"\log(*)", "np.log(*)", "torch.log(*)"),
        Primitive("sin", np.sin, "sin(*)", r"\sin(*)", "np.sin(*)", "torch.sin(*)"),
        Primitive("cos", np.cos, "cos(*)", r"\cos(*)", "np.cos(*)", "torch.cos(*)"),
        Primitive(
            "square",
            np.square,
            "*²",
            "*^2",
            "np.square(*)",
            "torch.square(*)",
            mathml="<msup><mrow>*</mrow><mn>2</mn></msup>",
            words="* squared",
        ),
        Primitive(
            "sqrt",
            np.sqrt,
            "sqrt(*)",
            r"\sqrt{*}",
            "np.sqrt(*)",
            "torch.sqrt(*)",
            mathml="<msqrt>*</msqrt>",
            words="square root of *",
        ),
        Primitive(
            "power",
            np.power,
            "power(*)",
            r"\operatorname{power}(*)",
            "np.power(*)",
            "pow(*)",
            values=range(2, 3),
            words="power with base and exponent *",
        ),
        Primitive(
            "where",
            np.where,
            "where(*)",
            r"\operatorname{where}(*)",
            "np.where(*)",
            "torch.where(*)",
            values=range(3, 4),
            words="if *, then *, otherwise *",
        ),
        Primitive(
            "ones",
            np.ones_like,
            "ones(*)",
            r"\mathbf{1}(*)",
            "np.ones_like(*)",
            "pow(*, 0)",  # autograd sees a way, on which its gradient is 0
            words="ones, as many as in *",
        ),
        Primitive(
            "abs",
            np.abs,
            "abs(*)",
            r"\left|*\right|",
            "np.abs(*)",
            "torch.abs(*)",
            mathml="<mo>|</mo>*<mo>|</mo>",
            words="absolute value of *",
        ),
        Primitive(
            "max",
            _maximum,
            "max(*)",
            r"\max(*)",
            "np.maximum(*)",
            "larger(*)",  # of equal ones the first has the gradient; torch.maximum shares it
            values=range(2, 1000),
            words="largest of *",
        ),
        Primitive(
            "step",
            lambda x: np.heaviside(x, 0.0),  # keeps NaN; 0 at 0
            "step(*)",
            r"\mathbb{1}[* > 0]",
            "np.heaviside(*, 0.0)",
            "torch.relu(torch.sign(*))",  # keeps NaN, and autograd's way
            mathml="<mn>1</mn><mo>[</mo>*<mo>&gt;</mo><mn>0</mn><mo>]</mo>",
        ),
        Primitive(
            "row_sums",
            lambda x: np.sum(x, axis=1, keepdims=True),
            "row_sums(*)",
            r"\sum_{\text{row}}(*)",
            "np.sum(*, axis=1, keepdims=True)",
            "torch.sum(*, dim=1, keepdim=True)",
            over="row",
            mathml="<munder><mo>∑</mo><mtext>row</mtext></munder><mo>(</mo>*<mo>)</mo>",
        ),
        Primitive(
            "col_sums",
            lambda x: np.sum(x, axis=0, keepdims=True),
            "col_sums(*)",
            r"\sum_{\text{column}}(*)",
            "np.sum(*, axis=0, keepdims=True)",
            "torch.sum(*, dim=0, keepdim=True)",
            over="column",
            mathml="<munder><mo>∑</mo><mtext>column</mtext></munder><mo>(</mo>*<mo>)</mo>",
            words="column sums of *",
        ),
        Primitive(
            "row_means",
            lambda x: np.mean(x, axis=1, keepdims=True),
            "row_means(*)",
            r"\operatorname{mean}_{\text{row}}(*)",
            "np.mean(*, axis=1, keepdims=True)",
            "torch.mean(*, dim=1, keepdim=True)",
            over="row",
            fold="mean",
        ),
        Primitive(
            "col_means",
            lambda x: np.mean(x, axis=0, keepdims=True),
            "col_means(*)",
            r"\operatorname{mean}_{\text{column}}(*)",
            "np.mean(*, axis=0, keepdims=True)",
            "torch.mean(*, dim=0, keepdim=True)",
            over="column",
            fold="mean",
            words="column means of *",
        ),
        Primitive(
            "mean",
            lambda x: np.mean(x, keepdims=True),
            "mean(*)",
            r"\operatorname{mean}(*)",
            "np.mean(*, keepdims=True)",
            "torch.mean(*).reshape(1, 1)",
            over="matrix",
            fold="mean",
        ),
        Primitive(
            "row_max",
            lambda x: np.max(x, axis=1, keepdims=True),
            "row_max(*)",
            r"\max_{\text{row}}(*)",
            "np.max(*, axis=1, keepdims=True)",
            "torch.amax(*, dim=1, keepdim=True)",
            over="row",
            fold="max",
            mathml="<munder><mi>max</mi><mtext>row</mtext></munder><mo>(</mo>*<mo>)</mo>",
            words="row maxima of *",
        ),
        Primitive(
            "col_max",
            lambda x: np.max(x, axis=0, keepdims=True),
            "col_max(*)",
            r"\max_{\text{column}}(*)",
            "np.max(*, axis=0, keepdims=True)",
            "torch.amax(*, dim=0, keepdim=True)",
            over="column",
            fold="max",
            mathml="<munder><mi>max</mi><mtext>column</mtext></munder><mo>(</mo>*<mo>)</mo>",
            words="column maxima of *",
        ),
        Primitive(
            "total",
            lambda x: np.sum(x, keepdims=True),
            "total(*)",
            r"\sum(*)",
            "np.sum(*, keepdims=True)",
            "torch.sum(*).reshape(1, 1)",
            over="matrix",
            mathml="<mo>∑</mo><mo>(</mo>*<mo>)</mo>",
        ),
        Primitive(
            "largest",
            lambda x: np.max(x, keepdims=True),
            "largest(*)",
            r"\max(*)",
            "np.max(*, keepdims=True)",
            "torch.amax(*).reshape(1, 1)",
            over="matrix",
            fold="max",
            words="largest number of *",
        ),
    )
}


GATHERINGS = {name: p for name, p in PRIMITIVES.items() if p.over}
"""Those that gather each number of their result from several."""


def _function(name: str) -> Callable[..., Expr]:
    return lambda *args: Call(name, tuple(as_expr(a) for a in args))


exp, log, square, sqrt, power, maximum, step, row_sums, col_sums, row_max, col_max, total = map(
    _function, "exp log square sqrt power max step row_sums col_sums row_max col_max total".split()
)

# One-letter names: z a layer's Z, a the prediction, y the target.
z, a, y, K = Name("z"), Name("a"), Name("y"), Name("K")


@dataclass(frozen=True)
class Activation:
    """An activation as an expression in z; `activation(Z1)` applies it."""

    name: str
    symbol: str
    torch: str
    """PyTorch's own function, which autograd differentiates."""
    value: Expr
    written: Expr | None = None
    """Its derivative in a nicer form than the rules give: σ(z) ∘ (1 − σ(z))."""

    @cached_property
    def elementwise(self) -> bool:
        """Whether each output depends on its own z alone."""
        return not any(call.function in GATHERINGS for call in calls(self.value))

    @cached_property
    def derivative(self) -> Expr | None:
        """Its derivative in z; None where an output depends on every z of its example (softmax)."""
        if not self.elementwise:
            return None
        return self.written or derivative(self.value, z.symbol)

    def __call__(self, x: Expr) -> Call:
        return Call(self.name, (x,))


sigma, tanh = _function("sigmoid"), _function("tanh")
spread = exp(z - col_max(z))  # softmax: less the largest z, so that exp cannot overflow
along_rows = exp(z - row_max(z))

ACTIVATIONS: dict[str, Activation] = {
    f.name: f
    for f in (
        Activation(
            "sigmoid", "σ", "torch.sigmoid(*)", 1 / (1 + exp(-z)), sigma(z) * (1 - sigma(z))
        ),
        Activation("tanh", "tanh", "torch.tanh(*)", 2 / (1 + exp(-2 * z)) - 1, 1 - square(tanh(z))),
        Activation("relu", "relu", "torch.relu(*)", maximum(0, z)),
        Activation(
            "leaky_relu",
            "leaky_relu",
            "torch.nn.functional.leaky_relu(*)",
            maximum(0.01 * z, z),
        ),
        Activation("linear", "linear", "*", z),
        Activation(
            "softmax",
            "softmax",
            "torch.softmax(*, dim=0)",
            spread / col_sums(spread),
        ),
    )
}
FUNCTIONS = {
    **ACTIVATIONS,
    "softmax_rows": Activation(
        "softmax_rows",
        "softmax_rows",
        "torch.softmax(*, dim=1)",
        along_rows / row_sums(along_rows),
    ),
}
"""The functions that are expressions in z: those of layers, and those that formulas alone have."""

OTHER_AXIS = {
    "row_sums": "col_sums",
    "col_sums": "row_sums",
    "row_means": "col_means",
    "col_means": "row_means",
    "row_max": "col_max",
    "col_max": "row_max",
    "softmax": "softmax_rows",
    "softmax_rows": "softmax",
}
"""What gathers over rows, for columns, and the reverse."""


def transposed(e: Expr) -> Expr:
    """`e` for matrices that are all transposed: its value is then transposed, too."""
    match e:
        case MatMul(x, y):
            return MatMul(transposed(y), transposed(x))
        case Call(function, args):
            return Call(OTHER_AXIS.get(function, function), tuple(map(transposed, args)))
        case _:
            return rebuild(e, transposed)


@dataclass(frozen=True)
class Loss:
    """The loss of each example, as an expression in a and y."""

    name: str
    value: Expr
    targets_are_shares: bool = False
    targets_are_probabilities: bool = False

    def __call__(self, a_: Expr, y_: Expr) -> Expr:
        return replace(self.value, {a: a_, y: y_})


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss(
            "binary_cross_entropy",
            -col_sums(y * log(a) + (1 - y) * log(1 - a)),
            targets_are_probabilities=True,
        ),
        Loss(
            "cross_entropy",
            -col_sums(y * log(a)),
            targets_are_shares=True,
        ),
        Loss("half_squared_error", col_sums(square(a - y)) / 2),
        Loss("mean_squared_error", col_sums(square(a - y)) / K),
    )
}

DEFINITIONS: dict[str, Expr] = {
    **{f.name: f.value for f in FUNCTIONS.values()},
    **{
        derivative_of(f(z)).function: f.derivative
        for f in FUNCTIONS.values()
        if f.derivative is not None
    },
}
"""The definition of each activation and derivative, as an expression in z."""


def is_derivative(function: str) -> bool:
    """Whether a function is the derivative of another."""
    return function.endswith("_derivative")


def definition_of(function: str) -> Expr | None:
    """What a function stands for, an expression in z; None of a primitive."""
    if isinstance(function, OwnFunction):
        return function.definition
    return DEFINITIONS.get(function)


def sign_of(function: str) -> str:
    """How a function that is no primitive is written, without the ′ of a derivative: σ."""
    name = function.removesuffix("_derivative")
    return FUNCTIONS[name].symbol if name in FUNCTIONS else name


@once
def expand(call: Call) -> Expr:
    """The definition of an activation or a derivative, with its argument in place of z."""
    definition = definition_of(call.function)
    if definition is None:
        raise KeyError(call.function)
    return replace(definition, {z: call.args[0]})
