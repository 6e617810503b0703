"""What each command does: it loads its experiment, has the engine work, and gives an exit status.

What it needs is imported when it runs, so that --help and --version wait for neither NumPy nor the
screen, and `trace` never for the screen.
"""

from __future__ import annotations

import argparse
import gc
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backprop_tui import exports, lessons
from backprop_tui.ascii import lacks_signs
from backprop_tui.cli.flags import (
    AS,
    ASK,
    BLANKS,
    CODE,
    COPIES,
    DECIMALS,
    KEY,
    OVERRIDES,
    Flag,
    hint,
    quoted,
)
from backprop_tui.cli.streams import (
    FAILED,
    FINE,
    PROGRAM,
    STOPPED,
    CommandError,
    complain,
    write,
)
from backprop_tui.exports import formats

if TYPE_CHECKING:
    from backprop_tui.exports.record import Record
    from backprop_tui.model.experiment import Experiment
    from backprop_tui.run.timeline import Iteration


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
        app.session.record = record_in(arguments.record)
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
    from backprop_tui.exports.record import Record
    from backprop_tui.files.saving import SaveError

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

    from backprop_tui.files.experiment_file import load

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
    from backprop_tui.exports.trace import FORMATS, iterations
    from backprop_tui.run.timeline import Timeline

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
    from backprop_tui.exports.check import Report
    from backprop_tui.run.timeline import Timeline

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
    from backprop_tui.exports.train import History, Session, asked_to_stop, bar
    from backprop_tui.files.saving import SaveError, begins_anew, check_place, too_large
    from backprop_tui.run.timeline import Timeline
    from backprop_tui.run.training import Until

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
    from backprop_tui.run.timeline import Timeline

    timeline, chosen = Timeline(experiment), formats.FORMATS[name]
    wanted = formats.Wanted(
        arguments.iterations,
        decimals_of(arguments, experiment),
        arguments.blanks or (),
        arguments.copies or 1,
    )
    key = key_of(arguments)
    ending = os.path.splitext(key or "")[1].lower()
    try:
        texts, answers = chosen.texts(timeline, wanted), chosen.key(timeline, wanted, ending)
        remarks = chosen.remarks(timeline, wanted)
    except formats.ExportError as error:
        raise CommandError(str(error)) from None
    files = {}
    if arguments.output is not None:
        files[arguments.output] = "".join(texts)
    if answers is not None and key is not None:
        if arguments.output and os.path.realpath(arguments.output) == os.path.realpath(key):
            raise CommandError("--output and --key need different files")
        files[key] = answers
    write_files(files, arguments.overwrite)
    if arguments.output is None:
        write(texts, document=True)
    if answers is not None:
        complain(f"the answers are in {key}" if key else "--key FILE writes the answers")
    complain(*remarks)
    return FINE


def key_of(arguments: argparse.Namespace) -> str | None:
    """Where the answers go: beside the sheets, unless another place is given."""
    if arguments.key is not None or arguments.output is None:
        key: str | None = arguments.key
        return key
    return f"{os.path.splitext(arguments.output)[0]}-key.csv"


def write_files(files: Mapping[str, str], overwrite: bool) -> None:
    """Each file wholly or not at all, and none where one of them has no place."""
    from backprop_tui.files.saving import SaveError, check_place, write_file

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
    kept = (*OVERRIDES, DECIMALS, CODE, ASK)
    wanted = {f.attribute: getattr(arguments, f.attribute) for f in kept}
    described = {"word": arguments.word, **wanted}
    served = server.Server(described, arguments.max_sessions, arguments.host, arguments.allow_host)

    def ready(address: str) -> None:
        write([f"{experiment.source} is served at {address} (ctrl-c ends it and all sessions)\n"])
        if not server.is_loopback(arguments.host):
            complain(
                f"whoever reaches {address} can step through this experiment and the lessons, "
                f"{served.most} at once; no file is read or written for them, and nothing is "
                "encrypted"
            )

    try:
        return STOPPED + server.serve(served, arguments.port, ready)
    except OSError as error:
        raise CommandError(server.trouble(error, arguments.host, arguments.port)) from None


def complete(arguments: argparse.Namespace) -> int:
    """The script that completes this command line in a shell."""
    from backprop_tui.cli.completion import SHELLS, script
    from backprop_tui.cli.table import COMMANDS, STEPPER

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
    from backprop_tui.files.experiment_file import ExperimentError, load

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
    from backprop_tui.cli.table import EXPERIMENT
    from backprop_tui.files.codes import experiment_of

    if arguments.word != EXPERIMENT.default:
        raise CommandError(
            f"a code holds its own experiment: leave out --code, or {quoted(arguments.word)}"
        )
    return experiment_of(arguments.code, overrides)


def located(fault: str, source: str) -> str:
    """A fault with the experiment's name in front, unless it says itself where it lies."""
    from backprop_tui.messages import path_shown, shown

    name = path_shown(source)
    said = name in fault or shown(source) in fault or fault.startswith("--")
    return fault if said else f"{name}: {fault}"


def is_experiment(word: str) -> bool:
    from backprop_tui.files.experiment_file import is_file

    return word in lessons.NAMES or is_file(word)


def unknown(word: str, kinds: Mapping[str, Sequence[str]], opens_files: bool = True) -> str:
    """What there is instead of `word`, and which of it was probably meant."""
    from backprop_tui.files.experiment_file import file_meant

    there_are = "; ".join(f"the {kind}s are {', '.join(names)}" for kind, names in kinds.items())
    meant = hint(word, [name for names in kinds.values() for name in names])
    if not meant and opens_files:
        meant = file_meant(word)
    return f"there is no {' or '.join(kinds)} {quoted(word)}; {there_are}{meant}"
