"""Every usual spelling of a formula is read: Ng's, LaTeX, NumPy's functions and methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from backprop_tui.maths.expressions import Call, Cell, Expr, MatMul, Mul, Name, Num, rebuild, walk
from backprop_tui.maths.functions import LOSSES
from backprop_tui.maths.parser import GrammarError, parse, parse_assignment
from backprop_tui.maths.spellings import symbol_meant
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import LATEX, TEXT, Notation, numpy_source, write
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.network import Network, Training
from tests.trees import trees

MATRICES = tuple("X Y W1 b1 Z1 A1 W2 b2 Z2 A2 L dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1".split())
SYMBOLS = (*MATRICES, "m")
PROGRAM = program_of(Network((3, 3, 1), ("tanh", "sigmoid"), "binary_cross_entropy"), Training())


def read(typed: str) -> Expr:
    return parse(typed, {"g1": "tanh", "g2": "sigmoid"}, MATRICES)


# Random formulas in each notation -----------------------------------------------------------------


def numbered(pattern: str) -> dict[str, str]:
    """Each symbol with its number in that pattern: W^{[1]}, W_1, W₁."""
    return {s: pattern.format(s[:-1], s[-1]) if s[-1].isdigit() else s for s in SYMBOLS}


def with_index(name: Callable[[str], str]) -> Callable[[Cell], str]:
    return lambda c: f"{name(c.symbol)}[{c.row},{c.column}]"


OF_NG, IN_BRACKETS, BELOW, IN_LATEX = (
    numbered(pattern).__getitem__
    for pattern in ("{}^{{[{}]}}", "{}[{}]", "{}_{}", r"\mathbf{{{}}}_{}")
)
NG = replace(
    TEXT,
    name=OF_NG,
    cell=with_index(OF_NG),
    matmul=" ",
    transpose="{}^T",
    hadamard="*",
    times=" * ",
    tight=frozenset(),
    guarded=True,
)
BRACKETS = replace(
    NG, name=IN_BRACKETS, cell=with_index(IN_BRACKETS), transpose="{}'", hadamard=".*"
)
SUBSCRIPTS = replace(
    NG,
    name=lambda symbol: BELOW(symbol).translate(str.maketrans("12", "₁₂")).replace("_", ""),
    cell=with_index(BELOW),
    transpose="{}⊤",
    hadamard="⊙",
    call=lambda function: "ln(*)" if function == "log" else TEXT.call(function),
)
LATEX_BY_HAND = replace(
    LATEX,
    name=IN_LATEX,
    cell=with_index(BELOW),
    times=r"\cdot",
    matmul=r"\,",
    hadamard=r"\odot",
    transpose="{}^{{T}}",
    parentheses=(r"\left(", r"\right)"),
)
LOWER = replace(TEXT, name=lambda symbol: symbol.lower() if symbol in SYMBOLS else symbol)
METHODS = replace(TEXT, transpose="{}.transpose()", hadamard="*", times="*")
NOTATIONS: dict[str, Notation] = {
    "Ng": NG,
    "brackets": BRACKETS,
    "subscripts": SUBSCRIPTS,
    "LaTeX": LATEX_BY_HAND,
    "the program's LaTeX": replace(LATEX, times=r"\cdot"),
    "lower case": LOWER,
    "methods": METHODS,
}


def formulas() -> SearchStrategy[Expr]:
    """Random expressions of the symbols of a network with two layers."""

    def known(e: Expr) -> Expr:
        match rebuild(e, known):
            case Name("J" | "K" | "alpha"):
                return Name("A1")
            case Cell(_, row, column):
                return Cell("W2", row, column)
            case Call("power", (Num(), exponent)):  # Ng's W1 2^A is written by nobody
                return exponent
            case other:
                return other

    return trees().map(known)


@given(formulas(), st.sampled_from(sorted(NOTATIONS)))
def test_a_formula_in_any_notation_reads_back_into_its_tree(e: Expr, notation: str) -> None:
    # MatMul of a single number is the product element by element, in whatever notation.
    assert read(write(e, NOTATIONS[notation])) == e


@given(formulas())
def test_numpy_source_reads_back(e: Expr) -> None:
    assume(not any(isinstance(part, Cell) for part in walk(e)))  # their rows count from 0 there
    assume(not any(isinstance(x, Call) and len(x.args) > 2 for x in walk(e)))  # np.maximum has two
    assert read(numpy_source(e)) == e


def in_functions(e: Expr) -> str:
    """`e` with the functions of NumPy in place of operators."""
    match e:
        case MatMul(x, y):
            return f"np.dot({in_functions(x)}, {in_functions(y)})"
        case Mul(x, y):
            return f"np.multiply({in_functions(x)}, {in_functions(y)})"
        case Call("row_sums", (x,)):
            return f"({in_functions(x)}).sum(1, keepdims=True)"
        case Call("col_max", (x,)):
            return f"np.max({in_functions(x)}, axis=0, keepdims=True)"
        case Call("square", (x,)):
            return f"({in_functions(x)})**2"
    return write(
        e, replace(TEXT, leaf=lambda part: f"({in_functions(part)})" if part != e else None)
    )


@given(formulas())
def test_numpys_functions_and_methods_are_read(e: Expr) -> None:
    assert read(in_functions(e)) == e


# Spellings by hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("W^{[1]} X + b^{[1]}", "W1·X + b1"),
        ("A[2] - Y", "A2 − Y"),
        ("W_1 X", "W1·X"),
        (r"\mathbf{W}_1 X", "W1·X"),
        (r"\frac{1}{m} dZ2 A1^T", "1/m·dZ2·A1ᵀ"),
        (r"\sigma(Z_1)", "σ(Z1)"),
        (r"\operatorname{tanh}\left(Z_{1}\right)", "tanh(Z1)"),
        (r"\tanh Z_1 \cdot Y", "tanh(Z1)·Y"),
        ("W2^{T} dZ2", "W2ᵀ·dZ2"),
        (r"{W^{[2]}}^\top dZ^{[2]}", "W2ᵀ·dZ2"),
        ("W^{[2]T} dZ^{[2]}", "W2ᵀ·dZ2"),
        ("W^{(2)} A^{(1)}", "W2·A1"),
        ("W1 - α (dW1 + λ(W1))", "W1 − α·(dW1 + λ·W1)"),
        ("Y * 1{Z1 > 0}", "Y ∘ step(Z1)"),
        (r"Y \circ \mathbb{1}\{Z_1 > 0\}", "Y ∘ step(Z1)"),
        ("∂L/∂Z2 · A1ᵀ", "dZ2·A1ᵀ"),
        (r"\frac{\partial J}{\partial Z^{[2]}} A_1^T", "dZ2·A1ᵀ"),
        (r"\partial L / \partial W_1", "dW1"),
        ("W1 - dL/dW1", "W1 − dW1"),
        ("g^{[1]'}(Z^{[1]})", "tanh′(Z1)"),
        ("g_2'(Z_2)", "σ′(Z2)"),
        (r"g^{[2]\prime}(Z2)", "σ′(Z2)"),
        ("1/(1+e^{-Z1})", "1/(1 + exp(−Z1))"),
        ("1/(1+e^-Z1)", "1/(1 + exp(−Z1))"),
        ("1/(1+np.e**(-Z1))", "1/(1 + exp(−Z1))"),
        ("(1+np.exp(-Z1))**-1", "1/(1 + exp(−Z1))"),
        ("(1+np.exp(-Z1))⁻¹", "1/(1 + exp(−Z1))"),
        ("A1**3", "A1^3"),
        ("A1³ + A1^m", "A1^3 + A1^m"),
        ("2^A1^2", "2^(A1²)"),
        ("-A1^2", "−A1²"),
        ("np.outer(dZ1, X)", "dZ1·Xᵀ"),
        ("np.where(Z1 > 0, 1, 0)", "where(Z1 > 0, 1, 0)"),
        ("np.where(Z1 > 0, Z1, 0)", "where(Z1 > 0, Z1, 0)"),
        ("np.where(Z1 > 0, Z1, 0.01*Z1)", "where(Z1 > 0, Z1, 0.01·Z1)"),
        ("np.where(Z1 <= 0, 0, 1)", "where(Z1 ≤ 0, 0, 1)"),
        ("np.where(A1, 1, 0)", "A1"),  # what is true or 1 needs no product with 1
        ("np.where(A1, X, 0)", "A1 ∘ X"),
        ("np.where(A1, 0, 1)", "1 − A1"),
        ("np.where(A1, 0, X)", "(1 − A1) ∘ X"),
        ("np.where(A1, X, Z1)", "A1 ∘ X + (1 − A1) ∘ Z1"),
        ("np.where(A1, 1, X)", "A1 + (1 − A1) ∘ X"),
        ("np.where(A1, X, 1)", "A1 ∘ X + (1 − A1)"),
        ("dA1 * (Z1 > 0)", "dA1 ∘ step(Z1)"),
        ("dA1 * (Z1 > 0).astype(float)", "dA1 ∘ step(Z1)"),
        ("dA1 * (0 < Z1)", "dA1 ∘ step(Z1)"),
        ("dA1 * (0 > Z1)", "dA1 ∘ step(−Z1)"),
        ("dA1 * (1 > Z1)", "dA1 ∘ step(1 − Z1)"),
        ("dA1 * (Z1 > 1)", "dA1 ∘ step(Z1 − 1)"),
        ("dA1 * (Z1 >= 0)", "dA1 ∘ (1 − step(−Z1))"),
        ("dA1 * (Z1 <= 1)", "dA1 ∘ (1 − step(Z1 − 1))"),
        ("dA1 * (Z1 == 0)", "dA1 ∘ (1 − (step(Z1) + step(−Z1)))"),
        ("dA1 * (Z1 != 1)", "dA1 ∘ (step(Z1 − 1) + step(1 − Z1))"),
        ("dA1 * (Z1 > A1)", "dA1 ∘ step(Z1 − A1)"),
        ("1[Z1 > 0]", "step(Z1)"),
        ("W2.transpose()", "W2ᵀ"),
        ("W2.matmul(A1)", "W2·A1"),
        ("W2' @ dZ2", "W2ᵀ·dZ2"),
        ("W2'dZ2", "W2ᵀ·dZ2"),
        ("W2⊤ dZ2", "W2ᵀ·dZ2"),
        ("W2ᵀ dZ2", "W2ᵀ·dZ2"),
        ("dA1 ⊙ A1 ⊗ (1 - A1)", "dA1 ∘ A1 ∘ (1 − A1)"),
        ("dA1 .* A1", "dA1 ∘ A1"),
        ("W2 ∙ A1", "W2·A1"),
        (r"\left|A1\right| + \lvert X \rvert", "abs(A1) + abs(X)"),
        ("½ (A2 - Y)²", "0.5·(A2 − Y)²"),
        ("-(Y*ln(A2))", "−(Y ∘ log(A2))"),
        ("np.negative(A2) + np.reciprocal(A2)", "−A2 + 1/A2"),
        ("np.log1p(A2) + np.expm1(A2)", "log(1 + A2) + (exp(A2) − 1)"),
        ("torch.mm(W2, A1) + np.mul(A1, X)", "W2·A1 + A1 ∘ X"),
        ("np.minimum(A1, 1) − min(A1, X)", "where(A1 < 1, A1, 1) − where(A1 < X, A1, X)"),
        ("np.clip(A1, 0, 6)", "where(A1 < 0, 0, where(A1 > 6, 6, A1))"),
        ("F.mul(A1, X) + F.mul(A1)", "A1 ∘ X + F ∘ A1"),
        ("np.clip(A1, 1, −1)", "where(A1 < 1, −1, where(A1 > −1, −1, A1))"),
        ("F.relu(A1) + tf.tanh(A1) + jax.nn.relu(A1)", "relu(A1) + tanh(A1) + relu(A1)"),
        ("np.sign(A1)", "step(A1) − step(−A1)"),
        ("softmax(A1, axis=1) + torch.softmax(A1, dim=0)", "softmax_rows(A1) + softmax(A1)"),
        ("torch.nn.functional.relu(A1) + tf.nn.tanh(A1)", "relu(A1) + tanh(A1)"),
        ("np.pi ∘ A1", "3.141592653589793 ∘ A1"),
        ("max(A1) + max(A1, X)", "largest(A1) + max(A1, X)"),
        ("np.max(A1) + np.mean(A1)", "largest(A1) + mean(A1)"),
        ("ReLU(Z1) + LeakyReLU(Z1)", "relu(Z1) + leaky_relu(Z1)"),
        ("a2 - y", "A2 − Y"),
        ("dz_2 a_1'", "dZ2·A1ᵀ"),
        ("2A1", "2·A1"),
        ("A1(1 - A1)", "A1·(1 − A1)"),
        (r"W_1 \, X \;+\; b_1", "W1·X + b1"),
        (r"W^{[2]}_{1,3}", "W2[1,3]"),
        (r"\eta \, dW_1", "α·dW1"),
    ],
)
def test_a_spelling_is_read_as_what_it_means(typed: str, meant: str) -> None:
    assert read(typed) == parse(meant)


@pytest.mark.parametrize("sign", [":=", "=", "←", r"\leftarrow", r"\gets"])
def test_an_assignment_in_any_spelling(sign: str) -> None:
    found = parse_assignment(f"W^{{[1]}} {sign} W_1 - lr dW_1", symbols=MATRICES)
    assert found == ("W1", parse("W1 − α·dW1"), ())


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
def test_a_comparison_as_a_number_is_what_it_is_in_numpy(sign: str) -> None:
    e = read(f"0 + (Z1 {sign} A1)")
    for z in (-1.0, 0.0, 1.0):
        for a in (-1.0, 0.0, 1.0):
            assert value(e, {"Z1": z, "A1": a}) == float(eval(f"{z} {sign} {a}"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("np.sum(A1, 1)", "row_sums(A1)"),
        ("np.sum(A1, axis=-1)", "row_sums(A1)"),
        ("A1.sum(0)", "col_sums(A1)"),
        ("torch.sum(A1, dim=0)", "col_sums(A1)"),
        ("np.max(A1, 0)", "col_max(A1)"),
        ("np.max(A1, 1)", "row_max(A1)"),
        ("np.sum(A1, -1)", "row_sums(A1)"),
        ("np.sum(A1, -2)", "col_sums(A1)"),
        ("np.sum(A1, axis=-2)", "col_sums(A1)"),
        ("np.mean(A1, 0)", "col_means(A1)"),
        ("A1.mean(axis=1)", "row_means(A1)"),
    ],
)
def test_without_keepdims_it_is_read_and_said(typed: str, meant: str) -> None:
    _, e, notes = parse_assignment(typed, symbols=MATRICES)
    assert e == parse(meant)
    assert ["without it NumPy gives a plain list of numbers" in note for note in notes] == [True]


@pytest.mark.parametrize("typed", ["np.sum(A1, axis=1, keepdims=True)", "np.sum(A1)", "max(A1, X)"])
def test_where_nothing_differs_from_numpy_nothing_is_said(typed: str) -> None:
    assert parse_assignment(typed, symbols=MATRICES).notes == ()


def test_a_product_that_numpy_has_for_one_example_is_said_to_be_one() -> None:
    (note,) = parse_assignment("np.outer(dZ1, X) + np.outer(dZ1, X)", symbols=MATRICES).notes
    assert note.startswith("np.outer is the product of a column and a row, for one example")


OF_TWO = "dot matmul mm outer multiply mul divide add subtract heaviside xlog ratio power".split()
OF_ONE = "negative reciprocal transpose log1p expm1 exp sigmoid sum mean ones".split()


@pytest.mark.parametrize(
    ("name", "many"),
    [*((name, 2) for name in (*OF_TWO, *LOSSES)), *((name, 1) for name in OF_ONE)],
)
def test_so_many_values_are_taken_by_a_function_and_no_others(name: str, many: int) -> None:
    assert read(f"np.{name}({', '.join(['A1'] * many)})")
    said = f"np.{name} takes {'one value' if many == 1 else f'{many} values'} (character 5)"
    for wrong in {many - 1, many + 1} - {0}:
        with pytest.raises(GrammarError) as refused:
            read(f"2 + np.{name}({', '.join(['A1'] * wrong)})")
        assert str(refused.value) == said


def test_a_mean_is_divided_by_what_the_axis_has() -> None:
    def counts(e: Expr) -> tuple[Expr, Expr]:
        return Num(3.0), Name("m")

    means = {"": "total(A1)/3/m", ", axis=0": "col_sums(A1)/3", ", 1": "row_sums(A1)/m"}
    for axis, meant in means.items():
        found = parse_assignment(f"np.mean(A1{axis})", symbols=MATRICES, counts=counts)
        assert found.expression == parse(meant)
    alone = parse_assignment("np.mean(A1)", counts=lambda e: (Num(1.0), Num(4.0)))
    assert alone.expression == parse("total(A1)/4")


# Names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["T", "e", "x", "W_1", "lr", "sigma", "log", "eta", "H_t", "is"])
def test_a_name_of_the_program_comes_before_any_spelling(name: str) -> None:
    symbols = (name, "W1", "X1", "Z1")
    assert parse(f"{name} · Z1", symbols=symbols) == Name(name) @ Name("Z1")
    assert parse(f"Z1 ∘ {name}(Z1)", symbols=symbols) == (Name("Z1") * Name(name)) @ Name("Z1")
    assert parse(f"{name}^2", symbols=symbols) == Call("square", (Name(name),))


def test_capitals_do_not_matter_where_one_symbol_alone_can_be_meant() -> None:
    assert symbol_meant("dz1", ("dZ1", "Z1")) == "dZ1"
    assert symbol_meant("h1", ("H1", "h_1")) == "h_1"
    assert symbol_meant("K1", ("k1", "k_1")) is None
    assert symbol_meant("q", ("K1", "k1")) is None


def test_a_number_in_round_brackets_is_a_layer_only_of_a_known_symbol() -> None:
    assert parse("A^(2)", symbols=("A2",)) == Name("A2")
    assert parse("A^(2)", symbols=("A1",)) == Call("square", (Name("A"),))


@given(st.sampled_from(SYMBOLS), st.sampled_from(sorted(LOSSES)))
def test_an_unknown_name_stays_as_it_is_typed(symbol: str, loss: str) -> None:
    assert read(f"{loss} ∘ {symbol}") == Name(loss) * Name(symbol)


@pytest.mark.parametrize("typed", ["np.outer(dZ2)", "np.diag(X)", "X.clip(0)", "np.linalg.norm(X)"])
def test_what_is_not_read_is_told_with_its_place_and_never_with_power(typed: str) -> None:
    with pytest.raises(GrammarError, match=r"character \d") as refused:
        read(typed)
    assert "power" not in str(refused.value)


@pytest.mark.parametrize("module", ["F", "torch.nn.functional"])
def test_a_cross_entropy_of_scores_is_not_read_as_one_of_shares(module: str) -> None:
    with pytest.raises(GrammarError, match=r"^PyTorch's cross_entropy reads Z"):
        read(f"{module}.cross_entropy(A2, Y)")


def test_the_smallest_of_a_matrix_is_told_by_the_largest() -> None:
    with pytest.raises(GrammarError, match=r"^the smallest of a matrix is −max\(−…\)"):
        read("np.min(A1)")


def test_every_step_of_a_program_reads_back_with_its_names() -> None:
    for step in PROGRAM.steps:
        assert parse(write(step.expression, TEXT), symbols=PROGRAM.roles) == step.expression


def test_a_command_of_latex_ends_where_its_letters_do() -> None:
    assert parse(r"W1\cdot X") == parse("W1·X")
    assert parse(r"W1\cdotX") != parse("W1·X")
