"""Leaving a run and coming back to it: what is not saved yet, and the command that resumes.

It writes nothing, and knows no screen.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping

from backprop_tui.maths.expressions import Expr
from backprop_tui.model.experiment import Edit, Experiment

PROGRAM = "backprop-tui"
SHORT = 150
"""Characters of a code that the last words have room for."""


def apart(edits: tuple[Edit, ...], others: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """The edits that are not among the others."""
    return tuple(edit for edit in edits if edit not in others)


def unsaved(now: Experiment, edits: tuple[Edit, ...], formulas: Mapping[str, Expr]) -> str:
    """What was made since those edits and formulas were saved, in words: "2 edits"."""
    from backprop_tui.messages import count

    made = len(apart(now.edits, edits)) + len(apart(edits, now.edits))
    own = now.formulas
    written = sum(own.get(symbol) != formulas.get(symbol) for symbol in {*own, *formulas})
    return " and ".join(count(n, noun) for n, noun in ((made, "edit"), (written, "formula")) if n)


def resume_command(
    first: Experiment, now: Experiment, mode: str, decimals: int, program: str = PROGRAM
) -> str:
    """What to type to open a run again that began as `first`, new weights, the mistake, the asking
    and other decimals included."""
    words = shlex.split(first.source)
    if now.initial is not first.initial:
        _drop(words, "--seed")
        words += ["--seed", str(now.initial.seed)]
    _drop(words, "--mistake")
    if now.mistake is not None:
        words += ["--mistake", now.mistake.name]
    if mode != now.asks:
        words += ["--ask", mode]
    if decimals != now.decimals:
        words += ["--decimals", str(decimals)]
    return f"{program} {shlex.join(words)}"


def _drop(words: list[str], flag: str) -> None:
    """Take a flag and its value out."""
    if flag in words:
        at = words.index(flag)
        del words[at : at + 2]


def right_here(again: str, code: Callable[[], str], program: str = PROGRAM) -> str:
    """The command that begins again, and where it is short the one that opens where it stood."""
    from backprop_tui.files.codes import TooLongError

    try:
        found = code()
    except TooLongError:
        return again
    if len(found) > SHORT:
        return again
    return f"{again}\nand right where it stood:\n{program} --code {found}"


def named(text: str) -> str:
    """The file that a name means: it ends in .toml, so that it can be opened."""
    path = os.path.expanduser(text.strip())
    if not path or os.path.isdir(path) or os.path.splitext(path)[1]:
        return path
    return path if path.endswith(("/", os.sep)) else f"{path}.toml"


def shown_path(path: str) -> str:
    """A file's name as it is told: from here on, or whole."""
    from backprop_tui.messages import path_shown

    return path_shown(path if os.path.dirname(path) else os.path.join(".", path))
