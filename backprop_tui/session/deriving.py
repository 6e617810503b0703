"""Deriving on the blackboard: line after line, over all steps that follow, until it is closed.

While it is open, the keys of time, of looking and of leaving mean what they do to it.
"""

from __future__ import annotations

from collections.abc import Callable

from backprop_tui.session import asking, looking, travel
from backprop_tui.session.blackboard import PATHS
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.state import CannotError, SessionState

ALL, OFF = "all", "off"
"""What is typed to reveal every line at once, and to close the blackboard."""


def derive(s: SessionState, rest: str) -> None:
    """Open the blackboard at the gradient named, else at the number in hand; where that is derived
    already, close it."""
    board = s.blackboard
    if rest == OFF:
        if board is None:
            raise CannotError("No blackboard is open.")
        s.blackboard = None
        return
    if rest == ALL and board is not None:
        if board.is_whole:
            raise CannotError("Every line is on the blackboard.")
        s.blackboard = board.whole()
        return
    if board is not None and not rest and s.inspection == Inspection():
        s.blackboard = None
        return
    s.pause()
    place = looking.place_of(s, "" if rest == ALL else rest)
    symbol, program = place.symbol, s.timeline.program
    if symbol not in program.positions or (not place.iteration and symbol in program.parameters):
        raise CannotError(f"{symbol} is given: it has no derivation.")
    if (at := program.index(symbol) + 1) > s.position.steps + bool(s.position.elements):
        raise CannotError(f"{symbol} is not computed yet: step {at} computes it.")
    own = s.step_symbol == symbol and not s.inspection.place
    s.look(Inspection())
    opened = s.board_of(symbol, None if own else place.cell)
    s.blackboard = opened.whole() if rest == ALL else opened


def forward(s: SessionState, rest: str) -> None:
    """The next line; behind the last one out of what was opened, or one operation forward."""
    board = s.blackboard
    assert board is not None
    if s.playing:
        s.pause()
    elif not board.is_whole:
        if not asking.ask_line(s):
            s.blackboard = board.revealed(1)
    elif board.is_inner:
        s.blackboard = board.closed()
    else:
        asking.next_step(s, rest)


def back(s: SessionState, rest: str) -> None:
    """A line taken back; from the first one out of what was opened, or to the step before, with all
    of its lines."""
    board = s.blackboard
    assert board is not None
    if board.level.form == PATHS:
        s.blackboard = board.turned(1).whole()
    elif len(board.lines) > 1:
        s.blackboard = board.revealed(-1)
    elif board.is_inner:
        s.blackboard = board.closed()
    else:
        travel.back(s, rest)
        s.blackboard = s.blackboard and s.blackboard.whole()


def beat(s: SessionState) -> None:
    """One beat of running by itself: the next line, else as far as it goes at that speed."""
    if s.blackboard is not None and not s.blackboard.is_whole:
        s.blackboard = s.blackboard.revealed(1)
    else:
        travel.tick(s)


def open_line(s: SessionState, rest: str) -> None:
    """One level in: the derivation of what the chosen line uses."""
    board = s.blackboard
    assert board is not None
    if board.opens is None:
        raise CannotError("This line uses nothing that has a derivation of its own.")
    s.blackboard = board.opened(board.opens)


def turn(by: int) -> Callable[[SessionState, str], None]:
    """The next form, or the one before."""

    def turned(s: SessionState, rest: str) -> None:
        assert s.blackboard is not None
        s.blackboard = s.blackboard.turned(by)

    return turned


def choose(by: int) -> Callable[[SessionState, str], None]:
    """The line below, or the one above."""

    def chosen(s: SessionState, rest: str) -> None:
        assert s.blackboard is not None
        s.blackboard = s.blackboard.moved(by)

    return chosen


def leave(s: SessionState, rest: str) -> None:
    """One level out; from the outermost the panels come back."""
    assert s.blackboard is not None
    s.blackboard = s.blackboard.closed()


def take_away(s: SessionState, rest: str) -> None:
    """The question about a line is taken away."""
    asking.ask_no_line(s)


MEANS: dict[str, Callable[[SessionState, str], None]] = {
    "next": forward,
    "right": forward,
    "back": back,
    "left": back,
    "why": open_line,
    "next_matrix": turn(1),
    "previous_matrix": turn(-1),
    "up": choose(-1),
    "down": choose(1),
    "leave": leave,
}
"""What commands mean while the blackboard is open, by their ids."""
TIME = ("next", "back")


def meaning(s: SessionState, id_: str) -> Callable[[SessionState, str], None] | None:
    """What a command means to the blackboard; None where it means what it always does.

    A question that is open, a formula that is written, and a number that is looked at come first.
    """
    if s.blackboard is None or s.writing:
        return None
    if s.asking is not None and s.asking.is_open:
        takes_back = s.asking.asked.line and id_ in ("back", "left")
        return take_away if takes_back else None
    if s.inspection != Inspection() and id_ not in TIME:
        return None
    return MEANS.get(id_)
