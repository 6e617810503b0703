"""Where a run makes the mistake that it is made with, in a sentence for each step."""

from __future__ import annotations

from backprop_tui.run.timeline import Timeline


def mistaken(timeline: Timeline) -> dict[str, str]:
    """The sentence of the run's mistake at each step in which it is made."""
    if timeline.experiment.mistake is None:
        return {}
    from backprop_tui.learn.mistakes import slips_of

    return {slip.step.symbol: slip.sentence for slip in slips_of(timeline.program)}
