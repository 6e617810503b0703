"""The compiler: a program as one Python function over NumPy that runs many iterations.

The source is written from the same lowered expressions that are evaluated step by step, less the
steps that nothing reads, with what no iteration changes moved out of the loop; the numbers are the
same to the bit. It knows no formula of its own, and nothing of positions, batches or keyframes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np

from backprop_tui.maths.expressions import (
    SCALARS,
    Call,
    Cell,
    Expr,
    MatMul,
    Name,
    Transpose,
    children,
    is_scalar,
    names,
    walk,
)
from backprop_tui.maths.functions import PRIMITIVES, Array, Primitive
from backprop_tui.maths.values import ratio, xlog
from backprop_tui.maths.writing import numpy_source
from backprop_tui.model.experiment import Kept
from backprop_tui.model.program import Phase, Program

BATCH = ("X", "Y", "m")
"""What a batch brings."""
CONSTANTS = SCALARS - {"m", "t"}
"""The numbers that are the same in every iteration; t counts them."""

Known: TypeAlias = dict[Expr, str]
"""Parts of expressions that are computed ahead, by the names that they are read by."""


@dataclass(frozen=True)
class Line:
    """One assignment of the source."""

    symbol: str
    source: str
    phase: Phase | None = None
    """None for a part of a step that is computed ahead of it."""

    def __str__(self) -> str:
        return f"{self.symbol} = {self.source}"


@dataclass(frozen=True)
class Plan:
    """An iteration as lines of NumPy: what is needed of a batch once, and what is done each time.

    The lines of `fixed` read only the batch, constants and frozen parameters, so they hold as long
    as those do. `loop` is the rest, in the order of the program's steps.
    """

    fixed: tuple[Line, ...]
    loop: tuple[Line, ...]
    of_batch: tuple[str, ...]
    """The symbols of a batch that the loop reads, those of `fixed` among them."""
    constants: tuple[str, ...]
    """α, K, ..., as far as they are read."""
    counts: bool
    """Whether t is read, the number of the iteration."""
    kept: tuple[str, ...]
    frozen: tuple[str, ...]
    """Those of `kept` that have no update step."""


def plan(program: Program, wanted: Iterable[str] = ()) -> Plan:
    """What has to be computed for what is handed on, and for the `wanted` symbols."""
    return _Planner(program, tuple(wanted)).plan()


class _Planner:
    def __init__(self, program: Program, wanted: tuple[str, ...]) -> None:
        self.program, self.wanted = program, wanted
        self.frozen = tuple(s for s in program.kept if s not in program.positions)
        self.constant = {*BATCH, *CONSTANTS, *self.frozen}
        self.fixed: list[Line] = []
        self.numbers: list[Line] = []
        """Numbers that several steps of an iteration read: 1 − β1 to the power of t."""
        self.known: Known = {}
        self.read = set(wanted)
        """What the lines of the loop read."""

    def plan(self) -> Plan:
        needed, loop = self._needed(), list[Line]()
        for i in needed:
            step, e = self.program.steps[i], self.program.lowered[i]
            contiguous = is_contiguous(e)
            if self._is_constant(e):
                self.fixed.append(Line(step.symbol, self._source(e, contiguous), step.phase))
                self.constant.add(step.symbol)
                continue
            self._compute_ahead(e)
            self.read.update(_read(e, self.known))
            shared = shared_parts(e, self.known)
            for part, name in shared.items():
                others = {p: n for p, n in (self.known | shared).items() if p != part}
                loop.append(Line(name, source(part, others), step.phase))
            written = source(e, self.known | shared, contiguous)
            loop.append(Line(step.symbol, written, step.phase))
        used = {symbol for i in needed for symbol in names(self.program.lowered[i])}
        of_batch = [*BATCH, *(line.symbol for line in self.fixed)]
        return Plan(
            fixed=tuple(self.fixed),
            loop=(*self.numbers, *loop),
            of_batch=tuple(symbol for symbol in of_batch if symbol in self.read),
            constants=tuple(sorted(used & CONSTANTS)),
            counts="t" in used,
            kept=self.program.kept,
            frozen=self.frozen,
        )

    def _needed(self) -> list[int]:
        """The steps that something handed on or wanted depends on, in order."""
        read, needed = {*self.program.kept, *self.wanted}, []
        for i in reversed(range(len(self.program.steps))):
            symbol = self.program.steps[i].symbol
            if symbol in read:
                needed.append(i)
                read.remove(symbol)  # an earlier value of the same symbol is another matter
                read.update(names(self.program.lowered[i]))
        return needed[::-1]

    def _is_constant(self, e: Expr) -> bool:
        read = names(e)
        return bool(read) and self.constant.issuperset(read)

    def _compute_ahead(self, e: Expr) -> None:
        """Give names to the largest parts of `e` that need not be computed where they stand."""
        if e in self.known or isinstance(e, Name | Cell):
            return
        costs = not is_scalar(e) or any(isinstance(part, Call) for part in walk(e))
        if costs and self._is_constant(e):
            name = _transposed(e) or self._next("fixed")
            self.fixed.append(Line(name, self._source(e)))
            self.known[e] = name
        elif costs and SCALARS.issuperset(names(e)):
            name = self._next("number")
            self.numbers.append(Line(name, self._source(e)))
            self.read.update(names(e))
            self.known[e] = name
        else:
            for child in children(e):
                self._compute_ahead(child)

    def _next(self, word: str) -> str:
        return f"{word}{1 + sum(name.startswith(word) for name in self.known.values())}"

    def _source(self, e: Expr, contiguous: bool = True) -> str:
        return source(e, self.known, contiguous)


def _transposed(e: Expr) -> str | None:
    """A name for the transpose of a matrix."""
    match e:
        case Transpose(Name(symbol)):
            return f"{symbol}_T"
        case _:
            return None


def _visible(e: Expr, known: Known) -> Iterator[Expr]:
    """`e` and its parts from left to right, but not what a known part is made of."""
    yield e
    if e not in known:
        for child in children(e):
            yield from _visible(child, known)


def _read(e: Expr, known: Known) -> Iterator[str]:
    for part in _visible(e, known):
        if part in known:
            yield known[part]
        elif isinstance(part, Name | Cell):
            yield part.symbol


def shared_parts(e: Expr, known: Known) -> Known:
    """Names for the parts that `e` has more than once: softmax reads its exp(Z − max) twice."""
    shared: Known = {}
    for part in dict.fromkeys(_visible(e, known)):
        if children(part) and part not in known and not is_scalar(part):
            times = sum(p == part for p in _visible(e, known | shared))
            if times > 1:
                shared[part] = f"part{len(shared) + 1}"
    return shared


def source(e: Expr, known: Mapping[Expr, str], contiguous: bool = True) -> str:
    """`e` as NumPy source, known parts by their names.

    Where NumPy would not lay it out so, its value is made to lie in memory row by row.
    """

    def leaf(part: Expr) -> str | None:
        if part not in known and isinstance(part, Call) and PRIMITIVES[part.function].over:
            return _reduction(PRIMITIVES[part.function], numpy_source(part.args[0], leaf))
        return known.get(part)

    written = numpy_source(e, leaf)
    return written if contiguous else f"np.ascontiguousarray({written})"


def _reduction(function: Primitive, gathered: str) -> str:
    """np.sum and np.max less their wrappers, which cost more than a small sum itself.

    Axes are counted from the end: the same source works on a matrix and on a stack of them.
    """
    fold = {"sum": "np.add.reduce", "max": "np.maximum.reduce"}[function.fold]
    axis = {"row": "-1", "column": "-2", "matrix": "(-2, -1)"}[function.over or "matrix"]
    return f"{fold}({gathered}, axis={axis}, keepdims=True)"


def is_contiguous(e: Expr) -> bool:
    """Whether NumPy lays out the value of `e` row by row of its own accord.

    Products and sums over rows or columns are born so; what works element by element takes after
    what it reads, and a transpose is a view of columns.
    """
    match e:
        case Transpose():
            return False
        case MatMul():
            return True
        case Call(function, _) if PRIMITIVES[function].over:
            return True
        case _:
            return all(map(is_contiguous, children(e)))


def iteration_source(program: Program, wanted: Iterable[str] = ()) -> str:
    """The whole source: `fixed`, what a batch is prepared with, and `iterations`, the loop.

    After each iteration `keep` is called with each of the `wanted` symbols. `first` is the number
    of the first iteration, for programs that count them.
    """
    wanted = tuple(wanted)
    return "\n".join(_source_lines(plan(program, wanted), wanted)) + "\n"


def _source_lines(p: Plan, wanted: Sequence[str]) -> Iterator[str]:
    constants = "".join(f", {symbol}" for symbol in p.constants)
    yield f"def fixed(kept, X, Y, m{constants}):"
    yield '    """What the iterations read of a batch, and what none of them changes."""'
    if p.frozen:
        yield f"    {_tuple(s if s in p.frozen else '_' for s in p.kept)} = kept"
    yield from (f"    {line}" for line in p.fixed)
    yield f"    return {_tuple(p.of_batch)}"
    yield ""
    yield ""
    yield f"def iterations(kept, batches, first, keep{constants}):"
    yield '    """What is handed on after an iteration over each of the batches."""'
    yield f"    {_tuple(p.kept)} = kept"
    yield '    with np.errstate(all="ignore"):'
    batch = _tuple(p.of_batch) if p.of_batch else "_"
    if p.counts:
        yield f"        for t, ({batch}) in enumerate(batches, first):"
    else:
        yield f"        for {batch} in batches:"
    yield from (f"            {line}" for line in _body(p, wanted))
    yield f"    return {_tuple(p.kept)}"


def _body(p: Plan, wanted: Sequence[str]) -> Iterator[str]:
    phase = None
    for line in p.loop:
        if line.phase != phase:
            phase = line.phase
            yield f"# {phase}"
        yield str(line)
    yield from (f"keep({symbol})" for symbol in wanted)
    if not p.loop and not wanted:
        yield "pass"


def _tuple(symbols: Iterable[str]) -> str:
    written = ", ".join(symbols)
    return f"{written}," if written and "," not in written else written or "()"


@dataclass(frozen=True)
class Compiled:
    """The source, and the two functions that it defines."""

    source: str
    constants: tuple[str, ...]
    """The numbers that both functions take by name: alpha, K, ..."""
    fixed: Callable[..., tuple[Any, ...]]
    """fixed(kept, X, Y, m, *constants): a batch, as `iterations` reads it."""
    iterations: Callable[..., Kept]
    """iterations(kept, batches, first, keep, *constants): what the last of them hands on."""


def compiled(program: Program, wanted: Iterable[str] = ()) -> Compiled:
    """The program's iterations as a function; see `iteration_source`."""
    wanted = tuple(wanted)
    written = iteration_source(program, wanted)
    defined = _defined(written)
    constants = plan(program, wanted).constants
    return Compiled(written, constants, defined["fixed"], defined["iterations"])


# The losses of many iterations at once --------------------------------------------------------


@dataclass(frozen=True)
class Losses:
    """The loss as a function of stacks, an iteration's matrix behind the other's."""

    source: str
    constants: tuple[str, ...]
    of: Callable[..., Array]
    """of(A, Y, m, *constants): the loss of each iteration, from its A[L] and its Y."""


def losses_source(program: Program, objective: str, output: str) -> str | None:
    """The source of `losses`; None where a loss reads other matrices, or products of them.

    What is computed element by element, or summed within one matrix, comes to the same bits in a
    stack: asking for the loss then costs an iteration next to nothing.
    """
    steps = _loss_steps(program, objective)
    read = {symbol for i in steps for symbol in names(program.lowered[i])}
    own = {program.steps[i].symbol for i in steps}
    parts = [part for i in steps for part in walk(program.lowered[i])]
    if not read - own <= {output, "Y", "m", *CONSTANTS}:
        return None
    if any(isinstance(part, MatMul | Transpose | Cell) for part in parts):
        return None
    constants = "".join(f", {symbol}" for symbol in sorted(read & CONSTANTS))
    lines = [
        f"def losses({output}, Y, m{constants}):",
        '    """The loss of each iteration, from a stack of what they came to."""',
        '    with np.errstate(all="ignore"):',
        *(f"        {program.steps[i].symbol} = {source(program.lowered[i], {})}" for i in steps),
        f"    return {objective}.ravel()",
    ]
    return "\n".join(lines) + "\n"


def _loss_steps(program: Program, objective: str) -> list[int]:
    """The steps of the loss that the objective depends on, itself among them."""
    read, steps = {objective}, []
    for i in reversed(range(*program.phase_bounds("loss"))):
        if program.steps[i].symbol in read:
            steps.append(i)
            read.update(names(program.lowered[i]))
    return steps[::-1]


def compiled_losses(program: Program, objective: str, output: str) -> Losses | None:
    """The losses of many iterations as a function; see `losses_source`."""
    written = losses_source(program, objective, output)
    if written is None:
        return None
    read = {s for i in _loss_steps(program, objective) for s in names(program.lowered[i])}
    return Losses(written, tuple(sorted(read & CONSTANTS)), _defined(written)["losses"])


# From source to functions ---------------------------------------------------------------------


def _defined(source: str) -> dict[str, Any]:
    """What that source defines, with its numbers and NumPy's functions looked up beforehand."""
    ahead = _Ahead()
    tree = ast.fix_missing_locations(ahead.visit(ast.parse(source)))
    defined: dict[str, Any] = {"xlog": xlog, "ratio": ratio, **ahead.numbers, **ahead.functions}
    # Our own source: symbols are the program's, and a typed formula has become a tree before.
    exec(compile(tree, "<iterations>", "exec"), defined)
    return defined


class _Ahead(ast.NodeTransformer):
    """Names for the numbers and functions of a source; who reads it reads 1, 2 and np.exp.

    NumPy takes an array of no dimensions quicker than a float, and what it comes to is the same to
    the bit. No symbol has a space or a point.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, Array] = {}
        self.functions: dict[str, Any] = {}

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        number = node.value
        return self._number(float(number)) if isinstance(number, int | float) else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        operand = self.visit(node.operand)
        if isinstance(operand, ast.Name) and operand.id in self.numbers:  # there is no plus
            return self._number(-float(self.numbers[operand.id]))
        return ast.UnaryOp(node.op, operand)

    def visit_Subscript(self, node: ast.Subscript) -> ast.Subscript:
        return node  # a cell

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        return node  # an axis

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        name = ast.unparse(node)
        if not name.startswith("np."):
            return self.generic_visit(node)
        self.functions[name] = attrgetter(name.removeprefix("np."))(np)
        return ast.Name(name, ast.Load())

    def _number(self, number: float) -> ast.Name:
        name = f"number {number!r}"
        self.numbers[name] = number_array(number)
        return ast.Name(name, ast.Load())


def number_array(number: float) -> Array:
    """A number as an array of no dimensions, that nothing writes to."""
    array = np.array(number, dtype=np.float64)
    array.flags.writeable = False
    return array
