"""The blackboard: a derivation of which one line after the other is revealed.

An immutable record with the moves that keys make on it; it knows no keys and paints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.functions import is_derivative
from backprop_tui.model.program import Program
from backprop_tui.model.saved import Level
from backprop_tui.session import lazy

if TYPE_CHECKING:
    from backprop_tui.explain.derivation import Derivation
    from backprop_tui.explain.gradient_lines import DerivationLine

MATRICES, ELEMENTS, PATHS = "matrices", "elements", "paths"


@dataclass(frozen=True)
class Blackboard:
    """What is derived in a program, for that many examples: the last level is the one shown."""

    program: Program
    examples: int
    levels: tuple[Level, ...]
    unasked: bool = False
    """Whether it is only shown: no key moves it."""

    @staticmethod
    def of(program: Program, examples: int, symbol: str, cell: Cell | None = None) -> Blackboard:
        """The first line of what computes `symbol`: where it is a gradient, of its derivation, in
        the form in which its reason is seen."""
        by_elements = symbol in program.gradients and lazy.derivation.is_seen_by_elements(
            program, symbol
        )
        form = ELEMENTS if by_elements else MATRICES
        return Blackboard(program, examples, (Level(symbol, form, cell=cell),))

    @property
    def level(self) -> Level:
        return self.levels[-1]

    @property
    def is_inner(self) -> bool:
        """Whether what is shown was opened from a line of the level before."""
        return len(self.levels) > 1

    @cached_property
    def derivation(self) -> Derivation:
        """What the level shown derives."""
        return self._derivation(self.level, self.is_inner)

    @property
    def lines(self) -> tuple[DerivationLine, ...]:
        """The lines that are revealed."""
        return self.derivation.lines[: self.level.shown]

    @property
    def is_whole(self) -> bool:
        """Whether every line of the level is revealed."""
        return len(self.lines) == len(self.derivation.lines)

    @property
    def at(self) -> int:
        """The line that is chosen, from 1: the newest, where none is."""
        return min(self.level.line or len(self.lines), len(self.lines))

    @property
    def opens(self) -> str | None:
        """What the chosen line uses that has a derivation of its own."""
        return None if self.level.form == PATHS else self.lines[self.at - 1].opens

    @cached_property
    def hides(self) -> str | None:
        """The gradient whose value waits until the last line of its derivation is revealed."""
        first = self.levels[0]
        whole = len(self._derivation(first, inner=False).lines)
        return None if first.shown >= whole else first.symbol

    def _derivation(self, level: Level, inner: bool) -> Derivation:
        symbol, program = level.symbol, self.program
        if inner and (is_derivative(symbol) or symbol in program.positions):
            derived = is_derivative(symbol) or lazy.derivation.is_softmax(program, symbol)
        else:
            derived = False
        if derived or symbol in program.gradients:
            return lazy.derivation.derivation(
                program, symbol, self.examples, level.form == ELEMENTS
            )
        return lazy.derivation.stated(program, symbol)

    # Moves

    def put(self, **changes: object) -> Blackboard:
        """The same with the level shown changed."""
        level = replace(self.level, **changes)  # type: ignore[arg-type]
        return replace(self, levels=(*self.levels[:-1], level))

    def revealed(self, by: int) -> Blackboard:
        """With so many lines more, or less, the newest one chosen."""
        return self.put(shown=len(self.lines) + by, line=None)

    def whole(self) -> Blackboard:
        """With every line."""
        return self.put(shown=len(self.derivation.lines), line=None)

    def moved(self, by: int) -> Blackboard:
        """With the line chosen that is so many lines below."""
        return self.put(line=max(1, min(len(self.lines), self.at + by)))

    def turned(self, by: int) -> Blackboard:
        """In another form: matrices, elements and, once all is revealed, paths in numbers.

        Where not every line was revealed, not every one is, unless there is only one.
        """
        if self.level.symbol not in self.program.gradients:
            return self
        whole = self.is_whole
        forms = [MATRICES, ELEMENTS]
        if self.level.form == PATHS or (whole and not self.is_inner):
            forms.append(PATHS)
        found = self.put(form=forms[(forms.index(self.level.form) + by) % len(forms)], line=None)
        count = len(found.derivation.lines)
        return found.put(shown=count if whole else max(1, min(self.level.shown, count - 1)))

    def opened(self, symbol: str) -> Blackboard:
        """One level in: the first line of the derivation of what a line uses."""
        inner = Blackboard.of(self.program, self.examples, symbol)
        kept = self.put(line=self.at)
        return replace(kept, levels=(*kept.levels, *inner.levels))

    def closed(self) -> Blackboard | None:
        """One level out; None from the outermost."""
        return replace(self, levels=self.levels[:-1]) if self.is_inner else None
