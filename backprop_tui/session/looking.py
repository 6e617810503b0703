"""Looking, without moving in time: the cursor, why a number is what it is, and how all is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from backprop_tui.explain.provenance import Place
from backprop_tui.guide import TOPICS
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.numbers import MOST_DECIMALS
from backprop_tui.messages import hint, listed, nearest, short
from backprop_tui.model.rows import named_columns
from backprop_tui.model.saved import DRAWINGS, THEMES
from backprop_tui.run.timeline import Iteration
from backprop_tui.session import asking, lazy, travel
from backprop_tui.session.inspection import Inspection
from backprop_tui.session.prompts import Entry, Menu, Sheet, Stop
from backprop_tui.session.state import CannotError, SessionState

CELL = re.compile(
    r"(?P<symbol>[^\[,]+?)\s*(?:\[\s*|\brow\s*|\s)(?P<row>\d{1,6})\s*"
    r"(?:,?\s*\bcolumn\b|,|\]\s*\[|\s)\s*(?P<column>\d{1,6})\s*\]?",
    re.IGNORECASE,
)
"""A cell as it is written or said: W2[1,3], W2[1][3], W2 1 3, W 2 row 1 column 3."""

# What is meant


def symbol_of(s: SessionState, typed: str) -> str:
    """The matrix that was meant: its name, also spelled as it is said, capitals aside if that
    leaves one. Raises a CannotError where there is none."""
    program, name = s.timeline.program, "".join(typed.split())
    shapes = tuple(dict.fromkeys((*program.given, *program.positions)))
    if name in shapes:
        return name
    if reason := program.missing(name):
        raise CannotError(reason)
    alike = [known for known in shapes if known.lower() == name.lower()]
    if len(alike) == 1:
        return alike[0]
    meant = nearest(name, shapes)
    or_so = f"did you mean {meant}?" if meant else f"there are {listed(shapes)}."
    raise CannotError(f"There is no matrix {short(typed)!r}: {or_so}")


def cell_of(s: SessionState, typed: str) -> Cell:
    """The cell that was meant; of a matrix that is named alone, the first one. Raises a
    CannotError where there is none."""
    found = CELL.fullmatch(typed.strip())
    if found is None:
        return Cell(symbol_of(s, typed), 1, 1)
    cell = Cell(symbol_of(s, found["symbol"]), int(found["row"]), int(found["column"]))
    rows, columns = s.view.state.shapes[cell.symbol]
    if not (1 <= cell.row <= rows and 1 <= cell.column <= columns):
        is_ = f"{cell.symbol} is {rows}×{columns}, counted from 1"
        raise CannotError(f"There is no {cell.symbol}[{cell.row},{cell.column}]: {is_}.")
    return cell


def place_of(s: SessionState, typed: str) -> Place:
    """The number that a cell is just now; with nothing typed, the one explained, that under the
    cursor, or the step's own."""
    if typed:
        cell = cell_of(s, typed)
        return s.view.place_of(cell.symbol, cell.row - 1, cell.column - 1)
    if (own := s.view.place) is None:
        raise CannotError(f"Nothing is computed yet: {s.named('next')} takes the first step.")
    return own


# The cursor


def next_matrix(s: SessionState, rest: str) -> None:
    """The next matrix or panel; while a number is explained, the next of its terms."""
    _turn(s, 1)


def previous_matrix(s: SessionState, rest: str) -> None:
    """The one before."""
    _turn(s, -1)


def _turn(s: SessionState, by: int) -> None:
    explained = s.inspection.place
    if explained:
        count = len(s.provenance.sources(explained))
        s.look(s.inspection.turned(by, count))
        return
    stops = s.sight.stops(s.view)
    at = _stop_index(s, stops)
    stop = stops[(at + by) % len(stops)] if at is not None else _own_stop(s, stops)
    s.chosen, s.tabbed = stop.panel, True
    s.look(Inspection(cursor=stop.cell))


def _stop_index(s: SessionState, stops: list[Stop]) -> int | None:
    """The stop that we are at: by the cursor's matrix, or by the panel."""
    cursor = s.inspection.cursor
    for k, stop in enumerate(stops):
        if cursor and stop.cell and stop.cell.symbol == cursor.symbol:
            return k
        if cursor is None and stop.cell is None and stop.panel == s.chosen:
            return k
    return None


def _own_stop(s: SessionState, stops: list[Stop]) -> Stop:
    """The matrix that the step writes, else the first one shown."""
    step = s.view.step
    own = (stop for stop in stops if stop.cell and step and stop.cell.symbol == step.symbol)
    return next(own, next((stop for stop in stops if stop.cell), stops[0]))


def left(s: SessionState, rest: str) -> None:
    """A cell left; without a cursor, one operation back."""
    if s.inspection.cursor is None:
        travel.back(s, rest)
    else:
        _move_cursor(s, 0, -1)


def right(s: SessionState, rest: str) -> None:
    """A cell right; without a cursor, one operation forward."""
    if s.inspection.cursor is None:
        asking.next_step(s, rest)
    else:
        _move_cursor(s, 0, 1)


def up(s: SessionState, rest: str) -> None:
    """A cell up; without a cursor the group above; or a line up in an enlarged Step panel."""
    _vertical(s, -1)


def down(s: SessionState, rest: str) -> None:
    """A cell down; without a cursor the group below; or a line down in an enlarged Step panel."""
    _vertical(s, 1)


def _vertical(s: SessionState, by: int) -> None:
    if s.zoomed and s.chosen == "step":
        scroll_step(s, by)
    elif s.inspection.cursor is not None:
        _move_cursor(s, by, 0)
    elif (group := s.sight.beyond(s.view, by)) is not None:
        s.look(Inspection(group=group))


def _move_cursor(s: SessionState, down: int, across: int) -> None:
    cursor = s.inspection.cursor
    assert cursor is not None
    rows, columns = s.timeline.state(s.position).shapes[cursor.symbol]
    row = max(1, min(rows, cursor.row + down))
    column = max(1, min(columns, cursor.column + across))
    s.look(s.inspection.pointing(Cell(cursor.symbol, row, column)))


def scroll_step(s: SessionState, by: int) -> None:
    """The enlarged Step panel, as far as it has lines."""
    found = s.view.explanation
    lines = len(found.reads) + 20 if found else 0
    s.scrolled = max(0, min(s.scrolled + by, lines))


def scroll_window(s: SessionState, by: int, sideways: bool) -> None:
    """The window onto the shown layer's weights."""
    if s.zoomed and s.chosen == "step":
        scroll_step(s, by)
        return
    program, shapes = s.view.program, s.view.state.shapes
    symbols = s.view.looked_for or s.view.needed
    group = max((program.roles[symbol].group or 1 for symbol in symbols), default=1)
    own = [p for p in program.parameters if (program.roles[p].group or 1) == group]
    rows, columns = map(max, zip(*(shapes[symbol] for symbol in own or shapes), strict=True))
    row, column = s.scroll.get(group, (0, 0))
    if sideways:
        column = max(0, min(columns - 1, column + by))
    else:
        row = max(0, min(rows - 1, row + by))
    s.scroll[group] = (row, column)
    s.inspection = Inspection()


def choose_panel(s: SessionState, panel: str) -> None:
    """A panel chosen by a click, for z."""
    s.chosen, s.tabbed = panel, True
    s.look(Inspection())


# Why


def why(s: SessionState, rest: str) -> None:
    """Explain the cell named, the chosen term of what is explained, the cell under the cursor, or
    the step's own; while something is asked, its cell is asked for."""
    cursor, explained = s.inspection.cursor, s.inspection.place
    if s.asking is not None and s.asking.is_open and not explained and not rest:
        if cursor is None:
            asking.open_field(s)
            return
        if asking.ask_for(s, cursor):
            return
    if explained and not rest:
        reads = s.provenance.sources(explained)
        if not reads:
            raise CannotError(f"This number was given. {s.named('leave')} goes back.")
        place = reads[s.inspection.term % len(reads)]
    elif cursor and not rest:
        place = s.view.place_of(cursor.symbol, cursor.row - 1, cursor.column - 1)
    else:
        place = place_of(s, rest)
        if not rest and (at := s.view.entrance) and at != place:  # straight to the mistake
            s.look(s.inspection.into(place, s.provenance).into(at, s.provenance))
            return
    s.look(s.inspection.into(place, s.provenance))


def inspect(s: SessionState, cell: Cell) -> None:
    """Explain a cell that was clicked; of a matrix that is asked for, ask for that cell."""
    if not asking.ask_for(s, cell):
        place = s.view.place_of(cell.symbol, cell.row - 1, cell.column - 1)
        s.look(Inspection().into(place, s.provenance))


def check(s: SessionState, rest: str) -> None:
    """The gradient check of every gradient that is computed."""
    program = s.timeline.program
    if s.position.steps <= program.phase_bounds("backward")[0]:
        raise CannotError(
            "No gradient is computed yet in this iteration: go on to the backward phase."
        )
    iteration = s.timeline.iteration(s.position.iteration)
    known = [symbol for symbol in program.gradients if program.index(symbol) < s.position.steps]
    found: dict[str, lazy.gradient_check.GradientCheck] = {}
    s.open(Sheet("check", (iteration, known, found), closes="c"))
    s.background.append(_checked(s, iteration, known, found))


def _checked(
    s: SessionState,
    iteration: Iteration,
    symbols: list[str],
    found: dict[str, lazy.gradient_check.GradientCheck],
) -> Iterator[None]:
    """Check one gradient after the other, as long as somebody looks."""
    for symbol in symbols:
        for verdict in lazy.gradient_check.checked(s.timeline.program, iteration, symbol):
            if not any(isinstance(o, Sheet) and o.kind == "check" for o in s.opened):
                return
            if verdict is not None:
                found[symbol] = verdict
            yield


def check_shown(s: SessionState) -> None:
    """Check the gradient that is shown, in the background, if that was not done before."""
    place = s.view.place
    if place is None or place.symbol not in s.timeline.program.gradients:
        return
    known = s.verdicts.setdefault(place.iteration, {})
    if place.symbol not in known and s.view.known(place):
        s.background.append(_verdict(s, place))


def _verdict(s: SessionState, place: Place) -> Iterator[None]:
    iteration, timeline = s.timeline.iteration(place.iteration), s.timeline
    for verdict in lazy.gradient_check.checked(timeline.program, iteration, place.symbol):
        if s.view.place != place or s.timeline is not timeline:
            return  # another key has led elsewhere by now
        if place.symbol in s.verdicts.get(place.iteration, {}):
            return
        if verdict is not None:
            s.verdicts.setdefault(place.iteration, {})[place.symbol] = lazy.gradient_check.in_short(
                verdict
            )
        yield


# How all is shown


def example(s: SessionState, rest: str) -> None:
    """The next example of the batch, time step or column of a matrix; or the one that is named."""
    count = _columns(s)
    if rest and not (rest.isdecimal() and 1 <= int(rest[:9]) <= count):
        of = "examples of this batch" if s.view.axis in ("example", "") else f"{s.view.axis}s"
        raise CannotError(f"The {of} are 1 to {count}.")
    _light(s, int(rest) - 1 if rest else _lit(s) + 1)


def example_back(s: SessionState, rest: str) -> None:
    """The one before."""
    _light(s, _lit(s) - 1)


def _columns(s: SessionState) -> int:
    """How many columns there are of which one is lit."""
    view = s.view
    if view.axis == "time step":
        return len(view.members)
    if view.axis == "column":
        return max(view.state.shapes[symbol][1] for symbol in named_columns(view.program))
    return view.state.examples


def _lit(s: SessionState) -> int:
    """The column that is lit, from 0."""
    view = s.view
    if view.axis == "time step":
        return view.members.index(view.lit) if view.lit in view.members else len(view.members) - 1
    return view.lit_column if view.axis == "column" else view.column


def _light(s: SessionState, column: int) -> None:
    """Light a column; that of a time step until the next step."""
    view, count = s.view, _columns(s)
    at = column % count
    if view.axis == "time step":
        s.look(Inspection(group=view.members[at]))
        s.say(f"{view.program.groups[view.members[at]]} of {count} is lit.")
        return
    s.example = at
    s.look(Inspection())
    of = "column" if view.axis == "column" else "example"
    s.say(f"Numbers are explained for {of} {at + 1} of {count}.")


def drawing(s: SessionState, rest: str) -> None:
    """The next drawing of the network; the plane only of two inputs."""
    known = [d for d in DRAWINGS if d != "plane" or lazy.plane.input_of(s.timeline.program)]
    at = known.index(s.drawing) if s.drawing in known else 0
    s.drawing = known[(at + 1) % len(known)]


def zoom(s: SessionState, rest: str) -> None:
    """The chosen panel enlarged, or put back."""
    s.zoomed = not s.zoomed
    if s.zoomed and s.inspection.place:  # what is being read
        s.chosen = "step"


def hide(s: SessionState, rest: str) -> None:
    """Hide the numbers of the chosen panel, or show them."""
    s.hidden ^= {s.panel}


def theme(s: SessionState, rest: str) -> None:
    """The next theme, or the one that is named."""
    s.theme = rest if rest in THEMES else THEMES[(THEMES.index(s.theme) + 1) % len(THEMES)]
    if s.remember_theme is not None and (why_not := s.remember_theme(s.theme)):
        s.say(why_not)


def decimals(s: SessionState, rest: str) -> None:
    """One decimal more, or as many as are named."""
    wanted = int(rest[:9]) if rest.isdecimal() else s.decimals + 1 if not rest else -1
    if not 0 <= wanted <= MOST_DECIMALS:
        raise CannotError(f"Decimals are a whole number from 0 to {MOST_DECIMALS}.")
    s.decimals = wanted
    s.say(f"Numbers have {wanted} decimal{'' if wanted == 1 else 's'}.")


def fewer_decimals(s: SessionState, rest: str) -> None:
    """One decimal fewer."""
    decimals(s, str(max(0, s.decimals - 1)))


def cover(s: SessionState, rest: str) -> None:
    """Cover the screen, so that a class looks at its teacher; any key uncovers it."""
    s.open(Sheet("cover", keys=_uncover))


def _uncover(s: SessionState, key: str) -> bool:
    s.close()
    return True


def show_help(s: SessionState, rest: str) -> None:
    """Every key and what it does, and what the chosen panel shows; g leads on to the guide."""
    s.open(Sheet("help", s.panel, keys=_help_keys))


def _help_keys(s: SessionState, key: str) -> bool:
    if key == "g":
        s.close()
        show_guide(s, "")
    return key == "g"


def show_guide(s: SessionState, rest: str) -> None:
    """A page of the guide; without a topic, ask which."""
    if not rest:
        topics = tuple(Entry(topic, f"{topic:<12}", about) for topic, about in TOPICS.items())
        s.open(Menu("guide", "The guide", topics, show_guide))
    elif rest in TOPICS:
        s.close_all()
        s.open(Sheet("guide", rest))
    else:
        raise CannotError(f"The guide has no topic {short(rest)!r}{hint(rest, TOPICS)}")


def leave(s: SessionState, rest: str) -> None:
    """Out of what is explained, then of the cursor, then of a question, then of an enlarged panel.

    Where one panel has all the room, it is the step's own again.
    """
    if s.one_panel and s.tabbed and not s.inspection.place:
        s.follow()
        s.look(Inspection())
    elif s.asking is not None and s.asking.is_open and s.inspection == Inspection():
        asking.ask_no_more(s)
    elif s.inspection != Inspection():
        s.look(s.inspection.out(s.provenance))
    elif s.zoomed:
        zoom(s, rest)
