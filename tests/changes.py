"""Valid inputs with a few changes in their own grammar: most of them reach the rules of a reader.

A text is changed in its words, numbers, signs and lines; a document in its keys and values.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from types import FrameType
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

SECONDS = 20.0
"""Of CPU: far more than anything takes that is read here."""
LONGEST = 320
"""Characters of a fault: two lines of a wide terminal."""
TOKEN = re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?|\w+|\s+|.", re.DOTALL)
NUMBERS = (
    *("0", "1", "-1", "2", "0.5", "-0.0", "1e-320", "1e308", "1e999", "nan", "inf", "−3", "1_0"),
    *("64", "10001", "1000000", "9223372036854775807", "9223372036854775808", "9" * 40, "½", "٣"),
)
"""Numbers at the bounds of what is admitted, or beyond."""
SIGNS = (
    *'()[]{}"=,.;:+-*/@^|<>!&\'#%$~`\\',
    *("−", "·", "∘", "ᵀ", "′", "σ", "Σ", "∂", "≤", "½", "==", "**", "∂L/∂", '"""', "[[", "]]"),
    *("\n", "\t", " ", "\x00", "\x1b", "\u202e", "\u2028", "\ufeff", "é", "💥"),
)  # fmt: skip
WORDS = (
    *("X", "Y", "W1", "b1", "Z1", "A1", "dW1", "dZ2", "L", "J", "m", "K", "alpha", "t", "T", "W99"),
    *("max", "sum", "mean", "log", "exp", "softmax", "sigmoid", "relu", "where", "total", "np"),
    *("true", "false", "adam", "sgd", "cross_entropy", "half_squared_error", "loss", "data", "kg"),
)
SCALARS: tuple[Any, ...] = (
    *(0, 1, -1, 2, 3, 64, 10_001, 2**31, 2**63 - 1, 2**63, 10**400, True, False, 0.5, -0.5, 0.0),
    *(1e308, -1e308, 5e-324, float("nan"), float("inf"), "", "W1", "sigmoid", "1", "\x1b[31m"),
    *("x" * 300, "X@Y", "{t}", "softmax(X)", "../../etc/passwd", [], {}, [[]], [1]),
    *([[1.0]], [[1], [2, 3]]),
)  # fmt: skip


@st.composite
def changed_texts(draw: DrawFn, text: str, most: int = 3) -> str:
    """A text with one to `most` changes; words are changed for others of its own, or well-known."""
    tokens = TOKEN.findall(text)
    own = sorted({token for token in tokens if token[:1].isalpha()})
    words = st.sampled_from([*own, *WORDS])
    for _ in range(draw(st.integers(1, most))):
        if not tokens:
            break
        at, to = (draw(st.integers(0, len(tokens) - 1)) for _ in range(2))
        match draw(st.sampled_from(("other", "other", "drop", "twice", "swap", "insert", "line"))):
            case "other":
                now = tokens[at]
                others = NUMBERS if now[0].isdigit() else SIGNS
                tokens[at] = draw(words if now[0].isalpha() else st.sampled_from(others))
            case "drop":
                del tokens[at]
            case "twice":
                tokens.insert(to, tokens[at])
            case "swap":
                tokens[at], tokens[to] = tokens[to], tokens[at]
            case "insert":
                tokens.insert(at, draw(words | st.sampled_from((*NUMBERS, *SIGNS))))
            case "line":
                lines = "".join(tokens).splitlines(keepends=True)
                line = draw(st.integers(0, len(lines) - 1))
                moved = lines.pop(line) if draw(st.booleans()) else lines[line]
                if draw(st.booleans()):
                    lines.insert(draw(st.integers(0, len(lines))), moved)
                tokens = TOKEN.findall("".join(lines))
    return "".join(tokens)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every table or list within a value, each with each of its keys or indices."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


@st.composite
def changed_documents(draw: DrawFn, document: dict[str, Any], most: int = 3) -> dict[str, Any]:
    """A document, as JSON or TOML has it, with one to `most` changes."""
    document = deepcopy(document)
    for _ in range(draw(st.integers(1, most))):
        places = list(_places(document))
        if not places:
            break
        # A key is as likely as any other: else the numbers of the matrices would be nearly all.
        keys = [place for place in places if isinstance(place[0], dict)]
        within, at = draw(st.sampled_from(places) | st.sampled_from(keys or places))
        other, there = draw(st.sampled_from(places))
        value = within[at]
        match draw(st.sampled_from(("value", "value", "text", "drop", "swap", "rename", "copy"))):
            case "text" if isinstance(value, str):
                within[at] = draw(changed_texts(value))
            case "value" | "text":
                within[at] = deepcopy(draw(st.sampled_from(SCALARS)))
            case "drop":
                del within[at]
            case "swap":
                within[at], other[there] = deepcopy(other[there]), deepcopy(value)
            case "rename" if isinstance(within, dict):
                name = draw(st.sampled_from([key for d, key in keys]) | st.sampled_from(WORDS))
                within[name] = within.pop(at)
            case _:  # a row, an entry or a table once more
                if isinstance(within, list):
                    within.insert(at, deepcopy(value))
                else:
                    within[draw(st.sampled_from(WORDS))] = deepcopy(value)
    return document


@contextmanager
def answered(*refusals: type[Exception]) -> Iterator[None]:
    """What is read within comes to an end, or is refused with faults: each one printable line.

    It hangs, and fails, where it takes more than some seconds of this process's own time.
    """

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {SECONDS} s of CPU")

    faults: tuple[str, ...] = ()
    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    except refusals as refusal:
        faults = getattr(refusal, "faults", ()) or tuple(str(refusal).split("\n"))
    else:
        return
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    assert is_told(faults), faults


def is_told(faults: Iterable[str]) -> bool:
    """Whether each is one printable line, none longer than a reader reads."""
    return all(f.strip() and f.isprintable() and len(f) <= LONGEST for f in faults)
