"""Exporting from the stepper: a run up to the iteration on the screen, into a file."""

from __future__ import annotations

from backprop_tui.exports.formats import Format, Wanted
from backprop_tui.files.atomic_write import write_file
from backprop_tui.files.saving import shown_path
from backprop_tui.run.timeline import Timeline

MOST_WORKED_OUT = 10
"""The most iterations of a document; a script has all."""


def export_so_far(
    chosen: Format, path: str, timeline: Timeline, iteration: int, decimals: int
) -> str:
    """Write the iterations up to that one, replacing the file, and return a sentence that says so.

    Raises ExportError or SaveError where that is not possible.
    """
    iterations = iteration if chosen.name == "numpy" else min(iteration, MOST_WORKED_OUT)
    text = "".join(chosen.texts(timeline, Wanted(iterations, decimals)))
    write_file(path, text, overwrite=True)
    many = f", iterations 1 to {iterations}" if iterations > 1 else ""
    return f"Exported as {chosen.name}{many}: {shown_path(path)}"
