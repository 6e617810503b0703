"""The commands that change the run: a number edited, a formula written, a mistake made, all undone.

They turn lines into another experiment; what follows from it is the engine's.
"""

from __future__ import annotations

from backprop_tui.explain.what_if import as_it_is, losses
from backprop_tui.learn.answers import read_number
from backprop_tui.maths.writing import text
from backprop_tui.messages import listed, nearest
from backprop_tui.model.experiment import Edit, Experiment
from backprop_tui.plain.looking import ALPHA, CELL, Looking
from backprop_tui.plain.run import CannotError, advised, quoted
from backprop_tui.plain.telling import spot
from backprop_tui.run.edits import edit_fault, with_edit
from backprop_tui.run.timeline import Position
from backprop_tui.tui.changes import change

HOW_TO_EDIT = "Say what to edit and its value: edit W1[1,2] 0.5, or edit alpha 0.1."
TAUGHT, NONE = "taught", "none"


class Changing(Looking):
    """Making another run of this one."""

    def begin(self, experiment: Experiment) -> None:
        super().begin(experiment)
        self.misses: dict[str, int] = {}  # by symbol, of formulas

    def change(self, experiment: Experiment, to: Position | None = None) -> None:
        """That run from now on; undo brings this one back."""
        self.past.append(self.timeline.experiment)
        self.future.clear()
        self.retell(experiment, to)

    # Edits

    def do_edit(self, rest: str) -> None:
        what, _, typed = rest.rpartition(" ") if "=" not in rest else rest.partition("=")
        if not what.strip():
            raise CannotError(HOW_TO_EDIT)
        was = self._as_it_is(what.strip())
        if self.timeline.iteration(was.iteration).number < was.iteration:
            raise CannotError(f"The run ends in iteration {was.iteration - 1:,}: edit it earlier.")
        try:
            edit = Edit(was.iteration, was.of, read_number(typed))
        except ValueError as error:
            raise CannotError(advised(error, HOW_TO_EDIT)) from None
        if fault := edit_fault(self.timeline.experiment, edit):
            raise CannotError(fault)
        if edit.value == was.value:
            self.say(f"{text(edit.of)} is {self.write(was.value)} already: nothing is changed.")
            return
        shown, before, now = losses(self.timeline, edit)
        self.change(with_edit(self.timeline.experiment, edit))
        self.say(
            f"{text(edit.of)} was {self.write(was.value)} and is {self.write(edit.value)} from "
            f"iteration {edit.iteration:,} on."
        )
        changes = f"goes from {self.write(before)} to {self.write(now)}"
        stays = f"stays {self.write(now)}"
        name = self.timeline.program.objective
        self.say(f"{name} {stays if before == now else changes} in iteration {shown:,}.")
        if edit.iteration > self.position.iteration:
            self.say(f"You still stand before it, at {spot(self.view).lower()}")

    def _as_it_is(self, what: str) -> Edit:
        """The number that is meant, with the value that it has."""
        what = what.removesuffix(" to")
        place = None if what.lower() in ALPHA else self.place(what)
        if place is not None and not CELL.fullmatch(what):
            rows, columns = self.view.state.shapes[place.symbol]
            if rows * columns > 1:
                raise CannotError(f"{place.symbol} has {rows * columns} numbers. {HOW_TO_EDIT}")
        return as_it_is(self.provenance, place, self.position.iteration)

    def do_undo(self, rest: str) -> None:
        now, before = self._swap(self.past, self.future, "undo")
        self._say_what("Undone", change(before, now, self.decimals), self.past, "undo")

    def do_redo(self, rest: str) -> None:
        before, now = self._swap(self.future, self.past, "redo")
        self._say_what("Made again", change(before, now, self.decimals), self.future, "redo")

    def _swap(
        self, source: list[Experiment], other: list[Experiment], what: str
    ) -> tuple[Experiment, Experiment]:
        """Go on with the last of `source`: the run until now, and that one."""
        if not source:
            raise CannotError(f"There is nothing to {what}.")
        left, taken = self.timeline.experiment, source.pop()
        other.append(left)
        self.retell(taken)
        return left, taken

    def _say_what(self, done: str, made: str, source: list[Experiment], what: str) -> None:
        self.say(f"{done}: {made}. {len(source) or 'Nothing'} more to {what}.")

    def do_new_weights(self, rest: str) -> None:
        experiment = self.timeline.experiment.reseeded()
        self.past.append(self.timeline.experiment)
        self.future.clear()
        self.begin(experiment)
        seed = experiment.initial.seed
        self.say(f"New weights, from seed {seed}: undo brings the old ones back.")

    # Formulas

    def do_write(self, rest: str) -> None:
        """The formula of the next step: judged, and where it is right the step is made with it."""
        from backprop_tui.learn.formulas import judge

        experiment = self.timeline.experiment
        if experiment.mistake is not None:
            raise CannotError("One mistake is made on purpose: mistake none, then write formulas.")
        ahead = self._ahead()
        symbol = self.timeline.program.steps[ahead.steps].symbol
        if not rest:
            self.say(
                f"Write {symbol}, step {ahead.steps + 1}: what is it made of? It may read "
                f"{self._readable(ahead)}."
            )
            if symbol in experiment.formulas:
                self.say("It is yours: write taught computes it as it is taught again.")
            return
        if rest.lower() == TAUGHT:
            if symbol not in experiment.formulas:
                raise CannotError(f"{symbol} is computed as it is taught already.")
            self.change(experiment.with_formula(symbol, None))
            self.say(f"{symbol} is computed as it is taught again.")
            return
        found = judge(experiment, symbol, rest, self.timeline.iteration(ahead.iteration))
        if not found.accepted:
            self.misses[symbol] = self.misses.get(symbol, 0) + found.missed
            sentence, *more = found.told(self.misses[symbol])
            if found.missed:
                self.say(f"Wrong for {symbol}. {sentence}", *more)
            else:
                this = f"This writes {symbol}, step {ahead.steps + 1}"
                self.say(sentence, f"{this}: it may read {self._readable(ahead)}.")
            return
        done = Position(ahead.iteration, ahead.steps + 1)
        self.change(experiment.with_formula(symbol, found.expression), done)
        own, all_ = len(self.timeline.program.own), len(self.timeline.program.steps)
        self.say(found.sentence, f"{symbol} is yours: {own} of {all_} operations so far.")
        self.describe()

    def _readable(self, before: Position) -> str:
        """What a formula of the step behind a position may read."""
        program = self.timeline.program
        done = (step.symbol for step in program.steps[: before.steps])
        return listed(tuple(dict.fromkeys(("X", "Y", *program.kept, *done))))

    def _ahead(self) -> Position:
        """Before the step that comes next, none of its elements open."""
        here = self.position
        if here.steps < len(self.timeline.program.steps):
            return Position(here.iteration, here.steps)
        if self.timeline.diverged(here.iteration):
            raise CannotError("The run has diverged: no step comes next.")
        return Position(here.iteration + 1, 0)

    # Mistakes

    def do_mistake(self, rest: str) -> None:
        from backprop_tui.learn.effect import without_effect
        from backprop_tui.learn.mistakes import CATALOGUE

        experiment, name = self.timeline.experiment, "-".join(rest.lower().split())
        if not name:
            right = self.right.timeline if self.right else self.timeline
            for known, mistake in CATALOGUE.items():
                idle = without_effect(right, mistake, self.position.iteration)
                self.say(f"{known}: {mistake.sentence}" + (f" It {idle}." if idle else ""))
            self.say("mistake and a name makes one; mistake none takes it back.")
            return
        if name != NONE and name not in CATALOGUE:
            begun = [known for known in CATALOGUE if known.startswith(name)]
            meant = nearest(name, (*CATALOGUE, NONE)) or next(iter(begun), None)
            or_so = f"did you mean {meant}?" if meant else "mistake alone lists all."
            raise CannotError(f"There is no mistake {quoted(name)}: {or_so}")
        other = experiment.with_mistake(CATALOGUE.get(name))
        if other is experiment:
            is_so = "No mistake is made" if name == NONE else f"{name} is made already"
            self.say(f"{is_so}: nothing is changed.")
            return
        self.change(other)
        if name == NONE:
            self.say("The algorithm is right again; the position stays.")
        else:
            rest_too = " The lesson's notes rest until then." if experiment.notes else ""
            self.say(
                f"{name}: {CATALOGUE[name].sentence}",
                f"The position stays; mistake none takes it back.{rest_too}",
            )
