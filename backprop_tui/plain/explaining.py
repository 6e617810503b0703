"""What is said of one number: how it is reckoned, why, what it reads, where it goes.

It lays out what the engine's Explanation finds, a sentence a line, and computes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from backprop_tui.explain.explanation import Explanation, shape_line
from backprop_tui.explain.gradient_check import GradientCheck
from backprop_tui.explain.gradient_lines import DerivationLine
from backprop_tui.explain.paths import Chain, Chains, is_rounded
from backprop_tui.explain.provenance import Place
from backprop_tui.learn.rewrites import GATES
from backprop_tui.maths.expressions import Call, Expr, Name, names
from backprop_tui.maths.numbers import number, told_apart
from backprop_tui.maths.words import (
    WORDS,
    cell_in_words,
    figure_in_words,
    sentence,
    spoken,
)
from backprop_tui.maths.writing import TEXT, Notation, text, write
from backprop_tui.messages import count
from backprop_tui.model.saved import Level
from backprop_tui.plain import telling
from backprop_tui.plain.telling import SAID, cell_in_prose, figure, formulas, pending
from backprop_tui.session.blackboard import ELEMENTS, Blackboard
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.view import View

FOLD = 6
"""Terms of a sum that are said; of a longer one the first and the last."""
MOST_HEARD = 200
"""Characters of a line of numbers that is said though it is simplified to a shorter one below."""
MOST_READ = 12
"""Numbers it reads that are named."""
UNROUNDED = ", from numbers that are not rounded"
"""What stands behind a value that the figures said do not give."""
MOST_PATHS = 5
"""Paths of a chain that are spelled out."""


def at(view: View, place: Place) -> View:
    """The same view, with that number explained."""
    return replace(view, inspection=Inspection(trail=(place,)))


def why(view: View, place: Place, spelling: str = telling.WORDS) -> Iterator[str]:
    """All that there is to say of a number."""
    looked = at(view, place)
    found = looked.explanation
    if found is None:
        yield from given(view, place)
        return
    yield from formulas(found.step, spelling)
    if spelling == telling.TEXT:
        yield f"Shapes: {found.shape_line}"
    else:
        yield f"Shapes: {shape_line(found.step, found.shapes, WORDS)}."
    yield from arithmetic(found, spelling)
    if not found.known:
        yield pending(view, place.symbol)
    yield from map(_remark, found.remarks)
    yield spoken(found.reason)
    if found.known:
        yield from reads(view, found)
        yield from beside(looked, place)
    yield from uses(view, place)


def _remark(remark: str) -> str:
    """A remark as a sentence; `= dA2 · σ′(Z2) = … = −0.641` is another way to the number."""
    if found := re.fullmatch(r"= (.*) = \S+(?: \(rounded\))?", remark):
        return sentence(f"the chain rule gives the same: {found[1]}")
    if remark.startswith(("For ", "Column ", "Row ")):  # of numbers: a clause for each
        remark = remark.replace(" = ", ", which is ")
    return sentence(remark)


def arithmetic(found: Explanation, spelling: str) -> Iterator[str]:
    """The number in symbols, in numbers stage by stage, and what it comes to."""
    if spelling == telling.TEXT:
        yield f"{found.cell} = {found.symbols(FOLD)}"
        yield from (f"= {stage}" for stage in found.numbers(FOLD))
    else:
        yield f"{cell_in_words(found.place.cell)} equals {found.symbols(FOLD, WORDS)}."
        stages = found.numbers(FOLD, WORDS)
        short = [stage for stage in stages[:-1] if len(stage) <= MOST_HEARD]
        yield from (f"In numbers: {stage}." for stage in (*short, *stages[-1:]))
    if found.known:
        yield f"It is {figure_in_words(found.result)}{UNROUNDED * found.rounded}."


def given(view: View, place: Place) -> Iterator[str]:
    """A number that no step made."""
    name = view.column_name(place)
    called = f", {name}," if name else ""
    number = figure(view, view.provenance.number(place))
    yield f"{cell_in_prose(place.cell)}{called} is {number}."
    yield sentence(view.provenance.given(place))
    yield from beside(at(view, place), place)
    yield from uses(view, place)


def reads(view: View, found: Explanation) -> Iterator[str]:
    """The numbers that it was computed from."""
    chain = found.sources[len(found.reads) :]
    for how, places in (("It reads", found.reads), ("Its chain rule reads", chain)):
        told = [
            f"{cell_in_prose(place.cell)}, {figure(view, view.provenance.number(place))}"
            for place in places[:MOST_READ]
        ]
        if (more := len(places) - len(told)) > 0:
            told.append(f"and {more} more" if found.whole else "and many more")
        if told:
            yield f"{how}: {'; '.join(told)}."


def uses(view: View, place: Place) -> Iterator[str]:
    """Where the number goes next."""
    if found := view.provenance.used_in(place):
        later, _, first = found[0].rpartition(": ")
        this = f"In {later} this" if later else "This"
        yield spoken(f"{this} number is used in {'; '.join((first, *found[1:]))}.")


def beside(view: View, place: Place) -> Iterator[str]:
    """What is out of the ordinary about a number: ∞, an edit, a mistake, a printed figure."""
    if origin := view.provenance.origin(place):
        first, became = origin
        ahead = "" if first == place else f"It began at {text(first.cell)}: "
        yield sentence(f"{ahead}{became}")
    if view.provenance.is_parameter(place.symbol):
        steps = []
        for k, value in view.provenance.history(place):
            when = f"after iteration {k:,}," if k else "Its initial value was"
            edited = ", edited" if view.provenance.edit_of(Place(k, place.cell)) else ""
            steps.append(f"{when} {figure(view, value)}{edited}")
        yield f"{'; '.join(steps)}."
    if change := view.change(place):
        was, now = (figure(view, value) for value in change)
        yield f"Before the last change it was {was}, now it is {now}."
    if (right := view.correct(place)) is not None:
        sign = SAID[view.wrong(place)]
        own = view.provenance.number(place)
        correct, computed = told_apart(right, own, view.decimals)
        alike = number(right, view.decimals) == number(own, view.decimals)
        apart = f"{correct}, not {computed}" if alike else correct
        yield spoken(f"It is {sign}. The correct value is {apart}.")
    yield from mistake(view)
    for printed in view.figures(place):
        of = "" if printed.cell else f"{printed.of} = "
        if printed.wrong is not None:
            right_is = f"; the correct value is {printed.correct}" if printed.correct else ""
            known = f"known to be wrong{right_is}."
            yield spoken(f"Printed in {printed.source}: {of}{printed.printed}, {known}")
            yield sentence(printed.wrong.why)
        else:
            agrees = "agrees" if printed.as_printed else f"is {printed.said.lower()}"
            yield spoken(f"Printed in {printed.source}: {of}{printed.printed}, which {agrees}.")
            if printed.remark:
                yield sentence(printed.remark)


def mistake(view: View) -> Iterator[str]:
    """What the run's mistake makes of the explained number, or where it entered."""
    place, right = view.place, view.right
    if place is None or right is None or not view.wrong(place):
        return
    if (slip := view.slip) is not None:
        yield sentence(slip.of_run)
    yield from map(sentence, right.told(place))


# The chain rule, and the gradient check ------------------------------------------------------


def chain(view: View, place: Place) -> Iterator[str]:
    """The paths from a gradient to the loss, the largest ones first; those that bring nothing are
    not spelled out."""
    found = Chains(view.provenance, place.iteration).chain(place.cell, MOST_PATHS)
    paths = "1 path leads" if found.count == 1 else f"{found.count:,} paths lead"
    yield f"{cell_in_prose(place.cell)}: {paths} to the loss."
    yield "Multiply the derivatives along each path. Then add the paths."
    said = partial(number, decimals=view.decimals)
    live = [path for path in found.paths if path.product != 0]
    for k, path in enumerate(live, 1):
        yield f"Path {k}: {', from '.join(map(cell_in_prose, path.cells))}, from the loss."
        kept = path.kept
        yield f"Its derivatives: {'; '.join(write(f, WORDS) for f, _ in kept)}."
        numbers = " times ".join(figure(view, value) for _, value in kept)
        product = f", which is {figure(view, path.product)}" * (len(kept) > 1)
        yield f"In numbers: {numbers}{product}{UNROUNDED * path.is_rounded(said)}."
    if len(live) < len(found.paths):  # and all the smaller ones as well
        yield from shut(found, found.count - len(live))
    elif found.left_out:
        rest = figure(view, found.rest)
        bring = "path, which brings" if found.left_out == 1 else "paths, which together bring"
        yield f"And {found.left_out:,} smaller {bring} {rest}."
    rounded = UNROUNDED * is_rounded(found, said)
    recorded = figure(view, found.recorded)
    yield f"The sum of all is {recorded}, the value of the backward pass{rounded}."


def shut(found: Chain, count: int) -> Iterator[str]:
    """Why so many paths bring nothing: the factor of 0 that all of them share, or one in each."""
    dead = [path for path in found.paths if path.product == 0]
    zeros = [
        [f for f, number in zip(path.factors, path.numbers, strict=True) if number == 0]
        for path in dead
    ]
    shared = [f for f in zeros[0] if all(f in others for others in zeros)]
    if count == found.count and shared:
        for factor in shared:
            all_of_it = "the path" if count == 1 else "every path"
            yield sentence(f"{_closed(factor)}, so {all_of_it} is 0")
    else:
        other = "Every path" if count == found.count else f"Each of the other {count:,} paths"
        yield f"{other} is 0{': a derivative of 0 stands in it' if all(zeros) else ''}."


def _closed(factor: Expr) -> str:
    """What stands in the way: the gate of a ReLU, or a number that is 0."""
    gate = isinstance(factor, Call) and factor.function in GATES
    return f"{'ReLU is shut here: ' * gate}{write(factor, WORDS)} is 0"


def gradient_check(view: View, found: GradientCheck) -> str:
    """What the gradient check found of one gradient."""
    worst = found.worst
    if worst.why:
        return f"{found.symbol}: {found.said}."
    some = f", of {found.checked} of {found.of:,} numbers" if found.checked < found.of else ""
    both = [figure(view, number) for number in (worst.analytic, worst.numeric)]
    difference = worst.difference_text
    less_than = "less than " if difference.startswith("<") else ""
    where = f"row {worst.row} column {worst.column}"
    return (
        f"{found.symbol}: {found.verdict}{some}; at {where} backpropagation gives {both[0]}, "
        f"the numerical check {both[1]}; the difference is {less_than}"
        f"{figure_in_words(difference.removeprefix('< '))}."
    )


CLOSED = "The blackboard is closed: each next is a step again."


def progress(board: Blackboard | None, told: tuple[Level, ...], spelling: str) -> Iterator[str]:
    """What is new on the blackboard since it had the levels that were told last."""
    if board is None:
        if told:
            yield CLOSED
        return
    same = len(told) == len(board.levels) and all(
        (a.symbol, a.form) == (b.symbol, b.form) for a, b in zip(told, board.levels, strict=True)
    )
    first = told[-1].shown if same else 0
    if not same:
        yield from heading(board, spelling)
    elif board.level.shown < first:
        first = board.level.shown - 1
    yield from lines(board, first, spelling)
    left = len(board.derivation.lines) - len(board.lines)
    if left and not same:
        yield f"{count(left, 'more line')}: next tells one, derive all the rest."


def heading(board: Blackboard, spelling: str) -> Iterator[str]:
    """What is derived, and of its elements the forward steps that they come from."""
    derived, notation = board.derivation, TEXT if spelling == telling.TEXT else WORDS
    form = ", one element" if board.level.form == ELEMENTS else ""
    yield f"Derived{form}: {derived.heading(notation)}."
    if form or derived.of is None:
        for of, e in derived.given:
            yield f"Given: {write(of, notation)} {notation.equals} {write(e, notation)}."


def lines(board: Blackboard, first: int, spelling: str) -> Iterator[str]:
    """The lines that are revealed, from the one behind so many on."""
    for line in board.lines[first:]:
        if spelling in (telling.TEXT, telling.BOTH):
            yield f"{_sides(line, TEXT)}   ({line.rule})"
        if spelling in (telling.WORDS, telling.BOTH):
            said = _sides(line, WORDS).removesuffix(",")  # 1 where k is i, otherwise 0,
            yield (
                sentence(f"{said}: {spoken(line.rule)}")
                if line.left is None
                else (f"{said}: {spoken(line.rule)}.")
            )
    if board.is_whole:
        for case, e in board.derivation.cases:
            yield spoken(f"{case}: ") + f" {write(e, WORDS)}."


def _sides(line: DerivationLine, notation: Notation) -> str:
    """A line from its left side, where it has one of its own, or from its sign on."""
    again = isinstance(line.left, Name) and line.left.symbol in names(line.expression)
    sign = notation.becomes if again else notation.equals
    left = "" if line.left is None else f"{write(line.left, notation)} "
    return f"{left}{sign} {line.written(notation)}"
