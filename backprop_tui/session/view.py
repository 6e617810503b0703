"""What a screen shows: a state of the run, and how its user wants to see it.

A View is an immutable record, made anew at each key. Panels read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from backprop_tui.explain.advice import advice
from backprop_tui.explain.explanation import Explanation, Number, own_cell
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.explain.published import Beside, Comparison
from backprop_tui.maths.expressions import Cell, names
from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import decimals_apart, number, told_apart
from backprop_tui.messages import listed
from backprop_tui.model.architecture import Phase, Step
from backprop_tui.model.classes import class_names
from backprop_tui.model.notes import Note, shown_lines
from backprop_tui.model.program import Program
from backprop_tui.model.rows import beside_each_other, named_columns, rows_of
from backprop_tui.model.saved import DRAWINGS as DRAWINGS
from backprop_tui.run.timeline import State
from backprop_tui.session.blackboard import Blackboard
from backprop_tui.session.inspection import Inspection

if TYPE_CHECKING:  # imported when they are needed: the start does not wait for it
    from backprop_tui.learn.effect import RightRun
    from backprop_tui.learn.formulas import JudgedFormula
    from backprop_tui.learn.mistakes import Slip
    from backprop_tui.session.question import Asking

ENTERS, CARRIED_ON = "✗", "~"
"""The signs before a wrong number: where the run's mistake enters, and where it is carried on."""
SIGNS = {None: "", True: ENTERS, False: CARRIED_ON}
"""The sign of a step, by whether the mistake of the run enters with it."""
EDITED, CHANGED = "*", "Δ"
"""The signs before a number that was edited, and before one that the last edit changed."""
GIVEN = "◇"
"""The sign before a matrix that is given instead of computed."""
NO_LOSSES: tuple[Array, Array] = (np.empty(0), np.empty(0))
ARROWS = {"forward": "▶", "loss": "▶", "backward": "◀", "update": "▼"}


@dataclass(frozen=True, eq=False)
class View:
    """A state of the run with all that the screen shows of it.

    `example` is one of the batch, from 0; `scroll` is the first row and column shown of each layer.
    """

    state: State
    provenance: Provenance
    beside: Beside
    """The figures that were published of this run."""
    decimals: int = 3
    example: int = 0
    drawing: str = DRAWINGS[0]
    scroll: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    inspection: Inspection = field(default_factory=Inspection)
    verdict: str = ""
    """What the gradient check found for the gradient explained, in a few words."""
    chosen: str = "cache"
    """The panel that z maximises; in a small terminal the only one."""
    looking_back: bool = False
    """Whether the state is one of the past, shown because a number of it is explained."""
    tabbed: bool = False
    """Whether the user chose that panel, so that its rule is drawn strong."""
    scrolled: int = 0
    """Lines that a maximised Step panel is scrolled down."""
    maximised: bool = False
    roomy: bool = False
    """Whether the screen is large: panels are spread, centred and written in full."""
    one_panel: bool = False
    """Whether there is room for one panel at a time."""
    sparkline: str = ""
    """The losses so far, a character for each stretch of iterations."""
    losses: tuple[Array, Array] = NO_LOSSES
    """Iterations and their losses so far, thinned for drawing; only on a large screen."""
    message: str = ""
    """What the title says until the next key."""
    more_lines: int = 0
    """How many lines of the lesson's notes were revealed since the step was reached."""
    asking: Asking | None = None
    """A question about the step shown: open, or just over."""
    playing: str = ""
    """The speed at which the run plays by itself; empty while it does not."""
    right: RightRun | None = None
    """The same run without its mistake, where it is made with one."""
    right_is_behind: bool = False
    """Whether that run is still on its way to this iteration: no number is marked wrong yet."""
    hidden: frozenset[str] = frozenset()
    """The panels whose numbers are not shown."""
    before: State | None = None
    """The same position in the run as it was before the last edit, until the next move."""

    writing: str = ""
    """The symbol whose formula the user is writing; nothing of its step is shown meanwhile."""
    told: tuple[str, ...] = ()
    """What is wrong with the formula that was typed, a sentence each."""
    blackboard: Blackboard | None = None
    """What is derived on the blackboard, where it is open."""
    unrevealed: bool = False
    """Whether the step is shown, and its value waits until its derivation is revealed."""
    yours: JudgedFormula | None = None
    """The judgement on the explained step's formula, where the user wrote it."""

    def shows(self, other: View) -> bool:
        """Whether all that is seen is what is seen of another view."""
        own, others = vars(self), vars(other)
        pairs = ((own[name], others[name]) for name in self.__dataclass_fields__)
        # Arrays are drawn anew where they are others.
        return all(a is b or (a is not self.losses and a == b) for a, b in pairs)

    @cached_property
    def step(self) -> Step | None:
        return self.state.step

    @cached_property
    def program(self) -> Program:
        return self.state.program

    @cached_property
    def iteration(self) -> int:
        return self.state.position.iteration

    @cached_property
    def needed(self) -> frozenset[str]:
        """The values that the boards must show, or whose gradients: those that the step writes and
        reads, or what is explained."""
        explained, step = self.inspection.place, self.step
        if explained:
            reads = self.explanation.reads if self.explanation else ()
            return self._values((explained.symbol, *(place.symbol for place in reads)))
        if step is None:  # what comes next
            step = self.program.steps[0]
        written = self._values((step.symbol, *names(step.expression)))
        return written or self._values((self.program.output, *self.program.targets))

    @cached_property
    def looked_for(self) -> frozenset[str]:
        """The values that are looked at in place of the step; none where nothing is."""
        if cursor := self.inspection.cursor:
            return self._values((cursor.symbol,))
        group, roles = self.inspection.group, self.program.roles
        return frozenset(s for s, r in roles.items() if r.kind == "value" and r.group == group)

    @cached_property
    def members(self) -> tuple[int, ...]:
        """The groups that are time steps beside each other; none where the program has none."""
        families = (row.groups for row in rows_of(self.program) if row.is_family)
        return max(families, key=len, default=())

    @cached_property
    def axis(self) -> str:
        """What the columns of the boards are, of which one is lit: example, time step, column."""
        if self.state.examples > 1:
            return "example"
        if self.members:
            return "time step"
        return "column" if named_columns(self.program) else ""

    @property
    def lit_column(self) -> int:
        """The lit column, from 0, of the matrices whose columns are not examples."""
        shapes = self.state.shapes
        widest = max((shapes[s][1] for s in named_columns(self.program)), default=1)
        return min(self.example, widest - 1)

    @property
    def first(self) -> str:
        """The value that matters most on the boards: the one looked at, explained or written."""
        cursor, explained, step = self.inspection.cursor, self.inspection.place, self.step
        seen = cursor or explained or (step and step.target)
        return next(iter(self._values((seen.symbol,)) if seen else ()), "")

    def _values(self, symbols: Iterable[str]) -> frozenset[str]:
        """Of some symbols those that stand on the boards, for a gradient what it is that of."""
        roles = self.program.roles
        known = [s for s in symbols if s in roles]
        found = {roles[s].of or s if roles[s].kind == "gradient" else s for s in known}
        return frozenset(s for s in found & roles.keys() if roles[s].kind not in ("loss", "mean"))

    @cached_property
    def lit(self) -> int:
        """The group that is lit among time steps: the one looked at, else the step's own."""
        roles, step = self.program.roles, self.step
        if (looked_at := self.inspection.cursor) and looked_at.symbol in roles:
            group = roles[looked_at.symbol].group
        else:
            group = self.inspection.group or (step.group if step else 1)
        if group is None and step is not None:  # shared: where its last term arrives
            read = (roles[s] for s in names(step.expression) if s in roles)
            groups = [role.group for role in read if role.kind == "gradient" and role.group]
            group = min(groups, default=None)
        return group or max(self.program.groups, default=1)

    @property
    def followed(self) -> Cell | None:
        """The cell that windows keep in sight: a looked-at one, else the one in hand."""
        return self.inspection.cursor or (self.cell if self.in_hand else None)

    @cached_property
    def place(self) -> Place | None:
        """The number that is explained: the inspected one, else the step's own."""
        if self.inspection.place:
            return self.inspection.place
        return None if self.cell is None else Place(self.iteration, self.cell)

    @cached_property
    def cell(self) -> Cell | None:
        """The cell that the step is explained at; while it is open, the last one revealed."""
        if self.step is None:
            return None
        if self.asking:
            return self.asking.cell
        if revealed := self.state.position.elements:
            columns = self.state.shapes[self.step.symbol][1]
            row, column = divmod(revealed - 1, columns)
            return Cell(self.step.symbol, row + 1, column + 1)
        named = self.step.symbol in named_columns(self.program)
        own = own_cell(self.state, self.step, self.column)
        own = replace(own, column=self.lit_column + 1) if named and self.axis == "column" else own
        return self._first_wrong(self.step) or own

    def _first_wrong(self, step: Step) -> Cell | None:
        """The first cell shown of the step that the run's mistake changed."""
        if self.right is None or not self.state.done(step.symbol):
            return None
        example = self.column if step.symbol in self.program.per_example else None
        return self.right.first_wrong(self.iteration, step.symbol, example)

    @cached_property
    def column(self) -> int:
        """The example whose column is shown, or row, from 0: that of the cell looked at or asked
        about, or of the open step."""
        per_example, place = self.program.per_example, self.program.architecture.place
        asking = self.asking if self.asking and self.asking.asks_for_a_cell else None
        cursor = self.inspection.cursor or (asking.cell if asking else None)
        if cursor and cursor.symbol in per_example:
            return min(place(cursor.row, cursor.column)[1], self.state.examples) - 1
        if self.step and self.step.symbol in per_example and self.state.position.elements:
            revealed = self.state.position.elements - 1
            return place(*divmod(revealed, self.state.shapes[self.step.symbol][1]))[1]
        return min(self.example, self.state.examples - 1)

    def numbers_rows(self, symbol: str) -> bool:
        """Whether the rows of a matrix are the examples of a batch, all of them shown."""
        several = self.state.examples > 1 and self.program.axis == 0
        return several and symbol in beside_each_other(self.program)

    def entry(self, symbol: str, k: int) -> tuple[int, int]:
        """The row and the column (from 0) of number `k` of a vector: of the shown example's, where
        each example has one."""
        example = self.column if symbol in self.program.per_example else 0
        return self.program.architecture.place(k, example)

    def of_example(self, values: Array) -> Array:
        """The numbers of the shown example in a matrix that has some for each, in order."""
        return self.state.experiment.data.columns(values)[:, self.column]

    def column_name(self, place: Place) -> str:
        """What the data calls an input or a target; nothing where it has no name."""
        names = self.state.experiment.data.names.get(place.symbol)
        entry, _ = self.program.architecture.place(place.cell.row, place.cell.column)
        return names[entry - 1] if names else ""

    @cached_property
    def explanation(self) -> Explanation | None:
        """The explanation of the number at `place`; None for a given one and before the start."""
        if self.place is None or self.provenance.step_of(self.place) is None:
            return None
        return Explanation(self.provenance, self.place, self.written, self.known(self.place))

    @cached_property
    def written(self) -> Number:
        """How a number is written: with the decimals shown, or as many as tell it from what it is
        compared with."""
        plain, place = partial(number, decimals=self.decimals), self.place
        if place is None or (step := self.provenance.step_of(place)) is None:
            return plain
        if step.symbol in names(step.expression):  # an update: told from what was there before
            before = self.provenance.read_in(place.iteration, place.cell, step)
            was, now = self.provenance.number(before), self.provenance.number(place)
            return partial(number, decimals=decimals_apart(was, now, self.decimals))
        if (limit := self.limit(place.symbol)) is None:
            return plain
        return lambda value: told_apart(value, limit, self.decimals)[0]

    def limit(self, symbol: str) -> float | None:
        """What the numbers of a matrix are compared with, to tell which class is predicted: 0.5 for
        a single output; None where they are not."""
        alone = symbol == self.program.output and self.program.outputs == 1
        return 0.5 if alone and self.class_names else None

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """What the classes are called; None where no classes are predicted."""
        return class_names(self.program.architecture, self.state.experiment.data)

    @property
    def given_words(self) -> tuple[str, ...]:
        """What is given instead of computed, and what cannot be computed, a sentence each."""
        program = self.program
        if not program.cached:
            return ()
        are = "is" if len(program.cached) == 1 else "are"
        given = f"{listed([s for s in program.roles if s in program.cached])} {are} given"
        lacking = [f"Not computed: {listed(tuple(program.lacking))}."] if program.lacking else []
        return (f"{given}, not computed. The run has one iteration.", *lacking)

    def known(self, place: Place) -> bool:
        """Whether the number has been computed at the position shown."""
        if self.program.missing(place.symbol):
            return False
        if place.iteration != self.iteration or self.provenance.step_of(place) is None:
            return place.iteration <= self.iteration
        if self.state.opening(place.symbol):
            columns = self.state.shapes[place.symbol][1]
            at = (place.cell.row - 1) * columns + place.cell.column
            return at <= self.state.position.elements
        return self.state.done(place.symbol)

    def place_of(self, symbol: str, row: int, column: int) -> Place:
        """The number that a panel shows for a cell (counted from 0): a parameter as it is now."""
        cell = Cell(symbol, row + 1, column + 1)
        if not self.provenance.is_parameter(symbol):
            return Place(self.iteration, cell)
        made = self.iteration - (not self.state.done(symbol))
        return self.provenance.earliest(Place(made, cell))

    # Marks: what is written, and what is read for it

    @cached_property
    def _step_reads(self) -> frozenset[str]:
        if self.step is None or self.writing:
            return frozenset()
        return frozenset(names(self.step.expression))

    def mark(self, place: Place) -> str:
        """Return "target" for the number explained or written by the step, "read" for one that it
        reads, and "" for all others."""
        if self.asking and self.asking.is_open and not self.inspection.place:
            if place == self.place:
                return "target"
            return "read" if place in self._looked_at else ""  # the others are to be found
        if self.in_hand:
            if self._looked_at and not self.inspection.place:  # where the answer went wrong
                looked_at = "read" if place in self._looked_at else ""
                return "target" if place == self.place else looked_at
            return self.mark_in_hand(place)
        if self.step is None:
            return ""
        if place.symbol == self.step.symbol and place.iteration == self.iteration:
            return "target"
        if place.symbol not in self._step_reads:
            return ""
        read = self.provenance.read_in(self.iteration, place.cell, self.step)
        return "read" if place == read else ""

    def mark_in_hand(self, place: Place) -> str:
        """The mark of a number as the one that the Step panel explains makes it: that one is the
        "target", and what it was computed from is "read"."""
        if place == self.place:
            return "target"
        return "read" if self._is_read(place) else ""

    @cached_property
    def is_asked(self) -> bool:
        """Whether the step shown is part of a question, or its formula is being written."""
        return bool(self.writing) or (self.asking is not None and self.asking.is_open)

    @cached_property
    def _looked_at(self) -> frozenset[Place]:
        """The numbers to look at again after a wrong answer."""
        if self.asking is None or self.step is None:
            return frozenset()
        read_in = self.provenance.read_in
        return frozenset(read_in(self.iteration, cell, self.step) for cell in self.asking.look)

    def waits(self, symbol: str, row: int, column: int) -> bool:
        """Whether the number in a cell (counted from 0) is one that is asked for, or derived."""
        if self.unrevealed and self.step and self.step.symbol == symbol:
            return True
        asked = self.asking.cell if self.asking and self.asking.asks_for_a_cell else None
        return asked == Cell(symbol, row + 1, column + 1)

    # Edits

    def change(self, place: Place) -> tuple[float, float] | None:
        """What a known number was before the last edit and is now; None where they are equal."""
        if self._before is None or not self.known(place):
            return None
        was, now = self._before.number(place), self.provenance.number(place)
        return None if was == now or (isnan(was) and isnan(now)) else (was, now)

    @cached_property
    def _before(self) -> Provenance | None:
        return None if self.before is None else Provenance(self.before.timeline)

    def sign(self, place: Place) -> str:
        """What stands before a number that was edited, or that the last edit changed."""
        if self.before is None and not self.state.experiment.edits:
            return ""
        if self.provenance.edit_of(place):
            return EDITED
        return CHANGED if self.change(place) else ""

    def published(self, place: Place) -> Comparison | None:
        """The published figure for a number that is known here, and not edited."""
        return self.beside.at(place.iteration, place.cell) if self.known(place) else None

    def figures(self, place: Place) -> tuple[Comparison, ...]:
        """The published figures for this cell, then for expressions over its matrix."""
        if not self.known(place) or self.provenance.edit_of(place):
            return ()
        own = self.beside.at(place.iteration, place.cell)
        return (*((own,) if own else ()), *self.beside.about(place.iteration, place.symbol))

    def _is_read(self, place: Place) -> bool:
        """Whether the number in hand was computed from `place`."""
        found = self.explanation
        if found is None:
            return False
        if found.whole:
            return place in self._reads
        return self.provenance.is_read_by(place, found.place)

    @cached_property
    def _reads(self) -> frozenset[Place]:
        return frozenset(self.explanation.reads) if self.explanation else frozenset()

    def cell_mark(self, symbol: str, row: int, column: int) -> str:
        """The mark of the number that a panel shows for a cell (counted from 0)."""
        return self.mark(self.place_of(symbol, row, column))

    @cached_property
    def bracketed(self) -> Place | None:
        """The number that enter leads to: the chosen term, else the cell under the cursor."""
        found, cursor = self.explanation, self.inspection.cursor
        if self.inspection.place:
            reads = found.sources if found else ()
            return reads[self.inspection.term % len(reads)] if reads else self.inspection.place
        return self.place_of(cursor.symbol, cursor.row - 1, cursor.column - 1) if cursor else None

    def symbol_mark(self, symbol: str) -> str:
        """The mark of a matrix as a whole."""
        explained, found = self.inspection.place, self.explanation
        if explained:
            if symbol == explained.symbol:
                return "target"
            return "read" if found and any(p.symbol == symbol for p in found.reads) else ""
        if self.step and symbol == self.step.symbol:
            return "target"
        if self.is_asked:  # what it reads is part of the question, until a hint tells
            told = self.asking is not None and self.asking.hints
            looked_at = any(place.symbol == symbol for place in self._looked_at)
            return "read" if looked_at or (told and symbol in self._step_reads) else ""
        return "read" if symbol in self._step_reads else ""

    def value(self, symbol: str) -> Array | None:
        return self.state.value(symbol)

    @cached_property
    def updating(self) -> bool:
        return self.state.phase == "update"

    @property
    def boards(self) -> tuple[str, ...]:
        """The panels with matrices that there are in this phase."""
        return ("update",) if self.updating else ("cache", "gradients")

    def board_of(self, symbol: str) -> str:
        """The panel on which a matrix stands in this phase: the first, for a gradient the last."""
        return self.boards[-1 if symbol in self.program.gradients else 0]

    @property
    def slip(self) -> Slip | None:
        """What the run's mistake makes of the explained step, where it changes it."""
        return self.right.slips.get(self.place.symbol) if self.right and self.place else None

    @property
    def is_as_taught(self) -> bool:
        """Whether the explained step is as its reason says: neither mistaken nor made too early."""
        if self.place is None or (self.yours and not self.yours.accepted) or self.slip:
            return False
        step = self.program.steps[self.program.index(self.place.symbol)]
        return not self.program.is_early(step)

    @cached_property
    def advice(self) -> str:
        """Why training is stuck, at the last step of an epoch that shows it, unless its author says
        something there; "" elsewhere."""
        state = self.state
        if self.inspection.place or self.notes or state.position.steps < len(state.program.steps):
            return ""
        return advice(self.provenance.timeline, state.position.iteration)

    @cached_property
    def in_hand(self) -> bool:
        """Whether a single number is explained or asked for, and not a whole step."""
        return bool(self.inspection.place or self.state.position.elements or self.asking)

    def wrong(self, place: Place) -> str:
        """The sign of a number that the run's mistake changed, where it is known here: ✗ where the
        mistake enters, ~ where it is only carried on."""
        if self.right is None or not self.known(place):
            return ""
        if not self.right.differs(place, self.provenance.number(place)):
            return ""
        return ENTERS if place.symbol in self.right.slips else CARRIED_ON

    def wrong_step(self, step: Step) -> str:
        """The sign of a step that is done; ✗ also of one that a mistake does too early."""
        if self.right is None or not self.state.done(step.symbol):
            return ""
        return SIGNS[self.right.enters(self.iteration, step)]

    def is_early(self, symbol: str) -> bool:
        """Whether a mistake has updated a parameter too early, and the backward pass goes on."""
        at = self.program.positions.get(symbol)
        early = at is not None and self.program.is_early(self.program.steps[at])
        _, behind = self.program.phase_bounds("backward")
        return early and self.state.done(symbol) and self.state.position.steps <= behind

    def correct(self, place: Place) -> float | None:
        """The correct value of a wrong number; None where the number is not wrong."""
        return self.right.number(place) if self.right and self.wrong(place) else None

    @cached_property
    def correct_explanation(self) -> Explanation | None:
        """The explanation of the correct number at `place`, where the one shown is wrong."""
        if self.right is None or self.place is None or not self.wrong(self.place):
            return None
        return Explanation(self.right.provenance, self.place, self.written)

    @cached_property
    def entrance(self) -> Place | None:
        """The number with which the mistake entered the explained one, where that is wrong."""
        place = self.place
        return self.right.entrance(place) if self.right and place and self.wrong(place) else None

    @cached_property
    def without_effect(self) -> str | None:
        """Why the run's mistake changes nothing in this iteration, where it does not."""
        return self.right.without_effect(self.iteration) if self.right else None

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """The lines of the lesson's notes at this step that are revealed, first of those that name
        this iteration."""
        return shown_lines(self._notes, self.more_lines)

    @property
    def lines_left(self) -> int:
        """How many lines of the notes at this step are still to be revealed."""
        return sum(len(note.lines) - 1 for note in self._notes) - self.more_lines

    @property
    def _notes(self) -> tuple[Note, ...]:
        if self.step is None or self.is_asked or self.unrevealed or self.right is not None:
            return ()  # under a mistake they would tell what is not there
        return self.state.experiment.notes_at(self.iteration, self.step.symbol)


def hue(view: View) -> Phase:
    """The meaning of the colour of the phase that is shown."""
    return hue_of(view.state.phase)


def hue_of(phase: Phase) -> Phase:
    """The meaning of a phase's colour: the loss has that of the forward pass."""
    return "forward" if phase == "loss" else phase
