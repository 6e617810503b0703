"""Writing expressions: as text for the screen, LaTeX, NumPy and PyTorch source, and arithmetic.

There is one writer, which sets the parentheses, and one table of signs for each notation; `parser`
reads the text back into the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce

from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Compare,
    Delta,
    Diff,
    Div,
    Expr,
    Indexed,
    MatMul,
    Mul,
    Name,
    Neg,
    Num,
    Partial,
    Sum,
    SumOver,
    Transpose,
    as_expr,
    is_scalar,
    loss_term,
    raised,
    rebuild,
)
from backprop_tui.maths.functions import FUNCTIONS, PRIMITIVES, is_derivative, sign_of
from backprop_tui.maths.values import CONVENTIONS, value

SUBSCRIPTS = dict(zip("kpstuvxrnhlo", "ₖₚₛₜᵤᵥₓᵣₙₕₗₒ", strict=True))
"""The letters of the indices that sums run over, and their subscripts for the Σ."""

# How tightly a piece of text binds: a comparison least, a symbol most.
COMPARISON, SUM, PRODUCT, NEGATION, POSTFIX, ATOM = range(6)
POSTFIX_SIGN = re.compile(r"(<msup>|<mrow>)*\*")
"""How the template of a function begins whose sign follows its argument: z²."""

GREEK = {
    "alpha": "α",
    "beta1": "β1",
    "beta2": "β2",
    "epsilon": "ε",
    "weight_decay": "λ",
    "l2": "λ₂",
}
LATEX_GREEK = {
    "alpha": r"\alpha",
    "beta1": r"\beta_1",
    "beta2": r"\beta_2",
    "epsilon": r"\varepsilon",
    "weight_decay": r"\lambda",
    "l2": r"\lambda_2",
}


@dataclass(frozen=True)
class Notation:
    """The signs of one notation. In a function's template `*` stands for the arguments,
    or each `*` for one."""

    number: Callable[[float], str]
    name: Callable[[str], str]
    cell: Callable[[Cell], str]
    call: Callable[[str], str]
    plus: str = "+"
    minus: str = "−"
    negative: str = "−"
    """The sign in front of one number."""
    transpose: str = "{}ᵀ"
    matmul: str = "·"
    hadamard: str = "∘"
    times: str = "·"
    by: str = "×"
    """The sign of a product where numbers are put in."""
    across: str = "×"
    """Between the rows and the columns of a shape."""
    over: str = "/"
    comma: str = ", "
    equals: str = "="
    becomes: str = "←"
    ellipsis: str = "…"
    comparison: Callable[[str], str] = str
    """How a sign of comparison, < or ≤, is written."""
    figure: Callable[[str], str] = str
    """How a figure, a number that is rounded already, is written: −0.264."""
    parentheses: tuple[str, str] = ("(", ")")
    encloses: bool = True
    """Whether the templates of functions have parentheses: σ(Z1), but sigma of Z 1."""
    fraction: str | None = None
    """The template of a quotient; None to write it with a slash."""
    broad: int | None = None
    """The most numbers and symbols above or below the bar of a fraction; with more it is written
    with a slash, at which a line can be broken."""
    guarded: bool = False
    """Whether a negative number after another sign has parentheses: 2 × (−3)."""
    entry: Callable[[str, str, str], str] = lambda symbol, i, j: f"{symbol}[{_place(i, j)}]"
    """An element whose row and column are letters: dW2[i,j], b2[i] where it has one column."""
    partial: str = "∂{}/∂{}"
    delta: str = "[{}={}]"
    """Kronecker's delta."""
    gathered: Callable[[str, str], str] = lambda sign, k: f"{sign}{SUBSCRIPTS[k]}"
    """The sign of a sum or a maximum over an index: Σₖ."""
    conventions: bool = False
    """Whether x·log(a) and x/a are calls, as in code, where 0·log 0 and 0/0 must be computed."""
    base: str = "{}"
    """The template of what a power or a transpose is raised behind, if no parenthesis ends it."""
    power: str | None = None
    """The template of a power; None to write a call."""
    tight: frozenset[str] = frozenset({"·"})
    """The signs that have no spaces inside a sum: W1·X + b1, but dZ2 · A1ᵀ."""
    fold: int | None = None
    """The most terms of a sum; of a longer one the first, `…` and the last are written."""
    leaf: Callable[[Expr], str | None] = lambda e: None
    """What is written in place of a part: its shape or number; None to write the part out."""

    @property
    def before(self) -> int:
        """How tightly the operand of a minus must bind: −(−x), but minus minus x."""
        return POSTFIX if self.encloses else NEGATION


def _place(row: object, column: object) -> str:
    """The row and the column of an element, without the one that it does not have."""
    return ",".join(str(index) for index in (row, column) if index != "")


def write(e: Expr, notation: Notation) -> str:
    """`e` in that notation, with no more parentheses than it needs."""
    return _Writer(notation).write(e)[0]


class _Writer:
    def __init__(self, notation: Notation) -> None:
        self.n = notation

    def write(self, e: Expr, in_sum: bool = False, behind: bool = False) -> tuple[str, int]:
        """The text of `e`, and how tightly it binds; `behind` says that a sign precedes it."""
        n = self.n
        if (written := n.leaf(e)) is not None:
            negative = written.startswith(n.negative)
            return self.negative(written, behind) if negative else (written, ATOM)
        if n.conventions and (term := loss_term(e)):
            operands = ", ".join(self.write(part)[0] for part in term)
            return f"{CONVENTIONS[type(e)].__name__}({operands})", ATOM
        match e:
            case Num(value):
                return n.number(value), ATOM
            case Name(symbol):
                return n.name(symbol), ATOM
            case Cell():
                return n.cell(e), ATOM
            case Neg(SumOver() as x):  # −Σₖ needs no parentheses
                return self.negative(n.negative + self.write(x)[0], behind)
            case Neg(x):
                return self.negative(n.negative + self.at(x, n.before, in_sum), behind)
            case Transpose(x):
                return n.transpose.format(self.base(x, POSTFIX)), POSTFIX
            case Sum(terms):
                return self.sum(terms, behind), SUM
            case Diff(x, y):
                taken = self.at(y, PRODUCT, True, behind=True)
                return f"{self.at(x, SUM, True, behind)} {n.minus} {taken}", SUM
            case Div(x, y) if n.fraction and not self.is_broad(x, y):
                return n.fraction.format(self.at(x, SUM), self.at(y, SUM)), POSTFIX
            case MatMul(x, y):
                tight = isinstance(x, Mul) and not is_scalar(x.left)  # (dA ∘ σ′(Z))·Xᵀ, for people
                return self.product(x, n.matmul, y, in_sum, behind, POSTFIX if tight else PRODUCT)
            case Mul(x, y):
                both, one = is_scalar(x) and is_scalar(y), is_scalar(x) or is_scalar(y)
                sign = n.times if both or one else n.hadamard
                return self.product(x, sign, y, in_sum, behind)
            case Div(x, y):
                return self.product(x, n.over, y, in_sum, behind)
            case Call("power", (x, y)) if n.power and _is_read_as_power(e):
                raised_to = self.at(y, SUM if n.fraction else ATOM)  # smaller and above the line
                return n.power.format(self.base(x, ATOM), raised_to), POSTFIX
            case Call(function, args):
                return self.call(n.call(function), args)
            case Compare(x, sign, y):
                return f"{self.at(x, SUM)} {n.comparison(sign)} {self.at(y, SUM)}", COMPARISON
            case Indexed(symbol, row, column):
                return n.entry(symbol, row, column) if row or column else n.name(symbol), ATOM
            case Partial(x, y):
                return n.partial.format(self.at(x, ATOM), self.at(y, ATOM)), NEGATION
            case Delta(x, y):
                return n.delta.format(x, y), ATOM
            case SumOver(index, _, body):
                return f"{n.gathered('Σ', index)} {self.at(body, PRODUCT, in_sum=True)}", NEGATION
            case _:
                raise TypeError(f"no way to write {e!r}")

    def at(self, e: Expr, tightness: int, in_sum: bool = False, behind: bool = False) -> str:
        """`e`, in parentheses where it binds less tightly than its place requires."""
        written, own = self.write(e, in_sum, behind)
        return written if own >= tightness else self.enclosed(self.write(e)[0])

    def base(self, e: Expr, tightness: int) -> str:
        """`e` as what something is raised behind, in braces where no parenthesis ends it."""
        written = self.at(e, tightness)
        return written if written.endswith(")") else self.n.base.format(written)

    def enclosed(self, written: str) -> str:
        opening, closing = self.n.parentheses
        return f"{opening}{written}{closing}"

    def negative(self, written: str, behind: bool) -> tuple[str, int]:
        if behind and self.n.guarded:
            return self.enclosed(written), ATOM
        return written, NEGATION

    def shown(self, terms: tuple[Expr, ...]) -> tuple[Expr, ...]:
        """The terms of a sum that are written out."""
        fold = self.n.fold
        return terms if fold is None or len(terms) <= fold else (*terms[: fold - 1], terms[-1])

    def is_broad(self, *sides: Expr) -> bool:
        """Whether one side of a quotient is too long to stand above or below a bar."""
        return self.n.broad is not None and max(map(self.leaves, sides)) > self.n.broad

    def leaves(self, e: Expr) -> int:
        """The number of numbers and symbols that are written for `e`."""
        if (written := self.n.leaf(e)) is not None:  # Σₖ dZ[i,k]·A[j,k] has two
            return 1 + written.count(self.n.times) + written.count("+")
        parts = self.shown(e.terms) if isinstance(e, Sum) else e.parts
        return sum(map(self.leaves, parts)) or 1

    def sum(self, terms: tuple[Expr, ...], behind: bool) -> str:
        shown = self.shown(terms)
        # A sum that starts with a sum keeps its parentheses: (a + b) + c is another tree.
        first = self.at(shown[0], PRODUCT if isinstance(shown[0], Sum) else SUM, True, behind)
        parts = [first, *(self.at(t, PRODUCT, True, behind=True) for t in shown[1:])]
        if len(shown) < len(terms):
            parts.insert(len(parts) - 1, self.n.ellipsis)
        return f" {self.n.plus} ".join(parts)

    def product(
        self, x: Expr, sign: str, y: Expr, in_sum: bool, behind: bool, tightness: int = PRODUCT
    ) -> tuple[str, int]:
        spaced = sign if in_sum and sign in self.n.tight else f" {sign} "
        left = self.at(x, tightness, in_sum, behind)
        if isinstance(x, Div) and isinstance(x.right, SumOver) and not self.n.fraction:
            left = self.enclosed(left)  # (a / Σₖ b) · c: a sum reaches to the end of its product
        right = self.at(y, NEGATION, in_sum, behind=True)
        if sign == THIN and right[:1].isdigit():  # 0.1 times 1, not 0.1 1
            spaced = f" {self.n.by} "
        return left + spaced + right, PRODUCT

    def call(self, template: str, args: tuple[Expr, ...]) -> tuple[str, int]:
        if POSTFIX_SIGN.match(template):  # no parentheses of its own; (Z²)² is not Z²²
            tightness = POSTFIX if isinstance(args[0], Transpose) else ATOM
            return template.replace("*", self.base(args[0], tightness)), POSTFIX
        if template.count("*") > 1:  # a place for each argument
            for part in args:
                template = template.replace("*", self.at(part, COMPARISON), 1)
            return template, COMPARISON
        tightness, own = (COMPARISON, ATOM) if self.n.encloses else (NEGATION, NEGATION)
        return template.replace("*", self.n.comma.join(self.at(a, tightness) for a in args)), own


def _is_read_as_power(e: Call) -> bool:
    """Whether x^y is read back as it is; e^x would be exp, x^2 a square, and x^T a transpose."""
    base, exponent = e.args
    return raised(base, exponent) == e and base != Name("e") and exponent != Name("T")


def plain_number(value: float) -> str:
    """The shortest decimal that reads back to the same float: 2, 0.01, 1e-06."""
    return repr(int(value)) if value.is_integer() and value < 1e15 else repr(float(value))


def _text_call(function: str) -> str:
    if function in PRIMITIVES:
        return PRIMITIVES[function].text
    return f"{sign_of(function)}{'′' if is_derivative(function) else ''}(*)"


TEXT = Notation(
    number=plain_number,
    name=lambda symbol: GREEK.get(symbol, symbol),
    cell=lambda c: f"{c.symbol}[{c.row},{c.column}]",
    call=_text_call,
    power="{}^{}",
)

GUARDED = replace(TEXT, guarded=True)
"""Text in which negative numbers after a sign have parentheses: 2 × (−3)."""


def _latex_name(symbol: str) -> str:
    if symbol in LATEX_GREEK:
        return LATEX_GREEK[symbol]
    found = re.fullmatch(r"([A-Za-z]+)(\d+)", symbol)
    return f"{found[1]}^{{[{found[2]}]}}" if found else symbol


def _latex_figure(figure: str) -> str:
    r"""A figure in LaTeX: -4.39 \cdot 10^{-4}, for −4.39e−4."""
    digits, e, exponent = figure.replace("−", "-").partition("e")
    digits = digits.replace("∞", r"\infty").replace("NaN", r"\mathrm{NaN}")
    return rf"{digits} \cdot 10^{{{exponent}}}" if e else digits


THIN = r"\,"
"""The space that stands for a product between letters."""
LATEX_GATHERED = {"Σ": r"\sum", "max": r"\max"}


def _latex_call(function: str) -> str:
    if function in PRIMITIVES:
        return PRIMITIVES[function].latex.replace("(*)", r"\left(*\right)")
    name = function.removesuffix("_derivative").replace("_", r"\_")
    sign = r"\sigma" if name == "sigmoid" else rf"\operatorname{{{name}}}"
    return rf"{sign}{chr(39) if is_derivative(function) else ''}\left(*\right)"


def _latex_entry(symbol: str, row: object, column: object) -> str:
    return f"{_latex_name(symbol)}_{{{_place(row, column)}}}"


LATEX = Notation(
    number=plain_number,
    name=_latex_name,
    cell=lambda c: _latex_entry(c.symbol, c.row, c.column),
    call=_latex_call,
    minus="-",
    negative="-",
    base="{{{}}}",
    transpose=r"{}^{{\mathsf T}}",
    matmul=THIN,
    hadamard=r"\circ",
    times=THIN,
    by=r"\times",
    across=r"\times",
    comparison=lambda sign: {"≤": r"\leq", "≥": r"\geq", "≠": r"\neq"}.get(sign, sign),
    ellipsis=r"\dots",
    becomes=r"\leftarrow",
    figure=_latex_figure,
    parentheses=(r"\left(", r"\right)"),
    fraction=r"\frac{{{}}}{{{}}}",
    guarded=True,
    entry=_latex_entry,
    power="{}^{{{}}}",
    partial=r"\frac{{\partial {}}}{{\partial {}}}",
    gathered=lambda sign, k: rf"{LATEX_GATHERED[sign]}_{{{k}}}",
    tight=frozenset(),
)


def _plain(latex: str) -> str:
    """The same LaTeX without \\left and \\right, between which no line can be broken."""
    plain = latex.replace(r"\left(", "(").replace(r"\right)", ")")
    return plain.replace(r"\left|", r"\lvert ").replace(r"\right|", r"\rvert ")


LATEX_IN_LINES = replace(
    LATEX,
    call=lambda function: _plain(_latex_call(function)),
    parentheses=("(", ")"),
    broad=4,
)
"""LaTeX for long formulas in a paragraph, which TeX can break at + and =."""


def _numpy_call(function: str) -> str:
    return PRIMITIVES[function].numpy if function in PRIMITIVES else f"{function}(*)"


NUMPY = Notation(
    number=plain_number,
    name=str,
    cell=lambda c: f"{c.symbol}[{c.row - 1}, {c.column - 1}]",
    call=_numpy_call,
    minus="-",
    negative="-",
    transpose="{}.T",
    matmul="@",
    hadamard="*",
    times="*",
    conventions=True,
    comparison=lambda sign: {"≤": "<=", "≥": ">=", "≠": "!=", "=": "=="}.get(sign, sign),
    tight=frozenset(),
)


def _torch_call(function: str) -> str:
    if function in PRIMITIVES:
        return PRIMITIVES[function].torch
    return FUNCTIONS[function].torch if function in FUNCTIONS else f"{function}(*)"


TORCH = replace(NUMPY, call=_torch_call)


def text(e: Expr) -> str:
    """`e` as the screen shows it; `parser.parse` reads it back."""
    return write(e, TEXT)


def latex(e: Expr) -> str:
    """`e` as LaTeX source, for mathematics mode."""
    return write(e, LATEX)


def numpy_source(e: Expr, leaf: Callable[[Expr], str | None] = lambda e: None) -> str:
    """`e` as Python source over NumPy, with what `leaf` gives for a part in its place.

    Beside NumPy it needs the activations that `e` calls, and `xlog(x, a)` and `ratio(x, a)` for the
    two terms of the losses with conventions of their own.
    """
    return write(_in_pairs(e), replace(NUMPY, leaf=leaf))


def torch_source(e: Expr) -> str:
    """`e` as Python source over PyTorch's float64 tensors, activations by PyTorch's own names."""
    return write(_of_tensors(_in_pairs(e)), TORCH)


def _of_tensors(e: Expr) -> Expr:
    """`e` as PyTorch takes it: functions of numbers are computed, max compares tensors."""
    e = rebuild(e, _of_tensors)
    match e:
        case Call(_, args) if all(isinstance(arg, Num | Neg) and is_scalar(arg) for arg in args):
            return as_expr(float(value(e, {})))
        case Call("max", (x, y)) if is_scalar(x) != is_scalar(y):
            number, other = (x, y) if is_scalar(x) else (y, x)
            filled = number * Call("torch.ones_like", (other,))
            return Call("max", (filled, other) if number is x else (other, filled))
        case _:
            return e


def _in_pairs(e: Expr) -> Expr:
    """`e` with each max of three or more values as nested ones of two, as np.maximum takes."""
    e = rebuild(e, _in_pairs)
    if isinstance(e, Call) and e.function == "max":
        return reduce(lambda x, y: Call("max", (x, y)), e.args)
    return e


def with_numbers(
    e: Expr,
    number: Callable[[Expr], str | None],
    fold: int | None = None,
    notation: Notation = TEXT,
) -> str:
    """`e` as arithmetic, with the figure that `number` gives for a part in its place.

    A term that begins with a minus is subtracted: 0.5 × 2 − 0.3 × 4.
    """

    def leaf(part: Expr) -> str | None:
        figure = number(part)
        return None if figure is None else written_figure(figure, notation)

    n = replace(notation, leaf=leaf, times=notation.by, tight=frozenset(), fold=fold)
    return write(e, n).replace(f" {n.plus} {n.negative}", f" {n.minus} ")


def written_figure(figure: str, notation: Notation) -> str:
    """A figure, or a function of one, exp(−5.000), in that notation."""
    if called := re.fullmatch(r"(\w+)\((.*)\)", figure):
        return notation.call(called[1]).replace("*", written_figure(called[2], notation))
    return notation.figure(figure)


def with_leaves(e: Expr, leaf: Callable[[Expr], str | None], notation: Notation = TEXT) -> str:
    """`e` as text, with what `leaf` gives for a part in its place: (1×1) · (3×1)ᵀ."""
    return write(e, replace(notation, leaf=leaf, tight=frozenset()))


def folded(e: Expr, fold: int | None, notation: Notation = TEXT) -> str:
    """`e` as text, with sums of more than `fold` terms shortened in the middle."""
    return write(e, replace(notation, fold=fold))
