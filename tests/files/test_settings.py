"""What is remembered: read from config.toml, passed over where it is wrong, written with care."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from backprop_tui import lessons
from backprop_tui.__main__ import main
from backprop_tui.cli.commands import STEPPER
from backprop_tui.cli.experiment import decimals_of, opened
from backprop_tui.cli.parser import checked, command_line
from backprop_tui.files import settings
from backprop_tui.files.settings import NO_SETTINGS, Settings, remember_theme
from backprop_tui.session.saving import look_now
from backprop_tui.session.session import Session
from tests.terminal import Terminal, warm


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of the settings, in a home of its own; nothing is there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "backprop-tui" / "config.toml"


def written(file: Path, text: str | bytes) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


# Reading


def test_without_a_file_there_are_no_settings_and_no_faults(file: Path) -> None:
    assert settings.read() == (NO_SETTINGS, ())
    assert not file.exists()


def test_a_home_that_is_no_absolute_path_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    for home in ("", "config"):
        monkeypatch.setenv("XDG_CONFIG_HOME", home)
        assert settings.settings_file() == "/home/ada/.config/backprop-tui/config.toml"


def test_all_settings_are_read(file: Path) -> None:
    written(file, 'theme = "light"\ndecimals = 4\nask = "vote"\n')
    assert settings.read() == (Settings("light", 4, "vote"), ())


def a_folder(file: Path) -> None:
    file.mkdir(parents=True)


def a_pipe(file: Path) -> None:
    file.parent.mkdir()
    os.mkfifo(file)


def unreadable(file: Path) -> None:
    written(file, 'theme = "light"\n').chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("root may read everything")


def a_broken_link(file: Path) -> None:
    file.parent.mkdir()
    file.symlink_to(file.parent / "nothing")


def a_file_for_a_folder(file: Path) -> None:
    file.parent.write_text("")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (a_folder, "is a folder, not a file of settings"),
        (a_pipe, "is not a regular file"),
        (unreadable, "cannot be read: Permission denied"),
        (a_broken_link, "there is no file"),
        (lambda file: written(file, "theme = dark\n"), "is not valid TOML: Invalid value"),
        (lambda file: written(file, b'theme = "\xff"\n'), "is not UTF-8 text (line 1)"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_line_and_never_replaced(
    file: Path, spoil: Callable[[Path], object], told: str
) -> None:
    spoil(file)
    found, faults = settings.read()
    assert found == NO_SETTINGS
    (fault,) = faults
    assert str(file) in fault
    assert told in fault
    before = os.stat(file).st_size if file.is_file() else None
    not_written = remember_theme("light")
    assert not_written.startswith("The theme is not remembered: ")
    assert "config.toml" in not_written[:70]
    assert not_written.endswith(f" ({file})")  # behind the reason: there may be no room for both
    assert (os.stat(file).st_size if file.is_file() else None) == before


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('theme = "drak"', 'theme must be one of dark, light; got "drak". Did you mean "dark"?'),
        ("decimals = 13", "decimals must be a whole number from 0 to 12; got 13"),
        ("ask = 3", "ask must be one of off, lesson, vote, type; got 3"),
        ('colour = "red"', "colour is not a key of the settings, which has theme, decimals, ask"),
        ('[theme]\nname = "dark"', "theme must be one of dark, light; got a table"),
    ],
)
def test_a_wrong_value_is_passed_over_and_the_others_hold(file: Path, line: str, told: str) -> None:
    others = {"theme": '"light"', "decimals": "5", "ask": '"off"'}
    rest = "".join(f"{key} = {value}\n" for key, value in others.items() if key not in line[:9])
    written(file, f"{rest}{line}\n")
    found, faults = settings.read()
    assert faults == (f"{file}: {told}",)
    right = {"theme": "light", "decimals": 5, "ask": "off"}
    held = {key: value for key, value in vars(found).items() if value is not None}
    assert held == {key: value for key, value in right.items() if key not in line[:9]}


# Writing


def test_the_theme_is_written_and_read_again(file: Path) -> None:
    assert remember_theme("light") == ""
    assert settings.read() == (Settings("light"), ())
    assert remember_theme("dark") == ""
    assert settings.read() == (Settings("dark"), ())


def test_what_else_its_user_wrote_stays(file: Path) -> None:
    written(file, '# mine\ndecimals = 4  # for the projector\ntheme = "dark"\nfuture = 1\n')
    assert remember_theme("light") == ""
    assert file.read_text() == (
        '# mine\ndecimals = 4  # for the projector\ntheme = "light"\nfuture = 1\n'
    )


def test_where_there_is_no_room_for_it_a_sentence_says_so(file: Path) -> None:
    a_file_for_a_folder(file)
    assert remember_theme("light").startswith("The theme is not remembered: config.toml cannot")


# What comes before what


def asked(*argv: str) -> argparse.Namespace:
    parser = command_line(argv)
    given, extra = parser.parse_known_args(argv)
    return checked(STEPPER, given, extra)


@pytest.mark.parametrize(
    ("flags", "view", "decimals", "theme", "mode"),
    [
        ("", "", 5, "light", "vote"),
        ("", 'decimals = 3\ntheme = "dark"\nask = "type"', 3, "dark", "type"),
        ("--decimals 2 --theme light --ask off", 'theme = "dark"\nask = "type"', 2, "light", "off"),
        ("--decimals 2 --theme dark --ask off", "", 2, "dark", "off"),
    ],
)
def test_a_flag_comes_before_the_file_s_view_and_that_before_the_settings(
    tmp_path: Path, flags: str, view: str, decimals: int, theme: str, mode: str
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(f"{lessons.text('neuron')}\n[view]\n{view}\n")
    arguments = asked(str(mine), *flags.split())
    preferred = Settings("light", 5, "vote")
    experiment = opened(arguments)
    shown = decimals_of(arguments, experiment, preferred)
    session = Session(experiment, shown, preferred=preferred)
    assert (session.decimals, session.theme, session.mode) == (decimals, theme, mode)


def test_what_is_only_preferred_is_not_saved_with_a_run() -> None:
    experiment = opened(asked("neuron"))
    session = Session(experiment, preferred=Settings("light", ask="vote"))
    assert (look_now(session).theme, look_now(session).ask) == (None, None)


def test_in_words_the_settings_hold_faults_are_told_and_nothing_is_written(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(file, 'decimals = 1\nask = "of"\n')
    monkeypatch.setattr("sys.stdin", StringIO("ask off\nnext\n"))
    assert main(["--plain", "neuron"]) == 0
    out, err = capsys.readouterr()
    assert err.count("\n") == 1
    assert f'{file}: ask must be one of off, lesson, vote, type; got "of"' in err
    assert "Z1 is 0.2.\n" in out
    assert file.read_text() == 'decimals = 1\nask = "of"\n'


# The theme that is chosen on the screen


def test_a_theme_that_is_chosen_is_remembered_where_the_session_may(file: Path) -> None:
    experiment = opened(asked("neuron"))
    session = Session(experiment)
    session.do("theme")
    assert session.theme == "light"
    assert not file.exists()  # in a browser, in words, in a test
    session.remember_theme = remember_theme
    session.do("theme_light")
    assert settings.read() == (Settings("light"), ())
    written(file, "theme =")
    told = session.do("theme")
    assert session.theme == "dark"
    (why,) = told.said
    assert why.startswith("The theme is not remembered: ")


def test_the_screen_remembers_its_theme_and_begins_with_it(file: Path) -> None:
    program = warm("neuron")
    home = {"XDG_CONFIG_HOME": str(file.parents[1])}
    light, dark = b"48;2;252;252;252", b"48;2;18;18;18"
    with Terminal(program, 80, 24, home) as terminal:
        terminal.until_says("space")
        assert dark in terminal.output
        terminal.press(b"t")
        terminal.until(file.exists)
        terminal.press(b"q")
        assert terminal.until_ended() == 0
    assert settings.read() == (Settings("light"), ())
    with Terminal(program, 80, 24, home) as terminal:
        terminal.until_says("space")
        assert light in terminal.output
        assert dark not in terminal.output
        terminal.press(b"q")
        assert terminal.until_ended() == 0
