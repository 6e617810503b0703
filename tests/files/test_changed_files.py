"""Whatever is changed in a valid file, it opens and runs, or each fault is told in a line."""

from __future__ import annotations

import io
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from backprop_tui import lessons
from backprop_tui.files import settings as preferences
from backprop_tui.files.arrays import ArrayFileError, read_arrays
from backprop_tui.files.autosave import OwnAutosave, autosaves, state_folder
from backprop_tui.files.codes import code_of, experiment_of
from backprop_tui.files.experiment_file import ExperimentError, load, read_experiment
from backprop_tui.files.saving import keyframe_of, resume, text_of
from backprop_tui.learn.comparing import compare
from backprop_tui.learn.own_arrays import ArraysError
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, Timeline
from tests.changes import answered, changed_documents, changed_texts, is_told
from tests.learn.test_comparing import by_hand

LESSONS = {name: lessons.text(name) for name in lessons.NAMES}
LOOK = '[view]\ndecimals = 4\nask = "vote"\n[[edits]]\niteration = 2\ncell = "alpha"\nvalue = 0.2\n'
TEXTS = {**LESSONS, "edited": LESSONS["neuron"] + LOOK}
QUICK = settings(
    max_examples=settings().max_examples * 5 // 8,  # they read whole lessons
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def runs(experiment: Experiment) -> None:
    """It can be stepped through: where it stands, and the iteration after that."""
    timeline = Timeline(experiment)
    position = resume(timeline)
    timeline.state(position)
    timeline.iteration(position.iteration + 1)


def is_answered(text: str) -> None:
    """A text opens and runs, or says in lines why not."""
    with answered(ExperimentError):
        runs(read_experiment(text, "any", "./any.toml", {}))


@given(st.sampled_from(sorted(TEXTS)), st.data())
@QUICK
def test_a_file_with_other_words_numbers_signs_and_lines(name: str, data: DataObject) -> None:
    is_answered(data.draw(changed_texts(TEXTS[name])))


@given(st.sampled_from(sorted(TEXTS)), st.data())
@QUICK
def test_a_file_with_other_keys_and_values(name: str, data: DataObject) -> None:
    document = data.draw(changed_documents(tomllib.loads(TEXTS[name])))
    try:
        text = tomlkit.dumps(document)
    except (ValueError, TypeError):  # what TOML cannot say
        return
    is_answered(text)


@given(st.sampled_from(("article", "momentum", "rnn")), st.data())
@QUICK
def test_a_saved_file(name: str, data: DataObject) -> None:
    begun = read_experiment(LESSONS[name], name, f"./{name}.toml", {})
    timeline = Timeline(begun)
    text = text_of(begun, Position(3, 2), keyframe_of(timeline, 3), "")
    is_answered(data.draw(changed_texts(text, 2)))


TABLE = "length,width,kind\n5.1,3.5,setosa\n7.0,3.2,versicolor\n6.3,3.3,virginica\n4.9,3.0,setosa\n"
CSV = """
[network]
layers = [2, 3]
activations = ["softmax"]
loss = "cross_entropy"
[data]
csv = "iris.csv"
target = "kind"
standardize = true
"""


@given(changed_texts(TABLE), changed_texts(CSV, 1) | st.just(CSV))
@QUICK
def test_a_table_and_what_is_said_of_it(tmp_path: Path, table: str, text: str) -> None:
    (tmp_path / "iris.csv").write_text(table, "utf-8", "surrogateescape")
    (tmp_path / "iris.toml").write_text(text, "utf-8")
    with answered(ExperimentError):
        runs(load(str(tmp_path / "iris.toml")))


CODES = [code_of(load(name), Position(3, 8)) for name in ("article", "mazur", "momentum", "rnn")]


@given(st.sampled_from(CODES), st.data())
@QUICK
def test_a_code(code: str, data: DataObject) -> None:
    typed = data.draw(changed_texts(" ".join(code)))
    with answered(ExperimentError):
        runs(experiment_of(typed))


@given(st.sampled_from(("mazur", "rnn")), st.data())
@QUICK
def test_an_autosave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: DataObject
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for file in tmp_path.glob("*/*"):  # of the example before
        file.unlink()
    own, experiment = OwnAutosave(), load(name)
    own.write(experiment, Position(2, 3), keyframe_of(Timeline(experiment), 2), "2 edits")
    own.close()
    (place,) = Path(state_folder()).glob("*.json")
    content = data.draw(changed_documents(json.loads(place.read_text("utf-8"))))
    place.write_text(json.dumps(content), "utf-8")
    with answered(ExperimentError):
        found, odd = autosaves()
        assert len(found) + len(odd) == 1
        assert is_told([*odd, *(one.name for one in found)])
        for one in found:
            runs(one.opened())


@given(changed_texts('# mine\ntheme = "light"\ndecimals = 4\nask = "vote"\n'))
@QUICK
def test_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    place = Path(preferences.settings_file())
    place.parent.mkdir(exist_ok=True)
    place.write_text(text, "utf-8")
    with answered():
        found, faults = preferences.read()
    assert is_told(faults), faults
    assert found.decimals is None or 0 <= found.decimals <= 12


MINE: dict[str, Any] = {name: np.asarray(array).tolist() for name, array in by_hand().items()}


@given(st.booleans(), st.data())
@QUICK
def test_arrays_of_ones_own(tmp_path: Path, packed: bool, data: DataObject) -> None:
    arrays = data.draw(changed_documents(MINE))
    if packed:
        try:
            np.savez(raw := io.BytesIO(), **arrays)
        except (ValueError, OverflowError, TypeError):  # rows that differ in length
            return
        written = raw.getvalue()
        if data.draw(st.booleans()):
            at = data.draw(st.integers(0, len(written) - 1))
            written = written[:at] + data.draw(st.binary(max_size=3)) + written[at + 1 :]
    else:
        text = json.dumps(arrays)
        written = data.draw(changed_texts(text, 1) | st.just(text)).encode()
    (tmp_path / "mine").write_bytes(written)
    with answered(ArrayFileError, ArraysError):
        assert compare(load("article"), read_arrays(str(tmp_path / "mine"))).lines
