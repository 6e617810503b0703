"""Where a file is meant, only a regular file is read or written: all else is refused in a line."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from backprop_tui.__main__ import main
from backprop_tui.cli.commands import COMMANDS, EXPERIMENT, STEPPER, Subcommand
from backprop_tui.exports.record import Record
from backprop_tui.files.arrays import ArrayFileError, read_arrays
from backprop_tui.files.atomic_write import SaveError
from backprop_tui.files.autosave import left_unsaved, state_folder
from backprop_tui.files.experiment_file import ExperimentError, load
from backprop_tui.files.reading import NotRegularError, first_bytes
from backprop_tui.files.settings import read, remember_theme, settings_file
from tests.files.test_autosave import written

PATIENCE = 20.0
"""Seconds after which a reader that waits is given up: a pipe may give nothing for ever."""
REFUSED = "is not a regular file|is a folder|Is a directory"
ODD = ["pipe", "link", "folder", "socket", "/dev/zero", "/dev/null"]
BESIDE = {  # what a command needs to come as far as its file
    STEPPER.name: ["--plain"],
    "export": ["--as", "worksheet", "--overwrite"],
    "train": ["--iterations", "1", "--overwrite"],
    "compare": ["article"],
}


def asked_for(command: Subcommand) -> Iterator[list[str]]:
    """The lines that give the command a file, each without the file, which comes last."""
    beside = BESIDE.get(command.name, [])
    if command.word is EXPERIMENT:
        yield [command.name, *(word for word in beside if word != "article")]
    if command.needs == "FILE":
        yield [command.name, *beside]
    for flag in command.options:
        if flag.metavar == "FILE":
            yield [command.name, *beside, flag.name]


LINES = [line for command in (STEPPER, *COMMANDS.values()) for line in asked_for(command)]


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    def given_up(*_: object) -> None:
        raise AssertionError("it waits for a file that gives nothing")

    before = signal.signal(signal.SIGALRM, given_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(params=ODD)
def odd(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """What is no file, and is the same when the test is over."""
    monkeypatch.chdir(tmp_path)  # a socket's name must be short
    made = "./odd.toml" if request.param[0] != "/" else request.param
    make_odd(made, request.param)
    before = os.stat(made)
    yield made
    assert os.path.samestat(os.stat(made), before)


def make_odd(place: str, kind: str) -> None:
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "link":
            os.mkfifo("a-pipe")
            os.symlink("a-pipe", place)
        case "folder":
            os.mkdir(place)
        case "socket":
            with socket.socket(socket.AF_UNIX) as own:
                own.bind(place)


def test_every_file_of_the_command_line_is_among_the_lines() -> None:
    assert len(LINES) >= 14
    assert {line[-1] for line in LINES} >= {"--save", "--history", "--output", "--key", "--record"}


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_every_command_refuses_it(
    line: list[str], odd: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*filter(None, line), odd]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (fault,) = said.err.splitlines()
    assert odd in fault
    assert re.search(REFUSED, fault)


def test_an_experiment_refuses_it_as_data(odd: str, tmp_path: Path) -> None:
    place = tmp_path / "mine.toml"
    place.write_text(f'[network]\nlayers = [1, 1]\n[data]\ncsv = "{odd}"\ntarget = "y"\n')
    with pytest.raises(ExperimentError, match=REFUSED):
        load(str(place))


def test_the_library_refuses_it(odd: str) -> None:
    with pytest.raises(ExperimentError, match=REFUSED):
        load(odd)
    with pytest.raises(ArrayFileError, match=REFUSED):
        read_arrays(odd)
    with pytest.raises(SaveError, match=REFUSED):
        Record(odd)


@pytest.mark.parametrize("kind", ["pipe", "folder", "socket"])
def test_the_settings_are_none_where_it_is_in_their_place(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    os.mkdir(os.path.dirname(settings_file()))
    monkeypatch.chdir(os.path.dirname(settings_file()))
    make_odd(os.path.basename(settings_file()), kind)
    _, (fault,) = read()
    assert fault.startswith(settings_file())
    assert "\n" not in remember_theme("dark")


@pytest.mark.parametrize("kind", ["pipe", "folder", "socket"])
def test_an_autosave_is_told_of_all_the_same(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    os.mkdir(state_folder())
    monkeypatch.chdir(state_folder())
    make_odd("told", kind)
    written("mazur", "2 edits").close()
    os.utime("told", (0, 0))
    assert left_unsaved() is not None


def test_what_becomes_a_pipe_at_the_last_moment_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is with files of /proc that say they are regular, and whose reader sleeps."""
    place, a_file = str(tmp_path / "pipe"), os.stat(__file__)
    os.mkfifo(place)
    silent = os.open(place, os.O_RDWR)
    monkeypatch.setattr(os, "stat", lambda path: a_file)
    with pytest.raises(NotRegularError):
        first_bytes(place, 10)
    os.close(silent)
