"""What is said of one number: how it is reckoned, why, what it reads, where it goes.

It lays out what the engine's Explanation finds, a sentence a line, and computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from backprop_tui.engine.chain import Chains
from backprop_tui.engine.explanation import Explanation, spelled_uses
from backprop_tui.engine.gradient_check import GradientVerdict
from backprop_tui.engine.notation import text, write
from backprop_tui.engine.provenance import Place
from backprop_tui.engine.words import WORDS, cell_in_words, figure_in_words, spoken
from backprop_tui.plain.telling import cell_in_prose, figure
from backprop_tui.tui.inspection import Inspection
from backprop_tui.tui.view import View

FOLD = 6
"""Terms of a sum that are said; of a longer one the first and the last."""
MOST_READ = 12
"""Numbers it reads that are named."""
MOST_PATHS = 5
"""Paths of a chain that are spelled out."""


def at(view: View, place: Place) -> View:
    """The same view, with that number explained."""
    return replace(view, inspection=Inspection(trail=(place,)))


def why(view: View, place: Place) -> Iterator[str]:
    """All that there is to say of a number."""
    looked = at(view, place)
    found = looked.explanation
    if found is None:
        yield from given(view, place)
        return
    yield f"As text: {found.formula}"
    yield f"Shapes: {spoken(found.shape_line)}."
    yield from arithmetic(found)
    if not found.known:
        yield f"Not computed yet: step {view.state.program.index(place.symbol) + 1} computes it."
    yield from (spoken(remark) for remark in found.remarks)
    yield spoken(found.reason)
    if found.known:
        yield from reads(view, found)
        yield from beside(looked, place)
    yield from uses(view, place)


def arithmetic(found: Explanation) -> Iterator[str]:
    """The number in symbols, in numbers stage by stage, and what it comes to."""
    cell = cell_in_words(found.place.cell)
    yield f"{cell} equals {found.symbols(FOLD, WORDS)}."
    for stage in found.numbers(FOLD, WORDS):
        yield f"In numbers: {stage}."
    if found.known:
        rounded = ", from numbers that are not rounded" if found.rounded else ""
        yield f"It is {figure_in_words(found.result)}{rounded}."


def given(view: View, place: Place) -> Iterator[str]:
    """A number that no step made."""
    name = column_name(view, place)
    called = f", {name}," if name else ""
    number = figure(view, view.provenance.number(place))
    yield f"{cell_in_prose(place.cell)}{called} is {number}."
    yield spoken(f"{view.provenance.given(place)}.".capitalize())
    yield from beside(at(view, place), place)
    yield from uses(view, place)


def column_name(view: View, place: Place) -> str:
    """What the data calls an input or a target."""
    data = view.state.experiment.data
    names = {"X": data.input_names, "Y": data.output_names}.get(place.symbol)
    return names[place.cell.row - 1] if names else ""


def reads(view: View, found: Explanation) -> Iterator[str]:
    """The numbers that it was computed from."""
    told = [
        f"{cell_in_prose(place.cell)}, {figure(view, view.provenance.number(place))}"
        for place in found.reads[:MOST_READ]
    ]
    if len(found.reads) > len(told):
        told.append(f"and {len(found.reads) - len(told)} more" if found.whole else "and many more")
    if told:
        yield f"It reads: {'; '.join(told)}."


def uses(view: View, place: Place) -> Iterator[str]:
    """Where the number goes next."""
    if found := spelled_uses(view.provenance, place):
        yield spoken(f"It goes into {'; '.join(found)}.")


def beside(view: View, place: Place) -> Iterator[str]:
    """What is out of the ordinary about a number: ∞, an edit, a mistake, a printed figure."""
    if origin := view.provenance.origin(place):
        first, sentence = origin
        ahead = "" if first == place else f"It began at {text(first.cell)}: "
        yield spoken(f"{ahead}{sentence}.")
    if view.provenance.is_parameter(place.symbol):
        (_, began), *later = view.provenance.history(place)
        steps = [f"after iteration {k:,} {figure(view, value)}" for k, value in later]
        yield "; ".join([f"It began as {figure(view, began)}", *steps]) + "."
    if change := view.change(place):
        was, now = (figure(view, value) for value in change)
        yield f"The last edit changed it: it was {was}, now it is {now}."
    if (right := view.correct(place)) is not None:
        yield f"It is wrong: right would be {figure(view, right)}."
    if slip := view.slip:
        yield spoken(f"Mistaken: {slip}")
    for printed in view.figures(place):
        of = "" if printed.cell else f"{printed.of} = "
        if printed.wrong is not None:
            right_is = f"; {printed.correct} is right" if printed.correct else ""
            known = f"known to be wrong{right_is}. {printed.wrong.why}"
            yield spoken(f"Printed in {printed.source}: {of}{printed.printed}, {known}")
        else:
            agrees = "differs" if printed.failed else "agrees"
            yield spoken(f"Printed in {printed.source}: {of}{printed.printed}, which {agrees}.")


# The chain rule, and the nudge test ----------------------------------------------------------


def chain(view: View, place: Place) -> Iterator[str]:
    """The paths from a gradient to the loss, the largest ones first."""
    found = Chains(view.provenance, place.iteration).chain(place.cell, MOST_PATHS)
    paths = "1 path leads" if found.count == 1 else f"{found.count:,} paths lead"
    yield f"{cell_in_prose(place.cell)}: {paths} to the loss."
    yield "Along a path slopes multiply; what the paths bring adds up."
    for k, path in enumerate(found.paths, 1):
        yield f"Path {k}: {', from '.join(map(cell_in_prose, path.cells))}, from the loss."
        factors = zip(path.factors, path.numbers, strict=True)
        kept = [(f, value) for f, value in factors if text(f) != "1"]
        yield f"Its slopes: {'; '.join(write(f, WORDS) for f, _ in kept)}."
        numbers = " times ".join(figure(view, value) for _, value in kept)
        yield f"In numbers: {numbers}, which is {figure(view, path.product)}."
    if found.left_out:
        rest = figure(view, found.rest)
        yield f"And {found.left_out:,} smaller paths, which together bring {rest}."
    yield f"The sum of all is {figure(view, found.recorded)}, as recorded."


def nudged(view: View, found: GradientVerdict) -> str:
    """What the nudge test found of one gradient."""
    worst = found.worst
    some = f", of {found.checked} of {found.of:,} numbers" if found.checked < found.of else ""
    both = [figure(view, number) for number in (worst.analytic, worst.numeric)]
    apart = figure_in_words(f"{worst.difference:.0e}".replace("e-0", "e-"))
    where = f"row {worst.row} column {worst.column}"
    return (
        f"{found.symbol}: {found.verdict}{some}; the furthest apart is {where}, {both[0]}, nudged "
        f"{both[1]}, {apart} apart."
    )
