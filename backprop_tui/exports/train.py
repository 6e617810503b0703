"""The report of `train`: a bar while it runs, the losses as they come, and a table at the end.

It hands the run on to the engine, to a file and to its reader. Told to stop, by ctrl-c or from
outside, it stops after the stretch that is being computed and keeps all that there is.
"""

from __future__ import annotations

import os
import shlex
import signal
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import IO, Any

from backprop_tui.exports import printed
from backprop_tui.exports.trace import figure, setting
from backprop_tui.files.atomic_write import SaveError, check_place
from backprop_tui.files.experiment_file import is_file
from backprop_tui.files.saving import resume, save
from backprop_tui.messages import path_shown
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.run.training import (
    StopReason,
    Trained,
    Until,
    evaluation,
    first_ahead,
    first_not_finite,
    train,
)

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Session:
    """One training: from where the experiment stands, until it stops; `text` tells what it was."""

    def __init__(self, timeline: Timeline, until: Until, decimals: int = 6) -> None:
        self.timeline, self.until, self.decimals = timeline, until, decimals
        self.first = first_ahead(timeline, resume(timeline))
        self.trained: Trained | None = None
        self.seconds = 0.0
        self.saved: str | None = None
        self.faults: list[str] = []

    @property
    def diverged_before(self) -> bool:
        """Whether there is nothing to train: the run has ended where the experiment stands."""
        return self.first > 1 and bool(self.timeline.diverged(self.first - 1))

    @property
    def position(self) -> Position:
        """Where the run stands now: after the last iteration that counts."""
        assert self.trained is not None
        return self.timeline.end_of(self.trained.last)

    @property
    def reached(self) -> bool:
        """Whether it ended as it was asked to."""
        stop = self.trained and self.trained.stop
        if stop is StopReason.DIVERGED:
            return False
        return self.until.loss is None or stop is StopReason.LOSS

    def run(self, asked: Callable[[], object], history: LossFile, show: Bar) -> None:
        """Train, and tell each stretch on."""
        begun = perf_counter()
        for trained in train(self.timeline, self.first, self.until, asked):
            self.trained, self.seconds = trained, perf_counter() - begun
            losses = trained.losses
            history.add(trained.last - len(losses) + 1, losses.tolist())
            show(self)

    def save(self, path: str, overwrite: bool) -> None:
        """Save it there; where that fails, in a place for temporary files: nothing is lost."""
        try:
            save(path, self.timeline, self.position, overwrite)
            self.saved = path
            return
        except SaveError as error:
            fault = str(error)
        with suppress(OSError, SaveError):
            folder = tempfile.mkdtemp(prefix="backprop-tui-")
            elsewhere = os.path.join(folder, "saved.toml")
            try:
                save(elsewhere, self.timeline, self.position)
            except SaveError:
                os.rmdir(folder)
                raise
            self.saved = elsewhere
            fault += f"; it is saved as {path_shown(elsewhere)} instead"
        self.faults.append(fault)

    # What it was

    @property
    def rate(self) -> float:
        """Iterations a second."""
        assert self.trained is not None
        return (self.trained.last - self.first + 1) / max(self.seconds, 1e-9)

    def text(self) -> Iterator[str]:
        """The result as a table."""
        from rich.console import Console
        from rich.text import Text

        console = Console(highlight=False)
        title = Text(f"{self.timeline.experiment.title}\n", "bold") + setting(self.timeline)
        yield printed(console, title) + "\n"
        rows = dict(self._rows())
        width = max(map(len, rows)) + 2
        for name, told in rows.items():
            line = Text(f"{name:<{width}}", "dim").append(told, "not dim")
            yield printed(console, line, soft_wrap=True)

    def _rows(self) -> Iterator[tuple[str, str]]:
        trained, experiment = self.trained, self.timeline.experiment
        assert trained is not None
        first, last, count = self.first, trained.last, trained.last - self.first + 1
        span = f"from {first:,} to {last:,}" if count > 1 else f"number {last:,}"
        yield "iterations", f"{count:,}" + (f", {span}" if first > 1 else "")
        if (batches := experiment.batches_per_epoch) > 1:
            yield "epochs", f"{count / batches:,.2f}".removesuffix(".00")
        name = self.timeline.program.objective
        yield (
            "loss",
            f"{name} {self._figure(trained.begun)} in iteration {first:,}, "
            f"{self._figure(trained.loss)} in iteration {last:,}",
        )
        yield "best", f"{self._figure(trained.best)} in iteration {trained.best_in:,}"
        yield from self._scores()
        yield "stopped", self._why(trained)
        yield "time", f"{self.seconds:.3g} s, {self.rate:,.0f} iterations a second"
        if self.saved is not None:
            yield "open it", open_command(self.saved)
        else:
            yield "open it", f"backprop-tui {experiment.source}, then g {last}"

    def _scores(self) -> Iterator[tuple[str, str]]:
        """How all examples do, before and after; a single one is the loss already."""
        timeline, trained = self.timeline, self.trained
        assert trained is not None
        before = evaluation(timeline, timeline.iteration(self.first).given)
        after = evaluation(timeline, timeline.iteration(trained.last).parameters)
        if after.examples > 1:
            was, now = self._figure(before.loss), self._figure(after.loss)
            yield "all data", f"mean L {was} before, {now} after, of {after.examples:,} examples"
        if after.examples > 1 and before.right is not None and after.right is not None:
            was, now = (f"{100 * n / after.examples:.1f} %" for n in (before.right, after.right))
            yield "accuracy", f"{was} before, {now} after: {after.right:,} of {after.examples:,}"

    def _figure(self, number: float) -> str:
        return figure(number, self.decimals)

    def _why(self, trained: Trained) -> str:
        last, until = f"{trained.last:,}", self.until
        match trained.stop:
            case StopReason.LOSS:
                return f"the loss is below {until.loss:g}, first in iteration {last}"
            case StopReason.PLATEAU:
                return f"a plateau: no better loss in {until.plateau:,} iterations"
            case StopReason.DIVERGED:
                return self.divergence(trained.last)
            case StopReason.ASKED:
                return f"asked to, after iteration {last}"
            case _ if until.loss is not None:
                return f"the iterations are done; the loss was never below {until.loss:g}"
            case _:
                return "the iterations are done"

    def divergence(self, iteration: int) -> str:
        """In which iteration, and with which symbol, it began."""
        began = first_not_finite(self.timeline, iteration)
        parameter = self.timeline.diverged(iteration)
        return (
            f"it diverged: in iteration {iteration:,} {began} is the first that is not finite, "
            f"and {parameter} is not any more"
        )


def open_command(path: str) -> str:
    """What opens a saved file in the stepper."""
    known = is_file(path) and not path.startswith("-")
    return f"backprop-tui {shlex.quote(path if known else os.path.join('.', path))}"


# Told to stop --------------------------------------------------------------------------------


@dataclass
class Asked:
    """Whether the program was told to stop, and how: the number of the signal."""

    signal: int | None = None

    def __call__(self) -> bool:
        return self.signal is not None


@contextmanager
def asked_to_stop() -> Iterator[Asked]:
    """Signals only leave word, once; the second time they interrupt whatever is going on."""
    asked, before = Asked(), {}

    def heard(number: int, frame: object) -> None:
        if asked.signal is not None:
            raise KeyboardInterrupt
        asked.signal = number

    for name in SIGNALS:  # Windows lacks some; a shell's background job ignores some
        number = getattr(signal, name, None)
        with suppress(ValueError):  # not in the main thread
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, heard)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# Losses as CSV -------------------------------------------------------------------------------


@dataclass
class LossFile:
    """`iteration,loss`, a line for each, written as they come. Without a path, nothing is.

    A fault of the disk ends the writing, not the training.
    """

    path: str | None
    overwrite: bool = False
    fault: str | None = field(default=None, init=False)
    _file: IO[str] | None = field(default=None, init=False)

    def open(self) -> None:
        """Raises a SaveError where it cannot be begun."""
        if self.path is None:
            return
        check_place(self.path, self.overwrite)
        special = os.path.exists(self.path) and not stat.S_ISREG(os.stat(self.path).st_mode)
        mode = "w" if self.overwrite or special else "x"
        try:
            self._file = open(self.path, mode, encoding="utf-8", newline="")  # noqa: SIM115
        except OSError as error:
            raise SaveError(self._told(error)) from None
        self._write("iteration,loss\n")

    def add(self, first: int, losses: list[float]) -> None:
        """Losses from that iteration on, each with the digits that read back to the same bits."""
        if self._file is not None:
            self._write("".join(f"{n},{loss!r}\n" for n, loss in enumerate(losses, first)))

    def close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            try:
                file.close()
            except OSError as error:
                self.fault = self.fault or self._told(error)

    def _write(self, lines: str) -> None:
        assert self._file is not None
        try:
            self._file.write(lines)
            self._file.flush()
        except OSError as error:
            self.fault = self._told(error)
            self.close()

    def _told(self, error: OSError) -> str:
        return f"{path_shown(self.path or '')} cannot be written: {error.strerror or error}"


# A bar ---------------------------------------------------------------------------------------

Bar = Callable[[Session], object]


def bar(total: int, stream: Any) -> AbstractContextManager[Bar]:
    """A progress bar on a terminal; elsewhere nothing."""
    return _bar(total, stream) if stream.isatty() else nullcontext(lambda session: None)


@contextmanager
def _bar(total: int, stream: Any) -> Iterator[Bar]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    told = "{task.completed:,} of {task.total:,}  {task.fields[told]}"
    columns = BarColumn(bar_width=20), TextColumn(told), TimeRemainingColumn(compact=True)
    with Progress(
        *columns, console=Console(file=stream), transient=True, refresh_per_second=4
    ) as progress:
        task = progress.add_task("", total=total, told="")

        def show(session: Session) -> None:
            assert session.trained is not None
            loss = figure(session.trained.loss, session.decimals)
            told = f"{session.rate:,.0f}/s  loss {loss}"
            done = session.trained.last - session.first + 1
            progress.update(task, completed=done, told=told)

        yield show
