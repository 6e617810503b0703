"""What the HTML exports share: one self-contained page, readable on a phone, by day and by night.

No script, no font, no picture is fetched: a page can be opened from a stick without a network. It
knows tags and colours, and nothing of networks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from backprop_tui.exports.worked import Matrix
from backprop_tui.maths.mathml import MATHML, pieces

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


def page(title: str, body: Iterable[str], style: str = "") -> Iterator[str]:
    """The whole document around its body."""
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n<body>\n<main>\n"
    )
    yield from body
    yield "</main>\n</body>\n</html>\n"


def paragraph(text: str, kind: str = "") -> str:
    """A sentence; `kind` is how it looks."""
    looks = f' class="{kind}"' if kind else ""
    return f"<p{looks}>{escape(' '.join(text.split()))}</p>\n"


def formula(written: str) -> str:
    """MathML in a line that may be broken before its signs: no browser breaks one within <math>."""
    return "<wbr>".join(f"<math><mrow>{piece}</mrow></math>" for piece in pieces(written))


def mathematics(stages: Iterable[str], label: str) -> str:
    """MathML, with a new line for each stage where they do not fit beside each other, and scrolls
    where one sign is too wide for a phone; `label` says it in plain signs."""
    written = " ".join(f'<span class="stage">{formula(stage)}</span>' for stage in stages)
    spoken = escape(label, quote=True)
    return f'<div class="wide" role="group" tabindex="0" aria-label="{spoken}">{written}</div>\n'


def table(matrix: Matrix) -> str:
    """A matrix below its symbol, rows and columns named by their numbers."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in matrix.columns)
    rows = "".join(
        f'<tr><th scope="row">{side}</th>{"".join(map(_number, figures))}</tr>\n'
        for side, figures in matrix.rows
    )
    name = f"<math><mrow>{MATHML.name(matrix.symbol)}</mrow></math>"
    return (
        f'<div class="wide"><table><caption>{name}</caption>\n'
        f"<thead><tr><td></td>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
    )


def _number(figure: str) -> str:
    if figure in "…⋮" or not figure.strip("−0.e"):
        return f"<td>{figure}</td>"
    return f'<td class="{"minus" if figure.startswith("−") else "plus"}">{figure}</td>'
