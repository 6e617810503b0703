"""What a page of the guide shows of the program: blocks of code, and commands within its lines.

`console` blocks are commands behind `$ `, each with what it prints, where `…` is any number of
lines, or the last digits of a number, which are not the same on every machine; `words` blocks are a
session in words; a block with a file's name is that file. All blocks of a page run in one folder,
from the top of the page on.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from backprop_tui.__main__ import main
from backprop_tui.cli.commands import COMMANDS, STEPPER
from backprop_tui.cli.experiment import opened
from backprop_tui.cli.parser import checked, command_line
from tests.plain.session import Typed

BLOCK = re.compile(r"^```(\S+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(backprop-tui(?: [^`]*)?)`")
PROGRAM = "backprop-tui"
LEFT_OUT = "…"
CUT = re.compile(r"\d…")


@dataclass(frozen=True)
class Block:
    """A block of code of a page."""

    language: str
    name: str
    """What stands behind the language: a file's name, or what a session in words opens."""
    text: str

    @property
    def exchanges(self) -> Iterator[tuple[str, list[str]]]:
        """What is typed, behind `$ ` or `> `, each with the lines that come back."""
        for part in re.split(r"^[$>] ", self.text, flags=re.MULTILINE)[1:]:
            typed, *told = part.splitlines()
            yield typed, told


def blocks(page: str) -> list[Block]:
    return [Block(*found.groups()) for found in BLOCK.finditer(page)]


def inline_commands(page: str) -> list[str]:
    """The commands within the lines of a page that are whole: without `…` and capitals for what
    the reader puts in."""
    found = INLINE.findall(BLOCK.sub("", page).replace("\n", " "))
    return [
        line for line in found if LEFT_OUT not in line and not re.search(r"\b[A-Z]{3,}\b", line)
    ]


# Running


def told_by(block: Block) -> Iterator[tuple[str, list[str], list[str]]]:
    """What is typed in a block, what the page says comes back, and what does."""
    answers: Callable[[str], list[str]] = run
    if block.language == "words":
        lesson, *flags = shlex.split(block.name)
        decimals = int(flags[flags.index("--decimals") + 1]) if flags else 3
        answers = Typed(lesson, decimals=decimals)
    for typed, told in block.exchanges:
        yield typed, told, answers(typed)


def run(line: str) -> list[str]:
    """What a command prints: the program runs in this process, and the stepper is only read; a
    shell has what is not the program, or stands behind it."""
    if found := re.fullmatch(rf"{PROGRAM}((?: [^|><&$]*)?)([|>].*)?", line):
        command, behind = found.groups()
        argv = shlex.split(command)
        if opens_a_screen(argv):
            return []
        told, warned = io.StringIO(), io.StringIO()
        with redirect_stdout(told), redirect_stderr(warned if behind else told):
            status = main(argv)
        assert status == 0 or (status == 1 and not behind), f"{line}: {told.getvalue()}"
        if not behind:
            return told.getvalue().splitlines()
        return [*warned.getvalue().splitlines(), *in_a_shell(f"cat {behind}", told.getvalue())]
    return in_a_shell(line)


def in_a_shell(line: str, read: str = "") -> list[str]:
    """What a shell prints that finds this Python first and is given something to read."""
    folder = str(Path(sys.executable).parent)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        input=read,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"},
        check=False,
    )
    assert done.returncode == 0, f"{line}: {done.stdout}"
    return done.stdout.splitlines()


def opens_a_screen(argv: list[str]) -> bool:
    """Whether a command goes on until its user ends it; then it is read, and what it opens is."""
    given, extra = command_line(argv).parse_known_args(argv)
    command = COMMANDS.get(given.command, STEPPER)
    if "help" in given or "version" in given or command.name not in ("", "serve"):
        return False
    arguments = checked(command, given, extra)
    if not getattr(arguments, "resume", False):
        opened(arguments)
    return True


def is_so(said: list[str], told: list[str]) -> bool:
    """Whether the lines that a page shows are those that came, but for what `…` leaves out."""
    if not any(line.strip() == LEFT_OUT or CUT.search(line) for line in said):
        return said == told
    parts = "\n".join(said).split(LEFT_OUT)
    pattern = r"[\s\S]*".join(re.escape(part.strip("\n")) for part in parts)
    return re.fullmatch(rf"\n*{pattern}\n*".replace(r"\n*[", "["), "\n".join(told)) is not None


def corrected(block: Block) -> str:
    """A block with what really comes back; lines that are right as they stand stay as they are."""
    sign = "$" if block.language == "console" else ">"
    lines = []
    for typed, said, told in told_by(block):
        lines += [f"{sign} {typed}", *(said if is_so(said, told) else told)]
    return "\n".join(lines) + "\n"
