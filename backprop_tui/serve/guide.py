"""The guide as pages for a browser: one for each topic, and the list of topics before each."""

from __future__ import annotations

from markdown_it import MarkdownIt

from backprop_tui.exports.documents.page import Html, element, page
from backprop_tui.guide import TOPICS, text

PATH = "/guide"
STYLE = """nav a { margin-right: 1em; }
pre, td { overflow-wrap: anywhere; }
pre { overflow-x: auto; }
"""
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def guide_page(topic: str) -> str:
    """The page of a topic; of an empty one, the list of them. Raises KeyError for any other."""
    if not topic:
        about = (element("li", link(PATH[1:], name), f": {what}") for name, what in TOPICS.items())
        return "".join(page("The guide", [element("h1", "The guide"), element("ul", *about)], ""))
    links = element("nav", *(link(".", name) for name in TOPICS))
    content = Html(MARKDOWN.render(text(topic)))
    return "".join(page(f"The guide: {topic}", [links, content], STYLE))


def link(folder: str, topic: str) -> Html:
    """A link to the page of a topic, wherever a proxy has put this server."""
    return element("a", topic, href=f"{folder}/{topic}")
