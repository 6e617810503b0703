"""How fast it starts, how fast a key is on the screen, how much memory it takes.

Everything is measured from outside, through a pseudo-terminal, beside a hello-world Textual app
that also imports NumPy, in the same run, in about a minute on a quiet machine. What is measured
is the time that the process had a processor: another program beside it does not count.
python -m tests.benchmarks.start_and_keys [ROUNDS]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from tests.terminal import Terminal, stepper
from tests.warm import PATIENCE

WIDTH, HEIGHT = 120, 40
HELLO = [sys.executable, "-m", "tests.benchmarks.hello"]
FIRST_FRAME = ("Press space", "? help", "Network", "Cache", "Gradients", "step 0 of 17")
QUIET = 0.03
"""Seconds without output after which a repaint is over: nearly two frames."""
NOTHING = 0.5
"""Seconds after which a key without output has none: longer than any repaint takes."""
PACE, REST = 0.1, 0.25
"""Seconds from the end of a repaint to the next key, and those that a question is read for."""
SIZES = {(80, 24): 4.0, (200, 60): 6.0}
"""The sizes, and how many times hello world's repaint a key may take."""
SLOWEST = 40.0
"""Milliseconds that any key may take."""
LARGE = (784, 128, 10)
DEEP = (11,) * 30 + (1,)
TIME_STEPS, HIDDEN = 30, 16
WORDS = ("? help",)
STEPS, WARM, LONG, BATCH = 17, 100, 200, 2
"""Steps of an iteration, iterations before and of the long walk, and how many at a time."""
GROWTH = 4.0
"""MiB that ten thousand steps may add."""
STEPPING = (b" ",) * 9 + (b"\x7f",) * 3
DERIVING = (b" ",) * 7 + (b"x",) + (b" ",) * 4
OPENING = (b"m", b"L", b"?")
"""Keys that open something, which esc closes; the first press of each finds nothing ready."""
AT_ONCE = 4
"""Programs at a time: they wait, most of the time."""


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
    parser.add_argument("rounds", nargs="?", type=int, default=3, help="runs of each program")
    rounds = parser.parse_args().rounds
    with experiments() as folder:
        os.environ["HOME"] = str(folder)  # with no settings, and nothing left unsaved
        rows = [start(rounds), *keys(folder, rounds), *first_presses(folder)]
        with ThreadPoolExecutor() as pool:
            walk = pool.submit(memory_of_a_long_walk)
            rows += [memory(rounds), walk.result()]
    table = Table("what", "measured", "floor (hello world)", "budget", "verdict")
    for row in rows:
        verdict = "kept" if row.kept else "MISSED"
        table.add_row(row.what, row.measured, row.floor, row.budget, verdict)
    Console(width=130).print(table)
    return 0 if all(row.kept for row in rows) else 1


def processor(terminal: Terminal) -> float:
    """The milliseconds that the process had a processor, all of its threads together."""
    found = 0
    for thread in Path(f"/proc/{terminal.process.pid}/task").glob("*/schedstat"):
        try:
            found += int(thread.read_text("ascii").split()[0])
        except (FileNotFoundError, ProcessLookupError):  # it has ended
            continue
    return found / 1e6


# Start: from the birth of the process to the last byte of the first full frame


def start(rounds: int) -> Row:
    ours, floors = [], []
    for _ in range(rounds + 1):
        floors.append(first_frame(HELLO, ("hello, world",)))
        ours.append(first_frame(stepper("article"), FIRST_FRAME))
    own, floor = median(ours[1:]), median(floors[1:])  # the first of each warms the disk's cache
    return Row(
        f"start to first full frame, {WIDTH}×{HEIGHT}",
        f"{own:.0f} ms = {own / floor:.2f}×",
        f"{floor:.0f} ms",
        "1.2 × floor",
        own <= 1.2 * floor,
    )


def first_frame(command: Sequence[str], words: Sequence[str]) -> float:
    """The milliseconds until the emulated screen held all of `words`, and stopped changing."""
    with Terminal(command, WIDTH, HEIGHT) as terminal:
        spent: list[float] = []  # at each piece
        while not all(word in terminal.text for word in words):
            assert time.perf_counter() - terminal.started < PATIENCE, terminal.text
            shown = len(spent)
            while terminal.read(0.15):  # nothing is emulated while it is busy
                spent.append(processor(terminal))
            terminal.show(shown)
        return spent[settled_at(terminal)]


def settled_at(terminal: Terminal) -> int:
    """The number of the piece after which the screen looked as it does now, from 0."""
    final = terminal.lines
    terminal.screen.reset()
    for number, (_, piece) in enumerate(terminal.pieces):
        terminal.feed(piece)
        if terminal.lines == final:
            return number
    raise AssertionError("the screen never looked as it does")


# Keys: what a key costs up to the last byte of its repaint


@dataclass(frozen=True)
class Case:
    """What is stepped through, with which keys, and how long each is waited with."""

    name: str
    command: Sequence[str]
    keys: Sequence[bytes] = STEPPING
    rest: float = PACE
    words: Sequence[str] = WORDS


def keys(folder: Path, rounds: int) -> Iterator[Row]:
    large, deep, rnn = (str(folder / f"{name}.toml") for name in ("large", "deep", "rnn"))
    hello = Case("hello", HELLO, (b" ",) * len(STEPPING), words=("hello, world",))
    cases = [
        hello,
        Case("3-3-1", stepper("article", "--ask", "off")),
        Case("784-128-10", stepper(large)),
        Case("30 layers of 11", stepper(deep)),
        Case("784-128-10, asking", stepper(large, "--ask", "vote"), rest=REST),
        Case("784-128-10, blackboard", stepper(large), DERIVING),
        Case(f"an RNN over {TIME_STEPS} steps", stepper(rnn)),
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = {
            size: [pool.submit(repaints, case, size) for case in cases * rounds] for size in SIZES
        }
    for size, most in SIZES.items():
        done = [run.result() for run in runs[size]]
        times = {case.name: typical(done[k :: len(cases)]) for k, case in enumerate(cases)}
        floor = times.pop(hello.name)
        for name, found in times.items():
            own = f"{p95(found):.1f} ms (median {median(found):.1f}, most {max(found):.1f})"
            yield Row(
                f"{size[0]}×{size[1]}: a key, p95, {name}",
                f"{own} = {p95(found) / p95(floor):.1f}×",
                f"{p95(floor):.1f} ms (median {median(floor):.1f})",
                f"{most:.0f} × floor, {SLOWEST:.0f} ms",
                p95(found) <= most * p95(floor) and max(found) <= SLOWEST,
            )


def first_presses(folder: Path) -> Iterator[Row]:
    """The key of OPENING that takes the longest when it is pressed first, in one run of each."""
    pressed = (*b"   ", *(code for key in OPENING for code in (*key, *b"\x1b")))
    keys = tuple(bytes([code]) for code in pressed)
    cases = [
        Case(name, stepper(path, "--ask", "off"), keys)
        for name, path in (
            ("3-3-1", "article"),
            ("784-128-10", str(folder / "large.toml")),
            ("30 layers", str(folder / "deep.toml")),
            ("RNN", str(folder / "rnn.toml")),
        )
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = {size: [pool.submit(repaints, case, size) for case in cases] for size in SIZES}
    for size in SIZES:
        found = {
            (key.decode(), case.name): time or 0.0
            for case, run in zip(cases, runs[size], strict=True)
            for key, time in zip(keys, run.result(), strict=True)
            if key in OPENING
        }
        key, where = max(found, key=lambda at: found[at])
        most = found[key, where]
        yield Row(
            f"{size[0]}×{size[1]}: first press of {b', '.join(OPENING).decode()}",
            f"most {most:.1f} ms ({key}, {where}), median {median(found.values()):.1f}",
            "",
            f"{SLOWEST:.0f} ms",
            most <= SLOWEST,
        )


def typical(runs: Sequence[Sequence[float | None]]) -> list[float]:
    """The median of each key over some runs; without those that show nothing."""
    each = (sorted(time for time in key if time is not None) for key in zip(*runs, strict=True))
    return [median(times) for times in each if times]


def p95(times: list[float]) -> float:
    return quantiles(times, n=20, method="inclusive")[-1]


def repaints(case: Case, size: tuple[int, int]) -> list[float | None]:
    """The milliseconds of each key; None where it shows nothing."""
    with Terminal(case.command, *size) as terminal:
        wait(terminal, lambda: all(word in terminal.text for word in case.words))
        return [repaint(terminal, key, case.rest) for key in case.keys]


def wait(terminal: Terminal, condition: Callable[[], bool]) -> None:
    terminal.until(condition)
    terminal.quiet(0.3)


def repaint(terminal: Terminal, key: bytes, rest: float) -> float | None:
    """What it takes from a key until the output rests; then so many seconds are waited."""
    before, begun = len(terminal.pieces), processor(terminal)
    terminal.press(key)
    spent, patience = 0.0, NOTHING
    while terminal.read(patience):
        spent, patience = processor(terminal) - begun, QUIET
    seen = len(terminal.pieces) > before
    terminal.quiet(rest)
    return spent if seen else None


# Memory: the most that the process ever held


def memory(rounds: int) -> Row:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        own = [pool.submit(peak, stepper("article"), FIRST_FRAME) for _ in range(rounds)]
        hello = [pool.submit(peak, HELLO, ("hello, world",)) for _ in range(rounds)]
    ours, floors = ([run.result() for run in runs] for runs in (own, hello))
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
        terminal.quiet(0.3)
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
    """Files with a network as large as those that read digits, a deep one, and a long RNN."""
    x = [round((i * 37 % 101) / 101, 3) for i in range(LARGE[0])]
    y = [int(i == 3) for i in range(LARGE[-1])]
    with tempfile.TemporaryDirectory() as folder:
        large = (
            f'title = "Large"\n[network]\nlayers = {list(LARGE)}\n'
            'activations = ["relu", "softmax"]\nloss = "cross_entropy"\n'
            f"[data]\nX = [{x}]\nY = [{y}]\n"
        )
        (Path(folder) / "large.toml").write_text(large)
        activations = ", ".join(['"tanh"'] * (len(DEEP) - 2) + ['"sigmoid"'])
        (Path(folder) / "deep.toml").write_text(
            f'title = "Deep"\n[network]\nlayers = {list(DEEP)}\n'
            f'activations = [{activations}]\nloss = "binary_cross_entropy"\n'
            f"[data]\nX = [{x[: DEEP[0]]}]\nY = [[1]]\n"
        )
        inputs = "".join(f"X{t} = [{x[t : t + 4]}]\n" for t in range(1, TIME_STEPS + 1))
        (Path(folder) / "rnn.toml").write_text(
            f'title = "RNN"\n[parameters]\nWx = [{HIDDEN}, 4]\nWh = [{HIDDEN}, {HIDDEN}]\n'
            f"b = [{HIDDEN}, 1]\nV = [1, {HIDDEN}]\n"
            '[forward]\nZ1 = "Wx·X1 + b"\nH1 = "tanh(Z1)"\n'
            '"Z{t}" = "Wx·X{t} + Wh·H{t-1} + b"\n"H{t}" = "tanh(Z{t})"\n'
            f'O = "V·H{TIME_STEPS}"\nL = "half_squared_error(O, Y)"\n'
            f"[repeat]\nt = {{ from = 2, to = {TIME_STEPS} }}\n[data]\n{inputs}Y = [[1.0]]\n"
        )
        yield Path(folder)


if __name__ == "__main__":
    sys.exit(main())
