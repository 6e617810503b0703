"""Moving in time: step, phase, iteration, restart, go to, and running by itself when asked.

Nothing moves unless it is asked to; while it runs, a stepping key only pauses it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from textual import work

from backprop_tui.maths.numbers import number
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.playing import SPEEDS
from backprop_tui.tui.screens.base import Base

if TYPE_CHECKING:  # imported when something is asked for: the start does not wait for it
    from backprop_tui.run.goals import Condition
    from backprop_tui.tui.panels.prompt import Prompt

MOST_SEARCHED = 10_000_000
"""Iterations after which a search gives up."""
SLICE = 0.02
"""Seconds of searching between two looks at the keys."""


class Travel(Base):
    """The keys that move in time."""

    def _step(self, move: Callable[[Position], Position]) -> None:
        """Move, unless it runs by itself: then only pause."""
        if self.playing:
            self.pause()
        else:
            self.go(move(self.position))

    def action_next(self) -> None:
        self._step(self.timeline.forward)

    def action_back(self) -> None:
        self._step(self.timeline.back)

    def action_into(self) -> None:
        self._step(self.timeline.into)

    def action_out(self) -> None:
        self._step(self.timeline.out)

    def action_phase(self) -> None:
        self._step(self.timeline.phase_end)

    def action_phase_start(self) -> None:
        self._step(self.timeline.phase_start)

    def action_iteration(self) -> None:
        self._step(self.timeline.later)

    def action_iteration_back(self) -> None:
        self._step(self.timeline.earlier)

    def action_restart(self) -> None:
        self._step(lambda position: self.timeline.start)

    # Other weights

    def action_reroll(self) -> None:
        self.pause()
        self.past.append(self.timeline.experiment)
        self.future.clear()
        experiment = self.timeline.experiment.reseeded()
        seed = experiment.initial.seed
        self.run_experiment(experiment)
        self.say(f"New weights, from seed {seed}. u brings the old ones back.")

    def run_experiment(self, experiment: Experiment) -> None:
        """Start another experiment, or the same with other weights."""
        self.begin(experiment)
        self.show()

    def action_mistake(self) -> None:
        from backprop_tui.learn.mistakes import CATALOGUE
        from backprop_tui.tui.screens.mistaker import Mistaker

        def chosen(name: str | None) -> None:
            if name is None:
                return
            experiment = self.timeline.experiment
            other = experiment.with_mistake(CATALOGUE.get(name))
            if other is experiment:
                return
            self.past.append(experiment)
            self.future.clear()
            # The run is another one from the start; where we are in it stays.
            self.retell(other)

        self.pause()
        idle = self._without_effect()
        now = self.timeline.experiment.mistake
        self.app.push_screen(Mistaker(now.name if now else None, idle), chosen)

    def _without_effect(self) -> dict[str, str]:
        """The mistakes that would change nothing in the iteration shown, and why."""
        from backprop_tui.learn.effect import without_effect
        from backprop_tui.learn.mistakes import CATALOGUE

        if self.right and self.right.is_behind(self.position.iteration):
            return {}
        right = self.right.timeline if self.right else self.timeline
        at = self.position.iteration
        told = {name: without_effect(right, made, at) for name, made in CATALOGUE.items()}
        return {name: why for name, why in told.items() if why is not None}

    # Go to

    async def action_goto(self) -> None:
        self.pause()
        prompt = await self._prompt()
        prompt.ask("go to", "500  +500  epoch 2  dW1  end  loss < 0.01  abs(dW1).max() < 1e-3")

    async def _prompt(self) -> Prompt:
        from backprop_tui.tui.panels.prompt import Prompt

        if not self.query("#prompt"):
            await self.mount(Prompt(id="prompt"))
        return self.query_one("#prompt", Prompt)

    async def replay_to(self, position: Position) -> None:
        """Go where another run has to be computed for a while to get there."""
        prompt = await self._prompt()
        prompt.ask("replay", f"to iteration {position.iteration:,}; esc stops")
        self.travel(position, prompt)

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        from backprop_tui.run.goals import GoalError, read_goal

        farthest = max(self.farthest, self.position.iteration)
        prompt = message.prompt
        try:
            asked = read_goal(message.text, self.timeline, self.position, farthest)
        except GoalError as error:
            prompt.say(f"✗ {error}")
            return
        self.travel(asked, prompt)

    def on_prompt_left(self, message: Prompt.Left) -> None:
        self.workers.cancel_group(self, "travel")

    @work(exclusive=True, group="travel", description="go to")
    async def travel(self, asked: Position | Condition, prompt: Prompt) -> None:
        """Go there, in slices of time between which keys are heard."""
        if isinstance(asked, Position):
            reached, said = await self._reached(asked, prompt)
        else:
            found = await self._searched(asked, prompt)
            if found is None:
                return
            reached, said = found, f"{asked.text} first holds in iteration {found.iteration:,}."
        if not self.is_attached:  # all was left on the way
            return
        prompt.close()
        self.go(reached)
        if said:
            self.say(said)

    async def _reached(self, asked: Position, prompt: Prompt) -> tuple[Position, str]:
        """That position, or the end of a run that diverges before it, and a word about that."""
        since = monotonic()
        history = self.timeline.history
        for stretch in history.run(history.reached + 1, asked.iteration):
            if monotonic() - since > SLICE:
                prompt.say(f"iteration {stretch.last:,} of {asked.iteration:,}; esc stops")
                await prompt.breathe()
                since = monotonic()
        last = self.timeline.iteration(asked.iteration)
        if last.number < asked.iteration:
            said = f"The run diverges in iteration {last.number:,}: it ends there."
            return self.timeline.end_of(last.number), said
        return asked, ""

    async def _searched(self, condition: Condition, prompt: Prompt) -> Position | None:
        """Where the condition first holds; None, and why it is said, where it does not."""
        from backprop_tui.run.goals import Progress, search

        since, progress = monotonic(), Progress(self.position.iteration)
        for progress in search(self.timeline, condition, self.position, MOST_SEARCHED):
            if progress.found:
                return progress.found
            if monotonic() - since > SLICE:
                prompt.say(f"{condition.text}: not by iteration {progress.iteration:,}; esc stops")
                await prompt.breathe()
                since = monotonic()
        ended = (
            f"the run diverges in iteration {progress.iteration:,}"
            if progress.diverged
            else (f"{MOST_SEARCHED:,} iterations were searched")
        )
        prompt.say(f"✗ {condition.text} never holds: {ended}")
        return None

    def action_curve(self) -> None:
        from backprop_tui.tui.screens.curve import Curve

        losses, name = self.known_losses(), self.timeline.program.objective
        if not losses.size:
            self.say("No loss is known yet: go on to the step L.")
            return
        if losses.size == 1:
            known = number(float(losses[0]), self.decimals)
            self.say(f"One loss so far: {name} {known}. Go on, and there is a curve.")
            return
        batches = self.timeline.experiment.batches_per_epoch
        right = self.right.timeline.history.losses(1, losses.size + 1) if self.right else None
        self.app.push_screen(Curve(losses, name, self.position.iteration, batches, right))

    # Running by itself

    def action_run(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.playing = True
            self.show()
            self._tick_later()

    def pause(self) -> None:
        """Stop running."""
        if self.playing:
            self.playing = False
            self.show()

    def action_faster(self) -> None:
        self._set_speed(self.speed + 1)

    def action_slower(self) -> None:
        self._set_speed(self.speed - 1)

    def _set_speed(self, speed: int) -> None:
        self.speed = max(0, min(len(SPEEDS) - 1, speed))
        self.show()
        if not self.playing:
            self.say(f"Speed: {SPEEDS[self.speed].label}. r runs.")

    def _tick_later(self) -> None:
        self.set_timer(SPEEDS[self.speed].every, partial(self._tick, self.timeline))

    def _tick(self, timeline: Timeline) -> None:
        if not self.playing or timeline is not self.timeline:
            return
        before = self.position
        self.go(SPEEDS[self.speed].move(self.timeline, self.position))
        if self.position == before:
            self.pause()
        else:
            self._tick_later()
