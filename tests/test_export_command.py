"""The command `export`: what it writes and where, and what it says where it cannot."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from backprop_tui import lessons
from backprop_tui.__main__ import main
from backprop_tui.cli.commands import COMMANDS
from backprop_tui.exports.formats import FORMATS
from tests.exports.runs import printed_by
from tests.terminal import Terminal, warm


class Exported:
    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out = status, out
        self.said = [line.removeprefix("backprop-tui: ") for line in err.splitlines()]


class Export:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *argv: str) -> Exported:
        return Exported(main(["export", *argv]), *self.capsys.readouterr())

    def fault(self, *argv: str) -> str:
        told = self(*argv)
        assert (told.status, told.out, len(told.said)) == (2, "", 1)
        return told.said[0]


@pytest.fixture
def export(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Export:
    monkeypatch.chdir(tmp_path)
    return Export(capsys)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_goes_to_stdout_or_whole_into_a_file(name: str, export: Export) -> None:
    told = export("mazur", "--as", name)
    assert told.status == 0
    assert told.out.endswith("\n")
    assert export("mazur", "--as", name, "--output", "out").out == ""
    assert Path("out").read_text("utf-8") == told.out


def test_flags_reach_the_export(export: Export) -> None:
    script = export("--as", "numpy", "--iterations", "3", "--learning-rate", "0.25").out
    assert "alpha = 0.25" in script
    assert sum(line.startswith("iteration") for line in printed_by(script)) == 3
    assert "1.02559" in export("--as", "markdown", "--decimals", "5").out


@pytest.mark.parametrize("name", ["numpy", "torch"])
@pytest.mark.parametrize("more", [(), ("--iterations", "2"), ("--seed", "3", "--iterations", "2")])
def test_the_command_in_a_script_writes_it_again(
    name: str, more: tuple[str, ...], export: Export
) -> None:
    script = export("mazur", "--as", name, *more).out
    command = re.search("backprop-tui export (.*)", script)
    assert command is not None
    assert export(*command[1].split()).out == script


def test_a_format_must_be_named_and_may_be_misspelt(export: Export) -> None:
    names = ", ".join(FORMATS)
    assert export.fault() == f"--as is needed: one of {names}"
    assert export.fault("--as", "htlm") == (
        f'--as must be one of {names}; got "htlm". Did you mean "html"?'
    )


def test_nothing_is_overwritten_unasked(export: Export) -> None:
    Path("run.py").write_text("mine", "utf-8")
    fault = export.fault("--as", "numpy", "--output", "run.py")
    assert fault == "run.py exists already; --overwrite replaces it"
    assert Path("run.py").read_text("utf-8") == "mine"
    assert export("--as", "numpy", "--output", "run.py", "--overwrite").status == 0
    assert "import numpy" in Path("run.py").read_text("utf-8")


def test_what_cannot_be_written_is_said(export: Export) -> None:
    fault = export.fault("--as", "html", "--output", "nowhere/run.html")
    assert fault.startswith("nowhere/run.html cannot be written: there is no folder")
    assert export.fault("--as", "torch", "--mistake", "sign-flipped").startswith("a run with the")


class TestWorksheet:
    def test_the_answers_are_a_file_beside_the_sheets(self, export: Export) -> None:
        told = export("--as", "worksheet", "--copies", "3", "--output", "class.html")
        assert told.said == ["the answers are in class-key.csv"]
        assert len(Path("class-key.csv").read_text("utf-8").splitlines()) == 4
        assert Path("class.html").read_text("utf-8").count('<section class="sheet"') == 3

    def test_or_where_they_are_wanted(self, export: Export) -> None:
        told = export("--as", "worksheet", "--key", "answers.csv")
        assert told.said == ["the answers are in answers.csv"]
        assert "dW2[1,1]" in Path("answers.csv").read_text("utf-8")
        assert 'class="blank"' in told.out
        assert export("--as", "worksheet").said == ["--key FILE writes the answers"]

    def test_as_solved_sheets_to_print_if_their_file_is_a_page(self, export: Export) -> None:
        told = export("--as", "worksheet", "--key", "solutions.html")
        assert told.said == ["the answers are in solutions.html"]
        solved = Path("solutions.html").read_text("utf-8")
        assert solved.count('class="answer"') == told.out.count('class="blank"')

    def test_what_the_sheets_lack_is_said(self, export: Export) -> None:
        said = export("ai-by-hand", "--as", "worksheet", "--key", "answers.csv").said
        assert [line.partition(",")[0] for line in said] == [
            "the answers are in answers.csv",
            "a sheet holds the gradients dA3 to db2; --blanks asks for others: --blanks dA1",
        ]

    def test_neither_is_written_where_one_has_no_place(self, export: Export) -> None:
        Path("class-key.csv").write_text("mine", "utf-8")
        export.fault("--as", "worksheet", "--output", "class.html")
        assert not Path("class.html").exists()
        same = export.fault("--as", "worksheet", "--output", "a", "--key", "a")
        assert same == "--output and --key need different files"
        assert export.fault("--as", "worksheet", "--output", "./a", "--key", "a") == same

    def test_the_experiment_itself_is_never_replaced(self, export: Export) -> None:
        Path("mine.toml").write_text(lessons.text("article"), "utf-8")
        for flags in (("--output", "./mine.toml"), ("--output", "a", "--key", "mine.toml")):
            said = export.fault("mine.toml", "--as", "worksheet", "--overwrite", *flags)
            assert said.endswith("mine.toml is the experiment itself: name another file")
        assert Path("mine.toml").read_text("utf-8") == lessons.text("article")
        assert export("mine.toml", "--as", "worksheet", "--output", "a.html").status == 0

    @pytest.mark.parametrize("flag", ["--blanks", "--copies", "--key"])
    def test_its_flags_are_for_it_alone(self, flag: str, export: Export) -> None:
        assert export.fault("--as", "html", flag, "3") == f"{flag} is for --as worksheet"


def test_help_names_every_format() -> None:
    flags = {flag.name: flag.help for flag in COMMANDS["export"].options}
    for each in FORMATS.values():
        assert f"{each.name}: {each.about}" in flags["--as"]


def test_stopped_by_ctrl_c_it_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    place = tmp_path / "long.html"
    command = warm(*("export", "--as", "html", "--iterations", "9" * 9, "--output", str(place)))
    with Terminal(command, 80, 24) as terminal:
        terminal.until_says("characters so far; ctrl-c stops")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.until_ended() == 130
        assert "stopped by ctrl-c before the end" in terminal.text
        assert "characters so far" not in terminal.text
    assert not list(tmp_path.iterdir())
