"""What a worksheet's answer key says, the screen shows: digit for digit."""

from __future__ import annotations

import csv

from backprop_tui.exports.formats import FORMATS, Wanted
from backprop_tui.files.experiment_file import load
from backprop_tui.run.timeline import Timeline
from tests.tui.driver import stepping


async def test_the_answer_key_has_the_figures_on_the_screen() -> None:
    experiment = load("article")
    key = FORMATS["worksheet"].key(Timeline(experiment), Wanted())
    (row,) = csv.DictReader((key or "").splitlines())
    async with stepping(experiment) as driver:
        await driver.press("p", "p", "p")
        for symbol, i, j in (("dZ2", 1, 1), ("dW2", 1, 3), ("dZ1", 2, 1), ("dW1", 3, 2)):
            shown = driver.cell("gradients", symbol, i, j)
            assert shown.strip() == row[f"{symbol}[{i},{j}]"].replace("-", "−")
