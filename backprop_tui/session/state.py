"""What a session holds, and the few moves that every command is made of.

The modules beside this one are functions over it: `travel` moves in time, `looking` asks why,
`changing` makes another run, `asking` asks its user; `saving`, `opening` and `leaving` keep a run.
`session.Session` gives them keys and commands.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.explain.published import Beside
from backprop_tui.files.settings import NO_SETTINGS, Settings
from backprop_tui.maths.expressions import Cell, Expr
from backprop_tui.maths.numbers import number
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import DRAWINGS, THEMES, Edit, Level, Look
from backprop_tui.run.edits import differ_only_in_edits
from backprop_tui.run.timeline import Position, State, Timeline
from backprop_tui.session import lazy
from backprop_tui.session.blackboard import Blackboard
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.playing import SPEEDS
from backprop_tui.session.prompts import Menu, Prompt, Sheet, Sight
from backprop_tui.session.view import View

if TYPE_CHECKING:
    from backprop_tui.exports.record import Record
    from backprop_tui.files.autosave import Autosave, OwnAutosave
    from backprop_tui.learn.effect import RightRun
    from backprop_tui.learn.formulas import JudgedFormula
    from backprop_tui.learn.questions import AskedQuestion, Score
    from backprop_tui.session.question import Asking

REPLAYED_AT_A_TIME = 16
"""Iterations of a saved run that are replayed between two looks at the clock."""
Opened: TypeAlias = Prompt | Menu | Sheet
Snapshot: TypeAlias = tuple[Experiment, Position, Look, int]
"""The experiment, the position, how it is seen, and its decimals."""


Stamp: TypeAlias = tuple[int, int, int]
"""When a file was changed last, its size, and which file it is."""


class CannotError(ValueError):
    """What was asked for cannot be done; its text says why, and what to do."""


class SessionState:
    """One experiment at a time, where it stands, and how its user wants to see it."""

    def __init__(
        self,
        experiment: Experiment,
        decimals: int = 3,
        sight: Sight | None = None,
        names: Callable[[str], str] = str,
        served: bool = False,
        program: str = "backprop-tui",
        preferred: Settings = NO_SETTINGS,
    ) -> None:
        """`names`: what a command is called in this face, by its id; `served`: its user is a
        visitor of this machine, who may read and write no file here; `program`: what opens a run
        in this face; `preferred`: what holds where an experiment does not say."""
        self.sight: Sight = sight or Sight()
        self.names, self.served, self.program = names, served, program
        self.preferred = preferred
        self.remember_theme: Callable[[str], str] | None = None  # None: a theme is not remembered
        # How it is seen
        self.decimals = decimals
        self.drawing = DRAWINGS[0]
        self.theme = experiment.look.theme or self.usual_theme  # one of THEMES
        self.chosen = "cache"  # the panel that z maximises, shown where there is room for one
        self.tabbed = False  # whether a panel was chosen by tab or click
        self.zoomed = False
        self.hidden: set[str] = set()  # the panels whose numbers wait until they are asked for
        self.one_panel = False  # whether there is room for one panel only
        self.roomy = False  # whether the window is large
        self.width = 80  # of the window, in columns
        # What is said and asked
        self.message = ""  # a word to the user, until the next key
        self.said: list[str] = []  # all that the last command said
        self.was_refused = False  # whether that was why it could not be done
        self.opened: list[Opened] = []  # prompts, lists and sheets; the last one hears the keys
        self.copied: str | None = None  # what the face is to hand to the clipboard
        self.ended = False
        self.asking: Asking | None = None  # a question about the step shown
        self.more_lines = 0  # of the notes at this step, revealed since it was reached
        self.revealed: tuple[str, ...] = ()  # by the last command
        self.over: Asking | None = None  # the question that is over last
        self.mode = self.usual_mode(experiment)  # when it asks, one of ASKING
        self.score: Score | None = None
        self.asked_since = 0.0
        self.unsent = ""  # an answer that was typed and not sent
        self.record: Record | None = None  # where the answers are kept for a teacher
        # What was changed
        self.past: list[Experiment] = []  # what undo goes back to
        self.future: list[Experiment] = []
        self.nudge = -2  # the power of ten by which up and down change an edited number
        # What takes long
        self.job: Iterator[str] | None = None  # keys wait until it is done
        self.background: list[Iterator[object]] = []  # what goes on between keys
        self.waiting: deque[tuple[str, str | None]] = deque()
        self.playing = False
        self.speed = 2  # of SPEEDS
        # What is saved
        self.proposed = ""  # a file's name that was typed and not saved to
        self.confirmed = ""  # what enter, or the same command, does the second time
        self.autosave: OwnAutosave | None = None  # None: none is written
        self.resumed: Autosave | None = None  # the one that the run was opened from
        self.autosaved: Snapshot | None = None  # what was written last
        self.kept_edits, self.kept_formulas = experiment.edits, experiment.formulas
        self.opened_at: Snapshot | None = None  # what was begun with
        self.saved_at: tuple[str, Snapshot] | None = None  # where and what was saved last
        self.in_file: tuple[tuple[Edit, ...], Mapping[str, Expr]] = (), {}  # what the file has
        self.stamp: Stamp | None = None  # of the open file, as it was looked at last
        self.read_stamp: Stamp | None = None  # as it was when it was read
        self.begin(experiment)

    # A run

    def begin(self, experiment: Experiment) -> None:
        """Start an experiment: at its start, or where it was saved, if need be after a while."""
        self.close_all()
        self.use(Timeline(experiment))
        self.position = self.timeline.start
        ahead = None
        if experiment.saved is not None:
            ahead = lazy.saving.saved_position(self.timeline)
            if not self.timeline.history.is_far(ahead.iteration):
                self.position, ahead = lazy.saving.resume(self.timeline), None
        # While a saved run is replayed: how far that has come.
        self.behind: int | None = 0 if self.position.iteration > 1 else None
        self.example = 0
        self.scroll: dict[int, tuple[int, int]] = {}
        self.inspection = Inspection()
        self.scrolled = 0  # lines of a maximised Step panel
        self.levels: tuple[Level, ...] = ()  # of the blackboard; none: it is closed
        self.led = False  # whether a note opened it
        self.playing = False
        self.farthest = self.position.iteration  # the last iteration that was shown
        self.asking = None
        self.made_ready: tuple[object, AskedQuestion] | None = None  # and what it was made for
        self.writing = ""  # the symbol whose formula is asked for
        self.told: tuple[str, ...] = ()  # what was found of the last formula
        self.typed: dict[str, str] = {}  # by symbol, the formula that was typed last
        self.misses: dict[str, int] = {}  # by symbol, of formulas
        self.judgements: dict[tuple[str, Expr], JudgedFormula] = {}
        if self.behind is not None:
            self.background.append(self.catch_up())
        if ahead is not None:
            self.start(self.replayed(ahead))

    def use(self, timeline: Timeline) -> None:
        """The run that is shown from now on, and what is known of it alone."""
        self.timeline = timeline
        self.provenance = Provenance(timeline)
        self.beside = Beside(timeline)
        self.right: RightRun | None = None  # the same run without its mistake
        if timeline.experiment.mistake is not None:
            self.right = lazy.effect.RightRun(timeline)
        self.before: Timeline | None = None  # the run before an edit, until the next move
        self.verdicts: dict[int, dict[str, str]] = {}  # of gradients, by iteration and symbol
        self.background.clear()

    def retell(self, experiment: Experiment, to: Position | None = None) -> None:
        """Another run in place of this one: the position stays, or is `to`, and what is looked at.

        Where it is the same run with other edits, what they change is shown until the next move.
        """
        before, here, looked = self.timeline, to or self.position, self.inspection
        self.use(before.retold(experiment))
        if self.behind is not None:
            self.behind = 0
            self.background.append(self.catch_up())
        if self.timeline.history.is_far(here.iteration):
            self.farthest = max(1, self.timeline.history.reached)
            self.go(self.timeline.end_of(self.farthest))
            self.start(self._replayed(here, before, looked))
            return
        self._resume(here, before, looked)

    def _replayed(self, here: Position, before: Timeline, looked: Inspection) -> Iterator[str]:
        yield from self.replayed(here)
        self._resume(here, before, looked)

    def _resume(self, here: Position, before: Timeline, looked: Inspection) -> None:
        """Stand where we stood in the run before, and look at what was looked at."""
        last = self.timeline.iteration(here.iteration).number
        self.farthest = last
        self.go(here if last == here.iteration else self.timeline.end_of(last))
        if last == here.iteration and differ_only_in_edits(
            before.experiment, self.timeline.experiment
        ):
            trail = tuple(self._as_it_is(place) for place in looked.trail)
            self.inspection, self.before = replace(looked, trail=trail), before

    def _as_it_is(self, place: Place) -> Place:
        """A frozen parameter as it is where we stand: an edit may have made it another."""
        program = self.timeline.program
        if not self.provenance.is_parameter(place.symbol) or place.symbol in program.positions:
            return place
        return self.provenance.read_in(self.position.iteration, place.cell)

    def change(self, experiment: Experiment, to: Position | None = None) -> None:
        """That run from now on; undo brings this one back."""
        self.past.append(self.timeline.experiment)
        self.future.clear()
        self.retell(experiment, to)

    # Where we are

    def go(self, position: Position, asking: Asking | None = None) -> None:
        """Move to a position; what was explained, asked or written before is left."""
        self.close_all()
        if asking is not None:
            self.follow()  # what is asked, or was answered, is seen first
        self.asking = asking
        self.inspection, self.message, self.before = Inspection(), "", None
        moved, self.position = position != self.position, position
        if moved and not self.zoomed and not self.one_panel:
            self.chosen, self.tabbed = "cache", False  # z enlarges what the step writes
        self._derive_step(moved)
        self.more_lines = 0
        self.farthest = max(self.farthest, position.iteration)
        if self.right is not None and self.right.is_behind(position.iteration):
            self.start(self.run_right(self.right))  # which number is wrong, is looked at next

    def _derive_step(self, moved: bool) -> None:
        """Where the blackboard is open, it derives the step shown: all of it, where some of its
        elements are shown."""
        program, here = self.timeline.program, self.position
        if not self.levels or not (moved or self.levels[0].symbol not in program.positions):
            return
        at = here.steps if here.elements else max(0, here.steps - 1)
        found = self.board_of(program.steps[at].symbol)
        self.blackboard = found.whole() if here.elements else found

    @property
    def blackboard(self) -> Blackboard | None:
        """What is derived on the blackboard; None while it is closed."""
        if not self.levels:
            return None
        examples = self.timeline.state(self.position).examples
        return Blackboard(self.timeline.program, examples, self.levels)

    @blackboard.setter
    def blackboard(self, board: Blackboard | None) -> None:
        self.levels = board.levels if board is not None else ()
        self.led = self.led and board is not None

    def board_of(self, symbol: str, cell: Cell | None = None) -> Blackboard:
        """A blackboard with the first line of what computes that."""
        examples = self.timeline.state(self.position).examples
        return Blackboard.of(self.timeline.program, examples, symbol, cell)

    @property
    def step_symbol(self) -> str | None:
        """What the step computes that was done last; None at the start of an iteration."""
        done = self.position.steps
        return self.timeline.program.steps[done - 1].symbol if done else None

    @property
    def unrevealed(self) -> bool:
        """Whether the value of the step shown waits until its derivation is revealed.

        It does not where a question has told it, which one to talk about does not.
        """
        asked = self.asking.asked if self.asking else None
        told = asked is not None and not asked.line and asked.form != "talk"
        board = None if told or self.position.elements else self.blackboard
        return board is not None and board.hides is not None and board.hides == self.step_symbol

    def look(self, inspection: Inspection) -> None:
        """Look at something else, without moving in time."""
        if inspection.place is not None:
            self.must_be_there(inspection.place)
        if self.writing:
            self.close_all()
        self.inspection, self.scrolled, self.message = inspection, 0, ""

    def must_be_there(self, place: Place) -> None:
        """Refuse a number that this run does not have, as values are given; say why."""
        if reason := self.timeline.program.missing(place.symbol):
            raise CannotError(reason)

    def follow(self) -> None:
        """The chosen panel is the step's own again, where one has all the room."""
        if self.one_panel:
            self.chosen, self.tabbed = "cache", False

    def pause(self) -> None:
        """Stop running by itself."""
        self.playing = False

    def ahead(self) -> Position | None:
        """Before the step that comes next, none of its elements open; None where none comes."""
        here = self.position
        if here.steps < len(self.timeline.program.steps):
            return Position(here.iteration, here.steps)
        if self.timeline.ends(here.iteration):
            return None
        return Position(here.iteration + 1, 0)

    # What is said and asked

    def say(self, message: str) -> None:
        """A word to the user; the next move takes it away."""
        self.message = message
        self.said.append(message)

    def named(self, command: str) -> str:
        """What its user presses or types for a command, as the face calls it."""
        return self.names(command)

    def write(self, value: float) -> str:
        """A number with the decimals asked for."""
        return number(value, self.decimals)

    @property
    def top(self) -> Opened | None:
        """What hears the keys: the prompt, list or sheet that was opened last; None: the panels."""
        return self.opened[-1] if self.opened else None

    @property
    def prompt(self) -> Prompt | None:
        """The prompt that is open, below a sheet too."""
        return next((p for p in reversed(self.opened) if isinstance(p, Prompt)), None)

    def open(self, opened: Opened) -> None:
        """Open a prompt, a list or a sheet over what there is; it runs by itself no more."""
        self.pause()
        self.message = ""
        self.opened.append(opened)

    def put(self, opened: Opened) -> None:
        """The topmost as it is now."""
        self.opened[-1] = opened

    def mark(self, sheet: Sheet, how: str) -> None:
        """Show a sheet in another way, or no longer so."""
        self.put(replace(sheet, marks=sheet.marks ^ {how}))

    def close(self) -> None:
        """Close what is on top."""
        closed = self.opened.pop()
        if isinstance(closed, Prompt):
            closed.left(self, closed.line.text)

    def close_all(self) -> None:
        """Close all that is open; what was typed is kept where it can be wanted again."""
        while self.opened:
            self.close()

    # What takes long

    def start(self, job: Iterator[str]) -> None:
        """Begin what may take long: it yields how far it has come, and keys wait until it ends."""
        self.job = job

    def work(self, seconds: float) -> str:
        """Go on with what takes long, for so many seconds at most; how far it has come.

        A job is asked before what goes on in the background.
        """
        until, progress = monotonic() + seconds, ""
        while monotonic() < until:
            if self.job is not None:
                job = self.job
                try:
                    progress = next(job)
                except StopIteration:
                    if self.job is job:
                        self.job = None
                except CannotError as error:
                    self.job = None
                    self.refused(str(error))
            elif self.background:
                if next(self.background[0], self) is self:
                    self.background.pop(0)
            else:
                break
        return progress

    def refused(self, why: str) -> None:
        """Say why something cannot be done: above the line that asked for it, if one did."""
        self.was_refused = True
        if isinstance(self.top, Prompt | Menu):
            self.put(replace(self.top, said=f"✗ {why}"))
            self.said.append(why)
        else:
            self.say(why)

    def stop(self) -> None:
        """Leave what takes long where it is; what was typed ahead was meant for its end."""
        if self.job is not None:
            self.job = None
            self.waiting.clear()
            self.close_all()
            self.say("Stopped.")

    def catch_up(self) -> Iterator[str]:
        """Replay what came before a saved position: its losses, and ways back to it."""
        until = self.position.iteration
        for stretch in self.timeline.history.run(1, until, REPLAYED_AT_A_TIME):
            if self.behind is None:  # somebody could not wait, and has done it
                return
            self.behind = stretch.last
            yield f"iteration {stretch.last:,} of {until:,}"
        self.behind = None

    def run_right(self, right: RightRun) -> Iterator[str]:
        """Run without the mistake as far as the run with it has come."""
        for _ in right.run(self.position.iteration):
            yield "the same run without the mistake"

    def replayed(self, position: Position) -> Iterator[str]:
        """Go where the run may have to be computed for a while to get there."""
        history = self.timeline.history
        farthest = min(position.iteration, history.reached + history.most)
        for stretch in history.run(history.reached + 1, farthest):
            yield f"iteration {stretch.last:,} of {position.iteration:,}"
        last = self.timeline.iteration(farthest).number
        self.go(position if last == position.iteration else self.timeline.end_of(last))
        if last < farthest:
            ended = self.timeline.end(last)
            self.say(f"{ended[0].upper()}{ended[1:]}: it ends there.")
        elif last < position.iteration:
            self.say(f"{last:,} iterations are computed. To go on, ask for the same again.")

    # How it is seen

    @property
    def view(self) -> View:
        """What there is to see of it now."""
        position = self._seen()
        yours = None
        view = View(
            state=self._state(position),
            asking=self.asking if position == self.position and not self.writing else None,
            looking_back=position != self.position and not self.writing,
            provenance=self.provenance,
            beside=self.beside,
            decimals=self.decimals,
            example=self.example,
            drawing=self.drawing,
            scroll=dict(self.scroll),
            inspection=self.inspection,
            chosen=self.panel,
            tabbed=self.tabbed,
            scrolled=self.scrolled,
            maximised=self.zoomed,
            roomy=self.roomy and not self.levels,  # the blackboard takes the room
            one_panel=self.one_panel,
            message=self.message,
            more_lines=self.more_lines,
            playing=SPEEDS[self.speed].label if self.playing else "",
            right=self.right,
            right_is_behind=self.right is not None and self.right.is_behind(position.iteration),
            hidden=frozenset(self.hidden),
            before=None if self.before is None else self.before.state(position),
            writing=self.writing,
            told=self.told,
            blackboard=self.blackboard,
            unrevealed=position == self.position and self.unrevealed,
        )
        if (place := view.place) is None or self.writing:
            return view
        known = self.verdicts.get(place.iteration, {}) if place.iteration == view.iteration else {}
        if place.symbol in self.timeline.program.own:
            yours = self._judgement(place.symbol)
        return replace(view, yours=yours, verdict=known.get(place.symbol, ""))

    def _state(self, position: Position) -> State:
        """What is known there; what is asked for, or written, is announced."""
        asking = self.asking if position == self.position else None
        asked = asking and asking.is_open and not asking.asked.line
        if asked or self.writing:
            return self.timeline.announced(position)
        if position == self.position and self.unrevealed:
            return self.timeline.announced(self.timeline.back(position))
        return self.timeline.state(position)

    def _seen(self) -> Position:
        """Where the panels stand: back in its iteration while a number of the past is explained."""
        if self.writing and (ahead := self.ahead()):
            return ahead
        place, steps = self.inspection.place, self.timeline.program.positions
        if place is None or place.iteration == self.position.iteration:
            return self.position
        if self.provenance.read_in(self.position.iteration, place.cell) == place:
            return self.position  # a parameter as it is just now
        return Position(max(1, place.iteration), steps.get(place.symbol, -1) + 1)

    def _judgement(self, symbol: str) -> JudgedFormula:
        """What a formula that the run is made with is worth."""
        experiment = self.timeline.experiment
        known = symbol, experiment.formulas[symbol]
        if known not in self.judgements:
            iteration = self.timeline.iteration(self.position.iteration)
            self.judgements[known] = lazy.formulas.judge(
                experiment, symbol, text(known[1]), iteration
            )
        return self.judgements[known]

    @property
    def panel(self) -> str:
        """The chosen panel, or the one that stands in its place just now."""
        phase, place = self._state(self._seen()).phase, self.inspection.place
        updating = phase == "update"
        if updating and self.chosen in ("cache", "gradients"):
            return "update"
        follows = self.one_panel or self.zoomed  # what is in hand is seen
        if follows and self.chosen == "cache" and not self.tabbed:
            gradients = self.timeline.program.gradients
            backward = place.symbol in gradients if place else phase == "backward"
            return "gradients" if backward else "cache"
        return "cache" if self.chosen == "update" and not updating else self.chosen

    @property
    def usual_theme(self) -> str:
        """The theme of an experiment that names none."""
        return self.preferred.theme or THEMES[0]

    def usual_mode(self, experiment: Experiment) -> str:
        """When questions are asked about an experiment whose [view] does not say."""
        return self.preferred.ask or experiment.asks
