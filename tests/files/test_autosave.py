"""Autosaves: one private file for each running program, that --resume and the list of o open."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from backprop_tui import lessons
from backprop_tui.__main__ import main
from backprop_tui.files import atomic_write, autosave
from backprop_tui.files.autosave import (
    MOST_LEFT,
    Autosave,
    OwnAutosave,
    autosaves,
    left_unsaved,
    newest,
    state_folder,
)
from backprop_tui.files.experiment_file import ExperimentError, load
from backprop_tui.run.timeline import Position


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "backprop-tui"


def written(name: str = "mazur", unsaved: str = "") -> OwnAutosave:
    own = OwnAutosave()
    own.write(load(name), Position(2, 3), None, unsaved)
    return own


def test_what_a_program_wrote_last_opens_there() -> None:
    written().close()
    opened = newest().opened()
    assert (opened.name, opened.saved and opened.saved.iteration) == ("mazur", 2)
    assert opened.saved is not None
    assert opened.saved.steps == 3


def test_the_file_that_it_was_read_from_is_known_again(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(lessons.text("mazur"), "utf-8")
    for source, path in ((str(file), str(file)), ("mazur", None)):
        own = OwnAutosave()
        own.write(load(source), Position(2, 3), None, "")
        own.close()
        opened = newest().opened().written
        assert opened is not None
        assert opened.path == path


def test_a_table_is_read_again_from_the_folder_of_the_file(tmp_path: Path) -> None:
    file, network = tmp_path / "mine.toml", "layers = [1, 1]\nactivations = ['sigmoid']\n"
    (tmp_path / "mine.csv").write_text("x,y\n0.5,1\n0.25,0\n", "utf-8")
    network += "loss = 'half_squared_error'\n[data]\ncsv = 'mine.csv'\ntarget = 'y'\n"
    file.write_text(f"[network]\n{network}", "utf-8")
    written(str(file)).close()
    assert newest().opened().data.by_symbol["X"].tolist() == [[0.5, 0.25]]


def test_what_a_program_holds_is_nobody_else_s() -> None:
    own = written()
    assert autosaves() == ([], [])
    with pytest.raises(ExperimentError, match="there is no autosave"):
        newest()
    own.close()
    assert [one.name for one in autosaves()[0]] == ["mazur"]


def test_it_is_readable_by_its_user_alone() -> None:
    own = written()
    assert Path(state_folder()).stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in Path(state_folder()).iterdir()} == {0o600}
    assert all(path.stat().st_mode & 0o077 == 0 for path in Path(state_folder()).iterdir())
    own.close()


@pytest.mark.parametrize("tries", [1, 3, 4])
def test_a_lock_is_tried_for_thrice(tries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    handles: list[int] = []

    def locked(handle: int) -> bool:
        handles.append(handle)
        return len(handles) == tries

    monkeypatch.setattr(autosave, "locked", locked)
    if tries > 3:
        with pytest.raises(OSError, match="it could not be locked"):
            written()
    else:
        written().close()
    assert len(handles) == min(tries, 3)
    for handle in handles:  # none stays open
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(handle)


def test_the_newest_few_stay() -> None:
    for k in range(MOST_LEFT + 3):
        own = written("article" if k else "mazur")
        for path in Path(state_folder()).glob("*.json"):
            if own._stem in str(path):
                os.utime(path, (1000 + k, 1000 + k))
        own.close()
    found, _ = autosaves()
    assert len(found) == MOST_LEFT
    assert [one.changed for one in found] == sorted((one.changed for one in found), reverse=True)
    assert "mazur" not in {one.name for one in found}


def test_what_is_left_of_one_without_content_goes_first(home: Path) -> None:
    for _ in range(MOST_LEFT - 1):
        written("mazur").close()
    for ending in ("lock", "new"):
        (home / f"9-a.{ending}").touch()
    written("article").close()
    assert not list(home.glob("9-a.*"))
    found, lines = autosaves()
    assert sorted(one.name for one in found) == ["article"] + ["mazur"] * (MOST_LEFT - 1)
    assert lines == []


def test_it_is_written_again_in_its_place(home: Path) -> None:
    own = written("mazur")
    own.write(load("article"), Position(3, 4), None, "1 edit")
    assert sorted(path.suffix for path in home.iterdir()) == [".json", ".lock"]
    own.close()
    own.close()  # once more does no harm
    assert newest().opened().name == "article"


def test_what_is_told_of_it_is_short() -> None:
    written(unsaved="e" * 61).close()
    assert newest().unsaved == "e" * 60
    (place,) = Path(state_folder()).glob("*.json")
    place.write_text("no")
    with pytest.raises(ExperimentError) as refused:
        newest()
    assert [fault.split()[-1] for fault in refused.value.faults] == ["autosave.", "open"]


def test_looking_for_them_leaves_no_handle_open(home: Path) -> None:
    written().close()
    (home / "folder.lock").mkdir()
    (home / "other.json").touch()
    before = os.listdir("/dev/fd")
    found, lines = autosaves()
    assert os.listdir("/dev/fd") == before
    assert (len(found), lines) == (1, [])


@pytest.mark.parametrize(
    ("state", "folder"),
    [
        ("/state", "/state/backprop-tui"),
        ("state", "/home/me/.local/state/backprop-tui"),
        ("", "/home/me/.local/state/backprop-tui"),
        (None, "/home/me/.local/state/backprop-tui"),
    ],
)
def test_where_they_are(state: str | None, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    if state is None:
        monkeypatch.delenv("XDG_STATE_HOME")
    else:
        monkeypatch.setenv("XDG_STATE_HOME", state)
    assert state_folder() == folder


@pytest.mark.parametrize(("later", "is_told"), [(-1, True), (0, False), (1, False)])
def test_what_was_left_before_it_was_told_last_is_not_told_again(
    home: Path, later: int, is_told: bool
) -> None:
    written(unsaved="2 edits").close()
    (place,) = home.glob("*.json")
    os.utime(place, (1000, 1000))
    (home / autosave.TOLD).touch()
    os.utime(home / autosave.TOLD, (1000 + later, 1000 + later))
    assert (left_unsaved() is not None) is is_told


def test_one_that_was_opened_goes_when_the_next_is_written() -> None:
    written().close()
    own = OwnAutosave()
    own.instead_of = newest()
    own.write(load("article"), Position(1, 1), None, "")
    own.close()
    assert [one.name for one in autosaves()[0]] == ["article"]


def test_what_a_program_holds_no_other_one_removes() -> None:
    own, other = written("mazur"), OwnAutosave()
    other.instead_of = Autosave(own._stem, 0.0, "mazur", "", {})
    other.write(load("article"), Position(1, 1), None, "")
    for program in (own, other):
        program.close()
    assert sorted(one.name for one in autosaves()[0]) == ["article", "mazur"]


def test_what_another_program_removes_before_it_is_locked_is_begun_anew(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for_real, removed = atomic_write.locked, list[Path]()

    def locked(handle: int) -> bool:
        if not removed:
            removed.extend(home.glob("*.lock"))
            removed[0].unlink()
        return for_real(handle)

    monkeypatch.setattr(autosave, "locked", locked)
    written("mazur").close()
    assert [one.name for one in autosaves()[0]] == ["mazur"]


def test_what_was_left_unsaved_is_told_once() -> None:
    written(unsaved="2 edits").close()
    left = left_unsaved()
    assert left is not None
    assert (left.name, left.unsaved) == ("mazur", "2 edits")
    assert left_unsaved() is None


def test_what_was_saved_is_not_told() -> None:
    written().close()
    assert left_unsaved() is None


@pytest.mark.parametrize("odd", ["fifo", "text", "list", "number", "folder", "link"])
def test_an_odd_file_is_passed_over_with_a_line(home: Path, odd: str) -> None:
    home.mkdir()
    (home / "1-a.lock").touch()
    place = home / "1-a.json"
    match odd:
        case "fifo":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case "link":
            place.symlink_to("/dev/zero")
        case _:
            place.write_text({"text": "no", "list": "[]", "number": '{"said": 1}'}[odd])
    found, lines = autosaves()
    assert found == []
    assert len(lines) == 1
    assert "is passed over" in lines[0]


@pytest.mark.parametrize("odd", ["large", "link"])
def test_what_would_be_an_autosave_is_passed_over_too(
    odd: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written().close()
    (place,) = home.glob("*.json")
    if odd == "large":
        monkeypatch.setattr(autosave, "LARGEST", place.stat().st_size)
        assert autosaves()[0]
        place.write_text(place.read_text() + " ")
    else:
        place.rename(home.parent / "other.json")
        place.symlink_to(home.parent / "other.json")
    assert not autosaves()[0]


def test_a_run_that_cannot_be_opened_says_why() -> None:
    own = OwnAutosave()
    experiment = load("mazur")
    assert experiment.written is not None
    own.write(replace(experiment, training=experiment.training), Position(1, 1), None, "")
    own.close()
    one = newest()
    one.content["said"]["l"] = "nowhere"
    with pytest.raises(ExperimentError, match=rf"^{one.stem}\.json: this code opens the lesson"):
        one.opened()


@pytest.mark.parametrize("beside", [["mazur"], ["--code", "1WPE32GRNNW2G0"], ["--seed", "7"]])
def test_it_has_its_own_experiment(beside: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--plain", "--resume", *beside]) == 2
    assert f"leave out --resume, or {beside[0]}" in capsys.readouterr().err.replace('"', "")


def test_without_one_no_experiment_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--plain", "--resume"]) == 2
    assert capsys.readouterr().err == "backprop-tui: --resume: there is no autosave to open\n"
