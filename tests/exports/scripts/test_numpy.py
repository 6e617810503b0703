"""Law 5: the exported NumPy script prints the numbers of the run, to the bit."""

from __future__ import annotations

import ast
import subprocess
import symtable
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.exports.formats import ExportError
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Edit
from backprop_tui.run.many import compiled
from backprop_tui.run.timeline import Timeline
from tests.exports.runs import exported, printed_by, runs
from tests.model.test_formulas import faults
from tests.networks import ARTICLE
from tests.programs import written
from tests.run.test_edits import edited

WILD = {"learning_rate": "1e300", "activations": "relu,linear", "loss": "half_squared_error"}


def recorded(experiment: Experiment, iterations: int) -> list[str]:
    """What the script must print: the loss of each iteration, then every step's numbers."""
    timeline, lines = Timeline(experiment), list[str]()
    for k in range(1, iterations + 1):
        done = timeline.iteration(k)
        loss = timeline.program.objective
        lines.append(f"iteration {k}: {loss} = {timeline.history.loss_of(k)!r}")
        steps = zip(timeline.program.steps, done.results, strict=True)
        lines += [f"{step.symbol} = {value.tolist()}" for step, value in steps]
        if done.diverged:
            return [*lines, "the run diverged"]
    return lines


@given(runs(), st.integers(1, 5))
def test_it_prints_the_numbers_of_the_run_to_the_bit(
    experiment: Experiment, iterations: int
) -> None:
    script = exported("numpy", experiment, iterations=iterations)
    assert printed_by(script) == recorded(experiment, iterations)


def test_a_transpose_lies_in_memory_as_it_does_in_the_run() -> None:
    """A sum over it would add in another order, and so end in other bits."""
    rng = np.random.default_rng(1)
    forward = {"T": "Wᵀ", "S": "row_sums(T)", "P": "Sᵀ·X", "L": "half_squared_error(P, Y)"}
    data = {"X": rng.normal(size=(5, 1)), "Y": [[0.5]]}
    e = written({"W": (60, 5)}, data, forward, {"W": rng.normal(size=(60, 5))})
    assert printed_by(exported("numpy", e, iterations=2)) == recorded(e, 2)


@given(edited())
def test_edits_are_made_where_their_iteration_begins(experiment: Experiment) -> None:
    script = exported("numpy", experiment, iterations=4)
    assert printed_by(script) == recorded(experiment, 4)


@pytest.mark.parametrize("targets", [{}, {"Y": [[0.5, -1.0, 2.0]]}])
def test_a_matrix_that_is_the_same_for_each_example_is_taken_from_no_batch(targets: Any) -> None:
    """Whether there is an example beside it or not, in any order, and where it is edited."""
    loss = "total((W·X)²)" if not targets else "total((W·X)²) ∘ (1 + Y)"
    data = {"X": [[1.0, 2.0], [0.5, -1.0]], **targets}
    e = written({"W": (1, 2)}, data, {"L": loss}, {"W": [[0.3, 0.1]]}, frozenset("X"), batch=1)
    e = replace(e, training=replace(e.training, order="shuffled", learning_rate=0.01))
    e = replace(e, edits=(Edit(2, Cell("X", 2, 2), 0.25),))
    assert printed_by(exported("numpy", e, iterations=3)) == recorded(e, 3)
    compile(exported("torch", e, iterations=3), "<exported>", "exec")


def test_a_given_array_stands_in_place_of_its_line() -> None:
    """Also where no loss is computed, as a gradient is given."""
    for values in ({"A1": np.full((3, 1), 0.5)}, {"dA2": np.array([[0.5]])}):
        experiment = ARTICLE.with_given(values)
        program, done = experiment.program, Timeline(experiment).iteration(1)
        script = exported("numpy", experiment)
        assert "given, not computed" in script
        steps = zip(program.steps, done.results, strict=True)
        expected = [f"{step.symbol} = {value.tolist()}" for step, value in steps]
        assert printed_by(script)[-len(expected) :] == expected


def test_it_needs_numpy_alone(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(exported("numpy", load("ai-by-hand"), iterations=2), "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-I", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == recorded(load("ai-by-hand"), 2)
    assert done.stderr == ""


def test_the_loop_has_a_line_for_each_step() -> None:
    script = exported("numpy", load("article"))
    loop = next(node for node in ast.parse(script).body if isinstance(node, ast.For))
    lines = [ast.unparse(node) for node in loop.body if isinstance(node, ast.Assign)]
    assert len(lines) == len(Timeline(load("article")).program.steps)
    assert lines[:2] == ["Z1 = W1 @ X + b1", "A1 = sigmoid(Z1)"]
    assert "dZ1 = dA1 * (A1 * (1 - A1))" in lines
    assert lines[-1] == "b2 = b2 - alpha * db2"


@pytest.mark.parametrize(
    ("lesson", "defined"),
    [
        ("article", ["sigmoid", "xlog", "ratio"]),
        ("mazur", ["sigmoid"]),
        ("too-large", []),
        ("softmax", ["tanh", "softmax", "xlog", "ratio"]),
    ],
)
def test_functions_are_defined_once_and_only_if_used(lesson: str, defined: list[str]) -> None:
    script = exported("numpy", load(lesson))
    found = [node.name for node in ast.parse(script).body if isinstance(node, ast.FunctionDef)]
    assert found == defined


def test_the_loss_alone_is_an_option_in_the_script() -> None:
    script = exported("numpy", load("article"), iterations=3)
    printed = printed_by(script.replace("EVERY_NUMBER = True", "EVERY_NUMBER = False"))
    timeline = Timeline(load("article"))
    assert printed == [f"iteration {k}: L = {timeline.history.loss_of(k)!r}" for k in (1, 2, 3)]


def test_a_run_that_diverges_ends_there() -> None:
    printed = printed_by(exported("numpy", load("article", WILD), iterations=9))
    assert printed[-1] == "the run diverged"
    assert sum(line.startswith("iteration") for line in printed) == 2


def names_used(source: str, within: bool) -> Iterator[str]:
    """The names that code has for all of it; `within`, those of its functions too."""
    tables = [symtable.symtable(source, "", "exec")]
    for table in tables:
        tables += table.get_children()
        everything = within or table.get_type() == "module"
        yield from (s.get_name() for s in table.get_symbols() if everything or s.is_global())


@pytest.mark.parametrize("lesson", ["batch", "momentum", "softmax", "rnn"])
def test_no_matrix_of_a_file_may_have_a_name_that_code_made_of_it_uses(lesson: str) -> None:
    experiment = load(lesson)
    program = Timeline(experiment).program
    used = {*names_used(compiled(program).source, within=True)}
    for script in ("numpy", "torch"):
        used |= {*names_used(exported(script, experiment), within=False)}
    own = {*program.roles, *program.gradients, *program.constants, *program.kept}
    for name in sorted(used - own):
        (first, *_) = faults(parameters={name: (1, 1)})
        assert first.sentence.startswith(("cannot be a name", "cannot have this name")), name


def test_a_title_is_never_code() -> None:
    title = 'a\nimport os\r""" # \x00 \u2028 done'
    script = exported("numpy", replace(load("article"), title=title))
    assert script.splitlines()[0].startswith(r"# a\nimport os")
    assert printed_by(script) == recorded(load("article"), 1)


def test_a_mistake_is_pointed_at_where_it_is_made() -> None:
    lines = exported("numpy", load("article", {"mistake": "sign-flipped"})).splitlines()
    assert lines[lines.index("    dA2 = ratio(Y, A2) - ratio(1 - Y, 1 - A2)") - 1] == (
        "    # This run uses Y / A2 − (1 − Y) / (1 − A2). Correct is (1 − Y) / (1 − A2) − Y / A2."
    )
    assert "uses" not in lines[lines.index("    dZ2 = Y - A2") - 1]  # it is carried on
    assert "This run uses" not in exported("numpy", load("article"))


def test_an_edited_run_is_refused_with_a_sentence() -> None:
    edited = replace(load("article"), edits=(Edit(2, Cell("W1", 1, 1), 0.5),))
    with pytest.raises(ExportError, match=r"undo the edits first$"):
        exported("worksheet", edited)
