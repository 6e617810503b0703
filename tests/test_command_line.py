"""The command line: what it says, where it says it, with which exit status, and what it imports."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from backprop_tui import late, lessons, version
from backprop_tui.__main__ import main
from backprop_tui.cli import flags, stepping
from backprop_tui.cli.commands import COMMANDS, EXPERIMENT, STEPPER, Subcommand
from backprop_tui.cli.flags import OVERRIDES
from backprop_tui.cli.streams import FORMATS
from backprop_tui.exports import trace
from backprop_tui.files.sections import FLAGS
from backprop_tui.files.settings import Settings
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.functions import ACTIVATIONS, LOSSES, Array
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.keys import ListOf
from backprop_tui.run.timeline import Timeline
from backprop_tui.serve.session import SCREEN
from backprop_tui.session.opening import way_back
from backprop_tui.session.session import Session
from tests.terminal import Terminal, stepper
from tests.warm import Warm, ran

PATIENCE = 60  # seconds before a child that hangs is given up


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)


class Told:
    """A command that has ended: its exit status, its output, its faults without their prefix."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out = status, out
        lines = err.splitlines()
        assert all(line.startswith("backprop-tui: ") for line in lines), err
        self.faults = [line.removeprefix("backprop-tui: ") for line in lines]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Teller:
    return Teller(capsys)


class Teller:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *argv: str) -> Told:
        status = main(argv)
        return Told(status, *self.capsys.readouterr())

    def faults(self, *argv: str) -> list[str]:
        told = self(*argv)
        assert (told.status, told.out) == (2, "")
        return told.faults


def child(*argv: str, code: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh process, in which a warning is an error."""
    start = ["-c", code] if code else ["-m", "backprop_tui"]
    return subprocess.run(
        [sys.executable, "-W", "error", *start, *argv],
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
        timeout=PATIENCE,
        check=False,
    )


def imported_by(*commands: str) -> list[set[str]]:
    """Which of the large packages are imported in a process after each of these commands."""
    code = (
        "import sys; from backprop_tui.__main__ import main\nfor command in sys.argv[1:]:\n"
        "    main(command.split())\n"
        "    print(*{'numpy', 'rich', 'textual'} & set(sys.modules), file=sys.stderr)"
    )
    return [set(line.split()) for line in child(*commands, code=code).stderr.splitlines()]


class TestHelp:
    @pytest.mark.parametrize("command", [STEPPER, *COMMANDS.values()], ids=lambda c: c.name)
    def test_tells_all_within_80_columns(self, command: Subcommand, tell: Teller) -> None:
        told = tell(*command.name.split(), "--help")
        assert told.status == 0
        assert max(map(len, told.out.splitlines())) <= 80
        for word in ("usage:", "examples:", *(flag.name for flag in command.options)):
            assert word in told.out

    def test_names_every_command_lesson_activation_and_loss(self, tell: Teller) -> None:
        words = re.sub(r"-\n +", "-", tell("--help").out).replace(",", " ").split()
        for names in (COMMANDS, lessons.NAMES, ACTIVATIONS, LOSSES):
            assert [name for name in names if name not in words] == []

    def test_is_answered_whatever_else_is_said(self, tell: Teller) -> None:
        assert tell("trace", "--frob", "--help").out.startswith("usage: backprop-tui trace ")
        assert tell("--help", "trace").out.startswith("usage: backprop-tui trace ")
        assert tell("-h").out.startswith("usage: backprop-tui [EXPERIMENT]")

    def test_version(self, tell: Teller) -> None:
        assert tell("--version").out == f"backprop-tui {version()}\n"


class TestImports:
    """Each command waits for no more than it needs; one that needs more comes later here."""

    def test_help_version_and_completion_wait_for_nothing(self) -> None:
        asked = ("--help", "--version", "check --help", "completion bash", "lessons mazur")
        assert imported_by(*asked) == [set()] * len(asked)

    def test_only_the_stepper_waits_for_the_screen(self) -> None:
        assert imported_by("trace --format jsonl", "--plain") == [{"numpy"}] * 2
        tables = ("trace", "lessons", "check", "train --iterations 5")
        assert imported_by(*tables) == [{"numpy", "rich"}] * len(tables)


class TestTables:
    """What the command line repeats of modules that it must not import is the same there."""

    def test_overrides_are_those_of_experiments(self) -> None:
        assert {flag.attribute for flag in OVERRIDES} == set(FLAGS)
        for flag in OVERRIDES:
            kind = FLAGS[flag.attribute].kind
            one = kind.kind if isinstance(kind, ListOf) else kind
            assert set(flag.values) == set(getattr(one, "names", ()))

    def test_formats_are_those_of_the_trace(self) -> None:
        from backprop_tui.exports import trace

        assert tuple(trace.FORMATS) == FORMATS

    def test_names_are_those_of_the_formulas_and_of_the_mistakes(self) -> None:
        assert tuple(ACTIVATIONS) == flags.ACTIVATION_NAMES
        assert tuple(LOSSES) == flags.LOSS_NAMES
        assert tuple(CATALOGUE) == flags.MISTAKE_NAMES

    def test_no_command_hides_a_lesson(self) -> None:
        assert set(COMMANDS).isdisjoint(lessons.NAMES)

    def test_every_flag_of_an_experiment_is_on_every_command_that_opens_one(self) -> None:
        for command in (STEPPER, *COMMANDS.values()):
            if command.word is EXPERIMENT:
                assert set(OVERRIDES) < set(command.options)


class TestTrace:
    def test_writes_the_first_lesson_as_a_table(self, tell: Teller) -> None:
        told = tell("trace")
        assert (told.status, told.faults) == (0, [])
        assert told.out.startswith("The article's network\n")

    def test_flags_may_stand_before_the_command(self, tell: Teller) -> None:
        flags = ["--decimals", "5", "--iterations=2"]
        assert tell(*flags, "trace", "mazur").out == tell("trace", "mazur", *flags).out
        assert tell("trace", "--", "mazur").out == tell("trace", "mazur").out

    def test_a_value_may_start_with_a_minus(self, tell: Teller) -> None:
        assert tell.faults("trace", "--learning-rate", "-0.1") == tell.faults(
            "trace", "--learning-rate=-0.1"
        )
        options = ("--layers", "3,1", "--y", "1", "--format", "jsonl")
        for x in (["--x", "-1,0,1"], ["--x=-1,0,1"], ["--x", "-1, 0, 1"], ["--x", "-1,.0,1e0"]):
            assert '"X": [[-1.0], [0.0], [1.0]]' in tell("trace", *x, *options).out

    def test_overrides_change_the_experiment(self, tell: Teller) -> None:
        out = tell(
            *("trace", "mazur", "--layers", "2,3,1", "--activations", "tanh,linear"),
            *("--loss", "mean_squared_error", "--x", "1,0;0,1", "--y", "1;0"),
            *("--learning-rate", "0.25", "--seed", "7", "--format", "jsonl"),
        ).out
        assert '"layers": [2, 3, 1], "activations": ["tanh", "linear"]' in out
        assert '"loss": "mean_squared_error"' in out
        assert '"learning_rate": 0.25' in out
        assert '"seed": 7' in out

    def test_decimals(self, tell: Teller) -> None:
        assert " 1.500000000000\n" in tell("trace", "--decimals", "12").out
        assert " −1\n" in tell("trace", "--decimals", "0").out

    def test_a_file_is_opened_by_its_ending_or_a_separator(
        self, tell: Teller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for name in ("trace.toml", "trace", "mazur"):
            Path(name).write_text(lessons.text("han-kamber"), encoding="utf-8")
        expected = tell("trace", "han-kamber").out
        assert tell("trace", "trace.toml").out == expected
        assert tell("trace", "./trace").out == expected
        assert tell("trace", "./mazur").out == expected
        assert tell("trace", "mazur").out != expected

    def test_a_run_that_diverges_says_so_on_stderr(self, tell: Teller) -> None:
        told = tell(
            *("trace", "--learning-rate", "1e300", "--activations", "relu,linear"),
            *("--loss", "half_squared_error", "--iterations", "1000"),
        )
        assert told.status == 0
        assert told.out.count("Iteration") == 2
        assert told.faults == [
            "the run diverged: after iteration 2 W1 is no longer finite, so it ends there"
        ]

    def test_a_closed_pipe_ends_it_quietly(self) -> None:
        with Warm(["trace", "--iterations", "9" * 18]) as running:
            assert running.stdout.readline() == "The article's network\n"
            running.stdout.close()
            assert running.wait() == 0
            assert running.stderr.read() == ""

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_trace_that_is_stopped_ends_with_a_whole_iteration(
        self, number: signal.Signals
    ) -> None:
        with Warm(["trace", "--format", "jsonl", "--iterations", "9" * 9]) as running:
            while '"iteration": 2,' not in running.stdout.readline():
                assert running.poll() is None
            running.send_signal(number)
            rest, err = running.communicate()
            status = running.wait()
        last = json.loads(rest.splitlines()[-1])
        assert (status, last["symbol"], last["step"]) == (128 + number, "b2", 17)
        after = f"stopped on request after iteration {last['iteration']:,} of 999,999,999"
        assert err == f"backprop-tui: {after}\n"

    @pytest.mark.parametrize("rows", [1, 99])
    def test_a_trace_stops_in_the_midst_of_an_iteration_and_writes_nothing_of_it(
        self, tell: Teller, monkeypatch: pytest.MonkeyPatch, rows: int
    ) -> None:
        asked_for, exact = 0, trace.exact

        def stopped(matrix: Array) -> list[Any]:
            nonlocal asked_for
            asked_for += 1
            if asked_for == rows:
                signal.raise_signal(signal.SIGINT)
            return exact(matrix)

        monkeypatch.setattr("backprop_tui.exports.trace.exact", stopped)
        told = tell("trace", "--format", "jsonl", "--iterations", "9")
        lines = [json.loads(line) for line in told.out.splitlines()]
        where = "before iteration 1" if rows == 1 else "after iteration 1 of 9"
        assert (told.status, told.faults) == (130, [f"stopped on request {where}"])
        assert (asked_for, len(lines)) == (rows, 0 if rows == 1 else 18)

    def test_how_far_a_trace_into_a_file_has_come_is_told(self, tmp_path: Path) -> None:
        trace = shlex.join(stepper("trace", "--iterations", "9" * 9))
        command = f"exec {trace} > {shlex.quote(str(tmp_path / 'trace'))}"
        with Terminal(["sh", "-c", command], 80, 24) as terminal:
            terminal.until_says("iteration ", " of 999,999,999; ctrl-c stops")
            terminal.process.send_signal(signal.SIGINT)
            assert terminal.until_ended() == 130
            assert "stopped on request after iteration" in terminal.text

    def test_ctrl_c_before_the_end_is_a_line(
        self, tell: Teller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(self: Timeline, number: int) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(Timeline, "iteration", interrupted)
        told = tell("trace", "--format", "jsonl")
        assert (told.status, told.faults) == (130, ["stopped by ctrl-c before the end"])

    def test_ctrl_c_is_not_lost_in_an_import(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is raised where an object is deleted is told, and forgotten."""
        loses = """import signal
class Deleted:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
Deleted()
imported = True
"""
        (tmp_path / "loses.py").write_text(loses)
        monkeypatch.syspath_prepend(tmp_path)
        name_of = late(__name__, {"loses": "imported"})
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                name_of("imported")
            assert name_of("imported")
        finally:
            signal.signal(signal.SIGINT, before)

    @pytest.mark.parametrize(
        ("argv", "status"),
        [
            (["check", "mazur", "--mistake", "sign-flipped"], 1),
            (["train", "--until-loss", "1e-9", "--iterations", "2"], 1),
            (["check"], 0),
        ],
    )
    def test_the_status_is_the_same_where_nobody_reads_the_result(
        self, argv: list[str], status: int
    ) -> None:
        read, write = os.pipe()
        os.close(read)
        with open(write, "wb") as nobody:
            assert ran(*argv, stdout=nobody.fileno()) == (status, "", "")

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full disk")
    def test_a_fault_that_nobody_can_be_told_is_still_one(self) -> None:
        with open("/dev/full", "w") as full:
            assert ran("trace", "nope", stderr=full.fileno()) == (2, "", "")

    def test_too_little_memory_is_a_fault(
        self, tell: Teller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def too_large(self: Timeline, number: int) -> None:
            raise MemoryError

        monkeypatch.setattr(Timeline, "iteration", too_large)
        told = tell("trace", "--format", "jsonl")
        assert (told.status, told.faults) == (2, ["there is not enough memory for this experiment"])

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full disk")
    def test_a_full_disk_is_a_fault(self) -> None:
        fault = "backprop-tui: the output cannot be written: No space left on device\n"
        with open("/dev/full", "w") as full:
            assert ran("trace", stdout=full.fileno()) == (2, "", fault)


class TestEncodings:
    def test_signs_are_spelled_where_the_encoding_lacks_them(self) -> None:
        told = child("trace", PYTHONIOENCODING="ascii")
        assert (told.returncode, told.stderr) == (0, "")
        assert "  11  backward  dZ1 = dA1 o sigma'(Z1)           3x1     0.038\n" in told.stdout
        assert "-0.030\n" in told.stdout

    def test_faults_too(self) -> None:
        told = child("trace", "mazür", PYTHONIOENCODING="ascii")
        assert (told.returncode, told.stdout) == (2, "")
        assert told.stderr.startswith('backprop-tui: there is no lesson "maz?r"')

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
    def test_documents_are_utf_8(self, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for argv in (["trace", "--format", "jsonl"], ["trace", "--format", "markdown"]):
            monkeypatch.setattr("sys.stdout", out := TextIOWrapper(BytesIO(), encoding))
            assert main(argv) == 0
            assert "Z1 = W1·X + b1".encode() in out.buffer.getvalue()
        assert child("lessons", "article", LC_ALL="C").stdout == lessons.text("article")


class TestLessons:
    def test_are_listed(self, tell: Teller) -> None:
        told = tell("lessons")
        assert told.status == 0
        assert max(map(len, told.out.splitlines())) <= 80
        assert re.findall(r"^ *(\d+) +(\S+)", told.out, re.MULTILINE) == [
            (str(number), name) for number, name in enumerate(lessons.NAMES, 1)
        ]
        lines = told.out.splitlines()
        mazur = next(k for k, line in enumerate(lines) if "mazur" in line)
        assert re.match(" 5 +mazur +2-2-2 +Matt Mazur's", lines[mazur])
        assert lines[mazur + 1].strip() == "two paths back, a square W"

    @pytest.mark.parametrize("name", lessons.NAMES)
    def test_print_their_file(self, name: str, tell: Teller) -> None:
        assert tell("lessons", name).out == lessons.text(name)

    def test_of_another_name_are_none(self, tell: Teller) -> None:
        names = ", ".join(lessons.NAMES)
        assert tell.faults("lessons", "mazr") == [
            f'there is no lesson "mazr"; the lessons are {names}. Did you mean "mazur"?'
        ]


class TestFaults:
    def test_all_that_is_wrong_with_the_flags_is_told_at_once(self, tell: Teller) -> None:
        assert tell.faults(
            *("trace", "mazur", "more", "--decimals", "13", "--iterations", "0"),
            *("--format", "tabel", "--lerning-rate", "3", "--blub"),
        ) == [
            'there is no flag "--lerning-rate". Did you mean "--learning-rate"?',
            'there is no flag "--blub"; backprop-tui trace --help lists all',
            'one EXPERIMENT is enough: "more" is one too many',
            '--iterations must be a whole number of 1 or more; got "0"',
            '--format must be one of table, jsonl, markdown; got "tabel". Did you mean "table"?',
            '--decimals must be a whole number from 0 to 12; got "13"',
        ]

    @pytest.mark.parametrize("words", [("article", "html"), ("html", "article")])
    def test_a_word_that_belongs_to_a_flag_is_led_to_it(
        self, words: tuple[str, str], tell: Teller
    ) -> None:
        assert tell.faults("export", *words) == [
            f'one EXPERIMENT is enough: "{words[1]}" is one too many. Did you mean "--as html"?'
        ]

    @pytest.mark.parametrize("text", ["-1", "x", "", "1.5", "1" * 5000, "--"])
    def test_a_count_is_a_whole_number(self, text: str, tell: Teller) -> None:
        (fault,) = tell.faults("trace", f"--decimals={text}")
        assert fault.startswith("--decimals must be a whole number from 0 to 12; got ")

    def test_a_flag_without_its_value(self, tell: Teller) -> None:
        assert tell.faults("trace", "--x") == ["--x needs a value"]
        assert tell.faults("trace", "--x", "--y", "1") == ["--x needs a value"]
        assert tell.faults("--iterations", "--x", "1", "trace") == ["--iterations needs a value"]

    def test_the_value_of_a_flag_that_is_none_is_not_taken_for_the_experiment(
        self, tell: Teller
    ) -> None:
        fault = 'there is no flag "--lerning-rate". Did you mean "--learning-rate"?'
        for words in ((), ("mazur",), ("trace",), ("trace", "mazur")):
            assert tell.faults("--lerning-rate", "3", *words) == [fault]
        assert tell.faults("--plain", "trace", "mazur") == [
            'there is no flag --plain here, but "backprop-tui" has it'
        ]

    def test_a_flag_of_another_command(self, tell: Teller) -> None:
        assert tell.faults("mazur", "--iterations", "3") == [
            'there is no flag --iterations here, but "backprop-tui trace" has it'
        ]
        assert tell.faults("lessons", "--seed", "3") == [
            'there is no flag --seed here, but "backprop-tui" has it'
        ]

    @pytest.mark.parametrize("flag", ["--help", "--version"])
    def test_a_switch_takes_no_value(self, tell: Teller, flag: str) -> None:
        assert tell.faults(f"{flag}=2") == [f"{flag} takes no value"]

    def test_flags_are_never_abbreviated(self, tell: Teller) -> None:
        assert tell.faults("trace", "--dec", "3") == [
            'there is no flag "--dec". Did you mean "--decimals"?'
        ]

    def test_an_unknown_word(self, tell: Teller) -> None:
        commands, names = ", ".join(COMMANDS), ", ".join(lessons.NAMES)
        known = f"the commands are {commands}; the lessons are {names}"
        there_is = 'there is no command or lesson "{}"; ' + known
        assert tell.faults("trcae", "mazur") == [
            there_is.format("trcae") + '. Did you mean "trace"?'
        ]
        assert tell.faults("artical") == [there_is.format("artical") + '. Did you mean "article"?']
        assert tell.faults("zzz") == [there_is.format("zzz")]

    def test_a_file_without_its_ending(
        self, tell: Teller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("zzz").touch()
        (fault,) = tell.faults("zzz")
        assert fault.endswith('. To open the file of that name, write "./zzz"')
        Path("leads-nowhere").symlink_to("zzzz")
        (fault,) = tell.faults("trace", "leads-nowhere")
        assert fault.endswith(', attention. To open the file of that name, write "./leads-nowhere"')
        (fault,) = tell.faults("trace", "zzzz")
        assert fault.endswith(", attention")
        (fault,) = tell.faults("lessons", "zzz")
        assert fault.endswith(lessons.NAMES[-1])  # a command that opens no file names none

    @pytest.mark.parametrize("command", [(), ("trace",)])
    def test_a_folder_of_that_name_cannot_be_opened(
        self, command: tuple[str, ...], tell: Teller
    ) -> None:
        for word in (".", ".."):
            (fault,) = tell.faults(*command, word)
            assert fault.endswith(". A folder has that name, not a file")

    @pytest.mark.parametrize("command", [(), ("trace",)])
    @pytest.mark.parametrize("word", ["a" * 3000, "a/" * 1500 + "b", "a" * 3000 + ".toml"])
    def test_a_very_long_name_is_not_repeated_in_full(
        self, command: tuple[str, ...], word: str, tell: Teller
    ) -> None:
        (fault,) = tell.faults(*command, word)
        assert len(fault) < 450
        assert "aaaaa" in fault or "a/a/a" in fault

    def test_every_fault_of_a_file_has_its_line(self, tell: Teller, tmp_path: Path) -> None:
        bad = tmp_path / "bad.toml"
        bad.write_text('[network]\nlayers = [2, 1]\nactivations = ["sigmod"]\nloss = "x"\n')
        faults = tell.faults("trace", str(bad))
        assert len(faults) == 3
        assert all(fault.startswith(f"{bad}: ") for fault in faults)

    def test_no_file(self, tell: Teller) -> None:
        assert tell.faults("trace", "none.toml") == ["there is no file none.toml"]
        assert tell.faults("none.toml") == ["there is no file none.toml"]

    def test_an_override_that_does_not_fit(self, tell: Teller) -> None:
        faults = tell.faults("trace", "--layers", "2,1", "--loss", "crossentropy")
        assert len(faults) == 2
        assert all("--" in fault for fault in faults)


class TestStepper:
    @pytest.fixture
    def app(self, monkeypatch: pytest.MonkeyPatch) -> type[FakeApp]:
        module = ModuleType("backprop_tui.tui.app")
        module.BackpropApp = FakeApp  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "backprop_tui.tui.app", module)
        monkeypatch.setattr(stepping, "no_terminal", lambda: None)
        monkeypatch.setattr(FakeApp, "says", None)
        return FakeApp

    def test_opens_the_first_lesson(self, app: type[FakeApp], tell: Teller) -> None:
        told = tell()
        assert (told.status, told.out, told.faults) == (0, "", [])
        assert (app.experiment.name, app.decimals) == ("article", 3)

    def test_opens_what_is_asked_for(self, app: type[FakeApp], tell: Teller) -> None:
        assert tell("mazur", "--decimals", "4", "--learning-rate", "0.1").status == 0
        assert (app.experiment.name, app.decimals) == ("mazur", 4)
        assert app.experiment.training.learning_rate == 0.1

    def test_prints_the_last_words_of_the_screen(
        self, app: type[FakeApp], tell: Teller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app, "says", "backprop-tui article")
        assert tell().out == "backprop-tui article\n"

    @pytest.mark.parametrize(
        "argv",
        [
            ("mazur",),
            ("--", "-x.toml"),
            ("a file of mine.toml", "--decimals", "5"),
            ("--decimals", "0", "--seed", "5", "./-x.toml"),
            ("--layers", "2,2,1", "--x", "-1,1", "--y", "1", "--decimals", "12"),
            ("--x=0,0,0; 1,1,1", "--y", "1;0"),
        ],
    )
    @pytest.mark.parametrize("rerolls", [0, 2])
    def test_what_is_printed_on_leaving_opens_the_same(
        self,
        argv: tuple[str, ...],
        rerolls: int,
        app: type[FakeApp],
        tell: Teller,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for name in ("-x.toml", "a file of mine.toml"):
            (tmp_path / name).write_text(lessons.text("article"), encoding="utf-8")
        assert tell(*argv).status == 0
        screen = Session(app.experiment, app.decimals)
        for _ in range(rerolls):
            screen.past.append(screen.timeline.experiment)
            screen.begin(screen.timeline.experiment.reseeded())
        before = screen.timeline.experiment.parameters()
        program, *words = shlex.split(way_back(screen))
        assert program == "backprop-tui"
        assert words.count("--seed") <= 1
        assert tell(*words).status == 0
        assert app.decimals == screen.decimals
        after = app.experiment.parameters()
        assert all((before[name] == after[name]).all() for name in before)
        assert (app.experiment.data.X == screen.timeline.experiment.data.X).all()

    @pytest.mark.parametrize(
        ("flags", "locale", "ascii_only"),
        [
            ((), "C.UTF-8", False),
            (("--ascii",), "C.UTF-8", True),
            ((), "C", True),
            (("--unicode",), "C", False),
            (("--ascii", "mazur"), "C", True),
        ],
    )
    def test_signs_are_spelled_where_the_terminal_lacks_them(
        self,
        flags: tuple[str, ...],
        locale: str,
        ascii_only: bool,
        app: type[FakeApp],
        tell: Teller,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("LC_ALL", locale)
        assert tell(*flags).status == 0
        assert app.ascii_only is ascii_only

    def test_without_a_terminal_names_what_needs_none(self) -> None:
        status, out, err = ran("mazur")
        assert (status, out) == (2, "")
        assert err == (
            "backprop-tui: the input is not a terminal, and stepping needs one; "
            '"backprop-tui trace mazur" writes the same steps as text, and '
            '"backprop-tui --plain mazur" reads commands, one a line\n'
        )

    @pytest.mark.parametrize("term", ["dumb", "xterm"])
    def test_half_a_terminal_is_none(self, term: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TERM", term)
        leader, follower = pty.openpty()
        try:
            status, _, err = ran(stdin=follower)
        finally:
            os.close(leader)
            os.close(follower)
        assert status == 2
        assert err.startswith(
            "backprop-tui: the output is not a terminal, and stepping needs one; "
        )


class FakeApp:
    """In the place of the screen: it remembers what it was given."""

    experiment: Experiment
    decimals: int
    ascii_only: bool
    says: str | None = None
    return_code: int | None = 0

    def __init__(
        self,
        experiment: Experiment,
        decimals: int,
        ascii_only: bool,
        autosaves: bool,
        preferred: Settings,
    ) -> None:
        assert autosaves
        self.session = Session(experiment, decimals, preferred=preferred)
        FakeApp.experiment, FakeApp.decimals = experiment, decimals
        FakeApp.ascii_only = ascii_only

    def run(self) -> str | None:
        return self.says


PRINTING = "trace check derive --version --help lessons help --plain train".split()
CLOSED = "the output cannot be written: it is closed"


@pytest.mark.parametrize("command", [*PRINTING, "export --as html", "completion bash"])
def test_a_closed_output_is_a_fault(
    command: str, tell: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())
    monkeypatch.setattr("sys.stdout", None)  # as the interpreter has it then
    assert tell.faults(*command.split()) == [CLOSED]
    sys.stdout.close()


def test_an_output_that_a_shell_has_closed_is_one() -> None:
    command = f"'{sys.executable}' -m backprop_tui --version >&-"
    told = subprocess.run(
        ["/bin/sh", "-c", command], stderr=subprocess.PIPE, timeout=PATIENCE, check=False
    )
    assert (told.returncode, told.stderr.decode()) == (2, f"backprop-tui: {CLOSED}\n")


def test_what_goes_to_a_file_needs_no_output(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    command = f"'{sys.executable}' -m backprop_tui export --as html --output '{page}' >&-"
    told = subprocess.run(
        ["/bin/sh", "-c", command], stderr=subprocess.PIPE, timeout=PATIENCE, check=False
    )
    assert (told.returncode, told.stderr) == (0, b"")
    assert page.read_text("utf-8").endswith("</html>\n")


@pytest.mark.parametrize("size", ["999999999999", "9" * 40, "²", "-5", "0", "many", ""])
@pytest.mark.parametrize("command", ["trace", "lessons", "check"])
def test_a_size_that_no_terminal_has_counts_as_not_said(
    command: str, size: str, tell: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = tell(command).out
    for name in ("COLUMNS", "LINES"):
        monkeypatch.setenv(name, size)
    assert tell(command).out == usual


@pytest.mark.parametrize(
    ("name", "known", "unknown"),
    [
        ("TEXTUAL_DRIVER", "textual.drivers.headless_driver:HeadlessDriver", "nonsense"),
        ("TEXTUAL_DRIVER", f"{SCREEN}:SessionDriver", ""),
        ("TEXTUAL_COLOR_SYSTEM", "256", "65536"),
    ],
)
def test_what_textual_does_not_know_counts_as_not_said(
    name: str, known: str, unknown: str, tell: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for said in (known, unknown):
        monkeypatch.setenv(name, said)
        assert tell("--version").status == 0
        assert os.environ.get(name) == {known: known}.get(said)


def test_in_a_folder_that_was_removed_it_runs_and_says_what_cannot_be_written(
    tell: Teller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (gone := tmp_path / "gone").mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert tell("check").status == 0
    why = "cannot be written: No such file or directory"
    train = "train", "--iterations", "2"
    assert tell.faults(*train, "--history", "h.csv", "--save", "h.toml") == [f"h.csv {why}"]
    assert tell.faults("export", "--as", "html", "--output", "h.html") == [f"h.html {why}"]
    monkeypatch.setattr("sys.stdin", StringIO("n\nsave mine.toml\nsave mine.py\nopen ./mine.toml"))
    said = [f"Not saved: mine.{ending} {why}." for ending in ("toml", "py")]
    assert {*said, "Not opened: there is no file ./mine.toml."} <= {
        *tell("--plain").out.split("\n")
    }


class TestSettings:
    """What the settings say holds for every command that shows numbers as the experiment says."""

    @pytest.fixture
    def config(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        file = tmp_path / "backprop-tui" / "config.toml"
        file.parent.mkdir()
        return file

    @pytest.mark.parametrize("command", [["trace"], ["export", "--as", "markdown"]])
    def test_decimals_come_behind_flag_and_experiment(
        self, command: list[str], config: Path, tell: Teller
    ) -> None:
        config.write_text("decimals = 5", "utf-8")
        assert "0.32071" in tell(*command).out
        four = tell(*command, "--decimals", "4").out
        assert "0.3207" in four
        assert "0.32071" not in four
        own = config.with_name("own.toml")
        own.write_text(tell("lessons", "article").out + "\n[view]\ndecimals = 2\n", "utf-8")
        first, *flags = command
        two = tell(first, str(own), *flags).out
        assert "0.32" in two
        assert "0.320" not in two

    @pytest.mark.parametrize("command", [["trace"], ["export", "--as", "markdown"]])
    def test_a_fault_is_told_in_one_line_and_the_rest_holds(
        self, command: list[str], config: Path, tell: Teller
    ) -> None:
        config.write_text('decimals = 5\ntheme = "puce"', "utf-8")
        told = tell(*command)
        assert told.status == 0
        assert "0.32071" in told.out
        assert len(told.faults) == 1
        assert "config.toml" in told.faults[0]
        config.write_text("decimals = = 5", "utf-8")
        told = tell(*command)
        assert told.status == 0
        assert len(told.faults) == 1

    def test_commands_with_decimals_of_their_own_do_not_read_them(
        self, config: Path, tell: Teller
    ) -> None:
        config.write_text("decimals = = 5", "utf-8")
        assert tell("check").faults == []
