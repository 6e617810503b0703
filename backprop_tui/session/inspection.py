"""Looking at one number: the cell under the cursor, and the trail of numbers walked through.

An immutable record with the few moves that keys make on it; it knows no keys and paints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.maths.expressions import Cell


@dataclass(frozen=True)
class Inspection:
    """`trail` ends in the number that is explained; `term` is which of those it reads is chosen."""

    cursor: Cell | None = None
    trail: tuple[Place, ...] = ()
    term: int = 0

    @property
    def place(self) -> Place | None:
        """The number that is explained."""
        return self.trail[-1] if self.trail else None

    def pointing(self, cell: Cell) -> Inspection:
        """The cursor on a cell, nothing explained."""
        return Inspection(cursor=cell)

    def into(self, place: Place, provenance: Provenance) -> Inspection:
        """`place` explained, behind what was explained before; its most telling term chosen."""
        term = telling_term(provenance.terms(place), provenance)
        return Inspection(cursor=place.cell, trail=(*self.trail, place), term=term)

    def out(self, provenance: Provenance) -> Inspection:
        """One number back on the trail; then only the cursor; then nothing."""
        if len(self.trail) > 1:
            left = self.trail[-1]
            reads = provenance.terms(self.trail[-2])
            term = reads.index(left) if left in reads else 0
            return replace(self, cursor=self.trail[-2].cell, trail=self.trail[:-1], term=term)
        if self.trail:
            return Inspection(cursor=self.trail[-1].cell)
        return Inspection()

    def turned(self, by: int, count: int) -> Inspection:
        """The next or previous of the `count` terms chosen."""
        return replace(self, term=(self.term + by) % count) if count else self


def telling_term(reads: tuple[Place, ...], provenance: Provenance) -> int:
    """The first term that was computed, else the first input: so that enter alone leads to X."""
    computed = (k for k, p in enumerate(reads) if not provenance.is_parameter(p.symbol))
    return min(computed, key=lambda k: (provenance.step_of(reads[k]) is None, k), default=0)
