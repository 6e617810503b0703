"""How fast `train` is as a whole, beside the script that a careful person writes for the same run.

Both are processes: they start, read the same CSV file, train the same network to the same bits and
tell what came of it. They are run in turn, in an order drawn anew each round:
python -m tests.benchmarks.train [ROUNDS]
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table

from backprop_tui.files.experiment_file import load
from tests.benchmarks.train_by_hand import ALPHA, CLASSES, SEED

EXAMPLES = 1000
EACH, RARELY = 1.0, 0.9
"""Their time over ours, at least: where they keep every loss, as `train` does, and where they
compute one an epoch."""
CASES = {32: 60_000, 1: 90_000}
"""How many iterations, for each size of a batch."""

EXPERIMENT = """\
title = "Three kinds"
about = "A thousand flowers of three kinds"
[network]
layers = [4, 16, 3]
activations = ["tanh", "softmax"]
loss = "cross_entropy"
[training]
learning_rate = {alpha}
batch = {batch}
order = "shuffled"
[data]
csv = "kinds.csv"
inputs = ["a", "b", "c", "d"]
target = "kind"
standardize = true
[initial]
seed = {seed}
"""


@dataclass(frozen=True)
class Run:
    """One way of training, as a command; `budget` where it is what ours is measured against."""

    name: str
    command: tuple[str, ...]
    budget: float | None = None


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rounds", nargs="?", type=int, default=9, help="of each run, 2 s or so")
    rounds = parser.parse_args().rounds
    table = Table("what", "train", "by hand", "ratio", "budget", "verdict")
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        data(Path(folder))
        for batch, iterations in CASES.items():
            same_results(Path(folder), batch)
            for history in (False, True):
                ours, *theirs = runs(Path(folder), batch, iterations, history)
                seconds = interleaved([ours, *theirs], rounds)
                for other in theirs:
                    both = zip(seconds[ours.name], seconds[other.name], strict=True)
                    ratio = median(b / a for a, b in both)
                    kept = other.budget is None or ratio >= other.budget
                    missed = missed or not kept
                    table.add_row(
                        f"batch {batch}, {iterations:,} iterations{', --history' * history}",
                        told(seconds[ours.name], iterations),
                        f"{told(seconds[other.name], iterations)}, {other.name}",
                        f"{ratio:.2f}×",
                        "" if other.budget is None else f"≥ {other.budget}×",
                        "" if other.budget is None else "kept" if kept else "MISSED",
                    )
    Console(width=140).print(table)
    return 1 if missed else 0


def data(folder: Path) -> None:
    """A CSV file of three kinds that overlap a little, and an experiment for each batch size."""
    drawn = np.random.default_rng(5)
    kinds = drawn.integers(0, len(CLASSES), EXAMPLES)
    X = drawn.normal(size=(EXAMPLES, 4)) + 1.5 * drawn.normal(size=(len(CLASSES), 4))[kinds]
    rows = (
        ",".join([*(f"{x:.3f}" for x in row), CLASSES[kind]])
        for row, kind in zip(X, kinds, strict=True)
    )
    (folder / "kinds.csv").write_text("\n".join(["a,b,c,d,kind", *rows]) + "\n")
    for batch in CASES:
        text = EXPERIMENT.format(alpha=ALPHA, batch=batch, seed=SEED)
        (folder / f"{batch}.toml").write_text(text)


def by_hand(folder: Path, batch: int, iterations: int, *flags: str) -> tuple[str, ...]:
    script = Path(__file__).with_name("train_by_hand.py")
    options = ("--batch", str(batch), "--iterations", str(iterations))
    return (sys.executable, str(script), str(folder / "kinds.csv"), *options, *flags)


def ours(folder: Path, batch: int, iterations: int, *flags: str) -> tuple[str, ...]:
    command = (sys.executable, "-m", "backprop_tui", "train", str(folder / f"{batch}.toml"))
    return (*command, "--iterations", str(iterations), *flags, "--overwrite")


def same_results(folder: Path, batch: int) -> None:
    """Every loss and every parameter is the same to the bit, after some epochs and a bit."""
    mine, other = folder / "ours.csv", folder / "theirs.csv"
    saved, parameters = folder / "saved.toml", folder / "theirs.npz"
    tell(ours(folder, batch, 3333, "--history", str(mine), "--save", str(saved)))
    tell(by_hand(folder, batch, 3333, "--history", str(other), "--parameters", str(parameters)))
    assert mine.read_text() == other.read_text()
    kept = load(str(saved)).saved
    assert kept is not None
    assert kept.keyframe is not None
    assert kept.iteration == 3333
    begun = kept.keyframe.kept
    if kept.keyframe.iteration == 3333:  # what it began with; by hand, one iteration less
        tell(by_hand(folder, batch, 3332, "--parameters", str(parameters)))
    with np.load(parameters) as theirs:
        for symbol in ("W1", "b1", "W2", "b2"):
            assert begun[symbol].tobytes() == theirs[symbol].tobytes(), symbol


def runs(folder: Path, batch: int, iterations: int, history: bool) -> Iterator[Run]:
    """Ours first. By hand each loss is kept for a history; else one an epoch might do."""
    flags = ("--history", str(folder / "ours.csv")) if history else ()
    yield Run("train", ours(folder, batch, iterations, *flags))
    if history:
        flags = ("--history", str(folder / "theirs.csv"))
    yield Run("every loss", by_hand(folder, batch, iterations, *flags), EACH)
    if not history:
        rarely = by_hand(folder, batch, iterations, "--losses", "epoch")
        yield Run("a loss an epoch", rarely, RARELY)
        yield Run("a loss an epoch, np.tanh", (*rarely, "--tanh", "np"))


def interleaved(compared: list[Run], rounds: int) -> dict[str, list[float]]:
    """Seconds that each took, from its start to its end, in every round."""
    seconds: dict[str, list[float]] = {run.name: [] for run in compared}
    order = random.Random(0)
    for run in compared:  # warm
        tell(run.command)
    for _ in range(rounds):
        for run in order.sample(compared, len(compared)):
            began = time.perf_counter()
            tell(run.command)
            seconds[run.name].append(time.perf_counter() - began)
    return seconds


def tell(command: tuple[str, ...]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def told(seconds: list[float], iterations: int) -> str:
    return f"{median(seconds):.2f} s, {iterations / median(seconds):,.0f} it/s"


if __name__ == "__main__":
    sys.exit(main())
