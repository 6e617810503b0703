"""[[published]] in an experiment file: what it may say, and the sentence for what it may not."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.files.experiment_file import ExperimentError, load, read_experiment
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.notes import Figure, KnownWrong, Published

SMALL = """
[network]
layers = [2, 3, 1]
activations = ["tanh", "sigmoid"]
loss = "binary_cross_entropy"
[data]
X = [[1, 2], [3, 4], [5, 6]]
Y = [[0], [1], [0]]
"""
BATCH = "[training]\nbatch = 2\n"


def read(published: str, before: str = SMALL, **overrides: Any) -> Experiment:
    return read_experiment(f"{before}\n{published}", "small", "./small.toml", overrides)


def one(lines: str, before: str = SMALL) -> Published:
    (published,) = read(f'[[published]]\nsource = "a book"\n{lines}', before).published
    return published


def faults(lines: str, before: str = SMALL) -> list[str]:
    with pytest.raises(ExperimentError) as refusal:
        one(lines, before)
    return list(refusal.value.faults)


def rows(lines: str, before: str = SMALL) -> tuple[tuple[str, ...], ...]:
    (figure,) = one(lines, before).figures
    return figure.printed


class TestWhatIsRead:
    def test_the_records_mirror_the_file(self) -> None:
        published = one(
            """
            iteration = 3
            within = 1e-4
            A1 = [["0.10"], ["0.2"], ["0.3"]]
            "dW2[1,1]" = "-0.5"
            known_wrong = [
              { of = "L", printed = "0.7", why = "a slip", correct = "0.6" },
              { of = "dA1[2,1]", printed = "1e-3", why = "another" },
            ]
            """
        )
        assert published == Published(
            "a book",
            3,
            1e-4,
            (
                Figure("A1", (("0.10",), ("0.2",), ("0.3",))),
                Figure("dW2[1,1]", (("-0.5",),)),
            ),
            (
                KnownWrong("L", "0.7", "a slip", "0.6"),
                KnownWrong("dA1[2,1]", "1e-3", "another"),
            ),
        )

    def test_what_is_left_out_has_a_default(self) -> None:
        published = one('L = "0.7"')
        assert (published.iteration, published.within, published.known_wrong) == (1, None, ())
        assert read("").published == ()

    def test_a_source_may_have_several_entries(self) -> None:
        entry = '[[published]]\nsource = "{}"\niteration = {}\nL = "1.0"\n'
        found = read(entry.format("a", 1) + entry.format("a", 2) + entry.format("b", 1)).published
        assert [(p.source, p.iteration) for p in found] == [("a", 1), ("a", 2), ("b", 1)]

    @pytest.mark.parametrize(
        "key", ["-dZ2", "σ′(Z2[1,1])", "sigmoid'(Z2)", "A2 − Y", "W2ᵀ · dZ2", "W2.T @ dZ2", "α * m"]
    )
    def test_figures_are_of_any_expression(self, key: str) -> None:
        printed = '[["1"], ["2"], ["3"]]' if key.startswith("W2") else '"0.5"'
        (figure,) = one(f'"{key}" = {printed}').figures
        assert figure.of == key

    def test_a_plain_list_is_one_number_a_row(self) -> None:
        assert rows('b1 = ["0.1", "0.2", "0.3"]') == (("0.1",), ("0.2",), ("0.3",))

    def test_a_symbol_of_one_number_needs_no_brackets(self) -> None:
        assert rows('L = "0.7"') == rows('L = [["0.7"]]') == (("0.7",),)

    def test_what_is_not_printed_is_left_out(self) -> None:
        assert rows('W2 = [["0.1", "…", ""]]') == (("0.1", "", ""),)
        assert rows('W2 = [["·", "...", "0.1"]]') == (("", "", "0.1"),)

    @pytest.mark.parametrize("number", ["0.50", "-1", "−1.5", "+2", ".5", "2.", "1e-5", "1.0E−10"])
    def test_a_number_stays_as_it_is_printed(self, number: str) -> None:
        assert rows(f'L = " {number} "') == ((number,),)

    def test_a_batch_has_a_column_for_each_example_and_the_last_one_what_is_left(self) -> None:
        assert rows('A2 = [["0.1", "0.2"]]', SMALL + BATCH) == (("0.1", "0.2"),)
        assert rows('iteration = 2\nA2 = "0.1"', SMALL + BATCH) == (("0.1",),)
        assert rows('iteration = 3\nJ = "0.1"', SMALL + BATCH) == (("0.1",),)


SYMBOLS = "X, Y, W1, b1, W2, b2, Z1, A1, Z2, A2, L, dA2, dZ2, dW2, db2, …, db1"
BARE = (
    'must be in quotes, digit for digit as it is printed: a bare number does not tell "0.50" from '
    '"0.5"; got '
)
ONE_FAULT = [  # what stands in the entry, and the whole sentence that comes of it
    ("L = 0.5", f"published[1].L {BARE}0.5"),
    ("W2 = [[1, 2, 3]]", f"published[1].W2[1,1] {BARE}1"),
    ("b1 = ['1', 2, '3']", f"published[1].b1[2] {BARE}2"),
    (
        "L = 'half'",
        'published[1].L must be a number in quotes, as it is printed, like "0.50"; got "half"',
    ),
    (
        "L = '1e999'",
        'published[1].L must be a number in quotes, as it is printed, like "0.50"; got "1e999"',
    ),
    (
        "L = '…'",
        'published[1].L must be a number in quotes, as it is printed, like "0.50"; got "…"',
    ),
    (
        "L = true",
        'published[1].L must be a number in quotes, as it is printed, like "0.50"; got true',
    ),
    (
        "L = []",
        'published[1].L must be a number in quotes, as it is printed, like "0.50", or rows of '
        'them, like [["0.50", "1.2"], ["…", "3"]]; got an empty list',
    ),
    ("W2 = [['…', '', '']]", "published[1].W2 must have one number at least: it prints none"),
    (
        "W1 = [['1', '2'], ['3'], ['4', '5']]",
        "published[1].W1 must have rows of one length; got 2, 1, 2",
    ),
    ("A1 = [['1', '2', '3']]", "published[1].A1 has figures of shape 1×3, but A1 is 3×1"),
    ("A1 = '0.5'", "published[1].A1 has figures of shape 1×1, but A1 is 3×1"),
    ("A2 = ['0.5', '0.6']", "published[1].A2 has figures of shape 2×1, but A2 is one number"),
    (
        "'-dZ1' = ['0.5', '0.6']",
        "published[1].-dZ1 has figures of shape 2×1, but -dZ1 is 3×1",
    ),
    (
        "dZ3 = '0.5'",
        f"published[1].dZ3 must be of this network, which has {SYMBOLS}; "
        'got "dZ3". Did you mean "dZ2"?',
    ),
    (
        "iteratoin = '2'",
        f"published[1].iteratoin must be of this network, which has {SYMBOLS}; "
        'got "iteratoin". Did you mean "iteration"?',
    ),
    ("J = '0.5'", "published[1].J does not exist: a batch of one example has no J, only L"),
    (
        "'dW2[2,1]' = '0.5'",
        'published[1]."dW2[2,1]" asks for dW2[2,1], but dW2 has 1 row and 3 columns',
    ),
    (
        "'alpha[1,1]' = '0.5'",
        'published[1]."alpha[1,1]" must not ask for a cell of alpha, a single number',
    ),
    (
        "'W1 @ W2' = '0.5'",
        'published[1]."W1 @ W2" has no value: W1 · W2 is 3×2 times 1×3: W1 has 2 columns, but W2 '
        "has 1 row; a matrix product needs as many columns on the left as rows on the right",
    ),
    ("'L < 1' = '1'", 'published[1]."L < 1" must be a number or a matrix, not a comparison'),
    (
        "'2 + 2' = '4'",
        f'published[1]."2 + 2" must read a symbol of this network, {SYMBOLS}',
    ),
    (
        "'A1 +' = '4'",
        'published[1]."A1 +" must be a symbol, a cell or an expression, but: expected a number, a '
        "matrix or “(”, found the end",
    ),
    (
        "iteration = 0",
        "published[1].iteration must be a whole number, 1 or more; got 0",
    ),
    ("within = 0", "published[1].within must be a finite number greater than 0; got 0"),
    ("within = '1'", 'published[1].within must be a finite number greater than 0; got "1"'),
    (
        "known_wrong = [{ of = 'L', printed = '1' }]",
        "published[1].known_wrong[1].why is missing: it must be text without control characters",
    ),
    (
        "known_wrong = [{ of = 'L', printed = 1, why = '' }]",
        f"published[1].known_wrong[1].printed {BARE}1",
    ),
    (
        "known_wrong = [{ of = 'L', printed = '1', why = '', right = '2' }]",
        "published[1].known_wrong[1].right is not a key of a known wrong figure, which has "
        "of, printed, why, correct",
    ),
    (
        "known_wrong = [{ of = 'A1', printed = '1', why = '' }]",
        "published[1].known_wrong[1].of must be one number, but A1 is 3×1",
    ),
    (
        "known_wrong = [{ of = 'dA9[1,1]', printed = '1', why = '' }]",
        f"published[1].known_wrong[1].of must be of this network, which has {SYMBOLS}; "
        'got "dA9". Did you mean "dA2"?',
    ),
]


class TestFaults:
    @pytest.mark.parametrize(("lines", "sentence"), ONE_FAULT)
    def test_each_has_its_sentence(self, lines: str, sentence: str) -> None:
        assert sentence in faults(lines)

    @pytest.mark.parametrize("lines", [lines for lines, _ in ONE_FAULT])
    def test_each_is_told_on_one_printable_line(self, lines: str) -> None:
        assert all(fault.isprintable() for fault in faults(lines))

    def test_the_source_is_needed(self) -> None:
        with pytest.raises(ExperimentError) as refusal:
            read("[[published]]\nL = '0.5'")
        assert refusal.value.faults == (
            "published[1].source is missing: it must be one line of text",
        )

    def test_are_told_all_at_once_in_the_order_of_the_file(self) -> None:
        found = faults(
            """
            L = 0.5
            dZ9 = "1"
            known_wrong = [{ of = "Z9", printed = "1", why = "" }]
            A1 = [["1"], ["x"], ["3"]]
            within = -1
            [[notes]]
            at = "Z9"
            text = ""
            """
        )
        paths = ["L", "dZ9", "known_wrong[1].of", "A1[2,1]", "within"]
        told = [fault.split(" must ")[0] for fault in found]
        assert told == [*(f"published[1].{path}" for path in paths), "notes[1].at"]

    def test_a_matrix_of_numbers_fills_no_screen(self) -> None:
        found = faults(f"W1 = {[[0.5] * 2] * 20}")
        assert found[8:] == ["published[1].W1 has 32 more faults like these"]

    def test_what_is_no_figure_at_all_is_not_told_how_figures_are_written(self) -> None:
        (found,) = faults("iteratoin = 2")
        assert found.endswith('got "iteratoin". Did you mean "iteration"?')

    def test_a_wrong_network_does_not_blame_the_figures(self) -> None:
        found = faults('Z9 = "1"', SMALL.replace("[2, 3, 1]", "[2, 0, 1]"))
        assert found == ["network.layers[2] must be a whole number, 1 or more; got 0"]


class TestChanges:
    @pytest.mark.parametrize(
        "change",
        [
            {"layers": "2,2,2"},
            {"layers": "2,3,2"},
            {"activations": "tanh,sigmoid"},
            {"loss": "mean_squared_error"},
            {"x": "1,0"},
            {"y": "1,0"},
            {"learning_rate": "0.25"},
            {"seed": "7"},
        ],
    )
    def test_another_run_has_no_published_figures(self, change: dict[str, str]) -> None:
        assert load("mazur").published
        is_same = load("mazur", change).dense.layers == (2, 2, 2) and "layers" in change
        assert bool(load("mazur", change).published) is is_same

    def test_nor_do_weights_that_were_drawn_anew(self) -> None:
        assert load("mazur").with_seed(7).published == ()


keys = st.sampled_from(["source", "iteration", "within", "known_wrong", "A1", "-dZ2", "L < 1", ""])
scalars = st.sampled_from(["0.5", "…", "x", 0.5, 2, True, "A1[9,9]", 10**400]) | st.text(max_size=5)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["of", "printed", "why", "correct"]), inner, max_size=4)
    ),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(keys | st.text(max_size=6), values, max_size=5), max_size=3))
def test_whatever_stands_there_is_answered(entries: list[dict[str, Any]]) -> None:
    document = {**tomllib.loads(SMALL), "published": entries}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tomllib, "loads", lambda _: document)
        assert all(fault.isprintable() and fault for fault in answer())


def answer() -> tuple[str, ...]:
    try:
        read("")
    except ExperimentError as refusal:
        return refusal.faults or ("",)
    return ()
