"""`backprop-tui check`: what it finds, how it says so, and its exit status."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest

from backprop_tui import lessons
from backprop_tui.__main__ import main
from backprop_tui.cli import streams
from backprop_tui.explain.gradient_check import check_gradient
from backprop_tui.maths.expressions import Expr, Neg
from backprop_tui.model import algorithm, program
from backprop_tui.model.architecture import Step
from backprop_tui.model.program import Program
from backprop_tui.run.iterations import Iteration
from tests.formulas import FOLDER

SMALL = """
title = "Small"
[network]
layers = [1, 1]
activations = ["linear"]
loss = "half_squared_error"
[training]
learning_rate = 0.5
[data]
X = [[2]]
Y = [[1]]
[initial]
W1 = [[0.5]]
b1 = [0.25]
"""


AS_PRINTED = ["as", "printed"]


class Check:
    """The command, run on a lesson or on the text of a file."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.capsys, self.folder = capsys, folder

    def __call__(self, *argv: str) -> tuple[int, list[str]]:
        status = main(["check", *argv])
        out, err = self.capsys.readouterr()
        return status, (err or out).splitlines()

    def file(self, text: str, *argv: str) -> tuple[int, list[str]]:
        path = self.folder / "small.toml"
        path.write_text(text, encoding="utf-8")
        return self(str(path), *argv)


@pytest.fixture
def check(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Check:
    monkeypatch.setenv("COLUMNS", "80")
    return Check(capsys, tmp_path)


AT_A_KINK = """
data = { X = [[1.0, 0.5]], Y = [[0]] }
initial = { W1 = [[0.0, 0.0], [1.0, 0.5]] }
[network]
layers = [2, 2, 1]
activations = ["relu", "linear"]
loss = "half_squared_error"
"""
"""The first neuron's Z is 0."""


def row(report: list[str], first: str) -> list[str]:
    """The words of the first row that begins with this one."""
    return next(words for words in map(str.split, report) if words[:1] == [first])


def published(lines: str) -> str:
    return f'{SMALL}\n[[published]]\nsource = "a book"\n{lines}'


def test_formulas_of_ones_own_are_judged(check: Check) -> None:
    own = '[formulas]\ndW1 = "dZ1 @ X.T / m"\nW1 = "W1 - 0.5*dW1"\n'
    status, report = check.file(SMALL + own)
    assert status == 0
    assert "dW1 = dZ1 · Xᵀ / m  Your formula is correct for any batch size." in report
    assert report[-1].startswith("All 4 gradients agree. Your 2 own formulas are correct. ")
    status, report = check.file(SMALL + own + 'db1 = "3*dZ1"\n')
    assert status == 1
    told = " ".join(" ".join(report).split())
    assert "db1 = 3 · dZ1 WRONG: Close: it is 3 times the correct value." in told
    assert "Of your 3 own formulas 1 is WRONG: db1." in report[-1]


def test_of_one_the_line_that_sums_up_gives_no_numbers(check: Check) -> None:
    _, report = check.file(SMALL + '[formulas]\ndb1 = "3*dZ1"\n')
    assert " Your own formula is WRONG: db1. " in report[-1]
    known = 'known_wrong = [{ of = "A1", printed = "9", why = "A slip." }]'
    _, report = check.file(published(known))
    assert report[-1].endswith(" 1 published figure is known wrong.")
    _, report = check.file(
        '[parameters]\nW = [1, 1]\n[forward]\nL = "(W·X)²"\n[data]\nX = [[1.0]]\n',
        "--mistake",
        "sign-flipped",
    )
    assert report[-1].startswith("The gradient DIFFERS: dW. ")


class TestLessons:
    @pytest.mark.parametrize("name", lessons.NAMES)
    def test_pass(self, name: str, check: Check) -> None:
        status, report = check(name)
        assert status == 0
        assert report[-1].startswith("All ")
        assert "DIFFER" not in "".join(report)
        assert max(map(len, report[:-1])) <= 80

    def test_the_test_is_told_in_plain_words_at_the_top(self, check: Check) -> None:
        _, report = check()
        assert " ".join(report[:6]).endswith(
            "The gradient check: change one number a little, up and down, and compute the loss "
            "each time; the change of the loss divided by the change of the number is the "
            "derivative."
        )

    def test_figures_stand_with_their_source_and_the_computed_number(self, check: Check) -> None:
        _, report = check("mazur")
        assert "Published, iteration 10,001: Matt Mazur, A Step by Step Backpropagation" in "".join(
            report
        )
        assert row(report, "A1[1,1]") == [
            "A1[1,1]",
            "0.593269992",
            "0.59326999211",
            "as",
            "printed",
        ]
        assert report[-1] == (
            "All 8 gradients agree. All 22 published figures are as printed; 4 more are known "
            "wrong."
        )

    def test_a_figure_known_to_be_wrong_is_marked_with_the_correct_one(self, check: Check) -> None:
        _, report = check("mazur")
        told = "L[1,1]  0.291027924  0.29102777369  known wrong: correct is 0.291027774"
        assert told in report
        assert any(line.startswith("L[1,1] is known to be wrong: its program") for line in report)

    def test_a_bound_is_told(self, check: Check) -> None:
        _, report = check("han-kamber")
        assert row(report, "−dZ2[1,1]")[3:] == ["within", "0.0001"]
        assert report[-1].endswith(
            "All 20 published figures are as printed, 1 of them within the stated bound."
        )

    def test_a_changed_run_is_not_held_to_the_figures(self, check: Check) -> None:
        status, report = check("mazur", "--seed", "3")
        assert status == 0
        assert report[-1] == "All 8 gradients agree. There are no published figures for this run."


class TestFigures:
    """W1·X + b1 is 1.25, so A1 − Y is 0.25, L 0.03125, dW1 0.5; after the update W1 is 0.25."""

    def test_all_that_is_right_passes(self, check: Check) -> None:
        lines = 'A1 = "1.25"\nL = "0.03125"\n"dW1[1,1]" = "0.50"\nW1 = "0.25"\n"-dZ1" = "-0.25"'
        status, report = check.file(published(lines))
        assert status == 0
        assert report[-1].endswith("All 5 published figures are as printed.")

    def test_a_wrong_digit_fails(self, check: Check) -> None:
        status, report = check.file(published('A1 = "1.27"\nL = "0.03125"'))
        assert status == 1
        assert row(report, "A1[1,1]") == ["A1[1,1]", "1.27", "1.25", "WRONG"]
        assert report[-1].endswith("Of 2 published figures: 1 as printed; 1 WRONG: A1[1,1].")

    def test_usual_rounding_is_told_and_passes(self, check: Check) -> None:
        """With W1 0.505 and X 2.5, Z1 is 1.5125; L is 0.131328, but 0.130050 from A1 = 1.51."""
        text = published('A1 = "1.51"\nZ1 = "1.511"\nL = "0.1300"\n"-dZ1" = "-0.511"')
        text = text.replace("[[2]]", "[[2.5]]").replace("[[0.5]]", "[[0.505]]")
        status, report = check.file(text)
        assert status == 0
        assert " ".join(row(report, "A1[1,1]")[3:]) == "as printed"
        assert " ".join(row(report, "Z1[1,1]")[3:]) == "one unit off in the last digit"
        assert " ".join(row(report, "L[1,1]")[3:]) == "right if every step is rounded to 2 places"
        assert report[-1].endswith(
            "Of 4 published figures: 1 as printed; 2 one unit off in the last digit; "
            "1 right if every step is rounded."
        )

    def test_a_parameter_in_an_expression_may_be_meant_before_the_update(
        self, check: Check
    ) -> None:
        status, report = check.file(published('W1 = "0.5"\n"W1 + b1" = "9"\n"W1·X" = "1"'))
        said = " ".join(" ".join(report).split())
        assert status == 1
        assert (
            'W1 is meant after the update. The key "before: W1" means the value before it, '
            "which is as printed." in said
        )
        assert 'The key "before: W1 + b1" means the value before it.' in said
        assert "Of 3 published figures: 1 equal before the update; 2 WRONG: " in said
        status, report = check.file(published('"before: W1 · X" = "1"\n"before:b1" = "0.25"'))
        assert status == 0
        assert report[-1].endswith("All 2 published figures are as printed.")
        status, report = check.file(published('"before: W9" = "1"'))
        assert status == 2
        assert "W9" in report[0]

    def test_a_wrong_digit_within_a_bound_passes(self, check: Check) -> None:
        status, report = check.file(published('within = 0.1\nA1 = "1.26"'))
        assert status == 0
        assert row(report, "A1[1,1]")[3:] == ["within", "0.1"]

    def test_a_parameter_is_meant_after_the_update(self, check: Check) -> None:
        assert check.file(published('W1 = "0.5"'))[0] == 1

    @pytest.mark.parametrize(
        ("printed", "correct", "told"),
        [
            ("1.26", "", "known wrong"),
            ("1.26", ', correct = "1.25"', "known wrong: correct is 1.25"),
            ("1.26", ', correct = "1.27"', "known wrong, but 1.27 is not correct either"),
            ("1.25", "", "listed as wrong, but computed the same"),
        ],
    )
    def test_what_is_known_wrong_never_fails(
        self, printed: str, correct: str, told: str, check: Check
    ) -> None:
        wrong = f'known_wrong = [{{ of = "A1", printed = "{printed}", why = "a slip"{correct} }}]'
        status, report = check.file(published(wrong))
        assert status == 0
        assert " ".join(row(report, "A1[1,1]")[3:]) == told
        assert "A1[1,1] is known to be wrong: a slip" in report

    def test_a_figure_after_the_run_diverged_fails(self, check: Check) -> None:
        wild = published('iteration = 5000\nL = "0.1"').replace("= 0.5\n", "= 1e200\n", 1)
        status, report = check.file(wild)
        assert status == 1
        assert " ".join(row(report, "L[1,1]")) == "L[1,1] 0.1 … WRONG: the run diverged before"

    def test_a_faulty_entry_is_refused(self, check: Check) -> None:
        status, report = check.file(published("A1 = 1.25"))
        assert status == 2
        assert "published[1].A1 must be in quotes" in report[0]


class TestForItsAuthor:
    QUESTION = '[[questions]]\nat = "db1"\nform = "{}"\ntext = "How large?"\n'

    def test_what_will_disappoint_is_told_and_is_no_failure(self, check: Check) -> None:
        note = f'[[notes]]\nat = "L"\ntext = "{"long " * 20}"\n'
        status, report = check.file(SMALL + note + self.QUESTION.format("vote"))
        assert status == 0
        told = " ".join(report[report.index("For its author") :])
        assert "notes[1].text takes 2 lines at 80 columns" in told
        assert "questions[1] is a vote with too few choices" in told
        assert report[-1].startswith("All 4 gradients agree.")

    def test_where_nothing_will_nothing_is_told(self, check: Check) -> None:
        _, report = check.file(SMALL + self.QUESTION.format("number"))
        assert "For its author" not in report

    def test_a_parameter_that_is_never_updated_is_told(self, check: Check) -> None:
        source = (FOLDER / "rnn.toml").read_text("utf-8")
        _, report = check.file(source.replace("[training]", "U = [2, 2]\n[training]"))
        author = report.index("For its author")
        assert report[author + 1] == "parameters.U is used by no line: it is never updated"

    def test_faults_come_first_and_alone(self, check: Check) -> None:
        faulty = self.QUESTION.format("talk") + 'cell = [2, 1]\n[[notes]]\nat = "L"'
        status, report = check.file(SMALL + faulty)
        assert status == 2
        assert [line.partition("small.toml")[2].split()[1] for line in report] == [
            "questions[1].answer",
            "questions[1].cell",
            "notes[1].text",
        ]


def sabotaged(monkeypatch: pytest.MonkeyPatch, symbol: str) -> None:
    """Every program computes minus what the derivation says for one symbol."""
    honest = program.lower_all

    def lower_all(steps: tuple[Step, ...]) -> Iterator[Expr]:
        for step, expression in zip(steps, honest(steps), strict=True):
            yield Neg(expression) if step.symbol == symbol else expression

    monkeypatch.setattr(program, "lower_all", lower_all)
    monkeypatch.setattr(algorithm, "_program", algorithm._program.__wrapped__)  # none that is kept


class TestGradients:
    def test_each_stands_with_its_worst_cell_and_both_numbers(self, check: Check) -> None:
        _, report = check.file(SMALL)
        gradient, cell, backprop, numerical, *difference, cells, verdict = row(report, "dW1")
        assert (gradient, cell, backprop, numerical) == ("dW1", "[1,1]", "0.500000", "0.500000")
        assert (*difference, cells, verdict) == ("<", "1e−9", "1", "agrees")

    @pytest.mark.parametrize("symbol", ["dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"])
    def test_a_wrong_one_fails(
        self, symbol: str, check: Check, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sabotaged(monkeypatch, symbol)
        status, report = check("article")
        assert status == 1
        assert row(report, symbol)[-1] == "DIFFERS"
        assert "DIFFER" in report[-1]
        assert symbol in report[-1]

    def test_only_what_follows_from_a_wrong_one_differs(
        self, check: Check, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sabotaged(monkeypatch, "dZ1")
        _, report = check("article")
        assert report[-1].startswith("Of 8 gradients 5 agree, 3 DIFFER: dZ1, dW1, db1. ")

    def test_a_kink_is_no_failure(self, check: Check) -> None:
        relu = SMALL.replace("linear", "relu").replace("0.25", "-1.0")  # Z1 is 0
        status, report = check.file(relu)
        assert status == 0
        assert row(report, "dZ1")[-2:] == ["a", "kink"]
        assert report[-1].startswith("Of 4 gradients 1 agrees, 3 are at a kink. ")

    def test_of_a_gradient_that_is_at_a_kink_in_some_cells_the_others_are_told(
        self, check: Check, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "120")
        status, report = check.file(AT_A_KINK)
        told = {line.split()[0]: line.split("  ")[-1] for line in report if line[:2] == "dZ"}
        assert told == {"dZ2": "agrees", "dZ1": "agrees (1 cell cannot be checked)"}
        assert row(report, "dW1")[-6:] == "agrees (2 cells cannot be checked)".split()
        assert status == 0

    def test_what_saturates_cannot_be_told(self, check: Check) -> None:
        flat = SMALL.replace("linear", "sigmoid").replace("half_squared", "binary_cross")
        flat = flat.replace("_error", "_entropy").replace("Y = [[1]]", "Y = [[0]]")
        status, report = check.file(flat.replace("0.25", "99.0"))
        assert status == 0
        assert "cannot be told" in " ".join(row(report, "dW1"))

    def test_what_overflows_names_the_first_step_that_is_not_finite(self, check: Check) -> None:
        argv = ("--activations", "relu,linear", "--loss", "half_squared_error")
        status, report = check("article", "--x", "1e300,1,1", *argv)
        assert status == 0
        assert report.count("Step 5 is the first that is not finite: L[1,1] is ∞.") == 1
        _, report = check("article", *argv)
        assert not any("not finite" in line for line in report)

    def test_another_iteration_has_other_gradients(self, check: Check) -> None:
        first, third = (check("article", "--iteration", k)[1] for k in ("1", "3"))
        assert "Iteration 3, example 1 of 1" in third
        assert row(first, "dW1") != row(third, "dW1")
        assert row(third, "dW1")[-1] == "agrees"

    def test_an_iteration_behind_the_end_is_refused(self, check: Check) -> None:
        status, told = check.file(SMALL.replace("= 0.5\n", "= 1e200\n", 1), "--iteration", "50")
        assert status == 2
        assert "--iteration must be no more than 2: the run diverges there" in told[0]

    def test_a_sample_says_how_many_of_how_many(self, check: Check) -> None:
        _, report = check("article", "--sample", "2")
        assert row(report, "dW1")[6:9] == ["2", "of", "9"]
        assert row(report, "dA1")[6:9] == ["2", "of", "3"]
        assert row(report, "dZ2")[6:8] == ["1", "agrees"]

    def test_a_large_gradient_is_sampled_the_same_each_time(self, check: Check) -> None:
        large = ["--layers", "50,50,1", "--x", ",".join(["0.1"] * 50)]
        _, report = check("article", *large)
        assert row(report, "dW1")[6:9] == ["200", "of", "2,500"]
        assert row(report, "dW2")[6] == "50"
        assert check("article", *large) == (0, report)

    def test_decimals(self, check: Check) -> None:
        _, report = check("article", "--decimals", "3")
        assert row(report, "dA2")[2:4] == ["−2.789", "−2.789"]


def test_signs_are_spelled_where_the_encoding_lacks_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", out := TextIOWrapper(BytesIO(), "ascii"))
    assert main(["check", "mazur"]) == 0
    assert b"sigma'(Z2[1,1])  0.186815602" in (said := out.buffer.getvalue())
    assert b"?" not in said


class TestMistakes:
    def test_mazur_s_later_figures_come_out_with_weights_updated_too_early(
        self, check: Check
    ) -> None:
        status, report = check("mazur", "--mistake", "updated-weights")
        assert status == 1
        assert "With the mistake updated-weights, L[1,1] is as printed." in report
        assert (
            "With the mistake updated-weights, A2[1,1], A2[2,1], L[1,1] are as printed." in report
        )
        assert row(report, "dA1")[-1] == "DIFFERS"
        assert row(report, "dW2")[-1] == "agrees"
        assert not any("as printed." in line and "With" in line for line in check("mazur")[1])

    def test_the_workbook_s_figures_come_out_without_the_gate(self, check: Check) -> None:
        _, report = check("ai-by-hand", "--mistake", "gate-skipped")
        said = " ".join(" ".join(report).split())
        assert (
            "With the mistake gate-skipped, dZ2[1,1], dZ2[1,2], dA1[2,1], dA1[3,1] are as printed."
            in said
        )


def test_of_a_file_it_says_that_it_has_no_faults(check: Check) -> None:
    note = '[[notes]]\nat = "Z1"\ntext = "One."\n'
    status, report = check.file(SMALL + note + note)
    assert status == 0
    assert "has no faults: 2 notes." in " ".join(report)
    assert not any("no faults" in line for line in check("article")[1])


def test_all_faults_of_its_notes_are_told(check: Check) -> None:
    status, faults = check.file(
        SMALL + '[[notes]]\nat = "Z9"\ntext = "One."\n[[notes]]\nat = "Z1"\n'
    )
    assert status == 2
    assert len(faults) == 2
    assert "notes[1].at must be a step of this network" in faults[0]
    assert "notes[2].text is missing" in faults[1]


SQUARE = """
[network]
layers = [2, 2, 2]
activations = ["relu", "softmax"]
loss = "cross_entropy"
[data]
X = [[16, -6]]
Y = [[0, 1]]
[initial]
W1 = [[0.18, 0.04], [0.1, 0.22]]
b1 = [0, 0]
W2 = [[0.19, -0.1], [-0.02, -0.01]]
b2 = [0, 0]
[[published]]
source = "row convention: X·W1 = [2.28, -0.68]"
Z1 = [["2.28"], ["-0.68"]]
"""


def test_square_weights_printed_for_the_other_orientation_are_told_so(check: Check) -> None:
    status, report = check.file(SQUARE)
    assert status == 1
    assert report[-1] == (
        "All 8 gradients agree. Of 2 published figures: 2 WRONG: Z1[1,1], Z1[2,1]. "
        'With network.orientation = "rows", all of them are as printed.'
    )
    rows = SQUARE.replace("[data]", 'orientation = "rows"\n[data]')
    status, report = check.file(rows.replace('[["2.28"], ["-0.68"]]', '["2.28", "-0.68"]'))
    assert status == 0


def test_an_interrupt_before_anything_is_checked_stops_the_command(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("backprop_tui.exports.check.check_gradient", interrupted)
    status, report = check("article")
    assert (status, report) == (130, ["backprop-tui: stopped by ctrl-c before the end"])


def test_an_interrupt_leaves_what_is_checked_by_then(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def interrupted(
        program: Program, iteration: Iteration, symbol: str, sample: int | None
    ) -> object:
        if len(checked) == 2:
            raise KeyboardInterrupt
        checked.append(symbol)
        return check_gradient(program, iteration, symbol, sample)

    monkeypatch.setattr("backprop_tui.exports.check.check_gradient", interrupted)
    status, report = check("article")
    assert status == 130
    assert [line.split()[0] for line in report if line.endswith("agrees")] == checked
    assert report[-1].startswith("Stopped at dW2, 3 of 8. All 2 gradients agree.")


def test_how_far_it_has_come_is_told_on_a_terminal_alone(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LONG", 0.0)
    monkeypatch.setattr(streams, "APART", 0.0)
    assert check("article")[0] == 0
    told = StringIO()
    monkeypatch.setattr(told, "isatty", lambda: True)
    with monkeypatch.context() as on_a_terminal:
        on_a_terminal.setattr("sys.stderr", told)
        assert main(["check", "article"]) == 0
    assert "\rdZ2: 2 of 8 gradients are checked; ctrl-c stops\x1b[K" in told.getvalue()
    assert told.getvalue().endswith("\r\x1b[K")


def test_a_single_gradient_or_figure_is_told_in_the_singular(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "one.toml"
    file.write_text(
        'parameters.W = [1, 1]\nforward.L = "(W·X)²"\ndata.X = [[1]]\ninitial.W = [[2]]\n'
        '[[published]]\nsource = "A book"\nL = "4"\n',
        "utf-8",
    )
    assert main(["check", str(file)]) == 0
    told = capsys.readouterr().out.splitlines()[-1]
    assert told == "The gradient agrees. The published figure is as printed."


def test_without_a_gradient_there_is_nothing_to_check(check: Check) -> None:
    text = 'parameters.W = [1, 1]\nforward.L = "X²"\ndata.X = [[2]]\n'
    status, report = check.file(text)
    assert (status, report[-1].partition(". ")[0]) == (0, "There is no gradient to check")
