"""Programs without layers on the screen: time steps, skips, tokens and shared weights."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backprop_tui.model.experiment import Experiment
from tests.formulas import program_file, unused
from tests.programs import ATTENTION, RESIDUAL, TIED, rnn, written
from tests.tui.driver import WIDE, Driver, stepping


async def go_to(driver: Driver, symbol: str) -> None:
    """Step on until that matrix has been written."""
    steps = driver.session.timeline.program.index(symbol) + 1
    await driver.press(*["space"] * (steps - driver.position.steps))


def title(driver: Driver, panel: str) -> str:
    return driver.text(panel).splitlines()[0]


class TestTimeSteps:
    async def test_what_they_share_stands_once_over_their_columns(self) -> None:
        async with stepping(rnn(3)) as driver:
            await go_to(driver, "dWh")
            lines = driver.text("cache").splitlines()
            assert "Wx Wh b: shared by t = 1, 2, 3" in lines[0]
            assert lines[1].split() == ["Wx", "Wh", "b", "V", "O", "Y"]
            assert lines[4].split() == ["X1", "X2", "X3", "Z1", "Z2", "Z3", "H1", "H2", "H3"]
            assert [driver.cell("gradients", "dZ2"), driver.cell("gradients", "dZ3")] == [
                "0.007",
                "−1.022",
            ]

    async def test_the_terms_of_a_shared_gradient_and_their_sum_are_shown(self) -> None:
        async with stepping(rnn(3)) as driver:
            await go_to(driver, "dWh")
            assert (
                "t=3 −0.075 −0.277   +  t=2  0.002  0.002   =  sum ▸−0.073▸−0.276"
                in driver.text("step")
            )

    async def test_of_many_terms_the_first_the_last_and_what_is_between(self) -> None:
        async with stepping(rnn(12)) as driver:
            await go_to(driver, "dWh")
            assert re.search(r"t=12 +… 9 more +t=2 +sum", driver.text("step"))
            assert "(2×2), 11 terms" in driver.text("step")

    async def test_a_window_follows_the_step_and_is_moved_by_hand_until_the_next(self) -> None:
        async with stepping(rnn(12)) as driver:
            await go_to(driver, "dZ6")
            assert "‹t = 5 6 7 of 12›" in title(driver, "cache")
            await driver.press("k", "k")
            assert "‹t = 7 8 9 of 12›" in title(driver, "cache")
            await driver.press("K")
            assert "‹t = 6 7 8 of 12›" in title(driver, "cache")
            await driver.press("space")
            assert "‹t = 4 5 6 of 12›" in title(driver, "cache")

    async def test_of_time_steps_without_room_all_are_named(self) -> None:
        async with stepping("rnn", (118, 22)) as driver:
            await go_to(driver, "dH3")
            assert "no room: Wx X1 to X3" in driver.text("cache")

    async def test_a_first_state_is_no_time_step(self) -> None:
        experiment = written(
            {"w": (1, 1)},
            {"H0": [[0.5]], "Y": [[1.0]]},
            {"H{t}": "tanh(w·H{t-1})", "O": "H40", "L": "half_squared_error(O, Y)"},
            repeat=(1, 40),
        )
        async with stepping(experiment) as driver:
            await go_to(driver, "dH37")
            assert "H0" in driver.text("cache")
            assert re.search(r"‹t = 3\d .*36 37 38.* of 40›", title(driver, "cache"))

    async def test_the_rail_has_a_line_between_them(self) -> None:
        async with stepping(rnn(3)) as driver:
            await go_to(driver, "dZ2")
            assert "dH3 dZ3│dH2[dZ2]dWh│dH1" in driver.text("rail")


class TestSkips:
    async def test_a_gradient_of_two_paths_names_them(self) -> None:
        async with stepping(RESIDUAL) as driver:
            await go_to(driver, "dA1")
            assert "skip −0.230   +  through W2  0.012   =  sum ▸−0.218" in driver.text("step")

    async def test_arrows_show_the_group_above_or_below_until_the_next_step(self) -> None:
        async with stepping(RESIDUAL) as driver:
            await go_to(driver, "dA1")
            assert "group 2 of 3" in title(driver, "cache")
            assert "▴ group 1: X → W1 b1 Z1 A1" in driver.text("cache")
            await driver.press("up")
            assert "group 1 of 3" in title(driver, "cache")
            await driver.press("down")
            assert "2 of 3" in title(driver, "cache")
            await driver.press("down")
            assert "3 of 3" in title(driver, "cache")
            await driver.press("space")
            assert "group 1 of 3" in title(driver, "cache")


class TestTokens:
    async def test_columns_are_numbered_and_one_is_lit(self) -> None:
        async with stepping(ATTENTION) as driver:
            await go_to(driver, "dS")
            assert re.search(r"S +‹1› +2 +3 +4", driver.text("cache"))
            await driver.press("k", "k")
            assert re.search(r"dS +1 +2 +‹3› +4", driver.text("gradients"))
            assert "dS[1,3] = " in driver.text("step")

    async def test_what_there_is_no_room_for_is_named(self) -> None:
        async with stepping(ATTENTION) as driver:
            await go_to(driver, "dS")
            assert "no room: X Wq Wk Wv Query Key Value H Y" in driver.text("cache")

    async def test_all_flow_from_row_to_row_before_one_is_left_out(self) -> None:
        async with stepping("attention", WIDE) as driver:
            await go_to(driver, "H")
            assert "no room" not in driver.text("cache")
            assert {*"X Wq Wk Wv Q K V S P H Y".split()} <= {*driver.text("cache").split()}


@pytest.mark.parametrize(
    ("experiment", "size"),
    [(rnn(12), (40, 12)), (RESIDUAL, (65, 56)), (ATTENTION, (120, 40)), (TIED, (40, 12))],
)
async def test_what_a_step_writes_is_seen_in_any_window(
    experiment: Experiment, size: tuple[int, int]
) -> None:
    async with stepping(experiment, size) as driver:
        program = driver.session.timeline.program
        for step in program.steps:
            await driver.press("space")
            board = {"forward": "cache", "backward": "gradients", "update": "update"}
            if step.phase != "loss":
                assert step.symbol in re.findall(r"[A-Za-z]+\d*", driver.text(board[step.phase]))


class TestTallWindows:
    @pytest.mark.parametrize("size", [(65, 56), (100, 80)], ids=str)
    async def test_all_panels_stand_under_each_other(self, size: tuple[int, int]) -> None:
        async with stepping("article", size) as driver:
            await driver.press("p", "p", "space")
            tops = [driver.panel(n).region for n in ("network", "cache", "gradients", "step")]
            assert all(region.width == size[0] for region in tops)
            assert [region.y for region in tops] == sorted(region.y for region in tops)
            assert all(region.height >= 7 for region in tops)

    async def test_each_number_written_out_has_its_name(self) -> None:
        async with stepping("residual", (65, 56)) as driver:
            await go_to(driver, "dA1")
            lines = [line.strip() for line in driver.text("step").splitlines()]
            assert any(line.startswith("dA1[2,1] = 0.172 − ") for line in lines)
            assert not any(line.startswith("= 0.172 ") for line in lines)

    async def test_the_drawing_gives_way_first(self) -> None:
        async with stepping("article", (65, 28)) as driver:
            await driver.press("p", "p", "space")
            assert [p.id for p in driver.shown if p.id in ("network", "cache", "gradients")] == [
                "cache",
                "gradients",
            ]


async def test_z_enlarges_the_board_of_what_the_step_wrote() -> None:
    async with stepping("article") as driver:
        await driver.press("p", "p", "space", "z")
        assert "gradients" in [panel.id for panel in driver.shown]
        await driver.press("z", "P", "P", "space", "z")
        assert "cache" in [panel.id for panel in driver.shown]


async def test_a_parameter_that_is_never_updated_is_told_at_the_start() -> None:
    async with stepping(unused("U")) as driver:
        assert "U is used by no line: it is never updated." in driver.text("step")


class TestGroups:
    async def test_lines_without_numbers_are_a_group_from_the_first_to_the_last(self) -> None:
        async with stepping(program_file("attention")) as driver:
            assert driver.session.timeline.program.groups == {1: "Q to O"}
            await go_to(driver, "dP")
            assert "backward, Q to O" in driver.everything()


async def test_numbers_that_are_cut_before_the_result_end_with_dots() -> None:
    forward = {
        "R": "W·X",
        "M": "col_means(R)",
        "N": "g ∘ (R − M) / sqrt(col_means((R − M)²) + 0.1)",
        "L": "total(half_squared_error(N, Y))",
    }
    data = {"X": np.eye(2, 3), "Y": np.ones((2, 3))}
    program = written({"W": (2, 2), "g": (2, 1)}, data, forward, {"g": [[1], [1]]}, frozenset("XY"))
    async with stepping(program) as driver:
        await go_to(driver, "dR")
        await driver.press("enter")
        lines = [line.strip() for line in driver.text("step").splitlines()]
        assert lines[lines.index("= 0.054") - 1].endswith("× 1.000 × …")


ONE_FORMULA = written({"w": (1, 1)}, {"x": [[3.0]], "y": [[1.0]]}, {"L": "(w*x - y)**2"})
NO_DATA_READ = written({"w": (1, 1)}, {"X": [[1.0]]}, {"L": "w**2"})
HUGE_WEIGHTS = written(
    {"W": (1, 1)},
    {"X": [[1.0]], "Y": [[1.0]]},
    {"A": "tanh(W·X)", "L": "half_squared_error(A, Y)"},
    {"W": [[1.7e308]]},
)
HUGE_LOSS = written({"W": (1, 1)}, {"X": [[1e308]]}, {"L": "1.5 * W·X"}, {"W": [[1.0]]})


LABELS = {"X": np.eye(2), "Y": [[0, 1]]}
FOCAL = written(
    {"W": (1, 2)},
    LABELS,
    {"P": "σ(W·X)", "Q": "where(Y > 0.5, P, 1 − P)", "L": "−(1 − Q)² ∘ log(Q)"},
)
LOG_SUM_EXP = written(
    {"W": (2, 2)},
    LABELS | {"Y": np.eye(2)},
    {"Z": "W·X", "S": "log(col_sums(exp(Z)))", "L": "S − col_sums(Y∘Z)"},
)
AUTOENCODER = written(
    {"W": (1, 2)}, {"X": np.eye(2)}, {"H": "W·X", "L": "half_squared_error(Wᵀ·H, X)"}
)
WITHOUT_PREDICTIONS = (FOCAL, LOG_SUM_EXP, AUTOENCODER)


@pytest.mark.parametrize("size", [WIDE, (80, 24), (10, 12), (1, 1)])
@pytest.mark.parametrize(
    "program", [ONE_FORMULA, NO_DATA_READ, HUGE_WEIGHTS, HUGE_LOSS, *WITHOUT_PREDICTIONS]
)
async def test_a_program_of_a_line_of_huge_numbers_or_without_predictions_has_all_drawings(
    program: Experiment, size: tuple[int, int]
) -> None:
    async with stepping(program, size) as driver:
        for _ in program.program.steps:
            await driver.press("v", "v", "space", "x", "end", "escape")
            await driver.press("L", "minus", "minus", "minus", "escape", "l", "escape")
            assert driver.app.is_running
