"""The explanation of one computed number: its formula, shapes, arithmetic, reason and remarks.

Everything follows from the step's expression and the recorded values. Panels and exports lay it
out, and say how numbers are rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from math import isclose, isfinite
from typing import Any, TypeAlias

from backprop_tui.explain.provenance import MOST_TERMS, Place, Provenance
from backprop_tui.explain.reasons import reason, softmax_over
from backprop_tui.maths.elements import ELLIPSIS, element, gathers
from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Diff,
    Expr,
    MatMul,
    Mul,
    Name,
    Sum,
    Transpose,
    as_expr,
    calls,
    cells,
    names,
    rebuild,
    replace,
    walk,
)
from backprop_tui.maths.functions import PRIMITIVES, expand, is_derivative, total, transposed
from backprop_tui.maths.normal_form import flat
from backprop_tui.maths.shapes import Shape, shape
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import (
    LATEX,
    TEXT,
    Notation,
    folded,
    numpy_source,
    plain_number,
    text,
    with_leaves,
    with_numbers,
    write,
)
from backprop_tui.model.architecture import Step
from backprop_tui.run.timeline import State

ROUNDED = " (rounded)"
"""What stands behind a value that the figures shown do not give."""
Number: TypeAlias = Callable[[float], str]
"""How a number is rounded and written."""
Writer: TypeAlias = Callable[[Expr], str | None]
"""The figure in place of a part of an expression; None to write the part out."""
FOLD = 6
"""Terms of a sum that are written out in a line."""
Figure: TypeAlias = Callable[[Cell, float], str]
"""How the number of a cell is written, for example on a board."""


def becomes(step: Step, notation: Notation = TEXT) -> str:
    """The sign between a step's two sides: an arrow where it replaces what it reads, else =."""
    again = step.symbol in names(step.expression)
    return notation.becomes if again else notation.equals


def formula(step: Step, notation: Notation = TEXT) -> str:
    """The step as it is taught: dW2 = dZ2 · A1ᵀ, or W2 ← W2 − α · dW2."""
    target, expression = write(step.target, notation), write(step.expression, notation)
    return f"{target} {becomes(step, notation)} {expression}"


def shape_line(step: Step, shapes: Mapping[str, Shape], notation: Notation = TEXT) -> str:
    """The step's formula in shapes: (1×3) = (1×1) · (3×1)ᵀ."""
    opening, closing = notation.parentheses if notation.encloses else ("", "")

    def sized(found: Shape) -> str:
        return notation.across.join(notation.number(float(n)) for n in found)

    def size(part: Expr) -> str | None:
        if isinstance(part, Call) and gathers(part.function):
            return notation.call(part.function).replace("*", sized(shape(part.args[0], shapes)))
        named = isinstance(part, Name) and not part.is_number
        known = named or (isinstance(part, Call) and bool(shape(part, shapes)))
        return f"{opening}{sized(shape(part, shapes))}{closing}" if known else None

    whole = f"{opening}{sized(shapes[step.symbol])}{closing}"
    return f"{whole} {notation.equals} {with_leaves(step.expression, size, notation)}"


def own_cell(state: State, step: Step, example: int) -> Cell:
    """The cell that is shown for a whole step: the first one of that example (from 0)."""
    own = example + 1 if step.symbol in state.program.per_example else 1
    return Cell(step.symbol, *state.program.architecture.place(1, own))


class Explanation:
    """One computed number, explained. Each property is computed when it is first read."""

    def __init__(
        self,
        provenance: Provenance,
        place: Place,
        number: Number,
        known: bool = True,
        notation: Notation = TEXT,
        part: Expr | None = None,
    ) -> None:
        """`number` writes a number; `known` is false while its step is still to come; `notation` is
        that of the arithmetic in remarks; `part`, over cells, is explained instead of the whole
        number. Raises ValueError for a number that no step computed."""
        step = provenance.step_of(place)
        if step is None:
            raise ValueError(f"{text(place.cell)} was given, not computed")
        self.provenance, self.place, self.step, self.known = provenance, place, step, known
        self.part = part
        self._number, self._notation = number, notation
        self._numbers: dict[tuple[int | None, Notation], tuple[str, ...]] = {}  # by fold
        self._figures: dict[Expr, str] = {}
        self.shapes = provenance.shapes(place.iteration)
        self.env = provenance.environment(place.iteration, step)
        self.cell = text(place.cell)

    @cached_property
    def taught(self) -> Expr:
        """The number as an expression over cells, as the step is taught; long sums shortened."""
        return self._at_cell(self.step.expression, MOST_TERMS) if self.part is None else self.part

    def _at_cell(self, e: Expr, most: int | None = None) -> Expr:
        return element(e, self.place.cell.row, self.place.cell.column, self.shapes, most)

    @property
    def recorded(self) -> float:
        """The number itself, as it was computed."""
        if self.part is not None:
            return self.value(self.part)
        return self.provenance.number(self.place)

    @property
    def formula(self) -> str:
        """The step as it is taught."""
        return formula(self.step)

    @property
    def shape_line(self) -> str:
        """The step in shapes."""
        return shape_line(self.step, self.shapes)

    @property
    def numpy(self) -> str:
        """The step as it is computed, as a line of NumPy."""
        lowered = self.provenance.program.lowered_of(self.step)
        return f"{self.step.symbol} = {numpy_source(lowered)}"

    @property
    def latex(self) -> str:
        """The step as LaTeX."""
        return formula(self.step, LATEX)

    @property
    def reason(self) -> str:
        """Why the step is as it is, in one sentence."""
        return reason(self.step, self.provenance.program)

    @cached_property
    def reads(self) -> tuple[Place, ...]:
        """The numbers that it is computed from, as the step is taught."""
        return self.provenance.terms(self.place)

    @cached_property
    def sources(self) -> tuple[Place, ...]:
        """The numbers that enter leads to: those, then what its chain rule alone reads."""
        return self.provenance.sources(self.place)

    def symbols(self, fold: int | None = None, notation: Notation = TEXT) -> str:
        """dZ2[1,1] · A1[2,1]; sums of more than `fold` terms are shortened in the middle."""
        return folded(self.taught, fold, notation)

    def numbers(self, fold: int | None = None, notation: Notation = TEXT) -> tuple[str, ...]:
        """The arithmetic in stages: 0.003 × relu′(−1.000), then 0.003 × 0.000."""
        if not self.known:
            return ()
        if (fold, notation) not in self._numbers:
            stages = (with_numbers(self.taught, w, fold, notation) for w in self._stages)
            result = notation.figure(self.result)
            kept = tuple(s for s in dict.fromkeys(stages) if s != result)
            self._numbers[fold, notation] = kept
        return self._numbers[fold, notation]

    def with_figures(self, fold: int | None = FOLD) -> str:
        """The first stage of the arithmetic, for a hint: known or not, and without the result."""
        return with_numbers(self.taught, self._figure, fold)

    def with_parts(self, e: Expr, parts: Iterable[Expr]) -> str:
        """`e`, a form of the number, with figures for the parts too."""
        known = {part: self._number(self.value(part)) for part in parts}
        return with_numbers(e, lambda x: known.get(x) or self._figure(x), FOLD)

    @cached_property
    def _stages(self) -> tuple[Writer, ...]:
        """How the figures are put in at each stage of the arithmetic."""
        return (self._figure, self._simplified, *((self._reduced,) if self._gathers else ()))

    @cached_property
    def _gathers(self) -> bool:
        """Whether the largest value is subtracted first, as in softmax."""
        return {"max", "exp"} <= {call.function for call in calls(self.taught)}

    @cached_property
    def result(self) -> str:
        """The recorded number, written; `·` while its step is still to come."""
        return self._number(self.recorded) if self.known else "·"

    def terms(self) -> tuple[tuple[str, str, str], ...]:
        """The terms of the number's sum: each in symbols, in numbers, and its value."""
        everything = self._at_cell(self.step.expression)
        whole = next((e for e in walk(everything) if isinstance(e, Sum)), None)
        if whole is None or not self.known:
            return ()
        return tuple(
            (text(term), with_numbers(term, self._figure), self._number(self.value(term)))
            for term in whole.terms
        )

    @cached_property
    def whole(self) -> bool:
        """Whether `taught` has every term; very long sums lack their middle."""
        return ELLIPSIS not in walk(self.taught)

    @cached_property
    def rounded(self) -> bool:
        """Whether computing with the figures shown gives another last digit than is recorded."""
        return (
            self.known and self.whole and any(self._misleads(self.taught, s) for s in self._stages)
        )

    def _misleads(self, e: Expr, written: Writer) -> bool:
        """Whether computing `e` with these figures gives another result than the one shown."""
        as_shown = self._number(self._reckoned(e, written))
        return as_shown != self.result and read_figure(as_shown) != read_figure(self.result)

    def _reckoned(self, e: Expr, written: Writer) -> float:
        """The value of `e`, computed with the figures as they are written."""
        parts: dict[Expr, Expr] = {}
        env: dict[str, Any] = {}
        for part in walk(e):
            if (figure := written(part)) is None:
                continue
            if isinstance(part, Cell):  # still a cell: 0·log 0 = 0 holds for what was shown as 0
                env.setdefault(part.symbol, {})[part.row - 1, part.column - 1] = read_figure(figure)
            else:
                parts[part] = _reckoned(figure)
        return float(value(replace(e, parts), env))

    @cached_property
    def forms(self) -> tuple[Expr, ...]:
        """The number in each right way, over cells: as the step is taught, as it is evaluated, and
        as it is derived; none where the sum is too long."""
        if not self.whole:
            return ()
        if self.part is not None:
            return tuple(dict.fromkeys((self.part, written_out(self.part))))
        lowered = self._at_cell(self.provenance.program.lowered_of(self.step))
        return tuple(dict.fromkeys((self.taught, lowered, *self._chain_rule)))

    def _in_stages(self, figure: Figure | None) -> Iterator[tuple[Expr, Writer]]:
        """The forms, and how the figures are put in at each stage of the arithmetic. `figure` is
        how cells are written where the learner reads them; None: as here."""

        def seen(written: Writer) -> Writer:
            if figure is None:
                return written
            return lambda e: figure(e, self.value(e)) if isinstance(e, Cell) else written(e)

        for form in self.forms:
            stages = self._stages if form == self.taught else (self._figure, self._simplified)
            yield from ((form, seen(written)) for written in stages)

    def by_hand(self, figure: Figure | None = None) -> tuple[float, ...]:
        """The numbers that a learner may get by computing with the figures shown, in each right
        way, without rounding before the end."""
        ways = self._in_stages(figure)
        return tuple(dict.fromkeys(self._reckoned(e, written) for e, written in ways))

    def in_figures(self, figure: Figure | None = None) -> tuple[Expr, ...]:
        """The same as expressions of numbers: 0.741 × 0.187."""
        ways = self._in_stages(figure)
        return tuple(dict.fromkeys(_with_figures(e, written) for e, written in ways))

    @cached_property
    def _chain_rule(self) -> tuple[Expr, ...]:
        """What the number collapsed from, as written and with the values of the forward pass."""
        collapsed = self.provenance.program.collapsed_from(self.step)
        if self.step.derivation is None or collapsed is None:
            return ()
        return self._at_cell(self.step.derivation), self._at_cell(flat(collapsed))

    def _reduced(self, part: Expr) -> str | None:
        """A figure, with exp and log of one number: exp(−5.000) for exp(−3.000 − 2.000)."""
        if isinstance(part, Call) and part.function in ("exp", "log"):
            (argument,) = part.args
            return f"{part.function}({self._number(self.value(argument))})"
        return self._simplified(part)

    def written(self, number: float) -> str:
        """A number as this explanation writes numbers."""
        return self._number(number)

    def figure(self, cell: Cell) -> str:
        """The number of a cell that it reads, written."""
        return self._in_figures(cell)

    def value(self, part: Expr) -> float:
        """The recorded value of a part of one of its forms."""
        return float(value(part, self.env))

    def _figure(self, part: Expr) -> str | None:
        if isinstance(part, Name) and part.is_number:
            return plain_number(self.env[part.symbol])
        return self._in_figures(part) if isinstance(part, Cell) else None

    def _simplified(self, part: Expr) -> str | None:
        if isinstance(part, Call) and (part.function == "max" or is_derivative(part.function)):
            return self._in_figures(part)
        return self._figure(part)

    def _in_figures(self, part: Expr) -> str:
        if part not in self._figures:
            self._figures[part] = self._number(self.value(part))
        return self._figures[part]

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """Remarks on what students ask at this step, with this run's numbers."""
        found = (
            self._collapsed(),
            self._start(),
            self._transposed(),
            self._mean(),
            self._shifted(),
            self._natural(),
        )
        return tuple(remark for remark in found if remark)

    def _collapsed(self) -> str | None:
        """Why dZ is A − Y: the product of the chain rule, in the numbers that the screen shows."""
        if not self._chain_rule or not self.known:
            return None
        product, computed = self._chain_rule
        is_finite = isfinite(self.value(product))  # not ∞ × 0
        if is_finite and any(is_derivative(call.function) for call in calls(product)):
            computed = product  # σ′(Z2[1,1]) has a figure of its own
        numbers = with_numbers(computed, self._simplified, FOLD, self._notation)
        line = f"{folded(product, FOLD, self._notation)} = {numbers}"
        if not is_finite:
            return f"{line} cannot be computed; {text(self.step.expression)} can."
        recorded = self.provenance.number(self.place)
        if not isclose(self.value(product), recorded, rel_tol=1e-6, abs_tol=1e-12):
            return None
        misleads = self._misleads(computed, self._simplified)
        return f"= {line} = {self.result}{ROUNDED if misleads else ''}"

    def _start(self) -> str | None:
        """At dA: the activation's derivative that the chain rule multiplies it by."""
        if not self.known:
            return None
        for step in self.provenance.program.steps:
            match step.derivation or step.expression:
                case Mul(Name(self.step.symbol), Call(function) as e) if is_derivative(function):
                    slope = self._at_cell(e)
                    number = self._number(self.value(slope))
                    return (
                        f"For {step.symbol}, multiply by the derivative {text(slope)} = {number}."
                    )
        return None

    def _transposed(self) -> str | None:
        """Why the transpose: which weights connect this number with the next layer."""
        program, cell, of = self.provenance.program, self.place.cell, self.step.role.of
        turned, place = program.axis == 0, program.architecture.place
        match transposed(self.step.expression) if turned else self.step.expression:
            case MatMul(Transpose(Name(weight)), Name(above)) if above in program.gradients:
                reader = program.roles[above].of or ""
            case _:
                return None
        e = next(s.expression for s in program.forward if s.symbol == reader)
        product = Name(weight) @ Name(of or "")
        if product not in walk(transposed(e) if turned else e) or self.provenance.is_updated(
            weight, self.step
        ):
            return None  # with a mistake, or a learner's own formula
        weights = [c for c in cells(self.taught) if c.symbol == weight]
        entry, example = place(cell.row, cell.column)
        neurons = ((place(c.row, c.column)[0], c) for c in weights[:3])
        into = ((text(Cell(reader, *place(neuron, example))), c) for neuron, c in neurons)
        ways = [f"{z} with {text(c)}{self._told(c)}" for z, c in into]
        more = f" and {len(weights) - 3} more of {reader}" if len(weights) > 3 else ""
        used = text(Cell(of or "", cell.row, cell.column))
        line = "Row" if turned else "Column"
        return f"{line} {entry} of {weight}: {used} is used in {', '.join(ways)}{more}."

    def _told(self, cell: Cell) -> str:
        return f" = {self._number(self.value(cell))}" if self.known else ""

    def _mean(self) -> str | None:
        """Why there is 1/m: in the gradients of J, unlike those of each example's own L."""
        m, program, read = int(self.env["m"]), self.provenance.program, names(self.step.expression)
        if "m" not in read or self.step.role.of not in program.parameters:
            return None  # in the gradient of a value it is of a mean in the forward pass
        if program.objective not in program.positions:  # a gradient is given
            return None
        J, L = program.steps[program.index(program.objective)].expression, Name(program.loss)
        if program.architecture.joint or {total(L) / Name("m"), Call("mean", (L,))}.isdisjoint(
            walk(J)
        ):
            return None
        losses = "1 loss" if m == 1 else f"{m} losses"
        is_mean = "contains" if isinstance(J, Sum) else "is"
        said = f"1/m = 1/{m}: {program.objective} {is_mean} the mean of {losses}."
        for symbol in filter(program.gradients.__contains__, read):
            each = program.roles[symbol].of in program.separate
            of = f"each {L.symbol}" if each else "their sum"
            return f"{said} {symbol} is the gradient of {of}: no 1/m."
        return said

    def _shifted(self) -> str | None:
        """Why softmax subtracts the largest Z."""
        every = calls(self.step.expression)
        softmax = [c for c in every if c.function in ("softmax", "softmax_rows")]
        largest = set[Expr]()
        for part in walk(self.taught):
            match part:
                case Call("exp", (Diff(_, Call("max") as over_all),)):
                    largest.add(over_all)
        if not softmax or len(largest) != 1 or not self.known:
            return None
        over = softmax_over(softmax[0], self.provenance.program)
        number = self._number(self.value(*largest))
        return f"The largest of this {over}, {number}, is subtracted: same shares, no overflow."

    def _natural(self) -> str | None:
        """Which logarithm log is."""
        has_log = any(call.function == "log" for call in calls(self.step.expression))
        return "log is the natural logarithm, ln." if has_log else None


def written_out(e: Expr) -> Expr:
    """`e` with the definitions of its activations and derivatives in their place."""
    if isinstance(e, Call) and e.function not in PRIMITIVES:
        return expand(e)
    return rebuild(e, written_out)


def read_figure(figure: str) -> float:
    """The number that a figure shows, as a learner reads it; NaN for any other text."""
    try:
        return float(figure.replace("−", "-").replace("∞", "inf"))
    except ValueError:  # a writing of the reader's own
        return float("nan")


def _with_figures(e: Expr, written: Writer) -> Expr:
    """`e` with its parts replaced by their figures, the largest parts first."""
    figure = written(e)
    return rebuild(e, lambda x: _with_figures(x, written)) if figure is None else _reckoned(figure)


def _reckoned(figure: str) -> Expr:
    """A figure as an expression: a number, or a function of one, exp(−5.000)."""
    function, _, argument = figure.rstrip(")").rpartition("(")
    number = as_expr(read_figure(argument))
    return Call(function, (number,)) if function else number
