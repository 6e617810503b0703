"""The parser: reads a formula, as the screen shows it or as NumPy code, into an expression.

    expression = sum [ ("<" | "≤" | ">" | "≥" | "=" | "≠") sum ]
    assignment = [ name ( "=" | "←" | "−=" | "+=" ) ] sum
    sum        = product { ("+" | "−") product }
    product    = negation { ("·" | "@" | "∘" | "×" | "*" | "/") negation }
    negation   = "−" negation | postfix
    postfix    = atom { "ᵀ" | ".T" | "²" | ( "^" | "**" ) [ "−" ] atom | ".dot(" sum ")"
                      | ( ".sum" | ".max" | ".mean" ) "(" { axis } ")" }
    atom       = number | name | name "[" row "," column "]" | "(" sum ")"
               | function "(" sum { "," ( sum | axis ) } ")"
               | "where" "(" sum ( "<" | … | "≠" ) sum "," sum "," sum ")"
    axis       = "axis" "=" ( "0" | "1" ) | "keepdims" "=" "True"

Each sign has one spelling: `@` is read as `·`, `.T` as `ᵀ`, `'` as `′`. Nothing is evaluated, and
this is the only parser of the program.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from math import inf

from backprop_tui.maths.expressions import (
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
    OwnFunction,
    Sum,
    Transpose,
    children,
    matrix,
)
from backprop_tui.maths.functions import DEFINITIONS, FUNCTIONS, LOSSES, PRIMITIVES
from backprop_tui.maths.rules import derivative_of
from backprop_tui.maths.writing import GREEK
from backprop_tui.messages import nearest, printable, short

GATHERED = {
    ("sum", None): "total",
    ("sum", 1): "row_sums",
    ("sum", 0): "col_sums",
    ("max", None): "largest",
    ("max", 1): "row_max",
    ("max", 0): "col_max",
    ("mean", None): "mean",
    ("mean", 1): "row_means",
    ("mean", 0): "col_means",
}
"""The functions for NumPy's sum, max and mean along an axis."""
NAMED: dict[str, str] = {
    **{name: name for name in (*PRIMITIVES, *DEFINITIONS)},
    **{f.symbol: f.name for f in FUNCTIONS.values()},
    **{name.replace("_derivative", "_slope"): name for name in DEFINITIONS},  # as 0.1.0 wrote it
    "maximum": "max",
    "sigma": "sigmoid",
}
OPERATIONS: dict[str, Callable[[Expr, Expr], Expr]] = {
    "dot": operator.matmul,
    "matmul": operator.matmul,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "add": operator.add,
    "subtract": operator.sub,
    "xlog": lambda x, a: Mul(x, Call("log", (a,))),
    "ratio": Div,
    "heaviside": lambda x, at_zero: Call("step", (x,)),
    **LOSSES,
}
"""NumPy's functions of two values, those of exported programs, and the losses, as operators of the
tree."""
LETTERS = {sign: symbol for symbol, sign in GREEK.items()} | dict.fromkeys(
    ("lr", "learning_rate", "η", "eta"), "alpha"
)
TOKEN = re.compile(  # the Greek letters are α to ω
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+−-]?\d+)?)"
    r"|(?P<name>(?:np\.)?[A-Za-z\u03b1-\u03c9_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|\.(?:T|max|sum|mean|dot)\b|\^T\b|\^"
    r"|<=|>=|==|!=|[-−+]=|[-−+*×·@∘/()\[\],<>≤≥=≠←ᵀ²′']))"
)
SPELLINGS = {
    "-": "−",
    ".T": "ᵀ",
    "^T": "ᵀ",
    "**": "^",
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
COMPARISONS = ("<", "≤", ">", "≥", "=", "≠")
LONGEST, DEEPEST = 10_000, 60
"""The most characters of a formula, and of parentheses within each other."""
TALLEST = 120
"""The most operations within each other: every walk over a tree recurses as deep as it is tall."""


def has_derivative(function: str) -> bool:
    """Whether a function may be written with a ′: σ′, but not softmax′ or exp′."""
    return f"{function}_derivative" in DEFINITIONS or isinstance(function, OwnFunction)


class GrammarError(ValueError):
    """A formula that cannot be read; its text says what is wrong at which character."""


def parse(
    source: str, functions: Mapping[str, str] | None = None, matrices: Container[str] = ()
) -> Expr:
    """The expression that `source` is the text of; `functions` are further names of functions, and
    `matrices` those whose names would otherwise mean constants.

    Raises GrammarError, which says what is wrong at which character.
    """
    return _Parser(source, functions or {}, matrices).whole()


def parse_assignment(
    source: str, functions: Mapping[str, str] | None = None, matrices: Container[str] = ()
) -> tuple[str | None, Expr]:
    """The symbol on the left-hand side, or None where there is none, and the right-hand side.

    Raises GrammarError like `parse`.
    """
    return _Parser(source, functions or {}, matrices).assignment()


@dataclass(frozen=True)
class Token:
    """A number, a name or a sign of a formula, or its end."""

    kind: str
    """number, name, sign or end."""
    text: str
    """In the one spelling."""
    at: int
    """Its first character, from 0."""
    typed: str = ""
    """As it was typed."""


def tokens(source: str) -> list[Token]:
    """The tokens of `source`, and the end. Raises GrammarError at a character that begins none."""
    found, at = [], 0
    source = source.rstrip()
    while at < len(source):
        match = TOKEN.match(source, at)
        if match is None:
            start = at + len(source[at:]) - len(source[at:].lstrip())
            raise GrammarError(f"cannot read “{printable(source[start])}” at character {start + 1}")
        kind = str(match.lastgroup)
        word = match[kind].replace(" ", "")
        found.append(Token(kind, SPELLINGS.get(word, word), match.start(kind), match[kind]))
        at = match.end()
    return [*found, Token("end", "", len(source))]


def _limited(e: Expr) -> Expr:
    """`e`. Raises GrammarError where its tree is too tall; counted without recursion."""
    height, level = 0, [e]
    while level:
        height, level = height + 1, [child for x in level for child in children(x)]
        if height > TALLEST:
            raise GrammarError(f"more than {TALLEST} nested operations")
    return e


class _Parser:
    def __init__(self, source: str, functions: Mapping[str, str], matrices: Container[str]) -> None:
        if len(source) > LONGEST:
            raise GrammarError(f"a formula of {len(source)} characters is too long to read")
        self.functions, self.matrices = {**NAMED, **functions}, matrices
        self.tokens = tokens(source)
        self.next = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def take(self, *signs: str) -> str | None:
        """Take the next token, if it is one of these signs, and return it."""
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
        if sign := self.take(*COMPARISONS):
            e = Compare(e, sign, self.sum())
        self.end()
        return e

    def end(self) -> None:
        if self.token.kind != "end":
            raise self.unexpected("a sign such as + or ·")

    def assignment(self) -> tuple[str | None, Expr]:
        target, sign = self.token, None
        if target.kind == "name":
            self.next += 1
            sign = self.take("=", "←", "−=", "+=")
            if sign is None:
                self.next -= 1
        e = self.sum()
        self.end()
        if sign in ("−=", "+="):
            e = Name(target.text) - e if sign == "−=" else Name(target.text) + e
        return (target.text if sign else None), e

    def sum(self) -> Expr:
        self.depth += 1
        if self.depth > DEEPEST:
            raise GrammarError(f"more than {DEEPEST} nested parentheses")
        e, growing = self.product(), False  # only a sum begun here takes further terms
        while sign := self.take("+", "−"):
            right = self.product()
            if sign == "−":
                e = Diff(e, right)
            else:
                e = Sum((*e.terms, right)) if growing and isinstance(e, Sum) else Sum((e, right))
            growing = sign == "+"
        self.depth -= 1
        return _limited(e)

    def product(self) -> Expr:
        e, factors = _limited(self.negation()), 1
        while sign := self.take("·", "∘", "/"):
            right = _limited(self.negation())
            e = e @ right if sign == "·" else Mul(e, right) if sign == "∘" else Div(e, right)
            factors += 1
            if factors % TALLEST == 0:
                _limited(e)
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
        while sign := self.take("ᵀ", "²", "^", ".sum", ".max", ".mean", ".dot"):
            if sign == "ᵀ":
                e = Transpose(e)
            elif sign == "²":
                e = Call("square", (e,))
            elif sign == "^":
                exponent = self.exponent()
                square = exponent == Num(2.0)
                e = Call("square", (e,)) if square else Call("power", (e, exponent))
            else:
                at = self.tokens[self.next - 1]
                self.need("(")
                args, axis = self.arguments() if not self.take(")") else ([], {})
                e = self.applied(sign.removeprefix("."), [e, *args], axis, at)
        return e

    def exponent(self) -> Expr:
        """What stands behind ^: −1, 0.5, (n + 1)."""
        return Neg(self.atom()) if self.take("−") else self.atom()

    def atom(self) -> Expr:
        token = self.token
        if self.take("("):
            e = self.sum()
            if self.take(">"):  # (Z1 > 0), as NumPy writes a gate
                e = self.gate(e)
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

    def gate(self, e: Expr) -> Expr:
        """1 where `e` is greater than 0, else 0: the rest of (Z1 > 0)."""
        if self.token.text != "0":
            raise self.unexpected("0, as in (Z1 > 0)")
        self.next += 1
        return Call("step", (e,))

    def named(self, token: Token) -> Expr:
        derivative = self.take("′")
        if derivative or (self.token.text == "(" and self.token.kind == "sign"):
            return self.call(token, bool(derivative))
        if self.take("["):
            row = self.index()
            self.need(",")
            column = self.index()
            self.need("]")
            return Cell(token.text, row, column)
        if token.text.startswith("np."):
            raise GrammarError(f"{short(token.text)} needs “(” after it (character {token.at + 1})")
        if token.text in self.matrices:
            return matrix(token.text)
        return Name(LETTERS.get(token.text, token.text))

    def call(self, token: Token, derivative: bool) -> Expr:
        name = token.text.removeprefix("np.")
        if name in ("sum", "mean", "transpose", *OPERATIONS) and not derivative:
            self.need("(")
            args, axis = self.arguments()
            return self.applied(name, args, axis, token)
        function = self.functions.get(name)
        if function is None or (derivative and not has_derivative(function)):
            raise self.unknown(token, derivative)
        self.need("(")
        condition = [self.comparison()] if function == "where" and not derivative else []
        if condition:
            self.need(",")
        args, axis = self.arguments()
        args = [*condition, *args]
        if function == "max" and (len(args) == 1 or axis):
            return self.applied(function, args, axis, token)
        wanted = PRIMITIVES[function].values if function in PRIMITIVES else range(1, 2)
        if len(args) not in wanted or axis:
            raise self.takes(wanted[0], token)
        call = Call(function, tuple(args))
        return derivative_of(call) if derivative else call

    def comparison(self) -> Compare:
        """The condition that where() takes first: Z1 > 0."""
        left = self.sum()
        if (sign := self.take(*COMPARISONS)) is None:
            raise self.unexpected("a comparison, as in Z > 0")
        return Compare(left, sign, self.sum())

    def arguments(self) -> tuple[list[Expr], dict[str, int]]:
        """The arguments up to the closing parenthesis, and the values of axis= and keepdims=."""
        args: list[Expr] = []
        axis: dict[str, int] = {}
        while True:
            ahead = self.tokens[self.next + 1] if self.token.kind == "name" else self.token
            if self.token.text in ("axis", "keepdims") and ahead.typed == "=":
                word = self.token.text
                self.next += 2
                axis[word] = self.word(word)
            else:
                args.append(self.sum())
            if not self.take(","):
                self.need(")")
                return args, axis

    def word(self, word: str) -> int:
        """The value of `axis=` or `keepdims=`."""
        values = {"0": 0, "1": 1} if word == "axis" else {"True": 1}
        if self.token.text not in values:
            raise self.unexpected(" or ".join(values))
        self.next += 1
        return values[self.tokens[self.next - 1].text]

    def applied(self, name: str, args: list[Expr], axis: dict[str, int], token: Token) -> Expr:
        """The expression for a function of NumPy that is no primitive here: sum, dot, ..."""
        place = f"(character {token.at + 1})"
        if name in ("sum", "max", "mean"):
            if len(args) != 1:
                raise self.takes(1, token)
            if (function := GATHERED.get((name, axis.get("axis")))) is None:
                raise GrammarError(f"no step uses the {name} along that axis {place}")
            if "axis" in axis and "keepdims" not in axis:
                raise GrammarError(
                    "keepdims=True is missing: without it NumPy gives a plain list of numbers, "
                    f"neither a row nor a column {place}"
                )
            return Call(function, tuple(args))
        apply = OPERATIONS.get(name)
        if axis or len(args) != (2 if apply else 1):
            raise self.takes(2 if apply else 1, token)
        return apply(args[0], args[1]) if apply else Transpose(args[0])

    def takes(self, wanted: int, token: Token) -> GrammarError:
        many = "one value" if wanted == 1 else f"{wanted} values"
        return GrammarError(f"{token.typed.lstrip('.')} takes {many} (character {token.at + 1})")

    def unknown(self, token: Token, derivative: bool) -> GrammarError:
        written = short(token.text) + ("′" if derivative else "")
        function, hint = self.functions.get(token.text), ""
        if function is None and (meant := nearest(token.text, self.functions)):
            hint = f"; did you mean {meant}?"
        elif function not in (None, token.text):
            hint = f": {token.text} is {function}, whose derivative is not a function of one number"
        return GrammarError(f"there is no function “{written}” (character {token.at + 1}){hint}")

    def index(self) -> int:
        token = self.token
        digits = token.kind == "number" and token.text.isdigit() and len(token.text) <= 9
        if not digits or int(token.text) < 1:
            raise self.unexpected("a row or column, counted from 1")
        self.next += 1
        return int(token.text)
