"""The session in words: a line is typed, its command is done, and what came of it is told.

It neither reads nor writes a stream; `loop` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from backprop_tui import lessons
from backprop_tui.exports.figures import heading
from backprop_tui.files.codes import ALOUD, grouped
from backprop_tui.files.experiment_file import load
from backprop_tui.files.settings import NO_SETTINGS, Settings
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.words import figure_in_words, sentence
from backprop_tui.maths.writing import plain_number
from backprop_tui.messages import short
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Level
from backprop_tui.plain import asking, explaining, steps, telling
from backprop_tui.run.timeline import Position
from backprop_tui.session import one_weight
from backprop_tui.session.asking import has_hints, is_numeric, none_open
from backprop_tui.session.commands import BY_KEY, COMMANDS, Command, find, meant, word_of
from backprop_tui.session.editing import ALPHAS, how_to_edit
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.looking import CELL, cell_of, place_of, symbol_of
from backprop_tui.session.prompts import Menu, Prompt, Sheet
from backprop_tui.session.session import Outcome, Session
from backprop_tui.session.state import CannotError, Opened
from backprop_tui.session.travel import known_losses
from backprop_tui.session.writing import readable

PROGRAM = "backprop-tui --plain"
"""What opens a run again, in words."""
LONGEST_LINE = 4096
"""Characters of a line that are read: as many as a terminal lets anybody type."""
PATIENCE = 3.0
"""Seconds of silence on a long way."""
MOST_LOSSES = 6
"""Losses that are said, from the first on to the last."""
OPENING = "next, or an empty line, takes the next step; help tells what can be typed."
ROW = re.compile(r"(?P<symbol>.+?)\s*\brow\s*(?P<row>\d{1,6})", re.IGNORECASE)
ANSWER = re.compile(r"[+−-]?[\d.,]+")
STAYING = ("undo", "redo", "new_weights", "edit", "mistake")
"""Commands whose own words are all that is told, though the run is another."""
NAMING_FILES = {"open": "Not opened: ", "save": "Not saved: ", "quit": ""}
"""Commands whose words may name a file, and what their refusals begin with."""
ASKED = {
    "goto": "Go to 500, epoch 2, step 3, dW1, end, or loss is less than 0.01.",
    "save": "Say a file's name: save mine.toml, or mine.html to export it.",
}
"""What is told where a command needs something typed behind its word."""


def quoted(typed: str) -> str:
    """What was typed, as an answer repeats it: its beginning, and nothing that a terminal obeys."""
    return repr(short(typed))


class PlainFace:
    """Lines to the session, and what came of them in sentences."""

    def __init__(
        self,
        experiment: Experiment,
        decimals: int,
        tell: Callable[[str], None],
        preferred: Settings = NO_SETTINGS,
    ) -> None:
        """`tell` takes a line of what is said; `preferred`: see the session."""
        self.tell = tell
        self.spelling = telling.WORDS  # of formulas
        self.derived: tuple[Position, tuple[Level, ...]] = Position(), ()  # what was told so
        self.session = Session(
            experiment, decimals, names=word_of, program=PROGRAM, preferred=preferred
        )

    # Saying

    def say(self, *sentences: str) -> None:
        """Sentences, each on a line of its own, with their signs said in words."""
        self.tell_all(map(sentence, sentences))

    def tell_all(self, lines: Iterable[str]) -> None:
        """Lines that are in words already."""
        for line in lines:
            self.tell(line)

    def describe(self) -> None:
        """The position: its step, or the beginning; of one that is derived only where it is."""
        view = replace(self.session.view, inspection=Inspection())  # saved on a screen
        if view.unrevealed:
            self.tell(steps.spot(view))
            return
        told = steps.beginning(view) if view.step is None else steps.arrival(view, self.spelling)
        self.tell_all(told)

    # Lines

    def open(self) -> None:
        """What is said at the beginning."""
        self.describe()
        self._tell_derived()  # saved with an open blackboard
        self.say(OPENING)

    def line(self, typed: str) -> None:
        """Do what a line says; what cannot be done is told in a sentence."""
        if len(typed) > LONGEST_LINE:
            self.say(f"A line of more than {LONGEST_LINE:,} characters is not read.")
            return
        try:
            self._do(typed.strip())
        except CannotError as error:
            self.say(str(error))

    def _do(self, typed: str) -> None:
        if typed == "?" and has_hints(self.session):
            typed = "hint"  # as on the screen: a hint while something is asked
        found = find(typed or "next")
        if found is None:
            if not self._answer(typed):
                raise CannotError(self._unknown(typed))
            return
        command, rest = found
        if command.id == "show" and not rest and self._is_asked:
            command = BY_KEY["space"]  # the answer
        if rest and not command.takes:
            raise CannotError(
                f"{typed[: -len(rest)].strip()} is typed alone, without {quoted(rest)}."
            )
        telling_it = TELLING.get(command.id)
        if telling_it is not None:
            self.session.confirmed = ""
            telling_it(self, rest)
        else:
            self._finish(command.id, self.session.do(command.id, rest))

    @property
    def _is_asked(self) -> bool:
        return self.session.asking is not None and self.session.asking.is_open

    def _unknown(self, typed: str) -> str:
        """Why a line is no command, and what was probably meant."""
        word = typed.split()[0]
        if (command := BY_KEY.get(typed)) is not None:
            return (
                f"The key {typed} is one of the screen's ({command.does}), and does nothing here."
            )
        name = meant(typed)
        return f"There is no command {quoted(word)}: " + (
            f"did you mean {name}?" if name else "help lists them."
        )

    # What came of a command

    def _finish(self, id_: str, outcome: Outcome) -> None:
        """Tell what came of a command, when it is done; now and then how far it has come."""
        session = self.session
        before = session.position
        told = len(session.said)
        self.wait()
        late = session.said[told:]
        self._background()
        moved = outcome.moved or session.position != before
        if outcome.over is not None:
            self.say(*asking.ending(session, outcome.over))
        else:
            self._tell_said(id_, (*outcome.said, *late), outcome.refused or session.was_refused)
        now, was = session.asking, outcome.asked
        if now and was and now.is_open and asking.is_led(was, now):
            self.tell_all(asking.answered_part(session, was, now))
        if now and now.is_open and (was is None or now.asked is not was.asked):
            self.say(*asking.question(session, now))
        elif now and was and now.is_open and now is not was:
            self.tell_all(asking.progress(session, was, now, self.spelling))
        elif outcome.revealed:
            self.tell_all(steps.notes(session.view, outcome.revealed))
        elif self._is_new(id_, outcome, moved):
            self.describe()
            if now and now.closing:
                self.say(now.closing)
        if id_ == "derive" and not outcome.refused and session.levels == self.derived[1]:
            self.derived = session.position, ()  # asked for again, it is told again
        self._tell_derived()
        self._tell_opened(outcome.opened or session.top)

    def wait(self) -> None:
        """Go on with what takes long until it is done; now and then how far it has come."""
        session = self.session
        while session.job is not None:
            if (so_far := session.work(PATIENCE)) and session.job is not None:
                self.say(f"{so_far[0].upper()}{so_far[1:]} so far; control C stops.")

    def _tell_derived(self) -> None:
        """Tell what is new on the blackboard; behind the last line, the step that it leads to."""
        session, (there, told) = self.session, self.derived
        board, self.derived = session.blackboard, (session.position, session.levels)
        moved = there != session.position
        if session.levels == told and not (moved and board):
            return
        self.tell_all(explaining.progress(board, () if moved else told, self.spelling))
        if board and board.is_whole and not board.is_inner and not moved and not self._is_asked:
            self.describe()

    def _is_new(self, id_: str, outcome: Outcome, moved: bool) -> bool:
        """Whether the position is to be told, after that command."""
        if id_ == "open":
            return outcome.rerun
        if outcome.over is not None and outcome.over.asked.line:  # the blackboard leads to it
            return False
        return (moved and id_ not in STAYING) or (id_ == "restart" and not outcome.said)

    def _tell_said(self, id_: str, said: tuple[str, ...], refused: bool) -> None:
        """What the session said; a refusal with what to do, where it does not say that itself."""
        if id_ in NAMING_FILES:  # a path stays as it is
            lines = [line for each in said for line in each.split("\n")]
            if refused:
                ended = (line if line.endswith((".", "?")) else f"{line}." for line in lines)
                lines = [f"{NAMING_FILES[id_]}{line}" for line in ended]
            self.tell_all(lines)
        elif refused and (advice := self._advice(id_)):
            self.say(*(telling.advised(line, advice) for line in said))
        else:
            self.say(*said)

    def _advice(self, id_: str) -> str:
        """What to type behind the word of a command; "" where nothing is needed."""
        return how_to_edit(self.session) if id_ == "edit" else ASKED.get(id_, "")

    def _background(self) -> None:
        """Finish what the right run, or a check, still has to do."""
        while self.session.background:
            self.session.work(PATIENCE)

    def _tell_opened(self, opened: Opened | None) -> None:
        """Tell what was opened, and close it: here one line says all."""
        session = self.session
        match opened:
            case Prompt(kind="formula"):
                self._tell_formula()
            case Prompt(kind="answer"):
                pass  # the question says how it is answered
            case Prompt(kind=kind):
                self.say(self._advice(kind))
            case Menu(kind="mistake", entries=entries):
                for entry in entries[1:]:
                    self.say(f"{entry.id}: {entry.told}" + f" It {entry.about}." * entry.dim)
                self.say("mistake and a name makes one; mistake none takes it back.")
            case Menu(entries=entries):
                self.say("Say a lesson's name or a file: open mazur. lessons lists them.")
                for entry in entries[len(lessons.NAMES) :]:
                    self.say(f"open {entry.id}: {entry.name.split()[0]}, {entry.about}.")
            case Sheet():
                SHEETS[opened.kind](self, opened)
        session.close_all()

    def _tell_formula(self) -> None:
        session, ahead = self.session, self.session.ahead()
        assert ahead is not None
        symbol = session.writing
        self.say(
            f"Write the formula for {symbol}, step {ahead.steps + 1}. It may read "
            f"{readable(session, ahead)}."
        )
        if symbol in session.timeline.experiment.formulas:
            self.say("It is yours: write taught computes it as it is taught again.")

    # Answers

    def _answer(self, typed: str) -> bool:
        """Take a line as an answer; whether it is one."""
        session, asked = self.session, self.session.asking
        numeric = bool(ANSWER.fullmatch(typed)) or is_numeric(typed)
        if asked is None or not asked.is_open:
            if numeric:
                raise none_open(session)
            return False
        if (cell := self._cell_asked_for(typed)) is not None:
            if cell.symbol != asked.cell.symbol:
                own = f"the question is about {asked.cell.symbol}"
                raise CannotError(f"{typed} is not asked for: {own}. {asking.how(asked.asked)}")
            outcome = session.ask_for(cell)
        elif asked.choices and typed.isdecimal():
            outcome = session.do("choose", typed)
        elif asked.asked.form in asking.TYPED:
            outcome = session.answer(typed)
        elif numeric:
            what = "is a vote" if asked.choices else "asks for no number"
            raise CannotError(f"It {what}. {asking.how(asked.asked)}")
        else:
            return False
        self._finish("choose", outcome)
        return True

    def _cell_asked_for(self, typed: str) -> Cell | None:
        """The cell that was typed, where a number is asked for and not a formula."""
        asked = self.session.asking
        assert asked is not None
        found = CELL.fullmatch(typed) if asking.is_numeric(asked.asked) else None
        known = {symbol.lower() for symbol in self.session.view.state.shapes}
        symbol = "".join(found["symbol"].split()).lower() if found else ""
        return cell_of(self.session, typed) if symbol in known else None

    # What only tells

    def where(self, rest: str) -> None:
        """Which iteration, step and phase this is, and what comes next."""
        session = self.session
        view, ahead = session.view, session.timeline.forward(session.position)
        self.tell(steps.spot(view))
        self.say(f"{heading(session.timeline, view.state.iteration)}.")
        if ahead != session.position:
            step = session.timeline.program.steps[ahead.steps - 1]
            again = f" of iteration {ahead.iteration:,}" * (ahead.iteration > view.iteration)
            self.say(f"Next comes {step.symbol}, step {ahead.steps}{again}, {step.phase}.")

    def again(self, rest: str) -> None:
        """What was said here, once more; of a question, what is asked."""
        asked = self.session.asking
        if asked and asked.is_open:
            self.say(*asking.question(self.session, asked))
        else:
            self.describe()

    def show(self, rest: str) -> None:
        """A matrix, a row of it, or one number; alone, the step's own."""
        session = self.session
        view = session.view
        if rest.lower() in ALPHAS:
            alpha = view.state.iteration.scalars["alpha"]
            self.say(f"alpha is {plain_number(alpha)}, the learning rate.")
        elif CELL.fullmatch(rest):
            self.why(rest)
        elif found := ROW.fullmatch(rest):
            symbol, row = symbol_of(session, found["symbol"]), int(found["row"])
            rows = view.state.shapes[symbol][0]
            if not 1 <= row <= rows:
                raise CannotError(f"There is no {symbol} row {row}: it has the rows 1 to {rows}.")
            self.tell_all(telling.matrix(view, symbol, row=row))
        else:
            symbol = symbol_of(session, rest) if rest else place_of(session, "").symbol
            self.tell_all(telling.matrix(view, symbol))

    def why(self, rest: str) -> None:
        """One number, explained."""
        place = place_of(self.session, rest)
        self.tell_all(explaining.why(self.session.view, place, self.spelling))

    def chain(self, rest: str) -> None:
        """The paths of one number of a gradient to the loss."""
        view, place = self.session.view, place_of(self.session, rest)
        if place.symbol not in view.program.gradients:
            one = next(iter(self.session.timeline.program.gradients), None)
            such = f": name one, such as {one}[1,1]" if one else ""
            raise CannotError(f"Only a gradient has paths to the loss{such}.")
        told = (
            explaining.chain(view, place)
            if view.known(place) and place.iteration  # before the first there are none
            else [telling.pending(view, place.symbol)]
        )
        self.tell_all(told)

    def notes(self, rest: str) -> None:
        """The lesson's notes on this step."""
        view = self.session.view
        if view.is_asked:
            self.say("The notes on this step come when the question is over.")
        elif self.session.right is not None:
            self.say("Notes rest while a mistake is made: mistake none brings them back.")
        else:
            none = "There is no note at this step: about tells what all of it is about."
            self.tell_all(list(steps.notes(view)) or [none])

    def about(self, rest: str) -> None:
        """What this experiment is."""
        self.tell_all(steps.about(self.session.view))

    def formulas(self, rest: str) -> None:
        """Formulas in words, as text, or both; alone, the next of these."""
        ways = list(telling.SPELLINGS)
        after = ways[(ways.index(self.spelling) + 1) % len(ways)]
        wanted = rest.lower().removeprefix("in ").removeprefix("as ") or after
        if wanted not in ways:
            raise CannotError(f"There is no way {quoted(rest)}: say formulas words, text or both.")
        self.spelling = wanted
        self.say(f"Formulas are given {telling.SPELLINGS[wanted]}.")

    def lessons(self, rest: str) -> None:
        """The lessons, by number and name."""
        for number, name in enumerate(lessons.NAMES, 1):
            lesson = load(name)
            self.say(f"{number}, {name}: {lesson.title.rstrip('.')}. It teaches: {lesson.teaches}.")
        self.say("open and a name opens one.")

    def help(self, rest: str) -> None:
        """What can be typed, or what one command does."""
        if rest:
            found = find(rest)
            if found is None:
                raise CannotError(self._unknown(rest))
            self.tell(helped(found[0]))
            return
        self.tell("What can be typed, with the letter of the same key on the screen:")
        self.tell_all(helped(command) for command in COMMANDS if command.words)
        self.tell("While something is asked: its answer; or another cell, to be asked for that.")
        self.tell("A cell is typed as dW2[1,2], as dW2 1 2, or as it is said.")
        self.tell("In numbers, e minus 4 means times 10 to the power of minus 4.")

    # Sheets

    def _tell_check(self, sheet: Sheet) -> None:
        self._background()
        _, symbols, found = sheet.about
        self.say("Each gradient beside its numerical derivative:")
        for symbol in symbols:
            self.tell(explaining.gradient_check(self.session.view, found[symbol]))

    def _tell_code(self, sheet: Sheet) -> None:
        code = sheet.about
        if len(code) <= ALOUD:
            self.tell(f"The code of this state: {' '.join(grouped(code))}")
        else:
            self.say(f"The code has {len(code):,} characters: save a file to hand it on.")
        self.tell(f"{PROGRAM} --code {code}")

    def _tell_one_weight(self, sheet: Sheet) -> None:
        self.tell_all(
            telling.one_weight(one_weight.found(self.session, sheet.about), self.session.write)
        )

    def _tell_losses(self, sheet: Sheet) -> None:
        self.say(*self._losses())

    def _losses(self) -> Iterator[str]:
        """How the loss went: where it began, what it is now, and some on the way."""
        session = self.session
        losses, name = known_losses(session), session.timeline.program.objective

        def said(k: int) -> str:
            return figure_in_words(session.write(float(losses[k])))

        lowest = int(losses.argmin())
        yield f"{name} over iterations 1 to {losses.size:,}: it began at {said(0)}."
        yield f"It is now {said(losses.size - 1)}, in iteration {losses.size:,}."
        yield f"The lowest was {said(lowest)}, in iteration {lowest + 1:,}."
        gaps = min(MOST_LOSSES, losses.size - 1)
        some = dict.fromkeys(k * (losses.size - 1) // gaps for k in range(gaps + 1))
        yield f"On the way: {'; '.join(f'iteration {k + 1:,}, {said(k)}' for k in some)}."


TELLING: dict[str, Callable[[PlainFace, str], None]] = {
    "where": PlainFace.where,
    "again": PlainFace.again,
    "show": PlainFace.show,
    "why": PlainFace.why,
    "chain": PlainFace.chain,
    "notes": PlainFace.notes,
    "about": PlainFace.about,
    "formulas": PlainFace.formulas,
    "lessons": PlainFace.lessons,
    "help": PlainFace.help,
}
"""The commands that change nothing, by id: here they are told."""
SHEETS: dict[str, Callable[[PlainFace, Sheet], None]] = {
    "check": PlainFace._tell_check,
    "code": PlainFace._tell_code,
    "curve": PlainFace._tell_losses,
    "one_weight": PlainFace._tell_one_weight,
}
"""How each sheet is told."""


def helped(command: Command) -> str:
    """What help says of a command, on one line."""
    does = command.telling or command.does
    whole = f"{command.words[0]} {command.takes}".rstrip()
    written = ", or ".join(filter(None, (whole, *command.words[1:], command.letter)))
    return f"{written}: {does}{'' if does.endswith('?') else '.'}"
