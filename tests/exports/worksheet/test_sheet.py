"""Which sheets there are: what they ask for, whose numbers they have, and how each is opened."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from backprop_tui import lessons
from backprop_tui.cli.commands import STEPPER
from backprop_tui.cli.experiment import opened as opened_by
from backprop_tui.cli.parser import checked, command_line
from backprop_tui.exports.formats import FORMATS, ExportError, Wanted
from backprop_tui.exports.worksheet.sheet import Worksheet, sheets
from backprop_tui.files.experiment_file import load
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from tests.files.test_experiment_file import read
from tests.files.test_given_in_files import UPDATE_ALONE
from tests.networks import same_bits


def opened(command: str) -> Experiment:
    """What the stepper would open, told that."""
    program, *argv = shlex.split(command)
    assert program == "backprop-tui"
    return opened_by(checked(STEPPER, *command_line(argv).parse_known_args(argv)))


def of(told: str, **wanted: object) -> list[Worksheet]:
    timeline = Timeline(opened(f"backprop-tui {told}"))
    return sheets(timeline, Wanted(**wanted))  # type: ignore[arg-type]


def remarks(told: str, **wanted: object) -> list[str]:
    timeline = Timeline(opened(f"backprop-tui {told}"))
    return list(FORMATS["worksheet"].remarks(timeline, Wanted(**wanted)))  # type: ignore[arg-type]


def asked(sheet: Worksheet) -> str:
    return " ".join(step.symbol for step in sheet.blanks)


class TestWhatIsAskedFor:
    def test_the_gradients_if_nothing_is_said(self) -> None:
        (sheet,) = of("article")
        assert asked(sheet) == "dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1"
        assert list(sheet.given) == "X Y W2 Z1 A1 A2".split()

    def test_of_as_many_whole_layers_as_a_sheet_holds_and_it_is_said_which(self) -> None:
        (sheet,) = of("ai-by-hand")
        assert asked(sheet) == "dA3 dZ3 dW3 db3 dA2 dZ2 dW2 db2"
        assert remarks("ai-by-hand")[0] == (
            "a sheet holds the gradients dA3 to db2; --blanks asks for others: "
            "--blanks dA1,dZ1,dW1,db1"
        )
        assert asked(of("ai-by-hand", blanks=("dA1", "dZ1", "dW1", "db1"))[0]).startswith("dA1")
        assert asked(of("vanishing")[0]).endswith("dW7 db7")

    def test_what_is_named_in_the_order_of_the_run(self) -> None:
        (sheet,) = of("article", blanks=("W1", "dZ2"))
        assert asked(sheet) == "dZ2 W1"
        assert {"W1", "dW1"} <= sheet.given.keys()
        assert sheet.scalars == {"alpha": 0.5}

    @pytest.mark.parametrize(
        ("told", "wanted", "fault"),
        [
            (
                "article",
                {"blanks": ("dZ3",)},
                r"--blanks has \"dZ3\", but no step computes it.*dZ2",
            ),
            ("article", {"iterations": 2}, "a worksheet is the first iteration"),
            ("zeros", {"copies": 2}, "needs weights that differ"),
            ("article --mistake sign-flipped", {}, "a worksheet needs the correct algorithm"),
            (
                f"--layers 20,1 --x {','.join('1' * 20)}",
                {},
                "X is 20×1, and a worksheet has room for 12 rows and 8 columns",
            ),
            (
                f"--layers 9,9,1 --x {','.join('1' * 9)}",
                {"blanks": ("dW1",)},
                "dW1 is 9×9: with it there are more than 60 numbers",
            ),
            (
                "softmax --layers 8,8 --x 1,1,1,1,1,1,1,1 --y 1,0,0,0,0,0,0,0",
                {},
                "the gradients dA1 to db1 alone are 88 numbers.*--blanks dW1,db1",
            ),
        ],
    )
    def test_what_fits_on_no_sheet_is_refused(
        self, told: str, wanted: dict[str, object], fault: str
    ) -> None:
        with pytest.raises(ExportError, match=fault):
            of(told, **wanted)

    def test_where_no_gradient_is_computed_it_says_so(self) -> None:
        with pytest.raises(ExportError, match="no gradient is computed in this run"):
            sheets(Timeline(read(UPDATE_ALONE)), Wanted())


class TestOneSheet:
    @pytest.mark.parametrize("lesson", lessons.NAMES)
    def test_is_the_experiment_as_the_screen_opens_it(self, lesson: str) -> None:
        (sheet,) = of(lesson)
        assert sheet.command == f"backprop-tui {lesson}"
        for name, parameter in sheet.timeline.experiment.parameters().items():
            assert same_bits(parameter, load(lesson).parameters()[name])

    def test_however_long_its_weights_are(self) -> None:
        (sheet,) = of("article --layers 3,2,1 --seed 4 --round 9")
        assert sheet.command.endswith("--seed 4 --round 9")
        assert {len(figure) for row in sheet.printed["W2"] for figure in row} <= {5, 6}

    def test_is_rounded_to_digits_where_decimals_would_lose_them(self) -> None:
        assert str(of("article")[0].rounding) == "3 decimals"
        (sheet,) = of("vanishing", blanks=("dA1", "dZ1"))
        assert str(sheet.rounding) == "3 significant digits"
        assert "5.39e−7" in [figure for (figure,) in sheet.figures(sheet.blanks[0])]


@pytest.mark.parametrize("lesson", ["article", "mazur", "batch", "softmax"])
class TestCopies:
    def test_are_the_runs_of_one_seed_after_the_other_with_rounded_weights(
        self, lesson: str
    ) -> None:
        found = [sheet.timeline.experiment for sheet in of(lesson, copies=5)]
        first = load(lesson).initial.seed
        assert [copy.initial.seed for copy in found] == list(range(first, first + 5))
        assert len({copy.parameters()["W1"].tobytes() for copy in found}) == 5
        for copy in found:
            for name in ("W1", "W2"):
                assert same_bits(copy.parameters()[name].round(1), copy.parameters()[name])

    def test_open_as_their_commands_say(self, lesson: str) -> None:
        for sheet in of(lesson, copies=5):
            again = opened(sheet.command).parameters()
            for name, parameter in sheet.timeline.experiment.parameters().items():
                assert same_bits(again[name], parameter)

    def test_are_the_same_each_time(self, lesson: str) -> None:
        first, again = of(lesson, copies=5), of(lesson, copies=5)
        assert [s.command for s in first] == [s.command for s in again]

    def test_nothing_has_to_be_remarked(self, lesson: str) -> None:
        assert remarks(lesson, copies=5) == []


class TestTheCommand:
    def test_flags_given_before_stand_in_it_once(self) -> None:
        first, second = of("mazur --seed 0 --learning-rate 0.1", copies=2)
        assert first.command.startswith("backprop-tui mazur --learning-rate 0.1 --seed ")
        assert second.command.count("--seed") == second.command.count("--round") == 1
        (rounded, _) = of("mazur --round 2", copies=2)
        assert "--round 2" in rounded.command
        assert opened(rounded.command).initial.round == 2

    def test_of_a_file_has_its_name_and_no_folder_of_this_computer(self, tmp_path: Path) -> None:
        place = tmp_path / "my own.toml"
        place.write_text(lessons.text("article"), "utf-8")
        (sheet,) = of(f"'{place}'")
        assert sheet.command == "backprop-tui './my own.toml'"

    def test_is_a_code_where_that_is_shorter(self) -> None:
        examples = {"0,0,0": 0, "0,1,1": 1, "1,0,1": 1, "1,1,0": 1, "1,1,1": 0, "1,0,0": 1}
        x, y = ";".join(4 * [*examples]), ";".join(map(str, 4 * [*examples.values()]))
        told = f'article --layers 3,1 --activations sigmoid --x "{x}" --y "{y}"'
        for sheet in of(told, copies=2):
            program, code = sheet.command.split(" --code ")
            assert program == "backprop-tui"
            assert len(code) < len(told)
            again = opened(sheet.command)
            assert same_bits(again.data.X, sheet.timeline.experiment.data.X)
            drawn = sheet.timeline.experiment.parameters()["W1"]
            assert same_bits(again.parameters()["W1"], drawn)
