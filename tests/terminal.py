"""A real pseudo-terminal with a program in it, and an emulator that shows what a person would see.

The program's output is kept with the time at which each piece came, so that what is measured is
measured from outside.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import pyte

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0
"""Seconds until a condition is given up: generous, as a machine may be busy with other things."""
BEYOND_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$[a-z]|\x1bP[^\x1b]*\x1b\\")
"""Sequences that the emulator would print: kitty's keyboard, mode requests, device strings."""


class Terminal:
    """`command` in a terminal of that size. Use it as a context: it never outlives it."""

    def __init__(
        self, command: Sequence[str], width: int, height: int, env: dict[str, str] | None = None
    ) -> None:
        self.screen = pyte.Screen(width, height)
        self._begun = b""  # an escape sequence whose end is still to come
        self._stream = pyte.ByteStream(self.screen)
        self.pieces: list[tuple[float, bytes]] = []
        self._main, self._side = pty.openpty()
        self._set_size(width, height)
        self.modes_before = termios.tcgetattr(self._main)
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=self._side,
            stdout=self._side,
            stderr=self._side,
            cwd=ROOT,
            env=surroundings() | (env or {}),
            start_new_session=True,
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._main)
        os.close(self._side)

    # What it says

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def output(self) -> bytes:
        """Everything that came, control sequences included."""
        return b"".join(piece for _, piece in self.pieces)

    @property
    def modes(self) -> list[object]:
        """The terminal's own modes: echo, line buffering, ..."""
        return list(termios.tcgetattr(self._main))

    def read(self, seconds: float) -> bool:
        """Take in what comes within that time; whether anything came."""
        if not select.select([self._main], [], [], seconds)[0]:
            return False
        piece = os.read(self._main, 65536)
        self.pieces.append((time.perf_counter(), piece))
        return True

    def show(self, since: int = 0) -> None:
        """Let the emulator show what came since then."""
        for _, piece in self.pieces[since:]:
            self.feed(piece)

    def feed(self, piece: bytes) -> None:
        whole = self._begun + piece
        # What was cut off in the middle of an escape sequence is told with the rest of it.
        tail = re.search(rb"\x1b(?:\[[0-9;:?<=>$ ]*)?$", whole)
        end = tail.start() if tail else len(whole)
        self._begun = whole[end:]
        self._stream.feed(BEYOND_PYTE.sub(b"", whole[:end]))

    def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait until the screen meets a condition."""
        deadline = time.perf_counter() + PATIENCE
        while not condition():
            assert time.perf_counter() < deadline, f"never came: {what}\n{self.text}"
            self.look(0.05)

    def look(self, seconds: float) -> None:
        """Let the emulator show what comes within that time."""
        before = len(self.pieces)
        if self.read(seconds):
            self.show(before)

    def until_says(self, *words: str) -> None:
        def says() -> bool:
            text = self.text
            return all(word in text for word in words)

        self.until(says, ", ".join(words))

    def quiet(self, seconds: float) -> None:
        """Take in all that comes until nothing has come for that long; nothing is shown yet."""
        while self.read(seconds):
            pass

    @property
    def is_stopped(self) -> bool:
        """Whether the program was suspended, and so waits for its shell."""
        _, status = os.waitpid(self.process.pid, os.WNOHANG | os.WUNTRACED)
        return os.WIFSTOPPED(status)

    # What is done to it

    def press(self, keys: bytes) -> None:
        os.write(self._main, keys)

    def resize(self, width: int, height: int) -> None:
        self._set_size(width, height)
        self.screen.resize(height, width)
        self.process.send_signal(signal.SIGWINCH)

    def _set_size(self, width: int, height: int) -> None:
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def until_ended(self) -> int:
        """Wait for the end of the program, and return its exit status."""
        self.until(lambda: self.process.poll() is not None, "the end")
        before = len(self.pieces)
        self.quiet(0.2)
        self.show(before)
        return self.process.wait()

    def mode_is_on(self, number: int) -> bool:
        """Whether a private mode (1049 is the alternate screen, 25 the cursor) was left on."""
        found = re.findall(rb"\x1b\[\?([0-9;]+)([hl])", self.output)
        states = [switch for modes, switch in found if str(number).encode() in modes.split(b";")]
        return bool(states) and states[-1] == b"h"


def surroundings() -> dict[str, str]:
    """An ordinary terminal's environment, with nothing of the one that tests run in."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR", "PYTHONPATH")}
    return kept | {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "TEXTUAL_ANIMATIONS": "none",
        # new ones each time: what one test has left behind or remembered is no other's
        "XDG_STATE_HOME": tempfile.mkdtemp(dir=os.environ.get("XDG_STATE_HOME")),
        "XDG_CONFIG_HOME": tempfile.mkdtemp(dir=os.environ.get("XDG_CONFIG_HOME")),
    }


def stepper(*arguments: str) -> list[str]:
    """The command that steps through an experiment."""
    return [sys.executable, "-m", "backprop_tui", *arguments]
