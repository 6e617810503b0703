"""What an installation needs: data files in the wheel, metadata, and completion in every shell."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from backprop_tui import guide, lessons
from backprop_tui.__main__ import main
from backprop_tui.cli.commands import COMMANDS, STEPPER
from backprop_tui.cli.completion import SHELLS, script
from backprop_tui.cli.parser import command_line
from backprop_tui.cli.streams import PROGRAM
from tests.terminal import Terminal

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_wheel_carries_everything_that_is_no_code(tmp_path: Path) -> None:
    builders = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")
    (wheel,) = builders.WheelBuilder(str(ROOT)).build(
        directory=str(tmp_path), versions=["standard"]
    )
    with ZipFile(wheel) as archive:
        carried = set(archive.namelist())
    package = ROOT / "backprop_tui"
    data = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"backprop_tui/py.typed", "backprop_tui/tui/app.tcss"} <= data
    assert {f"backprop_tui/lessons/{name}.toml" for name in lessons.NAMES} <= data
    assert "backprop_tui/serve/page/index.html" in data
    assert {f"backprop_tui/guide/{topic}.md" for topic in guide.TOPICS} <= data
    assert data <= carried


def test_the_source_distribution_has_what_readme_shows(tmp_path: Path) -> None:
    builders = pytest.importorskip("hatchling.builders.sdist", reason="hatchling is not installed")
    (archive,) = builders.SdistBuilder(str(ROOT)).build(
        directory=str(tmp_path), versions=["standard"]
    )
    with tarfile.open(archive) as files:
        carried = {name.partition("/")[2] for name in files.getnames()}
    shown = {f"screenshots/{file.name}" for file in (ROOT / "screenshots").iterdir()}
    assert shown | {"README.md", "tests/conftest.py", "backprop_tui/guide/keys.md"} <= carried


def test_the_version_is_that_of_the_newest_changes() -> None:
    newest = re.search(r"^## (\S+)$", guide.text("changes"), re.MULTILINE)
    assert newest
    assert PROJECT["version"] == newest[1]


def test_the_metadata_is_complete() -> None:
    versions = {c.rpartition(" ")[2] for c in PROJECT["classifiers"] if ":: Python :: 3." in c}
    assert versions == {"3.11", "3.12", "3.13"}
    assert PROJECT["requires-python"] == ">=3.11"
    assert "Operating System :: OS Independent" in PROJECT["classifiers"]
    assert "Typing :: Typed" in PROJECT["classifiers"]
    assert PROJECT["description"]
    assert PROJECT["keywords"]
    assert PROJECT["authors"] == [{"name": "backprop-tui contributors"}]
    assert PROJECT["scripts"] == {PROGRAM: "backprop_tui.__main__:main"}
    assert any(
        needed.startswith("textual-serve") for needed in PROJECT["optional-dependencies"]["web"]
    )


# Completion ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_knows_every_command_flag_and_lesson(shell: str) -> None:
    text = script(shell, command_line())
    for command in (STEPPER, *COMMANDS.values()):
        assert command.name in text
        for flag in command.options:
            name = f"-l {flag.name.removeprefix('--')} " if shell == "fish" else flag.name
            assert name in text
    assert all(lesson in text for lesson in lessons.NAMES)


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_reads_its_script(shell: str, tmp_path: Path) -> None:
    if (found := shutil.which(shell)) is None:
        pytest.skip(f"there is no {shell}")
    file = tmp_path / "script"
    file.write_text(script(shell, command_line()), encoding="utf-8")
    done = subprocess.run([found, "-n", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def completed(line: str, folder: Path) -> set[str]:
    """What bash offers for the last word of a line."""
    words = [word or "''" for word in line.split(" ")]
    ask = (
        f"{script('bash', command_line())}\n"
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}\n"
        "_backprop_tui\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    done = subprocess.run(
        [bash, "-u", "-c", ask], capture_output=True, text=True, check=True, cwd=folder
    )
    return set(done.stdout.split("\n")) - {""}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("backprop-tui tr", {"train", "trace"}),
        ("backprop-tui maz", {"mazur"}),
        ("backprop-tui trace --form", {"--format"}),
        ("backprop-tui trace --format ", {"table", "jsonl", "markdown"}),
        ("backprop-tui train mazur --loss half", {"half_squared_error"}),
        ("backprop-tui --mistake sign", {"sign-flipped"}),
        ("backprop-tui export --as w", {"worksheet"}),
        ("backprop-tui serve --ask v", {"vote"}),
        ("backprop-tui --mistake = sign", {"sign-flipped"}),  # as bash parts --mistake=sign
        ("backprop-tui trace --format =", {"table", "jsonl", "markdown"}),
        ("backprop-tui train mi", {"mine.toml"}),
        ("backprop-tui train --save no", {"notes.txt"}),
        ("backprop-tui train fol", {"folder"}),
        ("backprop-tui completion ", {"bash", "zsh", "fish"}),
        ("backprop-tui help te", {"teaching", "terminals"}),
        ("backprop-tui --theme l", {"light"}),
        ("backprop-tui --activations relu,si", {"relu,sigmoid"}),
        (
            "backprop-tui train --activations tanh,tanh,l",
            {"tanh,tanh,leaky_relu", "tanh,tanh,linear"},
        ),
        ("backprop-tui --decimals 3 trace mazur --it", {"--iterations"}),
        ("backprop-tui mazur --dec", {"--decimals"}),
        ("backprop-tui lessons nothing", set()),
        ("backprop-tui --seed ", set()),
    ],
)
def test_bash_offers(line: str, offered: set[str], tmp_path: Path) -> None:
    (tmp_path / "mine.toml").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "folder").mkdir()
    assert completed(line, tmp_path) == offered


LINES = [
    ("tra", ["trace", "train"]),
    ("maz", ["mazur"]),
    ("trace maz", ["mazur"]),
    ("train mi", ["mine.toml"]),
    ("mi", ["mine.toml"]),
    ("trace --form", ["--format"]),
    ("mazur --dec", ["--decimals"]),
    ("--decimals 3 trace mazur --it", ["--iterations"]),
    ("--iterations 3 trace --form", ["--format"]),
    ("trace --format j", ["jsonl"]),
    ("trace --format=j", ["jsonl"]),
    ("--mistake=sign", ["sign-flipped"]),
    ("train mazur --loss half", ["half_squared_error"]),
    ("--activations relu,si", ["relu,sigmoid"]),
    ("train --activations tanh,si", ["tanh,sigmoid"]),
    ("train --save no", ["notes.txt"]),
    ("lessons maz", ["mazur"]),
    ("completion z", ["zsh"]),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a learner's: an experiment, another file, and the shell's script."""
    (tmp_path / "mine.toml").touch()
    (tmp_path / "notes.txt").touch()
    return tmp_path


def test_fish_offers(folder: Path) -> None:
    if (fish := shutil.which("fish")) is None:
        pytest.skip("there is no fish")
    (folder / "script").write_text(script("fish", command_line()), encoding="utf-8")
    ask = "source script; for line in $argv; complete -C $line | cut -f 1 | string join ' '; end"
    lines = [f"{PROGRAM} {line}" for line, _ in LINES]
    done = subprocess.run(
        [fish, "--no-config", "-c", ask, "--", *lines],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.stderr == ""
    for (line, offered), said in zip(LINES, done.stdout.splitlines(), strict=True):
        assert [word.partition("=")[2] or word for word in said.split()] == offered, line


def test_zsh_offers(folder: Path) -> None:
    if (zsh := shutil.which("zsh")) is None:
        pytest.skip("there is no zsh")
    (folder / "script").write_text(script("zsh", command_line()), encoding="utf-8")
    begin = (
        f"cd {shlex.quote(str(folder))}; PS1='$ '; autoload -U compinit; compinit -D -u; "
        "zstyle ':completion:*' list-colors ''; eval \"$(<script)\"; clear; print rea''dy\n"
    )
    with Terminal([zsh, "-f", "-i"], 150, 40) as terminal:
        terminal.press(begin.encode())
        terminal.until_says("ready")
        for line, offered in LINES:
            terminal.press(f"\x15{PROGRAM} {line}\t".encode())
            begun = line.rstrip("=").rpartition(" ")[0]
            if len(offered) == 1:
                terminal.until_says(f"$ {PROGRAM} {begun}".rstrip(), offered[0])
            else:
                terminal.until_says(*offered)


def test_a_shell_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "fisch"]) == 2
    said = capsys.readouterr().err
    assert "one of bash, zsh, fish" in said
    assert 'Did you mean "fish"?' in said
