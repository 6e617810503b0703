"""The experiment file: what it says, and the sentence for everything that it may not say."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backprop_tui import lessons
from backprop_tui.files import checks
from backprop_tui.files.draft import _is_whole, must_be
from backprop_tui.files.experiment_file import (
    LARGEST_FILE,
    ExperimentError,
    as_argument,
    load,
    read_experiment,
)
from backprop_tui.files.overrides import _may_fit, still_true
from backprop_tui.files.schema import bare, dotted
from backprop_tui.files.sections import EXPERIMENT, FLAGS
from backprop_tui.maths.expressions import Cell, Name
from backprop_tui.messages import listed
from backprop_tui.model.algorithm import architecture_of
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.keys import Section
from backprop_tui.model.network import Network, Training
from backprop_tui.model.notes import Note, Question, WrittenChoice
from backprop_tui.model.saved import Edit

SMALL = """
title = "Small"
[network]
layers = [2, 3, 1]
activations = ["tanh", "sigmoid"]
loss = "binary_cross_entropy"
[data]
X = [[1, 2], [3, 4]]
Y = [[0], [1]]
"""


def read(text: str, **overrides: Any) -> Experiment:
    return read_experiment(text, "small", "./small.toml", overrides)


def faults(text: str, **overrides: Any) -> list[str]:
    with pytest.raises(ExperimentError) as refusal:
        read(text, **overrides)
    return list(refusal.value.faults)


def test_as_many_parameters_as_fit_into_memory_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = sum(p.size for p in read(SMALL).parameters().values())
    monkeypatch.setattr(checks, "MOST_PARAMETERS", numbers)
    read(SMALL)
    monkeypatch.setattr(checks, "MOST_PARAMETERS", numbers - 1)
    (fault,) = faults(SMALL)
    assert fault.endswith(f"these make {numbers}")


@pytest.mark.parametrize(
    ("value", "axis", "fits"),
    [
        ([1, 2, 3], 1, (3, 1)),  # a column, where columns are examples
        ([1, 2, 3], 0, (1, 3)),
        ([[1], [2], [3]], 0, (3, 1)),
        ([[1, 2, 3]], 1, (1, 3)),
    ],
)
def test_a_list_is_a_column_or_a_row_as_the_examples_are(
    value: list[Any], axis: int, fits: tuple[int, int]
) -> None:
    assert _may_fit(value, fits, axis)
    assert not _may_fit(value, fits[::-1], axis)


@pytest.mark.parametrize("value", ["x", 5, None])
def test_what_is_no_list_is_a_fault_of_its_own(value: Any) -> None:
    assert _may_fit(value, (1, 3), 1)


def test_rows_fit_if_all_do() -> None:
    assert _may_fit([[1, 2], [3, 4]], (2, 2), 1)
    assert not _may_fit([[1, 2], [3]], (2, 2), 1)
    assert not _may_fit([[1, 2], 3], (2, 2), 1)


@pytest.mark.parametrize(
    ("entry", "of_same_data", "of_other_data"),
    [
        ("no table", True, True),
        ({"at": "L"}, True, True),
        ({"at": {"step": "L"}}, True, True),
        ({"at": {"step": "L", "iteration": 1}}, False, False),
        ({"at": "J"}, True, False),
        ({"at": {"step": "J"}}, True, False),
        ({"at": "Z1", "cell": [1, 1]}, True, False),
    ],
)
def test_what_is_said_holds_of_the_same_network_and_numbers(
    entry: Any, of_same_data: bool, of_other_data: bool
) -> None:
    assert bool(still_true([entry], True, True)) is of_same_data
    assert bool(still_true([entry], True, False)) is of_other_data
    assert still_true([entry], False, True) == []


def changed(old: str, new: str, text: str = SMALL) -> str:
    assert old in text
    return text.replace(old, new)


class TestWhatIsRead:
    def test_the_records_mirror_the_sections(self) -> None:
        e = read(
            SMALL
            + """
[training]
learning_rate = 1
batch = 2
order = "shuffled"
reduction = "sum"
freeze = ["b1"]
[initial]
seed = 7
scheme = "he"
round = 2
W2 = [[1, 2, 3]]
[[notes]]
at = "J"
text = "always"
[[notes]]
at = { iteration = 2, step = "dZ2" }
text = "once"
"""
        )
        assert (e.name, e.source, e.title, e.about) == ("small", "./small.toml", "Small", "")
        assert e.network == Network((2, 3, 1), ("tanh", "sigmoid"), "binary_cross_entropy")
        assert e.training == Training(1.0, 2, "shuffled", "sum", ("b1",))
        assert (e.initial.seed, e.initial.scheme, e.initial.round) == (7, "he", 2)
        assert e.initial.given["W2"].tolist() == [[1, 2, 3]]
        assert e.notes == (Note("J", None, ("always",)), Note("dZ2", 2, ("once",)))

    def test_what_is_left_out_has_a_default(self) -> None:
        e = read(SMALL)
        assert e.training == Training(0.5, 1, "sequential", "mean", ())
        assert (e.initial.seed, e.initial.scheme, e.initial.round) == (0, "xavier", None)

    def test_rows_of_the_file_become_columns(self) -> None:
        e = read(SMALL)
        assert e.data.X.tolist() == [[1, 3], [2, 4]]
        assert e.data.Y.tolist() == [[0, 1]]
        assert e.data.examples == 2

    def test_arrays_are_in_c_order_and_read_only(self) -> None:
        e = read(SMALL + "[initial]\nW1 = [[1, 2], [3, 4], [5, 6]]")
        for array in (e.data.X, e.data.Y, e.initial.given["W1"]):
            assert array.dtype == np.float64
            assert array.flags.c_contiguous
            assert not array.flags.writeable

    def test_a_batch_of_all_is_the_number_of_examples(self) -> None:
        assert read(SMALL + '[training]\nbatch = "all"').training.batch == 2

    def test_a_bias_may_be_a_plain_list(self) -> None:
        e = read(SMALL + "[initial]\nb1 = [1, 2, 3]")
        assert e.initial.given["b1"].tolist() == [[1], [2], [3]]

    def test_prose_may_run_over_lines(self) -> None:
        e = read('about = """\nOne\n  two.\n"""' + SMALL)
        assert e.about == "One two."

    def test_without_a_title_it_is_called_by_its_name(self) -> None:
        assert read(changed('title = "Small"', "")).title == "small"

    def test_a_logistic_regression_is_a_network(self) -> None:
        e = read(changed("[2, 3, 1]", "[2, 1]", changed('"tanh", ', "")))
        assert e.dense.depth == 1


ONE_FAULT = [  # what is written instead of what, and the whole sentence that comes of it
    (
        '"tanh", "sigmoid"',
        '"tanh", "sigmod"',
        "network.activations[2] must be one of leaky_relu, linear, relu, sigmoid, softmax, tanh; "
        'got "sigmod". Did you mean "sigmoid"?',
    ),
    (
        '"tanh", "sigmoid"',
        '"softmax", "sigmoid"',
        "network.activations[1] must be one of leaky_relu, linear, relu, sigmoid, tanh; "
        'got "softmax", which only the last layer can have',
    ),
    (
        '"tanh", "sigmoid"',
        '"tanh"',
        "network.activations must name one activation for each layer after the inputs: "
        "network.layers has 2 such layers; got 1",
    ),
    (
        "[2, 3, 1]",
        "[2, true, 1]",
        "network.layers[2] must be a whole number, 1 or more; got true",
    ),
    ("[2, 3, 1]", "[2, 0, 1]", "network.layers[2] must be a whole number, 1 or more; got 0"),
    ("[2, 3, 1]", "[2, 3.0, 1]", "network.layers[2] must be a whole number, 1 or more; got 3.0"),
    (
        "[2, 3, 1]",
        "[]",
        "network.layers must be a list of numbers of neurons, the inputs first, "
        "2 to 1000 of them; got an empty list",
    ),
    (
        "[2, 3, 1]",
        "[2, 30_000_000, 1]",
        "network.layers must make no more than 50,000,000 weights and biases; "
        "these make 120,000,001",
    ),
    (
        'loss = "binary_cross_entropy"',
        "",
        "network.loss is missing: it must be one of binary_cross_entropy, cross_entropy, "
        "half_squared_error, mean_squared_error",
    ),
    (
        'loss = "binary_cross_entropy"',
        'loss = "half_squared_error"\nlos = 1',
        'network.los is not a key of [network]. Did you mean "loss"?',
    ),
    ("[3, 4]", "[3]", "data.X[2] must have 2 values like the other rows; got 1"),
    ("[3, 4]", "[3, inf]", "data.X[2,2] must be a finite number; got inf"),
    ("[3, 4]", "[3, nan]", "data.X[2,2] must be a finite number; got nan"),
    ("[3, 4]", "[3, true]", "data.X[2,2] must be a finite number; got true"),
    ("[3, 4]", "[3, '4']", 'data.X[2,2] must be a finite number; got "4"'),
    ("[3, 4]", f"[3, {'9' * 400}]", "data.X[2,2] must be a finite number; got a number of more "),
    ("[3, 4]", "[]", "data.X[2] must be a row of numbers; got an empty list"),
    (
        "[[1, 2], [3, 4]]",
        "[1, 2]",
        "data.X must be a list of rows of numbers, like [[1, 2], [3, 4]]; "
        "got one row without its own brackets",
    ),
    (
        "[[1, 2], [3, 4]]",
        "[]",
        "data.X must be a list of rows of numbers, like [[1, 2], [3, 4]]; got an empty list",
    ),
    (
        "[[1, 2], [3, 4]]",
        "[[1, 2, 3], [3, 4, 5]]",
        "data.X has rows of 3 values, but network.layers gives 2 inputs",
    ),
    (
        "[[0], [1]]",
        "[[0, 0], [1, 1]]",
        "data.Y has rows of 2 values, but network.layers gives 1 output",
    ),
    (
        "[[0], [1]]",
        "[[0]]",
        "data.Y must have a row for each example: data.X has 2 rows, but this has 1",
    ),
    (
        "[[0], [1]]",
        "[[0], [1]]\ncsv = 'a.csv'\ntarget = 'a'",
        "data.X cannot be used with data.csv, which gives X and Y",
    ),
    (
        "[[0], [1]]",
        "[[0], [1]]\ntarget = 'a'",
        "data.target is used only with data.csv: there is none here",
    ),
    (
        "X = [[1, 2], [3, 4]]\nY = [[0], [1]]",
        "",
        "data must have X and Y, or csv and target",
    ),
    (
        "[[0], [1]]",
        "[[0], [1]]\nCSV = 'a.csv'",
        'data.CSV is not a key of [data]. Did you mean "csv"?',
    ),
    ('title = "Small"', "title = 3", "title must be one line of text; got 3"),
    ('title = "Small"', 'title = "a\\nb"', 'title must be one line of text; got "a\\nb"'),
    ('title = "Small"', 'title = "\\u001b[31m"', 'title must be one line of text; got "\\x1b[31m"'),
    ('title = "Small"', 'title = ""', 'title must be one line of text; got ""'),
    (
        'title = "Small"',
        'titel = "Small"',
        'titel is not a key of an experiment. Did you mean "title"?',
    ),
    (
        'title = "Small"',
        "learning_rate = 1",
        "learning_rate is not a key of an experiment: learning_rate belongs in [training]",
    ),
    (
        "[network]",
        '[network]\nabout = "x"',
        "network.about is not a key of [network]: about belongs at the top, before the first "
        "[table]",
    ),
    (
        "[network]",
        '[netwrok]\n[network]\nabout = "x"',
        'netwrok is not a key of an experiment. Did you mean "network"?',
    ),
]


@pytest.mark.parametrize(("old", "new", "sentence"), ONE_FAULT)
def test_a_fault_says_where_what_and_what_came(old: str, new: str, sentence: str) -> None:
    assert faults(changed(old, new))[0].startswith(sentence)


SECTIONS = [
    (
        "[training]\nlearning_rate = -1",
        "training.learning_rate must be a finite number, 0 or more; got -1",
    ),
    (
        "[training]\nlearning_rate = nan",
        "training.learning_rate must be a finite number, 0 or more; got nan",
    ),
    (
        "[training]\nlearning_rate = true",
        "training.learning_rate must be a finite number, 0 or more; got true",
    ),
    (
        "[training]\nbatch = 2026-11-30",
        'training.batch must be a whole number, 1 or more, or "all"; got a date or time',
    ),
    (
        "[training]\nbatch = 0",
        'training.batch must be a whole number, 1 or more, or "all"; got 0',
    ),
    (
        '[training]\nbatch = "al"',
        'training.batch must be a whole number, 1 or more, or "all"; got "al". Did you mean "all"?',
    ),
    (
        "[training]\nbatch = 3",
        'training.batch must be no more than the number of examples, 2, or "all"; got 3',
    ),
    (
        '[training]\norder = "random"',
        'training.order must be one of sequential, shuffled; got "random"',
    ),
    (
        '[training]\nfreeze = ["b1", "w2"]',
        'training.freeze[2] must be one of W1, b1, W2, b2; got "w2". Did you mean "W2"?',
    ),
    (
        "[initial]\nW2 = [[1, 2, 3, 4]]",
        "initial.W2 has shape 1×4, but layer 2 has 1 neuron reading 3: it must be 1×3",
    ),
    (
        "[initial]\nb1 = [1, 2]",
        "initial.b1 has shape 2×1, but layer 1 has 3 neurons: it must be 3×1",
    ),
    ("[initial]\nb1 = [1, 2, inf]", "initial.b1[3] must be a finite number; got inf"),
    (
        "[initial]\nW3 = [[1]]",
        "initial.W3 is not a parameter of this network, which has W1, b1, W2, b2",
    ),
    ("[initial]\nw1 = [[1]]", 'initial.w1 is not a key of [initial]. Did you mean "W1"?'),
    ("[initial]\nround = 13", "initial.round must be a whole number from 0 to 12; got 13"),
    ("[initial]\nseed = -1", "initial.seed must be a whole number, 0 or more; got -1"),
    (
        "[initial]\nscheme = 'Xavier'",
        'initial.scheme must be one of normal, xavier, he, zeros; got "Xavier". '
        'Did you mean "xavier"?',
    ),
    (
        '[[notes]]\nat = "dz2"\ntext = "x"',
        "notes[1].at must be a step of this network, Z1, A1, Z2, A2, L, dA2, dZ2, dW2, db2, dA1, "
        'dZ1, dW1, db1, W1, b1, …, b2; got "dz2". Did you mean "dZ2"?',
    ),
    (
        '[[notes]]\nat = "J"\ntext = "x"',
        "notes[1].at names no step: a batch of one example has no J, only L",
    ),
    (
        '[training]\nfreeze = ["b1"]\n[[notes]]\nat = { step = "b1" }\ntext = "x"',
        "notes[1].at.step names no step: b1 is frozen, so it is never updated",
    ),
    (
        '[[notes]]\nat = { iteration = 0, step = "L" }\ntext = "x"',
        "notes[1].at.iteration must be a whole number, 1 or more; got 0",
    ),
    (
        '[[notes]]\nat = "L"',
        "notes[1].text is missing: it must be text without control characters, or a list of lines, "
        "1 or more of them",
    ),
    (
        '[[questions]]\nat = "dA3"\nform = "vote"\ntext = "x"',
        "questions[1].at must be a step of this network, Z1, A1, Z2, A2, L, dA2, dZ2, dW2, db2, "
        'dA1, dZ1, dW1, db1, W1, b1, …, b2; got "dA3". Did you mean "dA2"?',
    ),
    (
        '[[questions]]\nat = "dW1"\ncell = [4, 1]\nform = "vote"\ntext = "x"',
        "questions[1].cell asks for dW1[4,1], but dW1 has 3 rows and 2 columns",
    ),
    (
        '[[questions]]\nat = "dW1"\ncell = [0, 1]\nform = "vote"\ntext = "x"',
        "questions[1].cell must be a row and a column, counted from 1, like [1, 2]; "
        "got a list of 2",
    ),
    (
        '[[questions]]\nat = "dW1"\nform = "votes"\ntext = "x"',
        'questions[1].form must be one of vote, number, formula, talk, line; got "votes". '
        'Did you mean "vote"?',
    ),
    (
        '[[questions]]\nat = "dW1"\nform = "vote"\ntext = " "',
        'questions[1].text must be text, not empty and without control characters; got " "',
    ),
    (
        '[[questions]]\nat = "dW1"\nform = "talk"\ntext = "x"',
        "questions[1].answer is missing: it must be text, which a talk shows at the second press",
    ),
    (
        '[[questions]]\nat = "dW1"\nform = "vote"\ntext = "x"\nwhy = "y"',
        "questions[1].why is not a key of [[questions]], which has at, every, cell, form, text, "
        "answer, choices, correct",
    ),
    (
        "[notes]\nat = 1",
        "notes must be a list of notes, each under its own [[notes]], at most 1000 of them; got "
        "a table",
    ),
]


@pytest.mark.parametrize(("section", "sentence"), SECTIONS)
def test_a_wrong_section_says_what_it_must_be(section: str, sentence: str) -> None:
    assert faults(SMALL + section) == [sentence]


def test_a_bias_of_a_network_without_biases_says_what_leaves_it_out() -> None:
    without = SMALL.replace("loss =", "bias = false\nloss =")
    assert faults(without + "[initial]\nb1 = [1, 2, 3]") == [
        "initial.b1 is not a parameter of this network, which has W1, W2: network.bias is false"
    ]


class TestAllFaultsAtOnce:
    def test_they_come_in_the_order_of_the_file_and_a_missing_key_where_its_table_stands(
        self,
    ) -> None:
        text = """
        [training]
        batch = 0
        learning_rate = -1
        [network]
        loss = "mse"
        layers = [2, 0]
        [data]
        X = [[1, 2]]
        """
        assert [fault.split()[0] for fault in faults(text)] == [
            "training.batch",
            "training.learning_rate",
            "network.activations",
            "network.loss",
            "network.layers[2]",
            "data.Y",
        ]

    def test_an_empty_file_lacks_what_has_no_default(self) -> None:
        assert [fault.split(":")[0] for fault in faults("")] == [
            "network is missing",
            "data is missing",
        ]

    @pytest.mark.parametrize("section", ["parameters", "functions", "repeat"])
    def test_with_a_section_of_formulas_they_are_what_a_file_lacks(self, section: str) -> None:
        found = faults(f"[{section}]\n" + SMALL.replace("[network]", "[other]"))
        assert "forward is missing: it must be a table" in found
        assert not any(fault.startswith("network") for fault in found)

    def test_a_network_beside_formulas_is_a_fault(self) -> None:
        found = faults(SMALL + '[forward]\nZ1 = "W1·X"')
        assert any(fault.startswith("[network] cannot be used with [forward]") for fault in found)

    def test_one_slip_is_one_fault(self) -> None:
        text = SMALL + '[training]\nbatch = 0\n[[notes]]\nat = "J"\ntext = "x"'
        assert len(faults(text)) == 1, "whether J stands cannot be told from a wrong batch"

    def test_many_faults_in_one_matrix_are_counted_after_the_first(self) -> None:
        text = changed("[[1, 2], [3, 4]]", f"[{', '.join(['[1, nan]'] * 20)}]")
        found = faults(text)
        assert found[0] == "data.X[1,2] must be a finite number; got nan"
        assert found[8] == "data.X has 12 more faults like these"

    @pytest.mark.parametrize(("first", "fits"), [(0.9e-9, True), (1.1e-9, False)])
    def test_shares_add_up_to_1_but_for_rounding(self, first: float, fits: bool) -> None:
        text = (
            '[network]\nlayers = [1, 2]\nactivations = ["softmax"]\nloss = "cross_entropy"\n'
            f"[data]\nX = [[1]]\nY = [[{first!r}, 1]]\n"
        )
        if fits:
            assert read(text).data.examples == 1
        else:
            assert faults(text)[0].endswith("got a sum of 1.0000000011")

    @pytest.mark.parametrize(
        ("total", "said"), [(10**15 - 1, "999,999,999,999,999"), (10**15, "far more")]
    )
    def test_of_too_many_parameters_it_is_told_how_many(self, total: int, said: str) -> None:
        assert checks._roughly(total) == said

    def test_cross_entropy_needs_targets_that_are_shares(self) -> None:
        text = """
        [network]
        layers = [1, 2]
        activations = ["softmax"]
        loss = "cross_entropy"
        [data]
        X = [[1], [1], [1], [1]]
        Y = [[0, 1], [1, 1], [-1, 2], [0.3, 0.7]]
        """
        must = "must be shares of 0 or more that sum to 1, as cross_entropy needs"
        assert faults(text) == [
            f"data.Y[2] {must}; got a sum of 2",
            f"data.Y[3] {must}; got -1 among them",
        ]


class TestOverrides:
    def test_none_is_a_flag_that_was_not_given(self) -> None:
        assert read(SMALL, layers=None, seed=None).network == read(SMALL).network

    def test_each_flag_is_read_as_the_command_line_writes_it(self) -> None:
        e = read(
            SMALL,
            layers="3,2,2",
            activations="relu, softmax",
            loss="cross_entropy",
            x="1,0,1;0,1,1",
            y="1,0;0,1",
            learning_rate="0.1",
            seed="9",
        )
        assert e.network == Network((3, 2, 2), ("relu", "softmax"), "cross_entropy")
        assert e.data.X.tolist() == [[1, 0], [0, 1], [1, 1]]
        assert e.data.Y.tolist() == [[1, 0], [0, 1]]
        assert (e.training.learning_rate, e.initial.seed) == (0.1, 9)

    def test_plain_values_will_do_as_well(self) -> None:
        assert read(SMALL, seed=9, layers=[2, 5, 1]).dense.layers == (2, 5, 1)

    @pytest.mark.parametrize(
        ("flags", "sentence"),
        [
            ({"layers": "2,x,1"}, '--layers[2] must be a whole number, 1 or more; got "x"'),
            ({"layers": "2,3,"}, '--layers[3] must be a whole number, 1 or more; got ""'),
            ({"x": "1,2;3,o"}, '--x[2,2] must be a finite number; got "o"'),
            ({"x": "1,2;3"}, "--x[2] must have 2 values like the other rows; got 1"),
            ({"seed": "pi"}, '--seed must be a whole number, 0 or more; got "pi"'),
            (
                {"learning_rate": "inf"},
                "--learning-rate must be a finite number, 0 or more; got inf",
            ),
            (
                {"loss": "half squared error"},
                "--loss must be one of binary_cross_entropy, cross_entropy, half_squared_error, "
                'mean_squared_error; got "half squared error". Did you mean "half_squared_error"?',
            ),
            (
                {"activations": "sigmod,tanh"},
                "--activations[1] must be one of leaky_relu, linear, relu, sigmoid, softmax, tanh; "
                'got "sigmod". Did you mean "sigmoid"?',
            ),
            (
                {"layers": "4,3,1"},
                "data.X has rows of 2 values, but --layers gives 4 inputs: give the data with --x",
            ),
            (
                {"layers": "2,3,4"},
                "data.Y has rows of 1 value, but --layers gives 4 outputs: "
                "give the targets with --y",
            ),
            ({"x": "1,2,3;4,5,6"}, "--x has rows of 3 values, but network.layers gives 2 inputs"),
            (
                {"x": "1,2"},
                "data.Y must have a row for each example: --x has 1 row, but this has 2: "
                "give the targets with --y",
            ),
            (
                {"y": "1"},
                "--y must have a row for each example: data.X has 2 rows, but this has 1: "
                "give the data with --x",
            ),
        ],
    )
    def test_a_fault_names_the_flag_and_how_to_mend_it(
        self, flags: Mapping[str, str], sentence: str
    ) -> None:
        assert faults(SMALL, **flags)[0] == sentence

    @pytest.mark.parametrize(
        ("layers", "activations"),
        [
            ("2,1", ["sigmoid"]),
            ("2,3,1", ["tanh", "sigmoid"]),
            ("2,4,4,1", ["tanh", "relu", "sigmoid"]),
            ("2,3,3,3,1", ["tanh", "tanh", "tanh", "sigmoid"]),
        ],
    )
    def test_other_layers_repeat_the_first_activation_and_keep_the_output(
        self, layers: str, activations: list[str]
    ) -> None:
        three = SMALL.replace("[2, 3, 1]", "[2, 3, 3, 1]").replace('"tanh"', '"tanh", "relu"')
        assert list(read(three, layers=layers).dense.activations) == activations

    def test_layers_drop_parameters_and_freezes_that_no_longer_fit(self) -> None:
        text = SMALL + (
            '[training]\nfreeze = ["b1", "b2"]\n'
            "[initial]\nW1 = [[1, 2], [3, 4], [5, 6]]\nW2 = [[1, 2, 3]]\nb2 = [9]"
        )
        wider = read(text, layers="2,4,1")
        assert list(wider.initial.given) == ["b2"]
        assert read(text, layers="2,1").training.freeze == ("b1",)

    def test_where_examples_are_rows_so_are_the_shapes_that_fit(self) -> None:
        text = changed("[network]", '[network]\norientation = "rows"') + (
            "[initial]\nW1 = [[1, 2, 3], [4, 5, 6]]\nb1 = [1, 2, 3]\nW2 = [[1], [2], [3]]"
        )
        assert list(read(text, layers="2,3,2", y="1,0;0,1").initial.given) == ["W1", "b1"]

    @pytest.mark.parametrize("wrong", ["5", '["b1"]', "{ a = 1 }"])
    def test_layers_drop_no_fault_of_the_file(self, wrong: str) -> None:
        text = SMALL + f'[training]\nfreeze = [{wrong}, "b2"]\n'
        with pytest.raises(ExperimentError, match=r"training\.freeze\[1\] must be"):
            read(text, layers="2,1")

    def test_a_seed_draws_new_weights_given_ones_included(self) -> None:
        text = SMALL + "[initial]\nW2 = [[1, 2, 3]]\nb2 = [9]"
        assert list(read(text, seed="3").initial.given) == ["b2"]

    def test_fewer_examples_than_a_batch_are_a_batch(self) -> None:
        text = SMALL + "[training]\nbatch = {}"
        assert read(text.format(2), x="1,2", y="1").training.batch == 1
        assert read(text.format(2), x="1,2;3,4;5,6", y="1;0;1").training.batch == 2
        assert read(text.format('"all"'), x="1,2", y="1").training.batch == 1

    def test_notes_go_where_they_may_no_longer_be_true(self) -> None:
        text = SMALL + (
            '[[notes]]\nat = "L"\ntext = "on this network"\n'
            '[[notes]]\nat = { iteration = 1, step = "L" }\ntext = "on these numbers"'
        )
        assert [note.lines for note in read(text, seed="3").notes] == [("on this network",)]
        assert read(text, layers="2,4,1").notes == ()
        assert len(read(text, layers="2,3,1").notes) == 2, "nothing has changed"


class TestLines:
    """A note of several lines, which are revealed one at a time."""

    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            ('"One."', ("One.",)),
            ('["One.", "Two."]', ("One.", "Two.")),
            ('["One\\n  more."]', ("One more.",)),
            ('"""\nOne\nparagraph."""', ("One paragraph.",)),
        ],
    )
    def test_are_the_items_of_a_list(self, text: str, lines: tuple[str, ...]) -> None:
        (note,) = read(f'{SMALL}[[notes]]\nat = "L"\nevery = true\ntext = {text}').notes
        assert note == Note("L", None, lines, every=True)

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("[]", "notes[1].text must be a list of lines, 1 or more of them; got an empty list"),
            (
                '["a", ""]',
                'notes[1].text[2] must be text, not empty and without control characters; got ""',
            ),
            (
                "5",
                "notes[1].text must be text without control characters, or a list of lines, 1 or "
                "more of them; got 5",
            ),
        ],
    )
    def test_of_another_kind_are_refused(self, text: str, fault: str) -> None:
        assert faults(f'{SMALL}[[notes]]\nat = "L"\ntext = {text}') == [fault]


class TestQuestions:
    """What is asked at a step: SMALL is 2-3-1 with two examples, one an iteration."""

    def test_are_read(self) -> None:
        text = SMALL + (
            '[[questions]]\nat = { iteration = 2, step = "dA1" }\ncell = [3, 1]\nform = "vote"\n'
            'text = "How large?"\n'
            '[[questions]]\nat = "b2"\nform = "talk"\ntext = "And\\nnow?"\nanswer = "Again."'
        )
        assert read(text).questions == (
            Question("dA1", 2, "vote", "How large?", cell=(3, 1)),
            Question("b2", None, "talk", "And now?", "Again."),
        )

    def test_may_have_choices_in_their_author_s_words(self) -> None:
        (asked,) = read(
            SMALL + '[[questions]]\nat = "dW1"\nform = "vote"\ntext = "Which?"\ncorrect = 2\n'
            'choices = ["The first.", { text = "The second.", why = "Its input\\nis larger." }]'
        ).questions
        first, second = asked.choices
        assert first == WrittenChoice("The first.")
        assert second == WrittenChoice("The second.", "Its input is larger.")
        assert asked.correct == 2

    @pytest.mark.parametrize(
        ("form", "rest", "fault"),
        [
            (
                "vote",
                'choices = ["a", "b"]',
                "questions[1].correct is missing: it must be the number of the correct choice, "
                "counted from 1",
            ),
            (
                "vote",
                'choices = ["a", "b"]\ncorrect = 3',
                "questions[1].correct must be a whole number from 1 to 2; got 3",
            ),
            (
                "number",
                'choices = ["a", "b"]\ncorrect = 1',
                "questions[1].choices must be left out: only a vote has choices, and this is a "
                "number",
            ),
            (
                "vote",
                "correct = 1",
                "questions[1].correct is the number of a choice, but there are no choices",
            ),
            (
                "vote",
                'choices = ["a"]\ncorrect = 1',
                "questions[1].choices must be a list of choices, each a text or a table with text "
                "and why, 2 to 4 of them; got a list of 1",
            ),
            (
                "vote",
                'choices = ["a", { text = "b", because = "c" }]\ncorrect = 1',
                "questions[1].choices[2].because is not a key of a choice, which has text, why",
            ),
            (
                "vote",
                'choices = ["a", ""]\ncorrect = 1',
                "questions[1].choices[2] must be text, not empty and without control characters; "
                'got ""',
            ),
        ],
    )
    def test_of_choices_each_fault_is_told(self, form: str, rest: str, fault: str) -> None:
        question = f'[[questions]]\nat = "dW1"\nform = "{form}"\ntext = "x"\n{rest}'
        assert faults(SMALL + question) == [fault]

    def test_all_their_faults_come_at_once_in_file_order(self) -> None:
        text = SMALL + (
            '[[questions]]\nat = "dA9"\nform = "talk"\ntext = "x"\n'
            '[[questions]]\nat = "dA1"\ncell = [1, 2]\nform = "number"\n'
        )
        assert [fault.split()[0] for fault in faults(text)] == [
            "questions[1].answer",
            "questions[1].at",
            "questions[2].text",
            "questions[2].cell",
        ]

    def test_a_cell_of_every_iteration_is_in_the_smallest_batch_too(self) -> None:
        three = changed("[[1, 2], [3, 4]]", "[[1, 2], [3, 4], [5, 6]]")
        three = three.replace("[[0], [1]]", "[[0], [1], [0]]") + "[training]\nbatch = 2\n"
        question = '[[questions]]\nat = {}\ncell = [1, 2]\nform = "vote"\ntext = "x"'
        first, second = (f'{{ iteration = {k}, step = "Z2" }}' for k in (1, 2))
        outside = "questions[1].cell asks for Z2[1,2], but Z2 has 1 row and 1 column"
        assert read(three + question.format(first)).questions
        assert faults(three + question.format(second)) == [outside]
        assert read(three + question.format('"Z2"')).questions, "in iteration 1"
        assert faults(three + question.format('"Z2"\nevery = true')) == [outside]

    def test_go_where_they_may_no_longer_be_true(self) -> None:
        text = SMALL + (
            "[training]\nbatch = 2\n"
            '[[questions]]\nat = "L"\nform = "vote"\ntext = "on this network"\n'
            '[[questions]]\nat = "Z2"\ncell = [1, 2]\nform = "vote"\ntext = "on these data"\n'
            '[[questions]]\nat = "J"\nform = "vote"\ntext = "on several examples"\n'
            '[[questions]]\nat = { iteration = 1, step = "L" }\nform = "vote"\n'
            'text = "on these numbers"'
        )
        network, data, several, _ = (q.text for q in read(text).questions)
        for of, left in (
            (read(text, seed="3"), [network, data, several]),
            (read(text).with_seed(3), [network, data, several]),
            (read(text, x="1,2", y="1"), [network]),
            (read(text, layers="2,4,1"), []),
            (read(text, mistake="sign-flipped"), [q.text for q in read(text).questions]),
        ):
            assert [q.text for q in of.questions] == left


def test_what_it_teaches_is_not_said_of_another_network() -> None:
    text = f'teaches = "one slope"\n{SMALL}'
    assert read(text).teaches == read(text, seed="3").teaches == "one slope"
    assert read(text, layers="2,4,1").teaches == ""


class TestWhereItIsReadFrom:
    def test_a_path_separator_or_the_ending_makes_it_a_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "mine.toml").write_text(SMALL, encoding="utf-8")
        (tmp_path / "mine").write_text(SMALL, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        assert load("mine.toml").name == "mine"
        assert load("./mine").source == "./mine"
        with pytest.raises(ExperimentError, match=r'no lesson "mine".* write "\./mine"'):
            load("mine")

    def test_an_unknown_lesson_is_answered_with_those_there_are(self) -> None:
        with pytest.raises(ExperimentError) as refusal:
            load("mazr")
        assert refusal.value.faults == (
            f'there is no lesson "mazr"; there are {listed(lessons.NAMES)}. Did you mean "mazur"?',
        )

    def test_what_cannot_be_read_is_one_line(self, tmp_path: Path) -> None:
        latin = tmp_path / "latin.toml"
        latin.write_bytes(SMALL.encode() + "# \xe9".encode("latin-1"))
        broken = tmp_path / "broken.toml"
        broken.write_text("[network]\nlayers = [2 1]\n", encoding="utf-8")
        large = tmp_path / "large.toml"
        large.write_bytes(b"#" * (LARGEST_FILE + 1))
        deep = tmp_path / "deep.toml"
        deep.write_text("X = " + "[" * 100_000, encoding="utf-8")
        parts = tmp_path / "parts.toml"
        parts.write_text("data." + "'x' . " * 100_000 + "X = 1", encoding="utf-8")
        long_number = tmp_path / "long.toml"
        long_number.write_text("X = " + "9" * 5000, encoding="utf-8")
        for path, told in {
            tmp_path / "absent.toml": "there is no file",
            tmp_path: "is a folder, not an experiment file",
            Path(os.devnull): "is not a regular file",
            latin: "is not UTF-8 text (line 10)",
            broken: "(at line 2, column 13)",
            large: "is larger than 100,000,000 bytes",
            deep: "is not valid TOML: lists or tables are nested too deeply",
            parts: "is not valid TOML: lists or tables are nested too deeply",
            long_number: "is not valid TOML: a whole number has thousands of digits",
            Path(f"{tmp_path}/a\0b"): "cannot be the name of a file",
        }.items():
            with pytest.raises(ExperimentError) as refusal:
                load(str(path))
            (fault,) = refusal.value.faults
            assert told in fault
            assert fault.isprintable()

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_a_file_without_permission_says_so(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret.toml"
        secret.write_text(SMALL, encoding="utf-8")
        secret.chmod(0)
        with pytest.raises(ExperimentError, match="cannot be read: Permission denied"):
            load(str(secret))

    def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(self, tmp_path: Path) -> None:
        file = tmp_path / "windows.toml"
        file.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
        assert load(str(file)).title == "Small"


# Whatever stands in a file, the answer is an experiment or faults, one printable line each.

scalars = (
    st.none().map(lambda _: "all")
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["sigmoid", "W1", "dZ1", "cross_entropy", 10**400])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["at", "step", "iteration", "text", "W1"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def documents() -> st.SearchStrategy[dict[str, Any]]:
    tables = {
        name: st.dictionaries(st.sampled_from([*found.kind.names, "W2", "x y"]), values, max_size=4)
        for name, found in EXPERIMENT.keys.items()
        if isinstance(found.kind, Section)
    }
    good = tomllib.loads(SMALL)
    return st.fixed_dictionaries(
        {},
        optional={
            name: (st.just(good[name]) if name in good else st.nothing())
            | tables.get(name, values)
            | values
            for name in EXPERIMENT.keys
        },
    )


@given(
    documents(), st.dictionaries(st.sampled_from(sorted(FLAGS)), st.text(max_size=12), max_size=3)
)
@example({**tomllib.loads(SMALL), "initial": False}, {"seed": "1"})
def test_anything_is_answered(document: dict[str, Any], flags: dict[str, str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tomllib, "loads", lambda _: document)
        assert all(fault.isprintable() for fault in answer(flags))


def answer(flags: dict[str, str]) -> tuple[str, ...]:
    try:
        read_experiment("", "any", "./any.toml", flags)
    except ExperimentError as refusal:
        return refusal.faults or ("refused without a reason\n",)
    return ()


class TestEdits:
    def test_an_edit_is_a_number_from_an_iteration_on(self) -> None:
        e = read(
            SMALL
            + """
[[edits]]
iteration = 3
cell = "W1[3,2]"
value = 1
[[edits]]
iteration = 2
cell = "alpha"
value = 0.25
"""
        )
        assert e.edits == (Edit(3, Cell("W1", 3, 2), 1.0), Edit(2, Name("alpha"), 0.25))

    def test_all_faults_at_once(self) -> None:
        wrong = (
            (0, "W1[1,1]", "1"),
            (1, "W1", "1"),
            (1, "beta", "1"),
            (1, "W1[4,1]", "1"),
            (1, "X[1,2]", "1"),  # a batch of one
            (1, "dW1[1,1]", "1"),
            (2, "Y[1,1]", "2"),
            (2, "alpha", "-1"),
            (2, "alpha", "inf"),
        )
        text = "".join(
            f'[[edits]]\niteration = {iteration}\ncell = "{cell}"\nvalue = {value}\n'
            for iteration, cell, value in wrong
        )
        found = faults(SMALL + text + "[[edits]]\niteration = 1\ncolour = 2\n")
        expected = (
            "edits[1].iteration must be a whole number, 1 or more",
            'edits[2].cell must be a cell, like "W1[1,2]", or "alpha"; got "W1"',
            'edits[3].cell must be a cell, like "W1[1,2]", or "alpha"; got "beta"',
            "edits[4].cell does not exist: W1 is 3×2",
            "edits[5].cell does not exist: X is 2×1",
            "edits[6].cell cannot be edited: only X, Y, W1",
            "edits[7].value must be from 0 to 1",
            "edits[8].value must be 0 or more",
            "edits[9].value must be a finite number",
            "edits[10].cell is missing",
            "edits[10].value is missing",
            "edits[10].colour is not a key of [[edits]]",
        )
        assert len(found) == len(expected)
        for fault, beginning in zip(sorted(found), sorted(expected), strict=True):
            assert fault.startswith(beginning)

    def test_another_network_other_data_or_weights_drop_them_another_rate_or_mistake_not(
        self,
    ) -> None:
        text = SMALL + '[[edits]]\niteration = 3\ncell = "W1[3,2]"\nvalue = 1\n'
        assert read(text).edits
        assert read(text, learning_rate="0.1").edits
        assert read(text, mistake="sign-flipped").edits
        assert not read(text, layers="2,2,1").edits
        assert not read(text, x="1,2", y="1").edits
        assert not read(text, seed="3").edits
        assert not read(text, loss="half_squared_error").edits


@pytest.mark.parametrize(
    ("path", "argument"),
    [
        ("mine.toml", "mine.toml"),
        ("a b.toml", "'a b.toml'"),
        ("-x.toml", "./-x.toml"),
        ("mine", "./mine"),
        ("./mine", "./mine"),
    ],
)
def test_a_path_is_typed_as_no_flag_and_no_lesson(path: str, argument: str) -> None:
    assert as_argument(path) == argument


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        (None, False),
        (1, True),
        ((1, 2), True),
        ((1, None), False),
        ({"matrix": 1}, True),
        ({"matrix": None}, False),
        ({}, False),
    ],
)
def test_what_is_wrong_in_a_value_leaves_it_incomplete(value: Any, whole: bool) -> None:
    assert _is_whole(value) is whole


def test_a_shape_says_whether_it_is_the_transpose() -> None:
    assert must_be((2, 3), (3, 2)) == "2×3, the transpose of that"
    assert must_be((2, 3), (2, 2)) == "2×3"


def test_a_key_that_toml_needs_in_quotes_has_them() -> None:
    assert dotted(("a-B_1", 0, "b c")) == '.a-B_1[1]."b c"'
    assert bare("x" * 60) == "x" * 60
    assert bare("x" * 61).startswith('"x')
    assert bare("") == '""'


@pytest.mark.parametrize("lesson", ["article", "softmax", "rnn", "residual", "attention"])
def test_a_seed_draws_every_weight_and_what_is_saved_opens_with_the_same(lesson: str) -> None:
    begun = load(lesson)
    drawn, flagged = begun.with_seed(5), load(lesson, {"seed": 5})
    assert drawn.written is not None
    opened = read_experiment(drawn.written.text, lesson, lesson, drawn.written.overrides)
    for symbol, value in drawn.parameters().items():
        assert np.array_equal(flagged.parameters()[symbol], value)
        assert np.array_equal(opened.parameters()[symbol], value)
        is_drawn = symbol in architecture_of(begun.network).drawn
        assert np.array_equal(begun.parameters()[symbol], value) is not is_drawn


@pytest.mark.parametrize(
    ("flag", "value", "fault"),
    [
        ("layers", "2,1", "--layers is for dense networks; that of rnn is written as formulas"),
        ("loss", "cross_entropy", "--loss is for dense networks; that of rnn is written as"),
        ("x", "1,2", "--x gives X, but rnn has no X"),
    ],
)
def test_a_flag_of_dense_networks_is_refused_where_formulas_are_written(
    flag: str, value: str, fault: str
) -> None:
    with pytest.raises(ExperimentError) as refusal:
        load("rnn", {flag: value})
    (told,) = refusal.value.faults
    assert told.startswith(fault)


def test_a_network_that_is_no_table_is_refused_whatever_the_flags_say(tmp_path: Path) -> None:
    place = tmp_path / "odd.toml"
    place.write_text("network = 3\n[data]\nX = [[1]]\nY = [[1]]\n", encoding="utf-8")
    for flags in ({}, {"layers": "1,1"}):
        with pytest.raises(ExperimentError, match=r"^network must be a table .*; got 3$"):
            load(str(place), flags)
