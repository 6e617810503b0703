"""The graph of operations: every node is there, what is shared has one name, skips are seen."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.computation import (
    arcs,
    chain_fits,
    layered,
    layers_fit,
    layers_of,
    lines_of,
    rails,
)
from backprop_tui.tui.paint.drawings import bars, draw
from backprop_tui.tui.paint.operations import Edge, edges_of, heavy
from tests.formulas import program_file
from tests.programs import ATTENTION, RESIDUAL, TIED, programs, rnn, written
from tests.tui.driver import view_of


def at(experiment: Experiment, symbol: str) -> View:
    """What is seen after the step that writes a symbol."""
    run = Timeline(experiment)
    return view_of(run, Position(1, run.program.index(symbol) + 1))


def drawn(view: View, width: int = 21, height: int = 13) -> str:
    canvas = Canvas(width, height)
    draw(canvas, view, 0)
    return canvas.text()


def worked_on(view: View) -> set[tuple[str, str]]:
    return {(e.source, e.target) for e in edges_of(view.program) if heavy(view, e)}


class TestChain:
    def test_time_steps_stand_beside_each_other_with_what_they_share_named(self) -> None:
        text = drawn(at(rnn(3), "dWh"), 15)
        assert re.search(r"H1◀┓ •H2◀┓  H3", text)
        assert re.search(r"Z1 ┗━•Z2 ┗━•Z3", text)
        assert text.count("Wh") == 2
        assert text.count("Wx") == 3  # the last one at the left of its edge: there is no room
        assert re.search(r"t=1 +t=2 +t=3", text)

    @given(st.integers(1, 11), st.integers(10, 66))
    def test_names_stand_there_whole(self, letters: int, width: int) -> None:
        name = "W" + "x" * letters
        view = at(rnn(3, name), "dWh")
        if chain_fits(view, width, 40):
            told = re.findall(r"[A-Za-z]\w*", drawn(view, width, 40))
            assert (told.count(name), told.count("Wh"), told.count("V")) == (3, 2, 1)

    def test_the_edges_of_what_is_shared_are_heavy_together(self) -> None:
        assert worked_on(at(rnn(3), "dWh")) == {("H2", "Z3"), ("H1", "Z2")}
        assert worked_on(at(rnn(3), "dWx")) == {("X1", "Z1"), ("X2", "Z2"), ("X3", "Z3")}
        assert worked_on(at(rnn(3), "Z2")) == {("X2", "Z2"), ("H1", "Z2")}

    def test_time_steps_in_which_a_line_reads_two_of_their_own_are_no_chain(self) -> None:
        view = at(program_file("gru"), "H1")
        assert not chain_fits(view, 200, 200)
        assert not layers_fit(view.program, 200)

    def test_one_that_does_not_fit_is_a_list_of_terms_with_bars(self) -> None:
        view = at(rnn(12), "dWh")
        assert not chain_fits(view, 15, 13)
        text = drawn(view, 15)
        assert text.startswith("dWh: terms")
        assert len(re.findall(r"t=\d+ \de−\d +█", text)) >= 10

    def test_of_long_names_the_last_word_stands_beside_whole_numbers(self) -> None:
        forward = {
            "H": "W·X",
            **{name: f"tanh(V{name}·H)" for name in "ABCD"},
            "L": "half_squared_error(A + B + C + D, Y)",
        }
        weights = {f"V{name}": (1, 1) for name in "ABCD"}
        run = written({"W": (1, 1), **weights}, {"X": [[1.0]], "Y": [[1.0]]}, forward)
        canvas = Canvas(15, 9)
        bars(canvas, at(run, "dH"), 0, 9)
        assert re.findall(r"(V.) \d(?:e−\d)? +█", canvas.text()) == ["VD", "VC", "VB", "VA"]

    def test_a_value_of_each_group_stands_there_where_the_step_has_no_terms(self) -> None:
        text = drawn(at(rnn(12), "dZ9"), 15, 16)
        assert re.search(r"▸ +9 +\de", text)
        assert re.search(r" +2 +·", text)


class TestLayers:
    def test_an_edge_that_skips_runs_at_the_right(self) -> None:
        lines = drawn(at(RESIDUAL, "dA1"), 21, 20).splitlines()
        begin, end = (
            next(k for k, line in enumerate(lines) if re.search(f"{s}[◀━]━", line))
            for s in ("A1", "A2")
        )
        column = lines[begin].index("┓")
        assert all(line[column] == "┃" for line in lines[begin + 1 : end])
        assert lines[end][column] == "┛"
        assert "skip" in "".join(lines[begin:end])

    def test_heads_tell_the_direction(self) -> None:
        assert "A1◀━" in drawn(at(RESIDUAL, "dA1"), 21, 20)
        assert "▶A2" not in drawn(at(RESIDUAL, "dA1"), 21, 20)
        forward = drawn(at(RESIDUAL, "A2"), 21, 20)
        assert re.search(r"▸A2◀━+┛", forward)  # from the right, where the skip arrives
        assert re.search(r"▼ +┃\n *▸A2", forward)

    def test_both_paths_of_a_gradient_are_heavy(self) -> None:
        assert worked_on(at(RESIDUAL, "dA1")) == {("A1", "Z2"), ("A1", "A2")}

    def test_what_is_written_and_read_is_marked(self) -> None:
        text = drawn(at(RESIDUAL, "dA1"), 21, 20)
        assert "▸A1" in text
        assert "•Z2" in text
        assert "•A2" in text

    def test_nodes_of_a_layer_stand_beside_each_other(self) -> None:
        lines = drawn(at(ATTENTION, "dS"), 40, 20).splitlines()
        assert any(all(s in line for s in ("Query", "Key", "Value")) for line in lines)

    @given(programs(), st.integers(15, 80), st.integers(8, 60))
    def test_every_node_is_there_where_all_layers_fit(
        self, experiment: Experiment, width: int, height: int
    ) -> None:
        view = at(experiment, "L")
        layers = layers_of(view.program)
        canvas = Canvas(width, height)
        layered(canvas, view, 0, height)
        if layers_fit(view.program, width) and len(layers) <= height:
            told = re.findall(r"[A-Z]\d*", canvas.text())
            assert {symbol for layer in layers for symbol in layer} <= set(told)

    @given(programs(), st.integers(15, 80))
    def test_names_stand_there_whole(self, experiment: Experiment, width: int) -> None:
        view, canvas = at(experiment, "L"), Canvas(width, 80)
        if layers_fit(view.program, width):
            layered(canvas, view, 0, 80)
            told = re.findall(r"[A-Za-z]\w*", canvas.text())
            skips = rails(view.program)
            for edge in edges_of(view.program):
                if edge not in skips:
                    assert set(edge.through.split()) <= set(told)

    def test_edges_that_seem_to_lead_elsewhere_are_not_drawn_so(self) -> None:
        shapes = dict.fromkeys(("W1", "W2", "W3", "W4"), (2, 2)) | {"V": (1, 2), "Q": (1, 2)}
        lines = {"A1": "tanh(W1·X)", "A2": "tanh(W2·X)", "O": "V·H3 + Q·H4"}
        lines["L"] = "half_squared_error(O, Y)"

        def reading(h3: str, h4: str) -> View:
            forward = {**lines, "H3": f"W3·{h3}", "H4": f"W4·{h4}"}
            order = ("A1", "A2", "H3", "H4", "O", "L")
            data = {"X": [[1.0], [0.5]], "Y": [[0.5]]}
            return at(written(shapes, data, {s: forward[s] for s in order}), "dV")

        assert layers_fit(reading("A1", "A2").program, 40)
        assert layers_fit(reading("(A1 + A2)", "(A1 + A2)").program, 40)
        assert not layers_fit(reading("A2", "A1").program, 40)  # they cross
        assert "V Q" in drawn(reading("A1", "A2"), 40, 30)  # not one over the other

    @given(programs())
    def test_each_stands_below_what_it_reads(self, experiment: Experiment) -> None:
        program = Timeline(experiment).program
        deep = {s: k for k, layer in enumerate(layers_of(program)) for s in layer}
        assert all(deep[edge.source] < deep[edge.target] for edge in edges_of(program))

    @given(programs())
    def test_no_two_edges_share_a_part_of_a_rail(self, experiment: Experiment) -> None:
        program = Timeline(experiment).program
        deep = {s: k for k, layer in enumerate(layers_of(program)) for s in layer}
        for (one, rail), (other, same) in combinations(rails(program).items(), 2):
            if rail == same:
                first, second = sorted((one, other), key=lambda edge: deep[edge.source])
                assert deep[first.target] < deep[second.source]


@pytest.mark.parametrize("experiment", [rnn(3), rnn(12), RESIDUAL, ATTENTION, TIED])
def test_no_size_fails(experiment: Experiment) -> None:
    run = Timeline(experiment)
    for steps in range(0, len(run.program.steps) + 1, 3):
        for width, height in ((1, 1), (6, 3), (15, 9), (15, 13), (40, 20), (66, 34)):
            for roomy in (False, True):
                drawn(view_of(run, Position(1, steps), roomy=roomy), width, height)


JOINED = "┐┬┘┴┤┼┌├└"
"""Where a line meets a rail."""


def edges_read(text: str) -> set[tuple[str, str]]:
    """The edges as a reader follows them: from a node right to where its line turns down, and along
    that rail to each line that meets it."""
    lines = text.split("\n")
    names = [line[1:].split("─")[0].strip() for line in lines]
    found = set()
    for y, line in enumerate(lines):
        for x, char in enumerate(line):
            if char in "┐┬":
                for below in range(y + 1, len(lines)):
                    if lines[below][x] in "┘┴┤┼":
                        found.add((names[y], names[below]))
                    if lines[below][x] in "┘┴":
                        break
    return found


class TestArcs:
    def test_what_is_no_chain_and_has_no_layers_is_drawn_with_rails(self) -> None:
        for symbol, width in (("H1", 16), ("C2", 21), ("A", 40)):
            text = drawn(at(program_file("gru"), symbol), width, 13)
            assert re.search(f"▸{symbol}[━◀]", text)
            assert re.search("[━┓┛┃◀]", text)
            assert "group" not in text

    def test_where_lines_cross_it_is_seen_which_meet(self) -> None:
        view = at(program_file("gru"), "H1")
        canvas = Canvas(40, 40)
        arcs(
            canvas, replace(view, state=Timeline(program_file("gru")).state(Position(1, 0))), 0, 40
        )
        read = {(edge.source, edge.target) for edge in edges_of(view.program)}
        assert edges_read(canvas.text()) == read

    @given(st.data())
    def test_every_edge_of_any_program_can_be_followed(self, data: st.DataObject) -> None:
        run = Timeline(data.draw(programs()))
        view, lines = view_of(run, Position(1, 0)), len(lines_of(run.program))
        canvas = Canvas(200, lines)
        arcs(canvas, view, 0, lines)
        read = {(edge.source, edge.target) for edge in edges_of(run.program)}
        assert edges_read(canvas.text()) == read

    @given(st.data(), st.integers(6, 14))
    def test_the_step_is_in_sight(self, data: st.DataObject, height: int) -> None:
        run = Timeline(data.draw(programs()))
        k = data.draw(st.integers(1, len(run.program.forward)))
        view = view_of(run, Position(1, k))
        canvas = Canvas(200, height)
        arcs(canvas, view, 0, height)
        if run.program.steps[k - 1].symbol in lines_of(run.program):
            assert f"▸{run.program.steps[k - 1].symbol}" in canvas.text()


def test_what_is_read_in_several_ways_is_one_edge_but_for_a_skip() -> None:
    run = Timeline(
        written(
            {"W": (2, 2), "V": (2, 2)},
            {"X": [[1.0], [2.0]], "Y": [[1.0], [0.0]]},
            {
                "Z": "W·X",
                "Q": "Z + V·Z ∘ softmax(Z) − V·tanh(Z)",
                "L": "half_squared_error(Q, Y)",
            },
        )
    )
    edges = [edge for edge in edges_of(run.program) if edge.target == "Q"]
    assert edges == [Edge("Z", "Q"), Edge("Z", "Q", "V", "softmax tanh")]
