"""Stepping in words, as a specification: what is typed, and what is said."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backprop_tui import lessons
from backprop_tui.files.codes import experiment_of
from backprop_tui.files.experiment_file import load, read_experiment
from backprop_tui.learn.questions import QuestionOutcome
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.notes import Question
from backprop_tui.model.saved import Level, Saved
from backprop_tui.run.timeline import Position
from backprop_tui.session.commands import BY_LETTER, BY_WORDS, COMMANDS, find
from backprop_tui.session.opening import last_words
from backprop_tui.session.saving import code_of
from backprop_tui.session.session import Session
from tests.formulas import NAMES, program_file, unused
from tests.plain.session import Typed


class TestMoving:
    def test_it_begins_with_what_the_experiment_is(self) -> None:
        told = Typed("article").told
        assert told[0] == "article: The article's network."
        assert told[-2:] == [
            "Start of iteration 1: nothing is computed yet.",
            "Next, or an empty line, takes the next step; help tells what can be typed.",
        ]

    def test_a_step_is_said_in_words_and_number_by_number(self) -> None:
        assert Typed("article")("goto 1", "step 8", "goto dW2") == [
            "Step 8 of 17, backward, layer 2, iteration 1.",
            "d W 2 equals d Z 2 times A 1 transposed.",
            "dW2, 1 row, 3 columns.",
            "Column 1, minus 0.524; column 2, minus 0.122; column 3, minus 0.250.",
            "W2 row i column j multiplies A1 j: dW2 row i column j equals dZ2 i times A1 j. "
            "(One example: no 1 over m.)",
            "Note: Each entry is dZ2 times the activation that its weight is multiplied by.",
        ]

    def test_the_loss_over_one_weight_is_said_with_its_slope_and_its_values_before(self) -> None:
        told = Typed("xor")("goto 3", "goto b2", "loss over W2[1,3]")
        assert told[0] == "J when only W2 row 1 column 3 changes, in iteration 3:"
        now = next(line for line in told if "its value now" in line)
        assert now == "At minus 0.605, its value now, J is 0.728."
        assert len(told) == 9
        assert told[6:8] == [
            "The slope there is dW2 row 1 column 3: minus 0.005.",
            "This iteration's update makes it minus 0.596.",
        ]
        assert told[8].startswith("Before: iteration 1, minus 0.900, J 0.963; iteration 2, ")
        assert told[8].endswith(" The other numbers changed too.")

    def test_without_biases_none_is_said(self) -> None:
        article = load("article")
        network = replace(article.dense, bias=False)
        typed = Typed(replace(article, network=network, notes=()))
        assert typed("next")[1] == "Z 1 equals W 1 times X."
        steps = 17 - 2 - 2  # without db2, db1 and their updates
        typed(*["why", "next"] * (steps - 1))
        assert f"Step {steps} of {steps}, update, layer 2, iteration 1." in typed.told
        assert not re.search(r"\bbias|\bd? ?b ?[12]\b", " ".join(typed.told))

    def test_the_factor_of_a_penalty_is_lambda_2_in_formulas_and_in_sentences(self) -> None:
        article = load("article")
        typed = Typed(replace(article, training=replace(article.training, l2=0.5)))
        assert typed("goto dW2")[1] == (
            "d W 2 equals d Z 2 times A 1 transposed plus lambda 2 times W 2."
        )
        assert "J adds lambda 2 times W2 to the gradient of L." in typed("why")

    def test_the_gradient_of_the_input_is_a_step(self) -> None:
        article = load("article")
        typed = Typed(replace(article, training=replace(article.training, input_gradient=True)))
        said = typed("goto dX")
        assert said[0] == "Step 14 of 18, backward, iteration 1."
        assert said[1] == "d X equals W 1 transposed times d Z 1."

    def test_an_empty_line_a_letter_and_the_word_go_on(self) -> None:
        for line in ("", "  ", "n", "next", "NEXT"):
            assert Typed("article")(line)[0] == "Step 1 of 17, forward, layer 1, iteration 1."

    def test_back_is_exact(self) -> None:
        typed = Typed("article")
        first = typed("next")
        assert typed("next", "back") == first
        assert typed("back")[-1] == "Start of iteration 1: nothing is computed yet."
        assert typed.one("back") == "This is the start."

    def test_one_element_at_a_time(self) -> None:
        typed = Typed("article")
        assert typed("goto dZ2", "into", "into")[1:] == [
            "Element 2 of 3.",
            "d W 2 row 1 column 2 equals d Z 2 row 1 column 1 times A 1 row 2 column 1.",
            "In numbers: minus 0.641 times 0.190.",
            "It is minus 0.122.",
        ]
        assert typed("show")[-1] == (
            "Column 1, minus 0.524; column 2, minus 0.122; column 3, not computed yet."
        )
        assert typed("out")[0] == "Step 8 of 17, backward, layer 2, iteration 1."
        assert typed.one("out") == "No operation is open: into opens the next one."

    @pytest.mark.parametrize(
        ("line", "position"),
        [
            ("phase", Position(1, 4)),
            ("goto 3", Position(3, 1)),
            ("goto loss < 0.3", Position(5, 5)),
            ("goto loss is less than 0.3", Position(5, 5)),
            ("goto loss at most 0.3", Position(5, 5)),
            ("go to epoch 2", Position(2, 1)),
            ("iteration", Position(2, 0)),
        ],
    )
    def test_ways_to_go(self, line: str, position: Position) -> None:
        typed = Typed("article")
        typed(line)
        assert typed.session.position == position

    @pytest.mark.parametrize("line", ["goto banana", "goto", "goto W1 @"])
    def test_where_nothing_is_it_is_said_where_one_may_go(self, line: str) -> None:
        said = Typed("article").one(line)
        assert said.endswith("Go to 500, epoch 2, step 3, dW1, end, or loss is less than 0.01.")

    def test_what_was_said_is_said_again(self) -> None:
        typed = Typed("article", ask="vote")
        asked = typed("goto dA1", "next")
        assert typed("where", "again") == asked
        told = typed("next")
        assert (
            typed("repeat") == told[told.index("Step 11 of 17, backward, layer 1, iteration 1.") :]
        )

    def test_where(self) -> None:
        assert Typed("article")("phase", "where") == [
            "Step 4 of 17, forward, layer 2, iteration 1.",
            "Iteration 1, example 1 of 1.",
            "Next comes L, step 5, loss.",
        ]

    def test_the_losses_so_far(self) -> None:
        typed = Typed("article")
        assert typed.one("loss") == "No loss is known yet: go on to the step L."
        assert typed.one("goto L", "loss") == ("Only one loss so far (L 1.026). A curve needs two.")
        assert typed("goto 3", "l") == [
            "L over iterations 1 to 3: it began at 1.026.",
            "It is now 0.474, in iteration 3.",
            "The lowest was 0.474, in iteration 3.",
            "On the way: iteration 1, 1.026; iteration 2, 0.673; iteration 3, 0.474.",
        ]

    def test_how_far_a_long_search_has_come_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("backprop_tui.session.session.AT_ONCE", 0.0)
        monkeypatch.setattr("backprop_tui.plain.face.PATIENCE", 1e-6)
        told = Typed("article")("goto loss < 0.0005")
        searched = "L is less than 0.0005: not by iteration 1,024 so far; control C stops."
        assert told[0] == searched
        assert told[1].startswith("L is less than 0.0005 first holds in iteration 1,")

    def test_why_training_is_stuck_is_told_where_an_epoch_ends(self) -> None:
        flat = load("xor", {"layers": "2,1", "activations": "sigmoid", "seed": "1"})
        assert Typed(flat)("goto 400", "goto end")[-1].startswith(
            "J hardly falls any more (0.693147): every gradient is "
        )

    def test_a_run_that_diverges_says_where_it_ends(self) -> None:
        typed = Typed("too-large")
        told = typed("edit alpha 1e300", "goto 9999")
        assert told[0].startswith("The run diverges in iteration ")
        assert told[-1].endswith("and ends here; back goes back.")
        assert typed.one("next") == "The run has diverged and ends here: back goes back."


class TestLooking:
    def test_why_a_number_is_what_it_is(self) -> None:
        assert Typed("article")("goto dW2", "why dW2[1,2]") == [
            "d W 2 equals d Z 2 times A 1 transposed.",
            "Shapes: 1 by 3 equals 1 by 1 times 3 by 1 transposed.",
            "d W 2 row 1 column 2 equals d Z 2 row 1 column 1 times A 1 row 2 column 1.",
            "In numbers: minus 0.641 times 0.190.",
            "It is minus 0.122.",
            "W2 row i column j multiplies A1 j: dW2 row i column j equals dZ2 i times A1 j. "
            "(One example: no 1 over m.)",
            "It reads: dZ2 row 1 column 1, minus 0.641; A1 row 2 column 1, 0.190.",
            "This number is used in W2 row 1 column 2.",
        ]

    def test_formulas_are_given_as_they_are_wanted(self) -> None:
        typed = Typed("article")
        typed("goto dW2")
        assert typed.one("formulas text") == "Formulas are given as text."
        assert typed("again")[1] == "dW2 = dZ2 · A1ᵀ"
        assert typed("why")[:4] == [
            "dW2 = dZ2 · A1ᵀ",
            "Shapes: (1×3) = (1×1) · (3×1)ᵀ",
            "dW2[1,1] = dZ2[1,1] · A1[1,1]",
            "= −0.641 × 0.818",
        ]
        assert typed.one("formulas") == "Formulas are given as text and in words."
        assert typed("again")[1:3] == [
            "As text: dW2 = dZ2 · A1ᵀ",
            "In words: d W 2 equals d Z 2 times A 1 transposed.",
        ]
        assert typed.one("formulas in words") == "Formulas are given in words."
        assert typed.one("formulas aloud").endswith("say formulas words, text or both.")

    def test_formulas_and_shapes_are_said_alike(self) -> None:
        formula, shapes, *_ = Typed("mazur")("goto L", "why")
        assert formula.startswith("L equals column sums of ")
        assert shapes == "Shapes: 1 by 1 equals column sums of 2 by 1 divided by 2."

    def test_of_arithmetic_that_simplifies_the_long_lines_are_not_said(self) -> None:
        said = [line for line in Typed("softmax")("goto A2", "why") if "In numbers" in line]
        assert said == [
            "In numbers: exp of 0.000 divided by open parenthesis exp of 0.000 plus exp of minus "
            "0.790 plus exp of minus 0.589 close parenthesis."
        ]

    def test_another_way_to_the_same_number_is_a_sentence(self) -> None:
        assert (
            "The chain rule gives the same: dA2 row 1 column 1 times derivative of sigma at Z2 row "
            "1 column 1 equals minus 2.789 times 0.230."
        ) in Typed("article")("goto dZ2", "why")

    @pytest.mark.parametrize(
        "cell", ["dW2[1,2]", "dw2[1, 2]", "dW2 1 2", "d W 2 row 1 column 2", "dW2 row 1, column 2"]
    )
    def test_a_cell_is_read_as_it_is_written_and_as_it_is_said(self, cell: str) -> None:
        typed = Typed("article")
        typed("goto dW2")
        assert typed(f"why {cell}") == typed("inspect dW2[1,2]") == typed(f"show {cell}")

    def test_what_was_given_says_so(self) -> None:
        assert Typed("mazur")("why W1[1,2]")[:2] == [
            "W1 row 1 column 2 is 0.200.",
            "Initial value, set in the experiment file.",
        ]

    def test_what_is_not_computed_yet_has_no_number(self) -> None:
        typed = Typed("article")
        assert typed("show dW1") == [
            "dW1, 3 rows, 3 columns.",
            "dW1 is not computed yet: step 12 computes it.",
        ]
        assert "dW1 is not computed yet: step 12 computes it." in typed("why dW1[1,1]")
        assert typed.one("chain dW1[1,1]") == "dW1 is not computed yet: step 12 computes it."

    def test_of_a_single_row_or_column_the_other_is_said_and_a_number_is_just_said(self) -> None:
        typed = Typed("mazur")
        assert typed("show X") == ["X, 2 rows, 1 column.", "Row 1: 0.050.", "Row 2: 0.100."]
        assert typed("goto L", "show") == ["L is 0.298."]
        assert Typed("batch")("goto L", "show")[1].startswith("Column 1, 0.507; column 2, 0.681;")

    def test_a_row_of_a_matrix(self) -> None:
        typed = Typed("mazur")
        assert typed("show W1 row 2")[1:] == ["Row 2: column 1, 0.250; column 2, 0.300."]
        assert typed("show w1 row 2") == typed("show W1 row 2")  # capitals aside
        assert typed.one("show W1 row 3") == "There is no W1 row 3: it has the rows 1 to 2."

    def test_of_a_large_matrix_it_is_said_how_it_is_read(self) -> None:
        layers = {"layers": "30,40,1", "x": ",".join(["1"] * 30), "y": "1"}
        typed = Typed(load("article", layers))
        assert typed("next")[3] == "That is 40 numbers: show Z1 reads them."
        assert len(typed("show Z1")) == 41
        asked = typed("show W1")
        assert asked[1] == "That is 1,200 numbers: show W1 row 1 reads one row of them."
        assert typed("show W1 row 40")[1].startswith("Row 40: column 1, ")
        told = typed("goto dW2")
        assert told[3] == "Its first 24 numbers:"
        assert told[4].startswith("Column 1, ")
        assert "column 24, " in told[4]
        assert "column 25" not in told[4]
        (reads,) = (line for line in typed("why Z1[1,1]") if line.startswith("It reads: "))
        assert reads.endswith("; and 49 more.")

    def test_what_an_update_has_outdated_says_so(self) -> None:
        typed = Typed("article")
        outdated = "It belongs to the parameters as they were before this update."
        assert outdated not in typed("goto db1", "show A2")
        assert typed("goto W2", "show A2") == ["A2 is 0.359.", outdated]
        assert typed("show dW2")[1] == outdated
        assert outdated not in typed("show W2")

    def test_a_batch_says_what_columns_are(self) -> None:
        assert Typed("batch")("show X")[0] == "X, 2 rows, 4 columns; each column is an example."

    def test_what_examples_are_taken_for(self) -> None:
        told = Typed("xor")("goto A2")
        assert "Example 1: predicted 0, target 0, correct." in told
        assert any(line.endswith(" of 4 are correct.") for line in told)

    def test_printed_figures(self) -> None:
        told = Typed("mazur")("goto A1", "why")
        assert any(line.startswith("Printed in ") and "agrees" in line for line in told)

    def test_before_the_first_iteration_an_accumulated_gradient_has_no_paths(self) -> None:
        typed = Typed(load("article", {"mistake": "gradient-accumulated"}))
        assert typed.one("chain dW2[1,1]") == "dW2 is not computed yet: step 8 computes it."

    def test_a_figure_that_is_wrong_is_said_with_what_may_be_meant(self) -> None:
        figures = '[[published]]\nsource = "A"\nW1 = [["0.4", "0.6"]]'
        source = lessons.text("neuron").partition("[[notes")[0] + figures
        told = Typed(read_experiment(source, "printed", "printed.toml"))("goto W1", "why W1[1,1]")
        at = told.index("Printed in A: 0.4, which is wrong.")
        meant = "W1 is meant after the update. "
        assert told[at + 1].startswith(meant)
        assert told[at + 1].endswith("means the value before it, which is as printed.")

    def test_a_figure_that_is_known_to_be_wrong_is_said_with_the_correct_value(self) -> None:
        told = Typed("ai-by-hand")("goto dZ2", "why dZ2[1,1]")
        at = next(k for k, line in enumerate(told) if line.startswith("Printed in "))
        ends = ": 0.0033576616265025283, known to be wrong; the correct value is 0."
        assert told[at].endswith(ends)
        assert told[at + 1].startswith("The sheet leaves out ReLU's derivative in layer 2: ")

    def test_the_chain_rule_path_by_path(self) -> None:
        told = Typed("mazur")("goto dW1", "chain dW1[1,1]")
        assert told[0] == "dW1 row 1 column 1: 2 paths lead to the loss."
        assert told[-1] == (
            "The sum of all is 4.39 e minus 4, the value of the backward pass, from numbers that "
            "are not rounded."
        )

    def test_paths_that_bring_nothing_are_not_spelled_out(self) -> None:
        shut = Typed("dead-relu")("goto dW1", "chain dW1[1,1]")
        assert shut[2:] == [
            "ReLU is shut here: derivative of relu at Z 1 row 1 column 1 is 0, so the path is 0.",
            "The sum of all is 0.000, the value of the backward pass.",
        ]
        layers = {"layers": "2,2,10", "activations": "relu,softmax", "loss": "cross_entropy"}
        layers |= {"x": "0,1", "y": "1,0,0,0,0,0,0,0,0,0"}
        told = Typed(load("article", layers))("goto dW1", "chain dW1[1,1]")
        assert told[0] == "dW1 row 1 column 1: 100 paths lead to the loss."
        assert told[2] == "X row 1 column 1 is 0, so every path is 0."

    def test_of_many_paths_the_largest_are_told_and_the_sum_of_the_others(self) -> None:
        layers = {"layers": "2,2,6,1", "activations": "tanh,tanh,sigmoid"}
        typed = Typed(load("article", {**layers, "x": "0.5,1", "y": "1"}))
        told = typed("goto dA1", "chain dA1[1,1]")
        assert told[0] == "dA1 row 1 column 1: 6 paths lead to the loss."
        assert sum(line.startswith("In numbers: ") for line in told) == 5
        value = typed.session.view.value
        A2, dZ3, W3, W2 = (np.asarray(value(s)) for s in ("A2", "dZ3", "W3", "W2"))
        paths = W2[:, 0] * (1 - A2[:, 0] ** 2) * W3[0] * dZ3[0, 0]
        smallest = f"{paths[np.abs(paths).argmin()]:.3f}".replace("-", "minus ")
        assert told[-2] == f"And 1 smaller path, which brings {smallest}."

    def test_a_derivation_is_told_a_line_at_a_time(self) -> None:
        typed = Typed("article")
        assert typed("goto dZ2", "derive") == [
            "Derived: d Z 2 equals d L by d Z 2.",
            "d L by d Z 2 equals d L by d A 2 times, element by element, d A 2 by d Z 2: chain "
            "rule: L uses Z2 through A2.",
            "5 more lines: next tells one, derive all the rest.",
        ]
        assert typed("") == [
            "Equals d A 2 times, element by element, derivative of sigma at Z 2: dA2 is step 6."
        ]
        told = typed("derive all")
        assert told[3] == "Equals A 2 minus Y: multiply out."
        assert "dZ2 is minus 0.641." in told  # the step that the lines lead to
        assert typed("derive all") == ["Every line is on the blackboard."]
        again = typed("next")
        assert again[0] == "Step 8 of 17, backward, layer 2, iteration 1."
        assert again[1] == "Derived, one element: d W 2 equals d L by d W 2."
        assert typed("derive off") == ["The blackboard is closed: each next is a step again."]
        assert typed("derive X") == ["X is given: it has no derivation."]
        elements = typed("goto dW1", "derive", "derive all")
        assert any("1 where k is i, otherwise 0: derivative of" in line for line in elements)

    def test_what_is_derived_already_is_told_again_where_it_is_named(self) -> None:
        typed = Typed("article")
        assert typed("goto dZ2", "derive dZ2") == typed("derive dZ2")
        assert typed("derive X") == ["X is given: it has no derivation."]

    def test_lines_are_told_as_formulas_are_wanted_and_taken_back(self) -> None:
        typed = Typed("article")
        text = "= dA2 ∘ σ′(Z2)   (dA2 is step 6)"
        said = "Equals d A 2 times, element by element, derivative of sigma at Z 2: dA2 is step 6."
        assert typed("goto dZ2", "derive", "formulas text", "next") == [text]
        assert typed("next", "formulas both", "back") == [text, said]

    def test_a_blackboard_that_was_saved_is_told_at_the_start(self) -> None:
        """Opened on a screen, where enter leads into a line and tab to other forms."""
        at = Session(load("softmax"))
        at.go(Position(1, 7))
        at.levels = Level("dZ2", "elements", 3, 3), Level("A2", "matrices", 5)
        typed = Typed(experiment_of(code_of(at)))
        assert typed.told[1] == "Derived: d A 2 row k by d Z 2 row i."
        assert typed.told[-3:-1] == [
            "k equals i: A 2 row i times open parenthesis 1 minus A 2 row i close parenthesis.",
            "k is not i: minus A 2 row k times A 2 row i.",
        ]
        out = typed("back", "back", "back", "back", "back")
        assert out[0] == "Derived, one element: d Z 2 equals d L by d Z 2."

    def test_the_gradient_check(self) -> None:
        typed = Typed("article")
        assert typed.one("check") == (
            "No gradient is computed yet in this iteration: go on to the backward phase."
        )
        told = typed("goto dZ2", "check")
        assert [line.split(";")[0] for line in told[1:]] == ["dA2: agrees", "dZ2: agrees"]
        assert all(line.endswith("; the difference is less than 1 e minus 9.") for line in told[1:])

    def test_what_the_gradient_check_cannot_tell_says_why(self) -> None:
        source = lessons.text("neuron").partition("[[notes")[0] + "\n[given]\nZ1 = [[0.4]]"
        told = Typed(read_experiment(source, "given", "given.toml"))("goto dW1", "check")
        assert told[-1] == "dW1: cannot be told: Z1 is given."

    def test_decimals(self) -> None:
        typed = Typed("mazur")
        assert typed.one("decimals 5") == "Numbers have 5 decimals."
        assert typed("show b1")[1] == "Row 1: 0.35000."
        assert typed.one("fewer decimals") == "Numbers have 4 decimals."
        assert typed.one("decimals 13") == "Decimals are a whole number from 0 to 12."

    def test_notes(self) -> None:
        typed = Typed("article")
        assert typed("next", "notes")[-1].startswith("Note: Each row of W1 is one neuron")
        assert all(line.startswith("Note: ") for line in typed("notes"))
        none = "There is no note at this step: about tells what all of it is about."
        assert typed.one("goto b1", "notes") == none
        assert typed("about")[0] == "article: The article's network."

    def test_notes_rest_while_a_mistake_is_made_and_that_is_said(self) -> None:
        typed = Typed("ai-by-hand")
        told = typed("goto A3", "mistake gate-skipped")
        assert told[1].endswith("Until then, the lesson's notes and questions are not shown.")
        assert typed.one("notes").startswith("Notes rest while a mistake is made")

    def test_what_speaks_of_one_iteration_rests_where_its_numbers_were_edited(self) -> None:
        one = "Note: One entry has a different sign. Which weight of W2 causes it?"
        assert one in Typed("article")("goto dA1")
        typed = Typed("article", ask="lesson")
        told = typed("edit W2[1,1] 0.9", "goto dA1")
        assert one not in told
        assert told[-1].startswith("Note: The error goes back")
        assert typed("next")[0].startswith("Step 11")


class TestAsking:
    def test_under_a_mistake_no_wrong_number_is_called_correct(self) -> None:
        typed = Typed("article", ask="lesson")
        typed("mistake derivative-at-a", "goto dA1")
        assert typed("next")[0].startswith("Step 11")
        assert typed("ask type")[0].endswith("They rest while a mistake is made.")
        assert typed("next")[0].startswith("Step 12")

    def test_a_talk_is_asked_and_shown(self) -> None:
        typed = Typed("article", ask="lesson")
        assert typed("goto dZ2", "next") == [
            "Question 1, before step 8.",
            "Which weight of W2 will change the most? Look at A1.",
            "Discuss it with your neighbour; next shows it.",
        ]
        told = typed("next")
        assert told[0].startswith("The first: all three share dZ2")
        assert told[1] == "Step 8 of 17, backward, layer 2, iteration 1."

    def test_a_vote(self) -> None:
        typed = Typed("article", ask="lesson")
        asked = typed("goto dA1", "next")
        assert asked[2] == "What is dZ1 row 1 column 1?"
        right = next(line for line in asked if line.endswith(": 0.038."))[0]
        wrong = "1" if right != "1" else "2"
        told = typed(wrong)
        assert "is not correct. " in told[0]
        assert typed.one("7") == "The choices are 1 to 4."
        told = typed(right)
        assert told[0] == "0.0383 is correct, at try 2." or told[0] == "0.038 is correct, at try 2."

    def test_three_misses_show_it(self) -> None:
        typed = Typed("mazur", ask="type")
        typed("next")
        assert (
            typed("5")[0] == "5 is not correct, and not one of the common mistakes. "
            "Compute it part by part."
        )
        assert typed("0.0075", "0.02")[1] == (
            "Now: Z1 row 1 column 1 equals 0.007 plus 0.020 plus 0.350."
        )
        assert not any("Hint" in line for line in typed("6"))
        third = typed("7")
        assert third[1:4] == [
            "Z1 row 1 column 1 is 0.378.",
            "W1 row 1 column 1 times X row 1 column 1 equals 0.007.",
            "W1 row 1 column 2 times X row 2 column 1 equals 0.020.",
        ]
        assert third[4] == "Step 1 of 15, forward, layer 1, iteration 1."

    def test_a_number_without_a_name_leads_into_the_parts_of_the_step(self) -> None:
        typed = Typed("mazur", ask="type")
        typed("next")
        told = typed("5")
        assert told[1:3] == [
            "Question 1, part 1 of 2, before step 1.",
            "First: W1 row 1 column 1 times X row 1 column 1 equals?",
        ]
        assert typed("0.0075")[0] == "0.0075 is correct."
        assert typed("hint") == [
            "Hint: W1 row 1 column 2 times X row 2 column 1 equals 0.200 times 0.100."
        ]
        assert typed("0.378")[0] == "0.378 is correct, at try 2, part by part."

    @pytest.mark.parametrize("answer", ["0.378", "0,378", "0.15*0.05+0.2*0.1+0.35"])
    def test_typed_answers(self, answer: str) -> None:
        typed = Typed("mazur", ask="type")
        typed("next")
        assert typed(answer)[0].endswith("is correct, at the first try.")

    def test_a_sign_is_half_of_the_answer(self) -> None:
        typed = Typed("mazur", ask="type")
        assert typed.one("next", "plus") == "The sign is correct. Now its size."
        assert typed("minus")[0].startswith("Not correct. It is not negative")

    def test_a_formula_that_is_asked_for_is_judged(self) -> None:
        question = Question("dW2", 1, "formula", "How does W2 move the loss?", answer="By A1.")
        typed = Typed(replace(load("article"), questions=(question,)), ask="lesson")
        assert typed("goto dZ2", "next")[1] == "How does W2 move the loss?"
        assert typed("A1 @ dZ2")[0].startswith("Not correct. ")
        assert typed("hint")[0].startswith("The result has shape 1 by 3. Use ")
        told = typed("write dZ2 @ A1.T")
        assert told[0] == "dZ2 @ A1.T is correct, at try 2, with a hint."
        assert "By A1." in told
        assert "Step 8 of 17, backward, layer 2, iteration 1." in told

    def test_two_questions_at_a_step_are_asked_one_behind_the_other(self) -> None:
        questions = tuple(
            Question("dW2", 1, "talk", f"{n}?", answer=f"{n}.") for n in ("1st", "2nd")
        )
        typed = Typed(replace(load("article"), questions=questions), ask="lesson")
        assert typed("goto dZ2", "next")[1] == "1st?"
        told = typed("next")
        assert (told[0], told[2]) == ("1st.", "2nd?")
        assert typed("next")[:2] == ["2nd.", "Step 8 of 17, backward, layer 2, iteration 1."]

    def test_what_is_asked_for_is_not_told(self) -> None:
        typed = Typed("article", ask="vote")
        typed("goto dA1", "next")
        for line in ("show dZ1", "why dZ1[1,1]", "notes", "where"):
            assert not any("0.038" in told for told in typed(line))

    def test_a_hint_is_the_formula_then_the_numbers(self) -> None:
        typed = Typed("mazur", ask="type")
        typed("next")
        assert typed("hint") == ["Hint: Z 1 equals W 1 times X plus b 1."]
        assert typed("?")[-1].startswith("Z1 row 1 column 1 equals 0.150 times 0.050 plus")
        assert typed("?")[0].startswith("What can be typed")  # there are no more
        assert typed.one("hint") == "There is no other hint: next shows the answer."

    def test_the_hint_for_a_rule_is_the_line_that_it_leads_to_and_the_only_one(self) -> None:
        typed = Typed("mazur", ask="vote")
        typed("goto dZ2", "derive", "next")
        line = "equals d A 2 times, element by element, derivative of sigma at Z 2"
        assert typed.one("hint") == f"Hint: the next line {line}."
        assert typed.one("hint") == "There is no other hint: next shows the answer."
        told = typed("next")
        assert told[:2] == [
            "4 is correct: dA2 is step 6.",
            f"E{line[1:]}: dA2 is step 6.",
        ]
        assert told[2] == "Step 7 of 15, backward, layer 2, iteration 1."
        assert len(told) == len(set(told))

    def test_a_line_that_is_asked_for_is_answered_by_a_line(self) -> None:
        typed = Typed("mazur", ask="type")
        told = typed("goto dZ2", "derive", "next")
        assert told[-1] == "Answer with the line; hint gives a hint, next shows it."

    def test_a_talk_has_the_numbers_for_a_second_hint(self) -> None:
        typed = Typed("article", ask="lesson")
        typed("goto dZ2", "next", "hint")
        numbers = "dW2 row 1 column 1 equals minus 0.641 times 0.818."
        assert typed("hint") == ["Hint: d W 2 equals d Z 2 times A 1 transposed.", numbers]

    @pytest.mark.parametrize("shows", ["", "next", "show"])
    def test_next_and_show_show_it_and_it_counts_as_seen(self, shows: str) -> None:
        typed = Typed("mazur", ask="type")
        typed("next")
        assert typed(shows)[0] == "Z1 row 1 column 1 is 0.378."
        assert typed.session.score is not None
        assert [a.outcome for a in typed.session.score.answered] == [QuestionOutcome.SEEN]

    def test_an_answer_to_nothing(self) -> None:
        for line in ("2", "−0.5", "bigger"):
            assert Typed("mazur").one(line) == "No question is open: ask turns questions on."

    def test_an_answer_too_early(self) -> None:
        typed = Typed("mazur")
        typed("ask type")
        assert typed.one("0.5") == "No question is open at this step."

    def test_what_its_author_asks_is_not_asked_twice(self) -> None:
        asked = Typed("batch", ask="lesson")("goto dW2", "next")
        assert asked[1].endswith(" What is db2?")
        assert asked[2].startswith("Answer with a number")

    def test_a_number_for_a_vote_is_told_how_one_votes(self) -> None:
        typed = Typed("article", ask="vote")
        typed("goto dA1", "next")
        for line in ("0.5", "up", "minus"):
            assert typed.one(line).startswith("It is a vote. Type 1 to 4, the number of a choice;")

    def test_a_number_for_a_talk_is_told_how_one_answers(self) -> None:
        typed = Typed("article", ask="lesson")
        typed("goto dZ2", "next")
        assert typed.one("0.5").startswith("It asks for no number. Discuss it")

    @pytest.mark.parametrize("ask", ["vote", "type"])
    def test_another_cell_of_the_step_is_asked_for_by_its_name(self, ask: str) -> None:
        typed = Typed("mazur", ask=ask)
        typed("goto dZ2", "next")
        assert "What is dW2 row 2 column 1?" in typed("dW2[2,1]")
        assert "What is dW2 row 1 column 2?" in typed("dW2 row 1 column 2")
        other = typed.one("A1[2,1]")
        assert other.startswith("A1 row 2 column 1 is not asked for: the question is about dW2.")
        assert typed.one("dW2[3,1]").startswith("There is no dW2 row 3 column 1: ")

    def test_what_is_no_number_is_told_what_would_be(self) -> None:
        typed = Typed("mazur", ask="type")
        said = typed.one("next", "foo")
        assert said.startswith("Type numbers only, not foo. Answer with a number")

    def test_up_and_down_are_offered_where_there_is_an_earlier_value(self) -> None:
        offered = "Or type up or down: will it be bigger or smaller than it was before?"
        typed = Typed("mazur", ask="type")
        assert offered not in typed("next")
        assert typed.one("up").startswith("There is no earlier value to compare with: ")
        assert offered in typed("iteration 2", "back", "next")

    def test_when_it_asks(self) -> None:
        typed = Typed("neuron")
        assert typed("ask vote")[0] == "Questions before every step: vote."
        assert typed.one("ask me off") == "It asks nothing."
        assert typed("ask typed")[0] == "Questions before every step: type the answer."
        assert typed("ask les")[0].startswith("It asks what the lesson asks")
        assert typed.one("ask vore") == (
            "There is no ask vore: did you mean ask vote? It asks by lesson, vote, type, off."
        )


class TestChanging:
    def test_an_edit_says_what_becomes_of_the_loss(self) -> None:
        typed = Typed("article")
        assert typed("goto L", "edit W1[1,2] 0.5") == [
            "W1 row 1 column 2 equals 0.500: L goes from 1.026 to 1.015. undo undoes it.",
        ]
        assert "column 2, 0.500, edited" in " ".join(typed("show W1"))
        assert typed("why A1[1,1]")[-2] == ("Before the last change it was 0.818, now it is 0.777.")
        undone = "the edit W1 row 1 column 2 equals 0.500."
        assert typed.one("undo") == f"Undone: {undone} Nothing more to undo."
        assert typed("goto L")[2] == "L is 0.673."  # of the next iteration
        assert typed.one("redo") == f"Redone: {undone} Nothing more to redo."

    def test_of_the_values_that_a_parameter_had_those_that_were_edited_are_told(self) -> None:
        typed = Typed("article")
        typed("edit W1[1,2] 2", "goto 2", "edit W1[1,2] 0.5")
        told = " ".join(typed("goto 2", "why W1[1,2]"))
        assert "Its initial value was 2.000, edited; after iteration 1, 0.500, edited" in told

    def test_an_edit_of_what_is_updated_already_says_where_one_stands(self) -> None:
        typed = Typed("article")
        told = typed("goto W1", "edit W1[1,2] 0.5")
        assert " from iteration 2 on: L goes from 0.673 to 0.670." in told[0]

    def test_undo_says_what_is_undone(self) -> None:
        typed = Typed("article")
        typed("goto dZ2", "write dZ2 @ A1.T", "mistake sign-flipped", "new weights")
        for undone in ("other weights", "the mistake sign-flipped", "your dW2"):
            assert typed.one("undo").startswith(f"Undone: {undone}. ")
        assert typed.one("undo") == "There is nothing to undo."

    @pytest.mark.parametrize(
        "line", ["edit alpha 0.1", "edit α = 0,1", "e alpha to 1/10", "EDIT alpha 0.1"]
    )
    def test_alpha(self, line: str) -> None:
        typed = Typed("article")
        assert typed(line)[0].startswith("Alpha equals 0.100: L in iteration 2 goes from")
        assert typed.one("show alpha") == "Alpha is 0.1, the learning rate."

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("edit", "Say what to edit and its value"),
            ("edit W1 0.5", "W1 has 9 numbers."),
            ("edit W1[4,4] 0.5", "There is no W1 row 4 column 4: W1 is 3 by 3"),
            ("edit dW1[1,1] 0.5", "dW1 row 1 column 1 cannot be edited"),
            ("edit W1[1,1] x", "Type numbers only, not x. Say what to edit"),
        ],
    )
    def test_what_cannot_be_edited(self, line: str, told: str) -> None:
        assert Typed("article").one(line).startswith(told)

    @pytest.mark.parametrize(
        ("lesson", "cell"), [("article", "W1 row 1 column 2"), ("attention", "Wq row 1 column 2")]
    )
    def test_what_can_is_said_with_a_number_of_this_network(self, lesson: str, cell: str) -> None:
        said = f"Say what to edit and its value: edit {cell} 0.5, or edit alpha 0.1."
        assert Typed(lesson).one("edit") == said
        assert Typed(lesson).one("edit X 1").endswith(said)

    def test_a_formula_of_ones_own(self) -> None:
        typed = Typed("article")
        typed("goto dZ2")
        wrong = "Not correct for dW2. dZ2 times A1 is 1 by 1 times 3 by 1: "
        assert typed("write dZ2 @ A1")[0].startswith(wrong)
        told = typed("write dZ2 @ A1.T")
        assert told[1] == "dW2 is yours: 1 of 17 operations so far. write writes the next."
        assert told[2] == "Step 8 of 17, backward, layer 2, iteration 1."
        assert typed("back", "write")[1].startswith("It is yours")
        assert typed.one("write taught") == "dW2 is computed as it is taught again."

    def test_a_formula_that_cannot_be_read_is_told_which_step_it_is_for(self) -> None:
        told = Typed("article")("goto A1", "write dZ2 @ A1.T")
        assert told == [
            "dZ2 is not computed yet: that is step 7, and this is step 3.",
            "Z2 may read X, Y, W1, b1, W2, b2, Z1, A1.",
        ]

    def test_a_mistake_that_changes_nothing_says_here_once(self) -> None:
        told = Typed("zeros")("mistake")
        assert any(line.endswith(" It changes nothing here: b1 and b2 are 0.") for line in told)
        assert any(line.endswith(" It is not possible in this network.") for line in told)

    def test_a_mistake_that_is_not_possible_says_so_when_it_is_chosen(self) -> None:
        told = Typed("article")("mistake transpose-forgotten")
        assert told[0].startswith("The mistake transpose-forgotten is not possible in this network")

    def test_a_mistake_is_said_all_the_time(self) -> None:
        typed = Typed("article")
        assert typed.one("mistake sign").endswith("did you mean sign-flipped?")
        typed("mistake sign flipped")
        told = typed("goto dZ2")
        assert told[1] == "Mistake: sign-flipped."
        assert "dZ2 is 0.641, wrong: the mistake is carried on." in told
        said = typed("why")
        assert "It is wrong: the mistake is carried on. The correct value is minus 0.641." in said
        assert "Carried on from dA2 (step 6), in which the mistake is made." in " ".join(said)
        typed("mistake none")
        assert typed.session.timeline.experiment.mistake is None

    def test_what_is_wrong_in_a_later_digit_is_told_apart_from_the_correct_value(self) -> None:
        typed = Typed("article")
        told = typed("decimals 1", "mistake updated-weights", "goto W1", "why W1[1,1]")
        assert "In numbers: 0.50 minus 0.5 times 0.01." in told
        assert "It is 0.49." in told
        assert any(said.endswith("The correct value is 0.48, not 0.49.") for said in told)

    def test_an_update_that_the_figures_shown_give_is_not_called_rounded(self) -> None:
        told = Typed("ai-by-hand")("goto b1", "why b1[2,1]")
        assert "In numbers: 1.000 minus 0.1 times minus 0.908." in told
        assert "It is 1.091." in told

    def test_new_weights_are_undone(self) -> None:
        typed = Typed("article")
        begun = typed.session.timeline.experiment.initial
        typed("new weights")
        assert typed.session.timeline.experiment.initial.seed != begun.seed
        typed("undo")
        assert typed.session.timeline.experiment.initial == begun


class TestKeeping:
    def test_what_was_explained_on_a_screen_changes_no_word_of_a_step(self) -> None:
        article = load("article")
        saved = replace(article, saved=Saved(1, 1))
        explained = replace(article.look, trail=((1, Cell("X", 1, 1)),))
        assert Typed(replace(saved, look=explained)).told == Typed(saved).told

    @pytest.mark.parametrize("name", ["a\0b", "a\0b.html"])
    def test_no_name_of_a_file_is_told_in_a_line(self, name: str) -> None:
        typed = Typed("article")
        assert typed.one(f"save {name}").startswith("Not saved: a\\x00b.")
        assert typed.one(f"open ./{name}").startswith("Not opened: ")

    def test_saved_it_opens_right_here(self, tmp_path: Path) -> None:
        typed, file = Typed("article"), tmp_path / "mine.toml"
        told = typed("goto dZ2", "edit alpha 0.1", f"save {tmp_path / 'mine'}")
        assert told[0].startswith("Saved")
        again = Typed(str(file)).session
        assert again.position == typed.session.position
        assert again.timeline.experiment.edits == typed.session.timeline.experiment.edits
        assert last_words(typed.session).endswith(shlex.quote(str(file)))

    def test_nothing_is_replaced_unasked(self, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        file.write_text("mine")
        typed = Typed("article")
        assert typed.one(f"save {file}").startswith(f"{file} exists: ")
        assert file.read_text() == "mine"
        assert typed(f"save {file}")[0].startswith("Saved")

    def test_a_code_opens_it_too(self) -> None:
        typed = Typed("article")
        told = typed("phase", "code")
        assert told[0].startswith("The code of this state: 1")
        assert told[1].startswith("backprop-tui --plain --code 1")

    def test_lessons_are_listed_and_open_says_how(self) -> None:
        told = Typed("article")("lessons")
        assert told[0].startswith("1, neuron: One neuron, one gradient. It teaches: ")
        assert [line.split(", ")[1].split(":")[0] for line in told[:-1]] == [*lessons.NAMES]
        how = "Say a lesson's name or a file: open mazur. lessons lists them."
        assert Typed("article")("open")[0] == how

    def test_another_lesson(self) -> None:
        typed = Typed("article")
        assert typed("open mazur")[0] == "mazur: Matt Mazur's step by step example."
        assert typed.one("open mazzur").startswith('Not opened: there is no lesson "mazzur"')

    def test_unsaved_edits_are_asked_about_once(self) -> None:
        typed = Typed("article")
        typed("edit alpha 0.1")
        assert typed.one("quit") == "1 edit is not saved: save saves, quit again quits"
        assert not typed.session.ended
        typed("where")
        assert typed.one("q").startswith("1 edit is not saved")
        assert typed("q") == []
        assert typed.session.ended

    def test_last_words_come_back(self) -> None:
        typed = Typed("article")
        assert last_words(typed.session) == "backprop-tui --plain article --ask off"
        typed("next")
        assert last_words(typed.session).splitlines()[1:] == [
            "and at the same step:",
            f"backprop-tui --plain --code {code_of(typed.session)}",
        ]


class TestCommands:
    def test_every_command_that_is_typed_is_told_by_help(self) -> None:
        told = Typed("article")("help")
        for command in COMMANDS:
            for words in command.words:
                assert find(words) == (command, "")
                assert any(words in line.split(":")[0] for line in told)

    def test_what_is_typed_means_one_command(self) -> None:
        words = [each for command in COMMANDS for each in command.words]
        assert len(words) == len(set(words)) == len(BY_WORDS)
        assert not BY_LETTER.keys() & BY_WORDS.keys() - {"b"}

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("nxt", "There is no command 'nxt': did you mean next?"),
            ("gotoo 5", "There is no command 'gotoo': did you mean goto?"),
            ("zzz", "There is no command 'zzz': help lists them."),
            ("v", "The key v is one of the screen's (the next drawing: nodes and edges, the graph "
                  "of operations, the plane of two inputs), and does nothing here."),
            ("show w9", "There is no matrix 'w9': there are X, Y, W1, b1,"),
            ("goto nowhere < 1", "There is no step called \"nowhere\". Go to "),
            ("next 5", "Next is typed alone, without '5'."),
            ("phase start now", "Phase start is typed alone, without 'now'."),
        ],
    )  # fmt: skip
    def test_what_is_not_understood_is_said_and_what_was_meant(self, line: str, told: str) -> None:
        assert Typed("neuron").one(line).startswith(told)

    @pytest.mark.parametrize("begins", ["", "show ", "mistake ", "formulas ", "ask ", "help "])
    def test_of_a_long_word_its_beginning_is_repeated(self, begins: str) -> None:
        assert len(Typed("neuron").one(f"{begins}{'x' * 4000}")) < 200

    @pytest.mark.parametrize("begins", ["", "write ", "goto "])
    def test_a_line_that_nobody_types_is_not_read(self, begins: str) -> None:
        told = Typed("neuron").one(f"{begins}{'9' * 1_000_000}")
        assert told == "A line of more than 4,096 characters is not read."

    def test_a_save_that_exports_is_told_by_help(self) -> None:
        assert ".html, .md, .tex or .py exports" in Typed("article").one("help save")

    def test_help_for_one_command(self) -> None:
        assert Typed("article").one("help loss") == "loss, or l: the losses so far."


class TestEveryProgram:
    WORDS = """next|why|chain|show|where|again|notes|about|phase|check|derive all|derive off|next
        |ask vote|next|hint|1|2|3|4|ask type|next|hint|0.5|next|ask off|mistake|code|loss|goto 2
        |into|next|out|example|edit alpha 0.1|undo|formulas both|next|new weights|back""".split("|")

    @pytest.mark.parametrize("name", NAMES)
    def test_all_that_can_be_typed_is_answered(self, name: str) -> None:
        typed = Typed(program_file(name))
        for words in self.WORDS:
            assert typed(words.strip()), words

    def test_a_loss_that_reads_its_inputs_itself_has_no_predictions(self) -> None:
        source = """
            [parameters]
            W = [1, 2]
            [data]
            X = [[1.0, 0.0], [0.0, 1.0]]
            Y = [[1.0], [0.0]]
            [forward]
            L = "half_squared_error(W·X, Y)"
        """
        assert "predicted" not in " ".join(Typed(read_experiment(source, "one", "one"))("next"))

    def test_a_parameter_that_is_never_updated_is_told_at_the_start(self) -> None:
        assert "U is used by no line: it is never updated." in Typed(unused("U")).told

    def test_of_a_value_there_are_no_paths_but_a_gradient_is_named(self) -> None:
        said = Typed(program_file("rnn")).one("next", "chain")
        assert said.startswith("Only a gradient has paths to the loss: name one, such as dO ")
