"""Checks of what a file keeps of a run: edits, formulas, the position, the view, the keyframe.

Whether they fit the network, its data and its training; each tells one thing.
"""

from __future__ import annotations

from math import prod

from backprop_tui.files.draft import Draft, misfit, plain, shapes_in, steps_of
from backprop_tui.files.edit_rules import edits_fit
from backprop_tui.files.look_rules import cells_exist
from backprop_tui.maths.shapes import written
from backprop_tui.messages import listed
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import (
    sizes_of_batches,
)

MOST_REPLAYED = 1_000_000  # iterations that opening a file at its position may have to compute


def edits_suit_their_iterations(draft: Draft) -> None:
    """Every edit is of a number that its iteration begins with, and such as that may be."""
    layers, batch, examples = draft.layers, draft.batch, draft.examples
    if layers is None or batch is None or examples is None or batch > examples:
        return
    batches = -(-examples // batch)

    def size_of(iteration: int) -> int:
        return min(batch, examples - (iteration - 1) % batches * batch)

    edits = draft.values.get("edits") or ()
    edits_fit(edits, layers, size_of, draft["network", "loss"], draft.faults)


def formulas_can_be_run(draft: Draft) -> None:
    """Every formula is that of a step, and has its shape; whether it is right is not told here."""
    formulas, network, batch = draft.values.get("formulas"), draft.network, draft.batch
    if not formulas or network is None or batch is None:
        return
    from backprop_tui.learn.formulas import FormulaError, read  # only where there is one

    program = program_of(network, draft.rule)
    sizes = sizes_of_batches(max(batch, draft.examples or batch), batch)
    for symbol, source in formulas.items():
        if symbol not in program.positions:
            draft.no_step(("formulas", symbol), symbol)
        elif source is not None:
            try:
                read(program, symbol, source, *sizes)
            except FormulaError as error:
                draft.faults.add(("formulas", symbol), f"cannot be computed: {error}")


def position_within_the_run(draft: Draft) -> None:
    """A position is a step of an iteration, and not far from where computing begins."""
    position, keyframe = draft.values.get("position") or {}, draft.values.get("keyframe") or {}
    here, begun = position.get("iteration"), keyframe.get("iteration")
    if here is not None and begun is not None and begun > here:
        name = draft.faults.name(("position", "iteration"))
        draft.faults.add(
            ("keyframe", "iteration"), f"must be no more than {name}, {here:,}; got {begun:,}"
        )
    if here is not None and here - (begun or 1) > MOST_REPLAYED:
        where = "after the keyframe" if begun else "after the first one, or a [keyframe] is needed"
        draft.faults.add(
            ("position", "iteration"),
            f"must be no more than {MOST_REPLAYED:,} iterations {where}; got {here:,}",
        )
    if draft.layers is None or draft.batch is None or position.get("step") is None:
        return
    steps = [step.symbol for step in steps_of(draft.layers, draft.rule)]
    if position["step"] > len(steps):
        must = f"no more than {len(steps)}, the steps of an iteration"
        draft.faults.must(("position", "step"), must, position["step"])


def an_open_step_has_more_elements(draft: Draft) -> None:
    """Of an open step, fewer numbers are shown than it has."""
    position = draft.values.get("position") or {}
    elements, done, here = (position.get(k) for k in ("elements", "step", "iteration"))
    if not elements or here is None or draft.layers is None or (m := draft.batch_of(here)) is None:
        return
    steps = [step.symbol for step in steps_of(draft.layers, draft.rule)]
    if (done or 0) >= len(steps):
        draft.faults.must(("position", "elements"), "0 after the last step", elements)
        return
    symbol = steps[done or 0]
    size = prod(shapes_in(draft.layers, draft.rule, m)[symbol])
    if elements >= size:
        must = f"less than {size}, the numbers of {symbol}"
        draft.faults.must(("position", "elements"), must, elements)


def looked_at_cells_exist(draft: Draft) -> None:
    """The cells that [view] names are there."""
    if draft.layers is not None and draft.batch is not None:
        shapes = shapes_in(draft.layers, draft.rule, draft.batch)
        cells_exist(draft.values.get("view") or {}, shapes, draft.faults)


def keyframe_fits(draft: Draft) -> None:
    """A keyframe has all that an iteration begins with, in its shape, and nothing else."""
    keyframe, layers = draft.values.get("keyframe"), draft.layers
    if keyframe is None or layers is None or draft.batch is None:
        return
    shapes = shapes_in(layers, draft.rule, 1)
    kept = program_of(plain(layers), draft.rule).kept
    for symbol in kept:
        if symbol not in keyframe:
            draft.faults.add(
                ("keyframe", symbol), f"is missing: it must have shape {written(shapes[symbol])}"
            )
        elif (value := keyframe[symbol]) is not None and value.shape != shapes[symbol]:
            parameter = symbol.lstrip("vsd")
            draft.faults.add(("keyframe", symbol), misfit(parameter, value.shape, layers))
    for symbol in keyframe:
        if symbol != "iteration" and symbol not in kept:
            draft.faults.add(
                ("keyframe", symbol), f"is nothing that this run keeps, which is {listed(kept)}"
            )
