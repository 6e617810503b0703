"""A sheet of characters, each with the meaning that its style stands for.

Panels are painted on it with words like "positive" or "target read"; which colours those are is the
theme's to say. It knows neither Textual nor what is painted.
"""

from __future__ import annotations

from collections.abc import Iterator


class Canvas:
    """`width` × `height` characters; what is put outside of it is cut off."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._chars = [[" "] * width for _ in range(height)]
        self._styles = [[""] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, style: str = "") -> int:
        """Write `text` from (x, y) on, and return the column behind it."""
        end = x + len(text)
        if 0 <= y < self.height:
            chars, styles = self._chars[y], self._styles[y]
            for column, char in enumerate(text, x):
                if 0 <= column < self.width:
                    chars[column], styles[column] = char, style
        return end

    def right(self, end: int, y: int, text: str, style: str = "") -> int:
        """Write `text` so that it ends before column `end`, and return the column it starts at."""
        self.put(end - len(text), y, text, style)
        return end - len(text)

    def rule(self, y: int, title: str, note: str = "", style: str = "rule") -> None:
        """A titled rule across the sheet, with a note at its right end."""
        self.put(0, y, ("━" if "chosen" in style else "─") * self.width, style)
        note = note if len(note) + len(title) + 8 <= self.width else ""
        room = self.width - (len(note) + 3 if note else 0) - 4
        if title:
            self.put(1, y, f" {shortened(title, room)} ", f"{style} title")
        if note:
            self.right(self.width - 1, y, f" {note} ", style)

    def emphasise(self, text: str, style: str) -> None:
        """Restyle the first place where `text` stands, after the first `=` of its line."""
        for chars, styles in zip(self._chars, self._styles, strict=True):
            line = "".join(chars)
            at = line.find(text, line.find("=") + 1) if "=" in line else -1
            if at >= 0:
                styles[at : at + len(text)] = [style] * len(text)
                return

    def runs(self, y: int) -> Iterator[tuple[str, str]]:
        """The characters of a line in runs of one style."""
        chars, styles = self._chars[y], self._styles[y]
        begin = 0
        for end in range(1, self.width + 1):
            if end == self.width or styles[end] != styles[begin]:
                yield "".join(chars[begin:end]), styles[begin]
                begin = end

    def differs(self, other: Canvas, y: int) -> bool:
        """Whether a line is not the same on another sheet of this size."""
        return self._chars[y] != other._chars[y] or self._styles[y] != other._styles[y]

    def text(self) -> str:
        """What is on the sheet, without styles."""
        return "\n".join("".join(line).rstrip() for line in self._chars)


def shortened(text: str, width: int) -> str:
    """`text`, or what fits of it with `…` at the end."""
    if len(text) <= width:
        return text
    return text[: max(0, width - 1)].rstrip() + "…" if width > 0 else ""


def wrapped(text: str, width: int, most: int) -> list[str]:
    """`text` in at most `most` lines of that width, the last one shortened where it must be."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    if len(lines) > most > 0:
        lines[most - 1] = shortened(" ".join(lines[most - 1 :]), width)
    return [shortened(line, width) for line in lines[: max(0, most)]]
