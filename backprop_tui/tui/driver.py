"""What the terminal sends, read so that nothing in it ends the program (Linux and macOS).

Textual's own driver expects UTF-8 and sequences that it knows. Bytes that are none are shown as �,
a terminal's answers that nobody has asked for are dropped, and a terminal that is gone ends the
program as a closed window does. It only reads: writing and the terminal's modes are Textual's.
"""

from __future__ import annotations

import codecs
import os
import re
import selectors
import signal
from collections.abc import Iterator

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message

ANSWER = re.compile(r"\x1b\]\d+;[^\x07\x1b]*(?:\x07|\x1b\\)")
"""An operating system command, ESC ] 11;rgb:… ended by BEL or ESC \\: no key sends that."""
BEGUN = re.compile(r"\x1b\](?:\d+(?:;[^\x07\x1b]*\x1b?)?)?\Z")
"""The beginning of one, at the end of what came."""
MOST_BEGUN = 4096
"""Characters after which it is none."""


class Reader:
    """Bytes of a terminal, in any pieces, turned into keys and clicks."""

    def __init__(self, debug: bool = False) -> None:
        self._debug = debug
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._parser = XTermParser(debug)
        self._begun = ""

    def read(self, data: bytes) -> Iterator[Message]:
        """What came with these bytes; the beginning of a sequence is kept until its end comes."""
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

    def _messages(self, text: str) -> Iterator[Message]:
        try:
            if text:  # nothing would mean the end to it
                yield from filter(_can_be_shown, self._parser.feed(text))
        except (ValueError, OverflowError):  # numbers in a sequence that are no key's
            before, self._parser = self._parser, XTermParser(self._debug)
            self._parser.mouse_pixels = before.mouse_pixels
            self._parser.terminal_size = before.terminal_size
            self._parser.terminal_pixel_size = before.terminal_pixel_size


def _can_be_shown(message: Message) -> bool:
    """Not half a character, which no terminal can be sent."""
    character = message.character if isinstance(message, Key) else None
    return character is None or not any("\ud800" <= c <= "\udfff" for c in character)


class TerminalDriver(LinuxDriver):
    """Textual's driver, with a reader of its own."""

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
