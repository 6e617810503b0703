"""The flags of all commands: their names, how their texts are read, and what --help says of them.

What a flag does is told in its command's function; which commands have it, in `commands`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backprop_tui.cli.streams import FORMATS, MOST_DECIMALS
from backprop_tui.exports import formats
from backprop_tui.messages import hint, shown


@dataclass(frozen=True)
class Option:
    """A flag. `read` gives the value of a text, or raises ValueError: what the text must be."""

    form: str  # as --help has it: `--sample N`, or `--plain` where it takes no value
    help: str
    read: Callable[[str], Any] = str
    default: Any = None
    values: Sequence[str] = ()  # that a shell offers
    repeatable: bool = False  # its value is a tuple, an item for each time it stands there

    @property
    def name(self) -> str:
        """What is typed: `--learning-rate`."""
        return self.form.partition(" ")[0]

    @property
    def metavar(self) -> str:
        """What --help calls its value; nothing for a switch."""
        return self.form.partition(" ")[2]

    @property
    def attribute(self) -> str:
        """The name of its value among the arguments that a command gets: `learning_rate`."""
        return self.name.removeprefix("--").replace("-", "_")


def alternatives(names: Sequence[str]) -> str:
    """Names in a sentence: `a, b or c`."""
    return f"{', '.join(names[:-1])} or {names[-1]}"


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A reader of whole numbers in a range."""
    wanted = f"of {least} or more" if most is None else f"from {least} to {most}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:  # of more digits than Python reads, too
            number = least - 1
        if number < least or (most is not None and number > most):
            raise ValueError(f"must be a whole number {wanted}; got {shown(text)}")
        return number

    return read


def finite(text: str) -> float:
    """A reader of finite numbers."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number; got {shown(text)}")
    return number


def path(text: str) -> str:
    """A reader of files' names."""
    if not text or "\0" in text:
        raise ValueError(f"must be a file's name; got {shown(text)}")
    return text


def host(text: str) -> str:
    """A reader of addresses and hosts' names, which gives them in the ASCII of a network. An empty
    one would be all of this machine's."""
    try:
        name = text.encode("idna").decode()
    except UnicodeError:  # a name with an empty part, or one of more than 63 letters
        name = ""
    if not name or "/" in name:
        raise ValueError(f"must be an address or a host's name; got {shown(text)}")
    return name


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """A reader of one of these names."""

    def read(text: str) -> str:
        if text not in names:
            wanted = ", ".join(names)
            raise ValueError(f"must be one of {wanted}; got {shown(text)}{hint(text, names)}")
        return text

    return read


ACTIVATION_NAMES = "sigmoid", "tanh", "relu", "leaky_relu", "linear", "softmax"
LOSS_NAMES = "binary_cross_entropy", "cross_entropy", "half_squared_error", "mean_squared_error"
MISTAKE_NAMES = tuple(
    "transpose-forgotten transpose-misplaced rows-and-columns-swapped sign-flipped "
    "derivative-left-out gate-skipped derivative-at-a one-path sum-forgotten element-by-element "
    "matrix-product bias-forgotten mean-forgotten penalty-forgotten wrong-layer-a wrong-layer-w "
    "updated-weights gradient-accumulated learning-rate-forgotten update-added".split()
)
EXPORT_NAMES = tuple(formats.FORMATS)
DERIVATION_NAMES = "text", "markdown", "latex", "html"
THEME_NAMES = "dark", "light"
ASK_NAMES = "off", "lesson", "vote", "type"
CHANGES: dict[str, tuple[str, str, Sequence[str]]] = {
    "layers": ("N,N,...", "neurons of each layer, the inputs first: 3,3,1", ()),
    "activations": (
        "NAME,...",
        "one for each layer after the inputs, out of "
        f"{', '.join(ACTIVATION_NAMES[:-1])} and, for the last layer, {ACTIVATION_NAMES[-1]}",
        ACTIVATION_NAMES,
    ),
    "loss": ("NAME", alternatives(LOSS_NAMES), LOSS_NAMES),
    "x": ("ROWS", 'the data, a row for each example: "1,0,1;0,1,1"', ()),
    "y": ("ROWS", 'the targets, a row for each example: "1;0"', ()),
    "learning_rate": (
        "NUMBER",
        "α, the learning rate: an update subtracts α times the gradient",
        (),
    ),
    "seed": ("N", "draw every weight at random, also those that the file sets", ()),
    "round": ("N", "decimals to which random weights are rounded", ()),
    "mistake": (
        "NAME",
        f"make a mistake on purpose, wherever it is possible: {alternatives(MISTAKE_NAMES)}",
        MISTAKE_NAMES,
    ),
}
"""Of each key of a file that a flag may replace: its metavar, its help, and the names it may be.

Which keys those are, their fields say (`files.sections.FLAGS`, which needs NumPy); a test compares.
"""

OVERRIDES = tuple(
    Option(f"--{key.replace('_', '-')} {metavar}", what, values=names)
    for key, (metavar, what, names) in CHANGES.items()
)
"""They are read with the experiment, by the rules that hold for its file."""

CODE = Option("--code CODE", "open the experiment of a code (y in the stepper shows one)")
RESUME = Option("--resume", "continue where the program ended last: open its newest autosave")
DECIMALS = Option(
    "--decimals N",
    f"decimals of the numbers shown, 0 to {MOST_DECIMALS} (default: the experiment's, or 3)",
    whole(0, MOST_DECIMALS),
)
SIX_DECIMALS = replace(
    DECIMALS, help=f"decimals of the numbers shown, 0 to {MOST_DECIMALS} (default: 6)", default=6
)
ITERATIONS = Option("--iterations N", "how many (default 1)", whole(1), 1)
ITERATION = Option(
    "--iteration N",
    "whose gradients are checked (default 1); figures have their own",
    whole(1),
    1,
)
COMPARED_ITERATION = replace(ITERATION, help="whose arrays they are (default 1)")
SAMPLE = Option(
    "--sample N",
    "cells of each gradient that are checked (default: all up to 2,000, else 200 of them)",
    whole(1),
)
FORMAT = Option(
    "--format FORMAT",
    "table (default) or markdown, to be read by people; or jsonl, for programs: a JSON object a "
    "line, a line a step, numbers in full whatever --decimals says",
    one_of(FORMATS),
    "table",
    FORMATS,
)
UNTIL_LOSS = Option(
    "--until-loss X",
    "stop after the first whole epoch whose mean loss is below X: J, each batch counted by its "
    "examples, or L where a batch is one",
    finite,
)
UNTIL_BATCH_LOSS = Option(
    "--until-batch-loss X",
    "stop at the first iteration whose own loss is below X: J, or the L of its one example",
    finite,
)
PLATEAU = Option("--plateau N", "stop when N iterations bring no better loss", whole(1))
SAVE = Option("--save FILE", "write the experiment, to be opened where the run stopped", path)
HISTORY = Option("--history FILE", "write the loss of each iteration as CSV, as it comes", path)
OVERWRITE = Option("--overwrite", "replace files that exist already")
AS = Option(
    "--as FORMAT",
    "; ".join(f"{f.name}: {f.about}" for f in formats.FORMATS.values()),
    one_of(EXPORT_NAMES),
    values=EXPORT_NAMES,
)
AS_DERIVATION = Option(
    "--as FORMAT",
    f"{alternatives(DERIVATION_NAMES)} (default: {DERIVATION_NAMES[0]})",
    one_of(DERIVATION_NAMES),
    DERIVATION_NAMES[0],
    DERIVATION_NAMES,
)
ELEMENTS = Option("--elements", "one element of each, with its sums, instead of matrices")
OUTPUT = Option("--output FILE", "write it there, wholly or not at all (default: stdout)", path)
KEY = Option(
    "--key FILE",
    "the answers of a worksheet: with the ending .html the sheets filled in, else CSV, a row a "
    "sheet (default: CSV beside --output)",
    path,
)
BLANKS = Option(
    "--blanks NAME,...",
    "what a worksheet asks for: dZ2,dW2 (default: the gradients, of as many layers from the output "
    "back as a sheet holds)",
    lambda text: tuple(name.strip() for name in text.split(",")),
)
COPIES = Option(
    "--copies N",
    "how many sheets, each with other weights, rounded (default: one, the experiment as it is)",
    whole(1, 1000),
)
ASK = Option(
    "--ask WHEN",
    "before which steps questions are asked: off; lesson: where the experiment has a question "
    "(the default); vote or type: before every step",
    one_of(ASK_NAMES),
    values=ASK_NAMES,
)
THEME = Option(
    "--theme NAME",
    "dark or light (default: the experiment's, else the one that was chosen last)",
    one_of(THEME_NAMES),
    values=THEME_NAMES,
)
RECORD = Option(
    "--record FILE",
    "record the answers: a line of CSV for each, at once",
    path,
)
ASCII = Option(
    "--ascii", "spell every sign in ASCII (by itself where the locale lacks them, or TERM is linux)"
)
UNICODE = Option("--unicode", "show every sign, whatever locale and TERM say")
PLAIN = Option(
    "--plain",
    "in words: printed lines and a prompt, for screen readers and scripts; TERM=dumb means it too",
)
HOST = Option(
    "--host ADDRESS",
    "where to listen: 127.0.0.1 (default), for this machine alone; 0.0.0.0 for all that reach it",
    host,
    "127.0.0.1",
)
ALLOW_HOST = Option(
    "--allow-host NAME",
    "a name that the server also answers to: the one visitors type, where a proxy stands before "
    "it; can be repeated",
    host,
    (),
    repeatable=True,
)
PORT = Option("--port N", "the port (default 8000); 0 for any that is free", whole(0, 65535), 8000)
MAX_SESSIONS = Option(
    "--max-sessions N",
    "learners at the same time, a process of about 40 MiB each (default 32); others wait",
    whole(1),
    32,
)
MAX_PER_ADDRESS = Option(
    "--max-per-address N",
    "learners at the same time from one address (default: 8 where other machines reach the "
    "server, else no limit); others wait",
    whole(1),
)
