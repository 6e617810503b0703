"""The report of `check`: the gradient check, a learner's formulas and published figures, as tables.

It ends with remarks for the author of the experiment, and one line that sums up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from backprop_tui.ascii import encodable
from backprop_tui.explain import gradient_check, published
from backprop_tui.explain.gradient_check import GradientCheck, check_gradient
from backprop_tui.explain.published import MOST_DIGITS, Comparison
from backprop_tui.exports import lazy
from backprop_tui.exports.figures import figure, heading, plain_table, printed, setting
from backprop_tui.files import lesson_check
from backprop_tui.learn.formulas import JudgedFormula, judge
from backprop_tui.maths.numbers import signed
from backprop_tui.maths.writing import text
from backprop_tui.messages import count, path_shown
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline

if TYPE_CHECKING:  # other commands do without Rich
    from rich.console import Console, RenderableType
    from rich.table import Table

MOST_CELLS = 2000
"""Most cells of a gradient that are all checked; of a larger one SAMPLE cells are."""
SAMPLE = 200
MOST_NUMBERS = 1_000_000_000
"""Most numbers that checking a gradient may compute anew; of a larger network fewer cells are."""
METHOD = (
    "The gradient check: change one number a little, up and down, and compute the loss each time; "
    "the change of the loss divided by the change of the number is the derivative."
)
GOOD, DOUBTFUL, BAD = "green", "yellow", "reverse red"
STYLES = {
    gradient_check.CheckVerdict.AGREES: GOOD,
    gradient_check.CheckVerdict.DIFFERS: BAD,
    gradient_check.CheckVerdict.KINK: DOUBTFUL,
    gradient_check.CheckVerdict.CANNOT_TELL: DOUBTFUL,
}


class Report:
    """The findings on one experiment; each part is computed when it is first asked for."""

    def __init__(
        self, timeline: Timeline, iteration: int, sample: int | None = None, decimals: int = 6
    ) -> None:
        self.timeline = timeline
        self.iteration = timeline.iteration(iteration)
        self.sample, self.decimals = sample, decimals
        self.gradients: list[GradientCheck] = []
        """The verdict on each gradient, in the order of the steps, once it is checked."""
        self.stopped = ""
        """Where the check was interrupted, in words."""

    def check(self, tell: Callable[[str], None]) -> None:
        """Check every gradient, and tell how far that has come. An interrupt stops it, and leaves
        what is checked by then."""
        program = self.timeline.program
        symbols = tuple(program.gradients)
        try:
            for number, symbol in enumerate(symbols, 1):
                found = check_gradient(program, self.iteration, symbol, self._sample(symbol))
                self.gradients.append(found)
                tell(f"{symbol}: {number:,} of {len(symbols):,} gradients are checked")
        except KeyboardInterrupt:
            if not self.gradients:
                raise
            self.stopped = f"Stopped at {symbol}, {number:,} of {len(symbols):,}. "

    def _sample(self, symbol: str) -> int | None:
        """The number of cells of a gradient that are checked; None for all."""
        cells = self.iteration.results[self.timeline.program.index(symbol)].size
        most = min(MOST_CELLS, max(1, MOST_NUMBERS // self._numbers))
        return self.sample or (min(SAMPLE, most) if cells > most else None)

    @cached_property
    def _numbers(self) -> int:
        """How many numbers there are: of each cell, as many are computed anew at most."""
        given = sum(np.size(values) for values in self.iteration.given.values())
        return given + sum(np.size(values) for values in self.iteration.results)

    @cached_property
    def figures(self) -> tuple[Comparison, ...]:
        """The comparison with each published figure."""
        return published.figures_of(self.timeline)

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """Sentences on what is correct but will disappoint in class."""
        found = tuple(lesson_check.remarks(self.timeline))
        told = {sentence.split()[0] for sentence in found if "is cut off" in sentence}
        lost = lazy.lost(self.timeline)
        return (*found, *(said for said in lost if said.split()[0] not in told))

    @cached_property
    def formulas(self) -> tuple[JudgedFormula, ...]:
        """The judgement on each formula that a learner wrote, in the order of the steps."""
        experiment, own = self.timeline.experiment, self.timeline.experiment.formulas
        return tuple(
            judge(experiment, step.symbol, text(own[step.symbol]), self.iteration)
            for step in self.timeline.program.steps
            if step.symbol in own
        )

    @property
    def failed(self) -> bool:
        """Whether any gradient, published figure or formula is wrong."""
        differs = gradient_check.CheckVerdict.DIFFERS
        return (
            any(g.verdict is differs for g in self.gradients)
            or any(c.failed for c in self.figures)
            or not all(j.accepted for j in self.formulas)
        )

    def texts(self, console: Console | None = None) -> Iterator[str]:
        """The text of the report part by part, as wide as the terminal that reads it."""
        from rich.console import Console
        from rich.text import Text

        console = console or Console(highlight=False)
        for part in self._parts(console.encoding):
            yield printed(console, part)
        summary = Text(f"\n{self.summary()}", "bold red" if self.failed else "bold")
        yield printed(console, summary, soft_wrap=True)  # one line, for programs that read the last

    def _parts(self, encoding: str) -> Iterator[RenderableType]:
        """The title, the tables with their headings, and the sentences between them."""
        from rich.text import Text

        experiment = self.timeline.experiment
        yield Text(f"{experiment.title}\n", "bold") + setting(self.timeline)
        if said := no_faults(experiment):
            yield Text(said)
        yield Text(f"\n{METHOD}")
        yield Text(f"\n{heading(self.timeline, self.iteration)}", "bold")
        yield gradient_table(self.gradients, self.decimals, encoding)
        if cause := gradient_check.not_finite(self.timeline.program, self.iteration):
            yield Text(encodable(cause, encoding))
        if self.formulas:
            yield Text("\nYour own formulas", "bold")
            yield formula_table(self.formulas, encoding)
        for (iteration, source), found in groupby(self.figures, lambda c: (c.iteration, c.source)):
            here = tuple(found)
            yield Text(f"\nPublished, iteration {iteration:,}: {source}", "bold")
            yield figure_table(here, encoding)
            for remark in dict.fromkeys(c.remark for c in here if c.remark):
                of = ", ".join(c.of for c in here if c.remark == remark)
                yield Text(encodable(f"{of}: {remark}", encoding))
            yield from (Text(sentence, "dim") for sentence in _reasons(here))
            if experiment.mistake and (same := _reproduced(here)):
                yield Text(
                    f"With the mistake {experiment.mistake.name}, {same} as printed.", "bold"
                )
        if self.remarks:
            yield Text("\nFor its author", "bold")
            yield from map(Text, self.remarks)

    @cached_property
    def orientation(self) -> str:
        """A sentence for figures that differ, where all are as printed in the other orientation."""
        if not any(c.failed for c in self.figures):
            return ""
        other = published.in_other_orientation(self.timeline.experiment)
        if other is None or not all(
            c.as_printed or c.wrong for c in published.figures_of(Timeline(other))
        ):
            return ""
        said = f'network.orientation = "{other.dense.orientation}"'
        return f"With {said}, all of them are as printed."

    def summary(self) -> str:
        """One line: All 8 gradients agree. All 22 published figures are as printed."""
        parts = [
            self.stopped + _of_gradients(self.gradients),
            _of_formulas(self.formulas),
            _of_figures(self.figures),
            self.orientation,
        ]
        return " ".join(filter(None, parts))


def no_faults(experiment: Experiment) -> str:
    """A sentence that the author's file has no faults, and what it contains; "" for a lesson."""
    if experiment.written is None or experiment.written.path is None:
        return ""
    counted = {
        "note": len(experiment.notes),
        "question": len(experiment.questions),
        "edit": len(experiment.edits),
        "formula": len(experiment.formulas),
    }
    found = ", ".join(count(n, noun) for noun, n in counted.items() if n)
    return f"{path_shown(experiment.written.path)} has no faults{f': {found}' if found else ''}."


# The line that sums up ---------------------------------------------------------------------------


def _of_gradients(found: Sequence[GradientCheck]) -> str:
    if not found:
        return "There is no gradient to check."
    verdicts = Counter(g.verdict for g in found)
    if verdicts[gradient_check.CheckVerdict.AGREES] == len(found):
        return "The gradient agrees." if len(found) == 1 else f"All {len(found)} gradients agree."
    words = {  # what is named comes last
        gradient_check.CheckVerdict.AGREES: ("agrees", "agree"),
        gradient_check.CheckVerdict.KINK: ("is at a kink", "are at a kink"),
        gradient_check.CheckVerdict.CANNOT_TELL: ("cannot be told",) * 2,
        gradient_check.CheckVerdict.DIFFERS: ("DIFFERS", "DIFFER"),
    }
    wrong = [g.symbol for g in found if g.verdict is gradient_check.CheckVerdict.DIFFERS]
    if len(found) == 1:
        return f"The gradient {words[found[0].verdict][0]}{_named(wrong)}."
    told = ", ".join(_number_of(verdicts[v], *words[v]) for v in words if verdicts[v])
    return f"Of {len(found)} gradients {told}{_named(wrong)}."


def _of_formulas(found: Sequence[JudgedFormula]) -> str:
    wrong = [j.step.symbol for j in found if not j.accepted]
    if wrong and len(found) == 1:
        return f"Your own formula is WRONG{_named(wrong)}."
    if wrong:
        are = _number_of(len(wrong), "is WRONG", "are WRONG")
        return f"Of your {len(found)} own formulas {are}{_named(wrong)}."
    are = "own formula is" if len(found) == 1 else f"{len(found)} own formulas are"
    return f"Your {are} correct." if found else ""


def _of_figures(found: Sequence[Comparison]) -> str:
    if not found:
        return "There are no published figures for this run."
    known = sum(c.wrong is not None for c in found)
    failed = [c.of for c in found if c.failed]
    others = [c for c in found if c.wrong is None and not c.failed]
    right = len(found) - known
    if not right:
        return f"{count(known, 'published figure')} {'is' if known == 1 else 'are'} known wrong."
    also = f"; {known} more {'is' if known == 1 else 'are'} known wrong" if known else ""
    counted = Counter(c.verdict for c in others)
    exact = published.FigureVerdict.EQUAL, published.FigureVerdict.WITHIN
    if not failed and set(counted) <= set(exact):
        near = counted[exact[1]]
        bound = f", {near} of them within the stated bound" if near else ""
        are = "The published figure is" if right == 1 else f"All {right} published figures are"
        return f"{are} as printed{bound}{also}."
    told = [f"{n} {verdict}" for verdict, n in counted.items()]
    wrong = [f"{len(failed)} WRONG{_named(failed)}"] if failed else []
    return f"Of {count(right, 'published figure')}: {'; '.join([*told, *wrong])}{also}."


def _number_of(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _named(names: Sequence[str], most: int = 5) -> str:
    """The first names behind a colon: `: dW2, dZ1, …`; "" where there are none."""
    return f": {', '.join(names[:most])}{', …' if len(names) > most else ''}" if names else ""


# Tables ------------------------------------------------------------------------------------------


def gradient_table(found: Iterable[GradientCheck], decimals: int, encoding: str) -> Table:
    """A row for each gradient, with the cell that is furthest from agreeing."""
    right = ("backprop", "numerical", "difference", "cells")
    table = _table("gradient", "cell", *right, "verdict", right=right)
    for g in found:
        worst = g.worst
        cells = f"{g.checked:,}" + (f" of {g.of:,}" if g.checked < g.of else "")
        numbers = [figure(number, decimals) for number in (worst.analytic, worst.numeric)]
        if worst.why:
            numbers[1], cells = "·", "0"
        at, by = f"[{worst.row},{worst.column}]", worst.difference_text
        row = [g.symbol, at, *numbers, by, cells, _verdict(g)]
        _add_row(table, row, STYLES[g.verdict], encoding)
    return table


def formula_table(found: Iterable[JudgedFormula], encoding: str) -> Table:
    """A row for each formula, as it is computed, with its verdict."""
    table = _table("formula", "verdict")
    for j in found:
        said = j.sentence if j.accepted else f"WRONG: {j.sentence}"
        formula = f"{j.step.symbol} = {text(j.expression)}" if j.expression else j.step.symbol
        _add_row(table, [formula, said], GOOD if j.accepted else BAD, encoding)
    return table


def figure_table(found: Iterable[Comparison], encoding: str) -> Table:
    """A row for each published figure, with the number computed."""
    right = ("printed", "computed")
    table = _table("figure", *right, "verdict", right=right)
    for c in found:
        row = [c.of, signed(c.printed), _computed(c), _against_print(c)]
        _add_row(
            table,
            row,
            BAD if c.failed else DOUBTFUL if c.wrong or not c.as_printed else GOOD,
            encoding,
        )
    return table


def _table(*columns: str, right: Sequence[str] = ()) -> Table:
    """An empty table with these columns; those in `right` are aligned to the right."""
    table = plain_table()
    for column in columns[:-1]:
        table.add_column(column, justify="right" if column in right else "left", no_wrap=True)
    table.add_column(columns[-1])
    return table


def _add_row(table: Table, cells: Iterable[str], style: str, encoding: str) -> None:
    """Add a row in signs that the encoding has; `style` is that of its last cell."""
    from rich.text import Text

    *row, last = (encodable(cell, encoding) for cell in cells)
    table.add_row(*map(Text, row), Text(last, style))


def _verdict(g: GradientCheck) -> str:
    word = "DIFFERS" if g.verdict is gradient_check.CheckVerdict.DIFFERS else g.said
    untold = g.checked - g.told
    if not g.told or not untold:
        return word
    return f"{word} ({untold:,} cell{'s' * (untold > 1)} cannot be checked)"


def _computed(c: Comparison) -> str:
    """The computed number, with two digits more than are printed where that makes sense."""
    if c.verdict is published.FigureVerdict.NOT_REACHED:
        return "…"
    mantissa, e, _ = c.printed.lower().partition("e")
    decimals = min(len(mantissa.partition(".")[2]) + 2, MOST_DIGITS)
    if c.failed or c.computed == 0 or "." not in mantissa or e:
        return signed(f"{c.computed:z.{MOST_DIGITS}g}")
    return figure(c.computed, decimals)


def _against_print(c: Comparison) -> str:
    match c.verdict:
        case published.FigureVerdict.WITHIN:
            return signed(f"within {c.within:g}")
        case published.FigureVerdict.KNOWN_WRONG if c.as_printed:
            return "listed as wrong, but computed the same"
        case published.FigureVerdict.KNOWN_WRONG if c.is_correct is False:
            return signed(f"known wrong, but {c.correct} is not correct either")
        case published.FigureVerdict.KNOWN_WRONG if c.correct is not None:
            return signed(f"known wrong: correct is {c.correct}")
        case _:
            return c.said


def _reasons(found: Sequence[Comparison]) -> Iterator[str]:
    """A sentence for each reason why figures are wrong in their source."""
    for why in dict.fromkeys(c.wrong.why for c in found if c.wrong):
        of = [c.of for c in found if c.wrong and c.wrong.why == why]
        yield f"{', '.join(of)} {'is' if len(of) == 1 else 'are'} known to be wrong: {why}"


def _reproduced(found: Sequence[Comparison]) -> str:
    """The figures known to be wrong that this run reproduces: `L[1,1] is`."""
    same = [c.of for c in found if c.wrong and c.as_printed]
    return f"{', '.join(same)} {'is' if len(same) == 1 else 'are'}" if same else ""
