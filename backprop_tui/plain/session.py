"""A session in words: a line is typed, its command is done, and what came of it is told.

It neither reads nor writes a stream; `loop` does.
"""

from __future__ import annotations

from backprop_tui.plain.commands import COMMANDS, Command, find, meant
from backprop_tui.plain.guard import Guard
from backprop_tui.plain.run import CannotError, quoted
from backprop_tui.session.commands import ACTIONS

KEYS = {key: action for action in ACTIONS for key in action.keys.split(",") if len(key) == 1}
HINT = "?"
LONGEST_LINE = 4096
"""Characters of a line that are read: as many as a terminal lets anybody type."""
OPENING = "next, or an empty line, takes the next step; help tells what can be typed."


class Session(Guard):
    """All commands."""

    def open(self) -> None:
        """What is said at the beginning."""
        self.describe()
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
        if typed == HINT and self.has_hints:
            typed = "hint"  # as on the screen: a hint while something is asked
        found = find(typed or "next")
        if found is None and not self.answer(typed):
            raise CannotError(self._unknown(typed))
        if found is not None:
            command, rest = found
            if command.name != "quit" and not rest and command.name not in ("open", "save"):
                self._warned = ""
            getattr(self, command.method)(rest)

    def _unknown(self, typed: str) -> str:
        """Why a line is no command, and what was probably meant."""
        word = typed.split()[0]
        if typed in KEYS:
            does = KEYS[typed].does
            return f"The key {typed} is one of the screen's ({does}), and does nothing here."
        name = meant(typed)
        return f"There is no command {quoted(word)}: " + (
            f"did you mean {name}?" if name else "help lists them."
        )

    def do_show(self, rest: str) -> None:
        """Alone, while something is asked, the answer."""
        if not rest and self.asking and self.asking.is_open:
            self.do_next("")
        else:
            super().do_show(rest)

    def do_write(self, rest: str) -> None:
        """While a formula is asked for, the answer."""
        asking = self.asking
        if rest and asking and asking.is_open and asking.asked.form == "formula":
            self.answer(rest)
        else:
            super().do_write(rest)

    def do_help(self, rest: str) -> None:
        if rest:
            found = find(rest)
            if found is None:
                raise CannotError(self._unknown(rest))
            self.tell(helped(found[0]))
        else:
            self.tell("What can be typed, with the letter of the same key on the screen:")
            self.tell_all(map(helped, COMMANDS))
            self.tell(
                "While something is asked: its answer; or another cell, to be asked for that."
            )
            self.tell("A cell is typed as dW2[1,2], as dW2 1 2, or as it is said.")
            self.tell("In numbers, e minus 4 means times 10 to the power of minus 4.")


def helped(command: Command) -> str:
    """What help says of a command, on one line."""
    stop = "" if command.does.endswith("?") else "."
    return f"{command.written}: {command.does}{stop}"
