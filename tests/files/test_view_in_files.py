"""[view]: what was looked at reads back as it was, and what is not there is told."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui import lessons
from backprop_tui.files.experiment_file import ExperimentError, load, read_experiment
from backprop_tui.files.overrides import overridden
from backprop_tui.files.saving import keyframe_of, text_of
from backprop_tui.files.sections import PLACES, view_of
from backprop_tui.files.toml_text import changed
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.saved import ASKING, DRAWINGS, PANELS, THEMES, Level, Look
from backprop_tui.run.timeline import Position, Timeline

SHAPES = Timeline(load("batch")).program.shapes(4)
CELLS = st.sampled_from([Cell(s, r, c) for s, (r, c) in SHAPES.items()])
LOOKS = st.builds(
    Look,
    example=st.integers(1, 4),
    drawing=st.sampled_from(DRAWINGS),
    theme=st.none() | st.sampled_from(THEMES),
    panel=st.sampled_from(PANELS),
    marked=st.booleans(),
    maximised=st.booleans(),
    hidden=st.lists(st.sampled_from(PANELS), max_size=3, unique=True).map(tuple),
    cursor=st.none() | CELLS,
    trail=st.lists(st.tuples(st.integers(0, 2), CELLS), max_size=3).map(tuple),
    term=st.integers(0, 3),
    scroll=st.lists(st.tuples(*[st.integers(1, 9)] * 3), max_size=2).map(tuple),
    line=st.integers(0, 9),
    ask=st.sampled_from(ASKING),
)


@given(LOOKS, st.integers(0, 12))
def test_a_look_reads_back(look: Look, decimals: int) -> None:
    seen = replace(load("batch"), look=look, own_decimals=decimals)
    text = text_of(seen, Position(2, 3), keyframe_of(Timeline(seen), 1), "")
    read = read_experiment(text, "batch", "batch.toml")
    assert (read.look, read.decimals) == (look, decimals)
    again = text_of(read, Position(2, 3), keyframe_of(Timeline(seen), 1), "")
    assert again == text


def test_what_is_on_the_blackboard_reads_back() -> None:
    look = Look(blackboard=(Level("dZ2", "elements", 2), Level("sigmoid_derivative")))
    seen = replace(load("batch"), look=look)
    text = text_of(seen, Position(1, 9), keyframe_of(Timeline(seen), 1), "")
    assert read_experiment(text, "batch", "batch.toml").look == look


def test_a_plain_look_is_not_written() -> None:
    assert view_of(load("article")) == {}


def test_a_trail_into_what_would_take_long_to_replay_is_left() -> None:
    look = Look(cursor=Cell("dW1", 1, 1), trail=((2, Cell("dW1", 1, 1)),))
    seen = replace(load("article"), look=look)
    text = text_of(seen, Position(9, 3), keyframe_of(Timeline(seen), 9), "")
    assert read_experiment(text, "a", "a.toml").look == Look(cursor=look.cursor)


def with_view(view: dict[str, object]) -> str:
    """A lesson's text with that [view]."""
    text = lessons.text("batch")
    return changed(text, {**tomllib.loads(text), "view": view})


def test_of_another_run_only_the_manner_stays() -> None:
    view = {"drawing": "graph", "cursor": "W1[1,1]", "marked": True, "example": 2}
    text = with_view(view)
    other = read_experiment(text, "batch", "batch.toml", {"seed": "3"})
    assert other.look == Look(drawing="graph")
    assert set(PLACES) <= set(Look.__dataclass_fields__)


@pytest.mark.parametrize(
    ("view", "fault"),
    [
        ({"theme": "dim"}, "view.theme must be one of dark, light"),
        ({"drawing": "grahp"}, 'Did you mean "graph"?'),
        ({"cursor": "W1"}, 'view.cursor must be a cell, like W1[1,2]; got "W1"'),
        ({"cursor": "W1[0,1]"}, "view.cursor must be"),
        ({"cursor": "W1[9,1]"}, "must be within W1, which is 2×2; got W1[9,1]"),
        ({"cursor": "W9[1,1]"}, "view.cursor must be a cell of X, Y, W1"),
        ({"trail": [{"iteration": 1, "cell": "Q[1,1]"}]}, "view.trail[1].cell must be"),
        ({"trail": [{"cell": "W1[1,1]"}]}, "view.trail[1].iteration is missing"),
        ({"scroll": [[1, 2]]}, "view.scroll[1] must be a list of three numbers"),
        ({"ask": "always"}, "view.ask must be one of off, lesson, vote, type"),
        ({"zoom": True}, "view.zoom is not a key of [view]"),
    ],
)
def test_what_is_wrong_is_told(view: dict[str, object], fault: str) -> None:
    text = with_view(view)
    with pytest.raises(ExperimentError) as refusal:
        read_experiment(text, "batch", "batch.toml")
    assert fault in refusal.value.faults[0]
    assert len(refusal.value.faults) == 1


@pytest.mark.parametrize(
    ("levels", "fault"),
    [
        ([{"symbol": "dZ2"}, {"symbol": "sigmoid_derivative"}], None),
        ([{"symbol": "dZ2", "cell": "dZ2[1,4]"}], None),
        ([{"symbol": "sigmoid_derivative"}], "view.blackboard[1].symbol must be one of Z1"),
        ([{"symbol": "dZ2"}, {"symbol": "X"}], "view.blackboard[2].symbol must be one of Z1"),
        ([{"symbol": "dZ9"}], 'got "dZ9". Did you mean "dZ2"?'),
        (
            [{"symbol": "dZ2", "cell": "dZ2[1,5]"}],
            "view.blackboard[1].cell must be within dZ2, which is 1×4; got dZ2[1,5]",
        ),
        ([{"form": "paths"}], "view.blackboard[1].symbol is missing"),
    ],
)
def test_what_the_blackboard_derives_is_a_step_or_what_a_derivation_uses(
    levels: list[dict[str, object]], fault: str | None
) -> None:
    text = with_view({"blackboard": levels})
    if fault is None:
        looked = read_experiment(text, "batch", "batch.toml").look.blackboard
        assert [level.symbol for level in looked] == [level["symbol"] for level in levels]
        return
    with pytest.raises(ExperimentError) as refusal:
        read_experiment(text, "batch", "batch.toml")
    (told,) = refusal.value.faults
    assert fault in told


@pytest.mark.parametrize(
    ("cell", "inside"),
    [
        ("W1[1,1]", True),
        ("W1[2,2]", True),
        ("W1[3,2]", False),
        ("W1[2,3]", False),
        ("J[1,1]", True),
        ("J[1,2]", False),
        ("dZ2[1,4]", True),
        ("dZ2[1,5]", False),
    ],
)
def test_the_cells_that_are_looked_at_are_there(cell: str, inside: bool) -> None:
    for view in ({"cursor": cell}, {"trail": [{"iteration": 1, "cell": cell}]}):
        text = with_view(dict(view))
        if inside:
            assert read_experiment(text, "batch", "batch.toml").look != Look()
        else:
            with pytest.raises(ExperimentError, match="must be within"):
                read_experiment(text, "batch", "batch.toml")


def test_of_an_open_step_fewer_numbers_are_shown_than_it_has() -> None:
    text = with_view({})
    steps = len(load("batch").program.steps)

    def told(step: int, elements: int) -> str:
        place = f"[position]\niteration = 1\nstep = {step}\nelements = {elements}\n"
        try:
            read_experiment(text + place, "batch", "batch.toml")
        except ExperimentError as error:
            return error.faults[0]
        return ""

    assert told(0, 7) == told(steps - 1, 0) == told(steps, 0) == ""
    assert told(0, 8) == "position.elements must be less than 8, the numbers of Z1; got 8"
    assert told(steps, 1) == "position.elements must be 0 after the last step; got 1"
    assert told(steps + 1, 0) == (
        f"position.step must be no more than {steps}, the steps of an iteration; got {steps + 1}"
    )


def test_keys_are_those_of_the_record() -> None:
    from backprop_tui.model.experiment import VIEW

    assert set(VIEW.keys) == {"decimals", *Look.__dataclass_fields__}


@pytest.mark.parametrize("mistake", ["sign-flipped", None])
def test_with_another_mistake_what_is_of_one_run_is_left_out_and_what_is_of_any_stays(
    mistake: str | None,
) -> None:
    view = {"drawing": "graph", "decimals": 4, "cursor": "W1[1,1]", "example": 2}
    document = {"mistake": "derivative-left-out", "view": view, "position": {"iteration": 2}}
    assert overridden(document, {"mistake": "derivative-left-out"}) == document
    assert overridden(document, {"mistake": mistake}) == {
        **({"mistake": mistake} if mistake else {}),
        "view": {"drawing": "graph", "decimals": 4},
    }
