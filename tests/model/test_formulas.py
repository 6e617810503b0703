"""Networks written as forward formulas: everything else follows from them."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from backprop_tui.explain.derivation import derivation
from backprop_tui.explain.explanation import formula
from backprop_tui.explain.gradient_check import CheckVerdict, check_gradient
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.scripts import numpy as numpy_script
from backprop_tui.files.codes import code_of, experiment_of
from backprop_tui.files.experiment_file import read_experiment
from backprop_tui.files.saving import keyframe_of, text_of
from backprop_tui.maths.values import value
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, Timeline
from tests.formulas import NAMES, program_file, written_experiments
from tests.networks import advance, same_bits
from tests.programs import written

LAST = 4
SLOW = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def formulas(experiment: Experiment, phase: str = "backward") -> list[str]:
    """The steps of a phase as the screen shows them."""
    return [formula(step) for step in experiment.program.steps if step.phase == phase]


# What follows ------------------------------------------------------------------------------------


def test_the_gradients_of_a_shared_weight_add_up() -> None:
    assert formulas(program_file("rnn")) == [
        "dO = O − Y",
        "dV = dO · H3ᵀ",
        "dH3 = Vᵀ · dO",
        "dZ3 = dH3 ∘ tanh′(Z3)",
        "dH2 = Whᵀ · dZ3",
        "dZ2 = dH2 ∘ tanh′(Z2)",
        "dWh = dZ3·H2ᵀ + dZ2·H1ᵀ",
        "dH1 = Whᵀ · dZ2",
        "dZ1 = dH1 ∘ tanh′(Z1)",
        "dWx = dZ3·X3ᵀ + dZ2·X2ᵀ + dZ1·X1ᵀ",
        "db = dZ3 + dZ2 + dZ1",
    ]


def test_a_skip_is_a_second_path() -> None:
    assert "dA1 = dA2 + W2ᵀ·dZ2" in formulas(program_file("residual"))


def test_keys_of_attention_may_be_called_k() -> None:
    experiment = program_file("attention")
    assert "S = Kᵀ · Q / sqrt(2)" in formulas(experiment, "forward")
    assert "dK = Q · (dS / sqrt(2))ᵀ" in formulas(experiment)


def test_a_term_of_parameters_in_the_objective_is_added_after_the_mean() -> None:
    (dW,) = (f for f in formulas(program_file("tied")) if f.startswith("dW ="))
    assert dW == "dW = (H·dOᵀ + (dH ∘ σ′(W·X + b))·Xᵀ) / m + 0.1·W"


def test_all_gradients_are_of_an_objective_that_is_no_mean() -> None:
    experiment = program_file("joint")
    assert experiment.program.joint
    assert formulas(experiment)[:2] == ["dL = L / sqrt(total(L²))", "dO = dL ∘ (O − Y)"]


def test_the_roles_of_a_recurrent_network() -> None:
    program = program_file("rnn").program
    roles = program.roles
    assert program.groups == {1: "t = 1", 2: "t = 2", 3: "t = 3", 4: "O"}
    assert [roles[s].group for s in ("X2", "Z2", "H2", "dH2")] == [2, 2, 2, 2]
    assert [roles[s].stem for s in ("X2", "Z2", "H2", "dH2")] == ["X", "Z", "H", "H"]
    assert [roles[s].group for s in ("Wh", "dWh", "b", "Y", "L")] == [None] * 5
    assert (program.output, program.targets) == ("O", ("Y",))
    assert program.architecture.drawn == {"Wx", "Wh", "V"}  # b is only added


def test_an_input_stands_in_the_first_group_that_reads_it() -> None:
    program = written(
        {"W1": (2, 2), "W2": (2, 2)},
        {"X": [[1.0], [2.0]], "Y": [[1.0], [0.0]]},
        {"Z1": "W1·X", "Z2": "W2·Z1 + X", "L": "half_squared_error(Z2, Y)"},
    ).program
    assert [program.roles[symbol].group for symbol in ("X", "Z1", "Z2")] == [1, 1, 2]


def test_the_articles_network_written_out_is_the_dense_one_to_the_bit() -> None:
    written = program_file("article")
    text = """
    [network]
    layers = [3, 3, 1]
    activations = ["sigmoid", "sigmoid"]
    loss = "binary_cross_entropy"
    [data]
    X = [[1.0, 0.5, -0.5]]
    Y = [[1.0]]
    """
    dense = read_experiment(text, "dense", "dense.toml")
    one, other = Timeline(written), Timeline(dense)
    assert formulas(written) == formulas(dense)
    for number in range(1, 30):
        here, there = one.iteration(number), other.iteration(number)
        assert all(map(same_bits, here.results, there.results))


# Laws --------------------------------------------------------------------------------------------


def check_laws(experiment: Experiment) -> None:
    """What holds of any program."""
    timeline, program = Timeline(experiment), experiment.program
    first = timeline.iteration(1)
    for symbol in program.gradients:
        found = check_gradient(program, first, symbol)
        assert found.verdict is not CheckVerdict.DIFFERS, (symbol, found)
        assert first.results[program.index(symbol)].shape == first_shape(timeline, symbol)
    compiled = Timeline(experiment)
    last = advance(compiled.history, LAST)
    assert last == advance(timeline.history, LAST, 1)
    losses = np.concatenate([s.losses for s in Timeline(experiment).history.run(1, last)])
    each = np.array([timeline.iteration(k).loss for k in range(1, last + 1)])
    assert same_bits(losses, each)


def test_the_gradient_of_a_mean_is_spread_before_a_softmax_adds_over_it() -> None:
    text = """
        [parameters]
        W = [2, 2]
        [data]
        X = { matrix = [[1.0, -0.5], [0.2, 0.8]] }
        Y = { matrix = [[0.3, 0.9]] }
        [initial]
        W = [[0.4, -0.7], [0.1, 0.6]]
        [forward]
        H = "col_means(softmax_rows(W·X))"
        L = "total(half_squared_error(H, Y))"
    """
    check_laws(read_experiment(text, "mean", "mean.toml"))


def first_shape(timeline: Timeline, symbol: str) -> tuple[int, ...]:
    """The shape of what a gradient is of, in the first iteration."""
    of = timeline.program.roles[symbol].of or ""
    known = timeline.iteration(1)
    at = timeline.program.positions.get(of)
    return known.given[of].shape if of in known.given or at is None else known.results[at].shape


def printed(experiment: Experiment) -> str:
    """What the exported script prints when it runs."""
    script = "".join(numpy_script.texts(Timeline(experiment), Wanted(iterations=LAST)))
    said = io.StringIO()
    with redirect_stdout(said), np.errstate(all="ignore"):
        exec(script, {"__name__": "script"})
    return said.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_the_laws_hold_for_the_examples(name: str) -> None:
    check_laws(program_file(name))


@given(written_experiments())
@SLOW
def test_the_laws_hold_for_any_program(experiment: Experiment) -> None:
    check_laws(experiment)


@given(written_experiments())
@SLOW
def test_an_exported_script_prints_the_same_losses(experiment: Experiment) -> None:
    timeline, objective = Timeline(experiment), experiment.program.objective
    lines = [line for line in printed(experiment).splitlines() if line.startswith("iteration")]
    last = advance(timeline.history, LAST)
    assert lines == [
        f"iteration {k}: {objective} = {timeline.iteration(k).loss!r}" for k in range(1, last + 1)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_opened_it_goes_on_the_same(name: str) -> None:
    experiment = program_file(name)
    timeline = Timeline(experiment)
    text = text_of(experiment, Position(3, 2), keyframe_of(timeline, 3), "")
    opened = read_experiment(text, name, "saved.toml")
    assert opened.saved is not None
    again = Timeline(opened)
    assert opened.saved.keyframe is not None
    again.history.resume(3, opened.saved.keyframe.kept)
    for number in (3, 4, 5):
        results = zip(
            timeline.iteration(number).results, again.iteration(number).results, strict=True
        )
        assert all(same_bits(a, b) for a, b in results)


@pytest.mark.parametrize("name", NAMES)
def test_a_code_opens_it_again(name: str) -> None:
    experiment = program_file(name)
    opened = experiment_of(code_of(experiment, Position(2, 1)))
    assert opened.network == experiment.network
    here, there = Timeline(experiment).iteration(2), Timeline(opened).iteration(2)
    assert all(map(same_bits, here.results, there.results))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("elements", [False, True])
def test_the_last_line_of_each_derivation_is_the_step(name: str, elements: bool) -> None:
    program = program_file(name).program
    for symbol in program.gradients:
        lines = derivation(program, symbol, elements=elements).lines
        step = program.steps[program.index(symbol)]
        iteration = Timeline(program_file(name)).iteration(1)
        known = {**iteration.given, **iteration.scalars, **program.by_symbol(iteration.results)}
        last = value(lines[-1].expression, known)
        assert np.allclose(last, value(step.expression, known), rtol=1e-9), (symbol, lines)
