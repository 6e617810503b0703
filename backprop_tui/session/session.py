"""The session as a face sees it: keys and commands go in, what came of them comes out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace

from backprop_tui.files.settings import NO_SETTINGS, Settings
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.session import asking, deriving, looking
from backprop_tui.session.commands import BY_ID, BY_KEY, COMMANDS
from backprop_tui.session.prompts import Entry, Line, Menu, Prompt, Sheet, Sight
from backprop_tui.session.question import Asking
from backprop_tui.session.saving import take_over
from backprop_tui.session.state import CannotError, Opened, SessionState

AT_ONCE = 0.02
"""Seconds that a job may take before a face is asked to show how far it has come."""
TWICE = ("quit", "open", "save")
"""What is done when it is asked for a second time."""
SCROLLS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "home": -(10**6), "end": 10**6}
MOVES = {"up": -1, "down": 1, "pageup": -1, "pagedown": 1, "home": -(10**6), "end": 10**6}
"""How far a key leads in a list; a remote's keys are PgUp and PgDn."""
STAYING = ("goto", "edit", "save")
"""The prompts that stay open while a presenter's remote, PgDn and PgUp, steps."""
REMOTE = "pagedown"
"""The key of a presenter's remote that steps; it is led where a lesson derives."""
PASTED = "pasted"
"""What stands for a key where text was pasted; the text is its character."""
CLOSING = ("escape", "enter", "space", "q")


@dataclass(frozen=True)
class Outcome:
    """What came of a command."""

    said: tuple[str, ...]
    """The sentences that it said."""
    refused: bool
    """Whether they say why it could not be done."""
    moved: bool
    """Whether the position is another, or a question is over."""
    rerun: bool
    """Whether the run is another."""
    opened: Opened | None
    """The prompt, list or sheet that it opened."""
    asked: Asking | None
    """The question that was there before it."""
    over: Asking | None
    """The question that it ended."""
    revealed: tuple[str, ...] = ()
    """The lines of the notes that it revealed."""


class Session(SessionState):
    """What one user is looking at, is asked, has changed and has not saved."""

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
        """Begin an experiment, as it was seen when it was saved."""
        super().__init__(experiment, decimals, sight, names, served, program, preferred)
        take_over(self, experiment)

    def do(self, id_: str, rest: str = "") -> Outcome:
        """Do a command, with what was typed behind its word; what cannot be done is said."""
        if id_ not in TWICE:
            self.confirmed = ""
        if id_ == "palette":
            return self.act(lambda: self.open(self._palette()))
        own = None if rest else deriving.meaning(self, id_)
        run = own or BY_ID[id_].run
        return self.act(lambda: run(self, rest) if run else None)

    def answer(self, typed: str) -> Outcome:
        """Judge what was typed as an answer to the question that is open."""
        return self.act(lambda: asking.answer(self, typed))

    def ask_for(self, cell: Cell) -> Outcome:
        """Ask for another number of the step that a question is about."""
        return self.act(lambda: asking.ask_for(self, cell))

    def act(self, act: Callable[[], object]) -> Outcome:
        """Do something, such as a face does for a click; what cannot be done is said."""
        timeline, position = self.timeline, self.position
        asked, opened, over = self.asking, len(self.opened), self.over
        self.said, self.was_refused, self.revealed = [], False, ()
        try:
            act()
        except CannotError as error:
            self.refused(str(error))
        self._settle()
        ended = self.over if self.over is not over else None
        return Outcome(
            said=tuple(self.said),
            refused=self.was_refused,
            moved=position != self.position or ended is not None,
            rerun=timeline is not self.timeline,
            opened=self.top if len(self.opened) > opened else None,
            asked=asked,
            over=ended,
            revealed=self.revealed,
        )

    def _settle(self) -> None:
        """Do at once what does not take long."""
        if self.job is not None:
            super().work(AT_ONCE)

    # Keys

    def key(self, key: str, character: str | None = None) -> None:
        """Handle one key, whole, before the next: what it means, the state alone decides."""
        if self.job is not None:
            if key == "escape":
                self.stop()
            else:
                self.waiting.append((key, character))
            return
        self._key(key, character)
        self._settle()
        self._heard()

    def rehearsed(self, key: str, character: str | None = None) -> Session | None:
        """The session as it would be after a key, which is not pressed; None where that takes
        long."""
        twin = copy(self)
        for name, held in vars(self).items():
            if isinstance(held, list | dict | set | deque):
                setattr(twin, name, held.copy())
        twin.record = twin.autosave = None  # which write files
        twin.key(key, character)
        return None if twin.job or twin.ended else twin

    def _heard(self) -> None:
        """Handle the keys that waited for what took long."""
        while self.waiting and self.job is None:
            self._key(*self.waiting.popleft())
            self._settle()

    def paste(self, text: str) -> None:
        """Take pasted text into the line that is open; without one it means nothing."""
        self.key(PASTED, text)

    def work(self, seconds: float) -> str:
        """Go on with what takes long, then with the keys that waited for it."""
        progress = super().work(seconds)
        if self.job is None and self.waiting:
            self._heard()
        return progress

    def _key(self, key: str, character: str | None) -> None:
        here, self.message = self.position, ""
        self._pressed(key, character)
        if key == REMOTE and here != self.position:
            asking.lead(self)

    def _pressed(self, key: str, character: str | None) -> None:
        top = self.top
        try:
            if key == PASTED:
                if isinstance(top, Prompt | Menu):
                    self._typed(top, top.line.insert(character or ""))
            elif key == "ctrl+c":
                self.refused(f"{'esc, then ' if top else ''}{self.named('quit')} quits.")
            elif isinstance(top, Sheet):
                self._in_sheet(top, key)
            elif isinstance(top, Menu):
                self._in_choice(top, key, character)
            elif isinstance(top, Prompt):
                self._in_prompt(top, key, character)
            elif key == "question_mark" and asking.has_hints(self):
                self.do("hint")
            elif (command := BY_KEY.get(key)) is not None:
                self.do(command.id, key if command.id == "choose" else "")
        except CannotError as error:
            self.refused(str(error))

    def _in_prompt(self, prompt: Prompt, key: str, character: str | None) -> None:
        if prompt.keys(self, key):
            return
        match key:
            case "escape":
                self.close()
            case "enter":
                prompt.enter(self, prompt.line.text)
                if self.job is None and self.top is prompt:
                    self.put(prompt)
            case "f1":
                looking.show_help(self, "")
            case "pagedown" | "pageup":
                self.do(BY_KEY[key].id)
                if self.top is None and prompt.kind in STAYING:
                    self.opened.append(prompt)
            case _:
                self._typed(prompt, prompt.line.key(key, character))

    def _typed(self, opened: Prompt | Menu, line: Line) -> None:
        """Take what the line has become."""
        if line == opened.line:
            return
        if isinstance(opened, Menu):
            self.put(replace(opened, line=line, chosen=0, said=""))
        else:
            self.put(replace(opened, line=line))
            opened.changed(self)

    def _in_choice(self, choice: Menu, key: str, character: str | None) -> None:
        if key == "escape" or (key == choice.closes and not choice.line.text):
            self.close()
        elif key == "enter":
            if choice.answer:
                choice.enter(self, choice.answer)
        elif key in MOVES:
            self.put(choice.moved(MOVES[key]))
        else:
            self._typed(choice, choice.line.key(key, character))

    def _in_sheet(self, sheet: Sheet, key: str) -> None:
        if sheet.keys(self, key):
            return
        if key in CLOSING or key == sheet.closes or BY_KEY.get(key) is BY_ID.get(sheet.kind):
            self.close()
        elif key in SCROLLS:
            last = self.sight.last_line(sheet, self.view)
            self.put(replace(sheet, top=max(0, min(last, sheet.top + SCROLLS[key]))))

    # The palette

    def _palette(self) -> Menu:
        """Every command with a name, and its key."""
        entries = tuple(
            Entry(c.id, c.short.capitalize(), c.does, told=c.written)
            for c in COMMANDS
            if c.short and c.run is not None and c.id not in ("leave", "choose")
        )
        return Menu("palette", "Find a command", entries, _run_command)


def _run_command(session: Session, id_: str) -> None:
    """Do what was chosen in the palette; what is no command is said."""
    if id_ not in BY_ID:
        raise CannotError(f"No command is called {id_!r}: esc closes the list.")
    session.close()
    session.do(id_)
