"""The blackboard, key by key: a derivation is revealed and taken back a line at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from backprop_tui.explain.derivation import derivation
from backprop_tui.files.codes import code_of, experiment_of
from backprop_tui.files.experiment_file import ExperimentError, load, read_experiment
from backprop_tui.files.saving import keyframe_of, text_of
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Level
from backprop_tui.run.timeline import Position
from backprop_tui.session import deriving
from backprop_tui.session.commands import sign_of
from backprop_tui.session.saving import seen
from backprop_tui.session.session import Session
from backprop_tui.tui.window import Window

EXPERIMENTS = {
    name: replace(load(name), questions=()) for name in ("article", "softmax", "batch", "mazur")
}
KEYS = ["x", "space", "backspace", "tab", "shift+tab", "enter", "escape", "up", "down", "n", "p"]


def session(name: str = "article", *keys: str, at: int = 0) -> Session:
    """A session at a step, after some keys."""
    own = Session(EXPERIMENTS[name], 3, Window(Size(80, 24)), sign_of)
    own.go(Position(1, at))
    return press(own, *keys)


def press(own: Session, *keys: str) -> Session:
    for key in keys:
        own.key(key, key if len(key) == 1 else None)
    return own


def shown(own: Session) -> tuple[object, ...]:
    """What is on the blackboard, and where the session stands."""
    return own.levels, own.position, own.inspection, own.message


STEP = {"dA2": 6, "dZ2": 7, "dW2": 8, "dZ1": 11, "dW1": 12}


class TestRevealing:
    def test_it_opens_with_the_first_line_and_moves_nothing(self) -> None:
        own = session(at=STEP["dZ2"])
        before = own.position
        press(own, "x")
        assert own.position == before
        assert own.levels == (Level("dZ2"),)

    def test_until_the_last_line_the_value_of_the_step_is_not_known(self) -> None:
        own = session("article", "x", at=STEP["dZ2"])
        count = len(derivation(own.timeline.program, "dZ2", 1).lines)
        for _ in range(count - 1):
            assert own.unrevealed
            assert own.view.value("dZ2") is None
            assert own.view.step is not None
            assert own.view.step.symbol == "dZ2"
            press(own, "space")
        assert own.view.value("dZ2") is not None

    def test_space_at_the_last_line_goes_one_step_on_to_its_first_line(self) -> None:
        own = session("article", "x", *["space"] * 6, at=STEP["dZ2"])
        assert own.position == Position(1, STEP["dW2"])
        assert own.levels == (Level("dW2", "elements"),)

    def test_backspace_at_the_first_line_goes_to_the_step_before_with_all_its_lines(self) -> None:
        own = session("article", "x", "backspace", at=STEP["dW2"])
        assert own.position == Position(1, STEP["dZ2"])
        assert own.blackboard is not None
        assert own.blackboard.is_whole

    def test_a_forward_and_an_update_step_are_one_line(self) -> None:
        for at in (1, 14):
            own = session("article", "x", at=at)
            assert own.blackboard is not None
            assert own.blackboard.is_whole
            assert press(own, "space").position == Position(1, at + 1)

    def test_with_pagedown_alone_every_line_of_every_gradient_is_gone_through(self) -> None:
        own, seen_lines = session("article", "x", at=STEP["dA2"]), set()
        while own.position.steps <= 13:
            board = own.blackboard
            assert board is not None
            seen_lines.add((board.level.symbol, len(board.lines)))
            press(own, "pagedown")
        for symbol in own.timeline.program.gradients:
            assert (symbol, 1) in seen_lines

    def test_paths_that_a_file_opens_turn_whatever_is_revealed(self) -> None:
        e = EXPERIMENTS["article"]
        opened = replace(e, look=replace(e.look, blackboard=(Level("dW2", "paths"),)))
        for key, form in (("tab", "matrices"), ("shift+tab", "elements")):
            own = press(Session(opened, names=sign_of), key)
            assert [level.form for level in own.levels] == [form]

    @given(st.sampled_from(list(EXPERIMENTS)), st.integers(0, 40))
    def test_taking_back_is_the_exact_reverse_of_revealing(self, name: str, presses: int) -> None:
        own = session(name, "x", at=STEP["dA2"])
        states = [shown(own)]
        for _ in range(presses):
            states.append(shown(press(own, "space")))
        for before in reversed(states[:-1]):
            assert shown(press(own, "backspace")) == before


class TestForms:
    @pytest.mark.parametrize(
        ("name", "symbol", "form"),
        [
            ("article", "dA2", "matrices"), ("article", "dZ2", "matrices"),
            ("article", "dW2", "elements"), ("article", "dZ1", "matrices"),
            ("softmax", "dA2", "elements"), ("softmax", "dZ2", "elements"),
            ("batch", "dW2", "elements"),
        ],
    )  # fmt: skip
    def test_it_opens_in_the_form_in_which_the_reason_is_seen(
        self, name: str, symbol: str, form: str
    ) -> None:
        own = session(name)
        own.go(Position(1, own.timeline.program.index(symbol) + 1))
        assert press(own, "x").levels[0].form == form

    def test_tab_changes_the_form_and_keeps_what_is_hidden_hidden(self) -> None:
        own = session("article", "x", "space", "tab", at=STEP["dZ2"])
        assert own.levels == (Level("dZ2", "elements", 2),)
        assert press(own, "tab").levels == (Level("dZ2", "matrices", 2),)

    def test_a_form_of_one_line_shows_it(self) -> None:
        own = session("softmax", "x", "tab", at=STEP["dA2"])
        assert own.levels == (Level("dA2", "matrices", 1),)
        assert not own.unrevealed

    def test_the_paths_are_there_once_every_line_is(self) -> None:
        own = session("article", "x", *["space"] * 5, "tab", "tab", at=STEP["dZ2"])
        assert own.levels[0].form == "paths"
        assert press(own, "space").position == Position(1, STEP["dW2"])


class TestLevels:
    def test_enter_opens_what_the_chosen_line_uses_and_escape_goes_out_again(self) -> None:
        own = session("article", "x", *["space"] * 3, "enter", at=STEP["dZ2"])
        assert [level.symbol for level in own.levels] == ["dZ2", "sigmoid_derivative"]
        assert own.unrevealed
        press(own, "escape")
        assert own.levels == (Level("dZ2", shown=4, line=4),)
        press(own, "up", "up", "enter")
        assert own.levels[-1].symbol == "dA2"
        press(own, "escape", "escape")
        assert own.blackboard is None

    def test_space_goes_through_what_was_opened_and_out_of_it(self) -> None:
        own = session("softmax", "x", *["space"] * 3, "enter", at=STEP["dZ2"])
        assert own.levels[-1].symbol == "A2"
        assert own.blackboard is not None
        assert len(own.blackboard.derivation.lines) == 5
        press(own, *["space"] * 5)
        assert [level.symbol for level in own.levels] == ["dZ2"]

    def test_a_line_that_uses_nothing_says_so(self) -> None:
        own = session("article", "x", "enter", at=STEP["dZ2"])
        assert "nothing that has a derivation" in own.message

    def test_an_update_opens_the_gradient_that_it_reads(self) -> None:
        own = session("article", "x", "enter", at=14)
        assert [level.symbol for level in own.levels] == ["W1", "dW1"]


class TestOtherCommands:
    def test_go_to_derives_the_step_that_it_leads_to(self) -> None:
        own = session("article", "x", "g", "d", "Z", "1", "enter", at=STEP["dZ2"])
        assert own.position == Position(1, STEP["dZ1"])
        assert own.levels == (Level("dZ1"),)

    def test_an_edit_leaves_the_lines_as_they_are(self) -> None:
        own = session("article", "x", "space", "e", "0", ".", "7", "enter", at=STEP["dZ2"])
        assert own.timeline.iteration(1).scalars["alpha"] == 0.7
        assert own.levels == (Level("dZ2", shown=2),)

    def test_a_given_number_has_no_derivation(self) -> None:
        own = session(at=STEP["dZ2"])
        assert own.do("derive", "X").said == ("X is given: it has no derivation.",)
        assert own.do("derive", "dW1").said == ("dW1 is not computed yet: step 12 computes it.",)
        assert own.blackboard is None

    def test_the_number_that_is_looked_at_is_derived_and_the_step_keeps_its_value(self) -> None:
        own = session(at=STEP["dW1"])
        own.do("derive", "dW2[1,3]")
        assert own.levels[0].symbol == "dW2"
        assert own.levels[0].cell is not None
        assert not own.unrevealed


class TestRunning:
    def test_it_reveals_lines_and_any_key_of_time_pauses_it_first(self) -> None:
        own = session("article", "x", at=STEP["dZ2"])
        for id_ in ("next", "restart"):
            here = own.position, own.levels
            own.do("run")
            own.do(id_)
            assert (own.playing, own.position, own.levels) == (False, *here)
        own.act(lambda: deriving.beat(own))
        assert own.levels == (Level("dZ2", shown=2),)
        own.blackboard = own.blackboard and own.blackboard.whole()
        own.act(lambda: deriving.beat(own))
        assert own.position.steps > STEP["dZ2"]

    def test_at_the_end_of_a_run_it_pauses(self) -> None:
        own = Session(load("too-large"))
        own.do("edit", "W1[1,1] 1e200")
        own.do("edit", "alpha 1e200")
        own.do("goto", "end")
        own.do("run")
        own.act(lambda: deriving.beat(own))
        assert not own.playing
        assert own.do("write", "Z1").said == ("The run ends here: no step comes next.",)


def test_back_leads_from_the_paths_to_the_lines_and_from_an_inner_line_out() -> None:
    own = session("article", "x", *["space"] * 5, "tab", "tab", at=STEP["dZ2"])
    assert own.levels == (Level("dZ2", "paths", 6),)
    assert press(own, "backspace").levels == (Level("dZ2", shown=6),)
    assert len(press(own, "up", "up", "enter").levels) == 2
    assert press(own, "backspace").levels == (Level("dZ2", shown=6, line=4),)


class TestQuestions:
    def asked(self, mode: str, *keys: str) -> Session:
        own = session("article", at=STEP["dZ2"])
        own.mode = mode
        return press(own, "x", "space", "space", *keys)

    def test_one_line_is_asked_for_before_it_is_revealed(self) -> None:
        own = self.asked("vote", "space")
        assert own.asking is not None
        assert own.asking.asked.line == 4
        assert own.levels[0].shown == 3
        right = next(k for k, choice in enumerate(own.asking.choices, 1) if choice.right)
        press(own, str(right))
        assert own.message == "✓ Correct: σ′ = σ ∘ (1 − σ)."
        assert own.levels[0].shown == 4
        assert own.score is not None
        assert own.score.right == 1

    def test_it_is_asked_once_and_the_numbers_of_its_step_are_not(self) -> None:
        own = self.asked("vote", "space", "space", "backspace", "space")
        assert own.asking is None
        press(own, "space", "space", "space")
        assert own.position == Position(1, STEP["dW2"])
        assert own.asking is None

    def test_backspace_takes_the_question_away(self) -> None:
        own = self.asked("vote", "space", "backspace")
        assert own.asking is None
        assert own.levels[0].shown == 3

    def test_the_next_line_is_typed_and_judged_by_its_value(self) -> None:
        own = self.asked("type", "space")
        assert own.prompt is not None
        press(own, *"A2-Y", "enter")
        assert own.levels[0].shown == 4
        assert own.prompt is None

    @pytest.mark.parametrize("mode", ["vote", "type"])
    @pytest.mark.parametrize(("id_", "rest"), [("derive", "dZ2"), ("why", "dZ2[1,1]")])
    def test_a_line_is_of_the_step_shown_or_not_asked_for(
        self, id_: str, rest: str, mode: str
    ) -> None:
        own = session("article", "x", at=STEP["dW2"])
        own.mode = mode
        own.do(id_, rest)
        board = own.blackboard
        assert board is not None
        for shown in range(2, len(board.derivation.lines) + 1):
            own.do("next") if id_ == "derive" else own.act(lambda: deriving.forward(own, ""))
            assert own.asking is None
            assert own.levels[0].shown == shown

    def test_a_lesson_asks_for_a_line_and_opens_the_blackboard_for_it(self) -> None:
        asks = """
        [[questions]]
        at = "dZ2"
        form = "line"
        text = "How is the derivative of σ written?"
        """
        own = Session(_with(asks))
        own.mode = "lesson"
        own.go(Position(1, 6))
        press(own, "space")
        assert own.position == Position(1, 7)
        assert own.levels == (Level("dZ2"),)
        press(own, "space", "space", "space")
        assert own.asking is not None
        assert own.asking.asked.text == "How is the derivative of σ written?"

    def test_a_number_that_a_question_has_told_is_not_hidden_and_its_lines_are_gone_through(
        self,
    ) -> None:
        asks = '[[questions]]\nat = "dZ2"\nform = "vote"\ntext = "Which?"'
        own = Session(_with(asks))
        own.mode = "lesson"
        own.go(Position(1, 6))
        press(own, "x", "space", "space", "space")
        assert own.view.value("dZ2") is not None
        assert own.levels == (Level("dZ2"),)
        press(own, "space")
        assert own.levels == (Level("dZ2", shown=2),)

    def test_a_line_is_asked_for_at_a_gradient_alone(self) -> None:
        with pytest.raises(ExperimentError, match=r"questions\[1\].at must be one of dA2, dZ2"):
            _with('[[questions]]\nat = "Z1"\nform = "line"\ntext = "Which?"')


class TestLaws:
    @given(
        st.sampled_from(list(EXPERIMENTS)),
        st.lists(st.sampled_from(KEYS), max_size=40),
        st.lists(st.integers(0, 3), max_size=40),
    )
    def test_a_burst_is_slow_typing(self, name: str, keys: list[str], pauses: list[int]) -> None:
        slow, burst = session(name, at=STEP["dZ2"]), session(name, at=STEP["dZ2"])
        for key in keys:
            press(slow, key)
            while slow.job or slow.background:
                slow.work(1.0)
            assert slow.view.blackboard == slow.blackboard
        for key, pause in zip(keys, [*pauses, *[0] * len(keys)], strict=False):
            press(burst, key)
            if pause == 3:
                burst.work(0.0005)
        while burst.job or burst.background:
            burst.work(1.0)
        assert shown(burst) == shown(slow)

    @given(st.lists(st.sampled_from(KEYS), max_size=20))
    def test_a_code_and_a_file_open_it_as_it_was(self, keys: list[str]) -> None:
        own = session("softmax", *keys, at=STEP["dZ2"])
        code = code_of(seen(own), own.position)
        keyframe = keyframe_of(own.timeline, own.position.iteration)
        file = text_of(seen(own), own.position, keyframe, "")
        for again in (experiment_of(code), read_experiment(file, "mine", "mine.toml")):
            opened = Session(again)
            assert opened.levels == own.levels
            assert opened.unrevealed == own.unrevealed

    def test_a_file_that_derives_what_is_not_there_is_refused(self) -> None:
        with pytest.raises(ExperimentError, match=r"view.blackboard\[1\].symbol must be one of"):
            _with_board('[{ symbol = "dZ9" }]')
        with pytest.raises(ExperimentError, match=r"blackboard\[1\].form must be one of"):
            _with_board('[{ symbol = "dZ2", form = "words" }]')


def _with_board(levels: str) -> Experiment:
    return _with(f"[view]\nblackboard = {levels}")


def _with(more: str) -> Experiment:
    """A network of three inputs with more in its file."""
    text = """
    [network]
    layers = [3, 3, 1]
    activations = ["sigmoid", "sigmoid"]
    loss = "binary_cross_entropy"
    [data]
    X = [[1.0, 0.5, -0.5]]
    Y = [[1.0]]
    """
    return read_experiment(f"{text}\n{more}\n", "mine", "mine.toml")
