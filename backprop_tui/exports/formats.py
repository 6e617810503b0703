"""The formats that a run can be exported as: one table for `--as`, its help and the guide.

Each format is a module with a function `texts`, and `key` and `remarks` for a worksheet. It is
imported when it is used, so that the table can be read without NumPy.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from backprop_tui.files.atomic_write import shown_path, write_file

if TYPE_CHECKING:
    from backprop_tui.run.timeline import Timeline


class ExportError(Exception):
    """A run that cannot be exported so; the message says why, and what to do."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for: how much is written, and how."""

    iterations: int = 1
    decimals: int = 3
    """The decimals of numbers that people read; scripts have all digits."""
    blanks: tuple[str, ...] = ()
    """The symbols to fill in on a worksheet; none: the gradients of as many layers as fit."""
    copies: int = 1
    """The number of sheets of a worksheet; where there are several, each has other weights."""


@dataclass(frozen=True)
class Format:
    """A format: its name for `--as`, what it is, and the module of `exports` that writes it."""

    name: str
    about: str
    module: str
    ending: str = ""
    """The ending of a file's name that stands for it; "" where none does."""

    def texts(self, timeline: Timeline, wanted: Wanted) -> Iterator[str]:
        """The text in pieces. Raises ExportError before the first where there is no such export."""
        return iter(self._module.texts(timeline, wanted))

    def key(self, timeline: Timeline, wanted: Wanted, ending: str = ".csv") -> str | None:
        """The answer key, as a page where `ending` is .html, else as CSV; None where a format has
        none."""
        key = getattr(self._module, "key", None)
        return None if key is None else str(key(timeline, wanted, ending))

    def remarks(self, timeline: Timeline, wanted: Wanted) -> tuple[str, ...]:
        """Sentences for the person who exports, such as what was left out."""
        remarks = getattr(self._module, "remarks", None)
        return () if remarks is None else tuple(remarks(timeline, wanted))

    @property
    def _module(self) -> Any:
        return import_module(f"backprop_tui.exports.{self.module}")


FORMATS = {
    each.name: each
    for each in (
        Format(
            "numpy", "a script that prints the same numbers, to the bit", "scripts.numpy", ".py"
        ),
        Format("torch", "a script that compares PyTorch's gradients with these", "scripts.torch"),
        Format("markdown", "every step with its numbers, as Markdown", "documents.markdown", ".md"),
        Format("latex", "the same, as an article for LaTeX", "documents.latex", ".tex"),
        Format(
            "html", "the same, as one page that steps, for a browser", "documents.html", ".html"
        ),
        Format("worksheet", "a page to print, with boxes to fill in by hand", "worksheet.page"),
    )
}


MOST_WORKED_OUT = 10
"""The most iterations of a document; a script has all."""
SAVED = ".toml"
"""The ending of an experiment file, which is saved and not exported."""


def format_of(path: str) -> Format | None:
    """The format that the ending of a file's name stands for; None for an experiment file.

    Raises ExportError for any other ending.
    """
    ending = os.path.splitext(path)[1].lower()
    if ending in ("", SAVED):
        return None
    by_ending = {f.ending: f for f in FORMATS.values() if f.ending}
    found = by_ending.get(".html" if ending == ".htm" else ending)
    if found is None:
        names = ", ".join(f"mine{each}" for each in by_ending)
        raise ExportError(f"a name like mine{SAVED} saves; like {names} exports")
    return found


def export_so_far(
    chosen: Format, path: str, timeline: Timeline, iteration: int, decimals: int
) -> Generator[str, None, str]:
    """Write the iterations up to that one, replacing the file: yields how far it has come, and
    returns a sentence that says so. Left before its end, it writes nothing.

    Raises ExportError or SaveError where that is not possible.
    """
    iterations = iteration if chosen.name == "numpy" else min(iteration, MOST_WORKED_OUT)
    texts, size = list[str](), 0
    for text in chosen.texts(timeline, Wanted(iterations, decimals)):
        texts.append(text)
        size += len(text)
        yield f"{chosen.name}: {size:,} characters"
    write_file(path, "".join(texts), overwrite=True)
    many = f", iterations 1 to {iterations}" if iterations > 1 else ""
    return f"Exported as {chosen.name}{many}: {shown_path(path)}"
