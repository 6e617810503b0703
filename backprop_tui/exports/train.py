"""The command `train`: iterations with a progress bar, losses as CSV, and a table at the end.

A signal such as ctrl-c ends the training after the stretch that is being computed; all that was
computed is kept.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import IO, Any

from backprop_tui.explain.advice import advice
from backprop_tui.exports.figures import figure, printed, setting
from backprop_tui.files.atomic_write import SaveError, check_place, open_lines
from backprop_tui.files.experiment_file import as_argument
from backprop_tui.files.saving import resume, save
from backprop_tui.messages import path_shown, typed
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


class TrainingRun:
    """A training from where the experiment stands until it stops, and its result as a table."""

    def __init__(self, timeline: Timeline, until: Until, decimals: int = 6) -> None:
        self.timeline, self.until, self.decimals = timeline, until, decimals
        self.first = first_ahead(timeline, resume(timeline))
        self.trained: Trained | None = None
        self.seconds = 0.0
        self.saved: str | None = None
        self.faults: list[str] = []

    @property
    def diverged_before(self) -> bool:
        """Whether the run has diverged before the first iteration that would be trained."""
        return self.first > 1 and bool(self.timeline.diverged(self.first - 1))

    @property
    def position(self) -> Position:
        """The position after the last iteration."""
        assert self.trained is not None
        return self.timeline.end_of(self.trained.last)

    @property
    def reached(self) -> bool:
        """Whether the training ended as it was asked to."""
        stop = self.trained and self.trained.stop
        if stop is StopReason.DIVERGED:
            return False
        asked = (self.until.loss, self.until.batch_loss) != (None, None)
        return not asked or stop in (StopReason.LOSS, StopReason.BATCH_LOSS)

    def run(self, asked: Callable[[], object], losses: LossFile, show: Bar) -> None:
        """Train until done or `asked` to stop, with losses and progress after each stretch."""
        begun = perf_counter()
        for trained in train(self.timeline, self.first, self.until, asked):
            self.trained, self.seconds = trained, perf_counter() - begun
            losses.add(trained.last - len(trained.losses) + 1, trained.losses.tolist())
            show(self)

    def save(self, path: str, overwrite: bool) -> None:
        """Save the run at `path`; where that fails, in a temporary folder, so that nothing is lost.

        A failure is added to `faults`.
        """
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

    @property
    def rate(self) -> float:
        """Iterations a second."""
        return self.done / max(self.seconds, 1e-9)

    @property
    def done(self) -> int:
        """The number of iterations that were trained."""
        assert self.trained is not None
        return self.trained.last - self.first + 1

    def text(self) -> Iterator[str]:
        """The result as a table."""
        from rich.console import Console  # other commands do without Rich
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
        first, last, count = self.first, trained.last, self.done
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
        if trained.best_in >= first:  # else no loss was finite
            yield "best", f"{self._figure(trained.best)} in iteration {trained.best_in:,}"
        yield from self._scores()
        if said := advice(self.timeline, last - last % experiment.batches_per_epoch):
            yield "advice", said
        yield "stopped", self._why(trained)
        yield "time", f"{self.seconds:.3g} s, {self.rate:,.0f} iterations a second"
        if self.saved is not None:
            yield "open it", typed(f"backprop-tui {as_argument(self.saved)}")
        else:
            yield "open it", f"backprop-tui {typed(experiment.source)}, then g {last}"

    def _scores(self) -> Iterator[tuple[str, str]]:
        """The mean loss and the accuracy over all examples, before and after; for a single example
        nothing, because that is the loss."""
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
        last, until, experiment = f"{trained.last:,}", self.until, self.timeline.experiment
        batches, epoch = experiment.batches_per_epoch, experiment.epoch_of(trained.last)
        match trained.stop:
            case StopReason.LOSS if batches > 1:
                return f"the mean loss is below {until.loss:g}, first in epoch {epoch:,}"
            case StopReason.LOSS:
                return f"the loss is below {until.loss:g}, first in iteration {last}"
            case StopReason.BATCH_LOSS:
                return f"a loss is below {until.batch_loss:g}, first in iteration {last}"
            case StopReason.PLATEAU:
                return f"a plateau: no better loss in {until.plateau:,} iterations"
            case StopReason.DIVERGED:
                return self.divergence(trained.last)
            case StopReason.ASKED:
                return f"on request, after iteration {last}"
            case _ if until.loss is not None:
                what = "mean loss of a whole epoch" if batches > 1 else "loss"
                return f"the iterations are done; the {what} was never below {until.loss:g}"
            case _ if until.batch_loss is not None:
                return f"the iterations are done; no loss was below {until.batch_loss:g}"
            case _:
                return "the iterations are done"

    def divergence(self, iteration: int) -> str:
        """A sentence on the iteration and the symbol in which a run diverged."""
        began = first_not_finite(self.timeline, iteration)
        parameter = self.timeline.diverged(iteration)
        return (
            f"it diverged: in iteration {iteration:,} {began} is the first value "
            f"that is not finite, and at its end {parameter} is not finite either"
        )


# Signals -----------------------------------------------------------------------------------------


@dataclass
class StopRequest:
    """A request to stop; called, it says whether one has come."""

    signal: int | None = None
    """The number of the signal that asked; None: none has."""
    at_once: bool = False
    """Whether the first signal interrupts too, because nothing is half done just now."""

    def __call__(self) -> bool:
        return self.signal is not None


@contextmanager
def asked_to_stop() -> Iterator[StopRequest]:
    """A context in which the first signal is a request to stop, and a second one interrupts."""
    request, before = StopRequest(), {}

    def receive(number: int, frame: object) -> None:
        again, request.signal = request.signal is not None, request.signal or number
        if again or request.at_once:
            raise KeyboardInterrupt

    for name in SIGNALS:  # Windows lacks some; a shell's background job ignores some
        number = getattr(signal, name, None)
        with suppress(ValueError):  # not in the main thread
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, receive)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# Losses as CSV -----------------------------------------------------------------------------------


@dataclass
class LossFile:
    """A CSV file with the loss of each iteration, written as they come; without a path, none.

    An error of the disk ends the writing and becomes the `fault`; the training goes on.
    """

    path: str | None
    overwrite: bool = False
    fault: str | None = field(default=None, init=False)
    _file: IO[str] | None = field(default=None, init=False)

    def open(self) -> None:
        """Create the file. Raises SaveError where that is not possible."""
        if self.path is None:
            return
        check_place(self.path, self.overwrite)
        try:
            self._file = open_lines(self.path, "w" if self.overwrite else "x")
        except OSError as error:
            raise SaveError(self._sentence(error)) from None
        self._write("iteration,loss\n")

    def add(self, first: int, losses: list[float]) -> None:
        """Write the losses from iteration `first` on, with all their digits."""
        if self._file is not None:
            self._write("".join(f"{n},{loss!r}\n" for n, loss in enumerate(losses, first)))

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._file is not None:
            file, self._file = self._file, None
            try:
                file.close()
            except OSError as error:
                self.fault = self.fault or self._sentence(error)

    def _write(self, lines: str) -> None:
        assert self._file is not None
        try:
            self._file.write(lines)
            self._file.flush()
        except OSError as error:
            self.fault = self._sentence(error)
            self.close()

    def _sentence(self, error: OSError) -> str:
        return f"{path_shown(self.path or '')} cannot be written: {error.strerror or error}"


# The progress bar --------------------------------------------------------------------------------

Bar = Callable[[TrainingRun], object]


def bar(total: int, stream: Any) -> AbstractContextManager[Bar]:
    """A context with a progress bar on `stream`, or with none where it is no terminal."""
    return _bar(total, stream) if stream.isatty() else nullcontext(lambda run: None)


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

        def show(run: TrainingRun) -> None:
            assert run.trained is not None
            loss = figure(run.trained.loss, run.decimals)
            progress.update(task, completed=run.done, told=f"{run.rate:,.0f}/s  loss {loss}")

        yield show
