"""A list to choose from, in a box over the panels: its title, what is typed, its entries."""

from __future__ import annotations

from rich.text import Text
from textual.geometry import Size

from backprop_tui.session.prompts import Entry, Line, Menu
from backprop_tui.tui.paint.canvas import columns, shortened, wrapped
from backprop_tui.tui.sheets.page import FRAME, Page, box_width

HEAD = 3
"""Lines above the entries: the title, what is typed, and one between."""
MOST = 24
"""Entries that are seen at a time, however large the window."""
TOLD = 2
"""Lines for what is told of the chosen entry, where anything is."""
FAULTS = 8
"""Lines for what was wrong with the last choice."""
GAP = 2


def choice_page(choice: Menu, window: Size, wrong: str) -> Page:
    """The list in a window of that size; `wrong` is the style of what was wrong."""
    width = box_width(window)
    wide = width - FRAME.width
    lines = [Text(shortened(choice.title, wide), "bold"), field(choice.line, wide), Text()]
    first, rows = seen(choice, window, wide)
    lines += [
        entry_line(choice, k, wide) for k in range(first, min(first + rows, len(choice.shown)))
    ]
    if not choice.shown:
        lines.append(Text("Nothing in the list is called so.", "dim"))
    lines += [Text()] * (HEAD + rows - len(lines))
    if told := told_lines(choice):
        chosen = choice.shown[choice.chosen].told if choice.shown else ""
        below = wrapped(chosen, wide, told) if chosen else []
        lines += [Text(line, "dim") for line in (*below, *[""] * (told - len(below)))]
    lines += [Text(line, wrong) for line in fault_lines(choice, wide)]
    count = len(choice.shown)
    where = f"{choice.chosen + 1} of {count}, " if count > rows else ""
    return Page(tuple(lines), window, width, frame=f"{where}⏎ chooses, esc closes")


def seen(choice: Menu, window: Size, wide: int) -> tuple[int, int]:
    """The first entry that is seen, and how many there is room for."""
    below = told_lines(choice) + len(fault_lines(choice, wide))
    rows = max(1, min(len(choice.entries), MOST, window.height - FRAME.height - HEAD - below))
    last = max(0, len(choice.shown) - rows)
    return max(0, min(choice.chosen - rows // 2, last)), rows


def entry_at(choice: Menu, window: Size, line: int) -> int | None:
    """The entry that stands in that line of the box, from 0 inside of its frame."""
    width = box_width(window)
    first, rows = seen(choice, window, width - FRAME.width)
    at = first + line - HEAD
    return at if HEAD <= line < HEAD + rows and at < len(choice.shown) else None


def told_lines(choice: Menu) -> int:
    """Lines that are kept for what is told of an entry; a command's key stands beside it."""
    return TOLD if choice.kind != "palette" and any(e.told for e in choice.entries) else 0


def fault_lines(choice: Menu, wide: int) -> list[str]:
    """What was wrong with the last choice."""
    return [part for line in choice.said.split("\n") if line for part in wrapped(line, wide, 2)][
        :FAULTS
    ]


def entry_line(choice: Menu, at: int, wide: int) -> Text:
    """An entry: its name, what is said of it, a command's key at the end; the chosen reversed."""
    entry: Entry = choice.shown[at]
    names = max(columns(e.name) for e in choice.entries)
    key = entry.told if choice.kind == "palette" else ""
    name = entry.name + " " * (names - columns(entry.name))
    room = wide - columns(name) - GAP - (columns(key) + GAP if key else 0)
    about = shortened(entry.about, max(0, room))
    line = Text(f"{name}{' ' * GAP}", "dim" if entry.dim else "bold")
    line.append(about, "not bold")
    if key:
        line.append(" " * max(1, wide - line.cell_len - columns(key)))
        line.append(key, "bold")
    line.truncate(wide)
    line.append(" " * (wide - line.cell_len))
    if at == choice.chosen:
        line.stylize("reverse")
    return line


def field(line: Line, wide: int, selected: str = "reverse dim") -> Text:
    """A line that is typed, with its cursor, in so many columns: those around the cursor."""
    begin, room = line.at, wide - 1
    while begin and (room := room - columns(line.text[begin - 1])) >= 0:
        begin -= 1
    text = Text(no_wrap=True)
    text.append(line.text[begin : line.at], selected if line.whole else "")
    text.append(line.text[line.at : line.at + 1] or " ", "reverse")
    text.append(line.text[line.at + 1 : line.at + 1 + wide])
    text.truncate(wide)
    return text
