"""One self-contained HTML page, and the elements that it is made of.

Text becomes HTML only by being put into an element, which escapes it: HTML is a type of its own,
which neither Python nor mypy joins with a string. A page fetches nothing.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import NoReturn

from backprop_tui.maths.mathml import pieces

VOID = frozenset({"br", "input", "wbr"})
"""Elements that hold nothing and have no closing tag."""
BLOCKS = frozenset(
    "article aside blockquote div h1 h2 h3 h4 header li nav p section table tr ul".split()
)
"""Elements that are followed by a line break in the source."""
MATHML_TAG = re.compile(r'</?m[a-z]+( (form|stretchy)="[a-z]+")?>')

STYLE = Path(__file__).with_name("page.css").read_text("utf-8")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The content security policy of a page: it has its own style, and no script runs in it but the
one whose hash it names."""


# Elements ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Html:
    """A piece of HTML. Its source must be written by this program alone."""

    source: str

    def __str__(self) -> NoReturn:
        """Raise TypeError: in a string it would no longer be known which part is escaped."""
        raise TypeError("a piece of HTML is no text: put it into an element")


def element(name: str, *content: Html | str, **attributes: str) -> Html:
    """An element: strings among its content are text. `class_` and `aria_label` are the attributes
    class and aria-label; an empty one is left out."""
    return joined(streamed(name, content, **attributes))


def streamed(name: str, content: Iterable[Html | str], **attributes: str) -> Iterator[Html | str]:
    """The pieces of an element, each made when it is asked for."""
    named = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    opening = " ".join([name, *(f'{key}="{escape(value)}"' for key, value in named if value)])
    closing = "" if name in VOID else f"</{name}>"
    end = "\n" if name in BLOCKS else ""
    yield Html(f"<{opening}>")
    yield from content
    yield Html(f"{closing}{end}")


def joined(content: Iterable[Html | str]) -> Html:
    """Pieces of HTML one after the other; strings among them are text."""
    return Html("".join(c.source if isinstance(c, Html) else escape(c) for c in content))


def paragraph(text: str, class_: str = "") -> Html:
    """A paragraph of text."""
    return element("p", " ".join(text.split()), class_=class_)


def table(caption: Html, columns: Iterable[str], rows: Iterable[Html], class_: str = "") -> Html:
    """A table with a caption, a head for each column, and an empty head for the heads of rows."""
    heads = (element("th", head, scope="col") for head in columns)
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", element("td"), *heads)),
        element("tbody", *rows),
        class_=class_,
    )


LONG = 60
"""Characters of the text of a formula that any line has room for."""


def unbroken(mathml: str) -> Html:
    """A formula in a line that is never broken. Raises ValueError where `mathml` is no MathML."""
    if "<" in MATHML_TAG.sub("", mathml):
        raise ValueError(f"this is no MathML: {mathml}")
    return Html(f"<math><mrow>{mathml}</mrow></math>")


def breakable(mathml: str) -> Html:
    """A formula in a line that may be broken before each of its signs.

    It is several `math` elements, because browsers break no line within one.
    """
    first, *others = map(unbroken, pieces(mathml))
    return joined([first, *(part for other in others for part in (element("wbr"), other))])


def mathematics(stages: Iterable[str], label: str) -> Html:
    """The stages of a calculation in MathML, on lines of their own where they are long; a formula
    too wide for the screen scrolls. `label` is the same as text, for screen readers."""
    written = [element("span", breakable(stage), class_="stage") for stage in stages]
    spaced = (part for stage in written for part in (stage, " "))
    return element("div", *spaced, class_="wide", role="group", tabindex="0", aria_label=label)


# The page ----------------------------------------------------------------------------------------


def page(title: str, body: Iterable[Html | str], style: str, script: str = "") -> Iterator[str]:
    """The text of a page with that body; `style` is CSS that follows the common one, and `script`
    is run at its end."""
    policy = f"{POLICY}; script-src '{_hash(script)}'" if script else POLICY
    head = (
        Html('<meta charset="utf-8">\n'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">\n'),
        element("title", title),
        Html(f"\n<style>\n{STYLE}\n{style}</style>\n"),
    )
    yield f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{joined(head).source}</head>\n'
    yield "<body>\n<main>\n"
    yield from (joined([part]).source for part in body)
    yield "</main>\n"
    yield f"<script>{script}</script>\n" if script else ""
    yield "</body>\n</html>\n"


def _hash(script: str) -> str:
    """A script as a policy names it."""
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"
