"""The gradient check of every gradient of an iteration, a line each, filled in as it runs."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.worker import get_current_worker

from backprop_tui.explain.gradient_check import CheckVerdict, GradientCheck
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Iteration
from backprop_tui.session.checks import SIGNS, check_sample
from backprop_tui.tui.screens.sheet import Sheet


class CheckSheet(Sheet):
    """Each gradient beside its central difference."""

    closes = "c or esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("c", "close", "close")]

    def __init__(self, program: Program, iteration: Iteration, decimals: int, steps: int) -> None:
        """Only of the first `steps` operations: what is still to come is not told."""
        super().__init__()
        self.known = [s for s in program.gradients if program.index(s) < steps]
        self.program, self.iteration, self.decimals = program, iteration, decimals
        self.found: dict[str, GradientCheck] = {}

    def on_mount(self) -> None:
        self.run_check()

    @work(thread=True, exclusive=True, description="gradient check")
    def run_check(self) -> None:
        cancelled = get_current_worker().cancelled_event.is_set
        for symbol in self.known:
            verdict = check_sample(self.program, self.iteration, symbol, cancelled)
            if verdict is None:
                return
            self.app.call_from_thread(self.add, verdict)

    def add(self, verdict: GradientCheck) -> None:
        """One gradient more is tested."""
        self.found[verdict.symbol] = verdict
        if self.is_attached:
            self.write(self.text())

    def text(self) -> Text:
        sheet = Text()
        sheet.append(f"Gradient check, iteration {self.iteration.number}\n", "bold")
        sheet.append(
            "Add 0.00001 to one number, subtract it, and compute the loss each time.\n"
            "The difference of the two losses, divided by 0.00002, is the derivative.\n\n",
            "dim",
        )
        titles = f"  {'cell':<13}{'backprop':>12}{'numerical':>12}{'difference':>11}  verdict\n"
        sheet.append(titles, "bold")
        for symbol in self.program.gradients:
            if symbol in self.found:
                self._line(sheet, self.found[symbol])
            else:
                waits = "…" if symbol in self.known else "not computed yet"
                sheet.append(f"  {symbol:<13}{waits:>18}\n", "dim")
        return sheet

    def _line(self, sheet: Text, found: GradientCheck) -> None:
        worst = found.worst
        decimals = max(6, self.decimals)
        cell = f"{found.symbol}[{worst.row},{worst.column}]"
        a, n = number(worst.analytic, decimals), number(worst.numeric, decimals)
        some = f", {found.checked} of {found.of:,} cells" if found.checked < found.of else ""
        looks = "reverse red" if found.verdict is CheckVerdict.DIFFERS else ""
        sheet.append(f"  {cell:<13}{a:>12}{n:>12}{worst.difference_text:>11}  ")
        sheet.append(f"{SIGNS[found.verdict]} {found.verdict}{some}\n", looks)
