"""Faults of networks that are written as formulas: all at once, each with its place and a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from backprop_tui.files.codes import code_of, experiment_of
from backprop_tui.files.experiment_file import ExperimentError, load, read_experiment
from backprop_tui.maths.expressions import SCALARS, names
from backprop_tui.maths.writing import text
from backprop_tui.model.network import OPTIMIZERS
from backprop_tui.run.timeline import Position, Timeline
from tests.model.test_formulas import NO_RULE

RIGHT = """
[parameters]
W = [2, 2]
b = [2, 1]
[training]
batch = 2
[data]
X = [[1, 2], [3, 4]]
Y = [[1, 0], [0, 1]]
[forward]
Z = "W·X + b"
"H{t}" = "tanh(Z)"
A = "softmax(H2)"
L = "cross_entropy(A, Y)"
[repeat]
t = { from = 1, to = 2 }
[functions]
swish = "z·σ(z)"
"""


def faults(old: str, new: str) -> tuple[str, ...]:
    """What is wrong with the file when a part of it is another."""
    assert old in RIGHT
    with pytest.raises(ExperimentError) as refused:
        read_experiment(RIGHT.replace(old, new), "wrong", "wrong.toml")
    return refused.value.faults


def test_the_file_itself_has_none() -> None:
    assert read_experiment(RIGHT, "right", "right.toml").network.sizes == "5 formulas"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("+ b", "+ bb", "forward.Z reads bb, which is neither given nor computed. Did you mean b?"),
        ("W·X + b", "W·X + A", "forward.Z reads A, which is computed below it"),
        ("W·X + b", "W·X + Z", "forward.Z reads Z, which is what it computes"),
        ('A = "', 'b = "', "forward.b has the name of b in [parameters]"),
        ('Z = "', 'H1 = "', 'forward."H{t}" computes H1 a second time, also as H1'),
        ("tanh(Z)", "tanh(Z{k})", 'forward."H{t}" has {k}, but only {t}, {t+1} and {t-1} stand'),
        ('"softmax(H2)', '"softmax(H{t})', "forward.A has {t}, which only a repeated line has"),
        ("from = 1, to = 2", "from = 1", "repeat.t.to is missing"),
        ("from = 1, to = 2", "", "repeat.t.from is missing"),
        ("to = 2", "to = 900", "repeat.t makes 903 lines: at most 300 are computed"),
        ("from = 1", "from = 3", "repeat.t must not end before it begins; got 3 to 2"),
        ("from = 1", "from = -5", "repeat.t.from must be a whole number, 0 or more; got -5"),
        ("to = 2", f"to = {10**30}", "repeat.t.to must be a whole number, 0 or more; got a number"),
        ("W = [2, 2]", "W = [0, 2]", "parameters.W[1] must be a whole number, 1 or more; got 0"),
        (
            "b = [2, 1]",
            "b = [2, 1]\nU = [99999999, 2]",
            "parameters must make no more than 50,000,000 weights",
        ),
        ("b = [2, 1]", 'b = [2, "1"]', "parameters.b[2] must be a whole number, 1 or more; got"),
        ("b = [2, 1]", "b = [2, 2]", "forward.L must be one number in a batch of 1, but is 1×2"),
        ("tanh(Z)", "H = tanh(Z)", 'forward."H{t}" must be what stands behind the =: H1 is the'),
        ("X = [[1, 2], [3, 4]]", "X = {}", "data.X.matrix is missing: it must be a list of rows"),
        ("X = [[1, 2], [3, 4]]\nY = [[1, 0], [0, 1]]", "", "data is empty: [data] must have one"),
        ("W = [2, 2]\nb = [2, 1]", "", "parameters is empty: [parameters] must have one line"),
        ("L = ", "M = ", "forward.L is missing: it must be the formula of the loss of each"),
        (
            "cross_entropy(A, Y)",
            "A",
            "forward.L must be one number for each example, 1×2, but is 2×2: col_sums adds up each",
        ),
        ("b = [2, 1]", "tanh = [2, 1]", "parameters.tanh cannot be a name: tanh is a function"),
        ("A = ", "dZ = ", "forward.dZ cannot be a name: it is the gradient of Z"),
        ("z·σ(z)", "z·q", "functions.swish must be a formula in z alone, but it reads q"),
        ("z·σ(z)", "total(z)", "functions.swish must work on one number z, but total(z) needs"),
        ("tanh(Z)", "col_max(Z)", 'forward."H{t}" has no gradient: the function col_max has no'),
        ("softmax(H2)", "sofmax(H2)", "forward.A cannot be read: there is no function “sofmax”"),
        ("batch = 2", "batch = 3", "training.batch must be no more than the number of examples, 2"),
        ("[[1, 0], [0, 1]]", "[[1, 0]]", "data.Y must have a row for each example: data.X has 2"),
        ("[[1, 0], [0, 1]]", "[[1, 1], [0, 1]]", "data.Y[1] must be shares of 0 or more"),
        ("X = [[1, 2], [3, 4]]", "X = { matrix = [[1, 2], [3, 4]] }", "training.batch must be 1"),
        ("[parameters]", "[network]\n[parameters]", "[network] cannot be used with [forward]"),
    ],
)
def test_a_fault_names_its_place(old: str, new: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(old, new)), faults(old, new)


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("l2 = 0.1", "training.l2 cannot be used where forward.J is a formula of its own: write"),
        ('reduction = "sum"', "training.reduction cannot be used where forward.J is a formula"),
    ],
)
def test_what_an_own_objective_would_ignore_is_a_fault(key: str, fault: str) -> None:
    text = RIGHT.replace("batch = 2", f"batch = 2\n{key}")
    text = text.replace("[repeat]", 'J = "total(L)/m + 0.1·total(W²)"\n[repeat]')
    with pytest.raises(ExperimentError) as refused:
        read_experiment(text, "wrong", "wrong.toml")
    (found,) = refused.value.faults
    assert found.startswith(fault)


def test_what_cannot_be_read_is_the_only_fault_though_others_read_it() -> None:
    (fault,) = faults("W·X + b", "W·X +")
    assert fault.startswith("forward.Z cannot be read:")


def test_a_product_that_does_not_fit_says_what_would() -> None:
    (fault,) = faults("W = [2, 2]", "W = [2, 3]")
    assert fault.startswith("forward.Z cannot be computed in a batch of 2: W · X is 2×3 times 2×2")
    assert fault.endswith("Wᵀ · X would fit: columns are examples here")


def test_where_there_is_no_data_nothing_is_said_of_how_many_examples_there_are() -> None:
    assert [fault.split()[0] for fault in faults("[data]", "[Data]")] == ["data", "Data"]


def test_what_fits_no_batch_is_told_of_the_first_alone() -> None:
    wrong = RIGHT.replace("b = [2, 1]", "b = [3, 1]").replace("[3, 4]]", "[3, 4], [5, 6]]")
    with pytest.raises(ExperimentError, match="in a batch of 2") as refused:
        read_experiment(wrong.replace("[0, 1]]", "[0, 1], [1, 0]]"), "wrong", "wrong.toml")
    assert len(refused.value.faults) == 1


def test_an_input_has_no_gradient_through_what_has_no_rule() -> None:
    largest = "W·X ∘ col_max(X) + b"
    text = RIGHT.replace("W·X + b", largest)
    assert read_experiment(text, "right", "right.toml").program.gradients[-1] == "db"
    with pytest.raises(ExperimentError) as refused:
        read_experiment(text.replace("batch = 2", "input_gradient = true"), "wrong", "wrong.toml")
    (fault,) = refused.value.faults
    assert fault == f"training.input_gradient must be false here: {NO_RULE}"


def test_a_formula_that_means_another_thing_in_a_batch_of_one_is_refused() -> None:
    (fault,) = faults("W·X + b", "W·((bᵀ·X) ∘ bᵀ)ᵀ + X")
    assert fault.startswith("forward has a gradient that fits no batch of 1: ")


def test_a_formula_of_one_batch_size_may_hold_a_mean_of_such_a_line() -> None:
    """D is the same for each example: nothing says what is as wide as a batch."""
    text = """
        [parameters]
        W = [2, 2]
        [data]
        X = [[1, 2]]
        D = { matrix = [[0.5], [1]] }
        Y = [[1, 0]]
        [forward]
        Z = "W·X"
        S = "Z ∘ (Dᵀ·Z)ᵀ + col_means(D ∘ (Zᵀ·Z)ᵀ)"
        R = "row_means(D·(Zᵀ ∘ Dᵀ) + Z·Dᵀ)"
        L = "half_squared_error(S ∘ R, Y)"
    """
    assert read_experiment(text, "one", "one.toml").program.gradients[-1] == "dW"


@pytest.mark.parametrize("loss", ["cross_entropy", "mean_squared_error"])
def test_a_matrix_may_be_called_as_a_constant_but_not_where_that_is_read(loss: str) -> None:
    renamed = RIGHT.replace("Z", "K").replace("cross_entropy", loss)
    assert read_experiment(renamed, "right", "right.toml").program.matrices == {"K"}
    with pytest.raises(ExperimentError, match="m is the number of examples in a batch"):
        read_experiment(renamed.replace("K", "m"), "wrong", "wrong.toml")


def test_a_parameter_without_a_gradient_is_a_warning() -> None:
    unused = RIGHT.replace("b = [2, 1]", "b = [2, 1]\nU = [2, 2]")
    program = read_experiment(unused, "right", "right.toml").program
    assert program.architecture.warnings == ("U is used by no line: it is never updated",)
    assert "U" not in program.positions


def test_names_that_were_free_before_they_were_read_are_a_file_s_own() -> None:
    own = RIGHT.replace("swish =", "sign =").replace("b = [", "clip = [").replace("+ b", "+ clip")
    program = read_experiment(own.replace("tanh(Z)", "sign(Z)"), "own", "own.toml").program
    assert text(program.steps[0].expression) == "W·X + clip"
    assert text(program.steps[1].expression) == "sign(Z)"


@pytest.mark.parametrize("name", ["csv", "inputs", "target", "standardize", "from_csv"])
def test_data_may_be_called_like_what_is_said_of_a_csv_file(name: str) -> None:
    """They were no data where there is no file; a code and flags leave them where they are."""
    own = RIGHT.replace("W·X + b", f"W·{name} + X + b").replace(
        "Y = [", f"{name} = [[5, 6], [7, 8]]\nY = ["
    )
    found = read_experiment(own, "own", "own.toml", {"x": "1,2;3,4", "y": "1,0;0,1"})
    assert (found.data.by_symbol[name] == [[5, 7], [6, 8]]).all()
    opened = experiment_of(code_of(found, Position(1, 2)))
    assert opened.data.by_symbol.keys() == found.data.by_symbol.keys()
    assert "dW" in Timeline(opened).program.positions


def test_a_division_by_zero_is_computed_as_numpy_does() -> None:
    zero = RIGHT.replace("z·σ(z)", "z/0").replace("tanh(Z)", "swish(Z)")
    program = read_experiment(zero, "zero", "zero.toml").program
    assert "dZ" in program.positions


@pytest.mark.parametrize("name", sorted(SCALARS))
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_matrix_may_be_called_like_a_constant_that_no_step_reads(
    name: str, optimizer: str, tmp_path: Path
) -> None:
    """It is told where one does, whatever is trained, and is a matrix in the penalty, too."""
    file = tmp_path / "own.toml"
    file.write_text(
        f'[parameters]\n{name} = [2, 2]\nb = [2, 1]\n[forward]\nZ = "{name}·X + b"\n'
        'L = "half_squared_error(Z, Y)"\n[data]\nX = [[0.5, -0.1]]\nY = [[1.0, 0.0]]\n'
        f'[training]\nl2 = 0.5\nweight_decay = 0.1\noptimizer = "{optimizer}"\n',
        "utf-8",
    )
    try:
        program = Timeline(load(file)).program
    except ExperimentError as error:
        said = str(error)
    else:
        read = {s for step in program.steps for s in names(step.expression)}
        said = "" if name in read and f"d{name}" in program.positions else "not read"
    assert said == "" or f"parameters.{name} cannot have this name" in said
