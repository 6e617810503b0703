"""Pictures of the screen at 80, 120 and 200 columns, compared with those kept in __snapshots__.

After a change that is meant: `pytest tests/tui --snapshot-update`, then look at what changed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from backprop_tui.files.experiment_file import load
from backprop_tui.model.network import Network, Training
from backprop_tui.tui.app import BackpropApp
from tests.networks import experiment
from tests.tui.driver import HUGE, SMALL, WIDE, Driver

TO_DW2 = ("space",) * 8
TO_UPDATE = ("p", "p", "p", *("space",) * 3)
TO_DA1 = ("p", "p", *("space",) * 4)
TO_DZ2 = ("p", "p", *("space",) * 6)


class Compare(Protocol):
    """What pytest-textual-snapshot's fixture does."""

    def __call__(
        self,
        app: BackpropApp,
        *,
        terminal_size: tuple[int, int],
        run_before: object,
    ) -> bool: ...


def compare(snap_compare: Compare, app: BackpropApp, size: tuple[int, int], *keys: str) -> bool:
    """The app after some keys, as it was kept; with the verdict on a gradient that is shown."""

    async def drive(pilot: Pilot[str]) -> None:
        driver = Driver(app, pilot)
        await driver.settle()
        for field in driver.app.query(Input):
            field.cursor_blink = False  # else a picture shows the cursor or not, as it happens
        await driver.press(*keys)
        await driver.rest()

    return snap_compare(app, terminal_size=size, run_before=drive)


def lesson(name: str, decimals: int = 3) -> BackpropApp:
    """A lesson that asks nothing by itself."""
    return BackpropApp(replace(load(name), questions=()), decimals)


def deep() -> BackpropApp:
    """Twelve layers of sigmoids: gradients that vanish."""
    layers = (2, *[11] * 11, 1)
    network = Network(layers, ("sigmoid",) * 12, "binary_cross_entropy")
    return BackpropApp(experiment(network, Training(), [[1.0], [-1.0]], [[1.0]]))


@pytest.mark.parametrize("size", [SMALL, WIDE, HUGE], ids=lambda size: f"{size[0]}x{size[1]}")
def test_dw2(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert compare(snap_compare, lesson("article"), size, *TO_DW2)


def test_start(snap_compare: Compare) -> None:
    assert compare(snap_compare, lesson("article"), SMALL)


def test_update(snap_compare: Compare) -> None:
    assert compare(snap_compare, lesson("article"), SMALL, *TO_UPDATE)


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=lambda size: f"{size[0]}x{size[1]}")
def test_batch(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert compare(snap_compare, lesson("ai-by-hand"), size, *TO_DZ2)


def test_deep(snap_compare: Compare) -> None:
    assert compare(snap_compare, deep(), SMALL, "p", "p", "p")


def test_light(snap_compare: Compare) -> None:
    assert compare(snap_compare, lesson("article"), SMALL, "t", *TO_DW2)


def test_tiny(snap_compare: Compare) -> None:
    assert compare(snap_compare, lesson("article"), (40, 12), *TO_DW2)


def test_solved(snap_compare: Compare) -> None:
    assert compare(snap_compare, lesson("xor"), WIDE, "g", *"179", "enter", "k")


def test_one_weight(snap_compare: Compare) -> None:
    assert compare(snap_compare, lesson("xor"), SMALL, "g", *"9", "enter", "p", "p", "p", "L")


@pytest.mark.parametrize("size", [SMALL, WIDE, HUGE], ids=lambda size: f"{size[0]}x{size[1]}")
def test_asked(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert compare(snap_compare, lesson("mazur", 4), size, *TO_DA1, "a", "space")


def test_voted_wrong(snap_compare: Compare) -> None:
    assert compare(snap_compare, lesson("mazur", 4), SMALL, *TO_DA1, "a", "space", "2")


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=lambda size: f"{size[0]}x{size[1]}")
def test_answered(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert compare(snap_compare, lesson("mazur", 4), size, *TO_DA1, "a", "space", "3")


def test_typed_wrong(snap_compare: Compare) -> None:
    keys = (*TO_DA1, "a", "a", "space", *"0.0383", "enter")
    assert compare(snap_compare, lesson("mazur", 4), SMALL, *keys)


def test_written(snap_compare: Compare) -> None:
    keys = (*TO_DA1, "f", *("W", "2", "@", "d", "Z", "2"), "enter")
    assert compare(snap_compare, lesson("mazur", 4), SMALL, *keys)


def test_what_if(snap_compare: Compare) -> None:
    keys = (*TO_DW2, "tab", *("shift+tab",) * 9, "e", *("backspace",) * 4, *"0.9", "enter")
    assert compare(snap_compare, lesson("article"), SMALL, *keys)


def test_every_picture_kept_is_compared() -> None:
    """None is left over from a test that is gone."""
    kept = list((Path(__file__).parent / "__snapshots__" / "test_snapshots").glob("*"))
    assert len(kept) == 21
