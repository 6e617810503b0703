"""What a run can be exported as: one table that feeds `--as`, its help and README.

Each format is a module beside this one, imported when it is asked for, so that the table can be
read without NumPy. How a format writes, and what it cannot, is that module's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backprop_tui.engine.experiment import Experiment
    from backprop_tui.engine.timeline import Timeline


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


def format_of(path: str) -> Format | None:
    """The format that the ending of a file's name asks for."""
    return next((f for f in FORMATS.values() if f.ending and path.endswith(f.ending)), None)


def unedited(experiment: Experiment, name: str) -> None:
    """Raise the ExportError of a run that edits change on its way."""
    if experiment.edits:
        raise ExportError(
            f"an edited run cannot be exported as {name}: its numbers change on the way; "
            "undo the edits first, or write what you see with trace"
        )
