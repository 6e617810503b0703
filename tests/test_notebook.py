"""The library: three lines step a network, and a state shows itself wherever it is displayed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import backprop_tui
from backprop_tui import ExperimentError, Position, Timeline, lessons, load
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.saved import Edit
from tests.formulas import FOLDER, NAMES


def positions_of(run: Timeline) -> list[Position]:
    """Every one of the first iteration, in a long one every other or third, and where the second
    begins, is half done and ends."""
    steps = len(run.program.steps)
    second = (Position(2, s) for s in (0, steps // 2, steps))
    return [*(Position(1, s) for s in range(0, steps + 1, 1 + steps // 20)), *second]


class Balanced(HTMLParser):
    """The text of a piece of HTML, whose tags must close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


@pytest.mark.parametrize("name", [*lessons.NAMES, *(f"{name}.toml" for name in NAMES)])
def test_every_state_shows_its_step_in_each_face_and_in_html_all_that_is_known(name: str) -> None:
    run = Timeline(load(FOLDER / name if name.endswith(".toml") else name))
    for position in positions_of(run):
        state = run.state(position)
        html = Balanced(state._repr_html_()).text
        console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
        console.print(state)
        faces = (str(state), html, console.export_text())
        console.file.close()
        for line in state.lines:
            assert all(line in face or len(line) > 180 for face in faces)
        if state.step is not None:
            value = state.result(state.step.symbol)
            number = state.figure(value[-1, -1])
            assert all(number in face for face in faces)
        known = state.matrices()
        assert known.keys() == {s for s in state.shapes if state.value(s) is not None}
        for symbol, value in known.items():
            assert f"{state.label(symbol)}\n" in html
            assert value.shape == state.shapes[symbol]
            assert f"{state.figure(value[-1, -1])}\n" in html


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda run: run.state(Position(0)), "there is no iteration 0: they count from 1"),
        (lambda run: run.state(Position(1, 99)), "steps count to 17"),
        (lambda run: run.state(Position(1, -1)), "steps count to 17"),
        (lambda run: run.state(Position(1, 0, 3)), "elements to one fewer than their step has"),
        (lambda run: run.state(Position(1, 0, -1)), "elements to one fewer"),
        (lambda run: run.state(Position(1, 17, 1)), "elements to one fewer"),
        (lambda run: run.state(run.start).value("dw2"), 'no dw2 in this run. Did you mean "dW2"?'),
    ],
)
def test_what_a_run_does_not_have_is_told_apart_from_what_is_not_computed_yet(
    asked: Callable[[Timeline], object], told: str
) -> None:
    run = Timeline(load("article"))
    assert run.state(run.start).value("dW2") is None
    with pytest.raises(ValueError, match=re.escape(told)):
        asked(run)


def test_a_path_is_a_file_and_an_override_that_there_is_not_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(lessons.text("neuron"))
    assert load(file).name == "mine"
    with pytest.raises(ExperimentError, match=r'no override "sead"\. Did you mean "seed"\?'):
        load("article", {"sead": 7})
    with pytest.raises(ExperimentError) as refused:
        load("article", {"sead": 7, "sede": 8})
    assert len(refused.value.faults) == 2


def test_changes_are_keywords_in_the_types_of_python_and_numpy() -> None:
    inputs = np.array([[0.0, 1.0], [1.0, 1.0]])
    changed = load(
        "batch", learning_rate=0.1, layers=(2, 3, 1), x=inputs, y=[[1], [0]], seed=np.int64(4)
    )
    typed = {"learning_rate": "0.1", "layers": "2,3,1", "x": "0,1;1,1", "y": "1;0", "seed": "4"}
    assert changed.training.learning_rate == 0.1
    assert changed.dense.layers == (2, 3, 1)
    same = load("batch", typed)
    for symbol, value in Timeline(changed).iteration(3).parameters.items():
        assert np.array_equal(value, Timeline(same).iteration(3).parameters[symbol])
    longer = load("batch", typed | {"x": inputs.astype(np.longdouble)})
    assert np.array_equal(longer.data.by_symbol["X"], inputs.T)
    with pytest.raises(ExperimentError, match=r'no override "learning_rat"\. Did you mean'):
        load("batch", learning_rat=0.1)
    with pytest.raises(ExperimentError, match="--learning-rate must be a finite number"):
        load("batch", learning_rate=[0.1])


def test_losses_are_those_of_every_iteration_so_far() -> None:
    run = Timeline(load("article"))
    assert run.losses.tolist() == [run.iteration(1).loss]
    run.state(run.end_of(50))
    assert run.losses.tolist() == [run.iteration(k).loss for k in range(1, 51)]


def test_a_gradient_stands_under_its_value_as_on_the_screen() -> None:
    run = Timeline(load("article"))
    html = run.state(Position(1, 8))._repr_html_()
    order = re.findall(r"(?:▸ |• )?(\w+) \d×\d", html)
    assert order[:9] == ["X", "W1", "b1", "Z1", "A1", "dW1", "db1", "dZ1", "dA1"]
    assert order[9:18] == ["W2", "b2", "Z2", "A2", "Y", "dW2", "db2", "dZ2", "dA2"]
    assert "▸ dW2" in html
    assert "• dZ2" in html
    assert "• A1" in html


def test_what_a_prompt_shows_is_short() -> None:
    experiment = load("article")
    run = Timeline(experiment)
    assert repr(experiment) == "<Experiment article: 3-3-1, binary_cross_entropy>"
    assert repr(run) == (
        "<Timeline of article: 3-3-1 · 2 × sigmoid · binary_cross_entropy · α = 0.5>"
    )
    assert repr(run.iteration(1)) == "<Iteration 1: loss 1.02559>"
    assert repr(run.program) == "<Program of 17 steps for 3-3-1>"


def test_a_number_that_was_set_by_hand_is_no_step_s_own() -> None:
    edit = Edit(2, Cell("W1", 1, 1), 0.5)
    run = Timeline(replace(load("article"), edits=(edit,)))
    state = run.state(Position(1, 14))
    assert state.lines[0] == "W1 ← W1 − α·dW1"
    assert state.lines[-1] == "W1[1,1]: edited: was 0.480867, set to 0.5 in iteration 2"
    assert "0.500" in str(state)


@given(elements=st.integers(1, 8))
def test_of_a_step_that_is_open_only_the_elements_so_far_are_shown(elements: int) -> None:
    run = Timeline(load("article"))
    before = run.program.positions["dW1"]
    state = run.state(Position(1, before, elements))
    flat = [figure for row in state.rows("dW1") for figure in row]
    assert [figure == "·" for figure in flat] == [i >= elements for i in range(9)]
    assert f"step {before + 1} of 17" in state.title
    value = state.value("dW1")
    assert isinstance(value, np.ma.MaskedArray)
    assert value.count() == elements


def test_markup_in_a_file_is_shown_as_text(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    titled = re.sub(r"(?m)^title = .*$", 'title = "<script>"', lessons.text("neuron"))
    file.write_text(titled)
    run = Timeline(load(str(file)))
    html = run.state(run.start)._repr_html_()
    assert "<script>" not in html
    assert "<script>" in Balanced(html).text


def test_the_names_of_the_library_come_when_they_are_asked_for() -> None:
    probe = (
        "import sys, backprop_tui; before = 'numpy' in sys.modules; backprop_tui.Timeline;"
        "print(before, 'numpy' in sys.modules, *(m in sys.modules for m in ('rich', 'textual')))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False", "False"]
    names = {name for name in dir(backprop_tui) if not name.startswith("__")}
    assert names == {*backprop_tui.__all__, "version"}
    with pytest.raises(AttributeError):
        backprop_tui.__getattr__("nothing")


class TestWhatIsNoneOfARun:
    """What Python can pass and a file or a command line cannot."""

    def test_a_state_behind_the_end_of_the_run_is_refused(self) -> None:
        run = Timeline(load("l2", learning_rate=1e30))
        assert run.state(run.end_of(11)).position.iteration == run.iteration(12).number == 11
        with pytest.raises(ValueError, match="no iteration 12: the run diverges in iteration 11"):
            run.state(Position(12))

    def test_places_are_whole_numbers_of_any_kind(self) -> None:
        run = Timeline(load("neuron"))
        small = Position(*np.array([2, 1, 0], np.int8))
        assert str(run.state(small)) == str(run.state(Position(2, 1)))
        with pytest.raises(TypeError, match="float"):
            run.state(Position(1, 1.0))  # type: ignore[arg-type]

    @pytest.mark.parametrize("given", [None, 1, "dW2", [1], np.zeros(2)])
    def test_what_is_of_another_type_is_refused_by_what_is_needed(self, given: Any) -> None:
        run = Timeline(load("neuron"))
        moves = "forward back into out phase_end phase_start later earlier".split()
        uses: dict[Any, str] = {
            Timeline: "as load",
            run.compare: "by their names",
            run.state: "as Position",
        }
        uses |= {getattr(run, move): "as Position" for move in moves}
        uses |= {run.derivation: "as 'dZ2'"} if not isinstance(given, str) else {}
        for use, needed in uses.items():
            with pytest.raises(TypeError, match=f"{needed}.*; got {type(given).__name__}$"):
                use(given)

    def test_an_iteration_is_a_whole_number_of_any_kind(self) -> None:
        run = Timeline(load("neuron"))
        late = run.iteration(200).results[run.program.index("dW1")]
        assert run.iteration(np.uint8(200)) is run.iteration(200)  # type: ignore[arg-type]
        assert run.compare({"dW1": late}, np.uint8(200)).agrees  # type: ignore[arg-type]

    def test_a_move_begins_where_the_run_has_a_position(self) -> None:
        run = Timeline(load("neuron"))
        with pytest.raises(ValueError, match="steps count to"):
            run.phase_start(Position(1, 99))

    def test_masked_numbers_are_none_to_compare(self) -> None:
        run = Timeline(load("article"))
        opened = run.state(Position(1, run.program.positions["dW1"], 2)).value("dW1")
        with pytest.raises(ValueError, match="dW1 has masked numbers"):
            run.compare({"dW1": opened})
        assert run.compare({"dW1": np.ma.masked_array(np.zeros((3, 3)))}).first

    @pytest.mark.parametrize("number", [0, -1])
    def test_iterations_before_the_first_are_refused_by_their_number(self, number: int) -> None:
        run = Timeline(load("neuron"))
        for use in (run.iteration, lambda at: run.compare({"dW1": [[0.0, 0.0]]}, at)):
            with pytest.raises(ValueError, match=f"no iteration {number}: they count from 1"):
                use(number)

    @pytest.mark.parametrize("name", [1, None, ("x", 1)])
    def test_an_array_whose_name_is_no_text_is_of_no_symbol(self, name: object) -> None:
        with pytest.raises(ValueError, match="no array has the name of a symbol"):
            Timeline(load("neuron")).compare({name: [[0.0]]})  # type: ignore[dict-item]

    @pytest.mark.parametrize("mistake", [True, 5, ["sign-flipped"], b"sign-flipped"])
    def test_a_mistake_that_is_no_text_is_refused(self, mistake: object) -> None:
        with pytest.raises(ExperimentError, match="mistake"):
            load("neuron", mistake=mistake)

    @pytest.mark.parametrize("flag", ["x", "layers", "seed", "mistake"])
    def test_what_holds_itself_is_refused_in_a_line(self, flag: str) -> None:
        own: list[object] = [1]
        own.append(own)
        array = np.empty((2, 2), dtype=object)
        array.fill(array)
        for value in (own, [own], array):
            with pytest.raises(ExperimentError) as refused:
                load("neuron", {flag: value})
            assert not any("\n" in fault for fault in refused.value.faults)

    def test_a_path_may_be_bytes(self) -> None:
        path = FOLDER / f"{NAMES[0]}.toml"
        assert load(bytes(path)).name == load(path).name  # type: ignore[arg-type]

    def test_arrays_beyond_numbers_are_compared_without_warnings(self) -> None:
        run = Timeline(load("neuron"))
        shape = np.shape(run.iteration(1).results[run.program.index("dW1")])
        for huge in (np.full(shape, 1e308), np.full(shape, np.longdouble("1e4000"))):
            assert not run.compare({"dW1": huge}).agrees
