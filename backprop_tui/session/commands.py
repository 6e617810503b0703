"""The table of all that a session can do: keys, footer, help, palette, words and guide read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from backprop_tui.messages import nearest
from backprop_tui.session import (
    asking,
    changing,
    deriving,
    editing,
    looking,
    one_weight,
    opening,
    saving,
    travel,
    writing,
)

Run: TypeAlias = Callable[[Any, str], None]
Group: TypeAlias = Literal["time", "why", "screen", "program"]
Footer: TypeAlias = Literal["", "if roomy", "if it fits", "soon", "always"]


@dataclass(frozen=True)
class Command:
    """One thing that can be done; `does` is what help says of it."""

    id: str
    run: Run | None
    """What is done, with the session and what was typed behind the command's word; None for what
    a face tells by itself, from what there is to see."""
    does: str
    group: Group
    keys: tuple[str, ...] = ()
    """Its keys, as a terminal's face calls them."""
    sign: str = ""
    """Its key as people read it, where the footer has room for one."""
    signs: str = ""
    """All of its keys, where there are more than one."""
    short: str = ""
    """What the footer and the palette call it."""
    footer: Footer = ""
    """Whether it stands in the footer; what yields when there is little room."""
    words: tuple[str, ...] = ()
    """What is typed for it in words, the usual first; none where that would do nothing."""
    takes: str = ""
    """What may be typed behind its word."""
    telling: str = ""
    """What help says of it in words, where that is something else."""

    @property
    def written(self) -> str:
        """All of its keys, as help shows them."""
        return self.signs or self.sign

    @property
    def letter(self) -> str:
        """The key that may be typed in place of its word: one character, none that is a digit."""
        own = (LETTERS_OF.get(key, key) for key in self.keys)
        return next((key for key in own if len(key) == 1 and not key.isdigit()), "")


LETTERS_OF = {"question_mark": "?"}


def _command(id_: str, run: Run | None, does: str, group: Group, **named: Any) -> Command:
    for name in ("keys", "words"):
        if isinstance(named.get(name), str):
            named[name] = tuple(named[name].split(","))
    return Command(id_, run, does, group, **named)


c = _command
COMMANDS: tuple[Command, ...] = (
    # Moving in time
    c("next", asking.next_step, "one operation forward", "time", keys="space,n,pagedown",
      sign="space", signs="space n PgDn →", short="next", footer="always", words="next",
      telling="one operation forward; an empty line does the same"),
    c("back", travel.back, "one operation back, exactly, over updates and iterations too", "time",
      keys="backspace,pageup", sign="⌫", signs="⌫ PgUp ←", short="back", footer="always",
      words="back,b"),
    c("into", travel.into, "step into: one element of the next operation at a time", "time",
      keys="s", sign="s", short="into", footer="if it fits", words="into"),
    c("out", travel.out, "step out: finish this operation", "time", keys="S", sign="S",
      short="out", words="out"),
    c("phase", travel.phase, "to the end of this phase, or of the next when already there", "time",
      keys="p", sign="p", short="phase", footer="soon", words="phase"),
    c("phase_start", travel.phase_start, "back to the start of this phase, or of the one before",
      "time", keys="P", sign="P", short="phase start", words="phase start"),
    c("iteration", travel.iteration, "the same step of the next iteration", "time", keys="i",
      sign="i", short="iteration", footer="soon", words="iteration",
      takes="N", telling="the same step of iteration N; alone: of the next iteration"),
    c("iteration_back", travel.iteration_back, "the same step of the previous iteration", "time",
      keys="I", sign="I", short="iteration back", words="iteration back"),
    c("restart", travel.restart, "restart with the same weights", "time", keys="home",
      sign="Home", short="restart", words="restart,home"),
    c("new_weights", changing.new_weights, "restart with new random weights (undo brings the old "
      "ones back)", "time", keys="R", sign="R", short="new weights", words="new weights"),
    c("undo", changing.undo, "undo the last edit, formula, mistake or new weights", "time",
      keys="u", sign="u", short="undo", words="undo"),
    c("redo", changing.redo, "redo what was undone", "time", keys="U", sign="U", short="redo",
      words="redo"),
    c("goto", travel.goto, "go to an iteration, an epoch, a step, the end, or where loss < 0.01",
      "time", keys="g", sign="g", short="go to", footer="if it fits", words="goto,go to",
      takes="PLACE",
      telling="go there: 500, epoch 2, step 3, dW1, end, loss is less than 0.01"),
    c("curve", travel.curve, "the loss curve so far", "time", keys="l", sign="l", short="loss",
      footer="if roomy", words="loss", telling="the losses so far"),
    c("run", travel.run, "run by itself; again, or any step: pause", "time", keys="r", sign="r",
      short="run", footer="if roomy"),
    c("faster", travel.faster, "run faster", "time", keys="plus,equals_sign", sign="+",
      signs="+ =", short="faster"),
    c("slower", travel.slower, "run slower", "time", keys="minus", sign="-", short="slower"),
    # Why
    c("why", looking.why, "explain the cell under the cursor, or the step's own; again: the "
      "chosen term's", "why", keys="enter", sign="⏎", signs="⏎ click", short="why", footer="soon",
      words="why,inspect,explain", takes="CELL",
      telling="explain a number, such as dW2[1,2]; alone: the step's first"),
    c("next_matrix", looking.next_matrix, "the next matrix or panel; while a number is explained, "
      "its next term", "why", keys="tab", sign="tab", short="matrix"),
    c("previous_matrix", looking.previous_matrix, "the previous one", "why", keys="shift+tab",
      sign="⇧tab", short="matrix back"),
    c("left", looking.left, "with a cursor, a cell left; else one operation back", "why",
      keys="left", sign="←", short="left"),
    c("right", looking.right, "with a cursor, a cell right; else one operation forward", "why",
      keys="right", sign="→", short="right"),
    c("up", looking.up, "with a cursor, a cell up; else the group above", "why", keys="up",
      sign="↑", short="up"),
    c("down", looking.down, "with a cursor, a cell down; else the group below", "why", keys="down",
      sign="↓", short="down"),
    c("derive", deriving.derive, "the blackboard: this gradient derived, a line at each press of "
      "space; again: close it", "why", keys="x", sign="x", short="derive", footer="soon",
      words="derive", takes="SYMBOL", telling="derive this gradient, a line at each next; derive "
      "all tells all lines, derive off goes back to numbers"),
    c("chain", None, "this gradient as products of derivatives along its paths to the loss", "why",
      words="chain", takes="CELL"),
    c("one_weight", one_weight.show, "the loss as one weight alone changes, with the "
      "gradient as its slope, and its last updates", "why", keys="L", sign="L",
      short="loss over one weight", words="loss over,one weight", takes="CELL",
      telling="the loss as one weight alone changes, such as W1[1,2]; alone: the one at hand"),
    c("check", looking.check, "the gradient check: are the gradients right?", "why", keys="c",
      sign="c", short="check", footer="if it fits", words="check"),
    c("edit", editing.edit, "what if: change the number in hand (an input, a target, a "
      "parameter), else α", "why", keys="e", sign="e", short="edit", footer="if it fits",
      words="edit", takes="CELL VALUE",
      telling="what if: give an input, a target, a parameter or alpha another value"),
    c("leave", looking.leave, "one number back, then the arrows back to time; it never quits",
      "why", keys="escape", sign="esc", short="leave"),
    c("ask", asking.mode, "questions before every step: vote, typed, or none (a lesson's own "
      "first)", "why", keys="a", sign="a", short="ask", footer="soon", words="ask,ask me,questions",
      takes="WHEN", telling="questions before a step: off, lesson, vote or type"),
    c("choose", asking.choose, "vote for one of the numbers", "why",
      keys=",".join(asking.DIGITS), sign="1", signs="1 2 3 4", short="answer"),
    c("hint", asking.hint, "a hint, while a question is open", "why", words="hint"),
    c("write", writing.write, "write the next operation yourself: type its formula", "why",
      keys="f", sign="f", short="write it", footer="if roomy", words="write", takes="FORMULA"),
    c("mistake", changing.mistake, "choose one mistake; the title shows it until you remove it",
      "why", keys="m", sign="m", short="mistake", footer="if roomy", words="mistake", takes="NAME",
      telling="choose one mistake, or none; alone: which there are"),
    # What is shown
    c("show", None, "read a matrix, or a row of it; alone: the step's own", "screen", words="show",
      takes="SYMBOL row N"),
    c("where", None, "which iteration, step and phase this is, and what comes next", "screen",
      words="where"),
    c("again", None, "what was said here, once more; of a question, what is asked", "screen",
      words="again,repeat"),
    c("notes", None, "what the lesson says here", "screen", words="notes"),
    c("about", None, "what all of it is about", "screen", words="about"),
    c("example", looking.example, "the next example of the batch, time step or column", "screen",
      keys="k", sign="k", short="example", words="example", takes="N",
      telling="explain this example of the batch; alone: the next one"),
    c("example_back", looking.example_back, "the previous example, time step or column", "screen",
      keys="K", sign="K", short="example back", words="example back"),
    c("drawing", looking.drawing, "the next drawing: nodes and edges, the graph of operations, "
      "the plane of two inputs", "screen", keys="v", sign="v", short="drawing",
      footer="if it fits"),
    c("zoom", looking.zoom, "maximise the chosen panel, else what the step wrote; or put it back",
      "screen", keys="z",
      sign="z", short="zoom", footer="if roomy"),
    c("hide", looking.hide, "hide the numbers of the chosen panel, or show them", "screen",
      keys="h", sign="h", short="hide"),
    c("theme", looking.theme, "dark or light", "screen", keys="t", sign="t", short="theme"),
    c("theme_light", lambda s, _: looking.theme(s, "light"), "the light theme", "screen",
      short="theme: light"),
    c("theme_dark", lambda s, _: looking.theme(s, "dark"), "the dark theme", "screen",
      short="theme: dark"),
    c("formulas", None, "how formulas are given: words, text or both; alone: the next of these",
      "screen", words="formulas", takes="WAY"),
    c("decimals", looking.decimals, "one decimal more", "screen", keys="d", sign="d",
      short="decimals", footer="if roomy", words="decimals", takes="N",
      telling="how many decimals numbers have; alone: one more"),
    c("fewer_decimals", looking.fewer_decimals, "one decimal fewer", "screen", keys="D", sign="D",
      short="fewer decimals", words="fewer decimals"),
    c("cover", looking.cover, "cover the screen, or uncover it (a remote's black-screen key)",
      "screen", keys="b,full_stop", sign="b", signs="b .", short="cover"),
    c("copy_number", saving.copy_number, "copy this number", "screen", short="copy this number"),
    c("copy_formula", saving.copy_formula, "copy the formula of this step as LaTeX", "screen",
      short="copy this formula as LaTeX"),
    c("copy_matrix", saving.copy_matrix, "copy this matrix as a NumPy array", "screen",
      short="copy this matrix as NumPy"),
    # The program
    c("lessons", None, "the lessons", "program", words="lessons"),
    c("open", opening.open_another, "open a lesson, a file or an autosave", "program", keys="o",
      sign="o", short="open", footer="if it fits", words="open", takes="NAME"),
    c("save", saving.save, "save to a file that opens right here", "program", keys="w", sign="w",
      short="save", words="save", takes="FILE",
      telling="save to a file that opens right here; a name that ends in .html, .md, .tex or .py "
      "exports"),
    c("export_html", saving.export(".html"), "every step worked out, as a page for a browser",
      "program", short="export as HTML…"),
    c("export_markdown", saving.export(".md"), "the same, as Markdown", "program",
      short="export as Markdown…"),
    c("export_latex", saving.export(".tex"), "the same, as an article for LaTeX", "program",
      short="export as LaTeX…"),
    c("export_numpy", saving.export(".py"), "a NumPy script that prints the same numbers",
      "program", short="export as NumPy…"),
    c("code", saving.code, "a short code that opens this state elsewhere", "program", keys="y",
      sign="y", short="code", words="code"),
    c("help", looking.show_help, "this help; while something is asked, ? is a hint", "program",
      keys="question_mark,f1", sign="?", signs="? F1", short="help", footer="always", words="help",
      takes="COMMAND", telling="what can be typed, or what one command does"),
    c("guide", looking.show_guide, "the guide: pages on keys, teaching, files of your own and more",
      "program", short="guide…"),
    c("palette", None, "find a command by what it does", "program", keys="colon,ctrl+p", sign=":",
      signs=": ctrl+p", short="commands"),
    c("quit", opening.leave_program, "quit", "program", keys="q", sign="q", short="quit",
      footer="if it fits", words="quit,exit", telling="quit, and say how to come back"),
)  # fmt: skip
BY_ID = {command.id: command for command in COMMANDS}
BY_KEY = {key: command for command in COMMANDS for key in command.keys}
BY_LETTER = {command.letter: command for command in COMMANDS if command.letter and command.words}
BY_WORDS = {words: command for command in COMMANDS for words in command.words}
LONGEST = max(len(words.split()) for words in BY_WORDS)


def find(line: str) -> tuple[Command, str] | None:
    """The command that a typed line begins with, and what stands behind it.

    Letters are those of the keys, and capitals matter in them alone.
    """
    words = line.split()
    if not words:
        return None
    if words[0] in BY_LETTER:
        return BY_LETTER[words[0]], line.strip()[len(words[0]) :].strip()
    for length in range(min(LONGEST, len(words)), 0, -1):
        name = " ".join(words[:length]).lower()
        if name in BY_WORDS:
            rest = line.split(maxsplit=length)
            return BY_WORDS[name], rest[length] if len(words) > length else ""
    return None


def meant(line: str) -> str | None:
    """The words of the command that a misspelt line probably meant."""
    return nearest(line.split()[0], BY_WORDS) or nearest(line, BY_WORDS)


def sign_of(id_: str) -> str:
    """The key of a command, as a sentence names it."""
    return BY_ID[id_].sign or BY_ID[id_].short


def word_of(id_: str) -> str:
    """The word of a command, as a sentence names it."""
    command = BY_ID[id_]
    return command.words[0] if command.words else command.short
