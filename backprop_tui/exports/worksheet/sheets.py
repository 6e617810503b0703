"""Which sheets a worksheet has: the experiment itself, or copies whose numbers suit a pencil.

Copies are drawn by seeds, their weights rounded, and seeds that give numbers which are too small,
too large, or too far from what a pencil gets are passed over. The same words give the same sheets.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import count, islice, tee

from backprop_tui.exports.blanks import asked, left_out
from backprop_tui.exports.formats import ExportError, Wanted
from backprop_tui.exports.rounding import Rounding
from backprop_tui.exports.sheet import Sheet
from backprop_tui.files.codes import TooLongError, code_of, grouped
from backprop_tui.files.experiment_file import is_file
from backprop_tui.maths.shapes import written
from backprop_tui.model.experiment import Experiment, Look
from backprop_tui.run.timeline import Position, Timeline

MOST_ROWS, MOST_COLUMNS = 12, 8
"""Of a matrix that fits on a sheet of paper."""
ROUNDED_TO = 1
"""Decimals of weights that are drawn for a sheet, unless the experiment rounds them itself."""
SEEDS, RUNS, FEWEST = 400, 30, 200
"""For each copy that is wanted: seeds that are drawn, and runs that are looked at; but so many at
least."""


@lru_cache(maxsize=1)  # for the page, its key, and what is remarked
def sheets(timeline: Timeline, wanted: Wanted) -> tuple[Sheet, ...]:
    """The sheets that are wanted, or the ExportError that says what does not fit on one."""
    experiment = timeline.experiment
    if experiment.edits:
        raise ExportError("edits change numbers on the way, which no sheet can: undo them first")
    if experiment.mistake is not None:
        raise ExportError(
            f"a worksheet needs the right algorithm: leave out {experiment.mistake.name}"
        )
    if wanted.iterations > 1:
        raise ExportError("a worksheet is the first iteration; --iterations is for other formats")
    blanks = asked(timeline.program, wanted.blanks, experiment.training.batch)
    first = Sheet(timeline, blanks, Rounding(wanted.decimals))
    for symbol, matrix in (first.given | {s.symbol: first.answer(s) for s in blanks}).items():
        rows, columns = matrix.shape
        if rows > MOST_ROWS or columns > MOST_COLUMNS:
            raise ExportError(
                f"{symbol} is {written(matrix.shape)}, and a worksheet has room for {MOST_ROWS} "
                f"rows and {MOST_COLUMNS} columns: make the network or the batch smaller, or ask "
                "for other --blanks"
            )
    found = [own(first)] if wanted.copies == 1 else copies(first, wanted.copies)
    return tuple(
        replace(sheet, command=command(sheet.timeline.experiment, experiment)) for sheet in found
    )


def own(sheet: Sheet) -> Sheet:
    """The experiment as it is, rounded to digits where decimals do not suit its numbers."""
    in_digits = replace(sheet, rounding=sheet.rounding.in_digits)
    # Digits lose no number, however small or large: at worst they are shaky.
    return in_digits if len(sheet.unsuited) + sheet.shaky > in_digits.shaky else sheet


def copies(sheet: Sheet, wanted: int) -> list[Sheet]:
    """As many, with other weights, all rounded one way: kind ones, or the best that are found."""
    most = max(FEWEST, RUNS * wanted)
    runs = map(Timeline, islice(drawn(sheet.timeline.experiment, wanted), most))
    best: list[list[Sheet]] = []
    roundings = (sheet.rounding, sheet.rounding.in_digits)
    for rounding, again in zip(roundings, tee(runs), strict=True):
        tried = (replace(sheet, timeline=run, rounding=rounding) for run in again)
        best.append(kindest(tried, wanted))
        if all(each.is_kind for each in best[-1]):
            return best[-1]
    return min(best, key=lambda found: max(each.strain for each in found))


def kindest(tried: Iterator[Sheet], wanted: int) -> list[Sheet]:
    """The first kind sheets, by their seeds; too few of them are filled up with the next best."""
    kind, others = list[Sheet](), list[Sheet]()
    for sheet in tried:
        (kind if sheet.is_kind else others).append(sheet)
        if len(kind) == wanted:
            break
    others.sort(key=lambda sheet: sheet.strain)
    found = kind + others[: wanted - len(kind)]
    return sorted(found, key=lambda sheet: sheet.timeline.experiment.initial.seed)


def drawn(experiment: Experiment, wanted: int) -> Iterator[Experiment]:
    """The experiment with weights of other seeds, rounded: no two the same, and no weight rounded
    away to zero, if that can be had."""
    initial = experiment.initial
    if initial.scheme == "zeros":
        raise ExportError('--copies needs weights that differ, but [initial] has scheme = "zeros"')
    rounded = experiment if initial.round is not None else _rounded(experiment)
    seen, spare = set[bytes](), list[Experiment]()
    for copy in map(rounded.with_seed, islice(count(initial.seed), SEEDS * wanted)):
        weights = [p for name, p in copy.parameters().items() if name.startswith("W")]
        same = b"".join(weight.tobytes() for weight in weights)
        if all(weight.all() for weight in weights) and same not in seen:
            seen.add(same)
            yield copy
        elif len(spare) < wanted:
            spare.append(copy)
    yield from spare


def _rounded(experiment: Experiment) -> Experiment:
    said = experiment.written
    if said is not None:
        said = replace(said, overrides={**said.overrides, "round": ROUNDED_TO})
    initial = replace(experiment.initial, round=ROUNDED_TO)
    return replace(experiment, initial=initial, written=said)


# What is said of them ------------------------------------------------------------------------


def remarks(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """What the sheets are not, and what would make them so."""
    found = sheets(timeline, wanted)
    if not wanted.blanks and (left := left_out(timeline.program, found[0].blanks)):
        yield left
    hardest = max(found, key=lambda sheet: sheet.strain)
    unkind = sum(not sheet.is_kind for sheet in found)
    if wanted.copies > 1 and unkind:
        yield (
            f"seeds whose numbers suit a pencil were found for {wanted.copies - unkind} of "
            f"{wanted.copies} sheets, the others are the next best ({hardest.difficulty})"
        )
    elif wanted.copies == 1 and hardest.strain[0]:
        yield f"the numbers do not suit a pencil ({hardest.difficulty}){_kinder(hardest)}"


def _kinder(sheet: Sheet) -> str:
    """Which flags give a copy that is kind, where one is soon found."""
    if sheet.timeline.experiment.initial.scheme == "zeros":
        return ""
    (copy,) = copies(sheet, 1)
    if not copy.is_kind:
        return ""
    flags = seeded([], copy.timeline.experiment, sheet.timeline.experiment)
    return f"; {' '.join(flags)} has kinder ones"


def command(copy: Experiment, original: Experiment) -> str:
    """What opens the copy in the stepper, on any computer: by its file's name, which is there under
    any path, or by a code where that is shorter."""
    word, *flags = shlex.split(original.source)
    if is_file(word):
        word = f"./{os.path.basename(word)}"
    if copy is not original:
        flags = seeded(flags, copy, original)
    commands = [shlex.join(["backprop-tui", word, *flags])]
    if (code := _code(copy)) is not None:
        commands.append(f"backprop-tui --code {code}")
    return min(commands, key=len)


def seeded(flags: list[str], copy: Experiment, original: Experiment) -> list[str]:
    """The flags with those of the copy in place of the original's."""
    flags, given = list(flags), {"--seed": copy.initial.seed}
    if copy.initial.round is not None and copy.initial.round != original.initial.round:
        given["--round"] = copy.initial.round
    for flag, number in given.items():
        if flag in flags:
            del flags[(at := flags.index(flag)) : at + 2]
        flags += [flag, str(number)]
    return flags


def _code(copy: Experiment) -> str | None:
    """A code in groups that can be typed, or None for what has none."""
    try:
        code = code_of(replace(copy, look=Look(), saved=None), Position())
    except TooLongError:
        return None
    return "-".join(grouped(code))
