"""The keys of the experiment file: each stands in one place, its field, and all else follows."""

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, replace
from typing import Annotated, Any

import pytest

from backprop_tui.files.experiment_file import ExperimentError, read_experiment
from backprop_tui.files.saving import keyframe_of, text_of
from backprop_tui.files.schema import Faults, as_table, place, read, record
from backprop_tui.files.sections import EXPERIMENT, FLAGS, GIVEN, described, overrides_of
from backprop_tui.model.experiment import Initial
from backprop_tui.model.keys import (
    SHARE,
    TRUTH,
    Key,
    ListOf,
    Others,
    Section,
    Value,
    at_least,
    name_among,
    section,
    whole_number,
)
from backprop_tui.model.network import Network, Training
from backprop_tui.model.notes import KnownWrong, Note, Question
from backprop_tui.model.saved import CELL, CELL_OR_ALPHA, Edit, Keyframe, Look, Saved
from backprop_tui.run.timeline import Position, Timeline
from tests.files.test_experiment_file import SMALL


def test_faults_stand_in_the_order_of_the_file_and_what_is_missing_at_the_head() -> None:
    document = {"a": [1, {"b": 2}], "c": 3}
    assert place(("a", 1, "b"), document) == (0, 1, 0)
    assert place(("c",), document) == (1,)
    assert place(("d", "e"), document) == (-1, -1)
    assert place(("a", 2), document) == (0, -1)


@pytest.mark.parametrize(
    ("wrong", "more"),
    [(8, None), (9, "data.X has 1 more fault like these"), (11, "data.X has 3 more faults like")],
)
def test_of_many_faults_in_a_matrix_eight_are_told_and_the_others_counted_behind_them(
    wrong: int, more: str | None
) -> None:
    faults = Faults({"data": {"X": [[0.0]] * wrong}})
    faults.add_some(("data", "X"), [((i, 0), "must be 1") for i in range(wrong)])
    told = faults.in_file_order()
    assert told[:8] == tuple(f"data.X[{i},1] must be 1" for i in range(1, 9))
    if more is None:
        assert len(told) == 8
    else:
        assert told[8].startswith(more)
        assert faults.found[-1][0] == ("data", "X", 8, 0)


# A key added to a record, and to nothing else ------------------------------------------------


@dataclass(frozen=True)
class Longer(Training):
    """Training with keys of one's own."""

    l2: Annotated[float, Key(at_least(0), "how much weights cost", flag=True)] = 0.0
    warm_up: Annotated[tuple[float, ...], Key(ListOf(SHARE, "shares"), "at first", flag=True)] = ()
    nesterov: Annotated[bool, Key(TRUTH, "looks ahead", name="Nesterov", flag=True)] = False


@pytest.fixture
def longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The experiment file with a [training] that is read into Longer."""
    own = replace(EXPERIMENT.keys["training"], kind=section("[training]", Longer))
    monkeypatch.setitem(EXPERIMENT.keys, "training", own)
    for flag, override in overrides_of(EXPERIMENT).items():
        monkeypatch.setitem(FLAGS, flag, override)


def training(text: str, **overrides: Any) -> Longer:
    found = read_experiment(SMALL + text, "small", "small.toml", overrides).training
    assert isinstance(found, Longer)
    return found


@pytest.mark.usefixtures("longer")
class TestAnAddedKey:
    def test_is_read_and_has_its_default(self) -> None:
        assert training("") == Longer()
        told = training("[training]\nl2 = 3\nwarm_up = [0.5, 0]\nNesterov = true")
        assert told == Longer(l2=3.0, warm_up=(0.5, 0.0), nesterov=True)

    def test_is_held_to_its_range_with_the_path_and_what_came(self) -> None:
        with pytest.raises(ExperimentError) as refusal:
            training('[training]\nl2 = -1\nwarm_up = [0.5, 1]\nNesterov = "yes"\nnesterv = 1')
        assert refusal.value.faults == (
            "training.l2 must be a finite number, 0 or more; got -1",
            "training.warm_up[2] must be a number from 0 up to, but not, 1; got 1",
            'training.Nesterov must be true or false; got "yes"',
            'training.nesterv is not a key of [training]. Did you mean "Nesterov"?',
        )
        with pytest.raises(ExperimentError, match=r"l2 belongs in \[training\]"):
            read_experiment("l2 = 1\n" + SMALL, "small", "small.toml")

    def test_is_overridden_by_its_flag_under_the_same_rule(self) -> None:
        told = training("[training]\nl2 = 3", l2="0.25", warm_up="0.5,0.75", nesterov="true")
        assert told == Longer(l2=0.25, warm_up=(0.5, 0.75), nesterov=True)
        with pytest.raises(ExperimentError, match=r"--warm-up\[1\] must be a number from 0 up to"):
            training("", warm_up="2")

    def test_is_saved_and_reads_back(self) -> None:
        begun = read_experiment(SMALL, "small", "small.toml", {"l2": "0.25"})
        text = text_of(begun, Position(1, 2), keyframe_of(Timeline(begun), 1), "")
        assert "l2 = 0.25" in text
        assert read_experiment(text, "small", "small.toml").training == begun.training

    def test_is_in_the_list_of_keys(self) -> None:
        found = {path: rest for path, *rest in described()}
        assert found["training.l2"] == [
            "a finite number, 0 or more",
            "0.0",
            "how much weights cost",
        ]


def test_keys_of_one_s_own_are_listed_by_one_that_is_like_them() -> None:
    listed = [path for path, *_ in described()]
    assert {"initial.W1", "keyframe.W1", "given.A1", "published[].…"} < set(listed)
    assert GIVEN.names == ("A1", "dZ2")


def test_a_key_of_the_view_is_written_where_it_is_not_as_usual() -> None:
    @dataclass(frozen=True)
    class Wider(Look):
        zoom: Annotated[int, Key(whole_number(1, 9), "how near")] = 1

    view = section("[view]", Wider)
    assert as_table(view, vars(Wider())) == {}
    assert as_table(view, vars(Wider(zoom=3, panel="step"))) == {"panel": "step", "zoom": 3}
    assert record(view, read(view, {"zoom": 3}, (), Faults({}))) == Wider(zoom=3)


# Every key -----------------------------------------------------------------------------------


def every_section(of: Section = EXPERIMENT) -> Iterator[Section]:
    yield of
    for key in of.keys.values():
        kind = key.kind.kind if isinstance(key.kind, ListOf) else key.kind
        if isinstance(kind, Section):
            yield from every_section(kind)


SECTIONS = list(every_section())


@pytest.mark.parametrize("record_", [Training, Initial, Look])
def test_a_key_left_out_is_the_default_of_its_field(record_: type) -> None:
    assert vars(record(section("here", record_), {})) == vars(record_())


@pytest.mark.parametrize("record_", [Edit, Keyframe, Saved, Note, Question, KnownWrong, Network])
def test_a_key_without_a_default_is_required(record_: type) -> None:
    of = section("here", record_)
    read(of, {}, (), faults := Faults({}))
    bare = {f.name for f in fields(record_) if MISSING is f.default is f.default_factory}
    needed = [name for name, key in of.keys.items() if key.fields[0] in bare]
    assert [sentence.split(" is missing: ")[0] for _, sentence in faults.found] == needed != []


@pytest.mark.parametrize("of", SECTIONS, ids=lambda of: of.what)
def test_a_wrong_value_of_any_key_is_told_with_its_path_and_what_must_be_there(of: Section) -> None:
    wrong = dict.fromkeys(of.names, Faults)  # a class: no TOML has one
    read(of, wrong, ("here",), faults := Faults({"here": wrong}))
    told = [sentence for sentence in faults.in_file_order() if "is missing" not in sentence]
    assert len(told) == len(of.names)
    for name, sentence in zip(of.names, told, strict=True):
        kind = of.kind_of(name)
        assert kind is not None
        assert sentence.startswith(f"here.{name} must be {kind.must}")


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (whole_number(1, word="all"), [1, 7, "all"]),
        (at_least(0), [0.0, 1e300]),
        (SHARE, [0.0, 0.5]),
        (TRUTH, [True, False]),
        (name_among(["a", "b"]), ["a", "b"]),
        (CELL, ["W1[1,2]"]),
        (CELL_OR_ALPHA, ["X[2,1]", "alpha"]),
    ],
    ids=lambda kind: kind.must if isinstance(kind, Value) else "",
)
def test_what_is_read_is_written_as_it_was_and_typed_as_on_the_command_line(
    kind: Value, values: list[Any]
) -> None:
    for value in values:
        typed = kind.typed(f" {str(value).lower() if type(value) is bool else value} ")
        assert kind.fits(typed)
        assert kind.writes(kind.means(typed)) == value


def test_every_key_is_told_what_it_is_for() -> None:
    assert [path for path, _, _, about in described() if not about] == []
    assert not any(isinstance(key.kind, Others) for of in SECTIONS for key in of.keys.values())
