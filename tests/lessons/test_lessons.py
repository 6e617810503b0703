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
    def test_its_biases_are_frozen(self) -> None:
        lesson = load("mazur")
        assert lesson.training.learning_rate == 0.5
        assert lesson.training.freeze == ("b1", "b2")


class TestHanKamber:
    def test_is_trained_as_in_the_book(self) -> None:
        lesson = load("han-kamber")
        assert lesson.training.learning_rate == 0.9
        assert lesson.network.loss == "half_squared_error"


class TestAiByHand:
    def test_both_examples_are_one_batch_whose_losses_are_summed(self) -> None:
        training = load("ai-by-hand").training
        assert (training.batch, training.reduction, training.learning_rate) == (2, "sum", 0.1)


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
        bounds = {name: {p.within for p in load(name).published} for name in lessons.NAMES}
        assert bounds == {
            "article": set(),
            "han-kamber": {1e-4},
            "mazur": {None},
            "ai-by-hand": {None},
        }

    def test_what_is_known_wrong_is_stated_with_what_is_right(self) -> None:
        for name in lessons.NAMES:
            for published in load(name).published:
                assert all(wrong.correct for wrong in published.known_wrong)
