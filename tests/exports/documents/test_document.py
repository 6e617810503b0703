"""What a document says of a run: which number is worked out, what was printed, edited, named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backprop_tui import lessons
from backprop_tui.exports.documents.document import Chapter, WorkedStep, chapters, opening
from backprop_tui.exports.formats import Wanted
from backprop_tui.files.experiment_file import load, read_experiment
from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.maths.writing import LATEX, TEXT
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Edit
from backprop_tui.run.edits import with_edit
from backprop_tui.run.timeline import Timeline
from tests.exports.runs import exported


def written(experiment: Experiment, iterations: int = 1) -> list[Chapter]:
    return list(chapters(Timeline(experiment), Wanted(iterations)))


def steps(experiment: Experiment, iteration: int = 1) -> dict[str, WorkedStep]:
    chapter = written(experiment, iteration)[-1]
    return {w.step.symbol: w for _, own in chapter.phases for w in own}


class TestTheNumberThatIsWorkedOut:
    def test_is_the_first_where_it_tells_something(self) -> None:
        assert {w.explanation.cell.partition("[")[2] for w in steps(load("article")).values()} == {
            "1,1]"
        }

    def test_is_none_that_comes_to_nothing(self) -> None:
        found = steps(load("ai-by-hand"))
        assert found["dW3"].explanation.cell == "dW3[1,2]"  # column 1 is 0
        assert found["dW3"].element(TEXT)[-1] == "= 0.992"

    def test_of_an_update_is_one_that_moves(self) -> None:
        found = steps(load("dead-relu"))
        assert found["W1"].explanation.cell == "W1[2,1]"  # row 1 stands still

    def test_shows_a_gate_that_is_closed(self) -> None:
        assert steps(load("dead-relu"))["A1"].element(TEXT)[1:] == ["= relu(−1.500)", "= 0.000"]

    def test_is_the_first_where_none_is_better(self) -> None:
        assert steps(load("zeros"))["dW1"].explanation.cell == "dW1[1,1]"


def test_an_update_is_an_assignment_and_no_equation() -> None:
    step = steps(load("article"))["W1"]
    assert step.index_form(TEXT) == "W1[i,j] ← W1[i,j] − α·dW1[i,j]"
    assert step.element(TEXT) == [
        "W1[1,1] ← W1[1,1] − α·dW1[1,1]",
        "= 0.500 − 0.5 × 0.038",
        "= 0.481",
    ]
    assert step.element(LATEX)[0].startswith(r"W^{[1]}_{1,1} \leftarrow W^{[1]}_{1,1} - ")


def test_a_negative_number_behind_a_sign_has_parentheses_in_remarks_too() -> None:
    (remark, *_) = steps(load("softmax"))["dZ2"].explanation.remarks
    assert "+ (−4.425) × 0.226" in remark


class TestFiguresInPrint:
    def test_stand_with_the_step_that_makes_their_numbers(self) -> None:
        found = steps(load("mazur"))
        assert found["A1"].published == (
            "✓ As printed (Matt Mazur): A1[1,1] = 0.593269992, A1[2,1] = 0.596884378",
        )
        assert found["dZ2"].published == ("✓ As printed (Matt Mazur): dZ2[1,1] = 0.138498562",)
        assert any("A Step by Step" in said for said in opening(Timeline(load("mazur")), 3))

    def test_that_are_an_expression_stand_with_what_they_are_read_off(self) -> None:
        assert "−dZ2[1,1] = 0.1311" in steps(load("han-kamber"))["dZ2"].published[0]

    def test_that_are_wrong_there_say_why_and_what_is_right(self) -> None:
        (first, *_) = steps(load("ai-by-hand"))["dZ2"].published
        assert first == (
            "≠ Tom Yeh prints dZ2[1,1] = 0.0033576616265025283. Known to be wrong: the sheet "
            "leaves out ReLU's derivative in layer 2: its dZ2 is a copy of dA2. Correct is 0."
        )

    def test_that_this_run_does_not_give_are_said(self) -> None:
        found = steps(load("mazur", {"mistake": "updated-weights"}))["dA1"].published
        assert found == ("✗ Matt Mazur prints dA1[1,1] = 0.036350306; here it is 0.0302297",)

    def test_of_a_large_matrix_are_counted(self) -> None:
        (line,) = steps(load("ai-by-hand"))["dW3"].published
        assert line.startswith("✓ As printed (Tom Yeh): 12 figures, from dW3[1,1] = 0 to dW3[3,4]")

    @pytest.mark.parametrize("name", ["html", "markdown", "latex"])
    def test_are_in_every_document(self, name: str) -> None:
        sign = {"latex": r"$\checkmark$"}.get(name, "✓")
        assert f"{sign} As printed (Matt Mazur): " in exported(name, load("mazur"))


class TestEdits:
    def test_are_said_at_the_iteration_that_they_hold_from(self) -> None:
        edited = load("article")
        for edit in (
            Edit(2, Name("alpha"), 0.1),
            Edit(2, Cell("W1", 1, 2), 0.25),
            Edit(2, Cell("X", 1, 1), 2.0),
        ):
            edited = with_edit(edited, edit)
        first, second = written(edited, 2)
        assert first.edited == ()
        assert second.edited == (
            "Edited: α from iteration 2 on is 0.1 (was 0.5).",
            "Edited: W1[1,2] is now 0.25 (was 0.990433).",
            "Edited: X[1,1] from iteration 2 on is 2 (was 1).",
        )

    def test_of_an_input_name_the_example(self) -> None:
        edited = with_edit(load("batch"), Edit(1, Cell("Y", 1, 3), 0.0))
        assert written(edited)[0].edited[0].startswith("Edited: Y[1,3] of example 3 from ")

    def test_of_one_number_are_the_last(self) -> None:
        edited = replace(
            load("article"), edits=(Edit(1, Name("alpha"), 1.0), Edit(1, Name("alpha"), 2.0))
        )
        assert written(edited)[0].edited == ("Edited: α from iteration 1 on is 2 (was 0.5).",)


class TestNames:
    @pytest.fixture
    def iris(self, tmp_path: Path) -> Experiment:
        rows = ["length,width,species", "1.4,0.2,setosa", "4.7,1.4,versicolor", "1.3,0.3,setosa"]
        (tmp_path / "iris.csv").write_text("\n".join(rows), "utf-8")
        (tmp_path / "iris.toml").write_text(
            "[network]\nlayers = [2, 2]\nactivations = ['softmax']\nloss = 'cross_entropy'\n"
            "[data]\ncsv = 'iris.csv'\ntarget = 'species'\nstandardize = true\n",
            "utf-8",
        )
        return load(str(tmp_path / "iris.toml"))

    def test_of_a_file_stand_at_the_rows(self, iris: Experiment) -> None:
        (chapter,) = written(iris)
        sides = {m.symbol: [side for side, _ in m.rows] for m in chapter.given}
        assert sides["X"] == ["1 length", "2 width"]
        assert sides["Y"] == ["1 setosa", "2 versicolor"]
        assert sides["W1"] == ["1", "2"]
        assert [side for side, _ in steps(iris)["A1"].matrix.rows] == sides["Y"]
        assert "1 setosa" in exported("latex", iris)

    def test_inputs_that_are_not_the_files_own_are_said(self, iris: Experiment) -> None:
        assert any(said.startswith("Inputs are standardized") for said in opening_of(iris))
        assert not any("standardized" in said for said in opening_of(load("xor")))

    def test_what_targets_stand_for_is_said(self) -> None:
        neuron = load("neuron")
        named = replace(neuron, data=replace(neuron.data, classes=("no", "yes")))
        assert "A target of 0 is no, 1 is yes." in opening_of(named)
        assert not any("A target of" in said for said in opening_of(neuron))


def test_of_each_printed_figure_it_is_said_how_it_compares() -> None:
    figures = '[[published]]\nsource = "A"\nZ1 = "0.20"\nA1 = "0.549"\nL = "0.7"'
    source = lessons.text("neuron").partition("[[notes")[0] + figures
    found = steps(read_experiment(source, "printed", "printed.toml"))
    assert [line for s in ("Z1", "A1", "L") for line in found[s].published] == [
        "✓ As printed (A): Z1[1,1] = 0.20",
        "≈ A prints A1[1,1] = 0.549: cut, not rounded",
        "✗ A prints L[1,1] = 0.7; here it is 0.598139",
    ]


def opening_of(experiment: Experiment) -> list[str]:
    return opening(Timeline(experiment), 3)
