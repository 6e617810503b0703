"""The command `derive`: gradients line by line, as text, Markdown, LaTeX and HTML."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from backprop_tui import Timeline, lessons, load
from backprop_tui.__main__ import main
from backprop_tui.explain.derivation import NoDerivation, derivation
from backprop_tui.exports.derivations import FORMATS
from tests.exports.documents.test_documents import check_latex, typeset

GRADIENTS = "dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1".split()


class Derive:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *argv: str) -> str:
        assert main(["derive", *argv]) == 0
        out, err = self.capsys.readouterr()
        assert err == ""
        return out

    def fault(self, *argv: str) -> str:
        assert main(["derive", *argv]) == 2
        out, err = self.capsys.readouterr()
        assert out == ""
        return err


@pytest.fixture
def derive(capsys: pytest.CaptureFixture[str]) -> Derive:
    return Derive(capsys)


def test_one_gradient_as_text(derive: Derive) -> None:
    assert derive("article", "dZ1") == (
        "dZ1 = ∂L/∂Z1\n"
        "= ∂L/∂A1 ∘ ∂A1/∂Z1  chain rule: L uses Z1 through A1\n"
        "= dA1 ∘ σ′(Z1)      dA1 is step 10\n"
    )


def test_without_a_symbol_every_gradient_is_derived_in_the_order_of_the_steps(
    derive: Derive,
) -> None:
    blocks = derive("article").rstrip("\n").split("\n\n")
    assert [block.split(" = ")[0] for block in blocks] == GRADIENTS
    for block in blocks:
        _, *lines = block.splitlines()
        assert lines
        assert all(re.fullmatch(r"= \S.*\S  +\S.*", line) for line in lines)


def test_elements_are_the_other_form(derive: Derive) -> None:
    lines = derive("dW1", "--elements").splitlines()
    assert lines[3].split("  ", 1)[0] == "= Σₖ dZ1[k]·X[j]·[k=i]"
    assert lines[3].endswith("  ∂Z1[k]/∂W1[i,j] = X[j] · [k=i]")


def test_a_single_word_may_be_the_gradient(derive: Derive) -> None:
    assert derive("dZ2") == derive("article", "dZ2")


def test_a_flag_may_stand_between_the_words(derive: Derive) -> None:
    assert derive("article", "--elements", "dW1") == derive("article", "dW1", "--elements")


def test_changes_to_the_experiment_count(derive: Derive) -> None:
    out = derive("dZ2", "--activations", "tanh,linear", "--loss", "half_squared_error")
    assert out.endswith("= dA2 ∘ linear′(Z2)  linear′ = 1\n")


@pytest.mark.parametrize("symbol", ["X", "Z1", "J", "nonsense", "dW9", "\x1b[31m"])
def test_a_symbol_without_a_derivation_is_refused_and_those_with_one_are_named(
    symbol: str, derive: Derive
) -> None:
    said = derive.fault("article", symbol)
    assert said.count("\n") == 1
    assert f"these have one: {', '.join(GRADIENTS)}" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(("word", "meant"), [("artcle", "article"), ("dW3", "dW2")])
def test_a_single_word_that_is_neither_is_told_what_there_is(
    word: str, meant: str, derive: Derive
) -> None:
    said = derive.fault(word)
    assert said.startswith(f'backprop-tui: there is no gradient or lesson "{word}"; the gradients')
    assert said.endswith(f'Did you mean "{meant}"?\n')


def test_a_file_is_derived(derive: Derive, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes((Path(lessons.__file__).parent / "softmax.toml").read_bytes())
    assert derive(str(file)) == derive("softmax")
    assert derive(str(file), "dZ1") == derive("softmax", "dZ1")


def test_a_third_word_is_one_too_many(derive: Derive) -> None:
    said = derive.fault("article", "dZ2", "dW2")
    assert 'one EXPERIMENT and one SYMBOL are enough: "dW2" is one too many' in said


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("elements", [(), ("--elements",)])
def test_every_format_has_every_line(name: str, elements: tuple[str, ...], derive: Derive) -> None:
    program = load("softmax").program
    lines = sum(len(derivation(program, s, elements=bool(elements)).lines) for s in GRADIENTS)
    out = derive("softmax", "--as", name, *elements)
    signs = {"text": "\n= ", "markdown": "\n- $", "latex": r"\tag*", "html": "<tr>"}
    assert out.count(signs[name]) == lines
    if name == "latex":
        check_latex(out)


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
@pytest.mark.parametrize("elements", [(), ("--elements",)])
def test_pdflatex_takes_it(elements: tuple[str, ...], derive: Derive, tmp_path: Path) -> None:
    assert "Overfull" not in typeset(derive("softmax", "--as", "latex", *elements), tmp_path)


@pytest.mark.parametrize("name", ["markdown", "latex", "html"])
def test_a_title_is_text(name: str, derive: Derive, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    source = (Path(lessons.__file__).parent / "article.toml").read_text("utf-8")
    title = re.compile(r"^title = .*$", re.MULTILINE)
    file.write_text(title.sub(r"title = '<script>x</script> \\input{y} $z$'", source), "utf-8")
    out = derive(str(file), "dZ2", "--as", name)
    raw = {"markdown": "<script>", "latex": r"\input{", "html": "<script>"}
    assert raw[name] not in out


def test_the_library_gives_and_prints_the_same_lines(derive: Derive) -> None:
    run = Timeline(load("article"))
    found = run.derivation("dZ2")
    assert found == derivation(run.program, "dZ2")
    assert f"{found!r}\n" == derive("dZ2")
    assert [line.written() for line in found.lines][-1] == "A2 − Y"
    assert run.derivation("dW1", elements=True).lines[-1].rule == "all i and j at once"
    with pytest.raises(NoDerivation):
        run.derivation("X")
