"""What the HTML exports share: one self-contained page, readable on a phone, by day and by night.

No script, no font, no picture is fetched: a page can be opened from a stick without a network. It
knows tags and colours, and nothing of networks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from backprop_tui.exports.markup import Html, element, joined
from backprop_tui.exports.worked import Matrix
from backprop_tui.maths.mathml import MATHML, pieces

MATHML_TAG = re.compile(r'</?m[a-z]+( (form|stretchy)="[a-z]+")?>')

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --quiet: #57606a;
  --rule: #d0d7de; --plus: #0050a0; --minus: #8a4500; --forward: #006b3c; --loss: #006b3c;
  --backward: #8a1c9a; --update: #6b5e00; --wrong: #b00020; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117;
  --quiet: #9da7b3; --rule: #30363d; --plus: #6cb6ff; --minus: #ffb000; --forward: #34c77b;
  --loss: #34c77b; --backward: #e58af0; --update: #f2e85c; --wrong: #ff7b72; } }
body { margin: 0 auto; max-width: 48rem; padding: 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; }
h1, h2, h3, h4 { line-height: 1.25; margin: 1.5rem 0 .5rem; }
h4 { font-size: 1.05rem; }
p { margin: .4rem 0; }
math { font-size: 1.1em; }
.wide { overflow: auto hidden; padding: .3rem 0; }
.quiet { color: var(--quiet); }
.wrong { color: var(--wrong); font-weight: bold; }
.minus { color: var(--minus); }
.plus { color: var(--plus); }
.step { border-inline-start: .25rem solid var(--rule); padding-inline-start: .8rem; }
.forward { border-color: var(--forward); } .loss { border-color: var(--loss); }
.backward { border-color: var(--backward); } .update { border-color: var(--update); }
.matrices { display: flex; flex-wrap: wrap; gap: 0 2rem; }
blockquote { margin: .5rem 0; padding-inline-start: .8rem;
  border-inline-start: .15rem solid var(--rule); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .5rem 0; }
caption { text-align: start; font-weight: bold; }
th, td { padding: .15rem .5rem; text-align: end; }
th { color: var(--quiet); font-weight: normal; }
code { white-space: pre-wrap; overflow-wrap: anywhere; }
"""


POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a page may do: nothing but look as its own style says. No script runs in it."""


def page(title: str, body: Iterable[Html], style: str = "") -> Iterator[str]:
    """The whole document around its body."""
    head = (
        Html('<meta charset="utf-8">\n'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">\n'),
        element("title", title),
        Html(f"\n<style>{STYLE}{style}</style>\n"),
    )
    yield f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{joined(head).source}</head>\n'
    yield "<body>\n<main>\n"
    yield from (part.source for part in body)
    yield "</main>\n</body>\n</html>\n"


def paragraph(text: str, kind: str = "") -> Html:
    """A sentence; `kind` is how it looks."""
    return element("p", " ".join(text.split()), class_=kind)


def unbroken(written: str) -> Html:
    """MathML of the engine, which no line break divides. Raises ValueError for anything else."""
    if "<" in MATHML_TAG.sub("", written):
        raise ValueError(f"this is no MathML: {written}")
    return Html(f"<math><mrow>{written}</mrow></math>")


def formula(written: str) -> Html:
    """MathML in a line that may be broken before its signs: no browser breaks one within <math>."""
    first, *others = map(unbroken, pieces(written))
    return joined([first, *(part for other in others for part in (element("wbr"), other))])


def mathematics(stages: Iterable[str], label: str) -> Html:
    """MathML, with a new line for each stage where they do not fit beside each other, and scrolls
    where one sign is too wide for a phone; `label` says it in plain signs."""
    written = [element("span", formula(stage), class_="stage") for stage in stages]
    spaced = (part for stage in written for part in (stage, " "))
    return element("div", *spaced, class_="wide", role="group", tabindex="0", aria_label=label)


def table(matrix: Matrix) -> Html:
    """A matrix below its symbol, rows and columns named by their numbers."""
    rows = (
        element("tr", element("th", side, scope="row"), *map(_number, figures))
        for side, figures in matrix.rows
    )
    caption = unbroken(MATHML.name(matrix.symbol))
    return element("div", grid(caption, matrix.columns, rows), class_="wide")


def grid(caption: Html, columns: Iterable[str], rows: Iterable[Html], kind: str = "") -> Html:
    """A table below its caption, its columns named."""
    heads = (element("th", head, scope="col") for head in columns)
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", element("td"), *heads)),
        element("tbody", *rows),
        class_=kind,
    )


def _number(figure: str) -> Html:
    if figure in "…⋮" or not figure.strip("−0.e"):
        return element("td", figure)
    return element("td", figure, class_="minus" if figure.startswith("−") else "plus")
