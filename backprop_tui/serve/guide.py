"""The guide as pages for a browser: one for each topic, and the list of topics before each."""

from __future__ import annotations

from markdown_it import MarkdownIt

from backprop_tui import guide
from backprop_tui.exports.documents.page import Html, element, page

PATH = "/guide"
STYLE = """nav a { margin-right: 1em; }
pre, td { overflow-wrap: anywhere; }
pre { overflow-x: auto; }
"""
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def guide_page(topic: str) -> str:
    """The page of a topic; of an empty one, what each topic is about. Raises KeyError for others."""
    if topic:
        title, content = f"backprop-tui: {topic}", Html(MARKDOWN.render(guide.text(topic)))
    else:
        title = "backprop-tui: the guide"
        about = (element("li", link(name), ": ", what) for name, what in guide.TOPICS.items())
        content = element("div", element("h1", "The guide"), element("ul", *about))
    links = element("nav", *(link(name) for name in guide.TOPICS))
    return "".join(page(title, [links, content] if topic else [content], STYLE))


def link(topic: str) -> Html:
    """A link to the page of a topic."""
    return element("a", topic, href=f"{PATH}/{topic}")
