"""An experiment file with what the command line changes, and without what no longer fits it.

The raw document is changed before any rule reads it, so that the same rules hold for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backprop_tui.files.draft import Draft
from backprop_tui.files.schema import Faults, read
from backprop_tui.files.sections import (
    EXPERIMENT,
    FLAGS,
    OF_CSV,
    PLACES,
    SAVED,
    SPOKEN,
    WRITTEN,
    section_of,
)
from backprop_tui.files.spoken_checks import formulas_can_be_run
from backprop_tui.learn.mistakes import present_name
from backprop_tui.model.algorithm import architecture_of
from backprop_tui.model.experiment import NETWORK
from backprop_tui.model.layers import OBJECTIVE, PARAMETER, is_column, parameter_shapes
from backprop_tui.model.notes import place_said

OWN = {"layers", "activations", "loss", "x", "y"}
"""Flags that make another experiment of a lesson: its title and text are no longer about it."""
OWN_ABOUT = "Made on the command line: another network or other data than the lesson has."


def overridden(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the overrides put in, and without what they make no longer fit. A mistake
    has the name of today."""
    if "mistake" in document:
        document = {**document, "mistake": present_name(document["mistake"])}
    if "mistake" in overrides:
        others = {flag: value for flag, value in overrides.items() if flag != "mistake"}
        return _with_mistake(overridden(document, others), overrides["mistake"])
    result = {key: dict(v) if isinstance(v, dict) else v for key, v in document.items()}
    for flag, value in overrides.items():
        (*tables, key), kind = FLAGS[flag]
        inner = result.setdefault(tables[0], {}) if tables else result
        if isinstance(inner, dict):
            inner[key] = kind.typed(value) if isinstance(value, str) else value
    if "layers" in overrides:
        _refit_to_layers(result, keep_activations="activations" in overrides)
    if "x" in overrides and "y" in overrides and isinstance(result.get("data"), dict):
        for key in OF_CSV if section_of(result) is not WRITTEN else ():  # names of its own
            result["data"].pop(key, None)
    if "x" in overrides:
        _refit_to_examples(result)
    if "seed" in overrides:
        _drop(result, "initial", lambda name, _: not is_column(name))
        if isinstance(initial := result.get("initial"), dict):
            for name in _drawn(result).intersection(initial):
                del initial[name]
    if result != document:
        _refit_what_is_said(result, document)
        for key in ("published", *SAVED):  # of another run
            result.pop(key, None)
        same = all(result.get(key) == document.get(key) for key in ("network", "data"))
        if not same or "seed" in overrides:  # which may also shuffle the examples otherwise
            result.pop("edits", None)
        _forget_places(result)
        if not OWN.isdisjoint(overrides):
            _refit_formulas(result)
            result |= {"title": "A network of your own", "about": OWN_ABOUT}
            result.pop("teaches", None)
    return result


def _with_mistake(document: dict[str, Any], name: str | None) -> dict[str, Any]:
    """The document with that mistake, or with none. Notes and figures are of the same network; what
    was saved is of another run."""
    parsed = name and present_name(FLAGS["mistake"].kind.typed(str(name)))
    if document.pop("mistake", None) != parsed:
        for key in SAVED:
            document.pop(key, None)
        _forget_places(document)
    return document if parsed is None else {"mistake": parsed, **document}


def _forget_places(document: dict[str, Any]) -> None:
    """Leave out what was looked at in another run."""
    if isinstance(view := document.get("view"), dict):
        document["view"] = {key: value for key, value in view.items() if key not in PLACES}


def _refit_to_layers(document: dict[str, Any], keep_activations: bool) -> None:
    """Activations for the new number of layers; parameters that no longer fit are left out."""
    network = document["network"]
    if not isinstance(network, dict):
        return
    read(NETWORK.keys["layers"].kind, network["layers"], (), faults := Faults({}))
    if faults.found:
        return  # wrong as they are: the rules will say so
    layers = network["layers"]
    names = network.get("activations")
    if not keep_activations and isinstance(names, list) and names and len(names) != len(layers) - 1:
        # The output keeps its activation; hidden layers repeat the first one.
        network["activations"] = [names[0]] * (len(layers) - 2) + [names[-1]]
    shapes = parameter_shapes(layers, network.get("bias") is not False)
    if (axis := Faults(document).axis) == 0:
        shapes = {name: shape[::-1] for name, shape in shapes.items()}
    _drop(
        document,
        "initial",
        lambda name, v: name not in shapes or not _may_fit(v, shapes[name], axis),
    )
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


def _drawn(document: dict[str, Any]) -> frozenset[str]:
    """The parameters that a seed draws in a network of forward formulas; none where it has faults:
    the rules will say so."""
    section = section_of(document)
    draft = Draft(read(section, document, (), faults := Faults(document)) or {}, faults)
    if draft.written is None or draft.faults_of_written:
        return frozenset()
    return architecture_of(draft.written).drawn


def _refit_what_is_said(document: dict[str, Any], before: Mapping[str, Any]) -> None:
    """Leave out notes and questions that may no longer be true."""
    same = {key: document.get(key) == before.get(key) for key in ("network", "data")}
    for key in SPOKEN:
        if isinstance(entries := document.get(key), list):
            document[key] = still_true(entries, same["network"], same["data"])
            if not document[key]:
                del document[key]


def still_true(entries: Sequence[Any], same_network: bool, same_data: bool) -> list[Any]:
    """The raw notes or questions that hold for an experiment that was changed.

    Each speaks of its network. One that is tied to an iteration speaks of its numbers as well, and
    one at J or about a cell of how many examples there are.
    """
    return [e for e in entries if same_network and not _is_tied(e, same_data)]


def _is_tied(entry: Any, same_data: bool) -> bool:
    if not isinstance(entry, dict):
        return False
    at = entry.get("at")
    if isinstance(at, dict) and "iteration" in at:
        return True
    return not same_data and ("cell" in entry or place_said(at)[0] == OBJECTIVE)


def _refit_formulas(document: dict[str, Any]) -> None:
    """Leave out the formulas that cannot be computed in the new network, or of the new data."""
    if not isinstance(formulas := document.get("formulas"), dict):
        return
    draft = Draft(read(EXPERIMENT, document, (), Faults({})) or {}, Faults(document))
    formulas_can_be_run(draft)
    unfit = {path[1] for path, _ in draft.faults.found}
    document["formulas"] = {s: source for s, source in formulas.items() if s not in unfit}


def _may_fit(value: Any, shape: tuple[int, int], axis: int) -> bool:
    """Whether a raw parameter has this shape. What is no list at all is a fault of its own."""
    if not isinstance(value, list):
        return True
    if axis == 0 and not any(isinstance(row, list) for row in value):
        return shape == (1, len(value))
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
