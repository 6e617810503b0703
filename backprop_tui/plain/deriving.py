"""The blackboard in words: each line of a derivation, and the rule that led to it."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_tui.explain.gradient_lines import DerivationLine
from backprop_tui.maths.expressions import Name, names
from backprop_tui.maths.words import WORDS as IN_WORDS
from backprop_tui.maths.words import sentence, spoken
from backprop_tui.maths.writing import TEXT as AS_TEXT
from backprop_tui.maths.writing import Notation, write
from backprop_tui.messages import count
from backprop_tui.model.saved import Level
from backprop_tui.plain.telling import BOTH, TEXT, WORDS
from backprop_tui.session.blackboard import ELEMENTS, Blackboard

CLOSED = "The blackboard is closed: each next is a step again."


def progress(board: Blackboard | None, told: tuple[Level, ...], spelling: str) -> Iterator[str]:
    """What is new on the blackboard since it had the levels that were told last."""
    if board is None:
        if told:
            yield CLOSED
        return
    same = len(told) == len(board.levels) and all(
        (a.symbol, a.form) == (b.symbol, b.form) for a, b in zip(told, board.levels, strict=True)
    )
    first = told[-1].shown if same else 0
    if not same:
        yield from heading(board, spelling)
    elif board.level.shown < first:
        first = board.level.shown - 1
    yield from lines(board, first, spelling)
    left = len(board.derivation.lines) - len(board.lines)
    if left and not same:
        yield f"{count(left, 'more line')}: next tells one, derive all the rest."


def heading(board: Blackboard, spelling: str) -> Iterator[str]:
    """What is derived, and of its elements the forward steps that they come from."""
    derived, notation = board.derivation, AS_TEXT if spelling == TEXT else IN_WORDS
    form = ", one element" if board.level.form == ELEMENTS else ""
    yield f"Derived{form}: {derived.heading(notation)}."
    if form or derived.of is None:
        for of, e in derived.given:
            yield f"Given: {write(of, notation)} {notation.equals} {write(e, notation)}."


def lines(board: Blackboard, first: int, spelling: str) -> Iterator[str]:
    """The lines that are revealed, from the one behind so many on."""
    for line in board.lines[first:]:
        if spelling in (TEXT, BOTH):
            yield f"{_sides(line, AS_TEXT)}   ({line.rule})"
        if spelling in (WORDS, BOTH):
            said = _sides(line, IN_WORDS)
            yield (
                sentence(f"{said}: {spoken(line.rule)}")
                if line.left is None
                else (f"{said}: {spoken(line.rule)}.")
            )
    if board.is_whole:
        for case, e in board.derivation.cases:
            yield spoken(f"{case}: ") + f" {write(e, IN_WORDS)}."


def _sides(line: DerivationLine, notation: Notation) -> str:
    """A line from its left side, where it has one of its own, or from its sign on."""
    again = isinstance(line.left, Name) and line.left.symbol in names(line.expression)
    sign = notation.becomes if again else notation.equals
    left = "" if line.left is None else f"{write(line.left, notation)} "
    return f"{left}{sign} {line.written(notation)}"
