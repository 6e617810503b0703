"""How a message repeats what somebody gave: short, on one line, with the name probably meant.

These are the words of faults, refusals and hints everywhere. What a message is about, this
does not know.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from datetime import date, time
from unicodedata import category

JOINERS = chr(0x200C) + chr(0x200D)
"""Invisible, but writing needs them: Persian words, and emoji of several signs."""
LONGEST_QUOTE = 40  # characters of a wrong text that a fault repeats
LONGEST_PATH = 200  # characters of a file's path that a fault repeats: no name on a disk is longer
LONGEST_LIST = 16  # allowed names that a fault lists


def printable(text: str) -> str:
    """One line that a terminal shows as it is: control characters, line ends, unusual spaces and
    invisible marks, such as those that change the direction of writing, are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def readable(text: str) -> str:
    """One line for people, printable but for the spaces and the joiners that writing needs.

    All text of somebody's files is read through this function; the signs that a format has of its
    own are escaped where the text is written.
    """
    if text.isprintable():
        return text
    return "".join(c if c in JOINERS or category(c) == "Zs" else printable(c) for c in text)


def typed(command: str) -> str:
    """A shell command on one line that is shown as it is: a word with other signs is written as
    $'\\xe2\\x80\\xae', which bash and zsh read back."""
    if command.isprintable():
        return command
    words = shlex.split(command)
    return " ".join(shlex.quote(w) if w.isprintable() else f"$'{_escaped(w)}'" for w in words)


def _escaped(word: str) -> str:
    shown = (f"\\{c}" if c in "\\'" else c if c.isprintable() else _bytes(c) for c in word)
    return "".join(shown)


def _bytes(c: str) -> str:
    """As UTF-8, whatever a shell's locale is, or the byte of a name that is not UTF-8."""
    return "".join(f"\\x{byte:02x}" for byte in c.encode("utf-8", "surrogateescape"))


def short(text: str, most: int = LONGEST_QUOTE) -> str:
    """A text as a fault repeats it: its beginning, where it is long."""
    return text if len(text) <= most else text[: most - 1] + "…"


def path_shown(path: str) -> str:
    """A path as a fault repeats it, on one line; of a very long one, the two ends."""
    if len(path) > LONGEST_PATH:
        path = f"{path[: LONGEST_PATH // 2]}…{path[1 - LONGEST_PATH // 2 :]}"
    return printable(path)


def shown(value: object) -> str:
    """A value as a fault repeats it: short, on one line, in TOML's words."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            escaped = short(value).replace("\\", "\\\\").replace('"', '\\"')
            return f'"{printable(escaped)}"'
        case int():
            return str(value) if abs(value) < 10**20 else "a number of more than 20 digits"
        case list() | tuple():
            return "an empty list" if not value else f"a list of {len(value)}"
        case dict():
            return "a table"
        case date() | time():
            return "a date or time"
        case _:
            return printable(short(str(value)))


def listed(names: Sequence[str]) -> str:
    """Names with commas; of very many, the first ones and the last."""
    if len(names) <= LONGEST_LIST:
        return ", ".join(names)
    return ", ".join((*names[: LONGEST_LIST - 1], "…", names[-1]))


def joined(names: Sequence[str]) -> str:
    """A, B and C."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def count(number: int, noun: str) -> str:
    """`1 value`, `3 values`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def nearest(word: object, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The name that a misspelling most likely meant, capitals aside; `cutoff` is how near it is at
    least, from 0 to 1."""
    if not isinstance(word, str):
        return None
    from difflib import get_close_matches  # not at the start: only a fault needs it

    plain = word.strip().lower()
    by_lower = {name.lower(): name for name in reversed(tuple(names))}
    close = get_close_matches(plain, by_lower, n=1, cutoff=cutoff)
    return by_lower[close[0]] if close else None


def hint(word: object, names: Iterable[str]) -> str:
    """`. Did you mean "sigmoid"?`, where a name is near enough; else nothing."""
    meant = nearest(word, names)
    return f'. Did you mean "{meant}"?' if meant else ""
