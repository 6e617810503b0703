"""An experiment: a network, its data, and how it is trained, with the parameters it starts from.

The records mirror the sections of an experiment file one to one, and their fields say what each key
must be; whoever builds them has checked them (`experiment_file` does).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from math import prod, sqrt
from random import randrange
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeAlias, TypeVar

import numpy as np

from backprop_tui.maths.expressions import Cell, Expr
from backprop_tui.maths.functions import Array as Array
from backprop_tui.maths.shapes import Shape
from backprop_tui.messages import typed
from backprop_tui.model.algorithm import architecture_of, program_of
from backprop_tui.model.architecture import Architecture
from backprop_tui.model.keys import (
    FILE,
    LINE,
    PROSE,
    TRUTH,
    Either,
    Key,
    ListOf,
    Others,
    Rows,
    Section,
    Value,
    all_read_only,
    keys_of,
    name_among,
    section,
    whole_number,
)
from backprop_tui.model.keys import read_only as read_only
from backprop_tui.model.layers import (
    FIRST,
    INPUT,
    PARAMETER,
    SYMBOL,
    TARGET,
    is_column,
)
from backprop_tui.model.network import Network, Training, WrittenNetwork, dense
from backprop_tui.model.notes import Note, Published, Question
from backprop_tui.model.program import DeliberateMistake, Program
from backprop_tui.model.saved import Edit, Look, Saved, Written

if TYPE_CHECKING:
    import numpy.typing as npt

Indices: TypeAlias = "npt.NDArray[np.intp]"
Kept: TypeAlias = tuple[Array, ...]
"""What one iteration hands to the next, in the program's order: W1, b1, W2, b2, ..."""

# n[l-1] of a layer -> the standard deviation of the normal distribution its weights are drawn from
SCHEMES: dict[str, Callable[[int], float]] = {
    "normal": lambda fan_in: 1.0,
    "xavier": lambda fan_in: sqrt(1 / fan_in),
    "he": lambda fan_in: sqrt(2 / fan_in),
    "zeros": lambda fan_in: 0.0,
}
MOST_DRAWN = 100_000
"""Weights that are drawn in all, so that none is rounded to zero."""
DECIMALS = Key(whole_number(0, 12), "decimals of the numbers shown", default=3)
"""A key of [view] that its record leaves to the experiment."""


def sizes_of_batches(examples: int, batch: int) -> tuple[int, ...]:
    """How many examples the batches of an epoch have: the last may have fewer."""
    rest = examples % batch
    return (batch, rest) if rest else (batch,)


TARGETS = Value(
    "a column's name, or a list of such names",
    lambda v: LINE.fits(v) or (isinstance(v, list) and bool(v) and all(map(LINE.fits, v))),
    lambda v: tuple(map(LINE.means, v if isinstance(v, list) else [v])),
)
COLUMNS = ListOf(LINE, "columns' names", 1)
GIVEN = Others(PARAMETER, lambda name: Rows(is_column(name)), FIRST)
ANY_STEP = Others(re.compile(r"(?s).*"), lambda symbol: LINE)
FORMULAS = Section(
    "[formulas]", {}, others=Key(ANY_STEP, "your own formula, instead of the usual one")
)


@dataclass(frozen=True)
class CsvSource:
    """What the [data] of a file says instead of X and Y, for both to be read from a CSV file."""

    csv: Annotated[str, Key(FILE, "a file, looked for beside this one")]
    inputs: Annotated[tuple[str, ...], Key(COLUMNS, "read columns; left out: all")]
    target: Annotated[tuple[str, ...], Key(TARGETS, "what is to be predicted")]
    standardize: Annotated[bool, Key(TRUTH, "inputs to mean 0 and standard deviation 1")] = False


@dataclass(frozen=True, eq=False)
class Data:
    """The [data] of a file. Names are a CSV file's."""

    by_symbol: Mapping[str, Array]
    """The inputs, the targets, and values that are given instead of computed, by what a program
    calls them."""
    same: frozenset[str] = frozenset()
    """Those that are the same matrix for each example, as it stands in the file."""
    input_names: tuple[str, ...] | None = None
    output_names: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    """The classes' names, where the targets are classes: one for each output, or for 0 and 1."""
    standardized: bool = False
    """Whether the inputs are not the file's own: each has mean 0 and standard deviation 1."""
    axis: int = 1
    """Along which axis examples lie: 1 where each is a column, 0 where each is a row."""

    @property
    def X(self) -> Array:  # noqa: N802 (its name in the file)
        """The inputs of a dense network: n[0] × N, or N × n[0]."""
        return self.by_symbol[INPUT]

    @property
    def Y(self) -> Array:  # noqa: N802
        """The targets of a dense network: n[L] × N, or N × n[L]."""
        return self.by_symbol[TARGET]

    @cached_property
    def per_example(self) -> tuple[str, ...]:
        """The symbols that have a column, or a row, for each example."""
        return tuple(symbol for symbol in self.by_symbol if symbol not in self.same)

    @property
    def examples(self) -> int:
        """How many examples there are; 1 where every matrix is the same for each."""
        return next((int(self.by_symbol[s].shape[self.axis]) for s in self.per_example), 1)

    def columns(self, matrix: Array) -> Array:
        """A matrix of this axis with a column for each example."""
        return matrix if self.axis else matrix.T

    def place_of(self, cell: Cell, examples: Indices) -> tuple[int, int]:
        """Where a cell of the batch of these examples stands in its whole matrix, from 0."""
        place = [cell.row - 1, cell.column - 1]
        if cell.symbol in self.per_example:
            place[self.axis] = int(examples[place[self.axis]])
        return place[0], place[1]

    def along(self, axis: int) -> "Data":
        """The same with examples along that axis."""
        if axis == self.axis:
            return self
        turned = {s: read_only(self.by_symbol[s].T) for s in self.per_example}
        return replace(self, by_symbol={**self.by_symbol, **turned}, axis=axis)

    @property
    def names(self) -> dict[str, tuple[str, ...] | None]:
        """What the entries of an example's input and of its target are called, by their symbols."""
        return {INPUT: self.input_names, TARGET: self.output_names}


@dataclass(frozen=True, eq=False)
class Initial:
    """The [initial] of a file: how the parameters are drawn, and those its values, row by row."""

    seed: Annotated[int, Key(whole_number(0), "of numpy's default_rng", flag=True)] = 0
    scheme: Annotated[str, Key(name_among(SCHEMES), "xavier: variance 1/n; he: 2/n")] = "xavier"
    round: Annotated[int | None, Key(whole_number(0, 12), "decimals, when drawn", flag=True)] = None
    given: Annotated[
        Mapping[str, Array], Key(GIVEN, "its values, row by row", make=all_read_only)
    ] = field(default_factory=dict)

    def parameters(self, architecture: Architecture) -> dict[str, Array]:
        """W1, b1, W2, b2, ...: weights drawn in order, biases zero; given ones win."""
        shapes = {symbol: architecture.of_one[symbol] for symbol in architecture.parameters}
        if self.given.keys() >= shapes.keys():  # nothing is drawn: numpy.random takes 7 ms to load
            return {name: self.given[name] for name in shapes}
        random = np.random.default_rng(self.seed)
        start = {}
        for name, shape in shapes.items():
            # A given weight's draw is consumed all the same: the others do not depend on it.
            drawn = name in architecture.drawn
            value = self._drawn(random, shape, architecture.axis) if drawn else np.zeros(shape)
            start[name] = self.given[name] if name in self.given else read_only(value)
        return start

    def _drawn(self, random: "np.random.Generator", shape: Shape, axis: int) -> Array:
        """Random weights: those of one seed are the same in both orientations, transposed."""
        shape = shape if axis else shape[::-1]
        weights = random.normal(0.0, SCHEMES[self.scheme](shape[1]), shape)
        weights = weights if axis else weights.T
        if self.round is None:
            return weights
        return np.round(weights, self.round) + 0.0  # + 0.0: a weight rounded away is 0, never −0


NOTHING: Mapping[str, Any] = {}


def _data(others: Mapping[str, Any] = NOTHING, **matrices: Array) -> Data:
    """The data of a file's matrices: rows are turned into columns, but for { matrix = … }."""
    found = {
        symbol: read_only(value["matrix"] if isinstance(value, dict) else np.transpose(value))
        for symbol, value in {**matrices, **others}.items()
    }
    return Data(found, frozenset(s for s, value in others.items() if isinstance(value, dict)))


NETWORK = section("[network]", Network)
EXAMPLES = Key(Rows(), "a row for each example", flag=True)
DATA = Section("[data]", {INPUT: EXAMPLES, TARGET: EXAMPLES, **keys_of(CsvSource)}, make=_data)
MATRIX = Section("{ matrix = … }", {"matrix": Key(Rows())}, ("matrix",))
ANY_DATA = Section(
    "[data]",
    {},
    others=Key(
        Others(SYMBOL, lambda name: Either(Rows(), MATRIX)),
        "a row for each example, or { matrix = … }: the same for each",
        fields=("others",),
    ),
    make=_data,
)
PUBLISHED = section("[[published]]", Published)
EDIT = section("[[edits]]", Edit)
POSITION = section("[position]", Saved)
VIEW = section("[view]", Look, {"decimals": DECIMALS})
Spoken = TypeVar("Spoken", Note, Question)
NOTES = ListOf(section("[[notes]]", Note), "notes, each under its own [[notes]]", 0, 1000)
QUESTIONS = ListOf(
    section("[[questions]]", Question), "questions, each under its own [[questions]]", 0, 1000
)
FIGURES = ListOf(PUBLISHED, "published figures, each source under its own [[published]]")
EDITS = ListOf(EDIT, "edits, each under its own [[edits]]")
PLAIN = Look()


@dataclass(frozen=True, eq=False)
class Experiment:
    """Everything a run follows from, a learner's edits and formulas included."""

    name: str  # the lesson's name, or the file's without its ending
    source: str  # what opens it again, as a shell reads it: name or path, flags
    title: Annotated[str, Key(LINE, "left out: the file's name")]
    about: Annotated[str, Key(PROSE, "shown before the first step")]
    network: Annotated[Network | WrittenNetwork, Key(NETWORK)]
    training: Annotated[Training, Key(section("[training]", Training))]
    data: Annotated[Data, Key(DATA)]
    initial: Annotated[Initial, Key(section("[initial]", Initial))]
    teaches: Annotated[str, Key(LINE, "what it is about, in a few words for a list")] = ""
    notes: Annotated[tuple[Note, ...], Key(NOTES)] = ()
    published: Annotated[tuple[Published, ...], Key(FIGURES)] = ()
    questions: Annotated[tuple[Question, ...], Key(QUESTIONS)] = ()
    edits: Annotated[tuple[Edit, ...], Key(EDITS)] = ()  # in the order in which they were made
    formulas: Annotated[Mapping[str, Expr], Key(FORMULAS)] = field(default_factory=dict)
    """A learner's own formulas, by the symbols that they compute."""
    mistake: DeliberateMistake | None = None  # made on purpose; None: the right algorithm
    own_decimals: int | None = None
    """The decimals that the experiment asks for; None: its reader's, or the usual ones."""
    look: Annotated[Look, Key(VIEW, name="view")] = PLAIN
    saved: Annotated[Saved | None, Key(POSITION, name="position")] = None
    written: Written | None = None  # None: it was read from no text

    def __repr__(self) -> str:
        loss = f", {self.network.loss}" if isinstance(self.network, Network) else ""
        return f"<Experiment {typed(self.source)}: {self.network.sizes}{loss}>"

    @property
    def decimals(self) -> int:
        """The decimals of the numbers shown, unless their reader chooses."""
        usual: int = DECIMALS.default
        return usual if self.own_decimals is None else self.own_decimals

    def parameters(self) -> dict[str, Array]:
        """The parameters before the first update, in the order W1, b1, W2, b2, ..."""
        return self.initial.parameters(architecture_of(self.network))

    @property
    def dense(self) -> Network:
        """Its network, where that is dense. Raises TypeError for a written one."""
        return dense(self.network)

    def with_seed(self, seed: int) -> Self:
        """The same experiment with every weight drawn anew; biases its values, row by row stay.

        Published figures, edits, and notes and questions tied to an iteration, speak of the old
        numbers, so they go, and so does what was saved of the old run.
        """
        written = self.written
        if written is not None:
            written = replace(written, overrides={**written.overrides, "seed": seed})
        drawn = architecture_of(self.network).drawn
        stay = {name: value for name, value in self.initial.given.items() if name not in drawn}
        return replace(
            self,
            initial=replace(self.initial, seed=seed, given=stay),
            notes=tuple(note for note in self.notes if note.iteration is None),
            questions=tuple(q for q in self.questions if q.iteration is None),
            published=(),
            edits=(),
            saved=None,
            written=written,
        )

    def with_mistake(self, mistake: DeliberateMistake | None) -> Self:
        """The same experiment, made with that mistake, or with none; a saved run was another."""
        if mistake == self.mistake:
            return self
        written = self.written
        if written is not None:
            name = None if mistake is None else mistake.name
            written = replace(written, overrides={**written.overrides, "mistake": name})
        return replace(self, mistake=mistake, saved=None, written=written)

    def with_given(self, values: Mapping[str, Array]) -> Self:
        """The same experiment with values and gradients, by their symbols, given instead of
        computed, with examples along the axis of the data. Its batch must be all of them."""
        data = architecture_of(self.network).per_example
        absent = tuple(sorted(data - self.data.by_symbol.keys()))
        network = replace(self.network, given=tuple(values), absent=absent)
        both = {**self.data.by_symbol, **all_read_only(values)}
        same = architecture_of(network).same
        return replace(self, network=network, data=replace(self.data, by_symbol=both, same=same))

    def reseeded(self) -> Self:
        """The same with other random weights, none of them rounded to zero if that can be had: of
        very many, one is, however often they are drawn."""
        architecture = architecture_of(self.network)
        weights = sum(prod(architecture.of_one[weight]) for weight in architecture.drawn)
        for _ in range(max(1, min(100, MOST_DRAWN // max(1, weights)))):
            other = self.with_seed(randrange(10_000))
            begin = other.parameters()
            if all(begin[weight].all() for weight in architecture.drawn):
                break
        return other

    @property
    def program(self) -> Program:
        """The steps of an iteration, with the mistake or the learner's formulas in them."""
        return program_of(self.network, self.training, self.formulas, self.mistake)

    def with_formula(self, symbol: str, formula: Expr | None) -> Self:
        """The same experiment, that symbol computed by a learner's formula; None: as taught."""
        formulas = {s: e for s, e in self.formulas.items() if s != symbol}
        return replace(self, formulas=formulas if formula is None else formulas | {symbol: formula})

    def notes_at(self, iteration: int, step: str) -> tuple[Note, ...]:
        """The notes on this step, those that name an iteration first."""
        return self._here(self.notes, iteration, step)

    @property
    def asks(self) -> str:
        """When it asks by itself, one of ASKING."""
        return "lesson" if self.questions else "off"

    def questions_at(self, iteration: int, step: str) -> tuple[Question, ...]:
        """The questions asked before this step, those that name an iteration first."""
        return self._here(self.questions, iteration, step)

    def _here(self, said: Sequence[Spoken], iteration: int, step: str) -> tuple[Spoken, ...]:
        """What is said of a step; of one iteration only before its numbers were edited."""
        edited = any(edit.iteration <= iteration for edit in self.edits)
        here = [s for s in said if s.step == step and s.is_said_in(iteration)]
        here = [s for s in here if s.iteration is None or not edited]
        return tuple(sorted(here, key=lambda s: s.iteration is None))

    # Batches: iterations and epochs count from 1, examples from 0.

    @property
    def batches_per_epoch(self) -> int:
        """Iterations in one pass over all examples."""
        return -(-self.data.examples // self.training.batch)

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        return sizes_of_batches(self.data.examples, self.training.batch)

    def epoch_of(self, iteration: int) -> int:
        """The pass over all examples that this iteration belongs to."""
        return (iteration - 1) // self.batches_per_epoch + 1

    def examples_of(self, iteration: int) -> Indices:
        """The examples in this iteration's batch; an epoch's last one may hold fewer."""
        first = (iteration - 1) % self.batches_per_epoch * self.training.batch
        return self._order_of(self.epoch_of(iteration))[first : first + self.training.batch]

    def _order_of(self, epoch: int) -> Indices:
        if self.training.order == "sequential":
            return _in_file_order(self.data.examples)
        return _shuffled(self.initial.seed, epoch, self.data.examples)


@lru_cache(maxsize=4)
def _in_file_order(examples: int) -> Indices:
    return _frozen(np.arange(examples, dtype=np.intp))


@lru_cache(maxsize=4)  # an epoch's order is asked for once an iteration
def _shuffled(seed: int, epoch: int, examples: int) -> Indices:
    order = np.random.default_rng([seed, epoch]).permutation(examples)
    return _frozen(order.astype(np.intp))


def _frozen(order: Indices) -> Indices:
    order.flags.writeable = False
    return order
