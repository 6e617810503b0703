"""The lessons: complete, true to their sources, and helpful at every line of the screen."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backprop_tui import lessons
from backprop_tui.engine.experiment import Array
from backprop_tui.engine.experiment_file import load
from backprop_tui.engine.program import Program


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def test_the_list_is_in_the_order_of_teaching() -> None:
    assert lessons.NAMES == ("article", "han-kamber", "mazur", "ai-by-hand")


def test_an_unknown_lesson_has_no_text() -> None:
    with pytest.raises(KeyError):
        lessons.text("../engine/experiment")


@pytest.mark.parametrize("name", lessons.NAMES)
class TestEveryLesson:
    def test_says_what_to_look_for(self, name: str) -> None:
        lesson = load(name)
        assert lesson.name == lesson.source == name
        assert len(lesson.title) <= 40
        assert 2 <= len(re.findall(r"[.?](?=\s|$)", lesson.about)) <= 4

    def test_has_notes_that_fit_one_line_of_80_columns(self, name: str) -> None:
        notes = load(name).notes
        assert len(notes) >= 12
        assert [note.text for note in notes if len(note.text) > 76] == []

    def test_has_notes_in_the_order_in_which_they_are_met(self, name: str) -> None:
        lesson = load(name)
        program = Program(lesson.network, lesson.training)
        met = [(note.iteration or 1, program.index(note.step)) for note in lesson.notes]
        assert met == sorted(met)

    def test_asks_the_learner_something(self, name: str) -> None:
        assert sum(note.text.endswith("?") for note in load(name).notes) >= 3


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
        assert lesson.network.layers == (3, 3, 1)
        assert lesson.network.activations == ("sigmoid", "sigmoid")
        assert lesson.network.loss == "binary_cross_entropy"
        assert lesson.training.batch == 1

    def test_one_weight_of_the_output_has_another_sign_as_a_note_says(self) -> None:
        signs = np.sign(load("article").parameters()["W2"].ravel())
        assert abs(signs.sum()) == 1


class TestMazur:
    def test_forward_gives_the_figures_that_the_article_prints(self) -> None:
        lesson = load("mazur")
        start = lesson.parameters()
        Z1 = start["W1"] @ lesson.data.X + start["b1"]
        A1 = sigmoid(Z1)
        A2 = sigmoid(start["W2"] @ A1 + start["b2"])
        L = ((A2 - lesson.data.Y) ** 2).sum() / 2
        assert f"{Z1[0, 0]:.4f}" == "0.3775"
        assert [f"{a:.9f}" for a in A1.ravel()] == ["0.593269992", "0.596884378"]
        assert [f"{a:.8f}" for a in A2.ravel()] == ["0.75136507", "0.77292847"]
        assert f"{L:.9f}" == "0.298371109"

    def test_its_biases_are_frozen(self) -> None:
        lesson = load("mazur")
        assert lesson.training.learning_rate == 0.5
        assert lesson.training.freeze == ("b1", "b2")


class TestHanKamber:
    def test_forward_gives_the_figures_that_the_book_prints(self) -> None:
        lesson = load("han-kamber")
        start = lesson.parameters()
        Z1 = start["W1"] @ lesson.data.X + start["b1"]
        A1 = sigmoid(Z1)
        A2 = sigmoid(start["W2"] @ A1 + start["b2"])
        assert [f"{z:.1f}" for z in Z1.ravel()] == ["-0.7", "0.1"]
        assert [f"{a:.3f}" for a in A1.ravel()] == ["0.332", "0.525"]
        assert f"{A2.item():.3f}" == "0.474"
        assert lesson.training.learning_rate == 0.9
        assert lesson.network.loss == "half_squared_error"


class TestAiByHand:
    def test_forward_gives_the_whole_numbers_of_the_sheet(self) -> None:
        lesson = load("ai-by-hand")
        p, A = lesson.parameters(), lesson.data.X
        Z = []
        for layer in (1, 2, 3):
            Z.append(p[f"W{layer}"] @ A + p[f"b{layer}"])
            A = np.maximum(0, Z[-1])
        assert Z[0].tolist() == [[2, 1], [4, 3], [1, -2]]
        assert Z[1].tolist() == [[-1, -2], [4, 4], [6, 4], [1, 2]]
        assert Z[2].tolist() == [[-3, 1], [2, 2], [2, 0]]

    def test_both_examples_are_one_batch_whose_losses_are_summed(self) -> None:
        training = load("ai-by-hand").training
        assert (training.batch, training.reduction, training.learning_rate) == (2, "sum", 0.1)
