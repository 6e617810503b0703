"""The report of `check`: what the gradient check finds of every gradient, what the learner's
formulas are worth, and which published figures are reproduced, as tables; what its author may want
to mend, and one line that sums up. It judges nothing: the engine does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from backprop_tui.explain import gradient_check, published
from backprop_tui.explain.gradient_check import GradientCheck, check_gradient
from backprop_tui.explain.published import MOST_DIGITS, Comparison
from backprop_tui.exports import encodable, plain_table, printed
from backprop_tui.exports.trace import figure, heading, setting
from backprop_tui.files import lesson_check
from backprop_tui.maths.writing import text
from backprop_tui.messages import count, path_shown
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from backprop_tui.learn.formulas import JudgedFormula

MOST_CELLS = 2000
"""A gradient of more cells is sampled."""
SAMPLE = 200
METHOD = (
    "The gradient check: change one number a little, up and down, and compute the loss each time; "
    "the change of the loss divided by the change of the number is the derivative."
)


class Report:
    """What is found for one experiment, each part when it is first asked for."""

    def __init__(
        self, timeline: Timeline, iteration: int, sample: int | None = None, decimals: int = 6
    ) -> None:
        self.timeline = timeline
        self.iteration = timeline.iteration(iteration)
        self.sample, self.decimals = sample, decimals

    @cached_property
    def gradients(self) -> tuple[GradientCheck, ...]:
        program = self.timeline.program
        return tuple(
            check_gradient(program, self.iteration, symbol, self._sample(symbol))
            for symbol in program.gradients
        )

    def _sample(self, symbol: str) -> int | None:
        """How many cells of a gradient are checked; None for all."""
        cells = self.iteration.results[self.timeline.program.index(symbol)].size
        return self.sample or (SAMPLE if cells > MOST_CELLS else None)

    @cached_property
    def figures(self) -> tuple[Comparison, ...]:
        entries = self.timeline.experiment.published
        return tuple(c for entry in entries for c in published.compare(self.timeline, entry))

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """What is no fault, but will disappoint in class."""
        return tuple(lesson_check.remarks(self.timeline))

    @cached_property
    def formulas(self) -> tuple[JudgedFormula, ...]:
        """What is found of each formula that a learner wrote, in the order of the steps."""
        experiment, own = self.timeline.experiment, self.timeline.experiment.formulas
        if not own:
            return ()
        from backprop_tui.learn.formulas import judge  # only where there is one

        return tuple(
            judge(experiment, step.symbol, text(own[step.symbol]), self.iteration)
            for step in self.timeline.program.steps
            if step.symbol in own
        )

    @property
    def failed(self) -> bool:
        differs = gradient_check.CheckVerdict.DIFFERS
        return (
            any(g.verdict is differs for g in self.gradients)
            or any(c.failed for c in self.figures)
            or not all(j.accepted for j in self.formulas)
        )

    def texts(self, console: Console | None = None) -> Iterator[str]:
        """The report, part by part, as wide as the terminal that reads it."""
        from rich.console import Console
        from rich.text import Text

        sheet = _Sheet(console or Console(highlight=False))
        title = Text(f"{self.timeline.experiment.title}\n", "bold") + setting(self.timeline)
        yield sheet.printed(title)
        if said := no_faults(self.timeline.experiment):
            yield sheet.printed(Text(said))
        yield sheet.printed(Text(f"\n{METHOD}"))
        yield sheet.printed(Text(f"\n{heading(self.timeline, self.iteration)}", "bold"))
        yield sheet.printed(sheet.gradients(self.gradients, self.decimals))
        if self.formulas:
            yield sheet.printed(Text("\nFormulas of your own", "bold"))
            yield sheet.printed(sheet.formulas(self.formulas))
        for (iteration, source), found in groupby(self.figures, lambda c: (c.iteration, c.source)):
            here = tuple(found)
            yield sheet.printed(Text(f"\nPublished, iteration {iteration:,}: {source}", "bold"))
            yield sheet.printed(sheet.figures(here))
            for sentence in _reasons(here):
                yield sheet.printed(Text(sentence, "dim"))
            if (mistake := self.timeline.experiment.mistake) and (same := _reproduced(here)):
                yield sheet.printed(Text(f"With {mistake.name} {same} as printed.", "bold"))
        summary = Text(f"\n{self.summary()}", "bold red" if self.failed else "bold")
        if remarks := self.remarks:
            yield sheet.printed(Text("\nFor its author", "bold"))
            yield from (sheet.printed(Text(remark)) for remark in remarks)
        yield sheet.printed(summary, soft_wrap=True)  # one line, for whoever takes the last one

    def summary(self) -> str:
        """All 8 gradients agree. All 22 published figures are as printed; 1 more is known wrong."""
        parts = [
            _of_gradients(self.gradients),
            _of_formulas(self.formulas),
            _of_figures(self.figures),
        ]
        return " ".join(filter(None, parts))


def no_faults(experiment: Experiment) -> str:
    """That its author's file has none, and what stands in it; of a lesson nothing."""
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


def _of_gradients(found: Sequence[GradientCheck]) -> str:
    verdicts = Counter(g.verdict for g in found)
    if verdicts[gradient_check.CheckVerdict.AGREES] == len(found):
        return f"All {len(found)} gradients agree."
    words = {
        gradient_check.CheckVerdict.DIFFERS: ("DIFFERS", "DIFFER"),
        gradient_check.CheckVerdict.AGREES: ("agrees", "agree"),
        gradient_check.CheckVerdict.KINK: ("stands at a kink", "stand at a kink"),
        gradient_check.CheckVerdict.CANNOT_TELL: ("cannot be told here",) * 2,
    }
    told = ", ".join(_number_of(verdicts[v], *words[v]) for v in words if verdicts[v])
    wrong = [g.symbol for g in found if g.verdict is gradient_check.CheckVerdict.DIFFERS]
    return f"Of {len(found)} gradients {told}{_named(wrong)}."


def _of_formulas(found: Sequence[JudgedFormula]) -> str:
    wrong = [j.step.symbol for j in found if not j.accepted]
    if wrong:
        are = _number_of(len(wrong), "is WRONG", "are WRONG")
        return f"Of {len(found)} formulas of your own {are}{_named(wrong)}."
    are = "formula of your own is" if len(found) == 1 else "formulas of your own are"
    return f"{len(found)} {are} right." if found else ""


def _of_figures(found: Sequence[Comparison]) -> str:
    if not found:
        return "No figures were published of this run."
    known = sum(c.wrong is not None for c in found)
    failed = [c.of for c in found if c.failed]
    right = len(found) - known
    also = f"; {known} more {'is' if known == 1 else 'are'} known wrong" if known else ""
    if failed:
        differ = _number_of(len(failed), "DIFFERS", "DIFFER")
        return f"Of {right} published figures {differ}{_named(failed)}{also}."
    near = sum(c.verdict is published.FigureVerdict.WITHIN for c in found)
    bound = f", {near} of them within the stated bound" if near else ""
    return f"All {right} published figures are as printed{bound}{also}."


def _number_of(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _reasons(found: Sequence[Comparison]) -> Iterator[str]:
    """Why figures are wrong in their source, each reason once."""
    for why in dict.fromkeys(c.wrong.why for c in found if c.wrong):
        of = [c.of for c in found if c.wrong and c.wrong.why == why]
        yield f"{', '.join(of)} {'is' if len(of) == 1 else 'are'} known to be wrong: {why}"


def _named(names: Sequence[str], most: int = 5) -> str:
    """`: dW2, dZ1, ...`"""
    return f": {', '.join(names[:most])}{', …' if len(names) > most else ''}" if names else ""


class _Sheet:
    """Tables for a console, in signs that it has."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def printed(self, part: RenderableType, soft_wrap: bool = False) -> str:
        return printed(self.console, part, soft_wrap)

    def table(self, *columns: str, right: Sequence[str]) -> Table:
        table = plain_table()
        for column in columns[:-1]:
            table.add_column(column, justify="right" if column in right else "left", no_wrap=True)
        table.add_column(columns[-1])
        return table

    def add(self, table: Table, cells: Sequence[str], style: str) -> None:
        from rich.text import Text

        *row, last = (encodable(cell, self.console.encoding) for cell in cells)
        table.add_row(*map(Text, row), Text(last, style))

    def gradients(self, found: Sequence[GradientCheck], decimals: int) -> Table:
        """The worst cell of each gradient, or the one that stands for it."""
        right = ("backprop", "numerical", "difference", "cells")
        table = self.table("gradient", "cell", *right, "verdict", right=right)
        for g in found:
            worst = g.worst
            cells = f"{g.checked:,}" + (f" of {g.of:,}" if g.checked < g.of else "")
            numbers = [figure(number, decimals) for number in (worst.analytic, worst.numeric)]
            cell = f"[{worst.row},{worst.column}]"
            difference = worst.difference_text.replace("-", "−")
            self.add(
                table,
                [g.symbol, cell, *numbers, difference, cells, _verdict(g)],
                STYLES[g.verdict],
            )
        return table

    def formulas(self, found: Sequence[JudgedFormula]) -> Table:
        """Each as it is computed, and what it is worth."""
        table = self.table("formula", "verdict", right=())
        for j in found:
            said = j.sentence if j.accepted else f"WRONG: {j.sentence}"
            formula = f"{j.step.symbol} = {text(j.expression)}" if j.expression else j.step.symbol
            self.add(table, [formula, said], "green" if j.accepted else "reverse red")
        return table

    def figures(self, found: Sequence[Comparison]) -> Table:
        table = self.table(
            "figure", "printed", "computed", "verdict", right=("printed", "computed")
        )
        for c in found:
            printed = c.printed.replace("-", "−")
            row = [c.of, printed, _computed(c), _against_print(c)]
            self.add(table, row, "reverse red" if c.failed else "yellow" if c.wrong else "green")
        return table


STYLES = {
    gradient_check.CheckVerdict.AGREES: "green",
    gradient_check.CheckVerdict.DIFFERS: "reverse red",
    gradient_check.CheckVerdict.KINK: "yellow",
    gradient_check.CheckVerdict.CANNOT_TELL: "yellow",
}


def _verdict(g: GradientCheck) -> str:
    word = "DIFFERS" if g.verdict is gradient_check.CheckVerdict.DIFFERS else str(g.verdict)
    untold = g.checked - g.told
    if not g.told or not untold:
        return word
    return f"{word} ({untold:,} cell{'s' * (untold > 1)} cannot be told)"


def _computed(c: Comparison) -> str:
    """The computed number with two digits more than are printed, as far as they mean anything."""
    if c.verdict is published.FigureVerdict.NOT_REACHED:
        return "…"
    mantissa, e, _ = c.printed.lower().partition("e")
    decimals = min(len(mantissa.partition(".")[2]) + 2, MOST_DIGITS)
    if c.failed or c.computed == 0 or "." not in mantissa or e:
        return f"{c.computed:z.{MOST_DIGITS}g}".replace("-", "−")
    return figure(c.computed, decimals)


def _reproduced(found: Sequence[Comparison]) -> str:
    """The figures known to be wrong that come out just so: `L[1,1] comes out`."""
    same = [c.of for c in found if c.wrong and c.as_printed]
    return f"{', '.join(same)} {'comes' if len(same) == 1 else 'come'} out" if same else ""


def _against_print(c: Comparison) -> str:
    match c.verdict:
        case published.FigureVerdict.WITHIN:
            return f"within {c.within:g}".replace("-", "−")
        case published.FigureVerdict.DIFFERS:
            return "DIFFERS"
        case published.FigureVerdict.NOT_REACHED:
            return "DIFFERS: the run diverged before"
        case published.FigureVerdict.KNOWN_WRONG if c.as_printed:
            return "called wrong, yet computed just so"
        case published.FigureVerdict.KNOWN_WRONG if c.is_correct is False:
            return f"known wrong, but not {c.correct} either".replace("-", "−")
        case published.FigureVerdict.KNOWN_WRONG if c.correct is not None:
            return f"known wrong: {c.correct} is right".replace("-", "−")
        case _:
            return str(c.verdict)
