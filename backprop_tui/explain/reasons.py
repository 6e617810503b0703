"""Why each step is as it is: the sentence of its rule, with the program's own names put in.

Each sentence stands behind its condition, which reads what the step and the forward steps about it
compute; the first that holds is said. No layer and no letter is needed for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from backprop_tui.maths.elements import gathers
from backprop_tui.maths.expressions import (
    Call,
    Div,
    Expr,
    MatMul,
    Name,
    Num,
    Sum,
    Transpose,
    names,
)
from backprop_tui.maths.functions import ACTIVATIONS, DEFINITIONS, total, transposed, z
from backprop_tui.maths.rules import BROADCAST, Rule, derivative_of, rule_of
from backprop_tui.maths.shapes import shape
from backprop_tui.maths.writing import text
from backprop_tui.messages import joined
from backprop_tui.model.algorithm import forward_pass
from backprop_tui.model.architecture import Step
from backprop_tui.model.backward import gradient_goes_to, penalties_of
from backprop_tui.model.network import l2, weight_decay
from backprop_tui.model.program import Program

m = Name("m")
OF_FIRST = {"difference": False, "quotient": True, "power": True}
"""Rules whose sentence is of one of two parts: whether of the first."""
NON_LINEAR = "The activation is non-linear. Without it, two layers would equal one layer."


def reason(step: Step, program: Program) -> str:
    """The sentence that says why a step of that program is as it is.

    Where a mistake, or a formula of one's own, changes the step or what it is derived from, the
    sentence is of the correct program, and says so.
    """
    right = program.right or program
    taught = right.taught[right.index(step.symbol)]
    readers: Sequence[Step] = ()
    if step.phase == "update":
        early = any(map(program.is_early, program.steps))
        said = _of_update(taught, right, early)
        read = names(taught.expression)  # a sentence may say what is in the v that is subtracted
        readers = [s for s in right.taught if s.role.kind == "mean" and s.symbol in read]
    elif (of := taught.role.of) is not None:
        readers = _readers(of, right)
        said = _of_gradient(taught, of, readers, right)
    else:
        said = _of_value(taught, right)
    now = {s.symbol: s.expression for s in program.steps}
    too_new = step.phase == "backward" and any(
        program.is_early(s)
        for s in program.steps[: program.index(step.symbol)]
        if s.symbol in names(step.expression)
    )
    if not too_new and all(
        now.get(s.symbol, s.expression) == s.expression for s in (taught, *readers)
    ):
        return said
    return f"{'Correct' if program.mistake else 'Usual formula'}: {said}"


def _of_value(step: Step, program: Program) -> str:
    s, e, L, targets = step.symbol, step.expression, Name(program.loss), program.targets
    if e in (total(L), total(L) / m):
        mean, share = ("mean", "1/m") if isinstance(e, Div) else ("sum", "fully")
        each = f"each example counts {share}. Training aims to reduce {s}."
        return f"{s} is the {mean} of all {L.symbol}: {each}"
    if s == program.objective and l2.symbol in names(e):
        losses, *_ = _terms(e)
        averaged = isinstance(losses, Div)
        of_all = f"the {'mean' if averaged else 'sum'} of all {L.symbol}"
        of_all = L.symbol if losses == L else of_all
        factor = text(l2 / (2 * m if averaged else 2))
        return f"{s} is {of_all} plus {factor} times the sum of all squared weights."
    known = program.architecture.losses  # of another formula nothing is known: −G·log(A)
    if s == L.symbol and targets and {*targets} <= {*known}:
        return "Each example has one loss: the larger it is, the worse its prediction."
    if s in (L.symbol, program.objective):
        one = "Each example has one loss. " if s != program.objective else ""
        return f"{one}Training aims to reduce {program.objective}."
    if _is_layer(e, program):
        bias = isinstance(_terms(e)[-1], Name)
        adds = ", adds the products and adds its bias" if bias else " and adds the products"
        return f"Each neuron multiplies inputs by weights{adds}."
    match e:
        case Call("softmax" | "softmax_rows", (Name(x),)):
            over = softmax_over(e, program)
            those = f"each example's {x}" if over == "example" else f"each {over} of {x}"
            return f"Softmax turns {those} into shares that add up to 1."
        case Call(function, (Name(x),)) if not gathers(function):
            copy = f"{s} is {x}: " if DEFINITIONS.get(function) == z else ""
            if s == program.output:
                last = f"The last activation turns each {x} into a prediction."
                return f"{copy}any number can be the prediction." if copy else last
            if _is_between_layers(s, x, program):
                if copy:
                    return f"{copy}this layer and the next one together do no more than one layer."
                if not isinstance(DEFINITIONS.get(derivative_of(e).function), Num):
                    return NON_LINEAR
            return f"{s} is {text(e)}, element by element."
    return f"{s} is computed from {_listed(names(e))}."


@lru_cache(maxsize=4)  # it is told at every key
def _in_objective(program: Program) -> tuple[bool, Mapping[str, Expr]]:
    """Whether J is the mean over a batch, and what else it adds to the gradients of parameters."""
    forward = forward_pass(program.architecture, program.training)
    return forward.mean, penalties_of(forward)


def _of_gradient(step: Step, of: str, readers: Sequence[Step], program: Program) -> str:
    L = program.objective if program.architecture.joint else program.loss
    e, per_example = step.expression, program.per_example
    if not any(program.gradient_of(r.symbol) for r in readers):
        end, whole = readers[-1].symbol, program.measure(of)
        starts = f"The chain rule starts here: {step.symbol} = ∂{whole}/∂{of}."
        return f"{end} depends directly on {of}. {starts}"
    one, together = "", ""
    averaged, penalty = isinstance(e, Div) and e.right == m, None
    if readers[-1].symbol == program.objective != L:
        averaged, penalties = _in_objective(program)
        penalty = penalties[of]
    if averaged:
        e, together = e.parts[0], ", averaged over examples"
    elif of not in per_example:
        if program.training.batch > 1:  # where a value has no examples, its own gradient is a sum
            each = penalty is not None or per_example.issuperset(r.symbol for r in readers)
            together = ", summed over examples" if each else ""
        elif program.is_averaged:
            one = " (One example: no 1/m.)"
    if penalty is not None:
        return f"{program.objective} adds {text(penalty)} to the gradient of {L}{together}."
    uses = sum(symbol == of for r in readers for symbol in gradient_goes_to(r.expression))
    if uses > 1:
        times = f"{uses} times " if uses > len(readers) else ""
        where = _listed([r.symbol for r in readers])
        return f"{of} is used {times}in {where}. The gradients of all uses are added{together}."
    (reader,) = readers
    r, dr = reader.symbol, program.gradient_of(reader.symbol) or ""
    error = [Name(program.output) - Name(target) for target in program.targets]
    remains = "prediction − target" if e in error else text(e)
    match reader.expression:
        case Call(function, (Name(),)) if not gathers(function):
            if step.derivation is not None:
                cancels = f"The fractions cancel; {remains} remains."
                return f"{step.symbol} = {text(step.derivation)}. {cancels}"
            known = ACTIVATIONS.get(function)
            slope = f"{known.symbol}′({of})" if known else f"∂{r}/∂{of}"
            return f"Chain rule: ∂{L}/∂{of} = ∂{L}/∂{r} · {slope}, element by element."
        case Call("softmax" | "softmax_rows", (Name(),)) as call:
            every = f"Each {of} changes every {r} of its {softmax_over(call, program)}"
            if step.derivation is not None:
                return f"{every}; the sum is {remains}."
            return f"{every}, so its effects are added up."
    match e if program.axis else transposed(e):
        case MatMul(Transpose(Name(w)), Name(d)) if d == dr:
            through = "column" if program.axis else "row"
            gathered = f"Adding up gives {text(e)}."
            return f"{of}[j] affects each {r} through {through} j of {w}. {gathered}"
        case MatMul(Name(d), Transpose(Name(x))) if d == dr and _is_vector(x, program):
            read, product = f"{x}[j]", f"{dr}[i] · {x}[j]"
            if not program.axis:
                read, product = f"{x}[i]", f"{x}[i] · {dr}[j]"
            gives = f"{step.symbol}[i,j] = {product}{together}.{one}"
            return f"{of}[i,j] multiplies {read}: {gives}"
        case Name(d) | Call("row_sums", (Name(d),)) if d == dr and Name(of) in _terms(
            reader.expression
        ):
            if isinstance(e, Name) or _is_vector(r, program):
                term = "added to" if of in program.parameters else "a term of"
                adds = (
                    f"{r} is {of}" if names(reader.expression) == (of,) else f"{of} is {term} {r}"
                )
                return f"{adds}, so ∂{r}/∂{of} = 1 and {step.symbol} = {dr}{together}."
    rule, *more = dict.fromkeys(_rules(reader.expression, of, program))
    is_first = of in names(reader.expression.parts[0])
    if not more and OF_FIRST.get(rule.name, is_first) == is_first:
        return f"{L} uses {of} through {r}. {rule.sentence}"
    return f"{L} uses {of} through {r}: {_listed([rule.name for rule in (rule, *more)])}."


def _of_update(step: Step, program: Program, early: bool) -> str:
    role, rule = step.role, program.training.rule_name
    gradient = role.of if role.kind == "mean" else program.gradient_of(step.symbol)
    dw, w = Name(gradient or ""), Name(program.roles[gradient or ""].of or "")
    reads = (set(names(s.expression)) for s in program.taught if s.phase == "update")
    decays = any({dw.symbol, weight_decay.symbol} <= read for read in reads)
    pull = f"({text(dw + weight_decay * w)})" if decays else text(dw)
    match role.mean or rule:
        case "v" if rule == "classical_momentum":
            return f"v is β1 times its old value plus α · {pull}: earlier steps still count."
        case "classical_momentum":
            return f"Subtract v: it contains α · {pull} and a part of the earlier steps."
        case "v":
            return f"v is a running mean of {pull}. Values whose sign changes cancel in it."
        case "s":
            return f"s is a running mean of squares: sqrt(s) is the usual size of {pull}."
        case "vc" | "sc" as corrected:
            beta = "β1" if corrected == "vc" else "β2"
            began = f"{corrected[0]} started at zero"
            return f"{began}: the division by 1 − {beta} to the t corrects that."
        case "momentum":
            return f"Subtract α times the running mean v, not α · {pull}."
        case "rmsprop":
            return f"Divide {pull} by its usual size sqrt(s): changes have similar sizes."
        case "adam":
            return "Subtract α times v, divided by sqrt(s): changes have similar sizes."
    if decays:
        objective = program.architecture.objective  # one of the file's own may read λ, too
        twice = objective is not None and weight_decay.symbol in names(objective.expression)
        has = f"{program.objective} has {'λ, too' if twice else 'no λ'}"
        return f"Subtract α · {pull}: weight decay adds {text(weight_decay * w)} here; {has}."
    in_order = "" if early else " All gradients were computed before any parameter changed."
    return f"Subtract α · {pull}.{in_order}"


def _readers(symbol: str, program: Program) -> list[Step]:
    """The forward steps that read a symbol on the way to the loss, not in a condition alone."""
    ends = (program.loss, program.objective)
    return [
        step
        for step in program.forward
        if symbol in gradient_goes_to(step.expression)
        and (step.symbol in ends or program.gradient_of(step.symbol))
    ]


def _terms(e: Expr) -> tuple[Expr, ...]:
    return e.terms if isinstance(e, Sum) else (e,)


def _is_layer(e: Expr, program: Program) -> bool:
    """Whether `e` is products of weights and values, and at most one bias: W·A + b, or A·W + b."""
    products, parameters = 0, program.parameters
    for term in _terms(e):
        match term if program.axis else transposed(term):
            case MatMul(Name(w), x) if w in parameters and not {*parameters} & {*names(x)}:
                products += 1
            case Name(b) if b in parameters and term == _terms(e)[-1]:
                continue
            case _:
                return False
    return products > 0


def _is_between_layers(symbol: str, argument: str, program: Program) -> bool:
    """Whether a function of `argument` alone joins two layers: a later one multiplies it."""
    below = (s.expression for s in program.forward if s.symbol == argument)
    above = (t for s in _readers(symbol, program) for t in _terms(s.expression))
    return any(_is_layer(e, program) for e in below) and any(
        _is_layer(t, program) and Name(symbol) in t.parts for t in above
    )


def _is_vector(symbol: str, program: Program) -> bool:
    """Whether a value has one column for each example, or one row."""
    return symbol in program.per_example and program.shapes(1)[symbol][program.axis] == 1


def softmax_over(call: Call, program: Program) -> str:
    """What the shares of a softmax add up to 1 over: an example, a column or a row."""
    over = "column" if call.function == "softmax" else "row"
    by_example = over == ("column" if program.axis else "row")
    return "example" if by_example and program.per_example & {*names(call)} else over


def _rules(e: Expr, symbol: str, program: Program) -> Iterator[Rule]:
    """The rules that lead from an expression down to a symbol that it reads once."""
    shapes = program.shapes(program.training.batch)
    while not isinstance(e, Name):
        part = next(part for part in e.parts if symbol in gradient_goes_to(part))
        yield rule_of(e)
        if rule_of(e).broadcasts and shape(part, shapes) != shape(e, shapes):
            yield BROADCAST
        e = part


def _listed(symbols: Sequence[str]) -> str:
    """A, B and C; of more than three the first two and the last."""
    return joined(symbols if len(symbols) < 4 else (*symbols[:2], "…", symbols[-1]))
