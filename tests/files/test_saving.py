"""Saved runs: what is written opens at the very same state, and reads as its author wrote it."""

from __future__ import annotations

import os
import re
import signal
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from glob import glob
from itertools import count, cycle
from pathlib import Path
from random import uniform
from time import sleep
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui import lessons
from backprop_tui.files import atomic_write, saving
from backprop_tui.files.atomic_write import (
    SaveError,
    check_place,
    locked,
    shown_path,
    write_file,
)
from backprop_tui.files.experiment_file import (
    ExperimentError,
    load,
    read_experiment,
)
from backprop_tui.files.overrides import overridden
from backprop_tui.files.saving import (
    begins_anew,
    keyframe_of,
    named,
    resume,
    resume_command,
    same_run,
    save,
    text_of,
    unsaved,
)
from backprop_tui.files.toml_text import changed, same
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Cell, Expr, Name
from backprop_tui.maths.parser import parse
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import OPTIMIZERS, Network
from backprop_tui.model.saved import Edit, Keyframe, Look
from backprop_tui.run.edits import with_edit
from backprop_tui.run.many import Many
from backprop_tui.run.timeline import Position, Timeline
from tests.files import no_file_beyond
from tests.networks import experiments, same_bits

SMALL = """\
# Mine.
title = "Small"

[network]
layers = [2, 1]     # logistic regression
activations = ["sigmoid"]
loss = "binary_cross_entropy"

[training]
learning_rate = 0.5
optimizer = "adam"

[data]  # two of them
X = [[1, 0.5], [0, 1]]
Y = [[1], [0]]

# The last word.
"""


STATEMENTS = (
    ("title", '= "a # title"'),
    ("'about'", '= """two\n# lines"""  # they are'),
    (" learning_rate", "=0.5# spaced"),
    ('"layers"', "= [\n  2, # inputs\n  1,\n]"),
    ("X", "= [[1, 0.5],\n     [0, 1]]  # two of them"),
    ("loss", "=   'x'"),
    ("inner", "= { a = 1, 'b' = [1, 2] }"),
    ("beta1", "= 1e-3"),
    ("seed", "= 0x10"),
    ("when", "= 2026-01-01  # a date"),
)
"""Keys in some of the ways in which they can be written, each once."""
TABLES = {'[ "b c" ] # table\n': "b c", "[a]\n": "a"}
"""Headers, and the tables that they name."""


LAYOUTS: list[tuple[str, dict[str, Any], str]] = [
    # a value at the top: behind the last one there; before a table a blank line parts them
    ("", {"n": 2}, "n = 2\n"),
    ("x = 1", {"x": 1, "n": 2}, "x = 1\nn = 2\n"),
    (
        "x = 1  # one\n\n# of a\n[a]\n",
        {"x": 1, "a": {}, "n": 2},
        "x = 1  # one\nn = 2\n\n# of a\n[a]\n",
    ),
    ("[a]\nx = 1\n", {"a": {"x": 1}, "n": 2}, "n = 2\n\n[a]\nx = 1\n"),
    ("\n[a]\nx = 1\n", {"a": {"x": 1}, "n": 2}, "n = 2\n\n[a]\nx = 1\n"),
    ("# of a\n[a]\n", {"a": {}, "n": 2}, "n = 2\n\n# of a\n[a]\n"),
    # in a table
    ("[a]\nx = 1\n", {"a": {"x": 2}}, "[a]\nx = 2\n"),
    ("[a]\nx = 1\n", {"a": {"x": 1, "n": 2}}, "[a]\nx = 1\nn = 2\n"),
    ("[a]\n[a.b]\nz = 1\n", {"a": {"b": {"z": 1}, "n": 2}}, "[a]\nn = 2\n\n[a.b]\nz = 1\n"),
    (
        "a.x = 1\nb = 1\na.y = 2\n",
        {"a": {"x": 1, "y": 2, "n": 3}, "b": 1},
        "a.x = 1\nb = 1\na.y = 2\na.n = 3\n",
    ),
    # tables, each below a blank line
    ("", {"a": {"x": 1}}, "[a]\nx = 1\n"),
    ("x = 1\n", {"x": 1, "a": {"y": 1}}, "x = 1\n\n[a]\ny = 1\n"),
    ("", {"a": [{"x": 1}, {"x": 2}]}, "[[a]]\nx = 1\n\n[[a]]\nx = 2\n"),
    ("x = 1\n", {"x": 1, "a": [{"y": 1}]}, "x = 1\n\n[[a]]\ny = 1\n"),
    # of several tables those that stay, with what is behind them, then those that are new
    (
        "[[a]]\nx = 1\n# 1\n[[a]]\nx = 2\n# 2\n[[a]]\nx = 3\n# 3\n",
        {"a": [{"x": 2}]},
        "# 1\n[[a]]\nx = 2\n# 2\n# 3\n",
    ),
    ("[[a]]\nx = 1\n\n# 1\n", {"a": [{"x": 1}, {"x": 2}]}, "[[a]]\nx = 1\n\n[[a]]\nx = 2\n\n# 1\n"),
    (
        "[[a]]\nx = 1\n\n# 1\n[b]\n",
        {"a": [{"x": 3}, {"x": 4}], "b": {}},
        "# 1\n[[a]]\nx = 3\n\n[[a]]\nx = 4\n[b]\n",
    ),
    ("[[a]]\nx = 1\n# 1\n", {}, "# 1\n"),
    # a matrix has a line for each row, if it has several
    ("", {"m": [[1, 2], [3, 4]]}, "m = [\n    [1, 2],\n    [3, 4],\n]\n"),
    ("", {"m": [[1, 2]]}, "m = [[1, 2]]\n"),
    ("", {"m": [1, 2]}, "m = [1, 2]\n"),
    ("", {"m": [{"a": 1}, 2]}, "m = [{a = 1}, 2]\n"),
    # another kind of value in its place
    ("[a]\nx = 1\n", {"a": 3}, "a = 3\n"),
    ("a = 1\n", {"a": {"x": 1}}, "a = {x = 1}\n"),
]
"""A text, another document, and the text with what is other in it."""


def document_of(experiment: Experiment, optimizer: str) -> dict[str, Any]:
    """An experiment as its file would say it."""
    training = {f.name: getattr(experiment.training, f.name) for f in fields(experiment.training)}
    network, initial, data = experiment.dense, experiment.initial, experiment.data.along(0)
    return {
        "title": experiment.title,
        "network": {
            "layers": list(network.layers),
            "activations": list(network.activations),
            "loss": network.loss,
            "orientation": network.orientation,
        },
        "training": training | {"freeze": list(training["freeze"]), "optimizer": optimizer},
        "data": {"X": data.X.tolist(), "Y": data.Y.tolist()},
        "initial": {name: p.tolist() for name, p in initial.given.items()},
    }


def read(text: str, **overrides: str) -> Experiment:
    return read_experiment(text, "test", "test.toml", overrides)


def saved_text(experiment: Experiment, iteration: int, folder: str = "") -> str:
    timeline = Timeline(experiment)
    position = timeline.end_of(iteration)
    return text_of(experiment, position, keyframe_of(timeline, iteration), folder)


def same_iteration(a: Timeline, b: Timeline, number: int) -> bool:
    one, other = a.iteration(number), b.iteration(number)
    arrays = zip(
        (*one.results, *one.given.values()), (*other.results, *other.given.values()), strict=True
    )
    return one.number == other.number and all(same_bits(x, y) for x, y in arrays)


def _first_changed(value: Any) -> Any:
    """A table, or a list of tables, with another value of its first key."""
    if isinstance(value, list):
        return [_first_changed(value[0]), *value[1:]]
    key, *others = value
    inner = value[key]
    changed = _first_changed(inner) if isinstance(inner, dict) else "changed"
    return {key: changed} | {k: value[k] for k in others}


class TestRoundTrip:
    @given(experiments(), st.sampled_from(sorted(OPTIMIZERS)), st.integers(1, 40), st.data())
    def test_what_is_saved_opens_at_the_same_bits(
        self, experiment: Experiment, optimizer: str, iteration: int, data: st.DataObject
    ) -> None:
        begun = read(changed("", document_of(experiment, optimizer)))
        timeline = Timeline(begun)
        last = timeline.iteration(iteration).number  # it may diverge before
        steps = data.draw(st.integers(0, len(timeline.program.steps)))
        text = text_of(begun, Position(last, steps), keyframe_of(timeline, last), "")
        opened = Timeline(read(text))
        assert resume(opened) == Position(last, steps)
        for number in (last, last + 1, max(1, last - 1), 1, last):
            assert same_iteration(opened, timeline, number)

    def test_it_opens_without_a_replay(self, monkeypatch: pytest.MonkeyPatch) -> None:
        opened = Timeline(read(saved_text(read(SMALL), 50)))
        monkeypatch.delattr(Many, "run")
        assert resume(opened).iteration == 50
        assert opened.iteration(50).number == 50

    def test_saved_again_it_is_the_same_text(self) -> None:
        text = saved_text(read(SMALL), 7)
        assert saved_text(read(text), 7) == text

    def test_a_mean_too_large_to_hold_is_kept(self) -> None:
        text = SMALL.replace('"adam"', '"rmsprop"').replace("[1, 0.5]", "[1e170, 0.5]")
        text = text.replace("Y = [[1], [0]]", "Y = [[0], [0]]")
        begun = read(text)
        timeline = Timeline(begun)
        assert not np.isfinite(timeline.iteration(3).given["sdW1"]).all()
        opened = Timeline(read(saved_text(begun, 3)))
        resume(opened)
        assert same_iteration(opened, timeline, 3)

    def test_a_diverged_run_opens_where_it_ended(self) -> None:
        begun = read(
            SMALL.replace("0.5\n", "1e300\n", 1)
            .replace("adam", "gradient_descent")
            .replace("sigmoid", "linear")
            .replace("binary_cross_entropy", "half_squared_error")
        )
        last = Timeline(begun).iteration(1000)
        assert last.diverged
        opened = Timeline(read(saved_text(begun, last.number)))
        here = resume(opened)
        assert here == opened.end_of(last.number)
        assert opened.forward(here) == here
        assert opened.back(here).steps == here.steps - 1

    def test_the_keyframe_wins_from_its_iteration_on(self) -> None:
        """One that does not follow from [initial]: what is before it does not, whatever the way."""
        text = saved_text(read(SMALL), 20)
        forged = re.sub(r"(?m)^b1 = .*$", "b1 = [9.0]", text)
        orders = ([25, 19, 25, 1500], [1500, 19, 25], [19, 20, 21, 25, 1500])
        runs = []
        for order in orders:
            timeline = Timeline(read(forged))
            resume(timeline)
            for number in order:
                timeline.iteration(number)
            runs.append(timeline)
        assert runs[0].iteration(20).given["b1"].item() == 9.0
        for number in (19, 20, 25, 1500):
            assert all(same_iteration(runs[0], other, number) for other in runs[1:])
        assert same_bits(runs[0].history.losses(1, 1500), runs[2].history.losses(1, 1500))
        assert same_iteration(runs[0], Timeline(read(SMALL)), 19)
        opened = Timeline(read(forged))
        resume(opened)
        edited = replace(opened.experiment, edits=(Edit(30, Cell("W1", 1, 1), 0.5),))
        assert opened.history.retold(edited).iteration(20).given["b1"].item() == 9.0


class TestChanges:
    """What a learner has changed is in the file, and what its author wrote stays as it is."""

    EDITS = Edit(2, Cell("W1", 1, 2), 0.25), Edit(1, Name("alpha"), 0.1)
    FORMULAS: Mapping[str, Expr] = MappingProxyType({"dW1": parse("dZ1 @ X.T / m")})

    def changed(self) -> Experiment:
        return replace(read(SMALL), edits=self.EDITS, formulas=self.FORMULAS)

    def test_they_are_written(self) -> None:
        document = tomllib.loads(saved_text(self.changed(), 3))
        assert document["edits"] == [
            {"iteration": 2, "cell": "W1[1,2]", "value": 0.25},
            {"iteration": 1, "cell": "alpha", "value": 0.1},
        ]
        assert parse(document["formulas"]["dW1"]) == self.FORMULAS["dW1"]

    def test_what_was_not_saved_is_counted(self) -> None:
        now, none = self.changed(), read(SMALL)
        assert unsaved(now, (), {}) == "2 edits and 1 formula"
        assert unsaved(now, self.EDITS[:1], self.FORMULAS) == "1 edit"
        assert unsaved(none, self.EDITS[:1], {}) == "1 edit"  # undone
        assert unsaved(now, self.EDITS, {"dW1": parse("dZ1")}) == "1 formula"
        assert unsaved(now, self.EDITS, self.FORMULAS) == ""

    def test_the_same_run_computes_the_same(self) -> None:
        begun = read(SMALL)
        assert same_run(begun, replace(read(SMALL), title="another"))
        for other in (
            self.changed(),
            replace(begun, edits=self.EDITS[:1]),
            replace(begun, formulas=self.FORMULAS),
            begun.with_seed(1),
            begun.with_mistake(CATALOGUE["sign-flipped"]),
            read(SMALL, learning_rate="0.25"),
            read(SMALL.replace("Y = [[1], [0]]", "Y = [[1], [1]]")),
        ):
            assert not same_run(begun, other)

    def test_a_command_opens_the_run_again(self) -> None:
        flags = {"seed": "3", "mistake": "sign-flipped"}
        typed = "article --seed 3 --mistake sign-flipped"
        lesson = replace(load("article", flags), source=typed)
        asks, decimals = lesson.asks, lesson.decimals
        assert resume_command(lesson, lesson, asks, decimals).endswith(" --mistake sign-flipped")
        now = lesson.with_seed(5).with_mistake(None)
        again = resume_command(lesson, now, "all", decimals + 1)
        assert again.split()[1:] == f"article --seed 5 --ask all --decimals {decimals + 1}".split()

    @pytest.mark.parametrize(
        ("trail", "here", "begun"),
        [
            ((), 9, 9),
            ((3, 5), 9, 3),
            ((0, 5), 9, 5),  # what was there before the run
            ((0,), 9, 9),
            ((9,), 9, 9),
            ((12,), 9, 9),  # not yet
            ((1,), saving.REPLAYED + 1, 1),
            ((1,), saving.REPLAYED + 2, saving.REPLAYED + 2),  # it would take long
        ],
    )
    def test_a_run_begins_where_its_trail_does_unless_that_is_far_back(
        self, trail: tuple[int, ...], here: int, begun: int
    ) -> None:
        look = Look(trail=tuple((k, Cell("W1", 1, 1)) for k in trail))
        assert saving._explained_from(look, here) == begun

    def test_what_may_be_too_large_to_be_read_is_told(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        timeline = Timeline(read(SMALL))
        most = 9 * saving.DIGITS + len(SMALL)  # W1 and b1, each with Adam's two means
        for run, size in (
            (timeline, most),
            (Timeline(replace(timeline.experiment, written=None)), most - len(SMALL)),
        ):
            for largest, told in ((size, False), (size - 1, True)):
                monkeypatch.setattr(saving, "LARGEST_FILE", largest)
                assert saving.too_large(run) is told

    def test_a_matrix_of_several_rows_has_a_line_for_each(self) -> None:
        text = saved_text(read(SMALL, layers="2,2,1", activations="tanh,sigmoid"), 3)
        assert re.search(r"\nW1 = \[\n    \[.*, .*\],\n    \[.*, .*\],\n\]\n", text)
        assert re.search(r"\nW2 = \[\[.*, .*\]\]\n", text)

    def test_figures_published_of_what_is_edited_are_given_up_as_in_the_session(self) -> None:
        lesson = load("mazur")
        assert {p.iteration for p in lesson.published} > {1}
        for iteration in (1, 2):
            edited = with_edit(lesson, Edit(iteration, Cell("W1", 1, 1), 0.9))
            again = read(saved_text(edited, 1))
            assert again.published == edited.published
            assert all(p.iteration < iteration for p in again.published)

    def test_what_stands_there_already_stays_as_it_is(self) -> None:
        own = (
            "\n[[edits]]  # mine\niteration = 1\ncell = 'alpha'\nvalue = 0.1\n"
            "\n[formulas]\ndW1 = 'dZ1 @ X.T / m'  # as NumPy has it\n"
        )
        begun = self.changed()
        assert begun.written is not None
        text = begun.written.text + own
        same = replace(begun, edits=self.EDITS[1:], written=replace(begun.written, text=text))
        assert own in saved_text(same, 3)
        other = saved_text(replace(same, formulas={}), 3)
        assert "formulas" not in tomllib.loads(other)
        assert "# mine" in other
        assert len(tomllib.loads(saved_text(replace(same, edits=self.EDITS), 3))["edits"]) == 2

    @pytest.mark.parametrize("iteration", [1, 2, 3])
    def test_it_opens_the_same_run(self, iteration: int) -> None:
        begun = replace(read(SMALL), edits=self.EDITS)
        timeline = Timeline(begun)
        opened = read(saved_text(begun, iteration))
        assert opened.edits == self.EDITS
        again = Timeline(opened)
        resume(again)
        assert all(same_iteration(again, timeline, k) for k in (iteration, 1, 4))


class TestText:
    def test_the_authors_stays_as_it_is(self) -> None:
        text = saved_text(read(SMALL), 3)
        assert text.startswith(SMALL.rstrip())
        assert list(tomllib.loads(text)) == [*tomllib.loads(SMALL), "position", "keyframe"]

    def test_overrides_are_put_in_where_they_belong(self) -> None:
        text = saved_text(read(SMALL, learning_rate="0.25", seed="7"), 3)
        assert "layers = [2, 1]     # logistic regression\n" in text
        assert 'learning_rate = 0.25\noptimizer = "adam"\n' in text
        assert "\n[initial]\nseed = 7\n" in text
        opened = read(text)
        assert (opened.training.learning_rate, opened.initial.seed) == (0.25, 7)
        assert opened.saved is not None

    def test_other_weights_are_an_override_too(self) -> None:
        opened = read(saved_text(read(SMALL).with_seed(5), 3))
        assert opened.initial.seed == 5

    def test_an_override_of_a_saved_run_begins_anew(self) -> None:
        text = saved_text(read(SMALL), 3)
        assert read(text, learning_rate="0.1").saved is None
        assert begins_anew(read(text, learning_rate="0.1"))
        assert not begins_anew(read(text))
        assert not begins_anew(read(SMALL, learning_rate="0.1"))

    @pytest.mark.parametrize(
        "overrides",
        [
            {},
            {"learning_rate": "0.1"},
            {"seed": "3"},
            {"layers": "3,2,1", "x": "1,2,3;4,5,6", "y": "1;1", "activations": "relu,sigmoid"},
        ],
        ids=" ".join,
    )
    def test_every_lesson_reads_back(self, overrides: dict[str, str]) -> None:
        for name in lessons.NAMES:
            if "layers" in overrides and not isinstance(load(name).network, Network):
                continue  # formulas have no layers to be overridden
            begun = load(name, overrides)
            opened = read(saved_text(begun, 2))
            assert opened.network == begun.network, name
            assert opened.training == begun.training, name
            assert opened.notes == begun.notes, name
            assert opened.questions == begun.questions, name
            assert (opened.title, opened.about) == (begun.title, begun.about)
            start = zip(opened.parameters().values(), begun.parameters().values(), strict=True)
            assert all(same_bits(a, b) for a, b in start), name

    @pytest.mark.parametrize(
        "text",
        [
            'network = { layers = [1, 1], activations = ["linear"], loss = "x" }\n',
            'network.layers = [1, 1]\nnetwork."loss" = "x"\n',
            "[network]\r\nlayers = [1, 1] # c\r\nloss = 'x'\r\n",
            '[network]\nloss = "x"\nlayers = [\n  1, # ] a bracket\n  1,\n]',
            '"title" = """a # [b]\n[network]\n"""\n[network]\nlayers = [1, 1]\nloss = "\\"#"\n',
            "[network]\nlayers = [1, 1]\n[[notes]]\nat = 'a'\n[[notes]]\nat = { step = 'b' }\n",
        ],
    )
    def test_whatever_the_layout_what_is_changed_reads_back(self, text: str) -> None:
        before = tomllib.loads(text)
        network = before["network"]
        for after in (
            before | {"network": network | {"layers": [2, 2.0]}},
            before | {"network": {**network, "loss": "y", "more": True}},
            before | {"network": {"layers": [1]}, "training": {"a": -0.0}, "title": "\x7f\n"},
            {k: v for k, v in before.items() if k != "network"},
            {**before, "notes": before.get("notes", [])[1:]},
        ):
            assert same(tomllib.loads(changed(text, after)), after)

    @pytest.mark.parametrize(
        "text",
        [
            "# one\n{}# two\n\n[other]\nx = 1  # three\n# four\n",
            "# one\n[other]\nx = 1  # two\n\n# three\n{}\n# four\n",
            "[other] # one\n'x'=1  # two\n\n# three\n\n{}# four\n[more]\n",
        ],
    )
    @pytest.mark.parametrize(
        "statements",
        [
            "network = {{ layers = [1, 2], 'loss' = \"x\", at = {{}} }}\n",
            "network.layers = [1, 2]\nnetwork.'loss' = 'x'\n",
            '[network]\nlayers = [ 1,\n  2 ]\n \'loss\' = """x"""\n',
            "[[network]]\nlayers = [1, 2]\n\n[[network]]\nloss = 'x'\n",
            "[network.of]\nlayers = [1, 2]\n[network.loss]\nx = 1\n",
        ],
    )
    def test_comments_stay_whatever_is_changed_between_them(
        self, text: str, statements: str
    ) -> None:
        """Also where a table is removed: the comment above it, and that above what comes next."""
        statements = statements.format()
        if text.startswith("# one\n[other]") and statements.startswith("network"):
            statements = f"[below]\n{statements}"
        text = text.format(statements)
        comments = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
        before = tomllib.loads(text)
        removed = {k: v for k, v in before.items() if k in ("other", "more")}
        for after in (
            removed,
            before | {"added": 1, "table": {"a": [1.0]}},
            before | {"other": {**before["other"], "y": {"z": [[1], [2]]}}},
            {k: _first_changed(v) if k in ("network", "below") else v for k, v in before.items()},
        ):
            result = changed(text, after)
            assert same(tomllib.loads(result), after)
            assert [line.partition("#")[2] for line in result.splitlines() if "#" in line] == (
                comments
            )

    @given(
        st.lists(st.sampled_from(STATEMENTS), min_size=1, unique_by=lambda lines: lines[0]),
        st.data(),
    )
    def test_what_is_not_changed_stays_line_by_line(
        self, statements: list[tuple[str, str]], data: st.DataObject
    ) -> None:
        """Blank lines, comments, order, quoting, spaces: all lines but those of the changes."""
        newline = data.draw(st.sampled_from(("\n", "\r\n")))
        gaps = st.sampled_from(("", "\n", "# a comment\n", "\n# [above]\n", '\t\n\n# = "\n'))
        headers = st.sampled_from(("", "", *TABLES))
        table, parts, seen = "", [], {""}
        for name, line in statements:
            above, header = data.draw(gaps), data.draw(headers)
            if header not in seen:
                table = header
                seen.add(header)
                above += header
            parts.append((table, name.strip(" '\""), above, f"{name} {line}\n"))
        text = "".join(above + line for _, _, above, line in parts).replace("\n", newline)
        after, stays = tomllib.loads(text), ""
        for table, name, above, line in parts:
            home = after[TABLES[table]] if table else after
            stays += above
            match data.draw(st.sampled_from(("stays", "changed", "removed"))):
                case "stays":
                    stays += line
                case "changed":
                    home[name] = "another"
                case _:
                    del home[name]
        result = iter(changed(text, after).splitlines(keepends=True))
        assert all(line in result for line in stays.replace("\n", newline).splitlines(True))
        assert same(tomllib.loads(changed(text, after)), after)

    def test_a_comment_goes_with_the_value_that_it_was_about(self) -> None:
        text = "a = 1  # one\nb = 2  # two\n"
        assert changed(text, {"a": 3, "b": 2}) == "a = 3\nb = 2  # two\n"

    @pytest.mark.parametrize(("text", "document", "result"), LAYOUTS)
    def test_what_is_new_stands_behind_what_is_of_its_kind(
        self, text: str, document: dict[str, Any], result: str
    ) -> None:
        assert changed(text, document) == result

    @given(
        st.dictionaries(
            st.text(max_size=5),
            st.recursive(
                st.booleans()
                | st.integers(-(2**63), 2**63 - 1)
                | st.floats(allow_nan=False)
                | st.text(st.characters(codec="utf-8"), max_size=20),
                lambda values: (
                    st.lists(values, max_size=3)
                    | st.dictionaries(st.text("abc \"'.#\n", max_size=5), values, max_size=3)
                ),
                max_leaves=10,
            ),
            max_size=5,
        )
    )
    def test_any_document_reads_back(self, document: dict[str, Any]) -> None:
        assert same(tomllib.loads(changed("", document)), document)

    def test_overrides_of_every_lesson_keep_the_text(self) -> None:
        text = lessons.text("mazur")
        after = overridden(tomllib.loads(text), {"learning_rate": 0.1})
        kept = [line for line in text.splitlines() if line.startswith("#")]
        assert [line for line in changed(text, after).splitlines() if line in kept] == kept

    def test_a_file_keeps_its_line_ends_and_its_byte_order_mark(self, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        file.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
        begun = load(str(file), {"learning_rate": "0.25"})
        timeline = Timeline(with_edit(begun, Edit(1, Cell("W1", 1, 2), 0.25)))
        for _ in range(2):
            save(str(file), timeline, timeline.end_of(3), overwrite=True)
            raw = file.read_bytes()
            assert raw.startswith(b"\xef\xbb\xbf# Mine.\r\n")
            assert raw.count(b"\n") == raw.count(b"\r\n") > SMALL.count("\n")
            timeline = Timeline(load(str(file)))
            assert resume(timeline).iteration == 3

    def test_what_was_written_behind_a_saved_run_stays(self) -> None:
        text = saved_text(read(SMALL), 3) + "\n# Look at W1 first.\n[view]\ndecimals = 5  # so\n"
        again = saved_text(read(text), 4)
        assert "# Look at W1 first.\n[view]\ndecimals = 5  # so\n" in again
        assert tomllib.loads(again)["position"]["iteration"] == 4
        assert again.count("[keyframe]") == 1

    def test_what_an_author_wrote_of_a_plain_look_stays(self) -> None:
        view = '[view]\nmarked = false  # as they open it\npanel = "cache"\n'
        assert view in saved_text(read(SMALL + view), 1)

    def test_a_view_that_is_plain_again_says_so(self) -> None:
        text = SMALL + "[view]  # as I like it\ncursor = 'W1[1,1]'\n"
        seen = replace(read(text), look=Look())
        assert read(saved_text(seen, 1)).look == Look()
        assert "[view]  # as I like it\n" in saved_text(seen, 1)

    def test_a_csv_file_is_found_from_the_new_place(self, tmp_path: Path) -> None:
        (tmp_path / "here").mkdir()
        (tmp_path / "there" / "below").mkdir(parents=True)
        (tmp_path / "here" / "d.csv").write_text("a,b,y\n1,2,0\n3,4,1\n")
        mine = tmp_path / "here" / "mine.toml"
        head, tail = SMALL.split("X = ")
        csv = head + 'csv = "d.csv"\ntarget = "y"\n' + tail[tail.index("\n\n") :]
        mine.write_text(csv)
        timeline = Timeline(load(str(mine)))
        for place in ("here/run.toml", "there/below/run.toml"):
            path = tmp_path / place
            save(str(path), timeline, timeline.end_of(3))
            opened = Timeline(load(str(path)))
            assert resume(opened) == timeline.end_of(3)
            assert same_iteration(opened, timeline, 3)
        assert 'csv = "../../here/d.csv"' in path.read_text()
        assert 'csv = "d.csv"' in (tmp_path / "here" / "run.toml").read_text()


SAVED = SMALL + "[position]\niteration = 5\nstep = 2\n"
FRAME = """[keyframe]
iteration = 5
W1 = [[1.0, 2.0]]
b1 = [0.5]
vdW1 = [[0.1, 0.2]]
sdW1 = [[0.1, inf]]
vdb1 = [0.1]
sdb1 = [0.1]
"""


class TestFaults:
    def faults(self, text: str) -> tuple[str, ...]:
        with pytest.raises(ExperimentError) as refusal:
            read(text)
        return refusal.value.faults

    def test_a_hand_written_one_is_fine(self) -> None:
        saved = read(SAVED + FRAME).saved
        assert saved is not None
        assert (saved.iteration, saved.steps) == (5, 2)
        assert isinstance(saved.keyframe, Keyframe)
        assert saved.keyframe.kept["sdW1"][0, 1] == np.inf
        assert resume(Timeline(read(SAVED))) == Position(5, 2)

    def test_all_that_is_wrong_is_told_at_once(self) -> None:
        text = SAVED.replace("step = 2", "step = 200\nplace = 1") + FRAME.replace(
            "[[1.0, 2.0]]", "[[1.0], [2.0]]"
        ).replace("b1 = [0.5]\n", "").replace("iteration = 5", "iteration = 6").replace(
            "vdb1 = [0.1]", "vdb1 = [inf, 1, 'x']\nW2 = [[1]]"
        )
        assert self.faults(text) == (
            "position.step must be no more than 17, the steps of an iteration; got 200",
            "position.place is not a key of [position], which has iteration, step, elements",
            "keyframe.b1 is missing: it must have shape 1×1",
            "keyframe.iteration must be no more than position.iteration, 5; got 6",
            "keyframe.W1 has shape 2×1, but layer 1 has 1 neuron reading 2: it must be 1×2, "
            "the transpose of that",
            'keyframe.vdb1[3] must be a finite number; got "x"',
            "keyframe.W2 is not kept by this run, which keeps W1, b1, vdW1, sdW1, vdb1, sdb1",
        )

    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            (("iteration = 5", "iteration = 0"), "must be a whole number, 1 or more; got 0"),
            (("iteration = 5", "iteration = 5.0"), "must be a whole number, 1 or more; got 5.0"),
            (("step = 2", "step = -1"), "position.step must be a whole number, 0 or more; got -1"),
            (("b1 = [0.5]", "b1 = [inf]"), "keyframe.b1[1] must be a finite number; got inf"),
            (("sdb1 = [0.1]", "sdb1 = [nan]"), "keyframe.sdb1[1] must be a finite number; got nan"),
            (("sdb1", "sdb2"), "keyframe.sdb1 is missing: it must have shape 1×1"),
        ],
    )
    def test_each(self, change: tuple[str, str], fault: str) -> None:
        text = SAVED + FRAME
        assert any(fault in told for told in self.faults(text.replace(*change)))

    @pytest.mark.parametrize(("keyframe", "most"), [("", 5), (FRAME, 9)])
    def test_so_many_iterations_are_replayed(
        self, keyframe: str, most: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backprop_tui.files.spoken_checks.MOMENTS", 2)
        monkeypatch.setattr("backprop_tui.files.spoken_checks.moment", lambda *_: 2)
        text = SAVED.replace("iteration = 5", "iteration = {}") + keyframe
        assert read(text.format(most)).saved is not None
        (fault,) = self.faults(text.format(most + 1))
        where = "the keyframe" if keyframe else "the first one, or a [keyframe] is needed"
        assert fault == (
            f"position.iteration must be no more than 4 iterations after {where}; got {most + 1}"
        )

    def test_a_position_far_from_any_keyframe_is_refused(self) -> None:
        most = Timeline(read(SAVED)).history.most
        read(SAVED.replace("iteration = 5", f"iteration = {most + 1}"))
        (fault,) = self.faults(SAVED.replace("iteration = 5", f"iteration = {most + 2}"))
        assert fault.startswith(f"position.iteration must be no more than {most:,} iterations")


class TestPlaces:
    def test_nothing_is_overwritten_unasked(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        write_file(str(path), "one")
        for attempt in (check_place, lambda p: write_file(p, "two")):
            with pytest.raises(SaveError, match="exists already; --overwrite replaces it"):
                attempt(str(path))
        assert path.read_text() == "one"
        write_file(str(path), "two", overwrite=True)
        assert path.read_text() == "two"
        assert os.listdir(tmp_path) == ["a"]

    def test_a_file_that_comes_in_between_is_not_overwritten(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "a"
        monkeypatch.setattr(
            "backprop_tui.files.atomic_write.check_place", lambda *_: path.write_text("another's")
        )
        with pytest.raises(SaveError, match="exists already"):
            write_file(str(path), "mine")
        assert path.read_text() == "another's"
        assert os.listdir(tmp_path) == ["a"]

    @pytest.mark.parametrize("error", [PermissionError, NotImplementedError, AttributeError])
    def test_where_there_are_no_links_it_is_moved_to_its_place(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
    ) -> None:
        def without(*_: object) -> None:
            raise error

        monkeypatch.setattr(os, "link", without)
        path = tmp_path / "a"
        write_file(str(path), "one")
        assert path.read_text() == "one"
        monkeypatch.setattr(atomic_write, "check_place", lambda *_: None)
        with pytest.raises(SaveError, match="exists already"):
            write_file(str(path), "two")
        assert (path.read_text(), os.listdir(tmp_path)) == ("one", ["a"])

    @pytest.mark.parametrize(("later", "stays"), [(0.0, True), (0.01, False)])
    def test_what_was_just_made_beside_it_stays_for_a_moment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later: float, stays: bool
    ) -> None:
        beside = tmp_path / ".a.abcdefgh.tmp"
        beside.touch()
        changed = beside.stat().st_ctime
        monkeypatch.setattr("time.time", lambda: changed + atomic_write.MOMENT + later)
        write_file(str(tmp_path / "a"), "one")
        assert beside.exists() is stays

    def test_permissions_stay_and_links_are_followed(self, tmp_path: Path) -> None:
        path, link = tmp_path / "a", tmp_path / "link"
        path.write_text("one")
        path.chmod(0o640)
        link.symlink_to(path)
        write_file(str(link), "two", overwrite=True)
        assert link.is_symlink()
        assert path.read_text() == "two"
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        write_file(str(tmp_path / "new"), "")
        mask = os.umask(0)
        os.umask(mask)
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~mask

    def test_what_is_no_place_for_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        for path, told in {
            tmp_path: "is a folder",
            tmp_path / "none" / "a": "there is no folder",
            tmp_path / "file" / "a": "Not a directory",
            tmp_path / ("x" * 300): "File name too long",
            f"{tmp_path}/none/": "is a folder's name",
            f"{tmp_path}/a\0b": "cannot be written",
        }.items():
            with pytest.raises(SaveError, match=told) as refusal:
                write_file(str(path), "")
            assert str(refusal.value).isprintable()

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_no_permission(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        with pytest.raises(SaveError, match="Permission denied"):
            check_place(str(tmp_path / "a"))

    def test_a_disk_without_room(self, tmp_path: Path) -> None:
        with (
            no_file_beyond(3),
            pytest.raises(SaveError, match=r"a\.toml cannot be written: File too large"),
        ):
            write_file(str(tmp_path / "a.toml"), "text")
        assert list(tmp_path.iterdir()) == []

    def test_a_path_that_is_no_text_cannot_be_written_into_a_file(self, tmp_path: Path) -> None:
        with pytest.raises(
            SaveError, match=r"cannot be written: the path to its data is not UTF-8"
        ):
            write_file(str(tmp_path / "a.toml"), 'csv = "bad\udcff/d.csv"')
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("call", ["fsync", "replace", "chmod"])
    def test_a_save_that_fails_leaves_what_was_there_and_nothing_else(
        self, call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        path = tmp_path / "a"
        path.write_text("old")
        monkeypatch.setattr(os, call, full)
        with pytest.raises(SaveError, match="No space left"):
            write_file(str(path), "new", overwrite=True)
        monkeypatch.undo()
        assert path.read_text() == "old"
        assert os.listdir(tmp_path) == ["a"]

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process to kill")
    @pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forked only to be killed
    def test_no_handle_stays_open(self, tmp_path: Path) -> None:
        left = tmp_path / ".run.toml.abcdefgh.tmp"
        left.write_text("left")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(atomic_write, "MOMENT", -1.0)
            before = os.listdir("/dev/fd")
            write_file(str(tmp_path / "run.toml"), "text")
            assert os.listdir("/dev/fd") == before
        assert not left.exists()

    def test_killed_at_any_moment_it_leaves_the_old_or_the_new(self, tmp_path: Path) -> None:
        path, texts = tmp_path / "a", [letter * 300_000 for letter in "ab"]
        write_file(str(path), texts[0])
        for _ in range(40):
            if not (child := os.fork()):
                for text in cycle(texts):
                    write_file(str(path), text, overwrite=True)
            sleep(uniform(0, 0.02))  # the moment is what is drawn: nothing is waited for
            os.kill(child, signal.SIGKILL)
            assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
            assert path.read_text() in texts

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process to kill")
    @pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forked only to be killed
    def test_the_next_save_removes_what_a_killed_one_left(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / ("é" * 127)  # the longest name that there is
        kept = [f".{path.name[:50]}.abcdefg.tmp", ".another.abcdefgh.tmp", "abcdefgh.tmp"]
        for name in kept:
            (tmp_path / name).touch()
        if not (child := os.fork()):
            monkeypatch.setattr(os, "fsync", lambda _: os.kill(os.getpid(), signal.SIGKILL))
            write_file(str(path), "lost")
        os.waitpid(child, 0)
        assert len(os.listdir(tmp_path)) == len(kept) + 1
        write_file(str(path), "soon")  # a program may just have made it
        assert len(os.listdir(tmp_path)) == len(kept) + 2
        monkeypatch.setattr(atomic_write, "MOMENT", -1)
        with open(glob(str(tmp_path / f".{path.name[:50]}.????????.tmp"))[0]) as held:
            assert locked(held.fileno())
            write_file(str(path), "while another one writes", overwrite=True)
            assert len(os.listdir(tmp_path)) == len(kept) + 2
        write_file(str(path), "later", overwrite=True)
        assert sorted(os.listdir(tmp_path)) == sorted([*kept, path.name])

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process to kill")
    @pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forked only to be killed
    def test_killed_while_saving_it_leaves_a_whole_file(self, tmp_path: Path) -> None:
        path = tmp_path / "run.toml"
        timeline = Timeline(load("article", {"layers": "3,60,60,1"}))
        for _ in range(5):
            read, write = os.pipe()
            if not (child := os.fork()):
                try:
                    for k in count(1):
                        save(str(path), timeline, timeline.end_of(k), overwrite=True)
                        os.write(write, f"{k}\n".encode())
                finally:
                    os._exit(1)  # no other test runs here
            os.close(write)
            with open(read) as lines:
                begun = [lines.readline() for _ in range(3)]
                os.kill(child, signal.SIGKILL)
                done = int([*begun, *lines][-1])
            assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
            opened = load(str(path)).saved
            assert opened is not None
            assert opened.iteration in (done, done + 1)


def test_a_file_is_told_with_its_folder() -> None:
    assert shown_path("mine.toml") == "./mine.toml"
    assert shown_path("lessons/mine.toml") == "lessons/mine.toml"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (" mine ", "mine.toml"),
        ("mine.txt", "mine.txt"),
        ("", ""),
        (".", "."),
        ("nowhere/", "nowhere/"),
        ("a.b/mine", "a.b/mine.toml"),
    ],
)
def test_a_name_without_an_ending_means_a_toml_file(typed: str, meant: str) -> None:
    assert named(typed) == meant
