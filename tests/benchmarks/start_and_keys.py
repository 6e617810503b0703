"""How fast it starts, how fast a key is on the screen, how much memory it takes.

Everything is measured from outside, through a pseudo-terminal, beside a hello-world Textual app
that also imports NumPy, in the same run, in less than a minute on a quiet machine:
python -m tests.benchmarks.start_and_keys [ROUNDS]
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
QUIET = 0.04
"""Seconds without output after which a repaint is over: more than two frames."""
NOTHING = 0.5
"""Seconds after which a key without output has none: longer than any repaint takes."""
SIZES = ((80, 24), (200, 60))
LARGE = (784, 128, 10)
DEEP = (11,) * 30 + (1,)
WORDS = ("? help",)
STEPS, WARM, LONG, BATCH = 17, 100, 200, 2
"""Steps of an iteration, iterations before and of the long walk, and how many at a time."""
GROWTH = 4.0
"""MiB that ten thousand steps may add."""
STEPPING = [b" "] * 36 + [b"\x7f"] * 12
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
    parser.add_argument("rounds", nargs="?", type=int, default=6, help="starts of each program")
    rounds = parser.parse_args().rounds
    with experiments() as folder:
        rows = [start(rounds)]
        for size in SIZES:
            rows += keys(folder, max(1, rounds // 6), size)
        rows += [memory(max(2, rounds // 3)), memory_of_a_long_walk()]
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


def keys(folder: Path, rounds: int, size: tuple[int, int]) -> Iterator[Row]:
    large, deep = str(folder / "large.toml"), str(folder / "deep.toml")
    cases: dict[str, tuple[Sequence[str], Sequence[bytes]]] = {
        "3-3-1": (stepper("article"), STEPPING),
        "784-128-10": (stepper(large), STEPPING),
        "30 layers of 11": (stepper(deep), STEPPING),
    }
    others: dict[str, tuple[Sequence[str], Sequence[bytes]]] = {
        "784-128-10, asking": (stepper(large, "--ask", "vote"), STEPPING),
        "784-128-10, a mistake": (stepper(large, "--mistake", "transpose-forgotten"), STEPPING),
        "784-128-10, edited": (stepper(str(folder / "edited.toml")), STEPPING),
        "784-128-10, inspecting": (stepper(large), INSPECTING),
    }
    if size == SIZES[0]:  # what these add does not depend on the size
        cases |= others
    times: dict[str, list[float]] = {case: [] for case in cases}
    floors: list[float] = []
    for _ in range(rounds):  # interleaved
        for case, (command, keys_) in cases.items():
            times[case] += repaints(command, WORDS, size, keys_)
        floors += repaints(HELLO, ("hello, world",), size, [b" "] * len(STEPPING))
    floor = f"{p95(floors):.1f} ms (median {median(floors):.1f})"
    at = f"{size[0]}×{size[1]}"
    for case, found in times.items():
        yield Row(
            f"{at}: key to repaint, {case}, p95",
            f"{p95(found):.1f} ms (median {median(found):.1f}, n = {len(found)})",
            floor,
            "16 ms",
            p95(found) <= 16,
        )
    ratio = median(times["784-128-10"]) / median(times["3-3-1"])
    yield Row(f"{at}: 784-128-10 beside 3-3-1, median", f"{ratio:.2f}×", "", "1.5 ×", ratio <= 1.5)


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def repaints(
    command: Sequence[str],
    words: Sequence[str],
    size: tuple[int, int],
    keys_: Sequence[bytes] = STEPPING,
) -> list[float]:
    """Return the milliseconds of each key that has any output, two iterations forward and some
    steps back if no keys are given; without the first, which imports."""
    with Terminal(command, *size) as terminal:
        wait(terminal, lambda: all(word in terminal.text for word in words))
        found = [repaint(terminal, key) for key in keys_]
        return [milliseconds for milliseconds in found[1:] if milliseconds is not None]


def wait(terminal: Terminal, condition: Callable[[], bool]) -> None:
    terminal.until(condition)
    terminal.quiet(0.3)


def repaint(terminal: Terminal, key: bytes) -> float | None:
    """Return the milliseconds from a key to the last byte before the output rests; None without
    output."""
    before = len(terminal.pieces)
    begin = time.perf_counter()
    terminal.press(key)
    if terminal.read(NOTHING):
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
        return mebibytes(terminal, "VmHWM")


def memory_of_a_long_walk() -> Row:
    """What a long walk adds, once what is kept for the next keys has filled its room."""
    with Terminal(stepper("article", "--ask", "off"), 80, 24) as terminal:
        wait(terminal, lambda: "? help" in terminal.text)
        before = after = 0.0
        for iteration in range(BATCH, WARM + LONG + 1, BATCH):
            walk_to(terminal, iteration)
            if iteration == WARM:
                before = mebibytes(terminal, "VmRSS")
        after = mebibytes(terminal, "VmRSS")
    most = GROWTH * LONG * STEPS / 10_000
    return Row(
        f"{LONG * STEPS:,} steps after the first {WARM * STEPS:,}",
        f"+{after - before:.1f} MiB",
        "",
        f"{most:.1f} MiB",
        after - before <= most,
    )


def walk_to(terminal: Terminal, iteration: int) -> None:
    """All keys are done before the next come: none waits in a queue, which takes room as well."""
    terminal.press(b" " * (BATCH * STEPS))
    title = f"iteration {iteration} ".encode()
    terminal.until(lambda: title in terminal.output)
    terminal.pieces.clear()


def mebibytes(terminal: Terminal, what: str) -> float:
    """VmHWM, the most that it held; VmRSS, what it holds now."""
    status = Path(f"/proc/{terminal.process.pid}/status").read_text("ascii")
    return int(status.partition(f"{what}:")[2].split()[0]) / 1024


@contextmanager
def experiments() -> Iterator[Path]:
    """Files with a network as large as those that read digits, edited as well, and a deep one."""
    x = [round((i * 37 % 101) / 101, 3) for i in range(LARGE[0])]
    y = [int(i == 3) for i in range(LARGE[-1])]
    with tempfile.TemporaryDirectory() as folder:
        large = (
            f'title = "Large"\n[network]\nlayers = {list(LARGE)}\n'
            'activations = ["relu", "softmax"]\nloss = "cross_entropy"\n'
            f"[data]\nX = [{x}]\nY = [{y}]\n"
        )
        (Path(folder) / "large.toml").write_text(large)
        edit = '[[edits]]\niteration = 1\ncell = "W1[1,1]"\nvalue = 0.5\n'
        (Path(folder) / "edited.toml").write_text(large + edit)
        activations = ", ".join(['"tanh"'] * (len(DEEP) - 2) + ['"sigmoid"'])
        (Path(folder) / "deep.toml").write_text(
            f'title = "Deep"\n[network]\nlayers = {list(DEEP)}\n'
            f'activations = [{activations}]\nloss = "binary_cross_entropy"\n'
            f"[data]\nX = [{x[: DEEP[0]]}]\nY = [[1]]\n"
        )
        yield Path(folder)


if __name__ == "__main__":
    sys.exit(main())
