"""What a careful person writes to train one network on one CSV file: NumPy, and nothing to spare.

4-16-3, tanh and softmax, cross-entropy, gradient descent on shuffled batches. It is what `train` is
measured against, so it computes the same numbers to the bit; with `--losses each` it keeps every
loss, as `train` does, else one an epoch. With `--tanh np` it calls np.tanh, as most people would:
another rounding, and other last digits.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np

SEED, ALPHA, CLASSES = 7, 0.1, ["blue", "green", "red"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--iterations", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--losses", choices=("each", "epoch"), default="each")
    parser.add_argument("--tanh", choices=("exp", "np"), default="exp")
    parser.add_argument("--history")
    parser.add_argument("--parameters")
    options = parser.parse_args()
    iterations, size = options.iterations, options.batch
    each, by_exp = options.losses == "each", options.tanh == "exp"

    with open(options.data, newline="") as file:
        rows = list(csv.reader(file))[1:]
    inputs = np.array([[float(cell) for cell in row[:-1]] for row in rows])
    scaled = inputs / np.abs(inputs).max(axis=0)
    away = scaled - scaled.mean(axis=0)
    standardized = away / np.sqrt(np.mean(away * away, axis=0))
    all_X = np.ascontiguousarray(standardized.T)  # (4, N)
    kinds = [CLASSES.index(row[-1]) for row in rows]
    all_Y = np.ascontiguousarray(np.eye(len(CLASSES))[:, kinds])  # (3, N)

    random = np.random.default_rng(SEED)
    W1, b1 = random.normal(0.0, np.sqrt(1 / 4), (16, 4)), np.zeros((16, 1))
    W2, b2 = random.normal(0.0, np.sqrt(1 / 16), (3, 16)), np.zeros((3, 1))

    examples, epoch, done = len(rows), 0, 0
    losses = []
    began = time.perf_counter()
    while done < iterations:
        epoch += 1
        order = np.random.default_rng([SEED, epoch]).permutation(examples)
        for start in range(0, examples, size):
            at = order[start : start + size]
            X, Y, m = all_X.take(at, axis=1), all_Y.take(at, axis=1), len(at)
            Z1 = W1 @ X + b1
            A1 = 2 / (1 + np.exp(-2 * Z1)) - 1 if by_exp else np.tanh(Z1)
            Z2 = W2 @ A1 + b2
            E = np.exp(Z2 - Z2.max(axis=0, keepdims=True))
            A2 = E / E.sum(axis=0, keepdims=True)
            if each or start + size >= examples or done + 1 == iterations:
                losses.append(-(Y * np.log(A2)).sum(axis=0).sum() / m)
            dZ2 = A2 - Y
            dW2 = dZ2 @ A1.T / m
            db2 = dZ2.sum(axis=1, keepdims=True) / m
            dZ1 = W2.T @ dZ2 * (1 - A1 * A1)
            dW1 = dZ1 @ X.T / m
            db1 = dZ1.sum(axis=1, keepdims=True) / m
            W1 = W1 - ALPHA * dW1
            b1 = b1 - ALPHA * db1
            W2 = W2 - ALPHA * dW2
            b2 = b2 - ALPHA * db2
            done += 1
            if done == iterations:
                break
    seconds = time.perf_counter() - began

    if options.history:
        lines = "".join(f"{n},{float(loss)!r}\n" for n, loss in enumerate(losses, 1))
        Path(options.history).write_text("iteration,loss\n" + lines)
    if options.parameters:
        np.savez(options.parameters, W1=W1, b1=b1, W2=W2, b2=b2)
    hidden = np.tanh(W1 @ all_X + b1)
    right = np.mean((W2 @ hidden + b2).argmax(axis=0) == all_Y.argmax(axis=0))
    print(f"loss {losses[0]:.6f} in iteration 1, {losses[-1]:.6f} in iteration {done}")
    print(f"accuracy {100 * right:.1f} %")
    print(f"time {seconds:.6f} s")


if __name__ == "__main__":
    main()
