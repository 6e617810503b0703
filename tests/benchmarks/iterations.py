"""How fast iterations run without being shown, what a million of them cost, and a jump among them.

The compiled program against a loop written by hand that keeps every intermediate (same bits), and
PyTorch's autograd and micrograd where they are installed; interleaved, in the same run; and the
digits of scikit-learn, where that is:
python -m tests.benchmarks.iterations [ROUNDS]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from backprop_tui.maths.functions import Array
from backprop_tui.maths.values import value
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Experiment, Kept
from backprop_tui.model.network import Network, Training
from backprop_tui.run.history import History
from backprop_tui.run.iterations import beginning
from backprop_tui.run.many import Many
from tests.networks import advance, experiment, same_bits

ALPHA = 0.1
EXAMPLES = 4
MILLION = 1_000_000
MEMORY, JUMP = 32.0, 100.0
"""MiB, and milliseconds."""

Run = Callable[[int], Any]
"""Runs that many iterations from the beginning."""


@dataclass(frozen=True)
class Row:
    """A line of the result: what was measured, beside what, and the budget."""

    what: str
    measured: str
    beside: str
    ratio: str
    budget: str = ""
    kept: bool | None = None


@dataclass(frozen=True)
class Case:
    """A network, and how many iterations of it take some hundredths of a second."""

    layers: tuple[int, ...]
    hidden: str
    last: str
    loss: str
    iterations: int
    ahead_of_torch: bool

    @property
    def name(self) -> str:
        return "-".join(map(str, self.layers))

    def experiment(self) -> Experiment:
        numbers = np.random.default_rng(0)
        Y = np.eye(max(2, self.layers[-1]))[: self.layers[-1], [0, 1, 1, 0]]
        return experiment(
            Network(self.layers, self.activations, self.loss),
            Training(ALPHA),
            numbers.random((self.layers[0], EXAMPLES)),
            Y,
        )

    @property
    def activations(self) -> tuple[str, ...]:
        return (*(self.hidden for _ in self.layers[2:]), self.last)


CASES = (
    Case((3, 3, 1), "sigmoid", "sigmoid", "binary_cross_entropy", 500, True),
    Case((3, 16, 16, 1), "sigmoid", "sigmoid", "binary_cross_entropy", 400, True),
    Case((784, 128, 10), "relu", "softmax", "cross_entropy", 40, False),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rounds", nargs="?", type=int, default=21, help="of each loop, short ones")
    parser.add_argument("--million", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.million:
        print(json.dumps(a_million()))
        return 0
    rows = [row for case in CASES for row in speeds(case, options.rounds)]
    rows += [*costs(), *digits()]
    table = Table("what", "measured", "beside", "ratio", "budget", "verdict")
    for row in rows:
        verdict = {None: "", True: "kept", False: "MISSED"}[row.kept]
        table.add_row(row.what, row.measured, row.beside, row.ratio, row.budget, verdict)
    Console(width=130).print(table)
    return 1 if any(row.kept is False for row in rows) else 0


# Iterations a second --------------------------------------------------------------------------


def speeds(case: Case, rounds: int) -> Iterator[Row]:
    """The compiled program against each rival, by medians over interleaved rounds."""
    e = case.experiment()
    program = program_of(e.network, e.training)
    many, start, n = Many(e, program), beginning(e, program), case.iterations
    by_hand = ByHand(case, e)
    left, losses = many.run(1, n, start)
    assert all(map(same_bits, left, by_hand.run(n)))
    assert same_bits(losses, np.array(by_hand.losses))

    own: dict[str, Run] = {
        "compiled": lambda n: many.run(1, n, start),
        "by hand": by_hand.run,
        "by hand, no losses": lambda n: by_hand.run(n, losses=False),
    }
    seconds = interleaved(own, n, rounds)
    yield compared(case, "compiled", "by hand", seconds, 1.0)
    yield compared(case, "compiled", "by hand, no losses", seconds, 0.9)

    # Apart from the above: PyTorch's threads keep the cores busy for a while after each run.
    rivals: list[tuple[str, str, Callable[[], Run]]] = [
        ("PyTorch", "torch", lambda: in_torch(case, e, many.run(1, n, start)[0]))
    ]
    if case.ahead_of_torch:
        rivals.append(("micrograd", "micrograd", lambda: in_micrograd(case, e)))
    for name, package, made in rivals:
        if not importlib.util.find_spec(package):
            yield Row(f"{case.name} compiled", "", f"{name}: not installed", "")
            continue
        rival = {"compiled": own["compiled"], name: made()}
        seconds = interleaved(rival, max(1, n // 10), max(1, rounds // 4))
        yield compared(case, "compiled", name, seconds, 1.0 if case.ahead_of_torch else None)


def interleaved(runs: dict[str, Run], iterations: int, rounds: int) -> dict[str, list[float]]:
    """Seconds an iteration took, of each run and round; each round takes them in another order."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():  # warm
        run(iterations)
    order = random.Random(0)
    for _ in range(rounds):
        for name in order.sample(list(runs), len(runs)):
            began = time.perf_counter()
            runs[name](iterations)
            seconds[name].append((time.perf_counter() - began) / iterations)
    return seconds


def compared(
    case: Case, ours: str, theirs: str, seconds: dict[str, list[float]], budget: float | None
) -> Row:
    """Their time over ours: the median of the rounds' ratios, as a busy machine slows both."""
    ratio = median(t / o for o, t in zip(seconds[ours], seconds[theirs], strict=True))
    return Row(
        f"{case.name} {ours}",
        f"{1 / median(seconds[ours]):,.0f} it/s",
        f"{theirs} {1 / median(seconds[theirs]):,.0f} it/s",
        f"{ratio:.2f}×",
        "" if budget is None else f"≥ {budget}×",
        None if budget is None else ratio >= budget,
    )


class ByHand:
    """What a careful person writes: plain NumPy, each example's columns cut out beforehand."""

    def __init__(self, case: Case, e: Experiment) -> None:
        self.start: Kept = tuple(e.parameters().values())
        self.columns: list[tuple[Array, Array]] = [
            (e.data.X[:, i : i + 1].copy(), e.data.Y[:, i : i + 1].copy()) for i in range(EXAMPLES)
        ]
        self.loops: dict[str, Callable[..., Kept]] = {
            "3-3-1": self.one_hidden_layer,
            "3-16-16-1": self.two_hidden_layers,
            "784-128-10": self.classes,
        }
        self.loop = self.loops[case.name]
        self.losses: list[float] = []

    def run(self, n: int, losses: bool = True) -> Kept:
        self.losses = []
        with np.errstate(all="ignore"):
            return self.loop(n, losses, *self.start)

    def one_hidden_layer(
        self, n: int, losses: bool, W1: Array, b1: Array, W2: Array, b2: Array
    ) -> Kept:
        for k in range(n):
            X, Y = self.columns[k % EXAMPLES]
            Z1 = W1 @ X + b1
            A1 = 1 / (1 + np.exp(-Z1))
            Z2 = W2 @ A1 + b2
            A2 = 1 / (1 + np.exp(-Z2))
            if losses:
                L = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2), axis=0, keepdims=True)
                self.losses.append(L[0, 0])
            dZ2 = A2 - Y
            dW2 = dZ2 @ A1.T
            db2 = np.sum(dZ2, axis=1, keepdims=True)
            dA1 = W2.T @ dZ2
            dZ1 = dA1 * (A1 * (1 - A1))
            dW1 = dZ1 @ X.T
            db1 = np.sum(dZ1, axis=1, keepdims=True)
            W1 = W1 - ALPHA * dW1
            b1 = b1 - ALPHA * db1
            W2 = W2 - ALPHA * dW2
            b2 = b2 - ALPHA * db2
        return W1, b1, W2, b2

    def two_hidden_layers(
        self, n: int, losses: bool, W1: Array, b1: Array, W2: Array, b2: Array, W3: Array, b3: Array
    ) -> Kept:
        for k in range(n):
            X, Y = self.columns[k % EXAMPLES]
            Z1 = W1 @ X + b1
            A1 = 1 / (1 + np.exp(-Z1))
            Z2 = W2 @ A1 + b2
            A2 = 1 / (1 + np.exp(-Z2))
            Z3 = W3 @ A2 + b3
            A3 = 1 / (1 + np.exp(-Z3))
            if losses:
                L = -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3), axis=0, keepdims=True)
                self.losses.append(L[0, 0])
            dZ3 = A3 - Y
            dW3 = dZ3 @ A2.T
            db3 = np.sum(dZ3, axis=1, keepdims=True)
            dA2 = W3.T @ dZ3
            dZ2 = dA2 * (A2 * (1 - A2))
            dW2 = dZ2 @ A1.T
            db2 = np.sum(dZ2, axis=1, keepdims=True)
            dA1 = W2.T @ dZ2
            dZ1 = dA1 * (A1 * (1 - A1))
            dW1 = dZ1 @ X.T
            db1 = np.sum(dZ1, axis=1, keepdims=True)
            W1 = W1 - ALPHA * dW1
            b1 = b1 - ALPHA * db1
            W2 = W2 - ALPHA * dW2
            b2 = b2 - ALPHA * db2
            W3 = W3 - ALPHA * dW3
            b3 = b3 - ALPHA * db3
        return W1, b1, W2, b2, W3, b3

    def classes(self, n: int, losses: bool, W1: Array, b1: Array, W2: Array, b2: Array) -> Kept:
        for k in range(n):
            X, Y = self.columns[k % EXAMPLES]
            Z1 = W1 @ X + b1
            A1 = np.maximum(0, Z1)
            Z2 = W2 @ A1 + b2
            E = np.exp(Z2 - np.max(Z2, axis=0, keepdims=True))
            A2 = E / np.sum(E, axis=0, keepdims=True)
            if losses:
                L = -np.sum(Y * np.log(A2), axis=0, keepdims=True)
                self.losses.append(L[0, 0])
            dZ2 = A2 - Y
            dW2 = dZ2 @ A1.T
            db2 = np.sum(dZ2, axis=1, keepdims=True)
            dA1 = W2.T @ dZ2
            dZ1 = dA1 * np.heaviside(Z1, 0.0)
            dW1 = dZ1 @ X.T
            db1 = np.sum(dZ1, axis=1, keepdims=True)
            W1 = W1 - ALPHA * dW1
            b1 = b1 - ALPHA * db1
            W2 = W2 - ALPHA * dW2
            b2 = b2 - ALPHA * db2
        return W1, b1, W2, b2


def in_torch(case: Case, e: Experiment, expected: Kept) -> Run:
    """The same network with PyTorch's autograd and its plain SGD, in float64."""
    torch: Any = importlib.import_module("torch")
    functional: Any = importlib.import_module("torch.nn.functional")
    columns = [
        (torch.tensor(e.data.X[:, i : i + 1]), torch.tensor(e.data.Y[:, i : i + 1]))
        for i in range(EXAMPLES)
    ]
    activations: dict[str, Any] = {"sigmoid": torch.sigmoid, "relu": torch.relu}
    hidden, binary = activations[case.hidden], case.last == "sigmoid"

    def run(n: int) -> Any:
        parameters = [torch.tensor(p.copy(), requires_grad=True) for p in e.parameters().values()]
        optimizer = torch.optim.SGD(parameters, lr=ALPHA)
        layers = list(zip(parameters[::2], parameters[1::2], strict=True))
        for k in range(n):
            x, y = columns[k % EXAMPLES]
            for W, b in layers[:-1]:
                x = hidden(W @ x + b)
            z = layers[-1][0] @ x + layers[-1][1]
            if binary:
                loss = functional.binary_cross_entropy_with_logits(z, y)
            else:
                loss = functional.cross_entropy(z.T, y.T)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return parameters

    for ours, theirs in zip(expected, run(case.iterations), strict=True):
        np.testing.assert_allclose(theirs.detach().numpy(), ours, rtol=0, atol=1e-9)
    return run


def in_micrograd(case: Case, e: Experiment) -> Run:
    """A network of the same layers in micrograd: relu and squared error, as it has no others."""
    nn: Any = importlib.import_module("micrograd.nn")
    columns = [(e.data.X[:, i].tolist(), float(e.data.Y[0, i])) for i in range(EXAMPLES)]

    def run(n: int) -> None:
        model = nn.MLP(case.layers[0], list(case.layers[1:]))
        for k in range(n):
            x, y = columns[k % EXAMPLES]
            loss = (model(x) - y) ** 2
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= 0.001 * p.grad

    return run


# A million iterations -------------------------------------------------------------------------


def costs() -> Iterator[Row]:
    """What a million iterations of 3-3-1 cost, asked of a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.iterations", "--million"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    seconds, grown, peak = told["seconds"], told["grown"], told["peak"]
    yield Row(
        "a million of 3-3-1, with every loss",
        f"{seconds:.0f} s",
        f"{MILLION / seconds:,.0f} it/s",
        "",
    )
    yield Row("  extra memory", f"{grown:.1f} MiB", "", "", f"≤ {MEMORY:.0f} MiB", grown <= MEMORY)
    yield Row(
        "  its peak on the way", f"{peak:.1f} MiB", "", "", f"≤ {MEMORY:.0f} MiB", peak <= MEMORY
    )
    for what in ("jump to any", "one back from there"):
        own = told[what]
        worst = f"worst of {len(own)}: {max(own):.0f} ms"
        yield Row(
            f"  {what}", f"{median(own):.1f} ms", worst, "", f"≤ {JUMP:.0f} ms", median(own) <= JUMP
        )


def a_million() -> dict[str, Any]:
    """Runs them here, and measures."""
    run = History(CASES[0].experiment())
    advance(run, 2000)
    run.iteration(10)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
    began = time.perf_counter()
    advance(run, MILLION)
    seconds = time.perf_counter() - began
    there = random.Random(0).choices(range(1, MILLION + 1), k=100)
    jumps, backs = [], []
    for number in there:
        jumps.append(timed(lambda number=number: run.iteration(number)))  # type: ignore[misc]
        backs.append(timed(lambda number=number: run.iteration(max(1, number - 1))))  # type: ignore[misc]
    return {
        "seconds": seconds,
        "grown": resident("VmRSS") - before,
        "peak": resident("VmHWM") - before,
        "jump to any": jumps,
        "one back from there": backs,
    }


# Real data ------------------------------------------------------------------------------------


def digits() -> Iterator[Row]:
    """The 1,797 digits of 64 pixels that scikit-learn brings; the last 297 are not trained on."""
    if not importlib.util.find_spec("sklearn"):
        yield Row("digits of scikit-learn", "", "scikit-learn: not installed", "")
        return
    data: Any = importlib.import_module("sklearn.datasets").load_digits()
    X, Y = data.data.T / 16, np.eye(10)[:, data.target]  # (64, 1797), (10, 1797)
    trained, epochs = 1500, 20
    e = experiment(
        Network((64, 32, 10), ("relu", "softmax"), "cross_entropy"),
        Training(0.2, batch=20, order="shuffled"),
        X[:, :trained],
        Y[:, :trained],
    )
    run, iterations = History(e), epochs * e.batches_per_epoch
    began = time.perf_counter()
    advance(run, iterations)
    seconds = time.perf_counter() - began
    known: dict[str, Any] = {"X": X, **run.iteration(iterations).parameters}
    for step, expression in zip(run.program.steps, run.program.lowered, strict=True):
        if step.phase == "forward":
            known[step.symbol] = value(expression, known)
    right = known["A2"].argmax(axis=0) == data.target
    unseen = float(right[trained:].mean())
    yield Row(
        "digits, 64-32-10, batches of 20",
        f"{unseen:.1%} of the unseen",
        f"{epochs} epochs in {seconds:.1f} s, {iterations / seconds:,.0f} it/s",
        "",
        "≥ 90 %",
        unseen >= 0.9,
    )


def timed(work: Callable[[], object]) -> float:
    """How many milliseconds it takes."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def resident(key: str) -> float:
    """This process's memory now (VmRSS) or at its peak (VmHWM), in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024


if __name__ == "__main__":
    sys.exit(main())
