"""The rules of differentiation: one entry for each kind of node, and for each function.

Each says what the gradient at a node makes of the gradients at its parts. No module has another
formula for a gradient: the backward steps, and the derivatives of the functions, follow from these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from backprop_tui.maths.expressions import (
    Call,
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
    names,
    raised,
)
from backprop_tui.maths.normal_form import multiplied_out

Gradients: TypeAlias = Iterable[tuple[Expr, Expr]]
"""The parts of a node, each with the gradient at it."""


@dataclass(frozen=True)
class Rule:
    """What the gradient at a node makes of the gradients at its parts."""

    name: str
    statement: str
    """The rule in symbols: c is the node, a and b are its parts, and dc is the gradient at c."""
    sentence: str
    back: Callable[[Any, Expr, Expr], Gradients]
    """The node, what it is called, and the gradient at it -> the gradients at its parts."""
    broadcasts: bool = True
    """Whether a smaller part is repeated to fit, so that `BROADCAST` follows."""


class NoRule(ValueError):
    """A function that has no rule; the text names it."""


def function(
    name: str, derivative: Callable[[Expr, Expr], Expr], statement: str, sentence: str
) -> Rule:
    """The rule of a function element by element, from its derivative at (argument, value)."""

    def back(e: Any, c: Expr, g: Expr) -> Gradients:
        return [(e.args[0], g * derivative(e.args[0], c))]

    return Rule(name, statement, sentence, back)


def _sums(name: str, statement: str) -> Rule:
    """The rule of a sum over elements."""
    sentence = "Each element counts once in the sum, so it gets the gradient of the sum."
    return Rule(name, statement, sentence, lambda e, c, g: [(e.args[0], g)], broadcasts=False)


def _means(statement: str) -> Rule:
    """The rule of a mean over n elements: how many there are, `backward` knows."""
    sentence = "Each element counts 1/n in the mean, so it gets that share of the gradient."
    return Rule("mean over elements", statement, sentence, _of_mean, broadcasts=False)


def _of_mean(e: Call, c: Expr, g: Expr) -> Gradients:
    raise NoRule(f"the function {e.function} has a derivative only where its size is known")


def _sides(e: Expr, c: Expr, g: Expr) -> Gradients:
    """max: the gradient goes to the largest, the first of equal ones."""
    *first, last = e.args if isinstance(e, Call) else ()
    so_far = first[0] if len(first) == 1 else Call("max", tuple(first))
    above = last if so_far == Num(0.0) else -so_far if last == Num(0.0) else last - so_far
    larger = Call("step", (above,))
    return [(so_far, g * (1 - larger)), (last, g * larger)]


def _power(e: Call, c: Expr, g: Expr) -> Gradients:
    base, exponent = e.args
    less = exponent - 1
    if isinstance(exponent, Num) and exponent.value.is_integer() and exponent.value >= 1:
        less = Num(exponent.value - 1)
    yield base, g * exponent * raised(base, less)
    yield exponent, g * c * Call("log", (base,))


def _softmax(over: str, sums: str) -> Rule:
    return Rule(
        "softmax",
        "c = softmax(a):  da = c ∘ (dc − Σ dc ∘ c)",
        f"Each a changes every c of its {over}, so the effects are added up.",
        lambda e, c, g: [(e.args[0], c * (g - Call(sums, (g * c,))))],
    )


RULES: dict[type[Expr] | str, Rule] = {
    Sum: Rule(
        "sum",
        "c = a + b:  da = dc,  db = dc",
        "Each term gets the gradient of the sum.",
        lambda e, c, g: [(term, g) for term in e.terms],
    ),
    Diff: Rule(
        "difference",
        "c = a − b:  da = dc,  db = −dc",
        "What is subtracted gets the gradient with the other sign.",
        lambda e, c, g: [(e.left, g), (e.right, -g)],
    ),
    Neg: Rule(
        "sign",
        "c = −a:  da = −dc",
        "A minus changes the sign of the gradient.",
        lambda e, c, g: [(e.operand, -g)],
    ),
    Mul: Rule(
        "product",
        "c = a ∘ b:  da = dc ∘ b,  db = dc ∘ a",
        "Each factor gets the gradient times the other factor.",
        lambda e, c, g: [(e.left, g * e.right), (e.right, g * e.left)],
    ),
    Div: Rule(
        "quotient",
        "c = a / b:  da = dc / b,  db = −dc ∘ a / b²",
        "The numerator gets the gradient divided by the denominator.",
        lambda e, c, g: [(e.left, g / e.right), (e.right, -(g * e.left) / (e.right * e.right))],
    ),
    MatMul: Rule(
        "matrix product",
        "c = a · b:  da = dc · bᵀ,  db = aᵀ · dc",
        "Each side gets the gradient times the other side, transposed.",
        lambda e, c, g: [(e.left, g @ e.right.T), (e.right, e.left.T @ g)],
        broadcasts=False,
    ),
    Transpose: Rule(
        "transpose",
        "c = aᵀ:  da = dcᵀ",
        "The gradient is transposed, too.",
        lambda e, c, g: [(e.operand, g.T)],
        broadcasts=False,
    ),
    Call: Rule(
        "elementwise function",
        "c = f(a):  da = dc ∘ f′(a)",
        "The gradient is multiplied by the derivative, element by element.",
        lambda e, c, g: [(e.args[0], g * derivative_of(e))],
    ),
    "exp": function("exp", lambda a, c: c, "exp′(z) = exp(z)", "exp is its own derivative."),
    "log": function("log", lambda a, c: 1 / a, "log′(z) = 1 / z", "One divided by the argument."),
    "square": function("square", lambda a, c: 2 * a, "(z²)′ = 2·z", "Twice what is squared."),
    "sqrt": function(
        "sqrt", lambda a, c: 1 / (2 * c), "sqrt′(z) = 1 / (2·sqrt(z))", "One over twice the root."
    ),
    "abs": function(
        "abs",
        lambda a, c: Call("step", (a,)) - Call("step", (-a,)),
        "abs′(z) = step(z) − step(−z)",
        "The sign of the argument.",
    ),
    "step": function("step", lambda a, c: Num(0.0), "step′(z) = 0", "A step is flat."),
    "sin": function(
        "sin",
        lambda a, c: Call("cos", (a,)),
        "sin′(z) = cos(z)",
        "The derivative of the sine is the cosine.",
    ),
    "cos": function(
        "cos",
        lambda a, c: -Call("sin", (a,)),
        "cos′(z) = −sin(z)",
        "The derivative of the cosine is minus the sine.",
    ),
    "where": Rule(
        "where",
        "c = where(k, a, b):  da = where(k, dc, 0),  db = where(k, 0, dc)",
        "The one that is taken gets the whole gradient.",
        lambda e, c, g: [
            (e.args[1], Call("where", (e.args[0], g, Num(0.0)))),
            (e.args[2], Call("where", (e.args[0], Num(0.0), g))),
        ],
    ),
    "ones": function("ones", lambda a, c: Num(0.0), "ones′(z) = 0", "It does not depend on z."),
    "power": Rule(
        "power",
        "c = aⁿ:  da = dc ∘ n·aⁿ⁻¹",
        "The exponent comes in front, and is one less.",
        _power,
    ),
    "max": Rule(
        "max",
        "c = max(a, b):  da = dc where a ≥ b,  db = dc where b > a",
        "The largest gets the whole gradient; of equal ones, the first.",
        _sides,
    ),
    "row_sums": _sums("sum over elements", "c[i] = Σⱼ a[i,j]:  da[i,j] = dc[i]"),
    "col_sums": _sums("sum over elements", "c[j] = Σᵢ a[i,j]:  da[i,j] = dc[j]"),
    "total": _sums("sum over elements", "c = Σᵢ Σⱼ a[i,j]:  da[i,j] = dc"),
    "row_means": _means("c[i] = Σⱼ a[i,j] / n:  da[i,j] = dc[i] / n"),
    "col_means": _means("c[j] = Σᵢ a[i,j] / n:  da[i,j] = dc[j] / n"),
    "mean": _means("c = Σᵢ Σⱼ a[i,j] / n:  da[i,j] = dc / n"),
    "softmax": _softmax("column", "col_sums"),
    "softmax_rows": _softmax("row", "row_sums"),
}
"""The rule of each kind of node. A function without an entry of its own has that of `Call`."""

BROADCAST = Rule(
    "broadcast",
    "C[i,j] = b[i]:  db[i] = Σⱼ dC[i,j]",
    "What is repeated gets the sum of the gradients of its copies.",
    lambda e, c, g: [(e, Call("row_sums", (g,)))],
)

WITHOUT = frozenset({"largest", "col_max", "row_max"})
"""The functions that have no rule."""


def rule_of(e: Expr) -> Rule:
    """The rule of a node. Raises NoRule for a function that has none, like σ′."""
    if not isinstance(e, Call):
        return RULES[type(e)]
    name = e.function.replace("_derivative", "′")
    if e.function in WITHOUT or (name != e.function and not isinstance(e.function, OwnFunction)):
        instead = "; max(a, b) and softmax(a) have one" if e.function in WITHOUT else ""
        raise NoRule(f"the function {name} has no derivative here{instead}")
    return RULES.get(e.function, RULES[Call])


def derivative_of(call: Call) -> Call:
    """The derivative of a function at the argument of the call: σ′(Z1) for σ(Z1)."""
    name = f"{call.function}_derivative"
    if isinstance(call.function, OwnFunction):
        name = OwnFunction(name, derivative(call.function.definition, "z"))
    return Call(name, call.args)


def gradients(e: Expr, g: Expr, symbol: str) -> Iterator[Expr]:
    """What each place at which `symbol` stands in `e` gets of the gradient `g`, all of them single
    numbers."""
    if isinstance(e, Name):
        if e.symbol == symbol:
            yield g
        return
    for part, at_part in rule_of(e).back(e, e, g):
        if symbol in names(part):
            yield from gradients(part, at_part, symbol)


def derivative(e: Expr, symbol: str) -> Expr:
    """The derivative of `e`, a function of one number, multiplied out."""
    return multiplied_out(Sum((*gradients(e, Num(1.0), symbol),)))
