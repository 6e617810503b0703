"""Rewrites: what may stand, by mistake, in place of an expression or of a program's steps.

Each takes an expression and its program and yields none, one or several others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from backprop_tui.maths.elements import gathers
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
    Sum,
    Transpose,
    calls,
    is_scalar,
    names,
    rebuild,
    replace,
    walk,
)
from backprop_tui.maths.functions import FUNCTIONS, is_derivative
from backprop_tui.maths.normal_form import GATHERS
from backprop_tui.maths.shapes import shape
from backprop_tui.model.algorithm import Y
from backprop_tui.model.architecture import Step
from backprop_tui.model.layers import Part
from backprop_tui.model.program import Program, lowered

Change: TypeAlias = Callable[[Expr, Program], Iterable[Expr]]
"""A rewrite: the expressions that may stand, by mistake, in place of one of a program."""
StepChange: TypeAlias = Callable[[Step, Expr, Program], Iterable[Expr]]
"""The same of a whole step, where its symbol or its place matters."""
GATES = frozenset({"relu_derivative", "leaky_relu_derivative"})
"""The derivatives that are 0 or nearly so for negative z: the gates of ReLU."""


def variants(e: Expr, change: Callable[[Expr], Iterable[Expr]]) -> Iterator[Expr]:
    """`e` with one part changed, for each part and each change; the largest parts first."""
    yield from change(e)
    parts = e.parts
    for i, part in enumerate(parts):
        for changed in variants(part, change):
            others = iter((*parts[:i], changed, *parts[i + 1 :]))
            yield rebuild(e, lambda _, others=others: next(others))  # type: ignore[misc]


# Mistakes that a run can be made with


def without_transpose(e: Expr, program: Program) -> Iterator[Expr]:
    """x for xᵀ."""
    if isinstance(e, Transpose):
        yield e.operand


def transpose_of_the_other(e: Expr, program: Program) -> Iterator[Expr]:
    """x · yᵀ for xᵀ · y, and the reverse."""
    match e:
        case MatMul(Transpose(x), y):
            yield MatMul(x, Transpose(y))
        case MatMul(x, Transpose(y)):
            yield MatMul(Transpose(x), y)


def transposed(e: Expr, program: Program) -> Iterator[Expr]:
    """eᵀ for the whole expression, where it has a matrix product."""
    if any(isinstance(part, MatMul) for part in walk(e)):
        yield Transpose(e)


def sign_flipped(e: Expr, program: Program) -> Iterator[Expr]:
    """y − x for x − y; x for −x; else −x."""
    match e:
        case Diff(x, y):
            yield Diff(y, x)
        case Neg(x):
            yield x
        case Div(x, y):
            yield from (Div(other, y) for other in sign_flipped(x, program))
        case Mul(x, y) if is_scalar(x):
            yield from (Mul(x, other) for other in sign_flipped(y, program))
        case _:
            yield Neg(e)


def without_derivative(e: Expr, program: Program) -> Iterator[Expr]:
    """x for x ∘ g′(z), where g is no gate."""
    match e:
        case Mul(x, Call(function, _)) if is_derivative(function) and function not in GATES:
            yield x


def without_gate(e: Expr, program: Program) -> Iterator[Expr]:
    """x for x ∘ g′(z), where g is a gate."""
    match e:
        case Mul(x, Call(function, _)) if function in GATES:
            yield x


def derivative_at_a(e: Expr, program: Program) -> Iterator[Expr]:
    """g′(A) for g′(Z)."""
    match e:
        case Call(function, (z,)) if is_derivative(function):
            yield Call(function, (_activated(function, z, program),))


def _activated(derivative: str, z: Expr, program: Program) -> Expr:
    """A, by its name where a step computes it, for the derivative of an activation at z."""
    A = Call(_differentiated(derivative, program), (z,))
    return next((step.target for step in program.taught if step.expression == A), A)


def _differentiated(derivative: str, program: Program) -> str:
    """The function of which a function is the derivative."""
    name = derivative.removesuffix("_derivative")
    return program.functions.get(name, name)


def element_by_element(e: Expr, program: Program) -> Iterator[Expr]:
    """x ∘ y for x · y."""
    if isinstance(e, MatMul):
        yield Mul(e.left, e.right)


def matrix_product(e: Expr, program: Program) -> Iterator[Expr]:
    """x · y for x ∘ y."""
    if isinstance(e, Mul) and not any(is_scalar(lowered(x)) for x in e.parts):
        yield MatMul(e.left, e.right)


def without_bias(e: Expr, program: Program) -> Iterator[Expr]:
    """x for x + b."""
    match e:
        case Sum(terms):
            for k, term in enumerate(terms):
                if isinstance(term, Name) and term.symbol in program.parameters:
                    left = terms[:k] + terms[k + 1 :]
                    yield left[0] if len(left) == 1 else Sum(left)


def without_mean(e: Expr, program: Program) -> Iterator[Expr]:
    """x for x / m, but for the L2 penalty, which has a 1/m of its own."""
    match e:
        case Div(x, Name("m")) if "l2" not in names(x):
            yield x


def penalty_not_divided(e: Expr, program: Program) -> Iterator[Expr]:
    """λ₂·W for λ₂·W / m."""
    match e:
        case Div(x, Name("m")) if "l2" in names(x):
            yield x


def without_penalty(step: Step, e: Expr, program: Program) -> Iterator[Expr]:
    """J, or the gradient of a parameter, without what a penalty adds: that of L2, or one's own."""
    architecture, parameters = program.architecture, {*program.parameters}
    is_own = architecture.objective is not None and not architecture.joint
    known = {*parameters, *program.constants}

    def is_penalty(term: Expr) -> bool:
        read = {*names(term)}
        return "l2" in read or (is_own and read <= known and not read.isdisjoint(parameters))

    if isinstance(e, Sum) and (step.role.of in parameters or step.symbol == program.objective):
        left = [term for term in e.terms if not is_penalty(term)]
        if len(left) == 1:
            yield left[0]


def of_another_layer(part: Part) -> Change:
    """The rewrite that reads the same matrix of a neighbouring layer where it is transposed."""

    def change(e: Expr, program: Program) -> Iterator[Expr]:
        match e:
            case Transpose(Name(symbol)) if program.part(symbol) == part:
                yield from (Transpose(Name(other)) for other in program.neighbours(symbol))

    return change


def without_learning_rate(e: Expr, program: Program) -> Iterator[Expr]:
    """x for α · x."""
    match e:
        case Mul(Name("alpha"), x):
            yield x


def update_added(e: Expr, program: Program) -> Iterator[Expr]:
    """w + x for w − x."""
    match e:
        case Diff(Name() as w, x):
            yield w + x


def without_sum(e: Expr, program: Program) -> Iterator[Expr]:
    """x for a sum over elements of x."""
    match e:
        case Call(function, (x,)) if function in GATHERS:
            yield x


# Mistakes in a whole step


def one_path(step: Step, e: Expr, program: Program) -> Iterator[Expr]:
    """x and y for x + y, in a gradient: a term for each path to the loss; a penalty stays."""
    return _of_paths(step, e, program, lambda paths: [(path,) for path in paths])


def without_a_path(step: Step, e: Expr, program: Program) -> Iterator[Expr]:
    """x + y, x + z and y + z for x + y + z, in a gradient: all paths to the loss but one."""

    def others(paths: Sequence[Expr]) -> Iterator[Sequence[Expr]]:
        if len(paths) > 2:
            yield from ((*paths[:k], *paths[k + 1 :]) for k in range(len(paths)))

    return _of_paths(step, e, program, others)


def _of_paths(
    step: Step,
    e: Expr,
    program: Program,
    kept: Callable[[Sequence[Expr]], Iterable[Sequence[Expr]]],
) -> Iterator[Expr]:
    def some(part: Expr) -> Iterator[Expr]:
        terms = part.terms if isinstance(part, Sum) else ()
        paths = [term for term in terms if not {*program.gradients}.isdisjoint(names(term))]
        rest = [term for term in terms if term not in paths]
        for left in kept(paths) if len(paths) > 1 else ():
            yield Sum((*left, *rest)) if len(left) + len(rest) > 1 else left[0]

    if step.phase == "backward":
        yield from variants(e, some)


def accumulated(step: Step, e: Expr, program: Program) -> Iterator[Expr]:
    """dW + e for the gradient e of a parameter."""
    if step.role.kind == "gradient" and step.role.of in program.parameters:
        yield step.target + e


# Mistakes in a single number


def with_transpose(e: Expr, program: Program) -> Iterator[Expr]:
    """xᵀ · y and x · yᵀ for x · y."""
    match e:
        case MatMul(Transpose(), _) | MatMul(_, Transpose()):
            pass
        case MatMul(x, y):
            yield from (MatMul(x.T, y), MatMul(x, y.T))


def without_activation(e: Expr, program: Program) -> Iterator[Expr]:
    """z for g(z)."""
    match e:
        case Call(function, (x,)) if function in FUNCTIONS:
            yield x


def derivative_for_activation(e: Expr, program: Program) -> Iterator[Expr]:
    """g′(z) for g(z)."""
    match e:
        case Call(function, args) if function in FUNCTIONS and FUNCTIONS[function].elementwise:
            yield Call(f"{function}_derivative", args)


def activation_for_derivative(e: Expr, program: Program) -> Iterator[Expr]:
    """g(z) for g′(z)."""
    match e:
        case Call(function, args) if is_derivative(function):
            yield Call(_differentiated(function, program), args)


def other_derivative(e: Expr, program: Program) -> Iterator[Expr]:
    """σ′ and tanh′ for another activation's derivative, as they are computed from A."""
    match e:
        case Call(function, (z,)) if is_derivative(function) and not gathers(function):
            A = _activated(function, z, program)
            yield from (A * (1 - A), 1 - Call("square", (A,)))


def derivative_once_more(step: Step, e: Expr, program: Program) -> Iterator[Expr]:
    """x ∘ g′(Z) for a gradient x that g′ is in already: (A2 − Y) ∘ σ′(Z2)."""
    if step.derivation is None or e == step.derivation:
        return
    for part in walk(step.derivation):
        match part:
            case Call(function) if is_derivative(function):
                yield e * part
            case Mul(A, Diff(_, Call(sums))) if sums in GATHERS:  # softmax
                yield e * (A * (1 - A))


def softmax_diagonal(e: Expr, program: Program) -> Iterator[Expr]:
    """dA ∘ A ∘ (1 − A) for A ∘ (dA − Σ dA ∘ A): softmax as if each output read its own Z only."""
    match e:
        case Mul(A, Diff(dA, Call(sums, (Mul(x, y),)))) if sums in GATHERS and {x, y} == {A, dA}:
            yield dA * (A * (1 - A))


def without_exp(e: Expr, program: Program) -> Iterator[Expr]:
    """x for exp(x), wherever it is written: Z / ΣZ for softmax(Z)."""
    exps = (c for c in calls(e) if c.function == "exp")
    known: dict[Expr, Expr] = {c: x for c in exps for x in c.args}
    if known:
        yield replace(e, known)


def without_shift(e: Expr) -> Expr:
    """Softmax as it is written by hand: exp(z) / Σ exp(z), without subtracting the largest z."""
    shifted: dict[Expr, Expr] = {}
    for part in walk(e):
        match part:
            case Diff(z, Call("row_max" | "col_max")):
                shifted[part] = z
    return replace(e, shifted)


def one_factor(e: Expr, program: Program) -> Iterator[Expr]:
    """x and y for x ∘ y."""
    match e:
        case Mul(x, y) if not (is_scalar(x) or is_scalar(y)):
            yield from (x, y)


def without_minus(e: Expr, program: Program) -> Iterator[Expr]:
    """x for −x."""
    if isinstance(e, Neg):
        yield e.operand


def other_targets(e: Expr, program: Program) -> Iterator[Expr]:
    """1 − Y for Y and Y for 1 − Y, where both are read."""
    if 1 - Y in walk(e):
        yield replace(e, {1 - Y: Y, Y: 1 - Y})


def sign_of_a_term(e: Expr, program: Program) -> Iterator[Expr]:
    """x + y and −x − y for x − y, and x − y for x + y."""
    match e:
        case Diff(x, y):
            yield from (x + y, *(() if isinstance(x, Num) else (Neg(x) - y,)))
        case Sum(terms):
            for k, term in enumerate(terms[1:], 1):
                before = terms[0] if k == 1 else Sum(terms[:k])
                yield Sum((before - term, *terms[k + 1 :])) if terms[k + 1 :] else before - term


def one_side(e: Expr, program: Program) -> Iterator[Expr]:
    """x and y for x − y."""
    match e:
        case Diff(x, y) if not isinstance(x, Num):
            yield from (x, y)


def without_constant(e: Expr, program: Program) -> Iterator[Expr]:
    """x for x / 2, x / K and 2 · x."""
    match e:
        case Div(x, Num() | Name("K")) | Mul(Num(), x):
            yield x


def without_square(e: Expr, program: Program) -> Iterator[Expr]:
    """x for x²."""
    match e:
        case Call("square", (x,)):
            yield x


def without_division(e: Expr, program: Program) -> Iterator[Expr]:
    """x for x / y, of matrices."""
    match e:
        case Div(x, y) if not (is_scalar(x) or is_scalar(y)):
            yield x


def decimal_logarithm(e: Expr, program: Program) -> Iterator[Expr]:
    """log(x) / log(10) for log(x)."""
    match e:
        case Call("log", (_,)):
            yield e / Call("log", (Num(10.0),))


def mean_taken(e: Expr, program: Program) -> Iterator[Expr]:
    """A sum, or a matrix product, divided by the number of its terms."""
    match e:
        case Call("row_sums" | "col_sums" | "total" as function, (x,)):
            yield from _over_count(e, x, function, program)
        case MatMul(x, _):
            yield from _over_count(e, x, "row_sums", program)


def _over_count(e: Expr, x: Expr, sum_: str, program: Program) -> Iterator[Expr]:
    """`e` divided by how many elements such a sum of x adds: a number, or m, the examples."""
    m = program.training.batch

    def terms(examples: int) -> int:
        rows, columns = (*shape(x, program.shapes(examples)), 1, 1)[:2]
        return {"row_sums": columns, "col_sums": rows}.get(sum_, rows * columns)

    if terms(m) == terms(m + 1):
        yield e / Num(float(terms(m)))
    elif terms(m) == m:
        yield e / Name("m")


def other_axis(e: Expr, program: Program) -> Iterator[Expr]:
    """The sums over the other axis for those over one."""
    match e:
        case Call("row_sums" | "col_sums" as function, args):
            other = Call("col_sums" if function == "row_sums" else "row_sums", args)
            yield from (other, Transpose(other))


def both_axes(e: Expr, program: Program) -> Iterator[Expr]:
    """The sums over both axes for those over one."""
    match e:
        case Call("row_sums" | "col_sums", args):
            yield Call("total", args)


def z_for_a(e: Expr, program: Program) -> Iterator[Expr]:
    """Z1 for A1, wherever it is read; also of a product one factor alone."""
    yield from _with_others(e, {a: z for z, a in _activations(program)}, program)


def da_for_dz(e: Expr, program: Program) -> Iterator[Expr]:
    """dA1 for dZ1, wherever it is read; also of a product one factor alone."""
    of = program.gradient_of
    pairs = ((of(z), of(a)) for z, a in _activations(program))
    yield from _with_others(e, {dz: da for dz, da in pairs if dz and da}, program)


def _with_others(e: Expr, others: Mapping[str, str], program: Program) -> Iterator[Expr]:
    for symbol in names(e):
        if symbol in others:
            wrong = replace(e, {Name(symbol): Name(others[symbol])})
            yield from (wrong, *one_factor(wrong, program))


def _activations(program: Program) -> Iterator[tuple[str, str]]:
    """Each Z with the A that is an activation of it alone, as large: no sum, no mean."""
    shapes = program.shapes(program.training.batch)
    for step in program.forward:
        match step.expression:
            case Call(_, (Name(z),)) if step.phase == "forward":
                if shapes[z] == shapes[step.symbol]:
                    yield z, step.symbol


def other_layer(e: Expr, program: Program) -> Iterator[Expr]:
    """The same matrix of a neighbouring layer."""
    match e:
        case Name(symbol):
            yield from map(Name, program.neighbours(symbol))


# A parameter updated too early


def _updated_before(step: Step, program: Program) -> tuple[str, ...]:
    """The parameters that a gradient is computed with though their own gradients stand already."""
    if step.phase != "backward":
        return ()
    here = program.index(step.symbol)
    return tuple(
        symbol
        for symbol in names(step.expression)
        if symbol in program.parameters
        and (own := program.gradient_of(symbol)) is not None
        and program.positions.get(own, -1) < here  # one that is given stands from the start
    )


def _updates(program: Program) -> dict[str, tuple[Step, ...]]:
    """The steps that update each parameter, those of its running means included."""
    updates: dict[str, tuple[Step, ...]] = {}
    for step in program.steps:
        if step.phase == "update":
            of = program.roles[step.role.of].of if step.role.of else step.symbol
            assert of is not None
            updates[of] = (*updates.get(of, ()), step)
    return updates


def updated_early(program: Program) -> Iterator[Step]:
    """The program's steps, with each parameter updated before the first gradient that reads it when
    its own gradient stands."""
    updates = _updates(program)
    moved: set[Step] = set()
    for step in program.steps:
        for symbol in _updated_before(step, program):
            early = updates.pop(symbol, ())
            yield from early
            moved.update(early)
        if step not in moved:
            yield step


def through_new_weights(step: Step, right: Expr, program: Program) -> Iterator[Expr]:
    """dA as it is computed with the updated W, in terms of the W before the update."""
    updates = _updates(program)
    early = {s: updates[s][-1] for s in _updated_before(step, program) if s in updates}
    if early:
        yield replace(right, {last.target: last.expression for last in early.values()})
