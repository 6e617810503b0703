"""Exports: what leaves the program as text, read off the engine and nothing else.

Here is what they share: the version that they state, a network in a few words, plain tables, text
in Markdown, and how signs are written where an encoding lacks them. No export knows of the screen
or the command line.
"""

from __future__ import annotations

import codecs
import re
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # --version imports this package, and must not wait for NumPy or Rich
    from rich.console import Console, RenderableType
    from rich.table import Table

    from backprop_tui.model.network import Network

GAP = 2
"""Columns of space between those of a table."""


def spelled(error: UnicodeError) -> tuple[str, int]:
    """An error handler for encodings: the signs that one lacks, in ASCII. No −0.264 as ?0.264."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from backprop_tui.ascii import IN_FULL  # few terminals lack a sign

    lacking = error.object[error.start : error.end]
    return "".join(IN_FULL.get(sign, "?") for sign in lacking), error.end


codecs.register_error("spelled", spelled)


def encodable(text: str, encoding: str) -> str:
    """`text` in signs that a terminal of that encoding has, so that its width can be measured."""
    return text.encode(encoding, "spelled").decode(encoding)


def markdown_text(text: str) -> str:
    """Text on one line in which no sign is Markdown: every text of a file comes in through here."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#$|&~^])", r"\\\1", " ".join(text.split()))
    # A sign that would begin a list or a definition.
    return re.sub(r"^(\d+(?=[.)](?: |$))|(?=[-+:]))", r"\1\\", escaped)


def printed(console: Console, part: RenderableType, soft_wrap: bool = False) -> str:
    """What a console would show, with no spaces at the ends of lines."""
    with console.capture() as captured:
        console.print(part, crop=False, soft_wrap=soft_wrap)
    return "\n".join(line.rstrip() for line in captured.get().split("\n"))


def plain_table(below: int = 0, width: int | None = None) -> Table:
    """A table without lines; with so many empty ones below each row."""
    from rich.table import Table

    return Table(
        box=None, pad_edge=False, padding=(0, GAP, below, 0), header_style="dim", width=width
    )


def version() -> str:
    """The version of this program; "unknown" where it runs without being installed."""
    from importlib import metadata  # a tenth of the start, and only --version and traces ask

    try:
        return metadata.version("backprop-tui")
    except metadata.PackageNotFoundError:
        return "unknown"


def activations_in_words(network: Network) -> str:
    """2 × relu, softmax"""
    runs = [(name, len(list(same))) for name, same in groupby(network.activations)]
    return ", ".join(name if n == 1 else f"{n} × {name}" for name, n in runs)
