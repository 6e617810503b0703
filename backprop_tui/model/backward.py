"""The backward pass of any program, derived from its forward steps by the rules of `maths.rules`.

`backward` goes through the forward steps in reverse: what a step reads gets its share of the
gradient at the step, and where all readers of a symbol have sent theirs, its own gradient stands.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from backprop_tui.maths.entries import plus
from backprop_tui.maths.expressions import (
    Call,
    Expr,
    MatMul,
    Name,
    Num,
    Sum,
    Transpose,
    calls,
    differentiated,
    matrix,
    names,
    rebuild,
    walk,
)
from backprop_tui.maths.expressions import replace as put
from backprop_tui.maths.functions import expand, is_derivative
from backprop_tui.maths.normal_form import (
    cancelled,
    divides_by_matrix,
    flat,
    multiplied_out,
    tidy,
)
from backprop_tui.maths.rules import rule_of
from backprop_tui.maths.shapes import Shape, ShapeMismatch, shape
from backprop_tui.model.architecture import Role, Step
from backprop_tui.model.layers import gradient


@dataclass(frozen=True)
class Forward:
    """What a backward pass is derived from."""

    steps: Sequence[Step]
    """The forward steps; the last one is the loss of each example, or J if that is not made of it
    and of parameters alone."""
    given: Mapping[str, Role]
    """What is there before the first step."""
    shapes: Mapping[str, Shape]
    """The shapes of what is given, for a batch of `examples`."""
    examples: int
    objective: Step | None = None
    """J, which is minimised: a sum over the losses, and terms of parameters alone. None: the loss
    of the one example."""
    mean: bool = False
    """Whether the mean over a batch is minimised: gradients of parameters carry 1/m."""
    penalty: Expr | None = None
    """What J adds to the mean or the sum of the losses: a formula of parameters."""
    known: Mapping[Expr, Expr] = field(default_factory=dict)
    """What holds of the data: a column of Y adds up to 1."""
    input_gradient: bool = False
    """Whether the gradients of the inputs are steps too."""
    cached: frozenset[str] = frozenset()
    """The values and gradients that are given: they need not be what their formulas say."""

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """What each symbol is."""
        return {**self.given, **{step.symbol: step.role for step in self.steps}}

    @cached_property
    def reads(self) -> Mapping[str, tuple[str, ...]]:
        """The symbols that each step reads, by the symbol that it writes; what a condition alone
        reads gets no gradient."""
        return {s.symbol: (*dict.fromkeys(gradient_goes_to(s.expression)),) for s in self.steps}

    @cached_property
    def readers(self) -> Mapping[str, Sequence[Step]]:
        """The steps that read each symbol, the last one first: each is a path to the loss."""
        found: dict[str, list[Step]] = {}
        for step in reversed(self.steps):
            if step.symbol in found or step is self.steps[-1]:  # the loss depends on it
                for symbol in self.reads[step.symbol]:
                    found.setdefault(symbol, []).append(step)
        return found

    @cached_property
    def whole_shapes(self) -> Mapping[str, Shape]:
        """The shapes of what is given, of what the steps compute, and of the gradients at these."""
        shapes = dict(self.shapes)
        for step in self.steps:
            shapes[step.symbol] = shape(step.expression, shapes)
            shapes[gradient(step.symbol)] = shapes[step.symbol]
        return shapes

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The symbols that training changes, or could."""
        return tuple(symbol for symbol, role in self.given.items() if role.kind == "parameter")

    @cached_property
    def wanted(self) -> tuple[str, ...]:
        """What is given and has a gradient: the parameters, then the inputs if asked for."""
        inputs = (symbol for symbol, role in self.given.items() if role.kind == "input")
        return (*self.parameters, *(inputs if self.input_gradient else ()))


def gradient_goes_to(e: Expr) -> Iterator[str]:
    """The symbols in `e`, as often as they stand there, but for those in conditions."""
    return (part.symbol for part in differentiated(e) if isinstance(part, Name))


def backward(forward: Forward) -> Iterator[Step]:
    """The backward steps: the gradients of values, in reverse order of the forward steps; behind
    each those of the parameters whose first reader it is, and of the inputs where asked for."""
    shapes, needed = forward.whole_shapes, {*forward.wanted, *forward.cached}
    for step in forward.steps:
        if not needed.isdisjoint(forward.reads[step.symbol]):
            needed.add(step.symbol)
    complete_at: dict[str, list[str]] = {}
    for symbol in forward.wanted:
        if symbol in forward.readers:
            complete_at.setdefault(forward.readers[symbol][-1].symbol, []).append(symbol)
    penalties = penalties_of(forward)
    sent: dict[str, list[Expr]] = {}
    made: dict[str, Step] = {}

    def complete(symbol: str) -> Step:
        """The step of the gradient of a symbol whose readers have all sent their shares."""
        whole, role = added_up(sent.pop(symbol), symbol, shapes), forward.roles[symbol]
        if role.kind == "parameter":
            whole = whole / Name("m") if forward.mean else whole
            whole = whole if symbol not in penalties else plus(whole, penalties[symbol])
        target = Name(gradient(symbol))
        step = Step(target, whole, "backward", role.of_gradient(symbol))
        short = collapsed(step, forward, made)
        made[symbol] = short if names(short.expression) else step  # 0 · ones(H) is no number
        return made[symbol]

    for step in reversed(forward.steps):
        g: Expr = Num(1.0)
        if step is not forward.steps[-1]:
            if step.symbol not in sent:  # the loss does not depend on it
                continue
            yield complete(step.symbol)
            g = made[step.symbol].target
        for symbol, share in shares(step.expression, step.target, g, shapes, needed):
            sent.setdefault(symbol, []).append(share)
        yield from map(complete, filter(sent.__contains__, complete_at.get(step.symbol, ())))
    for symbol, whole in penalties.items():  # of those that no forward step reads
        if symbol not in made:
            role = forward.roles[symbol].of_gradient(symbol)
            yield Step(Name(gradient(symbol)), whole, "backward", role)


def added_up(terms: Sequence[Expr], symbol: str, shapes: Mapping[str, Shape]) -> Expr:
    """The gradient with respect to a symbol, from the shares that its readers send."""
    whole = tidy(terms[0] if len(terms) == 1 else Sum(tuple(terms)))
    # H − H: its gradient is 0, in every number of the matrix.
    return whole if names(whole) else spread(whole, matrix(symbol), shapes)


def penalties_of(forward: Forward) -> dict[str, Expr]:
    """What the terms of parameters in J add to their gradients."""
    found: dict[str, list[Expr]] = {}
    if (e := forward.penalty) is not None:
        for symbol, share in shares(e, e, Num(1.0), forward.shapes, forward.parameters):
            found.setdefault(symbol, []).append(share)
    return {symbol: tidy(Sum((*terms,))) for symbol, terms in found.items()}


def shares(
    e: Expr, c: Expr, g: Expr, shapes: Mapping[str, Shape], needed: Container[str]
) -> Iterator[tuple[str, Expr]]:
    """Each of the `needed` symbols in `e`, with its share of the gradient `g` at `e`; `c` is what
    `e` is called."""
    if isinstance(e, Name):
        if e.symbol in needed:
            yield e.symbol, spread(g, e, shapes)
        return
    rule = rule_of(e)
    if isinstance(e, MatMul | Transpose) or rule.name.startswith("softmax"):
        g = spread(g, c, shapes)  # NumPy would not stretch it there
    whole = shape(c, shapes) if rule.broadcasts else ()
    if whole and not _fit(rule.back(e, c, g), shapes):  # the row dH beside the column b
        g = spread(g, c, shapes)
    for part, share in rule.back(e, c, g):
        if any(map(needed.__contains__, names(part))):
            if whole and (own := shape(part, shapes)) != whole:
                share = gathered(spread(share, c, shapes), own, whole)
            yield from shares(part, part, share, shapes, needed)


def _fit(sent: Iterable[tuple[Expr, Expr]], shapes: Mapping[str, Shape]) -> bool:
    """Whether every share can be computed."""
    try:
        for _, share in sent:
            shape(share, shapes)
    except ShapeMismatch:
        return False
    return True


def spread(g: Expr, like: Expr, shapes: Mapping[str, Shape]) -> Expr:
    """The gradient `g` at `like`, repeated to its shape where it is smaller."""
    if shape(g, shapes) == shape(like, shapes):
        return g
    ones = Call("ones", (like,))
    return ones if g == Num(1.0) else g * ones


def without_sums_of_one(e: Expr, shapes: Mapping[str, Shape]) -> Expr:
    """`e` without sums or means of columns with one row, and of rows with one column."""
    match e:
        case Call("col_sums" | "col_means", (x,)) if shape(x, shapes)[0] == 1:
            return without_sums_of_one(x, shapes)
        case Call("row_sums" | "row_means", (x,)) if shape(x, shapes)[1] == 1:
            return without_sums_of_one(x, shapes)
        case _:
            return rebuild(e, lambda part: without_sums_of_one(part, shapes))


def gathered(g: Expr, own: Shape, whole: Shape) -> Expr:
    """The gradient at a part that is repeated to the shape of the whole: a sum over its copies."""
    if own == whole:
        return g
    if not own:
        return Call("total", (g,))
    if own[0] < whole[0]:
        g = Call("col_sums", (g,))
    return Call("row_sums", (g,)) if own[1] < whole[1] else g


# Where the chain rule collapses -----------------------------------------------------------------


def collapsed(step: Step, forward: Forward, made: Mapping[str, Step]) -> Step:
    """The step, with what is left of its chain rule where every division by a matrix cancels.

    What is left must be no longer than the chain rule itself.
    """
    reader, *others = forward.readers[step.role.of or ""]
    if others or not isinstance(reader.expression, Call) or reader.symbol not in made:
        return step
    if not forward.cached.isdisjoint((reader.symbol, gradient(reader.symbol))):
        return step
    if not divides_by_matrix(made[reader.symbol].expression):
        return step
    *_, (left, _) = collapse(step.expression, reader, made[reader.symbol], forward.known)
    if divides_by_matrix(left) or _length(left) > _length(step.expression):
        return step
    return replace(step, expression=left, derivation=step.expression)


def collapse(
    chain: Expr, reader: Step, at_reader: Step, known: Mapping[Expr, Expr]
) -> Iterator[tuple[Expr, str]]:
    """The lines from a chain rule to what is left of it, with the gradient at the reader put in.

    Each is an expression, and what led to it: the symbol put in, a derivative's name, or a rule.
    """
    e = put(chain, {at_reader.target: at_reader.expression})
    yield e, at_reader.symbol
    for call in calls(chain):
        if is_derivative(call.function):
            e = flat(put(e, {call: put(expand(call), {reader.expression: reader.target})}))
            yield e, call.function
    e = cancelled(e)
    yield e, "cancel"
    e = multiplied_out(e)
    yield e, "multiply out"
    if any(part in known for part in walk(e)):
        yield multiplied_out(e, known), "known"


def _length(e: Expr) -> int:
    """How many names and numbers are written in `e`."""
    return sum(map(_length, e.parts)) or 1
