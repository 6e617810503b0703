"""What the terminal sends, read so that nothing in it ends the program, and the terminal given back
whatever happens (Linux and macOS).

Textual's own driver expects UTF-8 and sequences that it knows. Bytes that are none are shown as �,
a terminal's answers that nobody has asked for are dropped, an escape and a key that come in one
piece are two keys, and a terminal that is gone ends the program as a closed window does.
"""

from __future__ import annotations

import codecs
import os
import re
import select
import selectors
import signal
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Timer

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Paste
from textual.message import Message

ANSWER = re.compile(r"\x1b\]\d+;[^\x07\x1b]*(?:\x07|\x1b\\)")
"""An operating system command, ESC ] 11;rgb:… ended by BEL or ESC \\: no key sends that."""
BEGUN = re.compile(r"\x1b(?:\](?:\d+(?:;[^\x07\x1b]*\x1b?)?)?|\[(?:2(?:0[01]?)?)?)?\Z")
"""The beginning of one, or of a mark of pasted text, at the end of what came; or ESC alone."""
MOST_BEGUN = 4096
"""Characters after which it is none."""
PASTED = re.compile(r"\x1b\[20([01])~")
"""Before and behind text that is pasted."""
LONGEST_PAUSE = 20
"""Times in a row that nothing comes, two seconds, after which the mark behind pasted text is lost:
else every key, ctrl-c too, would be more of the text."""
ESCAPE = re.compile(r"\x1b(?=[^\[\]O]|\Z)")
"""An ESC that begins no sequence, as the next one may. Alt, which sends it too, means nothing."""
LONGEST_END = 2.0
"""Seconds that taking down the screen may take."""
GIVEN_BACK = (
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?2048l\x1b[?1004l"
    "\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h"
)
"""No mouse, marks of pasted text, sizes or focus reported, lines wrapped, the keyboard and the
screen as they were, the cursor shown."""


class Reader:
    """Bytes of a terminal, in any pieces, turned into keys and clicks."""

    def __init__(self, debug: bool = False) -> None:
        self._debug = debug
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._parser = XTermParser(debug)
        self._begun = ""
        self._pasted: list[str] | None = None  # between its marks, as far as it has come
        self._silent = 0  # times in a row

    def read(self, data: bytes) -> Iterator[Message]:
        """What came with these bytes; the beginning of a sequence is kept until its end comes."""
        self._silent = 0
        text = ANSWER.sub("", self._begun + self._decoder.decode(data))
        begun = BEGUN.search(text)
        at = begun.start() if begun and len(begun[0]) <= MOST_BEGUN else len(text)
        self._begun = text[at:]
        yield from self._messages(text[:at])

    def idle(self) -> Iterator[Message]:
        """Nothing more comes just now: what was begun is as it is, an escape is the key."""
        begun, self._begun = self._begun, ""
        yield from self._messages(begun)
        yield from self._parser.tick()
        self._silent += 1
        if self._silent >= LONGEST_PAUSE:
            yield from self._end_of_paste()

    def _messages(self, text: str) -> Iterator[Message]:
        """The messages of text and of pasted text, by turns."""
        before = 0
        for mark in PASTED.finditer(text):
            yield from self._between(text[before : mark.start()])
            yield from self._end_of_paste()
            self._pasted = [] if mark[1] == "0" else None
            before = mark.end()
        yield from self._between(text[before:])

    def _end_of_paste(self) -> Iterator[Message]:
        if self._pasted is not None:
            yield Paste("".join(self._pasted))
        self._pasted = None

    def _between(self, text: str) -> Iterator[Message]:
        """The messages of text without marks: each escape that begins no sequence is a key."""
        if self._pasted is not None:
            self._pasted.append(text)
            return
        before = 0
        for found in ESCAPE.finditer(text):
            yield from self._parsed(text[before : found.start()])
            yield Key("escape", found[0])
            before = found.end()
        yield from self._parsed(text[before:])

    def _parsed(self, text: str) -> Iterator[Message]:
        try:
            if text:  # nothing would mean the end to it
                # An enter that came before the terminal was taken is a line feed.
                keys = self._parser.feed(text.replace("\n", "\r"))
                yield from filter(_can_be_shown, keys)
        except (ValueError, ArithmeticError):  # numbers in a sequence that are no key's
            before, self._parser = self._parser, XTermParser(self._debug)
            # A terminal that does not know its size in pixels tells no place in them.
            self._parser.mouse_pixels = bool(before.terminal_pixel_size)
            self._parser.terminal_size = before.terminal_size
            self._parser.terminal_pixel_size = before.terminal_pixel_size


def _can_be_shown(message: Message) -> bool:
    """Not half a character, which no terminal can be sent."""
    character = message.character if isinstance(message, Key) else None
    return character is None or not any("\ud800" <= c <= "\udfff" for c in character)


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
