"""The guide: a page of Markdown for each topic, and a line that says what the topic is about.

`backprop-tui help`, the program's own help and `serve` show the same pages.
"""

from pathlib import Path

TOPICS = {
    "keys": "the screen, every key, what if, saving and coming back",
    "teaching": "the lessons, and three plans for a class: 15, 45 and 90 minutes",
    "answers": "predicting, voting, answering, writing formulas, mistakes on purpose",
    "experiment": "lessons of your own: every key of the file",
    "networks": "a network of your own: an RNN, attention, any forward formulas",
    "commands": "every command and every flag; training, checking, settings",
    "exports": "scripts, documents and worksheets",
    "trace": "every step of a run as text, for programs too",
    "terminals": "sizes, colours, ASCII, remotes, and stepping in words",
    "browser": "a class in browsers, from one machine",
    "python": "the library, in a notebook or a script",
    "internals": "how the program is built",
    "changes": "what is new in each version",
}
"""The topics in the order in which they are listed, each with what it is about."""


def text(topic: str) -> str:
    """The page of a topic, in Markdown. Raises KeyError where there is no such topic."""
    if topic not in TOPICS:
        raise KeyError(topic)
    return Path(__file__).with_name(f"{topic}.md").read_text(encoding="utf-8")
