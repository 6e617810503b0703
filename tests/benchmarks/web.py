"""Learners in browsers: the memory of a session, and how many two cores hold.

`python -m tests.benchmarks.web`. Every learner presses a key a second; from the key to the last
byte of its repaint, as the page gets it, is to take less than 100 ms in 19 of 20 cases. Learners
are added until that fails. Pages are sockets here, so a browser's own painting is not in it; the
server and all sessions share two cores with what measures them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from aiohttp import ClientSession, ClientWebSocketResponse

from tests.serve.conftest import SEED, Served, serving

CORES = 2
BOUND = 0.1
"""Seconds from a key to its repaint."""
QUIET = 0.03
"""Seconds without a byte after which a repaint is over."""
ROUNDS = 12
"""Keys of each learner, one a second."""
STEPS = (4, 8, 16, 24, 32, 48, 64)
"""Learners at once."""


class Learner:
    """One page: it presses space once a second and notes how long each repaint takes."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket, self.repaints, self.last = socket, list[float](), 0.0
        self.listening = asyncio.create_task(self.listen())

    async def listen(self) -> None:
        """Take in what comes, as a page does: a page that answers nothing is gone."""
        async for _ in self.socket:
            self.last = perf_counter()

    async def repainted(self, since: float) -> float:
        """Seconds until the last byte of what comes next."""
        while self.last < since or perf_counter() - self.last < QUIET:
            if self.listening.done():
                raise SystemExit("a session has ended")
            await asyncio.sleep(QUIET / 4)
        return self.last - since

    async def press_keys(self, delay: float) -> None:
        await asyncio.sleep(delay)
        for _ in range(ROUNDS):
            pressed = perf_counter()
            await self.socket.send_json(["stdin", " "])
            self.repaints.append(await self.repainted(pressed))
            await asyncio.sleep(max(0.0, pressed + 1.0 - perf_counter()))


def resident(processes: Sequence[int]) -> list[float]:
    """Memory that each process has to itself (MiB): what ends with its session."""
    sizes = []
    for process in processes:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
        parts = {line.split()[0]: int(line.split()[1]) for line in lines}
        sizes.append((parts["Private_Clean:"] + parts["Private_Dirty:"]) / 1024)
    return sizes


async def measure(served: Served) -> None:
    print("learners   median     95 %   memory of a session")
    held = 0
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(ClientSession())
        learners: list[Learner] = []
        for number in STEPS:
            while len(learners) < number:
                address = f"{served.address}ws?width=120&height=40"
                learner = Learner(await stack.enter_async_context(client.ws_connect(address)))
                await learner.repainted(perf_counter())
                learners.append(learner)
            for learner in learners:
                learner.repaints.clear()
            await asyncio.gather(
                *(learner.press_keys(i / number) for i, learner in enumerate(learners))
            )
            times = [t for learner in learners for t in learner.repaints]
            worst = quantiles(times, n=20)[-1]
            memory = median(resident(served.sessions()))
            print(
                f"{number:8} {median(times) * 1e3:5.0f} ms {worst * 1e3:5.0f} ms {memory:8.0f} MiB"
            )
            if worst > BOUND:
                break
            held = number
    count = f"at least {held}" if held == STEPS[-1] else str(held)
    print(f"{CORES} cores hold {count} sessions: a key a second each, repainted within 100 ms")


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with serving("article", "--seed", SEED, "--max-sessions", str(STEPS[-1])) as served:
        asyncio.run(measure(served))


if __name__ == "__main__":
    main()
