"""The parts of one number: its terms, its factors, or what a function is taken of.

Where no mistake gives a learner's number, its parts are asked for one by one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from math import isfinite

from backprop_tui.explain.derivation import derivation
from backprop_tui.explain.explanation import Explanation, read_figure, written_out
from backprop_tui.learn.by_hand import factors
from backprop_tui.learn.questions import AskedQuestion
from backprop_tui.learn.votes import Choice, chance, number_vote
from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Compare,
    Diff,
    Div,
    Expr,
    Mul,
    Name,
    Neg,
    Num,
    Sum,
    cells,
    names,
    rebuild,
    replace,
)
from backprop_tui.maths.writing import text
from backprop_tui.messages import joined

MOST = 6
"""The most parts that are asked for; of a longer sum these are the first terms."""
CALCULATED = ("tanh",)
"""Functions that a calculator has, though others define them here."""


def parts_of(found: Explanation) -> tuple[Expr, ...]:
    """The parts of a number that a calculator needs one by one, over cells; of a number computed
    from cells alone these cells. None where a part is not finite, or the sum is too long."""
    if not found.whole:
        return ()
    operands = tuple(_operands(_opened(found)))
    parts = [part for operand in operands for part in _needed(operand)]
    parts = parts or [cell for operand in operands for cell in cells(operand)]
    asked = tuple(dict.fromkeys(parts))[:MOST]
    return asked if all(isfinite(found.value(part)) for part in asked) else ()


def _opened(found: Explanation) -> Expr:
    """The number as it is taken apart: a function that no calculator has, written out."""
    e = found.taught
    match _signless(e):
        case Call(function) if function not in CALCULATED:
            return written_out(e)
    return e


def _signless(e: Expr) -> Expr:
    """A part without its sign, and without what all of it is divided by."""
    while isinstance(e, Neg) or (isinstance(e, Div) and isinstance(e.right, Num | Name)):
        e = e.operand if isinstance(e, Neg) else e.left
    return e


def _operands(e: Expr) -> Iterator[Expr]:
    """What is added, multiplied or divided last, or what a function is taken of."""
    match _signless(e):
        case Sum() | Diff() as added:
            yield from _terms(added)
        case Mul() as product:
            yield from factors(product)
        case other:  # the condition of a where is no number
            yield from (part for part in other.parts if not isinstance(part, Compare))


def _terms(e: Expr) -> Iterator[Expr]:
    e = _signless(e) if isinstance(_signless(e), Sum | Diff) else e
    if isinstance(e, Sum | Diff):
        for term in e.parts:
            yield from _terms(term)
    else:
        yield e.operand if isinstance(e, Neg) else e


def _needed(operand: Expr) -> tuple[Expr, ...]:
    """The operand, where it must be computed; of a sum its terms that must be."""
    if isinstance(operand, Sum | Diff):
        return tuple(e for e in _terms(operand) if not _is_read(e)) or (operand,)
    return () if _is_read(operand) else (operand,)


def _is_read(e: Expr) -> bool:
    return isinstance(e, Cell | Num | Name) or (isinstance(e, Neg) and _is_read(e.operand))


def of_part(found: Explanation, part: Expr) -> Explanation:
    """A part of that number, explained as the number is."""
    return Explanation(found.provenance, found.place, found.written, part=part)


def ask_parts(asked: AskedQuestion, found: Explanation, seed: int) -> tuple[AskedQuestion, ...]:
    """The questions for the parts of a number, in the form in which it was asked for itself; `seed`
    draws the places of choices."""
    parts, questions = parts_of(found), []
    for k, part in enumerate(parts):
        own = of_part(found, part)
        choices: tuple[Choice, ...] = ()
        right = Choice(own.recorded, own.written(own.recorded), "", right=True)
        if asked.form == "vote":
            draws = chance(seed, asked.place.iteration, text(part))
            choices = number_vote(right, list(_wrong_choices(own, right, parts)), draws)
        said = f"{'Next' if k else 'First'}: {text(part)} = ?"
        hint = f"{text(part)} = {own.with_figures()}"
        if isinstance(part, Cell):
            hint = f"{text(part)} is in row {part.row}, column {part.column} of {part.symbol}"
        form = "vote" if len(choices) > 1 else "number"
        question = dataclasses.replace(asked, form=form, text=said, choices=choices, answer=None)
        questions.append(dataclasses.replace(question, part=part, hint=hint))
    return tuple(questions)


def put_together(found: Explanation) -> str:
    """A number with the figures of its parts: dA1[1,1] = 0.055 − 0.019."""
    return f"{found.cell} = {found.with_parts(_opened(found), parts_of(found))}"


def idea(found: Explanation) -> str:
    """What a number is, without its formula, and where to look."""
    program, step = found.provenance.program, found.step
    said = ""
    if step.symbol in program.gradients and step.symbol not in program.own:
        rule = derivation(program, step.symbol).lines[0].rule
        said = f"{rule[0].upper()}{rule[1:]}. " if ": " in rule else ""
    read = [symbol for symbol in names(_counted(step.expression)) if symbol in found.shapes]
    where = f" Look at {joined(read)}." if read else ""
    return f"{said}It is {_kind(found)}.{where}"


def _kind(found: Explanation) -> str:
    """What kind of expression a number is: a sum of 3 terms."""
    e = _signless(found.taught)
    match e:
        case Diff() if len(list(_terms(e))) == 2:
            return "a difference"
        case Sum() | Diff():
            return f"a sum of {len(list(_terms(e)))} terms" if found.whole else "a long sum"
        case Mul():
            return f"a product of {len(factors(e))} factors"
        case Div():
            return "a quotient"
        case Call():
            return "a function of another number"
    if isinstance(found.taught, Div):  # by m, or by a constant
        return "a quotient"
    if e != found.taught:
        return "another number with its sign flipped"
    return "a fixed number" if isinstance(e, Num) else "another number, unchanged"


def _counted(e: Expr) -> Expr:
    """`e` with 1 for ones(x), which reads no number of x."""
    is_one = isinstance(e, Call) and e.function == "ones"
    return Num(1.0) if is_one else rebuild(e, _counted)


# Wrong parts


def wrong_part(typed: str, number: float, found: Explanation, within: float) -> str:
    """What is said of a wrong number for a part: what gives it, to `within` so much, if known."""
    whole = Explanation(found.provenance, found.place, found.written)
    for value, label in _mistaken(found, parts_of(whole)):
        if abs(value - number) <= within:
            return f"{typed} is what you get {label}."
    assert found.part is not None
    return f"{typed} is not {text(found.part)}."


def _wrong_choices(found: Explanation, right: Choice, parts: tuple[Expr, ...]) -> Iterator[Choice]:
    taken = {read_figure(right.written)}
    for value, label in _mistaken(found, parts):
        if (figure := read_figure(written := found.written(value))) not in taken:
            taken.add(figure)
            yield Choice(value, written, label)


def _mistaken(found: Explanation, parts: tuple[Expr, ...]) -> Iterator[tuple[float, str]]:
    """The finite numbers that usual mistakes give for a part, and how one gets each."""
    wrong = ((found.value(e), label) for e, label in _mistakes(found, parts))
    return ((n, label) for n, label in wrong if isfinite(n) and n != found.recorded)


def _mistakes(found: Explanation, parts: tuple[Expr, ...]) -> Iterator[tuple[Expr, str]]:
    part = found.part
    assert part is not None
    yield Neg(part), "with the sign flipped"
    if isinstance(part, Mul):
        yield Sum(factors(part)), "with factors added"
        yield from ((e, f"from {text(e)} alone") for e in factors(part))
    if isinstance(part, Div):
        yield Div(part.right, part.left), "with numerator and denominator swapped"
    yield from ((other, f"for {text(other)}") for other in parts if other != part)
    for cell in cells(part):
        for other in _beside(cell, found.shapes[cell.symbol]):
            instead = f"with {text(other)} instead of {text(cell)}"
            yield replace(part, {cell: other}), f"for {text(other)}" if cell == part else instead


def _beside(cell: Cell, shape: tuple[int, ...]) -> Iterator[Cell]:
    """The cell across the diagonal, and those beside it."""
    i, j = cell.row, cell.column
    for row, column in ((j, i), (i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
        if (row, column) != (i, j) and 1 <= row <= shape[0] and 1 <= column <= shape[1]:
            yield Cell(cell.symbol, row, column)
