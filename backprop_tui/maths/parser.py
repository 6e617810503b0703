"""The parser: reads a formula, however it is spelled, into an expression.

    expression = sum [ sign of comparison sum ]
    assignment = [ name ( "=" | "←" | "−=" | "+=" ) ] choice
    choice     = sum [ sign of comparison sum ]          1 where it is so, else 0
    sum        = product { ("+" | "−") product }
    product    = negation { ("·" | "∘" | "/") negation | postfix }          W2ᵀ dZ2 is W2ᵀ · dZ2
    negation   = "−" negation | postfix
    postfix    = atom { "ᵀ" | "′" | "²" | "³" | "⁻¹" | "^" exponent | method "(" arguments ")" }
    exponent   = "−" exponent | atom [ "^" exponent ]
    atom       = number | name | name "[" row "," column "]" | "(" choice ")"
               | "frac" group group | function "(" arguments ")" | function postfix
    arguments  = ( choice | axis ) { "," ( choice | axis ) }
    axis       = ( "axis" | "dim" ) "=" number | ( "keepdims" | "keepdim" ) "=" ( "True" | "False" )

How signs and names are spelled stands in the tables of `spellings`, which functions there are in
`numpy_calls`. Nothing is evaluated, and this is the only parser of the program.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from math import inf, pi
from typing import NamedTuple

from backprop_tui.maths.expressions import (
    SCALARS,
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
    is_scalar,
    matrix,
    names,
    raised,
)
from backprop_tui.maths.numpy_calls import OPERATIONS, Calls, Counts, gate
from backprop_tui.maths.spellings import GrammarError as GrammarError
from backprop_tui.maths.spellings import Token, symbol_meant, tokens
from backprop_tui.messages import short

LONGEST, DEEPEST = 10_000, 60
"""The most characters of a formula, and of parentheses within each other."""
TALLEST = 120
"""The most operations within each other: every walk over a tree recurses as deep as it is tall."""
COMPARISONS = ("<", "≤", ">", "≥", "=", "≠")
ASSIGNS = ("=", "←", "−=", "+=")
WORDED = {"axis": "axis", "dim": "axis", "keepdims": "keepdims", "keepdim": "keepdims"}
MODULES = (Name("F"), Name("nn"), Name("tf"))
"""Modules whose functions are read, as F.relu(Z1), where a program has no such symbol."""
NO_SCALAR = "NumPy's @ takes no single number: there it is *"
POWERS = {"²": Num(2.0), "³": Num(3.0), "⁻¹": Neg(Num(1.0))}


class Assignment(NamedTuple):
    """A formula that was read."""

    target: str | None
    """The symbol on its left-hand side, where it has one."""
    expression: Expr
    notes: tuple[str, ...] = ()
    """What differs from NumPy in how it was read."""


def parse(
    source: str,
    functions: Mapping[str, str] | None = None,
    symbols: Collection[str] | None = None,
) -> Expr:
    """The expression that `source` is the text of; `functions` are further names of functions.

    `symbols` are the names of a program: each comes before any other spelling, and dw_1 is then
    dW1. Raises GrammarError, which says what is wrong at which character.
    """
    return _Parser(source, functions, symbols).whole()


def parse_assignment(
    source: str,
    functions: Mapping[str, str] | None = None,
    symbols: Collection[str] | None = None,
    counts: Counts | None = None,
) -> Assignment:
    """A formula with the symbol on its left-hand side, if it has one. Raises like `parse`.

    Without `counts` there are no means.
    """
    return _Parser(source, functions, symbols, counts).assignment()


def _limited(e: Expr) -> Expr:
    """`e`. Raises GrammarError where its tree is too tall; counted without recursion."""
    height, level = 0, [e]
    while level:
        height, level = height + 1, [child for x in level for child in x.parts]
        if height > TALLEST:
            raise GrammarError(f"more than {TALLEST} nested operations")
    return e


class _Parser:
    def __init__(
        self,
        source: str,
        functions: Mapping[str, str] | None,
        symbols: Collection[str] | None,
        counts: Counts | None = None,
    ) -> None:
        if len(source) > LONGEST:
            raise GrammarError(f"a formula of {len(source)} characters is too long to read")
        self.symbols, self.calls = symbols, Calls(functions or {}, counts)
        self.tokens = tokens(source, symbols)
        self.next = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    @property
    def following(self) -> Token:
        """The token after the next one, or the end."""
        return self.tokens[min(self.next + 1, len(self.tokens) - 1)]

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

    def assignment(self) -> Assignment:
        target, sign = None, None
        ahead = self.following
        if self.token.kind == "name" and ahead.text in ASSIGNS and ahead.typed != "==":
            target, sign = self.symbol(self.token), ahead.text
            self.next += 2
        e = self.choice()
        self.end()
        if target is not None and sign in ("−=", "+="):
            e = Name(target) - e if sign == "−=" else Name(target) + e
        return Assignment(target, e, tuple(dict.fromkeys(self.calls.notes)))

    def choice(self) -> Expr:
        """A sum, or a comparison as a number: (Z1 > 0), as NumPy writes a gate."""
        e = self.sum()
        if self.token.typed == "=" or not (sign := self.take(*COMPARISONS)):
            return e
        return _limited(gate(e, sign, self.sum()))

    def nested(self, read: Callable[[], Expr]) -> Expr:
        """What `read` gives; Python's own stack sets a limit to how deep formulas nest."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise GrammarError(f"more than {DEEPEST} nested parentheses")
        e = read()
        self.depth -= 1
        return _limited(e)

    def sum(self) -> Expr:
        return self.nested(self.terms)

    def terms(self) -> Expr:
        e, growing = self.product(), False  # only a sum begun here takes further terms
        while sign := self.take("+", "−"):
            right = self.product()
            if sign == "−":
                e = Diff(e, right)
            else:
                e = Sum((*e.terms, right)) if growing and isinstance(e, Sum) else Sum((e, right))
            growing = sign == "+"
        return e

    def product(self) -> Expr:
        e, factors = _limited(self.negation()), 1
        while (sign := self.take("·", "∘", "/")) or self.is_beside():
            if sign == "/":
                self.one_way()
            typed = self.tokens[self.next - 1].typed
            right = _limited(self.negation() if sign else self.postfix())
            if typed == "@" and (is_scalar(e) or is_scalar(right)):
                self.calls.notes.append(NO_SCALAR)
            e = Mul(e, right) if sign == "∘" else Div(e, right) if sign == "/" else e @ right
            factors += 1
            if factors % TALLEST == 0:
                _limited(e)
        return e

    def one_way(self) -> None:
        """Raise GrammarError at 1/2m, which can be (1/2)·m and 1/(2·m)."""
        number, after = self.token, self.following
        touches = number.kind == "number" and after.at == number.at + len(number.typed)
        if touches and (after.kind == "name" or after.text == "("):
            both = f"{number.typed}{short(after.typed)}"
            raise GrammarError(
                f"“/{both}” at character {number.at} can be read in two ways: "
                f"write /({both}…), or a space before “{short(after.typed)}”"
            )

    def is_beside(self) -> bool:
        """Whether a factor begins here without a sign before it, in the same line: W2ᵀ dZ2."""
        token = self.token
        begins = token.kind == "name" or token.text in ("(", "\\frac", "|(")
        return begins and not token.new_line

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
        while True:
            token = self.token
            if token.kind == "method":
                self.next += 1
                e = self.applied(token, e)
            elif self.take("ᵀ", "′"):
                e = Transpose(e)
            elif sign := self.take(*POWERS):
                e = raised(e, POWERS[sign])
            elif self.take("^"):
                e = self.power(e)
            else:
                return e

    def power(self, base: Expr) -> Expr:
        """`base` to the power that follows; e to it is exp."""
        exponent = self.nested(self.exponent)
        if base == Name("e") and "e" not in (self.symbols or ()):
            return Call("exp", (exponent,))
        return raised(base, exponent)

    def exponent(self) -> Expr:
        if self.take("−"):
            return Neg(self.nested(self.exponent))
        e = self.atom()
        return self.power(e) if self.take("^") else e

    def atom(self) -> Expr:
        token = self.token
        if self.take("("):
            return self.closed()
        if self.take("1["):  # 1[Z1 > 0]
            e = self.choice()
            if not self.take(")"):
                self.need("]")
            return e
        if self.take("|("):
            return Call("abs", (self.closed(),))
        if self.take("\\frac"):
            above = self.group()
            return Div(above, self.group())
        if token.kind == "number":
            self.next += 1
            number = float(token.text)
            if number == inf:
                raise GrammarError(f"the number at character {token.at + 1} is too large")
            return Num(number)
        if token.kind == "name":
            self.next += 1
            return self.named(token)
        if token.text == "[":
            raise GrammarError(
                f"character {token.at + 1}: a formula has no matrix written out; a network of "
                "[forward] formulas has it in [data], by a name: M = { matrix = [[1], [0]] }"
            )
        raise self.unexpected("a number, a matrix or “(”")

    def group(self) -> Expr:
        """What stands in the braces behind \\frac."""
        self.need("(")
        return self.closed()

    def closed(self) -> Expr:
        e = self.choice()
        self.need(")")
        return e

    def symbol(self, token: Token) -> str:
        """The symbol that a name stands for."""
        name = token.text
        if self.symbols is None or name in self.symbols or name in SCALARS:
            return name
        return symbol_meant(name, self.symbols) or name

    def named(self, token: Token) -> Expr:
        """A symbol, a cell of it, or a function that is applied."""
        is_symbol = token.typed in (self.symbols or ())
        function = None if is_symbol else self.calls.named(token.text)
        primed = self.token.text == "′" and self.following.text == "("
        if self.token.text == "(" and self.token.kind == "sign":
            factors = {*SCALARS, *(self.symbols or ())}
            if function or self.symbol(token) not in factors:
                return self.called(token, function)
        elif primed and (function or self.symbols is None):
            self.next += 1
            return self.called(token, function, derivative=True)
        elif function and self.is_beside():  # log A2, in LaTeX
            return self.calls.call(token, function, [self.nested(self.postfix)], {})
        if self.take("["):
            row = self.index()
            if self.token.text == "]":
                name = self.symbol(token)
                raise GrammarError(
                    f"{name}[{row}] needs a row and a column, as {name}[{row},1] "
                    f"(character {self.token.at + 1})"
                )
            self.need(",")
            column = self.index()
            if not self.take(")"):  # W^{[1]}_{2,1}
                self.need("]")
            return Cell(self.symbol(token), row, column)
        if token.typed.endswith(".pi"):  # of NumPy: pi alone is a name
            return Num(pi)
        if token.typed.endswith(f".{token.text}") and token.text != "e":
            raise GrammarError(
                f"{short(token.typed)} needs “(” after it (character {token.at + 1})"
            )
        symbol = self.symbol(token)
        return matrix(symbol) if symbol in (self.symbols or ()) else Name(symbol)

    def called(self, token: Token, function: str | None, derivative: bool = False) -> Expr:
        """A function of what stands in the parentheses that follow."""
        if function is None:
            raise self.calls.unknown(token, derivative)
        self.need("(")
        condition = [self.condition()] if function == "where" and not derivative else []
        args, axis = self.arguments()
        return self.calls.call(token, function, [*condition, *args], axis, derivative)

    def condition(self) -> Expr:
        """What where() takes first: a comparison, Z1 > 0, or what is 1 or 0."""
        e = self.sum()
        if sign := self.take(*COMPARISONS):
            e = Compare(e, sign, self.sum())
        self.need(",")
        return e

    def applied(self, token: Token, e: Expr) -> Expr:
        """A method of `e`: A1.sum(axis=1)."""
        function = self.calls.named(token.text)
        if function is None or not (self.token.kind == "sign" and self.token.text == "("):
            raise self.calls.unknown(token)
        self.need("(")
        args, axis = self.arguments() if not self.take(")") else ([], {})
        is_whole = len(args) == OPERATIONS[function][0] if function in OPERATIONS else len(args) > 0
        if not (is_whole and e in MODULES and self.is_unknown(e)):
            args = [e, *args]
        return self.calls.call(token, function, args, axis)

    def is_unknown(self, e: Expr) -> bool:
        """Whether no symbol of the program is in it."""
        return self.symbols is not None and not {*names(e)} & {*self.symbols}

    def arguments(self) -> tuple[list[Expr], dict[str, int]]:
        """The arguments up to the closing parenthesis, and the values of axis= and keepdims=."""
        args: list[Expr] = []
        axis: dict[str, int] = {}
        while True:
            word = WORDED.get(self.token.text)
            if word and self.following.typed == "=":
                self.next += 2
                axis[word] = self.word(word)
            else:
                args.append(self.choice())
            if not self.take(","):
                self.need(")")
                return args, axis

    def word(self, word: str) -> int:
        """The value of `axis=` or `keepdims=`."""
        minus = "−" if self.take("−") else ""
        values = {"0": 0, "1": 1, "−1": 1, "−2": 0} if word == "axis" else {"True": 1, "False": 0}
        value = values.get(minus + self.token.text)
        if value is None:
            raise self.unexpected("0 or 1" if word == "axis" else "True")
        self.next += 1
        return value

    def index(self) -> int:
        token = self.token
        digits = token.kind == "number" and token.text.isdigit() and len(token.text) <= 9
        if not digits or int(token.text) < 1:
            raise self.unexpected("a row or column, counted from 1")
        self.next += 1
        return int(token.text)
