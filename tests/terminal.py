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
import termios
import time
from collections.abc import Callable, Sequence

import pyte

from tests.warm import PATIENCE, ROOT, Warm, surroundings

PACKAGE = "backprop_tui"
END = b"\0"
"""What no program writes: it comes behind all that one has written."""
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
        side, env = self._side, surroundings() | (env or {})
        self.process: Warm | subprocess.Popen[bytes]
        if command[0] == PACKAGE:
            self.process = Warm(command[1:], env, side, side, side)
        else:
            self.process = subprocess.Popen(
                command,
                stdin=side,
                stdout=side,
                stderr=side,
                cwd=ROOT,
                env=env,
                start_new_session=True,
            )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
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
        assert isinstance(self.process, Warm)
        return self.process.is_stopped()

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
        while not select.select([], [self._side], [], 0)[1]:
            self.look(0.05)
        os.write(self._side, END)
        while not self.output.endswith(END):
            self.look(PATIENCE)
        at, last = self.pieces[-1]
        self.pieces[-1] = at, last.removesuffix(END)
        return self.process.wait()

    def mode_is_on(self, number: int) -> bool:
        """Whether a private mode (1049 is the alternate screen, 25 the cursor) was left on."""
        found = re.findall(rb"\x1b\[\?([0-9;]+)([hl])", self.output)
        states = [switch for modes, switch in found if str(number).encode() in modes.split(b";")]
        return bool(states) and states[-1] == b"h"


def stepper(*arguments: str) -> list[str]:
    """The program, as a fresh interpreter starts it."""
    return [sys.executable, "-m", PACKAGE, *arguments]


def warm(*arguments: str) -> list[str]:
    """The program, with all that it imports imported already."""
    return [PACKAGE, *arguments]
