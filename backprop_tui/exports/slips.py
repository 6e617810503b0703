"""Where a run makes the mistake that it is made with, in a sentence for each step."""

from __future__ import annotations

from backprop_tui.run.timeline import Timeline


def mistaken(timeline: Timeline) -> dict[str, str]:
    """The sentence of the run's mistake at each step in which it is made."""
    training = timeline.experiment.training
    if training.mistake is None:
        return {}
    from backprop_tui.learn.mistakes import applies

    made = applies(timeline.experiment.network, training)
    return {slip.step.symbol: slip.sentence for slip in made}
