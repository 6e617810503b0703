"""What a run can be exported as: one table that feeds `--as`, its help and README.

Each format is a module beside this one, imported when it is asked for, so that the table can be
read without NumPy. How a format writes, and what it cannot, is that module's business.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backprop_tui.run.timeline import Timeline


class ExportError(Exception):
    """The run has no such export; the message says why, and what to do."""


@dataclass(frozen=True)
class Wanted:
    """How much is written, and how."""

    iterations: int = 1
    decimals: int = 3
    """Of numbers for people; programs get them in full."""
    blanks: tuple[str, ...] = ()
    """Of a worksheet: the symbols to fill in; none: the gradients, of as many layers as fit."""
    copies: int = 1
    """Of a worksheet: how many sheets, each with other weights."""


@dataclass(frozen=True)
class Format:
    name: str
    about: str
    module: str
    ending: str = ""
    """Of a file's name that asks for it; none: only by its name."""

    def texts(self, timeline: Timeline, wanted: Wanted) -> Iterator[str]:
        """The export in pieces, or an ExportError before the first of them."""
        return iter(self._module.texts(timeline, wanted))

    def key(self, timeline: Timeline, wanted: Wanted, ending: str = ".csv") -> str | None:
        """The answer key of a format that asks questions, as the ending of its file's name says."""
        key = getattr(self._module, "key", None)
        return None if key is None else str(key(timeline, wanted, ending))

    def remarks(self, timeline: Timeline, wanted: Wanted) -> tuple[str, ...]:
        """What whoever asked for it should know of it."""
        remarks = getattr(self._module, "remarks", None)
        return () if remarks is None else tuple(remarks(timeline, wanted))

    @property
    def _module(self) -> Any:
        return import_module(f"backprop_tui.exports.{self.module}")


FORMATS = {
    each.name: each
    for each in (
        Format("numpy", "a script that prints the same numbers, to the bit", "numpy_script", ".py"),
        Format("torch", "a script that holds PyTorch's gradients against ours", "torch_script"),
        Format("markdown", "every step worked out, as Markdown", "markdown", ".md"),
        Format("latex", "the same, as an article for LaTeX", "latex", ".tex"),
        Format("html", "the same, as one page for a browser", "html", ".html"),
        Format("worksheet", "a page to print, with blanks to fill in by hand", "worksheet"),
    )
}


MOST_WORKED_OUT = 10
"""Iterations of a document that is named by its file's ending alone."""
SAVED = ".toml"
"""The ending of an experiment file: what is saved, not exported."""


def format_of(path: str) -> Format | None:
    """The format that the ending of a file's name asks for; None: an experiment file.

    An ExportError where neither is written so: a page of that name would be no page.
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
) -> str:
    """Write a run up to that iteration, a document its first ones, over what is there; in words
    what was written. An ExportError or a SaveError where it cannot be."""
    from backprop_tui.files.atomic_write import write_file
    from backprop_tui.files.saving import shown_path

    iterations = iteration if chosen.name == "numpy" else min(iteration, MOST_WORKED_OUT)
    text = "".join(chosen.texts(timeline, Wanted(iterations, decimals)))
    write_file(path, text, overwrite=True)
    many = f", iterations 1 to {iterations}" if iterations > 1 else ""
    return f"Exported as {chosen.name}{many}: {shown_path(path)}"
