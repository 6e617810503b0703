"""The terminal read by a reader of our own, and given back whatever happens (Linux and macOS).

A terminal that is gone ends the program as a closed window does.
"""

from __future__ import annotations

import os
import select
import selectors
import signal
import termios
from collections.abc import Callable
from contextlib import suppress
from threading import Timer

from textual.drivers.linux_driver import LinuxDriver

from backprop_tui.tui.reader import Reader

LONGEST_END = 2.0
"""Seconds that taking down the screen may take."""
GIVEN_BACK = (
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?2048l\x1b[?1004l"
    "\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h"
)
"""No mouse, marks of pasted text, sizes or focus reported, lines wrapped, the keyboard and the
screen as they were, the cursor shown."""


class TerminalDriver(LinuxDriver):
    """Textual's driver, with a reader of its own, that gives the terminal back whatever happens."""

    _has_it = False
    """Whether the terminal is this program's just now."""
    _end: Timer | None = None
    _must_stop = False
    """Whether it was told to stop, and not to go on since."""

    def run_input_thread(self) -> None:
        """Read until the terminal is given back, or gone."""
        reader = Reader(self._debug)
        with selectors.SelectSelector() as selector:  # select: macOS polls no terminals
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if not selector.select(0.1):
                    messages = reader.idle()
                elif data := self._input():
                    messages = reader.read(data)
                else:
                    self._app.call_later(self._app.exit, None, 128 + signal.SIGHUP)
                    return
                for message in messages:
                    self.process_message(message)

    def _input(self) -> bytes:
        """What there is to read; nothing once the terminal is gone."""
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""

    # Taken and given back

    def start_application_mode(self) -> None:
        """Take the terminal."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._has_it = self._key_thread is not None and self._key_thread.is_alive()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        super().stop_application_mode()
        self._has_it = False

    # Signals are heard between any two instructions, in the middle of a write too, which a second
    # one would wait for for ever: what they ask for is done by the loop.

    def _sigtstp_application(self, *_: object) -> None:
        self._must_stop = True
        self._soon(self._stop)

    def _sigcont_application(self, *_: object) -> None:
        self._must_stop = False
        self._soon(self._go_on)

    def _soon(self, what: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(what)

    def _stop(self) -> None:
        """Give the terminal back and stop, unless what came since says otherwise: nobody would
        tell it to go on once more."""
        if not self._must_stop or self._end is not None:
            return
        if self._auto_restart:
            self.suspend_application_mode()
            self._must_signal_resume = True
        if self._must_stop:
            os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        """Take the terminal again. Stopped by a signal that cannot be caught, it never gave it
        back: it does that first, else what it takes for the terminal's own modes are its own."""
        if not self._auto_restart:
            return
        if self._has_it:
            self.suspend_application_mode()
            self._must_signal_resume = True
        self.resume_application_mode()

    def must_end(self, status: int, last_words: str = "") -> None:
        """Give the terminal back and end the process, unless the screen is soon taken down."""
        if self._end is None:
            self._end = Timer(LONGEST_END, self._end_now, (status, last_words))
            self._end.daemon = True
            self._end.start()

    def _end_now(self, status: int, last_words: str) -> None:
        with suppress(termios.error, OSError):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            # Of its own: a terminal that takes nothing more must not block this as well.
            file = os.open(os.ttyname(self.fileno), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            given_back = GIVEN_BACK if self._has_it or self._is_slow else ""
            _write(file, f"{given_back}{last_words}\r\n".encode())
        os._exit(status)

    @property
    def _is_slow(self) -> bool:
        """Whether words that were written wait for the terminal to take those before them."""
        return self._writer_thread is not None and not self._writer_thread._queue.empty()

    def close(self) -> None:
        """The screen is taken down."""
        super().close()
        signal.set_wakeup_fd(-1)  # the loop closes it first, and a signal then would be told of
        if self._end is not None:
            self._end.cancel()


def _write(file: int, words: bytes) -> None:
    """Write them as a slow terminal takes them; one that has taken nothing for long is given up."""
    while words and select.select([], [file], [], LONGEST_END)[1]:
        with suppress(BlockingIOError):  # another has filled it meanwhile
            words = words[os.write(file, words) :]
