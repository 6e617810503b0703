"""The first two lines of the screen: where in the run one is, and the rail of phases and steps."""

from __future__ import annotations

from functools import lru_cache

from backprop_tui.maths.numbers import number, told_apart
from backprop_tui.model.architecture import PHASES, Phase
from backprop_tui.model.program import Program
from backprop_tui.session.view import ARROWS, EDITED, View, hue_of
from backprop_tui.tui.paint.canvas import Canvas, shortened
from backprop_tui.tui.paint.cells import WRONG
from backprop_tui.tui.panels.panel import Panel

DIGITS = "0123456789"
MORE = 3
"""Digits more than usual with which a loss may be told from the last one."""
MANY = 4
"""Groups beyond which the rail names the one that it shows."""


class Title(Panel):
    """The experiment, the iteration and epoch, the step, and the loss; a message in their place
    until the next key, so that the footer keeps the keys."""

    def paint(self, canvas: Canvas, view: View) -> None:
        loss = f"{wrong_loss(view)}{losses_text(view)}"
        room = canvas.width - 1 - (len(loss) + 1 if loss else 0)
        if view.message:
            if len(view.message) + 3 > room:
                room, loss = canvas.width, ""
            canvas.put(1, 0, shortened(view.message, room - 2), "note strong")
        else:
            self.position(canvas, view, room)
        canvas.right(canvas.width - 1, 0, loss, "carried" if wrong_loss(view) else "strong")

    def position(self, canvas: Canvas, view: View, room: int) -> None:
        """Write what is run and where in the run one is, in so many columns."""
        state, experiment = view.state, view.state.experiment
        position, steps = state.position, len(state.program.steps)
        # A column's own place for each part, so that nothing moves as numbers change.
        at_iteration, at_step = canvas.width * 3 // 8, canvas.width * 43 // 80
        iteration = f"iteration {position.iteration:,}"
        if view.looking_back:
            iteration = f"◂ back in {iteration}"
        if experiment.batches_per_epoch > 1:
            iteration = f"epoch {experiment.epoch_of(position.iteration)}  {iteration}"
        step = f"step {state.number} of {steps}"
        if position.elements:
            step = f"step {state.number}, element {position.elements}"
        at_step = min(at_step, room - len(step))
        at_iteration = max(0, min(at_iteration, at_step - len(iteration) - 2))
        if canvas.width < 60:  # no room for all: the step first, then the loss
            canvas.put(1, 0, shortened(step, max(0, room - 2)), "strong")
            return
        sparks, edited = view.sparkline, f"{EDITED}edited  " if experiment.edits else ""
        names, looks = [experiment.name], "strong"
        names = [f"{experiment.name}  {experiment.network.sizes}", *names]
        if canvas.width >= 100 and experiment.title != experiment.name:
            names = [f"{names[0]}  {experiment.title}", *names]
        if mistake := experiment.mistake:  # said all the time
            names, looks, sparks = [f"✗ mistake: {mistake.name}", f"✗ {mistake.name}"], "wrong", ""
        if len(sparks) + len(edited) + len(names[-1]) + 4 > at_iteration:
            sparks = sparks[::2]
        left = at_iteration - 2 - (len(sparks) + 1 if sparks else 0)
        name = next((name for name in names if len(edited) + len(name) < left), names[-1])
        behind = canvas.put(1, 0, shortened(f"{edited}{name}", max(0, at_iteration - 2)), looks)
        if sparks and behind + len(sparks) + 2 <= at_iteration:
            canvas.right(at_iteration - 2, 0, sparks, "forward")
        canvas.put(at_iteration, 0, iteration)
        canvas.put(at_step, 0, step)


def losses_text(view: View) -> str:
    """Write the losses, `L 0.666 J 1.104`, and what the loss of the iteration before was."""
    state, own, joint = view.state, view.program.loss, view.program.objective
    batch, now = joint != own, state.value(joint)
    single = state.experiment.data.examples == 1
    has_before = view.iteration > 1 and (batch or single)
    written = was = ""
    if has_before:
        before = state.timeline.iteration(view.iteration - 1)
        last = float(before.results[view.program.index(joint)][0, 0])
        written, was = beside_last(None if now is None else float(now[0, 0]), last, view.decimals)
    elif now is not None:
        written = number(float(now[0, 0]), view.decimals)
    parts = []
    if batch and (known := state.value(own)) is not None:
        parts.append(f"{own} {number(float(known[view.entry(own, 0)]), view.decimals)}")
    elif now is not None:
        parts.append(f"{own} {written}")
    if view.is_asked and view.step and view.step.role.kind == "loss":
        parts.append(f"{view.step.symbol} ?")
    if batch and now is not None:
        parts.append(f"{joint} {written}")
    if has_before:
        if now is None or state.stale(joint) or state.step is None:
            parts = parts or [joint]
        parts.append(f"(was {was})")
    return " ".join(parts)


def beside_last(now: float | None, last: float, decimals: int) -> tuple[str, str]:
    """Write a loss, where it is known, and the last one, with digits that tell them apart: a few
    more than usual, or the difference."""
    usual = number(last, decimals)
    if now is None:
        return "", usual
    pair = told_apart(now, last, decimals)
    if max(map(len, pair)) <= len(usual) + MORE:
        return pair
    more = "more" if last > now else "less"
    return number(now, decimals), f"{number(abs(last - now), decimals)} {more}"


def wrong_loss(view: View) -> str:
    """The sign of a loss that is known here and that the run's mistake changed."""
    losses = {view.program.objective, view.program.loss}
    known = [s for s in losses if view.state.value(s) is not None]
    signs = (view.wrong(view.place_of(s, *view.entry(s, 0))) for s in known)
    return next(filter(None, signs), "")


class Rail(Panel):
    """The phases and the steps of the current one: ✓ forward  ◀ BACKWARD dA2 dZ2[dW2]db2 ..."""

    def paint(self, canvas: Canvas, view: View) -> None:
        state = view.state
        current = PHASES.index(phase_of(view))
        narrow = canvas.width < 60
        left_for_later = 1 if narrow else sum(len(phase) + 2 for phase in PHASES[current + 1 :])
        x = 1
        for k, phase in enumerate(PHASES):
            first, behind = state.program.phase_bounds(phase)
            if k != current and (narrow or first == behind):
                continue
            begin = x
            if k == current:
                name = f"{ARROWS[phase]} {phase.upper()}"
                x = canvas.put(x, 0, name, f"strong {hue_of(phase)}")
                x = self.steps(canvas, view, x, canvas.width - x - left_for_later - 1) + 2
            else:
                done = k < current
                name = f"✓ {phase}" if done else phase
                x = canvas.put(x, 0, name, hue_of(phase) if done else "quiet")
                canvas.leads |= dict.fromkeys(range(begin, x), behind)
                x += 2

    def steps(self, canvas: Canvas, view: View, x: int, room: int) -> int:
        """Write the steps of the current phase with `[` and `]` around the current one, and `│`
        between groups where there are more than two.

        Where they do not all fit, those of its group are shown, with its name where there are many,
        and as many around them as fit.
        """
        state, steps, phase = view.state, view.program.steps, phase_of(view)
        at, groups = state.number - 1, groups_of(view.program)
        first, behind = state.program.phase_bounds(phase)
        if phase == "update":
            first = state.program.phase_bounds("backward")[1]
        shown, ahead, here = range(first, behind), "", groups[at] if at >= 0 else 0
        if needs(shown, view) > room and len(view.program.groups) > MANY and here:
            own = [i for i in shown if groups[i] == here]
            shown = range(own[0], own[-1] + 1)
            name = view.program.groups[here]
            alike = [other.rstrip(DIGITS) for other in view.program.groups.values()]
            count = alike.count(name.rstrip(DIGITS))
            one_of = (f" {name} of {count}:", f" {name}:", f" {here}/{count}:")
            ways = (*(one_of if count > 1 else one_of[1:2]), " …")
            ahead = next((w for w in ways if len(w) + needs(shown, view) <= room), ways[-1])
            shown = around(at, shown, view, room - len(ahead))
        elif needs(shown, view) > room:
            shown = around(at, shown, view, room - 4)
            ahead = " …" if shown[0] > first else ""
        x = canvas.put(x, 0, ahead, "quiet")
        for i in shown:
            looks = "target" if i == at else "quiet" if i > at else hue_of(phase)
            gap = "[" if i == at else "]" if i == at + 1 and i > shown[0] else " "
            if gap == " " and i > shown[0] and groups[i] != groups[i - 1] and max(groups) > 2:
                gap = "│"
            wrong = "" if gap == "[" else view.wrong_step(steps[i])
            looks_of_gap = WRONG.get(wrong, "target" if gap in "[]" else "quiet")
            behind_gap = canvas.put(x, 0, wrong or gap, looks_of_gap)
            place = range(behind_gap, behind_gap + len(steps[i].symbol))
            canvas.leads |= dict.fromkeys(place, i + 1)
            # What comes next is part of the question; the column stays as wide as its name.
            name = "?" if view.is_asked and i > at else steps[i].symbol
            x = canvas.put(behind_gap, 0, name.ljust(len(steps[i].symbol)), looks)
        x = canvas.put(x, 0, "]" if shown[-1] == at else " ", "target" if shown[-1] == at else "")
        return canvas.put(
            x, 0, "…" if shown[-1] < behind - 1 and ahead[-1:] != ":" else "", "quiet"
        )

    def steps_at(self, x: int) -> int | None:
        """After how many steps of this iteration the position stands that is drawn there."""
        steps = self.canvas.leads.get(x)
        return steps if isinstance(steps, int) else None


@lru_cache(maxsize=64)
def groups_of(program: Program) -> tuple[int, ...]:
    """The group that each step belongs to in the rail: a gradient that several groups share, to the
    one where its last term arrives."""
    found: list[int] = []
    for step in program.steps:
        found.append(step.group or (found[-1] if found and step.phase == "backward" else 0))
    return tuple(found)


def phase_of(view: View) -> Phase:
    """Return the phase whose steps are listed: backward for an update that is made too early."""
    early = view.step is not None and view.program.is_early(view.step)
    return "backward" if early else view.state.phase


def around(at: int, shown: range, view: View, room: int) -> range:
    """Return as many steps around the current one as there is room for."""
    while needs(shown, view) > room and len(shown) > 1:
        shown = shown[1:] if at - shown[0] > shown[-1] - at else shown[:-1]
    return shown


def needs(shown: range, view: View) -> int:
    """Return the columns that some steps take in the rail."""
    return sum(len(view.program.steps[i].symbol) + 1 for i in shown) + 1
