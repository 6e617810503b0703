"""The commands that open an experiment and write: trace, check, train, derive, compare, export."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

import numpy as np

from backprop_tui import lessons
from backprop_tui.cli.experiment import (
    decimals_of,
    is_experiment,
    opened,
    preferences,
    unknown,
)
from backprop_tui.cli.flags import AS, AS_DERIVATION, BLANKS, COPIES, KEY
from backprop_tui.cli.streams import (
    FAILED,
    FINE,
    INTERRUPTED,
    STOPPED,
    WRONG,
    CommandError,
    complain,
    progress,
    write,
    writing,
)
from backprop_tui.explain.derivation import NoDerivation, derivation
from backprop_tui.exports import derivations, formats
from backprop_tui.exports.check import Report
from backprop_tui.exports.figures import iterations
from backprop_tui.exports.trace import FORMATS
from backprop_tui.exports.train import LossFile, TrainingRun, asked_to_stop, bar
from backprop_tui.files.arrays import ArrayFileError, read_arrays
from backprop_tui.files.atomic_write import SaveError, check_place, real, write_file
from backprop_tui.files.saving import begins_anew, too_large
from backprop_tui.learn import comparing
from backprop_tui.maths.functions import DEFINITIONS, Array
from backprop_tui.messages import path_shown
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Iteration, Timeline
from backprop_tui.run.training import Until


def trace(arguments: argparse.Namespace) -> int:
    """Every step of a run: an iteration is written once all of it is there."""
    experiment = opened(arguments)
    timeline, most = Timeline(experiment), arguments.iterations
    decimals = decimals_of(arguments, experiment, preferences())
    last, texts = None, list[str]()
    with asked_to_stop() as asked, progress(not sys.stdout.isatty()) as tell:

        def run() -> Iterator[Iteration]:
            nonlocal last
            for iteration in iterations(timeline, most):
                yield iteration
                asked.at_once = False
                write(texts, arguments.format != "table")
                texts.clear()
                last = iteration
                tell(f"iteration {last.number:,} of {most:,}")
                if asked():
                    return
                asked.at_once = True

        try:
            asked.at_once = True
            with writing():
                for text in FORMATS[arguments.format](timeline, run(), decimals):
                    texts.append(text)
        except KeyboardInterrupt:
            if asked.signal is None or not asked.at_once:
                raise
    if last and last.diverged:
        complain(
            f"the run diverged: after iteration {last.number} {last.diverged} is no longer "
            "finite, so it ends there"
        )
    elif asked.signal is not None and (last is None or last.number < most):
        where = f"after iteration {last.number:,} of {most:,}" if last else "before iteration 1"
        complain(f"stopped on request {where}")
        return STOPPED + asked.signal
    return FINE


def check(arguments: argparse.Namespace) -> int:
    """Gradients against central differences, then the run against what was published of it."""
    experiment = opened(arguments)
    timeline = Timeline(experiment)
    with progress() as tell:
        for stretch in timeline.history.run(1, arguments.iteration - 1):
            tell(f"iteration {stretch.last:,} of {arguments.iteration:,}")
        if (last := timeline.iteration(arguments.iteration).number) < arguments.iteration:
            raise CommandError(f"--iteration must be no more than {last}: the run diverges there")
        report = Report(timeline, arguments.iteration, arguments.sample, arguments.decimals)
        report.check(tell)
    with suppress(BrokenPipeError):  # the status is the answer, whoever reads the report
        write(report.texts())
    if report.failed:
        return FAILED
    return INTERRUPTED if report.stopped else FINE


def train(arguments: argparse.Namespace) -> int:
    """Iterations at full speed until one of the flags says stop; what came of it is kept."""
    experiment = opened(arguments)
    timeline = Timeline(experiment)
    until = Until(
        arguments.iterations,
        arguments.until_loss,
        arguments.until_batch_loss,
        arguments.plateau,
    )
    session = TrainingRun(timeline, until, arguments.decimals)
    if session.diverged_before:
        raise CommandError(f"there is nothing to train: {session.divergence(session.first - 1)}")
    if begins_anew(experiment):
        complain("changed, it is another run than the saved one: it begins at iteration 1")
    spare(experiment, *filter(None, [arguments.history]))
    history = LossFile(arguments.history, arguments.overwrite)
    with asked_to_stop() as asked:
        try:
            if arguments.save is not None:
                check_place(arguments.save, arguments.overwrite)
                if too_large(timeline):
                    raise SaveError("what --save would write is larger than any file that is read")
                if history.path and real(history.path) == real(arguments.save):
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


def derive(arguments: argparse.Namespace) -> int:
    """Gradients derived line by line. A single word that is no experiment is a gradient."""
    alone = arguments.second is None and not is_experiment(arguments.word)
    if alone:
        arguments.word, arguments.second = lessons.DEFAULT, arguments.word
    experiment = opened(arguments)
    program, symbol = experiment.program, arguments.second
    if alone and symbol not in (*program.roles, *DEFINITIONS):
        kinds = {"gradient": program.gradients, "lesson": lessons.NAMES}
        raise CommandError(unknown(symbol, kinds))
    try:
        found = [
            derivation(program, each, elements=arguments.elements)
            for each in (program.gradients if symbol is None else (symbol,))
        ]
    except NoDerivation as error:
        raise CommandError(str(error)) from None
    texts = derivations.FORMATS[getattr(arguments, AS_DERIVATION.attribute)]
    write(texts(experiment.title, found), document=True)
    return FINE


def compare(arguments: argparse.Namespace) -> int:
    """A learner's own arrays beside the run. A single word is the file of arrays."""
    if arguments.second is None:
        arguments.word, arguments.second = lessons.DEFAULT, arguments.word
        if arguments.second in lessons.NAMES:
            raise CommandError("FILE is needed: the arrays to compare, mine.npz or mine.json")
    try:
        arrays = read_arrays(arguments.second)
        if arguments.layers:
            take_data(arguments, arrays)
        found = comparing.compare(opened(arguments), arrays, arguments.iteration)
    except (ArrayFileError, comparing.ArraysError) as error:
        raise CommandError(str(error)) from None
    with suppress(BrokenPipeError):  # the status is the answer, whoever reads the lines
        write(f"{line}\n" for line in found.lines)
    if any(array.verdict == "wrong shape" for array in found.arrays):
        return WRONG
    return FINE if found.agrees else FAILED


def take_data(arguments: argparse.Namespace, arrays: Mapping[str, Array]) -> None:
    """Take the X and the Y among a learner's arrays for --x and --y where --layers is given."""
    sizes = arguments.layers.split(",")
    for flag, size in (("x", sizes[0]), ("y", sizes[-1])):
        if getattr(arguments, flag) is None and flag.upper() in arrays:
            array = np.atleast_2d(arrays[flag.upper()])
            columns = str(len(array)) == size.strip()
            setattr(arguments, flag, (array.T if columns else array).tolist())


def export(arguments: argparse.Namespace) -> int:
    """The run as a script, a document or a worksheet, to a file or to stdout."""
    name = getattr(arguments, AS.attribute)
    if name is None:
        raise CommandError(f"--as is needed: one of {', '.join(formats.FORMATS)}")
    if name != "worksheet":
        for flag in (KEY, BLANKS, COPIES):
            if getattr(arguments, flag.attribute) is not None:
                raise CommandError(f"{flag.name} is for --as worksheet")
    experiment = opened(arguments)
    timeline, chosen = Timeline(experiment), formats.FORMATS[name]
    wanted = formats.Wanted(
        arguments.iterations,
        decimals_of(arguments, experiment, preferences()),
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
    with progress() as tell:  # nothing is written before all is there
        text = "".join(counted(texts, tell))
    files = {} if arguments.output is None else {arguments.output: text}
    if answers is not None and key is not None:
        if arguments.output and real(arguments.output) == real(key):
            raise CommandError("--output and --key need different files")
        files[key] = answers
    spare(experiment, *files)
    write_files(files, arguments.overwrite)
    if arguments.output is None:
        write([text], document=True)
    if answers is not None:
        complain(f"the answers are in {key}" if key else "--key FILE writes the answers")
    complain(*remarks)
    return FINE


def counted(texts: Iterable[str], tell: Callable[[str], None]) -> Iterator[str]:
    """Texts as they come; how many characters have come so far is told."""
    size = 0
    for text in texts:
        yield text
        size += len(text)
        tell(f"{size:,} characters so far")


def key_of(arguments: argparse.Namespace) -> str | None:
    """Where the answers go: beside the sheets, unless another place is given."""
    if arguments.key is not None or arguments.output is None:
        key: str | None = arguments.key
        return key
    return f"{os.path.splitext(arguments.output)[0]}-key.csv"


def spare(experiment: Experiment, *places: str) -> None:
    """Refuse to put anything else in the place of the file that is read, even with --overwrite."""
    path = experiment.written and experiment.written.path
    for place in places:
        if path and real(place) == real(path):
            raise CommandError(f"{path_shown(place)} is the experiment itself: name another file")


def write_files(files: Mapping[str, str], overwrite: bool) -> None:
    """Each file wholly or not at all, and none where one of them has no place."""

    try:
        for place in files:
            check_place(place, overwrite)
        for place, text in files.items():
            write_file(place, text, overwrite)
    except SaveError as error:
        raise CommandError(str(error)) from None
