"""Other random weights for an experiment."""

from __future__ import annotations

from random import randrange

from backprop_tui.model.experiment import Experiment


def reseeded(experiment: Experiment) -> Experiment:
    """Other random weights, none of them rounded away to zero if that can be had."""
    for _ in range(100):
        other = experiment.with_seed(randrange(10_000))
        if all(p.all() for name, p in other.parameters().items() if name.startswith("W")):
            break
    return other
