"""Mistakes made on purpose: rewritten steps, from which all else follows."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui import lessons
from backprop_tui.cli.flags import OVERRIDES
from backprop_tui.explain.explanation import formula
from backprop_tui.explain.gradient_check import CheckVerdict, check_cells
from backprop_tui.explain.gradient_check import tolerance as check_tolerance
from backprop_tui.explain.paths import Chains
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.explain.published import matches
from backprop_tui.explain.reasons import reason
from backprop_tui.exports.trace import header, table
from backprop_tui.files.codes import code_of, experiment_of
from backprop_tui.files.experiment_file import ExperimentError, load, read_experiment
from backprop_tui.files.saving import keyframe_of, text_of
from backprop_tui.learn.effect import RightRun, changed_by, changes_nothing, without_effect
from backprop_tui.learn.mistakes import CATALOGUE, FORMER_NAMES, slips_of
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Data, Experiment, read_only
from backprop_tui.model.network import Network, Training
from backprop_tui.model.optimizers import OPTIMIZERS
from backprop_tui.run.iterations import beginning, computed
from backprop_tui.run.many import Many
from backprop_tui.run.timeline import Position, Timeline
from tests.networks import ARTICLE, SMOOTH, experiment, experiments, same_bits

NAMES = sorted(CATALOGUE)
BATCH = experiment(
    Network((3, 3, 3), ("tanh", "sigmoid"), "half_squared_error"),
    Training(batch=2),
    [[1.0, -0.5], [0.2, 0.9], [0.4, 0.1]],
    [[1.0, 0.0], [0.0, 1.0], [0.5, 0.2]],
    {"b1": [[0.1], [0.2], [-0.3]], "b2": [[0.3], [0.1], [0.2]]},
    seed=3,
)
FIRST_EXAMPLE = Data({s: read_only(of[:, :1]) for s, of in BATCH.data.by_symbol.items()})
"""Square, in a batch, with biases: most mistakes fit."""


def both(e: Experiment, mistake: str) -> tuple[Timeline, Timeline]:
    return Timeline(e.with_mistake(None)), Timeline(e.with_mistake(CATALOGUE[mistake]))


PENALTY = replace(BATCH, training=Training(batch=2, l2=0.7))


def told(e: Experiment, mistake: str) -> list[str]:
    slips = CATALOGUE[mistake].slips(program_of(e.network, e.training))
    return [slip.sentence for slip in slips]


# Published mistakes --------------------------------------------------------------------------


def test_mazur_s_figures_come_from_weights_updated_too_early() -> None:
    wrong = Timeline(load("mazur", {"mistake": "updated-weights"}))
    assert matches(wrong.history.loss_of(2), "0.291027924")
    outputs = wrong.iteration(10_001).results[wrong.program.index("A2")]
    assert matches(outputs[0, 0], "0.015912196")
    assert matches(outputs[1, 0], "0.984065734")
    assert matches(wrong.history.loss_of(10_001), "0.000035085")


def test_the_workbook_s_figures_come_from_a_skipped_gate() -> None:
    wrong = Timeline(load("ai-by-hand", {"mistake": "gate-skipped"}))
    results = wrong.iteration(1).results
    index = wrong.program.index
    assert same_bits(results[index("dZ2")], results[index("dA2")])
    for number, printed in zip(
        results[index("dA1")][:, 0], ("-0.00336", "-0.51175", "-0.49832"), strict=True
    ):
        assert matches(number, printed)


# Where and how they are made -----------------------------------------------------------------


def test_each_is_told_by_what_it_makes_of_a_step() -> None:
    assert told(ARTICLE, "sign-flipped") == [
        "dA2 is (1 − Y) / (1 − A2) − Y / A2, not Y / A2 − (1 − Y) / (1 − A2)",
        "dZ2 is A2 − Y, not Y − A2",
    ]
    assert told(ARTICLE, "derivative-left-out") == [
        "dZ2 is dA2 ∘ σ′(Z2), not dA2",
        "dZ1 is dA1 ∘ σ′(Z1), not dA1",
    ]
    assert told(ARTICLE, "derivative-at-a")[1] == "dZ1 is dA1 ∘ σ′(Z1), not dA1 ∘ σ′(A1)"
    assert told(ARTICLE, "bias-forgotten")[0] == "Z1 is W1·X + b1, not W1 · X"
    assert told(ARTICLE, "updated-weights") == ["dA1 is W2ᵀ · dZ2, not (W2 − α·dW2)ᵀ · dZ2"]
    assert told(ARTICLE, "update-added")[0] == "W1 is W1 − α·dW1, not W1 + α·dW1"
    assert told(BATCH, "mean-forgotten")[:1] == ["dW2 is dZ2 · A1ᵀ / m, not dZ2 · A1ᵀ"]
    assert told(PENALTY, "penalty-forgotten")[0] == (
        "dW2 is dZ2·A1ᵀ / m + λ₂·W2 / m, not dZ2 · A1ᵀ / m"
    )
    assert told(BATCH, "transpose-forgotten") == ["dA1 is W2ᵀ · dZ2, not W2 · dZ2"]
    assert told(BATCH, "wrong-layer-a") == [
        "dW2 is dZ2 · A1ᵀ / m, not dZ2 · A2ᵀ / m",
        "dW1 is dZ1 · Xᵀ / m, not dZ1 · A1ᵀ / m",
    ]
    assert told(BATCH, "wrong-layer-w") == ["dA1 is W2ᵀ · dZ2, not W1ᵀ · dZ2"]


def test_a_slope_that_is_just_1_is_no_matrix_to_multiply_by() -> None:
    linear = experiment(
        Network((1, 1), ("linear",), "half_squared_error"), Training(), [[1.0]], [[0.5]]
    )
    assert told(linear, "matrix-product") == []
    assert told(linear, "derivative-left-out") == ["dZ1 is dA1 ∘ linear′(Z1), not dA1"]
    assert changes_nothing(*both(linear, "derivative-left-out"), 1)


@pytest.mark.parametrize("name", ["mean-forgotten", "transpose-misplaced", "gate-skipped"])
def test_where_it_fits_nowhere_the_steps_are_the_right_ones(name: str) -> None:
    right, wrong = both(ARTICLE, name)
    assert told(ARTICLE, name) == []
    assert wrong.program.steps == right.program.steps
    assert changes_nothing(right, wrong, 1)


@given(experiments(), st.sampled_from(NAMES))
def test_a_mistake_is_made_just_where_it_says(e: Experiment, name: str) -> None:
    right, wrong = both(e, name)
    changed = {slip.step.symbol for slip in slips_of(wrong.program)}
    assert sorted(s.symbol for s in wrong.program.steps) == sorted(right.program.positions)
    if name == "updated-weights":
        assert {(s.target, s.expression) for s in wrong.program.steps} == {
            (s.target, s.expression) for s in right.program.steps
        }
        assert bool(changed) == (wrong.program.steps != right.program.steps)
        return
    for one, other in zip(right.program.steps, wrong.program.steps, strict=True):
        assert (one == other) == (one.symbol not in changed), one.symbol
    for examples in range(1, e.training.batch + 1):
        assert wrong.program.shapes(examples) == right.program.shapes(examples)


@pytest.mark.parametrize("name", NAMES)
def test_every_mistake_has_a_network_in_which_it_changes_something(name: str) -> None:
    relu = replace(BATCH, network=replace(BATCH.dense, activations=("relu", "sigmoid")))
    square = replace(BATCH, training=Training(batch=1))
    equal = experiment(
        Network((1, 1, 1), ("sigmoid", "sigmoid"), "half_squared_error"),
        Training(), [[1.0]], [[0.2]], {"W1": [[0.3]], "W2": [[0.7]]},
    )  # fmt: skip
    found = [not changes_nothing(*both(e, name), 1) for e in (BATCH, relu, square, PENALTY)]
    if name in ("transpose-misplaced", "element-by-element", "matrix-product"):
        right, wrong = both(equal, name)  # of 1×1 all products are the same
        assert wrong.program.steps != right.program.steps
        assert changes_nothing(right, wrong, 1)
    else:
        assert any(found)


def test_what_changes_nothing_here_is_told() -> None:
    assert changes_nothing(*both(ARTICLE, "bias-forgotten"), 1)  # zero biases
    assert not changes_nothing(*both(ARTICLE, "bias-forgotten"), 2)  # they have moved
    one = replace(BATCH, data=FIRST_EXAMPLE)
    assert changes_nothing(*both(one, "mean-forgotten"), 1)  # m = 1
    still = replace(ARTICLE, training=Training(learning_rate=0.0))
    assert changes_nothing(*both(still, "updated-weights"), 5)
    even = replace(BATCH.initial, given={"W2": np.array([[1, 2, 3], [2, 1, 0], [3, 0, 1.0]])})
    assert changes_nothing(*both(replace(BATCH, initial=even), "transpose-forgotten"), 1)
    relu = replace(BATCH, network=Network((3, 3, 3), ("relu", "relu"), BATCH.dense.loss))
    assert changes_nothing(*both(relu, "derivative-at-a"), 1)  # A > 0 just where Z > 0


def test_why_a_mistake_changes_nothing_is_read_off_what_it_leaves_out() -> None:
    article = Timeline(ARTICLE)
    zero = "changes nothing here: b1 and b2 are 0"
    assert without_effect(article, CATALOGUE["bias-forgotten"], 1) == zero
    assert without_effect(article, CATALOGUE["bias-forgotten"], 2) is None  # they have moved
    assert (
        without_effect(article, CATALOGUE["mean-forgotten"], 1) == "is not possible in this network"
    )
    one = replace(BATCH, data=FIRST_EXAMPLE)
    assert without_effect(Timeline(one), CATALOGUE["mean-forgotten"], 1) == (
        "changes nothing here: m = 1"
    )
    relu = replace(BATCH, network=Network((3, 3, 3), ("relu", "relu"), BATCH.dense.loss))
    same = "changes nothing here: the same numbers"
    # A > 0 just where Z > 0
    assert without_effect(Timeline(relu), CATALOGUE["derivative-at-a"], 1) == same


@given(experiments(scales=(1.0,)), st.sampled_from(NAMES))
def test_the_first_iteration_tells_what_a_mistake_made_in_it_alone_would(
    e: Experiment, name: str
) -> None:
    right, wrong = both(e, name)
    assert (without_effect(right, CATALOGUE[name], 1) is not None) == changes_nothing(
        right, wrong, 1
    )


@given(experiments(scales=(1.0,)), st.sampled_from(NAMES), st.integers(1, 3))
def test_a_number_is_wrong_just_where_it_is_another(e: Experiment, name: str, k: int) -> None:
    right, wrong = both(e, name)
    run, told = RightRun(wrong), changed_by(right, wrong, k)
    done = wrong.iteration(k)
    if done.number < k or right.iteration(k).number < k:
        return
    off = set()
    for step, result in zip(wrong.program.steps, done.results, strict=True):
        for (i, j), number in np.ndenumerate(result):
            place = Place(k, Cell(step.symbol, i + 1, j + 1))
            correct = right.iteration(k).results[right.program.index(step.symbol)][i, j]
            assert run.number(place) == correct or np.isnan(correct)
            if run.differs(place, float(number)):
                off.add(step.symbol)
    assert off == told
    assert (run.without_effect(k) is not None) <= (not told)


def test_the_right_run_is_not_waited_for() -> None:
    run = RightRun(Timeline(ARTICLE.with_mistake(CATALOGUE["sign-flipped"])))
    place = Place(5000, Cell("Z1", 1, 1))
    assert run.is_behind(5000)
    assert run.number(place) is None
    for _ in run.run(5000):
        pass
    assert not run.is_behind(5000)
    assert run.number(place) == Timeline(ARTICLE).iteration(5000).results[0][0, 0]


# What follows from them ----------------------------------------------------------------------


@given(
    experiments(), st.sampled_from(NAMES), st.sampled_from(sorted(OPTIMIZERS)), st.integers(1, 6)
)
def test_compiled_and_interpreted_agree_to_the_bit_with_every_mistake(
    e: Experiment, name: str, optimizer: str, iterations: int
) -> None:
    training = replace(e.training, optimizer=optimizer, weight_decay=0.1)
    program = program_of(e.network, training, mistake=CATALOGUE[name])
    kept, losses = beginning(e, program), []
    for number in range(1, iterations + 1):
        done = computed(e, program, number, kept)
        kept = tuple(done.parameters.values())
        losses.append(done.loss)
    left, recorded = Many(e, program).run(1, iterations, beginning(e, program))
    assert all(map(same_bits, left, kept))
    assert same_bits(recorded, np.array(losses))


TAME = experiments(hidden=SMOOTH, scales=(1.0,)).filter(lambda e: e.dense.loss.endswith("error"))


@given(TAME)
def test_where_the_bias_is_forgotten_going_forward_only_db_is_no_slope_of_that_loss(
    e: Experiment,
) -> None:
    wrong = Timeline(e.with_mistake(CATALOGUE["bias-forgotten"]))
    for symbol in wrong.program.gradients:
        for cell in check_cells(wrong.program, wrong.iteration(1), symbol):
            if symbol.startswith("db"):
                assert cell.numeric == 0.0  # the loss does not move with b
            else:
                assert cell.verdict is not CheckVerdict.DIFFERS, (symbol, cell)


@given(TAME, st.sampled_from([n for n in NAMES if CATALOGUE[n].phase != "forward"]))
def test_the_gradient_check_differs_for_just_the_numbers_that_are_wrong(
    e: Experiment, name: str
) -> None:
    right, wrong = both(e, name)
    good, bad = right.iteration(1), wrong.iteration(1)
    for symbol in wrong.program.gradients:
        correct = good.results[right.program.index(symbol)]
        for cell in check_cells(wrong.program, bad, symbol):
            true = correct[cell.row - 1, cell.column - 1]
            within = check_tolerance(cell.analytic, true)
            off = abs(cell.analytic - true)
            if off < 0.1 * within:
                assert cell.verdict is CheckVerdict.AGREES, (symbol, cell)
            elif off > 2 * within:
                assert cell.verdict is CheckVerdict.DIFFERS, (symbol, cell)
            assert cell.verdict is not CheckVerdict.DIFFERS or not changes_nothing(right, wrong, 1)


@given(TAME)
def test_without_its_bias_only_the_bias_has_a_wrong_derivative(e: Experiment) -> None:
    wrong = Timeline(e.with_mistake(CATALOGUE["bias-forgotten"]))
    done = wrong.iteration(1)
    for symbol in wrong.program.gradients:
        slopes = done.results[wrong.program.index(symbol)]
        for cell in check_cells(wrong.program, done, symbol):
            if not symbol.startswith("db"):
                assert cell.verdict is not CheckVerdict.DIFFERS, (symbol, cell)
            elif abs(slopes[cell.row - 1, 0]) > 1e-7:  # while b moves nothing
                assert cell.verdict is CheckVerdict.DIFFERS, (symbol, cell)


@given(experiments(), st.sampled_from(NAMES))
def test_the_past_is_a_pure_function_with_every_mistake(e: Experiment, name: str) -> None:
    one, other = (Timeline(e.with_mistake(CATALOGUE[name])) for _ in "ab")
    other.iteration(3)
    for k in (1, 2):
        for a, b in zip(one.iteration(k).results, other.iteration(k).results, strict=True):
            assert same_bits(a, b)
    position, seen = one.start, 0
    while (ahead := one.forward(position)).iteration == 1 and ahead != position:
        assert one.back(ahead) == position
        position, seen = ahead, seen + 1
    assert seen == len(one.program.steps)


@given(experiments(scales=(1.0,)), st.sampled_from(NAMES))
def test_every_number_says_where_it_came_from(e: Experiment, name: str) -> None:
    wrong = Timeline(e.with_mistake(CATALOGUE[name]))
    done, provenance = wrong.iteration(1), Provenance(wrong)
    for step, result in zip(wrong.program.steps, done.results, strict=True):
        assert formula(step)
        place = Place(1, Cell(step.symbol, *result.shape))
        for read in provenance.reads(place):
            assert isfinite(provenance.number(read)) or not np.isfinite(result).all()


def test_an_early_update_is_what_the_layer_below_reads() -> None:
    wrong = Timeline(load("mazur", {"mistake": "updated-weights"}))
    symbols = [step.symbol for step in wrong.program.steps]
    assert symbols.index("W2") == symbols.index("dA1") - 1
    reads = Provenance(wrong).reads(Place(1, Cell("dA1", 1, 1)))
    assert reads[0] == Place(1, Cell("W2", 1, 1))
    early, adam = CATALOGUE["updated-weights"], Training(optimizer="adam")
    steps = [step.symbol for step in program_of(ARTICLE.network, adam, mistake=early).steps]
    at = steps.index("dA1")
    assert steps[at - 5 : at] == ["vdW2", "sdW2", "vcdW2", "scdW2", "W2"]


def test_every_layer_s_weights_move_before_the_layer_below_has_its_da() -> None:
    deep = Network((2, 2, 2, 2), ("tanh",) * 3, "half_squared_error")
    early = CATALOGUE["updated-weights"]
    steps = program_of(deep, Training(freeze=("W2",)), mistake=early).steps
    symbols = " ".join(step.symbol for step in steps if step.phase in ("backward", "update"))
    assert symbols == (
        "dA3 dZ3 dW3 db3 W3 dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1 W1 b1 b2 b3"  # frozen: not early
    )


@given(experiments(scales=(1.0,)), st.sampled_from(NAMES))
def test_every_gradient_has_its_chains(e: Experiment, name: str) -> None:
    wrong = Timeline(e.with_mistake(CATALOGUE[name]))
    chains = Chains(Provenance(wrong), 1)
    for symbol in wrong.program.gradients:
        assert chains.chain(Cell(symbol, 1, 1), most=2).paths


# Files and flags -----------------------------------------------------------------------------


def test_a_mistake_is_a_key_of_the_file_and_a_flag() -> None:
    text = load("mazur").written
    assert text is not None
    by_key = read_experiment('mistake = "derivative-at-a"\n' + text.text, "mazur", "mazur")
    assert by_key.mistake == CATALOGUE["derivative-at-a"]
    by_flag = load("mazur", {"mistake": "derivative-at-a"})
    assert by_flag.training == by_key.training
    assert by_flag.title == load("mazur").title
    assert by_flag.published == load("mazur").published
    assert by_flag.notes == load("mazur").notes
    assert header(Timeline(by_flag))["mistake"] == "derivative-at-a"


@pytest.mark.parametrize(("former", "name"), FORMER_NAMES.items())
def test_a_former_name_of_a_mistake_is_read_for_ever_and_written_no_more(
    former: str, name: str
) -> None:
    written = load("mazur").written
    assert written is not None
    text = f'mistake = "{former}"\n{written.text}'
    by_key, by_flag = read_experiment(text, "mazur", "mazur"), load("mazur", {"mistake": former})
    by_code = experiment_of(code_of(by_flag, Position()))
    for opened in (by_key, by_flag, by_code):
        assert opened.mistake is CATALOGUE[name]
        saved = text_of(opened, Position(), keyframe_of(Timeline(opened), 1), "")
        assert f'mistake = "{name}"' in saved
        assert former not in saved
    assert former not in CATALOGUE
    again = read_experiment(text, "mazur", "mazur", {"mistake": name})  # the same, newly named
    assert again.mistake is CATALOGUE[name]


def test_the_command_line_and_the_table_name_them() -> None:
    flag = next(flag for flag in OVERRIDES if flag.name == "--mistake")
    assert [name for name in NAMES if name not in flag.help] == []
    wrong = Timeline(load("mazur", {"mistake": "derivative-at-a"}))
    written = "".join(table(wrong, [wrong.iteration(1)], 3))
    assert "mistake: derivative-at-a" in " ".join(written.split())


def test_a_misspelt_mistake_is_refused_with_a_hint() -> None:
    with pytest.raises(ExperimentError, match=r"--mistake must be one of .*bias-forgotten") as e:
        load("mazur", {"mistake": "gate-skiped"})
    assert 'Did you mean "gate-skipped"?' in str(e.value)


def test_a_mistake_is_saved_with_its_run_and_can_be_taken_back() -> None:
    wrong = load("mazur").with_mistake(CATALOGUE["updated-weights"])
    timeline = Timeline(wrong)
    text = text_of(wrong, Position(5, 3), keyframe_of(timeline, 5), "")
    again = read_experiment(text, "mazur", "mazur")
    assert again.mistake == CATALOGUE["updated-weights"]
    assert again.saved is not None
    assert again.saved.iteration == 5
    right = again.with_mistake(None)
    assert right.mistake is None
    assert right.saved is None
    text = text_of(right, Position(1, 0), keyframe_of(Timeline(right), 1), "")
    assert read_experiment(text, "mazur", "mazur").mistake is None
    other = read_experiment(text, "mazur", "mazur", {"mistake": "derivative-at-a"})
    assert other.saved is None  # of another run


def test_every_step_of_every_mistake_has_a_reason() -> None:
    for name in NAMES:
        program = BATCH.with_mistake(CATALOGUE[name]).program
        assert all(reason(step, program) for step in program.steps)


@pytest.mark.parametrize("name", lessons.NAMES)
def test_every_lesson_can_be_shown_with_every_mistake(name: str) -> None:
    """One that fits a batch of one alone has no shapes for two, and needs none."""
    right = program_of(load(name).network, load(name).training).per_example
    for mistake in CATALOGUE:
        run = Timeline(load(name, {"mistake": mistake}))
        assert right == run.program.per_example
        run.state(run.end_of(1))
