"""A learner's own arrays: which symbols their names mean, and which run begins with them.

dW1, dw1, W1_grad, grads/dW1        are all dW1;        W1_new        is W1 after the update
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any, Literal, TypeAlias

import numpy as np

from backprop_tui.learn.formulas import called_elsewhere
from backprop_tui.maths.functions import Array
from backprop_tui.maths.shapes import Shape, written
from backprop_tui.maths.spellings import symbols_meant
from backprop_tui.messages import count, hint, listed, printable, short
from backprop_tui.model.experiment import Experiment, read_only
from backprop_tui.model.program import Program

When: TypeAlias = Literal["", "gradient", "after", "before"]

SPELLED: tuple[tuple[str, When], ...] = (
    (r"(.+?)_?(?:grad|gradient)", "gradient"),
    (r"(?:grad|gradient)_?(.+)", "gradient"),
    (r"d(?:[LJ]|loss|cost)_?d_?(.+)", "gradient"),
    (r"(.+?)_?(?:new|after|updated|next)", "after"),
    (r"(?:new|updated)_?(.+)", "after"),
    (r"(.+?)_?(?:old|before|init|initial|start)", "before"),
)
"""How names say what they are: W1_grad, dL_dW1, W1_new."""
PARTS = re.compile(r"[/.\[\]'\"\s:]+")
"""What stands between the parts of a name: grads/dW1, W1.grad, grads['dW1']."""


class ArraysError(ValueError):
    """Arrays that cannot be compared; its text says why."""


# Names ------------------------------------------------------------------------------------------


def matched(
    program: Program, arrays: Mapping[str, Array]
) -> tuple[dict[tuple[str, When], Array], tuple[str, ...]]:
    """The arrays by the symbol that each is of, and a sentence for each that is of none."""
    found: dict[tuple[str, When], Array] = {}
    called: dict[tuple[str, When], str] = {}
    unmatched = []
    for name, array in arrays.items():
        shown = short(printable(name))
        if (meant := _meant(name, program)) is None:
            near = hint(name, program.roles)
            unmatched.append(f"{shown} ({written(array.shape)}) is no symbol of this run{near}")
            continue
        if meant in found:
            both = f"{called[meant]} and {shown}"
            raise ArraysError(f"{both} both mean {meant[0]}: leave one of them out")
        found[meant], called[meant] = array, shown
    return found, tuple(unmatched)


def numbers(name: str, given: Any) -> Array:
    """An array of real numbers. Raises ArraysError for anything else."""
    try:
        array = np.asarray(given)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "fiub" or not array.size:
        what = "is empty" if not array.size else "is not an array of real numbers"
        raise ArraysError(f"{short(printable(name))} {what}")
    if np.ma.is_masked(given):
        raise ArraysError(f"{short(printable(name))} has masked numbers: give it those as well")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _meant(name: str, program: Program) -> tuple[str, When] | None:
    """The symbol that an array is of, and whether before or after the update."""
    *folders, last = list(filter(None, PARTS.split(name))) or [""]
    is_gradient = any(folder.lower().startswith("grad") for folder in folders)
    if last.lower() in ("grad", "gradient") and folders:
        is_gradient, last = True, folders[-1]
    symbol, when = _symbol(last, program), "gradient" if is_gradient else ""
    for pattern, said in SPELLED:
        if symbol is None and (inner := re.fullmatch(pattern, last, re.IGNORECASE)):
            symbol, when = _symbol(inner[1], program), said
    if symbol is None:
        return None
    role, is_data = program.roles[symbol], symbol in program.data
    if when == "gradient" and role.kind != "gradient":
        gradient = program.gradient_of(symbol)
        return None if gradient is None else (gradient, "")
    if is_data or (role.kind == "parameter" and when != "after"):
        return symbol, "before"
    return symbol, ""


def _symbol(word: str, program: Program) -> str | None:
    """The symbol of a name; those of the program come first. Raises ArraysError where it can be
    several."""
    found = symbols_meant(word, program.roles)
    if not found and (usual := called_elsewhere(program, word)):
        found = symbols_meant(usual, program.roles)
    if len(found) > 1:
        raise ArraysError(f"{short(printable(word))} can mean {' or '.join(sorted(found))}")
    return found[0] if found else None


# What the run begins with -----------------------------------------------------------------------


def ways_of(array: Array, rows: int | None, columns: int | None) -> list[tuple[Array, bool]]:
    """The array as it stands and turned, each if it has that shape, and whether it is turned."""
    if array.ndim < 2:
        forms = [(array.reshape(-1, 1), False), (array.reshape(1, -1), False)]
    else:
        forms = [(array, False), (array.T, True)] if array.ndim == 2 else []
    return [(form, turned) for form, turned in forms if _fits(form.shape, (rows, columns))]


def _fits(shape: Shape, wanted: tuple[int | None, ...]) -> bool:
    return all(must in (None, n) for n, must in zip(shape, wanted, strict=True))


def beginnings(
    experiment: Experiment, given: Mapping[str, Array]
) -> Iterator[tuple[Experiment, str]]:
    """The experiments that may be meant, each with a sentence.

    A square matrix may be turned, and a batch may be all examples: what agrees most is meant.
    """
    program = experiment.program
    place = program.architecture.place
    line, of_one = ("row", "a column") if program.axis else ("column", "a row")
    shapes = program.shapes(experiment.training.batch)
    choices: dict[str, list[tuple[Array, bool]]] = {}
    for symbol, array in given.items():
        rows, columns = shapes[symbol]
        is_data, size = symbol in experiment.data.per_example, place(rows, columns)
        fitting = place(size[0], None) if is_data else (rows, columns)
        choices[symbol] = ways_of(array.astype(np.float64), *fitting)
        if not choices[symbol]:
            must = f"be {written((rows, columns))}"
            if is_data:
                must = f"have {count(size[0], line)}, {of_one} for each example"
            raise ArraysError(f"{symbol} is {written(array.shape)}, but must {must}")
        if not np.isfinite(array).all():
            raise ArraysError(f"{symbol} holds a number that is not finite")
    seen = []
    for turned_data, turned_weights in product((False, True), repeat=2):
        chosen = {}
        for symbol, ways in choices.items():
            turn = turned_data if symbol in program.data else turned_weights
            chosen[symbol] = next((way for way in ways if way[1] == turn), ways[0])
        turns = {symbol: is_turned for symbol, (_, is_turned) in chosen.items()}
        if turns in seen:
            continue
        seen.append(turns)
        yield from _begun(experiment, {s: a for s, (a, _) in chosen.items()}, turns)


def _begun(
    experiment: Experiment, chosen: Mapping[str, Array], turns: Mapping[str, bool]
) -> Iterator[tuple[Experiment, str]]:
    """The experiment that begins with these matrices, with its own batch and with one of all,
    and, where examples are shuffled, also with those of the learner as they stand."""
    own = experiment.data
    start = {s: read_only(a) for s, a in chosen.items() if s not in own.by_symbol}
    data = {s: read_only(chosen.get(s, matrix)) for s, matrix in own.by_symbol.items()}
    many = {symbol: data[symbol].shape[own.axis] for symbol in own.per_example}
    if len(set(many.values())) > 1:
        whose = {s: f"{'your' if s in chosen else 'the run’s'} {s}" for s in many}
        each = (f"{whose[s]} has {count(n, 'example')}" for s, n in many.items())
        raise ArraysError(
            f"{', '.join(each)}: each needs a {'column' if own.axis else 'row'} for each example"
        )
    begun = experiment
    if chosen:
        initial = replace(experiment.initial, given={**experiment.parameters(), **start})
        found = replace(own, by_symbol=data)
        begun = replace(experiment, data=found, initial=initial, saved=None)
    examples, batch = begun.data.examples, experiment.training.batch
    batches = [batch, examples] if examples == own.examples else [examples]
    fitting = filter(begun.program.fits, dict.fromkeys(batches))
    order = experiment.training.order
    orders = dict.fromkeys((order, order if many.keys().isdisjoint(chosen) else "sequential"))
    for each_time, way in product(list(fitting) or [1], orders):
        theirs = {*chosen, *(own.per_example if (each_time, way) != (batch, order) else ())}
        edits = tuple(e for e in begun.edits if e.of.symbol not in theirs)
        training = replace(experiment.training, batch=each_time, order=way)
        other = replace(begun, training=training, edits=edits)
        said = _setting(chosen, turns, examples, each_time)
        yield other, said if way == order else f"{said[:-1]}, not shuffled."


def _setting(
    chosen: Mapping[str, Array], turns: Mapping[str, bool], examples: int, batch: int
) -> str:
    """The run begins with your X, Y, W1 and b1 (W1 transposed), 3 examples in a batch."""
    whose = f"your {listed(tuple(chosen))}" if chosen else "its own data and parameters"
    turned = [symbol for symbol, is_turned in turns.items() if is_turned]
    note = f" (transposed: {listed(turned)})" if turned else ""
    of = f" of {examples}" if batch != examples else ""
    batches = f"a batch is {batch}{of} {'example' if examples == 1 else 'examples'}"
    return f"The run begins with {whose}{note}; {batches}."
