"""One table of all that a key can do: bindings, footer, help, palette and README are read off it.

An action's name is a method `action_<name>` of the stepper's screen; nothing here does anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Action:
    """`keys` as Textual names them, `sign` as people read them; `does` is what help says."""

    name: str
    keys: str
    sign: str
    short: str
    does: str
    group: Literal["time", "why", "screen", "program"]
    footer: Literal["", "if roomy", "if it fits", "soon", "always"] = ""
    """Whether it stands in the footer; what yields when there is little room."""
    all_signs: str = ""
    told_apart: bool = False
    """Whether it does something else for each of its keys, and is told which."""

    @property
    def bindings(self) -> tuple[tuple[str, str], ...]:
        """Its keys, and what is bound to them: to each its own where they are told apart."""
        if not self.told_apart:
            return ((self.keys, self.name),)
        return tuple((key, f"{self.name}('{key}')") for key in self.keys.split(","))

    @property
    def written(self) -> str:
        """All of its keys, as help and README show them."""
        return self.all_signs or self.sign


ACTIONS: tuple[Action, ...] = (
    Action(
        "next",
        "space,n,pagedown",
        "space",
        "next",
        "one operation forward",
        "time",
        "always",
        "space n PgDn →",
    ),
    Action(
        "back",
        "backspace,pageup",
        "⌫",
        "back",
        "one operation back, exactly, over updates and iterations too",
        "time",
        "always",
        "⌫ PgUp ←",
    ),
    Action(
        "into",
        "s",
        "s",
        "into",
        "step into: one element of the next operation at a time",
        "time",
        "if it fits",
    ),
    Action("out", "S", "S", "out", "step out: finish this operation", "time"),
    Action(
        "phase",
        "p",
        "p",
        "phase",
        "to the end of this phase, or of the next when already there",
        "time",
        "soon",
    ),
    Action(
        "phase_start",
        "P",
        "P",
        "phase start",
        "back to the start of this phase, or of the one before",
        "time",
    ),
    Action(
        "iteration",
        "i",
        "i",
        "iteration",
        "the same step of the next iteration",
        "time",
        "soon",
    ),
    Action(
        "iteration_back",
        "I",
        "I",
        "iteration back",
        "the same step of the previous iteration",
        "time",
    ),
    Action("restart", "home", "Home", "restart", "restart with the same weights", "time"),
    Action(
        "reroll", "R", "R", "new weights", "restart with new random weights (u undoes it)", "time"
    ),
    Action("undo", "u", "u", "undo", "undo the last edit, mistake or R", "time"),
    Action("redo", "U", "U", "redo", "make it again", "time"),
    Action(
        "goto",
        "g",
        "g",
        "go to",
        "go to an iteration, an epoch, a step, the end, or where loss < 0.01",
        "time",
        "if it fits",
    ),
    Action("curve", "l", "l", "loss", "the loss curve so far", "time", "if roomy"),
    Action(
        "run", "r", "r", "run", "run by itself, and pause; it starts paused", "time", "if roomy"
    ),
    Action("faster", "plus,equals_sign", "+", "faster", "run faster", "time", "", "+ ="),
    Action("slower", "minus", "-", "slower", "run slower", "time"),
    Action(
        "inspect",
        "enter",
        "⏎",
        "why",
        "explain the cell under the cursor, or the step's own; again: the chosen term's",
        "why",
        "soon",
        "⏎ click",
    ),
    Action(
        "focus_next",
        "tab",
        "tab",
        "matrix",
        "the next matrix or panel; while a number is explained, its next term",
        "why",
    ),
    Action("focus_previous", "shift+tab", "⇧tab", "matrix back", "the one before", "why"),
    Action(
        "left", "left", "←", "left", "with a cursor, a cell left; else one operation back", "why"
    ),
    Action(
        "right",
        "right",
        "→",
        "right",
        "with a cursor, a cell right; else one operation forward",
        "why",
    ),
    Action("up", "up", "↑", "up", "with a cursor, a cell up", "why"),
    Action("down", "down", "↓", "down", "with a cursor, a cell down", "why"),
    Action(
        "chain",
        "x",
        "x",
        "chain",
        "this gradient as products of slopes along its paths to the loss",
        "why",
        "soon",
    ),
    Action(
        "check",
        "c",
        "c",
        "check",
        "gradient check: compare each gradient with a numerical derivative",
        "why",
        "if it fits",
    ),
    Action(
        "edit",
        "e",
        "e",
        "edit",
        "what if: change the number in hand (an input, a target, a parameter), else α",
        "why",
        "if it fits",
    ),
    Action(
        "leave",
        "escape",
        "esc",
        "leave",
        "one number back, then the arrows back to time; it never quits",
        "why",
    ),
    Action(
        "ask",
        "a",
        "a",
        "ask",
        "ask before it shows: by vote, typed, or not (a lesson's own questions first)",
        "why",
        "soon",
    ),
    Action(
        "choose",
        "1,2,3,4",
        "1",
        "answer",
        "vote for one of the numbers",
        "why",
        "",
        "1 2 3 4",
        told_apart=True,
    ),
    Action(
        "formula",
        "f",
        "f",
        "write it",
        "write the next operation yourself: type its formula",
        "why",
        "if roomy",
    ),
    Action("mistake", "m", "m", "mistake", "run with one deliberate mistake", "why", "if roomy"),
    Action("example", "k", "k", "example", "show the next example of the batch", "screen"),
    Action(
        "example_back", "K", "K", "example back", "show the previous example of the batch", "screen"
    ),
    Action(
        "drawing",
        "v",
        "v",
        "drawing",
        "the other drawing: nodes and edges, or the graph of operations",
        "screen",
        "if it fits",
    ),
    Action(
        "zoom", "z", "z", "zoom", "maximise the chosen panel, or put it back", "screen", "if roomy"
    ),
    Action(
        "hide", "h", "h", "hide", "hide the numbers of the chosen panel, or show them", "screen"
    ),
    Action("theme", "t", "t", "theme", "dark or light", "screen"),
    Action("decimals_more", "d", "d", "decimals", "one decimal more", "screen", "if roomy"),
    Action("decimals_less", "D", "D", "fewer decimals", "one decimal fewer", "screen"),
    Action(
        "cover",
        "b,full_stop",
        "b",
        "cover",
        "cover the screen, or uncover it (a remote's black-screen key)",
        "screen",
        "",
        "b .",
    ),
    Action("open", "o", "o", "open", "open a lesson or a file", "program", "if it fits"),
    Action("save", "w", "w", "save", "save to a file that opens right here", "program"),
    Action("code", "y", "y", "code", "a short code that opens this state elsewhere", "program"),
    Action(
        "help",
        "question_mark,f1",
        "?",
        "help",
        "this help; while something is asked, ? is a hint",
        "program",
        "always",
        "? F1",
        told_apart=True,
    ),
    Action("palette", "colon", ":", "commands", "the command palette", "program", "", ": ctrl+p"),
    Action("quit", "q", "q", "quit", "quit", "program", "if it fits"),
)
