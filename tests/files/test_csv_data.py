"""Data from a CSV file: which columns are read, what becomes of them, and what a fault says."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backprop_tui.files import csv_file
from backprop_tui.files.csv_data import plain_numbers, read_number, standardized
from backprop_tui.files.csv_file import delimiter_of
from backprop_tui.files.experiment_file import ExperimentError, load
from backprop_tui.model.classes import are_classes, class_names, correct, prediction
from backprop_tui.model.experiment import Experiment, read_only
from backprop_tui.run.timeline import Timeline

IRIS = """\
length,width,species
5.1,3.5,setosa
7.0,3.2,versicolor
6.3,3.3,virginica
4.9,3.0,setosa
"""
THREE = 'layers = [2, 3]\nactivations = ["softmax"]\nloss = "cross_entropy"'
ONE = 'layers = [2, 1]\nactivations = ["sigmoid"]\nloss = "binary_cross_entropy"'
NUMBER = 'layers = [2, 1]\nactivations = ["linear"]\nloss = "half_squared_error"'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of experiments that is not the one worked in."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path


def experiment(
    folder: Path,
    table: str | bytes,
    data: str = 'target = "species"',
    network: str = THREE,
    **overrides: Any,
) -> Experiment:
    """The experiment of a file with a CSV file beside it."""
    raw = table.encode() if isinstance(table, str) else table
    (folder / "iris.csv").write_bytes(raw)
    text = f'[data]\ncsv = "iris.csv"\n{data}\n[network]\n{network}\n'
    (folder / "iris.toml").write_text(text, encoding="utf-8")
    return load(str(folder / "iris.toml"), overrides)


def faults(folder: Path, table: str | bytes, *settings: str, **overrides: Any) -> list[str]:
    with pytest.raises(ExperimentError) as refusal:
        experiment(folder, table, *settings, **overrides)
    assert all(fault.isprintable() for fault in refusal.value.faults)
    return list(refusal.value.faults)


class TestColumns:
    def test_every_column_but_the_target_is_an_input(self, folder: Path) -> None:
        data = experiment(folder, IRIS).data
        assert data.input_names == ("length", "width")
        assert data.X.tolist() == [[5.1, 7.0, 6.3, 4.9], [3.5, 3.2, 3.3, 3.0]]

    def test_or_those_that_are_named_in_the_order_of_their_names(self, folder: Path) -> None:
        columns = 'inputs = ["width", "length"]\ntarget = "species"'
        data = experiment(folder, IRIS, columns).data
        assert data.input_names == ("width", "length")
        assert data.X.tolist() == [[3.5, 3.2, 3.3, 3.0], [5.1, 7.0, 6.3, 4.9]]

    def test_a_number_stays_a_number(self, folder: Path) -> None:
        table = "rooms,size,price\n1,30,0.5\n2,60,1.25\n"
        data = experiment(folder, table, 'target = "price"', NUMBER).data
        assert data.Y.tolist() == [[0.5, 1.25]]
        assert (data.output_names, data.classes) == (("price",), None)

    def test_several_targets_are_numbers(self, folder: Path) -> None:
        table = "a,b,x,y\n1,2,3,4\n5,6,7,8\n"
        network = NUMBER.replace("[2, 1]", "[2, 2]")
        data = experiment(folder, table, 'target = ["y", "x"]', network).data
        assert data.output_names == ("y", "x")
        assert data.Y.tolist() == [[4, 8], [3, 7]]

    def test_arrays_are_in_c_order_and_read_only(self, folder: Path) -> None:
        data = experiment(folder, IRIS, 'target = "species"\nstandardize = true').data
        for array in (data.X, data.Y):
            assert array.flags.c_contiguous
            assert not array.flags.writeable

    def test_the_file_stands_beside_the_experiment(self, folder: Path) -> None:
        experiment(folder, IRIS)
        (folder / "data").mkdir()
        (folder / "iris.csv").rename(folder / "data" / "iris.csv")
        text = (folder / "iris.toml").read_text("utf-8").replace("iris.csv", "data/iris.csv")
        (folder / "iris.toml").write_text(text, encoding="utf-8")
        os.chdir(folder)
        for source in ("iris.toml", "./iris.toml", str(folder / "iris.toml")):
            assert load(source).data.examples == 4

    def test_data_of_the_command_line_replaces_it(self, folder: Path) -> None:
        data = experiment(folder, IRIS, x="1,2", y="0,0,1").data
        assert (data.X.tolist(), data.input_names, data.classes) == ([[1], [2]], None, None)


class TestClasses:
    def test_words_become_one_output_each_in_the_order_of_the_alphabet(self, folder: Path) -> None:
        data = experiment(folder, IRIS).data
        assert data.classes == data.output_names == ("setosa", "versicolor", "virginica")
        assert data.Y.T.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]

    def test_two_words_and_one_output_are_0_and_1(self, folder: Path) -> None:
        table = "a,b,species\n1,2,no\n3,4,yes\n5,6,no\n"
        data = experiment(folder, table, 'target = "species"', ONE).data
        assert data.classes == ("no", "yes")
        assert data.output_names == ("species",)
        assert data.Y.tolist() == [[0, 1, 0]]

    def test_two_words_and_two_outputs_are_one_output_each(self, folder: Path) -> None:
        table = "a,b,species\n1,2,no\n3,4,yes\n"
        data = experiment(folder, table, 'target = "species"', THREE.replace("3]", "2]")).data
        assert data.Y.tolist() == [[1, 0], [0, 1]]

    def test_as_many_whole_numbers_as_outputs_are_classes(self, folder: Path) -> None:
        table = "a,b,species\n0,0,10\n0,0,9\n0,0,-1\n0,0,9\n"
        data = experiment(folder, table).data
        assert data.classes == ("-1", "9", "10"), "in the order of numbers"
        assert data.Y.T.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 0]]

    def test_a_class_of_minus_zero_is_0(self, folder: Path) -> None:
        data = experiment(folder, "a,b,species\n0,0,-0.0\n0,0,2\n0,0,1\n").data
        assert data.classes == ("0", "1", "2")

    def test_with_one_output_whole_numbers_stay_numbers(self, folder: Path) -> None:
        table = "a,b,species\n0,0,0\n0,0,1\n"
        e = experiment(folder, table, 'target = "species"', ONE)
        assert (e.data.Y.tolist(), e.data.classes) == ([[0, 1]], None)
        assert class_names(e.program.architecture, e.data) == ("0", "1")

    @pytest.mark.parametrize(
        ("Y", "classes"),
        [
            ([[0, 1, 1]], True),
            ([[0, 0.5, 1]], False),
            ([[1, 0], [0, 1]], True),
            ([[1, 1], [0, 1]], False),
            ([[0.01], [0.99]], False),
            ([[0], [0]], False),
        ],
    )
    def test_what_targets_are_classes(self, Y: Any, classes: bool) -> None:
        assert are_classes(read_only(Y)) == classes

    def test_the_largest_output_is_the_class_that_is_predicted(self) -> None:
        A = read_only([[0.2, 0.4, np.nan], [0.7, 0.4, 0.1], [0.1, 0.2, 0.0]])
        Y = read_only([[0, 1, 1], [1, 0, 0], [0, 0, 0]])
        assert correct(A, Y).tolist() == [True, True, False]
        said = prediction(("a", "b", "c"), A, Y[:, ::-1], 0)
        assert (said.predicted, said.target, said.right) == ("b", "a", False)
        assert prediction(("a", "b", "c"), A, Y, 2).predicted == "NaN"

    def test_one_output_above_a_half_is_class_1(self) -> None:
        A, Y = read_only([[0.5, 0.51, 0.2, 3]]), read_only([[0, 1, 1, 1]])
        assert correct(A, Y).tolist() == [True, True, False, True]
        assert prediction(("no", "yes"), A, Y, 2).predicted == "no"


class TestStandardized:
    def test_each_input_has_mean_0_and_deviation_1_over_the_file(self, folder: Path) -> None:
        X = experiment(folder, IRIS, 'target = "species"\nstandardize = true').data.X
        np.testing.assert_allclose(X.mean(axis=1), 0, atol=1e-12)
        np.testing.assert_allclose(X.std(axis=1), 1)

    def test_a_constant_column_becomes_0(self) -> None:
        assert standardized(np.full((3, 1), 0.1)).tolist() == [[0], [0], [0]]
        assert standardized(np.zeros((2, 1))).tolist() == [[0], [0]]

    @given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=9))
    def test_whatever_the_numbers_what_comes_out_is_finite(self, column: list[float]) -> None:
        X = standardized(np.array(column)[:, None])
        assert np.isfinite(X).all()
        assert np.abs(X).max() <= len(column)

    def test_targets_are_left_as_they_are(self, folder: Path) -> None:
        table = "a,b,species\n1,2,30\n3,4,50\n"
        data = experiment(folder, table, 'target = "species"\nstandardize = true', NUMBER).data
        assert data.Y.tolist() == [[30, 50]]


class TestWaysOfWriting:
    @pytest.mark.parametrize(
        "table",
        [
            IRIS.replace(",", ";"),
            IRIS.replace(",", "\t"),
            IRIS.replace(",", ";").replace(".", ","),  # as a German spreadsheet writes it
            IRIS.replace(",", "\t").replace("length", "length, in cm"),
            IRIS.replace(",", ", "),
            IRIS.replace("\n", "\r\n"),
            IRIS.replace("\n", "\r"),
            IRIS.rstrip("\n"),
            "\n" + IRIS + "\n,,\n",
            "\ufeff" + IRIS,
            "\n".join(",".join(f'"{c}"' for c in row.split(",")) for row in IRIS.splitlines()),
        ],
    )
    def test_the_same_data(self, folder: Path, table: str) -> None:
        data, plain = experiment(folder, table).data, experiment(folder, IRIS).data
        assert data.X.tolist() == plain.X.tolist()
        assert data.Y.tolist() == plain.Y.tolist()
        assert data.classes == plain.classes

    def test_a_column_without_a_name_does_no_harm_where_it_is_not_read(self, folder: Path) -> None:
        numbered = "\n".join(f"{i or ''},{row}" for i, row in enumerate(IRIS.splitlines()))
        named = 'inputs = ["length", "width"]\ntarget = "species"'
        assert experiment(folder, numbered, named).data.X.shape == (2, 4)
        assert faults(folder, numbered) == [
            "iris.csv, line 1: column 1 has no name: give it one, or name the columns to read "
            "in data.inputs"
        ]


numbers = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[float]], int, str]:
    """Rows of numbers, how many of them are inputs, and what stands between them."""
    inputs, outputs = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    row = st.lists(numbers, min_size=inputs + outputs, max_size=inputs + outputs)
    return draw(st.lists(row, min_size=1, max_size=8)), inputs, draw(st.sampled_from(",;\t"))


@given(tables())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_reads_back_to_the_bit(
    folder: Path, table: tuple[list[list[float]], int, str]
) -> None:
    rows, inputs, delimiter = table
    names = [f"column {i}" for i in range(len(rows[0]))]
    with open(folder / "iris.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([names, *rows])
    network = NUMBER.replace("[2, 1]", f"[{inputs}, {len(names) - inputs}]")
    raw = (folder / "iris.csv").read_bytes()
    data = experiment(folder, raw, f"target = {names[inputs:]}", network).data
    assert data.X.tobytes() == np.ascontiguousarray(np.array(rows).T[:inputs]).tobytes()
    assert data.Y.tobytes() == np.ascontiguousarray(np.array(rows).T[inputs:]).tobytes()


FAULTS: Sequence[tuple[str, str, str]] = [  # what is written instead of what, and the sentence
    ("3.2", "abc", 'iris.csv, line 3, column "width": must be a number; got "abc"'),
    ("3.2", "", 'iris.csv, line 3, column "width": must be a number; got nothing'),
    ("3.2", "1_0", 'iris.csv, line 3, column "width": must be a number; got "1_0"'),
    ("3.2", "nan", 'iris.csv, line 3, column "width": must be a finite number; got "nan"'),
    ("3.2", "-inf", 'iris.csv, line 3, column "width": must be a finite number; got "-inf"'),
    ("3.2", "1e999", 'iris.csv, line 3, column "width": must be a finite number; got "1e999"'),
    (
        "3.2",
        '"3,2"',
        'iris.csv, line 3, column "width": must be a number; got "3,2": '
        "a decimal comma is possible only where columns are separated by ;",
    ),
    ("virginica", "", 'iris.csv, line 4, column "species": must name a class; got nothing'),
    (",virginica", "", "iris.csv, line 4: has 2 cells, but the first line names 3 columns"),
    ("virginica", "a,b", "iris.csv, line 4: has 4 cells, but the first line names 3 columns"),
    ("width", "length", 'iris.csv, line 1: columns 1 and 2 are both called "length"'),
    (
        "length,width,species",
        "5.0,3.4,setosa",
        "iris.csv, line 1: must name the columns; got 5.0, which is a number",
    ),
    (
        "length,width,species",
        "length,5.1,4.9",
        "iris.csv, line 1: must name the columns; got 5.1, which is a number: a line is an "
        "example, so transpose the file",
    ),
    (
        "species",
        "specie",
        "data.target must be a column of iris.csv, which has length, width, specie; "
        'got "species". Did you mean "specie"?',
    ),
    (
        "versicolor",
        '"versicolor',
        "iris.csv, line 3: cannot be read as CSV: a quotation mark is not closed",
    ),
    (
        "virginica",
        "setosa",
        'data.target has 2 classes in "species", setosa, versicolor, but network.layers gives '
        "3 outputs: it must give 2 outputs or 1",
    ),
]


def test_what_stands_between_cells_is_what_parts_the_names(folder: Path) -> None:
    """A last line that lacks a cell, and has a comma in its other one, is told as what it is."""
    table = "a;b;species\n1,5;2;0\n2,5;3;1\n3,5\n"
    (fault,) = faults(folder, table)
    assert fault == "iris.csv, line 4: has 1 cell, but the first line names 3 columns"


class TestFaults:
    @pytest.mark.parametrize(("old", "new", "sentence"), FAULTS)
    def test_a_fault_names_the_file_the_line_and_the_column(
        self, folder: Path, old: str, new: str, sentence: str
    ) -> None:
        assert faults(folder, IRIS.replace(old, new)) == [sentence]

    def test_a_line_is_counted_where_its_row_begins(self, folder: Path) -> None:
        table = 'length,width,species\n1,2,"a\nb"\n\nx,4,c\n'
        (fault,) = faults(folder, table)
        assert fault.startswith('iris.csv, line 5, column "length"')

    @pytest.mark.parametrize("table", ["", "\n\n", " \n"])
    def test_an_empty_file(self, folder: Path, table: str) -> None:
        assert faults(folder, table) == ["iris.csv is empty: its first line must name the columns"]

    def test_a_file_of_names_alone(self, folder: Path) -> None:
        (fault,) = faults(folder, "length,width,species\n")
        assert fault == "iris.csv has no examples: line 1, the columns' names, is its only line"

    def test_the_first_eight_are_told_by_their_lines_and_the_others_are_counted(
        self, folder: Path
    ) -> None:
        table = "length,width,species\n" + "x,1,a\n2,y,b\n" * 6
        found = faults(folder, table)
        assert [fault.split(",")[1] for fault in found[:8]] == [f" line {n}" for n in range(2, 10)]
        assert found[8] == "iris.csv has 4 more faults like these"
        assert len(found) == 9

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            ('target = "species"\ninputs = ["length", "widht"]', "data.inputs[2] must be a column"),
            ('target = "species"\ninputs = ["length", "length"]', "data.inputs[2] must be another"),
            ('target = "species"\ninputs = ["length", "species"]', "data.inputs[2] must be no tar"),
            ('target = ["species", "wide"]', "data.target[2] must be a column of iris.csv, which"),
            ("target = []", "data.target must be a column's name, or a list of such names; got an"),
            ("inputs = []", "data.inputs must be a list of columns' names, 1 or more of them; got"),
            ("standardize = true", "data.target is missing: it must be a column's name, or a list"),
            ('target = "species"\nstandardize = 1', "data.standardize must be true or false; got"),
            ('target = "species"\nY = [[1]]', "data.Y cannot be used with data.csv, which gives X"),
            ('target = ["length", "width", "species"]', "iris.csv has no column beside"),
            ('inputs = ["width"]\ntarget = ["length", "species"]', 'iris.csv, line 2, column "sp'),
        ],
    )
    def test_wrong_columns(self, folder: Path, data: str, sentence: str) -> None:
        assert any(fault.startswith(sentence) for fault in faults(folder, IRIS, data))

    def test_layers_that_do_not_fit_are_told_with_what_was_found(self, folder: Path) -> None:
        assert faults(folder, IRIS, 'target = "species"', THREE.replace("[2, 3]", "[4, 2]")) == [
            "data.csv gives 2 inputs, length, width, but network.layers gives 4 inputs",
            'data.target has 3 classes in "species", setosa, versicolor, virginica, '
            "but network.layers gives 2 outputs: it must give 3 outputs",
        ]
        (one,) = faults(folder, IRIS, 'target = "species"', THREE.replace("[2, 3]", "[2, 1]"))
        assert "but network.layers gives 1 output: it must give 3 outputs" in one
        named = 'inputs = ["length"]\ntarget = "species"'
        assert faults(folder, IRIS, named) == [
            "data.inputs gives 1 input, length, but network.layers gives 2 inputs"
        ]
        whole = "a,b,species\n0,0,1\n0,0,2\n"
        assert faults(folder, whole) == [
            'data.target has 2 different whole numbers in "species", 1, 2, but network.layers '
            "gives 3 outputs: it must give 1 output for the number, or 2 for the classes"
        ]
        fractions = "a,b,species\n0,0,1.5\n0,0,2\n"
        assert faults(folder, fractions) == [
            "data.target gives 1 target, species, but network.layers gives 3 outputs"
        ]

    def test_a_single_class_tells_nothing_apart(self, folder: Path) -> None:
        assert faults(folder, "a,b,species\n1,2,cat\n3,4,cat\n", 'target = "species"', ONE) == [
            'data.target must have two or more classes; "species" says "cat" on every line'
        ]

    @pytest.mark.parametrize("target", ["-0.25", "1.5", "3"])
    def test_targets_that_the_loss_does_not_admit_are_named_by_their_lines(
        self, folder: Path, target: str
    ) -> None:
        table = f"a,b,species\n1,2,0\n1,2,{target}\n1,2,1\n"
        assert faults(folder, table, 'target = "species"', ONE) == [
            'iris.csv, line 3, column "species": must be from 0 to 1, as binary_cross_entropy '
            f"needs; got {target}"
        ]

    def test_of_several_targets_the_one_that_is_wrong_is_named(self, folder: Path) -> None:
        two = ONE.replace("[2, 1]", "[1, 2]")
        for k, cells in enumerate(("7,1", "1,7")):
            (fault,) = faults(folder, f"a,b,c\n1,0,0\n2,{cells}\n", 'target = ["b", "c"]', two)
            assert fault.startswith(f'iris.csv, line 3, column "{"bc"[k]}": must be from 0 to 1')

    def test_of_targets_that_are_no_shares_the_line_is_named(self, folder: Path) -> None:
        table = "a,b,c\n1,0,1\n2,1,1\n"
        (fault,) = faults(
            folder, table, 'target = ["b", "c"]', THREE.replace("3", "2").replace("2, 2", "1, 2")
        )
        sums = "must be shares of 0 or more that sum to 1, as cross_entropy needs"
        assert fault == f"iris.csv, line 3: {sums}; got a sum of 2"

    def test_where_the_layers_are_wrong_that_alone_is_told(self, folder: Path) -> None:
        (fault,) = faults(folder, IRIS, 'target = "species"', ONE.replace("[2, 1]", '[2, "x"]'))
        assert fault == 'network.layers[2] must be a whole number, 1 or more; got "x"'

    def test_only_one_half_of_the_data_on_the_command_line(self, folder: Path) -> None:
        assert faults(folder, IRIS, x="1,2") == [
            "--x cannot be used with data.csv, which gives X and Y: give the targets with --y"
        ]

    def test_a_file_that_cannot_be_read(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        experiment(folder, IRIS)
        source = folder / "iris.toml"
        text = source.read_text("utf-8")
        for name, told in {
            "iros.csv": f"data.csv must name a CSV file; there is no {folder}/iros.csv",
            "elsewhere": "data.csv must name a CSV file; elsewhere is a folder",
            "iris.csv/x": "data.csv names iris.csv/x, which cannot be read: Not a directory",
            "/dev/null": "data.csv names /dev/null, which cannot be read: it is not a regular file",
        }.items():
            source.write_text(text.replace("iris.csv", name), encoding="utf-8")
            with pytest.raises(ExperimentError) as refusal:
                load(str(source))
            assert refusal.value.faults == (told,)
        assert faults(folder, IRIS.encode() + b"1,2,\xe9\n") == [
            "data.csv names iris.csv, which is not UTF-8 text (line 6)"
        ]
        assert csv_file.LARGEST_CSV == 50_000_000
        monkeypatch.setattr(csv_file, "LARGEST_CSV", 3_000_000)
        for more, told in (0, "not UTF-8 text"), (1, "larger than 3 MB, the most that is read"):
            (fault,) = faults(folder, b"\xff" * (3_000_000 + more))
            assert fault.startswith(f"data.csv names iris.csv, which is {told}")

    def test_faults_of_the_file_and_of_the_rest_come_in_the_order_of_the_experiment(
        self, folder: Path
    ) -> None:
        network = THREE.replace('"softmax"', '"softmx"')
        found = faults(folder, IRIS.replace("3.2", "x"), 'target = "species"', network)
        assert [fault[:9] for fault in found] == ["iris.csv,", "network.a"]


@given(st.binary(max_size=60) | st.text(alphabet="ab1.,;\t\n\"' ", max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_is_answered(folder: Path, table: bytes | str) -> None:
    try:
        experiment(folder, table, 'target = "a"', NUMBER)
    except ExperimentError as refusal:
        told = refusal.faults
    else:
        return
    assert told
    assert all(fault.isprintable() for fault in told)


class TestRuns:
    @pytest.mark.parametrize("order", ["sequential", "shuffled"])
    @pytest.mark.parametrize("batch", ["1", "3", '"all"'])
    def test_it_trains_like_the_same_numbers_written_out(
        self, folder: Path, order: str, batch: str
    ) -> None:
        training = f'[training]\nbatch = {batch}\norder = "{order}"\n'
        read = experiment(folder, IRIS, 'target = "species"', f"{THREE}\n{training}")
        X, Y = read.data.X.T.tolist(), read.data.Y.T.tolist()
        (folder / "plain.toml").write_text(
            f"[data]\nX = {X}\nY = {Y}\n[network]\n{THREE}\n{training}"
        )
        plain = load(str(folder / "plain.toml"))
        ours, theirs = (Timeline(e).iteration(9) for e in (read, plain))
        assert ours.examples == theirs.examples
        for a, b in zip(ours.results, theirs.results, strict=True):
            assert a.tobytes() == b.tobytes()

    def test_it_learns_to_tell_the_classes_apart(self, folder: Path) -> None:
        training = '[training]\nbatch = "all"\nlearning_rate = 1'
        e = experiment(
            folder, IRIS, 'target = "species"\nstandardize = true', f"{THREE}\n{training}"
        )
        first, last = (Timeline(e).iteration(n) for n in (1, 200))
        A = e.dense.depth * 2 - 1  # Z1 A1 Z2 A2 ...
        assert not correct(first.results[A], e.data.Y).all()
        assert correct(last.results[A], e.data.Y).all()

    def test_a_new_seed_leaves_the_data_alone(self, folder: Path) -> None:
        e = experiment(folder, IRIS)
        assert e.with_seed(3).data is e.data


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1;2\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("a\n1\n", ","),
        ("", ","),
        ("a;b,c\n1;2,3\n", ";"),  # the rarer one in text, where both explain it
        ("a,b;c\n1,2;3\n4,5\n", ","),  # what holds in more rows
        ("a;b,c,d\n1;2,3,4\n", ","),  # what gives more columns
        ('a;"b\n1;2\n', ","),  # what it does not explain
        ("a,b\n" + "1,2\n" * 19 + "1;2\n" * 99, ","),  # by its first rows
    ],
)
def test_what_stands_between_cells(text: str, delimiter: str) -> None:
    assert delimiter_of(text) == delimiter


@pytest.mark.parametrize(
    ("cell", "plain", "with_comma"),
    [
        ("1.5", 1.5, 1.5),
        (" 2 ", 2.0, 2.0),
        ("1,5", None, 1.5),
        ("1.5,2", None, None),
        ("1,5,2", None, None),
        ("1_0", None, None),
        ("", None, None),
        ("x", None, None),
    ],
)
def test_what_is_a_number(cell: str, plain: float | None, with_comma: float | None) -> None:
    assert read_number(cell) == plain
    assert read_number(cell, decimal_comma=True) == with_comma
    if plain is not None:
        assert plain_numbers([cell, "1"]) == [plain, 1.0]
    else:
        assert plain_numbers(["1", cell]) is None


def test_what_is_not_finite_needs_a_closer_look() -> None:
    assert plain_numbers(["nan"]) is plain_numbers(["1e308", "1e308"]) is None


@pytest.mark.parametrize(("cells", "classes"), [("0 x", False), ("0 x z", True), ("x 0 1", False)])
def test_targets_are_classes_where_most_are_no_numbers(
    folder: Path, cells: str, classes: bool
) -> None:
    table = "a,b,y\n" + "".join(f"1,2,{cell}\n" for cell in cells.split())
    if classes:
        assert experiment(folder, table, 'target = "y"').data.classes == ("0", "x", "z")
    else:
        assert 'must be a number; got "x"' in faults(folder, table, 'target = "y"')[0]
