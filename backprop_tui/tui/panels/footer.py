"""The footer: the keys that matter most, as many as fit; a click does what the key does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backprop_tui.session.blackboard import Blackboard
from backprop_tui.session.commands import BY_ID, COMMANDS, Command
from backprop_tui.session.view import View
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.canvas import Canvas, shortened
from backprop_tui.tui.panels.panel import Panel

if TYPE_CHECKING:
    from backprop_tui.session.question import Asking

WHILE_RUNNING = ("run", "faster", "slower")
WHY = {
    "why": "go there",
    "next_matrix": "other term",
    "leave": "back",
    "derive": "derive",
    "edit": "edit",
    "next": "next",
    "help": "help",
}
"""The keys that are shown while a number is explained, and what they do then."""
ASKING = {
    "next": "show",
    "choose": "answer",
    "why": "type it",
    "help": "hint",
    "leave": "stop asking",
}
"""The keys that are shown while something is asked, and what they do then."""
LIT_AT = 3
"""How many commands stand before the one that lights another column."""
YIELDS = ("up", "ask", "help")
"""What gives way in the footer while the blackboard is open."""
YIELDING = ("if roomy", "if it fits", "soon")
"""The keys that are left out where there is little room, in this order."""


def of_use(words: dict[str, str]) -> list[Command]:
    """The commands named, by what they are just then."""
    return [replace(BY_ID[id_], short=short) for id_, short in words.items()]


def while_deriving(board: Blackboard) -> list[Command]:
    """What leads through the lines of a derivation."""
    turned = board.turned(1).level.form
    words = {
        "next": "next step" if board.is_whole and not board.is_inner else "next line",
        "back": "back",
        "next_matrix": turned if turned != board.level.form else "",
        "why": f"why: {lazy.written_name(board.opens)}" if board.opens else "",
        "up": "line" if len(board.lines) > 1 else "",
        "ask": "ask",
        "leave": "back to " + board.levels[-2].symbol if board.is_inner else "panels",
        "help": "help",
    }
    shown = of_use({id_: short for id_, short in words.items() if short})
    signed = [replace(a, sign="↑↓") if a.id == "up" else a for a in shown]
    return [replace(a, footer="if roomy" if a.id in YIELDS else "always") for a in signed]


def while_asking(asking: Asking) -> list[Command]:
    """What answers the question that is open."""
    left_out = {"why", "help"} if asking.asked.form == "talk" else set()
    if not asking.choices:
        left_out.add("choose")
    elif asking.asked.worded:
        left_out.add("why")
    shown = []
    for command in of_use(ASKING):
        if command.id == "choose":
            command = replace(command, sign=f"1-{len(asking.choices)}")
        elif command.id == "leave" and asking.whole is not None:
            command = replace(command, short="leave the parts")
        elif command.id == "why" and not asking.choices:
            command = replace(command, short="answer")
        if command.id not in left_out:
            shown.append(command)
    return shown


def with_panels(shown: list[Command], chosen: bool) -> list[Command]:
    """With the ways to the panels that there is no room for, and back to the step's own."""
    ways = of_use({"next_matrix": "panel"} | ({"leave": "follow"} if chosen else {}))
    if chosen:  # it is not for long
        yields = {"back", "help"}
        shown = [replace(a, footer="soon") if a.id in yields else a for a in shown]
    return [*shown, *(replace(way, footer="always") for way in ways)]


def fitting(width: int, shown: list[Command]) -> list[Command]:
    """As many as fit; those further back give way first."""
    shown, wide = list(shown), sum(map(room_of, shown))
    for yielding in YIELDING:
        for command in reversed(list(shown)):
            if wide <= width:
                return shown
            if command.footer == yielding or not command.footer:
                shown.remove(command)
                wide -= room_of(command)
    return shown


def room_of(command: Command) -> int:
    """The columns that a key, what it does and the gap behind it take."""
    return len(command.sign) + len(command.short) + 3


class Footer(Panel):
    """The keys and what they do: space next  ⌫ back  p phase ..."""

    def paint(self, canvas: Canvas, view: View) -> None:
        if view.playing:
            x = canvas.put(1, 0, f"▶▶ {view.playing}", "strong") + 3
            self.keys(canvas, [BY_ID[id_] for id_ in WHILE_RUNNING], x)
        elif view.inspection.place:
            self.keys(canvas, of_use(WHY), 1)
        elif view.blackboard and not view.is_asked and view.inspection.cursor is None:
            self.keys(canvas, fitting(canvas.width, while_deriving(view.blackboard)), 1)
        elif view.asking and view.asking.is_open:
            shown = while_asking(view.asking)
            self.keys(canvas, shown, 1)
        else:
            room = canvas.width
            if said := view.without_effect:  # all the time, as the title names the mistake
                said = shortened(f"the mistake {said}", room - 28)
                room = canvas.right(room - 1, 0, said, "quiet") - 2
            shown = [a for a in COMMANDS if a.footer]
            if view.axis:
                shown.insert(LIT_AT, replace(BY_ID["example"], short=view.axis, footer="soon"))
            if view.one_panel:
                shown = with_panels(shown, view.tabbed)
            self.keys(canvas, fitting(room, shown), 1)

    def keys(self, canvas: Canvas, shown: list[Command], x: int) -> None:
        """Each key and what it does, from column `x` on."""
        for command in shown:
            begin = x
            if x + len(command.sign) + 1 + len(command.short) > canvas.width:
                break  # half a word says nothing
            x = canvas.put(x, 0, command.sign, "key") + 1
            x = canvas.put(x, 0, command.short, "quiet")
            if command.id != "choose":  # which of several keys, only the keys tell
                canvas.leads |= dict.fromkeys(range(begin, x), command.id)
            x += 2

    def command_at(self, x: int) -> Command | None:
        """The command whose key is drawn there."""
        id_ = self.canvas.leads.get(x)
        return BY_ID[id_] if isinstance(id_, str) else None
