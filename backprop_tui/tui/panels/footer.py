"""The footer: the keys that matter most, as many as fit; a click does what the key does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import events

from backprop_tui.session.commands import ACTIONS, Action
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import Canvas, shortened
from backprop_tui.tui.panels.panel import Panel

if TYPE_CHECKING:
    from backprop_tui.session.question import Asking

WHILE_RUNNING = ("run", "faster", "slower")
WHY = {
    "inspect": "walk there",
    "focus_next": "other term",
    "leave": "back",
    "chain": "chain",
    "edit": "edit",
    "next": "next",
    "help": "help",
}
"""The keys that are shown while a number is explained, and what they do then."""
ASKING = {
    "next": "show",
    "choose": "answer",
    "inspect": "type it",
    "help": "hint",
    "leave": "stop asking",
}
"""The keys that are shown while something is asked, and what they do then."""
YIELDING = ("if roomy", "if it fits", "soon")
"""The keys that are left out where there is little room, in this order."""


def of_use(words: dict[str, str]) -> list[Action]:
    """Return the actions named, described by what they do then."""
    return [replace(a, short=words[a.name]) for n in words for a in ACTIONS if a.name == n]


def while_asking(asking: Asking) -> list[Action]:
    """Return the actions that answer the open question."""
    left_out = {"inspect", "help"} if asking.asked.form == "talk" else set()
    if not asking.choices:
        left_out.add("choose")
    shown = []
    for action in of_use(ASKING):
        if action.name == "choose":
            action = replace(action, sign=f"1-{len(asking.choices)}")
        elif action.name == "inspect" and not asking.choices:
            action = replace(action, short="answer")
        if action.name not in left_out:
            shown.append(action)
    return shown


def with_panels(shown: list[Action], chosen: bool) -> list[Action]:
    """Add the actions that lead to the panels that are not shown, and back."""
    ways = of_use({"focus_next": "panel", "leave": "follow"} if chosen else {"focus_next": "panel"})
    if chosen:  # it is not for long
        yields = {"back", "help"}
        shown = [replace(a, footer="soon") if a.name in yields else a for a in shown]
    return [*shown, *(replace(way, footer="always") for way in ways)]


def fitting(width: int, shown: list[Action]) -> list[Action]:
    """Return as many actions as fit; those further back are left out first."""
    shown = list(shown)
    for yielding in YIELDING:
        for action in reversed(list(shown)):
            if sum(len(a.sign) + len(a.short) + 3 for a in shown) <= width:
                return shown
            if action.footer == yielding or not action.footer:
                shown.remove(action)
    return shown


class Footer(Panel):
    """The keys and what they do: space next  ⌫ back  p phase ..."""

    def paint(self, canvas: Canvas, view: View) -> None:
        self.places: list[tuple[range, str]] = []
        if view.message:
            canvas.put(1, 0, shortened(view.message, canvas.width - 2), "note strong")
        elif view.playing:
            x = canvas.put(1, 0, f"▶▶ {view.playing}", "strong") + 3
            self.keys(canvas, [a for a in ACTIONS if a.name in WHILE_RUNNING], x)
        elif view.inspection.place:
            self.keys(canvas, of_use(WHY), 1)
        elif view.asking and view.asking.is_open:
            shown = while_asking(view.asking)
            self.keys(canvas, shown, 1)
        else:
            room = canvas.width
            if said := view.without_effect:  # all the time, as the title names the mistake
                said = shortened(f"the mistake {said}", room - 28)
                room = canvas.right(room - 1, 0, said, "quiet") - 2
            shown = [a for a in ACTIONS if a.footer]
            if view.one_panel:
                shown = with_panels(shown, view.tabbed)
            self.keys(canvas, fitting(room, shown), 1)

    def keys(self, canvas: Canvas, shown: list[Action], x: int) -> None:
        """Write each key and what it does, from column `x` on."""
        for action in shown:
            begin = x
            if x + len(action.sign) + 1 + len(action.short) > canvas.width:
                break  # half a word helps nobody
            x = canvas.put(x, 0, action.sign, "key") + 1
            x = canvas.put(x, 0, action.short, "quiet")
            self.places.append((range(begin, x), action.name))
            x += 2

    async def on_click(self, event: events.Click) -> None:
        for place, name in self.places:
            if event.x in place and name != "choose":  # which one, only the keys tell
                await self.run_action(f"screen.{name}")
