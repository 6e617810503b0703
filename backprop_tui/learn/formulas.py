"""Formulas that a learner writes for a step: read, tried out, and judged.

They are read by the one parser, with the names that the step may read and the shape that it must
have. Every right way of writing one is right: it is tried out on numbers, never compared as a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import prod

from backprop_tui.explain.explanation import formula
from backprop_tui.learn.mistakes import Slip
from backprop_tui.learn.probes import Own, misfit, taught_program
from backprop_tui.learn.trial import FormulaVerdict, Trial, tried
from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Expr,
    MatMul,
    Mul,
    Name,
    Num,
    calls,
    is_scalar,
    matrix,
    names,
    rebuild,
    replace,
    walk,
)
from backprop_tui.maths.functions import OTHER_AXIS, PRIMITIVES, K
from backprop_tui.maths.numpy_calls import Counts
from backprop_tui.maths.parser import Assignment, GrammarError, parse_assignment
from backprop_tui.maths.shapes import Shape, ShapeMismatch, shape, written
from backprop_tui.maths.writing import text
from backprop_tui.messages import nearest, short
from backprop_tui.model.algorithm import architecture_of, m
from backprop_tui.model.architecture import Step
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.layers import (
    ACTIVATION_0,
    INPUT,
    LOSS,
    OBJECTIVE,
    gradient,
    symbol_of,
)
from backprop_tui.model.network import Network, Training, WrittenNetwork, l2, weight_decay
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Iteration, Timeline

MOST_PARTS, DEEPEST = 150, 4
"""The most parts of a formula, and of functions within each other, whose definitions are expanded
before anything is computed. Every step of a network has far fewer."""
MANY = 1_000_003
"""A number of examples that is no layer's size: what has so many columns has one for each."""
ACCEPTED = frozenset(
    (FormulaVerdict.RIGHT, FormulaVerdict.HERE, FormulaVerdict.OWN, FormulaVerdict.GRADIENT)
)
"""The verdicts on formulas that a run may be made with."""
OUTER = (
    "in NumPy * of a column and a row is their product, for one example; here it is {}, "
    "which is right for a batch too"
)
PENALTY = f"{text(weight_decay)} is read as {text(l2)}, the factor of the L2 penalty"
ELSEWHERE = re.compile(r"(?:(?P<error>delta|\u03b4)|[Tt]heta|\u03b8)_?(?P<layer>\d{1,4})")
"""What other books call the gradient of a layer's Z, and its weights: δ2, θ2."""
PREDICTED = Name("y_hat")
"""How ŷ is read, which stands beside the drawing of a network."""
OF_THE_LAST = re.compile(r"(?P<of>\w+?)_?L")
"""What others write of the last layer: WL, dAL."""
OUTPUTS = frozenset("al yhat ypred pred preds prediction predictions out output outputs".split())
TARGETS = frozenset("target targets label labels ytrue".split())
INPUTS = frozenset("a0 input inputs".split())
LOSSES = frozenset("loss cost".split())
BETAS = frozenset("β beta momentum".split())
"""What others call predictions, targets, inputs, the loss and β1, without capitals and
underscores."""
LARGEST = 1_000_000
"""The most numbers of a part; in a network with large matrices, ten times the largest of them."""


class FormulaError(ValueError):
    """A formula that cannot be tried out; its text is the sentence for the learner."""

    def __init__(self, verdict: FormulaVerdict, sentence: str, e: Expr | None = None) -> None:
        super().__init__(sentence)
        self.verdict, self.expression = verdict, e


@dataclass(frozen=True)
class JudgedFormula:
    """A formula and what is said of it. `sentence` names the mistake, never the right formula."""

    step: Step
    """The step as it is taught."""
    verdict: FormulaVerdict
    sentence: str
    hint: str
    """The shape of the result, and the symbols of the taught formula."""
    expression: Expr | None = None
    """None where it could not be read."""
    slips: tuple[Slip, ...] = ()
    """The mistakes that give the same numbers."""

    @property
    def accepted(self) -> bool:
        """Whether it is right in this network, whatever the numbers."""
        return self.verdict in ACCEPTED

    @property
    def missed(self) -> bool:
        """Whether it is another formula than the step's, and not just typed wrongly."""
        verdicts = (FormulaVerdict.SHAPE, FormulaVerdict.WRONG, FormulaVerdict.COINCIDENCE)
        return self.verdict in verdicts

    @property
    def answer(self) -> str:
        """The formula as it is taught: dW2 = dZ2 · A1ᵀ."""
        return formula(self.step)

    def told(self, misses: int) -> tuple[str, ...]:
        """What to say after so many misses: the mistake; then the hint too; then the formula."""
        if not self.missed:
            return (self.sentence,)
        return (self.sentence, self.hint, f"The formula is {self.answer}")[: max(1, misses)]


def judge(
    experiment: Experiment, symbol: str, source: str, iteration: Iteration | None = None
) -> JudgedFormula:
    """The formula typed for a step, judged with the numbers of that iteration, or of the first."""
    if iteration is None:
        iteration = Timeline(experiment).iteration(1)
    network, own = experiment.network, own_forward(experiment.network, experiment.formulas)
    others = tuple((s, formula) for s, formula in own if s != symbol)
    program, examples = taught_program(network, experiment.training, others), iteration.examples
    step = program.steps[program.index(symbol)]
    hint = hint_of(step, program.shapes(len(examples)))
    try:
        found = _read(program, symbol, source, len(examples), *experiment.batch_sizes)
    except FormulaError as error:
        return JudgedFormula(step, error.verdict, str(error), hint, error.expression)
    e = found.expression

    def trial(of: Own) -> Trial:
        return Trial(experiment, of, iteration, symbol, e)

    verdict, sentence, slips = tried(trial(others))
    if verdict in (FormulaVerdict.RIGHT, FormulaVerdict.HERE):
        if others and not trial(()).holds_here:
            verdict = FormulaVerdict.GRADIENT
            sentence = f"Your formula is {verdict}."
    elif own != others and trial(own).holds_here:
        verdict, slips = FormulaVerdict.OWN, ()
        sentence = f"This is {verdict}."
    notes = (f" Note: {note}." for note in found.notes)
    return JudgedFormula(step, verdict, "".join((sentence, *notes)), hint, e, slips)


def own_forward(network: Network | WrittenNetwork, formulas: Mapping[str, Expr]) -> Own:
    """Those of a learner's formulas that are of the forward pass."""
    forward = architecture_of(network).forward
    return tuple((symbol, e) for symbol, e in formulas.items() if symbol in forward)


def hint_of(step: Step, shapes: Mapping[str, Shape]) -> str:
    """The result has shape 1×3. Use dZ2, A1 and m."""
    signs = [text(Call(call.function, (Name("…"),))) for call in calls(step.expression)]
    made_of = [text(Name(symbol)) for symbol in names(step.expression)]
    parts = list(dict.fromkeys((*made_of, *signs)))
    together = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return f"The result has shape {written(shapes[step.symbol])}. Use {together}."


# Reading


def read(program: Program, symbol: str, source: str, *batches: int) -> Expr:
    """The tree of the formula typed for a step; it must have the step's shape for each batch size.

    Raises FormulaError, with a sentence that says what is wrong.
    """
    return _read(program, symbol, source, *batches).expression


def _read(program: Program, symbol: str, source: str, *batches: int) -> Assignment:
    step = program.steps[program.index(symbol)]
    if not source.strip():
        raise FormulaError(FormulaVerdict.UNREADABLE, f"type the formula for {symbol}")
    try:
        found = _parsed(program, source, max(batches))
    except GrammarError as error:
        raise FormulaError(FormulaVerdict.UNREADABLE, str(error)) from None
    target, e, _ = found
    if target not in (None, symbol):
        raise FormulaError(
            FormulaVerdict.NAME, f"this step computes {symbol}, not {short(str(target))}"
        )
    _all_known(program, step, e)
    _not_too_deep(e)
    for examples in batches:
        if (sentence := misfit(e, symbol, program, examples)) is not None:
            other = "" if examples == batches[0] else f"in a batch of {examples}, "
            meant = _other_product(e, symbol, program, examples)
            raise FormulaError(FormulaVerdict.SHAPE, f"{other}{sentence}{meant}", e)
        _not_too_large(e, program.shapes(examples))
    return found


def trees(
    network: Network | WrittenNetwork, training: Training, sources: Mapping[str, str]
) -> dict[str, Expr]:
    """The trees of formulas that `read` has accepted before, by the symbols that they compute."""
    found: dict[str, Expr] = {}
    for own in (True, False):  # the symbols that a backward formula reads follow from the forward
        program = taught_program(network, training, own_forward(network, found))
        for symbol, source in sources.items():
            if (symbol in program.architecture.forward) is own:
                found[symbol] = _parsed(program, source, training.batch).expression
    return {symbol: found[symbol] for symbol in sources}


def _parsed(program: Program, source: str, examples: int) -> Assignment:
    """What a text says in that program, with the outer products that NumPy's * makes of columns and
    rows."""
    network, training, symbols = program.network, program.training, set(program.roles)
    meant: dict[Expr, Expr] = (
        {Name(ACTIVATION_0): Name(INPUT)} if isinstance(network, Network) else {}
    )
    symbols.update(*map(names, meant))
    if PREDICTED.symbol not in symbols:
        meant[PREDICTED] = matrix(program.output)
    penalty = {weight_decay: l2} if training.l2 and not training.weight_decay else {}
    functions = {**activations_by_layer(network), **program.functions}
    target, e, notes = parse_assignment(source, functions, symbols, _counts(program))
    if not penalty.keys().isdisjoint(walk(e)):
        notes += (PENALTY,)
    e = replace(e, meant | penalty)
    product = e
    for size in (examples, MANY):  # with one example a row may be a single number
        product = _outer(product, program.shapes(size))
    if product != e:
        notes += (OUTER.format(text(product)),)
    return Assignment(target, product, notes)


def _counts(program: Program) -> Counts:
    """How many rows and columns a part of a formula has: m, K or so many."""
    shapes, outputs, place = program.shapes(MANY), program.outputs, program.architecture.place
    numbers = program.constants

    def count(e: Expr) -> tuple[Expr, Expr]:
        try:
            size = shape(e, shapes) or (1, 1)
        except (ShapeMismatch, KeyError):  # what is wrong with it is said of the whole formula
            return Num(1.0), Num(1.0)
        entries, examples = place(*size)
        of_outputs = K if entries == outputs > 1 and K.symbol in numbers else Num(float(entries))
        of_examples = m if examples == MANY and m.symbol in numbers else Num(float(examples))
        return place(of_outputs, of_examples)

    return count


def _outer(e: Expr, shapes: Mapping[str, Shape]) -> Expr:
    """`e` with x · y where NumPy stretches a column x and a row y to a matrix in x * y."""
    e = rebuild(e, lambda part: _outer(part, shapes))
    if isinstance(e, Mul):
        for x, y in ((e.left, e.right), (e.right, e.left)):
            with suppress(ShapeMismatch, KeyError):
                match shape(x, shapes), shape(y, shapes):
                    case (rows, 1), (1, columns) if rows > 1 and columns > 1:
                        return MatMul(x, y)
    return e


def _other_product(e: Expr, symbol: str, program: Program, examples: int) -> str:
    """What to say of a product of the wrong kind, where the other kind has the right shape."""
    for part in walk(e):
        match part:
            case Mul(x, y) if not (is_scalar(x) or is_scalar(y)):
                other: Expr = MatMul(x, y)
                said = f"; * goes element by element: the matrix product is {text(other)}"
            case MatMul(x, y):
                other = Mul(x, y)
                said = "; the sign for element by element is *"
            case _:
                continue
        if misfit(replace(e, {part: other}), symbol, program, examples) is None:
            return said
    return ""


def activations_by_layer(network: Network | WrittenNetwork) -> dict[str, str]:
    """The activation that g1, g2, ... stand for, and g where all layers have the same; softmax is
    that of rows where these are examples."""
    if isinstance(network, WrittenNetwork):
        return {}
    own = {"softmax": OTHER_AXIS["softmax"]} if network.orientation == "rows" else {}
    names = [own.get(name, name) for name in network.activations]
    by_layer = {f"g{layer}": name for layer, name in enumerate(names, 1)}
    single = {"g": names[0]} if len(set(names)) == 1 else {}
    return {**own, **single, **by_layer}


def _all_known(program: Program, step: Step, e: Expr) -> None:
    before = program.index(step.symbol)
    known = {*program.data, *program.kept, *(s.symbol for s in program.steps[:before])}
    for part in walk(e):
        if isinstance(part, Cell):
            said = f"a step works on whole matrices: write {part.symbol}, not {text(part)}"
            raise FormulaError(FormulaVerdict.NAME, said)
    for symbol in names(e):
        if symbol not in known and symbol not in program.constants:
            raise FormulaError(FormulaVerdict.NAME, _not_known(program, symbol, step, known))


def _not_known(program: Program, symbol: str, step: Step, known: set[str]) -> str:
    if symbol == step.symbol:
        return f"{symbol} is the result: its formula cannot use it"
    if symbol in program.positions:
        at, own = program.index(symbol) + 1, program.index(step.symbol) + 1
        return f"{symbol} is not computed yet: that is step {at}, and this is step {own}"
    if symbol == OBJECTIVE:
        return f"there is no {OBJECTIVE} here: a batch of one example has only {LOSS}"
    meant, names_here = called_elsewhere(program, symbol), (*known, *program.constants)
    if meant not in names_here:
        meant = nearest(symbol, names_here)
    return f"there is no “{short(symbol)}” here" + (
        f". Did you mean {text(Name(meant))}?" if meant else ""
    )


def called_elsewhere(program: Program, name: str) -> str | None:
    """The symbol, or constant, of what other books and programs call so; None for other names."""
    if found := ELSEWHERE.fullmatch(name):
        layer = int(found["layer"])
        is_error = found["error"] is not None
        return gradient(symbol_of("affine", layer)) if is_error else symbol_of("weight", layer)
    targets = program.targets
    usual = (
        (OUTPUTS, program.output),
        (TARGETS, targets[0] if len(targets) == 1 else None),
        (INPUTS, INPUT),
        (LOSSES, program.objective),
        (BETAS, "beta1"),
    )
    plain = name.replace("_", "").casefold()
    if meant := next((symbol for called, symbol in usual if plain in called), None):
        return meant
    last = OF_THE_LAST.fullmatch(name)
    return f"{last['of']}{program.roles[program.output].group}" if last else None


def _not_too_deep(e: Expr) -> None:
    if sum(1 for _ in walk(e)) > MOST_PARTS:
        raise FormulaError(
            FormulaVerdict.UNREADABLE, f"the formula has more than {MOST_PARTS} parts"
        )
    if _nested(e) > DEEPEST:
        said = f"more than {DEEPEST} nested functions"
        raise FormulaError(FormulaVerdict.UNREADABLE, said)


def _nested(e: Expr) -> int:
    """How many activations and derivatives stand within each other."""
    defined = isinstance(e, Call) and e.function not in PRIMITIVES
    return defined + max(map(_nested, e.parts), default=0)


def _not_too_large(e: Expr, shapes: Mapping[str, Shape]) -> None:
    most = max(LARGEST, 10 * max(map(prod, shapes.values())))
    for part in walk(e):
        if prod(shape(part, shapes)) > most:
            said = f"{short(text(part))} is {written(shape(part, shapes))}: too large to compute"
            raise FormulaError(FormulaVerdict.UNREADABLE, said)
