"""The terms of a gradient that is a sum over readers: they add up to it, and each has a name."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from backprop_tui.explain.provenance import Provenance
from backprop_tui.explain.terms import terms_of, values_of
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from tests.networks import ARTICLE
from tests.programs import RESIDUAL, TIED, programs, rnn


def names(experiment: Experiment, symbol: str) -> list[str]:
    program = Timeline(experiment).program
    return [term.name for term in terms_of(program, program.steps[program.index(symbol)])]


@given(programs())
def test_they_add_up_to_the_gradient(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    iteration = timeline.iteration(1)
    for step, result in zip(timeline.program.steps, iteration.results, strict=False):
        terms = terms_of(timeline.program, step)
        values = values_of(Provenance(timeline), 1, step)
        assert len(values) == len(terms)
        if terms:
            assert np.allclose(sum(values), result)


def test_of_what_is_shared_each_is_named_by_its_group() -> None:
    assert names(rnn(3), "dWh") == ["t=3", "t=2"]
    assert names(rnn(3), "dWx") == ["t=3", "t=2", "t=1"]
    assert names(TIED, "dW") == ["group 2", "group 1"]


def test_of_a_value_each_is_named_by_its_path() -> None:
    assert names(RESIDUAL, "dA1") == ["skip", "through W2"]


def test_what_has_one_reader_has_none() -> None:
    program = Timeline(ARTICLE).program
    assert all(not terms_of(program, step) for step in program.steps)
