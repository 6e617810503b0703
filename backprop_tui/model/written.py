"""A network that is written as forward formulas, as its file has it.

    Z1 = "Wx·X1 + b"        H1 = "tanh(Z1)"        L = "half_squared_error(H1, Y)"

Each line is one step; `formulas` makes the architecture of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from backprop_tui.maths.shapes import Shape
from backprop_tui.messages import count
from backprop_tui.model.network import Network

REPEATED = re.compile(r"\{\s*t\s*([+−-]\s*\d+)?\s*\}")
"""What stands for a number in a repeated line: {t}, {t-1}."""


class FormulaLine(NamedTuple):
    """One line of [forward], written out for its t."""

    key: str
    """As the file has it: Z{t}."""
    symbol: str
    source: str
    t: int | None


@dataclass(frozen=True)
class WrittenNetwork:
    """The [parameters], [forward], [functions] and [repeat] of a file, and the shapes of its data.

    All as the file has them; the formulas are texts.
    """

    parameters: tuple[tuple[str, Shape], ...]
    data: tuple[tuple[str, Shape], ...]
    """The shape of each input and target for one example."""
    forward: tuple[tuple[str, str], ...]
    functions: tuple[tuple[str, str], ...] = ()
    repeat: tuple[int, int] | None = None
    """The first and the last t of the repeated lines."""
    same: frozenset[str] = frozenset()
    """The inputs that are the same matrix for each example."""
    batches: tuple[int, ...] = (1,)
    """How many examples its batches have: the formulas must fit each."""
    given: tuple[str, ...] = ()
    """The symbols of [given]: values and gradients that are not computed."""
    absent: tuple[str, ...] = ()
    """The data that is left out beside them: none, as formulas need all shapes."""

    @property
    def sizes(self) -> str:
        """How large it is, in a few words."""
        return count(sum(1 for _ in self.lines()), "formula")

    def lines(self) -> Iterator[FormulaLine]:
        """The lines, in order. Neighbouring ones with {t} are one block, written for each t."""
        for repeated, block in groupby(self.forward, lambda line: "{" in line[0]):
            lines = list(block)
            if not repeated:
                yield from (FormulaLine(key, key, source, None) for key, source in lines)
                continue
            first, last = self.repeat or (0, -1)
            for t in range(first, last + 1):
                for key, source in lines:
                    yield FormulaLine(key, written_for(key, t), written_for(source, t), t)


def dense(network: Network | WrittenNetwork) -> Network:
    """The network, where it is dense. Raises TypeError for a written one."""
    if isinstance(network, Network):
        return network
    raise TypeError(f"a network of {network.sizes} has no layers")


def written_for(source: str, t: int) -> str:
    """A repeated line with its numbers in place of {t} and {t-1}."""

    def number(match: re.Match[str]) -> str:
        shift = (match[1] or "0").replace("−", "-").replace(" ", "")
        return str(t + int(shift))

    return REPEATED.sub(number, source)
