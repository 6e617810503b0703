"""What a terminal sends, read so that nothing in it ends the program.

Textual's own drivers expect UTF-8 and sequences that they know. Here bytes that are none are shown
as �, a terminal's answers that nobody has asked for are dropped, and an escape and a key that come
in one piece are two keys.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from textual._xterm_parser import XTermParser
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
