"""The flags of all commands, and how the text of each is read.

What they do is told in `commands`, which commands have them in `table`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backprop_tui.cli.streams import (
    FORMATS,
    MOST_DECIMALS,
)
from backprop_tui.exports import formats


@dataclass(frozen=True)
class Flag:
    """`--name VALUE`. `read` makes the value of its text, or raises ValueError: what it must be."""

    name: str
    metavar: str  # empty: a switch, which takes no value
    help: str
    read: Callable[[str], Any] = str
    default: Any = None
    values: Sequence[str] = ()  # that a shell offers
    repeatable: bool = False  # its value is a tuple, an item for each time it stands there

    @property
    def attribute(self) -> str:
        return self.name.removeprefix("--").replace("-", "_")


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A reader of whole numbers in a range."""
    wanted = f"of {least} or more" if most is None else f"from {least} to {most}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:  # of more digits than Python reads, too
            number = least - 1
        if number < least or (most is not None and number > most):
            raise ValueError(f"must be a whole number {wanted}; got {quoted(text)}")
        return number

    return read


def finite(text: str) -> float:
    """A reader of finite numbers."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number; got {quoted(text)}")
    return number


def path(text: str) -> str:
    """A reader of files' names."""
    if not text or "\0" in text:
        raise ValueError(f"must be a file's name; got {quoted(text)}")
    return text


def host(text: str) -> str:
    """A reader of addresses and hosts' names, which gives them in the ASCII of a network. An empty
    one would be all of this machine's."""
    try:
        name = text.encode("idna").decode()
    except UnicodeError:  # a name with an empty part, or one of more than 63 letters
        name = ""
    if not name or "/" in name:
        raise ValueError(f"must be an address or a host's name; got {quoted(text)}")
    return name


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """A reader of one of these names."""

    def read(text: str) -> str:
        if text not in names:
            wanted = ", ".join(names)
            raise ValueError(f"must be one of {wanted}; got {quoted(text)}{hint(text, names)}")
        return text

    return read


def choice(
    name: str, metavar: str, what: str, names: Sequence[str], default: str | None = None
) -> Flag:
    """A flag whose value is one of these names, which a shell offers too."""
    return Flag(name, metavar, what, one_of(names), default, names)


def quoted(text: str) -> str:
    from backprop_tui.messages import shown

    return shown(text)


def hint(word: str, names: Iterable[str]) -> str:
    """`. Did you mean "mazur"?`, where a name is near enough."""
    from backprop_tui.messages import hint

    return hint(word, names)


OVERRIDES = (  # read with the experiment, by the rules that hold for its file
    Flag("--layers", "N,N,...", "neurons of each layer, the inputs first: 3,3,1"),
    Flag(
        "--activations",
        "NAME,...",
        "one for each layer after the inputs, out of sigmoid, tanh, relu, leaky_relu, linear and, "
        "for the last layer, softmax",
    ),
    Flag(
        "--loss",
        "NAME",
        "binary_cross_entropy, cross_entropy, half_squared_error or mean_squared_error",
    ),
    Flag("--x", "ROWS", 'the data, a row for each example: "1,0,1;0,1,1"'),
    Flag("--y", "ROWS", 'the targets, a row for each example: "1;0"'),
    Flag("--learning-rate", "NUMBER", "α, how far each update goes along the slope"),
    Flag("--seed", "N", "draw every weight anew, those that were given as well"),
    Flag("--round", "N", "decimals that drawn weights are rounded to"),
    Flag(
        "--mistake",
        "NAME",
        "make a mistake on purpose, everywhere it fits: transpose-forgotten, transpose-misplaced, "
        "rows-and-columns-swapped, sign-flipped, slope-left-out, gate-skipped, slope-at-a, "
        "element-by-element, matrix-product, bias-forgotten, mean-forgotten, wrong-layer-a, "
        "wrong-layer-w, updated-weights, learning-rate-forgotten or update-added",
    ),
)
CODE = Flag("--code", "CODE", "the experiment that a code stands for (y in the stepper shows one)")
DECIMALS = Flag(
    "--decimals",
    "N",
    f"decimals of the numbers shown, 0 to {MOST_DECIMALS} (default: the experiment's, or 3)",
    whole(0, MOST_DECIMALS),
    None,
)
CHECK_DECIMALS = replace(
    DECIMALS, help=DECIMALS.help.replace("the experiment's, or 3", "6"), default=6
)
ITERATIONS = Flag(
    "--iterations", "N", "how many, each written as it is computed (default 1)", whole(1), 1
)
EXPORT_ITERATIONS = replace(ITERATIONS, help="how many (default 1)")
ITERATION = Flag(
    "--iteration",
    "N",
    "whose gradients are checked (default 1); figures have their own",
    whole(1),
    1,
)
SAMPLE = Flag(
    "--sample",
    "N",
    "cells of each gradient that are checked (default: all up to 2,000, else 200 of them)",
    whole(1),
)
FORMAT = choice(
    "--format",
    "FORMAT",
    "table (default) or markdown, to be read by people; or jsonl, for programs: a JSON object a "
    "line, a line a step, numbers in full whatever --decimals says",
    FORMATS,
    "table",
)
MORE_ITERATIONS = Flag(
    "--iterations",
    "N",
    "how many more at most (default: 1,000, or an epoch if that is longer; 1,000,000 with "
    "--until-loss or --plateau)",
    whole(1),
)
UNTIL_LOSS = Flag(
    "--until-loss",
    "X",
    "stop at the first iteration whose loss is below X: J, or the L of its one example",
    finite,
)
PLATEAU = Flag("--plateau", "N", "stop when N iterations bring no better loss", whole(1))
SAVE = Flag("--save", "FILE", "write the experiment, to be opened where the run stopped", path)
HISTORY = Flag("--history", "FILE", "write the loss of each iteration as CSV, as it comes", path)
OVERWRITE = Flag("--overwrite", "", "let --save and --history replace files", bool, False)
TRAIN_DECIMALS = replace(
    CHECK_DECIMALS, help=f"decimals of the losses shown, 0 to {MOST_DECIMALS} (default: 6)"
)
AS = choice(
    "--as",
    "FORMAT",
    "; ".join(f"{f.name}: {f.about}" for f in formats.FORMATS.values()),
    tuple(formats.FORMATS),
)
OUTPUT = Flag("--output", "FILE", "write it there, wholly or not at all (default: stdout)", path)
KEY = Flag(
    "--key",
    "FILE",
    "the answers of a worksheet: with the ending .html the sheets filled in, else CSV, a row a "
    "sheet (default: CSV beside --output)",
    path,
)
BLANKS = Flag(
    "--blanks",
    "NAME,...",
    "what a worksheet asks for: dZ2,dW2 (default: the gradients, of as many layers from the output "
    "back as a sheet holds)",
    lambda text: tuple(name.strip() for name in text.split(",")),
)
COPIES = Flag(
    "--copies",
    "N",
    "worksheets, each with other weights that suit a pencil (default: the experiment as it is)",
    whole(1, 1000),
)
EXPORT_OVERWRITE = replace(OVERWRITE, help="let --output and --key replace files")
ASK = choice(
    "--ask",
    "WHEN",
    "before which steps it asks: off; lesson: where the experiment has a question (the default); "
    "vote or type: before every step",
    ("off", "lesson", "vote", "type"),
)
RECORD = Flag(
    "--record",
    "FILE",
    "keep the answers that are given while it asks: a line of CSV for each, as it comes",
    path,
)
ASCII = Flag(
    "--ascii",
    "",
    "spell every sign in ASCII (by itself where the locale lacks them, or TERM is linux)",
    bool,
    False,
)
UNICODE = Flag("--unicode", "", "show every sign, whatever locale and TERM say", bool, False)
PLAIN = Flag(
    "--plain",
    "",
    "in words: printed lines and a prompt, for screen readers and scripts; TERM=dumb means it too",
    bool,
    False,
)
HOST = Flag(
    "--host",
    "ADDRESS",
    "where to listen: 127.0.0.1 (default), for this machine alone; 0.0.0.0 for all that reach it",
    host,
    "127.0.0.1",
)
ALLOW_HOST = Flag(
    "--allow-host",
    "NAME",
    "a name that the server also answers to: the one visitors type, where a proxy stands before "
    "it; can be repeated",
    host,
    (),
    repeatable=True,
)
PORT = Flag("--port", "N", "the port (default 8000); 0 for any that is free", whole(0, 65535), 8000)
MAX_SESSIONS = Flag(
    "--max-sessions",
    "N",
    "learners at once, a process of about 40 MiB each (default 32); others are asked to wait",
    whole(1),
    32,
)
# Every other flag takes a value.
SWITCHES = (
    "-h",
    "--help",
    "--version",
    OVERWRITE.name,
    PLAIN.name,
    ASCII.name,
    UNICODE.name,
)
