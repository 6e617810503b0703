"""An experiment: a network, its data, and how it is trained, with the parameters it starts from.

The records mirror the sections of an experiment file one to one; whoever builds them has checked
them (`experiment_file` does). Nothing here knows of files, faults or what training computes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from math import sqrt
from random import randrange
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from backprop_tui.maths.expressions import Cell, Expr, Name
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.classes import are_classes
from backprop_tui.model.layers import parameter_shapes, weights_of
from backprop_tui.model.network import Network, Training
from backprop_tui.model.program import DeliberateMistake, Program

if TYPE_CHECKING:
    import numpy.typing as npt

Array: TypeAlias = "npt.NDArray[np.float64]"
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
ORDERS = ("sequential", "shuffled")
REDUCTIONS = ("mean", "sum")
PARAMETER = re.compile(r"[Wb][1-9][0-9]*")
KEPT = re.compile(rf"(?:[vs]d)?{PARAMETER.pattern}")
"""What an iteration hands to the next: a parameter, or a running mean of its slope."""


def sizes_of_batches(examples: int, batch: int) -> tuple[int, ...]:
    """How many examples the batches of an epoch have: the last may have fewer."""
    rest = examples % batch
    return (batch, rest) if rest else (batch,)


def read_only(values: Any) -> Array:
    """A C-contiguous float64 copy that refuses to be written to."""
    array = np.array(values, dtype=np.float64, order="C")
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class Data:
    """The [data] of a file, turned: its rows are the columns here. Names are a CSV file's."""

    X: Array  # (n[0], N): columns are examples
    Y: Array  # (n[L], N)
    input_names: tuple[str, ...] | None = None
    output_names: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    """The classes' names, where the targets are classes: one for each output, or for 0 and 1."""
    standardized: bool = False
    """Whether the inputs are not the file's own: each has mean 0 and standard deviation 1."""

    @property
    def examples(self) -> int:
        return int(self.X.shape[1])

    @cached_property
    def class_names(self) -> tuple[str, ...] | None:
        """What the classes are called, where every target is one; their numbers without names."""
        if not are_classes(self.Y):
            return None
        outputs = len(self.Y)
        if self.classes is not None:
            return self.classes
        if outputs == 1:
            return "0", "1"
        return self.output_names or tuple(str(k) for k in range(1, outputs + 1))


@dataclass(frozen=True, eq=False)
class Initial:
    """The [initial] of a file: how the parameters are drawn, and those given outright."""

    seed: int = 0
    scheme: str = "xavier"
    round: int | None = None  # decimals of drawn weights; None: as drawn
    given: Mapping[str, Array] = field(default_factory=dict)

    def parameters(self, layers: Sequence[int]) -> dict[str, Array]:
        """W1, b1, W2, b2, ...: weights drawn in order, biases zero; given ones win."""
        shapes, weights = parameter_shapes(layers), weights_of(layers)
        if self.given.keys() >= shapes.keys():  # nothing is drawn: numpy.random takes 7 ms to load
            return {name: self.given[name] for name in shapes}
        random = np.random.default_rng(self.seed)
        start = {}
        for name, shape in shapes.items():
            # A given weight's draw is consumed all the same: the others do not depend on it.
            value = self._drawn(random, shape) if name in weights else np.zeros(shape)
            start[name] = self.given[name] if name in self.given else read_only(value)
        return start

    def _drawn(self, random: np.random.Generator, shape: tuple[int, int]) -> Array:
        weights = random.normal(0.0, SCHEMES[self.scheme](shape[1]), shape)
        if self.round is None:
            return weights
        return np.round(weights, self.round) + 0.0  # + 0.0: a weight rounded away is 0, never −0


@dataclass(frozen=True)
class Note:
    """Shown when its step is reached. One tied to an iteration may speak of its numbers."""

    step: str
    iteration: int | None  # None: at every iteration
    text: str


FORMS = ("vote", "number", "formula", "talk")
"""How a question is answered: with fingers, with a number, with a formula, with words."""


@dataclass(frozen=True)
class Question:
    """Asked before its step shows: `answer` is what is said at the second press of a talk."""

    step: str
    iteration: int | None  # None: at every iteration
    form: str  # one of FORMS
    text: str
    cell: tuple[int, int] | None = None  # row and column, from 1; None: the best one is chosen
    answer: str | None = None


Said = TypeVar("Said", Note, Question)


@dataclass(frozen=True)
class Edit:
    """A number changed by hand: from the start of that iteration on it is `value`.

    `of` is a cell of X, Y (its column counts in that iteration's batch) or of a parameter, or the
    name alpha.
    """

    iteration: int
    of: Cell | Name
    value: float


@dataclass(frozen=True)
class Figure:
    """Numbers as their source prints them: a row for each row of `of`, "" where it prints none."""

    of: Expr
    printed: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class KnownWrong:
    """One number that its source has wrong."""

    of: Expr
    printed: str
    why: str
    correct: str | None = None  # as the source should have it, where that is stated


@dataclass(frozen=True)
class Published:
    """Figures of one iteration; those of a parameter are meant after its update."""

    source: str
    iteration: int = 1
    within: float | None = None  # None: to the digits that are printed
    figures: tuple[Figure, ...] = ()
    known_wrong: tuple[KnownWrong, ...] = ()


@dataclass(frozen=True, eq=False)
class Keyframe:
    """The [keyframe] of a file: what one iteration of the run begins with."""

    iteration: int
    kept: Mapping[str, Array]  # W1, b1, ... and the running means of an optimizer


@dataclass(frozen=True, eq=False)
class Saved:
    """Where a run was left when it was saved: the [position] of a file, and its [keyframe].

    From the keyframe on the run is what the keyframe says; before it, what [initial] leads to.
    """

    iteration: int = 1
    steps: int = 0  # how many operations of that iteration are done
    keyframe: Keyframe | None = None
    elements: int = 0  # how many numbers of the next one, which is open


DRAWINGS = ("nodes and edges", "graph")
THEMES = ("dark", "light")
PANELS = ("network", "cache", "gradients", "update", "step")
ASKING = ("off", "lesson", "vote", "type")
"""When it asks: never, what the experiment asks, or at every step: by vote, or typed."""


@dataclass(frozen=True)
class Look:
    """The [view] of a file: how its reader wants to see it. Decimals are the experiment's own."""

    example: int = 1  # the column of the batch that is shown
    drawing: str = DRAWINGS[0]
    theme: str | None = None  # one of THEMES; None: as it is
    panel: str = "cache"  # the chosen one
    marked: bool = False  # whether it is seen to be chosen
    maximised: bool = False
    hidden: tuple[str, ...] = ()  # the panels whose numbers are covered
    cursor: Cell | None = None
    trail: tuple[tuple[int, Cell], ...] = ()  # the numbers explained, each with its iteration
    term: int = 0  # which of those that the last one reads is chosen, from 0
    scroll: tuple[tuple[int, int, int], ...] = ()  # layer, first row and column that are shown
    line: int = 0  # how far a maximised Step panel is scrolled
    ask: str | None = None  # one of ASKING; None: as the experiment does by itself


@dataclass(frozen=True, eq=False)
class Written:
    """What an experiment was read from, so that it can be written again as its author did."""

    text: str
    overrides: Mapping[str, Any] = field(default_factory=dict)  # by the names of their flags
    folder: str = ""  # from which on a CSV file is looked for
    path: str | None = None  # the file's own; None: a lesson, or a code


@dataclass(frozen=True, eq=False)
class Experiment:
    """Everything a run follows from, a learner's edits and formulas included."""

    name: str  # the lesson's name, or the file's without its ending
    source: str  # what opens it again, as a shell reads it: name or path, flags
    title: str
    about: str
    network: Network
    training: Training
    data: Data
    initial: Initial
    teaches: str = ""  # what it is about, in a few words for a list
    notes: tuple[Note, ...] = ()
    published: tuple[Published, ...] = ()
    questions: tuple[Question, ...] = ()
    edits: tuple[Edit, ...] = ()  # in the order in which they were made
    formulas: Mapping[str, Expr] = field(default_factory=dict)  # a learner's own, by symbol
    mistake: DeliberateMistake | None = None  # made on purpose; None: the right algorithm
    decimals: int = 3  # of the numbers shown, unless their reader chooses
    look: Look = Look()
    saved: Saved | None = None  # None: it begins at the beginning
    written: Written | None = None  # None: it was read from no text

    def parameters(self) -> dict[str, Array]:
        """The parameters before the first update, in the order W1, b1, W2, b2, ..."""
        return self.initial.parameters(self.network.layers)

    def with_seed(self, seed: int) -> Experiment:
        """The same experiment with every weight drawn anew; biases given outright stay.

        Published figures, edits, and notes and questions tied to an iteration, speak of the old
        numbers, so they go, and so does what was saved of the old run.
        """
        written = self.written
        if written is not None:
            written = replace(written, overrides={**written.overrides, "seed": seed})
        drawn = weights_of(self.network.layers)
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

    def with_mistake(self, mistake: DeliberateMistake | None) -> Experiment:
        """The same experiment, made with that mistake, or with none; a saved run was another."""
        if mistake == self.mistake:
            return self
        written = self.written
        if written is not None:
            name = None if mistake is None else mistake.name
            written = replace(written, overrides={**written.overrides, "mistake": name})
        return replace(self, mistake=mistake, saved=None, written=written)

    def reseeded(self) -> Experiment:
        """The same with other random weights, none of them rounded to zero if that can be had."""
        for _ in range(100):
            other = self.with_seed(randrange(10_000))
            begin = other.parameters()
            if all(begin[weight].all() for weight in weights_of(self.network.layers)):
                break
        return other

    @property
    def program(self) -> Program:
        """The steps of an iteration, with the mistake or the learner's formulas in them."""
        return program_of(self.network, self.training, self.formulas, self.mistake)

    def with_formula(self, symbol: str, formula: Expr | None) -> Experiment:
        """The same experiment, that symbol computed by a learner's formula; None: as taught."""
        formulas = {s: e for s, e in self.formulas.items() if s != symbol}
        return replace(self, formulas=formulas if formula is None else formulas | {symbol: formula})

    def notes_at(self, iteration: int, step: str) -> tuple[Note, ...]:
        """The notes on this step, those for just this iteration first."""
        return _here(self.notes, iteration, step)

    @property
    def asks(self) -> str:
        """When it asks by itself, one of ASKING."""
        return "lesson" if self.questions else "off"

    def questions_at(self, iteration: int, step: str) -> tuple[Question, ...]:
        """The questions asked before this step, those for just this iteration first."""
        return _here(self.questions, iteration, step)

    # Batches: iterations and epochs count from 1, examples (columns of X and Y) from 0.

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
        """The columns of X and Y in this iteration's batch; an epoch's last one may hold fewer."""
        first = (iteration - 1) % self.batches_per_epoch * self.training.batch
        return self._order_of(self.epoch_of(iteration))[first : first + self.training.batch]

    def _order_of(self, epoch: int) -> Indices:
        if self.training.order == "sequential":
            return _in_file_order(self.data.examples)
        return _shuffled(self.initial.seed, epoch, self.data.examples)


def _here(said: Sequence[Said], iteration: int, step: str) -> tuple[Said, ...]:
    here = [s for s in said if s.step == step and s.iteration in (None, iteration)]
    return tuple(sorted(here, key=lambda s: s.iteration is None))


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
