"""Random runs for the exports: any experiment, any way of updating, mistakes among them."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from backprop_tui.exports import trace
from backprop_tui.exports.figures import iterations as first_iterations
from backprop_tui.exports.formats import FORMATS, Wanted
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import MOMENTUM_FORMS, OPTIMIZERS
from backprop_tui.run.timeline import Timeline
from tests.networks import ELEMENTWISE, experiments


@st.composite
def runs(
    draw: DrawFn, hidden: tuple[str, ...] = ELEMENTWISE, wild: bool = True, wrong: bool = True
) -> Experiment:
    """An experiment; a wild one may saturate and diverge, a wrong one be made with a mistake."""
    experiment = draw(experiments(hidden, (1.0, 1.0, 100.0) if wild else (1.0,)))
    training = replace(
        experiment.training,
        momentum_form=draw(st.sampled_from(list(MOMENTUM_FORMS))),
        optimizer=draw(st.sampled_from(list(OPTIMIZERS))),
        weight_decay=draw(st.sampled_from((0.0, 0.0, 0.1))),
    )
    mistakes = st.one_of(st.none(), st.sampled_from(list(CATALOGUE)))
    mistake = draw(mistakes) if wrong else None
    return replace(experiment, training=training).with_mistake(
        CATALOGUE[mistake] if mistake else None
    )


def exported(name: str, experiment: Experiment, **wanted: Any) -> str:
    return "".join(FORMATS[name].texts(Timeline(experiment), Wanted(**wanted)))


def printed_by(script: str) -> list[str]:
    """What a script of ours prints, run as a program of its own."""
    out = io.StringIO()
    with np.errstate(), redirect_stdout(out):
        exec(compile(script, "<exported>", "exec"), {"__name__": "__main__"})
    return out.getvalue().splitlines()


def traced(experiment: Experiment, iterations: int) -> list[dict[str, Any]]:
    """The records of the trace, a step each."""
    timeline = Timeline(experiment)
    lines = trace.jsonl(timeline, first_iterations(timeline, iterations))
    return [json.loads(line) for line in lines][1:]
