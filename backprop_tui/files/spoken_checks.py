"""Checks of what an author says and asks at steps, of the figures that a source has
printed, and of what a file keeps of a run: edits, formulas, the position, the view, the keyframe.

Whether it will do well in class is told by `lesson_check`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

from backprop_tui.files import lazy
from backprop_tui.files.draft import Draft
from backprop_tui.files.schema import Faults, Path
from backprop_tui.files.sections import SPOKEN
from backprop_tui.maths.expressions import SCALARS, Cell, Compare, Expr, cells, names
from backprop_tui.maths.functions import DEFINITIONS, is_derivative
from backprop_tui.maths.shapes import Shape, ShapeMismatch, shape, written
from backprop_tui.maths.writing import text
from backprop_tui.messages import count, hint, listed, printable, shown
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import PUBLISHED
from backprop_tui.model.layers import OBJECTIVE
from backprop_tui.model.notes import BEFORE, FORMS, LINE_FORM, place_said
from backprop_tui.model.saved import Edit
from backprop_tui.run.edits import unfit
from backprop_tui.run.history import MOMENTS, moment

Entries: TypeAlias = Sequence[Mapping[str, Any] | None]


# Notes and questions -------------------------------------------------------------------------


def all_stand_at_steps(draft: Draft) -> None:
    """Every note and question stands at a step that an iteration of this network takes."""
    if (steps := draft.steps) is None:
        return
    for key in SPOKEN:
        for i, entry in draft.entries(key):
            step, _ = place_said(entry.get("at"))
            if step is not None and step not in steps:
                table = isinstance(entry["at"], dict)
                draft.no_step((key, i, "at", "step") if table else (key, i, "at"), step)


def talks_have_answers(draft: Draft) -> None:
    """Every talk has what is said at its second press."""
    for i, entry in draft.entries("questions"):
        if entry.get("form") == "talk" and "answer" not in entry:
            must = "text, which a talk shows at the second press"
            draft.faults.missing(("questions", i, "answer"), must)


def choices_have_a_correct_one(draft: Draft) -> None:
    """Choices are a vote's, and one of them is said to be correct."""
    for i, entry in draft.entries("questions"):
        choices, correct = entry.get("choices"), entry.get("correct")
        path: Path = ("questions", i, "correct")
        if "choices" not in entry:
            if correct is not None:
                draft.faults.add(path, "is the number of a choice, but there are no choices")
            continue
        if entry.get("form") in FORMS and entry["form"] != "vote":
            other = f"must be left out: only a vote has choices, and this is a {entry['form']}"
            draft.faults.add(("questions", i, "choices"), other)
        if "correct" not in entry:
            draft.faults.missing(path, "the number of the correct choice, counted from 1")
        elif choices and correct and correct > len(choices):
            draft.faults.must(path, f"a whole number from 1 to {len(choices)}", correct)


def lines_are_of_gradients(draft: Draft) -> None:
    """A line is asked for where there is a derivation: at a gradient."""
    for i, entry in draft.entries("questions"):
        gradients = draft.program.gradients if draft.program else ()
        step, _ = place_said(entry.get("at"))
        at_a_step = entry.get("form") == LINE_FORM and step in (draft.steps or ())
        if at_a_step and step not in gradients:
            must = f"one of {listed(gradients)}, where a line is asked for"
            draft.faults.must(("questions", i, "at"), must, step, gradients)


def asked_cells_exist(draft: Draft) -> None:
    """Every question asks for a number that its step has."""
    if draft.shapes_in(None) is not None:
        cells_fit(draft.values.get("questions") or (), draft.shapes_in, draft.faults)


def cells_fit(
    entries: Entries, shapes_in: Callable[[int | None], Mapping[str, Shape] | None], faults: Faults
) -> None:
    """A fault for each question whose cell its step has not, in the iteration that it is asked in.

    `shapes_in` gives the shapes of an iteration, or of the smallest batch for None.
    """
    for i, entry in enumerate(entries):
        if entry is None or entry.get("cell") is None:
            continue
        step, iteration = place_said(entry.get("at"))
        shapes = shapes_in(None if entry.get("every") else iteration or 1) or {}
        if step is None or step not in shapes:
            continue
        if wrong := outside(Cell(step, *entry["cell"]), shapes):
            faults.add(("questions", i, "cell"), wrong)


def outside(cell: Cell, shapes: Mapping[str, Shape]) -> str | None:
    """How a cell lies outside its matrix, if it does; the sentence goes on from its path."""
    if cell.symbol not in shapes:
        return f"must not ask for a cell of {cell.symbol}, a single number"
    rows, columns = shapes[cell.symbol]
    if cell.row <= rows and cell.column <= columns:
        return None
    has = f"{count(rows, 'row')} and {count(columns, 'column')}"
    return f"asks for {text(cell)}, but {cell.symbol} has {has}"


# Published figures ---------------------------------------------------------------------------


def published_figures_fit(draft: Draft) -> None:
    """Every figure is of a number that its iteration has, and has its shape."""
    for i, entry in draft.entries("published"):
        iteration = entry.get("iteration", 1)
        shapes = None if iteration is None else draft.shapes_in(iteration)
        if shapes is None or draft.program is None:
            continue
        functions = draft.program.functions
        for key, rows in _figures(entry):
            path: Path = ("published", i, key)
            of = key.removeprefix(BEFORE)
            found = _shape_of(of, shapes, functions, path, draft.faults, tuple(PUBLISHED.keys))
            if rows is not None and found is not None:
                _has_shape(key, rows, found, path, draft.faults)
        for j, wrong in enumerate(entry.get("known_wrong") or ()):
            if wrong is not None and (of := wrong.get("of")) is not None:
                path = ("published", i, "known_wrong", j, "of")
                found = _shape_of(of, shapes, functions, path, draft.faults)
                if found not in (None, (), (1, 1)):
                    is_matrix = f"{printable(of)} is {written(found or ())}"
                    draft.faults.add(path, f"must be one number, but {is_matrix}")


def _figures(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in entry.items() if key not in PUBLISHED.keys)


def _has_shape(
    key: str, rows: Sequence[Sequence[str]], wanted: Shape, path: Path, faults: Faults
) -> None:
    got = (len(rows), len(rows[0]))
    if got != (wanted or (1, 1)):
        is_one = "is one number" if wanted in ((), (1, 1)) else f"is {written(wanted)}"
        of = printable(key.removeprefix(BEFORE).strip())
        faults.add(path, f"has figures of shape {written(got)}, but {of} {is_one}")


def _shape_of(
    source: str,
    shapes: Mapping[str, Shape],
    functions: Mapping[str, str],
    path: Path,
    faults: Faults,
    keys: tuple[str, ...] = (),
) -> Shape | None:
    """The shape of what a text stands for; None, and a fault, where it stands for nothing.

    `keys` are what else may have been meant by it.
    """
    meant = hint(source, keys)
    try:
        e = lazy.parse(source, functions, shapes)
        if (wrong := _stands_for_nothing(e, shapes, meant)) is not None:
            faults.instead(path, wrong)
            return None
        return shape(e, shapes)
    except lazy.GrammarError as error:
        why = printable(str(error))
        faults.instead(path, f"must be a symbol, a cell or an expression, but: {why}{meant}")
    except ShapeMismatch as error:
        faults.instead(path, f"has no value: {error}")
    return None


def _stands_for_nothing(e: Expr, shapes: Mapping[str, Shape], meant: str) -> str | None:
    """Why an expression is no number of this network, if it is none."""
    if isinstance(e, Compare):
        return "must be a number or a matrix, not a comparison"
    if not names(e):
        return f"must read a symbol of this network, {listed(tuple(shapes))}{meant}"
    for symbol in names(e):
        if symbol not in shapes and symbol not in SCALARS:
            return _unknown(symbol, shapes, meant)
    return next((wrong for cell in cells(e) if (wrong := outside(cell, shapes))), None)


def _unknown(symbol: str, shapes: Mapping[str, Shape], meant: str) -> str:
    if symbol == OBJECTIVE:
        return "does not exist: a batch of one example has no J, only L"
    meant = meant or hint(symbol, shapes)
    return f"must be of this network, which has {listed(tuple(shapes))}; got {shown(symbol)}{meant}"


SPOKEN_CHECKS = (
    all_stand_at_steps,
    talks_have_answers,
    choices_have_a_correct_one,
    lines_are_of_gradients,
    asked_cells_exist,
    published_figures_fit,
)


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
        elif isinstance(of, Cell) and (why := draft.program.missing(of.symbol)):
            draft.faults.add(("edits", i, "cell"), f"cannot be edited: {why.removesuffix('.')}")


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
    if here is not None and draft.program is not None and draft.batch is not None:
        most = MOMENTS * moment(draft.program, draft.batch)
        where = "after the keyframe" if begun else "after the first one, or a [keyframe] is needed"
        if here - (begun or 1) > most:
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
        rows, columns = shapes[cell.symbol]
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
