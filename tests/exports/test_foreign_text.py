"""Text of an experiment's files is shown as text: it is no markup, no formula and no script."""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from markdown_it import MarkdownIt

import backprop_tui
from backprop_tui.exports import trace
from backprop_tui.exports.documents import latex
from backprop_tui.exports.documents.markdown import markdown_text
from backprop_tui.exports.documents.page import Html, element, joined, paragraph, unbroken
from backprop_tui.exports.figures import iterations
from backprop_tui.exports.formats import FORMATS, Wanted
from backprop_tui.files.experiment_file import load
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Timeline
from tests.exports.documents.test_documents import Outline, check_latex
from tests.exports.runs import exported
from tests.serve.chromium import CHROMIUM, chromium, tabs_of, until

HONEST = "word"
TEXTS = (
    "a<b",
    "<script>ran=1</script>",
    "<img src=x onerror=ran=1>",
    '" onmouseover="ran=1',
    "' autofocus onfocus='ran=1",
    "</title></style></h1><script>ran=1</script>",
    "<!--",
    "]]><svg/onload=ran=1>",
    "&amp;",
    "&lt;b&gt;",
    r"\input{x} $x$ 50% #1 a_b c^d ~ {e} & \\",
    r"$$ \end{document}",
    "*a* __b__ ~~c~~ `d` [e](f) ![g](h) i|j <http://k>",
    "# a",
    "- a",
    "1. a",
    "> a",
)


def experiment(folder: Path, text: str, outputs: int) -> Experiment:
    """An experiment whose every free text is that one, as are the names of its files."""
    file_name = text.replace("/", "")
    with open(folder / f"{file_name}.csv", "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([f"{text} 1", f"{text} 2", text])
        rows.writerows([[1, 2, text], [3, -1, "öther"], [0.5, 1, text]])
    said, name = json.dumps(text), json.dumps(f"{file_name}.csv")
    activation, loss = ("softmax", "cross_entropy")
    if outputs == 1:
        activation, loss = ("sigmoid", "binary_cross_entropy")
    file_ = folder / f"{file_name}.toml"
    file_.write_text(
        f"""
title = {said}
about = {said}
teaches = {said}
network = {{ layers = [2, {outputs}], activations = ["{activation}"], loss = "{loss}" }}
training = {{ learning_rate = 0.5, batch = 2 }}
data = {{ csv = {name}, target = {said} }}
initial = {{ seed = 1 }}
[[notes]]
at = "Z1"
text = {said}
[[questions]]
at = {{ iteration = 1, step = "A1" }}
form = "talk"
text = {said}
answer = {said}
[[published]]
source = {said}
"W1[1,1]" = "7.5"
known_wrong = [{{ of = "b1[1,1]", printed = "9.25", why = {said} }}]
""",
        "utf-8",
    )
    return load(str(file_))


@cache
def honest(outputs: int) -> Experiment:
    """The same with a text that is harmless."""
    with TemporaryDirectory() as folder:
        return experiment(Path(folder), HONEST, outputs)


@cache
def honest_pages(outputs: int) -> dict[str, str]:
    return dict(pages(honest(outputs)))


@cache
def honestly(name: str, outputs: int) -> str:
    """That experiment in a format."""
    return exported(name, honest(outputs))


def pages(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """Every output in HTML."""
    yield "html", exported("html", experiment)
    yield "worksheet", exported("worksheet", experiment)
    key = FORMATS["worksheet"].key(Timeline(experiment), Wanted(), ".html")
    assert key
    yield "key", key
    run = backprop_tui.Timeline(experiment)
    yield "notebook", f"<html>{run.state(run.start)._repr_html_()}</html>"


def rendered(markdown: str) -> str:
    """A Markdown document as a reader that allows HTML, tables and strikethrough shows it."""
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))


def tags(page: str) -> list[tuple[str, set[str]]]:
    return [(tag, set(attributes)) for tag, attributes in Outline(page).tags]


@pytest.fixture(params=[1, 2], ids=["one output", "two outputs"])
def outputs(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.mark.parametrize("text", TEXTS)
class TestAText:
    def test_is_shown_in_every_page_and_changes_none_of_its_tags(
        self, text: str, outputs: int, tmp_path: Path
    ) -> None:
        harmless = honest_pages(outputs)
        for name, page in pages(experiment(tmp_path, text, outputs)):
            assert tags(page) == tags(harmless[name]), name
            wanted = Outline(harmless[name]).words.count(HONEST)
            assert wanted >= 1
            # A file's name has no "/", and a command quotes it as a shell wants it.
            shown = Outline(page).words.replace("/", "").count(text.replace("/", ""))
            assert shown >= wanted - page.count("<code>"), name

    def test_is_the_names_of_rows_the_title_and_what_is_said_of_a_step(
        self, text: str, outputs: int, tmp_path: Path
    ) -> None:
        words = Outline(exported("html", experiment(tmp_path, text, outputs))).words
        told = [f"1 {text} 1", f"2 {text} 2", f"{text} prints", f"printed in {text}.", text]
        told.append(f"1 {text}" if outputs == 2 else f"A target of 0 is {text}, 1 is öther.")
        assert all(each in words for each in told)

    def test_is_no_markdown(self, text: str, outputs: int, tmp_path: Path) -> None:
        assert Outline(rendered(f"{markdown_text(text)}\n")).words == f"{text}\n"
        written = []
        for asked in (honest(outputs), experiment(tmp_path, text, outputs)):
            timeline = Timeline(asked)
            run = iterations(timeline, 1)
            traced = "".join(trace.markdown(timeline, run, 3))
            written.append([rendered(exported("markdown", asked)), rendered(traced)])
        for harmless, page in zip(*written, strict=True):
            assert tags(page) == tags(harmless)
            assert Outline(page).words == Outline(harmless).words.replace(HONEST, text)

    def test_is_no_latex(self, text: str, outputs: int, tmp_path: Path) -> None:
        source = exported("latex", experiment(tmp_path, text, outputs))
        check_latex(source)
        assert source == honestly("latex", outputs).replace(HONEST, latex.escaped(text))

    def test_is_no_python(self, text: str, outputs: int, tmp_path: Path) -> None:
        asked = experiment(tmp_path, text, outputs)
        for name in ("numpy", "torch"):
            harmless = ast.parse(honestly(name, outputs))
            assert ast.dump(ast.parse(exported(name, asked))) == ast.dump(harmless), name


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
async def test_in_a_browser_nothing_runs_and_every_text_is_seen(tmp_path: Path) -> None:
    profile, written = tmp_path / "chromium", tmp_path / "pages"
    profile.mkdir()
    written.mkdir()
    with chromium(profile) as address:
        async with tabs_of(address) as browser:
            tab = await browser.tab()

            async def opened(name: str, page: str) -> tuple[str, bool]:
                """What is seen of a page, and whether a script has run in it."""
                (written / name).write_text(page, "utf-8")
                await tab.open((written / name).as_uri())
                loaded = f"document.readyState + location.pathname.endsWith('/{name}')"
                await until(lambda: tab.evaluate(loaded), lambda told: told == "completetrue")
                seen = str(await tab.evaluate("document.body.textContent"))
                return seen, await tab.evaluate("window.ran === 1")

            for i, text in enumerate(TEXTS):
                folder = tmp_path / str(i)
                folder.mkdir()
                for name, page in pages(experiment(folder, text, 2)):
                    seen, ran = await opened(f"{i}-{name}.html", page)
                    assert text in seen
                    assert not ran
            # The page itself forbids scripts, even one that came in unescaped.
            page = exported("html", experiment(tmp_path, HONEST, 2))
            unsafe = page.replace("</main>", "<script>ran=1</script></main>")
            without = unsafe.replace("Content-Security-Policy", "x-nothing")
            assert not (await opened("unsafe.html", unsafe))[1]
            assert (await opened("without.html", without))[1]
