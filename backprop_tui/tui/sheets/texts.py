"""What sheets say that are read: the keys, the gradient check of an iteration, the code of a state.

Help shows what the chosen panel shows, then every key of the table of commands; in a wide window in
columns, so that nothing scrolls. The check has a line for each gradient, filled in as it runs. A
code is to be read aloud, typed, or copied.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import zip_longest
from textwrap import fill, wrap

from rich.text import Text

from backprop_tui.explain.gradient_check import SIGNS, CheckVerdict, GradientCheck
from backprop_tui.files.codes import ALOUD, grouped
from backprop_tui.maths.numbers import number
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Iteration
from backprop_tui.session.commands import COMMANDS

SHEET, FRAME = 76, 6
"""Columns of the sheet where there is room, and of its frame with the scroll bar."""
ACROSS, NARROWEST, GAP = 3, 50, 3
"""At most so many columns of text, the narrowest of them, and what is between two."""
KEY = " " * 18
"""The room for a key, before what it does."""
GROUPS = {
    "time": "Moving in time",
    "why": "Why is this number what it is?",
    "screen": "What is shown",
    "program": "The program",
}
PANELS = {
    "network": (
        "Network: nodes are neurons, edges are weights: blue plus, orange minus and dashed. Where "
        "there are many, those of the explained number and the strongest are drawn. v shows the "
        "graph of operations instead, or with two inputs their plane: points are examples, ░ is "
        "where the answer is 1, and on line k neuron k is 0."
    ),
    "cache": (
        "Cache: values saved in the forward pass. ▸ written by this step, • read by it, · not "
        "computed yet (which is not zero). Dim values belong to parameters that have since been "
        "updated."
    ),
    "gradients": (
        "Gradients: each stands exactly under its value, dW1 under W1. The title says what they "
        "are gradients of: those of parameters of the whole loss, others of each example's own."
    ),
    "update": "Update: before, minus α times the gradient, after: a subtraction, as on the board.",
    "step": (
        "Step: the formula and its shapes, one element with its numbers, the reason, where it is "
        "used next, and the lesson's note (◆)."
    ),
}
MARKS = (
    "▸ written by this step   • read by it   · not computed yet   ∞ NaN shown as they are\n"
    "? asked for   * edited   Δ different since the last change\n"
    "with a mistake: ✗ made in this step   ~ wrong only because of what it reads\n"
    "✓ as printed in the experiment's source   ≠ printed wrong there   ✗ differs\n"
    "(rounded): the figures as shown would give another last digit\n"
    "gradient check: change one number a little, and see how much the loss changes\n"
    "(One example: no 1/m.): with m examples, gradients of parameters are divided by m\n"
    "dA2 is ∂L/∂A2. Rows and columns count from 1. Columns are examples, or rows (Keras)."
)


def help_text(panel: str, width: int) -> tuple[Text, int]:
    """All keys, and what the panel shows, for a window of that width; the columns it takes."""
    room = width - FRAME + GAP
    across = max(1, min(ACROSS, room // (NARROWEST + GAP)))
    sheet = across * (SHEET - FRAME + GAP) - GAP + FRAME
    columns = min(sheet, width)
    wide = (columns - FRAME + GAP) // across - GAP
    if across > 1:
        return beside_each_other(blocks(panel, wide), across), sheet
    return Text("\n").join(blocks(panel, max(len(KEY) + 12, columns - FRAME), whole=True)), sheet


def blocks(panel: str, wide: int, *, whole: bool = False) -> list[Text]:
    """What is said, in pieces that stay in one column each; with `whole` what the panel and
    the marks are about is left for the sheet to break."""

    def broken(said: str) -> str:
        lines = said.split("\n")
        return said if whole else "\n".join(fill(line, wide) for line in lines)

    found = [Text(broken(PANELS[panel]) + "\n")] if panel in PANELS else []
    for group, title in GROUPS.items():
        heading = Text(f"{title}\n", "bold")
        for command in (c for c in COMMANDS if c.keys and c.group == group):
            does = f"\n{KEY}".join(wrap(command.does, wide - len(KEY)))
            found.append(Text.assemble(heading, (f"  {command.written:<16}", "bold"), does))
            heading = Text()
    marks = [broken(line) for line in MARKS.split("\n")]
    found += [Text(f"\n{marks[0]}", "dim"), *(Text(mark, "dim") for mark in marks[1:])]
    return found


def beside_each_other(blocks: list[Text], across: int) -> Text:
    """Blocks in so many columns, read downwards, as low as they can be."""
    lines = [block.split() for block in blocks]
    low = -(-sum(map(len, lines)) // across)
    columns: list[list[Text]] = []
    while not columns or len(columns) > across:
        columns = [[]]
        for own in lines:
            if columns[-1] and len(columns[-1]) + len(own) > low:
                columns.append([])
            columns[-1] += own
        low += 1
    wide = [max(line.cell_len for line in column) + GAP for column in columns]
    return Text("\n").join(row_of(row, wide) for row in zip_longest(*columns, fillvalue=Text()))


def row_of(cells: tuple[Text, ...], wide: list[int]) -> Text:
    """A line of every column."""
    row = Text()
    for cell, columns in zip(cells, wide, strict=True):
        row.append_text(cell).append(" " * (columns - cell.cell_len))
    row.rstrip()
    return row


def check_text(
    program: Program,
    decimals: int,
    iteration: Iteration,
    known: Collection[str],
    found: Mapping[str, GradientCheck],
) -> Text:
    """Each gradient beside its central difference; of those that are `known` and not `found` yet,
    that it is being checked."""
    sheet = Text()
    sheet.append(f"Gradient check, iteration {iteration.number}\n", "bold")
    sheet.append(
        "Add 0.00001 to one number, subtract it, and compute the loss each time.\n"
        "The difference of the two losses, divided by 0.00002, is the derivative.\n\n",
        "dim",
    )
    titles = f"  {'cell':<13}{'backprop':>12}{'numerical':>12}{'difference':>11}  verdict\n"
    sheet.append(titles, "bold")
    for symbol in program.gradients:
        if symbol in found:
            sheet.append_text(verdict_line(found[symbol], max(6, decimals)))
        else:
            waits = "…" if symbol in known else "not computed yet"
            sheet.append(f"  {symbol:<13}{waits:>18}\n", "dim")
    return sheet


def verdict_line(found: GradientCheck, decimals: int) -> Text:
    """The cell of a gradient that differs most, and what was found."""
    worst, line = found.worst, Text()
    cell = f"{found.symbol}[{worst.row},{worst.column}]"
    a, n = number(worst.analytic, decimals), "·" if worst.why else number(worst.numeric, decimals)
    partly = found.checked < found.of and not worst.why
    some = f", {found.checked} of {found.of:,} cells" if partly else ""
    looks = "reverse red" if found.verdict is CheckVerdict.DIFFERS else ""
    line.append(f"  {cell:<13}{a:>12}{n:>12}{worst.difference_text:>11}  ")
    return line.append(f"{SIGNS[found.verdict]} {worst.why or found.said}{some}\n", looks)


TYPED = 1_000
"""Characters that a command may be long, so that it can be seen whole."""
ROW = 8
"""Groups in a line."""


def code_text(code: str, copied: bool) -> Text:
    """A code in groups, and the command that opens it; whether that was copied."""
    command = f"backprop-tui --code {code}"
    text = Text()
    text.append("The code of this state\n\n", "bold")
    if len(code) <= ALOUD:
        groups = grouped(code)
        for at in range(0, len(groups), ROW):
            text.append(f"  {'  '.join(groups[at : at + ROW])}\n", "bold")
        text.append("\nIt has no letter I, L, O or U; capitals, spaces and hyphens do not ")
        text.append("matter, and a slip is told. It opens this run where it stands:\n\n")
        text.append(f"{command}\n", "bold")
    else:
        text.append(f"It has {len(code):,} characters: w saves a file, which is better to ")
        text.append("hand on.\n")
        if len(code) <= TYPED:
            text.append(f"\n{command}\n")
    text.append("\n")
    if copied:
        text.append("The command was handed to the terminal to copy. Not every terminal takes ")
        text.append("it: paste it somewhere to see.\n\n")
    text.append("c", "bold").append(" copies the command   ")
    return text.append("esc", "bold").append(" closes")
