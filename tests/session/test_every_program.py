"""A session with any network that is written as formulas: all that it does for a dense one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backprop_tui.explain.explanation import Explanation
from backprop_tui.explain.provenance import Place
from backprop_tui.learn.formulas import judge
from backprop_tui.learn.mistakes import CATALOGUE, slips_of
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position
from backprop_tui.session.session import Session
from backprop_tui.tui.paint.paths import path_lines
from tests.formulas import ASKED, NAMES, program_file
from tests.programs import NORMED, ROOT

every_program = pytest.mark.parametrize("name", NAMES)


def opened(name: str) -> Session:
    return Session(program_file(name))


def through_an_iteration(session: Session) -> Iterator[str]:
    """The symbol of each step, once it is done or asked for."""
    for step in session.timeline.program.steps:
        session.do("next")
        yield step.symbol


class TestQuestions:
    @pytest.mark.parametrize("name", ASKED)
    def test_the_correct_choice_is_right_at_every_step(self, name: str) -> None:
        session = opened(name)
        session.do("ask", "vote")
        for symbol in through_an_iteration(session):
            asking = session.asking
            assert asking is not None
            assert asking.is_open
            assert asking.cell.symbol == symbol
            assert "None" not in asking.asked.text
            session.do("hint")
            if asking.asked.correct is None:  # to be said before it shows
                session.do("next")
                continue
            session.do("choose", str(asking.choices.index(asking.asked.correct) + 1))
            assert session.over is not None
            assert session.over.outcome is not None
            assert session.over.outcome.value == "right"
        assert session.score is not None
        assert not session.score.missed

    @pytest.mark.parametrize("name", ASKED)
    def test_a_typed_number_is_judged_at_every_step(self, name: str) -> None:
        session = opened(name)
        session.do("ask", "type")
        for _ in through_an_iteration(session):
            asking = session.asking
            assert asking is not None
            assert asking.is_open
            number = session.provenance.number(asking.asked.place)
            for _hint in range(3):
                session.do("hint")
            session.answer(str(number + 1000))
            assert session.asking is not None
            assert (session.asking.whole or session.asking).misses == 1
            if session.asking.whole:
                session.do("leave")  # the parts of the number
            session.answer(str(number))
            assert session.asking is not None
            assert not session.asking.is_open
        assert session.score is not None
        assert session.score.right == len(session.timeline.program.steps)

    @every_program
    def test_a_step_s_own_formula_is_right_and_others_are_told_apart(self, name: str) -> None:
        experiment = program_file(name)
        for number, step in enumerate(experiment.program.steps):
            own = text(step.expression)
            assert judge(experiment, step.symbol, own).accepted, own
            wrong = (f"{own} + 1", f"-({own})", "q", step.symbol, "2·")[number % 5]
            judged = judge(experiment, step.symbol, wrong)
            assert not judged.accepted, wrong
            assert judged.sentence

    def test_a_value_asks_with_its_formula_and_an_own_objective_too(self) -> None:
        asked = {}
        for name in ("rnn", "joint"):
            session = opened(name)
            session.do("ask", "vote")
            for symbol in through_an_iteration(session):
                assert session.asking is not None
                asked[symbol] = session.asking.asked.text
                session.do("next")
        assert asked["Z2"] == "What is Z2[1,1]? (Z2 = Wx·X2 + Wh·H1 + b)"
        assert asked["J"] == "What is J? (J = sqrt(total(L²)) + 0.1·total(W^4))"
        assert asked["dL"] == "How fast does J change with L[1,1]? (∂J/∂L[1,1])"

    @pytest.mark.parametrize(
        ("experiment", "symbol", "loss"),
        [(NORMED, "dN", "L"), (NORMED, "dV", "J"), (ROOT, "dA", "J")],
    )
    def test_a_gradient_is_asked_for_as_that_of_its_loss(
        self, experiment: Experiment, symbol: str, loss: str
    ) -> None:
        session, of = Session(experiment), symbol[1:]
        session.do("ask", "vote")
        for done in through_an_iteration(session):
            if done == symbol:
                assert session.asking is not None
                assert f"(∂{loss}/∂{of}[1,1])" in session.asking.asked.text
            session.do("next")

    def test_paths_lead_to_j_where_all_gradients_are_of_it(self) -> None:
        session = Session(ROOT)
        session.go(Position(1, session.timeline.program.index("dA") + 1))
        for command in ("derive", *["next_matrix"] * 4):
            session.do(command)
        assert path_lines(session.view, 100, 30)[0][0] == "dA[1,1] = ∂J/∂A[1,1]: 1 path to the loss"


class TestMistakes:
    @every_program
    @pytest.mark.parametrize("mistake", CATALOGUE)
    def test_it_is_made_or_it_is_said_that_it_is_not_possible(
        self, name: str, mistake: str
    ) -> None:
        session = opened(name)
        session.do("mistake", mistake)
        made = slips_of(session.timeline.program)
        position = Position(2, len(session.timeline.program.steps))
        session.go(position)
        idle = session.view.without_effect
        assert made or idle == "is not possible in this network"
        for step in session.timeline.program.steps:  # what is said of it can be said
            cell = Cell(step.symbol, 1, 1)
            assert Explanation(session.provenance, Place(1, cell), session.write).reason
        session.do("check")
        assert not session.was_refused

    def test_what_is_said_of_it_names_no_layer_s_matrices(self) -> None:
        session = opened("rnn")
        for mistake, said in (
            ("derivative-left-out", "The activation's derivative is left out."),
            ("bias-forgotten", "The bias is missing."),
        ):
            assert session.do("mistake", mistake).said == (f"{said} undo takes it back.",)

    @every_program
    def test_the_list_tells_which_change_nothing(self, name: str) -> None:
        session = opened(name)
        session.do("mistake")
        assert session.opened


class TestLookingAtIt:
    @every_program
    def test_every_number_leads_back_to_what_is_given(self, name: str) -> None:
        session = opened(name)
        program = session.timeline.program
        shapes = program.shapes(program.training.batch)
        for step in program.steps:
            rows, columns = shapes[step.symbol]
            place = Place(1, Cell(step.symbol, rows, columns))
            seen = 0
            while session.provenance.step_of(place) is not None:
                found = Explanation(session.provenance, place, session.write)
                assert found.formula
                assert found.reason
                assert found.result
                assert isinstance(found.remarks, tuple)
                place = session.provenance.reads(place)[0]
                seen += 1
                assert seen < 100
            assert session.provenance.given(place)

    @every_program
    def test_every_gradient_is_derived_to_its_last_line_in_every_form(self, name: str) -> None:
        session = opened(name)
        program = session.timeline.program
        for symbol in program.gradients:
            session.go(Position(1, program.index(symbol) + 1))
            session.do("derive")
            for _ in range(60):
                assert session.blackboard is not None
                if session.blackboard.is_whole:
                    break
                session.do("next")
            forms = set()
            for _ in range(3):
                session.do("next_matrix")
                board = session.blackboard
                assert board is not None
                assert board.is_whole
                forms.add(board.level.form)
                assert board.level.form == "paths" or board.lines[-1].rule
                session.do("why")  # what its last line uses
                if len(session.levels) > len(board.levels):
                    session.do("leave")
            assert forms == {"matrices", "elements", "paths"}
            session.do("derive", "off")

    @every_program
    def test_every_given_number_can_be_changed_and_changed_back(self, name: str) -> None:
        session = opened(name)
        session.do("next")
        for symbol in session.timeline.program.given:
            session.do("edit", f"{symbol}[1,1] 0.3")
            assert not session.was_refused, symbol
            session.do("iteration")
            session.do("undo")
            assert not session.was_refused, symbol
