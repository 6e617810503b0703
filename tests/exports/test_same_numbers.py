"""One experiment, one set of numbers: trace, screen, scripts and answer key agree.

The PyTorch script carries the same numbers, and stops where autograd finds others.
"""

from __future__ import annotations

import ast
import csv
import re
from typing import Any

from hypothesis import given

from backprop_tui.exports.formats import FORMATS, Wanted
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from tests.exports.runs import exported, printed_by, runs, traced


def numbers(text: str) -> Any:
    """Nested lists of numbers, those that are not finite as words."""
    return ast.literal_eval(re.sub(r"-?\b(nan|inf)\b", lambda found: repr(found[0]), text))


def of_torch(experiment: Experiment) -> dict[str, Any]:
    """The gradients that the PyTorch script expects of the first iteration."""
    script = exported("torch", experiment)
    (table,) = re.findall(r"^OURS = (\[.*?^\])", script, re.DOTALL | re.MULTILINE)
    (first,) = numbers(table)
    return dict(first)


@given(runs(wild=False, wrong=False))
def test_every_export_says_what_the_screen_shows(experiment: Experiment) -> None:
    timeline = Timeline(experiment)
    state = timeline.state(timeline.end_of(1))
    records = {record["symbol"]: record["value"] for record in traced(experiment, 1)}
    printed = printed_by(exported("numpy", experiment))[1 : 1 + len(records)]
    script = dict(line.split(" = ") for line in printed)
    torch = of_torch(experiment)
    wanted = Wanted(decimals=12, blanks=("dZ1",))
    (row,) = csv.DictReader((FORMATS["worksheet"].key(timeline, wanted) or "").splitlines())
    assert records.keys() == script.keys()
    for symbol, traced_value in records.items():
        shown = state.value(symbol)
        assert shown is not None
        assert numbers(str(shown.tolist())) == traced_value == numbers(script[symbol])
        if symbol in torch:
            assert torch[symbol] == traced_value
    for i, numbers_of_row in enumerate(records["dZ1"], 1):
        for j, number in enumerate(numbers_of_row, 1):
            answer = row[f"dZ1[{i},{j}]"].replace("∞", "inf").lower()
            assert answer == number or abs(float(answer) - float(number)) <= 1e-11 * max(
                1.0, abs(float(number))
            )
