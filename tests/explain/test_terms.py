"""The terms of a gradient that is a sum, over readers or over examples: they add up to it."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from backprop_tui.explain.provenance import Provenance
from backprop_tui.explain.terms import over_examples, terms_of, values_of
from backprop_tui.files.experiment_file import load
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.values import value
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from tests.networks import ARTICLE, experiments
from tests.programs import RESIDUAL, TIED, programs, rnn, written


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


def test_a_term_of_one_number_is_as_large_as_the_gradient_that_a_mistake_adds_it_to() -> None:
    experiment = load("rnn").with_mistake(CATALOGUE["transpose-misplaced"])
    program, provenance = experiment.program, Provenance(Timeline(experiment))
    values = values_of(provenance, 1, program.steps[program.index("dWx")])
    assert [matrix.shape for matrix in values] == [(2, 2)] * 3


def test_of_what_is_shared_each_is_named_by_its_group() -> None:
    assert names(rnn(3), "dWh") == ["t=3", "t=2"]
    assert names(rnn(3), "dWx") == ["t=3", "t=2", "t=1"]
    assert names(TIED, "dW") == ["group 2", "group 1"]


def test_of_a_value_each_is_named_by_its_path() -> None:
    assert names(RESIDUAL, "dA1") == ["skip", "through W2"]


def test_of_paths_through_one_parameter_each_is_named_by_what_reads_the_value() -> None:
    forward = {"A": "tanh(W·X)", "B": "tanh(W·A)", "C": "tanh(W·A + A)", "O": "V·(B + C)"}
    data = {"X": [[1.0], [-0.5]], "Y": [[1.0]]}
    parameters = {"W": (2, 2), "V": (1, 2)}
    twice = written(parameters, data, {**forward, "L": "half_squared_error(O, Y)"})
    assert names(twice, "dA") == ["from dC", "skip", "from dB"]


def test_what_has_one_reader_has_none() -> None:
    program = Timeline(ARTICLE).program
    assert all(not terms_of(program, step) for step in program.steps)


@given(experiments())
def test_the_terms_of_the_examples_add_up_to_what_is_divided_by_m(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    iteration, provenance = timeline.iteration(1), Provenance(timeline)
    m, found = len(iteration.examples), 0
    for step, result in zip(timeline.program.steps, iteration.results, strict=False):
        if (summing := over_examples(timeline.program, step)) is None:
            continue
        found += 1
        known = provenance.environment(1, step)
        with np.errstate(all="ignore"):  # numbers may be as large as they can be
            total = sum(summing.of(known, k) for k in range(m)) / (m if summing.is_mean else 1)
            total = total + sum(value(e, known) for e in summing.rest)
        assert np.allclose(total, result, equal_nan=True)
    assert found or m == 1


def test_what_is_of_each_example_adds_up_none() -> None:
    program = Timeline(load("batch")).program
    adding = {step.symbol for step in program.steps if over_examples(program, step)}
    assert adding == {"J", "dW2", "db2", "dW1", "db1"}
