"""Looking at one number: the cell under the cursor, and the trail of numbers walked through."""

from __future__ import annotations

from dataclasses import dataclass, replace

from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.maths.expressions import Cell


@dataclass(frozen=True)
class Inspection:
    """The cell under the cursor, and the numbers walked through to the one that is explained.

    `term` is the index of the chosen number among those that the explained one is computed from.
    """

    cursor: Cell | None = None
    trail: tuple[Place, ...] = ()
    term: int = 0
    group: int | None = None
    """The group that is looked at in place of the step's, while there is no cursor."""

    @property
    def place(self) -> Place | None:
        """The number that is explained; None where only the cursor is shown."""
        return self.trail[-1] if self.trail else None

    def pointing(self, cell: Cell) -> Inspection:
        """Return the inspection with the cursor on a cell and nothing explained."""
        return Inspection(cursor=cell)

    def into(self, place: Place, provenance: Provenance) -> Inspection:
        """Return the inspection with `place` explained and its most telling term chosen."""
        term = telling_term(provenance.sources(place), provenance)
        return Inspection(cursor=place.cell, trail=(*self.trail, place), term=term)

    def out(self, provenance: Provenance) -> Inspection:
        """Return the inspection one number back; after the first the cursor alone, then nothing."""
        if len(self.trail) > 1:
            left = self.trail[-1]
            reads = provenance.sources(self.trail[-2])
            term = reads.index(left) if left in reads else 0
            return replace(self, cursor=self.trail[-2].cell, trail=self.trail[:-1], term=term)
        if self.trail:
            return Inspection(cursor=self.trail[-1].cell)
        return Inspection()

    def turned(self, by: int, count: int) -> Inspection:
        """Return the inspection with the chosen one of `count` terms moved by `by`."""
        return replace(self, term=(self.term + by) % count) if count else self


def telling_term(reads: tuple[Place, ...], provenance: Provenance) -> int:
    """Return the index of the first term that was computed, else of the first input; in a product
    with a gradient, as dW2 = A1ᵀ · dZ2, of the gradient.

    Pressing enter again and again leads to the inputs.
    """
    read, gradients = {p.symbol for p in reads}, provenance.program.gradients

    def order(k: int) -> tuple[bool, bool, int]:
        symbol, is_given = reads[k].symbol, provenance.step_of(reads[k]) is None
        leads_on = symbol in gradients and provenance.program.roles[symbol].of not in read
        return is_given, not leads_on, k

    computed = (k for k, p in enumerate(reads) if not provenance.is_parameter(p.symbol))
    return min(computed, key=order, default=0)
