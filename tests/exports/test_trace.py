"""The trace: exact where programs read it, true and within its width where people do."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from backprop_tui.exports import figures, trace
from backprop_tui.files.experiment_file import load
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.values import ratio, xlog
from backprop_tui.model.experiment import Array, Experiment
from backprop_tui.model.network import OPTIMIZERS
from backprop_tui.model.saved import Edit
from backprop_tui.run.edits import with_edit
from backprop_tui.run.timeline import Timeline
from tests.networks import experiments, same_bits

HEADER = (
    "backprop_tui title layers activations loss bias orientation given learning_rate batch order "
    "reduction freeze optimizer beta1 beta2 epsilon weight_decay l2 momentum_form input_gradient "
    "seed mistake X Y parameters edits"
).split()
RECORD = ("iteration step phase layer symbol formula numpy inputs examples shape value").split()


def json_lines(experiment: Experiment, iterations: int) -> tuple[dict[str, Any], list[Any]]:
    timeline = Timeline(experiment)
    texts = list(trace.jsonl(timeline, figures.iterations(timeline, iterations)))
    assert all(text.endswith("\n") and text.count("\n") == 1 for text in texts)
    header, *records = map(json.loads, texts)
    return header, records


def table(
    name: str, iterations: int = 1, decimals: int = 3, width: int = 80, **overrides: str
) -> str:
    timeline = Timeline(load(name, overrides))
    console = Console(width=width, file=StringIO(), color_system=None)
    run = figures.iterations(timeline, iterations)
    return "".join(trace.table(timeline, run, decimals, console))


def markdown(name: str, iterations: int = 1, decimals: int = 3, **overrides: str) -> str:
    timeline = Timeline(load(name, overrides))
    return "".join(trace.markdown(timeline, figures.iterations(timeline, iterations), decimals))


def numbers(rows: list[list[float | str]]) -> Array:
    return np.array([[float(x) for x in row] for row in rows])


class TestJsonLines:
    def test_the_first_line_describes_the_run(self) -> None:
        header, _ = json_lines(load("mazur"), 1)
        assert list(header) == HEADER
        assert header["layers"] == [2, 2, 2]
        assert header["freeze"] == ["b1", "b2"]
        assert header["X"] == [[0.05], [0.1]]  # columns are examples, as in every value
        assert header["parameters"]["W1"] == [[0.15, 0.2], [0.25, 0.3]]
        assert header["mistake"] is None
        assert header["edits"] == []

    def test_it_lists_the_edits_and_the_steps_are_of_the_edited_run(self) -> None:
        edit = Edit(2, Cell("b1", 1, 1), 0.125)
        header, records = json_lines(with_edit(load("mazur"), edit), 2)
        assert header["edits"] == [{"iteration": 2, "cell": "b1[1,1]", "value": 0.125}]
        _, plain = json_lines(load("mazur"), 2)
        steps = len(plain) // 2
        assert records[:steps] == plain[:steps]
        assert records[steps]["value"] != plain[steps]["value"]

    def test_the_table_says_how_the_parameters_follow_their_gradients(self) -> None:
        training = replace(load("article").training, optimizer="adam", weight_decay=0.1)
        said = figures.setting(Timeline(replace(load("article"), training=training)))
        assert said.endswith("α = 0.5 · adam · weight decay 0.1")
        training = replace(training, optimizer="momentum", momentum_form="classical")
        said = figures.setting(Timeline(replace(load("article"), training=training)))
        assert said.endswith("α = 0.5 · classical momentum · weight decay 0.1")

    def test_a_mistake_that_is_not_possible_says_so(self) -> None:
        nowhere = " · mistake: transpose-forgotten, which is not possible in this network"
        for name, told in (
            ("transpose-forgotten", nowhere),
            ("sign-flipped", " · mistake: sign-flipped"),
        ):
            run = Timeline(load("neuron").with_mistake(CATALOGUE[name]))
            assert figures.setting(run).endswith(told)

    def test_every_step_has_a_line(self) -> None:
        _, records = json_lines(load("article"), 2)
        assert [r["symbol"] for r in records[:17]] == (
            "Z1 A1 Z2 A2 L dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1 W1 b1 W2 b2".split()
        )
        assert [(r["iteration"], r["step"]) for r in records] == [
            (k, i) for k in (1, 2) for i in range(1, 18)
        ]
        assert all(list(r) == RECORD for r in records)

    def test_a_line_says_how_the_value_came_about(self) -> None:
        _, records = json_lines(load("article"), 1)
        by_symbol = {r["symbol"]: r for r in records}
        assert by_symbol["Z1"] | {"value": None} == {
            "iteration": 1,
            "step": 1,
            "phase": "forward",
            "layer": 1,
            "symbol": "Z1",
            "formula": "Z1 = W1·X + b1",
            "numpy": "Z1 = W1 @ X + b1",
            "inputs": ["W1", "X", "b1"],
            "examples": [1],
            "shape": [3, 1],
            "value": None,
        }
        assert by_symbol["L"]["layer"] is None
        # As taught, and as computed.
        assert by_symbol["dZ1"]["formula"] == "dZ1 = dA1 ∘ σ′(Z1)"
        assert by_symbol["dZ1"]["numpy"] == "dZ1 = dA1 * (A1 * (1 - A1))"
        assert by_symbol["dZ1"]["inputs"] == ["dA1", "A1"]
        assert by_symbol["W1"]["inputs"] == ["W1", "alpha", "dW1"]

    @given(experiments())
    def test_values_are_the_recorded_ones_to_the_bit(self, experiment: Experiment) -> None:
        _, records = json_lines(experiment, 3)
        timeline = Timeline(experiment)
        recorded = [
            (timeline.iteration(k), value)
            for k in range(1, records[-1]["iteration"] + 1)
            for value in timeline.iteration(k).results
        ]
        for record, (iteration, value) in zip(records, recorded, strict=True):
            assert record["iteration"] == iteration.number
            assert record["examples"] == [e + 1 for e in iteration.examples]
            assert tuple(record["shape"]) == value.shape
            assert np.array_equal(numbers(record["value"]), value, equal_nan=True)

    @given(experiments(), st.sampled_from(list(OPTIMIZERS)), st.sampled_from([0.0, 0.1]))
    def test_the_numpy_line_over_its_inputs_gives_the_value_to_the_bit(
        self, experiment: Experiment, optimizer: str, weight_decay: float
    ) -> None:
        """All that a line reads stands in the first line, or in a line before it."""
        how = replace(experiment.training, optimizer=optimizer, weight_decay=weight_decay)
        header, records = json_lines(replace(experiment, training=how), 2)
        known: dict[str, Any] = {n: numbers(p) for n, p in header["parameters"].items()}
        known["alpha"] = header["learning_rate"]
        constants = ("beta1", "beta2", "epsilon", "weight_decay", "l2")
        known |= {name: header[name] for name in constants}
        for record in records:
            batch, axis = [e - 1 for e in record["examples"]], experiment.data.axis
            known["X"] = numbers(header["X"]).take(batch, axis=axis)
            known["Y"] = numbers(header["Y"]).take(batch, axis=axis)
            known["t"] = record["iteration"]
            began = np.zeros(record["shape"])  # what a running mean begins with
            own = record["symbol"]
            scope: dict[str, Any] = {
                name: known.get(name, began) if name == own else known[name]
                for name in record["inputs"]
            }
            scope |= {"np": np, "xlog": xlog, "ratio": ratio}
            scope |= {"m": len(batch), "K": header["layers"][-1]}
            with np.errstate(all="ignore"):
                exec(record["numpy"], scope)
            value = numbers(record["value"])
            known[record["symbol"]] = value
            if np.isfinite(value).all():
                assert same_bits(scope[record["symbol"]], value), record["numpy"]
            else:
                assert np.array_equal(scope[record["symbol"]], value, equal_nan=True)

    def test_what_is_not_finite_is_a_word(self) -> None:
        odd = np.array([[np.nan, np.inf, -np.inf, 1.0]])
        assert json.dumps(odd, default=trace.exact) == '[["nan", "inf", "-inf", 1.0]]'

    def test_nothing_is_abbreviated(self) -> None:
        many = ",".join(["1"] * 784)
        _, records = json_lines(load("article", {"layers": "784,1", "x": many}), 1)
        assert records[-2]["symbol"] == "W1"
        assert len(records[-2]["value"][0]) == 784

    def test_a_trace_of_any_length_starts_at_once(self) -> None:
        timeline = Timeline(load("article"))
        texts = trace.jsonl(timeline, figures.iterations(timeline, 10**18))
        assert len(list(islice(texts, 100))) == 100


def test_a_run_that_diverges_ends_there() -> None:
    overrides = {
        "learning_rate": "1e300",
        "activations": "relu,linear",
        "loss": "half_squared_error",
    }
    timeline = Timeline(load("article", overrides))
    run = list(figures.iterations(timeline, 1000))
    assert [iteration.number for iteration in run] == [1, 2]
    assert run[-1].diverged == "W1"


class TestTable:
    def test_the_first_iteration_of_the_article(self) -> None:
        lines = table("article").splitlines()
        assert lines[:5] == [
            "The article's network",
            "3-3-1 · 2 × sigmoid · binary_cross_entropy · α = 0.5",
            "",
            "Iteration 1, example 1 of 1",
            "step  phase     formula                          shape  value",
        ]
        for line in (
            "      given     X                                3×1     1.000",
            "   1  forward   Z1 = W1·X + b1                   3×1     1.500",
            "                                                        −1.450",
            "   5  loss      L = −(Y ∘ log(A2)                1×1    1.026",
            "                  + (1 − Y) ∘ log(1 − A2))",
            "   8  backward  dW2 = dZ2 · A1ᵀ                  1×3    −0.524 −0.122 −0.250",
            "  17  update    b2 ← b2 − α·db2                  1×1    0.321",
        ):
            assert line in lines

    def test_what_is_given_is_told_once_and_examples_when_they_change(self) -> None:
        lines = table("ai-by-hand", 3).splitlines()
        assert sum(" given " in line for line in lines) == len("X Y W1 b1 W2 b2 W3 b3".split())
        changing = table("article", 3, x="1,0,1;0,1,1", y="1;0", seed="1")
        assert sum(" given     X " in line for line in changing.splitlines()) == 3
        assert "Iteration 3, epoch 2, example 1 of 2" in changing

    @pytest.mark.parametrize("name", ["article", "han-kamber", "mazur", "ai-by-hand"])
    @pytest.mark.parametrize("decimals", [0, 3, 12])
    def test_stays_within_80_columns(self, name: str, decimals: int) -> None:
        assert max(map(len, table(name, 2, decimals).splitlines())) <= 80

    def test_is_never_cut_short_however_narrow(self) -> None:
        narrow = table("article", decimals=12, width=20)
        assert "−2.788751577007" in narrow
        assert "2.78875157700…" not in narrow

    def test_large_matrices_show_their_first_rows_and_their_edges(self) -> None:
        many = ",".join(["0.5"] * 784)
        text = table("article", layers="784,30,1", x=many, seed="3")
        assert max(map(len, text.splitlines())) <= 80
        assert "⋮" in text
        assert "…" in text
        assert "30×784" in text
        assert len(text.splitlines()) < 140

    def test_spells_signs_that_the_terminal_lacks_before_it_measures_them(self) -> None:
        timeline = Timeline(load("article"))
        lacking = Console(width=80, file=_Ascii(), color_system=None)
        texts = trace.table(timeline, figures.iterations(timeline, 1), 3, lacking)
        rows = "".join(texts).splitlines()[4:]
        assert "   2  forward   A1 = sigma(Z1)                   3x1    0.818" in rows
        assert all(row.isascii() for row in rows)


class _Ascii(StringIO):
    encoding = "ascii"


class TestMarkdown:
    def test_the_first_iteration_of_the_article(self) -> None:
        text = markdown("article")
        assert text.startswith("# The article's network\n\nThree inputs")
        for part in (
            "\n## Iteration 1, example 1 of 1\n\n### Given\n\n| X | 1 |\n| --- | ---: |\n",
            "\n### Forward\n\n**1.** `Z1 = W1·X + b1`, $Z^{[1]} = W^{[1]} \\, X + b^{[1]}$, 3×1\n"
            "\n| Z1 | 1 |\n| --- | ---: |\n| 1 | 1.500 |\n| 2 | −1.450 |\n| 3 | −0.450 |\n",
            "\n**7.** `dZ2 = A2 − Y`, $dZ^{[2]} = A^{[2]} - Y$: dZ2 is **−0.641**\n",
            "\n### Update\n\n**14.** `W1 ← W1 − α·dW1`, "
            "$W^{[1]} \\leftarrow W^{[1]} - \\alpha \\, dW^{[1]}$, 3×3\n",
        ):
            assert part in text

    def test_no_run_of_blank_lines(self) -> None:
        assert "\n\n\n" not in markdown("ai-by-hand", 2)

    def test_every_row_of_a_table_has_as_many_cells(self) -> None:
        text = markdown("article", layers="40,1", x=",".join(["0.5"] * 40), seed="3")
        for block in text.split("\n\n"):
            if block.startswith("|"):
                assert len({row.count("|") for row in block.strip().splitlines()}) == 1
        assert "| W1 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | … | 40 |" in text


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (0.0, 3, "0.000"),
        (-0.0, 3, "0.000"),
        (-0.2636, 3, "−0.264"),
        (0.5, 0, "5e−1"),
        (3.0, 0, "3"),
        (-0.000438568, 3, "−4.39e−4"),
        (999_999.0, 1, "999999.0"),
        (-1.5e300, 3, "−1.500e300"),
        (float("nan"), 3, "NaN"),
        (float("-inf"), 3, "−∞"),
    ],
)
def test_a_figure_is_rounded_but_never_to_nothing(
    value: float, decimals: int, written: str
) -> None:
    assert figures.figure(value, decimals) == written
    assert len(written) <= decimals + 8


@pytest.mark.parametrize(
    ("examples", "written"),
    [
        ([3], "example 3"),
        ([2, 3, 4], "examples 2–4"),
        ([4, 1], "examples 4, 1"),
        ([2, *range(20, 5, -1)], "examples 2, 20, 19, 18, 17, 16, 15, 14, 13, …, 6"),
    ],
)
def test_a_batch_is_named_in_short(examples: list[int], written: str) -> None:
    assert figures.examples_in_words(examples) == written
