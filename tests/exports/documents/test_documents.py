"""The documents: every step worked out, in Markdown, in sound LaTeX and in valid HTML."""

from __future__ import annotations

import re
import shutil
import subprocess
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings

from backprop_tui import lessons
from backprop_tui.exports.derivations import FORMATS
from backprop_tui.exports.documents import latex
from backprop_tui.exports.documents.document import derivations
from backprop_tui.exports.documents.markdown import markdown_text
from backprop_tui.exports.documents.page import POLICY
from backprop_tui.exports.figures import figure, iterations
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.saved import Edit
from backprop_tui.run.timeline import Timeline
from tests.exports.runs import exported, runs
from tests.formulas import NAMES, program_file
from tests.run.test_edits import edited

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}
needs_latex = pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
DERIVED = {
    "html": '<section class="derivation" data-of=".*?">.*?</section>',
    "latex": r"\\begin{align\*}.*?\\end{align\*}",
    "markdown": r"### \$.*?\n\n(?:- .*?\n)+",
}
"""How a gradient's derivation is found in a document."""
LETTERS = (
    *"ABCXYZ",
    "ß",
    "é",
    "ð",
    "Þ",
    "ł",
    "щ",
    "中",
    "😀",
    "{",
    "\\",
    "$",
    "%",
    "#",
    "_",
    "^",
    "~",
    "&",
)


class Outline(HTMLParser):
    """A page read tag by tag: whether they close as they opened, and what they hold."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open = list[str]()
        self.tags = list[tuple[str, dict[str, str | None]]]()
        self.words = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def checked(page: str) -> Outline:
    """A page that is balanced, self-contained, and can be found one's way in."""
    assert page.startswith("<!DOCTYPE html>\n")
    outline = Outline(page)
    assert not re.search(r"https?:|//(?! )|@import|url\(|fetch|src=", page)
    assert {"img", "link", "iframe"}.isdisjoint(tag for tag, _ in outline.tags)
    scripts = re.findall("<script>(.*?)</script>", page, re.DOTALL)
    hashes = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = [f"; script-src 'sha256-{each}'" for each in hashes]
    policies = [a["content"] for a in outline.all("meta") if "http-equiv" in a]
    assert policies == [f"{POLICY}{''.join(allowed)}"]
    assert outline.all("script") == [{}] * len(scripts)
    assert outline.all("html") == [{"lang": "en"}]
    assert len(outline.all("main")) == 1
    assert all(th.get("scope") in ("row", "col") for th in outline.all("th"))
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    named = [a["aria-labelledby"] for _, a in outline.tags if "aria-labelledby" in a]
    assert set(named) <= set(ids)
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    return outline


@pytest.mark.parametrize("name", ["html", "latex", "markdown"])
@given(edited())
@settings(settings.get_profile("few"))
def test_an_edited_run_is_worked_out_as_it_was_computed(name: str, experiment: Experiment) -> None:
    """An edit of the next iteration takes the place of what an update has made; not here."""
    timeline, document = Timeline(experiment), exported(name, experiment, iterations=3)
    for iteration in iterations(timeline, 3):
        for result in iteration.results:
            number = figure(abs(float(result[0, 0])), 3)
            assert number in document or not re.fullmatch(r"[0-9.]+", number)


@pytest.mark.parametrize("name", ["html", "latex", "markdown"])
def test_so_is_the_very_number_that_the_next_iteration_edits(name: str) -> None:
    edits = (Edit(2, Cell("W1", 1, 1), 0.5),)
    document = exported(name, replace(load("article"), edits=edits), iterations=2)
    assert "0.481" in document  # what W1[1,1] comes to, before it is set to 0.5


class TestHtml:
    @given(runs())
    @settings(settings.get_profile("few"))
    def test_any_run_is_a_valid_page_with_every_number(self, experiment: Experiment) -> None:
        outline = checked(exported("html", experiment))
        iteration = Timeline(experiment).iteration(1)
        assert len(outline.all("article")) == len(iteration.results)
        for result in iteration.results:
            for number in result.ravel().tolist():
                assert figure(number, 3) in outline.words

    def test_it_follows_the_readers_theme_and_screen(self) -> None:
        page = exported("html", load("article"))
        assert "@media screen and (prefers-color-scheme: dark)" in page
        assert 'name="viewport" content="width=device-width' in page
        wide = [a for a in Outline(page).all("div") if a.get("role") == "group"]
        assert len(wide) == 2 * 17 + 1  # formulas and calculations of the steps, and the bar
        assert all(a["aria-label"] for a in wide)
        assert sum(a.get("tabindex") == "0" for a in wide) == 2 * 17

    def test_contents_lead_to_every_iteration_and_every_step(self) -> None:
        outline = Outline(exported("html", load("article"), iterations=2))
        ids = {attributes.get("id") for _, attributes in outline.tags}
        links = [a["href"] for a in outline.all("a")]
        assert len(links) == 2 * (1 + 17) + 2
        assert links[-2:] == ["#all-derivations", "#whole-page"]
        assert links[:2] == ["#iteration-1", "#Z1"]
        assert {str(link).removeprefix("#") for link in links} - {"whole-page"} <= ids

    def test_what_is_shared_is_said_and_nothing_else_with_it(self) -> None:
        page = exported("html", load("rnn"))
        assert "<h3>Wx Wh b: shared by t = 1, 2, 3</h3>" in page
        assert page.count("<h3>t = 1, 2, 3</h3>") == 1

    def test_a_long_line_may_be_broken_before_each_of_its_signs(self) -> None:
        page = exported("html", load("softmax"))
        longest = max(re.findall(r"<math>.*?</math>", page), key=lambda m: m.count("<mn>"))
        numbers = re.sub("<[^>]*>", "", longest)
        assert len(numbers) < 60  # a hundred signs are a line, in pieces
        assert "<wbr>" in page

    def test_on_paper_no_step_is_cut_in_two(self) -> None:
        assert ".step { break-inside: avoid" in exported("html", load("article"))

    def test_words_are_never_markup(self) -> None:
        experiment = replace(load("article"), title="<b>&amp;", about='"<script>" & more')
        outline = checked(exported("html", experiment))
        assert "<b>&amp;" in outline.words
        assert '"<script>" & more' in outline.words

    def test_a_mistake_is_said_where_it_is_made(self) -> None:
        outline = checked(exported("html", load("article", {"mistake": "updated-weights"})))
        assert "mistake: updated-weights" in outline.words
        flipped = exported("html", load("article", {"mistake": "sign-flipped"}))
        assert "Correct is (1 − Y) / (1 − A2) − Y / A2." in flipped  # it enters at dA2

    def test_a_run_that_diverges_ends_there_and_says_so(self) -> None:
        wild = {"learning_rate": "1e300", "activations": "relu,linear"}
        experiment = load("article", {**wild, "loss": "half_squared_error"})
        for name in ("html", "markdown", "latex"):
            document = exported(name, experiment, iterations=9)
            assert "The run diverged: W1 is no longer finite." in document
            assert "Iteration 2" in document
            assert "Iteration 3" not in document


class TestMarkdown:
    def test_a_step_is_worked_out(self) -> None:
        step = exported("markdown", load("article")).split("#### ")[8]
        formula = r"$dW^{[2]} = dZ^{[2]} \, {A^{[1]}}^{\mathsf T}$"
        assert step.startswith(f"8. $dW^{{[2]}}$, backward, layer 2\n\n{formula}\n")
        for part in (
            "W2\\[i,j\\] multiplies A1\\[j\\]: ",
            r"- shapes: $\left(1\times3\right) = \left(1\times1\right) \, ",
            "- index form: $dW^{[2]}_{1,j} = dZ^{[2]}_{1,1}\\,A^{[1]}_{j,1}$\n",
            r"- one number: $dW^{[2]}_{1,1} = dZ^{[2]}_{1,1} \, A^{[1]}_{1,1}$ "
            r"$= -0.641 \times 0.818$ $= -0.524$",
            "| dW2 | 1 | 2 | 3 |\n| --- | ---: | ---: | ---: |\n| 1 | −0.524 | −0.122 | −0.250 |",
        ):
            assert part in step

    def test_words_are_never_markup(self) -> None:
        assert markdown_text("a*b*  <i>\n# $x$ [l](u)") == r"a\*b\* \<i\> \# \$x\$ \[l\](u)"

    @pytest.mark.parametrize("lesson", lessons.NAMES)
    def test_every_row_of_a_table_has_as_many_cells(self, lesson: str) -> None:
        for block in exported("markdown", load(lesson)).split("\n\n"):
            if block.startswith("|"):
                assert len({row.count("|") for row in block.strip().splitlines()}) == 1


def check_latex(source: str) -> None:
    """What can be told without LaTeX: braces, dollars and environments close, signs are known."""
    plain = re.sub(r"\\[\\{}$%&#_]", "", source)
    depth = 0
    for sign in plain:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth >= 0
    assert depth == 0
    assert all(paragraph.count("$") % 2 == 0 for paragraph in plain.split("\n\n"))
    stack = list[str]()
    for begin, environment in re.findall(r"\\(begin|end){(\w+)}", source):
        if begin == "begin":
            stack.append(environment)
        else:
            assert stack.pop() == environment
    assert stack == []
    assert source.count(r"\left") - source.count(r"\leftarrow") == source.count(r"\right)") + (
        source.count(r"\right|")
    )
    latin = (sign for sign in source if not sign.isascii())
    assert all("À" <= sign <= "ÿ" and sign not in "ÐðÞþ" for sign in latin)


def typeset(source: str, folder: Path) -> str:
    """What pdflatex says of a source, of which it makes run.pdf."""
    (folder / "run.tex").write_text(source, "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "run.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said[-2000:]
    return said


class TestLatex:
    @given(runs())
    @settings(settings.get_profile("few"))
    def test_any_run_is_sound(self, experiment: Experiment) -> None:
        check_latex(exported("latex", experiment))

    @pytest.mark.parametrize("sign", LETTERS)
    def test_every_sign_is_spelled_in_latex(self, sign: str) -> None:
        check_latex(latex.escaped(f"a{sign}b"))

    def test_a_step_is_worked_out(self) -> None:
        document = exported("latex", load("article"))
        for part in (
            r"\textbf{8. $dW^{[2]}$, backward, layer 2.} W2[i,j] multiplies A1[j]",
            r"$dW^{[2]} = dZ^{[2]} \, {A^{[1]}}^{\mathsf T}$ $= \left(",
            r"Shapes: $(1\times3) = (1\times1) \, (3\times1)^{\mathsf T}$",
            r"Index form: $dW^{[2]}_{1,j} = dZ^{[2]}_{1,1}\,A^{[1]}_{j,1}$",
            r"$= -0.641 \times 0.818$ $= -0.524$",
            "\\left(\\begin{array}{rrr}\n-0.524 & -0.122 & -0.250\n\\end{array}\\right)",
        ):
            assert part in document

    @needs_latex
    @pytest.mark.parametrize("name", ["ai-by-hand", "softmax", "mazur", "gru", "gate"])
    def test_pdflatex_takes_it_and_no_line_is_too_long(self, name: str, tmp_path: Path) -> None:
        about = "Łódź, 中, 50 % & _more_ #1 {x} \\y ~ ^ 😀 “quoted” − ½ α′"
        experiment = replace(program_file(name) if name in NAMES else load(name), about=about)
        said = typeset(exported("latex", experiment, iterations=2), tmp_path)
        assert "Overfull" not in said
        assert (tmp_path / "run.pdf").read_bytes().startswith(b"%PDF")

    @needs_latex
    def test_an_iteration_and_its_derivations_take_three_pages(self, tmp_path: Path) -> None:
        assert "(3 pages" in typeset(exported("latex", load("article")), tmp_path)


class TestDerivations:
    @pytest.mark.parametrize("name", ["html", "latex", "markdown"])
    def test_of_every_gradient_stand_once_at_the_end(self, name: str) -> None:
        """The same as `derive` writes, however many iterations are worked out."""
        experiment = load("softmax")
        found = list(derivations(Timeline(experiment)))
        assert [d.symbol for d in found] == list(experiment.program.gradients)
        alone = "".join(FORMATS[name](experiment.title, found))
        _, _, written = alone.partition("Derivations")
        gradients = re.findall(DERIVED[name], written, re.DOTALL)
        assert len(gradients) == len(found)
        document = exported(name, experiment, iterations=2)
        _, _, at_the_end = document.rpartition("Iteration 2")
        for gradient in gradients:
            assert document.count(gradient) == at_the_end.count(gradient) == 1

    def test_on_a_page_a_long_line_may_be_broken(self) -> None:
        page = exported("html", program_file("gru"))
        sections = {re.split('"', s)[3]: s for s in re.findall(DERIVED["html"], page, re.DOTALL)}
        assert "<wbr>" in sections["dWh"]
        assert "<wbr>" not in sections["dU2"]

    def test_in_a_run_with_a_mistake_are_of_the_correct_formulas(self) -> None:
        of_correct = "the last is the step's correct formula"
        mistaken = exported("markdown", load("article", {"mistake": "sign-flipped"}))
        assert of_correct in mistaken
        assert "- $= A^{[2]} - Y$ multiply out" in mistaken
        assert of_correct not in exported("markdown", load("article"))
