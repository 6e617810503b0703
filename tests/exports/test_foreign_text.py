"""Text of an experiment's files is shown as text: it is no markup, no formula and no script.

The fields that hold text are found in the table of keys, the outputs in the table of commands.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, TypeAlias
from unicodedata import category

import pytest
import tomlkit
from markdown_it import MarkdownIt

import backprop_tui
from backprop_tui.__main__ import main
from backprop_tui.cli.commands import COMMANDS, EXPERIMENT
from backprop_tui.cli.flags import AS
from backprop_tui.cli.stepping import serve
from backprop_tui.exports.documents import latex
from backprop_tui.exports.documents.markdown import markdown_text
from backprop_tui.exports.documents.page import POLICY, Html, element, joined, paragraph, unbroken
from backprop_tui.exports.figures import csv_line
from backprop_tui.files.experiment_file import ExperimentError, load
from backprop_tui.files.saving import keyframe_of, text_of
from backprop_tui.files.sections import EXPERIMENT as KEYS
from backprop_tui.messages import JOINERS, readable, typed
from backprop_tui.model.keys import Either, KeyKind, ListOf, Others, Section, Value
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.commands import COMMANDS as IN_WORDS
from tests.exports.documents.test_documents import Outline, check_latex
from tests.exports.runs import exported
from tests.plain.session import Typed
from tests.serve.chromium import CHROMIUM, Chromium, until
from tests.tui.driver import WIDE, stepping

HONEST = "word"
MARKUP = (
    """a<b" onmouseover="ran=1' onfocus='ran=1<script>ran=1</script><img src=x onerror=ran=1>""",
    "</title></style></h1><script>ran=1</script><!-- ]]><svg/onload=ran=1> &amp; &lt;b&gt;",
)
SIGNS = (
    r"\input{x} $x$ 50% #1 a_b c^d ~ {e} & \\ $$ \end{document}",
    "*a* __b__ ~~c~~ `d` [e](f) ![g](h) i|j <http://k>",
    "=HYPERLINK(1)\u202egnp.exe\u2066\u2069\u200e\u200f\u061c\u202a",
)
BEGINNINGS = ("# a", "- a", "1. a", "> a")
WILD = "\x1b]0;\u2028\u2029\x85\x07"
"""What no text in TOML may hold, but a CSV file and the name of a file can."""
FILLED = f"""
title = "{HONEST}"
network = {{ layers = [2, 2], activations = ["softmax"], loss = "cross_entropy" }}
training = {{ learning_rate = 0.5, batch = 2 }}
data = {{ csv = "{HONEST}.csv", target = "{HONEST}" }}
initial = {{ seed = 1 }}
[[notes]]
at = "Z1"
text = "{HONEST}"
[[questions]]
at = {{ iteration = 1, step = "A1" }}
form = "talk"
text = "{HONEST}"
answer = "{HONEST}"
[[published]]
source = "{HONEST}"
"W1[1,1]" = "7.5"
known_wrong = [{{ of = "b1[1,1]", printed = "9.25", why = "{HONEST}" }}]
"""
At: TypeAlias = tuple[str | int, ...]
"""The place of a value in a document."""


# What goes in ------------------------------------------------------------------------------------


def fields(kind: KeyKind, path: At = ()) -> Iterator[At]:
    """The places of all that an experiment file may hold as text."""
    match kind:
        case Value() if kind.fits(HONEST):
            yield path
        case ListOf():
            yield from fields(kind.kind, (*path, 0))
        case Either():
            yield from fields(kind.plain, path)
            yield from fields(kind.other, path)
        case Section():
            for name, key in kind.keys.items():
                yield from fields(key.kind, (*path, name))
            if kind.others is not None and isinstance(others := kind.others.kind, Others):
                for name in others.like or ("Z1",):
                    yield from fields(others.kind(name), (*path, name))


def put(document: Any, path: At, text: str) -> Any:
    """The document with that text at a place; what is missing on the way is made."""
    if not path:
        return text
    at, *rest = path
    if isinstance(at, int):
        first, *others = document if isinstance(document, list) and document else [None]
        return [put(first, tuple(rest), text), *others]
    within = document if isinstance(document, dict) else {}
    return {**within, at: put(within.get(at), tuple(rest), text)}


def written(folder: Path, document: Any, text: str) -> Path:
    """An experiment file that is called like that text, and the CSV file that it names."""
    name = text.replace("/", "")
    with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([f"{text} 1{WILD}", f"{text} 2", text])
        rows.writerows([[1, 2, f"{text}{WILD}"], [3, -1, "😀"], [0.5, 1, f"{text}{WILD}"]])
    path = folder / f"{name}{WILD}.toml"
    path.write_text(tomlkit.dumps(put(document, ("data", "csv"), f"{name}.csv")), "utf-8")
    return path


class Fields:
    """The fields of an experiment file that hold text: those that take any, and all others."""

    def __init__(self, folder: Path) -> None:
        self.filled = tomlkit.parse(FILLED).unwrap()
        self.free, self.checked = list[At](), list[At]()
        for path in fields(KEYS):
            if path == ("data", "csv"):
                continue
            try:
                load(str(written(folder, put(self.filled, path, HONEST), HONEST)))
                self.free.append(path)
            except ExperimentError:
                self.checked.append(path)

    def file(self, folder: Path, text: str) -> Path:
        """An experiment file with that text wherever any text will do."""
        document = self.filled
        for path in self.free:
            document = put(document, path, text)
        return written(folder, document, text)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Fields:
    return Fields(tmp_path_factory.mktemp("fields"))


@pytest.fixture(scope="module")
def honest(places: Fields, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every output of an experiment whose texts are a word."""
    return dict(outputs(places.file(tmp_path_factory.mktemp("honest"), HONEST)))


# What comes out ----------------------------------------------------------------------------------


def said_by(*argv: str) -> str:
    """What a command writes."""
    out = io.StringIO()
    with redirect_stdout(out):
        main(argv)
    assert out.getvalue(), argv
    return out.getvalue()


def outputs(path: Path) -> Iterator[tuple[str, str]]:
    """Everything that can be made of an experiment, by its format: each command in every format
    that it has, the key of a worksheet, a session in words, and the library."""
    for name, command in COMMANDS.items():
        if command.word is not EXPERIMENT or command.run is serve or command.needs:
            continue
        own = [option for options in command.flags.values() for option in options]
        formats = [[o.name, value] for o in own for value in o.values]
        for choice in formats or [[]]:
            yield " ".join([name, *choice[1:]]), said_by(name, str(path), *choice)
    for ending in ("csv", "html"):
        place = path.with_name(f"key.{ending}")
        page = path.with_name("worksheet.html")
        flags = ("--output", str(page), "--key", str(place), "--overwrite", "--copies", "2")
        main(("export", str(path), AS.name, "worksheet", *flags))
        yield f"key {ending}", place.read_text("utf-8")
    session = Typed(load(str(path)))
    for each in IN_WORDS:
        if each.words and each.group != "program":
            session(each.words[0])
    yield "words", "\n".join(session.told)
    run = backprop_tui.Timeline(load(str(path)))
    for shown in (run, run.experiment, run.state(Position(1, 1)), run.derivation("dZ1")):
        ways = [name for name in dir(shown) if name.startswith("_repr_")]
        for way in ("__str__", "__repr__", *ways):
            if (made := getattr(shown, way)()) is not None:
                name = f"library {type(shown).__name__} {way.strip('_').removeprefix('repr_')}"
                yield name, f"<html>{made}</html>" if "html" in way else made


def is_a_page(page: str, honest: str, text: str) -> None:
    """It has the elements and attributes of the honest page, a policy, and the text as text."""
    outline, wanted = Outline(page), Outline(honest)
    assert tags(outline) == tags(wanted)
    policies = [a["content"] or "" for a in outline.all("meta") if "http-equiv" in a]
    assert [policy.startswith(POLICY) for policy in policies] == [True] * page.count("<!DOCTYPE")
    # A file's name has no "/", and a command quotes it as a shell wants it.
    shown = outline.words.replace("/", "").count(readable(text).replace("/", ""))
    assert shown >= wanted.words.count(HONEST) - page.count("<code>")


def is_markdown(document: str, honest: str, text: str) -> None:
    """A reader that allows HTML, tables and strikethrough shows the text."""
    outline, wanted = Outline(rendered(document)), Outline(rendered(honest))
    assert tags(outline) == tags(wanted)
    assert outline.words == wanted.words.replace(HONEST, readable(text))


def is_latex(source: str, honest: str, text: str) -> None:
    """The text is spelled in LaTeX, and nothing else differs."""
    check_latex(source)
    assert source == honest.replace(HONEST, latex.escaped(readable(text)))


def is_python(script: str, honest: str, text: str) -> None:
    """The text stands in comments alone."""
    assert ast.dump(ast.parse(script)) == ast.dump(ast.parse(honest))


def is_json(lines: str, honest: str, text: str) -> None:
    """Each line reads back, the first one with the text."""
    first, *others = map(json.loads, lines.splitlines())
    assert first["title"] == readable(text)
    assert others == [json.loads(line) for line in honest.splitlines()][1:]


def is_csv(table: str, honest: str, text: str) -> None:
    """As many cells, and none that a spreadsheet takes for a formula."""
    rows, wanted = (list(csv.reader(io.StringIO(each))) for each in (table, honest))
    assert list(map(len, rows)) == list(map(len, wanted))
    for cell in (cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))):
        float(cell)


Check: TypeAlias = Callable[[str, str, str], None]
CHECKS: dict[str, Check] = {
    "html": is_a_page,
    "worksheet": is_a_page,
    "markdown": is_markdown,
    "latex": is_latex,
    "numpy": is_python,
    "torch": is_python,
    "jsonl": is_json,
    "csv": is_csv,
}
"""How the outputs that a program reads are checked, by the last word of their names."""


def tags(outline: Outline) -> list[tuple[str, set[str]]]:
    return [(tag, set(attributes)) for tag, attributes in outline.tags]


def rendered(markdown: str) -> str:
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))


def unseen(output: str) -> set[str]:
    """The signs that are not seen, or that order a terminal about."""
    odd = {c for c in output if not (c.isprintable() or c == "\n")}
    return {c for c in odd if c not in JOINERS and category(c) != "Zs"}


@pytest.mark.parametrize("text", [*MARKUP, *SIGNS])
class TestAText:
    def test_is_text_in_every_output(
        self, text: str, places: Fields, honest: dict[str, str], tmp_path: Path
    ) -> None:
        assert len(places.free) >= 9
        made = dict(outputs(places.file(tmp_path, text)))
        assert made.keys() == honest.keys()
        for name, output in made.items():
            assert unseen(output) == set(), name
            if check := CHECKS.get(name.split()[-1]):
                check(output, honest[name], text)
        used = {name.split()[-1] for name in made}
        assert used >= CHECKS.keys()

    def test_is_kept_by_a_file_that_is_saved(
        self, text: str, places: Fields, tmp_path: Path
    ) -> None:
        experiment = load(str(places.file(tmp_path, text)))
        saved = tmp_path / "saved.toml"
        keyframe = keyframe_of(Timeline(experiment), 1)
        saved.write_text(text_of(experiment, Position(1, 2), keyframe, str(tmp_path)), "utf-8")
        again = load(str(saved))
        for field in ("title", "about", "teaches", "notes", "questions", "published"):
            assert getattr(again, field) == getattr(experiment, field), field
        assert again.data.input_names == experiment.data.input_names

    async def test_is_text_on_the_screen(self, text: str, places: Fields, tmp_path: Path) -> None:
        async with stepping(places.file(tmp_path, text), WIDE) as app:
            seen = app.everything()
            await app.press("space")
            assert unseen(seen + app.everything()) == set()
            assert readable(text)[:20] in seen

    def test_is_repeated_by_faults_as_text(self, text: str, places: Fields, tmp_path: Path) -> None:
        document = places.filled
        for path in [*places.checked, (f"{text}{WILD}",)]:
            document = put(document, path, f"{text}{WILD}"[-20:])
        with pytest.raises(ExperimentError) as refused:
            load(str(written(tmp_path, document, text)))
        assert unseen(str(refused.value)) == set()

    @pytest.mark.parametrize("wild", ["", WILD])
    def test_is_read_back_by_a_shell(self, text: str, wild: str) -> None:
        command = typed(f"printf %s {shlex.quote(text + wild)}")
        assert unseen(command) == set()
        for locale in ("C", "C.UTF-8"):
            done = subprocess.run(
                ["bash", "-c", command], env={"LC_ALL": locale}, capture_output=True, check=True
            )
            assert done.stdout.decode() == text + wild


@pytest.mark.parametrize("text", [*MARKUP, *SIGNS[:2], *BEGINNINGS])
def test_text_is_no_markdown(text: str) -> None:
    assert Outline(rendered(f"{markdown_text(text)}\n")).words == f"{text}\n"


def test_a_spreadsheet_finds_no_formula() -> None:
    odd = ["=1+1", "@SUM(A1)", "+1-1", "-2+3", "\t=1", "a\n=1", "-W2", '"=1']
    cells = next(csv.reader([csv_line([*odd, "-0.5", "+1e-3", -2.5, "−dZ2", "a=b"])]))
    assert cells[len(odd) :] == ["-0.5", "+1e-3", "-2.5", "−dZ2", "a=b"]
    assert cells[: len(odd)] == [
        *("'=1+1", "'@SUM(A1)", "'+1-1", "'-2+3", r"'\t=1", r"a\n=1", "'-W2", '"=1')
    ]


class TestHtml:
    def test_is_joined_with_no_string(self) -> None:
        piece = element("b", "x")
        with pytest.raises(TypeError):
            piece + "<i>"  # type: ignore[operator]
        with pytest.raises(TypeError):
            "<i>" + piece  # type: ignore[operator]
        with pytest.raises(TypeError):
            "".join(["<i>", piece])  # type: ignore[list-item]
        with pytest.raises(TypeError, match="put it into an element"):
            f"<i>{piece}"
        with pytest.raises(TypeError, match="put it into an element"):
            "{}".format(piece)  # noqa: UP032

    def test_text_is_escaped_where_it_enters(self) -> None:
        link = element("a", "a<b", element("b", "&"), href='"x"', class_="", aria_label="<")
        assert link.source == '<a href="&quot;x&quot;" aria-label="&lt;">a&lt;b<b>&amp;</b></a>'
        assert joined(["<", element("br"), Html("<hr>")]).source == "&lt;<br><hr>"
        assert paragraph("<p>", '">').source == '<p class="&quot;&gt;">&lt;p&gt;</p>\n'

    @pytest.mark.parametrize(
        "text",
        ["<script>ran=1</script>", "a<b", "<mi onclick=ran=1>", '<mi form="x" onclick="ran=1">'],
    )
    def test_a_formula_is_nothing_but_mathml(self, text: str) -> None:
        with pytest.raises(ValueError, match="this is no MathML"):
            unbroken(text)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: install chromium")
async def test_in_a_browser_nothing_runs_and_every_text_is_seen(
    places: Fields, browser: Chromium, tmp_path: Path
) -> None:
    tab = await browser.tab()

    async def opened(name: str, page: str) -> tuple[str, bool]:
        """What is seen of a page, and whether a script has run in it."""
        (tmp_path / name).write_text(page, "utf-8")
        await tab.open((tmp_path / name).as_uri())
        loaded = f"document.readyState + location.pathname.endsWith('/{name}')"
        await until(lambda: tab.evaluate(loaded), lambda told: told == "completetrue")
        seen = str(await tab.evaluate("document.body.textContent"))
        return seen, await tab.evaluate("window.ran === 1")

    for i, text in enumerate(MARKUP):
        found = outputs(places.file(tmp_path, text))
        pages = [page for name, page in found if CHECKS.get(name.split()[-1]) is is_a_page]
        for k, page in enumerate(pages):
            seen, ran = await opened(f"{i}-{k}.html", page)
            assert text.replace("/", "") in seen.replace("/", "")
            assert not ran
    # The page itself forbids scripts, even one that came in unescaped.
    page = exported("html", load("article"))
    unsafe = page.replace("</main>", "<script>ran=1</script></main>")
    without = unsafe.replace("Content-Security-Policy", "x-nothing")
    assert not (await opened("unsafe.html", unsafe))[1]
    assert (await opened("without.html", without))[1]
