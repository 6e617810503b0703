"""An experiment: how its parameters are drawn, and which examples an iteration reads."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import SCHEMES, Data, Experiment, Initial, read_only
from backprop_tui.model.layers import parameter_shapes
from backprop_tui.model.network import Network, Training, WrittenNetwork, dense, written_for
from backprop_tui.model.notes import Note, Question, shown_lines
from backprop_tui.model.saved import Edit


def experiment(
    layers: tuple[int, ...] = (3, 2, 1),
    examples: int = 1,
    training: Training | None = None,
    notes: tuple[Note, ...] = (),
    questions: tuple[Question, ...] = (),
    **initial: Any,
) -> Experiment:
    return Experiment(
        name="test",
        source="test",
        title="A test",
        about="",
        network=Network(layers, ("sigmoid",) * (len(layers) - 1), "half_squared_error"),
        training=training or Training(),
        data=Data(
            {
                "X": read_only(np.ones((layers[0], examples))),
                "Y": read_only(np.ones((layers[-1], examples))),
            }
        ),
        initial=Initial(**initial),
        notes=notes,
        questions=questions,
    )


networks = st.lists(st.integers(1, 5), min_size=2, max_size=5).map(tuple)
seeds = st.integers(0, 2**63 - 1)


class TestParameters:
    def test_shapes_are_neurons_by_what_they_read(self) -> None:
        assert parameter_shapes((3, 2, 1)) == {
            "W1": (2, 3),
            "b1": (2, 1),
            "W2": (1, 2),
            "b2": (1, 1),
        }

    def test_weights_are_drawn_layer_after_layer_from_one_generator(self) -> None:
        start = experiment(seed=7, scheme="normal").parameters()
        random = np.random.default_rng(7)
        assert list(start) == ["W1", "b1", "W2", "b2"]
        assert np.array_equal(start["W1"], random.standard_normal((2, 3)))
        assert np.array_equal(start["W2"], random.standard_normal((1, 2)))

    @pytest.mark.parametrize(
        ("scheme", "spread"), [("normal", 1), ("xavier", 0.1), ("he", 0.02**0.5), ("zeros", 0)]
    )
    def test_each_scheme_has_its_spread(self, scheme: str, spread: float) -> None:
        weights = experiment((100, 200), scheme=scheme).parameters()["W1"]
        assert weights.std() == pytest.approx(spread, rel=0.02)
        assert weights.mean() == pytest.approx(0, abs=0.03 * spread)

    def test_biases_begin_at_zero(self) -> None:
        start = experiment(seed=3).parameters()
        assert not start["b1"].any()
        assert not start["b2"].any()

    def test_a_given_parameter_wins_and_its_draw_is_consumed(self) -> None:
        free = experiment(seed=7).parameters()
        held = experiment(seed=7, given={"W1": read_only(np.ones((2, 3)))}).parameters()
        assert np.array_equal(held["W1"], np.ones((2, 3)))
        assert np.array_equal(held["W2"], free["W2"])

    def test_rounding_touches_only_what_was_drawn(self) -> None:
        given_b1 = read_only([[0.123], [0.456]])
        start = experiment(seed=7, round=1, given={"b1": given_b1}).parameters()
        assert np.array_equal(start["W1"], np.round(experiment(seed=7).parameters()["W1"], 1))
        assert np.array_equal(start["b1"], given_b1)

    @given(networks, seeds, st.integers(0, 2), st.sampled_from(sorted(SCHEMES)))
    def test_no_weight_is_minus_zero(
        self, layers: tuple[int, ...], seed: int, decimals: int, scheme: str
    ) -> None:
        for value in (
            experiment(layers, seed=seed, round=decimals, scheme=scheme).parameters().values()
        ):
            assert not np.signbit(value[value == 0]).any()

    @given(networks, seeds)
    def test_the_same_experiment_starts_from_the_same_bits(
        self, layers: tuple[int, ...], seed: int
    ) -> None:
        one, other = (experiment(layers, seed=seed).parameters() for _ in range(2))
        assert all(np.array_equal(one[name], other[name]) for name in one)

    @given(networks, seeds)
    def test_every_array_is_in_c_order_and_refuses_to_be_written(
        self, layers: tuple[int, ...], seed: int
    ) -> None:
        for value in experiment(layers, seed=seed).parameters().values():
            assert value.flags.c_contiguous
            assert value.dtype == np.float64
            with pytest.raises(ValueError, match="read-only"):
                value[0, 0] = 1.0


class TestWithSeed:
    def test_given_weights_are_drawn_anew_and_given_biases_stay(self) -> None:
        given = {"W1": read_only(np.ones((2, 3))), "b1": read_only([[5], [6]])}
        start = experiment(given=given).with_seed(7).parameters()
        assert np.array_equal(start["W1"], experiment(seed=7).parameters()["W1"])
        assert np.array_equal(start["b1"], [[5], [6]])

    def test_none_of_the_weights_drawn_anew_is_0(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seeds = iter((3, 4, 5))
        first = experiment()
        of = {3: np.zeros((2, 3)), 4: first.parameters()["W1"]}
        monkeypatch.setattr("backprop_tui.model.experiment.randrange", lambda _: next(seeds))
        begin = Experiment.parameters
        monkeypatch.setattr(
            Experiment,
            "parameters",
            lambda e: dict(begin(e)) | ({"W1": of[3]} if e.initial.seed == 3 else {}),
        )
        assert first.reseeded().initial.seed == 4

    def test_where_all_are_0_it_tries_a_hundred_times(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[int] = []

        def draw(below: int) -> int:
            asked.append(below)
            return len(asked)

        monkeypatch.setattr("backprop_tui.model.experiment.randrange", draw)
        assert experiment(scheme="zeros").reseeded().initial.seed == 100
        assert asked == [10_000] * 100

    @pytest.mark.parametrize(("inputs", "tries"), [(500, 100), (501, 99), (60_000, 1)])
    def test_of_very_many_weights_one_is_0_and_none_is_drawn_for_long(
        self, inputs: int, tries: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seeds = iter(range(1, 101))
        monkeypatch.setattr("backprop_tui.model.experiment.randrange", lambda _: next(seeds))
        assert experiment((inputs, 2), scheme="zeros").reseeded().initial.seed == tries

    def test_notes_about_the_old_numbers_go(self) -> None:
        notes = (Note("Z1", 1, ("Here it is 0.5.",)), Note("Z1", None, ("A weighted sum.",)))
        assert experiment(notes=notes).with_seed(7).notes == notes[1:]

    def test_the_experiment_itself_stays_as_it_is(self) -> None:
        first = experiment(seed=1)
        first.with_seed(2)
        assert first.initial.seed == 1


class TestNotes:
    def test_those_for_just_this_iteration_come_first(self) -> None:
        always, once = Note("L", None, ("a",), every=True), Note("L", 2, ("b",))
        elsewhere = Note("Z1", None, ("c",))
        e = experiment(notes=(always, once, elsewhere))
        assert e.notes_at(1, "L") == (always,)
        assert e.notes_at(2, "L") == (once, always)
        assert e.notes_at(2, "b1") == ()

    def test_without_an_iteration_they_are_of_the_first_unless_of_every_one(self) -> None:
        once, later, on = Note("L", None, ("a",)), Note("L", 3, ("b",)), Note("L", 3, ("c",))
        e = experiment(notes=(once, later, replace(on, every=True)))
        said = {
            k: [line for note in e.notes_at(k, "L") for line in note.lines] for k in range(1, 6)
        }
        assert said == {1: ["a"], 2: [], 3: ["b", "c"], 4: ["c"], 5: ["c"]}

    def test_those_of_one_iteration_end_where_a_number_is_edited(self) -> None:
        on = Note("L", None, ("a",), every=True)
        once = [Note("L", k, (str(k),)) for k in (1, 2, 3)]
        edits = (Edit(2, Cell("W1", 1, 1), 0.5),)
        e = replace(experiment(notes=(on, *once)), edits=edits)
        assert [e.notes_at(k, "L") for k in (1, 2, 3)] == [(once[0], on), (on,), (on,)]

    def test_each_line_but_the_first_waits_for_a_press(self) -> None:
        two, one, three = (Note("L", None, tuple(lines)) for lines in ("ab", "c", "def"))
        shown = [shown_lines((two, one, three), presses) for presses in range(5)]
        assert ["".join(lines) for lines in shown] == ["a", "abcd", "abcde", "abcdef", "abcdef"]


class TestQuestions:
    def test_those_for_just_this_iteration_come_first(self) -> None:
        always = Question("L", None, "vote", "a", every=True)
        once = Question("L", 2, "number", "b")
        e = experiment(questions=(always, once))
        assert e.questions_at(1, "L") == (always,)
        assert e.questions_at(2, "L") == (once, always)
        assert e.questions_at(2, "b1") == ()

    def test_those_about_the_old_numbers_go_with_a_seed(self) -> None:
        asked = (Question("Z1", 1, "vote", "Is it 0.5?"), Question("Z1", None, "vote", "How much?"))
        assert experiment(questions=asked).with_seed(7).questions == asked[1:]


def batches(e: Experiment, iterations: range) -> list[list[int]]:
    return [e.examples_of(k).tolist() for k in iterations]


class TestBatches:
    def test_one_example_an_iteration_in_the_order_of_the_file(self) -> None:
        assert batches(experiment(examples=3), range(1, 6)) == [[0], [1], [2], [0], [1]]

    def test_the_last_batch_of_an_epoch_holds_what_is_left(self) -> None:
        e = experiment(examples=5, training=Training(batch=2))
        assert e.batches_per_epoch == 3
        assert batches(e, range(1, 5)) == [[0, 1], [2, 3], [4], [0, 1]]

    def test_epochs_count_from_one(self) -> None:
        e = experiment(examples=5, training=Training(batch=2))
        assert [e.epoch_of(k) for k in range(1, 8)] == [1, 1, 1, 2, 2, 2, 3]

    def test_shuffled_follows_the_seed_and_the_epoch(self) -> None:
        e = experiment(examples=6, training=Training(batch=6, order="shuffled"), seed=7)
        for epoch in (1, 2, 1000):
            order = np.random.default_rng([7, epoch]).permutation(6)
            assert e.examples_of(epoch).tolist() == order.tolist()

    @given(
        st.integers(1, 30),
        st.integers(1, 30),
        st.sampled_from(["sequential", "shuffled"]),
        seeds,
        st.integers(1, 1000),
    )
    def test_an_epoch_reads_every_example_once(
        self, examples: int, batch: int, order: str, seed: int, epoch: int
    ) -> None:
        training = Training(batch=min(batch, examples), order=order)
        e = experiment(examples=examples, training=training, seed=seed)
        first = (epoch - 1) * e.batches_per_epoch + 1
        iterations = range(first, first + e.batches_per_epoch)
        assert {e.epoch_of(k) for k in iterations} == {epoch}
        assert sorted(chain(*batches(e, iterations))) == list(range(examples))

    def test_an_iteration_can_be_asked_for_in_any_order(self) -> None:
        e = experiment(examples=9, training=Training(batch=2, order="shuffled"))
        onward = batches(e, range(1, 60))
        back = [e.examples_of(k).tolist() for k in reversed(range(1, 60))]
        assert onward == back[::-1]

    def test_the_order_refuses_to_be_written(self) -> None:
        with pytest.raises(ValueError, match="read-only"):
            experiment(examples=2).examples_of(1)[0] = 1


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ((3, 3, 1), "3-3-1"),
        ((2, 5, 5, 5), "2-5-5-5"),
        ((2, 5, 5, 5, 5, 1), "2-(5×4)-1"),
        ((5, 5, 5, 5, 5), "5-(5×4)"),
    ],
)
def test_more_than_three_equal_layers_after_the_inputs_are_counted(
    layers: tuple[int, ...], said: str
) -> None:
    assert experiment(layers).dense.sizes == said


@pytest.mark.parametrize(
    ("line", "written"),
    [("H{t}", "H3"), ("H{t-1}", "H2"), ("H{t − 2}·X{ t + 1 }", "H1·X4"), ("H", "H")],
)
def test_a_repeated_line_is_written_with_its_numbers(line: str, written: str) -> None:
    assert written_for(line, 3) == written


def test_formulas_are_repeated_as_often_as_is_said_and_have_no_layers() -> None:
    network = WrittenNetwork((), (), (("Z", "X"), ("H{t}", "Z"), ("L", "Z")), repeat=(2, 3))
    assert [line.symbol for line in network.lines()] == ["Z", "H2", "H3", "L"]
    assert [line.t for line in network.lines()] == [None, 2, 3, None]
    unsaid = replace(network, repeat=None)
    assert [line.symbol for line in unsaid.lines()] == ["Z", "L"]
    with pytest.raises(TypeError, match="a network of 2 formulas has no layers"):
        dense(unsaid)


def test_an_experiment_says_where_it_is_from_how_large_it_is_and_what_its_loss_is() -> None:
    e = experiment()
    assert repr(e) == "<Experiment test: 3-2-1, half_squared_error>"
    formulas = WrittenNetwork((), (), (("Z", "X"), ("L", "Z")))
    assert repr(replace(e, network=formulas)) == "<Experiment test: 2 formulas>"


def test_records_are_frozen_and_replaced_instead() -> None:
    e = experiment()
    assert replace(e, training=replace(e.training, learning_rate=0.1)).training.learning_rate == 0.1
    assert e.training.learning_rate == 0.5
    assert e.dense.depth == 2
