"""What version 0.1.0 wrote, frozen: every file and code of it opens for ever where it stood.

A teacher's saved runs, the codes in his handouts and what a crash left on a learner's disk outlive
the program that wrote them. So some of each, made by 0.1.0 itself from its keys, its words and
`train`, lie here and are never written again:

- `saved/NAME.toml`, experiment files as they were saved, and in `saved/data` the CSV files of two;
- `codes.toml`, codes, at least one of each lesson, as well as what follows;
- `recovery/NAME.json`, what was kept of runs against a crash.

Beside each of them (`saved.toml`, `codes.toml`, `recovery.toml`) stands what the run was when it
was written, read off that run and not off the file: its place, all numbers known there, the losses
of its first iteration and of those around the place, and the title, mistake, edits, formulas and
[view]. Together they have every lesson, activation, loss, optimizer and mistake of 0.1.0, data of
each kind, and places in every phase. Numbers have twelve digits and are compared to nine, since
processors round the last bits differently; −0 is 0.

A test that fails here says that somebody's file no longer opens as it was: mend the reading, never
what is frozen. Whatever of the package may move is imported here once, for the readers below.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable
from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from backprop_tui import Position, Timeline, load
from backprop_tui.files.autosave import newest
from backprop_tui.files.codes import experiment_of, is_lesson
from backprop_tui.files.saving import resume
from backprop_tui.learn.mistakes import present_name
from backprop_tui.model.experiment import Experiment

HERE = Path(__file__).parent


def recovered(name: str) -> Experiment:
    """The run that a crash left behind, found as --resume finds it."""
    with TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", home)
        stem = Path(home) / "backprop-tui" / "1-0123abcd"
        stem.parent.mkdir()
        stem.with_suffix(".lock").touch()
        shutil.copyfile(HERE / "recovery" / f"{name}.json", stem.with_suffix(".json"))
        with chdir(HERE / "saved"):  # where the program ran that was left
            return newest().opened()


READERS: dict[str, Callable[[str], Experiment]] = {
    "saved": lambda name: load(HERE / "saved" / f"{name}.toml"),
    "codes": lambda name: experiment_of(FROZEN["codes"][name]["code"]),
    "recovery": recovered,
}
FROZEN: dict[str, dict[str, Any]] = {
    kind: tomllib.loads((HERE / f"{kind}.toml").read_text(encoding="utf-8")) for kind in READERS
}
each_run = pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, runs in FROZEN.items() for name in runs]
)


@cache
def opened(kind: str, name: str) -> tuple[Timeline, Position]:
    """A frozen run, and where it opens."""
    timeline = Timeline(READERS[kind](name))
    return timeline, resume(timeline)


def same(numbers: Any, frozen: Any, what: str) -> None:
    """Assert that numbers are the frozen ones, but for what another processor rounds."""
    np.testing.assert_allclose(numbers, frozen, rtol=1e-9, atol=1e-12, err_msg=what)


def as_written(value: Any) -> Any:
    """A value as TOML has it: tuples are lists, a cell is its name."""
    if isinstance(value, tuple):
        return [as_written(item) for item in value]
    if hasattr(value, "row"):
        return f"{value.symbol}[{value.row},{value.column}]"
    return getattr(value, "symbol", value)


@pytest.mark.parametrize(("kind", "ending"), [("saved", "toml"), ("recovery", "json")])
def test_every_file_has_its_numbers(kind: str, ending: str) -> None:
    assert {file.stem for file in (HERE / kind).glob(f"*.{ending}")} == FROZEN[kind].keys()


def test_there_are_twenty_of_each() -> None:
    assert len(FROZEN["saved"]) >= 20
    assert len(FROZEN["codes"]) >= 20


@each_run
def test_it_opens_where_it_stood(kind: str, name: str) -> None:
    timeline, position = opened(kind, name)
    frozen, state = FROZEN[kind][name], timeline.state(position)
    place = (position.iteration, position.steps, position.elements)
    assert place == (frozen["iteration"], frozen["step"], frozen["elements"])
    assert (state.step.symbol if state.step else "") == frozen["symbol"]
    assert state.phase == frozen["phase"]


@each_run
def test_every_number_that_is_known_there_is_the_same(kind: str, name: str) -> None:
    timeline, position = opened(kind, name)
    state, frozen = timeline.state(position), FROZEN[kind][name]["numbers"]
    assert {symbol for symbol in state.shapes if state.value(symbol) is not None} == frozen.keys()
    for symbol, rows in frozen.items():
        value = state.value(symbol)
        assert value is not None
        revealed = state.revealed(symbol)
        same(value if revealed is None else value.reshape(1, -1)[:, :revealed], rows, symbol)


@each_run
def test_the_run_has_the_same_losses_before_and_goes_on_the_same(kind: str, name: str) -> None:
    timeline, _ = opened(kind, name)
    for iteration, loss in FROZEN[kind][name]["losses"].items():
        same(timeline.history.loss_of(int(iteration)), loss, f"iteration {iteration}")


@each_run
def test_what_was_changed_and_how_it_was_seen_is_kept(kind: str, name: str) -> None:
    experiment, frozen = opened(kind, name)[0].experiment, FROZEN[kind][name]
    its_own = not is_lesson(experiment)  # a code names a lesson, whose words are today's
    if its_own:
        assert experiment.title == frozen["title"]
    made = experiment.mistake
    assert (made.name if made else None) == present_name(frozen.get("mistake"))
    edits = [[edit.iteration, as_written(edit.of), edit.value] for edit in experiment.edits]
    assert edits == frozen.get("edits", [])
    assert sorted(experiment.formulas) == frozen.get("formulas", [])
    for said in ("notes", "questions", "published") if its_own else ("published",):
        assert len(getattr(experiment, said)) == frozen.get(said, 0), said
    view = {"decimals": 3} | frozen.get("view", {})
    assert experiment.decimals == view.pop("decimals")
    assert {key: as_written(getattr(experiment.look, key)) for key in view} == view
