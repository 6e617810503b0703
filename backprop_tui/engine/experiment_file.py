"""Reading an experiment: a bundled lesson or a TOML file, with what the command line changes.

A wrong file is refused with all of its faults at once. The keys and what each must be stand in one
tree of rules, `EXPERIMENT`; what takes several keys to tell is a list of `CHECKS`; the command
line's overrides are put into the raw document first, so that the same rules hold for them.
Nothing here knows of screens or of what training computes.
"""

from __future__ import annotations

import os
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, prod
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from backprop_tui import lessons
from backprop_tui.engine.experiment import (
    KEPT,
    ORDERS,
    PARAMETER,
    REDUCTIONS,
    SCHEMES,
    Data,
    Experiment,
    Initial,
    Keyframe,
    Network,
    Saved,
    Training,
    Written,
    parameter_shapes,
    read_only,
)
from backprop_tui.engine.functions import ACTIVATIONS, LOSSES
from backprop_tui.engine.mistakes import CATALOGUE
from backprop_tui.engine.note_rules import (
    NOTE,
    QUESTION,
    SPOKEN,
    cells_fit,
    notes,
    questions,
    stand_at_steps,
    still_true,
    talks_have_answers,
)
from backprop_tui.engine.optimizers import OPTIMIZERS
from backprop_tui.engine.program import Program, Step, derivation, with_shapes_of
from backprop_tui.engine.published_rules import PUBLISHED, figures_fit, records
from backprop_tui.engine.reading import NotRegularError, first_bytes
from backprop_tui.engine.schema import (
    Faults,
    ListOf,
    Matrix,
    Path,
    Table,
    count,
    hint,
    line,
    line_or_lines,
    listed,
    number,
    one_of,
    path_shown,
    printable,
    prose,
    share,
    shown,
    truth,
    whole,
    whole_or,
)
from backprop_tui.engine.shapes import Shape, written

if TYPE_CHECKING:
    from backprop_tui.engine.csv_data import CsvData

LARGEST_FILE = 100_000_000  # bytes: a saved network of millions of weights is one
MOST_PARAMETERS = 50_000_000  # numbers in all W and b: 400 MB, before any gradient
MOST_REPLAYED = 1_000_000  # iterations that opening a file at its position may have to compute


class ExperimentError(Exception):
    """An experiment is refused: `faults` has a line for each thing that is wrong, in file order."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


# The keys of the file ------------------------------------------------------------------------

NETWORK = Table(
    "[network]",
    {
        "layers": ListOf(whole(1), "numbers of neurons, the inputs first", 2, 1000),
        "activations": ListOf(
            one_of(sorted(ACTIVATIONS)), "activations, one for each layer after the inputs", 1
        ),
        "loss": one_of(sorted(LOSSES)),
    },
    required=("layers", "activations", "loss"),
)
TRAINING = Table(
    "[training]",
    {
        "learning_rate": number(0),
        "batch": whole_or(1, "all"),
        "order": one_of(ORDERS),
        "reduction": one_of(REDUCTIONS),
        "freeze": ListOf(line(), "parameters' names, like W1 or b1"),
        "optimizer": one_of(OPTIMIZERS),
        "beta1": share(),
        "beta2": share(),
        "epsilon": number(0),
        "weight_decay": number(0),
    },
)
DATA = Table(
    "[data]",
    {
        "X": Matrix(),
        "Y": Matrix(),
        "csv": line(),  # instead of X and Y, and so is what follows
        "inputs": ListOf(line(), "columns' names", 1),
        "target": line_or_lines("a column's name"),
        "standardize": truth(),
    },
)
OF_CSV = ("inputs", "target", "standardize")
INITIAL = Table(
    "[initial]",
    {
        "seed": whole(0),
        "scheme": one_of(SCHEMES),
        "round": whole(0, 12),
        "W1": Matrix(),  # stands for every parameter, so that a hint can name one
        "b1": Matrix(flat=True),
    },
    pattern=PARAMETER,
    others=lambda name: Matrix(flat=name.startswith("b")),
)
VIEW = Table("[view]", {"decimals": whole(0, 12)})


@dataclass(frozen=True)
class RunningMean:
    """A matrix whose numbers may also be too large to hold: a mean of squares survives that."""

    matrix: Matrix

    @property
    def must(self) -> str:
        return self.matrix.must

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        finite = self.matrix.read(_without_infinity(value), path, faults)
        if finite is None or np.isfinite(raw := np.array(value, dtype=np.float64)).all():
            return finite
        return raw.reshape(finite.shape)


def _without_infinity(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_infinity(v) for v in value]
    return 0.0 if value == inf else value


def _kept(name: str) -> Matrix | RunningMean:
    """The rule for a parameter in a keyframe, or for a running mean."""
    matrix = Matrix(flat=name.lstrip("vsd").startswith("b"))
    return matrix if PARAMETER.fullmatch(name) else RunningMean(matrix)


POSITION = Table("[position]", {"iteration": whole(1), "step": whole(0)}, required=("iteration",))
KEYFRAME = Table(
    "[keyframe]",
    {"iteration": whole(1), "W1": _kept("W1"), "b1": _kept("b1")},
    required=("iteration",),
    pattern=KEPT,
    others=_kept,
)
SAVED = {"position": POSITION, "keyframe": KEYFRAME}
"""What the program adds when it saves."""
EXPERIMENT = Table(
    "an experiment",
    {
        "title": line(),
        "about": prose(),
        "teaches": line(),
        "network": NETWORK,
        "training": TRAINING,
        "data": DATA,
        "initial": INITIAL,
        "mistake": one_of(CATALOGUE),
        "view": VIEW,
        "notes": ListOf(NOTE, "notes, each under its own [[notes]]"),
        "questions": ListOf(QUESTION, "questions, each under its own [[questions]]"),
        "published": ListOf(
            PUBLISHED, "published figures, each source under its own [[published]]"
        ),
        **SAVED,
    },
    required=("network", "data"),
)


def _homes(table: Table) -> dict[str, str]:
    """Where each key belongs, for one that stands in the wrong place."""
    homes = dict.fromkeys(table.keys, "at the top, before the first [table]")
    for inner in (NETWORK, TRAINING, DATA, INITIAL):
        homes |= dict.fromkeys(inner.keys, f"in {inner.what}")
    return homes


# What takes several keys to tell -------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """A document as read, with None for whatever is absent or already found wrong."""

    values: Mapping[str, Any]
    faults: Faults

    def __getitem__(self, path: tuple[str, str]) -> Any:
        table, key = path
        return (self.values.get(table) or {}).get(key)

    @property
    def layers(self) -> tuple[int, ...] | None:
        """The layers, if every one of them is known."""
        layers: tuple[int, ...] | None = self["network", "layers"]
        return None if layers is None or None in layers else layers

    @property
    def shapes(self) -> dict[str, tuple[int, int]] | None:
        return None if self.layers is None else parameter_shapes(self.layers)

    @property
    def examples(self) -> int | None:
        X = self["data", "X"]
        return None if X is None else len(X)

    @property
    def csv(self) -> CsvData | None:
        """The CSV file that the data came from."""
        return cast("CsvData | None", self["data", "from_csv"])

    @property
    def batch(self) -> int | None:
        """Examples in a batch, if that is known."""
        training = self.values.get("training", {})
        batch: int | str | None = None if training is None else training.get("batch", 1)
        return self.examples if batch == "all" else cast("int | None", batch)

    @property
    def rule(self) -> Training:
        """What of the training decides which steps there are."""
        return Training(
            batch=self.batch or 1,
            freeze=tuple(self["training", "freeze"] or ()),
            optimizer=self["training", "optimizer"] or "gradient_descent",
        )

    def came_from(self, flag: str) -> bool:
        return FLAGS[flag].path in self.faults.origins

    def mend(self, flag: str) -> str:
        """How to mend data or activations that the command line's --layers left behind."""
        if not self.came_from("layers") or self.came_from(flag):
            return ""
        what = {"x": "the data", "y": "the targets", "activations": "them"}[flag]
        return f": give {what} with {flag_name(flag)}"


def one_activation_for_each_layer(draft: Draft) -> None:
    """As many activations as layers after the inputs."""
    layers, activations = draft.layers, draft["network", "activations"]
    if layers is None or activations is None or len(activations) == len(layers) - 1:
        return
    name = draft.faults.name(("network", "layers"))
    draft.faults.add(
        ("network", "activations"),
        f"must name one activation for each layer after the inputs: {name} has "
        f"{count(len(layers) - 1, 'such layer')}; got {len(activations)}"
        + draft.mend("activations"),
    )


def hidden_layers_work_element_by_element(draft: Draft) -> None:
    """Softmax, which mixes the neurons of an example, stands in the last layer only."""
    for i, activation in enumerate((draft["network", "activations"] or ())[:-1]):
        if activation is not None and not ACTIVATIONS[activation].elementwise:
            names = sorted(name for name, a in ACTIVATIONS.items() if a.elementwise)
            draft.faults.add(
                ("network", "activations", i),
                f'must be one of {listed(names)}; got "{activation}", which only the last layer '
                "can have" + draft.mend("activations"),
            )


def not_too_many_parameters(draft: Draft) -> None:
    """The network fits into memory."""
    total = sum(map(prod, (draft.shapes or {}).values()))
    if total > MOST_PARAMETERS:
        draft.faults.add(
            ("network", "layers"),
            f"must make no more than {MOST_PARAMETERS:,} weights and biases; "
            f"these make {_roughly(total)}",
        )


def _roughly(total: int) -> str:
    return f"{total:,}" if total < 10**15 else "far more"


def data_in_one_form(draft: Draft) -> None:
    """X and Y, or a CSV file and what of it is read."""
    raw, faults = draft.faults.document.get("data"), draft.faults
    if not isinstance(raw, dict):
        return
    if "csv" not in raw:
        if not raw.keys() & {"X", "Y"}:
            faults.add(("data",), "must have X and Y, or csv and target")
            return
        for key in ("X", "Y"):
            if key not in raw:
                faults.add(("data", key), f"is missing: it must be {DATA.keys[key].must}")
        for key in OF_CSV:
            if key in raw:
                faults.add(("data", key), "belongs beside data.csv: there is none here")
        return
    for key in ("X", "Y"):
        if key in raw:
            faults.add(
                ("data", key),
                f"cannot stand beside data.csv, which gives X and Y{_mend_other_half(draft)}",
            )
    if "target" not in raw:
        faults.add(("data", "target"), f"is missing: it must be {DATA.keys['target'].must}")


def inputs_fit(draft: Draft) -> None:
    """A row of X has a value for each input."""
    if draft.csv is None:
        _rows_fit(draft, "X", 0, "input", "x")
    elif draft.layers is not None and len(draft.csv.input_names) != draft.layers[0]:
        names, given = draft.csv.input_names, draft["data", "inputs"] is not None
        layers = draft.faults.name(("network", "layers"))
        draft.faults.add(
            ("data", "inputs" if given else "csv"),
            f"gives {count(len(names), 'input')}, {listed(names)}, "
            f"but {layers} gives {count(draft.layers[0], 'input')}",
        )


def targets_fit(draft: Draft) -> None:
    """A row of Y has a value for each output."""
    if draft.csv is None:  # else told with the names of the targets
        _rows_fit(draft, "Y", -1, "output", "y")


def _rows_fit(draft: Draft, key: str, layer: int, neuron: str, flag: str) -> None:
    layers, rows = draft.layers, draft["data", key]
    if layers is None or rows is None or rows.shape[1] == layers[layer]:
        return
    name = draft.faults.name(("network", "layers"))
    draft.faults.add(
        ("data", key),
        f"has rows of {count(rows.shape[1], 'value')}, but {name} gives "
        f"{count(layers[layer], neuron)}{draft.mend(flag)}",
    )


def as_many_targets_as_examples(draft: Draft) -> None:
    """X and Y have the same number of rows."""
    X, Y = draft["data", "X"], draft["data", "Y"]
    if X is None or Y is None or len(X) == len(Y):
        return
    x = draft.faults.name(("data", "X"))
    draft.faults.add(
        ("data", "Y"),
        f"must have a row for each example: {x} has {count(len(X), 'row')}, "
        f"but this has {len(Y)}{_mend_other_half(draft)}",
    )


def _mend_other_half(draft: Draft) -> str:
    """How to mend X or Y when the command line gave the other one alone."""
    match draft.came_from("x"), draft.came_from("y"):
        case True, False:
            return ": give the targets with --y"
        case False, True:
            return ": give the data with --x"
        case _:
            return ""


def targets_suit_the_loss(draft: Draft) -> None:
    """Cross-entropy's A − Y holds only where each example's targets sum to 1."""
    loss, Y = draft["network", "loss"], draft["data", "Y"]
    if loss is not None and Y is not None and LOSSES[loss].targets_are_probabilities:
        outside = [
            ((i, j), f"must be from 0 to 1, as {loss} needs; got {Y[i, j]:g}")
            for i, j in np.argwhere((Y < 0) | (Y > 1)).tolist()
        ]
        draft.faults.add_some(("data", "Y"), outside)
    if loss is None or Y is None or not LOSSES[loss].targets_are_shares:
        return
    must = f"must be shares of 0 or more that sum to 1, as {loss} needs"
    wrong: list[tuple[Path, str]] = []
    for i, row in enumerate(Y):
        if row.min() < 0:
            wrong.append(((i,), f"{must}; got {row.min():.6g} among them"))
        elif abs(row.sum() - 1) > 1e-9:
            wrong.append(((i,), f"{must}; got a sum of {row.sum():.6g}"))
    draft.faults.add_some(("data", "Y"), wrong)


def batch_within_the_data(draft: Draft) -> None:
    """A batch is no larger than the data."""
    batch, examples = draft["training", "batch"], draft.examples
    if isinstance(batch, int) and examples is not None and batch > examples:
        draft.faults.add(
            ("training", "batch"),
            f'must be no more than the number of examples, {examples}, or "all"; got {batch}',
        )


def frozen_parameters_exist(draft: Draft) -> None:
    """Every frozen name is a parameter of the network."""
    if (shapes := draft.shapes) is None:
        return
    for i, name in enumerate(draft["training", "freeze"] or ()):
        if name is not None and name not in shapes:
            must = f"one of {listed(tuple(shapes))}"
            draft.faults.must(("training", "freeze", i), must, name, tuple(shapes))


def initial_parameters_fit(draft: Draft) -> None:
    """Every parameter given outright exists, in the shape that its layer has."""
    layers, shapes = draft.layers, draft.shapes
    if layers is None or shapes is None:
        return
    for name, value in (draft.values.get("initial") or {}).items():
        if not PARAMETER.fullmatch(name):
            continue
        if name not in shapes:
            draft.faults.add(
                ("initial", name),
                f"is not a parameter of this network, which has {listed(tuple(shapes))}",
            )
        elif value is not None and value.shape != shapes[name]:
            draft.faults.add(("initial", name), _misfit(name, value.shape, layers))


def _misfit(name: str, shape: tuple[int, ...], layers: Sequence[int]) -> str:
    layer = int(name[1:])
    neurons, reads = layers[layer], layers[layer - 1]
    has = count(neurons, "neuron")
    if name.startswith("W"):
        why, right = f"layer {layer} has {has} reading {reads}", (neurons, reads)
    else:
        why, right = f"layer {layer} has {has}", (neurons, 1)
    return f"has shape {written(shape)}, but {why}: it must be {written(right)}"


def notes_and_questions_stand_at_steps(draft: Draft) -> None:
    """Every note and question stands at a step that an iteration of this network takes."""
    if draft.layers is None or draft.batch is None:
        return
    freeze = draft["training", "freeze"] or ()
    names = tuple(step.symbol for step in _steps(draft.layers, draft.rule))
    for key in SPOKEN:
        stand_at_steps(key, draft.values.get(key) or (), names, freeze, draft.faults)


def questions_ask_for_what_is_there(draft: Draft) -> None:
    """Every question's cell is within its step's shape, and a talk has its answer."""
    entries = draft.values.get("questions") or ()
    talks_have_answers(entries, draft.faults)
    if (shapes_in := _shapes_of(draft)) is not None:
        cells_fit(entries, shapes_in, draft.faults)


def _steps(layers: tuple[int, ...], rule: Training) -> Iterator[Step]:
    """The steps of an iteration. Activations and loss do not change what they are called."""
    return derivation(_plain(layers), rule)


def _plain(layers: tuple[int, ...]) -> Network:
    return Network(layers, ("linear",) * (len(layers) - 1), "half_squared_error")


def published_figures_fit(draft: Draft) -> None:
    """Every published figure is of something that its iteration computes, in its shape."""
    if (shapes_in := _shapes_of(draft)) is not None:
        figures_fit(draft.values.get("published") or (), shapes_in, draft.faults)


def _shapes_of(draft: Draft) -> Callable[[int | None], Mapping[str, Shape]] | None:
    """The shapes of an iteration's symbols, by its number; for None those in the smallest batch."""
    layers, batch, examples = draft.layers, draft.batch, draft.examples
    if layers is None or batch is None or examples is None or batch > examples:
        return None
    batches = -(-examples // batch)  # an epoch; its last batch may be smaller

    def shapes_in(iteration: int | None) -> Mapping[str, Shape]:
        before = ((iteration or batches) - 1) % batches * batch
        return _shapes(layers, draft.rule, min(batch, examples - before))

    return shapes_in


def _shapes(layers: tuple[int, ...], rule: Training, examples: int) -> Mapping[str, Shape]:
    """The shape of every symbol. Activations and loss do not change them."""
    shapes: dict[str, Shape] = {"X": (layers[0], examples), "Y": (layers[-1], examples)}
    shapes |= parameter_shapes(layers)
    return with_shapes_of(_steps(layers, rule), shapes)


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
    steps = sum(1 for _ in _steps(draft.layers, draft.rule))
    if position["step"] > steps:
        must = f"no more than {steps}, the steps of an iteration"
        draft.faults.must(("position", "step"), must, position["step"])


def keyframe_fits(draft: Draft) -> None:
    """A keyframe has all that an iteration begins with, in its shape, and nothing else."""
    keyframe, layers = draft.values.get("keyframe"), draft.layers
    if keyframe is None or layers is None or draft.batch is None:
        return
    shapes = _shapes(layers, draft.rule, 1)
    kept = Program(_plain(layers), draft.rule).kept
    for symbol in kept:
        if symbol not in keyframe:
            draft.faults.add(
                ("keyframe", symbol), f"is missing: it must have shape {written(shapes[symbol])}"
            )
        elif (value := keyframe[symbol]) is not None and value.shape != shapes[symbol]:
            parameter = symbol.lstrip("vsd")
            draft.faults.add(("keyframe", symbol), _misfit(parameter, value.shape, layers))
    for symbol in keyframe:
        if symbol != "iteration" and symbol not in kept:
            draft.faults.add(
                ("keyframe", symbol), f"is nothing that this run keeps, which is {listed(kept)}"
            )


CHECKS: tuple[Callable[[Draft], None], ...] = (
    one_activation_for_each_layer,
    hidden_layers_work_element_by_element,
    not_too_many_parameters,
    data_in_one_form,
    inputs_fit,
    targets_fit,
    as_many_targets_as_examples,
    targets_suit_the_loss,
    batch_within_the_data,
    frozen_parameters_exist,
    initial_parameters_fit,
    notes_and_questions_stand_at_steps,
    questions_ask_for_what_is_there,
    published_figures_fit,
    position_within_the_run,
    keyframe_fits,
)


# Overrides from the command line -------------------------------------------------------------


def _number(part: str) -> int | float | str:
    """A number if it reads as one; else the text as it is, for the rules to refuse."""
    for kind in (int, float):
        try:
            return kind(part)
        except ValueError:
            continue
    return part.strip()


def _numbers(text: str) -> list[Any]:
    return [_number(part) for part in text.split(",")]


def _words(text: str) -> list[Any]:
    return [part.strip() for part in text.split(",")]


def _rows(text: str) -> list[Any]:
    return [_numbers(row) for row in text.split(";")]


@dataclass(frozen=True)
class Flag:
    """An override of the command line: the key that it replaces, and how its text is read."""

    path: tuple[str, ...]
    parse: Callable[[str], Any]


FLAGS: dict[str, Flag] = {
    "layers": Flag(("network", "layers"), _numbers),
    "activations": Flag(("network", "activations"), _words),
    "loss": Flag(("network", "loss"), str.strip),
    "x": Flag(("data", "X"), _rows),  # semicolons between examples
    "y": Flag(("data", "Y"), _rows),
    "learning_rate": Flag(("training", "learning_rate"), _number),
    "seed": Flag(("initial", "seed"), _number),
    "mistake": Flag(("mistake",), str.strip),
}


OWN = {"layers", "activations", "loss", "x", "y"}
"""Flags that make another experiment of a lesson: its title and text are no longer about it."""
OWN_ABOUT = "Made on the command line: another network or other data than the lesson has."


def flag_name(flag: str) -> str:
    """`--learning-rate` for learning_rate."""
    return "--" + flag.replace("_", "-")


def overridden(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the overrides put in, and without what they make no longer fit."""
    if "mistake" in overrides:
        others = {flag: value for flag, value in overrides.items() if flag != "mistake"}
        return _with_mistake(overridden(document, others), overrides["mistake"])
    result = {key: dict(v) if isinstance(v, dict) else v for key, v in document.items()}
    for flag, value in overrides.items():
        table, key = FLAGS[flag].path
        inner = result.setdefault(table, {})
        if isinstance(inner, dict):
            inner[key] = FLAGS[flag].parse(value) if isinstance(value, str) else value
    if "layers" in overrides:
        _refit_to_layers(result, keep_activations="activations" in overrides)
    if "x" in overrides and "y" in overrides and isinstance(result.get("data"), dict):
        for key in ("csv", *OF_CSV):
            result["data"].pop(key, None)
    if "x" in overrides:
        _refit_to_examples(result)
    if "seed" in overrides:
        _drop(result, "initial", lambda name, _: name.startswith("W"))
    if result != document:
        _refit_what_is_said(result, document)
        for key in ("published", *SAVED):  # of another run
            result.pop(key, None)
        if not OWN.isdisjoint(overrides):
            result |= {"title": "A network of your own", "about": OWN_ABOUT}
            result.pop("teaches", None)
    return result


def _with_mistake(document: dict[str, Any], name: str | None) -> dict[str, Any]:
    """The document with that mistake, or with none. Notes and figures are of the same network; what
    was saved is of another run."""
    parsed = name and FLAGS["mistake"].parse(name)
    if document.pop("mistake", None) != parsed:
        for key in SAVED:
            document.pop(key, None)
    return document if parsed is None else {"mistake": parsed, **document}


def _refit_to_layers(document: dict[str, Any], keep_activations: bool) -> None:
    """Activations for the new number of layers; parameters that no longer fit are left out."""
    network = document["network"]
    if not isinstance(network, dict):
        return
    NETWORK.keys["layers"].read(network["layers"], (), faults := Faults({}))
    if faults.found:
        return  # wrong as they are: the rules will say so
    layers = network["layers"]
    names = network.get("activations")
    if not keep_activations and isinstance(names, list) and names and len(names) != len(layers) - 1:
        # The output keeps its activation; hidden layers repeat the first one.
        network["activations"] = [names[0]] * (len(layers) - 2) + [names[-1]]
    shapes = parameter_shapes(layers)
    _drop(document, "initial", lambda name, v: name not in shapes or not _may_fit(v, shapes[name]))
    training = document.get("training")
    if isinstance(training, dict) and isinstance(training.get("freeze"), list):
        training["freeze"] = [
            name for name in training["freeze"] if not isinstance(name, str) or name in shapes
        ]


def _drop(document: dict[str, Any], table: str, unfit: Callable[[str, Any], bool]) -> None:
    """Leave out the unfit parameters of a table."""
    if isinstance(inner := document.get(table), dict):
        for name in [n for n in inner if PARAMETER.fullmatch(n) and unfit(n, inner[n])]:
            del inner[name]


def _refit_what_is_said(document: dict[str, Any], before: Mapping[str, Any]) -> None:
    """Leave out notes and questions that may no longer be true."""
    same = {key: document.get(key) == before.get(key) for key in ("network", "data")}
    for key in SPOKEN:
        if isinstance(entries := document.get(key), list):
            document[key] = still_true(entries, same["network"], same["data"])
            if not document[key]:
                del document[key]


def _may_fit(value: Any, shape: tuple[int, int]) -> bool:
    """Whether a raw parameter has this shape. What is no list at all is a fault of its own."""
    if not isinstance(value, list):
        return True
    widths = {len(row) if isinstance(row, list) else 1 for row in value}
    return len(value) == shape[0] and widths == {shape[1]}


def _refit_to_examples(document: dict[str, Any]) -> None:
    """A batch larger than the examples given with --x is all of them."""
    data, training = document["data"], document.get("training")
    if not isinstance(data, dict) or not isinstance(training, dict):
        return
    X, batch = data.get("X"), training.get("batch")
    if isinstance(X, list) and type(batch) is int and batch > len(X):
        training["batch"] = "all"


# Reading -------------------------------------------------------------------------------------


def load(source: str, overrides: Mapping[str, Any] | None = None) -> Experiment:
    """The experiment that a lesson's name or a file's path stands for, or an ExperimentError.

    `overrides` has the flags that were given, by their names in FLAGS; a text is parsed as the
    command line writes it ("1,0,1;0,1,1"), None is a flag that was not given.
    """
    if is_file(source):
        text, path = _text_of_file(source), PurePath(source)
        folder, again = str(path.parent), as_argument(source)
        return replace(read_experiment(text, path.stem, source, overrides, folder), source=again)
    if source not in lessons.NAMES:
        raise ExperimentError(_no_such_lesson(source))
    folder = str(PurePath(lessons.__file__).parent)
    return read_experiment(lessons.text(source), source, source, overrides, folder)


def as_argument(path: str) -> str:
    """A file's path as it is typed in a command: quoted where needed, and never like a flag."""
    return shlex.quote(os.path.join(".", path) if path.startswith("-") else path)


def is_file(source: str) -> bool:
    """A path separator or the ending .toml makes it a file; anything else is a lesson's name."""
    separators = [s for s in ("/", os.sep, os.altsep) if s]
    return source.endswith(".toml") or any(s in source for s in separators)


def _no_such_lesson(name: str) -> str:
    meant = hint(name, lessons.NAMES) or file_meant(name)
    return f"there is no lesson {shown(name)}; there are {listed(lessons.NAMES)}{meant or '.'}"


def file_meant(name: str) -> str:
    """How to open the file of that name, where a lesson was looked for and a file is there."""
    if os.path.isdir(name):
        return ". A folder has that name, not a file"
    if os.path.exists(name):
        return f'. To open the file of that name, write "./{path_shown(name)}"'
    return ""


def _text_of_file(path: str) -> str:
    name = path_shown(path)
    try:
        raw = first_bytes(path, LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ExperimentError(f"there is no file {name}") from None
    except IsADirectoryError:
        raise ExperimentError(f"{name} is a folder, not an experiment file") from None
    except NotRegularError:
        raise ExperimentError(f"{name} is not a regular file") from None
    except OSError as error:
        raise ExperimentError(f"{name} cannot be read: {error.strerror or error}") from None
    except ValueError:  # a null character in the path
        raise ExperimentError(f"{name} cannot be the name of a file") from None
    if len(raw) > LARGEST_FILE:
        raise ExperimentError(
            f"{name} is larger than {LARGEST_FILE:,} bytes, the most that is read"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_number = raw.count(b"\n", 0, error.start) + 1
        raise ExperimentError(f"{name} is not UTF-8 text (line {line_number})") from None


def read_experiment(
    text: str,
    name: str,
    source: str,
    overrides: Mapping[str, Any] | None = None,
    folder: str = "",
) -> Experiment:
    """The experiment that the text of a file describes, or an ExperimentError with all faults.

    A CSV file that it names is looked for from `folder` on.
    """
    given = {flag: value for flag, value in (overrides or {}).items() if value is not None}
    document = overridden(_parsed(text, source), given)
    origins: dict[Path, str] = {FLAGS[flag].path: flag_name(flag) for flag in given}
    faults = Faults(document, origins, _homes(EXPERIMENT))
    draft = Draft(EXPERIMENT.read(document, (), faults) or {}, faults)
    _take_csv(draft, folder)
    for check in CHECKS:
        check(draft)
    if faults.found:
        raise ExperimentError(*faults.in_file_order())
    return replace(_experiment(draft, name, source), written=Written(text, given, folder))


def document_of(written: Written) -> dict[str, Any]:
    """What was written, as TOML has it, with the overrides put in."""
    return overridden(tomllib.loads(written.text), written.overrides)


def _take_csv(draft: Draft, folder: str) -> None:
    """X and Y in place of the CSV file that holds them; its places are named in faults."""
    data = draft.values.get("data") or {}
    raw = draft.faults.document.get("data") or {}
    if data.get("csv") is None or raw.keys() & {"X", "Y"}:
        return
    from backprop_tui.engine.csv_data import read_csv  # only where there is one

    outputs = draft.layers[-1] if draft.layers else None
    found = read_csv(data, folder, outputs, draft.faults)
    if found is not None:
        data |= {"X": found.X, "Y": found.Y, "from_csv": found}
        draft.faults.elsewhere = found.place_of


def _parsed(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        reason = "lists or tables are nested too deeply"
    except ValueError as error:  # bad TOML, or an integer of thousands of digits
        reason = str(error)
    raise ExperimentError(f"{path_shown(source)} is not valid TOML: {printable(reason)}")


def _experiment(draft: Draft, name: str, source: str) -> Experiment:
    """The records of a draft without faults."""
    values = draft.values
    training = dict(values.get("training") or {}, batch=draft.batch)
    if "freeze" in training:
        training["freeze"] = tuple(dict.fromkeys(training["freeze"]))
    initial = values.get("initial") or {}
    return Experiment(
        name=name,
        source=source,
        title=values.get("title", name),
        about=values.get("about", ""),
        network=Network(**values["network"]),
        training=Training(**training).with_mistake(values.get("mistake")),
        data=Data(
            X=read_only(np.transpose(values["data"]["X"])),  # (n[0], N)
            Y=read_only(np.transpose(values["data"]["Y"])),  # (n[L], N)
            **(draft.csv.names if draft.csv else {}),
        ),
        initial=Initial(
            given={p: read_only(v) for p, v in initial.items() if PARAMETER.fullmatch(p)},
            **{key: v for key, v in initial.items() if not PARAMETER.fullmatch(key)},
        ),
        teaches=values.get("teaches", ""),
        notes=notes(values.get("notes") or ()),
        questions=questions(values.get("questions") or ()),
        published=records(values.get("published") or ()),
        decimals=(values.get("view") or {}).get("decimals", 3),
        saved=_saved(values.get("position"), values.get("keyframe")),
    )


def _saved(position: Mapping[str, Any] | None, keyframe: Mapping[str, Any] | None) -> Saved | None:
    if position is None and keyframe is None:
        return None
    frame = None
    if keyframe is not None:
        kept = {symbol: read_only(v) for symbol, v in keyframe.items() if symbol != "iteration"}
        frame = Keyframe(keyframe["iteration"], kept)
    if position is None:
        return Saved(keyframe=frame)
    return Saved(position["iteration"], position.get("step", 0), frame)
