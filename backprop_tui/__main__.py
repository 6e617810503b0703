"""The command line: `backprop-tui`, or `python -m backprop_tui`.

A command is one entry of COMMANDS. What it needs is imported when it runs, so that --help and
--version wait for neither NumPy nor the screen, and `trace` never for the screen. Results go to
stdout, everything else to stderr, each fault on a line of its own.
"""

from __future__ import annotations

import argparse
import gc
import io
import math
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

from backprop_tui import exports, lessons
from backprop_tui.exports import formats
from backprop_tui.spelling import lacks_signs

if TYPE_CHECKING:
    from backprop_tui.engine.experiment import Experiment
    from backprop_tui.engine.timeline import Iteration
    from backprop_tui.exports.record import Record

PROGRAM = "backprop-tui"
FINE, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130  # exit statuses
STOPPED = 128  # and the number of the signal: 130 is ctrl-c
MOST_DECIMALS = 12
FORMATS = ("table", "jsonl", "markdown")  # of `exports.trace`, which needs NumPy


class CommandError(Exception):
    """The command line or its experiment is refused: `faults` has one line for each fault."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


# Flags ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flag:
    """`--name VALUE`. `read` makes the value of its text, or raises ValueError: what it must be."""

    name: str
    metavar: str  # empty: a switch, which takes no value
    help: str
    read: Callable[[str], Any] = str
    default: Any = None
    values: Sequence[str] = ()  # that a shell offers

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


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """A reader of one of these names."""

    def read(text: str) -> str:
        if text not in names:
            wanted = ", ".join(names)
            raise ValueError(f"must be one of {wanted}; got {quoted(text)}{hint(text, names)}")
        return text

    return read


def quoted(text: str) -> str:
    from backprop_tui.engine.schema import shown

    return shown(text)


def hint(word: str, names: Iterable[str]) -> str:
    """`. Did you mean "mazur"?`, where a name is near enough."""
    from backprop_tui.engine.schema import hint

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
    "cells of each gradient that are nudged (default: all up to 2,000, else 200 of them)",
    whole(1),
)
FORMAT = Flag(
    "--format",
    "FORMAT",
    "table (default) or markdown, to be read by people; or jsonl, for programs: a JSON object a "
    "line, a line a step, numbers in full whatever --decimals says",
    one_of(FORMATS),
    "table",
    FORMATS,
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
AS = Flag(
    "--as",
    "FORMAT",
    "; ".join(f"{f.name}: {f.about}" for f in formats.FORMATS.values()),
    one_of(tuple(formats.FORMATS)),
)
OUTPUT = Flag("--output", "FILE", "write it there, wholly or not at all (default: stdout)", path)
KEY = Flag(
    "--key",
    "FILE",
    "the answers of a worksheet, a row a sheet, as CSV (default: beside --output)",
    path,
)
BLANKS = Flag(
    "--blanks",
    "NAME,...",
    "what a worksheet asks for: dZ2,dW2 (default: the gradients)",
    lambda text: tuple(name.strip() for name in text.split(",")),
)
COPIES = Flag("--copies", "N", "worksheets, each with other weights (default 1)", whole(1, 1000))
EXPORT_OVERWRITE = replace(OVERWRITE, help="let --output and --key replace files")
ASK = Flag(
    "--ask",
    "WHEN",
    "before which steps it asks: off; lesson: where the experiment has a question (the default); "
    "vote or type: before every step",
    one_of(("off", "lesson", "vote", "type")),
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
    default="127.0.0.1",
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


# Commands ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Word:
    """The one word that a command takes."""

    metavar: str
    help: str
    default: str | None
    flags: tuple[Flag, ...] = ()  # that may stand in its place
    choices: Sequence[str] = ()  # of what it must be one; else it names a lesson or a file


@dataclass(frozen=True)
class Command:
    """What one word of the command line does; `run` gives the exit status."""

    name: str  # empty: the stepper, which needs none
    summary: str
    about: str
    word: Word
    flags: Mapping[str, tuple[Flag, ...]]  # under the headings that --help has for them
    examples: Mapping[str, str]
    run: Callable[[argparse.Namespace], int]

    @property
    def line(self) -> str:
        return f"{PROGRAM} {self.name}".rstrip()

    @property
    def all_flags(self) -> tuple[Flag, ...]:
        own = (flag for flags in self.flags.values() for flag in flags)
        return (*self.word.flags, *own)


def step_through(arguments: argparse.Namespace) -> int:
    """The screen; no garbage is looked for before its first frame: what is made till then stays."""
    if arguments.plain:
        return in_words(arguments)
    if is_dumb():
        complain("TERM=dumb: stepping in words, as with --plain")
        return in_words(arguments)
    gc.disable()
    try:
        return on_the_screen(arguments)
    finally:
        gc.enable()


def on_the_screen(arguments: argparse.Namespace) -> int:
    """The stepper; what it has to say when it is left is printed then."""
    experiment = load(arguments)
    if (trouble := no_terminal()) is not None:
        raise CommandError(
            f"{trouble}, and stepping needs one; "
            f'"{PROGRAM} trace {experiment.source}" writes the same steps as text, and '
            f'"{PROGRAM} --plain {experiment.source}" reads commands, one a line'
        )
    from backprop_tui.tui.app import BackpropApp

    experiment = asked_as(arguments, experiment)
    lacking = lacks_signs(os.environ, sys.stderr.encoding) and not arguments.unicode
    spelled = arguments.ascii or lacking
    app = BackpropApp(experiment, decimals_of(arguments, experiment), ascii_only=spelled)
    if arguments.record is not None:
        app.stepper.record = record_in(arguments.record)
    last_words = app.run()
    if last_words is not None:
        write([f"{exports.encodable(last_words, 'ascii') if spelled else last_words}\n"])
    return app.return_code or FINE


def in_words(arguments: argparse.Namespace) -> int:
    """The stepper without a screen: lines are read and lines are printed."""
    experiment = asked_as(arguments, load(arguments))
    from backprop_tui.plain.loop import run

    record = None if arguments.record is None else record_in(arguments.record)
    run(experiment, decimals_of(arguments, experiment), lambda text: write([text]), record)
    return FINE


def asked_as(arguments: argparse.Namespace, experiment: Experiment) -> Experiment:
    """The experiment, asking when it was told to."""
    if arguments.ask is None:
        return experiment
    return replace(experiment, look=replace(experiment.look, ask=arguments.ask))


def record_in(path: str) -> Record:
    """The file that answers are kept in."""
    from backprop_tui.engine.saving import SaveError
    from backprop_tui.exports.record import Record

    try:
        return Record(path)
    except SaveError as error:
        raise CommandError(f"--record: {error}") from None


def decimals_of(arguments: argparse.Namespace, experiment: Experiment) -> int:
    """The decimals asked for, else the experiment's own."""
    own: int = experiment.decimals
    return own if arguments.decimals is None else int(arguments.decimals)


def no_terminal() -> str | None:
    for stream, what in ((sys.stdin, "the input"), (sys.stdout, "the output")):
        if not stream.isatty():
            return f"{what} is not a terminal"
    return None


def is_dumb() -> bool:
    """Whether the terminal can do no more than print lines."""
    return os.environ.get("TERM") == "dumb" and no_terminal() is None


def list_lessons(arguments: argparse.Namespace) -> int:
    """All lessons in a table, or one lesson's file as it stands."""
    name = arguments.word
    if name is None:
        write(lesson_table())
    elif name in lessons.NAMES:
        write([lessons.text(name)], document=True)
    else:
        raise CommandError(unknown(name, {"lesson": lessons.NAMES}, opens_files=False))
    return FINE


def lesson_table() -> Iterator[str]:
    from rich.console import Console
    from rich.text import Text

    from backprop_tui.engine.experiment_file import load

    table = exports.plain_table()
    table.add_column("", justify="right", no_wrap=True)
    for heading in ("lesson", "layers", "what it teaches"):
        table.add_column(heading, no_wrap=True)
    for number, name in enumerate(lessons.NAMES, 1):
        lesson = load(name)
        about = Text(f"{lesson.title}\n", "bold").append(lesson.teaches, "not bold")
        table.add_row(str(number), Text(name, "bold"), lesson.network.sizes, about)
    yield exports.printed(Console(highlight=False), table).rstrip() + "\n"


def trace(arguments: argparse.Namespace) -> int:
    """Every step of a run, written as it is computed."""
    experiment = load(arguments)
    from backprop_tui.engine.timeline import Timeline
    from backprop_tui.exports.trace import FORMATS, iterations

    timeline = Timeline(experiment)
    run = until_diverged(iterations(timeline, arguments.iterations))
    decimals = decimals_of(arguments, experiment)
    texts = FORMATS[arguments.format](timeline, run, decimals)
    write(texts, document=arguments.format != "table")
    return FINE


def until_diverged(run: Iterable[Iteration]) -> Iterator[Iteration]:
    """The iterations of `run`; a word on stderr where one leaves no finite parameters."""
    for iteration in run:
        yield iteration
        if iteration.diverged:
            complain(
                f"the run diverged: after iteration {iteration.number} {iteration.diverged} is no "
                "longer finite, so it ends there"
            )


def check(arguments: argparse.Namespace) -> int:
    """Gradients against central differences, then the run against what was published of it."""
    experiment = load(arguments)
    from backprop_tui.engine.timeline import Timeline
    from backprop_tui.exports.check import Report

    timeline = Timeline(experiment)
    if (last := timeline.iteration(arguments.iteration).number) < arguments.iteration:
        raise CommandError(f"--iteration must be no more than {last}: the run diverges there")
    report = Report(timeline, arguments.iteration, arguments.sample, arguments.decimals)
    with suppress(BrokenPipeError):  # the status is the answer, whoever reads the report
        write(report.texts())
    return FAILED if report.failed else FINE


def train(arguments: argparse.Namespace) -> int:
    """Iterations at full speed until one of the flags says stop; what came of it is kept."""
    experiment = load(arguments)
    from backprop_tui.engine.saving import SaveError, begins_anew, check_place, too_large
    from backprop_tui.engine.timeline import Timeline
    from backprop_tui.engine.training import Until
    from backprop_tui.exports.train import History, Session, asked_to_stop, bar

    timeline = Timeline(experiment)
    until = Until(arguments.iterations, arguments.until_loss, arguments.plateau)
    session = Session(timeline, until, arguments.decimals)
    if session.diverged_before:
        raise CommandError(f"there is nothing to train: {session.divergence(session.first - 1)}")
    if begins_anew(experiment):
        complain("changed, it is another run than the saved one: it begins at iteration 1")
    history = History(arguments.history, arguments.overwrite)
    with asked_to_stop() as asked:
        try:
            if arguments.save is not None:
                check_place(arguments.save, arguments.overwrite)
                if too_large(timeline):
                    raise SaveError("what --save would write is larger than any file that is read")
                if history.path and os.path.realpath(history.path) == os.path.realpath(
                    arguments.save
                ):
                    raise SaveError("--save and --history need different files")
            history.open()
        except SaveError as error:
            raise CommandError(str(error)) from None
        try:
            with bar(until.most(timeline), sys.stderr) as show:
                session.run(asked, history, show)
        finally:
            history.close()
        if arguments.save is not None:
            session.save(arguments.save, arguments.overwrite)
        with suppress(BrokenPipeError):  # what went wrong is told, whoever reads the result
            write(session.text())
    faults = [*filter(None, [history.fault]), *session.faults]
    if faults:
        raise CommandError(*faults)
    if asked.signal is not None:
        return STOPPED + asked.signal
    return FINE if session.reached else FAILED


def export(arguments: argparse.Namespace) -> int:
    """The run as a script, a document or a worksheet, to a file or to stdout."""
    name = getattr(arguments, AS.attribute)
    if name is None:
        raise CommandError(f"--as is needed: one of {', '.join(formats.FORMATS)}")
    if name != "worksheet":
        for flag in (KEY, BLANKS, COPIES):
            if getattr(arguments, flag.attribute) is not None:
                raise CommandError(f"{flag.name} is for --as worksheet")
    experiment = load(arguments)
    from backprop_tui.engine.timeline import Timeline

    timeline, chosen = Timeline(experiment), formats.FORMATS[name]
    wanted = formats.Wanted(
        arguments.iterations,
        decimals_of(arguments, experiment),
        arguments.blanks or (),
        arguments.copies or 1,
    )
    try:
        texts, answers = chosen.texts(timeline, wanted), chosen.key(timeline, wanted)
    except formats.ExportError as error:
        raise CommandError(str(error)) from None
    files = {}
    if answers is not None and (key := key_of(arguments)) is not None:
        files[key] = answers
    if arguments.output is not None:
        files[arguments.output] = "".join(texts)
        if len(files) == 1 and arguments.output == arguments.key:
            raise CommandError("--output and --key need different files")
    write_files(files, arguments.overwrite)
    if arguments.output is None:
        write(texts, document=True)
    if answers is not None:
        complain(f"the answers are in {key}" if key else "--key FILE writes the answers")
    return FINE


def key_of(arguments: argparse.Namespace) -> str | None:
    """Where the answers go: beside the sheets, unless another place is given."""
    if arguments.key is not None or arguments.output is None:
        key: str | None = arguments.key
        return key
    return f"{os.path.splitext(arguments.output)[0]}-key.csv"


def write_files(files: Mapping[str, str], overwrite: bool) -> None:
    """Each file wholly or not at all, and none where one of them has no place."""
    from backprop_tui.engine.saving import SaveError, check_place, write_file

    try:
        for place in files:
            check_place(place, overwrite)
        for place, text in files.items():
            write_file(place, text, overwrite)
    except SaveError as error:
        raise CommandError(str(error)) from None


def serve(arguments: argparse.Namespace) -> int:
    """The stepper in browsers, a process for each, until a signal says stop."""
    try:
        from backprop_tui.serve import server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("backprop_tui", "textual"):
            raise
        raise CommandError(
            f'serve needs the package {error.name}: pip install "{PROGRAM}[web]" brings it'
        ) from None
    experiment = load(arguments)
    wanted = {f.attribute: getattr(arguments, f.attribute) for f in (*OVERRIDES, DECIMALS, CODE)}
    served = server.Server({"word": arguments.word, **wanted}, arguments.max_sessions)

    def ready(address: str) -> None:
        write([f"{experiment.source} is served at {address} (ctrl-c ends it and all sessions)\n"])
        if not server.is_loopback(arguments.host):
            complain(
                f"whoever reaches {address} can step through this experiment and the lessons, "
                f"{served.most} at once; no file is read or written for them, and nothing is "
                "encrypted"
            )

    try:
        return STOPPED + server.serve(served, arguments.host, arguments.port, ready)
    except OSError as error:
        raise CommandError(server.trouble(error, arguments.host, arguments.port)) from None


def complete(arguments: argparse.Namespace) -> int:
    """The script that completes this command line in a shell."""
    from backprop_tui.completion import SHELLS, script

    if arguments.word not in SHELLS:
        shells = ", ".join(SHELLS)
        got = f"; got {quoted(arguments.word)}{hint(arguments.word, SHELLS)}" * (
            arguments.word is not None
        )
        raise CommandError(f"completion needs a shell, one of {shells}{got}")
    write([script(arguments.word, PROGRAM, STEPPER, COMMANDS)], document=True)
    return FINE


def load(arguments: argparse.Namespace) -> Experiment:
    """The experiment that was asked for, with its overrides."""
    from backprop_tui.engine.experiment_file import ExperimentError, load

    overrides = {flag.attribute: getattr(arguments, flag.attribute) for flag in OVERRIDES}
    try:
        if arguments.code is not None:
            experiment = of_code(arguments, overrides)
        else:
            experiment = load(arguments.word, overrides)
    except ExperimentError as error:
        source = "--code" if arguments.code is not None else arguments.word
        raise CommandError(*(located(fault, source) for fault in error.faults)) from None
    given = [
        w for flag in OVERRIDES if (v := overrides[flag.attribute]) for w in (flag.name, str(v))
    ]
    return replace(experiment, source=" ".join([experiment.source, *map(shlex.quote, given)]))


def of_code(arguments: argparse.Namespace, overrides: Mapping[str, Any]) -> Experiment:
    """The experiment that --code holds, which leaves no room for another one."""
    from backprop_tui.engine.codes import experiment_of

    if arguments.word != EXPERIMENT.default:
        raise CommandError(
            f"a code holds its own experiment: leave out --code, or {quoted(arguments.word)}"
        )
    return experiment_of(arguments.code, overrides)


def located(fault: str, source: str) -> str:
    """A fault with the experiment's name in front, unless it says itself where it lies."""
    from backprop_tui.engine.schema import path_shown, shown

    name = path_shown(source)
    said = name in fault or shown(source) in fault or fault.startswith("--")
    return fault if said else f"{name}: {fault}"


def is_experiment(word: str) -> bool:
    from backprop_tui.engine.experiment_file import is_file

    return word in lessons.NAMES or is_file(word)


def unknown(word: str, kinds: Mapping[str, Sequence[str]], opens_files: bool = True) -> str:
    """What there is instead of `word`, and which of it was probably meant."""
    from backprop_tui.engine.experiment_file import file_meant

    there_are = "; ".join(f"the {kind}s are {', '.join(names)}" for kind, names in kinds.items())
    meant = hint(word, [name for names in kinds.values() for name in names])
    if not meant and opens_files:
        meant = file_meant(word)
    return f"there is no {' or '.join(kinds)} {quoted(word)}; {there_are}{meant}"


EXPERIMENT = Word(
    "EXPERIMENT",
    "a lesson's name, or a file: it has a path separator or ends in .toml (default: article)",
    "article",
    (CODE,),
)
CHANGES = "changes to the experiment"

STEPPER = Command(
    name="",
    summary="step through an experiment on the screen",
    about="A debugger for backpropagation: step through forward, loss, backward and\n"
    "update of a small network, one operation at a time, and see where every number\n"
    "comes from.",
    word=EXPERIMENT,
    flags={
        CHANGES: OVERRIDES,
        "what is shown": (DECIMALS, PLAIN, ASCII, UNICODE),
        "what is asked": (ASK, RECORD),
    },
    examples={
        PROGRAM: "the first lesson",
        f"{PROGRAM} mazur --decimals 4": "another one",
        f"{PROGRAM} ./trace.toml": "a file of your own",
        f'{PROGRAM} --layers 2,2,1 --x "-1,1" --y 1': "a network of your own",
    },
    run=step_through,
)
COMMANDS = {
    command.name: command
    for command in (
        Command(
            name="lessons",
            summary="list the lessons, or print the file of one",
            about="Without a name, the bundled lessons in a table. With a name, that lesson's\n"
            "file, to start an experiment of your own from.",
            word=Word("NAME", "the lesson whose file to print", None),
            flags={},
            examples={
                f"{PROGRAM} lessons": "which there are",
                f"{PROGRAM} lessons mazur > mine.toml": "a copy to change",
            },
            run=list_lessons,
        ),
        Command(
            name="trace",
            summary="write every step and its value as text",
            about="Every step of a run and the value that it gives, written to stdout as it is\n"
            "computed. A run that diverges ends there and says so.",
            word=EXPERIMENT,
            flags={
                "what is written": (ITERATIONS, FORMAT, DECIMALS),
                CHANGES: OVERRIDES,
            },
            examples={
                f"{PROGRAM} trace": "the first lesson",
                f"{PROGRAM} trace mazur --decimals 9": "digits to compare",
                f"{PROGRAM} trace mine.toml --format markdown > mine.md": "a handout",
                f"{PROGRAM} trace --format jsonl | jq .value": "for programs",
            },
            run=trace,
        ),
        Command(
            name="check",
            summary="check every gradient, and the figures that were published",
            about="Every gradient against central differences, with the worst cell of each; then\n"
            "the figures that the experiment's source has printed, beside the computed ones.\n"
            "The exit status is 1 where a gradient or a figure differs, else 0; figures known\n"
            "to be wrong in their source never fail.",
            word=EXPERIMENT,
            flags={
                "what is checked": (ITERATION, SAMPLE),
                "what is shown": (CHECK_DECIMALS,),
                CHANGES: OVERRIDES,
            },
            examples={
                f"{PROGRAM} check mazur": "a worked example's figures",
                f"{PROGRAM} check mine.toml --iteration 100": "after some training",
                f"{PROGRAM} check large.toml --sample 50": "some cells of many",
            },
            run=check,
        ),
        Command(
            name="train",
            summary="train at full speed, and save where it stopped",
            about="Iterations at full speed, from where the experiment stands. It stops when they\n"
            "are done, at --until-loss, at a --plateau, where the run diverges or at ctrl-c,\n"
            "and in every case keeps what it has: a table of what came of it, --save and\n"
            "--history. A saved file opens at the very same state; iterations before it are\n"
            "replayed. The exit status is 1 where the run diverged, or where the loss that\n"
            "was asked for was not reached.",
            word=EXPERIMENT,
            flags={
                "when it stops": (MORE_ITERATIONS, UNTIL_LOSS, PLATEAU),
                "what is kept": (SAVE, HISTORY, OVERWRITE),
                "what is shown": (TRAIN_DECIMALS,),
                CHANGES: OVERRIDES,
            },
            examples={
                f"{PROGRAM} train --until-loss 0.01": "the first lesson",
                f"{PROGRAM} train mine.toml --save run.toml": "to be opened there",
                f"{PROGRAM} train run.toml --iterations 500": "500 more",
                f"{PROGRAM} train mine.toml --history loss.csv": "a loss a line",
            },
            run=train,
        ),
        Command(
            name="export",
            summary="write a run as a script, a document or a worksheet",
            about="A run as a script, as a document that works every step out, or as sheets to\n"
            "fill in by hand. All of it is read off the same expressions as the screen, so\n"
            "the numbers are the same.",
            word=EXPERIMENT,
            flags={
                "what is written": (AS, EXPORT_ITERATIONS, DECIMALS, BLANKS, COPIES),
                "where to": (OUTPUT, KEY, EXPORT_OVERWRITE),
                CHANGES: OVERRIDES,
            },
            examples={
                f"{PROGRAM} export --as numpy > run.py": "a script",
                f"{PROGRAM} export mazur --as html --output mazur.html": "a page",
                f"{PROGRAM} export --as worksheet --copies 30 --output w.html": "a class",
            },
            run=export,
        ),
        Command(
            name="serve",
            summary="step through it in a browser, a class at once",
            about="A page on which each visitor steps through the experiment, by keys and mouse,\n"
            "in a session of its own that ends with the page. This machine alone reaches it,\n"
            "unless --host says otherwise. Visitors choose among the lessons, and can neither\n"
            "open nor write a file here.",
            word=EXPERIMENT,
            flags={
                "who can come": (HOST, PORT, MAX_SESSIONS),
                "what is shown": (DECIMALS,),
                CHANGES: OVERRIDES,
            },
            examples={
                f"{PROGRAM} serve": "the first lesson, for this machine",
                f"{PROGRAM} serve mazur --host 0.0.0.0": "for the classroom",
                f"{PROGRAM} serve --port 0": "at any free port",
            },
            run=serve,
        ),
        Command(
            name="completion",
            summary="print what makes a shell complete this command line",
            about="A script for bash, zsh or fish that completes commands, flags, their values,\n"
            "lessons and experiment files.",
            word=Word("SHELL", "bash, zsh or fish", None, choices=("bash", "zsh", "fish")),
            flags={},
            examples={
                f"source <({PROGRAM} completion bash)": "in ~/.bashrc",
                f'eval "$({PROGRAM} completion zsh)"': "in ~/.zshrc, after compinit",
                f"{PROGRAM} completion fish | source": "in config.fish",
            },
            run=complete,
        ),
    )
}


# Reading the command line --------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """argparse, but a fault is raised, never printed."""

    def error(self, message: str) -> NoReturn:
        fault = message.removeprefix("argument ")
        name, ignored, _ = fault.partition(": ignored explicit argument")
        if ignored:  # -h/--help
            raise CommandError(f"{name.rpartition('/')[2]} takes no value")
        raise CommandError(fault.replace(": expected one argument", " needs a value"))


class Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=80)


def parser_of(command: Command) -> Parser:
    width = max(len(example) for example in command.examples)
    examples = (f"  {line:<{width}}  {what}" for line, what in command.examples.items())
    usage = f"{command.line} [{command.word.metavar}] {'[flags]' if command.flags else ''}".rstrip()
    about = command.about
    if command is STEPPER:
        usage += f"\n       {PROGRAM} COMMAND ..."
        listed = (f"  {c.name or '(none)':<12}{c.summary}" for c in (STEPPER, *COMMANDS.values()))
        about = "\n".join([about, "\ncommands (each has its own --help):", *listed])
    parser = Parser(
        prog=command.line,
        usage=usage,
        description=about,
        epilog="\n".join(["examples:", *examples]),
        formatter_class=Help,
        add_help=False,
        allow_abbrev=False,
    )
    names = f"; the lessons: {', '.join(lessons.NAMES)}" if command.word.default else ""
    what = parser.add_argument_group("what")
    what.add_argument(
        "word",
        nargs="?",
        metavar=command.word.metavar,
        default=command.word.default,
        help=command.word.help + names,
    )
    for flag in command.word.flags:
        what.add_argument(flag.name, metavar=flag.metavar, help=flag.help)
    for heading, flags in command.flags.items():
        group = parser.add_argument_group(heading)
        for flag in flags:
            if flag.metavar:
                group.add_argument(flag.name, metavar=flag.metavar, help=flag.help)
            else:
                group.add_argument(flag.name, action="store_true", help=flag.help)
    rest = parser.add_argument_group("about the program")
    rest.add_argument("-h", "--help", action="store_true", help="show this, and end")
    rest.add_argument("--version", action="store_true", help="show the version, and end")
    return parser


def arranged(argv: Sequence[str]) -> tuple[Command, list[str]]:
    """The command, and all arguments but its word, each value joined to its flag.

    Joined (--x=-1,0), a value may start with a minus, and is never taken for the command.
    """
    command, flags, words, waiting = STEPPER, [], [], list(argv)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            words += waiting
            break
        if not argument.startswith("-"):
            words.append(argument)
        elif argument in SWITCHES or "=" in argument or not waiting or _is_flag(waiting[0]):
            flags.append(argument)
        else:
            flags.append(f"{argument}={waiting.pop(0)}")
    if words and words[0] in COMMANDS:
        command = COMMANDS[words.pop(0)]
    return command, [*flags, "--", *words]


def _is_flag(argument: str) -> bool:
    return argument.startswith("--") or argument in SWITCHES


def checked(command: Command, arguments: argparse.Namespace, extra: Iterable[str]) -> None:
    """Each flag's text replaced by its value. Raises CommandError with all that is wrong."""
    faults = [superfluous(command, argument) for argument in extra if argument != "--"]
    for flag in command.all_flags:
        text = getattr(arguments, flag.attribute)
        try:
            value = flag.default if text is None else flag.read(text)
            setattr(arguments, flag.attribute, value)
        except ValueError as error:
            faults.append(f"{flag.name} {error}")
    if faults:
        raise CommandError(*faults)


def superfluous(command: Command, argument: str) -> str:
    """Why an argument has no place on this command's line."""
    if not argument.startswith("-"):
        return f"one {command.word.metavar} is enough: {quoted(argument)} is one too many"
    name = argument.partition("=")[0]
    for other in (STEPPER, *COMMANDS.values()):
        if name in {flag.name for flag in other.all_flags}:
            return f'there is no flag {name} here, but "{other.line}" has it'
    known = [*(flag.name for flag in command.all_flags), *SWITCHES]
    begun = [flag for flag in known if flag.startswith(name)]
    meant = hint(name, begun or known) or f"; {command.line} --help lists all"
    return f"there is no flag {quoted(name)}{meant}"


def run(argv: Sequence[str]) -> int:
    command, rest = arranged(argv)
    parser = parser_of(command)
    arguments, extra = parser.parse_known_args(rest)
    if arguments.help:
        write([parser.format_help()])
        return FINE
    if arguments.version:
        write([f"{PROGRAM} {exports.version()}\n"])
        return FINE
    if command is STEPPER and not is_experiment(arguments.word):
        kinds = {"command": tuple(COMMANDS), "lesson": lessons.NAMES}
        raise CommandError(unknown(arguments.word, kinds))
    checked(command, arguments, extra)
    return command.run(arguments)


# Streams -------------------------------------------------------------------------------------


def write(texts: Iterable[str], document: bool = False) -> None:
    """Texts to stdout, each as it comes. A document is UTF-8 wherever it goes but a terminal."""
    if document and isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        for text in texts:
            sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"the output cannot be written: {error.strerror}") from None


def complain(*sentences: str) -> None:
    with suppress(OSError):  # nobody can be told; the exit status still says it
        for sentence in sentences:
            print(f"{PROGRAM}: {sentence}", file=sys.stderr)


def open_streams() -> None:
    """Streams that take every sign: what their encoding lacks is spelled in ASCII."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 (closed by the caller: >&-)
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="spelled")


def close_stdout() -> None:
    """What is still in the buffer is written, or dropped where nobody reads it any more."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 fine, 1 a check failed, 2 the command or the experiment is wrong."""
    open_streams()
    try:
        return run(sys.argv[1:] if argv is None else argv)
    except CommandError as error:
        complain(*error.faults)
        return WRONG
    except MemoryError:
        complain("there is not enough memory for this experiment")
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `trace | head` has read enough
        return FINE
    finally:
        close_stdout()


if __name__ == "__main__":
    sys.exit(main())
