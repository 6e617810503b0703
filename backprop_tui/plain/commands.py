"""One table of all that can be typed: the command loop and help are read off it.

A command's name is a method `do_<name>` of the session; nothing here does anything. Letters are
those of the keys on the screen, and capitals matter in them alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from backprop_tui.messages import nearest


@dataclass(frozen=True)
class Command:
    """`takes` is what stands behind the name, `does` what help says of it."""

    name: str
    does: str
    letter: str = ""
    takes: str = ""
    also: tuple[str, ...] = ()
    """Other names."""

    @property
    def method(self) -> str:
        return f"do_{self.name.replace(' ', '_')}"

    @property
    def written(self) -> str:
        """How it is typed: `goto PLACE, or g`."""
        whole = f"{self.name} {self.takes}".rstrip()
        return ", or ".join(filter(None, (whole, *self.also, self.letter)))


COMMANDS: tuple[Command, ...] = (
    Command("next", "one operation forward; an empty line does the same", "n"),
    Command("back", "one operation back, exactly", also=("b",)),
    Command("into", "one element of the next operation", "s"),
    Command("out", "finish the operation that is open", "S"),
    Command("phase", "to the end of this phase, or of the next when already there", "p"),
    Command("phase start", "back to the start of this phase, or of the one before", "P"),
    Command("iteration", "the same step of the next iteration", "i"),
    Command("iteration back", "the same step of the previous iteration", "I"),
    Command("goto", "go there: 500, epoch 2, step 3, dW1, end, loss is less than 0.01", "g",
            "PLACE", ("go to",)),
    Command("restart", "begin again with the same weights", also=("home",)),
    Command("new weights", "begin again with new random weights; undo brings the old back", "R"),
    Command("where", "which iteration, step and phase this is, and what comes next"),
    Command("again", "what was said here, once more; of a question, what is asked",
            also=("repeat",)),
    Command("show", "read a matrix, or a row of it; alone: the step's own", "", "SYMBOL row N"),
    Command(
        "why",
        "explain a number, such as dW2[1,2]; alone: the step's first",
        "",
        "CELL",
        ("inspect", "explain"),
    ),
    Command("chain", "a gradient as products of slopes along its paths to the loss", "x", "CELL"),
    Command("check", "gradient check: compare each gradient with a numerical derivative", "c"),
    Command("notes", "what the lesson says here"),
    Command("about", "what all of it is about"),
    Command("loss", "the losses so far", "l"),
    Command("ask", "ask before it shows: off, lesson, vote or type", "a", "WHEN", ("ask me",)),
    Command("hint", "a hint, while something is asked"),
    Command("write", "write the next operation yourself: type its formula", "f", "FORMULA"),
    Command("edit", "what if: give an input, a target, a parameter or alpha another value", "e",
            "CELL VALUE"),
    Command("undo", "undo the last edit, formula, mistake or new weights", "u"),
    Command("redo", "make it again", "U"),
    Command("mistake", "run with one deliberate mistake, or with none; alone: which there are", "m",
            "NAME"),
    Command("example", "explain this example of the batch; alone: the next one", "k", "N"),
    Command("example back", "the one before", "K"),
    Command("formulas", "how formulas are given: words, text or both; alone: the next of these", "",
            "WAY"),
    Command("decimals", "how many decimals numbers have; alone: one more", "d", "N"),
    Command("fewer decimals", "one decimal fewer", "D"),
    Command("lessons", "the lessons"),
    Command("open", "open a lesson or a file", "o", "NAME"),
    Command("recover", "open what a program that has crashed left behind"),
    Command("save", "save to a file that opens right here; a name that ends in .html, .md, .tex or "
            ".py exports", "w", "FILE"),
    Command("code", "a short code that opens this state elsewhere", "y"),
    Command("help", "what can be typed, or what one command does", "?", "COMMAND"),
    Command("quit", "quit, and say how to come back", "q", also=("exit",)),
)  # fmt: skip
LETTERS = {command.letter: command for command in COMMANDS if command.letter}
NAMES = {name: c for c in COMMANDS for name in (c.name, *c.also)}
LONGEST = max(len(name.split()) for name in NAMES)


def find(line: str) -> tuple[Command, str] | None:
    """The command that a line begins with, and what stands behind it."""
    words = line.split()
    if not words:
        return None
    if words[0] in LETTERS:
        return LETTERS[words[0]], line.strip()[len(words[0]) :].strip()
    for length in range(min(LONGEST, len(words)), 0, -1):
        name = " ".join(words[:length]).lower()
        if name in NAMES:
            return NAMES[name], line.split(maxsplit=length)[length] if len(words) > length else ""
    return None


def meant(line: str) -> str | None:
    """The name of the command that a misspelt line probably meant."""
    return nearest(line.split()[0], NAMES) or nearest(line, NAMES)
