"""HTML as a type of its own: text becomes HTML by being put into an element, which escapes it.

A piece of HTML is no string: mypy refuses to join the two, and so does Python.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import NoReturn

VOID = frozenset({"br", "wbr"})
"""Elements that hold nothing and have no closing tag."""
BLOCKS = frozenset("article blockquote div h1 h2 h3 h4 header li nav p section table tr ul".split())
"""Elements with a line break behind them, for whoever reads the source."""


@dataclass(frozen=True)
class Html:
    """A piece of HTML, by its source, which must come from this program alone."""

    source: str

    def __str__(self) -> NoReturn:
        """Raise TypeError: in a string it would no longer be known which part is escaped."""
        raise TypeError("a piece of HTML is no text: put it into an element")


def element(name: str, *content: Html | str, **attributes: str) -> Html:
    """An element: strings among its content are text. `class_` and `aria_label` are the attributes
    class and aria-label; an empty one is left out."""
    named = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    opening = " ".join([name, *(f'{key}="{escape(value)}"' for key, value in named if value)])
    closing = "" if name in VOID else f"</{name}>"
    end = "\n" if name in BLOCKS else ""
    return Html(f"<{opening}>{joined(content).source}{closing}{end}")


def joined(content: Iterable[Html | str]) -> Html:
    """Pieces one behind the other: strings among them are text."""
    return Html("".join(c.source if isinstance(c, Html) else escape(c) for c in content))
