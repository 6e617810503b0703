"""A canvas of characters, each with the meanings that its style stands for.

A style is words like "positive" or "target read"; the theme says which colours they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby

from rich.cells import get_character_cell_size

USUAL = frozenset(
    chr(code)
    for first, last in (
        (0x20, 0x7E),
        (0xAE, 0x24F),  # letters of Europe, × ·
        (0x391, 0x3C9),  # Greek
        (0x1D40, 0x1D40),  # ᵀ
        (0x2010, 0x2027),  # dashes, quotation marks, … •
        (0x2030, 0x205E),
        (0x2070, 0x209C),  # ⁻ ₁
        (0x2190, 0x22FF),  # arrows, ∂ − ∘
        (0x232B, 0x232B),  # ⌫
        (0x23CE, 0x23CE),  # ⏎
        (0x2500, 0x25FC),  # rules, blocks, ▸ ●
        (0x2713, 0x2717),  # ✓ ✗
        (0x2800, 0x28FF),  # braille
    )
    for code in range(first, last + 1)
)
"""Characters that take exactly one column, the whole notation; the width of others is looked up."""


COVERED = "▒"
"""What stands in the place of a hidden digit."""
BRAILLE = 0x2800
"""The braille character without a dot."""
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a braille character, by line and column."""


class Canvas:
    """`width` × `height` characters; what is written outside of them is cut off."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._chars = [[" "] * width for _ in range(height)]
        self._styles = [[""] * width for _ in range(height)]
        self.leads: dict[int, int | str] = {}  # what a click there leads to, by column or line

    @property
    def size(self) -> tuple[int, int]:
        """Its columns and lines."""
        return self.width, self.height

    def put(self, x: int, y: int, text: str, style: str = "") -> int:
        """Write `text` from (x, y) on, and return the column behind it."""
        characters = text if USUAL.issuperset(text) else laid_out(text)
        if 0 <= y < self.height:
            begin, end = max(0, x), min(self.width, x + len(characters))
            if begin < end:
                self._chars[y][begin:end] = characters[begin - x : end - x]
                self._styles[y][begin:end] = [style] * (end - begin)
        return x + len(characters)

    def right(self, end: int, y: int, text: str, style: str = "") -> int:
        """Write `text` so that it ends before column `end`, and return the column it starts at."""
        begin = end - columns(text)
        self.put(begin, y, text, style)
        return begin

    def paste(self, other: Canvas, x: int, y: int) -> None:
        """Copy another canvas onto this one, with its left top at (x, y); it must lie inside."""
        for line in range(other.height):
            self._chars[y + line][x : x + other.width] = other._chars[line]
            self._styles[y + line][x : x + other.width] = other._styles[line]

    def rule(self, y: int, title: str, note: str = "", style: str = "rule") -> None:
        """Write a titled rule across the canvas, with a note at its right end."""
        self.put(0, y, ("━" if "chosen" in style else "─") * self.width, style)
        note = note if self.fits_rule(title, note) else ""
        room = self.width - (len(note) + 2 if note else 0) - 4
        if title:
            self.put(1, y, f" {shortened(title, room)} ", f"{style} title")
        if note:
            self.right(self.width - 1, y, f" {note} ", style)

    def fits_rule(self, title: str, note: str) -> bool:
        """Whether a rule has room for title and note, with a line at either end."""
        return len(title) + len(note) + 6 <= self.width

    def emphasise(self, text: str, style: str) -> None:
        """Restyle the first place where `text` stands, after the first `=` of its line."""
        for chars, styles in zip(self._chars, self._styles, strict=True):
            line = "".join(chars)
            at = line.find(text, line.find("=") + 1) if "=" in line else -1
            if at >= 0:
                styles[at : at + len(text)] = [style] * len(text)
                return

    def cover(self, what: re.Pattern[str], y: int, columns: slice, by: str = COVERED) -> None:
        """Replace every character of what is found in some columns of a line."""
        if y >= self.height:
            return
        first, _, _ = columns.indices(self.width)
        for found in what.finditer("".join(self._chars[y][columns])):
            for x in range(first + found.start(), first + found.end()):
                self._chars[y][x], self._styles[y][x] = by, "quiet"

    def swap(self, what: re.Pattern[str], y: int, columns: slice) -> None:
        """Exchange the two characters of everything that is found in some columns of a line."""
        if y >= self.height:
            return
        chars, styles = self._chars[y], self._styles[y]
        first, _, _ = columns.indices(self.width)
        for found in what.finditer("".join(chars[columns])):
            x = first + found.start()
            chars[x : x + 2] = chars[x + 1], chars[x]
            styles[x : x + 2] = styles[x + 1], styles[x]

    def blanks(self, begin: int, end: int, y: int, blank: str = " ") -> int:
        """Count the blanks with which some columns of a line begin."""
        cells = "".join(self._chars[y][begin:end]) if 0 <= y < self.height else ""
        return len(cells) - len(cells.lstrip(blank))

    def shift(self, begin: int, end: int, y: int) -> None:
        """Move some columns of a line one to the left, over the first of them."""
        for row in (self._chars[y], self._styles[y]):
            row[begin : end - 1] = row[begin + 1 : end]

    def dot(self, x: int, y: int, style: str) -> None:
        """Add a dot to the braille character that holds column `x` and line `y` of dots."""
        column, line = x // 2, y // 4
        dots = self.dots(column, line) | DOTS[y % 4][x % 2]
        self.put(column, line, chr(BRAILLE + dots), style)

    def dots(self, x: int, y: int) -> int:
        """Return the bits of the braille character there; 0 where another character stands."""
        inside = 0 <= y < self.height and 0 <= x < self.width
        code = ord(self._chars[y][x][:1] or " ") - BRAILLE if inside else 0
        return code if 0 <= code < 256 else 0

    def runs(self, y: int) -> Iterator[tuple[str, str]]:
        """Yield the characters of a line in runs of one style."""
        chars, styles = self._chars[y], self._styles[y]
        begin = 0
        for style, run in groupby(styles):
            end = begin + len(list(run))
            yield "".join(chars[begin:end]), style
            begin = end

    def differs(self, other: Canvas, y: int) -> bool:
        """Whether a line differs from that of another canvas of this size."""
        return self._chars[y] != other._chars[y] or self._styles[y] != other._styles[y]

    def text(self) -> str:
        """Return the characters, without styles."""
        return "\n".join("".join(line).rstrip() for line in self._chars)


def laid_out(text: str) -> list[str]:
    """Split `text` into columns: a wide character takes two, the second one empty.

    A combining character stands with the one before it. Control characters are left out, among them
    those that change the direction of writing.
    """
    found: list[str] = []
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cf"):
            continue
        width = get_character_cell_size(char)
        if width:
            found += [char, *[""] * (width - 1)]
        elif found:
            at = len(found) - 1 if found[-1] else len(found) - 2
            found[at] += char
    return found


def columns(text: str) -> int:
    """Return how many columns `text` takes."""
    return len(text) if USUAL.issuperset(text) else len(laid_out(text))


def shortened(text: str, width: int) -> str:
    """Return `text`, or as much as fits with `…` at its end."""
    if columns(text) <= width:
        return text
    if width <= 0:
        return ""
    laid = laid_out(text)
    kept = laid[: width - 1]
    if kept and not laid[width - 1]:  # half of a wide character
        kept.pop()
    return "".join(kept).rstrip() + "…"


def wrapped(text: str, width: int, most: int) -> list[str]:
    """Break `text` into at most `most` lines, the last one shortened where it must be."""
    lines, line = [], ""
    for word in text.split():
        if line and columns(line) + 1 + columns(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    if len(lines) > most > 0:
        last = shortened(" ".join(lines[most - 1 :]), width)
        lines[most - 1] = f"{last[: last.rfind(' ')]} …" if " " in last else last  # no half number
    return [shortened(line, width) for line in lines[: max(0, most)]]
