"""The lines of one element of a gradient: ∂L/∂W1[i,j] = Σₖ ∂L/∂Z1[k]·∂Z1[k]/∂W1[i,j] = dZ1[i]·X[j].

i and j are the row and the column of the gradient, s the examples of the step that reads it and k
its entries of one example, p a sum inside a formula. An axis of length 1 has no index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce

from backprop_tui.explain.gradient_lines import DerivationLine, Gradient, collapsed, in_matrices
from backprop_tui.maths.entries import (
    SOFTMAX,
    Entries,
    Index,
    over,
    plus,
    products,
    settled,
    sum_of,
    times,
    unsigned,
)
from backprop_tui.maths.expressions import (
    Call,
    Delta,
    Diff,
    Div,
    Expr,
    Indexed,
    MatMul,
    Name,
    Neg,
    Partial,
    Sum,
    Transpose,
    names,
    walk,
)
from backprop_tui.maths.expressions import replace as put
from backprop_tui.maths.normal_form import flat, tidy
from backprop_tui.maths.rules import derivative_of
from backprop_tui.maths.shapes import Shape
from backprop_tui.maths.writing import text
from backprop_tui.messages import joined
from backprop_tui.model.architecture import Step
from backprop_tui.model.program import Program


@dataclass(frozen=True)
class ChainTerm:
    """How one forward step passes a change of an entry on: a term of the chain rule."""

    target: Indexed
    """The entry k of what the step computes."""
    at_target: Indexed
    """The entry of the gradient at the target."""
    from_loss: Partial
    slope: Partial
    """∂Z1[k]/∂W1[i,j]"""
    inner: Expr
    """What the rules make of `slope`."""
    sums: tuple[Index, ...]
    """The letters of the target, which the chain rule sums over."""

    def over(self, at_target: Expr, slope: Expr) -> Expr:
        """Σₖ of the product of the two, with a minus in front of the sum."""
        negative, product = unsigned(flat(times(at_target, slope)))
        whole = over(self.sums, product)
        return Neg(whole) if negative else whole


def by_elements(gradient: Gradient) -> Iterator[DerivationLine]:
    """The lines for the entry in row i and column j; the last one is the formula of the step."""
    entries = _entries(gradient)
    V = entries.entry(gradient.of, "i", "j")
    read = [s.expression for s in gradient.readers if softmax_of(s.expression) is None]
    if gradient.mixed or any(tangled(e, gradient.of) for e in read):
        for line in in_matrices(gradient):
            left = None if line.left is None else gradient.left(V)
            anew = _entries(gradient)  # each line begins with the first letters
            yield replace(line, expression=anew.of(line.expression, "i", "j"), left=left)
        yield _whole(gradient, V)
        return
    lines = _of_loss(gradient, V) if gradient.reads_loss else _of_paths(gradient, V)
    more = None if gradient.penalty is None else entries.of(gradient.penalty, "i", "j")
    for line in lines:
        yield replace(line, expression=gradient.in_objective(line.expression, more))
    if gradient.step.derivation is not None and not _reads_softmax(gradient):
        for line in collapsed(gradient, gradient.step.derivation):  # that of J already
            yield replace(line, expression=_entries(gradient).of(line.expression, "i", "j"))
    yield _whole(gradient, V)


def _whole(gradient: Gradient, V: Indexed) -> DerivationLine:
    """The formula of the step, which is that of every entry V."""
    letters = [k for k in gradient.letters if k in (V.row, V.column)]
    rule = f"all {joined(letters)} at once" if letters else "with matrices"
    return DerivationLine(gradient.step.expression, rule, gradient.step.target)


def given(gradient: Gradient) -> tuple[tuple[Indexed, Expr], ...]:
    """The forward steps that read what the gradient is of, each as the formula of one entry."""
    return tuple(_given(gradient, step) for step in gradient.readers)


def softmax_of(e: Expr) -> Name | None:
    """The matrix that it is the softmax of, in which each output depends on every input."""
    match e:
        case Call(function, (Name() as x,)) if function in SOFTMAX:
            return x
        case _:
            return None


def _reads_softmax(gradient: Gradient) -> bool:
    """Whether the only reader is a softmax."""
    return len(gradient.readers) == 1 and softmax_of(gradient.reader.expression) is not None


def tangled(e: Expr, symbol: str, inside: bool = False) -> bool:
    """Whether a sum over entries of `symbol` stands inside a function, a product or a divisor: then
    its index and that of its derivative would be told apart by nothing."""
    match e:
        case MatMul() | Call("row_sums" | "col_sums" | "total") if inside and symbol in names(e):
            return True
        case Call(function) if function in SOFTMAX and symbol in names(e):
            return True
        case Sum() | Diff() | Neg() | Transpose() | MatMul():
            pass
        case Call("row_sums" | "col_sums" | "total"):
            pass
        case Div(x, y):
            return tangled(x, symbol, inside) or tangled(y, symbol, inside=True)
        case _:
            inside = True
    return any(tangled(part, symbol, inside) for part in e.parts)


def entries_of(program: Program, shapes: Mapping[str, Shape]) -> Entries:
    """The entries of the program's matrices; L has one for each example.

    Where examples are rows, the only row of a bias or of the only example is not named.
    """
    of_rows: Iterable[str] = ()
    if not program.axis:
        of_rows = program.per_example.union(s for s, r in program.roles.items() if r.part == "bias")
    return Entries(shapes, (program.loss, *of_rows), shapes.keys() - program.separate)


def _entries(gradient: Gradient) -> Entries:
    return entries_of(gradient.program, gradient.shapes)


def _given(gradient: Gradient, step: Step) -> tuple[Indexed, Expr]:
    """The entry k of what a step computes, and its formula: of example s, or of the gradient's own
    example where it has one."""
    entries, place = _entries(gradient), gradient.program.architecture.place
    row, column = place("k", gradient.letters[1] if gradient.is_separate else "s")
    return entries.entry(step.symbol, row, column), entries.of(step.expression, row, column)


def _path(gradient: Gradient, step: Step, V: Indexed) -> ChainTerm:
    entries, (target, formula) = _entries(gradient), _given(gradient, step)
    at_target = entries.entry(gradient.at(step).symbol, target.row, target.column)
    if (x := softmax_of(step.expression)) is not None:
        formula = put(step.expression, {x: entries.entry(x.symbol, target.row, target.column)})
    inner = entries.derivative(formula, V, target)
    of_each = step.symbol in gradient.program.separate
    if not _reads_softmax(gradient):
        inner = sum_of(settled(products(inner)))
    place = gradient.program.architecture.place
    _, example = place(target.row, target.column)
    return ChainTerm(
        target,
        at_target,
        Partial(Indexed(gradient.loss.symbol, *place("", example if of_each else "")), target),
        Partial(target, V),
        inner,
        _sums(gradient, target),
    )


def _sums(gradient: Gradient, target: Indexed) -> tuple[Index, ...]:
    """The letters of an entry that the chain rule sums over: k, and s where it has examples."""
    entries, examples = gradient.program.architecture.place(*gradient.shapes[target.symbol])
    indices = (("k", entries), ("s", examples))
    return tuple(index for index in indices if index[0] in (target.row, target.column))


def _one_term(before: Expr, after: Expr) -> Iterator[DerivationLine]:
    """The line in which deltas leave one term of their sums; none where there is no delta."""
    left = set(walk(after))
    gone = (x for x in walk(before) if isinstance(x, Delta) and x not in left)
    if only := dict.fromkeys(f"{delta.left} = {delta.right}" for delta in gone):
        yield DerivationLine(after, f"only {joined([*only])}")


def _of_loss(gradient: Gradient, V: Indexed) -> Iterator[DerivationLine]:
    """The lines of an entry of the gradient of the loss itself."""
    ((target, formula),) = given(gradient)
    each = _entries(gradient).derivative(formula, V, target)
    found = products(over(_sums(gradient, target), each))
    yield DerivationLine(sum_of(found), gradient.rules_of_loss, gradient.left(V))
    yield from _one_term(sum_of(found), sum_of(settled(found)))


def _of_paths(gradient: Gradient, V: Indexed) -> Iterator[DerivationLine]:
    """The lines of an entry of a gradient that the chain rule leads to."""
    paths = [_path(gradient, step, V) for step in gradient.readers]
    every = joined([text(path.target) for path in paths])
    summed = any(path.sums for path in paths)
    opens = gradient.opens
    yield DerivationLine(
        _added(path.over(path.from_loss, path.slope) for path in paths),
        f"chain rule over every {every}" if summed else f"chain rule: {gradient.uses}",
        gradient.left(V),
    )
    yield DerivationLine(
        _added(path.over(path.at_target, path.slope) for path in paths),
        gradient.come_from,
        opens=opens,
    )
    if _reads_softmax(gradient) and gradient.step.derivation is not None:
        yield from _of_softmax(gradient, paths[0])
        return
    found = _added(path.over(path.at_target, path.inner) for path in paths)
    slope = derivative_of(gradient.function).function if gradient.function else None
    put_in, inner = joined([text(path.slope) for path in paths]), text(paths[0].inner)
    short = len(paths) == 1 and len(inner) <= len(put_in)
    if _reads_softmax(gradient):
        yield DerivationLine(found, "softmax", opens=gradient.reader.symbol)
    else:
        rule = f"{put_in} = {inner}" if short else f"{put_in} put in"
        yield DerivationLine(found, rule, opens=slope)
    yield from _one_term(found, sum_of(settled(products(found))))


def _of_softmax(gradient: Gradient, path: ChainTerm) -> Iterator[DerivationLine]:
    """The lines from the gradient of the loss at a softmax to what is left of it."""
    at_reader = gradient.at(gradient.reader)
    put_in = _entries(gradient).of(at_reader.expression, path.target.row, path.target.column)
    yield DerivationLine(
        path.over(put_in, path.slope), f"{at_reader.symbol} put in", opens=at_reader.symbol
    )
    whole = path.over(put_in, path.inner)
    yield DerivationLine(whole, "softmax", opens=gradient.reader.symbol)
    negative, product = unsigned(tidy(flat(times(put_in, path.inner))))
    cancelled = over(path.sums, product)
    yield DerivationLine(Neg(cancelled) if negative else cancelled, "cancel")
    found = settled(products(whole))
    yield from _one_term(whole, sum_of(found))
    yield DerivationLine(sum_of(found, gradient.shares), gradient.fact)


def _added(terms: Iterable[Expr]) -> Expr:
    return reduce(plus, terms)
