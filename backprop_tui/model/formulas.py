"""Forward formulas made into an architecture: shapes, roles and groups are read off them.

`architecture_of_formulas` gives what a run needs of a written network, or all that is wrong with it
at once, each thing with its place in the file.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby, product
from typing import NamedTuple

from backprop_tui.maths.elements import gathers
from backprop_tui.maths.expressions import (
    SCALARS,
    Call,
    Cell,
    Compare,
    Diff,
    Expr,
    MatMul,
    Mul,
    Name,
    OwnFunction,
    Sum,
    Transpose,
    matrix,
    names,
    rebuild,
    walk,
)
from backprop_tui.maths.functions import LOSSES, Loss, z
from backprop_tui.maths.numpy_calls import OPERATIONS, RESERVED
from backprop_tui.maths.parser import GrammarError, parse
from backprop_tui.maths.rules import NoRule, derivative_of, rule_of
from backprop_tui.maths.shapes import Shape, ShapeMismatch, shape, written
from backprop_tui.maths.writing import text
from backprop_tui.messages import listed, nearest, short
from backprop_tui.model.architecture import Architecture, Role, Step
from backprop_tui.model.backward import gradient_goes_to, without_sums_of_one
from backprop_tui.model.layers import LOSS, OBJECTIVE, SYMBOL, Part
from backprop_tui.model.network import REPEATED, FormulaLine, WrittenNetwork

CHANCES = ("sigmoid", "softmax")
"""The functions whose results are chances of classes, whatever the loss."""
MOST_LINES = 300
"""Lines of [forward], written out for each t."""
MOST_PARTS, MOST_WITHIN = 150, 1_000
"""Names, numbers and operations of one formula; of a function, with those of all that it calls."""
NUMBERED = re.compile(r"(.*?[A-Za-z_])([0-9]+)")
PREFIXES = ("d", "v", "s", "vc", "sc", "vd", "sd", "vcd", "scd")
"""What stands before a symbol in the names of its gradient and of running means."""
TAKEN = frozenset(
    "np torch tensor agree ours kept batches first record iteration order columns epoch batch "
    "symbol parameter iterations losses xlog ratio larger loss all divmod enumerate float globals "
    "inf len nan print range CLOSE EVERY_NUMBER ITERATIONS OURS".split()
)
TAKEN_TOO = re.compile(r"(part|number)[0-9]+|data_.*|_+")
"""Names that the scripts and the loops written from a program have for themselves."""
KEYS = ("seed", "scheme", "round")
"""What [initial] says besides parameters."""


class Fault(NamedTuple):
    """What is wrong with a network, and where: the section and the key in it."""

    section: str
    key: str
    sentence: str


class NetworkError(ValueError):
    """Formulas that are no network; `faults` has all that is wrong with them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(f"{f.section}.{f.key} {f.sentence}" for f in faults))
        self.faults = tuple(faults)


def architecture_of_formulas(network: WrittenNetwork) -> Architecture:
    """What a run needs of a written network. Raises NetworkError."""
    reading = _Reading(network)
    if reading.faults:
        raise NetworkError(reading.faults)
    return reading.architecture()


class _Reading:
    """A written network being read: its formulas, its shapes, and all that is wrong with them."""

    def __init__(self, network: WrittenNetwork) -> None:
        self.network, self.faults = network, list[Fault]()
        self.parameters, self.data = dict(network.parameters), dict(network.data)
        self._look_at_repeat()
        self.lines = [] if self.faults else list(network.lines())
        self.above = {**dict.fromkeys(self.parameters, "parameters")}
        self.above |= dict.fromkeys(self.data, "data")
        self.declared = {*self.above, *(line.symbol for line in self.lines)}
        self.matrices = SCALARS & self.declared
        self.functions = dict(self._functions())
        self._look_at_names()
        self.formulas: dict[str, Expr] = {}
        for line in self.lines:
            self._read(line)
        self._look_at_loss()
        self.shapes: dict[str, Shape] = {}
        for examples in dict.fromkeys((*network.batches, 1)):
            if not self.faults:  # what does not fit one batch would be told of the others, too
                self._fit(examples)
        if not self.faults:
            self._look_at_rules()

    def fault(self, key: str, sentence: str, section: str = "forward") -> None:
        """Tell what is wrong with a line, or with a key of another section."""
        self.faults.append(Fault(section, key, sentence))

    # What may be wrong

    def _look_at_repeat(self) -> None:
        """Lines are repeated as often as is said, and there are not too many."""
        total, repeat = 0, self.network.repeat
        for repeated, block in groupby(self.network.forward, lambda line: "{" in line[0]):
            lines = list(block)
            times = 1 + repeat[1] - repeat[0] if repeat and repeated else 1
            total += max(0, times) * len(lines)
            for key, source in lines:
                for part in re.findall(r"\{[^}]*\}?|\}", key + source if repeated else source):
                    if not REPEATED.fullmatch(part):
                        said = f"has {short(part)}, but only {{t}}, {{t+1}} and {{t-1}} stand for"
                        self.fault(key, f"{said} numbers")
                    elif not repeated:
                        said = f"has {part}, which only a repeated line has"
                        self.fault(key, f'{said}: one whose own name has {{t}}, like "Z{{t}}"')
                if repeated and repeat is None:
                    said = "is repeated, but there is no [repeat] that says for which t"
                    self.fault(key, f"{said}: add t = {{ from = 2, to = 3 }}")
        if repeat and repeat[0] > repeat[1]:
            self.fault(
                "t", f"must not end before it begins; got {repeat[0]} to {repeat[1]}", "repeat"
            )
        elif total > MOST_LINES:
            place = ("t", "repeat") if repeat else (self.network.forward[-1][0], "forward")
            self.fault(
                place[0], f"makes {total:,} lines: at most {MOST_LINES} are computed", place[1]
            )
        if repeat and all("{" not in key for key, _ in self.network.forward):
            self.fault(
                "t", 'is used by no line: a repeated line has {t} in its name, "Z{t}"', "repeat"
            )

    def _look_at_names(self) -> None:
        """No name means two things."""
        places = [(section, symbol, symbol) for symbol, section in self.above.items()]
        seen: dict[str, str] = {}
        for line in self.lines:
            if line.symbol in self.above:
                self.fault(
                    line.key, f"has the name of {line.symbol} in [{self.above[line.symbol]}]"
                )
            elif line.symbol in seen:
                also = "" if seen[line.symbol] == line.key else f", also as {seen[line.symbol]}"
                self.fault(line.key, f"computes {line.symbol} a second time{also}")
            seen.setdefault(line.symbol, line.key)
            places.append(("forward", line.key, line.symbol))
        for symbol in self.data.keys() & self.parameters.keys():
            self.fault(symbol, f"has the name of {symbol} in [parameters]", "data")
        for section, key, symbol in places:
            if (wrong := self._misnamed(symbol)) is not None:
                self.fault(key, wrong, section)
            elif symbol in (LOSS, OBJECTIVE) and section != "forward":
                what = "the loss of each example" if symbol == LOSS else "what is minimised"
                self.fault(key, f"cannot have this name: {symbol} is {what}", section)

    def _misnamed(self, symbol: str) -> str | None:
        """Why a matrix cannot have that name."""
        if not SYMBOL.fullmatch(symbol):
            must_be = "letters from A to Z and digits, like H2"
            return f"cannot be a name: it must be {must_be}; got {short(symbol)}"
        if symbol in RESERVED or symbol in self.functions:
            return f"cannot be a name: {symbol} is a function"
        if keyword.iskeyword(symbol) or symbol in TAKEN or TAKEN_TOO.fullmatch(symbol):
            return f"cannot be a name: {symbol} has a meaning of its own in scripts"
        if symbol in KEYS:
            return f"cannot be a name: {symbol} is a key of [initial]"
        for prefix in PREFIXES:
            rest = symbol.removeprefix(prefix)
            if rest != symbol and rest in self.declared:
                what = "the gradient" if prefix == "d" else "a running mean of the gradient"
                return f"cannot be a name: it is {what} of {rest}"
        return None

    def _functions(self) -> Iterator[tuple[str, OwnFunction]]:
        """The functions of [functions] that can be computed and have a derivative."""
        known: dict[str, OwnFunction] = {}
        for name, source in self.network.functions:
            if not SYMBOL.fullmatch(name) or name.endswith("_derivative") or name in self.declared:
                self.fault(name, "cannot be the name of a function", "functions")
                continue
            if name in RESERVED:
                self.fault(
                    name, "is a function that there is already: give it another name", "functions"
                )
                continue
            try:
                e = _of_numbers(parse(source, known))
                wrong = _no_function(e)
                if wrong is None:
                    own = OwnFunction(name, e)
                    derivative_of(Call(own, (z,)))  # raises NoRule
                    known[name] = own
                    yield name, own
            except GrammarError as error:
                wrong = f"cannot be read: {error}"
            except NoRule as error:
                wrong = f"has no derivative: {error}"
            if wrong is not None:
                self.fault(name, wrong, "functions")

    def _read(self, line: FormulaLine) -> None:
        """The expression of a line, if it can be read and reads only what stands above it."""
        known = {**self.above, **self.formulas}
        try:
            e = parse(line.source, self.functions, self.declared)
        except GrammarError as error:
            self.fault(line.key, f"cannot be read: {error}")
            self.formulas[line.symbol] = matrix(line.symbol)  # the lines below may read it
            return
        self.formulas[line.symbol] = e
        if isinstance(e, Compare) and e.sign == "=":
            said = (
                f"must be what stands behind the =: {line.symbol} is the name of the line already"
            )
            self.fault(line.key, said)
        elif isinstance(e, Compare):
            self.fault(line.key, "must be a matrix, not a comparison: where(Z > 0, 1, 0) is one")
        elif sum(1 for _ in walk(e)) > MOST_PARTS:
            self.fault(line.key, f"has more than {MOST_PARTS} parts: divide it into several lines")
        for part in walk(e):
            if isinstance(part, Cell):
                said = f"reads one number, {text(part)}: a line reads whole matrices"
                self.fault(line.key, said)
        for symbol in names(e):
            if symbol not in known and symbol not in SCALARS - self.matrices:
                self.fault(line.key, self._unknown(symbol, line, known))

    def _unknown(self, symbol: str, line: FormulaLine, known: Mapping[str, object]) -> str:
        where = "" if line.t is None else f" for t = {line.t}"
        if symbol == line.symbol:
            return f"reads {symbol}{where}, which is what it computes"
        if symbol in self.declared:
            return f"reads {symbol}{where}, which is computed below it"
        meant = nearest(symbol, (*known, *(SCALARS - self.matrices)))
        hint = f". Did you mean {meant}?" if meant else f": there are {listed(tuple(known))}"
        return f"reads {short(symbol)}{where}, which is neither given nor computed{hint}"

    def _look_at_loss(self) -> None:
        symbols = [line.symbol for line in self.lines]
        if self.lines and LOSS not in symbols:
            said = "is missing: it must be the formula of the loss of each example, such as"
            self.fault(LOSS, f'{said} "half_squared_error(A2, Y)"')
        elif OBJECTIVE in symbols and symbols.index(OBJECTIVE) != len(symbols) - 1:
            self.fault(OBJECTIVE, "must be the last line: it is what is minimised")
        elif OBJECTIVE not in symbols and self.lines and symbols[-1] != LOSS:
            said = f"must be the last line but for {OBJECTIVE}; {symbols[-1]} is computed below it"
            self.fault(LOSS, said)
        elif OBJECTIVE in symbols and not self.faults:
            self._put_loss_last()

    def _put_loss_last(self) -> None:
        """What stands between L and J is computed before L, which it must not read."""
        at = next(k for k, line in enumerate(self.lines) if line.symbol == LOSS)
        between = [line for line in self.lines[at + 1 :] if line.symbol != OBJECTIVE]
        for line in between:
            if LOSS in names(self.formulas[line.symbol]):
                said = f"reads {LOSS}, as only {OBJECTIVE} may: write it in the formula of"
                self.fault(line.key, f"{said} {OBJECTIVE}")
        self.lines[at : at + 1 + len(between)] = [*between, self.lines[at]]

    def _fit(self, examples: int) -> None:
        """The shape of each line's result for a batch of that many examples."""
        shapes: dict[str, Shape] = {**self.parameters}
        for symbol, (rows, columns) in self.data.items():
            shapes[symbol] = (rows, columns if symbol in self.network.same else examples)
        batch = f" in a batch of {examples}" if {*self.network.batches} != {1} else ""
        for line in self.lines:
            e = self.formulas[line.symbol]
            try:
                shapes[line.symbol] = shape(e, shapes)
            except ShapeMismatch as error:
                said = f"cannot be computed{batch}: {error}{turned(e, shapes, examples)}"
                self.fault(line.key, said)
                return
            if not any(isinstance(part, Name) and not part.is_number for part in walk(e)):
                self.fault(line.key, "must read a matrix, but this is a single number")
                return
        if (found := shapes[LOSS]) != (1, examples):
            of = f"one number for each example, 1×{examples}"
            of = f"one number{batch}" if examples == 1 else of
            hint = ": col_sums adds up each column" if found[1] == examples else ""
            self.fault(LOSS, f"must be {of}, but is {written(found)}{hint}")
        if OBJECTIVE in shapes and shapes[OBJECTIVE] != (1, 1):
            said = f"must be one number, but is {written(shapes[OBJECTIVE])}"
            self.fault(OBJECTIVE, f"{said}: total(L)/m is the mean of L")
        self.shapes = self.shapes or shapes

    def _look_at_rules(self) -> None:
        """Every function on the way from a parameter to the loss has a derivative."""
        needed = set(self.parameters)
        for line in self.lines:
            e = self.formulas[line.symbol]
            if needed.isdisjoint(gradient_goes_to(e)):
                continue
            needed.add(line.symbol)
            for part in walk(e):
                if not isinstance(part, Compare) and not needed.isdisjoint(names(part)):
                    try:
                        rule_of(part) if part.parts else None
                    except NoRule as error:
                        self.fault(line.key, f"has no gradient: {error}")

    # The architecture

    def architecture(self) -> Architecture:
        """What a run needs of it. There must be no faults."""
        places = _Places(self.lines)
        given = {symbol: self._role(symbol, places) for symbol in (*self.data, *self.parameters)}
        steps = tuple(self._steps(places))
        loss = next(i for i, step in enumerate(steps) if step.symbol == LOSS)
        return Architecture(
            steps[: loss + 1],
            given,
            {**self.data, **self.parameters},
            frozenset(filter(self._is_drawn, self.parameters)),
            *self._predictions(given),
            places.names,
            dict(_losses(self.formulas[LOSS], given)),
            objective=steps[-1] if loss + 1 < len(steps) else None,
            functions=self.functions,
            warnings=tuple(self._warnings(steps)),
            same=self.network.same,
        )

    def _predictions(self, given: Mapping[str, Role]) -> tuple[str, str | None]:
        """The symbol of the predictions, and the target that they are of: the only one, of their
        shape, which a known loss compares with them. Without a known loss, they are what σ or
        softmax gives."""
        e, targets = self.formulas[LOSS], [s for s in given if given[s].kind == "target"]
        read, parts = [symbol for symbol in names(e) if symbol in self.formulas], set(walk(e))
        known = dict(_losses(e, given))
        for symbol, target in product(read, targets if len(targets) == 1 else ()):
            loss, a = known.get(target), self.formulas[symbol]
            compared = loss and OPERATIONS[loss.name][1](matrix(symbol), matrix(target)) in parts
            chances = not loss and isinstance(a, Call) and a.function in CHANCES
            if (compared or chances) and self.shapes[symbol] == self.shapes[target]:
                return symbol, target
        return (*read, LOSS)[0], None

    def _warnings(self, steps: Sequence[Step]) -> Iterator[str]:
        """A sentence for each parameter that has no gradient."""
        depends, differentiable = {steps[-1].symbol}, {steps[-1].symbol}
        for step in reversed(steps):
            if step.symbol in depends:
                depends.update(names(step.expression))
            if step.symbol in differentiable:
                differentiable.update(gradient_goes_to(step.expression))
        read = {symbol for step in steps for symbol in names(step.expression)}
        for symbol in self.parameters:
            if symbol not in read:
                yield f"{symbol} is used by no line: it is never updated"
            elif symbol not in depends:
                yield f"{symbol} has no effect on {steps[-1].symbol}: it is never updated"
            elif symbol not in differentiable:
                yield f"{symbol} is read in conditions alone: it has no gradient"

    def _steps(self, places: _Places) -> Iterator[Step]:
        for line in self.lines:
            e, target = self.formulas[line.symbol], matrix(line.symbol)
            if line.symbol == LOSS:
                yield Step(target, without_sums_of_one(e, self.shapes), "loss", Role("loss"))
            elif line.symbol == OBJECTIVE:
                yield Step(target, e, "loss", Role("loss"))
            else:
                group, stem = places.of[line.symbol]
                yield Step(target, e, "forward", Role("value", group, stem=stem))

    def _role(self, symbol: str, places: _Places) -> Role:
        """The role of an input, a target or a parameter."""
        readers = [s for s, e in self.formulas.items() if symbol in names(e)]
        groups = [places.of[reader][0] for reader in readers if reader in places.of]
        numbered = NUMBERED.fullmatch(symbol)
        stem = numbered[1] if numbered else symbol
        if symbol in self.parameters:
            part: Part | None = None if self._is_drawn(symbol) else "bias"
            if any(symbol in names(x) for e in self.formulas.values() for x in products(e)):
                part = "weight"
            where = set(groups)
            return Role("parameter", where.pop() if len(where) == 1 else None, part, stem=stem)
        if readers and not groups:
            return Role("target")
        return Role("input", groups[0] if groups else None, stem=stem)

    def _is_drawn(self, symbol: str) -> bool:
        """Whether a parameter is drawn: where it is more than a term of sums."""
        name = matrix(symbol)
        return not all(is_only_added(name, e) for e in self.formulas.values())


class _Places:
    """The group of each line: the layer or the time step that it belongs to."""

    def __init__(self, lines: Sequence[FormulaLine]) -> None:
        self.of: dict[str, tuple[int, str]] = {}
        """The number of the group, and what the line is called in every group."""
        self.names: dict[int, str] = {}
        repeated = {REPEATED.sub("", line.key) for line in lines if line.t is not None}
        found: dict[int | str, int] = {}
        before: int | str = 0
        for line in lines:
            if line.symbol in (LOSS, OBJECTIVE):
                continue
            numbered = NUMBERED.fullmatch(line.symbol)
            key: int | str
            if line.t is not None:
                key, stem = line.t, REPEATED.sub("", line.key)
            elif numbered:
                key, stem = int(numbered[2]), numbered[1]
            else:  # with its neighbours that have no number
                key, stem = before if isinstance(before, str) else line.symbol, line.symbol
            before = key
            number = found.setdefault(key, len(found) + 1)
            if isinstance(key, int):
                what = f"t = {key}" if stem in repeated else f"group {key}"
                self.names.setdefault(number, what)
            else:  # by its first and its last line
                self.names[number] = key if key == stem else f"{key} to {stem}"
            self.of[line.symbol] = number, stem


def _losses(e: Expr, given: Mapping[str, Role]) -> Iterator[tuple[str, Loss]]:
    """The known losses in the loss of each example, by the targets that they read."""
    parts = set(walk(e))
    for symbol in (s for s, role in given.items() if role.kind == "target"):
        for name, loss in LOSSES.items():
            if any(OPERATIONS[name][1](a, matrix(symbol)) in parts for a in parts):
                yield symbol, loss


def _of_numbers(e: Expr) -> Expr:
    """A formula in z with every product one of numbers: z is no matrix."""
    e = rebuild(e, _of_numbers)
    return Mul(e.left, e.right) if isinstance(e, MatMul) else e


def _no_function(e: Expr) -> str | None:
    """Why an expression is no function of one number z, element by element."""
    if others := [symbol for symbol in names(e) if symbol != z.symbol]:
        return f"must be a formula in z alone, but it reads {short(others[0])}"
    for part in walk(e):
        gathering = isinstance(part, Call) and gathers(part.function)
        if gathering or isinstance(part, Transpose):
            return f"must work on one number z, but {text(part)} needs a matrix"
    if z not in walk(e):
        return "must be a formula in z, but it does not read z"
    if sum(1 for _ in walk(e)) > MOST_PARTS:
        return f"has more than {MOST_PARTS} parts"
    if parts_within(e) > MOST_WITHIN:
        return f"has more than {MOST_WITHIN:,} parts, with those of the functions that it calls"
    return None


def parts_within(e: Expr) -> int:
    """How many parts a formula has with those of the functions that it calls."""
    return sum(
        parts_within(part.function.definition)
        if isinstance(part, Call) and isinstance(part.function, OwnFunction)
        else 1
        for part in walk(e)
    )


def turned(e: Expr, shapes: Mapping[str, Shape], examples: int) -> str:
    """A hint at what a matrix product that does not fit may have been meant as: one number of each
    example times another, or the other way round, if that gives a column for each example."""
    for part in walk(e):
        if not isinstance(part, MatMul):
            continue
        try:
            shape(part, shapes)
        except ShapeMismatch:
            x, y = part.left, part.right
            with suppress(ShapeMismatch):
                if shape(x, shapes) == shape(y, shapes) == (1, examples):
                    return f". {text(x * y)} would fit: ∘ multiplies element by element"
            xt, yt = (z.operand if isinstance(z, Transpose) else z.T for z in (x, y))
            for other in (MatMul(y, x), MatMul(xt, y), MatMul(x, yt)):
                with suppress(ShapeMismatch):
                    if shape(other, shapes)[1] == examples:
                        return f". {text(other)} would fit: columns are examples here"
    return ""


def products(e: Expr) -> Iterable[MatMul]:
    """The matrix products in `e`."""
    return (part for part in walk(e) if isinstance(part, MatMul))


def is_only_added(name: Name, e: Expr) -> bool:
    """Whether a name stands in `e` only as a term of sums and differences."""
    return e != name and all(
        isinstance(e, Sum | Diff) if part == name else is_only_added(name, part) for part in e.parts
    )
