"""The lessons: complete, true to their sources, and helpful at every line of the screen."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import wrap

import numpy as np
import pytest

from backprop_tui import lessons
from backprop_tui.exports.lesson_screens import lost
from backprop_tui.files.experiment_file import load
from backprop_tui.files.lesson_check import remarks
from backprop_tui.maths.writing import text
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Array, Experiment
from backprop_tui.model.notes import Note, Question
from backprop_tui.run.timeline import State, Timeline


def end_of(iteration: int, name: str, **overrides: str) -> State:
    """All that this iteration of a lesson computes."""
    timeline = Timeline(load(name, overrides))
    return timeline.state(timeline.end_of(iteration))


def computed(state: State) -> Iterator[Array]:
    """What an iteration computes, and the slopes that turn its dA into dZ."""
    for step in state.program.steps:
        yield state.result(step.symbol)
        if step.symbol.startswith("dA"):
            dA, dZ = state.result(step.symbol), state.result(f"dZ{step.group}")
            yield np.divide(dZ, dA, out=np.zeros_like(dA), where=dA != 0)


def said_in(lesson: Experiment) -> list[Note | Question]:
    return [*lesson.notes, *lesson.questions]


def words_of(said: Note | Question) -> tuple[str, ...]:
    """What a note says, or what is asked, to be chosen and answered."""
    if isinstance(said, Note):
        return said.lines
    choices = [words for c in said.choices for words in (c.text, c.why or "")]
    return (said.text, *choices, said.answer or "")


def questions_in(text: str) -> set[str]:
    """The sentences of a text that ask something."""
    return {sentence.strip() for sentence in re.findall(r"[^.?!:]+\?", text)}


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def test_the_list_is_in_the_order_of_teaching() -> None:
    order = (
        *("neuron", "article", "one-input", "han-kamber", "mazur", "too-large", "batch"),
        *("xor", "zeros", "softmax", "saturation", "vanishing", "dead-relu", "ai-by-hand"),
    )
    beyond = "l2", "momentum", "residual", "rnn", "attention"
    assert (*order, *beyond) == lessons.NAMES
    assert beyond[0] == lessons.BEYOND


def test_each_lesson_names_the_next() -> None:
    assert [lessons.after(name) for name in lessons.NAMES] == [*lessons.NAMES[1:], None]
    assert lessons.after("mine") is None


def test_an_unknown_lesson_has_no_text() -> None:
    with pytest.raises(KeyError):
        lessons.text("../model/experiment")


@pytest.mark.parametrize("name", lessons.NAMES)
class TestEveryLesson:
    def test_says_what_to_look_for(self, name: str) -> None:
        lesson = load(name)
        assert lesson.name == lesson.source == name
        assert len(lesson.title) <= 40
        assert 2 <= len(re.findall(r"[.?](?=\s|$)", lesson.about)) <= 4
        assert len(lesson.about) <= 300
        assert len(wrap(lesson.about, 78)) <= 4

    def test_has_notes_that_fit_one_line_of_80_columns(self, name: str) -> None:
        notes = load(name).notes
        assert len(notes) >= 9
        assert [line for note in notes for line in note.lines if len(line) > 76] == []

    def test_has_notes_in_the_order_in_which_they_are_met(self, name: str) -> None:
        lesson = load(name)
        program = program_of(lesson.network, lesson.training)
        met = [(note.iteration or 1, program.index(note.step)) for note in lesson.notes]
        assert met == sorted(met)

    def test_says_in_a_few_words_what_it_teaches(self, name: str) -> None:
        assert 0 < len(load(name).teaches) <= 40

    def test_asks_two_or_three_questions_and_closes_with_a_talk(self, name: str) -> None:
        lesson = load(name)
        program = program_of(lesson.network, lesson.training)
        asked = [(q.iteration or 1, program.index(q.step)) for q in lesson.questions]
        assert asked == sorted(set(asked))
        assert 2 <= len(asked) <= 3
        assert lesson.questions[-1].form == "talk"
        assert lesson.questions[-1].step == program.steps[-1].symbol
        assert any(q.form != "talk" for q in lesson.questions)

    def test_has_questions_and_answers_that_fit_the_lines_there_are(self, name: str) -> None:
        for question in load(name).questions:
            assert len(question.text) <= 76
            lines = wrap(question.answer or "", 76)
            assert 1 <= len(lines) <= (2 if question.form == "talk" else 1), question.answer

    def test_no_note_asks_what_a_question_asks(self, name: str) -> None:
        lesson = load(name)
        asked = {sentence for q in lesson.questions for sentence in questions_in(q.text)}
        for note in lesson.notes:
            assert all(asked.isdisjoint(questions_in(line)) for line in note.lines)

    def test_stands_in_teaching_order_in_its_file(self, name: str) -> None:
        """A question comes before the notes on its step, which are read when it is answered."""
        lesson, text = load(name), lessons.text(name)
        program = program_of(lesson.network, lesson.training)

        def met(said: Note | Question) -> tuple[int, int, bool]:
            return said.iteration or 1, program.index(said.step), isinstance(said, Note)

        said = [words_of(each)[0] for each in sorted(said_in(lesson), key=met)]
        places = [text.index(f'"{words}"') for words in said]
        assert places == sorted(places)

    def test_its_author_has_nothing_to_mend(self, name: str) -> None:
        """But for the two lessons that are about a gradient of 0."""
        about_zero = {"zeros": "dW1[1,1]", "dead-relu": "dW1[1,1]"}
        found = list(remarks(Timeline(load(name))))
        if name in about_zero:
            assert len(found) == 1
            assert f"{about_zero[name]} is 0" in found[0]
        else:
            assert found == []

    def test_is_shown_whole_at_80_by_24(self, name: str) -> None:
        assert list(lost(Timeline(load(name)))) == []

    def test_has_at_most_two_notes_at_a_step(self, name: str) -> None:
        lesson = load(name)
        assert max(len(lesson.notes_at(n.iteration or 1, n.step)) for n in lesson.notes) <= 2

    def test_numbers_in_what_is_said_are_on_the_screen_then(self, name: str) -> None:
        """Each 0.123 of a note or question tied to an iteration is a number of that one, or of one
        before, or a slope of an activation there."""
        lesson = load(name)
        timeline = Timeline(lesson)
        for said in said_in(lesson):
            if said.iteration is None or lesson.published:
                continue
            iterations = (said.iteration, *range(1, min(said.iteration, 3)))
            seen = [timeline.state(timeline.end_of(k)) for k in iterations]
            matrices = [*itertools.chain(*map(computed, seen))]
            matrices += [seen[0].before(symbol) for symbol in lesson.parameters()]
            shown = {f"{abs(n):.{d}f}" for d in (3, 6) for M in matrices for n in M.ravel()}
            shown.add(f"{np.log(2):.3f}")  # J of a network that says 0.5 to everything
            text = " ".join(words_of(said))
            for number in re.findall(r"\b\d\.(?:\d{6}|\d{3})\b", text):
                assert number in shown, text


class TestArticle:
    """Weights rounded to one decimal, inputs that a calculator likes, no zero among them."""

    def test_weights_are_the_calculators_kind(self) -> None:
        start = load("article").parameters()
        for W in (start["W1"], start["W2"]):
            assert np.array_equal(W, np.round(W, 1))
            assert W.all()
            assert (W > 0).any()
            assert (W < 0).any()

    def test_hidden_activations_differ_visibly_and_the_prediction_is_still_wrong(self) -> None:
        lesson = load("article")
        start = lesson.parameters()
        A1 = sigmoid(start["W1"] @ lesson.data.X + start["b1"])
        A2 = sigmoid(start["W2"] @ A1 + start["b2"])
        assert np.diff(np.sort(A1.ravel())).min() > 0.15
        assert A2.item() < 0.5 < lesson.data.Y.item()

    def test_it_is_the_network_of_the_first_screen(self) -> None:
        lesson = load("article")
        assert lesson.dense.layers == (3, 3, 1)
        assert lesson.dense.activations == ("sigmoid", "sigmoid")
        assert lesson.dense.loss == "binary_cross_entropy"
        assert lesson.training.batch == 1

    def test_one_weight_of_the_output_has_another_sign_as_a_note_says(self) -> None:
        signs = np.sign(load("article").parameters()["W2"].ravel())
        assert abs(signs.sum()) == 1

    def test_the_first_weight_of_the_output_moves_the_most_for_its_input_is_the_largest(
        self,
    ) -> None:
        state = end_of(1, "article")
        moves = np.abs(state.result("W2") - state.before("W2"))
        assert moves.argmax() == state.result("A1").argmax() == 0


class TestMazur:
    def test_a_slope_is_where_it_ends_times_where_it_starts(self) -> None:
        state = end_of(1, "mazur")
        assert f"{state.result('dZ2')[0, 0]:.4f}" == "0.1385"
        assert f"{state.result('A1')[1, 0]:.4f}" == "0.5969"
        assert f"{state.result('dW2')[0, 1]:.4f}" == f"{0.1385 * 0.5969:.4f}"

    def test_two_paths_are_added(self) -> None:
        state = end_of(1, "mazur")
        assert np.round(state.result("dZ2").ravel(), 4).tolist() == [0.1385, -0.0381]
        assert np.round(state.before("W2")[:, 0], 4).tolist() == [0.4, 0.5]
        assert f"{state.result('dA1')[0, 0]:.4f}" == "0.0364"

    def test_what_an_early_w2_makes_too_small(self) -> None:
        right, early = end_of(1, "mazur"), end_of(1, "mazur", mistake="updated-weights")
        assert f"{early.result('dA1')[0, 0]:.4f}" == "0.0302"
        for symbol in ("dA1", "dZ1", "dW1"):
            assert (early.result(symbol) > 0).all()
            assert (early.result(symbol) < right.result(symbol)).all()
        later = end_of(2, "mazur", mistake="updated-weights").result("L").item()
        assert f"{later:.9f}" == "0.291027924"

    def test_its_biases_are_frozen(self) -> None:
        lesson = load("mazur")
        assert lesson.training.learning_rate == 0.5
        assert lesson.training.freeze == ("b1", "b2")


class TestHanKamber:
    def test_is_trained_as_in_the_book(self) -> None:
        lesson = load("han-kamber")
        assert lesson.training.learning_rate == 0.9
        assert lesson.dense.loss == "half_squared_error"

    def test_nothing_cancels_the_slope_under_its_loss(self) -> None:
        state = end_of(1, "han-kamber")
        dA2, dZ2 = state.result("dA2").item(), state.result("dZ2").item()
        assert (f"{dA2:.3f}", f"{dZ2 / dA2:.3f}", f"{dZ2:.3f}") == ("-0.526", "0.249", "-0.131")

    def test_adding_minus_dz_comes_to_the_same(self) -> None:
        state = end_of(1, "han-kamber")
        errors = -state.result("dZ2")
        added = state.before("W2") + 0.9 * errors @ state.result("A1").T
        assert np.allclose(state.result("W2"), added, rtol=1e-12)


class TestNeuron:
    def test_the_signs_of_its_two_gradients_differ_and_both_moves_raise_z(self) -> None:
        state = end_of(1, "neuron")
        assert np.array_equal(np.sign(state.result("dW1")), [[-1, 1]])
        moves = state.result("W1") - state.before("W1")
        assert (moves * load("neuron").data.X.T > 0).all()

    def test_a_weight_whose_input_is_0_learns_nothing(self) -> None:
        assert end_of(1, "neuron", x="1.5,0", y="1").result("dW1")[0, 1] == 0


class TestOneInput:
    def test_its_loss_goes_to_0_but_never_arrives(self) -> None:
        losses = [end_of(k, "one-input").result("L").item() for k in (50, 51, 1_000, 10_000)]
        assert losses[0] > 0.01 > losses[1] > losses[2] > losses[3] > 0
        assert losses[3] < 1e-4

    def test_it_then_says_1_to_any_other_input_as_well(self) -> None:
        state = end_of(1_000, "one-input")
        W1, b1, W2, b2 = map(state.before, ("W1", "b1", "W2", "b2"))
        others = np.random.default_rng(0).uniform(-5, 5, (3, 1_000))
        assert (sigmoid(W2 @ sigmoid(W1 @ others + b1) + b2) > 0.95).all()

    def test_every_weight_of_the_output_rises_each_time(self) -> None:
        for iteration in (1, 2, 100):
            state = end_of(iteration, "one-input")
            assert (state.result("dW2") < 0).all()
            assert (state.result("db2") < 0).all()


class TestTooLarge:
    def test_its_loss_is_four_times_as_large_at_each_iteration(self) -> None:
        losses = [end_of(k, "too-large").result("L").item() for k in (1, 2, 3, 4)]
        assert losses == [0.125, 0.5, 2.0, 8.0]

    @pytest.mark.parametrize(("rate", "falls"), [("0.33", True), ("0.34", False)])
    def test_a_third_is_the_largest_safe_learning_rate(self, rate: str, falls: bool) -> None:
        first, second = (
            end_of(k, "too-large", learning_rate=rate).result("L").item() for k in (1, 2)
        )
        assert (second < first) is falls

    def test_the_miss_goes_from_one_half_to_minus_one(self) -> None:
        misses = [end_of(k, "too-large").result("dZ1").item() for k in (1, 2)]
        assert misses == [0.5, -1]

    def test_a_sixth_needs_one_step(self) -> None:
        state = end_of(2, "too-large", learning_rate=str(1 / 6))
        assert state.result("L").item() == pytest.approx(0, abs=1e-30)


class TestBatch:
    def test_dw_and_db_are_means_and_da_and_dz_are_not(self) -> None:
        state = end_of(1, "batch")
        dZ2, A1 = state.result("dZ2"), state.result("A1")
        assert np.allclose(dZ2, state.result("A2") - load("batch").data.Y)
        assert np.allclose(state.result("db2"), dZ2.mean())
        assert np.allclose(state.result("dW2"), np.mean(dZ2 * A1, axis=1))

    def test_every_example_twice_changes_nothing_in_dw(self) -> None:
        x, y = "1,0.5;-1,0.5;0.5,-1;-0.5,-1.5", "1;0;1;0"
        once = end_of(1, "batch", x=x, y=y)
        twice = end_of(1, "batch", x=f"{x};{x}", y=f"{y};{y}")
        assert once.result("A2").shape == (1, 4)
        assert twice.result("A2").shape == (1, 8)
        assert np.allclose(once.result("dW1"), twice.result("dW1"), atol=1e-15)

    def test_one_answer_is_wrong_and_the_mean_falls_but_not_each_loss(self) -> None:
        first, second = end_of(1, "batch"), end_of(2, "batch")
        wrong = (first.result("A2") > 0.5) != (load("batch").data.Y > 0.5)
        assert wrong.tolist() == [[False, False, False, True]]
        assert second.result("J") < first.result("J")
        fell = second.result("L") < first.result("L")
        assert fell.any()
        assert not fell.all()


class TestXor:
    def test_it_begins_by_answering_0_to_everything(self) -> None:
        assert (end_of(1, "xor").result("A2") < 0.5).all()

    def test_it_learns_within_179_iterations(self) -> None:
        assert end_of(178, "xor").result("J") > 0.05 > end_of(179, "xor").result("J")

    def test_two_points_then_lie_together_and_the_third_neuron_can_be_spared(self) -> None:
        state = end_of(179, "xor")
        A1, W2, b2 = state.result("A1"), state.before("W2").copy(), state.before("b2")
        assert np.allclose(A1[:2, 0], A1[:2, 3], atol=0.05)
        assert np.abs(A1[:2, 1] - A1[:2, 2]).max() > 0.5
        assert np.abs(W2).argmin() == 2
        for neuron, spared in enumerate((False, False, True)):
            rest = W2.copy()
            rest[0, neuron] = 0
            right = (sigmoid(rest @ A1 + b2) > 0.5) == (load("xor").data.Y > 0.5)
            assert right.all() == spared

    def test_one_neuron_ends_where_it_always_says_one_half(self) -> None:
        state = end_of(5_000, "xor", layers="2,1")
        assert state.result("J").item() == pytest.approx(np.log(2))


class TestZeros:
    @pytest.mark.parametrize("iteration", [1, 2, 41, 1_000])
    def test_the_hidden_neurons_stay_the_same(self, iteration: int) -> None:
        state = end_of(iteration, "zeros")
        for symbol in ("A1", "dA1", "dW1", "W1", "b1"):
            rows = state.result(symbol)
            assert np.allclose(rows, rows[0], rtol=1e-12, atol=0)

    def test_one_half_in_every_weight_would_not_help(self, tmp_path: Path) -> None:
        halves = "W1 = [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]\nW2 = [[0.5, 0.5, 0.5]]"
        file = tmp_path / "halves.toml"
        file.write_text(lessons.text("zeros").replace('scheme = "zeros"', halves), encoding="utf-8")
        rows = end_of(100, str(file)).result("W1")
        assert rows[0, 0] != 0.5
        assert np.allclose(rows, rows[0], rtol=1e-12, atol=0)

    def test_the_first_layer_waits_an_iteration(self) -> None:
        assert not end_of(1, "zeros").result("dW1").any()
        assert end_of(2, "zeros").result("dW1").all()
        assert end_of(2, "zeros").result("L") < end_of(1, "zeros").result("L")


class TestSoftmax:
    @pytest.mark.parametrize("iteration", [1, 2, 100])
    def test_the_columns_of_dz2_and_dw2_sum_to_0(self, iteration: int) -> None:
        state = end_of(iteration, "softmax")
        assert np.allclose(state.result("dZ2").sum(axis=0), 0, atol=1e-15)
        assert np.allclose(state.result("dW2").sum(axis=0), 0, atol=1e-15)
        assert np.array_equal(state.result("dZ2").ravel() < 0, [False, True, False])

    def test_the_sums_come_out_at_three_decimals_too(self) -> None:
        state = end_of(1, "softmax")
        assert np.round(state.result("A2"), 3).sum() == pytest.approx(1, abs=1e-12)
        assert np.round(state.result("dZ2"), 3).sum() == pytest.approx(0, abs=1e-12)

    def test_the_right_class_begins_as_the_smallest_and_the_wrong_ones_sink(self) -> None:
        first, second = end_of(1, "softmax"), end_of(2, "softmax")
        assert first.result("A2").argmin() == 1
        rise = (second.result("Z2") - first.result("Z2")).ravel()
        assert np.array_equal(rise > 0, [False, True, False])


class TestSaturation:
    def test_it_is_as_wrong_as_can_be_and_hardly_learns(self) -> None:
        state = end_of(1, "saturation")
        assert state.result("Z1").item() == 10
        assert state.result("A1").item() > 0.9999
        assert state.result("dZ1").item() == pytest.approx(0.000045, abs=5e-7)
        assert end_of(4_400, "saturation").result("L").item() > 0.45
        assert end_of(4_420, "saturation").result("L").item() < 0.05

    def test_w1_is_below_3_sooner_than_at_the_first_pace(self) -> None:
        assert round(1 / end_of(1, "saturation").result("dW1").item(), -3) == 11_000
        before, after = (end_of(k, "saturation").result("W1").item() for k in (4_046, 4_047))
        assert after < 3 <= before

    def test_binary_cross_entropy_rescues_it(self) -> None:
        first = end_of(1, "saturation", loss="binary_cross_entropy")
        assert first.result("dZ1").item() == pytest.approx(1, abs=1e-4)
        state = end_of(6, "saturation", loss="binary_cross_entropy")
        assert state.result("L").item() < 0.05


class TestVanishing:
    @staticmethod
    def largest(state: State) -> list[float]:
        return [float(abs(state.result(f"dW{layer}")).max()) for layer in range(1, 13)]

    def test_the_gradients_shrink_at_every_layer(self) -> None:
        largest = self.largest(end_of(1, "vanishing"))
        assert all(lower < upper for lower, upper in itertools.pairwise(largest))
        assert largest[1] < 1e-6 < largest[2]
        assert largest[11] / largest[0] == pytest.approx(4.36e6, rel=0.01)
        assert (largest[0] / largest[11]) ** (1 / 11) == pytest.approx(0.25, abs=0.005)

    def test_with_relu_they_do_not(self) -> None:
        names = ",".join(["relu"] * 11 + ["sigmoid"])
        largest = self.largest(end_of(1, "vanishing", activations=names))
        assert min(largest) > 0.04
        assert largest[0] > largest[11]


class TestDeadRelu:
    def test_no_example_wakes_the_first_neuron(self) -> None:
        start = load("dead-relu").parameters()
        for iteration in (1, 2, 3, 30, 301, 3_002):
            state = end_of(iteration, "dead-relu")
            Z1, dW1 = state.result("Z1"), state.result("dW1")
            assert Z1[0, 0] < 0 < Z1[1, 0]
            assert not dW1[0].any()
            assert np.array_equal(state.result("W1")[0], start["W1"][0])
            assert state.result("W2")[0, 0] == start["W2"][0, 0]

    def test_no_example_comes_near_what_would_wake_it(self) -> None:
        lesson = load("dead-relu")
        start = lesson.parameters()
        assert start["W1"][0].tolist() == [0.5, 0.5]
        assert start["b1"][0] == -3  # so x₁ + x₂ would have to be above 6
        assert lesson.data.X.sum(axis=0).tolist() == [3, 4, 2]

    def test_its_neighbour_learns_and_something_arrives_at_both(self) -> None:
        for iteration in (1, 2, 3):
            state = end_of(iteration, "dead-relu")
            assert state.result("dA1").all()
            assert state.result("dW1")[1].all()

    def test_a_leaky_slope_lets_it_learn(self) -> None:
        state = end_of(1, "dead-relu", activations="leaky_relu,linear")
        assert state.result("dW1")[0].all()


class TestAiByHand:
    def test_both_examples_are_one_batch_whose_losses_are_summed(self) -> None:
        training = load("ai-by-hand").training
        assert (training.batch, training.reduction, training.learning_rate) == (2, "sum", 0.1)

    def test_what_the_missing_gate_spoils(self) -> None:
        """dZ2 a copy of dA2, as in the sheet, and all that comes after it."""
        state = end_of(1, "ai-by-hand")
        assert text(state.program.steps[state.program.index("dZ2")].expression) == (
            "dA2 ∘ relu′(Z2)"
        )
        sheet = {"dZ2": state.result("dA2")}
        sheet["dW2"] = sheet["dZ2"] @ state.result("A1").T
        sheet["db2"] = sheet["dZ2"].sum(axis=1, keepdims=True)
        sheet["dA1"] = state.before("W2").T @ sheet["dZ2"]
        sheet["dZ1"] = sheet["dA1"] * (state.result("Z1") > 0)
        sheet["dW1"] = sheet["dZ1"] @ state.before("X").T
        sheet["db1"] = sheet["dZ1"].sum(axis=1, keepdims=True)
        spoiled = {
            symbol: tuple(np.flatnonzero(np.abs(M - state.result(symbol)).max(axis=1) > 1e-9) + 1)
            for symbol, M in sheet.items()
        }
        assert spoiled == {
            **dict.fromkeys(("dZ2", "dW2", "db2"), (1,)),
            **dict.fromkeys(("dA1", "dZ1", "dW1", "db1"), (2, 3)),
        }
        assert np.flatnonzero(state.before("W2")[0]).tolist() == [1, 2]
        assert f"{sheet['dA1'][1, 0]:.5f}" == "-0.51175"


class TestPublishedFigures:
    """What the sources print is all there, and nowhere said again. `test_published_figures` holds
    the run to it."""

    @pytest.mark.parametrize(
        ("name", "printed", "known_wrong"),
        [("article", 0, 0), ("han-kamber", 20, 0), ("mazur", 22, 4), ("ai-by-hand", 65, 4)],
    )
    def test_are_that_many(self, name: str, printed: int, known_wrong: int) -> None:
        published = load(name).published
        figures = [n for p in published for f in p.figures for row in f.printed for n in row if n]
        assert len(figures) == printed
        assert sum(len(p.known_wrong) for p in published) == known_wrong

    def test_only_the_book_that_rounds_along_the_way_has_a_bound(self) -> None:
        read = {name: load(name).published for name in lessons.NAMES}
        bounds = {name: {p.within for p in published} for name, published in read.items()}
        assert {name: bound for name, bound in bounds.items() if bound} == {
            "han-kamber": {1e-4},
            "mazur": {None},
            "ai-by-hand": {None},
        }

    def test_what_is_known_wrong_is_stated_with_what_is_right(self) -> None:
        for name in lessons.NAMES:
            for published in load(name).published:
                assert all(wrong.correct for wrong in published.known_wrong)


class TestBeyondTheArticle:
    def test_a_penalty_alone_shrinks_the_weight_whose_input_is_0(self) -> None:
        begun = load("l2").parameters()["W1"][0, 1]
        for k in (1, 2, 3):
            state = end_of(k, "l2")
            assert state.result("W1")[0, 1] == pytest.approx(begun * 0.9**k)
        assert end_of(1, "l2").result("dW1")[0, 1] == pytest.approx(0.2 * begun)

    def test_with_momentum_a_weight_moves_on_where_its_gradient_is_0(self) -> None:
        assert end_of(1, "momentum").result("W1")[0, 0] == 1.0
        second = end_of(2, "momentum")
        assert second.result("dW1")[0, 0] == 0.0
        assert second.result("W1")[0, 0] == 1.5
        assert (
            end_of(3, "momentum").result("dW1")[0, 0]
            > 0
            > end_of(3, "momentum").result("dW1")[0, 1]
        )

    def test_without_it_the_first_weight_would_jump_to_and_fro(self) -> None:
        lesson = load("momentum")
        plain = replace(lesson, training=replace(lesson.training, optimizer="gradient_descent"))
        timeline = Timeline(plain)
        weights = [timeline.state(timeline.end_of(k)).result("W1")[0, 0] for k in range(1, 5)]
        assert weights == [2.0, 0.0, 2.0, 0.0]

    def test_each_use_of_a_weight_adds_a_term(self) -> None:
        state = end_of(1, "rnn")
        r = state.result
        dWh = r("dZ3") @ r("H2").T + r("dZ2") @ r("H1").T
        assert np.allclose(r("dWh"), dWh, rtol=1e-12)
        X = load("rnn").data.by_symbol
        dWx = sum(r(f"dZ{t}") @ X[f"X{t}"].T for t in (1, 2, 3))
        assert np.allclose(r("dWx"), dWx, rtol=1e-12)

    def test_the_skip_gives_its_gradient_as_it_is(self) -> None:
        r, W2 = end_of(1, "residual").result, load("residual").parameters()["W2"]
        assert np.allclose(r("dA1"), r("dA2") + W2.T @ r("dZ2"), rtol=1e-12)

    def test_each_column_of_the_scores_gradient_adds_up_to_0(self) -> None:
        r = end_of(1, "attention").result
        assert np.allclose(r("P").sum(axis=0), 1.0)
        assert np.allclose(r("dS").sum(axis=0), 0.0, atol=1e-12)
        assert np.allclose(r("dQ"), r("K") @ r("dS") / np.sqrt(2), rtol=1e-12)

    @pytest.mark.parametrize("name", ["residual", "rnn", "attention"])
    def test_the_loss_falls(self, name: str) -> None:
        assert end_of(2, name).result("L").item() < end_of(1, name).result("L").item()
