"""Checks of what a file keeps of a run: edits, formulas, the position, the view, the keyframe.

Whether they fit the network, its data and its training; each tells one thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from backprop_tui.files import lazy
from backprop_tui.files.draft import Draft
from backprop_tui.files.schema import Path
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.functions import DEFINITIONS, is_derivative
from backprop_tui.maths.shapes import written
from backprop_tui.maths.writing import text
from backprop_tui.messages import listed
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.saved import Edit
from backprop_tui.run.edits import unfit
from backprop_tui.run.history import MOMENTS, moment


def edits_suit_their_iterations(draft: Draft) -> None:
    """Every edit is of a number that its iteration begins with, and such as that may be."""
    for i, edit in draft.entries("edits"):
        iteration, of, value = (edit.get(key) for key in ("iteration", "cell", "value"))
        m = None if iteration is None else draft.batch_of(iteration)
        if draft.program is None or m is None or iteration is None or of is None or value is None:
            continue
        record = Edit(iteration, of, value)
        if found := unfit(record, draft.program.architecture, m):
            key, sentence = found
            draft.faults.add(("edits", i, key), sentence)


def formulas_can_be_run(draft: Draft) -> None:
    """Every formula is that of a step, and has its shape; whether it is right is not told here."""
    formulas, network = draft.values.get("formulas"), draft.network
    if not formulas or network is None or draft.batch is None:
        return
    own, wrong = draft.own_forward
    program = program_of(network, draft.rule, own)
    for symbol, source in formulas.items():
        if symbol in wrong:
            draft.faults.add(("formulas", symbol), wrong[symbol])
        elif symbol not in program.positions:
            draft.no_step(("formulas", symbol), symbol)
        elif source is not None and symbol not in own:
            try:
                lazy.read(program, symbol, source, *draft.batch_sizes)
            except lazy.FormulaError as error:
                draft.faults.add(("formulas", symbol), f"cannot be computed: {error}")


def position_within_the_run(draft: Draft) -> None:
    """A position is a step of an iteration, and not far from where computing begins."""
    here, done = draft["position", "iteration"], draft["position", "step"]
    begun = draft["keyframe", "iteration"]
    if here is not None and begun is not None and begun > here:
        name = draft.faults.name(("position", "iteration"))
        draft.faults.add(
            ("keyframe", "iteration"), f"must be no more than {name}, {here:,}; got {begun:,}"
        )
    if here is None or draft.program is None or draft.batch is None:
        most = here or 0  # unknown
    else:
        most = MOMENTS * moment(draft.program, draft.batch)
    if here is not None and here - (begun or 1) > most:
        where = "after the keyframe" if begun else "after the first one, or a [keyframe] is needed"
        draft.faults.add(
            ("position", "iteration"),
            f"must be no more than {most:,} iterations {where}; got {here:,}",
        )
    if draft.steps is not None and done is not None and done > len(draft.steps):
        must = f"no more than {len(draft.steps)}, the steps of an iteration"
        draft.faults.must(("position", "step"), must, done)


def an_open_step_has_more_elements(draft: Draft) -> None:
    """Of an open step, fewer numbers are shown than it has."""
    here, done, elements = (draft["position", k] for k in ("iteration", "step", "elements"))
    shapes = None if here is None else draft.shapes_in(here)
    if not elements or shapes is None or draft.steps is None:
        return
    if (done or 0) >= len(draft.steps):
        draft.faults.must(("position", "elements"), "0 after the last step", elements)
        return
    symbol = draft.steps[done or 0]
    size = prod(shapes[symbol])
    if elements >= size:
        must = f"less than {size}, the numbers of {symbol}"
        draft.faults.must(("position", "elements"), must, elements)


def looked_at_cells_exist(draft: Draft) -> None:
    """Every cell that [view] names is one of this network's."""
    if draft.program is None or draft.batch is None:
        return
    shapes = draft.program.shapes(draft.batch)
    for path, cell in _looked_at(draft):
        if cell.symbol not in shapes:
            must = f"a cell of {listed(tuple(shapes))}"
            draft.faults.must(path, must, text(cell), tuple(shapes))
            continue
        rows, columns = shapes[cell.symbol] or (1, 1)
        if not (1 <= cell.row <= rows and 1 <= cell.column <= columns):
            size = f"{cell.symbol}, which is {written((rows, columns))}"
            draft.faults.add(path, f"must be within {size}; got {text(cell)}")


def _looked_at(draft: Draft) -> Iterator[tuple[Path, Cell]]:
    if (cursor := draft["view", "cursor"]) is not None:
        yield ("view", "cursor"), cursor
    for i, place in enumerate(draft["view", "trail"] or ()):
        if place and (cell := place.get("cell")) is not None:
            yield ("view", "trail", i, "cell"), cell
    for i, level in enumerate(draft["view", "blackboard"] or ()):
        if level and (cell := level.get("cell")) is not None:
            yield ("view", "blackboard", i, "cell"), cell


def derived_symbols_exist(draft: Draft) -> None:
    """All that the blackboard derives is a step of the network, or what a derivation uses."""
    if (steps := draft.steps) is None:
        return
    for i, level in enumerate(draft["view", "blackboard"] or ()):
        symbol = level and level.get("symbol")
        if symbol and symbol not in (*steps, *(filter(is_derivative, DEFINITIONS) if i else ())):
            must = f"one of {listed(tuple(steps))}"
            draft.faults.must(("view", "blackboard", i, "symbol"), must, symbol, steps)


def keyframe_fits(draft: Draft) -> None:
    """A keyframe has all that an iteration begins with, in its shape, and nothing else."""
    keyframe, program = draft.values.get("keyframe"), draft.program
    if keyframe is None or program is None or draft.batch is None:
        return
    for symbol in program.kept:
        if symbol not in keyframe:
            shape = written(program.shapes(1)[symbol])
            draft.faults.add(("keyframe", symbol), f"is missing: it must have shape {shape}")
        elif (value := keyframe[symbol]) is not None:
            draft.fits(("keyframe", symbol), symbol, value.shape)
    for symbol in keyframe:
        if symbol != "iteration" and symbol not in program.kept:
            draft.faults.add(
                ("keyframe", symbol),
                f"is not kept by this run, which keeps {listed(program.kept)}",
            )


KEPT_CHECKS = (
    edits_suit_their_iterations,
    formulas_can_be_run,
    position_within_the_run,
    an_open_step_has_more_elements,
    keyframe_fits,
    looked_at_cells_exist,
    derived_symbols_exist,
)
