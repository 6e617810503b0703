"""The session, key by key: what is asked, said, opened and changed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backprop_tui import lessons
from backprop_tui.explain.provenance import Place
from backprop_tui.files.codes import FAR, experiment_of
from backprop_tui.files.experiment_file import load
from backprop_tui.files.saving import keyframe_of
from backprop_tui.learn.parts import parts_of
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Saved
from backprop_tui.run.history import History
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session import looking
from backprop_tui.session.commands import sign_of
from backprop_tui.session.looking import scroll_window
from backprop_tui.session.opening import end_autosaves, last_words
from backprop_tui.session.prompts import Menu, Prompt, Sheet
from backprop_tui.session.saving import code_of, look_now, stamp_of
from backprop_tui.session.session import Session
from backprop_tui.session.travel import known_losses


def session(source: str | Experiment = "article", mode: str = "off") -> Session:
    experiment = load(source) if isinstance(source, str) else source
    own = Session(experiment, names=sign_of)
    own.mode = mode
    return own


def press(own: Session, *keys: str) -> Session:
    """Press keys in one burst, then wait; what begins with a quote is typed letter by letter."""
    burst(own, *keys)
    while own.job is not None:
        own.work(1.0)
    return own


def burst(own: Session, *keys: str) -> Session:
    """Press keys, waiting for nothing."""
    for key in keys:
        if key.startswith("'"):
            for letter in key[1:]:
                own.key("space" if letter == " " else letter, letter)
        else:
            own.key(key, " " if key == "space" else key if len(key) == 1 else None)
    return own


class TestPrompts:
    def test_what_follows_g_is_typed(self) -> None:
        own = press(session(), "g", "'dA1")
        assert isinstance(own.top, Prompt)
        assert own.top.line.text == "dA1"
        assert press(own, "enter").position == Position(1, 10)
        assert own.opened == []

    def test_a_place_that_is_none_stays_to_be_mended(self) -> None:
        own = press(session(), "g", "'zz", "enter")
        assert isinstance(own.top, Prompt)
        assert own.top.line.text == "zz"
        assert own.top.said.startswith("✗ ")
        assert press(own, "ctrl+u", "'5", "enter").position.iteration == 5

    def test_a_point_is_typed_into_an_edit_and_covers_nothing(self) -> None:
        own = press(session(), "e", "'0.73", "enter")
        assert own.opened == []
        assert own.timeline.iteration(1).scalars["alpha"] == 0.73
        assert "u undoes it" in own.message
        assert press(own, "u").timeline.iteration(1).scalars["alpha"] == 0.5

    def test_up_and_down_change_an_edited_number(self) -> None:
        own = press(session(), "e", "up", "up", "enter")
        assert own.timeline.iteration(1).scalars["alpha"] == 0.52

    def test_an_edit_of_nonsense_changes_nothing(self) -> None:
        own = press(session(), "e", "'x", "enter")
        assert isinstance(own.top, Prompt)
        assert own.timeline.experiment.edits == ()
        assert press(own, "escape").opened == []

    @pytest.mark.parametrize(("key", "proposed"), [("e", "0.5"), ("w", "article.toml")])
    def test_what_is_proposed_is_replaced_unless_a_cursor_key_comes_first(
        self, key: str, proposed: str
    ) -> None:
        for keys, line in (
            ((), proposed),
            (("7", "8"), "78"),
            (("end", "7"), f"{proposed}7"),
            (("home", "7"), f"7{proposed}"),
        ):
            top = press(session(), key, *keys).top
            assert isinstance(top, Prompt)
            assert top.line.text == line

    @pytest.mark.parametrize("lesson", lessons.NAMES)
    @pytest.mark.parametrize("keys", ["e", "i e", "tab e up", "e '0.1", "w"])
    def test_the_line_above_fits_into_80_columns(self, lesson: str, keys: str) -> None:
        for decimals in (3, 9):
            own = session(lesson)
            own.decimals = decimals
            top = press(own, "p", *keys.split()).top
            assert isinstance(top, Prompt)
            assert top.said
            assert len(top.said) <= 79

    @pytest.mark.parametrize(
        ("key", "said"), [("p", "q quits."), ("g", "✗ esc, then q quits."), ("m", "✗ esc, th")]
    )
    def test_ctrl_c_says_what_quits(self, key: str, said: str) -> None:
        own = press(session(), key, "ctrl+c")
        assert not own.ended
        says = own.top.said if isinstance(own.top, Prompt | Menu) else own.message
        assert says.startswith(said)

    def test_pasted_lines_are_one_line(self) -> None:
        own = press(session(), "g")
        own.paste("5\n\x1b[31m\r\n")
        assert isinstance(own.top, Prompt)
        assert own.top.line.text == "5[31m"

    def test_a_paste_without_a_line_does_nothing(self) -> None:
        own = session()
        own.paste("q q q")
        assert not own.ended
        assert own.position == Position()


class TestLists:
    def test_a_command_is_found_by_what_it_does_and_done(self) -> None:
        own = press(session(), "colon", "'loss curve")
        assert isinstance(own.top, Menu)
        assert [entry.id for entry in own.top.shown] == ["curve"]
        assert press(own, "enter").message.startswith("No loss is known yet")
        assert press(own, "enter").message.startswith("Nothing is computed yet")

    @pytest.mark.parametrize("verb", ["export as html", "theme: light", "copy this number"])
    def test_verbs_are_found(self, verb: str) -> None:
        own = press(session(), "colon", f"'{verb}")
        assert isinstance(own.top, Menu)
        assert own.top.shown

    def test_what_is_no_command_is_said_and_stays(self) -> None:
        own = press(session(), "colon", "'zzz", "enter")
        assert isinstance(own.top, Menu)
        assert own.top.said.startswith("✗ ")

    def test_a_lesson_is_opened_by_typing_its_name(self) -> None:
        assert press(session(), "o", "'mazur", "enter").timeline.experiment.name == "mazur"

    def test_a_file_is_opened_by_typing_its_path(self, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        press(session(), "e", "'0.1", "enter", "w", "ctrl+u", f"'{file}", "enter")
        own = press(session(), "o", f"'{file}", "enter")
        assert own.timeline.iteration(1).scalars["alpha"] == 0.1

    def test_one_mistake_is_chosen_and_taken_back(self) -> None:
        own = press(session(), "m", "'sign-flipped", "enter")
        assert own.timeline.experiment.mistake is not None
        assert own.timeline.experiment.mistake.name == "sign-flipped"
        assert press(own, "u").timeline.experiment.mistake is None


class TestSheets:
    @pytest.mark.parametrize("key", ["question_mark", "c", "y", "b", "l"])
    def test_its_own_key_and_escape_close_it(self, key: str) -> None:
        for closes in (key, "escape"):
            own = press(session(), "i", "i", *["space"] * 9, key)
            assert isinstance(own.top, Sheet), key
            assert press(own, closes).opened == []

    def test_q_on_a_sheet_closes_it_and_quits_nothing(self) -> None:
        assert not press(session(), "question_mark", "q").ended

    def test_help_leads_on_to_the_guide(self) -> None:
        own = press(session(), "question_mark", "g", "'teach", "enter")
        assert isinstance(own.top, Sheet)
        assert (own.top.kind, own.top.about) == ("guide", "teaching")

    def test_any_key_uncovers(self) -> None:
        assert press(session(), "b", "z").opened == []


class TestCopies:
    """What a terminal is handed to copy; each is read back."""

    def copied(self, own: Session, command: str) -> str:
        own.do(command)
        said, own.copied = own.copied, None
        return said or ""

    def test_a_number_has_all_of_its_digits_and_a_matrix_is_an_array(self) -> None:
        own = press(session("batch"), "p", "p", "p")
        for symbol in ("Z1", "W1", "dW1"):
            own.do("why", f"{symbol}[2,1]")
            value = own.timeline.state(own.position).value(symbol)
            assert value is not None
            assert float(self.copied(own, "copy_number")) == value[1, 0]
            name, _, array = self.copied(own, "copy_matrix").partition(" = ")
            assert name == symbol
            assert np.array_equal(eval(array, {"np": np}), value)

    def test_what_is_not_finite_is_an_array_of_numpy_s(self) -> None:
        certain = load("xor", {"layers": "1,1", "x": "1e30", "y": "0"})
        own = press(session(certain), "p", "p")
        own.do("why", "L[1,1]")
        assert self.copied(own, "copy_matrix") == "L = np.array([[np.inf]])"

    def test_a_formula_is_latex_with_an_arrow_where_it_replaces(self) -> None:
        own = press(session(), "space")
        assert self.copied(own, "copy_formula") == r"Z^{[1]} = W^{[1]} \, X + b^{[1]}"
        update = r"W^{[1]} \leftarrow W^{[1]} - \alpha \, dW^{[1]}"
        assert self.copied(press(own, "p", "p", "p", "space"), "copy_formula") == update

    @pytest.mark.parametrize(
        ("command", "said"),
        [
            ("copy_number", "No number is computed yet."),
            ("copy_matrix", "No matrix is computed yet."),
            ("copy_formula", "No step is shown yet."),
        ],
    )
    @pytest.mark.parametrize(("mode", "keys"), [("off", ()), ("vote", ("space",))])
    def test_what_is_not_computed_or_is_asked_is_not_copied(
        self, command: str, said: str, mode: str, keys: tuple[str, ...]
    ) -> None:
        own = press(session(mode=mode), *keys)
        assert self.copied(own, command) == ""
        assert own.message == said


class TestViews:
    @pytest.mark.parametrize(
        ("lesson", "symbol", "column"),
        [("article", "Z1", ""), ("article", "dW2", ""), ("attention", "X", "3")],
    )
    def test_what_is_still_to_come_and_any_column_are_seen_again(
        self, lesson: str, symbol: str, column: str
    ) -> None:
        own = session(lesson)
        looking.example(own, column)
        looking.inspect(own, Cell(symbol, 1, 1))
        again = Session(experiment_of(code_of(own)), names=sign_of)
        assert look_now(again) == look_now(own)


class TestQuestions:
    def test_digits_right_after_a_question_opens_vote(self) -> None:
        own = press(session(mode="vote"), "space", "1", "2", "3", "4")
        assert own.over is not None
        assert own.position == Position(1, 1)

    def test_the_keys_of_digits_vote_on_an_azerty_keyboard_without_shift(self) -> None:
        own = press(session(mode="vote"), "space", "ampersand", "é", "quotation_mark", "apostrophe")
        assert own.over is not None

    def test_what_is_typed_goes_into_the_answer(self) -> None:
        own = press(session("mazur", mode="type"), "space", "'0.3775", "enter")
        assert own.over is not None
        assert own.over.outcome is not None
        assert own.over.outcome.value == "right"

    def test_an_answer_that_was_not_sent_comes_back(self) -> None:
        own = press(session("mazur", mode="type"), "space", "'0.3", "escape", "enter")
        assert isinstance(own.top, Prompt)
        assert own.top.line.text == "0.3"

    def test_pagedown_shows_it_with_text_in_the_field(self) -> None:
        own = press(session("mazur", mode="type"), "space", "'0.3", "pagedown")
        assert own.position == Position(1, 1)
        assert own.opened == []


class TestWork:
    def test_keys_wait_for_a_long_search_and_are_heard_then(self) -> None:
        own = burst(session(), "g", "'40000", "enter", "space", "space")
        assert own.job is not None
        assert press(own).position == Position(40_000, 3)

    def test_escape_stops_it_and_drops_what_was_typed_ahead(self) -> None:
        own = burst(session(), "g", "'loss < 0", "enter", "space", "escape")
        assert own.job is None
        assert not own.waiting
        assert own.position == Position()

    def test_a_condition_that_never_holds_is_said(self) -> None:
        own = press(session("too-large"), "g", "'loss < 0", "enter")
        assert own.said[-1].startswith("L < 0 never holds: the run diverges in iteration ")
        press(press(own, "escape", "g", "'9999", "enter"), "g", "'loss < 0.2", "enter")
        assert own.said[-1].startswith("L < 0.2 does not hold later: the run diverges")

    def test_only_a_search_from_the_beginning_says_what_first_holds(self) -> None:
        own = press(session(), "g", "'loss < 0.1", "enter")
        assert own.said[-1].startswith("L < 0.1 first holds in iteration 13: L = ")
        press(own, "g", "'loss < 0.1", "enter")
        assert own.said[-1].startswith("L < 0.1 next holds in iteration 14: L = ")


def test_a_jump_computes_no_more_than_a_bounded_work_and_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(History, "most", 20)
    own = press(session(), "g", "'50", "enter")
    assert own.position.iteration == 20
    assert own.message == "20 iterations are computed. To go on, ask for the same again."
    assert press(own, "g", "'50", "enter", "g", "'50", "enter").position.iteration == 50


@pytest.mark.parametrize(("most", "asked"), [("most", "loss < 0"), ("most_whole", "W1[1,1] > 9")])
def test_a_search_computes_no_more_either_and_says_how_to_go_on(
    most: str, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(History, "most", 30)
    monkeypatch.setattr(History, most, 20)
    own = press(session(), "g", f"'{asked}", "enter")
    assert own.said[-1].endswith(": not by iteration 20. Go there to search on.")
    press(own, "escape", "g", "'20", "enter", "g", f"'{asked}", "enter")
    assert own.said[-1].endswith(": not by iteration 39. Go there to search on.")


def test_a_long_export_is_told_of_and_stops_with_nothing_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backprop_tui.session.session.AT_ONCE", 0.0)
    own, place = session(), tmp_path / "mine.html"
    own.do("save", str(place))
    assert re.fullmatch("html: [0-9,]+ characters", own.work(0.0001))
    own.key("escape")
    assert (own.job, own.message, list(tmp_path.iterdir())) == (None, "Stopped.", [])
    own.do("save", str(place))
    assert press(own).message == f"Exported as html: {place}."
    assert list(tmp_path.iterdir()) == [place]


def test_a_far_position_is_come_to_after_a_while_or_given_up() -> None:
    far = replace(load("article"), saved=Saved(FAR + 2, 3))
    own = Session(far)
    assert own.job is not None
    assert own.position == Position()
    assert "of 10,002" in own.work(0.001)
    own.stop()
    assert not own.job
    assert own.position == Position()
    again = Session(far)
    while again.job is not None:
        again.work(1.0)
    assert again.position == Position(FAR + 2, 3)


def test_it_quits_when_told_twice_what_is_lost() -> None:
    own = press(session(), "e", "'0.1", "enter", "q")
    assert own.message == "1 edit is not saved: w saves, q again quits"
    assert not own.ended
    assert press(own, "space", "q").ended is False
    assert press(own, "q").ended


def test_last_words_open_it_where_it_stood() -> None:
    own = press(session(), "space", "space")
    assert last_words(own).splitlines()[0] == "backprop-tui article --ask off"


def test_a_cell_is_explained_down_to_the_inputs() -> None:
    own = press(session(), "space", "enter")
    assert own.inspection.place is not None
    assert own.inspection.place.cell == Cell("Z1", 1, 1)
    press(own, "enter", "enter")
    assert own.message.startswith("This number was given.")


def test_what_can_be_the_name_of_no_file_has_no_stamp() -> None:
    assert stamp_of("a\0b") is None


def test_without_autosaves_the_end_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    end_autosaves(press(session(), "space"))
    assert list(tmp_path.iterdir()) == []


def test_of_a_long_sum_what_it_reads_is_marked_and_nothing_else() -> None:
    own = session(load("article", {"layers": "300,2,1", "x": ",".join(["1"] * 300)}))
    own.do("next")
    own.do("why", "Z1[1,1]")
    found = own.view.explanation
    assert found is not None
    assert (found.whole, found.forms, parts_of(found)) == (False, (), ())
    every = [Place(0, Cell(s, row, k)) for s in ("W1", "b1") for row in (1, 2) for k in (1, 150)]
    there = [place for place in every if place.cell.symbol == "W1" or place.cell.column == 1]
    read = [str(place.cell) for place in there if own.view.mark(place) == "read"]
    assert read == [str(Cell("W1", 1, 1)), str(Cell("W1", 1, 150)), str(Cell("b1", 1, 1))]


@pytest.mark.parametrize("id_", ["curve", "edit"])
def test_what_needs_the_iterations_before_a_saved_position_replays_them(id_: str) -> None:
    article = load("article")
    keyframe = keyframe_of(Timeline(article), 300)
    own = session(replace(article, saved=Saved(300, 3, keyframe=keyframe)))
    assert known_losses(own).size == 0
    own.do(id_, "W1[1,1] 0.7" if id_ == "edit" else "")
    own.work(1.0)
    assert (own.behind, own.position) == (None, Position(300, 3))
    losses = Timeline(own.timeline.experiment).history.losses(1, 300)
    assert known_losses(own).tolist() == losses.tolist()


def test_a_wheel_scrolls_the_window_and_an_enlarged_step_panel() -> None:
    own = session("xor")
    own.do("next")
    scroll_window(own, 2, sideways=True)
    scroll_window(own, 1, sideways=False)
    assert own.scroll == {1: (1, 1)}  # no farther than W1 goes
    scroll_window(own, -9, sideways=True)
    assert own.scroll == {1: (1, 0)}
    own.chosen, own.zoomed = "step", True
    scroll_window(own, 3, sideways=False)
    assert (own.scrolled, own.scroll) == (3, {1: (1, 0)})


def test_a_gradient_that_was_checked_meanwhile_is_not_checked_again() -> None:
    own = session()
    own.do("goto", "dW2")
    looking.check_shown(own)
    own.verdicts[1]["dW2"] = "known"
    own.work(1.0)
    assert (own.background, own.verdicts[1]) == ([], {"dW2": "known"})
