"""Where numbers come from and where they go: both ways, over iterations, back to the inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given

from backprop_tui.explain.provenance import Place, Provenance, _spelled, exactly
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Cell, cells
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Data, Experiment, Initial, read_only
from backprop_tui.model.network import Network, Training
from backprop_tui.model.saved import Edit
from backprop_tui.run.timeline import Timeline
from tests.maths.test_elements import agree, size
from tests.networks import ARTICLE, experiment, experiments
from tests.programs import ATTENTION, written

ITERATIONS = 2


def provenance(experiment: Experiment) -> Provenance:
    return Provenance(Timeline(experiment))


def places(p: Provenance, iteration: int, symbols: tuple[str, ...]) -> Iterator[Place]:
    """Every cell of these symbols, in that iteration."""
    shapes = p.shapes(iteration)
    for symbol in symbols:
        for i, j in product(*(range(1, n + 1) for n in shapes[symbol])):
            yield Place(iteration, Cell(symbol, i, j))


def iterations(p: Provenance) -> range:
    """The first few iterations, as far as the run goes before it diverges."""
    return range(1, p.timeline.iteration(ITERATIONS).number + 1)


def computed(p: Provenance) -> Iterator[Place]:
    """Every number that a step makes in the first iterations."""
    symbols = tuple(step.symbol for step in p.program.steps)
    for k in iterations(p):
        yield from places(p, k, symbols)


def given_numbers(p: Provenance) -> Iterator[Place]:
    """Every number that no step makes: X and Y of each iteration, the parameters' beginnings."""
    yield from places(p, 0, p.program.parameters)
    for k in iterations(p):
        yield from places(p, k, ("X", "Y"))


def at(iteration: int, symbol: str, row: int = 1, column: int = 1) -> Place:
    return Place(iteration, Cell(symbol, row, column))


def spelled(place: Place) -> str:
    """`2 W1[1,1]`: a place in a word, for examples."""
    return f"{place.iteration} {text(place.cell)}"


# Reads ----------------------------------------------------------------------------------------


@given(experiments())
def test_every_number_is_what_its_expansion_comes_to(experiment: Experiment) -> None:
    p = provenance(experiment)
    for place in computed(p):
        expansion = p.expansion(place)
        assert expansion is not None
        env = p.environment(place.iteration)
        with np.errstate(all="ignore"):
            scale = size(expansion, env)
        assert agree(p.number(place), float(value(expansion, env)), scale), spelled(place)


@given(experiments())
def test_what_is_given_has_no_step_reads_nothing_and_says_how_it_came_to_be(
    experiment: Experiment,
) -> None:
    p = provenance(experiment)
    for place in given_numbers(p):
        assert p.step_of(place) is None
        assert p.expansion(place) is None
        assert p.reads(place) == ()
        assert p.given(place)


@given(experiments())
def test_the_numbers_an_expansion_is_evaluated_with_are_those_of_the_places_it_reads(
    experiment: Experiment,
) -> None:
    p = provenance(experiment)
    for place in computed(p):
        env = p.environment(place.iteration)
        for taught in (True, False):
            expansion = p.expansion(place, taught=taught)
            assert expansion is not None
            reads = (p.terms if taught else p.reads)(place)
            for cell, read in zip(cells(expansion), reads, strict=True):
                seen = env[cell.symbol][cell.row - 1, cell.column - 1]
                assert np.array_equal(p.number(read), seen, equal_nan=True)


@given(experiments())
def test_a_parameter_is_read_as_the_iteration_before_left_it(experiment: Experiment) -> None:
    p = provenance(experiment)
    for place in computed(p):
        for read in p.reads(place):
            if not p.is_parameter(read.symbol):
                assert read.iteration == place.iteration
            elif read.symbol in experiment.training.freeze:
                assert read.iteration == 0
            else:
                assert read.iteration == place.iteration - 1


def test_in_the_second_iteration_weights_are_those_that_the_first_one_made() -> None:
    p = provenance(ARTICLE)
    assert [spelled(read) for read in p.reads(at(2, "dA1", 3))] == ["1 W2[1,3]", "2 dZ2[1,1]"]
    assert [spelled(read) for read in p.reads(at(2, "W2"))] == ["1 W2[1,1]", "2 dW2[1,1]"]
    assert [spelled(read) for read in p.reads(at(1, "W2"))] == ["0 W2[1,1]", "1 dW2[1,1]"]


def test_as_computed_a_slope_reads_the_activation_as_taught_the_sum_before_it() -> None:
    p = provenance(ARTICLE)
    reads = {taught: (p.terms if taught else p.reads)(at(1, "dZ1")) for taught in (True, False)}
    assert [spelled(read) for read in reads[True]] == ["1 dA1[1,1]", "1 Z1[1,1]"]
    assert [spelled(read) for read in reads[False]] == ["1 dA1[1,1]", "1 A1[1,1]"]


def test_enter_leads_to_what_the_chain_rule_alone_reads_behind_what_is_written() -> None:
    p = provenance(ARTICLE)
    walk = ["1 A2[1,1]", "1 Y[1,1]", "1 dA2[1,1]", "1 Z2[1,1]"]
    assert [spelled(read) for read in p.sources(at(1, "dZ2"))] == walk
    assert p.used_in(at(1, "dA2")) == ("dZ2[1,1] (chain rule)",)
    assert p.sources(at(1, "dZ1")) == p.terms(at(1, "dZ1"))


def test_what_all_of_a_matrix_reads_no_cell_of_it_is_said_to_read_again() -> None:
    forward = {"A": "tanh(W·X)", "H": "tanh(V·A)", "L": "half_squared_error(H, Y)"}
    data = {"X": [[1.0, 2.0]], "Y": np.ones((3, 2))}
    p = provenance(written({"W": (2, 1), "V": (3, 2)}, data, forward))
    (of_v,) = [name for name in p.used_in(at(1, "A")) if name.startswith("dV")]
    assert of_v == "dV[1,1]…[3,2]"


def test_where_a_number_goes_is_told_from_the_first_row_and_column_on() -> None:
    steps = {"S": "tanh(W)", "P": "V·S + V·Sᵀ", "Z": "P·X", "L": "half_squared_error(Z, Y)"}
    data = {"X": np.ones((3, 1)), "Y": np.ones((3, 1))}
    p = provenance(written({"W": (3, 3), "V": (3, 3)}, data, steps))
    for row, column in ((2, 1), (3, 1), (3, 2), (1, 2), (1, 3), (2, 3)):
        first, last = sorted((row, column))
        told = [name for name in p.used_in(at(1, "S", row, column), 9) if name.startswith("P")]
        assert told == [f"P[{i},{j}]" for j in (first, last) for i in (1, 2, 3)]


@pytest.mark.parametrize(("iteration", "holds"), [(2, True), (3, False)])
def test_behind_the_iteration_in_which_a_run_diverges_no_edit_holds(
    iteration: int, holds: bool
) -> None:
    e = experiment(Network((1, 1), ("linear",), "half_squared_error"), Training(), [[1e9]], [[1.0]])
    edits = tuple(Edit(k, Cell("W1", 1, 1), 1e300) for k in (2, 3))
    p = provenance(replace(e, edits=edits))
    assert p.timeline.diverged(2)
    assert bool(p.edit_of(at(iteration - 1, "W1"))) == holds


@given(experiments())
def test_walking_the_first_terms_always_ends_at_something_given(experiment: Experiment) -> None:
    p = provenance(experiment)
    for read in (p.terms, p.reads):
        walked: set[Place] = set()  # from there it ends
        for here in computed(p):
            on_the_way = [here]
            while here not in walked and (reads := read(here)):
                here = reads[0]
                assert here not in on_the_way
                on_the_way.append(here)
            assert (
                here in walked
                or here.symbol in ("X", "Y")
                or (p.is_parameter(here.symbol) and here.iteration == 0)
            )
            walked.update(on_the_way)


# Used by, the inverse of reads ----------------------------------------------------------------


def users(p: Provenance, place: Place) -> list[Place]:
    """What `used_by` names, cell by cell."""
    found = []
    for iteration, symbol, (row, column) in p.used_by(place):
        rows, columns = p.shapes(iteration)[symbol]
        for i in (row,) if row else range(1, rows + 1):
            for j in (column,) if column else range(1, columns + 1):
                found.append(Place(iteration, Cell(symbol, i, j)))
    return found


@given(experiments())
def test_used_by_is_exactly_the_inverse_of_reads(experiment: Experiment) -> None:
    p = provenance(experiment)
    reading = {
        (read, place)
        for place in computed(p)
        for read in (*p.reads(place), *p.sources(place))  # as evaluated, as written, chain rule
    }
    used = {
        (place, user)
        for place in (*given_numbers(p), *computed(p))
        for user in users(p, place)
        if user.iteration in iterations(p)  # what the last ones made is read beyond them
    }
    # A frozen parameter is read alike in every iteration; what is told is the first.
    frozen = experiment.training.freeze
    assert used == {
        (read, place)
        for read, place in reading
        if read.symbol not in frozen or place.iteration == 1
    }


@given(experiments())
def test_what_reads_a_number_is_told_in_the_order_of_the_steps(experiment: Experiment) -> None:
    p = provenance(experiment)
    for place in (*given_numbers(p), *computed(p)):
        order = [(k, p.program.index(symbol)) for k, symbol, _ in p.used_by(place)]
        assert order == sorted(order)


def test_a_number_is_read_by_what_lists_it_among_what_it_reads_and_by_no_other() -> None:
    p = provenance(ARTICLE)
    every = [place for place in computed(p) if place.iteration == 2]
    for place in every:
        if place.symbol == "dZ2":  # its sources are those of the chain rule, too
            assert p.is_read_by(at(2, "A2", 1), place)
            assert not p.is_read_by(at(2, "dA2", 1), place)
            continue
        reads = set(p.sources(place))
        assert {read for read in (*every, *reads) if p.is_read_by(read, place)} == reads


def test_an_activation_is_read_forward_and_backward() -> None:
    p = provenance(ARTICLE)
    assert list(map(spelled, users(p, at(1, "A1", 2)))) == ["1 Z2[1,1]", "1 dW2[1,2]", "1 dZ1[2,1]"]


def test_a_new_weight_is_read_in_the_next_iteration() -> None:
    p = provenance(ARTICLE)
    assert list(map(spelled, users(p, at(1, "W2", 1, 3)))) == [
        "2 Z2[1,1]",
        "2 dA1[3,1]",
        "2 W2[1,3]",
    ]


def test_a_bias_is_read_by_every_example() -> None:
    network = Network((1, 2, 1), ("tanh", "linear"), "half_squared_error")
    p = provenance(experiment(network, Training(batch=3), [[1.0, 2.0, 3.0]], [[0.0, 1.0, 2.0]]))
    assert p.used_by(at(0, "b1", 2)) == ((1, "Z1", (2, None)), (1, "b1", (2, 1)))


def test_behind_the_end_of_a_diverged_run_nothing_reads_its_parameters() -> None:
    network = Network((1, 1), ("linear",), "half_squared_error")
    training = Training(learning_rate=1e200)
    p = provenance(experiment(network, training, [[3.0]], [[1.0]], {"W1": [[0.5]]}))
    last = p.timeline.iteration(100).number
    assert last < 100
    assert p.used_by(at(last - 1, "W1"))
    assert p.used_by(at(last, "W1")) == ()


# Parameters -----------------------------------------------------------------------------------


def test_a_frozen_parameter_is_the_one_that_it_began_as() -> None:
    frozen = replace(ARTICLE, training=Training(freeze=("b1",)))
    p = provenance(frozen)
    assert p.earliest(at(7, "b1")) == at(0, "b1")
    assert p.earliest(at(7, "W1")) == at(7, "W1")
    assert p.read_in(7, Cell("b1", 1, 1)) == at(0, "b1")
    assert p.read_in(7, Cell("W1", 1, 1)) == at(6, "W1")
    assert p.read_in(7, Cell("A1", 1, 1)) == at(7, "A1")
    assert p.step_of(at(0, "b1")) is None


def test_the_history_of_a_parameter_is_its_beginning_and_its_last_updates() -> None:
    p = provenance(ARTICLE)
    assert [k for k, _ in p.history(at(0, "W1"))] == [0]
    assert [k for k, _ in p.history(at(1, "W1"))] == [0, 1]
    assert [k for k, _ in p.history(at(3, "W1"))] == [0, 1, 2, 3]
    assert [k for k, _ in p.history(at(9, "W1"))] == [0, 7, 8, 9]
    assert [k for k, _ in p.history(at(9, "W1"), most=1)] == [0, 9]


@given(experiments())
def test_a_history_tells_what_each_iteration_left(experiment: Experiment) -> None:
    p = provenance(experiment)
    for place in places(p, iterations(p)[-1], p.program.parameters):
        row, column = place.cell.row - 1, place.cell.column - 1
        for k, told in p.history(place):
            left = p.timeline.iteration(k).parameters if k else experiment.parameters()
            assert np.array_equal(told, left[place.symbol][row, column], equal_nan=True)


# What is given --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("initial", "symbol", "sentence"),
    [
        (Initial(), "X", "input 1 of example 1, from the data"),
        (Initial(), "Y", "target of output 1 of example 1, from the data"),
        (Initial(seed=7), "W1", "initial value, drawn at random (xavier, seed 7)"),
        (
            Initial(round=1),
            "W2",
            "initial value, drawn at random (xavier, seed 0, rounded to 1 decimal)",
        ),
        (
            Initial(scheme="he", round=2),
            "W2",
            "initial value, drawn at random (he, seed 0, rounded to 2 decimals)",
        ),
        (Initial(scheme="zeros"), "W1", "initial value: every weight starts at zero"),
        (Initial(), "b1", "initial value: biases start at zero"),
        (
            Initial(given={"b1": read_only([[0.5]] * 3)}),
            "b1",
            "initial value, set in the experiment file",
        ),
        (
            Initial(given={"W2": read_only([[0.5] * 3])}),
            "W2",
            "initial value, set in the experiment file",
        ),
        (
            Initial(given={"W2": read_only([[0.5] * 3])}),
            "W1",
            "initial value, drawn at random (xavier, seed 0)",
        ),
    ],
)
def test_how_a_number_came_to_be_that_no_step_made(
    initial: Initial, symbol: str, sentence: str
) -> None:
    p = provenance(replace(ARTICLE, initial=initial))
    assert p.given(at(1 if symbol in "XY" else 0, symbol)) == sentence


@pytest.mark.parametrize(("optimizer", "means"), [("momentum", "v"), ("adam", "vs")])
def test_running_means_start_at_zero(optimizer: str, means: str) -> None:
    p = provenance(replace(ARTICLE, training=replace(ARTICLE.training, optimizer=optimizer)))
    kept = [symbol for symbol in p.program.kept if symbol not in p.program.parameters]
    assert {p.given(at(0, symbol)) for symbol in kept} == {
        f"initial value: {mean} starts at zero" for mean in means
    }


def test_an_accumulated_gradient_starts_at_nothing() -> None:
    p = provenance(ARTICLE.with_mistake(CATALOGUE["gradient-accumulated"]))
    (before,) = [place for place in p.reads(at(1, "dW2")) if place.cell.symbol == "dW2"]
    assert (before, p.number(before)) == (at(0, "dW2"), 0.0)
    assert p.given(before) == "initial value: no gradient is accumulated yet"


def test_an_input_names_the_example_of_the_data_not_the_column_of_the_batch() -> None:
    data = Data({"X": read_only([[1.0, 2.0, 3.0]] * 3), "Y": read_only([[0.0, 1.0, 0.0]])})
    p = provenance(replace(ARTICLE, data=data, training=Training(batch=2)))
    assert p.given(at(1, "X", 3, 2)) == "input 3 of example 2, from the data"
    assert p.given(at(2, "X", 3, 1)) == "input 3 of example 3, from the data"
    assert p.given(at(3, "Y")) == "target of output 1 of example 1, from the data"


def test_a_matrix_that_is_the_same_for_every_example_names_none() -> None:
    """Its columns are tokens, and there are more of them than examples."""
    p = provenance(ATTENTION)
    assert {p.given(at(1, "X", 3, k)) for k in range(1, 5)} == {"input, from the data"}
    assert p.given(at(1, "Y", 1, 4)) == "target, from the data"


# ∞ and NaN ------------------------------------------------------------------------------------


def saturated(targets: list[list[float]], bias: float = 800.0) -> Provenance:
    """Sigmoids far on the right: each output is exactly 1, whatever the input."""
    outputs = len(targets)
    network = Network((3, 3, outputs), ("sigmoid", "sigmoid"), "binary_cross_entropy")
    X = np.ones((3, len(targets[0])))
    biases = {"b2": [[bias]] * outputs}
    return provenance(experiment(network, Training(batch=X.shape[1]), X, targets, biases))


@pytest.mark.parametrize(
    ("at", "most", "names"),
    [
        ((None, None), 4, "A[1,1] A[1,2] A[2,1] A[2,2]"),
        ((None, None), 3, "A[1,1]…[2,2]"),
        ((2, None), 2, "A[2,1] A[2,2]"),
        ((2, None), 1, "A[2,1]…[2,2]"),
        ((None, 2), 2, "A[1,2] A[2,2]"),
        ((1, 2), 1, "A[1,2]"),
    ],
)
def test_elements_are_named_or_the_first_and_the_last(
    at: tuple[int | None, int | None], most: int, names: str
) -> None:
    assert " ".join(_spelled("A", at, {"A": (2, 2)}, most)) == names


def test_a_finite_number_has_no_origin_to_tell() -> None:
    p = provenance(ARTICLE)
    assert all(p.origin(place) is None for place in computed(p))


def test_an_output_of_exactly_1_where_0_was_wanted_makes_the_loss_infinite() -> None:
    p = saturated([[0.0]])
    assert p.number(at(1, "L")) == np.inf
    assert p.origin(at(1, "L")) == (
        at(1, "L"),
        "A2[1,1] is exactly 1, so log(1 − A2[1,1]) is −∞",
    )


def test_an_output_of_exactly_0_where_1_was_wanted_makes_the_loss_infinite() -> None:
    p = saturated([[1.0]], bias=-800.0)
    assert p.origin(at(1, "L")) == (at(1, "L"), "A2[1,1] is exactly 0, so log(A2[1,1]) is −∞")
    assert p.origin(at(1, "dA2")) == (
        at(1, "dA2"),
        "Y[1,1] is exactly 1 and A2[1,1] is exactly 0, so Y[1,1] / A2[1,1] is ∞",
    )


def test_the_slope_of_an_infinite_loss_tells_its_own_division_and_dz_is_finite() -> None:
    p = saturated([[0.0]])
    assert p.origin(at(1, "dA2")) == (
        at(1, "dA2"),
        "Y[1,1] is exactly 0 and A2[1,1] is exactly 1, so (1 − Y[1,1]) / (1 − A2[1,1]) is ∞",
    )
    assert p.origin(at(1, "dZ2")) is None


def test_an_infinity_that_comes_to_nothing_is_not_blamed() -> None:
    p = saturated([[1.0], [0.0]])  # for the first output 0·log 0 = 0: it is the second one
    assert p.origin(at(1, "L")) == (
        at(1, "L"),
        "A2[2,1] is exactly 1, so log(1 − A2[2,1]) is −∞",
    )


def test_the_mean_of_losses_leads_to_the_loss_that_is_infinite() -> None:
    p = saturated([[1.0, 0.0]])
    first, sentence = p.origin(at(1, "J")) or (None, "")
    assert first == at(1, "L", 1, 2)
    assert sentence == "A2[1,2] is exactly 1, so log(1 − A2[1,2]) is −∞"


def test_a_number_that_was_given_so_says_that() -> None:
    network = Network((1, 1), ("linear",), "half_squared_error")
    p = provenance(experiment(network, Training(), [[2.0]], [[1.0]], {"W1": [[np.inf]]}))
    assert p.origin(at(1, "dZ1")) == (at(0, "W1"), "W1[1,1] was set to this value")


def test_a_product_beyond_all_numbers_names_its_factors() -> None:
    network = Network((1, 1), ("linear",), "half_squared_error")
    p = provenance(experiment(network, Training(), [[1e10]], [[1.0]], {"W1": [[1e300]]}))
    first, sentence = p.origin(at(1, "dW1")) or (None, "")
    assert first == at(1, "Z1")
    assert sentence == "W1[1,1] is 1e300 and X[1,1] is 1e10, so W1[1,1] · X[1,1] is ∞"


def test_a_sum_of_784_terms_beyond_all_numbers_is_told_in_short() -> None:
    network = Network((784, 1), ("linear",), "half_squared_error")
    X = np.full((784, 1), 1e10)
    p = provenance(
        experiment(network, Training(), X, [[1.0]], {"W1": np.full((1, 784), 1e297)}),
    )
    _, sentence = p.origin(at(1, "Z1")) or (None, "")
    assert sentence == (
        "W1[1,1] is 1e297 and X[1,1] is 1e10, so "
        "W1[1,1]·X[1,1] + W1[1,2]·X[2,1] + W1[1,3]·X[3,1] + … + b1[1,1] is ∞"
    )


@given(experiments(scales=(100.0,)))
def test_what_is_not_finite_is_traced_to_the_first_cell_that_is_not(
    experiment: Experiment,
) -> None:
    p = provenance(experiment)
    for place in computed(p):
        found = p.origin(place)
        assert (found is None) == bool(np.isfinite(p.number(place)))
        if found is not None:
            first, sentence = found
            assert not np.isfinite(p.number(first))
            assert all(np.isfinite(p.number(read)) for read in p.reads(first))
            assert sentence.endswith((" is ∞", " is −∞", " is NaN"))
            assert not sentence.startswith(",")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1.0, "exactly 1"),
        (0.0, "exactly 0"),
        (-2.0, "exactly −2"),
        (0.5, "0.5"),
        (-1.23456, "−1.23"),
        (1.7e308, "1.7e308"),
        (np.inf, "∞"),
        (-np.inf, "−∞"),
        (np.nan, "NaN"),
    ],
)
def test_a_number_in_a_sentence(number: float, words: str) -> None:
    assert exactly(number) == words
