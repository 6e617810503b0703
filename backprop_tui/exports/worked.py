"""An iteration worked out: what a document says of each step, before it is Markdown, LaTeX or HTML.

Everything is the engine's explanation of one number of each step, and the matrix it belongs to. A
document lays it out in its own signs; nothing here knows which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, groupby

from backprop_tui.engine.algebra import Call, Cell, Expr, names, walk
from backprop_tui.engine.experiment import Array
from backprop_tui.engine.explanation import Explanation
from backprop_tui.engine.functions import DEFINITIONS, z
from backprop_tui.engine.indices import index_form
from backprop_tui.engine.notation import Notation, write
from backprop_tui.engine.program import Phase, Step
from backprop_tui.engine.provenance import Place, Provenance
from backprop_tui.engine.timeline import Iteration, Timeline
from backprop_tui.exports.trace import MOST_COLUMNS, abbreviated, figure, kept, kept_rows, setting

FOLD = 6
"""Terms of a sum that are written out; a longer one is its first ones, … and the last."""


@dataclass(frozen=True)
class Matrix:
    """A matrix as a table: what its columns and rows are called, and its figures."""

    symbol: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def matrix(symbol: str, value: Array, decimals: int) -> Matrix:
    """Rows and columns count from 1; of many the first ones and the last."""
    columns = kept(value.shape[1], MOST_COLUMNS)
    sides = ("⋮" if i is None else str(i + 1) for i in kept_rows(value.shape[0]))
    figures = map(tuple, abbreviated(value, decimals, MOST_COLUMNS))
    heads = tuple("…" if j is None else str(j + 1) for j in columns)
    return Matrix(symbol, heads, tuple(zip(sides, figures, strict=True)))


def assignment(step: Step, notation: Notation) -> str:
    """dW2 = dZ2 · A1ᵀ, or W2 ← ... where the step replaces what it reads."""
    again = step.symbol in names(step.expression)
    sign = notation.becomes if again else notation.equals
    return f"{write(step.target, notation)} {sign} {write(step.expression, notation)}"


def defined(*expressions: Expr) -> dict[Expr, Expr]:
    """The functions that are called and are defined by others: σ(z), and 1 / (1 + exp(−z))."""
    called = (part for e in expressions for part in walk(e) if isinstance(part, Call))
    functions = dict.fromkeys(c.function for c in called if c.function in DEFINITIONS)
    return {Call(function, (z,)): DEFINITIONS[function] for function in functions}


@dataclass(frozen=True)
class Worked:
    """One step, with its first number explained."""

    number: int
    step: Step
    value: Array
    explanation: Explanation
    decimals: int
    notes: tuple[str, ...]
    slip: str | None
    """What the run's mistake makes of it, where it is made here."""

    @property
    def matrix(self) -> Matrix:
        return matrix(self.step.symbol, self.value, self.decimals)

    @property
    def index_form(self) -> str:
        """dW2[i,j] = Σₖ dZ2[i,k]·A1[j,k]"""
        return index_form(self.step.target, self.step.expression, self.explanation.shapes)

    def formula(self, notation: Notation) -> str:
        """The step as it is taught."""
        return assignment(self.step, notation)

    def where(self, notation: Notation) -> list[str]:
        """σ(z) = 1 / (1 + exp(−z)): what the functions of the formula stand for."""
        return [
            f"{write(call, notation)} {notation.equals} {write(definition, notation)}"
            for call, definition in defined(self.step.expression).items()
        ]

    def element(self, notation: Notation) -> list[str]:
        """The number's cell, symbols, arithmetic and result: what stands between equals signs."""
        found = self.explanation
        return [
            write(found.place.cell, notation),
            found.symbols(FOLD, notation),
            *found.numbers(FOLD, notation),
            notation.figure(found.result),
        ]


def opening(timeline: Timeline, decimals: int) -> list[str]:
    """What a document says before its first iteration."""
    digits = f"{decimals} decimal{'' if decimals == 1 else 's'}"
    return [
        *filter(None, [timeline.experiment.about.strip()]),
        setting(timeline),
        f"Figures are rounded to {digits}; what is computed from them is computed from all digits.",
    ]


def phases(
    timeline: Timeline, iteration: Iteration, decimals: int
) -> Iterator[tuple[Phase, list[Worked]]]:
    """The steps of an iteration, phase by phase."""
    provenance, slips = Provenance(timeline), mistaken(timeline)
    number_of = partial(figure, decimals=decimals)

    def worked(number: int, step: Step, value: Array) -> Worked:
        place = Place(iteration.number, Cell(step.symbol, 1, 1))
        notes = timeline.experiment.notes_at(iteration.number, step.symbol)
        return Worked(
            number,
            step,
            value,
            Explanation(provenance, place, number_of),
            decimals,
            tuple(note.text for note in notes),
            slips.get(step.symbol),
        )

    steps = map(worked, count(1), timeline.program.steps, iteration.results)
    for phase, own in groupby(steps, lambda worked: worked.step.phase):
        yield phase, list(own)


def mistaken(timeline: Timeline) -> dict[str, str]:
    """The sentence of the run's mistake at each step in which it is made."""
    training = timeline.experiment.training
    if training.mistake is None:
        return {}
    from backprop_tui.engine.mistaken import applies  # which few runs need

    made = applies(timeline.experiment.network, training)
    return {slip.step.symbol: slip.sentence for slip in made}
