"""The program as a person runs it: in a real terminal, from its start until it is given back."""

from __future__ import annotations

import re
import resource
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.terminal import Terminal, stepper, warm

SPACE, BACKSPACE, PAGE_DOWN, PAGE_UP = b" ", b"\x7f", b"\x1b[6~", b"\x1b[5~"
CTRL_Z, ESCAPE = b"\x1a", b"\x1b"
ALTERNATE_SCREEN, CURSOR, PASTE = 1049, 25, 2004
KEYBOARD_TAKEN, KEYBOARD_GIVEN_BACK = b"\x1b[>", b"\x1b[<u"


def started(width: int = 80, height: int = 24) -> Terminal:
    terminal = Terminal(warm("article", "--ask", "off"), width, height)
    terminal.until_says("Press space", "? help", "W1", "dW1")
    return terminal


def is_given_back(terminal: Terminal) -> bool:
    """The alternate screen left, the cursor shown, the mouse and the line's modes as before."""
    return (
        not terminal.mode_is_on(ALTERNATE_SCREEN)
        and terminal.mode_is_on(CURSOR)
        and not any(terminal.mode_is_on(mode) for mode in (1000, 1003, 1004, 1006, PASTE))
        and terminal.modes == terminal.modes_before
    )


def assert_given_back(terminal: Terminal) -> None:
    """It is, once all that was written has been read."""
    if not is_given_back(terminal):
        terminal.until(lambda: is_given_back(terminal), "the terminal as it was")
    assert is_given_back(terminal)


def test_an_iteration_forth_and_back() -> None:
    with started() as terminal:
        first = terminal.lines
        assert terminal.mode_is_on(ALTERNATE_SCREEN)
        for step in range(1, 18):
            terminal.press(PAGE_DOWN if step % 2 else SPACE)
            terminal.until_says(f"step {step} of 17", f"Step {step} ")
        terminal.until_says("after  W2", "after  b2", "0.321")
        for step in range(16, -1, -1):
            terminal.press(PAGE_UP if step % 2 else BACKSPACE)
            terminal.until_says(f"step {step} of 17")
        terminal.until(lambda: terminal.lines == first, "the first screen")


def test_a_burst_of_keys_is_not_lost() -> None:
    with started() as terminal:
        terminal.press(SPACE * 17 * 3)
        terminal.until_says("iteration 3", "step 17 of 17")
        terminal.press(BACKSPACE * 17 * 3)
        terminal.until_says("iteration 1", "step 0 of 17", "Press space")


def test_other_sizes() -> None:
    with started() as terminal:
        terminal.press(SPACE * 8)
        terminal.until_says(
            "step 8 of 17", "dW2 = dZ2 · A1ᵀ", "gradient check: difference < 1e−9", "◆ Each"
        )
        small = terminal.lines
        terminal.resize(120, 40)
        terminal.until_says("NumPy", "dW2 = dZ2 @ A1.T", "? help", "Cache", "Gradients")
        assert len(terminal.lines) == 40
        terminal.resize(40, 12)
        terminal.until(lambda: "NumPy" not in terminal.text and "dW2 = dZ2" in terminal.text)
        terminal.until_says("? help")
        terminal.resize(80, 24)
        terminal.until(lambda: terminal.lines == small, "the same screen as before")


def test_a_terminal_that_has_its_size_again_is_painted_anew() -> None:
    """It was another one for a moment, which a busy program never sees: what it showed is lost."""
    with started() as terminal:
        shown = terminal.lines
        terminal.screen.resize(1, 1)
        terminal.resize(80, 24)
        terminal.until(lambda: terminal.lines == shown, "the same screen as before")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (b"   e", ("iteration 1  α =",)),
        (b"?", ("Moving in time",)),
        (b"ii" + SPACE * 8 + b"l", ("log scale",)),
        (b"aa" + SPACE, ("= ?", "Show one to four fingers")),
    ],
    ids=["edit", "help", "curve", "question"],
)
def test_whatever_is_open_survives_many_sizes_in_a_row(keys: bytes, words: tuple[str, ...]) -> None:
    with started() as terminal:
        terminal.press(keys)
        terminal.until_says(*words)
        for width, height in ((40, 12), (200, 60), (59, 17), (300, 100), (20, 5), (1, 1), (80, 24)):
            terminal.resize(width, height)
            terminal.look(0.05)  # some of them fall into the painting of another
        terminal.until_says(*words)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.until_ended() == 128 + signal.SIGTERM
        assert_given_back(terminal)
        assert b"Traceback" not in terminal.output


@pytest.mark.parametrize(
    ("keys", "words"),
    [(SPACE * 8, "step 8 of 17"), (b"?", "Moving in time"), (b"e", "α =")],
    ids=["stepping", "help", "a field"],
)
def test_suspended_it_gives_the_terminal_back_and_comes_back(keys: bytes, words: str) -> None:
    with started() as terminal:
        terminal.press(keys)
        terminal.until_says(words)
        for _ in range(2):
            terminal.press(CTRL_Z)
            terminal.until(lambda: terminal.is_stopped, "the shell")
            assert_given_back(terminal)
            terminal.process.send_signal(signal.SIGCONT)
            terminal.until(lambda: terminal.mode_is_on(PASTE), "the screen, again")
            terminal.until_says(words)
        terminal.press(ESCAPE)
        terminal.until_says("? help")
        terminal.press(PAGE_DOWN)
        terminal.until_says(f"step {9 if keys == SPACE * 8 else 1} of 17")


def test_a_terminal_that_closes_while_it_is_suspended_leaves_nothing_behind() -> None:
    with started() as terminal:
        terminal.press(CTRL_Z)
        terminal.until(lambda: terminal.is_stopped, "the shell")
        terminal.process.send_signal(signal.SIGHUP)
        terminal.process.send_signal(signal.SIGCONT)
        assert terminal.until_ended() == 128 + signal.SIGHUP
        assert_given_back(terminal)


@pytest.mark.parametrize(("times", "ends"), [(1, "q"), (2, "SIGTERM"), (3, "q")])
def test_stopped_by_a_signal_that_nobody_hears_it_ends_as_ever(times: int, ends: str) -> None:
    with started() as terminal:
        before = threads(terminal)
        for _ in range(times):
            begin = len(terminal.output)
            terminal.process.send_signal(signal.SIGSTOP)
            terminal.until(lambda: terminal.is_stopped, "the stop")
            terminal.process.send_signal(signal.SIGCONT)
            terminal.until(partial(says, terminal, KEYBOARD_TAKEN, begin), "the screen, again")
        terminal.press(SPACE)
        terminal.until_says("step 1 of 17", "Step 1 ")
        assert threads(terminal) == before
        if ends == "q":
            terminal.press(b"q")
        else:
            terminal.process.send_signal(signal.SIGTERM)
        assert terminal.until_ended() == (0 if ends == "q" else 128 + signal.SIGTERM)
        assert_given_back(terminal)
        assert terminal.output.count(KEYBOARD_TAKEN) == terminal.output.count(KEYBOARD_GIVEN_BACK)


def test_continued_without_a_stop_nothing_is_taken_twice() -> None:
    with started() as terminal:
        terminal.process.send_signal(signal.SIGCONT)
        terminal.press(SPACE)
        terminal.until_says("step 1 of 17")
        terminal.press(b"q")
        assert terminal.until_ended() == 0
        assert_given_back(terminal)


HANGING = """
import time
from backprop_tui.files.experiment_file import load
from backprop_tui.tui import driver
from backprop_tui.tui.app import BackpropApp

driver.LONGEST_END = 0.1

class Hanging(BackpropApp):
    async def _close_all(self):
        time.sleep(600)

    def press(self, key, character=None):
        if key == "space":
            print("\\033]2;hangs\\007", end="", file=self._driver._file, flush=True)
            time.sleep(600)
        super().press(key, character)

Hanging(load("article")).run()
"""


def test_a_signal_ends_it_whatever_it_is_doing() -> None:
    with Terminal([sys.executable, "-c", HANGING], 80, 24) as terminal:
        terminal.until_says("Press space", "? help")
        terminal.press(SPACE)
        terminal.until(lambda: b"hangs" in terminal.output)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.until_ended() == 128 + signal.SIGTERM
        assert_given_back(terminal)


def test_where_the_screen_cannot_be_taken_down_the_terminal_is_given_back() -> None:
    with Terminal([sys.executable, "-c", HANGING], 80, 24) as terminal:
        terminal.until_says("Press space", "? help")
        terminal.press(b"q")
        assert terminal.until_ended() == 0
        assert_given_back(terminal)
        assert "backprop-tui article" in terminal.text
        assert terminal.output.count(KEYBOARD_GIVEN_BACK) == 1


def says(terminal: Terminal, sequence: bytes, begin: int) -> bool:
    """Whether it was sent from then on."""
    return sequence in terminal.output[begin:]


def threads(terminal: Terminal) -> int:
    """How many the program has."""
    told = Path(f"/proc/{terminal.process.pid}/status").read_text()
    return int(told.split("Threads:")[1].split()[0])


def test_quit_gives_the_terminal_back_and_says_how_to_resume() -> None:
    with started() as terminal:
        terminal.press(SPACE + b"q")
        assert terminal.until_ended() == 0
        assert_given_back(terminal)
        assert "backprop-tui article" in terminal.text


def test_ctrl_q_quits_too() -> None:
    with started() as terminal:
        terminal.press(b"\x11")
        assert terminal.until_ended() == 0
        assert_given_back(terminal)


SIGNALS = pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda n: n.name
)


@SIGNALS
def test_a_signal_gives_the_terminal_back(number: signal.Signals) -> None:
    with started() as terminal:
        terminal.process.send_signal(number)
        assert terminal.until_ended() == 128 + number
        assert_given_back(terminal)
        assert "Traceback" not in terminal.text


@pytest.mark.parametrize("seconds", [0.1, 0.5])
def test_a_signal_is_heard_whenever_it_comes_in_a_burst_of_keys(seconds: float) -> None:
    with started() as terminal:
        terminal.press(SPACE * 3000)
        signalled = time.monotonic() + seconds
        while (left := signalled - time.monotonic()) > 0:
            terminal.read(left)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.until_ended() == 128 + signal.SIGTERM
        assert_given_back(terminal)


@pytest.mark.parametrize(
    ("start", "sign", "number"),
    [
        (stepper, b"\x1b[?1049h", signal.SIGTERM),
        (warm, b"\x1b[?25l", signal.SIGHUP),
        (warm, b"\x1b[?7l", signal.SIGINT),
        (warm, b"article", signal.SIGTERM),
    ],
)
def test_a_signal_in_the_first_moment_gives_it_back_too(
    start: Callable[..., list[str]], sign: bytes, number: signal.Signals
) -> None:
    with Terminal(start("article", "--ask", "off"), 80, 24) as terminal:
        terminal.until(lambda: sign in terminal.output)
        terminal.process.send_signal(number)
        assert terminal.until_ended() == 128 + number
        assert_given_back(terminal)
        assert b"Traceback" not in terminal.output
        assert b"\xe2\x95\xad" not in terminal.output.rpartition(b"\x1b[?1049l")[2]  # its frame


def test_what_is_no_key_ends_nothing_and_presses_none() -> None:
    """Bytes that are no characters, and a colour that the terminal reports unasked."""
    with started() as terminal:
        terminal.press(b"\xff" + SPACE + b"\xc3\x28\x80" + SPACE)
        terminal.press(b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\" + SPACE)
        terminal.until_says("step 3 of 17", "Step 3 ")
        terminal.press(b"q")
        assert terminal.until_ended() == 0
        assert_given_back(terminal)


def test_without_colours_there_is_no_hue_and_nothing_is_lost() -> None:
    with Terminal(warm("article", "--ask", "off"), 80, 24, {"NO_COLOR": "1"}) as terminal:
        terminal.until_says("Press space")
        terminal.press(SPACE * 8)
        terminal.until_says("▸−0.524", "•0.818")
        colours = re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)[;m]", terminal.output)
        assert colours
        assert all(red == green == blue for red, green, blue in colours)


@pytest.mark.parametrize("term", ["screen", "xterm-16color", "vt220", "linux"])
def test_sixteen_colours_are_all_that_is_sent(term: str) -> None:
    env = {"TERM": term, "COLORTERM": ""}
    with Terminal(warm("article", "--ask", "off"), 80, 24, env) as terminal:
        terminal.until_says("Press space", "? help")
        assert re.search(rb"\x1b\[[0-9;]*3[0-7][;m]", terminal.output)
        assert not re.search(rb"[34]8;[25];", terminal.output)


@pytest.mark.parametrize(
    ("command", "env"),
    [
        (warm("--ascii"), {}),
        (stepper(), {"LC_ALL": "C"}),
        (warm(), {"TERM": "linux"}),
        (stepper(), {"PYTHONIOENCODING": "latin-1"}),
    ],
    ids=["asked for", "locale", "console", "encoding"],
)
def test_a_terminal_that_lacks_signs_gets_none(command: list[str], env: dict[str, str]) -> None:
    with Terminal([*command, "article", "--ask", "off"], 80, 24, env) as terminal:
        terminal.until_says("Press space", "? help")
        terminal.press(SPACE * 8)
        terminal.until_says("dW2 = dZ2 . A1^T", ">-0.524", ":0.818", "BS back", "ok forward")
        terminal.press(b"?")
        terminal.until_says("Moving in time")
        terminal.press(b"q")
        terminal.until_says("dW2 = dZ2 . A1^T")
        terminal.press(b"q")
        assert terminal.until_ended() == 0
        assert terminal.output.isascii()


def test_signs_can_be_asked_for() -> None:
    command = warm("article", "--ask", "off", "--unicode")
    with Terminal(command, 80, 24, {"TERM": "linux"}) as terminal:
        terminal.until_says("Press space", "⌫ back")


def test_a_fault_is_said_without_a_screen() -> None:
    with Terminal(warm("artikle"), 200, 24) as terminal:
        assert terminal.until_ended() == 2
        assert 'Did you mean "article"?' in terminal.text
        assert b"\x1b[?1049h" not in terminal.output


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="Linux alone bounds another process")
def test_where_no_memory_is_left_it_says_so_in_a_line_and_gives_the_terminal_back(
    tmp_path: Path,
) -> None:
    (file := tmp_path / "large.toml").write_text(
        '[network]\nlayers = [3000, 1500, 1]\nactivations = ["tanh", "sigmoid"]\n'
        f'loss = "half_squared_error"\n[data]\nX = [{[0] * 3000}]\nY = [[1]]\n'
    )
    with Terminal(warm(str(file)), 80, 24) as terminal:
        terminal.until_says("step 0 of", "? help")
        terminal.press(b" ")
        terminal.until_says("step 1 of")
        pages = int(Path(f"/proc/{terminal.process.pid}/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + 25_000_000  # W1 takes 36 MB
        resource.prlimit(terminal.process.pid, resource.RLIMIT_AS, (most, most))
        terminal.press(b"R")
        assert terminal.until_ended() == 2
        terminal.until_says("backprop-tui: there is not enough memory for this experiment")
        assert b"Traceback" not in terminal.output
        assert_given_back(terminal)


@pytest.mark.parametrize(("arguments", "keys"), [((), b"  "), (("--plain",), b"\n\n")])
def test_that_no_autosave_can_be_written_is_told(
    arguments: tuple[str, ...], keys: bytes, tmp_path: Path
) -> None:
    (state := tmp_path / "state").write_text("in its place")
    with Terminal(warm(*arguments), 100, 30, env={"XDG_STATE_HOME": str(state)}) as terminal:
        terminal.until_says("Press space" if not arguments else "help tells")
        terminal.press(keys)
        terminal.until_says("No autosave can be written")
