"""The backward pass of any program, derived from its forward steps by the rules of `maths.rules`.

`backward` goes through the forward steps in reverse: what a step reads gets its share of the
gradient at the step, and where all readers of a symbol have sent theirs, its own gradient stands.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from backprop_tui.maths.expressions import (
    Call,
    Div,
    Expr,
    Name,
    Num,
    Sum,
    calls,
    children,
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
from backprop_tui.maths.shapes import Shape, shape
from backprop_tui.model.architecture import Role, Step
from backprop_tui.model.layers import gradient


@dataclass(frozen=True)
class Forward:
    """What a backward pass is derived from."""

    steps: Sequence[Step]
    """The forward steps; the last one is the loss of each example."""
    given: Mapping[str, Role]
    """What is there before the first step."""
    shapes: Mapping[str, Shape]
    """The shapes of what is given, for a batch of `examples`."""
    examples: int = 1
    objective: Step | None = None
    """J, which is minimised: a sum over the losses, and terms of parameters alone. None: the loss
    of the one example."""
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
        """The symbols that each step reads, by the symbol that it writes."""
        return {step.symbol: names(step.expression) for step in self.steps}

    @cached_property
    def readers(self) -> Mapping[str, Sequence[Step]]:
        """The steps that read each symbol, the last one first: each is a path to the loss."""
        found: dict[str, list[Step]] = {}
        for step in reversed(self.steps):
            for symbol in self.reads[step.symbol]:
                found.setdefault(symbol, []).append(step)
        return found

    @cached_property
    def whole_shapes(self) -> Mapping[str, Shape]:
        """The shapes of what is given, and of what the steps compute."""
        shapes = dict(self.shapes)
        for step in (*self.steps, *filter(None, (self.objective,))):
            shapes[step.symbol] = shape(step.expression, shapes)
        return shapes

    @cached_property
    def sent_by_objective(self) -> Mapping[str, Expr]:
        """The share that J sends to the loss, and to each parameter that it reads itself."""
        if (J := self.objective) is None:
            return {}
        needed = {self.steps[-1].symbol, *self.parameters}
        return dict(shares(J.expression, J.target, Num(1.0), self.whole_shapes, needed))

    def over_m(self, e: Expr) -> Expr:
        """The gradient of a parameter with respect to the losses, over m where J is their mean."""
        match self.sent_by_objective.get(self.steps[-1].symbol):
            case Div(Num(1.0), examples):
                return e / examples
        return e

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The symbols that training changes, or could."""
        return tuple(symbol for symbol, role in self.given.items() if role.kind == "parameter")

    @cached_property
    def wanted(self) -> tuple[str, ...]:
        """What is given and has a gradient: the parameters, then the inputs if asked for."""
        inputs = (symbol for symbol, role in self.given.items() if role.kind == "input")
        return (*self.parameters, *(inputs if self.input_gradient else ()))


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
    sent: dict[str, list[Expr]] = {}
    made: dict[str, Step] = {}

    def complete(symbol: str) -> Step:
        """The step of the gradient of a symbol whose readers have all sent their shares."""
        terms, role = sent.pop(symbol), forward.roles[symbol]
        whole = tidy(terms[0] if len(terms) == 1 else Sum(tuple(terms)))
        if role.kind == "parameter":
            whole = forward.over_m(whole)
            if (penalty := forward.sent_by_objective.get(symbol)) is not None:
                whole = whole + tidy(penalty)
        target = Name(gradient(symbol))
        step = Step(target, whole, "backward", role.of_gradient(symbol))
        made[symbol] = collapsed(step, forward, made)
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


def shares(
    e: Expr, c: Expr, g: Expr, shapes: Mapping[str, Shape], needed: Container[str]
) -> Iterator[tuple[str, Expr]]:
    """Each of the `needed` symbols in `e`, with its share of the gradient `g` at `e`; `c` is what
    `e` is called."""
    if isinstance(e, Name):
        if e.symbol in needed:
            yield e.symbol, g
        return
    rule = rule_of(e)
    whole = shape(c, shapes) if rule.broadcasts else ()
    for part, share in rule.back(e, c, g):
        if any(map(needed.__contains__, names(part))):
            if whole:
                share = gathered(share, shape(part, shapes), whole)
            yield from shares(part, part, share, shapes, needed)


def without_sums_of_one(e: Expr, shapes: Mapping[str, Shape]) -> Expr:
    """`e` without col_sums where there is one row, and row_sums where there is one column."""
    match e:
        case Call("col_sums", (x,)) if shape(x, shapes)[0] == 1:
            return without_sums_of_one(x, shapes)
        case Call("row_sums", (x,)) if shape(x, shapes)[1] == 1:
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
    return sum(map(_length, children(e))) or 1
