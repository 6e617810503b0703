"""Codes: what one says opens the same run, and what a slip makes of one is told, never opened."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui import lessons
from backprop_tui.files import codes
from backprop_tui.files.codes import (
    LONGEST_CODE,
    MOST_INFLATED,
    SIGNS,
    TooLongError,
    code_of,
    experiment_of,
    grouped,
    keyframe_needed,
)
from backprop_tui.files.experiment_file import ExperimentError, load, read_again
from backprop_tui.files.saving import resume
from backprop_tui.files.toml_text import changed
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Edit, Look
from backprop_tui.run.timeline import Position, Timeline
from tests.files.test_saving import document_of, read, same_iteration
from tests.networks import experiments

ARTICLE = code_of(load("article"), Position(3, 8))


def coded(said: Any) -> str:
    """A code made by hand, with a right checksum."""
    return packed(json.dumps(said).encode())


def packed(raw: bytes) -> str:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=codes.USUAL)
    body = deflater.compress(raw) + deflater.flush()
    return codes.VERSION + codes._signs(codes._checksum(body) + body)


class TestRoundTrip:
    @given(experiments(), st.integers(1, 4), st.data())
    def test_it_opens_the_same_run_where_it_stood(
        self, experiment: Experiment, iteration: int, data: st.DataObject
    ) -> None:
        begun = read(changed("", document_of(experiment, "adam")))
        timeline = Timeline(begun)
        last = timeline.iteration(iteration).number
        steps = data.draw(st.integers(0, len(timeline.program.steps) - 1))
        size = timeline.iteration(last).results[steps].size
        position = Position(last, steps, data.draw(st.integers(0, size - 1)))
        opened = experiment_of(code_of(begun, position))
        assert (opened.network, opened.training) == (begun.network, begun.training)
        again = Timeline(opened)
        assert resume(again) == position
        assert same_iteration(again, timeline, last)
        assert code_of(opened, position) == code_of(begun, position)

    @pytest.mark.parametrize("name", lessons.NAMES)
    def test_a_lesson_takes_few_characters(self, name: str) -> None:
        lesson = load(name)
        code = code_of(
            lesson.with_seed(4711).with_mistake(CATALOGUE["sign-flipped"]), Position(2, 7)
        )
        assert len(code) < 70
        assert len(code_of(lesson, Position(12, 7))) < 45
        opened = experiment_of(code)
        assert (opened.initial.seed, opened.mistake) == (4711, CATALOGUE["sign-flipped"])
        assert opened.title == lesson.title
        assert resume(Timeline(opened)).steps == 7

    def test_what_was_looked_at_is_in_it(self) -> None:
        dw = Cell("dW2", 1, 1)
        look = Look(
            drawing="graph", theme="light", cursor=dw, trail=((2, dw),), scroll=((1, 2, 1),)
        )
        seen = replace(load("article"), look=look, own_decimals=5)
        opened = experiment_of(code_of(seen, Position(2, 9)))
        assert (opened.look, opened.decimals) == (look, 5)

    def test_edits_are_in_it(self) -> None:
        edits = (Edit(2, Cell("W1", 1, 2), 0.25), Edit(1, Name("alpha"), 0.1))
        edited = replace(load("article"), edits=edits)
        assert experiment_of(code_of(edited, Position(2, 9))).edits == edits

    def test_of_a_csv_file_it_carries_the_numbers(self, tmp_path: Path) -> None:
        (tmp_path / "d.csv").write_text("a,b,y\n1,2,0\n3,4,1\n")
        text = lessons.text("batch")
        head, tail = text[: text.index("X =")], text[text.index("\n\n", text.index("Y =")) :]
        (tmp_path / "mine.toml").write_text(f'{head}csv = "d.csv"\ntarget = "y"\n{tail}')
        begun = load(str(tmp_path / "mine.toml"), {"learning_rate": "0.25", "x": None})
        code = code_of(begun, Position(2, 3))
        (tmp_path / "d.csv").unlink()
        opened = experiment_of(code)
        assert (opened.data.X == begun.data.X).all()
        assert opened.training == begun.training

    def test_flags_make_it_another_run(self) -> None:
        opened = experiment_of(ARTICLE, {"learning_rate": "0.25", "seed": None})
        assert opened.training.learning_rate == 0.25
        assert opened.saved is None

    def test_a_far_position_is_not_replayed(self) -> None:
        timeline = Timeline(load("article"))
        near, far = Position(codes.FAR, 2), Position(codes.FAR + 1, 2)
        assert keyframe_needed(timeline, near) is None
        opened = experiment_of(code_of(timeline.experiment, far, keyframe_needed(timeline, far)))
        assert opened.saved is not None
        assert opened.saved.keyframe is not None
        assert same_iteration(Timeline(opened), timeline, 1)


@pytest.mark.parametrize(
    ("code", "position"),
    [
        ("1BCQN1GSEDRA5P2R0", Position(1, 2)),  # as the guide has it
        ("1BRFES0W88FY0249NTTRRH1DT108VE9NNPM00", Position(3, 8)),
        ("18PYQS0W88FY83RJJ8CHP74TTH0X667CBB2M1P4DHDN95P2R0", Position(3, 8)),
    ],
)
def test_codes_that_were_handed_out_stay_readable(code: str, position: Position) -> None:
    """Whoever changes what codes usually say makes a version 2, beside this one."""
    assert resume(Timeline(experiment_of(code))) == position


class TestSlips:
    @given(st.data())
    def test_mutilated_it_is_refused(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(ARTICLE) - 1))
        match data.draw(st.sampled_from(("another", "left out", "swapped", "cut", "doubled"))):
            case "another":
                sign = data.draw(st.sampled_from(SIGNS + "U!é\0 ́"))
                code = ARTICLE[:at] + sign + ARTICLE[at + 1 :]
            case "left out":
                code = ARTICLE[:at] + ARTICLE[at + 1 :]
            case "swapped":
                code = ARTICLE[:at] + ARTICLE[at : at + 2][::-1] + ARTICLE[at + 2 :]
            case "cut":
                code = ARTICLE[:at]
            case _:
                code = ARTICLE[:at] + ARTICLE[at] + ARTICLE[at:]
        if codes.plain(code) == ARTICLE:
            return
        with pytest.raises(ExperimentError) as refusal:
            experiment_of(code)
        assert all(fault.isprintable() for fault in refusal.value.faults)

    @given(st.text(max_size=60) | st.text(SIGNS, max_size=60).map(lambda s: "1" + s))
    def test_any_text_is_refused_in_words(self, text: str) -> None:
        with pytest.raises(ExperimentError):
            experiment_of(text)

    def test_how_it_is_typed_does_not_matter(self) -> None:
        typed = "-".join(grouped(ARTICLE)).lower().replace("0", "o").replace("1", "l")
        for code in (typed, f" {' '.join(grouped(ARTICLE))}\n"):
            assert resume(Timeline(experiment_of(code))) == Position(3, 8)


class TestForged:
    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ([], "cannot understand this code"),
            ({}, "cannot understand this code"),
            ({"l": "artikel"}, 'opens the lesson "artikel", which does not exist here'),
            ({"l": ["article"]}, "cannot understand this code"),
            ({"n": "x"}, "cannot understand this code"),
            ({"l": ["article"], "n": "x", "t": "a = 1"}, "cannot understand this code"),
            ({"n": "x", "t": "a = "}, "is not valid TOML"),
            ({"n": "x", "t": "a = 1"}, "network is missing"),
            ({"l": "article", "o": {"sed": 1}}, "cannot understand this code"),
            ({"l": "article", "o": {"mistake": 1}}, "cannot understand this code"),
            ({"l": "article", "o": {"seed": [1]}}, "cannot understand this code"),
            ({"l": "article", "p": [1, 99]}, "position.step must be no more than 17"),
            ({"l": "article", "p": [1, 0, 3]}, "position.elements must be less than 3"),
            ({"l": "article", "p": [1, 2, 3, 4]}, "position must be a table"),
            ({"l": "article", "p": "x"}, "position must be a table"),
            ({"l": "article", "p": [10**9]}, "no more than 9,788,000 iterations"),
            ({"l": "article", "v": 5}, "view must be a table"),
            ({"l": "article", "v": {"cursor": "W9[1,1]"}}, "view.cursor must be a cell of"),
            ({"l": "article", "v": {"cursor": "W1[4,1]"}}, "view.cursor must be within W1"),
            ({"l": "article", "k": {"iteration": 1}}, "keyframe.W1 is missing"),
        ],
    )
    def test_it_is_under_the_rules_of_a_file(self, said: Any, told: str) -> None:
        with pytest.raises(ExperimentError, match=told):
            experiment_of(coded(said))

    def test_all_faults_are_told(self) -> None:
        with pytest.raises(ExperimentError) as refusal:
            experiment_of(coded({"l": "article", "p": [1, 99], "v": {"decimals": 99}}))
        assert len(refusal.value.faults) == 2

    def test_it_reads_no_file(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret.csv"
        secret.write_text("a,y\n1,0\n")
        text = (
            '[network]\nlayers = [1, 1]\nactivations = ["linear"]\nloss = "half_squared_error"\n'
            f'[data]\ncsv = "{secret}"\ntarget = "y"\n'
        )
        with pytest.raises(ExperimentError, match="names a file, but no file can be read"):
            experiment_of(coded({"n": "x", "t": text}))

    def test_what_inflates_without_end_is_refused(self) -> None:
        bomb = packed(b" " * 50_000_000)
        for code in (bomb[: 2 * LONGEST_CODE], bomb, packed(b" " * (MOST_INFLATED + 1))):
            with pytest.raises(ExperimentError):
                experiment_of(code)
        with pytest.raises(ExperimentError, match="contains more than any real code"):
            experiment_of(packed(b" " * (MOST_INFLATED + 1)))

    @pytest.mark.parametrize("raw", [b"[" * 100_000, b"\xff", b'{"l":' + b"9" * 5000 + b"}", b""])
    def test_what_is_no_json_is_refused(self, raw: bytes) -> None:
        with pytest.raises(ExperimentError):
            experiment_of(packed(raw))

    def test_a_name_cannot_write_to_the_terminal(self) -> None:
        text = lessons.text("article").replace("title =", "# title =", 1)
        opened = experiment_of(coded({"n": "\x1b[2Jx", "t": text}))
        assert opened.title.isprintable()


@pytest.mark.parametrize(
    ("flags", "are_some"),
    [
        ({}, True),
        ({"seed": "3", "learning_rate": 0.5}, True),
        ({"seed": None}, False),
        ({"seed": [3]}, False),
        ({"mistake": None}, True),
        ({"mistake": "sign-flipped"}, True),
        ({"mistake": 3}, False),
        ({"seed": "3", "colour": "red"}, False),
        (["seed"], False),
        (None, False),
    ],
)
def test_flags_are_known_and_have_a_text_or_a_number(flags: Any, are_some: bool) -> None:
    assert codes._are_flags(flags) is are_some


def test_values_get_their_keys_and_what_is_no_such_list_stays() -> None:
    assert codes._named(("a", "b"), [1, 2]) == {"a": 1, "b": 2}
    assert codes._named(("a", "b"), [1]) == {"a": 1}
    assert codes._named(("a", "b"), [1, 2, 3]) == [1, 2, 3]
    assert codes._named(("a", "b"), "12") == "12"


def test_a_code_is_read_aloud_in_groups_of_five() -> None:
    assert codes.grouped("1ABCDEFGHIJ") == ["1ABCD", "EFGHI", "J"]
    assert codes.grouped("12345") == ["12345"]


def test_what_is_as_usual_is_not_said() -> None:
    assert codes.said_of(load("article"), Position()) == {"l": "article"}
    assert codes.said_of(load("article"), Position(1, 1)) == {"l": "article", "p": [1, 1]}
    assert codes.said_of(load("article"), Position(2)) == {"l": "article", "p": [2, 0]}


class TestTooLong:
    def test_a_file_too_large_for_a_code(self) -> None:
        begun = read(lessons.text("article") + "# " + "x" * MOST_INFLATED)
        with pytest.raises(TooLongError, match="w saves it"):
            code_of(begun, Position())

    def test_what_just_fits_is_a_code(self, monkeypatch: pytest.MonkeyPatch) -> None:
        begun, here = load("article"), Position(3, 8)
        raw = json.dumps(codes.said_of(begun, here), separators=(",", ":"), ensure_ascii=False)
        for limit, most in (("MOST_INFLATED", len(raw.encode())), ("LONGEST_CODE", len(ARTICLE))):
            with monkeypatch.context() as patch:
                patch.setattr(codes, limit, most)
                assert code_of(begun, here) == ARTICLE
                patch.setattr(codes, limit, most - 1)
                with pytest.raises(TooLongError, match="This experiment is too large"):
                    code_of(begun, here)

    def test_data_of_a_file_is_counted_before_it_is_written_out(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "two.csv").write_text("a,y\n1,0\n2,1\n")
        (tmp_path / "mine.toml").write_text(
            '[network]\nlayers = [1, 1]\nactivations = ["linear"]\nloss = "half_squared_error"\n'
            '[data]\ncsv = "two.csv"\ntarget = "y"\n'
        )
        begun = load(str(tmp_path / "mine.toml"))  # four numbers
        assert experiment_of(code_of(begun, Position())).data.X.tolist() == [[1.0, 2.0]]
        for most, what in ((16, "experiment"), (15, "data")):
            monkeypatch.setattr(codes, "MOST_INFLATED", most)
            with pytest.raises(TooLongError, match=f"This {what} is too large"):
                code_of(begun, Position())

    def test_what_is_typed_may_be_twice_as_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(codes, "LONGEST_CODE", len(ARTICLE))
        spaced = " ".join(ARTICLE) + " "
        assert experiment_of(spaced).name == "article"
        with pytest.raises(ExperimentError, match="is longer than"):
            experiment_of(spaced + " ")

    def test_a_command_has_the_code_where_it_is_short(self) -> None:
        short = "1" * codes.SHORT
        both = f"again\nand at the same step:\nbackprop-tui --code {short}"
        assert codes.right_here("again", lambda: short) == both
        assert codes.right_here("again", lambda: short + "1") == "again"

        def too_long() -> str:
            raise TooLongError

        assert codes.right_here("again", too_long) == "again"

    def test_what_is_far_on_has_a_keyframe(self, monkeypatch: pytest.MonkeyPatch) -> None:
        timeline = Timeline(load("article"))
        for far, most in ((4, 9), (9, 4)):
            monkeypatch.setattr(codes, "FAR", far)
            monkeypatch.setattr(type(timeline.history), "most", most)
            assert codes.keyframe_needed(timeline, Position(4)) is None
            keyframe = codes.keyframe_needed(timeline, Position(5))
            assert keyframe is not None
            assert keyframe.iteration == 5

    def test_a_run_without_text(self) -> None:
        with pytest.raises(TooLongError, match="not read from a text, so it has no code"):
            code_of(replace(load("article"), written=None), Position())


def test_only_what_was_read_from_a_file_can_be_read_again() -> None:
    for e in (load("article"), replace(load("article"), written=None)):
        with pytest.raises(ValueError, match="not read from a file cannot be read again"):
            read_again(e)


def test_a_mistake_taken_out_of_a_file_stays_out(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('mistake = "sign-flipped"\n' + lessons.text("article"))
    right = load(str(file)).with_mistake(None)
    assert experiment_of(code_of(right, Position(1, 2))).mistake is None
    assert read_again(right).mistake is None
    assert load(str(file)).mistake == CATALOGUE["sign-flipped"]
