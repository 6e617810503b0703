"""The footer: the keys that matter most, as many as fit; a click does what the key does."""

from __future__ import annotations

from textual import events

from backprop_tui.tui.actions import ACTIONS, Action
from backprop_tui.tui.canvas import Canvas
from backprop_tui.tui.view import View
from backprop_tui.tui.widgets.panel import Panel


class Footer(Panel):
    """space next  ⌫ back  p phase ..."""

    def paint(self, canvas: Canvas, view: View) -> None:
        self.places: list[tuple[range, str]] = []
        x = 1
        if view.playing:
            x = canvas.put(x, 0, f"▶▶ {view.playing}", "strong") + 3
            shown = [a for a in ACTIONS if a.name in ("run", "faster", "slower")]
            self.keys(canvas, shown, x)
            return
        always = [a for a in ACTIONS if a.footer == "always"]
        shown = [a for a in ACTIONS if a.footer]
        need = sum(len(a.sign) + len(a.short) + 3 for a in shown)
        while need > canvas.width and len(shown) > len(always):
            dropped = next(a for a in reversed(shown) if a.footer != "always")
            shown.remove(dropped)
            need -= len(dropped.sign) + len(dropped.short) + 3
        self.keys(canvas, shown, x)

    def keys(self, canvas: Canvas, shown: list[Action], x: int) -> None:
        """Each key and what it does, from column `x` on."""
        for action in shown:
            begin = x
            x = canvas.put(x, 0, action.sign, "key") + 1
            x = canvas.put(x, 0, action.short, "quiet")
            self.places.append((range(begin, x), action.name))
            x += 2

    async def on_click(self, event: events.Click) -> None:
        for place, name in self.places:
            if event.x in place:
                await self.run_action(f"screen.{name}")
