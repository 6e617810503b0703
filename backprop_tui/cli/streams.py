"""What the command line says and where: results to stdout, everything else to stderr.

Each fault is a line of its own, and every sign is spelled where the encoding lacks it.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from backprop_tui.ascii import SPELLED

PROGRAM = "backprop-tui"
FINE, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130  # exit statuses
STOPPED = 128  # and the number of the signal: 130 is ctrl-c
LONG, APART = 1.0, 0.1
"""Seconds after which progress is told, and from one time to the next."""
MOST_DECIMALS = 12
SURROUNDINGS = {
    "COLUMNS": "[1-9][0-9]{0,3}",
    "LINES": "[1-9][0-9]{0,3}",
    "TEXTUAL_COLOR_SYSTEM": "auto|standard|256|truecolor|windows",
    "TEXTUAL_DRIVER": r"(backprop_tui|textual)\.[\w.]+:\w+",
}
"""What variables of the environment can be, of those that would end the program otherwise."""
FORMATS = ("table", "jsonl", "markdown")  # of `exports.trace`, which needs NumPy


class CommandError(Exception):
    """The command line or its experiment is refused: `faults` has one line for each fault."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def write(texts: Iterable[str], document: bool = False) -> None:
    """Texts to stdout, each as it comes. A document is UTF-8 wherever it goes but a terminal."""
    if document and isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    with writing():
        for text in texts:
            sys.stdout.write(text)
        sys.stdout.flush()


@contextmanager
def writing() -> Iterator[None]:
    """A context in which what stdout refuses is a fault. Rich, too, writes to it."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        why = error.strerror or "it is closed"
        raise CommandError(f"the output cannot be written: {why}") from None


@contextmanager
def progress(shown: bool = True) -> Iterator[Callable[[str], None]]:
    """Tells how far what takes longer than a second has come, in one line of a terminal's stderr
    that is gone in the end; nothing where it is not `shown`."""
    begun = told = monotonic()
    shown = shown and sys.stderr.isatty()

    def tell(how_far: str) -> None:
        nonlocal told
        now = monotonic()
        if shown and now - begun > LONG and now - told > APART:
            told = now
            sys.stderr.write(f"\r{how_far}; ctrl-c stops\x1b[K")
            sys.stderr.flush()

    try:
        yield tell
    finally:
        if told != begun:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def complain(*sentences: str) -> None:
    with suppress(OSError):  # nobody can be told; the exit status still says it
        for sentence in sentences:
            print(f"{PROGRAM}: {sentence}", file=sys.stderr)


def open_streams() -> None:
    """Streams that take every sign: what their encoding lacks is spelled in ASCII.

    One that the caller has closed (>&-) takes nothing: for stdout that is a fault, as a full disk.
    A size that no terminal has (COLUMNS=999999999999) counts as not said, and what Textual does not
    know.
    """
    for name, possible in SURROUNDINGS.items():
        if name in os.environ and not re.fullmatch(possible, os.environ[name]):
            del os.environ[name]
    sys.stdout = sys.stdout or open(os.devnull)  # noqa: SIM115 (for reading alone)
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=SPELLED)


def close_stdout() -> None:
    """What is still in the buffer is written, or dropped where nobody reads it any more."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
