"""What the guide says is so: every command and file of it runs, every table is the program's."""

from __future__ import annotations

import doctest
import io
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from backprop_tui import guide, lessons
from backprop_tui.__main__ import main
from backprop_tui.cli.flags import HOST, PORT
from backprop_tui.files.experiment_file import load
from tests.guide.pages import blocks, inline_commands, is_so, run, told_by
from tests.guide.tables import TABLE, tables

README = Path(__file__).parents[2] / "README.md"
PAGES = {
    **{topic: guide.text(topic) for topic in guide.TOPICS},
    "README": README.read_text("utf-8"),
}


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return PAGES[request.param]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("mine.toml").write_text(lessons.text("neuron"), "utf-8")  # a reader's own
    return tmp_path


def test_every_command_and_file_runs_as_it_is_shown(page: str) -> None:
    for block in blocks(page):
        match block.language:
            case "console" | "words":
                for typed, said, told in told_by(block):
                    assert is_so(said, told), f"{typed}: {told}"
            case "toml" if block.name == "config.toml":
                Path(block.name).write_text(block.text, "utf-8")
            case "toml":
                Path(block.name).write_text(block.text, "utf-8")
                assert load(f"./{block.name}").title
            case "csv":
                Path(block.name).write_text(block.text, "utf-8")
            case "python":
                exec(compile(block.text, block.name, "exec"), {"__name__": "__main__"})
            case "pycon":
                example = doctest.DocTestParser().get_doctest(block.text, {}, "guide", None, 0)
                assert example.examples
                assert doctest.DocTestRunner().run(example).failed == 0
            case "caddy" | "nginx":  # in front of the server as it starts by itself
                assert f"{HOST.default}:{PORT.default}" in block.text
                assert "lessons.example" in block.text
            case _:
                raise AssertionError(f"nothing tests a block of {block.language}")
    for line in inline_commands(page):
        run(line.partition(" | ")[0])


@pytest.mark.parametrize("topic", guide.TOPICS)
def test_every_block_says_what_it_is(topic: str) -> None:
    fences = re.findall(r"^```.*$", PAGES[topic], re.MULTILINE)
    assert len(fences) == 2 * len(blocks(PAGES[topic])), fences


def test_readme_is_short_and_leads_to_every_topic_and_picture() -> None:
    assert 6000 <= len(PAGES["README"].encode()) <= 8000
    places = re.findall(r"\]\(([^)]+)\)", PAGES["README"])
    assert all((README.parent / place).is_file() for place in places)
    assert {f"backprop_tui/guide/{topic}.md" for topic in guide.TOPICS} <= set(places)
    pictures = {place for place in places if place.startswith("screenshots/")}
    assert pictures == {
        f"screenshots/{file.name}" for file in (README.parent / "screenshots").iterdir()
    }


def test_no_picture_fetches_anything_and_the_moving_one_is_whole() -> None:
    for file in (README.parent / "screenshots").glob("*.svg"):
        text = file.read_text("utf-8")
        assert ElementTree.fromstring(text).tag.endswith("svg")
        assert set(re.findall(r"https?://[^\s\"]+", text)) <= {
            "http://www.w3.org/2000/svg",
            "https://www.textualize.io",
        }


def test_every_table_of_the_program_is_in_the_guide_as_it_is() -> None:
    """`python -m tests.guide` writes them."""
    for head, text in tables().items():
        found = [
            shown[0]
            for page in PAGES.values()
            for shown in TABLE.finditer(page)
            if shown[1] == head
        ]
        assert found, f"no page has the table {head}"
        for shown in found:
            assert shown == text, f"{head}: python -m tests.guide brings it up to date"


def test_a_topic_is_no_longer_than_somebody_reads() -> None:
    for topic in guide.TOPICS:
        assert len(guide.text(topic)) > 1000, topic


# What help says


def test_help_alone_lists_every_topic(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    said = capsys.readouterr().out
    for topic, about in guide.TOPICS.items():
        assert f"  {topic:<12}{about}\n" in said


@pytest.mark.parametrize("topic", guide.TOPICS)
def test_without_a_terminal_a_topic_is_its_markdown(
    topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["help", topic]) == 0
    assert capsys.readouterr().out.endswith(guide.text(topic))


class ATerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("topic", guide.TOPICS)
def test_on_a_terminal_a_topic_is_set_as_a_page_no_wider_than_it(
    topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", shown := ATerminal())
    assert main(["help", topic]) == 0
    lines = re.sub(r"\x1b\[[\d;]*m", "", shown.getvalue()).splitlines()
    title = guide.text(topic).partition("\n")[0].removeprefix("# ")
    assert title in [line.strip() for line in lines]
    assert max(map(len, lines)) <= 80
    assert "**" not in shown.getvalue()


def test_a_dumb_terminal_has_the_markdown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stdout", shown := ATerminal())
    assert main(["help", "keys"]) == 0
    assert shown.getvalue() == guide.text("keys")


def test_the_help_of_a_command_is_still_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "export"]) == 0
    told = capsys.readouterr().out
    assert main(["export", "--help"]) == 0
    assert capsys.readouterr().out == told


def test_what_is_both_has_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "trace"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("usage: backprop-tui trace ")
    assert told.endswith(guide.text("trace"))


@pytest.mark.parametrize(
    ("word", "meant"), [("techning", "teaching"), ("exprot", "export"), ("Keys", "keys")]
)
def test_an_unknown_topic_names_the_near_one(
    word: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["help", word]) == 2
    told = capsys.readouterr().err
    assert f'there is no topic or command "{word}"' in told
    assert f'Did you mean "{meant}"?' in told


def test_two_topics_are_one_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "keys", "exports"]) == 2
    assert "one TOPIC is enough" in capsys.readouterr().err
