"""The words and signs of a formula, each in one spelling: `@` is `·`, `.T` is `ᵀ`, `'` is `′`.

Where they may stand is the parser's to know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from backprop_tui.messages import printable

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+−-]?\d+)?)"
    r"|(?P<name>(?:np\.)?[A-Za-zα-ω_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*\s*2|\^\s*2|\.(?:T|max|sum|mean|dot)\b|\^T\b"
    r"|<=|>=|==|!=|[-−+]=|[-−+*×·@∘/()\[\],<>≤≥=≠←ᵀ²′']))"
)
OTHER_POWER = re.compile(r"\s*(\*\*|\^(?!T\b))(?!\s*2)")
SPELLINGS = {
    "-": "−",
    ".T": "ᵀ",
    "^T": "ᵀ",
    "**2": "²",
    "^2": "²",
    "@": "·",
    "*": "∘",
    "×": "∘",
    "'": "′",
    "<=": "≤",
    ">=": "≥",
    "==": "=",
    "!=": "≠",
    "-=": "−=",
}


class GrammarError(ValueError):
    """What could not be read, and where; its text is a sentence for the learner."""


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    at: int
    typed: str = ""
    """How it stands there, where `text` is one spelling of many."""


def tokens(source: str) -> list[Token]:
    """The words and signs of `source`, in one spelling."""
    found, at = [], 0
    source = source.rstrip()
    while at < len(source):
        if power := OTHER_POWER.match(source, at):
            place = f"“{power[1]}” at character {power.start(1) + 1}"
            raise GrammarError(f"only squares are read: {place} must have a 2 behind it")
        match = TOKEN.match(source, at)
        if match is None:
            start = at + len(source[at:]) - len(source[at:].lstrip())
            raise GrammarError(f"cannot read “{printable(source[start])}” at character {start + 1}")
        kind = str(match.lastgroup)
        word = match[kind].replace(" ", "")
        found.append(Token(kind, SPELLINGS.get(word, word), match.start(kind), match[kind]))
        at = match.end()
    return [*found, Token("end", "", len(source))]
