"""Expressions: the mathematics of a network as small trees, built with Python's operators.

    W1, X, b1 = Name("W1"), Name("X"), Name("b1")
    W1 @ X + b1        is        Sum((MatMul(W1, X), b1))

What is done with them has a module of its own each: their value (`values`), shape (`shapes`), text
(`writing`, `parser`), and elements (`elements`, `indices`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from operator import is_
from sys import intern
from typing import TypeAlias, TypeVar, dataclass_transform

SCALARS = frozenset("alpha m K beta1 beta2 epsilon weight_decay l2 t".split())
"""The names of single numbers: the learning rate, the numbers of examples in the batch and of
outputs, the constants of the optimizers, the weight decay, the factor of the L2 penalty, and the
iteration's number. A file may give such a name to a matrix of its own; then there is no number of
that name."""

Operand: TypeAlias = "Expr | float"


E = TypeVar("E", bound="Expr")
T = TypeVar("T")


def once(function: Callable[[E], T]) -> Callable[[E], T]:
    """A function of an expression alone, computed once for each: what it gave is kept in it."""
    kept = intern(f"_{function.__name__}")

    @wraps(function)
    def known(e: E) -> T:
        found: T | None = getattr(e, kept, None)
        if found is None:
            found = function(e)
            setattr(e, kept, found)
        return found

    return known


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(kind: type[T]) -> type[T]:
    """A kind of node, as a dataclass. mypy freezes it: at run time that makes a node cost twice."""
    made = dataclass(unsafe_hash=True)(kind)
    made.__hash__ = once(made.__hash__)  # type: ignore[assignment]
    return made


class Expr:
    """An expression: a node of the tree. `+ - * / @`, unary minus and `.T` build larger ones."""

    @property
    def parts(self) -> tuple[Expr, ...]:
        """The operands, from left to right."""
        return ()

    def of(self, parts: tuple[Expr, ...]) -> Expr:
        """The same operation on others."""
        return self

    def __add__(self, other: Operand) -> Expr:
        terms = self.terms if isinstance(self, Sum) else (self,)
        return Sum((*terms, as_expr(other)))

    def __radd__(self, other: Operand) -> Expr:
        return as_expr(other) + self

    def __sub__(self, other: Operand) -> Expr:
        return Diff(self, as_expr(other))

    def __rsub__(self, other: Operand) -> Expr:
        return Diff(as_expr(other), self)

    def __mul__(self, other: Operand) -> Expr:
        return Mul(self, as_expr(other))

    def __rmul__(self, other: Operand) -> Expr:
        return Mul(as_expr(other), self)

    def __truediv__(self, other: Operand) -> Expr:
        return Div(self, as_expr(other))

    def __rtruediv__(self, other: Operand) -> Expr:
        return Div(as_expr(other), self)

    def __matmul__(self, other: Operand) -> Expr:
        right = as_expr(other)
        return Mul(self, right) if is_scalar(self) or is_scalar(right) else MatMul(self, right)

    def __neg__(self) -> Expr:
        return Neg(self)

    @property
    def T(self) -> Expr:  # noqa: N802 (NumPy's own name)
        return Transpose(self)


@node
class Num(Expr):
    """A number ≥ 0; −2 is `Neg(Num(2.0))`."""

    value: float


@node
class Name(Expr):
    """A whole matrix (`W1`, `dZ2`), or one of the `SCALARS`."""

    symbol: str
    own: bool = field(default=False, repr=False)
    """Whether it is a matrix although one of the `SCALARS` has the same name."""

    @property
    def is_number(self) -> bool:
        """Whether it is one of the `SCALARS`."""
        return self.symbol in SCALARS and not self.own


@node
class Cell(Expr):
    """One number of a matrix; rows and columns count from 1."""

    symbol: str
    row: int
    column: int


@node
class Unary(Expr):
    """A node with one operand."""

    operand: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.operand,)

    def of(self, parts: tuple[Expr, ...]) -> Expr:
        return type(self)(*parts)


class Neg(Unary):
    """−x"""


class Transpose(Unary):
    """xᵀ: rows and columns change places."""


@node
class Binary(Expr):
    """A node with two operands. Nodes are equal if their classes and operands are."""

    left: Expr
    right: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return self.left, self.right

    def of(self, parts: tuple[Expr, ...]) -> Expr:
        return type(self)(*parts)


class Diff(Binary):
    """x − y"""


class MatMul(Binary):
    """The matrix product, `·`."""

    def of(self, parts: tuple[Expr, ...]) -> Expr:
        return Mul(*parts) if any(map(is_scalar, parts)) else MatMul(*parts)  # @ takes no number


class Mul(Binary):
    """The product element by element, `∘`, or of numbers, `×`."""


class Div(Binary):
    """x / y"""


@node
class Sum(Expr):
    """Any number of terms, added from left to right: 785 nested sums would recurse too deep."""

    terms: tuple[Expr, ...]

    @property
    def parts(self) -> tuple[Expr, ...]:
        return self.terms

    def of(self, parts: tuple[Expr, ...]) -> Expr:
        return Sum(parts)


@node
class Call(Expr):
    """A function of `functions`: exp, row_sums, sigmoid, sigmoid_derivative, ...; or an own one."""

    function: str
    args: tuple[Expr, ...]

    @property
    def parts(self) -> tuple[Expr, ...]:
        return self.args

    def of(self, parts: tuple[Expr, ...]) -> Expr:
        return Call(self.function, parts)


class OwnFunction(str):
    """The name of a function that a file defines, with what it stands for: an expression in z."""

    definition: Expr

    def __new__(cls, name: str, definition: Expr) -> OwnFunction:
        self = super().__new__(cls, name)
        self.definition = definition
        return self

    def __eq__(self, other: object) -> bool:
        own = isinstance(other, OwnFunction) and self.definition == other.definition
        return own and str.__eq__(self, str(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def matrix(symbol: str) -> Name:
    """The name of a matrix, whatever it is called."""
    return Name(symbol, symbol in SCALARS)


@node
class Compare(Expr):
    """A comparison: loss < 0.01 at the root of a condition, Z > 0 in where(Z > 0, Z, 0)."""

    left: Expr
    sign: str
    right: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return self.left, self.right

    def of(self, parts: tuple[Expr, ...]) -> Expr:
        return Compare(parts[0], self.sign, parts[1])


# What only a derivation has


@node
class Indexed(Expr):
    """One number of a matrix by the letters of its row and column: dW2[i,j].

    A letter is "" where the matrix has only one row or column; a row may be the number 1.
    """

    symbol: str
    row: str
    column: str


class Partial(Binary):
    """∂L/∂Z2 or ∂Z2[k]/∂W2[i,j]: a derivative that no rule has been applied to yet."""


@node
class Delta(Expr):
    """Kronecker's delta, [k=i]: 1 where two indices are equal, otherwise 0."""

    left: str
    right: str


@node
class SumOver(Expr):
    """Σₖ: the sum of `body` over an index from 1 to `count`."""

    index: str
    count: int
    body: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.body,)

    def of(self, parts: tuple[Expr, ...]) -> Expr:
        return SumOver(self.index, self.count, *parts)


HAVE_SYMBOLS = (Name, Cell, Indexed)
"""The nodes that read a symbol."""


def as_expr(operand: Operand) -> Expr:
    """The operand itself, or a number as a node."""
    if isinstance(operand, Expr):
        return operand
    return Neg(Num(float(-operand))) if operand < 0 else Num(float(operand))


def raised(x: Expr, exponent: Expr) -> Expr:
    """x to that power; 2 and −1 are the square and the quotient."""
    if exponent == Num(2.0):
        return Call("square", (x,))
    return Div(Num(1.0), x) if exponent == Neg(Num(1.0)) else Call("power", (x, exponent))


def rebuild(e: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """`e` with each of its direct parts changed; `e` itself, with all that is kept in it, where
    none of them is another."""
    parts = e.parts
    changed = tuple(map(change, parts))
    return e if all(map(is_, changed, parts)) else e.of(changed)


def walk(e: Expr) -> Iterator[Expr]:
    """`e` and all of its parts, from left to right."""
    todo = [e]
    while todo:
        yield (part := todo.pop())
        todo.extend(part.parts[::-1])


def differentiated(e: Expr) -> Iterator[Expr]:
    """`e` and its parts, but for conditions, k of where(k, a, b): no gradient goes through one."""
    if not isinstance(e, Compare):
        yield e
        for part in e.parts:
            yield from differentiated(part)


def calls(e: Expr) -> Iterator[Call]:
    """The calls of functions in `e`, from left to right."""
    return (part for part in walk(e) if isinstance(part, Call))


def replace(e: Expr, known: Mapping[Expr, Expr]) -> Expr:
    """`e` with every part that is a key of `known` replaced, the largest parts first."""
    return known[e] if e in known else rebuild(e, lambda child: replace(child, known))


@once
def names(e: Expr) -> tuple[str, ...]:
    """The symbols that `e` reads, each once, in order of reading."""
    found, todo = dict[str, None](), [e]
    while todo:
        part = todo.pop()
        if isinstance(part, HAVE_SYMBOLS):
            found[part.symbol] = None
        else:
            todo.extend(part.parts[::-1])
    return tuple(found)


def cells(e: Expr) -> tuple[Cell, ...]:
    """The cells that `e` reads, each once, in order of reading."""
    return tuple(dict.fromkeys(n for n in walk(e) if isinstance(n, Cell)))


@once
def is_scalar(e: Expr) -> bool:
    """Whether `e` is built of single numbers: 2, α, W1[2,1], exp(W1[2,1])."""
    match e:
        case Num() | Cell() | Indexed() | Delta():
            return True
        case Name():
            return e.is_number
        case _:
            return all(map(is_scalar, e.parts))


def loss_term(e: Expr) -> tuple[Expr, Expr] | None:
    """x and a where `e` is x·log(a), log(a)·x or x/a, and a is a value or one minus a value.

    In these two terms of the losses 0·log 0 = 0 and 0/0 = 0; in no other product or quotient.
    """
    match e:
        case Mul(x, Call("log", (a,))) | Mul(Call("log", (a,)), x) | Div(x, a):
            value = a.right if isinstance(a, Diff) and a.left == Num(1.0) else a
            known = isinstance(value, Cell) or (isinstance(value, Name) and not value.is_number)
            return (x, a) if known else None
        case _:
            return None
