"""Checks of the network, its data and its training: what takes several keys of a file to tell.

Each looks at a Draft and tells one thing; none raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from backprop_tui.files.draft import MOST_PARAMETERS, Draft, must_be
from backprop_tui.files.schema import Path
from backprop_tui.files.sections import OF_CSV, section_of
from backprop_tui.maths.expressions import Name, walk
from backprop_tui.maths.functions import ACTIVATIONS, LOSSES, Array, Loss
from backprop_tui.maths.shapes import written
from backprop_tui.messages import count, hint, listed
from backprop_tui.model.experiment import DATA, Initial
from backprop_tui.model.keys import keys_of
from backprop_tui.model.layers import OBJECTIVE

OF_INITIAL = keys_of(Initial)


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
            ("parameters",) if draft.is_written else ("network", "layers"),
            f"must make no more than {MOST_PARAMETERS:,} weights and biases; "
            f"these make {_roughly(total)}",
        )


def _roughly(total: int) -> str:
    return f"{total:,}" if total < 10**15 else "far more"


def written_network_is_right(draft: Draft) -> None:
    """The forward formulas can be computed, and their gradients derived."""
    for section in ("parameters", "forward", "data"):
        if draft.is_written and draft.faults.document.get(section) == {}:
            draft.faults.add((section,), f"is empty: [{section}] must have one line at least")
    for section, key, sentence in draft.faults_of_written:
        draft.faults.add((section, key), sentence)


def own_objective_is_all_of_it(draft: Draft) -> None:
    """Where J is a formula of the file's own, nothing else says what is minimised."""
    if OBJECTIVE not in (draft.values.get("forward") or {}):
        return
    J = f"forward.{OBJECTIVE} is a formula of its own"
    if draft["training", "l2"]:
        draft.faults.add(
            ("training", "l2"),
            f"cannot be used where {J}: write the penalty into it, such as + 0.1·total(W²)",
        )
    if draft["training", "reduction"] == "sum":
        draft.faults.add(
            ("training", "reduction"),
            f"cannot be used where {J}: total(L) is the sum, total(L)/m the mean",
        )


def one_kind_of_network(draft: Draft) -> None:
    """Layers, or formulas."""
    document = draft.faults.document
    if "forward" in document and "network" in document:
        draft.faults.say(
            ("network",),
            "[network] cannot be used with [forward]: a network is given by its layers, or by "
            "its formulas",
        )


def data_of_formulas_fits(draft: Draft) -> None:
    """All inputs and targets have a row for each example, and a matrix comes with batches of 1."""
    if not draft.is_written:
        return
    rows = {s: v for s, v in (draft.values.get("data") or {}).items() if isinstance(v, np.ndarray)}
    first = next(iter(rows), "")
    for symbol, matrix in rows.items():
        if len(matrix) != len(rows[first]):
            draft.faults.add(
                ("data", symbol),
                f"must have a row for each example: data.{first} has "
                f"{count(len(rows[first]), 'row')}, but this has {len(matrix)}",
            )
    if draft.written is not None and draft.written.same and draft.batch != 1:
        same = listed(sorted(draft.written.same))
        draft.faults.add(
            ("training", "batch"),
            f"must be 1 where a matrix is the same for each example, as {same} is; "
            f"got {draft.batch}",
        )


def names_are_no_constants_in_use(draft: Draft) -> None:
    """A matrix may have the name of a constant that its program does not use."""
    if draft.written is None or draft.program is None:
        return
    parts = (part for step in draft.program.steps for part in walk(step.expression))
    used = {part.symbol for part in parts if isinstance(part, Name) and part.is_number}
    for section in ("parameters", "data", "forward"):
        for key in draft.values.get(section) or {}:
            if key in used:
                draft.faults.add(
                    (section, key),
                    f"cannot have this name: {key} is {CONSTANTS[key]} here, which a step reads",
                )


CONSTANTS = {
    "alpha": "the learning rate",
    "m": "the number of examples in a batch",
    "t": "the iteration's number",
    "beta1": "a constant of the optimizer",
    "beta2": "a constant of the optimizer",
    "epsilon": "a constant of the optimizer",
    "weight_decay": "the weight decay",
    "l2": "the factor of the L2 penalty",
}


def data_in_one_form(draft: Draft) -> None:
    """X and Y, or a CSV file and what of it is read."""
    raw, faults = draft.faults.document.get("data"), draft.faults
    if raw is None and not draft.given:
        faults.missing(("data",), section_of(faults.document).keys["data"].kind.must)
    if not isinstance(raw, dict) or draft.is_written:
        return
    if "csv" not in raw:
        if draft.given:
            return
        if not raw.keys() & {"X", "Y"}:
            faults.add(("data",), "must have X and Y, or csv and target")
            return
        for key in ("X", "Y"):
            if key not in raw:
                faults.missing(("data", key), DATA.keys[key].kind.must)
        for key in OF_CSV:
            if key in raw:
                faults.add(("data", key), "is used only with data.csv: there is none here")
        return
    for key in ("X", "Y"):
        if key in raw:
            faults.add(
                ("data", key),
                f"cannot be used with data.csv, which gives X and Y{_mend_other_half(draft)}",
            )
    if "target" not in raw:
        faults.missing(("data", "target"), DATA.keys["target"].kind.must)


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
    if layers is None or rows is None or draft.is_written or rows.shape[1] == layers[layer]:
        return
    name = draft.faults.name(("network", "layers"))
    other = draft["data", "Y" if key == "X" else "X"]
    is_turned = other is not None and rows.shape[1] in other.shape and len(rows) != len(other)
    is_turned = is_turned and len(rows) == layers[layer]
    turned = ": transpose it, a row is an example" if is_turned else ""
    draft.faults.add(
        ("data", key),
        f"has rows of {count(rows.shape[1], 'value')}, but {name} gives "
        f"{count(layers[layer], neuron)}{turned}{draft.mend(flag)}",
    )


def as_many_targets_as_examples(draft: Draft) -> None:
    """X and Y have the same number of rows."""
    X, Y = draft["data", "X"], draft["data", "Y"]
    if X is None or Y is None or len(X) == len(Y) or draft.is_written:
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
    loss = draft["network", "loss"]
    losses: Mapping[str, Loss] = {} if loss is None else {"Y": LOSSES[loss]}
    if draft.written is not None and draft.program is not None:
        losses = draft.program.architecture.losses
    for symbol, loss in losses.items():
        rows = draft["data", symbol]
        if rows is not None:
            _suits(draft, symbol, rows["matrix"].T if isinstance(rows, dict) else rows, loss)


def _suits(draft: Draft, symbol: str, Y: Array, loss: Loss) -> None:
    if loss.targets_are_probabilities:
        outside = [
            ((i, j), f"must be from 0 to 1, as {loss.name} needs; got {Y[i, j]:g}")
            for i, j in np.argwhere((Y < 0) | (Y > 1)).tolist()
        ]
        draft.faults.add_some(("data", symbol), outside)
    if not loss.targets_are_shares:
        return
    must = f"must be shares of 0 or more that sum to 1, as {loss.name} needs"
    wrong: list[tuple[Path, str]] = []
    for i, row in enumerate(Y):
        if row.min() < 0:
            wrong.append(((i,), f"{must}; got {row.min():.6g} among them"))
        elif abs(row.sum() - 1) > 1e-9:
            wrong.append(((i,), f"{must}; got a sum of {row.sum():.12g}"))
    draft.faults.add_some(("data", symbol), wrong)


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
    if (shapes := draft.shapes) is None:
        return
    for name, value in (draft.values.get("initial") or {}).items():
        path: Path = ("initial", name)
        if name not in OF_INITIAL and name not in shapes:
            has = f", which has {listed(tuple(shapes))}"
            has += "" if draft.bias else ": network.bias is false"
            draft.faults.add(path, f"is not a parameter of this network{has}")
        elif name in shapes and value is not None:
            draft.fits(path, name, value.shape)


def given_values_fit(draft: Draft) -> None:
    """What is given is a value or a gradient of the network, in its shape, and leaves a step."""
    whole, path = draft.whole, ("given",)
    if whole is None or not (found := draft.values.get("given")):
        return
    known = whole.of_kind("value", "gradient")
    shapes = whole.shapes(draft.examples or 1)
    for name, value in found.items():
        at: Path = (*path, name)
        if name in whole.architecture.given:
            kind = whole.roles[name].kind
            home = "a parameter: it belongs in [initial]"
            draft.faults.add(
                at, f"is {home if kind == 'parameter' else 'data: it belongs in [data]'}"
            )
        elif name not in known:
            has = f"which has {listed(known)}{hint(name, known)}"
            draft.faults.add(at, f"is not a value or a gradient of this network, {has}")
        elif value is not None and value.shape != shapes[name]:
            line = "column" if whole.axis else "row"
            each = f": a {line} for each example" if name in whole.per_example else ""
            draft.faults.add(
                at,
                f"has shape {written(value.shape)}, but {name} is "
                f"{must_be(shapes[name], value.shape)}{each}",
            )
    if draft.given and draft.batch == draft.examples and not getattr(draft.program, "steps", True):
        draft.faults.add(path, "leaves nothing to compute")


def one_iteration_with_given_values(draft: Draft) -> None:
    """Where values are given, they are those of one batch, all examples, in the file's order."""
    if not draft.given:
        return
    because = "as [given] has values of a single iteration"
    if draft.batch != draft.examples:
        draft.faults.add(
            ("training", "batch"), f'must be "all" or left out, {because}; got {draft.batch}'
        )
    if draft["training", "order"] == "shuffled":
        draft.faults.add(("training", "order"), f'must be "sequential" or left out, {because}')
    for i, edit in draft.entries("edits"):
        if (edit.get("iteration") or 1) > 1:
            draft.faults.add(("edits", i, "iteration"), f"must be 1, {because}")
    if (draft["position", "iteration"] or 1) > 1:
        draft.faults.add(("position", "iteration"), f"must be 1, {because}")


CHECKS = (
    one_kind_of_network,
    written_network_is_right,
    own_objective_is_all_of_it,
    data_of_formulas_fits,
    names_are_no_constants_in_use,
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
    given_values_fit,
    one_iteration_with_given_values,
)
