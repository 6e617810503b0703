"""How fast it starts, how fast a key is on the screen, how much memory it takes.

All is measured from outside, through a pseudo-terminal, beside a hello-world Textual app that also
imports NumPy, in the same run and interleaved: python -m tests.benchmarks.start_and_keys [ROUNDS]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from tests.terminal import PATIENCE, Terminal, stepper

WIDTH, HEIGHT = 120, 40
HELLO = [sys.executable, "-m", "tests.benchmarks.hello"]
FIRST_FRAME = ("Press space", "? help", "Network", "Cache", "Gradients", "step 0 of 17")
QUIET = 0.06
"""Seconds without output after which a repaint is over: four frames."""
LARGE = (784, 128, 10)
WORDS = ("Press space", "? help")
STEPPING = [b" "] * 36 + [b"\x7f"] * 18
INSPECTING = [b" ", b"\r", *[b"\t"] * 8, *[b"\r", b"\t", b"\x1b[B", b"\x1b[C", b"\x1b[Z"] * 4]
"""Explain Z1[1,1], turn to its terms, walk to one, move the cursor. There is no lone escape:
Textual waits a tenth of a second for what may follow it."""


@dataclass(frozen=True)
class Row:
    """A line of the result: what was measured, beside its floor, and the budget."""

    what: str
    measured: str
    floor: str
    budget: str
    kept: bool


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rounds", nargs="?", type=int, default=15, help="starts of each program")
    rounds = parser.parse_args().rounds
    with large_experiment() as file:
        rows = [start(rounds), *keys(file, max(2, rounds // 5)), memory(max(3, rounds // 3))]
    table = Table("what", "measured", "floor (hello world)", "budget", "verdict")
    for row in rows:
        verdict = "kept" if row.kept else "MISSED"
        table.add_row(row.what, row.measured, row.floor, row.budget, verdict)
    Console(width=130).print(table)
    return 0 if all(row.kept for row in rows) else 1


# Start: from the birth of the process to the last byte of the first full frame


def start(rounds: int) -> Row:
    ours, floors = [], []
    for _ in range(rounds + 1):
        floors.append(first_frame(HELLO, ("hello, world",)))
        ours.append(first_frame(stepper("article"), FIRST_FRAME))
    own, floor = median(ours[1:]), median(floors[1:])  # the first of each warms the disk's cache
    return Row(
        f"start to first full frame, {WIDTH}×{HEIGHT}",
        f"{own * 1000:.0f} ms = {own / floor:.2f}×",
        f"{floor * 1000:.0f} ms",
        "1.3 × floor",
        own <= 1.3 * floor,
    )


def first_frame(command: Sequence[str], words: Sequence[str]) -> float:
    """Seconds until the emulated screen held all of `words`, and stopped changing."""
    with Terminal(command, WIDTH, HEIGHT) as terminal:
        took_in = 0
        while not all(word in terminal.text for word in words):
            assert time.perf_counter() - terminal.started < PATIENCE, terminal.text
            terminal.quiet(0.15)  # nothing is emulated while it is busy: that would slow it down
            terminal.show(took_in)
            took_in = len(terminal.pieces)
        return settled_at(terminal) - terminal.started


def settled_at(terminal: Terminal) -> float:
    """When the piece came after which the screen looked as it does now."""
    final = terminal.lines
    terminal.screen.reset()
    for when, piece in terminal.pieces:
        terminal.feed(piece)
        if terminal.lines == final:
            return when
    raise AssertionError("the screen never looked as it does")


# Keys: from the byte of a key to the last byte of its repaint


def keys(file: Path, rounds: int) -> Iterator[Row]:
    small: list[float] = []
    large: list[float] = []
    floors: list[float] = []
    for _ in range(rounds):
        small += repaints(stepper("article"), FIRST_FRAME)
        large += repaints(stepper(str(file)), WORDS)
        floors += repaints(HELLO, ("hello, world",))
    floor = f"{p95(floors):.1f} ms (median {median(floors):.1f})"
    for what, times in (("3-3-1", small), ("-".join(map(str, LARGE)), large)):
        yield Row(
            f"key to repaint, {what}, p95",
            f"{p95(times):.1f} ms (median {median(times):.1f}, n = {len(times)})",
            floor,
            "16 ms",
            p95(times) <= 16,
        )
    looked_at = [t for _ in range(rounds) for t in repaints(stepper(str(file)), WORDS, INSPECTING)]
    yield Row(
        "inspecting a cell, 784-128-10, p95",
        f"{p95(looked_at):.1f} ms (median {median(looked_at):.1f}, n = {len(looked_at)})",
        floor,
        "16 ms",
        p95(looked_at) <= 16,
    )
    ratio = median(large) / median(small)
    yield Row("784-128-10 beside 3-3-1, median", f"{ratio:.2f}×", "", "1.5 ×", ratio <= 1.5)


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def repaints(
    command: Sequence[str], words: Sequence[str], keys_: Sequence[bytes] = STEPPING
) -> list[float]:
    """Milliseconds for each key, those of two iterations forward and one back if no others are
    named; the first is left out: it imports."""
    with Terminal(command, WIDTH, HEIGHT) as terminal:
        wait(terminal, lambda: all(word in terminal.text for word in words))
        found = [repaint(terminal, key) for key in keys_]
        return [milliseconds for milliseconds in found[1:] if milliseconds is not None]


def wait(terminal: Terminal, condition: Callable[[], bool]) -> None:
    terminal.until(condition)
    terminal.quiet(0.3)


def repaint(terminal: Terminal, key: bytes) -> float | None:
    """Milliseconds from a key to the last byte before the output rests."""
    before = len(terminal.pieces)
    begin = time.perf_counter()
    terminal.press(key)
    if terminal.read(2.0):
        while terminal.read(QUIET):
            pass
    if len(terminal.pieces) == before:
        return None  # nothing to be seen of it: no repaint
    return (terminal.pieces[-1][0] - begin) * 1000


# Memory: the most that the process ever held


def memory(rounds: int) -> Row:
    ours, floors = [], []
    for _ in range(rounds):
        floors.append(peak(HELLO, ("hello, world",)))
        ours.append(peak(stepper("article"), FIRST_FRAME))
    return Row(
        "peak memory on article, two iterations",
        f"{median(ours):.1f} MiB",
        f"{median(floors):.1f} MiB",
        "60 MiB",
        median(ours) <= 60,
    )


def peak(command: Sequence[str], words: Sequence[str]) -> float:
    """MiB: VmHWM of the process, after two iterations forward and one back."""
    with Terminal(command, WIDTH, HEIGHT) as terminal:
        wait(terminal, lambda: all(word in terminal.text for word in words))
        terminal.press(b" " * 34 + b"\x7f" * 17)
        terminal.quiet(0.5)
        status = Path(f"/proc/{terminal.process.pid}/status").read_text("ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def large_experiment() -> Iterator[Path]:
    """A file with a network as large as those that read digits."""
    x = [round((i * 37 % 101) / 101, 3) for i in range(LARGE[0])]
    y = [int(i == 3) for i in range(LARGE[-1])]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.toml"
        file.write_text(
            f'title = "Large"\n[network]\nlayers = {list(LARGE)}\n'
            'activations = ["relu", "softmax"]\nloss = "cross_entropy"\n'
            f"[data]\nX = [{x}]\nY = [{y}]\n"
        )
        yield file


if __name__ == "__main__":
    sys.exit(main())
