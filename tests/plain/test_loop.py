"""The stepper in words as it is run: piped commands, a dumb terminal, signals, closed streams."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from backprop_tui.messages import readable
from backprop_tui.plain.face import LONGEST_LINE
from backprop_tui.plain.loop import read
from tests.terminal import Terminal, warm
from tests.warm import ran

ROOT = Path(__file__).parents[2]
PATIENCE = 60
READY = "help tells what can be typed.\n>"
"""The first prompt is there."""


def piped(commands: str | bytes, *arguments: str) -> tuple[int, str, str]:
    """What a session says whose commands come through a pipe."""
    read, write = os.pipe()
    os.write(write, commands.encode() if isinstance(commands, str) else commands)
    os.close(write)
    with open(read) as pipe:
        return ran("--plain", *arguments, stdin=pipe.fileno())


def said(ended: tuple[int, str, str]) -> list[str]:
    status, out, err = ended
    assert (status, err) == (0, "")
    return out.splitlines()


def test_piped_commands_are_answered_and_the_end_of_input_is_no_fault() -> None:
    heard = said(piped("goto dZ2\nshow\nwhy", "--decimals", "2", "--ask", "off"))
    assert "dZ2 is minus 0.64." in heard
    assert not any(line.startswith(">") for line in heard)  # nobody sits there
    assert heard[-3:-1] == [
        "backprop-tui --plain article --ask off --decimals 2",
        "and at the same step:",
    ]


def test_an_empty_input_says_what_it_would_begin_with() -> None:
    heard = said(piped("", "mazur"))
    assert heard[0] == "mazur: Matt Mazur's step by step example."
    assert heard[-1] == "backprop-tui --plain mazur"


def test_quit_ends_before_the_input_does() -> None:
    assert not any("Step 1" in line for line in said(piped("quit\nnext\n")))


def test_of_a_line_without_end_little_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("x" * 3 * LONGEST_LINE + "\nnext\n"))
    line = read(None)
    assert line
    assert LONGEST_LINE < len(line.strip()) < LONGEST_LINE + 3
    assert [read(None), read(None)] == ["next\n", None]


def test_bytes_that_are_no_text_are_no_command() -> None:
    heard = said(piped(b"\xff\xfe\nnext\0\nnext\n"))
    assert any(line.startswith("There is no command") for line in heard)
    assert any(line.startswith("Step 1 of 17") for line in heard)


@pytest.mark.parametrize(
    "line", ["\x1b[2J", "write \x1b", "edit W1[1,1] \0", "show \x1b", "ask \x1b", "open a\x1bb"]
)
def test_what_is_repeated_of_a_line_gives_the_terminal_no_orders(line: str) -> None:
    heard = "".join(said(piped(f"{line}\n", "--ask", "off")))
    assert heard.isprintable()
    assert "\\x" in heard


def test_but_what_only_looks_unusual_is_said_as_it_is() -> None:
    title = "«\xa0Oui\xa0» 👩\u200d🏫"  # spaces that do not break, signs that are joined
    assert readable(title) == title


def test_answers_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    said(piped("next\n5\nplus\n", "mazur", "--ask", "type", "--record", str(file)))
    assert len(file.read_text().splitlines()) == 3


def test_overrides_and_faults_are_those_of_the_stepper() -> None:
    heard = said(piped("show X", "--layers", "2,1", "--x", "-1,1", "--y", "1"))
    assert "Row 1: minus 1.000." in heard
    status, _, wrong = piped("", "artikle")
    assert status == 2
    assert 'Did you mean "article"?' in wrong


def test_a_reader_that_has_heard_enough_ends_it_quietly() -> None:
    command = f"yes next | '{sys.executable}' -m backprop_tui --plain | head -3"
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, timeout=PATIENCE, check=False, cwd=ROOT
    )
    assert done.stdout.count(b"\n") == 3
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


def test_an_output_that_is_full_is_a_fault_in_one_line() -> None:
    with open("/dev/full", "w") as full:
        status, _, err = ran("--plain", stdout=full.fileno())
    assert status == 2
    assert err.startswith("backprop-tui: the output cannot be written: ")
    assert err.count("\n") == 1


# In a terminal ---------------------------------------------------------------------------------


def dumb(*arguments: str) -> Terminal:
    return Terminal(warm(*arguments), 100, 60, {"TERM": "dumb"})


def test_a_dumb_terminal_is_stepped_in_words() -> None:
    with dumb("article", "--ask", "off") as terminal:
        terminal.until_says("TERM=dumb: stepping in words, as with --plain", READY)
        terminal.press(b"\n")
        terminal.until_says("Step 1 of 17", "Z 1 equals W 1 times X plus b 1.")
        terminal.press(b"quit\n")
        assert terminal.until_ended() == 0
        assert "backprop-tui --plain article" in terminal.text
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", terminal.output)
        assert terminal.modes == terminal.modes_before


def test_plain_asks_for_it_in_any_terminal() -> None:
    with Terminal(warm("--plain"), 100, 50) as terminal:
        terminal.until_says("article: The article's network.", READY)
        terminal.press(b"\x04")  # ctrl-d
        assert terminal.until_ended() == 0
        assert b"\x1b" not in terminal.output


def test_ctrl_c_ends_it_and_says_how_to_come_back() -> None:
    with dumb("article", "--ask", "off") as terminal:
        terminal.until_says(READY)
        terminal.press(b"next\n")
        terminal.until_says("Step 1 of 17")
        terminal.until(lambda: terminal.text.count("\n>") == 2, "the prompt")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.until_ended() == 130
        assert "and at the same step:" in terminal.text
        assert b"Traceback" not in terminal.output


IMPATIENT = """
from backprop_tui.__main__ import main
from backprop_tui.plain import face

face.PATIENCE = 0.1
main(["--plain", "--ask", "off"])
"""


def test_ctrl_c_stops_a_long_way_and_nothing_else() -> None:
    with Terminal([sys.executable, "-c", IMPATIENT], 100, 60) as terminal:
        terminal.until_says(READY)
        terminal.press(b"goto loss < -1\n")
        terminal.until_says("so far; control C stops.")
        terminal.process.send_signal(signal.SIGINT)
        terminal.until_says("Stopped.")
        terminal.press(b"where\n")
        terminal.until_says("Next comes Z1")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it(number: signal.Signals) -> None:
    with dumb("article") as terminal:
        terminal.until_says(READY)
        terminal.process.send_signal(number)
        assert terminal.until_ended() == -number
        assert b"Traceback" not in terminal.output
