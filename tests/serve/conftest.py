"""A server as its users start it: a process of its own, at a port that is free. Its sessions are
processes of fresh interpreters."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.warm import Warm

SEED = "7"
"""With weights of its own, a lesson asks nothing: space is a step, all the way."""


class Served:
    """`backprop-tui serve` while it runs."""

    def __init__(self, process: Warm) -> None:
        self.process = process
        self.said = process.stdout.readline()
        found = re.search(r"http://\S+:(\d+)/", self.said)
        assert found, self.said
        self.address, self.port = found[0], int(found[1])

    def sessions(self) -> list[int]:
        """The processes that it has started and that have not ended (Linux)."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [child for child in map(int, path.read_text().split()) if is_alive(child)]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait()


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@contextmanager
def serving(*argv: str) -> Iterator[Served]:
    with Warm(["serve", "--port", "0", *argv]) as process:
        yield Served(process)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving("article", "--seed", SEED) as server:
        yield server
