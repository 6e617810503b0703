"""The boards: what they say of matrices for which there is no room, and the cursor's brackets."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import names
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.panels.board_titles import dL
from backprop_tui.tui.panels.boards import Board, Cache, Gradients
from backprop_tui.tui.panels.step import StepPanel
from backprop_tui.tui.panels.update import Update
from tests.formulas import program_file
from tests.programs import CENTRED, NORMED, ROOT, SUMMED, written
from tests.tui.driver import line_of, painted, sized, stepping, view_of


def labels(canvas: Canvas) -> set[str]:
    """The names over the matrices of a board."""
    lines = (line_of(canvas, y) for y in range(1, canvas.height))
    words = (word for line in lines if "→" not in line for word in line.split())
    return {word for word in words if re.fullmatch(r"d?[A-Za-z]\d?", word)}


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        (load("article"), "dW1 means ∂L/∂W1"),
        (load("batch"), "dA, dZ: for this example's L; dW, db: for the mean J"),
        (load("l2"), "dA, dZ: for this example's L; dW, db: for J"),
        (NORMED, "dA: for this example's L; dN: for the sum of all L; dV: for the mean J"),
        (CENTRED, "dA: for this example's L; dZ: for the sum of all L; dW: for the mean J"),
        (ROOT, "dW means ∂J/∂W"),
        (SUMMED, "dA: for this example's L; dW: for the sum J"),
        (program_file("joint"), "dW means ∂J/∂W"),
    ],
)
def test_what_gradients_are_of_is_told(experiment: Experiment, said: str) -> None:
    assert dL(view_of(Timeline(experiment), Position()))[0] == said


class TestNoRoom:
    @pytest.mark.parametrize("board", [Cache, Gradients])
    @pytest.mark.parametrize("width", [40, 46, 60])
    def test_what_is_left_out_is_told(self, board: type[Board], width: int) -> None:
        timeline = Timeline(load("ai-by-hand"))
        for steps in range(1, timeline.program.phase_bounds("backward")[1] + 1):
            view, panel = view_of(timeline, Position(1, steps)), board()
            canvas = painted(panel, view, width, 8)
            left_out = re.search(r"no room: ([A-Za-z\d ]+?) *(─|\n|$)", canvas.text())
            shown = labels(canvas) - {"L"}  # the losses of a batch are no part of a layer
            step = timeline.program.steps[steps - 1]
            seen = [timeline.program.roles.get(s) for s in (step.symbol, *names(step.expression))]
            layer = max(role.group or (3 if role.kind == "loss" else 1) for role in seen if role)
            before = "X" if layer == 1 else f"A{layer - 1}"
            card = {before, *(f"{s}{layer}" for s in "WbZA"), *(["Y"] if layer == 3 else [])}
            if board is Gradients:
                card = {f"d{symbol}" for symbol in card if symbol not in "XY"}
            assert card == shown | set(left_out[1].split() if left_out else ())

    @pytest.mark.parametrize("network", ["gru", "rnn", "attention", "residual"])
    def test_what_is_left_out_is_told_where_no_number_stands(self, network: str) -> None:
        timeline = Timeline(program_file(network))
        for steps in range(1, len(timeline.program.steps), 2):
            view = view_of(timeline, Position(1, steps))
            for width, height in ((56, 8), (58, 7), (50, 6)):
                panel = Cache()
                canvas = painted(panel, view, width, height)
                with sized(panel, width, height):
                    placed = panel.placed(view)
                for one in placed:
                    lines = [line_of(canvas, one.line(k) + 1) for k in range(len(one.rows))]
                    assert not any("no room" in line or "group" in line for line in lines)

    @pytest.mark.parametrize("decimals", range(3, 7))
    @pytest.mark.parametrize("lesson", ["article", "ai-by-hand"])
    def test_what_the_step_writes_is_on_its_board(self, lesson: str, decimals: int) -> None:
        timeline = Timeline(load(lesson))
        for steps, step in enumerate(timeline.program.steps, 1):
            if step.phase in ("forward", "backward"):
                view = view_of(timeline, Position(1, steps), decimals=decimals)
                board = Cache() if step.phase == "forward" else Gradients()
                assert step.symbol in labels(painted(board, view, 40, 7))

    def test_hidden_rows_and_columns_are_told_of_gradients_too(self) -> None:
        timeline = Timeline(load("ai-by-hand"))
        steps = timeline.program.index("dW3") + 1
        text = painted(Gradients(), view_of(timeline, Position(1, steps)), 40, 6).text()
        assert "cols 1–3/4" in text
        assert "▴ layers 1 to 2" in text

    def test_of_an_update_the_parameter_that_is_left_out_is_told(self) -> None:
        timeline = Timeline(load("article"))
        steps = timeline.program.index("W1") + 1
        assert (
            "no room: b1" in painted(Update(), view_of(timeline, Position(1, steps)), 40, 6).text()
        )


@pytest.mark.parametrize("width", [34, 42, 60])
def test_the_gradient_of_the_losses_of_a_batch_has_its_name_before_its_numbers(width: int) -> None:
    data = {"X": [[1.0, 0.5, -1.0, 2.0]], "Y": [[1.0, 0.0, 1.0, 0.0]]}
    forward = {"A": "W·X", "L": "(A − Y)²", "J": "sqrt(mean(L))"}
    e = written({"W": (1, 1)}, data, forward)
    timeline = Timeline(replace(e, training=replace(e.training, batch=4)))
    view = view_of(timeline, Position(1, timeline.program.index("dA") + 1))
    lines = painted(Gradients(), view, width, 9).text().splitlines()
    (line,) = (line for line in lines if "dL" in line)
    assert len(line.split()) == 5  # no numbers of examples: they stand above


def test_without_biases_no_board_has_one() -> None:
    article = load("article")
    timeline = Timeline(replace(article, network=replace(article.dense, bias=False)))
    for steps in range(1, len(timeline.program.steps) + 1):
        view = view_of(timeline, Position(1, steps))
        for board in (Cache(), Gradients(), Update()):
            assert not re.search(r"\bd?b\d", painted(board, view, 60, 20).text())


def test_the_gradient_of_the_input_stands_under_it() -> None:
    article = load("article")
    timeline = Timeline(replace(article, training=replace(article.training, input_gradient=True)))
    view = view_of(timeline, Position(1, timeline.program.index("dX") + 1))
    cache, gradients = (painted(board(), view, 60, 20) for board in (Cache, Gradients))
    above, under = line_of(cache, 1), line_of(gradients, 1)
    assert above.index("X") == under.index("dX") + 1
    assert "▸" in line_of(gradients, 2)


class TestCursor:
    """Its brackets."""

    @pytest.mark.parametrize(
        ("lesson", "keys", "symbol", "told"),
        [
            ("mazur", ("p", "p", "space", "space"), "Z2", "0.600[•1.106]"),
            ("mazur", ("p", "p", "space", "space"), "A1", "[✓0.593]"),
            ("article", ("p",), "Z1", "0.000 [1.500] 0.818"),
            ("article", (), "Z1", "[·]"),
            ("article", ("p",), "Y", "[1.000]"),  # at the right edge
            ("article", ("p", "p", "space"), "Y", "[1.000]"),  # its mark gives way
        ],
    )
    async def test_stand_tight_around_mark_and_number(
        self, lesson: str, keys: tuple[str, ...], symbol: str, told: str
    ) -> None:
        async with stepping(lesson) as driver:
            await driver.press(*keys)
            for _ in range(30):
                await driver.press("tab")
                cursor = driver.session.inspection.cursor
                if cursor and cursor.symbol == symbol:
                    break
            assert told in driver.text("cache")

    async def test_tell_no_sign_of_what_is_covered(self) -> None:
        async with stepping("article") as driver:
            await driver.press("p", "tab", "h")
            places = set()
            for _ in range(12):
                cursor = driver.session.inspection.cursor
                if cursor and cursor.symbol == "W1":
                    break
                await driver.press("tab")
            for key in ("right", "right", "down", "left", "left"):
                await driver.press(key)
                lines = driver.text("cache").splitlines()
                (found,) = (m for line in lines if (m := re.search(r"\[▒+\]", line)))
                cursor = driver.session.inspection.cursor
                assert cursor
                places.add((found.start() - 7 * cursor.column, found[0]))
            assert len(places) == 1


def test_a_large_step_panel_parts_what_is_of_one_kind() -> None:
    run = Timeline(load("article"))
    view = replace(view_of(run, Position(1, 7)), roomy=True)
    lines = painted(StepPanel(), view, 120, 14).text().splitlines()
    blank = [k for k, line in enumerate(lines) if not line.strip()]
    assert lines[blank[0] + 1].strip().startswith("dZ2[1,1] =")
    assert lines[blank[1] + 1].strip().startswith("dZ2 = dA2 ∘ σ′(Z2).")
    assert lines[blank[2] + 1].strip().startswith("used in")
