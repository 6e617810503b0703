"""What is open over the panels: a line that is typed, a list to choose from, a sheet to read;
and what of its panels a face tells, where the effect of a key depends on it.

They are part of the session's state, so that a key means the same however fast it comes; a face
draws them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.numbers import number
from backprop_tui.session.view import View


@dataclass(frozen=True)
class Line:
    """Text that is being typed, and where its cursor stands."""

    text: str = ""
    at: int = 0
    whole: bool = False
    """Whether all of it is selected: what is typed next replaces it."""

    @classmethod
    def of(cls, text: str, whole: bool = False) -> Line:
        """That text, with the cursor behind it."""
        return cls(text, len(text), whole)

    def insert(self, typed: str) -> Line:
        """The line with `typed` at the cursor; line ends and control characters are left out."""
        typed = "".join(c for c in typed if c.isprintable())
        if self.whole:
            return Line.of(typed) if typed else self
        return Line(
            self.text[: self.at] + typed + self.text[self.at :],
            self.at + len(typed),
        )

    def key(self, key: str, character: str | None) -> Line:
        """The line after a key; a key that means nothing to a line changes nothing."""
        before, behind = self.text[: self.at], self.text[self.at :]
        word = len(before.rstrip()) - len(before.rstrip().rpartition(" ")[2])
        match key:
            case "backspace" | "delete" | "ctrl+u" | "ctrl+w" | "ctrl+h" if self.whole:
                return Line()
            case "left" | "ctrl+b":
                return Line(self.text, max(0, self.at - 1))
            case "right" | "ctrl+f":
                return Line(self.text, min(len(self.text), self.at + 1))
            case "home" | "ctrl+a":
                return Line(self.text, 0)
            case "end" | "ctrl+e":
                return Line(self.text, len(self.text))
            case "ctrl+left":
                return Line(self.text, word)
            case "ctrl+right":
                skipped = len(behind) - len(behind.lstrip())
                return (
                    Line(self.text, self.at + skipped + len(behind.split(maxsplit=1)[0]))
                    if behind.strip()
                    else Line(self.text, len(self.text))
                )
            case "backspace" | "ctrl+h":
                return Line(before[:-1] + behind, max(0, self.at - 1))
            case "delete" | "ctrl+d":
                return Line(before + behind[1:], self.at)
            case "ctrl+u":
                return Line(behind, 0)
            case "ctrl+k":
                return Line(before, self.at)
            case "ctrl+w":
                return Line(before[:word] + behind, word)
        return self.insert(character) if character else self


def nothing(*_: Any) -> None:
    """Do nothing: what a prompt does where nothing is asked of it."""


def heard(*_: Any) -> bool:
    """No key means anything of its own."""
    return False


@dataclass(frozen=True)
class Prompt:
    """A line of text that is asked for, over the footer.

    `enter` takes the session and what was typed; it may raise a CannotError, which is said above
    the line, and closes the prompt itself.
    """

    kind: str
    asks: str
    """What stands before the field: `go to`, `dW2 =`."""
    said: str
    """What stands above it: examples, how to answer, or what was wrong with the last answer."""
    enter: Callable[[Any, str], None]
    line: Line = Line()
    changed: Callable[[Any], None] = nothing
    """Called with the session when the line has changed."""
    left: Callable[[Any, str], None] = nothing
    """Called with the session and what was typed when the prompt has been closed."""
    keys: Callable[[Any, str], bool] = heard
    """Called with the session and each key first; True where the key means something of its own."""
    about: Any = None
    """What it is about: the edit that the number being edited would be."""

    def saying(self, said: str) -> Prompt:
        """The same, with something else said above it."""
        return replace(self, said=said)


@dataclass(frozen=True)
class Entry:
    """One line of a list: `id` is what is chosen with it."""

    id: str
    name: str
    about: str = ""
    dim: bool = False
    told: str = ""
    """A sentence below the list while the entry is the chosen one."""


@dataclass(frozen=True)
class Menu:
    """A list of which one entry is chosen; what is typed narrows it.

    `enter` takes the session and the id of the chosen entry, or what was typed where no entry
    holds that.
    """

    kind: str
    title: str
    entries: tuple[Entry, ...]
    enter: Callable[[Any, str], None]
    line: Line = Line()
    chosen: int = 0
    said: str = ""
    """What was wrong with the last choice."""
    closes: str = ""
    """The key that closes it, beside esc: the one that opened it, where nothing is typed."""

    @cached_property
    def shown(self) -> tuple[Entry, ...]:
        """The entries that hold every word that is typed; first those whose name begins so."""
        typed = self.line.text.lower().strip()
        words = typed.split()
        held = [e for e in self.entries if all(w in f"{e.name} {e.about}".lower() for w in words)]
        return tuple(sorted(held, key=lambda e: not e.name.lower().strip().startswith(typed)))

    @property
    def answer(self) -> str:
        """What enter takes: the chosen entry's id, else what is typed."""
        return self.shown[self.chosen].id if self.shown else self.line.text.strip()

    def moved(self, by: int) -> Menu:
        """Another entry chosen; the list ends at its ends."""
        return replace(self, chosen=max(0, min(len(self.shown) - 1, self.chosen + by)), said="")


@dataclass(frozen=True)
class Sheet:
    """A page over the panels that is read, scrolled and closed."""

    kind: str
    """What it shows: help, check, code, curve, cover."""
    about: Any = None
    """What it is about: the panel of help, the text of a code."""
    top: int = 0
    """The first line that is seen, from 0."""
    closes: str = ""
    """The key that closes it, beside esc, q, enter and space: the one that opened it."""
    keys: Callable[[Any, str], bool] = heard
    """Called with the session and each key first; True where the key means something of its own."""
    marks: frozenset[str] = frozenset()
    """How it is shown: a curve by epoch or on a log scale, a code that was copied."""


@dataclass(frozen=True)
class Stop:
    """Where tab stops: a panel, and in a board the first cell of a matrix that it shows."""

    panel: str
    cell: Cell | None = None


class Sight:
    """What a face shows of a session, where the effect of a key depends on it: as it stands here,
    of a face that has no panels."""

    def stops(self, view: View) -> list[Stop]:
        """The panels and matrices that tab goes round: here, the step alone."""
        return [Stop("step")]

    def beyond(self, view: View, by: int) -> int | None:
        """The group above or below those that the boards show; None where none is."""
        return None

    def written(self, view: View, cell: Cell, value: float) -> str:
        """A number of a matrix as the face writes it: here, as in running text."""
        return number(value, view.decimals)

    def last_line(self, sheet: Sheet, view: View) -> int:
        """How far a sheet can be scrolled."""
        return 0
