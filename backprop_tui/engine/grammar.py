"""The parser: text, as the screen shows it or as a NumPy user types it, read back into a tree.

    expression = sum [ ("<" | "≤" | ">" | "≥" | "=" | "≠") sum ]
    sum        = product { ("+" | "−") product }
    product    = negation { ("·" | "@" | "∘" | "×" | "*" | "/") negation }
    negation   = "−" negation | postfix
    postfix    = atom { "ᵀ" | ".T" | "²" | ".max()" | ".sum()" }
    atom       = number | name | name "[" row "," column "]" | "(" sum ")"
               | function "(" sum { "," sum } ")"

It never evaluates anything, and it is the only parser in the program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf

from backprop_tui.engine.algebra import (
    Call,
    Cell,
    Compare,
    Diff,
    Div,
    Expr,
    Mul,
    Name,
    Neg,
    Num,
    Sum,
    Transpose,
    children,
)
from backprop_tui.engine.functions import ACTIVATIONS, DEFINITIONS, PRIMITIVES
from backprop_tui.engine.notation import GREEK
from backprop_tui.engine.schema import short

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+−-]?\d+)?)"
    r"|(?P<name>[A-Za-zα-ω_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*\s*2|\^\s*2|\.T\b|\^T\b|\.max\(\)|\.sum\(\)|<=|>=|==|!=|[-−+*×·@∘/()\[\],<>≤≥=≠ᵀ²′']))"
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
}
METHODS = {"²": "square", ".max()": "largest", ".sum()": "total"}
"""What stands behind its argument."""
FUNCTIONS = {
    **{name: name for name in (*PRIMITIVES, *ACTIVATIONS)},
    **{f.symbol: f.name for f in ACTIVATIONS.values()},
}
LETTERS = {sign: symbol for symbol, sign in GREEK.items()}
LONGEST, DEEPEST = 10_000, 60
TALLEST = 120
"""Operations within each other: all that is done with a tree recurses as deep as it is tall."""


class GrammarError(ValueError):
    """What could not be read, and where; its text is a sentence for the learner."""


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    at: int
    typed: str = ""
    """How it stands there, where `text` is one spelling of many."""


def parse(source: str) -> Expr:
    """The tree that `source` is the text of.

    Raises GrammarError, with a sentence that names the place, for anything else.
    """
    if len(source) > LONGEST:
        raise GrammarError(f"a formula of {len(source)} characters is too long to read")
    return _Parser(source).whole()


def _low(e: Expr) -> Expr:
    """`e`, unless it is too tall a tower of operations; counted without recursion."""
    height, level = 0, [e]
    while level:
        height, level = height + 1, [child for x in level for child in children(x)]
        if height > TALLEST:
            raise GrammarError(f"more than {TALLEST} operations within each other")
    return e


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
            raise GrammarError(f"cannot read “{source[start]}” at character {start + 1}")
        kind = str(match.lastgroup)
        word = match[kind].replace(" ", "")
        found.append(Token(kind, SPELLINGS.get(word, word), match.start(kind), match[kind]))
        at = match.end()
    return [*found, Token("end", "", len(source))]


class _Parser:
    def __init__(self, source: str) -> None:
        self.tokens = tokens(source)
        self.next = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def take(self, *signs: str) -> str | None:
        """The next sign, if it is one of these."""
        if self.token.kind == "sign" and self.token.text in signs:
            self.next += 1
            return self.tokens[self.next - 1].text
        return None

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise self.unexpected(f"“{sign}”")

    def unexpected(self, wanted: str) -> GrammarError:
        token = self.token
        found = f"“{short(token.typed)}” at character {token.at + 1}" if token.text else "the end"
        return GrammarError(f"expected {wanted}, found {found}")

    def whole(self) -> Expr:
        e = self.sum()
        if sign := self.take("<", "≤", ">", "≥", "=", "≠"):
            e = Compare(e, sign, self.sum())
        if self.token.kind != "end":
            raise self.unexpected("a sign such as + or ·")
        return e

    def sum(self) -> Expr:
        self.depth += 1
        if self.depth > DEEPEST:
            raise GrammarError(f"more than {DEEPEST} parentheses within each other")
        e, growing = self.product(), False  # only a sum begun here takes further terms
        while sign := self.take("+", "−"):
            right = self.product()
            if sign == "−":
                e = Diff(e, right)
            else:
                e = Sum((*e.terms, right)) if growing and isinstance(e, Sum) else Sum((e, right))
            growing = sign == "+"
        self.depth -= 1
        return _low(e)

    def product(self) -> Expr:
        e, factors = _low(self.negation()), 1
        while sign := self.take("·", "∘", "/"):
            right = _low(self.negation())
            e = e @ right if sign == "·" else Mul(e, right) if sign == "∘" else Div(e, right)
            factors += 1
            if factors % TALLEST == 0:
                _low(e)
        return e

    def negation(self) -> Expr:
        signs = 0
        while self.take("−"):
            signs += 1
        e = self.postfix()
        for _ in range(signs):
            e = Neg(e)
        return e

    def postfix(self) -> Expr:
        e = self.atom()
        while sign := self.take("ᵀ", *METHODS):
            e = Transpose(e) if sign == "ᵀ" else Call(METHODS[sign], (e,))
        return e

    def atom(self) -> Expr:
        token = self.token
        if self.take("("):
            e = self.sum()
            self.need(")")
            return e
        if token.kind == "number":
            self.next += 1
            number = float(token.text.replace("−", "-"))
            if number == inf:
                raise GrammarError(f"the number at character {token.at + 1} is too large")
            return Num(number)
        if token.kind == "name":
            self.next += 1
            return self.named(token)
        raise self.unexpected("a number, a matrix or “(”")

    def named(self, token: Token) -> Expr:
        slope = self.take("′")
        if slope or (self.token.text == "(" and self.token.kind == "sign"):
            return self.call(token, bool(slope))
        if self.take("["):
            row = self.index()
            self.need(",")
            column = self.index()
            self.need("]")
            return Cell(token.text, row, column)
        return Name(LETTERS.get(token.text, token.text))

    def call(self, token: Token, slope: bool) -> Expr:
        name = FUNCTIONS.get(token.text)
        if name is None or (slope and f"{name}_slope" not in DEFINITIONS):
            written = short(token.text) + ("′" if slope else "")
            raise GrammarError(f"there is no function “{written}” (character {token.at + 1})")
        self.need("(")
        args = [self.sum()]
        while self.take(","):
            args.append(self.sum())
        self.need(")")
        if name == "max" and len(args) == 1:
            name = "largest"  # of one matrix
        wanted = PRIMITIVES[name].values if name in PRIMITIVES else range(1, 2)
        if len(args) not in wanted:
            many = "one value" if wanted[0] == 1 else f"{wanted[0]} values"
            raise GrammarError(f"{token.text} takes {many} (character {token.at + 1})")
        return Call(f"{name}_slope" if slope else name, tuple(args))

    def index(self) -> int:
        token = self.token
        digits = token.kind == "number" and token.text.isdigit() and len(token.text) <= 9
        if not digits or int(token.text) < 1:
            raise self.unexpected("a row or column, counted from 1")
        self.next += 1
        return int(token.text)
